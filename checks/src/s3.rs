//! S3 buckets: what is seen of them, and the checks of their requirements.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::check::{Check, Context, NoParams};
use crate::cloudtrail::{AdvancedSelector, ClassicSelector, FieldSelector, ReadWrite, Selectors, Trail};
use crate::evidence::Account;
use crate::lambda::{Configuration, EndpointKind, Function, LastUpdate, RouteTable, State, Vpc, VpcEndpoint};
use crate::observed::{Gap, Observed, Seen};
use crate::subject::{Existence, Role, Subject};
use crate::verdict::{Judgement, Verdict, every};

/// The checks of this file, in catalog order.
pub fn checks() -> Vec<Check> {
    vec![
        Check::across("s3-default-encryption-aes256", default_encryption),
        Check::new("s3-versioning-enabled", versioning),
        Check::new("s3-mfa-delete-enabled", mfa_delete),
        Check::across("s3-public-access-block-bucket", public_access_block),
        Check::new("s3-public-access-block-account", account_public_access_block),
        Check::across("s3-acl-not-public", acl),
        Check::across("s3-event-notification-lambda", event_notification),
        Check::across("s3-access-logging-enabled", access_logging),
        Check::new("s3-lifecycle-noncurrent-versions", lifecycle),
        Check::new("s3-existing-objects-encrypted-sample", sampled_objects),
        Check::new("s3-vpc-endpoint-recommended", vpc_endpoint),
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
    /// What the pattern matches; unknown when it could not be read.
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

/// What makes an encryption acceptable.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DefaultEncryption {
    accept_kms: bool,
}

/// No default encryption, or a rule that names no default, leaves new objects to the client's choice: it fails.
fn default_encryption(bucket: &Bucket, params: &DefaultEncryption, context: &Context<'_>) -> Judgement {
    let rules = bucket.encryption.seen()?.map_or(&[] as &[EncryptionRule], Vec::as_slice);
    let parts = rules.iter().map(|rule| match rule.algorithm.seen() {
        Ok(Some(&algorithm)) => Some(encrypted_by(algorithm, rule, params, context)),
        Ok(None) => None,
        Err(gap) => Some(Err(gap)),
    });
    every(parts.flatten(), || {
        let observed = if rules.is_empty() {
            "no default encryption is configured"
        } else {
            "the encryption rule names no default algorithm"
        };
        Ok(Verdict::not_satisfied(observed, expected_default(params)))
    })
}

fn expected_default(params: &DefaultEncryption) -> &'static str {
    if params.accept_kms {
        "default encryption AES256, or aws:kms or aws:kms:dsse under a key of this account"
    } else {
        "default encryption AES256 (S3-managed keys)"
    }
}

/// A rule without a KMS key means the AWS-managed key `aws/s3`.
fn encrypted_by(
    algorithm: SseAlgorithm,
    rule: &EncryptionRule,
    params: &DefaultEncryption,
    context: &Context<'_>,
) -> Judgement {
    let verdict = match algorithm {
        SseAlgorithm::Aes256 => Verdict::satisfied("default encryption is AES256 (S3-managed keys)"),
        SseAlgorithm::Kms | SseAlgorithm::KmsDsse => {
            let name = algorithm.name();
            if !params.accept_kms {
                let observed = format!("default encryption is {name}");
                return Ok(Verdict::not_satisfied(observed, expected_default(params)));
            }
            let key = rule.kms_key.seen()?;
            let account = &context.evidence.run.account;
            if let Some(owner) = key.and_then(|key| arn_account(key)).filter(|owner| owner != account) {
                let observed = format!("default encryption is {name} under a key of account {owner}");
                return Ok(Verdict::not_satisfied(observed, expected_default(params)));
            }
            let key = key.map_or("the AWS-managed key aws/s3".to_owned(), |key| format!("key {key}"));
            Verdict::satisfied(format!("default encryption is {name} under {key}"))
                .noting("this is stronger than the S3-managed keys that the client's text asks for")
        }
    };
    Ok(match rule.sse_c {
        SseC::Blocked => verdict,
        SseC::Allowed => {
            verdict.noting("a client may still choose SSE-C, its own key: BlockedEncryptionTypes does not refuse it")
        }
    })
}

/// The account part of an ARN; `None` for key ids and alias names, which are of the bucket's own account.
fn arn_account(arn: &str) -> Option<&str> {
    let mut parts = arn.splitn(6, ':');
    if parts.next() == Some("arn") { parts.nth(3) } else { None }
}

/// No versioning state at all means that versioning was never enabled: it fails.
fn versioning(bucket: &Bucket, _: &NoParams) -> Judgement {
    let Some(versioning) = bucket.versioning.seen()? else {
        return Ok(versioning_status(None));
    };
    Ok(versioning_status(versioning.status.seen()?.copied()))
}

fn versioning_status(status: Option<VersioningStatus>) -> Verdict {
    let expected = "versioning Enabled";
    match status {
        Some(VersioningStatus::Enabled) => Verdict::satisfied("versioning is Enabled"),
        Some(VersioningStatus::Suspended) => Verdict::not_satisfied("versioning is Suspended", expected)
            .noting("versions made before stay, and new uploads overwrite"),
        None => Verdict::not_satisfied("versioning was never enabled", expected),
    }
}

/// S3 leaves MFA delete out of its answer where it was never configured: absent means disabled.
fn mfa_delete(bucket: &Bucket, _: &NoParams) -> Judgement {
    let (status, mfa_delete) = match bucket.versioning.seen()? {
        Some(versioning) => (versioning.status.seen(), versioning.mfa_delete.seen()),
        None => (Ok(None), Ok(None)),
    };
    let parts = [
        status.map(|status| versioning_status(status.copied())),
        mfa_delete.map(|mfa_delete| {
            let expected = "MFA delete Enabled";
            match mfa_delete {
                Some(MfaDelete::Enabled) => Verdict::satisfied("MFA delete is Enabled"),
                Some(MfaDelete::Disabled) => Verdict::not_satisfied("MFA delete is Disabled", expected),
                None => Verdict::not_satisfied("MFA delete was never configured", expected),
            }
        }),
    ];
    let verdict = every(parts, || Err(Gap::undecided("versioning was not looked at")))?;
    if matches!(verdict, Verdict::Satisfied { .. }) {
        return Ok(verdict);
    }
    Ok(match bucket.lifecycle.seen() {
        Ok(Some(rules)) if !rules.is_empty() => {
            verdict.noting("remove the lifecycle rules first: S3 does not support them beside MFA delete")
        }
        Ok(Some(_) | None) => verdict,
        Err(gap) => {
            verdict.noting(format!("whether lifecycle rules have to be removed first could not be read: {gap}"))
        }
    })
}

