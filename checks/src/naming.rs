//! Names: whether resources carry the environment suffix and follow the naming convention.

use crate::check::Check;

/// The checks of this file, in catalog order.
pub fn checks() -> Vec<Check> {
    Vec::new()
}
