//! A conforming Aurora PostgreSQL cluster with two instances, for the tests of the checks.

use super::*;
use crate::ec2::fixture::vpc;
use crate::evidence::Evidence;
use crate::fixture::{denial, evidence, seen, subject};
use crate::kms::fixture::{KEY, rotating_key};
use crate::observed::Observed::{Absent, Present};
use crate::subject::{Kind, Resource};

pub(crate) const ID: &str = "tap-db";

pub(crate) fn at(text: &str) -> Observed<Timestamp> {
    Present(text.parse().unwrap())
}

pub(crate) fn text(text: &str) -> Observed<String> {
    Present(text.into())
}

pub(crate) fn off() -> Insights {
    Insights { enabled: Present(Switch::Off), kms_key: Absent }
}

pub(crate) fn described() -> Cluster {
    Cluster {
        arn: text("arn:aws:rds:us-east-2:123456789012:cluster:tap-db"),
        resource_id: text("cluster-OWN"),
        engine: Present(Engine::AuroraPostgresql),
        engine_version: text("16.4"),
        engine_mode: Present(EngineMode::Provisioned),
        status: text("available"),
        members: Present(vec![member("db-1", "in-sync"), member("db-2", "in-sync")]),
        storage_encrypted: Present(Switch::On),
        encryption: Present(Encryption::SseKms),
        kms_key: text(KEY),
        backup_retention_days: Present(7),
        earliest_restorable: at("2026-10-25T00:00:00Z"),
        latest_restorable: at("2026-11-01T11:57:00Z"),
        created_at: at("2026-01-01T00:00:00Z"),
        multi_az: Present(Switch::On),
        scaling: Absent,
        may_pause: Absent,
        subnet_group: text("tap-db-subnets"),
        vpc_networking: Absent,
        internet_gateway: Absent,
        data_api: Present(Switch::Off),
        deletion_protection: Present(Switch::Off),
        parameter_group: text("tap-db-parameters"),
        log_exports: Present(vec!["postgresql".into()]),
        pending_exports: Absent,
        activity_stream: Present(ActivityStream::Stopped),
        activity_stream_key: Absent,
        insights: off(),
        master_secret: Absent,
        port: Present(5432),
        security_groups: Present(vec!["sg-db".into()]),
    }
}

pub(crate) fn member(instance: &str, parameter_status: &str) -> Member {
    Member { instance: instance.into(), parameter_status: text(parameter_status) }
}

pub(crate) fn instance(id: &str, zone: &str) -> Instance {
    Instance {
        id: id.into(),
        status: text("available"),
        zone: text(zone),
        public: Present(Switch::Off),
        storage_encrypted: Present(Switch::On),
        insights: off(),
        deletion_protection: Present(Switch::Off),
    }
}

pub(crate) fn parameter(value: &str, applies: Applies) -> Parameter {
    let value = if value.is_empty() { Absent } else { text(value) };
    Parameter { value, applies: Present(applies) }
}

pub(crate) fn parameters(list: &[(&str, &str, Applies)]) -> BTreeMap<String, Parameter> {
    list.iter().map(|(name, value, applies)| ((*name).to_owned(), parameter(value, *applies))).collect()
}

pub(crate) fn snapshot(id: &str, restorers: &[&str]) -> Snapshot {
    Snapshot {
        id: id.into(),
        resource_id: text("cluster-OWN"),
        kind: Present(SnapshotKind::Manual),
        status: text("available"),
        storage_encrypted: Present(Switch::On),
        encryption: Present(Encryption::SseKms),
        restorers: seen(restorers.iter().map(|id| (*id).to_owned()).collect()),
    }
}

pub(crate) fn database() -> Database {
    Database {
        named_by: BTreeSet::new(),
        cluster: seen(described()),
        instances: seen(vec![instance("db-1", "us-east-2a"), instance("db-2", "us-east-2b")]),
        subnet_group: seen(SubnetGroup {
            name: "tap-db-subnets".into(),
            vpc: text("vpc-1"),
            subnets: vec!["subnet-a".into(), "subnet-b".into()],
        }),
        parameters: seen(parameters(&[
            (FORCE_SSL, "1", Applies::Dynamic),
            (PRELOADED, "pg_stat_statements,pgaudit", Applies::Static),
            (PGAUDIT, "read,write", Applies::Dynamic),
            (LOG_STATEMENT, "", Applies::Dynamic),
        ])),
        snapshots: seen(vec![snapshot("daily", &[])]),
        password: seen(Password::Secret("arn:aws:secretsmanager:us-east-2:123456789012:secret:app/db-AbC123".into())),
    }
}

/// The conforming database with another cluster.
pub(crate) fn with(change: impl FnOnce(&mut Cluster)) -> Database {
    let mut cluster = described();
    change(&mut cluster);
    Database { cluster: seen(cluster), ..database() }
}

/// The conforming database with other instances.
pub(crate) fn of_instances(change: impl FnOnce(&mut Vec<Instance>)) -> Database {
    let mut database = database();
    let Present(mut instances) = database.instances.observed().clone() else { unreachable!() };
    change(&mut instances);
    database.instances = seen(instances);
    database
}

/// The database beside its key and its VPC, whose private subnets are `subnet-a` and `subnet-b`.
pub(crate) fn of(database: Database) -> Evidence {
    evidence(vec![
        subject(Kind::Key, "k", Resource::Key(Box::new(rotating_key()))),
        vpc(["subnet-public-a", "subnet-public-b"], ["subnet-a", "subnet-b"]),
        subject(Kind::Database, ID, Resource::Database(Box::new(database))),
    ])
}

/// Evidence in which nothing was seen of the database.
pub(crate) fn unseen() -> Evidence {
    of(Database::unknown(&denial()))
}
