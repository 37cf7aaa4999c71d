//! CloudTrail: what is read of the account's trails.

use tap_audit_checks::cloudtrail::Trail;
use tap_audit_checks::observed::{Gap, Seen};

use crate::collect::Walk;

/// Collects every trail that covers the region, shadow and organisation trails included, each with its status and
/// selectors, asked by ARN in its home region.
pub(crate) async fn trails(_walk: &Walk<'_>, _region: &str) -> Seen<Vec<Trail>> {
    Seen::gap(Gap::NotCollected { what: "not read yet".into() })
}

/// Collects the ids of event data stores; only where the scope asks for them.
pub(crate) async fn event_data_stores(_walk: &Walk<'_>, _region: &str) -> Seen<Vec<String>> {
    Seen::gap(Gap::NotCollected { what: "event data stores are not asked for; set accept_event_data_store".into() })
}
