//! What is read of a security group.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types;
use tap_audit_checks::ec2::{
    Cidr, GroupDescription, GroupPair, Interface, InterfaceKind, Peer, Ports, Rule, SecurityGroup, Traffic,
};
use tap_audit_checks::observed::{Gap, Observed, Seen};
use tap_audit_checks::subject::{Kind, Resource};

use super::{always, filter, only, range};
use crate::collect::call::Call;
use crate::collect::{Collected, Reference, Relation, Walk, existence};

pub(super) const GROUPS: Call = Call {
    service: "ec2",
    operation: "DescribeSecurityGroups",
    permission: "ec2:DescribeSecurityGroups",
    absent: &[],
    denied_or: None,
};
pub(super) const INTERFACES: Call = Call {
    service: "ec2",
    operation: "DescribeNetworkInterfaces",
    permission: "ec2:DescribeNetworkInterfaces",
    absent: &[],
    denied_or: None,
};
const PREFIX_LISTS: Call = Call {
    service: "ec2",
    operation: "GetManagedPrefixListEntries",
    permission: "ec2:GetManagedPrefixListEntries",
    absent: &[],
    denied_or: Some("the list belongs to another account that does not share it"),
};

/// Every call about a security group.
pub(super) const CALLS: &[&Call] = &[&GROUPS, &INTERFACES, &PREFIX_LISTS];

/// The reference of a security group, by its id or ARN.
pub(crate) fn security_group_reference(_walk: &Walk<'_>, named: &str, region: &str) -> Option<Reference> {
    let id = named.rsplit_once("security-group/").map_or(named, |(_, id)| id);
    Some(Reference { kind: Kind::SecurityGroup, id: id.to_owned(), region: region.to_owned() })
}

/// Collects a security group and reaches its VPC. Interfaces, prefix lists and the VPC are for the profiles that judge
/// what groups let through.
pub(crate) async fn security_group(walk: &Walk<'_>, id: &str, region: &str) -> Collected {
    let (description, interfaces) = tokio::join!(description(walk, id, region), interfaces(walk, id, region));
    let mut prefix_lists = BTreeMap::new();
    let mut owner = walk.account.clone();
    if let Observed::Present(described) = description.observed() {
        if let Observed::Present(account) = &described.owner {
            owner.clone_from(account);
        }
        if walk.scope.selects(&["sg-"]) {
            if let Observed::Present(vpc) = &described.vpc {
                let reference = Reference { kind: Kind::Vpc, id: vpc.clone(), region: region.to_owned() };
                walk.reach(reference, Relation::Of { what: "VPC", kind: Kind::SecurityGroup, id: id.to_owned() });
            }
            let lists = named_lists(described).into_iter();
            let entries = lists.map(async |list| (list.to_owned(), entries(walk, list, region).await));
            prefix_lists = futures_util::future::join_all(entries).await.into_iter().collect();
        }
    }
    Collected {
        existence: existence(&description),
        arn: Some(format!("arn:{}:ec2:{region}:{owner}:security-group/{id}", walk.partition)),
        region: Some(region.to_owned()),
        resource: Resource::SecurityGroup(Box::new(SecurityGroup { description, interfaces, prefix_lists })),
    }
}

fn named_lists(described: &GroupDescription) -> BTreeSet<&str> {
    let rules = [&described.ingress, &described.egress].into_iter().filter_map(|rules| match rules {
        Observed::Present(rules) => Some(rules),
        Observed::Absent | Observed::Unknown(_) => None,
    });
    rules
        .flatten()
        .filter_map(|rule| match &rule.peer {
            Peer::PrefixList(id) => Some(id.as_str()),
            Peer::Range(_) | Peer::Group(_) => None,
        })
        .collect()
}

async fn description(walk: &Walk<'_>, id: &str, region: &str) -> Seen<GroupDescription> {
    let found = walk
        .aws
        .ask_all(
            &GROUPS,
            region,
            &[("GroupId", id)],
            |clients, token| {
                let request = clients.ec2().describe_security_groups().filters(filter("group-id", &[id]));
                request.set_next_token(token).send()
            },
            |answer| answer.next_token().map(str::to_owned),
            |answer| {
                let found = answer.security_groups.ok_or_else(|| GROUPS.incomplete("securityGroupInfo"))?;
                // An endpoint that does not heed the filter answers the rules of other groups as well.
                Ok(found.iter().filter(|group| group.group_id() == Some(id)).map(described).collect::<Vec<_>>())
            },
        )
        .await;
    only(&GROUPS, found)
}

