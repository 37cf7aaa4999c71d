//! Whether a web ACL limits how much one caller may send.

use serde::Deserialize;

use super::rules::{LooksFor, Rules, scope_note};
use super::{Action, Coverage, DESCRIBE, Rate, RateKey, WebAcl, protecting};
use crate::check::Context;
use crate::observed::Gap;
use crate::verdict::{Judgement, Verdict, any};

/// Parameters of `waf-rate-based-rule`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limit {
    max_limit: i64,
    accept_scope_down: bool,
}

/// The window of the limit, and of a rule that names none, in seconds.
const FIVE_MINUTES: i64 = 300;

impl Limit {
    fn expected(&self) -> String {
        format!(
            "a rate-based rule that blocks or challenges beyond {} requests in five minutes (the auditor's default where nobody set it)",
            self.max_limit
        )
    }
}

/// One rule that keeps the limit is enough. A rule that lets every request through comes before all that follow it.
pub(super) fn limited(acl: &WebAcl, params: &Limit, context: &Context<'_>) -> Judgement {
    protecting(acl, context, |described| {
        let rules = Rules::of(acl, described);
        let mut parts: Vec<Judgement> = Vec::new();
        for rule in &rules.met {
            match rule {
                Ok(met) => {
                    if let LooksFor::Rate(rate) = met.looks_for {
                        parts.push(met.does.clone().and_then(|does| of_rule(&met.name, rate, does, params)));
                    }
                }
                Err(gap) => parts.push(Err(gap.clone())),
            }
        }
        if parts.is_empty() {
            let observed = match &rules.ended_by {
                Some(name) => format!("rule {name} lets every request through before any rate-based rule is looked at"),
                None => "the web ACL has no rate-based rule".to_owned(),
            };
            return Ok(Verdict::not_satisfied(observed, params.expected()));
        }
        Ok(match (any(parts)?, rules.passes.is_empty()) {
            (met @ Verdict::Satisfied { .. }, false) => {
                met.noting(format!("rules that let some requests through by themselves: {}", rules.passes.join(", ")))
            }
            (verdict, _) => verdict,
        })
    })
}

fn of_rule(name: &str, rate: &Rate, does: Action, params: &Limit) -> Judgement {
    let window = rate.window.seen()?.copied().unwrap_or(FIVE_MINUTES);
    if window <= 0 {
        return Err(Gap::undecided(format!("rule {name} counts in a window of {window} seconds")));
    }
    let observed = format!("rule {name} acts beyond {} requests in {window} seconds", rate.limit);
    let fails = |why: &str| Ok(Verdict::not_satisfied(format!("{observed}{why}"), params.expected()));
    if !does.enforces() {
        return fails(match does {
            Action::Count => " and only counts them",
            Action::Allow | Action::Block | Action::Captcha | Action::Challenge => " and lets them through",
        });
    }
    // Compared as products: the window seldom divides the limit.
    if i128::from(rate.limit) * i128::from(FIVE_MINUTES) > i128::from(params.max_limit) * i128::from(window) {
        return fails(", which is more than the limit");
    }
    if rate.scope == Coverage::Part && !params.accept_scope_down {
        return fails(", in a part of the traffic only");
    }
    let mut verdict = Verdict::satisfied(observed);
    if let Some(note) = scope_note(rate.scope) {
        verdict = verdict.noting(note);
    }
    Ok(match rate.key.required(DESCRIBE, "RateBasedStatement.AggregateKeyType")? {
        RateKey::ForwardedIp => verdict.noting("requests without the header of the forwarded address are not counted"),
        RateKey::Ip | RateKey::Custom | RateKey::Constant => verdict,
    })
}

#[cfg(test)]
mod tests {
    use super::super::fixture::*;
    use super::super::{GroupReference, Override, Rule, Statement};
    use super::*;
    use crate::fixture::*;
    use crate::observed::Observed::{Absent, Present};

    const ID: &str = "waf-rate-based-rule";

    fn rate(limit: i64) -> Rate {
        Rate { limit, window: Absent, key: Present(RateKey::Ip), scope: Coverage::All }
    }

    fn judged(rules: Vec<Rule>) -> Judgement {
        judge(ID, &of(acl(rules)))
    }

    fn rule_of(rate: Rate) -> Rule {
        rule("flood", Statement::Rate(rate), Action::Block)
    }

    #[test]
    fn a_limit_passes_up_to_the_most_in_five_minutes() {
        assert_eq!(passed(judged(vec![rule_of(rate(2_000))])), "rule flood acts beyond 2000 requests in 300 seconds");
        assert_eq!(
            failed(judged(vec![rule_of(rate(2_001))])),
            "rule flood acts beyond 2001 requests in 300 seconds, which is more than the limit"
        );
        let minute = |limit| rule_of(Rate { window: Present(60), ..rate(limit) });
        passed(judged(vec![minute(400)]));
        failed(judged(vec![minute(401)]));
        passed(judged(vec![rule_of(Rate { window: Present(600), ..rate(4_000) })]));
    }

