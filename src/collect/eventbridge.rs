//! EventBridge: the rules of the default event bus, and those that invoke a function.

use aws_sdk_eventbridge::types;
use futures_util::future::join_all;
use serde_json::{Map, Value};
use tap_audit_checks::eventbridge::{self as bus, Rule, Target, View};
use tap_audit_checks::observed::{CallId, Gap, Observed, Seen};
use tap_audit_checks::s3::{EventPattern, EventRule, RuleState};
use tap_audit_checks::subject::Kind;

use crate::collect::call::Call;
use crate::collect::{Relation, Walk, sns};

const RULE_NAMES: Call = Call {
    service: "events",
    operation: "ListRuleNamesByTarget",
    permission: "events:ListRuleNamesByTarget",
    absent: &[],
    denied_or: None,
};
const RULE: Call = Call {
    service: "events",
    operation: "DescribeRule",
    permission: "events:DescribeRule",
    absent: &[],
    denied_or: None,
};

/// Every call of this file, for plans and for the policy that the auditing role needs.
pub(crate) const CALLS: &[&Call] = &[&RULE_NAMES, &RULE];

/// Collects the rules of the default event bus that target a function, with their state and pattern. S3 sends its events
/// to that bus only.
pub(crate) async fn rules_targeting(walk: &Walk<'_>, region: &str, function_arn: &str) -> Seen<Vec<EventRule>> {
    let names: Seen<Vec<String>> = walk
        .aws
        .ask_all(
            &RULE_NAMES,
            region,
            &[("TargetArn", function_arn)],
            |clients, token| {
                let request = clients.eventbridge().list_rule_names_by_target();
                request.target_arn(function_arn).set_next_token(token).send()
            },
            |answer| answer.next_token().map(str::to_owned),
            |answer| Ok(answer.rule_names().to_vec()),
        )
        .await;
    let described = match names.observed() {
        Observed::Present(names) => join_all(names.iter().map(|name| rule(walk, region, name, function_arn))).await,
        Observed::Absent | Observed::Unknown(_) => Vec::new(),
    };
    let (rules, calls): (Vec<EventRule>, Vec<Vec<CallId>>) = described.into_iter().unzip();
    names.map(|_| rules).resting_on(&calls.concat())
}

async fn rule(walk: &Walk<'_>, region: &str, name: &str, function_arn: &str) -> (EventRule, Vec<CallId>) {
    let described = walk
        .aws
        .ask(
            &RULE,
            region,
            &[("Name", name)],
            |clients| clients.eventbridge().describe_rule().name(name).send(),
            |answer| {
                let state = state(&RULE, answer.state());
                let pattern = match answer.event_pattern().filter(|pattern| !pattern.trim().is_empty()) {
                    Some(pattern) => match read(pattern, &walk.account, region) {
                        Ok(pattern) => Observed::Present(pattern),
                        Err(gap) => Observed::Unknown(gap),
                    },
                    None => Observed::Absent,
                };
                Observed::Present((state, pattern))
            },
        )
        .await;
    let calls = described.calls().to_vec();
    let (state, pattern) = match described.observed() {
        Observed::Present(described) => described.clone(),
        Observed::Absent => (Observed::Unknown(RULE.incomplete("State")), Observed::Unknown(RULE.incomplete("State"))),
        Observed::Unknown(gap) => (Observed::Unknown(gap.clone()), Observed::Unknown(gap.clone())),
    };
    (EventRule { name: name.to_owned(), function_arn: function_arn.to_owned(), state, pattern }, calls)
}

/// Takes from an event pattern what decides whether new objects match. What it cannot tell apart is a gap, and every
/// further test counts as narrowing.
fn read(text: &str, account: &str, region: &str) -> Result<EventPattern, Gap> {
    let Ok(Value::Object(pattern)) = serde_json::from_str(text) else {
        return Err(unparsable("EventPattern is not a JSON object"));
    };
    let mut read = EventPattern {
        sources: Vec::new(),
        detail_types: Vec::new(),
        buckets: Vec::new(),
        key_filter: None,
        narrowed: None,
    };
    let mut resources = None;
    for (field, value) in &pattern {
        match field.as_str() {
            "source" => read.sources = texts(field, value, Some("aws.s3"))?,
            "detail-type" => read.detail_types = texts(field, value, Some("Object Created"))?,
            "account" if texts(field, value, Some(account))?.iter().any(|one| one == account) => {}
            "region" if texts(field, value, Some(region))?.iter().any(|one| one == region) => {}
            "resources" => resources = Some(texts(field, value, None)?),
            "detail" => read_detail(object(field, value)?, &mut read)?,
            "$or" => return Err(undecided("$or")),
            other => narrow(&mut read, other),
        }
    }
    if let Some(resources) = resources {
        read_resources(&resources, &mut read);
    }
    Ok(read)
}

