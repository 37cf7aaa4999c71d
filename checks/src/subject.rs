//! The resources under assessment.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::observed::{Gap, Observed, Seen};
use crate::{
    apigateway, cloudformation, cloudwatch, ec2, ecs, efs, elasticache, elbv2, iam, kms, lambda, logs, outputs, rds,
    s3, secretsmanager, sns, wafv2,
};

/// What kind of thing a subject is, named by its CloudFormation type where there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// The outputs file of the deploy.
    #[serde(rename = "TapAudit::Outputs::File")]
    Outputs,
    /// The CloudFormation stack.
    #[serde(rename = "AWS::CloudFormation::Stack")]
    Stack,
    /// The AWS account, in one region; the name is the one that AWS Config uses.
    #[serde(rename = "AWS::::Account")]
    Account,
    /// An S3 general purpose bucket.
    #[serde(rename = "AWS::S3::Bucket")]
    Bucket,
    /// A Lambda function.
    #[serde(rename = "AWS::Lambda::Function")]
    Function,
    /// A KMS key.
    #[serde(rename = "AWS::KMS::Key")]
    Key,
    /// A CloudWatch Logs log group.
    #[serde(rename = "AWS::Logs::LogGroup")]
    LogGroup,
    /// An IAM role.
    #[serde(rename = "AWS::IAM::Role")]
    Role,
    /// An IAM managed policy of the stack.
    #[serde(rename = "AWS::IAM::ManagedPolicy")]
    ManagedPolicy,
    /// An SNS topic; its id is its ARN, as CloudFormation names it.
    #[serde(rename = "AWS::SNS::Topic")]
    Topic,
    /// A CloudWatch alarm, metric or composite; its id is its name.
    #[serde(rename = "AWS::CloudWatch::Alarm")]
    Alarm,
    /// A VPC with its subnets, route tables and gateways.
    #[serde(rename = "AWS::EC2::VPC")]
    Vpc,
    /// A security group; its id is the group id.
    #[serde(rename = "AWS::EC2::SecurityGroup")]
    SecurityGroup,
    /// A load balancer; its id is its ARN, as CloudFormation names it.
    #[serde(rename = "AWS::ElasticLoadBalancingV2::LoadBalancer")]
    LoadBalancer,
    /// An ECS cluster; its id is its name.
    #[serde(rename = "AWS::ECS::Cluster")]
    Cluster,
    /// An ECS service; its id is its ARN, as CloudFormation names it.
    #[serde(rename = "AWS::ECS::Service")]
    Service,
    /// A revision of an ECS task definition; its id is its ARN, as CloudFormation names it.
    #[serde(rename = "AWS::ECS::TaskDefinition")]
    TaskDefinition,
    /// An Aurora cluster with its instances; its id is the cluster identifier.
    #[serde(rename = "AWS::RDS::DBCluster")]
    Database,
    /// An EFS file system; its id is the file system id.
    #[serde(rename = "AWS::EFS::FileSystem")]
    FileSystem,
    /// An ElastiCache replication group, whose id is its identifier, or a serverless cache, whose id is `serverlesscache:`
    /// before its name.
    #[serde(rename = "AWS::ElastiCache::ReplicationGroup")]
    Cache,
    /// An API Gateway REST API with its stages; its id is the API id.
    #[serde(rename = "AWS::ApiGateway::RestApi")]
    RestApi,
    /// A web ACL; its id is its ARN.
    #[serde(rename = "AWS::WAFv2::WebACL")]
    WebAcl,
    /// A secret of Secrets Manager, by its metadata alone; its id is its ARN.
    #[serde(rename = "AWS::SecretsManager::Secret")]
    Secret,
}

impl Kind {
    /// Every kind, in the order in which reports show them.
    pub const ALL: [Kind; 23] = [
        Kind::Outputs,
        Kind::Stack,
        Kind::Account,
        Kind::Bucket,
        Kind::Function,
        Kind::Key,
        Kind::LogGroup,
        Kind::Role,
        Kind::ManagedPolicy,
        Kind::Topic,
        Kind::Alarm,
        Kind::Vpc,
        Kind::SecurityGroup,
        Kind::LoadBalancer,
        Kind::Cluster,
        Kind::Service,
        Kind::TaskDefinition,
        Kind::Database,
        Kind::FileSystem,
        Kind::Cache,
        Kind::RestApi,
        Kind::WebAcl,
        Kind::Secret,
    ];

