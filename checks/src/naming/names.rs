//! The names that a template chose: those of the subjects, and those that only the stack's listing tells.

use serde::Deserialize;

use crate::cloudformation::{Member, Stack};
use crate::evidence::Evidence;
use crate::kms::{Key, KeyManager};
use crate::observed::{Gap, Observed};
use crate::subject::{Existence, Resource, Role, Subject};

/// The kinds of name that a template chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Named {
    Bucket,
    Function,
    Role,
    ManagedPolicy,
    Identity,
    LogGroup,
    KeyAlias,
    Topic,
    Queue,
    Alarm,
    Dashboard,
    Trail,
    EventRule,
    ConfigRule,
    Schedule,
    StateMachine,
    Stream,
    Table,
    Cluster,
    Service,
    TaskDefinition,
    Repository,
    LoadBalancer,
    TargetGroup,
    Database,
    Cache,
    WebAcl,
    Secret,
    BackupVault,
}

impl Named {
    pub(super) fn text(self) -> &'static str {
        match self {
            Named::Bucket => "bucket",
            Named::Function => "function",
            Named::Role => "role",
            Named::ManagedPolicy => "managed policy",
            Named::Identity => "IAM identity",
            Named::LogGroup => "log group",
            Named::KeyAlias => "key alias",
            Named::Topic => "topic",
            Named::Queue => "queue",
            Named::Alarm => "alarm",
            Named::Dashboard => "dashboard",
            Named::Trail => "trail",
            Named::EventRule => "event rule",
            Named::ConfigRule => "Config rule",
            Named::Schedule => "schedule",
            Named::StateMachine => "state machine",
            Named::Stream => "stream",
            Named::Table => "table",
            Named::Cluster => "cluster",
            Named::Service => "service",
            Named::TaskDefinition => "task definition",
            Named::Repository => "repository",
            Named::LoadBalancer => "load balancer",
            Named::TargetGroup => "target group",
            Named::Database => "database",
            Named::Cache => "cache",
            Named::WebAcl => "web ACL",
            Named::Secret => "secret",
            Named::BackupVault => "backup vault",
        }
    }

    /// Whether the service writes the name in lower case, whatever the template says.
    pub(super) fn is_lowered(self) -> bool {
        matches!(self, Named::Database | Named::Cache)
    }

    /// Whether the convention is read without regard to case.
    pub(super) fn is_without_case(self) -> bool {
        self.is_lowered() || matches!(self, Named::Role | Named::Topic | Named::Alarm | Named::Dashboard)
    }

    /// The part of a name that a template is free to choose.
    pub(super) fn own_part(self, name: &str) -> &str {
        let own = match self {
            Named::KeyAlias => name.strip_prefix("alias/").unwrap_or(name),
            Named::LogGroup => name.rsplit('/').next().unwrap_or(name),
            Named::Bucket
            | Named::Function
            | Named::Role
            | Named::ManagedPolicy
            | Named::Identity
            | Named::Topic
            | Named::Queue
            | Named::Alarm
            | Named::Dashboard
            | Named::Trail
            | Named::EventRule
            | Named::ConfigRule
            | Named::Schedule
            | Named::StateMachine
            | Named::Stream
            | Named::Table
            | Named::Cluster
            | Named::Service
            | Named::TaskDefinition
            | Named::Repository
            | Named::LoadBalancer
            | Named::TargetGroup
            | Named::Database
            | Named::Cache
            | Named::WebAcl
            | Named::Secret
            | Named::BackupVault => name,
        };
        own.strip_prefix("aws-waf-logs-").unwrap_or(own)
    }

    /// Whether AWS fixes this name; what begins so is not the template's choice.
    fn is_fixed_by_aws(self, name: &str) -> bool {
        let starts: &[&str] = match self {
            Named::LogGroup => &[
                "API-Gateway-Execution-Logs_",
                "RDSOSMetrics",
                "/aws/apigateway/welcome",
                "/aws/containerinsights/",
                "/aws/ecs/containerinsights/",
                "/aws/rds/",
                // SNS writes of deliveries to a group that it names after the topic.
                "sns/",
            ],
            Named::Role => &["AWSServiceRoleFor"],
            Named::KeyAlias => &["alias/aws/"],
            Named::Bucket
            | Named::Function
            | Named::ManagedPolicy
            | Named::Identity
            | Named::Topic
            | Named::Queue
            | Named::Alarm
            | Named::Dashboard
            | Named::Trail
            | Named::EventRule
            | Named::ConfigRule
            | Named::Schedule
            | Named::StateMachine
            | Named::Stream
            | Named::Table
            | Named::Cluster
            | Named::Service
            | Named::TaskDefinition
            | Named::Repository
            | Named::LoadBalancer
            | Named::TargetGroup
            | Named::Database
            | Named::Cache
            | Named::WebAcl
            | Named::Secret
            | Named::BackupVault => &[],
        };
        starts.iter().any(|start| name.starts_with(start))
    }
}

