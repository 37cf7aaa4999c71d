//! S3 buckets: what is seen of them, and the checks of their requirements.

mod access;
mod encryption;
mod endpoint;
#[cfg(test)]
pub(crate) mod fixture;
mod logging;
pub(crate) mod notification;
mod policy;
mod versions;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::check::Check;
use crate::observed::{Gap, Observed, Seen};
use crate::policy::model::PolicyText;

pub(crate) use policy::is_private as policy_is_private;

/// The checks of this file, in catalog order.
pub fn checks() -> Vec<Check> {
    vec![
        Check::across("s3-default-encryption-aes256", encryption::by_default),
        Check::new("s3-versioning-enabled", versions::versioning),
        Check::new("s3-mfa-delete-enabled", versions::mfa_delete),
        Check::across("s3-policy-deny-unencrypted-upload", policy::unencrypted_upload),
        Check::across("s3-policy-deny-insecure-transport", policy::insecure_transport),
        Check::across("s3-public-access-block-bucket", access::public_access_block),
        Check::new("s3-public-access-block-account", access::of_account),
        Check::across("s3-policy-not-public", policy::not_public),
        Check::across("s3-acl-not-public", access::acl),
        Check::across("s3-event-notification-lambda", notification::event_notification),
        Check::across("s3-access-logging-enabled", logging::access_logging),
        Check::new("s3-lifecycle-noncurrent-versions", versions::lifecycle),
        Check::new("s3-existing-objects-encrypted-sample", encryption::of_samples),
        Check::new("s3-vpc-endpoint-recommended", endpoint::vpc_endpoint),
    ]
}

/// What was seen of a bucket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bucket {
    /// The bucket's region. S3 answers an empty constraint for us-east-1 and `EU` for eu-west-1; both are resolved here.
    pub location: Seen<String>,
    /// The default encryption; absent where S3 says that none is configured.
    pub encryption: Seen<Vec<EncryptionRule>>,
    /// Versioning and MFA delete, which one call answers.
    pub versioning: Seen<Versioning>,
    /// The bucket's own public access block; absent means that none is set.
    pub public_access_block: Seen<PublicAccessBlock>,
    /// Who owns new objects; absent means that ACLs are in force.
    pub ownership: Seen<ObjectOwnership>,
    /// The bucket's access control list.
    pub acl: Seen<Acl>,
    /// The bucket policy; absent means that there is none.
    pub policy: Seen<PolicyText>,
    /// What S3 itself says of the bucket policy; absent means that there is none.
    pub policy_status: Seen<PolicyStatus>,
    /// Event notifications; an empty list means that there are none.
    pub notifications: Seen<Notifications>,
    /// Rules of EventBridge that target a function of the stack, read only where the bucket sends events there.
    pub event_rules: Seen<Vec<EventRule>>,
    /// Server access logging; absent means off.
    pub logging: Seen<Logging>,
    /// Lifecycle rules; absent means none.
    pub lifecycle: Seen<Vec<LifecycleRule>>,
    /// Object Lock's default retention; absent means that there is none.
    pub object_lock: Seen<ObjectLock>,
    /// Tags; absent means none.
    pub tags: Seen<BTreeMap<String, String>>,
    /// A few objects, read only where sampling is switched on; `NotCollected` otherwise.
    pub sampled_objects: Seen<Vec<SampledObject>>,
    /// Whether the bucket holds any version or delete marker, read only where asked for.
    pub emptiness: Seen<Emptiness>,
}

/// What S3 says of a bucket policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyStatus {
    /// Whether S3 calls the policy public: on for public.
    pub public: Observed<Switch>,
}

/// One rule of the default encryption.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EncryptionRule {
    /// The algorithm; absent where the rule names no default.
    pub algorithm: Observed<SseAlgorithm>,
    /// The KMS key as the bucket names it (id, ARN or alias); absent means the AWS-managed key `aws/s3`.
    pub kms_key: Observed<String>,
    /// Whether uploads under customer-provided keys are refused.
    pub sse_c: SseC,
}

/// A server-side encryption algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SseAlgorithm {
    /// S3-managed keys.
    #[serde(rename = "AES256")]
    Aes256,
    /// A KMS key.
    #[serde(rename = "aws:kms")]
    Kms,
    /// A KMS key, two layers.
    #[serde(rename = "aws:kms:dsse")]
    KmsDsse,
}

