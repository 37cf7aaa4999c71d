//! Which events of a bucket reach the function.

use serde::Deserialize;

use super::{Bucket, EventRule, FunctionNotification, Notifications, RuleState, Switch};
use crate::check::Context;
use crate::evidence::Evidence;
use crate::lambda::Function;
use crate::observed::Gap;
use crate::subject::{Existence, Kind, Role, Subject};
use crate::verdict::{Judgement, Verdict, any, either};

/// Which ways of invoking the function count.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EventNotification {
    allow_filters: bool,
    accept_eventbridge: bool,
}

/// The event that stands for every way of creating an object, and those ways.
pub(super) const CREATED: &str = "s3:ObjectCreated:*";
const WAYS_TO_CREATE: [&str; 4] = [
    "s3:ObjectCreated:Put",
    "s3:ObjectCreated:Post",
    "s3:ObjectCreated:Copy",
    "s3:ObjectCreated:CompleteMultipartUpload",
];

/// No entry at all is S3's way of saying that nothing is notified: it fails. Without a function to compare with, entries
/// cannot be judged.
pub(super) fn event_notification(bucket: &Bucket, params: &EventNotification, context: &Context<'_>) -> Judgement {
    let none =
        Notifications { functions: Vec::new(), event_bridge: Switch::Off, queues: Vec::new(), topics: Vec::new() };
    let notifications = bucket.notifications.seen()?.unwrap_or(&none);
    let functions: Vec<&Subject> = context
        .evidence
        .all::<Function>()
        .map(|(subject, _)| subject)
        .filter(|subject| subject.role == Role::Primary)
        .collect();
    if functions.is_empty() && (!notifications.functions.is_empty() || notifications.event_bridge == Switch::On) {
        return Err(Gap::NothingToAudit { kind: Kind::Function.name().into() });
    }
    let directly = || notified(notifications, &functions, params, context);
    let verdict = match (notifications.event_bridge, params.accept_eventbridge) {
        (Switch::Off, _) => directly()?,
        (Switch::On, true) => either(directly(), || bridged(bucket, &functions, params, context))?,
        (Switch::On, false) => {
            directly()?.noting("the bucket sends events to EventBridge, which the settings do not accept")
        }
    };
    Ok(hinting_at_detours(verdict, notifications))
}

/// Says of a failure that a queue or a topic might still lead to the function; that is not followed.
fn hinting_at_detours(verdict: Verdict, notifications: &Notifications) -> Verdict {
    let detours = notifications.queues.len() + notifications.topics.len();
    if matches!(verdict, Verdict::NotSatisfied { .. }) && detours > 0 {
        verdict
            .noting("the bucket notifies a queue or a topic, which may call the function in turn; that is not followed")
    } else {
        verdict
    }
}

/// The parts of a function's ARN that tell functions apart.
#[derive(Debug, PartialEq, Eq)]
struct FunctionArn<'a> {
    region: &'a str,
    account: &'a str,
    name: &'a str,
    qualifier: Option<&'a str>,
}

impl<'a> FunctionArn<'a> {
    fn parse(arn: &'a str) -> Option<Self> {
        let parts: Vec<&str> = arn.split(':').collect();
        match parts.as_slice() {
            ["arn", _, "lambda", region, account, "function", name] => {
                Some(FunctionArn { region, account, name, qualifier: None })
            }
            ["arn", _, "lambda", region, account, "function", name, qualifier] => {
                Some(FunctionArn { region, account, name, qualifier: Some(qualifier) })
            }
            _ => None,
        }
    }

    fn parse_of(operation: &'static str, arn: &'a str) -> Result<Self, Gap> {
        FunctionArn::parse(arn).ok_or_else(|| Gap::Unparsable {
            operation: operation.into(),
            what: format!("`{arn}` is not the ARN of a function"),
        })
    }

