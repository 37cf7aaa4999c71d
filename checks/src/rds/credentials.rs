//! Where the master password comes from.

use serde::Deserialize;

use super::cluster;
use super::{Database, Password};
use crate::check::Context;
use crate::cloudformation::Stack;
use crate::observed::{Gap, Observed};
use crate::verdict::{Judgement, Verdict, every, nothing_to_judge};

const EXPECTED: &str = "a master password that the template takes from an existing secret by \
                        {{resolve:secretsmanager:...}}";

/// Whether a secret that RDS itself makes will do.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Source {
    accept_rds_managed_secret: bool,
}

/// The live answer shows no more than whether RDS made a secret of its own; everything else stands in the template. A
/// change that was made after the deployment does not show.
pub(super) fn existing_secret(database: &Database, params: &Source, context: &Context<'_>) -> Judgement {
    let cluster = cluster(database)?;
    let live = cluster.master_secret.seen().map(|secret| secret.map(|_| managed(params)));
    let template = match (database.password.seen(), &live) {
        // RDS's own secret is what the live cluster has, and the template may leave it to a default.
        (Ok(Some(Password::Managed | Password::Unstated)), Ok(Some(verdict))) => return Ok(verdict.clone()),
        (Ok(Some(password)), _) => stated(password, params, context),
        (Ok(None), _) => Err(Gap::undecided("where the template takes the master password from was not read")),
        (Err(gap), _) => Err(gap),
    };
    let live = live.transpose();
    Ok(every(live.into_iter().chain([template]), nothing_to_judge)?
        .noting("the template tells, not the database: a change made after the deployment does not show"))
}

fn managed(params: &Source) -> Verdict {
    let observed = "RDS made a secret of its own for the master user";
    if params.accept_rds_managed_secret {
        Verdict::satisfied(observed).noting("it is the safer practice; accept_rds_managed_secret lets it do (J23)")
    } else {
        Verdict::not_satisfied(observed, EXPECTED)
            .noting("the client's text asks for existing secrets and forbids new ones, although this is safe (J23)")
    }
}

fn stated(password: &Password, params: &Source, context: &Context<'_>) -> Judgement {
    let fails = |observed: String| Ok(Verdict::not_satisfied(observed, EXPECTED));
    match password {
        Password::Secret(name) => match made_by_stack(name, context)? {
            Some(logical_id) => {
                fails(format!("the master password comes from the secret {logical_id} of the stack itself"))
            }
            None => Ok(Verdict::satisfied(format!("the master password comes from the existing secret `{name}`"))),
        },
        Password::Stack { logical_id, kind } => {
            fails(format!("the master password comes from {logical_id} ({kind}) of the stack itself"))
        }
        Password::ParameterStore => fails("the master password comes from the parameter store".into()),
        Password::Parameter(name) => fails(format!("the master password is the value of the parameter {name}")),
        Password::Literal => fails("the master password stands in the template".into()),
        Password::Managed => Ok(managed(params)),
        Password::Restored(property) => Ok(Verdict::not_applicable(format!(
            "the cluster takes its credentials from what it was made of ({property})"
        ))),
        Password::Unstated => {
            Err(Gap::undecided("the template names neither a master password nor what the cluster was restored from"))
        }
    }
}

/// The member of a stack that is the secret of this name, ARN or partial ARN; `None` where no stack holds it.
fn made_by_stack(name: &str, context: &Context<'_>) -> Result<Option<String>, Gap> {
    for (_, stack) in context.evidence.all::<Stack>() {
        let members = stack.members.required("ListStackResources", "StackResourceSummaries")?;
        for member in members.iter().filter(|member| member.kind == "AWS::SecretsManager::Secret") {
            match &member.physical_id {
                Observed::Present(arn) if is_same_secret(arn, name) => return Ok(Some(member.logical_id.clone())),
                Observed::Present(_) | Observed::Absent => {}
                Observed::Unknown(gap) => return Err(gap.clone()),
            }
        }
    }
    Ok(None)
}

/// Secrets Manager puts a hyphen and six letters behind the name in an ARN; references may leave them out.
fn is_same_secret(arn: &str, name: &str) -> bool {
    let Some((_, full)) = arn.split_once(":secret:") else { return arn == name };
    let plain = match full.rsplit_once('-') {
        Some((plain, letters)) if letters.len() == 6 => plain,
        Some(_) | None => full,
    };
    let referred = name.split_once(":secret:").map_or(name, |(_, name)| name);
    referred == full || referred == plain
}

#[cfg(test)]
mod tests;
