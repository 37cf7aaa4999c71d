use tap_audit_checks::ec2::{
    Associated, AssociationState, Connectivity, Delivery, Destination, Hop, InterfaceKind, LogDestination, NatMode,
    NatState, Peer, Ports, RecordedTraffic, RouteState, SecurityGroup, Traffic, Vpc, VpcOrigin, VpcState,
};
use tap_audit_checks::subject::{Existence, Kind, Resource};

use super::*;
use crate::collect::fixture::{scope, scope_of, walked};
use crate::collect::{Collected, Reference, Relation};
use crate::replay::{Account, Answer};

const ALL: &[&str] = &["vpc-nat-gateway-available", "vpc-flow-logs-enabled", "sg-no-open-ingress"];
const REGION: &str = "us-east-2";

fn xml(operation: &str, body: &str) -> Answer {
    let namespace = "http://ec2.amazonaws.com/doc/2016-11-15/";
    Answer::ok(format!("<{operation}Response xmlns=\"{namespace}\">{body}</{operation}Response>"))
}

fn nothing() -> Account {
    Account::from_files("ec2", [("ec2.toml", "")]).unwrap()
}

/// The arguments of these filters, as they stand on the wire.
fn filters<'a>(filters: &[(&'a str, &'a str)]) -> Vec<(String, &'a str)> {
    let numbered = filters.iter().enumerate();
    numbered
        .flat_map(|(number, (name, value))| {
            let number = number + 1;
            [(format!("Filter.{number}.Name"), *name), (format!("Filter.{number}.Value.1"), *value)]
        })
        .collect()
}

fn answering(account: Account, operation: &str, by: &[(&str, &str)], more: &[(&str, &str)], body: &str) -> Account {
    let owned = filters(by);
    let arguments: Vec<(&str, &str)> =
        owned.iter().map(|(name, value)| (name.as_str(), *value)).chain(more.iter().copied()).collect();
    account.answer("ec2", operation, &arguments, xml(operation, body)).unwrap()
}

const OF_VPC: [(&str, &str); 1] = [("vpc-id", "vpc-1")];
const OF_GROUP: [(&str, &str); 1] = [("group-id", "sg-1")];

const VPC_SET: &str = "<vpcSet><item><vpcId>vpc-1</vpcId><ownerId>123456789012</ownerId><state>available</state>
    <isDefault>false</isDefault><cidrBlock>10.0.0.0/16</cidrBlock><cidrBlockAssociationSet>
    <item><cidrBlock>10.0.0.0/16</cidrBlock><cidrBlockState><state>associated</state></cidrBlockState></item>
    <item><cidrBlock>10.1.0.0/16</cidrBlock><cidrBlockState><state>associated</state></cidrBlockState></item>
    <item><cidrBlock>10.2.0.0/16</cidrBlock><cidrBlockState><state>disassociated</state></cidrBlockState></item>
    </cidrBlockAssociationSet></item></vpcSet>";
const SUBNET: &str = "<item><subnetId>subnet-ID</subnetId><vpcId>vpc-1</vpcId><ownerId>123456789012</ownerId>
    <cidrBlock>10.0.1.0/24</cidrBlock><availabilityZone>us-east-2a</availabilityZone>
    <availabilityZoneId>use2-az1</availabilityZoneId><mapPublicIpOnLaunch>false</mapPublicIpOnLaunch>
    <ipv6CidrBlockAssociationSet/></item>";
