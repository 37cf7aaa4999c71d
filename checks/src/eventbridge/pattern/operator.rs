//! The tests that stand beside a field of an event pattern.

use std::net::IpAddr;

use serde_json::{Number, Value};

use super::{Answer, malformed, unknown_operator};
use crate::observed::Gap;

/// Every operator; none of them can be the name of a field inside `$or`.
const RESERVED: [&str; 9] =
    ["exactly", "prefix", "suffix", "anything-but", "numeric", "exists", "cidr", "equals-ignore-case", "wildcard"];

/// The greatest number that EventBridge compares.
const GREATEST: f64 = 5.0e9;

pub(super) fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name)
}

/// One test of a field.
#[derive(Clone, Debug)]
pub(super) enum Test<'p> {
    /// The field holds this scalar.
    Exact(&'p Value),
    /// The field holds a text of this form.
    Text(Form<'p>),
    /// The field holds something else than each of these.
    Not(Vec<Test<'p>>),
    /// The field holds a number for which each comparison holds.
    Numeric(Vec<(Comparison, f64)>),
    /// The field holds an address of this network.
    Cidr(IpAddr, u32),
    /// The field exists.
    Exists,
    /// The field does not exist.
    Absent,
    /// This version does not know what is tested.
    Unknown(Gap),
}

/// The form of a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Form<'p> {
    part: Part,
    case: Case,
    text: &'p str,
}

/// The part of a text that is tested.
#[derive(Clone, Copy, Debug)]
enum Part {
    Whole,
    Start,
    End,
    /// All of it, with `*` for any characters.
    Glob,
}

/// Whether upper and lower case differ.
#[derive(Clone, Copy, Debug)]
enum Case {
    Kept,
    Ignored,
}

/// How two numbers are compared.
#[derive(Clone, Copy, Debug)]
pub(super) enum Comparison {
    Equal,
    Above,
    AtLeast,
    Below,
    AtMost,
}

impl Comparison {
    fn named(name: &str) -> Option<Self> {
        match name {
            "=" => Some(Comparison::Equal),
            ">" => Some(Comparison::Above),
            ">=" => Some(Comparison::AtLeast),
            "<" => Some(Comparison::Below),
            "<=" => Some(Comparison::AtMost),
            _ => None,
        }
    }

    #[expect(clippy::float_cmp, reason = "EventBridge compares the numbers as written, not as measured")]
    fn holds(self, value: f64, limit: f64) -> bool {
        match self {
            Comparison::Equal => value == limit,
            Comparison::Above => value > limit,
            Comparison::AtLeast => value >= limit,
            Comparison::Below => value < limit,
            Comparison::AtMost => value <= limit,
        }
    }
}

impl<'p> Test<'p> {
    /// Reads one value of the list beside a field.
    pub(super) fn read(value: &'p Value, path: &str) -> Self {
        let test = match value {
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(Test::Exact(value)),
            Value::Array(_) => Err(malformed(&format!("`{path}` holds a list in a list"))),
            Value::Object(_) => only(value, path).and_then(|(name, operand)| operator(name, operand, path)),
        };
        test.unwrap_or_else(Test::Unknown)
    }

    /// Whether the test holds for a scalar of the event.
    pub(super) fn holds(&self, value: &Value) -> Answer {
        match self {
            Test::Exact(wanted) => equal(wanted, value),
            Test::Text(form) => Answer::from(value.as_str().is_some_and(|text| form.fits(text))),
            Test::Not(tests) => tests.iter().fold(Answer::No, |known, test| known.or(|| test.holds(value))).not(),
            Test::Numeric(comparisons) => numeric(comparisons, value),
            Test::Cidr(network, length) => Answer::from(value.as_str().is_some_and(|text| {
                text.parse::<IpAddr>().is_ok_and(|address| prefix(address, *length) == prefix(*network, *length))
            })),
            Test::Exists => Answer::Yes,
            Test::Absent => Answer::No,
            Test::Unknown(gap) => Answer::Open(gap.clone()),
        }
    }

    /// Whether the test holds where the event lacks the field; most tests need a value, `anything-but` too.
    pub(super) fn holds_where_absent(&self) -> Answer {
        match self {
            Test::Absent => Answer::Yes,
            Test::Unknown(gap) => Answer::Open(gap.clone()),
            Test::Exact(_) | Test::Text(_) | Test::Not(_) | Test::Numeric(_) | Test::Cidr(..) | Test::Exists => {
                Answer::No
            }
        }
    }
}

/// The one operator of an object, with its operand.
fn only<'p>(value: &'p Value, path: &str) -> Result<(&'p str, &'p Value), Gap> {
    let mut fields = value.as_object().into_iter().flatten();
    match (fields.next(), fields.next()) {
        (Some((name, operand)), None) => Ok((name, operand)),
        (Some(_), Some(_)) => Err(malformed(&format!("`{path}` holds two operators in one object"))),
        (None, _) => Err(malformed(&format!("`{path}` holds an object without an operator"))),
    }
}

