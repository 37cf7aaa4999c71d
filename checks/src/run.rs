//! The run itself: when, where and as whom the evidence was collected.

use crate::check::{Check, Context, NoParams};
use crate::evidence::Account;
use crate::verdict::{Judgement, Verdict};

/// The checks of this file, in catalog order.
pub fn checks() -> Vec<Check> {
    vec![Check::across("resource-pit-readability", readability)]
}

/// Advice only: that the run knows its account and caller is true of every report, because it ends before the first
/// check otherwise, and a pass that cannot be anything else proves nothing. It reads no attribute of the account, so no
/// gap can change it.
fn readability(_account: &Account, _params: &NoParams, context: &Context<'_>) -> Judgement {
    let run = &context.evidence.run;
    Ok(Verdict::not_applicable("this is about the report and not about a resource").noting(format!(
        "read in account {} and region {} by {}, from {} to {}; keep the report together with its evidence",
        run.account, run.region, run.caller_arn, run.started_at, run.finished_at
    )))
}

#[cfg(test)]
mod tests {
    use crate::fixture::{self, judge, not_applicable, subject};
    use crate::subject::{self, Kind};

    #[test]
    fn it_is_never_counted_and_names_account_caller_region_and_time() {
        let account = subject(Kind::Account, "123456789012", subject::unseen(Kind::Account, &fixture::denial()));
        assert_eq!(
            not_applicable(judge("resource-pit-readability", &fixture::evidence(vec![account]))),
            "this is about the report and not about a resource | read in account 123456789012 and region us-east-2 by arn:aws:sts::123456789012:assumed-role/auditor/test, from 2026-11-01T12:00:00Z to 2026-11-01T12:00:00Z; keep the report together with its evidence"
        );
    }
}
