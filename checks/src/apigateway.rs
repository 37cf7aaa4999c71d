//! API Gateway: what is seen of them, and the checks of their requirements.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::check::Check;
use crate::observed::{Gap, Observed, Seen};
use crate::s3::Switch;
use crate::verdict::{Judgement, every};

mod authorization;
mod cache;
mod deployed;
#[cfg(test)]
pub(crate) mod fixture;
mod integration;
mod logging;
mod protection;
mod throttling;

pub(crate) use logging::GroupArn;
pub(crate) use protection::protection;

/// The checks of this file, in catalog order.
pub fn checks() -> Vec<Check> {
    vec![
        Check::new("apigw-rest-api-deployed", deployed::deployed).when_none(deployed::no_api),
        Check::new("apigw-waf-associated", protection::associated),
        Check::across("apigw-throttling", throttling::throttled),
        Check::across("apigw-access-logging", logging::access),
        Check::across("apigw-execution-logging", logging::execution),
        Check::new("apigw-data-trace-off", logging::data_trace),
        Check::new("apigw-authorization", authorization::authorized),
        Check::across("apigw-integration-private-tls", integration::private_tls),
        Check::new("apigw-cache-encrypted", cache::encrypted),
    ]
}

/// What was seen of one AWS::ApiGateway::RestApi.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RestApi {
    /// How the API can be reached; API Gateway answers at least one type.
    pub endpoint_types: Seen<Vec<EndpointType>>,
    /// The security policy of the API's own host name, such as `TLS_1_2`; absent is API Gateway's default.
    pub security_policy: Seen<String>,
    /// Whether API Gateway is done with it; absent in answers of the time before there was a status.
    pub status: Seen<ApiStatus>,
    /// Whether a resource policy says which accounts and networks may call it.
    pub resource_policy: Seen<Switch>,
    /// Its stages; an empty list means that nobody can call it.
    pub stages: Seen<Vec<Stage>>,
    /// The web ACL of each stage by ARN, by the stage's name, as AWS WAF answers; absent means none.
    pub web_acls: BTreeMap<String, Seen<String>>,
    /// Its methods as they are now; a stage serves them as they were when it was last deployed. An empty list means none.
    pub methods: Seen<Vec<Method>>,
    /// The ids of its authorizers; an empty list means none.
    pub authorizers: Seen<Vec<String>>,
    /// What API Gateway is set to for the whole account in the region.
    pub account: Seen<AccountSettings>,
    /// The usage plans of the account in the region; an empty list means none.
    pub usage_plans: Seen<Vec<UsagePlan>>,
    /// The VPC links of the older kind, to network load balancers; an empty list means none. Read only where an
    /// integration goes by a link.
    pub vpc_links: Seen<Vec<VpcLink>>,
}

/// Whether API Gateway is done with an API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "each is the token of the service's ApiStatus")]
pub enum ApiStatus {
    Available,
    Updating,
    Pending,
    Failed,
}

/// A stage of an API: what clients call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// Its name.
    pub name: String,
    /// The deployment that it serves; absent means that it serves nothing.
    pub deployment: Observed<String>,
    /// The ARN of its web ACL as API Gateway answers it; absent means none.
    pub web_acl: Observed<String>,
    /// Where and how requests are logged; absent means that they are not.
    pub access_log: Observed<AccessLog>,
    /// Whether it has a cache; absent means that it has none.
    pub cache: Switch,
    /// The settings of its methods by `*/*` or the escaped path with the verb, such as `~1patients/GET`; an empty map
    /// means that nothing was set.
    pub settings: BTreeMap<String, MethodSetting>,
    /// The variables that integrations use, by name, with what they say of the host that is called.
    pub variables: BTreeMap<String, String>,
    /// The same of its canary, where that has others; an empty map means that the canary has none of its own.
    pub canary_variables: BTreeMap<String, String>,
}

/// Where and how a stage logs requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessLog {
    /// The ARN of the log group or of the stream; API Gateway always answers it.
    pub destination: Observed<String>,
    /// The format, with its `$context` names; API Gateway always answers it.
    pub format: Observed<String>,
}

/// What a stage is set to do with the requests of a method, or of all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MethodSetting {
    /// What is written to the execution log; absent means nothing.
    pub logging: Observed<LoggingLevel>,
    /// Whether whole requests and answers are written there; absent means off.
    pub data_trace: Switch,
    /// Requests in a second: -1 lifts the limit, 0 lets none through or says that it is not set.
    pub rate: f64,
    /// Requests at once: -1 lifts the limit, 0 lets none through or says that it is not set.
    pub burst: i32,
    /// Whether answers are cached; absent means off.
    pub caching: Switch,
    /// Whether what is cached is encrypted; absent means off.
    pub cache_encrypted: Switch,
}

/// What is written to the execution log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs, reason = "each is the token of the service's loggingLevel")]
pub enum LoggingLevel {
    Off,
    Error,
    Info,
}

/// A method of a resource of an API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Method {
    /// The path of its resource, such as `/patients/{id}`.
    pub path: String,
    /// The verb; `ANY` stands for every one.
    pub verb: String,
    /// Who may call it; API Gateway always answers it where methods were asked for.
    pub authorization: Observed<Authorization>,
    /// The id of its authorizer; absent means that it names none.
    pub authorizer: Observed<String>,
    /// Whether a caller needs an API key; absent means no.
    pub api_key: Observed<Switch>,
    /// What answers it; absent means that nothing does, and then it cannot be deployed.
    pub integration: Observed<Integration>,
}

/// Who may call a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Authorization {
    /// Anybody.
    None,
    /// Who signs as a principal of IAM that may.
    Iam,
    /// Whom a function lets pass.
    Custom,
    /// Who has a token of a Cognito user pool.
    Cognito,
}

