//! That shells into containers leave a record.

use crate::check::{Context, NoParams};
use crate::ecs::logging::{AWSLOGS, exists};
use crate::ecs::running::{self, TASKS, active, nothing_of_stack, revisions, services_of, short, tasks_of_stack};
use crate::ecs::{CLUSTERS, Cluster, ExecConfiguration, ExecLogging};
use crate::observed::{Gap, Observed};
use crate::s3::Switch;
use crate::subject::Existence;
use crate::verdict::{Judgement, Verdict, every, nothing_to_judge};

const EXPECTED: &str = "no shells, or a record of each in a log group or bucket that exists";

/// What shells can be opened in, with the revisions whose containers they are.
struct Open<'a> {
    what: String,
    revisions: Vec<&'a str>,
}

/// A service tells of the tasks to come; tasks keep the value they started with.
pub(super) fn audited(cluster: &Cluster, _: &NoParams, context: &Context<'_>) -> Judgement {
    if let Some(verdict) = nothing_of_stack(context) {
        return Ok(verdict);
    }
    let mut open = Vec::new();
    let mut parts = Vec::new();
    let (services, gap) = active(services_of(context.subject, context.evidence));
    parts.extend(gap.map(Err));
    for (subject, description) in services {
        if description.exec == Switch::On {
            let (revisions, gap) = revisions(description);
            parts.extend(gap.map(Err));
            open.push(Open { what: format!("service {}", short(&subject.id)), revisions });
        }
    }
    parts.extend(cluster.services.required("ListServices", "serviceArns").err().map(Err));
    match tasks_of_stack(context.subject, cluster, context.evidence) {
        Ok(tasks) => {
            for task in tasks.into_iter().filter(|task| task.exec == Switch::On) {
                let what = format!("task {}", short(&task.arn));
                match task.definition.required(TASKS, "tasks.taskDefinitionArn") {
                    Ok(arn) => open.push(Open { what, revisions: vec![arn] }),
                    Err(gap) => {
                        parts.push(Err(gap));
                        open.push(Open { what, revisions: Vec::new() });
                    }
                }
            }
        }
        Err(gap) => parts.push(Err(gap)),
    }
    if open.is_empty() {
        parts.push(Ok(Verdict::satisfied("shells cannot be opened in any service or running task")));
    } else {
        parts.push(recorded(cluster, &open, context));
    }
    every(parts, nothing_to_judge)
}

/// No configuration at all means DEFAULT.
fn recorded(cluster: &Cluster, open: &[Open<'_>], context: &Context<'_>) -> Judgement {
    let who: Vec<&str> = open.iter().map(|open| open.what.as_str()).collect();
    let shells = format!("shells can be opened in {}", who.join(", "));
    let description = cluster.description.required(CLUSTERS, "clusters")?;
    let configuration = description.exec.seen()?;
    let logging = configuration.map_or(Ok(None), |configuration| configuration.logging.seen())?;
    let verdict = match (logging, configuration) {
        (Some(ExecLogging::None), _) => {
            Verdict::not_satisfied(format!("{shells}, and the cluster's logging of them is NONE"), EXPECTED)
        }
        (Some(ExecLogging::Override), Some(configuration)) => to_named(configuration, &shells, context)?,
        (Some(ExecLogging::Default) | None, _) | (Some(ExecLogging::Override), None) => {
            by_awslogs(open, &shells, context)?
        }
    };
    let verdict = match configuration.map(|configuration| &configuration.kms_key) {
        None | Some(Observed::Absent) => verdict.noting("no KMS key of yours encrypts the sessions beside TLS"),
        Some(Observed::Present(_) | Observed::Unknown(_)) => verdict,
    };
    Ok(verdict.noting("session logs also need `script` and `cat` in the image, which no API shows"))
}

/// A bucket that is named is taken for a destination; a log group is looked for.
fn to_named(configuration: &ExecConfiguration, shells: &str, context: &Context<'_>) -> Judgement {
    let group = configuration.log_group.seen()?.filter(|group| !group.is_empty());
    let bucket = configuration.bucket.seen()?.filter(|bucket| !bucket.is_empty());
    let mut parts = Vec::new();
    if let Some(group) = group {
        parts.push(exists(group, None, context).map(|existence| match existence {
            Existence::Exists => Verdict::satisfied(format!("{shells}, and each is logged to {group}")),
            Existence::Missing => Verdict::not_satisfied(
                format!("{shells}, and each is to be logged to {group}, which does not exist"),
                EXPECTED,
            ),
        }));
    }
    if let Some(bucket) = bucket {
        parts.push(Ok(Verdict::satisfied(format!("{shells}, and each is logged to bucket {bucket}"))));
    }
    every(parts, || {
        Ok(Verdict::not_satisfied(format!("{shells}; logging is OVERRIDE and names no destination"), EXPECTED))
    })
}

/// DEFAULT writes to where the container's own awslogs driver does, and nowhere where it has none.
fn by_awslogs(open: &[Open<'_>], shells: &str, context: &Context<'_>) -> Judgement {
    let mut parts = Vec::new();
    for arn in open.iter().flat_map(|open| &open.revisions) {
        let definition = match running::definition(arn, context.evidence) {
            Ok(definition) => definition,
            Err(gap) => {
                parts.push(Err(gap));
                continue;
            }
        };
        parts.extend(definition.containers.iter().map(|container| {
            let logs = container.logging.seen()?.is_some_and(|logging| logging.driver == AWSLOGS);
            Ok(if logs {
                Verdict::satisfied(format!("{shells}, and each is logged to the container's own log group"))
            } else {
                Verdict::not_satisfied(
                    format!(
                        "{shells}; logging is DEFAULT, and container {} of {} does not log by awslogs",
                        container.name,
                        short(arn)
                    ),
                    EXPECTED,
                )
            })
        }));
    }
    every(parts, || Err(Gap::undecided(format!("{shells}, and nothing was seen of their containers"))))
}

#[cfg(test)]
mod tests;
