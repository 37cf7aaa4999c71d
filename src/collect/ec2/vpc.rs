//! What is read of a VPC.

use std::collections::BTreeSet;

use aws_sdk_ec2::types;
use tap_audit_checks::ec2::{
    Associated, Association, AssociationState, BlockPublicAccess, Cidr, Connectivity, Delivery, Destination, FlowLog,
    FlowLogStatus, Hop, LogDestination, NatGateway, NatMode, NatState, RecordedTraffic, Route, RouteState, RouteTable,
    Subnet, Vpc, VpcDescription, VpcOrigin, VpcState,
};
use tap_audit_checks::observed::{Gap, Observed, Seen};
use tap_audit_checks::s3::Switch;
use tap_audit_checks::subject::{Kind, Resource};

use super::{always, filter, of_vpc, only, range};
use crate::collect::call::Call;
use crate::collect::{Collected, Reference, Relation, Walk, existence, iam, logs};

const VPCS: Call =
    Call { service: "ec2", operation: "DescribeVpcs", permission: "ec2:DescribeVpcs", absent: &[], denied_or: None };
const SUBNETS: Call = Call {
    service: "ec2",
    operation: "DescribeSubnets",
    permission: "ec2:DescribeSubnets",
    absent: &[],
    denied_or: None,
};
pub(super) const ROUTE_TABLES: Call = Call {
    service: "ec2",
    operation: "DescribeRouteTables",
    permission: "ec2:DescribeRouteTables",
    absent: &[],
    denied_or: None,
};
const NAT_GATEWAYS: Call = Call {
    service: "ec2",
    operation: "DescribeNatGateways",
    permission: "ec2:DescribeNatGateways",
    absent: &[],
    denied_or: None,
};
const FLOW_LOGS: Call = Call {
    service: "ec2",
    operation: "DescribeFlowLogs",
    permission: "ec2:DescribeFlowLogs",
    absent: &[],
    denied_or: None,
};

/// Every call about a VPC.
pub(super) const CALLS: &[&Call] = &[&VPCS, &SUBNETS, &ROUTE_TABLES, &NAT_GATEWAYS, &FLOW_LOGS, &super::group::GROUPS];

/// The reference of a VPC, by its id or ARN.
pub(crate) fn vpc_reference(_walk: &Walk<'_>, named: &str, region: &str) -> Option<Reference> {
    let id = named.rsplit_once("vpc/").map_or(named, |(_, id)| id);
    Some(Reference { kind: Kind::Vpc, id: id.to_owned(), region: region.to_owned() })
}

/// Collects a VPC and reaches its default security group.
pub(crate) async fn vpc(walk: &Walk<'_>, id: &str, region: &str) -> Collected {
    let (description, subnets, route_tables, nat_gateways, flow_logs, default_group) = tokio::join!(
        description(walk, id, region),
        subnets(walk, id, region),
        route_tables(walk, id, region),
        nat_gateways(walk, id, region),
        flow_logs(walk, region),
        default_group(walk, id, region),
    );
    if let Observed::Present(group) = default_group.observed() {
        let reference = Reference { kind: Kind::SecurityGroup, id: group.clone(), region: region.to_owned() };
        let relation = Relation::Of { what: "default security group", kind: Kind::Vpc, id: id.to_owned() };
        walk.reach(reference, relation);
    }
    let flow_logs = of_network(flow_logs, id, &subnets);
    reach_written_by(walk, &flow_logs, id, region);
    let flow_logs = flow_logs.map(|logs| logs.into_iter().map(|listed| listed.log).collect());
    let existence = existence(&description);
    let owner = match description.observed() {
        Observed::Present(VpcDescription { owner: Observed::Present(owner), .. }) => owner,
        Observed::Present(_) | Observed::Absent | Observed::Unknown(_) => &walk.account,
    };
    Collected {
        arn: Some(format!("arn:{}:ec2:{region}:{owner}:vpc/{id}", walk.partition)),
        existence,
        region: Some(region.to_owned()),
        resource: Resource::Vpc(Box::new(Vpc {
            description,
            subnets,
            route_tables,
            nat_gateways,
            flow_logs,
            default_group,
        })),
    }
}