/// How a physical id holds the name.
#[derive(Clone, Copy)]
enum Form {
    /// It is the name.
    Whole,
    /// The part after the last colon: what belongs to another resource has its sort before its name.
    Part,
    /// The last part of an ARN or URL.
    Last,
    /// The part before the last of an ARN, which ends in an id.
    BeforeId,
    /// The part before the first bar, or that part of an ARN.
    BeforeBar,
    /// The part after the last bar.
    AfterBar,
    /// The last part of an ARN without its revision.
    Family,
    /// The last part of an ARN without the six letters that AWS adds.
    Secret,
}

/// The types that have a name of the template's choice.
const TYPES: &[(&str, Named, Form)] = &[
    ("AWS::Backup::BackupVault", Named::BackupVault, Form::Whole),
    ("AWS::CloudTrail::Trail", Named::Trail, Form::Last),
    ("AWS::CloudWatch::Alarm", Named::Alarm, Form::Whole),
    ("AWS::CloudWatch::CompositeAlarm", Named::Alarm, Form::Whole),
    ("AWS::CloudWatch::Dashboard", Named::Dashboard, Form::Whole),
    ("AWS::Config::ConfigRule", Named::ConfigRule, Form::Whole),
    ("AWS::DynamoDB::Table", Named::Table, Form::Whole),
    ("AWS::ECR::Repository", Named::Repository, Form::Whole),
    ("AWS::ECS::Cluster", Named::Cluster, Form::Last),
    ("AWS::ECS::Service", Named::Service, Form::Last),
    ("AWS::ECS::TaskDefinition", Named::TaskDefinition, Form::Family),
    ("AWS::ElastiCache::ParameterGroup", Named::Cache, Form::Whole),
    ("AWS::ElastiCache::ReplicationGroup", Named::Cache, Form::Part),
    ("AWS::ElastiCache::ServerlessCache", Named::Cache, Form::Whole),
    ("AWS::ElastiCache::SubnetGroup", Named::Cache, Form::Whole),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", Named::LoadBalancer, Form::BeforeId),
    ("AWS::ElasticLoadBalancingV2::TargetGroup", Named::TargetGroup, Form::BeforeId),
    ("AWS::Events::Rule", Named::EventRule, Form::AfterBar),
    ("AWS::IAM::Group", Named::Identity, Form::Whole),
    ("AWS::IAM::InstanceProfile", Named::Identity, Form::Whole),
    ("AWS::IAM::ManagedPolicy", Named::ManagedPolicy, Form::Last),
    ("AWS::IAM::Role", Named::Role, Form::Whole),
    ("AWS::IAM::User", Named::Identity, Form::Whole),
    ("AWS::Kinesis::Stream", Named::Stream, Form::Whole),
    ("AWS::KinesisFirehose::DeliveryStream", Named::Stream, Form::Whole),
    ("AWS::Lambda::Function", Named::Function, Form::Whole),
    ("AWS::Logs::LogGroup", Named::LogGroup, Form::Whole),
    ("AWS::RDS::DBCluster", Named::Database, Form::Part),
    ("AWS::RDS::DBClusterParameterGroup", Named::Database, Form::Whole),
    ("AWS::RDS::DBInstance", Named::Database, Form::Whole),
    ("AWS::RDS::DBParameterGroup", Named::Database, Form::Whole),
    ("AWS::RDS::DBSubnetGroup", Named::Database, Form::Whole),
    ("AWS::S3::Bucket", Named::Bucket, Form::Whole),
    ("AWS::SNS::Topic", Named::Topic, Form::Last),
    ("AWS::SQS::Queue", Named::Queue, Form::Last),
    ("AWS::Scheduler::Schedule", Named::Schedule, Form::Whole),
    ("AWS::SecretsManager::Secret", Named::Secret, Form::Secret),
    ("AWS::StepFunctions::StateMachine", Named::StateMachine, Form::Last),
    ("AWS::WAFv2::WebACL", Named::WebAcl, Form::BeforeBar),
];

