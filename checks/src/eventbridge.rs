//! EventBridge rules: what is seen of them, and the checks of their requirements.

use serde::{Deserialize, Serialize};

use crate::check::Check;
use crate::observed::Gap;

/// The checks of this file, in catalog order.
pub fn checks() -> Vec<Check> {
    Vec::new()
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
