//! Load balancers: what is seen of them, and the checks of their requirements.

use serde::{Deserialize, Serialize};

use crate::check::Check;
use crate::evidence::Evidence;
use crate::observed::{Gap, Observed, Seen};
use crate::s3::Switch;
use crate::subject::Kind;
use crate::verdict::{Judgement, Verdict};

/// The checks of this file, in catalog order.
pub fn checks() -> Vec<Check> {
    vec![Check::new("load-balancer-internal", internal).when_none(no_balancer)]
}

/// What was seen of a load balancer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoadBalancer {
    /// What DescribeLoadBalancers answers.
    pub description: Seen<Description>,
    /// Its listeners; an empty list means that it answers nobody.
    pub listeners: Seen<Vec<Listener>>,
    /// The target groups behind it; an empty list means none.
    pub target_groups: Seen<Vec<TargetGroup>>,
    /// Whether it is protected against deletion; the service always answers it.
    pub deletion_protection: Seen<Switch>,
    /// The ARN of its web ACL, read only where it faces the internet and can have one; absent means none.
    pub web_acl: Seen<String>,
}

/// What DescribeLoadBalancers answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    /// Its ARN.
    pub arn: String,
    /// What kind of load balancer it is.
    pub balancer: Observed<BalancerType>,
    /// Whether it has public addresses; absent on gateway load balancers, which have no scheme.
    pub scheme: Observed<Scheme>,
    /// Its host name; absent on gateway load balancers.
    pub dns_name: Observed<String>,
    /// The VPC that it is in.
    pub vpc: Observed<String>,
    /// The subnets that it has a leg in, one for each zone; an empty list is no answer of AWS.
    pub subnets: Vec<Leg>,
    /// Its security groups; an empty list means none, which only network load balancers can be without.
    pub security_groups: Vec<String>,
    /// Whether its security groups judge what comes through PrivateLink, such as a VPC link of a REST API; absent means
    /// that they do, or that it has none.
    pub private_link_rules: Observed<Switch>,
}

/// A subnet that a load balancer has a leg in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leg {
    /// The subnet's id.
    pub subnet: Observed<String>,
    /// The zone's name.
    pub zone: Observed<String>,
}

/// What kind of load balancer it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BalancerType {
    /// For HTTP.
    Application,
    /// For connections.
    Network,
    /// For appliances that look at traffic on its way.
    Gateway,
}

/// Whether a load balancer has public addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scheme {
    /// Private addresses only.
    Internal,
    /// Public addresses.
    InternetFacing,
}

/// A listener of a load balancer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listener {
    /// Its ARN.
    pub arn: String,
    /// What it speaks; absent on gateway load balancers that do not say.
    pub protocol: Observed<Protocol>,
    /// Its port; absent on gateway load balancers.
    pub port: Observed<i32>,
    /// The policy that says which versions of TLS it takes; absent on listeners that do not terminate TLS.
    pub ssl_policy: Observed<String>,
    /// What it does with a request that no rule of it takes.
    pub actions: Vec<Action>,
}

/// What a listener or a target group speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs, reason = "each is the token of the service's ProtocolEnum")]
pub enum Protocol {
    Http,
    Https,
    Tcp,
    Tls,
    Udp,
    TcpUdp,
    Quic,
    TcpQuic,
    Geneve,
}

impl Protocol {
    /// Every protocol with its token.
    pub const ALL: [(Protocol, &'static str); 9] = [
        (Protocol::Http, "HTTP"),
        (Protocol::Https, "HTTPS"),
        (Protocol::Tcp, "TCP"),
        (Protocol::Tls, "TLS"),
        (Protocol::Udp, "UDP"),
        (Protocol::TcpUdp, "TCP_UDP"),
        (Protocol::Quic, "QUIC"),
        (Protocol::TcpQuic, "TCP_QUIC"),
        (Protocol::Geneve, "GENEVE"),
    ];

    /// The token as the service writes it.
    pub fn name(self) -> &'static str {
        Protocol::ALL.iter().find(|(protocol, _)| *protocol == self).map_or("", |(_, name)| name)
    }

    /// The protocol of this token.
    pub fn named(name: &str) -> Option<Protocol> {
        Protocol::ALL.iter().find(|(_, token)| *token == name).map(|(protocol, _)| *protocol)
    }
}

/// What a listener does with a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// It hands it to these target groups, by ARN.
    Forward(Vec<String>),
    /// It sends the client elsewhere.
    Redirect {
        /// The protocol to come back with: `HTTP`, `HTTPS` or `#{protocol}`, which keeps it; absent keeps it too.
        protocol: Observed<String>,
    },
    /// It answers by itself.
    FixedResponse,
    /// It asks who the client is, before what follows.
    Authenticate,
}

