#![expect(clippy::needless_pass_by_value, reason = "statements are written where they are used")]

use serde_json::{Value, json};

use super::*;
use crate::fixture::*;
use crate::iam;
use crate::iam::fixture::{role, subject as role_subject};
use crate::kms::Key;
use crate::observed::{Observed, Seen};
use crate::policy::model::PolicyText;
use crate::sns::fixture::*;
use crate::subject::Subject;
use crate::verdict::Grounds;

const ROLE: &str = "arn:aws:iam::123456789012:role/publisher";

fn alarm(name: &str) -> Publisher {
    Publisher::Alarm { name: name.into(), arn: format!("arn:aws:cloudwatch:us-east-2:{ACCOUNT}:alarm:{name}") }
}

fn rule(role: Option<&str>) -> Publisher {
    Publisher::Rule {
        name: "compliance".into(),
        arn: format!("arn:aws:events:us-east-2:{ACCOUNT}:rule/compliance"),
        role: role.map(str::to_owned),
    }
}

fn trail() -> Publisher {
    Publisher::Trail { name: "audit".into(), arn: format!("arn:aws:cloudtrail:us-east-2:{ACCOUNT}:trail/audit") }
}

fn config(role: &str) -> Publisher {
    Publisher::Config { role: role.into() }
}

fn asking(
    judge: fn(&Topic, &Publishers, &Context<'_>) -> Judgement,
    topic: Topic,
    others: Vec<Subject>,
    seen: Vec<Publisher>,
) -> Judgement {
    let mut subjects = vec![of_topic(topic.clone())];
    subjects.extend(others);
    let evidence = evidence(subjects);
    let context = Context { subject: &evidence.subjects[0], evidence: &evidence };
    judge(&topic, &Publishers { seen, gaps: Vec::new() }, &context)
}

/// A topic under these statements, asked by these publishers.
fn at_topic(statements: &[Value], seen: Vec<Publisher>) -> Judgement {
    asking(topic_policy, under(statements), Vec::new(), seen)
}

/// The key of a topic under these statements beside the account's own, asked by these publishers.
fn at_key(statements: &[Value], seen: Vec<Publisher>) -> Judgement {
    asking(key_policy, encrypted_with(KEY_ID), vec![of_key(keyed(statements))], seen)
}

fn keyed(statements: &[Value]) -> Key {
    let root = json!({"Sid": "Root", "Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{ACCOUNT}:root")},
        "Action": "kms:*", "Resource": "*"});
    let mut all = vec![root];
    all.extend(statements.iter().cloned());
    key(&text(&all).0)
}

fn allow_service(service: &str, action: Value, resource: &str, condition: Value) -> Value {
    let mut statement = json!({"Sid": "Service", "Effect": "Allow", "Principal": {"Service": service}, "Action": action,
        "Resource": resource});
    if !condition.is_null() {
        statement["Condition"] = condition;
    }
    statement
}

fn publish(service: &str, condition: Value) -> Value {
    allow_service(service, json!("sns:Publish"), TOPIC, condition)
}

fn key_use(service: &str, action: Value, condition: Value) -> Value {
    allow_service(service, action, "*", condition)
}

fn deny(action: &str, resource: &str, condition: Value) -> Value {
    json!({"Sid": "No", "Effect": "Deny", "Principal": "*", "Action": action, "Resource": resource, "Condition": condition})
}

fn grounds(judgement: Judgement) -> Grounds {
    match judgement {
        Ok(Verdict::NotSatisfied { grounds: Some(grounds), .. }) => *grounds,
        other => panic!("expected a failure with its grounds, found {other:?}"),
    }
}

/// A role whose one inline policy holds these statements.
fn role_with(statements: &[Value]) -> Subject {
    let mut role: iam::Role = role();
    role.inline_policies = seen(vec!["P".into()]);
    role.inline_documents = [("P".to_owned(), seen(text(statements)))].into();
    role.attached_policies = seen(Vec::new());
    role.boundary = not_set();
    let mut subject = role_subject(role);
    subject.id = "publisher".into();
    subject
}

mod topics {
    use super::*;

