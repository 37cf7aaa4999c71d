//! Where the file system can be mounted from: in which zones, and from which networks.

use std::collections::BTreeSet;

use super::settled;
use super::{FileSystem, LifeCycle, MountTarget};
use crate::check::{Context, NoParams};
use crate::ec2::{self, Reach};
use crate::ecs::mounts::mounts;
use crate::observed::{Gap, Observed};
use crate::verdict::{Judgement, Verdict, every, nothing_to_judge};

const TARGETS: &str = "DescribeMountTargets";
const EXPECTED: &str = "available mount targets in at least two availability zones, all in private subnets, and one in each \
                        zone of a service that mounts the file system";

/// A One Zone file system fails whatever its mount target is; an empty list of mount targets fails too.
pub(super) fn private_multi_az(file_system: &FileSystem, _: &NoParams, context: &Context<'_>) -> Judgement {
    let description = settled(file_system)?;
    let spread = description.one_zone.seen().map(|zone| match zone {
        Some(zone) => Verdict::not_satisfied(format!("the file system is stored in one zone only, {zone}"), EXPECTED),
        None => Verdict::satisfied("it is stored in several zones"),
    });
    let targets = match file_system.mount_targets.required(TARGETS, "MountTargets") {
        Ok(targets) => targets,
        Err(gap) => return every([spread, Err(gap)], nothing_to_judge),
    };
    let present: Vec<&MountTarget> = targets
        .iter()
        .filter(|target| !matches!(target.state.seen(), Ok(Some(LifeCycle::Deleting | LifeCycle::Deleted))))
        .collect();
    let mut parts = vec![spread, zones(&present)];
    parts.extend(present.iter().map(|target| private(target, context)));
    parts.push(served(&present, context));
    every(parts, nothing_to_judge)
}

/// What is known of the zones of mount targets that work, and of those that may come to.
struct Zones<'a> {
    working: BTreeSet<&'a str>,
    hoped: BTreeSet<&'a str>,
    anywhere: usize,
    gap: Option<Gap>,
}

impl<'a> Zones<'a> {
    fn of(targets: impl IntoIterator<Item = &'a MountTarget>) -> Self {
        let mut zones = Zones { working: BTreeSet::new(), hoped: BTreeSet::new(), anywhere: 0, gap: None };
        for target in targets {
            let works = works(target);
            match (target.zone.required(TARGETS, "MountTarget.AvailabilityZoneId"), works) {
                (Ok(zone), Ok(true)) => drop(zones.working.insert(zone)),
                (Ok(_), Ok(false)) | (Err(_), Ok(false)) => {}
                (Ok(zone), Err(gap)) => {
                    zones.hoped.insert(zone);
                    zones.gap.get_or_insert(gap);
                }
                (Err(gap), Ok(true)) | (Err(_), Err(gap)) => {
                    zones.anywhere += 1;
                    zones.gap.get_or_insert(gap);
                }
            }
        }
        zones
    }
}

/// Whether a mount target takes clients.
fn works(target: &MountTarget) -> Result<bool, Gap> {
    let state = *target.state.required(TARGETS, "MountTarget.LifeCycleState")?;
    match state {
        LifeCycle::Available => Ok(true),
        LifeCycle::Creating | LifeCycle::Updating => {
            Err(Gap::changing(format!("mount target {} is {}", target.id, state.name())))
        }
        LifeCycle::Deleting | LifeCycle::Deleted | LifeCycle::Error => Ok(false),
    }
}

fn zones(targets: &[&MountTarget]) -> Judgement {
    let zones = Zones::of(targets.iter().copied());
    let named = zones.working.iter().copied().collect::<Vec<_>>().join(", ");
    if zones.working.len() >= 2 {
        return Ok(Verdict::satisfied(format!("mount targets are available in {named}")));
    }
    let possible = zones.working.union(&zones.hoped).count() + zones.anywhere >= 2;
    match zones.gap.filter(|_| possible) {
        Some(gap) => Err(gap),
        None if named.is_empty() => Ok(Verdict::not_satisfied("no mount target is available", EXPECTED)),
        None => Ok(Verdict::not_satisfied(format!("mount targets are available in {named} only"), EXPECTED)),
    }
}

fn private(target: &MountTarget, context: &Context<'_>) -> Judgement {
    Ok(match ec2::reach(context.evidence, &target.subnet)? {
        Reach::Private => Verdict::satisfied(format!("{} is in the private subnet {}", target.id, target.subnet)),
        Reach::Public { route } => Verdict::not_satisfied(
            format!("{} is in the public subnet {}: {route}", target.id, target.subnet),
            EXPECTED,
        ),
    })
}

/// Each zone that tasks of a service may start in needs a mount target of the same VPC; where no service mounts the file
/// system there is none to serve.
fn served(targets: &[&MountTarget], context: &Context<'_>) -> Judgement {
    let mounts = mounts(context.subject, context.evidence);
    let mut parts: Vec<Judgement> = mounts.gap.map(Err).into_iter().collect();
    for service in mounts.services {
        for id in service.subnets {
            parts.push(has_target(service.name, id, targets, context));
        }
    }
    every(parts, || Ok(Verdict::not_applicable("no service that was seen mounts the file system")))
}

/// Whether tasks of the service that start in this subnet find a mount target in its zone and VPC.
fn has_target(service: &str, subnet: &str, targets: &[&MountTarget], context: &Context<'_>) -> Judgement {
    let (vpc, subnet) = ec2::subnet(context.evidence, subnet)?;
    let zone = subnet.zone_id.required("DescribeSubnets", "Subnet.AvailabilityZoneId")?.as_str();
    let in_vpc = |target: &&MountTarget| target.vpc == Observed::Present(vpc.id.clone());
    let zones = Zones::of(targets.iter().copied().filter(in_vpc));
    let astray = targets.iter().find_map(|target| target.vpc.required(TARGETS, "MountTarget.VpcId").err());
    if zones.working.contains(zone) {
        return Ok(Verdict::satisfied(format!("{zone} of service {service} has one")));
    }
    match zones.gap.filter(|_| zones.hoped.contains(zone) || zones.anywhere > 0).or(astray) {
        Some(gap) => Err(gap),
        None => Ok(Verdict::not_satisfied(
            format!("service {service} may start tasks in {zone}, where its VPC has no available mount target"),
            EXPECTED,
        )),
    }
}

#[cfg(test)]
mod tests;
