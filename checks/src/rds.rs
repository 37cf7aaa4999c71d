//! Aurora clusters: what is seen of them, and the checks of their requirements.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::check::Check;
use crate::observed::{Gap, Observed, Seen};
use crate::s3::Switch;

mod audit;
mod backup;
mod credentials;
mod encryption;
#[cfg(test)]
pub(crate) mod fixture;
mod network;
mod snapshots;
mod standing;
mod transport;

/// The checks of this file, in catalog order.
pub fn checks() -> Vec<Check> {
    vec![
        Check::new("rds-cluster-aurora-available", standing::available).when_none(standing::no_cluster),
        Check::new("rds-storage-encrypted", encryption::storage),
        Check::across("rds-kms-key-rotating", encryption::keys),
        Check::new("rds-automated-backups", backup::automated),
        Check::across("rds-point-in-time-recovery", backup::point_in_time),
        Check::new("rds-multi-az-instances", standing::zones),
        Check::across("rds-private-subnets", network::private_subnets),
        Check::across("rds-not-publicly-accessible", network::not_public),
        Check::new("rds-tls-required", transport::tls),
        Check::new("rds-audit-logs-exported", audit::exported),
        Check::across("rds-credentials-from-existing-secret", credentials::existing_secret),
        Check::new("rds-snapshots-private-encrypted", snapshots::private_encrypted),
    ]
}

/// What was seen of an Aurora cluster, its instances and the groups behind it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Database {
    /// Other names that led to it: its instances' and those of its custom endpoints, as outputs write them.
    pub named_by: BTreeSet<String>,
    /// What DescribeDBClusters answers; absent where the name leads to an instance that belongs to no cluster.
    pub cluster: Seen<Cluster>,
    /// Its instances, after the last page; an empty list means that it has none.
    pub instances: Seen<Vec<Instance>>,
    /// Its subnet group; absent where the cluster names none.
    pub subnet_group: Seen<SubnetGroup>,
    /// Those of [`PARAMETERS`] that its parameter group lists, by name, after the last page.
    pub parameters: Seen<BTreeMap<String, Parameter>>,
    /// Its snapshots, those of earlier clusters of the same name included; an empty list means none.
    pub snapshots: Seen<Vec<Snapshot>>,
    /// Where the template takes the master password from.
    pub password: Seen<Password>,
}

/// The parameters of a cluster parameter group that requirements ask about.
pub const PARAMETERS: [&str; 12] = [
    FORCE_SSL,
    SECURE_TRANSPORT,
    BABELFISH,
    AUDIT_LOGGING,
    AUDIT_EVENTS,
    AUDIT_INCLUDED,
    AUDIT_EXCLUDED,
    PRELOADED,
    PGAUDIT,
    LOG_STATEMENT,
    LOG_CONNECTIONS,
    PGAUDIT_ROLE,
];

const FORCE_SSL: &str = "rds.force_ssl";
const SECURE_TRANSPORT: &str = "require_secure_transport";
const BABELFISH: &str = "rds.babelfish_status";
const AUDIT_LOGGING: &str = "server_audit_logging";
const AUDIT_EVENTS: &str = "server_audit_events";
const AUDIT_INCLUDED: &str = "server_audit_incl_users";
const AUDIT_EXCLUDED: &str = "server_audit_excl_users";
const PRELOADED: &str = "shared_preload_libraries";
const PGAUDIT: &str = "pgaudit.log";
const PGAUDIT_ROLE: &str = "pgaudit.role";
const LOG_STATEMENT: &str = "log_statement";
const LOG_CONNECTIONS: &str = "log_connections";

