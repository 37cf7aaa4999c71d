//! The dynamic references to secrets that stand anywhere in a template.

use serde_json::Value;
use tap_audit_checks::observed::{Gap, Observed};
use tap_audit_checks::secretsmanager::Reference;

use super::Piece;
use crate::template::{Filling, Source, Values, intrinsic};

const START: &str = "{{resolve:secretsmanager:";

impl Source {
    /// The dynamic references to secrets in the template. One that cannot be told leaves them all unknown. Those to a
    /// secret of the template itself are left out: its name is not known here, and that it is made fails elsewhere.
    pub(crate) fn secret_references(&self, stack: &str, values: &Values) -> Observed<Vec<Reference>> {
        let filling = Filling { source: self, values };
        let mut found = Vec::new();
        for section in ["Resources", "Outputs"] {
            for (id, value) in self.section(section) {
                if filling.references(value, stack, &mut found).is_err() {
                    return Observed::Unknown(Gap::undecided(format!(
                        "the template of stack {stack} refers to a secret in {id} in a way that cannot be resolved"
                    )));
                }
            }
        }
        found.sort();
        found.dedup();
        Observed::Present(found)
    }
}

impl Filling<'_> {
    fn references(&self, value: &Value, stack: &str, found: &mut Vec<Reference>) -> Result<(), String> {
        if !mentions(value) {
            return Ok(());
        }
        match (intrinsic(value), value) {
            (Some(("Fn::If", argument)), _) => self.references(self.chosen(argument).ok_or("Fn::If")?, stack, found),
            (Some(("Fn::Sub" | "Fn::Join", _)), _) | (None, Value::String(_)) => {
                let mut text = String::new();
                for piece in self.pieces(value)? {
                    match piece {
                        Piece::Text(piece) | Piece::Parameter(_, Some(piece)) => text.push_str(&piece),
                        Piece::Parameter(name, None) => return Err(name),
                        Piece::Resource(_) => text.push('\u{1}'),
                    }
                }
                found.extend(in_text(&text, stack));
                Ok(())
            }
            (Some((_, argument)), _) => self.references(argument, stack, found),
            (None, Value::Array(values)) => values.iter().try_for_each(|one| self.references(one, stack, found)),
            (None, Value::Object(members)) => members.values().try_for_each(|one| self.references(one, stack, found)),
            (None, Value::Null | Value::Bool(_) | Value::Number(_)) => Ok(()),
        }
    }
}

/// Whether a part of a reference stands anywhere in a value; texts may be put together of pieces.
fn mentions(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains("resolve:secretsmanager"),
        Value::Array(values) => values.iter().any(mentions),
        Value::Object(members) => members.values().any(mentions),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn in_text(text: &str, stack: &str) -> Vec<Reference> {
    let bodies = text.split(START).skip(1).filter_map(|rest| rest.split_once("}}").map(|(body, _)| body));
    bodies.filter_map(|body| reference(body, stack)).collect()
}

/// Secret, `SecretString`, key, stage and version, of which all but the first may be left out or empty.
fn reference(body: &str, stack: &str) -> Option<Reference> {
    let parts: Vec<&str> = body.trim().split(':').collect();
    // An ARN holds six colons itself.
    let length = if body.trim_start().starts_with("arn:") { 7 } else { 1 };
    let named = parts.get(..length)?.join(":");
    let pinned =
        |place: usize| parts.get(length + place).filter(|part| !part.is_empty()).map(|part| (*part).to_owned());
    (!named.is_empty() && !named.contains('\u{1}')).then(|| Reference {
        stack: stack.to_owned(),
        named,
        stage: pinned(2),
        version: pinned(3),
    })
}

#[cfg(test)]
mod tests {
    use super::reference;

    #[test]
    fn a_reference_is_taken_apart_by_its_colons() {
        let arn = "arn:aws:secretsmanager:us-east-2:123456789012:secret:app/db-AbC123";
        for (body, named, stage, version) in [
            ("app/db", "app/db", None, None),
            ("app/db:SecretString:password", "app/db", None, None),
            ("app/db:SecretString:password:AWSPREVIOUS", "app/db", Some("AWSPREVIOUS"), None),
            ("app/db:SecretString:password::v1", "app/db", None, Some("v1")),
            (&format!("{arn}:SecretString:::v1"), arn, None, Some("v1")),
        ] {
            let found = reference(body, "TapStack").unwrap();
            let pinned = (found.stage.as_deref(), found.version.as_deref());
            assert_eq!((found.named.as_str(), pinned), (named, (stage, version)), "{body}");
        }
        assert_eq!(reference("\u{1}:SecretString:password", "TapStack"), None);
    }
}
