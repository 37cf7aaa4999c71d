//! The policy of a key: who may use it, who may administer it, and whether those who need it may.

use serde::Deserialize;

use crate::check::Context;
use crate::iam::Role;
use crate::iam::documents::{listing_was_read, role_of};
use crate::kms::{DESCRIBE, Key, KeyManager, metadata};
use crate::observed::{Gap, Observed};
use crate::policy::Document;
use crate::policy::parse::{Sort, parse};
use crate::policy::question::key_use::Wanted;
use crate::policy::question::{Setting, key_policy, key_use};
use crate::verdict::{Judgement, Verdict};

pub(super) mod function_role;
pub(super) mod logs;
#[cfg(test)]
mod tests;

const DOCUMENT: &str = "key policy";
/// The same in a sentence.
const KEY_POLICY: &str = "the key policy";

/// Parameters of `kms-policy-not-public`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NotPublic {
    trusted_accounts: Vec<String>,
}

/// Every key has a policy, so its absence is a gap. A test on the calling service or the encryption context bounds
/// nobody, because outsiders meet it too.
pub(super) fn not_public(key: &Key, params: &NotPublic, context: &Context<'_>) -> Judgement {
    of_customer(key, || {
        let mut setting = Setting::of(context.evidence, Some(arn(key, context)?));
        setting.trusted_accounts.clone_from(&params.trusted_accounts);
        let verdict = key_policy::outside(text(key)?, &setting)
            .judgement("no principal outside the account and trusted_accounts is allowed an action on the key")?;
        Ok(verdict.noting("grants stand beside the policy and are not judged here"))
    })
}

/// Parameters of `kms-policy-least-privilege`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LeastPrivilege {
    allowed_admin_principals: Vec<String>,
    unconditioned_ok: Vec<String>,
}

/// What the policy leaves to the account's root is for the identity policies to give, and is judged there.
pub(super) fn least_privilege(key: &Key, params: &LeastPrivilege, context: &Context<'_>) -> Judgement {
    of_customer(key, || {
        let setting = Setting::of(context.evidence, Some(arn(key, context)?));
        let (roles, gap) = roles(context);
        let wanted =
            Wanted { admins: &params.allowed_admin_principals, unconditioned: &params.unconditioned_ok, roles: &roles };
        let verdict = key_use::judge(text(key)?, &setting, &wanted).judgement(
            "kms:* for the account alone; for services the use of the key, under a condition; for the roles of the \
             workload no administration",
        )?;
        but_for(verdict, gap)
    })
}

/// The roles that were seen, as account and path with name, and what keeps one from being told.
fn roles(context: &Context<'_>) -> (Vec<(String, String)>, Option<Gap>) {
    let mut roles = Vec::new();
    let mut gap = listing_was_read(context.evidence).err();
    for (subject, role) in context.evidence.all::<Role>() {
        match role.arn.required("GetRole", "Role.Arn").map(|arn| role_of(arn)) {
            Ok(Some(named)) => roles.push(named),
            Ok(None) => {
                gap.get_or_insert(Gap::undecided(format!("the ARN of role {} is none of a role", subject.id)));
            }
            Err(found) => {
                gap.get_or_insert(found);
            }
        }
    }
    (roles, gap)
}

/// A failure stands whatever else could not be read (rule U8); anything else does not.
fn but_for(verdict: Verdict, gap: Option<Gap>) -> Judgement {
    match (verdict, gap) {
        (verdict, None) => Ok(verdict),
        (failed @ Verdict::NotSatisfied { .. }, Some(gap)) => Ok(failed.noting(format!("not all was readable: {gap}"))),
        (Verdict::Satisfied { .. } | Verdict::NotApplicable { .. }, Some(gap)) => Err(gap),
    }
}

/// Judges the policy of a key that the account manages. AWS writes the policies of its own keys, and they break nothing
/// that is judged here, so that a failure stands where DescribeKey was not answered.
fn of_customer(key: &Key, judge: impl FnOnce() -> Judgement) -> Judgement {
    let manager = metadata(key).and_then(|metadata| metadata.manager.required(DESCRIBE, "KeyMetadata.KeyManager"));
    match manager {
        Ok(KeyManager::Aws) => Ok(Verdict::not_applicable("AWS manages the key and writes its policy")),
        Ok(KeyManager::Customer) => judge(),
        Err(gap) => match judge() {
            Ok(verdict) => but_for(verdict, Some(gap)),
            Err(_) => Err(gap),
        },
    }
}

fn text(key: &Key) -> Result<&str, Gap> {
    Ok(key.policy.required("GetKeyPolicy", "Policy")?.0.as_str())
}

fn document(key: &Key) -> Result<Document, Gap> {
    parse(text(key)?, Sort::Resource)
        .map_err(|error| Gap::undecided(format!("the {DOCUMENT} cannot be read as a policy: {error}")))
}

/// The key's ARN: as DescribeKey answers it, else as another resource named it.
fn arn(key: &Key, context: &Context<'_>) -> Result<String, Gap> {
    match metadata(key) {
        Ok(metadata) => Ok(metadata.arn.required(DESCRIBE, "KeyMetadata.Arn")?.clone()),
        Err(gap) => context.subject.arn.clone().filter(|arn| arn.contains(":key/")).ok_or(gap),
    }
}

/// Whether another resource's reference names this key. One that names no key that was looked at may be any.
fn is_named(reference: &str, by: &str, context: &Context<'_>) -> Result<bool, Gap> {
    if context.subject.names().contains(reference) {
        return Ok(true);
    }
    let own = context.subject.arn.as_deref();
    let another = reference.contains(":key/") && own.is_some_and(|arn| arn.contains(":key/"));
    if another || context.evidence.key_named(reference).is_some() {
        return Ok(false);
    }
    Err(Gap::undecided(format!("nothing was seen of the key `{reference}` that {by} names; it may be this one")))
}

/// Whether a resource is known to be gone; one that is uses no key.
fn is_missing(subject: &crate::subject::Subject) -> bool {
    match subject.existence.seen() {
        Ok(Some(crate::subject::Existence::Missing)) => true,
        Ok(Some(crate::subject::Existence::Exists) | None) | Err(_) => false,
    }
}

/// The region and the domain of service names of an ARN's partition.
fn home(arn: &str) -> Option<(&str, &str, &'static str)> {
    let mut fields = arn.split(':');
    let partition = fields.nth(1)?;
    let region = fields.nth(1).filter(|region| !region.is_empty())?;
    let suffix = if partition == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" };
    Some((partition, region, suffix))
}

/// The text of an attribute that may be the empty string where it is not set.
fn set(observed: &Observed<String>) -> Result<Option<&str>, Gap> {
    Ok(observed.seen()?.map(String::as_str).filter(|text| !text.is_empty()))
}
