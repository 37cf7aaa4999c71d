//! Who can become a role, and on which terms.

use serde::Deserialize;

use crate::check::Context;
use crate::iam::Role;
use crate::iam::documents::service_linked;
use crate::observed::Gap;
use crate::policy::model::Effect;
use crate::policy::question::trust::{self, Expected, Strength};
use crate::policy::question::{Ruling, Setting};
use crate::verdict::{Judgement, Verdict, every, nothing_to_judge};

#[cfg(test)]
mod tests;

const EXPECTED_ID: &str =
    "sts:ExternalId compared with an id that was agreed with the other account, long and unpublished";
const EXPECTED_SERVICE: &str = "each service in a statement without sts:ExternalId";
const EXPECTED_WHO: &str = "nobody but the own account, services, trusted_accounts and expected_federated";

/// Parameters of `iam-trust-external-id-cross-account`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExternalId {
    min_external_id_len: usize,
    forbidden_ids: Vec<String>,
    accept_own_org: bool,
    literal_seed_mode: bool,
}

/// A role that nobody of another account can assume needs no external id.
pub(super) fn external_id(role: &Role, params: &ExternalId, context: &Context<'_>) -> Judgement {
    let Some((text, setting)) = trust_policy(role, context)? else { return left_alone() };
    let setting = Setting { accept_own_org: params.accept_own_org, ..setting };
    let outside = in_place_of_an_id(text, trust::external_id(text, &setting), &setting);
    let asked = !matches!(outside, Ruling::NotApplicable { .. });
    let mut parts = vec![definite(text, outside)];
    if asked {
        let strength = Strength { length: params.min_external_id_len, published: &params.forbidden_ids };
        parts.push(trust::ids(text, strength, &setting).judgement(EXPECTED_ID));
    }
    if params.literal_seed_mode {
        let expected = "sts:ExternalId demanded of services too (literal_seed_mode)";
        parts.push(trust::demanded_of_services(text, &setting).judgement(expected));
    }
    every(parts, nothing_to_judge)
}

/// Where the organisation is accepted, a role that only its members reach from outside is met by that, and not beside the
/// point.
fn in_place_of_an_id(text: &str, ruling: Ruling, setting: &Setting) -> Ruling {
    match ruling {
        Ruling::NotApplicable { reason, notes } if setting.accept_own_org => {
            let strict = Setting { accept_own_org: false, ..setting.clone() };
            match trust::external_id(text, &strict) {
                Ruling::NotApplicable { .. } => Ruling::NotApplicable { reason, notes },
                Ruling::Pass { .. } | Ruling::Fail { .. } | Ruling::Undecided { .. } => Ruling::Pass {
                    proved: "no principal outside the organisation that the policy names can assume the role, and the \
                             organisation is accepted in place of an external id (accept_own_org)"
                        .into(),
                    notes,
                },
            }
        }
        other @ (Ruling::Pass { .. }
        | Ruling::Fail { .. }
        | Ruling::NotApplicable { .. }
        | Ruling::Undecided { .. }) => other,
    }
}

/// What `NotPrincipal` means in a trust policy IAM does not say. A counterexample that got past such a Deny stands,
/// because the Deny surely does not catch it.
fn definite(text: &str, ruling: Ruling) -> Judgement {
    let refuted = matches!(ruling, Ruling::Fail { .. });
    match trust::not_principal(text) {
        Some((Effect::Allow, cited)) => Err(unsupported(&cited.statement)),
        Some((Effect::Deny, cited)) if !refuted => Err(unsupported(&cited.statement)),
        Some((Effect::Deny, _)) | None => ruling.judgement(EXPECTED_ID),
    }
}

fn unsupported(statement: &str) -> Gap {
    Gap::undecided(format!(
        "{statement} of the trust policy uses NotPrincipal, which IAM does not support there; name the principals instead"
    ))
}

/// Parameters of `iam-trust-no-external-id-on-service`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Services {
    literal_seed_mode: bool,
}

/// A role that names no service is no service's.
pub(super) fn services(role: &Role, params: &Services, context: &Context<'_>) -> Judgement {
    let Some((text, setting)) = trust_policy(role, context)? else { return left_alone() };
    if params.literal_seed_mode {
        let reason = "the client's words are read literally (literal_seed_mode): services are asked for an external id";
        return Ok(Verdict::not_applicable(reason)
            .noting("a service never sends an external id: a role that demands one of it does not work"));
    }
    let verdict = trust::services(text, &setting).judgement(EXPECTED_SERVICE)?;
    Ok(match &verdict {
        Verdict::NotSatisfied { observed, .. } if observed.contains("sts:ExternalId") => verdict.noting(
            "both templates of the client put sts:ExternalId on the service's statement: split it in two, the service \
             without the id and principals of other accounts with it",
        ),
        Verdict::Satisfied { .. } | Verdict::NotSatisfied { .. } | Verdict::NotApplicable { .. } => verdict,
    })
}

/// What is said of a service that is not listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Unlisted {
    Note,
    Strict,
}

/// Parameters of `iam-trust-principals-expected`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Principals {
    services: Unlisted,
    expected_services: Vec<String>,
    trusted_accounts: Vec<String>,
    expected_federated: Vec<String>,
    accept_own_org: bool,
}

/// A trust policy always names somebody; one that lets in nobody at all would pass.
pub(super) fn principals(role: &Role, params: &Principals, context: &Context<'_>) -> Judgement {
    let Some((text, setting)) = trust_policy(role, context)? else { return left_alone() };
    let setting =
        Setting { accept_own_org: params.accept_own_org, trusted_accounts: params.trusted_accounts.clone(), ..setting };
    let expected = Expected {
        services: &params.expected_services,
        strict: params.services == Unlisted::Strict,
        federated: &params.expected_federated,
    };
    trust::principals(text, expected, &setting).judgement(EXPECTED_WHO)
}

/// The text of the trust policy with the setting that it is judged in; `None` for a role that only AWS can change.
fn trust_policy<'a>(role: &'a Role, context: &Context<'_>) -> Result<Option<(&'a str, Setting)>, Gap> {
    if service_linked(role)?.is_some() {
        return Ok(None);
    }
    let arn = role.arn.required("GetRole", "Role.Arn")?;
    let text = role.trust.required("GetRole", "Role.AssumeRolePolicyDocument")?;
    Ok(Some((&text.0, Setting::of(context.evidence, Some(arn.clone())))))
}

fn left_alone() -> Judgement {
    Ok(Verdict::not_applicable("the role is linked to a service of AWS, which alone decides who can become it"))
}