    #[test]
    fn the_policy_of_a_new_topic_lets_alarms_publish_and_no_rule_or_trail() {
        let default = default_statement();
        assert_eq!(
            passed(at_topic(std::slice::from_ref(&default), vec![alarm("a"), alarm("b")])),
            "cloudwatch.amazonaws.com is allowed sns:Publish for alarm `a`, alarm `b` by statement 1 (__default_statement_ID)"
        );
        let text = failed(at_topic(std::slice::from_ref(&default), vec![alarm("a"), rule(None)]));
        assert!(text.starts_with("events.amazonaws.com is not allowed sns:Publish for rule `compliance`: "), "{text}");
        assert!(text.contains("AWS:SourceOwner"), "{text}");
        assert!(failed(at_topic(&[default], vec![trail()])).starts_with("cloudtrail.amazonaws.com is not allowed"));
    }

    #[test]
    fn a_policy_for_rules_alone_takes_the_alarms_away() {
        let policy = [publish("events.amazonaws.com", Value::Null)];
        assert!(passed(at_topic(&policy, vec![rule(None)])).starts_with("events.amazonaws.com is allowed sns:Publish"));
        let text = failed(at_topic(&policy, vec![rule(None), alarm("a")]));
        assert!(text.starts_with("cloudwatch.amazonaws.com is not allowed sns:Publish for alarm `a`: "), "{text}");
    }

