//! S3: what is read of a bucket.

use std::collections::BTreeMap;

use aws_sdk_s3::types;
use futures_util::future::join_all;
use sha2::{Digest, Sha256};
use tap_audit_checks::observed::{Gap, Observed, Seen};
use tap_audit_checks::s3::{
    Acl, Bucket, Emptiness, EncryptionRule, FunctionNotification, Grant, Grantee, LifecycleRule, Logging, MfaDelete,
    Notifications, ObjectLock, ObjectOwnership, PublicAccessBlock, SampledObject, SseAlgorithm, SseC, Switch,
    Versioning, VersioningStatus,
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
        notifications(at),
        logging(at),
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
    if let Observed::Present(logging) = bucket.logging.observed()
        && logging.target_bucket != name
    {
        let id = logging.target_bucket.clone();
        let reference = Reference { kind: Kind::Bucket, id, region: region.to_owned() };
        walk.reach(reference, Relation::LogTargetOf { bucket: name.to_owned() });
    }
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
                match answer.grants().iter().map(grant).collect::<Result<Vec<_>, Gap>>() {
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
mod tests {
    use std::collections::BTreeMap;

    use aws_smithy_runtime_api::client::http::SharedHttpClient;
    use tap_audit_checks::secret::SecretNames;
    use tap_audit_checks::subject::Existence;

    use super::*;
    use crate::collect::Scope;
    use crate::collect::call::{Aws, Limits, Reductions};
    use crate::collect::clients::Connection;
    use crate::replay::{Account, Answer, Replay};
    use crate::settings::Clock;

    const OWNER: &str = "123456789012";

    /// A bucket on which nothing was ever configured, in AWS's own answers.
    const BARE: [(&str, u16, &str); 11] = [
        ("GetBucketLocation", 200, "<LocationConstraint>us-east-2</LocationConstraint>"),
        ("GetBucketEncryption", 404, "ServerSideEncryptionConfigurationNotFoundError"),
        ("GetBucketVersioning", 200, "<VersioningConfiguration/>"),
        ("GetPublicAccessBlock", 404, "NoSuchPublicAccessBlockConfiguration"),
        ("GetBucketOwnershipControls", 404, "OwnershipControlsNotFoundError"),
        (
            "GetBucketAcl",
            200,
            "<AccessControlPolicy><Owner><ID>own</ID></Owner><AccessControlList/></AccessControlPolicy>",
        ),
        ("GetBucketNotificationConfiguration", 200, "<NotificationConfiguration/>"),
        ("GetBucketLogging", 200, "<BucketLoggingStatus/>"),
        ("GetBucketLifecycleConfiguration", 404, "NoSuchLifecycleConfiguration"),
        ("GetObjectLockConfiguration", 404, "ObjectLockConfigurationNotFoundError"),
        ("GetBucketTagging", 404, "NoSuchTagSet"),
    ];

    fn answering(mut account: Account, answers: &[(&str, u16, &str)]) -> Account {
        for (operation, status, text) in answers {
            let answer = if *status == 200 { Answer::ok(*text) } else { Answer::error("s3", *status, text) };
            account = account.answer("s3", operation, &[("Bucket", "b")], answer).unwrap();
        }
        account
    }

    fn bare() -> Account {
        let owner = format!("[account]\nid = \"{OWNER}\"\n");
        answering(Account::from_files("test", [("account.toml", owner.as_str())]).unwrap(), &BARE)
    }

    fn scope() -> Scope {
        Scope {
            sample_objects: 0,
            check_bucket_empty: false,
            log_events: false,
            log_silence_days: 1,
            route_tables: false,
            event_data_stores: false,
            stack_name: None,
        }
    }

    async fn collect(account: Account, scope: &Scope) -> (Collected, Vec<(Reference, Relation)>, Replay) {
        let replay = Replay::new(account);
        let connection = Connection::recorded(SharedHttpClient::new(replay.clone()), "test");
        let secret_names = SecretNames { words: Vec::new(), harmless_endings: Vec::new(), ignore: Vec::new() };
        let reductions = Reductions { known_default_hashes: Vec::new(), secret_names };
        let clock = Clock::Fixed("2026-11-01T12:00:00Z".parse().unwrap());
        let aws = Aws::new(connection, Limits::STANDARD, clock, reductions, |_| {});
        let walk = Walk::new(&aws, scope, OWNER, "aws", "us-east-2");
        let collected = bucket(&walk, "b", "us-east-2").await;
        let found = walk.take_found();
        (collected, found, replay)
    }

    async fn read(answers: &[(&str, u16, &str)]) -> Bucket {
        let (collected, ..) = collect(answering(bare(), answers), &scope()).await;
        held(collected)
    }

    fn held(collected: Collected) -> Bucket {
        match collected.resource {
            Resource::Bucket(bucket) => *bucket,
            other => panic!("expected a bucket, found {other:?}"),
        }
    }

    #[tokio::test]
    async fn what_was_never_configured_is_absent_and_not_a_gap() {
        let (collected, found, replay) = collect(bare(), &scope()).await;
        assert_eq!(collected.existence.observed(), &Observed::Present(Existence::Exists));
        assert_eq!(collected.arn.as_deref(), Some("arn:aws:s3:::b"));
        assert_eq!(collected.region.as_deref(), Some("us-east-2"));
        assert_eq!(found, []);
        assert!(replay.unrecorded().is_empty() && replay.unasked().is_empty());
        assert_eq!(replay.counts().values().sum::<u64>(), 11);
        let bucket = held(collected);
        let nothing = Versioning { status: Observed::Absent, mfa_delete: Observed::Absent };
        assert_eq!(bucket.versioning.observed(), &Observed::Present(nothing));
        assert_eq!(bucket.encryption.observed(), &Observed::Absent);
        assert_eq!(bucket.public_access_block.observed(), &Observed::Absent);
        assert_eq!(bucket.ownership.observed(), &Observed::Absent);
        assert_eq!(bucket.logging.observed(), &Observed::Absent);
        assert_eq!(bucket.lifecycle.observed(), &Observed::Absent);
        assert_eq!(bucket.object_lock.observed(), &Observed::Absent);
        assert_eq!(bucket.tags.observed(), &Observed::Absent);
        let acl = Acl { owner: Observed::Present("own".into()), grants: Vec::new() };
        assert_eq!(bucket.acl.observed(), &Observed::Present(acl));
        let none =
            Notifications { functions: Vec::new(), event_bridge: Switch::Off, queues: Vec::new(), topics: Vec::new() };
        assert_eq!(bucket.notifications.observed(), &Observed::Present(none));
    }

    #[tokio::test]
    async fn settings_are_read_as_s3_writes_them() {
        let bucket = read(&[
            (
                "GetBucketVersioning",
                200,
                "<VersioningConfiguration><Status>Enabled</Status><MfaDelete>Disabled</MfaDelete></VersioningConfiguration>",
            ),
            (
                "GetBucketEncryption",
                200,
                "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>alias/k</KMSMasterKeyID></ApplyServerSideEncryptionByDefault><BlockedEncryptionTypes><EncryptionType>SSE-C</EncryptionType></BlockedEncryptionTypes></Rule></ServerSideEncryptionConfiguration>",
            ),
            (
                "GetPublicAccessBlock",
                200,
                "<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>false</IgnorePublicAcls></PublicAccessBlockConfiguration>",
            ),
            (
                "GetBucketLifecycleConfiguration",
                200,
                "<LifecycleConfiguration><Rule><ID>old</ID><Status>Enabled</Status><Filter/><NoncurrentVersionExpiration><NoncurrentDays>90</NoncurrentDays></NoncurrentVersionExpiration><Expiration><Date>2040-01-01T00:00:00.000Z</Date></Expiration></Rule></LifecycleConfiguration>",
            ),
            (
                "GetBucketTagging",
                200,
                "<Tagging><TagSet><Tag><Key>Environment</Key><Value>pr1</Value></Tag></TagSet></Tagging>",
            ),
            (
                "GetObjectLockConfiguration",
                200,
                "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>",
            ),
        ])
        .await;
        let versioning = Versioning {
            status: Observed::Present(VersioningStatus::Enabled),
            mfa_delete: Observed::Present(MfaDelete::Disabled),
        };
        assert_eq!(bucket.versioning.observed(), &Observed::Present(versioning));
        let rule = EncryptionRule {
            algorithm: Observed::Present(SseAlgorithm::Kms),
            kms_key: Observed::Present("alias/k".into()),
            sse_c: SseC::Blocked,
        };
        assert_eq!(bucket.encryption.observed(), &Observed::Present(vec![rule]));
        let block = PublicAccessBlock {
            block_public_acls: Observed::Present(Switch::On),
            ignore_public_acls: Observed::Present(Switch::Off),
            block_public_policy: Observed::Absent,
            restrict_public_buckets: Observed::Absent,
        };
        assert_eq!(bucket.public_access_block.observed(), &Observed::Present(block));
        let rule = LifecycleRule {
            id: "old".into(),
            status: Observed::Present(Switch::On),
            noncurrent_days: Observed::Present(90),
            expiration_days: Observed::Absent,
            expiration_date: Observed::Present("2040-01-01T00:00:00Z".into()),
        };
        assert_eq!(bucket.lifecycle.observed(), &Observed::Present(vec![rule]));
        let tags = BTreeMap::from([("Environment".to_owned(), "pr1".to_owned())]);
        assert_eq!(bucket.tags.observed(), &Observed::Present(tags));
        assert_eq!(bucket.object_lock.observed(), &Observed::Present(ObjectLock::NoDefault));
    }

    #[tokio::test]
    async fn tokens_that_are_not_known_are_gaps() {
        let bucket = read(&[
            (
                "GetBucketVersioning",
                200,
                "<VersioningConfiguration><Status>Newer</Status></VersioningConfiguration>",
            ),
            (
                "GetBucketEncryption",
                200,
                "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:fsx</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>",
            ),
        ])
        .await;
        let versioning =
            Versioning { status: VERSIONING.unrecognised("Status", "Newer"), mfa_delete: Observed::Absent };
        assert_eq!(bucket.versioning.observed(), &Observed::Present(versioning));
        let rule = EncryptionRule {
            algorithm: ENCRYPTION.unrecognised("SSEAlgorithm", "aws:fsx"),
            kms_key: Observed::Absent,
            sse_c: SseC::Allowed,
        };
        assert_eq!(bucket.encryption.observed(), &Observed::Present(vec![rule]));
    }

    #[tokio::test]
    async fn grants_keep_who_was_granted_what() {
        let bucket = read(&[(
            "GetBucketAcl",
            200,
            "<AccessControlPolicy><Owner><ID>own</ID></Owner><AccessControlList><Grant><Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"CanonicalUser\"><ID>own</ID></Grantee><Permission>FULL_CONTROL</Permission></Grant><Grant><Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"Group\"><URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee><Permission>READ</Permission></Grant></AccessControlList></AccessControlPolicy>",
        )])
        .await;
        let all_users = Grantee::Group("http://acs.amazonaws.com/groups/global/AllUsers".into());
        let acl = Acl {
            owner: Observed::Present("own".into()),
            grants: vec![
                Grant { grantee: Grantee::CanonicalUser("own".into()), permission: "FULL_CONTROL".into() },
                Grant { grantee: all_users, permission: "READ".into() },
            ],
        };
        assert_eq!(bucket.acl.observed(), &Observed::Present(acl));
    }

    #[tokio::test]
    async fn a_bucket_leads_to_its_function_its_key_and_its_log_bucket() {
        let account = answering(
            bare(),
            &[
                (
                    "GetBucketNotificationConfiguration",
                    200,
                    "<NotificationConfiguration><CloudFunctionConfiguration><Id>i</Id><CloudFunction>arn:aws:lambda:us-east-2:123456789012:function:f:live</CloudFunction><Event>s3:ObjectCreated:*</Event><Filter><S3Key><FilterRule><Name>Suffix</Name><Value>.json</Value></FilterRule></S3Key></Filter></CloudFunctionConfiguration><EventBridgeConfiguration/></NotificationConfiguration>",
                ),
                (
                    "GetBucketLogging",
                    200,
                    "<BucketLoggingStatus><LoggingEnabled><TargetBucket>logs</TargetBucket><TargetPrefix>p/</TargetPrefix></LoggingEnabled></BucketLoggingStatus>",
                ),
                (
                    "GetBucketEncryption",
                    200,
                    "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>k</KMSMasterKeyID></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>",
                ),
            ],
        );
        let gone = Answer::error("s3", 404, "NoSuchBucket");
        let account = account.answer("s3", "GetBucketLocation", &[("Bucket", "logs")], gone).unwrap();
        let (collected, found, _) = collect(account, &scope()).await;
        let reached: Vec<(Kind, &str)> = found.iter().map(|(found, _)| (found.kind, found.id.as_str())).collect();
        assert_eq!(reached, [(Kind::Key, "k"), (Kind::Function, "f"), (Kind::Bucket, "logs")]);
        assert_eq!(found[1].1, Relation::NotifiedBy { bucket: "b".into(), qualifier: Some("live".into()) });
        let bucket = held(collected);
        let Observed::Present(notifications) = bucket.notifications.observed() else { panic!("no notifications") };
        assert_eq!(notifications.functions[0].suffix, ".json");
        assert_eq!(notifications.event_bridge, Switch::On);
        let Observed::Present(logging) = bucket.logging.observed() else { panic!("no logging") };
        assert!(matches!(logging.target_location.observed(), Observed::Unknown(Gap::Missing { .. })));
    }

    #[tokio::test]
    async fn a_bucket_that_is_gone_is_missing() {
        let (collected, ..) = collect(answering(bare(), &[("GetBucketLocation", 404, "NoSuchBucket")]), &scope()).await;
        assert_eq!(collected.existence.observed(), &Observed::Present(Existence::Missing));
    }

    #[tokio::test]
    async fn old_names_of_regions_are_resolved() {
        for (constraint, region) in
            [("<LocationConstraint/>", "us-east-1"), ("<LocationConstraint>EU</LocationConstraint>", "eu-west-1")]
        {
            let bucket = read(&[("GetBucketLocation", 200, constraint)]).await;
            assert_eq!(bucket.location.observed(), &Observed::Present(region.to_owned()));
        }
    }

    #[tokio::test]
    async fn a_bucket_elsewhere_is_asked_again_in_its_own_region() {
        let mut file = String::new();
        for (operation, status, text) in BARE {
            let body = match (operation, status) {
                ("GetBucketLocation", _) => "<LocationConstraint>us-west-2</LocationConstraint>".to_owned(),
                (_, 200) => text.to_owned(),
                (_, _) => format!("<Error><Code>{text}</Code></Error>"),
            };
            for (region, status, headers, body) in [
                ("us-west-2", status, "", body.as_str()),
                (
                    "us-east-2",
                    301,
                    "headers = { \"x-amz-bucket-region\" = \"us-west-2\" }\n",
                    "<Error><Code>PermanentRedirect</Code></Error>",
                ),
            ] {
                file.push_str(&format!(
                    "[[exchange]]\noperation = \"{operation}\"\nregion = \"{region}\"\nrequest = {{ Bucket = \"b\" }}\nstatus = {status}\n{headers}body = '''{body}'''\n"
                ));
            }
        }
        let account = Account::from_files("test", [("s3.toml", file.as_str())]).unwrap();
        let (collected, _, replay) = collect(account, &scope()).await;
        assert!(replay.unrecorded().is_empty());
        assert_eq!(collected.region.as_deref(), Some("us-west-2"));
        let bucket = held(collected);
        assert_eq!(bucket.location.observed(), &Observed::Present("us-west-2".to_owned()));
        assert_eq!(bucket.location.calls().len(), 2);
        assert_eq!(bucket.tags.observed(), &Observed::Absent);
    }

    #[tokio::test]
    async fn a_bucket_of_another_account_is_denied_and_not_absent() {
        let owner = "[account]\nid = \"210987654321\"\n";
        let account = answering(Account::from_files("test", [("account.toml", owner)]).unwrap(), &BARE);
        let (collected, ..) = collect(account, &scope()).await;
        let Observed::Unknown(gap) = collected.existence.observed() else { panic!("it seems to exist") };
        assert_eq!(
            gap.to_string(),
            "GetBucketLocation was denied; the auditing role needs s3:GetBucketLocation, or the bucket belongs to another account"
        );
        assert!(matches!(held(collected).tags.observed(), Observed::Unknown(Gap::Denied { .. })));
    }

    #[tokio::test]
    async fn sampled_objects_leave_a_hash_of_their_key_and_nothing_else() {
        let listed = "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>jane</Key></Contents><Contents><Key>john</Key></Contents></ListBucketResult>";
        let list = [("Bucket", "b"), ("max-keys", "2")];
        let account = bare()
            .answer("s3", "ListObjectsV2", &list, Answer::ok(listed))
            .unwrap()
            .answer(
                "s3",
                "HeadObject",
                &[("Bucket", "b"), ("Key", "jane")],
                Answer::ok("").with_header("x-amz-server-side-encryption", "AES256"),
            )
            .unwrap()
            .answer("s3", "HeadObject", &[("Bucket", "b"), ("Key", "john")], Answer::new(400, ""))
            .unwrap();
        let (collected, _, replay) = collect(account, &Scope { sample_objects: 2, ..scope() }).await;
        assert_eq!(replay.unrecorded(), []);
        let bucket = held(collected);
        let Observed::Present(objects) = bucket.sampled_objects.observed() else { panic!("no sample") };
        assert_eq!(objects[0].key_hash.len(), 12);
        assert_eq!(objects[0].algorithm.observed(), &Observed::Present(SseAlgorithm::Aes256));
        assert_eq!(objects[0].customer_key.observed(), &Observed::Present(Switch::Off));
        let Observed::Unknown(gap) = objects[1].algorithm.observed() else { panic!("it was readable") };
        assert!(gap.to_string().contains("possibly because the object is under a key of the client (SSE-C)"));
        let saved = serde_json::to_string(&bucket).unwrap();
        assert!(!saved.contains("jane") && !saved.contains("john"), "{saved}");
    }

    #[tokio::test]
    async fn one_version_is_enough_to_know_that_a_bucket_is_not_empty() {
        let asked = [("Bucket", "b"), ("max-keys", "1")];
        for (body, emptiness) in [
            (
                "<ListVersionsResult><DeleteMarker><Key>k</Key></DeleteMarker></ListVersionsResult>",
                Emptiness::HoldsVersions,
            ),
            ("<ListVersionsResult><IsTruncated>false</IsTruncated></ListVersionsResult>", Emptiness::Empty),
        ] {
            let account = bare().answer("s3", "ListObjectVersions", &asked, Answer::ok(body)).unwrap();
            let (collected, _, replay) = collect(account, &Scope { check_bucket_empty: true, ..scope() }).await;
            assert_eq!(replay.unrecorded(), []);
            assert_eq!(held(collected).emptiness.observed(), &Observed::Present(emptiness));
        }
    }
}
