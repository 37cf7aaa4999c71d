//! EventBridge: the rules that invoke a function.

use futures_util::future::join_all;
use serde_json::{Map, Value};
use tap_audit_checks::observed::{CallId, Gap, Observed, Seen};
use tap_audit_checks::s3::{EventPattern, EventRule, RuleState};

use crate::collect::Walk;
use crate::collect::call::Call;

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
                let state = match answer.state().map(aws_sdk_eventbridge::types::RuleState::as_str) {
                    Some("ENABLED" | "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS") => {
                        Observed::Present(RuleState::Enabled)
                    }
                    Some("DISABLED") => Observed::Present(RuleState::Disabled),
                    Some(other) => RULE.unrecognised("State", other),
                    None => Observed::Unknown(RULE.incomplete("State")),
                };
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

/// Collects what the account holds of this service in the run's region.
pub(crate) async fn view(_walk: &Walk<'_>) -> tap_audit_checks::eventbridge::View {
    tap_audit_checks::eventbridge::View::unknown(&Gap::NotCollected { what: "this version does not read it".into() })
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
}
