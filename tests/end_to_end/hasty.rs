//! The monitoring stack of a hasty engineer, which comes with the program for the demonstration.

use std::collections::BTreeMap;

use tap_audit::replay::Replay;
use tap_audit::replay::embedded;
use tap_audit_checks::report::{Conclusion, Finding, Report, Status};

use crate::harness;

const TOPIC: &str = "arn:aws:sns:eu-west-2:123456789012:topic-alerts-dev";
const STACK: &str = "TapStackdev";
const ACCOUNT: &str = "123456789012";
const ROLE: &str = "role-alert-delivery-log-dev";
const APPLICATION: &str = "/healthcare/log-group-application-dev";
const AUDIT_TRAIL: &str = "/healthcare/log-group-audit-trail-dev";
const DELIVERIES: &str = "sns/eu-west-2/123456789012/topic-alerts-dev";
const FAILURES: &str = "sns/eu-west-2/123456789012/topic-alerts-dev/Failure";

/// What whoever may do everything with logs may do to each of them.
const TAMPERING: &str = "role role-alert-delivery-log-dev may call logs:DeleteLogGroup, logs:DeleteLogStream, ";

/// What fails, in the order of the report: requirement, subject, and a part of what the finding says.
const FAILS: [(&str, &str, &str); 21] = [
    // Somebody shortened the retention of a log group by hand.
    ("stack-drift-in-sync", STACK, "DRIFTED at 2026-10-31T06:00:00Z: DeliveryLogGroup MODIFIED"),
    ("stack-services-complete", STACK, "no live AWS::CloudWatch::Dashboard"),
    ("cloudtrail-log-file-validation", ACCOUNT, "trail trail-dev does not validate its log files"),
    ("cloudtrail-bucket-protected", ACCOUNT, "keeps no versions; has no Object Lock"),
    ("config-recorder-on", ACCOUNT, "AWS Config: recorder recorder-dev does not record"),
    (
        "cw-alarms-security-coverage",
        ACCOUNT,
        "kms-key-disable-or-deletion: no alarm watches metric Healthcare-dev/KeyEndangered, in which filter \
         `metric-filter-key-endangered-dev` counts DisableKey, ScheduleKeyDeletion",
    ),
    ("cw-dashboard-present", ACCOUNT, "there is no dashboard of the stack"),
    ("logs-kms-encrypted", APPLICATION, "no KMS key is associated"),
    ("logs-tamper-resistant", APPLICATION, TAMPERING),
    ("logs-tamper-resistant", AUDIT_TRAIL, TAMPERING),
    ("logs-retention-min-90-days", DELIVERIES, "events expire after 30 days"),
    ("logs-tamper-resistant", DELIVERIES, TAMPERING),
    ("logs-tamper-resistant", FAILURES, TAMPERING),
    ("iam-role-no-wildcard-actions", ROLE, "allows `logs:*`, with a wildcard in the action"),
    ("iam-role-no-wildcard-resources", ROLE, "allows `logs:*` on `*`, which takes a resource"),
    (
        "sns-key-policy-allows-publishers",
        TOPIC,
        "cloudwatch.amazonaws.com is not allowed kms:Decrypt and kms:GenerateDataKey for alarm `alarm-alerts-failed-dev`, \
         alarm `alarm-alerts-undelivered-dev`, ",
    ),
    (
        "sns-policy-allows-publishers",
        TOPIC,
        "events.amazonaws.com is not allowed sns:Publish for rule `rule-compliance-change-dev`",
    ),
    ("sns-tls-required", TOPIC, "anonymous can call sns:Publish on"),
    ("sns-subscription-confirmed", TOPIC, "no subscription is confirmed; 1 waits to be confirmed by its owner"),
    ("cw-alarm-actions-configured", "alarm-application-latency-dev", "nothing happens when the alarm goes off"),
    ("cw-alarm-actions-configured", "alarm-root-used-dev", "the actions of the alarm are switched off"),
];

