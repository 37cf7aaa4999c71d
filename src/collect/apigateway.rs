//! API Gateway: what is read of them.

use aws_sdk_apigateway::types;
use tap_audit_checks::apigateway::{ApiStatus, DomainName, EndpointType, RestApi};
use tap_audit_checks::observed::{Gap, Observed, Seen};
use tap_audit_checks::s3::Switch;
use tap_audit_checks::subject::{Kind, Resource};

use crate::collect::call::Call;
use crate::collect::{Collected, Reference, Walk, existence};
use crate::resolve::{self, Resolution};

mod api;
mod methods;
mod stages;

const API: Call = call("GetRestApi");
const STAGES: Call = call("GetStages");
const RESOURCES: Call = call("GetResources");
const AUTHORIZERS: Call = call("GetAuthorizers");
const ACCOUNT: Call = call("GetAccount");
const USAGE_PLANS: Call = call("GetUsagePlans");
const VPC_LINKS: Call = call("GetVpcLinks");
const WEB_ACL: Call = Call {
    service: "wafv2",
    operation: "GetWebACLForResource",
    permission: "wafv2:GetWebACLForResource",
    absent: &[],
    denied_or: None,
};

/// Every call of this file, for plans and for the policy that the auditing role needs.
pub(crate) const CALLS: &[&Call] =
    &[&API, &STAGES, &RESOURCES, &AUTHORIZERS, &ACCOUNT, &USAGE_PLANS, &VPC_LINKS, &WEB_ACL];

/// Every question to API Gateway is the reading of a path.
const fn call(operation: &'static str) -> Call {
    Call { service: "apigateway", operation, permission: "apigateway:GET", absent: &[], denied_or: None }
}

/// The reference of the REST API that this text names: by its id, an ARN of it or of a part, or the URL of a stage. A
/// custom domain names none.
pub(crate) fn rest_api_reference(_walk: &Walk<'_>, named: &str, region: &str) -> Option<Reference> {
    let reference =
        |id: &str, region: &str| Reference { kind: Kind::RestApi, id: id.to_owned(), region: region.to_owned() };
    if !named.contains(['.', '/', ':']) {
        return Some(reference(named, region));
    }
    match resolve::resolve("", named) {
        Resolution::Resolved(resolved) if resolved.kind == Kind::RestApi.name() => {
            Some(reference(&resolved.id, resolved.region.as_deref().unwrap_or(region)))
        }
        Resolution::Resolved(_) | Resolution::Unresolved(_) => None,
    }
}

/// Collects a REST API, and reaches its web ACLs, the log groups of its stages, the role by which API Gateway writes
/// logs and the load balancers behind its VPC links. The rest beside its description is read only where a requirement
/// asks for it.
pub(crate) async fn rest_api(walk: &Walk<'_>, id: &str, region: &str) -> Collected {
    let described = describe(walk, id, region).await;
    let existence = existence(&described);
    let api = match described.observed() {
        Observed::Present(_) if walk.scope.selects(&["apigw-", "waf-"]) => api::parts(walk, id, region).await,
        Observed::Present(_) | Observed::Absent => RestApi::unknown(&Gap::NotCollected {
            what: "no requirement of the profile asks how APIs are set up".into(),
        }),
        Observed::Unknown(gap) => RestApi::unknown(gap),
    };
    let api = RestApi {
        endpoint_types: described.clone().and_then(|described| described.endpoint_types),
        security_policy: described.clone().and_then(|described| described.security_policy),
        status: described.clone().and_then(|described| described.status),
        resource_policy: described.map(|described| described.resource_policy),
        ..api
    };
    Collected {
        existence,
        arn: Some(format!("arn:{}:apigateway:{region}::/restapis/{id}", walk.partition)),
        region: Some(region.to_owned()),
        resource: Resource::RestApi(Box::new(api)),
    }
}

#[derive(Clone)]
struct Described {
    endpoint_types: Observed<Vec<EndpointType>>,
    security_policy: Observed<String>,
    status: Observed<ApiStatus>,
    resource_policy: Switch,
}

