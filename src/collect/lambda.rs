//! Lambda: what is read of a function.

use tap_audit_checks::lambda::{Configuration, EventInvoke, Function};
use tap_audit_checks::observed::{Gap, Seen};
use tap_audit_checks::subject::Resource;

use crate::collect::{Collected, Walk, existence};

/// What is read of a version or alias that a notification names.
#[derive(Clone, Debug)]
pub(crate) struct Qualified {
    /// Its configuration.
    pub(crate) configuration: Seen<Configuration>,
    /// What happens to its failed asynchronous invokes.
    pub(crate) event_invoke: Seen<EventInvoke>,
}

/// Collects a function. Reaches its role, its key and its log group as soon as its configuration is known; digests of
/// environment values go to `walk.values` under the qualifier `$LATEST`, the values themselves are dropped in the
/// reduction. `published_default` is left `Unknown(NotCollected)` except for the known list: the walk settles it
/// when the templates are read.
pub(crate) async fn function(_walk: &Walk<'_>, _name: &str, region: &str) -> Collected {
    let function = Function::unknown(&Gap::NotCollected { what: "not read yet".into() });
    Collected {
        existence: existence(&function.configuration),
        arn: None,
        region: Some(region.to_owned()),
        resource: Resource::Function(Box::new(function)),
    }
}

/// Collects a version or alias of a function that a notification names.
pub(crate) async fn qualified(_walk: &Walk<'_>, _name: &str, _qualifier: &str, _region: &str) -> Qualified {
    let gap = Gap::NotCollected { what: "not read yet".into() };
    Qualified { configuration: Seen::gap(gap.clone()), event_invoke: Seen::gap(gap) }
}
