//! CloudWatch Logs: what is read of a log group.

use tap_audit_checks::logs::LogGroup;
use tap_audit_checks::observed::Gap;
use tap_audit_checks::subject::Resource;

use crate::collect::{Collected, Walk, existence};

/// Collects a log group and reaches its key. `writers` is filled in by the walk.
pub(crate) async fn group(_walk: &Walk<'_>, _name: &str, region: &str) -> Collected {
    let group = LogGroup::unknown(&Gap::NotCollected { what: "not read yet".into() });
    Collected {
        existence: existence(&group.description),
        arn: None,
        region: Some(region.to_owned()),
        resource: Resource::LogGroup(Box::new(group)),
    }
}
