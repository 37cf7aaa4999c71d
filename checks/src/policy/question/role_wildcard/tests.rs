use serde_json::json;

use super::*;
use crate::policy::question::{AbsentHeader, Encryption};

fn setting() -> Setting {
    Setting {
        account: "123456789012".into(),
        partition: "aws".into(),
        region: "us-east-2".into(),
        resource: None,
        service: None,
        trusted_accounts: Vec::new(),
        encryption: Encryption {
            algorithms: vec!["AES256".into()],
            absent_header: AbsentHeader::Deny,
            kms_key_arn: None,
            bucket_default: None,
        },
        accept_own_org: false,
        allowed_managed: Vec::new(),
    }
}

fn role(policies: Vec<(&str, Result<String, String>)>) -> Documents {
    Documents::Role {
        policies: policies.into_iter().map(|(name, policy)| (name.to_owned(), policy)).collect(),
        boundary: None,
        trusted_services: Vec::new(),
    }
}

fn document(version: &str, statements: &serde_json::Value) -> String {
    json!({ "Version": version, "Statement": statements }).to_string()
}

/// The ruling on a role with one inline policy P of one statement.
fn on(statement: &serde_json::Value) -> Ruling {
    judge(&role(vec![("P", Ok(document("2012-10-17", &json!([statement]))))]), &setting())
}

fn allow(actions: &[&str], resources: &[&str]) -> Ruling {
    on(&json!({ "Effect": "Allow", "Action": actions, "Resource": resources }))
}

#[track_caller]
fn passes(ruling: Ruling) -> Vec<String> {
    match ruling {
        Ruling::Pass { notes, .. } => notes,
        other @ (Ruling::Fail { .. } | Ruling::NotApplicable { .. } | Ruling::Undecided { .. }) => {
            panic!("expected a pass, found {other:?}")
        }
    }
}

#[track_caller]
fn fails(ruling: Ruling) -> String {
    match ruling {
        Ruling::Fail { why, .. } => why,
        other @ (Ruling::Pass { .. } | Ruling::NotApplicable { .. } | Ruling::Undecided { .. }) => {
            panic!("expected a failure, found {other:?}")
        }
    }
}

#[track_caller]
fn undecided(ruling: Ruling) -> String {
    match ruling {
        Ruling::Undecided { reason } => reason,
        other @ (Ruling::Pass { .. } | Ruling::Fail { .. } | Ruling::NotApplicable { .. }) => {
            panic!("expected no decision, found {other:?}")
        }
    }
}

const REGIONAL: &str = "us-east-2:123456789012";

#[test]
fn a_role_without_policies_is_allowed_nothing() {
    let ruling = judge(&role(Vec::new()), &setting());
    assert_eq!(
        ruling,
        Ruling::Pass { proved: "the role has no policies, so that it is allowed nothing".into(), notes: Vec::new() }
    );
}

#[test]
fn a_wildcard_anywhere_in_an_action_fails_read_families_too() {
    for action in ["*", "s3:*", "s3:Get*", "secretsmanager:Get*", "KMS:List*", "s3:GetObjec?", "*:GetObject"] {
        assert_eq!(
            fails(allow(&["s3:GetObject", action], &["arn:aws:s3:::records/*"])),
            format!("statement 1 of inline policy P allows `{action}`, with a wildcard in the action")
        );
    }
}

#[test]
fn not_action_and_not_resource_fail_with_allow() {
    let ruling = on(&json!({ "Effect": "Allow", "NotAction": "iam:*", "Resource": "arn:aws:s3:::records/*" }));
    assert_eq!(fails(ruling), "statement 1 of inline policy P allows every action but `iam:*`");
    let ruling =
        on(&json!({ "Sid": "All", "Effect": "Allow", "Action": "s3:GetObject", "NotResource": "arn:aws:s3:::x/*" }));
    assert_eq!(fails(ruling), "statement 1 (All) of inline policy P allows every resource but `arn:aws:s3:::x/*`");
}

#[test]
fn deny_statements_may_have_any_wildcard() {
    passes(on(&json!({ "Effect": "Deny", "NotAction": "s3:Get*", "Resource": "*" })));
}

