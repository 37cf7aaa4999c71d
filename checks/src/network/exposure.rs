//! Whether the internet reaches anything of the stack.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{evidence_of, live, settled};
use crate::apigateway::{EndpointType, RestApi};
use crate::check::Context;
use crate::cloudformation::{Member, Stack};
use crate::elbv2::{LoadBalancer, Scheme};
use crate::lambda::Function;
use crate::observed::{Gap, Observed};
use crate::s3::{Bucket, Switch};
use crate::verdict::{Judgement, Verdict, every};

/// Parameters of `no-public-endpoints`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Exposure {
    no_endpoint_types: Vec<String>,
    accepted_public: Vec<String>,
}

const EXPECTED: &str = "no resource of the stack with an address or an endpoint that the internet reaches";

/// Kinds that are a part of another, which is judged by itself: they give it no further address.
const PARTS: &[&str] = &[
    "AWS::ApiGateway::Account",
    "AWS::ApiGateway::ApiKey",
    "AWS::ApiGateway::Authorizer",
    "AWS::ApiGateway::BasePathMapping",
    "AWS::ApiGateway::BasePathMappingV2",
    "AWS::ApiGateway::ClientCertificate",
    "AWS::ApiGateway::Deployment",
    "AWS::ApiGateway::DocumentationPart",
    "AWS::ApiGateway::DocumentationVersion",
    "AWS::ApiGateway::GatewayResponse",
    "AWS::ApiGateway::Method",
    "AWS::ApiGateway::Model",
    "AWS::ApiGateway::RequestValidator",
    "AWS::ApiGateway::Resource",
    "AWS::ApiGateway::Stage",
    "AWS::ApiGateway::UsagePlan",
    "AWS::ApiGateway::UsagePlanKey",
    "AWS::ApiGateway::VpcLink",
    "AWS::EC2::EIPAssociation",
    "AWS::ElasticLoadBalancingV2::Listener",
    "AWS::ElasticLoadBalancingV2::ListenerCertificate",
    "AWS::ElasticLoadBalancingV2::ListenerRule",
    "AWS::ElasticLoadBalancingV2::TargetGroup",
    "AWS::S3::BucketPolicy",
];

/// A stack of kinds without an endpoint passes with the list of them. Of a kind that this version does not know nothing
/// is concluded.
pub(super) fn no_public_endpoints(stack: &Stack, params: &Exposure, context: &Context<'_>) -> Judgement {
    let mut without: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut parts, mut accepted) = (Vec::new(), Vec::new());
    for member in live(stack)? {
        if let Err(gap) = settled(member) {
            parts.push(Err(gap));
            continue;
        }
        if params.accepted_public.contains(&member.logical_id) {
            accepted.push(format!("{} is accepted as public by accepted_public", member.logical_id));
            continue;
        }
        match judged(member, stack, context) {
            Some(part) => parts.push(part.map(|verdict| verdict.about(&called(member)))),
            None if PARTS.contains(&member.kind.as_str()) || is_listed(&member.kind, &params.no_endpoint_types) => {
                *without.entry(&member.kind).or_insert(0) += 1;
            }
            None => parts.push(Err(Gap::undecided(format!(
                "{} is of a kind of which this version does not know whether the internet reaches it; see to it and name the \
                 kind in no_endpoint_types, or the resource in accepted_public",
                called(member)
            )))),
        }
    }
    if !without.is_empty() {
        let kinds: Vec<String> = without.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        parts.push(Ok(Verdict::satisfied(format!("no endpoint of their own have {}", kinds.join(", ")))));
    }
    let verdict = every(parts, || match accepted.is_empty() {
        true => Err(Gap::undecided("the stack lists no resource that is live")),
        false => Ok(Verdict::not_applicable("every resource of the stack is accepted as public")),
    })?;
    Ok(accepted.into_iter().fold(verdict, Verdict::noting))
}

fn called(member: &Member) -> String {
    format!("{} {}", member.kind, member.logical_id)
}

/// Whether a kind is named, in full or with a star at its end.
fn is_listed(kind: &str, listed: &[String]) -> bool {
    listed.iter().any(|named| match named.strip_suffix('*') {
        Some(start) => kind.starts_with(start),
        None => kind == named,
    })
}

fn public(observed: impl Into<String>) -> Verdict {
    Verdict::not_satisfied(observed, EXPECTED)
}