/// The kind of name and the name itself that a resource of this type and physical id has; `None` where the type has no
/// name of the template's choice.
fn named<'a>(kind: &str, id: &'a str) -> Option<(Named, &'a str)> {
    let (_, what, form) = TYPES.iter().find(|(known, ..)| *known == kind)?;
    let last = |text: &'a str| {
        let is_path = text.starts_with("arn:") || text.contains("://");
        if is_path { text.rsplit(['/', ':']).next().unwrap_or(text) } else { text }
    };
    let before_id =
        |text: &'a str| if text.starts_with("arn:") { text.rsplit('/').nth(1).unwrap_or(text) } else { text };
    let name = match form {
        Form::Whole => id,
        Form::Part => id.rsplit_once(':').map_or(id, |(_, name)| name),
        Form::Last => last(id),
        Form::BeforeId => before_id(id),
        Form::BeforeBar => id.split_once('|').map_or_else(|| before_id(id), |(name, _)| name),
        Form::AfterBar => id.rsplit_once('|').map_or(id, |(_, name)| name),
        Form::Family => {
            let tail = id.rsplit('/').next().unwrap_or(id);
            tail.split_once(':').map_or(tail, |(family, _)| family)
        }
        Form::Secret => {
            // A secret's name may hold slashes.
            let tail = id.split(":secret:").nth(1).unwrap_or(id);
            let added = tail.rsplit_once('-').filter(|(_, end)| id.starts_with("arn:") && end.len() == 6);
            added.map_or(tail, |(name, _)| name)
        }
    };
    Some((*what, name))
}

/// What is judged of a resource: one name, or the aliases of a key, of which one good one is enough.
pub(super) struct Names {
    pub(super) what: Named,
    pub(super) names: Vec<String>,
    pub(super) region: Option<String>,
    pub(super) hint: Option<&'static str>,
}

impl Names {
    pub(super) fn listed(&self) -> String {
        let names: Vec<String> = self.names.iter().map(|name| format!("`{name}`")).collect();
        format!("{} {}", self.what.text(), names.join(" / "))
    }
}

/// All the names there are, and what has none that could be chosen.
pub(super) struct Collected {
    pub(super) names: Vec<Names>,
    pub(super) skipped: Vec<String>,
    pub(super) gaps: Vec<Gap>,
}

/// Names are a contract of the resources in the path of the data; a log bucket or a custom resource's function may be
/// named otherwise. What the stack lists and nothing else was seen of is taken to be in that path.
pub(super) fn collect(evidence: &Evidence) -> Collected {
    let mut collected = Collected { names: Vec::new(), skipped: Vec::new(), gaps: Vec::new() };
    for subject in evidence.subjects.iter().filter(|subject| subject.role == Role::Primary) {
        if let Err(gap) = subject.is_none_of(|role| role != Role::Primary) {
            collected.gaps.push(gap);
            continue;
        }
        // What is gone is reported where existence is judged; where nobody could tell, the name is known all the same.
        match subject.existence.observed() {
            Observed::Present(Existence::Missing) => continue,
            // Read, so that the finding cites the call that proved it.
            Observed::Present(Existence::Exists) => drop(subject.existence.seen()),
            Observed::Absent | Observed::Unknown(_) => {}
        }
        collected.subject(subject);
    }
    for (_, stack) in evidence.all::<Stack>() {
        collected.listed(stack, evidence);
    }
    collected
}

