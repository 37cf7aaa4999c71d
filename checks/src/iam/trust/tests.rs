#![expect(clippy::needless_pass_by_value, reason = "statements are written where they are used")]

use serde_json::{Value, json};

use crate::evidence::Evidence;
use crate::fixture::*;
use crate::iam::Role;
use crate::iam::fixture::{policies, role, subject};
use crate::policy::model::PolicyText;
use crate::verdict::{Grounds, Judgement, Verdict};

const PARTNER: &str = "210987654321";
const DENIED: &str = "GetThing was denied; the auditing role needs svc:GetThing";
const ID: &str = "an-agreed-id";

fn of(role: Role) -> Evidence {
    evidence(vec![subject(role)])
}

fn trusting(statements: Value) -> Evidence {
    of(Role { trust: policies(&statements), ..role() })
}

fn allow(principal: Value, condition: Value) -> Value {
    let mut statement = json!({ "Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole" });
    if !condition.is_null() {
        statement["Condition"] = condition;
    }
    statement
}

fn partner(condition: Value) -> Value {
    allow(json!({ "AWS": PARTNER }), condition)
}

fn lambda(condition: Value) -> Value {
    allow(json!({ "Service": "lambda.amazonaws.com" }), condition)
}

fn id(value: &str) -> Value {
    json!({ "StringEquals": { "sts:ExternalId": value } })
}

fn grounds(judgement: Judgement) -> Grounds {
    match judgement {
        Ok(Verdict::NotSatisfied { grounds: Some(grounds), .. }) => *grounds,
        other => panic!("expected a failure with its grounds, found {other:?}"),
    }
}

/// What every requirement of trust policies does with evidence that is not there, or is nobody's to change.
#[test]
fn what_cannot_be_read_is_an_error_and_service_linked_roles_are_left_out() {
    for requirement in
        ["iam-trust-external-id-cross-account", "iam-trust-no-external-id-on-service", "iam-trust-principals-expected"]
    {
        assert_eq!(undecided(judge(requirement, &of(Role { trust: denied(), ..role() }))), DENIED);
        assert_eq!(undecided(judge(requirement, &of(Role { path: denied(), ..role() }))), DENIED);
        let text = undecided(judge(requirement, &of(Role { trust: not_set(), ..role() })));
        assert!(text.contains("answered without Role.AssumeRolePolicyDocument"), "{text}");
        let broken = Role { trust: seen(PolicyText("{\"Version\"".into())), ..role() };
        let text = undecided(judge(requirement, &of(broken)));
        assert!(text.starts_with("the trust policy cannot be read as a policy"), "{requirement}: {text}");
        let linked = Role { path: seen("/aws-service-role/rds.amazonaws.com/".into()), trust: denied(), ..role() };
        assert_eq!(
            not_applicable(judge(requirement, &of(linked))),
            "the role is linked to a service of AWS, which alone decides who can become it"
        );
    }
}

mod external_id {
    use super::*;

    const REQUIREMENT: &str = "iam-trust-external-id-cross-account";

    #[test]
    fn an_id_that_the_policy_demands_passes() {
        let text = passed(judge(REQUIREMENT, &trusting(json!([partner(id(ID))]))));
        assert!(text.starts_with("no principal of another account can assume the role with no external id"), "{text}");
        assert!(text.contains("each external id has 8 characters or more"), "{text}");
        let like = json!({ "StringLike": { "STS:externalid": ID } });
        passed(judge(REQUIREMENT, &trusting(json!([partner(like)]))));
    }

    #[test]
    fn a_role_of_a_service_or_of_the_own_account_needs_none() {
        for statement in [
            lambda(Value::Null),
            lambda(id("test-external-id-123")),
            allow(json!({ "AWS": ACCOUNT }), Value::Null),
            allow(json!("*"), json!({ "StringEquals": { "aws:PrincipalAccount": ACCOUNT } })),
        ] {
            let text = not_applicable(judge(REQUIREMENT, &trusting(json!([statement]))));
            assert!(text.starts_with("no principal of another account can assume the role"), "{text}");
        }
    }

