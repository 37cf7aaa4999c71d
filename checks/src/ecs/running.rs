//! What runs, and whose it is: the services and tasks that the other checks look at.

use crate::check::Context;
use crate::ecs::{
    Cluster, DEFINITION, Definition, DeploymentStatus, Description, SERVICES, Service, ServiceStatus, Task,
    TaskDefinition,
};
use crate::evidence::Evidence;
use crate::iam::documents::{a_stack_was_listed, listing_was_read};
use crate::observed::{Gap, Observed};
use crate::subject::{Role, Subject};
use crate::verdict::{Judgement, Verdict};

pub(super) const TASKS: &str = "DescribeTasks";

/// Judges a service that is ACTIVE and the stack's to answer for; says of every other why it is left out.
pub(super) fn of_active(
    service: &Service,
    context: &Context<'_>,
    judge: impl FnOnce(&Description) -> Judgement,
) -> Judgement {
    if !is_of_stack(context.subject, context.evidence) {
        return Ok(not_of_stack());
    }
    let description = described(service)?;
    match status(description)? {
        ServiceStatus::Active => judge(description),
        left_out @ (ServiceStatus::Draining | ServiceStatus::Inactive) => Ok(skipped(left_out)),
    }
}

pub(super) fn described(service: &Service) -> Result<&Description, Gap> {
    service.description.required(SERVICES, "services")
}

pub(super) fn status(description: &Description) -> Result<ServiceStatus, Gap> {
    description.status.required(SERVICES, "services.status").copied()
}

pub(super) fn skipped(status: ServiceStatus) -> Verdict {
    Verdict::not_applicable(format!("the service is {}, so it is left out (see ecs-service-fargate)", status.name()))
}

pub(super) fn not_of_stack() -> Verdict {
    Verdict::not_applicable("it is not the stack's, and runs in a cluster that is not the stack's either")
}

/// Whether the stack has to answer for a service: it is the stack's, or runs in the stack's cluster whoever made it.
/// In a cluster that the stack only uses, the services of others are their own.
pub(super) fn is_of_stack(service: &Subject, evidence: &Evidence) -> bool {
    let in_cluster_of_stack = || {
        let cluster = cluster_of(service, evidence);
        // Where no cluster was seen, nothing says that it is another's.
        cluster.is_none_or(|(subject, _)| subject.role != Role::External)
    };
    service.role != Role::External || in_cluster_of_stack()
}

/// The cluster that holds a service, by what the service's ARN says.
pub(super) fn cluster_of<'a>(service: &Subject, evidence: &'a Evidence) -> Option<(&'a Subject, &'a Cluster)> {
    let name = cluster_name(&service.id)?;
    evidence.all::<Cluster>().find(|(subject, _)| subject.id == name && subject.region == service.region)
}

/// The name of the cluster in the ARN of a service; ARNs of the old form do not hold it.
fn cluster_name(arn: &str) -> Option<&str> {
    let (_, path) = arn.split_once(":service/")?;
    path.split_once('/').map(|(cluster, _)| cluster)
}

/// The services of a cluster that the stack has to answer for, each with its subject.
pub(super) fn services_of<'a>(
    cluster: &'a Subject,
    evidence: &'a Evidence,
) -> impl Iterator<Item = (&'a Subject, &'a Service)> {
    evidence.all::<Service>().filter(move |(subject, _)| {
        cluster_name(&subject.id) == Some(cluster.id.as_str())
            && subject.region == cluster.region
            && is_of_stack(subject, evidence)
    })
}

/// Whether the stack has to answer for what runs in a cluster: it is the stack's, or holds a service that is.
pub(super) fn is_used_by_stack(cluster: &Subject, evidence: &Evidence) -> bool {
    cluster.role != Role::External || services_of(cluster, evidence).next().is_some()
}

/// The descriptions of the ACTIVE services among these, by the names that a reader knows, and the first gap among the
/// rest: a service that could not be read may be ACTIVE. One that ECS does not know any more runs nothing.
pub(super) fn active<'a>(
    services: impl Iterator<Item = (&'a Subject, &'a Service)>,
) -> (Vec<(&'a Subject, &'a Description)>, Option<Gap>) {
    let (mut active, mut gap) = (Vec::new(), None);
    for (subject, service) in services {
        match described(service).and_then(|description| Ok((description, status(description)?))) {
            Ok((description, ServiceStatus::Active)) => active.push((subject, description)),
            Ok((_, ServiceStatus::Draining | ServiceStatus::Inactive)) | Err(Gap::Missing { .. }) => {}
            Err(found) => {
                gap.get_or_insert(found);
            }
        }
    }
    (active, gap)
}