/// Judges a member of a kind that can have an endpoint; `None` for the others.
fn judged(member: &Member, stack: &Stack, context: &Context<'_>) -> Option<Judgement> {
    Some(match member.kind.as_str() {
        "AWS::Lambda::Function" => function(member, context),
        "AWS::Lambda::Url" => Ok(public("is a function URL, which the internet reaches")),
        "AWS::EC2::Instance" => instance(member, stack),
        "AWS::EC2::EIP" => address(member, stack),
        "AWS::ElasticLoadBalancingV2::LoadBalancer" => load_balancer(member, context),
        "AWS::ApiGateway::RestApi" => rest_api(member, context),
        "AWS::ApiGateway::DomainName" => domain_name(member, context),
        "AWS::ApiGateway::DomainNameV2" => Ok(Verdict::satisfied("is a private custom domain")),
        "AWS::ApiGatewayV2::Api" => Ok(public("is an HTTP or WebSocket API, which the internet reaches")),
        "AWS::CloudFront::Distribution" => Ok(public("is a distribution, which the internet reaches")),
        "AWS::S3::Bucket" => bucket(member, context),
        _ => return None,
    })
}

/// A function URL is an endpoint whoever may call it: IAM only decides who gets an answer.
fn function(member: &Member, context: &Context<'_>) -> Judgement {
    let function: &Function = evidence_of(member, context)?;
    let urls = function.urls.required("ListFunctionUrlConfigs", "FunctionUrlConfigs")?;
    Ok(match urls.first() {
        Some(url) => public(format!("has a function URL for {}", url.function_arn)),
        None => Verdict::satisfied("has no function URL"),
    })
}

fn instance(member: &Member, stack: &Stack) -> Judgement {
    let id = physical_id(member)?;
    let instances = stack.addresses.instances.required("DescribeInstances", "Reservations")?;
    let instance = instances.iter().find(|instance| instance.id == *id).ok_or_else(|| Gap::Incomplete {
        operation: "DescribeInstances".into(),
        field: format!("instance {id}").into(),
    })?;
    if !instance.public.is_empty() {
        return Ok(public(format!("has the public address {}", instance.public.join(", "))));
    }
    let verdict = Verdict::satisfied("has no public address");
    Ok(if instance.ipv6.is_empty() {
        verdict
    } else {
        verdict.noting(format!("{} has IPv6 addresses; routes and groups decide who reaches them", member.logical_id))
    })
}

/// An address of a NAT gateway takes nothing in that was not asked for.
fn address(member: &Member, stack: &Stack) -> Judgement {
    let id = physical_id(member)?;
    let has_gateway = live(stack)?.any(|member| member.kind == "AWS::EC2::NatGateway");
    let observed = format!("is the public address {id}");
    if !has_gateway {
        return Ok(public(observed));
    }
    let addresses = stack.addresses.nat.required("DescribeNatGateways", "NatGateways")?;
    let is_gateways = addresses.iter().any(|address| {
        let own = Observed::Present(id.clone());
        address.address == own || address.allocation == own
    });
    Ok(if is_gateways {
        Verdict::not_applicable("is the address of a NAT gateway, which lets nothing in")
    } else {
        public(observed)
    })
}

fn load_balancer(member: &Member, context: &Context<'_>) -> Judgement {
    let balancer: &LoadBalancer = evidence_of(member, context)?;
    Ok(match balancer.described()?.scheme()? {
        Some(Scheme::InternetFacing) => public("has the scheme internet-facing"),
        Some(Scheme::Internal) => Verdict::satisfied("has the scheme internal"),
        None => Verdict::satisfied("is a gateway load balancer, which has no address for clients"),
    })
}

fn rest_api(member: &Member, context: &Context<'_>) -> Judgement {
    let api: &RestApi = evidence_of(member, context)?;
    private(api.endpoint_types.required("GetRestApi", "endpointConfiguration.types")?, "GetRestApi")
}

fn domain_name(member: &Member, context: &Context<'_>) -> Judgement {
    let domain = context.evidence.account()?.domain_name(physical_id(member)?)?;
    private(domain.endpoint_types.required("GetDomainNames", "endpointConfiguration.types")?, "GetDomainNames")
}

