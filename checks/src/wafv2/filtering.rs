//! Whether a web ACL filters requests beside limiting their rate.

use serde::Deserialize;

use super::rules::{LooksFor, Rules, scope_note};
use super::{Action, DESCRIBE, Description, Managed, WebAcl, protecting};
use crate::check::Context;
use crate::observed::{Gap, Observed};
use crate::verdict::{Judgement, Verdict, any};

/// Parameters of `waf-request-filtering-rules`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Groups {
    required_groups: Vec<String>,
}

const EXPECTED: &str = "a rule beside the rate limit that blocks or challenges, of the web ACL or of a group that is not turned to counting";

/// One rule that filters is enough, as long as no rule before it lets every request through.
pub(super) fn filtered(acl: &WebAcl, params: &Groups, context: &Context<'_>) -> Judgement {
    protecting(acl, context, |described| {
        if described.rules.is_empty() {
            return Ok(Verdict::not_satisfied("the web ACL has no rules", EXPECTED));
        }
        let rules = Rules::of(acl, described);
        let mut parts: Vec<Judgement> = rules.met.iter().filter_map(|rule| of_rule(acl, rule)).collect();
        if rules.ended_by.is_none() && described.default != Observed::Present(Action::Allow) {
            parts.push(by_default(described, &rules));
        }
        if parts.is_empty() {
            let observed = match &rules.ended_by {
                Some(name) => format!("rule {name} lets every request through before any other is looked at"),
                None => "the web ACL has no rule that filters".to_owned(),
            };
            return Ok(Verdict::not_satisfied(observed, EXPECTED));
        }
        let verdict = any(parts)?;
        let verdict = if rules.passes.is_empty() {
            verdict
        } else {
            verdict.noting(format!("rules that let some requests through by themselves: {}", rules.passes.join(", ")))
        };
        let missing = missing_groups(params, &rules);
        Ok(if missing.is_empty() {
            verdict
        } else {
            verdict.noting(format!("managed groups that are not in the web ACL: {}", missing.join(", ")))
        })
    })
}

fn missing_groups<'p>(params: &'p Groups, rules: &Rules<'_>) -> Vec<&'p str> {
    let has = |wanted: &str| {
        rules.met.iter().any(
            |rule| matches!(rule, Ok(met) if matches!(met.looks_for, LooksFor::Managed(managed) if managed.name == wanted)),
        )
    };
    params.required_groups.iter().map(String::as_str).filter(|wanted| !has(wanted)).collect()
}

/// Where everything else is blocked, rules that let requests through are the filter.
fn by_default(described: &Description, rules: &Rules<'_>) -> Judgement {
    let default = described.default.required(DESCRIBE, "DefaultAction")?;
    Ok(if default.enforces() && !rules.passes.is_empty() {
        Verdict::satisfied("the web ACL blocks what no rule lets through")
            .noting("it filters by what it allows, not by what it knows to be bad")
    } else {
        Verdict::not_satisfied("the web ACL lets nothing through and looks for nothing", EXPECTED)
    })
}

/// `None` for rules that are no filters by their nature: the rate limit, and those that let requests through.
fn of_rule(acl: &WebAcl, rule: &Result<super::rules::Met<'_>, Gap>) -> Option<Judgement> {
    let met = match rule {
        Ok(met) => met,
        Err(gap) => return Some(Err(gap.clone())),
    };
    let does = match &met.does {
        Ok(does) => *does,
        Err(gap) => return Some(Err(gap.clone())),
    };
    let name = &met.name;
    match &met.looks_for {
        LooksFor::Rate(_) => None,
        LooksFor::Managed(_) if does == Action::Count => {
            Some(Ok(Verdict::not_satisfied(format!("{name} as a whole only counts"), EXPECTED)))
        }
        LooksFor::Managed(managed) => Some(of_managed(acl, name, managed)),
        LooksFor::Everything | LooksFor::Part => match does {
            Action::Block | Action::Captcha | Action::Challenge => {
                Some(Ok(Verdict::satisfied(format!("rule {name} keeps out what it matches"))))
            }
            Action::Count => Some(Ok(Verdict::not_satisfied(format!("rule {name} only counts"), EXPECTED))),
            Action::Allow => None,
        },
    }
}

