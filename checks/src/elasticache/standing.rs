//! Whether there is a cache of the right engine that serves.

use serde::Deserialize;

use super::{CLUSTERS, Cache, Description, Engine, Form, GROUPS, Group, SERVERLESS, form};
use crate::cloudformation::Stack;
use crate::evidence::Evidence;
use crate::observed::Gap;
use crate::subject::Kind;
use crate::verdict::{Judgement, Verdict, every, nothing_to_judge};

const EXPECTED: &str = "a replication group, or a serverless cache where one will do, of the engine redis or valkey, that \
                        is available";

/// What a status says of the cache's work, with the status in a sentence where it does not serve.
pub(super) enum Phase {
    /// It takes connections.
    Serving,
    /// It is being made or altered.
    Changing(String),
    /// It is being deleted.
    Leaving(String),
    /// It could not be made.
    Failed(String),
}

/// The status as ElastiCache writes it, in small letters: replication groups and serverless caches differ in case.
fn status(form: &Form<'_>) -> Result<String, Gap> {
    Ok(match form {
        Form::Group(group) => group.status.required(GROUPS, "ReplicationGroup.Status")?,
        Form::Serverless(cache) => cache.status.required(SERVERLESS, "ServerlessCache.Status")?,
    }
    .to_ascii_lowercase())
}

pub(super) fn phase(form: &Form<'_>) -> Result<Phase, Gap> {
    let status = status(form)?;
    let observed = format!("its status is {status}");
    match status.as_str() {
        "available" | "snapshotting" => Ok(Phase::Serving),
        "creating" | "modifying" => Ok(Phase::Changing(observed)),
        "deleting" => Ok(Phase::Leaving(observed)),
        "create-failed" => Ok(Phase::Failed(observed)),
        _ => {
            let (operation, field) = match form {
                Form::Group(_) => (GROUPS, "ReplicationGroup.Status"),
                Form::Serverless(_) => (SERVERLESS, "ServerlessCache.Status"),
            };
            Err(Gap::Unrecognised { operation: operation.into(), field: field.into(), token: status })
        }
    }
}

/// Which caches will do.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Accepted {
    accept_valkey: bool,
    accept_serverless: bool,
}

/// A cache cluster that belongs to no replication group has no replica, so it fails whatever its engine.
pub(super) fn available(cache: &Cache, params: &Accepted) -> Judgement {
    if let Description::Alone { engine } = cache.description.required(GROUPS, "ReplicationGroups")? {
        let engine = engine.seen().ok().flatten().map_or_else(String::new, |engine| format!(" ({})", engine.name()));
        return Ok(Verdict::not_satisfied(
            format!("a cache cluster{engine} that belongs to no replication group"),
            EXPECTED,
        ));
    }
    let form = form(cache)?;
    every([kind(&form, params), engine(cache, &form, params), serving(&form)], nothing_to_judge)
}

fn kind(form: &Form<'_>, params: &Accepted) -> Judgement {
    Ok(match form {
        Form::Group(_) => Verdict::satisfied("it is a replication group"),
        Form::Serverless(_) if params.accept_serverless => Verdict::satisfied("it is a serverless cache"),
        Form::Serverless(_) => Verdict::not_satisfied("it is a serverless cache, not a replication group", EXPECTED),
    })
}

fn engine(cache: &Cache, form: &Form<'_>, params: &Accepted) -> Judgement {
    let engine = match form {
        Form::Group(group) => of_group(cache, group)?,
        Form::Serverless(cache) => *cache.engine.required(SERVERLESS, "ServerlessCache.Engine")?,
    };
    let observed = format!("its engine is {}", engine.name());
    Ok(match engine {
        Engine::Redis => Verdict::satisfied(observed),
        Engine::Valkey if params.accept_valkey => Verdict::satisfied(observed)
            .noting("the client's text says Redis; Valkey speaks the same protocol, and accept_valkey lets it do"),
        Engine::Valkey | Engine::Memcached => Verdict::not_satisfied(observed, EXPECTED),
    })
}

/// Older answers leave the engine out of the group; its member clusters always tell.
fn of_group(cache: &Cache, group: &Group) -> Result<Engine, Gap> {
    if let Some(engine) = group.engine.seen()? {
        return Ok(*engine);
    }
    let members = cache.members.required(CLUSTERS, "CacheClusters")?;
    let member = members.first().ok_or_else(|| {
        Gap::undecided("the replication group names no engine, and no member cluster was seen that could tell")
    })?;
    member.engine.required(CLUSTERS, "CacheCluster.Engine").copied()
}

fn serving(form: &Form<'_>) -> Judgement {
    match phase(form)? {
        Phase::Serving => {
            let status = status(form)?;
            let verdict = Verdict::satisfied(format!("its status is {status}"));
            Ok(if status == "snapshotting" { verdict.noting("the cache serves in this status") } else { verdict })
        }
        Phase::Changing(observed) => Err(Gap::changing(observed)),
        Phase::Leaving(observed) | Phase::Failed(observed) => Ok(Verdict::not_satisfied(observed, EXPECTED)),
    }
}

/// That there is no cache is a failure once the listing of the stack was read to its end.
pub(super) fn no_cache(evidence: &Evidence) -> Judgement {
    let mut stacks = evidence.all::<Stack>().peekable();
    if stacks.peek().is_none() {
        return Err(Gap::NothingToAudit { kind: Kind::Cache.name().into() });
    }
    for (_, stack) in stacks {
        let members = stack.members.required("ListStackResources", "StackResourceSummaries")?;
        let is_cache = |kind: &str| Kind::led_to_by(kind) == Some(Kind::Cache);
        if let Some(one) = members.iter().find(|one| is_cache(&one.kind) && (one.is_live() || one.is_changing())) {
            let what = format!("{} {} of stack {} is {}", one.kind, one.logical_id, one.stack, one.status);
            return Err(Gap::changing(what));
        }
    }
    Ok(Verdict::not_satisfied("no ElastiCache cache is named by an output or belongs to the stack", EXPECTED))
}

#[cfg(test)]
mod tests;