    #[test]
    fn no_condition_fails_with_the_request_and_a_correction() {
        let judgement = judge(REQUIREMENT, &trusting(json!([partner(Value::Null)])));
        let shown = grounds(judgement.clone());
        assert_eq!(shown.counterexample.context.get("sts:ExternalId"), Some(&None));
        assert!(shown.correction.unwrap().statement.contains("sts:ExternalId"));
        let text = failed(judgement);
        assert!(text.starts_with("another account needs no external id of the policy's:"), "{text}");
    }

    #[test]
    fn conditions_that_do_not_pin_the_id_fail() {
        for condition in [
            json!({ "StringLike": { "sts:ExternalId": "an-agreed-*" } }),
            json!({ "StringEqualsIfExists": { "sts:ExternalId": ID } }),
            json!({ "Null": { "sts:ExternalId": "false" } }),
            json!({ "StringEquals": { "sts:ExternalId": "${aws:PrincipalAccount}" } }),
        ] {
            failed(judge(REQUIREMENT, &trusting(json!([partner(condition)]))));
        }
        failed(judge(REQUIREMENT, &trusting(json!([partner(id(ID)), partner(Value::Null)]))));
        let text = failed(judge(REQUIREMENT, &trusting(json!([allow(json!("*"), id(ID))]))));
        assert!(text.starts_with("an external id is no secret"), "{text}");
    }

    #[test]
    fn every_action_that_holds_assume_role_counts() {
        for action in ["sts:*", "sts:Assume*", "*", "STS:ASSUMEROLE"] {
            let mut statement = partner(Value::Null);
            statement["Action"] = json!(action);
            failed(judge(REQUIREMENT, &trusting(json!([statement]))));
        }
    }

    #[test]
    fn a_deny_can_demand_the_id() {
        let deny = json!({
            "Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole",
            "Condition": { "StringNotEquals": { "sts:ExternalId": ID } },
        });
        passed(judge(REQUIREMENT, &trusting(json!([partner(Value::Null), deny]))));
    }

    #[test]
    fn short_and_published_ids_fail_and_are_never_repeated() {
        passed(judge(REQUIREMENT, &trusting(json!([partner(id("12345678"))]))));
        for (weak, why) in [
            ("qwertzu", "shorter than 8 characters"),
            ("test-external-id-123", "equal to a published default"),
            ("Test-External-ID-123", "equal to a published default"),
        ] {
            let judgement = judge(REQUIREMENT, &trusting(json!([partner(id(weak))])));
            let all = serde_json::to_string(judgement.as_ref().unwrap()).unwrap();
            assert!(!all.contains(weak), "{all}");
            assert_eq!(failed(judgement), format!("an external id that lets another account in is {why}"));
        }
    }

    #[test]
    fn an_id_that_lets_nobody_of_another_account_in_is_not_weighed() {
        passed(judge(REQUIREMENT, &trusting(json!([partner(id(ID)), lambda(id("short"))]))));
    }

    #[test]
    fn the_own_organisation_stands_in_for_an_id_only_where_that_is_accepted() {
        let organisation = json!({ "StringEquals": { "aws:PrincipalOrgID": "o-abcdefghij" } });
        let evidence = trusting(json!([partner(organisation)]));
        failed(judge(REQUIREMENT, &evidence));
        let text = passed(judge_with(REQUIREMENT, "accept_own_org = true", &evidence));
        assert!(
            text.starts_with("no principal outside the organisation that the policy names can assume the role"),
            "{text}"
        );
        not_applicable(judge_with(REQUIREMENT, "accept_own_org = true", &of(role())));
    }

    #[test]
    fn not_principal_is_an_error_unless_somebody_surely_gets_in() {
        let allow = json!({
            "Effect": "Allow", "NotPrincipal": { "AWS": PARTNER }, "Action": "sts:AssumeRole",
        });
        let text = undecided(judge(REQUIREMENT, &trusting(json!([allow]))));
        assert!(text.starts_with("statement 1 of the trust policy uses NotPrincipal"), "{text}");
        let deny = json!({
            "Effect": "Deny", "NotPrincipal": { "AWS": format!("arn:aws:iam::{PARTNER}:root") }, "Action": "sts:AssumeRole",
        });
        undecided(judge(REQUIREMENT, &trusting(json!([partner(id(ID)), deny]))));
        failed(judge(REQUIREMENT, &trusting(json!([partner(Value::Null), deny]))));
    }

