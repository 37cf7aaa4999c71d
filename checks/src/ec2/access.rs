//! Who reaches data stores and tasks: what the security groups on each let in, compared with whom it serves.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::check::Context;
use crate::cloudformation;
use crate::ec2::exposure::{Direction, INTERFACES, ingress, ranges};
use crate::ec2::tiers::{self, Guarded};
use crate::ec2::{Cidr, GroupPair, InterfaceKind, Peer, Ports, Rule, SecurityGroup, Traffic, Vpc, listed, subnet};
use crate::ecs;
use crate::evidence::Evidence;
use crate::observed::{Gap, Observed};
use crate::s3::Switch;
use crate::subject::Kind;
use crate::verdict::{Judgement, Verdict, every};

/// A source that the settings let in beside the usual ones.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
enum Source {
    Range(Cidr),
    Group(String),
    PrefixList(String),
}

impl TryFrom<String> for Source {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.starts_with("sg-") {
            Ok(Source::Group(text))
        } else if text.starts_with("pl-") {
            Ok(Source::PrefixList(text))
        } else {
            text.parse().map(Source::Range).map_err(|error| format!("{error}, and no group or prefix list"))
        }
    }
}

/// What may be let in, and why; the notes say what a reader should know where it is.
#[derive(Default)]
struct Allowed {
    traffic: Vec<Traffic>,
    groups: BTreeMap<String, Option<String>>,
    ranges: Vec<(Cidr, Option<String>)>,
    lists: Vec<String>,
    /// What kept further groups from being known: a group that is not among these may be one of them.
    gap: Option<Gap>,
    /// What kept further ranges from being known: a private one that is not among these may be one of them.
    range_gap: Option<Gap>,
    /// The groups of which it could not be read what holds them.
    unread: BTreeMap<String, Gap>,
    expected: String,
}

impl Allowed {
    fn add(&mut self, sources: &[Source]) {
        for source in sources {
            match source {
                Source::Range(range) => self.ranges.push((*range, None)),
                Source::Group(id) => drop(self.groups.insert(id.clone(), None)),
                Source::PrefixList(id) => self.lists.push(id.clone()),
            }
        }
    }

    /// A range of ports is let through where each of its ports is; a wider one is not.
    fn lets_through(&self, traffic: Traffic) -> bool {
        let each = |ports: Ports, of: fn(Ports) -> Traffic| {
            (ports.first..=ports.last)
                .all(|port| self.traffic.iter().any(|allowed| allowed.covers(of(Ports::one(port)))))
        };
        match traffic {
            Traffic::Tcp(ports) => each(ports, Traffic::Tcp),
            Traffic::Udp(ports) => each(ports, Traffic::Udp),
            Traffic::All | Traffic::Icmp | Traffic::Icmpv6 | Traffic::Protocol(_) => false,
        }
    }
}

/// Judges one rule of a group: its traffic, and then where from.
fn rule(id: &str, group: &SecurityGroup, rule: &Rule, allowed: &Allowed, account: &str) -> Judgement {
    let admits = format!("security group {id} lets in {}", Direction::In.describe(rule));
    let fails = |why: String| Ok(Verdict::not_satisfied(format!("{admits}, {why}"), allowed.expected.clone()));
    let source = match &rule.peer {
        Peer::Group(pair) => of_group(pair, allowed, account),
        Peer::Range(range) => of_range(*range, allowed),
        Peer::PrefixList(list) if allowed.lists.contains(list) => Ok(Admitted::Yes(None)),
        Peer::PrefixList(_) => ranges(group, &rule.peer).and_then(|entries| of_list(entries, allowed)),
    };
    let traffic = if allowed.lets_through(rule.traffic) {
        Ok(Verdict::satisfied(admits.clone()))
    } else {
        fails("which is more than it listens on".into())
    };
    let source = source.and_then(|source| match source {
        Admitted::Yes(None) => Ok(Verdict::satisfied(admits.clone())),
        Admitted::Yes(Some(note)) => Ok(Verdict::satisfied(admits.clone()).noting(note)),
        Admitted::No(why) => fails(why),
    });
    every([traffic, source], || Err(Gap::undecided("nothing of the rule was looked at")))
}

