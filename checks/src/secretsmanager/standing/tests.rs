use super::super::fixture::{ARN, at, of, referred, secret, versions as labelled, with};
use super::*;
use crate::fixture::*;
use crate::observed::Observed::Absent;
use crate::subject::Resource;

const ID: &str = "secret-exists-and-active";

fn judged(secret: Secret) -> Judgement {
    judge(ID, &of(secret))
}

fn missing() -> Gap {
    Gap::Missing { operation: "DescribeSecret".into(), code: "ResourceNotFoundException".into() }
}

#[test]
fn a_secret_with_a_current_version_passes() {
    assert_eq!(passed(judged(secret())), "it is not about to be deleted; a version carries AWSCURRENT");
}

#[test]
fn a_reference_that_leads_nowhere_fails() {
    assert_eq!(failed(judged(Secret::unknown(&missing()))), "the secret does not exist");
}

#[test]
fn a_secret_that_is_about_to_be_deleted_fails_although_it_is_described() {
    let text = failed(judged(with(|description| description.deleted_at = at("2026-10-01T00:00:00Z"))));
    assert!(text.starts_with("its deletion was ordered at 2026-10-01"));
}

#[test]
fn a_secret_without_a_current_version_fails() {
    let said = "no version carries AWSCURRENT, so it has no value";
    assert_eq!(failed(judged(with(|description| description.versions = Absent))), said);
    let pending = with(|description| description.versions = labelled(&[("v1", "AWSPENDING")]));
    assert_eq!(failed(judged(pending)), said);
}

#[test]
fn what_a_reference_pins_has_to_be_there() {
    assert!(passed(judged(referred(Some("AWSPREVIOUS"), None))).contains("pins the stage AWSPREVIOUS"));
    assert!(passed(judged(referred(None, Some("v1")))).contains("pins the version v1, which is there"));
    assert!(failed(judged(referred(Some("GREEN"), None))).contains("pins the stage GREEN, which is not there"));
    assert!(failed(judged(referred(None, Some("v0")))).contains("pins the version v0, which is not there"));
    assert!(failed(judged(referred(Some("AWSCURRENT"), Some("v1")))).contains("the version v1 at stage AWSCURRENT"));
}

#[test]
fn what_was_not_read_is_undecided_and_does_not_hide_a_failure() {
    assert_eq!(judged(Secret::unknown(&denial())), Err(denial()));
    let unread = Secret { references: denied(), ..secret() };
    assert_eq!(judged(unread), Err(denial()));
    let broken = Secret { references: denied(), ..with(|description| description.versions = Absent) };
    failed(judged(broken));
}

#[test]
fn a_secret_of_another_account_is_out_of_sight() {
    let mut evidence = of(Secret::unknown(&missing()));
    evidence.subjects[1].id = "arn:aws:secretsmanager:us-east-2:999999999999:secret:db-AbC123".into();
    assert!(undecided(judge(ID, &evidence)).contains("is account 999999999999's"));
}

#[test]
fn a_secret_that_nobody_reads_is_noted() {
    let unread = passed(judged(with(|description| description.last_accessed = Absent)));
    assert!(unread.contains("LastAccessedDate is absent"));
    let idle = passed(judged(with(|description| description.last_accessed = at("2026-01-01T00:00:00Z"))));
    assert!(idle.contains("it was last read at 2026-01-01"));
}

#[test]
fn no_reference_is_not_applicable_only_once_all_was_read() {
    let stack = || crate::cloudformation::fixture::stack();
    let of_stack = |stack| evidence(vec![subject(Kind::Stack, "TapStackdev", Resource::Stack(Box::new(stack)))]);
    assert!(not_applicable(judge(ID, &of_stack(stack()))).starts_with("no secret is referred to"));
    let mut unread = stack();
    unread.processed = denied();
    assert_eq!(judge(ID, &of_stack(unread)), Err(denial()));
    assert!(undecided(judge(ID, &evidence(Vec::new()))).contains("AWS::SecretsManager::Secret"));
}

#[test]
fn names_and_arns_of_one_secret_are_the_same_with_and_without_their_end() {
    use super::super::is_same;
    let partial = ARN.strip_suffix("-AbC123").unwrap();
    for name in [ARN, partial, "app/db", "app/db-AbC123"] {
        assert!(is_same(ARN, name) && is_same(name, ARN), "{name}");
    }
    let elsewhere = ARN.replace("us-east-2", "eu-west-1");
    for other in [elsewhere.as_str(), "app/d", "app/db-other", "db"] {
        assert!(!is_same(ARN, other), "{other}");
    }
}