const ROUTE_TABLE_SET: &str = "<routeTableSet><item><routeTableId>rtb-1</routeTableId><vpcId>vpc-1</vpcId>
    <routeSet>
    <item><destinationCidrBlock>10.0.0.0/16</destinationCidrBlock><gatewayId>local</gatewayId><state>active</state></item>
    <item><destinationCidrBlock>0.0.0.0/0</destinationCidrBlock><gatewayId>igw-1</gatewayId><state>active</state></item>
    <item><destinationIpv6CidrBlock>::/0</destinationIpv6CidrBlock>
      <egressOnlyInternetGatewayId>eigw-1</egressOnlyInternetGatewayId><state>blackhole</state></item>
    <item><destinationPrefixListId>pl-1</destinationPrefixListId><gatewayId>vpce-1</gatewayId><state>active</state></item>
    <item><destinationCidrBlock>10.9.0.0/16</destinationCidrBlock><instanceId>i-1</instanceId>
      <networkInterfaceId>eni-1</networkInterfaceId><state>active</state></item>
    <item><destinationCidrBlock>10.8.0.0/16</destinationCidrBlock><gatewayId>new-1</gatewayId><state>sleeping</state></item>
    </routeSet><associationSet>
    <item><main>true</main><associationState><state>associated</state></associationState></item>
    <item><main>false</main><subnetId>subnet-a</subnetId><associationState><state>associating</state></associationState></item>
    <item><main>false</main><gatewayId>igw-1</gatewayId></item>
    </associationSet></item></routeTableSet>";
const FLOW_LOG: &str = "<item><flowLogId>fl-ID</flowLogId><resourceId>RESOURCE</resourceId>
    <flowLogStatus>ACTIVE</flowLogStatus><deliverLogsStatus>SUCCESS</deliverLogsStatus><trafficType>ALL</trafficType>
    <logDestinationType>s3</logDestinationType><creationTime>2026-10-01T00:00:00Z</creationTime></item>";

fn network() -> Account {
    let subnets = [SUBNET.replace("ID", "a"), SUBNET.replace("ID", "b")];
    let logs = [("vpc-1", "1"), ("subnet-b", "2"), ("vpc-other", "3"), ("subnet-other", "4")];
    let logs = logs.map(|(resource, id)| FLOW_LOG.replace("ID", id).replace("RESOURCE", resource)).concat();
    let account = answering(nothing(), "DescribeVpcs", &OF_VPC, &[], VPC_SET);
    let first = format!("<subnetSet>{}</subnetSet><nextToken>2</nextToken>", subnets[0]);
    let account = answering(account, "DescribeSubnets", &OF_VPC, &[], &first);
    let second = format!("<subnetSet>{}</subnetSet>", subnets[1]);
    let account = answering(account, "DescribeSubnets", &OF_VPC, &[("NextToken", "2")], &second);
    let account = answering(account, "DescribeRouteTables", &OF_VPC, &[], ROUTE_TABLE_SET);
    let nat = "<natGatewaySet><item><natGatewayId>nat-1</natGatewayId><state>available</state>
        <subnetId>subnet-a</subnetId></item></natGatewaySet>";
    let account = answering(account, "DescribeNatGateways", &OF_VPC, &[], nat);
    let account = answering(account, "DescribeFlowLogs", &[], &[], &format!("<flowLogSet>{logs}</flowLogSet>"));
    let group = "<securityGroupInfo><item><groupId>sg-default</groupId></item></securityGroupInfo>";
    let by_name = [OF_VPC[0], ("group-name", "default")];
    answering(account, "DescribeSecurityGroups", &by_name, &[], group)
}

async fn vpc_of(account: Account, requirements: &[&str]) -> (Collected, Vec<(Reference, Relation)>) {
    let scope = scope_of(requirements);
    let ask = async |walk: &Walk<'_>| (vpc(walk, "vpc-1", REGION).await, walk.take_found());
    walked(account, &scope, ask).await.0
}

fn held(collected: Collected) -> Vpc {
    match collected.resource {
        Resource::Vpc(vpc) => *vpc,
        other => panic!("expected a VPC, found {other:?}"),
    }
}

fn present<T>(seen: &Seen<T>) -> &T {
    match seen.observed() {
        Observed::Present(value) => value,
        Observed::Absent | Observed::Unknown(_) => panic!("nothing was seen: {:?}", seen.calls()),
    }
}

fn gap<T>(seen: &Seen<T>) -> &Gap {
    match seen.observed() {
        Observed::Unknown(gap) => gap,
        Observed::Absent | Observed::Present(_) => panic!("no gap"),
    }
}

