//! NAT gateways: whether private subnets reach the internet by one, and by nothing else.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::check::Context;
use crate::ec2::segments::{subnets, zone};
use crate::ec2::{Connectivity, Hop, NatGateway, NatMode, NatState, Reach, Route, RouteState, Vpc, listed, tiers};
use crate::observed::Gap;
use crate::verdict::{Judgement, Verdict, every};

/// Parameters of `vpc-nat-gateway-available`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nat {
    require_nat_per_az: bool,
}

const DESCRIBE: &str = "DescribeNatGateways";
const EXPECTED: &str = "an available public NAT gateway in a public subnet, and an active route for 0.0.0.0/0 to one from every subnet of the ECS services";
const PER_ZONE: &str = "a NAT gateway in each zone of the ECS services (require_nat_per_az)";

/// Where a NAT gateway is, when it works and leads to the internet.
enum Working<'a> {
    /// In every zone.
    Regional,
    /// In the zone of this subnet.
    In(&'a str),
}

/// A NAT gateway as a way to the internet.
enum Way<'a> {
    Open(Working<'a>),
    /// It works, but the subnet that it is in has no way out itself.
    Enclosed(&'a str),
    /// It is being made.
    Pending,
    /// It leads nowhere, for this reason.
    Closed(String),
}

pub(super) fn available(vpc: &Vpc, params: &Nat, context: &Context<'_>) -> Judgement {
    let gateways = vpc.nat_gateways.required(DESCRIBE, "NatGateways")?;
    let ways: BTreeMap<&str, Result<Way<'_>, Gap>> =
        gateways.iter().map(|gateway| (gateway.id.as_str(), way(gateway, vpc))).collect();
    let of_services = service_subnets(vpc, context);
    let parts = std::iter::once(any_open(&ways))
        .chain(ways.iter().filter_map(|(id, way)| enclosed(id, way)))
        .chain(dead_defaults(vpc))
        .chain(match of_services {
            Ok(subnets) => subnets.into_iter().map(|subnet| by_nat(vpc, subnet, &ways, params)).collect(),
            Err(gap) => vec![Err(gap)],
        });
    let verdict = every(parts, || Err(Gap::undecided("nothing of the VPC was looked at")))?;
    Ok(notes(vpc).into_iter().fold(verdict, Verdict::noting))
}

/// AWS made all gateways public and zonal before it had others, so the fields' absence says that.
fn way<'a>(gateway: &'a NatGateway, vpc: &Vpc) -> Result<Way<'a>, Gap> {
    match gateway.state.required(DESCRIBE, "NatGateway.State")? {
        NatState::Available => {}
        NatState::Pending => return Ok(Way::Pending),
        state @ (NatState::Failed | NatState::Deleting | NatState::Deleted) => {
            return Ok(Way::Closed(format!("{} is {}", gateway.id, state.name())));
        }
    }
    if gateway.connectivity.seen()? == Some(&Connectivity::Private) {
        return Ok(Way::Closed(format!("{} is private and leads to no internet", gateway.id)));
    }
    if gateway.mode.seen()? == Some(&NatMode::Regional) {
        return Ok(Way::Open(Working::Regional));
    }
    let subnet = gateway.subnet.required(DESCRIBE, "NatGateway.SubnetId")?;
    Ok(match vpc.reach(subnet)? {
        Reach::Public { .. } => Way::Open(Working::In(subnet)),
        Reach::Private => Way::Enclosed(subnet),
    })
}

/// Whether there is a gateway to route to at all.
fn any_open(ways: &BTreeMap<&str, Result<Way<'_>, Gap>>) -> Judgement {
    let open: Vec<&str> = ways.iter().filter(|(_, way)| matches!(way, Ok(Way::Open(_)))).map(|(id, _)| *id).collect();
    if !open.is_empty() {
        return Ok(Verdict::satisfied(format!("NAT gateway {} is available", listed(&open))));
    }
    if let Some(gap) = ways.values().find_map(|way| way.as_ref().err()) {
        return Err(gap.clone());
    }
    if let Some((id, _)) = ways.iter().find(|(_, way)| matches!(way, Ok(Way::Pending))) {
        return Err(Gap::changing(format!("NAT gateway {id} is pending")));
    }
    let closed: Vec<&str> = ways
        .values()
        .filter_map(|way| match way {
            Ok(Way::Closed(why)) => Some(why.as_str()),
            Ok(Way::Open(_) | Way::Enclosed(_) | Way::Pending) | Err(_) => None,
        })
        .collect();
    let observed = "the VPC has no available public NAT gateway";
    Ok(if closed.is_empty() {
        Verdict::not_satisfied(observed, EXPECTED)
    } else {
        Verdict::not_satisfied(format!("{observed} ({})", listed(&closed)), EXPECTED)
    })
}

