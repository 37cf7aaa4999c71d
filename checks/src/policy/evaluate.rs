//! The concrete evaluator: what a document says of one request, in three answers.

use crate::policy::model::{Actions, Document, Effect, Principals, Resources, Statement, Test};
use crate::policy::request::{Held, Request};

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

/// A request together with the keys that follow from its caller.
#[derive(Debug)]
pub struct Facts<'a> {
    /// The request.
    pub request: &'a Request,
    /// The partition of the account: `aws`, `aws-cn` or `aws-us-gov`.
    pub partition: &'a str,
}

/// What a document says of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// A Deny matches: the index of the first statement that does.
    Denied(usize),
    /// An Allow matches and no Deny does, or may: the index of the first Allow that matches.
    Allowed(usize),
    /// No Allow matches or may match, and no Deny.
    NotAllowed,
    /// It hangs on a statement of which nobody can say whether it matches: its index.
    Unknown(usize),
}

/// Why a statement does not match a request: one of its parts that does not, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// Whether it surely does not match, or only may not.
    pub truth: Truth,
    /// The part, such as `Resource` or `Condition StringEquals aws:SourceVpce`.
    pub part: String,
    /// In one sentence's rest, such as ``the resource is none of `arn:aws:s3:::b/x*` ``. Holds no value of a
    /// condition key that may be secret (`sts:ExternalId`).
    pub why: String,
}

impl<'a> Facts<'a> {
    /// What the key (in lower case) holds: from the request's context, or as it follows from the caller; `None` where
    /// the request has no such key.
    pub fn get(&self, key: &str) -> Option<Held> {
        let _ = key;
        None
    }
}

/// Whether these principals are meant.
pub fn principals(principals: &Principals, effect: Effect, facts: &Facts<'_>) -> Truth {
    let _ = (principals, effect, facts);
    Truth::Unknown
}

/// Whether the action, in lower case, is among these.
pub fn actions(actions: &Actions, action: &str) -> bool {
    let _ = (actions, action);
    false
}

/// Whether the resource is among these.
pub fn resources(resources: &Resources, facts: &Facts<'_>) -> Truth {
    let _ = (resources, facts);
    Truth::Unknown
}

/// Whether a test holds for what its key holds. `held` stands in for the request's own value, so that a search can try
/// values; variables are looked up in the facts.
pub fn test(test: &Test, held: Option<&Held>, facts: &Facts<'_>) -> Truth {
    let _ = (test, held, facts);
    Truth::Unknown
}

/// Whether a statement matches.
pub fn statement(statement: &Statement, facts: &Facts<'_>) -> Truth {
    let _ = (statement, facts);
    Truth::Unknown
}

/// What the documents together say of the request: a Deny of any one counts.
pub fn decide(documents: &[&Document], facts: &Facts<'_>) -> Decision {
    let _ = (documents, facts);
    Decision::NotAllowed
}

/// Each part of the statement that does not match, or may not.
pub fn mismatches(statement: &Statement, facts: &Facts<'_>) -> Vec<Mismatch> {
    let _ = (statement, facts);
    Vec::new()
}
