//! AWS Config: what is read of it.

use tap_audit_checks::config::View;
use tap_audit_checks::observed::Gap;

use crate::collect::Walk;
use crate::collect::call::Call;

/// Every call of this file, for plans and for the policy that the auditing role needs.
pub(crate) const CALLS: &[&Call] = &[];

/// Collects what the account holds of this service in the run's region.
pub(crate) async fn view(_walk: &Walk<'_>) -> View {
    View::unknown(&Gap::NotCollected { what: "this version does not read it".into() })
}