/// Whether the account's own block counts for a bucket.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct BucketBlock {
    accept_account_level: bool,
}

type Flag = (&'static str, Result<Switch, Gap>);

/// The four switches by name. A block that is not set and a switch that is left out both mean off.
fn flags(block: Option<&PublicAccessBlock>) -> [Flag; 4] {
    let flag = |name, of: fn(&PublicAccessBlock) -> &Observed<Switch>| {
        let switch = block.map_or(Ok(Switch::Off), |block| match of(block).seen() {
            Ok(Some(&switch)) => Ok(switch),
            Ok(None) => Ok(Switch::Off),
            Err(gap) => Err(gap),
        });
        (name, switch)
    };
    [
        flag("BlockPublicAcls", |block| &block.block_public_acls),
        flag("IgnorePublicAcls", |block| &block.ignore_public_acls),
        flag("BlockPublicPolicy", |block| &block.block_public_policy),
        flag("RestrictPublicBuckets", |block| &block.restrict_public_buckets),
    ]
}

fn all_on(flags: &[Flag; 4]) -> bool {
    flags.iter().all(|(_, switch)| *switch == Ok(Switch::On))
}

/// No block on the bucket means that all four switches are off there. The account's block is looked at only where the
/// bucket's own is incomplete, and never in place of one that could not be read: S3 gives the same refusal for a bucket
/// of another account, which this account's block does not protect.
fn public_access_block(bucket: &Bucket, params: &BucketBlock, context: &Context<'_>) -> Judgement {
    let block = bucket.public_access_block.seen()?;
    let own = flags(block);
    if all_on(&own) {
        return Ok(Verdict::satisfied("all four switches are on for the bucket"));
    }
    let verdict = if params.accept_account_level {
        let account = match context.evidence.account().and_then(|account| account.public_access_block.seen()) {
            Ok(block) => flags(block),
            Err(gap) => flags(None).map(|(name, _)| (name, Err(gap.clone()))),
        };
        let parts = own.into_iter().zip(account).map(|((name, own), (_, account))| either_level(name, own, account));
        every(parts, nothing_to_judge)?
    } else {
        let expected = "all four switches of the public access block on for the bucket";
        every(own.map(|flag| switched_on(flag, "the bucket", expected)), nothing_to_judge)?
    };
    Ok(if block.is_none() { verdict.noting("the bucket has no public access block of its own") } else { verdict })
}

fn either_level(name: &'static str, own: Result<Switch, Gap>, account: Result<Switch, Gap>) -> Judgement {
    match (own, account) {
        (Ok(Switch::On), _) => Ok(Verdict::satisfied(format!("{name} is on for the bucket"))),
        (_, Ok(Switch::On)) => Ok(Verdict::satisfied(format!("{name} is on for the account"))),
        (Err(gap), Ok(Switch::Off) | Err(_)) | (Ok(Switch::Off), Err(gap)) => Err(gap),
        (Ok(Switch::Off), Ok(Switch::Off)) => Ok(Verdict::not_satisfied(
            format!("{name} is off for the bucket and for the account"),
            "all four switches of the public access block on, for the bucket or for the account",
        )),
    }
}

fn switched_on((name, switch): Flag, level: &str, expected: &str) -> Judgement {
    Ok(match switch? {
        Switch::On => Verdict::satisfied(format!("{name} is on for {level}")),
        Switch::Off => Verdict::not_satisfied(format!("{name} is off for {level}"), expected),
    })
}

/// The empty case of a list that cannot be empty.
fn nothing_to_judge() -> Judgement {
    Err(Gap::undecided("there was nothing to judge"))
}

/// Whether the account's block is asked for at all.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountBlock {
    enabled: bool,
}

/// No block on the account means that all four switches are off: it fails.
fn account_public_access_block(account: &Account, params: &AccountBlock) -> Judgement {
    if !params.enabled {
        let reason = "the settings say that this account also serves public sites (enabled = false)";
        return Ok(Verdict::not_applicable(reason));
    }
    let expected = "all four switches of the account's public access block on";
    let Some(block) = account.public_access_block.seen()? else {
        return Ok(Verdict::not_satisfied("the account has no public access block", expected));
    };
    let flags = flags(Some(block));
    if all_on(&flags) {
        return Ok(Verdict::satisfied("all four switches are on for the account"));
    }
    every(flags.map(|flag| switched_on(flag, "the account", expected)), nothing_to_judge)
}

/// Whom an access control list may grant something.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TrustedGrantees {
    trusted_accounts: Vec<String>,
}

/// No ownership setting means that ACLs are in force. A list without grants lets nobody in.
fn acl(bucket: &Bucket, params: &TrustedGrantees, context: &Context<'_>) -> Judgement {
    let ownership = bucket.ownership.seen();
    if let Ok(Some(ObjectOwnership::BucketOwnerEnforced)) = ownership {
        return Ok(Verdict::satisfied("access control lists are switched off (BucketOwnerEnforced)"));
    }
    let acl = bucket.acl.required("GetBucketAcl", "AccessControlPolicy")?;
    let parts = acl.grants.iter().map(|grant| granted(grant, &acl.owner, bucket, params, context));
    let verdict = every(parts.flatten(), || {
        Ok(Verdict::satisfied("the access control list grants nothing to public groups or foreign accounts"))
    })?;
    Ok(match ownership {
        Ok(_) => verdict.noting("access control lists are in force, and those of single objects are not read"),
        // Where ACLs are switched off S3 answers with the owner's grant alone, so a foreign grant is in force.
        Err(gap) => verdict.noting(format!("whether access control lists are in force could not be read: {gap}")),
    })
}

