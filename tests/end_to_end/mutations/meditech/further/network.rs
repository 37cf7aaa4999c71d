//! Security groups, routes and addresses.

use serde_json::json;
use tap_audit::replay::Answer;

use super::super::super::{Fail, Mutation, Pass};
use super::super::containers::of_service;
use super::super::network::{
    BALANCER_GROUP, DATABASE_GROUP, REDIS_GROUP, TASK_GROUP, cidr, let_in, let_through, of_group, pair,
};
use super::super::{DATABASE, FILE_SYSTEM, REDIS, SERVICE, VPC};
use crate::alter::{self, Setup};

const FILES_GROUP: &str = "AWS::EC2::SecurityGroup sg-df760f498abdf3163";
const SECOND_GROUP: &str = "AWS::EC2::SecurityGroup sg-0fedcba9876543210";

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation {
        requirement: "sg-no-open-ingress",
        // Nothing open stands in the rule itself.
        change: |setup| {
            prefix_list(setup, "0.0.0.0/0");
            let_in(setup, TASK_GROUP, "tcp", "8443", LIST);
        },
        flips: &[("sg-no-open-ingress", TASK_GROUP, Fail), ("sg-app-tier-ingress", SERVICE, Fail)],
        says: "tcp 8443 from prefix list pl-0123456789abcdef0 (0.0.0.0/0)",
    },
    Mutation {
        requirement: "sg-no-open-ingress",
        change: |setup| {
            let_in(
                setup,
                REDIS_GROUP,
                "tcp",
                "6379",
                "<ipv6Ranges><item><cidrIpv6>::/0</cidrIpv6></item></ipv6Ranges>",
            );
        },
        flips: &[("sg-no-open-ingress", REDIS_GROUP, Fail), ("sg-data-tier-from-app-only", REDIS, Fail)],
        says: "tcp 6379 from ::/0",
    },
    Mutation {
        requirement: "sg-no-open-ingress",
        // Neither half is everybody.
        change: |setup| {
            let_in(setup, FILES_GROUP, "tcp", "2049", &cidr("0.0.0.0/1"));
            let_in(setup, FILES_GROUP, "tcp", "2049", &cidr("128.0.0.0/1"));
        },
        flips: &[("sg-no-open-ingress", FILES_GROUP, Fail), ("sg-data-tier-from-app-only", FILE_SYSTEM, Fail)],
        says: "tcp 2049 from 128.0.0.0/1",
    },
    Mutation {
        requirement: "sg-no-open-ingress",
        // 32 blocks of the width that is let pass by itself, side by side.
        change: |setup| {
            for first in 32..64 {
                let_in(setup, BALANCER_GROUP, "tcp", "443", &cidr(&format!("{first}.0.0.0/8")));
            }
        },
        flips: &[("sg-no-open-ingress", BALANCER_GROUP, Fail)],
        says: "which other rules complete to 32.0.0.0/3",
    },
    Mutation {
        requirement: "sg-data-tier-from-app-only",
        // What several groups on one database let in adds up.
        change: |setup| {
            second_group(setup, &pair("123456789012", "sg-0bad5eed0bad5eed0"));
            setup.replace("rds", "DescribeDBClusters", OF_DATABASE, TWO_OF_DATABASE);
        },
        flips: &[
            ("sg-data-tier-from-app-only", DATABASE, Fail),
            // The group is audited, and it lets in no range.
            ("sg-no-open-ingress", SECOND_GROUP, Pass),
        ],
        says: "security group sg-0fedcba9876543210 lets in tcp 5432 from group sg-0bad5eed0bad5eed0",
    },
    Mutation {
        requirement: "sg-data-tier-from-app-only",
        change: |setup| let_in(setup, DATABASE_GROUP, "tcp", "5432", &pair("999988887777", "sg-0bad5eed0bad5eed0")),
        flips: &[("sg-data-tier-from-app-only", DATABASE, Fail)],
        says: "a group of account 999988887777",
    },
    Mutation {
        requirement: "sg-data-tier-from-app-only",
        // A range of ports that holds the port is wider than the port.
        change: |setup| {
            of_group(setup, DATABASE_GROUP, |body| body.replacen("<toPort>5432<", "<toPort>5440<", 1));
        },
        flips: &[("sg-data-tier-from-app-only", DATABASE, Fail)],
        says: "which is more than it listens on",
    },
    Mutation {
        requirement: "sg-data-tier-from-app-only",
        change: |setup| {
            of_group(setup, REDIS_GROUP, |body| {
                let ports = "<ipProtocol>tcp</ipProtocol>\n          <fromPort>6379</fromPort>\n          \
                    <toPort>6379</toPort>";
                body.replacen(ports, "<ipProtocol>-1</ipProtocol>", 1)
            });
        },
        flips: &[("sg-data-tier-from-app-only", REDIS, Fail)],
        says: "which is more than it listens on",
    },
    Mutation {
        requirement: "sg-data-tier-from-app-only",
        // No rule is wrong: there is no border.
        change: |setup| {
            setup.replace("elasticache", "DescribeCacheClusters", "sg-4320ec468e6f950d6", "sg-e35b1d125ba042c4a");
        },
        flips: &[
            ("sg-data-tier-from-app-only", REDIS, Fail),
            // What guards a store may let out nothing to everybody, by TLS neither.
            ("sg-egress-restricted", TASK_GROUP, Fail),
        ],
        says: "sg-e35b1d125ba042c4a is on the data store and on the tasks",
    },
    Mutation {
        requirement: "sg-data-tier-from-app-only",
        // The tasks' group on the mount target of the second zone alone.
        change: |setup| {
            let asked = [("Path", "mount-targets/fsmt-d3c69d04fe1bb3450/security-groups")];
            let two = json!({"SecurityGroups": ["sg-df760f498abdf3163", "sg-0fedcba9876543210"]});
            setup.answer("efs", "DescribeMountTargetSecurityGroups", &asked, Answer::ok(two.to_string()));
            second_group(setup, &cidr("10.40.0.0/16"));
        },
        flips: &[("sg-data-tier-from-app-only", FILE_SYSTEM, Fail), ("sg-no-open-ingress", SECOND_GROUP, Pass)],
        says: "security group sg-0fedcba9876543210 lets in",
    },
    Mutation {
        requirement: "sg-app-tier-ingress",
        // From what is in front of the service, but on a port that no container listens on.
        change: |setup| let_in(setup, TASK_GROUP, "tcp", "22", &pair("123456789012", "sg-687339ea70eede4eb")),
        flips: &[("sg-app-tier-ingress", SERVICE, Fail)],
        says: "tcp 22 from group sg-687339ea70eede4eb, which is more than it listens on",
    },
    Mutation {
        requirement: "sg-app-tier-ingress",
        change: |setup| let_in(setup, TASK_GROUP, "tcp", "8443", &pair("123456789012", "sg-1d4519f0ca18fcf29")),
        flips: &[("sg-app-tier-ingress", SERVICE, Fail)],
        says: "a group that is not meant to come in",
    },
    Mutation {
        requirement: "sg-egress-restricted",
        change: |setup| {
            prefix_list(setup, "0.0.0.0/0");
            let_through(setup, DATABASE_GROUP, "ipPermissionsEgress", "tcp", "443", LIST);
        },
        flips: &[("sg-egress-restricted", DATABASE_GROUP, Fail)],
        says: "pl-0123456789abcdef0",
    },
    Mutation {
        requirement: "sg-egress-restricted",
        // Port 443 alone may be open, also for IPv6.
        change: |setup| {
            let everywhere = "<ipv6Ranges><item><cidrIpv6>::/0</cidrIpv6></item></ipv6Ranges>";
            let_through(setup, TASK_GROUP, "ipPermissionsEgress", "tcp", "80", everywhere);
        },
        flips: &[("sg-egress-restricted", TASK_GROUP, Fail)],
        says: "tcp 80 to ::/0",
    },
    Mutation {
        requirement: "vpc-public-private-subnets-multi-az",
        change: |setup| setup.replace("ec2", "DescribeVpcs", "<isDefault>false<", "<isDefault>true<"),
        flips: &[("vpc-public-private-subnets-multi-az", VPC, Fail)],
        says: "it is the region's default VPC",
    },
    Mutation {
        requirement: "rds-private-subnets",
        // By IPv6, and by no name, tag or setting of the subnets.
        change: |setup| of_data_table(setup, "</routeSet>", &format!("{IPV6_TO_INTERNET}</routeSet>")),
        flips: DATA_SUBNETS_ARE_PUBLIC,
        says: "::/0 to igw-4dc96fda57fb54de2",
    },
    Mutation {
        requirement: "rds-private-subnets",
        // Not the default route: one half of the addresses is public enough.
        change: |setup| {
            let half = IPV6_TO_INTERNET
                .replace("destinationIpv6CidrBlock", "destinationCidrBlock")
                .replace("::/0", "128.0.0.0/1");
            of_data_table(setup, "</routeSet>", &format!("{half}</routeSet>"));
        },
        flips: DATA_SUBNETS_ARE_PUBLIC,
        says: "128.0.0.0/1 to igw-4dc96fda57fb54de2",
    },
    Mutation {
        requirement: "rds-private-subnets",
        // The subnets lost their own table, and the main one of the VPC leads to the internet.
        change: |setup| {
            of_data_table(setup, "<subnetId>", "<gatewayId>vgw-0123456789abcdef0</gatewayId><was>");
            setup.edit("ec2", "DescribeRouteTables", |body| {
                let body = body.replace("<was>subnet-0dfe9d5c3e65c6a9b</subnetId>", "");
                let body = body.replace("<was>subnet-02ba358eaacb1a19e</subnetId>", "");
                let route = IPV6_TO_INTERNET
                    .replace("destinationIpv6CidrBlock", "destinationCidrBlock")
                    .replace("::/0", "0.0.0.0/0");
                body.replacen("</routeSet>", &format!("{route}</routeSet>"), 1)
            });
        },
        flips: DATA_SUBNETS_ARE_PUBLIC,
        says: "0.0.0.0/0 to igw-4dc96fda57fb54de2",
    },
    Mutation {
        requirement: "vpc-nat-gateway-available",
        change: |setup| {
            let route = "<natGatewayId>nat-a140b31bcac295592</natGatewayId>\n          <state>";
            setup.replace("ec2", "DescribeRouteTables", &format!("{route}active<"), &format!("{route}blackhole<"));
            setup.edit("ec2", "DescribeNatGateways", |body| {
                let (first, second) = body.split_once("nat-a140b31bcac295592").expect("the second gateway");
                let second = second.replacen("<state>available<", "<state>deleted<", 1);
                format!("{first}nat-a140b31bcac295592{second}")
            });
        },
        flips: &[("vpc-nat-gateway-available", VPC, Fail)],
        says: "subnet-68372b5c188652cb2",
    },
    Mutation {
        requirement: "vpc-flow-logs-enabled",
        change: |setup| setup.replace("ec2", "DescribeFlowLogs", "<trafficType>ALL<", "<trafficType>ACCEPT<"),
        flips: &[("vpc-flow-logs-enabled", VPC, Fail)],
        says: "ACCEPT",
    },
    Mutation {
        requirement: "ecs-tasks-no-public-ip",
        // The setting was put right, and the tasks that were started before it still run.
        change: |setup| {
            let public = "<privateIpAddress>10.40.32.21</privateIpAddress>\n      <association>\
                <publicIp>198.51.100.21</publicIp><ipOwnerId>amazon</ipOwnerId></association>";
            of_task_interface(setup, "<privateIpAddress>10.40.32.21</privateIpAddress>", public);
        },
        flips: &[("ecs-tasks-no-public-ip", SERVICE, Fail)],
        says: "198.51.100.21",
    },
    Mutation {
        requirement: "ecs-tasks-no-public-ip",
        // An IPv6 address has no association: the route makes it public.
        change: |setup| {
            of_task_interface(
                setup,
                "<ipv6AddressesSet/>",
                "<ipv6AddressesSet><item><ipv6Address>2001:db8:40:32::21</ipv6Address></item></ipv6AddressesSet>",
            );
            setup.edit("ec2", "DescribeRouteTables", |body| {
                let (before, table) = body.split_once("rtb-01beca8f635003848").expect("the table of the tasks");
                let table = table.replacen("</routeSet>", &format!("{IPV6_TO_INTERNET}</routeSet>"), 1);
                format!("{before}rtb-01beca8f635003848{table}")
            });
        },
        flips: &[
            ("ecs-tasks-no-public-ip", SERVICE, Fail),
            // The route makes the subnet public.
            ("ecs-tasks-private-subnets", SERVICE, Fail),
        ],
        says: "2001:db8:40:32::21",
    },
    Mutation {
        requirement: "ecs-tasks-private-subnets",
        // A task set of a blue/green deployment has a network of its own.
        change: |setup| {
            of_service(setup, |service| {
                service["taskSets"] = json!([{
                    "taskSetArn": "arn:aws:ecs:eu-central-1:123456789012:task-set/ecs-cluster-dev/ecs-service-dev/\
                        ecs-svc/4ea88d918c1a44499929",
                    "id": "ecs-svc/4ea88d918c1a44499929", "status": "ACTIVE", "launchType": "FARGATE",
                    "taskDefinition": "arn:aws:ecs:eu-central-1:123456789012:task-definition/task-definition-dev:1",
                    "computedDesiredCount": 1, "pendingCount": 0, "runningCount": 1,
                    "stabilityStatus": "STEADY_STATE",
                    "networkConfiguration": {"awsvpcConfiguration": {
                        "assignPublicIp": "DISABLED", "securityGroups": ["sg-e35b1d125ba042c4a"],
                        "subnets": ["subnet-37b53d06cac69aafc", "subnet-4efd8863274e10290"],
                    }},
                }]);
            });
            super::super::containers::describe_subnets(
                setup,
                &["subnet-37b53d06cac69aafc", "subnet-4efd8863274e10290", "subnet-68372b5c188652cb2"],
            );
        },
        flips: &[("ecs-tasks-private-subnets", SERVICE, Fail), ("vpc-nat-gateway-available", VPC, Fail)],
        says: "subnet-37b53d06cac69aafc",
    },
    Mutation {
        requirement: "sg-app-tier-ingress",
        // A balancer without groups can only be named by addresses, and these are none of its VPC.
        change: |setup| {
            setup.edit("elasticloadbalancingv2", "DescribeLoadBalancers", |body| {
                body.replace("<member>sg-687339ea70eede4eb</member>", "")
            });
            of_group(setup, TASK_GROUP, |body| {
                let rule = "<groups>\n            <item>\n              <userId>123456789012</userId>\n              \
                    <groupId>sg-687339ea70eede4eb</groupId>\n              <description>Load balancer</description>\n            \
                    </item>\n          </groups>";
                let body = body.replacen(rule, "<groups></groups>", 1);
                body.replacen("<ipRanges></ipRanges>", &cidr("10.40.0.0/15"), 1)
            });
        },
        flips: &[("sg-app-tier-ingress", SERVICE, Fail)],
        says: "tcp 8443 from 10.40.0.0/15",
    },
    Mutation {
        requirement: "vpc-flow-logs-enabled",
        // The log of one subnet of six.
        change: |setup| {
            let (vpc, subnet) = ("<resourceId>vpc-090f21b5309633b56<", "<resourceId>subnet-4efd8863274e10290<");
            setup.replace("ec2", "DescribeFlowLogs", vpc, subnet);
        },
        flips: &[("vpc-flow-logs-enabled", VPC, Fail)],
        says: "subnet-",
    },
    Mutation {
        requirement: "vpc-nat-gateway-available",
        // An instance that somebody runs instead of a gateway.
        change: |setup| {
            setup.replace(
                "ec2",
                "DescribeRouteTables",
                "<natGatewayId>nat-a140b31bcac295592</natGatewayId>",
                "<instanceId>i-0123456789abcdef0</instanceId><networkInterfaceId>eni-0a9b8c7d6e5f40312</networkInterfaceId>",
            );
        },
        flips: &[("vpc-nat-gateway-available", VPC, Fail)],
        says: "a NAT instance or another appliance, and a NAT gateway is asked for",
    },
];