fn read_detail(detail: &Map<String, Value>, read: &mut EventPattern) -> Result<(), Gap> {
    for (field, value) in detail {
        match field.as_str() {
            "bucket" => {
                for (field, value) in object("detail.bucket", value)? {
                    match field.as_str() {
                        "name" => read.buckets = texts("detail.bucket.name", value, None)?,
                        "$or" => return Err(undecided("detail.bucket.$or")),
                        other => narrow(read, &format!("detail.bucket.{other}")),
                    }
                }
            }
            "object" => {
                for (field, value) in object("detail.object", value)? {
                    match field.as_str() {
                        "key" => read.key_filter = Some(kinds("detail.object.key", value)?),
                        "$or" => return Err(undecided("detail.object.$or")),
                        other => narrow(read, &format!("detail.object.{other}")),
                    }
                }
            }
            "$or" => return Err(undecided("detail.$or")),
            other => narrow(read, &format!("detail.{other}")),
        }
    }
    Ok(())
}

/// S3 names the bucket in the event's resources too, by ARN.
fn read_resources(resources: &[String], read: &mut EventPattern) {
    let named: Vec<String> = resources
        .iter()
        .filter_map(|arn| {
            let (_, bucket) = arn.split_once(":s3:::")?;
            Some(bucket.to_owned())
        })
        .filter(|bucket| read.buckets.is_empty() || read.buckets.contains(bucket))
        .collect();
    if named.is_empty() {
        narrow(read, "resources");
    } else {
        read.buckets = named;
    }
}

fn narrow(read: &mut EventPattern, field: &str) {
    read.narrowed = Some(match read.narrowed.take() {
        Some(narrowed) => format!("{narrowed}, {field}"),
        None => field.to_owned(),
    });
}

fn object<'a>(field: &str, value: &'a Value) -> Result<&'a Map<String, Value>, Gap> {
    value.as_object().ok_or_else(|| unparsable(&format!("`{field}` in EventPattern is not an object")))
}

fn list<'a>(field: &str, value: &'a Value) -> Result<&'a Vec<Value>, Gap> {
    // An empty list matches nothing, and a missing one everything: they must not be mixed up.
    value
        .as_array()
        .filter(|values| !values.is_empty())
        .ok_or_else(|| unparsable(&format!("`{field}` in EventPattern is not a list of values")))
}

/// The plain texts of a list. A matcher such as a prefix beside them can only add to what matches, so it may be left out
/// where the text that is `wanted` stands there plainly; elsewhere it leaves the question open.
fn texts(field: &str, value: &Value, wanted: Option<&str>) -> Result<Vec<String>, Gap> {
    let values = list(field, value)?;
    let texts: Vec<String> = values.iter().filter_map(|value| value.as_str().map(str::to_owned)).collect();
    let stands_there = wanted.is_some_and(|wanted| texts.iter().any(|text| text == wanted));
    if texts.len() == values.len() || stands_there { Ok(texts) } else { Err(undecided(field)) }
}

/// The kinds of matchers in a list. The values themselves are not kept: keys may be patient data.
fn kinds(field: &str, value: &Value) -> Result<String, Gap> {
    let mut kinds: Vec<&str> = Vec::new();
    for value in list(field, value)? {
        let found = match value {
            Value::Object(matcher) => matcher.keys().map(String::as_str).collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => vec!["exact keys"],
        };
        kinds.extend(found);
    }
    kinds.sort_unstable();
    kinds.dedup();
    Ok(kinds.join(", "))
}

fn unparsable(what: &str) -> Gap {
    Gap::Unparsable { operation: RULE.operation.into(), what: what.to_owned() }
}

fn undecided(field: &str) -> Gap {
    Gap::undecided(format!(
        "the event pattern tests `{field}` in a way that tap-audit does not evaluate; name the values plainly"
    ))
}

const RULES: Call =
    Call { service: "events", operation: "ListRules", permission: "events:ListRules", absent: &[], denied_or: None };