/// Leads the walk to the VPC that holds these subnets, for resources that name subnets alone.
pub(crate) async fn reach_vpc_of(walk: &Walk<'_>, subnets: &[String], region: &str, kind: Kind, id: &str) {
    let subnets: BTreeSet<&str> = subnets.iter().map(String::as_str).collect();
    let mut vpcs = BTreeSet::new();
    // A filter takes two hundred values.
    for some in Vec::from_iter(subnets).chunks(200) {
        let found = walk
            .aws
            .ask_all(
                &SUBNETS,
                region,
                &[("SubnetIds", &some.join(" "))],
                |clients, token| {
                    let request = clients.ec2().describe_subnets().filters(filter("subnet-id", some));
                    request.set_next_token(token).send()
                },
                |answer| answer.next_token().map(str::to_owned),
                |answer| {
                    let found = answer.subnets.ok_or_else(|| SUBNETS.incomplete("subnetSet"))?;
                    let vpcs = found.into_iter().map(|subnet| subnet.vpc_id);
                    vpcs.map(|vpc| vpc.ok_or_else(|| SUBNETS.incomplete("Subnet.VpcId"))).collect()
                },
            )
            .await;
        // Where it was not answered, no VPC holds the subnets, and every question about them is a gap that says so.
        if let Observed::Present(found) = found.observed() {
            vpcs.extend(found.iter().cloned());
        }
    }
    for vpc in vpcs {
        let reference = Reference { kind: Kind::Vpc, id: vpc, region: region.to_owned() };
        walk.reach(reference, Relation::Of { what: "VPC of the subnets", kind, id: id.to_owned() });
    }
}

async fn description(walk: &Walk<'_>, id: &str, region: &str) -> Seen<VpcDescription> {
    let found = walk
        .aws
        .ask_all(
            &VPCS,
            region,
            &[("VpcId", id)],
            |clients, token| clients.ec2().describe_vpcs().filters(of_vpc(id)).set_next_token(token).send(),
            |answer| answer.next_token().map(str::to_owned),
            |answer| {
                let found = answer.vpcs.ok_or_else(|| VPCS.incomplete("vpcSet"))?;
                // An endpoint that does not heed the filter answers other VPCs as well.
                Ok(found.iter().filter(|vpc| vpc.vpc_id() == Some(id)).map(described).collect::<Vec<_>>())
            },
        )
        .await;
    only(&VPCS, found)
}

fn described(found: &types::Vpc) -> VpcDescription {
    VpcDescription {
        state: match found.state().map(types::VpcState::as_str) {
            Some("available") => Observed::Present(VpcState::Available),
            Some("pending") => Observed::Present(VpcState::Pending),
            Some("deleting") => Observed::Present(VpcState::Deleting),
            Some(other) => VPCS.unrecognised("Vpc.State", other),
            None => Observed::Unknown(VPCS.incomplete("Vpc.State")),
        },
        origin: always(&VPCS, "Vpc.IsDefault", found.is_default())
            .map(|is_default| if is_default { VpcOrigin::Default } else { VpcOrigin::Made }),
        owner: always(&VPCS, "Vpc.OwnerId", found.owner_id().map(str::to_owned)),
        blocks: match blocks(found) {
            Ok(blocks) => Observed::Present(blocks),
            Err(gap) => Observed::Unknown(gap),
        },
        block_public_access: match found
            .block_public_access_states()
            .and_then(|states| states.internet_gateway_block_mode().map(types::BlockPublicAccessMode::as_str))
        {
            Some("off") => Observed::Present(BlockPublicAccess::Off),
            Some("block-ingress") => Observed::Present(BlockPublicAccess::Ingress),
            Some("block-bidirectional") => Observed::Present(BlockPublicAccess::Bidirectional),
            Some(other) => VPCS.unrecognised("Vpc.BlockPublicAccessStates.InternetGatewayBlockMode", other),
            None => Observed::Absent,
        },
    }
}

/// The blocks that are associated. The first one stands beside the list too, and is all that some endpoints answer.
fn blocks(found: &types::Vpc) -> Result<Vec<Cidr>, Gap> {
    let mut blocks = BTreeSet::new();
    let first = found.cidr_block().ok_or_else(|| VPCS.incomplete("Vpc.CidrBlock"))?;
    blocks.insert(range(&VPCS, "Vpc.CidrBlock", first)?);
    for block in found.cidr_block_association_set() {
        let state = block.cidr_block_state().and_then(|state| state.state()).map(types::VpcCidrBlockStateCode::as_str);
        if let (Some("associated"), Some(text)) = (state, block.cidr_block()) {
            blocks.insert(range(&VPCS, "Vpc.CidrBlockAssociationSet.CidrBlock", text)?);
        }
    }
    for block in found.ipv6_cidr_block_association_set() {
        let state =
            block.ipv6_cidr_block_state().and_then(|state| state.state()).map(types::VpcCidrBlockStateCode::as_str);
        if let (Some("associated"), Some(text)) = (state, block.ipv6_cidr_block()) {
            blocks.insert(range(&VPCS, "Vpc.Ipv6CidrBlockAssociationSet.Ipv6CidrBlock", text)?);
        }
    }
    Ok(blocks.into_iter().collect())
}

