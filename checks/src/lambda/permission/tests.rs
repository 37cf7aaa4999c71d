use std::collections::BTreeMap;

use crate::evidence::Evidence;
use crate::fixture::{
    denial, denied, evidence, failed, judge, judge_with, not_applicable, not_set, passed, seen, undecided,
};
use crate::lambda::tests::{function, of};
use crate::lambda::{Function, FunctionUrl, LATEST, UrlAuth};
use crate::observed::{Gap, Observed, Seen};
use crate::policy::model::PolicyText;
use crate::s3::fixture::{bucket, notification, notifications};
use crate::s3::{Bucket, EventPattern, EventRule, Notifications, RuleState, Switch};
use crate::subject::{Kind, Resource, Subject};
use crate::verdict::Verdict;

const SCOPED: &str = "lambda-invoke-permission-s3-scoped";
const PUBLIC: &str = "lambda-policy-not-public";
const ARN: &str = "arn:aws:lambda:us-east-2:123456789012:function:processor";
const BOUND: &str =
    r#"{"ArnLike":{"AWS:SourceArn":"arn:aws:s3:::records"},"StringEquals":{"AWS:SourceAccount":"123456789012"}}"#;

fn allow(principal: &str, action: &str, arn: &str, condition: &str) -> String {
    format!(
        r#"{{"Effect":"Allow","Principal":{principal},"Action":"{action}","Resource":"{arn}","Condition":{condition}}}"#
    )
}

fn by_s3(condition: &str) -> String {
    allow(r#"{"Service":"s3.amazonaws.com"}"#, "lambda:InvokeFunction", ARN, condition)
}

fn policy(statements: &[&str]) -> Seen<PolicyText> {
    seen(PolicyText(format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","))))
}

fn notified(qualifier: &str) -> Bucket {
    let mut entry = notification(&["s3:ObjectCreated:*"]);
    entry.function_arn = format!("{ARN}{qualifier}");
    Bucket { notifications: seen(notifications(vec![entry])), ..bucket() }
}

fn records(bucket: Bucket) -> Subject {
    crate::fixture::subject(Kind::Bucket, "records", Resource::Bucket(bucket.into()))
}

fn with(bucket: Bucket, policies: BTreeMap<String, Seen<PolicyText>>) -> Evidence {
    let mut subject = of(Function { policies, ..function() });
    subject.arn = Some(ARN.into());
    evidence(vec![records(bucket), subject])
}

fn latest(statements: &[&str]) -> Evidence {
    with(notified(""), [(LATEST.to_owned(), policy(statements))].into())
}

#[test]
fn a_statement_bound_to_bucket_and_account_passes() {
    let text = passed(judge(SCOPED, &latest(&[&by_s3(BOUND)])));
    assert!(
        text.starts_with(&format!(
            "S3 may invoke {ARN} for arn:aws:s3:::records, bound by bucket and account, and no service for anybody's \
             resources"
        )),
        "{text}"
    );
    let lower = BOUND.replace("AWS:SourceArn", "aws:sourcearn").replace("ArnLike", "StringLike");
    passed(judge(SCOPED, &latest(&[&by_s3(&lower)])));
}

