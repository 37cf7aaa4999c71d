//! How requests go on to the containers.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Connection, Integration, IntegrationKind, LINKS, LinkStatus, Method, RESOURCES, RestApi};
use crate::check::Context;
use crate::elbv2::{Action, BalancerType, Listener, LoadBalancer, Protocol, TargetGroup};
use crate::observed::{Gap, Observed};
use crate::s3::Switch;
use crate::verdict::{Judgement, Verdict, every};

/// Parameters of `apigw-integration-private-tls`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Clear {
    allow_http_over_vpc_link: bool,
    allow_clear_last_hop: bool,
}

const EXPECTED: &str =
    "HTTPS to every host, by a VPC link that works to the stack's load balancers, and TLS from there to the containers";
const AS_THEY_ARE: &str = "integrations are read as they are now; a stage serves them as of its last deployment";

/// Functions and services of AWS are called by AWS's own TLS; hosts are called as the URI says.
pub(super) fn private_tls(api: &RestApi, params: &Clear, context: &Context<'_>) -> Judgement {
    let mut parts = Vec::new();
    for method in api.methods()? {
        match http(method) {
            Ok(Some(integration)) => parts.push(of_method(method, integration, api, params, context)),
            Ok(None) => {}
            Err(gap) => parts.push(Err(gap)),
        }
    }
    let verdict = every(parts, || {
        Ok(Verdict::not_applicable("no method calls a host by HTTP").noting("no path to the containers was seen"))
    })?;
    Ok(match verdict {
        met @ Verdict::Satisfied { .. } => met.noting(AS_THEY_ARE),
        other @ (Verdict::NotSatisfied { .. } | Verdict::NotApplicable { .. }) => other,
    })
}

fn http(method: &Method) -> Result<Option<&Integration>, Gap> {
    let Some(integration) = method.integration.seen()? else {
        return Err(Gap::undecided(format!("nothing answers {} yet, so that it cannot be deployed", method.name())));
    };
    Ok(match integration.kind.required(RESOURCES, "methodIntegration.type")? {
        IntegrationKind::Http => Some(integration),
        IntegrationKind::Mock | IntegrationKind::Aws => None,
    })
}

/// The same method may call another host from each stage, and from its canary.
fn of_method(
    method: &Method,
    integration: &Integration,
    api: &RestApi,
    params: &Clear,
    context: &Context<'_>,
) -> Judgement {
    let mut parts = Vec::new();
    for stage in api.stages()? {
        parts.push(
            Call::resolve(integration, &stage.variables, &stage.name)
                .and_then(|call| call.judge(method, api, params, context)),
        );
        if !stage.canary_variables.is_empty() {
            let mut variables = stage.variables.clone();
            variables.extend(stage.canary_variables.clone());
            let call = Call::resolve(integration, &variables, &format!("{}'s canary", stage.name));
            parts.push(call.and_then(|call| call.judge(method, api, params, context)));
        }
    }
    every(parts, || Err(Gap::depends_on("apigw-rest-api-deployed", "the API has no stage")))
}

/// What a stage calls for a method, with its variables filled in.
struct Call {
    uri: String,
    connection: Connection,
    link: Observed<String>,
    target: Observed<String>,
    skips_verification: Switch,
}

impl Call {
    fn resolve(integration: &Integration, variables: &BTreeMap<String, String>, stage: &str) -> Result<Self, Gap> {
        let filled = |text: &Observed<String>| match text {
            Observed::Present(text) => Ok(Observed::Present(fill(text, variables, stage)?)),
            Observed::Absent => Ok(Observed::Absent),
            Observed::Unknown(gap) => Err(gap.clone()),
        };
        Ok(Call {
            uri: fill(integration.uri.required(RESOURCES, "methodIntegration.uri")?, variables, stage)?,
            // Without a connection type the call goes over the internet.
            connection: integration.connection.seen()?.copied().unwrap_or(Connection::Internet),
            link: filled(&integration.link)?,
            target: filled(&integration.target)?,
            skips_verification: integration.skips_verification,
        })
    }

    fn judge(&self, method: &Method, api: &RestApi, params: &Clear, context: &Context<'_>) -> Judgement {
        let name = method.name();
        let parts = match self.connection {
            Connection::Internet => {
                vec![self.over_internet(&name), self.reaches_no_balancer(&name, context)]
            }
            Connection::VpcLink => {
                let mut parts = vec![self.over_link(&name, params)];
                match self.balancers(&name, api) {
                    Ok(balancers) => {
                        parts.extend(balancers.iter().map(|arn| self.last_hop(arn, params, context)));
                        parts.push(self.link_works(&name, api));
                    }
                    Err(gap) => parts.push(Err(gap)),
                }
                parts
            }
        };
        every(parts, crate::verdict::nothing_to_judge)
    }

    fn is_tls(&self) -> Result<bool, Gap> {
        match self.uri.split_once("://") {
            Some((scheme, _)) if scheme.eq_ignore_ascii_case("https") => Ok(true),
            Some((scheme, _)) if scheme.eq_ignore_ascii_case("http") => Ok(false),
            Some(_) | None => Err(Gap::undecided(format!("`{}` is no URI of HTTP or HTTPS", self.uri))),
        }
    }

