//! Whether what ends TLS for the stack takes old versions of it.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{evidence_of, live, settled};
use crate::apigateway::RestApi;
use crate::check::Context;
use crate::cloudformation::{Member, Stack};
use crate::elbv2::{Action, Listener, LoadBalancer, Protocol};
use crate::observed::{Gap, Observed};
use crate::verdict::{Judgement, Verdict, every};

/// Parameters of `transit-tls12-minimum`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Minimum {
    min_tls: Version,
    default_endpoint: DefaultEndpoint,
    policies_as_of: String,
    policies: BTreeMap<String, Version>,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
enum Version {
    #[serde(rename = "1.0")]
    Tls10,
    #[serde(rename = "1.1")]
    Tls11,
    #[serde(rename = "1.2")]
    Tls12,
    #[serde(rename = "1.3")]
    Tls13,
}

impl Version {
    fn name(self) -> &'static str {
        match self {
            Version::Tls10 => "1.0",
            Version::Tls11 => "1.1",
            Version::Tls12 => "1.2",
            Version::Tls13 => "1.3",
        }
    }
}

/// What is asked of the host name that API Gateway gives every API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum DefaultEndpoint {
    /// What it takes is shown.
    Note,
    /// It has to take the least version too.
    Require,
}

impl Minimum {
    /// The lowest version that a policy takes: by its name, or by the start of its name where the table ends in a star.
    fn lowest(&self, policy: &str, operation: &'static str, field: &'static str) -> Result<Version, Gap> {
        let named = |(known, version): (&String, &Version)| match known.strip_suffix('*') {
            Some(start) => policy.starts_with(start).then_some(*version),
            None => (policy == known).then_some(*version),
        };
        self.policies.iter().find_map(named).ok_or_else(|| Gap::Unrecognised {
            operation: operation.into(),
            field: format!("{field} (the table of policies is of {})", self.policies_as_of).into(),
            token: policy.to_owned(),
        })
    }

    fn expected(&self) -> String {
        format!("no version of TLS below {}", self.min_tls.name())
    }

    fn judge(&self, what: &str, policy: &str, operation: &'static str, field: &'static str) -> Judgement {
        let lowest = self.lowest(policy, operation, field)?;
        let observed = format!("{what} has the policy {policy}, which takes TLS from {}", lowest.name());
        Ok(if lowest >= self.min_tls {
            Verdict::satisfied(observed)
        } else {
            Verdict::not_satisfied(observed, self.expected())
        })
    }
}

/// Only members of the stack are judged: both listings hold the whole account. AWS's own endpoints end TLS for most
/// stacks, and no API says what they take.
pub(super) fn minimum(stack: &Stack, params: &Minimum, context: &Context<'_>) -> Judgement {
    let mut parts = Vec::new();
    for member in live(stack)? {
        let judge: fn(&Member, &Minimum, &Context<'_>) -> Judgement = match member.kind.as_str() {
            "AWS::ElasticLoadBalancingV2::LoadBalancer" => load_balancer,
            "AWS::ApiGateway::DomainName" | "AWS::ApiGateway::DomainNameV2" | "AWS::ApiGatewayV2::DomainName" => {
                domain_name
            }
            "AWS::ApiGateway::RestApi" => rest_api,
            _ => continue,
        };
        parts.push(settled(member).and_then(|()| judge(member, params, context)));
    }
    every(parts, || {
        Ok(Verdict::not_applicable("nothing of the stack ends TLS by itself")
            .noting("AWS's own endpoints have taken nothing below TLS 1.2 since 2024; no API proves that"))
    })
}

fn load_balancer(member: &Member, params: &Minimum, context: &Context<'_>) -> Judgement {
    let balancer: &LoadBalancer = evidence_of(member, context)?;
    let listeners = balancer.listeners.required("DescribeListeners", "Listeners")?;
    every(listeners.iter().map(|listener| of_listener(listener, member, params)), || {
        Ok(Verdict::not_applicable(format!("load balancer {} has no listener", member.logical_id)))
    })
}

