//! S3: what is read of a bucket.

use std::collections::BTreeMap;

use aws_sdk_s3::types;
use futures_util::future::join_all;
use sha2::{Digest, Sha256};
use tap_audit_checks::observed::{Gap, Observed, Seen};
use tap_audit_checks::policy::model::PolicyText;
use tap_audit_checks::s3::{
    Acl, Bucket, Emptiness, EncryptionRule, FunctionNotification, Grant, Grantee, LifecycleRule, Logging, MfaDelete,
    Notifications, ObjectLock, ObjectOwnership, PolicyStatus, PublicAccessBlock, SampledObject, SseAlgorithm, SseC,
    Switch, Versioning, VersioningStatus,
};
use tap_audit_checks::subject::{Kind, Resource};

use crate::collect::call::{Call, Fault, hex};
use crate::collect::{Collected, Reference, Relation, Walk, existence};

const LOCATION: Call = call("GetBucketLocation", "s3:GetBucketLocation", &[]);
const ENCRYPTION: Call =
    call("GetBucketEncryption", "s3:GetEncryptionConfiguration", &["ServerSideEncryptionConfigurationNotFoundError"]);
const VERSIONING: Call = call("GetBucketVersioning", "s3:GetBucketVersioning", &[]);
const PUBLIC_ACCESS_BLOCK: Call =
    call("GetPublicAccessBlock", "s3:GetBucketPublicAccessBlock", &["NoSuchPublicAccessBlockConfiguration"]);
const OWNERSHIP: Call =
    call("GetBucketOwnershipControls", "s3:GetBucketOwnershipControls", &["OwnershipControlsNotFoundError"]);
const ACL: Call = call("GetBucketAcl", "s3:GetBucketAcl", &[]);
const POLICY: Call = call("GetBucketPolicy", "s3:GetBucketPolicy", &["NoSuchBucketPolicy"]);
const POLICY_STATUS: Call = call("GetBucketPolicyStatus", "s3:GetBucketPolicyStatus", &["NoSuchBucketPolicy"]);
const NOTIFICATION: Call = call("GetBucketNotificationConfiguration", "s3:GetBucketNotification", &[]);
const LOGGING: Call = call("GetBucketLogging", "s3:GetBucketLogging", &[]);
const LIFECYCLE: Call =
    call("GetBucketLifecycleConfiguration", "s3:GetLifecycleConfiguration", &["NoSuchLifecycleConfiguration"]);
const OBJECT_LOCK: Call = call(
    "GetObjectLockConfiguration",
    "s3:GetBucketObjectLockConfiguration",
    &["ObjectLockConfigurationNotFoundError"],
);
const TAGGING: Call = call("GetBucketTagging", "s3:GetBucketTagging", &["NoSuchTagSet"]);
const OBJECTS: Call = call("ListObjectsV2", "s3:ListBucket", &[]);
const OBJECT: Call = call("HeadObject", "s3:GetObject", &[]);
const VERSIONS: Call = call("ListObjectVersions", "s3:ListBucketVersions", &[]);

/// Every call of this file, for plans and for the policy that the auditing role needs.
pub(crate) const CALLS: &[&Call] = &[
    &LOCATION,
    &ENCRYPTION,
    &VERSIONING,
    &PUBLIC_ACCESS_BLOCK,
    &OWNERSHIP,
    &ACL,
    &POLICY,
    &POLICY_STATUS,
    &NOTIFICATION,
    &LOGGING,
    &LIFECYCLE,
    &OBJECT_LOCK,
    &TAGGING,
    &OBJECTS,
    &OBJECT,
    &VERSIONS,
];

/// S3 refuses in the same words when the expected owner is not the owner.
const fn call(operation: &'static str, permission: &'static str, absent: &'static [&'static str]) -> Call {
    Call { service: "s3", operation, permission, absent, denied_or: Some("the bucket belongs to another account") }
}

/// A bucket, and the region to ask in.
#[derive(Clone, Copy)]
struct At<'a> {
    walk: &'a Walk<'a>,
    name: &'a str,
    region: &'a str,
}

