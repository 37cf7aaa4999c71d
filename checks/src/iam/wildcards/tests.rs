use serde_json::{Value, json};

use crate::fixture::{
    denied, evidence, failed, judge, judge_with, not_applicable, not_set, passed, seen, subject, undecided,
};
use crate::iam::fixture::{self, inline, managed, policies, role};
use crate::iam::{ManagedPolicy, Role};
use crate::observed::Seen;
use crate::policy::model::PolicyText;
use crate::subject::{Kind, Resource};
use crate::verdict::{Judgement, Verdict};

const ACTIONS: &str = "iam-role-no-wildcard-actions";
const RESOURCES: &str = "iam-role-no-wildcard-resources";
const BROAD: &str = "iam-role-no-broad-managed-policy";

const ECS: &str = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy";
const ACCEPT_ECS: &str = r#"allowed_managed = { "service-role/AmazonECSTaskExecutionRolePolicy" = "ecs-tasks" }"#;

fn on(id: &str, role: Role) -> Judgement {
    judge(id, &evidence(vec![fixture::subject(role)]))
}

fn allow(action: &str, resource: &str) -> Value {
    json!([{ "Effect": "Allow", "Action": action, "Resource": resource }])
}

#[test]
fn a_role_without_policies_passes() {
    for id in [ACTIONS, RESOURCES] {
        assert_eq!(passed(on(id, role())), "the role has no policies, so that it is allowed nothing");
    }
    assert_eq!(passed(on(BROAD, role())), "no managed policy of AWS is attached");
}

#[test]
fn exact_actions_on_named_resources_pass() {
    let exact = || inline(role(), "P", allow("s3:GetObject", "arn:aws:s3:::records/*"));
    assert_eq!(passed(on(ACTIONS, exact())), "inline policy P names each action that it allows");
    assert_eq!(passed(on(RESOURCES, exact())), "inline policy P names the resources of all that it allows");
}

#[test]
fn each_half_judges_its_own_half() {
    let family = || inline(role(), "P", allow("s3:Get*", "arn:aws:s3:::records/*"));
    assert_eq!(
        failed(on(ACTIONS, family())),
        "statement 1 of inline policy P allows `s3:Get*`, with a wildcard in the action"
    );
    passed(on(RESOURCES, family()));
    let anywhere = || inline(role(), "P", allow("s3:GetObject", "arn:aws:s3:::*"));
    passed(on(ACTIONS, anywhere()));
    assert_eq!(
        failed(on(RESOURCES, anywhere())),
        "statement 1 of inline policy P allows `arn:aws:s3:::*`, with a wildcard in the name of the resource"
    );
}

#[test]
fn a_failure_is_shown_by_the_statement_and_mended_where_that_can_be_judged() {
    let verdict = on(ACTIONS, inline(role(), "P", allow("s3:GetObjectTor*", "arn:aws:s3:::records/*"))).unwrap();
    let Verdict::NotSatisfied { grounds: Some(grounds), expected, .. } = verdict else { panic!("{verdict:?}") };
    assert_eq!(expected, "each allowed action spelt out, without `*`, `?` and NotAction");
    assert_eq!(grounds.counterexample.action.as_deref(), Some("s3:GetObjectTor*"));
    let cited = grounds.counterexample.allowed_by.unwrap();
    assert_eq!((cited.document.as_str(), cited.statement.as_str()), ("inline policy P", "statement 1"));
    assert!(grounds.correction.unwrap().statement.contains("s3:GetObjectTorrent"));
}

#[test]
fn a_scalar_a_list_and_the_case_of_the_letters_make_no_difference() {
    let statement = json!({ "Effect": "Allow", "Action": ["S3:getobject"], "Resource": ["arn:aws:s3:::records/*"] });
    passed(on(ACTIONS, inline(role(), "P", statement)));
}

#[test]
fn boundary_deny_and_condition_are_mentioned_and_cure_nothing() {
    let mut guarded = inline(
        role(),
        "P",
        json!([
            { "Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": { "Bool": { "aws:SecureTransport": "true" } } },
            { "Effect": "Deny", "Action": "*", "Resource": "*" },
        ]),
    );
    guarded.boundary = seen("arn:aws:iam::123456789012:policy/boundary".into());
    let text = failed(on(ACTIONS, guarded));
    assert_eq!(
        text,
        "statement 1 of inline policy P allows `s3:*`, with a wildcard in the action | the condition of statement 1 of \
         inline policy P narrows the effect and not what is allowed; statement 2 of inline policy P denies something; it \
         narrows the effect and not what is allowed; a permissions boundary narrows the effect and not what the policies \
         allow"
    );
}

