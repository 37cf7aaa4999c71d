//! Lambda functions: what is seen of them, and the checks of their requirements.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::check::{Check, Context, NoParams};
use crate::observed::{Gap, Observed, Seen};
use crate::outputs::{Outputs, SecretLook};
use crate::policy::model::PolicyText;
use crate::subject::{Existence, Kind, Subject};
use crate::verdict::{Judgement, Verdict, every};
use crate::{cloudformation, logs, s3};

mod environment;
mod permission;
mod runtimes;
#[cfg(test)]
mod tests;

/// The qualifier under which an invoke without a version or alias runs.
pub const LATEST: &str = "$LATEST";

/// The checks of this file, in catalog order.
pub fn checks() -> Vec<Check> {
    vec![
        Check::new("lambda-function-active", active),
        Check::new("lambda-memory-1024", memory),
        Check::new("lambda-timeout-300", timeout),
        Check::across("lambda-runtime-supported", runtimes::supported),
        Check::new("lambda-reserved-concurrency-set", reserved_concurrency),
        Check::across("lambda-env-kms-cmk", environment::customer_key),
        Check::across("lambda-env-kms-is-stack-key", environment::stack_key),
        Check::across("lambda-env-no-plaintext-secret", environment::no_plaintext_secret),
        Check::across("lambda-env-no-known-default-secret", environment::no_known_default),
        Check::across("lambda-invoke-permission-s3-scoped", permission::s3_scoped),
        Check::across("lambda-policy-not-public", permission::not_public),
        Check::new("lambda-no-public-url", no_public_url),
        Check::across("lambda-logs-to-audited-group", audited_log_group),
        Check::across("lambda-failure-destination", failure_destination),
    ]
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
    /// The resource policy of the function and of each version or alias that a notification or a function URL names, by
    /// qualifier (`$LATEST` for none); absent means that there is none.
    pub policies: BTreeMap<String, Seen<PolicyText>>,
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
    pub published_default: Seen<PublishedDefault>,
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
            policies: BTreeMap::from([(LATEST.to_owned(), Seen::gap(gap.clone()))]),
            urls: Seen::gap(gap.clone()),
            event_invoke: BTreeMap::from([(LATEST.to_owned(), Seen::gap(gap.clone()))]),
            s3_endpoints: Seen::gap(gap.clone()),
            route_tables: Seen::gap(gap.clone()),
            recent_invocations: Seen::gap(gap.clone()),
            tags: Seen::gap(gap.clone()),
        }
    }
}

const CONFIGURATION: &str = "GetFunctionConfiguration";

/// Judges the function's own configuration and that of each version or alias that S3 invokes; the worst decides, so
/// that a good `$LATEST` does not hide an old version that runs without key or memory.
fn each_configuration(function: &Function, judge: impl Fn(&Configuration) -> Judgement) -> Judgement {
    each_qualifier(function, |_, configuration| judge(configuration))
}

/// As [`each_configuration`], and says which qualifier it is; `None` for the function's own configuration.
fn each_qualifier(function: &Function, judge: impl Fn(Option<&str>, &Configuration) -> Judgement) -> Judgement {
    let judge = &judge;
    let own =
        std::iter::once_with(|| judge(None, function.configuration.required(CONFIGURATION, "any configuration")?));
    let qualified = function.qualified.iter().map(|(qualifier, seen)| {
        let verdict = judge(Some(qualifier), seen.required(CONFIGURATION, "any configuration")?)?;
        Ok(of_qualifier(qualifier, verdict))
    });
    // The own configuration is always there, so there is no empty case to decide.
    every(own.chain(qualified), || Err(Gap::undecided("the function has no configuration")))
}

/// Says in a verdict which version or alias it is about.
fn of_qualifier(qualifier: &str, verdict: Verdict) -> Verdict {
    let about = |text: String| format!("qualifier {qualifier}: {text}");
    match verdict {
        Verdict::Satisfied { observed, note } => Verdict::Satisfied { observed: about(observed), note },
        Verdict::NotSatisfied { observed, expected, note, weight, grounds } => {
            Verdict::NotSatisfied { observed: about(observed), expected, note, weight, grounds }
        }
        Verdict::NotApplicable { reason, note } => Verdict::NotApplicable { reason: about(reason), note },
    }
}

