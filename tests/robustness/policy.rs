//! `tap-audit policy` as a user runs it: codes, streams, files.

use std::io::Write;
use std::process::Stdio;

use serde_json::Value;

use crate::command_line::{Place, Ran};

const BUCKET: [&str; 4] = ["--question", "bucket-tls", "--resource", "arn:aws:s3:::uploads"];
/// Denies every request without TLS to the bucket and its objects.
const TLS_ONLY: &str = r#"{"Version": "2012-10-17", "Statement": {"Sid": "TlsOnly", "Effect": "Deny", "Principal": "*",
  "Action": "s3:*", "Resource": ["arn:aws:s3:::uploads", "arn:aws:s3:::uploads/*"],
  "Condition": {"Bool": {"aws:SecureTransport": "false"}}}}"#;

fn case(id: &str, policy: &str, expected: &str) -> String {
    let policy = Value::from(policy);
    format!(
        r#"{{"id": "{id}", "kind": "bucket-tls", "documents": {{"bucket_policy": {policy}}},
            "context": {{"account_id": "210987654321", "bucket": "uploads"}}, "expected": "{expected}"}}"#
    )
}

fn check(place: &Place, file: &str, arguments: &[&str]) -> Ran {
    place.run(&[&["policy", "check", file], arguments].concat())
}

fn fed(place: &Place, text: &str, arguments: &[&str]) -> Ran {
    let mut command = place.command(&[&["policy", "check", "-"], arguments].concat());
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program runs");
    child.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("the program reads");
    let output = child.wait_with_output().expect("an end");
    Ran {
        code: output.status.code().expect("an exit code"),
        out: String::from_utf8(output.stdout).expect("text"),
        error: String::from_utf8(output.stderr).expect("text"),
    }
}

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {} {}", ran.out, ran.error))
}

#[test]
fn wrong_usage_is_two_and_says_what_to_do() {
    let place = Place::new();
    place.write("policy.json", TLS_ONLY);
    let wrong: &[(&[&str], &str)] = &[
        (&[], "--question"),
        (&["--question", "bucket-ssl"], "bucket-tls"),
        (&["--question", "bucket-tls"], "add --resource arn:aws:s3:::BUCKET"),
        (&["--question", "bucket-tls", "--resource", "uploads"], "arn:aws:s3:::my-bucket"),
        (&["--question", "bucket-tls", "--resource", "arn:aws:s3:::uploads/*"], "arn:aws:s3:::my-bucket"),
        (&["--question", "role-wildcard", "--account", "1234"], "twelve digits"),
        (&["--question", "role-wildcard", "--kms-key", "arn:aws:kms:us-east-2:210987654321:key/1"], "bucket-sse"),
        (&["--question", "role-wildcard", "--allow-managed", "AWSLambdaExecute"], "ARN=SERVICE"),
        (&["--question", "role-wildcard", "--format", "junit"], "json"),
    ];
    for (arguments, said) in wrong {
        let ran = check(&place, "policy.json", arguments);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{arguments:?}: {}", ran.error);
        assert!(ran.error.starts_with("error: ") && ran.error.contains(said), "{arguments:?}: {}", ran.error);
    }
    assert_eq!(place.run(&["policy", "test"]).code, 2, "no path");
    assert_eq!(place.run(&["policy"]).code, 2, "no command");
}

#[test]
fn a_file_that_cannot_be_read_is_four() {
    let place = Place::new();
    place.write("huge.json", &" ".repeat(1024 * 1024 + 1));
    for (file, said) in [
        ("missing.json", "cannot read missing.json: there is no such file"),
        ("cfn-outputs", "cannot read cfn-outputs: it is a directory"),
        ("huge.json", "cannot read huge.json: it has more than 1 MiB"),
    ] {
        let ran = check(&place, file, &BUCKET);
        assert_eq!((ran.code, ran.out.as_str()), (4, ""), "{file}: {}", ran.error);
        assert!(ran.error.contains(said) && ran.error.contains("\n  help: "), "{file}: {}", ran.error);
    }
}

#[test]
fn text_that_is_no_policy_is_undecided_and_never_a_pass() {
    let place = Place::new();
    for text in ["", "{", "[]", "null", r#"{"Statement": [{"Effect": "Deny", "Effect": "Deny"}]}"#] {
        let ran = fed(&place, text, &[&BUCKET[..], &["--format", "json"]].concat());
        assert_eq!((ran.code, ran.error.as_str()), (3, ""), "{text}: {}", ran.out);
        let answer = json(&ran);
        assert_eq!(answer["verdict"], "error", "{text}");
        assert_eq!(answer["file"], "standard input");
        assert_eq!(answer["counterexample"], Value::Null);
    }
}

#[test]
fn what_is_assumed_is_said() {
    let place = Place::new();
    place.write("policy.json", TLS_ONLY);
    let ran = check(&place, "policy.json", &[&BUCKET[..], &["--format", "json"]].concat());
    let answer = json(&ran);
    assert_eq!((answer["account"].as_str(), answer["region"].as_str()), (Some("000000000000"), Some("us-east-1")));
    assert_eq!(answer["assumed"].as_array().map(Vec::len), Some(2));
    let ran = check(&place, "policy.json", &BUCKET);
    assert!(ran.out.contains("assumed   the owner is account 000000000000, an example"), "{}", ran.out);
    let named = ["--account", "210987654321", "--region", "us-east-2", "--format", "json"];
    let answer = json(&check(&place, "policy.json", &[&BUCKET[..], &named].concat()));
    assert_eq!(answer["assumed"], Value::Array(Vec::new()));
}

