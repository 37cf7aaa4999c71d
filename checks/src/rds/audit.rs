//! Whether it is written down who read and wrote which rows, and goes to CloudWatch Logs.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{
    AUDIT_EVENTS, AUDIT_EXCLUDED, AUDIT_INCLUDED, AUDIT_LOGGING, ActivityStream, Applies, CLUSTERS, Cluster, Database,
    Engine, LOG_CONNECTIONS, LOG_STATEMENT, PGAUDIT, PGAUDIT_ROLE, PRELOADED, Parameter,
};
use super::{is_on, members, settled, value};
use crate::observed::{Gap, Observed};
use crate::verdict::{Judgement, Verdict, either, every, nothing_to_judge};

type Parameters = BTreeMap<String, Parameter>;

/// What has to be logged, and by what.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Audit {
    require_reads: bool,
    require_pgaudit: bool,
}

impl Audit {
    fn expected(&self) -> String {
        let what = if self.require_reads { "reads and writes" } else { "writes, definitions or connections" };
        let by = if self.require_pgaudit { " by pgaudit (PostgreSQL)" } else { "" };
        format!("an audit log of {what}{by} that is exported to CloudWatch Logs")
    }

    fn fails(&self, observed: impl Into<String>) -> Verdict {
        Verdict::not_satisfied(observed, self.expected())
    }

    /// What covers less than the reads passes where reads are not asked for.
    fn without_reads(&self, observed: String) -> Verdict {
        if self.require_reads {
            self.fails(format!("{observed}, which leaves out reads"))
        } else {
            Verdict::satisfied(observed).noting("reads are not logged; require_reads is off")
        }
    }
}

/// Two ways lead there: the engine's own log, exported to CloudWatch Logs, and the activity stream, which goes to Kinesis.
/// Exports that are absent are none.
pub(super) fn exported(database: &Database, params: &Audit) -> Judgement {
    let cluster = settled(database)?;
    let engine = *cluster.engine.required(CLUSTERS, "DBCluster.Engine")?;
    let log = match engine {
        Engine::AuroraMysql | Engine::Mysql => log(database, cluster, "audit", params, mysql),
        Engine::AuroraPostgresql | Engine::Postgres => log(database, cluster, "postgresql", params, postgresql),
        Engine::Aurora | Engine::Neptune | Engine::Docdb => {
            let why = format!("the engine is {}", engine.name());
            return Err(Gap::depends_on("rds-cluster-aurora-available", why));
        }
    };
    let asks_for_pgaudit = params.require_pgaudit && matches!(engine, Engine::AuroraPostgresql | Engine::Postgres);
    if asks_for_pgaudit { log } else { either(log, || stream(cluster, params)) }
}

fn stream(cluster: &Cluster, params: &Audit) -> Judgement {
    match cluster.activity_stream.seen()? {
        Some(ActivityStream::Started) => Ok(Verdict::satisfied("the activity stream is started")
            .noting("it goes to Kinesis, not to CloudWatch Logs: see that somebody keeps it")),
        Some(ActivityStream::Starting) => Err(Gap::changing("the activity stream is starting")),
        Some(ActivityStream::Stopped | ActivityStream::Stopping) | None => {
            Ok(params.fails("the activity stream is off"))
        }
    }
}

/// The log of this type: exported, and with something in it.
fn log(
    database: &Database,
    cluster: &Cluster,
    kind: &str,
    params: &Audit,
    settings: fn(&Parameters, &Cluster, &Audit) -> Judgement,
) -> Judgement {
    let exported = export(cluster, kind, params);
    let settings = database
        .parameters
        .required("DescribeDBClusterParameters", "Parameters")
        .and_then(|parameters| settings(parameters, cluster, params));
    every([exported, settings], nothing_to_judge)
}

fn export(cluster: &Cluster, kind: &str, params: &Audit) -> Judgement {
    if let Some(pending) = cluster.pending_exports.seen()? {
        return Err(Gap::changing(format!("the export of {} is being switched", pending.join(", "))));
    }
    let exports = cluster.log_exports.seen()?.map_or(&[] as &[String], Vec::as_slice);
    Ok(if exports.iter().any(|export| export == kind) {
        Verdict::satisfied(format!("the {kind} log is exported")).noting(
            "the log holds what statements hold, so its group /aws/rds/cluster/ID/TYPE has to meet logs-kms-encrypted and \
             logs-retention-90-days",
        )
    } else if exports.is_empty() {
        params.fails("no log is exported")
    } else {
        params.fails(format!("the {kind} log is not exported, only {}", exports.join(", ")))
    })
}

/// Logging that is on writes nothing without events, and none is the default.
fn mysql(parameters: &Parameters, _: &Cluster, params: &Audit) -> Judgement {
    let logging = match value(parameters, AUDIT_LOGGING)? {
        Some(value) if is_on(value) => Verdict::satisfied(format!("{AUDIT_LOGGING} is on")),
        Some(value) => params.fails(format!("{AUDIT_LOGGING} is {value}")),
        None => params.fails(format!("{AUDIT_LOGGING} is not set, which is off")),
    };
    let events = match value(parameters, AUDIT_EVENTS)? {
        None => params.fails(format!("{AUDIT_EVENTS} is empty, so nothing is written")),
        Some(value) => {
            let observed = format!("{AUDIT_EVENTS} is {value}");
            let reads = value.split(',').map(str::trim);
            if reads.into_iter().any(|event| ["QUERY", "QUERY_DML"].iter().any(|name| event.eq_ignore_ascii_case(name)))
            {
                Verdict::satisfied(observed)
            } else {
                params.without_reads(observed)
            }
        }
    };
    let verdict = every([Ok(logging), Ok(events)], nothing_to_judge)?;
    let mut limits = Vec::new();
    for name in [AUDIT_INCLUDED, AUDIT_EXCLUDED] {
        if value(parameters, name)?.is_some() {
            limits.push(name);
        }
    }
    Ok(if limits.is_empty() {
        verdict
    } else {
        verdict.noting(format!(
            "{} narrows the log to some users; see that those of patients' data are among them",
            limits.join(" and ")
        ))
    })
}

