//! What services run on.

use crate::check::{Context, NoParams};
use crate::ecs::running::{self, active, services_of, short};
use crate::ecs::{Capacity, Cluster, Description, LaunchType, SERVICES, Service, ServiceStatus, TaskSet};
use crate::evidence::Evidence;
use crate::iam::documents::{a_stack_was_listed, listing_was_read};
use crate::observed::{Gap, Observed};
use crate::subject::{Attributes, Kind, Subject};
use crate::verdict::{Judgement, Verdict, every, nothing_to_judge};

const EXPECTED: &str = "Fargate for every task";
const NOTHING_RUNS: &str = "at least one ACTIVE service";

/// Judges each ACTIVE service by itself, and of a cluster whether it has one: that nothing runs is a failure here, and
/// here alone.
pub(super) fn fargate(_: &NoParams, context: &Context<'_>) -> Judgement {
    if let Some(service) = Service::of(&context.subject.resource) {
        return running::of_active(service, context, |description| on_fargate(description, context.evidence));
    }
    match Cluster::of(&context.subject.resource) {
        Some(cluster) => has_service(cluster, context),
        None => Err(Gap::NothingToAudit { kind: Kind::Cluster.name().into() }),
    }
}

/// A service that could not be read may be the ACTIVE one.
fn has_service(cluster: &Cluster, context: &Context<'_>) -> Judgement {
    if let Some(verdict) = running::nothing_of_stack(context) {
        return Ok(verdict);
    }
    let (active, gap) = active(services_of(context.subject, context.evidence));
    if !active.is_empty() {
        let names: Vec<&str> = active.iter().map(|(subject, _)| short(&subject.id)).collect();
        let verdict = Verdict::satisfied(format!("ACTIVE services, each judged by itself: {}", names.join(", ")));
        return Ok(left_out(verdict, context.subject, context.evidence));
    }
    if let Some(gap) = gap {
        return Err(gap);
    }
    cluster.services.required("ListServices", "serviceArns")?;
    let verdict = Verdict::not_satisfied("the cluster has no ACTIVE service, so nothing runs", NOTHING_RUNS);
    Ok(left_out(verdict, context.subject, context.evidence))
}

fn left_out(verdict: Verdict, cluster: &Subject, evidence: &Evidence) -> Verdict {
    let skipped: Vec<String> = services_of(cluster, evidence)
        .filter_map(|(subject, service)| match running::described(service).and_then(running::status) {
            Ok(status @ (ServiceStatus::Draining | ServiceStatus::Inactive)) => {
                Some(format!("{} ({})", short(&subject.id), status.name()))
            }
            Ok(ServiceStatus::Active) | Err(_) => None,
        })
        .collect();
    if skipped.is_empty() { verdict } else { verdict.noting(format!("left out: {}", skipped.join(", "))) }
}

/// Of a run without any cluster or service. Where there is a cluster, its own finding says that it has no service.
pub(super) fn nothing_runs(evidence: &Evidence) -> Judgement {
    listing_was_read(evidence)?;
    let found = |kind| evidence.of_kind(kind).next().is_some();
    if found(Kind::Cluster) {
        return Ok(Verdict::not_applicable("there is no service; the finding of the cluster says what that means"));
    }
    if found(Kind::Service) {
        return Ok(Verdict::not_applicable("the cluster was not seen; its services are judged by themselves"));
    }
    a_stack_was_listed(evidence)?;
    Ok(Verdict::not_satisfied("there is no ECS cluster, and so no ACTIVE service: nothing runs", NOTHING_RUNS))
}

/// With task sets the service's own fields may be absent: then the sets say everything.
fn on_fargate(description: &Description, evidence: &Evidence) -> Judgement {
    let mut parts = Vec::new();
    let own = &description.capacity;
    if description.task_sets.is_empty() || says_something(own) {
        parts.push(capacity(own, "the service"));
    }
    parts.extend(
        description.task_sets.iter().map(|set: &TaskSet| capacity(&set.capacity, &format!("task set {}", set.id))),
    );
    let (revisions, gap) = running::revisions(description);
    parts.extend(revisions.into_iter().map(|arn| for_fargate(arn, evidence)));
    parts.extend(gap.map(Err));
    every(parts, nothing_to_judge)
}

fn says_something(capacity: &Capacity) -> bool {
    !capacity.providers.is_empty() || !matches!(capacity.launch_type, Observed::Absent)
}

/// A strategy of capacity providers stands in place of a launch type. One absent beside an empty other says nothing.
fn capacity(capacity: &Capacity, what: &str) -> Judgement {
    let verdict = if capacity.providers.is_empty() {
        let missing = || Gap::Incomplete { operation: SERVICES.into(), field: "services.launchType".into() };
        match capacity.launch_type.seen()?.ok_or_else(missing)? {
            LaunchType::Fargate => Verdict::satisfied(format!("{what} runs on FARGATE")),
            other @ (LaunchType::Ec2 | LaunchType::External | LaunchType::ManagedInstances) => {
                Verdict::not_satisfied(format!("{what} runs on {}", other.name()), EXPECTED)
            }
        }
    } else {
        let other: Vec<&str> = capacity
            .providers
            .iter()
            .map(String::as_str)
            .filter(|provider| !["FARGATE", "FARGATE_SPOT"].contains(provider))
            .collect();
        if other.is_empty() {
            Verdict::satisfied(format!("{what} runs on {}", capacity.providers.join(" and ")))
        } else {
            Verdict::not_satisfied(format!("{what} runs on capacity provider {}", other.join(", ")), EXPECTED)
        }
    };
    Ok(match &capacity.platform {
        Observed::Present(version) if is_old(version) => {
            verdict.noting(format!("{what} is on platform version {version}, which cannot mount EFS; use LATEST"))
        }
        Observed::Present(_) | Observed::Absent | Observed::Unknown(_) => verdict,
    })
}

/// Whether a platform version is older than 1.4.0, the first that mounts EFS. `LATEST` is not.
fn is_old(version: &str) -> bool {
    let mut numbers = version.split('.').map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) < (1, 4),
        (_, _) => false,
    }
}

fn for_fargate(arn: &str, evidence: &Evidence) -> Judgement {
    let definition = running::definition(arn, evidence)?;
    let name = short(arn);
    Ok(if definition.compatibilities.iter().any(|one| one == "FARGATE") {
        Verdict::satisfied(format!("{name} is for FARGATE"))
    } else {
        Verdict::not_satisfied(format!("{name} is for {}", or_nothing(&definition.compatibilities)), EXPECTED)
    })
}

fn or_nothing(compatibilities: &[String]) -> String {
    if compatibilities.is_empty() { "nothing that ECS says".into() } else { compatibilities.join(", ") }
}

#[cfg(test)]
mod tests;
