//! Log groups that are not kept, not encrypted or not safe.

use serde_json::json;

use super::super::super::{ACCOUNT, Fail, Mutation};
use super::super::{
    APPLICATION_LOG, ARCHIVE, DELIVERY_LOG, FAILURE_LOG, LOG_KEY, LOG_KEY_ID, TRAIL_LOG, forget, of_group, of_trail,
    statement,
};

const APPLICATION: &str = "/healthcare/log-group-application-dev";
const RETENTION: &str = "logs-retention-min-90-days";
const TAMPER: &str = "logs-tamper-resistant";
const KEY_POLICY: &str = "kms-policy-allows-logs";

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation {
        requirement: RETENTION,
        change: |setup| of_group(setup, APPLICATION, |group| forget(group, "retentionInDays")),
        flips: &[(RETENTION, APPLICATION_LOG, Fail)],
        says: "never expire",
    },
    // A policy of the account says how long, whatever the group says.
    Mutation {
        requirement: RETENTION,
        change: |setup| {
            of_group(setup, APPLICATION, |group| {
                group["retentionPolicyName"] = json!("account-default");
                group["retentionInDays"] = json!(30);
            });
        },
        flips: &[(RETENTION, APPLICATION_LOG, Fail)],
        says: "30 days",
    },
    // No copy is proved: nothing shows that the files of the trail are unaltered, and nothing locks them.
    Mutation {
        requirement: TAMPER,
        change: |setup| {
            of_trail(setup, |trail| trail["LogFileValidationEnabled"] = json!(false));
            let code = "ObjectLockConfigurationNotFoundError";
            setup.refuse("s3", "GetObjectLockConfiguration", &[("Bucket", ARCHIVE)], 404, code);
        },
        flips: &[
            (TAMPER, APPLICATION_LOG, Fail),
            (TAMPER, TRAIL_LOG, Fail),
            (TAMPER, DELIVERY_LOG, Fail),
            (TAMPER, FAILURE_LOG, Fail),
            ("cloudtrail-log-file-validation", ACCOUNT, Fail),
            ("cloudtrail-bucket-protected", ACCOUNT, Fail),
        ],
        says: "does not validate its log files",
    },
    // Deletion protection of every group is no copy where the stack has to be destroyable.
    Mutation {
        requirement: TAMPER,
        change: |setup| {
            of_trail(setup, |trail| trail["LogFileValidationEnabled"] = json!(false));
            let code = "ObjectLockConfigurationNotFoundError";
            setup.refuse("s3", "GetObjectLockConfiguration", &[("Bucket", ARCHIVE)], 404, code);
            setup.json("logs", "DescribeLogGroups", |answer| {
                let groups = answer["logGroups"].as_array_mut().expect("groups");
                groups.iter_mut().for_each(|group| group["deletionProtectionEnabled"] = json!(true));
            });
        },
        flips: &[
            (TAMPER, APPLICATION_LOG, Fail),
            (TAMPER, TRAIL_LOG, Fail),
            (TAMPER, DELIVERY_LOG, Fail),
            (TAMPER, FAILURE_LOG, Fail),
            ("cloudtrail-log-file-validation", ACCOUNT, Fail),
            ("cloudtrail-bucket-protected", ACCOUNT, Fail),
            ("stack-destroyable-no-blockers", super::super::super::STACK, Fail),
        ],
        says: "does not count where the stack has to be destroyable",
    },
    // A role of the stack may stop the trail.
    Mutation {
        requirement: TAMPER,
        change: |setup| {
            setup.statements_of("iam", "GetRolePolicy", "WriteTrailLog", |statements| {
                statements.push(json!({
                    "Effect": "Allow", "Action": "cloudtrail:StopLogging",
                    "Resource": "arn:aws:cloudtrail:eu-west-2:123456789012:trail/trail-dev",
                }));
            });
        },
        flips: &[
            (TAMPER, APPLICATION_LOG, Fail),
            (TAMPER, TRAIL_LOG, Fail),
            (TAMPER, DELIVERY_LOG, Fail),
            (TAMPER, FAILURE_LOG, Fail),
        ],
        says: "role role-trail-log-dev may call cloudtrail:StopLogging",
    },
    // A condition that can be met keeps nobody out.
    Mutation {
        requirement: TAMPER,
        change: |setup| {
            setup.statements_of("iam", "GetRolePolicy", "WriteTrailLog", |statements| {
                statements.push(json!({
                    "Effect": "Allow", "Action": "logs:DeleteLogGroup",
                    "Resource": "arn:aws:logs:eu-west-2:123456789012:log-group:/healthcare/log-group-application-dev",
                    "Condition": {"DateGreaterThan": {"aws:CurrentTime": "2026-12-01T00:00:00Z"}},
                }));
            });
        },
        flips: &[(TAMPER, APPLICATION_LOG, Fail)],
        says: "role role-trail-log-dev may call logs:DeleteLogGroup",
    },
    // The statement is for the service of another region.
    Mutation {
        requirement: KEY_POLICY,
        change: |setup| {
            setup.statements_of("kms", "GetKeyPolicy", LOG_KEY_ID, |statements| {
                statement(statements, "LetLogsUseTheKeyForTheseGroups")["Principal"] =
                    json!({"Service": "logs.us-east-1.amazonaws.com"});
            });
        },
        flips: &[(KEY_POLICY, LOG_KEY, Fail)],
        says: "logs.eu-west-2.amazonaws.com",
    },
    // It lets the service encrypt only.
    Mutation {
        requirement: KEY_POLICY,
        change: |setup| {
            setup.statements_of("kms", "GetKeyPolicy", LOG_KEY_ID, |statements| {
                statement(statements, "LetLogsUseTheKeyForTheseGroups")["Action"] =
                    json!(["kms:Encrypt", "kms:GenerateDataKey*", "kms:DescribeKey"]);
            });
        },
        flips: &[(KEY_POLICY, LOG_KEY, Fail)],
        says: "kms:Decrypt",
    },
];
