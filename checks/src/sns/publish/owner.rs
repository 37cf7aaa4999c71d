//! Alarms that publish for the owner of the topic.

use super::{Admission, CLOUDWATCH, Door, Grant, Publisher};
use crate::observed::Gap;
use crate::policy::evaluate::Truth;
use crate::policy::model::{Effect, Statement};
use crate::policy::request::Caller;

const PUBLISH: &str = "sns:Publish";

impl Door<'_> {
    /// Whether an alarm is let in for the account that owns the topic; `None` where no statement lets the owner in. A
    /// statement has to test the owner: that naming the account's root is enough is documented nowhere.
    pub(super) fn as_owner(&self, alarm: &Publisher) -> Option<Admission> {
        let account = &self.context.evidence.run.account;
        let mut call = self.call_of(alarm, CLOUDWATCH);
        let service = self.asked(&call, PUBLISH).forms;
        call.caller = Caller::Root { account: account.clone() };
        // What the owner's call says of its caller is not documented.
        call.known.retain(|key| !key.starts_with("aws:principal"));
        let mut asked = self.asked(&call, PUBLISH);
        let allows = self.document.statements.iter().filter(|statement| statement.effect == Effect::Allow);
        let matched: Vec<(&Statement, Truth)> = allows
            .map(|statement| (statement, asked.matches(statement)))
            .filter(|(_, truth)| *truth != Truth::No)
            .collect();
        let surely = || matched.iter().filter(|(_, truth)| *truth == Truth::Yes).map(|(statement, _)| *statement);
        let open = |why: String| Some(Admission::Open(Gap::undecided(format!("{}: {why}", alarm.shown()))));
        let (first, _) = matched.first()?;
        if let Some(allow) = surely().find(|statement| tests_the_owner(statement)) {
            // A Deny has to leave the call alone, whichever of the two is its caller.
            asked.forms.extend(service);
            return match asked.first(Effect::Deny, &self.document) {
                (Truth::No, _) | (_, None) => Some(Admission::Granted(Grant {
                    who: format!("account {account}, which owns the topic,"),
                    by: vec![allow.name()],
                    notes: Vec::new(),
                })),
                (Truth::Unknown | Truth::Yes, Some(deny)) => open(self.doubt(&asked, deny)),
            };
        }
        match surely().next() {
            Some(allow) => open(format!(
                "{} of the topic policy lets the account's root publish without a test of the owner; that this lets alarms \
                 publish is not documented",
                allow.name()
            )),
            None => open(self.doubt(&asked, first)),
        }
    }
}

/// Whether a statement that matches tests that the owner's account publishes.
fn tests_the_owner(statement: &Statement) -> bool {
    statement.conditions.iter().any(|test| {
        matches!(test.key.as_str(), "aws:sourceowner" | "aws:sourceaccount")
            && !test.operator.if_exists
            && !test.operator.relation.is_negated()
    })
}
