//! The tests of a statement's `Condition`.

use crate::policy::model::{Operator, Quantifier, Relation, Test, Value, Version};
use crate::policy::parse::ParseError;
use crate::policy::parse::json::{self, Json, Kind, Place};
use crate::policy::pattern::Pattern;

/// Reads a `Condition`: one test for each key of each operator.
///
/// Operators and keys that differ in letter case alone are different members, and all of them have to hold.
pub(super) fn tests(condition: Json<'_>, version: Version, place: &Place<'_>) -> Result<Vec<Test>, ParseError> {
    let mut tests = Vec::new();
    for (name, block) in json::object(condition, place, "an object of operators")? {
        if name.is_empty() {
            return Err(place.refuse("an operator", "an empty name"));
        }
        let operator = operator(&name);
        let place = place.member(&name);
        let keys = json::object(block, &place, "an object of condition keys")?;
        if keys.is_empty() {
            // Nobody documents whether such a block holds.
            return Err(place.refuse("at least one condition key", "an empty object"));
        }
        for (key, values) in keys {
            if key.is_empty() {
                return Err(place.refuse("a condition key", "an empty name"));
            }
            let values =
                json::one_or_many(values, &place.member(&key), |value, place| self::value(value, version, place))?;
            tests.push(Test {
                operator: operator.clone(),
                key: key.to_ascii_lowercase(),
                key_text: key.into_owned(),
                values,
            });
        }
    }
    Ok(tests)
}

/// Reads one value. A number keeps its digits, for `1.0` and `1` are different strings.
fn value(value: Json<'_>, version: Version, place: &Place<'_>) -> Result<Value, ParseError> {
    const SHAPE: &str = "a string, a number or a boolean";
    let text = match Kind::of(value) {
        Kind::String => json::string(value, place, SHAPE)?.into_owned(),
        Kind::Number | Kind::Boolean => value.text().to_owned(),
        kind @ (Kind::Object | Kind::List | Kind::Null) => return Err(place.refuse(SHAPE, kind.name())),
    };
    Ok(Value { pattern: Pattern::parse(&text, version), text })
}

/// Reads an operator's name.
///
/// A name that is no operator has neither quantifier nor `IfExists`: they would let an absent key decide what nobody
/// can know.
fn operator(name: &str) -> Operator {
    let lower = name.to_ascii_lowercase();
    let (quantifier, rest) = if let Some(rest) = lower.strip_prefix("forallvalues:") {
        (Some(Quantifier::ForAllValues), rest)
    } else if let Some(rest) = lower.strip_prefix("foranyvalue:") {
        (Some(Quantifier::ForAnyValue), rest)
    } else {
        (None, lower.as_str())
    };
    let (base, if_exists) = match rest.strip_suffix("ifexists") {
        Some(base) => (base, true),
        None => (rest, false),
    };
    match relation(base) {
        Some(relation) if !(if_exists && relation == Relation::Null) => {
            Operator { text: name.into(), quantifier, relation, if_exists }
        }
        Some(_) | None => {
            Operator { text: name.into(), quantifier: None, relation: Relation::Unknown, if_exists: false }
        }
    }
}

/// What the operator of this name, in lower case and bare, compares and how; `None` for a name that is none of them.
fn relation(name: &str) -> Option<Relation> {
    Some(match name {
        "stringequals" => Relation::StringEquals,
        "stringnotequals" => Relation::StringNotEquals,
        "stringequalsignorecase" => Relation::StringEqualsIgnoreCase,
        "stringnotequalsignorecase" => Relation::StringNotEqualsIgnoreCase,
        "stringlike" => Relation::StringLike,
        "stringnotlike" => Relation::StringNotLike,
        "numericequals" => Relation::NumericEquals,
        "numericnotequals" => Relation::NumericNotEquals,
        "numericlessthan" => Relation::NumericLessThan,
        "numericlessthanequals" => Relation::NumericLessThanEquals,
        "numericgreaterthan" => Relation::NumericGreaterThan,
        "numericgreaterthanequals" => Relation::NumericGreaterThanEquals,
        "dateequals" => Relation::DateEquals,
        "datenotequals" => Relation::DateNotEquals,
        "datelessthan" => Relation::DateLessThan,
        "datelessthanequals" => Relation::DateLessThanEquals,
        "dategreaterthan" => Relation::DateGreaterThan,
        "dategreaterthanequals" => Relation::DateGreaterThanEquals,
        "bool" => Relation::Bool,
        "binaryequals" => Relation::BinaryEquals,
        "ipaddress" => Relation::IpAddress,
        "notipaddress" => Relation::NotIpAddress,
        "arnequals" | "arnlike" => Relation::ArnLike,
        "arnnotequals" | "arnnotlike" => Relation::ArnNotLike,
        "null" => Relation::Null,
        _ => return None,
    })
}
