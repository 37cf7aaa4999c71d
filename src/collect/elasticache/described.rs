//! What is taken out of the answers of ElastiCache.

use std::collections::BTreeSet;

use aws_sdk_elasticache::types;
use tap_audit_checks::elasticache::{
    Access, Authentication, Change, Connection, DeliveryStatus, Destination, Encryption, Engine, Failover, Group,
    LogDelivery, LogKind, Member, Node, Serverless, Shard, SubnetGroup, TransitMode, User,
};
use tap_audit_checks::observed::{Gap, Observed};
use tap_audit_checks::s3::Switch;

use super::{CLUSTERS, GROUPS, SERVERLESS, SUBNET_GROUPS, USERS};
use crate::collect::call::Call;

/// A cluster, with what leads from it elsewhere.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) member: Member,
    pub(super) group: Option<String>,
    pub(super) subnet_group: Option<String>,
}

fn switch(on: Option<bool>) -> Observed<Switch> {
    Observed::of(on.map(Switch::from))
}

/// One of a closed set of words; a word that is not among them is a gap.
fn word<T: Copy>(call: &'static Call, field: &'static str, known: &[(&str, T)], token: Option<&str>) -> Observed<T> {
    let Some(token) = token else { return Observed::Absent };
    match known.iter().find(|(name, _)| name.eq_ignore_ascii_case(token)) {
        Some((_, value)) => Observed::Present(*value),
        None => call.unrecognised(field, token),
    }
}

fn engine(call: &'static Call, field: &'static str, token: Option<&str>) -> Observed<Engine> {
    word(call, field, &Engine::ALL.map(|(engine, name)| (name, engine)), token)
}

pub(super) fn group(group: types::ReplicationGroup) -> Group {
    Group {
        port: port(&group),
        shards: shards(group.node_groups.as_deref()),
        logs: Observed::Present(group.log_delivery_configurations().iter().map(delivery).collect()),
        pending: pending(group.pending_modified_values.as_ref()),
        engine: engine(&GROUPS, "ReplicationGroup.Engine", group.engine.as_deref()),
        multi_az: word(
            &GROUPS,
            "ReplicationGroup.MultiAZ",
            &[("enabled", Switch::On), ("disabled", Switch::Off)],
            group.multi_az.as_ref().map(types::MultiAzStatus::as_str),
        ),
        failover: word(
            &GROUPS,
            "ReplicationGroup.AutomaticFailover",
            &[
                ("enabled", Failover::Enabled),
                ("disabled", Failover::Disabled),
                ("enabling", Failover::Enabling),
                ("disabling", Failover::Disabling),
            ],
            group.automatic_failover.as_ref().map(types::AutomaticFailoverStatus::as_str),
        ),
        transit: switch(group.transit_encryption_enabled),
        transit_mode: word(
            &GROUPS,
            "ReplicationGroup.TransitEncryptionMode",
            &[("required", TransitMode::Required), ("preferred", TransitMode::Preferred)],
            group.transit_encryption_mode.as_ref().map(types::TransitEncryptionMode::as_str),
        ),
        at_rest: switch(group.at_rest_encryption_enabled),
        encryption: word(
            &GROUPS,
            "ReplicationGroup.StorageEncryptionType",
            &[
                ("none", Encryption::None),
                ("sse-kms", Encryption::SseKms),
                ("sse-elasticache", Encryption::SseElasticache),
            ],
            group.storage_encryption_type.as_ref().map(types::StorageEncryptionType::as_str),
        ),
        auth_token: switch(group.auth_token_enabled),
        arn: Observed::of(group.arn),
        status: Observed::of(group.status),
        members: Observed::of(group.member_clusters),
        kms_key: Observed::name(group.kms_key_id),
        user_groups: Observed::of(group.user_group_ids.filter(|groups| !groups.is_empty())),
    }
}