/// Judges one grant; `None` for one that lets in nobody from outside.
fn granted(
    grant: &Grant,
    owner: &Observed<String>,
    bucket: &Bucket,
    params: &TrustedGrantees,
    context: &Context<'_>,
) -> Option<Judgement> {
    let permission = &grant.permission;
    match &grant.grantee {
        Grantee::Group(uri) if uri.ends_with("/s3/LogDelivery") => None,
        Grantee::Group(uri) if uri.ends_with("/global/AllUsers") => {
            Some(group_granted(permission, "everyone (AllUsers)", bucket, context))
        }
        Grantee::Group(uri) if uri.ends_with("/global/AuthenticatedUsers") => {
            Some(group_granted(permission, "every AWS account (AuthenticatedUsers)", bucket, context))
        }
        Grantee::Group(uri) => Some(Err(Gap::Unrecognised {
            operation: "GetBucketAcl".into(),
            field: "Grantee.URI".into(),
            token: uri.clone(),
        })),
        Grantee::CanonicalUser(id) if params.trusted_accounts.contains(id) => None,
        Grantee::CanonicalUser(id) => match owner.required("GetBucketAcl", "Owner.ID") {
            Ok(owner) if owner == id => None,
            Ok(_) => Some(Ok(Verdict::not_satisfied(
                format!("{permission} is granted to the foreign canonical user {id}"),
                "no grant to accounts outside trusted_accounts",
            ))),
            Err(gap) => Some(Err(gap)),
        },
        Grantee::Email => Some(Err(Gap::undecided(format!(
            "{permission} is granted to an account by e-mail address, which cannot be compared with the owner; grant it by canonical id"
        )))),
    }
}

/// A group's grant has no effect while IgnorePublicAcls is on for the bucket or for the account.
fn group_granted(permission: &str, group: &str, bucket: &Bucket, context: &Context<'_>) -> Judgement {
    let ignored_by = |block: Result<Option<&PublicAccessBlock>, Gap>| {
        let [_, (_, ignore), _, _] = flags(block?);
        ignore
    };
    let dormant = |level: &str| {
        Ok(Verdict::satisfied(format!("{permission} is granted to {group} and has no effect"))
            .noting(format!("the grant is dormant while IgnorePublicAcls is on for the {level}")))
    };
    let own = ignored_by(bucket.public_access_block.seen());
    if own == Ok(Switch::On) {
        return dormant("bucket");
    }
    let account = ignored_by(context.evidence.account().and_then(|account| account.public_access_block.seen()));
    match (own, account) {
        (_, Ok(Switch::On)) => dormant("account"),
        (Err(gap), _) | (Ok(_), Err(gap)) => Err(gap),
        (Ok(_), Ok(Switch::Off)) => Ok(Verdict::not_satisfied(
            format!("{permission} is granted to {group}"),
            "no effective grant to a public group",
        )),
    }
}

/// Joins two ways of meeting one requirement: either alone is enough, and it is broken only when both are.
fn either(first: Judgement, second: impl FnOnce() -> Judgement) -> Judgement {
    let first = match first {
        Ok(met @ Verdict::Satisfied { .. }) => return Ok(met),
        other => other,
    };
    match (first, second()) {
        (Ok(Verdict::NotSatisfied { observed, .. }), Ok(met @ Verdict::Satisfied { .. })) => Ok(met.noting(observed)),
        (Err(gap), Ok(met @ Verdict::Satisfied { .. })) => Ok(met.noting(gap.to_string())),
        (Err(gap), _) | (Ok(_), Err(gap)) => Err(gap),
        (Ok(first), Ok(second)) => every([Ok(first), Ok(second)], nothing_to_judge),
    }
}

/// Which ways of invoking the function count.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EventNotification {
    allow_filters: bool,
    accept_eventbridge: bool,
}

/// The event that stands for every way of creating an object, and those ways.
const CREATED: &str = "s3:ObjectCreated:*";
const WAYS_TO_CREATE: [&str; 4] = [
    "s3:ObjectCreated:Put",
    "s3:ObjectCreated:Post",
    "s3:ObjectCreated:Copy",
    "s3:ObjectCreated:CompleteMultipartUpload",
];

/// No entry at all is S3's way of saying that nothing is notified: it fails. Without a function to compare with, entries
/// cannot be judged.
fn event_notification(bucket: &Bucket, params: &EventNotification, context: &Context<'_>) -> Judgement {
    let none =
        Notifications { functions: Vec::new(), event_bridge: Switch::Off, queues: Vec::new(), topics: Vec::new() };
    let notifications = bucket.notifications.seen()?.unwrap_or(&none);
    let functions: Vec<&Subject> = context
        .evidence
        .all::<Function>()
        .map(|(subject, _)| subject)
        .filter(|subject| subject.role == Role::Primary)
        .collect();
    if functions.is_empty() && (!notifications.functions.is_empty() || notifications.event_bridge == Switch::On) {
        return Err(Gap::NothingToAudit { kind: crate::subject::Kind::Function.name().into() });
    }
    let directly = || notified(notifications, &functions, params, context);
    let verdict = match (notifications.event_bridge, params.accept_eventbridge) {
        (Switch::Off, _) => directly()?,
        (Switch::On, true) => either(directly(), || bridged(bucket, &functions, params, context))?,
        (Switch::On, false) => {
            directly()?.noting("the bucket sends events to EventBridge, which the settings do not accept")
        }
    };
    Ok(hinting_at_detours(verdict, notifications))
}

/// Says of a failure that a queue or a topic might still lead to the function; that is not followed.
fn hinting_at_detours(verdict: Verdict, notifications: &Notifications) -> Verdict {
    let detours = notifications.queues.len() + notifications.topics.len();
    if matches!(verdict, Verdict::NotSatisfied { .. }) && detours > 0 {
        verdict
            .noting("the bucket notifies a queue or a topic, which may call the function in turn; that is not followed")
    } else {
        verdict
    }
}

/// The parts of a function's ARN that tell functions apart.
#[derive(Debug, PartialEq, Eq)]
struct FunctionArn<'a> {
    region: &'a str,
    account: &'a str,
    name: &'a str,
    qualifier: Option<&'a str>,
}

impl<'a> FunctionArn<'a> {
    fn parse(arn: &'a str) -> Option<Self> {
        let parts: Vec<&str> = arn.split(':').collect();
        match parts.as_slice() {
            ["arn", _, "lambda", region, account, "function", name] => {
                Some(FunctionArn { region, account, name, qualifier: None })
            }
            ["arn", _, "lambda", region, account, "function", name, qualifier] => {
                Some(FunctionArn { region, account, name, qualifier: Some(qualifier) })
            }
            _ => None,
        }
    }

    fn parse_of(operation: &'static str, arn: &'a str) -> Result<Self, Gap> {
        FunctionArn::parse(arn).ok_or_else(|| Gap::Unparsable {
            operation: operation.into(),
            what: format!("`{arn}` is not the ARN of a function"),
        })
    }

    /// Whether this names the function of the subject, whatever the version or alias.
    fn names(&self, subject: &Subject, context: &Context<'_>) -> bool {
        match subject.arn.as_deref().and_then(FunctionArn::parse) {
            Some(own) => (own.name, own.account, own.region) == (self.name, self.account, self.region),
            None => self.name == subject.id && self.account == context.evidence.run.account,
        }
    }
}