    #[test]
    fn read_literally_services_are_asked_for_an_id_too() {
        let literal = "literal_seed_mode = true";
        let text = failed(judge_with(REQUIREMENT, literal, &trusting(json!([lambda(Value::Null)]))));
        assert!(text.starts_with("lambda.amazonaws.com needs no external id"), "{text}");
        let text = passed(judge_with(REQUIREMENT, literal, &trusting(json!([lambda(id(ID))]))));
        assert!(text.contains("it cannot assume the role at all"), "{text}");
    }
}

mod services {
    use super::*;

    const REQUIREMENT: &str = "iam-trust-no-external-id-on-service";

    #[test]
    fn a_service_that_is_asked_for_nothing_passes() {
        let text = passed(judge(REQUIREMENT, &of(role())));
        assert!(text.starts_with("lambda.amazonaws.com can assume the role without an external id"), "{text}");
        let source = json!({ "StringEquals": { "aws:SourceAccount": ACCOUNT } });
        passed(judge(REQUIREMENT, &trusting(json!([lambda(source)]))));
    }

    #[test]
    fn an_id_on_the_service_is_dead_trust_with_the_statement_split() {
        let both = allow(json!({ "Service": "lambda.amazonaws.com", "AWS": PARTNER }), id(ID));
        for statement in [lambda(id(ID)), both] {
            let judgement = judge(REQUIREMENT, &trusting(json!([statement])));
            let correction = grounds(judgement.clone()).correction.unwrap();
            assert!(!correction.statement.contains(ID), "{}", correction.statement);
            let text = failed(judgement);
            assert!(text.starts_with("dead trust: lambda.amazonaws.com is asked for sts:ExternalId"), "{text}");
            assert!(text.contains("both templates of the client"), "{text}");
            assert!(text.contains("split it in two"), "{text}");
        }
    }

    #[test]
    fn a_deny_of_everybody_without_the_id_kills_the_service_too() {
        let deny = json!({
            "Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole",
            "Condition": { "StringNotEquals": { "sts:ExternalId": ID } },
        });
        let text = failed(judge(REQUIREMENT, &trusting(json!([lambda(Value::Null), deny]))));
        assert!(text.starts_with("dead trust:"), "{text}");
    }

    #[test]
    fn tests_that_an_absent_id_meets_and_a_second_way_in_pass_with_a_remark() {
        let remark = "statement 1 tests sts:ExternalId beside a service, which never sends one";
        for condition in [
            json!({ "StringEqualsIfExists": { "sts:ExternalId": ID } }),
            json!({ "Null": { "sts:ExternalId": "true" } }),
        ] {
            let text = passed(judge(REQUIREMENT, &trusting(json!([lambda(condition)]))));
            assert!(text.contains(remark), "{text}");
        }
        let text = passed(judge(REQUIREMENT, &trusting(json!([lambda(id(ID)), lambda(Value::Null)]))));
        assert!(text.contains(remark), "{text}");
    }

    #[test]
    fn no_service_and_the_literal_reading_do_not_apply() {
        let text = not_applicable(judge(REQUIREMENT, &trusting(json!([partner(id(ID))]))));
        assert_eq!(text, "the trust policy names no service");
        let text =
            not_applicable(judge_with(REQUIREMENT, "literal_seed_mode = true", &trusting(json!([lambda(id(ID))]))));
        assert!(text.contains("does not work"), "{text}");
    }
}

mod principals {
    use super::*;

    const REQUIREMENT: &str = "iam-trust-principals-expected";
    const GITHUB: &str = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com";

    fn federated(condition: Value) -> Value {
        let mut statement = allow(json!({ "Federated": GITHUB }), condition);
        statement["Action"] = json!("sts:AssumeRoleWithWebIdentity");
        statement
    }

    #[test]
    fn services_and_the_own_account_pass_and_the_whole_account_is_remarked() {
        let text = passed(judge(REQUIREMENT, &of(role())));
        assert!(text.starts_with("beside the own account nobody can assume the role but services"), "{text}");
        assert!(!text.contains("expected_services"), "{text}");
        let named = allow(json!({ "AWS": format!("arn:aws:iam::{ACCOUNT}:role/deployer") }), Value::Null);
        let text = passed(judge(REQUIREMENT, &trusting(json!([named]))));
        assert!(!text.contains("as a whole"), "{text}");
        let whole = allow(json!({ "AWS": format!("arn:aws:iam::{ACCOUNT}:root") }), Value::Null);
        let text = passed(judge(REQUIREMENT, &trusting(json!([whole]))));
        assert!(text.contains("the own account is named as a whole: every identity of it"), "{text}");
    }

