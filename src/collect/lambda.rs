//! Lambda: what is read of a function.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_lambda::operation::get_function::GetFunctionOutput;
use aws_sdk_lambda::operation::get_function_configuration::GetFunctionConfigurationOutput;
use aws_sdk_lambda::types::{EnvironmentResponse, FunctionConfiguration, FunctionUrlConfig, VpcConfigResponse};
use futures_util::future::join_all;
use tap_audit_checks::lambda::{
    Configuration, Environment, EventInvoke, Function, FunctionUrl, LATEST, LastUpdate, Package, PublishedDefault,
    State, UrlAuth, Variable, Vpc,
};
use tap_audit_checks::observed::{Gap, Observed, Seen};
use tap_audit_checks::policy::model::PolicyText;
use tap_audit_checks::secret;
use tap_audit_checks::subject::{Kind, Resource};

use crate::collect::call::{Call, ValueDigest};
use crate::collect::{Collected, Reference, Relation, Walk, cloudwatch, ec2, existence, iam};

const FUNCTION: Call = Call {
    service: "lambda",
    operation: "GetFunction",
    permission: "lambda:GetFunction",
    absent: &[],
    denied_or: None,
};
const CONFIGURATION: Call = Call {
    service: "lambda",
    operation: "GetFunctionConfiguration",
    permission: "lambda:GetFunctionConfiguration",
    absent: &[],
    denied_or: None,
};
const CONCURRENCY: Call = Call {
    service: "lambda",
    operation: "GetFunctionConcurrency",
    permission: "lambda:GetFunctionConcurrency",
    absent: &[],
    denied_or: None,
};
const TAGS: Call =
    Call { service: "lambda", operation: "ListTags", permission: "lambda:ListTags", absent: &[], denied_or: None };
const URLS: Call = Call {
    service: "lambda",
    operation: "ListFunctionUrlConfigs",
    permission: "lambda:ListFunctionUrlConfigs",
    absent: &[],
    denied_or: None,
};
/// The same code says that the function is missing; whether it is there, the call that describes it tells.
const EVENT_INVOKE: Call = Call {
    service: "lambda",
    operation: "GetFunctionEventInvokeConfig",
    permission: "lambda:GetFunctionEventInvokeConfig",
    absent: &["ResourceNotFoundException"],
    denied_or: None,
};
/// The same code says that the function is missing: see [`of_existing`].
const POLICY: Call = Call {
    service: "lambda",
    operation: "GetPolicy",
    permission: "lambda:GetPolicy",
    absent: &["ResourceNotFoundException"],
    denied_or: None,
};

/// Every call of this file, for plans and for the policy that the auditing role needs.
pub(crate) const CALLS: &[&Call] = &[&FUNCTION, &CONFIGURATION, &CONCURRENCY, &TAGS, &URLS, &EVENT_INVOKE, &POLICY];

/// What is read of a version or alias that a notification names.
#[derive(Clone, Debug)]
pub(crate) struct Qualified {
    /// Its configuration.
    pub(crate) configuration: Seen<Configuration>,
    /// Its resource policy.
    pub(crate) policy: Seen<PolicyText>,
    /// What happens to its failed asynchronous invokes.
    pub(crate) event_invoke: Seen<EventInvoke>,
}

/// What one call tells of a function. The link to its code, which GetFunction answers too, is not kept.
#[derive(Clone, Debug)]
struct Described {
    configuration: Configuration,
    reserved_concurrency: Observed<i32>,
    tags: DescribedTags,
}

/// The tags beside a function's configuration.
#[derive(Clone, Debug)]
enum DescribedTags {
    /// They were readable.
    Readable(BTreeMap<String, String>),
    /// Lambda left them out and said why; the call of their own gives the reason in full.
    LeftOut,
}