enum Admitted {
    /// It may come in, with a remark.
    Yes(Option<String>),
    /// It may not, for this reason.
    No(String),
}

fn of_group(pair: &GroupPair, allowed: &Allowed, account: &str) -> Result<Admitted, Gap> {
    if let Some(note) = allowed.groups.get(&pair.group) {
        return Ok(Admitted::Yes(note.clone()));
    }
    if let Some(owner) = pair.owner.as_deref().filter(|owner| *owner != account) {
        return Ok(Admitted::No(format!("a group of account {owner}")));
    }
    if let Some(peering) = &pair.peering {
        return Ok(Admitted::No(format!("a group of another VPC behind {peering}")));
    }
    match allowed.unread.get(&pair.group).or(allowed.gap.as_ref()) {
        Some(gap) => Err(gap.clone()),
        None => Ok(Admitted::No("a group that is not meant to come in".into())),
    }
}

fn of_range(range: Cidr, allowed: &Allowed) -> Result<Admitted, Gap> {
    if let Some((_, note)) = allowed.ranges.iter().find(|(wide, _)| wide.contains(range)) {
        return Ok(Admitted::Yes(note.clone()));
    }
    if range.is_everything() {
        return Ok(Admitted::No("which is everybody".into()));
    }
    if !range.is_private() {
        return Ok(Admitted::No("addresses of the internet".into()));
    }
    match &allowed.range_gap {
        Some(gap) => Err(gap.clone()),
        None => Ok(Admitted::No("whatever else has an address there".into())),
    }
}

/// A list is let in where each of its entries is.
fn of_list(entries: &[Cidr], allowed: &Allowed) -> Result<Admitted, Gap> {
    let mut gap = None;
    for range in entries {
        match of_range(*range, allowed) {
            Ok(Admitted::Yes(_)) => {}
            Ok(Admitted::No(_)) => {
                return Ok(Admitted::No(format!("which holds {range} and is no source that is meant to come in")));
            }
            Err(found) => {
                gap.get_or_insert(found);
            }
        }
    }
    gap.map_or(Ok(Admitted::Yes(None)), Err)
}

/// Judges each rule of each group in force on a resource: what several groups let in adds up.
fn rules(guarded: &Guarded, allowed: &Allowed, evidence: &Evidence) -> Vec<Judgement> {
    let mut parts = Vec::new();
    for id in &guarded.groups {
        match tiers::group(id, evidence).and_then(|group| Ok((group, ingress(group)?))) {
            Ok((group, rules)) => {
                parts.extend(rules.iter().map(|one| rule(id, group, one, allowed, &evidence.run.account)));
            }
            Err(gap) => parts.push(Err(gap)),
        }
    }
    parts
}

fn listens(guarded: &Guarded) -> String {
    if guarded.listens.is_empty() {
        return "no port, because no container names one,".to_owned();
    }
    listed(guarded.listens.iter().map(ToString::to_string).collect::<std::collections::BTreeSet<_>>())
}

/// Parameters of `sg-data-tier-from-app-only`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DataTier {
    extra_sources: Vec<Source>,
    allow_vpc_cidr: bool,
}

