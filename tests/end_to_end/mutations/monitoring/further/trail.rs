//! The audit trail and its bucket.

use serde_json::{Value, json};
use tap_audit::replay::Answer;

use super::super::super::{ACCOUNT, Fail, Mutation};
use super::super::{ARCHIVE, TRAIL_KEY_ID, forget, of_trail};
use crate::alter::Setup;

const LOGGING: &str = "cloudtrail-logging-enabled";
const VALIDATION: &str = "cloudtrail-log-file-validation";
const ENCRYPTED: &str = "cloudtrail-kms-encrypted";
const TO_LOGS: &str = "cloudtrail-to-cloudwatch-logs";
const PROTECTED: &str = "cloudtrail-bucket-protected";
const AT_ARCHIVE: &[(&str, &str)] = &[("Bucket", ARCHIVE)];
/// More than a day before the time of the tests.
const STALE: f64 = 1_793_440_800.0;

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation {
        requirement: LOGGING,
        change: |setup| of_trail(setup, |trail| trail["IsMultiRegionTrail"] = json!(false)),
        flips: &[(LOGGING, ACCOUNT, Fail)],
        says: "covers one region only",
    },
    Mutation {
        requirement: LOGGING,
        change: |setup| of_trail(setup, |trail| trail["IncludeGlobalServiceEvents"] = json!(false)),
        flips: &[(LOGGING, ACCOUNT, Fail)],
        says: "leaves global services out",
    },
    Mutation {
        requirement: LOGGING,
        change: |setup| {
            of_status(setup, |status| {
                status["LatestDeliveryError"] = json!("AccessDenied");
                status["LatestDeliveryTime"] = json!(STALE);
            });
        },
        flips: &[(LOGGING, ACCOUNT, Fail)],
        says: "delivery error AccessDenied",
    },
    Mutation {
        requirement: LOGGING,
        change: |setup| of_management(setup, &json!({"Field": "readOnly", "Equals": ["false"]})),
        flips: &[(LOGGING, ACCOUNT, Fail)],
        says: "records no reads of management events",
    },
    Mutation {
        requirement: LOGGING,
        change: |setup| of_management(setup, &json!({"Field": "eventSource", "NotEquals": ["kms.amazonaws.com"]})),
        flips: &[(LOGGING, ACCOUNT, Fail)],
        says: "leaves the management events of kms.amazonaws.com out",
    },
    Mutation {
        requirement: LOGGING,
        change: |setup| {
            setup.json("cloudtrail", "GetEventSelectors", |answer| {
                answer["AdvancedEventSelectors"].as_array_mut().expect("selectors").remove(0);
            });
        },
        flips: &[(LOGGING, ACCOUNT, Fail)],
        says: "records no management events",
    },
    Mutation {
        requirement: VALIDATION,
        change: |setup| of_trail(setup, |trail| forget(trail, "LogFileValidationEnabled")),
        flips: &[(VALIDATION, ACCOUNT, Fail)],
        says: "trail trail-dev does not validate its log files",
    },
    Mutation {
        requirement: VALIDATION,
        change: |setup| {
            of_status(setup, |status| {
                status["LatestDigestDeliveryError"] = json!("AccessDenied");
                status["LatestDigestDeliveryTime"] = json!(STALE);
            });
        },
        flips: &[(VALIDATION, ACCOUNT, Fail)],
        says: "reports the digest error AccessDenied",
    },
    Mutation {
        requirement: ENCRYPTED,
        change: |setup| {
            setup.json_of("kms", "DescribeKey", TRAIL_KEY_ID, |answer| {
                answer["KeyMetadata"]["KeyState"] = json!("Disabled");
                answer["KeyMetadata"]["Enabled"] = json!(false);
            });
        },
        flips: &[(ENCRYPTED, ACCOUNT, Fail)],
        says: "which is Disabled",
    },
    Mutation {
        requirement: TO_LOGS,
        change: |setup| of_status(setup, |status| status["LatestCloudWatchLogsDeliveryTime"] = json!(STALE)),
        flips: &[(TO_LOGS, ACCOUNT, Fail)],
        says: "and not since",
    },
    Mutation {
        requirement: TO_LOGS,
        change: |setup| {
            of_status(setup, |status| {
                forget(status, "LatestCloudWatchLogsDeliveryTime");
                status["LatestCloudWatchLogsDeliveryError"] = json!("AccessDenied");
            });
        },
        flips: &[(TO_LOGS, ACCOUNT, Fail)],
        says: "has never written to log group /healthcare/log-group-audit-trail-dev and reports the error AccessDenied",
    },
    Mutation {
        requirement: PROTECTED,
        change: |setup| of_archive(setup, "GetBucketVersioning", |body| body.replace(">Enabled<", ">Suspended<")),
        flips: &[(PROTECTED, ACCOUNT, Fail)],
        says: "has its versioning Suspended",
    },
    // Object Lock without a retention period locks nothing.
    Mutation {
        requirement: PROTECTED,
        change: |setup| {
            let unset =
                "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>";
            setup.answer("s3", "GetObjectLockConfiguration", AT_ARCHIVE, Answer::ok(unset));
        },
        flips: &[(PROTECTED, ACCOUNT, Fail)],
        says: "has Object Lock on without a default retention, which locks nothing",
    },
    Mutation {
        requirement: PROTECTED,
        change: |setup| setup.answer("s3", "GetBucketLogging", AT_ARCHIVE, Answer::ok("<BucketLoggingStatus/>")),
        flips: &[(PROTECTED, ACCOUNT, Fail)],
        says: "does not log access to itself",
    },
    // Only the policy may be public, and it is not; but who may read the files is a stranger.
    Mutation {
        requirement: PROTECTED,
        change: |setup| {
            blocking_acls_only(setup);
            setup.statements_of("s3", "GetBucketPolicy", ARCHIVE, |statements| {
                statements.push(json!({
                    "Sid": "LetAuditorsRead", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
                    "Resource": "arn:aws:s3:::trail-archive-dev-123456789012/*",
                    "Condition": {"StringLike": {"aws:UserAgent": "auditor*"}},
                }));
            });
        },
        flips: &[(PROTECTED, ACCOUNT, Fail)],
        says: "a stranger is let in: anonymous can call s3:GetObject",
    },
    Mutation {
        requirement: PROTECTED,
        change: |setup| {
            blocking_acls_only(setup);
            of_archive(setup, "GetBucketPolicyStatus", |body| body.replace(">false<", ">true<"));
        },
        flips: &[(PROTECTED, ACCOUNT, Fail)],
        says: "S3 calls the bucket policy public",
    },
    Mutation {
        requirement: PROTECTED,
        change: |setup| {
            of_archive(setup, "GetPublicAccessBlock", |body| {
                body.replace("<IgnorePublicAcls>true<", "<IgnorePublicAcls>false<")
            });
        },
        flips: &[(PROTECTED, ACCOUNT, Fail)],
        says: "does not keep public ACLs out",
    },
    Mutation {
        requirement: PROTECTED,
        change: |setup| {
            let code = "NoSuchPublicAccessBlockConfiguration";
            setup.refuse("s3", "GetPublicAccessBlock", AT_ARCHIVE, 404, code);
        },
        flips: &[(PROTECTED, ACCOUNT, Fail)],
        says: "does not keep public ACLs out",
    },
];

fn of_status(setup: &mut Setup, change: impl Fn(&mut Value)) {
    setup.json("cloudtrail", "GetTrailStatus", change);
}

/// Narrows the selector of management events.
fn of_management(setup: &mut Setup, field: &Value) {
    setup.json("cloudtrail", "GetEventSelectors", |answer| {
        let fields = &mut answer["AdvancedEventSelectors"][0]["FieldSelectors"];
        fields.as_array_mut().expect("fields").push(field.clone());
    });
}

fn of_archive(setup: &mut Setup, operation: &str, rewrite: impl Fn(&str) -> String) {
    setup.edit_of("s3", operation, ARCHIVE, rewrite);
}

/// Lets the bucket's policy be what it is.
fn blocking_acls_only(setup: &mut Setup) {
    of_archive(setup, "GetPublicAccessBlock", |body| {
        body.replace("<BlockPublicPolicy>true<", "<BlockPublicPolicy>false<")
            .replace("<RestrictPublicBuckets>true<", "<RestrictPublicBuckets>false<")
    });
}
