//! `cargo xtask generate`: the files that the program itself writes, under docs/ and beside the tests that read them.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use crate::cargo;
use crate::failure::Failure;
use crate::say;

/// The moment at which the example report claims to be made: the same report on every day.
const EXAMPLE_DATE: &str = "1790000000";
/// The moment at which the recorded accounts are audited, as in the tests: 2026-11-01T12:00:00Z, shortly after the
/// recording.
const RECORDED_DATE: &str = "1793534400";

/// One generated file: where it belongs, and what it should hold.
struct Generated {
    path: &'static str,
    wanted: Vec<u8>,
}

pub(crate) fn run(arguments: &[OsString]) -> Result<ExitCode, Failure> {
    let check = match arguments {
        [] => false,
        [flag] if flag == "--check" => true,
        [other, ..] => return Err(Failure::usage(format!("generate does not know {}", other.display()))),
    };
    let [html, text] = example_reports()?;
    let mut files = vec![
        Generated { path: "docs/report.schema.json", wanted: printed(&["schema"])? },
        Generated { path: "docs/requirements.md", wanted: printed(&["list", "--format", "markdown"])? },
        Generated { path: "docs/example-report.html", wanted: html },
        Generated { path: "docs/example-report.txt", wanted: text },
    ];
    for (account, path) in CONFORMING {
        files.push(Generated { path, wanted: evidence(account)? });
    }
    if check { compare(&files) } else { write(&files) }
}

/// The recorded accounts that meet every requirement of a profile, and where their evidence is kept for the tests of
/// the checks, which know no AWS.
const CONFORMING: &[(&str, &str)] =
    &[("monitoring", "checks/tests/conforming/monitoring.json"), ("meditech", "checks/tests/conforming/meditech.json")];

fn compare(files: &[Generated]) -> Result<ExitCode, Failure> {
    let mut stale = Vec::new();
    for file in files {
        let wanted = &file.wanted;
        match fs::read(cargo::root().join(file.path)) {
            Ok(found) if found == *wanted => {}
            Ok(found) => stale.push(format!("{} differs from line {} on", file.path, first_difference(&found, wanted))),
            Err(source) if source.kind() == io::ErrorKind::NotFound => stale.push(format!("{} is missing", file.path)),
            Err(source) => return Err(Failure::io(format!("cannot read {}", file.path), &source)),
        }
    }
    if stale.is_empty() {
        say(&format!("{} generated files are up to date", files.len()));
        return Ok(ExitCode::SUCCESS);
    }
    Err(Failure::new(format!("generated files are not up to date: {}", stale.join("; ")))
        .help("run `cargo xtask generate` and commit what it writes"))
}

fn write(files: &[Generated]) -> Result<ExitCode, Failure> {
    for file in files {
        let path = cargo::root().join(file.path);
        let parent = path.parent().unwrap_or(cargo::root());
        fs::create_dir_all(parent)
            .and_then(|()| fs::write(&path, &file.wanted))
            .map_err(|source| Failure::io(format!("cannot write {}", file.path), &source))?;
        say(&format!("wrote {}", file.path));
    }
    Ok(ExitCode::SUCCESS)
}

/// The number of the first line that is not the same.
fn first_difference(found: &[u8], wanted: &[u8]) -> usize {
    let mut pairs = found.split(|&byte| byte == b'\n').zip(wanted.split(|&byte| byte == b'\n'));
    let same = pairs.by_ref().take_while(|(found, wanted)| found == wanted).count();
    same + 1
}

/// What tap-audit prints on standard output for these arguments.
fn printed(arguments: &[&str]) -> Result<Vec<u8>, Failure> {
    let output = program(arguments)?
        .stderr(Stdio::inherit())
        .output()
        .map_err(|source| Failure::io("cannot run tap-audit", &source))?;
    match output.stdout {
        text if output.status.success() && !text.is_empty() => Ok(text),
        _ => Err(did_not_write(arguments)),
    }
}

/// The report on the embedded account, as HTML and as text.
fn example_reports() -> Result<[Vec<u8>; 2], Failure> {
    let directory = cargo::target().join("generated");
    cargo::clear(&directory)?;
    fs::create_dir_all(&directory)
        .map_err(|source| Failure::io(format!("cannot make {}", directory.display()), &source))?;
    let paths: [PathBuf; 2] = ["example-report.html", "example-report.txt"].map(|name| directory.join(name));
    let formats = ["html", "text"].iter().zip(&paths).map(|(format, path)| format!("{format}:{}", path.display()));
    let mut arguments = vec!["demo".to_owned()];
    arguments.extend(formats.flat_map(|format| ["--format".to_owned(), format]));

    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match cargo::finish(program(&words)?.stdout(Stdio::null()))? {
        Some(0) => {}
        _ => return Err(did_not_write(&words)),
    }
    let [html, text] = paths.each_ref().map(|path| read(path));
    Ok([html?, text?])
}

/// The evidence of a recorded account. It names the outputs file as it is given, so that the path is one from the root.
fn evidence(account: &str) -> Result<Vec<u8>, Failure> {
    let (directory, written) = (format!("tests/accounts/{account}"), cargo::target().join("generated/evidence.json"));
    let (outputs, file) = (format!("{directory}/flat-outputs.json"), written.display().to_string());
    let arguments = ["--replay", &directory, "--outputs", &outputs, "--format", "json", "--evidence-out", &file];
    let mut program = program(&arguments)?;
    program.current_dir(cargo::root()).env("SOURCE_DATE_EPOCH", RECORDED_DATE).stdout(Stdio::null());
    match cargo::finish(&mut program)? {
        Some(0 | 1 | 3) => read(&written),
        _ => Err(did_not_write(&arguments)),
    }
}

/// tap-audit with an environment in which it writes the same bytes everywhere.
fn program(arguments: &[&str]) -> Result<Command, Failure> {
    let mut program = cargo::tap_audit()?;
    program.args(arguments).stdin(Stdio::null());
    cargo::without_aws_settings(&mut program)
        .env("SOURCE_DATE_EPOCH", EXAMPLE_DATE)
        .env("NO_COLOR", "1")
        .env("COLUMNS", "120");
    Ok(program)
}

fn did_not_write(arguments: &[&str]) -> Failure {
    Failure::new(format!("`tap-audit {}` did not write what it should", arguments.join(" ")))
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|source| Failure::io(format!("cannot read {}", path.display()), &source))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_differing_line_is_counted_from_one() {
        assert_eq!(first_difference(b"a\nb\nc\n", b"a\nB\nc\n"), 2);
        assert_eq!(first_difference(b"x", b"y"), 1);
        assert_eq!(first_difference(b"a\nb", b"a\nb\nc"), 3);
    }
}
