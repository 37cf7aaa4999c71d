//! Where tasks stand in the network: their subnets, their addresses, their zones.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv6Addr};

use crate::check::{Context, NoParams};
use crate::ec2::{self, Cidr, Destination, Hop, Reach, RouteState, Vpc};
use crate::ecs::running::{described, of_active, short, status, tasks_of, tasks_outside};
use crate::ecs::{Cluster, DeploymentStatus, Description, Interface, Network, SERVICES, Service, ServiceStatus, Task};
use crate::evidence::Evidence;
use crate::observed::{Gap, Observed};
use crate::s3::Switch;
use crate::subject::{Attributes, Kind};
use crate::verdict::{Judgement, Verdict, every, nothing_to_judge};

const PRIVATE_ONLY: &str = "private subnets only";
const NO_PUBLIC_IP: &str = "no public address for any task";

/// How many names a finding lists before it only counts.
const LISTED: usize = 3;

/// What a subject runs: the network that it is set to, and its tasks.
struct Placed<'a> {
    networks: Vec<(String, Result<&'a Network, Gap>)>,
    tasks: Result<Vec<&'a Task>, Gap>,
}

/// The tasks of a service are judged with it, whatever its status; what is set only while it is ACTIVE, because nothing
/// starts by it afterwards. The tasks of no service are judged with their cluster. Exposure is judged whoever owns it.
fn placed<'a>(context: &Context<'a>) -> Result<Placed<'a>, Gap> {
    let subject = context.subject;
    if let Some(service) = Service::of(&subject.resource) {
        let networks = match described(service).and_then(|description| Ok((description, status(description)?))) {
            Ok((description, ServiceStatus::Active)) => networks(description),
            Ok((_, ServiceStatus::Draining | ServiceStatus::Inactive)) => Vec::new(),
            // Its tasks may show what the service does not.
            Err(gap) => vec![("the service".to_owned(), Err(gap))],
        };
        return Ok(Placed { networks, tasks: tasks_of(subject, context) });
    }
    match Cluster::of(&subject.resource) {
        Some(cluster) => Ok(Placed { networks: Vec::new(), tasks: tasks_outside(subject, cluster, context.evidence) }),
        None => Err(Gap::NothingToAudit { kind: Kind::Service.name().into() }),
    }
}

/// Every network that a service is set to: its own, those of its task sets, and those of older deployments that still
/// have tasks. Where there are task sets its own may be absent.
pub(super) fn networks<'d>(description: &'d Description) -> Vec<(String, Result<&'d Network, Gap>)> {
    let mut found = Vec::new();
    let mut take = |what: String, network: &'d Observed<Network>| {
        let read = match network {
            Observed::Present(network) => Ok(network),
            Observed::Absent => Err(Gap::undecided(format!(
                "{what} names no subnets: its tasks share the network of the hosts that they run on"
            ))),
            Observed::Unknown(gap) => Err(gap.clone()),
        };
        found.push((what, read));
    };
    if description.task_sets.is_empty() || !matches!(description.network, Observed::Absent) {
        take("the service".into(), &description.network);
    }
    for set in &description.task_sets {
        take(format!("task set {}", set.id), &set.network);
    }
    let mut unread = Vec::new();
    for deployment in &description.deployments {
        let what = format!("deployment {}", deployment.id);
        match deployment.status.required(SERVICES, "services.deployments.status") {
            Ok(DeploymentStatus::Active) if !matches!(deployment.network, Observed::Absent) => {
                take(what, &deployment.network);
            }
            // The newest is what the service itself says.
            Ok(DeploymentStatus::Primary | DeploymentStatus::Active | DeploymentStatus::Inactive) => {}
            Err(gap) => unread.push((what, Err(gap))),
        }
    }
    found.extend(unread);
    found
}

/// What runs nothing breaks nothing, and meets nothing either.
fn of_what_runs(context: &Context<'_>, parts: Vec<Judgement>) -> Judgement {
    let service = Service::of(&context.subject.resource).is_some();
    every(parts, || {
        Ok(Verdict::not_applicable(if service {
            "the service is not ACTIVE and runs no task (see ecs-service-fargate)"
        } else {
            "no task runs outside services; those of services are judged with them"
        }))
    })
}