const TARGETS: Call = Call {
    service: "events",
    operation: "ListTargetsByRule",
    permission: "events:ListTargetsByRule",
    absent: &[],
    denied_or: None,
};

/// Every call about the default event bus as a whole.
pub(crate) const BUS_CALLS: &[&Call] = &[&RULES, &TARGETS];

/// The requirements that ask about the rules of the bus.
const ASKED_BY: &[&str] =
    &["compliance-violation-alert-routed", "config-recorder-on", "cw-", "monitoring-error-handling", "sns-"];

/// Collects the rules of the default event bus in the run's region with their targets, and reaches the topics of this
/// account that hear of violations through one.
pub(crate) async fn view(walk: &Walk<'_>) -> View {
    if !walk.scope.selects(ASKED_BY) {
        return View::unknown(&Gap::NotCollected { what: "no requirement of the profile asks about rules".into() });
    }
    let region = walk.region.as_str();
    let listed: Seen<Vec<Rule>> = walk
        .aws
        .ask_all(
            &RULES,
            region,
            &[],
            |clients, token| clients.eventbridge().list_rules().set_next_token(token).send(),
            |answer| answer.next_token().map(str::to_owned),
            |answer| answer.rules().iter().map(listed_rule).collect(),
        )
        .await;
    let with_targets = match listed.observed() {
        Observed::Present(rules) => {
            let each = rules.iter().map(async |rule| {
                let rule = Rule { targets: targets(walk, region, &rule.name).await, ..rule.clone() };
                reach_topics(walk, &rule);
                rule
            });
            join_all(each).await
        }
        Observed::Absent | Observed::Unknown(_) => Vec::new(),
    };
    View { rules: listed.map(|_| with_targets) }
}

fn listed_rule(found: &types::Rule) -> Result<Rule, Gap> {
    let name = found.name().ok_or_else(|| RULES.incomplete("Name"))?;
    let pattern = match found.event_pattern().filter(|pattern| !pattern.trim().is_empty()) {
        Some(text) => match serde_json::from_str(text) {
            Ok(pattern) => Observed::Present(bus::EventPattern(pattern)),
            Err(_) => Observed::Unknown(Gap::Unparsable {
                operation: RULES.operation.into(),
                what: format!("the event pattern of rule {name} is not JSON"),
            }),
        },
        None => Observed::Absent,
    };
    Ok(Rule {
        name: name.to_owned(),
        arn: Observed::of(found.arn().map(str::to_owned)),
        state: state(&RULES, found.state()),
        pattern,
        schedule: Observed::of(found.schedule_expression().filter(|text| !text.is_empty()).map(str::to_owned)),
        targets: Seen::gap(Gap::NotCollected { what: "targets are asked for after the rules are listed".into() }),
    })
}

fn state(call: &'static Call, state: Option<&types::RuleState>) -> Observed<RuleState> {
    match state.map(types::RuleState::as_str) {
        Some("ENABLED" | "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS") => Observed::Present(RuleState::Enabled),
        Some("DISABLED") => Observed::Present(RuleState::Disabled),
        Some(other) => call.unrecognised("State", other),
        None => Observed::Unknown(call.incomplete("State")),
    }
}

async fn targets(walk: &Walk<'_>, region: &str, rule: &str) -> Seen<Vec<Target>> {
    walk.aws
        .ask_all(
            &TARGETS,
            region,
            &[("Rule", rule)],
            |clients, token| clients.eventbridge().list_targets_by_rule().rule(rule).set_next_token(token).send(),
            |answer| answer.next_token().map(str::to_owned),
            |answer| Ok(answer.targets().iter().map(target).collect()),
        )
        .await
}

/// What a target gets beside the event is not kept: inputs are written by people and may hold anything.
fn target(found: &types::Target) -> Target {
    Target {
        id: found.id().to_owned(),
        arn: found.arn().to_owned(),
        role: Observed::of(found.role_arn().map(str::to_owned)),
        dead_letter: Observed::of(found.dead_letter_config().and_then(|queue| queue.arn()).map(str::to_owned)),
    }
}

