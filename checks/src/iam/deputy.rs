//! Whether a service that assumes a role can be made to do so for somebody else: the confused deputy.

use serde::Deserialize;

use crate::check::Context;
use crate::iam::Role;
use crate::iam::documents::{read, service_linked};
use crate::policy::model::{Effect, Principal, Principals, Quantifier, Relation, Statement, Test, Value};
use crate::policy::parse::Sort;
use crate::policy::question::role_wildcard::principal;
use crate::verdict::{Judgement, Verdict, every};

/// Parameters of `iam-service-role-confused-deputy`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Deputy {
    mode: Mode,
    services_with_source_keys: Vec<String>,
}

/// What a missing condition is: for most services nobody documents whether they send the keys, and a condition on a key
/// that is not sent shuts the service out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Mode {
    Advice,
    Require,
}

/// A service is held to the own account where each request that its statement lets in names that account as its source.
pub(super) fn confused_deputy(role: &Role, params: &Deputy, context: &Context<'_>) -> Judgement {
    if let Some(reason) = service_linked(role)? {
        return Ok(Verdict::not_applicable(reason));
    }
    let text = role.trust.required("GetRole", "Role.AssumeRolePolicyDocument")?;
    let document = read(text, Sort::Trust, "GetRole", "the trust policy")?;
    let allows = document.statements.iter().filter(|statement| statement.effect == Effect::Allow);
    let mut parts = Vec::new();
    for statement in allows {
        let Principals::Only(trusted) = &statement.principals else { continue };
        for trusted in trusted {
            let Principal::Service(name) = trusted else { continue };
            let service = principal(name);
            if params.services_with_source_keys.iter().any(|listed| listed == service) {
                parts.push(Ok(held(statement, name, params.mode, &context.evidence.run.account)));
            }
        }
    }
    every(parts, || Ok(Verdict::not_applicable("no service that is known to name its source may assume the role")))
}

fn held(statement: &Statement, service: &str, mode: Mode, account: &str) -> Verdict {
    let name = statement.name();
    if statement.conditions.iter().any(|test| demands(test, account)) {
        return Verdict::satisfied(format!("{name} holds {service} to resources of the own account"));
    }
    let observed = format!("{name} does not hold {service} to resources of the own account");
    match mode {
        Mode::Require => Verdict::not_satisfied(
            observed,
            "aws:SourceAccount, or aws:SourceArn with the own account, compared in the statement",
        ),
        Mode::Advice => Verdict::not_applicable(observed).noting(format!(
            "advice: {service} names its source, so hold it to aws:SourceAccount {account}; test one use afterwards"
        )),
    }
}

/// Whether a test holds only for a source of this account. All tests of a statement have to hold, so that one is enough; a
/// test that a missing key passes is none.
fn demands(test: &Test, account: &str) -> bool {
    let exact = !test.operator.if_exists
        && test.operator.quantifier != Some(Quantifier::ForAllValues)
        && !test.operator.relation.is_negated()
        && !test.values.is_empty();
    let fits: fn(&Test, &Value, &str) -> bool = match test.key.as_str() {
        "aws:sourceaccount" => |_, value, account| value.pattern.text == account,
        "aws:sourcearn" => is_of_account,
        _ => return false,
    };
    exact && compares_text(&test.operator.relation) && test.values.iter().all(|value| fits(test, value, account))
}

/// Whether every ARN that fits the value is of this account. The ARN operators compare part by part; for the others a star
/// reaches over colons, so that none may stand before the account.
fn is_of_account(test: &Test, value: &Value, account: &str) -> bool {
    let parts: Vec<&str> = value.pattern.text.splitn(6, ':').collect();
    let before = parts.iter().take(4).all(|part| !part.contains('*') && !part.contains("${"));
    parts.len() == 6 && parts[4] == account && (before || compares_arns(&test.operator.relation))
}

fn compares_arns(relation: &Relation) -> bool {
    matches!(relation, Relation::ArnLike)
}

