//! ECS clusters, services and task definitions: what is read of them.

mod cluster;
mod definition;
mod scaling;
mod service;
#[cfg(test)]
mod tests;

pub(crate) use cluster::cluster;
pub(crate) use definition::task_definition;
pub(crate) use service::service;

use aws_sdk_ecs::types;
use tap_audit_checks::ecs::Network;
use tap_audit_checks::observed::{Gap, Observed, Seen};
use tap_audit_checks::s3::Switch;
use tap_audit_checks::subject::Kind;

use crate::collect::call::Call;
use crate::collect::{Reference, Walk};

const CLUSTERS: Call = Call {
    service: "ecs",
    operation: "DescribeClusters",
    permission: "ecs:DescribeClusters",
    absent: &[],
    denied_or: None,
};
const LIST_SERVICES: Call =
    Call { service: "ecs", operation: "ListServices", permission: "ecs:ListServices", absent: &[], denied_or: None };
const SERVICES: Call = Call {
    service: "ecs",
    operation: "DescribeServices",
    permission: "ecs:DescribeServices",
    absent: &[],
    denied_or: None,
};
const LIST_TASKS: Call =
    Call { service: "ecs", operation: "ListTasks", permission: "ecs:ListTasks", absent: &[], denied_or: None };
const TASKS: Call =
    Call { service: "ecs", operation: "DescribeTasks", permission: "ecs:DescribeTasks", absent: &[], denied_or: None };
const DEFINITION: Call = Call {
    service: "ecs",
    operation: "DescribeTaskDefinition",
    permission: "ecs:DescribeTaskDefinition",
    absent: &[],
    denied_or: None,
};
/// Every call about a cluster, for plans and for the policy that the auditing role needs.
pub(crate) const CALLS: &[&Call] = &[&CLUSTERS, &LIST_SERVICES, &LIST_TASKS, &TASKS];
/// Every call about a service.
pub(crate) const SERVICE_CALLS: &[&Call] = &[&LIST_SERVICES, &SERVICES, &scaling::TARGETS, &scaling::POLICIES];
/// Every call about a task definition.
pub(crate) const DEFINITION_CALLS: &[&Call] = &[&DEFINITION];

/// The reference of a cluster, by its name or ARN. A cluster of another account keeps its ARN: its name means nothing
/// in this one.
pub(crate) fn cluster_reference(walk: &Walk<'_>, named: &str, region: &str) -> Option<Reference> {
    let (id, region) = match parts(named) {
        Some((region, account, path)) if account == walk.account => (path.strip_prefix("cluster/")?, region),
        Some((region, _, _)) => (named, region),
        None => (named, region),
    };
    Some(Reference { kind: Kind::Cluster, id: id.to_owned(), region: region.to_owned() })
}

/// The reference of a service, by its ARN or by `cluster/name`. A name alone tells of no cluster, and so of no service.
pub(crate) fn service_reference(walk: &Walk<'_>, named: &str, region: &str) -> Option<Reference> {
    let (id, region) = match parts(named) {
        Some((region, _, path)) => path.starts_with("service/").then(|| (named.to_owned(), region))?,
        None if named.contains('/') => (arn(walk, region, &format!("service/{named}")), region),
        None => return None,
    };
    Some(Reference { kind: Kind::Service, id, region: region.to_owned() })
}

/// The reference of a revision of a task definition, by its ARN or by `family:revision`; a family alone means its newest
/// revision.
pub(crate) fn task_definition_reference(walk: &Walk<'_>, named: &str, region: &str) -> Option<Reference> {
    let (id, region) = match parts(named) {
        Some((region, _, path)) => path.starts_with("task-definition/").then(|| (named.to_owned(), region))?,
        None => (arn(walk, region, &format!("task-definition/{named}")), region),
    };
    Some(Reference { kind: Kind::TaskDefinition, id, region: region.to_owned() })
}

/// Region, account and path of an ARN of ECS.
fn parts(arn: &str) -> Option<(&str, &str, &str)> {
    let mut parts = arn.splitn(6, ':');
    let (head, _partition, service) = (parts.next()?, parts.next()?, parts.next()?);
    if (head, service) != ("arn", "ecs") {
        return None;
    }
    Some((parts.next()?, parts.next()?, parts.next()?))
}

fn arn(walk: &Walk<'_>, region: &str, path: &str) -> String {
    format!("arn:{}:ecs:{region}:{}:{path}", walk.partition, walk.account)
}

/// The ARNs of a cluster's services, after the last page. The cluster asks for them, and each service again, to be
/// described with its neighbours in one call.
async fn services(walk: &Walk<'_>, cluster: &str, region: &str) -> Seen<Vec<String>> {
    let listed = walk
        .aws
        .ask_all(
            &LIST_SERVICES,
            region,
            &[("cluster", cluster)],
            |clients, token| clients.ecs().list_services().cluster(cluster).set_next_token(token).send(),
            |answer| answer.next_token().map(str::to_owned),
            |answer| answer.service_arns.ok_or_else(|| LIST_SERVICES.incomplete("serviceArns")),
        )
        .await;
    of_cluster(listed)
}

/// Says of what was asked about a cluster that is not there that it is not there.
fn of_cluster<T>(seen: Seen<T>) -> Seen<T> {
    match seen.observed() {
        Observed::Unknown(Gap::Failed { operation, code }) if code == "ClusterNotFoundException" => {
            let missing = Gap::Missing { operation: operation.clone(), code: code.clone() };
            Seen::new(Observed::Unknown(missing), seen.calls().to_vec())
        }
        Observed::Unknown(_) | Observed::Present(_) | Observed::Absent => seen,
    }
}

/// ECS answers some fields that are not set with an empty text instead of leaving them out.
fn text(field: Option<&str>) -> Observed<String> {
    Observed::of(field.filter(|text| !text.is_empty()).map(str::to_owned))
}

/// A field that ECS always answers.
fn always(call: &'static Call, field: &'static str, value: Option<&str>) -> Observed<String> {
    match value {
        Some(value) => Observed::Present(value.to_owned()),
        None => Observed::Unknown(call.incomplete(field)),
    }
}

/// Tasks that share the network of their hosts have no configuration of their own.
fn network(call: &'static Call, configuration: Option<&types::NetworkConfiguration>) -> Observed<Network> {
    let Some(vpc) = configuration.and_then(|configuration| configuration.awsvpc_configuration()) else {
        return Observed::Absent;
    };
    Observed::Present(Network {
        subnets: vpc.subnets().to_vec(),
        security_groups: vpc.security_groups().to_vec(),
        public_ip: switch(call, "assignPublicIp", vpc.assign_public_ip().map(types::AssignPublicIp::as_str)),
    })
}

/// Reads what ECS writes as ENABLED or DISABLED.
fn switch(call: &'static Call, field: &'static str, token: Option<&str>) -> Observed<Switch> {
    match token {
        None => Observed::Absent,
        Some("ENABLED") => Observed::Present(Switch::On),
        Some("DISABLED") => Observed::Present(Switch::Off),
        Some(other) => call.unrecognised(field, other),
    }
}

/// What a failure in a list of failures means. MISSING says that the resource is not there.
fn failure(call: &'static Call, failure: &types::Failure) -> Gap {
    match failure.reason() {
        Some("MISSING") => Gap::Missing { operation: call.operation.into(), code: "MISSING".into() },
        Some(reason) => Gap::Failed { operation: call.operation.into(), code: reason.to_owned() },
        None => call.incomplete("failures.reason"),
    }
}