/// What DescribeDBClusters answers of one cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cluster {
    /// Its ARN.
    pub arn: Observed<String>,
    /// The id that no later cluster of the same name has.
    pub resource_id: Observed<String>,
    /// Its engine.
    pub engine: Observed<Engine>,
    /// The engine's version as RDS writes it, such as `16.4` or `8.0.mysql_aurora.3.05.2`.
    pub engine_version: Observed<String>,
    /// How its capacity is provided.
    pub engine_mode: Observed<EngineMode>,
    /// Its status as RDS writes it; the list of them is open.
    pub status: Observed<String>,
    /// Its members; RDS always answers the list, which may be empty.
    pub members: Observed<Vec<Member>>,
    /// Whether storage is encrypted under a key in KMS that the account sees; off under a key that AWS owns, too.
    pub storage_encrypted: Observed<Switch>,
    /// How storage is encrypted; older endpoints leave it out.
    pub encryption: Observed<Encryption>,
    /// The storage key as written; absent without one.
    pub kms_key: Observed<String>,
    /// Days that automated backups are kept.
    pub backup_retention_days: Observed<i32>,
    /// The earliest time that the cluster can be restored to; absent while there is no backup.
    pub earliest_restorable: Observed<Timestamp>,
    /// The latest time that the cluster can be restored to; absent while there is no backup.
    pub latest_restorable: Observed<Timestamp>,
    /// When the cluster was made.
    pub created_at: Observed<Timestamp>,
    /// Whether RDS itself calls it Multi-AZ.
    pub multi_az: Observed<Switch>,
    /// How it scales; absent means by instances.
    pub scaling: Observed<Scaling>,
    /// Whether it may pause at zero capacity; absent where it is not Serverless v2.
    pub may_pause: Observed<Switch>,
    /// The name of its subnet group; absent where it stands outside of a VPC.
    pub subnet_group: Observed<String>,
    /// Whether it uses the VPC's network; absent means that it does, since only the express configuration can do without.
    pub vpc_networking: Observed<Switch>,
    /// Whether it has an endpoint on the internet that no subnet or security group guards; absent means that it has none.
    pub internet_gateway: Observed<Switch>,
    /// Whether the RDS Data API is on; absent means off.
    pub data_api: Observed<Switch>,
    /// Whether it is protected against deletion; RDS always answers it.
    pub deletion_protection: Observed<Switch>,
    /// The name of its parameter group.
    pub parameter_group: Observed<String>,
    /// The types of log that are exported to CloudWatch Logs; absent means none.
    pub log_exports: Observed<Vec<String>>,
    /// The types of log whose export is being switched on or off; absent means that no change is pending.
    pub pending_exports: Observed<Vec<String>>,
    /// Its activity stream; absent means none.
    pub activity_stream: Observed<ActivityStream>,
    /// The key of the activity stream as written; absent without one.
    pub activity_stream_key: Observed<String>,
    /// Performance Insights as the cluster says; absent where the instances alone tell.
    pub insights: Insights,
    /// The secret that RDS itself made for the master user; absent means that it made none.
    pub master_secret: Observed<MasterSecret>,
    /// The port that clients connect to.
    pub port: Observed<i32>,
    /// The security groups of its instances; RDS always answers the list.
    pub security_groups: Observed<Vec<String>>,
}

/// Whether Performance Insights keeps samples of queries, and under which key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Insights {
    /// Whether it is on; absent means off, or that RDS tells it elsewhere.
    pub enabled: Observed<Switch>,
    /// The key as written; absent means the key that AWS manages for RDS.
    pub kms_key: Observed<String>,
}

/// The secret that RDS itself made for the master user. Its value is never read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MasterSecret {
    /// Its ARN.
    pub arn: Observed<String>,
    /// Its key as written.
    pub kms_key: Observed<String>,
}

/// An instance as its cluster lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The instance's identifier.
    pub instance: String,
    /// Whether the cluster's parameters are in force on it, as RDS writes it: `in-sync`, `pending-reboot`, `applying`.
    pub parameter_status: Observed<String>,
}

