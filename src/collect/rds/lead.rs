//! What leads to a cluster without being its identifier: instances, custom endpoints, resource ids, ARNs.

use std::collections::BTreeSet;

use aws_sdk_rds::types;
use tap_audit_checks::observed::{Gap, Observed, Seen};
use tap_audit_checks::outputs::Resolved;
use tap_audit_checks::rds::Database;
use tap_audit_checks::subject::{Kind, Resource};

use super::{CLUSTERS, INSTANCES, not_listed};
use crate::collect::{Collected, Reference, Relation, Walk, existence};

/// How references name an instance: as its ARN does.
const INSTANCE: &str = "db:";
/// How references name a custom endpoint: as its ARN does.
const ENDPOINT: &str = "cluster-endpoint:";

/// The reference of the database that this text names: an identifier, `db:NAME`, `cluster-endpoint:NAME`, a resource id,
/// or an ARN of one of these. RDS keeps identifiers in small letters.
pub(crate) fn database_reference(walk: &Walk<'_>, named: &str, region: &str) -> Option<Reference> {
    let at = |id: &str, region: &str| Reference { kind: Kind::Database, id: id.to_owned(), region: region.to_owned() };
    let parts: Vec<&str> = named.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", _, "rds", region, account, rest] if *account == walk.account => match rest.strip_prefix("cluster:") {
            Some(id) => Some(at(&id.to_ascii_lowercase(), region)),
            None => is_part(rest).then(|| at(rest, region)),
        },
        // One of another account keeps its ARN: its name means nothing in this one.
        ["arn", _, "rds", region, _, _] => Some(at(named, region)),
        ["arn", ..] => None,
        _ if is_part(named) => Some(at(named, region)),
        _ => Some(at(&named.to_ascii_lowercase(), region)),
    }
}

/// How the reference of a resolved output is named that is a part of a cluster; `None` for other resources.
pub(crate) fn part_of(resolved: &Resolved) -> Option<String> {
    match resolved.kind.as_str() {
        "AWS::RDS::DBInstance" => Some(format!("{INSTANCE}{}", resolved.id)),
        "AWS::RDS::DBClusterEndpoint" => Some(format!("{ENDPOINT}{}", resolved.id)),
        _ => None,
    }
}

/// Whether this id of a reference names a part of a cluster, which leads to it.
pub(crate) fn is_part(id: &str) -> bool {
    id.starts_with(INSTANCE) || id.starts_with(ENDPOINT) || is_resource_id(id)
}

/// The instance that this id of a reference names.
pub(crate) fn instance_of(id: &str) -> Option<&str> {
    id.strip_prefix(INSTANCE)
}

/// The names by which outputs may call the part that this id of a reference names.
pub(crate) fn names_of(walk: &Walk<'_>, id: &str, region: &str) -> BTreeSet<String> {
    let bare = [INSTANCE, ENDPOINT].iter().find_map(|prefix| id.strip_prefix(prefix)).unwrap_or(id);
    let arn = format!("arn:{}:rds:{region}:{}:{id}", walk.partition, walk.account);
    BTreeSet::from([bare.to_owned(), arn])
}

/// Resource ids are made of capital letters and digits, which identifiers cannot hold.
fn is_resource_id(id: &str) -> bool {
    let rest = id.strip_prefix("cluster-").or_else(|| id.strip_prefix("db-"));
    rest.is_some_and(|rest| {
        rest.len() >= 16 && rest.chars().all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit())
    })
}

/// Where a part leads.
#[derive(Clone)]
enum Lead {
    /// To the cluster with this ARN or identifier.
    Cluster(String),
    /// To an instance with this ARN that belongs to no cluster.
    Instance(Option<String>),
}