/// Collects a bucket; `region` is where it is expected. Everything is asked there at once; only a bucket that turns out
/// to live elsewhere is asked again, in its own region. Reaches the key of its encryption, the functions that it
/// notifies and the bucket that receives its access logs. The rules of EventBridge are left out, because they are looked
/// up by function: see [`crate::collect::eventbridge`].
pub(crate) async fn bucket(walk: &Walk<'_>, name: &str, region: &str) -> Collected {
    let at = At { walk, name, region };
    let (location, mut bucket) = tokio::join!(location(at), settings(at));
    let lives_in = match location.observed() {
        Observed::Present(region) => Some(region.clone()),
        Observed::Absent | Observed::Unknown(_) => None,
    };
    if let Some(lives_in) = lives_in.as_deref().filter(|lives_in| *lives_in != region) {
        bucket = settings(At { region: lives_in, ..at }).await;
    }
    let existence = existence(&location);
    bucket.location = location;
    reach(At { region: lives_in.as_deref().unwrap_or(region), ..at }, &bucket);
    Collected {
        existence,
        arn: Some(format!("arn:{}:s3:::{name}", walk.partition)),
        region: lives_in,
        resource: Resource::Bucket(Box::new(bucket)),
    }
}

/// Asks for every setting at once.
async fn settings(at: At<'_>) -> Bucket {
    let (
        encryption,
        versioning,
        public_access_block,
        ownership,
        acl,
        policy,
        policy_status,
        notifications,
        logging,
        lifecycle,
        object_lock,
        tags,
        sampled_objects,
        emptiness,
    ) = tokio::join!(
        encryption(at),
        versioning(at),
        public_access_block(at),
        ownership(at),
        acl(at),
        policy(at),
        policy_status(at),
        notifications(at),
        logging_to(at),
        lifecycle(at),
        object_lock(at),
        tags(at),
        sampled_objects(at),
        emptiness(at),
    );
    Bucket {
        location: Seen::gap(not_collected("the bucket's region was not asked for")),
        encryption,
        versioning,
        public_access_block,
        ownership,
        acl,
        policy,
        policy_status,
        notifications,
        event_rules: Seen::gap(not_collected("the rules of EventBridge were not asked for")),
        logging,
        lifecycle,
        object_lock,
        tags,
        sampled_objects,
        emptiness,
    }
}

fn not_collected(what: &'static str) -> Gap {
    Gap::NotCollected { what: what.into() }
}

/// Names the resources that the bucket leads to.
fn reach(at: At<'_>, bucket: &Bucket) {
    let At { walk, name, region } = at;
    if let Observed::Present(rules) = bucket.encryption.observed() {
        for rule in rules {
            if let Observed::Present(key) = &rule.kms_key {
                walk.reach_key(key, region, Kind::Bucket, name);
            }
        }
    }
    if let Observed::Present(notifications) = bucket.notifications.observed() {
        for entry in &notifications.functions {
            let parts: Vec<&str> = entry.function_arn.split(':').collect();
            if let ["arn", _, "lambda", region, account, "function", function, qualifier @ ..] = parts.as_slice()
                && *account == walk.account
            {
                let qualifier = qualifier.first().map(|qualifier| (*qualifier).to_owned());
                let id = (*function).to_owned();
                let reference = Reference { kind: Kind::Function, id, region: (*region).to_owned() };
                walk.reach(reference, Relation::NotifiedBy { bucket: name.to_owned(), qualifier });
            }
        }
    }
}

/// Asks where requests are logged and names that bucket at once: it has as much to answer as this one, and no setting of
/// this one is worth waiting for.
async fn logging_to(at: At<'_>) -> Seen<Logging> {
    let logging = logging(at).await;
    if let Observed::Present(Logging { target_bucket, .. }) = logging.observed()
        && target_bucket != at.name
    {
        let reference = Reference { kind: Kind::Bucket, id: target_bucket.clone(), region: at.region.to_owned() };
        at.walk.reach(reference, Relation::LogTargetOf { bucket: at.name.to_owned() });
    }
    logging
}

/// Where a bucket is, and who said so.
#[derive(Clone)]
enum Place {
    /// S3 answered it to the owner's account.
    Answered(String),
    /// S3 redirected there, which says nothing about the owner.
    Redirected(String),
}

