//! EC2: VPCs with what is in them, security groups, and the VPC endpoints behind a function.

use aws_sdk_ec2::types;
use tap_audit_checks::ec2::{Associated, Cidr};
use tap_audit_checks::lambda::{EndpointKind, RouteTable, VpcEndpoint};
use tap_audit_checks::observed::{Gap, Observed, Seen};
use tap_audit_checks::s3::Switch;

use crate::collect::Walk;
use crate::collect::call::Call;

mod address;
mod group;
#[cfg(test)]
mod tests;
mod vpc;

pub(crate) use address::addresses;
pub(crate) use group::{security_group, security_group_reference};
pub(crate) use vpc::{reach_vpc_of, vpc, vpc_reference};

const ENDPOINTS: Call = Call {
    service: "ec2",
    operation: "DescribeVpcEndpoints",
    permission: "ec2:DescribeVpcEndpoints",
    absent: &[],
    denied_or: None,
};
/// Every call about the addresses of network interfaces.
pub(crate) const ADDRESS_CALLS: &[&Call] = &[&group::INTERFACES];
/// Every call about a VPC.
pub(crate) const VPC_CALLS: &[&Call] = vpc::CALLS;
/// Every call about a security group.
pub(crate) const GROUP_CALLS: &[&Call] = group::CALLS;
/// Every call about the VPC of a function, for plans and for the policy that the auditing role needs.
pub(crate) const CALLS: &[&Call] = &[&ENDPOINTS, &vpc::ROUTE_TABLES];

fn of_vpc(vpc: &str) -> types::Filter {
    filter("vpc-id", &[vpc])
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

/// Collects the route tables of a VPC, as far as the endpoints of a function need them.
pub(crate) async fn route_tables(walk: &Walk<'_>, region: &str, vpc: &str) -> Seen<Vec<RouteTable>> {
    vpc::route_tables(walk, vpc, region).await.map(|tables| {
        let of = |table: tap_audit_checks::ec2::RouteTable| RouteTable {
            id: table.id,
            main: Switch::from(table.associations.iter().any(|association| association.with == Associated::Main)),
            subnets: table
                .associations
                .into_iter()
                .filter_map(|association| match association.with {
                    Associated::Subnet(id) => Some(id),
                    Associated::Main | Associated::Gateway(_) | Associated::Other => None,
                })
                .collect(),
        };
        tables.into_iter().map(of).collect()
    })
}

fn filter(name: &str, values: &[&str]) -> types::Filter {
    let values = values.iter().map(|value| (*value).to_owned()).collect();
    types::Filter::builder().name(name).set_values(Some(values)).build()
}

/// Reads a range of addresses of an answer.
fn range(call: &'static Call, field: &str, text: &str) -> Result<Cidr, Gap> {
    text.parse()
        .map_err(|error| Gap::Unparsable { operation: call.operation.into(), what: format!("{field} holds {error}") })
}

/// A field that EC2 always answers: its absence is a gap.
fn always<T>(call: &'static Call, field: &'static str, value: Option<T>) -> Observed<T> {
    match value {
        Some(value) => Observed::Present(value),
        None => Observed::Unknown(call.incomplete(field)),
    }
}

/// The one resource that a list should hold; a list that was read to its end without it says that it does not exist.
fn only<T>(call: &'static Call, list: Seen<Vec<T>>) -> Seen<T> {
    list.and_then(|found| match found.into_iter().next() {
        Some(found) => Observed::Present(found),
        None => Observed::Unknown(Gap::Missing {
            operation: call.operation.into(),
            code: "a list that does not hold it".into(),
        }),
    })
}