/// No types are no answer: API Gateway always names one.
fn private(types: &[EndpointType], operation: &'static str) -> Judgement {
    if types.is_empty() {
        return Err(Gap::Incomplete { operation: operation.into(), field: "endpointConfiguration.types".into() });
    }
    Ok(if types.contains(&EndpointType::Private) {
        Verdict::satisfied("is private")
    } else {
        public("is not private, so that the internet reaches it")
    })
}

/// A bucket without a policy has no status, and nothing in a policy lets strangers in.
fn bucket(member: &Member, context: &Context<'_>) -> Judgement {
    const OPERATION: &str = "GetBucketPolicyStatus";
    let bucket: &Bucket = evidence_of(member, context)?;
    let Some(status) = bucket.policy_status.seen()? else {
        return Ok(Verdict::satisfied("has no policy that could make it public"));
    };
    Ok(match status.public.required(OPERATION, "IsPublic")? {
        Switch::On => public("has a policy that makes it public"),
        Switch::Off => Verdict::satisfied("has a policy that does not make it public"),
    })
}

fn physical_id(member: &Member) -> Result<&String, Gap> {
    member.physical_id.required("ListStackResources", "PhysicalResourceId")
}

#[cfg(test)]
mod tests {
    use super::super::fixture::*;
    use super::super::{Addresses, Instance, NatAddress};
    use super::*;
    use crate::apigateway;
    use crate::elbv2::{self, BalancerType};
    use crate::evidence::{Account, Evidence};
    use crate::fixture::*;
    use crate::lambda::{FunctionUrl, UrlAuth};
    use crate::observed::Observed::{Absent, Present};
    use crate::observed::Seen;
    use crate::s3::PolicyStatus;
    use crate::subject::{Kind, Resource, Subject};

    const ID: &str = "no-public-endpoints";
    const FACELESS: (&str, &str, &str) = ("Key", "AWS::KMS::Key", "k");

    fn of(members: &[(&str, &str, &str)], others: Vec<Subject>) -> Evidence {
        stack_with(members, none(), others)
    }

    fn none() -> Addresses {
        Addresses { instances: seen(Vec::new()), nat: seen(Vec::new()) }
    }

    fn alone(kind: &str) -> Evidence {
        of(&[("Thing", kind, "thing")], Vec::new())
    }

    #[test]
    fn a_stack_of_kinds_without_an_endpoint_passes_with_their_list() {
        let members = [
            FACELESS,
            ("Topic", "AWS::SNS::Topic", "t"),
            ("Role", "AWS::IAM::Role", "r"),
            ("Other", "AWS::KMS::Key", "l"),
        ];
        assert_eq!(
            passed(judge(ID, &of(&members, Vec::new()))),
            "no endpoint of their own have 1 AWS::IAM::Role, 2 AWS::KMS::Key, 1 AWS::SNS::Topic"
        );
    }

    #[test]
    fn the_kinds_that_the_catalog_names_have_no_endpoint() {
        for kind in [
            "AWS::IAM::ManagedPolicy",
            "AWS::Logs::MetricFilter",
            "AWS::CloudWatch::Dashboard",
            "AWS::SQS::Queue",
            "AWS::Events::Rule",
            "AWS::Scheduler::Schedule",
            "AWS::Config::ConfigRule",
            "AWS::CloudTrail::Trail",
            "AWS::GuardDuty::Detector",
            "AWS::SecurityHub::Hub",
            "AWS::SSM::Parameter",
            "AWS::SecretsManager::Secret",
            "AWS::CloudFormation::Stack",
            "Custom::Thing",
            "AWS::Lambda::Permission",
            "AWS::EC2::VPC",
            "AWS::EC2::NatGateway",
            "AWS::EC2::VPCEndpoint",
            "AWS::S3::BucketPolicy",
        ] {
            assert!(passed(judge(ID, &alone(kind))).contains(kind), "{kind}");
        }
    }

    #[test]
    fn a_kind_that_is_not_known_is_an_error_that_names_it() {
        let text = undecided(judge(ID, &of(&[FACELESS, ("Site", "AWS::Amplify::App", "a")], Vec::new())));
        assert!(text.starts_with("AWS::Amplify::App Site is of a kind of which this version does not know"), "{text}");
        for kind in
            ["AWS::EC2::NetworkInterface", "AWS::ElasticLoadBalancing::LoadBalancer", "AWS::ApiGatewayV2::DomainName"]
        {
            undecided(judge(ID, &alone(kind)));
        }
        let public =
            of(&[("Site", "AWS::Amplify::App", "a"), ("Cdn", "AWS::CloudFront::Distribution", "E1")], Vec::new());
        assert!(failed(judge(ID, &public)).starts_with("AWS::CloudFront::Distribution Cdn is a distribution"));
    }

