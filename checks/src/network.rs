//! Exposure and encryption in transit across services: what is seen of them, and the checks of their requirements.

use crate::check::Check;

/// The checks of this file, in catalog order.
pub fn checks() -> Vec<Check> {
    Vec::new()
}