/// Collects a function. Reaches its role, its key and its log group as soon as its configuration is known; digests of
/// environment values go to `walk.values` under the qualifier `$LATEST`, the values themselves are dropped in the
/// reduction. `published_default` is left `Unknown(NotCollected)` except for the known list: the walk settles it
/// when the templates are read.
pub(crate) async fn function(walk: &Walk<'_>, name: &str, region: &str) -> Collected {
    let (described, (urls, mut policies), latest_policy, event_invoke, recent_invocations) = tokio::join!(
        described(walk, name, region),
        urls_and_their_policies(walk, name, region),
        policy(walk, name, None, region),
        event_invoke(walk, name, None, region),
        recent_invocations(walk, name, region),
    );
    let (configuration, reserved_concurrency, tags) = described;
    policies.insert(LATEST.to_owned(), of_existing(latest_policy, &configuration));
    reach_from(walk, &configuration, name, region);
    let (s3_endpoints, route_tables) = tokio::join!(
        behind_vpc(&configuration, async |vpc| ec2::s3_endpoints(walk, region, &vpc.id).await),
        behind_vpc(&configuration, async |vpc| {
            if walk.scope.route_tables {
                ec2::route_tables(walk, region, &vpc.id).await
            } else {
                Seen::gap(Gap::NotCollected {
                    what: "route tables are not read, because no requirement asks for them".into(),
                })
            }
        }),
    );
    let arn = match configuration.observed() {
        Observed::Present(Configuration { arn: Observed::Present(arn), .. }) => arn.clone(),
        Observed::Present(_) | Observed::Absent | Observed::Unknown(_) => function_arn(walk, name, region),
    };
    Collected {
        existence: existence(&configuration),
        arn: Some(arn),
        region: Some(region.to_owned()),
        resource: Resource::Function(Box::new(Function {
            configuration,
            qualified: BTreeMap::new(),
            reserved_concurrency,
            policies,
            urls,
            event_invoke: BTreeMap::from([(LATEST.to_owned(), event_invoke)]),
            s3_endpoints,
            route_tables,
            recent_invocations,
            tags,
        })),
    }
}

/// Collects a version or alias of a function that a notification names.
pub(crate) async fn qualified(walk: &Walk<'_>, name: &str, qualifier: &str, region: &str) -> Qualified {
    // There is no policy for `$LATEST` by name: it is the one without a qualifier.
    let named = Some(qualifier).filter(|qualifier| *qualifier != LATEST);
    let (configuration, policy, event_invoke) = tokio::join!(
        configuration(walk, name, Some(qualifier), region),
        policy(walk, name, named, region),
        event_invoke(walk, name, Some(qualifier), region),
    );
    reach_from(walk, &configuration, name, region);
    let policy = of_existing(policy, &configuration);
    Qualified { configuration, policy, event_invoke }
}

/// Asks for everything in one call, and where that is refused for each part by itself: a role may be allowed to read
/// the configuration and not the code.
async fn described(
    walk: &Walk<'_>,
    name: &str,
    region: &str,
) -> (Seen<Configuration>, Seen<i32>, Seen<BTreeMap<String, String>>) {
    let whole = walk
        .aws
        .ask(
            &FUNCTION,
            region,
            &[("FunctionName", name)],
            |clients| clients.lambda().get_function().function_name(name).send(),
            |answer| describe(walk, name, answer),
        )
        .await;
    if matches!(whole.observed(), Observed::Unknown(Gap::Denied { .. })) {
        return tokio::join!(
            configuration(walk, name, None, region),
            concurrency(walk, name, region),
            tags(walk, name, region),
        );
    }
    let configuration = whole.clone().map(|described| described.configuration);
    let reserved = whole.clone().and_then(|described| described.reserved_concurrency);
    let tags = match whole.observed() {
        Observed::Present(Described { tags: DescribedTags::LeftOut, .. }) => tags(walk, name, region).await,
        Observed::Present(_) | Observed::Absent | Observed::Unknown(_) => {
            whole.and_then(|described| match described.tags {
                DescribedTags::Readable(tags) if tags.is_empty() => Observed::Absent,
                DescribedTags::Readable(tags) => Observed::Present(tags),
                DescribedTags::LeftOut => Observed::Unknown(TAGS.incomplete("Tags")),
            })
        }
    };
    (configuration, reserved, tags)
}

fn describe(walk: &Walk<'_>, name: &str, answer: GetFunctionOutput) -> Observed<Described> {
    let GetFunctionOutput { configuration, concurrency, tags, tags_error, .. } = answer;
    let Some(configuration) = configuration else {
        return Observed::Unknown(FUNCTION.incomplete("Configuration"));
    };
    Observed::Present(Described {
        configuration: reduce(walk, &FUNCTION, name, LATEST, configuration),
        reserved_concurrency: Observed::of(
            concurrency.and_then(|concurrency| concurrency.reserved_concurrent_executions),
        ),
        tags: match (tags_error, tags) {
            (Some(_), _) => DescribedTags::LeftOut,
            (None, tags) => DescribedTags::Readable(tags.into_iter().flatten().collect()),
        },
    })
}

async fn configuration(walk: &Walk<'_>, name: &str, qualifier: Option<&str>, region: &str) -> Seen<Configuration> {
    let mut parameters = vec![("FunctionName", name)];
    parameters.extend(qualifier.map(|qualifier| ("Qualifier", qualifier)));
    walk.aws
        .ask(
            &CONFIGURATION,
            region,
            &parameters,
            |clients| {
                let request = clients.lambda().get_function_configuration();
                request.function_name(name).set_qualifier(qualifier.map(str::to_owned)).send()
            },
            |answer| {
                let configuration = as_configuration(answer);
                Observed::Present(reduce(walk, &CONFIGURATION, name, qualifier.unwrap_or(LATEST), configuration))
            },
        )
        .await
}