/// The bucket's region, confirmed there: a redirect comes before S3 compares the owner.
async fn location(at: At<'_>) -> Seen<String> {
    let first = place(at).await;
    let elsewhere = match first.observed() {
        Observed::Present(Place::Redirected(region)) if region != at.region => region.clone(),
        Observed::Present(_) | Observed::Absent | Observed::Unknown(_) => return first.and_then(answered),
    };
    let calls = first.calls().to_vec();
    place(At { region: &elsewhere, ..at }).await.and_then(answered).resting_on(&calls)
}

fn answered(place: Place) -> Observed<String> {
    match place {
        Place::Answered(region) => Observed::Present(region),
        Place::Redirected(region) => Observed::Unknown(Gap::undecided(format!(
            "GetBucketLocation was redirected to {region} again and again; run again, and check the endpoint if it stays"
        ))),
    }
}

async fn place(at: At<'_>) -> Seen<Place> {
    let owner = at.walk.account.as_str();
    at.walk
        .aws
        .ask_or(
            &LOCATION,
            at.region,
            &[("Bucket", at.name)],
            |clients| clients.s3().get_bucket_location().bucket(at.name).expected_bucket_owner(owner).send(),
            |answer| {
                Observed::Present(Place::Answered(
                    match answer.location_constraint().map(types::BucketLocationConstraint::as_str) {
                        None | Some("") => "us-east-1".to_owned(),
                        Some("EU") => "eu-west-1".to_owned(),
                        Some(region) => region.to_owned(),
                    },
                ))
            },
            redirect,
        )
        .await
}

/// A refusal that names the bucket's region says where to ask instead.
fn redirect(fault: &Fault) -> Option<Observed<Place>> {
    let region = fault.bucket_region.as_ref()?;
    matches!(fault.status, 301 | 307 | 400).then(|| Observed::Present(Place::Redirected(region.clone())))
}

async fn encryption(at: At<'_>) -> Seen<Vec<EncryptionRule>> {
    let owner = at.walk.account.as_str();
    at.walk
        .aws
        .ask(
            &ENCRYPTION,
            at.region,
            &[("Bucket", at.name)],
            |clients| clients.s3().get_bucket_encryption().bucket(at.name).expected_bucket_owner(owner).send(),
            |answer| match answer.server_side_encryption_configuration() {
                Some(configuration) => Observed::Present(configuration.rules().iter().map(encryption_rule).collect()),
                None => Observed::Unknown(ENCRYPTION.incomplete("ServerSideEncryptionConfiguration")),
            },
        )
        .await
}

fn encryption_rule(rule: &types::ServerSideEncryptionRule) -> EncryptionRule {
    let default = rule.apply_server_side_encryption_by_default();
    let refuses = |kind: &str| {
        rule.blocked_encryption_types()
            .is_some_and(|blocked| blocked.encryption_type().iter().any(|blocked| blocked.as_str() == kind))
    };
    EncryptionRule {
        algorithm: match default {
            Some(default) => algorithm(&ENCRYPTION, "SSEAlgorithm", default.sse_algorithm().as_str()),
            None => Observed::Absent,
        },
        kms_key: Observed::of(
            default
                .and_then(types::ServerSideEncryptionByDefault::kms_master_key_id)
                .filter(|key| !key.is_empty())
                .map(str::to_owned),
        ),
        sse_c: if refuses("SSE-C") { SseC::Blocked } else { SseC::Allowed },
    }
}

fn algorithm(call: &'static Call, field: &'static str, token: &str) -> Observed<SseAlgorithm> {
    match token {
        "AES256" => Observed::Present(SseAlgorithm::Aes256),
        "aws:kms" => Observed::Present(SseAlgorithm::Kms),
        "aws:kms:dsse" => Observed::Present(SseAlgorithm::KmsDsse),
        other => call.unrecognised(field, other),
    }
}

