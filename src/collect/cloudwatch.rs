//! CloudWatch: how often a function was invoked.

use tap_audit_checks::observed::{Gap, Seen};

use crate::collect::Walk;

/// Collects the sum of a function's invocations from `days` days ago until two hours ago.
pub(crate) async fn invocations(_walk: &Walk<'_>, _function: &str, _region: &str, _days: i64) -> Seen<u64> {
    Seen::gap(Gap::NotCollected { what: "not read yet".into() })
}
