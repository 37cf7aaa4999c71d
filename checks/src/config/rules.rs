//! Whether the rules of AWS Config that are asked for are there, and what they say.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Compliance, Engine, EvaluationMode, Owner, Rule, RuleState, View, proved};
use crate::evidence::Account;
use crate::observed::Gap;
use crate::verdict::{Judgement, Verdict, any, every};

/// Parameters of `config-rules-present`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Present {
    required_rules: Vec<String>,
    rule_equivalents: BTreeMap<String, String>,
    compliance_engine: Engine,
}

/// Parameters of `config-rules-compliant`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Compliant {
    mode: Mode,
    required_rules: Vec<String>,
    rule_equivalents: BTreeMap<String, String>,
    compliance_engine: Engine,
}

/// What a rule that finds something means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Mode {
    /// It is shown: a rule looks at the whole account, and what it found may be a stranger's.
    Advice,
    /// It fails.
    Require,
}

const RULES: &str = "DescribeConfigRules";
const WHOSE: &str = "which rules are asked for is a parameter (required_rules), because the stack's text names none";

/// Says why rules of AWS Config are not to be judged; `None` where they are.
fn elsewhere(view: &View, engine: Engine) -> Result<Option<Verdict>, Gap> {
    let named = match engine {
        Engine::Any | Engine::Config => None,
        Engine::Securityhub => Some("Security Hub"),
        Engine::TapAudit => Some("tap-audit"),
    };
    if let Some(named) = named {
        return Ok(Some(Verdict::not_applicable(format!("{named} checks compliance here (compliance_engine)"))));
    }
    Ok(match proved(view)? {
        Verdict::Satisfied { .. } => None,
        Verdict::NotSatisfied { observed, .. } => Some(Verdict::not_applicable(format!(
            "AWS Config does not record ({observed}), so its rules see nothing; see config-recorder-on"
        ))),
        other @ Verdict::NotApplicable { .. } => Some(other),
    })
}

/// Which rules of the account are the one that is asked for: by what they evaluate, never by their name, which packs and
/// services prefix. A rule of the customer's own is only taken where a parameter names it.
fn rules_for<'a>(
    wanted: &'a str,
    equivalents: &'a BTreeMap<String, String>,
    rules: &'a [Rule],
) -> impl Iterator<Item = Result<&'a Rule, Gap>> {
    let equivalent = equivalents.get(wanted);
    rules.iter().filter_map(move |rule| {
        if equivalent == Some(&rule.name) {
            return Some(Ok(rule));
        }
        let is_it = || {
            Ok(match rule.owner.required(RULES, "Source.Owner")? {
                Owner::Aws => rule.identifier.required(RULES, "Source.SourceIdentifier")? == wanted,
                Owner::CustomLambda | Owner::CustomPolicy => false,
            })
        };
        match is_it() {
            Ok(true) => Some(Ok(rule)),
            Ok(false) => None,
            Err(gap) => Some(Err(gap)),
        }
    })
}

/// An empty list of rules asks for nothing, which is no pass.
pub(super) fn present(account: &Account, params: &Present) -> Judgement {
    if let Some(verdict) = elsewhere(&account.config, params.compliance_engine)? {
        return Ok(verdict);
    }
    let rules = account.config.rules.required(RULES, "ConfigRules")?;
    let parts = params.required_rules.iter().map(|wanted| {
        let candidates: Vec<Judgement> =
            rules_for(wanted, &params.rule_equivalents, rules).map(|rule| in_force(wanted, rule?)).collect();
        if candidates.is_empty() {
            return Ok(Verdict::not_satisfied(format!("no rule evaluates {wanted}"), expected(wanted)));
        }
        any(candidates)
    });
    let verdict = every(parts, || Ok(Verdict::not_applicable("no rule is asked for (required_rules is empty)")))?;
    Ok(verdict.noting(WHOSE))
}