async fn subnets(walk: &Walk<'_>, vpc: &str, region: &str) -> Seen<Vec<Subnet>> {
    walk.aws
        .ask_all(
            &SUBNETS,
            region,
            &[("VpcId", vpc)],
            |clients, token| clients.ec2().describe_subnets().filters(of_vpc(vpc)).set_next_token(token).send(),
            |answer| answer.next_token().map(str::to_owned),
            |answer| {
                let found = answer.subnets.ok_or_else(|| SUBNETS.incomplete("subnetSet"))?;
                found.iter().map(subnet).collect()
            },
        )
        .await
}

fn subnet(found: &types::Subnet) -> Result<Subnet, Gap> {
    let id = found.subnet_id().ok_or_else(|| SUBNETS.incomplete("Subnet.SubnetId"))?;
    let text = |value: Option<&str>| value.map(str::to_owned);
    Ok(Subnet {
        id: id.to_owned(),
        zone: always(&SUBNETS, "Subnet.AvailabilityZone", text(found.availability_zone())),
        zone_id: always(&SUBNETS, "Subnet.AvailabilityZoneId", text(found.availability_zone_id())),
        block: match found.cidr_block().map(|block| range(&SUBNETS, "Subnet.CidrBlock", block)) {
            Some(Ok(block)) => Observed::Present(block),
            Some(Err(gap)) => Observed::Unknown(gap),
            None => Observed::Absent,
        },
        ipv6_blocks: match ipv6_blocks(found) {
            Ok(blocks) => Observed::Present(blocks),
            Err(gap) => Observed::Unknown(gap),
        },
        public_ip_on_launch: always(&SUBNETS, "Subnet.MapPublicIpOnLaunch", found.map_public_ip_on_launch())
            .map(Switch::from),
        outpost: Observed::of(text(found.outpost_arn())),
        owner: always(&SUBNETS, "Subnet.OwnerId", text(found.owner_id())),
    })
}

fn ipv6_blocks(found: &types::Subnet) -> Result<Vec<Cidr>, Gap> {
    let mut blocks = Vec::new();
    for block in found.ipv6_cidr_block_association_set() {
        let state =
            block.ipv6_cidr_block_state().and_then(|state| state.state()).map(types::SubnetCidrBlockStateCode::as_str);
        if let (Some("associated"), Some(text)) = (state, block.ipv6_cidr_block()) {
            blocks.push(range(&SUBNETS, "Subnet.Ipv6CidrBlockAssociationSet.Ipv6CidrBlock", text)?);
        }
    }
    Ok(blocks)
}

/// Collects the route tables of a VPC with their associations and routes.
pub(super) async fn route_tables(walk: &Walk<'_>, vpc: &str, region: &str) -> Seen<Vec<RouteTable>> {
    walk.aws
        .ask_all(
            &ROUTE_TABLES,
            region,
            &[("VpcId", vpc)],
            |clients, token| clients.ec2().describe_route_tables().filters(of_vpc(vpc)).set_next_token(token).send(),
            |answer| answer.next_token().map(str::to_owned),
            |answer| {
                let found = answer.route_tables.ok_or_else(|| ROUTE_TABLES.incomplete("routeTableSet"))?;
                found.iter().map(route_table).collect()
            },
        )
        .await
}

fn route_table(found: &types::RouteTable) -> Result<RouteTable, Gap> {
    let id = found.route_table_id().ok_or_else(|| ROUTE_TABLES.incomplete("RouteTable.RouteTableId"))?;
    Ok(RouteTable {
        id: id.to_owned(),
        associations: found.associations().iter().map(association).collect(),
        routes: found.routes().iter().map(route).collect(),
    })
}

