//! What holds security groups: the data stores and the services, with what each listens on and what stands in front of
//! it. Everything that the checks of security groups need of other services is taken from their evidence here.

use std::collections::BTreeSet;

use crate::ec2::{SecurityGroup, Traffic, Vpc, exposure, vpc};
use crate::ecs::{self, DeploymentStatus, Network, ServiceStatus, TaskDefinition, TaskSetStatus};
use crate::efs::FileSystem;
use crate::elasticache::{self, Cache, Form};
use crate::elbv2::{BalancerType, LoadBalancer, Scheme};
use crate::evidence::Evidence;
use crate::observed::{Gap, Observed};
use crate::rds::Database;
use crate::s3::Switch;
use crate::subject::{Attributes, Existence, Kind, Subject};

/// The kinds of subject that are data stores.
pub(super) const STORES: [Kind; 3] = [Kind::Database, Kind::FileSystem, Kind::Cache];

/// The port of NFS, which every mount target listens on.
const NFS: u16 = 2049;

/// The security groups in force on a resource, and the traffic that it listens to.
#[derive(Debug)]
pub(super) struct Guarded {
    /// The groups, by id; what they let in adds up.
    pub(super) groups: BTreeSet<String>,
    /// The traffic.
    pub(super) listens: Vec<Traffic>,
}

/// A group of this id with what was seen of it.
pub(super) fn group<'a>(id: &str, evidence: &'a Evidence) -> Result<&'a SecurityGroup, Gap> {
    let found = evidence.all::<SecurityGroup>().find(|(subject, _)| subject.id == id);
    found.map(|(_, group)| group).ok_or_else(|| Gap::undecided(format!("nothing was seen of security group {id}")))
}

/// The groups in force where a resource names these: one that names none gets the default group of its VPC.
fn in_force(
    named: &[String],
    vpc: impl FnOnce() -> Result<String, Gap>,
    evidence: &Evidence,
) -> Result<BTreeSet<String>, Gap> {
    if !named.is_empty() {
        return Ok(named.iter().cloned().collect());
    }
    let id = vpc()?;
    let found = evidence.all::<Vpc>().find(|(subject, _)| subject.id == id);
    let (_, vpc) = found.ok_or_else(|| Gap::undecided(format!("nothing was seen of VPC {id}")))?;
    Ok(BTreeSet::from([vpc.default_group.required(exposure::DESCRIBE, "SecurityGroups")?.clone()]))
}

/// What guards a data store; `None` where nothing of it can be reached, because it has no address.
pub(super) fn store(subject: &Subject, evidence: &Evidence) -> Result<Option<Guarded>, Gap> {
    if let Some(database) = Database::of(&subject.resource) {
        return self::database(database, evidence).map(Some);
    }
    if let Some(file_system) = FileSystem::of(&subject.resource) {
        return self::file_system(file_system, evidence);
    }
    match Cache::of(&subject.resource) {
        Some(cache) => self::cache(cache, evidence).map(Some),
        None => Err(Gap::NothingToAudit { kind: subject.kind.name().into() }),
    }
}

fn database(database: &Database, evidence: &Evidence) -> Result<Guarded, Gap> {
    let cluster = database.cluster.required("DescribeDBClusters", "DBClusters")?;
    let named = cluster.security_groups.required("DescribeDBClusters", "DBCluster.VpcSecurityGroups")?;
    let vpc = || {
        let group = database.subnet_group.required("DescribeDBSubnetGroups", "DBSubnetGroups")?;
        group.vpc.required("DescribeDBSubnetGroups", "DBSubnetGroup.VpcId").cloned()
    };
    let port = port(*cluster.port.required("DescribeDBClusters", "DBCluster.Port")?)?;
    Ok(Guarded { groups: in_force(named, vpc, evidence)?, listens: vec![Traffic::tcp(port)] })
}

fn file_system(file_system: &FileSystem, evidence: &Evidence) -> Result<Option<Guarded>, Gap> {
    let targets = file_system.mount_targets.required("DescribeMountTargets", "MountTargets")?;
    if targets.is_empty() {
        return Ok(None);
    }
    let mut groups = BTreeSet::new();
    for target in targets {
        let named = target.security_groups.required("DescribeMountTargetSecurityGroups", "SecurityGroups")?;
        let vpc = || target.vpc.required("DescribeMountTargets", "MountTarget.VpcId").cloned();
        groups.extend(in_force(named, vpc, evidence)?);
    }
    Ok(Some(Guarded { groups, listens: vec![Traffic::tcp(NFS)] }))
}