    /// The kind's name in reports: the CloudFormation type where there is one.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Outputs => "TapAudit::Outputs::File",
            Kind::Stack => "AWS::CloudFormation::Stack",
            Kind::Account => "AWS::::Account",
            Kind::Bucket => "AWS::S3::Bucket",
            Kind::Function => "AWS::Lambda::Function",
            Kind::Key => "AWS::KMS::Key",
            Kind::LogGroup => "AWS::Logs::LogGroup",
            Kind::Role => "AWS::IAM::Role",
            Kind::ManagedPolicy => "AWS::IAM::ManagedPolicy",
            Kind::Topic => "AWS::SNS::Topic",
            Kind::Alarm => "AWS::CloudWatch::Alarm",
            Kind::Vpc => "AWS::EC2::VPC",
            Kind::SecurityGroup => "AWS::EC2::SecurityGroup",
            Kind::LoadBalancer => "AWS::ElasticLoadBalancingV2::LoadBalancer",
            Kind::Cluster => "AWS::ECS::Cluster",
            Kind::Service => "AWS::ECS::Service",
            Kind::TaskDefinition => "AWS::ECS::TaskDefinition",
            Kind::Database => "AWS::RDS::DBCluster",
            Kind::FileSystem => "AWS::EFS::FileSystem",
            Kind::Cache => "AWS::ElastiCache::ReplicationGroup",
            Kind::RestApi => "AWS::ApiGateway::RestApi",
            Kind::WebAcl => "AWS::WAFv2::WebACL",
            Kind::Secret => "AWS::SecretsManager::Secret",
        }
    }

    /// The kind of subject that a resource of this CloudFormation type leads to: its own, or that of what it is part of.
    pub fn led_to_by(name: &str) -> Option<Kind> {
        match name {
            "AWS::KMS::Alias" => Some(Kind::Key),
            "AWS::RDS::DBInstance" | "AWS::RDS::DBClusterEndpoint" => Some(Kind::Database),
            "AWS::EFS::AccessPoint" | "AWS::EFS::MountTarget" => Some(Kind::FileSystem),
            "AWS::ElastiCache::ServerlessCache" | "AWS::ElastiCache::CacheCluster" => Some(Kind::Cache),
            name => Kind::named(name),
        }
    }

    /// Finds the kind of this name.
    pub fn named(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What part a subject plays, which decides which requirements it has to meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Named by an output, or a member of the stack in the path of the data; also where the role is unclear.
    Primary,
    /// A log, trail or artefact bucket, a custom resource's function, a delivery role.
    Supporting,
    /// Reached by walking, and not in the stack.
    External,
}

impl Role {
    /// The role's name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Role::Primary => "primary",
            Role::Supporting => "supporting",
            Role::External => "external",
        }
    }
}

/// What else a subject may be, for as long as something could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleDoubt {
    /// The roles that it may play instead of the one it was given.
    pub instead: Vec<Role>,
    /// What could not be read.
    pub unread: Seen<()>,
}

/// Whether the resource that a reference names is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Existence {
    /// AWS described it.
    Exists,
    /// AWS answered that it does not exist, in the account and region it was looked for in.
    Missing,
}

/// A resource under assessment with everything that was seen of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Subject {
    /// What part it plays.
    pub role: Role,
    /// Why it plays that part, for the plan.
    pub role_reason: String,
    /// Why it may play another part; `None` where everything that tells was read.
    pub role_doubt: Option<RoleDoubt>,
    /// What kind of thing it is.
    pub kind: Kind,
    /// Its name or id within its kind, such as the bucket's name or the key's id.
    pub id: String,
    /// Its ARN, where it has one that is known.
    pub arn: Option<String>,
    /// The region it lives in; `None` for global ones such as roles.
    pub region: Option<String>,
    /// Its logical id in the stack's template, where the stack's listing holds it.
    pub logical_id: Option<String>,
    /// The stack whose listing holds it.
    pub stack: Option<String>,
    /// The key of the output that names it, the first in order where several do.
    pub output_key: Option<String>,
    /// Each way it was reached, in order.
    pub reached_by: Vec<String>,
    /// Whether it is there.
    pub existence: Seen<Existence>,
    /// What was seen of it.
    pub resource: Resource,
}

