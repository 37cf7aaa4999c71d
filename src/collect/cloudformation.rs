//! CloudFormation: the stack that holds the resources, its listing, its templates.

use tap_audit_checks::cloudformation::{Holder, Stack};
use tap_audit_checks::observed::{Gap, Seen};

use crate::collect::Walk;

/// How the stack is looked for.
#[derive(Clone, Debug)]
pub(crate) enum Wanted {
    /// By the name or id that the user or a listing gave.
    Named(String),
    /// By the physical id of a resource that an output names: the first that a stack holds decides.
    HoldingOneOf(Vec<String>),
}

/// Collects the root stack with its nested stacks, in `region`, and reaches every live member of a kind that is a subject
/// of its own with `Relation::Member` (others go to `walk.not_covered`, but for kinds that are covered as part of
/// another subject, such as bucket policies, aliases and permissions). Digests of the literal defaults of
/// secret-looking parameters go to `walk.defaults`. `holders` is filled in by the walk. Where no stack holds the
/// resources, `identity` is `Absent` (cite the lookups) and the other parts are
/// `Gap::depends_on("stack-managed-by-cloudformation", ..)`; where the lookup was refused, all are that gap.
pub(crate) async fn root_stack(_walk: &Walk<'_>, _wanted: &Wanted, _region: &str) -> Stack {
    Stack::unknown(&Gap::NotCollected { what: "not read yet".into() })
}

/// Asks which stack holds the resource of this physical id; absent means that none does.
pub(crate) async fn holder(_walk: &Walk<'_>, _physical_id: &str, _region: &str) -> Seen<Holder> {
    Seen::gap(Gap::NotCollected { what: "not read yet".into() })
}