#[test]
fn managed_policies_are_judged_by_their_document_those_of_aws_too() {
    let basic = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole";
    let statement = json!({ "Effect": "Allow", "Action": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*" });
    let attached = || managed(role(), basic, statement.clone());
    passed(on(ACTIONS, attached()));
    assert!(failed(on(RESOURCES, attached())).starts_with(&format!("statement 1 of managed policy {basic} allows ")));
    assert_eq!(failed(on(BROAD, attached())), format!("{basic} is attached"));
}

#[test]
fn metrics_on_a_star_follow_the_parameter() {
    let role = || inline(role(), "P", allow("cloudwatch:PutMetricData", "*"));
    assert!(passed(on(RESOURCES, role())).contains("no condition on cloudwatch:namespace narrows it"));
    let strict = judge_with(RESOURCES, "forced_star_actions = []", &evidence(vec![fixture::subject(role())]));
    assert!(failed(strict).contains("`cloudwatch:PutMetricData` on `*`, which takes a resource"));
}

#[test]
fn a_wildcard_below_a_named_resource_follows_the_parameter() {
    let objects =
        || evidence(vec![fixture::subject(inline(role(), "P", allow("s3:GetObject", "arn:aws:s3:::records/*")))]);
    passed(judge(RESOURCES, &objects()));
    failed(judge_with(RESOURCES, "allow_scoped_suffix = false", &objects()));
}

#[test]
fn what_cannot_be_told_is_an_error_with_the_raw_token() {
    let text = undecided(on(RESOURCES, inline(role(), "P", allow("s3:GetObject", "arn:aws:s3:::${aws:username}/x"))));
    assert!(text.contains("the variable `${aws:username}`"), "{text}");
    let text = undecided(on(RESOURCES, inline(role(), "P", allow("nosuch:Thing", "*"))));
    assert!(text.contains("`nosuch:Thing`"), "{text}");
    let mut broken = role();
    broken.inline_policies = seen(vec!["P".into()]);
    broken.inline_documents.insert("P".into(), seen(PolicyText("{".into())));
    assert!(undecided(on(ACTIONS, broken)).contains("inline policy P"));
}

#[test]
fn an_unread_policy_or_list_is_an_error_unless_another_policy_fails() {
    let unread = |role: Role| {
        let mut unread_document = role.clone();
        unread_document.attached_policies = seen(vec!["arn:aws:iam::123456789012:policy/x".into()]);
        unread_document.attached_documents.insert("arn:aws:iam::123456789012:policy/x".into(), denied());
        let mut uncollected = role.clone();
        uncollected.attached_policies = seen(vec!["arn:aws:iam::123456789012:policy/x".into()]);
        let mut no_list = role.clone();
        no_list.attached_policies = denied();
        let mut absent_list = role;
        absent_list.attached_policies = not_set();
        [unread_document, uncollected, no_list, absent_list]
    };
    for id in [ACTIONS, RESOURCES] {
        let texts = unread(role()).map(|role| undecided(on(id, role)));
        assert_eq!(texts[0], "GetThing was denied; the auditing role needs svc:GetThing");
        assert_eq!(texts[1], "the document of managed policy arn:aws:iam::123456789012:policy/x was not read");
        assert_eq!(texts[2], texts[0]);
        assert!(texts[3].starts_with("ListAttachedRolePolicies answered without AttachedPolicies"), "{}", texts[3]);
        for role in unread(inline(role(), "P", allow("*", "*"))) {
            assert!(failed(on(id, role)).contains("not all was readable: "));
        }
    }
    let mut no_list = role();
    no_list.attached_policies = denied();
    undecided(on(BROAD, no_list));
}

#[test]
fn service_linked_roles_are_left_alone_and_an_unknown_path_is_an_error() {
    let with_path = |path: Seen<String>| {
        let mut role = inline(role(), "P", allow("*", "*"));
        role.path = path;
        role
    };
    for id in [ACTIONS, RESOURCES, BROAD] {
        let linked = with_path(seen("/aws-service-role/ecs.amazonaws.com/".into()));
        assert_eq!(
            not_applicable(on(id, linked)),
            "the role is linked to a service of AWS, which alone can change its policies"
        );
        undecided(on(id, with_path(denied())));
    }
}

#[test]
fn an_accepted_policy_is_spared_on_a_role_that_its_service_alone_may_become() {
    let broad = || json!({ "Effect": "Allow", "Action": "ecr:*", "Resource": "*" });
    let trusting = |services: Value| {
        let mut role = managed(role(), ECS, broad());
        role.trust =
            policies(&json!({ "Effect": "Allow", "Principal": { "Service": services }, "Action": "sts:AssumeRole" }));
        role
    };
    let with = |id: &str, role: Role| judge_with(id, ACCEPT_ECS, &evidence(vec![fixture::subject(role)]));
    let note = format!("managed policy {ECS} is accepted by allowed_managed on a role that trusts ecs-tasks alone");
    for id in [ACTIONS, RESOURCES] {
        assert_eq!(not_applicable(with(id, trusting(json!("ecs-tasks.amazonaws.com")))), note);
        let beside = inline(trusting(json!("ecs-tasks.amazonaws.com")), "P", allow("s3:GetObject", "arn:aws:s3:::r/*"));
        assert!(passed(with(id, beside)).ends_with(&format!(" | {note}")));
        failed(with(id, trusting(json!(["ecs-tasks.amazonaws.com", "ec2.amazonaws.com"]))));
        failed(on(id, trusting(json!("ecs-tasks.amazonaws.com"))));
        let mut untold = trusting(json!("ecs-tasks.amazonaws.com"));
        untold.trust = denied();
        undecided(with(id, untold));
    }
    assert_eq!(
        passed(with(BROAD, trusting(json!("ecs-tasks.amazonaws.com")))),
        format!("{ECS} is accepted: the role trusts ecs-tasks alone")
    );
    assert_eq!(
        failed(with(BROAD, trusting(json!("ec2.amazonaws.com")))),
        format!("{ECS} is attached to a role that others than ecs-tasks may become")
    );
}

#[test]
fn broad_policies_are_named_as_such_and_the_account_part_tells_whose_they_are() {
    let statement = || json!({ "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::r/*" });
    let with = |arn: &str| on(BROAD, managed(role(), arn, statement()));
    for (arn, text) in [
        (
            "arn:aws:iam::aws:policy/AdministratorAccess",
            "everything in the account is allowed: AdministratorAccess arn:aws:iam::aws:policy/AdministratorAccess is attached",
        ),
        (
            "arn:aws-us-gov:iam::aws:policy/AmazonS3FullAccess",
            "a whole service is allowed, in the whole account: arn:aws-us-gov:iam::aws:policy/AmazonS3FullAccess is attached",
        ),
        (
            "arn:aws-cn:iam::aws:policy/job-function/ViewOnlyAccess",
            "arn:aws-cn:iam::aws:policy/job-function/ViewOnlyAccess is attached",
        ),
    ] {
        assert_eq!(failed(with(arn)), text);
    }
    assert!(failed(with("arn:aws:iam::aws:policy/PowerUserAccess")).contains("PowerUserAccess"));
    passed(with("arn:aws:iam::123456789012:policy/AdministratorAccess"));
}

#[test]
fn a_policy_that_only_bears_an_accepted_name_is_not_accepted() {
    let own = "arn:aws:iam::123456789012:policy/service-role/AmazonECSTaskExecutionRolePolicy";
    let mut role = managed(role(), own, json!({ "Effect": "Allow", "Action": "ecr:*", "Resource": "*" }));
    role.trust = policies(
        &json!({ "Effect": "Allow", "Principal": { "Service": "ecs-tasks.amazonaws.com" }, "Action": "sts:AssumeRole" }),
    );
    failed(judge_with(ACTIONS, ACCEPT_ECS, &evidence(vec![fixture::subject(role)])));
}

#[test]
fn a_managed_policy_of_the_stack_is_judged_though_attached_to_nothing() {
    let with = |id: &str, document: Seen<PolicyText>| {
        let arn = "arn:aws:iam::123456789012:policy/shared";
        let mut subject = subject(
            Kind::ManagedPolicy,
            "shared",
            Resource::ManagedPolicy(ManagedPolicy { document, tags: not_set() }.into()),
        );
        subject.arn = Some(arn.into());
        judge(id, &evidence(vec![subject]))
    };
    assert_eq!(
        failed(with(ACTIONS, policies(&allow("s3:*", "arn:aws:s3:::r/*")))),
        "statement 1 of managed policy arn:aws:iam::123456789012:policy/shared allows `s3:*`, with a wildcard in the action"
    );
    passed(with(RESOURCES, policies(&allow("s3:*", "arn:aws:s3:::r/*"))));
    undecided(with(ACTIONS, denied()));
    undecided(with(ACTIONS, not_set()));
}

#[test]
fn no_managed_policy_at_all_is_no_question_where_the_stack_was_read() {
    let nothing = |subjects| super::none_found(&evidence(subjects));
    let role = || fixture::subject(role());
    assert_eq!(
        not_applicable(nothing(vec![role(), fixture::stack(&[("Role", "AWS::IAM::Role")])])),
        "the stack holds no managed policy of its own; those of its roles are judged there"
    );
    let mut unread = crate::cloudformation::Stack::unknown(&crate::fixture::denial());
    undecided(nothing(vec![role(), subject(Kind::Stack, "s", Resource::Stack(unread.clone().into()))]));
    unread.identity = not_set();
    let text = undecided(nothing(vec![role(), subject(Kind::Stack, "s", Resource::Stack(unread.into()))]));
    assert!(text.starts_with("depends on stack-managed-by-cloudformation"), "{text}");
    let holding = fixture::stack(&[("Shared", "AWS::IAM::ManagedPolicy")]);
    assert!(undecided(nothing(vec![role(), holding])).contains("`Shared`"));
    assert!(undecided(nothing(vec![role()])).starts_with("depends on stack-managed-by-cloudformation"));
    assert!(undecided(nothing(vec![fixture::stack(&[])])).contains("no AWS::IAM::Role was found"));
}

#[test]
fn the_list_of_accepted_policies_is_the_same_wherever_it_stands() {
    let lists = [ACTIONS, RESOURCES, BROAD]
        .map(|id| crate::fixture::requirement(id).params.get("allowed_managed").cloned().expect("the list"));
    assert!(lists.iter().all(|list| *list == lists[0]), "{lists:?}");
}
