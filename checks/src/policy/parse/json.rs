//! JSON as policies need it: numbers keep their digits, and no member stands twice.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::de::IgnoredAny;
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

/// A JSON text that was scanned once, so that reading its values goes through no part of it again.
pub(super) struct Scan<'t> {
    text: &'t str,
    /// Every value in the order of the text, an object's names among them.
    values: Vec<Span>,
}

/// Where a value stands in its text.
#[derive(Clone, Copy)]
struct Span {
    from: usize,
    end: usize,
    /// The place of the next value behind it and all that it holds.
    next: usize,
}

/// One value of a JSON text.
#[derive(Clone, Copy)]
pub(super) struct Json<'s> {
    scan: &'s Scan<'s>,
    place: usize,
    span: Span,
}

impl<'t> Scan<'t> {
    /// Scans a text that holds one JSON value. That is done without recursion, so that no depth of nesting is too deep.
    pub(super) fn of(text: &'t str) -> Result<Self, ParseError> {
        if text.starts_with('\u{feff}') {
            return Err(Place::Document.refuse("JSON", "a byte order mark before it"));
        }
        serde_json::from_str::<&RawValue>(text).map_err(|error| Place::Document.refuse("JSON", flaw(&error)))?;
        Ok(Scan { text, values: spans(text.as_bytes()) })
    }

    /// The one value that the text holds.
    pub(super) fn document(&self) -> Json<'_> {
        self.value(0)
    }

    fn value(&self, place: usize) -> Json<'_> {
        let nothing = Span { from: 0, end: 0, next: place + 1 };
        Json { scan: self, place, span: self.values.get(place).copied().unwrap_or(nothing) }
    }
}

/// Where the values of a text stand that is known to be JSON.
fn spans(text: &[u8]) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let mut open = Vec::new();
    let mut from = 0;
    while let Some(byte) = text.get(from) {
        let end = match byte {
            b' ' | b'\t' | b'\n' | b'\r' | b',' | b':' => {
                from += 1;
                continue;
            }
            b'}' | b']' => {
                from += 1;
                let next = spans.len();
                if let Some(span) = open.pop().and_then(|place: usize| spans.get_mut(place)) {
                    (span.end, span.next) = (from, next);
                }
                continue;
            }
            b'{' | b'[' => {
                open.push(spans.len());
                from + 1
            }
            b'"' => end_of_string(text, from + 1),
            _ => text[from..]
                .iter()
                .position(|byte| b" \t\n\r,]}".contains(byte))
                .map_or(text.len(), |length| from + length),
        };
        spans.push(Span { from, end, next: spans.len() + 1 });
        from = end;
    }
    spans
}

/// The place behind the quotation mark that closes a string.
fn end_of_string(text: &[u8], mut at: usize) -> usize {
    while let Some(length) = text.get(at..).and_then(|rest| rest.iter().position(|byte| matches!(byte, b'"' | b'\\'))) {
        at += length;
        if text[at] == b'"' {
            return at + 1;
        }
        // An escape; what stands behind it closes nothing.
        at += 2;
    }
    text.len()
}

