//! Marked secrets in every place where AWS, a template or an outputs file can hold one, and nowhere that we write.
//!
//! The values of tags are shown by design, so none is planted there. The profile reads no object keys; a mark stands for
//! them where an answer holds a part of one all the same. Policy documents are evidence, and so is an external id in one:
//! it stands there and nowhere else.

use std::path::Path;
use std::process::Command;

use tap_audit::audit;
use tap_audit::outputs;
use tap_audit::replay::{Account, Answer, Replay};
use tap_audit_checks::report::Status;
use tap_audit_reports::{Format, Style};

use crate::harness;
use crate::sweep::Recorded;

/// What each planted secret holds. The last ones look like credentials of their kinds.
const MARKS: &[&str] = &["PLANTED", "AKIAPLANTEDKEY000001"];

/// Service and operation, text in its answers, and the same with a secret in it.
const PLANTS: &[(&str, &str, &str, &str)] = &[
    (
        "lambda",
        "GetFunction",
        r#""LOG_LEVEL": "INFO""#,
        r#""LOG_LEVEL": "INFO", "PLAIN": "PLANTED-env-plain", "ACCESS": "AKIAPLANTEDKEY000001", "API_TOKEN": "PLANTED-env-named", "DATABASE_URL": "postgres://app:PLANTED-env-url@db.example.org/records""#,
    ),
    ("lambda", "GetFunction", "made-up-Passw0rd-41", "PLANTED-env-password"),
    ("lambda", "GetFunction", "X-Amz-Signature=made-up", "X-Amz-Signature=PLANTED-location"),
    ("lambda", "GetFunction", r#""Description": """#, r#""Description": "PLANTED-function-description""#),
    ("kms", "DescribeKey", "Encrypts the environment", "PLANTED-key-description"),
    (
        "cloudformation",
        "DescribeStacks",
        "<Parameters>",
        "<Parameters><member><ParameterKey>ServiceToken</ParameterKey><ParameterValue>PLANTED-parameter</ParameterValue>\
         <ResolvedValue>PLANTED-resolved</ResolvedValue></member>",
    ),
    ("cloudformation", "DescribeStacks", "<Description>Patient", "<Description>PLANTED-stack-description Patient"),
    ("cloudformation", "DescribeStacks", "<Description>ARN of the", "<Description>PLANTED-output-description"),
    (
        "cloudformation",
        "DescribeStacks",
        "<Outputs>",
        "<Outputs><member><OutputKey>AdminPassword</OutputKey><OutputValue>PLANTED-live-output</OutputValue></member>\
         <member><OutputKey>ServiceEndpoint</OutputKey><OutputValue>https://u:PLANTED-live-url@h.example.org/</OutputValue>\
         </member>",
    ),
    (
        "cloudformation",
        "GetTemplate",
        "&quot;Parameters&quot;: {",
        "&quot;Metadata&quot;: {&quot;Note&quot;: &quot;PLANTED-metadata&quot;}, &quot;Parameters&quot;: {\
         &quot;ServiceToken&quot;: {&quot;Type&quot;: &quot;String&quot;, &quot;Default&quot;: &quot;PLANTED-default&quot;,\
         &quot;Description&quot;: &quot;PLANTED-parameter-description&quot;},",
    ),
    (
        "cloudformation",
        "GetTemplate",
        "&quot;LOG_LEVEL&quot;:",
        "&quot;TEMPLATE_SECRET&quot;: &quot;PLANTED-template-env&quot;, &quot;LOG_LEVEL&quot;:",
    ),
    (
        "cloudformation",
        "GetTemplate",
        "&quot;EnableKeyRotation&quot;:",
        "&quot;MasterUserPassword&quot;: &quot;PLANTED-property&quot;, &quot;EnableKeyRotation&quot;:",
    ),
    ("cloudformation", "GetTemplateSummary", "<DefaultValue>dev<", "<DefaultValue>PLANTED-summary-default<"),
    (
        "cloudformation",
        "GetTemplateSummary",
        "<ResourceTypes>",
        "<Metadata>PLANTED-summary-metadata</Metadata><ResourceTypes>",
    ),
    (
        "iam",
        "GetRole",
        "%22Action%22%3A%22sts%3AAssumeRole%22",
        "%22Action%22%3A%22sts%3AAssumeRole%22%2C%22Condition%22%3A%7B%22StringEquals%22%3A%7B%22sts%3AExternalId%22%3A\
         %22PLANTED-external-id%22%7D%7D",
    ),
    ("s3", "GetBucketAcl", "<DisplayName>ministack<", "<DisplayName>PLANTED-grantee<"),
    ("cloudtrail", "GetTrailStatus", r#""TimeLoggingStopped": """#, r#""LatestNotificationError": "PLANTED-trail""#),
];

const OUTPUTS: &str = r#"
  "AdminPassword": "PLANTED-file-output",
  "ConnectionString": "postgres://admin:PLANTED-file-url@db.example.org/records",
  "AccessKey": "AKIAPLANTEDKEY000001",
  "Download": "https://b.s3.us-east-2.amazonaws.com/k?X-Amz-Signature=PLANTED-file-signature",
  "AlertEmail": "PLANTED.person@example.org",
  "Nested": {"ApiToken": "PLANTED-file-nested"},
"#;

fn planted() -> Account {
    let recorded = Recorded::conforming().account.clone();
    let account = PLANTS.iter().fold(recorded, |account, (service, operation, from, to)| {
        account
            .edit(service, operation, |body| body.replace(from, to))
            .unwrap_or_else(|error| panic!("{operation} {from}: {error}"))
    });
    // AWS repeats input in its messages.
    let refusals = [
        ("s3", "GetBucketLogging", "Bucket", harness::BUCKET, 403, "AccessDenied"),
        ("kms", "ListResourceTags", "KeyId", "2f7cd16b-9108-4449-9e99-4b9f51829047", 400, "KMSInternalException"),
        ("lambda", "ListFunctionUrlConfigs", "FunctionName", harness::FUNCTION, 400, "InvalidParameterValueException"),
    ];
    refusals.into_iter().fold(account, |account, (service, operation, name, value, status, code)| {
        let refusal = Answer::error(service, status, code);
        let answer = Answer { body: refusal.body.replace("answers with this error", "PLANTED-message"), ..refusal };
        assert!(answer.body.contains("PLANTED-message"), "{}", answer.body);
        account.answer(service, operation, &[(name, value)], answer).expect("another answer")
    })
}

fn outputs_text() -> String {
    harness::outputs_text("conforming").replacen('{', &format!("{{{OUTPUTS}"), 1)
}

fn assert_clean(what: &str, text: &str) {
    for mark in MARKS {
        if let Some(at) = text.find(mark) {
            let from = text[..at].char_indices().rev().nth(200).map_or(0, |(at, _)| at);
            let to = text[at..].char_indices().nth(100).map_or(text.len(), |(more, _)| at + more);
            panic!("{what} holds a planted secret: ...{}...", &text[from..to]);
        }
    }
}

#[test]
fn no_planted_secret_is_in_evidence_reports_or_plans() {
    let (catalog, profile) = harness::patient_data();
    let settings = harness::settings(&outputs_text());
    let replay = Replay::new(planted());
    let evidence = harness::evidence(&replay, &profile, &settings).expect("an audit that starts");
    assert!(replay.unrecorded().is_empty(), "{:?}", replay.unrecorded());
    let report = audit::judge(&catalog, &profile, &evidence, &settings);

    assert_clean("the settings", &format!("{settings:?}"));
    assert_clean("the evidence as Debug text", &format!("{evidence:?}"));
    let json = serde_json::to_string(&evidence).expect("JSON");
    assert_eq!(json.matches("PLANTED-external-id").count(), 1, "the trust policy is evidence");
    assert_clean("the evidence as JSON", &json.replace("PLANTED-external-id", ""));
    assert_clean("the report as Debug text", &format!("{report:?}"));
    for format in [Format::Text, Format::Json, Format::Junit, Format::Html] {
        let bytes = tap_audit_reports::render(&report, format, &Style { color: false, width: 200 }).expect("a report");
        let text = String::from_utf8(bytes).expect("text");
        assert_clean(&format!("the {format} report"), &text);
        // The harmless part of an address may stand there.
        let html_or_json = matches!(format, Format::Json | Format::Html);
        assert!(!html_or_json || text.contains("AlertEmail"), "the {format} report lists the outputs");
    }
    // They were found all the same.
    for id in ["lambda-env-no-plaintext-secret", "stack-outputs-no-secrets", "stack-params-secret-noecho"] {
        let found = harness::findings(&report, id);
        assert!(
            found.iter().any(|finding| finding.outcome.status() == Status::Fail),
            "{:?}",
            found.iter().map(|finding| harness::describe(finding)).collect::<Vec<_>>()
        );
    }
}

#[test]
fn no_planted_secret_is_in_what_the_program_says_at_any_verbosity() {
    let directory = tempfile::tempdir().expect("a directory");
    write_account(&planted(), &directory.path().join("account"));
    std::fs::write(directory.path().join("outputs.json"), outputs_text()).expect("a file");
    let run = |arguments: &[&str], log: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_tap-audit"))
            .args(arguments)
            .args(["--outputs", "outputs.json", "--replay", "account", "--verbose"])
            .current_dir(directory.path())
            .env_clear()
            .env("RUST_LOG", log)
            .output()
            .expect("the program runs");
        (String::from_utf8(output.stdout).expect("text"), String::from_utf8(output.stderr).expect("text"))
    };
    let (quietly, said) = run(&["--format", "text"], "");
    assert_clean("standard output", &quietly);
    assert_clean("standard error", &said);
    assert!(said.contains("200 s3 GetBucketVersioning"), "{said}");
    for arguments in [&["plan"][..], &["plan", "--offline"]] {
        for format in ["text", "json"] {
            let (plan, said) = run(&[arguments, &["--format", format]].concat(), "");
            assert!(plan.contains("AlertEmail"), "{plan}");
            assert_clean("a plan", &plan);
            assert_clean("standard error beside a plan", &said);
        }
    }
    for log in ["trace", "aws_smithy_runtime=trace,hyper=trace,aws_config=trace", "tap_audit=trace"] {
        let (out, error) = run(&["--format", "json"], log);
        assert_clean("standard output", &out);
        assert_clean("standard error", &error);
        let from_sdk = error.lines().find(|line| line.contains("TRACE") || line.contains("aws_smithy"));
        assert_eq!(from_sdk, None, "RUST_LOG={log} raises the SDK's level");
    }
    let (out, error) =
        run(&["--replay-fault", "kms:DescribeKey=garbage", "--replay-fault", "s3:GetBucketAcl=truncated"], "");
    assert_clean("standard output", &out);
    assert_clean("standard error", &error);
}

#[test]
fn no_planted_secret_is_in_a_message_about_an_outputs_file() {
    let broken: &[&str] = &[
        r#"{"DbPassword": "PLANTED-one", "DbPassword": "PLANTED-two"}"#,
        r#"{"DbPassword": "PLANTED-half"#,
        r#"{"DbPassword": PLANTED-bare}"#,
        r#"["PLANTED-list"]"#,
        r#""PLANTED-text""#,
        r#"[{"Stacks": "PLANTED-shape"}]"#,
        "PLANTED-word",
    ];
    for text in broken {
        match outputs::read(text.as_bytes(), "flat-outputs.json") {
            Ok(file) => assert_clean(text, &format!("{file:?}")),
            Err(error) => {
                assert_clean(text, &error.to_string());
                assert_clean(text, &format!("{error:?}"));
            }
        }
    }
    let elsewhere = outputs_text().replace("123456789012", "210987654321");
    let replay = Replay::new(planted());
    let refused = harness::audit(&replay, &harness::settings(&elsewhere)).expect_err("another account");
    assert_clean("a wrong account", &format!("{refused} {refused:?}"));
}

/// Writes an account as the files that `--replay` reads.
pub fn write_account(account: &Account, directory: &Path) {
    std::fs::create_dir_all(directory).expect("a directory");
    for (name, text) in account.to_files() {
        std::fs::write(directory.join(name), text).expect("a file");
    }
}
