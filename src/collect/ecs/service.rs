//! What is read of a service.

use aws_sdk_ecs::types;
use tap_audit_checks::ecs::{
    Capacity, Controller, Deployment, DeploymentStatus, Description, LaunchType, Network, Rollout, Service,
    ServiceStatus, Stability, TaskSet, TaskSetStatus,
};
use tap_audit_checks::observed::{Gap, Observed, Seen};
use tap_audit_checks::s3::Switch;
use tap_audit_checks::subject::{Kind, Resource};

use super::{
    SERVICES, always, cluster_reference, network, of_cluster, scaling, services, switch, task_definition_reference,
    text,
};
use crate::collect::{Collected, Reference, Relation, Walk, ec2, elbv2, existence};

/// The most services that one call describes.
const SERVICES_AT_ONCE: usize = 10;

/// Collects a service, named by its ARN. Reaches its cluster, the revisions that it runs, its security groups, the VPC
/// of its subnets and the load balancers in front of it.
pub(crate) async fn service(walk: &Walk<'_>, arn: &str, region: &str) -> Collected {
    let Some((cluster, name)) = place(arn) else {
        let gap = Gap::undecided(format!("`{arn}` does not name the cluster of the service; opt in to long ARNs"));
        return collected(arn, region, Service::unknown(&gap));
    };
    let of = |what| Relation::Of { what, kind: Kind::Service, id: arn.to_owned() };
    if let Some(reference) = cluster_reference(walk, &cluster_arn(arn, cluster), region) {
        walk.reach(reference, of("cluster of the service"));
    }
    let resource = format!("service/{cluster}/{name}");
    let (description, scaling, scaling_policies) = tokio::join!(
        description(walk, cluster, arn, region),
        scaling::target(walk, &resource, region),
        scaling::policies(walk, &resource, region),
    );
    if let Observed::Present(described) = description.observed() {
        let groups = target_groups(described);
        tokio::join!(
            elbv2::reach_balancers_of(walk, &groups, region, Kind::Service, arn),
            reach_from(walk, described, arn, region)
        );
    }
    collected(arn, region, Service { description, scaling, scaling_policies })
}

fn collected(arn: &str, region: &str, service: Service) -> Collected {
    Collected {
        existence: existence(&service.description),
        arn: Some(arn.to_owned()),
        region: Some(region.to_owned()),
        resource: Resource::Service(Box::new(service)),
    }
}

/// The names of cluster and service in an ARN; ARNs of the old form lack the first.
fn place(arn: &str) -> Option<(&str, &str)> {
    arn.split_once(":service/")?.1.split_once('/')
}

fn cluster_arn(service: &str, cluster: &str) -> String {
    let head = service.split(":service/").next().unwrap_or(service);
    format!("{head}:cluster/{cluster}")
}

/// Describes a service together with the nine that are listed beside it, so that ten services take one call. One that
/// was deleted is not listed, and is asked about alone.
async fn description(walk: &Walk<'_>, cluster: &str, arn: &str, region: &str) -> Seen<Description> {
    let listed = services(walk, cluster, region).await;
    let alone = [arn.to_owned()];
    let batch = match listed.observed() {
        Observed::Present(all) => all.chunks(SERVICES_AT_ONCE).find(|batch| batch.iter().any(|one| one == arn)),
        Observed::Absent | Observed::Unknown(_) => None,
    };
    let batch = batch.unwrap_or(&alone);
    let found = walk
        .aws
        .ask(
            &SERVICES,
            region,
            &[("cluster", cluster), ("services", &batch.join(" "))],
            |clients| clients.ecs().describe_services().cluster(cluster).set_services(Some(batch.to_vec())).send(),
            |answer| {
                let services =
                    answer.services().iter().map(|service| (service.service_arn.clone(), Ok(described(service))));
                let failures = answer
                    .failures()
                    .iter()
                    .map(|failure| (failure.arn.clone(), Err(super::failure(&SERVICES, failure))));
                Observed::Present(services.chain(failures).collect::<Vec<_>>())
            },
        )
        .await;
    of_cluster(found).and_then(|found| match found.into_iter().find(|(named, _)| named.as_deref() == Some(arn)) {
        Some((_, Ok(description))) => Observed::Present(description),
        Some((_, Err(gap))) => Observed::Unknown(gap),
        None => Observed::Unknown(SERVICES.incomplete("services")),
    })
}