fn expected(wanted: &str) -> String {
    format!("a rule in force that evaluates {wanted} on what is deployed")
}

/// No modes mean that a rule looks at what is deployed; one that only looks before that never sees it.
fn in_force(wanted: &str, rule: &Rule) -> Judgement {
    let name = &rule.name;
    let state = rule.state.required(RULES, "ConfigRuleState").map(|state| match state {
        RuleState::Active | RuleState::Evaluating => {
            Verdict::satisfied(format!("rule {name} evaluates {wanted} and is in force"))
        }
        RuleState::Deleting | RuleState::DeletingResults => {
            Verdict::not_satisfied(format!("rule {name} of {wanted} is being deleted"), expected(wanted))
        }
    });
    let modes = rule.modes.seen().map(|modes| match modes {
        Some(modes) if !modes.is_empty() && !modes.contains(&EvaluationMode::Detective) => Verdict::not_satisfied(
            format!("rule {name} of {wanted} looks at resources before they are deployed only"),
            expected(wanted),
        ),
        Some(_) | None => Verdict::not_applicable("it looks at what is deployed"),
    });
    every([state, modes], || Err(Gap::undecided("nothing of the rule was looked at")))
}

/// In the advice mode what the rules say is shown and never judged.
pub(super) fn compliant(account: &Account, params: &Compliant) -> Judgement {
    let view = &account.config;
    if let Some(verdict) = elsewhere(view, params.compliance_engine)? {
        return Ok(verdict);
    }
    let rules = view.rules.required(RULES, "ConfigRules")?;
    let mut parts = Vec::new();
    for wanted in &params.required_rules {
        parts.extend(rules_for(wanted, &params.rule_equivalents, rules).map(|rule| said(rule?, view)));
    }
    let none = || {
        Ok(Verdict::not_applicable("the account has none of the rules that are asked for; see config-rules-present"))
    };
    match params.mode {
        Mode::Require => every(parts, none),
        Mode::Advice => Ok(every(parts, none)?
            .unjudged("see which resource it is; a rule looks at the whole account, so it may be another stack's")),
    }
}

fn said(rule: &Rule, view: &View) -> Judgement {
    const OPERATION: &str = "DescribeComplianceByConfigRule";
    let name = &rule.name;
    let all = view.compliance.required(OPERATION, "ComplianceByConfigRules")?;
    let found = all.iter().find(|compliance| compliance.rule == *name).ok_or_else(|| Gap::Incomplete {
        operation: OPERATION.into(),
        field: format!("the compliance of rule {name}").into(),
    })?;
    let compliance = found.compliance.required(OPERATION, "Compliance.ComplianceType")?;
    let observed = format!("rule {name} says {}", compliance.name());
    Ok(match compliance {
        Compliance::Compliant => Verdict::satisfied(observed),
        Compliance::NonCompliant => {
            Verdict::not_satisfied(observed, "no NON_COMPLIANT of the rules that are asked for")
        }
        Compliance::NotApplicable | Compliance::InsufficientData => Verdict::not_applicable(observed)
            .noting("a rule that has evaluated nothing proves nothing; see what it looks at"),
    })
}

#[cfg(test)]
mod tests {
    use super::super::RuleCompliance;
    use super::super::fixture::*;
    use super::*;
    use crate::evidence::Evidence;
    use crate::fixture::*;
    use crate::observed::Observed;
    use crate::subject::{Kind, Resource};

    const PRESENT: &str = "config-rules-present";
    const COMPLIANT: &str = "config-rules-compliant";
    const REQUIRE: &str = "mode = 'require'";
    const ONE: &str = "required_rules = ['SNS_ENCRYPTED_KMS']";

    fn of(view: View) -> Evidence {
        let account = Account { config: view, ..Account::unknown(&denial()) };
        evidence(vec![subject(Kind::Account, ACCOUNT, Resource::Account(Box::new(account)))])
    }

