//! Who publishes to a topic: worked out from what was seen of alarms, rules, trails and AWS Config.

use crate::check::Context;
use crate::observed::Gap;

/// Somebody who publishes to the topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Publisher {
    /// An alarm of CloudWatch that has the topic among its actions.
    Alarm {
        /// Its name.
        name: String,
        /// Its ARN.
        arn: String,
    },
    /// A rule of EventBridge that has the topic for a target.
    Rule {
        /// Its name.
        name: String,
        /// Its ARN.
        arn: String,
        /// The role that the target names; `None` for most, which publish under the service's own name.
        role: Option<String>,
    },
    /// A trail that says by the topic that it delivered.
    Trail {
        /// Its name.
        name: String,
        /// Its ARN.
        arn: String,
    },
    /// The delivery channel of AWS Config, which publishes as the recorder's role.
    Config {
        /// The ARN of the role.
        role: String,
    },
}

impl Publisher {
    /// Its name for a reader.
    pub(crate) fn shown(&self) -> String {
        match self {
            Publisher::Alarm { name, .. } => format!("alarm `{name}`"),
            Publisher::Rule { name, .. } => format!("rule `{name}`"),
            Publisher::Trail { name, .. } => format!("trail `{name}`"),
            Publisher::Config { .. } => "AWS Config".to_owned(),
        }
    }
}

/// Everybody who publishes to a topic, as far as that was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Publishers {
    /// Those that were seen, whether or not they are switched on at the moment.
    pub(crate) seen: Vec<Publisher>,
    /// What kept others from being seen.
    pub(crate) gaps: Vec<Gap>,
}

impl Publishers {
    /// The publishers of the topic that is judged.
    pub(crate) fn of(_context: &Context<'_>) -> Self {
        Publishers { seen: Vec::new(), gaps: Vec::new() }
    }
}