fn described(service: &types::Service) -> Description {
    let configuration = service.deployment_configuration();
    Description {
        name: service.service_name().unwrap_or("(no name)").to_owned(),
        status: match service.status() {
            Some("ACTIVE") => Observed::Present(ServiceStatus::Active),
            Some("DRAINING") => Observed::Present(ServiceStatus::Draining),
            Some("INACTIVE") => Observed::Present(ServiceStatus::Inactive),
            Some(other) => SERVICES.unrecognised("services.status", other),
            None => Observed::Unknown(SERVICES.incomplete("services.status")),
        },
        capacity: capacity(service.launch_type(), service.capacity_provider_strategy(), service.platform_version()),
        definition: text(service.task_definition()),
        network: network(&SERVICES, service.network_configuration()),
        controller: match service.deployment_controller().map(|controller| controller.r#type().as_str()) {
            None => Observed::Absent,
            Some("ECS") => Observed::Present(Controller::Ecs),
            Some("CODE_DEPLOY") => Observed::Present(Controller::CodeDeploy),
            Some("EXTERNAL") => Observed::Present(Controller::External),
            Some(other) => SERVICES.unrecognised("services.deploymentController.type", other),
        },
        // The SDK gives nought where a count is missing; ECS always sends both.
        desired: service.desired_count(),
        running: service.running_count(),
        circuit_breaker: Observed::of(
            configuration
                .and_then(|one| one.deployment_circuit_breaker())
                .map(|breaker| Switch::from(breaker.enable())),
        ),
        zone_rebalancing: switch(
            &SERVICES,
            "services.availabilityZoneRebalancing",
            service.availability_zone_rebalancing().map(types::AvailabilityZoneRebalancing::as_str),
        ),
        exec: Switch::from(service.enable_execute_command()),
        target_groups: groups(service.load_balancers()),
        deployments: service.deployments().iter().map(deployment).collect(),
        task_sets: service.task_sets().iter().map(task_set).collect(),
    }
}

fn groups(balancers: &[types::LoadBalancer]) -> Vec<String> {
    balancers.iter().filter_map(|balancer| balancer.target_group_arn().map(str::to_owned)).collect()
}

fn capacity(
    launch_type: Option<&types::LaunchType>,
    strategy: &[types::CapacityProviderStrategyItem],
    platform: Option<&str>,
) -> Capacity {
    Capacity {
        launch_type: match launch_type.map(types::LaunchType::as_str) {
            None => Observed::Absent,
            Some("FARGATE") => Observed::Present(LaunchType::Fargate),
            Some("EC2") => Observed::Present(LaunchType::Ec2),
            Some("EXTERNAL") => Observed::Present(LaunchType::External),
            Some("MANAGED_INSTANCES") => Observed::Present(LaunchType::ManagedInstances),
            Some(other) => SERVICES.unrecognised("services.launchType", other),
        },
        providers: strategy.iter().map(|item| item.capacity_provider().to_owned()).collect(),
        platform: text(platform),
    }
}

