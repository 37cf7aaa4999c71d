use serde_json::{Value, json};

use crate::evidence::Evidence;
use crate::fixture::{denied, evidence, failed, judge, judge_with, not_applicable, not_set, passed, seen, undecided};
use crate::iam::Role;
use crate::iam::fixture::{self, ARN, bucket, configuration, function, inline, policies, role, stack};
use crate::kms::Key;
use crate::lambda::EventInvoke;
use crate::observed::Observed;
use crate::subject::{Kind, Resource, Role as Part, RoleDoubt, Subject};
use crate::verdict::{Judgement, Verdict};

const S3: &str = "iam-role-s3-scope";
const LOGS: &str = "iam-role-logs-scope";
const KMS: &str = "iam-role-kms-scope";
const KEY: &str = "arn:aws:kms:us-east-2:123456789012:key/one";
const GROUP: &str = "arn:aws:logs:us-east-2:123456789012:log-group:/aws/lambda/processor";

fn key(arn: &str) -> Subject {
    let mut key = Key::unknown(&crate::fixture::denial());
    key.named_by = [arn.to_owned()].into();
    let mut subject = crate::fixture::subject(Kind::Key, "one", Resource::Key(key.into()));
    subject.arn = Some(arn.into());
    subject
}

fn with(role: Role) -> Evidence {
    evidence(vec![
        stack(&[]),
        bucket("records", not_set()),
        function(seen(configuration())),
        key(KEY),
        fixture::subject(role),
    ])
}

fn allow(actions: &[&str], resources: &[&str]) -> Role {
    inline(role(), "P", json!({ "Effect": "Allow", "Action": actions, "Resource": resources }))
}

fn on(id: &str, actions: &[&str], resources: &[&str]) -> Judgement {
    judge(id, &with(allow(actions, resources)))
}

#[test]
fn a_role_that_is_allowed_nothing_of_the_service_passes() {
    for (id, service) in [(S3, "s3"), (LOGS, "logs"), (KMS, "kms")] {
        let other = on(id, &["sqs:SendMessage"], &["arn:aws:sqs:us-east-2:123456789012:q"]);
        for judgement in [other, judge(id, &with(role()))] {
            assert!(passed(judgement).starts_with(&format!("no policy of the role allows an action of {service}")));
        }
    }
}

#[test]
fn a_role_that_no_primary_function_runs_as_is_left_alone() {
    let why = "no primary function runs as this role";
    let mut elsewhere = configuration();
    elsewhere.role = Observed::Present("arn:aws:iam::123456789012:role/other".into());
    let mut supporting = function(seen(configuration()));
    supporting.role = Part::Supporting;
    for other in [function(seen(elsewhere)), supporting] {
        for id in [S3, LOGS, KMS] {
            let role = fixture::subject(allow(&["s3:*"], &["*"]));
            assert_eq!(not_applicable(judge(id, &evidence(vec![other.clone(), role]))), why);
        }
    }
}

#[test]
fn which_role_a_function_runs_as_has_to_be_known() {
    for id in [S3, LOGS, KMS] {
        let role = || fixture::subject(role());
        assert_eq!(
            undecided(judge(id, &evidence(vec![function(denied()), role()]))),
            "GetThing was denied; the auditing role needs svc:GetThing"
        );
        assert!(undecided(judge(id, &evidence(vec![role()]))).contains("no AWS::Lambda::Function was found"));
    }
}

#[test]
fn reading_the_bucket_of_the_stack_passes() {
    let verdict = on(
        S3,
        &["s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket", "s3:GetBucketLocation"],
        &["arn:aws:s3:::records", "arn:aws:s3:::records/*", "arn:aws:s3:::records/in/${aws:userid}/*"],
    );
    assert_eq!(
        passed(verdict),
        "statement 1 of inline policy P allows `s3:GetObject`, `s3:GetObjectVersion`, `s3:ListBucket` and 1 more"
    );
}

#[test]
fn every_other_action_and_every_other_bucket_fails() {
    let cases: [(&[&str], &[&str], &str); 8] = [
        (&["s3:PutObject"], &["arn:aws:s3:::records/*"], "a function that reads does not need this"),
        (&["s3:DeleteObject"], &["arn:aws:s3:::records/*"], "a function that reads does not need this"),
        (&["s3:GetObjectAcl"], &["arn:aws:s3:::records/*"], "a function that reads does not need this"),
        (&["s3:NoSuchThing"], &["arn:aws:s3:::records/*"], "a function that reads does not need this"),
        (&["s3:GetObject"], &["arn:aws:s3:::others/*"], "others is not the bucket of the stack"),
        (&["s3:GetObject"], &["arn:aws:s3:::records*"], "this names no bucket of the stack"),
        (&["s3:GetObject"], &["arn:aws-cn:s3:::records/*"], "this names no bucket of the stack"),
        (&["s3:GetObject"], &["*"], "every bucket of every account"),
    ];
    for (actions, resources, why) in cases {
        assert_eq!(
            failed(on(S3, actions, resources)),
            format!("statement 1 of inline policy P allows `{}` on `{}`: {why}", actions[0], resources[0])
        );
    }
}

