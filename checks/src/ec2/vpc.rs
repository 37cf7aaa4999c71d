//! A VPC with its subnets, route tables, NAT gateways and flow logs, and the definition of a public subnet.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ec2::Cidr;
use crate::evidence::Evidence;
use crate::observed::{Gap, Observed, Seen};
use crate::s3::Switch;
use crate::subject::Subject;

/// What was seen of one AWS::EC2::VPC.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Vpc {
    /// What DescribeVpcs answers of it.
    pub description: Seen<VpcDescription>,
    /// Every subnet of the VPC, after the last page; an empty list means none.
    pub subnets: Seen<Vec<Subnet>>,
    /// Every route table of the VPC. One of them is the main one, unless the VPC is shared and its owner keeps them.
    pub route_tables: Seen<Vec<RouteTable>>,
    /// Its NAT gateways; one that was deleted stays listed for about an hour.
    pub nat_gateways: Seen<Vec<NatGateway>>,
    /// The flow logs of the VPC itself and of its subnets; an empty list means none.
    pub flow_logs: Seen<Vec<FlowLog>>,
    /// The id of the group that resources get which name none; every VPC has one.
    pub default_group: Seen<String>,
}

/// What DescribeVpcs answers of a VPC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VpcDescription {
    /// Whether it is ready; EC2 always answers it.
    pub state: Observed<VpcState>,
    /// Whether AWS made it for the region, or somebody made it; EC2 always answers it.
    pub origin: Observed<VpcOrigin>,
    /// The account that owns it: another one where it is shared.
    pub owner: Observed<String>,
    /// Its IPv4 and IPv6 blocks, those that are associated.
    pub blocks: Observed<Vec<Cidr>>,
    /// What VPC Block Public Access does with it; absent where the region does not say.
    pub block_public_access: Observed<BlockPublicAccess>,
}

/// Whether a VPC is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VpcState {
    /// Ready.
    Available,
    /// Being made.
    Pending,
    /// Being deleted.
    Deleting,
}

/// Where a VPC comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VpcOrigin {
    /// The region's default VPC, whose subnets are all public.
    Default,
    /// Made on purpose.
    Made,
}

/// What VPC Block Public Access stops at internet gateways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BlockPublicAccess {
    /// Nothing.
    Off,
    /// What comes in.
    Ingress,
    /// What comes in and what goes out.
    Bidirectional,
}

/// A subnet of a VPC.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Subnet {
    /// Its id.
    pub id: String,
    /// The zone's name, such as `eu-central-1a`; EC2 always answers it. It means another building in another account.
    pub zone: Observed<String>,
    /// The zone's id, such as `euc1-az2`, which means the same in every account.
    pub zone_id: Observed<String>,
    /// Its IPv4 block; absent where it is IPv6 only.
    pub block: Observed<Cidr>,
    /// Its IPv6 blocks, those that are associated; an empty list means none.
    pub ipv6_blocks: Observed<Vec<Cidr>>,
    /// Whether an interface made in it gets a public IPv4 address; EC2 always answers it.
    pub public_ip_on_launch: Observed<Switch>,
    /// The Outpost that it is on; absent means that it is in the region.
    pub outpost: Observed<String>,
    /// The account that owns it: another one where it is shared.
    pub owner: Observed<String>,
}

/// A route table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RouteTable {
    /// Its id.
    pub id: String,
    /// What it is in force for.
    pub associations: Vec<Association>,
    /// Its routes.
    pub routes: Vec<Route>,
}

/// One association of a route table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Association {
    /// What the table is associated with.
    pub with: Associated,
    /// Whether the association is in force; EC2 always answers it.
    pub state: Observed<AssociationState>,
}

/// What a route table is associated with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Associated {
    /// Every subnet of the VPC that has no table of its own.
    Main,
    /// This subnet.
    Subnet(String),
    /// What comes in through this gateway; it says nothing of subnets.
    Gateway(String),
    /// Something else, such as a pool of addresses.
    Other,
}

