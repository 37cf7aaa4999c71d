//! The program as a user runs it: codes, streams, files.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::harness;
use crate::secrets::write_account;
use crate::sweep::Recorded;

pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) error: String,
}

/// A directory with the conforming account and its outputs, and the program in it.
pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        std::fs::create_dir(directory.path().join("cfn-outputs")).expect("a directory");
        let place = Place(directory);
        place.write("cfn-outputs/flat-outputs.json", &harness::outputs_text("conforming"));
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("a file");
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tap-audit"));
        command.args(arguments).current_dir(self.0.path()).env_clear().env("SOURCE_DATE_EPOCH", "1793534400");
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, &[])
    }

    pub(crate) fn run_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
        let output = self.command(arguments).envs(variables.iter().copied()).output().expect("the program runs");
        Ran {
            code: output.status.code().expect("an exit code"),
            out: String::from_utf8(output.stdout).expect("text"),
            error: String::from_utf8(output.stderr).expect("text"),
        }
    }
}

fn conforming() -> String {
    harness::directory("conforming").display().to_string()
}

fn ids(json: &Value, name: &str) -> Vec<String> {
    let entries = json.as_array().expect("an array");
    entries.iter().map(|entry| entry[name].as_str().expect(name).to_owned()).collect()
}

#[test]
fn the_exit_code_says_how_it_ended() {
    let place = Place::new();
    let demonstration = tap_audit::replay::embedded::account("patient-data").expect("an account").expect("that loads");
    write_account(&demonstration.account, &place.path("demonstration"));
    place.write("demonstration.json", &demonstration.outputs);
    let replay = conforming();

    let ran = place.run(&["--replay", &replay]);
    assert_eq!((ran.code, ran.error.as_str()), (0, ""), "{}", ran.out);
    let ran = place.run(&["--replay", "demonstration", "--outputs", "demonstration.json"]);
    assert_eq!(ran.code, 1, "{}", ran.out);
    let ran = place.run(&["--replay", &replay, "--replay-fault", "s3:GetBucketVersioning=denied"]);
    assert_eq!(ran.code, 3, "{}", ran.out);
    assert!(ran.out.contains("s3:GetBucketVersioning"), "{}", ran.out);
}

#[test]
fn wrong_usage_is_two_and_says_so_on_standard_error() {
    let place = Place::new();
    let replay = conforming();
    let wrong: &[(&[&str], &str)] = &[
        (&["--no-such-flag"], "--no-such-flag"),
        (&["--format", "text", "--format", "json"], "standard output"),
        (&["--format", "pdf"], "pdf"),
        (&["--profile", "no-such-profile"], "no-such-profile"),
        (&["--fail-on", "dreadful"], "dreadful"),
        (&["--quiet", "--verbose"], "--verbose"),
        (&["explain", "s3-mfa-delete-enable"], "s3-mfa-delete-enabled"),
    ];
    for (arguments, named) in wrong {
        let mut arguments = arguments.to_vec();
        if arguments.first() != Some(&"explain") {
            arguments.extend(["--replay", &replay]);
        }
        let ran = place.run(&arguments);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{arguments:?}: {}", ran.error);
        assert!(ran.error.starts_with("error: ") && ran.error.contains(named), "{arguments:?}: {}", ran.error);
    }
}

