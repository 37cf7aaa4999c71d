//! Whether one test of a condition holds, and if nobody can tell, why.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::policy::evaluate::compare::{self, Decimal, Network};
use crate::policy::evaluate::glob::{self, Token};
use crate::policy::evaluate::{Facts, Truth};
use crate::policy::key::{self, Arity, KeyType};
use crate::policy::model::{Quantifier, Relation, Test, Value};
use crate::policy::pattern::{Part, Pattern};
use crate::policy::request::{Caller, Held};

/// Whether something holds, or why nobody can tell.
pub(super) type Answer = Result<bool, Doubt>;

/// Why nobody can tell whether a test holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doubt {
    /// The operator is none that AWS documents.
    Operator,
    /// The test lists no value.
    NoValue,
    /// `Null` stands with a quantifier or `IfExists`.
    NullForm,
    /// The key is in no table, and the operator compares typed values.
    UnknownKey,
    /// The operator compares another type than the key's.
    KeyType,
    /// The key holds several values, and the operator has no quantifier.
    Several,
    /// Whether the request has the key is not documented.
    Presence,
    /// A value of the statement is none of the operator's type.
    Value,
    /// The request's value is none of the operator's type.
    Held,
    /// A variable has no value in the request.
    Variable,
    /// A variable is of a form, or in a place, that nobody documents.
    VariableForm,
}

impl From<Answer> for Truth {
    fn from(answer: Answer) -> Truth {
        answer.map_or(Truth::Unknown, Truth::of)
    }
}

/// Whether the test holds for what its key holds.
pub(super) fn judge(test: &Test, held: Option<&Held>, facts: &Facts<'_>) -> Answer {
    if test.operator.relation == Relation::Unknown {
        return Err(Doubt::Operator);
    }
    if test.values.is_empty() {
        return Err(Doubt::NoValue);
    }
    if test.operator.relation == Relation::Null {
        return null(test, held, facts);
    }
    fit(test)?;
    match held {
        None => absent(test, facts),
        // What would hold of an absent key is not documented to hold of this one.
        Some(Held::Doubtful) => match absent(test, facts)? {
            true => Err(Doubt::Presence),
            false => Ok(false),
        },
        Some(Held::One(value)) => present(test, std::slice::from_ref(value), facts),
        Some(Held::Many(values)) if values.is_empty() => absent(test, facts),
        Some(Held::Many(values)) if test.operator.quantifier.is_some() => present(test, values, facts),
        Some(Held::Many(_)) => Err(Doubt::Several),
    }
}

/// Whether a pattern in which `*` and `?` are wildcards fits the text. `negated` says that the statement matches when it
/// does not.
pub(super) fn like(pattern: &Pattern, text: &str, negated: bool, facts: &Facts<'_>) -> Answer {
    pattern_fits(pattern, true, text, negated, facts)
}

/// At least one holds; unknown where one may and none does.
pub(super) fn any(answers: impl Iterator<Item = Answer>) -> Answer {
    let mut doubt = None;
    for answer in answers {
        match answer {
            Ok(true) => return Ok(true),
            Ok(false) => {}
            Err(why) => doubt = doubt.or(Some(why)),
        }
    }
    doubt.map_or(Ok(false), Err)
}

/// Every one holds; unknown where one may not and none does not.
fn all(answers: impl Iterator<Item = Answer>) -> Answer {
    any(answers.map(not)).map(|some_fails| !some_fails)
}

fn not(answer: Answer) -> Answer {
    answer.map(|holds| !holds)
}

/// `Null: true` holds where the key is absent, `Null: false` where it is present.
fn null(test: &Test, held: Option<&Held>, facts: &Facts<'_>) -> Answer {
    if test.operator.quantifier.is_some() || test.operator.if_exists {
        return Err(Doubt::NullForm);
    }
    // AWS answers `anonymous` for the account of an unsigned request, which is neither an account nor its absence.
    if held.is_none() && test.key == "aws:principalaccount" && facts.request.caller == Caller::Anonymous {
        return Err(Doubt::Presence);
    }
    let is_absent = match held {
        None | Some(Held::Doubtful) => true,
        Some(Held::Many(values)) => values.is_empty(),
        Some(Held::One(_)) => false,
    };
    let answer = any(test.values.iter().map(|value| {
        let asks_for_absence = compare::truth(&value.text).ok_or(Doubt::Value)?;
        Ok(asks_for_absence == is_absent)
    }));
    match (answer, held) {
        (Ok(true), Some(Held::Doubtful)) => Err(Doubt::Presence),
        (answer, _) => answer,
    }
}