/// What a route of the table of the data subnets to the internet makes public. The tables of the others stay.
const DATA_SUBNETS_ARE_PUBLIC: &[super::super::super::Flip] = &[
    ("rds-private-subnets", DATABASE, Fail),
    ("redis-private-subnets", REDIS, Fail),
    ("efs-mount-targets-private-multi-az", FILE_SYSTEM, Fail),
];

const IPV6_TO_INTERNET: &str = "<item><destinationIpv6CidrBlock>::/0</destinationIpv6CidrBlock>\
    <gatewayId>igw-4dc96fda57fb54de2</gatewayId><state>active</state><origin>CreateRoute</origin></item>";

const LIST: &str = "<prefixListIds><item><prefixListId>pl-0123456789abcdef0</prefixListId></item></prefixListIds>";

/// The prefix list of [`LIST`], which holds this range.
fn prefix_list(setup: &mut Setup, range: &str) {
    let entries = format!(
        "<GetManagedPrefixListEntriesResponse><entrySet><item><cidr>{range}</cidr></item></entrySet>\
         </GetManagedPrefixListEntriesResponse>"
    );
    let asked = [("PrefixListId", "pl-0123456789abcdef0")];
    setup.answer("ec2", "GetManagedPrefixListEntries", &asked, Answer::ok(entries));
}