#[test]
fn an_audit_that_cannot_start_is_four_and_says_what_to_do() {
    let place = Place::new();
    let replay = conforming();
    let elsewhere = harness::outputs_text("conforming").replace("123456789012", "210987654321");
    let files: &[(&str, Option<&str>, &str)] = &[
        ("missing.json", None, "there is no such file"),
        ("empty.json", Some(""), "the file is empty"),
        ("object.json", Some("{}"), "holds no outputs"),
        ("half.json", Some("{\n  \"A\": \"b\",\n"), "line 3, column 0"),
        ("twice.json", Some("{\"A\": \"b\",\n\"A\": \"c\"}"), "`A` stands there twice, at lines 1 and 2"),
        ("elsewhere.json", Some(&elsewhere), "belong to account 210987654321"),
    ];
    for (name, text, said) in files {
        if let Some(text) = text {
            place.write(name, text);
        }
        let ran = place.run(&["--replay", &replay, "--outputs", name]);
        assert_eq!((ran.code, ran.out.as_str()), (4, ""), "{name}: {}", ran.error);
        assert!(ran.error.starts_with("error: ") && ran.error.contains(said), "{name}: {}", ran.error);
        assert!(ran.error.contains("\n  help: "), "{name}: {}", ran.error);
    }
    let ran = place.run(&["--replay", &replay, "--replay-fault", "sts:GetCallerIdentity=expired-token"]);
    assert_eq!((ran.code, ran.out.as_str()), (4, ""), "{}", ran.error);
}

#[test]
fn fail_on_moves_the_code_and_not_the_conclusion() {
    let place = Place::new();
    let demonstration = tap_audit::replay::embedded::account("patient-data").expect("an account").expect("that loads");
    write_account(&demonstration.account, &place.path("demonstration"));
    place.write("demonstration.json", &demonstration.outputs);
    let mut codes = Vec::new();
    for severity in ["low", "medium", "high", "critical"] {
        let arguments =
            ["--replay", "demonstration", "--outputs", "demonstration.json", "--format", "json", "--fail-on", severity];
        let ran = place.run(&arguments);
        let report: Value = serde_json::from_str(&ran.out).expect("JSON");
        assert_eq!(report["conclusion"], "does-not-conform", "{severity}");
        assert_eq!(report["run"]["fail_on"], severity);
        codes.push(ran.code);
    }
    assert_eq!(codes.first(), Some(&1));
    let counted = codes.iter().filter(|code| **code == 1).count();
    assert!(codes.iter().take(counted).all(|code| *code == 1), "{codes:?}");
}

#[test]
fn several_formats_are_written_in_one_run() {
    let place = Place::new();
    let replay = conforming();
    let ran =
        place.run(&["--replay", &replay, "--format", "html", "--format", "junit:out/junit.xml", "--format", "json"]);
    assert_eq!(ran.code, 0, "{}", ran.error);
    let report: Value = serde_json::from_str(&ran.out).expect("standard output is the report and nothing else");
    assert_eq!(report["schema_version"], "1");
    assert!(place.read("tap-audit-report.html").starts_with("<!DOCTYPE html>"));
    assert!(place.read("out/junit.xml").starts_with("<?xml"));
    assert!(ran.error.contains("tap-audit-report.html") && ran.error.contains("out/junit.xml"), "{}", ran.error);
    let ran = place.run(&["--replay", &replay, "--format", "html:again.html", "--quiet"]);
    assert_eq!((ran.code, ran.out.as_str(), ran.error.as_str()), (0, "", ""));
    assert_eq!(place.read("again.html"), place.read("tap-audit-report.html"));
}

#[test]
fn the_same_evidence_gives_the_same_bytes() {
    let replay = conforming();
    let write = |place: &Place, latency: &str| {
        let formats =
            ["--format", "text:r.txt", "--format", "json:r.json", "--format", "junit:r.xml", "--format", "html:r.html"];
        let ran = place.run(&[&["--replay", &replay, "--replay-latency", latency], formats.as_slice()].concat());
        assert_eq!(ran.code, 0, "{}", ran.error);
        ["r.txt", "r.json", "r.xml", "r.html"].map(|name| place.read(name))
    };
    let (one, two) = (Place::new(), Place::new());
    assert!(write(&one, "0") == write(&two, "3"), "two runs differ");
}