/// Either pgaudit, loaded and told what to write, or the engine's own statement log.
fn postgresql(parameters: &Parameters, cluster: &Cluster, params: &Audit) -> Judgement {
    let pgaudit = pgaudit(parameters, cluster, params);
    if params.require_pgaudit { pgaudit } else { either(pgaudit, || statements(parameters, params)) }
}

fn pgaudit(parameters: &Parameters, cluster: &Cluster, params: &Audit) -> Judgement {
    let loaded = value(parameters, PRELOADED)?
        .is_some_and(|libraries| libraries.split(',').any(|one| one.trim().eq_ignore_ascii_case("pgaudit")));
    if !loaded {
        return Ok(params.fails(format!("{PRELOADED} does not hold pgaudit")));
    }
    let Some(classes) = value(parameters, PGAUDIT)? else {
        let verdict = params.fails(format!("{PGAUDIT} is not set, so pgaudit writes nothing"));
        return Ok(match value(parameters, PGAUDIT_ROLE)? {
            Some(role) => {
                verdict.noting(format!("{PGAUDIT_ROLE} is {role}: what it logs by object is not visible here"))
            }
            None => verdict,
        });
    };
    let observed = format!("pgaudit is loaded, and {PGAUDIT} is {classes}");
    let written = Classes::of(classes);
    let verdict = if written.holds("read") && written.holds("write") {
        Verdict::satisfied(observed)
    } else if written.0.is_empty() {
        params.fails(observed)
    } else {
        params.without_reads(observed)
    };
    match (&verdict, waits_for_restart(parameters, cluster)?) {
        (Verdict::Satisfied { .. }, Some(member)) => Err(Gap::undecided(format!(
            "{member} waits for a restart (pending-reboot), and whether it has loaded pgaudit does not show; restart it"
        ))),
        (Verdict::Satisfied { .. }, None) => Ok(verdict.noting(format!(
            "whether CREATE EXTENSION pgaudit was run, and what {PGAUDIT} is for single roles and databases, the API does \
             not show"
        ))),
        (Verdict::NotSatisfied { .. } | Verdict::NotApplicable { .. }, _) => Ok(verdict),
    }
}

/// A member on which libraries that are loaded at the start may still be the old ones.
fn waits_for_restart<'a>(parameters: &Parameters, cluster: &'a Cluster) -> Result<Option<&'a str>, Gap> {
    let dynamic = |parameter: &Parameter| parameter.applies == Observed::Present(Applies::Dynamic);
    if parameters.get(PRELOADED).is_some_and(dynamic) {
        return Ok(None);
    }
    for member in members(cluster)? {
        let status = member.parameter_status.required(CLUSTERS, "DBClusterMember.DBClusterParameterGroupStatus")?;
        if status != "in-sync" {
            return Ok(Some(&member.instance));
        }
    }
    Ok(None)
}

/// The classes of statement that pgaudit writes.
struct Classes(BTreeSet<String>);

impl Classes {
    const ALL: [&str; 7] = ["read", "write", "function", "role", "ddl", "misc", "misc_set"];

    /// Reads the list as pgaudit does, from left to right: a name with a minus takes a class away.
    fn of(list: &str) -> Classes {
        let mut classes = BTreeSet::new();
        for entry in list.split(',').map(|entry| entry.trim().to_ascii_lowercase()) {
            let (name, add) = match entry.strip_prefix('-') {
                Some(name) => (name, false),
                None => (entry.as_str(), true),
            };
            let named: Vec<&str> = match name {
                "all" => Classes::ALL.to_vec(),
                name => Classes::ALL.into_iter().filter(|class| *class == name).collect(),
            };
            for class in named {
                if add {
                    classes.insert(class.to_owned());
                } else {
                    classes.remove(class);
                }
            }
        }
        Classes(classes)
    }

    fn holds(&self, class: &str) -> bool {
        self.0.contains(class)
    }
}

fn statements(parameters: &Parameters, params: &Audit) -> Judgement {
    let connections = value(parameters, LOG_CONNECTIONS)?.is_some_and(is_on);
    let statements = value(parameters, LOG_STATEMENT)?.unwrap_or("none");
    let observed = format!("{LOG_STATEMENT} is {statements}");
    Ok(match statements.to_ascii_lowercase().as_str() {
        "all" => Verdict::satisfied(observed),
        "ddl" | "mod" => params.without_reads(observed),
        "none" if connections => params.without_reads(format!("{observed} and {LOG_CONNECTIONS} is on")),
        "none" => params.fails(observed),
        _ => {
            return Err(Gap::Unrecognised {
                operation: "DescribeDBClusterParameters".into(),
                field: LOG_STATEMENT.into(),
                token: statements.to_owned(),
            });
        }
    })
}

#[cfg(test)]
mod tests;