async fn describe(walk: &Walk<'_>, id: &str, region: &str) -> Seen<Described> {
    walk.aws
        .ask(
            &API,
            region,
            &[("restApiId", id)],
            |clients| clients.apigateway().get_rest_api().rest_api_id(id).send(),
            |answer| {
                Observed::Present(Described {
                    endpoint_types: match answer.endpoint_configuration() {
                        Some(endpoint) => endpoint_types(&API, endpoint.types()),
                        None => Observed::Unknown(API.incomplete("endpointConfiguration")),
                    },
                    security_policy: Observed::of(answer.security_policy().map(|policy| policy.as_str().to_owned())),
                    status: match answer.api_status().map(types::ApiStatus::as_str) {
                        Some("AVAILABLE") => Observed::Present(ApiStatus::Available),
                        Some("UPDATING") => Observed::Present(ApiStatus::Updating),
                        Some("PENDING") => Observed::Present(ApiStatus::Pending),
                        Some("FAILED") => Observed::Present(ApiStatus::Failed),
                        Some(other) => API.unrecognised("apiStatus", other),
                        None => Observed::Absent,
                    },
                    resource_policy: Switch::from(answer.policy().is_some_and(|policy| !policy.is_empty())),
                })
            },
        )
        .await
}

const DOMAIN_NAMES: Call = Call {
    service: "apigateway",
    operation: "GetDomainNames",
    permission: "apigateway:GET",
    absent: &[],
    denied_or: None,
};

/// Every call about the custom domains of the account.
pub(crate) const DOMAIN_CALLS: &[&Call] = &[&DOMAIN_NAMES];

/// Collects the custom domain names of the account in the run's region; an empty list means none.
pub(crate) async fn domain_names(walk: &Walk<'_>) -> Seen<Vec<DomainName>> {
    if !walk.scope.selects(&["no-public-endpoints", "transit-tls12-minimum"]) {
        return Seen::gap(Gap::NotCollected { what: "no requirement of the profile asks about custom domains".into() });
    }
    walk.aws
        .ask_all(
            &DOMAIN_NAMES,
            &walk.region,
            &[],
            |clients, position| clients.apigateway().get_domain_names().set_position(position).send(),
            |answer| answer.position().map(str::to_owned),
            |answer| answer.items().iter().map(domain_name).collect(),
        )
        .await
}

fn domain_name(found: &types::DomainName) -> Result<DomainName, Gap> {
    Ok(DomainName {
        name: found.domain_name().ok_or_else(|| DOMAIN_NAMES.incomplete("domainName"))?.to_owned(),
        arn: Observed::of(found.domain_name_arn().map(str::to_owned)),
        // The name is kept, not the enum: which versions it takes is the catalog's to say.
        security_policy: Observed::of(found.security_policy().map(|policy| policy.as_str().to_owned())),
        endpoint_types: match found.endpoint_configuration() {
            Some(endpoint) => endpoint_types(&DOMAIN_NAMES, endpoint.types()),
            None => Observed::Unknown(DOMAIN_NAMES.incomplete("endpointConfiguration")),
        },
    })
}

/// How an API or a domain can be reached.
pub(crate) fn endpoint_types(call: &'static Call, types: &[types::EndpointType]) -> Observed<Vec<EndpointType>> {
    let read = types.iter().map(|kind| match kind.as_str() {
        "EDGE" => Ok(EndpointType::Edge),
        "REGIONAL" => Ok(EndpointType::Regional),
        "PRIVATE" => Ok(EndpointType::Private),
        other => Err(call.unknown_token("endpointConfiguration.types", other)),
    });
    match read.collect::<Result<Vec<_>, _>>() {
        Ok(types) if types.is_empty() => Observed::Unknown(call.incomplete("endpointConfiguration.types")),
        Ok(types) => Observed::Present(types),
        Err(gap) => Observed::Unknown(gap),
    }
}

#[cfg(test)]
mod tests;