/// A data store is for the tasks of the services, on its own port, and for nobody else in the network.
pub(super) fn data_tier(params: &DataTier, context: &Context<'_>) -> Judgement {
    let evidence = context.evidence;
    let Some(guarded) = tiers::store(context.subject, evidence)? else {
        return Ok(Verdict::not_applicable("it has no mount target, so nothing reaches it"));
    };
    let tasks = tiers::task_groups(evidence);
    let mut allowed = Allowed {
        expected: format!(
            "ingress of {} alone, from the security groups of the ECS tasks ({}) or from extra_sources",
            listens(&guarded),
            if tasks.known.is_empty() { "none known".to_owned() } else { listed(&tasks.known) }
        ),
        traffic: guarded.listens.clone(),
        gap: tasks.gap.clone().or_else(|| unlisted_services(evidence)),
        ..Allowed::default()
    };
    for id in &guarded.groups {
        let note = format!("group {id} lets itself in, so that its data nodes reach one another");
        allowed.groups.insert(id.clone(), Some(note));
    }
    allowed.groups.extend(tasks.known.iter().map(|id| (id.clone(), None)));
    allowed.add(&params.extra_sources);
    if params.allow_vpc_cidr {
        allowed.ranges.extend(vpc_blocks(&guarded, evidence, "allow_vpc_cidr")?);
    }
    let shared = guarded.groups.intersection(&tasks.known).map(|id| {
        let observed =
            format!("security group {id} is on the data store and on the tasks, which leaves no border between them");
        Ok(Verdict::not_satisfied(observed, allowed.expected.clone()))
    });
    // A service that could not be read may share a group with the store.
    let unknown = allowed.gap.clone().map(Err);
    let parts: Vec<Judgement> = rules(&guarded, &allowed, evidence).into_iter().chain(shared).chain(unknown).collect();
    every(parts, || {
        let observed = format!("{} lets in nothing", listed(&guarded.groups));
        Ok(Verdict::satisfied(observed).noting("nobody can connect"))
    })
}

/// Why there may be services that nothing was seen of; `None` where the stack's listing shows none.
fn unlisted_services(evidence: &Evidence) -> Option<Gap> {
    if evidence.of_kind(Kind::Service).next().is_some() {
        return None;
    }
    cloudformation::holds_none(evidence, Kind::Service).err()
}

/// What it means that no service was found.
pub(super) fn no_service(evidence: &Evidence) -> Judgement {
    cloudformation::holds_none(evidence, Kind::Service)?;
    Ok(Verdict::not_applicable("there is no ECS service; see ecs-service-fargate"))
}

/// What it means that there is no data store of a kind.
pub(super) fn no_store(evidence: &Evidence) -> Judgement {
    for kind in tiers::STORES {
        if evidence.of_kind(kind).next().is_none() {
            cloudformation::holds_none(evidence, kind)?;
        }
    }
    Ok(Verdict::not_applicable("there is no data store of this kind; its own requirements say whether there should be"))
}

/// The blocks of the VPCs that the groups belong to.
fn vpc_blocks(guarded: &Guarded, evidence: &Evidence, by: &str) -> Result<Vec<(Cidr, Option<String>)>, Gap> {
    let mut blocks = Vec::new();
    for id in &guarded.groups {
        let described = crate::ec2::exposure::description(tiers::group(id, evidence)?)?;
        let vpc = described.vpc.required(crate::ec2::exposure::DESCRIBE, "SecurityGroup.VpcId")?;
        let found = evidence.all::<Vpc>().find(|(subject, _)| subject.id == *vpc);
        let (_, seen) = found.ok_or_else(|| Gap::undecided(format!("nothing was seen of VPC {vpc}")))?;
        let described = seen.description.required("DescribeVpcs", "Vpcs")?;
        let note = format!("{by} lets in whatever has an address of VPC {vpc}");
        let ranges = described.blocks.required("DescribeVpcs", "Vpc.CidrBlockAssociationSet")?;
        blocks.extend(ranges.iter().map(|range| (*range, Some(note.clone()))));
    }
    Ok(blocks)
}

/// Parameters of `sg-app-tier-ingress`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AppTier {
    extra_sources: Vec<Source>,
    allow_vpc_cidr_for_nlb: bool,
}