impl Collected {
    fn subject(&mut self, subject: &Subject) {
        let made_by_aws = match &subject.resource {
            Resource::Key(key) => return self.key(subject, key),
            Resource::Outputs(_) | Resource::Stack(_) | Resource::Account(_) | Resource::Nothing(_) => return,
            Resource::Secret(_) if subject.stack.is_none() => {
                return self.skipped.push(format!("secret `{}`, which exists beforehand", subject.id));
            }
            Resource::Vpc(_) => Some("VPC"),
            Resource::SecurityGroup(_) => Some("security group"),
            Resource::FileSystem(_) => Some("file system"),
            Resource::RestApi(_) => Some("API"),
            Resource::Bucket(_)
            | Resource::Function(_)
            | Resource::LogGroup(_)
            | Resource::Role(_)
            | Resource::ManagedPolicy(_)
            | Resource::Topic(_)
            | Resource::Alarm(_)
            | Resource::LoadBalancer(_)
            | Resource::Cluster(_)
            | Resource::Service(_)
            | Resource::TaskDefinition(_)
            | Resource::Database(_)
            | Resource::Cache(_)
            | Resource::WebAcl(_)
            | Resource::Secret(_) => None,
        };
        match (made_by_aws, named(subject.kind.name(), &subject.id)) {
            (Some(what), _) => self.skipped.push(format!("{what} `{}`, whose id AWS makes", subject.id)),
            (None, Some((what, name))) => {
                self.add(what, name, subject.region.clone(), subject.logical_id.as_deref());
            }
            (None, None) => {
                self.gaps.push(Gap::undecided(format!("how {} `{}` is named is not known", subject.kind, subject.id)));
            }
        }
    }

    fn add(&mut self, what: Named, name: &str, region: Option<String>, logical_id: Option<&str>) {
        if what.is_fixed_by_aws(name) {
            return self.skipped.push(format!("{} `{name}`, which AWS names", what.text()));
        }
        self.names.push(Names {
            what,
            names: vec![name.to_owned()],
            region,
            hint: is_generated(name, logical_id)
                .then_some("CloudFormation made up a name from the logical id: set the name property in the template"),
        });
    }

    /// A key has no name; its aliases count, and without any its Name tag.
    fn key(&mut self, subject: &Subject, key: &Key) {
        let managed = match key.metadata.observed() {
            Observed::Present(metadata) => metadata.manager == Observed::Present(KeyManager::Aws),
            Observed::Absent | Observed::Unknown(_) => false,
        };
        if managed {
            return self.skipped.push(format!("key `{}`, which AWS manages", subject.id));
        }
        let aliases = match key.aliases.seen() {
            Ok(aliases) => aliases.cloned().unwrap_or_else(Vec::new),
            Err(gap) => return self.gaps.push(gap),
        };
        let names: Vec<String> = if aliases.is_empty() {
            match key.tags.seen() {
                Ok(tags) => tags.and_then(|tags| tags.get("Name")).cloned().into_iter().collect(),
                Err(gap) => return self.gaps.push(gap),
            }
        } else {
            aliases
        };
        if names.is_empty() {
            self.skipped.push(format!("key `{}`, which has neither alias nor Name tag", subject.id));
        } else {
            self.names.push(Names { what: Named::KeyAlias, names, region: subject.region.clone(), hint: None });
        }
    }

    /// What the stack lists and is no subject. A listing or an id that was not read may hold a bad name; where there is no
    /// stack there is no listing.
    fn listed(&mut self, stack: &Stack, evidence: &Evidence) {
        if matches!(stack.identity.observed(), Observed::Absent) {
            return;
        }
        let members = match stack.members.required("ListStackResources", "StackResourceSummaries") {
            Ok(members) => members,
            Err(gap) => return self.gaps.push(gap),
        };
        let has_name = |member: &&Member| TYPES.iter().any(|(kind, ..)| *kind == member.kind);
        for member in members.iter().filter(|member| member.is_live()).filter(has_name) {
            match member.physical_id.required("ListStackResources", "PhysicalResourceId") {
                Err(_) if evidence.subjects.iter().any(|subject| is_at(subject, member)) => {}
                Err(gap) => self.gaps.push(gap),
                Ok(id) => {
                    let is_subject = |subject: &Subject| {
                        is_at(subject, member) || named(subject.kind.name(), &subject.id) == named(&member.kind, id)
                    };
                    if let Some((what, name)) = named(&member.kind, id)
                        && !evidence.subjects.iter().any(is_subject)
                    {
                        self.add(what, name, None, Some(&member.logical_id));
                    }
                }
            }
        }
    }
}

