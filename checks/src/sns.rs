//! SNS topics: what is seen of them, and the checks of their requirements.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::check::Check;
use crate::observed::{Gap, Seen};

/// The checks of this file, in catalog order.
pub fn checks() -> Vec<Check> {
    Vec::new()
}

/// What was seen of one AWS::SNS::Topic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Topic {
    /// Its tags; an empty map means that it has none.
    pub tags: Seen<BTreeMap<String, String>>,
}

impl Topic {
    /// The evidence of one of which nothing could be seen.
    pub fn unknown(gap: &Gap) -> Self {
        Topic { tags: Seen::gap(gap.clone()) }
    }
}
