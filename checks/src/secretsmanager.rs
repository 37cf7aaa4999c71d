//! Secrets Manager: what is seen of secrets, by their metadata alone, and the checks of their requirements.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::check::{Check, Context};
use crate::ecs::{SecretStore, TaskDefinition};
use crate::observed::{Gap, Observed, Seen};
use crate::policy::model::PolicyText;
use crate::s3::Switch;

mod created;
#[cfg(test)]
pub(crate) mod fixture;
mod guard;
mod rotation;
mod schedule;
mod standing;

/// The checks of this file, in catalog order.
pub fn checks() -> Vec<Check> {
    vec![
        // Who refers to a secret that is not there is told so by this one.
        Check::across("secret-exists-and-active", standing::active).when_none(standing::no_secret).judging_absence(),
        Check::across("secret-not-created-by-stack", created::none),
        Check::across("secret-rotation-enabled", rotation::enabled),
        Check::across("secret-kms-cmk", guard::key),
        Check::across("secret-policy-not-public", guard::not_public),
    ]
}

/// What was seen of a secret. Its value is never read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Secret {
    /// Other names that led to it: its bare name, and its ARN without what Secrets Manager puts behind the name.
    pub named_by: BTreeSet<String>,
    /// What DescribeSecret answers.
    pub description: Seen<Description>,
    /// Its resource policy; absent means that it has none.
    pub policy: Seen<PolicyText>,
    /// The dynamic references to it in the templates of the stacks; an empty list means none.
    pub references: Seen<Vec<Reference>>,
}

/// What DescribeSecret answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    /// Its ARN, whole; Secrets Manager always answers it.
    pub arn: Observed<String>,
    /// Its name.
    pub name: Observed<String>,
    /// The key as written; absent means the one that AWS manages for Secrets Manager.
    pub kms_key: Observed<String>,
    /// Whether it rotates; absent means that rotation was never set up.
    pub rotation: Observed<Switch>,
    /// The days between rotations; absent where only the schedule tells.
    pub after_days: Observed<i64>,
    /// The schedule of rotations as written, such as `rate(30 days)`; absent where the days alone tell.
    pub schedule: Observed<String>,
    /// The latest time of the next rotation; absent where none is planned.
    pub next_rotation: Observed<Timestamp>,
    /// When it was last read, to the day; absent means not lately.
    pub last_accessed: Observed<Timestamp>,
    /// When its deletion was ordered; absent means that it was not.
    pub deleted_at: Observed<Timestamp>,
    /// The staging labels of each version that has any, by version id; absent means that it has no value.
    pub versions: Observed<BTreeMap<String, BTreeSet<String>>>,
    /// The service that made it and looks after it, such as `rds`; absent where it is the customer's own.
    pub owning_service: Observed<String>,
}

/// A `{{resolve:secretsmanager:...}}` text of a template.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Reference {
    /// The stack whose template it is.
    pub stack: String,
    /// The secret as it names it: name, ARN or ARN without its end.
    pub named: String,
    /// The staging label that it pins.
    pub stage: Option<String>,
    /// The version id that it pins.
    pub version: Option<String>,
}

impl Secret {
    /// The evidence of one of which nothing could be seen.
    pub fn unknown(gap: &Gap) -> Self {
        Secret {
            named_by: BTreeSet::new(),
            description: Seen::gap(gap.clone()),
            policy: Seen::gap(gap.clone()),
            references: Seen::gap(gap.clone()),
        }
    }
}

/// Whether two texts name one secret: names and ARNs of one account and region, with or without the hyphen and the six
/// characters that Secrets Manager puts behind the name.
pub fn is_same(one: &str, other: &str) -> bool {
    let name = |text: &str| text.split_once(":secret:").map_or(text, |(_, name)| name).to_owned();
    let is_arn = |text: &str| text.starts_with("arn:");
    let (one_name, other_name) = (name(one), name(other));
    let heads_agree = !(is_arn(one) && is_arn(other))
        || one.split_once(":secret:").map(|(head, _)| head) == other.split_once(":secret:").map(|(head, _)| head);
    let longer = |long: &str, short: &str| long.strip_prefix(short).is_some_and(is_random_end);
    heads_agree && (one_name == other_name || longer(&one_name, &other_name) || longer(&other_name, &one_name))
}

/// What Secrets Manager puts behind the name in an ARN.
pub fn is_random_end(end: &str) -> bool {
    end.len() == 7 && end.starts_with('-') && end[1..].bytes().all(|byte| byte.is_ascii_alphanumeric())
}

const DESCRIBE: &str = "DescribeSecret";

/// Somebody who takes the secret, and what of it is pinned.
struct Consumer<'a> {
    /// It in a sentence.
    what: String,
    /// The name of the variable that it takes the secret as.
    variable: Option<&'a str>,
    stage: Option<&'a str>,
    version: Option<&'a str>,
}

/// Everybody who takes the subject's secret, as far as was seen, and what kept the others from being known.
fn consumers<'a>(secret: &'a Secret, context: &Context<'a>) -> (Vec<Consumer<'a>>, Option<Gap>) {
    let names = context.subject.names();
    let is_meant = |named: &str| names.iter().any(|name| is_same(name, named));
    let (mut consumers, mut gap) = (Vec::new(), None);
    let mut note = |found: Gap| {
        gap.get_or_insert(found);
    };
    for (subject, revision) in context.evidence.all::<TaskDefinition>() {
        let definition = match revision.definition.required("DescribeTaskDefinition", "taskDefinition") {
            Ok(definition) => definition,
            Err(Gap::Missing { .. }) => continue,
            Err(found) => {
                note(found);
                continue;
            }
        };
        let revision = subject.id.rsplit('/').next().unwrap_or(&subject.id);
        for container in &definition.containers {
            let taken = container.secrets.iter().filter(|taken| taken.store == SecretStore::SecretsManager);
            for taken in taken.filter(|taken| is_meant(&taken.named)) {
                let mut known = |pinned: &'a Observed<String>| {
                    pinned.seen().map_or_else(
                        |found| {
                            note(found);
                            None
                        },
                        |pinned| pinned.map(String::as_str),
                    )
                };
                consumers.push(Consumer {
                    what: format!("variable {} of container {} of {revision}", taken.variable, container.name),
                    variable: Some(&taken.variable),
                    stage: known(&taken.stage),
                    version: known(&taken.version),
                });
            }
        }
    }
    match secret.references.required("GetTemplate", "TemplateBody") {
        Ok(references) => consumers.extend(references.iter().map(|reference| Consumer {
            what: format!("a dynamic reference in the template of stack {}", reference.stack),
            variable: None,
            stage: reference.stage.as_deref(),
            version: reference.version.as_deref(),
        })),
        Err(found) => note(found),
    }
    (consumers, gap)
}