/// A target group of a load balancer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetGroup {
    /// Its ARN.
    pub arn: String,
    /// What the targets are spoken to with; absent where they are functions.
    pub protocol: Observed<Protocol>,
    /// The port of the targets; absent where they are functions.
    pub port: Observed<i32>,
    /// What the targets are: `instance`, `ip`, `lambda` or `alb`, as the service writes it.
    pub target_type: Observed<String>,
    /// The load balancers in front of it, by ARN.
    pub load_balancers: Vec<String>,
}

impl LoadBalancer {
    /// The evidence of a load balancer of which nothing could be seen.
    pub fn unknown(gap: &Gap) -> Self {
        LoadBalancer {
            description: Seen::gap(gap.clone()),
            listeners: Seen::gap(gap.clone()),
            target_groups: Seen::gap(gap.clone()),
            deletion_protection: Seen::gap(gap.clone()),
            web_acl: Seen::gap(gap.clone()),
        }
    }

    /// What DescribeLoadBalancers answers.
    ///
    /// # Errors
    /// The gap, when there is no usable answer.
    pub fn described(&self) -> Result<&Description, Gap> {
        self.description.required(DESCRIBE, "LoadBalancers")
    }
}

impl Description {
    /// Whether it has public addresses; `None` for a gateway load balancer, which has no scheme.
    ///
    /// # Errors
    /// The gap, when the answer does not tell.
    pub fn scheme(&self) -> Result<Option<Scheme>, Gap> {
        Ok(match self.balancer.required(DESCRIBE, "Type")? {
            BalancerType::Gateway => None,
            BalancerType::Application | BalancerType::Network => Some(*self.scheme.required(DESCRIBE, "Scheme")?),
        })
    }
}

const DESCRIBE: &str = "DescribeLoadBalancers";

/// Parameters of `load-balancer-internal`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Internal {
    allow_public_alb: bool,
}

/// A scheme is chosen once and for all, so that a load balancer that is just being made is judged all the same.
fn internal(balancer: &LoadBalancer, params: &Internal) -> Judgement {
    let described = balancer.described()?;
    let expected = if params.allow_public_alb {
        "the scheme internal, or a web ACL of an application load balancer's own"
    } else {
        "the scheme internal"
    };
    match described.scheme()? {
        None => Ok(Verdict::not_applicable("a gateway load balancer has no scheme and no address for clients")),
        Some(Scheme::Internal) => Ok(Verdict::satisfied("the scheme is internal")),
        Some(Scheme::InternetFacing) => public(balancer, described, params, expected),
    }
}

fn public(balancer: &LoadBalancer, described: &Description, params: &Internal, expected: &str) -> Judgement {
    let observed = "the scheme is internet-facing";
    match described.balancer.required(DESCRIBE, "Type")? {
        BalancerType::Application if params.allow_public_alb => Ok(match balancer.web_acl.seen()? {
            Some(acl) => Verdict::satisfied(format!("{observed} and the web ACL {acl} filters what comes in"))
                .noting("the parameter allow_public_alb lets that do; API Gateway is bypassed all the same"),
            None => Verdict::not_satisfied(format!("{observed} and no web ACL filters what comes in"), expected),
        }),
        BalancerType::Network if params.allow_public_alb => {
            Ok(Verdict::not_satisfied(observed, expected).noting("a network load balancer cannot have a web ACL"))
        }
        BalancerType::Application | BalancerType::Network | BalancerType::Gateway => {
            Ok(Verdict::not_satisfied(observed, expected))
        }
    }
}

/// None is only proved by a stack whose listing was read to its end; services and API integrations lead to any other.
fn no_balancer(evidence: &Evidence) -> Judgement {
    let mut stacks = evidence.all::<crate::cloudformation::Stack>().peekable();
    if stacks.peek().is_none() {
        return Err(Gap::NothingToAudit { kind: Kind::LoadBalancer.name().into() });
    }
    for (_, stack) in stacks {
        stack.members.required("ListStackResources", "StackResourceSummaries")?;
    }
    Ok(Verdict::not_applicable("no load balancer is in the stack, behind its services or behind its APIs"))
}

#[cfg(test)]
pub(crate) mod fixture {
    use super::*;
    use crate::fixture::{ACCOUNT, denied, seen};
    use crate::observed::Observed::Present;
    use crate::subject::{Resource, Subject};

    /// The ARN of a load balancer of this name.
    pub(crate) fn arn(name: &str) -> String {
        format!("arn:aws:elasticloadbalancing:us-east-2:{ACCOUNT}:loadbalancer/app/{name}/1")
    }

