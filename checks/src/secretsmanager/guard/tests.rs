use super::super::fixture::*;
use super::*;
use crate::fixture::*;
use crate::observed::Observed::{Absent, Present, Unknown};
use crate::policy::model::PolicyText;

const KEY: &str = "secret-kms-cmk";
const POLICY: &str = "secret-policy-not-public";

#[test]
fn a_rotating_key_of_the_customer_passes() {
    assert!(passed(judge(KEY, &of(secret()))).contains("it rotates automatically"));
}

#[test]
fn no_key_is_the_one_that_aws_manages() {
    let default = with(|description| description.kms_key = Absent);
    assert!(
        passed(judge(KEY, &of(default.clone()))).starts_with("the secret is encrypted with a key that AWS manages")
    );
    failed(judge_with(KEY, "accept_aws_managed = false", &of(default)));
}

#[test]
fn a_key_that_nobody_looked_at_is_undecided() {
    let other = with(|description| description.kms_key = Present("alias/other".into()));
    assert!(undecided(judge(KEY, &of(other))).starts_with("nothing was seen of the key"));
    let unread = with(|description| description.kms_key = Unknown(denial()));
    assert_eq!(judge(KEY, &of(unread)), Err(denial()));
    assert_eq!(judge(KEY, &of(Secret::unknown(&denial()))), Err(denial()));
}

fn under(principal: &str, condition: &str) -> Secret {
    let text = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{principal},
        "Action":"secretsmanager:GetSecretValue","Resource":"*"{condition}}}]}}"#
    );
    Secret { policy: seen(PolicyText(text)), ..secret() }
}

#[test]
fn no_policy_lets_nobody_in() {
    assert!(passed(judge(POLICY, &of(secret()))).starts_with("the secret has no resource policy"));
    assert_eq!(judge(POLICY, &of(Secret { policy: denied(), ..secret() })), Err(denial()));
}

#[test]
fn everyone_fails_unless_tied_to_the_own_account() {
    assert!(failed(judge(POLICY, &of(under(r#""*""#, "")))).starts_with("a stranger is let in"));
    let tied = r#","Condition":{"StringEquals":{"aws:PrincipalAccount":"123456789012"}}"#;
    passed(judge(POLICY, &of(under(r#""*""#, tied))));
}

#[test]
fn another_account_fails_unless_it_is_trusted() {
    let other = || of(under(r#"{"AWS":"arn:aws:iam::999999999999:root"}"#, ""));
    failed(judge(POLICY, &other()));
    passed(judge_with(POLICY, r#"trusted_accounts = ["999999999999"]"#, &other()));
    passed(judge(POLICY, &of(under(r#"{"AWS":"arn:aws:iam::123456789012:root"}"#, ""))));
}

#[test]
fn a_service_is_noted_and_a_broken_policy_is_undecided() {
    let service = passed(judge(POLICY, &of(under(r#"{"Service":"redshift.amazonaws.com"}"#, ""))));
    assert!(service.contains("redshift.amazonaws.com may act for anybody's resources"));
    let broken = Secret { policy: seen(PolicyText("{".into())), ..secret() };
    assert!(undecided(judge(POLICY, &of(broken))).contains("cannot be read as a policy"));
}
