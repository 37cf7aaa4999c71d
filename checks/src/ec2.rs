//! VPCs, subnets, routes, gateways and security groups: what is seen of them, and the checks of their requirements.

use crate::check::Check;

mod cidr;
#[cfg(test)]
pub(crate) mod fixture;
mod group;
mod vpc;

pub use cidr::{Cidr, NotACidr, merged};
pub use group::{GroupDescription, GroupPair, Interface, Peer, Ports, Rule, SecurityGroup, Traffic};
pub use vpc::{
    Associated, Association, AssociationState, BlockPublicAccess, Connectivity, Delivery, Destination, FlowLog,
    FlowLogStatus, Hop, LogDestination, NatGateway, NatMode, NatState, Reach, RecordedTraffic, Route, RouteState,
    RouteTable, Subnet, Vpc, VpcDescription, VpcOrigin, VpcState, reach, subnet,
};

/// The checks of this file, in catalog order.
pub fn checks() -> Vec<Check> {
    Vec::new()
}
