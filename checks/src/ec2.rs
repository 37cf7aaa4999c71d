//! VPCs, subnets, routes, gateways and security groups: what is seen of them, and the checks of their requirements.

use crate::check::Check;

mod access;
mod cidr;
mod exposure;
#[cfg(test)]
pub(crate) mod fixture;
mod flow_logs;
mod group;
mod nat;
mod segments;
mod tiers;
mod vpc;

pub use cidr::{Cidr, NotACidr, merged};
pub use group::{GroupDescription, GroupPair, Interface, InterfaceKind, Peer, Ports, Rule, SecurityGroup, Traffic};
pub use vpc::{
    Associated, Association, AssociationState, BlockPublicAccess, Connectivity, Delivery, Destination, FlowLog,
    FlowLogStatus, Hop, LogDestination, NatGateway, NatMode, NatState, Reach, RecordedTraffic, Route, RouteState,
    RouteTable, Subnet, Vpc, VpcDescription, VpcOrigin, VpcState, reach, subnet,
};

/// The checks of this file, in catalog order.
pub fn checks() -> Vec<Check> {
    vec![
        Check::across("vpc-public-private-subnets-multi-az", segments::public_and_private),
        Check::across("vpc-nat-gateway-available", nat::available),
        Check::new("vpc-private-subnets-no-public-ip", segments::no_public_ip),
        Check::across("vpc-flow-logs-enabled", flow_logs::enabled),
        Check::across("sg-no-open-ingress", exposure::no_open_ingress),
        Check::each("sg-data-tier-from-app-only", &tiers::STORES, access::data_tier).when_none(access::no_store),
        Check::across("sg-app-tier-ingress", access::app_tier).when_none(access::no_service),
        Check::across("sg-egress-restricted", exposure::egress_restricted),
        Check::across("sg-default-closed", exposure::default_closed).when_none(exposure::no_own_vpc),
    ]
}

/// How many names a text lists before it only counts.
const LISTED: usize = 6;

/// Names in a text, in order, the first few of them.
fn listed<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> String {
    let names: Vec<T> = names.into_iter().collect();
    let shown: Vec<&str> = names.iter().take(LISTED).map(T::as_ref).collect();
    match names.len().saturating_sub(LISTED) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
