//! What was seen of a resource: a value, the answer "not set", or no usable answer at all.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Identifies one AWS call of a run, the same in every run that asks the same question.
pub type CallId = String;

/// One attribute as AWS let us see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Observed<T> {
    /// AWS answered with this value.
    Present(T),
    /// AWS answered, and the attribute is not set. What that means is said on each attribute.
    Absent,
    /// There is no usable answer.
    Unknown(Gap),
}

impl<T> Observed<T> {
    /// Gives the value, or `None` when AWS answered "not set".
    ///
    /// # Errors
    /// The gap, when there is no usable answer.
    pub fn seen(&self) -> Result<Option<&T>, Gap> {
        match self {
            Observed::Present(value) => Ok(Some(value)),
            Observed::Absent => Ok(None),
            Observed::Unknown(gap) => Err(gap.clone()),
        }
    }

    /// Gives a value that AWS always answers with: its absence is a gap, not a setting.
    ///
    /// # Errors
    /// The gap, when there is no usable answer or the field is missing from it.
    pub fn required(&self, operation: &'static str, field: &'static str) -> Result<&T, Gap> {
        self.seen()?.ok_or(Gap::Incomplete { operation: operation.into(), field: field.into() })
    }

    /// Converts the value, leaving absence and gaps as they are.
    pub fn map<U>(self, convert: impl FnOnce(T) -> U) -> Observed<U> {
        match self {
            Observed::Present(value) => Observed::Present(convert(value)),
            Observed::Absent => Observed::Absent,
            Observed::Unknown(gap) => Observed::Unknown(gap),
        }
    }

    /// Converts the value into a further observation, leaving absence and gaps as they are.
    pub fn and_then<U>(self, convert: impl FnOnce(T) -> Observed<U>) -> Observed<U> {
        match self {
            Observed::Present(value) => convert(value),
            Observed::Absent => Observed::Absent,
            Observed::Unknown(gap) => Observed::Unknown(gap),
        }
    }

    /// Reads an optional field of an answer: `None` is the answer "not set".
    pub fn of(field: Option<T>) -> Self {
        match field {
            Some(value) => Observed::Present(value),
            None => Observed::Absent,
        }
    }
}

impl Observed<String> {
    /// Reads an optional name, id or ARN of an answer: an empty one names nothing, which is the answer "not set".
    pub fn name(field: Option<String>) -> Self {
        Self::of(field.filter(|name| !name.is_empty()))
    }
}

/// An observation together with the calls it rests on, which the finding will cite.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen<T> {
    observed: Observed<T>,
    calls: Vec<CallId>,
}

impl<T> Seen<T> {
    /// Joins an observation with the calls it rests on.
    pub fn new(observed: Observed<T>, calls: Vec<CallId>) -> Self {
        Seen { observed, calls }
    }

    /// An attribute of which nothing could be seen.
    pub fn gap(gap: Gap) -> Self {
        Seen { observed: Observed::Unknown(gap), calls: Vec::new() }
    }

    /// Gives the value, or `None` when AWS answered "not set", and notes that the running check read it.
    ///
    /// # Errors
    /// The gap, when there is no usable answer.
    pub fn seen(&self) -> Result<Option<&T>, Gap> {
        reading::note(&self.calls);
        self.observed.seen()
    }

    /// Gives a value that AWS always answers with: its absence is a gap, not a setting.
    ///
    /// # Errors
    /// The gap, when there is no usable answer or the field is missing from it.
    pub fn required(&self, operation: &'static str, field: &'static str) -> Result<&T, Gap> {
        reading::note(&self.calls);
        self.observed.required(operation, field)
    }

    /// Looks at the observation without noting a read: for collectors and renderers, never for checks.
    pub fn observed(&self) -> &Observed<T> {
        &self.observed
    }

    /// The calls that this observation rests on.
    pub fn calls(&self) -> &[CallId] {
        &self.calls
    }

    /// Converts the value, leaving absence, gaps and calls as they are.
    pub fn map<U>(self, convert: impl FnOnce(T) -> U) -> Seen<U> {
        Seen { observed: self.observed.map(convert), calls: self.calls }
    }

    /// Converts the value into a further observation, leaving absence, gaps and calls as they are.
    pub fn and_then<U>(self, convert: impl FnOnce(T) -> Observed<U>) -> Seen<U> {
        Seen { observed: self.observed.and_then(convert), calls: self.calls }
    }