fn deployment(found: &types::Deployment) -> Deployment {
    Deployment {
        id: found.id().unwrap_or("(no id)").to_owned(),
        status: match found.status() {
            Some("PRIMARY") => Observed::Present(DeploymentStatus::Primary),
            Some("ACTIVE") => Observed::Present(DeploymentStatus::Active),
            Some("INACTIVE") => Observed::Present(DeploymentStatus::Inactive),
            Some(other) => SERVICES.unrecognised("services.deployments.status", other),
            None => Observed::Unknown(SERVICES.incomplete("services.deployments.status")),
        },
        definition: text(found.task_definition()),
        network: network(&SERVICES, found.network_configuration()),
        rollout: match found.rollout_state().map(types::DeploymentRolloutState::as_str) {
            None => Observed::Absent,
            Some("COMPLETED") => Observed::Present(Rollout::Completed),
            Some("FAILED") => Observed::Present(Rollout::Failed),
            Some("IN_PROGRESS") => Observed::Present(Rollout::InProgress),
            Some(other) => SERVICES.unrecognised("services.deployments.rolloutState", other),
        },
        created_at: SERVICES.time("services.deployments.createdAt", found.created_at()),
        ephemeral_key: text(found.fargate_ephemeral_storage().and_then(|storage| storage.kms_key_id())),
    }
}

fn task_set(found: &types::TaskSet) -> TaskSet {
    TaskSet {
        id: found.id().unwrap_or("(no id)").to_owned(),
        status: match found.status() {
            Some("PRIMARY") => Observed::Present(TaskSetStatus::Primary),
            Some("ACTIVE") => Observed::Present(TaskSetStatus::Active),
            Some("DRAINING") => Observed::Present(TaskSetStatus::Draining),
            Some(other) => SERVICES.unrecognised("services.taskSets.status", other),
            None => Observed::Unknown(SERVICES.incomplete("services.taskSets.status")),
        },
        capacity: capacity(found.launch_type(), found.capacity_provider_strategy(), found.platform_version()),
        definition: always(&SERVICES, "services.taskSets.taskDefinition", found.task_definition()),
        network: network(&SERVICES, found.network_configuration()),
        stability: match found.stability_status().map(types::StabilityStatus::as_str) {
            Some("STEADY_STATE") => Observed::Present(Stability::Steady),
            Some("STABILIZING") => Observed::Present(Stability::Stabilizing),
            Some(other) => SERVICES.unrecognised("services.taskSets.stabilityStatus", other),
            None => Observed::Unknown(SERVICES.incomplete("services.taskSets.stabilityStatus")),
        },
        target_groups: groups(found.load_balancers()),
        ephemeral_key: text(found.fargate_ephemeral_storage().and_then(|storage| storage.kms_key_id())),
    }
}

/// The target groups of the service and of its task sets, each once.
fn target_groups(description: &Description) -> Vec<String> {
    let sets = description.task_sets.iter().flat_map(|set| &set.target_groups);
    let mut groups: Vec<String> = description.target_groups.iter().chain(sets).cloned().collect();
    groups.sort_unstable();
    groups.dedup();
    groups
}

/// Reaches what a description names.
async fn reach_from(walk: &Walk<'_>, description: &Description, arn: &str, region: &str) {
    let of = |what| Relation::Of { what, kind: Kind::Service, id: arn.to_owned() };
    let sets = &description.task_sets;
    let deployments = &description.deployments;
    let definitions = std::iter::once(&description.definition)
        .chain(sets.iter().map(|set| &set.definition))
        .chain(deployments.iter().map(|deployment| &deployment.definition));
    for definition in definitions {
        if let Observed::Present(definition) = definition
            && let Some(reference) = task_definition_reference(walk, definition, region)
        {
            walk.reach(reference, of("task definition of the service"));
        }
    }
    let networks = std::iter::once(&description.network)
        .chain(sets.iter().map(|set| &set.network))
        .chain(deployments.iter().map(|deployment| &deployment.network));
    let mut subnets = Vec::new();
    for network in networks {
        let Observed::Present(Network { subnets: named, security_groups, .. }) = network else { continue };
        subnets.extend(named.iter().cloned());
        for group in security_groups {
            let reference = Reference { kind: Kind::SecurityGroup, id: group.clone(), region: region.to_owned() };
            walk.reach(reference, of("security group of the service's tasks"));
        }
    }
    subnets.sort_unstable();
    subnets.dedup();
    if !subnets.is_empty() {
        ec2::reach_vpc_of(walk, &subnets, region, Kind::Service, arn).await;
    }
}