fn association(found: &types::RouteTableAssociation) -> Association {
    let with = match (found.subnet_id(), found.gateway_id()) {
        (Some(subnet), _) => Associated::Subnet(subnet.to_owned()),
        (None, Some(gateway)) => Associated::Gateway(gateway.to_owned()),
        (None, None) if found.main() == Some(true) => Associated::Main,
        (None, None) => Associated::Other,
    };
    let state = found.association_state().and_then(types::RouteTableAssociationState::state);
    let state = match state.map(types::RouteTableAssociationStateCode::as_str) {
        Some("associating") => Observed::Present(AssociationState::Associating),
        Some("associated") => Observed::Present(AssociationState::Associated),
        Some("disassociating") => Observed::Present(AssociationState::Disassociating),
        Some("disassociated") => Observed::Present(AssociationState::Disassociated),
        Some("failed") => Observed::Present(AssociationState::Failed),
        Some(other) => ROUTE_TABLES.unrecognised("RouteTable.Associations.AssociationState", other),
        None => Observed::Unknown(ROUTE_TABLES.incomplete("RouteTable.Associations.AssociationState")),
    };
    Association { with, state }
}

fn route(found: &types::Route) -> Route {
    let destination = match (
        found.destination_cidr_block().or(found.destination_ipv6_cidr_block()),
        found.destination_prefix_list_id(),
    ) {
        (Some(text), _) => match text.parse() {
            Ok(range) => Destination::Range(range),
            Err(_) => Destination::Other(text.to_owned()),
        },
        (None, Some(list)) => Destination::PrefixList(list.to_owned()),
        (None, None) => Destination::Other("an unnamed destination".to_owned()),
    };
    let state = match found.state().map(types::RouteState::as_str) {
        Some("active") => Observed::Present(RouteState::Active),
        Some("blackhole") => Observed::Present(RouteState::Blackhole),
        Some("filtered") => Observed::Present(RouteState::Filtered),
        Some(other) => ROUTE_TABLES.unrecognised("RouteTable.Routes.State", other),
        None => Observed::Unknown(ROUTE_TABLES.incomplete("RouteTable.Routes.State")),
    };
    Route { destination, hop: hop(found), state }
}

/// Each kind of hop has a field of its own, except for those that share GatewayId.
fn hop(found: &types::Route) -> Observed<Hop> {
    let others =
        [found.local_gateway_id(), found.carrier_gateway_id(), found.core_network_arn(), found.odb_network_arn()];
    let hop = if let Some(gateway) = found.gateway_id() {
        let id = gateway.to_owned();
        match gateway.split_once('-').map_or(gateway, |(kind, _)| kind) {
            "local" => Hop::Local,
            "igw" => Hop::InternetGateway(id),
            "vgw" => Hop::VirtualPrivateGateway(id),
            "vpce" => Hop::Endpoint(id),
            _ => return ROUTE_TABLES.unrecognised("RouteTable.Routes.GatewayId", gateway),
        }
    } else if let Some(id) = found.nat_gateway_id() {
        Hop::NatGateway(id.to_owned())
    } else if let Some(id) = found.egress_only_internet_gateway_id() {
        Hop::EgressOnlyGateway(id.to_owned())
    } else if let Some(id) = found.transit_gateway_id() {
        Hop::TransitGateway(id.to_owned())
    } else if let Some(id) = found.vpc_peering_connection_id() {
        Hop::Peering(id.to_owned())
    } else if let Some(id) = found.network_interface_id() {
        Hop::Interface(id.to_owned())
    } else if let Some(id) = found.instance_id() {
        Hop::Instance(id.to_owned())
    } else if let Some(id) = others.into_iter().flatten().next() {
        Hop::Other(id.to_owned())
    } else {
        return Observed::Unknown(ROUTE_TABLES.incomplete("RouteTable.Routes.GatewayId"));
    };
    Observed::Present(hop)
}

async fn nat_gateways(walk: &Walk<'_>, vpc: &str, region: &str) -> Seen<Vec<NatGateway>> {
    if !walk.scope.selects(&["vpc-nat-"]) {
        return not_asked("NAT gateways");
    }
    walk.aws
        .ask_all(
            &NAT_GATEWAYS,
            region,
            &[("VpcId", vpc)],
            |clients, token| clients.ec2().describe_nat_gateways().filter(of_vpc(vpc)).set_next_token(token).send(),
            |answer| answer.next_token().map(str::to_owned),
            |answer| {
                let found = answer.nat_gateways.ok_or_else(|| NAT_GATEWAYS.incomplete("natGatewaySet"))?;
                found.iter().map(nat_gateway).collect()
            },
        )
        .await
}

