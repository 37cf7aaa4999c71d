//! CloudTrail trails: what is seen of them, and the checks of their requirements.

mod audit;
mod bucket;
mod data_events;
#[cfg(test)]
pub(crate) mod fixture;
mod management;
pub(crate) mod protection;
mod selectors;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::check::Check;
use crate::evidence::Run;
use crate::observed::{Gap, Observed, Seen};
use crate::s3::Switch;
use crate::verdict::{Judgement, Verdict};

pub(crate) use audit::{Wanted, is_called};
pub(crate) use data_events::records_objects;
pub(crate) use protection::chosen;

/// The checks of this file, in catalog order.
pub fn checks() -> Vec<Check> {
    vec![
        Check::across("cloudtrail-logging-enabled", audit::logging),
        Check::across("cloudtrail-data-events", data_events::data_events),
        Check::across("cloudtrail-log-file-validation", protection::validation),
        Check::across("cloudtrail-kms-encrypted", protection::encryption),
        Check::across("cloudtrail-to-cloudwatch-logs", protection::to_logs),
        Check::across("cloudtrail-bucket-protected", bucket::protected),
    ]
}

/// What was seen of a trail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trail {
    /// Its name.
    pub name: Observed<String>,
    /// Its ARN, by which it is asked about.
    pub arn: Observed<String>,
    /// The region it was made in.
    pub home_region: Observed<String>,
    /// Whether it covers every region.
    pub multi_region: Observed<Switch>,
    /// Whether it records global services.
    pub global_services: Observed<Switch>,
    /// Whether it belongs to the organisation.
    pub organization: Observed<Switch>,
    /// Whether log files can be validated.
    pub validation: Observed<Switch>,
    /// The key of the log files; absent means S3's own encryption.
    pub kms_key: Observed<String>,
    /// The bucket that receives the log files.
    pub bucket: Observed<String>,
    /// The ARN of the log group that it feeds; absent means none.
    pub log_group: Observed<String>,
    /// The ARN of the role by which it writes to the log group; absent means none.
    pub log_role: Observed<String>,
    /// Its tags, read where the profile asks for them; an empty map means none.
    pub tags: Seen<BTreeMap<String, String>>,
    /// The ARN of the topic that it tells of each delivery; absent means none.
    pub topic: Observed<String>,
    /// Whether it is logging.
    pub status: Seen<TrailStatus>,
    /// What it records.
    pub selectors: Seen<Selectors>,
}

/// Whether a trail is logging and delivering.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrailStatus {
    /// Whether it is logging.
    pub logging: Observed<Switch>,
    /// The last delivery error; absent or empty means none.
    pub delivery_error: Observed<String>,
    /// When a log file was delivered last; absent means never.
    pub delivered_at: Observed<Timestamp>,
    /// The last error in delivering a digest, by which log files are validated; absent or empty means none.
    pub digest_error: Observed<String>,
    /// When a digest was delivered last; absent means never.
    pub digest_delivered_at: Observed<Timestamp>,
    /// The last error in writing to the log group; absent or empty means none.
    pub logs_error: Observed<String>,
    /// When events were written to the log group last; absent means never.
    pub logs_delivered_at: Observed<Timestamp>,
    /// When logging was started last.
    pub started_at: Observed<Timestamp>,
}

/// What a trail records, classic and advanced selectors as CloudTrail answers them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selectors {
    /// Classic selectors.
    pub classic: Vec<ClassicSelector>,
    /// Advanced selectors.
    pub advanced: Vec<AdvancedSelector>,
}

/// A classic event selector.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassicSelector {
    /// Which events; absent means all.
    pub read_write: Observed<ReadWrite>,
    /// Whether management events are recorded; absent means that they are.
    pub management: Observed<Switch>,
    /// Sources of management events that are left out.
    pub excluded_sources: Vec<String>,
    /// The data events, as type and values.
    pub data: Vec<(String, Vec<String>)>,
}

/// Which events a selector records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReadWrite {
    /// Reads and writes.
    All,
    /// Reads only.
    ReadOnly,
    /// Writes only.
    WriteOnly,
}

/// An advanced event selector: fields that must all match.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdvancedSelector {
    /// Its name; empty where it has none.
    pub name: String,
    /// Its fields.
    pub fields: Vec<FieldSelector>,
}

