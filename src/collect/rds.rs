//! Aurora clusters: what is read of them, their instances, groups and snapshots.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_rds::types;
use tap_audit_checks::observed::{Gap, Observed, Seen};
use tap_audit_checks::rds::{
    ActivityStream, Applies, Cluster, Database, Encryption, Engine, EngineMode, Insights, Instance, MasterSecret,
    Member, PARAMETERS, Parameter, Scaling, SubnetGroup,
};
use tap_audit_checks::s3::Switch;
use tap_audit_checks::subject::{Kind, Resource};

use crate::collect::call::Call;
use crate::collect::{Collected, Reference, Relation, Walk, ec2, existence, secretsmanager};

mod lead;
mod snapshots;

pub(crate) use lead::{database_reference, instance_of, is_part, names_of, part_of};

const CLUSTERS: Call = Call {
    service: "rds",
    operation: "DescribeDBClusters",
    permission: "rds:DescribeDBClusters",
    absent: &[],
    denied_or: None,
};
const INSTANCES: Call = Call {
    service: "rds",
    operation: "DescribeDBInstances",
    permission: "rds:DescribeDBInstances",
    absent: &[],
    denied_or: None,
};
const SUBNET_GROUPS: Call = Call {
    service: "rds",
    operation: "DescribeDBSubnetGroups",
    permission: "rds:DescribeDBSubnetGroups",
    absent: &[],
    denied_or: None,
};
const GROUP_PARAMETERS: Call = Call {
    service: "rds",
    operation: "DescribeDBClusterParameters",
    permission: "rds:DescribeDBClusterParameters",
    absent: &[],
    denied_or: None,
};

/// Every call of this file, for plans and for the policy that the auditing role needs.
pub(crate) const CALLS: &[&Call] =
    &[&CLUSTERS, &INSTANCES, &SUBNET_GROUPS, &GROUP_PARAMETERS, &snapshots::SNAPSHOTS, &snapshots::ATTRIBUTES];

/// Collects a cluster, named by its identifier, and reaches what it rests on. A part of one (an instance, a custom
/// endpoint, a resource id) is asked where it leads, and the cluster is reached with `Relation::NamedBy`; the walk merges
/// the two. `password` and `named_by` are filled in by the walk.
pub(crate) async fn database(walk: &Walk<'_>, id: &str, region: &str) -> Collected {
    if is_part(id) {
        return lead::followed(walk, id, region).await;
    }
    let database = whole(walk, id, region).await;
    Collected {
        existence: existence(&database.cluster),
        arn: Some(arn(walk, &database, id, region)),
        region: Some(region.to_owned()),
        resource: Resource::Database(Box::new(database)),
    }
}

async fn whole(walk: &Walk<'_>, id: &str, region: &str) -> Database {
    let (cluster, instances, snapshots) =
        tokio::join!(cluster(walk, id, region), instances(walk, id, region), snapshots::snapshots(walk, id, region));
    let (subnet_group, parameters) =
        tokio::join!(subnet_group(walk, &cluster, region), parameters(walk, &cluster, region));
    let gap = Gap::depends_on("stack-managed-by-cloudformation", "no stack that was read holds the cluster");
    let password = Seen::gap(gap);
    let database =
        Database { named_by: BTreeSet::new(), cluster, instances, subnet_group, parameters, snapshots, password };
    reach(walk, &database, id, region);
    database
}

/// The ARN that RDS says, or else the one that the identifier makes.
fn arn(walk: &Walk<'_>, database: &Database, id: &str, region: &str) -> String {
    match database.cluster.observed() {
        Observed::Present(Cluster { arn: Observed::Present(arn), .. }) => arn.clone(),
        Observed::Present(_) | Observed::Absent | Observed::Unknown(_) if id.starts_with("arn:") => id.to_owned(),
        Observed::Present(_) | Observed::Absent | Observed::Unknown(_) => {
            format!("arn:{}:rds:{region}:{}:cluster:{id}", walk.partition, walk.account)
        }
    }
}