    fn host(&self) -> &str {
        let rest = self.uri.split_once("://").map_or(self.uri.as_str(), |(_, rest)| rest);
        let host = rest.split(['/', '?']).next().unwrap_or(rest);
        host.split_once(':').map_or(host, |(host, _)| host)
    }

    /// The port that is called: the URI's own, or else that of its scheme.
    fn port(&self) -> Result<i32, Gap> {
        let rest = self.uri.split_once("://").map_or(self.uri.as_str(), |(_, rest)| rest);
        let host = rest.split(['/', '?']).next().unwrap_or(rest);
        match host.split_once(':') {
            Some((_, port)) => port.parse().map_err(|_| Gap::undecided(format!("`{host}` names no port"))),
            None => Ok(if self.is_tls()? { 443 } else { 80 }),
        }
    }

    fn over_internet(&self, name: &str) -> Judgement {
        let host = self.host();
        Ok(if self.is_tls()? {
            Verdict::satisfied(format!("{host} is called by TLS over the internet"))
        } else {
            Verdict::not_satisfied(format!("{name} calls {host} in clear over the internet"), EXPECTED)
        })
    }

    /// The stack's own load balancers are to be called by a VPC link.
    fn reaches_no_balancer(&self, name: &str, context: &Context<'_>) -> Judgement {
        let host = self.host().to_ascii_lowercase();
        let bare = host.strip_prefix("dualstack.").unwrap_or(&host);
        let of_stack = context.evidence.all::<LoadBalancer>().map(|(_, balancer)| {
            let dns_name = balancer.described()?.dns_name.seen()?;
            let is_it = dns_name.is_some_and(|dns_name| dns_name.eq_ignore_ascii_case(bare));
            Ok(if is_it {
                Verdict::not_satisfied(
                    format!("{name} calls the load balancer {host} over the internet, not by a VPC link"),
                    EXPECTED,
                )
            } else {
                Verdict::satisfied(format!("{host} is no load balancer that was seen"))
            })
        });
        every(of_stack, || Ok(Verdict::satisfied(format!("{host} is no load balancer that was seen"))))
    }

    fn over_link(&self, name: &str, params: &Clear) -> Judgement {
        let host = self.host();
        Ok(match (self.is_tls()?, params.allow_http_over_vpc_link) {
            (true, _) => self.remark(Verdict::satisfied(format!("{host} is called by TLS over a VPC link"))),
            (false, true) => Verdict::satisfied(format!("{host} is called in clear over a VPC link"))
                .noting("allow_http_over_vpc_link lets that do"),
            (false, false) => Verdict::not_satisfied(format!("{name} calls {host} in clear over a VPC link"), EXPECTED),
        })
    }

    fn remark(&self, verdict: Verdict) -> Verdict {
        match self.skips_verification {
            Switch::On => verdict
                .noting(format!("the certificate of {} is not verified, as is usual with a private one", self.host())),
            Switch::Off => verdict,
        }
    }

    fn link_id(&self, name: &str) -> Result<&str, Gap> {
        self.link
            .seen()?
            .map(String::as_str)
            .ok_or_else(|| Gap::undecided(format!("{name} goes by a VPC link and {RESOURCES} does not name it")))
    }

    fn link_works(&self, name: &str, api: &RestApi) -> Judgement {
        let id = self.link_id(name)?;
        let links = api.vpc_links.required(LINKS, "items")?;
        let Some(link) = links.iter().find(|link| link.id == id) else {
            return match self.target.seen()? {
                // Links of the newer kind are listed by API Gateway v2 alone.
                Some(target) => Err(Gap::NotCollected {
                    what: format!("VPC link {id} is of the newer kind, to {target}: its state is not read").into(),
                }),
                None => {
                    Ok(Verdict::not_satisfied(format!("{name} goes by VPC link {id}, which does not exist"), EXPECTED))
                }
            };
        };
        let fails = |state: &str| Ok(Verdict::not_satisfied(format!("VPC link {id} of {name} is {state}"), EXPECTED));
        match link.status.required(LINKS, "items.status")? {
            LinkStatus::Available => Ok(Verdict::satisfied(format!("VPC link {id} is AVAILABLE"))),
            LinkStatus::Pending => Err(Gap::changing(format!("VPC link {id} is PENDING"))),
            LinkStatus::Deleting => fails("DELETING"),
            LinkStatus::Failed => fails("FAILED"),
        }
    }

    /// The load balancers behind the link.
    fn balancers(&self, name: &str, api: &RestApi) -> Result<Vec<String>, Gap> {
        if let Some(target) = self.target.seen()? {
            return Ok(vec![target.clone()]);
        }
        let id = self.link_id(name)?;
        let links = api.vpc_links.required(LINKS, "items")?;
        match links.iter().find(|link| link.id == id) {
            Some(link) if link.targets.is_empty() => {
                Err(Gap::Incomplete { operation: LINKS.into(), field: "items.targetArns".into() })
            }
            Some(link) => Ok(link.targets.clone()),
            // That it does not exist is said elsewhere.
            None => Ok(Vec::new()),
        }
    }

