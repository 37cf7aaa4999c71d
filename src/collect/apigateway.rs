//! API Gateway: what is read of them.

use aws_sdk_apigateway::types;
use tap_audit_checks::apigateway::{DomainName, EndpointType};
use tap_audit_checks::observed::{Gap, Observed, Seen};
use tap_audit_checks::subject::{Kind, unseen};

use crate::collect::call::Call;
use crate::collect::{Collected, Reference, Walk};

/// Every call of this file, for plans and for the policy that the auditing role needs.
pub(crate) const CALLS: &[&Call] = &[];

/// The reference of the AWS::ApiGateway::RestApi that this text names, in any form: id, name or ARN.
pub(crate) fn rest_api_reference(_walk: &Walk<'_>, named: &str, region: &str) -> Option<Reference> {
    Some(Reference { kind: Kind::RestApi, id: named.to_owned(), region: region.to_owned() })
}

/// Collects one AWS::ApiGateway::RestApi.
pub(crate) async fn rest_api(_walk: &Walk<'_>, _id: &str, _region: &str) -> Collected {
    let gap = Gap::NotCollected { what: "this version does not read it".into() };
    Collected { existence: Seen::gap(gap.clone()), arn: None, region: None, resource: unseen(Kind::RestApi, &gap) }
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
mod tests {
    use super::*;
    use crate::collect::fixture::{scope, scope_of, walked};
    use crate::replay::{Account, Answer};

    fn account() -> Account {
        let first = r#"{"item":[{"domainName":"a.example.com","securityPolicy":"TLS_1_0","endpointConfiguration":{"types":["EDGE"]}}],"position":"more"}"#;
        let second = r#"{"item":[{"domainName":"b.example.com","domainNameArn":"arn:b","securityPolicy":"SecurityPolicy_TLS13_1_3_2025_09","endpointConfiguration":{"types":["NEWER"]}},{"domainName":"c.example.com"}]}"#;
        let page = |account: Account, arguments: &[(&str, &str)], body: &str| {
            account.answer("apigateway", "GetDomainNames", arguments, Answer::ok(body)).unwrap()
        };
        let account = Account::from_files("test", [("account.toml", "[account]\nid = \"123456789012\"\n")]).unwrap();
        let account = page(account, &[("Path", "domainnames")], first);
        page(account, &[("Path", "domainnames"), ("position", "more")], second)
    }

    #[tokio::test]
    async fn every_custom_domain_is_read_with_what_it_takes() {
        let (domains, replay) = walked(account(), &scope_of(&["transit-tls12-minimum"]), domain_names).await;
        assert!(replay.unrecorded().is_empty(), "{:?}", replay.unrecorded());
        let Observed::Present(domains) = domains.observed() else { panic!("{domains:?}") };
        let [edge, newer, silent] = domains.as_slice() else { panic!("three domains: {domains:?}") };
        assert_eq!(edge.security_policy, Observed::Present("TLS_1_0".into()));
        assert_eq!(edge.endpoint_types, Observed::Present(vec![EndpointType::Edge]));
        assert_eq!(newer.arn, Observed::Present("arn:b".into()));
        assert_eq!(newer.security_policy, Observed::Present("SecurityPolicy_TLS13_1_3_2025_09".into()));
        assert_eq!(newer.endpoint_types, DOMAIN_NAMES.unrecognised("endpointConfiguration.types", "NEWER"));
        assert_eq!(silent.security_policy, Observed::Absent);
        assert_eq!(silent.endpoint_types, Observed::Unknown(DOMAIN_NAMES.incomplete("endpointConfiguration")));
    }

    #[tokio::test]
    async fn domains_are_not_asked_for_where_no_requirement_asks() {
        let (domains, replay) = walked(account(), &scope(), domain_names).await;
        assert!(matches!(domains.observed(), Observed::Unknown(Gap::NotCollected { .. })));
        assert_eq!(replay.counts().values().sum::<u64>(), 0);
    }
}
