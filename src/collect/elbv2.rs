//! Load balancers: what is read of them.

use aws_sdk_elasticloadbalancingv2::types;
use tap_audit_checks::elbv2::{
    Action, BalancerType, Description, Leg, Listener, LoadBalancer, Protocol, Scheme, TargetGroup,
};
use tap_audit_checks::observed::{Gap, Observed, Seen};
use tap_audit_checks::s3::Switch;
use tap_audit_checks::subject::{Kind, Resource};

use crate::collect::call::{Call, Fault};
use crate::collect::{Collected, Reference, Relation, Walk, existence};
use crate::resolve::{self, Resolution};

#[cfg(test)]
mod tests;

const BALANCERS: Call = Call {
    service: "elasticloadbalancing",
    operation: "DescribeLoadBalancers",
    permission: "elasticloadbalancing:DescribeLoadBalancers",
    absent: &[],
    denied_or: None,
};
const LISTENERS: Call = Call {
    service: "elasticloadbalancing",
    operation: "DescribeListeners",
    permission: "elasticloadbalancing:DescribeListeners",
    absent: &[],
    denied_or: None,
};
const ATTRIBUTES: Call = Call {
    service: "elasticloadbalancing",
    operation: "DescribeLoadBalancerAttributes",
    permission: "elasticloadbalancing:DescribeLoadBalancerAttributes",
    absent: &[],
    denied_or: None,
};
const TARGET_GROUPS: Call = Call {
    service: "elasticloadbalancing",
    operation: "DescribeTargetGroups",
    permission: "elasticloadbalancing:DescribeTargetGroups",
    absent: &[],
    denied_or: None,
};
const WEB_ACL: Call = Call {
    service: "wafv2",
    operation: "GetWebACLForResource",
    permission: "wafv2:GetWebACLForResource",
    absent: &[],
    denied_or: None,
};

/// Every call of this file, for plans and for the policy that the auditing role needs.
pub(crate) const CALLS: &[&Call] = &[&BALANCERS, &LISTENERS, &ATTRIBUTES, &TARGET_GROUPS, &WEB_ACL];
/// The call that leads from target groups to the load balancers in front of them.
pub(crate) const TARGET_GROUP_CALLS: &[&Call] = &[&TARGET_GROUPS];

/// The reference of the load balancer that this text names: an ARN, a host name or a name. A classic load balancer is
/// another kind of thing.
pub(crate) fn load_balancer_reference(_walk: &Walk<'_>, named: &str, region: &str) -> Option<Reference> {
    let reference =
        |id: &str, region: &str| Reference { kind: Kind::LoadBalancer, id: id.to_owned(), region: region.to_owned() };
    if let ["arn", _, "elasticloadbalancing", region, _, path] = named.splitn(6, ':').collect::<Vec<_>>().as_slice() {
        let is_one =
            ["loadbalancer/app/", "loadbalancer/net/", "loadbalancer/gwy/"].iter().any(|kind| path.starts_with(kind));
        return is_one.then(|| reference(named, region));
    }
    if !named.contains('.') {
        return Some(reference(named, region));
    }
    match resolve::resolve("", named) {
        Resolution::Resolved(resolved) if resolved.kind == Kind::LoadBalancer.name() => {
            Some(reference(&resolved.id, resolved.region.as_deref().unwrap_or(region)))
        }
        Resolution::Resolved(_) | Resolution::Unresolved(_) => None,
    }
}

