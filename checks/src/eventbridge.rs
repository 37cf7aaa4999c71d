//! EventBridge rules: what is seen of them, and the checks of their requirements.

mod dead_letter;
#[cfg(test)]
pub(crate) mod fixture;
pub mod pattern;
mod sample;
mod violation;

use serde::{Deserialize, Serialize};

use crate::check::{Check, Context};
use crate::observed::{Gap, Observed, Seen};
use crate::s3::RuleState;
use crate::sns::Topic;
use crate::subject::Existence;
use crate::verdict::{Judgement, Verdict};

pub use sample::is_about_violations;

/// The checks of this file, in catalog order.
pub fn checks() -> Vec<Check> {
    vec![
        Check::across("compliance-violation-alert-routed", violation::routed),
        Check::across("monitoring-error-handling", dead_letter::handled),
    ]
}

/// What was seen of the default event bus, in the run's region. Events of AWS services arrive there and nowhere else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct View {
    /// Every rule of the bus; an empty list means none.
    pub rules: Seen<Vec<Rule>>,
}

/// A rule of the default event bus.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// Its ARN; EventBridge always answers it.
    pub arn: Observed<String>,
    /// Whether it is enabled; EventBridge always answers it.
    pub state: Observed<RuleState>,
    /// What events it takes; absent means that only its schedule starts it.
    pub pattern: Observed<EventPattern>,
    /// Its schedule; absent means that only events start it.
    pub schedule: Observed<String>,
    /// What it hands events to; an empty list means that nothing happens.
    pub targets: Seen<Vec<Target>>,
}

/// The event pattern of a rule, as parsed JSON. It is not shown, because a pattern may name what it looks for.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventPattern(pub serde_json::Value);

impl std::fmt::Debug for EventPattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EventPattern(..)")
    }
}

/// What a rule hands events to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Its id, unique within the rule.
    pub id: String,
    /// The ARN of what receives the events.
    pub arn: String,
    /// The role that EventBridge takes for it; absent means that the receiver's own policy has to let it in.
    pub role: Observed<String>,
    /// The queue for events that could not be handed over; absent means that those are lost.
    pub dead_letter: Observed<String>,
}

impl View {
    /// The evidence where nothing could be seen.
    pub fn unknown(gap: &Gap) -> Self {
        View { rules: Seen::gap(gap.clone()) }
    }
}

const RULES: &str = "ListRules";
const TARGETS: &str = "ListTargetsByRule";

/// Whether an ARN names a topic.
pub(crate) fn is_topic(arn: &str) -> bool {
    arn.split(':').nth(2) == Some("sns")
}

/// Whether a topic that something publishes to is there; `what` names both for the text.
pub(crate) fn reaches(arn: &str, what: &str, context: &Context<'_>) -> Judgement {
    let found = context.evidence.all::<Topic>().find(|(subject, _)| subject.names().contains(arn));
    let Some((subject, _)) = found else {
        let own = arn.split(':').nth(4) == Some(context.evidence.run.account.as_str());
        let why = if own { "nothing was seen of it" } else { "it is in another account and is not followed" };
        return Err(Gap::undecided(format!("{what} topic {arn}, and {why}")));
    };
    Ok(match subject.existence.required("GetTopicAttributes", "Attributes")? {
        Existence::Exists => Verdict::satisfied(format!("{what} topic {arn}")),
        Existence::Missing => {
            Verdict::not_satisfied(format!("{what} topic {arn}, which does not exist"), "a topic that exists")
        }
    })
}