/// Tasks are for what stands in front of their service, and for each other. A network load balancer without groups of its
/// own cannot be named by group, and what comes through PrivateLink arrives with its addresses: then a range is the only way.
pub(super) fn app_tier(service: &ecs::Service, params: &AppTier, context: &Context<'_>) -> Judgement {
    let evidence = context.evidence;
    let Some(served) = tiers::service(service, evidence)? else {
        return Ok(Verdict::not_applicable("the service is deleted; see ecs-service-fargate"));
    };
    let guarded = &served.guarded;
    let mut allowed = Allowed { traffic: guarded.listens.clone(), ..Allowed::default() };
    allowed.groups.extend(guarded.groups.iter().map(|id| (id.clone(), None)));
    allowed.add(&params.extra_sources);
    let mut in_front = Vec::new();
    match tiers::fronts(&served.target_groups, evidence) {
        Ok(fronts) => {
            for front in fronts {
                let admitted = front_admitted(&front, guarded, params, &mut allowed, evidence);
                allowed.range_gap = allowed.range_gap.or(admitted.err());
                in_front.push(front.name);
            }
        }
        Err(gap) => (allowed.gap, allowed.range_gap) = (Some(gap.clone()), Some(gap)),
    }
    admit_links(&mut allowed, evidence);
    allowed.expected = format!(
        "ingress of {} alone, from {} or from extra_sources",
        listens(guarded),
        if in_front.is_empty() {
            "the tasks themselves".to_owned()
        } else {
            format!("what is in front of the service ({}), from the tasks themselves", listed(&in_front))
        }
    );
    every(rules(guarded, &allowed, evidence), || {
        Ok(Verdict::not_applicable(format!("{} lets in nothing, as for a worker", listed(&guarded.groups))))
    })
}

/// Lets a load balancer in: by its groups, or where it has none by its addresses.
fn front_admitted(
    front: &tiers::Front<'_>,
    guarded: &Guarded,
    params: &AppTier,
    allowed: &mut Allowed,
    evidence: &Evidence,
) -> Result<(), Gap> {
    // What its groups let in through PrivateLink does not matter to the tasks; who reads of them should know.
    let note = (*front.private_link_rules == Observed::Present(Switch::Off)).then(|| {
        format!("the groups of {} do not judge what comes to it through PrivateLink, as from a VPC link", front.name)
    });
    allowed.groups.extend(front.groups.iter().map(|id| (id.clone(), note.clone())));
    if front.groups.is_empty() {
        allowed.ranges.extend(of_subnets(front, evidence)?);
        if params.allow_vpc_cidr_for_nlb {
            allowed.ranges.extend(vpc_blocks(guarded, evidence, "allow_vpc_cidr_for_nlb")?);
        }
    }
    Ok(())
}

fn of_subnets(front: &tiers::Front<'_>, evidence: &Evidence) -> Result<Vec<(Cidr, Option<String>)>, Gap> {
    let mut blocks = Vec::new();
    for id in &front.subnets {
        let (_, subnet) = subnet(evidence, id)?;
        let own = subnet.block.seen()?.copied();
        let ipv6 = subnet.ipv6_blocks.required("DescribeSubnets", "Subnet.Ipv6CidrBlockAssociationSet")?;
        let note = format!("{} has no security group, so its subnets are let in", front.name);
        blocks.extend(own.into_iter().chain(ipv6.iter().copied()).map(|block| (block, Some(note.clone()))));
    }
    Ok(blocks)
}

/// Lets in the groups that only VPC links of API Gateway hold.
fn admit_links(allowed: &mut Allowed, evidence: &Evidence) {
    for (subject, group) in evidence.all::<SecurityGroup>() {
        let is_link = group.interfaces.required(INTERFACES, "NetworkInterfaces").and_then(|interfaces| {
            for interface in interfaces {
                let kind = interface.kind.required(INTERFACES, "NetworkInterface.InterfaceType")?;
                if *kind != InterfaceKind::VpcLink {
                    return Ok(false);
                }
            }
            Ok(!interfaces.is_empty())
        });
        match is_link {
            Ok(true) => {
                let note = format!("group {} is that of a VPC link", subject.id);
                allowed.groups.entry(subject.id.clone()).or_insert(Some(note));
            }
            Ok(false) => {}
            Err(gap) => drop(allowed.unread.insert(subject.id.clone(), gap)),
        }
    }
}

#[cfg(test)]
mod tests;
