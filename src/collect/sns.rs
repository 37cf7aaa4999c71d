//! SNS topics: what is read of them.

use tap_audit_checks::observed::{Gap, Seen};
use tap_audit_checks::subject::{Kind, unseen};

use crate::collect::call::Call;
use crate::collect::{Collected, Reference, Walk};

/// Every call of this file, for plans and for the policy that the auditing role needs.
pub(crate) const CALLS: &[&Call] = &[];

/// The reference of the AWS::SNS::Topic that this text names, in any form: id, name or ARN.
pub(crate) fn topic_reference(_walk: &Walk<'_>, named: &str, region: &str) -> Option<Reference> {
    Some(Reference { kind: Kind::Topic, id: named.to_owned(), region: region.to_owned() })
}

/// Collects one AWS::SNS::Topic.
pub(crate) async fn topic(_walk: &Walk<'_>, _id: &str, _region: &str) -> Collected {
    let gap = Gap::NotCollected { what: "this version does not read it".into() };
    Collected { existence: Seen::gap(gap.clone()), arn: None, region: None, resource: unseen(Kind::Topic, &gap) }
}