/// In cluster mode there is a configuration endpoint alone; without it each node group has its own.
fn port(group: &types::ReplicationGroup) -> Observed<i32> {
    let of_shards = group.node_groups().iter().filter_map(types::NodeGroup::primary_endpoint);
    let endpoints = group.configuration_endpoint().into_iter().chain(of_shards);
    Observed::of(endpoints.filter_map(types::Endpoint::port).next())
}

fn shards(groups: Option<&[types::NodeGroup]>) -> Observed<Vec<Shard>> {
    let Some(groups) = groups else { return Observed::Unknown(GROUPS.incomplete("ReplicationGroup.NodeGroups")) };
    let shards = groups.iter().map(|group| {
        let nodes = group.node_group_members().iter().map(|node| {
            let cluster = node.cache_cluster_id.clone();
            Ok(Node {
                cluster: cluster.ok_or_else(|| GROUPS.incomplete("NodeGroupMember.CacheClusterId"))?,
                zone: Observed::name(node.preferred_availability_zone.clone()),
            })
        });
        Ok(Shard {
            id: group.node_group_id.clone().ok_or_else(|| GROUPS.incomplete("NodeGroup.NodeGroupId"))?,
            nodes: nodes.collect::<Result<_, Gap>>()?,
        })
    });
    match shards.collect::<Result<_, Gap>>() {
        Ok(shards) => Observed::Present(shards),
        Err(gap) => Observed::Unknown(gap),
    }
}

fn delivery(log: &types::LogDeliveryConfiguration) -> LogDelivery {
    let details = log.destination_details.as_ref();
    LogDelivery {
        kind: word(
            &GROUPS,
            "LogDeliveryConfiguration.LogType",
            &[("engine-log", LogKind::EngineLog), ("slow-log", LogKind::SlowLog)],
            log.log_type.as_ref().map(types::LogType::as_str),
        ),
        destination: word(
            &GROUPS,
            "LogDeliveryConfiguration.DestinationType",
            &[("cloudwatch-logs", Destination::CloudwatchLogs), ("kinesis-firehose", Destination::KinesisFirehose)],
            log.destination_type.as_ref().map(types::DestinationType::as_str),
        ),
        group: Observed::of(
            details
                .and_then(|details| details.cloud_watch_logs_details.as_ref())
                .and_then(|logs| logs.log_group.clone()),
        ),
        status: word(
            &GROUPS,
            "LogDeliveryConfiguration.Status",
            &[
                ("active", DeliveryStatus::Active),
                ("enabling", DeliveryStatus::Enabling),
                ("modifying", DeliveryStatus::Modifying),
                ("disabling", DeliveryStatus::Disabling),
                ("error", DeliveryStatus::Error),
            ],
            log.status.as_ref().map(types::LogDeliveryConfigurationStatus::as_str),
        ),
    }
}

/// A token that is being rotated stays in force beside the new one, so that changes nothing.
fn pending(values: Option<&types::ReplicationGroupPendingModifiedValues>) -> Observed<BTreeSet<Change>> {
    let Some(values) = values else { return Observed::Present(BTreeSet::new()) };
    let token = match values.auth_token_status.as_ref().map(types::AuthTokenUpdateStatus::as_str) {
        None | Some("ROTATING") => false,
        Some("SETTING") => true,
        Some(other) => return GROUPS.unrecognised("PendingModifiedValues.AuthTokenStatus", other),
    };
    let changes = [
        (Change::Transit, values.transit_encryption_enabled.is_some() || values.transit_encryption_mode.is_some()),
        (Change::AuthToken, token),
        (Change::UserGroups, values.user_groups.is_some()),
        (Change::Logs, !values.log_delivery_configurations().is_empty()),
        (Change::Failover, values.automatic_failover_status.is_some()),
    ];
    Observed::Present(changes.into_iter().filter(|(_, is_pending)| *is_pending).map(|(change, _)| change).collect())
}

