//! What the bucket policy does: to uploads without encryption, to requests without TLS, and to callers from outside.

use serde::Deserialize;

use super::{Bucket, EncryptionRule, SseAlgorithm, Switch};
use crate::check::Context;
use crate::observed::Gap;
use crate::policy::model::{Effect, PolicyText, Principal, Principals};
use crate::policy::parse::{Sort, parse};
use crate::policy::question::{AbsentHeader, Encryption, Setting, bucket_sse, bucket_tls, default_upload, public};
use crate::verdict::{Judgement, Verdict, every, nothing_to_judge};

#[cfg(test)]
mod tests;

const EXPECTED_TLS: &str =
    "a bucket policy that denies everyone every S3 action on the bucket and its objects without TLS";
const EXPECTED_PAIR: &str = "a bucket policy that lets uploads with the bucket's default algorithm through";
const EXPECTED_PRIVATE: &str = "a bucket policy that lets nobody in from outside but trusted_accounts";

/// Which values of the encryption header are accepted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Uploads {
    accepted_sse: Vec<SseAlgorithm>,
    accept_kms: bool,
}

impl Uploads {
    fn algorithms(&self) -> Vec<String> {
        let kms = if self.accept_kms { &[SseAlgorithm::Kms, SseAlgorithm::KmsDsse][..] } else { &[] };
        let mut names: Vec<String> = Vec::new();
        for algorithm in self.accepted_sse.iter().chain(kms) {
            let name = algorithm.name().to_owned();
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}

/// No policy denies nothing: it fails, whatever the bucket's default encryption. Where there is a policy, uploads with
/// the default algorithm have to get past it.
pub(super) fn unencrypted_upload(bucket: &Bucket, params: &Uploads, context: &Context<'_>) -> Judgement {
    let setting = Setting {
        encryption: Encryption {
            algorithms: params.algorithms(),
            absent_header: AbsentHeader::Deny,
            kms_key_arn: None,
            bucket_default: None,
        },
        ..setting(context)
    };
    let expected = format!(
        "a bucket policy that denies everyone every upload whose encryption header is missing or is not {}",
        setting.encryption.algorithms.join(" or ")
    );
    let text = bucket.policy.seen()?;
    let denied = bucket_sse::judge(text.map(|text| text.0.as_str()), &setting).judgement(&expected);
    match text {
        None => denied,
        Some(text) => every([denied, pair(bucket, text, &setting)], nothing_to_judge),
    }
}

/// Whether the policy and the bucket's default encryption go together. Without a default there is no pair.
fn pair(bucket: &Bucket, text: &PolicyText, setting: &Setting) -> Judgement {
    let rules = bucket.encryption.seen()?.map_or(&[] as &[EncryptionRule], Vec::as_slice);
    let parts = rules.iter().map(|rule| match rule.algorithm.seen() {
        Ok(Some(algorithm)) => Some(default_upload::judge(&text.0, algorithm.name(), setting).judgement(EXPECTED_PAIR)),
        Ok(None) => None,
        Err(gap) => Some(Err(gap)),
    });
    every(parts.flatten(), || {
        Ok(Verdict::not_applicable("the bucket has no default encryption that the policy could refuse"))
    })
}

/// Whether several statements may share the work.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Transport {
    accept_split: bool,
}

/// No policy denies nothing: it fails.
pub(super) fn insecure_transport(bucket: &Bucket, params: &Transport, context: &Context<'_>) -> Judgement {
    let setting = setting(context);
    let text = bucket.policy.seen()?.map(|text| text.0.as_str());
    let whole = bucket_tls::judge(text, &setting).judgement(EXPECTED_TLS)?;
    match (&whole, text) {
        (Verdict::Satisfied { .. }, Some(text)) if !params.accept_split => {
            let alone = bucket_tls::by_one_statement(text, &setting).judgement("one Deny that covers it all")?;
            Ok(if matches!(alone, Verdict::NotSatisfied { .. }) { alone } else { whole })
        }
        (Verdict::Satisfied { .. } | Verdict::NotSatisfied { .. } | Verdict::NotApplicable { .. }, _) => Ok(whole),
    }
}

/// Whose access from outside is wanted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TrustedCallers {
    trusted_accounts: Vec<String>,
}