/// Says of a function that would pass that it is not there.
fn there(verdict: Verdict, function: &Subject) -> Judgement {
    if let (Verdict::Satisfied { .. }, Ok(Some(Existence::Missing))) = (&verdict, function.existence.seen()) {
        let why = format!("{} `{}` does not exist", function.kind, function.id);
        return Err(Gap::depends_on("stack-outputs-resolve-live", why));
    }
    Ok(verdict)
}

/// Judges the entries that invoke functions directly: one of the stack's functions has to get every new object.
fn notified(
    notifications: &Notifications,
    functions: &[&Subject],
    params: &EventNotification,
    context: &Context<'_>,
) -> Judgement {
    if notifications.functions.is_empty() {
        return Ok(Verdict::not_satisfied("no notification invokes a function", expected_notification("the function")));
    }
    any(functions.iter().map(|function| {
        let mut entries = Vec::new();
        let mut unread = None;
        for entry in &notifications.functions {
            match FunctionArn::parse_of("GetBucketNotificationConfiguration", &entry.function_arn) {
                Ok(arn) if arn.names(function, context) => entries.push((entry, arn)),
                Ok(_) => {}
                Err(gap) => unread = Some(gap),
            }
        }
        let verdict = invoked(&entries, function, params);
        match (&verdict, unread) {
            (Verdict::NotSatisfied { .. }, Some(gap)) => Err(gap),
            (Verdict::NotSatisfied { .. }, None) if entries.is_empty() => Ok(invoked_others(notifications, function)),
            (Verdict::Satisfied { .. } | Verdict::NotSatisfied { .. } | Verdict::NotApplicable { .. }, _) => {
                there(verdict, function)
            }
        }
    }))
}

/// Joins judgements of which one has to be met: it decides; else the first gap; else all are broken.
fn any(parts: impl IntoIterator<Item = Judgement>) -> Judgement {
    let parts: Vec<Judgement> = parts.into_iter().collect();
    if let Some(met) = parts.iter().find(|part| matches!(part, Ok(Verdict::Satisfied { .. }))) {
        return met.clone();
    }
    match parts.iter().find(|part| part.is_err()) {
        Some(gap) => gap.clone(),
        None => every(parts, nothing_to_judge),
    }
}

fn expected_notification(function: &str) -> String {
    format!("{CREATED} for every key invokes {function}")
}

fn invoked_others(notifications: &Notifications, function: &Subject) -> Verdict {
    let mut others: Vec<&str> = notifications
        .functions
        .iter()
        .filter_map(|entry| FunctionArn::parse(&entry.function_arn).map(|arn| arn.name))
        .collect();
    others.dedup();
    let expected = expected_notification(&function.id);
    Verdict::not_satisfied(format!("notifications invoke another function only ({})", others.join(", ")), expected)
}