/// The evidence of a subject, by kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resource {
    /// The outputs file.
    Outputs(outputs::Outputs),
    /// A stack.
    Stack(Box<cloudformation::Stack>),
    /// The account.
    Account(Box<crate::evidence::Account>),
    /// A bucket.
    Bucket(Box<s3::Bucket>),
    /// A function.
    Function(Box<lambda::Function>),
    /// A key.
    Key(Box<kms::Key>),
    /// A log group.
    LogGroup(Box<logs::LogGroup>),
    /// A role.
    Role(Box<iam::Role>),
    /// A managed policy.
    ManagedPolicy(Box<iam::ManagedPolicy>),
    /// An SNS topic.
    Topic(Box<sns::Topic>),
    /// A CloudWatch alarm, metric or composite.
    Alarm(Box<cloudwatch::Alarm>),
    /// A VPC with its subnets, route tables and gateways.
    Vpc(Box<ec2::Vpc>),
    /// A security group.
    SecurityGroup(Box<ec2::SecurityGroup>),
    /// A load balancer.
    LoadBalancer(Box<elbv2::LoadBalancer>),
    /// An ECS cluster.
    Cluster(Box<ecs::Cluster>),
    /// An ECS service.
    Service(Box<ecs::Service>),
    /// A revision of an ECS task definition.
    TaskDefinition(Box<ecs::TaskDefinition>),
    /// An Aurora cluster with its instances.
    Database(Box<rds::Database>),
    /// An EFS file system.
    FileSystem(Box<efs::FileSystem>),
    /// An ElastiCache replication group or serverless cache.
    Cache(Box<elasticache::Cache>),
    /// An API Gateway REST API with its stages.
    RestApi(Box<apigateway::RestApi>),
    /// A web ACL.
    WebAcl(Box<wafv2::WebAcl>),
    /// A secret of Secrets Manager, by its metadata alone.
    Secret(Box<secretsmanager::Secret>),
    /// Stands for the subject that the plan needs and that was not found.
    Nothing(Kind),
}

/// Evidence of one kind of subject, which checks are written against.
pub trait Attributes: Sized {
    /// The kind of subject that this is evidence of.
    const KIND: Kind;
    /// Takes this evidence out of a subject's.
    fn of(resource: &Resource) -> Option<&Self>;
    /// The evidence of a subject of which nothing could be seen.
    fn unseen(gap: &Gap) -> Resource;
}

macro_rules! attributes {
    ($($kind:ident => $evidence:ty),* $(,)?) => {$(
        impl Attributes for $evidence {
            const KIND: Kind = Kind::$kind;
            fn of(resource: &Resource) -> Option<&Self> {
                if let Resource::$kind(evidence) = resource { Some(evidence) } else { None }
            }
            fn unseen(gap: &Gap) -> Resource {
                Resource::$kind(<$evidence>::unknown(gap).into())
            }
        }
    )*};
}

attributes! {
    Outputs => outputs::Outputs,
    Stack => cloudformation::Stack,
    Account => crate::evidence::Account,
    Bucket => s3::Bucket,
    Function => lambda::Function,
    Key => kms::Key,
    LogGroup => logs::LogGroup,
    Role => iam::Role,
    ManagedPolicy => iam::ManagedPolicy,
    Topic => sns::Topic,
    Alarm => cloudwatch::Alarm,
    Vpc => ec2::Vpc,
    SecurityGroup => ec2::SecurityGroup,
    LoadBalancer => elbv2::LoadBalancer,
    Cluster => ecs::Cluster,
    Service => ecs::Service,
    TaskDefinition => ecs::TaskDefinition,
    Database => rds::Database,
    FileSystem => efs::FileSystem,
    Cache => elasticache::Cache,
    RestApi => apigateway::RestApi,
    WebAcl => wafv2::WebAcl,
    Secret => secretsmanager::Secret,
}

