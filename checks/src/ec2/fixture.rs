//! What tests are built from that need a network: a conforming VPC, and security groups.

use crate::ec2::{
    Associated, Association, AssociationState, Cidr, Connectivity, Delivery, Destination, FlowLog, FlowLogStatus,
    GroupDescription, GroupPair, Hop, Interface, InterfaceKind, LogDestination, NatGateway, NatMode, NatState, Peer,
    RecordedTraffic, Route, RouteState, RouteTable, Rule, SecurityGroup, Subnet, Traffic, Vpc, VpcDescription,
    VpcOrigin, VpcState,
};
use crate::ecs::{self, Capacity, LaunchType, Network, ServiceStatus};
use crate::fixture::{ACCOUNT, not_set, seen, subject};
use crate::observed::Observed::{Absent, Present};
use crate::observed::Seen;
use crate::s3::Switch;
use crate::subject::{Kind, Resource, Subject};

/// The id of the VPC.
pub(crate) const VPC: &str = "vpc-0a";
/// The id of its default group.
pub(crate) const DEFAULT_GROUP: &str = "sg-default";
/// The id of its NAT gateway, in the first public subnet.
pub(crate) const NAT: &str = "nat-0a";
/// The zones of its subnets, by place in each pair.
pub(crate) const ZONES: [&str; 2] = ["us-east-2a", "us-east-2b"];

/// A conforming VPC 10.0.0.0/16 with these two public and two private subnets, each pair in two zones, and a NAT gateway
/// that serves the private ones.
pub(crate) fn vpc(public: [&str; 2], private: [&str; 2]) -> Subject {
    vpc_subject(conforming(public, private))
}

/// The subject of this evidence.
pub(crate) fn vpc_subject(vpc: Vpc) -> Subject {
    subject(Kind::Vpc, VPC, Resource::Vpc(Box::new(vpc)))
}

/// The evidence of [`vpc`].
pub(crate) fn conforming(public: [&str; 2], private: [&str; 2]) -> Vpc {
    let subnets = public.into_iter().zip(ZONES).chain(private.into_iter().zip(ZONES)).enumerate();
    Vpc {
        description: seen(VpcDescription {
            state: Present(VpcState::Available),
            origin: Present(VpcOrigin::Made),
            owner: Present(ACCOUNT.into()),
            blocks: Present(vec![range("10.0.0.0/16")]),
            block_public_access: Absent,
        }),
        subnets: seen(subnets.map(|(number, (id, zone))| subnet(id, zone, &format!("10.0.{number}.0/24"))).collect()),
        route_tables: seen(vec![
            table("rtb-main", vec![Associated::Main], vec![]),
            table("rtb-public", of(&public), vec![route("0.0.0.0/0", Hop::InternetGateway("igw-0a".into()))]),
            table("rtb-private", of(&private), vec![route("0.0.0.0/0", Hop::NatGateway(NAT.into()))]),
        ]),
        nat_gateways: seen(vec![NatGateway {
            id: NAT.into(),
            state: Present(NatState::Available),
            subnet: Present(public[0].into()),
            connectivity: Present(Connectivity::Public),
            mode: Present(NatMode::Zonal),
        }]),
        flow_logs: seen(vec![flow_log("fl-0a", VPC, RecordedTraffic::All)]),
        default_group: seen(DEFAULT_GROUP.into()),
    }
}

fn of(subnets: &[&str]) -> Vec<Associated> {
    subnets.iter().map(|id| Associated::Subnet((*id).to_owned())).collect()
}

/// A subnet without public addresses.
pub(crate) fn subnet(id: &str, zone: &str, block: &str) -> Subnet {
    Subnet {
        id: id.into(),
        zone: Present(zone.into()),
        zone_id: Present(format!("use2-az{}", &zone[zone.len() - 1..])),
        block: Present(range(block)),
        ipv6_blocks: Present(Vec::new()),
        public_ip_on_launch: Present(Switch::Off),
        outpost: Absent,
        owner: Present(ACCOUNT.into()),
    }
}

/// A route table with these associations in force, the VPC's own route and these routes.
pub(crate) fn table(id: &str, with: Vec<Associated>, routes: Vec<Route>) -> RouteTable {
    let associations =
        with.into_iter().map(|with| Association { with, state: Present(AssociationState::Associated) }).collect();
    RouteTable { id: id.into(), associations, routes: [vec![route("10.0.0.0/16", Hop::Local)], routes].concat() }
}