/// One field of an advanced selector. Values of `equals`, `starts_with` and `ends_with` are alternatives; of the
/// `not_` forms none may match.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldSelector {
    /// The field's name, such as `resources.ARN`.
    pub field: String,
    /// Values of which one must be equal.
    pub equals: Vec<String>,
    /// Prefixes of which one must fit.
    pub starts_with: Vec<String>,
    /// Suffixes of which one must fit.
    pub ends_with: Vec<String>,
    /// Values of which none may be equal.
    pub not_equals: Vec<String>,
    /// Prefixes of which none may fit.
    pub not_starts_with: Vec<String>,
    /// Suffixes of which none may fit.
    pub not_ends_with: Vec<String>,
}

const DESCRIBE: &str = "DescribeTrails";
const STATUS: &str = "GetTrailStatus";
const SELECTORS: &str = "GetEventSelectors";

pub(crate) fn called(trail: &Trail) -> &str {
    match (&trail.name, &trail.arn) {
        (Observed::Present(name), _) => name,
        (Observed::Absent | Observed::Unknown(_), Observed::Present(arn)) => arn,
        (Observed::Absent | Observed::Unknown(_), Observed::Absent | Observed::Unknown(_)) => {
            "(a trail without a name)"
        }
    }
}

/// Says of a denial that members of an organisation may not read the organisation's trail, which no permission mends.
pub(crate) fn of_organization(trail: &Trail, gap: Gap) -> Gap {
    if let (Gap::Denied { operation, permission, or_else: None }, Observed::Present(Switch::On)) =
        (&gap, &trail.organization)
    {
        let or_else =
            format!("to run in the organisation's management account, which trail {} belongs to", called(trail));
        return Gap::Denied {
            operation: operation.clone(),
            permission: permission.clone(),
            or_else: Some(or_else.into()),
        };
    }
    gap
}

fn status(trail: &Trail) -> Result<&TrailStatus, Gap> {
    trail.status.required(STATUS, "IsLogging")
}

pub(crate) fn is_logging(trail: &Trail) -> Judgement {
    Ok(match status(trail)?.logging.required(STATUS, "IsLogging")? {
        Switch::On => Verdict::satisfied("is logging"),
        Switch::Off => Verdict::not_satisfied("is not logging", "logging"),
    })
}

/// How old the last delivery may be beside an error, in seconds.
const STANDING: i64 = 24 * 60 * 60;

/// An absent or empty error means that the last delivery went well, however long ago it was. An error beside a delivery of
/// the last day has passed or is passing.
pub(crate) fn delivers(trail: &Trail, run: &Run) -> Judgement {
    let status = status(trail)?;
    let error = status.delivery_error.seen()?.map(String::as_str).filter(|error| !error.is_empty());
    let last = status.delivered_at.seen();
    let since = |at: &Timestamp| run.started_at.duration_since(*at).as_secs();
    match (error, last) {
        (None, Ok(Some(at))) => {
            let verdict = Verdict::satisfied(format!("delivered a log file at {at}"));
            Ok(if since(at) <= STANDING {
                verdict
            } else {
                verdict.noting("it has delivered no log file for more than a day, and no error says why")
            })
        }
        (None, Ok(None)) => {
            Ok(Verdict::satisfied("reports no delivery error").noting("it has not delivered a log file yet"))
        }
        (None, Err(gap)) => Ok(Verdict::satisfied("reports no delivery error")
            .noting(format!("when it delivered last could not be read: {gap}"))),
        (Some(error), Ok(Some(at))) if since(at) <= STANDING => {
            Ok(Verdict::satisfied(format!("delivered a log file at {at}"))
                .noting(format!("it reports the delivery error {error} beside that")))
        }
        (Some(error), Ok(Some(at))) => Ok(Verdict::not_satisfied(
            format!("reports the delivery error {error} and delivered its last log file at {at}"),
            "delivery",
        )),
        (Some(error), Ok(None)) => Ok(Verdict::not_satisfied(
            format!("reports the delivery error {error} and has never delivered a log file"),
            "delivery",
        )),
        (Some(_), Err(gap)) => Err(gap),
    }
}

fn selectors(trail: &Trail) -> Result<&Selectors, Gap> {
    trail.selectors.required(SELECTORS, "EventSelectors")
}
