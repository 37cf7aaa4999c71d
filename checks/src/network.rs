//! Exposure and encryption in transit across services: what is seen of them, and the checks of their requirements.

mod exposure;
#[cfg(test)]
mod fixture;
mod isolation;
mod tls;

use serde::{Deserialize, Serialize};

use crate::check::{Check, Context};
use crate::cloudformation::{Member, Stack};
use crate::observed::{Gap, Observed, Seen};
use crate::policy::model::PolicyText;
use crate::s3::Switch;
use crate::subject::Attributes;

/// The checks of this file, in catalog order.
pub fn checks() -> Vec<Check> {
    vec![
        Check::across("no-public-endpoints", exposure::no_public_endpoints),
        Check::across("transit-tls12-minimum", tls::minimum),
        Check::across("resource-isolation-endpoints", isolation::endpoints),
    ]
}

/// The public addresses of a stack's members that are no subjects of their own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Addresses {
    /// The instances of the stack; an empty list means that it holds none.
    pub instances: Seen<Vec<Instance>>,
    /// The public addresses of the stack's NAT gateways, read only where it holds addresses of its own beside them.
    pub nat: Seen<Vec<NatAddress>>,
}

/// An instance of a stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    /// Its id.
    pub id: String,
    /// Its public IPv4 addresses, of each of its interfaces; an empty list means none.
    pub public: Vec<String>,
    /// Its IPv6 addresses, which the internet reaches where routes and groups let it; an empty list means none.
    pub ipv6: Vec<String>,
}

/// A public address of a NAT gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NatAddress {
    /// The address; absent while it is being given.
    pub address: Observed<String>,
    /// The id of its allocation; absent on addresses that the gateway brought itself.
    pub allocation: Observed<String>,
}

impl Addresses {
    /// The evidence where nothing could be seen.
    pub fn unknown(gap: &Gap) -> Self {
        Addresses { instances: Seen::gap(gap.clone()), nat: Seen::gap(gap.clone()) }
    }
}

/// A VPC endpoint of the account, in the run's region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Its id.
    pub id: String,
    /// The VPC that it is in.
    pub vpc: String,
    /// The service behind it, such as `com.amazonaws.us-east-2.kms`; absent where it leads to a resource.
    pub service: Observed<String>,
    /// Its state, in lower case: the API writes `available` where its model says `Available`.
    pub state: Observed<String>,
    /// Whether the service's own names lead to it; absent means that they do not.
    pub private_dns: Observed<Switch>,
    /// Its policy; absent on endpoints that take none.
    pub policy: Observed<PolicyText>,
}

/// The members of a stack that are live or about to be; which of them are changing, [`settled`] says.
fn live(stack: &Stack) -> Result<impl Iterator<Item = &Member>, Gap> {
    let members = stack.members.required("ListStackResources", "StackResourceSummaries")?;
    Ok(members.iter().filter(|member| member.is_live() || member.is_changing()))
}

/// Says that a member is not just being changed.
fn settled(member: &Member) -> Result<(), Gap> {
    if member.is_changing() {
        return Err(Gap::changing(format!("{} {} is {}", member.kind, member.logical_id, member.status)));
    }
    Ok(())
}

/// The evidence of a member that is a subject of its own.
fn evidence_of<'a, T: Attributes + 'a>(member: &Member, context: &Context<'a>) -> Result<&'a T, Gap> {
    let id = match &member.physical_id {
        Observed::Present(id) => Some(id.as_str()),
        Observed::Absent | Observed::Unknown(_) => None,
    };
    context
        .evidence
        .all::<T>()
        .find(|(subject, _)| {
            let is_it = |own: &Option<String>, of: &str| own.as_deref() == Some(of);
            (is_it(&subject.stack, &member.stack) && is_it(&subject.logical_id, &member.logical_id))
                || id.is_some_and(|id| subject.names().contains(id))
        })
        .map(|(_, evidence)| evidence)
        .ok_or_else(|| Gap::undecided(format!("nothing was seen of {} {}", member.kind, member.logical_id)))
}