/// What DescribeDBInstances answers of an instance of the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    /// Its identifier.
    pub id: String,
    /// Its status as RDS writes it; the list of them is open.
    pub status: Observed<String>,
    /// The name of its availability zone; absent until it has one.
    pub zone: Observed<String>,
    /// Whether it has a public address beside the private one.
    pub public: Observed<Switch>,
    /// What the cluster says of its storage, repeated.
    pub storage_encrypted: Observed<Switch>,
    /// Performance Insights, which Aurora sets on instances.
    pub insights: Insights,
    /// Whether it is protected against deletion by itself; RDS always answers it.
    pub deletion_protection: Observed<Switch>,
}

/// A DB subnet group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubnetGroup {
    /// Its name.
    pub name: String,
    /// The VPC of its subnets.
    pub vpc: Observed<String>,
    /// The ids of its subnets, of those not in use too: RDS may move there.
    pub subnets: Vec<String>,
}

/// A parameter of the cluster's parameter group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameter {
    /// Its value; absent means the engine's own default.
    pub value: Observed<String>,
    /// When a change takes effect.
    pub applies: Observed<Applies>,
}

/// When a changed parameter takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Applies {
    /// At once.
    Dynamic,
    /// When the instance restarts.
    Static,
}

/// A cluster snapshot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Its identifier.
    pub id: String,
    /// The id of the cluster that it was taken of, which no later cluster of the same name has.
    pub resource_id: Observed<String>,
    /// Who took it.
    pub kind: Observed<SnapshotKind>,
    /// Its status as RDS writes it.
    pub status: Observed<String>,
    /// As for the cluster.
    pub storage_encrypted: Observed<Switch>,
    /// As for the cluster.
    pub encryption: Observed<Encryption>,
    /// The accounts that may restore it, with `all` for everybody; absent where such a snapshot cannot be shared.
    pub restorers: Seen<Vec<String>>,
}

/// Who took a snapshot. Only those that people took can be shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SnapshotKind {
    /// People, or what works for them.
    Manual,
    /// RDS, as part of automated backups.
    Automated,
    /// AWS Backup.
    AwsBackup,
}

/// A database engine that DescribeDBClusters answers with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Engine {
    /// Aurora MySQL.
    AuroraMysql,
    /// Aurora PostgreSQL.
    AuroraPostgresql,
    /// The first Aurora, which AWS has withdrawn.
    Aurora,
    /// A Multi-AZ DB cluster of RDS for MySQL.
    Mysql,
    /// A Multi-AZ DB cluster of RDS for PostgreSQL.
    Postgres,
    /// Neptune, which shares the operation and nothing else.
    Neptune,
    /// DocumentDB, which shares the operation and nothing else.
    Docdb,
}

impl Engine {
    /// Every engine with its name as RDS writes it.
    pub const ALL: [(Engine, &'static str); 7] = [
        (Engine::AuroraMysql, "aurora-mysql"),
        (Engine::AuroraPostgresql, "aurora-postgresql"),
        (Engine::Aurora, "aurora"),
        (Engine::Mysql, "mysql"),
        (Engine::Postgres, "postgres"),
        (Engine::Neptune, "neptune"),
        (Engine::Docdb, "docdb"),
    ];

    /// The name as RDS writes it.
    pub fn name(self) -> &'static str {
        Engine::ALL.iter().find(|(engine, _)| *engine == self).map_or("", |(_, name)| name)
    }
}

/// How a cluster's capacity is provided. Serverless v2 is `Provisioned`, with members of class `db.serverless`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EngineMode {
    /// By instances.
    Provisioned,
    /// Serverless v1, without members, withdrawn by AWS.
    Serverless,
    /// By instances, in one of the modes of the first Aurora versions.
    Earlier,
}

/// How storage is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encryption {
    /// Not at all.
    None,
    /// Under a key in KMS that the account sees, its own or one that AWS manages for it.
    SseKms,
    /// Under a key that AWS owns and nobody sees.
    SseRds,
}

