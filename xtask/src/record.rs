//! `cargo xtask record`: what an emulated account answers to an audit, kept for the replay client.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use crate::cargo;
use crate::emulator::{Emulator, Environment};
use crate::failure::Failure;
use crate::say;

/// The emulator takes an access key id of twelve digits for the account. The stack is deployed into the same one.
const ACCOUNT_ID: &str = "123456789012";
const STACK: &str = "TapStackdev";

pub(crate) fn run(arguments: &[OsString]) -> Result<ExitCode, Failure> {
    let asked = Asked::from(arguments)?;
    let environment = Environment::prepare()?;

    let directory = cargo::target().join("recordings").join(&asked.account);
    let recording = directory.join("recording");
    cargo::clear(&directory)?;
    fs::create_dir_all(&recording)
        .map_err(|source| Failure::io(format!("cannot make {}", recording.display()), &source))?;

    let emulator = Emulator::start(&environment, &directory)?;
    seed(&environment, &emulator, asked.mode, &directory)?;
    audit(&emulator, asked.mode, &directory, &recording)?;

    say(&format!("recorded {}", recording.display()));
    say(
        "  copy what is needed to src/replay/accounts/ or tests/accounts/, and correct there what AWS answers otherwise;",
    );
    say("  each correction says so in the file");
    Ok(ExitCode::SUCCESS)
}

/// Deploys the stack and leaves its flat-outputs.json in `directory`.
fn seed(environment: &Environment, emulator: &Emulator, mode: Mode, directory: &Path) -> Result<(), Failure> {
    let mut seed = environment.program("python");
    seed.arg(cargo::root().join("tests/emulator").join(mode.program()));
    seed.args(["--endpoint", &emulator.endpoint(), "--out"]).arg(directory);
    match mode {
        Mode::Good | Mode::Faithful => seed.args(["--mode", mode.name()]),
        Mode::Monitoring | Mode::Meditech => seed.arg(mode.name()),
    };
    match cargo::finish(cargo::without_aws_settings(&mut seed))? {
        Some(0) => Ok(()),
        _ => Err(Failure::new("cannot deploy a stack into the AWS emulator")
            .help(format!("the emulator's log is {}", directory.join("ministack.log").display()))),
    }
}

/// Audits the stack through the recorder.
fn audit(emulator: &Emulator, mode: Mode, directory: &Path, recording: &Path) -> Result<(), Failure> {
    let nowhere = directory.join("no-such-file");
    let mut audit = cargo::tap_audit()?;
    audit.arg("--outputs").arg(directory.join("flat-outputs.json"));
    // The emulator finds no stack by the physical id of a resource, as AWS does, so its name is given.
    audit.args(["--stack-name", STACK, "--profile", mode.profile()]);
    audit.args(["--endpoint-url", &emulator.endpoint(), "--record-to"]).arg(recording);
    cargo::without_aws_settings(&mut audit)
        .env("AWS_ACCESS_KEY_ID", ACCOUNT_ID)
        .env("AWS_SECRET_ACCESS_KEY", "made-up")
        .env("AWS_REGION", mode.region())
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_CONFIG_FILE", &nowhere)
        .env("AWS_SHARED_CREDENTIALS_FILE", &nowhere);
    match cargo::finish(&mut audit)? {
        // Conforms, does not conform, incomplete: every audit that ran has something to keep.
        Some(0 | 1 | 3) => Ok(()),
        _ => Err(Failure::new("cannot record: the audit of the AWS emulator did not run").help("it says above why")),
    }
}

/// What is deployed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// The patient-data stack with everything that its profile asks for.
    Good,
    /// The patient-data stack as it is often delivered.
    Faithful,
    /// The reference stack of the monitoring profile.
    Monitoring,
    /// The reference stack of the MediTech profile.
    Meditech,
}

impl Mode {
    const ALL: [Mode; 4] = [Mode::Good, Mode::Faithful, Mode::Monitoring, Mode::Meditech];

    fn name(self) -> &'static str {
        match self {
            Mode::Good => "good",
            Mode::Faithful => "faithful",
            Mode::Monitoring => "monitoring",
            Mode::Meditech => "meditech",
        }
    }

    /// The program of tests/emulator that deploys it.
    fn program(self) -> &'static str {
        match self {
            Mode::Good | Mode::Faithful => "seed.py",
            Mode::Monitoring | Mode::Meditech => "deploy.py",
        }
    }

    fn profile(self) -> &'static str {
        match self {
            Mode::Good | Mode::Faithful => "patient-data",
            Mode::Monitoring => "monitoring",
            Mode::Meditech => "meditech",
        }
    }

    fn region(self) -> &'static str {
        match self {
            Mode::Good | Mode::Faithful => "us-east-2",
            Mode::Monitoring => "eu-west-2",
            Mode::Meditech => "eu-central-1",
        }
    }
}

/// What the command line asks for.
#[derive(Debug)]
struct Asked {
    account: String,
    mode: Mode,
}

impl Asked {
    fn from(arguments: &[OsString]) -> Result<Self, Failure> {
        let mut asked = Self { account: "patient-data".to_owned(), mode: Mode::Good };
        let mut rest = arguments.iter();
        while let Some(flag) = rest.next() {
            let value = rest.next().and_then(|value| value.to_str());
            match (flag.to_str(), value) {
                (Some("--account"), Some(name)) if is_account_name(name) => asked.account = name.to_owned(),
                (Some("--account"), _) => {
                    return Err(Failure::usage("--account wants a name of small letters, digits and dashes"));
                }
                (Some("--mode"), Some(name)) if Mode::ALL.iter().any(|mode| mode.name() == name) => {
                    asked.mode = Mode::ALL.into_iter().find(|mode| mode.name() == name).unwrap_or(asked.mode);
                }
                (Some("--mode"), _) => {
                    return Err(Failure::usage("--mode wants good, faithful, monitoring or meditech"));
                }
                _ => return Err(Failure::usage(format!("record does not know {}", flag.display()))),
            }
        }
        Ok(asked)
    }
}

/// Whether a name can be a directory's. The directory is emptied first, so nothing that leads elsewhere may pass.
fn is_account_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(line: &str) -> Result<Asked, String> {
        let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        Asked::from(&words).map_err(|failure| failure.to_string())
    }

    #[test]
    fn the_good_patient_data_account_is_recorded_unless_another_is_named() {
        let both = asked("").unwrap();
        assert_eq!((both.account.as_str(), both.mode), ("patient-data", Mode::Good));
        let both = asked("--mode faithful --account as-delivered").unwrap();
        assert_eq!((both.account.as_str(), both.mode), ("as-delivered", Mode::Faithful));
    }

    #[test]
    fn an_account_name_cannot_lead_out_of_the_recordings() {
        for name in ["..", "../src", "/tmp", "a/b", "Account", ""] {
            assert!(!is_account_name(name), "{name}");
        }
        assert!(asked("--account ../src").unwrap_err().starts_with("--account wants a name"));
    }

    #[test]
    fn a_flag_without_its_value_is_a_usage_error() {
        assert!(asked("--mode").unwrap_err().starts_with("--mode wants good, faithful"));
        assert!(asked("--into x").unwrap_err().starts_with("record does not know --into"));
    }
}
