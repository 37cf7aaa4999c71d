//! Public and private subnets: whether there are enough of each, and whether private ones give out public addresses.

use std::collections::BTreeSet;

use crate::check::{Context, NoParams};
use crate::ec2::{BlockPublicAccess, Hop, Reach, RouteState, Subnet, Vpc, VpcOrigin, VpcState, listed};
use crate::observed::{Gap, Observed};
use crate::s3::Switch;
use crate::verdict::{Judgement, Verdict, every};

pub(super) const DESCRIBE: &str = "DescribeVpcs";
const SUBNETS: &str = "DescribeSubnets";

/// Every subnet of the VPC.
pub(super) fn subnets(vpc: &Vpc) -> Result<&[Subnet], Gap> {
    vpc.subnets.required(SUBNETS, "Subnets").map(Vec::as_slice)
}

/// The name of the subnet's zone.
pub(super) fn zone(subnet: &Subnet) -> Result<&str, Gap> {
    subnet.zone.required(SUBNETS, "Subnet.AvailabilityZone").map(String::as_str)
}

const SEGMENTS: &str =
    "a VPC of its own with at least two public and two private subnets, each kind in at least two availability zones";

/// Counts subnets by where their routes lead. Two of each kind in two zones are enough, whatever the routes of a further
/// one are, so a subnet that could not be read decides only where the others do not.
pub(super) fn public_and_private(vpc: &Vpc, _: &NoParams, context: &Context<'_>) -> Judgement {
    let description = vpc.description.required(DESCRIBE, "Vpcs")?;
    match description.state.required(DESCRIBE, "Vpc.State")? {
        VpcState::Available => {}
        VpcState::Pending => return Err(Gap::changing("the VPC is pending")),
        VpcState::Deleting => return Err(Gap::changing("the VPC is being deleted")),
    }
    let origin = description.origin.required(DESCRIBE, "Vpc.IsDefault").map(|origin| match origin {
        VpcOrigin::Default => {
            Verdict::not_satisfied("it is the region's default VPC, whose subnets are made to be public", SEGMENTS)
        }
        VpcOrigin::Made => Verdict::not_applicable("it is not the region's default VPC"),
    });
    let verdict = every([origin, segments(vpc, context)], || Err(Gap::undecided("nothing of the VPC was looked at")))?;
    Ok(match &description.block_public_access {
        Observed::Present(BlockPublicAccess::Ingress) => verdict.noting(BLOCKED_IN),
        Observed::Present(BlockPublicAccess::Bidirectional) => verdict.noting(BLOCKED_BOTH_WAYS),
        Observed::Present(BlockPublicAccess::Off) | Observed::Absent | Observed::Unknown(_) => verdict,
    })
}

const BLOCKED_IN: &str =
    "VPC Block Public Access stops what comes in from the internet; what is public is told by the routes all the same";
const BLOCKED_BOTH_WAYS: &str = "VPC Block Public Access stops traffic with the internet in both directions; what is public is told by the routes all the same";

/// The subnets of one kind that count.
#[derive(Default)]
struct Segment<'a> {
    subnets: Vec<&'a str>,
    zones: BTreeSet<&'a str>,
}

impl Segment<'_> {
    fn is_enough(&self) -> bool {
        self.subnets.len() >= 2 && self.zones.len() >= 2
    }

    fn describe(&self, kind: &str) -> String {
        let plural = if self.subnets.len() == 1 { "" } else { "s" };
        match self.subnets.len() {
            0 => format!("no {kind} subnet"),
            count => format!("{count} {kind} subnet{plural} in {}", listed(&self.zones)),
        }
    }
}

fn segments(vpc: &Vpc, context: &Context<'_>) -> Judgement {
    let region = context.subject.region.as_deref().unwrap_or(&context.evidence.run.region);
    let (mut public, mut private) = (Segment::default(), Segment::default());
    let (mut apart, mut appliances, mut gap) = (Vec::new(), Vec::new(), None);
    for subnet in subnets(vpc)? {
        match place(subnet, region).and_then(|place| Ok((place, vpc.reach(&subnet.id)?))) {
            Ok((Place::Zone(zone), reach)) => {
                let segment = match reach {
                    Reach::Public { .. } => &mut public,
                    Reach::Private => {
                        appliances.extend(appliance(vpc, &subnet.id));
                        &mut private
                    }
                };
                segment.subnets.push(&subnet.id);
                segment.zones.insert(zone);
            }
            Ok((Place::Elsewhere(place), _)) => apart.push(format!("{} in {place}", subnet.id)),
            Err(found) => {
                gap.get_or_insert(found);
            }
        }
    }
    let observed = format!("{} and {}", public.describe("public"), private.describe("private"));
    let mut verdict = if public.is_enough() && private.is_enough() {
        Verdict::satisfied(observed)
    } else if let Some(gap) = gap {
        return Err(gap);
    } else {
        Verdict::not_satisfied(observed, SEGMENTS)
    };
    if !apart.is_empty() {
        verdict = verdict
            .noting(format!("not counted, because they are in no availability zone of the region: {}", listed(&apart)));
    }
    if !appliances.is_empty() {
        verdict = verdict.noting(format!("private subnets whose traffic passes an appliance: {}", listed(&appliances)));
    }
    Ok(verdict)
}

