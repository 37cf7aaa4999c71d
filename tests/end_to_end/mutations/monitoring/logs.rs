//! Log groups.

use serde_json::json;
use tap_audit::replay::Answer;

use super::super::{Fail, Mutation};
use super::{APPLICATION_LOG, DELIVERY_LOG, FAILURE_LOG, TRAIL_LOG, forget, of_group};
use crate::alter::Setup;

const APPLICATION: &str = "/healthcare/log-group-application-dev";

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation {
        requirement: "logs-retention-min-90-days",
        change: |setup| of_group(setup, APPLICATION, |group| group["retentionInDays"] = json!(60)),
        flips: &[("logs-retention-min-90-days", APPLICATION_LOG, Fail)],
        says: "events expire after 60 days",
    },
    Mutation {
        requirement: "logs-kms-encrypted",
        change: |setup| of_group(setup, APPLICATION, |group| forget(group, "kmsKeyId")),
        flips: &[("logs-kms-encrypted", APPLICATION_LOG, Fail)],
        says: "no KMS key is associated",
    },
    Mutation {
        requirement: "logs-tamper-resistant",
        // As the role that the console makes for delivery logging.
        change: |setup| {
            setup.statements_of("iam", "GetRolePolicy", "WriteDeliveryLog", |statements| {
                statements[0]["Action"].as_array_mut().expect("actions").push(json!("logs:PutRetentionPolicy"));
            });
        },
        flips: &[
            // The role reaches the groups of both outcomes.
            ("logs-tamper-resistant", DELIVERY_LOG, Fail),
            ("logs-tamper-resistant", FAILURE_LOG, Fail),
        ],
        says: "logs:PutRetentionPolicy",
    },
    Mutation {
        requirement: "logs-searchable-class",
        change: |setup| {
            let failure = "sns/eu-west-2/123456789012/topic-alerts-dev/Failure";
            of_group(setup, failure, |group| group["logGroupClass"] = json!("DELIVERY"));
        },
        flips: &[
            ("logs-searchable-class", FAILURE_LOG, Fail),
            // Such a group keeps events for about a day, whatever its setting says.
            ("logs-retention-min-90-days", FAILURE_LOG, Fail),
        ],
        says: "DELIVERY",
    },
    Mutation {
        requirement: "logs-not-public",
        change: |setup| {
            let policy = json!({"Version": "2012-10-17", "Statement": [{
                "Effect": "Allow", "Principal": "*", "Action": "logs:PutLogEvents", "Resource": "*",
            }]});
            let answer = json!({"resourcePolicies": [
                {"policyName": "Everyone", "policyDocument": policy.to_string(), "policyScope": "ACCOUNT"},
            ]});
            let account = [("policyScope", "ACCOUNT")];
            setup.answer("logs", "DescribeResourcePolicies", &account, Answer::ok(answer.to_string()));
        },
        flips: &[
            ("logs-not-public", APPLICATION_LOG, Fail),
            ("logs-not-public", TRAIL_LOG, Fail),
            ("logs-not-public", DELIVERY_LOG, Fail),
            ("logs-not-public", FAILURE_LOG, Fail),
        ],
        says: "logs:PutLogEvents",
    },
    Mutation {
        requirement: "logs-receiving-events",
        // The trail says that it writes there, and nothing is there.
        change: |setup| {
            setup.tailoring = "[tailor.logs-receiving-events.params]\nenabled = true";
            for group in [APPLICATION, "/healthcare/log-group-audit-trail-dev"] {
                no_events(setup, group);
            }
            no_events(setup, "sns/eu-west-2/123456789012/topic-alerts-dev");
            no_events(setup, "sns/eu-west-2/123456789012/topic-alerts-dev/Failure");
        },
        // Nobody can measure who writes to the other groups.
        flips: &[("logs-receiving-events", TRAIL_LOG, Fail)],
        says: "the log group holds no event",
    },
];

fn no_events(setup: &mut Setup, group: &str) {
    let asked = [("logGroupName", group), ("orderBy", "LastEventTime"), ("descending", "true"), ("limit", "1")];
    setup.answer("logs", "DescribeLogStreams", &asked, Answer::ok(r#"{"logStreams": []}"#));
}