/// Overrides are held against the group's own list: one for each rule disarms the group as a whole.
fn of_managed(acl: &WebAcl, name: &str, managed: &Managed) -> Judgement {
    let group = format!("{} {}", managed.vendor, managed.name);
    let met = |observed: String| {
        let verdict = Verdict::satisfied(observed);
        Ok(match scope_note(managed.scope) {
            Some(note) => verdict.noting(format!("{name}: {note}")),
            None => verdict,
        })
    };
    if managed.overrides.is_empty() {
        return met(format!("{name} filters by the managed group {group}"));
    }
    let rules = match acl.managed_groups.get(&managed.key()) {
        Some(rules) => rules.required("DescribeManagedRuleGroup", "Rules")?,
        None => return Err(Gap::undecided(format!("nothing was seen of the rules of the managed group {group}"))),
    };
    let mut gap = None;
    for rule in rules {
        let does = match managed.overrides.get(&rule.name) {
            Some(instead) => instead.required(DESCRIBE, "RuleActionOverrides.ActionToUse").copied().map(Some),
            None => rule.action.seen().map(Option::<&Action>::copied),
        };
        match does {
            // A rule whose owner does not say what it does was at least not turned to counting.
            Ok(Some(Action::Block | Action::Captcha | Action::Challenge) | None) => {
                return met(format!("{name} filters by the managed group {group}, not all of which is overridden"));
            }
            Ok(Some(Action::Count | Action::Allow)) => {}
            Err(found) => {
                gap.get_or_insert(found);
            }
        }
    }
    match gap {
        Some(gap) => Err(gap),
        None => Ok(Verdict::not_satisfied(
            format!("{name}: every rule of the managed group {group} is turned to counting"),
            EXPECTED,
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::*;
    use super::super::{Coverage, GroupReference, ManagedRule, Override, Rate, RateKey, Rule, Statement};
    use super::*;
    use crate::fixture::*;
    use crate::observed::Observed::{Absent, Present, Unknown};

    const ID: &str = "waf-request-filtering-rules";
    const COMMON: &str = "AWSManagedRulesCommonRuleSet";

    fn managed(overrides: &[(&str, Action)], counting: Observed<Override>) -> Rule {
        let overrides = overrides.iter().map(|(name, action)| ((*name).to_owned(), Present(*action))).collect();
        let statement = Statement::Managed(Managed {
            vendor: "AWS".into(),
            name: COMMON.into(),
            version: Absent,
            overrides,
            scope: Coverage::All,
        });
        group_rule("common", statement, counting)
    }

    fn with(rules: Vec<Rule>) -> WebAcl {
        let listed = ["one", "two"].map(|name| ManagedRule { name: name.into(), action: Present(Action::Block) });
        let mut acl = acl(rules);
        acl.managed_groups.insert(format!("AWS/{COMMON}"), seen(listed.to_vec()));
        acl
    }

    fn judged(rules: Vec<Rule>) -> Judgement {
        judge(ID, &of(with(rules)))
    }

    const MISSING: &str = "managed groups that are not in the web ACL: AWSManagedRulesCommonRuleSet";

    #[test]
    fn a_managed_group_that_is_not_overridden_passes() {
        assert_eq!(
            passed(judged(vec![managed(&[], Present(Override::None))])),
            "common filters by the managed group AWS AWSManagedRulesCommonRuleSet"
        );
        passed(judged(vec![managed(&[("one", Action::Count)], Present(Override::None))]));
    }

    #[test]
    fn a_group_that_counts_as_a_whole_or_rule_by_rule_fails() {
        assert_eq!(failed(judged(vec![managed(&[], Present(Override::Count))])), "common as a whole only counts");
        let every = [("one", Action::Count), ("two", Action::Count)];
        assert_eq!(
            failed(judged(vec![managed(&every, Present(Override::None))])),
            "common: every rule of the managed group AWS AWSManagedRulesCommonRuleSet is turned to counting"
        );
    }

    #[test]
    fn overrides_without_the_list_of_rules_and_a_group_without_its_override_are_errors() {
        let mut unread = with(vec![managed(&[("one", Action::Count)], Present(Override::None))]);
        unread.managed_groups.insert(format!("AWS/{COMMON}"), denied());
        assert_eq!(undecided(judge(ID, &of(unread))), denial().to_string());
        let text = undecided(judged(vec![managed(&[], Absent)]));
        assert!(text.starts_with("GetWebACL answered without Rules.OverrideAction"), "{text}");
        let unknown = Rule { action: Unknown(denial()), ..rule("own", Statement::Part, Action::Block) };
        assert_eq!(undecided(judged(vec![unknown])), denial().to_string());
        assert_eq!(undecided(judge(ID, &of(WebAcl::unknown(&denial())))), denial().to_string());
    }

    #[test]
    fn a_rule_of_its_own_or_of_a_rule_group_passes_with_a_note_on_what_is_missing() {
        assert_eq!(
            passed(judged(vec![rule("own", Statement::Part, Action::Block)])),
            format!("rule own keeps out what it matches | {MISSING}")
        );
        let group = GroupReference { arn: "arn:g".into(), overrides: [].into() };
        let mut acl = with(vec![group_rule("shared", Statement::Group(group), Present(Override::None))]);
        acl.rule_groups.insert("arn:g".into(), seen(vec![rule("bad", Statement::Part, Action::Block)]));
        assert_eq!(passed(judge(ID, &of(acl))), format!("rule shared/bad keeps out what it matches | {MISSING}"));
    }

    #[test]
    fn no_rule_or_only_a_rate_limit_or_a_counting_rule_fails() {
        assert_eq!(failed(judged(Vec::new())), "the web ACL has no rules");
        let rate = Rate { limit: 100, window: Absent, key: Present(RateKey::Ip), scope: Coverage::All };
        let text = failed(judged(vec![rule("flood", Statement::Rate(rate), Action::Block)]));
        assert!(text.starts_with("the web ACL has no rule that filters"), "{text}");
        let text = failed(judged(vec![rule("own", Statement::Part, Action::Count)]));
        assert_eq!(text, format!("rule own only counts | {MISSING}"));
    }

    #[test]
    fn blocking_by_default_with_rules_that_allow_is_filtering_too() {
        let blocking = |rules| {
            let mut acl = with(rules);
            acl.description =
                acl.description.map(|described| Description { default: Present(Action::Block), ..described });
            judge(ID, &of(acl))
        };
        let text = passed(blocking(vec![rule("partner", Statement::Part, Action::Allow)]));
        assert!(
            text.starts_with("the web ACL blocks what no rule lets through | it filters by what it allows"),
            "{text}"
        );
        failed(blocking(Vec::new()));
    }

    #[test]
    fn an_earlier_rule_that_lets_everything_through_disarms_the_rest() {
        let open = rule("open", Statement::Everything, Action::Allow);
        assert_eq!(
            failed(judged(vec![open.clone(), managed(&[], Present(Override::None))])),
            "rule open lets every request through before any other is looked at"
        );
        passed(judged(vec![managed(&[], Present(Override::None)), open]));
    }
}
