//! What is read of a cluster and of the tasks in it.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::{self, ClusterField};
use futures_util::future::join_all;
use tap_audit_checks::ecs::{
    Addresses, Cluster, ClusterDescription, ClusterStatus, ExecConfiguration, ExecLogging, Interface, Task,
};
use tap_audit_checks::observed::{Gap, Observed, Seen};
use tap_audit_checks::s3::Switch;
use tap_audit_checks::subject::{Kind, Resource};

use super::{
    CLUSTERS, LIST_TASKS, TASKS, always, of_cluster, service_reference, services, task_definition_reference, text,
};
use crate::collect::{Collected, Reference, Relation, Walk, ec2, existence};

/// The most tasks that one call describes.
const TASKS_AT_ONCE: usize = 100;
/// The most network interfaces that one call is asked for; a filter takes twice as many.
const INTERFACES_AT_ONCE: usize = 100;

/// Collects a cluster with its running tasks. Reaches its services, what its tasks run, the VPC that they are in, and
/// what the cluster logs and encrypts with.
pub(crate) async fn cluster(walk: &Walk<'_>, id: &str, region: &str) -> Collected {
    let (description, services, tasks) =
        tokio::join!(description(walk, id, region), services(walk, id, region), tasks(walk, id, region));
    let of = |what| Relation::Of { what, kind: Kind::Cluster, id: id.to_owned() };
    for arn in listed(&services) {
        if let Some(reference) = service_reference(walk, arn, region) {
            walk.reach(reference, of("service of the cluster"));
        }
    }
    let mut subnets = Vec::new();
    for task in listed(&tasks) {
        if let Observed::Present(arn) = &task.definition
            && let Some(reference) = task_definition_reference(walk, arn, region)
        {
            walk.reach(reference, of("task definition of a running task"));
        }
        subnets.extend(task.interfaces.iter().filter_map(|interface| match &interface.subnet {
            Observed::Present(subnet) => Some(subnet.clone()),
            Observed::Absent | Observed::Unknown(_) => None,
        }));
    }
    subnets.sort_unstable();
    subnets.dedup();
    if !subnets.is_empty() {
        ec2::reach_vpc_of(walk, &subnets, region, Kind::Cluster, id).await;
    }
    if let Observed::Present(description) = description.observed() {
        reach_from(walk, description, id, region);
    }
    let arn = if id.starts_with("arn:") { id.to_owned() } else { super::arn(walk, region, &format!("cluster/{id}")) };
    Collected {
        existence: existence(&description),
        arn: Some(arn),
        region: Some(region.to_owned()),
        resource: Resource::Cluster(Box::new(Cluster { description, services, tasks })),
    }
}

fn listed<T>(seen: &Seen<Vec<T>>) -> &[T] {
    match seen.observed() {
        Observed::Present(found) => found,
        Observed::Absent | Observed::Unknown(_) => &[],
    }
}

fn reach_from(walk: &Walk<'_>, description: &ClusterDescription, id: &str, region: &str) {
    if let Observed::Present(key) = &description.ephemeral_key {
        walk.reach_key(key, region, Kind::Cluster, id);
    }
    let Observed::Present(exec) = &description.exec else { return };
    if let Observed::Present(key) = &exec.kms_key {
        walk.reach_key(key, region, Kind::Cluster, id);
    }
    if let Observed::Present(group) = &exec.log_group {
        let reference = Reference { kind: Kind::LogGroup, id: group.clone(), region: region.to_owned() };
        let what = "log group of shells into the containers";
        walk.reach(reference, Relation::Of { what, kind: Kind::Cluster, id: id.to_owned() });
    }
}

/// DescribeClusters answers 200 for a cluster that is not there, and says so in a list of failures. Configuration,
/// settings and tags stand in an answer only where they were asked for.
async fn description(walk: &Walk<'_>, id: &str, region: &str) -> Seen<ClusterDescription> {
    let include = [ClusterField::Settings, ClusterField::Configurations, ClusterField::Tags];
    walk.aws
        .ask(
            &CLUSTERS,
            region,
            &[("clusters", id), ("include", "SETTINGS,CONFIGURATIONS,TAGS")],
            |clients| clients.ecs().describe_clusters().clusters(id).set_include(Some(include.to_vec())).send(),
            |answer| match (answer.clusters().first(), answer.failures().first()) {
                (Some(cluster), _) => Observed::Present(described(cluster)),
                (None, Some(failure)) => Observed::Unknown(super::failure(&CLUSTERS, failure)),
                (None, None) => Observed::Unknown(CLUSTERS.incomplete("clusters")),
            },
        )
        .await
}

fn described(cluster: &types::Cluster) -> ClusterDescription {
    let configuration = cluster.configuration();
    ClusterDescription {
        status: match cluster.status() {
            Some("ACTIVE") => Observed::Present(ClusterStatus::Active),
            Some("PROVISIONING") => Observed::Present(ClusterStatus::Provisioning),
            Some("DEPROVISIONING") => Observed::Present(ClusterStatus::Deprovisioning),
            Some("FAILED") => Observed::Present(ClusterStatus::Failed),
            Some("INACTIVE") => Observed::Present(ClusterStatus::Inactive),
            Some(other) => CLUSTERS.unrecognised("clusters.status", other),
            None => Observed::Unknown(CLUSTERS.incomplete("clusters.status")),
        },
        exec: Observed::of(configuration.and_then(|one| one.execute_command_configuration()).map(exec)),
        ephemeral_key: text(
            configuration
                .and_then(|one| one.managed_storage_configuration())
                .and_then(|storage| storage.fargate_ephemeral_storage_kms_key_id()),
        ),
    }
}

