//! Whether what is referred to is there and can be read.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use super::{Consumer, DESCRIBE, Description, Secret, consumers};
use crate::check::{Context, NoParams};
use crate::cloudformation;
use crate::ecs::{Cluster, Service, TaskDefinition};
use crate::evidence::Evidence;
use crate::observed::{Gap, Observed};
use crate::subject::Kind;
use crate::verdict::{Judgement, Verdict, every, nothing_to_judge};

const EXPECTED: &str = "a secret that exists, is not about to be deleted, and has a current version and each version that \
                        is pinned";

/// How long a secret may lie unread before the reader is told.
const IDLE: SignedDuration = SignedDuration::from_hours(24 * 90);

/// The reference is the subject here, so one that leads nowhere fails. What another account holds is out of sight.
pub(super) fn active(secret: &Secret, _: &NoParams, context: &Context<'_>) -> Judgement {
    let own = &context.evidence.run.account;
    let arn = context.subject.arn.as_deref().unwrap_or(&context.subject.id);
    if let Some(account) = arn.split(':').nth(4).filter(|account| *account != own) {
        return Err(Gap::undecided(format!(
            "the secret is account {account}'s; whether it is there has to be judged there"
        )));
    }
    let description = match secret.description.required(DESCRIBE, "ARN") {
        Err(Gap::Missing { .. }) => return Ok(Verdict::not_satisfied("the secret does not exist", EXPECTED)),
        other => other?,
    };
    let deletion = description.deleted_at.seen().map(|deleted| match deleted {
        Some(at) => Verdict::not_satisfied(format!("its deletion was ordered at {at}"), EXPECTED),
        None => Verdict::satisfied("it is not about to be deleted"),
    });
    let (consumers, gap) = consumers(secret, context);
    let pins = consumers.iter().filter_map(|consumer| pinned(consumer, description));
    let parts = [deletion, current(description)].into_iter().chain(pins).chain(gap.map(Err));
    Ok(noting_use(every(parts, nothing_to_judge)?, description, context))
}

/// The versions that carry a label; those without one are not answered, and count as gone.
fn versions(description: &Description) -> Result<BTreeMap<&str, &BTreeSet<String>>, Gap> {
    let versions = description.versions.seen()?.into_iter().flatten();
    Ok(versions.map(|(id, stages)| (id.as_str(), stages)).collect())
}

fn current(description: &Description) -> Judgement {
    let has_current = versions(description)?.values().any(|stages| stages.contains("AWSCURRENT"));
    Ok(if has_current {
        Verdict::satisfied("a version carries AWSCURRENT")
    } else {
        Verdict::not_satisfied("no version carries AWSCURRENT, so it has no value", EXPECTED)
    })
}

fn pinned(consumer: &Consumer<'_>, description: &Description) -> Option<Judgement> {
    let (stage, version) = (consumer.stage, consumer.version);
    let what = match (stage, version) {
        (None, None) => return None,
        (Some(stage), None) => format!("the stage {stage}"),
        (None, Some(version)) => format!("the version {version}"),
        (Some(stage), Some(version)) => format!("the version {version} at stage {stage}"),
    };
    Some(versions(description).map(|versions| {
        let is_meant = |(id, stages): (&&str, &&BTreeSet<String>)| {
            version.is_none_or(|version| *id == version) && stage.is_none_or(|stage| stages.contains(stage))
        };
        if versions.iter().any(is_meant) {
            Verdict::satisfied(format!("{} pins {what}, which is there", consumer.what))
        } else {
            Verdict::not_satisfied(format!("{} pins {what}, which is not there", consumer.what), EXPECTED)
        }
    }))
}

fn noting_use(verdict: Verdict, description: &Description, context: &Context<'_>) -> Verdict {
    match &description.last_accessed {
        Observed::Absent => verdict.noting("nothing says that it was read lately (LastAccessedDate is absent)"),
        Observed::Present(at) if context.evidence.run.started_at.duration_since(*at) > IDLE => {
            verdict.noting(format!("it was last read at {at}"))
        }
        Observed::Present(_) | Observed::Unknown(_) => verdict,
    }
}

/// That no secret is referred to is known only once everything that could do so was read.
pub(super) fn no_secret(evidence: &Evidence) -> Judgement {
    cloudformation::holds_none(evidence, Kind::Secret)?;
    for (_, stack) in evidence.all::<cloudformation::Stack>() {
        stack.processed.required("GetTemplate", "TemplateBody")?;
    }
    for (_, cluster) in evidence.all::<Cluster>() {
        cluster.services.required("ListServices", "serviceArns")?;
    }
    for (_, service) in evidence.all::<Service>() {
        service.description.required("DescribeServices", "services")?;
    }
    for (_, revision) in evidence.all::<TaskDefinition>() {
        revision.definition.required("DescribeTaskDefinition", "taskDefinition")?;
    }
    Ok(Verdict::not_applicable("no secret is referred to; see ecs-taskdef-secrets-from-secretsmanager"))
}

#[cfg(test)]
mod tests;
