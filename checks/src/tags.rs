//! Tags: whether resources carry the keys and values that the inventory needs.

use crate::check::Check;

/// The checks of this file, in catalog order.
pub fn checks() -> Vec<Check> {
    Vec::new()
}