    #[test]
    fn kinds_that_are_endpoints_by_themselves_fail_unless_they_are_accepted() {
        for kind in ["AWS::Lambda::Url", "AWS::ApiGatewayV2::Api", "AWS::CloudFront::Distribution", "AWS::EC2::EIP"] {
            assert!(failed(judge(ID, &alone(kind))).starts_with(&format!("{kind} Thing is ")), "{kind}");
        }
        let members = [FACELESS, ("Site", "AWS::CloudFront::Distribution", "E1")];
        let accepted = "accepted_public = ['Site']";
        let text = passed(judge_with(ID, accepted, &of(&members, Vec::new())));
        assert!(text.ends_with("| Site is accepted as public by accepted_public"), "{text}");
        let text = not_applicable(judge_with(ID, "accepted_public = ['Thing']", &alone("AWS::EC2::EIP")));
        assert!(text.starts_with("every resource of the stack is accepted as public"), "{text}");
    }

    #[test]
    fn a_function_url_is_an_endpoint_whoever_may_call_it() {
        let member = [("Fn", "AWS::Lambda::Function", "f")];
        let function = |urls| {
            let function = Function { urls, ..Function::unknown(&denial()) };
            vec![subject(Kind::Function, "f", Resource::Function(Box::new(function)))]
        };
        for auth in [UrlAuth::AwsIam, UrlAuth::None] {
            let url = FunctionUrl { function_arn: "arn:f".into(), auth: Present(auth), allowed_origins: Vec::new() };
            assert_eq!(
                failed(judge(ID, &of(&member, function(seen(vec![url]))))),
                "AWS::Lambda::Function Fn has a function URL for arn:f"
            );
        }
        assert_eq!(
            passed(judge(ID, &of(&member, function(seen(Vec::new()))))),
            "AWS::Lambda::Function Fn has no function URL"
        );
        assert_eq!(undecided(judge(ID, &of(&member, function(denied())))), denial().to_string());
        let text = undecided(judge(ID, &of(&member, Vec::new())));
        assert_eq!(text, "nothing was seen of AWS::Lambda::Function Fn");
    }

    #[test]
    fn an_instance_is_public_by_any_of_its_addresses() {
        let member = [("Host", "AWS::EC2::Instance", "i-1")];
        let having = |public: &[&str], ipv6: &[&str]| {
            let all = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
            let instance = Instance { id: "i-1".into(), public: all(public), ipv6: all(ipv6) };
            stack_with(&member, Addresses { instances: seen(vec![instance]), ..none() }, Vec::new())
        };
        assert_eq!(
            failed(judge(ID, &having(&["192.0.2.1"], &[]))),
            "AWS::EC2::Instance Host has the public address 192.0.2.1"
        );
        assert_eq!(passed(judge(ID, &having(&[], &[]))), "AWS::EC2::Instance Host has no public address");
        let text = passed(judge(ID, &having(&[], &["2001:db8::1"])));
        assert!(text.ends_with("| Host has IPv6 addresses; routes and groups decide who reaches them"), "{text}");
        let text = undecided(judge(ID, &of(&member, Vec::new())));
        assert!(text.starts_with("DescribeInstances answered without instance i-1"), "{text}");
        let unread = stack_with(&member, Addresses { instances: denied(), ..none() }, Vec::new());
        assert_eq!(undecided(judge(ID, &unread)), denial().to_string());
    }

    #[test]
    fn the_address_of_a_nat_gateway_is_let_be() {
        let members = [("Ip", "AWS::EC2::EIP", "192.0.2.1"), ("Nat", "AWS::EC2::NatGateway", "nat-1")];
        let of_nat =
            |address: &str| NatAddress { address: Present(address.into()), allocation: Present("eipalloc-1".into()) };
        let with = |nat| stack_with(&members, Addresses { nat, ..none() }, Vec::new());
        assert_eq!(
            passed(judge(ID, &with(seen(vec![of_nat("192.0.2.1")])))),
            "no endpoint of their own have 1 AWS::EC2::NatGateway"
        );
        assert_eq!(
            failed(judge(ID, &with(seen(vec![of_nat("192.0.2.9")])))),
            "AWS::EC2::EIP Ip is the public address 192.0.2.1"
        );
        assert_eq!(undecided(judge(ID, &with(denied()))), denial().to_string());
    }

