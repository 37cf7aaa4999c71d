//! Open rules: what security groups let in from everywhere, and let out to everywhere.

use serde::Deserialize;

use crate::check::{Context, NoParams};
use crate::ec2::tiers;
use crate::ec2::{Cidr, GroupDescription, Peer, Rule, SecurityGroup, Traffic, Vpc, listed, merged};
use crate::evidence::Evidence;
use crate::observed::Gap;
use crate::verdict::{Judgement, Verdict, either, every};

pub(super) const DESCRIBE: &str = "DescribeSecurityGroups";
pub(super) const INTERFACES: &str = "DescribeNetworkInterfaces";
const ENTRIES: &str = "GetManagedPrefixListEntries";

/// Which way a rule lets traffic through.
#[derive(Clone, Copy)]
pub(super) enum Direction {
    In,
    Out,
}

impl Direction {
    /// A rule in words, such as `tcp 22 from 0.0.0.0/0`.
    pub(super) fn describe(self, rule: &Rule) -> String {
        match self {
            Direction::In => format!("{} from {}", rule.traffic, rule.peer),
            Direction::Out => format!("{} to {}", rule.traffic, rule.peer),
        }
    }

    fn rules(self, description: &GroupDescription) -> Result<&[Rule], Gap> {
        match self {
            Direction::In => description.ingress.required(DESCRIBE, "SecurityGroup.IpPermissions"),
            Direction::Out => description.egress.required(DESCRIBE, "SecurityGroup.IpPermissionsEgress"),
        }
        .map(Vec::as_slice)
    }
}

/// What DescribeSecurityGroups answers of the group.
pub(super) fn description(group: &SecurityGroup) -> Result<&GroupDescription, Gap> {
    group.description.required(DESCRIBE, "SecurityGroups")
}

/// What the group lets in.
pub(super) fn ingress(group: &SecurityGroup) -> Result<&[Rule], Gap> {
    Direction::In.rules(description(group)?)
}

/// The addresses at the other end of a rule; none where it is a group.
pub(super) fn ranges<'a>(group: &'a SecurityGroup, peer: &'a Peer) -> Result<&'a [Cidr], Gap> {
    match peer {
        Peer::Range(range) => Ok(std::slice::from_ref(range)),
        Peer::PrefixList(id) => match group.prefix_lists.get(id) {
            Some(entries) => entries.required(ENTRIES, "Entries").map(Vec::as_slice),
            None => Err(Gap::undecided(format!("the entries of prefix list {id} were not read"))),
        },
        Peer::Group(_) => Ok(&[]),
    }
}

/// A rule whose other end is open.
struct Open<'a> {
    rule: &'a Rule,
    /// The open range: the rule's own, one of its prefix list, or what rules of the group add up to.
    through: Cidr,
}

impl Open<'_> {
    fn describe(&self, direction: Direction) -> String {
        let rule = direction.describe(self.rule);
        match &self.rule.peer {
            Peer::Range(range) if *range == self.through => rule,
            Peer::Range(_) => format!("{rule}, which other rules complete to {}", self.through),
            Peer::PrefixList(_) | Peer::Group(_) => format!("{rule} ({})", self.through),
        }
    }
}

/// The open rules of a group in one direction. Ranges that lie side by side add up, where other rules let the same
/// traffic through. A prefix list that could not be read may be open: its gap stands beside the rules that are.
fn open_rules(group: &SecurityGroup, direction: Direction) -> Result<(Vec<Open<'_>>, Option<Gap>), Gap> {
    let public = |rule: &'_ Rule| -> Result<Vec<Cidr>, Gap> {
        Ok(ranges(group, &rule.peer)?.iter().copied().filter(|range| !range.is_private()).collect())
    };
    let (mut read, mut gap) = (Vec::new(), None);
    for rule in direction.rules(description(group)?)? {
        match public(rule) {
            Ok(own) => read.push((rule, own)),
            Err(found) => {
                gap.get_or_insert(found);
            }
        }
    }
    let mut open = Vec::new();
    for (rule, own) in &read {
        let beside = read.iter().filter(|(other, _)| other.traffic.covers(rule.traffic));
        let together = merged(beside.flat_map(|(_, ranges)| ranges.iter().copied()));
        let through = together.into_iter().find(|range| range.is_open() && own.iter().any(|one| range.contains(*one)));
        // A rule that is open by itself is shown by its own range.
        let alone = own.iter().copied().find(|range| range.is_open());
        open.extend(alone.or(through).map(|through| Open { rule, through }));
    }
    Ok((open, gap))
}