fn described(found: &types::SecurityGroup) -> GroupDescription {
    let text = |value: Option<&str>| value.map(str::to_owned);
    GroupDescription {
        name: always(&GROUPS, "SecurityGroup.GroupName", text(found.group_name())),
        vpc: always(&GROUPS, "SecurityGroup.VpcId", text(found.vpc_id())),
        owner: always(&GROUPS, "SecurityGroup.OwnerId", text(found.owner_id())),
        ingress: rules("SecurityGroup.IpPermissions", found.ip_permissions.as_deref()),
        egress: rules("SecurityGroup.IpPermissionsEgress", found.ip_permissions_egress.as_deref()),
    }
}

/// EC2 puts the rules of one protocol and port range together; here each has one other end. One that cannot be read
/// leaves the whole direction unknown.
fn rules(field: &'static str, found: Option<&[types::IpPermission]>) -> Observed<Vec<Rule>> {
    let Some(found) = found else { return Observed::Unknown(GROUPS.incomplete(field)) };
    let mut rules = Vec::new();
    for permission in found {
        let read = traffic(permission).and_then(|traffic| {
            Ok(peers(permission)?.into_iter().map(move |peer| Rule { traffic, peer }).collect::<Vec<_>>())
        });
        match read {
            Ok(read) => rules.extend(read),
            Err(gap) => return Observed::Unknown(gap),
        }
    }
    Observed::Present(rules)
}

/// Only TCP and UDP have ports: for -1 and for protocols by number EC2 answers none, and for ICMP the fields hold type
/// and code.
fn traffic(found: &types::IpPermission) -> Result<Traffic, Gap> {
    let protocol = found.ip_protocol().ok_or_else(|| GROUPS.incomplete("IpPermission.IpProtocol"))?;
    Ok(match protocol {
        "-1" => Traffic::All,
        "tcp" | "6" => Traffic::Tcp(ports(found)?),
        "udp" | "17" => Traffic::Udp(ports(found)?),
        "icmp" | "1" => Traffic::Icmp,
        "icmpv6" | "58" => Traffic::Icmpv6,
        other => match other.parse() {
            Ok(number) => Traffic::Protocol(number),
            Err(_) => return Err(GROUPS.unknown_token("IpPermission.IpProtocol", other)),
        },
    })
}

fn ports(found: &types::IpPermission) -> Result<Ports, Gap> {
    let port = |field: &'static str, value: Option<i32>| {
        let value = value.ok_or_else(|| GROUPS.incomplete(field))?;
        u16::try_from(value).map_err(|_| GROUPS.unknown_token(field, &value.to_string()))
    };
    Ok(Ports {
        first: port("IpPermission.FromPort", found.from_port())?,
        last: port("IpPermission.ToPort", found.to_port())?,
    })
}

fn peers(found: &types::IpPermission) -> Result<Vec<Peer>, Gap> {
    let mut peers = Vec::new();
    for found in found.ip_ranges() {
        let text = found.cidr_ip().ok_or_else(|| GROUPS.incomplete("IpPermission.IpRanges.CidrIp"))?;
        peers.push(Peer::Range(range(&GROUPS, "IpPermission.IpRanges.CidrIp", text)?));
    }
    for found in found.ipv6_ranges() {
        let text = found.cidr_ipv6().ok_or_else(|| GROUPS.incomplete("IpPermission.Ipv6Ranges.CidrIpv6"))?;
        peers.push(Peer::Range(range(&GROUPS, "IpPermission.Ipv6Ranges.CidrIpv6", text)?));
    }
    for found in found.prefix_list_ids() {
        let id = found.prefix_list_id().ok_or_else(|| GROUPS.incomplete("IpPermission.PrefixListIds.PrefixListId"))?;
        peers.push(Peer::PrefixList(id.to_owned()));
    }
    for found in found.user_id_group_pairs() {
        let id = found.group_id().ok_or_else(|| GROUPS.incomplete("IpPermission.UserIdGroupPairs.GroupId"))?;
        let text = |value: Option<&str>| value.filter(|text| !text.is_empty()).map(str::to_owned);
        peers.push(Peer::Group(GroupPair {
            group: id.to_owned(),
            owner: text(found.user_id()),
            vpc: text(found.vpc_id()),
            peering: text(found.vpc_peering_connection_id()),
        }));
    }
    if peers.is_empty() {
        return Err(GROUPS.incomplete("IpPermission.IpRanges"));
    }
    Ok(peers)
}