#[test]
fn no_policy_and_a_policy_for_another_bucket_fail_because_s3_cannot_invoke() {
    let none = judge(SCOPED, &with(notified(""), [(LATEST.to_owned(), not_set())].into()));
    let Ok(Verdict::NotSatisfied { grounds: Some(grounds), .. }) = &none else { panic!("{none:?}") };
    let correction = grounds.correction.as_ref().expect("a correction");
    assert!(correction.statement.contains("arn:aws:s3:::records"), "{}", correction.statement);
    assert_eq!(failed(none), format!("S3 cannot invoke {ARN} for arn:aws:s3:::records: it has no policy"));
    let empty = policy(&[r#"{"Effect":"Deny","Principal":"*","Action":"lambda:*","Resource":"*"}"#, &by_s3(BOUND)]);
    let text = failed(judge(SCOPED, &with(notified(""), [(LATEST.to_owned(), empty)].into())));
    assert_eq!(text, format!("S3 cannot invoke {ARN} for arn:aws:s3:::records: a statement denies it"));
    let other = failed(judge(SCOPED, &latest(&[&by_s3(&BOUND.replace("records", "other"))])));
    assert!(
        other.starts_with("S3 is not bound to the bucket: s3.amazonaws.com can call lambda:InvokeFunction"),
        "{other}"
    );
}

#[test]
fn a_statement_without_the_bucket_or_wider_than_it_fails() {
    let account = r#"{"StringEquals":{"AWS:SourceAccount":"123456789012"}}"#;
    for condition in [account.to_owned(), "{}".to_owned(), BOUND.replace("records", "records*")] {
        let judgement = judge(SCOPED, &latest(&[&by_s3(&condition)]));
        let Ok(Verdict::NotSatisfied { grounds: Some(grounds), .. }) = &judgement else { panic!("{judgement:?}") };
        assert!(grounds.correction.is_some(), "{condition}");
        let text = failed(judgement);
        assert!(text.starts_with("S3 is not bound to the bucket: "), "{text}");
    }
}

#[test]
fn a_statement_without_the_account_fails_unless_that_is_accepted() {
    let bucket_only = r#"{"ArnLike":{"AWS:SourceArn":"arn:aws:s3:::records"}}"#;
    let if_exists = BOUND.replace("StringEquals", "StringEqualsIfExists");
    for condition in [bucket_only, &if_exists] {
        let text = failed(judge(SCOPED, &latest(&[&by_s3(condition)])));
        assert!(text.starts_with("S3 is not bound to the account: "), "{text}");
    }
    let text = passed(judge_with(SCOPED, "require_source_account = false", &latest(&[&by_s3(bucket_only)])));
    assert!(text.contains("bound by bucket, and"), "{text}");
}

#[test]
fn one_good_statement_does_not_heal_an_open_one() {
    failed(judge(SCOPED, &latest(&[&by_s3(BOUND), &by_s3("{}")])));
    let open = allow(r#"{"Service":"events.amazonaws.com"}"#, "lambda:InvokeFunction", ARN, "{}");
    let text = failed(judge(SCOPED, &latest(&[&by_s3(BOUND), &open])));
    assert!(text.starts_with("a service is not bound: events.amazonaws.com can call lambda:InvokeFunction"), "{text}");
    for condition in [
        r#"{"StringEquals":{"AWS:SourceAccount":"123456789012"}}"#,
        r#"{"ArnLike":{"AWS:SourceArn":"arn:aws:events:us-east-2:123456789012:rule/created"}}"#,
    ] {
        let bound = allow(r#"{"Service":"events.amazonaws.com"}"#, "lambda:InvokeFunction", ARN, condition);
        passed(judge(SCOPED, &latest(&[&by_s3(BOUND), &bound])));
    }
}

#[test]
fn more_actions_than_the_invoke_pass_with_a_remark() {
    let wide = by_s3(BOUND).replace("lambda:InvokeFunction", "lambda:*");
    let text = passed(judge(SCOPED, &latest(&[&wide])));
    assert!(text.contains("S3 is allowed more than lambda:InvokeFunction"), "{text}");
}

#[test]
fn the_policy_of_the_alias_that_the_notification_names_counts() {
    let alias = by_s3(BOUND).replace(":processor", ":processor:live");
    let policies = |live: Seen<PolicyText>| [(LATEST.to_owned(), not_set()), ("live".to_owned(), live)].into();
    passed(judge(SCOPED, &with(notified(":live"), policies(policy(&[&alias])))));
    let text = failed(judge(SCOPED, &with(notified(":live"), policies(not_set()))));
    assert!(text.starts_with("qualifier live: S3 cannot invoke"), "{text}");
    assert_eq!(judge(SCOPED, &with(notified(":live"), policies(denied()))), Err(denial()));
    let unread = with(notified(":live"), [(LATEST.to_owned(), policy(&[&by_s3(BOUND)]))].into());
    assert!(undecided(judge(SCOPED, &unread)).contains("the policy of live was not asked for"));
    // An open statement of another policy counts as well.
    let open = [(LATEST.to_owned(), policy(&[&by_s3("{}")])), ("live".to_owned(), policy(&[&alias]))].into();
    failed(judge(SCOPED, &with(notified(":live"), open)));
}

#[test]
fn through_eventbridge_it_does_not_arise_unless_s3_or_a_service_is_let_in() {
    let rule = EventRule {
        name: "created".into(),
        function_arn: ARN.into(),
        state: Observed::Present(RuleState::Enabled),
        pattern: Observed::Present(EventPattern {
            sources: vec!["aws.s3".into()],
            detail_types: vec!["Object Created".into()],
            buckets: vec!["records".into()],
            key_filter: None,
            narrowed: None,
        }),
    };
    let bridging = |rules| Bucket {
        notifications: seen(Notifications { event_bridge: Switch::On, ..notifications(Vec::new()) }),
        event_rules: rules,
        ..bucket()
    };
    let asked = |rules, statements: &[&str]| {
        judge(SCOPED, &with(bridging(rules), [(LATEST.to_owned(), policy(statements))].into()))
    };
    let events = allow(
        r#"{"Service":"events.amazonaws.com"}"#,
        "lambda:InvokeFunction",
        ARN,
        r#"{"ArnLike":{"AWS:SourceArn":"arn:aws:events:us-east-2:123456789012:rule/created"}}"#,
    );
    let text = not_applicable(asked(seen(vec![rule.clone()]), &[&events]));
    assert!(text.starts_with("the bucket's events come through EventBridge, so S3 need not invoke"), "{text}");
    passed(asked(seen(vec![rule.clone()]), &[&events, &by_s3(BOUND)]));
    failed(asked(seen(vec![rule.clone()]), &[&by_s3("{}")]));
    failed(asked(
        seen(vec![rule]),
        &[&events
            .replace(r#"{"ArnLike":{"AWS:SourceArn":"arn:aws:events:us-east-2:123456789012:rule/created"}}"#, "{}")],
    ));
    failed(asked(seen(Vec::new()), &[&events]));
    undecided(asked(denied(), &[&events]));
}

#[test]
fn without_a_notification_the_function_itself_has_to_let_the_bucket_in() {
    let silent = || Bucket { notifications: not_set(), ..bucket() };
    passed(judge(SCOPED, &with(silent(), [(LATEST.to_owned(), policy(&[&by_s3(BOUND)]))].into())));
    failed(judge(SCOPED, &with(silent(), [(LATEST.to_owned(), not_set())].into())));
    let mut alone = latest(&[&by_s3(BOUND)]);
    alone.subjects.remove(0);
    // Without a bucket no source is the right one.
    failed(judge(SCOPED, &alone));
    alone.subjects[0] = of(Function { policies: [(LATEST.to_owned(), not_set())].into(), ..function() });
    assert_eq!(judge(SCOPED, &alone), Err(Gap::NothingToAudit { kind: "AWS::S3::Bucket".into() }));
}

#[test]
fn what_was_not_read_is_an_error_and_hides_no_open_statement() {
    assert_eq!(judge(SCOPED, &with(notified(""), [(LATEST.to_owned(), denied())].into())), Err(denial()));
    let unknown = |statement: &str| {
        let unread = Bucket { notifications: denied(), ..bucket() };
        judge(SCOPED, &with(unread, [(LATEST.to_owned(), policy(&[statement]))].into()))
    };
    assert_eq!(unknown(&by_s3(BOUND)), Err(denial()));
    failed(unknown(&by_s3("{}")));
    let broken = with(notified(""), [(LATEST.to_owned(), seen(PolicyText("{".into())))].into());
    let text = undecided(judge(SCOPED, &broken));
    assert!(text.contains("the function policy cannot be read as a policy"), "{text}");
}

#[test]
fn a_statement_that_hangs_on_a_key_of_the_organisation_is_undecided() {
    let org = BOUND.replace(r#""StringEquals":{"#, r#""StringEquals":{"aws:SourceOrgID":"o-abcdefghij","#);
    let text = undecided(judge(SCOPED, &latest(&[&by_s3(&org)])));
    assert!(text.contains("only with condition keys of which it is not known whether S3 sends them"), "{text}");
}

#[test]
fn no_policy_and_a_bound_one_let_in_no_stranger() {
    let text = passed(judge(PUBLIC, &with(notified(""), [(LATEST.to_owned(), not_set())].into())));
    assert!(text.starts_with("there is no resource policy, so it lets nobody in"), "{text}");
    assert!(text.contains("neither a notification nor a function URL names were not read"), "{text}");
    passed(judge(PUBLIC, &latest(&[&by_s3(BOUND)])));
    // A service without a bound is the matter of the other requirement.
    passed(judge(PUBLIC, &latest(&[&by_s3("{}")])));
    for condition in [
        r#"{"StringEquals":{"aws:PrincipalOrgID":"o-abcdefghij"}}"#,
        r#"{"StringEquals":{"aws:PrincipalAccount":"123456789012"}}"#,
        r#"{"StringEquals":{"aws:SourceAccount":"123456789012"}}"#,
    ] {
        passed(judge(PUBLIC, &latest(&[&allow(r#""*""#, "lambda:InvokeFunction", ARN, condition)])));
    }
}

#[test]
fn a_stranger_fails_and_the_keys_of_function_urls_bound_nobody() {
    for condition in [
        "{}",
        r#"{"StringEquals":{"lambda:FunctionUrlAuthType":"NONE"}}"#,
        r#"{"Bool":{"lambda:InvokedViaFunctionUrl":"true"}}"#,
    ] {
        let judgement = judge(PUBLIC, &latest(&[&allow(r#""*""#, "lambda:InvokeFunction*", ARN, condition)]));
        let Ok(Verdict::NotSatisfied { grounds: Some(grounds), .. }) = &judgement else { panic!("{judgement:?}") };
        assert_eq!(grounds.counterexample.principal.as_deref(), Some("anonymous"));
        let text = failed(judgement);
        assert!(text.starts_with("a stranger is let in: anonymous can call lambda:InvokeFunction"), "{text}");
    }
}

#[test]
fn a_named_account_fails_unless_trusted() {
    let other = latest(&[&allow(r#"{"AWS":"arn:aws:iam::210987654321:root"}"#, "lambda:InvokeFunction", ARN, "{}")]);
    let text = failed(judge(PUBLIC, &other));
    assert!(text.starts_with("cross-account: arn:aws:iam::210987654321:"), "{text}");
    passed(judge_with(PUBLIC, "trusted_accounts = [\"210987654321\"]", &other));
}

#[test]
fn the_policies_of_versions_and_aliases_in_use_have_to_be_known() {
    let open = allow(r#""*""#, "lambda:InvokeFunction", &format!("{ARN}:live"), "{}");
    let policies = |live| [(LATEST.to_owned(), not_set()), ("live".to_owned(), live)].into();
    let text = failed(judge(PUBLIC, &with(notified(""), policies(policy(&[&open])))));
    assert!(text.starts_with("qualifier live: a stranger is let in"), "{text}");
    assert_eq!(judge(PUBLIC, &with(notified(""), policies(denied()))), Err(denial()));
    let only: BTreeMap<_, _> = [(LATEST.to_owned(), not_set())].into();
    assert!(undecided(judge(PUBLIC, &with(notified(":live"), only.clone()))).contains("the policy of live"));
    let mut by_url = with(notified(""), only.clone());
    let url = FunctionUrl {
        function_arn: format!("{ARN}:web"),
        auth: Observed::Present(UrlAuth::AwsIam),
        allowed_origins: Vec::new(),
    };
    let of_url = |urls| {
        let mut subject = of(Function { policies: only.clone(), urls, ..function() });
        subject.arn = Some(ARN.into());
        subject
    };
    by_url.subjects[1] = of_url(seen(vec![url]));
    assert!(undecided(judge(PUBLIC, &by_url)).contains("the policy of web was not asked for"));
    by_url.subjects[1] = of_url(denied());
    assert_eq!(judge(PUBLIC, &by_url), Err(denial()));
    let unread = Bucket { notifications: denied(), ..bucket() };
    assert_eq!(judge(PUBLIC, &with(unread, only)), Err(denial()));
}

#[test]
fn a_text_that_is_no_policy_is_an_error_and_not_a_pass() {
    let broken = with(notified(""), [(LATEST.to_owned(), seen(PolicyText("[]".into())))].into());
    let text = undecided(judge(PUBLIC, &broken));
    assert!(text.contains("the function policy cannot be read as a policy"), "{text}");
}