/// Whether the subject stands at the member's place in the stack.
fn is_at(subject: &Subject, member: &Member) -> bool {
    subject.stack.as_ref() == Some(&member.stack) && subject.logical_id.as_ref() == Some(&member.logical_id)
}

/// Whether CloudFormation made the name up: the logical id and a dozen random letters at the end.
fn is_generated(name: &str, logical_id: Option<&str>) -> bool {
    let Some(logical_id) = logical_id else {
        return false;
    };
    let (name, logical_id) = (name.to_ascii_lowercase(), logical_id.to_ascii_lowercase());
    let Some((stem, random)) = name.rsplit_once('-') else {
        return false;
    };
    // Long stack names and ids are cut, so the beginning of the logical id has to do.
    let start: String = logical_id.chars().take(12).collect();
    (12..=13).contains(&random.len())
        && random.chars().all(|letter| letter.is_ascii_alphanumeric())
        && stem.contains(&format!("-{start}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_in_each_form_of_physical_id() {
        let arn = |service: &str, rest: &str| format!("arn:aws:{service}:eu-west-2:123456789012:{rest}");
        for (kind, id, name) in [
            ("AWS::SNS::Topic", arn("sns", "topic-alerts-dev"), "topic-alerts-dev"),
            ("AWS::SQS::Queue", "https://sqs.eu-west-2.amazonaws.com/123456789012/queue-dev".into(), "queue-dev"),
            ("AWS::SQS::Queue", "http://localhost:4566/123456789012/queue-dev".into(), "queue-dev"),
            ("AWS::CloudTrail::Trail", "trail-dev".into(), "trail-dev"),
            ("AWS::CloudTrail::Trail", arn("cloudtrail", "trail/trail-dev"), "trail-dev"),
            ("AWS::CloudWatch::Alarm", "alarm/cpu:dev".into(), "alarm/cpu:dev"),
            ("AWS::RDS::DBCluster", "aurora-dev".into(), "aurora-dev"),
            ("AWS::RDS::DBCluster", "db:aurora-dev-a".into(), "aurora-dev-a"),
            ("AWS::Events::Rule", "rule-dev".into(), "rule-dev"),
            ("AWS::Events::Rule", "bus-dev|rule-dev".into(), "rule-dev"),
            ("AWS::ECS::Cluster", "cluster-dev".into(), "cluster-dev"),
            ("AWS::ECS::Service", arn("ecs", "service/cluster-dev/service-dev"), "service-dev"),
            ("AWS::ECS::TaskDefinition", arn("ecs", "task-definition/task-dev:7"), "task-dev"),
            (
                "AWS::ElasticLoadBalancingV2::LoadBalancer",
                arn("elasticloadbalancing", "loadbalancer/app/alb-dev/50dc6c495c0c9188"),
                "alb-dev",
            ),
            (
                "AWS::ElasticLoadBalancingV2::TargetGroup",
                arn("elasticloadbalancing", "targetgroup/tg-dev/73e2d6bc24d8a067"),
                "tg-dev",
            ),
            ("AWS::WAFv2::WebACL", "acl-dev|1111-2222|REGIONAL".into(), "acl-dev"),
            ("AWS::WAFv2::WebACL", arn("wafv2", "regional/webacl/acl-dev/1111-2222"), "acl-dev"),
            ("AWS::SecretsManager::Secret", arn("secretsmanager", "secret:app/db-dev-AbC123"), "app/db-dev"),
            ("AWS::IAM::ManagedPolicy", "arn:aws:iam::123456789012:policy/path/policy-dev".into(), "policy-dev"),
            ("AWS::StepFunctions::StateMachine", arn("states", "stateMachine:machine-dev"), "machine-dev"),
        ] {
            assert_eq!(named(kind, &id).map(|(_, name)| name), Some(name), "{kind} {id}");
        }
        assert_eq!(named("AWS::EC2::VPC", "vpc-1"), None);
        assert_eq!(named("AWS::Logs::MetricFilter", "filter"), None);
    }
}