/// Whether the operator fits what is known of the key.
fn fit(test: &Test) -> Result<(), Doubt> {
    let Some(operand) = key::operand(&test.operator.relation) else { return Err(Doubt::Operator) };
    match key::named(&test.key) {
        None if operand == KeyType::String => Ok(()),
        None => Err(Doubt::UnknownKey),
        Some(known) if !known.takes(operand) => Err(Doubt::KeyType),
        Some(known) => match (known.arity, test.operator.quantifier) {
            (Arity::Multi, None) => Err(Doubt::Several),
            (Arity::Multi, Some(_)) | (Arity::Single, _) => Ok(()),
        },
    }
}

/// The answer for a key that is absent or an empty set. A test that would hold is unknown where a value of its own could
/// not be read: AWS may take the whole statement for invalid.
fn absent(test: &Test, facts: &Facts<'_>) -> Answer {
    let holds = match test.operator.quantifier {
        Some(Quantifier::ForAnyValue) => false,
        Some(Quantifier::ForAllValues) => true,
        None => test.operator.if_exists || test.operator.relation.is_negated(),
    };
    if holds {
        test.values.iter().try_for_each(|value| readable(&test.operator.relation, value, facts))?;
    }
    Ok(holds)
}

/// The answer for the values that a key holds, of which there is at least one.
fn present(test: &Test, held: &[String], facts: &Facts<'_>) -> Answer {
    let relation = &test.operator.relation;
    let negated = relation.is_negated();
    let mut each = held.iter().map(|text| {
        let one_fits = any(test.values.iter().map(|value| value_fits(relation, value, text, negated, facts)));
        if negated { not(one_fits) } else { one_fits }
    });
    match test.operator.quantifier {
        Some(Quantifier::ForAllValues) => all(each),
        Some(Quantifier::ForAnyValue) => any(each),
        None => each.next().unwrap_or(Err(Doubt::Held)),
    }
}

/// Whether a value of the statement is one that the operator can compare with.
fn readable(relation: &Relation, value: &Value, facts: &Facts<'_>) -> Result<(), Doubt> {
    match key::operand(relation) {
        None => Err(Doubt::Operator),
        Some(KeyType::String) => resolve(&value.pattern, facts).map(|_| ()),
        Some(KeyType::Arn) => segments(&resolve(&value.pattern, facts)?).map(|_| ()),
        Some(KeyType::Numeric) => Decimal::read(typed(value)?).map(|_| ()).ok_or(Doubt::Value),
        Some(KeyType::Date) => compare::date(typed(value)?).map(|_| ()).ok_or(Doubt::Value),
        Some(KeyType::Bool) => compare::truth(typed(value)?).map(|_| ()).ok_or(Doubt::Value),
        Some(KeyType::Binary) => compare::is_base64(typed(value)?).then_some(()).ok_or(Doubt::Value),
        Some(KeyType::IpAddress) => Network::read(typed(value)?).map(|_| ()).ok_or(Doubt::Value),
    }
}

/// Whether one value of the statement fits one of the request, before any negation.
fn value_fits(relation: &Relation, value: &Value, held: &str, negated: bool, facts: &Facts<'_>) -> Answer {
    match relation {
        Relation::StringEquals | Relation::StringNotEquals => pattern_fits(&value.pattern, false, held, negated, facts),
        Relation::StringLike | Relation::StringNotLike => pattern_fits(&value.pattern, true, held, negated, facts),
        Relation::StringEqualsIgnoreCase | Relation::StringNotEqualsIgnoreCase => {
            same_without_case(&value.pattern, held, negated, facts)
        }
        Relation::ArnLike | Relation::ArnNotLike => arn(&value.pattern, held, negated, facts),
        Relation::NumericEquals | Relation::NumericNotEquals => number(value, held).map(Ordering::is_eq),
        Relation::NumericLessThan => number(value, held).map(Ordering::is_lt),
        Relation::NumericLessThanEquals => number(value, held).map(Ordering::is_le),
        Relation::NumericGreaterThan => number(value, held).map(Ordering::is_gt),
        Relation::NumericGreaterThanEquals => number(value, held).map(Ordering::is_ge),
        Relation::DateEquals | Relation::DateNotEquals => date(value, held).map(Ordering::is_eq),
        Relation::DateLessThan => date(value, held).map(Ordering::is_lt),
        Relation::DateLessThanEquals => date(value, held).map(Ordering::is_le),
        Relation::DateGreaterThan => date(value, held).map(Ordering::is_gt),
        Relation::DateGreaterThanEquals => date(value, held).map(Ordering::is_ge),
        Relation::Bool => {
            let wanted = compare::truth(typed(value)?).ok_or(Doubt::Value)?;
            Ok(compare::truth(held).ok_or(Doubt::Held)? == wanted)
        }
        Relation::BinaryEquals => {
            let wanted = typed(value)?;
            if !compare::is_base64(wanted) {
                return Err(Doubt::Value);
            }
            if !compare::is_base64(held) {
                return Err(Doubt::Held);
            }
            Ok(wanted == held)
        }
        Relation::IpAddress | Relation::NotIpAddress => {
            let network = Network::read(typed(value)?).ok_or(Doubt::Value)?;
            Ok(network.holds(compare::address(held).ok_or(Doubt::Held)?))
        }
        Relation::Null | Relation::Unknown => Err(Doubt::Operator),
    }
}