#[tokio::test]
async fn a_vpc_is_seen_with_its_blocks_and_every_page_of_its_subnets() {
    let (collected, found) = vpc_of(network(), ALL).await;
    assert_eq!(collected.existence.observed(), &Observed::Present(Existence::Exists));
    assert_eq!(collected.arn.as_deref(), Some("arn:aws:ec2:us-east-2:123456789012:vpc/vpc-1"));
    let default = Reference { kind: Kind::SecurityGroup, id: "sg-default".into(), region: REGION.into() };
    let relation = Relation::Of { what: "default security group", kind: Kind::Vpc, id: "vpc-1".into() };
    assert_eq!(found, [(default, relation)]);

    let vpc = held(collected);
    let description = present(&vpc.description);
    assert_eq!(description.state, Observed::Present(VpcState::Available));
    assert_eq!(description.origin, Observed::Present(VpcOrigin::Made));
    assert_eq!(description.block_public_access, Observed::Absent);
    let blocks = ["10.0.0.0/16", "10.1.0.0/16"].map(|text| text.parse().unwrap()).to_vec();
    assert_eq!(description.blocks, Observed::Present(blocks));
    let ids: Vec<&str> = present(&vpc.subnets).iter().map(|subnet| subnet.id.as_str()).collect();
    assert_eq!(ids, ["subnet-a", "subnet-b"]);
    let subnet = &present(&vpc.subnets)[0];
    assert_eq!(subnet.zone, Observed::Present("us-east-2a".into()));
    assert_eq!(subnet.public_ip_on_launch, Observed::Present(Switch::Off));
    assert_eq!(subnet.ipv6_blocks, Observed::Present(Vec::new()));
    assert_eq!(subnet.outpost, Observed::Absent);
}

#[tokio::test]
async fn routes_are_told_apart_by_their_next_hop_and_associations_by_what_they_are_with() {
    let vpc = held(vpc_of(network(), ALL).await.0);
    let table = &present(&vpc.route_tables)[0];
    let hops: Vec<&Observed<Hop>> = table.routes.iter().map(|route| &route.hop).collect();
    assert_eq!(hops[0], &Observed::Present(Hop::Local));
    assert_eq!(hops[1], &Observed::Present(Hop::InternetGateway("igw-1".into())));
    assert_eq!(hops[2], &Observed::Present(Hop::EgressOnlyGateway("eigw-1".into())));
    assert_eq!(hops[3], &Observed::Present(Hop::Endpoint("vpce-1".into())));
    assert_eq!(hops[4], &Observed::Present(Hop::Interface("eni-1".into())));
    assert_eq!(hops[5], &vpc::ROUTE_TABLES.unrecognised("RouteTable.Routes.GatewayId", "new-1"));
    assert_eq!(table.routes[2].state, Observed::Present(RouteState::Blackhole));
    assert_eq!(table.routes[5].state, vpc::ROUTE_TABLES.unrecognised("RouteTable.Routes.State", "sleeping"));
    assert_eq!(table.routes[3].destination, Destination::PrefixList("pl-1".into()));
    assert_eq!(table.associations[0].with, Associated::Main);
    assert_eq!(table.associations[1].with, Associated::Subnet("subnet-a".into()));
    assert_eq!(table.associations[1].state, Observed::Present(AssociationState::Associating));
    assert_eq!(table.associations[2].with, Associated::Gateway("igw-1".into()));
    assert!(matches!(table.associations[2].state, Observed::Unknown(Gap::Incomplete { .. })));
}

#[tokio::test]
async fn nat_gateways_and_the_flow_logs_of_the_vpc_and_its_own_subnets_are_seen() {
    let vpc = held(vpc_of(network(), ALL).await.0);
    let nat = &present(&vpc.nat_gateways)[0];
    assert_eq!(nat.state, Observed::Present(NatState::Available));
    assert_eq!((&nat.connectivity, &nat.mode), (&Observed::<Connectivity>::Absent, &Observed::<NatMode>::Absent));
    let logs = present(&vpc.flow_logs);
    let on: Vec<&str> = logs.iter().map(|log| log.resource.as_str()).collect();
    assert_eq!(on, ["vpc-1", "subnet-b"]);
    assert_eq!(logs[0].delivery, Observed::Present(Delivery::Succeeded));
    assert_eq!(logs[0].traffic, Observed::Present(RecordedTraffic::All));
    assert_eq!(logs[0].destination, Observed::Present(LogDestination::Bucket));
    assert_eq!(logs[0].created_at, Observed::Present("2026-10-01T00:00:00Z".parse().unwrap()));
}