    /// Adds calls that this observation rests on too, such as the one that named what was asked for.
    #[must_use]
    pub fn resting_on(mut self, calls: &[CallId]) -> Self {
        for call in calls {
            if !self.calls.contains(call) {
                self.calls.push(call.clone());
            }
        }
        self
    }
}

/// Why there is no usable answer. Every gap says what was attempted and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "gap", rename_all = "kebab-case")]
pub enum Gap {
    /// AWS refused the call.
    Denied {
        /// The operation that was refused.
        operation: Cow<'static, str>,
        /// The IAM action that the auditing role needs.
        permission: Cow<'static, str>,
        /// A second cause that gives the same answer, such as a bucket of another account.
        or_else: Option<Cow<'static, str>>,
    },
    /// AWS kept throttling until the time for the call was used up.
    Throttled {
        /// The operation that was throttled.
        operation: Cow<'static, str>,
        /// How often it was tried.
        attempts: u32,
    },
    /// No answer came in time.
    TimedOut {
        /// The operation without an answer.
        operation: Cow<'static, str>,
        /// How long was waited, in milliseconds, over all attempts.
        milliseconds: u64,
    },
    /// The call failed on the way or inside AWS.
    Failed {
        /// The operation that failed.
        operation: Cow<'static, str>,
        /// The error code, or the kind of transport failure; never the raw answer.
        code: String,
    },
    /// The resource itself does not exist (rule U3).
    Missing {
        /// The operation that said so.
        operation: Cow<'static, str>,
        /// The error code it said it with.
        code: String,
    },
    /// The answer holds a token that this version does not know (rule U6).
    Unrecognised {
        /// The operation that answered.
        operation: Cow<'static, str>,
        /// The field that holds the token.
        field: Cow<'static, str>,
        /// The token as AWS wrote it.
        token: String,
    },
    /// The answer lacks a field that AWS always sends.
    Incomplete {
        /// The operation that answered.
        operation: Cow<'static, str>,
        /// The missing field.
        field: Cow<'static, str>,
    },
    /// The answer, or a document in it, could not be read (rule U6).
    Unparsable {
        /// The operation that answered.
        operation: Cow<'static, str>,
        /// What could not be read, and where.
        what: String,
    },
    /// A list was not read to its end (rule U7).
    UnreadPage {
        /// The operation whose pages were not all read.
        operation: Cow<'static, str>,
        /// Why the rest is missing.
        why: String,
    },
    /// The resource is changing, so the answer may be torn (rule U9).
    Changing {
        /// What is changing, with the state that says so.
        what: String,
    },
    /// Another requirement has to be met first.
    DependsOn {
        /// The requirement that reports the cause.
        requirement: Cow<'static, str>,
        /// The cause.
        why: String,
    },
    /// What was seen does not decide the question.
    Undecided {
        /// What could not be decided, and what would decide it.
        why: String,
    },
    /// The plan needs a resource of this kind and none was found.
    NothingToAudit {
        /// The CloudFormation type that is missing.
        kind: String,
    },
    /// The attribute was not asked for in this run.
    NotCollected {
        /// What was not asked for, and why.
        what: Cow<'static, str>,
    },
}

impl Gap {
    /// Says that a question could not be decided.
    pub fn undecided(why: impl Into<String>) -> Self {
        Gap::Undecided { why: why.into() }
    }

    /// Says that a resource is changing.
    pub fn changing(what: impl Into<String>) -> Self {
        Gap::Changing { what: what.into() }
    }

