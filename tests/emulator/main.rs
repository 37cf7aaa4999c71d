//! The program against an AWS emulator: real HTTP and signatures, an endpoint in place of AWS's, refused calls,
//! CloudWatch's CBOR.
//!
//! The emulator is wrong in places. Each place is a row of a table below; the auditor is never bent for it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]
#![allow(unreachable_pub, reason = "the harness is shared by several test programs")]

#[path = "../harness/mod.rs"]
mod harness;
mod meditech;
mod reference;
mod server;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use server::{ACCOUNT, Audited, STACK, faithful, good};
use tap_audit::audit;
use tap_audit::collect::clients::Connection;
use tap_audit::settings::Clock;
use tap_audit_checks::catalog::{CONTROLS, Catalog, FILES, PROFILES};
use tap_audit_checks::check;
use tap_audit_checks::lambda::Function;
use tap_audit_checks::observed::Observed;
use tap_audit_checks::report::Status;

/// Requirement, outcome, and a part of what the finding says.
type Row = (&'static str, &'static str, &'static str);

/// What the emulator makes of the stack that conforms.
const DEVIATIONS: &[Row] = &[
    // It checks MFADelete of PutBucketVersioning, and GetBucketVersioning never returns it.
    ("s3-mfa-delete-enabled", "fail", "MFA delete was never configured"),
    // It does not know the path of S3 Control.
    ("s3-public-access-block-account", "error", "GetPublicAccessBlock failed with InvalidURI"),
    // It lists the bucket's objects instead of saying whether the policy is public.
    ("s3-policy-not-public", "error", "the answer of GetBucketPolicyStatus could not be read"),
];

/// What else it answers without a 2xx status: service, operation, status, code.
const REFUSED: &[(&str, &str, u64, &str)] = &[
    // As AWS answers a bucket without object lock.
    ("s3", "GetObjectLockConfiguration", 404, "ObjectLockConfigurationNotFoundError"),
    ("s3", "GetPublicAccessBlock", 400, "InvalidURI"),
];

/// What it answers with something else: service and operation, and how often it is asked until that is believed.
const NOT_KNOWN: &[(&str, &str, u64)] = &[
    // It lists the bucket's objects.
    ("s3", "GetBucketPolicyStatus", 3),
];

/// What breaks in the stack as delivered, beside the deviations.
const DELIVERED: &[Row] = &[
    ("stack-params-no-secret-default", "fail", "parameter DatabasePassword has a literal default"),
    ("cloudtrail-logging-enabled", "fail", "no trail covers us-east-2"),
    ("s3-event-notification-lambda", "fail", "no notification invokes a function"),
    ("s3-access-logging-enabled", "fail", "server access logging is off"),
    ("lambda-reserved-concurrency-set", "fail", "no concurrency is reserved"),
    ("lambda-env-no-known-default-secret", "fail", "DATABASE_PASSWORD is a known published default"),
    ("lambda-failure-destination", "fail", "no dead-letter target and no destination for failures"),
    ("iam-trust-no-external-id-on-service", "fail", "lambda.amazonaws.com is asked for sts:ExternalId"),
];

/// What the recorded account has otherwise because a deviation is corrected in it.
const CORRECTED: &[&str] = &[
    // S3 takes no lifecycle rule beside MFA delete, which the recorded bucket has and the emulated one cannot have.
    "s3-lifecycle-noncurrent-versions",
];

const NO_STACK: &str = "depends on stack-managed-by-cloudformation: no stack holds the resources that the outputs name";

/// What follows where DescribeStackResources finds no stack: the emulator takes a stack's name only, no physical id.
const WITHOUT_STACK: &[Row] = &[
    ("stack-managed-by-cloudformation", "fail", "no stack of the account holds the resources that the outputs name"),
    ("stack-drift-in-sync", "error", NO_STACK),
    ("stack-template-format", "error", NO_STACK),
    ("stack-status-complete", "error", NO_STACK),
    ("stack-services-complete", "error", NO_STACK),
    ("stack-params-secret-noecho", "error", NO_STACK),
    ("stack-params-no-secret-default", "error", NO_STACK),
    ("stack-retain-stateful-deletion-policy", "error", NO_STACK),
    ("stack-retain-stateful-update-replace-policy", "error", NO_STACK),
    ("stack-retain-kms-key", "error", NO_STACK),
    ("stack-destroyable-no-blockers", "error", NO_STACK),
    ("naming-environment-suffix", "error", NO_STACK),
    ("naming-convention-type-suffix", "error", NO_STACK),
    ("lambda-env-no-known-default-secret", "error", "depends on stack-managed-by-cloudformation"),
    ("iam-role-no-wildcard-actions", "error", "no stack is known that could hold a managed policy"),
    ("iam-role-no-wildcard-resources", "error", "no stack is known that could hold a managed policy"),
];

/// What a user is told who may read nothing of KMS and CloudTrail, and whom the buckets refuse.
const REFUSALS: &[Row] = &[
    (
        "stack-outputs-resolve-live",
        "error",
        "GetBucketLocation was denied; the auditing role needs s3:GetBucketLocation",
    ),
    (
        "s3-default-encryption-aes256",
        "error",
        "GetBucketEncryption was denied; the auditing role needs s3:GetEncryptionConfiguration",
    ),
    (
        "s3-versioning-enabled",
        "error",
        "GetBucketVersioning was denied; the auditing role needs s3:GetBucketVersioning",
    ),
    (
        "s3-mfa-delete-enabled",
        "error",
        "GetBucketVersioning was denied; the auditing role needs s3:GetBucketVersioning",
    ),
    (
        "s3-public-access-block-bucket",
        "error",
        "GetPublicAccessBlock was denied; the auditing role needs s3:GetBucketPublicAccessBlock",
    ),
    ("s3-acl-not-public", "error", "GetBucketAcl was denied; the auditing role needs s3:GetBucketAcl"),
    (
        "s3-event-notification-lambda",
        "error",
        "GetBucketNotificationConfiguration was denied; the auditing role needs s3:GetBucketNotification",
    ),
    ("s3-access-logging-enabled", "error", "GetBucketLogging was denied; the auditing role needs s3:GetBucketLogging"),
    (
        "s3-lifecycle-noncurrent-versions",
        "error",
        "GetBucketLifecycleConfiguration was denied; the auditing role needs s3:GetLifecycleConfiguration",
    ),
    ("kms-key-usable", "error", "DescribeKey was denied; the auditing role needs kms:DescribeKey"),
    ("kms-alias-present", "error", "ListAliases was denied; the auditing role needs kms:ListAliases"),
    ("lambda-env-kms-cmk", "error", "DescribeKey was denied; the auditing role needs kms:DescribeKey"),
    (
        "cloudtrail-logging-enabled",
        "error",
        "DescribeTrails was denied; the auditing role needs cloudtrail:DescribeTrails",
    ),
];

fn text<'v>(value: &'v Value, member: &str) -> &'v str {
    value[member].as_str().unwrap_or("")
}