/// What nobody may say: the auditing role lacks a right.
const DENIED: &str = "DescribeResourcePolicies was denied; the auditing role needs logs:DescribeResourcePolicies";
const ERRORS: [(&str, &str); 4] = [
    ("logs-not-public", APPLICATION),
    ("logs-not-public", AUDIT_TRAIL),
    ("logs-not-public", DELIVERIES),
    ("logs-not-public", FAILURES),
];

/// What does not apply, beside whatever does not in the account that conforms either: the slips leave nothing to judge.
const NOT_APPLICABLE: [(&str, &str); 3] = [
    // Nobody asks a recorder that stands still for results.
    (
        "config-rules-compliant",
        "AWS Config does not record (recorder recorder-dev does not record), so its rules see nothing",
    ),
    // The only subscriber is an address, and SNS has no log of mail.
    ("sns-delivery-logging", "e-mail"),
    ("monitoring-error-handling", "rule-compliance-change-dev has the dead-letter queue"),
];

/// What passes although one might think otherwise, each for a reason of its own.
const PASSES: [(&str, &str, &str); 4] = [
    // That alerts are routed is one link; whether they arrive is asked of the topic and its key.
    ("compliance-violation-alert-routed", ACCOUNT, "takes violations of aws.config to topic"),
    // It is out of bounds because of the slips, and is shown as such.
    ("cw-alarm-evaluating", "alarm-alerts-undelivered-dev", "the alarm is in state ALARM"),
    ("sns-topic-kms-encrypted", TOPIC, "it is Enabled"),
    ("logs-retention-min-90-days", FAILURES, "events expire after 365 days"),
];

fn report() -> Report {
    let recorded = embedded::account("monitoring").expect("an account").expect("that loads");
    let replay = Replay::new(recorded.account);
    let report = harness::audit(&replay, &harness::settings(&recorded.outputs)).expect("an audit that starts");
    assert!(replay.unrecorded().is_empty(), "not recorded: {:?}", replay.unrecorded());
    report
}

fn said(finding: &Finding) -> String {
    finding.observed().map(str::to_owned).or_else(|| finding.reason()).expect("a sentence")
}

/// The findings of a status, each as requirement and subject.
fn of(report: &Report, status: Status) -> Vec<(&str, &str)> {
    let found = report.findings.iter().filter(|finding| finding.outcome.status() == status);
    found.map(|finding| (finding.requirement.as_str(), finding.subject.id.as_str())).collect()
}

/// The one finding of a requirement on a subject.
fn finding<'r>(report: &'r Report, requirement: &str, subject: &str) -> &'r Finding {
    let found = harness::findings(report, requirement).into_iter().find(|finding| finding.subject.id == subject);
    found.unwrap_or_else(|| panic!("no {requirement} of {subject}"))
}

#[test]
fn each_slip_fails_by_its_name_and_nothing_else_does() {
    let report = report();
    assert_eq!(of(&report, Status::Fail), FAILS.map(|(requirement, subject, _)| (requirement, subject)));
    for (requirement, subject, text) in FAILS {
        let said = said(finding(&report, requirement, subject));
        assert!(said.contains(text), "{requirement} of {subject}: {said}");
    }
    for (requirement, subject, text) in PASSES {
        let finding = finding(&report, requirement, subject);
        assert!(
            finding.outcome.status() == Status::Pass && said(finding).contains(text),
            "{}",
            harness::describe(finding)
        );
    }
}

#[test]
fn what_the_auditing_role_may_not_read_is_an_error_that_names_the_right() {
    let report = report();
    assert_eq!(of(&report, Status::Error), ERRORS);
    for (requirement, subject) in ERRORS {
        assert_eq!(said(finding(&report, requirement, subject)), DENIED);
    }
    // Failures and gaps together: it does not conform, and both are told.
    assert_eq!((report.conclusion(), report.exit_code()), (Conclusion::DoesNotConform, 1));
    assert!(report.coverage.decided < report.coverage.planned);
}

