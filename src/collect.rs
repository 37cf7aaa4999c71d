//! From outputs to evidence: finds the live resources behind the outputs, walks from each to those it rests on, and
//! collects everything that requirements ask about, concurrently.
//!
//! Each service has one file under `collect/`. A collector sees and does not judge: it asks through
//! [`call::Aws::ask`], takes from the answer what the evidence of `tap-audit-checks` holds, and names the resources that
//! it found on the way with [`Walk::reach`].

pub(crate) mod apigateway;
mod assemble;
mod backup;
pub mod call;
pub mod clients;
pub(crate) mod cloudformation;
pub(crate) mod cloudtrail;
pub(crate) mod cloudwatch;
pub(crate) mod config;
pub(crate) mod ec2;
pub(crate) mod ecs;
pub(crate) mod efs;
pub(crate) mod elasticache;
pub(crate) mod elbv2;
pub(crate) mod eventbridge;
#[cfg(test)]
pub(crate) mod fixture;
pub mod gather;
pub(crate) mod iam;
pub(crate) mod kms;
pub(crate) mod lambda;
pub(crate) mod logs;
pub(crate) mod network;
pub(crate) mod rds;
pub(crate) mod s3;
pub(crate) mod s3control;
pub(crate) mod secretsmanager;
pub(crate) mod sns;
pub(crate) mod sts;
pub(crate) mod wafv2;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;

use tap_audit_checks::observed::{Gap, Observed, Seen};
use tap_audit_checks::subject::{Existence, Kind, Resource};

use call::{Aws, ValueDigest};
use tokio::sync::Notify;

use crate::template::Passwords;

/// A resource that has to be looked at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// What kind of thing it is; only kinds that are subjects of their own.
    pub kind: Kind,
    /// Its id: bucket, function, role or log group name, key id or `alias/name`.
    pub id: String,
    /// The region to look in; the run's region for global kinds.
    pub region: String,
}

impl Reference {
    /// Whether it names an alias or a part, which leads to the subject: a key's alias, an instance of a database cluster,
    /// an access point of a file system, a load balancer's name or a web ACL's.
    pub(crate) fn leads_elsewhere(&self) -> bool {
        match self.kind {
            Kind::Key => self.id.starts_with("alias/"),
            Kind::Database => rds::is_part(&self.id),
            Kind::FileSystem => efs::is_part(&self.id),
            Kind::LoadBalancer | Kind::WebAcl => !self.id.starts_with("arn:"),
            Kind::Outputs
            | Kind::Stack
            | Kind::Account
            | Kind::Bucket
            | Kind::Function
            | Kind::LogGroup
            | Kind::Role
            | Kind::ManagedPolicy
            | Kind::Topic
            | Kind::Alarm
            | Kind::Vpc
            | Kind::SecurityGroup
            | Kind::Cluster
            | Kind::Service
            | Kind::TaskDefinition
            | Kind::Cache
            | Kind::RestApi
            | Kind::Secret => false,
        }
    }
}