enum Place<'a> {
    /// An availability zone of the region.
    Zone(&'a str),
    /// A local zone, a wavelength zone or an Outpost.
    Elsewhere(&'a str),
}

/// An availability zone is named after its region with one letter behind; the names of other zones are longer.
fn place<'a>(subnet: &'a Subnet, region: &str) -> Result<Place<'a>, Gap> {
    if let Some(outpost) = subnet.outpost.seen()? {
        return Ok(Place::Elsewhere(outpost));
    }
    let zone = zone(subnet)?;
    Ok(match zone.strip_prefix(region) {
        Some(letter) if letter.len() == 1 => Place::Zone(zone),
        Some(_) | None => Place::Elsewhere(zone),
    })
}

/// The default route of a private subnet that leads to an appliance, in words.
fn appliance(vpc: &Vpc, subnet: &str) -> Option<String> {
    let Ok(table) = vpc.table_of(subnet) else { return None };
    table.routes.iter().filter(|route| route.destination.is_everything()).find_map(|route| {
        let Observed::Present(hop @ (Hop::Interface(_) | Hop::Instance(_) | Hop::Endpoint(_))) = &route.hop else {
            return None;
        };
        let is_active = route.state == Observed::Present(RouteState::Active);
        is_active.then(|| format!("{subnet} sends {} to {hop}", route.destination))
    })
}

const NO_ADDRESSES: &str = "MapPublicIpOnLaunch off in every private subnet";