/// Private is what the routes say, never what a subnet is called or set to.
pub(super) fn private_subnets(_: &NoParams, context: &Context<'_>) -> Judgement {
    let placed = placed(context)?;
    let mut subnets: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut parts = Vec::new();
    for (what, network) in placed.networks {
        match network {
            Ok(network) if network.subnets.is_empty() => {
                parts.push(Err(incomplete("services.networkConfiguration.awsvpcConfiguration.subnets")));
            }
            Ok(network) => {
                for subnet in &network.subnets {
                    subnets.entry(subnet).or_default().push(what.clone());
                }
            }
            Err(gap) => parts.push(Err(gap)),
        }
    }
    match placed.tasks {
        Ok(tasks) => {
            for task in tasks {
                match subnets_of(task) {
                    Ok(found) => {
                        for subnet in found {
                            subnets.entry(subnet).or_default().push(format!("task {}", short(&task.arn)));
                        }
                    }
                    Err(gap) => parts.push(Err(gap)),
                }
            }
        }
        Err(gap) => parts.push(Err(gap)),
    }
    parts.extend(subnets.into_iter().map(|(subnet, users)| {
        Ok(match ec2::reach(context.evidence, subnet)? {
            Reach::Private => Verdict::satisfied(format!("subnet {subnet} is private")),
            Reach::Public { route } => Verdict::not_satisfied(
                format!("subnet {subnet} of {} is public: it has the route {route}", listed(&users)),
                PRIVATE_ONLY,
            ),
        })
    }));
    of_what_runs(context, parts)
}

fn incomplete(field: &'static str) -> Gap {
    Gap::Incomplete { operation: SERVICES.into(), field: field.into() }
}

/// A task that was just started has no interface yet, and one that shares the network of its host never has.
fn interfaces(task: &Task) -> Result<&[Interface], Gap> {
    if task.interfaces.is_empty() {
        return Err(Gap::undecided(format!(
            "task {} has no network interface, or none yet: run again, or see on which host it runs",
            short(&task.arn)
        )));
    }
    Ok(&task.interfaces)
}

fn subnets_of(task: &Task) -> Result<Vec<&str>, Gap> {
    let missing = || Gap::changing(format!("task {} has no subnet yet", short(&task.arn)));
    interfaces(task)?.iter().map(|interface| interface.subnet.seen()?.map(String::as_str).ok_or_else(missing)).collect()
}

fn listed(names: &[String]) -> String {
    let more = names.len().saturating_sub(LISTED);
    let shown = names[..names.len() - more].join(", ");
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}

/// The setting tells of the tasks to come, the interfaces of those that run. An IPv6 address needs no association to be
/// reached: the routes of its subnet decide.
pub(super) fn no_public_ip(_: &NoParams, context: &Context<'_>) -> Judgement {
    let placed = placed(context)?;
    let mut parts: Vec<Judgement> = placed
        .networks
        .into_iter()
        .map(|(what, network)| {
            Ok(match network?.public_ip.seen()? {
                Some(Switch::On) => {
                    Verdict::not_satisfied(format!("assignPublicIp of {what} is ENABLED"), NO_PUBLIC_IP)
                }
                Some(Switch::Off) | None => Verdict::satisfied("assignPublicIp is DISABLED"),
            })
        })
        .collect();
    match placed.tasks {
        Ok(tasks) => parts.extend(tasks.into_iter().flat_map(|task| addresses(task, context.evidence))),
        Err(gap) => parts.push(Err(gap)),
    }
    of_what_runs(context, parts)
}

fn addresses(task: &Task, evidence: &Evidence) -> Vec<Judgement> {
    match interfaces(task) {
        Ok(interfaces) => interfaces.iter().map(|interface| of_interface(interface, task, evidence)).collect(),
        Err(gap) => vec![Err(gap)],
    }
}