fn nat_gateway(found: &types::NatGateway) -> Result<NatGateway, Gap> {
    let id = found.nat_gateway_id().ok_or_else(|| NAT_GATEWAYS.incomplete("NatGateway.NatGatewayId"))?;
    Ok(NatGateway {
        id: id.to_owned(),
        state: match found.state().map(types::NatGatewayState::as_str) {
            Some("pending") => Observed::Present(NatState::Pending),
            Some("failed") => Observed::Present(NatState::Failed),
            Some("available") => Observed::Present(NatState::Available),
            Some("deleting") => Observed::Present(NatState::Deleting),
            Some("deleted") => Observed::Present(NatState::Deleted),
            Some(other) => NAT_GATEWAYS.unrecognised("NatGateway.State", other),
            None => Observed::Unknown(NAT_GATEWAYS.incomplete("NatGateway.State")),
        },
        subnet: Observed::of(found.subnet_id().map(str::to_owned)),
        connectivity: match found.connectivity_type().map(types::ConnectivityType::as_str) {
            Some("public") => Observed::Present(Connectivity::Public),
            Some("private") => Observed::Present(Connectivity::Private),
            Some(other) => NAT_GATEWAYS.unrecognised("NatGateway.ConnectivityType", other),
            None => Observed::Absent,
        },
        mode: match found.availability_mode().map(types::AvailabilityMode::as_str) {
            Some("zonal") => Observed::Present(NatMode::Zonal),
            Some("regional") => Observed::Present(NatMode::Regional),
            Some(other) => NAT_GATEWAYS.unrecognised("NatGateway.AvailabilityMode", other),
            None => Observed::Absent,
        },
    })
}

/// A flow log with what it leads to.
#[derive(Clone)]
struct Listed {
    log: FlowLog,
    /// The destination's ARN.
    destination: Option<String>,
    /// The name of the log group; where a flow log was made by that, EC2 answers no ARN.
    group: Option<String>,
    /// The ARN of the role that delivers.
    role: Option<String>,
}

/// Reads every flow log of the region: those of the subnets hang on the subnets and not on the VPC.
async fn flow_logs(walk: &Walk<'_>, region: &str) -> Seen<Vec<Listed>> {
    if !walk.scope.selects(&["vpc-flow-logs-"]) {
        return not_asked("flow logs");
    }
    walk.aws
        .ask_all(
            &FLOW_LOGS,
            region,
            &[],
            |clients, token| clients.ec2().describe_flow_logs().set_next_token(token).send(),
            |answer| answer.next_token().map(str::to_owned),
            |answer| {
                let found = answer.flow_logs.ok_or_else(|| FLOW_LOGS.incomplete("flowLogSet"))?;
                found.iter().map(listed).collect()
            },
        )
        .await
}

fn listed(found: &types::FlowLog) -> Result<Listed, Gap> {
    Ok(Listed {
        log: flow_log(found)?,
        destination: found.log_destination().map(str::to_owned),
        group: found.log_group_name().map(str::to_owned),
        role: found.deliver_logs_permission_arn().map(str::to_owned),
    })
}

/// Reaches the log groups that flow logs write to and the roles that deliver for them, as far as they are of the account.
fn reach_written_by(walk: &Walk<'_>, flow_logs: &Seen<Vec<Listed>>, vpc: &str, region: &str) {
    let of = |what| Relation::Of { what, kind: Kind::Vpc, id: vpc.to_owned() };
    let Observed::Present(logs) = flow_logs.observed() else { return };
    for listed in logs {
        let named = |name: &String| Reference { kind: Kind::LogGroup, id: name.clone(), region: region.to_owned() };
        let group = match &listed.destination {
            Some(arn) => logs::group_named(walk, arn),
            None => listed.group.as_ref().map(named),
        };
        if let Some(reference) = group {
            walk.reach(reference, of("log group of the flow log"));
        }
        if let Some(reference) = listed.role.as_deref().and_then(|arn| iam::role_named(walk, arn)) {
            walk.reach(reference, of("role of the flow log"));
        }
    }
}