/// The evidence of a subject of this kind of which nothing could be seen.
pub fn unseen(kind: Kind, gap: &Gap) -> Resource {
    match kind {
        Kind::Outputs => outputs::Outputs::unseen(gap),
        Kind::Stack => <cloudformation::Stack as Attributes>::unseen(gap),
        Kind::Account => <crate::evidence::Account as Attributes>::unseen(gap),
        Kind::Bucket => <s3::Bucket as Attributes>::unseen(gap),
        Kind::Function => <lambda::Function as Attributes>::unseen(gap),
        Kind::Key => <kms::Key as Attributes>::unseen(gap),
        Kind::LogGroup => <logs::LogGroup as Attributes>::unseen(gap),
        Kind::Role => <iam::Role as Attributes>::unseen(gap),
        Kind::ManagedPolicy => <iam::ManagedPolicy as Attributes>::unseen(gap),
        Kind::Topic => <sns::Topic as Attributes>::unseen(gap),
        Kind::Alarm => <cloudwatch::Alarm as Attributes>::unseen(gap),
        Kind::Vpc => <ec2::Vpc as Attributes>::unseen(gap),
        Kind::SecurityGroup => <ec2::SecurityGroup as Attributes>::unseen(gap),
        Kind::LoadBalancer => <elbv2::LoadBalancer as Attributes>::unseen(gap),
        Kind::Cluster => <ecs::Cluster as Attributes>::unseen(gap),
        Kind::Service => <ecs::Service as Attributes>::unseen(gap),
        Kind::TaskDefinition => <ecs::TaskDefinition as Attributes>::unseen(gap),
        Kind::Database => <rds::Database as Attributes>::unseen(gap),
        Kind::FileSystem => <efs::FileSystem as Attributes>::unseen(gap),
        Kind::Cache => <elasticache::Cache as Attributes>::unseen(gap),
        Kind::RestApi => <apigateway::RestApi as Attributes>::unseen(gap),
        Kind::WebAcl => <wafv2::WebAcl as Attributes>::unseen(gap),
        Kind::Secret => <secretsmanager::Secret as Attributes>::unseen(gap),
    }
}

impl Subject {
    /// A primary subject named by an output, with the evidence given; the other fields can be set afterwards.
    pub fn new(kind: Kind, id: impl Into<String>, resource: Resource) -> Self {
        Subject {
            role: Role::Primary,
            role_reason: "no other role is known".into(),
            role_doubt: None,
            kind,
            id: id.into(),
            arn: None,
            region: None,
            logical_id: None,
            stack: None,
            output_key: None,
            reached_by: Vec::new(),
            existence: Seen::new(Observed::Present(Existence::Exists), Vec::new()),
            resource,
        }
    }

    /// Stands in the plan for a subject of this kind that was not found.
    pub fn nothing(kind: Kind) -> Self {
        let mut subject = Subject::new(kind, "(none found)", Resource::Nothing(kind));
        subject.role_reason = "the profile needs one".into();
        subject
    }

    /// A subject that stands for others of a kind, which the stack may hold: its listing could not be read, for this reason.
    pub fn unlisted(kind: Kind, gap: &Gap) -> Self {
        let mut subject = Subject::new(kind, "(not listed)", unseen(kind, gap));
        subject.role_reason = "the stack may hold further ones".into();
        subject
    }

    /// Says that the subject does not play one of these roles instead of its own.
    ///
    /// # Errors
    /// The gap, when what would tell could not be read: a failure might be one of a requirement that does not apply.
    pub fn is_none_of(&self, roles: impl Fn(Role) -> bool) -> Result<(), Gap> {
        match &self.role_doubt {
            Some(doubt) if doubt.instead.iter().any(|role| roles(*role)) => doubt.unread.seen().map(|_| ()),
            Some(_) | None => Ok(()),
        }
    }