#[tokio::test]
async fn a_flow_log_leads_to_the_log_group_and_role_of_the_account_and_to_those_of_no_other() {
    let written = |owner: &str| {
        let group = format!("<logDestination>arn:aws:logs:us-east-2:{owner}:log-group:flows</logDestination>");
        let role = format!("arn:aws:iam::{owner}:role/service/flow-logs");
        let to = format!("{group}<deliverLogsPermissionArn>{role}</deliverLogsPermissionArn></item></flowLogSet>");
        network().edit("ec2", "DescribeFlowLogs", |body| {
            body.replace("subnet-other", "subnet-a").replace("</item></flowLogSet>", &to)
        })
    };
    let found = |found: Vec<(Reference, Relation)>| {
        let others = found.into_iter().filter(|(reference, _)| reference.kind != Kind::SecurityGroup);
        others.map(|(reference, relation)| format!("{relation}: {}", reference.id)).collect::<Vec<_>>()
    };
    let own = found(vpc_of(written("123456789012").unwrap(), ALL).await.1);
    assert_eq!(
        own,
        [
            "log group of the flow log of AWS::EC2::VPC vpc-1: flows",
            "role of the flow log of AWS::EC2::VPC vpc-1: flow-logs"
        ]
    );
    let by_name = network().edit("ec2", "DescribeFlowLogs", |body| {
        body.replacen(
            "<resourceId>vpc-1</resourceId>",
            "<resourceId>vpc-1</resourceId><logGroupName>flows</logGroupName>",
            1,
        )
    });
    let by_name = found(vpc_of(by_name.unwrap(), ALL).await.1);
    assert_eq!(by_name, ["log group of the flow log of AWS::EC2::VPC vpc-1: flows"]);
    assert_eq!(found(vpc_of(written("999988887777").unwrap(), ALL).await.1), Vec::<String>::new());
}

#[tokio::test]
async fn what_no_requirement_asks_for_is_not_read() {
    let (collected, found) = vpc_of(network(), &[]).await;
    assert_eq!(found, []);
    let vpc = held(collected);
    assert!(matches!(gap(&vpc.nat_gateways), Gap::NotCollected { .. }));
    assert!(matches!(gap(&vpc.flow_logs), Gap::NotCollected { .. }));
    assert!(matches!(gap(&vpc.default_group), Gap::NotCollected { .. }));
}

#[tokio::test]
async fn a_list_that_does_not_hold_the_vpc_says_that_it_does_not_exist() {
    let account = answering(nothing(), "DescribeVpcs", &OF_VPC, &[], "<vpcSet/>");
    let (collected, _) = vpc_of(account, &[]).await;
    assert_eq!(collected.existence.observed(), &Observed::Present(Existence::Missing));
    let account = answering(nothing(), "DescribeVpcs", &OF_VPC, &[], "");
    let (collected, _) = vpc_of(account, &[]).await;
    assert!(matches!(collected.existence.observed(), Observed::Unknown(Gap::Incomplete { .. })));
}

#[tokio::test]
async fn a_refused_call_is_a_gap_that_names_the_permission() {
    let arguments = filters(&OF_VPC);
    let arguments: Vec<(&str, &str)> = arguments.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let refused = Answer::error("ec2", 403, "UnauthorizedOperation");
    let account = nothing().answer("ec2", "DescribeVpcs", &arguments, refused).unwrap();
    let (collected, _) = vpc_of(account, &[]).await;
    assert_eq!(
        gap(&held(collected).description).to_string(),
        "DescribeVpcs was denied; the auditing role needs ec2:DescribeVpcs"
    );
}