/// Judges the entries of one function, which may share the ways of creating an object between them.
fn invoked(
    entries: &[(&FunctionNotification, FunctionArn<'_>)],
    function: &Subject,
    params: &EventNotification,
) -> Verdict {
    let name = &function.id;
    let expected = expected_notification(name);
    let covers = |entries: &[&FunctionNotification]| {
        let has = |event: &str| entries.iter().any(|entry| entry.events.iter().any(|one| one == event));
        has(CREATED) || WAYS_TO_CREATE.iter().all(|event| has(event))
    };
    let all: Vec<&FunctionNotification> = entries.iter().map(|(entry, _)| *entry).collect();
    let (filtered, unfiltered): (Vec<&FunctionNotification>, Vec<&FunctionNotification>) =
        all.iter().partition(|entry| !entry.prefix.is_empty() || !entry.suffix.is_empty());
    if covers(&unfiltered) {
        return noting_qualifiers(Verdict::satisfied(format!("every new object invokes {name}")), entries);
    }
    let events: Vec<&str> = all.iter().flat_map(|entry| entry.events.iter().map(String::as_str)).collect();
    if !covers(&all) {
        let observed = format!("only {} invokes {name}", events.join(", "));
        let verdict = Verdict::not_satisfied(observed, expected);
        return if events.iter().any(|event| event.starts_with("s3:ObjectCreated:")) {
            verdict.noting("the other ways to create an object, such as a multipart upload, do not invoke it")
        } else {
            verdict
        };
    }
    let filters: Vec<String> =
        filtered.iter().map(|entry| format!("prefix `{}` and suffix `{}`", entry.prefix, entry.suffix)).collect();
    let observed = format!("new objects invoke {name} only for keys with {}", filters.join(", "));
    if params.allow_filters {
        noting_qualifiers(Verdict::satisfied(observed).noting("the settings accept filters"), entries)
    } else {
        Verdict::not_satisfied(observed, expected)
    }
}

fn noting_qualifiers(verdict: Verdict, entries: &[(&FunctionNotification, FunctionArn<'_>)]) -> Verdict {
    entries.iter().filter_map(|(_, arn)| arn.qualifier).fold(verdict, |verdict, qualifier| {
        verdict.noting(format!("the notification names version or alias `{qualifier}`"))
    })
}

/// Judges the rules of EventBridge that target one of the stack's functions; one that fits is enough.
fn bridged(bucket: &Bucket, functions: &[&Subject], params: &EventNotification, context: &Context<'_>) -> Judgement {
    let rules = match bucket.event_rules.seen() {
        Ok(Some(rules)) => rules.as_slice(),
        Ok(None) => &[],
        Err(Gap::Denied { operation, or_else, .. }) => {
            let permission = "events:ListRuleNamesByTarget and events:DescribeRule".into();
            return Err(Gap::Denied { operation, permission, or_else });
        }
        Err(gap) => return Err(gap),
    };
    let parts = rules.iter().flat_map(|rule| {
        functions.iter().filter_map(|function| {
            match FunctionArn::parse_of("ListRuleNamesByTarget", &rule.function_arn) {
                Ok(arn) if arn.names(function, context) => {
                    Some(matched(rule, function, params, context).and_then(|verdict| there(verdict, function)))
                }
                Ok(_) => None,
                Err(gap) => Some(Err(gap)),
            }
        })
    });
    let parts: Vec<Judgement> = parts.collect();
    if parts.is_empty() {
        let expected = "an enabled rule of EventBridge for Object Created of this bucket that targets the function";
        return Ok(Verdict::not_satisfied("no rule of EventBridge targets the function", expected));
    }
    any(parts)
}

/// Judges one rule. A part that the pattern leaves out matches everything.
fn matched(rule: &EventRule, function: &Subject, params: &EventNotification, context: &Context<'_>) -> Judgement {
    let name = &rule.name;
    let fails = |why: &str| {
        let expected = format!("an enabled rule for Object Created of this bucket that targets {}", function.id);
        Ok(Verdict::not_satisfied(format!("EventBridge rule `{name}` {why}"), expected))
    };
    if *rule.state.required("DescribeRule", "State")? == RuleState::Disabled {
        return fails("is disabled");
    }
    let pattern = rule.pattern.required("DescribeRule", "EventPattern")?;
    let takes = |values: &[String], value: &str| values.is_empty() || values.iter().any(|one| one == value);
    if !takes(&pattern.sources, "aws.s3") || !takes(&pattern.detail_types, "Object Created") {
        return fails("does not match Object Created of aws.s3");
    }
    if !takes(&pattern.buckets, &context.subject.id) {
        return fails("matches other buckets only");
    }
    if let Some(narrowed) = &pattern.narrowed {
        return fails(&format!("matches only a part of the events, by {narrowed}"));
    }
    let met = Verdict::satisfied(format!("every new object invokes {} through EventBridge rule `{name}`", function.id));
    Ok(match &pattern.key_filter {
        None => met,
        Some(filter) if params.allow_filters => met.noting(format!("only for keys that match {filter}")),
        Some(filter) => return fails(&format!("matches only keys by {filter}")),
    })
}

/// What counts as a log of who read what.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AccessLogging {
    accept_cloudtrail: bool,
}

const LOGGING_EXPECTED: &str = "server access logging to another bucket";

/// No logging setting means off. Either kind of log is enough, so an unreadable one does not hide the other.
fn access_logging(bucket: &Bucket, params: &AccessLogging, context: &Context<'_>) -> Judgement {
    let logged = server_access_logging(bucket, context);
    if params.accept_cloudtrail { either(logged, || trailed(bucket, context)) } else { logged }
}

fn server_access_logging(bucket: &Bucket, context: &Context<'_>) -> Judgement {
    let Some(logging) = bucket.logging.seen()? else {
        return Ok(Verdict::not_satisfied("server access logging is off", LOGGING_EXPECTED));
    };
    let target = &logging.target_bucket;
    if *target == context.subject.id {
        let observed = "server access logging writes to the bucket itself";
        return Ok(Verdict::not_satisfied(observed, LOGGING_EXPECTED));
    }
    let configured = Verdict::satisfied(format!("server access logging to `{target}` is configured"))
        .noting("whether the target's policy lets the log service write does not show here");
    let there = logging.target_location.required("GetBucketLocation", "LocationConstraint");
    match there {
        Ok(region) => delivered_to(target, region, bucket, configured),
        Err(Gap::Missing { .. }) => Ok(Verdict::not_satisfied(
            format!("server access logging to `{target}`, which does not exist"),
            LOGGING_EXPECTED,
        )),
        Err(gap @ Gap::Denied { .. }) => Ok(configured.noting(format!("the target could not be looked at: {gap}"))),
        Err(gap) => Err(gap),
    }
}

/// Logs are delivered within a region only; a target elsewhere was made anew after logging was configured.
fn delivered_to(target: &str, region: &str, bucket: &Bucket, configured: Verdict) -> Judgement {
    let own = bucket.location.required("GetBucketLocation", "LocationConstraint");
    Ok(match own {
        Ok(own) if own != region => Verdict::not_satisfied(
            format!("server access logging to `{target}` in {region}, while logs stay within {own}"),
            LOGGING_EXPECTED,
        ),
        Ok(_) => configured,
        Err(gap) => configured.noting(format!("whether the target is in the bucket's region could not be read: {gap}")),
    })
}

/// Judges the trails; one that is logging and records reads and writes of all objects is enough.
fn trailed(bucket: &Bucket, context: &Context<'_>) -> Judgement {
    let account = context.evidence.account()?;
    let trails = account.trails.seen()?.map_or(&[] as &[Trail], Vec::as_slice);
    let arn = bucket_arn(context);
    let parts: Vec<Judgement> = trails.iter().map(|trail| recorded_by(trail, &arn, bucket)).collect();
    if parts.is_empty() {
        return Ok(Verdict::not_satisfied("no trail covers this region", TRAIL_EXPECTED));
    }
    any(parts)
}

const TRAIL_EXPECTED: &str = "a trail that records reads and writes of all objects of the bucket";

fn bucket_arn(context: &Context<'_>) -> String {
    let subject = context.subject;
    subject.arn.clone().unwrap_or_else(|| format!("arn:{}:s3:::{}", context.evidence.run.partition, subject.id))
}

fn recorded_by(trail: &Trail, bucket_arn: &str, bucket: &Bucket) -> Judgement {
    let name = trail.name.required("DescribeTrails", "Name")?;
    let fails = |why: String| Ok(Verdict::not_satisfied(format!("trail `{name}` {why}"), TRAIL_EXPECTED));
    let status = trail.status.required("GetTrailStatus", "TrailStatus")?;
    match status.logging.required("GetTrailStatus", "IsLogging")? {
        Switch::On => {}
        Switch::Off => return fails("is not logging".into()),
    }
    if trail.multi_region.seen()? != Some(&Switch::On) {
        let home = trail.home_region.required("DescribeTrails", "HomeRegion")?;
        let own = bucket.location.required("GetBucketLocation", "LocationConstraint")?;
        if home != own {
            return fails(format!("covers {home} only, and the bucket is in {own}"));
        }
    }
    let selectors = trail.selectors.required("GetEventSelectors", "EventSelectors")?;
    match trail_covers(selectors, bucket_arn)? {
        Recording::Whole => {}
        Recording::Lacking(why) => return fails(why),
    }
    let met = Verdict::satisfied(format!("trail `{name}` records reads and writes of all objects"));
    Ok(match status.delivery_error.seen()? {
        Some(error) if !error.is_empty() => met.noting(format!("the trail's last delivery failed with {error}")),
        Some(_) | None => met,
    })
}

/// What a trail records of a bucket's objects.
#[derive(Debug, PartialEq, Eq)]
enum Recording {
    /// Reads and writes of all objects.
    Whole,
    /// Less, for this reason.
    Lacking(String),
}

/// What one selector records of a bucket's objects.
#[derive(Debug, PartialEq, Eq)]
enum Share {
    /// All objects.
    Whole(ReadWrite),
    /// A part of the events, for this reason.
    Part(String),
    /// Nothing.
    None,
}

/// Whether these selectors together record reads and writes of all objects of a bucket. A selector records what all its
/// fields match, and selectors add up; an absent list of events means reads and writes.
fn trail_covers(selectors: &Selectors, bucket_arn: &str) -> Result<Recording, Gap> {
    let objects = format!("{bucket_arn}/");
    let classic = selectors.classic.iter().map(|selector| classic_share(selector, &objects));
    let advanced = selectors.advanced.iter().map(|selector| advanced_share(selector, &objects));
    let (mut reads, mut writes, mut part, mut unread) = (false, false, None, None);
    for share in classic.chain(advanced) {
        match share {
            Ok(Share::Whole(which)) => {
                reads |= matches!(which, ReadWrite::All | ReadWrite::ReadOnly);
                writes |= matches!(which, ReadWrite::All | ReadWrite::WriteOnly);
            }
            Ok(Share::Part(why)) => part = part.or(Some(why)),
            Ok(Share::None) => {}
            Err(gap) => unread = unread.or(Some(gap)),
        }
    }
    if reads && writes {
        return Ok(Recording::Whole);
    }
    if let Some(gap) = unread {
        return Err(gap);
    }
    let why = match (reads, writes, part) {
        (true, _, _) => "records only reads of the objects".to_owned(),
        (_, true, _) => "records only writes of the objects".to_owned(),
        (false, false, Some(why)) => format!("records only a part of the objects' events ({why})"),
        (false, false, None) => "records no events of the objects".to_owned(),
    };
    Ok(Recording::Lacking(why))
}

/// A value of a classic selector is a prefix: `arn:aws:s3` stands for all buckets, the bucket's ARN with a slash for all
/// its objects, and anything longer for a part of them.
fn classic_share(selector: &ClassicSelector, objects: &str) -> Result<Share, Gap> {
    let values: Vec<&String> =
        selector.data.iter().filter(|(kind, _)| kind == "AWS::S3::Object").flat_map(|(_, values)| values).collect();
    if values.iter().any(|value| !value.is_empty() && objects.starts_with(value.as_str())) {
        return Ok(Share::Whole(selector.read_write.seen()?.copied().unwrap_or(ReadWrite::All)));
    }
    Ok(if values.iter().any(|value| value.starts_with(objects)) {
        Share::Part("a prefix of keys".into())
    } else {
        Share::None
    })
}

/// An advanced selector records the bucket's objects when it is for data events of S3 objects. Every further field
/// narrows it; a field that this version does not know is a gap.
fn advanced_share(selector: &AdvancedSelector, objects: &str) -> Result<Share, Gap> {
    // A selector of another category or type says nothing about objects, whatever else it tests.
    for (name, wanted) in [("eventCategory", "Data"), ("resources.type", "AWS::S3::Object")] {
        let mut tested = false;
        for field in selector.fields.iter().filter(|field| field.field == name) {
            only_equals(field)?;
            tested = true;
            if !field.equals.iter().any(|value| value == wanted) {
                return Ok(Share::None);
            }
        }
        if !tested {
            return Err(Gap::Incomplete { operation: "GetEventSelectors".into(), field: name.into() });
        }
    }
    let (mut which, mut part, mut unread) = (ReadWrite::All, None, None);
    for field in &selector.fields {
        match field.field.as_str() {
            "eventCategory" | "resources.type" => {}
            "resources.ARN" => match arn_share(field, objects) {
                Share::None => return Ok(Share::None),
                Share::Part(why) => part = Some(why),
                Share::Whole(_) => {}
            },
            "readOnly" => match read_only(field) {
                Ok(half) => which = half,
                Err(gap) => unread = Some(gap),
            },
            "eventSource" if is_s3_alone(field) => {}
            "eventName" | "eventSource" | "eventType" | "userIdentity.arn" | "sessionCredentialFromConsole" => {
                part = Some(format!("narrowed by {}", field.field));
            }
            other => unread = Some(unrecognised("AdvancedEventSelectors.FieldSelectors.Field", other)),
        }
    }
    match (part, unread) {
        // Fields are joined by AND, so that one that narrows decides whatever the others do.
        (Some(why), _) => Ok(Share::Part(why)),
        (None, Some(gap)) => Err(gap),
        (None, None) => Ok(Share::Whole(which)),
    }
}

fn unrecognised(field: &'static str, token: &str) -> Gap {
    Gap::Unrecognised { operation: "GetEventSelectors".into(), field: field.into(), token: token.into() }
}

/// Refuses operators that CloudTrail does not document for this field.
fn only_equals(field: &FieldSelector) -> Result<(), Gap> {
    let others =
        [&field.starts_with, &field.ends_with, &field.not_equals, &field.not_starts_with, &field.not_ends_with];
    if others.iter().all(|values| values.is_empty()) {
        Ok(())
    } else {
        Err(unrecognised("AdvancedEventSelectors.FieldSelectors", &format!("{} without Equals alone", field.field)))
    }
}

fn read_only(field: &FieldSelector) -> Result<ReadWrite, Gap> {
    only_equals(field)?;
    let says = |value: &str| field.equals.iter().any(|one| one.eq_ignore_ascii_case(value));
    match (says("true"), says("false")) {
        (true, true) => Ok(ReadWrite::All),
        (true, false) => Ok(ReadWrite::ReadOnly),
        (false, true) => Ok(ReadWrite::WriteOnly),
        (false, false) => Err(unrecognised("readOnly", &field.equals.join(", "))),
    }
}

fn is_s3_alone(field: &FieldSelector) -> bool {
    only_equals(field).is_ok() && field.equals.iter().any(|source| source == "s3.amazonaws.com")
}

/// What the field for ARNs leaves of the bucket's objects. `Equals` names single objects.
fn arn_share(field: &FieldSelector, objects: &str) -> Share {
    let under = |values: &[String]| values.iter().any(|value| value.starts_with(objects));
    let over = |values: &[String]| values.iter().any(|value| objects.starts_with(value.as_str()));
    let positive = !(field.equals.is_empty() && field.starts_with.is_empty() && field.ends_with.is_empty());
    let part = |why: &str| Share::Part(why.to_owned());
    if over(&field.not_starts_with) {
        return Share::None;
    }
    if under(&field.not_starts_with) || under(&field.not_equals) || !field.not_ends_with.is_empty() {
        return part("some objects are left out by resources.ARN");
    }
    if !positive || over(&field.starts_with) {
        return Share::Whole(ReadWrite::All);
    }
    if under(&field.equals) || under(&field.starts_with) || !field.ends_with.is_empty() {
        return part("some objects are named by resources.ARN");
    }
    Share::None
}

/// How long versions have to be kept, in days.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Retention {
    noncurrent_min_days: i32,
    min_current_days: i32,
}

/// No rule, or none in force that expires old versions, loses nothing early: the requirement cannot apply.
fn lifecycle(bucket: &Bucket, params: &Retention) -> Judgement {
    let rules = bucket.lifecycle.seen()?.map_or(&[] as &[LifecycleRule], Vec::as_slice);
    every(rules.iter().flat_map(|rule| expiring(rule, params)), || Ok(kept_for_ever(bucket)))
}

const KEPT: &str = "old versions are kept for ever";

/// Judges what one rule expires; a rule that is not in force expires nothing.
fn expiring(rule: &LifecycleRule, params: &Retention) -> Vec<Judgement> {
    match rule.status.required("GetBucketLifecycleConfiguration", "Rules.Status") {
        Ok(Switch::On) => {}
        Ok(Switch::Off) => return Vec::new(),
        Err(gap) => return vec![Err(gap)],
    }
    let mut parts = Vec::new();
    let of_rule = if rule.id.is_empty() { "a rule".to_owned() } else { format!("rule `{}`", rule.id) };
    let current =
        "the loss comes when the noncurrent versions expire in turn; the expiry itself only sets a delete marker";
    match rule.noncurrent_days.seen() {
        Ok(Some(&days)) => {
            let observed = format!("{of_rule} expires noncurrent versions after {days} days");
            let expected = format!("noncurrent versions kept for at least {} days", params.noncurrent_min_days);
            parts.push(Ok(if days >= params.noncurrent_min_days {
                Verdict::satisfied(observed)
            } else {
                Verdict::not_satisfied(observed, expected)
            }));
        }
        Ok(None) => {}
        Err(gap) => parts.push(Err(gap)),
    }
    match rule.expiration_days.seen() {
        Ok(Some(&days)) => {
            let observed = format!("{of_rule} expires current versions after {days} days");
            let expected = format!("current versions kept for at least {} days", params.min_current_days);
            parts.push(Ok(if days >= params.min_current_days {
                Verdict::not_applicable(observed).noting(KEPT)
            } else {
                Verdict::not_satisfied(observed, expected).noting(current)
            }));
        }
        Ok(None) => {}
        Err(gap) => parts.push(Err(gap)),
    }
    match rule.expiration_date.seen() {
        Ok(Some(date)) => parts.push(Ok(Verdict::not_satisfied(
            format!("{of_rule} expires current versions on {date}"),
            "no rule that expires current versions on a date",
        )
        .noting(current))),
        Ok(None) => {}
        Err(gap) => parts.push(Err(gap)),
    }
    parts
}

/// Says why no rule in force expires anything. MFA delete decides only the words.
fn kept_for_ever(bucket: &Bucket) -> Verdict {
    let mfa_delete = match bucket.versioning.seen() {
        Ok(Some(versioning)) => versioning.mfa_delete.seen(),
        Ok(None) => Ok(None),
        Err(gap) => Err(gap),
    };
    match mfa_delete {
        Ok(Some(MfaDelete::Enabled)) => {
            Verdict::not_applicable("MFA delete is on, and S3 does not support lifecycle rules beside it")
        }
        Ok(Some(MfaDelete::Disabled) | None) => {
            Verdict::not_applicable("no lifecycle rule in force expires anything").noting(KEPT)
        }
        Err(gap) => Verdict::not_applicable("no lifecycle rule in force expires anything")
            .noting(KEPT)
            .noting(format!("whether MFA delete is on could not be read: {gap}")),
    }
}

/// How many objects are looked at.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "u8")]
struct SampleSize(u8);

impl TryFrom<u8> for SampleSize {
    type Error = String;

    fn try_from(size: u8) -> Result<Self, Self::Error> {
        if size <= 20 { Ok(SampleSize(size)) } else { Err(format!("sample_objects is {size}; it may be 0 to 20")) }
    }
}

/// How many objects are looked at, and what makes their encryption acceptable.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sample {
    sample_objects: SampleSize,
    accept_kms: bool,
}

/// Sampling that is switched off and an empty bucket both leave nothing to judge. An object without an algorithm is not
/// encrypted.
fn sampled_objects(bucket: &Bucket, params: &Sample) -> Judgement {
    if params.sample_objects.0 == 0 {
        return Ok(Verdict::not_applicable("sampling of objects is off (sample_objects = 0)")
            .noting("objects stored since January 2023 are always encrypted; for older ones S3 Inventory lists the encryption of each without reading any"));
    }
    let objects = bucket.sampled_objects.seen()?.map_or(&[] as &[SampledObject], Vec::as_slice);
    let verdict = every(objects.iter().map(|object| encrypted(object, params)), || {
        Ok(Verdict::not_applicable("the bucket holds no objects"))
    })?;
    Ok(match verdict {
        Verdict::Satisfied { .. } => {
            Verdict::satisfied(format!("each of {} sampled objects is encrypted", objects.len()))
                .noting("a sample of a few objects among many")
        }
        Verdict::NotSatisfied { .. } | Verdict::NotApplicable { .. } => verdict,
    })
}

fn encrypted(object: &SampledObject, params: &Sample) -> Judgement {
    let hash = &object.key_hash;
    let expected = if params.accept_kms { "AES256, aws:kms or aws:kms:dsse" } else { "AES256" };
    let fails = |why: &str| Ok(Verdict::not_satisfied(format!("the object with key hash {hash} {why}"), expected));
    let customer_key = match object.customer_key.seen() {
        Ok(Some(Switch::On)) => return fails("is encrypted under a key of the client (SSE-C)"),
        Ok(Some(Switch::Off) | None) => Ok(()),
        Err(gap) => Err(gap),
    };
    match object.algorithm.seen()? {
        None => return fails("is not encrypted"),
        Some(SseAlgorithm::Aes256) => {}
        Some(SseAlgorithm::Kms | SseAlgorithm::KmsDsse) if params.accept_kms => {}
        Some(algorithm @ (SseAlgorithm::Kms | SseAlgorithm::KmsDsse)) => {
            return fails(&format!("is encrypted with {}", algorithm.name()));
        }
    }
    customer_key?;
    Ok(Verdict::satisfied(format!("the object with key hash {hash} is encrypted")))
}

/// How strict the recommendation is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Mode {
    /// A failure is shown and does not count; routes are not read.
    Advice,
    /// A failure counts, and every subnet of the function has to be served.
    Require,
}

