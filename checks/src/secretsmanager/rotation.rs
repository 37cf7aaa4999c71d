//! Whether a secret rotates, or could.

use jiff::SignedDuration;
use serde::Deserialize;

use super::schedule::most_days;
use super::{Consumer, DESCRIBE, Description, Secret, consumers, is_same};
use crate::check::Context;
use crate::observed::{Gap, Observed};
use crate::rds::{Database, Password};
use crate::s3::Switch;
use crate::verdict::{Judgement, Verdict, every, nothing_to_judge};

const EXPECTED: &str = "a secret that rotates within max_days, or could where its rotation need only be supported, and of \
                        which nobody pins a version id";

/// How late a rotation may be before it is overdue.
const GRACE: SignedDuration = SignedDuration::from_hours(24);

/// What is asked of a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Mode {
    /// That it rotates.
    Require,
    /// That nothing keeps it from rotating.
    Support,
}

/// What is asked, and which secrets are a database's: those with such a word in their name or in that of a variable.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rotation {
    mode_of_database: Mode,
    mode_of_others: Mode,
    database_words: Vec<String>,
    max_days: i64,
}

/// A version id that somebody pins is one that no rotation ever reaches, so it fails in either mode. That template and
/// database differ after a rotation is right: dynamic references are read at deployment only.
pub(super) fn enabled(secret: &Secret, params: &Rotation, context: &Context<'_>) -> Judgement {
    let description = secret.description.required(DESCRIBE, "ARN")?;
    let (consumers, gap) = consumers(secret, context);
    let pins = consumers.iter().filter_map(|consumer| {
        let version = consumer.version?;
        Some(Ok(Verdict::not_satisfied(
            format!("{} pins the version {version}, which no rotation reaches", consumer.what),
            EXPECTED,
        )))
    });
    let rotates = match description.rotation.seen() {
        Ok(Some(Switch::On)) => schedule(description, params, context),
        Ok(Some(Switch::Off)) => not_rotating("rotation is switched off", description, &consumers, params, context),
        Ok(None) => not_rotating("rotation was never set up", description, &consumers, params, context),
        Err(gap) => Err(gap),
    };
    every([rotates].into_iter().chain(pins).chain(gap.map(Err)), nothing_to_judge)
}

/// The last rotation does not tell: there is none before the first.
fn schedule(description: &Description, params: &Rotation, context: &Context<'_>) -> Judgement {
    let interval = interval(description).map(|days| {
        let observed = format!("it rotates at least every {days} days");
        if days <= params.max_days {
            Verdict::satisfied(observed)
        } else {
            Verdict::not_satisfied(
                format!("it rotates only every {days} days"),
                format!("at most {} days", params.max_days),
            )
        }
    });
    let next = description.next_rotation.required(DESCRIBE, "NextRotationDate").map(|next| {
        if context.evidence.run.started_at.duration_since(*next) <= GRACE {
            Verdict::satisfied(format!("the next rotation is due by {next}"))
        } else {
            Verdict::not_satisfied(format!("the rotation that was due by {next} was not made"), EXPECTED)
        }
    });
    every([interval, next], nothing_to_judge)
}

fn interval(description: &Description) -> Result<i64, Gap> {
    if let Some(days) = description.after_days.seen()? {
        return Ok(*days);
    }
    let schedule = description.schedule.required(DESCRIBE, "RotationRules")?;
    most_days(schedule).ok_or_else(|| Gap::Unrecognised {
        operation: DESCRIBE.into(),
        field: "RotationRules.ScheduleExpression".into(),
        token: schedule.clone(),
    })
}

fn not_rotating(
    observed: &str,
    description: &Description,
    consumers: &[Consumer<'_>],
    params: &Rotation,
    context: &Context<'_>,
) -> Judgement {
    let judged = |mode: Mode| match mode {
        Mode::Require => Verdict::not_satisfied(observed, EXPECTED)
            .noting("the secret is not the stack's, so its owner has to switch rotation on"),
        Mode::Support => Verdict::satisfied(format!("{observed}, and nothing keeps it from rotating"))
            .noting("the client's text asks for rotation to be supported; the owner of the secret may switch it on"),
    };
    if params.mode_of_database == params.mode_of_others {
        return Ok(judged(params.mode_of_others));
    }
    Ok(judged(if is_of_database(description, consumers, params, context)? {
        params.mode_of_database
    } else {
        params.mode_of_others
    }))
}

/// Whether the secret is a database's: RDS made it, a master password is taken from it, or its name or that of a variable
/// says so.
fn is_of_database(
    description: &Description,
    consumers: &[Consumer<'_>],
    params: &Rotation,
    context: &Context<'_>,
) -> Result<bool, Gap> {
    let names = context.subject.names();
    let says_so = |name: &str| {
        let name = name.to_ascii_lowercase();
        params.database_words.iter().any(|word| name.contains(&word.to_ascii_lowercase()))
    };
    let own_name = match &description.name {
        Observed::Present(name) => Some(name.as_str()),
        Observed::Absent | Observed::Unknown(_) => None,
    };
    if description.owning_service == Observed::Present("rds".into())
        || own_name.into_iter().chain(consumers.iter().filter_map(|consumer| consumer.variable)).any(says_so)
    {
        return Ok(true);
    }
    let mut gap = None;
    for (_, database) in context.evidence.all::<Database>() {
        match database.password.seen() {
            Ok(Some(Password::Secret(named))) if names.iter().any(|name| is_same(name, named)) => return Ok(true),
            Ok(_) => {}
            Err(found) => {
                gap.get_or_insert(found);
            }
        }
    }
    match gap {
        Some(gap) => Err(gap),
        None => Ok(false),
    }
}

#[cfg(test)]
mod tests;