/// How a resource was reached.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relation {
    /// An output of the file names it.
    Output {
        /// The output's key.
        key: String,
    },
    /// The listing of a stack holds it.
    Member {
        /// The stack.
        stack: String,
        /// The logical id there.
        logical_id: String,
    },
    /// It is the execution role of a function.
    RoleOf {
        /// The function's name.
        function: String,
    },
    /// It encrypts a resource.
    KeyOf {
        /// The resource's kind.
        kind: Kind,
        /// The resource's id.
        id: String,
        /// The key as the resource names it.
        named: String,
    },
    /// Another form of its name: the alias that leads to a key.
    NamedBy {
        /// That form.
        name: String,
    },
    /// A function writes to it.
    LogGroupOf {
        /// The function's name.
        function: String,
    },
    /// A bucket notifies it.
    NotifiedBy {
        /// The bucket's name.
        bucket: String,
        /// The version or alias that the notification names.
        qualifier: Option<String>,
    },
    /// It receives the access logs of a bucket.
    LogTargetOf {
        /// The bucket's name.
        bucket: String,
    },
    /// A trail rests on it: its bucket, key, log group or the role by which it writes there.
    OfTrail {
        /// What it is to the trail.
        what: &'static str,
        /// The trail's name.
        trail: String,
    },
    /// Another resource rests on it or leads to it.
    Of {
        /// What it is to that resource, such as `subnet group's VPC`.
        what: &'static str,
        /// That resource's kind.
        kind: Kind,
        /// That resource's id.
        id: String,
    },
}

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Relation::Output { key } => write!(f, "output {key}"),
            Relation::Member { stack, logical_id } => write!(f, "member {logical_id} of stack {stack}"),
            Relation::RoleOf { function } => write!(f, "execution role of function {function}"),
            Relation::KeyOf { kind, id, named: _ } => write!(f, "encryption key of {kind} {id}"),
            Relation::NamedBy { name } => write!(f, "target of {name}"),
            Relation::LogGroupOf { function } => write!(f, "log group of function {function}"),
            Relation::NotifiedBy { bucket, qualifier: None } => write!(f, "notification target of bucket {bucket}"),
            Relation::NotifiedBy { bucket, qualifier: Some(qualifier) } => {
                write!(f, "notification target of bucket {bucket}, qualifier {qualifier}")
            }
            Relation::LogTargetOf { bucket } => write!(f, "access log target of bucket {bucket}"),
            Relation::OfTrail { what, trail } => write!(f, "{what} of trail {trail}"),
            Relation::Of { what, kind, id } => write!(f, "{what} of {kind} {id}"),
        }
    }
}

/// What a collector brings back of one resource.
#[derive(Clone, Debug)]
pub struct Collected {
    /// Whether it is there.
    pub existence: Seen<Existence>,
    /// Its ARN.
    pub arn: Option<String>,
    /// Its region, as far as the answers tell; `None` for global kinds.
    pub region: Option<String>,
    /// What was seen of it.
    pub resource: Resource,
}

/// What the profile's parameters switch on or off in the collection. Each costs calls or rights that the default
/// audit does not need.
#[derive(Clone, Debug)]
pub struct Scope {
    /// How many objects of a bucket are sampled; 0 is off.
    pub sample_objects: i32,
    /// Whether buckets are looked into for being empty.
    pub check_bucket_empty: bool,
    /// Whether the arrival of log events and the invocations behind them are read.
    pub log_events: bool,
    /// How many days back invocations are counted.
    pub log_silence_days: i64,
    /// Whether the grants on keys are read.
    pub key_grants: bool,
    /// Whether the route tables of a function's subnets are read.
    pub route_tables: bool,
    /// Whether event data stores are listed.
    pub event_data_stores: bool,
    /// The stack name that the user gave.
    pub stack_name: Option<String>,
    /// The requirements that the profile selects.
    pub requirements: BTreeSet<String>,
    /// The kinds of resource that are looked for in outputs and stacks; `None` for every kind. What another resource
    /// leads to is collected whatever its kind.
    pub kinds: Option<BTreeSet<Kind>>,
}

impl Scope {
    /// The scope of a walk that collects nothing but what it is told to.
    pub(crate) const NOTHING: Scope = Scope {
        sample_objects: 0,
        check_bucket_empty: false,
        log_events: false,
        log_silence_days: 1,
        key_grants: false,
        route_tables: false,
        event_data_stores: false,
        stack_name: None,
        requirements: BTreeSet::new(),
        kinds: None,
    };

    /// Whether resources of this kind are looked for in outputs and stacks.
    pub fn looks_for(&self, kind: Kind) -> bool {
        self.kinds.as_ref().is_none_or(|kinds| kinds.contains(&kind))
    }

    /// Whether the profile selects a requirement whose id starts with one of these: only then is what it asks for read.
    pub fn selects(&self, starts: &[&str]) -> bool {
        self.requirements.iter().any(|id| starts.iter().any(|start| id.starts_with(start)))
    }
}