impl SseAlgorithm {
    /// The algorithm as S3 writes it.
    pub fn name(self) -> &'static str {
        match self {
            SseAlgorithm::Aes256 => "AES256",
            SseAlgorithm::Kms => "aws:kms",
            SseAlgorithm::KmsDsse => "aws:kms:dsse",
        }
    }
}

/// Whether uploads under customer-provided keys are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SseC {
    /// They are refused.
    Blocked,
    /// Nothing keeps a client from choosing its own key.
    Allowed,
}

/// Versioning and MFA delete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versioning {
    /// The versioning state; absent means never enabled.
    pub status: Observed<VersioningStatus>,
    /// Whether MFA is demanded to delete versions. S3 omits it where it was never configured.
    pub mfa_delete: Observed<MfaDelete>,
}

/// The versioning state of a bucket that had it enabled once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum VersioningStatus {
    /// Every object version is kept.
    Enabled,
    /// Old versions stay, new ones overwrite.
    Suspended,
}

/// Whether MFA is demanded to delete versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MfaDelete {
    /// It is.
    Enabled,
    /// It is not.
    Disabled,
}

/// The four switches of a public access block. S3 counts an omitted one as off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicAccessBlock {
    /// New public ACLs are refused.
    pub block_public_acls: Observed<Switch>,
    /// Existing public ACLs have no effect.
    pub ignore_public_acls: Observed<Switch>,
    /// New public policies are refused.
    pub block_public_policy: Observed<Switch>,
    /// A public policy lets in only AWS services and the account's own principals.
    pub restrict_public_buckets: Observed<Switch>,
}

/// A setting that is on or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Switch {
    /// On.
    On,
    /// Off.
    Off,
}

impl From<bool> for Switch {
    fn from(on: bool) -> Self {
        if on { Switch::On } else { Switch::Off }
    }
}

/// Who owns new objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ObjectOwnership {
    /// The bucket's owner, always; ACLs are switched off.
    BucketOwnerEnforced,
    /// The bucket's owner, when the writer grants it.
    BucketOwnerPreferred,
    /// The writer.
    ObjectWriter,
}

/// An access control list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acl {
    /// The owner's canonical id.
    pub owner: Observed<String>,
    /// The grants.
    pub grants: Vec<Grant>,
}

/// One grant of an access control list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Who is granted.
    pub grantee: Grantee,
    /// What is granted, as S3 writes it: `READ`, `WRITE`, `READ_ACP`, `WRITE_ACP` or `FULL_CONTROL`.
    pub permission: String,
}

/// Who an access control list grants something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grantee {
    /// A canonical user id.
    CanonicalUser(String),
    /// A predefined group, by its URI.
    Group(String),
    /// An account, by e-mail address; the address is not kept.
    Email,
}

/// The event notifications of a bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notifications {
    /// The entries that invoke a function.
    pub functions: Vec<FunctionNotification>,
    /// Whether events go to EventBridge; its presence is the signal.
    pub event_bridge: Switch,
    /// The queues that are notified, by ARN.
    pub queues: Vec<String>,
    /// The topics that are notified, by ARN.
    pub topics: Vec<String>,
}

/// A notification that invokes a function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionNotification {
    /// The function's ARN, with a version or alias where one is named.
    pub function_arn: String,
    /// The events, as S3 writes them.
    pub events: Vec<String>,
    /// A prefix that keys must have; empty filters nothing.
    pub prefix: String,
    /// A suffix that keys must have; empty filters nothing.
    pub suffix: String,
}

/// A rule of EventBridge that targets a function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventRule {
    /// The rule's name.
    pub name: String,
    /// The ARN of the function it targets.
    pub function_arn: String,
    /// `ENABLED` and its variants, or `DISABLED`, as EventBridge writes it.
    pub state: Observed<RuleState>,
    /// What the pattern matches; absent for a rule that runs on a schedule, unknown when it could not be read.
    pub pattern: Observed<EventPattern>,
}

/// Whether a rule is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RuleState {
    /// It matches events.
    Enabled,
    /// It does not.
    Disabled,
}