impl State {
    /// The state as Lambda writes it.
    pub fn name(self) -> &'static str {
        match self {
            State::Active => "Active",
            State::Inactive => "Inactive",
            State::Pending => "Pending",
            State::Failed => "Failed",
            State::Deactivating => "Deactivating",
            State::Deactivated => "Deactivated",
            State::ActiveNonInvocable => "ActiveNonInvocable",
            State::Deleting => "Deleting",
        }
    }
}

/// Lambda always says both state and last update; one that is missing is an error. A function that was put to sleep
/// for lack of work still counts as working, because the next invoke wakes it.
fn active(function: &Function, _: &NoParams) -> Judgement {
    each_configuration(function, |configuration| {
        every([state(configuration), last_update(configuration)], || Err(Gap::undecided("no state was read")))
    })
}

fn state(configuration: &Configuration) -> Judgement {
    let state = *configuration.state.required(CONFIGURATION, "State")?;
    let expected = "state Active";
    match state {
        State::Active => Ok(Verdict::satisfied("state is Active")),
        State::Inactive => {
            let reason = configuration.state_reason.required(CONFIGURATION, "StateReasonCode")?;
            let observed = format!("state is Inactive ({reason})");
            Ok(if reason == "Idle" {
                Verdict::satisfied(observed)
                    .noting("Lambda reclaimed it after a long time without work; the next invoke wakes it")
            } else {
                Verdict::not_satisfied(observed, expected)
            })
        }
        State::Failed | State::Deactivated | State::ActiveNonInvocable => {
            let reason = reason(&configuration.state_reason);
            Ok(Verdict::not_satisfied(format!("state is {}{reason}", state.name()), expected))
        }
        State::Pending | State::Deactivating | State::Deleting => {
            Err(Gap::changing(format!("the function's state is {}", state.name())))
        }
    }
}

fn last_update(configuration: &Configuration) -> Judgement {
    match configuration.last_update.required(CONFIGURATION, "LastUpdateStatus")? {
        LastUpdate::Successful => Ok(Verdict::satisfied("last update is Successful")),
        LastUpdate::Failed => {
            let reason = reason(&configuration.last_update_reason);
            Ok(Verdict::not_satisfied(format!("last update is Failed{reason}"), "last update Successful"))
        }
        LastUpdate::InProgress => Err(Gap::changing("the function's last update is InProgress")),
    }
}

/// Lambda's reason code in brackets, to stand behind a verdict that does not depend on it.
fn reason(code: &Observed<String>) -> String {
    match code {
        Observed::Present(code) => format!(" ({code})"),
        Observed::Absent => " (no reason code)".to_owned(),
        Observed::Unknown(_) => " (reason code not read)".to_owned(),
    }
}

/// The parameters of `lambda-memory-1024`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Memory {
    memory_mb: i32,
    mode: MemoryMode,
}

/// How the memory is compared.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum MemoryMode {
    Exact,
    AtLeast,
}

/// Lambda always says how much memory there is; 128 MB is what a function gets that asks for nothing.
fn memory(function: &Function, params: &Memory) -> Judgement {
    each_configuration(function, |configuration| {
        let memory = *configuration.memory_mb.required(CONFIGURATION, "MemorySize")?;
        let (met, expected) = match params.mode {
            MemoryMode::Exact => (memory == params.memory_mb, format!("{} MB", params.memory_mb)),
            MemoryMode::AtLeast => (memory >= params.memory_mb, format!("at least {} MB", params.memory_mb)),
        };
        let observed = format!("memory is {memory} MB");
        Ok(if met { Verdict::satisfied(observed) } else { Verdict::not_satisfied(observed, expected) })
    })
}

/// The parameters of `lambda-timeout-300`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Timeout {
    timeout_s: i32,
    mode: TimeoutMode,
    min_timeout: i32,
}

/// How the time limit is compared.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum TimeoutMode {
    AtMost,
    Exact,
}

