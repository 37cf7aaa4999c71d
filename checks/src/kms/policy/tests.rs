#![expect(clippy::needless_pass_by_value, reason = "statements are written where they are used")]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::evidence::Evidence;
use crate::fixture::*;
use crate::iam::fixture::{ARN as ROLE, configuration, inline, policies, role, stack, subject as role_subject};
use crate::kms::{Grant, Key, KeyManager, KeyState, Metadata, Origin};
use crate::lambda::{Configuration, Function};
use crate::logs::{Description, LogGroup};
use crate::observed::{Gap, Observed, Seen};
use crate::policy::model::PolicyText;
use crate::subject::{Existence, Kind, Resource, Subject};
use crate::verdict::{Judgement, Verdict};

const KEY: &str = "arn:aws:kms:us-east-2:123456789012:key/2f1c7e7e";
const GROUP: &str = "arn:aws:logs:us-east-2:123456789012:log-group:/aws/lambda/processor";
const FUNCTION: &str = "arn:aws:lambda:us-east-2:123456789012:function:processor";
const LOGS: &str = "logs.us-east-2.amazonaws.com";

fn key(policy: Seen<PolicyText>) -> Key {
    Key {
        named_by: BTreeSet::from(["2f1c7e7e".to_owned(), "alias/patient".to_owned()]),
        metadata: seen(Metadata {
            arn: Observed::Present(KEY.into()),
            id: Observed::Present("2f1c7e7e".into()),
            account: Observed::Present(ACCOUNT.into()),
            state: Observed::Present(KeyState::Enabled),
            manager: Observed::Present(KeyManager::Customer),
            origin: Observed::Present(Origin::AwsKms),
            spec: Observed::Present("SYMMETRIC_DEFAULT".into()),
            usage: Observed::Present("ENCRYPT_DECRYPT".into()),
            deletion_date: Observed::Absent,
            pending_window_days: Observed::Absent,
            multi_region: Observed::Absent,
        }),
        policy,
        grants: Seen::gap(Gap::NotCollected { what: "grants were not asked for".into() }),
        ..Key::unknown(&denial())
    }
}

fn of_key(key: Key) -> Subject {
    let mut subject = subject(Kind::Key, "2f1c7e7e", Resource::Key(Box::new(key)));
    subject.arn = Some(KEY.into());
    subject
}

/// A key whose policy holds the account's statement and these.
fn with(statements: &[Value]) -> Key {
    let root = json!({"Sid": "Root", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
        "Action": "kms:*", "Resource": "*"});
    let all: Vec<&Value> = std::iter::once(&root).chain(statements).collect();
    key(policies(&json!(all)))
}

fn alone(statements: &[Value]) -> Evidence {
    evidence(vec![of_key(with(statements)), stack(&[])])
}

fn aws_managed(mut key: Key) -> Key {
    key.metadata = key.metadata.map(|mut metadata| {
        metadata.manager = Observed::Present(KeyManager::Aws);
        metadata
    });
    key
}

fn corrected(judgement: Judgement) -> String {
    match judgement {
        Ok(Verdict::NotSatisfied { grounds: Some(grounds), .. }) => {
            grounds.correction.map_or_else(|| "none".to_owned(), |correction| correction.statement)
        }
        other => panic!("expected a failure with grounds, found {other:?}"),
    }
}

fn allow(principal: Value, action: Value, condition: Value) -> Value {
    json!({"Sid": "More", "Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*",
        "Condition": condition})
}

mod not_public {
    use super::*;

    const ID: &str = "kms-policy-not-public";

    #[test]
    fn the_accounts_own_statement_passes_and_grants_are_named_as_not_judged() {
        let text = passed(judge(ID, &alone(&[])));
        assert!(text.starts_with("nobody outside the account and the trusted accounts"), "{text}");
        assert!(text.contains("grants stand beside the policy"), "{text}");
    }