#[test]
fn a_wildcard_below_a_resource_that_is_named_in_full_passes() {
    let resources = [
        "arn:aws:s3:::records".to_owned(),
        "arn:aws:s3:::records/*".to_owned(),
        "arn:aws:s3:::records/in?/${aws:username}/*".to_owned(),
        format!("arn:aws:s3:{REGIONAL}:accesspoint/intake/object/*"),
        format!("arn:aws:logs:{REGIONAL}:log-group:/aws/lambda/f:*"),
        format!("arn:aws:logs:{REGIONAL}:log-group:/aws/lambda/f:*:*"),
        format!("arn:aws:logs:{REGIONAL}:log-group:/aws/lambda/f:log-stream:*"),
        format!("arn:aws:lambda:{REGIONAL}:function:f:*"),
        format!("arn:aws:dynamodb:{REGIONAL}:table/t/index/*"),
        format!("arn:aws:dynamodb:{REGIONAL}:table/t/stream/*"),
        format!("arn:aws:execute-api:{REGIONAL}:a1b2c3/*/GET/*"),
        format!("arn:aws:secretsmanager:{REGIONAL}:secret:db/main-??????"),
        "arn:aws:s3:::records${*}${?}${$}".to_owned(),
        "arn:aws:iam::123456789012:role/service/processor".to_owned(),
    ];
    for resource in resources {
        passes(allow(&["s3:GetObject"], &[&resource]));
    }
}

#[test]
fn a_wildcard_before_the_name_is_complete_fails_and_names_the_part() {
    let named = "name of the resource";
    let cases = [
        ("arn:*", "partition"),
        ("arn:aws:*", "service"),
        ("arn:a*s:s3:::records/*", "partition"),
        ("arn:aws:s?:::records/*", "service"),
        ("arn:aws:logs:*:123456789012:log-group:f:*", "region"),
        ("arn:aws:logs:us-east-2:*:log-group:f:*", "account"),
        ("arn:aws:s3:::*", named),
        ("arn:aws:s3:::records*", named),
        ("arn:aws:s3:::phi-*/*", named),
        ("arn:aws:logs:us-east-2:123456789012:log-group:*", named),
        ("arn:aws:logs:us-east-2:123456789012:log-group:/aws/lambda/*", named),
        ("arn:aws:logs:us-east-2:123456789012:log-group:/aws/lambda/f*:*", named),
        ("arn:aws:logs:us-east-2:123456789012:*", named),
        ("arn:aws:secretsmanager:us-east-2:123456789012:secret:*", named),
        ("arn:aws:secretsmanager:us-east-2:123456789012:secret:db-*", named),
        ("arn:aws:secretsmanager:us-east-2:123456789012:secret:db-?????", named),
        ("arn:aws:secretsmanager:us-east-2:123456789012:secret:db-???????", named),
        ("arn:aws:secretsmanager:us-east-2:123456789012:secret:d?-??????", named),
        ("arn:aws:secretsmanager:us-east-2:123456789012:secret:-??????", named),
        ("arn:aws:kms:us-east-2:123456789012:key/*", named),
        ("arn:aws:kms:us-east-2:123456789012:alias/team/*", named),
        ("arn:aws:ssm:us-east-2:123456789012:parameter/app/*", named),
        ("arn:aws:iam::123456789012:role/service/*", named),
        ("arn:aws:lambda:us-east-2:123456789012:function:*", named),
        ("arn:aws:lambda:us-east-2:123456789012:function:f*:1", named),
        ("arn:aws:dynamodb:us-east-2:123456789012:table/*/index/x", named),
        ("arn:aws:execute-api:us-east-2:123456789012:*/prod/GET/x", named),
        ("arn:aws:execute-api:us-east-2:123456789012:/*", named),
        ("arn:aws:sqs:us-east-2:123456789012:queue*", named),
        ("arn:aws:s3:::/*", named),
    ];
    for (resource, part) in cases {
        assert_eq!(
            fails(allow(&["s3:GetObject"], &[resource])),
            format!("statement 1 of inline policy P allows `{resource}`, with a wildcard in the {part}")
        );
    }
}

#[test]
fn a_star_passes_where_no_action_of_the_statement_takes_a_resource() {
    let actions = [
        "xray:PutTraceSegments",
        "XRAY:puttelemetryrecords",
        "ec2:DescribeNetworkInterfaces",
        "ecr:GetAuthorizationToken",
        "logs:DescribeLogGroups",
        "s3:ListAllMyBuckets",
        "sts:GetCallerIdentity",
        "ssmmessages:CreateControlChannel",
    ];
    assert_eq!(passes(allow(&actions, &["*"])), Vec::<String>::new());
    assert_eq!(passes(allow(&actions, &["**"])), Vec::<String>::new());
}