#[test]
fn globs_of_actions_are_judged_by_what_they_match() {
    passed(on(S3, &["s3:GetObjectAttri*"], &["arn:aws:s3:::records/*"]));
    assert!(failed(on(S3, &["s3:Get*"], &["arn:aws:s3:::records/*"])).contains(" more on `arn:aws:s3:::records/*`: "));
    assert!(failed(on(S3, &["*"], &["arn:aws:s3:::records/*"])).contains("`s3:"));
    assert!(undecided(on(S3, &["s3:NoSuch*"], &["arn:aws:s3:::records/*"])).contains("`s3:NoSuch*`"));
}

#[test]
fn arns_of_other_services_are_another_requirements() {
    passed(on(S3, &["s3:GetObject", "logs:PutLogEvents"], &["arn:aws:s3:::records/*", &format!("{GROUP}:*")]));
    passed(on(LOGS, &["s3:GetObject", "logs:PutLogEvents"], &["arn:aws:s3:::records/*", &format!("{GROUP}:*")]));
}

#[test]
fn leaving_out_fails_for_actions_and_for_resources() {
    let not_action = inline(role(), "P", json!({ "Effect": "Allow", "NotAction": "iam:*", "Resource": "*" }));
    let not_resource = |action: &str| {
        inline(role(), "P", json!({ "Effect": "Allow", "Action": action, "NotResource": "arn:aws:s3:::x" }))
    };
    for (id, action) in [(S3, "s3:GetObject"), (LOGS, "logs:PutLogEvents"), (KMS, "kms:Decrypt")] {
        assert!(failed(judge(id, &with(not_action.clone()))).contains("allows every action but those that it names"));
        assert!(failed(judge(id, &with(not_resource(action)))).contains("on every resource but those that it names"));
        passed(judge(id, &with(not_resource("sqs:SendMessage"))));
    }
}

#[test]
fn further_actions_and_buckets_are_parameters() {
    let write = with(allow(&["s3:PutObject"], &["arn:aws:s3:::records/*"]));
    passed(judge_with(S3, "extra_actions = [\"s3:PutObject\"]", &write));
    let elsewhere = with(allow(&["s3:GetObject"], &["arn:aws:s3:::others/*"]));
    passed(judge_with(S3, "extra_buckets = [\"others\"]", &elsewhere));
}

#[test]
fn a_bucket_for_failed_invokes_may_be_written_and_no_other() {
    let with_destination = |destination, actions: &[&str], resource: &str| {
        let mut evidence = with(allow(actions, &[resource]));
        for subject in &mut evidence.subjects {
            if let Resource::Function(function) = &mut subject.resource {
                function.event_invoke.insert(crate::lambda::LATEST.into(), destination);
                break;
            }
        }
        judge(S3, &evidence)
    };
    let failures = || {
        seen(EventInvoke {
            on_failure: Observed::Present("arn:aws:s3:::failures".into()),
            maximum_retries: Observed::Absent,
        })
    };
    let actions = ["s3:PutObject", "s3:ListBucket"];
    let text = passed(with_destination(failures(), &actions, "arn:aws:s3:::failures/*"));
    assert!(text.ends_with(" | records of failed invokes go to failures"), "{text}");
    failed(with_destination(failures(), &actions, "arn:aws:s3:::records/*"));
    failed(with_destination(failures(), &["s3:DeleteObject"], "arn:aws:s3:::failures/*"));
    failed(with_destination(not_set(), &actions, "arn:aws:s3:::failures/*"));
    undecided(with_destination(denied(), &actions, "arn:aws:s3:::failures/*"));
}

#[test]
fn what_a_bucket_policy_allows_the_role_counts_too() {
    let with_policy = |policy| {
        evidence(vec![stack(&[]), bucket("records", policy), function(seen(configuration())), fixture::subject(role())])
    };
    let to = |principal: Value| {
        policies(
            &json!({ "Effect": "Allow", "Principal": principal, "Action": "s3:DeleteObject", "Resource": "arn:aws:s3:::records/*" }),
        )
    };
    assert_eq!(
        failed(judge(S3, &with_policy(to(json!({ "AWS": ARN }))))),
        "statement 1 of the policy of bucket records allows `s3:DeleteObject` on `arn:aws:s3:::records/*`: a function \
         that reads does not need this"
    );
    passed(judge(S3, &with_policy(to(json!({ "AWS": "arn:aws:iam::123456789012:role/other" })))));
    undecided(judge(S3, &with_policy(denied())));
}

