//! Whether somebody hears of a violation: a rule that takes it to a topic, the topic of AWS Config's channel, or an alarm.

use serde::Deserialize;

use super::sample::Source;
use super::{EventPattern, RULES, Rule, TARGETS, Target, is_topic, pattern, reaches};
use crate::check::Context;
use crate::cloudtrail::Wanted;
use crate::evidence::Account;
use crate::observed::Gap;
use crate::s3::RuleState;
use crate::verdict::{Judgement, Verdict, any};
use crate::{cloudwatch, config};

/// Parameters of `compliance-violation-alert-routed`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Routed {
    accepted_sources: Vec<Source>,
    violation_metrics: Vec<String>,
    accepted_targets: Vec<String>,
    trail_name: String,
    require_multi_region: bool,
    require_kms_events: bool,
}

const EXPECTED: &str = "an enabled rule of the default event bus that takes a violation to a topic, or a topic that AWS Config's delivery channel names";

/// One way is enough. A rule that takes violations elsewhere, or that cannot be read, may be the one, so that without
/// another way the question is open.
pub(super) fn routed(account: &Account, params: &Routed, context: &Context<'_>) -> Judgement {
    let mut ways = match account.events.rules.required(RULES, "Rules") {
        Ok(rules) => by_rules(rules, account, params, context),
        Err(gap) => vec![Err(gap)],
    };
    ways.extend(by_channel(account, context));
    ways.extend(by_alarm(account, params, context));
    any(ways)
}

/// The ways by rules; where no rule takes violations, that is what is said.
fn by_rules(rules: &[Rule], account: &Account, params: &Routed, context: &Context<'_>) -> Vec<Judgement> {
    let names: Vec<&str> = match account.config.rules.seen() {
        Ok(Some(rules)) => rules.iter().map(|rule| rule.name.as_str()).collect(),
        // Without the names a pattern that names one fits none of the samples, and only then do they matter.
        Ok(None) | Err(_) => Vec::new(),
    };
    let mut ways = Vec::new();
    for rule in rules {
        for source in &params.accepted_sources {
            match fit(rule, *source, &names, context) {
                Ok(Fit::None) => {}
                Ok(fit) => ways.push(by_rule(rule, *source, fit, params, context)),
                Err(gap) => ways.push(Err(Gap::undecided(format!("rule {}: {gap}", rule.name)))),
            }
        }
    }
    if ways.is_empty() {
        ways.push(Ok(Verdict::not_satisfied("no rule of the default event bus takes a violation", EXPECTED)));
    }
    ways
}

/// How much of the violations of a source a rule takes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fit {
    /// Each sample.
    All,
    /// Some of the samples.
    Some,
    /// None.
    None,
}

/// Tries a rule's pattern on the samples of a source. A rule without a pattern is started by its schedule alone.
fn fit(rule: &Rule, source: Source, config_rules: &[&str], context: &Context<'_>) -> Result<Fit, Gap> {
    let Some(EventPattern(pattern)) = rule.pattern.seen()? else { return Ok(Fit::None) };
    let (mut some, mut all, mut open) = (false, true, None);
    for sample in source.samples(&context.evidence.run, config_rules) {
        match pattern::matches(pattern, &sample) {
            Ok(true) => some = true,
            Ok(false) => all = false,
            Err(gap) => {
                all = false;
                open.get_or_insert(gap);
            }
        }
    }
    match (some, open) {
        (true, _) => Ok(if all { Fit::All } else { Fit::Some }),
        (false, Some(gap)) => Err(gap),
        (false, None) => Ok(Fit::None),
    }
}

fn by_rule(rule: &Rule, source: Source, fit: Fit, params: &Routed, context: &Context<'_>) -> Judgement {
    let (name, source) = (&rule.name, source.name());
    if *rule.state.required(RULES, "State")? == RuleState::Disabled {
        return Ok(Verdict::not_satisfied(
            format!("rule {name} takes violations of {source} and is disabled"),
            EXPECTED,
        ));
    }
    let what = format!("rule {name} takes violations of {source} to");
    let targets = rule.targets.required(TARGETS, "Targets")?;
    if targets.is_empty() {
        return Ok(Verdict::not_satisfied(format!("{what} nowhere: it has no target"), EXPECTED));
    }
    let verdict = any(targets.iter().map(|target| to(target, &what, params, context)))?;
    Ok(match fit {
        Fit::Some => verdict.noting(format!("the pattern of rule {name} takes a part of the violations only")),
        Fit::All | Fit::None => verdict,
    })
}

