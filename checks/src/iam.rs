//! IAM roles: what is seen of them. Their policy documents come with the policy engine.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::observed::{Gap, Seen};

/// What was seen of a role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// The names of its inline policies; an empty list means none.
    pub inline_policies: Seen<Vec<String>>,
    /// The ARNs of its managed policies; an empty list means none.
    pub attached_policies: Seen<Vec<String>>,
    /// Tags; absent means none.
    pub tags: Seen<BTreeMap<String, String>>,
}

impl Role {
    /// The evidence of a role of which nothing could be seen.
    pub fn unknown(gap: &Gap) -> Self {
        Role {
            inline_policies: Seen::gap(gap.clone()),
            attached_policies: Seen::gap(gap.clone()),
            tags: Seen::gap(gap.clone()),
        }
    }
}