async fn interfaces(walk: &Walk<'_>, group: &str, region: &str) -> Seen<Vec<Interface>> {
    if !walk.scope.selects(&["sg-"]) {
        let what = "the interfaces of security groups are not read, because no requirement asks for them";
        return Seen::gap(Gap::NotCollected { what: what.into() });
    }
    walk.aws
        .ask_all(
            &INTERFACES,
            region,
            &[("GroupId", group), ("IncludeManagedResources", "true")],
            |clients, token| {
                // An account may hide the interfaces that services manage, and those are the ones that matter here.
                let request = clients.ec2().describe_network_interfaces().include_managed_resources(true);
                request.filters(filter("group-id", &[group])).set_next_token(token).send()
            },
            |answer| answer.next_token().map(str::to_owned),
            |answer| {
                let found = answer.network_interfaces.ok_or_else(|| INTERFACES.incomplete("networkInterfaceSet"))?;
                found.iter().map(interface).collect()
            },
        )
        .await
}

fn interface(found: &types::NetworkInterface) -> Result<Interface, Gap> {
    let id =
        found.network_interface_id().ok_or_else(|| INTERFACES.incomplete("NetworkInterface.NetworkInterfaceId"))?;
    let text = |value: Option<&str>| value.filter(|text| !text.is_empty()).map(str::to_owned);
    // Each of its private addresses may have a public one.
    let public_ip = found
        .association()
        .and_then(types::NetworkInterfaceAssociation::public_ip)
        .or_else(|| found.private_ip_addresses().iter().find_map(|address| address.association()?.public_ip()));
    let groups = found.groups().iter().map(|group| {
        group.group_id().map(str::to_owned).ok_or_else(|| INTERFACES.incomplete("NetworkInterface.Groups.GroupId"))
    });
    Ok(Interface {
        id: id.to_owned(),
        kind: match found.interface_type().map(types::NetworkInterfaceType::as_str) {
            Some("interface") => Observed::Present(InterfaceKind::Plain),
            Some("api_gateway_managed") => Observed::Present(InterfaceKind::VpcLink),
            Some(
                "aws_codestar_connections_managed"
                | "branch"
                | "efa"
                | "efa-only"
                | "gateway_load_balancer"
                | "gateway_load_balancer_endpoint"
                | "global_accelerator_managed"
                | "iot_rules_managed"
                | "lambda"
                | "load_balancer"
                | "natGateway"
                | "nat_gateway"
                | "network_load_balancer"
                | "quicksight"
                | "transit_gateway"
                | "trunk"
                | "vpc_endpoint",
            ) => Observed::Present(InterfaceKind::Other),
            Some(other) => INTERFACES.unrecognised("NetworkInterface.InterfaceType", other),
            None => Observed::Unknown(INTERFACES.incomplete("NetworkInterface.InterfaceType")),
        },
        description: Observed::of(text(found.description())),
        public_ip: Observed::of(text(public_ip)),
        groups: groups.collect::<Result<_, Gap>>()?,
    })
}

async fn entries(walk: &Walk<'_>, list: &str, region: &str) -> Seen<Vec<Cidr>> {
    walk.aws
        .ask_all(
            &PREFIX_LISTS,
            region,
            &[("PrefixListId", list)],
            |clients, token| {
                let request = clients.ec2().get_managed_prefix_list_entries().prefix_list_id(list);
                request.set_next_token(token).send()
            },
            |answer| answer.next_token().map(str::to_owned),
            |answer| {
                let found = answer.entries.ok_or_else(|| PREFIX_LISTS.incomplete("entrySet"))?;
                let ranges = found.iter().map(|entry| {
                    let text = entry.cidr().ok_or_else(|| PREFIX_LISTS.incomplete("Entry.Cidr"))?;
                    range(&PREFIX_LISTS, "Entry.Cidr", text)
                });
                ranges.collect()
            },
        )
        .await
}