fn list<'v>(report: &'v Value, member: &str) -> &'v [Value] {
    report[member].as_array().unwrap_or_else(|| panic!("{member} of the report"))
}

/// What a finding says.
fn said(finding: &Value) -> &str {
    finding["observed"].as_str().unwrap_or_else(|| text(finding, "reason"))
}

fn describe(finding: &Value) -> String {
    let subject = &finding["subject"];
    let (requirement, outcome) = (text(finding, "requirement"), text(finding, "outcome"));
    format!("{requirement} of {} {}: {outcome}: {}", text(subject, "kind"), text(subject, "id"), said(finding))
}

/// Holds the findings that failed or could not be decided against the rows: each finding has its row, each row a finding.
fn compare(report: &Value, rows: &[Row]) {
    let open = |finding: &&Value| matches!(text(finding, "outcome"), "fail" | "error");
    let fits = |finding: &Value, (requirement, outcome, part): &Row| {
        text(finding, "requirement") == *requirement
            && text(finding, "outcome") == *outcome
            && said(finding).contains(part)
    };
    let open: Vec<&Value> = list(report, "findings").iter().filter(open).collect();
    let unexpected: Vec<String> = open
        .iter()
        .filter(|finding| !rows.iter().any(|row| fits(finding, row)))
        .map(|finding| describe(finding))
        .collect();
    assert!(unexpected.is_empty(), "not expected:\n{}", unexpected.join("\n"));
    let missing: Vec<&Row> = rows.iter().filter(|row| !open.iter().any(|finding| fits(finding, row))).collect();
    assert!(missing.is_empty(), "expected, and not there: {missing:?}");
}