/// The SDK has one type for each operation that answers a configuration; this is what both hold.
fn as_configuration(answer: GetFunctionConfigurationOutput) -> FunctionConfiguration {
    FunctionConfiguration::builder()
        .set_function_name(answer.function_name)
        .set_function_arn(answer.function_arn)
        .set_runtime(answer.runtime)
        .set_role(answer.role)
        .set_timeout(answer.timeout)
        .set_memory_size(answer.memory_size)
        .set_vpc_config(answer.vpc_config)
        .set_dead_letter_config(answer.dead_letter_config)
        .set_environment(answer.environment)
        .set_kms_key_arn(answer.kms_key_arn)
        .set_state(answer.state)
        .set_state_reason_code(answer.state_reason_code)
        .set_last_update_status(answer.last_update_status)
        .set_last_update_status_reason_code(answer.last_update_status_reason_code)
        .set_package_type(answer.package_type)
        .set_logging_config(answer.logging_config)
        .build()
}

async fn concurrency(walk: &Walk<'_>, name: &str, region: &str) -> Seen<i32> {
    walk.aws
        .ask(
            &CONCURRENCY,
            region,
            &[("FunctionName", name)],
            |clients| clients.lambda().get_function_concurrency().function_name(name).send(),
            |answer| Observed::of(answer.reserved_concurrent_executions()),
        )
        .await
}

async fn tags(walk: &Walk<'_>, name: &str, region: &str) -> Seen<BTreeMap<String, String>> {
    // ListTags takes no name, only an ARN.
    let arn = function_arn(walk, name, region);
    walk.aws
        .ask(
            &TAGS,
            region,
            &[("Resource", &arn)],
            |clients| clients.lambda().list_tags().resource(&arn).send(),
            |answer| {
                let tags: BTreeMap<String, String> = answer.tags.into_iter().flatten().collect();
                if tags.is_empty() { Observed::Absent } else { Observed::Present(tags) }
            },
        )
        .await
}

/// The URLs of the function and of its aliases.
async fn urls(walk: &Walk<'_>, name: &str, region: &str) -> Seen<Vec<FunctionUrl>> {
    walk.aws
        .ask_all(
            &URLS,
            region,
            &[("FunctionName", name)],
            |clients, marker| {
                clients.lambda().list_function_url_configs().function_name(name).set_marker(marker).send()
            },
            |answer| answer.next_marker().map(str::to_owned),
            |answer| Ok(answer.function_url_configs().iter().map(url).collect()),
        )
        .await
}

fn url(url: &FunctionUrlConfig) -> FunctionUrl {
    FunctionUrl {
        function_arn: url.function_arn().to_owned(),
        auth: match url.auth_type().as_str() {
            "AWS_IAM" => Observed::Present(UrlAuth::AwsIam),
            "NONE" => Observed::Present(UrlAuth::None),
            other => URLS.unrecognised("AuthType", other),
        },
        allowed_origins: url.cors().map_or_else(Vec::new, |cors| cors.allow_origins().to_vec()),
    }
}

/// The URLs of the function and of its aliases, with the policies of the aliases, which only their URLs name.
async fn urls_and_their_policies(
    walk: &Walk<'_>,
    name: &str,
    region: &str,
) -> (Seen<Vec<FunctionUrl>>, BTreeMap<String, Seen<PolicyText>>) {
    let urls = urls(walk, name, region).await;
    let qualifiers: BTreeSet<&str> = match urls.observed() {
        Observed::Present(urls) => urls.iter().filter_map(|url| qualifier(&url.function_arn)).collect(),
        Observed::Absent | Observed::Unknown(_) => BTreeSet::new(),
    };
    // An alias that has a URL exists, so "not found" is an answer about its policy.
    let policies = qualifiers.into_iter().map(async |qualifier| {
        let policy = policy(walk, name, Some(qualifier), region).await.resting_on(urls.calls());
        (qualifier.to_owned(), policy)
    });
    let policies = join_all(policies).await.into_iter().collect();
    (urls, policies)
}

/// The version or alias that an ARN names behind the function's name; `$LATEST` is the function itself.
fn qualifier(arn: &str) -> Option<&str> {
    arn.splitn(8, ':').nth(7).filter(|qualifier| !qualifier.is_empty() && *qualifier != LATEST)
}

