//! Secrets Manager: what is seen of them, and the checks of their requirements.

use serde::{Deserialize, Serialize};

use crate::check::Check;
use crate::observed::Gap;

/// The checks of this file, in catalog order.
pub fn checks() -> Vec<Check> {
    Vec::new()
}

/// What was seen of one AWS::SecretsManager::Secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Secret {}

impl Secret {
    /// The evidence of one of which nothing could be seen.
    pub fn unknown(_gap: &Gap) -> Self {
        Secret {}
    }
}