fn by_name(audited: &Audited, code: i32) -> Value {
    assert_eq!(audited.code, Some(code), "{}", audited.stderr);
    audited.report()
}

#[test]
fn a_stack_that_conforms_fails_only_where_the_emulator_is_wrong() {
    let Some(emulator) = good() else { return };
    let report = by_name(&emulator.audit().args(&["--stack-name", STACK]).run(), 1);
    compare(&report, DEVIATIONS);
    assert_eq!(report["conclusion"], "does-not-conform");
    assert_eq!((&report["run"]["account"], &report["run"]["region"]), (&ACCOUNT.into(), &"us-east-2".into()));
    assert_eq!(report["run"]["caller_arn"], format!("arn:aws:iam::{ACCOUNT}:root"));
    assert_eq!(
        (&report["run"]["endpoint"], &report["run"]["emulated"]),
        (&emulator.endpoint.clone().into(), &true.into())
    );
    assert_eq!(report["coverage"]["unresolved_outputs"], 0);
}

#[test]
fn a_stack_as_it_is_often_delivered_fails_what_it_lacks() {
    let Some(emulator) = faithful() else { return };
    let report = by_name(&emulator.audit().args(&["--stack-name", STACK]).run(), 1);
    compare(&report, &[DEVIATIONS, DELIVERED].concat());
    let text = report.to_string();
    assert!(!text.contains("TestPassword123!") && !text.contains("test-external-id-123"), "a value is in the report");
}

#[test]
fn without_a_stack_nothing_that_reads_one_passes() {
    let Some(emulator) = good() else { return };
    let report = by_name(&emulator.audit().run(), 1);
    compare(&report, &[DEVIATIONS, WITHOUT_STACK].concat());
    assert_eq!(report["run"]["stack"], Value::Null);
}

#[test]
fn the_flag_and_the_variable_lead_to_the_same_endpoint() {
    let Some(emulator) = good() else { return };
    let flag = ["--stack-name", STACK, "--endpoint-url", &emulator.endpoint];
    let by_flag = by_name(&emulator.audit().without_env("AWS_ENDPOINT_URL").args(&flag).run(), 1);
    let by_variable = by_name(&emulator.audit().args(&["--stack-name", STACK]).run(), 1);
    let rows = |report: &Value| -> Vec<String> { list(report, "findings").iter().map(describe).collect() };
    assert_eq!(rows(&by_flag), rows(&by_variable));
    assert_eq!(by_flag["run"]["endpoint"], emulator.endpoint.as_str());
}

#[test]
fn every_call_is_in_the_report_and_answered() {
    let Some(emulator) = good() else { return };
    let report = by_name(&emulator.audit().args(&["--stack-name", STACK]).run(), 1);
    let calls = list(&report, "calls");
    for call in calls {
        let known = REFUSED.iter().any(|(service, operation, status, code)| {
            (call["service"] == *service && call["operation"] == *operation)
                && (call["status"] == *status && call["error"] == *code)
        });
        let answered = call["status"].as_u64().is_some_and(|status| (200..300).contains(&status));
        assert!(answered || known, "{call}");
        let not_known = NOT_KNOWN
            .iter()
            .find(|(service, operation, _)| call["service"] == *service && call["operation"] == *operation);
        assert_eq!(call["attempts"], not_known.map_or(1, |(.., attempts)| *attempts), "{call}");
        assert!(!text(call, "request_id").is_empty() && text(call, "sha256").len() == 64, "{call}");
    }
    let ids: BTreeSet<&str> = calls.iter().map(|call| text(call, "id")).collect();
    assert_eq!(ids.len(), calls.len(), "two calls share an id");
    for finding in list(&report, "findings") {
        for cited in list(finding, "evidence") {
            assert!(cited.as_str().is_some_and(|cited| ids.contains(cited)), "{} cites {cited}", describe(finding));
        }
    }
    let services: BTreeSet<&str> = calls.iter().map(|call| text(call, "service")).collect();
    assert_eq!(
        services,
        BTreeSet::from(["cloudformation", "cloudtrail", "iam", "kms", "lambda", "logs", "s3", "sts"]),
        "each service is asked over its own protocol"
    );
}