fn enclosed(id: &str, way: &Result<Way<'_>, Gap>) -> Option<Judgement> {
    match way {
        Ok(Way::Enclosed(subnet)) => Some(Ok(Verdict::not_satisfied(
            format!("NAT gateway {id} is in private subnet {subnet}, which has no way out itself"),
            EXPECTED,
        ))),
        Ok(Way::Open(_) | Way::Pending | Way::Closed(_)) | Err(_) => None,
    }
}

/// The subnets of this VPC that ECS services run in.
fn service_subnets<'a>(vpc: &'a Vpc, context: &Context<'_>) -> Result<Vec<&'a str>, Gap> {
    let named = tiers::service_subnets(context.evidence)?;
    Ok(subnets(vpc)?.iter().map(|subnet| subnet.id.as_str()).filter(|id| named.contains(*id)).collect())
}

/// The routes for everything of one address family.
fn defaults<'a>(vpc: &'a Vpc, subnet: &str) -> Result<impl Iterator<Item = &'a Route>, Gap> {
    Ok(vpc.table_of(subnet)?.routes.iter().filter(|route| route.destination.is_everything()))
}

/// A default route that leads nowhere is a gateway that somebody deleted: what needs it fails, today or later.
fn dead_defaults(vpc: &Vpc) -> Vec<Judgement> {
    let subnets = match subnets(vpc) {
        Ok(subnets) => subnets,
        Err(gap) => return vec![Err(gap)],
    };
    let dead = |id: &str| {
        if let Reach::Public { .. } = vpc.reach(id)? {
            return Ok(None);
        }
        for route in defaults(vpc, id)? {
            if route.state()? == RouteState::Blackhole {
                let to = route.hop().map_or_else(|_| "nothing".to_owned(), ToString::to_string);
                return Ok(Some(Verdict::not_satisfied(
                    format!("the default route of private subnet {id} is a black hole: {} to {to}", route.destination),
                    EXPECTED,
                )));
            }
        }
        Ok(None)
    };
    subnets.iter().filter_map(|subnet| dead(&subnet.id).transpose()).collect()
}

/// Whether a subnet of the services sends what leaves by IPv4 to a NAT gateway that works.
fn by_nat(vpc: &Vpc, subnet: &str, ways: &BTreeMap<&str, Result<Way<'_>, Gap>>, params: &Nat) -> Judgement {
    let fails = |observed: String| Ok(Verdict::not_satisfied(observed, EXPECTED));
    let mut gap = None;
    for route in defaults(vpc, subnet)?.filter(|route| route.destination.is_ipv4()) {
        match (route.state(), route.hop()) {
            (Ok(RouteState::Active), Ok(hop)) => return to_nat(vpc, subnet, hop, ways, params),
            (Ok(RouteState::Blackhole | RouteState::Filtered), _) => {}
            (Err(found), _) | (_, Err(found)) => {
                gap.get_or_insert(found);
            }
        }
    }
    match gap {
        Some(gap) => Err(gap),
        None => fails(format!("subnet {subnet} of an ECS service has no active route for 0.0.0.0/0")),
    }
}

fn to_nat(vpc: &Vpc, subnet: &str, hop: &Hop, ways: &BTreeMap<&str, Result<Way<'_>, Gap>>, params: &Nat) -> Judgement {
    let instead = match hop {
        Hop::NatGateway(id) => {
            return match ways.get(id.as_str()) {
                Some(Ok(Way::Open(working))) => same_zone(vpc, subnet, id, working, params),
                Some(Ok(Way::Enclosed(_))) => Ok(Verdict::not_satisfied(
                    format!("subnet {subnet} of an ECS service leaves by {id}, which has no way out itself"),
                    EXPECTED,
                )),
                Some(Ok(Way::Pending)) => Err(Gap::changing(format!("NAT gateway {id} is pending"))),
                Some(Ok(Way::Closed(why))) => Ok(Verdict::not_satisfied(
                    format!("subnet {subnet} of an ECS service leaves by {id}, and {why}"),
                    EXPECTED,
                )),
                Some(Err(gap)) => Err(gap.clone()),
                None => Err(Gap::undecided(format!(
                    "subnet {subnet} of an ECS service leaves by {id}, which is not among the NAT gateways of the VPC"
                ))),
            };
        }
        Hop::InternetGateway(_) => "an internet gateway",
        Hop::Interface(_) | Hop::Instance(_) => "a NAT instance or another appliance",
        Hop::TransitGateway(_) => "a transit gateway",
        Hop::Endpoint(_) => "an appliance behind an endpoint",
        Hop::Peering(_) => "a peered VPC",
        Hop::VirtualPrivateGateway(_) => "a virtual private gateway",
        Hop::Local | Hop::EgressOnlyGateway(_) | Hop::Other(_) => "another way",
    };
    Ok(Verdict::not_satisfied(
        format!("subnet {subnet} of an ECS service leaves by {hop}, {instead}, and a NAT gateway is asked for"),
        EXPECTED,
    ))
}