    /// Whether this names the function of the subject, whatever the version or alias.
    fn names(&self, subject: &Subject, context: &Context<'_>) -> bool {
        match subject.arn.as_deref().and_then(FunctionArn::parse) {
            Some(own) => (own.name, own.account, own.region) == (self.name, self.account, self.region),
            None => self.name == subject.id && self.account == context.evidence.run.account,
        }
    }
}

/// The qualifiers under which the bucket's notifications invoke the function, `None` for none.
///
/// # Errors
/// A gap, where the notifications or the ARN of one of them could not be read.
pub(crate) fn invocations<'a>(
    bucket: &'a Bucket,
    function: &Subject,
    evidence: &Evidence,
) -> Result<Vec<Option<&'a str>>, Gap> {
    let Some(notifications) = bucket.notifications.seen()? else { return Ok(Vec::new()) };
    let context = Context { subject: function, evidence };
    let mut qualifiers = Vec::new();
    for entry in &notifications.functions {
        let arn = FunctionArn::parse_of("GetBucketNotificationConfiguration", &entry.function_arn)?;
        if arn.names(function, &context) {
            qualifiers.push(arn.qualifier);
        }
    }
    Ok(qualifiers)
}

/// Whether a rule of EventBridge takes the bucket's new objects to the function, all of them or some.
///
/// # Errors
/// A gap, where that could not be read.
pub(crate) fn through_event_bridge(
    (subject, bucket): (&Subject, &Bucket),
    function: &Subject,
    evidence: &Evidence,
) -> Result<bool, Gap> {
    match bucket.notifications.seen()? {
        Some(Notifications { event_bridge: Switch::On, .. }) => {}
        Some(Notifications { event_bridge: Switch::Off, .. }) | None => return Ok(false),
    }
    let params = EventNotification { allow_filters: true, accept_eventbridge: true };
    Ok(matches!(bridged(bucket, &[function], &params, &Context { subject, evidence })?, Verdict::Satisfied { .. }))
}

/// Says of a function that would pass that it is not there, or that nobody could tell.
fn there(verdict: Verdict, function: &Subject) -> Judgement {
    if matches!(verdict, Verdict::Satisfied { .. }) && function.existence.seen()? == Some(&Existence::Missing) {
        let why = format!("{} `{}` does not exist", function.kind, function.id);
        return Err(Gap::depends_on("stack-outputs-resolve-live", why));
    }
    Ok(verdict)
}

/// Judges the entries that invoke functions directly: one of the stack's functions has to get every new object.
fn notified(
    notifications: &Notifications,
    functions: &[&Subject],
    params: &EventNotification,
    context: &Context<'_>,
) -> Judgement {
    if notifications.functions.is_empty() {
        return Ok(Verdict::not_satisfied("no notification invokes a function", expected_notification("the function")));
    }
    any(functions.iter().map(|function| {
        let mut entries = Vec::new();
        let mut unread = None;
        for entry in &notifications.functions {
            match FunctionArn::parse_of("GetBucketNotificationConfiguration", &entry.function_arn) {
                Ok(arn) if arn.names(function, context) => entries.push((entry, arn)),
                Ok(_) => {}
                Err(gap) => unread = Some(gap),
            }
        }
        let verdict = invoked(&entries, function, params);
        match (&verdict, unread) {
            (Verdict::NotSatisfied { .. }, Some(gap)) => Err(gap),
            (Verdict::NotSatisfied { .. }, None) if entries.is_empty() => Ok(invoked_others(notifications, function)),
            (Verdict::Satisfied { .. } | Verdict::NotSatisfied { .. } | Verdict::NotApplicable { .. }, _) => {
                there(verdict, function)
            }
        }
    }))
}

fn expected_notification(function: &str) -> String {
    format!("{CREATED} for every key invokes {function}")
}

