//! ElastiCache: what is read of replication groups and serverless caches, their clusters, subnet groups and users.

use std::collections::BTreeSet;

use tap_audit_checks::elasticache::{Cache, Description, SubnetGroup, User};
use tap_audit_checks::observed::{Gap, Observed, Seen};
use tap_audit_checks::outputs::Resolved;
use tap_audit_checks::subject::{Kind, Resource};

use crate::collect::call::Call;
use crate::collect::{Collected, Reference, Relation, Walk, ec2, existence};

mod described;

const GROUPS: Call = Call {
    service: "elasticache",
    operation: "DescribeReplicationGroups",
    permission: "elasticache:DescribeReplicationGroups",
    absent: &[],
    denied_or: None,
};
const CLUSTERS: Call = Call {
    service: "elasticache",
    operation: "DescribeCacheClusters",
    permission: "elasticache:DescribeCacheClusters",
    absent: &[],
    denied_or: None,
};
const SERVERLESS: Call = Call {
    service: "elasticache",
    operation: "DescribeServerlessCaches",
    permission: "elasticache:DescribeServerlessCaches",
    absent: &[],
    denied_or: None,
};
const SUBNET_GROUPS: Call = Call {
    service: "elasticache",
    operation: "DescribeCacheSubnetGroups",
    permission: "elasticache:DescribeCacheSubnetGroups",
    absent: &[],
    denied_or: None,
};
const USER_GROUPS: Call = Call {
    service: "elasticache",
    operation: "DescribeUserGroups",
    permission: "elasticache:DescribeUserGroups",
    absent: &[],
    denied_or: None,
};
const USERS: Call = Call {
    service: "elasticache",
    operation: "DescribeUsers",
    permission: "elasticache:DescribeUsers",
    absent: &[],
    denied_or: None,
};

/// Every call of this file, for plans and for the policy that the auditing role needs.
pub(crate) const CALLS: &[&Call] = &[&GROUPS, &CLUSTERS, &SERVERLESS, &SUBNET_GROUPS, &USER_GROUPS, &USERS];

/// How references name a serverless cache: as its ARN does.
const SERVERLESS_NAME: &str = "serverlesscache:";
/// How references name a cache cluster: as its ARN does.
const CLUSTER_NAME: &str = "cluster:";

/// The types under which stacks list what is no replication group, with how references name it.
const PARTS: [(&str, &str); 2] =
    [("AWS::ElastiCache::ServerlessCache", SERVERLESS_NAME), ("AWS::ElastiCache::CacheCluster", CLUSTER_NAME)];

/// The reference of the cache that this text names: the identifier of a replication group, `serverlesscache:NAME`,
/// `cluster:NAME`, or an ARN of one of these. ElastiCache keeps identifiers in small letters.
pub(crate) fn cache_reference(walk: &Walk<'_>, named: &str, region: &str) -> Option<Reference> {
    let at = |id: &str, region: &str| Reference { kind: Kind::Cache, id: id.to_owned(), region: region.to_owned() };
    let parts: Vec<&str> = named.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", _, "elasticache", region, account, rest] if *account == walk.account => {
            let rest = rest.to_ascii_lowercase();
            match rest.strip_prefix("replicationgroup:") {
                Some(id) => Some(at(id, region)),
                None => PARTS.iter().any(|(_, prefix)| rest.starts_with(prefix)).then(|| at(&rest, region)),
            }
        }
        // One of another account keeps its ARN: its name means nothing in this one.
        ["arn", _, "elasticache", region, _, _] => Some(at(named, region)),
        ["arn", ..] => None,
        _ => Some(at(&named.to_ascii_lowercase(), region)),
    }
}

/// How references name what a stack lists under this type; `None` for other types.
pub(crate) fn part_named(kind: &str, id: &str) -> Option<String> {
    PARTS.iter().find(|(part, _)| *part == kind).map(|(_, prefix)| format!("{prefix}{id}"))
}

/// How the reference of a resolved output is named that is no replication group; `None` for other resources.
pub(crate) fn part_of(resolved: &Resolved) -> Option<String> {
    part_named(&resolved.kind, &resolved.id)
}

/// The type and physical id under which a stack lists what this id of a reference names, where it is no replication group.
pub(crate) fn member_name(id: &str) -> Option<(&'static str, &str)> {
    PARTS.iter().find_map(|(kind, prefix)| id.strip_prefix(prefix).map(|name| (*kind, name)))
}

/// Whether this id of a reference names a cache cluster, which leads to its replication group.
pub(crate) fn is_part(id: &str) -> bool {
    id.starts_with(CLUSTER_NAME)
}