#[test]
fn the_code_says_how_the_question_was_answered() {
    let place = Place::new();
    let ran = fed(&place, TLS_ONLY, &BUCKET);
    assert_eq!(ran.code, 0, "{} {}", ran.out, ran.error);
    assert!(ran.out.starts_with("✓ PASS  bucket-tls: standard input"), "{}", ran.out);

    let open = TLS_ONLY.replace(r#""s3:*""#, r#""s3:GetObject""#);
    let ran = fed(&place, &open, &[&BUCKET[..], &["--format", "json"]].concat());
    assert_eq!(ran.code, 1, "{} {}", ran.out, ran.error);
    let answer = json(&ran);
    assert_eq!(answer["verdict"], "fail");
    assert!(answer["counterexample"]["action"].is_string(), "{answer}");
    assert!(answer["correction"]["statement"].is_string(), "{answer}");
}

#[test]
fn a_member_that_stands_twice_is_named_by_its_place() {
    let place = Place::new();
    let twice = TLS_ONLY.replace(r#""Sid": "TlsOnly","#, r#""Sid": "TlsOnly", "Sid": "Again","#);
    let ran = fed(&place, &twice, &BUCKET);
    assert_eq!(ran.code, 3, "{} {}", ran.out, ran.error);
    assert!(ran.out.contains("Statement") && ran.out.contains("Sid"), "{}", ran.out);
}

#[test]
fn cases_are_found_at_any_depth_and_compared_with_what_they_expect() {
    let place = Place::new();
    std::fs::create_dir_all(place.path("cases/below")).expect("directories");
    place.write("cases/b.json", &case("broken-policy", "{", "error"));
    place.write("cases/below/a.json", &case("another-broken-policy", "[]", "error"));
    place.write("cases/notes.txt", "no case");
    let ran = place.run(&["policy", "test", "cases", "--format", "json"]);
    assert_eq!((ran.code, ran.error.as_str()), (0, ""), "{}", ran.out);
    let list = json(&ran);
    let ids: Vec<&str> = list.as_array().expect("a list").iter().filter_map(|entry| entry["id"].as_str()).collect();
    assert_eq!(ids, ["broken-policy", "another-broken-policy"], "by name, a directory where its name stands");
    for entry in list.as_array().expect("a list") {
        assert_eq!((&entry["verdict"], &entry["expected"]), (&Value::from("error"), &Value::from("error")));
        assert_eq!((&entry["ok"], &entry["counterexample"]), (&Value::from(true), &Value::Null));
        assert!(entry["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{entry}");
    }

    place.write("cases/wrong.json", &case("expects-a-pass", "{", "pass"));
    let ran = place.run(&["policy", "test", "cases"]);
    assert_eq!((ran.code, ran.error.as_str()), (1, ""), "{}", ran.out);
    assert!(ran.out.contains("✗ WRONG  expects-a-pass: error, expected pass"), "{}", ran.out);
    assert!(ran.out.contains("Of 3 cases, 2 came out as expected, 1 did not."), "{}", ran.out);

    let ran = place.run(&["policy", "test", "cases/wrong.json", "--format", "junit"]);
    assert_eq!(ran.code, 1, "{}", ran.error);
    assert!(ran.out.contains("tests=\"1\" failures=\"1\" errors=\"0\""), "{}", ran.out);
}

#[test]
fn a_broken_case_is_an_error_and_does_not_hide_a_failure() {
    let place = Place::new();
    std::fs::create_dir(place.path("cases")).expect("a directory");
    place.write("cases/good.json", &case("good", "{", "error"));
    place.write("cases/half.json", "{");
    let ran = place.run(&["policy", "test", "cases", "--format", "json"]);
    assert_eq!(ran.code, 3, "{}", ran.out);
    let list = json(&ran);
    assert_eq!((&list[1]["id"], &list[1]["verdict"]), (&Value::from("cases/half.json"), &Value::from("error")));
    assert_eq!((&list[1]["ok"], &list[1]["expected"]), (&Value::from(false), &Value::Null));
    place.write("cases/wrong.json", &case("wrong", "{", "pass"));
    let ran = place.run(&["policy", "test", "cases"]);
    assert_eq!(ran.code, 1, "{}", ran.out);
    assert!(ran.out.contains("! BROKEN cases/half.json: cannot read the case"), "{}", ran.out);
}

#[test]
fn no_case_at_all_is_never_a_success() {
    let place = Place::new();
    std::fs::create_dir(place.path("empty")).expect("a directory");
    for (path, said) in [("empty", "this directory holds no case"), ("nowhere", "there is no such file")] {
        for format in ["text", "json", "junit"] {
            let ran = place.run(&["policy", "test", path, "--format", format]);
            assert_eq!(ran.code, 3, "{path}: {}", ran.out);
            assert!(ran.out.contains(said), "{path} {format}: {}", ran.out);
            assert!(ran.error.contains("no case was found") && ran.error.contains("\n  help: "), "{}", ran.error);
        }
    }
}