/// No policy lets nobody in: it passes. S3 says for itself whether it calls a policy public; either answer is enough to
/// fail, and a missing one of S3 leaves the text to decide.
pub(super) fn not_public(bucket: &Bucket, params: &TrustedCallers, context: &Context<'_>) -> Judgement {
    is_private(bucket, &params.trusted_accounts, context)
}

/// Whether the policy of a bucket, the context's subject, keeps strangers and accounts that are not trusted out.
pub(crate) fn is_private(bucket: &Bucket, trusted_accounts: &[String], context: &Context<'_>) -> Judgement {
    let setting = Setting { trusted_accounts: trusted_accounts.to_vec(), ..setting(context) };
    let Some(text) = bucket.policy.seen()? else {
        return no_policy(bucket);
    };
    let policies = [("bucket policy", text.0.as_str())];
    let mut parts =
        vec![public::judge(&policies, &setting).judgement(EXPECTED_PRIVATE), cross_account(bucket, &policies, setting)];
    let status = status(bucket);
    let silent = matches!(status, Ok(None));
    parts.extend(status.transpose().map(|status| status.map(called)));
    let verdict = every(parts, nothing_to_judge)?;
    Ok(if silent {
        verdict.noting("S3 did not say whether it calls the policy public: the text alone was judged")
    } else {
        verdict
    })
}

/// A canonical user id tells no account, so the owner's own has to be known where the policy names one. While it is not,
/// those ids decide nothing, and everybody else is judged all the same.
fn cross_account(bucket: &Bucket, policies: &[(&str, &str)], mut setting: Setting) -> Judgement {
    let mut unknown = None;
    for id in policies.iter().flat_map(|(_, text)| canonical_users(text)) {
        if setting.trusted_accounts.contains(&id) {
            continue;
        }
        match owner(bucket) {
            Ok(owner) if *owner != id => {}
            Ok(_) => setting.trusted_accounts.push(id),
            Err(gap) => {
                unknown.get_or_insert(gap);
                setting.trusted_accounts.push(id);
            }
        }
    }
    let judged = public::cross_account(policies, &setting).judgement(EXPECTED_PRIVATE);
    every([judged].into_iter().chain(unknown.map(Err)), nothing_to_judge)
}

fn owner(bucket: &Bucket) -> Result<&String, Gap> {
    bucket.acl.required("GetBucketAcl", "AccessControlPolicy")?.owner.required("GetBucketAcl", "Owner.ID")
}

/// The canonical users that an Allow names; none where the text is no policy, which the judgement itself says.
fn canonical_users(text: &str) -> Vec<String> {
    let Ok(document) = parse(text, Sort::Resource) else { return Vec::new() };
    let allows = document.statements.into_iter().filter(|statement| statement.effect == Effect::Allow);
    let mut ids = Vec::new();
    for statement in allows {
        let (Principals::Only(named) | Principals::AllBut(named)) = statement.principals else { continue };
        for principal in named {
            if let Principal::CanonicalUser(id) = principal
                && !ids.contains(&id)
            {
                ids.push(id);
            }
        }
    }
    ids
}

/// Two answers of S3 that exclude each other are of different times.
fn no_policy(bucket: &Bucket) -> Judgement {
    if let Ok(Some(status)) = bucket.policy_status.seen()
        && let Ok(Some(Switch::On)) = status.public.seen()
    {
        return Err(Gap::changing("S3 answered that there is no bucket policy, and that the bucket policy is public"));
    }
    Ok(Verdict::satisfied("there is no bucket policy, so it lets nobody in"))
}

/// What S3 itself says of the policy, where it does.
fn status(bucket: &Bucket) -> Result<Option<Switch>, Gap> {
    match bucket.policy_status.seen()? {
        Some(status) => Ok(status.public.seen()?.copied()),
        None => Ok(None),
    }
}

fn called(public: Switch) -> Verdict {
    match public {
        Switch::On => Verdict::not_satisfied("S3 calls the bucket policy public (IsPublic is true)", EXPECTED_PRIVATE),
        Switch::Off => Verdict::satisfied("S3 does not call it public either (IsPublic is false)"),
    }
}

fn setting(context: &Context<'_>) -> Setting {
    let arn = format!("arn:{}:s3:::{}", context.evidence.run.partition, context.subject.id);
    Setting::of(context.evidence, Some(arn))
}