/// Whether an association is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AssociationState {
    /// It is coming into force.
    Associating,
    /// It is in force.
    Associated,
    /// It is going out of force.
    Disassociating,
    /// It is not in force any more.
    Disassociated,
    /// It did not come into force.
    Failed,
}

/// A route.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Route {
    /// Where the packets want to go.
    pub destination: Destination,
    /// Where the route sends them.
    pub hop: Observed<Hop>,
    /// Whether the route works; EC2 always answers it.
    pub state: Observed<RouteState>,
}

/// Where the packets of a route want to go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Destination {
    /// Into this range, IPv4 or IPv6.
    Range(Cidr),
    /// Into the ranges of this prefix list.
    PrefixList(String),
    /// To something that this version cannot read, as AWS wrote it.
    Other(String),
}

/// Where a route sends packets, with the id of the next hop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hop {
    /// The VPC itself.
    Local,
    /// An internet gateway, which lets the internet in and out.
    InternetGateway(String),
    /// A NAT gateway.
    NatGateway(String),
    /// An egress-only internet gateway, for IPv6.
    EgressOnlyGateway(String),
    /// An interface, alone or of an instance: an appliance.
    Interface(String),
    /// An instance whose interface is not named: an appliance.
    Instance(String),
    /// A VPC endpoint: an appliance behind it, or a service.
    Endpoint(String),
    /// A transit gateway.
    TransitGateway(String),
    /// A peered VPC.
    Peering(String),
    /// A virtual private gateway: a VPN or Direct Connect.
    VirtualPrivateGateway(String),
    /// Another private way, such as a core network or an Outpost's gateway.
    Other(String),
}

/// Whether a route works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RouteState {
    /// It works.
    Active,
    /// Its next hop is gone or detached, and packets are dropped.
    Blackhole,
    /// It is learnt and not used.
    Filtered,
}

/// A NAT gateway.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NatGateway {
    /// Its id.
    pub id: String,
    /// Whether it works; EC2 always answers it.
    pub state: Observed<NatState>,
    /// The subnet that it is in; absent where it is regional.
    pub subnet: Observed<String>,
    /// Whether it leads to the internet; absent means that it does, as before private ones came.
    pub connectivity: Observed<Connectivity>,
    /// Whether it serves one zone or the region; absent means one zone, as before regional ones came.
    pub mode: Observed<NatMode>,
}

/// Whether a NAT gateway works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NatState {
    /// Being made.
    Pending,
    /// It could not be made.
    Failed,
    /// It works.
    Available,
    /// Being deleted.
    Deleting,
    /// Deleted, and listed for about an hour more.
    Deleted,
}

impl NatState {
    /// The state as AWS writes it.
    pub fn name(self) -> &'static str {
        match self {
            NatState::Pending => "pending",
            NatState::Failed => "failed",
            NatState::Available => "available",
            NatState::Deleting => "deleting",
            NatState::Deleted => "deleted",
        }
    }
}

/// Where a NAT gateway leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Connectivity {
    /// To the internet.
    Public,
    /// To other networks only.
    Private,
}

/// What a NAT gateway serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NatMode {
    /// The zone of its subnet, and others by routes that cross zones.
    Zonal,
    /// Every zone of the region; it has no subnet.
    Regional,
}

/// A flow log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FlowLog {
    /// Its id.
    pub id: String,
    /// The VPC or subnet whose traffic it records.
    pub resource: String,
    /// Whether it is active, which is the only state that EC2 knows.
    pub status: Observed<FlowLogStatus>,
    /// Whether records arrive; absent before the first delivery.
    pub delivery: Observed<Delivery>,
    /// What it records; EC2 always answers it.
    pub traffic: Observed<RecordedTraffic>,
    /// Where the records go, such as `s3`; EC2 always answers it.
    pub destination: Observed<LogDestination>,
    /// When it was made; EC2 always answers it.
    pub created_at: Observed<Timestamp>,
}

/// The state of a flow log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FlowLogStatus {
    /// It records.
    Active,
}

/// Whether the records of a flow log arrive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Delivery {
    /// They arrive.
    Succeeded,
    /// They do not, for this reason in AWS's words, where it gives one.
    Failed(Observed<String>),
}