fn flow_log(found: &types::FlowLog) -> Result<FlowLog, Gap> {
    let id = found.flow_log_id().ok_or_else(|| FLOW_LOGS.incomplete("FlowLog.FlowLogId"))?;
    let resource = found.resource_id().ok_or_else(|| FLOW_LOGS.incomplete("FlowLog.ResourceId"))?;
    Ok(FlowLog {
        id: id.to_owned(),
        resource: resource.to_owned(),
        status: match found.flow_log_status() {
            Some("ACTIVE") => Observed::Present(FlowLogStatus::Active),
            Some(other) => FLOW_LOGS.unrecognised("FlowLog.FlowLogStatus", other),
            None => Observed::Unknown(FLOW_LOGS.incomplete("FlowLog.FlowLogStatus")),
        },
        delivery: match found.deliver_logs_status() {
            Some("SUCCESS") => Observed::Present(Delivery::Succeeded),
            Some("FAILED") => {
                let reason = found.deliver_logs_error_message().map(str::to_owned);
                Observed::Present(Delivery::Failed(Observed::of(reason)))
            }
            Some(other) => FLOW_LOGS.unrecognised("FlowLog.DeliverLogsStatus", other),
            None => Observed::Absent,
        },
        traffic: match found.traffic_type().map(types::TrafficType::as_str) {
            Some("ALL") => Observed::Present(RecordedTraffic::All),
            Some("ACCEPT") => Observed::Present(RecordedTraffic::Accept),
            Some("REJECT") => Observed::Present(RecordedTraffic::Reject),
            Some(other) => FLOW_LOGS.unrecognised("FlowLog.TrafficType", other),
            None => Observed::Unknown(FLOW_LOGS.incomplete("FlowLog.TrafficType")),
        },
        destination: match found.log_destination_type().map(types::LogDestinationType::as_str) {
            Some("cloud-watch-logs") => Observed::Present(LogDestination::Logs),
            Some("s3") => Observed::Present(LogDestination::Bucket),
            Some("kinesis-data-firehose") => Observed::Present(LogDestination::Firehose),
            Some(other) => FLOW_LOGS.unrecognised("FlowLog.LogDestinationType", other),
            None => Observed::Unknown(FLOW_LOGS.incomplete("FlowLog.LogDestinationType")),
        },
        created_at: match FLOW_LOGS.time("FlowLog.CreationTime", found.creation_time()) {
            Observed::Absent => Observed::Unknown(FLOW_LOGS.incomplete("FlowLog.CreationTime")),
            time @ (Observed::Present(_) | Observed::Unknown(_)) => time,
        },
    })
}

/// Keeps the flow logs of the VPC and of its subnets. Where the subnets are not known, those of the VPC stay, and what
/// asks for the subnets' has to meet the gap of the subnets.
fn of_network(flow_logs: Seen<Vec<Listed>>, vpc: &str, subnets: &Seen<Vec<Subnet>>) -> Seen<Vec<Listed>> {
    let of_subnet = |log: &FlowLog| match subnets.observed() {
        Observed::Present(subnets) => subnets.iter().any(|subnet| subnet.id == log.resource),
        Observed::Absent | Observed::Unknown(_) => false,
    };
    flow_logs.map(|logs| logs.into_iter().filter(|one| one.log.resource == vpc || of_subnet(&one.log)).collect())
}

async fn default_group(walk: &Walk<'_>, vpc: &str, region: &str) -> Seen<String> {
    if !walk.scope.selects(&["sg-"]) {
        return not_asked("security groups");
    }
    let call = &super::group::GROUPS;
    let found = walk
        .aws
        .ask_all(
            call,
            region,
            &[("VpcId", vpc), ("GroupName", "default")],
            |clients, token| {
                let request = clients.ec2().describe_security_groups().filters(of_vpc(vpc));
                request.filters(filter("group-name", &["default"])).set_next_token(token).send()
            },
            |answer| answer.next_token().map(str::to_owned),
            |answer| {
                let found = answer.security_groups.ok_or_else(|| call.incomplete("securityGroupInfo"))?;
                let ids = found.into_iter().map(|group| group.group_id);
                ids.map(|id| id.ok_or_else(|| call.incomplete("SecurityGroup.GroupId"))).collect()
            },
        )
        .await;
    only(call, found)
}

fn not_asked<T>(what: &str) -> Seen<T> {
    Seen::gap(Gap::NotCollected { what: format!("{what} are not read, because no requirement asks for them").into() })
}
