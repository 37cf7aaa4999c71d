//! How the stack stands: its status and its drift.

use jiff::SignedDuration;
use serde::Deserialize;

use super::{Description, DriftStatus, Member, Stack, StackStatus};
use crate::check::{Context, NoParams};
use crate::observed::Gap;
use crate::observed::Observed;
use crate::verdict::{Judgement, Verdict};

const COMPLETE: &str = "CREATE_COMPLETE, UPDATE_COMPLETE or IMPORT_COMPLETE";

/// A stack that does not exist although the user named it fails; one that nobody could find is an error.
pub(super) fn status(stack: &Stack, _: &NoParams) -> Judgement {
    let description = stack.description.required("DescribeStacks", "Stacks")?;
    let status = *description.status.required("DescribeStacks", "StackStatus")?;
    let observed = format!("the stack's status is {}", status.name());
    match status {
        StackStatus::CreateComplete | StackStatus::UpdateComplete | StackStatus::ImportComplete => {
            Ok(Verdict::satisfied(observed))
        }
        StackStatus::UpdateCompleteCleanupInProgress => {
            Ok(Verdict::satisfied(observed).noting("the update is in force, and old resources are still being removed"))
        }
        StackStatus::UpdateRollbackComplete
        | StackStatus::UpdateRollbackCompleteCleanupInProgress
        | StackStatus::ImportRollbackComplete => Ok(Verdict::satisfied(observed)
            .noting("the latest change was refused and undone; what is deployed is the state before it")),
        StackStatus::ReviewInProgress => Ok(Verdict::not_satisfied(observed, COMPLETE)
            .noting("the stack was never created: a change set waits for its execution")),
        StackStatus::NoSuchStack => {
            Ok(Verdict::not_satisfied("no stack of the given name exists in this account and region", COMPLETE))
        }
        StackStatus::CreateFailed
        | StackStatus::RollbackFailed
        | StackStatus::RollbackComplete
        | StackStatus::UpdateFailed
        | StackStatus::UpdateRollbackFailed
        | StackStatus::ImportRollbackFailed
        | StackStatus::DeleteFailed
        | StackStatus::DeleteComplete => Ok(Verdict::not_satisfied(observed, COMPLETE)),
        StackStatus::CreateInProgress
        | StackStatus::UpdateInProgress
        | StackStatus::DeleteInProgress
        | StackStatus::RollbackInProgress
        | StackStatus::UpdateRollbackInProgress
        | StackStatus::ImportInProgress
        | StackStatus::ImportRollbackInProgress => Err(Gap::changing(observed)),
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Drift {
    require_drift_check: bool,
    max_drift_age_days: u32,
    allowed_drift: Vec<String>,
}

impl Drift {
    fn expected(&self) -> String {
        format!("IN_SYNC, checked within {} days", self.max_drift_age_days)
    }

    /// No drift check, or an old one, says nothing about the stack as it is now.
    fn unchecked(&self, observed: &str) -> Judgement {
        Ok(if self.require_drift_check {
            Verdict::not_satisfied(observed, self.expected())
        } else {
            Verdict::not_applicable(observed).noting(
                "no recent drift check; `aws cloudformation detect-stack-drift` makes one, and tap-audit does not because it only reads",
            )
        })
    }
}

/// An absent drift answer means that drift was never checked, which decides nothing unless a check is required.
pub(super) fn drift(stack: &Stack, params: &Drift, context: &Context<'_>) -> Judgement {
    let description = stack.description.required("DescribeStacks", "Stacks")?;
    match description.drift.seen()? {
        None | Some(DriftStatus::NotChecked) => params.unchecked("drift was never checked"),
        Some(DriftStatus::Unknown) => params.unchecked("the last drift check gave no answer"),
        Some(DriftStatus::InSync) => {
            let at = *description.drift_checked_at.required("DescribeStacks", "LastCheckTimestamp")?;
            let observed = format!("IN_SYNC at {at}");
            let limit = SignedDuration::from_hours(24 * i64::from(params.max_drift_age_days));
            if context.evidence.run.started_at.duration_since(at) <= limit {
                Ok(Verdict::satisfied(observed))
            } else {
                params.unchecked(&format!("{observed}, which is longer than {} days ago", params.max_drift_age_days))
            }
        }
        Some(DriftStatus::Drifted) => drifted(stack, params, description),
    }
}

fn drifted(stack: &Stack, params: &Drift, description: &Description) -> Judgement {
    let when = match &description.drift_checked_at {
        Observed::Present(at) => format!("DRIFTED at {at}"),
        Observed::Absent | Observed::Unknown(_) => "DRIFTED at an unknown time".to_owned(),
    };
    let members = match stack.members.required("ListStackResources", "StackResourceSummaries") {
        Ok(members) => members,
        // With nothing allowed the stack's own answer decides; which resources drifted is detail.
        Err(gap) if params.allowed_drift.is_empty() => {
            return Ok(
                Verdict::not_satisfied(when, params.expected()).noting(format!("which resources is not known: {gap}"))
            );
        }
        Err(gap) => return Err(gap),
    };
    let mut changed: Vec<&Member> = Vec::new();
    let mut unread: Option<Gap> = None;
    for member in members {
        match &member.drift {
            Observed::Present(status) if matches!(status.as_str(), "MODIFIED" | "DELETED") => changed.push(member),
            Observed::Present(_) | Observed::Absent => {}
            Observed::Unknown(gap) => {
                unread.get_or_insert(gap.clone());
            }
        }
    }
    let is_allowed = |member: &&Member| params.allowed_drift.contains(&member.logical_id);
    // A nested stack is drifted when one of its members is; those are listed themselves.
    let nested = |member: &&Member| member.kind == "AWS::CloudFormation::Stack";
    let stray: Vec<&Member> = changed
        .iter()
        .copied()
        .filter(|member| !is_allowed(member))
        .filter(|member| !nested(member) || !changed.iter().any(|other| super::is_stack_named(member, &other.stack)))
        .collect();
    if !stray.is_empty() || changed.is_empty() {
        let names: Vec<String> = stray.iter().map(|member| name(member)).collect();
        let observed = if names.is_empty() { when } else { format!("{when}: {}", names.join(", ")) };
        return Ok(Verdict::not_satisfied(observed, params.expected()));
    }
    match unread {
        Some(gap) => Err(gap),
        None => {
            let names: Vec<String> = changed.iter().map(|member| name(member)).collect();
            Ok(Verdict::satisfied(format!("{when} only where that is allowed: {}", names.join(", "))))
        }
    }
}

fn name(member: &Member) -> String {
    match &member.drift {
        Observed::Present(status) => format!("{} {status}", member.logical_id),
        Observed::Absent | Observed::Unknown(_) => member.logical_id.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudformation::fixture::{description, member, stack, subject_of};
    use crate::fixture::*;

    const STATUS: &str = "stack-status-complete";
    const DRIFT: &str = "stack-drift-in-sync";

    fn described(change: impl FnOnce(&mut Description)) -> Stack {
        let mut stack = stack();
        let mut answer = description();
        change(&mut answer);
        stack.description = seen(answer);
        stack
    }

    fn judged(id: &str, params: &str, stack: Stack) -> Judgement {
        judge_with(id, params, &evidence(vec![subject_of(stack)]))
    }

    fn of_status(status: StackStatus) -> Judgement {
        judged(STATUS, "", described(|answer| answer.status = Observed::Present(status)))
    }

    #[test]
    fn each_status_has_the_verdict_that_its_exact_token_asks_for() {
        for (status, token) in StackStatus::ALL {
            let answer = of_status(status);
            match token {
                "CREATE_COMPLETE" | "UPDATE_COMPLETE" | "IMPORT_COMPLETE" => {
                    assert_eq!(passed(answer), format!("the stack's status is {token}"));
                }
                "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
                | "UPDATE_ROLLBACK_COMPLETE"
                | "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"
                | "IMPORT_ROLLBACK_COMPLETE" => {
                    assert!(passed(answer).starts_with(&format!("the stack's status is {token} | the ")), "{token}");
                }
                "CREATE_IN_PROGRESS"
                | "UPDATE_IN_PROGRESS"
                | "DELETE_IN_PROGRESS"
                | "ROLLBACK_IN_PROGRESS"
                | "UPDATE_ROLLBACK_IN_PROGRESS"
                | "IMPORT_IN_PROGRESS"
                | "IMPORT_ROLLBACK_IN_PROGRESS" => {
                    assert_eq!(
                        undecided(answer),
                        format!(
                            "the stack's status is {token}: it is changing, so the evidence may be torn; run again when it has settled"
                        )
                    );
                }
                "(no such stack)" => {
                    assert_eq!(failed(answer), "no stack of the given name exists in this account and region");
                }
                _ => assert!(failed(answer).starts_with(&format!("the stack's status is {token}")), "{token}"),
            }
        }
    }

    #[test]
    fn a_stack_that_was_never_created_says_so() {
        assert!(failed(of_status(StackStatus::ReviewInProgress)).ends_with("a change set waits for its execution"));
    }

    #[test]
    fn a_status_that_is_missing_denied_or_new_is_an_error() {
        let missing = described(|answer| answer.status = Observed::Absent);
        assert!(undecided(judged(STATUS, "", missing)).starts_with("DescribeStacks answered without StackStatus"));
        let gap = Gap::Unrecognised {
            operation: "DescribeStacks".into(),
            field: "StackStatus".into(),
            token: "PAUSED".into(),
        };
        let new = described(|answer| answer.status = Observed::Unknown(gap.clone()));
        assert_eq!(undecided(judged(STATUS, "", new)), gap.to_string());
        assert_eq!(undecided(judged(STATUS, "", Stack::unknown(&denial()))), denial().to_string());
    }

    fn checked(status: DriftStatus, at: Option<&str>) -> Stack {
        described(|answer| {
            answer.drift = Observed::Present(status);
            answer.drift_checked_at = Observed::of(at.map(|at| at.parse().unwrap()));
        })
    }

    #[test]
    fn a_stack_in_sync_passes_up_to_the_last_second_of_the_limit() {
        let stack = checked(DriftStatus::InSync, Some("2026-10-25T12:00:00Z"));
        assert_eq!(passed(judged(DRIFT, "", stack)), "IN_SYNC at 2026-10-25T12:00:00Z");
    }

    #[test]
    fn an_older_drift_check_says_nothing_unless_one_is_required() {
        let stack = checked(DriftStatus::InSync, Some("2026-10-25T11:59:59Z"));
        let answer = not_applicable(judged(DRIFT, "", stack.clone()));
        assert!(
            answer.starts_with(
                "IN_SYNC at 2026-10-25T11:59:59Z, which is longer than 7 days ago | no recent drift check"
            )
        );
        assert_eq!(
            failed(judged(DRIFT, "require_drift_check = true", stack)),
            "IN_SYNC at 2026-10-25T11:59:59Z, which is longer than 7 days ago"
        );
    }

    #[test]
    fn no_drift_check_says_nothing_unless_one_is_required() {
        for (drift, text) in [
            (Observed::Absent, "drift was never checked"),
            (Observed::Present(DriftStatus::NotChecked), "drift was never checked"),
            (Observed::Present(DriftStatus::Unknown), "the last drift check gave no answer"),
        ] {
            let stack = described(|answer| answer.drift = drift);
            assert!(not_applicable(judged(DRIFT, "", stack.clone())).starts_with(text));
            assert_eq!(failed(judged(DRIFT, "require_drift_check = true", stack)), text);
        }
    }

    #[test]
    fn drift_fails_with_its_date_and_resources_however_old_the_check_is() {
        let mut stack = checked(DriftStatus::Drifted, Some("2026-01-01T00:00:00Z"));
        let mut changed = member("Function", "AWS::Lambda::Function", "processor-dev", "CREATE_COMPLETE");
        changed.drift = Observed::Present("MODIFIED".into());
        let mut same = member("Bucket", "AWS::S3::Bucket", "patient-data-dev", "CREATE_COMPLETE");
        same.drift = Observed::Present("NOT_CHECKED".into());
        stack.members = seen(vec![changed, same]);
        assert_eq!(failed(judged(DRIFT, "", stack.clone())), "DRIFTED at 2026-01-01T00:00:00Z: Function MODIFIED");
        assert_eq!(
            passed(judged(DRIFT, "allowed_drift = ['Function']", stack.clone())),
            "DRIFTED at 2026-01-01T00:00:00Z only where that is allowed: Function MODIFIED"
        );
        assert_eq!(
            failed(judged(DRIFT, "allowed_drift = ['Bucket']", stack)),
            "DRIFTED at 2026-01-01T00:00:00Z: Function MODIFIED"
        );
    }

    #[test]
    fn drift_in_a_nested_stack_is_its_members_drift() {
        let mut stack = checked(DriftStatus::Drifted, Some("2026-10-31T00:00:00Z"));
        let arn = "arn:aws:cloudformation:us-east-2:123456789012:stack/TapStackdev-Inner-1/uuid";
        let mut nested = member("Inner", "AWS::CloudFormation::Stack", arn, "CREATE_COMPLETE");
        nested.drift = Observed::Present("MODIFIED".into());
        let mut inside = member("Role", "AWS::IAM::Role", "r", "CREATE_COMPLETE");
        inside.stack = "TapStackdev-Inner-1".into();
        inside.drift = Observed::Present("MODIFIED".into());
        stack.members = seen(vec![nested, inside]);
        assert_eq!(
            passed(judged(DRIFT, "allowed_drift = ['Role']", stack.clone())),
            "DRIFTED at 2026-10-31T00:00:00Z only where that is allowed: Inner MODIFIED, Role MODIFIED"
        );
        assert_eq!(failed(judged(DRIFT, "", stack)), "DRIFTED at 2026-10-31T00:00:00Z: Role MODIFIED");
    }

    #[test]
    fn drift_of_no_known_resource_fails_all_the_same() {
        let mut stack = checked(DriftStatus::Drifted, None);
        assert_eq!(failed(judged(DRIFT, "allowed_drift = ['Function']", stack.clone())), "DRIFTED at an unknown time");
        stack.members = denied();
        assert_eq!(
            failed(judged(DRIFT, "", stack.clone())),
            format!("DRIFTED at an unknown time | which resources is not known: {}", denial())
        );
        assert_eq!(undecided(judged(DRIFT, "allowed_drift = ['Function']", stack)), denial().to_string());
    }

    #[test]
    fn an_unreadable_member_keeps_allowed_drift_from_passing() {
        let mut stack = checked(DriftStatus::Drifted, Some("2026-10-31T00:00:00Z"));
        let mut changed = member("Function", "AWS::Lambda::Function", "processor-dev", "CREATE_COMPLETE");
        changed.drift = Observed::Present("DELETED".into());
        let mut unread = member("Bucket", "AWS::S3::Bucket", "patient-data-dev", "CREATE_COMPLETE");
        unread.drift = Observed::Unknown(denial());
        stack.members = seen(vec![changed, unread]);
        assert_eq!(undecided(judged(DRIFT, "allowed_drift = ['Function']", stack)), denial().to_string());
    }

    #[test]
    fn drift_that_cannot_be_read_is_an_error() {
        assert_eq!(undecided(judged(DRIFT, "", Stack::unknown(&denial()))), denial().to_string());
        let stack = described(|answer| answer.drift = Observed::Unknown(denial()));
        assert_eq!(undecided(judged(DRIFT, "", stack)), denial().to_string());
        let undated = checked(DriftStatus::InSync, None);
        assert!(
            undecided(judged(DRIFT, "", undated)).starts_with("DescribeStacks answered without LastCheckTimestamp")
        );
    }
}