#[test]
fn colour_and_width_obey_the_environment() {
    let place = Place::new();
    let replay = conforming();
    let text = |variables: &[(&str, &str)]| place.run_with(&["--replay", &replay], variables).out;
    assert!(!text(&[]).contains('\u{1b}'), "a pipe is no terminal");
    let forced = text(&[("CLICOLOR_FORCE", "1")]);
    assert!(forced.contains('\u{1b}'));
    assert!(!text(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]).contains('\u{1b}'));
    let widest = |text: &str| text.lines().map(|line| line.chars().count()).max().expect("lines");
    let (narrow, wide) = (text(&[("COLUMNS", "80")]), text(&[("COLUMNS", "160")]));
    assert!(widest(&narrow) < widest(&wide), "{} and {}", widest(&narrow), widest(&wide));
    assert!(widest(&wide) <= 160, "{}", widest(&wide));
}

#[test]
fn a_plan_has_the_documented_shape() {
    let place = Place::new();
    let replay = conforming();
    let offline = place.run(&["plan", "--offline", "--format", "json"]);
    let online = place.run(&["plan", "--format", "json", "--replay", &replay]);
    let mut kinds = Vec::new();
    for ran in [&offline, &online] {
        assert_eq!(ran.code, 0, "{}", ran.error);
        let plan: Value = serde_json::from_str(&ran.out).expect("JSON");
        let members: Vec<&String> = plan.as_object().expect("an object").keys().collect();
        assert_eq!(members, ["outputs", "subjects", "requirements", "calls", "profile"]);
        assert_eq!(plan["profile"], "patient-data");
        assert_eq!(plan["requirements"].as_array().map(Vec::len), Some(74));
        assert_eq!(ids(&plan["outputs"], "key").len(), 7);
        for output in plan["outputs"].as_array().expect("outputs") {
            assert!(output["resolved"]["kind"].is_string(), "{output}");
        }
        for subject in plan["subjects"].as_array().expect("subjects") {
            for member in ["role", "kind", "id", "arn", "logical_id", "output_key", "reached_by"] {
                assert!(subject.get(member).is_some(), "{member}: {subject}");
            }
        }
        for call in plan["calls"].as_array().expect("calls") {
            assert!(call["service"].is_string() && call["operation"].is_string() && call["count"].is_u64(), "{call}");
        }
        kinds.push(ids(&plan["subjects"], "kind"));
    }
    assert!(kinds[0].len() < kinds[1].len() && kinds[1].contains(&"AWS::IAM::Role".to_owned()), "{kinds:?}");
}

#[test]
fn the_catalog_is_listed_and_explained() {
    let place = Place::new();
    let ran = place.run(&["list", "--profile", "patient-data", "--format", "json"]);
    let list: Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!(ids(&list, "id").len(), 74);
    for name in ["title", "severity", "basis"] {
        ids(&list, name);
    }
    assert!(list.as_array().is_some_and(|all| all.iter().all(|entry| entry["profiles"].is_array())));
    let ran = place.run(&["explain", "s3-mfa-delete-enabled"]);
    assert_eq!(ran.code, 0);
    assert!(ran.out.contains("s3-mfa-delete-enabled") && ran.out.contains("164.312"), "{}", ran.out);
}

#[test]
fn the_demonstration_ends_with_zero_and_says_what_an_audit_would_have_ended_with() {
    let place = Place::new();
    let ran = place.run(&["demo"]);
    assert_eq!(ran.code, 0, "{}", ran.error);
    assert!(ran.out.contains("Demonstration data"), "{}", ran.out);
    assert!(place.read("tap-audit-report.html").contains("Demonstration data"));
    assert!(ran.error.contains("a real audit with this result ends with 1 (does-not-conform)"), "{}", ran.error);
}

#[test]
fn a_demonstration_of_another_profile_audits_the_account_that_comes_with_it() {
    let place = Place::new();
    let ran = place.run(&["demo", "--profile", "monitoring", "--format", "json"]);
    assert_eq!(ran.code, 0, "{}", ran.error);
    let report: Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!(
        (&report["run"]["profile"], &report["run"]["endpoint"]),
        (&"monitoring".into(), &"replay:monitoring".into())
    );
    assert!(ran.error.contains("a real audit with this result ends with 1 (does-not-conform)"), "{}", ran.error);
}

