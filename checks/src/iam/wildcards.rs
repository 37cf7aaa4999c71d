//! That the policies of roles name what they allow.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::check::Context;
use crate::evidence::Evidence;
use crate::iam::Role;
use crate::iam::documents::{Held, attached, held, listing_was_read, managed, only_trusted_service, service_linked};
use crate::observed::Gap;
use crate::policy::model::Document;
use crate::policy::question::role_wildcard::{self, Reading, Resourcing, denying, display, principal, quoted};
use crate::subject::{Kind, Resource};
use crate::verdict::{Judgement, Verdict, every};

#[cfg(test)]
mod tests;

/// Managed policies of AWS that are accepted, by the part of the ARN behind `policy/`, each with the one service that
/// the role has to trust.
type Accepted = BTreeMap<String, String>;

/// Parameters of `iam-role-no-wildcard-actions`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ActionParams {
    allowed_managed: Accepted,
}

/// Parameters of `iam-role-no-wildcard-resources`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ResourceParams {
    allowed_managed: Accepted,
    forced_star_actions: Vec<String>,
    allow_scoped_suffix: bool,
}

/// Parameters of `iam-role-no-broad-managed-policy`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BroadParams {
    allowed_managed: Accepted,
}

/// A role without policies is allowed nothing, which no wildcard widens.
pub(super) fn actions(params: &ActionParams, context: &Context<'_>) -> Judgement {
    let wanted = Wanted {
        met: "names each action that it allows",
        expected: "each allowed action spelt out, without `*`, `?` and NotAction",
    };
    half(context, &params.allowed_managed, wanted, role_wildcard::actions)
}

/// A role without policies is allowed nothing, on whatever resource.
pub(super) fn resources(params: &ResourceParams, context: &Context<'_>) -> Judgement {
    let how = Resourcing { forced_star: &params.forced_star_actions, below: params.allow_scoped_suffix };
    let wanted = Wanted {
        met: "names the resources of all that it allows",
        expected: "ARNs with wildcards only below a resource that is named in full, and `*` only where no action of the \
                   statement takes a resource",
    };
    half(context, &params.allowed_managed, wanted, |name, document| role_wildcard::resources(name, document, how))
}

/// What a half of the question asks for, in words.
#[derive(Clone, Copy)]
struct Wanted {
    met: &'static str,
    expected: &'static str,
}

fn half(
    context: &Context<'_>,
    accepted: &Accepted,
    wanted: Wanted,
    read: impl Fn(&str, &Document) -> Reading,
) -> Judgement {
    match &context.subject.resource {
        Resource::Role(role) => {
            if let Some(reason) = service_linked(role)? {
                return Ok(Verdict::not_applicable(reason));
            }
            let policies = held(role);
            let cancelling = policies.iter().find_map(|policy| match &policy.document {
                Ok(document) => denying(&policy.name, document),
                Err(_) => None,
            });
            let mut spared = Vec::new();
            let mut parts = Vec::new();
            for policy in policies {
                match is_accepted(&policy, accepted, role) {
                    Err(gap) => parts.push(Err(gap)),
                    Ok(Some(note)) => {
                        parts.push(Ok(Verdict::not_applicable(note.clone())));
                        spared.push(note);
                    }
                    Ok(None) => parts.push(policy.document.and_then(|document| {
                        verdict(&policy.name, read(&policy.name, &document), wanted, |reading| {
                            let bounded = matches!(role.boundary.seen(), Ok(Some(_)));
                            role_wildcard::beside(&reading.violations, cancelling.clone(), bounded)
                        })
                    })),
                }
            }
            let none = || Ok(Verdict::satisfied("the role has no policies, so that it is allowed nothing"));
            let verdict = every(parts, none)?;
            Ok(spared.into_iter().fold(verdict, |verdict, note| match verdict {
                Verdict::NotApplicable { .. } => verdict,
                Verdict::Satisfied { .. } | Verdict::NotSatisfied { .. } => verdict.noting(note),
            }))
        }
        Resource::ManagedPolicy(policy) => {
            let name = display(context.subject.arn.as_deref().unwrap_or(&context.subject.id));
            let name = if name.starts_with("managed policy ") {
                name
            } else {
                format!("managed policy {}", context.subject.id)
            };
            let document = managed(policy, &name)?;
            verdict(&name, read(&name, &document), wanted, |reading| {
                role_wildcard::beside(&reading.violations, denying(&name, &document), false)
            })
        }
        Resource::Outputs(_)
        | Resource::Stack(_)
        | Resource::Account(_)
        | Resource::Bucket(_)
        | Resource::Function(_)
        | Resource::Key(_)
        | Resource::LogGroup(_)
        | Resource::Topic(_)
        | Resource::Alarm(_)
        | Resource::Vpc(_)
        | Resource::SecurityGroup(_)
        | Resource::LoadBalancer(_)
        | Resource::Cluster(_)
        | Resource::Service(_)
        | Resource::TaskDefinition(_)
        | Resource::Database(_)
        | Resource::FileSystem(_)
        | Resource::Cache(_)
        | Resource::RestApi(_)
        | Resource::WebAcl(_)
        | Resource::Secret(_)
        | Resource::Nothing(_) => Err(Gap::NothingToAudit { kind: Kind::Role.name().into() }),
    }
}

