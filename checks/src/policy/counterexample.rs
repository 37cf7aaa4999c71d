//! What a failing judgement of a policy document is shown by, and what would mend it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

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