async fn versioning(at: At<'_>) -> Seen<Versioning> {
    let owner = at.walk.account.as_str();
    at.walk
        .aws
        .ask(
            &VERSIONING,
            at.region,
            &[("Bucket", at.name)],
            |clients| clients.s3().get_bucket_versioning().bucket(at.name).expected_bucket_owner(owner).send(),
            |answer| {
                Observed::Present(Versioning {
                    status: match answer.status().map(types::BucketVersioningStatus::as_str) {
                        Some("Enabled") => Observed::Present(VersioningStatus::Enabled),
                        Some("Suspended") => Observed::Present(VersioningStatus::Suspended),
                        Some(other) => VERSIONING.unrecognised("Status", other),
                        None => Observed::Absent,
                    },
                    mfa_delete: match answer.mfa_delete().map(types::MfaDeleteStatus::as_str) {
                        Some("Enabled") => Observed::Present(MfaDelete::Enabled),
                        Some("Disabled") => Observed::Present(MfaDelete::Disabled),
                        Some(other) => VERSIONING.unrecognised("MFADelete", other),
                        None => Observed::Absent,
                    },
                })
            },
        )
        .await
}

async fn public_access_block(at: At<'_>) -> Seen<PublicAccessBlock> {
    let owner = at.walk.account.as_str();
    at.walk
        .aws
        .ask(
            &PUBLIC_ACCESS_BLOCK,
            at.region,
            &[("Bucket", at.name)],
            |clients| clients.s3().get_public_access_block().bucket(at.name).expected_bucket_owner(owner).send(),
            |answer| match answer.public_access_block_configuration() {
                Some(block) => Observed::Present(PublicAccessBlock {
                    block_public_acls: switch(block.block_public_acls()),
                    ignore_public_acls: switch(block.ignore_public_acls()),
                    block_public_policy: switch(block.block_public_policy()),
                    restrict_public_buckets: switch(block.restrict_public_buckets()),
                }),
                None => Observed::Unknown(PUBLIC_ACCESS_BLOCK.incomplete("PublicAccessBlockConfiguration")),
            },
        )
        .await
}

pub(super) fn switch(on: Option<bool>) -> Observed<Switch> {
    Observed::of(on.map(Switch::from))
}

async fn ownership(at: At<'_>) -> Seen<ObjectOwnership> {
    let owner = at.walk.account.as_str();
    at.walk
        .aws
        .ask(
            &OWNERSHIP,
            at.region,
            &[("Bucket", at.name)],
            |clients| clients.s3().get_bucket_ownership_controls().bucket(at.name).expected_bucket_owner(owner).send(),
            |answer| {
                let rules = answer.ownership_controls().map_or(&[] as &[_], types::OwnershipControls::rules);
                match rules.first().map(|rule| rule.object_ownership().as_str()) {
                    Some("BucketOwnerEnforced") => Observed::Present(ObjectOwnership::BucketOwnerEnforced),
                    Some("BucketOwnerPreferred") => Observed::Present(ObjectOwnership::BucketOwnerPreferred),
                    Some("ObjectWriter") => Observed::Present(ObjectOwnership::ObjectWriter),
                    Some(other) => OWNERSHIP.unrecognised("ObjectOwnership", other),
                    None => Observed::Unknown(OWNERSHIP.incomplete("OwnershipControls.Rules")),
                }
            },
        )
        .await
}

/// The list is always read: waiting for the ownership first, which may make it idle, costs more than the call.
async fn acl(at: At<'_>) -> Seen<Acl> {
    let owner = at.walk.account.as_str();
    at.walk
        .aws
        .ask(
            &ACL,
            at.region,
            &[("Bucket", at.name)],
            |clients| clients.s3().get_bucket_acl().bucket(at.name).expected_bucket_owner(owner).send(),
            |answer| {
                let owner = answer.owner().and_then(types::Owner::id).map(str::to_owned);
                // An empty list is an answer; a missing one is none, and must not read as "grants nothing".
                let Some(grants) = answer.grants else { return Observed::Unknown(ACL.incomplete("AccessControlList")) };
                match grants.iter().map(grant).collect::<Result<Vec<_>, Gap>>() {
                    Ok(grants) => Observed::Present(Acl { owner: Observed::of(owner), grants }),
                    Err(gap) => Observed::Unknown(gap),
                }
            },
        )
        .await
}

