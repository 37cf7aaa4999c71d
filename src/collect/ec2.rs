//! EC2: the VPC endpoints and route tables behind a function.

use aws_sdk_ec2::types;
use tap_audit_checks::lambda::{EndpointKind, RouteTable, VpcEndpoint};
use tap_audit_checks::observed::{Gap, Observed, Seen};
use tap_audit_checks::s3::Switch;
use tap_audit_checks::subject::{Kind, unseen};

use crate::collect::call::Call;
use crate::collect::{Collected, Reference, Walk};

const ENDPOINTS: Call = Call {
    service: "ec2",
    operation: "DescribeVpcEndpoints",
    permission: "ec2:DescribeVpcEndpoints",
    absent: &[],
    denied_or: None,
};
const ROUTE_TABLES: Call = Call {
    service: "ec2",
    operation: "DescribeRouteTables",
    permission: "ec2:DescribeRouteTables",
    absent: &[],
    denied_or: None,
};

/// Every call of this file, for plans and for the policy that the auditing role needs.
pub(crate) const CALLS: &[&Call] = &[&ENDPOINTS, &ROUTE_TABLES];

fn of_vpc(vpc: &str) -> types::Filter {
    types::Filter::builder().name("vpc-id").values(vpc).build()
}

/// Collects the VPC endpoints for S3 of a VPC; an empty list means none.
pub(crate) async fn s3_endpoints(walk: &Walk<'_>, region: &str, vpc: &str) -> Seen<Vec<VpcEndpoint>> {
    let service = format!("com.amazonaws.{region}.s3");
    walk.aws
        .ask_all(
            &ENDPOINTS,
            region,
            &[("VpcId", vpc)],
            |clients, token| clients.ec2().describe_vpc_endpoints().filters(of_vpc(vpc)).set_next_token(token).send(),
            |answer| answer.next_token().map(str::to_owned),
            |answer| {
                let mut endpoints = Vec::new();
                for found in answer.vpc_endpoints() {
                    let name = found.service_name().ok_or_else(|| ENDPOINTS.incomplete("VpcEndpoint.ServiceName"))?;
                    if name == service {
                        endpoints.push(endpoint(found)?);
                    }
                }
                Ok(endpoints)
            },
        )
        .await
}

fn endpoint(found: &types::VpcEndpoint) -> Result<VpcEndpoint, Gap> {
    let id = found.vpc_endpoint_id().ok_or_else(|| ENDPOINTS.incomplete("VpcEndpoint.VpcEndpointId"))?;
    Ok(VpcEndpoint {
        id: id.to_owned(),
        kind: match found.vpc_endpoint_type().map(types::VpcEndpointType::as_str) {
            Some("Gateway") => Observed::Present(EndpointKind::Gateway),
            Some("Interface") => Observed::Present(EndpointKind::Interface),
            Some("GatewayLoadBalancer" | "Resource" | "ServiceNetwork" | "Tunnel") => {
                Observed::Present(EndpointKind::Other)
            }
            Some(other) => ENDPOINTS.unrecognised("VpcEndpoint.VpcEndpointType", other),
            None => Observed::Unknown(ENDPOINTS.incomplete("VpcEndpoint.VpcEndpointType")),
        },
        // The API writes `available` where the SDK's enum says `Available`; the text is kept, not the enum.
        state: match found.state() {
            Some(state) => Observed::Present(state.as_str().to_ascii_lowercase()),
            None => Observed::Unknown(ENDPOINTS.incomplete("VpcEndpoint.State")),
        },
        route_tables: found.route_table_ids().to_vec(),
        private_dns: private_dns(found),
    })
}

/// Private names that are only for the resolver's inbound endpoints are not what a function in the VPC gets.
pub(crate) fn private_dns(found: &types::VpcEndpoint) -> Observed<Switch> {
    let inbound_only =
        found.dns_options().and_then(types::DnsOptions::private_dns_only_for_inbound_resolver_endpoint) == Some(true);
    Observed::of(found.private_dns_enabled().map(|enabled| Switch::from(enabled && !inbound_only)))
}

/// Collects the route tables of a VPC.
pub(crate) async fn route_tables(walk: &Walk<'_>, region: &str, vpc: &str) -> Seen<Vec<RouteTable>> {
    walk.aws
        .ask_all(
            &ROUTE_TABLES,
            region,
            &[("VpcId", vpc)],
            |clients, token| clients.ec2().describe_route_tables().filters(of_vpc(vpc)).set_next_token(token).send(),
            |answer| answer.next_token().map(str::to_owned),
            |answer| answer.route_tables().iter().map(route_table).collect(),
        )
        .await
}

fn route_table(found: &types::RouteTable) -> Result<RouteTable, Gap> {
    let id = found.route_table_id().ok_or_else(|| ROUTE_TABLES.incomplete("RouteTable.RouteTableId"))?;
    let associations = found.associations();
    Ok(RouteTable {
        id: id.to_owned(),
        main: Switch::from(associations.iter().any(|association| association.main() == Some(true))),
        subnets: associations.iter().filter_map(|association| association.subnet_id().map(str::to_owned)).collect(),
    })
}

/// The reference of the AWS::EC2::VPC that this text names, in any form: id, name or ARN.
pub(crate) fn vpc_reference(_walk: &Walk<'_>, named: &str, region: &str) -> Option<Reference> {
    Some(Reference { kind: Kind::Vpc, id: named.to_owned(), region: region.to_owned() })
}

/// Collects one AWS::EC2::VPC.
pub(crate) async fn vpc(_walk: &Walk<'_>, _id: &str, _region: &str) -> Collected {
    let gap = Gap::NotCollected { what: "this version does not read it".into() };
    Collected { existence: Seen::gap(gap.clone()), arn: None, region: None, resource: unseen(Kind::Vpc, &gap) }
}

/// The reference of the AWS::EC2::SecurityGroup that this text names, in any form: id, name or ARN.
pub(crate) fn security_group_reference(_walk: &Walk<'_>, named: &str, region: &str) -> Option<Reference> {
    Some(Reference { kind: Kind::SecurityGroup, id: named.to_owned(), region: region.to_owned() })
}

/// Collects one AWS::EC2::SecurityGroup.
pub(crate) async fn security_group(_walk: &Walk<'_>, _id: &str, _region: &str) -> Collected {
    let gap = Gap::NotCollected { what: "this version does not read it".into() };
    Collected {
        existence: Seen::gap(gap.clone()),
        arn: None,
        region: None,
        resource: unseen(Kind::SecurityGroup, &gap),
    }
}

/// Leads the walk to the VPC that holds these subnets, for resources that name subnets alone.
pub(crate) async fn reach_vpc_of(walk: &Walk<'_>, subnets: &[String], _region: &str, kind: Kind, id: &str) {
    let _not_read_yet = (walk, subnets, kind, id);
}
