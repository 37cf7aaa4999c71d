//! What the tests of these checks are built from.

use super::*;
use crate::evidence::Evidence;
use crate::fixture::{ACCOUNT, denial, evidence, seen, subject};
use crate::observed::Observed::{Absent, Present};
use crate::subject::{Kind, Resource};

/// The ARN of the web ACL of [`stage`].
pub(crate) const ACL: &str = "arn:aws:wafv2:us-east-2:123456789012:regional/webacl/w/1";
/// The log group of [`stage`].
pub(crate) const GROUP: &str = "api-access";

/// A setting in which nothing is switched on.
pub(crate) fn setting() -> MethodSetting {
    MethodSetting {
        logging: Absent,
        data_trace: Switch::Off,
        rate: 100.0,
        burst: 200,
        caching: Switch::Off,
        cache_encrypted: Switch::Off,
    }
}

/// A stage that serves a deployment, behind a web ACL.
pub(crate) fn stage() -> Stage {
    Stage {
        name: "prod".into(),
        deployment: Present("d1".into()),
        web_acl: Present(ACL.into()),
        access_log: Present(AccessLog {
            destination: Present(format!("arn:aws:logs:us-east-2:{ACCOUNT}:log-group:{GROUP}")),
            format: Present(
                "$context.requestId $context.identity.sourceIp $context.requestTime $context.httpMethod $context.status"
                    .into(),
            ),
        }),
        cache: Switch::Off,
        settings: BTreeMap::from([("*/*".into(), MethodSetting { logging: Present(LoggingLevel::Info), ..setting() })]),
        variables: BTreeMap::new(),
        canary_variables: BTreeMap::new(),
    }
}

/// A method that IAM guards and a mock answers.
pub(crate) fn method(path: &str, verb: &str) -> Method {
    Method {
        path: path.into(),
        verb: verb.into(),
        authorization: Present(Authorization::Iam),
        authorizer: Absent,
        api_key: Absent,
        integration: Present(Integration {
            kind: Present(IntegrationKind::Mock),
            uri: Absent,
            connection: Absent,
            link: Absent,
            target: Absent,
            skips_verification: Switch::Off,
        }),
    }
}

/// An API of one such stage and one such method.
pub(crate) fn api() -> RestApi {
    RestApi {
        endpoint_types: seen(vec![EndpointType::Regional]),
        security_policy: seen("TLS_1_2".into()),
        status: seen(ApiStatus::Available),
        resource_policy: seen(Switch::Off),
        stages: seen(vec![stage()]),
        web_acls: BTreeMap::from([("prod".into(), seen(ACL.into()))]),
        methods: seen(vec![method("/patients", "GET")]),
        authorizers: seen(Vec::new()),
        account: seen(AccountSettings {
            log_role: Present("arn:aws:iam::123456789012:role/gateway-logs".into()),
            rate: Present(10_000.0),
            burst: Present(5_000),
        }),
        usage_plans: seen(Vec::new()),
        vpc_links: Seen::gap(denial()),
    }
}

/// A subject of that evidence, a member of the stack.
pub(crate) fn api_subject(api: RestApi) -> crate::subject::Subject {
    subject(Kind::RestApi, "a1", Resource::RestApi(Box::new(api)))
}

/// Evidence of this API alone.
pub(crate) fn of(api: RestApi) -> Evidence {
    evidence(vec![api_subject(api)])
}

/// Evidence of an API with this stage alone.
pub(crate) fn of_stage_of(stage: Stage) -> Evidence {
    of(RestApi { stages: seen(vec![stage]), ..api() })
}
