//! KMS: what is read of a key.

use tap_audit_checks::kms::Key;
use tap_audit_checks::observed::Gap;
use tap_audit_checks::subject::Resource;

use crate::collect::{Collected, Walk, existence};

/// Collects a key, named by its id, `alias/name` or (in another account) its ARN. For an alias only DescribeKey is
/// asked, and the key it leads to is reached with `Relation::NamedBy`; the walk merges the two. `named_by` and
/// `encrypts` are filled in by the walk.
pub(crate) async fn key(_walk: &Walk<'_>, _id: &str, region: &str) -> Collected {
    let key = Key::unknown(&Gap::NotCollected { what: "not read yet".into() });
    Collected {
        existence: existence(&key.metadata),
        arn: None,
        region: Some(region.to_owned()),
        resource: Resource::Key(Box::new(key)),
    }
}