impl<'s> Json<'s> {
    /// As written.
    pub(super) fn text(self) -> &'s str {
        &self.scan.text[self.span.from..self.span.end]
    }

    /// The values right within it.
    fn within(self) -> impl Iterator<Item = Json<'s>> {
        let within = move |place: usize| (place < self.span.next).then(|| self.scan.value(place));
        std::iter::successors(within(self.place + 1), move |value| within(value.span.next))
    }
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
    /// The sort of a value, which its first character tells.
    pub(super) fn of(value: Json<'_>) -> Kind {
        match value.text().as_bytes().first() {
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

/// The members of an object in the order of the document.
pub(super) fn object<'s>(
    value: Json<'s>,
    place: &Place<'_>,
    expected: &str,
) -> Result<Vec<(Cow<'s, str>, Json<'s>)>, ParseError> {
    let kind = Kind::of(value);
    if kind != Kind::Object {
        return Err(place.refuse(expected, kind.name()));
    }
    let mut members = Vec::new();
    let mut within = value.within();
    while let (Some(name), Some(member)) = (within.next(), within.next()) {
        let Ok(name) = content(name) else { return Err(place.refuse("names in Unicode", flawed_name(value))) };
        members.push((name, member));
    }
    let mut names = BTreeSet::new();
    match members.iter().find(|(name, _)| !names.insert(name.as_ref())) {
        Some((name, _)) => Err(place.refuse("each member once", format!("{} twice", quoted(name)))),
        None => Ok(members),
    }
}

/// What is wrong with a name in an object.
fn flawed_name(object: Json<'_>) -> String {
    match serde_json::from_str::<BTreeMap<String, IgnoredAny>>(object.text()) {
        Ok(_) => "something else".into(),
        Err(error) => flaw(&error),
    }
}

/// Reads a value that may stand alone or be a list of such.
pub(super) fn one_or_many<'s, T>(
    value: Json<'s>,
    place: &Place<'_>,
    mut read: impl FnMut(Json<'s>, &Place<'_>) -> Result<T, ParseError>,
) -> Result<Vec<T>, ParseError> {
    if Kind::of(value) != Kind::List {
        return Ok(vec![read(value, place)?]);
    }
    value.within().enumerate().map(|(index, element)| read(element, &Place::Element(place, index))).collect()
}

/// The content of a string.
pub(super) fn string<'s>(value: Json<'s>, place: &Place<'_>, expected: &str) -> Result<Cow<'s, str>, ParseError> {
    let kind = Kind::of(value);
    if kind != Kind::String {
        return Err(place.refuse(expected, kind.name()));
    }
    content(value).map_err(|error| place.refuse("a string in Unicode", flaw(&error)))
}

/// What a string says.
fn content(string: Json<'_>) -> Result<Cow<'_, str>, serde_json::Error> {
    let text = string.text();
    match text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
        Some(plain) if !plain.contains('\\') => Ok(Cow::Borrowed(plain)),
        Some(_) | None => serde_json::from_str(text).map(Cow::Owned),
    }
}

/// What is wrong with a text that is not JSON. The parser names characters of the grammar and the position, and nothing
/// of the text.
fn flaw(error: &serde_json::Error) -> String {
    match error.classify() {
        Category::Syntax | Category::Eof => error.to_string(),
        Category::Data | Category::Io => format!("something else at line {} column {}", error.line(), error.column()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// What a value says, read through the scan.
    fn read(value: Json<'_>) -> Value {
        match Kind::of(value) {
            Kind::Object => {
                let members = object(value, &Place::Document, "an object").unwrap();
                members.into_iter().map(|(name, member)| (name.into_owned(), read(member))).collect()
            }
            Kind::List => value.within().map(read).collect(),
            Kind::String => string(value, &Place::Document, "a string").unwrap().into(),
            Kind::Number | Kind::Boolean | Kind::Null => serde_json::from_str(value.text()).unwrap(),
        }
    }

    #[test]
    fn every_value_stands_where_the_scan_says() {
        for text in [
            "null",
            " -1.5e3 ",
            r#""a\"b\\""#,
            "[]",
            "{}",
            "[ [], {}, [[\"]\"]], 1 ,2.0,true\n]",
            r#"{"a":{"b":[1,{"c":"}"},"[,:"],"\u0062\\":"\\\""},"é":"\u00e9","d":false}"#,
            "{\"a\"\t:\r\n[ 0 , {\"\":null} ] , \"b\" : \"\" }",
        ] {
            let scan = Scan::of(text).unwrap();
            assert_eq!(scan.document().text(), text.trim());
            assert_eq!(read(scan.document()), serde_json::from_str::<Value>(text).unwrap(), "{text}");
        }
    }

    #[test]
    fn nesting_of_any_depth_is_scanned() {
        let depth = 100_000;
        let text = "[".repeat(depth) + &"]".repeat(depth);
        let scan = Scan::of(&text).unwrap();
        let mut inner = scan.document();
        while let Some(next) = inner.within().next() {
            inner = next;
        }
        assert_eq!((inner.text(), scan.document().text().len()), ("[]", text.len()));
    }
}