/// The walk from resource to resource. Collectors get it, ask through it and tell it what they found.
pub struct Walk<'a> {
    /// AWS.
    pub aws: &'a Aws,
    /// What is switched on.
    pub scope: &'a Scope,
    /// The account that every resource has to be in: the outputs' own, or else the caller's.
    pub account: String,
    /// The partition.
    pub partition: String,
    /// The region of the run.
    pub region: String,
    found: RefCell<Vec<(Reference, Relation)>>,
    /// Digests of environment values, by function, qualifier and variable name, for the comparison with defaults.
    pub(crate) values: RefCell<BTreeMap<(String, String, String), ValueDigest>>,
    /// Digests of the literal defaults of secret-looking parameters in the templates that were read.
    pub(crate) defaults: RefCell<HashSet<ValueDigest>>,
    /// Whether the templates of the stacks were read to the end of their parameters; `None` when none was asked for.
    pub(crate) defaults_read: RefCell<Option<Seen<()>>>,
    /// Where the databases of each stack's template take their master passwords from, by the stack's name.
    pub(crate) passwords: RefCell<BTreeMap<String, Seen<Passwords>>>,
    /// The live outputs of the stacks; `None` when no stack is known. Values are kept as digests only.
    pub(crate) live_outputs: RefCell<Option<Seen<Vec<LiveRaw>>>>,
    not_covered: RefCell<BTreeSet<tap_audit_checks::evidence::NotCovered>>,
    news: Notify,
}

/// A live output of a stack, reduced.
#[derive(Clone, Debug)]
pub(crate) struct LiveRaw {
    /// The stack.
    pub(crate) stack: String,
    /// The key.
    pub(crate) key: String,
    /// The value's digest.
    pub(crate) digest: ValueDigest,
    /// Whether the value looks like a credential.
    pub(crate) secret: Option<tap_audit_checks::outputs::SecretLook>,
}

impl fmt::Debug for Walk<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Walk").field("account", &self.account).field("region", &self.region).finish_non_exhaustive()
    }
}

impl<'a> Walk<'a> {
    /// Starts a walk in this account, partition and region.
    pub fn new(aws: &'a Aws, scope: &'a Scope, account: &str, partition: &str, region: &str) -> Self {
        Walk {
            aws,
            scope,
            account: account.to_owned(),
            partition: partition.to_owned(),
            region: region.to_owned(),
            found: RefCell::new(Vec::new()),
            values: RefCell::new(BTreeMap::new()),
            defaults: RefCell::new(HashSet::new()),
            defaults_read: RefCell::new(None),
            passwords: RefCell::new(BTreeMap::new()),
            live_outputs: RefCell::new(None),
            not_covered: RefCell::new(BTreeSet::new()),
            news: Notify::new(),
        }
    }

    /// Tells the walk that a resource was found on the way. It will be collected once, however often it is reached.
    pub fn reach(&self, reference: Reference, relation: Relation) {
        self.found.borrow_mut().push((reference, relation));
        self.news.notify_one();
    }

    /// Reaches the key that another resource names, in whatever form it does: id, ARN, alias name or alias ARN.
    pub fn reach_key(&self, named: &str, region: &str, kind: Kind, id: &str) {
        let relation = Relation::KeyOf { kind, id: id.to_owned(), named: named.to_owned() };
        self.reach(self.key_reference(named, region), relation);
    }

    /// The reference to a key in its shortest form, so that id and ARN of one key are asked about once.
    pub fn key_reference(&self, named: &str, region: &str) -> Reference {
        let parts: Vec<&str> = named.splitn(6, ':').collect();
        let (id, region) = match parts.as_slice() {
            ["arn", _, "kms", region, account, rest] if *account == self.account => match rest.strip_prefix("key/") {
                Some(id) => (id.to_owned(), (*region).to_owned()),
                None => ((*rest).to_owned(), (*region).to_owned()),
            },
            // A key of another account keeps its ARN: its id means nothing in this one.
            ["arn", _, "kms", region, _, _] => (named.to_owned(), (*region).to_owned()),
            _ => (named.to_owned(), region.to_owned()),
        };
        Reference { kind: Kind::Key, id, region }
    }

    /// Notes a member of the stack that no collector covers, so that the report can say so.
    pub fn not_covered(&self, kind: &str, logical_id: &str, id: Option<&str>, reason: &str) {
        self.not_covered.borrow_mut().insert(tap_audit_checks::evidence::NotCovered {
            kind: kind.to_owned(),
            logical_id: logical_id.to_owned(),
            id: id.map(str::to_owned),
            reason: reason.to_owned(),
        });
    }

