//! Who may invoke the function by its resource policy.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{CONFIGURATION, Function, LATEST, of_qualifier};
use crate::check::Context;
use crate::observed::Gap;
use crate::policy::question::invoke::{self, Asked};
use crate::policy::question::{Setting, public};
use crate::s3::{Bucket, notification};
use crate::subject::{Kind, Role, Subject};
use crate::verdict::{Judgement, Verdict, every, nothing_to_judge};

/// The parameters of `lambda-invoke-permission-s3-scoped`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Permission {
    require_source_account: bool,
}

/// No policy means that S3 cannot invoke the function. S3 asks the policy of the version or alias that its notification
/// names, and every policy that was read has to keep others out.
pub(super) fn s3_scoped(function: &Function, params: &Permission, context: &Context<'_>) -> Judgement {
    let Invoking { by_qualifier, through_event_bridge, gap } = Invoking::of(context);
    let mut buckets: BTreeSet<String> = by_qualifier.values().flatten().cloned().collect();
    buckets.extend(primary_buckets(context).map(|(subject, _)| bucket_arn(subject, context)));
    let buckets: Vec<String> = buckets.into_iter().collect();
    let qualifiers: BTreeSet<&str> = function.policies.keys().chain(by_qualifier.keys()).map(String::as_str).collect();
    let judge = |qualifier: &str| {
        let asked = Asked {
            invoking: by_qualifier.get(qualifier).cloned().unwrap_or_else(Vec::new),
            buckets: buckets.clone(),
            require_source_account: params.require_source_account,
        };
        let setting = Setting::of(context.evidence, Some(arn_of(function, qualifier, context)?));
        let policy = policy_of(function, qualifier)?;
        let bounds =
            if params.require_source_account { "aws:SourceArn and aws:SourceAccount" } else { "aws:SourceArn" };
        let expected = format!(
            "S3 may invoke the function for the audited bucket alone, by {bounds}, and every other service is bound too"
        );
        let verdict = invoke::judge(policy, &asked, &setting).judgement(&expected)?;
        Ok(if qualifier == LATEST { verdict } else { of_qualifier(qualifier, verdict) })
    };
    let parts = qualifiers.into_iter().map(judge).chain(gap.map(Err));
    Ok(match every(parts, nothing_to_judge)? {
        Verdict::NotApplicable { reason, note } if through_event_bridge => Verdict::NotApplicable {
            reason: format!(
                "the bucket's events come through EventBridge, so S3 need not invoke the function; {reason}"
            ),
            note,
        },
        verdict @ (Verdict::Satisfied { .. } | Verdict::NotSatisfied { .. } | Verdict::NotApplicable { .. }) => verdict,
    })
}

/// The parameters of `lambda-policy-not-public`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Trusted {
    trusted_accounts: Vec<String>,
}

/// No policy lets nobody in. Each version and alias has a policy of its own: those that a notification or a URL names
/// have to be known.
pub(super) fn not_public(function: &Function, params: &Trusted, context: &Context<'_>) -> Judgement {
    let (named, mut gaps) = named(function, context);
    let qualifiers: BTreeSet<&str> =
        function.policies.keys().chain(&named).map(String::as_str).chain([LATEST]).collect();
    let judge = |qualifier: &str| {
        let mut setting = Setting::of(context.evidence, Some(arn_of(function, qualifier, context)?));
        setting.trusted_accounts.clone_from(&params.trusted_accounts);
        let policies: Vec<(&str, &str)> =
            policy_of(function, qualifier)?.map(|text| ("function policy", text)).into_iter().collect();
        let expected = "no policy that lets in a stranger, or a principal of an account that is not trusted";
        let verdict = public::closed(&policies, &setting).judgement(expected)?;
        Ok(if qualifier == LATEST { verdict } else { of_qualifier(qualifier, verdict) })
    };
    let parts: Vec<Judgement> = qualifiers.into_iter().map(judge).chain(gaps.drain(..).map(Err)).collect();
    Ok(match every(parts, nothing_to_judge)? {
        met @ Verdict::Satisfied { .. } => met.noting(
            "policies of versions and aliases that neither a notification nor a function URL names were not read",
        ),
        verdict @ (Verdict::NotSatisfied { .. } | Verdict::NotApplicable { .. }) => verdict,
    })
}

