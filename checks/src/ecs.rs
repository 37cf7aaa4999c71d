//! ECS clusters, services and task definitions: what is seen of them, and the checks of their requirements.

mod active;
mod capacity;
mod exec;
#[cfg(test)]
pub(crate) mod fixture;
mod logging;
pub(crate) mod mounts;
mod network;
mod plaintext;
mod running;
mod scaling;
mod secrets;
mod shared_files;
mod steady;
mod storage;
pub mod values;

pub use secrets::named_for_reading;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::check::Check;
use crate::ec2::Traffic;
use crate::observed::{Gap, Observed, Seen};
use crate::outputs::SecretLook;
use crate::s3::Switch;
use crate::subject::Kind;

/// The checks of this file, in catalog order.
///
/// What a service is set to is judged service by service, and what a task definition says revision by revision. Of a
/// cluster is judged what it alone knows: the tasks that run outside services, and what holds for all of them together.
pub fn checks() -> Vec<Check> {
    let running = [Kind::Cluster, Kind::Service];
    let files = [Kind::Cluster, Kind::TaskDefinition];
    vec![
        Check::new("ecs-cluster-active", active::cluster_active).when_none(active::no_cluster),
        Check::each("ecs-service-fargate", &running, capacity::fargate).when_none(capacity::nothing_runs),
        Check::across("ecs-service-steady", steady::steady).when_none(running::no_service),
        Check::each("ecs-tasks-private-subnets", &running, network::private_subnets).when_none(running::no_tasks),
        Check::each("ecs-tasks-no-public-ip", &running, network::no_public_ip).when_none(running::no_tasks),
        Check::across("ecs-autoscaling-target", scaling::target).when_none(running::no_service),
        Check::across("ecs-autoscaling-policy", scaling::policy).when_none(running::no_service),
        Check::across("ecs-taskdef-logging", logging::logging).when_none(running::no_tasks),
        Check::across("ecs-taskdef-secrets-from-secretsmanager", secrets::from_secrets_manager)
            .when_none(running::no_service),
        Check::across("ecs-taskdef-no-plaintext-secrets", plaintext::no_plaintext_secrets).when_none(running::no_tasks),
        Check::each("ecs-efs-shared-mount-encrypted-transit", &files, shared_files::encrypted_transit)
            .when_none(running::no_tasks),
        Check::across("ecs-service-multi-az", network::multi_az).when_none(running::no_service),
        Check::across("ecs-ephemeral-storage-kms", storage::ephemeral_storage),
        Check::across("ecs-exec-audited", exec::audited),
    ]
}

const CLUSTERS: &str = "DescribeClusters";
const SERVICES: &str = "DescribeServices";
const DEFINITION: &str = "DescribeTaskDefinition";

/// What was seen of a cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cluster {
    /// What DescribeClusters answers, asked with the configuration included.
    pub description: Seen<ClusterDescription>,
    /// The ARNs of its services, after the last page. Those that are INACTIVE are not listed.
    pub services: Seen<Vec<String>>,
    /// Its tasks that run or are to run, inside services and outside; an empty list means none.
    pub tasks: Seen<Vec<Task>>,
}

/// What DescribeClusters answers of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterDescription {
    /// Its status; ECS always answers it.
    pub status: Observed<ClusterStatus>,
    /// How shells into containers are logged; absent means logging DEFAULT.
    pub exec: Observed<ExecConfiguration>,
    /// The key of the disks of Fargate tasks, as written; absent means a key that AWS owns.
    pub ephemeral_key: Observed<String>,
}

/// The status of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClusterStatus {
    /// It takes tasks.
    Active,
    /// Its capacity providers are being made.
    Provisioning,
    /// Its capacity providers are being taken away.
    Deprovisioning,
    /// Its capacity providers could not be made.
    Failed,
    /// It was deleted, and ECS still remembers it.
    Inactive,
}

/// How a cluster logs shells into its containers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecConfiguration {
    /// Where sessions are logged; absent means DEFAULT.
    pub logging: Observed<ExecLogging>,
    /// The log group of OVERRIDE; absent means none.
    pub log_group: Observed<String>,
    /// The bucket of OVERRIDE; absent means none.
    pub bucket: Observed<String>,
    /// The key of the session beside TLS; absent means TLS alone.
    pub kms_key: Observed<String>,
}

/// Where shells into containers are logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExecLogging {
    /// Nowhere.
    None,
    /// Where the container's own awslogs driver logs, if it has one.
    Default,
    /// To the log group and bucket that the cluster names.
    Override,
}

