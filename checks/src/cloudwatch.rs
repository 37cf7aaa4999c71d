//! CloudWatch alarms, metrics and dashboards: what is seen of them, and the checks of their requirements.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::check::Check;
use crate::observed::{Gap, Seen};

/// The checks of this file, in catalog order.
pub fn checks() -> Vec<Check> {
    Vec::new()
}

/// What was seen of one AWS::CloudWatch::Alarm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alarm {
    /// Its tags; an empty map means that it has none.
    pub tags: Seen<BTreeMap<String, String>>,
}

impl Alarm {
    /// The evidence of one of which nothing could be seen.
    pub fn unknown(gap: &Gap) -> Self {
        Alarm { tags: Seen::gap(gap.clone()) }
    }
}

/// What was seen of this service in the account, in the run's region.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct View {}

impl View {
    /// The evidence where nothing could be seen.
    pub fn unknown(_gap: &Gap) -> Self {
        View {}
    }
}
