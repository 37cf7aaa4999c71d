//! ElastiCache: what is seen of replication groups and serverless caches, and the checks of their requirements.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::check::Check;
use crate::observed::{Gap, Observed, Seen};
use crate::s3::Switch;

mod access;
mod encryption;
#[cfg(test)]
pub(crate) mod fixture;
mod logging;
mod network;
mod standing;
mod zones;

/// The checks of this file, in catalog order.
pub fn checks() -> Vec<Check> {
    vec![
        Check::new("redis-replication-group-available", standing::available).when_none(standing::no_cache),
        Check::new("redis-transit-encryption", encryption::in_transit),
        Check::new("redis-at-rest-encryption", encryption::at_rest),
        Check::across("redis-kms-key-rotating", encryption::key),
        Check::across("redis-multi-az-failover", zones::zones),
        Check::across("redis-private-subnets", network::private_subnets),
        Check::new("redis-auth-required", access::auth),
        Check::new("redis-log-delivery", logging::delivered),
    ]
}

/// What was seen of a cache with the clusters, groups and users behind it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cache {
    /// Other names that led to it, as outputs write them: its own bare name and ARN, and those of its member clusters.
    pub named_by: BTreeSet<String>,
    /// What ElastiCache answers of it.
    pub description: Seen<Description>,
    /// Its member clusters, after the last page; absent where it is serverless.
    pub members: Seen<Vec<Member>>,
    /// The subnet group that its member clusters name; absent where it is serverless.
    pub subnet_group: Seen<SubnetGroup>,
    /// The users of its user groups; absent where it has no user group.
    pub users: Seen<Vec<User>>,
}

/// What ElastiCache answers of a cache, by its form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Description {
    /// A replication group.
    Group(Box<Group>),
    /// A serverless cache.
    Serverless(Box<Serverless>),
    /// A cache cluster that belongs to no replication group.
    Alone {
        /// Its engine.
        engine: Observed<Engine>,
    },
}

/// What DescribeReplicationGroups answers of one group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Its ARN.
    pub arn: Observed<String>,
    /// Its status as ElastiCache writes it; the list of them is open.
    pub status: Observed<String>,
    /// Its engine; absent where only its members tell.
    pub engine: Observed<Engine>,
    /// The identifiers of its member clusters; ElastiCache always answers the list.
    pub members: Observed<Vec<String>>,
    /// Its node groups; ElastiCache always answers the list.
    pub shards: Observed<Vec<Shard>>,
    /// The port that clients connect to; absent until there is an endpoint.
    pub port: Observed<i32>,
    /// Whether its nodes are spread over zones on purpose; absent means that they are not.
    pub multi_az: Observed<Switch>,
    /// Whether a replica takes over when the primary is lost.
    pub failover: Observed<Failover>,
    /// Whether it speaks TLS; absent means that it does not.
    pub transit: Observed<Switch>,
    /// Whether it speaks TLS alone; absent for older engines, which know no other mode.
    pub transit_mode: Observed<TransitMode>,
    /// Whether data at rest was to be encrypted; absent and off do not prove that it is not.
    pub at_rest: Observed<Switch>,
    /// How data at rest is encrypted in effect; older endpoints leave it out.
    pub encryption: Observed<Encryption>,
    /// The key as written; absent means the service's own, where data is encrypted.
    pub kms_key: Observed<String>,
    /// Whether clients need a token; absent means that they need none.
    pub auth_token: Observed<Switch>,
    /// The user groups that may connect; absent means none.
    pub user_groups: Observed<Vec<String>>,
    /// Where its logs go; an empty list means nowhere.
    pub logs: Observed<Vec<LogDelivery>>,
    /// What of this is being changed; an empty list means nothing.
    pub pending: Observed<BTreeSet<Change>>,
}

/// A node group: a primary with its replicas.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    /// Its identifier within the group.
    pub id: String,
    /// Its members; an empty list means that it has none.
    pub nodes: Vec<Node>,
}

/// A member of a node group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// The identifier of the cluster that it is.
    pub cluster: String,
    /// The name of its availability zone; absent where the cluster alone tells.
    pub zone: Observed<String>,
}

