//! The reference stacks of `stacks/`, deployed into the emulator and audited over HTTP.

use jiff::Timestamp;
use serde_json::Value;

use crate::server::{Audit, STACK, reference};
use crate::{Row, by_name, compare, list, text};

/// What the emulator makes of the patient-data reference stack. MFA delete is set by the root user and no template.
const PATIENT_DATA: &[Row] = &[
    ("s3-mfa-delete-enabled", "fail", "MFA delete was never configured"),
    // It does not know the path of S3 Control.
    ("s3-public-access-block-account", "error", "GetPublicAccessBlock failed with InvalidURI"),
    // It lists the bucket's objects instead of saying whether the policy is public.
    ("s3-policy-not-public", "error", "the answer of GetBucketPolicyStatus could not be read"),
];

/// What the emulator makes of the monitoring reference stack, however old it is.
const MONITORING: &[Row] = &[
    // It writes the time of a dashboard as text where the protocol demands a number with a tag.
    ("cw-dashboard-present", "error", "the answer of ListDashboards could not be read"),
];

/// What is not known yet of a monitoring stack that was made a moment ago, on AWS too.
const MONITORING_NEW: &[Row] = &[
    // It evaluates no alarm on its own, and AWS takes minutes.
    ("cw-alarm-evaluating", "error", "has no data yet: it is changing"),
    // It delivers nothing, and AWS takes a quarter of an hour.
    ("cloudtrail-to-cloudwatch-logs", "error", "trail trail-dev was started less than an hour ago"),
];

/// What can be told of the monitoring stack two days later.
const MONITORING_SETTLED: &[Row] = &[
    // The trail has still delivered nothing, and that is no longer a matter of time.
    ("cloudtrail-to-cloudwatch-logs", "fail", "trail trail-dev has never written to log group"),
];

/// How many alarms the emulator takes; it refuses the two on metric math.
const ALARMS: usize = 13;

/// Audits a reference stack without naming its profile.
fn audited(audit: Audit, profile: &str, rows: &[Row], code: i32) -> Value {
    let report = by_name(&audit.args(&["--stack-name", STACK]).run(), code);
    assert_eq!(report["run"]["profile"], profile);
    assert!(text(&report["run"], "profile_reason").contains("AWS::"), "{}", report["run"]);
    compare(&report, rows);
    assert_eq!(report["coverage"]["unresolved_outputs"], 0);
    assert!(!list(&report, "findings").is_empty());
    report
}

/// The findings of a requirement that came out like this.
fn counted(report: &Value, requirement: &str, outcome: &str) -> usize {
    let of = |finding: &&Value| finding["requirement"] == requirement && finding["outcome"] == outcome;
    list(report, "findings").iter().filter(of).count()
}

#[test]
fn of_the_patient_data_stack_only_mfa_delete_is_missing() {
    let Some(emulator) = reference("patient-data") else { return };
    let report = audited(emulator.audit(), "patient-data", PATIENT_DATA, 1);
    assert_eq!(report["summary"]["fail"], 1);
}

#[test]
fn of_a_new_monitoring_stack_nothing_fails_and_what_has_not_settled_is_said_to_change() {
    let Some(emulator) = reference("monitoring") else { return };
    let report = audited(emulator.audit(), "monitoring", &[MONITORING, MONITORING_NEW].concat(), 3);
    assert_eq!((&report["conclusion"], &report["summary"]["fail"]), (&"incomplete".into(), &0.into()));
    assert_eq!(counted(&report, "cw-alarm-evaluating", "error"), ALARMS);
}

#[test]
fn two_days_later_the_alarms_of_the_monitoring_stack_are_judged_and_its_silent_trail_fails() {
    let Some(emulator) = reference("monitoring") else { return };
    let later = Timestamp::now().as_second() + 2 * 24 * 60 * 60;
    let audit = emulator.audit().env("SOURCE_DATE_EPOCH", &later.to_string());
    let report = audited(audit, "monitoring", &[MONITORING, MONITORING_SETTLED].concat(), 1);
    assert_eq!(report["summary"]["fail"], 1);
    // An alarm on what AWS counts itself is judged by the resource that it names: the topic, the queue, the rule, the group.
    assert_eq!(counted(&report, "cw-alarm-evaluating", "pass"), ALARMS);
}