    /// Says that another requirement reports the cause.
    pub fn depends_on(requirement: &'static str, why: impl Into<String>) -> Self {
        Gap::DependsOn { requirement: requirement.into(), why: why.into() }
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Gap::Denied { operation, permission, or_else: None } => {
                write!(f, "{operation} was denied; the auditing role needs {permission}")
            }
            Gap::Denied { operation, permission, or_else: Some(or_else) } => {
                write!(f, "{operation} was denied; the auditing role needs {permission}, or {or_else}")
            }
            Gap::Throttled { operation, attempts } => {
                write!(
                    f,
                    "{operation} was throttled in each of {attempts} attempts; run again when the account is quieter, or raise --call-timeout"
                )
            }
            Gap::TimedOut { operation, milliseconds } => {
                write!(
                    f,
                    "{operation} gave no answer within {:.1} s; run again, or raise --call-timeout",
                    *milliseconds as f64 / 1000.0
                )
            }
            Gap::Failed { operation, code } => {
                write!(f, "{operation} failed with {code}; run again, and check the network if it stays")
            }
            Gap::Missing { operation, code } => {
                write!(f, "the resource does not exist: {operation} answered {code}; see stack-outputs-resolve-live")
            }
            Gap::Unrecognised { operation, field, token } => {
                write!(
                    f,
                    "{operation} answered `{token}` in {field}, which this version of tap-audit does not know; update tap-audit"
                )
            }
            Gap::Incomplete { operation, field } => {
                write!(
                    f,
                    "{operation} answered without {field}, which AWS always sends; run again, and check the endpoint if it stays"
                )
            }
            Gap::Unparsable { operation, what } => write!(f, "the answer of {operation} could not be read: {what}"),
            Gap::UnreadPage { operation, why } => {
                write!(
                    f,
                    "the list of {operation} was not read to its end ({why}), so nothing can be said to be missing from it"
                )
            }
            Gap::Changing { what } => {
                write!(f, "{what}: it is changing, so the evidence may be torn; run again when it has settled")
            }
            Gap::DependsOn { requirement, why } => write!(f, "depends on {requirement}: {why}"),
            Gap::Undecided { why } => f.write_str(why),
            Gap::NothingToAudit { kind } => {
                write!(
                    f,
                    "no {kind} was found in the outputs, in the stack or behind another resource; add it to the outputs file or name the stack with --stack-name"
                )
            }
            Gap::NotCollected { what } => f.write_str(what),
        }
    }
}

impl std::error::Error for Gap {}

/// Keeps, for the check that is running, the ids of the calls it has read.
pub(crate) mod reading {
    use super::{BTreeSet, CallId, RefCell};

    thread_local! {
        static READ: RefCell<BTreeSet<CallId>> = const { RefCell::new(BTreeSet::new()) };
    }

    pub(super) fn note(calls: &[CallId]) {
        READ.with_borrow_mut(|read| read.extend(calls.iter().cloned()));
    }

    /// Runs a check and gives the calls it read beside its answer.
    pub(crate) fn during<T>(check: impl FnOnce() -> T) -> (T, BTreeSet<CallId>) {
        let before = READ.take();
        let answer = check();
        (answer, READ.replace(before))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absent_attribute_is_an_answer_and_a_gap_is_not() {
        assert_eq!(Observed::<u32>::Absent.seen(), Ok(None));
        let gap = Gap::undecided("no idea");
        assert_eq!(Observed::<u32>::Unknown(gap.clone()).seen(), Err(gap));
    }

    #[test]
    fn an_empty_name_names_nothing() {
        assert_eq!(Observed::name(Some("k".into())), Observed::Present("k".to_owned()));
        assert_eq!(Observed::name(Some(String::new())), Observed::Absent);
        assert_eq!(Observed::name(None), Observed::Absent);
    }

    #[test]
    fn a_missing_field_that_aws_always_sends_is_a_gap() {
        let gap = Observed::<u32>::Absent.required("GetFunction", "MemorySize").unwrap_err();
        assert_eq!(
            gap.to_string(),
            "GetFunction answered without MemorySize, which AWS always sends; run again, and check the endpoint if it stays"
        );
    }

    #[test]
    fn the_calls_that_a_check_reads_are_noted_and_no_others() {
        let read = Seen::new(Observed::Present(1), vec!["a".into()]);
        let unread = Seen::new(Observed::Present(2), vec!["b".into()]);
        let (value, calls) = reading::during(|| read.seen().map(|v| v.copied()));
        assert_eq!(value, Ok(Some(1)));
        assert_eq!(calls.into_iter().collect::<Vec<_>>(), ["a"]);
        assert_eq!(unread.observed(), &Observed::Present(2));
    }

    #[test]
    fn a_denied_call_names_the_action_that_the_role_needs() {
        let gap = Gap::Denied {
            operation: "GetBucketVersioning".into(),
            permission: "s3:GetBucketVersioning".into(),
            or_else: None,
        };
        assert_eq!(gap.to_string(), "GetBucketVersioning was denied; the auditing role needs s3:GetBucketVersioning");
    }
}
