//! Whether there is an Aurora cluster that serves, and whether it outlives the loss of a zone.

use std::collections::{BTreeMap, BTreeSet};

use super::{CLUSTERS, Cluster, Database, Engine, EngineMode, INSTANCES, Instance, Scaling};
use super::{members, settled, unknown_status};
use crate::check::NoParams;
use crate::cloudformation;
use crate::evidence::Evidence;
use crate::observed::{Gap, Observed};
use crate::s3::Switch;
use crate::subject::Kind;
use crate::verdict::{Judgement, Verdict, every, nothing_to_judge};

const EXPECTED: &str = "an Aurora cluster (aurora-mysql or aurora-postgresql) with at least one member, in a status that \
                        serves";

/// What a status says of the cluster's work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// It takes connections.
    Serving,
    /// It takes none, and stays so.
    Down,
    /// It is being made or altered.
    Changing,
    /// It is being deleted.
    Leaving,
}

impl Phase {
    /// The phase of a cluster's status; `None` for a status that this version does not know.
    pub(super) fn of(status: &str) -> Option<Phase> {
        match status {
            "available" | "backing-up" | "storage-optimization" | "update-iam-db-auth" => Some(Phase::Serving),
            "stopped" | "inaccessible-encryption-credentials" | "inaccessible-encryption-credentials-recoverable" => {
                Some(Phase::Down)
            }
            status if status.ends_with("-failed") => Some(Phase::Down),
            "deleting" => Some(Phase::Leaving),
            "backtracking"
            | "creating"
            | "failing-over"
            | "maintenance"
            | "migrating"
            | "modifying"
            | "preparing-data-migration"
            | "promoting"
            | "renaming"
            | "resetting-master-credentials"
            | "starting"
            | "stopping"
            | "upgrading" => Some(Phase::Changing),
            _ => None,
        }
    }
}

/// A name that leads to a single instance fails: what is asked for is a cluster. An empty list of members fails too,
/// because nothing takes connections then.
pub(super) fn available(database: &Database, _: &NoParams) -> Judgement {
    let Some(cluster) = database.cluster.seen()? else {
        return Ok(Verdict::not_satisfied("a single DB instance that belongs to no cluster", EXPECTED));
    };
    let members = members(cluster).map(|members| match members.len() {
        0 => Verdict::not_satisfied("it has no member", EXPECTED),
        1 => Verdict::satisfied("it has 1 member"),
        count => Verdict::satisfied(format!("it has {count} members")),
    });
    every([engine(cluster), mode(cluster), members, status(cluster)], nothing_to_judge)
}

fn engine(cluster: &Cluster) -> Judgement {
    let engine = *cluster.engine.required(CLUSTERS, "DBCluster.Engine")?;
    let observed = format!("the engine is {}", engine.name());
    Ok(match engine {
        Engine::AuroraMysql | Engine::AuroraPostgresql => Verdict::satisfied(observed),
        Engine::Mysql | Engine::Postgres => {
            Verdict::not_satisfied(format!("{observed}: a Multi-AZ DB cluster, not Aurora"), EXPECTED)
        }
        Engine::Aurora => Verdict::not_satisfied(format!("{observed}, which AWS has withdrawn"), EXPECTED),
        Engine::Neptune | Engine::Docdb => Verdict::not_satisfied(observed, EXPECTED),
    })
}

fn mode(cluster: &Cluster) -> Judgement {
    Ok(match cluster.engine_mode.required(CLUSTERS, "DBCluster.EngineMode")? {
        EngineMode::Provisioned => Verdict::satisfied("its mode is provisioned"),
        EngineMode::Earlier => Verdict::satisfied("its mode is one of the first Aurora versions'"),
        EngineMode::Serverless => {
            Verdict::not_satisfied("its mode is serverless (v1), which AWS has withdrawn", EXPECTED)
        }
    })
}

fn status(cluster: &Cluster) -> Judgement {
    let status = cluster.status.required(CLUSTERS, "DBCluster.Status")?;
    let observed = format!("its status is {status}");
    match Phase::of(status) {
        Some(Phase::Serving) if status == "available" => Ok(Verdict::satisfied(observed)),
        Some(Phase::Serving) => Ok(Verdict::satisfied(observed).noting("the cluster serves in this status")),
        Some(Phase::Down | Phase::Leaving) => Ok(Verdict::not_satisfied(observed, EXPECTED)),
        Some(Phase::Changing) => Err(Gap::changing(observed)),
        None => Err(unknown_status("DBCluster.Status", CLUSTERS, status)),
    }
}

/// That there is no cluster is a failure once the listing of the stack was read to its end.
pub(super) fn no_cluster(evidence: &Evidence) -> Judgement {
    cloudformation::holds_none(evidence, Kind::Database)?;
    Ok(Verdict::not_satisfied("no Aurora cluster is named by an output or belongs to the stack", EXPECTED))
}

const SPREAD: &str = "at least two members of the cluster that serve, in at least two availability zones";

/// What an instance's status says of its work.
enum Work {
    Serves,
    Soon,
    Down,
}