/// Lambda always says the time limit; 3 seconds is what a function gets that asks for nothing.
fn timeout(function: &Function, params: &Timeout) -> Judgement {
    each_configuration(function, |configuration| {
        let timeout = *configuration.timeout_s.required(CONFIGURATION, "Timeout")?;
        let (met, expected) = match params.mode {
            TimeoutMode::AtMost => (
                (params.min_timeout..=params.timeout_s).contains(&timeout),
                format!("between {} s and {} s", params.min_timeout, params.timeout_s),
            ),
            TimeoutMode::Exact => (timeout == params.timeout_s, format!("{} s", params.timeout_s)),
        };
        let observed = format!("timeout is {timeout} s");
        Ok(if met { Verdict::satisfied(observed) } else { Verdict::not_satisfied(observed, expected) })
    })
}

/// The parameters of `lambda-reserved-concurrency-set`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Concurrency {
    min: i32,
    expected: i32,
}

/// No value means that nothing is reserved. Zero is a value, and the opposite of a reservation: every invoke is
/// throttled. It is a setting of the function as a whole, so versions and aliases are not asked.
fn reserved_concurrency(function: &Function, params: &Concurrency) -> Judgement {
    let expected = format!("at least {} reserved", params.min);
    let Some(&reserved) = function.reserved_concurrency.seen()? else {
        return Ok(Verdict::not_satisfied("no concurrency is reserved", expected).noting(
            "Lambda keeps 100 executions of the account unreserved: a small account needs a higher quota first",
        ));
    };
    if reserved == 0 {
        return Ok(Verdict::not_satisfied(
            "reserved concurrency is 0: the function is switched off, every invoke is throttled",
            expected,
        ));
    }
    let observed = format!("reserved concurrency is {reserved}");
    if reserved < params.min {
        return Ok(Verdict::not_satisfied(observed, expected));
    }
    let verdict = Verdict::satisfied(observed);
    Ok(if reserved == params.expected {
        verdict
    } else {
        verdict.noting(format!("the templates reserve {}", params.expected))
    })
}

/// No URL at all passes. A URL without authentication fails even where no policy lets anyone in yet, because it is one
/// permission away from open.
fn no_public_url(function: &Function, _: &NoParams) -> Judgement {
    let urls = function.urls.required("ListFunctionUrlConfigs", "FunctionUrlConfigs")?;
    let judge = |url: &FunctionUrl| {
        let on = &url.function_arn;
        Ok(match url.auth.required("ListFunctionUrlConfigs", "AuthType")? {
            UrlAuth::AwsIam => Verdict::satisfied(format!("the URL of {on} asks for IAM authentication")),
            UrlAuth::None => {
                let verdict = Verdict::not_satisfied(
                    format!("the URL of {on} asks for no authentication"),
                    "no function URL, or AuthType AWS_IAM",
                );
                if url.allowed_origins.is_empty() {
                    verdict
                } else {
                    verdict.noting(format!("pages of {} may call it from a browser", url.allowed_origins.join(", ")))
                }
            }
        })
    };
    every(urls.iter().map(judge), || Ok(Verdict::satisfied("the function has no URL")))
}

/// A function that names no log group writes to `/aws/lambda/<its name>`. Which group is the audited one, the outputs
/// say, else the stack; where neither does, the default group is taken if it exists, and otherwise nothing is decided.
fn audited_log_group(function: &Function, _: &NoParams, context: &Context<'_>) -> Judgement {
    let audited = AuditedGroups::of(context);
    each_configuration(function, |configuration| {
        let default = format!("/aws/lambda/{}", configuration.name.required(CONFIGURATION, "FunctionName")?);
        let group = configuration.log_group.seen()?.unwrap_or(&default);
        let exists = |note: Option<&str>| {
            let verdict = group_exists(group, context)?;
            Ok(match note {
                Some(note) => verdict.noting(note),
                None => verdict,
            })
        };
        match audited.as_ref().map_err(Clone::clone)? {
            AuditedGroups::Named { groups, by } if groups.contains(group) => {
                exists(None).map(|verdict| match verdict {
                    Verdict::Satisfied { observed, note } => {
                        Verdict::Satisfied { observed: format!("{observed}, the group of {by}"), note }
                    }
                    other @ (Verdict::NotSatisfied { .. } | Verdict::NotApplicable { .. }) => other,
                })
            }
            AuditedGroups::Named { groups, by } => Ok(Verdict::not_satisfied(
                format!("the function writes to log group {group}"),
                format!("the log group of {by}: {}", groups.iter().cloned().collect::<Vec<_>>().join(" or ")),
            )),
            AuditedGroups::Unknown if *group == default => {
                match exists(Some(
                    "neither an output nor the stack names a log group; the function's default group was taken",
                ))? {
                    met @ Verdict::Satisfied { .. } => Ok(met),
                    Verdict::NotSatisfied { .. } | Verdict::NotApplicable { .. } => Err(no_audited_group(group)),
                }
            }
            AuditedGroups::Unknown => Err(no_audited_group(group)),
        }
    })
}