const OF_DATABASE: &str = "<VpcSecurityGroupMembership>\n            <VpcSecurityGroupId>sg-1d4519f0ca18fcf29<";
const TWO_OF_DATABASE: &str = "<VpcSecurityGroupMembership><VpcSecurityGroupId>sg-0fedcba9876543210\
    </VpcSecurityGroupId><Status>active</Status></VpcSecurityGroupMembership><VpcSecurityGroupMembership>\
    <VpcSecurityGroupId>sg-1d4519f0ca18fcf29<";

/// Another group, of no stack, that lets in PostgreSQL from this source.
fn second_group(setup: &mut Setup, source: &str) {
    let id = "sg-0fedcba9876543210";
    let group = format!(
        "<DescribeSecurityGroupsResponse><securityGroupInfo><item><ownerId>123456789012</ownerId>\
         <groupId>{id}</groupId><groupName>by-hand</groupName><vpcId>vpc-090f21b5309633b56</vpcId><ipPermissions>\
         <item><ipProtocol>tcp</ipProtocol><fromPort>5432</fromPort><toPort>5432</toPort>{source}</item>\
         </ipPermissions><ipPermissionsEgress/></item></securityGroupInfo></DescribeSecurityGroupsResponse>"
    );
    let asked = [("Filter.1.Name", "group-id"), ("Filter.1.Value.1", id)];
    setup.answer("ec2", "DescribeSecurityGroups", &asked, Answer::ok(group));
    let held = setup.recorded("ec2", "DescribeNetworkInterfaces", "sg-1d4519f0ca18fcf29");
    let held = held.replace("<groupSet>", &format!("<groupSet><item><groupId>{id}</groupId></item>"));
    let asked = [asked[0], asked[1], ("IncludeManagedResources", "true")];
    setup.answer("ec2", "DescribeNetworkInterfaces", &asked, Answer::ok(held));
    setup.answer("cloudformation", "DescribeStackResources", &[("PhysicalResourceId", id)], alter::in_no_stack(id));
}

/// Puts one text in place of another in the route table of the data subnets.
fn of_data_table(setup: &mut Setup, from: &str, to: &str) {
    setup.edit("ec2", "DescribeRouteTables", |body| {
        let (before, rest) = body.split_once("<routeTableId>rtb-e30e764dee5141068<").expect("the table");
        let (table, after) = rest.split_once("<propagatingVgwSet>").expect("its end");
        format!("{before}<routeTableId>rtb-e30e764dee5141068<{}<propagatingVgwSet>{after}", table.replace(from, to))
    });
}

/// Puts one text in place of another in what EC2 says about the interfaces of the running tasks.
fn of_task_interface(setup: &mut Setup, from: &str, to: &str) {
    setup.edit_about("ec2", "DescribeNetworkInterfaces", "eni-0b7f3c1d2e4a59681", |body| body.replacen(from, to, 1));
}
