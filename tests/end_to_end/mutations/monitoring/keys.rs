//! Keys and their policies.

use serde_json::json;

use super::super::{Fail, Mutation, NotApplicable};
use super::{ALERT_KEY, ALERT_KEY_ID, APPLICATION_LOG, DELIVERY_LOG, FAILURE_LOG, LOG_KEY, LOG_KEY_ID, TRAIL_LOG};
use super::{statement, without};

const STRANGER: &str = "arn:aws:iam::999988887777:root";

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation {
        requirement: "kms-key-usable",
        change: |setup| {
            setup.json_of("kms", "DescribeKey", LOG_KEY_ID, |answer| {
                answer["KeyMetadata"]["KeyState"] = json!("PendingDeletion");
                answer["KeyMetadata"]["Enabled"] = json!(false);
                answer["KeyMetadata"]["DeletionDate"] = json!(1_794_000_000);
            });
        },
        flips: &[
            ("kms-key-usable", LOG_KEY, Fail),
            // Such a key does not rotate, which is not the trouble.
            ("kms-rotation-enabled", LOG_KEY, NotApplicable),
            // Every log group is encrypted with it.
            ("logs-kms-encrypted", APPLICATION_LOG, Fail),
            ("logs-kms-encrypted", TRAIL_LOG, Fail),
            ("logs-kms-encrypted", DELIVERY_LOG, Fail),
            ("logs-kms-encrypted", FAILURE_LOG, Fail),
        ],
        says: "the key is PendingDeletion: it will be deleted on 2026-11-06",
    },
    Mutation {
        requirement: "kms-key-customer-managed",
        change: |setup| {
            setup.json_of("kms", "DescribeKey", LOG_KEY_ID, |answer| {
                answer["KeyMetadata"]["KeyManager"] = json!("AWS");
            });
        },
        flips: &[
            ("kms-key-customer-managed", LOG_KEY, Fail),
            // Every log group is encrypted with it.
            ("logs-kms-encrypted", APPLICATION_LOG, Fail),
            ("logs-kms-encrypted", TRAIL_LOG, Fail),
            ("logs-kms-encrypted", DELIVERY_LOG, Fail),
            ("logs-kms-encrypted", FAILURE_LOG, Fail),
            // Nobody but AWS can tag such a key, switch its rotation or write its policy.
            ("tag-compliance-tracking", LOG_KEY, NotApplicable),
            ("kms-rotation-enabled", LOG_KEY, NotApplicable),
            ("kms-policy-least-privilege", LOG_KEY, NotApplicable),
            ("kms-policy-not-public", LOG_KEY, NotApplicable),
        ],
        says: "AWS manages the key",
    },
    Mutation {
        requirement: "kms-rotation-enabled",
        change: |setup| {
            setup.json_of("kms", "GetKeyRotationStatus", ALERT_KEY_ID, |answer| {
                *answer = json!({ "KeyRotationEnabled": false });
            });
        },
        flips: &[("kms-rotation-enabled", ALERT_KEY, Fail)],
        says: "rotation is off",
    },
    Mutation {
        requirement: "kms-policy-not-public",
        change: |setup| {
            setup.statements_of("kms", "GetKeyPolicy", ALERT_KEY_ID, |statements| {
                statements.push(json!({
                    "Effect": "Allow", "Principal": {"AWS": STRANGER}, "Action": "kms:Decrypt", "Resource": "*",
                }));
            });
        },
        flips: &[("kms-policy-not-public", ALERT_KEY, Fail)],
        says: "999988887777",
    },
    Mutation {
        requirement: "kms-policy-least-privilege",
        change: |setup| {
            setup.statements_of("kms", "GetKeyPolicy", ALERT_KEY_ID, |statements| {
                statements.push(json!({
                    "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:role/operations"},
                    "Action": "kms:*", "Resource": "*",
                }));
            });
        },
        flips: &[("kms-policy-least-privilege", ALERT_KEY, Fail)],
        says: "arn:aws:iam::123456789012:role/operations",
    },
    Mutation {
        requirement: "kms-policy-allows-logs",
        // A log group was added to the stack, and the policy was forgotten.
        change: |setup| {
            setup.statements_of("kms", "GetKeyPolicy", LOG_KEY_ID, |statements| {
                let groups = &mut statement(statements, "LetLogsUseTheKeyForTheseGroups")["Condition"]["ArnEquals"];
                let groups = groups["kms:EncryptionContext:aws:logs:arn"].as_array_mut().expect("groups");
                groups.retain(|group| !group.as_str().expect("an ARN").contains("log-group-application-dev"));
            });
        },
        flips: &[("kms-policy-allows-logs", LOG_KEY, Fail)],
        says: "/healthcare/log-group-application-dev",
    },
    Mutation {
        requirement: "sns-key-policy-allows-publishers",
        change: |setup| {
            setup.statements_of("kms", "GetKeyPolicy", ALERT_KEY_ID, |statements| {
                without(statements, "LetAlarmsPublish");
            });
        },
        flips: &[("sns-key-policy-allows-publishers", super::TOPIC, Fail)],
        says: "cloudwatch.amazonaws.com is not allowed kms:Decrypt and kms:GenerateDataKey for alarm `alarm-alerts-failed-dev`",
    },
];