    /// Whether it is of the deployment, and not only reached from there.
    ///
    /// # Errors
    /// The gap, when what would tell could not be read.
    pub fn is_of_the_deployment(&self) -> Result<bool, Gap> {
        if self.role == Role::External {
            return Ok(false);
        }
        self.is_none_of(|role| role == Role::External).map(|()| true)
    }

    /// Its tags, for the kinds whose tags are read; `None` for the others.
    pub fn tags(&self) -> Option<&Seen<BTreeMap<String, String>>> {
        match &self.resource {
            Resource::Bucket(bucket) => Some(&bucket.tags),
            Resource::Function(function) => Some(&function.tags),
            Resource::Key(key) => Some(&key.tags),
            Resource::LogGroup(group) => Some(&group.tags),
            Resource::Role(role) => Some(&role.tags),
            Resource::ManagedPolicy(policy) => Some(&policy.tags),
            Resource::Topic(topic) => Some(&topic.tags),
            Resource::Alarm(alarm) => Some(&alarm.tags),
            Resource::Outputs(_)
            | Resource::Stack(_)
            | Resource::Account(_)
            | Resource::Vpc(_)
            | Resource::SecurityGroup(_)
            | Resource::LoadBalancer(_)
            | Resource::Cluster(_)
            | Resource::Service(_)
            | Resource::TaskDefinition(_)
            | Resource::Database(_)
            | Resource::FileSystem(_)
            | Resource::Cache(_)
            | Resource::RestApi(_)
            | Resource::WebAcl(_)
            | Resource::Secret(_)
            | Resource::Nothing(_) => None,
        }
    }

    /// Every string that names this subject: id, ARN, and the aliases, parts and other forms that it was named by.
    pub fn names(&self) -> BTreeSet<&str> {
        let mut names = BTreeSet::from([self.id.as_str()]);
        names.extend(self.arn.as_deref());
        // Outputs often hold only a part of the ARN: what stands behind its last slash, or before that the name.
        match self.kind {
            Kind::Service | Kind::TaskDefinition => names.extend(self.id.rsplit('/').next()),
            Kind::LoadBalancer | Kind::WebAcl => names.extend(self.id.split('/').skip(2)),
            Kind::Outputs
            | Kind::Stack
            | Kind::Account
            | Kind::Bucket
            | Kind::Function
            | Kind::Key
            | Kind::LogGroup
            | Kind::Role
            | Kind::ManagedPolicy
            | Kind::Topic
            | Kind::Alarm
            | Kind::Vpc
            | Kind::SecurityGroup
            | Kind::Cluster
            | Kind::Database
            | Kind::FileSystem
            | Kind::Cache
            | Kind::RestApi
            | Kind::Secret => {}
        }
        let others = match &self.resource {
            Resource::Key(key) => Some(&key.named_by),
            Resource::Database(database) => Some(&database.named_by),
            Resource::FileSystem(file_system) => Some(&file_system.named_by),
            Resource::Cache(cache) => Some(&cache.named_by),
            Resource::Secret(secret) => Some(&secret.named_by),
            Resource::Outputs(_)
            | Resource::Stack(_)
            | Resource::Account(_)
            | Resource::Bucket(_)
            | Resource::Function(_)
            | Resource::LogGroup(_)
            | Resource::Role(_)
            | Resource::ManagedPolicy(_)
            | Resource::Topic(_)
            | Resource::Alarm(_)
            | Resource::Vpc(_)
            | Resource::SecurityGroup(_)
            | Resource::LoadBalancer(_)
            | Resource::Cluster(_)
            | Resource::Service(_)
            | Resource::TaskDefinition(_)
            | Resource::RestApi(_)
            | Resource::WebAcl(_)
            | Resource::Nothing(_) => None,
        };
        names.extend(others.into_iter().flatten().map(String::as_str));
        names
    }

    /// Whether this text names the subject. CloudFormation names a web ACL `name|id|scope`, of which the id is its own.
    pub fn is_named(&self, text: &str) -> bool {
        let parts: Vec<&str> = text.split('|').collect();
        match (self.kind, parts.as_slice()) {
            (Kind::WebAcl, [_, id, _]) => self.names().contains(id),
            _ => self.names().contains(text),
        }
    }
}
