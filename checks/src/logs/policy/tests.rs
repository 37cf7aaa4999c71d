use crate::evidence::{Account, Evidence};
use crate::fixture::{ACCOUNT, denial, denied, evidence, failed, judge, passed, seen, subject, undecided};
use crate::logs::LogGroup;
use crate::observed::Seen;
use crate::policy::model::PolicyText;
use crate::subject::{Kind, Resource};
use crate::verdict::Verdict;

const ID: &str = "logs-not-public";
const ARN: &str = "arn:aws:logs:us-east-2:123456789012:log-group:/aws/lambda/f";

fn allow(principal: &str, resource: &str, more: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{principal},"Action":"logs:PutLogEvents","Resource":"{resource}"{more}}}]}}"#
    )
}

fn deny() -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Deny","Principal":"*","Action":"logs:*","Resource":["{ARN}","{ARN}:*"]}}]}}"#
    )
}

fn list(policies: &[&str]) -> Seen<Vec<PolicyText>> {
    seen(policies.iter().map(|text| PolicyText((*text).to_owned())).collect())
}

fn with(of_account: Seen<Vec<PolicyText>>, own: Seen<Vec<PolicyText>>) -> Evidence {
    let account = Account { log_policies: of_account, ..Account::unknown(&denial()) };
    let group = LogGroup { policies: own, ..LogGroup::unknown(&denial()) };
    let mut group = subject(Kind::LogGroup, "/aws/lambda/f", Resource::LogGroup(group.into()));
    group.arn = Some(ARN.into());
    evidence(vec![subject(Kind::Account, ACCOUNT, Resource::Account(account.into())), group])
}

#[test]
fn no_policy_in_either_scope_passes() {
    let text = passed(judge(ID, &with(list(&[]), list(&[]))));
    assert!(text.starts_with("there is no resource policy, so it lets nobody in"), "{text}");
}

#[test]
fn a_stranger_fails_by_a_policy_of_either_scope_and_is_shown() {
    let open = allow(r#""*""#, &format!("{ARN}:*"), "");
    for evidence in [with(list(&[&open]), list(&[])), with(list(&[]), list(&[&open]))] {
        let judgement = judge(ID, &evidence);
        let Ok(Verdict::NotSatisfied { grounds: Some(grounds), .. }) = &judgement else { panic!("{judgement:?}") };
        assert_eq!(grounds.counterexample.principal.as_deref(), Some("anonymous"));
        assert!(grounds.correction.is_some());
        let text = failed(judgement);
        assert!(text.starts_with("a stranger is let in: anonymous can call logs:PutLogEvents on"), "{text}");
    }
}

#[test]
fn both_scopes_count_together() {
    let open = allow(r#"{"AWS":"*"}"#, &format!("{ARN}:*"), "");
    passed(judge(ID, &with(list(&[&open]), list(&[&deny()]))));
    for evidence in [with(list(&[&open]), denied()), with(denied(), list(&[&open])), with(denied(), list(&[]))] {
        assert_eq!(judge(ID, &evidence), Err(denial()));
    }
}

#[test]
fn a_policy_on_another_group_is_no_finding_here() {
    passed(judge(ID, &with(list(&[&allow(r#""*""#, &format!("{ARN}2:*"), "")]), list(&[]))));
    failed(judge(ID, &with(list(&[&allow(r#""*""#, "arn:aws:logs:us-east-2:123456789012:*", "")]), list(&[]))));
}

#[test]
fn a_service_without_a_bound_and_a_named_account_are_remarks() {
    let service = r#"{"Service":"delivery.logs.amazonaws.com"}"#;
    let unbound = passed(judge(ID, &with(list(&[&allow(service, "*", "")]), list(&[]))));
    assert!(unbound.contains("delivery.logs.amazonaws.com may act for anybody's resources"), "{unbound}");
    let source = r#","Condition":{"StringEquals":{"aws:SourceAccount":"123456789012"}}"#;
    let bound = passed(judge(ID, &with(list(&[&allow(service, "*", source)]), list(&[]))));
    assert!(!bound.contains("anybody's resources"), "{bound}");
    let named = passed(judge(ID, &with(list(&[&allow(r#"{"AWS":"210987654321"}"#, "*", "")]), list(&[]))));
    assert!(named.contains("access from another account, which is named: 210987654321"), "{named}");
}

#[test]
fn a_text_that_is_no_policy_is_an_error() {
    let text = undecided(judge(ID, &with(list(&["{"]), list(&[]))));
    assert!(text.contains("the resource policy 1 of the account cannot be read as a policy"), "{text}");
}

#[test]
fn a_group_of_another_region_is_an_error_because_its_policies_were_not_read() {
    let mut evidence = with(list(&[]), list(&[]));
    evidence.subjects[1].region = Some("us-east-1".into());
    let text = undecided(judge(ID, &evidence));
    assert!(text.contains("the account's resource policies in us-east-1"), "{text}");
}