/// Leads the walk to the keys, groups, network, secret and log groups of the cluster.
fn reach(walk: &Walk<'_>, database: &Database, id: &str, region: &str) {
    let of = |what| Relation::Of { what, kind: Kind::Database, id: id.to_owned() };
    let key = |key: &Observed<String>| {
        if let Observed::Present(key) = key {
            walk.reach_key(key, region, Kind::Database, id);
        }
    };
    if let Observed::Present(group) = database.subnet_group.observed()
        && let Observed::Present(vpc) = &group.vpc
        && let Some(reference) = ec2::vpc_reference(walk, vpc, region)
    {
        walk.reach(reference, of("VPC of the subnet group"));
    }
    if let Observed::Present(instances) = database.instances.observed() {
        instances.iter().for_each(|instance| key(&instance.insights.kms_key));
    }
    let Observed::Present(cluster) = database.cluster.observed() else { return };
    key(&cluster.kms_key);
    key(&cluster.activity_stream_key);
    key(&cluster.insights.kms_key);
    if let Observed::Present(groups) = &cluster.security_groups {
        for group in groups {
            if let Some(reference) = ec2::security_group_reference(walk, group, region) {
                walk.reach(reference, of("security group"));
            }
        }
    }
    if let Observed::Present(MasterSecret { arn: Observed::Present(secret), .. }) = &cluster.master_secret
        && let Some(reference) = secretsmanager::secret_reference(walk, secret, region)
    {
        walk.reach(reference, of("secret that RDS made"));
    }
    if let Observed::Present(exports) = &cluster.log_exports {
        for export in exports {
            let group = format!("/aws/rds/cluster/{id}/{export}");
            walk.reach(Reference { kind: Kind::LogGroup, id: group, region: region.to_owned() }, of("log export"));
        }
    }
}

/// The operation answers for Neptune and DocumentDB too; the identifier is the cluster's own.
async fn cluster(walk: &Walk<'_>, id: &str, region: &str) -> Seen<Cluster> {
    walk.aws
        .ask(
            &CLUSTERS,
            region,
            &[("DBClusterIdentifier", id)],
            |clients| clients.rds().describe_db_clusters().db_cluster_identifier(id).send(),
            |answer| match answer.db_clusters {
                None => Observed::Unknown(CLUSTERS.incomplete("DBClusters")),
                Some(clusters) => match clusters.into_iter().next() {
                    Some(cluster) => Observed::Present(described(cluster)),
                    None => Observed::Unknown(not_listed(&CLUSTERS)),
                },
            },
        )
        .await
}

/// A list that was read to its end and does not hold what was asked for by name says that it does not exist.
fn not_listed(call: &'static Call) -> Gap {
    Gap::Missing { operation: call.operation.into(), code: "a list that does not hold it".into() }
}

fn described(cluster: types::DbCluster) -> Cluster {
    let pending = cluster.pending_modified_values.as_ref();
    Cluster {
        members: members(&cluster),
        pending_exports: pending_exports(pending.and_then(|pending| pending.pending_cloudwatch_logs_exports.as_ref())),
        engine: engine(cluster.engine.as_deref()),
        engine_mode: match cluster.engine_mode.as_deref() {
            Some("provisioned") => Observed::Present(EngineMode::Provisioned),
            Some("serverless") => Observed::Present(EngineMode::Serverless),
            Some("parallelquery" | "global" | "multimaster") => Observed::Present(EngineMode::Earlier),
            Some(other) => CLUSTERS.unrecognised("DBCluster.EngineMode", other),
            None => Observed::Absent,
        },
        encryption: encryption(&CLUSTERS, "DBCluster.StorageEncryptionType", cluster.storage_encryption_type.as_ref()),
        earliest_restorable: CLUSTERS.time("EarliestRestorableTime", cluster.earliest_restorable_time.as_ref()),
        latest_restorable: CLUSTERS.time("LatestRestorableTime", cluster.latest_restorable_time.as_ref()),
        created_at: CLUSTERS.time("ClusterCreateTime", cluster.cluster_create_time.as_ref()),
        scaling: match cluster.cluster_scalability_type.as_ref().map(types::ClusterScalabilityType::as_str) {
            Some("standard") => Observed::Present(Scaling::Standard),
            Some("limitless") => Observed::Present(Scaling::Limitless),
            Some(other) => CLUSTERS.unrecognised("DBCluster.ClusterScalabilityType", other),
            None => Observed::Absent,
        },
        may_pause: Observed::of(
            cluster
                .serverless_v2_scaling_configuration
                .as_ref()
                .and_then(|scaling| scaling.min_capacity.map(|least| Switch::from(least <= 0.0))),
        ),
        activity_stream: match cluster.activity_stream_status.as_ref().map(types::ActivityStreamStatus::as_str) {
            Some("started") => Observed::Present(ActivityStream::Started),
            Some("starting") => Observed::Present(ActivityStream::Starting),
            Some("stopped") => Observed::Present(ActivityStream::Stopped),
            Some("stopping") => Observed::Present(ActivityStream::Stopping),
            Some(other) => CLUSTERS.unrecognised("DBCluster.ActivityStreamStatus", other),
            None => Observed::Absent,
        },
        insights: insights(cluster.performance_insights_enabled, cluster.performance_insights_kms_key_id),
        master_secret: Observed::of(cluster.master_user_secret.map(|secret| MasterSecret {
            arn: Observed::name(secret.secret_arn),
            kms_key: Observed::name(secret.kms_key_id),
        })),
        security_groups: match cluster.vpc_security_groups {
            None => Observed::Unknown(CLUSTERS.incomplete("DBCluster.VpcSecurityGroups")),
            Some(groups) => {
                let ids: Option<Vec<_>> = groups.into_iter().map(|group| group.vpc_security_group_id).collect();
                match ids {
                    Some(ids) => Observed::Present(ids),
                    None => Observed::Unknown(CLUSTERS.incomplete("VpcSecurityGroupMembership.VpcSecurityGroupId")),
                }
            }
        },
        arn: Observed::of(cluster.db_cluster_arn),
        resource_id: Observed::of(cluster.db_cluster_resource_id),
        engine_version: Observed::of(cluster.engine_version),
        status: Observed::of(cluster.status),
        storage_encrypted: switch(cluster.storage_encrypted),
        kms_key: Observed::name(cluster.kms_key_id),
        backup_retention_days: Observed::of(cluster.backup_retention_period),
        multi_az: switch(cluster.multi_az),
        subnet_group: Observed::name(cluster.db_subnet_group),
        vpc_networking: switch(cluster.vpc_networking_enabled),
        internet_gateway: switch(cluster.internet_access_gateway_enabled),
        data_api: switch(cluster.http_endpoint_enabled),
        deletion_protection: switch(cluster.deletion_protection),
        parameter_group: Observed::name(cluster.db_cluster_parameter_group),
        log_exports: Observed::of(cluster.enabled_cloudwatch_logs_exports.filter(|exports| !exports.is_empty())),
        activity_stream_key: Observed::name(cluster.activity_stream_kms_key_id),
        port: Observed::of(cluster.port),
    }
}

