//! Whether automated backups reach far enough back, and close enough to now.

use jiff::Timestamp;
use serde::Deserialize;

use super::{CLUSTERS, Database};
use super::{cluster, settled};
use crate::check::Context;
use crate::observed::{Gap, Observed};
use crate::s3::Switch;
use crate::verdict::{Judgement, Verdict};

/// How long backups have to be kept.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Retention {
    min_days: i32,
}

/// Aurora keeps at least one day and always answers how many: absence is a gap. What is pending is not yet in force.
pub(super) fn automated(database: &Database, params: &Retention) -> Judgement {
    let cluster = settled(database)?;
    let days = *cluster.backup_retention_days.required(CLUSTERS, "DBCluster.BackupRetentionPeriod")?;
    let observed = match days {
        1 => "automated backups are kept for 1 day".to_owned(),
        days => format!("automated backups are kept for {days} days"),
    };
    Ok(if days >= params.min_days {
        Verdict::satisfied(observed)
    } else {
        Verdict::not_satisfied(observed, format!("automated backups kept for at least {} days", params.min_days))
            .noting("the number of days is the auditor's default: the client's text asks for automated backups alone")
    })
}

/// How far the latest restorable time may lie behind.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lag {
    max_lag_min: i64,
}

/// The longest difference between the own clock and AWS's, in seconds.
const MOST_SKEW: i64 = 5 * 60;
/// How long a cluster may take until it can be restored, in seconds.
const SETTLING: i64 = 60 * 60;

/// The times are compared with the one that RDS put on its answer: the own clock may be wrong. Both are missing until the
/// first backup is made, which is a failure once the cluster had an hour for it.
pub(super) fn point_in_time(database: &Database, params: &Lag, context: &Context<'_>) -> Judgement {
    let cluster = cluster(database)?;
    if cluster.status.required(CLUSTERS, "DBCluster.Status")? == "stopped" {
        return Ok(Verdict::not_applicable("the cluster is stopped; see rds-cluster-aurora-available"));
    }
    let cluster = settled(database)?;
    let now = answered_at(database, context)?;
    let expected = format!("a latest restorable time at most {} min behind", params.max_lag_min);
    match (cluster.earliest_restorable.seen()?, cluster.latest_restorable.seen()?) {
        (Some(earliest), Some(latest)) => {
            let lag = now.duration_since(*latest).as_secs();
            let observed = format!(
                "it can be restored to any time from {earliest} to {latest}, {} min before the answer",
                lag / 60
            );
            if lag <= params.max_lag_min * 60 {
                return Ok(Verdict::satisfied(observed));
            }
            let verdict = Verdict::not_satisfied(observed, expected);
            Ok(match &cluster.may_pause {
                Observed::Present(Switch::On) => verdict.noting(
                    "the cluster may pause at zero capacity, and while it is paused this time stands still: wake it and \
                     run again to tell",
                ),
                Observed::Present(Switch::Off) | Observed::Absent | Observed::Unknown(_) => verdict,
            })
        }
        (None, _) | (_, None) => {
            let created = cluster.created_at.required(CLUSTERS, "DBCluster.ClusterCreateTime")?;
            let observed = "no restorable time is known";
            Ok(if now.duration_since(*created).as_secs() < SETTLING {
                Verdict::not_applicable(format!("{observed}; the cluster was made less than an hour ago"))
            } else {
                Verdict::not_satisfied(format!("{observed}; the cluster was made at {created}"), expected)
            })
        }
    }
}

/// When RDS answered, by the `Date` header of its answer, where the own clock agrees with it by and large.
fn answered_at(database: &Database, context: &Context<'_>) -> Result<Timestamp, Gap> {
    let calls = database.cluster.calls();
    let answers = context.evidence.calls.iter().filter(|call| call.operation == CLUSTERS && calls.contains(&call.id));
    let dated = answers.filter_map(|call| Some((call.at, call.date?))).next_back();
    let Some((own, date)) = dated else {
        return Err(Gap::Incomplete { operation: CLUSTERS.into(), field: "the header Date".into() });
    };
    let skew = own.duration_since(date).as_secs();
    if skew.abs() > MOST_SKEW {
        return Err(Gap::undecided(format!(
            "the clock of this machine and AWS's are {} s apart; set it and run again",
            skew.abs()
        )));
    }
    Ok(date)
}

#[cfg(test)]
mod tests;