/// A listener that hands connections on as they come ends no TLS; what it hands them to is asked about elsewhere.
fn of_listener(listener: &Listener, member: &Member, params: &Minimum) -> Judgement {
    const OPERATION: &str = "DescribeListeners";
    let protocol = *listener.protocol.required(OPERATION, "Protocol")?;
    let port = match &listener.port {
        Observed::Present(port) => format!(" on port {port}"),
        Observed::Absent | Observed::Unknown(_) => String::new(),
    };
    let what = format!("{} listener{port} of load balancer {}", protocol.name(), member.logical_id);
    match protocol {
        Protocol::Https | Protocol::Tls => {
            let policy = listener.ssl_policy.required(OPERATION, "SslPolicy")?;
            params.judge(&what, policy, OPERATION, "SslPolicy")
        }
        Protocol::Http => Ok(if redirects(&listener.actions) {
            Verdict::satisfied(format!("{what} redirects to HTTPS"))
                .noting(format!("whether a rule of {what} hands requests on instead was not read"))
        } else {
            Verdict::not_satisfied(format!("{what} does more than redirect to HTTPS"), params.expected())
        }),
        Protocol::Tcp | Protocol::Udp | Protocol::TcpUdp | Protocol::Quic | Protocol::TcpQuic | Protocol::Geneve => {
            Ok(Verdict::not_applicable(format!("{what} ends no TLS")))
        }
    }
}

/// Whether all that a listener does is to send clients to HTTPS; a redirect that names no protocol keeps HTTP.
fn redirects(actions: &[Action]) -> bool {
    let to_https = |action: &Action| match action {
        Action::Redirect { protocol } => *protocol == Observed::Present("HTTPS".to_owned()),
        Action::Forward(_) | Action::FixedResponse | Action::Authenticate => false,
    };
    !actions.is_empty() && actions.iter().all(to_https)
}

fn domain_name(member: &Member, params: &Minimum, context: &Context<'_>) -> Judgement {
    const OPERATION: &str = "GetDomainNames";
    let id = member.physical_id.required("ListStackResources", "PhysicalResourceId")?;
    let domain = context.evidence.account()?.domain_name(id)?;
    let policy = domain.security_policy.required(OPERATION, "securityPolicy")?;
    params.judge(&format!("custom domain {}", domain.name), policy, OPERATION, "securityPolicy")
}

/// The host name that every API has takes TLS from 1.0 where the API has no policy; that it is open at all is another
/// question.
fn rest_api(member: &Member, params: &Minimum, context: &Context<'_>) -> Judgement {
    const OPERATION: &str = "GetRestApi";
    let api: &RestApi = evidence_of(member, context)?;
    let what = format!("the default host name of API {}", member.logical_id);
    let judged = match api.security_policy.seen()? {
        Some(policy) => params.judge(&what, policy, OPERATION, "securityPolicy")?,
        None => Verdict::not_satisfied(
            format!("{what} has no policy of its own, and takes what API Gateway's default takes"),
            params.expected(),
        ),
    };
    Ok(match (params.default_endpoint, judged) {
        (DefaultEndpoint::Note, Verdict::NotSatisfied { observed, .. }) => {
            Verdict::not_applicable("a default host name is not judged (default_endpoint)").noting(observed)
        }
        (DefaultEndpoint::Note | DefaultEndpoint::Require, judged) => judged,
    })
}

#[cfg(test)]
mod tests {
    use super::super::fixture::*;
    use super::*;
    use crate::apigateway::DomainName;
    use crate::elbv2::{self, BalancerType, Scheme};
    use crate::evidence::{Account, Evidence};
    use crate::fixture::*;
    use crate::observed::Observed::{Absent, Present, Unknown};
    use crate::observed::Seen;
    use crate::subject::{Kind, Resource};

    const ID: &str = "transit-tls12-minimum";
    const REQUIRE: &str = "default_endpoint = 'require'";

    fn listener(protocol: Protocol, ssl_policy: Observed<String>) -> Listener {
        Listener {
            arn: "arn:l".into(),
            protocol: Present(protocol),
            port: Present(443),
            ssl_policy,
            actions: vec![Action::Forward(vec!["arn:tg".into()])],
        }
    }

    fn with(listeners: Seen<Vec<Listener>>) -> Evidence {
        let balancer = elbv2::fixture::balancer(BalancerType::Application, Present(Scheme::InternetFacing), Vec::new());
        let subject = elbv2::fixture::subject(LoadBalancer { listeners, ..balancer });
        let arn = elbv2::fixture::arn("web");
        stack_of(&[("Web", "AWS::ElasticLoadBalancingV2::LoadBalancer", arn.as_str())], vec![subject])
    }

    fn having(listeners: Vec<Listener>) -> Evidence {
        with(seen(listeners))
    }

    fn under(policy: &str) -> Evidence {
        having(vec![listener(Protocol::Https, Present(policy.into()))])
    }

