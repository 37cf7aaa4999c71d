//! Whether every method asks who calls.

use serde::Deserialize;

use super::{Authorization, EndpointType, IntegrationKind, Method, RESOURCES, RestApi};
use crate::observed::{Gap, Observed};
use crate::s3::Switch;
use crate::verdict::{Judgement, Verdict, every};

/// Parameters of `apigw-authorization`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Public {
    public_paths: Vec<String>,
    api_key_counts: bool,
    app_level_auth: bool,
}

const EXPECTED: &str = "AWS_IAM, CUSTOM or COGNITO_USER_POOLS with an authorizer that exists, on every method";
const AS_THEY_ARE: &str = "methods are read as they are now; a stage serves them as of its last deployment";

/// A key says which programme calls, not who; networks and accounts are not persons either.
pub(super) fn authorized(api: &RestApi, params: &Public) -> Judgement {
    let judged = api.methods()?.iter().filter_map(|method| match is_open_by_design(method, params) {
        Ok(true) => None,
        Ok(false) => Some(of_method(method, api, params)),
        Err(gap) => Some(Err(gap)),
    });
    let verdict = every(judged, || {
        Ok(Verdict::not_applicable("no method stands outside the paths of public_paths and the answers to preflights"))
    })?;
    Ok(match verdict {
        beside @ Verdict::NotApplicable { .. } => beside,
        Verdict::Satisfied { .. } => beside(verdict.noting(AS_THEY_ARE), api),
        Verdict::NotSatisfied { .. } => beside(verdict, api),
    })
}

/// What keeps callers out without asking who they are.
fn beside(verdict: Verdict, api: &RestApi) -> Verdict {
    let private =
        matches!(api.endpoint_types.observed(), Observed::Present(types) if types.contains(&EndpointType::Private));
    let policy = matches!(api.resource_policy.observed(), Observed::Present(Switch::On));
    match (private, policy) {
        (false, false) => verdict,
        (true, _) => verdict.noting("the API is private, which keeps networks out and asks nobody who they are"),
        (false, true) => verdict.noting("a resource policy keeps networks or accounts out, not single users"),
    }
}

/// A preflight that API Gateway answers itself says nothing of patients; one that a back end answers may. A path that
/// takes every path under it is never public as a whole.
fn is_open_by_design(method: &Method, params: &Public) -> Result<bool, Gap> {
    if params.public_paths.contains(&method.path) && !method.path.contains("+}") {
        return Ok(true);
    }
    if method.verb != "OPTIONS" {
        return Ok(false);
    }
    match method.integration.seen()? {
        Some(integration) => {
            Ok(*integration.kind.required(RESOURCES, "methodIntegration.type")? == IntegrationKind::Mock)
        }
        None => Ok(false),
    }
}

fn of_method(method: &Method, api: &RestApi, params: &Public) -> Judgement {
    let name = method.name();
    let kind = *method.authorization.required(RESOURCES, "items.resourceMethods.authorizationType")?;
    match kind {
        Authorization::Iam => Ok(Verdict::satisfied("callers sign as principals of IAM")),
        Authorization::Custom => by_authorizer(method, api, "CUSTOM"),
        Authorization::Cognito => by_authorizer(method, api, "COGNITO_USER_POOLS"),
        Authorization::None if params.app_level_auth => {
            Ok(Verdict::satisfied("methods without authorization leave it to the containers")
                .noting("app_level_auth lets that do: the container must authenticate, which no API of AWS shows"))
        }
        Authorization::None if params.api_key_counts && method.api_key.seen()? == Some(&Switch::On) => {
            Ok(Verdict::satisfied("methods without authorization ask for an API key")
                .noting("api_key_counts lets that do; a key does not tell who calls"))
        }
        Authorization::None => Ok(Verdict::not_satisfied(format!("anybody may call {name}"), EXPECTED)),
    }
}

fn by_authorizer(method: &Method, api: &RestApi, kind: &str) -> Judgement {
    let name = method.name();
    let Some(id) = method.authorizer.seen()? else {
        return Ok(Verdict::not_satisfied(format!("{name} asks for {kind} and names no authorizer"), EXPECTED));
    };
    let exists = api.authorizers.required("GetAuthorizers", "items")?.contains(id);
    Ok(if exists {
        Verdict::satisfied(format!("authorizer {id} ({kind}) asks who calls"))
    } else {
        Verdict::not_satisfied(format!("{name} names authorizer {id}, which does not exist"), EXPECTED)
    })
}

#[cfg(test)]
mod tests {
    use super::super::Integration;
    use super::super::fixture::*;
    use super::*;
    use crate::evidence::Evidence;
    use crate::fixture::*;
    use crate::observed::Observed::{Absent, Present, Unknown};

    const ID: &str = "apigw-authorization";

    fn with(methods: Vec<Method>) -> Evidence {
        of(RestApi { methods: seen(methods), authorizers: seen(vec!["z1".into()]), ..api() })
    }