#[test]
fn an_unread_policy_is_an_error_unless_another_fails() {
    for (id, bad) in [(S3, "s3:*"), (LOGS, "logs:*"), (KMS, "kms:*")] {
        let mut unread = role();
        unread.attached_policies = denied();
        undecided(judge(id, &with(unread)));
        let mut beside = allow(&[bad], &["*"]);
        beside.attached_policies = denied();
        assert!(failed(judge(id, &with(beside))).contains("not all was readable"));
    }
}

#[test]
fn a_bucket_or_key_that_is_not_known_may_be_the_stacks_while_its_listing_is_not_read() {
    let mut evidence = with(allow(&["s3:GetObject"], &["arn:aws:s3:::others/*"]));
    evidence.subjects[0] = crate::fixture::subject(
        Kind::Stack,
        "s",
        Resource::Stack(crate::cloudformation::Stack::unknown(&crate::fixture::denial()).into()),
    );
    undecided(judge(S3, &evidence));
    let mut doubtful = with(allow(&["s3:GetObject"], &["arn:aws:s3:::records/*"]));
    doubtful.subjects[1].role_doubt = Some(RoleDoubt { instead: vec![Part::External], unread: denied() });
    undecided(judge(S3, &doubtful));
}

#[test]
fn a_variable_in_a_name_is_an_error_with_the_token() {
    let resources = [
        (S3, "s3:GetObject", "arn:aws:s3:::${aws:PrincipalTag/b}/*"),
        (LOGS, "logs:PutLogEvents", "arn:aws:logs:us-east-2:123456789012:log-group:${aws:PrincipalTag/b}:*"),
        (KMS, "kms:Decrypt", "arn:aws:kms:us-east-2:123456789012:key/${aws:PrincipalTag/b}"),
    ];
    for (id, action, resource) in resources {
        let text = undecided(on(id, &[action], &[resource]));
        assert_eq!(
            text,
            format!("what the variable `${{aws:PrincipalTag/b}}` in `{resource}` stands for cannot be told")
        );
    }
}

#[test]
fn a_correction_keeps_what_is_right_on_the_resources_of_the_stack() {
    let correction = |judgement: Judgement| match judgement {
        Ok(Verdict::NotSatisfied { grounds: Some(grounds), .. }) => grounds.correction,
        other => panic!("{other:?}"),
    };
    let s3 = correction(on(S3, &["s3:GetObject", "s3:PutObject"], &["*"])).expect("a correction");
    assert!(s3.statement.contains("\"s3:GetObject\"") && !s3.statement.contains("PutObject"), "{}", s3.statement);
    assert!(s3.statement.contains("\"arn:aws:s3:::records/*\""), "{}", s3.statement);
    assert_eq!(s3.instruction, "put this statement in place of statement 1 of inline policy P");
    let logs = correction(on(LOGS, &["logs:PutLogEvents"], &["*"])).expect("a correction");
    assert!(logs.statement.contains(&format!("\"{GROUP}:*\"")), "{}", logs.statement);
    let kms = correction(on(KMS, &["kms:Decrypt"], &["*"])).expect("a correction");
    assert!(kms.statement.contains(KEY), "{}", kms.statement);
    assert_eq!(correction(on(S3, &["s3:PutObject"], &["arn:aws:s3:::records/*"])), None);
    assert_eq!(correction(on(S3, &["s3:GetObject", "sqs:SendMessage"], &["*"])), None);
}

#[test]
fn writing_the_functions_own_log_passes_with_whatever_tail() {
    for tail in [":*", ":*:*", ":log-stream:*", ":log-stream:2026/x*"] {
        let text = passed(on(LOGS, &["logs:CreateLogStream", "logs:PutLogEvents"], &[&format!("{GROUP}{tail}")]));
        assert_eq!(text, "statement 1 of inline policy P allows `logs:CreateLogStream`, `logs:PutLogEvents`");
    }
    let mut named = configuration();
    named.log_group = Observed::Present("/records/log".into());
    let resource = "arn:aws:logs:us-east-2:123456789012:log-group:/records/log:*";
    let role = || fixture::subject(allow(&["logs:PutLogEvents"], &[resource]));
    passed(judge(LOGS, &evidence(vec![function(seen(named.clone())), role()])));
    failed(judge(LOGS, &evidence(vec![function(seen(configuration())), role()])));
    named.log_group = Observed::Unknown(crate::fixture::denial());
    undecided(judge(LOGS, &evidence(vec![function(seen(named)), role()])));
}