    fn redirecting(actions: Vec<Action>) -> Evidence {
        having(vec![Listener { port: Present(80), actions, ..listener(Protocol::Http, Absent) }])
    }

    fn redirect(protocol: &str) -> Action {
        Action::Redirect { protocol: Present(protocol.into()) }
    }

    fn domain(policy: Observed<String>) -> Evidence {
        let named = DomainName { security_policy: policy, ..domain_named("api.example.com") };
        let account = account(Account { domain_names: seen(vec![named]), ..Account::unknown(&denial()) });
        stack_of(&[("Domain", "AWS::ApiGateway::DomainName", "api.example.com")], vec![account])
    }

    fn api(security_policy: Seen<String>) -> Evidence {
        let api = RestApi { security_policy, ..RestApi::unknown(&denial()) };
        stack_of(
            &[("Api", "AWS::ApiGateway::RestApi", "a1")],
            vec![subject(Kind::RestApi, "a1", Resource::RestApi(Box::new(api)))],
        )
    }

    #[test]
    fn the_lowest_version_of_a_listeners_policy_decides() {
        for (policy, version) in [
            ("ELBSecurityPolicy-TLS13-1-2-2021-06", "1.2"),
            ("ELBSecurityPolicy-TLS13-1-2-Ext2-2021-06", "1.2"),
            ("ELBSecurityPolicy-TLS-1-2-2017-01", "1.2"),
            ("ELBSecurityPolicy-TLS-1-2-Ext-2018-06", "1.2"),
            ("ELBSecurityPolicy-FS-1-2-Res-2020-10", "1.2"),
            ("ELBSecurityPolicy-TLS13-1-3-2021-06", "1.3"),
        ] {
            assert_eq!(
                passed(judge(ID, &under(policy))),
                format!(
                    "HTTPS listener on port 443 of load balancer Web has the policy {policy}, which takes TLS from {version}"
                )
            );
        }
        for (policy, version) in [
            ("ELBSecurityPolicy-2016-08", "1.0"),
            ("ELBSecurityPolicy-2015-05", "1.0"),
            ("ELBSecurityPolicy-TLS-1-0-2015-04", "1.0"),
            ("ELBSecurityPolicy-FS-2018-06", "1.0"),
            ("ELBSecurityPolicy-TLS13-1-0-2021-06", "1.0"),
            ("ELBSecurityPolicy-TLS-1-1-2017-01", "1.1"),
            ("ELBSecurityPolicy-FS-1-1-2019-08", "1.1"),
            ("ELBSecurityPolicy-TLS13-1-1-2021-06", "1.1"),
        ] {
            let text = failed(judge(ID, &under(policy)));
            assert!(text.ends_with(&format!("{policy}, which takes TLS from {version}")), "{text}");
        }
    }

    #[test]
    fn the_least_version_is_a_parameter() {
        let least = "min_tls = '1.3'";
        failed(judge_with(ID, least, &under("ELBSecurityPolicy-TLS13-1-2-2021-06")));
        passed(judge_with(ID, least, &under("ELBSecurityPolicy-TLS13-1-3-2021-06")));
    }

    #[test]
    fn a_policy_that_is_not_in_the_table_is_an_error() {
        let text = undecided(judge(ID, &under("ELBSecurityPolicy-TLS14-2030-01")));
        assert!(
            text.starts_with("DescribeListeners answered `ELBSecurityPolicy-TLS14-2030-01` in SslPolicy (the table of policies is of "),
            "{text}"
        );
        let both = having(vec![
            listener(Protocol::Https, Present("ELBSecurityPolicy-TLS14-2030-01".into())),
            listener(Protocol::Tls, Present("ELBSecurityPolicy-2016-08".into())),
        ]);
        assert!(failed(judge(ID, &both)).starts_with("TLS listener on port 443 of load balancer Web"));
        let text = undecided(judge(ID, &having(vec![listener(Protocol::Https, Absent)])));
        assert!(text.starts_with("DescribeListeners answered without SslPolicy"), "{text}");
    }

    #[test]
    fn an_http_listener_may_only_redirect_to_https() {
        let text = passed(judge(ID, &redirecting(vec![redirect("HTTPS")])));
        assert!(
            text.starts_with("HTTP listener on port 80 of load balancer Web redirects to HTTPS | whether a rule"),
            "{text}"
        );
        for actions in [
            vec![Action::Forward(vec!["arn:tg".into()])],
            vec![Action::FixedResponse],
            vec![redirect("HTTP")],
            vec![redirect("#{protocol}")],
            vec![Action::Redirect { protocol: Absent }],
            Vec::new(),
        ] {
            assert_eq!(
                failed(judge(ID, &redirecting(actions))),
                "HTTP listener on port 80 of load balancer Web does more than redirect to HTTPS"
            );
        }
    }