#[test]
fn a_star_beside_one_action_that_takes_a_resource_fails_for_the_whole_statement() {
    assert_eq!(
        fails(allow(&["kms:Decrypt"], &["*"])),
        "statement 1 of inline policy P allows `kms:Decrypt` on `*`, which takes a resource"
    );
    assert_eq!(
        fails(allow(
            &["ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DeleteNetworkInterface"],
            &["*"]
        )),
        "statement 1 of inline policy P allows `ec2:CreateNetworkInterface`, `ec2:DeleteNetworkInterface` on `*`, which \
         take a resource; only the others of the statement need the star, in a statement of their own"
    );
    assert!(fails(allow(&["iam:PassRole"], &["**"])).contains("`iam:PassRole` on `**`"));
}

#[test]
fn metrics_may_be_written_with_a_star_and_a_remark_says_where_no_condition_narrows_it() {
    let note = "statement 1 of inline policy P lets the role write metrics into every namespace: no condition on \
                cloudwatch:namespace narrows it";
    assert_eq!(passes(allow(&["cloudwatch:PutMetricData"], &["*"])), [note]);
    let narrowed = |value: &str| {
        on(&json!({
            "Effect": "Allow", "Action": "cloudwatch:PutMetricData", "Resource": "*",
            "Condition": { "StringEquals": { "CloudWatch:namespace": value } },
        }))
    };
    assert_eq!(passes(narrowed("Records")), Vec::<String>::new());
    assert_eq!(passes(narrowed("*")), [note]);
}

#[test]
fn an_action_that_no_table_holds_leaves_a_star_undecided_unless_another_action_fails_it() {
    let reason = undecided(allow(&["xray:PutTraceSegments", "nosuch:Thing"], &["*"]));
    assert!(
        reason.starts_with("statement 1 of inline policy P allows `nosuch:Thing` on `*`, and the action table of ")
    );
    assert!(fails(allow(&["nosuch:Thing", "kms:Decrypt"], &["*"])).contains("`kms:Decrypt`"));
    // Named resources need no table.
    passes(allow(&["nosuch:Thing"], &["arn:aws:nosuch:us-east-2:123456789012:thing/one"]));
}

#[test]
fn a_variable_in_the_name_is_undecided_and_printed_and_under_the_old_version_it_is_text() {
    let reason = undecided(allow(&["s3:GetObject"], &["arn:aws:s3:::${aws:PrincipalTag/Bucket}/*"]));
    assert_eq!(
        reason,
        "statement 1 of inline policy P has the variable `${aws:PrincipalTag/Bucket}` in the name of the resource of \
         `arn:aws:s3:::${aws:PrincipalTag/Bucket}/*`, and what it stands for cannot be told"
    );
    assert!(
        undecided(allow(&["s3:GetObject"], &["arn:aws:sqs:us-east-2:${aws:PrincipalAccount}:q"])).contains("account")
    );
    // A wildcard beside it decides.
    assert!(fails(allow(&["s3:GetObject"], &["arn:aws:s3:::${aws:userid}-*/x"])).contains("wildcard"));
    let statement =
        json!([{ "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::${aws:userid}/x" }]);
    for old in [document("2008-10-17", &statement), json!({ "Statement": statement }).to_string()] {
        passes(judge(&role(vec![("P", Ok(old))]), &setting()));
    }
}

#[test]
fn text_that_is_no_arn_is_undecided() {
    assert_eq!(
        undecided(allow(&["s3:GetObject"], &["arn:aws:s3"])),
        "statement 1 of inline policy P has the resource `arn:aws:s3`, which is no ARN"
    );
}

#[test]
fn a_log_group_without_a_tail_passes_and_a_remark_says_that_it_grants_nothing_on_streams() {
    let bare = format!("arn:aws:logs:{REGIONAL}:log-group:f");
    assert_eq!(
        passes(allow(&["logs:PutLogEvents"], &[&bare])),
        [format!(
            "statement 1 of inline policy P names `{bare}` without `:*`, which matches no log stream: writing events is \
             not allowed by it"
        )]
    );
    assert_eq!(passes(allow(&["logs:PutRetentionPolicy"], &[&bare])), Vec::<String>::new());
}

#[test]
fn an_unreadable_policy_is_undecided_and_hides_no_violation_of_another() {
    let gone = ("arn:aws:iam::123456789012:policy/extra", Err("AccessDenied".to_owned()));
    let good = document(
        "2012-10-17",
        &json!([{ "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::r/*" }]),
    );
    let bad = document("2012-10-17", &json!([{ "Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::r/*" }]));
    assert_eq!(
        undecided(judge(&role(vec![("P", Ok(good)), gone.clone()]), &setting())),
        "managed policy arn:aws:iam::123456789012:policy/extra could not be read: AccessDenied"
    );
    assert!(fails(judge(&role(vec![gone, ("P", Ok(bad))]), &setting())).contains("`s3:*`"));
    let broken = undecided(judge(&role(vec![("P", Ok("{".into()))]), &setting()));
    assert!(broken.starts_with("inline policy P is no policy: "), "{broken}");
}

