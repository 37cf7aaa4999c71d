//! The addresses of network interfaces.

use std::collections::BTreeMap;

use aws_sdk_ec2::types;
use tap_audit_checks::ecs::Addresses;
use tap_audit_checks::observed::{Gap, Observed, Seen};

use super::filter;
use super::group::INTERFACES;
use crate::collect::Walk;

/// Collects the addresses of these network interfaces, by id. One that is gone is missing from the answer: asked for by
/// a filter it does not hide the others.
pub(crate) async fn addresses(walk: &Walk<'_>, region: &str, ids: &[String]) -> Seen<BTreeMap<String, Addresses>> {
    let values: Vec<&str> = ids.iter().map(String::as_str).collect();
    walk.aws
        .ask_all(
            &INTERFACES,
            region,
            &[("NetworkInterfaceIds", &ids.join(" "))],
            |clients, token| {
                let request = clients.ec2().describe_network_interfaces();
                request.filters(filter("network-interface-id", &values)).set_next_token(token).send()
            },
            |answer| answer.next_token().map(str::to_owned),
            |answer| {
                let found = answer.network_interfaces.ok_or_else(|| INTERFACES.incomplete("networkInterfaceSet"))?;
                found.iter().map(addressed).collect()
            },
        )
        .await
        .and_then(|found| Observed::Present(found.into_iter().collect()))
}

/// Any private address may have a public one, not only the first.
fn addressed(found: &types::NetworkInterface) -> Result<(String, Addresses), Gap> {
    let id =
        found.network_interface_id().ok_or_else(|| INTERFACES.incomplete("NetworkInterface.NetworkInterfaceId"))?;
    let of_private = found.private_ip_addresses().iter().filter_map(|address| address.association());
    let mut public: Vec<String> = found
        .association()
        .into_iter()
        .chain(of_private)
        .filter_map(|association| association.public_ip())
        .map(str::to_owned)
        .collect();
    public.sort_unstable();
    public.dedup();
    let ipv6 = found.ipv6_addresses().iter().map(|address| {
        address.ipv6_address().map(str::to_owned).ok_or_else(|| INTERFACES.incomplete("NetworkInterface.Ipv6Addresses"))
    });
    Ok((id.to_owned(), Addresses { public, ipv6: ipv6.collect::<Result<_, _>>()? }))
}