fn compares_text(relation: &Relation) -> bool {
    compares_arns(relation)
        || matches!(relation, Relation::StringEquals | Relation::StringEqualsIgnoreCase | Relation::StringLike)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::fixture::*;
    use crate::policy::model::PolicyText;
    use crate::subject::{Kind, Resource};

    const ID: &str = "iam-service-role-confused-deputy";

    fn trusting(service: &str, condition: Value) -> Judgement {
        judged("", service, condition)
    }

    fn judged(params: &str, service: &str, condition: Value) -> Judgement {
        let mut statement = json!({
            "Effect": "Allow", "Principal": {"Service": format!("{service}.amazonaws.com")}, "Action": "sts:AssumeRole"
        });
        if !condition.is_null() {
            statement["Condition"] = condition;
        }
        let document = json!({"Version": "2012-10-17", "Statement": [statement]});
        let role = Role {
            path: seen("/".into()),
            arn: seen(format!("arn:aws:iam::{ACCOUNT}:role/tasks")),
            trust: seen(PolicyText(document.to_string())),
            ..Role::unknown(&denial())
        };
        judge_with(ID, params, &evidence(vec![subject(Kind::Role, "tasks", Resource::Role(Box::new(role)))]))
    }

    #[test]
    fn a_service_held_to_the_own_account_passes_by_either_key() {
        for condition in [
            json!({"StringEquals": {"aws:SourceAccount": ACCOUNT}}),
            json!({"ArnLike": {"aws:SourceArn": format!("arn:aws:ecs:us-east-2:{ACCOUNT}:*")}}),
            json!({"StringEquals": {"AWS:SourceAccount": ACCOUNT}, "ArnLike": {"aws:SourceArn": format!("arn:aws:ecs:*:{ACCOUNT}:*")}}),
        ] {
            let text = passed(trusting("ecs-tasks", condition));
            assert!(text.ends_with("holds ecs-tasks.amazonaws.com to resources of the own account"), "{text}");
        }
    }

    #[test]
    fn a_missing_condition_is_advice_unless_it_is_required() {
        let text = not_applicable(trusting("ecs-tasks", Value::Null));
        assert!(text.contains("does not hold ecs-tasks.amazonaws.com") && text.contains("| advice:"), "{text}");
        failed(judged("mode = \"require\"", "ecs-tasks", Value::Null));
    }

    #[test]
    fn a_star_in_place_of_the_account_and_a_test_that_a_missing_key_passes_hold_nothing() {
        for condition in [
            json!({"ArnLike": {"aws:SourceArn": "arn:aws:ecs:us-east-2:*:*"}}),
            json!({"StringEqualsIfExists": {"aws:SourceAccount": ACCOUNT}}),
            json!({"StringNotEquals": {"aws:SourceAccount": "777777777777"}}),
            json!({"StringLike": {"aws:SourceAccount": "1234*"}}),
            json!({"StringLike": {"aws:SourceArn": format!("arn:aws:ecs:*:{ACCOUNT}:*")}}),
            json!({"ForAllValues:StringEquals": {"aws:SourceAccount": ACCOUNT}}),
            json!({"StringEquals": {"aws:SourceAccount": [ACCOUNT, "999999999999"]}}),
            json!({"StringEquals": {"aws:SourceOrgID": "o-1234567890"}}),
        ] {
            failed(judged("mode = \"require\"", "ecs-tasks", condition));
        }
    }

    #[test]
    fn services_outside_the_list_are_left_alone() {
        for service in ["lambda", "monitoring.rds"] {
            assert!(not_applicable(trusting(service, Value::Null)).starts_with("no service that is known"));
        }
    }

    #[test]
    fn a_trust_policy_that_was_not_read_is_an_error() {
        let role = Role { path: seen("/".into()), ..Role::unknown(&denial()) };
        let dark = evidence(vec![subject(Kind::Role, "tasks", Resource::Role(Box::new(role)))]);
        assert_eq!(judge(ID, &dark), Err(denial()));
        let linked = Role { path: seen("/aws-service-role/ecs.amazonaws.com/".into()), ..Role::unknown(&denial()) };
        let linked = evidence(vec![subject(Kind::Role, "linked", Resource::Role(Box::new(linked)))]);
        assert!(not_applicable(judge(ID, &linked)).contains("linked to a service"));
    }
}
