//! JSON as policies need it: numbers keep their digits, and no member stands twice.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;

use crate::policy::parse::ParseError;

/// The most characters of a document's own words that a message repeats.
const QUOTED: usize = 40;

/// Where in a document a value stands. It becomes text only when there is something to complain of.
#[derive(Clone, Copy)]
pub(super) enum Place<'p> {
    /// The document itself.
    Document,
    /// A member of the object at this place.
    Member(&'p Place<'p>, &'p str),
    /// An element of the list at this place, counted from 0.
    Element(&'p Place<'p>, usize),
}

impl<'p> Place<'p> {
    /// The place of a member of the object here.
    pub(super) fn member(&'p self, name: &'p str) -> Place<'p> {
        Place::Member(self, name)
    }

    /// The error that something else was found here than the grammar asks for.
    pub(super) fn refuse(&self, expected: impl Into<String>, found: impl Into<String>) -> ParseError {
        ParseError { path: self.to_string(), expected: expected.into(), found: found.into() }
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Document => f.write_str("(document)"),
            Place::Member(Place::Document, name) => f.write_str(&shortened(name)),
            Place::Member(parent, name) => write!(f, "{parent}.{}", shortened(name)),
            Place::Element(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

/// A word of the document in quotes, cut where it is long.
pub(super) fn quoted(word: &str) -> String {
    format!("\"{}\"", shortened(word))
}

/// A word of the document on one line, cut where it is long.
fn shortened(word: &str) -> String {
    let mut short = String::new();
    for (length, character) in word.chars().flat_map(char::escape_debug).enumerate() {
        if length == QUOTED {
            short.push('…');
            break;
        }
        short.push(character);
    }
    short
}

/// What sort of JSON value it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Object,
    List,
    String,
    Number,
    Boolean,
    Null,
}

impl Kind {
    /// The sort of a value that is known to be JSON, which its first character tells.
    pub(super) fn of(value: &RawValue) -> Kind {
        match value.get().as_bytes().first() {
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::List,
            Some(b'"') => Kind::String,
            Some(b't' | b'f') => Kind::Boolean,
            Some(b'n') | None => Kind::Null,
            Some(_) => Kind::Number,
        }
    }

    /// How a message names it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Kind::Object => "an object",
            Kind::List => "a list",
            Kind::String => "a string",
            Kind::Number => "a number",
            Kind::Boolean => "a boolean",
            Kind::Null => "null",
        }
    }
}

/// The one JSON value that a text holds. It is scanned without recursion, so that no depth of nesting is too deep.
pub(super) fn document(text: &str) -> Result<&RawValue, ParseError> {
    if text.starts_with('\u{feff}') {
        return Err(Place::Document.refuse("JSON", "a byte order mark before it"));
    }
    serde_json::from_str(text).map_err(|error| Place::Document.refuse("JSON", flaw(&error)))
}

/// The members of an object in the order of the document.
pub(super) fn object<'t>(
    value: &'t RawValue,
    place: &Place<'_>,
    expected: &str,
) -> Result<Vec<(String, &'t RawValue)>, ParseError> {
    let kind = Kind::of(value);
    if kind != Kind::Object {
        return Err(place.refuse(expected, kind.name()));
    }
    let Members(members) =
        serde_json::from_str(value.get()).map_err(|error| place.refuse("names in Unicode", flaw(&error)))?;
    let mut names = BTreeSet::new();
    match members.iter().find(|(name, _)| !names.insert(name.as_str())) {
        Some((name, _)) => Err(place.refuse("each member once", format!("{} twice", quoted(name)))),
        None => Ok(members),
    }
}

/// The elements of a list.
pub(super) fn list<'t>(value: &'t RawValue, place: &Place<'_>) -> Result<Vec<&'t RawValue>, ParseError> {
    serde_json::from_str(value.get()).map_err(|error| place.refuse("a list", flaw(&error)))
}

/// Reads a value that may stand alone or be a list of such.
pub(super) fn one_or_many<'t, T>(
    value: &'t RawValue,
    place: &Place<'_>,
    mut read: impl FnMut(&'t RawValue, &Place<'_>) -> Result<T, ParseError>,
) -> Result<Vec<T>, ParseError> {
    if Kind::of(value) != Kind::List {
        return Ok(vec![read(value, place)?]);
    }
    let elements = list(value, place)?;
    elements.into_iter().enumerate().map(|(index, element)| read(element, &Place::Element(place, index))).collect()
}

/// The content of a string.
pub(super) fn string(value: &RawValue, place: &Place<'_>, expected: &str) -> Result<String, ParseError> {
    let kind = Kind::of(value);
    if kind != Kind::String {
        return Err(place.refuse(expected, kind.name()));
    }
    serde_json::from_str(value.get()).map_err(|error| place.refuse("a string in Unicode", flaw(&error)))
}

/// What is wrong with a text that is not JSON. The parser names characters of the grammar and the position, and nothing
/// of the text.
fn flaw(error: &serde_json::Error) -> String {
    match error.classify() {
        Category::Syntax | Category::Eof => error.to_string(),
        Category::Data | Category::Io => format!("something else at line {} column {}", error.line(), error.column()),
    }
}

/// An object's members as they stand there, those that stand twice included.
struct Members<'t>(Vec<(String, &'t RawValue)>);

impl<'t> Deserialize<'t> for Members<'t> {
    fn deserialize<D: Deserializer<'t>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'t> Visitor<'t> for InOrder {
            type Value = Members<'t>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<Members<'t>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}