async fn policy(walk: &Walk<'_>, name: &str, qualifier: Option<&str>, region: &str) -> Seen<PolicyText> {
    let mut parameters = vec![("FunctionName", name)];
    parameters.extend(qualifier.map(|qualifier| ("Qualifier", qualifier)));
    walk.aws
        .ask(
            &POLICY,
            region,
            &parameters,
            |clients| {
                let request = clients.lambda().get_policy();
                request.function_name(name).set_qualifier(qualifier.map(str::to_owned)).send()
            },
            |answer| match answer.policy.filter(|policy| !policy.is_empty()) {
                Some(policy) => Observed::Present(PolicyText(policy)),
                None => Observed::Unknown(POLICY.incomplete("Policy")),
            },
        )
        .await
}

/// Lambda says "not found" of a policy that is not there and of a function that is not there; only of a function that
/// was described does it mean that there is no policy.
fn of_existing(policy: Seen<PolicyText>, configuration: &Seen<Configuration>) -> Seen<PolicyText> {
    match (policy.observed(), configuration.observed()) {
        (Observed::Present(_) | Observed::Unknown(_), _) => policy,
        (Observed::Absent, Observed::Present(_) | Observed::Absent) => policy.resting_on(configuration.calls()),
        (Observed::Absent, Observed::Unknown(gap)) => {
            Seen::new(Observed::Unknown(gap.clone()), policy.calls().to_vec()).resting_on(configuration.calls())
        }
    }
}

async fn event_invoke(walk: &Walk<'_>, name: &str, qualifier: Option<&str>, region: &str) -> Seen<EventInvoke> {
    let mut parameters = vec![("FunctionName", name)];
    parameters.extend(qualifier.map(|qualifier| ("Qualifier", qualifier)));
    walk.aws
        .ask(
            &EVENT_INVOKE,
            region,
            &parameters,
            |clients| {
                let request = clients.lambda().get_function_event_invoke_config();
                request.function_name(name).set_qualifier(qualifier.map(str::to_owned)).send()
            },
            |answer| {
                let on_failure = answer.destination_config().and_then(|destinations| destinations.on_failure());
                Observed::Present(EventInvoke {
                    on_failure: text(on_failure.and_then(|destination| destination.destination())),
                    maximum_retries: Observed::of(answer.maximum_retry_attempts()),
                })
            },
        )
        .await
}

async fn recent_invocations(walk: &Walk<'_>, name: &str, region: &str) -> Seen<u64> {
    if walk.scope.log_events {
        cloudwatch::invocations(walk, name, region, walk.scope.log_silence_days).await
    } else {
        Seen::gap(Gap::NotCollected {
            what: "invocations are not counted, because no requirement asks for them".into(),
        })
    }
}

/// Asks about the function's VPC; absent when it is in none. The answer rests on the configuration that names the VPC.
async fn behind_vpc<T>(configuration: &Seen<Configuration>, ask: impl AsyncFnOnce(&Vpc) -> Seen<T>) -> Seen<T> {
    let vpc = match configuration.observed() {
        Observed::Present(configuration) => &configuration.vpc,
        Observed::Absent => &Observed::Absent,
        Observed::Unknown(gap) => &Observed::Unknown(gap.clone()),
    };
    let asked = match vpc {
        Observed::Present(vpc) => ask(vpc).await,
        Observed::Absent => Seen::new(Observed::Absent, Vec::new()),
        Observed::Unknown(gap) => Seen::gap(gap.clone()),
    };
    asked.resting_on(configuration.calls())
}

/// Reaches what a configuration names: role, key and log group.
fn reach_from(walk: &Walk<'_>, configuration: &Seen<Configuration>, function: &str, region: &str) {
    let Observed::Present(configuration) = configuration.observed() else { return };
    let reach = |kind, id: &str, region: &str, relation| {
        walk.reach(Reference { kind, id: id.to_owned(), region: region.to_owned() }, relation);
    };
    if let Observed::Present(role) = &configuration.role
        && let Some(reference) = iam::role_named(walk, role)
    {
        walk.reach(reference, Relation::RoleOf { function: function.to_owned() });
    }
    if let Observed::Present(key) = &configuration.kms_key {
        walk.reach_key(key, region, Kind::Function, function);
    }
    let group = match &configuration.log_group {
        Observed::Present(group) => group.clone(),
        Observed::Absent => format!("/aws/lambda/{function}"),
        Observed::Unknown(_) => return,
    };
    reach(Kind::LogGroup, &group, region, Relation::LogGroupOf { function: function.to_owned() });
}

fn function_arn(walk: &Walk<'_>, name: &str, region: &str) -> String {
    format!("arn:{}:lambda:{region}:{}:function:{name}", walk.partition, walk.account)
}