#[test]
fn every_kind_of_report_is_written_and_tells_the_same() {
    let Some(emulator) = good() else { return };
    let audited = emulator.audit().args(&["--stack-name", STACK]).run();
    let report = by_name(&audited, 1);
    let findings = list(&report, "findings").len();
    let html = audited.file("report.html");
    assert!(html.starts_with("<!DOCTYPE html>") && html.trim_end().ends_with("</html>"));
    assert_eq!(html.matches("<details class=\"finding").count(), findings);
    let junit = audited.file("report.xml");
    assert_eq!(junit.matches("<testcase ").count(), findings);
    assert_eq!((junit.matches("<failure ").count(), junit.matches("<error ").count()), (1, 3));
    assert!(audited.file("report.txt").contains("Deleting a version needs a second factor"));
    assert!(!audited.stderr.contains('\u{1b}'), "colours in a file: {:?}", audited.stderr);
}

#[test]
fn a_denied_call_is_an_error_that_names_the_action_and_never_a_pass() {
    let Some(emulator) = good() else { return };
    let key: Value = serde_json::from_str(&emulator.python("narrow_user.py", &[])).expect("a key");
    let audit = emulator.audit().signed(text(&key, "id"), text(&key, "secret"));
    let report = by_name(&audit.args(&["--stack-name", STACK]).run(), 3);
    assert_eq!(report["conclusion"], "incomplete");
    assert!(text(&report["run"], "caller_arn").ends_with(":user/narrow-auditor"));

    let findings = list(&report, "findings");
    for (requirement, outcome, part) in REFUSALS {
        let of: Vec<&Value> = findings.iter().filter(|finding| finding["requirement"] == *requirement).collect();
        assert!(!of.is_empty(), "{requirement} is not in the report");
        for finding in of {
            assert_eq!(text(finding, "outcome"), *outcome, "{}", describe(finding));
            assert!(said(finding).contains(part), "{}", describe(finding));
        }
    }
    let status: BTreeMap<&str, &Value> =
        list(&report, "calls").iter().map(|call| (text(call, "id"), &call["status"])).collect();
    for finding in findings.iter().filter(|finding| matches!(text(finding, "outcome"), "pass" | "fail")) {
        let cited: Vec<&Value> = list(finding, "evidence").iter().map(|id| status[id.as_str().unwrap()]).collect();
        let only_denied = !cited.is_empty() && cited.iter().all(|status| **status == 403);
        assert!(!only_denied, "{} rests on denied calls alone", describe(finding));
        let service = text(finding, "requirement").split('-').next().unwrap();
        assert!(!matches!(service, "s3" | "kms" | "cloudtrail"), "{}", describe(finding));
    }
}

#[test]
fn a_wrong_signature_stops_the_run_before_anything_is_judged() {
    let Some(emulator) = good() else { return };
    let key: Value = serde_json::from_str(&emulator.python("narrow_user.py", &["--name", "mistyped"])).expect("a key");
    let audited = emulator.audit().signed(text(&key, "id"), "made-up").args(&["--stack-name", STACK]).run();
    assert_eq!(audited.code, Some(4), "{}", audited.stderr);
    // Which of the calls in flight is refused first is not told beforehand; the services have two words for it.
    assert!(audited.stderr.contains("AWS refused the credentials: "), "{}", audited.stderr);
    let said = ["answered SignatureDoesNotMatch", "answered InvalidSignatureException"];
    assert!(said.iter().any(|said| audited.stderr.contains(said)), "{}", audited.stderr);
    assert!(!audited.stderr.contains("made-up"), "the secret is in a message: {}", audited.stderr);
}

