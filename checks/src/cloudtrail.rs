//! CloudTrail trails: what is seen of them, and the checks of their requirements.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::check::Check;
use crate::observed::{Observed, Seen};
use crate::s3::Switch;

/// The checks of this file, in catalog order.
pub fn checks() -> Vec<Check> {
    Vec::new()
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