/// Takes from a configuration what the evidence holds. The values of the environment end here.
fn reduce(
    walk: &Walk<'_>,
    call: &'static Call,
    function: &str,
    qualifier: &str,
    configuration: FunctionConfiguration,
) -> Configuration {
    Configuration {
        arn: text(configuration.function_arn()).map(|arn| without_qualifier(&arn)),
        name: text(configuration.function_name()),
        state: match configuration.state().map(|state| state.as_str()) {
            None => Observed::Absent,
            Some(token) => match STATES.iter().find(|state| state.name() == token) {
                Some(state) => Observed::Present(*state),
                None => call.unrecognised("State", token),
            },
        },
        state_reason: text(configuration.state_reason_code().map(|code| code.as_str())),
        last_update: match configuration.last_update_status().map(|status| status.as_str()) {
            None => Observed::Absent,
            Some("Successful") => Observed::Present(LastUpdate::Successful),
            Some("Failed") => Observed::Present(LastUpdate::Failed),
            Some("InProgress") => Observed::Present(LastUpdate::InProgress),
            Some(other) => call.unrecognised("LastUpdateStatus", other),
        },
        last_update_reason: text(configuration.last_update_status_reason_code().map(|code| code.as_str())),
        role: text(configuration.role()),
        memory_mb: Observed::of(configuration.memory_size()),
        timeout_s: Observed::of(configuration.timeout()),
        runtime: text(configuration.runtime().map(|runtime| runtime.as_str())),
        package: match configuration.package_type().map(|package| package.as_str()) {
            None => Observed::Absent,
            Some("Zip") => Observed::Present(Package::Zip),
            Some("Image") => Observed::Present(Package::Image),
            Some(other) => call.unrecognised("PackageType", other),
        },
        kms_key: text(configuration.kms_key_arn()),
        vpc: vpc(call, configuration.vpc_config()),
        log_group: text(configuration.logging_config().and_then(|logging| logging.log_group())),
        dead_letter: text(configuration.dead_letter_config().and_then(|dead_letter| dead_letter.target_arn())),
        environment: environment(walk, call, function, qualifier, configuration.environment),
    }
}

const STATES: [State; 8] = [
    State::Active,
    State::Inactive,
    State::Pending,
    State::Failed,
    State::Deactivating,
    State::Deactivated,
    State::ActiveNonInvocable,
    State::Deleting,
];

/// Lambda answers some fields that are not set with an empty text instead of leaving them out.
fn text(field: Option<&str>) -> Observed<String> {
    Observed::of(field.filter(|text| !text.is_empty()).map(str::to_owned))
}

/// `arn:aws:lambda:region:account:function:name` without the version or alias behind the name.
fn without_qualifier(arn: &str) -> String {
    arn.splitn(8, ':').take(7).collect::<Vec<_>>().join(":")
}

/// A function that was taken out of its VPC still has the element, with an empty id.
fn vpc(call: &'static Call, vpc: Option<&VpcConfigResponse>) -> Observed<Vpc> {
    let Some(vpc) = vpc else { return Observed::Absent };
    let subnets = vpc.subnet_ids().to_vec();
    match vpc.vpc_id().filter(|id| !id.is_empty()) {
        Some(id) => Observed::Present(Vpc { id: id.to_owned(), subnets }),
        None if subnets.is_empty() => Observed::Absent,
        None => Observed::Unknown(call.incomplete("VpcConfig.VpcId")),
    }
}

/// Judges every value and drops it. An error instead of the variables is the normal answer without `kms:Decrypt`; an
/// environment that has neither is not known to be empty.
fn environment(
    walk: &Walk<'_>,
    call: &'static Call,
    function: &str,
    qualifier: &str,
    environment: Option<EnvironmentResponse>,
) -> Observed<Environment> {
    let Some(environment) = environment else { return Observed::Absent };
    if let Some(error) = environment.error() {
        let code = error.error_code().unwrap_or("no error code").to_owned();
        return Observed::Present(Environment::Encrypted { code });
    }
    let Some(values) = environment.variables() else {
        return Observed::Unknown(call.incomplete("Environment.Variables"));
    };
    let values: BTreeMap<&String, &String> = values.iter().collect();
    let variables = values.into_iter().map(|(name, value)| {
        remember(walk, (function, qualifier, name), walk.aws.digest(value));
        Variable {
            name: name.clone(),
            length: secret::length_class(value),
            value: secret::classify(value),
            published_default: if walk.aws.is_known_default(value) {
                Seen::new(Observed::Present(PublishedDefault::KnownList), Vec::new())
            } else {
                Seen::gap(Gap::NotCollected { what: "not compared with the template's defaults".into() })
            },
        }
    });
    Observed::Present(Environment::Readable(variables.collect()))
}

fn remember(walk: &Walk<'_>, (function, qualifier, variable): (&str, &str, &str), digest: ValueDigest) {
    let key = (function.to_owned(), qualifier.to_owned(), variable.to_owned());
    walk.values.borrow_mut().insert(key, digest);
}

