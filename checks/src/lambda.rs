//! Lambda functions: what is seen of them, and the checks of their requirements.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::check::Check;
use crate::observed::{Gap, Observed, Seen};
use crate::outputs::SecretLook;

/// The checks of this file, in catalog order.
pub fn checks() -> Vec<Check> {
    Vec::new()
}

/// What was seen of a function.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Function {
    /// The configuration of the unqualified function, `$LATEST`.
    pub configuration: Seen<Configuration>,
    /// The configuration of each version or alias that a notification of an audited bucket names, by qualifier.
    pub qualified: BTreeMap<String, Seen<Configuration>>,
    /// The reserved concurrency; absent means that none is reserved.
    pub reserved_concurrency: Seen<i32>,
    /// The function URLs, of aliases too; an empty list means none.
    pub urls: Seen<Vec<FunctionUrl>>,
    /// What happens to failed asynchronous invokes, by qualifier (`$LATEST` for none); absent means that nothing is configured.
    pub event_invoke: BTreeMap<String, Seen<EventInvoke>>,
    /// The VPC endpoints for S3 in the function's VPC; absent when it is in none.
    pub s3_endpoints: Seen<Vec<VpcEndpoint>>,
    /// The route tables of the function's subnets, read only where endpoints are required on them.
    pub route_tables: Seen<Vec<RouteTable>>,
    /// Invocations in the window that the log requirement looks at; `NotCollected` where it is switched off.
    pub recent_invocations: Seen<u64>,
    /// Tags; absent means none.
    pub tags: Seen<BTreeMap<String, String>>,
}

/// The configuration of a function, as one call answers it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Configuration {
    /// The full ARN without a qualifier.
    pub arn: Observed<String>,
    /// The function's name.
    pub name: Observed<String>,
    /// Whether it can be invoked.
    pub state: Observed<State>,
    /// Why it is in that state, as Lambda's code.
    pub state_reason: Observed<String>,
    /// How the last update went.
    pub last_update: Observed<LastUpdate>,
    /// Why the last update went that way, as Lambda's code.
    pub last_update_reason: Observed<String>,
    /// The execution role's ARN.
    pub role: Observed<String>,
    /// Memory in megabytes.
    pub memory_mb: Observed<i32>,
    /// The time limit in seconds.
    pub timeout_s: Observed<i32>,
    /// The runtime's identifier; absent for container images.
    pub runtime: Observed<String>,
    /// Whether the code is an archive or a container image.
    pub package: Observed<Package>,
    /// The key of the environment, as written; absent means the AWS-managed key `aws/lambda`.
    pub kms_key: Observed<String>,
    /// The environment; absent means that there are no variables.
    pub environment: Observed<Environment>,
    /// The VPC; absent means that the function is in none.
    pub vpc: Observed<Vpc>,
    /// The log group that it writes to; absent means `/aws/lambda/<name>`.
    pub log_group: Observed<String>,
    /// The ARN of the dead-letter queue or topic; absent means none.
    pub dead_letter: Observed<String>,
}

/// Whether a function can be invoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// It can.
    Active,
    /// It has been idle; the next invoke wakes it.
    Inactive,
    /// It is being made.
    Pending,
    /// It could not be made.
    Failed,
    /// It is being deactivated.
    Deactivating,
    /// It was deactivated.
    Deactivated,
    /// It is active and cannot be invoked.
    ActiveNonInvocable,
    /// It is being deleted.
    Deleting,
}

/// How the last update of a function went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LastUpdate {
    /// It is in force.
    Successful,
    /// It was refused.
    Failed,
    /// It is under way.
    InProgress,
}

/// How a function's code is packaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Package {
    /// An archive, run by a runtime of Lambda.
    Zip,
    /// A container image, which brings its own.
    Image,
}

