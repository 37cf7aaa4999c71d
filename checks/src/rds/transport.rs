//! Whether the database refuses connections without TLS.

use super::{Applies, BABELFISH, CLUSTERS, Cluster, Database, Engine, FORCE_SSL, Member, Parameter, SECURE_TRANSPORT};
use super::{is_on, members, settled, unknown_status, value};
use crate::check::NoParams;
use crate::observed::Gap;
use crate::verdict::{Judgement, Verdict, every};

const EXPECTED: &str = "a parameter group under which the database refuses connections without TLS, in force on every \
                        member";
const PARAMETER_CALL: &str = "DescribeDBClusterParameters";

/// The parameter's value decides where it is set; without one the engine's default does, which is known for the versions
/// of Aurora alone.
pub(super) fn tls(database: &Database, _: &NoParams) -> Judgement {
    let cluster = settled(database)?;
    let engine = *cluster.engine.required(CLUSTERS, "DBCluster.Engine")?;
    let name = match engine {
        Engine::AuroraPostgresql | Engine::Postgres => FORCE_SSL,
        Engine::AuroraMysql | Engine::Mysql => SECURE_TRANSPORT,
        Engine::Aurora | Engine::Neptune | Engine::Docdb => {
            let why = format!("the engine is {}", engine.name());
            return Err(Gap::depends_on("rds-cluster-aurora-available", why));
        }
    };
    let parameters = database.parameters.required(PARAMETER_CALL, "Parameters")?;
    let setting = value(parameters, name).and_then(|value| setting(name, value, engine, cluster));
    let in_force = in_force(cluster, name, parameters.get(name));
    let verdict = every([setting].into_iter().chain(in_force), || Err(Gap::undecided("no parameter was looked at")))?;
    let babelfish = value(parameters, BABELFISH)?.is_some_and(is_on);
    Ok(if babelfish {
        verdict.noting("Babelfish is on, and has a setting of its own for TLS that is not judged here")
    } else {
        verdict
    })
}

fn setting(name: &str, value: Option<&str>, engine: Engine, cluster: &Cluster) -> Judgement {
    let version = cluster.engine_version.seen()?.map(String::as_str);
    let (observed, on) = match value {
        Some(value) => (format!("{name} is {value}"), is_on(value)),
        None => {
            let version = version
                .ok_or(Gap::Incomplete { operation: CLUSTERS.into(), field: "DBCluster.EngineVersion".into() })?;
            let on = default(engine, version).ok_or_else(|| {
                Gap::undecided(format!(
                    "{name} has no value, and the default of {} {version} is not known; set it in a parameter group",
                    engine.name()
                ))
            })?;
            let state = if on { "on" } else { "off" };
            (format!("{name} has no value, and is {state} by default in {} {version}", engine.name()), on)
        }
    };
    Ok(if on { Verdict::satisfied(observed) } else { Verdict::not_satisfied(observed, EXPECTED) })
}

/// Whether the engine refuses connections without TLS by itself; `None` where that is not known.
fn default(engine: Engine, version: &str) -> Option<bool> {
    match engine {
        Engine::AuroraPostgresql => match version.split('.').next()?.parse::<u32>() {
            Ok(major) => Some(major >= 17),
            Err(_) => None,
        },
        // 5.7.mysql_aurora.2.11.5 and 8.0.mysql_aurora.3.05.2
        Engine::AuroraMysql => {
            let (_, own) = version.split_once("mysql_aurora.")?;
            matches!(own.split('.').next()?, "2" | "3").then_some(false)
        }
        Engine::Aurora | Engine::Mysql | Engine::Postgres | Engine::Neptune | Engine::Docdb => None,
    }
}

/// Whether the group is in force on each member. A dynamic parameter is, while others wait for a restart; a parameter that
/// the group does not list cannot be told.
fn in_force(cluster: &Cluster, name: &str, parameter: Option<&Parameter>) -> Vec<Judgement> {
    let members = match members(cluster) {
        // The group is in force nowhere yet: no pass rests on it.
        Ok([]) => return vec![Err(Gap::depends_on("rds-cluster-aurora-available", "the cluster has no member"))],
        Ok(members) => members,
        Err(gap) => return vec![Err(gap)],
    };
    members.iter().map(|member| on_member(member, name, parameter)).collect()
}

fn on_member(member: &Member, name: &str, parameter: Option<&Parameter>) -> Judgement {
    let status = member.parameter_status.required(CLUSTERS, "DBClusterMember.DBClusterParameterGroupStatus")?;
    let waiting = format!("{} waits for a restart (pending-reboot)", member.instance);
    match status.as_str() {
        "in-sync" => Ok(Verdict::satisfied("the parameter group is in force on every member")),
        "applying" => Err(Gap::changing(format!("the parameter group is being applied to {}", member.instance))),
        "pending-reboot" => match parameter.map(|parameter| parameter.applies.seen()) {
            Some(Ok(Some(Applies::Dynamic))) => {
                Ok(Verdict::satisfied("the parameter group is in force on every member")
                    .noting(format!("{waiting} for other parameters; {name} is dynamic and in force")))
            }
            Some(Ok(Some(Applies::Static))) => {
                Ok(Verdict::not_satisfied(format!("{waiting}, and {name} is static"), EXPECTED))
            }
            Some(Err(gap)) => Err(gap),
            Some(Ok(None)) | None => {
                Err(Gap::Incomplete { operation: PARAMETER_CALL.into(), field: "Parameter.ApplyType".into() })
            }
        },
        other => Err(unknown_status("DBClusterMember.DBClusterParameterGroupStatus", CLUSTERS, other)),
    }
}

#[cfg(test)]
mod tests;