/// What traffic a flow log records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum RecordedTraffic {
    /// All of it.
    #[serde(rename = "ALL")]
    All,
    /// What security groups and network ACLs let through.
    #[serde(rename = "ACCEPT")]
    Accept,
    /// What they keep out.
    #[serde(rename = "REJECT")]
    Reject,
}

impl RecordedTraffic {
    /// The kind of traffic as AWS writes it.
    pub fn name(self) -> &'static str {
        match self {
            RecordedTraffic::All => "ALL",
            RecordedTraffic::Accept => "ACCEPT",
            RecordedTraffic::Reject => "REJECT",
        }
    }
}

/// Where flow logs are delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogDestination {
    /// A log group.
    Logs,
    /// A bucket.
    Bucket,
    /// A Firehose stream.
    Firehose,
}

impl Vpc {
    /// The evidence of one of which nothing could be seen.
    pub fn unknown(gap: &Gap) -> Self {
        Vpc {
            description: Seen::gap(gap.clone()),
            subnets: Seen::gap(gap.clone()),
            route_tables: Seen::gap(gap.clone()),
            nat_gateways: Seen::gap(gap.clone()),
            flow_logs: Seen::gap(gap.clone()),
            default_group: Seen::gap(gap.clone()),
        }
    }

    /// The route table in force for a subnet: the one associated with it, or else the VPC's main one.
    ///
    /// # Errors
    /// A gap, when the tables could not be read, an association is changing, or none of them is the main one.
    pub fn table_of(&self, subnet: &str) -> Result<&RouteTable, Gap> {
        let tables = self.route_tables.required(TABLES, "RouteTables")?;
        for (table, association) in associations(tables) {
            if matches!(&association.with, Associated::Subnet(id) if id == subnet) {
                match association.state()? {
                    AssociationState::Associated => return Ok(table),
                    AssociationState::Associating | AssociationState::Disassociating => {
                        return Err(Gap::changing(format!(
                            "subnet {subnet} is changing to or from route table {}",
                            table.id
                        )));
                    }
                    AssociationState::Disassociated | AssociationState::Failed => {}
                }
            }
        }
        for (table, association) in associations(tables) {
            if association.with == Associated::Main && association.state()? == AssociationState::Associated {
                return Ok(table);
            }
        }
        Err(Gap::undecided(format!(
            "no route table is shown for subnet {subnet}, which the owner of a shared VPC keeps to himself; audit it from the owner's account"
        )))
    }

    /// Whether a subnet of this VPC is public. It is when an active route of the table in force for it leads to an
    /// internet gateway, whatever the destination: halves of the address space and prefix lists count like 0.0.0.0/0.
    /// Names, tags and settings of the subnet say nothing, and neither does VPC Block Public Access.
    ///
    /// # Errors
    /// A gap, when that could not be read.
    pub fn reach(&self, subnet: &str) -> Result<Reach, Gap> {
        let table = self.table_of(subnet)?;
        let mut gap = None;
        for route in &table.routes {
            match route.internet_gateway() {
                Ok(Some(gateway)) => {
                    return Ok(Reach::Public { route: format!("{} to {gateway}", route.destination) });
                }
                Ok(None) => {}
                Err(found) => {
                    gap.get_or_insert(found);
                }
            }
        }
        gap.map_or(Ok(Reach::Private), Err)
    }
}

const TABLES: &str = "DescribeRouteTables";
const SUBNETS: &str = "DescribeSubnets";

fn associations(tables: &[RouteTable]) -> impl Iterator<Item = (&RouteTable, &Association)> {
    tables.iter().flat_map(|table| table.associations.iter().map(move |association| (table, association)))
}

impl Association {
    fn state(&self) -> Result<AssociationState, Gap> {
        self.state.required(TABLES, "RouteTable.Associations.AssociationState").copied()
    }
}

impl Route {
    /// Whether the route works.
    ///
    /// # Errors
    /// A gap, when that was not answered.
    pub fn state(&self) -> Result<RouteState, Gap> {
        self.state.required(TABLES, "RouteTable.Routes.State").copied()
    }

