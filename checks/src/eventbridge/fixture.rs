//! What the tests of rules are built from.

use serde_json::Value;

use super::{EventPattern, Rule, Target, View};
use crate::cloudformation::{Member, Stack};
use crate::config;
use crate::evidence::{Account, Evidence};
use crate::fixture::{ACCOUNT, denial, evidence, seen, subject};
use crate::observed::Observed::{self, Absent, Present};
use crate::s3::RuleState;
use crate::sns;
use crate::subject::{Kind, Resource, Subject};

pub(crate) fn target(arn: &str) -> Target {
    Target { id: "t".into(), arn: arn.into(), role: Absent, dead_letter: Absent }
}

pub(crate) fn topic_arn(name: &str) -> String {
    format!("arn:aws:sns:us-east-2:{ACCOUNT}:{name}")
}

pub(crate) fn topic(name: &str) -> Subject {
    subject(Kind::Topic, &topic_arn(name), Resource::Topic(Box::new(sns::fixture::topic())))
}

/// An enabled rule that takes events of this pattern to topic `alerts`.
pub(crate) fn rule(name: &str, pattern: Value) -> Rule {
    Rule {
        name: name.into(),
        arn: Present(format!("arn:aws:events:us-east-2:{ACCOUNT}:rule/{name}")),
        state: Present(RuleState::Enabled),
        pattern: Present(EventPattern(pattern)),
        schedule: Absent,
        targets: seen(vec![target(&topic_arn("alerts"))]),
    }
}

/// An enabled rule that starts a function each day.
pub(crate) fn scheduled(name: &str) -> Rule {
    Rule {
        pattern: Absent,
        schedule: Present("rate(1 day)".into()),
        targets: seen(vec![target(&format!("arn:aws:lambda:us-east-2:{ACCOUNT}:function:audit"))]),
        ..rule(name, Value::Null)
    }
}

/// An account with these rules, where AWS Config records, and topic `alerts`.
pub(crate) fn with_rules(rules: Vec<Rule>) -> Evidence {
    with(View { rules: seen(rules) }, config::fixture::view(), vec![topic("alerts")])
}

pub(crate) fn with(events: View, config: config::View, others: Vec<Subject>) -> Evidence {
    let account = Account { events, config, ..Account::unknown(&denial()) };
    let account = subject(Kind::Account, ACCOUNT, Resource::Account(Box::new(account)));
    evidence([vec![account], others].concat())
}

/// A stack that holds a rule.
pub(crate) fn stack_holding(rule: &str) -> Subject {
    let member = Member {
        stack: "TapStackpr1".into(),
        logical_id: "Rule".into(),
        physical_id: Observed::Present(rule.into()),
        kind: "AWS::Events::Rule".into(),
        status: "CREATE_COMPLETE".into(),
        drift: Absent,
    };
    let stack = Stack { members: seen(vec![member]), ..Stack::unknown(&denial()) };
    subject(Kind::Stack, "TapStackpr1", Resource::Stack(Box::new(stack)))
}