/// The running tasks of a service, by the group that ECS gives them.
pub(super) fn tasks_of<'a>(service: &Subject, context: &Context<'a>) -> Result<Vec<&'a Task>, Gap> {
    let Some((_, cluster)) = cluster_of(service, context.evidence) else {
        return Err(Gap::undecided("the cluster of the service was not seen, so neither were its tasks"));
    };
    let group = format!("service:{}", short(&service.id));
    let mut tasks = Vec::new();
    for task in cluster.tasks.required(TASKS, "tasks")? {
        if *task.group.required(TASKS, "tasks.group")? == group {
            tasks.push(task);
        }
    }
    Ok(tasks)
}

/// The running tasks of a cluster that belong to no service that was seen.
pub(super) fn tasks_outside<'a>(
    subject: &Subject,
    cluster: &'a Cluster,
    evidence: &Evidence,
) -> Result<Vec<&'a Task>, Gap> {
    let services: Vec<&str> = evidence
        .all::<Service>()
        .filter(|(service, _)| {
            cluster_name(&service.id) == Some(subject.id.as_str()) && service.region == subject.region
        })
        .map(|(service, _)| short(&service.id))
        .collect();
    let mut outside = Vec::new();
    for task in cluster.tasks.required(TASKS, "tasks")? {
        let group = task.group.required(TASKS, "tasks.group")?;
        if !group.strip_prefix("service:").is_some_and(|service| services.contains(&service)) {
            outside.push(task);
        }
    }
    Ok(outside)
}

/// The running tasks of a cluster that the stack has to answer for: all of its own cluster's, and of another's those of
/// its services.
pub(super) fn tasks_of_stack<'a>(
    subject: &Subject,
    cluster: &'a Cluster,
    evidence: &Evidence,
) -> Result<Vec<&'a Task>, Gap> {
    let own = subject.role != Role::External;
    let services: Vec<&str> = services_of(subject, evidence).map(|(service, _)| short(&service.id)).collect();
    let mut tasks = Vec::new();
    for task in cluster.tasks.required(TASKS, "tasks")? {
        let group = if own { None } else { Some(task.group.required(TASKS, "tasks.group")?) };
        if group.is_none_or(|group| group.strip_prefix("service:").is_some_and(|name| services.contains(&name))) {
            tasks.push(task);
        }
    }
    Ok(tasks)
}

/// The last part of an ARN, by which people know a service, a task or a revision.
pub(super) fn short(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// The ARNs of the revisions that a service runs: its own, those of its task sets, and those of its deployments that
/// still have tasks. More than one while it is being deployed.
///
/// # Errors
/// The first gap; what could be read stands beside it.
pub(super) fn revisions(description: &Description) -> (Vec<&str>, Option<Gap>) {
    let mut named = vec![Ok(&description.definition)];
    for set in &description.task_sets {
        named.push(set.definition.required(SERVICES, "services.taskSets.taskDefinition").map(|_| &set.definition));
    }
    for deployment in &description.deployments {
        match deployment.status.required(SERVICES, "services.deployments.status") {
            Ok(DeploymentStatus::Primary | DeploymentStatus::Active) => named.push(Ok(&deployment.definition)),
            Ok(DeploymentStatus::Inactive) => {}
            Err(gap) => named.push(Err(gap)),
        }
    }
    let (mut arns, mut gap) = (Vec::new(), None);
    for revision in named {
        match revision.and_then(Observed::seen) {
            Ok(Some(arn)) if !arns.contains(&arn.as_str()) => arns.push(arn.as_str()),
            Ok(Some(_) | None) => {}
            Err(found) => {
                gap.get_or_insert(found);
            }
        }
    }
    if arns.is_empty() && gap.is_none() {
        gap = Some(Gap::Incomplete { operation: SERVICES.into(), field: "services.taskDefinition".into() });
    }
    (arns, gap)
}

/// Whom a requirement holds to account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// What the stack runs.
    OfStack,
    /// Everything that was seen, because it is about exposure.
    Everything,
}

