//! ECS clusters, services and task definitions: what is read of them.

use tap_audit_checks::observed::{Gap, Seen};
use tap_audit_checks::subject::{Kind, unseen};

use crate::collect::call::Call;
use crate::collect::{Collected, Reference, Walk};

/// Every call of this file, for plans and for the policy that the auditing role needs.
pub(crate) const CALLS: &[&Call] = &[];

/// The reference of the AWS::ECS::Cluster that this text names, in any form: id, name or ARN.
pub(crate) fn cluster_reference(_walk: &Walk<'_>, named: &str, region: &str) -> Option<Reference> {
    Some(Reference { kind: Kind::Cluster, id: named.to_owned(), region: region.to_owned() })
}

/// Collects one AWS::ECS::Cluster.
pub(crate) async fn cluster(_walk: &Walk<'_>, _id: &str, _region: &str) -> Collected {
    let gap = Gap::NotCollected { what: "this version does not read it".into() };
    Collected { existence: Seen::gap(gap.clone()), arn: None, region: None, resource: unseen(Kind::Cluster, &gap) }
}

/// The reference of the AWS::ECS::Service that this text names, in any form: id, name or ARN.
pub(crate) fn service_reference(_walk: &Walk<'_>, named: &str, region: &str) -> Option<Reference> {
    Some(Reference { kind: Kind::Service, id: named.to_owned(), region: region.to_owned() })
}

/// Collects one AWS::ECS::Service.
pub(crate) async fn service(_walk: &Walk<'_>, _id: &str, _region: &str) -> Collected {
    let gap = Gap::NotCollected { what: "this version does not read it".into() };
    Collected { existence: Seen::gap(gap.clone()), arn: None, region: None, resource: unseen(Kind::Service, &gap) }
}

/// The reference of the AWS::ECS::TaskDefinition that this text names, in any form: id, name or ARN.
pub(crate) fn task_definition_reference(_walk: &Walk<'_>, named: &str, region: &str) -> Option<Reference> {
    Some(Reference { kind: Kind::TaskDefinition, id: named.to_owned(), region: region.to_owned() })
}

/// Collects one AWS::ECS::TaskDefinition.
pub(crate) async fn task_definition(_walk: &Walk<'_>, _id: &str, _region: &str) -> Collected {
    let gap = Gap::NotCollected { what: "this version does not read it".into() };
    Collected {
        existence: Seen::gap(gap.clone()),
        arn: None,
        region: None,
        resource: unseen(Kind::TaskDefinition, &gap),
    }
}
