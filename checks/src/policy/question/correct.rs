//! Corrections of a document: concrete statements, judged before they are shown.

use serde_json::{Value, json};

use crate::policy::counterexample::{Correction, shown};
use crate::policy::question::Ruling;

/// A change of a document's statements.
pub(crate) enum Change {
    /// These statements are added.
    Add(Vec<Value>),
    /// The statement at this place is replaced by these.
    Replace(usize, Vec<Value>),
}

/// Makes the change and judges the result; `None` where it does not hold, or the document is no JSON.
pub(crate) fn correction(
    text: Option<&str>,
    change: &Change,
    instruction: &str,
    question: &str,
    judge: impl FnOnce(&str) -> Ruling,
) -> Option<Correction> {
    let mut document = match text.map(serde_json::from_str::<Value>) {
        Some(Ok(document)) => document,
        Some(Err(_)) => return None,
        None => json!({"Version": "2012-10-17", "Statement": []}),
    };
    let statements = document.as_object_mut()?.get_mut("Statement")?;
    if !statements.is_array() {
        *statements = json!([statements.take()]);
    }
    let list = statements.as_array_mut()?;
    let new = match change {
        Change::Add(new) => {
            list.extend(new.iter().cloned());
            new
        }
        Change::Replace(index, new) => {
            if *index >= list.len() {
                return None;
            }
            list.splice(index..=index, new.iter().cloned());
            new
        }
    };
    match judge(&document.to_string()) {
        Ruling::Pass { .. } | Ruling::NotApplicable { .. } => {}
        Ruling::Fail { .. } | Ruling::Undecided { .. } => return None,
    }
    let statement = match new.as_slice() {
        [one] => shown(one.clone()),
        several => shown(Value::Array(several.to_vec())),
    };
    Some(Correction { instruction: instruction.to_owned(), statement, judged: question.to_owned() })
}

/// The JSON of the statement at this place.
pub(super) fn statement(text: &str, index: usize) -> Option<Value> {
    let Ok(document) = serde_json::from_str::<Value>(text) else { return None };
    match document.get("Statement")? {
        Value::Array(list) => list.get(index).cloned(),
        one @ Value::Object(_) if index == 0 => Some(one.clone()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => None,
    }
}