/// The text of a typed value. Variables are documented for the String and Arn operators only.
fn typed(value: &Value) -> Result<&str, Doubt> {
    if value.pattern.has_variable() { Err(Doubt::VariableForm) } else { Ok(&value.text) }
}

/// How the request's number stands to the statement's.
fn number(value: &Value, held: &str) -> Result<Ordering, Doubt> {
    let wanted = Decimal::read(typed(value)?).ok_or(Doubt::Value)?;
    Ok(Decimal::read(held).ok_or(Doubt::Held)?.cmp(&wanted))
}

/// How the request's date stands to the statement's.
fn date(value: &Value, held: &str) -> Result<Ordering, Doubt> {
    let wanted = compare::date(typed(value)?).ok_or(Doubt::Value)?;
    Ok(compare::date(held).ok_or(Doubt::Held)?.cmp(&wanted))
}

/// A part of a pattern whose variables have been replaced.
enum Resolved<'a> {
    /// Text of the statement.
    Literal(&'a str),
    /// What stands for a variable; every character of it is literal.
    Substituted(Cow<'a, str>),
    /// `*`.
    Star,
    /// `?`.
    One,
}

impl Resolved<'_> {
    fn token(&self, wildcards: bool) -> Token<'_> {
        match self {
            Resolved::Literal(text) => Token::Literal(text),
            Resolved::Substituted(text) => Token::Literal(text),
            Resolved::Star if wildcards => Token::Star,
            Resolved::Star => Token::Literal("*"),
            Resolved::One if wildcards => Token::One,
            Resolved::One => Token::Literal("?"),
        }
    }
}

/// Replaces the pattern's variables by what the request holds.
fn resolve<'a>(pattern: &'a Pattern, facts: &Facts<'_>) -> Result<Vec<Resolved<'a>>, Doubt> {
    pattern
        .parts
        .iter()
        .map(|part| match part {
            Part::Literal(text) => Ok(Resolved::Literal(text)),
            Part::Star => Ok(Resolved::Star),
            Part::One => Ok(Resolved::One),
            Part::Variable { key, default } => variable(key, default.as_deref(), facts).map(Resolved::Substituted),
            Part::Unreadable(_) => Err(Doubt::VariableForm),
        })
        .collect()
}

/// What stands for a variable. Keys of several values are not documented as variables.
fn variable<'a>(key: &str, default: Option<&'a str>, facts: &Facts<'_>) -> Result<Cow<'a, str>, Doubt> {
    if key::named(key).is_some_and(|known| known.arity == Arity::Multi) {
        return Err(Doubt::VariableForm);
    }
    match (facts.get(key), default) {
        (Some(Held::One(text)), _) => Ok(Cow::Owned(text)),
        (Some(Held::Many(_)), _) => Err(Doubt::VariableForm),
        (Some(Held::Doubtful), _) => Err(Doubt::Presence),
        (None, Some(default)) => Ok(Cow::Borrowed(default)),
        (None, None) => Err(Doubt::Variable),
    }
}

