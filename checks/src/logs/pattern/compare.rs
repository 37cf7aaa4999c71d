//! How a value of an event is compared with what a pattern wants.

use serde_json::{Number, Value};

use super::parse::number;
use super::{Construct, Form, Part, Relation, Term, Wanted, Word, not_evaluated, not_known};
use crate::answer::Answer;

/// Whether a field is what a test wants. Only texts and numbers can be compared; of a field that is not there, or that
/// holds a list or an object, no comparison is true, `!=` included.
pub(super) fn field(value: Option<&Value>, wanted: &Wanted) -> Answer {
    match (wanted, value) {
        (Wanted::Missing, value) => value.is_none().into(),
        (Wanted::Existent, value) => value.is_some().into(),
        (_, None) => Answer::No,
        (Wanted::Other(construct), Some(_)) => Answer::Open(not_evaluated(*construct)),
        (Wanted::Null, Some(value)) => value.is_null().into(),
        (Wanted::True, Some(value)) => is_boolean(value, true),
        (Wanted::False, Some(value)) => is_boolean(value, false),
        (Wanted::Equal(term), Some(value)) => equal(value, term, |same| same),
        (Wanted::NotEqual(term), Some(value)) => equal(value, term, Answer::not),
        (Wanted::Number(relation, bound), Some(value)) => compares(value, *relation, *bound),
    }
}

fn is_boolean(value: &Value, wanted: bool) -> Answer {
    match value {
        Value::Bool(is) => (*is == wanted).into(),
        Value::String(text) if text.eq_ignore_ascii_case(if wanted { "true" } else { "false" }) => {
            Answer::Open(not_known("a text with IS TRUE or IS FALSE"))
        }
        Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => Answer::No,
    }
}

fn equal(value: &Value, term: &Term, asked: impl FnOnce(Answer) -> Answer) -> Answer {
    match value {
        Value::String(text) => asked(text_is(text, term)),
        Value::Number(number) => asked(number_is(number, term)),
        Value::Array(_) | Value::Object(_) => Answer::No,
        Value::Null => Answer::Open(not_known("null with = or !=")),
        Value::Bool(_) => Answer::Open(not_known("true or false with = or !=")),
    }
}

fn text_is(text: &str, term: &Term) -> Answer {
    let bare = match term.form {
        Form::Bare => number(&term.text),
        Form::Quoted => None,
    };
    match (bare, number(text)) {
        (Some(wanted), Some(held)) if wanted == held && text != term.text => {
            Answer::Open(not_known("a number with a text that writes the same number otherwise"))
        }
        (Some(_), _) => (text == term.text).into(),
        (None, _) => like(text, &term.text),
    }
}

fn number_is(held: &Number, term: &Term) -> Answer {
    match (term.form, number(&term.text)) {
        (Form::Bare, Some(wanted)) => (held.as_f64() == Some(wanted)).into(),
        (Form::Bare, None) | (Form::Quoted, _) => like(&held.to_string(), &term.text),
    }
}

/// An asterisk stands for any text at either end of a value. Between its ends AWS says that it stands for itself, and
/// answers otherwise for numbers; and where what follows a leading asterisk is in the text more than once, AWS is known to
/// miss it.
fn like(text: &str, wanted: &str) -> Answer {
    let (open, rest) = match wanted.strip_prefix('*') {
        Some("") => return Answer::Yes,
        Some(rest) => (true, rest),
        None => (false, wanted),
    };
    let (rest, goes_on) = match rest.strip_suffix('*') {
        Some(rest) => (rest, true),
        None => (rest, false),
    };
    if rest.contains('*') {
        return if text == wanted {
            Answer::Yes
        } else if glob(text, wanted) {
            Answer::Open(not_known("an asterisk within a value"))
        } else {
            Answer::No
        };
    }
    match (open, goes_on) {
        (false, false) => (text == wanted).into(),
        (false, true) => text.starts_with(rest).into(),
        (true, true) => text.contains(rest).into(),
        (true, false) => match text.find(rest) {
            Some(at) if at + rest.len() == text.len() => Answer::Yes,
            Some(_) if text.ends_with(rest) => {
                Answer::Open(not_known("a leading asterisk with a text that holds the rest twice"))
            }
            Some(_) | None => Answer::No,
        },
    }
}

/// Whether a text fits a value in which each asterisk stands for any text.
fn glob(text: &str, wanted: &str) -> bool {
    let mut parts = wanted.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.is_empty()
}

fn compares(value: &Value, relation: Relation, bound: f64) -> Answer {
    match value {
        Value::Number(held) => match held.as_f64() {
            Some(held) => match relation {
                Relation::Less => held < bound,
                Relation::AtMost => held <= bound,
                Relation::More => held > bound,
                Relation::AtLeast => held >= bound,
            }
            .into(),
            None => Answer::Open(not_known("a number of this size")),
        },
        Value::String(text) if number(text).is_some() => Answer::Open(not_known("a text that is a number with <, >")),
        Value::Null | Value::Bool(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => Answer::No,
    }
}

/// Whether the text of an event holds the words.
pub(super) fn words(words: &[Word], event: &Value) -> Answer {
    let of = |part: Part| words.iter().filter(move |word| word.part == part);
    let optional = of(Part::OneOf).count();
    if optional > 0 && optional < words.len() {
        return Answer::Open(not_evaluated(Construct::MixedWords));
    }
    let needed = of(Part::Needed).fold(Answer::Yes, |known, word| known.and(|| holds(event, &word.text)));
    let clean = of(Part::Forbidden).fold(needed, |known, word| known.and(|| holds(event, &word.text).not()));
    if optional == 0 {
        return clean;
    }
    of(Part::OneOf).fold(Answer::No, |known, word| known.or(|| holds(event, &word.text)))
}

/// Whether the text of an event holds a word. Where it would have to go from one name or value into the next, the order of
/// the event's fields decides, which is not known.
fn holds(event: &Value, word: &str) -> Answer {
    if within(event, word) {
        return Answer::Yes;
    }
    if word.contains(['"', ':', ',', '{', '}', '[', ']', '\\']) {
        return Answer::Open(not_known("words that go over from one field into the next"));
    }
    Answer::No
}

/// Whether a name or a single value holds the word.
fn within(value: &Value, word: &str) -> bool {
    match value {
        Value::Object(members) => members.iter().any(|(name, value)| name.contains(word) || within(value, word)),
        Value::Array(elements) => elements.iter().any(|element| within(element, word)),
        Value::String(text) => text.contains(word),
        Value::Number(number) => number.to_string().contains(word),
        Value::Bool(is) => is.to_string().contains(word),
        Value::Null => "null".contains(word),
    }
}