/// The groups stand on the member clusters of a replication group, which all have the same ones, and on a serverless
/// cache itself.
fn cache(cache: &Cache, evidence: &Evidence) -> Result<Guarded, Gap> {
    match elasticache::form(cache)? {
        Form::Group(group) => {
            let vpc = || {
                let group = cache.subnet_group.required("DescribeCacheSubnetGroups", "CacheSubnetGroups")?;
                group.vpc.required("DescribeCacheSubnetGroups", "CacheSubnetGroup.VpcId").cloned()
            };
            let members = cache.members.required("DescribeCacheClusters", "CacheClusters")?;
            if members.is_empty() {
                return Err(Gap::undecided("no member cluster was seen that could tell the cache's security groups"));
            }
            let mut groups = BTreeSet::new();
            for member in members {
                groups.extend(in_force(&member.security_groups, vpc, evidence)?);
            }
            let port = port(*group.port.required("DescribeReplicationGroups", "Endpoint.Port")?)?;
            Ok(Guarded { groups, listens: vec![Traffic::tcp(port)] })
        }
        Form::Serverless(serverless) => {
            let vpc = || {
                let subnets = serverless.subnets.required("DescribeServerlessCaches", "ServerlessCache.SubnetIds")?;
                let first = subnets.first().ok_or_else(|| Gap::undecided("the serverless cache names no subnet"))?;
                Ok(vpc::held(evidence, first)?.0.id.clone())
            };
            let groups = in_force(&serverless.security_groups, vpc, evidence)?;
            let listens = serverless.ports.iter().map(|number| Ok(Traffic::tcp(port(*number)?)));
            Ok(Guarded { groups, listens: listens.collect::<Result<_, Gap>>()? })
        }
    }
}

fn port(number: i32) -> Result<u16, Gap> {
    u16::try_from(number).map_err(|_| Gap::undecided(format!("{number} is no port")))
}

/// The networks of a service with their revisions: those of its task sets and of deployments that still have tasks, too.
fn networks(service: &ecs::Description) -> impl Iterator<Item = (&Observed<Network>, &Observed<String>)> {
    let sets = service.task_sets.iter().filter(|set| set.status != Observed::Present(TaskSetStatus::Draining));
    let deployments = service
        .deployments
        .iter()
        .filter(|deployment| deployment.status != Observed::Present(DeploymentStatus::Inactive));
    std::iter::once((&service.network, &service.definition))
        .chain(deployments.map(|deployment| (&deployment.network, &deployment.definition)))
        .chain(sets.map(|set| (&set.network, &set.definition)))
}

const SERVICES: &str = "DescribeServices";

/// The description of a service that is not deleted; `None` for one that is.
fn live(service: &ecs::Service) -> Result<Option<&ecs::Description>, Gap> {
    let described = match service.description.required(SERVICES, "services") {
        Err(Gap::Missing { .. }) => return Ok(None),
        other => other?,
    };
    Ok(match described.status.required(SERVICES, "status")? {
        ServiceStatus::Active | ServiceStatus::Draining => Some(described),
        ServiceStatus::Inactive => None,
    })
}

/// The subnets of a network of a service.
fn live_networks(service: &ecs::Service) -> Result<Vec<&Network>, Gap> {
    let Some(described) = live(service)? else { return Ok(Vec::new()) };
    networks(described).filter_map(|(network, _)| network.seen().transpose()).collect()
}

/// The subnets that ECS services run in.
pub(super) fn service_subnets(evidence: &Evidence) -> Result<BTreeSet<&str>, Gap> {
    let mut subnets = BTreeSet::new();
    for (_, service) in evidence.all::<ecs::Service>() {
        for network in live_networks(service)? {
            subnets.extend(network.subnets.iter().map(String::as_str));
        }
    }
    Ok(subnets)
}

fn groups_of_network(network: &Network, evidence: &Evidence) -> Result<BTreeSet<String>, Gap> {
    let vpc = || {
        let first = network.subnets.first();
        let first = first.ok_or_else(|| Gap::undecided("the network of a service names no subnet"))?;
        Ok(vpc::held(evidence, first)?.0.id.clone())
    };
    in_force(&network.security_groups, vpc, evidence)
}

/// The groups of all services' tasks, and what kept some of them from being known.
#[derive(Debug)]
pub(super) struct TaskGroups {
    pub(super) known: BTreeSet<String>,
    pub(super) gap: Option<Gap>,
}