#[tokio::test]
async fn the_tables_of_a_function_and_of_the_vpc_are_one_call() {
    let ask = async |walk: &Walk<'_>| {
        let of_function = route_tables(walk, REGION, "vpc-1").await;
        let of_vpc = vpc::route_tables(walk, "vpc-1", REGION).await;
        (of_function, of_vpc)
    };
    let account = answering(nothing(), "DescribeRouteTables", &OF_VPC, &[], ROUTE_TABLE_SET);
    let ((of_function, of_vpc), replay) = walked(account, &scope(), ask).await;
    assert_eq!(replay.counts().values().sum::<u64>(), 1);
    assert_eq!(present(&of_vpc).len(), 1);
    let table = &present(&of_function)[0];
    assert_eq!((table.main, table.subnets.as_slice()), (Switch::On, ["subnet-a".to_owned()].as_slice()));
}

#[tokio::test]
async fn subnets_lead_to_their_vpc_once() {
    let body = format!("<subnetSet>{}{}</subnetSet>", SUBNET.replace("ID", "a"), SUBNET.replace("ID", "b"));
    let arguments =
        [("Filter.1.Name", "subnet-id"), ("Filter.1.Value.1", "subnet-a"), ("Filter.1.Value.2", "subnet-b")];
    let account = nothing().answer("ec2", "DescribeSubnets", &arguments, xml("DescribeSubnets", &body)).unwrap();
    let ask = async |walk: &Walk<'_>| {
        let subnets = ["subnet-b", "subnet-a", "subnet-b"].map(str::to_owned);
        reach_vpc_of(walk, &subnets, REGION, Kind::FileSystem, "fs-1").await;
        reach_vpc_of(walk, &[], REGION, Kind::FileSystem, "fs-2").await;
        walk.take_found()
    };
    let (found, _) = walked(account, &scope(), ask).await;
    let vpc = Reference { kind: Kind::Vpc, id: "vpc-1".into(), region: REGION.into() };
    let relation = Relation::Of { what: "VPC of the subnets", kind: Kind::FileSystem, id: "fs-1".into() };
    assert_eq!(found, [(vpc, relation)]);
}

const GROUP_SET: &str = "<securityGroupInfo><item><groupId>sg-1</groupId><groupName>db</groupName><vpcId>vpc-1</vpcId>
    <ownerId>123456789012</ownerId><ipPermissions>
    <item><ipProtocol>tcp</ipProtocol><fromPort>5432</fromPort><toPort>5433</toPort>
      <groups><item><groupId>sg-2</groupId><userId>210987654321</userId>
        <vpcPeeringConnectionId>pcx-1</vpcPeeringConnectionId></item></groups>
      <ipRanges><item><cidrIp>10.0.0.0/16</cidrIp></item></ipRanges>
      <ipv6Ranges><item><cidrIpv6>::/0</cidrIpv6></item></ipv6Ranges>
      <prefixListIds><item><prefixListId>pl-1</prefixListId></item></prefixListIds></item>
    <item><ipProtocol>icmp</ipProtocol><fromPort>-1</fromPort><toPort>-1</toPort>
      <ipRanges><item><cidrIp>10.0.0.0/8</cidrIp></item></ipRanges></item>
    <item><ipProtocol>50</ipProtocol><ipRanges><item><cidrIp>10.0.0.0/8</cidrIp></item></ipRanges></item>
    </ipPermissions><ipPermissionsEgress><item><ipProtocol>-1</ipProtocol>
      <ipRanges><item><cidrIp>127.0.0.1/32</cidrIp></item></ipRanges></item></ipPermissionsEgress>
    </item></securityGroupInfo>";
const INTERFACE_SET: &str = "<networkInterfaceSet>
    <item><networkInterfaceId>eni-1</networkInterfaceId><interfaceType>interface</interfaceType>
      <description>RDSNetworkInterface</description><groupSet><item><groupId>sg-1</groupId></item>
      <item><groupId>sg-3</groupId></item></groupSet></item>
    <item><networkInterfaceId>eni-2</networkInterfaceId><interfaceType>api_gateway_managed</interfaceType><description/>
      <groupSet><item><groupId>sg-1</groupId></item></groupSet><privateIpAddressesSet><item><association>
      <publicIp>203.0.113.7</publicIp></association></item></privateIpAddressesSet></item>
    <item><networkInterfaceId>eni-3</networkInterfaceId><interfaceType>hologram</interfaceType>
      <groupSet><item><groupId>sg-1</groupId></item></groupSet></item></networkInterfaceSet>";

