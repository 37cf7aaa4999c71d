//! `cargo xtask test`: all tests, with the environment that the emulator tests need.

use std::env;
use std::ffi::OsString;
use std::process::ExitCode;

use crate::cargo;
use crate::emulator::Environment;
use crate::failure::Failure;
use crate::say;

/// The variable that tells the emulator tests where their Python environment is. Without it they skip themselves.
const VENV: &str = "TAP_AUDIT_EMULATOR_VENV";

/// The variable that tells the emulator tests that they are not wanted. Without it they fail on a build machine
/// rather than skip themselves.
const SKIP: &str = "TAP_AUDIT_EMULATOR_SKIP";

pub(crate) fn run(arguments: &[OsString]) -> Result<ExitCode, Failure> {
    let asked = Asked::from(arguments)?;
    let mut tests = cargo::command();
    // One failure does not keep the others from being told.
    tests.args(["test", "--workspace", "--no-fail-fast"]).args(asked.for_cargo).env_remove(VENV).env_remove(SKIP);

    let skipped = if asked.no_emulator {
        let reason = "--no-emulator was given";
        tests.env(SKIP, reason);
        Some(reason.to_owned())
    } else {
        match Environment::prepare() {
            Ok(environment) => {
                tests.env(VENV, environment.directory());
                None
            }
            Err(failure) if in_ci() => return Err(failure),
            Err(failure) => Some(failure.to_string()),
        }
    };

    // Said before and after: what came before is out of sight once the tests have run.
    announce(skipped.as_deref());
    let code = cargo::pass_on(&mut tests);
    announce(skipped.as_deref());
    code
}

fn announce(skipped: Option<&str>) {
    if let Some(reason) = skipped {
        say("warning: the tests of tests/emulator are SKIPPED: nothing is tried over HTTP");
        say(&format!("  because {reason}"));
    }
}

/// Whether skipping is not allowed.
fn in_ci() -> bool {
    env::var_os("CI").is_some_and(|value| value == "true" || value == "1")
}

/// What the command line asks for.
#[derive(Debug, PartialEq)]
struct Asked<'a> {
    no_emulator: bool,
    for_cargo: &'a [OsString],
}

impl<'a> Asked<'a> {
    fn from(arguments: &'a [OsString]) -> Result<Self, Failure> {
        let mut asked = Self { no_emulator: false, for_cargo: &[] };
        for (index, argument) in arguments.iter().enumerate() {
            match argument.to_str() {
                Some("--no-emulator") => asked.no_emulator = true,
                Some("--") => {
                    asked.for_cargo = &arguments[index + 1..];
                    break;
                }
                _ => return Err(Failure::usage(format!("test does not know {}", argument.display()))),
            }
        }
        Ok(asked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split_whitespace().map(OsString::from).collect()
    }

    #[test]
    fn what_follows_two_dashes_goes_to_cargo() {
        let arguments = words("--no-emulator -- --test emulator --no-emulator");
        let asked = Asked::from(&arguments).unwrap();
        assert!(asked.no_emulator);
        assert_eq!(asked.for_cargo, words("--test emulator --no-emulator"));
    }

    #[test]
    fn an_unknown_flag_is_a_usage_error_that_names_it() {
        let failure = Asked::from(&words("--emulator")).unwrap_err();
        assert_eq!(failure.to_string(), "test does not know --emulator\n  help: `cargo xtask help` shows the commands");
    }
}
