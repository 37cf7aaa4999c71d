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

/// Says of a function that would pass that it is not there, or that nobody could tell.
fn there(verdict: Verdict, function: &Subject) -> Judgement {
    if matches!(verdict, Verdict::Satisfied { .. }) && function.existence.seen()? == Some(&Existence::Missing) {
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
        Err(gap) => return Err(naming_both_permissions(gap)),
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
    any(parts).map_err(naming_both_permissions)
}

/// Whoever is denied one of the two calls behind a rule lacks the other as a rule too.
fn naming_both_permissions(gap: Gap) -> Gap {
    if let Gap::Denied { operation, permission: _, or_else } = gap {
        let permission = "events:ListRuleNamesByTarget and events:DescribeRule".into();
        Gap::Denied { operation, permission, or_else }
    } else {
        gap
    }
}

/// Judges one rule. A part that the pattern leaves out matches everything; no pattern at all matches nothing.
fn matched(rule: &EventRule, function: &Subject, params: &EventNotification, context: &Context<'_>) -> Judgement {
    let name = &rule.name;
    let fails = |why: &str| {
        let expected = format!("an enabled rule for Object Created of this bucket that targets {}", function.id);
        Ok(Verdict::not_satisfied(format!("EventBridge rule `{name}` {why}"), expected))
    };
    if *rule.state.required("DescribeRule", "State")? == RuleState::Disabled {
        return fails("is disabled");
    }
    let Some(pattern) = rule.pattern.seen()? else {
        return fails("runs on a schedule and matches no events");
    };
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

/// Judges the endpoints of the VPC; one that works is enough, and where endpoints are required a gateway has to be on
/// every route.
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
            Gap::undecided(format!("no route table of subnet {subnet} was found, and no main one of {}; run again, and associate one if it stays", vpc.id))
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::cloudtrail::TrailStatus;
    use crate::evidence::Evidence;
    use crate::fixture::{
        ACCOUNT, denial, denied, evidence, failed, judge, judge_with, not_applicable, not_set, passed, requirement,
        seen, subject, undecided,
    };
    use crate::lambda::Package;
    use crate::subject::{Kind, Resource};
    use crate::verdict::Weight;

    const BUCKET: &str = "patient-data-bucket-pr1-123456789012";
    const FUNCTION_ARN: &str = "arn:aws:lambda:us-east-2:123456789012:function:patient-data-processor-pr1";
    const DENIED: &str = "GetThing was denied; the auditing role needs svc:GetThing";

    fn present<T>(value: T) -> Observed<T> {
        Observed::Present(value)
    }

    fn withheld<T>() -> Observed<T> {
        Observed::Unknown(denial())
    }

    fn block(switches: [Switch; 4]) -> PublicAccessBlock {
        let [acls, ignore, policy, restrict] = switches;
        PublicAccessBlock {
            block_public_acls: present(acls),
            ignore_public_acls: present(ignore),
            block_public_policy: present(policy),
            restrict_public_buckets: present(restrict),
        }
    }

    fn notification(events: &[&str]) -> FunctionNotification {
        FunctionNotification {
            function_arn: FUNCTION_ARN.into(),
            events: events.iter().map(|event| (*event).to_owned()).collect(),
            prefix: String::new(),
            suffix: String::new(),
        }
    }

    fn notifications(functions: Vec<FunctionNotification>) -> Notifications {
        Notifications { functions, event_bridge: Switch::Off, queues: Vec::new(), topics: Vec::new() }
    }

    fn rule(noncurrent_days: i32) -> LifecycleRule {
        LifecycleRule {
            id: "old".into(),
            status: present(Switch::On),
            noncurrent_days: present(noncurrent_days),
            expiration_days: Observed::Absent,
            expiration_date: Observed::Absent,
        }
    }

    fn object(algorithm: Seen<SseAlgorithm>) -> SampledObject {
        SampledObject { key_hash: "0123456789ab".into(), algorithm, customer_key: seen(Switch::Off) }
    }

    fn owner_grant() -> Grant {
        Grant { grantee: Grantee::CanonicalUser("owner".into()), permission: "FULL_CONTROL".into() }
    }

    /// A bucket that meets every requirement of this file but one: lifecycle rules and MFA delete exclude each other,
    /// and this one has MFA delete.
    fn bucket() -> Bucket {
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
            tags: seen(BTreeMap::new()),
            sampled_objects: seen(vec![object(seen(SseAlgorithm::Aes256))]),
            emptiness: seen(Emptiness::HoldsVersions),
        }
    }

    fn account() -> Account {
        Account {
            public_access_block: seen(block([Switch::On; 4])),
            trails: seen(Vec::new()),
            event_data_stores: not_set(),
        }
    }

    fn function_subject() -> Subject {
        let unread = Function::unknown(&Gap::undecided("not looked at here"));
        let mut subject = subject(Kind::Function, "patient-data-processor-pr1", Resource::Function(unread.into()));
        subject.arn = Some(FUNCTION_ARN.into());
        subject
    }

    fn with(bucket: Bucket, account: Account) -> Evidence {
        evidence(vec![
            subject(Kind::Account, ACCOUNT, Resource::Account(account.into())),
            subject(Kind::Bucket, BUCKET, Resource::Bucket(bucket.into())),
            function_subject(),
        ])
    }

    fn alone(bucket: Bucket) -> Evidence {
        with(bucket, account())
    }

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

    mod default_encryption {
        use super::*;

        const ID: &str = "s3-default-encryption-aes256";

        fn encrypted(algorithm: SseAlgorithm, kms_key: Observed<String>) -> Evidence {
            let mut bucket = bucket();
            let rule = EncryptionRule { algorithm: present(algorithm), kms_key, sse_c: SseC::Blocked };
            bucket.encryption = seen(vec![rule]);
            alone(bucket)
        }

        #[test]
        fn keys_that_s3_manages_are_what_is_asked() {
            assert_eq!(passed(judge(ID, &alone(bucket()))), "default encryption is AES256 (S3-managed keys)");
        }

        #[test]
        fn a_client_that_may_choose_its_own_key_is_a_remark() {
            let mut bucket = bucket();
            bucket.encryption = bucket.encryption.map(|mut rules| {
                rules[0].sse_c = SseC::Allowed;
                rules
            });
            assert_eq!(
                passed(judge(ID, &alone(bucket))),
                "default encryption is AES256 (S3-managed keys) | a client may still choose SSE-C, its own key: BlockedEncryptionTypes does not refuse it"
            );
        }

        #[test]
        fn kms_is_accepted_as_stronger_and_a_missing_key_is_the_aws_managed_one() {
            assert_eq!(
                passed(judge(ID, &encrypted(SseAlgorithm::Kms, Observed::Absent))),
                "default encryption is aws:kms under the AWS-managed key aws/s3 | this is stronger than the S3-managed keys that the client's text asks for"
            );
            let own = format!("arn:aws:kms:us-east-2:{ACCOUNT}:key/k");
            let text = passed(judge(ID, &encrypted(SseAlgorithm::KmsDsse, present(own))));
            assert!(text.starts_with("default encryption is aws:kms:dsse under key arn:aws:kms"), "{text}");
            let text = passed(judge(ID, &encrypted(SseAlgorithm::Kms, present("alias/k".into()))));
            assert!(text.starts_with("default encryption is aws:kms under key alias/k"), "{text}");
        }

        #[test]
        fn kms_fails_where_the_text_is_read_literally() {
            let kms = encrypted(SseAlgorithm::Kms, withheld());
            assert_eq!(failed(judge_with(ID, "accept_kms = false", &kms)), "default encryption is aws:kms");
        }

        #[test]
        fn a_key_of_another_account_fails() {
            let foreign = present("arn:aws:kms:us-east-2:210987654321:key/k".into());
            assert_eq!(
                failed(judge(ID, &encrypted(SseAlgorithm::Kms, foreign))),
                "default encryption is aws:kms under a key of account 210987654321"
            );
        }

        #[test]
        fn a_key_that_could_not_be_read_is_an_error() {
            assert_eq!(undecided(judge(ID, &encrypted(SseAlgorithm::Kms, withheld()))), DENIED);
        }

        #[test]
        fn no_encryption_and_an_empty_rule_fail() {
            let mut bucket = bucket();
            bucket.encryption = not_set();
            assert_eq!(failed(judge(ID, &alone(bucket.clone()))), "no default encryption is configured");
            bucket.encryption = seen(vec![EncryptionRule {
                algorithm: Observed::Absent,
                kms_key: Observed::Absent,
                sse_c: SseC::Blocked,
            }]);
            assert_eq!(failed(judge(ID, &alone(bucket))), "the encryption rule names no default algorithm");
        }

        #[test]
        fn an_unknown_algorithm_and_a_denied_call_are_errors() {
            let mut bucket = bucket();
            bucket.encryption = bucket.encryption.map(|mut rules| {
                rules[0].algorithm = Observed::Unknown(Gap::Unrecognised {
                    operation: "GetBucketEncryption".into(),
                    field: "SSEAlgorithm".into(),
                    token: "aws:fsx".into(),
                });
                rules
            });
            assert_eq!(
                undecided(judge(ID, &alone(bucket.clone()))),
                "GetBucketEncryption answered `aws:fsx` in SSEAlgorithm, which this version of tap-audit does not know; update tap-audit"
            );
            bucket.encryption = denied();
            assert_eq!(undecided(judge(ID, &alone(bucket))), DENIED);
        }
    }

    mod versions {
        use super::*;

        const VERSIONING: &str = "s3-versioning-enabled";
        const MFA: &str = "s3-mfa-delete-enabled";

        fn versioned(status: Observed<VersioningStatus>, mfa_delete: Observed<MfaDelete>) -> Bucket {
            let mut bucket = bucket();
            bucket.versioning = seen(Versioning { status, mfa_delete });
            bucket
        }

        #[test]
        fn only_enabled_versioning_passes() {
            assert_eq!(passed(judge(VERSIONING, &alone(bucket()))), "versioning is Enabled");
            let suspended = versioned(present(VersioningStatus::Suspended), Observed::Absent);
            assert_eq!(
                failed(judge(VERSIONING, &alone(suspended))),
                "versioning is Suspended | versions made before stay, and new uploads overwrite"
            );
            let never = versioned(Observed::Absent, Observed::Absent);
            assert_eq!(failed(judge(VERSIONING, &alone(never))), "versioning was never enabled");
            let mut empty = bucket();
            empty.versioning = not_set();
            assert_eq!(failed(judge(VERSIONING, &alone(empty))), "versioning was never enabled");
        }

        #[test]
        fn a_denied_call_and_an_unknown_state_are_errors() {
            let mut bucket = bucket();
            bucket.versioning = denied();
            assert_eq!(undecided(judge(VERSIONING, &alone(bucket.clone()))), DENIED);
            assert_eq!(undecided(judge(MFA, &alone(bucket))), DENIED);
            let unknown = versioned(withheld(), present(MfaDelete::Enabled));
            assert_eq!(undecided(judge(VERSIONING, &alone(unknown.clone()))), DENIED);
            assert_eq!(undecided(judge(MFA, &alone(unknown))), DENIED);
        }

        #[test]
        fn mfa_delete_passes_beside_enabled_versioning_only() {
            assert_eq!(passed(judge(MFA, &alone(bucket()))), "versioning is Enabled; MFA delete is Enabled");
            let suspended = versioned(present(VersioningStatus::Suspended), present(MfaDelete::Enabled));
            let text = failed(judge(MFA, &alone(suspended)));
            assert!(text.starts_with("versioning is Suspended |"), "{text}");
        }

        #[test]
        fn mfa_delete_that_is_off_or_left_out_fails() {
            let off = versioned(present(VersioningStatus::Enabled), present(MfaDelete::Disabled));
            assert_eq!(failed(judge(MFA, &alone(off))), "MFA delete is Disabled");
            let absent = versioned(present(VersioningStatus::Enabled), Observed::Absent);
            assert_eq!(failed(judge(MFA, &alone(absent))), "MFA delete was never configured");
        }

        #[test]
        fn an_unreadable_state_does_not_hide_mfa_delete_that_is_off() {
            let off = versioned(withheld(), present(MfaDelete::Disabled));
            assert_eq!(
                failed(judge(MFA, &alone(off))),
                format!("MFA delete is Disabled | not all was readable: {DENIED}")
            );
        }

        #[test]
        fn lifecycle_rules_have_to_go_before_mfa_delete() {
            let mut bucket = versioned(present(VersioningStatus::Enabled), Observed::Absent);
            bucket.lifecycle = seen(vec![rule(90)]);
            assert_eq!(
                failed(judge(MFA, &alone(bucket.clone()))),
                "MFA delete was never configured | remove the lifecycle rules first: S3 does not support them beside MFA delete"
            );
            bucket.lifecycle = denied();
            assert_eq!(
                failed(judge(MFA, &alone(bucket))),
                format!(
                    "MFA delete was never configured | whether lifecycle rules have to be removed first could not be read: {DENIED}"
                )
            );
        }
    }

    mod public_access {
        use super::*;

        const BUCKET_BLOCK: &str = "s3-public-access-block-bucket";
        const ACCOUNT_BLOCK: &str = "s3-public-access-block-account";
        const LITERAL: &str = "accept_account_level = false";

        fn levels(bucket_block: Seen<PublicAccessBlock>, account_block: Seen<PublicAccessBlock>) -> Evidence {
            let (mut bucket, mut account) = (bucket(), account());
            bucket.public_access_block = bucket_block;
            account.public_access_block = account_block;
            with(bucket, account)
        }

        fn three() -> PublicAccessBlock {
            block([Switch::On, Switch::On, Switch::Off, Switch::On])
        }

        #[test]
        fn four_switches_on_the_bucket_pass_without_the_account() {
            let evidence = levels(seen(block([Switch::On; 4])), denied());
            assert_eq!(passed(judge(BUCKET_BLOCK, &evidence)), "all four switches are on for the bucket");
        }

        #[test]
        fn each_switch_counts_separately() {
            for off in 0..4 {
                let mut switches = [Switch::On; 4];
                switches[off] = Switch::Off;
                let evidence = levels(seen(block(switches)), not_set());
                let text = failed(judge(BUCKET_BLOCK, &evidence));
                assert!(text.ends_with("is off for the bucket and for the account"), "{text}");
            }
        }

        #[test]
        fn the_account_fills_in_for_the_bucket_where_that_is_accepted() {
            let evidence = levels(seen(three()), seen(block([Switch::Off, Switch::Off, Switch::On, Switch::Off])));
            assert_eq!(
                passed(judge(BUCKET_BLOCK, &evidence)),
                "BlockPublicAcls is on for the bucket; IgnorePublicAcls is on for the bucket; BlockPublicPolicy is on for the account; RestrictPublicBuckets is on for the bucket"
            );
            assert_eq!(failed(judge_with(BUCKET_BLOCK, LITERAL, &evidence)), "BlockPublicPolicy is off for the bucket");
        }

        #[test]
        fn no_block_on_the_bucket_is_made_up_for_by_the_account_only() {
            let text = passed(judge(BUCKET_BLOCK, &levels(not_set(), seen(block([Switch::On; 4])))));
            assert!(text.ends_with("| the bucket has no public access block of its own"), "{text}");
            let text = failed(judge(BUCKET_BLOCK, &levels(not_set(), not_set())));
            assert!(text.starts_with("BlockPublicAcls is off for the bucket and for the account;"), "{text}");
            let text = failed(judge_with(BUCKET_BLOCK, LITERAL, &levels(not_set(), denied())));
            assert!(text.starts_with("BlockPublicAcls is off for the bucket;"), "{text}");
        }

        #[test]
        fn an_unreadable_account_leaves_an_incomplete_bucket_undecided() {
            assert_eq!(undecided(judge(BUCKET_BLOCK, &levels(seen(three()), denied()))), DENIED);
        }

        #[test]
        fn the_account_never_stands_in_for_a_bucket_that_could_not_be_read() {
            assert_eq!(undecided(judge(BUCKET_BLOCK, &levels(denied(), seen(block([Switch::On; 4]))))), DENIED);
        }

        #[test]
        fn a_switch_that_is_left_out_is_off_and_one_that_is_unreadable_is_not() {
            let mut partly = block([Switch::On; 4]);
            partly.block_public_policy = Observed::Absent;
            let evidence = levels(seen(partly.clone()), not_set());
            assert_eq!(
                failed(judge(BUCKET_BLOCK, &evidence)),
                "BlockPublicPolicy is off for the bucket and for the account"
            );
            partly.block_public_policy = withheld();
            assert_eq!(undecided(judge(BUCKET_BLOCK, &levels(seen(partly), not_set()))), DENIED);
        }

        #[test]
        fn a_switch_that_is_off_decides_beside_an_unreadable_one() {
            let mut partly = three();
            partly.ignore_public_acls = withheld();
            let text = failed(judge(BUCKET_BLOCK, &levels(seen(partly), not_set())));
            assert_eq!(
                text,
                format!("BlockPublicPolicy is off for the bucket and for the account | not all was readable: {DENIED}")
            );
        }

        #[test]
        fn the_account_needs_all_four_switches_of_its_own() {
            let all = levels(not_set(), seen(block([Switch::On; 4])));
            assert_eq!(passed(judge(ACCOUNT_BLOCK, &all)), "all four switches are on for the account");
            let evidence = levels(not_set(), seen(three()));
            assert_eq!(failed(judge(ACCOUNT_BLOCK, &evidence)), "BlockPublicPolicy is off for the account");
            let evidence = levels(not_set(), not_set());
            assert_eq!(failed(judge(ACCOUNT_BLOCK, &evidence)), "the account has no public access block");
        }

        #[test]
        fn a_denied_account_is_an_error_and_not_a_failure() {
            assert_eq!(undecided(judge(ACCOUNT_BLOCK, &levels(not_set(), denied()))), DENIED);
            let mut partly = block([Switch::On; 4]);
            partly.ignore_public_acls = withheld();
            assert_eq!(undecided(judge(ACCOUNT_BLOCK, &levels(not_set(), seen(partly)))), DENIED);
        }

        #[test]
        fn a_shared_account_is_left_out_on_demand() {
            let evidence = levels(not_set(), not_set());
            assert_eq!(
                not_applicable(judge_with(ACCOUNT_BLOCK, "enabled = false", &evidence)),
                "the settings say that this account also serves public sites (enabled = false)"
            );
        }
    }

    mod grants {
        use super::*;

        const ID: &str = "s3-acl-not-public";
        const IN_FORCE: &str = "access control lists are in force, and those of single objects are not read";

        fn granting(grantee: Grantee) -> Bucket {
            let mut bucket = bucket();
            bucket.ownership = not_set();
            bucket.public_access_block = seen(block([Switch::Off; 4]));
            bucket.acl = seen(Acl {
                owner: present("owner".into()),
                grants: vec![owner_grant(), Grant { grantee, permission: "READ".into() }],
            });
            bucket
        }

        fn group(name: &str) -> Bucket {
            granting(Grantee::Group(format!("http://acs.amazonaws.com/groups/{name}")))
        }

        fn open() -> Account {
            Account { public_access_block: not_set(), ..account() }
        }

        #[test]
        fn switched_off_lists_pass_unread() {
            let mut bucket = bucket();
            bucket.acl = denied();
            assert_eq!(
                passed(judge(ID, &alone(bucket))),
                "access control lists are switched off (BucketOwnerEnforced)"
            );
        }

        #[test]
        fn the_owner_alone_passes_with_a_word_on_objects() {
            for ownership in
                [not_set(), seen(ObjectOwnership::BucketOwnerPreferred), seen(ObjectOwnership::ObjectWriter)]
            {
                let mut bucket = bucket();
                bucket.ownership = ownership;
                assert_eq!(
                    passed(judge(ID, &with(bucket, open()))),
                    format!("the access control list grants nothing to public groups or foreign accounts | {IN_FORCE}")
                );
            }
        }

        #[test]
        fn the_groups_of_everyone_and_of_every_account_fail() {
            assert_eq!(
                failed(judge(ID, &with(group("global/AllUsers"), open()))),
                format!("READ is granted to everyone (AllUsers) | {IN_FORCE}")
            );
            assert_eq!(
                failed(judge(ID, &with(group("global/AuthenticatedUsers"), open()))),
                format!("READ is granted to every AWS account (AuthenticatedUsers) | {IN_FORCE}")
            );
        }

        #[test]
        fn a_group_is_dormant_while_public_lists_are_disregarded() {
            let mut ignoring = group("global/AllUsers");
            ignoring.public_access_block = seen(block([Switch::Off, Switch::On, Switch::Off, Switch::Off]));
            let text = passed(judge(ID, &with(ignoring, open())));
            assert_eq!(
                text,
                format!(
                    "READ is granted to everyone (AllUsers) and has no effect | the grant is dormant while IgnorePublicAcls is on for the bucket; {IN_FORCE}"
                )
            );
            let text = passed(judge(ID, &with(group("global/AllUsers"), account())));
            assert!(text.contains("IgnorePublicAcls is on for the account"), "{text}");
        }

        #[test]
        fn a_group_is_undecided_while_the_block_is_unreadable() {
            let unread = Account { public_access_block: denied(), ..account() };
            assert_eq!(undecided(judge(ID, &with(group("global/AllUsers"), unread))), DENIED);
            let mut bucket = group("global/AllUsers");
            bucket.public_access_block = denied();
            assert_eq!(undecided(judge(ID, &with(bucket, open()))), DENIED);
        }

        #[test]
        fn the_log_delivery_group_is_fine_and_an_unknown_one_is_an_error() {
            passed(judge(ID, &with(group("s3/LogDelivery"), open())));
            let text = undecided(judge(ID, &with(group("global/Newer"), open())));
            assert!(text.starts_with("GetBucketAcl answered `http://acs.amazonaws.com/groups/global/Newer`"), "{text}");
        }

        #[test]
        fn a_foreign_user_fails_even_beside_a_block_unless_it_is_trusted() {
            let evidence = alone(granting(Grantee::CanonicalUser("other".into())));
            assert_eq!(
                failed(judge(ID, &evidence)),
                format!("READ is granted to the foreign canonical user other | {IN_FORCE}")
            );
            passed(judge_with(ID, "trusted_accounts = ['other']", &evidence));
        }

        #[test]
        fn a_grantee_that_cannot_be_compared_is_an_error() {
            let text = undecided(judge(ID, &alone(granting(Grantee::Email))));
            assert!(text.starts_with("READ is granted to an account by e-mail address"), "{text}");
            let mut ownerless = granting(Grantee::CanonicalUser("other".into()));
            ownerless.acl = ownerless.acl.map(|acl| Acl { owner: Observed::Absent, ..acl });
            assert_eq!(
                undecided(judge(ID, &alone(ownerless))),
                "GetBucketAcl answered without Owner.ID, which AWS always sends; run again, and check the endpoint if it stays"
            );
        }

        #[test]
        fn a_denied_list_is_an_error_while_lists_may_be_in_force() {
            for ownership in [not_set(), denied()] {
                let mut bucket = bucket();
                bucket.ownership = ownership;
                bucket.acl = denied();
                assert_eq!(undecided(judge(ID, &alone(bucket))), DENIED);
            }
        }

        #[test]
        fn a_harmless_list_passes_even_where_ownership_is_unreadable() {
            let mut bucket = bucket();
            bucket.ownership = denied();
            let text = passed(judge(ID, &alone(bucket)));
            assert!(
                text.ends_with(&format!("| whether access control lists are in force could not be read: {DENIED}"))
            );
        }
    }

    mod events {
        use super::*;

        const ID: &str = "s3-event-notification-lambda";

        fn notifying(functions: Vec<FunctionNotification>) -> Bucket {
            let mut bucket = bucket();
            bucket.notifications = seen(notifications(functions));
            bucket
        }

        fn bridging(rules: Seen<Vec<EventRule>>) -> Bucket {
            let mut bucket = bucket();
            bucket.notifications = seen(Notifications { event_bridge: Switch::On, ..notifications(Vec::new()) });
            bucket.event_rules = rules;
            bucket
        }

        fn pattern() -> EventPattern {
            EventPattern {
                sources: vec!["aws.s3".into()],
                detail_types: vec!["Object Created".into()],
                buckets: vec![BUCKET.into()],
                key_filter: None,
                narrowed: None,
            }
        }

        fn event_rule(pattern: EventPattern) -> EventRule {
            EventRule {
                name: "created".into(),
                function_arn: FUNCTION_ARN.into(),
                state: present(RuleState::Enabled),
                pattern: present(pattern),
            }
        }

        #[test]
        fn every_new_object_has_to_invoke_the_function() {
            assert_eq!(passed(judge(ID, &alone(bucket()))), "every new object invokes patient-data-processor-pr1");
            passed(judge(ID, &alone(notifying(vec![notification(&WAYS_TO_CREATE)]))));
            let shared = vec![notification(&WAYS_TO_CREATE[..2]), notification(&WAYS_TO_CREATE[2..])];
            passed(judge(ID, &alone(notifying(shared))));
        }

        #[test]
        fn a_part_of_the_ways_to_create_fails() {
            let three = notifying(vec![notification(&WAYS_TO_CREATE[..3])]);
            assert_eq!(
                failed(judge(ID, &alone(three))),
                "only s3:ObjectCreated:Put, s3:ObjectCreated:Post, s3:ObjectCreated:Copy invokes patient-data-processor-pr1 | the other ways to create an object, such as a multipart upload, do not invoke it"
            );
            let removed = notifying(vec![notification(&["s3:ObjectRemoved:*"])]);
            assert_eq!(
                failed(judge(ID, &alone(removed))),
                "only s3:ObjectRemoved:* invokes patient-data-processor-pr1"
            );
        }

        #[test]
        fn no_notification_fails_with_a_hint_at_queues_and_topics() {
            let none = "no notification invokes a function";
            assert_eq!(failed(judge(ID, &alone(notifying(Vec::new())))), none);
            let mut bucket = bucket();
            bucket.notifications = not_set();
            assert_eq!(failed(judge(ID, &alone(bucket.clone()))), none);
            bucket.notifications =
                seen(Notifications { queues: vec!["arn:aws:sqs:q".into()], ..notifications(Vec::new()) });
            assert_eq!(
                failed(judge(ID, &alone(bucket))),
                format!(
                    "{none} | the bucket notifies a queue or a topic, which may call the function in turn; that is not followed"
                )
            );
        }

        #[test]
        fn another_function_of_that_name_or_place_fails() {
            for arn in [
                "arn:aws:lambda:us-east-2:123456789012:function:other",
                "arn:aws:lambda:us-east-2:210987654321:function:patient-data-processor-pr1",
                "arn:aws:lambda:us-east-1:123456789012:function:patient-data-processor-pr1",
            ] {
                let mut entry = notification(&[CREATED]);
                entry.function_arn = arn.into();
                let text = failed(judge(ID, &alone(notifying(vec![entry]))));
                assert!(text.starts_with("notifications invoke another function only"), "{text}");
            }
        }

        #[test]
        fn an_alias_of_the_function_passes_with_a_remark() {
            let mut entry = notification(&[CREATED]);
            entry.function_arn = format!("{FUNCTION_ARN}:live");
            assert_eq!(
                passed(judge(ID, &alone(notifying(vec![entry])))),
                "every new object invokes patient-data-processor-pr1 | the notification names version or alias `live`"
            );
        }

        #[test]
        fn a_filter_fails_unless_filters_are_accepted() {
            let mut entry = notification(&[CREATED]);
            entry.suffix = ".json".into();
            let filtered = alone(notifying(vec![entry]));
            let text = "new objects invoke patient-data-processor-pr1 only for keys with prefix `` and suffix `.json`";
            assert_eq!(failed(judge(ID, &filtered)), text);
            assert_eq!(
                passed(judge_with(ID, "allow_filters = true", &filtered)),
                format!("{text} | the settings accept filters")
            );
        }

        #[test]
        fn a_function_arn_that_cannot_be_read_is_an_error() {
            let mut entry = notification(&[CREATED]);
            entry.function_arn = "patient-data-processor-pr1".into();
            assert_eq!(
                undecided(judge(ID, &alone(notifying(vec![entry])))),
                "the answer of GetBucketNotificationConfiguration could not be read: `patient-data-processor-pr1` is not the ARN of a function"
            );
        }

        #[test]
        fn without_a_known_function_entries_cannot_be_judged() {
            let only = |bucket: Bucket| evidence(vec![subject(Kind::Bucket, BUCKET, Resource::Bucket(bucket.into()))]);
            let text = undecided(judge(ID, &only(bucket())));
            assert!(text.starts_with("no AWS::Lambda::Function was found in the outputs"), "{text}");
            undecided(judge(ID, &only(bridging(seen(Vec::new())))));
            assert_eq!(failed(judge(ID, &only(notifying(Vec::new())))), "no notification invokes a function");
            let mut supporting = alone(bucket());
            supporting.subjects[2].role = Role::Supporting;
            undecided(judge(ID, &supporting));
        }

        #[test]
        fn a_function_that_is_gone_is_an_error_and_not_a_pass() {
            let mut evidence = alone(bucket());
            evidence.subjects[2].existence = seen(Existence::Missing);
            assert_eq!(
                undecided(judge(ID, &evidence)),
                "depends on stack-outputs-resolve-live: AWS::Lambda::Function `patient-data-processor-pr1` does not exist"
            );
        }

        #[test]
        fn a_function_without_an_arn_is_known_by_name_and_account() {
            let mut evidence = alone(bucket());
            evidence.subjects[2].arn = None;
            passed(judge(ID, &evidence));
            evidence.run.account = "210987654321".into();
            failed(judge(ID, &evidence));
        }

        #[test]
        fn a_rule_of_eventbridge_passes_where_it_is_accepted() {
            let bridged = alone(bridging(seen(vec![event_rule(pattern())])));
            assert_eq!(
                passed(judge(ID, &bridged)),
                "every new object invokes patient-data-processor-pr1 through EventBridge rule `created` | no notification invokes a function"
            );
            assert_eq!(
                failed(judge_with(ID, "accept_eventbridge = false", &bridged)),
                "no notification invokes a function | the bucket sends events to EventBridge, which the settings do not accept"
            );
        }

        #[test]
        fn a_rule_that_misses_objects_fails() {
            let broken = |change: fn(&mut EventRule, EventPattern)| {
                let mut rule = event_rule(pattern());
                change(&mut rule, pattern());
                failed(judge(ID, &alone(bridging(seen(vec![rule])))))
            };
            let lead = "no notification invokes a function; EventBridge rule `created`";
            let disabled = broken(|rule, _| rule.state = Observed::Present(RuleState::Disabled));
            assert_eq!(disabled, format!("{lead} is disabled"));
            let scheduled = broken(|rule, _| rule.pattern = Observed::Absent);
            assert_eq!(scheduled, format!("{lead} runs on a schedule and matches no events"));
            let others = broken(|rule, pattern| {
                rule.pattern = present(EventPattern { buckets: vec!["other".into()], ..pattern });
            });
            assert_eq!(others, format!("{lead} matches other buckets only"));
            let deleted = broken(|rule, pattern| {
                rule.pattern = present(EventPattern { detail_types: vec!["Object Deleted".into()], ..pattern });
            });
            assert_eq!(deleted, format!("{lead} does not match Object Created of aws.s3"));
            let narrowed = broken(|rule, pattern| {
                rule.pattern = present(EventPattern { narrowed: Some("detail.reason".into()), ..pattern });
            });
            assert_eq!(narrowed, format!("{lead} matches only a part of the events, by detail.reason"));
        }

        #[test]
        fn a_filter_on_keys_in_a_rule_is_treated_like_one_in_a_notification() {
            let filter = EventPattern { key_filter: Some("a suffix".into()), ..pattern() };
            let filtered = alone(bridging(seen(vec![event_rule(filter)])));
            let text = failed(judge(ID, &filtered));
            assert!(text.ends_with("EventBridge rule `created` matches only keys by a suffix"), "{text}");
            let text = passed(judge_with(ID, "allow_filters = true", &filtered));
            assert!(text.contains("| only for keys that match a suffix"), "{text}");
        }

        #[test]
        fn unreadable_rules_are_an_error_that_names_both_permissions() {
            let both =
                "GetThing was denied; the auditing role needs events:ListRuleNamesByTarget and events:DescribeRule";
            assert_eq!(undecided(judge(ID, &alone(bridging(denied())))), both);
            let mut rule = event_rule(pattern());
            rule.pattern = withheld();
            assert_eq!(undecided(judge(ID, &alone(bridging(seen(vec![rule.clone()]))))), both);
            rule.state = withheld();
            assert_eq!(undecided(judge(ID, &alone(bridging(seen(vec![rule]))))), both);
        }

        #[test]
        fn no_rule_and_no_entry_fail_together() {
            let text = failed(judge(ID, &alone(bridging(seen(Vec::new())))));
            assert_eq!(text, "no notification invokes a function; no rule of EventBridge targets the function");
        }
    }

    mod logs {
        use super::*;

        const ID: &str = "s3-access-logging-enabled";
        const TO_LOGS: &str = "server access logging to `logs` is configured | whether the target's policy lets the log service write does not show here";

        fn logging(target: &str, target_location: Seen<String>) -> Bucket {
            let mut bucket = bucket();
            bucket.logging =
                seen(Logging { target_bucket: target.into(), target_prefix: String::new(), target_location });
            bucket
        }

        fn off() -> Bucket {
            Bucket { logging: not_set(), ..bucket() }
        }

        fn selecting(selectors: Selectors) -> Trail {
            Trail {
                name: present("trail".into()),
                arn: present("arn:aws:cloudtrail:us-east-2:123456789012:trail/trail".into()),
                home_region: present("us-east-2".into()),
                multi_region: present(Switch::Off),
                global_services: present(Switch::Off),
                organization: present(Switch::Off),
                validation: present(Switch::On),
                kms_key: Observed::Absent,
                bucket: present("trails".into()),
                status: seen(TrailStatus {
                    logging: present(Switch::On),
                    delivery_error: Observed::Absent,
                    delivered_at: Observed::Absent,
                }),
                selectors: seen(selectors),
            }
        }

        fn classic(read_write: Observed<ReadWrite>, value: &str) -> ClassicSelector {
            ClassicSelector {
                read_write,
                management: Observed::Absent,
                excluded_sources: Vec::new(),
                data: vec![("AWS::S3::Object".into(), vec![value.into()])],
            }
        }

        fn field(name: &str, equals: &[&str]) -> FieldSelector {
            FieldSelector {
                field: name.into(),
                equals: equals.iter().map(|value| (*value).to_owned()).collect(),
                starts_with: Vec::new(),
                ends_with: Vec::new(),
                not_equals: Vec::new(),
                not_starts_with: Vec::new(),
                not_ends_with: Vec::new(),
            }
        }

        fn advanced(more: Vec<FieldSelector>) -> AdvancedSelector {
            let mut fields = vec![field("eventCategory", &["Data"]), field("resources.type", &["AWS::S3::Object"])];
            fields.extend(more);
            AdvancedSelector { name: String::new(), fields }
        }

        fn of_classic(classic: Vec<ClassicSelector>) -> Selectors {
            Selectors { classic, advanced: Vec::new() }
        }

        fn of_advanced(advanced: Vec<AdvancedSelector>) -> Selectors {
            Selectors { classic: Vec::new(), advanced }
        }

        fn trails(bucket: Bucket, trails: Vec<Trail>) -> Evidence {
            with(bucket, Account { trails: seen(trails), ..account() })
        }

        fn arn() -> String {
            format!("arn:aws:s3:::{BUCKET}")
        }

        fn whole() -> Selectors {
            of_classic(vec![classic(Observed::Absent, &format!("{}/", arn()))])
        }

        #[test]
        fn logging_to_another_bucket_passes() {
            assert_eq!(passed(judge(ID, &alone(bucket()))), TO_LOGS);
        }

        #[test]
        fn logging_to_itself_or_nowhere_fails() {
            let expected = "; no trail covers this region";
            let itself = logging(BUCKET, seen("us-east-2".into()));
            assert_eq!(
                failed(judge(ID, &alone(itself))),
                format!("server access logging writes to the bucket itself{expected}")
            );
            let gone = Gap::Missing { operation: "GetBucketLocation".into(), code: "NoSuchBucket".into() };
            assert_eq!(
                failed(judge(ID, &alone(logging("logs", Seen::gap(gone))))),
                format!("server access logging to `logs`, which does not exist{expected}")
            );
            assert_eq!(
                failed(judge(ID, &alone(logging("logs", seen("eu-west-1".into()))))),
                format!("server access logging to `logs` in eu-west-1, while logs stay within us-east-2{expected}")
            );
            assert_eq!(failed(judge(ID, &alone(off()))), format!("server access logging is off{expected}"));
        }

        #[test]
        fn a_target_that_may_not_be_looked_at_is_a_remark_and_one_without_an_answer_an_error() {
            let text = passed(judge(ID, &alone(logging("logs", denied()))));
            assert_eq!(text, format!("{TO_LOGS}; the target could not be looked at: {DENIED}"));
            let slow = Gap::TimedOut { operation: "GetBucketLocation".into(), milliseconds: 1000 };
            let text = undecided(judge(ID, &alone(logging("logs", Seen::gap(slow)))));
            assert!(text.starts_with("GetBucketLocation gave no answer within 1.0 s"), "{text}");
        }

        #[test]
        fn a_trail_that_records_everything_passes_in_place_of_logging() {
            let evidence = trails(off(), vec![selecting(whole())]);
            assert_eq!(
                passed(judge(ID, &evidence)),
                "trail `trail` records reads and writes of all objects | server access logging is off"
            );
            assert_eq!(failed(judge_with(ID, "accept_cloudtrail = false", &evidence)), "server access logging is off");
            let text = passed(judge(ID, &trails(Bucket { logging: denied(), ..bucket() }, vec![selecting(whole())])));
            assert!(text.ends_with(DENIED), "{text}");
        }

        #[test]
        fn a_trail_that_is_not_logging_or_is_elsewhere_does_not_count() {
            let mut trail = selecting(whole());
            trail.status = trail.status.map(|status| TrailStatus { logging: present(Switch::Off), ..status });
            assert_eq!(
                failed(judge(ID, &trails(off(), vec![trail]))),
                "server access logging is off; trail `trail` is not logging"
            );
            let mut trail = selecting(whole());
            trail.home_region = present("us-east-1".into());
            assert_eq!(
                failed(judge(ID, &trails(off(), vec![trail.clone()]))),
                "server access logging is off; trail `trail` covers us-east-1 only, and the bucket is in us-east-2"
            );
            trail.multi_region = present(Switch::On);
            passed(judge(ID, &trails(off(), vec![trail])));
        }

        #[test]
        fn unreadable_trails_leave_a_bucket_without_logging_undecided() {
            let unread = with(off(), Account { trails: denied(), ..account() });
            assert_eq!(undecided(judge(ID, &unread)), DENIED);
            let mut trail = selecting(whole());
            trail.selectors = denied();
            assert_eq!(undecided(judge(ID, &trails(off(), vec![trail.clone()]))), DENIED);
            passed(judge(ID, &trails(off(), vec![trail.clone(), selecting(whole())])));
            passed(judge(ID, &trails(bucket(), vec![trail])));
            let unlogged = Bucket { logging: denied(), ..bucket() };
            assert_eq!(undecided(judge(ID, &trails(unlogged, Vec::new()))), DENIED);
        }

        fn lacking(selectors: &Selectors) -> String {
            match trail_covers(selectors, &arn()) {
                Ok(Recording::Lacking(why)) => why,
                other => panic!("expected a lack, found {other:?}"),
            }
        }

        #[test]
        fn a_classic_value_is_a_prefix() {
            for value in ["arn:aws:s3", "arn:aws:s3:::", &format!("{}/", arn())] {
                let selectors = of_classic(vec![classic(present(ReadWrite::All), value)]);
                assert_eq!(trail_covers(&selectors, &arn()), Ok(Recording::Whole), "{value}");
            }
            let part = of_classic(vec![classic(Observed::Absent, &format!("{}/in/", arn()))]);
            assert_eq!(lacking(&part), "records only a part of the objects' events (a prefix of keys)");
            let other = of_classic(vec![classic(Observed::Absent, "arn:aws:s3:::other/")]);
            assert_eq!(lacking(&other), "records no events of the objects");
            assert_eq!(lacking(&of_classic(Vec::new())), "records no events of the objects");
        }

        #[test]
        fn reads_and_writes_may_come_from_two_selectors() {
            let reads = classic(present(ReadWrite::ReadOnly), "arn:aws:s3");
            let writes = classic(present(ReadWrite::WriteOnly), "arn:aws:s3");
            assert_eq!(lacking(&of_classic(vec![reads.clone()])), "records only reads of the objects");
            assert_eq!(lacking(&of_classic(vec![writes.clone()])), "records only writes of the objects");
            assert_eq!(trail_covers(&of_classic(vec![reads, writes]), &arn()), Ok(Recording::Whole));
            let half = |value: &str| advanced(vec![field("readOnly", &[value])]);
            assert_eq!(lacking(&of_advanced(vec![half("true")])), "records only reads of the objects");
            assert_eq!(lacking(&of_advanced(vec![half("false")])), "records only writes of the objects");
            let both = of_advanced(vec![half("true"), half("false")]);
            assert_eq!(trail_covers(&both, &arn()), Ok(Recording::Whole));
        }

        #[test]
        fn an_unreadable_selector_does_not_hide_one_that_records_everything() {
            let unread = classic(withheld(), "arn:aws:s3");
            assert_eq!(trail_covers(&of_classic(vec![unread.clone()]), &arn()), Err(denial()));
            let all = classic(Observed::Absent, "arn:aws:s3");
            assert_eq!(trail_covers(&of_classic(vec![unread, all]), &arn()), Ok(Recording::Whole));
        }

        #[test]
        fn an_advanced_selector_records_what_its_arns_leave() {
            let by_arn = |change: fn(&mut FieldSelector, String)| {
                let mut arns = field("resources.ARN", &[]);
                change(&mut arns, arn());
                of_advanced(vec![advanced(vec![arns])])
            };
            let whole = |selectors: &Selectors| assert_eq!(trail_covers(selectors, &arn()), Ok(Recording::Whole));
            whole(&of_advanced(vec![advanced(Vec::new())]));
            whole(&by_arn(|arns, arn| arns.starts_with = vec![format!("{arn}/")]));
            whole(&by_arn(|arns, _| arns.starts_with = vec!["arn:aws:s3:::".into()]));
            whole(&by_arn(|arns, _| arns.not_starts_with = vec!["arn:aws:s3:::other/".into()]));
            let named = "records only a part of the objects' events (some objects are named by resources.ARN)";
            assert_eq!(lacking(&by_arn(|arns, arn| arns.starts_with = vec![format!("{arn}/in/")])), named);
            assert_eq!(lacking(&by_arn(|arns, arn| arns.equals = vec![format!("{arn}/one")])), named);
            assert_eq!(lacking(&by_arn(|arns, _| arns.ends_with = vec![".json".into()])), named);
            let left = "records only a part of the objects' events (some objects are left out by resources.ARN)";
            assert_eq!(lacking(&by_arn(|arns, arn| arns.not_starts_with = vec![format!("{arn}/in/")])), left);
            assert_eq!(lacking(&by_arn(|arns, arn| arns.not_equals = vec![format!("{arn}/one")])), left);
            assert_eq!(lacking(&by_arn(|arns, _| arns.not_ends_with = vec![".json".into()])), left);
            let none = "records no events of the objects";
            assert_eq!(lacking(&by_arn(|arns, arn| arns.not_starts_with = vec![format!("{arn}/")])), none);
            assert_eq!(lacking(&by_arn(|arns, _| arns.starts_with = vec!["arn:aws:s3:::other/".into()])), none);
        }

        #[test]
        fn a_further_field_narrows_and_an_unknown_one_is_a_gap() {
            let narrowed = of_advanced(vec![advanced(vec![field("eventName", &["GetObject"])])]);
            assert_eq!(lacking(&narrowed), "records only a part of the objects' events (narrowed by eventName)");
            let source = of_advanced(vec![advanced(vec![field("eventSource", &["s3.amazonaws.com"])])]);
            assert_eq!(trail_covers(&source, &arn()), Ok(Recording::Whole));
            let newer = of_advanced(vec![advanced(vec![field("newerField", &["x"])])]);
            assert_eq!(
                trail_covers(&newer, &arn()),
                Err(unrecognised("AdvancedEventSelectors.FieldSelectors.Field", "newerField"))
            );
            let odd = of_advanced(vec![advanced(vec![field("readOnly", &["maybe"])])]);
            assert_eq!(trail_covers(&odd, &arn()), Err(unrecognised("readOnly", "maybe")));
        }

        #[test]
        fn a_selector_of_another_category_or_type_records_nothing() {
            let management =
                AdvancedSelector { name: String::new(), fields: vec![field("eventCategory", &["Management"])] };
            assert_eq!(lacking(&of_advanced(vec![management])), "records no events of the objects");
            let lambda = AdvancedSelector {
                name: String::new(),
                fields: vec![field("eventCategory", &["Data"]), field("resources.type", &["AWS::Lambda::Function"])],
            };
            assert_eq!(lacking(&of_advanced(vec![lambda])), "records no events of the objects");
            let typeless = AdvancedSelector { name: String::new(), fields: vec![field("eventCategory", &["Data"])] };
            assert!(trail_covers(&of_advanced(vec![typeless]), &arn()).is_err());
        }
    }

    mod retention {
        use super::*;

        const ID: &str = "s3-lifecycle-noncurrent-versions";

        fn ruled(rules: Vec<LifecycleRule>) -> Bucket {
            let mut bucket = bucket();
            bucket.versioning =
                seen(Versioning { status: present(VersioningStatus::Enabled), mfa_delete: Observed::Absent });
            bucket.lifecycle = seen(rules);
            bucket
        }

        #[test]
        fn ninety_days_pass_and_eighty_nine_fail() {
            assert_eq!(
                passed(judge(ID, &alone(ruled(vec![rule(90)])))),
                "rule `old` expires noncurrent versions after 90 days"
            );
            assert_eq!(
                failed(judge(ID, &alone(ruled(vec![rule(365), rule(89)])))),
                "rule `old` expires noncurrent versions after 89 days"
            );
        }

        #[test]
        fn a_rule_that_is_not_in_force_does_not_count() {
            let mut early = rule(1);
            early.status = present(Switch::Off);
            let text = passed(judge(ID, &alone(ruled(vec![early.clone(), rule(90)]))));
            assert_eq!(text, "rule `old` expires noncurrent versions after 90 days");
            assert_eq!(
                not_applicable(judge(ID, &alone(ruled(vec![early])))),
                "no lifecycle rule in force expires anything | old versions are kept for ever"
            );
        }

        #[test]
        fn current_versions_may_expire_after_six_years_and_not_a_day_earlier() {
            let expiring = |days: i32| {
                let mut rule = rule(90);
                rule.expiration_days = present(days);
                alone(ruled(vec![rule]))
            };
            passed(judge(ID, &expiring(2190)));
            assert_eq!(
                failed(judge(ID, &expiring(2189))),
                "rule `old` expires current versions after 2189 days | the loss comes when the noncurrent versions expire in turn; the expiry itself only sets a delete marker"
            );
            let mut late = rule(90);
            late.noncurrent_days = Observed::Absent;
            late.expiration_days = present(2190);
            assert_eq!(
                not_applicable(judge(ID, &alone(ruled(vec![late])))),
                "rule `old` expires current versions after 2190 days | old versions are kept for ever"
            );
        }

        #[test]
        fn an_expiry_on_a_date_fails() {
            let mut dated = rule(90);
            dated.expiration_date = present("2040-01-01T00:00:00Z".into());
            let text = failed(judge(ID, &alone(ruled(vec![dated]))));
            assert!(text.starts_with("rule `old` expires current versions on 2040-01-01T00:00:00Z |"), "{text}");
        }

        #[test]
        fn no_rules_cannot_be_held_against_the_bucket() {
            assert_eq!(
                not_applicable(judge(ID, &alone(bucket()))),
                "MFA delete is on, and S3 does not support lifecycle rules beside it"
            );
            let mut bucket = ruled(Vec::new());
            let kept = "no lifecycle rule in force expires anything | old versions are kept for ever";
            assert_eq!(not_applicable(judge(ID, &alone(bucket.clone()))), kept);
            bucket.versioning = denied();
            assert_eq!(
                not_applicable(judge(ID, &alone(bucket))),
                format!("{kept}; whether MFA delete is on could not be read: {DENIED}")
            );
        }

        #[test]
        fn what_cannot_be_read_is_an_error_unless_another_rule_is_too_early() {
            let mut bucket = bucket();
            bucket.lifecycle = denied();
            assert_eq!(undecided(judge(ID, &alone(bucket))), DENIED);
            let mut unread = rule(90);
            unread.status = withheld();
            assert_eq!(undecided(judge(ID, &alone(ruled(vec![unread.clone(), rule(90)])))), DENIED);
            let text = failed(judge(ID, &alone(ruled(vec![unread, rule(89)]))));
            assert!(text.ends_with(&format!("not all was readable: {DENIED}")), "{text}");
            let mut unread = rule(90);
            unread.expiration_days = withheld();
            assert_eq!(undecided(judge(ID, &alone(ruled(vec![unread])))), DENIED);
        }
    }

    mod samples {
        use super::*;

        const ID: &str = "s3-existing-objects-encrypted-sample";
        const ON: &str = "sample_objects = 20";

        fn sampled(objects: Vec<SampledObject>) -> Evidence {
            alone(Bucket { sampled_objects: seen(objects), ..bucket() })
        }

        #[test]
        fn sampling_is_off_by_default_and_never_a_pass() {
            let text = not_applicable(judge(ID, &alone(bucket())));
            assert!(text.starts_with("sampling of objects is off (sample_objects = 0) |"), "{text}");
        }

        #[test]
        fn encrypted_objects_pass_when_sampling_is_on() {
            let both = sampled(vec![object(seen(SseAlgorithm::Aes256)), object(seen(SseAlgorithm::Kms))]);
            assert_eq!(
                passed(judge_with(ID, ON, &both)),
                "each of 2 sampled objects is encrypted | a sample of a few objects among many"
            );
            assert_eq!(
                failed(judge_with(ID, "sample_objects = 2\naccept_kms = false", &both)),
                "the object with key hash 0123456789ab is encrypted with aws:kms"
            );
        }

        #[test]
        fn an_unencrypted_object_and_a_clients_key_fail() {
            assert_eq!(
                failed(judge_with(ID, ON, &sampled(vec![object(not_set())]))),
                "the object with key hash 0123456789ab is not encrypted"
            );
            let mut own = object(denied());
            own.customer_key = seen(Switch::On);
            assert_eq!(
                failed(judge_with(ID, ON, &sampled(vec![own]))),
                "the object with key hash 0123456789ab is encrypted under a key of the client (SSE-C)"
            );
        }

        #[test]
        fn an_empty_bucket_has_nothing_to_sample() {
            assert_eq!(not_applicable(judge_with(ID, ON, &sampled(Vec::new()))), "the bucket holds no objects");
        }

        #[test]
        fn what_cannot_be_read_is_an_error() {
            assert_eq!(undecided(judge_with(ID, ON, &sampled(vec![object(denied())]))), DENIED);
            let mut unread = object(seen(SseAlgorithm::Aes256));
            unread.customer_key = denied();
            assert_eq!(undecided(judge_with(ID, ON, &sampled(vec![unread]))), DENIED);
            let uncollected = alone(Bucket { sampled_objects: denied(), ..bucket() });
            assert_eq!(undecided(judge_with(ID, ON, &uncollected)), DENIED);
        }

        #[test]
        fn more_than_twenty_objects_do_not_fit_the_check() {
            let check = checks().into_iter().find(|check| check.id == ID).unwrap();
            let mut params = requirement(ID).params;
            params.insert("sample_objects".into(), 21.into());
            let error = check.bind(&params).err().unwrap().to_string();
            assert!(error.contains("sample_objects is 21; it may be 0 to 20"), "{error}");
        }
    }

    mod endpoints {
        use super::*;

        const ID: &str = "s3-vpc-endpoint-recommended";
        const REQUIRE: &str = "mode = 'require'";
        const UNREAD: &str = "the routes of the subnets were not read";

        fn configuration(vpc: Observed<Vpc>) -> Configuration {
            Configuration {
                arn: present(FUNCTION_ARN.into()),
                name: present("patient-data-processor-pr1".into()),
                state: present(State::Active),
                state_reason: Observed::Absent,
                last_update: present(LastUpdate::Successful),
                last_update_reason: Observed::Absent,
                role: present("arn:aws:iam::123456789012:role/lambda".into()),
                memory_mb: present(512),
                timeout_s: present(30),
                runtime: present("nodejs22.x".into()),
                package: present(Package::Zip),
                kms_key: Observed::Absent,
                environment: Observed::Absent,
                vpc,
                log_group: Observed::Absent,
                dead_letter: Observed::Absent,
            }
        }

        fn gateway() -> VpcEndpoint {
            VpcEndpoint {
                id: "vpce-1".into(),
                kind: present(EndpointKind::Gateway),
                state: present("available".into()),
                route_tables: vec!["rtb-1".into()],
                private_dns: Observed::Absent,
            }
        }

        fn interface(private_dns: Observed<Switch>) -> VpcEndpoint {
            VpcEndpoint { kind: present(EndpointKind::Interface), route_tables: Vec::new(), private_dns, ..gateway() }
        }

        fn table(id: &str, main: Switch, subnets: &[&str]) -> RouteTable {
            RouteTable { id: id.into(), main, subnets: subnets.iter().map(|id| (*id).to_owned()).collect() }
        }

        fn function(vpc: Observed<Vpc>) -> Function {
            Function {
                configuration: seen(configuration(vpc)),
                s3_endpoints: seen(vec![gateway()]),
                route_tables: seen(vec![table("rtb-1", Switch::Off, &["subnet-1"])]),
                ..Function::unknown(&Gap::undecided("not looked at here"))
            }
        }

        fn inside() -> Function {
            function(present(Vpc { id: "vpc-1".into(), subnets: vec!["subnet-1".into()] }))
        }

        fn having(endpoints: Vec<VpcEndpoint>) -> Evidence {
            of(Function { s3_endpoints: seen(endpoints), ..inside() })
        }

        fn of(function: Function) -> Evidence {
            evidence(vec![subject(Kind::Function, "patient-data-processor-pr1", Resource::Function(function.into()))])
        }

        #[test]
        fn a_function_outside_any_vpc_gets_advice() {
            let nowhere = Vpc { id: String::new(), subnets: Vec::new() };
            for vpc in [Observed::Absent, present(nowhere)] {
                assert_eq!(
                    not_applicable(judge(ID, &of(function(vpc)))),
                    "the function is in no VPC | advice: where the function moves into a VPC, give that an endpoint for S3"
                );
            }
        }

        #[test]
        fn a_gateway_with_route_tables_and_an_interface_with_private_dns_pass() {
            assert_eq!(
                passed(judge(ID, &having(vec![gateway()]))),
                format!("gateway endpoint vpce-1 for S3 is available in vpc-1 | {UNREAD}")
            );
            assert_eq!(
                passed(judge(ID, &having(vec![interface(present(Switch::On))]))),
                format!("interface endpoint vpce-1 for S3 with private DNS is available in vpc-1 | {UNREAD}")
            );
            let mut shouting = gateway();
            shouting.state = present("Available".into());
            passed(judge(ID, &having(vec![shouting])));
        }

        #[test]
        fn a_vpc_without_a_working_endpoint_is_a_failure_that_does_not_count() {
            let judgement = judge(ID, &having(Vec::new()));
            assert!(matches!(judgement, Ok(Verdict::NotSatisfied { weight: Weight::Advice, .. })), "{judgement:?}");
            assert_eq!(failed(judgement), format!("vpc-1 has no endpoint for S3 | {UNREAD}"));
            let judgement = judge_with(ID, REQUIRE, &having(Vec::new()));
            assert!(matches!(judgement, Ok(Verdict::NotSatisfied { weight: Weight::Counted, .. })), "{judgement:?}");
            assert_eq!(failed(judgement), "vpc-1 has no endpoint for S3");
        }

        #[test]
        fn an_endpoint_that_serves_nobody_fails() {
            let unrouted = VpcEndpoint { route_tables: Vec::new(), ..gateway() };
            let text = failed(judge(ID, &having(vec![unrouted])));
            assert!(text.starts_with("endpoint vpce-1 in vpc-1 is in no route table |"), "{text}");
            for private_dns in [present(Switch::Off), Observed::Absent] {
                let text = failed(judge(ID, &having(vec![interface(private_dns)])));
                assert!(text.starts_with("endpoint vpce-1 in vpc-1 has no private DNS |"), "{text}");
            }
            let rejected = VpcEndpoint { state: present("rejected".into()), ..gateway() };
            let text = failed(judge(ID, &having(vec![rejected])));
            assert!(text.starts_with("endpoint vpce-1 in vpc-1 is not available |"), "{text}");
            let other = VpcEndpoint { kind: present(EndpointKind::Other), ..gateway() };
            let text = failed(judge(ID, &having(vec![other])));
            assert!(text.starts_with("vpc-1 has no endpoint for S3 |"), "{text}");
        }

        #[test]
        fn an_endpoint_in_flux_or_of_unknown_state_is_an_error_unless_another_works() {
            let pending = VpcEndpoint { state: present("pending".into()), ..gateway() };
            assert_eq!(
                undecided(judge(ID, &having(vec![pending.clone()]))),
                "endpoint vpce-1 is pending: it is changing, so the evidence may be torn; run again when it has settled"
            );
            passed(judge(ID, &having(vec![pending, gateway()])));
            let odd = VpcEndpoint { state: present("newer".into()), ..gateway() };
            let text = undecided(judge(ID, &having(vec![odd])));
            assert!(text.starts_with("DescribeVpcEndpoints answered `newer` in State"), "{text}");
            let unknown = VpcEndpoint { kind: withheld(), ..gateway() };
            assert_eq!(undecided(judge(ID, &having(vec![unknown]))), DENIED);
        }

        #[test]
        fn a_function_that_is_changing_or_unreadable_is_an_error() {
            let mut updating = inside();
            updating.configuration = updating
                .configuration
                .map(|configuration| Configuration { last_update: present(LastUpdate::InProgress), ..configuration });
            let text = undecided(judge(ID, &of(updating)));
            assert!(text.starts_with("the function's last update is InProgress: it is changing"), "{text}");
            let mut pending = inside();
            pending.configuration = pending
                .configuration
                .map(|configuration| Configuration { state: present(State::Pending), ..configuration });
            let text = undecided(judge(ID, &of(pending)));
            assert!(text.starts_with("the function's state is Pending: it is changing"), "{text}");
            assert_eq!(undecided(judge(ID, &of(Function::unknown(&denial())))), DENIED);
            assert_eq!(undecided(judge(ID, &of(Function { s3_endpoints: denied(), ..inside() }))), DENIED);
        }

        #[test]
        fn every_subnet_has_to_be_served_where_endpoints_are_required() {
            assert_eq!(
                passed(judge_with(ID, REQUIRE, &of(inside()))),
                "the route table of subnet subnet-1 leads to a gateway endpoint for S3"
            );
            let other = Function { route_tables: seen(vec![table("rtb-2", Switch::Off, &["subnet-1"])]), ..inside() };
            assert_eq!(
                failed(judge_with(ID, REQUIRE, &of(other))),
                "route table rtb-2 of subnet subnet-1 leads to no endpoint for S3"
            );
        }

        #[test]
        fn the_main_table_serves_a_subnet_without_its_own() {
            let main = Function { route_tables: seen(vec![table("rtb-1", Switch::On, &[])]), ..inside() };
            passed(judge_with(ID, REQUIRE, &of(main)));
            let none = Function { route_tables: seen(Vec::new()), ..inside() };
            assert_eq!(
                undecided(judge_with(ID, REQUIRE, &of(none))),
                "no route table of subnet subnet-1 was found, and no main one of vpc-1; run again, and associate one if it stays"
            );
        }

        #[test]
        fn required_routes_that_were_not_read_are_an_error_except_behind_an_interface() {
            let unread = Function { route_tables: denied(), ..inside() };
            assert_eq!(undecided(judge_with(ID, REQUIRE, &of(unread.clone()))), DENIED);
            let interface = vec![interface(present(Switch::On))];
            passed(judge_with(ID, REQUIRE, &of(Function { s3_endpoints: seen(interface), ..unread })));
            let subnetless = function(present(Vpc { id: "vpc-1".into(), subnets: Vec::new() }));
            let text = undecided(judge_with(ID, REQUIRE, &of(subnetless)));
            assert!(text.starts_with("GetFunctionConfiguration answered without VpcConfig.SubnetIds"), "{text}");
        }
    }
}
