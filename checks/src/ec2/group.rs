//! A security group with its rules and with what holds it.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ec2::Cidr;
use crate::observed::{Gap, Observed, Seen};

/// What was seen of one AWS::EC2::SecurityGroup.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SecurityGroup {
    /// What DescribeSecurityGroups answers of it.
    pub description: Seen<GroupDescription>,
    /// The network interfaces that hold it; an empty list means that it is in force nowhere.
    pub interfaces: Seen<Vec<Interface>>,
    /// The entries of each prefix list that a rule names, by the list's id.
    pub prefix_lists: BTreeMap<String, Seen<Vec<Cidr>>>,
}

/// What DescribeSecurityGroups answers of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupDescription {
    /// Its name; only the VPC's own default group may be called `default`. EC2 always answers it.
    pub name: Observed<String>,
    /// The VPC that it belongs to; EC2 always answers it.
    pub vpc: Observed<String>,
    /// The account that owns it; EC2 always answers it.
    pub owner: Observed<String>,
    /// What it lets in; an empty list means nothing.
    pub ingress: Observed<Vec<Rule>>,
    /// What it lets out; an empty list means nothing.
    pub egress: Observed<Vec<Rule>>,
}

/// One rule: some traffic, from or to one other end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// The traffic that it lets through.
    pub traffic: Traffic,
    /// The source of an ingress rule, the destination of an egress rule.
    pub peer: Peer,
}

/// Traffic as a rule names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Traffic {
    /// All protocols and all ports.
    All,
    /// TCP on these ports.
    Tcp(Ports),
    /// UDP on these ports.
    Udp(Ports),
    /// ICMP of whatever type.
    Icmp,
    /// ICMP for IPv6, of whatever type.
    Icmpv6,
    /// Another protocol, by its number; it has no ports.
    Protocol(u8),
}

/// A range of ports, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Ports {
    /// The first port.
    pub first: u16,
    /// The last port.
    pub last: u16,
}

/// The other end of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Peer {
    /// The addresses of a range.
    Range(Cidr),
    /// The addresses of a prefix list, by its id.
    PrefixList(String),
    /// The interfaces that hold a security group.
    Group(GroupPair),
}

/// A security group as a rule names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupPair {
    /// The id of the group.
    pub group: String,
    /// The account of the group; `None` where EC2 leaves it out, which it does for the rule's own account only.
    pub owner: Option<String>,
    /// The VPC of the group; `None` means the VPC of the rule's own group.
    pub vpc: Option<String>,
    /// The peering connection that leads to the group's VPC; `None` means that the group is not in a peered VPC.
    pub peering: Option<String>,
}

/// A network interface that holds a security group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interface {
    /// Its id.
    pub id: String,
    /// What kind of interface it is; EC2 always answers it.
    pub kind: Observed<InterfaceKind>,
    /// What it was made for, in the words of the service that made it, such as `RDSNetworkInterface`; absent means
    /// that nobody said.
    pub description: Observed<String>,
    /// A public IPv4 address that leads to it; absent means none.
    pub public_ip: Observed<String>,
    /// The ids of all groups that it holds: what they let through adds up.
    pub groups: Vec<String>,
}

/// What kind of network interface it is, as far as requirements tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InterfaceKind {
    /// A plain one: of an instance, a task, a database and of most services.
    Plain,
    /// A VPC link of API Gateway.
    VpcLink,
    /// Another kind that a service manages.
    Other,
}

impl SecurityGroup {
    /// The evidence of one of which nothing could be seen.
    pub fn unknown(gap: &Gap) -> Self {
        SecurityGroup {
            description: Seen::gap(gap.clone()),
            interfaces: Seen::gap(gap.clone()),
            prefix_lists: BTreeMap::new(),
        }
    }
}

impl Ports {
    /// One port alone.
    pub fn one(port: u16) -> Self {
        Ports { first: port, last: port }
    }

    /// Whether each port of the other range is in this one.
    pub fn contains(self, other: Ports) -> bool {
        self.first <= other.first && other.last <= self.last
    }
}

impl Traffic {
    /// TCP on one port.
    pub fn tcp(port: u16) -> Self {
        Traffic::Tcp(Ports::one(port))
    }

    /// Whether all of the other traffic is also this.
    pub fn covers(self, other: Traffic) -> bool {
        match (self, other) {
            (Traffic::All, _) => true,
            (Traffic::Tcp(ports), Traffic::Tcp(others)) | (Traffic::Udp(ports), Traffic::Udp(others)) => {
                ports.contains(others)
            }
            (Traffic::Icmp, Traffic::Icmp) | (Traffic::Icmpv6, Traffic::Icmpv6) => true,
            (Traffic::Protocol(number), Traffic::Protocol(other)) => number == other,
            (
                Traffic::Tcp(_) | Traffic::Udp(_) | Traffic::Icmp | Traffic::Icmpv6 | Traffic::Protocol(_),
                Traffic::All
                | Traffic::Tcp(_)
                | Traffic::Udp(_)
                | Traffic::Icmp
                | Traffic::Icmpv6
                | Traffic::Protocol(_),
            ) => false,
        }
    }
}

impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ports { first, last } if first == last => write!(f, "{first}"),
            Ports { first: 0, last: u16::MAX } => f.write_str("on every port"),
            Ports { first, last } => write!(f, "{first}-{last}"),
        }
    }
}

impl fmt::Display for Traffic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Traffic::All => f.write_str("all traffic"),
            Traffic::Tcp(ports) => write!(f, "tcp {ports}"),
            Traffic::Udp(ports) => write!(f, "udp {ports}"),
            Traffic::Icmp => f.write_str("icmp"),
            Traffic::Icmpv6 => f.write_str("icmpv6"),
            Traffic::Protocol(number) => write!(f, "protocol {number}"),
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Peer::Range(range) => range.fmt(f),
            Peer::PrefixList(id) => write!(f, "prefix list {id}"),
            Peer::Group(pair) => write!(f, "group {}", pair.group),
        }
    }
}

impl fmt::Display for Interface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id)?;
        if let Observed::Present(description) = &self.description {
            write!(f, " ({description})")?;
        }
        if let Observed::Present(address) = &self.public_ip {
            write!(f, " with public address {address}")?;
        }
        Ok(())
    }
}