    /// A load balancer with listeners and nothing behind it.
    pub(crate) fn balancer(kind: BalancerType, scheme: Observed<Scheme>, listeners: Vec<Listener>) -> LoadBalancer {
        let description = Description {
            arn: arn("web"),
            balancer: Present(kind),
            scheme,
            dns_name: Present("web-1.us-east-2.elb.amazonaws.com".into()),
            vpc: Present("vpc-1".into()),
            subnets: Vec::new(),
            security_groups: Vec::new(),
            private_link_rules: Observed::Absent,
        };
        LoadBalancer {
            description: seen(description),
            listeners: seen(listeners),
            target_groups: seen(Vec::new()),
            deletion_protection: seen(Switch::Off),
            web_acl: denied(),
        }
    }

    /// A subject of that evidence, a member of the stack.
    pub(crate) fn subject(balancer: LoadBalancer) -> Subject {
        let mut subject =
            crate::fixture::subject(Kind::LoadBalancer, &arn("web"), Resource::LoadBalancer(Box::new(balancer)));
        (subject.stack, subject.logical_id) = (Some("TapStackpr1".into()), Some("LoadBalancer".into()));
        subject
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudformation::Stack;
    use crate::fixture::*;
    use crate::observed::Observed::{Absent, Present, Unknown};
    use crate::subject::Resource;

    const ID: &str = "load-balancer-internal";
    const ALLOW: &str = "allow_public_alb = true";

    fn of(balancer: LoadBalancer) -> Evidence {
        evidence(vec![fixture::subject(balancer)])
    }

    fn with(kind: BalancerType, scheme: Observed<Scheme>) -> Evidence {
        of(fixture::balancer(kind, scheme, Vec::new()))
    }

    #[test]
    fn an_internal_load_balancer_passes() {
        for kind in [BalancerType::Application, BalancerType::Network] {
            assert_eq!(passed(judge(ID, &with(kind, Present(Scheme::Internal)))), "the scheme is internal");
        }
    }

    #[test]
    fn an_internet_facing_load_balancer_fails() {
        for kind in [BalancerType::Application, BalancerType::Network] {
            assert_eq!(
                failed(judge(ID, &with(kind, Present(Scheme::InternetFacing)))),
                "the scheme is internet-facing"
            );
        }
    }

    #[test]
    fn a_public_application_load_balancer_passes_behind_its_own_web_acl_where_that_is_allowed() {
        let public = fixture::balancer(BalancerType::Application, Present(Scheme::InternetFacing), Vec::new());
        let filtered = LoadBalancer { web_acl: seen("arn:acl".into()), ..public.clone() };
        assert_eq!(failed(judge(ID, &of(filtered.clone()))), "the scheme is internet-facing");
        assert_eq!(
            passed(judge_with(ID, ALLOW, &of(filtered))),
            "the scheme is internet-facing and the web ACL arn:acl filters what comes in | the parameter allow_public_alb lets that do; API Gateway is bypassed all the same"
        );
        let open = LoadBalancer { web_acl: not_set(), ..public.clone() };
        assert_eq!(
            failed(judge_with(ID, ALLOW, &of(open))),
            "the scheme is internet-facing and no web ACL filters what comes in"
        );
        assert_eq!(undecided(judge_with(ID, ALLOW, &of(public))), denial().to_string());
        assert_eq!(
            failed(judge_with(ID, ALLOW, &with(BalancerType::Network, Present(Scheme::InternetFacing)))),
            "the scheme is internet-facing | a network load balancer cannot have a web ACL"
        );
    }

    #[test]
    fn a_gateway_load_balancer_has_no_scheme_and_another_always_has() {
        assert_eq!(
            not_applicable(judge(ID, &with(BalancerType::Gateway, Absent))),
            "a gateway load balancer has no scheme and no address for clients"
        );
        let text = undecided(judge(ID, &with(BalancerType::Application, Absent)));
        assert!(text.starts_with("DescribeLoadBalancers answered without Scheme"), "{text}");
    }

    #[test]
    fn what_could_not_be_read_is_an_error() {
        assert_eq!(undecided(judge(ID, &of(LoadBalancer::unknown(&denial())))), denial().to_string());
        assert_eq!(undecided(judge(ID, &with(BalancerType::Application, Unknown(denial())))), denial().to_string());
    }

    #[test]
    fn no_load_balancer_is_proved_by_a_listing_alone() {
        let stack = |members| {
            let stack = Stack { members, ..Stack::unknown(&denial()) };
            evidence(vec![subject(Kind::Stack, "TapStackpr1", Resource::Stack(Box::new(stack)))])
        };
        assert_eq!(
            not_applicable(judge(ID, &stack(seen(Vec::new())))),
            "no load balancer is in the stack, behind its services or behind its APIs"
        );
        assert_eq!(undecided(judge(ID, &stack(denied()))), denial().to_string());
        let text = undecided(judge(ID, &evidence(Vec::new())));
        assert!(text.starts_with("no AWS::ElasticLoadBalancingV2::LoadBalancer was found"), "{text}");
    }
}