#[cfg(test)]
mod tests {
    use aws_smithy_runtime_api::client::http::SharedHttpClient;
    use tap_audit_checks::lambda::{LengthClass, ValueLook};
    use tap_audit_checks::secret::SecretNames;
    use tap_audit_checks::subject::Existence;

    use super::*;
    use crate::collect::call::{Aws, Limits, Reductions, hex};
    use crate::collect::clients::Connection;
    use crate::collect::{Scope, fixture};
    use crate::replay::{Account, Answer, Replay};
    use crate::settings::Clock;

    const PROCESSOR: &[(&str, &str)] = &[("FunctionName", "processor")];
    const ARN: &str = "arn:aws:lambda:us-east-2:123456789012:function:processor";
    const PASSWORD: &str = "published-by-mistake";

    fn account() -> Account {
        let configuration = format!(
            r#"{{"FunctionName":"processor","FunctionArn":"{ARN}","Runtime":"python3.11","PackageType":"Zip",
            "Role":"arn:aws:iam::123456789012:role/service/processor","MemorySize":1024,"Timeout":300,"State":"Active",
            "LastUpdateStatus":"Successful","KMSKeyArn":"arn:aws:kms:us-east-2:123456789012:key/k1",
            "VpcConfig":{{"SubnetIds":[],"SecurityGroupIds":[],"VpcId":""}},"DeadLetterConfig":{{"TargetArn":""}},
            "Environment":{{"Variables":{{"DB_PASSWORD":"{PASSWORD}","BUCKET":"records"}}}}}}"#
        );
        let whole = format!(
            r#"{{"Configuration":{configuration},"Code":{{"Location":"https://example.com/?X-Amz-Signature=never-kept"}},
            "Concurrency":{{"ReservedConcurrentExecutions":10}},"Tags":{{"Environment":"prod"}}}}"#
        );
        let absent = Answer::error("lambda", 404, "ResourceNotFoundException");
        let facts = "[account]\nid = \"123456789012\"\nregion = \"us-east-2\"";
        let account = Account::from_files("lambda", [("account.toml", facts), ("lambda.toml", "")]).unwrap();
        [
            ("GetFunction", PROCESSOR, Answer::ok(whole)),
            ("GetFunctionConfiguration", PROCESSOR, Answer::ok(configuration)),
            ("GetFunctionConcurrency", PROCESSOR, Answer::ok("{}")),
            ("ListTags", &[("Resource", ARN)], Answer::ok(r#"{"Tags":{"Environment":"split"}}"#)),
            ("ListFunctionUrlConfigs", PROCESSOR, Answer::ok(r#"{"FunctionUrlConfigs":[]}"#)),
            ("GetFunctionEventInvokeConfig", PROCESSOR, absent.clone()),
            ("GetPolicy", PROCESSOR, absent),
        ]
        .into_iter()
        .fold(account, |account, (operation, arguments, answer)| {
            account.answer("lambda", operation, arguments, answer).unwrap()
        })
    }

    fn aws(account: Account) -> Aws {
        use sha2::{Digest, Sha256};
        let reductions = Reductions {
            known_default_hashes: vec![hex(&Sha256::digest(PASSWORD.as_bytes()))],
            secret_names: SecretNames { words: Vec::new(), harmless_endings: Vec::new(), ignore: Vec::new() },
        };
        let connection = Connection::recorded(SharedHttpClient::new(Replay::new(account)), "lambda");
        let clock = Clock::Fixed("2026-11-01T12:00:00Z".parse().unwrap());
        Aws::new(connection, Limits::STANDARD, clock, reductions, |_| {})
    }

    fn scope() -> Scope {
        Scope { log_silence_days: 7, ..fixture::scope() }
    }

    fn collect<T>(account: Account, ask: impl AsyncFnOnce(&Walk<'_>) -> T) -> T {
        let (aws, scope) = (aws(account), scope());
        let walk = Walk::new(&aws, &scope, "123456789012", "aws", "us-east-2");
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(ask(&walk))
    }

    fn processor(account: Account) -> Collected {
        collect(account, async |walk| function(walk, "processor", "us-east-2").await)
    }

    fn seen(collected: &Collected) -> &Function {
        match &collected.resource {
            Resource::Function(function) => function,
            other => panic!("expected a function, found {other:?}"),
        }
    }

    fn configuration_of(function: &Function) -> &Configuration {
        function.configuration.seen().unwrap().unwrap()
    }

    #[test]
    fn one_call_tells_configuration_concurrency_and_tags() {
        let collected = processor(account());
        let function = seen(&collected);
        assert_eq!(collected.existence.observed(), &Observed::Present(Existence::Exists));
        assert_eq!(collected.arn.as_deref(), Some(ARN));
        assert_eq!(configuration_of(function).memory_mb, Observed::Present(1024));
        assert_eq!(function.reserved_concurrency.observed(), &Observed::Present(10));
        assert_eq!(function.tags.seen().unwrap().unwrap()["Environment"], "prod");
        assert_eq!(function.urls.observed(), &Observed::Present(Vec::new()));
        assert_eq!(function.event_invoke[LATEST].observed(), &Observed::Absent);
    }

    #[test]
    fn a_function_without_a_policy_is_told_from_one_that_is_not_there_or_not_known() {
        let none = processor(account());
        let policy = &seen(&none).policies[LATEST];
        assert_eq!(policy.observed(), &Observed::Absent);
        assert_eq!(policy.calls().len(), 2, "that the function is there is part of the answer");

        let missing = Answer::error("lambda", 404, "ResourceNotFoundException");
        let gone = processor(account().answer("lambda", "GetFunction", PROCESSOR, missing).unwrap());
        assert!(matches!(seen(&gone).policies[LATEST].observed(), Observed::Unknown(Gap::Missing { .. })));

        let denied = || Answer::error("lambda", 403, "AccessDeniedException");
        let dark = account().answer("lambda", "GetFunction", PROCESSOR, denied()).unwrap();
        let dark = processor(dark.answer("lambda", "GetFunctionConfiguration", PROCESSOR, denied()).unwrap());
        assert!(matches!(seen(&dark).policies[LATEST].observed(), Observed::Unknown(Gap::Denied { .. })));

        let held = processor(account().answer("lambda", "GetPolicy", PROCESSOR, policy_of("s3-invoke")).unwrap());
        assert!(
            matches!(seen(&held).policies[LATEST].observed(), Observed::Present(text) if text.0.contains("s3-invoke"))
        );
        assert!(!format!("{held:?}").contains("s3-invoke"));
    }

    #[test]
    fn an_alias_that_has_a_url_has_its_own_policy_read() {
        let url = format!(
            r#"{{"FunctionUrlConfigs":[{{"FunctionUrl":"https://x","FunctionArn":"{ARN}:live","CreationTime":"t","LastModifiedTime":"t","AuthType":"AWS_IAM"}}]}}"#
        );
        let live: &[(&str, &str)] = &[("FunctionName", "processor"), ("Qualifier", "live")];
        let account = account().answer("lambda", "ListFunctionUrlConfigs", PROCESSOR, Answer::ok(url)).unwrap();
        let collected = processor(account.answer("lambda", "GetPolicy", live, policy_of("public-url")).unwrap());
        let function = seen(&collected);
        assert_eq!(function.policies.keys().collect::<Vec<_>>(), ["$LATEST", "live"]);
        assert!(
            matches!(function.policies["live"].observed(), Observed::Present(text) if text.0.contains("public-url"))
        );
        assert_eq!(function.policies["live"].calls().len(), 2, "the list of URLs names the alias");
        assert_eq!(function.policies[LATEST].observed(), &Observed::Absent);
    }

    fn policy_of(sid: &str) -> Answer {
        Answer::ok(format!(r#"{{"Policy":"{{\"Statement\":[{{\"Sid\":\"{sid}\"}}]}}","RevisionId":"r"}}"#))
    }

    #[test]
    fn empty_texts_are_not_set() {
        let collected = processor(account());
        let configuration = configuration_of(seen(&collected));
        assert_eq!((&configuration.dead_letter, &configuration.vpc), (&Observed::Absent, &Observed::Absent));
        assert_eq!(seen(&collected).s3_endpoints.observed(), &Observed::Absent);
    }

    #[test]
    fn where_the_one_call_is_denied_the_parts_are_asked_for() {
        let denied = Answer::error("lambda", 403, "AccessDeniedException");
        let collected = processor(account().answer("lambda", "GetFunction", PROCESSOR, denied).unwrap());
        let function = seen(&collected);
        assert_eq!(configuration_of(function).memory_mb, Observed::Present(1024));
        assert_eq!(function.reserved_concurrency.observed(), &Observed::Absent);
        assert_eq!(function.tags.seen().unwrap().unwrap()["Environment"], "split");
    }

    #[test]
    fn a_missing_function_is_missing_and_not_empty() {
        let missing = Answer::error("lambda", 404, "ResourceNotFoundException");
        let collected = processor(account().answer("lambda", "GetFunction", PROCESSOR, missing).unwrap());
        assert_eq!(collected.existence.observed(), &Observed::Present(Existence::Missing));
        assert!(matches!(seen(&collected).configuration.observed(), Observed::Unknown(Gap::Missing { .. })));
    }

    #[test]
    fn values_and_links_are_dropped_and_their_looks_kept() {
        let collected = processor(account());
        let Observed::Present(Environment::Readable(variables)) = &configuration_of(seen(&collected)).environment
        else {
            panic!("expected readable variables");
        };
        let names: Vec<&str> = variables.iter().map(|variable| variable.name.as_str()).collect();
        assert_eq!(names, ["BUCKET", "DB_PASSWORD"]);
        assert_eq!(variables[1].value, ValueLook::Literal);
        assert_eq!(variables[1].length, LengthClass::Medium);
        assert_eq!(variables[1].published_default.observed(), &Observed::Present(PublishedDefault::KnownList));
        assert!(matches!(variables[0].published_default.observed(), Observed::Unknown(Gap::NotCollected { .. })));
        let kept = format!("{collected:?}");
        assert!(!kept.contains(PASSWORD) && !kept.contains("never-kept"), "{kept}");
    }

    #[test]
    fn an_environment_that_kms_did_not_open_has_variables() {
        let hidden = account()
            .edit("lambda", "GetFunction", |body| {
                let start = body.find(r#"{"Variables""#).unwrap();
                let end = body[start..].find("}}").unwrap() + start + 2;
                let error = r#"{"Error":{"ErrorCode":"AccessDeniedException","Message":"no"}}"#;
                format!("{}{error}{}", &body[..start], &body[end..])
            })
            .unwrap();
        let code = "AccessDeniedException".to_owned();
        assert_eq!(
            configuration_of(seen(&processor(hidden))).environment,
            Observed::Present(Environment::Encrypted { code })
        );
    }

    #[test]
    fn a_state_that_is_new_to_this_version_is_a_gap() {
        let new = account()
            .edit("lambda", "GetFunction", |body| body.replace(r#""State":"Active""#, r#""State":"Hibernating""#))
            .unwrap();
        let collected = processor(new);
        assert_eq!(
            configuration_of(seen(&collected)).state,
            Observed::Unknown(FUNCTION.unknown_token("State", "Hibernating"))
        );
    }

    #[test]
    fn urls_are_read_to_the_last_page_and_an_unknown_authentication_is_a_gap() {
        let page = |auth: &str, next: &str| {
            let url = format!(
                r#"{{"FunctionUrl":"https://x","FunctionArn":"{ARN}:live","CreationTime":"t","LastModifiedTime":"t","AuthType":"{auth}","Cors":{{"AllowOrigins":["*"]}}}}"#
            );
            Answer::ok(format!(r#"{{"FunctionUrlConfigs":[{url}]{next}}}"#))
        };
        let second: &[(&str, &str)] = &[("FunctionName", "processor"), ("Marker", "2")];
        let account = account()
            .answer("lambda", "ListFunctionUrlConfigs", PROCESSOR, page("AWS_IAM", r#","NextMarker":"2""#))
            .unwrap()
            .answer("lambda", "ListFunctionUrlConfigs", second, page("ANYTHING", ""))
            .unwrap();
        let collected = processor(account);
        let urls = seen(&collected).urls.seen().unwrap().unwrap();
        assert_eq!(urls[0].auth, Observed::Present(UrlAuth::AwsIam));
        assert_eq!(urls[1].auth, URLS.unrecognised("AuthType", "ANYTHING"));
        assert_eq!(urls[1].allowed_origins, ["*"]);
    }

    #[test]
    fn a_version_is_read_by_its_qualifier() {
        let version: &[(&str, &str)] = &[("FunctionName", "processor"), ("Qualifier", "7")];
        let configuration = format!(r#"{{"FunctionName":"processor","FunctionArn":"{ARN}:7","MemorySize":128}}"#);
        let destination = r#"{"DestinationConfig":{"OnFailure":{"Destination":"arn:d"}},"MaximumRetryAttempts":0}"#;
        let account = account()
            .answer("lambda", "GetFunctionConfiguration", version, Answer::ok(configuration))
            .unwrap()
            .answer("lambda", "GetFunctionEventInvokeConfig", version, Answer::ok(destination))
            .unwrap()
            .answer("lambda", "GetPolicy", version, policy_of("s3-invoke"))
            .unwrap();
        let qualified = collect(account, async |walk| qualified(walk, "processor", "7", "us-east-2").await);
        let configuration = qualified.configuration.seen().unwrap().unwrap();
        assert_eq!(configuration.memory_mb, Observed::Present(128));
        assert_eq!(configuration.arn, Observed::Present(ARN.to_owned()));
        assert!(matches!(qualified.policy.observed(), Observed::Present(_)));
        let event_invoke = qualified.event_invoke.seen().unwrap().unwrap();
        assert_eq!(event_invoke.on_failure, Observed::Present("arn:d".to_owned()));
        assert_eq!(event_invoke.maximum_retries, Observed::Present(0));
    }
}