    fn with(rules: Vec<Rule>) -> Evidence {
        of(View { rules: seen(rules), ..view() })
    }

    fn saying(compliance: Observed<Compliance>) -> Evidence {
        let compliance = RuleCompliance { rule: "SNS_ENCRYPTED_KMS-rule".into(), compliance };
        of(View { rules: seen(vec![rule("SNS_ENCRYPTED_KMS")]), compliance: seen(vec![compliance]), ..view() })
    }

    fn all_rules() -> Vec<Rule> {
        let required = requirement(PRESENT).params["required_rules"].clone();
        required.as_array().unwrap().iter().map(|name| rule(name.as_str().unwrap())).collect()
    }

    #[test]
    fn every_rule_that_is_asked_for_has_to_be_there() {
        let text = passed(judge(PRESENT, &with(all_rules())));
        assert!(text.contains("rule SNS_ENCRYPTED_KMS-rule evaluates SNS_ENCRYPTED_KMS and is in force"), "{text}");
        assert!(text.ends_with(&format!("| {WHOSE}")), "{text}");
        let mut but_one = all_rules();
        but_one.retain(|rule| rule.name != "SNS_ENCRYPTED_KMS-rule");
        assert_eq!(failed(judge(PRESENT, &with(but_one))), format!("no rule evaluates SNS_ENCRYPTED_KMS | {WHOSE}"));
        let text = not_applicable(judge_with(PRESENT, "required_rules = []", &with(Vec::new())));
        assert!(text.starts_with("no rule is asked for"), "{text}");
    }

    #[test]
    fn a_rule_is_known_by_what_it_evaluates_and_not_by_its_name() {
        let prefixed = Rule { name: "securityhub-sns-1a2b".into(), ..rule("SNS_ENCRYPTED_KMS") };
        passed(judge_with(PRESENT, ONE, &with(vec![prefixed])));
        let other = Rule { name: "SNS_ENCRYPTED_KMS".into(), ..rule("OTHER") };
        failed(judge_with(PRESENT, ONE, &with(vec![other])));
        let own = Rule {
            name: "own-sns".into(),
            owner: Observed::Present(Owner::CustomPolicy),
            identifier: Observed::Absent,
            ..rule("X")
        };
        failed(judge_with(PRESENT, ONE, &with(vec![own.clone()])));
        let equivalent = format!("{ONE}\nrule_equivalents = {{ SNS_ENCRYPTED_KMS = 'own-sns' }}");
        passed(judge_with(PRESENT, &equivalent, &with(vec![own])));
    }

    #[test]
    fn a_rule_that_is_going_or_never_looks_at_what_is_deployed_does_not_count() {
        for state in [RuleState::Deleting, RuleState::DeletingResults] {
            let going = Rule { state: Observed::Present(state), ..rule("SNS_ENCRYPTED_KMS") };
            let text = failed(judge_with(PRESENT, ONE, &with(vec![going.clone()])));
            assert!(text.starts_with("rule SNS_ENCRYPTED_KMS-rule of SNS_ENCRYPTED_KMS is being deleted"), "{text}");
            passed(judge_with(PRESENT, ONE, &with(vec![going, rule("SNS_ENCRYPTED_KMS")])));
        }
        let modes = |modes: &[EvaluationMode]| {
            with(vec![Rule { modes: Observed::Present(modes.to_vec()), ..rule("SNS_ENCRYPTED_KMS") }])
        };
        let text = failed(judge_with(PRESENT, ONE, &modes(&[EvaluationMode::Proactive])));
        assert!(text.contains("looks at resources before they are deployed only"), "{text}");
        passed(judge_with(PRESENT, ONE, &modes(&[EvaluationMode::Proactive, EvaluationMode::Detective])));
        passed(judge_with(PRESENT, ONE, &modes(&[])));
        let evaluating = Rule { state: Observed::Present(RuleState::Evaluating), ..rule("SNS_ENCRYPTED_KMS") };
        passed(judge_with(PRESENT, ONE, &with(vec![evaluating])));
    }

