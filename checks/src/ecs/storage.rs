//! The key of the disks of Fargate tasks.

use serde::Deserialize;

use crate::check::Context;
use crate::ecs::running::{active, nothing_of_stack, services_of, short};
use crate::ecs::{CLUSTERS, Cluster, DeploymentStatus, Description, SERVICES, TaskSetStatus};
use crate::kms::rotating::rotating;
use crate::observed::Observed;
use crate::verdict::{Judgement, Verdict, every, nothing_to_judge};

/// Parameters of `ecs-ephemeral-storage-kms`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ephemeral {
    accept_aws_owned: bool,
}

const EXPECTED: &str = "a customer managed KMS key on the cluster, and on the newest deployment of each service";

/// DescribeClusters is always asked with the configuration included, so that no key in its answer means that none is
/// set: then AWS encrypts the disks with a key that it owns. A key reaches only the tasks that start after it was set.
pub(super) fn ephemeral_storage(cluster: &Cluster, params: &Ephemeral, context: &Context<'_>) -> Judgement {
    if params.accept_aws_owned {
        return Ok(Verdict::not_applicable("accept_aws_owned lets a key that AWS owns do"));
    }
    if let Some(verdict) = nothing_of_stack(context) {
        return Ok(verdict);
    }
    let description = cluster.description.required(CLUSTERS, "clusters")?;
    let Some(key) = description.ephemeral_key.seen()? else {
        let observed = "the disks of Fargate tasks are encrypted with an AWS-owned key, not a KMS key of yours";
        return Ok(Verdict::not_satisfied(observed, EXPECTED));
    };
    let mut parts = vec![rotating(key, false, context)];
    let (services, gap) = active(services_of(context.subject, context.evidence));
    for (subject, description) in services {
        parts.extend(keys(description, short(&subject.id)));
    }
    parts.extend(gap.map(Err));
    parts.push(
        cluster
            .services
            .required("ListServices", "serviceArns")
            .map(|_| Verdict::satisfied("the key is set on the cluster")),
    );
    every(parts, nothing_to_judge)
}

/// The keys of what a service started last; what is older goes with its tasks.
fn keys(description: &Description, service: &str) -> Vec<Judgement> {
    let deployments = description.deployments.iter().map(|deployment| {
        let status = deployment.status.required(SERVICES, "services.deployments.status")?;
        Ok((*status == DeploymentStatus::Primary).then_some(&deployment.ephemeral_key))
    });
    let sets = description.task_sets.iter().map(|set| {
        let status = set.status.required(SERVICES, "services.taskSets.status")?;
        Ok((*status == TaskSetStatus::Primary).then_some(&set.ephemeral_key))
    });
    let judge = |key: &Observed<String>| {
        Ok(match key.seen()? {
            Some(_) => Verdict::satisfied("the newest deployment of each service has a key"),
            None => Verdict::not_satisfied(
                format!("the newest deployment of service {service} began before the key was set and has none"),
                EXPECTED,
            )
            .noting("tasks keep the key they started with: force a new deployment"),
        })
    };
    deployments.chain(sets).filter_map(|key| key.map_or_else(|gap| Some(Err(gap)), |key| key.map(judge))).collect()
}

#[cfg(test)]
mod tests;