/// Reaches the load balancers in front of these target groups, for resources that name target groups alone.
pub(crate) async fn reach_balancers_of(
    walk: &Walk<'_>,
    target_groups: &[String],
    region: &str,
    kind: Kind,
    id: &str,
) -> Seen<Vec<TargetGroup>> {
    if target_groups.is_empty() {
        return Seen::new(Observed::Present(Vec::new()), Vec::new());
    }
    let arns = target_groups.join(",");
    let groups = walk
        .aws
        .ask_all(
            &TARGET_GROUPS,
            region,
            &[("TargetGroupArns", &arns)],
            |clients, marker| {
                let request = clients.elbv2().describe_target_groups();
                request.set_target_group_arns(Some(target_groups.to_vec())).set_marker(marker).send()
            },
            |answer| answer.next_marker().map(str::to_owned),
            |answer| answer.target_groups().iter().map(target_group).collect(),
        )
        .await;
    if let Observed::Present(groups) = groups.observed() {
        for arn in groups.iter().flat_map(|group| &group.load_balancers) {
            if let Some(reference) = load_balancer_reference(walk, arn, region) {
                walk.reach(reference, Relation::Of { what: "load balancer", kind, id: id.to_owned() });
            }
        }
    }
    groups
}

/// Collects a load balancer. One that was named by its name leads to the same one by its ARN, which is what stacks and
/// other resources name it by.
pub(crate) async fn load_balancer(walk: &Walk<'_>, id: &str, region: &str) -> Collected {
    let described = describe(walk, id, region).await;
    let existence = existence(&described);
    let description = match described.observed() {
        Observed::Present(description) => Some(description.clone()),
        Observed::Absent | Observed::Unknown(_) => None,
    };
    let arn = description.as_ref().map(|description| description.arn.clone());
    let mut balancer = LoadBalancer { description: described, ..LoadBalancer::unknown(&unread(&existence)) };
    match &arn {
        Some(arn) if *arn == id => {
            reach_groups(walk, description.as_ref(), id, region);
            (balancer.listeners, balancer.target_groups, balancer.deletion_protection, balancer.web_acl) = tokio::join!(
                listeners(walk, arn, region),
                target_groups(walk, arn, region),
                deletion_protection(walk, arn, region),
                web_acl(walk, description.as_ref(), region),
            );
        }
        Some(arn) => {
            if let Some(reference) = load_balancer_reference(walk, arn, region) {
                walk.reach(reference, Relation::NamedBy { name: id.to_owned() });
            }
        }
        None => {}
    }
    Collected { existence, arn, region: Some(region.to_owned()), resource: Resource::LoadBalancer(Box::new(balancer)) }
}

fn reach_groups(walk: &Walk<'_>, description: Option<&Description>, id: &str, region: &str) {
    for group in description.iter().flat_map(|description| &description.security_groups) {
        let reference = Reference { kind: Kind::SecurityGroup, id: group.clone(), region: region.to_owned() };
        walk.reach(reference, Relation::Of { what: "security group", kind: Kind::LoadBalancer, id: id.to_owned() });
    }
}

/// Why nothing else is known of a load balancer that could not be described.
fn unread<T>(existence: &Seen<T>) -> Gap {
    match existence.observed() {
        Observed::Unknown(gap) => gap.clone(),
        Observed::Present(_) | Observed::Absent => {
            Gap::NotCollected { what: "the load balancer was not described by its ARN".into() }
        }
    }
}

fn missing<R>(fault: &Fault) -> Option<Observed<R>> {
    (fault.code == "LoadBalancerNotFound")
        .then(|| Observed::Unknown(Gap::Missing { operation: BALANCERS.operation.into(), code: fault.code.clone() }))
}

async fn describe(walk: &Walk<'_>, id: &str, region: &str) -> Seen<Description> {
    let by_arn = id.starts_with("arn:");
    walk.aws
        .ask_or(
            &BALANCERS,
            region,
            &[(if by_arn { "LoadBalancerArn" } else { "Name" }, id)],
            |clients| {
                let request = clients.elbv2().describe_load_balancers();
                if by_arn { request.load_balancer_arns(id).send() } else { request.names(id).send() }
            },
            |answer| match answer.load_balancers().first() {
                Some(found) => match description(found) {
                    Ok(description) => Observed::Present(description),
                    Err(gap) => Observed::Unknown(gap),
                },
                None => Observed::Unknown(BALANCERS.incomplete("LoadBalancers")),
            },
            missing,
        )
        .await
}

