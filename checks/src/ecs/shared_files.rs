//! That containers share files, over TLS.

use crate::check::{Context, NoParams};
use crate::ecs::running::{
    self, Reach, active, nothing_of_stack, of_running, revisions, services_of, short, tasks_of_stack,
};
use crate::ecs::{Cluster, Container, Definition, EfsVolume, TaskDefinition, Volume};
use crate::efs::FileSystem;
use crate::iam::documents::listing_was_read;
use crate::observed::{Gap, Observed};
use crate::s3::Switch;
use crate::subject::{Attributes, Kind, Role};
use crate::verdict::{Judgement, Verdict, every};

const MOUNTED: &str = "a running task definition that mounts the stack's file system";
const OVER_TLS: &str = "each EFS volume mounted by a container, with transitEncryption ENABLED";

/// Of a cluster is judged that something mounts the stack's file system, of each revision that it mounts over TLS.
pub(super) fn encrypted_transit(_: &NoParams, context: &Context<'_>) -> Judgement {
    if let Some(revision) = TaskDefinition::of(&context.subject.resource) {
        return of_running(revision, Reach::OfStack, context, |definition| over_tls(definition, context));
    }
    match Cluster::of(&context.subject.resource) {
        Some(cluster) => shared(cluster, context),
        None => Err(Gap::NothingToAudit { kind: Kind::Cluster.name().into() }),
    }
}

/// The EFS volumes of a definition, and a gap where it is not known what a volume is.
fn efs_volumes(definition: &Definition) -> (Vec<(&Volume, &EfsVolume)>, Option<Gap>) {
    let (mut volumes, mut gap) = (Vec::new(), None);
    for volume in &definition.volumes {
        match volume.efs.seen() {
            Ok(Some(efs)) => volumes.push((volume, efs)),
            Ok(None) => {}
            Err(found) => {
                gap.get_or_insert(found);
            }
        }
    }
    (volumes, gap)
}

fn mounting<'a>(volume: &Volume, definition: &'a Definition) -> Vec<&'a Container> {
    definition.containers.iter().filter(|container| container.mounts.contains(&volume.name)).collect()
}

/// A service that needs no shared files mounts none, and that is no failure of it.
fn over_tls(definition: &Definition, context: &Context<'_>) -> Judgement {
    let (volumes, gap) = efs_volumes(definition);
    let mut parts: Vec<Judgement> = gap.map(Err).into_iter().collect();
    for (volume, efs) in volumes {
        parts.push(Ok(if mounting(volume, definition).is_empty() {
            Verdict::not_satisfied(format!("no container mounts volume {}", volume.name), OVER_TLS)
        } else {
            Verdict::satisfied(format!("volume {} is mounted", volume.name))
        }));
        parts.push(tls(volume, efs, context));
    }
    every(parts, || Ok(Verdict::not_applicable("the task definition has no EFS volume")))
}

/// Absent means DISABLED: NFS in clear.
fn tls(volume: &Volume, efs: &EfsVolume, context: &Context<'_>) -> Judgement {
    let name = &volume.name;
    let verdict = match efs.transit_encryption.seen()? {
        Some(Switch::On) => Verdict::satisfied(format!("transitEncryption of volume {name} is ENABLED")),
        Some(Switch::Off) => {
            Verdict::not_satisfied(format!("transitEncryption of volume {name} is DISABLED"), OVER_TLS)
        }
        None => Verdict::not_satisfied(
            format!("transitEncryption of volume {name} is not set, which means DISABLED"),
            OVER_TLS,
        ),
    };
    let mut notes = Vec::new();
    if let Observed::Absent | Observed::Present(Switch::Off) = efs.iam {
        notes.push(format!("volume {name} is mounted without the task role (authorizationConfig.iam)"));
    }
    if let Observed::Absent = efs.access_point {
        notes.push(format!("volume {name} is mounted without an access point"));
    }
    let file_system =
        context.evidence.all::<FileSystem>().find(|(subject, _)| subject.names().contains(efs.file_system.as_str()));
    if file_system.is_some_and(|(subject, _)| subject.role == Role::External) {
        notes.push(format!("file system {} of volume {name} belongs to another stack", efs.file_system));
    }
    Ok(notes.into_iter().fold(verdict, Verdict::noting))
}

