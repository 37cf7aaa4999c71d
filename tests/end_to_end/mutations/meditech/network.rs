//! The mutations of requirements about the network.

use super::super::{Fail, Mutation};
use super::{DATABASE, PUBLIC_SUBNET, SERVICE, VPC};
use crate::alter::Setup;
use tap_audit::replay::Answer;

pub(super) const DATABASE_GROUP: &str = "AWS::EC2::SecurityGroup sg-1d4519f0ca18fcf29";
pub(super) const BALANCER_GROUP: &str = "AWS::EC2::SecurityGroup sg-687339ea70eede4eb";
pub(super) const REDIS_GROUP: &str = "AWS::EC2::SecurityGroup sg-4320ec468e6f950d6";
pub(super) const TASK_GROUP: &str = "AWS::EC2::SecurityGroup sg-e35b1d125ba042c4a";

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation {
        requirement: "vpc-public-private-subnets-multi-az",
        // Both public subnets stand in one zone.
        change: |setup| {
            of_subnet(setup, PUBLIC_SUBNET, "eu-central-1b<", "eu-central-1a<");
            of_subnet(setup, PUBLIC_SUBNET, "euc1-az2<", "euc1-az1<");
        },
        flips: &[("vpc-public-private-subnets-multi-az", VPC, Fail)],
        says: "public",
    },
    Mutation {
        requirement: "vpc-nat-gateway-available",
        change: |setup| {
            let (from, to) = ("<connectivityType>public<", "<connectivityType>private<");
            setup.replace("ec2", "DescribeNatGateways", from, to);
        },
        flips: &[("vpc-nat-gateway-available", VPC, Fail)],
        says: "private",
    },
    Mutation {
        requirement: "vpc-private-subnets-no-public-ip",
        change: |setup| {
            let (from, to) = ("<mapPublicIpOnLaunch>false<", "<mapPublicIpOnLaunch>true<");
            of_subnet(setup, "subnet-4efd8863274e10290", from, to);
        },
        flips: &[("vpc-private-subnets-no-public-ip", VPC, Fail)],
        says: "subnet-4efd8863274e10290",
    },
    Mutation {
        requirement: "sg-no-open-ingress",
        // The port is one of those that may be open, but no balancer on the internet holds the group.
        change: |setup| let_in(setup, BALANCER_GROUP, "tcp", "443", &cidr("0.0.0.0/0")),
        flips: &[("sg-no-open-ingress", BALANCER_GROUP, Fail)],
        says: "0.0.0.0/0",
    },
    Mutation {
        requirement: "sg-data-tier-from-app-only",
        change: |setup| let_in(setup, DATABASE_GROUP, "tcp", "5432", &cidr("10.40.0.0/16")),
        flips: &[("sg-data-tier-from-app-only", DATABASE, Fail)],
        says: "10.40.0.0/16",
    },
    Mutation {
        requirement: "sg-app-tier-ingress",
        // The balancer has a group of its own, so no addresses have to be named.
        change: |setup| let_in(setup, TASK_GROUP, "tcp", "8443", &cidr("10.40.0.0/16")),
        flips: &[("sg-app-tier-ingress", SERVICE, Fail)],
        says: "10.40.0.0/16",
    },
    Mutation {
        requirement: "sg-egress-restricted",
        change: |setup| of_group(setup, DATABASE_GROUP, |body| body.replace("127.0.0.1/32", "0.0.0.0/0")),
        flips: &[("sg-egress-restricted", DATABASE_GROUP, Fail)],
        says: "0.0.0.0/0",
    },
    Mutation {
        requirement: "sg-default-closed",
        // Somebody started an instance without naming a group.
        change: |setup| {
            let asked = [
                ("Filter.1.Name", "group-id"),
                ("Filter.1.Value.1", "sg-151860881dd6f48be"),
                ("IncludeManagedResources", "true"),
            ];
            let attached = "<DescribeNetworkInterfacesResponse><networkInterfaceSet><item>\
                <networkInterfaceId>eni-0f1e2d3c4b5a69788</networkInterfaceId>\
                <subnetId>subnet-4efd8863274e10290</subnetId><vpcId>vpc-090f21b5309633b56</vpcId>\
                <interfaceType>interface</interfaceType><groupSet><item><groupId>sg-151860881dd6f48be</groupId>\
                <groupName>default</groupName></item></groupSet>\
                </item></networkInterfaceSet></DescribeNetworkInterfacesResponse>";
            setup.answer("ec2", "DescribeNetworkInterfaces", &asked, Answer::ok(attached));
        },
        flips: &[("sg-default-closed", VPC, Fail)],
        says: "sg-151860881dd6f48be",
    },
    Mutation {
        requirement: "vpc-flow-logs-enabled",
        change: |setup| {
            setup.replace(
                "ec2",
                "DescribeFlowLogs",
                "<deliverLogsStatus>SUCCESS</deliverLogsStatus>",
                "<deliverLogsStatus>FAILED</deliverLogsStatus>\
                 <deliverLogsErrorMessage>Access error</deliverLogsErrorMessage>",
            );
        },
        flips: &[("vpc-flow-logs-enabled", VPC, Fail)],
        says: "Access error",
    },
];

/// Puts one text in place of another in all that EC2 says about a subnet.
fn of_subnet(setup: &mut Setup, subnet: &str, from: &str, to: &str) {
    const ITEM: &str = "\n    <item>";
    let id = format!("<subnetId>{subnet}</subnetId>");
    setup.edit_about("ec2", "DescribeSubnets", &id, |body| {
        let items = body.split(ITEM).map(|item| if item.contains(&id) { item.replace(from, to) } else { item.into() });
        items.collect::<Vec<String>>().join(ITEM)
    });
}

/// Alters what EC2 says about a security group.
pub(super) fn of_group(setup: &mut Setup, group: &str, rewrite: impl Fn(&str) -> String) {
    let id = group.rsplit(' ').next().expect("an id");
    // Rules name groups too, but with no name in the next line.
    setup.edit_about("ec2", "DescribeSecurityGroups", &format!("<groupId>{id}</groupId>\n      <groupName>"), rewrite);
}

/// Adds a rule that lets in one port from this source.
pub(super) fn let_in(setup: &mut Setup, group: &str, protocol: &str, port: &str, source: &str) {
    let_through(setup, group, "ipPermissions", protocol, port, source);
}

/// Adds a rule for one port to the rules in this element.
pub(super) fn let_through(setup: &mut Setup, group: &str, rules: &str, protocol: &str, port: &str, peer: &str) {
    let rule = format!(
        "<{rules}><item><ipProtocol>{protocol}</ipProtocol><fromPort>{port}</fromPort>\
         <toPort>{port}</toPort>{peer}</item>"
    );
    of_group(setup, group, |body| body.replacen(&format!("<{rules}>"), &rule, 1));
}

/// A range at the other end of a rule.
pub(super) fn cidr(block: &str) -> String {
    format!("<ipRanges><item><cidrIp>{block}</cidrIp></item></ipRanges>")
}

/// A group at the other end of a rule.
pub(super) fn pair(account: &str, group: &str) -> String {
    format!("<groups><item><userId>{account}</userId><groupId>{group}</groupId></item></groups>")
}