/// How strict the recommendation is taken.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Recommendation {
    mode: Mode,
}

/// No VPC means that Lambda's own network reaches S3: the recommendation cannot apply and stays as advice.
fn vpc_endpoint(function: &Function, params: &Recommendation) -> Judgement {
    let configuration = function.configuration.required("GetFunctionConfiguration", "Configuration")?;
    settled(configuration)?;
    let vpc = match configuration.vpc.seen()? {
        Some(vpc) if !vpc.id.is_empty() => vpc,
        Some(_) | None => {
            return Ok(Verdict::not_applicable("the function is in no VPC")
                .noting("advice: where the function moves into a VPC, give that an endpoint for S3"));
        }
    };
    let endpoints = function.s3_endpoints.required("DescribeVpcEndpoints", "VpcEndpoints")?;
    let served = any_endpoint(endpoints, vpc, function, params);
    match params.mode {
        Mode::Require => served,
        Mode::Advice => served.map(|verdict| verdict.as_advice().noting("the routes of the subnets were not read")),
    }
}

/// The VPC may be about to change while the function is.
fn settled(configuration: &Configuration) -> Result<(), Gap> {
    if let Some(State::Pending) = configuration.state.seen()? {
        return Err(Gap::changing("the function's state is Pending"));
    }
    if let Some(LastUpdate::InProgress) = configuration.last_update.seen()? {
        return Err(Gap::changing("the function's last update is InProgress"));
    }
    Ok(())
}