/// An active route.
pub(crate) fn route(destination: &str, hop: Hop) -> Route {
    Route { destination: Destination::Range(range(destination)), hop: Present(hop), state: Present(RouteState::Active) }
}

/// An active flow log whose records arrive.
pub(crate) fn flow_log(id: &str, resource: &str, traffic: RecordedTraffic) -> FlowLog {
    FlowLog {
        id: id.into(),
        resource: resource.into(),
        status: Present(FlowLogStatus::Active),
        delivery: Present(Delivery::Succeeded),
        traffic: Present(traffic),
        destination: Present(LogDestination::Logs),
        created_at: Present("2026-10-01T12:00:00Z".parse().expect("a fixed time")),
    }
}

/// A range of addresses.
pub(crate) fn range(text: &str) -> Cidr {
    text.parse().expect("a range of addresses")
}

/// A rule for traffic from or to a range of addresses.
pub(crate) fn with_range(traffic: Traffic, text: &str) -> Rule {
    Rule { traffic, peer: Peer::Range(range(text)) }
}

/// A rule for traffic from or to a group of the same VPC.
pub(crate) fn with_group(traffic: Traffic, group: &str) -> Rule {
    let pair = GroupPair { group: group.into(), owner: Some(ACCOUNT.into()), vpc: None, peering: None };
    Rule { traffic, peer: Peer::Group(pair) }
}

/// A security group of the VPC with these rules, which one interface holds.
pub(crate) fn group(id: &str, ingress: Vec<Rule>, egress: Vec<Rule>) -> SecurityGroup {
    SecurityGroup {
        description: seen(GroupDescription {
            name: Present(format!("{id}-name")),
            vpc: Present(VPC.into()),
            owner: Present(ACCOUNT.into()),
            ingress: Present(ingress),
            egress: Present(egress),
        }),
        interfaces: seen(vec![interface(&format!("eni-{id}"), &[id])]),
        prefix_lists: std::collections::BTreeMap::new(),
    }
}

/// A network interface without a public address that holds these groups.
pub(crate) fn interface(id: &str, groups: &[&str]) -> Interface {
    Interface {
        id: id.into(),
        kind: Present(InterfaceKind::Plain),
        description: Absent,
        public_ip: Absent,
        groups: groups.iter().map(|group| (*group).to_owned()).collect(),
    }
}

/// The subject of a security group.
pub(crate) fn group_subject(id: &str, group: SecurityGroup) -> Subject {
    subject(Kind::SecurityGroup, id, Resource::SecurityGroup(Box::new(group)))
}

/// Changes what was seen of an attribute.
pub(crate) fn edit<T: Clone>(attribute: &mut Seen<T>, change: impl FnOnce(&mut T)) {
    let Present(mut value) = attribute.observed().clone() else { panic!("nothing was seen to change") };
    change(&mut value);
    *attribute = seen(value);
}

/// The ARN of the revision that [`service`] runs; its one container listens on port 8443.
pub(crate) const REVISION: &str = "arn:aws:ecs:us-east-2:123456789012:task-definition/app:1";

/// An active service whose tasks have these groups and subnets.
pub(crate) fn service(groups: &[&str], subnets: &[&str]) -> ecs::Service {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let network = Network { subnets: names(subnets), security_groups: names(groups), public_ip: Absent };
    let description = ecs::Description {
        name: "app".into(),
        status: Present(ServiceStatus::Active),
        capacity: Capacity { launch_type: Present(LaunchType::Fargate), providers: Vec::new(), platform: Absent },
        definition: Present(REVISION.into()),
        network: Present(network),
        controller: Absent,
        desired: 2,
        running: 2,
        circuit_breaker: Present(Switch::On),
        zone_rebalancing: Absent,
        exec: Switch::Off,
        target_groups: Vec::new(),
        deployments: Vec::new(),
        task_sets: Vec::new(),
    };
    ecs::Service { description: seen(description), scaling: not_set(), scaling_policies: seen(Vec::new()) }
}

/// The subject of a service with this one group.
pub(crate) fn service_subject(group: &str, subnets: &[&str]) -> Subject {
    of_service(service(&[group], subnets))
}

/// The subject of a service.
pub(crate) fn of_service(service: ecs::Service) -> Subject {
    let arn = format!("arn:aws:ecs:us-east-2:{ACCOUNT}:service/cluster/app");
    subject(Kind::Service, &arn, Resource::Service(Box::new(service)))
}