/// Whether the cache is a cluster that belongs to no replication group.
pub(crate) fn is_alone(cache: &Cache) -> bool {
    matches!(cache.description.observed(), Observed::Present(Description::Alone { .. }))
}

/// The names by which outputs may call what this id of a reference names.
pub(crate) fn names_of(walk: &Walk<'_>, id: &str, region: &str) -> BTreeSet<String> {
    let (bare, whole) = match member_name(id) {
        Some((_, name)) => (name, id.to_owned()),
        None => (id, format!("replicationgroup:{id}")),
    };
    let arn = format!("arn:{}:elasticache:{region}:{}:{whole}", walk.partition, walk.account);
    BTreeSet::from([bare.to_owned(), arn])
}

/// Collects a cache and reaches what it rests on. A cluster is asked for its replication group, which is reached with
/// `Relation::NamedBy`; the walk merges the two.
pub(crate) async fn cache(walk: &Walk<'_>, id: &str, region: &str) -> Collected {
    if let Some(cluster) = id.strip_prefix(CLUSTER_NAME) {
        return followed(walk, id, cluster, region).await;
    }
    let cache = match id.strip_prefix(SERVERLESS_NAME) {
        Some(name) => serverless(walk, id, name, region).await,
        None => group(walk, id, region).await,
    };
    reach(walk, &cache, id, region).await;
    let arn = names_of(walk, id, region).into_iter().find(|name| name.starts_with("arn:"));
    Collected {
        existence: existence(&cache.description),
        arn,
        region: Some(region.to_owned()),
        resource: Resource::Cache(Box::new(cache)),
    }
}

async fn group(walk: &Walk<'_>, id: &str, region: &str) -> Cache {
    let by_id = [("ReplicationGroupId", id)];
    let (description, clusters) = tokio::join!(
        walk.aws.ask(
            &GROUPS,
            region,
            &by_id,
            |clients| clients.elasticache().describe_replication_groups().replication_group_id(id).send(),
            |answer| match answer.replication_groups.map(|groups| groups.into_iter().next()) {
                None => Observed::Unknown(GROUPS.incomplete("ReplicationGroups")),
                Some(None) => Observed::Unknown(not_listed(&GROUPS)),
                Some(Some(group)) => Observed::Present(Description::Group(Box::new(described::group(group)))),
            },
        ),
        clusters(walk, region),
    );
    let of_group = clusters.map(|clusters| {
        clusters.into_iter().filter(|one| one.group.as_deref() == Some(id)).collect::<Vec<described::Found>>()
    });
    let subnet_group = subnet_group(walk, &of_group, region).await;
    let groups = match description.observed() {
        Observed::Present(Description::Group(group)) => group.user_groups.clone(),
        Observed::Present(Description::Serverless(_) | Description::Alone { .. }) | Observed::Absent => {
            Observed::Absent
        }
        Observed::Unknown(gap) => Observed::Unknown(gap.clone()),
    };
    let users = users(walk, Seen::new(groups, description.calls().to_vec()), region).await;
    let members = of_group.map(|found| found.into_iter().map(|found| found.member).collect());
    Cache { named_by: names_of(walk, id, region), description, members, subnet_group, users }
}

async fn serverless(walk: &Walk<'_>, id: &str, name: &str, region: &str) -> Cache {
    let description = walk
        .aws
        .ask(
            &SERVERLESS,
            region,
            &[("ServerlessCacheName", name)],
            |clients| clients.elasticache().describe_serverless_caches().serverless_cache_name(name).send(),
            |answer| match answer.serverless_caches.map(|caches| caches.into_iter().next()) {
                None => Observed::Unknown(SERVERLESS.incomplete("ServerlessCaches")),
                Some(None) => Observed::Unknown(not_listed(&SERVERLESS)),
                Some(Some(cache)) => Observed::Present(Description::Serverless(Box::new(described::serverless(cache)))),
            },
        )
        .await;
    let groups = match description.observed() {
        Observed::Present(Description::Serverless(cache)) => cache.user_group.clone().map(|group| vec![group]),
        Observed::Present(Description::Group(_) | Description::Alone { .. }) | Observed::Absent => Observed::Absent,
        Observed::Unknown(gap) => Observed::Unknown(gap.clone()),
    };
    let users = users(walk, Seen::new(groups, description.calls().to_vec()), region).await;
    let calls = description.calls().to_vec();
    Cache {
        named_by: names_of(walk, id, region),
        members: Seen::new(Observed::Absent, calls.clone()),
        subnet_group: Seen::new(Observed::Absent, calls),
        description,
        users,
    }
}

