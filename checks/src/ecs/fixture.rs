//! What tests are built from that need something running: a conforming cluster with one service.

use crate::ec2::fixture::vpc;
use crate::ecs::{
    Addresses, Capacity, Cluster, ClusterDescription, ClusterStatus, Container, Definition, Deployment,
    DeploymentStatus, Description, Interface, LaunchType, Logging, Network, Rollout, ScalingTarget, Service,
    ServiceStatus, Stability, Task, TaskDefinition, TaskSet, TaskSetStatus,
};
use crate::evidence::Evidence;
use crate::fixture::{evidence, not_set, seen, subject};
use crate::logs::LogGroup;
use crate::observed::Observed::{Absent, Present};
use crate::s3::Switch;
use crate::subject::{Kind, Resource, Subject};

/// The name of the cluster.
pub(crate) const CLUSTER: &str = "records";
/// The ARN of the service.
pub(crate) const SERVICE: &str = "arn:aws:ecs:us-east-2:123456789012:service/records/api";
/// The ARN of the revision that it runs.
pub(crate) const REVISION: &str = "arn:aws:ecs:us-east-2:123456789012:task-definition/api:7";
/// The log group of its container.
pub(crate) const GROUP: &str = "/ecs/api";
/// The ids of the private subnets, in two zones.
pub(crate) const PRIVATE: [&str; 2] = ["subnet-private-a", "subnet-private-b"];
/// The ids of the public subnets, in the same zones.
pub(crate) const PUBLIC: [&str; 2] = ["subnet-public-a", "subnet-public-b"];

/// An ACTIVE cluster with the one service and no tasks.
pub(crate) fn cluster() -> Cluster {
    Cluster {
        description: seen(ClusterDescription {
            status: Present(ClusterStatus::Active),
            exec: Absent,
            ephemeral_key: Absent,
        }),
        services: seen(vec![SERVICE.into()]),
        tasks: seen(Vec::new()),
    }
}

/// An ACTIVE service on Fargate of two tasks in the private subnets.
pub(crate) fn described() -> Description {
    Description {
        name: "api".into(),
        status: Present(ServiceStatus::Active),
        capacity: launched_on_fargate(),
        definition: Present(REVISION.into()),
        network: Present(network(&PRIVATE)),
        controller: Absent,
        desired: 2,
        running: 2,
        circuit_breaker: Present(Switch::On),
        zone_rebalancing: Present(Switch::On),
        exec: Switch::Off,
        target_groups: Vec::new(),
        deployments: vec![deployment()],
        task_sets: Vec::new(),
    }
}

/// Fargate by launch type.
pub(crate) fn launched_on_fargate() -> Capacity {
    Capacity { launch_type: Present(LaunchType::Fargate), providers: Vec::new(), platform: Present("1.4.0".into()) }
}

/// A network without public addresses.
pub(crate) fn network(subnets: &[&str]) -> Network {
    Network {
        subnets: subnets.iter().map(|id| (*id).to_owned()).collect(),
        security_groups: vec!["sg-tasks".into()],
        public_ip: Present(Switch::Off),
    }
}

/// The newest deployment, complete since three hours.
pub(crate) fn deployment() -> Deployment {
    Deployment {
        id: "ecs-svc/1".into(),
        status: Present(DeploymentStatus::Primary),
        definition: Present(REVISION.into()),
        network: Present(network(&PRIVATE)),
        rollout: Present(Rollout::Completed),
        created_at: Present("2026-11-01T09:00:00Z".parse().expect("a fixed time")),
        ephemeral_key: Absent,
    }
}

/// A task set that serves.
pub(crate) fn task_set(id: &str) -> TaskSet {
    TaskSet {
        id: id.into(),
        status: Present(TaskSetStatus::Primary),
        capacity: launched_on_fargate(),
        definition: Present(REVISION.into()),
        network: Present(network(&PRIVATE)),
        stability: Present(Stability::Steady),
        target_groups: Vec::new(),
        ephemeral_key: Absent,
    }
}