/// An endpoint of S3 that is seen with its state, ready to be asked whether it serves the function.
fn any_endpoint(endpoints: &[VpcEndpoint], vpc: &Vpc, function: &Function, params: &Recommendation) -> Judgement {
    let expected = "an available endpoint for S3 in the function's VPC: a gateway with route tables, or an interface with private DNS";
    let none = || Verdict::not_satisfied(format!("{} has no endpoint for S3", vpc.id), expected);
    let parts: Vec<Judgement> =
        endpoints.iter().filter_map(|endpoint| endpoint_serves(endpoint, vpc, expected)).collect();
    let served = if parts.is_empty() { Ok(none()) } else { any(parts) };
    let by_interface = endpoints.iter().any(is_serving_interface);
    match (params.mode, &served) {
        (Mode::Require, Ok(Verdict::Satisfied { .. })) if !by_interface => routed(endpoints, vpc, function),
        (Mode::Require | Mode::Advice, _) => served,
    }
}

/// Whether the endpoint works; the API writes states in lower case and the documentation does not.
fn is_available(endpoint: &VpcEndpoint) -> Result<bool, Gap> {
    let state = endpoint.state.required("DescribeVpcEndpoints", "State")?;
    match state.to_ascii_lowercase().as_str() {
        "available" => Ok(true),
        "pending" | "deleting" => Err(Gap::changing(format!("endpoint {} is {state}", endpoint.id))),
        "pendingacceptance" | "deleted" | "rejected" | "failed" | "expired" => Ok(false),
        _ => Err(Gap::Unrecognised {
            operation: "DescribeVpcEndpoints".into(),
            field: "State".into(),
            token: state.clone(),
        }),
    }
}