/// A task that runs or is to run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// Its ARN.
    pub arn: String,
    /// What started it: `service:NAME` for tasks of a service, else `family:NAME` or what the caller wrote.
    pub group: Observed<String>,
    /// The ARN of the task definition's revision; ECS always answers it.
    pub definition: Observed<String>,
    /// Whether shells can be opened in it.
    pub exec: Switch,
    /// Its network interfaces; an empty list means that it has none, or none yet.
    pub interfaces: Vec<Interface>,
}

/// A network interface of a task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interface {
    /// Its id; absent while it is being made.
    pub id: Observed<String>,
    /// The subnet; absent while it is being made.
    pub subnet: Observed<String>,
    /// Its addresses, as EC2 answers them; absent means that EC2 knows no such interface.
    pub addresses: Seen<Addresses>,
}

/// The addresses of a network interface by which others may reach it from outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addresses {
    /// Public IPv4 addresses that are associated with any of its private ones.
    pub public: Vec<String>,
    /// IPv6 addresses; where the subnet's routes lead decides whether they are public.
    pub ipv6: Vec<String>,
}

/// What was seen of a service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Service {
    /// What DescribeServices answers.
    pub description: Seen<Description>,
    /// What Application Auto Scaling may do with its number of tasks; absent means that it is not registered there.
    pub scaling: Seen<ScalingTarget>,
    /// When it does so; an empty list means never.
    pub scaling_policies: Seen<Vec<ScalingPolicy>>,
}

/// What DescribeServices answers of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    /// Its name.
    pub name: String,
    /// Its status; ECS always answers it.
    pub status: Observed<ServiceStatus>,
    /// What its tasks run on. Absent in both parts where its task sets say so.
    pub capacity: Capacity,
    /// The ARN of the revision that it runs; absent where its task sets say so.
    pub definition: Observed<String>,
    /// Its network; absent where its task sets say so, or where tasks share the network of their hosts.
    pub network: Observed<Network>,
    /// Who deploys it; absent means ECS itself.
    pub controller: Observed<Controller>,
    /// How many tasks it is to run.
    pub desired: i32,
    /// How many run.
    pub running: i32,
    /// Whether a failed deployment is stopped; absent means off.
    pub circuit_breaker: Observed<Switch>,
    /// Whether tasks are moved to keep the zones even; absent means off.
    pub zone_rebalancing: Observed<Switch>,
    /// Whether shells can be opened in the tasks that it starts from now on; ECS leaves off out.
    pub exec: Switch,
    /// The ARNs of the target groups that its tasks are registered with; an empty list means none.
    pub target_groups: Vec<String>,
    /// Its deployments; an empty list for controllers other than ECS.
    pub deployments: Vec<Deployment>,
    /// Its task sets; an empty list for the controller ECS.
    pub task_sets: Vec<TaskSet>,
}

/// The status of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ServiceStatus {
    /// It runs.
    Active,
    /// It is being deleted, and its tasks are being stopped.
    Draining,
    /// It was deleted, and ECS still remembers it.
    Inactive,
}

impl ServiceStatus {
    /// The status as ECS writes it.
    pub fn name(self) -> &'static str {
        match self {
            ServiceStatus::Active => "ACTIVE",
            ServiceStatus::Draining => "DRAINING",
            ServiceStatus::Inactive => "INACTIVE",
        }
    }
}

/// What tasks run on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capacity {
    /// The launch type; absent where a capacity provider strategy is set.
    pub launch_type: Observed<LaunchType>,
    /// The capacity providers of the strategy, by name; empty where a launch type is set.
    pub providers: Vec<String>,
    /// The version of the Fargate platform, such as `1.4.0` or `LATEST`; absent on hosts.
    pub platform: Observed<String>,
}

/// What tasks are launched on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LaunchType {
    /// Hosts that AWS runs.
    Fargate,
    /// EC2 instances of the account.
    Ec2,
    /// Machines elsewhere.
    External,
    /// EC2 instances that ECS manages.
    ManagedInstances,
}

impl LaunchType {
    /// The launch type as ECS writes it.
    pub fn name(self) -> &'static str {
        match self {
            LaunchType::Fargate => "FARGATE",
            LaunchType::Ec2 => "EC2",
            LaunchType::External => "EXTERNAL",
            LaunchType::ManagedInstances => "MANAGED_INSTANCES",
        }
    }
}

/// The network of tasks that have interfaces of their own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    /// The subnets, by id.
    pub subnets: Vec<String>,
    /// The security groups, by id; an empty list means the VPC's default one.
    pub security_groups: Vec<String>,
    /// Whether tasks get public addresses; absent means off for services and task sets.
    pub public_ip: Observed<Switch>,
}

