//! The audit trail and where it is kept.

use serde_json::json;

use super::super::{ACCOUNT, Fail, Mutation};
use super::{ARCHIVE, forget, of_trail};

const AT_ARCHIVE: &[(&str, &str)] = &[("Bucket", ARCHIVE)];

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation {
        requirement: "cloudtrail-logging-enabled",
        change: |setup| setup.json("cloudtrail", "GetTrailStatus", |answer| answer["IsLogging"] = json!(false)),
        flips: &[("cloudtrail-logging-enabled", ACCOUNT, Fail)],
        says: "trail trail-dev is not logging",
    },
    Mutation {
        requirement: "cloudtrail-data-events",
        // Who tailors the profile says where the workload's data lie, and the trail leaves just that bucket out.
        change: |setup| {
            let unknown = "without_data_store = \"not-applicable\"";
            let known =
                "without_data_store = \"not-applicable\", data_store_arns = [\"arn:aws:s3:::patient-records-dev\"]";
            setup.in_profile = Some((unknown, known));
            setup.json("cloudtrail", "GetEventSelectors", |answer| {
                let objects = &mut answer["AdvancedEventSelectors"][1]["FieldSelectors"][2]["NotStartsWith"];
                objects.as_array_mut().expect("a list").push(json!("arn:aws:s3:::patient-records-dev/"));
            });
        },
        flips: &[("cloudtrail-data-events", ACCOUNT, Fail)],
        says: "trail trail-dev records no reads and no writes of patient-records-dev",
    },
    Mutation {
        requirement: "cloudtrail-log-file-validation",
        change: |setup| of_trail(setup, |trail| trail["LogFileValidationEnabled"] = json!(false)),
        flips: &[("cloudtrail-log-file-validation", ACCOUNT, Fail)],
        says: "trail trail-dev does not validate its log files",
    },
    Mutation {
        requirement: "cloudtrail-kms-encrypted",
        change: |setup| of_trail(setup, |trail| forget(trail, "KmsKeyId")),
        flips: &[("cloudtrail-kms-encrypted", ACCOUNT, Fail)],
        says: "trail trail-dev names no KMS key; S3 encrypts its files with keys that S3 manages",
    },
    Mutation {
        requirement: "cloudtrail-to-cloudwatch-logs",
        change: |setup| {
            of_trail(setup, |trail| {
                forget(trail, "CloudWatchLogsLogGroupArn");
                forget(trail, "CloudWatchLogsRoleArn");
            });
        },
        flips: &[
            ("cloudtrail-to-cloudwatch-logs", ACCOUNT, Fail),
            // No event of the trail reaches the filters any more.
            ("cw-alarms-security-coverage", ACCOUNT, Fail),
        ],
        says: "trail trail-dev feeds no log group",
    },
    Mutation {
        requirement: "cloudtrail-bucket-protected",
        change: |setup| {
            let code = "ObjectLockConfigurationNotFoundError";
            setup.refuse("s3", "GetObjectLockConfiguration", AT_ARCHIVE, 404, code);
        },
        flips: &[("cloudtrail-bucket-protected", ACCOUNT, Fail)],
        says: "has no Object Lock; does not demand a second factor to delete a version",
    },
];