fn to(target: &Target, what: &str, params: &Routed, context: &Context<'_>) -> Judgement {
    if is_topic(&target.arn) {
        return reaches(&target.arn, what, context).map(|verdict| verdict.expecting(EXPECTED));
    }
    if params.accepted_targets.contains(&target.arn) {
        return Ok(Verdict::satisfied(format!("{what} {}", target.arn))
            .noting("it is no topic; the parameter accepted_targets says that somebody hears of it there"));
    }
    Err(Gap::undecided(format!(
        "{what} {}, which is no topic and is not followed; name it in accepted_targets where somebody hears of it there",
        target.arn
    )))
}

/// The topics of AWS Config's delivery channels; a channel without one is not worth a word beside the rules.
fn by_channel(account: &Account, context: &Context<'_>) -> Vec<Judgement> {
    let channels = match account.config.channels.required("DescribeDeliveryChannels", "DeliveryChannels") {
        Ok(channels) => channels,
        Err(gap) => return vec![Err(gap)],
    };
    let named = channels.iter().filter_map(|channel| match channel.topic.seen() {
        Ok(Some(arn)) => {
            let what = format!("delivery channel {} of AWS Config tells", channel.name);
            Some(reaches(arn, &what, context).map(|verdict| match verdict {
                met @ Verdict::Satisfied { .. } => {
                    met.noting("it tells of every change, and violations are among them")
                }
                other @ (Verdict::NotSatisfied { .. } | Verdict::NotApplicable { .. }) => other.expecting(EXPECTED),
            }))
        }
        Ok(None) => None,
        Err(gap) => Some(Err(gap)),
    });
    named.collect()
}

