//! The mutations of requirements about keys, log groups and the audit trail.

use serde_json::json;

use super::super::{ACCOUNT, Fail, Mutation, NotApplicable};
use super::{CLUSTER, TASK_STORAGE_KEY, stop_rotation};
use tap_audit::replay::Answer;

const TRAIL_KEY: &str = "AWS::KMS::Key 1fd0aa4e-fee3-4e7c-bb54-85d15ca91f79";
const STORAGE_KEY_ID: &str = "0864440c-23ae-4bc7-8d9c-575168ae48d6";
const ACCESS_LOGS: &str = "AWS::Logs::LogGroup /meditech/api-access-logs-dev";
const APPLICATION_LOGS: &str = "AWS::Logs::LogGroup /meditech/application-logs-dev";
const SLOW_LOGS: &str = "AWS::Logs::LogGroup /meditech/redis-slow-logs-dev";

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation {
        requirement: "kms-key-usable",
        change: |setup| {
            setup.json_about("kms", "DescribeKey", STORAGE_KEY_ID, |answer| {
                answer["KeyMetadata"]["KeyState"] = json!("PendingDeletion");
                answer["KeyMetadata"]["Enabled"] = json!(false);
                answer["KeyMetadata"]["DeletionDate"] = json!(1_794_000_000);
            });
        },
        flips: &[
            ("kms-key-usable", TASK_STORAGE_KEY, Fail),
            // Such a key does not rotate, which is not the trouble.
            ("kms-rotation-enabled", TASK_STORAGE_KEY, NotApplicable),
            // The disks of the tasks are encrypted with it.
            ("ecs-ephemeral-storage-kms", CLUSTER, Fail),
        ],
        says: "the key is PendingDeletion: it will be deleted on 2026-11-06",
    },
    Mutation {
        requirement: "kms-key-customer-managed",
        change: |setup| {
            setup.json_about("kms", "DescribeKey", STORAGE_KEY_ID, |answer| {
                answer["KeyMetadata"]["KeyManager"] = json!("AWS");
            });
        },
        flips: &[
            ("kms-key-customer-managed", TASK_STORAGE_KEY, Fail),
            // Nobody but AWS can switch such a key's rotation or write its policy.
            ("kms-rotation-enabled", TASK_STORAGE_KEY, NotApplicable),
            ("kms-policy-not-public", TASK_STORAGE_KEY, NotApplicable),
            ("kms-policy-least-privilege", TASK_STORAGE_KEY, NotApplicable),
            // The disks of the tasks are encrypted with it.
            ("ecs-ephemeral-storage-kms", CLUSTER, Fail),
        ],
        says: "AWS manages the key",
    },
    Mutation {
        requirement: "kms-rotation-enabled",
        change: |setup| stop_rotation(setup, TASK_STORAGE_KEY),
        flips: &[
            ("kms-rotation-enabled", TASK_STORAGE_KEY, Fail),
            // The disks of the tasks are encrypted with it.
            ("ecs-ephemeral-storage-kms", CLUSTER, Fail),
        ],
        says: "rotation is off",
    },
    Mutation {
        requirement: "kms-policy-not-public",
        change: |setup| {
            setup.statements_about("kms", "GetKeyPolicy", "fargate.amazonaws.com", |statements| {
                statements.push(json!({
                    "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::999988887777:root"},
                    "Action": "kms:Decrypt", "Resource": "*",
                }));
            });
        },
        flips: &[("kms-policy-not-public", TASK_STORAGE_KEY, Fail)],
        says: "999988887777",
    },
    Mutation {
        requirement: "kms-policy-least-privilege",
        change: |setup| {
            setup.statements_about("kms", "GetKeyPolicy", "fargate.amazonaws.com", |statements| {
                statements.push(json!({
                    "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:role/operations"},
                    "Action": "kms:*", "Resource": "*",
                }));
            });
        },
        flips: &[("kms-policy-least-privilege", TASK_STORAGE_KEY, Fail)],
        says: "arn:aws:iam::123456789012:role/operations",
    },
    Mutation {
        requirement: "logs-retention-set",
        change: |setup| {
            setup.json_about("logs", "DescribeLogGroups", "/meditech/redis-slow-logs-dev", |answer| {
                answer["logGroups"][0]["retentionInDays"] = json!(30);
            });
        },
        flips: &[("logs-retention-set", SLOW_LOGS, Fail)],
        says: "events expire after 30 days",
    },
    Mutation {
        requirement: "logs-kms-encrypted",
        change: |setup| {
            setup.json_about("logs", "DescribeLogGroups", "/meditech/api-access-logs-dev", |answer| {
                answer["logGroups"][0].as_object_mut().expect("a log group").remove("kmsKeyId");
            });
        },
        flips: &[("logs-kms-encrypted", ACCESS_LOGS, Fail)],
        says: "no KMS key is associated",
    },
    Mutation {
        requirement: "logs-not-public",
        change: |setup| {
            let arn = "arn:aws:logs:eu-central-1:123456789012:log-group:/meditech/application-logs-dev";
            let policy = json!({"Version": "2012-10-17", "Statement": [{
                "Effect": "Allow", "Principal": "*", "Action": "logs:GetLogEvents",
                "Resource": format!("{arn}:*"),
            }]});
            let answer = json!({"resourcePolicies": [
                {"policyName": "Everyone", "policyDocument": policy.to_string(), "policyScope": "RESOURCE"},
            ]});
            let asked = [("policyScope", "RESOURCE"), ("resourceArn", arn)];
            setup.answer("logs", "DescribeResourcePolicies", &asked, Answer::ok(answer.to_string()));
        },
        flips: &[("logs-not-public", APPLICATION_LOGS, Fail)],
        says: "logs:GetLogEvents",
    },
    Mutation {
        requirement: "cloudtrail-logging-enabled",
        change: |setup| setup.json("cloudtrail", "GetTrailStatus", |answer| answer["IsLogging"] = json!(false)),
        // The trail of the stack is the audit trail though it rests: its key and its log group are judged all the same.
        flips: &[("cloudtrail-logging-enabled", ACCOUNT, Fail)],
        says: "trail trail-dev is not logging",
    },
    Mutation {
        requirement: "cloudtrail-data-events",
        // The workload keeps exports in a bucket of the account, which no trail has data events of.
        change: |setup| {
            setup.in_profile = Some((
                r#"without_data_store = "not-applicable""#,
                r#"data_store_arns = ["arn:aws:s3:::records-exports-dev"]"#,
            ));
        },
        flips: &[("cloudtrail-data-events", ACCOUNT, Fail)],
        says: "records-exports-dev",
    },
    Mutation {
        requirement: "cloudtrail-kms-encrypted",
        change: |setup| {
            setup.json("cloudtrail", "DescribeTrails", |answer| {
                answer["trailList"][0].as_object_mut().expect("a trail").remove("KmsKeyId");
            });
        },
        flips: &[
            ("cloudtrail-kms-encrypted", ACCOUNT, Fail),
            // The key encrypts nothing any more.
            ("kms-key-customer-managed", TRAIL_KEY, NotApplicable),
        ],
        says: "keys that S3 manages",
    },
    Mutation {
        requirement: "cloudtrail-to-cloudwatch-logs",
        change: |setup| {
            setup.json("cloudtrail", "DescribeTrails", |answer| {
                let trail = answer["trailList"][0].as_object_mut().expect("a trail");
                trail.remove("CloudWatchLogsLogGroupArn");
                trail.remove("CloudWatchLogsRoleArn");
            });
            setup.json("cloudtrail", "GetTrailStatus", |answer| {
                answer.as_object_mut().expect("a status").remove("LatestCloudWatchLogsDeliveryTime");
            });
        },
        flips: &[("cloudtrail-to-cloudwatch-logs", ACCOUNT, Fail)],
        says: "trail-dev",
    },
];
