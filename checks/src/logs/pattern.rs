//! Filter patterns of CloudWatch Logs: whether a filter would take an event for one that its pattern describes.
//!
//! The semantics are what AWS documents under "Filter pattern syntax", and what its TestMetricFilter answers where the
//! text is silent: a field that is not in the event meets neither `=` nor `!=`, an asterisk works at the ends of a value
//! alone, and a value without quotes that looks like a number is compared as one.
//!
//! What this version does not evaluate stays open and is no answer, unless the rest of the pattern decides the question.

mod compare;
mod parse;
#[cfg(test)]
mod tests;

use std::fmt;

use serde_json::Value;

use crate::answer::Answer;
use crate::observed::Gap;

/// A pattern, read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Pattern {
    /// The empty pattern, which matches every event.
    Everything,
    /// `{ ... }`: an expression over the fields of a JSON event.
    Fields(Expression),
    /// Words that the text of the event holds or lacks.
    Words(Vec<Word>),
    /// A form that this version does not evaluate.
    Other(Construct),
}

/// A boolean expression over the fields of an event.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expression {
    /// One of these holds.
    Any(Vec<Expression>),
    /// Each of these holds.
    All(Vec<Expression>),
    /// This test holds.
    Test(Test),
}

/// A test of one field.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Test {
    selector: Selector,
    wanted: Wanted,
}

/// What a test wants of its field.
#[derive(Clone, Debug, PartialEq)]
enum Wanted {
    Equal(Term),
    NotEqual(Term),
    Number(Relation, f64),
    Null,
    True,
    False,
    Existent,
    Missing,
    /// This version does not evaluate what is wanted.
    Other(Construct),
}

/// How a number compares with another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    Less,
    AtMost,
    More,
    AtLeast,
}

/// A value that a field is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Term {
    text: String,
    /// Whether it stands in quotes, and so is no number.
    form: Form,
}

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Quoted,
    Bare,
}

/// A word of a pattern without brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    text: String,
    part: Part,
}

/// What part a word plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// The text has to hold it.
    Needed,
    /// The text must not hold it: `-word`.
    Forbidden,
    /// The text has to hold one of these: `?word`.
    OneOf,
}

/// A field of an event, such as `$.users[0].id`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Selector(Vec<Step>);

/// A step from a value to one in it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Member(String),
    Element(usize),
}

/// What this version does not evaluate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Construct {
    /// `%...%`.
    Regex,
    /// `[a, b, ...]`, fields between spaces.
    SpaceDelimited,
    /// `?word` beside words without the question mark.
    MixedWords,
}

impl fmt::Display for Construct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Construct::Regex => "a regular expression (%...%)",
            Construct::SpaceDelimited => "fields between spaces ([...])",
            Construct::MixedWords => "words with a question mark beside others",
        })
    }
}

impl Pattern {
    /// Whether an event matches.
    ///
    /// # Errors
    /// A gap, where something decides the question that this version does not evaluate.
    pub(crate) fn matches(&self, event: &Value) -> Result<bool, Gap> {
        match self {
            Pattern::Everything => Ok(true),
            Pattern::Fields(expression) => expression.holds(event).known(),
            Pattern::Words(words) => compare::words(words, event).known(),
            Pattern::Other(construct) => Err(not_evaluated(*construct)),
        }
    }

    /// Whether the pattern looks for anything at all.
    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Pattern::Everything)
    }
}

impl Expression {
    fn holds(&self, event: &Value) -> Answer {
        match self {
            Expression::Any(parts) => parts.iter().fold(Answer::No, |known, part| known.or(|| part.holds(event))),
            Expression::All(parts) => parts.iter().fold(Answer::Yes, |known, part| known.and(|| part.holds(event))),
            Expression::Test(test) => compare::field(test.selector.find(event), &test.wanted),
        }
    }
}

impl Selector {
    /// What the field holds; `None` where the event does not have it.
    pub(crate) fn find<'e>(&self, event: &'e Value) -> Option<&'e Value> {
        self.0.iter().try_fold(event, |value, step| match (step, value) {
            (Step::Member(name), Value::Object(members)) => members.get(name),
            (Step::Element(index), Value::Array(elements)) => elements.get(*index),
            (
                Step::Member(_) | Step::Element(_),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_),
            ) => None,
        })
    }
}

fn not_evaluated(construct: Construct) -> Gap {
    Gap::undecided(format!("its pattern uses {construct}, which tap-audit does not evaluate"))
}

fn not_known(what: &str) -> Gap {
    Gap::undecided(format!("AWS does not document how a filter pattern compares {what}"))
}
