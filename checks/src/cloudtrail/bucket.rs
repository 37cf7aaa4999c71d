//! Whether the bucket that the audit trail fills keeps its files: closed, versioned, locked, and its access logged.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::audit::Wanted;
use super::protection::chosen;
use crate::check::Context;
use crate::evidence::Account;
use crate::observed::{Gap, Observed};
use crate::s3::{self, Bucket, MfaDelete, ObjectLock, Switch, VersioningStatus};
use crate::subject::{Existence, Subject};
use crate::verdict::{Judgement, Verdict, every, nothing_to_judge};

/// Parameters of `cloudtrail-bucket-protected`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Protected {
    log_archive_buckets: BTreeMap<String, String>,
    require_lock: RequireLock,
    trail_name: String,
    require_multi_region: bool,
    require_kms_events: bool,
}

/// What keeps files from being deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RequireLock {
    Any,
    ObjectLock,
    MfaDelete,
    None,
}

const EXPECTED: &str = "a bucket that is not public, versioned, locked, and whose access is logged";

/// A bucket that belongs to a log archive in another account is better kept there than here, and cannot be read from
/// here: only a declaration tells it from a bucket that the auditing role may not read.
pub(super) fn protected(account: &Account, params: &Protected, context: &Context<'_>) -> Judgement {
    let wanted = Wanted {
        name: &params.trail_name,
        multi_region: params.require_multi_region,
        kms_events: params.require_kms_events,
    };
    let Some(trail) = chosen(account, &wanted, context)? else {
        return Ok(Verdict::not_applicable("there is no audit trail; see cloudtrail-logging-enabled"));
    };
    let name = trail.bucket.required("DescribeTrails", "S3BucketName")?;
    let Some((subject, bucket)) = context.evidence.bucket_named(name) else {
        return Err(Gap::undecided(format!("nothing was seen of bucket {name}, which receives the trail's files")));
    };
    let parts =
        [closed(subject, bucket, context), versioned(bucket), locked(bucket, params.require_lock), logged(bucket)];
    let verdict = every(parts, nothing_to_judge).map(|verdict| verdict.about(&format!("bucket {name}")));
    match (verdict, params.log_archive_buckets.get(name)) {
        (Err(Gap::Denied { .. } | Gap::Missing { .. }), Some(archive)) => Ok(Verdict::not_applicable(format!(
            "bucket {name} is declared as the log archive of account {archive}: audit it there"
        ))),
        (Err(Gap::Denied { operation, permission, or_else: _ }), None) => {
            let or_else = format!(
                "bucket {name} has to be declared in log_archive_buckets, if it is the log archive of another account"
            );
            Err(Gap::Denied { operation, permission, or_else: Some(or_else.into()) })
        }
        (Ok(verdict), _) => Ok(verdict.expecting(EXPECTED)),
        (Err(gap), _) => Err(gap),
    }
}

/// Not public means blocked four ways; or that no ACL opens it and that no stranger gets past its policy.
fn closed(subject: &Subject, bucket: &Bucket, context: &Context<'_>) -> Judgement {
    if let Ok(Some(Existence::Missing)) = subject.existence.seen() {
        return Ok(Verdict::not_satisfied("does not exist", "a bucket that is there"));
    }
    let block = bucket.public_access_block.seen()?;
    let switch = |of: fn(&s3::PublicAccessBlock) -> &Observed<Switch>| match block.map(of) {
        Some(Observed::Unknown(gap)) => Err(gap.clone()),
        Some(Observed::Present(switch)) => Ok(*switch),
        Some(Observed::Absent) | None => Ok(Switch::Off),
    };
    let acls = [switch(|block| &block.block_public_acls)?, switch(|block| &block.ignore_public_acls)?];
    let policies = [switch(|block| &block.block_public_policy)?, switch(|block| &block.restrict_public_buckets)?];
    let on = |switches: &[Switch; 2]| switches.iter().all(|switch| *switch == Switch::On);
    match (on(&acls), on(&policies)) {
        (true, true) => Ok(Verdict::satisfied("blocks public access in all four ways")),
        (false, _) => Ok(Verdict::not_satisfied(
            "does not keep public ACLs out",
            "BlockPublicAcls and IgnorePublicAcls on for the bucket",
        )
        .noting("a block of the whole account was not counted: it may not cover a bucket of another account")),
        (true, false) => {
            let own = Context { subject, evidence: context.evidence };
            Ok(s3::policy_is_private(bucket, &[], &own)?.noting("public ACLs are blocked, public policies are not"))
        }
    }
}

const LOCK: &str = "a default retention of Object Lock";

/// Without versions an overwritten file is lost.
fn versioned(bucket: &Bucket) -> Judgement {
    let status = match bucket.versioning.seen()? {
        Some(versioning) => versioning.status.seen()?,
        None => None,
    };
    let expected = "versioning Enabled";
    Ok(match status {
        Some(VersioningStatus::Enabled) => Verdict::satisfied("keeps versions"),
        Some(VersioningStatus::Suspended) => Verdict::not_satisfied("has its versioning Suspended", expected),
        None => Verdict::not_satisfied("keeps no versions", expected),
    })
}

/// Object Lock without a default retention locks nothing, because CloudTrail sets none itself.
fn locked(bucket: &Bucket, required: RequireLock) -> Judgement {
    let object_lock = || {
        Ok(match bucket.object_lock.seen()? {
            Some(ObjectLock::Compliance) => Verdict::satisfied("locks each file in mode COMPLIANCE"),
            Some(ObjectLock::Governance) => Verdict::satisfied("locks each file in mode GOVERNANCE")
                .noting("whoever has s3:BypassGovernanceRetention can still delete a file in that mode"),
            Some(ObjectLock::NoDefault) => {
                Verdict::not_satisfied("has Object Lock on without a default retention, which locks nothing", LOCK)
            }
            None => Verdict::not_satisfied("has no Object Lock", LOCK),
        })
    };
    let mfa_delete = || {
        let mfa = match bucket.versioning.seen()? {
            Some(versioning) => versioning.mfa_delete.seen()?,
            None => None,
        };
        Ok(match mfa {
            Some(MfaDelete::Enabled) => Verdict::satisfied("demands a second factor to delete a version"),
            Some(MfaDelete::Disabled) | None => {
                Verdict::not_satisfied("does not demand a second factor to delete a version", "MFA delete Enabled")
            }
        })
    };
    match required {
        RequireLock::Any => crate::verdict::either(object_lock(), mfa_delete),
        RequireLock::ObjectLock => object_lock(),
        RequireLock::MfaDelete => mfa_delete(),
        RequireLock::None => {
            Ok(Verdict::satisfied("need not be locked").noting("require_lock = none: its files can be deleted"))
        }
    }
}

fn logged(bucket: &Bucket) -> Judgement {
    Ok(match bucket.logging.seen()? {
        Some(logging) => Verdict::satisfied(format!("logs access to bucket {}", logging.target_bucket)),
        None => Verdict::not_satisfied("does not log access to itself", "server access logging on"),
    })
}

#[cfg(test)]
mod tests;
