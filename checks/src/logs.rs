//! CloudWatch Logs log groups: what is seen of them, and the checks of their requirements.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::check::Check;
use crate::observed::{Gap, Observed, Seen};
use crate::s3::Switch;

/// The checks of this file, in catalog order.
pub fn checks() -> Vec<Check> {
    Vec::new()
}

/// What was seen of a log group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogGroup {
    /// What DescribeLogGroups answers of the group of exactly this name.
    pub description: Seen<Description>,
    /// When the newest event arrived, read only where the requirement is switched on; absent means that there is none.
    pub last_event: Seen<Timestamp>,
    /// The functions that write to it, by name.
    pub writers: Vec<String>,
    /// Tags; absent means none.
    pub tags: Seen<BTreeMap<String, String>>,
}

/// What DescribeLogGroups answers of one group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    /// The ARN without the trailing `:*`.
    pub arn: Observed<String>,
    /// Days that events are kept; absent means that they never expire.
    pub retention_days: Observed<i32>,
    /// The account-level policy that sets the days; absent means that the group's own setting rules.
    pub retention_policy: Observed<String>,
    /// The key, as written; absent means service-owned encryption only, which is encryption all the same.
    pub kms_key: Observed<String>,
    /// The class; absent means standard.
    pub class: Observed<LogClass>,
    /// Whether the group is protected against deletion; absent means off.
    pub deletion_protection: Observed<Switch>,
    /// When it was made.
    pub created_at: Observed<Timestamp>,
}

/// The class of a log group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LogClass {
    /// Everything works.
    Standard,
    /// Cheaper, without metric and subscription filters.
    InfrequentAccess,
    /// Delivery only: kept about a day whatever the retention says.
    Delivery,
}

impl LogGroup {
    /// The evidence of a log group of which nothing could be seen.
    pub fn unknown(gap: &Gap) -> Self {
        LogGroup {
            description: Seen::gap(gap.clone()),
            last_event: Seen::gap(gap.clone()),
            writers: Vec::new(),
            tags: Seen::gap(gap.clone()),
        }
    }
}