/// Who deploys a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Controller {
    /// ECS itself.
    Ecs,
    /// CodeDeploy, by task sets.
    CodeDeploy,
    /// Somebody else, by task sets.
    External,
}

/// A deployment of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    /// Its id.
    pub id: String,
    /// Which it is; ECS always answers it.
    pub status: Observed<DeploymentStatus>,
    /// The ARN of the revision that it runs.
    pub definition: Observed<String>,
    /// Its network; absent means the service's.
    pub network: Observed<Network>,
    /// How far it is; absent where the controller or strategy reports none.
    pub rollout: Observed<Rollout>,
    /// When it began.
    pub created_at: Observed<Timestamp>,
    /// The key of its tasks' disks; absent means a key that AWS owns.
    pub ephemeral_key: Observed<String>,
}

/// Which deployment it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeploymentStatus {
    /// The newest.
    Primary,
    /// An older one that still has tasks.
    Active,
    /// One that was replaced.
    Inactive,
}

/// How far a deployment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rollout {
    /// It reached a steady state.
    Completed,
    /// It was given up.
    Failed,
    /// It goes on.
    InProgress,
}

/// A task set of a service that CodeDeploy or somebody else deploys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskSet {
    /// Its id.
    pub id: String,
    /// Which it is: PRIMARY serves, ACTIVE waits, DRAINING goes; ECS always answers it.
    pub status: Observed<TaskSetStatus>,
    /// What its tasks run on.
    pub capacity: Capacity,
    /// The ARN of the revision that it runs; ECS always answers it.
    pub definition: Observed<String>,
    /// Its network; absent where tasks share the network of their hosts.
    pub network: Observed<Network>,
    /// Whether it has all its tasks; ECS always answers it.
    pub stability: Observed<Stability>,
    /// The ARNs of the target groups that its tasks are registered with; an empty list means none.
    pub target_groups: Vec<String>,
    /// The key of its tasks' disks; absent means a key that AWS owns.
    pub ephemeral_key: Observed<String>,
}

/// Which task set it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TaskSetStatus {
    /// It serves.
    Primary,
    /// It waits to serve.
    Active,
    /// It is being taken away.
    Draining,
}

/// Whether a task set has all its tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stability {
    /// It has.
    Steady,
    /// Not yet.
    Stabilizing,
}

/// What Application Auto Scaling may do with the number of tasks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScalingTarget {
    /// The fewest tasks.
    pub min: i32,
    /// The most tasks.
    pub max: i32,
    /// Whether scaling out is suspended; absent means that it is not.
    pub out_suspended: Observed<Switch>,
    /// Whether scaling in is suspended; absent means that it is not.
    pub in_suspended: Observed<Switch>,
    /// Whether scheduled scaling is suspended; absent means that it is not.
    pub schedule_suspended: Observed<Switch>,
}

/// A scaling policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScalingPolicy {
    /// Its name.
    pub name: String,
    /// What it follows; Application Auto Scaling always answers it.
    pub follows: Observed<Follows>,
}

/// What a scaling policy follows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Follows {
    /// A metric, which it keeps near a value.
    Metric {
        /// Whether it never takes tasks away; absent means that it does.
        in_disabled: Observed<Switch>,
    },
    /// Alarms, by name; an empty list means that nothing triggers it.
    Alarms(Vec<String>),
    /// A forecast.
    Forecast {
        /// Whether it scales by it; absent means that it only forecasts.
        scales: Observed<Switch>,
    },
}

/// What was seen of a revision of a task definition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskDefinition {
    /// What DescribeTaskDefinition answers. Values of variables, labels, options and commands are not kept.
    pub definition: Seen<Definition>,
}

/// What DescribeTaskDefinition answers of a revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Definition {
    /// The name that all its revisions have.
    pub family: Observed<String>,
    /// The ARN of the role that its code runs as; absent means none.
    pub task_role: Observed<String>,
    /// The ARN of the role by which ECS starts it; absent means none.
    pub execution_role: Observed<String>,
    /// What it was registered for and what it can run on, as ECS writes it, such as `FARGATE`.
    pub compatibilities: Vec<String>,
    /// Its containers.
    pub containers: Vec<Container>,
    /// Its volumes.
    pub volumes: Vec<Volume>,
}