/// One gateway may serve several zones, but they all lose the internet with the zone that it is in (J37).
fn same_zone(vpc: &Vpc, subnet: &str, gateway: &str, working: &Working<'_>, params: &Nat) -> Judgement {
    let met = Verdict::satisfied("every subnet of the ECS services sends 0.0.0.0/0 to one");
    let Working::In(home) = working else { return Ok(met) };
    let zone_of = |id: &str| {
        let subnet = subnets(vpc)?.iter().find(|subnet| subnet.id == id);
        zone(subnet.ok_or_else(|| Gap::undecided(format!("the VPC does not hold subnet {id}")))?)
    };
    let (own, other) = match (zone_of(subnet), zone_of(home)) {
        (Ok(own), Ok(other)) => (own, other),
        (Err(gap), _) | (_, Err(gap)) if params.require_nat_per_az => return Err(gap),
        // Only the note rests on it.
        (Err(_), _) | (_, Err(_)) => return Ok(met),
    };
    if own == other {
        return Ok(met);
    }
    if params.require_nat_per_az {
        return Ok(Verdict::not_satisfied(
            format!("subnet {subnet} of an ECS service in {own} leaves by {gateway} in {other}"),
            PER_ZONE,
        ));
    }
    Ok(met.noting(format!("{own} leaves by {gateway} in {other} and loses the internet with that zone (J37)")))
}

