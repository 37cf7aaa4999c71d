//! What somebody deleted: then findings are gone too, and what depends on it must not pass.

use serde_json::json;
use tap_audit::replay::Answer;

use super::super::{Error, Fail, NotApplicable, Status, differences};
use super::TOPIC_ARN;
use crate::alter::Setup;

/// Asserts which requirements come out otherwise than on the conforming account, each with how; one whose findings are
/// gone has no status.
fn flips(change: impl FnOnce(&mut Setup), expected: &[(&str, Option<Status>)]) {
    let mut setup = Setup::of("monitoring");
    let conforming = setup.audit();
    change(&mut setup);
    let mut flipped: Vec<(String, Option<Status>)> = Vec::new();
    for (requirement, _, status) in differences(&conforming, &setup, &setup.audit()) {
        if !flipped.contains(&(requirement.clone(), status)) {
            flipped.push((requirement, status));
        }
    }
    let flipped: Vec<(&str, Option<Status>)> = flipped.iter().map(|(id, status)| (id.as_str(), *status)).collect();
    assert_eq!(flipped, expected);
}

#[test]
fn without_a_trail_everything_that_rests_on_it_fails_or_does_not_apply() {
    flips(
        |setup| setup.json("cloudtrail", "DescribeTrails", |answer| answer["trailList"] = json!([])),
        &[
            ("cloudtrail-bucket-protected", Some(NotApplicable)),
            ("cloudtrail-kms-encrypted", Some(NotApplicable)),
            ("cloudtrail-log-file-validation", Some(NotApplicable)),
            ("cloudtrail-logging-enabled", Some(Fail)),
            ("cloudtrail-to-cloudwatch-logs", Some(NotApplicable)),
            ("cw-alarms-security-coverage", Some(Fail)),
            // The key of its files is nobody's business any more.
            ("kms-policy-not-public", None),
            ("logs-tamper-resistant", Some(Fail)),
            // The stack lists a trail, whose tags nobody can read.
            ("tag-compliance-tracking", Some(Error)),
        ],
    );
}

#[test]
fn an_alarm_that_was_deleted_covers_nothing_and_passes_nothing() {
    flips(
        |setup| {
            setup.json("cloudwatch", "DescribeAlarms", |answer| {
                let alarms = answer["MetricAlarms"].as_array_mut().expect("alarms");
                alarms.retain(|alarm| alarm["AlarmName"] != "alarm-root-used-dev");
            });
        },
        &[
            // The stack lists it, so that its own findings stay and depend on it.
            ("cw-alarm-actions-configured", Some(Error)),
            ("cw-alarm-evaluating", Some(Error)),
            ("cw-alarms-security-coverage", Some(Fail)),
            ("stack-managed-by-cloudformation", Some(Error)),
            ("tag-compliance-tracking", Some(Error)),
        ],
    );
}

#[test]
fn a_topic_that_was_deleted_fails_every_alarm_that_tells_it() {
    flips(
        |setup| {
            let no_topic = || Answer::error("sns", 404, "NotFound");
            setup.answer("sns", "GetTopicAttributes", &[("TopicArn", TOPIC_ARN)], no_topic());
            setup.answer("sns", "ListSubscriptionsByTopic", &[("TopicArn", TOPIC_ARN)], no_topic());
            setup.answer("sns", "ListTagsForResource", &[("ResourceArn", TOPIC_ARN)], no_topic());
        },
        &[
            ("compliance-violation-alert-routed", Some(Fail)),
            ("cw-alarm-actions-configured", Some(Fail)),
            ("monitoring-error-handling", Some(Error)),
            ("sns-delivery-logging", Some(Error)),
            ("sns-key-policy-allows-publishers", Some(Error)),
            ("sns-policy-allows-publishers", Some(Error)),
            ("sns-policy-not-public", Some(Error)),
            ("sns-subscription-confirmed", Some(Error)),
            ("sns-subscription-secure-protocol", Some(Error)),
            ("sns-tls-required", Some(Error)),
            ("sns-topic-kms-encrypted", Some(Error)),
            ("stack-managed-by-cloudformation", Some(Error)),
            ("stack-outputs-resolve-live", Some(Fail)),
            ("tag-compliance-tracking", Some(Error)),
        ],
    );
}