fn operator<'p>(name: &'p str, operand: &'p Value, path: &str) -> Result<Test<'p>, Gap> {
    match name {
        "anything-but" => anything_but(operand, path),
        "numeric" => comparisons(operand, path),
        "cidr" => network(text(operand, name, path)?, path),
        "exists" => match operand {
            Value::Bool(true) => Ok(Test::Exists),
            Value::Bool(false) => Ok(Test::Absent),
            Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
                Err(malformed(&format!("`exists` of `{path}` is neither true nor false")))
            }
        },
        _ => form(name, operand, path).map(Test::Text),
    }
}

/// Reads an operator on texts, of which those for start and end may ignore case by a further object.
fn form<'p>(name: &'p str, operand: &'p Value, path: &str) -> Result<Form<'p>, Gap> {
    let (part, case) = match name {
        "exactly" => (Part::Whole, Case::Kept),
        "equals-ignore-case" => (Part::Whole, Case::Ignored),
        "prefix" => (Part::Start, Case::Kept),
        "suffix" => (Part::End, Case::Kept),
        "wildcard" => (Part::Glob, Case::Kept),
        _ => return Err(unknown_operator(path, name)),
    };
    let (case, operand) = match (part, operand) {
        (Part::Start | Part::End, Value::Object(_)) => match only(operand, path)? {
            ("equals-ignore-case", operand) => (Case::Ignored, operand),
            (other, _) => return Err(unknown_operator(path, other)),
        },
        _ => (case, operand),
    };
    let text = text(operand, name, path)?;
    if matches!(part, Part::Glob) && glob(text).is_none() {
        return Err(malformed(&format!("`wildcard` of `{path}` holds `**` or escapes a plain character")));
    }
    Ok(Form { part, case, text })
}

fn text<'p>(operand: &'p Value, name: &str, path: &str) -> Result<&'p str, Gap> {
    operand.as_str().ok_or_else(|| malformed(&format!("`{name}` of `{path}` is not a text")))
}

/// Reads what a field must not hold: scalars, or texts of one form, one or several.
fn anything_but<'p>(operand: &'p Value, path: &str) -> Result<Test<'p>, Gap> {
    let not_this = |value: &'p Value| match value {
        Value::Number(_) | Value::String(_) => Ok(Test::Exact(value)),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            Err(malformed(&format!("`anything-but` of `{path}` holds neither a text nor a number")))
        }
    };
    let tests = match operand {
        Value::Object(_) => {
            let (name, operand) = only(operand, path)?;
            let each = |operand| form(name, operand, path).map(Test::Text);
            listed(operand).iter().copied().map(each).collect::<Result<Vec<_>, _>>()?
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            listed(operand).iter().copied().map(not_this).collect::<Result<Vec<_>, _>>()?
        }
    };
    if tests.is_empty() {
        return Err(malformed(&format!("`anything-but` of `{path}` is an empty list")));
    }
    Ok(Test::Not(tests))
}

fn listed(operand: &Value) -> Vec<&Value> {
    match operand {
        Value::Array(values) => values.iter().collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => vec![operand],
    }
}

/// Reads `["=", 5]`, `["<", 5]` or `[">", 0, "<=", 5]`.
fn comparisons<'p>(operand: &Value, path: &str) -> Result<Test<'p>, Gap> {
    let wrong = || malformed(&format!("`numeric` of `{path}` is no comparison with one or two numbers"));
    let parts = operand.as_array().map_or(&[][..], Vec::as_slice);
    let (pairs, rest) = parts.as_chunks::<2>();
    if !rest.is_empty() || pairs.is_empty() || pairs.len() > 2 {
        return Err(wrong());
    }
    let read = pairs.iter().map(|[name, limit]| {
        let name = name.as_str().ok_or_else(wrong)?;
        let comparison = Comparison::named(name).ok_or_else(|| unknown_operator(path, name))?;
        let limit = limit.as_f64().ok_or_else(wrong)?;
        if limit.abs() > GREATEST {
            return Err(malformed(&format!("`numeric` of `{path}` holds a number that EventBridge does not compare")));
        }
        Ok((comparison, limit))
    });
    Ok(Test::Numeric(read.collect::<Result<_, _>>()?))
}