/// A container of a task definition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Container {
    /// Its name.
    pub name: String,
    /// Whether the task ends when it does; absent means that it does.
    pub essential: Observed<Switch>,
    /// Where it logs; absent means nowhere that is set.
    pub logging: Observed<Logging>,
    /// The variables that ECS fills in when it starts, and what it takes them from.
    pub secrets: Vec<SecretReference>,
    /// The values that stand in the definition itself, judged and dropped.
    pub values: Vec<PlainValue>,
    /// How many files of variables it loads from S3.
    pub environment_files: usize,
    /// The volumes that it mounts, by name.
    pub mounts: Vec<String>,
    /// The ports that it listens on, by protocol; a range stays one.
    pub ports: Vec<Traffic>,
}

/// Where a container logs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logging {
    /// The driver, as ECS writes it, such as `awslogs`.
    pub driver: String,
    /// The log group: `awslogs-group`, or `log_group_name` of a FireLens output; absent means none is named.
    pub group: Observed<String>,
    /// The region of the log group: `awslogs-region`, or `region` of a FireLens output; absent means the task's own.
    pub region: Observed<String>,
    /// Whether the driver makes the log group where there is none; absent means that it does not.
    pub creates_group: Observed<Switch>,
    /// The FireLens output's `Name`; absent where it stands in a file of its own.
    pub output: Observed<String>,
}

/// A variable that ECS fills in when a container starts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretReference {
    /// The variable's name.
    pub variable: String,
    /// What it is taken from: the ARN of a secret without what may stand behind it, or a parameter's ARN or name.
    pub named: String,
    /// Where that is kept.
    pub store: SecretStore,
    /// The key within a secret that holds JSON; absent means the whole.
    pub json_key: Observed<String>,
    /// The version stage that it pins; absent means AWSCURRENT.
    pub stage: Observed<String>,
    /// The version id that it pins; absent means none, so that rotation reaches it.
    pub version: Observed<String>,
}

/// Where a secret is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecretStore {
    /// Secrets Manager.
    SecretsManager,
    /// The parameter store of Systems Manager.
    ParameterStore,
}

/// A value that stood in a task definition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlainValue {
    /// Where it stood.
    pub field: Field,
    /// The name it stood under: a variable, a label, an option; absent in a command where it had none.
    pub name: Observed<String>,
    /// What it looked like.
    pub look: PlainLook,
}

/// Where a value stands in a container's definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Field {
    /// `environment`.
    Environment,
    /// `command`.
    Command,
    /// `entryPoint`.
    EntryPoint,
    /// `healthCheck.command`.
    HealthCheck,
    /// `dockerLabels`.
    Label,
    /// `logConfiguration.options`.
    LogOption,
}

impl Field {
    /// The field as ECS writes it.
    pub fn name(self) -> &'static str {
        match self {
            Field::Environment => "environment",
            Field::Command => "command",
            Field::EntryPoint => "entryPoint",
            Field::HealthCheck => "healthCheck.command",
            Field::Label => "dockerLabels",
            Field::LogOption => "logConfiguration.options",
        }
    }
}

/// What a value looked like before it was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlainLook {
    /// It is no secret whatever its name: empty, an ARN, a path, a host name, a number, a boolean.
    Harmless,
    /// The name of a secret that Secrets Manager knows.
    SecretsName,
    /// A credential, whatever its name.
    Credential(SecretLook),
    /// A signed JSON web token.
    WebToken,
    /// Any other text: a secret where its name says so.
    Literal,
}

/// A volume of a task definition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Volume {
    /// Its name.
    pub name: String,
    /// The EFS file system behind it; absent for volumes of every other sort, also those configured at launch.
    pub efs: Observed<EfsVolume>,
}

/// The EFS file system behind a volume.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EfsVolume {
    /// The file system's id.
    pub file_system: String,
    /// Whether it is mounted over TLS; absent means off.
    pub transit_encryption: Observed<Switch>,
    /// The access point; absent means none.
    pub access_point: Observed<String>,
    /// Whether the task role is used to mount it; absent means off.
    pub iam: Observed<Switch>,
}

impl Cluster {
    /// The evidence of a cluster of which nothing could be seen.
    pub fn unknown(gap: &Gap) -> Self {
        Cluster { description: Seen::gap(gap.clone()), services: Seen::gap(gap.clone()), tasks: Seen::gap(gap.clone()) }
    }
}

impl Service {
    /// The evidence of a service of which nothing could be seen.
    pub fn unknown(gap: &Gap) -> Self {
        Service {
            description: Seen::gap(gap.clone()),
            scaling: Seen::gap(gap.clone()),
            scaling_policies: Seen::gap(gap.clone()),
        }
    }
}

impl TaskDefinition {
    /// The evidence of a task definition of which nothing could be seen.
    pub fn unknown(gap: &Gap) -> Self {
        TaskDefinition { definition: Seen::gap(gap.clone()) }
    }
}
