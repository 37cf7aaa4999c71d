#![expect(clippy::needless_pass_by_value, reason = "statements are written where they are used")]

use serde_json::{Value, json};

use crate::fixture::*;
use crate::observed::Observed;
use crate::sns::fixture::*;
use crate::verdict::{Judgement, Verdict};

const PUBLIC: &str = "sns-policy-not-public";
const TLS: &str = "sns-tls-required";

fn judged(id: &str, statements: &[Value]) -> Judgement {
    judge(id, &evidence(vec![of_topic(under(statements))]))
}

fn allow(principal: Value, condition: Value) -> Value {
    let mut statement =
        json!({"Effect": "Allow", "Principal": principal, "Action": "sns:Subscribe", "Resource": TOPIC});
    if !condition.is_null() {
        statement["Condition"] = condition;
    }
    statement
}

fn without_policy(id: &str) -> Judgement {
    judge(id, &evidence(vec![of_topic(with_attributes(|attributes| attributes.policy = Observed::Absent))]))
}

#[test]
fn the_policy_that_sns_gives_a_new_topic_is_not_public() {
    let text = passed(judged(PUBLIC, &[default_statement()]));
    assert!(text.starts_with("no stranger is allowed any action"), "{text}");
}

#[test]
fn everyone_without_a_condition_is_public_and_the_request_is_shown() {
    let judgement = judged(PUBLIC, &[default_statement(), allow(json!("*"), Value::Null)]);
    let Ok(Verdict::NotSatisfied { observed, grounds: Some(grounds), .. }) = judgement else { panic!("a failure") };
    assert_eq!(observed, format!("a stranger is let in: anonymous can call sns:Subscribe on {TOPIC} as a stranger"));
    assert_eq!(grounds.counterexample.action.as_deref(), Some("sns:Subscribe"));
    assert!(grounds.correction.is_some());
}

#[test]
fn what_the_caller_chooses_binds_nobody() {
    for condition in [
        json!({"StringEquals": {"sns:Protocol": "https"}}),
        json!({"StringLike": {"sns:Endpoint": "*@hospital.example.org"}}),
    ] {
        assert!(failed(judged(PUBLIC, &[allow(json!("*"), condition)])).starts_with("a stranger is let in"));
    }
}

#[test]
fn a_source_binds_only_with_a_fixed_account() {
    let source = |arn: &str| allow(json!("*"), json!({"ArnLike": {"aws:SourceArn": arn}}));
    assert!(failed(judged(PUBLIC, &[source("arn:aws:cloudwatch:*:*:alarm:*")])).starts_with("a stranger is let in"));
    let fixed = source("arn:aws:cloudwatch:us-east-2:123456789012:alarm:*");
    assert!(passed(judged(PUBLIC, &[fixed])).starts_with("no stranger"));
}

#[test]
fn a_named_account_is_noted_unless_it_is_trusted() {
    let foreign = allow(json!({"AWS": "arn:aws:iam::999999999999:root"}), Value::Null);
    let text = passed(judged(PUBLIC, std::slice::from_ref(&foreign)));
    assert!(text.contains("access from another account, which is named: 999999999999"), "{text}");
    let trusted =
        judge_with(PUBLIC, r#"trusted_accounts = ["999999999999"]"#, &evidence(vec![of_topic(under(&[foreign]))]));
    assert!(!passed(trusted).contains("999999999999"));
}

#[test]
fn a_service_without_a_source_is_noted() {
    let service = |condition| allow(json!({"Service": "events.amazonaws.com"}), condition);
    let text = passed(judged(PUBLIC, &[service(Value::Null)]));
    assert!(text.contains("events.amazonaws.com may act for anybody's resources"), "{text}");
    let bound = service(json!({"StringEquals": {"aws:SourceAccount": ACCOUNT}}));
    assert!(!passed(judged(PUBLIC, &[bound])).contains("events.amazonaws.com"));
}

#[test]
fn a_deny_counts() {
    let deny = json!({"Effect": "Deny", "Principal": "*", "Action": "sns:*", "Resource": TOPIC,
        "Condition": {"StringNotEquals": {"aws:PrincipalAccount": ACCOUNT}}});
    assert!(passed(judged(PUBLIC, &[allow(json!("*"), Value::Null), deny])).starts_with("no stranger"));
}

#[test]
fn a_topic_without_a_policy_or_with_no_policy_in_it_is_an_error() {
    for id in [PUBLIC, TLS] {
        assert!(undecided(without_policy(id)).starts_with("GetTopicAttributes answered without Policy"), "{id}");
        let unread = crate::sns::Topic { attributes: denied(), ..topic() };
        assert_eq!(judge(id, &evidence(vec![of_topic(unread)])), Err(denial()), "{id}");
        let broken = with_attributes(|attributes| {
            attributes.policy = Observed::Present(crate::policy::model::PolicyText("{".into()));
        });
        let text = undecided(judge(id, &evidence(vec![of_topic(broken)])));
        assert!(text.contains("the topic policy cannot be read as a policy"), "{id}: {text}");
    }
}

fn deny_plain(condition: Value) -> Value {
    json!({"Sid": "Tls", "Effect": "Deny", "Principal": "*", "Action": "sns:Publish", "Resource": TOPIC, "Condition": condition})
}

#[test]
fn a_deny_of_everybody_without_tls_passes_in_each_way_of_writing_it() {
    for condition in [
        json!({"Bool": {"aws:SecureTransport": "false"}}),
        json!({"Bool": {"AWS:securetransport": false}}),
        json!({"Bool": {"aws:SecureTransport": ["false"]}}),
    ] {
        let text = passed(judged(TLS, &[default_statement(), deny_plain(condition)]));
        assert!(text.starts_with("every sns:Publish on the topic without TLS is explicitly denied"), "{text}");
    }
}

#[test]
fn that_nobody_is_allowed_is_not_enough() {
    let text = failed(judged(TLS, &[default_statement()]));
    assert_eq!(
        text,
        format!("not every request without TLS is denied: anonymous can call sns:Publish on {TOPIC} without TLS")
    );
}

#[test]
fn a_correction_is_shown_that_was_judged() {
    let judgement = judged(TLS, &[default_statement()]);
    let Ok(Verdict::NotSatisfied { grounds: Some(grounds), .. }) = judgement else { panic!("a failure") };
    let correction = grounds.correction.expect("one that holds");
    assert_eq!(correction.judged, "sns-tls-required");
    assert_eq!(correction.instruction, "add this statement to the topic policy and keep the others");
    assert!(correction.statement.contains("\"Action\": \"sns:Publish\""), "{}", correction.statement);
}

#[test]
fn a_deny_with_a_further_test_a_named_principal_or_another_topic_leaves_a_hole() {
    let plain = json!({"Bool": {"aws:SecureTransport": "false"}});
    let further = deny_plain(json!({
        "Bool": {"aws:SecureTransport": "false"}, "StringNotEquals": {"aws:PrincipalAccount": ACCOUNT},
    }));
    let mut named = deny_plain(plain.clone());
    named["Principal"] = json!({"AWS": format!("arn:aws:iam::{ACCOUNT}:root")});
    let mut other = deny_plain(plain);
    other["Resource"] = json!("arn:aws:sns:us-east-2:123456789012:other");
    for hole in [further, named, other] {
        assert!(failed(judged(TLS, &[default_statement(), hole])).starts_with("not every request without TLS"));
    }
}

#[test]
fn it_can_be_switched_off() {
    let off = judge_with(TLS, "require = false", &evidence(vec![of_topic(topic())]));
    assert_eq!(not_applicable(off), "the requirement is switched off by its parameter require");
}