fn description(found: &types::LoadBalancer) -> Result<Description, Gap> {
    Ok(Description {
        arn: found.load_balancer_arn().ok_or_else(|| BALANCERS.incomplete("LoadBalancerArn"))?.to_owned(),
        balancer: match found.r#type().map(types::LoadBalancerTypeEnum::as_str) {
            Some("application") => Observed::Present(BalancerType::Application),
            Some("network") => Observed::Present(BalancerType::Network),
            Some("gateway") => Observed::Present(BalancerType::Gateway),
            Some(other) => BALANCERS.unrecognised("Type", other),
            None => Observed::Unknown(BALANCERS.incomplete("Type")),
        },
        scheme: match found.scheme().map(types::LoadBalancerSchemeEnum::as_str) {
            Some("internal") => Observed::Present(Scheme::Internal),
            Some("internet-facing") => Observed::Present(Scheme::InternetFacing),
            Some(other) => BALANCERS.unrecognised("Scheme", other),
            None => Observed::Absent,
        },
        dns_name: Observed::of(found.dns_name().map(str::to_owned)),
        vpc: Observed::of(found.vpc_id().map(str::to_owned)),
        subnets: found
            .availability_zones()
            .iter()
            .map(|zone| Leg {
                subnet: Observed::of(zone.subnet_id().map(str::to_owned)),
                zone: Observed::of(zone.zone_name().map(str::to_owned)),
            })
            .collect(),
        security_groups: found.security_groups().to_vec(),
        private_link_rules: match found.enforce_security_group_inbound_rules_on_private_link_traffic() {
            Some("on") => Observed::Present(Switch::On),
            Some("off") => Observed::Present(Switch::Off),
            Some(other) => BALANCERS.unrecognised("EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic", other),
            None => Observed::Absent,
        },
    })
}

async fn listeners(walk: &Walk<'_>, arn: &str, region: &str) -> Seen<Vec<Listener>> {
    walk.aws
        .ask_all(
            &LISTENERS,
            region,
            &[("LoadBalancerArn", arn)],
            |clients, marker| clients.elbv2().describe_listeners().load_balancer_arn(arn).set_marker(marker).send(),
            |answer| answer.next_marker().map(str::to_owned),
            |answer| answer.listeners().iter().map(listener).collect(),
        )
        .await
}

fn listener(found: &types::Listener) -> Result<Listener, Gap> {
    Ok(Listener {
        arn: found.listener_arn().ok_or_else(|| LISTENERS.incomplete("ListenerArn"))?.to_owned(),
        protocol: protocol(&LISTENERS, found.protocol()),
        port: Observed::of(found.port()),
        ssl_policy: Observed::of(found.ssl_policy().filter(|policy| !policy.is_empty()).map(str::to_owned)),
        actions: found.default_actions().iter().map(action).collect::<Result<_, _>>()?,
    })
}

fn protocol(call: &'static Call, found: Option<&types::ProtocolEnum>) -> Observed<Protocol> {
    let Some(found) = found else { return Observed::Absent };
    match Protocol::named(found.as_str()) {
        Some(protocol) => Observed::Present(protocol),
        None => call.unrecognised("Protocol", found.as_str()),
    }
}

