use super::super::fixture::*;
use super::*;
use crate::cloudformation::fixture::{member, stack};
use crate::fixture::*;
use crate::subject::Resource;

const ID: &str = "secret-not-created-by-stack";
const SECRET: &str = "AWS::SecretsManager::Secret";

fn judged(kind: &str, status: &str, beside: Vec<crate::subject::Subject>) -> Judgement {
    let mut stack = stack();
    stack.members = seen(vec![member("Made", kind, ARN, status)]);
    let mut subjects = vec![subject(Kind::Stack, "TapStackdev", Resource::Stack(Box::new(stack)))];
    subjects.extend(beside);
    judge(ID, &evidence(subjects))
}

#[test]
fn a_stack_without_a_secret_passes_and_one_with_a_secret_fails() {
    for kind in ["SecretTargetAttachment", "RotationSchedule", "ResourcePolicy"] {
        passed(judged(&format!("AWS::SecretsManager::{kind}"), "CREATE_COMPLETE", Vec::new()));
    }
    for status in ["CREATE_COMPLETE", "UPDATE_COMPLETE", "CREATE_IN_PROGRESS", "DELETE_FAILED"] {
        let text = failed(judged(SECRET, status, Vec::new()));
        assert_eq!(text, "the stack makes the secret Made of stack TapStackdev");
    }
}

#[test]
fn a_secret_that_is_deleted_does_not_count_and_one_that_goes_is_undecided() {
    assert_eq!(passed(judged(SECRET, "DELETE_COMPLETE", Vec::new())), "the stack makes no secret");
    assert!(undecided(judged(SECRET, "DELETE_IN_PROGRESS", Vec::new())).contains("it is changing"));
}

#[test]
fn a_secret_that_rds_made_is_judged_elsewhere() {
    let of_rds = with(|description| description.owning_service = Observed::Present("rds".into()));
    assert!(passed(judged(SECRET, "CREATE_COMPLETE", vec![secret_subject(of_rds)])).contains("(J23)"));
    failed(judged(SECRET, "CREATE_COMPLETE", vec![secret_subject(secret())]));
}

#[test]
fn a_listing_that_was_not_read_is_undecided() {
    let mut unread = stack();
    unread.members = denied();
    let evidence = evidence(vec![subject(Kind::Stack, "TapStackdev", Resource::Stack(Box::new(unread)))]);
    assert_eq!(judge(ID, &evidence), Err(denial()));
}