    #[test]
    fn a_star_fails_unless_something_unforgeable_cuts_it_down() {
        for open in [
            Value::Null,
            id(ID),
            json!({ "IpAddress": { "aws:SourceIp": ["0.0.0.0/0", "::/0"] } }),
            json!({ "StringEquals": { "aws:UserAgent": "x" } }),
        ] {
            let text = failed(judge(REQUIREMENT, &trusting(json!([allow(json!("*"), open)]))));
            assert!(text.starts_with("a stranger can become the role: "), "{text}");
        }
        for bound in [
            json!({ "StringEquals": { "aws:PrincipalAccount": ACCOUNT } }),
            json!({ "ArnLike": { "aws:PrincipalArn": format!("arn:aws:iam::{ACCOUNT}:role/deploy-*") } }),
            json!({ "StringEquals": { "aws:SourceVpce": "vpce-1a2b3c4d" } }),
        ] {
            passed(judge(REQUIREMENT, &trusting(json!([allow(json!({ "AWS": "*" }), bound)]))));
        }
    }

    #[test]
    fn an_organisation_fails_unless_it_is_accepted() {
        for condition in [
            json!({ "StringEquals": { "aws:PrincipalOrgID": "o-abcdefghij" } }),
            json!({ "StringEquals": { "aws:PrincipalOrgID": "${aws:ResourceOrgID}" } }),
            json!({ "ForAnyValue:StringLike": { "aws:PrincipalOrgPaths": "o-abcdefghij/r-ab12/ou-ab12-*" } }),
        ] {
            let evidence = trusting(json!([allow(json!({ "AWS": "*" }), condition)]));
            let text = failed(judge(REQUIREMENT, &evidence));
            assert!(text.starts_with("any account of an organisation can become the role: "), "{text}");
            let text = passed(judge_with(REQUIREMENT, "accept_own_org = true", &evidence));
            assert!(text.contains("everybody of the organisation that the policy names"), "{text}");
        }
    }

    #[test]
    fn another_account_fails_unless_it_is_trusted_whatever_is_asked_of_it() {
        for condition in [Value::Null, id(ID), json!({ "IpAddress": { "aws:SourceIp": "198.51.100.0/24" } })] {
            let evidence = trusting(json!([partner(condition)]));
            let text = failed(judge(REQUIREMENT, &evidence));
            assert!(
                text.starts_with("cross-account: an account outside trusted_accounts can become the role"),
                "{text}"
            );
            let text = passed(judge_with(REQUIREMENT, "trusted_accounts = [\"210987654321\"]", &evidence));
            assert!(text.contains("let in as trusted accounts: 210987654321"), "{text}");
        }
        let described = json!({ "StringEquals": { "aws:PrincipalAccount": PARTNER } });
        failed(judge(REQUIREMENT, &trusting(json!([allow(json!("*"), described)]))));
    }

    #[test]
    fn a_deny_can_keep_the_other_account_out() {
        let deny = json!({
            "Effect": "Deny", "Principal": { "AWS": PARTNER }, "Action": "sts:*",
        });
        passed(judge(REQUIREMENT, &trusting(json!([partner(Value::Null), deny]))));
    }

    #[test]
    fn not_principal_with_allow_fails_by_itself() {
        let statement = json!({ "Effect": "Allow", "NotPrincipal": { "AWS": PARTNER }, "Action": "sts:AssumeRole" });
        assert_eq!(
            failed(judge(REQUIREMENT, &trusting(json!([statement])))),
            "statement 1 allows everybody but those whom it names (NotPrincipal)"
        );
    }