fn invoked_others(notifications: &Notifications, function: &Subject) -> Verdict {
    let mut others: Vec<&str> = notifications
        .functions
        .iter()
        .filter_map(|entry| FunctionArn::parse(&entry.function_arn).map(|arn| arn.name))
        .collect();
    others.dedup();
    let expected = expected_notification(&function.id);
    Verdict::not_satisfied(format!("notifications invoke another function only ({})", others.join(", ")), expected)
}

/// Judges the entries of one function, which may share the ways of creating an object between them.
fn invoked(
    entries: &[(&FunctionNotification, FunctionArn<'_>)],
    function: &Subject,
    params: &EventNotification,
) -> Verdict {
    let name = &function.id;
    let expected = expected_notification(name);
    let covers = |entries: &[&FunctionNotification]| {
        let has = |event: &str| entries.iter().any(|entry| entry.events.iter().any(|one| one == event));
        has(CREATED) || WAYS_TO_CREATE.iter().all(|event| has(event))
    };
    let all: Vec<&FunctionNotification> = entries.iter().map(|(entry, _)| *entry).collect();
    let (filtered, unfiltered): (Vec<&FunctionNotification>, Vec<&FunctionNotification>) =
        all.iter().partition(|entry| !entry.prefix.is_empty() || !entry.suffix.is_empty());
    if covers(&unfiltered) {
        return noting_qualifiers(Verdict::satisfied(format!("every new object invokes {name}")), entries);
    }
    let events: Vec<&str> = all.iter().flat_map(|entry| entry.events.iter().map(String::as_str)).collect();
    if !covers(&all) {
        let observed = format!("only {} invokes {name}", events.join(", "));
        let verdict = Verdict::not_satisfied(observed, expected);
        return if events.iter().any(|event| event.starts_with("s3:ObjectCreated:")) {
            verdict.noting("the other ways to create an object, such as a multipart upload, do not invoke it")
        } else {
            verdict
        };
    }
    let filters: Vec<String> =
        filtered.iter().map(|entry| format!("prefix `{}` and suffix `{}`", entry.prefix, entry.suffix)).collect();
    let observed = format!("new objects invoke {name} only for keys with {}", filters.join(", "));
    if params.allow_filters {
        noting_qualifiers(Verdict::satisfied(observed).noting("the settings accept filters"), entries)
    } else {
        Verdict::not_satisfied(observed, expected)
    }
}

fn noting_qualifiers(verdict: Verdict, entries: &[(&FunctionNotification, FunctionArn<'_>)]) -> Verdict {
    entries.iter().filter_map(|(_, arn)| arn.qualifier).fold(verdict, |verdict, qualifier| {
        verdict.noting(format!("the notification names version or alias `{qualifier}`"))
    })
}

/// Judges the rules of EventBridge that target one of the stack's functions; one that fits is enough.
fn bridged(bucket: &Bucket, functions: &[&Subject], params: &EventNotification, context: &Context<'_>) -> Judgement {
    let rules = match bucket.event_rules.seen() {
        Ok(Some(rules)) => rules.as_slice(),
        Ok(None) => &[],
        Err(gap) => return Err(naming_both_permissions(gap)),
    };
    let parts = rules.iter().flat_map(|rule| {
        functions.iter().filter_map(|function| {
            match FunctionArn::parse_of("ListRuleNamesByTarget", &rule.function_arn) {
                Ok(arn) if arn.names(function, context) => {
                    Some(matched(rule, function, params, context).and_then(|verdict| there(verdict, function)))
                }
                Ok(_) => None,
                Err(gap) => Some(Err(gap)),
            }
        })
    });
    let parts: Vec<Judgement> = parts.collect();
    if parts.is_empty() {
        let expected = "an enabled rule of EventBridge for Object Created of this bucket that targets the function";
        return Ok(Verdict::not_satisfied("no rule of EventBridge targets the function", expected));
    }
    any(parts).map_err(naming_both_permissions)
}

/// Whoever is denied one of the two calls behind a rule lacks the other as a rule too.
fn naming_both_permissions(gap: Gap) -> Gap {
    if let Gap::Denied { operation, permission: _, or_else } = gap {
        let permission = "events:ListRuleNamesByTarget and events:DescribeRule".into();
        Gap::Denied { operation, permission, or_else }
    } else {
        gap
    }
}

/// Judges one rule. A part that the pattern leaves out matches everything; no pattern at all matches nothing.
fn matched(rule: &EventRule, function: &Subject, params: &EventNotification, context: &Context<'_>) -> Judgement {
    let name = &rule.name;
    let fails = |why: &str| {
        let expected = format!("an enabled rule for Object Created of this bucket that targets {}", function.id);
        Ok(Verdict::not_satisfied(format!("EventBridge rule `{name}` {why}"), expected))
    };
    if *rule.state.required("DescribeRule", "State")? == RuleState::Disabled {
        return fails("is disabled");
    }
    let Some(pattern) = rule.pattern.seen()? else {
        return fails("runs on a schedule and matches no events");
    };
    let takes = |values: &[String], value: &str| values.is_empty() || values.iter().any(|one| one == value);
    if !takes(&pattern.sources, "aws.s3") || !takes(&pattern.detail_types, "Object Created") {
        return fails("does not match Object Created of aws.s3");
    }
    if !takes(&pattern.buckets, &context.subject.id) {
        return fails("matches other buckets only");
    }
    if let Some(narrowed) = &pattern.narrowed {
        return fails(&format!("matches only a part of the events, by {narrowed}"));
    }
    let met = Verdict::satisfied(format!("every new object invokes {} through EventBridge rule `{name}`", function.id));
    Ok(match &pattern.key_filter {
        None => met,
        Some(filter) if params.allow_filters => met.noting(format!("only for keys that match {filter}")),
        Some(filter) => return fails(&format!("matches only keys by {filter}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::*;
    use crate::observed::{Observed, Seen};
    use crate::s3::EventPattern;
    use crate::s3::fixture::*;
    use crate::subject::Resource;

    const ID: &str = "s3-event-notification-lambda";

    fn notifying(functions: Vec<FunctionNotification>) -> Bucket {
        let mut bucket = bucket();
        bucket.notifications = seen(notifications(functions));
        bucket
    }

    fn bridging(rules: Seen<Vec<EventRule>>) -> Bucket {
        let mut bucket = bucket();
        bucket.notifications = seen(Notifications { event_bridge: Switch::On, ..notifications(Vec::new()) });
        bucket.event_rules = rules;
        bucket
    }

    fn pattern() -> EventPattern {
        EventPattern {
            sources: vec!["aws.s3".into()],
            detail_types: vec!["Object Created".into()],
            buckets: vec![BUCKET.into()],
            key_filter: None,
            narrowed: None,
        }
    }

    fn event_rule(pattern: EventPattern) -> EventRule {
        EventRule {
            name: "created".into(),
            function_arn: FUNCTION_ARN.into(),
            state: present(RuleState::Enabled),
            pattern: present(pattern),
        }
    }

    #[test]
    fn every_new_object_has_to_invoke_the_function() {
        assert_eq!(passed(judge(ID, &alone(bucket()))), "every new object invokes patient-data-processor-pr1");
        passed(judge(ID, &alone(notifying(vec![notification(&WAYS_TO_CREATE)]))));
        let shared = vec![notification(&WAYS_TO_CREATE[..2]), notification(&WAYS_TO_CREATE[2..])];
        passed(judge(ID, &alone(notifying(shared))));
    }

    #[test]
    fn a_part_of_the_ways_to_create_fails() {
        let three = notifying(vec![notification(&WAYS_TO_CREATE[..3])]);
        assert_eq!(
            failed(judge(ID, &alone(three))),
            "only s3:ObjectCreated:Put, s3:ObjectCreated:Post, s3:ObjectCreated:Copy invokes patient-data-processor-pr1 | the other ways to create an object, such as a multipart upload, do not invoke it"
        );
        let removed = notifying(vec![notification(&["s3:ObjectRemoved:*"])]);
        assert_eq!(failed(judge(ID, &alone(removed))), "only s3:ObjectRemoved:* invokes patient-data-processor-pr1");
    }

    #[test]
    fn no_notification_fails_with_a_hint_at_queues_and_topics() {
        let none = "no notification invokes a function";
        assert_eq!(failed(judge(ID, &alone(notifying(Vec::new())))), none);
        let mut bucket = bucket();
        bucket.notifications = not_set();
        assert_eq!(failed(judge(ID, &alone(bucket.clone()))), none);
        bucket.notifications =
            seen(Notifications { queues: vec!["arn:aws:sqs:q".into()], ..notifications(Vec::new()) });
        assert_eq!(
            failed(judge(ID, &alone(bucket))),
            format!(
                "{none} | the bucket notifies a queue or a topic, which may call the function in turn; that is not followed"
            )
        );
    }

    #[test]
    fn another_function_of_that_name_or_place_fails() {
        for arn in [
            "arn:aws:lambda:us-east-2:123456789012:function:other",
            "arn:aws:lambda:us-east-2:210987654321:function:patient-data-processor-pr1",
            "arn:aws:lambda:us-east-1:123456789012:function:patient-data-processor-pr1",
        ] {
            let mut entry = notification(&[CREATED]);
            entry.function_arn = arn.into();
            let text = failed(judge(ID, &alone(notifying(vec![entry]))));
            assert!(text.starts_with("notifications invoke another function only"), "{text}");
        }
    }

    #[test]
    fn an_alias_of_the_function_passes_with_a_remark() {
        let mut entry = notification(&[CREATED]);
        entry.function_arn = format!("{FUNCTION_ARN}:live");
        assert_eq!(
            passed(judge(ID, &alone(notifying(vec![entry])))),
            "every new object invokes patient-data-processor-pr1 | the notification names version or alias `live`"
        );
    }

    #[test]
    fn a_filter_fails_unless_filters_are_accepted() {
        let mut entry = notification(&[CREATED]);
        entry.suffix = ".json".into();
        let filtered = alone(notifying(vec![entry]));
        let text = "new objects invoke patient-data-processor-pr1 only for keys with prefix `` and suffix `.json`";
        assert_eq!(failed(judge(ID, &filtered)), text);
        assert_eq!(
            passed(judge_with(ID, "allow_filters = true", &filtered)),
            format!("{text} | the settings accept filters")
        );
    }

    #[test]
    fn a_function_arn_that_cannot_be_read_is_an_error() {
        let mut entry = notification(&[CREATED]);
        entry.function_arn = "patient-data-processor-pr1".into();
        assert_eq!(
            undecided(judge(ID, &alone(notifying(vec![entry])))),
            "the answer of GetBucketNotificationConfiguration could not be read: `patient-data-processor-pr1` is not the ARN of a function"
        );
    }

    #[test]
    fn without_a_known_function_entries_cannot_be_judged() {
        let only = |bucket: Bucket| evidence(vec![subject(Kind::Bucket, BUCKET, Resource::Bucket(bucket.into()))]);
        let text = undecided(judge(ID, &only(bucket())));
        assert!(text.starts_with("no AWS::Lambda::Function was found in the outputs"), "{text}");
        undecided(judge(ID, &only(bridging(seen(Vec::new())))));
        assert_eq!(failed(judge(ID, &only(notifying(Vec::new())))), "no notification invokes a function");
        let mut supporting = alone(bucket());
        supporting.subjects[2].role = Role::Supporting;
        undecided(judge(ID, &supporting));
    }

    #[test]
    fn a_function_that_is_gone_is_an_error_and_not_a_pass() {
        let mut evidence = alone(bucket());
        evidence.subjects[2].existence = seen(Existence::Missing);
        assert_eq!(
            undecided(judge(ID, &evidence)),
            "depends on stack-outputs-resolve-live: AWS::Lambda::Function `patient-data-processor-pr1` does not exist"
        );
    }

    #[test]
    fn a_function_without_an_arn_is_known_by_name_and_account() {
        let mut evidence = alone(bucket());
        evidence.subjects[2].arn = None;
        passed(judge(ID, &evidence));
        evidence.run.account = "210987654321".into();
        failed(judge(ID, &evidence));
    }

    #[test]
    fn a_rule_of_eventbridge_passes_where_it_is_accepted() {
        let bridged = alone(bridging(seen(vec![event_rule(pattern())])));
        assert_eq!(
            passed(judge(ID, &bridged)),
            "every new object invokes patient-data-processor-pr1 through EventBridge rule `created` | no notification invokes a function"
        );
        assert_eq!(
            failed(judge_with(ID, "accept_eventbridge = false", &bridged)),
            "no notification invokes a function | the bucket sends events to EventBridge, which the settings do not accept"
        );
    }

    #[test]
    fn a_rule_that_misses_objects_fails() {
        let broken = |change: fn(&mut EventRule, EventPattern)| {
            let mut rule = event_rule(pattern());
            change(&mut rule, pattern());
            failed(judge(ID, &alone(bridging(seen(vec![rule])))))
        };
        let lead = "no notification invokes a function; EventBridge rule `created`";
        let disabled = broken(|rule, _| rule.state = Observed::Present(RuleState::Disabled));
        assert_eq!(disabled, format!("{lead} is disabled"));
        let scheduled = broken(|rule, _| rule.pattern = Observed::Absent);
        assert_eq!(scheduled, format!("{lead} runs on a schedule and matches no events"));
        let others = broken(|rule, pattern| {
            rule.pattern = present(EventPattern { buckets: vec!["other".into()], ..pattern });
        });
        assert_eq!(others, format!("{lead} matches other buckets only"));
        let deleted = broken(|rule, pattern| {
            rule.pattern = present(EventPattern { detail_types: vec!["Object Deleted".into()], ..pattern });
        });
        assert_eq!(deleted, format!("{lead} does not match Object Created of aws.s3"));
        let narrowed = broken(|rule, pattern| {
            rule.pattern = present(EventPattern { narrowed: Some("detail.reason".into()), ..pattern });
        });
        assert_eq!(narrowed, format!("{lead} matches only a part of the events, by detail.reason"));
    }

    #[test]
    fn a_filter_on_keys_in_a_rule_is_treated_like_one_in_a_notification() {
        let filter = EventPattern { key_filter: Some("a suffix".into()), ..pattern() };
        let filtered = alone(bridging(seen(vec![event_rule(filter)])));
        let text = failed(judge(ID, &filtered));
        assert!(text.ends_with("EventBridge rule `created` matches only keys by a suffix"), "{text}");
        let text = passed(judge_with(ID, "allow_filters = true", &filtered));
        assert!(text.contains("| only for keys that match a suffix"), "{text}");
    }

    #[test]
    fn unreadable_rules_are_an_error_that_names_both_permissions() {
        let both = "GetThing was denied; the auditing role needs events:ListRuleNamesByTarget and events:DescribeRule";
        assert_eq!(undecided(judge(ID, &alone(bridging(denied())))), both);
        let mut rule = event_rule(pattern());
        rule.pattern = withheld();
        assert_eq!(undecided(judge(ID, &alone(bridging(seen(vec![rule.clone()]))))), both);
        rule.state = withheld();
        assert_eq!(undecided(judge(ID, &alone(bridging(seen(vec![rule]))))), both);
    }

    #[test]
    fn no_rule_and_no_entry_fail_together() {
        let text = failed(judge(ID, &alone(bridging(seen(Vec::new())))));
        assert_eq!(text, "no notification invokes a function; no rule of EventBridge targets the function");
    }
}