/// Follows a cluster to its replication group, and reaches that. One that belongs to none stays a subject of its own, of
/// which nothing is asked but that.
async fn followed(walk: &Walk<'_>, id: &str, cluster: &str, region: &str) -> Collected {
    let found = walk
        .aws
        .ask(
            &CLUSTERS,
            region,
            &[("CacheClusterId", cluster)],
            |clients| clients.elasticache().describe_cache_clusters().cache_cluster_id(cluster).send(),
            |answer| match answer.cache_clusters.map(|clusters| clusters.into_iter().next()) {
                None => Observed::Unknown(CLUSTERS.incomplete("CacheClusters")),
                Some(None) => Observed::Unknown(not_listed(&CLUSTERS)),
                Some(Some(cluster)) => match described::found(cluster) {
                    Ok(found) => Observed::Present(found),
                    Err(gap) => Observed::Unknown(gap),
                },
            },
        )
        .await;
    let existence = existence(&found);
    let group = match found.observed() {
        Observed::Present(found) => found.group.clone(),
        Observed::Absent | Observed::Unknown(_) => None,
    };
    if let Some(group) = &group
        && let Some(reference) = cache_reference(walk, group, region)
    {
        walk.reach(reference, Relation::NamedBy { name: id.to_owned() });
    }
    let description = found.and_then(|found| match found.group {
        Some(_) => {
            let what = "it is asked about the replication group that the name leads to";
            Observed::Unknown(Gap::NotCollected { what: what.into() })
        }
        None => Observed::Present(Description::Alone { engine: found.member.engine }),
    });
    let why = "it is a cache cluster that belongs to no replication group";
    let gap = Gap::depends_on("redis-replication-group-available", why);
    let cache = Cache { named_by: names_of(walk, id, region), description, ..Cache::unknown(&gap) };
    let leads_to = group.as_deref().unwrap_or(id);
    let arn = names_of(walk, leads_to, region).into_iter().find(|name| name.starts_with("arn:"));
    Collected { existence, arn, region: Some(region.to_owned()), resource: Resource::Cache(Box::new(cache)) }
}

/// A list that was read to its end and does not hold what was asked for by name says that it does not exist.
fn not_listed(call: &'static Call) -> Gap {
    Gap::Missing { operation: call.operation.into(), code: "a list that does not hold it".into() }
}

/// No filter takes a replication group, so all clusters are listed, once for all groups.
async fn clusters(walk: &Walk<'_>, region: &str) -> Seen<Vec<described::Found>> {
    walk.aws
        .ask_all(
            &CLUSTERS,
            region,
            &[],
            |clients, marker| clients.elasticache().describe_cache_clusters().set_marker(marker).send(),
            |answer| answer.marker.clone(),
            |answer| {
                let clusters = answer.cache_clusters.ok_or_else(|| CLUSTERS.incomplete("CacheClusters"))?;
                clusters.into_iter().map(described::found).collect()
            },
        )
        .await
}

/// The replication group names no subnet group; its clusters do, all the same one.
async fn subnet_group(walk: &Walk<'_>, found: &Seen<Vec<described::Found>>, region: &str) -> Seen<SubnetGroup> {
    let name = match found.observed() {
        Observed::Present(found) => found.iter().find_map(|one| one.subnet_group.clone()),
        Observed::Absent => None,
        Observed::Unknown(gap) => return Seen::new(Observed::Unknown(gap.clone()), found.calls().to_vec()),
    };
    let Some(name) = name else {
        let gap = Gap::undecided("no member cluster was seen that names the subnet group");
        return Seen::new(Observed::Unknown(gap), found.calls().to_vec());
    };
    let name = name.as_str();
    walk.aws
        .ask(
            &SUBNET_GROUPS,
            region,
            &[("CacheSubnetGroupName", name)],
            |clients| clients.elasticache().describe_cache_subnet_groups().cache_subnet_group_name(name).send(),
            |answer| match answer.cache_subnet_groups.map(|groups| groups.into_iter().next()) {
                None => Observed::Unknown(SUBNET_GROUPS.incomplete("CacheSubnetGroups")),
                Some(None) => Observed::Unknown(not_listed(&SUBNET_GROUPS)),
                Some(Some(group)) => match described::subnets(name, group) {
                    Ok(group) => Observed::Present(group),
                    Err(gap) => Observed::Unknown(gap),
                },
            },
        )
        .await
        .resting_on(found.calls())
}