    #[test]
    fn the_account_of_the_source_counts_as_the_owner_for_alarms() {
        let owner = |principal: Value| {
            json!({"Sid": "Own", "Effect": "Allow", "Principal": principal, "Action": "sns:Publish", "Resource": TOPIC,
                "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}}})
        };
        let everyone = at_topic(&[owner(json!({"AWS": "*"}))], vec![alarm("a")]);
        assert!(passed(everyone).starts_with("cloudwatch.amazonaws.com is allowed"));
        let root = at_topic(&[owner(json!({"AWS": ACCOUNT}))], vec![alarm("a")]);
        assert_eq!(
            passed(root),
            "account 123456789012, which owns the topic, is allowed sns:Publish for alarm `a` by statement 1 (Own)"
        );
    }

    #[test]
    fn the_accounts_root_without_a_test_of_the_owner_is_undecided_for_alarms_and_no_help_for_rules() {
        let root = json!({"Sid": "Root", "Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sns:*", "Resource": TOPIC});
        let text = undecided(at_topic(std::slice::from_ref(&root), vec![alarm("a")]));
        assert!(
            text.starts_with("alarm `a`: statement 1 (Root) of the topic policy lets the account's root publish"),
            "{text}"
        );
        assert!(failed(at_topic(&[root], vec![rule(None)])).starts_with("events.amazonaws.com is not allowed"));
    }

    #[test]
    fn the_source_has_to_be_the_own_one() {
        let bound = |account: &str| {
            publish("cloudwatch.amazonaws.com", json!({"StringEquals": {"aws:SourceAccount": account}}))
        };
        assert!(passed(at_topic(&[bound(ACCOUNT)], vec![alarm("a")])).contains("by statement 1 (Service)"));
        assert!(failed(at_topic(&[bound("999999999999")], vec![alarm("a")])).contains("for alarm `a`"));
        let one = publish(
            "cloudwatch.amazonaws.com",
            json!({"ArnEquals": {"aws:SourceArn": format!("arn:aws:cloudwatch:us-east-2:{ACCOUNT}:alarm:a")}}),
        );
        let text = failed(at_topic(&[one], vec![alarm("a"), alarm("b")]));
        assert!(text.starts_with("cloudwatch.amazonaws.com is not allowed sns:Publish for alarm `b`"), "{text}");
    }

    #[test]
    fn alarms_that_are_kept_out_for_different_reasons_are_told_apart() {
        let third = json!({"ArnEquals": {"aws:SourceArn": format!("arn:aws:cloudwatch:us-east-2:{ACCOUNT}:alarm:c")}});
        let text = failed(at_topic(&[publish("cloudwatch.amazonaws.com", third)], vec![alarm("a"), alarm("b")]));
        assert_eq!(text.matches("is not allowed").count(), 2, "{text}");
        assert!(text.contains(":alarm:a`") && text.contains(":alarm:b`"), "{text}");
    }

    #[test]
    fn a_condition_for_rules_is_noted() {
        let bound = publish("events.amazonaws.com", json!({"StringEquals": {"aws:SourceAccount": ACCOUNT}}));
        let text = passed(at_topic(&[bound], vec![rule(None)]));
        assert!(
            text.ends_with(
                "it supports no conditions on events.amazonaws.com here; test one delivery of rule `compliance`"
            ),
            "{text}"
        );
        let free = passed(at_topic(&[publish("events.amazonaws.com", Value::Null)], vec![rule(None)]));
        assert!(!free.contains('|'), "{free}");
    }

    #[test]
    fn a_deny_without_tls_hits_no_service_and_a_plain_one_hits_all() {
        let default = default_statement();
        let tls = deny("sns:Publish", TOPIC, json!({"Bool": {"aws:SecureTransport": "false"}}));
        assert!(passed(at_topic(&[default.clone(), tls], vec![alarm("a")])).starts_with("cloudwatch.amazonaws.com"));
        let plain = deny("sns:Publish", TOPIC, json!({}));
        assert_eq!(
            failed(at_topic(&[default, plain], vec![alarm("a")])),
            "statement 2 (No) of the topic policy denies cloudwatch.amazonaws.com sns:Publish for alarm `a`"
        );
    }

    #[test]
    fn a_deny_on_what_is_not_known_of_the_call_is_undecided() {
        let org = deny("sns:Publish", TOPIC, json!({"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}));
        let text = undecided(at_topic(&[default_statement(), org], vec![alarm("a")]));
        assert!(text.contains("statement 2 (No) of the topic policy matches hangs on aws:PrincipalOrgID"), "{text}");
    }

    #[test]
    fn a_rule_may_publish_as_the_role_of_its_target_with_a_warning() {
        let may = json!({"Effect": "Allow", "Action": "sns:Publish", "Resource": TOPIC});
        let alarms = publish("cloudwatch.amazonaws.com", Value::Null);
        let judged = |statements: &[Value]| {
            let role = role_with(statements);
            asking(topic_policy, under(std::slice::from_ref(&alarms)), vec![role], vec![rule(Some(ROLE))])
        };
        let text = passed(judged(&[may]));
        assert!(
            text.starts_with(
                "role publisher is allowed sns:Publish for rule `compliance` by statement 1 of inline policy P"
            ),
            "{text}"
        );
        assert!(text.contains("which AWS advises against because deliveries may fail"), "{text}");
        let text = failed(judged(&[
            json!({"Effect": "Allow", "Action": "sns:Publish", "Resource": "arn:aws:sns:us-east-2:123456789012:other"}),
        ]));
        assert!(text.contains("role publisher is not allowed sns:Publish for rule `compliance`: neither the topic policy nor a policy of the role allows it"), "{text}");
        // Whether SNS takes a role of the owner's account for the owner is not documented.
        let by_default = asking(topic_policy, topic(), vec![role_with(&[])], vec![rule(Some(ROLE))]);
        assert!(undecided(by_default).contains("hangs on AWS:SourceOwner, which is not known"));
        let unseen = asking(topic_policy, topic(), Vec::new(), vec![rule(Some(ROLE))]);
        assert_eq!(undecided(unseen), "nothing was seen of the role publisher that rule `compliance` publishes as");
    }

    #[test]
    fn a_rule_that_the_policy_lets_in_needs_no_role() {
        let policy = [publish("events.amazonaws.com", Value::Null)];
        let text = passed(at_topic(&policy, vec![rule(Some(ROLE))]));
        assert!(text.starts_with("events.amazonaws.com is allowed"), "{text}");
        assert!(text.contains("which AWS advises against"), "{text}");
    }

    #[test]
    fn aws_config_publishes_as_its_role_and_under_the_services_name_where_that_is_the_linked_one() {
        let may = json!({"Effect": "Allow", "Action": "sns:Publish", "Resource": TOPIC});
        let by_role = asking(topic_policy, topic(), vec![role_with(&[may])], vec![config(ROLE)]);
        assert!(passed(by_role).starts_with("role publisher is allowed sns:Publish for AWS Config"));
        let linked = "arn:aws:iam::123456789012:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig";
        let bound = publish("config.amazonaws.com", json!({"StringEquals": {"AWS:SourceAccount": ACCOUNT}}));
        assert!(passed(at_topic(&[bound], vec![config(linked)])).starts_with("config.amazonaws.com is allowed"));
        assert!(failed(at_topic(&[], vec![config(linked)])).starts_with("config.amazonaws.com is not allowed"));
    }

    #[test]
    fn a_role_is_let_in_by_name_and_not_with_a_boundary_that_was_not_judged() {
        let named = json!({"Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": "sns:Publish", "Resource": TOPIC});
        let by_name =
            asking(topic_policy, under(std::slice::from_ref(&named)), vec![role_with(&[])], vec![config(ROLE)]);
        assert!(passed(by_name).contains("by statement 1 of the topic policy"));
        let mut bounded = role_with(&[]);
        if let crate::subject::Resource::Role(role) = &mut bounded.resource {
            role.boundary = seen("arn:aws:iam::123456789012:policy/B".into());
        }
        let text = undecided(asking(topic_policy, under(&[named]), vec![bounded], vec![config(ROLE)]));
        assert!(text.contains("has the permissions boundary"), "{text}");
    }

    #[test]
    fn every_publisher_that_is_refused_is_named_and_a_correction_is_shown_that_was_judged() {
        let judgement = at_topic(&[], vec![alarm("a"), alarm("b")]);
        let text = failed(judgement.clone());
        assert!(text.contains("alarm `a`") && text.contains("alarm `b`"), "{text}");
        let grounds = grounds(judgement);
        let correction = grounds.correction.expect("one that holds");
        assert_eq!(correction.judged, "sns-policy-allows-publishers");
        assert!(correction.statement.contains("\"Service\": \"cloudwatch.amazonaws.com\""), "{}", correction.statement);
        assert_eq!(grounds.counterexample.principal.as_deref(), Some("cloudwatch.amazonaws.com"));
        let source = grounds.counterexample.context.get("aws:SourceArn").cloned().flatten();
        assert_eq!(source.as_deref(), Some("arn:aws:cloudwatch:us-east-2:123456789012:alarm:a"));
    }

    #[test]
    fn without_a_publisher_nothing_is_judged_and_what_was_not_seen_is_an_error() {
        assert_eq!(
            not_applicable(at_topic(&[], Vec::new())),
            "no alarm, rule or trail and no delivery channel of AWS Config publishes to the topic"
        );
        let evidence = evidence(vec![of_topic(topic())]);
        let context = Context { subject: &evidence.subjects[0], evidence: &evidence };
        let unread = |seen| Publishers { seen, gaps: vec![denial()] };
        assert_eq!(topic_policy(&topic(), &unread(Vec::new()), &context), Err(denial()));
        assert_eq!(topic_policy(&topic(), &unread(vec![alarm("a")]), &context), Err(denial()));
        let refused = failed(topic_policy(&topic(), &unread(vec![rule(None)]), &context));
        assert!(refused.contains("not all was readable"), "{refused}");
    }

    #[test]
    fn a_policy_that_is_missing_or_none_is_an_error() {
        let ask = |policy| {
            let topic = with_attributes(|attributes| attributes.policy = policy);
            asking(topic_policy, topic, Vec::new(), vec![alarm("a")])
        };
        assert!(undecided(ask(Observed::Absent)).starts_with("GetTopicAttributes answered without Policy"));
        let broken = ask(Observed::Present(PolicyText("{".into())));
        assert!(undecided(broken).starts_with("the topic policy cannot be read as a policy"));
    }
}

mod keys {
    use super::*;

    fn both() -> Value {
        json!(["kms:Decrypt", "kms:GenerateDataKey"])
    }

    #[test]
    fn each_service_needs_both_actions_and_wildcards_grant_them_too() {
        for action in [both(), json!(["kms:Decrypt", "kms:GenerateDataKey*"]), json!("kms:*"), json!("*")] {
            let text = passed(at_key(&[key_use("cloudwatch.amazonaws.com", action, Value::Null)], vec![alarm("a")]));
            assert_eq!(
                text,
                "cloudwatch.amazonaws.com is allowed kms:Decrypt and kms:GenerateDataKey for alarm `a` by statement 2 (Service)"
            );
        }
        let one = key_use("cloudwatch.amazonaws.com", json!("kms:Decrypt"), Value::Null);
        let text = failed(at_key(&[one], vec![alarm("a")]));
        assert!(
            text.starts_with("cloudwatch.amazonaws.com is not allowed kms:GenerateDataKey for alarm `a`"),
            "{text}"
        );
    }

    #[test]
    fn what_keeps_every_alarm_out_is_said_once_for_all_of_them() {
        let text = failed(at_key(&[], vec![alarm("a"), rule(None), alarm("b")]));
        assert_eq!(
            text,
            "cloudwatch.amazonaws.com is not allowed kms:Decrypt and kms:GenerateDataKey for alarm `a`, alarm `b`: \
             statement 1 (Root) does not match, because the caller is the service `cloudwatch.amazonaws.com`, none of \
             `123456789012`; events.amazonaws.com is not allowed kms:Decrypt and kms:GenerateDataKey for rule \
             `compliance`: statement 1 (Root) does not match, because the caller is the service \
             `events.amazonaws.com`, none of `123456789012`"
        );
    }

    #[test]
    fn what_is_left_to_the_accounts_root_helps_no_service() {
        let text = failed(at_key(&[], vec![alarm("a"), rule(None), trail()]));
        for who in ["cloudwatch", "events", "cloudtrail"] {
            assert!(
                text.contains(&format!("{who}.amazonaws.com is not allowed kms:Decrypt and kms:GenerateDataKey")),
                "{text}"
            );
        }
    }

    #[test]
    fn the_call_is_for_this_topic_and_from_the_own_account() {
        let for_topic = |arn: &str| {
            let condition =
                json!({"StringEquals": {"kms:EncryptionContext:aws:sns:topicArn": arn, "aws:SourceAccount": ACCOUNT}});
            key_use("cloudwatch.amazonaws.com", both(), condition)
        };
        assert!(passed(at_key(&[for_topic(TOPIC)], vec![alarm("a")])).contains("by statement 2 (Service)"));
        let other = at_key(&[for_topic("arn:aws:sns:us-east-2:123456789012:other")], vec![alarm("a")]);
        assert!(failed(other).starts_with("cloudwatch.amazonaws.com is not allowed"));
    }

    #[test]
    fn a_deny_wins_and_one_that_hangs_on_the_way_of_the_call_is_undecided() {
        let granted = key_use("cloudwatch.amazonaws.com", both(), Value::Null);
        let plain = deny("kms:Decrypt", "*", json!({}));
        assert_eq!(
            failed(at_key(&[granted.clone(), plain], vec![alarm("a")])),
            "statement 3 (No) of the key policy denies cloudwatch.amazonaws.com kms:Decrypt for alarm `a`"
        );
        let via = deny("kms:*", "*", json!({"StringNotEquals": {"kms:ViaService": "sns.us-east-2.amazonaws.com"}}));
        assert!(undecided(at_key(&[granted, via], vec![alarm("a")])).contains("hangs on kms:ViaService"));
    }

    #[test]
    fn a_condition_for_rules_is_noted_and_a_role_of_the_target_does_not_help() {
        let bound = key_use("events.amazonaws.com", both(), json!({"StringEquals": {"aws:SourceAccount": ACCOUNT}}));
        assert!(passed(at_key(&[bound], vec![rule(None)])).contains("test one delivery of rule `compliance`"));
        let may = json!({"Effect": "Allow", "Action": "kms:*", "Resource": KEY_ARN});
        let subjects = vec![of_key(keyed(&[])), role_with(&[may])];
        let text = failed(asking(key_policy, encrypted_with(KEY_ID), subjects, vec![rule(Some(ROLE))]));
        assert!(text.starts_with("events.amazonaws.com is not allowed"), "{text}");
        assert!(text.contains("which AWS advises against"), "{text}");
    }

    #[test]
    fn aws_config_is_judged_by_its_role_with_a_note() {
        let may = json!({"Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey*"], "Resource": KEY_ARN});
        let ask = |key: Key, statements: &[Value]| {
            asking(key_policy, encrypted_with(KEY_ID), vec![of_key(key), role_with(statements)], vec![config(ROLE)])
        };
        let text = passed(ask(keyed(&[]), std::slice::from_ref(&may)));
        assert!(
            text.starts_with("role publisher is allowed kms:Decrypt and kms:GenerateDataKey for AWS Config"),
            "{text}"
        );
        assert!(text.contains("AWS Config does not support encrypted topics"), "{text}");
        let text = failed(ask(keyed(&[]), &[]));
        assert!(text.contains("neither the key policy nor a policy of the role allows it"), "{text}");
        let closed = key(&super::text(&[key_use("sns.amazonaws.com", json!("kms:*"), Value::Null)]).0);
        let text = failed(ask(closed, &[may]));
        assert!(text.contains("does not leave it to the role's own policies"), "{text}");
    }

    #[test]
    fn a_topic_without_a_key_of_the_customer_is_another_requirements_matter() {
        assert_eq!(
            not_applicable(asking(key_policy, topic(), Vec::new(), vec![alarm("a")])),
            "the topic names no KMS key; see sns-topic-kms-encrypted"
        );
        let mut managed = keyed(&[]);
        managed.metadata = managed
            .metadata
            .map(|metadata| crate::kms::Metadata { manager: Observed::Present(KeyManager::Aws), ..metadata });
        let text = not_applicable(asking(key_policy, encrypted_with(KEY_ID), vec![of_key(managed)], vec![alarm("a")]));
        assert!(text.starts_with("AWS manages the key"), "{text}");
        assert!(not_applicable(at_key(&[], Vec::new())).starts_with("no alarm, rule or trail"));
    }

    #[test]
    fn a_key_that_cannot_be_read_or_is_another_accounts_is_an_error() {
        let ask = |key: Key| asking(key_policy, encrypted_with(KEY_ID), vec![of_key(key)], vec![alarm("a")]);
        assert_eq!(ask(Key { policy: denied(), ..keyed(&[]) }), Err(denial()));
        assert_eq!(ask(Key { metadata: Seen::gap(denial()), ..keyed(&[]) }), Err(denial()));
        let mut foreign = keyed(&[]);
        foreign.metadata = foreign
            .metadata
            .map(|metadata| crate::kms::Metadata { account: Observed::Present("999999999999".into()), ..metadata });
        assert!(undecided(ask(foreign)).contains("is account 999999999999's"));
        let unseen = asking(key_policy, encrypted_with(KEY_ID), Vec::new(), vec![alarm("a")]);
        assert!(undecided(unseen).starts_with("nothing was seen of the key"));
    }

    #[test]
    fn an_organisations_trail_calls_for_the_account_that_it_belongs_to() {
        let trail =
            Publisher::Trail { name: "org".into(), arn: "arn:aws:cloudtrail:us-east-2:999999999999:trail/org".into() };
        let own = key_use("cloudtrail.amazonaws.com", both(), json!({"StringEquals": {"aws:SourceAccount": ACCOUNT}}));
        assert!(failed(at_key(&[own], vec![trail])).starts_with("cloudtrail.amazonaws.com is not allowed"));
    }
}

#[test]
fn of_two_statements_that_nearly_match_the_one_for_the_caller_is_named() {
    let statement = json!({
        "Sid": "LetAlarmsPublish", "Effect": "Allow", "Principal": { "Service": "cloudwatch.amazonaws.com" },
        "Action": ["kms:Decrypt", "kms:GenerateDataKey*"], "Resource": "*",
        "Condition": { "StringEquals": { "aws:SourceAccount": "999988887777" } },
    });
    let text = failed(at_key(&[statement], vec![alarm("errors")]));
    assert!(text.contains("statement 2 (LetAlarmsPublish) does not match, because the request's"), "{text}");
}