/// One target group is named in an action's own field, several in its configuration.
fn action(found: &types::Action) -> Result<Action, Gap> {
    match found.r#type().map(types::ActionTypeEnum::as_str) {
        Some("forward") => {
            let several = found.forward_config().map(types::ForwardActionConfig::target_groups).into_iter().flatten();
            let mut groups: Vec<String> =
                several.filter_map(|group| group.target_group_arn().map(str::to_owned)).collect();
            if groups.is_empty() {
                groups.extend(found.target_group_arn().map(str::to_owned));
            }
            if groups.is_empty() {
                return Err(LISTENERS.incomplete("DefaultActions.TargetGroupArn"));
            }
            Ok(Action::Forward(groups))
        }
        Some("redirect") => Ok(Action::Redirect {
            protocol: Observed::of(
                found.redirect_config().and_then(types::RedirectActionConfig::protocol).map(str::to_owned),
            ),
        }),
        Some("fixed-response") => Ok(Action::FixedResponse),
        Some("authenticate-cognito" | "authenticate-oidc" | "jwt-validation") => Ok(Action::Authenticate),
        Some(other) => Err(LISTENERS.unknown_token("DefaultActions.Type", other)),
        None => Err(LISTENERS.incomplete("DefaultActions.Type")),
    }
}

async fn target_groups(walk: &Walk<'_>, arn: &str, region: &str) -> Seen<Vec<TargetGroup>> {
    if !walk.scope.selects(&["apigw-", "ecs-", "load-balancer-internal"]) {
        return Seen::gap(Gap::NotCollected { what: "no requirement of the profile asks who stands behind it".into() });
    }
    walk.aws
        .ask_all(
            &TARGET_GROUPS,
            region,
            &[("LoadBalancerArn", arn)],
            |clients, marker| clients.elbv2().describe_target_groups().load_balancer_arn(arn).set_marker(marker).send(),
            |answer| answer.next_marker().map(str::to_owned),
            |answer| answer.target_groups().iter().map(target_group).collect(),
        )
        .await
}

fn target_group(found: &types::TargetGroup) -> Result<TargetGroup, Gap> {
    Ok(TargetGroup {
        arn: found.target_group_arn().ok_or_else(|| TARGET_GROUPS.incomplete("TargetGroupArn"))?.to_owned(),
        protocol: protocol(&TARGET_GROUPS, found.protocol()),
        port: Observed::of(found.port()),
        target_type: Observed::of(found.target_type().map(|kind| kind.as_str().to_owned())),
        load_balancers: found.load_balancer_arns().to_vec(),
    })
}

async fn deletion_protection(walk: &Walk<'_>, arn: &str, region: &str) -> Seen<Switch> {
    const KEY: &str = "deletion_protection.enabled";
    walk.aws
        .ask(
            &ATTRIBUTES,
            region,
            &[("LoadBalancerArn", arn)],
            |clients| clients.elbv2().describe_load_balancer_attributes().load_balancer_arn(arn).send(),
            |answer| {
                let attribute = answer.attributes().iter().find(|attribute| attribute.key() == Some(KEY));
                match attribute.and_then(types::LoadBalancerAttribute::value) {
                    Some("true") => Observed::Present(Switch::On),
                    Some("false") => Observed::Present(Switch::Off),
                    Some(other) => ATTRIBUTES.unrecognised(KEY, other),
                    None => Observed::Unknown(ATTRIBUTES.incomplete(KEY)),
                }
            },
        )
        .await
}

/// An answer without a web ACL says that there is none; only application load balancers can have one.
async fn web_acl(walk: &Walk<'_>, description: Option<&Description>, region: &str) -> Seen<String> {
    let public = description.filter(|description| {
        description.scheme == Observed::Present(Scheme::InternetFacing)
            && description.balancer == Observed::Present(BalancerType::Application)
    });
    let Some(description) = public.filter(|_| walk.scope.selects(&["load-balancer-internal"])) else {
        let what = "a web ACL is asked for of internet-facing application load balancers alone";
        return Seen::gap(Gap::NotCollected { what: what.into() });
    };
    let arn = description.arn.as_str();
    walk.aws
        .ask(
            &WEB_ACL,
            region,
            &[("ResourceArn", arn)],
            |clients| clients.wafv2().get_web_acl_for_resource().resource_arn(arn).send(),
            |answer| Observed::of(answer.web_acl().map(|acl| acl.arn().to_owned())),
        )
        .await
}