fn grant(grant: &types::Grant) -> Result<Grant, Gap> {
    let grantee = grant.grantee().ok_or_else(|| ACL.incomplete("Grant.Grantee"))?;
    let permission = grant.permission().ok_or_else(|| ACL.incomplete("Grant.Permission"))?;
    let named = |name: Option<&str>, field| name.map(str::to_owned).ok_or_else(|| ACL.incomplete(field));
    Ok(Grant {
        grantee: match grantee.r#type().as_str() {
            "CanonicalUser" => Grantee::CanonicalUser(named(grantee.id(), "Grantee.ID")?),
            "Group" => Grantee::Group(named(grantee.uri(), "Grantee.URI")?),
            "AmazonCustomerByEmail" => Grantee::Email,
            other => return Err(ACL.unknown_token("Grantee.Type", other)),
        },
        permission: permission.as_str().to_owned(),
    })
}

/// The whole answer is the policy; that there is none, S3 says by an error.
async fn policy(at: At<'_>) -> Seen<PolicyText> {
    let owner = at.walk.account.as_str();
    at.walk
        .aws
        .ask(
            &POLICY,
            at.region,
            &[("Bucket", at.name)],
            |clients| clients.s3().get_bucket_policy().bucket(at.name).expected_bucket_owner(owner).send(),
            |answer| match answer.policy.filter(|policy| !policy.is_empty()) {
                Some(policy) => Observed::Present(PolicyText(policy)),
                None => Observed::Unknown(POLICY.incomplete("Policy")),
            },
        )
        .await
}

async fn policy_status(at: At<'_>) -> Seen<PolicyStatus> {
    let owner = at.walk.account.as_str();
    at.walk
        .aws
        .ask(
            &POLICY_STATUS,
            at.region,
            &[("Bucket", at.name)],
            |clients| clients.s3().get_bucket_policy_status().bucket(at.name).expected_bucket_owner(owner).send(),
            |answer| match answer.policy_status() {
                Some(status) => {
                    Observed::Present(PolicyStatus { public: Observed::of(status.is_public()).map(Switch::from) })
                }
                None => Observed::Unknown(POLICY_STATUS.incomplete("PolicyStatus")),
            },
        )
        .await
}

async fn notifications(at: At<'_>) -> Seen<Notifications> {
    let owner = at.walk.account.as_str();
    at.walk
        .aws
        .ask(
            &NOTIFICATION,
            at.region,
            &[("Bucket", at.name)],
            |clients| {
                let request = clients.s3().get_bucket_notification_configuration();
                request.bucket(at.name).expected_bucket_owner(owner).send()
            },
            |answer| {
                let entries = answer.lambda_function_configurations().iter().map(function_notification);
                match entries.collect::<Result<Vec<_>, Gap>>() {
                    Ok(functions) => Observed::Present(Notifications {
                        functions,
                        // An empty structure: that it is there is all that it says.
                        event_bridge: Switch::from(answer.event_bridge_configuration().is_some()),
                        queues: answer
                            .queue_configurations()
                            .iter()
                            .map(|entry| entry.queue_arn().to_owned())
                            .collect(),
                        topics: answer
                            .topic_configurations()
                            .iter()
                            .map(|entry| entry.topic_arn().to_owned())
                            .collect(),
                    }),
                    Err(gap) => Observed::Unknown(gap),
                }
            },
        )
        .await
}

/// The names of filter rules come back in either case.
fn function_notification(entry: &types::LambdaFunctionConfiguration) -> Result<FunctionNotification, Gap> {
    let rules = entry.filter().and_then(types::NotificationConfigurationFilter::key);
    let (mut prefix, mut suffix) = (String::new(), String::new());
    for rule in rules.map_or(&[] as &[_], types::S3KeyFilter::filter_rules) {
        let name = rule.name().ok_or_else(|| NOTIFICATION.incomplete("FilterRule.Name"))?.as_str();
        let value = rule.value().map_or_else(String::new, str::to_owned);
        if name.eq_ignore_ascii_case("prefix") {
            prefix = value;
        } else if name.eq_ignore_ascii_case("suffix") {
            suffix = value;
        } else {
            return Err(NOTIFICATION.unknown_token("FilterRule.Name", name));
        }
    }
    Ok(FunctionNotification {
        function_arn: entry.lambda_function_arn().to_owned(),
        events: entry.events().iter().map(|event| event.as_str().to_owned()).collect(),
        prefix,
        suffix,
    })
}

