//! IAM: what is read of a role.

use tap_audit_checks::iam::Role;
use tap_audit_checks::observed::Gap;
use tap_audit_checks::subject::Resource;

use crate::collect::{Collected, Walk, existence};

/// Collects a role.
pub(crate) async fn role(_walk: &Walk<'_>, _name: &str) -> Collected {
    let role = Role::unknown(&Gap::NotCollected { what: "not read yet".into() });
    Collected {
        existence: existence(&role.inline_policies),
        arn: None,
        region: None,
        resource: Resource::Role(Box::new(role)),
    }
}
