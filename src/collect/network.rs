//! The network around a stack: public addresses of its members, and the VPC endpoints of the account.

use aws_sdk_ec2::types;
use tap_audit_checks::cloudformation::Member;
use tap_audit_checks::network::{Addresses, Endpoint, Instance, NatAddress};
use tap_audit_checks::observed::{Gap, Observed, Seen};
use tap_audit_checks::policy::model::PolicyText;

use crate::collect::Walk;
use crate::collect::call::Call;
use crate::collect::ec2::private_dns;

const INSTANCES: Call = Call {
    service: "ec2",
    operation: "DescribeInstances",
    permission: "ec2:DescribeInstances",
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
const ENDPOINTS: Call = Call {
    service: "ec2",
    operation: "DescribeVpcEndpoints",
    permission: "ec2:DescribeVpcEndpoints",
    absent: &[],
    denied_or: None,
};

/// Every call about the addresses of a stack's members.
pub(crate) const ADDRESS_CALLS: &[&Call] = &[&INSTANCES, &NAT_GATEWAYS];
/// Every call about the VPC endpoints of the account.
pub(crate) const ENDPOINT_CALLS: &[&Call] = &[&ENDPOINTS];

const INSTANCE: &str = "AWS::EC2::Instance";
const NAT_GATEWAY: &str = "AWS::EC2::NatGateway";
const ADDRESS: &str = "AWS::EC2::EIP";

/// Collects the public addresses of a stack's members that are no subjects of their own.
pub(crate) async fn addresses(walk: &Walk<'_>, members: &Seen<Vec<Member>>, region: &str) -> Addresses {
    if !walk.scope.selects(&["no-public-endpoints"]) {
        return Addresses::unknown(&Gap::NotCollected {
            what: "no requirement of the profile asks what is public".into(),
        });
    }
    let members = match members.observed() {
        Observed::Present(members) => members.as_slice(),
        Observed::Unknown(gap) => return Addresses::unknown(gap),
        Observed::Absent => &[],
    };
    let holds_address = members.iter().any(|member| member.kind == ADDRESS);
    let gateways = if holds_address { ids(members, NAT_GATEWAY) } else { Vec::new() };
    let machines = ids(members, INSTANCE);
    let (instances, nat) = tokio::join!(instances(walk, &machines, region), nat_addresses(walk, &gateways, region));
    Addresses { instances, nat }
}

/// The physical ids of the members of a kind that are live or being changed.
fn ids(members: &[Member], kind: &str) -> Vec<String> {
    let those = members.iter().filter(|member| member.kind == kind && (member.is_live() || member.is_changing()));
    those
        .filter_map(|member| match &member.physical_id {
            Observed::Present(id) => Some(id.clone()),
            Observed::Absent | Observed::Unknown(_) => None,
        })
        .collect()
}

/// A filter takes an id that does not exist for one that nothing has, where naming it would fail the whole call.
fn filter(name: &str, ids: &[String]) -> types::Filter {
    types::Filter::builder().name(name).set_values(Some(ids.to_vec())).build()
}

fn nothing<T>() -> Seen<Vec<T>> {
    Seen::new(Observed::Present(Vec::new()), Vec::new())
}

async fn instances(walk: &Walk<'_>, ids: &[String], region: &str) -> Seen<Vec<Instance>> {
    if ids.is_empty() {
        return nothing();
    }
    walk.aws
        .ask_all(
            &INSTANCES,
            region,
            &[("InstanceId", &ids.join(","))],
            |clients, token| {
                let request = clients.ec2().describe_instances().filters(filter("instance-id", ids));
                request.set_next_token(token).send()
            },
            |answer| answer.next_token().map(str::to_owned),
            |answer| {
                answer.reservations().iter().flat_map(|reservation| reservation.instances()).map(instance).collect()
            },
        )
        .await
}

fn instance(found: &types::Instance) -> Result<Instance, Gap> {
    let id = found.instance_id().ok_or_else(|| INSTANCES.incomplete("InstanceId"))?;
    let interfaces = found.network_interfaces();
    let mut public: Vec<String> = found.public_ip_address().map(str::to_owned).into_iter().collect();
    let associated = interfaces.iter().flat_map(|interface| {
        let secondary = interface.private_ip_addresses().iter().filter_map(|address| address.association());
        interface.association().into_iter().chain(secondary)
    });
    for address in associated.filter_map(types::InstanceNetworkInterfaceAssociation::public_ip) {
        if !public.iter().any(|known| known == address) {
            public.push(address.to_owned());
        }
    }
    let ipv6 = interfaces
        .iter()
        .flat_map(|interface| interface.ipv6_addresses())
        .filter_map(|address| address.ipv6_address().map(str::to_owned))
        .collect();
    Ok(Instance { id: id.to_owned(), public, ipv6 })
}

async fn nat_addresses(walk: &Walk<'_>, ids: &[String], region: &str) -> Seen<Vec<NatAddress>> {
    if ids.is_empty() {
        return nothing();
    }
    walk.aws
        .ask_all(
            &NAT_GATEWAYS,
            region,
            &[("NatGatewayId", &ids.join(","))],
            |clients, token| {
                let request = clients.ec2().describe_nat_gateways().filter(filter("nat-gateway-id", ids));
                request.set_next_token(token).send()
            },
            |answer| answer.next_token().map(str::to_owned),
            |answer| {
                let addresses = answer.nat_gateways().iter().flat_map(|gateway| gateway.nat_gateway_addresses());
                let read = addresses.map(|address| NatAddress {
                    address: Observed::of(address.public_ip().map(str::to_owned)),
                    allocation: Observed::of(address.allocation_id().map(str::to_owned)),
                });
                Ok(read.collect())
            },
        )
        .await
}

/// Collects the VPC endpoints of the account in the run's region; an empty list means none.
pub(crate) async fn vpc_endpoints(walk: &Walk<'_>) -> Seen<Vec<Endpoint>> {
    if !walk.scope.selects(&["resource-isolation-endpoints"]) {
        return Seen::gap(Gap::NotCollected { what: "no requirement of the profile asks about VPC endpoints".into() });
    }
    walk.aws
        .ask_all(
            &ENDPOINTS,
            &walk.region,
            &[],
            |clients, token| clients.ec2().describe_vpc_endpoints().set_next_token(token).send(),
            |answer| answer.next_token().map(str::to_owned),
            |answer| answer.vpc_endpoints().iter().map(endpoint).collect(),
        )
        .await
}

fn endpoint(found: &types::VpcEndpoint) -> Result<Endpoint, Gap> {
    Ok(Endpoint {
        id: found.vpc_endpoint_id().ok_or_else(|| ENDPOINTS.incomplete("VpcEndpoint.VpcEndpointId"))?.to_owned(),
        vpc: found.vpc_id().ok_or_else(|| ENDPOINTS.incomplete("VpcEndpoint.VpcId"))?.to_owned(),
        service: Observed::of(found.service_name().map(str::to_owned)),
        // The API writes `available` where the SDK's enum says `Available`; the text is kept, not the enum.
        state: match found.state() {
            Some(state) => Observed::Present(state.as_str().to_ascii_lowercase()),
            None => Observed::Unknown(ENDPOINTS.incomplete("VpcEndpoint.State")),
        },
        private_dns: private_dns(found),
        policy: Observed::of(found.policy_document().map(|text| PolicyText(text.to_owned()))),
    })
}

#[cfg(test)]
mod tests {
    use tap_audit_checks::s3::Switch;

    use super::*;
    use crate::collect::fixture::{scope, scope_of, walked};
    use crate::replay::{Account, Answer};

    fn account() -> Account {
        Account::from_files("test", [("account.toml", "[account]\nid = \"123456789012\"\n")]).unwrap()
    }

    fn answered(operation: &str, body: &str) -> Answer {
        Answer::ok(format!(
            "<{operation}Response xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">{body}</{operation}Response>"
        ))
    }

    fn members(kinds: &[(&str, &str)]) -> Seen<Vec<Member>> {
        let member = |(kind, id): &(&str, &str)| Member {
            stack: "T".into(),
            logical_id: (*id).into(),
            physical_id: Observed::Present((*id).into()),
            kind: (*kind).into(),
            status: "CREATE_COMPLETE".into(),
            drift: Observed::Absent,
        };
        Seen::new(Observed::Present(kinds.iter().map(member).collect()), Vec::new())
    }

    #[tokio::test]
    async fn every_public_address_of_an_instance_is_read() {
        let interface = "<networkInterfaceSet><item><association><publicIp>192.0.2.1</publicIp></association>\
            <ipv6AddressesSet><item><ipv6Address>2001:db8::1</ipv6Address></item></ipv6AddressesSet>\
            <privateIpAddressesSet><item><association><publicIp>192.0.2.2</publicIp></association></item></privateIpAddressesSet>\
            </item></networkInterfaceSet>";
        let body = format!(
            "<reservationSet><item><instancesSet><item><instanceId>i-1</instanceId><ipAddress>192.0.2.1</ipAddress>{interface}</item>\
             <item><instanceId>i-2</instanceId></item></instancesSet></item></reservationSet>"
        );
        let arguments = [("Filter.1.Name", "instance-id"), ("Filter.1.Value.1", "i-1"), ("Filter.1.Value.2", "i-2")];
        let account =
            account().answer("ec2", "DescribeInstances", &arguments, answered("DescribeInstances", &body)).unwrap();
        let members = members(&[(INSTANCE, "i-1"), (INSTANCE, "i-2"), (NAT_GATEWAY, "nat-1")]);
        let (addresses, replay) = walked(account, &scope_of(&["no-public-endpoints"]), async |walk| {
            addresses(walk, &members, "us-east-2").await
        })
        .await;
        let Observed::Present(instances) = addresses.instances.observed() else { panic!("{:?}", addresses.instances) };
        assert_eq!(instances[0].public, ["192.0.2.1", "192.0.2.2"]);
        assert_eq!(instances[0].ipv6, ["2001:db8::1"]);
        assert!(instances[1].public.is_empty());
        assert_eq!(addresses.nat.observed(), &Observed::Present(Vec::new()));
        assert_eq!(replay.counts().values().sum::<u64>(), 1);
    }

    #[tokio::test]
    async fn gateways_are_asked_about_where_the_stack_holds_addresses_beside_them() {
        let body = "<natGatewaySet><item><natGatewayId>nat-1</natGatewayId><natGatewayAddressSet><item>\
            <publicIp>192.0.2.1</publicIp><allocationId>eipalloc-1</allocationId></item></natGatewayAddressSet></item></natGatewaySet>";
        let arguments = [("Filter.1.Name", "nat-gateway-id"), ("Filter.1.Value.1", "nat-1")];
        let account =
            account().answer("ec2", "DescribeNatGateways", &arguments, answered("DescribeNatGateways", body)).unwrap();
        let members = members(&[(ADDRESS, "192.0.2.1"), (NAT_GATEWAY, "nat-1")]);
        let (addresses, _) = walked(account, &scope_of(&["no-public-endpoints"]), async |walk| {
            addresses(walk, &members, "us-east-2").await
        })
        .await;
        let address = NatAddress {
            address: Observed::Present("192.0.2.1".into()),
            allocation: Observed::Present("eipalloc-1".into()),
        };
        assert_eq!(addresses.nat.observed(), &Observed::Present(vec![address]));
    }

    #[tokio::test]
    async fn endpoints_of_every_vpc_are_read() {
        let body = "<vpcEndpointSet><item><vpcEndpointId>vpce-1</vpcEndpointId><vpcId>vpc-1</vpcId>\
            <serviceName>com.amazonaws.us-east-2.kms</serviceName><state>available</state>\
            <privateDnsEnabled>true</privateDnsEnabled><policyDocument>{}</policyDocument></item></vpcEndpointSet>";
        let account =
            account().answer("ec2", "DescribeVpcEndpoints", &[], answered("DescribeVpcEndpoints", body)).unwrap();
        let (endpoints, _) = walked(account, &scope_of(&["resource-isolation-endpoints"]), vpc_endpoints).await;
        let Observed::Present(endpoints) = endpoints.observed() else { panic!("{endpoints:?}") };
        let [endpoint] = endpoints.as_slice() else { panic!("one endpoint: {endpoints:?}") };
        assert_eq!(endpoint.state, Observed::Present("available".into()));
        assert_eq!(endpoint.private_dns, Observed::Present(Switch::On));
        assert_eq!(endpoint.policy, Observed::Present(PolicyText("{}".into())));
    }

    #[tokio::test]
    async fn nothing_is_asked_where_no_requirement_asks_for_it() {
        let members = members(&[(INSTANCE, "i-1")]);
        let ((addresses, endpoints), replay) = walked(account(), &scope(), async |walk| {
            (addresses(walk, &members, "us-east-2").await, vpc_endpoints(walk).await)
        })
        .await;
        assert!(matches!(addresses.instances.observed(), Observed::Unknown(Gap::NotCollected { .. })));
        assert!(matches!(endpoints.observed(), Observed::Unknown(Gap::NotCollected { .. })));
        assert_eq!(replay.counts().values().sum::<u64>(), 0);
    }
}
