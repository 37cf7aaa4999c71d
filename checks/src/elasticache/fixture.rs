//! A conforming Valkey replication group of one node group in two zones, and a serverless cache, for the tests of the
//! checks.

use super::*;
use crate::ec2::fixture::vpc;
use crate::evidence::Evidence;
use crate::fixture::{evidence, not_set, seen, subject};
use crate::kms::fixture::{KEY, rotating_key};
use crate::observed::Observed::{Absent, Present};
use crate::subject::{Kind, Resource};

pub(crate) const ID: &str = "sessions";

pub(crate) fn text(text: &str) -> Observed<String> {
    Present(text.into())
}

pub(crate) fn node(cluster: &str, zone: &str) -> Node {
    Node { cluster: cluster.into(), zone: text(zone) }
}

pub(crate) fn member(id: &str, zone: &str) -> Member {
    Member {
        id: id.into(),
        status: text("available"),
        engine: Present(Engine::Valkey),
        engine_version: text("7.2.6"),
        zone: text(zone),
        security_groups: vec!["sg-cache".into()],
    }
}

pub(crate) fn delivery(kind: LogKind, destination: Destination, status: DeliveryStatus) -> LogDelivery {
    LogDelivery {
        kind: Present(kind),
        destination: Present(destination),
        group: text("/sessions"),
        status: Present(status),
    }
}

pub(crate) fn user(id: &str, authentication: Authentication, access: Access) -> User {
    User { id: id.into(), status: text("active"), authentication: Present(authentication), access: Present(access) }
}

pub(crate) fn group() -> Group {
    Group {
        arn: text("arn:aws:elasticache:us-east-2:123456789012:replicationgroup:sessions"),
        status: text("available"),
        engine: Present(Engine::Valkey),
        members: Present(vec!["sessions-001".into(), "sessions-002".into()]),
        shards: Present(vec![Shard {
            id: "0001".into(),
            nodes: vec![node("sessions-001", "us-east-2a"), node("sessions-002", "us-east-2b")],
        }]),
        port: Present(6379),
        multi_az: Present(Switch::On),
        failover: Present(Failover::Enabled),
        transit: Present(Switch::On),
        transit_mode: Present(TransitMode::Required),
        at_rest: Present(Switch::On),
        encryption: Present(Encryption::SseKms),
        kms_key: text(KEY),
        auth_token: Present(Switch::On),
        user_groups: Absent,
        logs: Present(vec![delivery(LogKind::EngineLog, Destination::CloudwatchLogs, DeliveryStatus::Active)]),
        pending: Present(BTreeSet::new()),
    }
}

pub(crate) fn cache() -> Cache {
    Cache {
        named_by: BTreeSet::new(),
        description: seen(Description::Group(Box::new(group()))),
        members: seen(vec![member("sessions-001", "us-east-2a"), member("sessions-002", "us-east-2b")]),
        subnet_group: seen(SubnetGroup {
            name: "cache-subnets".into(),
            vpc: text("vpc-0a"),
            subnets: vec!["subnet-a".into(), "subnet-b".into()],
        }),
        users: not_set(),
    }
}

/// The conforming cache with another group.
pub(crate) fn with(change: impl FnOnce(&mut Group)) -> Cache {
    let mut group = group();
    change(&mut group);
    Cache { description: seen(Description::Group(Box::new(group))), ..cache() }
}

/// A serverless cache.
pub(crate) fn serverless(change: impl FnOnce(&mut Serverless)) -> Cache {
    let mut serverless = Serverless {
        arn: text("arn:aws:elasticache:us-east-2:123456789012:serverlesscache:sessions"),
        status: text("AVAILABLE"),
        engine: Present(Engine::Valkey),
        kms_key: text(KEY),
        subnets: Present(vec!["subnet-a".into(), "subnet-b".into()]),
        connection: Absent,
        security_groups: vec!["sg-cache".into()],
        user_group: text("users"),
        ports: vec![6379, 6380],
    };
    change(&mut serverless);
    Cache {
        named_by: BTreeSet::new(),
        description: seen(Description::Serverless(Box::new(serverless))),
        members: not_set(),
        subnet_group: not_set(),
        users: seen(vec![user("app", Authentication::Iam, Access::Something)]),
    }
}

/// A cache cluster that belongs to no replication group.
pub(crate) fn alone(engine: Engine) -> Cache {
    Cache { description: seen(Description::Alone { engine: Present(engine) }), ..cache() }
}

/// The cache beside its key and its VPC, whose private subnets are `subnet-a` and `subnet-b`.
pub(crate) fn of(cache: Cache) -> Evidence {
    evidence(vec![
        subject(Kind::Key, "k", Resource::Key(Box::new(rotating_key()))),
        vpc(["subnet-public-a", "subnet-public-b"], ["subnet-a", "subnet-b"]),
        subject(Kind::Cache, ID, Resource::Cache(Box::new(cache))),
    ])
}