/// Access logging, and the region of its target, which is asked for as soon as the target is known.
async fn logging(at: At<'_>) -> Seen<Logging> {
    let owner = at.walk.account.as_str();
    let target = at
        .walk
        .aws
        .ask(
            &LOGGING,
            at.region,
            &[("Bucket", at.name)],
            |clients| clients.s3().get_bucket_logging().bucket(at.name).expected_bucket_owner(owner).send(),
            |answer| match answer.logging_enabled() {
                None => Observed::Absent,
                Some(logging) if logging.target_bucket().is_empty() => {
                    Observed::Unknown(LOGGING.incomplete("LoggingEnabled.TargetBucket"))
                }
                Some(logging) => {
                    Observed::Present((logging.target_bucket().to_owned(), logging.target_prefix().to_owned()))
                }
            },
        )
        .await;
    let target_location = match target.observed() {
        Observed::Present((bucket, _)) => location(At { name: bucket, ..at }).await,
        Observed::Absent | Observed::Unknown(_) => Seen::gap(not_collected("there is no target to look for")),
    };
    target.map(|(target_bucket, target_prefix)| Logging { target_bucket, target_prefix, target_location })
}

async fn lifecycle(at: At<'_>) -> Seen<Vec<LifecycleRule>> {
    let owner = at.walk.account.as_str();
    at.walk
        .aws
        .ask(
            &LIFECYCLE,
            at.region,
            &[("Bucket", at.name)],
            |clients| {
                let request = clients.s3().get_bucket_lifecycle_configuration();
                request.bucket(at.name).expected_bucket_owner(owner).send()
            },
            |answer| Observed::Present(answer.rules().iter().map(lifecycle_rule).collect()),
        )
        .await
}

fn lifecycle_rule(rule: &types::LifecycleRule) -> LifecycleRule {
    let expiration = rule.expiration();
    LifecycleRule {
        id: rule.id().map_or_else(String::new, str::to_owned),
        status: match rule.status().as_str() {
            "Enabled" => Observed::Present(Switch::On),
            "Disabled" => Observed::Present(Switch::Off),
            other => LIFECYCLE.unrecognised("Rule.Status", other),
        },
        noncurrent_days: match rule.noncurrent_version_expiration() {
            Some(expiration) => match expiration.noncurrent_days() {
                Some(days) => Observed::Present(days),
                None => Observed::Unknown(LIFECYCLE.incomplete("NoncurrentVersionExpiration.NoncurrentDays")),
            },
            None => Observed::Absent,
        },
        expiration_days: Observed::of(expiration.and_then(types::LifecycleExpiration::days)),
        expiration_date: Observed::of(expiration.and_then(types::LifecycleExpiration::date).map(ToString::to_string)),
    }
}

async fn object_lock(at: At<'_>) -> Seen<ObjectLock> {
    let owner = at.walk.account.as_str();
    at.walk
        .aws
        .ask(
            &OBJECT_LOCK,
            at.region,
            &[("Bucket", at.name)],
            |clients| clients.s3().get_object_lock_configuration().bucket(at.name).expected_bucket_owner(owner).send(),
            |answer| {
                let Some(lock) = answer.object_lock_configuration() else {
                    return Observed::Unknown(OBJECT_LOCK.incomplete("ObjectLockConfiguration"));
                };
                let retention = lock.rule().and_then(types::ObjectLockRule::default_retention);
                match retention.and_then(types::DefaultRetention::mode).map(types::ObjectLockRetentionMode::as_str) {
                    Some("COMPLIANCE") => Observed::Present(ObjectLock::Compliance),
                    Some("GOVERNANCE") => Observed::Present(ObjectLock::Governance),
                    Some(other) => OBJECT_LOCK.unrecognised("DefaultRetention.Mode", other),
                    None => Observed::Present(ObjectLock::NoDefault),
                }
            },
        )
        .await
}

async fn tags(at: At<'_>) -> Seen<BTreeMap<String, String>> {
    let owner = at.walk.account.as_str();
    at.walk
        .aws
        .ask(
            &TAGGING,
            at.region,
            &[("Bucket", at.name)],
            |clients| clients.s3().get_bucket_tagging().bucket(at.name).expected_bucket_owner(owner).send(),
            |answer| {
                let tags = answer.tag_set().iter();
                Observed::Present(tags.map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect())
            },
        )
        .await
}

