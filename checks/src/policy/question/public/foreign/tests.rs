#![expect(clippy::wildcard_enum_match_arm, reason = "a test that meets another ruling fails whichever it is")]

use super::*;
use crate::policy::question::{AbsentHeader, Encryption};

const OWN: &str = "123456789012";
const OTHER: &str = "210987654321";

fn setting(trusted: &[&str]) -> Setting {
    Setting {
        account: OWN.into(),
        partition: "aws".into(),
        region: "us-east-2".into(),
        resource: Some("arn:aws:s3:::records".into()),
        service: None,
        trusted_accounts: trusted.iter().map(|one| (*one).to_owned()).collect(),
        encryption: Encryption {
            algorithms: Vec::new(),
            absent_header: AbsentHeader::Deny,
            kms_key_arn: None,
            bucket_default: None,
        },
        accept_own_org: false,
        allowed_managed: Vec::new(),
    }
}

fn policy(statements: &str) -> String {
    format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#)
}

fn allow(principal: &str, more: &str) -> String {
    format!(
        r#"{{"Effect":"Allow","Principal":{principal},"Action":"s3:GetObject","Resource":"arn:aws:s3:::records/*"{more}}}"#
    )
}

fn ruling(statements: &str, trusted: &[&str]) -> Ruling {
    cross_account(&[("bucket policy", &policy(statements))], &setting(trusted))
}

fn refuted(statements: &str) -> String {
    match ruling(statements, &[]) {
        Ruling::Fail { why, .. } => why,
        other => panic!("not refuted: {other:?}"),
    }
}

fn proved(statements: &str, trusted: &[&str]) {
    match ruling(statements, trusted) {
        Ruling::Pass { proved, .. } => {
            assert!(proved.starts_with("no principal of an account other than the own"), "{proved}");
        }
        other => panic!("not proved: {other:?}"),
    }
}

#[test]
fn a_named_principal_of_another_account_fails_and_a_trusted_one_passes() {
    for principal in [
        format!(r#"{{"AWS":"{OTHER}"}}"#),
        format!(r#"{{"AWS":["{OWN}","arn:aws:iam::{OTHER}:root"]}}"#),
        format!(r#"{{"AWS":"arn:aws:iam::{OTHER}:role/reader"}}"#),
        format!(r#"{{"AWS":"arn:aws:iam::{OTHER}:user/reader"}}"#),
        format!(r#"{{"AWS":"arn:aws:sts::{OTHER}:assumed-role/reader/session"}}"#),
    ] {
        let statement = allow(&principal, "");
        let why = refuted(&statement);
        assert!(why.starts_with("cross-account: arn:aws:iam::210987654321:"), "{why}");
        assert!(why.contains("can call s3:GetObject on arn:aws:s3:::records/"), "{why}");
        proved(&statement, &[OTHER]);
    }
    proved(&allow(&format!(r#"{{"AWS":"{OWN}"}}"#), ""), &[]);
}

#[test]
fn an_organisation_or_a_network_does_not_excuse_an_account_that_is_named() {
    let other = format!(r#"{{"AWS":"{OTHER}"}}"#);
    let organisation = r#","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-abcdefghij"}}"#;
    refuted(&allow(&other, organisation));
    refuted(&allow(&other, r#","Condition":{"StringEquals":{"aws:SourceVpce":"vpce-1"}}"#));
    // For everyone of an organisation, another account that is mentioned elsewhere is no reason.
    let mention = format!(
        r#"{{"Effect":"Deny","Principal":{other},"Action":"s3:PutObject","Resource":"arn:aws:s3:::records/*"}}"#
    );
    proved(&format!("{},{mention}", allow(r#""*""#, organisation)), &[]);
}

#[test]
fn an_account_that_only_a_condition_names_fails() {
    let by_account = format!(r#","Condition":{{"StringEquals":{{"aws:PrincipalAccount":"{OTHER}"}}}}"#);
    let statement = allow(r#""*""#, &by_account);
    assert!(refuted(&statement).starts_with("cross-account: arn:aws:iam::210987654321:role/someone can call"));
    proved(&statement, &[OTHER]);
    let by_arn = format!(r#","Condition":{{"ArnLike":{{"aws:PrincipalArn":"arn:aws:iam::{OTHER}:role/*"}}}}"#);
    refuted(&allow(r#"{"AWS":"*"}"#, &by_arn));
    let own = format!(r#","Condition":{{"StringEquals":{{"aws:PrincipalAccount":"{OWN}"}}}}"#);
    proved(&allow(r#""*""#, &own), &[]);
}

#[test]
fn a_canonical_user_fails_unless_trusted() {
    let id = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be";
    let statement = allow(&format!(r#"{{"CanonicalUser":"{id}"}}"#), "");
    assert!(refuted(&statement).starts_with(&format!("cross-account: canonical user {id} can call")));
    proved(&statement, &[id]);
}

#[test]
fn a_deny_counts_and_a_statement_about_another_resource_does_not() {
    let other = format!(r#"{{"AWS":"{OTHER}"}}"#);
    let deny = r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::records/*"}"#;
    proved(&format!("{},{deny}", allow(&other, "")), &[]);
    let elsewhere = allow(&other, "").replace("records/*", "other/*");
    proved(&elsewhere, &[]);
}

#[test]
fn a_service_and_a_resource_without_a_policy_are_no_other_account() {
    proved(&allow(r#"{"Service":"logging.s3.amazonaws.com"}"#, ""), &[]);
    assert_eq!(cross_account(&[], &setting(&[])), nobody());
}

#[test]
fn a_principal_that_nobody_can_read_and_a_broken_policy_are_undecided() {
    let statement = allow(&format!(r#"{{"AWS":"arn:aws:iam::{OTHER}:role/read*"}}"#), "");
    let undecided = |ruling: Ruling| match ruling {
        Ruling::Undecided { reason } => reason,
        other => panic!("decided: {other:?}"),
    };
    undecided(ruling(&statement, &[]));
    let reason = undecided(cross_account(&[("bucket policy", "{")], &setting(&[])));
    assert!(reason.starts_with("the bucket policy cannot be read as a policy"), "{reason}");
}

#[test]
fn the_correction_leaves_the_own_account() {
    let Ruling::Fail { correction: Some(correction), .. } = ruling(&allow(&format!(r#"{{"AWS":"{OTHER}"}}"#), ""), &[])
    else {
        panic!("no correction");
    };
    assert!(correction.statement.contains("arn:aws:iam::123456789012:root"), "{}", correction.statement);
    assert_eq!(correction.judged, "cross-account");
}