#[test]
fn what_the_slips_leave_nothing_to_judge_of_does_not_apply_and_says_why() {
    let (hasty, conforming) = (report(), harness::report_of("monitoring"));
    let before: BTreeMap<(&str, &str), Status> = conforming
        .findings
        .iter()
        .map(|finding| ((finding.requirement.as_str(), finding.subject.id.as_str()), finding.outcome.status()))
        .collect();
    let new: Vec<&str> = of(&hasty, Status::NotApplicable)
        .into_iter()
        .filter(|at| before.get(at).copied() != Some(Status::NotApplicable))
        .map(|(requirement, _)| requirement)
        .collect();
    assert_eq!(new, ["config-rules-present", "sns-delivery-logging"]);
    for (requirement, text) in NOT_APPLICABLE {
        let finding = harness::findings(&hasty, requirement)[0];
        assert_eq!(finding.outcome.status(), Status::NotApplicable);
        assert!(said(finding).contains(text), "{}", harness::describe(finding));
    }
}

#[test]
fn the_links_of_an_alert_are_told_apart_and_the_broken_ones_shown() {
    let report = report();
    // Alarms get past the topic and not past its key; the rule gets past the key and not past the topic.
    let key = said(finding(&report, "sns-key-policy-allows-publishers", TOPIC));
    assert!(
        key.contains("statement 1 (LetTheAccountAdministerTheKey) does not match") && !key.contains("events."),
        "{key}"
    );
    assert_eq!(key.matches("is not allowed").count(), 1, "{key}");
    let topic = said(finding(&report, "sns-policy-allows-publishers", TOPIC));
    assert!(topic.contains("statement 1 (LetAlarmsPublish) does not match") && !topic.contains("alarm `"), "{topic}");
    for requirement in ["sns-key-policy-allows-publishers", "sns-policy-allows-publishers", "sns-tls-required"] {
        let finding = finding(&report, requirement, TOPIC);
        let grounds = finding.grounds().unwrap_or_else(|| panic!("{}", harness::describe(finding)));
        assert!(grounds.correction.is_some(), "{requirement}: {}", grounds.counterexample.sentence);
    }
    // The chain from an event to its alarm says where it goes on.
    let events = finding(&report, "cw-alarms-security-coverage", ACCOUNT);
    assert!(!said(events).contains("root-usage"), "{}", said(events));
}

/// The answers of a file of an account without what is said of them, and with it.
fn answers(text: &str) -> Vec<(toml::Table, Option<String>)> {
    let mut file: toml::Table = text.parse().expect("a file of the account");
    // `account.toml` has none.
    let Some(toml::Value::Array(exchanges)) = file.remove("exchange") else { return Vec::new() };
    let apart = |exchange: toml::Value| {
        let toml::Value::Table(mut answer) = exchange else { panic!("an exchange is a table") };
        let correction = answer.remove("correction").map(|text| text.as_str().expect("a sentence").to_owned());
        (answer, correction)
    };
    exchanges.into_iter().map(apart).collect()
}

#[test]
fn every_answer_that_was_changed_says_which_slip_it_shows() {
    let hasty = embedded::account("monitoring").expect("an account").expect("that loads").account.to_files();
    let conforming = harness::account("monitoring").to_files();
    let mut slips = 0;
    for (name, text) in &hasty {
        let before: Vec<toml::Table> = answers(&conforming[name]).into_iter().map(|(answer, _)| answer).collect();
        for (answer, correction) in answers(text) {
            let told = correction.is_some_and(|text| text.contains("slip: ") || text.contains("slips: "));
            // Who asks is no slip: an auditor has a role of its own.
            let changed = !before.contains(&answer) && name != "sts.toml";
            assert_eq!(told, changed, "{name}: {answer}");
            slips += usize::from(told);
        }
    }
    assert!(slips >= 12, "{slips}");
}
