//! Whether the cache outlives the loss of a zone.

use std::collections::BTreeSet;

use super::{CLUSTERS, Cache, Change, Failover, Form, GROUPS, Group, Node, SERVERLESS, Serverless, Shard};
use super::{settled, unchanged};
use crate::check::{Context, NoParams};
use crate::ec2;
use crate::observed::{Gap, Observed};
use crate::s3::Switch;
use crate::verdict::{Judgement, Verdict, every, nothing_to_judge};

const EXPECTED: &str =
    "Multi-AZ and automatic failover enabled, and each node group with members in at least two zones";
const SUBNETS: &str = "a serverless cache with subnets in at least two zones";

/// The switches say nothing of where the nodes stand, and cluster mode demands failover anyway, so the members of every
/// node group are counted.
pub(super) fn zones(cache: &Cache, _: &NoParams, context: &Context<'_>) -> Judgement {
    let group = match settled(cache)? {
        Form::Group(group) => group,
        Form::Serverless(serverless) => return subnets(serverless, context),
    };
    unchanged(group, Change::Failover, "automatic failover")?;
    let region = context.subject.region.as_deref().unwrap_or(&context.evidence.run.region);
    let parts = [multi_az(group), failover(group)];
    match group.shards.required(GROUPS, "ReplicationGroup.NodeGroups").map(Vec::as_slice) {
        Ok([]) => every(parts.into_iter().chain([Err(no_shard())]), nothing_to_judge),
        Ok(shards) => {
            every(parts.into_iter().chain(shards.iter().map(|one| shard(one, cache, region))), nothing_to_judge)
        }
        Err(gap) => every(parts.into_iter().chain([Err(gap)]), nothing_to_judge),
    }
}

fn no_shard() -> Gap {
    Gap::undecided("ElastiCache answered no node group, so nothing tells where the nodes stand")
}

fn multi_az(group: &Group) -> Judgement {
    Ok(match group.multi_az.seen()? {
        Some(Switch::On) => Verdict::satisfied("Multi-AZ is enabled"),
        Some(Switch::Off) | None => Verdict::not_satisfied("Multi-AZ is disabled", EXPECTED),
    })
}

fn failover(group: &Group) -> Judgement {
    match group.failover.required(GROUPS, "ReplicationGroup.AutomaticFailover")? {
        Failover::Enabled => Ok(Verdict::satisfied("automatic failover is enabled")),
        Failover::Disabled => Ok(Verdict::not_satisfied("automatic failover is disabled", EXPECTED)),
        Failover::Enabling => Err(Gap::changing("automatic failover is being enabled")),
        Failover::Disabling => Err(Gap::changing("automatic failover is being disabled")),
    }
}

/// Where a member of a node group stands.
enum Place<'a> {
    /// In this zone of the group's own Region.
    Zone(&'a str),
    /// Nowhere that counts: in another Region, or it is going or broken.
    Nowhere,
    /// It is not known yet.
    Open(Gap),
}

/// The zone that the node group says, or else the one that the cluster itself says.
fn place<'a>(node: &'a Node, cache: &'a Cache, region: &str) -> Place<'a> {
    let members = cache.members.required(CLUSTERS, "CacheClusters");
    let member = members.as_ref().ok().and_then(|members| members.iter().find(|member| member.id == node.cluster));
    if let Some(member) = member
        && let Observed::Present(status) = &member.status
    {
        match status.as_str() {
            "deleting" | "deleted" | "incompatible-network" | "restore-failed" => return Place::Nowhere,
            "creating" => return Place::Open(Gap::changing(format!("the member {} is {status}", node.cluster))),
            _ => {}
        }
    }
    let known = |zone: &'a str| if zone.starts_with(region) { Place::Zone(zone) } else { Place::Nowhere };
    let unread = match node.zone.seen() {
        Ok(Some(zone)) => return known(zone),
        Ok(None) => None,
        Err(gap) => Some(gap),
    };
    match (member.map(|member| member.zone.seen()), members.as_ref().err()) {
        (Some(Ok(Some(zone))), _) => known(zone),
        (Some(Err(gap)), _) => Place::Open(gap),
        (_, Some(gap)) => Place::Open(gap.clone()),
        (Some(Ok(None)) | None, None) => {
            Place::Open(unread.unwrap_or_else(|| {
                Gap::undecided(format!("neither call tells the zone of the member {}", node.cluster))
            }))
        }
    }
}

fn shard(shard: &Shard, cache: &Cache, region: &str) -> Judgement {
    let (mut zones, mut here, mut open, mut gap) = (BTreeSet::new(), 0, 0, None);
    for node in &shard.nodes {
        match place(node, cache, region) {
            Place::Zone(zone) => {
                here += 1;
                zones.insert(zone);
            }
            Place::Nowhere => {}
            Place::Open(found) => {
                open += 1;
                gap.get_or_insert(found);
            }
        }
    }
    let named = zones.iter().copied().collect::<Vec<_>>().join(", ");
    if zones.len() >= 2 {
        return Ok(Verdict::satisfied(format!("node group {} has members in {named}", shard.id)));
    }
    if let Some(gap) = gap.filter(|_| zones.len() + open >= 2) {
        return Err(gap);
    }
    let observed = match here {
        0 => format!("node group {} has no member in {region} that can serve", shard.id),
        1 => format!("node group {} has a single member, in {named}", shard.id),
        count => format!("all {count} members of node group {} stand in {named}", shard.id),
    };
    Ok(Verdict::not_satisfied(observed, EXPECTED))
}

/// A serverless cache stands in the zones of its subnets.
fn subnets(cache: &Serverless, context: &Context<'_>) -> Judgement {
    let (mut zones, mut gap) = (BTreeSet::new(), None);
    let subnets = super::network::subnets(cache)?;
    for id in subnets {
        let zone = ec2::subnet(context.evidence, id)
            .and_then(|(_, subnet)| subnet.zone.required("DescribeSubnets", "Subnet.AvailabilityZone"));
        match zone {
            Ok(zone) => drop(zones.insert(zone.as_str())),
            Err(found) => {
                gap.get_or_insert(found);
            }
        }
    }
    let named = zones.iter().copied().collect::<Vec<_>>().join(", ");
    match gap {
        _ if zones.len() >= 2 => Ok(Verdict::satisfied(format!("the serverless cache has subnets in {named}"))),
        Some(gap) if subnets.len() >= 2 => Err(gap),
        Some(_) => Ok(Verdict::not_satisfied("the serverless cache has a single subnet", SUBNETS)),
        None if zones.is_empty() => {
            Err(Gap::Incomplete { operation: SERVERLESS.into(), field: "ServerlessCache.SubnetIds".into() })
        }
        None => Ok(Verdict::not_satisfied(format!("all subnets of the serverless cache are in {named}"), SUBNETS)),
    }
}

#[cfg(test)]
mod tests;
