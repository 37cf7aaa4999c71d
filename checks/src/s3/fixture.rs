//! What the tests of buckets are built from.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::notification::CREATED;
use super::*;
use crate::evidence::{Account, Evidence};
use crate::fixture::{ACCOUNT, denial, evidence, not_set, seen, subject};
use crate::lambda::Function;
use crate::subject::{Kind, Resource, Subject};

pub(crate) const BUCKET: &str = "patient-data-bucket-pr1-123456789012";
pub(crate) const FUNCTION_ARN: &str = "arn:aws:lambda:us-east-2:123456789012:function:patient-data-processor-pr1";
pub(crate) const ARN: &str = "arn:aws:s3:::patient-data-bucket-pr1-123456789012";
pub(crate) const OBJECTS: &str = "arn:aws:s3:::patient-data-bucket-pr1-123456789012/*";
pub(crate) const DENIED: &str = "GetThing was denied; the auditing role needs svc:GetThing";

pub(crate) fn present<T>(value: T) -> Observed<T> {
    Observed::Present(value)
}

pub(crate) fn withheld<T>() -> Observed<T> {
    Observed::Unknown(denial())
}

pub(crate) fn block(switches: [Switch; 4]) -> PublicAccessBlock {
    let [acls, ignore, policy, restrict] = switches;
    PublicAccessBlock {
        block_public_acls: present(acls),
        ignore_public_acls: present(ignore),
        block_public_policy: present(policy),
        restrict_public_buckets: present(restrict),
    }
}

pub(crate) fn notification(events: &[&str]) -> FunctionNotification {
    FunctionNotification {
        function_arn: FUNCTION_ARN.into(),
        events: events.iter().map(|event| (*event).to_owned()).collect(),
        prefix: String::new(),
        suffix: String::new(),
    }
}

pub(crate) fn notifications(functions: Vec<FunctionNotification>) -> Notifications {
    Notifications { functions, event_bridge: Switch::Off, queues: Vec::new(), topics: Vec::new() }
}

pub(crate) fn rule(noncurrent_days: i32) -> LifecycleRule {
    LifecycleRule {
        id: "old".into(),
        status: present(Switch::On),
        noncurrent_days: present(noncurrent_days),
        expiration_days: Observed::Absent,
        expiration_date: Observed::Absent,
    }
}

pub(crate) fn object(algorithm: Seen<SseAlgorithm>) -> SampledObject {
    SampledObject { key_hash: "0123456789ab".into(), algorithm, customer_key: seen(Switch::Off) }
}

pub(crate) fn owner_grant() -> Grant {
    Grant { grantee: Grantee::CanonicalUser("owner".into()), permission: "FULL_CONTROL".into() }
}

/// A bucket policy of these statements.
#[expect(clippy::needless_pass_by_value, reason = "statements are written where they are used")]
pub(crate) fn policy(statements: Value) -> Seen<PolicyText> {
    seen(PolicyText(json!({ "Version": "2012-10-17", "Statement": statements }).to_string()))
}

/// A Deny of everything without TLS.
pub(crate) fn deny_plain() -> Value {
    json!({
        "Sid": "Tls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [ARN, OBJECTS],
        "Condition": { "Bool": { "aws:SecureTransport": "false" } },
    })
}

/// A Deny of uploads whose header is missing or is none of these.
#[expect(clippy::needless_pass_by_value, reason = "statements are written where they are used")]
pub(crate) fn deny_uploads(algorithms: Value) -> Value {
    json!({
        "Sid": "Sse",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": OBJECTS,
        "Condition": { "StringNotEquals": { "s3:x-amz-server-side-encryption": algorithms } },
    })
}

/// A bucket that meets every requirement of this file but one: lifecycle rules and MFA delete exclude each other,
/// and this one has MFA delete.
pub(crate) fn bucket() -> Bucket {
    Bucket {
        location: seen("us-east-2".into()),
        encryption: seen(vec![EncryptionRule {
            algorithm: present(SseAlgorithm::Aes256),
            kms_key: Observed::Absent,
            sse_c: SseC::Blocked,
        }]),
        versioning: seen(Versioning {
            status: present(VersioningStatus::Enabled),
            mfa_delete: present(MfaDelete::Enabled),
        }),
        public_access_block: seen(block([Switch::On; 4])),
        ownership: seen(ObjectOwnership::BucketOwnerEnforced),
        acl: seen(Acl { owner: present("owner".into()), grants: vec![owner_grant()] }),
        notifications: seen(notifications(vec![notification(&[CREATED])])),
        event_rules: Seen::gap(Gap::NotCollected { what: "the bucket sends nothing to EventBridge".into() }),
        logging: seen(Logging {
            target_bucket: "logs".into(),
            target_prefix: "s3/".into(),
            target_location: seen("us-east-2".into()),
        }),
        lifecycle: not_set(),
        object_lock: not_set(),
        policy: policy(json!([deny_plain(), deny_uploads(json!("AES256"))])),
        policy_status: seen(PolicyStatus { public: present(Switch::Off) }),
        tags: seen(BTreeMap::new()),
        sampled_objects: seen(vec![object(seen(SseAlgorithm::Aes256))]),
        emptiness: seen(Emptiness::HoldsVersions),
    }
}

pub(crate) fn account() -> Account {
    Account {
        public_access_block: seen(block([Switch::On; 4])),
        trails: seen(Vec::new()),
        log_policies: seen(Vec::new()),
        event_data_stores: not_set(),
        ..Account::unknown(&Gap::undecided("not looked at here"))
    }
}

pub(crate) fn function_subject() -> Subject {
    let unread = Function::unknown(&Gap::undecided("not looked at here"));
    let mut subject = subject(Kind::Function, "patient-data-processor-pr1", Resource::Function(unread.into()));
    subject.arn = Some(FUNCTION_ARN.into());
    subject
}

pub(crate) fn with(bucket: Bucket, account: Account) -> Evidence {
    evidence(vec![
        subject(Kind::Account, ACCOUNT, Resource::Account(account.into())),
        subject(Kind::Bucket, BUCKET, Resource::Bucket(bucket.into())),
        function_subject(),
    ])
}

pub(crate) fn alone(bucket: Bucket) -> Evidence {
    with(bucket, account())
}