/// Public subnets are not judged: to have public addresses is what they are for.
pub(super) fn no_public_ip(vpc: &Vpc, _: &NoParams) -> Judgement {
    let parts = subnets(vpc)?.iter().map(|subnet| {
        if let Reach::Public { .. } = vpc.reach(&subnet.id)? {
            return Ok(Verdict::not_applicable(
                "the VPC has no private subnet; see vpc-public-private-subnets-multi-az",
            ));
        }
        Ok(match subnet.public_ip_on_launch.required(SUBNETS, "Subnet.MapPublicIpOnLaunch")? {
            Switch::Off => Verdict::satisfied("no private subnet gives out public addresses"),
            Switch::On => Verdict::not_satisfied(
                format!("private subnet {} gives each new interface a public address", subnet.id),
                NO_ADDRESSES,
            ),
        })
    });
    every(parts, || Ok(Verdict::not_applicable("the VPC has no subnet; see vpc-public-private-subnets-multi-az")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ec2::fixture::*;
    use crate::ec2::{Associated, Association, AssociationState, Destination, Route, RouteTable};
    use crate::evidence::Evidence;
    use crate::fixture::*;
    use crate::observed::Observed::{Absent, Present, Unknown};

    const ID: &str = "vpc-public-private-subnets-multi-az";
    const NO_IP: &str = "vpc-private-subnets-no-public-ip";
    const PUBLIC: [&str; 2] = ["subnet-pub-a", "subnet-pub-b"];
    const PRIVATE: [&str; 2] = ["subnet-priv-a", "subnet-priv-b"];

    fn with(change: impl FnOnce(&mut Vpc)) -> Evidence {
        let mut vpc = conforming(PUBLIC, PRIVATE);
        change(&mut vpc);
        evidence(vec![vpc_subject(vpc)])
    }

    fn with_subnets(change: impl FnOnce(&mut Vec<Subnet>)) -> Evidence {
        with(|vpc| edit(&mut vpc.subnets, change))
    }

    fn with_tables(change: impl FnOnce(&mut Vec<RouteTable>)) -> Evidence {
        with(|vpc| edit(&mut vpc.route_tables, change))
    }

    fn internet(destination: &str) -> Route {
        route(destination, Hop::InternetGateway("igw-0a".into()))
    }

    #[test]
    fn two_public_and_two_private_subnets_in_two_zones_are_enough() {
        assert_eq!(
            passed(judge(ID, &with(|_| ()))),
            "2 public subnets in us-east-2a, us-east-2b and 2 private subnets in us-east-2a, us-east-2b"
        );
    }

    #[test]
    fn one_subnet_of_a_kind_or_both_in_one_zone_is_not_enough() {
        let one = with_subnets(|subnets| drop(subnets.remove(3)));
        assert_eq!(
            failed(judge(ID, &one)),
            "2 public subnets in us-east-2a, us-east-2b and 1 private subnet in us-east-2a"
        );
        let same_zone = with_subnets(|subnets| subnets[1].zone = Present("us-east-2a".into()));
        assert!(failed(judge(ID, &same_zone)).starts_with("2 public subnets in us-east-2a and 2 private"));
        let none = with_subnets(Vec::clear);
        assert_eq!(failed(judge(ID, &none)), "no public subnet and no private subnet");
    }

    #[test]
    fn the_default_vpc_fails_however_its_subnets_are_cut() {
        let default = with(|vpc| edit(&mut vpc.description, |found| found.origin = Present(VpcOrigin::Default)));
        assert_eq!(failed(judge(ID, &default)), "it is the region's default VPC, whose subnets are made to be public");
    }

    #[test]
    fn a_vpc_that_is_changing_or_unread_is_an_error() {
        let pending = with(|vpc| edit(&mut vpc.description, |found| found.state = Present(VpcState::Pending)));
        assert!(undecided(judge(ID, &pending)).starts_with("the VPC is pending: it is changing"));
        for unread in [
            with(|vpc| vpc.description = denied()),
            with(|vpc| vpc.subnets = denied()),
            with(|vpc| vpc.route_tables = denied()),
        ] {
            assert_eq!(undecided(judge(ID, &unread)), denial().to_string());
        }
        assert!(undecided(judge(ID, &evidence(Vec::new()))).starts_with("no AWS::EC2::VPC was found"));
    }

    #[test]
    fn halves_of_the_address_space_and_ipv6_and_prefix_lists_make_a_subnet_public_like_the_default_route() {
        let list = Route { destination: Destination::PrefixList("pl-1".into()), ..internet("0.0.0.0/0") };
        for way_out in [internet("0.0.0.0/1"), internet("::/0"), internet("52.0.0.0/8"), list] {
            let evidence = with_tables(|tables| tables[2].routes.push(way_out));
            assert!(failed(judge(ID, &evidence)).ends_with("and no private subnet"));
        }
    }

    #[test]
    fn other_ways_out_and_dead_routes_leave_a_subnet_private() {
        for hop in [
            Hop::NatGateway("nat-1".into()),
            Hop::EgressOnlyGateway("eigw-1".into()),
            Hop::TransitGateway("tgw-1".into()),
            Hop::Peering("pcx-1".into()),
            Hop::VirtualPrivateGateway("vgw-1".into()),
        ] {
            passed(judge(ID, &with_tables(|tables| tables[2].routes.push(route("0.0.0.0/1", hop)))));
        }
        let dead = Route { state: Present(RouteState::Blackhole), ..internet("0.0.0.0/1") };
        passed(judge(ID, &with_tables(|tables| tables[2].routes.push(dead))));
    }

    #[test]
    fn a_default_route_to_an_appliance_is_private_with_a_note() {
        let hop = Hop::Interface("eni-fw".into());
        let evidence = with_tables(|tables| tables[2].routes[1] = route("0.0.0.0/0", hop));
        assert!(passed(judge(ID, &evidence)).ends_with(
            "| private subnets whose traffic passes an appliance: subnet-priv-a sends 0.0.0.0/0 to eni-fw, subnet-priv-b sends 0.0.0.0/0 to eni-fw"
        ));
    }

    #[test]
    fn a_subnet_without_a_table_of_its_own_follows_the_main_one() {
        let open = with_tables(|tables| {
            tables[0].routes.push(internet("0.0.0.0/0"));
            tables[2].associations.pop();
        });
        assert!(failed(judge(ID, &open)).starts_with("3 public subnets"));
        let gone = with_tables(|tables| {
            tables[0].routes.push(internet("0.0.0.0/0"));
            tables[2].associations[1].state = Present(AssociationState::Disassociated);
        });
        assert!(failed(judge(ID, &gone)).starts_with("3 public subnets"));
    }

    #[test]
    fn the_table_of_a_gateway_says_nothing_of_subnets() {
        let evidence = with_tables(|tables| {
            let gateway = Associated::Gateway("igw-0a".into());
            tables.push(table("rtb-edge", vec![gateway], vec![internet("0.0.0.0/0")]));
        });
        passed(judge(ID, &evidence));
    }

    #[test]
    fn an_association_that_is_changing_and_a_vpc_without_a_main_table_are_errors() {
        let changing = with_tables(|tables| tables[2].associations[1].state = Present(AssociationState::Associating));
        assert!(
            undecided(judge(ID, &changing))
                .starts_with("subnet subnet-priv-b is changing to or from route table rtb-private")
        );
        let unsaid = with_tables(|tables| {
            tables[2].associations[1] =
                Association { with: Associated::Subnet("subnet-priv-b".into()), state: Unknown(denial()) };
        });
        assert_eq!(undecided(judge(ID, &unsaid)), denial().to_string());
        let shared = with_tables(|tables| {
            tables.remove(0);
            tables[1].associations.pop();
        });
        assert!(undecided(judge(ID, &shared)).starts_with("no route table is shown for subnet subnet-priv-b"));
    }

    #[test]
    fn a_subnet_too_many_that_cannot_be_read_does_not_undo_what_is_enough() {
        let more = with_subnets(|subnets| {
            let mut third = subnet("subnet-c", "us-east-2c", "10.0.9.0/24");
            third.zone = Unknown(denial());
            subnets.push(third);
        });
        passed(judge(ID, &more));
    }

    #[test]
    fn local_zones_and_outposts_do_not_count() {
        let local = with_subnets(|subnets| subnets[3].zone = Present("us-east-2-lax-1a".into()));
        assert!(failed(judge(ID, &local)).ends_with(
            "1 private subnet in us-east-2a | not counted, because they are in no availability zone of the region: subnet-priv-b in us-east-2-lax-1a"
        ));
        let outpost = with_subnets(|subnets| subnets[3].outpost = Present("arn:aws:outposts:o".into()));
        assert!(failed(judge(ID, &outpost)).contains("subnet-priv-b in arn:aws:outposts:o"));
    }

    #[test]
    fn block_public_access_is_a_note_and_makes_nothing_private() {
        let blocked = with(|vpc| {
            edit(&mut vpc.description, |found| {
                found.block_public_access = Present(BlockPublicAccess::Bidirectional);
            });
        });
        assert!(passed(judge(ID, &blocked)).starts_with("2 public subnets"));
        assert!(passed(judge(ID, &blocked)).ends_with(BLOCKED_BOTH_WAYS));
    }

    #[test]
    fn a_private_subnet_gives_out_no_public_addresses() {
        assert_eq!(passed(judge(NO_IP, &with(|_| ()))), "no private subnet gives out public addresses");
        let gives = with_subnets(|subnets| subnets[3].public_ip_on_launch = Present(Switch::On));
        assert_eq!(
            failed(judge(NO_IP, &gives)),
            "private subnet subnet-priv-b gives each new interface a public address"
        );
    }

    #[test]
    fn public_subnets_may_give_out_public_addresses() {
        passed(judge(NO_IP, &with_subnets(|subnets| subnets[0].public_ip_on_launch = Present(Switch::On))));
    }

    #[test]
    fn without_private_subnets_there_is_nothing_to_judge() {
        let public = with_subnets(|subnets| subnets.truncate(2));
        assert_eq!(
            not_applicable(judge(NO_IP, &public)),
            "the VPC has no private subnet; see vpc-public-private-subnets-multi-az"
        );
        assert!(not_applicable(judge(NO_IP, &with_subnets(Vec::clear))).starts_with("the VPC has no subnet"));
    }

    #[test]
    fn an_unread_setting_or_route_is_an_error_unless_another_subnet_fails() {
        let unread = with_subnets(|subnets| subnets[3].public_ip_on_launch = Unknown(denial()));
        assert_eq!(undecided(judge(NO_IP, &unread)), denial().to_string());
        let missing = with_subnets(|subnets| subnets[3].public_ip_on_launch = Absent);
        assert!(undecided(judge(NO_IP, &missing)).starts_with("DescribeSubnets answered without"));
        let routes = with(|vpc| vpc.route_tables = denied());
        assert_eq!(undecided(judge(NO_IP, &routes)), denial().to_string());
        let both = with_subnets(|subnets| {
            subnets[2].public_ip_on_launch = Unknown(denial());
            subnets[3].public_ip_on_launch = Present(Switch::On);
        });
        assert!(failed(judge(NO_IP, &both)).contains("subnet-priv-b"));
    }
}