pub(super) fn task_groups(evidence: &Evidence) -> TaskGroups {
    let mut groups = TaskGroups { known: BTreeSet::new(), gap: None };
    for (_, service) in evidence.all::<ecs::Service>() {
        let found = live_networks(service).and_then(|networks| {
            networks.into_iter().map(|network| groups_of_network(network, evidence)).collect::<Result<Vec<_>, Gap>>()
        });
        match found {
            Ok(found) => groups.known.extend(found.into_iter().flatten()),
            Err(gap) => {
                groups.gap.get_or_insert(gap);
            }
        }
    }
    groups
}

/// What guards the tasks of a service, and what sends to them.
#[derive(Debug)]
pub(super) struct Served {
    pub(super) guarded: Guarded,
    /// The target groups that tasks are registered with, by ARN.
    pub(super) target_groups: BTreeSet<String>,
}

/// What guards the tasks of a service; `None` where it is deleted.
pub(super) fn service(service: &ecs::Service, evidence: &Evidence) -> Result<Option<Served>, Gap> {
    let Some(described) = live(service)? else { return Ok(None) };
    let mut guarded = Guarded { groups: BTreeSet::new(), listens: Vec::new() };
    let mut is_seen = false;
    for (network, definition) in networks(described) {
        if let Some(network) = network.seen()? {
            guarded.groups.extend(groups_of_network(network, evidence)?);
            is_seen = true;
        }
        if let Some(arn) = definition.seen()? {
            guarded.listens.extend(container_ports(arn, evidence)?);
        }
    }
    if !is_seen {
        let why = "the tasks have no network of their own, so no security group is theirs";
        return Err(Gap::depends_on("ecs-service-fargate", why));
    }
    let of_sets = described.task_sets.iter().flat_map(|set| &set.target_groups);
    let target_groups = described.target_groups.iter().chain(of_sets).cloned().collect();
    Ok(Some(Served { guarded, target_groups }))
}

fn container_ports(definition: &str, evidence: &Evidence) -> Result<Vec<Traffic>, Gap> {
    let found = evidence.all::<TaskDefinition>().find(|(subject, _)| subject.names().contains(definition));
    let (_, found) = found.ok_or_else(|| Gap::undecided(format!("nothing was seen of {definition}")))?;
    let definition = found.definition.required("DescribeTaskDefinition", "taskDefinition")?;
    Ok(definition.containers.iter().flat_map(|container| &container.ports).copied().collect())
}

/// A load balancer or VPC link in front of a service.
#[derive(Debug)]
pub(super) struct Front<'a> {
    /// Its name in the report.
    pub(super) name: String,
    /// Its groups; empty for a network load balancer without any.
    pub(super) groups: &'a [String],
    /// Its subnets, by id.
    pub(super) subnets: Vec<&'a str>,
    /// Whether its groups judge what comes through PrivateLink, where it says so.
    pub(super) private_link_rules: &'a Observed<Switch>,
}

/// The load balancers in front of these target groups. Where none is, it may be one that nothing led to.
pub(super) fn fronts<'a>(target_groups: &BTreeSet<String>, evidence: &'a Evidence) -> Result<Vec<Front<'a>>, Gap> {
    let mut fronts = Vec::new();
    let mut unmatched: BTreeSet<&str> = target_groups.iter().map(String::as_str).collect();
    for (subject, balancer) in evidence.all::<LoadBalancer>() {
        let behind = match balancer.target_groups.required("DescribeTargetGroups", "TargetGroups") {
            Err(Gap::Missing { .. }) => continue,
            other => other?,
        };
        if !behind.iter().any(|group| target_groups.contains(&group.arn)) {
            continue;
        }
        for group in behind {
            unmatched.remove(group.arn.as_str());
        }
        let described = balancer.described()?;
        let subnets = described
            .subnets
            .iter()
            .map(|leg| leg.subnet.required("DescribeLoadBalancers", "AvailabilityZones.SubnetId").map(String::as_str));
        fronts.push(Front {
            name: subject.id.clone(),
            groups: &described.security_groups,
            subnets: subnets.collect::<Result<_, Gap>>()?,
            private_link_rules: &described.private_link_rules,
        });
    }
    match unmatched.first() {
        Some(arn) => Err(Gap::undecided(format!("nothing was seen of a load balancer in front of {arn}"))),
        None => Ok(fronts),
    }
}