/// The qualifiers that notifications and function URLs name, and what kept others from being known.
fn named(function: &Function, context: &Context<'_>) -> (BTreeSet<String>, Vec<Gap>) {
    let (mut named, mut gaps) = (BTreeSet::new(), Vec::new());
    for (subject, bucket) in context.evidence.all::<Bucket>() {
        match notification::invocations(bucket, context.subject, context.evidence) {
            Ok(qualifiers) => named.extend(qualifiers.into_iter().flatten().map(str::to_owned)),
            Err(gap) if subject.role == Role::Primary => gaps.push(gap),
            // The notifications of other buckets are not asked for.
            Err(_) => {}
        }
    }
    match function.urls.seen() {
        Ok(urls) => {
            let qualifiers = urls.into_iter().flatten().filter_map(|url| url.function_arn.split(':').nth(7));
            named.extend(qualifiers.map(str::to_owned));
        }
        Err(gap) => gaps.push(gap),
    }
    (named, gaps)
}

/// Which buckets invoke the function, and how.
struct Invoking {
    /// The ARNs of the buckets whose notifications invoke it, by qualifier.
    by_qualifier: BTreeMap<String, Vec<String>>,
    /// Whether it is invoked through EventBridge, and by no notification.
    through_event_bridge: bool,
    /// What kept that from being known.
    gap: Option<Gap>,
}

impl Invoking {
    /// Where no notification names the function and no rule of EventBridge targets it, it is taken to be meant for the
    /// primary buckets, without a qualifier.
    fn of(context: &Context<'_>) -> Self {
        let mut by_qualifier: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let (mut through_event_bridge, mut gap) = (false, None);
        for (subject, bucket) in context.evidence.all::<Bucket>() {
            let arn = bucket_arn(subject, context);
            match notification::invocations(bucket, context.subject, context.evidence) {
                Ok(qualifiers) => {
                    for qualifier in qualifiers {
                        let arns = by_qualifier.entry(qualifier.unwrap_or(LATEST).to_owned()).or_default();
                        if !arns.contains(&arn) {
                            arns.push(arn.clone());
                        }
                    }
                }
                Err(found) if subject.role == Role::Primary => {
                    gap.get_or_insert(found);
                }
                // The notifications of other buckets are not asked for.
                Err(_) => {}
            }
        }
        if gap.is_some() || !by_qualifier.is_empty() {
            return Invoking { by_qualifier, through_event_bridge, gap };
        }
        for (subject, bucket) in primary_buckets(context) {
            match notification::through_event_bridge((subject, bucket), context.subject, context.evidence) {
                Ok(through) => through_event_bridge |= through,
                Err(found) => {
                    gap.get_or_insert(found);
                }
            }
        }
        if through_event_bridge {
            gap = None;
        } else if gap.is_none() {
            let arns: Vec<String> = primary_buckets(context).map(|(subject, _)| bucket_arn(subject, context)).collect();
            if arns.is_empty() {
                gap = Some(Gap::NothingToAudit { kind: Kind::Bucket.name().into() });
            } else {
                by_qualifier.insert(LATEST.to_owned(), arns);
            }
        }
        Invoking { by_qualifier, through_event_bridge, gap }
    }
}

fn primary_buckets<'a>(context: &Context<'a>) -> impl Iterator<Item = (&'a Subject, &'a Bucket)> {
    context.evidence.all::<Bucket>().filter(|(subject, _)| subject.role == Role::Primary)
}

fn bucket_arn(bucket: &Subject, context: &Context<'_>) -> String {
    format!("arn:{}:s3:::{}", context.evidence.run.partition, bucket.id)
}

/// The ARN that the policy of a qualifier is about.
fn arn_of(function: &Function, qualifier: &str, context: &Context<'_>) -> Result<String, Gap> {
    let arn = match &context.subject.arn {
        Some(arn) => arn,
        None => function
            .configuration
            .required(CONFIGURATION, "any configuration")?
            .arn
            .required(CONFIGURATION, "FunctionArn")?,
    };
    Ok(if qualifier == LATEST { arn.clone() } else { format!("{arn}:{qualifier}") })
}

fn policy_of<'a>(function: &'a Function, qualifier: &str) -> Result<Option<&'a str>, Gap> {
    let Some(policy) = function.policies.get(qualifier) else {
        return Err(Gap::NotCollected { what: format!("the policy of {qualifier} was not asked for").into() });
    };
    Ok(policy.seen()?.map(|text| text.0.as_str()))
}

#[cfg(test)]
mod tests;