pub(super) fn found(cluster: types::CacheCluster) -> Result<Found, Gap> {
    let groups = match cluster.security_groups {
        None => Observed::Absent,
        Some(groups) => {
            let ids: Option<Vec<String>> = groups.into_iter().map(|group| group.security_group_id).collect();
            match ids {
                Some(ids) => Observed::Present(ids),
                None => Observed::Unknown(CLUSTERS.incomplete("SecurityGroupMembership.SecurityGroupId")),
            }
        }
    };
    // A cluster whose nodes are spread says so in place of a zone, and then its nodes alone tell.
    let zone = cluster.preferred_availability_zone.filter(|zone| !zone.is_empty() && zone != "Multiple");
    Ok(Found {
        member: Member {
            id: cluster.cache_cluster_id.ok_or_else(|| CLUSTERS.incomplete("CacheCluster.CacheClusterId"))?,
            status: Observed::of(cluster.cache_cluster_status),
            engine: engine(&CLUSTERS, "CacheCluster.Engine", cluster.engine.as_deref()),
            engine_version: Observed::of(cluster.engine_version),
            zone: Observed::of(zone),
            security_groups: groups,
        },
        group: cluster.replication_group_id.filter(|group| !group.is_empty()),
        subnet_group: cluster.cache_subnet_group_name.filter(|group| !group.is_empty()),
    })
}

pub(super) fn serverless(cache: types::ServerlessCache) -> Serverless {
    let ports = [&cache.endpoint, &cache.reader_endpoint];
    Serverless {
        ports: ports.into_iter().flatten().filter_map(types::Endpoint::port).collect(),
        engine: engine(&SERVERLESS, "ServerlessCache.Engine", cache.engine.as_deref()),
        connection: word(
            &SERVERLESS,
            "ServerlessCache.ConnectionType",
            &[("vpc", Connection::Vpc), ("public", Connection::Public)],
            cache.connection_type.as_ref().map(types::ConnectionType::as_str),
        ),
        arn: Observed::of(cache.arn),
        status: Observed::of(cache.status),
        kms_key: Observed::name(cache.kms_key_id),
        subnets: Observed::of(cache.subnet_ids.filter(|subnets| !subnets.is_empty())),
        security_groups: Observed::of(cache.security_group_ids.filter(|groups| !groups.is_empty())),
        user_group: Observed::name(cache.user_group_id),
    }
}

pub(super) fn subnets(name: &str, group: types::CacheSubnetGroup) -> Result<SubnetGroup, Gap> {
    let subnets = group.subnets.ok_or_else(|| SUBNET_GROUPS.incomplete("CacheSubnetGroup.Subnets"))?;
    let ids: Option<Vec<_>> = subnets.into_iter().map(|subnet| subnet.subnet_identifier).collect();
    Ok(SubnetGroup {
        name: name.to_owned(),
        vpc: Observed::of(group.vpc_id),
        subnets: ids.ok_or_else(|| SUBNET_GROUPS.incomplete("Subnet.SubnetIdentifier"))?,
    })
}

pub(super) fn user(user: types::User) -> Result<User, Gap> {
    let authentication = user.authentication.as_ref().and_then(|how| how.r#type.as_ref());
    Ok(User {
        authentication: word(
            &USERS,
            "User.Authentication.Type",
            &[
                ("password", Authentication::Password),
                ("iam", Authentication::Iam),
                ("no-password", Authentication::NoPassword),
            ],
            authentication.map(types::AuthenticationType::as_str),
        ),
        access: Observed::of(user.access_string.as_deref().map(Access::of)),
        id: user.user_id.ok_or_else(|| USERS.incomplete("User.UserId"))?,
        status: Observed::of(user.status),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_is_rotated_changes_nothing_and_a_first_one_does() {
        let with = |status: &str| {
            let values = types::ReplicationGroupPendingModifiedValues::builder().auth_token_status(status.into());
            pending(Some(&values.build()))
        };
        assert_eq!(with("ROTATING"), Observed::Present(BTreeSet::new()));
        assert_eq!(with("SETTING"), Observed::Present([Change::AuthToken].into()));
        assert_eq!(with("FADING"), GROUPS.unrecognised("PendingModifiedValues.AuthTokenStatus", "FADING"));
    }
}
