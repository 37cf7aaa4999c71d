//! Whether anybody of the stack could do away with what is logged, and whether a copy would remain.

use serde::Deserialize;

use super::{LogGroup, description};
use crate::check::Context;
use crate::cloudformation::teardown::{Mode, may_be_protected};
use crate::cloudtrail::Trail;
use crate::cloudtrail::protection::{Which, chosen, validated};
use crate::iam::Role;
use crate::iam::documents::{held, listing_was_read, role_of, service_linked};
use crate::observed::{Gap, Observed};
use crate::policy::Document;
use crate::policy::question::may::{self, Deed, Named};
use crate::policy::question::{Ruling, Setting};
use crate::policy::request::Caller;
use crate::policy::search::SOME_SESSION;
use crate::s3::{ObjectLock, Switch};
use crate::subject::{Existence, Role as Part, Subject};
use crate::verdict::{Judgement, Verdict, any, every, nothing_to_judge};

/// Parameters of `logs-tamper-resistant`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Resistant {
    tamper_actions: Vec<String>,
    accepted_copies: Vec<Copy>,
    deletion_protection: Mode,
    production_suffix_start: String,
    audit_trail: Which,
}

/// What may count as a copy that remains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Copy {
    /// The files of the audit trail, whose validation shows that nobody altered them.
    CloudtrailValidated,
    /// The bucket of the audit trail, under a default retention of Object Lock.
    ObjectLockBucket,
    /// A subscription that sends the events to another account.
    CrossAccountSubscription,
    /// Deletion protection of every log group, where the stack may have it.
    DeletionProtection,
}

const NO_ROLE: &str = "no role may do any of tamper_actions to the log group or to the audit trail";
const A_COPY: &str = "one of accepted_copies";

/// CloudWatch Logs keeps nothing from somebody with the right to delete it, so that a pass says "resistant" and no more.
pub(super) fn resistant(group: &LogGroup, params: &Resistant, context: &Context<'_>) -> Judgement {
    let arn = match &context.subject.arn {
        Some(arn) => arn,
        None => description(group)?.arn.required(super::DESCRIBE, "logGroupArn")?,
    };
    description(group)?;
    let trail = context.evidence.account().and_then(|account| chosen(account, &params.audit_trail.wanted(), context));
    let verdict =
        every([roles(arn, &trail, params, context), copies(group, &trail, params, context)], nothing_to_judge)?;
    Ok(match verdict {
        Verdict::Satisfied { observed, note } => Verdict::Satisfied { observed: format!("resistant: {observed}"), note }
            .noting(
                "resistant and not proof (J30): not judged are identities outside of the stack, such as administrators, and \
                 the roles of custom resources that others run",
            ),
        verdict @ (Verdict::NotSatisfied { .. } | Verdict::NotApplicable { .. }) => verdict,
    })
}

/// The audit trail as far as it could be told.
type AuditTrail<'a> = Result<Option<&'a Trail>, Gap>;

/// No role at all does nothing; but only where the listing of the stack was read is it known that there is none.
fn roles(arn: &str, trail: &AuditTrail<'_>, params: &Resistant, context: &Context<'_>) -> Judgement {
    let deeds = Deeds::of(arn, trail, params)?;
    let of_roles = context
        .evidence
        .all::<Role>()
        .filter(|(subject, _)| !matches!(subject.existence.observed(), Observed::Present(Existence::Missing)))
        .map(|(subject, role)| of_role(subject, role, &deeds, context));
    let unread = listing_was_read(context.evidence).err().map(Err);
    let unjudged = deeds.unjudged.iter().cloned().map(Err);
    every(of_roles.chain(unread).chain(unjudged), || Ok(Verdict::satisfied("the stack has no role")))
}

/// What a role may not do, by the resource that it would be done to.
struct Deeds<'a> {
    deeds: Vec<Deed<'a>>,
    /// Why some of it cannot be judged.
    unjudged: Option<Gap>,
}

impl<'a> Deeds<'a> {
    fn of(arn: &'a str, trail: &'a AuditTrail<'a>, params: &'a Resistant) -> Result<Self, Gap> {
        let (mut logs, mut trails) = (Vec::new(), Vec::new());
        for action in &params.tamper_actions {
            match action.split_once(':') {
                Some(("logs", _)) => logs.push(action.as_str()),
                Some(("cloudtrail", _)) => trails.push(action.as_str()),
                Some(_) | None => {
                    return Err(Gap::undecided(format!(
                        "tamper_actions names `{action}`, and only actions of logs and cloudtrail can be judged"
                    )));
                }
            }
        }
        let mut deeds = vec![Deed { actions: logs, arn, named: Named::WithATail }];
        let mut unjudged = None;
        match trail {
            Ok(Some(trail)) => match trail.arn.required("DescribeTrails", "TrailARN") {
                Ok(arn) => deeds.push(Deed { actions: trails, arn, named: Named::Plainly }),
                Err(gap) => unjudged = Some(gap),
            },
            // No trail can be stopped; that there is none fails elsewhere.
            Ok(None) => {}
            Err(gap) => unjudged = Some(gap.clone()),
        }
        Ok(Deeds { deeds, unjudged })
    }
}