/// How a cluster scales.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scaling {
    /// By instances.
    Standard,
    /// By shards (Aurora Limitless Database).
    Limitless,
}

/// The state of an activity stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActivityStream {
    /// Every activity goes to Kinesis.
    Started,
    /// It is being switched on.
    Starting,
    /// It is off.
    Stopped,
    /// It is being switched off.
    Stopping,
}

/// Where the template takes the master password from. The password itself never leaves the collector.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Password {
    /// Nothing but a `{{resolve:secretsmanager:...}}` reference to the secret of this name, ARN or partial ARN.
    Secret(String),
    /// Such a reference to a resource of the template, by logical id and type.
    Stack {
        /// The resource's logical id.
        logical_id: String,
        /// Its CloudFormation type.
        kind: String,
    },
    /// A `{{resolve:ssm...}}` reference.
    ParameterStore,
    /// A parameter of the template, by its name.
    Parameter(String),
    /// A literal, or a text that holds one.
    Literal,
    /// RDS makes and keeps a secret of its own: `ManageMasterUserPassword` is true.
    Managed,
    /// It comes with what the cluster is restored or replicated from, which this property names.
    Restored(String),
    /// The template says nothing of it.
    Unstated,
}

impl Database {
    /// The evidence of one of which nothing could be seen.
    pub fn unknown(gap: &Gap) -> Self {
        Database {
            named_by: BTreeSet::new(),
            cluster: Seen::gap(gap.clone()),
            instances: Seen::gap(gap.clone()),
            subnet_group: Seen::gap(gap.clone()),
            parameters: Seen::gap(gap.clone()),
            snapshots: Seen::gap(gap.clone()),
            password: Seen::gap(gap.clone()),
        }
    }
}

const CLUSTERS: &str = "DescribeDBClusters";
const INSTANCES: &str = "DescribeDBInstances";

/// The cluster, in whatever state. A name that led to an instance without a cluster is another requirement's failure.
fn cluster(database: &Database) -> Result<&Cluster, Gap> {
    database.cluster.seen()?.ok_or_else(|| {
        Gap::depends_on("rds-cluster-aurora-available", "the name leads to a DB instance that belongs to no cluster")
    })
}

/// The cluster, where it is not changing at the moment (rule U9).
fn settled(database: &Database) -> Result<&Cluster, Gap> {
    let cluster = cluster(database)?;
    let status = cluster.status.required(CLUSTERS, "DBCluster.Status")?;
    match standing::Phase::of(status) {
        Some(standing::Phase::Serving | standing::Phase::Down) => Ok(cluster),
        Some(standing::Phase::Changing | standing::Phase::Leaving) => {
            Err(Gap::changing(format!("the cluster is {status}")))
        }
        None => Err(unknown_status("DBCluster.Status", CLUSTERS, status)),
    }
}

fn unknown_status(field: &'static str, operation: &'static str, token: &str) -> Gap {
    Gap::Unrecognised { operation: operation.into(), field: field.into(), token: token.to_owned() }
}

fn members(cluster: &Cluster) -> Result<&[Member], Gap> {
    cluster.members.required(CLUSTERS, "DBCluster.DBClusterMembers").map(Vec::as_slice)
}

/// A parameter's value as it is set, without blanks; `None` where the group leaves it to the engine.
fn value<'a>(parameters: &'a BTreeMap<String, Parameter>, name: &str) -> Result<Option<&'a str>, Gap> {
    match parameters.get(name) {
        Some(parameter) => Ok(parameter.value.seen()?.map(|value| value.trim()).filter(|value| !value.is_empty())),
        None => Ok(None),
    }
}

/// Whether a value of a switch says on: RDS takes words and numbers, in any case.
fn is_on(value: &str) -> bool {
    ["1", "on", "true", "yes"].iter().any(|on| value.eq_ignore_ascii_case(on))
}
