//! The mutations of the monitoring stack, by what they alter.

use serde_json::Value;

use super::Mutation;
use crate::alter::{self, Setup};

mod alarms;
mod further;
mod gone;
mod keys;
mod logs;
mod network;
mod posture;
mod roles;
mod stack;
mod topics;
mod trail;

/// The requirements of the profile, each broken once.
pub(super) const ROWS: &[&[Mutation]] = &[
    stack::MUTATIONS,
    keys::MUTATIONS,
    logs::MUTATIONS,
    roles::MUTATIONS,
    trail::MUTATIONS,
    posture::MUTATIONS,
    alarms::MUTATIONS,
    topics::MUTATIONS,
    network::MUTATIONS,
];

const LOG_KEY_ID: &str = "466c2ede-82a0-48dc-b622-09fb115b985b";
const ALERT_KEY_ID: &str = "157008b7-3113-451e-8ba3-a6a9f3ea56f6";
const TRAIL_KEY_ID: &str = "2d704f7b-e1df-4836-aa48-b3a564ba32f5";
const LOG_KEY: &str = "AWS::KMS::Key 466c2ede-82a0-48dc-b622-09fb115b985b";
const ALERT_KEY: &str = "AWS::KMS::Key 157008b7-3113-451e-8ba3-a6a9f3ea56f6";

const APPLICATION_LOG: &str = "AWS::Logs::LogGroup /healthcare/log-group-application-dev";
const TRAIL_LOG: &str = "AWS::Logs::LogGroup /healthcare/log-group-audit-trail-dev";
const DELIVERY_LOG: &str = "AWS::Logs::LogGroup sns/eu-west-2/123456789012/topic-alerts-dev";
const FAILURE_LOG: &str = "AWS::Logs::LogGroup sns/eu-west-2/123456789012/topic-alerts-dev/Failure";

const TRAIL_ROLE: &str = "AWS::IAM::Role role-trail-log-dev";
const TOPIC: &str = "AWS::SNS::Topic arn:aws:sns:eu-west-2:123456789012:topic-alerts-dev";
const TOPIC_ARN: &str = "arn:aws:sns:eu-west-2:123456789012:topic-alerts-dev";
const ARCHIVE: &str = "trail-archive-dev-123456789012";

/// Alters what is said of one of those that an answer lists, which has this name.
fn listed(answer: &mut Value, list: &str, name: (&str, &str), change: impl Fn(&mut Value)) {
    let (member, name) = name;
    let those = answer[list].as_array_mut().unwrap_or_else(|| panic!("a list {list}"));
    those.iter_mut().filter(|one| one[member] == name).for_each(change);
}

fn of_group(setup: &mut Setup, name: &str, change: impl Fn(&mut Value)) {
    setup.json("logs", "DescribeLogGroups", |answer| {
        listed(answer, "logGroups", ("logGroupName", name), &change);
    });
}

fn of_filter(setup: &mut Setup, name: &str, change: impl Fn(&mut Value)) {
    setup.json("logs", "DescribeMetricFilters", |answer| {
        listed(answer, "metricFilters", ("filterName", name), &change);
    });
}

fn of_alarm(setup: &mut Setup, name: &str, change: impl Fn(&mut Value)) {
    setup.json("cloudwatch", "DescribeAlarms", |answer| {
        listed(answer, "MetricAlarms", ("AlarmName", name), &change);
    });
}

fn of_trail(setup: &mut Setup, change: impl Fn(&mut Value)) {
    setup.json("cloudtrail", "DescribeTrails", |answer| change(&mut answer["trailList"][0]));
}

/// Removes what a JSON object says of this.
fn forget(object: &mut Value, member: &str) {
    let removed = object.as_object_mut().expect("an object").remove(member);
    assert!(removed.is_some(), "no {member}");
}

/// Alters the policy of the topic.
fn of_topic_policy(setup: &mut Setup, change: impl Fn(&mut Vec<Value>)) {
    setup.statements("sns", "GetTopicAttributes", change);
}

/// Alters an attribute of the topic, or leaves it out.
fn of_topic(setup: &mut Setup, attribute: &str, change: impl Fn(&str) -> Option<String>) {
    setup.edit("sns", "GetTopicAttributes", |body| alter::with_attribute(body, attribute, &change));
}

/// Removes the statement with this id.
fn without(statements: &mut Vec<Value>, sid: &str) {
    let before = statements.len();
    statements.retain(|statement| statement["Sid"] != sid);
    assert!(statements.len() < before, "no statement {sid}");
}

/// The statement with this id.
fn statement<'s>(statements: &'s mut [Value], sid: &str) -> &'s mut Value {
    let found = statements.iter_mut().find(|statement| statement["Sid"] == sid);
    found.unwrap_or_else(|| panic!("no statement {sid}"))
}