fn switch(on: Option<bool>) -> Observed<Switch> {
    Observed::of(on.map(Switch::from))
}

fn insights(enabled: Option<bool>, kms_key: Option<String>) -> Insights {
    Insights { enabled: switch(enabled), kms_key: Observed::name(kms_key) }
}

fn engine(token: Option<&str>) -> Observed<Engine> {
    let Some(token) = token else { return Observed::Absent };
    match Engine::ALL.iter().find(|(_, name)| *name == token) {
        Some((engine, _)) => Observed::Present(*engine),
        None => CLUSTERS.unrecognised("DBCluster.Engine", token),
    }
}

fn encryption(
    call: &'static Call,
    field: &'static str,
    token: Option<&types::StorageEncryptionType>,
) -> Observed<Encryption> {
    match token.map(types::StorageEncryptionType::as_str) {
        Some("none") => Observed::Present(Encryption::None),
        Some("sse-kms") => Observed::Present(Encryption::SseKms),
        Some("sse-rds") => Observed::Present(Encryption::SseRds),
        Some(other) => call.unrecognised(field, other),
        None => Observed::Absent,
    }
}

fn members(cluster: &types::DbCluster) -> Observed<Vec<Member>> {
    let Some(members) = &cluster.db_cluster_members else {
        return Observed::Unknown(CLUSTERS.incomplete("DBCluster.DBClusterMembers"));
    };
    let members: Option<Vec<_>> = members
        .iter()
        .map(|member| {
            Some(Member {
                instance: member.db_instance_identifier.clone()?,
                parameter_status: Observed::of(member.db_cluster_parameter_group_status.clone()),
            })
        })
        .collect();
    match members {
        Some(members) => Observed::Present(members),
        None => Observed::Unknown(CLUSTERS.incomplete("DBClusterMember.DBInstanceIdentifier")),
    }
}

/// Log types whose export is being switched on or off. The other pending values, a password among them, are not looked at.
fn pending_exports(pending: Option<&types::PendingCloudwatchLogsExports>) -> Observed<Vec<String>> {
    let Some(pending) = pending else { return Observed::Absent };
    let types = pending.log_types_to_enable().iter().chain(pending.log_types_to_disable());
    let types: BTreeSet<String> = types.cloned().collect();
    if types.is_empty() { Observed::Absent } else { Observed::Present(types.into_iter().collect()) }
}

async fn instances(walk: &Walk<'_>, id: &str, region: &str) -> Seen<Vec<Instance>> {
    let of_cluster = types::Filter::builder().name("db-cluster-id").values(id).build();
    walk.aws
        .ask_all(
            &INSTANCES,
            region,
            &[("db-cluster-id", id)],
            |clients, marker| {
                clients.rds().describe_db_instances().filters(of_cluster.clone()).set_marker(marker).send()
            },
            |answer| answer.marker.clone(),
            |answer| {
                let instances = answer.db_instances.ok_or_else(|| INSTANCES.incomplete("DBInstances"))?;
                instances.into_iter().map(instance).collect()
            },
        )
        .await
}

