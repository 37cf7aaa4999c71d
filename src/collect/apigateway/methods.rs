//! What is read of the methods of an API and of what answers them.

use std::collections::BTreeSet;

use aws_sdk_apigateway::types;
use tap_audit_checks::apigateway::{Authorization, Connection, Integration, IntegrationKind, Method};
use tap_audit_checks::observed::{Observed, Seen};
use tap_audit_checks::s3::Switch;

use super::RESOURCES;
use crate::collect::Walk;

/// The most resources that one page holds.
const PAGE: i32 = 500;

/// Reads every method. They come with their resources only where that is asked for.
pub(super) async fn methods(walk: &Walk<'_>, id: &str, region: &str) -> Seen<Vec<Method>> {
    walk.aws
        .ask_all(
            &RESOURCES,
            region,
            &[("restApiId", id), ("embed", "methods")],
            |clients, position| {
                let request = clients.apigateway().get_resources().rest_api_id(id).embed("methods").limit(PAGE);
                request.set_position(position).send()
            },
            |answer| answer.position().map(str::to_owned),
            |answer| {
                let mut methods = Vec::new();
                for resource in answer.items() {
                    let path = resource.path().ok_or_else(|| RESOURCES.incomplete("items.path"))?;
                    let found = resource.resource_methods().into_iter().flatten();
                    methods.extend(found.map(|(verb, found)| method(path, verb, found)));
                }
                Ok(methods)
            },
        )
        .await
        // Resources come in no order, and methods in the order of a map.
        .map(|mut methods| {
            methods.sort_by(|one, other| (&one.path, &one.verb).cmp(&(&other.path, &other.verb)));
            methods
        })
}

fn text(found: Option<&str>) -> Observed<String> {
    Observed::of(found.filter(|text| !text.is_empty()).map(str::to_owned))
}

fn method(path: &str, verb: &str, found: &types::Method) -> Method {
    Method {
        path: path.to_owned(),
        verb: verb.to_owned(),
        authorization: match found.authorization_type() {
            Some("NONE") => Observed::Present(Authorization::None),
            Some("AWS_IAM") => Observed::Present(Authorization::Iam),
            Some("CUSTOM") => Observed::Present(Authorization::Custom),
            Some("COGNITO_USER_POOLS") => Observed::Present(Authorization::Cognito),
            Some(other) => RESOURCES.unrecognised("items.resourceMethods.authorizationType", other),
            None => Observed::Absent,
        },
        authorizer: text(found.authorizer_id()),
        api_key: Observed::of(found.api_key_required().map(Switch::from)),
        integration: Observed::of(found.method_integration().map(integration)),
    }
}

fn integration(found: &types::Integration) -> Integration {
    let kind = match found.r#type().map(types::IntegrationType::as_str) {
        Some("HTTP" | "HTTP_PROXY") => Observed::Present(IntegrationKind::Http),
        Some("AWS" | "AWS_PROXY") => Observed::Present(IntegrationKind::Aws),
        Some("MOCK") => Observed::Present(IntegrationKind::Mock),
        Some(other) => RESOURCES.unrecognised("methodIntegration.type", other),
        None => Observed::Absent,
    };
    let uri = found.uri().filter(|_| kind == Observed::Present(IntegrationKind::Http));
    Integration {
        kind,
        uri: Observed::of(uri.map(host)),
        connection: match found.connection_type().map(types::ConnectionType::as_str) {
            Some("INTERNET") => Observed::Present(Connection::Internet),
            Some("VPC_LINK") => Observed::Present(Connection::VpcLink),
            Some(other) => RESOURCES.unrecognised("methodIntegration.connectionType", other),
            None => Observed::Absent,
        },
        link: text(found.connection_id()),
        target: text(found.integration_target()),
        skips_verification: Switch::from(found.tls_config().is_some_and(types::TlsConfig::insecure_skip_verification)),
    }
}

/// Scheme, host and port of a URI, or of the part of one that a variable holds: paths, queries and names of users may
/// hold what is secret. ARNs of load balancers stay whole.
pub(super) fn host(uri: &str) -> String {
    if uri.starts_with("arn:") {
        return uri.to_owned();
    }
    let (scheme, rest) = match uri.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), uri),
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}{host}")
}

/// The stage variables that integrations use.
pub(super) fn variables(methods: &Seen<Vec<Method>>) -> BTreeSet<String> {
    const START: &str = "${stageVariables.";
    let Observed::Present(methods) = methods.observed() else { return BTreeSet::new() };
    let texts = methods.iter().filter_map(|method| match &method.integration {
        Observed::Present(integration) => Some([&integration.uri, &integration.link, &integration.target]),
        Observed::Absent | Observed::Unknown(_) => None,
    });
    let mut names = BTreeSet::new();
    for text in texts.flatten() {
        let Observed::Present(text) = text else { continue };
        let found = text.split(START).skip(1).filter_map(|rest| rest.split_once('}'));
        names.extend(found.map(|(name, _)| name.to_owned()));
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_host_of_a_uri_is_kept() {
        assert_eq!(host("https://user:secret@example.com:8443/path?key=secret"), "https://example.com:8443");
        assert_eq!(host("${stageVariables.url}/{proxy}"), "${stageVariables.url}");
        assert_eq!(host("https://${stageVariables.host}/a"), "https://${stageVariables.host}");
        assert_eq!(host("example.com/base"), "example.com");
        assert_eq!(
            host("arn:aws:elasticloadbalancing:r:1:loadbalancer/app/web/1"),
            "arn:aws:elasticloadbalancing:r:1:loadbalancer/app/web/1"
        );
    }
}