/// The parts of an event pattern that decide whether new objects of a bucket match.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventPattern {
    /// The sources; empty means that the pattern does not say.
    pub sources: Vec<String>,
    /// The detail types; empty means that the pattern does not say.
    pub detail_types: Vec<String>,
    /// The bucket names; empty means that the pattern does not say.
    pub buckets: Vec<String>,
    /// What the pattern asks of object keys; `None` when nothing.
    pub key_filter: Option<String>,
    /// What else the pattern tests, by the path of the field; `None` when nothing.
    pub narrowed: Option<String>,
}

/// Server access logging.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logging {
    /// The bucket that receives the logs.
    pub target_bucket: String,
    /// The prefix of the log objects.
    pub target_prefix: String,
    /// The target's region; a gap where it could not be read, `Missing` where it is gone.
    pub target_location: Seen<String>,
}

/// One lifecycle rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LifecycleRule {
    /// Its id; empty where S3 gave none.
    pub id: String,
    /// Whether it is in force.
    pub status: Observed<Switch>,
    /// After how many days noncurrent versions expire; absent means that the rule does not expire them.
    pub noncurrent_days: Observed<i32>,
    /// After how many days current versions expire; absent means that the rule does not expire them by age.
    pub expiration_days: Observed<i32>,
    /// The date on which current versions expire; absent means none.
    pub expiration_date: Observed<String>,
}

/// The default retention of Object Lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ObjectLock {
    /// Nobody can shorten it, not even root.
    Compliance,
    /// Principals with a special right can.
    Governance,
    /// Object Lock is on without a default retention.
    NoDefault,
}

/// What was seen of one sampled object. Its key is not kept: keys may be PHI.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SampledObject {
    /// First twelve hex digits of the key's SHA-256.
    pub key_hash: String,
    /// Its encryption; absent means none.
    pub algorithm: Seen<SseAlgorithm>,
    /// Whether a customer-provided key is in use.
    pub customer_key: Seen<Switch>,
}

/// Whether a bucket holds anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Emptiness {
    /// No version and no delete marker.
    Empty,
    /// At least one.
    HoldsVersions,
}

impl Bucket {
    /// The evidence of a bucket of which nothing could be seen.
    pub fn unknown(gap: &Gap) -> Self {
        Bucket {
            location: Seen::gap(gap.clone()),
            encryption: Seen::gap(gap.clone()),
            versioning: Seen::gap(gap.clone()),
            public_access_block: Seen::gap(gap.clone()),
            ownership: Seen::gap(gap.clone()),
            acl: Seen::gap(gap.clone()),
            policy: Seen::gap(gap.clone()),
            policy_status: Seen::gap(gap.clone()),
            notifications: Seen::gap(gap.clone()),
            event_rules: Seen::gap(gap.clone()),
            logging: Seen::gap(gap.clone()),
            lifecycle: Seen::gap(gap.clone()),
            object_lock: Seen::gap(gap.clone()),
            tags: Seen::gap(gap.clone()),
            sampled_objects: Seen::gap(gap.clone()),
            emptiness: Seen::gap(gap.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::checks;
    use super::fixture::{DENIED, alone, bucket, with};
    use crate::evidence::Account;
    use crate::fixture::{denial, judge, judge_with, undecided};
    use crate::s3::Bucket;
    use crate::subject::Kind;
    use crate::verdict::Verdict;

    #[test]
    fn a_bucket_of_which_nothing_is_known_is_never_judged() {
        let gap = denial();
        let unknown = with(Bucket::unknown(&gap), Account::unknown(&gap));
        for check in checks().iter().filter(|check| check.kinds == [Kind::Bucket]) {
            let params = if check.id.ends_with("-sample") { "sample_objects = 1" } else { "" };
            assert_eq!(undecided(judge_with(check.id, params, &unknown)), DENIED, "{}", check.id);
        }
    }

    #[test]
    fn a_conforming_bucket_passes_whatever_is_asked_of_it() {
        for check in checks().iter().filter(|check| check.kinds == [Kind::Bucket]) {
            match judge(check.id, &alone(bucket())) {
                Ok(Verdict::Satisfied { .. } | Verdict::NotApplicable { .. }) => {}
                other => panic!("{}: {other:?}", check.id),
            }
        }
    }
}