/// What DescribeCacheClusters answers of a member cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Its identifier.
    pub id: String,
    /// Its status as ElastiCache writes it; the list of them is open.
    pub status: Observed<String>,
    /// Its engine.
    pub engine: Observed<Engine>,
    /// The engine's version, such as `7.1.0`.
    pub engine_version: Observed<String>,
    /// The name of its availability zone; absent until it has one.
    pub zone: Observed<String>,
    /// The security groups of its nodes; an empty list means the default group of the VPC.
    pub security_groups: Vec<String>,
}

/// What DescribeServerlessCaches answers of one cache.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Serverless {
    /// Its ARN.
    pub arn: Observed<String>,
    /// Its status as ElastiCache writes it.
    pub status: Observed<String>,
    /// Its engine.
    pub engine: Observed<Engine>,
    /// The key as written; absent means the service's own.
    pub kms_key: Observed<String>,
    /// Its subnets; absent means the default ones of the default VPC, which it does not tell.
    pub subnets: Observed<Vec<String>>,
    /// How clients reach it; absent means through the VPC.
    pub connection: Observed<Connection>,
    /// Its security groups; an empty list means the default group of the VPC.
    pub security_groups: Vec<String>,
    /// The user group that may connect; absent means none.
    pub user_group: Observed<String>,
    /// The ports of its endpoints.
    pub ports: Vec<i32>,
}

/// A cache subnet group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubnetGroup {
    /// Its name.
    pub name: String,
    /// The VPC of its subnets.
    pub vpc: Observed<String>,
    /// The ids of its subnets, of those not in use too: ElastiCache may put nodes there.
    pub subnets: Vec<String>,
}

/// A user of a user group. Passwords are never answered, and the access string is reduced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Its identifier.
    pub id: String,
    /// Its status as ElastiCache writes it.
    pub status: Observed<String>,
    /// How it proves who it is.
    pub authentication: Observed<Authentication>,
    /// What it may do.
    pub access: Observed<Access>,
}

/// Where logs of one type go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogDelivery {
    /// What is logged.
    pub kind: Observed<LogKind>,
    /// Where it goes.
    pub destination: Observed<Destination>,
    /// The log group; absent where it goes elsewhere.
    pub group: Observed<String>,
    /// Whether it arrives.
    pub status: Observed<DeliveryStatus>,
}

/// A change of a replication group that is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// Encryption in transit, or its mode.
    Transit,
    /// The first token of clients. That a further one is added changes nothing.
    AuthToken,
    /// The user groups.
    UserGroups,
    /// The delivery of logs.
    Logs,
    /// Automatic failover.
    Failover,
}

/// A cache engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Engine {
    /// Redis OSS.
    Redis,
    /// Valkey, which went on from Redis OSS.
    Valkey,
    /// Memcached, which knows neither replication nor encryption at rest.
    Memcached,
}

impl Engine {
    /// Every engine with its name as ElastiCache writes it.
    pub const ALL: [(Engine, &'static str); 3] =
        [(Engine::Redis, "redis"), (Engine::Valkey, "valkey"), (Engine::Memcached, "memcached")];

    /// The name as ElastiCache writes it.
    pub fn name(self) -> &'static str {
        match self {
            Engine::Redis => "redis",
            Engine::Valkey => "valkey",
            Engine::Memcached => "memcached",
        }
    }
}

/// Whether a replica takes over when the primary is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Failover {
    /// It does.
    Enabled,
    /// It does not.
    Disabled,
    /// It is being switched on.
    Enabling,
    /// It is being switched off.
    Disabling,
}

/// Whether clients without TLS are turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TransitMode {
    /// They are.
    Required,
    /// They are not.
    Preferred,
}

/// How data at rest is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encryption {
    /// Not at all.
    None,
    /// Under a key in KMS that the account sees.
    SseKms,
    /// Under the service's own key, which nobody sees.
    SseElasticache,
}

/// How clients reach a serverless cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Connection {
    /// Through the VPC.
    Vpc,
    /// From the internet.
    Public,
}