/// An instance whose parameters are modified goes on serving; one that restarts will serve again.
fn work(status: &str) -> Option<Work> {
    match status {
        "available" | "backing-up" | "modifying" | "storage-optimization" => Some(Work::Serves),
        status if status.starts_with("configuring-") => Some(Work::Serves),
        "creating"
        | "maintenance"
        | "rebooting"
        | "renaming"
        | "resetting-master-credentials"
        | "starting"
        | "storage-config-upgrade"
        | "storage-initialization"
        | "upgrading" => Some(Work::Soon),
        "deleting"
        | "delete-precheck"
        | "failed"
        | "inaccessible-encryption-credentials"
        | "inaccessible-encryption-credentials-recoverable"
        | "insufficient-capacity"
        | "restore-error"
        | "stopped"
        | "stopping"
        | "storage-full" => Some(Work::Down),
        status if status.starts_with("incompatible-") => Some(Work::Down),
        _ => None,
    }
}

/// The zones of the instances tell; those that the cluster lists are its storage's, three even with one instance, and an
/// instance's own MultiAZ is always off in Aurora. A cluster without members (Serverless v1 has none) fails.
pub(super) fn zones(database: &Database, _: &NoParams) -> Judgement {
    let cluster = settled(database)?;
    let instances = database.instances.required(INSTANCES, "DBInstances")?;
    let mut count = Count { serving: BTreeMap::new(), hopes: 0, hope_zones: BTreeSet::new(), anywhere: 0, gap: None };
    for member in members(cluster)? {
        match instances.iter().find(|instance| instance.id == member.instance) {
            Some(instance) => count.add(instance),
            None => count.may_serve(
                None,
                Gap::undecided(format!("DescribeDBInstances did not answer for the member {}", member.instance)),
            ),
        }
    }
    let verdict = count.verdict()?;
    let verdict = match &cluster.scaling {
        Observed::Present(Scaling::Limitless) => {
            verdict.noting("Aurora Limitless: members in two zones do not show that each shard is redundant")
        }
        Observed::Present(Scaling::Standard) | Observed::Absent => verdict,
        Observed::Unknown(gap) => return every([Ok(verdict), Err(gap.clone())], nothing_to_judge),
    };
    Ok(match (&cluster.multi_az, &verdict) {
        (Observed::Present(Switch::Off), Verdict::Satisfied { .. }) => {
            verdict.noting("RDS itself does not call the cluster Multi-AZ (MultiAZ is false)")
        }
        (Observed::Present(Switch::On), Verdict::NotSatisfied { .. }) => {
            verdict.noting("RDS itself calls the cluster Multi-AZ (MultiAZ is true)")
        }
        (Observed::Present(_) | Observed::Absent | Observed::Unknown(_), _) => verdict,
    })
}

/// The members that serve, by zone, and those of which more might be said later.
struct Count<'a> {
    serving: BTreeMap<&'a str, Vec<&'a str>>,
    /// Members that may serve, now or soon.
    hopes: usize,
    hope_zones: BTreeSet<&'a str>,
    /// How many of those may be in any zone.
    anywhere: usize,
    gap: Option<Gap>,
}

impl<'a> Count<'a> {
    fn add(&mut self, instance: &'a Instance) {
        let zone = match instance.zone.seen() {
            Ok(zone) => zone.map(String::as_str),
            Err(gap) => return self.may_serve(None, gap),
        };
        let status = match instance.status.required(INSTANCES, "DBInstance.DBInstanceStatus") {
            Ok(status) => status,
            Err(gap) => return self.may_serve(zone, gap),
        };
        match (work(status), zone) {
            (Some(Work::Serves), Some(zone)) => self.serving.entry(zone).or_default().push(&instance.id),
            (Some(Work::Serves), None) => {
                let gap = Gap::changing(format!("the instance {} has no availability zone yet", instance.id));
                self.may_serve(None, gap);
            }
            (Some(Work::Soon), zone) => {
                let gap = Gap::changing(format!("the instance {} is {status}", instance.id));
                self.may_serve(zone, gap);
            }
            (Some(Work::Down), _) => {}
            (None, zone) => {
                let gap = unknown_status("DBInstance.DBInstanceStatus", INSTANCES, status);
                self.may_serve(zone, gap);
            }
        }
    }

    fn may_serve(&mut self, zone: Option<&'a str>, gap: Gap) {
        self.hopes += 1;
        match zone {
            Some(zone) => drop(self.hope_zones.insert(zone)),
            None => self.anywhere += 1,
        }
        self.gap.get_or_insert(gap);
    }

    fn verdict(self) -> Judgement {
        let serving: usize = self.serving.values().map(Vec::len).sum();
        let observed = match serving {
            0 => "no member serves".to_owned(),
            1 => format!("1 member serves: {}", self.named()),
            count => format!("{count} members serve: {}", self.named()),
        };
        if serving >= 2 && self.serving.len() >= 2 {
            return Ok(Verdict::satisfied(observed));
        }
        let zones: BTreeSet<&str> = self.serving.keys().copied().chain(self.hope_zones).collect();
        let possible = serving + self.hopes >= 2 && zones.len() + self.anywhere >= 2;
        match self.gap.filter(|_| possible) {
            Some(gap) => Err(gap),
            None => Ok(Verdict::not_satisfied(observed, SPREAD)),
        }
    }

    fn named(&self) -> String {
        let zones = self.serving.iter().map(|(zone, ids)| format!("{} in {zone}", ids.join(", ")));
        zones.collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests;