fn is_serving_interface(endpoint: &VpcEndpoint) -> bool {
    matches!(endpoint.kind.seen(), Ok(Some(EndpointKind::Interface)))
        && matches!(endpoint.private_dns.seen(), Ok(Some(Switch::On)))
        && matches!(is_available(endpoint), Ok(true))
}

/// Judges one endpoint; `None` for a kind that does not serve S3's names. An interface endpoint that does not say has
/// no private DNS.
fn endpoint_serves(endpoint: &VpcEndpoint, vpc: &Vpc, expected: &str) -> Option<Judgement> {
    let id = &endpoint.id;
    let judge = || -> Judgement {
        let kind = *endpoint.kind.required("DescribeVpcEndpoints", "VpcEndpointType")?;
        let fails = |why: &str| Ok(Verdict::not_satisfied(format!("endpoint {id} in {} {why}", vpc.id), expected));
        if !is_available(endpoint)? {
            return fails("is not available");
        }
        match kind {
            EndpointKind::Gateway if endpoint.route_tables.is_empty() => fails("is in no route table"),
            EndpointKind::Gateway => {
                Ok(Verdict::satisfied(format!("gateway endpoint {id} for S3 is available in {}", vpc.id)))
            }
            EndpointKind::Interface => match endpoint.private_dns.seen()? {
                Some(Switch::On) => {
                    let observed =
                        format!("interface endpoint {id} for S3 with private DNS is available in {}", vpc.id);
                    Ok(Verdict::satisfied(observed))
                }
                Some(Switch::Off) | None => fails("has no private DNS"),
            },
            EndpointKind::Other => fails("does not serve S3's names"),
        }
    };
    match endpoint.kind.seen() {
        Ok(Some(EndpointKind::Other)) => None,
        Ok(Some(EndpointKind::Gateway | EndpointKind::Interface) | None) | Err(_) => Some(judge()),
    }
}

/// Judges each subnet of the function: a gateway endpoint has to be in the route table that serves it.
fn routed(endpoints: &[VpcEndpoint], vpc: &Vpc, function: &Function) -> Judgement {
    let tables = function.route_tables.required("DescribeRouteTables", "RouteTables")?;
    let led_to: Vec<&String> = endpoints
        .iter()
        .filter(|endpoint| {
            matches!(endpoint.kind.seen(), Ok(Some(EndpointKind::Gateway)))
                && matches!(is_available(endpoint), Ok(true))
        })
        .flat_map(|endpoint| &endpoint.route_tables)
        .collect();
    let expected = "a gateway endpoint for S3 in the route table of every subnet of the function";
    let parts = vpc.subnets.iter().map(|subnet| {
        let table = serving(subnet, tables).ok_or_else(|| {
            Gap::undecided(format!("no route table of subnet {subnet} was found, and no main one of {}", vpc.id))
        })?;
        Ok(if led_to.contains(&&table.id) {
            Verdict::satisfied(format!("the route table of subnet {subnet} leads to a gateway endpoint for S3"))
        } else {
            let observed = format!("route table {} of subnet {subnet} leads to no endpoint for S3", table.id);
            Verdict::not_satisfied(observed, expected)
        })
    });
    every(parts, || {
        Err(Gap::Incomplete { operation: "GetFunctionConfiguration".into(), field: "VpcConfig.SubnetIds".into() })
    })
}

/// The route table of a subnet: its own, or the VPC's main one where it has none.
fn serving<'a>(subnet: &str, tables: &'a [RouteTable]) -> Option<&'a RouteTable> {
    let own = tables.iter().find(|table| table.subnets.iter().any(|one| one == subnet));
    own.or_else(|| tables.iter().find(|table| table.main == Switch::On))
}