/// Reaches the topics of a rule that hears of violations; other rules of the account lead to other people's topics, which
/// are none of the audit's. The roles by which a rule publishes are few, and are reached whatever the rule is about: the
/// topic may be the stack's.
fn reach_topics(walk: &Walk<'_>, rule: &Rule) {
    if let Observed::Present(targets) = rule.targets.observed() {
        for target in targets.iter().filter(|target| target.arn.split(':').nth(2) == Some("sns")) {
            sns::reach_publishing_role(walk, &target.role, "role of an event rule's target");
        }
    }
    let (Observed::Present(bus::EventPattern(pattern)), Observed::Present(targets)) =
        (&rule.pattern, rule.targets.observed())
    else {
        return;
    };
    if !bus::is_about_violations(pattern, &walk.account, &walk.region) {
        return;
    }
    for target in targets {
        reach_topic(walk, &target.arn, "topic of an event rule");
    }
}

/// Reaches a topic of this account by its ARN, from something that publishes to it; `what` says from what. Whatever is no
/// topic, or of another account, is left alone.
pub(crate) fn reach_topic(walk: &Walk<'_>, arn: &str, what: &'static str) {
    let parts: Vec<&str> = arn.split(':').collect();
    let ["arn", _, "sns", region, account, _] = parts.as_slice() else { return };
    if *account != walk.account {
        return;
    }
    if let Some(reference) = sns::topic_reference(walk, arn, region) {
        walk.reach(reference, Relation::Of { what, kind: Kind::Account, id: walk.account.clone() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Result<EventPattern, Gap> {
        read(text, "123456789012", "us-east-2")
    }

    #[test]
    fn a_pattern_for_new_objects_of_a_bucket_is_read_whole() {
        let read = pattern(
            r#"{"source":["aws.s3"],"detail-type":["Object Created"],"detail":{"bucket":{"name":["b"]}},
                "account":["123456789012"],"region":["us-east-2"]}"#,
        )
        .unwrap();
        assert_eq!(
            (read.sources, read.detail_types, read.buckets),
            (vec!["aws.s3".to_owned()], vec!["Object Created".to_owned()], vec!["b".to_owned()])
        );
        assert_eq!((read.key_filter, read.narrowed), (None, None));
    }

    #[test]
    fn a_filter_on_keys_keeps_its_kind_and_not_its_value() {
        let read = pattern(r#"{"detail":{"object":{"key":[{"prefix":"jane-doe/"},"john"]}}}"#).unwrap();
        assert_eq!(read.key_filter.as_deref(), Some("exact keys, prefix"));
    }

    #[test]
    fn every_further_test_narrows() {
        let read = pattern(r#"{"detail":{"reason":["PutObject"],"object":{"size":[{"numeric":[">",1]}]}}}"#).unwrap();
        assert_eq!(read.narrowed.as_deref(), Some("detail.reason, detail.object.size"));
        assert_eq!(pattern(r#"{"account":["210987654321"]}"#).unwrap().narrowed.as_deref(), Some("account"));
    }

    #[test]
    fn resources_name_buckets_too() {
        assert_eq!(pattern(r#"{"resources":["arn:aws:s3:::b"]}"#).unwrap().buckets, ["b"]);
        let both = r#"{"resources":["arn:aws:s3:::b"],"detail":{"bucket":{"name":["c"]}}}"#;
        assert_eq!(pattern(both).unwrap().narrowed.as_deref(), Some("resources"));
    }

    #[test]
    fn what_is_not_evaluated_is_a_gap_and_not_a_match() {
        for text in [
            r#"{"source":[{"prefix":"aws."}]}"#,
            r#"{"detail":{"bucket":{"name":[{"prefix":"b"}]}}}"#,
            r#"{"$or":[{"source":["aws.s3"]}]}"#,
            r#"{"source":[]}"#,
            r#"{"source":"aws.s3"}"#,
            r#"["aws.s3"]"#,
            r#"{"source":["aws.s3"]"#,
        ] {
            assert!(pattern(text).is_err(), "{text}");
        }
        assert!(pattern(r#"{"source":["aws.s3",{"prefix":"aws."}]}"#).is_ok());
    }

    use crate::collect::fixture::{scope, scope_of, walked};
    use crate::replay::{Account, Answer};

    const RULES_PAGE: &str = r#"{"Rules":[{"Name":"alert","Arn":"arn:aws:events:us-east-2:123456789012:rule/alert","State":"ENABLED","EventPattern":"{\"source\":[\"aws.config\"]}"}],"NextToken":"more"}"#;
    const MORE_RULES: &str = r#"{"Rules":[{"Name":"nightly","State":"ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS","ScheduleExpression":"rate(1 day)"},{"Name":"odd","State":"NEWER","EventPattern":"{"},{"Name":"other","State":"DISABLED","EventPattern":"{\"source\":[\"aws.ec2\"]}"}]}"#;

    fn bus() -> Account {
        let topic = |name: &str| format!("arn:aws:sns:us-east-2:123456789012:{name}");
        let targets = |arn: &str| Answer::ok(format!(r#"{{"Targets":[{{"Id":"1","Arn":"{arn}"}}]}}"#));
        let queued = format!(
            r#"{{"Targets":[{{"Id":"1","Arn":"{}","DeadLetterConfig":{{"Arn":"arn:q"}},"Input":"{{}}"}},{{"Id":"2","Arn":"arn:aws:sns:us-east-2:210987654321:foreign"}}]}}"#,
            topic("alerts")
        );
        let mut account =
            Account::from_files("test", [("account.toml", "[account]\nid = \"123456789012\"\n")]).unwrap();
        for (operation, arguments, answer) in [
            ("ListRules", &[][..], Answer::ok(RULES_PAGE)),
            ("ListRules", &[("NextToken", "more")][..], Answer::ok(MORE_RULES)),
            ("ListTargetsByRule", &[("Rule", "alert")][..], Answer::ok(queued)),
            (
                "ListTargetsByRule",
                &[("Rule", "nightly")][..],
                targets("arn:aws:lambda:us-east-2:123456789012:function:f"),
            ),
            ("ListTargetsByRule", &[("Rule", "odd")][..], Answer::error("eventbridge", 400, "AccessDeniedException")),
            ("ListTargetsByRule", &[("Rule", "other")][..], targets(&topic("strangers"))),
        ] {
            account = account.answer("eventbridge", operation, arguments, answer).unwrap();
        }
        account
    }

    #[tokio::test]
    async fn every_rule_of_the_default_bus_is_read_with_its_targets() {
        let (view, replay) = walked(bus(), &scope_of(&["compliance-violation-alert-routed"]), super::view).await;
        let Observed::Present(rules) = view.rules.observed() else { panic!("{:?}", view.rules) };
        let [alert, nightly, odd, other] = rules.as_slice() else { panic!("four rules: {rules:?}") };
        assert!(
            matches!(&alert.pattern, Observed::Present(bus::EventPattern(pattern)) if pattern["source"][0] == "aws.config")
        );
        let Observed::Present(targets) = alert.targets.observed() else { panic!("{:?}", alert.targets) };
        assert_eq!(targets[0].dead_letter, Observed::Present("arn:q".into()));
        assert_eq!((&targets[0].role, &targets[1].dead_letter), (&Observed::Absent, &Observed::Absent));
        assert_eq!((&nightly.state, &nightly.pattern), (&Observed::Present(RuleState::Enabled), &Observed::Absent));
        assert_eq!(nightly.schedule, Observed::Present("rate(1 day)".into()));
        assert_eq!(odd.state, RULES.unrecognised("State", "NEWER"));
        assert!(matches!(&odd.pattern, Observed::Unknown(Gap::Unparsable { .. })));
        assert!(matches!(odd.targets.observed(), Observed::Unknown(Gap::Denied { .. })));
        assert_eq!(other.state, Observed::Present(RuleState::Disabled));
        assert!(replay.unrecorded().is_empty() && replay.unasked().is_empty());
    }

    #[tokio::test]
    async fn only_topics_of_this_account_that_hear_of_violations_are_reached() {
        let (found, _) = walked(bus(), &scope_of(&["sns-policy-not-public"]), async |walk| {
            super::view(walk).await;
            walk.take_found()
        })
        .await;
        let [(reference, relation)] = found.as_slice() else { panic!("one topic, found {found:?}") };
        assert_eq!(reference.id, "arn:aws:sns:us-east-2:123456789012:alerts");
        assert_eq!(relation.to_string(), "topic of an event rule of AWS::::Account 123456789012");
    }

    #[tokio::test]
    async fn the_bus_is_not_read_where_no_requirement_asks_for_it() {
        let (view, replay) = walked(bus(), &scope(), super::view).await;
        assert!(matches!(view.rules.observed(), Observed::Unknown(Gap::NotCollected { .. })));
        assert_eq!(replay.counts().values().sum::<u64>(), 0);
    }
}