fn no_audited_group(group: &str) -> Gap {
    Gap::undecided(format!(
        "no audited log group is known: neither an output nor the stack names one, and the function writes to {group}; add an output with the group's name"
    ))
}

/// The log groups that the audit is about.
enum AuditedGroups {
    /// These, named by the outputs or by the stack.
    Named { groups: BTreeSet<String>, by: &'static str },
    /// Outputs and stack were read, and neither names a log group.
    Unknown,
}

impl AuditedGroups {
    fn of(context: &Context<'_>) -> Result<Self, Gap> {
        let evidence = context.evidence;
        let outputs: Vec<_> = evidence.all::<Outputs>().flat_map(|(_, outputs)| &outputs.entries).collect();
        let kind = Kind::LogGroup.name();
        let groups: BTreeSet<String> = outputs
            .iter()
            .filter_map(|output| output.resolved.as_ref())
            .filter(|resolved| resolved.kind == kind)
            .map(|resolved| resolved.id.clone())
            .collect();
        if !groups.is_empty() {
            return Ok(AuditedGroups::Named { groups, by: "the outputs" });
        }
        let names_group = |key: &str| key.to_ascii_lowercase().contains("loggroup");
        if let Some(output) = outputs.iter().find(|output| output.resolved.is_none() && names_group(&output.key)) {
            let why = format!("output `{}`, which should name the log group, was not resolved", output.key);
            return Err(Gap::depends_on("stack-outputs-resolve-live", why));
        }
        let in_stack = |subject: &&Subject| subject.stack.is_some() || subject.logical_id.is_some();
        let mut groups: BTreeSet<String> =
            evidence.of_kind(Kind::LogGroup).filter(in_stack).map(|subject| subject.id.clone()).collect();
        for (_, stack) in evidence.all::<cloudformation::Stack>() {
            // A listing that was not read cannot show that the stack has no log group.
            let members = match stack.members.required("ListStackResources", "StackResourceSummaries") {
                Ok(members) => members,
                Err(_) if !groups.is_empty() => continue,
                Err(gap) => return Err(gap),
            };
            for member in members.iter().filter(|member| member.kind == kind && member.is_live()) {
                groups.insert(member.physical_id.required("ListStackResources", "PhysicalResourceId")?.clone());
            }
        }
        Ok(if groups.is_empty() { AuditedGroups::Unknown } else { AuditedGroups::Named { groups, by: "the stack" } })
    }
}

/// Whether the log group is there. A group that nobody has looked for is a gap.
fn group_exists(group: &str, context: &Context<'_>) -> Judgement {
    let found = context.evidence.all::<logs::LogGroup>().find(|(subject, _)| subject.id == group);
    let Some((subject, _)) = found else {
        return Err(Gap::undecided(format!(
            "log group {group} was not looked for, so it is not known whether it exists"
        )));
    };
    Ok(match subject.existence.required("DescribeLogGroups", "logGroups")? {
        Existence::Exists => Verdict::satisfied(format!("the function writes to log group {group}")),
        Existence::Missing => Verdict::not_satisfied(
            format!("the function writes to log group {group}, which does not exist"),
            "an existing log group",
        )
        .noting("nothing was ever logged there, or the group was deleted"),
    })
}

/// The parameters of `lambda-failure-destination`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Failure {
    mode: FailureMode,
}