/// What answers a method.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Integration {
    /// What kind of thing answers; API Gateway always answers it.
    pub kind: Observed<IntegrationKind>,
    /// The scheme and host of the URI, with the stage variables in it; absent where nothing is called.
    pub uri: Observed<String>,
    /// By which way it is called; absent means by the internet.
    pub connection: Observed<Connection>,
    /// The id of the VPC link, or the stage variable that holds it; absent where it goes by none.
    pub link: Observed<String>,
    /// The ARN of the load balancer behind a VPC link of the newer kind; absent with the older.
    pub target: Observed<String>,
    /// Whether the certificate of the other side is not looked at; absent means that it is.
    pub skips_verification: Switch,
}

/// What kind of thing answers a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IntegrationKind {
    /// API Gateway itself.
    Mock,
    /// A service of AWS, such as Lambda.
    Aws,
    /// A host that speaks HTTP.
    Http,
}

/// By which way a host is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Connection {
    /// By its public address.
    Internet,
    /// By a VPC link.
    VpcLink,
}

/// What API Gateway is set to for a whole account in a region.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AccountSettings {
    /// The ARN of the role by which it writes logs; absent means that it writes none.
    pub log_role: Observed<String>,
    /// Requests in a second that all APIs may take together; absent in the answers of emulators.
    pub rate: Observed<f64>,
    /// Requests at once that all APIs may take together; absent in the answers of emulators.
    pub burst: Observed<i32>,
}

/// A usage plan: what callers with one API key may take.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UsagePlan {
    /// Its id.
    pub id: String,
    /// Requests in a second and at once; absent means that it does not throttle.
    pub throttle: Observed<Throttle>,
    /// The stages that it is for, as API id and stage name.
    pub stages: Vec<(String, String)>,
}

/// How many requests are let through.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Throttle {
    /// In a second.
    pub rate: f64,
    /// At once.
    pub burst: i32,
}

/// A VPC link to network load balancers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VpcLink {
    /// Its id.
    pub id: String,
    /// Whether it works; API Gateway always answers it.
    pub status: Observed<LinkStatus>,
    /// The load balancers behind it, by ARN.
    pub targets: Vec<String>,
}

/// Whether a VPC link works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs, reason = "each is the token of the service's VpcLinkStatus")]
pub enum LinkStatus {
    Available,
    Pending,
    Deleting,
    Failed,
}

/// How a REST API can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndpointType {
    /// From the internet, by way of the edge network.
    Edge,
    /// From the internet, in its region.
    Regional,
    /// From VPC endpoints only.
    Private,
}

/// A custom domain name of the account, in the run's region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DomainName {
    /// Its name.
    pub name: String,
    /// Its ARN; absent on all but private ones.
    pub arn: Observed<String>,
    /// The policy that says which versions of TLS it takes, such as `TLS_1_2`; API Gateway always answers it.
    pub security_policy: Observed<String>,
    /// How it can be reached; API Gateway answers at least one type.
    pub endpoint_types: Observed<Vec<EndpointType>>,
}

impl RestApi {
    /// The evidence of one of which nothing could be seen.
    pub fn unknown(gap: &Gap) -> Self {
        RestApi {
            endpoint_types: Seen::gap(gap.clone()),
            security_policy: Seen::gap(gap.clone()),
            status: Seen::gap(gap.clone()),
            resource_policy: Seen::gap(gap.clone()),
            stages: Seen::gap(gap.clone()),
            web_acls: BTreeMap::new(),
            methods: Seen::gap(gap.clone()),
            authorizers: Seen::gap(gap.clone()),
            account: Seen::gap(gap.clone()),
            usage_plans: Seen::gap(gap.clone()),
            vpc_links: Seen::gap(gap.clone()),
        }
    }

    /// Its stages.
    ///
    /// # Errors
    /// The gap, when there is no usable answer.
    pub fn stages(&self) -> Result<&[Stage], Gap> {
        Ok(self.stages.required(STAGES, "item")?)
    }

    fn methods(&self) -> Result<&[Method], Gap> {
        Ok(self.methods.required(RESOURCES, "items")?)
    }

    /// Judges each stage by itself. An API without stages is another requirement's matter.
    fn each_stage(&self, judge: impl Fn(&Stage) -> Judgement) -> Judgement {
        let parts = self.stages()?.iter().map(|stage| Ok(judge(stage)?.about(&format!("stage {}", stage.name))));
        every(parts, || Err(Gap::depends_on("apigw-rest-api-deployed", "the API has no stage")))
    }
}

impl Stage {
    /// What is set for all methods at once.
    fn general(&self) -> Option<&MethodSetting> {
        self.settings.get(EVERY_METHOD)
    }

    /// What is set for single methods, each with the name that a reader knows.
    fn single(&self) -> impl Iterator<Item = (String, &MethodSetting)> {
        self.settings.iter().filter(|(key, _)| *key != EVERY_METHOD).map(|(key, setting)| (method_name(key), setting))
    }
}

impl Method {
    /// The name that a reader knows it by.
    fn name(&self) -> String {
        format!("{} {}", self.verb, self.path)
    }
}

const STAGES: &str = "GetStages";
const RESOURCES: &str = "GetResources";
const SETTINGS: &str = "GetAccount";
const LINKS: &str = "GetVpcLinks";
/// The key of the settings that hold for every method without its own.
const EVERY_METHOD: &str = "*/*";

/// `~1patients~1{id}/GET` as a reader knows it: `GET /patients/{id}`.
fn method_name(key: &str) -> String {
    match key.rsplit_once('/') {
        Some((path, verb)) => format!("{verb} {}", path.replace("~1", "/").replace("~0", "~")),
        None => key.to_owned(),
    }
}