/// Follows a part to its cluster, and reaches that. An instance that belongs to none stays a subject of its own, of which
/// nothing is known but that.
pub(super) async fn followed(walk: &Walk<'_>, id: &str, region: &str) -> Collected {
    let lead = match id.strip_prefix(INSTANCE) {
        Some(instance) => of_instance(walk, instance, region).await,
        None if id.starts_with("db-") => of_instance(walk, id, region).await,
        None => of_cluster(walk, id, region).await,
    };
    let existence = existence(&lead);
    let (mut cluster, arn) = match lead.observed() {
        Observed::Present(Lead::Cluster(named)) => {
            let reference = database_reference(walk, named, region);
            if let Some(reference) = &reference {
                walk.reach(reference.clone(), Relation::NamedBy { name: id.to_owned() });
            }
            let gap = Gap::NotCollected { what: "it is asked about the cluster that the name leads to".into() };
            let arn = reference.map(|reference| match reference.id.starts_with("arn:") {
                true => reference.id,
                false => format!("arn:{}:rds:{region}:{}:cluster:{}", walk.partition, walk.account, reference.id),
            });
            (Seen::gap(gap), arn)
        }
        Observed::Present(Lead::Instance(arn)) => (Seen::new(Observed::Absent, lead.calls().to_vec()), arn.clone()),
        Observed::Absent => (Seen::gap(Gap::undecided("RDS did not say where the name leads")), None),
        Observed::Unknown(gap) => (Seen::new(Observed::Unknown(gap.clone()), lead.calls().to_vec()), None),
    };
    let gap = match cluster.observed() {
        Observed::Unknown(gap) => gap.clone(),
        Observed::Present(_) | Observed::Absent => Gap::depends_on(
            "rds-cluster-aurora-available",
            "the name leads to a DB instance that belongs to no cluster",
        ),
    };
    cluster = cluster.resting_on(lead.calls());
    let database = Database { named_by: names_of(walk, id, region), cluster, ..Database::unknown(&gap) };
    Collected { existence, arn, region: Some(region.to_owned()), resource: Resource::Database(Box::new(database)) }
}

/// Asks by identifier, or by the resource id, which only a filter takes.
async fn of_instance(walk: &Walk<'_>, instance: &str, region: &str) -> Seen<Lead> {
    let by_resource = is_resource_id(instance);
    let name = if by_resource { "dbi-resource-id" } else { "DBInstanceIdentifier" };
    walk.aws
        .ask(
            &INSTANCES,
            region,
            &[(name, instance)],
            |clients| {
                let request = clients.rds().describe_db_instances();
                if by_resource {
                    request.filters(types::Filter::builder().name(name).values(instance).build()).send()
                } else {
                    request.db_instance_identifier(instance).send()
                }
            },
            |answer| match answer.db_instances.map(|instances| instances.into_iter().next()) {
                None => Observed::Unknown(INSTANCES.incomplete("DBInstances")),
                Some(None) => Observed::Unknown(not_listed(&INSTANCES)),
                Some(Some(found)) => Observed::Present(match found.db_cluster_identifier {
                    Some(cluster) => Lead::Cluster(cluster),
                    None => Lead::Instance(found.db_instance_arn),
                }),
            },
        )
        .await
}

/// No filter takes a custom endpoint, so all clusters are listed and the one that has it is looked for.
async fn of_cluster(walk: &Walk<'_>, id: &str, region: &str) -> Seen<Lead> {
    let listed = walk
        .aws
        .ask_all(
            &CLUSTERS,
            region,
            &[],
            |clients, marker| clients.rds().describe_db_clusters().set_marker(marker).send(),
            |answer| answer.marker.clone(),
            |answer| {
                let clusters = answer.db_clusters.ok_or_else(|| CLUSTERS.incomplete("DBClusters"))?;
                clusters.into_iter().map(other_names).collect()
            },
        )
        .await;
    let wanted = id.strip_prefix(ENDPOINT).unwrap_or(id);
    listed.and_then(|clusters| match clusters.into_iter().find(|(_, names)| names.iter().any(|name| name == wanted)) {
        Some((cluster, _)) => Observed::Present(Lead::Cluster(cluster)),
        None => Observed::Unknown(not_listed(&CLUSTERS)),
    })
}

/// A cluster's identifier, with its resource id and the names of its custom endpoints, which begin their host names.
fn other_names(cluster: types::DbCluster) -> Result<(String, Vec<String>), Gap> {
    let mut names: Vec<String> =
        cluster.custom_endpoints().iter().filter_map(|host| host.split('.').next().map(str::to_owned)).collect();
    names.extend(cluster.db_cluster_resource_id);
    let id = cluster.db_cluster_identifier.ok_or_else(|| CLUSTERS.incomplete("DBCluster.DBClusterIdentifier"))?;
    Ok((id, names))
}
