use serde_json::{Value, json};

use crate::fixture::{denied, evidence, failed, judge, not_set, passed, seen, undecided};
use crate::iam::Role;
use crate::iam::fixture::{bucket, inline, policies, role, subject};
use crate::observed::Seen;
use crate::policy::model::PolicyText;
use crate::verdict::Judgement;

const ID: &str = "iam-explicit-deny-present";
const NONE: &str = "no statement of the bucket policy denies an action of S3 on the bucket or its objects";

fn on(policy: Seen<PolicyText>, role: Role) -> Judgement {
    judge(ID, &evidence(vec![bucket("records", policy), subject(role)]))
}

fn deny(action: &Value, resource: &Value) -> Judgement {
    let statement = json!({ "Sid": "No", "Effect": "Deny", "Principal": "*", "Action": action, "Resource": resource });
    on(policies(&statement), role())
}

#[test]
fn one_deny_on_the_bucket_or_its_objects_is_enough() {
    let resources = [
        "arn:aws:s3:::records",
        "arn:aws:s3:::records/*",
        "arn:aws:s3:::records/in/*",
        "arn:aws:s3:::rec*",
        "*",
        "arn:aws:s3:::record?/x",
    ];
    for resource in resources {
        let text = passed(deny(&json!(["s3:Put*"]), &json!([resource])));
        assert!(
            text.starts_with("statement 1 (No) of the bucket policy: Deny; no Allow uses NotAction"),
            "{resource}: {text}"
        );
        assert!(text.contains("s3-policy-deny-insecure-transport"), "{text}");
    }
    let statement = json!({ "Effect": "Deny", "Principal": "*", "NotAction": "s3:GetObject", "NotResource": "arn:aws:s3:::other/*" });
    passed(on(policies(&statement), role()));
}

#[test]
fn a_deny_on_something_else_is_none() {
    for (action, resource) in [
        ("s3:*", "arn:aws:s3:::other/*"),
        ("s3:*", "arn:aws:s3:::record"),
        ("s3:*", "arn:aws:s3:::records-old/*"),
        ("s3:*", "arn:aws:s3:::records/"),
        ("sqs:*", "*"),
    ] {
        assert_eq!(failed(deny(&json!(action), &json!(resource))), NONE, "{action} {resource}");
    }
    assert_eq!(failed(on(policies(&json!([])), role())), NONE);
}

#[test]
fn no_bucket_policy_fails_and_a_deny_of_the_role_does_not_stand_in_for_it() {
    let denying = inline(role(), "P", json!({ "Effect": "Deny", "Action": "*", "Resource": "*" }));
    assert_eq!(failed(on(not_set(), denying)), "the bucket has no policy, which denies nothing");
}

#[test]
fn an_allow_that_leaves_out_fails_in_the_bucket_policy_and_in_a_role() {
    let good = json!({ "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::records/*" });
    let not_principal = json!({ "Effect": "Allow", "NotPrincipal": { "AWS": "123456789012" }, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::records/*" });
    assert_eq!(
        failed(on(policies(&json!([good, not_principal])), role())),
        "statement 2 of the policy of bucket records allows with NotPrincipal"
    );
    let not_action =
        inline(role(), "P", json!({ "Effect": "Allow", "NotAction": "iam:*", "NotResource": "arn:aws:s3:::x" }));
    assert_eq!(
        failed(on(policies(&good), not_action)),
        "statement 1 of inline policy P of role processor allows with NotAction and NotResource"
    );
    let not_action_denied = inline(role(), "P", json!({ "Effect": "Deny", "NotAction": "s3:*", "Resource": "*" }));
    passed(on(policies(&good), not_action_denied));
}

#[test]
fn what_cannot_be_read_is_an_error_unless_another_part_fails() {
    let good = || policies(&json!({ "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*" }));
    undecided(on(denied(), role()));
    undecided(on(seen(PolicyText("{".into())), role()));
    let mut unread = role();
    unread.inline_policies = denied();
    undecided(on(good(), unread.clone()));
    assert!(failed(on(not_set(), unread)).contains("not all was readable"));
    assert!(undecided(judge(ID, &evidence(vec![bucket("records", good())]))).contains("no AWS::IAM::Role was found"));
}