/// What holds the group, in words. A service whose tasks do not run just now, or a store that is being made, names the
/// group and will hold it.
fn holders(id: &str, group: &SecurityGroup, evidence: &Evidence) -> Result<Vec<String>, Gap> {
    let interfaces = group.interfaces.required(INTERFACES, "NetworkInterfaces")?;
    if interfaces.is_empty() {
        return Ok(tiers::holding(id, group, evidence)?.into_iter().collect());
    }
    Ok(interfaces.iter().map(ToString::to_string).collect())
}

/// The VPC's default group has a requirement of its own; no other group may have its name.
fn is_default(group: &SecurityGroup) -> Result<bool, Gap> {
    Ok(description(group)?.name.required(DESCRIBE, "SecurityGroup.GroupName")? == "default")
}

const DEFAULT: &str = "it is the default group of its VPC; see sg-default-closed";

/// Parameters of `sg-no-open-ingress`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ingress {
    public_ports: Vec<u16>,
}

impl Ingress {
    fn lets_through(&self, traffic: Traffic) -> bool {
        match traffic {
            Traffic::Tcp(ports) => (ports.first..=ports.last).all(|port| self.public_ports.contains(&port)),
            Traffic::All | Traffic::Udp(_) | Traffic::Icmp | Traffic::Icmpv6 | Traffic::Protocol(_) => false,
        }
    }
}

const CLOSED: &str = "no ingress from ranges wider than an IPv4 /8 or an IPv6 /32, except to the public ports of an internet-facing load balancer";

/// A group that nothing holds lets nothing in. Groups of tasks and of data stores let in no open source at all; others
/// may do so on public ports, where an internet-facing load balancer holds them.
pub(super) fn no_open_ingress(group: &SecurityGroup, params: &Ingress, context: &Context<'_>) -> Judgement {
    if is_default(group)? {
        return Ok(Verdict::not_applicable(DEFAULT));
    }
    let group_id = &context.subject.id;
    let holders = holders(group_id, group, context.evidence);
    let (open, gap) = open_rules(group, Direction::In)?;
    if let Some(verdict) = not_in_force(&holders, open.iter().map(|open| open.describe(Direction::In))) {
        return Ok(verdict);
    }
    let parts = open.iter().map(|open| {
        let holders = holders.clone()?;
        let observed = format!("it lets in {}, which exposes {}", open.describe(Direction::In), listed(&holders));
        if !params.lets_through(open.rule.traffic) {
            return Ok(Verdict::not_satisfied(observed, CLOSED));
        }
        match tiers::holding(group_id, group, context.evidence)? {
            Some(held) => Ok(Verdict::not_satisfied(format!("{observed}; {held} holds it"), CLOSED)),
            None => match tiers::internet_facing(group_id, group, context.evidence)? {
                Some(balancer) => Ok(for_balancer(open, &balancer, &holders)),
                None => {
                    Ok(Verdict::not_satisfied(format!("{observed}; no internet-facing load balancer holds it"), CLOSED))
                }
            },
        }
    });
    every(parts.chain(gap.map(Err)), || Ok(Verdict::satisfied("it lets in nothing from an open source")))
}

/// A public port of an internet-facing load balancer; whatever else holds the group answers on it too.
fn for_balancer(open: &Open<'_>, balancer: &str, holders: &[String]) -> Verdict {
    let rule = open.describe(Direction::In);
    let verdict = Verdict::satisfied(format!("it lets in {rule} for internet-facing load balancer {balancer}"));
    // ELB writes its name on the interfaces that it makes.
    let others: Vec<&String> = holders.iter().filter(|holder| !holder.contains("(ELB ")).collect();
    if others.is_empty() {
        return verdict;
    }
    verdict.noting(format!("the same holds for what is not the load balancer's: {}", listed(&others)))
}

/// A group that no interface holds is not in force, whatever its rules say.
fn not_in_force(holders: &Result<Vec<String>, Gap>, open: impl Iterator<Item = String>) -> Option<Verdict> {
    let Ok(holders) = holders else { return None };
    if !holders.is_empty() {
        return None;
    }
    let verdict = Verdict::satisfied("nothing holds it, so it is in force nowhere");
    let open: Vec<String> = open.collect();
    Some(if open.is_empty() { verdict } else { verdict.noting(format!("it has open rules: {}", listed(&open))) })
}

/// Parameters of `sg-egress-restricted`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Egress {
    allow_443_anywhere: bool,
}

const KEPT_IN: &str = "no egress to ranges wider than an IPv4 /8 or an IPv6 /32";
const KEPT_IN_BUT_443: &str =
    "no egress to ranges wider than an IPv4 /8 or an IPv6 /32, except tcp 443 where no data store holds the group";