#[test]
fn making_the_group_and_a_group_without_tail_are_remarks() {
    assert!(
        passed(on(LOGS, &["logs:CreateLogGroup"], &[GROUP])).contains(" | logs:CreateLogGroup lets the function make")
    );
    assert_eq!(
        passed(on(LOGS, &["logs:PutLogEvents"], &[GROUP])),
        format!(
            "statement 1 of inline policy P allows `logs:PutLogEvents` | dead grant: `{GROUP}` without `:*` matches no \
             log stream, so that PutLogEvents is not allowed by it"
        )
    );
}

#[test]
fn another_or_wider_group_and_every_other_action_fail() {
    let further = "this reaches further than the log group of the function";
    let cases = [
        ("logs:PutLogEvents", format!("{GROUP}*"), further),
        ("logs:PutLogEvents", format!("{GROUP}*:*"), further),
        ("logs:PutLogEvents", format!("{GROUP}-other:*"), "this is not the log group of the function"),
        ("logs:PutLogEvents", "arn:aws:logs:*:123456789012:log-group:/aws/lambda/processor:*".into(), further),
        ("logs:PutLogEvents", "arn:aws:logs:us-east-2:*:log-group:/aws/lambda/processor:*".into(), further),
        ("logs:PutLogEvents", "arn:aws:logs:us-east-2:999999999999:log-group:/aws/lambda/processor:*".into(), further),
        (
            "logs:PutLogEvents",
            "arn:aws:logs:eu-west-2:123456789012:log-group:/aws/lambda/processor:*".into(),
            "this is not the log group of the function",
        ),
        ("logs:PutLogEvents", "*".into(), further),
        ("logs:GetLogEvents", format!("{GROUP}:*"), "a function that writes its own log does not need this"),
        ("logs:DeleteLogGroup", GROUP.into(), "a function that writes its own log does not need this"),
    ];
    for (action, resource, why) in cases {
        assert_eq!(
            failed(on(LOGS, &[action], &[&resource])),
            format!("statement 1 of inline policy P allows `{action}` on `{resource}`: {why}")
        );
    }
}

#[test]
fn using_a_key_of_the_stack_passes_and_points_at_the_other_paths() {
    assert_eq!(
        passed(on(KMS, &["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"], &[KEY])),
        "statement 1 of inline policy P allows `kms:Decrypt`, `kms:DescribeKey`, `kms:GenerateDataKey` | key policies and \
         grants can allow the role more; they are judged at the keys"
    );
    let alias = "arn:aws:kms:us-east-2:123456789012:alias/records";
    assert!(passed(on(KMS, &["kms:Decrypt"], &[alias])).contains(&format!("`{alias}` grants nothing on the key")));
}

#[test]
fn managing_keys_other_keys_and_wildcards_fail_under_a_condition_too() {
    let further = "this reaches further than one key";
    let other = "arn:aws:kms:us-east-2:123456789012:key/two";
    let manages = "a function that uses a key does not need this";
    let cases = [
        ("kms:ScheduleKeyDeletion", KEY, manages),
        ("kms:CreateGrant", KEY, manages),
        ("kms:Decrypt", "*", further),
        ("kms:Decrypt", "arn:aws:kms:us-east-2:123456789012:key/*", further),
        ("kms:Decrypt", other, "this is not a key of the stack"),
    ];
    for (action, resource, why) in cases {
        let statement = json!({
            "Effect": "Allow", "Action": action, "Resource": resource,
            "Condition": { "StringEquals": { "kms:ViaService": "lambda.us-east-2.amazonaws.com" } },
        });
        let text = failed(judge(KMS, &with(inline(role(), "P", statement))));
        let expected = format!("statement 1 of inline policy P allows `{action}` on `{resource}`: {why} | ");
        assert!(text.starts_with(&expected), "{text}");
    }
    // A wildcard brings in what a function does not need.
    assert!(failed(on(KMS, &["kms:GenerateDataKey*"], &[KEY])).contains("GenerateDataKeyPair"));
    passed(judge_with(KMS, &format!("extra_keys = [\"{other}\"]"), &with(allow(&["kms:Decrypt"], &[other]))));
}

#[test]
fn the_key_of_a_bucket_counts_where_kms_is_accepted() {
    let other = "arn:aws:kms:us-east-2:123456789012:key/two";
    let mut external = key(other);
    external.role = Part::External;
    let Resource::Key(of_bucket) = &mut external.resource else { panic!("a key") };
    of_bucket.encrypts = ["AWS::S3::Bucket records".to_owned()].into();
    let mut evidence = with(allow(&["kms:Decrypt"], &[other]));
    evidence.subjects.push(external);
    passed(judge(KMS, &evidence));
    failed(judge_with(KMS, "accept_kms = false", &evidence));
}