/// A Deny cures here, so that a policy that could not be read leaves everything open, whatever the others allow.
fn of_role(subject: &Subject, role: &Role, deeds: &Deeds<'_>, context: &Context<'_>) -> Judgement {
    if service_linked(role)?.is_some() {
        return Ok(Verdict::not_applicable("roles that are linked to a service of AWS are left out"));
    }
    let arn = role.arn.required("GetRole", "Role.Arn")?;
    let Some((account, name)) = role_of(arn) else {
        return Err(Gap::undecided(format!("`{arn}` is not the ARN of a role")));
    };
    let mut policies: Vec<(String, Document)> = Vec::new();
    for policy in held(role) {
        policies.push((policy.name, policy.document?));
    }
    let policies: Vec<(&str, &Document)> = policies.iter().map(|(name, document)| (name.as_str(), document)).collect();
    let who = Caller::Role { account, name, session: SOME_SESSION.into() };
    let setting = Setting::of(context.evidence, None);
    let bounded = matches!(role.boundary.observed(), Observed::Present(_));
    let parts = deeds.deeds.iter().map(|deed| match may::judge(&policies, &who, deed, &setting) {
        Ruling::Pass { .. } | Ruling::NotApplicable { .. } => Ok(Verdict::satisfied("no role may tamper with it")),
        Ruling::Undecided { reason } => Err(Gap::undecided(format!("role {}: {reason}", subject.id))),
        Ruling::Fail { why, counterexample, correction, notes: _ } => {
            let verdict = Verdict::not_satisfied(format!("role {} {why}", subject.id), NO_ROLE)
                .shown_by(*counterexample, correction);
            Ok(if bounded {
                verdict.noting(format!("the permissions boundary of role {} was not judged", subject.id))
            } else {
                verdict
            })
        }
    });
    every(parts, nothing_to_judge)
}

fn copies(group: &LogGroup, trail: &AuditTrail<'_>, params: &Resistant, context: &Context<'_>) -> Judgement {
    any(params.accepted_copies.iter().map(|copy| match copy {
        Copy::CloudtrailValidated => of_trail(trail, |trail| {
            Ok(validated(trail, &context.evidence.run)?
                .noting("the files of the trail are a copy of what was asked of AWS, not of what applications log"))
        }),
        Copy::ObjectLockBucket => of_trail(trail, |trail| locked(trail, context)),
        Copy::CrossAccountSubscription => subscribed(group, &context.evidence.run.account),
        Copy::DeletionProtection => protected(params, context),
    }))
}

fn of_trail(trail: &AuditTrail<'_>, judge: impl FnOnce(&Trail) -> Judgement) -> Judgement {
    match trail {
        Ok(Some(trail)) => Ok(judge(trail)?.expecting(A_COPY)),
        Ok(None) => Ok(Verdict::not_satisfied("there is no audit trail", A_COPY)),
        Err(gap) => Err(gap.clone()),
    }
}

/// Object Lock without a default retention locks nothing, because CloudTrail sets none itself.
fn locked(trail: &Trail, context: &Context<'_>) -> Judgement {
    let name = trail.bucket.required("DescribeTrails", "S3BucketName")?;
    let Some((_, bucket)) = context.evidence.bucket_named(name) else {
        return Err(Gap::undecided(format!("nothing was seen of bucket {name}, which receives the trail's files")));
    };
    Ok(match bucket.object_lock.seen()? {
        Some(ObjectLock::Compliance) => {
            Verdict::satisfied(format!("bucket {name} of the audit trail locks each file in mode COMPLIANCE"))
        }
        Some(ObjectLock::Governance) => {
            Verdict::satisfied(format!("bucket {name} of the audit trail locks each file in mode GOVERNANCE"))
                .noting("whoever has s3:BypassGovernanceRetention can still delete a file in that mode")
        }
        Some(ObjectLock::NoDefault) | None => Verdict::not_satisfied(
            format!("bucket {name} of the audit trail has no default retention of Object Lock"),
            A_COPY,
        ),
    })
}

/// An empty list means that the events go nowhere else. What lies behind a destination of another account is not seen.
fn subscribed(group: &LogGroup, own: &str) -> Judgement {
    let subscriptions = group.subscriptions.required("DescribeSubscriptionFilters", "subscriptionFilters")?;
    let parts = subscriptions.iter().map(|subscription| {
        let arn = subscription.destination.required("DescribeSubscriptionFilters", "destinationArn")?;
        let account = arn.split(':').nth(4).filter(|account| !account.is_empty());
        Ok(match account {
            Some(account) if account != own => {
                Verdict::satisfied(format!("subscription {} sends its events to account {account}", subscription.name))
                    .noting("what becomes of them there cannot be seen from here")
            }
            Some(_) | None => {
                Verdict::not_satisfied(format!("subscription {} stays in this account", subscription.name), A_COPY)
            }
        })
    });
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return Ok(Verdict::not_satisfied("no subscription sends its events to another account", A_COPY));
    }
    any(parts)
}

/// No setting means off. A protection that the stack may not have is none (J2).
fn protected(params: &Resistant, context: &Context<'_>) -> Judgement {
    let audited = context.evidence.all::<LogGroup>().filter(|(subject, _)| {
        subject.role != Part::External && !matches!(subject.existence.observed(), Observed::Present(Existence::Missing))
    });
    let parts = audited.map(|(subject, group)| {
        Ok(match description(group)?.deletion_protection.seen()? {
            Some(Switch::On) => Verdict::satisfied("every log group is protected against deletion"),
            Some(Switch::Off) | None => {
                Verdict::not_satisfied(format!("log group {} is not protected against deletion", subject.id), A_COPY)
            }
        })
    });
    let verdict = every(parts, nothing_to_judge)?;
    match verdict {
        Verdict::Satisfied { .. } => {
            if may_be_protected(params.deletion_protection, &params.production_suffix_start, context)? {
                Ok(verdict)
            } else {
                Ok(Verdict::not_satisfied(
                    "log groups are protected against deletion, which does not count where the stack has to be \
                     destroyable (J2)",
                    A_COPY,
                ))
            }
        }
        Verdict::NotSatisfied { .. } | Verdict::NotApplicable { .. } => Ok(verdict),
    }
}

#[cfg(test)]
mod tests;