    fn last_hop(&self, arn: &str, params: &Clear, context: &Context<'_>) -> Judgement {
        let balancer = context.evidence.all::<LoadBalancer>().find(|(subject, _)| subject.is_named(arn));
        let (_, balancer) =
            balancer.ok_or_else(|| Gap::undecided(format!("nothing was seen of the load balancer {arn}")))?;
        let groups = balancer.target_groups.required("DescribeTargetGroups", "TargetGroups")?;
        let kind = balancer.described()?.balancer.required("DescribeLoadBalancers", "Type")?;
        match kind {
            // Its rules send paths to groups that its listener does not name, so every group counts.
            BalancerType::Application => {
                let tls = self.is_tls()?;
                let parts = groups.iter().map(|group| to_targets(group, None, tls, params));
                every(parts, || Err(Gap::undecided(format!("the load balancer {arn} has no target group"))))
            }
            BalancerType::Network => {
                let listener = self.listener(arn, balancer)?;
                let parts = forwards(listener).map(|named| {
                    let group = groups.iter().find(|group| group.arn == named);
                    let group =
                        group.ok_or_else(|| Gap::undecided(format!("nothing was seen of the target group {named}")))?;
                    let protocol = *listener.protocol.required("DescribeListeners", "Protocol")?;
                    to_targets(group, Some(protocol), self.is_tls()?, params)
                });
                every(parts, || Err(Gap::undecided(format!("the listener {} forwards to nothing", listener.arn))))
            }
            BalancerType::Gateway => Err(Gap::undecided(format!("{arn} is a gateway load balancer"))),
        }
    }

    fn listener<'a>(&self, arn: &str, balancer: &'a LoadBalancer) -> Result<&'a Listener, Gap> {
        let port = self.port()?;
        let listeners = balancer.listeners.required("DescribeListeners", "Listeners")?;
        listeners
            .iter()
            .find(|listener| listener.port == Observed::Present(port))
            .ok_or_else(|| Gap::undecided(format!("the load balancer {arn} has no listener on port {port}")))
    }
}

fn forwards(listener: &Listener) -> impl Iterator<Item = &str> {
    listener
        .actions
        .iter()
        .flat_map(|action| match action {
            Action::Forward(groups) => groups.as_slice(),
            Action::Redirect { .. } | Action::FixedResponse | Action::Authenticate => &[],
        })
        .map(String::as_str)
}

/// A listener for TCP hands on what the client sent, so that the client's TLS ends at the target.
fn to_targets(group: &TargetGroup, listener: Option<Protocol>, tls: bool, params: &Clear) -> Judgement {
    let arn = &group.arn;
    let target = group.target_type.required("DescribeTargetGroups", "TargetType")?;
    if target == "alb" {
        return Err(Gap::undecided(format!(
            "the target of {arn} is another load balancer, and which one is not read: the last hop was not seen"
        )));
    }
    let Some(protocol) = group.protocol.seen()? else {
        // Only functions are spoken to without a protocol: by AWS's own interface, which is TLS.
        return Ok(Verdict::satisfied(format!("{arn} hands requests to a function")));
    };
    let clear = |how: &str| {
        Ok(if params.allow_clear_last_hop {
            Verdict::satisfied(format!("{arn} {how}")).noting("allow_clear_last_hop lets that do")
        } else {
            Verdict::not_satisfied(format!("{arn} {how}"), EXPECTED)
        })
    };
    match (protocol, listener) {
        (Protocol::Https | Protocol::Tls, _) => {
            Ok(Verdict::satisfied(format!("{arn} speaks {} to its targets", protocol.name())))
        }
        (Protocol::Tcp, Some(Protocol::Tcp)) if tls => {
            Ok(Verdict::satisfied(format!("{arn} passes the TLS of API Gateway through to its targets")))
        }
        (Protocol::Http, _) => clear("speaks HTTP to its targets"),
        (Protocol::Tcp, Some(Protocol::Tls)) => clear("speaks to its targets in clear behind a TLS listener"),
        (Protocol::Tcp, _) => clear("passes what is in clear on to its targets"),
        (Protocol::Udp | Protocol::TcpUdp | Protocol::Quic | Protocol::TcpQuic | Protocol::Geneve, _) => {
            Err(Gap::undecided(format!("{arn} speaks {}, of which nobody knows whether it is TLS", protocol.name())))
        }
    }
}

/// Puts the stage's variables in their places.
fn fill(text: &str, variables: &BTreeMap<String, String>, stage: &str) -> Result<String, Gap> {
    const START: &str = "${stageVariables.";
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(START) {
        let (name, following) = after
            .split_once('}')
            .ok_or_else(|| Gap::undecided(format!("`{text}` holds a stage variable without an end")))?;
        let value = variables
            .get(name)
            .ok_or_else(|| Gap::undecided(format!("`{text}` uses the variable {name}, which stage {stage} lacks")))?;
        filled.push_str(before);
        filled.push_str(value);
        rest = following;
    }
    filled.push_str(rest);
    Ok(filled)
}

#[cfg(test)]
mod tests;
