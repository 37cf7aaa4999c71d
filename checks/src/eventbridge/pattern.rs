//! Event patterns: whether EventBridge would take an event for one that a pattern describes.
//!
//! The semantics are those of the matcher that EventBridge runs, which AWS publishes as Event Ruler. A pattern names
//! fields; each named field has to hold one of the values that stand beside it. An event is seen as its scalar fields:
//! lists are crushed out, except that two fields never come from different elements of one list.
//!
//! What this version does not know stays open and is no answer, unless the rest of the pattern decides the question.

mod operator;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::answer::Answer;
use crate::observed::Gap;
use operator::Test;

/// The operation that answers with patterns.
const OPERATION: &str = "ListRules";
/// The operator that joins alternatives of whole fields.
const OR: &str = "$or";
/// The most combinations of `$or` that EventBridge takes in one pattern.
const MOST_BRANCHES: usize = 1_000;

/// Whether a pattern matches an event.
///
/// # Errors
/// A gap, when the pattern is none, or holds something that this version does not know and that decides the question.
pub fn matches(pattern: &Value, event: &Value) -> Result<bool, Gap> {
    let Value::Object(fields) = pattern else { return Err(malformed("it is not a JSON object")) };
    let mut leaves = Leaves::new();
    flatten(event, &mut String::new(), &Place::new(), &mut 0, &mut leaves);
    let mut branches = vec![Branch::new()];
    compile(fields, "", &mut branches)?;
    let branches = branches.iter().map(|branch| {
        let fields: Vec<_> = branch.iter().collect();
        search(&fields, &leaves, &Place::new())
    });
    branches.fold(Answer::No, |known, branch| known.or(|| branch)).known()
}

/// Where in the lists of an event a scalar stands: the index in each list around it, by the list's number.
type Place = BTreeMap<usize, usize>;

/// The scalars of an event, by the path of their field.
type Leaves<'e> = BTreeMap<String, Vec<(&'e Value, Place)>>;

/// One way to match: for each path the tests of which one has to hold.
type Branch<'p> = BTreeMap<String, Vec<Test<'p>>>;

/// Takes the scalars out of an event. A field that holds an empty list or object has none, and so does not exist.
fn flatten<'e>(value: &'e Value, path: &mut String, place: &Place, lists: &mut usize, leaves: &mut Leaves<'e>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let length = path.len();
                *path = joined(path, name);
                flatten(value, path, place, lists, leaves);
                path.truncate(length);
            }
        }
        Value::Array(elements) => {
            let list = *lists;
            *lists += 1;
            for (index, element) in elements.iter().enumerate() {
                let mut place = place.clone();
                // Scalars of one list stand side by side; only objects and lists in it keep apart what is in them.
                if element.is_object() || element.is_array() {
                    place.insert(list, index);
                }
                flatten(element, path, &place, lists, leaves);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            leaves.entry(path.clone()).or_default().push((value, place.clone()));
        }
    }
}

/// Paths are joined with dots, in patterns and events alike, so that `a.b` and `a` with `b` in it are the same field.
fn joined(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// Adds the fields of a pattern to each branch, and splits the branches at `$or`.
fn compile<'p>(fields: &'p Map<String, Value>, path: &str, branches: &mut Vec<Branch<'p>>) -> Result<(), Gap> {
    if fields.is_empty() {
        return Err(malformed(&format!("`{path}` is an empty object")));
    }
    for (name, value) in fields {
        let field = joined(path, name);
        match value {
            // `$or` is no field, so what it holds stands where it stands itself.
            Value::Array(ways) if name == OR => split(ways, path, branches)?,
            Value::Object(_) if name == OR => return Err(malformed("`$or` is not a list")),
            Value::Object(fields) => compile(fields, &field, branches)?,
            Value::Array(values) if values.is_empty() => return Err(malformed(&format!("`{field}` is an empty list"))),
            Value::Array(values) => {
                for branch in branches.iter_mut() {
                    let tests = values.iter().map(|value| Test::read(value, &field)).collect();
                    // EventBridge lets one of the two replace the other, by their order in the text.
                    if branch.insert(field.clone(), tests).is_some() {
                        return Err(malformed(&format!("`{field}` is tested beside `$or` and in it")));
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                return Err(malformed(&format!("`{field}` is neither a list nor an object")));
            }
        }
    }
    Ok(())
}

/// Makes of each branch one for every way of an `$or`.
fn split<'p>(ways: &'p [Value], path: &str, branches: &mut Vec<Branch<'p>>) -> Result<(), Gap> {
    if ways.len() < 2 {
        return Err(malformed("`$or` has fewer than two ways"));
    }
    let mut all = Vec::new();
    for way in ways {
        let Value::Object(fields) = way else { return Err(malformed("a way of `$or` is not an object")) };
        // EventBridge takes such an `$or` for the name of a field.
        if let Some(name) = fields.keys().find(|name| operator::is_reserved(name)) {
            return Err(malformed(&format!("a way of `$or` holds the operator `{name}` in place of a field")));
        }
        let mut those = branches.clone();
        compile(fields, path, &mut those)?;
        all.append(&mut those);
        if all.len() > MOST_BRANCHES {
            return Err(malformed(&format!("`$or` makes more than {MOST_BRANCHES} combinations")));
        }
    }
    *branches = all;
    Ok(())
}

/// Looks for one scalar for each field, none two of which are in different elements of one list.
fn search(fields: &[(&String, &Vec<Test<'_>>)], leaves: &Leaves<'_>, place: &Place) -> Answer {
    let Some(((path, tests), rest)) = fields.split_first() else { return Answer::Yes };
    let mut found = false;
    let mut answer = Answer::No;
    for (value, at) in leaves.get(*path).into_iter().flatten() {
        let Some(place) = together(place, at) else { continue };
        found = true;
        answer = answer.or(|| any(tests, |test| test.holds(value)).and(|| search(rest, leaves, &place)));
    }
    if found {
        return answer;
    }
    any(tests, |test| test.holds_where_absent()).and(|| search(rest, leaves, place))
}

fn any(tests: &[Test<'_>], holds: impl Fn(&Test<'_>) -> Answer) -> Answer {
    tests.iter().fold(Answer::No, |known, test| known.or(|| holds(test)))
}

/// The place of both; `None` where they are in different elements of one list.
fn together(one: &Place, other: &Place) -> Option<Place> {
    let mut both = one.clone();
    for (list, index) in other {
        if *both.entry(*list).or_insert(*index) != *index {
            return None;
        }
    }
    Some(both)
}

/// The gap of a pattern that EventBridge would not take, so that the text is not what was answered, or is newer.
fn malformed(what: &str) -> Gap {
    Gap::Unparsable { operation: OPERATION.into(), what: format!("in an event pattern, {what}") }
}

fn unknown_operator(path: &str, operator: &str) -> Gap {
    Gap::Unrecognised {
        operation: OPERATION.into(),
        field: format!("the event pattern's {path}").into(),
        token: operator.chars().take(80).collect(),
    }
}
