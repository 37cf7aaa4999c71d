//! Whether the cache's logs reach CloudWatch Logs.

use super::{CLUSTERS, Cache, Change, DeliveryStatus, Destination, Engine, Form, GROUPS, LogDelivery, LogKind};
use super::{settled, unchanged};
use crate::check::NoParams;
use crate::observed::{Gap, Observed};
use crate::verdict::{Judgement, Verdict, any};

const EXPECTED: &str = "engine-log or slow-log delivered to CloudWatch Logs, with status active";

/// The first version of Redis OSS whose logs ElastiCache delivers.
const FIRST_WITH_LOGS: u32 = 6;

/// One log that arrives is enough. Redis has no log of every command, which the text says so that nobody takes it for one.
pub(super) fn delivered(cache: &Cache, _: &NoParams) -> Judgement {
    let group = match settled(cache)? {
        Form::Group(group) => group,
        Form::Serverless(_) => return Ok(Verdict::not_applicable("a serverless cache delivers no logs")),
    };
    unchanged(group, Change::Logs, "log delivery")?;
    let logs = group.logs.required(GROUPS, "ReplicationGroup.LogDeliveryConfigurations")?;
    if logs.is_empty() {
        return undelivered(cache);
    }
    any(logs.iter().map(delivery))
}

fn delivery(log: &LogDelivery) -> Judgement {
    let kind = *log.kind.required(GROUPS, "LogDeliveryConfiguration.LogType")?;
    match log.destination.required(GROUPS, "LogDeliveryConfiguration.DestinationType")? {
        Destination::CloudwatchLogs => {}
        Destination::KinesisFirehose => {
            let observed = format!("{} goes to Kinesis Data Firehose, not to CloudWatch Logs", kind.name());
            return Ok(Verdict::not_satisfied(observed, EXPECTED));
        }
    }
    let changing = |what: &str| Err(Gap::changing(format!("the delivery of {} is {what}", kind.name())));
    match log.status.required(GROUPS, "LogDeliveryConfiguration.Status")? {
        DeliveryStatus::Active => Ok(arrives(kind, log)),
        DeliveryStatus::Error => {
            Ok(Verdict::not_satisfied(format!("{} cannot be delivered (status error)", kind.name()), EXPECTED))
        }
        DeliveryStatus::Enabling => changing("enabling"),
        DeliveryStatus::Modifying => changing("modifying"),
        DeliveryStatus::Disabling => changing("disabling"),
    }
}

fn arrives(kind: LogKind, log: &LogDelivery) -> Verdict {
    let to = match &log.group {
        Observed::Present(group) => format!("the log group {group}"),
        Observed::Absent | Observed::Unknown(_) => "CloudWatch Logs".to_owned(),
    };
    let verdict = Verdict::satisfied(format!("{} goes to {to}; it is no log of every command", kind.name()));
    match kind {
        LogKind::EngineLog => verdict,
        LogKind::SlowLog => verdict.noting(
            "slow-log entries hold the arguments of commands, which are session data: the log group needs a key",
        ),
    }
}

/// Redis OSS before 6.0 has no log that could be delivered.
fn undelivered(cache: &Cache) -> Judgement {
    let members = cache.members.required(CLUSTERS, "CacheClusters")?;
    let Some(member) = members.first() else {
        return Err(Gap::undecided("no member cluster was seen that could tell whether the engine has logs"));
    };
    let engine = *member.engine.required(CLUSTERS, "CacheCluster.Engine")?;
    let version = member.engine_version.required(CLUSTERS, "CacheCluster.EngineVersion")?;
    let major: u32 =
        version.split('.').next().and_then(|number| number.parse().ok()).ok_or_else(|| Gap::Unrecognised {
            operation: CLUSTERS.into(),
            field: "CacheCluster.EngineVersion".into(),
            token: version.clone(),
        })?;
    Ok(if engine == Engine::Redis && major < FIRST_WITH_LOGS {
        Verdict::not_applicable(format!("Redis {version} has no log that ElastiCache delivers, as 6.0 is the first"))
    } else {
        Verdict::not_satisfied("no log is delivered", EXPECTED)
    })
}

#[cfg(test)]
mod tests;