/// What runs a revision, by the names that a reader knows, and the gap where something else may run it too.
fn users(arn: &str, reach: Reach, evidence: &Evidence) -> (Vec<String>, Option<Gap>) {
    let counts = |of_stack: bool| reach == Reach::Everything || of_stack;
    let (mut users, mut gap) = (Vec::new(), None);
    let services = evidence.all::<Service>().filter(|(subject, _)| counts(is_of_stack(subject, evidence)));
    let (active, unread) = active(services);
    gap = gap.or(unread);
    for (subject, description) in active {
        let (revisions, unread) = revisions(description);
        gap = gap.or(unread);
        if revisions.contains(&arn) {
            users.push(format!("service {}", short(&subject.id)));
        }
    }
    for (subject, cluster) in evidence.all::<Cluster>() {
        let tasks = match reach {
            Reach::Everything => cluster.tasks.required(TASKS, "tasks").map(|tasks| tasks.iter().collect()),
            Reach::OfStack => tasks_of_stack(subject, cluster, evidence),
        };
        let tasks: Vec<&Task> = match tasks {
            Ok(tasks) => tasks,
            Err(Gap::Missing { .. }) => Vec::new(),
            Err(found) => {
                gap = gap.or(Some(found));
                Vec::new()
            }
        };
        for task in tasks {
            match task.definition.required(TASKS, "tasks.taskDefinitionArn") {
                Ok(run) if run == arn => users.push(format!("task {}", short(&task.arn))),
                Ok(_) => {}
                Err(found) => gap = gap.or(Some(found)),
            }
        }
    }
    (users, gap)
}

/// Judges a revision that runs; one that does not says nothing about what is deployed, however new it is.
pub(super) fn of_running(
    revision: &TaskDefinition,
    reach: Reach,
    context: &Context<'_>,
    judge: impl FnOnce(&Definition) -> Judgement,
) -> Judgement {
    let arn = context.subject.arn.as_deref().unwrap_or(&context.subject.id);
    let (users, gap) = users(arn, reach, context.evidence);
    match (users.is_empty(), gap) {
        (true, Some(gap)) => Err(gap),
        (true, None) => Ok(Verdict::not_applicable(
            "no ACTIVE service and no running task of the stack runs this revision (see ecs-service-fargate)",
        )),
        (false, _) => judge(revision.definition.required(DEFINITION, "taskDefinition")?),
    }
}

/// The definition of the revision of this ARN.
///
/// # Errors
/// A gap, when it was not read.
pub(super) fn definition<'a>(arn: &str, evidence: &'a Evidence) -> Result<&'a Definition, Gap> {
    let found = evidence
        .all::<TaskDefinition>()
        .find(|(subject, _)| subject.names().contains(arn))
        .ok_or_else(|| Gap::undecided(format!("nothing was seen of the task definition {}", short(arn))))?;
    found.1.definition.required(DEFINITION, "taskDefinition")
}

/// That there is no service, which is known only where every list was read that could hold one.
pub(super) fn services_were_listed(evidence: &Evidence) -> Result<(), Gap> {
    listing_was_read(evidence)?;
    for (_, cluster) in evidence.all::<Cluster>() {
        cluster.services.required("ListServices", "serviceArns")?;
    }
    Ok(())
}

/// What it means for a service's requirement that there is no service.
pub(super) fn no_service(evidence: &Evidence) -> Judgement {
    a_stack_was_listed(evidence)?;
    services_were_listed(evidence)?;
    Ok(Verdict::not_applicable("there is no ACTIVE service (see ecs-service-fargate)"))
}

/// What it means for a requirement on what runs that there is no service, no revision or no cluster.
pub(super) fn no_tasks(evidence: &Evidence) -> Judgement {
    a_stack_was_listed(evidence)?;
    services_were_listed(evidence)?;
    let mut runs = false;
    for (_, cluster) in evidence.all::<Cluster>() {
        runs |= !cluster.tasks.required(TASKS, "tasks")?.is_empty();
    }
    Ok(Verdict::not_applicable(if runs {
        "there is no service; what runs outside services is judged with its cluster"
    } else {
        "there is no ACTIVE service and no running task (see ecs-service-fargate)"
    }))
}

/// What it means for a cluster's part of a requirement that the stack runs nothing in it.
pub(super) fn nothing_of_stack(context: &Context<'_>) -> Option<Verdict> {
    (!is_used_by_stack(context.subject, context.evidence))
        .then(|| Verdict::not_applicable("the cluster is not the stack's, and no service of the stack runs in it"))
}