#[test]
fn a_demonstration_is_judged_as_of_its_recording_unless_the_clock_is_fixed() {
    let place = Place::new();
    let report = |command: &mut Command| -> Value {
        let output = command.output().expect("the program runs");
        serde_json::from_slice(&output.stdout).expect("JSON")
    };
    for profile in ["patient-data", "monitoring"] {
        let arguments = ["demo", "--profile", profile, "--format", "json"];
        let today = report(place.command(&arguments).env_remove("SOURCE_DATE_EPOCH"));
        assert_eq!(today["run"]["started_at"], "2026-11-01T12:00:00Z", "{profile}");
        let fixed = report(&mut place.command(&arguments));
        assert_eq!(today["findings"], fixed["findings"], "{profile}");
        let later = report(place.command(&arguments).env("SOURCE_DATE_EPOCH", "1900000000"));
        assert_eq!(later["run"]["started_at"], "2030-03-17T17:46:40Z", "{profile}");
    }
    let text = |command: &mut Command| String::from_utf8(command.output().expect("a run").stdout).expect("text");
    let wide = || {
        let mut command = place.command(&["demo", "--format", "text"]);
        command.env("COLUMNS", "200");
        command
    };
    assert!(
        text(wide().env_remove("SOURCE_DATE_EPOCH")).contains("not a real deployment; judged as of its recording.")
    );
    assert!(text(&mut wide()).contains("not a real deployment.\n"));
}

#[test]
fn a_reader_who_has_seen_enough_is_no_accident() {
    let place = Place::new();
    for arguments in [vec!["list"], vec!["--format", "json", "--replay"]] {
        let replay = conforming();
        let mut command = place.command(&arguments);
        if arguments.last() == Some(&"--replay") {
            command.arg(&replay);
        }
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program runs");
        drop(child.stdout.take());
        let mut error = String::new();
        child.stderr.take().expect("a pipe").read_to_string(&mut error).expect("text");
        let status = child.wait().expect("an end");
        assert_eq!((status.code(), error.as_str()), (Some(0), ""), "{arguments:?}");
    }
}

#[test]
fn a_huge_outputs_file_is_read_or_refused_in_seconds() {
    let place = Place::new();
    let mut text = harness::outputs_text("conforming").trim_end().trim_end_matches('}').trim_end().to_owned();
    // A tenth of what must work, because this is a debug build.
    let filler = "x".repeat(1_000);
    for at in 0..5_000 {
        text.push_str(&format!(",\n\"Filler{at}\": \"{filler}\""));
    }
    text.push('}');
    assert!(text.len() > 5_000_000);
    place.write("huge.json", &text);
    let started = Instant::now();
    let ran = place.run(&["plan", "--offline", "--outputs", "huge.json", "--format", "json:plan.json"]);
    assert_eq!(ran.code, 0, "{}", ran.error);
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
    assert!(Path::new(&place.path("plan.json")).exists());
    text.push_str(&" ".repeat(65_000_000));
    place.write("huge.json", &text);
    let ran = place.run(&["plan", "--offline", "--outputs", "huge.json"]);
    assert_eq!(ran.code, 4);
    assert!(ran.error.contains("more than 64 MiB"), "{}", ran.error);
}

#[test]
fn an_unrecorded_account_says_what_is_missing() {
    let recorded = Recorded::conforming();
    let place = Place::new();
    let account = recorded.account.clone().without("kms", "GetKeyRotationStatus").expect("recorded");
    write_account(&account, &place.path("account"));
    let ran = place.run(&["--replay", "account"]);
    assert_eq!(ran.code, 3);
    assert!(ran.error.contains("not recorded: kms:GetKeyRotationStatus"), "{}", ran.error);
}