fn instance(found: types::DbInstance) -> Result<Instance, Gap> {
    Ok(Instance {
        id: found.db_instance_identifier.ok_or_else(|| INSTANCES.incomplete("DBInstance.DBInstanceIdentifier"))?,
        status: Observed::of(found.db_instance_status),
        zone: Observed::name(found.availability_zone),
        public: switch(found.publicly_accessible),
        storage_encrypted: switch(found.storage_encrypted),
        insights: insights(found.performance_insights_enabled, found.performance_insights_kms_key_id),
        deletion_protection: switch(found.deletion_protection),
    })
}

/// What hangs on the name of a group waits for the cluster that names it.
fn named<T>(cluster: &Seen<Cluster>, name: impl Fn(&Cluster) -> Observed<String>) -> Result<String, Seen<T>> {
    let observed = match cluster.observed() {
        Observed::Present(cluster) => name(cluster),
        Observed::Absent => Observed::Absent,
        Observed::Unknown(gap) => Observed::Unknown(gap.clone()),
    };
    match observed {
        Observed::Present(name) => Ok(name),
        Observed::Absent => Err(Seen::new(Observed::Absent, cluster.calls().to_vec())),
        Observed::Unknown(gap) => Err(Seen::new(Observed::Unknown(gap), cluster.calls().to_vec())),
    }
}

async fn subnet_group(walk: &Walk<'_>, cluster: &Seen<Cluster>, region: &str) -> Seen<SubnetGroup> {
    let name = match named(cluster, |cluster| cluster.subnet_group.clone()) {
        Ok(name) => name,
        Err(unnamed) => return unnamed,
    };
    let name = name.as_str();
    walk.aws
        .ask(
            &SUBNET_GROUPS,
            region,
            &[("DBSubnetGroupName", name)],
            |clients| clients.rds().describe_db_subnet_groups().db_subnet_group_name(name).send(),
            |answer| match answer.db_subnet_groups {
                None => Observed::Unknown(SUBNET_GROUPS.incomplete("DBSubnetGroups")),
                Some(groups) => match groups.into_iter().next().map(|group| subnets(name, group)) {
                    Some(Ok(group)) => Observed::Present(group),
                    Some(Err(gap)) => Observed::Unknown(gap),
                    None => Observed::Unknown(not_listed(&SUBNET_GROUPS)),
                },
            },
        )
        .await
        .resting_on(cluster.calls())
}

fn subnets(name: &str, group: types::DbSubnetGroup) -> Result<SubnetGroup, Gap> {
    let subnets = group.subnets.ok_or_else(|| SUBNET_GROUPS.incomplete("DBSubnetGroup.Subnets"))?;
    let ids: Option<Vec<_>> = subnets.into_iter().map(|subnet| subnet.subnet_identifier).collect();
    Ok(SubnetGroup {
        name: name.to_owned(),
        vpc: Observed::of(group.vpc_id),
        subnets: ids.ok_or_else(|| SUBNET_GROUPS.incomplete("Subnet.SubnetIdentifier"))?,
    })
}

/// A group holds hundreds of parameters, a hundred to a page; only those that requirements ask about are kept.
async fn parameters(walk: &Walk<'_>, cluster: &Seen<Cluster>, region: &str) -> Seen<BTreeMap<String, Parameter>> {
    let name = match named(cluster, |cluster| cluster.parameter_group.clone()) {
        Ok(name) => name,
        Err(unnamed) => return unnamed,
    };
    let name = name.as_str();
    walk.aws
        .ask_all(
            &GROUP_PARAMETERS,
            region,
            &[("DBClusterParameterGroupName", name)],
            |clients, marker| {
                let request = clients.rds().describe_db_cluster_parameters().db_cluster_parameter_group_name(name);
                request.set_marker(marker).send()
            },
            |answer| answer.marker.clone(),
            |answer| {
                let parameters = answer.parameters.ok_or_else(|| GROUP_PARAMETERS.incomplete("Parameters"))?;
                Ok(parameters.into_iter().filter_map(parameter).collect())
            },
        )
        .await
        .map(|parameters| parameters.into_iter().collect())
        .resting_on(cluster.calls())
}

fn parameter(found: types::Parameter) -> Option<(String, Parameter)> {
    let name = found.parameter_name.filter(|name| PARAMETERS.contains(&name.as_str()))?;
    let applies = match found.apply_type.as_deref() {
        Some("dynamic") => Observed::Present(Applies::Dynamic),
        Some("static") => Observed::Present(Applies::Static),
        Some(other) => GROUP_PARAMETERS.unrecognised("Parameter.ApplyType", other),
        None => Observed::Absent,
    };
    Some((name, Parameter { value: Observed::of(found.parameter_value), applies }))
}

#[cfg(test)]
mod tests;