/// The environment of a function. Values never leave the collector.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Environment {
    /// The variables, in name order, with what was judged of each value before it was dropped.
    Readable(Vec<Variable>),
    /// There are variables, and KMS did not decrypt them for the auditor: the normal reply without `kms:Decrypt`.
    Encrypted {
        /// The error code that Lambda gave.
        code: String,
    },
}

/// One environment variable, reduced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// How long its value is, roughly.
    pub length: LengthClass,
    /// What its value is, as far as it was judged.
    pub value: ValueLook,
    /// Whether the value is a published default: one of the known list, or a default of the deployed template.
    pub published_default: Observed<PublishedDefault>,
}

/// How long a value is, roughly; the exact length would narrow a guess.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LengthClass {
    /// No characters.
    Empty,
    /// One to fifteen characters.
    Short,
    /// Sixteen to sixty-three characters.
    Medium,
    /// Sixty-four characters or more.
    Long,
}

/// What a value is, as far as it can be told by looking at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ValueLook {
    /// Nothing.
    Empty,
    /// The ARN of a secret, the path of a parameter, or a `{{resolve:}}` text: it names a secret and is none.
    Reference,
    /// It looks like a live credential.
    Credential(SecretLook),
    /// Anything else.
    Literal,
}

/// Whether a value is a published default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PublishedDefault {
    /// It is none that is known.
    No,
    /// It is on the list of known published defaults.
    KnownList,
    /// It equals the default of a secret-looking parameter of the deployed template.
    TemplateDefault,
}

/// The VPC of a function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vpc {
    /// The VPC's id.
    pub id: String,
    /// The subnets' ids.
    pub subnets: Vec<String>,
}

/// A function URL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionUrl {
    /// The ARN of the function or alias that it invokes.
    pub function_arn: String,
    /// Who may call it.
    pub auth: Observed<UrlAuth>,
    /// The origins that browsers may call it from.
    pub allowed_origins: Vec<String>,
}

/// Who may call a function URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum UrlAuth {
    /// Principals that IAM allows.
    AwsIam,
    /// Anyone.
    None,
}

/// What happens to failed asynchronous invokes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventInvoke {
    /// Where failed events go; absent means nowhere.
    pub on_failure: Observed<String>,
    /// How often a failed invoke is repeated; absent means twice.
    pub maximum_retries: Observed<i32>,
}

/// A VPC endpoint for S3.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VpcEndpoint {
    /// Its id.
    pub id: String,
    /// What kind it is.
    pub kind: Observed<EndpointKind>,
    /// Its state in lower case, as the API writes it: `available` when it works.
    pub state: Observed<String>,
    /// The route tables that lead to a gateway endpoint.
    pub route_tables: Vec<String>,
    /// Whether an interface endpoint answers to S3's own names.
    pub private_dns: Observed<crate::s3::Switch>,
}

/// The kind of a VPC endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EndpointKind {
    /// A target in route tables.
    Gateway,
    /// A network interface.
    Interface,
    /// Any other kind, which does not serve S3's names.
    Other,
}

/// A route table of the function's VPC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteTable {
    /// Its id.
    pub id: String,
    /// Whether it is the VPC's main one, which serves subnets without their own.
    pub main: crate::s3::Switch,
    /// The subnets associated with it.
    pub subnets: Vec<String>,
}

impl Function {
    /// The evidence of a function of which nothing could be seen.
    pub fn unknown(gap: &Gap) -> Self {
        Function {
            configuration: Seen::gap(gap.clone()),
            qualified: BTreeMap::new(),
            reserved_concurrency: Seen::gap(gap.clone()),
            urls: Seen::gap(gap.clone()),
            event_invoke: BTreeMap::from([("$LATEST".to_owned(), Seen::gap(gap.clone()))]),
            s3_endpoints: Seen::gap(gap.clone()),
            route_tables: Seen::gap(gap.clone()),
            recent_invocations: Seen::gap(gap.clone()),
            tags: Seen::gap(gap.clone()),
        }
    }
}