    fn open(path: &str, verb: &str) -> Method {
        Method { authorization: Present(Authorization::None), ..method(path, verb) }
    }

    fn called(kind: IntegrationKind, method: Method) -> Method {
        let Present(integration) = &method.integration else { panic!("it has one") };
        let integration = Integration { kind: Present(kind), ..integration.clone() };
        Method { integration: Present(integration), ..method }
    }

    #[test]
    fn every_kind_of_authorization_passes_and_none_fails() {
        let guarded = |authorization| Method {
            authorization: Present(authorization),
            authorizer: Present("z1".into()),
            ..method("/a", "GET")
        };
        let methods = [Authorization::Iam, Authorization::Custom, Authorization::Cognito].map(guarded);
        assert_eq!(
            passed(judge(ID, &with(methods.to_vec()))),
            "callers sign as principals of IAM; authorizer z1 (CUSTOM) asks who calls; authorizer z1 (COGNITO_USER_POOLS) asks who calls | methods are read as they are now; a stage serves them as of its last deployment"
        );
        assert_eq!(failed(judge(ID, &with(vec![method("/a", "GET"), open("/a", "POST")]))), "anybody may call POST /a");
    }

    #[test]
    fn an_authorizer_that_is_not_there_fails() {
        let guarded =
            |authorizer| Method { authorization: Present(Authorization::Custom), authorizer, ..method("/a", "GET") };
        assert_eq!(
            failed(judge(ID, &with(vec![guarded(Present("z2".into()))]))),
            "GET /a names authorizer z2, which does not exist"
        );
        assert_eq!(failed(judge(ID, &with(vec![guarded(Absent)]))), "GET /a asks for CUSTOM and names no authorizer");
        let unread = RestApi { methods: seen(vec![guarded(Present("z1".into()))]), authorizers: denied(), ..api() };
        assert_eq!(undecided(judge(ID, &of(unread))), denial().to_string());
    }

    #[test]
    fn a_preflight_is_left_out_only_where_api_gateway_answers_it() {
        let beside = method("/a", "GET");
        passed(judge(ID, &with(vec![open("/a", "OPTIONS"), beside.clone()])));
        let proxied = called(IntegrationKind::Http, open("/a", "OPTIONS"));
        assert_eq!(failed(judge(ID, &with(vec![proxied, beside.clone()]))), "anybody may call OPTIONS /a");
        assert_eq!(failed(judge(ID, &with(vec![open("/a", "ANY"), beside]))), "anybody may call ANY /a");
    }

    #[test]
    fn a_public_path_is_left_out_as_a_whole_path_and_never_with_all_under_it() {
        assert_eq!(
            not_applicable(judge(ID, &with(vec![open("/health", "GET")]))),
            "no method stands outside the paths of public_paths and the answers to preflights"
        );
        not_applicable(judge(ID, &with(Vec::new())));
        assert_eq!(failed(judge(ID, &with(vec![open("/health/deep", "GET")]))), "anybody may call GET /health/deep");
        let all = judge_with(ID, "public_paths = ['/{proxy+}']", &with(vec![open("/{proxy+}", "ANY")]));
        assert_eq!(failed(all), "anybody may call ANY /{proxy+}");
    }

    #[test]
    fn keys_and_networks_are_no_persons() {
        let keyed = Method { api_key: Present(Switch::On), ..open("/a", "GET") };
        assert_eq!(failed(judge(ID, &with(vec![keyed.clone()]))), "anybody may call GET /a");
        let text = passed(judge_with(ID, "api_key_counts = true", &with(vec![keyed.clone()])));
        assert!(text.contains("a key does not tell who calls"), "{text}");
        let text = passed(judge_with(ID, "app_level_auth = true", &with(vec![open("/a", "GET")])));
        assert!(text.contains("the container must authenticate"), "{text}");
        let private =
            RestApi { methods: seen(vec![keyed]), endpoint_types: seen(vec![EndpointType::Private]), ..api() };
        let text = failed(judge(ID, &of(private.clone())));
        assert!(text.contains("the API is private"), "{text}");
        let policed =
            RestApi { endpoint_types: seen(vec![EndpointType::Edge]), resource_policy: seen(Switch::On), ..private };
        assert!(failed(judge(ID, &of(policed))).contains("a resource policy keeps networks"));
    }

    #[test]
    fn methods_that_were_not_read_are_an_error() {
        assert_eq!(undecided(judge(ID, &of(RestApi { methods: denied(), ..api() }))), denial().to_string());
        let silent = Method { authorization: Absent, ..method("/a", "GET") };
        let text = undecided(judge(ID, &with(vec![silent])));
        assert!(text.starts_with("GetResources answered without items.resourceMethods.authorizationType"), "{text}");
        let unread = Method { authorization: Unknown(denial()), ..method("/a", "GET") };
        assert_eq!(undecided(judge(ID, &with(vec![unread]))), denial().to_string());
    }
}