    #[test]
    fn rules_are_not_judged_where_something_else_is_the_engine_or_nothing_records() {
        for id in [PRESENT, COMPLIANT] {
            let text = not_applicable(judge_with(id, "compliance_engine = 'tap-audit'", &with(all_rules())));
            assert_eq!(text, "tap-audit checks compliance here (compliance_engine)");
            let stopped = View { recorders: seen(Vec::new()), ..view() };
            assert_eq!(
                not_applicable(judge(id, &of(stopped))),
                "AWS Config does not record (there is no configuration recorder), so its rules see nothing; see config-recorder-on"
            );
            assert_eq!(undecided(judge(id, &of(View { recorders: denied(), ..view() }))), denial().to_string());
            assert_eq!(undecided(judge(id, &of(View { rules: denied(), ..view() }))), denial().to_string());
        }
    }

    #[test]
    fn an_unreadable_rule_is_an_error_unless_another_is_in_force() {
        let unreadable = || Rule { owner: Observed::Unknown(denial()), ..rule("SNS_ENCRYPTED_KMS") };
        assert_eq!(undecided(judge_with(PRESENT, ONE, &with(vec![unreadable()]))), denial().to_string());
        passed(judge_with(PRESENT, ONE, &with(vec![unreadable(), rule("SNS_ENCRYPTED_KMS")])));
        let stateless = Rule { state: Observed::Absent, ..rule("SNS_ENCRYPTED_KMS") };
        let text = undecided(judge_with(PRESENT, ONE, &with(vec![stateless])));
        assert!(text.starts_with("DescribeConfigRules answered without ConfigRuleState"), "{text}");
    }

    #[test]
    fn what_rules_say_is_shown_as_advice_and_judged_where_that_is_required() {
        let broken = saying(Observed::Present(Compliance::NonCompliant));
        let text = not_applicable(judge(COMPLIANT, &broken));
        assert!(
            text.starts_with("rule SNS_ENCRYPTED_KMS-rule says NON_COMPLIANT | advice: see which resource"),
            "{text}"
        );
        assert_eq!(failed(judge_with(COMPLIANT, REQUIRE, &broken)), "rule SNS_ENCRYPTED_KMS-rule says NON_COMPLIANT");
        let met = saying(Observed::Present(Compliance::Compliant));
        assert_eq!(not_applicable(judge(COMPLIANT, &met)), "rule SNS_ENCRYPTED_KMS-rule says COMPLIANT");
        assert_eq!(passed(judge_with(COMPLIANT, REQUIRE, &met)), "rule SNS_ENCRYPTED_KMS-rule says COMPLIANT");
    }

    #[test]
    fn a_rule_that_evaluated_nothing_proves_nothing() {
        for compliance in [Compliance::InsufficientData, Compliance::NotApplicable] {
            let text = not_applicable(judge_with(COMPLIANT, REQUIRE, &saying(Observed::Present(compliance))));
            assert!(text.contains("| a rule that has evaluated nothing proves nothing"), "{text}");
        }
        let text = not_applicable(judge_with(COMPLIANT, REQUIRE, &with(Vec::new())));
        assert!(text.starts_with("the account has none of the rules that are asked for"), "{text}");
        let unsaid = of(View { rules: seen(vec![rule("SNS_ENCRYPTED_KMS")]), compliance: seen(Vec::new()), ..view() });
        let text = undecided(judge_with(COMPLIANT, REQUIRE, &unsaid));
        assert!(text.contains("answered without the compliance of rule SNS_ENCRYPTED_KMS-rule"), "{text}");
        let unread = of(View { rules: seen(vec![rule("SNS_ENCRYPTED_KMS")]), compliance: denied(), ..view() });
        assert_eq!(undecided(judge(COMPLIANT, &unread)), denial().to_string());
    }
}