#[test]
fn the_name_of_a_stack_is_enough_if_it_exists() {
    let Some(emulator) = good() else { return };
    let report = by_name(&emulator.audit_without_outputs().args(&["--stack-name", STACK]).run(), 1);
    compare(&report, DEVIATIONS);
    assert_eq!(report["run"]["outputs_file"], Value::Null);

    let audited = emulator.audit_without_outputs().args(&["--stack-name", "NoSuchStack"]).run();
    assert_eq!(audited.code, Some(4), "{}", audited.stderr);
    let message = "error: cannot read the outputs of stack NoSuchStack: no stack of this name exists in the region";
    assert!(audited.stderr.contains(message), "{}", audited.stderr);
}

#[test]
fn the_metrics_of_cloudwatch_are_read_in_their_own_protocol() {
    let Some(emulator) = good() else { return };
    emulator.python("invocations.py", &[]);
    let (file, profile) = PROFILES[0];
    let tailored = format!("{profile}\n[tailor.logs-receiving-events.params]\nenabled = true\n");
    let catalog = Catalog::load(FILES, &[(file, &tailored)], CONTROLS, check::all()).expect("a catalog");
    let profile = catalog.profile("patient-data").expect("a profile");
    let outputs = std::fs::read_to_string(emulator.outputs()).expect("an outputs file");
    let mut settings = harness::settings(&outputs);
    settings.stack_name = Some(STACK.into());
    settings.clock = Clock::System;
    settings.call_timeout = std::time::Duration::from_secs(20);

    let http = audit::http_client(None).expect("a client");
    let connection = Connection::with_key(http, &emulator.endpoint, ACCOUNT, "made-up");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let evidence = runtime.block_on(audit::collect(&profile, connection, &settings, |_| {})).expect("an audit");
    let report = audit::judge(&catalog, &profile, &evidence, &settings);

    let metrics = report.calls.iter().find(|call| call.operation == "GetMetricData").expect("the call");
    assert_eq!((metrics.status, metrics.error.as_deref()), (Some(200), None));
    let findings = harness::findings(&report, "logs-receiving-events");
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].outcome.status(), Status::Pass, "{}", harness::describe(findings[0]));
    // The verdict needs no metric where there is a new event, so the number is looked at in the evidence.
    let (_, function) = evidence.all::<Function>().next().expect("the function");
    assert_eq!(function.recent_invocations.observed(), &Observed::Present(3));
}

#[test]
fn the_recorded_account_says_what_the_emulator_says() {
    let Some(emulator) = good() else { return };
    let report = by_name(&emulator.audit().args(&["--stack-name", STACK]).run(), 1);
    // The id of the key is random.
    let subject = |kind: &str, id: &str| match kind {
        "AWS::KMS::Key" => kind.to_owned(),
        "TapAudit::Outputs::File" => kind.to_owned(),
        _ => format!("{kind} {id}"),
    };
    let emulated: BTreeMap<(String, String), String> = list(&report, "findings")
        .iter()
        .map(|finding| {
            let of = subject(text(&finding["subject"], "kind"), text(&finding["subject"], "id"));
            ((text(finding, "requirement").to_owned(), of), text(finding, "outcome").to_owned())
        })
        .collect();
    let recorded: BTreeMap<(String, String), String> = harness::report_of("conforming")
        .findings
        .iter()
        .map(|finding| {
            let of = subject(&finding.subject.kind.to_string(), &finding.subject.id);
            ((finding.requirement.clone(), of), finding.outcome.status().name().to_owned())
        })
        .collect();
    let planned =
        |findings: &BTreeMap<(String, String), String>| -> Vec<(String, String)> { findings.keys().cloned().collect() };
    assert_eq!(planned(&emulated), planned(&recorded), "what is planned");
    let different: BTreeSet<&str> = recorded
        .iter()
        .filter(|(pair, outcome)| emulated.get(*pair) != Some(outcome))
        .map(|((requirement, _), _)| requirement.as_str())
        .collect();
    let known = DEVIATIONS.iter().map(|(requirement, _, _)| requirement).chain(CORRECTED);
    assert_eq!(different, known.copied().collect::<BTreeSet<_>>());
}
