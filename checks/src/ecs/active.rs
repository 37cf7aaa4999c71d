//! That the cluster takes tasks.

use crate::check::NoParams;
use crate::ecs::{CLUSTERS, Cluster, ClusterStatus};
use crate::evidence::Evidence;
use crate::iam::documents::listing_was_read;
use crate::observed::Gap;
use crate::verdict::{Judgement, Verdict};

const EXPECTED: &str = "an ECS cluster that is ACTIVE";

/// A cluster that ECS still remembers after its deletion is described like any other; its status tells.
pub(super) fn cluster_active(cluster: &Cluster, _: &NoParams) -> Judgement {
    let description = cluster.description.required(CLUSTERS, "clusters")?;
    match description.status.required(CLUSTERS, "clusters.status")? {
        ClusterStatus::Active => Ok(Verdict::satisfied("the cluster is ACTIVE")),
        ClusterStatus::Provisioning => Err(Gap::changing("the cluster is PROVISIONING")),
        ClusterStatus::Deprovisioning => Ok(Verdict::not_satisfied("the cluster is DEPROVISIONING", EXPECTED)),
        ClusterStatus::Failed => Ok(Verdict::not_satisfied("the cluster is FAILED", EXPECTED)),
        ClusterStatus::Inactive => Ok(Verdict::not_satisfied("the cluster is INACTIVE: it was deleted", EXPECTED)),
    }
}

/// Only a listing that was read proves that the stack has none.
pub(super) fn no_cluster(evidence: &Evidence) -> Judgement {
    listing_was_read(evidence)?;
    Ok(Verdict::not_satisfied("no ECS cluster is among the stack's resources", EXPECTED))
}