/// A running task of the service, with an interface in a private subnet.
pub(crate) fn task(id: &str) -> Task {
    Task {
        arn: format!("arn:aws:ecs:us-east-2:123456789012:task/records/{id}"),
        group: Present("service:api".into()),
        definition: Present(REVISION.into()),
        exec: Switch::Off,
        interfaces: vec![Interface {
            id: Present("eni-1".into()),
            subnet: Present(PRIVATE[0].into()),
            addresses: seen(Addresses { public: Vec::new(), ipv6: Vec::new() }),
        }],
    }
}

/// A running task that no service started.
pub(crate) fn lone_task(id: &str) -> Task {
    Task { group: Present("family:api".into()), ..task(id) }
}

/// A definition for Fargate of one container that logs.
pub(crate) fn defined() -> Definition {
    Definition {
        family: Present("api".into()),
        task_role: Absent,
        execution_role: Absent,
        compatibilities: vec!["EC2".into(), "FARGATE".into()],
        containers: vec![container("app")],
        volumes: Vec::new(),
    }
}

/// An essential container that logs by awslogs.
pub(crate) fn container(name: &str) -> Container {
    Container {
        name: name.into(),
        essential: Absent,
        logging: Present(awslogs(GROUP)),
        secrets: Vec::new(),
        values: Vec::new(),
        environment_files: 0,
        mounts: Vec::new(),
        ports: vec![crate::ec2::Traffic::tcp(8080)],
    }
}

/// Logging by awslogs to this group.
pub(crate) fn awslogs(group: &str) -> Logging {
    Logging {
        driver: "awslogs".into(),
        group: Present(group.into()),
        region: Absent,
        creates_group: Absent,
        output: Absent,
    }
}

/// What runs, to be altered and then put together.
pub(crate) struct Running {
    pub(crate) cluster: Cluster,
    pub(crate) service: Description,
    pub(crate) scaling: Option<ScalingTarget>,
    pub(crate) definition: Definition,
    /// What else is seen.
    pub(crate) others: Vec<Subject>,
}

impl Running {
    /// The service as evidence.
    pub(crate) fn service(&self) -> Service {
        Service {
            description: seen(self.service.clone()),
            scaling: self.scaling.clone().map_or_else(not_set, seen),
            scaling_policies: seen(Vec::new()),
        }
    }

    /// The evidence of cluster, service, revision, network and log group.
    pub(crate) fn evidence(self) -> Evidence {
        let service = service_subject(self.service());
        let mut subjects = vec![
            vpc(PUBLIC, PRIVATE),
            cluster_subject(self.cluster),
            service,
            definition_subject(REVISION, self.definition),
            group_subject(GROUP),
        ];
        subjects.extend(self.others);
        evidence(subjects)
    }
}

/// A conforming cluster, service and revision, altered.
pub(crate) fn running(alter: impl FnOnce(&mut Running)) -> Evidence {
    let mut running =
        Running { cluster: cluster(), service: described(), scaling: None, definition: defined(), others: Vec::new() };
    alter(&mut running);
    running.evidence()
}

/// The evidence without its subjects of this kind.
pub(crate) fn without(mut evidence: Evidence, kind: Kind) -> Evidence {
    evidence.subjects.retain(|subject| subject.kind != kind);
    evidence
}

/// The cluster as a subject.
pub(crate) fn cluster_subject(cluster: Cluster) -> Subject {
    subject(Kind::Cluster, CLUSTER, Resource::Cluster(Box::new(cluster)))
}

/// The service as a subject.
pub(crate) fn service_subject(service: Service) -> Subject {
    subject(Kind::Service, SERVICE, Resource::Service(Box::new(service)))
}

/// A revision as a subject.
pub(crate) fn definition_subject(arn: &str, definition: Definition) -> Subject {
    let revision = TaskDefinition { definition: seen(definition) };
    let mut subject = subject(Kind::TaskDefinition, arn, Resource::TaskDefinition(Box::new(revision)));
    subject.arn = Some(arn.into());
    subject
}

/// A log group that exists.
pub(crate) fn group_subject(name: &str) -> Subject {
    let group = LogGroup::unknown(&crate::fixture::denial());
    subject(Kind::LogGroup, name, Resource::LogGroup(Box::new(group)))
}

/// The evidence as one kind of subject sees it: it comes first, and so is the one that is judged.
pub(crate) fn first(mut evidence: Evidence, kind: Kind) -> Evidence {
    evidence.subjects.sort_by_key(|subject| subject.kind != kind);
    evidence
}
