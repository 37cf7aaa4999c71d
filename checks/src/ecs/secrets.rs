//! That credentials come from Secrets Manager.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::check::Context;
use crate::ecs::running::{self, active, is_of_stack, nothing_of_stack, revisions, short};
use crate::ecs::{Cluster, Definition, SecretReference, SecretStore, Service};
use crate::iam::Role;
use crate::iam::documents::held;
use crate::observed::{Gap, Observed};
use crate::policy::Document;
use crate::policy::ask::Asked;
use crate::policy::evaluate::{self, Truth};
use crate::policy::model::{Effect, Resources, Statement};
use crate::policy::request::{Caller, Request};
use crate::secretsmanager::Secret;
use crate::subject::{Existence, Subject};
use crate::verdict::{Judgement, Verdict, any, either, every, nothing_to_judge};

/// Parameters of `ecs-taskdef-secrets-from-secretsmanager`: words that tell a secret by the name of the variable, of the
/// secret or of the key in it, without regard to case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Patterns {
    db_secret_pattern: Vec<String>,
    api_key_pattern: Vec<String>,
}

const READ: &str = "secretsmanager:GetSecretValue";

/// What is looked for.
struct Wanted<'a> {
    what: &'a str,
    words: &'a [String],
}

impl Wanted<'_> {
    fn is_meant(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        self.words.iter().any(|word| name.contains(&word.to_ascii_lowercase()))
    }

    fn expected(&self) -> String {
        format!(
            "a secret of Secrets Manager for the {}, in `secrets` of a container or readable by name for the task role",
            self.what
        )
    }
}

/// Judged over all containers of the stack's services together: one of them may be the only one that needs a database.
pub(super) fn from_secrets_manager(cluster: &Cluster, params: &Patterns, context: &Context<'_>) -> Judgement {
    if let Some(verdict) = nothing_of_stack(context) {
        return Ok(verdict);
    }
    let of_stack = context.evidence.all::<Service>().filter(|(subject, _)| is_of_stack(subject, context.evidence));
    let (services, gap) = active(of_stack);
    let gap = gap.or(cluster.services.required("ListServices", "serviceArns").err());
    if services.is_empty() {
        return match gap {
            Some(gap) => Err(gap),
            None => Ok(Verdict::not_applicable("there is no ACTIVE service (see ecs-service-fargate)")),
        };
    }
    let mut seen = Definitions { read: Vec::new(), gap };
    for (_, description) in services {
        let (arns, gap) = revisions(description);
        seen.gap = seen.gap.or(gap);
        for arn in arns {
            match running::definition(arn, context.evidence) {
                Ok(definition) => seen.read.push((short(arn), definition)),
                Err(gap) => seen.gap = seen.gap.or(Some(gap)),
            }
        }
    }
    let database = Wanted { what: "database", words: &params.db_secret_pattern };
    let api_key = Wanted { what: "API key", words: &params.api_key_pattern };
    let mut parts = vec![found(&database, &seen, context)];
    if !api_key.words.is_empty() {
        parts.push(found(&api_key, &seen, context));
    }
    let verdict = every(parts, nothing_to_judge)?;
    Ok(if api_key.words.is_empty() {
        verdict.noting("api_key_pattern is not set, so no secret for an API key is looked for")
    } else {
        verdict
    })
}

/// The definitions that the stack's services run, and what of them could not be read.
struct Definitions<'a> {
    read: Vec<(&'a str, &'a Definition)>,
    gap: Option<Gap>,
}

fn found(wanted: &Wanted<'_>, seen: &Definitions<'_>, context: &Context<'_>) -> Judgement {
    either(by_reference(wanted, seen, context), || by_role(wanted, seen, context))
}

/// One reference that leads to a secret is enough: another of the same words may be plain configuration.
fn by_reference(wanted: &Wanted<'_>, seen: &Definitions<'_>, context: &Context<'_>) -> Judgement {
    let mut parts = Vec::new();
    for (revision, definition) in &seen.read {
        for container in &definition.containers {
            for reference in container.secrets.iter().filter(|reference| is_meant(wanted, reference)) {
                parts.push(leads_to_secret(reference, &format!("{} of {revision}", container.name), wanted, context));
            }
        }
    }
    parts.extend(seen.gap.clone().map(Err));
    if parts.is_empty() {
        let observed = format!("no container takes a secret for the {}", wanted.what);
        return Ok(Verdict::not_satisfied(observed, wanted.expected()));
    }
    any(parts)
}

fn is_meant(wanted: &Wanted<'_>, reference: &SecretReference) -> bool {
    let key = match &reference.json_key {
        Observed::Present(key) => Some(key.as_str()),
        Observed::Absent | Observed::Unknown(_) => None,
    };
    let names = [Some(reference.variable.as_str()), Some(own_name(&reference.named)), key];
    names.into_iter().flatten().any(|name| wanted.is_meant(name))
}

