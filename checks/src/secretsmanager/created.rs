//! Whether the stack makes secrets of its own.

use super::Secret;
use crate::check::{Context, NoParams};
use crate::cloudformation::{Member, Stack};
use crate::observed::{Gap, Observed};
use crate::subject::Kind;
use crate::verdict::{Judgement, Verdict, every};

const EXPECTED: &str = "a stack that makes no AWS::SecretsManager::Secret, in its nested stacks neither";

/// A member counts in whatever status but that of one which is deleted. Attachments, rotation schedules and policies make
/// no secret. One that RDS made is judged by rds-credentials-from-existing-secret alone (J23).
pub(super) fn none(stack: &Stack, _: &NoParams, context: &Context<'_>) -> Judgement {
    let members = stack.members.required("ListStackResources", "StackResourceSummaries")?;
    let is_secret = |member: &&Member| member.kind == Kind::Secret.name() && member.status != "DELETE_COMPLETE";
    let parts = members.iter().filter(is_secret).map(|member| {
        if is_of_rds(member, context) {
            return Ok(Verdict::satisfied(format!("RDS made {}", member.logical_id))
                .noting("rds-credentials-from-existing-secret judges it (J23)"));
        }
        let named = format!("{} of stack {}", member.logical_id, member.stack);
        if member.status == "DELETE_IN_PROGRESS" {
            return Err(Gap::changing(format!("the secret {named} is {}", member.status)));
        }
        Ok(Verdict::not_satisfied(format!("the stack makes the secret {named}"), EXPECTED))
    });
    every(parts, || Ok(Verdict::satisfied("the stack makes no secret")))
}

fn is_of_rds(member: &Member, context: &Context<'_>) -> bool {
    let Observed::Present(id) = &member.physical_id else { return false };
    let found = context.evidence.all::<Secret>().find(|(subject, _)| subject.names().contains(id.as_str()));
    let owner = found.and_then(|(_, secret)| secret.description.seen().ok().flatten());
    owner.is_some_and(|description| description.owning_service == Observed::Present("rds".into()))
}

#[cfg(test)]
mod tests;