/// A key of an object, which may be patient data: it is asked about and neither kept nor shown.
#[derive(Clone)]
struct ObjectKey(String);

impl ObjectKey {
    fn hash(&self) -> String {
        hex(&Sha256::digest(self.0.as_bytes())[..6])
    }
}

/// A few objects, where sampling is switched on.
async fn sampled_objects(at: At<'_>) -> Seen<Vec<SampledObject>> {
    let most = at.walk.scope.sample_objects;
    if most <= 0 {
        return Seen::gap(not_collected("sampling of objects is off; raise sample_objects to switch it on"));
    }
    let owner = at.walk.account.as_str();
    let limit = most.to_string();
    let keys: Seen<Vec<ObjectKey>> = at
        .walk
        .aws
        .ask(
            &OBJECTS,
            at.region,
            &[("Bucket", at.name), ("MaxKeys", &limit)],
            |clients| {
                let request = clients.s3().list_objects_v2().bucket(at.name).max_keys(most);
                request.expected_bucket_owner(owner).send()
            },
            |answer| {
                let keys = answer.contents().iter().map(|object| object.key().map(|key| ObjectKey(key.to_owned())));
                match keys.collect() {
                    Some(keys) => Observed::Present(keys),
                    None => Observed::Unknown(OBJECTS.incomplete("Contents.Key")),
                }
            },
        )
        .await;
    let objects = match keys.observed() {
        Observed::Present(keys) => join_all(keys.iter().map(|key| sampled_object(at, key))).await,
        Observed::Absent | Observed::Unknown(_) => Vec::new(),
    };
    keys.map(|_| objects)
}

/// Asks for an object's encryption. An object under a customer-provided key answers 400 to whoever lacks that key.
async fn sampled_object(at: At<'_>, key: &ObjectKey) -> SampledObject {
    let owner = at.walk.account.as_str();
    let key_hash = key.hash();
    let head = at
        .walk
        .aws
        .ask_or(
            &OBJECT,
            at.region,
            &[("Bucket", at.name), ("KeySha256", &key_hash)],
            |clients| clients.s3().head_object().bucket(at.name).key(&key.0).expected_bucket_owner(owner).send(),
            |answer| {
                Observed::Present((
                    match answer.server_side_encryption().map(types::ServerSideEncryption::as_str) {
                        Some(token) => algorithm(&OBJECT, "ServerSideEncryption", token),
                        None => Observed::Absent,
                    },
                    Switch::from(answer.sse_customer_algorithm().is_some()),
                ))
            },
            |fault| {
                (fault.status == 400).then(|| {
                    Observed::Unknown(Gap::undecided(
                        "HeadObject answered 400, possibly because the object is under a key of the client (SSE-C); look at it with that key",
                    ))
                })
            },
        )
        .await;
    SampledObject {
        key_hash,
        customer_key: head.clone().map(|(_, customer_key)| customer_key),
        algorithm: head.and_then(|(algorithm, _)| algorithm),
    }
}

/// Whether the bucket holds anything, where that is asked for.
async fn emptiness(at: At<'_>) -> Seen<Emptiness> {
    if !at.walk.scope.check_bucket_empty {
        return Seen::gap(not_collected(
            "whether the bucket is empty was not asked for; set check_bucket_empty to ask",
        ));
    }
    let owner = at.walk.account.as_str();
    at.walk
        .aws
        .ask(
            &VERSIONS,
            at.region,
            &[("Bucket", at.name), ("MaxKeys", "1")],
            |clients| {
                let request = clients.s3().list_object_versions().bucket(at.name).max_keys(1);
                request.expected_bucket_owner(owner).send()
            },
            |answer| {
                if !answer.versions().is_empty() || !answer.delete_markers().is_empty() {
                    Observed::Present(Emptiness::HoldsVersions)
                } else if answer.is_truncated() == Some(true) {
                    let why = "the first page is empty and not the last".into();
                    Observed::Unknown(Gap::UnreadPage { operation: VERSIONS.operation.into(), why })
                } else {
                    Observed::Present(Emptiness::Empty)
                }
            },
        )
        .await
}

#[cfg(test)]
mod tests;