/// Without egress rules nothing leaves. EC2 adds a rule that lets everything out where a template names none.
pub(super) fn egress_restricted(group: &SecurityGroup, params: &Egress, context: &Context<'_>) -> Judgement {
    if is_default(group)? {
        return Ok(Verdict::not_applicable(DEFAULT));
    }
    let holders = holders(&context.subject.id, group, context.evidence);
    let (open, gap) = open_rules(group, Direction::Out)?;
    if let Some(verdict) = not_in_force(&holders, open.iter().map(|open| open.describe(Direction::Out))) {
        return Ok(verdict);
    }
    let expected = if params.allow_443_anywhere { KEPT_IN_BUT_443 } else { KEPT_IN };
    let parts = open.iter().map(|open| {
        let holders = holders.clone()?;
        let rule = open.describe(Direction::Out);
        let fails = |why: &str| {
            Ok(Verdict::not_satisfied(format!("it lets out {rule}{why}, for {}", listed(&holders)), expected))
        };
        if open.rule.traffic == Traffic::All && open.through.is_everything() && open.through.is_ipv4() {
            return fails(", the rule that EC2 adds where none is named");
        }
        if !(params.allow_443_anywhere && open.rule.traffic == Traffic::tcp(443)) {
            return fails("");
        }
        match tiers::store_holding(&context.subject.id, group, context.evidence)? {
            Some(held) => fails(&format!(", and {held} holds it")),
            None => Ok(Verdict::satisfied(format!("it lets out {rule}"))),
        }
    });
    every(parts.chain(gap.map(Err)), || Ok(no_open_egress(group)))
}

/// Says of a group without open egress rules what it lets out.
fn no_open_egress(group: &SecurityGroup) -> Verdict {
    let verdict = Verdict::satisfied("it lets out nothing to an open destination");
    let Ok(rules) = description(group).and_then(|description| Direction::Out.rules(description)) else {
        return verdict;
    };
    if rules.is_empty() {
        return verdict.noting("it has no egress rule");
    }
    // A rule to the own host is how templates say that nothing may leave, because no rule at all means everything.
    let is_nowhere = |rule: &&Rule| matches!(&rule.peer, Peer::Range(range) if range.is_loopback());
    let leaving: Vec<String> =
        rules.iter().filter(|rule| !is_nowhere(rule)).map(|rule| Direction::Out.describe(rule)).collect();
    if leaving.is_empty() {
        return verdict.noting("its only rule leads to the own host, which is nowhere");
    }
    verdict.noting(format!("it lets out {}", listed(&leaving)))
}

const DEFAULT_CLOSED: &str = "a default group without rules, or one that no network interface holds";

/// CloudFormation cannot take the rules out of a VPC's default group, so that nothing holds it is as good.
pub(super) fn default_closed(vpc: &Vpc, _: &NoParams, context: &Context<'_>) -> Judgement {
    let id = vpc.default_group.required(DESCRIBE, "SecurityGroups")?;
    let group = tiers::group(id, context.evidence)?;
    let rules = description(group).and_then(|description| {
        let (ingress, egress) = (Direction::In.rules(description)?, Direction::Out.rules(description)?);
        let ingress = ingress.iter().map(|rule| Direction::In.describe(rule));
        Ok(ingress.chain(egress.iter().map(|rule| Direction::Out.describe(rule))).collect::<Vec<_>>())
    });
    let closed = rules.map(|rules| {
        if rules.is_empty() {
            Verdict::satisfied(format!("the default group {id} has no rules"))
        } else {
            Verdict::not_satisfied(format!("the default group {id} lets through {}", listed(&rules)), DEFAULT_CLOSED)
        }
    });
    either(closed, || {
        let holders = group.interfaces.required(INTERFACES, "NetworkInterfaces")?;
        let holders: Vec<String> = holders.iter().map(ToString::to_string).collect();
        Ok(if holders.is_empty() {
            Verdict::satisfied("no network interface holds it")
        } else {
            Verdict::not_satisfied(format!("held by {}", listed(&holders)), DEFAULT_CLOSED)
        })
    })
}

/// What it means that no VPC of the stack's own was found.
pub(super) fn no_own_vpc(evidence: &Evidence) -> Judgement {
    if evidence.all::<Vpc>().next().is_none() {
        return Err(Gap::NothingToAudit { kind: "AWS::EC2::VPC".into() });
    }
    Ok(Verdict::not_applicable("the VPC is not the stack's own"))
}

#[cfg(test)]
mod tests;