/// The stack's file systems are those of its listing or its outputs. Without one nothing can mount it.
fn shared(cluster: &Cluster, context: &Context<'_>) -> Judgement {
    if let Some(verdict) = nothing_of_stack(context) {
        return Ok(verdict);
    }
    let evidence = context.evidence;
    let (runs, gap) = runs(cluster, context);
    if runs.is_empty() {
        return match gap {
            Some(gap) => Err(gap),
            None => Ok(Verdict::not_applicable(
                "no ACTIVE service and no running task of the stack (see ecs-service-fargate)",
            )),
        };
    }
    let own: Vec<&str> = evidence
        .all::<FileSystem>()
        .filter(|(subject, _)| subject.role != Role::External)
        .map(|(subject, _)| subject.id.as_str())
        .collect();
    if own.is_empty() {
        listing_was_read(evidence)?;
        return Ok(Verdict::not_satisfied("the stack has no file system that a task could mount", MOUNTED));
    }
    let (mut mounts, mut consumers, mut unread) = (Vec::new(), 0, gap);
    for run in &runs {
        let definition = match running::definition(run.revision, evidence) {
            Ok(definition) => definition,
            Err(gap) => {
                unread.get_or_insert(gap);
                continue;
            }
        };
        let (volumes, gap) = efs_volumes(definition);
        unread = unread.or(gap);
        for (volume, efs) in volumes.into_iter().filter(|(_, efs)| own.contains(&efs.file_system.as_str())) {
            let containers = mounting(volume, definition).len();
            if containers > 0 {
                consumers += containers * run.tasks;
                let mount = format!("{} mounts {}", short(run.revision), efs.file_system);
                if !mounts.contains(&mount) {
                    mounts.push(mount);
                }
            }
        }
    }
    if mounts.is_empty() {
        let verdict =
            || Verdict::not_satisfied(format!("no running task definition mounts {}", own.join(" or ")), MOUNTED);
        return unread.map_or_else(|| Ok(verdict()), Err);
    }
    let verdict = Verdict::satisfied(mounts.join("; "));
    Ok(if consumers < 2 { verdict.noting("one container alone mounts it, so nothing is shared yet") } else { verdict })
}

/// A revision that runs, and in how many tasks.
struct Run<'a> {
    revision: &'a str,
    tasks: usize,
}

/// What the stack runs in the cluster: its services by what they want, tasks outside services one by one.
fn runs<'a>(cluster: &'a Cluster, context: &Context<'a>) -> (Vec<Run<'a>>, Option<Gap>) {
    let mut runs = Vec::new();
    let (services, mut gap) = active(services_of(context.subject, context.evidence));
    for (_, description) in services {
        let (arns, unread) = revisions(description);
        gap = gap.or(unread);
        let tasks = usize::try_from(description.desired).unwrap_or(0);
        runs.extend(arns.into_iter().map(|revision| Run { revision, tasks }));
    }
    gap = gap.or(cluster.services.required("ListServices", "serviceArns").err());
    match tasks_of_stack(context.subject, cluster, context.evidence) {
        Ok(tasks) => {
            for task in tasks {
                match task.definition.required(running::TASKS, "tasks.taskDefinitionArn") {
                    // The tasks of a service are counted with it.
                    Ok(arn) if !runs.iter().any(|run| run.revision == arn) => {
                        runs.push(Run { revision: arn, tasks: 1 });
                    }
                    Ok(_) => {}
                    Err(found) => gap = gap.or(Some(found)),
                }
            }
        }
        Err(found) => gap = gap.or(Some(found)),
    }
    (runs, gap)
}

#[cfg(test)]
mod tests;