#[test]
fn boundary_deny_and_condition_cure_nothing_and_are_mentioned() {
    let text = document(
        "2012-10-17",
        &json!([
            { "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": { "Bool": { "aws:SecureTransport": "true" } } },
            { "Sid": "No", "Effect": "Deny", "Action": "*", "Resource": "*" },
        ]),
    );
    let documents = Documents::Role {
        policies: vec![("P".into(), Ok(text))],
        boundary: Some("{}".into()),
        trusted_services: Vec::new(),
    };
    let Ruling::Fail { why, counterexample, notes, .. } = judge(&documents, &setting()) else { panic!("a pass") };
    assert!(
        why.starts_with("statement 1 of inline policy P allows `*`, with a wildcard in the action; statement 1"),
        "{why}"
    );
    assert_eq!((counterexample.action.as_deref(), counterexample.principal), (Some("*"), None));
    let cited = counterexample.allowed_by.expect("the statement");
    assert_eq!((cited.document.as_str(), cited.statement.as_str()), ("inline policy P", "statement 1"));
    assert!(cited.json.contains("\"Action\": \"*\""), "{}", cited.json);
    let notes = notes.join("; ");
    for part in ["the condition of statement 1", "statement 2 (No) of inline policy P denies", "permissions boundary"] {
        assert!(notes.contains(part), "{notes}");
    }
}

#[test]
fn an_accepted_managed_policy_passes_on_a_role_that_trusts_its_service_alone() {
    let arn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy";
    let text = document("2012-10-17", &json!([{ "Effect": "Allow", "Action": "ecr:*", "Resource": "*" }]));
    let ruling = |trusted: &[&str], accepted: &str| {
        let documents = Documents::Role {
            policies: vec![(arn.into(), Ok(text.clone()))],
            boundary: None,
            trusted_services: trusted.iter().map(|service| (*service).to_owned()).collect(),
        };
        judge(&documents, &Setting { allowed_managed: vec![(accepted.into(), "ecs-tasks".into())], ..setting() })
    };
    assert_eq!(
        passes(ruling(&["ecs-tasks.amazonaws.com"], arn)),
        [format!("managed policy {arn} is accepted on a role that trusts ecs-tasks.amazonaws.com alone")]
    );
    fails(ruling(&["ecs-tasks.amazonaws.com", "ec2.amazonaws.com"], arn));
    fails(ruling(&[], arn));
    fails(ruling(&["ecs-tasks.amazonaws.com"], "arn:aws:iam::123456789012:policy/AmazonECSTaskExecutionRolePolicy"));
}

#[test]
fn a_correction_lists_the_actions_where_they_are_few_and_nothing_else_is_wrong() {
    let correction = |action: &str, resource: &str| {
        let ruling = allow(&[action], &[resource]);
        let Ruling::Fail { correction, .. } = &ruling else { panic!("expected a failure, found {ruling:?}") };
        correction.clone()
    };
    let found = correction("s3:GetObjectTor*", "arn:aws:s3:::records/*").expect("a correction");
    assert!(found.statement.contains("\"s3:GetObjectTorrent\""), "{}", found.statement);
    assert!(!found.statement.contains('*') || found.statement.contains("records/*"), "{}", found.statement);
    assert_eq!(found.judged, "role-wildcard");
    assert!(found.instruction.starts_with("put this statement in place of statement 1 of inline policy P"));
    assert_eq!(correction("s3:*", "arn:aws:s3:::records/*"), None);
    assert_eq!(correction("s3:GetObjectTor*", "*"), None);
    assert_eq!(correction("nosuch:*", "arn:aws:s3:::records/*"), None);
}

#[test]
fn the_question_is_asked_of_a_roles_own_policies_alone() {
    assert!(undecided(judge(&Documents::Trust("{}".into()), &setting())).contains("this is none"));
}

#[test]
fn a_glob_on_a_star_is_named_as_written() {
    let why = fails(allow(&["s3:Get*", "xray:Put*"], &["*"]));
    assert!(why.contains("statement 1 of inline policy P allows `s3:Get*` on `*`, which takes a resource"), "{why}");
}