    #[test]
    fn listeners_that_hand_connections_on_end_no_tls() {
        for protocol in [Protocol::Tcp, Protocol::Udp, Protocol::TcpUdp, Protocol::Quic, Protocol::Geneve] {
            let text = not_applicable(judge(ID, &having(vec![listener(protocol, Absent)])));
            assert!(text.ends_with("of load balancer Web ends no TLS"), "{text}");
        }
        not_applicable(judge(ID, &having(Vec::new())));
    }

    #[test]
    fn a_custom_domain_is_judged_by_its_policy() {
        for policy in [
            "TLS_1_2",
            "SecurityPolicy_TLS13_1_2_2021_06",
            "SecurityPolicy_TLS13_1_3_2025_09",
            "SecurityPolicy_TLS12_2018_EDGE",
        ] {
            let text = passed(judge(ID, &domain(Present(policy.into()))));
            assert!(text.starts_with(&format!("custom domain api.example.com has the policy {policy}")), "{text}");
        }
        assert_eq!(
            failed(judge(ID, &domain(Present("TLS_1_0".into())))),
            "custom domain api.example.com has the policy TLS_1_0, which takes TLS from 1.0"
        );
        undecided(judge(ID, &domain(Present("SecurityPolicy_TLS99".into()))));
        let text = undecided(judge(ID, &domain(Absent)));
        assert!(text.starts_with("GetDomainNames answered without securityPolicy"), "{text}");
        let other = stack_of(
            &[("Domain", "AWS::ApiGateway::DomainName", "other.example.com")],
            vec![account(Account { domain_names: seen(Vec::new()), ..Account::unknown(&denial()) })],
        );
        let text = undecided(judge(ID, &other));
        assert!(text.starts_with("GetDomainNames answered without the custom domain other.example.com"), "{text}");
    }

    #[test]
    fn the_default_host_name_of_an_api_is_a_note_unless_it_is_asked_for() {
        for policy in [not_set(), seen("TLS_1_0".to_owned())] {
            let text = not_applicable(judge(ID, &api(policy.clone())));
            assert!(text.contains("| the default host name of API Api has"), "{text}");
            failed(judge_with(ID, REQUIRE, &api(policy)));
        }
        passed(judge(ID, &api(seen("TLS_1_2".to_owned()))));
        passed(judge_with(ID, REQUIRE, &api(seen("TLS_1_2".to_owned()))));
        undecided(judge(ID, &api(seen("newer".to_owned()))));
        assert_eq!(undecided(judge(ID, &api(denied()))), denial().to_string());
    }

    #[test]
    fn a_stack_that_ends_no_tls_itself_is_left_to_aws() {
        let text = not_applicable(judge(ID, &stack_of(&[("Key", "AWS::KMS::Key", "k")], Vec::new())));
        assert!(text.starts_with("nothing of the stack ends TLS by itself | AWS's own endpoints"), "{text}");
    }

    #[test]
    fn only_members_of_the_stack_are_judged() {
        let old = elbv2::fixture::balancer(
            BalancerType::Application,
            Present(Scheme::Internal),
            vec![listener(Protocol::Https, Present("ELBSecurityPolicy-2016-08".into()))],
        );
        let mut stranger = elbv2::fixture::subject(old);
        (stranger.stack, stranger.logical_id) = (None, None);
        not_applicable(judge(ID, &stack_of(&[("Key", "AWS::KMS::Key", "k")], vec![stranger])));
    }

    #[test]
    fn what_could_not_be_read_or_is_changing_is_an_error() {
        assert_eq!(undecided(judge(ID, &with(denied()))), denial().to_string());
        let unspoken = Listener { protocol: Unknown(denial()), ..listener(Protocol::Tls, Absent) };
        assert_eq!(undecided(judge(ID, &having(vec![unspoken]))), denial().to_string());
        undecided(judge(ID, &changing("AWS::ApiGateway::RestApi", "UPDATE_IN_PROGRESS")));
        let unread = evidence(vec![subject(Kind::Stack, "T", Resource::Stack(Box::new(Stack::unknown(&denial()))))]);
        assert_eq!(undecided(judge(ID, &unread)), denial().to_string());
    }
}
