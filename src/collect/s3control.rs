//! S3 Control: the account's own public access block.

use tap_audit_checks::observed::{Gap, Seen};
use tap_audit_checks::s3::PublicAccessBlock;

use crate::collect::Walk;

/// Collects the account's public access block; absent means that none is set.
pub(crate) async fn public_access_block(_walk: &Walk<'_>) -> Seen<PublicAccessBlock> {
    Seen::gap(Gap::NotCollected { what: "not read yet".into() })
}
