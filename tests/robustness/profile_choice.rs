//! Which profile the program takes where nobody names one, what it says of it, and when it asks.

use serde_json::Value;
use tap_audit::replay::Account;

use crate::command_line::{Place, Ran};
use crate::harness;
use crate::secrets::write_account;
use crate::sweep::Recorded;

const KEY: &str = r#"{"KeyArn": "arn:aws:kms:us-east-2:123456789012:key/2f7cd16b-9108-4449-9e99-4b9f51829047"}"#;
const BUCKET_AND_TOPIC: &str = r#"{
    "Bucket": "arn:aws:s3:::patient-data-bucket-dev-123456789012",
    "Topic": "arn:aws:sns:us-east-2:123456789012:alerts"
}"#;
/// Keeps the stack of an output from being found.
const NO_STACK: [&str; 2] = ["--replay-fault", "cloudformation:DescribeStackResources=denied"];

/// A place with this account and these outputs.
fn place(account: &Account, outputs: &str) -> Place {
    let place = Place::new();
    write_account(account, &place.path("account"));
    place.write("outputs.json", outputs);
    place
}

fn audit(place: &Place, more: &[&str]) -> Ran {
    // Wide enough that no sentence of a text report is broken.
    place.run_with(&[&["--replay", "account", "--outputs", "outputs.json"], more].concat(), &[("COLUMNS", "400")])
}

/// The conforming patient-data stack, with types in its listings that speak for monitoring as well.
fn half_of_each() -> Account {
    let both = |body: &str| {
        body.replace(">AWS::KMS::Alias<", ">AWS::Logs::MetricFilter<")
            .replace(">AWS::S3::BucketPolicy<", ">AWS::CloudTrail::Trail<")
    };
    ["DescribeStackResources", "ListStackResources"]
        .into_iter()
        .fold(Recorded::conforming().account.clone(), |account, operation| {
            account.edit("cloudformation", operation, both).expect("recorded")
        })
}

fn refused(ran: &Ran, said: &str) {
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{}", ran.error);
    let help = "help: pass --profile, or set it in tap-audit.toml or TAP_AUDIT_PROFILE";
    assert!(ran.error.contains(said) && ran.error.contains(help), "{}", ran.error);
}

/// The profile and the reason that a JSON report tells.
fn told(report: &str) -> (String, Value) {
    let report: Value = serde_json::from_str(report).expect("JSON");
    (report["run"]["profile"].as_str().expect("a profile").to_owned(), report["run"]["profile_reason"].clone())
}

#[test]
fn outputs_that_speak_clearly_choose_the_profile_and_every_report_says_why() {
    let accounts = [
        ("conforming", "patient-data", "the outputs name AWS::Lambda::Function, AWS::S3::Bucket"),
        (
            "monitoring",
            "monitoring",
            "the outputs name AWS::CloudTrail::Trail, AWS::CloudWatch::Dashboard, AWS::SNS::Topic",
        ),
    ];
    for (name, profile, reason) in accounts {
        let place = place(&harness::account(name), &harness::outputs_text(name));
        let formats =
            ["--format", "text:r.txt", "--format", "json:r.json", "--format", "html:r.html", "--format", "junit:r.xml"];
        let ran = audit(&place, &formats);
        assert_eq!(ran.code, 0, "{name}: {}", ran.error);
        assert_eq!(told(&place.read("r.json")), (profile.to_owned(), reason.into()));
        let text = place.read("r.txt");
        assert!(text.contains(&format!("profile {profile}, chosen because {reason}")), "{name}: {text}");
        assert!(place.read("r.html").contains(&format!("chosen because {reason}")), "{name}");
        assert!(place.read("r.xml").contains(&format!("name=\"profile-reason\" value=\"{reason}\"")), "{name}");
    }
}

#[test]
fn outputs_that_do_not_tell_leave_it_to_what_the_stack_holds() {
    let place = place(&Recorded::conforming().account, KEY);
    let ran = audit(&place, &["--format", "json"]);
    let reason = "the stack holds AWS::Lambda::Function, AWS::Lambda::Permission, AWS::S3::Bucket";
    assert_eq!(told(&ran.out), ("patient-data".to_owned(), reason.into()));
}

#[test]
fn where_two_fit_and_nobody_can_be_asked_it_ends_with_two_and_names_both() {
    let place = place(&half_of_each(), KEY);
    let said = "error: cannot tell which profile fits: patient-data because of AWS::Lambda::Function, \
                AWS::Lambda::Permission, AWS::S3::Bucket; monitoring because of AWS::CloudTrail::Trail, \
                AWS::Logs::MetricFilter";
    refused(&audit(&place, &[]), said);
    refused(&audit(&place, &["--format", "json", "--quiet"]), said);
    refused(&place.run(&["plan", "--replay", "account", "--outputs", "outputs.json"]), said);
    let ran = audit(&place, &["--profile", "patient-data", "--format", "json"]);
    assert_eq!(told(&ran.out), ("patient-data".to_owned(), Value::Null));
}

#[test]
fn outputs_of_two_kinds_of_stack_are_not_decided_without_the_stack() {
    let place = place(&Recorded::conforming().account, BUCKET_AND_TOPIC);
    let said = "patient-data because of AWS::S3::Bucket; monitoring because of AWS::SNS::Topic";
    refused(&audit(&place, &NO_STACK), said);
    refused(&place.run(&["plan", "--offline", "--outputs", "outputs.json"]), said);
}

#[test]
fn where_nothing_tells_it_ends_with_two_and_says_so() {
    let place = place(&Recorded::conforming().account, KEY);
    let said = "cannot tell which profile fits: neither the outputs nor a stack hold a resource that tells";
    refused(&audit(&place, &NO_STACK), said);
    refused(&place.run(&["plan", "--offline", "--outputs", "outputs.json"]), said);
}

#[test]
fn a_profile_that_is_named_needs_no_reason_however_it_is_named() {
    let place = place(&harness::account("conforming"), &harness::outputs_text("conforming"));
    let arguments = ["--replay", "account", "--outputs", "outputs.json", "--format", "json"];
    let named = ("patient-data".to_owned(), Value::Null);
    assert_eq!(told(&audit(&place, &["--format", "json", "--profile", "patient-data"]).out), named);
    assert_eq!(told(&place.run_with(&arguments, &[("TAP_AUDIT_PROFILE", "patient-data")]).out), named);
    place.write("tap-audit.toml", "profile = \"patient-data\"\n");
    assert_eq!(told(&place.run(&arguments).out), named);
    let text = place.run(&["--replay", "account", "--outputs", "outputs.json"]).out;
    assert!(text.contains("profile patient-data") && !text.contains("chosen because"), "{text}");
}
