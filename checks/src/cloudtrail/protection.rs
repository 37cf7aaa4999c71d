//! What protects the audit trail: validation of its files, its key, the log group it feeds and the bucket it fills.

use jiff::Timestamp;
use serde::Deserialize;

use super::audit::{AuditTrail, Wanted, audit_trail, none_is_the_stacks};
use super::{DESCRIBE, Trail, called, delivers, of_organization, status};
use crate::check::Context;
use crate::evidence::{Account, Run};
use crate::kms::{KeyState, metadata};
use crate::observed::{Gap, Observed};
use crate::s3::Switch;
use crate::subject::Existence;
use crate::verdict::{Judgement, Verdict, every};

/// Which trail is the audit trail: the same three parameters as of `cloudtrail-logging-enabled`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Which {
    trail_name: String,
    require_multi_region: bool,
    require_kms_events: bool,
}

impl Which {
    pub(crate) fn wanted(&self) -> Wanted<'_> {
        Wanted { name: &self.trail_name, multi_region: self.require_multi_region, kms_events: self.require_kms_events }
    }
}

/// The audit trail; `None` where there is none, which `cloudtrail-logging-enabled` says.
pub(crate) fn chosen<'a>(
    account: &'a Account,
    wanted: &Wanted<'_>,
    context: &Context<'_>,
) -> Result<Option<&'a Trail>, Gap> {
    let trails = account.trails.required(DESCRIBE, "trailList")?;
    match audit_trail(trails, wanted, context)? {
        None => none_is_the_stacks(trails, wanted, context).map(|()| None),
        Some(AuditTrail { stack_unread: Some(gap), .. }) => Err(gap),
        Some(AuditTrail { trail, .. }) => Ok(Some(trail)),
    }
}

/// What the requirements that follow say where there is no audit trail.
fn no_trail() -> Judgement {
    Ok(Verdict::not_applicable("there is no audit trail; see cloudtrail-logging-enabled"))
}

fn about(trail: &Trail, judgement: Judgement) -> Judgement {
    let judgement = judgement.map_err(|gap| of_organization(trail, gap));
    Ok(judgement?.about(&format!("trail {}", called(trail))))
}

/// Digests come once an hour, so none yet is only a remark; an error beside a digest of the last day has passed.
pub(super) fn validation(account: &Account, params: &Which, context: &Context<'_>) -> Judgement {
    let Some(trail) = chosen(account, &params.wanted(), context)? else { return no_trail() };
    about(trail, every([validates(trail), digests(trail, &context.evidence.run)], unseen))
}

/// Whether the audit trail's files can be proved to be unaltered.
///
/// # Errors
/// The gap, where it could not be read.
pub(crate) fn validated(trail: &Trail, run: &Run) -> Judgement {
    about(trail, every([validates(trail), digests(trail, run)], unseen))
}

fn validates(trail: &Trail) -> Judgement {
    Ok(match trail.validation.seen()? {
        Some(Switch::On) => Verdict::satisfied("validates its log files")
            .noting("files from before validation was switched on are not covered"),
        Some(Switch::Off) | None => Verdict::not_satisfied("does not validate its log files", "log file validation on"),
    })
}

/// How long an error may stand beside the last delivery, in seconds.
const STANDING: i64 = 24 * 60 * 60;

/// How long the first digest takes at most, in seconds.
const FIRST_DIGEST: i64 = 2 * 60 * 60;

fn digests(trail: &Trail, run: &Run) -> Judgement {
    let status = status(trail)?;
    let error = status.digest_error.seen()?.map(String::as_str).filter(|error| !error.is_empty());
    let Some(error) = error else {
        return Ok(match &status.digest_delivered_at {
            Observed::Present(at) if age(at, run) <= STANDING => {
                Verdict::satisfied(format!("delivered a digest at {at}"))
            }
            Observed::Present(at) => Verdict::satisfied(format!("delivered a digest at {at}"))
                .noting("it has delivered no digest for more than a day, and no error says why"),
            Observed::Absent => Verdict::satisfied("reports no digest error").noting(match &status.started_at {
                Observed::Present(at) if age(at, run) > FIRST_DIGEST => format!(
                    "no digest was delivered yet, and the trail has been logging since {at}: unless validation was switched \
                     on in the last two hours, nothing proves its files"
                ),
                Observed::Present(_) | Observed::Absent | Observed::Unknown(_) => {
                    "no digest was delivered yet; the first takes up to two hours".into()
                }
            }),
            Observed::Unknown(gap) => Verdict::satisfied("reports no digest error")
                .noting(format!("when a digest was delivered last could not be read: {gap}")),
        });
    };
    let last = status.digest_delivered_at.seen()?;
    Ok(match last {
        Some(at) if age(at, run) <= STANDING => Verdict::satisfied(format!("delivered a digest at {at}"))
            .noting(format!("it reports the digest error {error} beside that")),
        Some(at) => Verdict::not_satisfied(
            format!("reports the digest error {error} and delivered its last digest at {at}"),
            "digests that are delivered",
        ),
        None => Verdict::not_satisfied(
            format!("reports the digest error {error} and has never delivered a digest"),
            "digests that are delivered",
        ),
    })
}