/// The name in an ARN, or the whole of what is none.
fn own_name(named: &str) -> &str {
    if named.starts_with("arn:") { named.splitn(6, ':').nth(5).unwrap_or(named) } else { named }
}

fn leads_to_secret(
    reference: &SecretReference,
    container: &str,
    wanted: &Wanted<'_>,
    context: &Context<'_>,
) -> Judgement {
    let variable = format!("variable {} of container {container}", reference.variable);
    match reference.store {
        SecretStore::ParameterStore => Ok(Verdict::not_satisfied(
            format!("{variable} is taken from the parameter {}, not from Secrets Manager", own_name(&reference.named)),
            wanted.expected(),
        )),
        SecretStore::SecretsManager => {
            let (subject, _) = secret(&reference.named, context)
                .ok_or_else(|| Gap::undecided(format!("nothing was seen of the secret of {variable}")))?;
            Ok(match is_there(subject)? {
                Existence::Exists => {
                    Verdict::satisfied(format!("{variable} is taken from {}", own_name(&reference.named)))
                }
                Existence::Missing => Verdict::not_satisfied(
                    format!("{variable} is taken from {}, which does not exist", own_name(&reference.named)),
                    wanted.expected(),
                ),
            })
        }
    }
}

fn is_there(secret: &Subject) -> Result<Existence, Gap> {
    match secret.existence.required("DescribeSecret", "ARN") {
        Ok(existence) => Ok(*existence),
        Err(Gap::Missing { .. }) => Ok(Existence::Missing),
        Err(gap) => Err(gap),
    }
}

/// The secret that an ARN names, with or without the six characters that Secrets Manager puts behind its name.
fn secret<'a>(named: &str, context: &Context<'a>) -> Option<(&'a Subject, &'a Secret)> {
    let is_same = |name: &str| {
        name == named
            || name.strip_prefix(named).is_some_and(is_random_end)
            || named.strip_prefix(name).is_some_and(is_random_end)
    };
    context.evidence.all::<Secret>().find(|(subject, _)| subject.names().into_iter().any(is_same))
}