    fn take_found(&self) -> Vec<(Reference, Relation)> {
        self.found.take()
    }
}

/// Reads from the call that describes a resource whether it is there: an answer says yes, "does not exist" says no,
/// anything else is a gap.
pub(crate) fn existence<T>(described: &Seen<T>) -> Seen<Existence> {
    let observed = match described.observed() {
        Observed::Present(_) | Observed::Absent => Observed::Present(Existence::Exists),
        Observed::Unknown(Gap::Missing { .. }) => Observed::Present(Existence::Missing),
        Observed::Unknown(gap) => Observed::Unknown(gap.clone()),
    };
    Seen::new(observed, described.calls().to_vec())
}

/// The calls that a subject of this kind takes. Some are made only where a parameter or an answer asks for them.
pub(crate) fn calls_for(kind: Kind) -> Vec<&'static call::Call> {
    let groups: &[&[&'static call::Call]] = match kind {
        Kind::Outputs => &[sts::CALLS],
        Kind::Stack => &[cloudformation::CALLS, network::ADDRESS_CALLS],
        Kind::Account => &[
            s3control::CALLS,
            cloudtrail::CALLS,
            logs::ACCOUNT_CALLS,
            cloudwatch::VIEW_CALLS,
            config::CALLS,
            eventbridge::BUS_CALLS,
            apigateway::DOMAIN_CALLS,
            network::ENDPOINT_CALLS,
        ],
        Kind::Bucket => &[s3::CALLS, eventbridge::CALLS],
        Kind::Function => &[lambda::CALLS, cloudwatch::CALLS, ec2::CALLS],
        Kind::Key => &[kms::CALLS],
        Kind::LogGroup => &[logs::CALLS],
        Kind::Role => &[iam::CALLS],
        Kind::ManagedPolicy => &[iam::POLICY_CALLS],
        Kind::Topic => &[sns::CALLS],
        Kind::Alarm => &[cloudwatch::ALARM_CALLS],
        Kind::Vpc => &[ec2::VPC_CALLS],
        Kind::SecurityGroup => &[ec2::GROUP_CALLS],
        Kind::LoadBalancer => &[elbv2::CALLS],
        Kind::Cluster => &[ecs::CALLS, ec2::ADDRESS_CALLS],
        Kind::Service => &[ecs::SERVICE_CALLS, elbv2::TARGET_GROUP_CALLS],
        Kind::TaskDefinition => &[ecs::DEFINITION_CALLS],
        Kind::Database => &[rds::CALLS],
        Kind::FileSystem => &[efs::CALLS],
        Kind::Cache => &[elasticache::CALLS],
        Kind::RestApi => &[apigateway::CALLS],
        Kind::WebAcl => &[wafv2::CALLS],
        Kind::Secret => &[secretsmanager::CALLS],
    };
    groups.iter().copied().flatten().copied().collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_readme_lists_each_permission_that_a_call_needs_and_no_other() {
        let readme = include_str!("../README.md");
        let (_, list) = readme.split_once("<!-- permissions:").expect("the list");
        let (list, _) = list.split_once("<!-- end of permissions -->").expect("its end");
        let listed: BTreeSet<&str> = list
            .split_whitespace()
            .filter(|word| {
                word.split_once(':').is_some_and(|(service, action)| {
                    !service.is_empty() && action.starts_with(|letter: char| letter.is_ascii_uppercase())
                })
            })
            .collect();
        let calls = Kind::ALL.into_iter().flat_map(calls_for);
        let needed: BTreeSet<&str> =
            calls.map(|call| call.permission).filter(|permission| !permission.is_empty()).collect();
        assert_eq!(listed, needed);
    }

    #[test]
    fn every_call_only_reads() {
        for call in Kind::ALL.into_iter().flat_map(calls_for) {
            let reads = ["Get", "List", "Describe", "Head"].iter().any(|verb| call.operation.starts_with(verb));
            assert!(reads, "{} {}", call.service, call.operation);
        }
    }
}
