//! Topics and their subscribers.

use serde_json::json;

use super::super::{Fail, Mutation, NotApplicable};
use super::{TOPIC, TOPIC_ARN, of_topic, of_topic_policy, statement, without};

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation {
        requirement: "sns-topic-kms-encrypted",
        change: |setup| of_topic(setup, "KmsMasterKeyId", |_| None),
        flips: &[
            ("sns-topic-kms-encrypted", TOPIC, Fail),
            // No key, no key policy.
            ("sns-key-policy-allows-publishers", TOPIC, NotApplicable),
        ],
        says: "the topic names no KMS key: messages are not encrypted",
    },
    Mutation {
        requirement: "sns-policy-allows-publishers",
        change: |setup| of_topic_policy(setup, |statements| without(statements, "LetRulesPublish")),
        flips: &[("sns-policy-allows-publishers", TOPIC, Fail)],
        says: "events.amazonaws.com is not allowed sns:Publish for rule `rule-compliance-change-dev`",
    },
    Mutation {
        requirement: "sns-policy-not-public",
        change: |setup| {
            of_topic_policy(setup, |statements| {
                statements.push(json!({
                    "Effect": "Allow", "Principal": "*", "Action": "sns:Subscribe", "Resource": TOPIC_ARN,
                    "Condition": {"StringEquals": {"sns:Protocol": "https"}},
                }));
            });
        },
        flips: &[("sns-policy-not-public", TOPIC, Fail)],
        says: "a stranger is let in: anonymous can call sns:Subscribe",
    },
    Mutation {
        requirement: "sns-tls-required",
        change: |setup| {
            of_topic_policy(setup, |statements| {
                statement(statements, "DenyTransportWithoutTls")["Principal"] =
                    json!({"AWS": "arn:aws:iam::123456789012:root"});
            });
        },
        flips: &[("sns-tls-required", TOPIC, Fail)],
        says: "not every request without TLS is denied",
    },
    Mutation {
        requirement: "sns-subscription-confirmed",
        change: |setup| {
            setup.edit("sns", "ListSubscriptionsByTopic", |body| {
                let first = format!("<SubscriptionArn>{TOPIC_ARN}:7aea4b11-c876-425a-b875-d68771d538ff<");
                let second = format!("<SubscriptionArn>{TOPIC_ARN}:362c3d9a-c678-4ede-bedc-7ee649127afa<");
                let pending = "<SubscriptionArn>PendingConfirmation<";
                body.replace(&first, pending).replace(&second, pending)
            });
        },
        flips: &[("sns-subscription-confirmed", TOPIC, Fail)],
        says: "no subscription is confirmed; 2 wait to be confirmed by their owners",
    },
    Mutation {
        requirement: "sns-subscription-secure-protocol",
        change: |setup| {
            setup.replace("sns", "ListSubscriptionsByTopic", ">https<", ">http<");
            setup.replace("sns", "ListSubscriptionsByTopic", ">https://", ">http://");
        },
        flips: &[("sns-subscription-secure-protocol", TOPIC, Fail)],
        says: "a subscription is http to http://pager.clinic.example, which is not encrypted",
    },
    Mutation {
        requirement: "sns-delivery-logging",
        change: |setup| of_topic(setup, "HTTPFailureFeedbackRoleArn", |_| None),
        flips: &[("sns-delivery-logging", TOPIC, Fail)],
        says: "HTTPFailureFeedbackRoleArn",
    },
];
