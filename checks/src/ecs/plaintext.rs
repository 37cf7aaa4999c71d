//! That no secret stands in a task definition, which everybody reads who may describe it.

use serde::Deserialize;

use crate::check::Context;
use crate::ecs::running::{Reach, of_running};
use crate::ecs::{Container, PlainLook, PlainValue, TaskDefinition};
use crate::observed::Gap;
use crate::secret::SecretNames;
use crate::verdict::{Judgement, Verdict, every};

/// Parameters of `ecs-taskdef-no-plaintext-secrets`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Plaintext {
    words: Vec<String>,
    ignore: Vec<String>,
    extra_patterns: Vec<String>,
    accept_environment_files: bool,
}

const EXPECTED: &str = "no secret in the task definition, only the names of secrets";

/// Endings of names under which a value may be the name of a secret rather than one: `SECRET_NAME`, `--secret-id`.
const OF_NAMES: [&str; 2] = ["name", "id"];

/// The values were judged when they were read and are gone. A name alone proves nothing: `DB_SECRET_ARN` with an ARN
/// and `TOKEN_TTL` with a number are as they should be.
pub(super) fn no_plaintext_secrets(revision: &TaskDefinition, params: &Plaintext, context: &Context<'_>) -> Judgement {
    let names = SecretNames {
        words: params.words.iter().chain(&params.extra_patterns).cloned().collect(),
        harmless_endings: Vec::new(),
        ignore: params.ignore.clone(),
    };
    of_running(revision, Reach::Everything, context, |definition| {
        let containers = &definition.containers;
        let mut parts: Vec<Judgement> = containers
            .iter()
            .flat_map(|container| container.values.iter().map(|value| judged(container, value, &names)))
            .collect();
        parts.extend(containers.iter().filter(|container| container.environment_files > 0).map(|container| {
            if params.accept_environment_files {
                Ok(Verdict::satisfied(NOTHING_FOUND).noting(format!(
                    "accept_environment_files: the files of container {} are not read",
                    container.name
                )))
            } else {
                Err(Gap::undecided(format!(
                    "container {} loads variables from files in S3, which are never read; set accept_environment_files \
                     when they hold no secret",
                    container.name
                )))
            }
        }));
        let verdict =
            every(parts, || Ok(Verdict::satisfied("the task definition holds no value that could be a secret")))?;
        Ok(match verdict {
            failed @ Verdict::NotSatisfied { .. } => failed.noting(
                "older revisions that are ACTIVE still show what they held: deregister them, and change the secret",
            ),
            other @ (Verdict::Satisfied { .. } | Verdict::NotApplicable { .. }) => other,
        })
    })
}

const NOTHING_FOUND: &str = "no value of the task definition looks secret by its name or by itself";

fn judged(container: &Container, value: &PlainValue, names: &SecretNames) -> Judgement {
    let name = value.name.seen()?.map(String::as_str);
    let place = match name {
        Some(name) => format!("{name} in {} of container {}", value.field.name(), container.name),
        None => format!("{} of container {}", value.field.name(), container.name),
    };
    let is_secret = name.is_some_and(|name| names.is_secret(name));
    Ok(match value.look {
        PlainLook::Credential(look) => Verdict::not_satisfied(format!("{place} holds {}", look.name()), EXPECTED),
        PlainLook::WebToken => Verdict::not_satisfied(format!("{place} holds a signed web token"), EXPECTED),
        PlainLook::Literal if is_secret && name.is_some_and(names_something) => {
            return Err(Gap::undecided(format!(
                "{place} is text that names no secret that was seen; whether it is a name or a secret was not asked, \
                 because asking would pass it on: use the secret's ARN"
            )));
        }
        PlainLook::Literal if is_secret => Verdict::not_satisfied(format!("{place} is a literal"), EXPECTED),
        PlainLook::Literal | PlainLook::Harmless | PlainLook::SecretsName => Verdict::satisfied(NOTHING_FOUND),
    })
}

/// Whether the last word of a name says that the value is a name: of `SECRET_NAME`, `secretId` and `--secret-id`.
fn names_something(name: &str) -> bool {
    OF_NAMES.iter().any(|ending| {
        let Some((head, tail)) = name.len().checked_sub(ending.len()).and_then(|at| name.split_at_checked(at)) else {
            return false;
        };
        let begins_word = !head.ends_with(char::is_alphanumeric)
            || (head.ends_with(char::is_lowercase) && tail.starts_with(char::is_uppercase));
        tail.eq_ignore_ascii_case(ending) && begins_word
    })
}

#[cfg(test)]
mod tests;
