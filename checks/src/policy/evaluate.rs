//! The concrete evaluator: what a document says of one request, in three answers.

mod compare;
mod condition;
mod glob;
mod mismatch;
mod principal;

use crate::policy::model::{Actions, Document, Effect, Principals, Resources, Statement, Test};
use crate::policy::request::{Held, Request};

pub use mismatch::{Mismatch, mismatches};

/// The answer to "does it match?".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Truth {
    /// It does not.
    No,
    /// Nobody documents it, or the document does not say enough.
    Unknown,
    /// It does.
    Yes,
}

impl Truth {
    /// The definite answer.
    pub fn of(holds: bool) -> Truth {
        if holds { Truth::Yes } else { Truth::No }
    }

    /// Both: no where one is no, yes where both are yes.
    pub fn and(self, other: Truth) -> Truth {
        self.min(other)
    }

    /// At least one: yes where one is yes, no where both are no.
    pub fn or(self, other: Truth) -> Truth {
        self.max(other)
    }
}

impl std::ops::Not for Truth {
    type Output = Truth;

    fn not(self) -> Truth {
        match self {
            Truth::No => Truth::Yes,
            Truth::Unknown => Truth::Unknown,
            Truth::Yes => Truth::No,
        }
    }
}

/// A request together with the keys that follow from its caller.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The request.
    pub request: &'a Request,
    /// The partition of the account: `aws`, `aws-cn` or `aws-us-gov`.
    pub partition: &'a str,
}

/// The place of a statement among several documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The index of the document among those that were asked.
    pub document: usize,
    /// The index of the statement in that document's list.
    pub statement: usize,
}

/// What documents say of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// A Deny matches: the first statement that does.
    Denied(Place),
    /// An Allow matches and no Deny does, or may: the first Allow that matches.
    Allowed(Place),
    /// No Allow matches or may match, and no Deny.
    NotAllowed,
    /// It hangs on a statement of which nobody can say whether it matches: the first such Deny, else the first such
    /// Allow.
    Unknown(Place),
}

impl Facts<'_> {
    /// What the key (in lower case) holds: as it follows from the caller, else from the request's context; `None` where
    /// the request has no such key. The caller comes first because no request can claim another.
    pub fn get(&self, key: &str) -> Option<Held> {
        let derived = self.request.caller.key(key, self.partition);
        match derived {
            Some(Held::One(_) | Held::Many(_)) => derived,
            Some(Held::Doubtful) | None => self.request.context.get(key).cloned().or(derived),
        }
    }
}

/// Whether these principals are meant.
///
/// `NotPrincipal` exempts exactly whom it names; of the others of a named principal's account nobody can tell. That is
/// the answer for either effect: what it means with Allow is for the question to judge.
pub fn principals(principals: &Principals, _effect: Effect, facts: &Facts<'_>) -> Truth {
    let caller = &facts.request.caller;
    match principals {
        Principals::Unstated => Truth::Yes,
        Principals::Only(named) => named.iter().map(|one| principal::covers(one, caller)).max().unwrap_or(Truth::No),
        Principals::AllBut(named) => !named.iter().map(|one| principal::spares(one, caller)).max().unwrap_or(Truth::No),
    }
}

/// Whether the action, in lower case, is among these.
pub fn actions(actions: &Actions, action: &str) -> bool {
    match actions {
        Actions::Only(patterns) => patterns.iter().any(|pattern| glob::plain(&pattern.lower, action)),
        Actions::AllBut(patterns) => !patterns.iter().any(|pattern| glob::plain(&pattern.lower, action)),
    }
}

/// Whether the resource is among these.
pub fn resources(resources: &Resources, facts: &Facts<'_>) -> Truth {
    let (patterns, negated) = match resources {
        Resources::Unstated => return Truth::Yes,
        Resources::Only(patterns) => (patterns, false),
        Resources::AllBut(patterns) => (patterns, true),
    };
    let resource = &facts.request.resource;
    let one_fits =
        Truth::from(condition::any(patterns.iter().map(|pattern| condition::like(pattern, resource, negated, facts))));
    if negated { !one_fits } else { one_fits }
}

/// Whether a test holds for what its key holds. `held` stands in for the request's own value, so that a search can try
/// values; variables are looked up in the facts.
pub fn test(test: &Test, held: Option<&Held>, facts: &Facts<'_>) -> Truth {
    condition::judge(test, held, facts).into()
}

/// Whether a statement matches.
pub fn statement(statement: &Statement, facts: &Facts<'_>) -> Truth {
    matches(statement, &facts.request.action.to_ascii_lowercase(), facts)
}

/// Whether a Deny of any of the documents matches.
pub fn denied(documents: &[&Document], facts: &Facts<'_>) -> Truth {
    let (truth, _) = first(documents, Effect::Deny, facts);
    truth
}

/// Whether the documents together allow the request: surely, where an Allow matches and no Deny may; surely not, where a
/// Deny matches or no Allow may.
pub fn allowed(documents: &[&Document], facts: &Facts<'_>) -> Truth {
    let (allow, _) = first(documents, Effect::Allow, facts);
    match allow {
        Truth::No => Truth::No,
        Truth::Unknown | Truth::Yes => allow.and(!denied(documents, facts)),
    }
}

/// What the documents together say of the request: a Deny of any one counts.
///
/// A Deny that may match leaves the decision open even where no Allow matches; [`allowed`] and [`denied`] answer the two
/// questions apart.
pub fn decide(documents: &[&Document], facts: &Facts<'_>) -> Decision {
    match first(documents, Effect::Deny, facts) {
        (Truth::Yes, Some(place)) => return Decision::Denied(place),
        (Truth::Unknown, Some(place)) => return Decision::Unknown(place),
        (_, None) | (Truth::No, _) => {}
    }
    match first(documents, Effect::Allow, facts) {
        (Truth::Yes, Some(place)) => Decision::Allowed(place),
        (Truth::Unknown, Some(place)) => Decision::Unknown(place),
        (_, None) | (Truth::No, _) => Decision::NotAllowed,
    }
}

/// The best answer of the statements of this effect, and the first statement that gives it unless it is no.
fn first(documents: &[&Document], effect: Effect, facts: &Facts<'_>) -> (Truth, Option<Place>) {
    let action = facts.request.action.to_ascii_lowercase();
    let mut best = (Truth::No, None);
    for (document, content) in documents.iter().enumerate() {
        for (index, statement) in content.statements.iter().enumerate() {
            if statement.effect != effect {
                continue;
            }
            let truth = matches(statement, &action, facts);
            if truth > best.0 {
                best = (truth, Some(Place { document, statement: index }));
            }
            if truth == Truth::Yes {
                return best;
            }
        }
    }
    best
}

/// Whether a statement matches; the action is the request's in lower case. Ends at the first part that does not.
fn matches(statement: &Statement, action: &str, facts: &Facts<'_>) -> Truth {
    if !actions(&statement.actions, action) {
        return Truth::No;
    }
    let mut truth = resources(&statement.resources, facts);
    if truth == Truth::No {
        return truth;
    }
    truth = truth.and(principals(&statement.principals, statement.effect, facts));
    for one in &statement.conditions {
        if truth == Truth::No {
            break;
        }
        truth = truth.and(test(one, facts.get(&one.key).as_ref(), facts));
    }
    truth
}

#[cfg(test)]
mod tests;