fn is_random_end(end: &str) -> bool {
    end.len() == 7 && end.starts_with('-') && end[1..].bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Code may fetch a secret itself when it runs; then its role has to name it.
fn by_role(wanted: &Wanted<'_>, seen: &Definitions<'_>, context: &Context<'_>) -> Judgement {
    let mut parts = Vec::new();
    let mut asked: Vec<&str> = Vec::new();
    for (revision, definition) in &seen.read {
        match definition.task_role.seen() {
            Ok(Some(role)) if !asked.contains(&role.as_str()) => {
                asked.push(role);
                parts.push(role_reads(role, wanted, context));
            }
            Ok(Some(_)) => {}
            Ok(None) => parts.push(Ok(Verdict::not_satisfied(
                format!("{revision} has no task role that could read one"),
                wanted.expected(),
            ))),
            Err(gap) => parts.push(Err(gap)),
        }
    }
    parts.extend(seen.gap.clone().map(Err));
    any(parts)
}

/// The policies of a role, each with its name, or why it could not be read. A boundary can only take away; what it
/// leaves is not known.
fn policies(role: &Role) -> Vec<(String, Result<Document, Gap>)> {
    let mut policies: Vec<_> = held(role).into_iter().map(|policy| (policy.name, policy.document)).collect();
    let boundary = match role.boundary.seen() {
        Ok(None) => None,
        Ok(Some(arn)) => Some(Gap::undecided(format!(
            "the role has the permissions boundary {arn}, which may take away {READ} and is not judged"
        ))),
        Err(gap) => Some(gap),
    };
    policies.extend(boundary.map(|gap| ("the permissions boundary".to_owned(), Err(gap))));
    policies
}

fn role_reads(arn: &str, wanted: &Wanted<'_>, context: &Context<'_>) -> Judgement {
    let name = short(arn);
    let of_account = arn.split(':').nth(4) == Some(context.evidence.run.account.as_str());
    let Some((_, role)) = context.evidence.all::<Role>().find(|(subject, _)| of_account && subject.id == name) else {
        return Err(Gap::undecided(format!("nothing was seen of the task role {name}")));
    };
    let policies = policies(role);
    let mut parts: Vec<Judgement> = Vec::new();
    let mut named: Vec<String> = Vec::new();
    for (_, document) in &policies {
        let Ok(document) = document else { continue };
        for secret in document.statements.iter().flat_map(secrets_named) {
            if wanted.is_meant(own_name(&secret)) && !named.contains(&secret) {
                parts.push(reads(arn, &secret, &policies, wanted, context));
                named.push(secret);
            }
        }
    }
    if parts.is_empty() {
        let unread = policies.iter().find_map(|(_, document)| document.as_ref().err());
        let verdict = || {
            let observed = format!("the task role {name} may read no secret for the {} by name", wanted.what);
            Verdict::not_satisfied(observed, wanted.expected())
        };
        return unread.map_or_else(|| Ok(verdict()), |gap| Err(gap.clone()));
    }
    any(parts)
}

/// The secrets that a statement lets read by their whole name. What stands behind the name for the six characters of
/// Secrets Manager is left out; a name with a wildcard in it names none.
fn secrets_named(statement: &Statement) -> Vec<String> {
    let Resources::Only(patterns) = &statement.resources else { return Vec::new() };
    if statement.effect != Effect::Allow || !evaluate::actions(&statement.actions, &READ.to_ascii_lowercase()) {
        return Vec::new();
    }
    patterns.iter().filter_map(|pattern| whole_name(&pattern.text)).map(str::to_owned).collect()
}

/// The ARNs of the secrets that a role may read by their whole name, without what Secrets Manager puts behind it. For
/// collectors: what cannot be read here is reported by the check.
pub fn named_for_reading(role: &Role) -> Vec<String> {
    let mut named = Vec::new();
    for policy in held(role) {
        let Ok(document) = policy.document else { continue };
        for secret in document.statements.iter().flat_map(secrets_named) {
            if !named.contains(&secret) {
                named.push(secret);
            }
        }
    }
    named
}

/// The ARN of the one secret that a pattern names.
fn whole_name(pattern: &str) -> Option<&str> {
    let arn = ["-??????", "-*", "*"].iter().find_map(|end| pattern.strip_suffix(end)).unwrap_or(pattern);
    let (head, name) = arn.split_once(":secret:")?;
    let is_plain = |text: &str| !text.is_empty() && !text.contains(['*', '?', '$']);
    (head.starts_with("arn:") && head.split(':').count() == 5 && is_plain(head) && is_plain(name)).then_some(arn)
}

fn reads(
    role: &str,
    named: &str,
    policies: &[(String, Result<Document, Gap>)],
    wanted: &Wanted<'_>,
    context: &Context<'_>,
) -> Judgement {
    let (name, secret_name) = (short(role), own_name(named));
    let (subject, _) = secret(named, context)
        .ok_or_else(|| Gap::undecided(format!("nothing was seen of {secret_name}, which task role {name} may read")))?;
    if is_there(subject)? == Existence::Missing {
        return Ok(Verdict::not_satisfied(
            format!("the task role {name} may read {secret_name}, which does not exist"),
            wanted.expected(),
        ));
    }
    let asked = question(role, subject, context);
    let mut best = (Truth::No, None);
    for (place, document) in policies {
        let document = document.as_ref().map_err(Gap::clone)?;
        match asked.first(Effect::Deny, document) {
            (Truth::Yes, Some(deny)) => {
                return Ok(Verdict::not_satisfied(
                    format!("{} of {place} denies task role {name} {READ} on {secret_name}", deny.name()),
                    wanted.expected(),
                ));
            }
            (Truth::Unknown, Some(deny)) => return Err(Gap::undecided(asked.doubt(deny, place))),
            (Truth::No, _) | (_, None) => {}
        }
        let (truth, allow) = asked.first(Effect::Allow, document);
        if truth > best.0 {
            best = (truth, allow.map(|allow| (place, allow)));
        }
    }
    match best {
        (Truth::Yes, Some((place, allow))) => {
            Ok(Verdict::satisfied(format!("task role {name} may read {secret_name} by {} of {place}", allow.name()))
                .noting("the secret is fetched at run time; whether the code does so is not seen here"))
        }
        (Truth::Unknown, Some((place, allow))) => Err(Gap::undecided(asked.doubt(allow, place))),
        (Truth::No, _) | (_, None) => Ok(Verdict::not_satisfied(
            format!("no policy of task role {name} allows {READ} on {secret_name}"),
            wanted.expected(),
        )),
    }
}

/// Of the request nothing is known but who asks for which secret.
fn question<'a>(role: &str, secret: &'a Subject, context: &'a Context<'_>) -> Asked<'a> {
    let arn = secret.arn.as_deref().unwrap_or(&secret.id);
    // An ARN without its end is the secret's all the same, and policies are written for the whole.
    let whole = arn.len().checked_sub(7).and_then(|at| arn.get(at..)).is_some_and(is_random_end);
    let resource = if whole { arn.to_owned() } else { format!("{arn}-AbCdEf") };
    let name = role.split_once(":role/").map_or(role, |(_, name)| name);
    Asked {
        forms: vec![Request {
            caller: Caller::Role {
                account: context.evidence.run.account.clone(),
                name: name.to_owned(),
                session: "task".to_owned(),
            },
            action: READ.to_owned(),
            resource,
            context: BTreeMap::new(),
        }],
        partition: &context.evidence.run.partition,
        known: &[],
    }
}

#[cfg(test)]
mod tests;
