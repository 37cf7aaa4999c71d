//! Events that a rule of the default event bus takes to a topic, as another way than filter, metric and alarm.

use serde_json::{Value, json};

use super::sample::{Category, Sample, leading_region};
use super::{Tried, Way};
use crate::eventbridge::{EventPattern, Rule, is_topic, pattern};
use crate::observed::{Gap, Observed};
use crate::s3::RuleState;

/// Follows an event through the rules of the default bus.
pub(super) fn by_rules(tried: &Tried<'_>, sample: &Sample) -> Way {
    let deaf = Way::broken(0, "no rule of the default event bus takes");
    if !arises_here(tried) {
        return deaf;
    }
    let rules = match tried.account.events.rules.required("ListRules", "Rules") {
        Ok(rules) => rules,
        Err(gap) => return Way::Open(gap),
    };
    rules.iter().filter_map(|rule| by_rule(rule, tried, sample)).fold(deaf, Way::or)
}

/// Whether events of the category come to the bus of the run's region. Those of IAM and of root arise in the leading region
/// alone, and a trail is changed in its home region alone; without a trail that logs, the bus hears of no call.
fn arises_here(tried: &Tried<'_>) -> bool {
    let Some(trail) = tried.trail else { return false };
    match tried.category {
        Category::IamPolicyChange | Category::RootUsage => tried.run.region == leading_region(tried.run),
        Category::AuditLogTampering => trail.home_region == Observed::Present(tried.run.region.clone()),
        Category::UnauthorizedApiCalls | Category::KmsKeyDisableOrDeletion => true,
    }
}

/// Follows an event through a rule to a topic; `None` where the rule does not take it.
fn by_rule(rule: &Rule, tried: &Tried<'_>, sample: &Sample) -> Option<Way> {
    let name = &rule.name;
    let of_rule = |gap: Gap| Way::Open(Gap::undecided(format!("rule `{name}`: {gap}")));
    let pattern = match rule.pattern.seen() {
        Ok(Some(EventPattern(pattern))) => pattern,
        Ok(None) => return None,
        Err(gap) => return Some(of_rule(gap)),
    };
    match pattern::matches(pattern, &on_the_bus(&sample.event)) {
        Ok(true) => {}
        Ok(false) => return None,
        Err(gap) => return Some(of_rule(gap)),
    }
    match tried.told_apart(|event| pattern::matches(pattern, &on_the_bus(event))) {
        Ok(None) => {}
        Ok(Some(harmless)) => {
            return Some(Way::broken(1, format!("rule `{name}` takes harmless events such as {harmless} beside")));
        }
        Err(gap) => return Some(of_rule(gap)),
    }
    Some(match (rule.state.required("ListRules", "State"), rule.targets.required("ListTargetsByRule", "Targets")) {
        (Ok(RuleState::Disabled), _) => Way::broken(2, format!("rule `{name}` is disabled, and so does not tell of")),
        (Err(gap), _) | (Ok(RuleState::Enabled), Err(gap)) => of_rule(gap),
        (Ok(RuleState::Enabled), Ok(targets)) => {
            let arns: Vec<&str> = targets.iter().map(|target| target.arn.as_str()).collect();
            match arns.iter().find(|arn| is_topic(arn)) {
                Some(topic) => Way::Complete {
                    by: format!("rule `{name}` of the default event bus and topic {topic}"),
                    notes: notes(tried.category, name),
                },
                None if arns.is_empty() => {
                    Way::broken(2, format!("rule `{name}` has no target, and so does not tell of"))
                }
                None => of_rule(Gap::undecided(format!(
                    "it hands {} to {}, which is no topic and is not followed",
                    sample.name,
                    arns.join(", ")
                ))),
            }
        }
    })
}

fn notes(category: Category, rule: &str) -> Vec<String> {
    let mut notes = vec![format!("rule `{rule}` stands in for a metric filter and an alarm (accept_eventbridge)")];
    if category == Category::UnauthorizedApiCalls {
        notes.push(
            "calls that only read come to the bus only where the rule's state asks for all management events".into(),
        );
    }
    notes
}

/// An event of CloudTrail as the default bus carries it.
fn on_the_bus(event: &Value) -> Value {
    let text = |field: &str| event.get(field).and_then(Value::as_str).unwrap_or("");
    let service = text("eventSource").trim_end_matches(".amazonaws.com");
    let kind = match text("eventType") {
        "AwsConsoleSignIn" => "AWS Console Sign In via CloudTrail",
        _ => "AWS API Call via CloudTrail",
    };
    json!({
        "version": "0",
        "id": "00000000-0000-0000-0000-000000000000",
        "detail-type": kind,
        "source": format!("aws.{service}"),
        "account": text("recipientAccountId"),
        "time": text("eventTime"),
        "region": text("awsRegion"),
        "resources": [],
        "detail": event,
    })
}
