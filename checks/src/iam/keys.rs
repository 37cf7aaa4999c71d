//! Long-lived access keys, and users for whom they can be made.

use crate::check::NoParams;
use crate::cloudformation::Stack;
use crate::observed::Gap;
use crate::verdict::{Judgement, Verdict, every};

const KINDS: [(&str, &str); 2] = [
    ("AWS::IAM::AccessKey", "an access key, whose secret never expires"),
    ("AWS::IAM::User", "a user, for whom access keys can be made by hand"),
];

/// The listing holds nested stacks too. What is deleted or was never made is no key.
pub(super) fn none_in_stack(stack: &Stack, _params: &NoParams) -> Judgement {
    let members = stack.members.required("ListStackResources", "StackResourceSummaries")?;
    let expected = "roles instead of users and access keys";
    let parts = members.iter().filter(|member| member.is_live() || member.is_changing()).filter_map(|member| {
        let (_, what) = KINDS.iter().find(|(kind, _)| *kind == member.kind)?;
        Some(Ok(Verdict::not_satisfied(format!("{} of stack {} is {what}", member.logical_id, member.stack), expected)))
    });
    every(parts, || {
        if members.is_empty() {
            return Err(Gap::undecided("the listing of the stack holds nothing"));
        }
        Ok(Verdict::satisfied(format!("none of the {} members of the stack is a user or an access key", members.len())))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudformation::fixture::{member, stack, subject_of};
    use crate::fixture::*;

    const ID: &str = "iam-no-access-keys-for-stack";

    fn judged(members: &[(&str, &str)]) -> Judgement {
        let members = members.iter().map(|(kind, status)| member("Thing", kind, "x", status)).collect();
        judge(ID, &evidence(vec![subject_of(Stack { members: seen(members), ..stack() })]))
    }

    #[test]
    fn a_stack_of_roles_alone_passes() {
        let text = passed(judged(&[("AWS::IAM::Role", "CREATE_COMPLETE")]));
        assert_eq!(text, "none of the 1 members of the stack is a user or an access key");
    }

    #[test]
    fn a_key_fails_and_so_does_a_user_without_one() {
        let text = failed(judged(&[("AWS::IAM::AccessKey", "CREATE_COMPLETE")]));
        assert_eq!(text, "Thing of stack TapStackdev is an access key, whose secret never expires");
        let text = failed(judged(&[("AWS::IAM::User", "UPDATE_COMPLETE")]));
        assert!(text.ends_with("a user, for whom access keys can be made by hand"), "{text}");
    }

    #[test]
    fn what_was_deleted_is_no_key() {
        passed(judged(&[("AWS::IAM::AccessKey", "DELETE_COMPLETE"), ("AWS::IAM::Role", "CREATE_COMPLETE")]));
    }

    #[test]
    fn a_listing_that_is_empty_or_was_not_read_is_an_error() {
        assert!(undecided(judged(&[])).contains("holds nothing"));
        let dark = Stack { members: denied(), ..stack() };
        assert_eq!(judge(ID, &evidence(vec![subject_of(dark)])), Err(denial()));
    }
}