/// Alarms stand in where AWS Config does not record: what breaks a requirement then shows in metrics alone.
fn by_alarm(account: &Account, params: &Routed, context: &Context<'_>) -> Vec<Judgement> {
    match config::proved(&account.config) {
        Ok(Verdict::Satisfied { .. }) => Vec::new(),
        Ok(Verdict::NotSatisfied { .. } | Verdict::NotApplicable { .. }) => {
            let wanted = Wanted {
                name: &params.trail_name,
                multi_region: params.require_multi_region,
                kms_events: params.require_kms_events,
            };
            let ways = cloudwatch::of_violations(account, &params.violation_metrics, &wanted, context);
            ways.into_iter().map(|way| Ok(way?.expecting(EXPECTED))).collect()
        }
        Err(gap) => vec![Err(gap)],
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::fixture::*;
    use super::super::{Rule, View};
    use super::*;
    use crate::config::Channel;
    use crate::fixture::*;
    use crate::observed::Observed::{Absent, Present};
    use crate::observed::{Observed, Seen};
    use crate::subject::{Existence, Resource};

    const ID: &str = "compliance-violation-alert-routed";

    fn violations() -> Value {
        json!({
            "source": ["aws.config"],
            "detail-type": ["Config Rules Compliance Change"],
            "detail": {"newEvaluationResult": {"complianceType": ["NON_COMPLIANT"]}},
        })
    }

    fn to_topic(pattern: Value) -> String {
        passed(judge(ID, &with_rules(vec![rule("alert", pattern)])))
    }

    fn handing(targets: Vec<Target>) -> Rule {
        Rule { targets: seen(targets), ..rule("alert", violations()) }
    }

    #[test]
    fn a_rule_that_takes_violations_to_a_topic_passes() {
        assert_eq!(
            to_topic(violations()),
            "rule alert takes violations of aws.config to topic arn:aws:sns:us-east-2:123456789012:alerts"
        );
        let hub =
            json!({"source": ["aws.securityhub"], "detail": {"findings": {"Compliance": {"Status": ["FAILED"]}}}});
        assert!(to_topic(hub).contains("violations of aws.securityhub to topic"));
        let threats = json!({"source": ["aws.guardduty"], "detail-type": ["GuardDuty Finding"]});
        assert!(!to_topic(threats).contains('|'));
    }

    #[test]
    fn a_pattern_that_takes_a_part_passes_with_a_note() {
        let part = "| the pattern of rule alert takes a part of the violations only";
        let severe = json!({"source": ["aws.guardduty"], "detail": {"severity": [{"numeric": [">=", 7]}]}});
        assert!(to_topic(severe).ends_with(part));
        let high = json!({
            "source": ["aws.securityhub"],
            "detail": {"findings": {"Severity": {"Label": ["HIGH", "CRITICAL"]}}},
        });
        assert!(to_topic(high).ends_with(part));
        let mut keys = violations();
        keys["detail"]["resourceType"] = json!(["AWS::KMS::Key"]);
        assert!(to_topic(keys).ends_with(part));
    }

    #[test]
    fn a_pattern_that_names_rules_of_the_account_is_tried_with_them() {
        let mut named = violations();
        named["detail"]["configRuleName"] = json!(["SNS_ENCRYPTED_KMS-rule"]);
        let rules = |names: &[&str]| {
            let rules = names.iter().map(|name| config::fixture::rule(name)).collect();
            let view = config::View { rules: seen(rules), ..config::fixture::view() };
            with(View { rules: seen(vec![rule("alert", named.clone())]) }, view, vec![topic("alerts")])
        };
        assert!(passed(judge(ID, &rules(&["SNS_ENCRYPTED_KMS", "OTHER"]))).ends_with("a part of the violations only"));
        assert!(!passed(judge(ID, &rules(&["SNS_ENCRYPTED_KMS"]))).contains('|'));
        assert_eq!(failed(judge(ID, &rules(&["OTHER"]))), "no rule of the default event bus takes a violation");
    }

    #[test]
    fn a_rule_that_takes_no_violation_does_not_count() {
        let mut compliant = violations();
        compliant["detail"]["newEvaluationResult"]["complianceType"] = json!(["COMPLIANT"]);
        let passed_checks =
            json!({"source": ["aws.securityhub"], "detail": {"findings": {"Compliance": {"Status": ["PASSED"]}}}});
        for pattern in [compliant, passed_checks, json!({"source": ["aws.ec2"]})] {
            assert_eq!(
                failed(judge(ID, &with_rules(vec![rule("alert", pattern)]))),
                "no rule of the default event bus takes a violation"
            );
        }
        assert_eq!(
            failed(judge(ID, &with_rules(vec![scheduled("nightly")]))),
            "no rule of the default event bus takes a violation"
        );
        let only_hub = "accepted_sources = ['aws.securityhub']";
        failed(judge_with(ID, only_hub, &with_rules(vec![rule("alert", violations())])));
    }

    #[test]
    fn a_rule_that_is_disabled_or_leads_nowhere_fails() {
        let disabled = Rule { state: Present(RuleState::Disabled), ..rule("alert", violations()) };
        assert_eq!(
            failed(judge(ID, &with_rules(vec![disabled]))),
            "rule alert takes violations of aws.config and is disabled"
        );
        assert_eq!(
            failed(judge(ID, &with_rules(vec![handing(Vec::new())]))),
            "rule alert takes violations of aws.config to nowhere: it has no target"
        );
        let mut gone = topic("alerts");
        gone.existence = Seen::new(Present(Existence::Missing), Vec::new());
        let view = View { rules: seen(vec![rule("alert", violations())]) };
        let text = failed(judge(ID, &with(view, config::fixture::view(), vec![gone])));
        assert!(text.ends_with("topic arn:aws:sns:us-east-2:123456789012:alerts, which does not exist"), "{text}");
    }

    #[test]
    fn a_target_that_is_not_followed_leaves_the_question_open_unless_it_is_accepted() {
        let elsewhere = || with_rules(vec![handing(vec![target("arn:aws:lambda:us-east-2:123456789012:function:f")])]);
        let text = undecided(judge(ID, &elsewhere()));
        assert!(text.contains("function:f, which is no topic and is not followed"), "{text}");
        let accepted = "accepted_targets = ['arn:aws:lambda:us-east-2:123456789012:function:f']";
        let text = passed(judge_with(ID, accepted, &elsewhere()));
        assert!(text.contains("| it is no topic; the parameter accepted_targets"), "{text}");
        let foreign = handing(vec![target("arn:aws:sns:us-east-2:210987654321:alerts")]);
        let text = undecided(judge(ID, &with_rules(vec![foreign])));
        assert!(text.ends_with("it is in another account and is not followed"), "{text}");
        let unseen = handing(vec![target(&topic_arn("other"))]);
        assert!(undecided(judge(ID, &with_rules(vec![unseen]))).ends_with("nothing was seen of it"));
        let both = handing(vec![target("arn:aws:lambda:x"), target(&topic_arn("alerts"))]);
        passed(judge(ID, &with_rules(vec![both])));
    }

    #[test]
    fn the_topic_of_a_delivery_channel_hears_of_violations_too() {
        let naming = |topic: Observed<String>| {
            let channels = seen(vec![Channel { name: "default".into(), topic }]);
            config::View { channels, ..config::fixture::view() }
        };
        let none = || View { rules: seen(Vec::new()) };
        let text = passed(judge(ID, &with(none(), naming(Present(topic_arn("alerts"))), vec![topic("alerts")])));
        assert_eq!(
            text,
            "delivery channel default of AWS Config tells topic arn:aws:sns:us-east-2:123456789012:alerts | it tells of every change, and violations are among them"
        );
        assert_eq!(
            failed(judge(ID, &with(none(), naming(Absent), Vec::new()))),
            "no rule of the default event bus takes a violation"
        );
        let unread = config::View { channels: denied(), ..config::fixture::view() };
        assert_eq!(undecided(judge(ID, &with(none(), unread, Vec::new()))), denial().to_string());
        let unread = config::View { channels: denied(), ..config::fixture::view() };
        let view = View { rules: seen(vec![rule("alert", violations())]) };
        passed(judge(ID, &with(view, unread, vec![topic("alerts")])));
    }

    #[test]
    fn what_could_not_be_read_is_an_error_unless_another_way_is_there() {
        let unread = with(View { rules: denied() }, config::fixture::view(), Vec::new());
        assert_eq!(undecided(judge(ID, &unread)), denial().to_string());
        let newer = json!({"source": ["aws.config"], "detail": {"messageType": [{"newer": "x"}]}});
        let text = undecided(judge(ID, &with_rules(vec![rule("odd", newer.clone())])));
        assert!(text.starts_with("rule odd: ListRules answered `newer`"), "{text}");
        passed(judge(ID, &with_rules(vec![rule("odd", newer), rule("alert", violations())])));
        let stateless = Rule { state: Absent, ..rule("alert", violations()) };
        let text = undecided(judge(ID, &with_rules(vec![stateless])));
        assert!(text.starts_with("ListRules answered without State"), "{text}");
        let targetless = Rule { targets: denied(), ..rule("alert", violations()) };
        assert_eq!(undecided(judge(ID, &with_rules(vec![targetless]))), denial().to_string());
        let patternless = Rule { pattern: Observed::Unknown(denial()), ..rule("alert", violations()) };
        assert_eq!(undecided(judge(ID, &with_rules(vec![patternless]))), format!("rule alert: {}", denial()));
    }

    #[test]
    fn without_aws_config_alarms_on_violations_or_on_the_trails_events_stand_in() {
        use crate::cloudwatch::fixture::{ROOT_PATTERN, filter, on, on_function};
        let stopped = || config::View { recorders: seen(Vec::new()), ..config::fixture::view() };
        let alarmed = |config: config::View, alarms: Vec<cloudwatch::Definition>| {
            let account =
                Account { config, ..cloudwatch::fixture::account(vec![filter("root", ROOT_PATTERN)], alarms) };
            evidence(vec![cloudwatch::fixture::of_account(account), topic("alerts")])
        };
        let silent = || on_function("own");
        let none = "no rule of the default event bus takes a violation";
        assert_eq!(failed(judge(ID, &alarmed(stopped(), vec![silent()]))), none);
        let tells = "alarm `a`: the alarm tells topic arn:aws:sns:us-east-2:123456789012:alerts";
        assert_eq!(passed(judge(ID, &alarmed(stopped(), vec![on("root", "a")]))), tells);
        let named = "violation_metrics = ['AWS/Lambda/Errors']";
        assert!(passed(judge_with(ID, named, &alarmed(stopped(), vec![silent()]))).starts_with("alarm `own`: "));
        // Where AWS Config records, violations do not show in metrics alone.
        assert_eq!(failed(judge(ID, &alarmed(config::fixture::view(), vec![on("root", "a")]))), none);
        // An alarm on another metric of the trail's group, one that no event sets off, and one of another trail do not.
        let mut beside = alarmed(stopped(), vec![on("access", "a")]);
        let filters = vec![filter("root", ROOT_PATTERN), filter("access", "{ $.eventName = GetObject }")];
        if let Resource::Account(account) = &mut beside.subjects[0].resource {
            account.metric_filters = seen(filters);
        }
        assert_eq!(failed(judge(ID, &beside)), none);
        let deaf = cloudwatch::Definition { watched: silent().watched, ..on("root", "a") };
        assert_eq!(failed(judge(ID, &alarmed(stopped(), vec![deaf]))), none);
        let elsewhere = "trail_name = 'another'";
        assert_eq!(failed(judge_with(ID, elsewhere, &alarmed(stopped(), vec![on("root", "a")]))), none);
        let mute = cloudwatch::Definition { alarm_actions: Vec::new(), ..on("root", "a") };
        assert!(failed(judge(ID, &alarmed(stopped(), vec![mute]))).contains("alarm `a`: nothing happens"));
        let unread = with(View { rules: seen(Vec::new()) }, stopped(), Vec::new());
        assert_eq!(undecided(judge(ID, &unread)), denial().to_string());
        let unread = config::View { recorders: denied(), ..config::fixture::view() };
        assert_eq!(undecided(judge(ID, &alarmed(unread, Vec::new()))), denial().to_string());
    }
}
