//! That the cluster takes tasks.

use crate::check::NoParams;
use crate::ecs::{CLUSTERS, Cluster, ClusterStatus};
use crate::evidence::Evidence;
use crate::iam::documents::a_stack_was_listed;
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

/// Only a listing that was read proves that the stack has none. Where there is no stack nothing was read at all.
pub(super) fn no_cluster(evidence: &Evidence) -> Judgement {
    a_stack_was_listed(evidence)?;
    Ok(Verdict::not_satisfied("no ECS cluster is among the stack's resources", EXPECTED))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ecs::fixture::{cluster_subject, running, without};
    use crate::fixture::{denial, denied, evidence, failed, judge, passed, undecided};
    use crate::iam::fixture::stack;
    use crate::observed::Observed;
    use crate::subject::Kind;

    fn in_status(status: ClusterStatus) -> Evidence {
        running(|running| {
            running.cluster.description = running
                .cluster
                .description
                .clone()
                .map(|description| crate::ecs::ClusterDescription { status: Observed::Present(status), ..description });
        })
    }

    #[test]
    fn an_active_cluster_passes_and_one_that_is_gone_or_going_fails() {
        assert_eq!(passed(judge("ecs-cluster-active", &in_status(ClusterStatus::Active))), "the cluster is ACTIVE");
        for (status, text) in [
            (ClusterStatus::Inactive, "the cluster is INACTIVE: it was deleted"),
            (ClusterStatus::Failed, "the cluster is FAILED"),
            (ClusterStatus::Deprovisioning, "the cluster is DEPROVISIONING"),
        ] {
            assert_eq!(failed(judge("ecs-cluster-active", &in_status(status))), text);
        }
    }

    #[test]
    fn a_cluster_in_the_making_and_one_that_could_not_be_read_are_undecided() {
        let text = undecided(judge("ecs-cluster-active", &in_status(ClusterStatus::Provisioning)));
        assert!(text.starts_with("the cluster is PROVISIONING: it is changing"), "{text}");
        let dark = running(|running| running.cluster.description = denied());
        assert_eq!(judge("ecs-cluster-active", &dark), Err(denial()));
        let unknown = Cluster::unknown(&denial());
        assert_eq!(judge("ecs-cluster-active", &evidence(vec![cluster_subject(unknown)])), Err(denial()));
    }

    #[test]
    fn a_stack_without_a_cluster_fails_only_where_its_listing_was_read() {
        let none = evidence(vec![stack(&[("Table", "AWS::DynamoDB::Table")])]);
        assert_eq!(failed(judge("ecs-cluster-active", &none)), "no ECS cluster is among the stack's resources");
        let mut unread = without(none, Kind::Cluster);
        let crate::subject::Resource::Stack(stack) = &mut unread.subjects[0].resource else { unreachable!() };
        stack.members = denied();
        assert_eq!(judge("ecs-cluster-active", &unread), Err(denial()));
    }
}