/// How a user proves who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Authentication {
    /// By a password.
    Password,
    /// By IAM.
    Iam,
    /// Not at all.
    NoPassword,
}

/// What a user may do, by its access string.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// The user is switched off.
    Off,
    /// It is on, and no command is given to it.
    Nothing,
    /// It is on, and may run commands.
    Something,
}

impl Access {
    /// Reads an access string, such as `on ~app:* +@read`. A user is off unless the string says that it is on, and the
    /// later of the two words counts; any command that is given counts, because what later words take away again may be
    /// less.
    pub fn of(text: &str) -> Access {
        let words = || text.split_whitespace().map(str::to_ascii_lowercase);
        let is_on = words().filter(|word| word == "on" || word == "off").last().is_some_and(|word| word == "on");
        // Selectors in brackets give commands of their own.
        let gives = |word: &str| {
            let word = word.trim_start_matches('(');
            word.starts_with('+') || word.trim_end_matches(')') == "allcommands"
        };
        match (is_on, words().any(|word| gives(&word))) {
            (false, _) => Access::Off,
            (true, false) => Access::Nothing,
            (true, true) => Access::Something,
        }
    }
}

/// What is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogKind {
    /// What the engine says of its own work.
    EngineLog,
    /// Commands that took long, with their arguments.
    SlowLog,
}

impl LogKind {
    /// The name as ElastiCache writes it.
    pub fn name(self) -> &'static str {
        match self {
            LogKind::EngineLog => "engine-log",
            LogKind::SlowLog => "slow-log",
        }
    }
}

/// Where logs go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Destination {
    /// To CloudWatch Logs.
    CloudwatchLogs,
    /// To a Firehose stream.
    KinesisFirehose,
}

/// Whether logs arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeliveryStatus {
    /// They do.
    Active,
    /// They will.
    Enabling,
    /// The destination is being changed.
    Modifying,
    /// They will not.
    Disabling,
    /// ElastiCache cannot deliver them.
    Error,
}

impl Cache {
    /// The evidence of one of which nothing could be seen.
    pub fn unknown(gap: &Gap) -> Self {
        Cache {
            named_by: BTreeSet::new(),
            description: Seen::gap(gap.clone()),
            members: Seen::gap(gap.clone()),
            subnet_group: Seen::gap(gap.clone()),
            users: Seen::gap(gap.clone()),
        }
    }
}

const GROUPS: &str = "DescribeReplicationGroups";
const CLUSTERS: &str = "DescribeCacheClusters";
const SERVERLESS: &str = "DescribeServerlessCaches";
const USERS: &str = "DescribeUsers";

/// The two forms of cache that the requirements are about.
pub(crate) enum Form<'a> {
    Group(&'a Group),
    Serverless(&'a Serverless),
}

/// The cache, in whatever status. A bare cluster is another requirement's failure.
pub(crate) fn form(cache: &Cache) -> Result<Form<'_>, Gap> {
    match cache.description.required(GROUPS, "ReplicationGroups")? {
        Description::Group(group) => Ok(Form::Group(group)),
        Description::Serverless(serverless) => Ok(Form::Serverless(serverless)),
        Description::Alone { .. } => Err(Gap::depends_on(
            "redis-replication-group-available",
            "it is a cache cluster that belongs to no replication group",
        )),
    }
}

/// The cache, once nothing of it is changing.
fn settled(cache: &Cache) -> Result<Form<'_>, Gap> {
    let form = form(cache)?;
    match standing::phase(&form)? {
        standing::Phase::Serving => Ok(form),
        standing::Phase::Changing(observed) | standing::Phase::Leaving(observed) => Err(Gap::changing(observed)),
        standing::Phase::Failed(observed) => Err(Gap::depends_on("redis-replication-group-available", observed)),
    }
}

/// Proves that this is not being changed.
fn unchanged(group: &Group, change: Change, what: &str) -> Result<(), Gap> {
    let pending = group.pending.required(GROUPS, "ReplicationGroup.PendingModifiedValues")?;
    if pending.contains(&change) { Err(Gap::changing(format!("a change of {what} is pending"))) } else { Ok(()) }
}