fn exec(configuration: &types::ExecuteCommandConfiguration) -> ExecConfiguration {
    let to = configuration.log_configuration();
    ExecConfiguration {
        logging: match configuration.logging().map(types::ExecuteCommandLogging::as_str) {
            None => Observed::Absent,
            Some("NONE") => Observed::Present(ExecLogging::None),
            Some("DEFAULT") => Observed::Present(ExecLogging::Default),
            Some("OVERRIDE") => Observed::Present(ExecLogging::Override),
            Some(other) => CLUSTERS.unrecognised("executeCommandConfiguration.logging", other),
        },
        log_group: text(to.and_then(|to| to.cloud_watch_log_group_name())),
        bucket: text(to.and_then(|to| to.s3_bucket_name())),
        kms_key: text(configuration.kms_key_id()),
    }
}

/// Lists the tasks that are to run, describes them, and asks EC2 for the addresses of their interfaces.
async fn tasks(walk: &Walk<'_>, cluster: &str, region: &str) -> Seen<Vec<Task>> {
    let arns = of_cluster(
        walk.aws
            .ask_all(
                &LIST_TASKS,
                region,
                &[("cluster", cluster)],
                |clients, token| clients.ecs().list_tasks().cluster(cluster).set_next_token(token).send(),
                |answer| answer.next_token().map(str::to_owned),
                |answer| answer.task_arns.ok_or_else(|| LIST_TASKS.incomplete("taskArns")),
            )
            .await,
    );
    let batches = listed(&arns).chunks(TASKS_AT_ONCE).map(|batch| describe(walk, cluster, batch, region));
    let mut all: Seen<Vec<Task>> = arns.clone().map(|_| Vec::new());
    for batch in join_all(batches).await {
        all = joined(all, &batch);
    }
    with_addresses(walk, all, region).await
}

/// One list of two; a gap in either is one of the whole.
fn joined<T: Clone>(one: Seen<Vec<T>>, other: &Seen<Vec<T>>) -> Seen<Vec<T>> {
    let others = other.observed().clone();
    one.and_then(|first| others.map(|second| first.into_iter().chain(second).collect())).resting_on(other.calls())
}

/// A task that stopped after it was listed is missing, or told to stop: it does not run any more.
async fn describe(walk: &Walk<'_>, cluster: &str, batch: &[String], region: &str) -> Seen<Vec<Task>> {
    walk.aws
        .ask(
            &TASKS,
            region,
            &[("cluster", cluster), ("tasks", &batch.join(" "))],
            |clients| clients.ecs().describe_tasks().cluster(cluster).set_tasks(Some(batch.to_vec())).send(),
            |answer| {
                let Some(tasks) = &answer.tasks else { return Observed::Unknown(TASKS.incomplete("tasks")) };
                if let Some(failure) = answer.failures().iter().find(|failure| failure.reason() != Some("MISSING")) {
                    return Observed::Unknown(super::failure(&TASKS, failure));
                }
                if tasks.len() + answer.failures().len() < batch.len() {
                    return Observed::Unknown(TASKS.incomplete("tasks"));
                }
                let running = tasks.iter().filter(|task| task.desired_status() != Some("STOPPED"));
                match running.map(task).collect() {
                    Ok(tasks) => Observed::Present(tasks),
                    Err(gap) => Observed::Unknown(gap),
                }
            },
        )
        .await
}

fn task(found: &types::Task) -> Result<Task, Gap> {
    let arn = found.task_arn().ok_or_else(|| TASKS.incomplete("tasks.taskArn"))?;
    Ok(Task {
        arn: arn.to_owned(),
        group: always(&TASKS, "tasks.group", found.group()),
        definition: always(&TASKS, "tasks.taskDefinitionArn", found.task_definition_arn()),
        exec: Switch::from(found.enable_execute_command()),
        interfaces: found.attachments().iter().filter(|attached| is_interface(attached)).map(interface).collect(),
    })
}

/// Disks and service connect are attachments too.
fn is_interface(attachment: &types::Attachment) -> bool {
    attachment.r#type() == Some("ElasticNetworkInterface")
        && !matches!(attachment.status(), Some("DETACHED" | "DELETED"))
}

/// What is known of an attachment stands in pairs of names and values.
fn interface(attachment: &types::Attachment) -> Interface {
    let detail = |name: &str| {
        let found = attachment.details().iter().find(|detail| detail.name() == Some(name));
        text(found.and_then(|detail| detail.value()))
    };
    let unasked = Gap::NotCollected { what: "the interface was not asked about".into() };
    Interface { id: detail("networkInterfaceId"), subnet: detail("subnetId"), addresses: Seen::gap(unasked) }
}

async fn with_addresses(walk: &Walk<'_>, tasks: Seen<Vec<Task>>, region: &str) -> Seen<Vec<Task>> {
    let interfaces = listed(&tasks).iter().flat_map(|task| &task.interfaces);
    let ids: Vec<String> = interfaces
        .filter_map(|interface| match &interface.id {
            Observed::Present(id) => Some(id.clone()),
            Observed::Absent | Observed::Unknown(_) => None,
        })
        .collect();
    let batches = ids.chunks(INTERFACES_AT_ONCE).map(async |batch| (batch, ec2::addresses(walk, region, batch).await));
    let mut seen: BTreeMap<&str, Seen<Addresses>> = BTreeMap::new();
    for (batch, addresses) in join_all(batches).await {
        for id in batch {
            let own = addresses.clone().and_then(|mut all| Observed::of(all.remove(id)));
            seen.insert(id, own);
        }
    }
    tasks.map(|mut tasks| {
        for interface in tasks.iter_mut().flat_map(|task| &mut task.interfaces) {
            if let Observed::Present(id) = &interface.id
                && let Some(addresses) = seen.remove(id.as_str())
            {
                interface.addresses = addresses;
            }
        }
        tasks
    })
}