/// The users of these user groups; absent where there is no group.
async fn users(walk: &Walk<'_>, groups: Seen<Vec<String>>, region: &str) -> Seen<Vec<User>> {
    let named = match groups.observed() {
        Observed::Present(named) if !named.is_empty() => named,
        Observed::Present(_) | Observed::Absent => return Seen::new(Observed::Absent, groups.calls().to_vec()),
        Observed::Unknown(gap) => return Seen::new(Observed::Unknown(gap.clone()), groups.calls().to_vec()),
    };
    let mut ids = BTreeSet::new();
    let mut calls = groups.calls().to_vec();
    for group in named {
        let members = members_of(walk, group, region).await;
        calls.extend(members.calls().iter().cloned());
        match members.observed() {
            Observed::Present(members) => ids.extend(members.iter().cloned()),
            Observed::Absent => {}
            Observed::Unknown(gap) => return Seen::new(Observed::Unknown(gap.clone()), calls),
        }
    }
    let all = walk
        .aws
        .ask_all(
            &USERS,
            region,
            &[],
            |clients, marker| clients.elasticache().describe_users().set_marker(marker).send(),
            |answer| answer.marker.clone(),
            |answer| {
                let users = answer.users.ok_or_else(|| USERS.incomplete("Users"))?;
                users.into_iter().map(described::user).collect()
            },
        )
        .await;
    all.and_then(|all| {
        let of_groups: Vec<User> = all.into_iter().filter(|user| ids.contains(&user.id)).collect();
        match ids.iter().find(|id| !of_groups.iter().any(|user| user.id == **id)) {
            Some(id) => Observed::Unknown(Gap::undecided(format!("DescribeUsers did not answer for the user {id}"))),
            None => Observed::Present(of_groups),
        }
    })
    .resting_on(&calls)
}

async fn members_of(walk: &Walk<'_>, group: &str, region: &str) -> Seen<Vec<String>> {
    walk.aws
        .ask(
            &USER_GROUPS,
            region,
            &[("UserGroupId", group)],
            |clients| clients.elasticache().describe_user_groups().user_group_id(group).send(),
            |answer| match answer.user_groups.map(|groups| groups.into_iter().next()) {
                None => Observed::Unknown(USER_GROUPS.incomplete("UserGroups")),
                Some(None) => Observed::Unknown(not_listed(&USER_GROUPS)),
                Some(Some(group)) => match group.user_ids {
                    Some(ids) => Observed::Present(ids),
                    None => Observed::Unknown(USER_GROUPS.incomplete("UserGroup.UserIds")),
                },
            },
        )
        .await
}

/// Leads the walk to the key, groups, network and log groups of the cache.
async fn reach(walk: &Walk<'_>, cache: &Cache, id: &str, region: &str) {
    let of = |what| Relation::Of { what, kind: Kind::Cache, id: id.to_owned() };
    let mut guards: BTreeSet<&String> = BTreeSet::new();
    let mut key = &Observed::Absent;
    if let Observed::Present(members) = cache.members.observed() {
        for member in members {
            if let Observed::Present(groups) = &member.security_groups {
                guards.extend(groups);
            }
        }
    }
    if let Observed::Present(group) = cache.subnet_group.observed()
        && let Observed::Present(vpc) = &group.vpc
        && let Some(reference) = ec2::vpc_reference(walk, vpc, region)
    {
        walk.reach(reference, of("VPC of the subnet group"));
    }
    match cache.description.observed() {
        Observed::Present(Description::Group(group)) => {
            key = &group.kms_key;
            if let Observed::Present(logs) = &group.logs {
                for log in logs {
                    if let Observed::Present(group) = &log.group {
                        let reference =
                            Reference { kind: Kind::LogGroup, id: group.clone(), region: region.to_owned() };
                        walk.reach(reference, of("log group of the log delivery"));
                    }
                }
            }
        }
        Observed::Present(Description::Serverless(serverless)) => {
            key = &serverless.kms_key;
            if let Observed::Present(groups) = &serverless.security_groups {
                guards.extend(groups);
            }
            if let Observed::Present(subnets) = &serverless.subnets {
                ec2::reach_vpc_of(walk, subnets, region, Kind::Cache, id).await;
            }
        }
        Observed::Present(Description::Alone { .. }) | Observed::Absent | Observed::Unknown(_) => {}
    }
    if let Observed::Present(key) = key {
        walk.reach_key(key, region, Kind::Cache, id);
    }
    for group in guards {
        if let Some(reference) = ec2::security_group_reference(walk, group, region) {
            walk.reach(reference, of("security group"));
        }
    }
}

#[cfg(test)]
mod tests;
