//! What a failing judgement of a policy document is shown by, and what would mend it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::policy::model::Statement;

/// A concrete request that a policy document should have answered otherwise, or a statement that should not stand.
///
/// It holds no value of `sts:ExternalId`: where such a value matters it stands as a description in angle brackets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counterexample {
    /// The whole of it in one sentence.
    pub sentence: String,
    /// Who calls: `anonymous`, an ARN, or the name of a service; `None` where a statement is wrong by itself.
    pub principal: Option<String>,
    /// The action, such as `s3:GetObject`.
    pub action: Option<String>,
    /// The resource's ARN.
    pub resource: Option<String>,
    /// The condition keys that matter, as commonly written; `None` for a key that the request lacks and that matters by
    /// being absent.
    pub context: BTreeMap<String, Option<String>>,
    /// The statement that allows the request or is wrong by itself.
    pub allowed_by: Option<Cited>,
    /// The Deny that came nearest to catching the request.
    pub nearest_deny: Option<NearMiss>,
}

impl Counterexample {
    /// The first half of the sentence: who can do what on which resource.
    pub(crate) fn brief(&self) -> &str {
        self.sentence.split_once(": ").map_or(self.sentence.as_str(), |(brief, _)| brief)
    }
}

/// A Deny that nearly caught a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NearMiss {
    /// The statement.
    pub statement: Cited,
    /// Each test that the request slipped through, in words.
    pub slipped: Vec<String>,
}

/// A statement, as a reader finds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cited {
    /// The document it stands in, such as `bucket policy` or `inline policy ReadRecords`.
    pub document: String,
    /// Its place, such as `statement 2 (DenyInsecureTransport)`, counted from 1.
    pub statement: String,
    /// Its JSON, indented; values of `sts:ExternalId` are masked.
    pub json: String,
}

/// A correction of one document that was judged before it is shown: with it the same question is answered well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// What to do with the statements, in one sentence, such as `add this statement to the bucket policy`.
    pub instruction: String,
    /// The JSON of the statement that is new or changed, indented.
    pub statement: String,
    /// What was asked of the corrected document, and answered well, such as `bucket-tls`.
    pub judged: String,
}

/// What stands for a value of `sts:ExternalId` in a statement that is shown.
pub const EXTERNAL_ID: &str = "<external id>";

/// Shows a statement of a document, indented, without the values of `sts:ExternalId`.
pub fn cite(document: &str, statement: &Statement) -> Cited {
    let json = match serde_json::from_str::<Value>(&statement.source) {
        Ok(value) => shown(value),
        // A parsed statement is JSON. Were it ever not, its text could hold what must not be shown.
        Err(error) => format!("(cannot be shown: line {}, column {})", error.line(), error.column()),
    };
    Cited { document: document.into(), statement: statement.name(), json }
}

/// A statement's JSON, indented, without the values of `sts:ExternalId`.
pub(crate) fn shown(mut statement: Value) -> String {
    mask(&mut statement, false);
    format!("{statement:#}")
}

/// `Null` tests only whether the key is there; its words are no ids.
fn mask(value: &mut Value, presence: bool) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                if !presence && name.trim().eq_ignore_ascii_case("sts:externalid") {
                    conceal(member);
                } else {
                    mask(member, name.eq_ignore_ascii_case("null"));
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| mask(item, false)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn conceal(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(conceal),
        Value::Object(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            *value = Value::String(EXTERNAL_ID.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::model::{Actions, Effect, Principals, Resources};

    fn statement(source: &str) -> Statement {
        Statement {
            index: 1,
            sid: Some("Partner".into()),
            effect: Effect::Allow,
            principals: Principals::Unstated,
            actions: Actions::Only(Vec::new()),
            resources: Resources::Unstated,
            conditions: Vec::new(),
            source: source.into(),
        }
    }

    #[test]
    fn a_shown_statement_holds_no_external_id_in_any_spelling_of_the_key() {
        let source = r#"{"Sid":"Partner","Effect":"Allow","Condition":{
            "StringEquals":{"sts:ExternalId":["one-id","two-id"]},
            "StringLike":{"STS:externalid":"three-id"},
            "Null":{"sts:ExternalId":"false"}}}"#;
        let cited = cite("trust policy", &statement(source));
        assert_eq!((cited.document.as_str(), cited.statement.as_str()), ("trust policy", "statement 2 (Partner)"));
        assert!(!cited.json.contains("-id\""), "{}", cited.json);
        assert_eq!(cited.json.matches(EXTERNAL_ID).count(), 3, "{}", cited.json);
        assert!(cited.json.contains("\"sts:ExternalId\": \"false\""), "{}", cited.json);
        assert!(cited.json.starts_with("{\n  \"Sid\": \"Partner\","), "{}", cited.json);
    }

    #[test]
    fn a_statement_that_is_no_json_is_not_shown() {
        assert_eq!(cite("trust policy", &statement("{\"secret")).json, "(cannot be shown: line 1, column 8)");
    }
}
