//! Keys, roles, policies and the audit trail.

use serde_json::json;

use super::super::super::{ACCOUNT, Fail, Mutation};
use super::super::secrets::DATABASE_SECRET;
use super::super::{TASK_ROLE, TASK_STORAGE_KEY};
use crate::alter::Setup;

const LOGS_KEY: &str = "AWS::KMS::Key 01965f91-9036-4e85-b8de-ff774a458bcf";
const OF_TASKS: &str = "<RoleName>task-role-dev</RoleName>";

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation {
        requirement: "logs-kms-encrypted",
        // The groups still name the key, and nobody can read what it encrypts.
        change: |setup| {
            setup.json_about("kms", "DescribeKey", "01965f91-9036-4e85-b8de-ff774a458bcf", |answer| {
                answer["KeyMetadata"]["KeyState"] = json!("Disabled");
                answer["KeyMetadata"]["Enabled"] = json!(false);
            });
        },
        flips: &[
            ("kms-key-usable", LOGS_KEY, Fail),
            ("logs-kms-encrypted", "AWS::Logs::LogGroup /aws/rds/cluster/aurora-cluster-dev/postgresql", Fail),
            ("logs-kms-encrypted", "AWS::Logs::LogGroup /meditech/api-access-logs-dev", Fail),
            ("logs-kms-encrypted", "AWS::Logs::LogGroup /meditech/application-logs-dev", Fail),
            ("logs-kms-encrypted", "AWS::Logs::LogGroup /meditech/redis-engine-logs-dev", Fail),
            ("logs-kms-encrypted", "AWS::Logs::LogGroup /meditech/redis-slow-logs-dev", Fail),
            ("logs-kms-encrypted", "AWS::Logs::LogGroup /meditech/trail-logs-dev", Fail),
            ("logs-kms-encrypted", "AWS::Logs::LogGroup /meditech/vpc-flow-logs-dev", Fail),
            ("logs-kms-encrypted", "AWS::Logs::LogGroup API-Gateway-Execution-Logs_d81d8cfb/stage-dev", Fail),
            ("logs-kms-encrypted", "AWS::Logs::LogGroup aws-waf-logs-web-acl-dev", Fail),
        ],
        says: "Disabled",
    },
    Mutation {
        requirement: "kms-policy-not-public",
        // Everybody, as long as they come through a service.
        change: |setup| {
            setup.statements_about("kms", "GetKeyPolicy", "fargate.amazonaws.com", |statements| {
                statements.push(json!({
                    "Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
                    "Resource": "*",
                    "Condition": {"StringEquals": {"kms:ViaService": "secretsmanager.eu-central-1.amazonaws.com"}},
                }));
            });
        },
        flips: &[("kms-policy-not-public", TASK_STORAGE_KEY, Fail)],
        says: "kms:Decrypt",
    },
    Mutation {
        requirement: "secret-policy-not-public",
        // A test that a request without the key passes.
        change: |setup| {
            setup.json_about("secretsmanager", "GetResourcePolicy", "database-dev", |answer| {
                let policy = json!({"Version": "2012-10-17", "Statement": [{
                    "Effect": "Allow", "Principal": "*", "Action": "secretsmanager:GetSecretValue", "Resource": "*",
                    "Condition": {"StringEqualsIfExists": {"aws:SourceVpc": "vpc-090f21b5309633b56"}},
                }]});
                answer["ResourcePolicy"] = json!(policy.to_string());
            });
        },
        flips: &[("secret-policy-not-public", DATABASE_SECRET, Fail)],
        says: "secretsmanager:GetSecretValue",
    },
    Mutation {
        requirement: "iam-role-no-wildcard-actions",
        // All but one action is wider than any wildcard.
        change: |setup| {
            of_tasks(
                setup,
                json!({
                    "Effect": "Allow", "NotAction": "iam:*",
                    "Resource": "arn:aws:elasticfilesystem:eu-central-1:123456789012:file-system/fs-a87c4eec0a52af6f4",
                }),
            );
        },
        flips: &[("iam-role-no-wildcard-actions", TASK_ROLE, Fail)],
        says: "allows every action but `iam:*`",
    },
    Mutation {
        requirement: "iam-trust-principals-expected",
        // An organisation that a caller without one passes.
        change: |setup| {
            setup.statements_about("iam", "GetRole", OF_TASKS, |statements| {
                statements.push(json!({
                    "Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole",
                    "Condition": {"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-madeup0041"}},
                }));
            });
        },
        flips: &[("iam-trust-principals-expected", TASK_ROLE, Fail)],
        says: "anonymous can call sts:AssumeRole",
    },
    Mutation {
        requirement: "cloudtrail-logging-enabled",
        // It is on, and its bucket refuses what it delivers.
        change: |setup| {
            setup.json("cloudtrail", "GetTrailStatus", |answer| {
                answer["LatestDeliveryError"] = json!("AccessDenied");
                answer["LatestDeliveryTime"] = json!(1_793_400_000.0);
            });
        },
        flips: &[("cloudtrail-logging-enabled", ACCOUNT, Fail)],
        says: "AccessDenied",
    },
    Mutation {
        requirement: "cloudtrail-logging-enabled",
        // Who used a key is not recorded.
        change: |setup| {
            setup.json("cloudtrail", "GetEventSelectors", |answer| {
                answer["EventSelectors"][0]["ExcludeManagementEventSources"] = json!(["kms.amazonaws.com"]);
            });
        },
        flips: &[("cloudtrail-logging-enabled", ACCOUNT, Fail)],
        says: "kms.amazonaws.com",
    },
    Mutation {
        requirement: "cloudtrail-to-cloudwatch-logs",
        // Nothing arrives any more.
        change: |setup| {
            setup.json("cloudtrail", "GetTrailStatus", |answer| {
                answer["LatestCloudWatchLogsDeliveryError"] = json!("Access denied");
                answer["LatestCloudWatchLogsDeliveryTime"] = json!(1_793_400_000.0);
            });
        },
        flips: &[("cloudtrail-to-cloudwatch-logs", ACCOUNT, Fail)],
        says: "Access denied",
    },
];

/// Adds a statement to the policy of the tasks' role.
#[expect(clippy::needless_pass_by_value, reason = "the rows of the table read better with json!(..)")]
fn of_tasks(setup: &mut Setup, statement: serde_json::Value) {
    setup.statements_about("iam", "GetRolePolicy", OF_TASKS, |statements| statements.push(statement.clone()));
}