fn age(at: &Timestamp, run: &Run) -> i64 {
    run.started_at.duration_since(*at).as_secs()
}

fn unseen() -> Judgement {
    Err(Gap::undecided("nothing of the trail was looked at"))
}

const KEY_EXPECTED: &str = "a customer managed KMS key in state Enabled";

/// No key means that S3 encrypts the files with keys of its own, never "unencrypted". CloudTrail takes customer keys only.
/// A key of another account cannot be described from here; that the trail delivers shows that it works.
pub(super) fn encryption(account: &Account, params: &Which, context: &Context<'_>) -> Judgement {
    let Some(trail) = chosen(account, &params.wanted(), context)? else { return no_trail() };
    let run = &context.evidence.run;
    let Some(reference) = trail.kms_key.seen()? else {
        return about(
            trail,
            Ok(Verdict::not_satisfied(
                "names no KMS key; S3 encrypts its files with keys that S3 manages",
                KEY_EXPECTED,
            )),
        );
    };
    let foreign = reference.split(':').nth(4).is_some_and(|account| *account != run.account);
    if foreign {
        let account = reference.split(':').nth(4).unwrap_or("another");
        let verdict = delivers(trail, run).map_err(|gap| of_organization(trail, gap))?;
        let note = format!("the key {reference} belongs to account {account} and cannot be described from this one");
        return about(trail, Ok(verdict.noting(note)));
    }
    about(trail, own_key(reference, context))
}

fn own_key(reference: &str, context: &Context<'_>) -> Judgement {
    let Some((subject, key)) = context.evidence.key_named(reference) else {
        return Err(Gap::undecided(format!("nothing was seen of the key `{reference}` that the trail names")));
    };
    if let Ok(Some(Existence::Missing)) = subject.existence.seen() {
        return Ok(Verdict::not_satisfied(format!("names the key `{reference}`, which does not exist"), KEY_EXPECTED));
    }
    let state = metadata(key)?.state.required("DescribeKey", "KeyMetadata.KeyState")?;
    let observed = format!("is encrypted with the key `{reference}`, which is {}", state.name());
    match state {
        KeyState::Enabled => Ok(Verdict::satisfied(observed)),
        KeyState::Creating | KeyState::Updating => Err(Gap::changing(observed)),
        KeyState::Disabled
        | KeyState::PendingDeletion
        | KeyState::PendingReplicaDeletion
        | KeyState::PendingImport
        | KeyState::Unavailable => Ok(Verdict::not_satisfied(observed, KEY_EXPECTED)),
    }
}

/// Parameters of `cloudtrail-to-cloudwatch-logs`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ToLogs {
    max_delivery_age_h: i64,
    trail_name: String,
    require_multi_region: bool,
    require_kms_events: bool,
}

/// How long the first delivery may take after logging was started, in seconds.
const FIRST_DELIVERY: i64 = 60 * 60;

/// A log group that nothing arrives in is no log group. The first delivery takes a while, so that its absence says
/// nothing within the first hour.
pub(super) fn to_logs(account: &Account, params: &ToLogs, context: &Context<'_>) -> Judgement {
    let wanted = Wanted {
        name: &params.trail_name,
        multi_region: params.require_multi_region,
        kms_events: params.require_kms_events,
    };
    let Some(trail) = chosen(account, &wanted, context)? else { return no_trail() };
    about(trail, feeds(trail, params, &context.evidence.run))
}

fn feeds(trail: &Trail, params: &ToLogs, run: &Run) -> Judgement {
    let hours = params.max_delivery_age_h;
    let expected = format!("a log group that took events in within the last {hours} hours");
    let Some(group) = trail.log_group.seen()? else {
        return Ok(Verdict::not_satisfied("feeds no log group", expected));
    };
    let name = group.split(':').nth(6).unwrap_or(group);
    let status = status(trail)?;
    let error = status.logs_error.seen()?.map(String::as_str).filter(|error| !error.is_empty());
    let Some(at) = status.logs_delivered_at.seen()? else {
        if let Some(started) = status.started_at.seen()?
            && age(started, run) < FIRST_DELIVERY
        {
            return Err(Gap::changing(format!("trail {} was started less than an hour ago and", called(trail))));
        }
        let reason = error.map_or(String::new(), |error| format!(" and reports the error {error}"));
        return Ok(Verdict::not_satisfied(format!("has never written to log group {name}{reason}"), expected));
    };
    let observed = format!("wrote to log group {name} at {at}");
    let verdict = match (age(at, run) <= hours * 60 * 60, error) {
        (true, None) => Verdict::satisfied(observed),
        (true, Some(error)) => Verdict::satisfied(observed).noting(format!("it reports the error {error} beside that")),
        (false, None) => Verdict::not_satisfied(format!("{observed} and not since"), expected),
        (false, Some(error)) => {
            Verdict::not_satisfied(format!("{observed} and not since, and reports the error {error}"), expected)
        }
    };
    let foreign = group.split(':').nth(4).filter(|account| *account != run.account);
    Ok(match foreign {
        Some(account) => verdict.noting(format!(
            "the log group belongs to account {account}: no filter on it is seen from here, see cw-alarms-security-coverage"
        )),
        None => verdict,
    })
}

#[cfg(test)]
mod tests;