/// Only numbers are compared, never texts that look like one.
fn numeric(comparisons: &[(Comparison, f64)], value: &Value) -> Answer {
    let Some(value) = value.as_number().and_then(Number::as_f64) else { return Answer::No };
    if value.abs() > GREATEST {
        return Answer::Open(Gap::undecided("the event holds a number that EventBridge does not compare"));
    }
    Answer::from(comparisons.iter().all(|(comparison, limit)| comparison.holds(value, *limit)))
}

fn network<'p>(text: &str, path: &str) -> Result<Test<'p>, Gap> {
    if let Some((address, length)) = text.split_once('/')
        && let (Ok(address), Ok(length)) = (address.parse::<IpAddr>(), length.parse::<u32>())
        && length <= bits(address)
    {
        return Ok(Test::Cidr(address, length));
    }
    Err(malformed(&format!("`cidr` of `{path}` is no network")))
}

fn bits(address: IpAddr) -> u32 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// The first bits of an address, with the number of bits that its kind has, so that kinds never equal each other.
fn prefix(address: IpAddr, length: u32) -> (u32, u128) {
    let value = match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    };
    let dropped = bits(address).saturating_sub(length);
    // A shift by all 128 bits leaves nothing.
    (bits(address), value.checked_shr(dropped).unwrap_or(0))
}

/// Whether two scalars are equal, as EventBridge compares them: texts by their characters, addresses by what they
/// address. AWS documents that `300` and `300.0` differ, and its matcher takes them for equal: that stays open.
fn equal(wanted: &Value, value: &Value) -> Answer {
    match (wanted, value) {
        (Value::Number(one), Value::Number(other)) if one.to_string() != other.to_string() => {
            match (one.as_f64(), other.as_f64()) {
                (Some(one), Some(other)) if Comparison::Equal.holds(one, other) => Answer::Open(Gap::undecided(
                    "the event pattern and the event write one number differently; whether EventBridge takes them for \
                     equal is not documented alike",
                )),
                _ => Answer::No,
            }
        }
        (Value::String(one), Value::String(other)) => {
            let same_address = || match (one.parse::<IpAddr>(), other.parse::<IpAddr>()) {
                (Ok(one), Ok(other)) => one == other,
                (Err(_), _) | (_, Err(_)) => false,
            };
            Answer::from(one == other || same_address())
        }
        _ => Answer::from(wanted == value),
    }
}

impl Form<'_> {
    fn fits(&self, text: &str) -> bool {
        let (wanted, text) = match self.case {
            Case::Kept => (self.text.to_owned(), text.to_owned()),
            Case::Ignored => (self.text.to_lowercase(), text.to_lowercase()),
        };
        match self.part {
            Part::Whole => text == wanted,
            Part::Start => text.starts_with(&wanted),
            Part::End => text.ends_with(&wanted),
            Part::Glob => glob(&wanted).is_some_and(|pieces| is_made_of(&text, &pieces)),
        }
    }
}

/// The plain pieces of a text with `*` between them; `None` where EventBridge would not take it. A backslash takes its
/// meaning from a star or another backslash.
fn glob(text: &str) -> Option<Vec<String>> {
    let mut pieces = vec![String::new()];
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '*' if letters.peek() == Some(&'*') => return None,
            '*' => pieces.push(String::new()),
            '\\' => pieces.last_mut()?.push(letters.next().filter(|escaped| matches!(escaped, '*' | '\\'))?),
            other => pieces.last_mut()?.push(other),
        }
    }
    Some(pieces)
}

/// Whether a text is the pieces in their order, with anything in between.
fn is_made_of(text: &str, pieces: &[String]) -> bool {
    let [first, middle @ .., last] = pieces else { return pieces.iter().any(|piece| piece == text) };
    let Some(mut rest) = text.strip_prefix(first.as_str()).and_then(|rest| rest.strip_suffix(last.as_str())) else {
        return false;
    };
    for piece in middle {
        let Some((_, behind)) = rest.split_once(piece.as_str()) else { return false };
        rest = behind;
    }
    true
}