    /// Where the route sends packets.
    ///
    /// # Errors
    /// A gap, when that was not answered.
    pub fn hop(&self) -> Result<&Hop, Gap> {
        self.hop.required(TABLES, "RouteTable.Routes.GatewayId")
    }

    /// The internet gateway that the route leads to, when it works. A dead route leads nowhere, whatever its hop is.
    fn internet_gateway(&self) -> Result<Option<&str>, Gap> {
        let leads = match self.hop() {
            Ok(Hop::InternetGateway(id)) => Ok(Some(id.as_str())),
            Ok(
                Hop::Local
                | Hop::NatGateway(_)
                | Hop::EgressOnlyGateway(_)
                | Hop::Interface(_)
                | Hop::Instance(_)
                | Hop::Endpoint(_)
                | Hop::TransitGateway(_)
                | Hop::Peering(_)
                | Hop::VirtualPrivateGateway(_)
                | Hop::Other(_),
            ) => return Ok(None),
            Err(gap) => Err(gap),
        };
        match self.state()? {
            RouteState::Active => leads,
            RouteState::Blackhole | RouteState::Filtered => Ok(None),
        }
    }
}

impl Destination {
    /// Whether it is a range of IPv4 addresses.
    pub(super) fn is_ipv4(&self) -> bool {
        match self {
            Destination::Range(range) => range.is_ipv4(),
            Destination::PrefixList(_) | Destination::Other(_) => false,
        }
    }

    /// Whether it is every address of a family.
    pub(super) fn is_everything(&self) -> bool {
        match self {
            Destination::Range(range) => range.is_everything(),
            Destination::PrefixList(_) | Destination::Other(_) => false,
        }
    }
}

impl std::fmt::Display for Destination {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Destination::Range(range) => range.fmt(f),
            Destination::PrefixList(id) | Destination::Other(id) => f.write_str(id),
        }
    }
}

impl std::fmt::Display for Hop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Hop::Local => f.write_str("the VPC itself"),
            Hop::InternetGateway(id)
            | Hop::NatGateway(id)
            | Hop::EgressOnlyGateway(id)
            | Hop::Interface(id)
            | Hop::Instance(id)
            | Hop::Endpoint(id)
            | Hop::TransitGateway(id)
            | Hop::Peering(id)
            | Hop::VirtualPrivateGateway(id)
            | Hop::Other(id) => f.write_str(id),
        }
    }
}

/// Where the routes of a subnet lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// An active route leads to an internet gateway.
    Public {
        /// The route in words, such as `0.0.0.0/0 to igw-1`.
        route: String,
    },
    /// No active route leads to an internet gateway.
    Private,
}

/// The subnet of this id, with the VPC that holds it.
///
/// # Errors
/// A gap, when no VPC that was read holds it, or the subnets of one could not be read.
pub fn subnet<'a>(evidence: &'a Evidence, id: &str) -> Result<(&'a Subject, &'a Subnet), Gap> {
    held(evidence, id).map(|(subject, _, subnet)| (subject, subnet))
}

/// Whether the subnet of this id is public, by its effective route table and never by its name, tags or settings.
///
/// # Errors
/// A gap, when the subnet or its route table could not be read.
pub fn reach(evidence: &Evidence, id: &str) -> Result<Reach, Gap> {
    let (_, vpc, _) = held(evidence, id)?;
    vpc.reach(id)
}

/// The subnet of this id with the VPC that holds it and that VPC's evidence.
pub(super) fn held<'a>(evidence: &'a Evidence, id: &str) -> Result<(&'a Subject, &'a Vpc, &'a Subnet), Gap> {
    let mut gap = None;
    for (subject, vpc) in evidence.all::<Vpc>() {
        match vpc.subnets.required(SUBNETS, "Subnets") {
            Ok(subnets) => {
                if let Some(subnet) = subnets.iter().find(|subnet| subnet.id == id) {
                    return Ok((subject, vpc, subnet));
                }
            }
            Err(found) => {
                gap.get_or_insert(found);
            }
        }
    }
    Err(gap.unwrap_or_else(|| Gap::undecided(format!("no VPC that was read holds subnet {id}"))))
}