fn with_group(body: &str) -> Account {
    let account = answering(nothing(), "DescribeSecurityGroups", &OF_GROUP, &[], body);
    let managed = [("IncludeManagedResources", "true")];
    let account = answering(account, "DescribeNetworkInterfaces", &OF_GROUP, &managed, INTERFACE_SET);
    let entries = "<entrySet><item><cidr>52.0.0.0/15</cidr></item></entrySet><nextToken>2</nextToken>";
    let list = ("PrefixListId", "pl-1");
    let account = answering(account, "GetManagedPrefixListEntries", &[], &[list], entries);
    let last = "<entrySet><item><cidr>2a00::/32</cidr></item></entrySet>";
    answering(account, "GetManagedPrefixListEntries", &[], &[list, ("NextToken", "2")], last)
}

async fn group_of(account: Account, requirements: &[&str]) -> (SecurityGroup, Vec<(Reference, Relation)>) {
    let scope = scope_of(requirements);
    let ask = async |walk: &Walk<'_>| (security_group(walk, "sg-1", REGION).await, walk.take_found());
    let (collected, found) = walked(account, &scope, ask).await.0;
    match collected.resource {
        Resource::SecurityGroup(group) => (*group, found),
        other => panic!("expected a security group, found {other:?}"),
    }
}

#[tokio::test]
async fn a_rule_has_one_other_end_and_icmp_has_no_ports() {
    let (group, found) = group_of(with_group(GROUP_SET), ALL).await;
    let vpc = Reference { kind: Kind::Vpc, id: "vpc-1".into(), region: REGION.into() };
    let relation = Relation::Of { what: "VPC", kind: Kind::SecurityGroup, id: "sg-1".into() };
    assert_eq!(found, [(vpc, relation)]);
    let described = present(&group.description);
    let Observed::Present(ingress) = &described.ingress else { panic!("no rules") };
    let postgres = Traffic::Tcp(Ports { first: 5432, last: 5433 });
    let traffic: Vec<Traffic> = ingress.iter().map(|rule| rule.traffic).collect();
    assert_eq!(traffic, [postgres, postgres, postgres, postgres, Traffic::Icmp, Traffic::Protocol(50)]);
    assert_eq!(ingress[0].peer, Peer::Range("10.0.0.0/16".parse().unwrap()));
    assert_eq!(ingress[1].peer, Peer::Range("::/0".parse().unwrap()));
    assert_eq!(ingress[2].peer, Peer::PrefixList("pl-1".into()));
    let Peer::Group(pair) = &ingress[3].peer else { panic!("no group") };
    assert_eq!((pair.group.as_str(), pair.owner.as_deref()), ("sg-2", Some("210987654321")));
    assert_eq!((pair.vpc.as_deref(), pair.peering.as_deref()), (None, Some("pcx-1")));
    let Observed::Present(egress) = &described.egress else { panic!("no rules") };
    assert_eq!(egress[0].traffic, Traffic::All);
}

#[tokio::test]
async fn of_many_answers_only_the_one_of_the_id_that_was_asked_for_counts() {
    let other = "<item><groupId>sg-0</groupId><groupName>other</groupName><vpcId>vpc-0</vpcId></item>";
    let groups = GROUP_SET.replacen("<item>", &format!("{other}<item>"), 1);
    let account = answering(nothing(), "DescribeSecurityGroups", &OF_GROUP, &[], &groups);
    let ask = async |walk: &Walk<'_>| security_group(walk, "sg-1", REGION).await;
    let Resource::SecurityGroup(group) = walked(account, &scope(), ask).await.0.resource else { panic!() };
    assert_eq!(present(&group.description).name, Observed::Present("db".into()));

    let other = "<item><vpcId>vpc-0</vpcId><cidrBlock>10.7.0.0/16</cidrBlock></item>";
    let vpcs = VPC_SET.replacen("<item>", &format!("{other}<item>"), 1);
    let vpc = held(vpc_of(answering(network(), "DescribeVpcs", &OF_VPC, &[], &vpcs), &[]).await.0);
    assert_eq!(present(&vpc.description).owner, Observed::Present("123456789012".into()));
    let none = vpcs.replace("vpc-1", "vpc-2");
    let missing = vpc_of(answering(network(), "DescribeVpcs", &OF_VPC, &[], &none), &[]).await.0;
    assert_eq!(missing.existence.observed(), &Observed::Present(Existence::Missing));
}

