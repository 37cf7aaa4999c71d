//! What the file system's policy does: to clients without TLS, and to callers from outside.

use serde::Deserialize;

use super::FileSystem;
use super::settled;
use crate::check::Context;
use crate::ecs::mounts::mounts;
use crate::policy::question::{Setting, file_system_tls, public};
use crate::verdict::{Judgement, Verdict, every, nothing_to_judge};

const TLS: &str = "a file system policy that lets no client in without TLS";
const CLOSED: &str = "a file system policy that lets nobody in from outside but trusted_accounts";

/// What is accepted beside a policy of the file system, and whose access is wanted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Policy {
    accept_task_side_only: bool,
    trusted_accounts: Vec<String>,
}

/// No policy is AWS's own default, which lets every client mount that reaches a mount target, with or without TLS.
pub(super) fn tls_and_not_public(file_system: &FileSystem, params: &Policy, context: &Context<'_>) -> Judgement {
    settled(file_system)?;
    let Some(text) = file_system.policy.seen()? else {
        return without_policy(params, context);
    };
    let setting = Setting { trusted_accounts: params.trusted_accounts.clone(), ..setting(context) };
    let policies = [("file system policy", text.0.as_str())];
    every(
        [
            file_system_tls::judge(&text.0, &setting).judgement(TLS),
            public::judge(&policies, &setting).judgement(CLOSED),
            public::cross_account(&policies, &setting).judgement(CLOSED),
        ],
        nothing_to_judge,
    )
}

fn without_policy(params: &Policy, context: &Context<'_>) -> Judgement {
    let observed = "the file system has no policy, so every client that reaches a mount target may mount it, with or \
                    without TLS";
    if !params.accept_task_side_only {
        return Ok(Verdict::not_satisfied(observed, format!("{TLS}, nor anybody from outside")));
    }
    task_side(observed, context)
}

/// Whether every task that mounts the file system does so over TLS. Where nothing was seen to mount it, nothing vouches for
/// TLS.
fn task_side(observed: &str, context: &Context<'_>) -> Judgement {
    let expected = "a file system policy, or TLS on every mount by a task";
    let mounts = mounts(context.subject, context.evidence);
    let parts = mounts.mounts.iter().map(|mount| {
        let named = format!("volume {} of {}", mount.volume, mount.revision);
        Ok(if mount.is_over_tls()? {
            Verdict::satisfied(format!("{named} is mounted over TLS"))
        } else {
            Verdict::not_satisfied(format!("{observed}; {named} is mounted in clear"), expected)
        })
    });
    let gap = mounts.gap.clone().map(Err);
    let verdict = every(parts.chain(gap), || {
        Ok(Verdict::not_satisfied(format!("{observed}; no task was seen to mount it over TLS"), expected))
    })?;
    Ok(match verdict {
        met @ Verdict::Satisfied { .. } => {
            met.noting(format!("{observed}; accept_task_side_only lets the tasks' own setting do"))
        }
        other @ (Verdict::NotSatisfied { .. } | Verdict::NotApplicable { .. }) => other,
    })
}

fn setting(context: &Context<'_>) -> Setting {
    let run = &context.evidence.run;
    let region = context.subject.region.as_deref().unwrap_or(&run.region);
    let arn = context.subject.arn.clone().unwrap_or_else(|| {
        format!("arn:{}:elasticfilesystem:{region}:{}:file-system/{}", run.partition, run.account, context.subject.id)
    });
    Setting::of(context.evidence, Some(arn))
}

#[cfg(test)]
mod tests;