/// What a reader should know of private subnets beside the verdict.
fn notes(vpc: &Vpc) -> Vec<String> {
    let Ok(subnets) = subnets(vpc) else { return Vec::new() };
    let is_isolated = |id: &str| {
        matches!(vpc.reach(id), Ok(Reach::Private)) && defaults(vpc, id).is_ok_and(|mut routes| routes.next().is_none())
    };
    let isolated: BTreeSet<&str> =
        subnets.iter().map(|subnet| subnet.id.as_str()).filter(|id| is_isolated(id)).collect();
    if isolated.is_empty() {
        return Vec::new();
    }
    vec![format!("private subnets without a default route, which are isolated on purpose: {}", listed(&isolated))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ec2::fixture::*;
    use crate::ec2::{Associated, RouteTable};
    use crate::evidence::Evidence;
    use crate::fixture::*;
    use crate::observed::Observed::{Absent, Present, Unknown};

    const ID: &str = "vpc-nat-gateway-available";
    const PUBLIC: [&str; 2] = ["subnet-pub-a", "subnet-pub-b"];
    const PRIVATE: [&str; 2] = ["subnet-priv-a", "subnet-priv-b"];

    fn with(change: impl FnOnce(&mut Vpc)) -> Evidence {
        let mut vpc = conforming(PUBLIC, PRIVATE);
        change(&mut vpc);
        evidence(vec![vpc_subject(vpc), service_subject("sg-task", &PRIVATE)])
    }

    fn with_gateways(change: impl FnOnce(&mut Vec<NatGateway>)) -> Evidence {
        with(|vpc| edit(&mut vpc.nat_gateways, change))
    }

    fn with_tables(change: impl FnOnce(&mut Vec<RouteTable>)) -> Evidence {
        with(|vpc| edit(&mut vpc.route_tables, change))
    }

    #[test]
    fn one_available_gateway_in_a_public_subnet_is_enough_with_a_note_about_the_other_zone() {
        assert_eq!(
            passed(judge(ID, &with(|_| ()))),
            "NAT gateway nat-0a is available; every subnet of the ECS services sends 0.0.0.0/0 to one | us-east-2b leaves by nat-0a in us-east-2a and loses the internet with that zone (J37)"
        );
    }

    #[test]
    fn a_gateway_in_each_zone_can_be_asked_for() {
        let asked = judge_with(ID, "require_nat_per_az = true", &with(|_| ()));
        assert_eq!(
            failed(asked),
            "subnet subnet-priv-b of an ECS service in us-east-2b leaves by nat-0a in us-east-2a"
        );
        let regional = with_gateways(|gateways| {
            gateways[0].mode = Present(NatMode::Regional);
            gateways[0].subnet = Absent;
        });
        let passed = passed(judge_with(ID, "require_nat_per_az = true", &regional));
        assert!(!passed.contains('|'), "{passed}");
    }

    #[test]
    fn without_a_gateway_it_fails_and_one_that_was_deleted_is_none() {
        assert!(
            failed(judge(ID, &with_gateways(Vec::clear))).starts_with("the VPC has no available public NAT gateway")
        );
        let deleted = with_gateways(|gateways| gateways[0].state = Present(NatState::Deleted));
        assert!(
            failed(judge(ID, &deleted)).starts_with("the VPC has no available public NAT gateway (nat-0a is deleted)")
        );
        let private = with_gateways(|gateways| gateways[0].connectivity = Present(Connectivity::Private));
        assert!(failed(judge(ID, &private)).contains("nat-0a is private and leads to no internet"));
    }

    #[test]
    fn a_gateway_in_a_private_subnet_fails_beside_a_good_one() {
        let evidence = with_gateways(|gateways| {
            let mut other = gateways[0].clone();
            other.id = "nat-0b".into();
            other.subnet = Present(PRIVATE[0].into());
            gateways.push(other);
        });
        assert_eq!(
            failed(judge(ID, &evidence)),
            "NAT gateway nat-0b is in private subnet subnet-priv-a, which has no way out itself"
        );
    }

    #[test]
    fn a_pending_gateway_is_an_error_unless_another_is_available() {
        let pending = |gateways: &mut Vec<NatGateway>| {
            let mut other = gateways[0].clone();
            other.id = "nat-0b".into();
            other.state = Present(NatState::Pending);
            gateways.push(other);
        };
        passed(judge(ID, &with_gateways(pending)));
        let alone = with_gateways(|gateways| gateways[0].state = Present(NatState::Pending));
        assert!(undecided(judge(ID, &alone)).starts_with("NAT gateway nat-0a is pending: it is changing"));
    }

    #[test]
    fn another_way_out_fails_with_its_name() {
        for (hop, way) in [
            (Hop::Interface("eni-nat".into()), "eni-nat, a NAT instance or another appliance"),
            (Hop::Instance("i-nat".into()), "i-nat, a NAT instance or another appliance"),
            (Hop::TransitGateway("tgw-1".into()), "tgw-1, a transit gateway"),
        ] {
            let evidence = with_tables(|tables| tables[2].routes[1] = route("0.0.0.0/0", hop));
            assert!(failed(judge(ID, &evidence)).contains(&format!("leaves by {way}, and a NAT gateway is asked for")));
        }
        let public =
            with_tables(|tables| tables[2].routes[1] = route("0.0.0.0/0", Hop::InternetGateway("igw-0a".into())));
        assert!(failed(judge(ID, &public)).contains("leaves by igw-0a, an internet gateway"));
    }

    #[test]
    fn a_service_subnet_without_a_default_route_fails_and_ipv6_is_none() {
        let none = with_tables(|tables| {
            tables[2].routes[1] = route("::/0", Hop::EgressOnlyGateway("eigw-1".into()));
        });
        assert!(
            failed(judge(ID, &none))
                .starts_with("subnet subnet-priv-a of an ECS service has no active route for 0.0.0.0/0")
        );
    }

    #[test]
    fn a_black_hole_fails_in_any_private_subnet() {
        let evidence = with(|vpc| {
            edit(&mut vpc.subnets, |subnets| subnets.push(subnet("subnet-db", "us-east-2a", "10.0.9.0/24")));
            edit(&mut vpc.route_tables, |tables| {
                let gone = Route {
                    state: Present(RouteState::Blackhole),
                    ..route("0.0.0.0/0", Hop::NatGateway("nat-old".into()))
                };
                tables.push(table("rtb-db", vec![Associated::Subnet("subnet-db".into())], vec![gone]));
            });
        });
        assert_eq!(
            failed(judge(ID, &evidence)),
            "the default route of private subnet subnet-db is a black hole: 0.0.0.0/0 to nat-old"
        );
    }

    #[test]
    fn private_subnets_without_a_default_route_are_a_note() {
        let evidence = with(|vpc| {
            edit(&mut vpc.subnets, |subnets| subnets.push(subnet("subnet-db", "us-east-2a", "10.0.9.0/24")));
        });
        assert!(
            passed(judge(ID, &evidence))
                .ends_with("private subnets without a default route, which are isolated on purpose: subnet-db")
        );
    }

    #[test]
    fn what_could_not_be_read_is_an_error() {
        for unread in [
            with(|vpc| vpc.nat_gateways = denied()),
            with(|vpc| vpc.route_tables = denied()),
            with(|vpc| vpc.subnets = denied()),
            with_gateways(|gateways| gateways[0].state = Unknown(denial())),
            with_gateways(|gateways| gateways[0].connectivity = Unknown(denial())),
            with_tables(|tables| tables[2].routes[1].state = Unknown(denial())),
        ] {
            assert_eq!(undecided(judge(ID, &unread)), denial().to_string());
        }
    }
}