#[tokio::test]
async fn a_group_is_seen_with_what_holds_it_and_the_entries_of_its_prefix_lists() {
    let (group, _) = group_of(with_group(GROUP_SET), ALL).await;
    let interfaces = present(&group.interfaces);
    assert_eq!(interfaces[0].description, Observed::Present("RDSNetworkInterface".into()));
    assert_eq!(interfaces[0].groups, ["sg-1", "sg-3"]);
    assert_eq!(interfaces[0].public_ip, Observed::Absent);
    assert_eq!(interfaces[1].kind, Observed::Present(InterfaceKind::VpcLink));
    assert_eq!(interfaces[1].description, Observed::Absent);
    assert_eq!(interfaces[1].public_ip, Observed::Present("203.0.113.7".into()));
    assert!(matches!(&interfaces[2].kind, Observed::Unknown(Gap::Unrecognised { token, .. }) if token == "hologram"));
    let entries = ["52.0.0.0/15", "2a00::/32"].map(|text| text.parse().unwrap()).to_vec();
    assert_eq!(present(&group.prefix_lists["pl-1"]), &entries);
}

#[tokio::test]
async fn without_a_requirement_about_groups_their_holders_lists_and_vpc_are_not_read() {
    let (group, found) = group_of(with_group(GROUP_SET), &["lambda-memory-1024"]).await;
    assert_eq!(found, []);
    assert!(matches!(gap(&group.interfaces), Gap::NotCollected { .. }));
    assert!(group.prefix_lists.is_empty());
    present(&group.description);
}

#[tokio::test]
async fn a_rule_that_cannot_be_read_leaves_its_direction_unknown_and_the_other_as_it_is() {
    for (old, new, token) in [
        ("<ipProtocol>icmp<", "<ipProtocol>pigeon<", "`pigeon` in IpPermission.IpProtocol"),
        ("<toPort>5433<", "<toPort>70000<", "`70000` in IpPermission.ToPort"),
        ("<cidrIp>10.0.0.0/16<", "<cidrIp>10.0.0.0/99<", "IpPermission.IpRanges.CidrIp holds `10.0.0.0/99`"),
    ] {
        let (group, _) = group_of(with_group(&GROUP_SET.replace(old, new)), ALL).await;
        let described = present(&group.description);
        let Observed::Unknown(gap) = &described.ingress else { panic!("{new} was read") };
        assert!(gap.to_string().contains(token), "{gap}");
        assert!(matches!(described.egress, Observed::Present(_)));
    }
    let (group, _) = group_of(with_group(&GROUP_SET.replace("<fromPort>5432</fromPort>", "")), ALL).await;
    assert!(matches!(present(&group.description).ingress, Observed::Unknown(Gap::Incomplete { .. })));
}

#[tokio::test]
async fn references_read_ids_and_arns() {
    let ask = async |walk: &Walk<'_>| {
        let vpcs = ["vpc-1", "arn:aws:ec2:us-east-2:123456789012:vpc/vpc-1"];
        let groups = ["sg-1", "arn:aws:ec2:us-east-2:123456789012:security-group/sg-1"];
        let vpcs = vpcs.map(|named| vpc_reference(walk, named, REGION).unwrap().id);
        let groups = groups.map(|named| security_group_reference(walk, named, REGION).unwrap().id);
        (vpcs, groups)
    };
    let ((vpcs, groups), _) = walked(nothing(), &scope(), ask).await;
    assert_eq!((vpcs, groups), (["vpc-1", "vpc-1"].map(str::to_owned), ["sg-1", "sg-1"].map(str::to_owned)));
}