    #[test]
    fn a_provider_fails_unless_it_is_expected_and_its_identities_are_tied_down_or_remarked() {
        let tied = json!({ "StringEquals": {
            "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
            "token.actions.githubusercontent.com:sub": "repo:a/b:ref:refs/heads/main",
        } });
        let text = failed(judge(REQUIREMENT, &trusting(json!([federated(tied.clone())]))));
        assert!(text.starts_with("an identity provider outside expected_federated"), "{text}");
        for name in [GITHUB, "token.actions.githubusercontent.com"] {
            let expected = format!("expected_federated = [\"{name}\"]");
            let text = passed(judge_with(REQUIREMENT, &expected, &trusting(json!([federated(tied.clone())]))));
            assert!(!text.contains("every identity of"), "{text}");
            let text = passed(judge_with(REQUIREMENT, &expected, &trusting(json!([federated(Value::Null)]))));
            assert!(text.contains(&format!("statement 1 lets in every identity of {GITHUB}")), "{text}");
        }
        let mut saml = allow(json!({ "Federated": "arn:aws:iam::123456789012:saml-provider/hospital" }), Value::Null);
        saml["Action"] = json!("sts:AssumeRoleWithSAML");
        failed(judge(REQUIREMENT, &trusting(json!([saml]))));
    }

    #[test]
    fn every_way_of_becoming_the_role_is_looked_at() {
        for action in ["sts:*", "sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML", "*"] {
            let mut statement = allow(json!("*"), Value::Null);
            statement["Action"] = json!(action);
            failed(judge(REQUIREMENT, &trusting(json!([statement]))));
        }
    }

    #[test]
    fn a_service_that_is_not_listed_is_remarked_and_fails_where_that_is_strict() {
        let events = trusting(json!([allow(json!({ "Service": "events.amazonaws.com" }), Value::Null)]));
        let text = passed(judge(REQUIREMENT, &events));
        assert!(text.contains("not among expected_services, and let in: events.amazonaws.com"), "{text}");
        let text = failed(judge_with(REQUIREMENT, "services = \"strict\"", &events));
        assert!(text.starts_with("a service outside expected_services can become the role: events"), "{text}");
        passed(judge_with(REQUIREMENT, "services = \"strict\"", &of(role())));
    }

    #[test]
    fn a_service_is_known_with_its_region_and_in_every_partition() {
        let names = "services = \"strict\"\nexpected_services = [\"logs\", \"monitoring.rds\"]";
        for name in [
            "logs.eu-west-2.amazonaws.com",
            "logs.us-gov-west-1.amazonaws.com",
            "logs.cn-north-1.amazonaws.com.cn",
            "logs.amazonaws.com",
            "monitoring.rds.amazonaws.com",
        ] {
            passed(judge_with(REQUIREMENT, names, &trusting(json!([allow(json!({ "Service": name }), Value::Null)]))));
        }
        failed(judge_with(
            REQUIREMENT,
            names,
            &trusting(json!([allow(json!({ "Service": "rds.amazonaws.com" }), Value::Null)])),
        ));
    }

    #[test]
    fn a_star_for_the_own_resources_lets_any_service_in() {
        let source = json!({ "StringEquals": { "aws:SourceAccount": ACCOUNT } });
        let evidence = trusting(json!([allow(json!("*"), source)]));
        let text = passed(judge(REQUIREMENT, &evidence));
        assert!(text.contains("any service of AWS is let in"), "{text}");
        let text = failed(judge_with(REQUIREMENT, "services = \"strict\"", &evidence));
        assert!(text.starts_with("any service can become the role"), "{text}");
    }

    #[test]
    fn a_deleted_principal_is_a_remark() {
        let gone = allow(json!({ "AWS": "AROAEXAMPLEEXAMPLE123" }), Value::Null);
        let text = passed(judge(REQUIREMENT, &trusting(json!([lambda(Value::Null), gone]))));
        assert!(text.contains("AROAEXAMPLEEXAMPLE123 is the id of a principal that was deleted"), "{text}");
    }

    #[test]
    fn what_nobody_can_tell_is_an_error_unless_something_else_fails() {
        let odd = lambda(json!({ "StringAlmost": { "aws:SourceAccount": ACCOUNT } }));
        passed(judge(REQUIREMENT, &trusting(json!([odd]))));
        let doubtful = partner(json!({ "StringAlmost": { "aws:SourceAccount": ACCOUNT } }));
        undecided(judge(REQUIREMENT, &trusting(json!([doubtful]))));
        failed(judge(REQUIREMENT, &trusting(json!([doubtful, allow(json!("*"), Value::Null)]))));
        let canonical = allow(json!({ "CanonicalUser": "abc" }), Value::Null);
        let text = undecided(judge(REQUIREMENT, &trusting(json!([canonical]))));
        assert!(text.contains("names a canonical user"), "{text}");
    }
}