/// Whether a pattern fits a text. A value whose variable has no value fits nothing; under a negated operator that leaves
/// the answer open.
fn pattern_fits(pattern: &Pattern, wildcards: bool, text: &str, negated: bool, facts: &Facts<'_>) -> Answer {
    let exact = !pattern.has_variable();
    if exact || !negated {
        // Whatever stands for a variable, a text that does not fit a star in its place does not fit.
        let fits = glob::fits(pattern.parts.len(), |at| loose(&pattern.parts, at, wildcards), text);
        if exact || !fits {
            return Ok(fits);
        }
    }
    match resolve(pattern, facts) {
        Ok(parts) => Ok(glob::fits(parts.len(), |at| token(&parts, at, wildcards), text)),
        Err(doubt) => unresolved(doubt, negated),
    }
}

/// A part as a token, with a star for each variable.
fn loose(parts: &[Part], at: usize, wildcards: bool) -> Token<'_> {
    match parts.get(at) {
        Some(Part::Literal(text)) => Token::Literal(text),
        Some(Part::Star) if wildcards => Token::Star,
        Some(Part::Star) => Token::Literal("*"),
        Some(Part::One) if wildcards => Token::One,
        Some(Part::One) => Token::Literal("?"),
        Some(Part::Variable { .. } | Part::Unreadable(_)) => Token::Star,
        None => Token::Literal(""),
    }
}

fn token<'a>(parts: &'a [Resolved<'_>], at: usize, wildcards: bool) -> Token<'a> {
    parts.get(at).map_or(Token::Literal(""), |part| part.token(wildcards))
}

/// The answer for a value whose variables could not be replaced.
fn unresolved(doubt: Doubt, negated: bool) -> Answer {
    if doubt == Doubt::Variable && !negated { Ok(false) } else { Err(doubt) }
}

/// Whether the text is the pattern's in other letter case. Wildcards are literal.
fn same_without_case(pattern: &Pattern, text: &str, negated: bool, facts: &Facts<'_>) -> Answer {
    let parts = match resolve(pattern, facts) {
        Ok(parts) => parts,
        Err(doubt) => return unresolved(doubt, negated),
    };
    let wanted = (0..parts.len()).flat_map(|at| match token(&parts, at, false) {
        Token::Literal(text) => text.chars(),
        Token::Star => "*".chars(),
        Token::One => "?".chars(),
    });
    Ok(wanted.flat_map(char::to_lowercase).eq(text.chars().flat_map(char::to_lowercase)))
}

/// Whether an ARN fits a pattern part by part: in the first five parts a wildcard ends at the colon.
fn arn(pattern: &Pattern, held: &str, negated: bool, facts: &Facts<'_>) -> Answer {
    let parts = match resolve(pattern, facts) {
        Ok(parts) => parts,
        Err(doubt) => return unresolved(doubt, negated),
    };
    let wanted = segments(&parts)?;
    let given: Vec<&str> = held.splitn(ARN_PARTS, ':').collect();
    if given.len() < ARN_PARTS {
        return Err(Doubt::Held);
    }
    Ok(wanted.iter().zip(given).all(|(segment, text)| {
        glob::fits(segment.len(), |at| segment.get(at).copied().unwrap_or(Token::Literal("")), text)
    }))
}

/// `arn`, partition, service, region, account and the resource, which may hold further colons.
const ARN_PARTS: usize = 6;

/// The six parts of an Arn pattern. A colon that comes in by a variable separates parts only where the variable is the
/// whole value; elsewhere nobody documents what it does.
fn segments<'a>(parts: &'a [Resolved<'_>]) -> Result<Vec<Vec<Token<'a>>>, Doubt> {
    let alone = parts.len() == 1;
    let mut done = Vec::with_capacity(ARN_PARTS);
    let mut open: Vec<Token<'a>> = Vec::new();
    for part in parts {
        let (mut text, substituted) = match part {
            Resolved::Literal(text) => (*text, false),
            Resolved::Substituted(text) => (text.as_ref(), true),
            Resolved::Star | Resolved::One => {
                open.push(part.token(true));
                continue;
            }
        };
        while done.len() + 1 < ARN_PARTS {
            let Some((before, behind)) = text.split_once(':') else { break };
            if substituted && !alone {
                return Err(Doubt::VariableForm);
            }
            open.push(Token::Literal(before));
            done.push(std::mem::take(&mut open));
            text = behind;
        }
        open.push(Token::Literal(text));
    }
    done.push(open);
    if done.len() == ARN_PARTS { Ok(done) } else { Err(Doubt::Value) }
}