fn of_interface(interface: &Interface, task: &Task, evidence: &Evidence) -> Judgement {
    let task = short(&task.arn);
    let Some(id) = interface.id.seen()? else {
        return Err(Gap::changing(format!("task {task} has no network interface yet")));
    };
    let Some(addresses) = interface.addresses.seen()? else {
        return Err(Gap::changing(format!("EC2 does not know interface {id} of task {task} any more")));
    };
    if !addresses.public.is_empty() {
        let observed = format!("task {task} has the public address {}", addresses.public.join(", "));
        return Ok(Verdict::not_satisfied(observed, NO_PUBLIC_IP));
    }
    if addresses.ipv6.is_empty() {
        return Ok(Verdict::satisfied("no running task has a public address"));
    }
    let missing = || Gap::changing(format!("task {task} has no subnet yet"));
    let subnet = interface.subnet.seen()?.ok_or_else(missing)?;
    Ok(match ipv6_route(subnet, evidence)? {
        Some(route) => Verdict::not_satisfied(
            format!("task {task} has the address {}, and its subnet the route {route}", addresses.ipv6.join(", ")),
            NO_PUBLIC_IP,
        ),
        None => Verdict::satisfied("no running task has a public address")
            .noting("IPv6 addresses are in subnets without an IPv6 route to an internet gateway"),
    })
}

/// The active route by which a subnet's IPv6 addresses are reached from the internet. A prefix list may hold IPv6
/// ranges, so it counts. An egress-only gateway lets nothing in.
fn ipv6_route(subnet: &str, evidence: &Evidence) -> Result<Option<String>, Gap> {
    let (subject, _) = ec2::subnet(evidence, subnet)?;
    let Some(vpc) = Vpc::of(&subject.resource) else {
        return Err(Gap::NothingToAudit { kind: Kind::Vpc.name().into() });
    };
    let everything = Cidr::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), 0);
    let mut gap = None;
    for route in &vpc.table_of(subnet)?.routes {
        let is_ipv6 = match &route.destination {
            Destination::Range(range) => everything.is_some_and(|all| range.overlaps(all)),
            Destination::PrefixList(_) | Destination::Other(_) => true,
        };
        let leads = route.hop().and_then(|hop| Ok((hop, route.state()?)));
        match leads {
            Ok((Hop::InternetGateway(gateway), RouteState::Active)) if is_ipv6 => {
                return Ok(Some(format!("{} to {gateway}", route.destination)));
            }
            Ok(_) => {}
            Err(found) if is_ipv6 => {
                gap.get_or_insert(found);
            }
            Err(_) => {}
        }
    }
    gap.map_or(Ok(None), Err)
}

/// Each network has to span zones by itself: task sets serve one at a time. Zones are compared by id, which means the
/// same in every account that shares the subnets.
pub(super) fn multi_az(service: &Service, _: &NoParams, context: &Context<'_>) -> Judgement {
    of_active(service, context, |description| {
        let parts = networks(description).into_iter().map(|(what, network)| {
            let network = network?;
            let mut zones = BTreeSet::new();
            for id in &network.subnets {
                let (_, subnet) = ec2::subnet(context.evidence, id)?;
                zones.insert(subnet.zone_id.required("DescribeSubnets", "Subnets.AvailabilityZoneId")?.as_str());
            }
            let zones: Vec<&str> = zones.into_iter().collect();
            Ok(match zones.as_slice() {
                [] => return Err(incomplete("services.networkConfiguration.awsvpcConfiguration.subnets")),
                [zone] => Verdict::not_satisfied(
                    format!("every subnet of {what} is in zone {zone}"),
                    "subnets in at least two availability zones",
                ),
                [_, _, ..] => Verdict::satisfied(format!("the subnets are in zones {}", zones.join(", "))),
            })
        });
        let mut verdict = every(parts, nothing_to_judge)?;
        if description.desired == 1 {
            verdict = verdict.noting("one task is wanted, which is in one zone at a time");
        }
        if let Observed::Absent | Observed::Present(Switch::Off) = description.zone_rebalancing {
            verdict = verdict.noting("availabilityZoneRebalancing is off, so tasks stay where a lost zone drove them");
        }
        Ok(verdict)
    })
}

#[cfg(test)]
mod tests;