/// The internet-facing load balancer that holds the group, by name.
pub(super) fn internet_facing(
    group_id: &str,
    group: &SecurityGroup,
    evidence: &Evidence,
) -> Result<Option<String>, Gap> {
    let mut gap = None;
    let mut is_read = false;
    for (subject, balancer) in evidence.all::<LoadBalancer>() {
        let facing = balancer.described().and_then(|described| {
            let holds = described.security_groups.iter().any(|id| id == group_id);
            is_read |= holds;
            Ok(holds
                && described.balancer.required("DescribeLoadBalancers", "Type")? != &BalancerType::Gateway
                && described.scheme()? == Some(Scheme::InternetFacing))
        });
        match facing {
            Ok(true) => return Ok(Some(subject.id.clone())),
            Ok(false) | Err(Gap::Missing { .. }) => {}
            Err(found) => {
                gap.get_or_insert(found);
            }
        }
    }
    if let Some(gap) = gap {
        return Err(gap);
    }
    // The load balancer may be one that nothing led to.
    let balancer = described_interfaces(group)?.find(|description| description.starts_with("ELB "));
    match balancer {
        Some(balancer) if !is_read => {
            Err(Gap::undecided(format!("nothing was seen of the load balancer `{balancer}`")))
        }
        Some(_) | None => Ok(None),
    }
}

/// The data store that holds the group. The stores' own evidence tells, and so do the interfaces, on which AWS writes
/// what it made them for: a store that nothing led to is one all the same.
pub(super) fn store_holding(group_id: &str, group: &SecurityGroup, evidence: &Evidence) -> Result<Option<String>, Gap> {
    let mut gap = None;
    for subject in evidence.subjects.iter().filter(|subject| STORES.contains(&subject.kind)) {
        match store(subject, evidence) {
            Ok(Some(guarded)) if guarded.groups.contains(group_id) => {
                return Ok(Some(named(subject)));
            }
            Ok(_) | Err(Gap::Missing { .. }) => {}
            Err(_) if matches!(subject.existence.observed(), Observed::Present(Existence::Missing)) => {}
            Err(found) => {
                gap.get_or_insert(found);
            }
        }
    }
    let of_store = |text: &&str| {
        *text == "RDSNetworkInterface" || text.starts_with("EFS mount target") || text.starts_with("ElastiCache")
    };
    if let Some(text) = described_interfaces(group)?.find(of_store) {
        return Ok(Some(format!("the interface `{text}`")));
    }
    gap.map_or(Ok(None), Err)
}

/// The service whose tasks hold the group, as [`store_holding`] tells of data stores.
pub(super) fn service_holding(
    group_id: &str,
    group: &SecurityGroup,
    evidence: &Evidence,
) -> Result<Option<String>, Gap> {
    let mut gap = None;
    for (subject, service) in evidence.all::<ecs::Service>() {
        let holds = live_networks(service).and_then(|networks| {
            for network in networks {
                if groups_of_network(network, evidence)?.contains(group_id) {
                    return Ok(true);
                }
            }
            Ok(false)
        });
        match holds {
            Ok(true) => return Ok(Some(named(subject))),
            Ok(false) => {}
            Err(found) => {
                gap.get_or_insert(found);
            }
        }
    }
    let of_task = |text: &&str| text.starts_with("arn:") && text.contains(":ecs:") && text.contains(":attachment/");
    if let Some(text) = described_interfaces(group)?.find(of_task) {
        return Ok(Some(format!("the interface `{text}`")));
    }
    gap.map_or(Ok(None), Err)
}

/// What holds the group of the two kinds. One is enough; where the other could not be read, there may be none.
pub(super) fn holding(group_id: &str, group: &SecurityGroup, evidence: &Evidence) -> Result<Option<String>, Gap> {
    match (store_holding(group_id, group, evidence), service_holding(group_id, group, evidence)) {
        (Ok(Some(held)), _) | (_, Ok(Some(held))) => Ok(Some(held)),
        (Err(gap), _) | (_, Err(gap)) => Err(gap),
        (Ok(None), Ok(None)) => Ok(None),
    }
}

fn named(subject: &Subject) -> String {
    format!("{} {}", subject.kind, subject.id)
}

/// What the interfaces that hold the group were made for.
fn described_interfaces(group: &SecurityGroup) -> Result<impl Iterator<Item = &str>, Gap> {
    let interfaces = group.interfaces.required(exposure::INTERFACES, "NetworkInterfaces")?;
    Ok(interfaces.iter().filter_map(|interface| match &interface.description {
        Observed::Present(text) => Some(text.as_str()),
        Observed::Absent | Observed::Unknown(_) => None,
    }))
}