/// A violation decides, whatever else of the document nobody can tell (rule U8).
fn verdict(name: &str, reading: Reading, wanted: Wanted, beside: impl FnOnce(&Reading) -> Vec<String>) -> Judgement {
    let Some(first) = reading.violations.first() else {
        if !reading.doubts.is_empty() {
            return Err(Gap::undecided(reading.doubts.join("; ")));
        }
        let verdict = Verdict::satisfied(format!("{name} {}", wanted.met));
        return Ok(reading.notes.into_iter().fold(verdict, Verdict::noting));
    };
    let why: Vec<&str> = reading.violations.iter().map(|violation| violation.why.as_str()).collect();
    let failed = Verdict::not_satisfied(why.join("; "), wanted.expected)
        .shown_by(first.counterexample.clone(), first.correction.clone());
    let doubts = reading.doubts.iter().map(|doubt| format!("not all could be judged: {doubt}"));
    let notes: Vec<String> = beside(&reading).into_iter().chain(reading.notes.iter().cloned()).chain(doubts).collect();
    Ok(notes.into_iter().fold(failed, Verdict::noting))
}

/// The path of a managed policy of AWS; `None` for policies of an account. Only the account part tells: anybody can
/// give a policy of their own the same name.
fn of_aws(arn: &str) -> Option<&str> {
    let (partition, path) = arn.strip_prefix("arn:")?.split_once(":iam::aws:policy/")?;
    (!partition.contains(':')).then_some(path)
}

/// Why a policy is spared: it is accepted, and the role trusts the one service that it is accepted for.
fn is_accepted(policy: &Held, accepted: &Accepted, role: &Role) -> Result<Option<String>, Gap> {
    let Some(service) = policy.arn.as_deref().and_then(of_aws).and_then(|path| accepted.get(path)) else {
        return Ok(None);
    };
    let trusted = only_trusted_service(role)?;
    let spared = trusted.as_deref() == Some(principal(service));
    Ok(spared.then(|| {
        format!("{} is accepted by allowed_managed on a role that trusts {} alone", policy.name, principal(service))
    }))
}

/// No managed policy at all is what is asked for.
pub(super) fn no_broad_managed(role: &Role, params: &BroadParams, _: &Context<'_>) -> Judgement {
    if let Some(reason) = service_linked(role)? {
        return Ok(Verdict::not_applicable(reason));
    }
    let parts = attached(role)?.iter().filter_map(|arn| Some((arn, of_aws(arn)?))).map(|(arn, path)| {
        let expected = if params.allowed_managed.is_empty() {
            "no managed policy of AWS, whose actions and resources nobody chose for this role".to_owned()
        } else {
            let accepted: Vec<String> = params
                .allowed_managed
                .iter()
                .map(|(path, service)| format!("{path} on a role for {service}"))
                .collect();
            format!("no managed policy of AWS other than {}", accepted.join(", "))
        };
        let Some(service) = params.allowed_managed.get(path) else {
            return Ok(Verdict::not_satisfied(format!("{}{arn} is attached", breadth(path)), expected));
        };
        match only_trusted_service(role)? {
            Some(trusted) if trusted == principal(service) => {
                Ok(Verdict::satisfied(format!("{arn} is accepted: the role trusts {trusted} alone")))
            }
            Some(_) | None => Ok(Verdict::not_satisfied(
                format!("{arn} is attached to a role that others than {} may become", principal(service)),
                expected,
            )),
        }
    });
    every(parts, || Ok(Verdict::satisfied("no managed policy of AWS is attached")))
}

/// What a policy gives, where its name says so.
fn breadth(path: &str) -> &'static str {
    match path.rsplit('/').next() {
        Some("AdministratorAccess") => "everything in the account is allowed: AdministratorAccess ",
        Some("PowerUserAccess") => "everything but the management of identities is allowed: PowerUserAccess ",
        Some(name) if name.ends_with("FullAccess") => "a whole service is allowed, in the whole account: ",
        Some(_) | None => "",
    }
}

/// Of two kinds of subject one may be missing: a stack without managed policies of its own is an ordinary one, and one
/// without roles was not read. Where there are roles, it is the policies that there are none of.
pub(super) fn none_found(evidence: &Evidence) -> Judgement {
    if evidence.of_kind(Kind::Role).next().is_none() {
        return Err(Gap::NothingToAudit { kind: Kind::Role.name().into() });
    }
    if evidence.of_kind(Kind::Stack).next().is_none() {
        return Err(Gap::depends_on(
            "stack-managed-by-cloudformation",
            "no stack is known that could hold a managed policy",
        ));
    }
    for (_, stack) in evidence.all::<crate::cloudformation::Stack>() {
        if stack.identity.seen()?.is_none() {
            let why = "no stack is known that could hold a managed policy";
            return Err(Gap::depends_on("stack-managed-by-cloudformation", why));
        }
        stack.members.seen()?;
    }
    listing_was_read(evidence)?;
    let kind = Kind::ManagedPolicy.name();
    for (_, stack) in evidence.all::<crate::cloudformation::Stack>() {
        let members = stack.members.required("ListStackResources", "StackResourceSummaries")?;
        let unread: Vec<&str> = members
            .iter()
            .filter(|member| member.kind == kind && member.is_live())
            .map(|member| member.logical_id.as_str())
            .collect();
        if !unread.is_empty() {
            return Err(Gap::undecided(format!(
                "the stack holds managed policies that were not read: {}",
                quoted(unread.into_iter())
            )));
        }
    }
    Ok(Verdict::not_applicable("the stack holds no managed policy of its own; those of its roles are judged there"))
}