    #[test]
    fn a_star_fails_unless_the_callers_account_bounds_it() {
        let star = |condition| alone(&[allow(json!("*"), json!("kms:Decrypt"), condition)]);
        let text = failed(judge(ID, &star(json!({}))));
        assert!(text.starts_with("an outsider may use the key: "), "{text}");
        for condition in [
            json!({"StringEquals": {"kms:ViaService": "s3.us-east-2.amazonaws.com"}}),
            json!({"StringEquals": {"kms:EncryptionContext:a": "b"}}),
            json!({"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}}),
        ] {
            let text = failed(judge(ID, &star(condition)));
            assert!(text.starts_with("an outsider may use the key: "), "{text}");
        }
        let bounded = json!({"StringEquals": {"kms:CallerAccount": ACCOUNT,
            "kms:ViaService": "s3.us-east-2.amazonaws.com"}});
        assert!(passed(judge(ID, &star(bounded))).starts_with("nobody outside"));
    }

    #[test]
    fn another_account_fails_unless_it_is_trusted() {
        let other = alone(&[allow(json!({"AWS": "111122223333"}), json!("kms:Decrypt"), json!({}))]);
        assert!(failed(judge(ID, &other)).contains("111122223333"));
        let trusted = judge_with(ID, "trusted_accounts = [\"111122223333\"]", &other);
        assert!(passed(trusted).starts_with("nobody outside"));
    }

    #[test]
    fn a_key_of_aws_is_left_alone_and_an_unknown_owner_keeps_a_failure() {
        let aws = aws_managed(with(&[]));
        assert_eq!(
            not_applicable(judge(ID, &evidence(vec![of_key(aws)]))),
            "AWS manages the key and writes its policy"
        );
        let public = allow(json!("*"), json!("kms:*"), json!({}));
        let undescribed = Key { metadata: denied(), ..with(&[public]) };
        let text = failed(judge(ID, &evidence(vec![of_key(undescribed)])));
        assert!(text.contains("not all was readable: GetThing was denied"), "{text}");
        let undescribed = Key { metadata: denied(), ..with(&[]) };
        assert_eq!(judge(ID, &evidence(vec![of_key(undescribed)])), Err(denial()));
    }

    #[test]
    fn a_policy_that_was_not_read_or_is_none_is_an_error() {
        for id in [ID, "kms-policy-least-privilege"] {
            assert_eq!(judge(id, &evidence(vec![of_key(key(denied()))])), Err(denial()));
            assert!(undecided(judge(id, &evidence(vec![of_key(key(not_set()))]))).contains("without Policy"));
            let broken = key(seen(PolicyText("{".into())));
            let text = undecided(judge(id, &evidence(vec![of_key(broken)])));
            assert!(text.starts_with("the key policy cannot be read as a policy: "), "{text}");
        }
    }
}

mod least_privilege {
    use super::*;

    const ID: &str = "kms-policy-least-privilege";
    const ADMIN: &str = "arn:aws:iam::123456789012:role/admin";

    fn lambda() -> Value {
        json!({"Service": "lambda.amazonaws.com"})
    }

    fn own() -> Value {
        json!({"StringEquals": {"aws:SourceAccount": ACCOUNT}})
    }

    #[test]
    fn the_account_alone_holds_everything() {
        let text = passed(judge(ID, &alone(&[])));
        assert!(text.starts_with("the account alone holds kms:*"), "{text}");
        assert!(text.contains("statement 1 (Root) leaves kms:* to the account's root"), "{text}");
        for action in ["kms:*", "*", "KMS:**"] {
            let named = alone(&[allow(json!({"AWS": ADMIN}), json!(action), json!({}))]);
            let text = failed(judge(ID, &named));
            assert!(
                text.starts_with(&format!("{ADMIN} holds every action on the key by statement 2 (More)")),
                "{text}"
            );
            assert!(corrected(judge(ID, &named)).contains("kms:GenerateDataKey*"));
            let params = format!("allowed_admin_principals = [\"{ADMIN}\"]");
            assert!(passed(judge_with(ID, &params, &named)).starts_with("the account alone"));
        }
    }

    #[test]
    fn everybody_of_the_account_is_not_the_account() {
        let bounded = json!({"StringEquals": {"kms:CallerAccount": ACCOUNT}});
        let text = failed(judge(ID, &alone(&[allow(json!("*"), json!("kms:*"), bounded)])));
        assert!(text.starts_with("everyone holds every action on the key"), "{text}");
    }

    #[test]
    fn a_service_needs_a_condition_unless_it_is_accepted_without() {
        let uses = json!(["kms:Decrypt", "kms:GenerateDataKey*", "kms:Describe*", "kms:Encrypt*", "kms:ReEncrypt*"]);
        let bare = alone(&[allow(lambda(), uses.clone(), json!({}))]);
        let text = failed(judge(ID, &bare));
        assert!(text.starts_with("statement 2 (More) lets lambda.amazonaws.com use the key without"), "{text}");
        assert!(corrected(judge(ID, &bare)).contains("\"aws:SourceAccount\": \"123456789012\""));
        assert!(passed(judge(ID, &alone(&[allow(lambda(), uses.clone(), own())]))).starts_with("the account alone"));
        let events = alone(&[allow(json!({"Service": "events.amazonaws.com"}), uses, json!({}))]);
        assert!(passed(judge(ID, &events)).contains("unconditioned_ok accepts that for events.amazonaws.com"));
    }

    #[test]
    fn a_service_may_not_administer_by_name_or_by_wildcard() {
        for action in ["kms:PutKeyPolicy", "kms:Schedule*", "kms:Disable*", "kms:DeleteImported*", "kms:Get*"] {
            let evidence = alone(&[allow(lambda(), json!(["kms:Decrypt", action]), own())]);
            let text = failed(judge(ID, &evidence));
            assert!(text.starts_with("lambda.amazonaws.com may call kms:"), "{text}");
            assert!(text.contains("by statement 2 (More)"), "{text}");
            assert!(!corrected(judge(ID, &evidence)).contains(action));
        }
    }

    #[test]
    fn a_deny_takes_away_what_a_wildcard_gave() {
        let deny = json!({"Effect": "Deny", "Principal": lambda(), "Action": "kms:PutKeyPolicy", "Resource": "*"});
        let evidence = alone(&[allow(lambda(), json!("kms:PutKeyPolicy"), own()), deny]);
        assert!(passed(judge(ID, &evidence)).starts_with("the account alone"));
    }

    #[test]
    fn a_role_of_the_workload_may_not_administer_and_another_is_noted() {
        let administers = |who: &str, condition| {
            let mut evidence = alone(&[allow(json!({"AWS": who}), json!("kms:Schedule*"), condition)]);
            evidence.subjects.push(role_subject(role()));
            judge(ID, &evidence)
        };
        for condition in [json!({}), json!({"Bool": {"aws:MultiFactorAuthPresent": "true"}})] {
            let text = failed(administers(ROLE, condition));
            assert!(text.starts_with(&format!("{ROLE} may call kms:ScheduleKeyDeletion by statement 2")), "{text}");
        }
        let session = "arn:aws:sts::123456789012:assumed-role/processor/one";
        assert!(failed(administers(session, json!({}))).contains("kms:ScheduleKeyDeletion"));
        let text = passed(administers(ADMIN, json!({})));
        assert!(text.contains(&format!("{ADMIN} administers the key by statement 2 (More)")), "{text}");
    }

    #[test]
    fn a_role_or_a_listing_that_was_not_read_keeps_it_from_passing_only() {
        let mut unread = role();
        unread.arn = denied();
        let mut evidence = alone(&[]);
        evidence.subjects.push(role_subject(unread.clone()));
        assert_eq!(judge(ID, &evidence), Err(denial()));
        let mut evidence = alone(&[allow(json!({"AWS": ADMIN}), json!("kms:*"), json!({}))]);
        evidence.subjects.push(role_subject(unread));
        assert!(failed(judge(ID, &evidence)).contains("not all was readable"));
    }

    #[test]
    fn leaving_out_principals_or_actions_fails() {
        let not_action = json!({"Effect": "Allow", "Principal": {"AWS": ADMIN}, "NotAction": "kms:PutKeyPolicy",
            "Resource": "*"});
        assert!(failed(judge(ID, &alone(&[not_action]))).contains("statement 2 allows every action but"));
        let not_principal = json!({"Effect": "Allow", "NotPrincipal": {"AWS": ADMIN}, "Action": "kms:Decrypt",
            "Resource": "*"});
        assert!(failed(judge(ID, &alone(&[not_principal]))).contains("statement 2 allows everybody but"));
    }

    #[test]
    fn a_test_on_the_calling_service_is_dead_text_and_grants_without_their_test_are_noted() {
        let via = json!({"StringEquals": {"kms:ViaService": "lambda.us-east-2.amazonaws.com"}});
        let text = passed(judge(ID, &alone(&[allow(lambda(), json!(["kms:Decrypt", "kms:DescribeKey"]), via)])));
        assert!(text.contains("statement 2 (More) is dead text for lambda.amazonaws.com"), "{text}");
        let text = passed(judge(ID, &alone(&[allow(lambda(), json!("kms:CreateGrant"), own())])));
        assert!(text.contains("allows kms:CreateGrant without a test on kms:GrantIsForAWSResource"), "{text}");
    }

    #[test]
    fn an_action_that_no_table_holds_is_undecided_and_a_key_of_aws_is_left_alone() {
        let text = undecided(judge(ID, &alone(&[allow(lambda(), json!("kms:Dream"), own())])));
        assert!(text.contains("allows `kms:Dream`, which matches no action"), "{text}");
        let aws = evidence(vec![of_key(aws_managed(with(&[])))]);
        assert!(not_applicable(judge(ID, &aws)).starts_with("AWS manages the key"));
    }
}

mod logs {
    use super::*;

    const ID: &str = "kms-policy-allows-logs";

    fn group(key: Observed<String>) -> Subject {
        let mut group = LogGroup::unknown(&denial());
        group.description = seen(Description {
            arn: Observed::Present(GROUP.into()),
            retention_days: Observed::Absent,
            retention_policy: Observed::Absent,
            kms_key: key,
            class: Observed::Absent,
            deletion_protection: Observed::Absent,
            created_at: Observed::Absent,
        });
        subject(Kind::LogGroup, "/aws/lambda/processor", Resource::LogGroup(Box::new(group)))
    }

    fn asked(statements: &[Value]) -> Judgement {
        let group = group(Observed::Present(KEY.into()));
        judge(ID, &evidence(vec![of_key(with(statements)), group, stack(&[])]))
    }

    fn all() -> Value {
        json!(["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"])
    }

    fn service(name: &str, condition: Value) -> Value {
        allow(json!({ "Service": name }), all(), condition)
    }

    fn on_group(operator: &str, value: &str) -> Value {
        json!({ operator: {"kms:EncryptionContext:aws:logs:arn": value} })
    }

    #[test]
    fn the_service_of_the_region_may_use_the_key_for_the_group() {
        for condition in [
            on_group("ArnEquals", GROUP),
            on_group("ArnLike", "arn:aws:logs:us-east-2:123456789012:*"),
            on_group("StringLike", "arn:aws:logs:us-east-2:123456789012:log-group:/aws/*"),
        ] {
            assert_eq!(
                passed(asked(&[service(LOGS, condition)])),
                "logs.us-east-2.amazonaws.com may use the key for log group /aws/lambda/processor by statement 2 (More)"
            );
        }
    }

    #[test]
    fn no_condition_works_and_the_name_without_a_region_is_noted() {
        assert!(passed(asked(&[service(LOGS, json!({}))])).contains("statement 2 (More) has no condition"));
        let text = passed(asked(&[service("logs.amazonaws.com", on_group("ArnLike", GROUP))]));
        assert!(text.contains("| the policy names logs.amazonaws.com"), "{text}");
    }

    #[test]
    fn the_accounts_root_does_not_help_a_service() {
        let judgement = asked(&[]);
        assert_eq!(
            failed(judgement.clone()),
            "logs.us-east-2.amazonaws.com is not allowed kms:Encrypt, kms:Decrypt, kms:ReEncryptFrom, kms:ReEncryptTo, \
             kms:GenerateDataKey, kms:DescribeKey for log group /aws/lambda/processor: no statement names the service"
        );
        assert!(corrected(judgement).contains(GROUP));
    }

    #[test]
    fn a_missing_action_and_the_statement_that_lacks_it_are_named() {
        let less = json!(["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey", "kms:ReEncryptFrom"]);
        let text = failed(asked(&[allow(json!({ "Service": LOGS }), less, json!({}))]));
        assert!(text.contains("is not allowed kms:ReEncryptTo for log group"), "{text}");
        assert!(text.contains("statement 2 (More) does not match, because"), "{text}");
    }

    #[test]
    fn a_condition_or_a_region_that_leaves_the_group_out_fails() {
        for statement in [
            service(LOGS, on_group("ArnEquals", "arn:aws:logs:us-east-2:123456789012:log-group:/aws/lambda/other")),
            service(LOGS, on_group("ArnEquals", &format!("{GROUP}:*"))),
            service(LOGS, json!({"StringEquals": {"aws:SourceAccount": "111122223333"}})),
            service("logs.us-east-1.amazonaws.com", json!({})),
        ] {
            let text = failed(asked(&[statement]));
            assert!(text.contains("statement 2 (More) does not match"), "{text}");
        }
    }

    #[test]
    fn the_source_of_the_call_fits_with_a_note_and_other_keys_leave_it_open() {
        let source = json!({"StringEquals": {"aws:SourceAccount": ACCOUNT},
            "ArnLike": {"aws:SourceArn": "arn:aws:logs:us-east-2:123456789012:*"}});
        assert!(passed(asked(&[service(LOGS, source)])).contains("rests on the source of the call"));
        let other = json!({"StringEquals": {"kms:ViaService": LOGS}});
        assert_eq!(
            undecided(asked(&[service(LOGS, other)])),
            "log group /aws/lambda/processor: whether statement 2 (More) of the key policy matches hangs on \
             kms:ViaService, which is not known"
        );
        let tail = json!({"ArnLike": {"aws:SourceArn": format!("{GROUP}:*")}});
        assert!(undecided(asked(&[service(LOGS, tail)])).contains("statement 2 (More)"));
    }

    #[test]
    fn a_deny_that_hits_the_service_fails_and_one_that_may_is_undecided() {
        let deny = |condition| {
            json!({"Sid": "No", "Effect": "Deny", "Principal": "*", "Action": "kms:GenerateDataKey*", "Resource": "*",
                "Condition": condition})
        };
        let fine = service(LOGS, json!({}));
        let text = failed(asked(&[fine.clone(), deny(json!({}))]));
        assert!(text.starts_with(&format!("statement 3 (No) denies {LOGS} kms:GenerateDataKey")), "{text}");
        let open = deny(json!({"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}));
        assert!(undecided(asked(&[fine, open])).contains("hangs on aws:PrincipalOrgID"));
    }

    #[test]
    fn china_has_its_own_names() {
        let (china, arn) = ("logs.cn-north-1.amazonaws.com.cn", "arn:aws-cn:logs:cn-north-1:123456789012:log-group:g");
        let mut group = group(Observed::Present(KEY.into()));
        let Resource::LogGroup(evidence_of_group) = &mut group.resource else { panic!("a log group") };
        evidence_of_group.description = evidence_of_group.description.clone().map(|mut description| {
            description.arn = Observed::Present(format!("{arn}:*"));
            description
        });
        let policy = with(&[service(china, on_group("ArnEquals", arn))]);
        assert!(passed(judge(ID, &evidence(vec![of_key(policy), group]))).starts_with(china));
    }

    #[test]
    fn a_key_that_no_group_uses_needs_no_permission() {
        for other in [Observed::Absent, Observed::Present("arn:aws:kms:us-east-2:123456789012:key/other".into())] {
            let evidence = evidence(vec![of_key(with(&[])), group(other), stack(&[])]);
            assert_eq!(not_applicable(judge(ID, &evidence)), "no log group that was seen uses the key");
        }
        let mut gone = group(Observed::Present(KEY.into()));
        gone.existence = seen(Existence::Missing);
        let evidence = evidence(vec![of_key(with(&[])), gone, stack(&[])]);
        assert_eq!(not_applicable(judge(ID, &evidence)), "no log group that was seen uses the key");
    }

    #[test]
    fn what_was_not_read_leaves_it_undecided() {
        let unread = evidence(vec![of_key(with(&[])), group(Observed::Unknown(denial()))]);
        assert_eq!(judge(ID, &unread), Err(denial()));
        let unread = evidence(vec![of_key(key(denied())), group(Observed::Present("alias/patient".into()))]);
        assert_eq!(judge(ID, &unread), Err(denial()));
        let strange = evidence(vec![of_key(with(&[])), group(Observed::Present("alias/strange".into()))]);
        assert!(undecided(judge(ID, &strange)).contains("it may be this one"));
    }
}

mod function_role {
    use super::*;

    const ID: &str = "kms-policy-allows-function-role";

    fn configured() -> Configuration {
        Configuration {
            arn: Observed::Present(FUNCTION.into()),
            kms_key: Observed::Present(KEY.into()),
            state_reason: Observed::Absent,
            last_update_reason: Observed::Absent,
            ..configuration()
        }
    }

    fn function(configuration: Seen<Configuration>) -> Subject {
        let mut function = Function::unknown(&denial());
        function.configuration = configuration;
        function.qualified = BTreeMap::new();
        subject(Kind::Function, "processor", Resource::Function(Box::new(function)))
    }

    fn asked(key: Key, role: crate::iam::Role) -> Judgement {
        judge(ID, &evidence(vec![of_key(key), function(seen(configured())), role_subject(role), stack(&[])]))
    }

    fn decrypt(resource: &str, condition: Value) -> Value {
        json!([{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": resource, "Condition": condition}])
    }

    fn granted(operations: &[&str], grantee: Observed<String>) -> Key {
        let operations = operations.iter().map(|operation| (*operation).to_owned()).collect();
        Key { grants: seen(vec![Grant { grantee, operations }]), ..with(&[]) }
    }

    #[test]
    fn a_policy_of_the_role_decides_where_the_key_policy_leaves_it_to_the_account() {
        for condition in [
            json!({}),
            json!({"StringEquals": {"kms:ViaService": "lambda.us-east-2.amazonaws.com",
                "kms:EncryptionContext:aws:lambda:FunctionArn": FUNCTION}}),
        ] {
            let text = passed(asked(with(&[]), inline(role(), "use", decrypt(KEY, condition))));
            assert!(text.contains("may decrypt with the key by statement 1 of inline policy use"), "{text}");
            assert!(text.contains("statement 1 (Root) of the key policy leaves that"), "{text}");
        }
        let closed =
            key(policies(&json!([{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:role/a"},
            "Action": "kms:*", "Resource": "*"}])));
        let closed = Key { grants: seen(Vec::new()), ..closed };
        assert!(failed(asked(closed, inline(role(), "use", decrypt(KEY, json!({}))))).contains("may not decrypt"));
    }

    #[test]
    fn the_key_policy_may_name_the_role() {
        let named = with(&[allow(json!({ "AWS": ROLE }), json!("kms:Decrypt"), json!({}))]);
        assert_eq!(
            passed(asked(named, role())),
            "role service/processor may decrypt with the key by statement 2 (More) of the key policy"
        );
    }

    #[test]
    fn a_deny_wins_in_either_policy() {
        let deny = json!([{"Sid": "No", "Effect": "Deny", "Action": "kms:*", "Resource": "*"}]);
        let both = inline(inline(role(), "use", decrypt(KEY, json!({}))), "deny", deny);
        let text = failed(asked(with(&[]), both));
        assert_eq!(text, "statement 1 (No) of inline policy deny denies role service/processor kms:Decrypt on the key");
        let deny = json!({"Effect": "Deny", "Principal": { "AWS": ROLE }, "Action": "kms:Decrypt", "Resource": "*"});
        let text = failed(asked(with(&[deny]), inline(role(), "use", decrypt(KEY, json!({})))));
        assert!(text.starts_with("statement 2 of the key policy denies role"), "{text}");
    }

    #[test]
    fn what_lambda_says_decides_against_the_policies() {
        let allowed = inline(role(), "use", decrypt(KEY, json!({})));
        for field in ["state", "last update"] {
            let mut configured = configured();
            let reason = Observed::Present("KMSKeyAccessDenied".to_owned());
            if field == "state" {
                configured.state_reason = reason;
            } else {
                configured.last_update_reason = reason;
            }
            let all = vec![of_key(with(&[])), function(seen(configured)), role_subject(allowed.clone())];
            let text = failed(judge(ID, &evidence(all)));
            assert_eq!(
                text,
                format!("Lambda was denied the key: the {field} of function processor says KMSKeyAccessDenied")
            );
        }
    }

    #[test]
    fn without_a_policy_the_grants_decide_and_unread_ones_leave_it_open() {
        assert!(undecided(asked(with(&[]), role())).contains("set read_grants, which needs kms:ListGrants"));
        let none = Key { grants: seen(Vec::new()), ..with(&[]) };
        let judgement = asked(none, role());
        assert!(failed(judgement.clone()).starts_with("role service/processor may not decrypt with the key"));
        assert!(corrected(judgement).contains(KEY));
        for grantee in [ROLE, "arn:aws:sts::123456789012:assumed-role/processor/processor"] {
            let text = passed(asked(granted(&["Decrypt"], Observed::Present(grantee.into())), role()));
            assert_eq!(text, "a grant lets role service/processor decrypt with the key");
        }
        assert!(failed(asked(granted(&["Encrypt"], Observed::Present(ROLE.into())), role())).contains("no grant"));
        assert_eq!(asked(granted(&["Decrypt"], Observed::Unknown(denial())), role()), Err(denial()));
        assert_eq!(asked(Key { grants: denied(), ..with(&[]) }, role()), Err(denial()));
    }

    #[test]
    fn an_alias_as_resource_and_a_statement_for_the_service_grant_nothing() {
        let service = allow(json!({"Service": "lambda.amazonaws.com"}), json!("kms:Decrypt"), json!({}));
        let none = Key { grants: seen(Vec::new()), ..with(&[service]) };
        let alias = "arn:aws:kms:us-east-2:123456789012:alias/patient";
        let text = failed(asked(none, inline(role(), "use", decrypt(alias, json!({})))));
        assert!(text.contains(&format!("names `{alias}`: the ARN of an alias grants nothing on its key")), "{text}");
    }

    #[test]
    fn a_condition_on_anything_else_leaves_it_open() {
        let other = json!({"StringEquals": {"aws:PrincipalTag/team": "x"}});
        let text = undecided(asked(with(&[]), inline(role(), "use", decrypt(KEY, other))));
        assert!(text.contains("statement 1 of inline policy use matches hangs on aws:PrincipalTag/team"), "{text}");
    }

    #[test]
    fn a_policy_that_was_not_read_or_a_boundary_leaves_it_open() {
        let allowed = inline(role(), "use", decrypt(KEY, json!({})));
        let mut unread = allowed.clone();
        unread.attached_policies = denied();
        assert_eq!(asked(with(&[]), unread), Err(denial()));
        let mut bounded = allowed.clone();
        bounded.boundary = seen("arn:aws:iam::123456789012:policy/edge".into());
        assert!(
            undecided(asked(with(&[]), bounded)).contains("permissions boundary arn:aws:iam::123456789012:policy/edge")
        );
        assert_eq!(asked(key(denied()), allowed), Err(denial()));
        let lonely = evidence(vec![of_key(with(&[])), function(seen(configured()))]);
        assert!(undecided(judge(ID, &lonely)).starts_with("nothing was seen of the role service/processor"));
    }

    #[test]
    fn a_key_that_no_environment_uses_is_not_judged() {
        let other = Configuration { kms_key: Observed::Absent, ..configured() };
        let none = evidence(vec![of_key(with(&[])), function(seen(other)), stack(&[])]);
        assert!(not_applicable(judge(ID, &none)).starts_with("no function's environment"));
        let aws = evidence(vec![of_key(aws_managed(with(&[])))]);
        assert_eq!(not_applicable(judge(ID, &aws)), "AWS manages the key");
        let unread = evidence(vec![of_key(with(&[])), function(denied())]);
        assert_eq!(judge(ID, &unread), Err(denial()));
    }
}