/// Whether a missing destination counts.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum FailureMode {
    /// It is shown and does not count.
    Advice,
    /// It counts.
    Require,
}

/// Neither a dead-letter target nor a destination means that a failed event is gone after its retries. The destination
/// is set per qualifier, so each that S3 invokes is asked; an empty text is no target.
fn failure_destination(function: &Function, params: &Failure, context: &Context<'_>) -> Judgement {
    let mut qualifiers: BTreeSet<&str> =
        function.event_invoke.keys().chain(function.qualified.keys()).map(String::as_str).collect();
    if !function.qualified.is_empty() && only_qualified(&context.subject.id, context) {
        qualifiers.remove(LATEST);
    }
    let judge = |qualifier: &str| {
        let verdict = destination_of(function, qualifier)?;
        Ok(if qualifier == LATEST { verdict } else { of_qualifier(qualifier, verdict) })
    };
    let verdict = every(qualifiers.into_iter().map(judge), || {
        Err(Gap::NotCollected { what: "what happens to failed invokes was not asked for".into() })
    })?;
    Ok(match params.mode {
        FailureMode::Advice => verdict.as_advice(),
        FailureMode::Require => verdict,
    })
}

/// Whether every bucket's notifications were read and those that invoke this function all name a version or alias. A
/// bucket that could not be read, or that sends its events to EventBridge, may invoke it without one.
fn only_qualified(name: &str, context: &Context<'_>) -> bool {
    let mut named = false;
    for (_, bucket) in context.evidence.all::<s3::Bucket>() {
        let Ok(notifications) = bucket.notifications.seen() else { return false };
        for entry in notifications.iter().flat_map(|notifications| &notifications.functions) {
            // arn:aws:lambda:region:account:function:name[:qualifier]
            let parts: Vec<&str> = entry.function_arn.split(':').collect();
            if parts.get(6) == Some(&name) {
                named = true;
                if parts.len() == 7 {
                    return false;
                }
            }
        }
        if notifications.is_some_and(|notifications| notifications.event_bridge == s3::Switch::On) {
            return false;
        }
    }
    named
}

fn destination_of(function: &Function, qualifier: &str) -> Judgement {
    let unread = "the target itself was not read; failed events carry object keys, which may name patients";
    let met = |observed: String| Ok(Verdict::satisfied(observed).noting(unread));
    let configuration = function.qualified.get(qualifier).unwrap_or(&function.configuration);
    let dead_letter = configuration
        .required(CONFIGURATION, "any configuration")
        .and_then(|configuration| Ok(target(configuration.dead_letter.seen()?)));
    if let Ok(Some(target)) = &dead_letter {
        return met(format!("failed events go to the dead-letter target {target}"));
    }
    let Some(event_invoke) = function.event_invoke.get(qualifier) else {
        return Err(Gap::NotCollected { what: format!("failed invokes of {qualifier} were not asked about").into() });
    };
    let event_invoke = event_invoke.seen()?;
    if let Some(event_invoke) = event_invoke
        && let Some(target) = target(event_invoke.on_failure.seen()?)
    {
        return met(format!("failed events go to the destination {target}"));
    }
    // Both have to be known to be missing before anything is said to be missing.
    let _none = dead_letter?;
    let retries = match event_invoke.map(|event_invoke| event_invoke.maximum_retries.seen()) {
        None | Some(Ok(None)) => "2 retries".to_owned(),
        Some(Ok(Some(1))) => "1 retry".to_owned(),
        Some(Ok(Some(retries))) => format!("{retries} retries"),
        // How often it is tried does not change that it is lost.
        Some(Err(_)) => "its retries".to_owned(),
    };
    Ok(Verdict::not_satisfied(
        format!("no dead-letter target and no destination for failures: after {retries} a failed event is gone"),
        "a dead-letter target or a destination for failures",
    ))
}

fn target(text: Option<&String>) -> Option<&String> {
    text.filter(|text| !text.trim().is_empty())
}