    #[test]
    fn an_internet_facing_load_balancer_fails() {
        let arn = elbv2::fixture::arn("web");
        let member = [("Web", "AWS::ElasticLoadBalancingV2::LoadBalancer", arn.as_str())];
        let with = |kind, scheme| {
            of(&member, vec![elbv2::fixture::subject(elbv2::fixture::balancer(kind, scheme, Vec::new()))])
        };
        assert_eq!(
            failed(judge(ID, &with(BalancerType::Network, Present(Scheme::InternetFacing)))),
            "AWS::ElasticLoadBalancingV2::LoadBalancer Web has the scheme internet-facing"
        );
        passed(judge(ID, &with(BalancerType::Application, Present(Scheme::Internal))));
        passed(judge(ID, &with(BalancerType::Gateway, Absent)));
        undecided(judge(ID, &with(BalancerType::Application, Absent)));
    }

    #[test]
    fn an_api_or_a_domain_that_is_not_private_fails() {
        let member = [("Api", "AWS::ApiGateway::RestApi", "a1")];
        let api = |types: Seen<Vec<EndpointType>>| {
            let api = RestApi { endpoint_types: types, ..RestApi::unknown(&denial()) };
            of(&member, vec![subject(Kind::RestApi, "a1", Resource::RestApi(Box::new(api)))])
        };
        for kind in [EndpointType::Edge, EndpointType::Regional] {
            assert_eq!(
                failed(judge(ID, &api(seen(vec![kind])))),
                "AWS::ApiGateway::RestApi Api is not private, so that the internet reaches it"
            );
        }
        assert_eq!(
            passed(judge(ID, &api(seen(vec![EndpointType::Private])))),
            "AWS::ApiGateway::RestApi Api is private"
        );
        undecided(judge(ID, &api(seen(Vec::new()))));
        assert_eq!(undecided(judge(ID, &api(denied()))), denial().to_string());
        let domain = [("Domain", "AWS::ApiGateway::DomainName", "api.example.com")];
        let with = |types: Vec<EndpointType>| {
            let named = apigateway::DomainName { endpoint_types: Present(types), ..domain_named("api.example.com") };
            of(&domain, vec![account(Account { domain_names: seen(vec![named]), ..Account::unknown(&denial()) })])
        };
        failed(judge(ID, &with(vec![EndpointType::Regional])));
        passed(judge(ID, &with(vec![EndpointType::Private])));
        undecided(judge(ID, &of(&domain, vec![account(Account::unknown(&denial()))])));
    }

    #[test]
    fn a_bucket_is_public_by_its_policy_and_not_without_one() {
        let member = [("Logs", "AWS::S3::Bucket", "b")];
        let with = |policy_status| {
            let bucket = Bucket { policy_status, ..Bucket::unknown(&denial()) };
            of(&member, vec![subject(Kind::Bucket, "b", Resource::Bucket(Box::new(bucket)))])
        };
        let status = |public| seen(PolicyStatus { public });
        assert_eq!(
            failed(judge(ID, &with(status(Present(Switch::On))))),
            "AWS::S3::Bucket Logs has a policy that makes it public"
        );
        passed(judge(ID, &with(status(Present(Switch::Off)))));
        passed(judge(ID, &with(not_set())));
        undecided(judge(ID, &with(status(Absent))));
        assert_eq!(undecided(judge(ID, &with(denied()))), denial().to_string());
    }

    #[test]
    fn what_is_changing_is_an_error_and_what_is_gone_is_not_looked_at() {
        let text = undecided(judge(ID, &changing("AWS::SNS::Topic", "UPDATE_IN_PROGRESS")));
        assert!(text.starts_with("AWS::SNS::Topic Thing is UPDATE_IN_PROGRESS: it is changing"), "{text}");
        let text = undecided(judge(ID, &changing("AWS::EC2::EIP", "DELETE_COMPLETE")));
        assert_eq!(text, "the stack lists no resource that is live");
        let unread = evidence(vec![subject(Kind::Stack, "T", Resource::Stack(Box::new(Stack::unknown(&denial()))))]);
        assert_eq!(undecided(judge(ID, &unread)), denial().to_string());
    }
}