    #[test]
    fn a_rule_has_to_keep_requests_out() {
        for action in [Action::Block, Action::Captcha, Action::Challenge] {
            passed(judged(vec![rule("flood", Statement::Rate(rate(100)), action)]));
        }
        let text = failed(judged(vec![rule("flood", Statement::Rate(rate(100)), Action::Count)]));
        assert_eq!(text, "rule flood acts beyond 100 requests in 300 seconds and only counts them");
        assert_eq!(failed(judged(Vec::new())), "the web ACL has no rate-based rule");
    }

    #[test]
    fn a_rule_for_a_part_of_the_traffic_fails_unless_it_only_exempts_an_ip_set() {
        let scoped = |scope| vec![rule_of(Rate { scope, ..rate(100) })];
        let text = failed(judged(scoped(Coverage::Part)));
        assert!(text.ends_with("in a part of the traffic only"), "{text}");
        let text = passed(judged(scoped(Coverage::AllButIpSet)));
        assert!(text.ends_with("| the addresses of an IP set are exempt"), "{text}");
        let accepted = judge_with(ID, "accept_scope_down = true", &of(acl(scoped(Coverage::Part))));
        assert!(passed(accepted).ends_with("| only a part of the traffic is looked at"));
        // One that covers everything makes up for one that does not.
        passed(judged([scoped(Coverage::Part), scoped(Coverage::All)].concat()));
    }

    #[test]
    fn an_earlier_rule_that_lets_everything_through_comes_before_the_limit() {
        let open = rule("open", Statement::Everything, Action::Allow);
        assert_eq!(
            failed(judged(vec![open.clone(), rule_of(rate(100))])),
            "rule open lets every request through before any rate-based rule is looked at"
        );
        passed(judged(vec![rule_of(rate(100)), open]));
        let some = rule("partner", Statement::Part, Action::Allow);
        let text = passed(judged(vec![some, rule_of(rate(100))]));
        assert!(text.ends_with("| rules that let some requests through by themselves: partner"), "{text}");
    }

    #[test]
    fn a_rule_inside_a_group_counts_unless_it_is_overridden() {
        let group = |counting, overrides: &[(&str, Action)]| {
            let overrides = overrides.iter().map(|(name, action)| ((*name).to_owned(), Present(*action))).collect();
            let statement = Statement::Group(GroupReference { arn: "arn:g".into(), overrides });
            let mut acl = acl(vec![group_rule("shared", statement, Present(counting))]);
            acl.rule_groups.insert("arn:g".into(), seen(vec![rule_of(rate(100))]));
            acl
        };
        let text = passed(judge(ID, &of(group(Override::None, &[]))));
        assert_eq!(text, "rule shared/flood acts beyond 100 requests in 300 seconds");
        failed(judge(ID, &of(group(Override::Count, &[]))));
        failed(judge(ID, &of(group(Override::None, &[("flood", Action::Count)]))));
        let mut unread = group(Override::None, &[]);
        unread.rule_groups.insert("arn:g".into(), denied());
        assert_eq!(undecided(judge(ID, &of(unread))), denial().to_string());
    }

    #[test]
    fn a_forwarded_address_is_noted() {
        let text = passed(judged(vec![rule_of(Rate { key: Present(RateKey::ForwardedIp), ..rate(100) })]));
        assert!(text.ends_with("| requests without the header of the forwarded address are not counted"), "{text}");
    }

    #[test]
    fn only_a_web_acl_in_front_of_a_stage_is_judged() {
        let elsewhere = |on_stage: Option<&str>| evidence(vec![acl_subject(acl(Vec::new())), api_behind(on_stage)]);
        assert_eq!(
            not_applicable(judge(ID, &elsewhere(Some("arn:aws:wafv2:us-east-2:123456789012:regional/webacl/x/2")))),
            "it stands in front of no stage, and every stage has another web ACL"
        );
        assert_eq!(
            failed(judge(ID, &elsewhere(None))),
            "it stands in front of no stage, and stages have none: a1/prod"
        );
        let classic = elsewhere(Some("arn:aws:waf-regional:us-east-2:123456789012:webacl/1"));
        assert_eq!(failed(judge(ID, &classic)), "it stands in front of no stage, and stages have none: a1/prod");
        assert_eq!(
            failed(judge(ID, &evidence(vec![api_behind(None)]))),
            "no web ACL was found, and stages have none: a1/prod"
        );
        undecided(judge(ID, &evidence(Vec::new())));
        undecided(judge(ID, &evidence(vec![acl_subject(acl(Vec::new()))])));
    }

    #[test]
    fn what_was_not_read_is_an_error() {
        assert_eq!(undecided(judge(ID, &of(WebAcl::unknown(&denial())))), denial().to_string());
    }
}
