//! Policy cases: documents, a question, and the verdict that is expected of it, in a JSON file.
//!
//! A case is the unit test of a policy. What `read` takes is closed: a member that it does not know is an error, because
//! a misspelt one would leave a test that tests nothing.
//!
//! ```json
//! {
//!   "id": "uploads-bucket-demands-tls",
//!   "kind": "bucket-tls",
//!   "documents": { "bucket_policy": { "Version": "2012-10-17", "Statement": [] } },
//!   "context": { "account_id": "210987654321", "bucket": "ward-7-uploads" },
//!   "expected": "fail",
//!   "why": "Nothing is denied yet."
//! }
//! ```

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::policy::counterexample::Counterexample;
use crate::policy::question::{AbsentHeader, Documents, Encryption, Question, Ruling, Setting, ask};

/// The region of a case that names none.
pub const DEFAULT_REGION: &str = "us-east-1";
/// The partition of a case that names none.
pub const DEFAULT_PARTITION: &str = "aws";
/// The algorithm that uploads have to name in a case that names none.
pub const DEFAULT_ALGORITHM: &str = "AES256";

/// A question that is asked of policy documents, with the verdict that is expected.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// Its name, for the reader of a list of cases.
    pub id: String,
    /// What is asked.
    pub kind: Question,
    /// Of what it is asked.
    pub documents: Documents,
    /// What the question has to know beside the documents.
    pub setting: Setting,
    /// The verdict that the case's author expects.
    pub expected: Expected,
    /// The verdicts that are right; `expected` is among them, and is the only one unless the case says otherwise.
    pub accept: Vec<Expected>,
    /// Why this verdict is right, for people.
    pub why: Option<String>,
    /// What a note beside the verdict should be about, for people; it is not compared.
    pub expected_warning: Option<String>,
    /// A request that shows a failure, as the author imagines it; it is not compared, because there are many.
    pub counterexample: Option<Value>,
}

/// A verdict on a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Expected {
    /// The question is answered well, and that is proved.
    Pass,
    /// The question is answered badly, and a counterexample shows it.
    Fail,
    /// The question does not arise.
    Na,
    /// Nobody can tell.
    Error,
}

impl Expected {
    /// The verdict's name in case files.
    pub fn name(self) -> &'static str {
        match self {
            Expected::Pass => "pass",
            Expected::Fail => "fail",
            Expected::Na => "na",
            Expected::Error => "error",
        }
    }
}

/// Why a text is not a case.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// The text is no JSON, or has a member that a case does not have, or lacks one, or has one of another shape.
    #[error("cannot read the case: {source}")]
    Shape {
        /// What stands where.
        source: serde_json::Error,
    },
    /// The documents are not those that the question is asked of.
    #[error("cannot ask {kind}: `documents` {found}; {help}")]
    Documents {
        /// The question.
        kind: &'static str,
        /// What is the matter, as the rest of a sentence that begins with `documents`.
        found: String,
        /// What to do.
        help: String,
    },
    /// A member of the context has a value that cannot be.
    #[error("cannot use `context.{member}`: {found}; {help}")]
    Context {
        /// The member.
        member: &'static str,
        /// What is the matter.
        found: String,
        /// What to do.
        help: String,
    },
    /// The expected verdict is not among the accepted ones.
    #[error("`accept` does not hold `{expected}`, which is expected; add it to `accept`, or leave `accept` out")]
    Accept {
        /// The expected verdict.
        expected: &'static str,
    },
    /// The case has no name.
    #[error("`id` is empty; give the case a name")]
    Nameless,
}

/// What came of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The verdict.
    pub verdict: Expected,
    /// Whether the case accepts it.
    pub ok: bool,
    /// Why the verdict is what it is.
    pub reason: String,
    /// What shows a failure.
    pub counterexample: Option<Counterexample>,
    /// The whole answer.
    pub ruling: Ruling,
}

impl Case {
    /// Reads a case from JSON.
    ///
    /// Documents are kept as they are written: numbers with their digits, members twice where they stand twice. A
    /// document that is a string is raw text, so that a case can hold broken JSON; `null` says that the resource has no
    /// policy.
    ///
    /// # Errors
    /// Where the text is not JSON, has an unknown member, lacks a member that the question needs, or contradicts itself.
    pub fn read(text: &str) -> Result<Case, CaseError> {
        let wire: CaseWire = serde_json::from_str(text).map_err(|source| CaseError::Shape { source })?;
        if wire.id.trim().is_empty() {
            return Err(CaseError::Nameless);
        }
        let accept = wire.accept.unwrap_or_else(|| vec![wire.expected]);
        if !accept.contains(&wire.expected) {
            return Err(CaseError::Accept { expected: wire.expected.name() });
        }
        let trusted_services = wire.context.trusted_services.clone();
        Ok(Case {
            id: wire.id,
            kind: wire.kind,
            documents: wire.documents.of(wire.kind, trusted_services)?,
            setting: wire.context.setting(wire.kind)?,
            expected: wire.expected,
            accept,
            why: wire.why,
            expected_warning: wire.expected_warning,
            counterexample: wire.counterexample,
        })
    }

    /// Asks the question and compares the answer with the accepted verdicts.
    pub fn judge(&self) -> Judged {
        let ruling = ask(self.kind, &self.documents, &self.setting);
        let (verdict, reason, counterexample) = match &ruling {
            Ruling::Pass { proved, .. } => (Expected::Pass, proved, None),
            Ruling::Fail { why, counterexample, .. } => (Expected::Fail, why, Some(counterexample.as_ref().clone())),
            Ruling::NotApplicable { reason, .. } => (Expected::Na, reason, None),
            Ruling::Undecided { reason } => (Expected::Error, reason, None),
        };
        Judged { verdict, ok: self.accept.contains(&verdict), reason: reason.clone(), counterexample, ruling }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseWire {
    id: String,
    #[serde(deserialize_with = "kind")]
    kind: Question,
    documents: DocumentsWire,
    context: ContextWire,
    expected: Expected,
    accept: Option<Vec<Expected>>,
    why: Option<String>,
    expected_warning: Option<String>,
    counterexample: Option<Value>,
}

/// Each document as it is written; `None` where the member is missing, which is another thing than `null`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DocumentsWire {
    #[serde(default, deserialize_with = "stated")]
    bucket_policy: Option<Box<RawValue>>,
    #[serde(default, deserialize_with = "stated")]
    resource_policy: Option<Box<RawValue>>,
    #[serde(default, deserialize_with = "stated")]
    key_policy: Option<Box<RawValue>>,
    #[serde(default, deserialize_with = "stated")]
    trust_policy: Option<Box<RawValue>>,
    inline: Option<Vec<Box<RawValue>>>,
    attached: Option<Vec<AttachedWire>>,
    #[serde(default, deserialize_with = "stated")]
    permissions_boundary: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AttachedWire {
    #[serde(alias = "name")]
    arn: String,
    #[serde(default, deserialize_with = "stated")]
    document: Option<Box<RawValue>>,
    error: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ContextWire {
    account_id: String,
    region: Option<String>,
    partition: Option<String>,
    bucket: Option<String>,
    bucket_arn: Option<String>,
    #[serde(
        alias = "key_arn",
        alias = "role_arn",
        alias = "topic_arn",
        alias = "queue_arn",
        alias = "function_arn",
        alias = "secret_arn",
        alias = "log_group_arn",
        alias = "api_arn",
        alias = "file_system_arn",
        alias = "repository_arn"
    )]
    resource_arn: Option<String>,
    service: Option<String>,
    #[serde(default)]
    trusted_accounts: Vec<String>,
    #[serde(default)]
    trusted_services: Vec<String>,
    require: Option<RequireWire>,
    default_encryption: Option<String>,
    #[serde(default)]
    allowed_managed: BTreeMap<String, String>,
    #[serde(default)]
    accept_own_org: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequireWire {
    algorithms: Option<Vec<String>>,
    absent_header: Option<AbsentHeader>,
    kms_key_arn: Option<String>,
}

fn kind<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Question, D::Error> {
    let name = String::deserialize(deserializer)?;
    Question::named(&name).ok_or_else(|| {
        let names: Vec<&str> = Question::ALL.into_iter().map(Question::name).collect();
        serde::de::Error::custom(format!("no question is named `{name}`; `kind` is one of {}", names.join(", ")))
    })
}

/// Keeps `null` apart from a member that is missing.
fn stated<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Box<RawValue>>, D::Error> {
    Box::<RawValue>::deserialize(deserializer).map(Some)
}

/// The text of a document: what a string holds, the JSON as written of anything else, `None` for `null`.
fn text(raw: &RawValue) -> Result<Option<String>, CaseError> {
    match raw.get().trim() {
        "null" => Ok(None),
        quoted if quoted.starts_with('"') => {
            serde_json::from_str(quoted).map(Some).map_err(|source| CaseError::Shape { source })
        }
        json => Ok(Some(json.to_owned())),
    }
}

impl DocumentsWire {
    fn of(self, kind: Question, trusted_services: Vec<String>) -> Result<Documents, CaseError> {
        let wanted: &[&str] = match kind {
            Question::BucketTls | Question::BucketSse => &["bucket_policy"],
            Question::RoleWildcard => &["inline", "attached", "permissions_boundary"],
            Question::TrustExternalId => &["trust_policy"],
            Question::KmsKeyPolicy => &["key_policy"],
            Question::Public => &["resource_policy", "bucket_policy", "key_policy"],
        };
        for member in self.members() {
            if !wanted.contains(&member) {
                return Err(CaseError::Documents {
                    kind: kind.name(),
                    found: format!("hold `{member}`, which this question does not read"),
                    help: format!("move it to a case of another kind; this one reads `{}`", wanted.join("`, `")),
                });
            }
        }
        let lacking = |member: &str| CaseError::Documents {
            kind: kind.name(),
            found: format!("lack `{member}`"),
            help: match kind {
                Question::TrustExternalId => "add the role's trust policy".into(),
                Question::RoleWildcard => "write an empty list for a role without policies".into(),
                Question::BucketTls | Question::BucketSse | Question::KmsKeyPolicy | Question::Public => {
                    "write null for a resource without a policy".into()
                }
            },
        };
        match kind {
            Question::BucketTls | Question::BucketSse => {
                let raw = self.bucket_policy.ok_or_else(|| lacking("bucket_policy"))?;
                Ok(Documents::Resource(text(&raw)?))
            }
            Question::KmsKeyPolicy => {
                let raw = self.key_policy.ok_or_else(|| lacking("key_policy"))?;
                Ok(Documents::Resource(text(&raw)?))
            }
            Question::Public => {
                let mut found = [self.resource_policy, self.bucket_policy, self.key_policy].into_iter().flatten();
                let raw = found.next().ok_or_else(|| lacking("resource_policy"))?;
                if found.next().is_some() {
                    return Err(CaseError::Documents {
                        kind: kind.name(),
                        found: "hold more than one policy".into(),
                        help: "write a case for each resource".into(),
                    });
                }
                Ok(Documents::Resource(text(&raw)?))
            }
            Question::TrustExternalId => {
                let raw = self.trust_policy.ok_or_else(|| lacking("trust_policy"))?;
                Ok(Documents::Trust(text(&raw)?.ok_or_else(|| lacking("trust_policy"))?))
            }
            Question::RoleWildcard => {
                if self.inline.is_none() && self.attached.is_none() {
                    return Err(lacking("inline"));
                }
                let mut policies = Vec::new();
                for (index, raw) in self.inline.into_iter().flatten().enumerate() {
                    policies.push(inline(index + 1, &raw)?);
                }
                for attached in self.attached.into_iter().flatten() {
                    policies.push(attached.read()?);
                }
                let boundary = match &self.permissions_boundary {
                    Some(raw) => text(raw)?,
                    None => None,
                };
                Ok(Documents::Role { policies, boundary, trusted_services })
            }
        }
    }

    fn members(&self) -> impl Iterator<Item = &'static str> {
        [
            ("bucket_policy", self.bucket_policy.is_some()),
            ("resource_policy", self.resource_policy.is_some()),
            ("key_policy", self.key_policy.is_some()),
            ("trust_policy", self.trust_policy.is_some()),
            ("inline", self.inline.is_some()),
            ("attached", self.attached.is_some()),
            ("permissions_boundary", self.permissions_boundary.is_some()),
        ]
        .into_iter()
        .filter_map(|(member, stands)| stands.then_some(member))
    }
}

/// An inline policy: the document itself, or `{name, document}` as for attached ones.
fn inline(number: usize, raw: &RawValue) -> Result<(String, Result<String, String>), CaseError> {
    let members: Result<BTreeMap<String, serde::de::IgnoredAny>, _> = serde_json::from_str(raw.get());
    if members.is_ok_and(|members| members.contains_key("document") || members.contains_key("error")) {
        let named: AttachedWire = serde_json::from_str(raw.get()).map_err(|source| CaseError::Shape { source })?;
        return named.read();
    }
    let text = text(raw)?.ok_or_else(|| CaseError::Documents {
        kind: Question::RoleWildcard.name(),
        found: format!("hold null as inline policy {number}"),
        help: "leave the entry out".into(),
    })?;
    Ok((number.to_string(), Ok(text)))
}

impl AttachedWire {
    fn read(self) -> Result<(String, Result<String, String>), CaseError> {
        let document = match &self.document {
            Some(raw) => text(raw)?,
            None => None,
        };
        match (document, self.error) {
            (Some(document), None) => Ok((self.arn, Ok(document))),
            (None, Some(error)) => Ok((self.arn, Err(error))),
            (Some(_), Some(_)) => Err(CaseError::Documents {
                kind: Question::RoleWildcard.name(),
                found: format!("hold both a document and an error for {}", self.arn),
                help: "keep one of them".into(),
            }),
            (None, None) => Err(CaseError::Documents {
                kind: Question::RoleWildcard.name(),
                found: format!("hold neither a document nor an error for {}", self.arn),
                help: "add `document`, or `error` with the reason why it could not be read".into(),
            }),
        }
    }
}

impl ContextWire {
    fn setting(self, kind: Question) -> Result<Setting, CaseError> {
        account("account_id", &self.account_id)?;
        for trusted in &self.trusted_accounts {
            account("trusted_accounts", trusted)?;
        }
        let partition = self.partition.clone().unwrap_or_else(|| DEFAULT_PARTITION.into());
        let resource = self.resource(&partition)?;
        let bucket_is_needed = match kind {
            Question::BucketTls | Question::BucketSse => true,
            Question::RoleWildcard | Question::TrustExternalId | Question::KmsKeyPolicy | Question::Public => false,
        };
        if bucket_is_needed && resource.is_none() {
            return Err(CaseError::Context {
                member: "bucket",
                found: "it is missing".into(),
                help: "name the bucket, or give its ARN as `bucket_arn`".into(),
            });
        }
        let require = self.require;
        let (algorithms, absent_header, kms_key_arn) = match require {
            Some(require) => (require.algorithms, require.absent_header, require.kms_key_arn),
            None => (None, None, None),
        };
        let algorithms = algorithms.unwrap_or_else(|| vec![DEFAULT_ALGORITHM.into()]);
        if algorithms.is_empty() {
            return Err(CaseError::Context {
                member: "require.algorithms",
                found: "the list is empty, so no upload could be right".into(),
                help: format!("name at least one, or leave it out for {DEFAULT_ALGORITHM}"),
            });
        }
        Ok(Setting {
            account: self.account_id,
            partition,
            region: self.region.unwrap_or_else(|| DEFAULT_REGION.into()),
            resource,
            service: self.service,
            trusted_accounts: self.trusted_accounts,
            encryption: Encryption {
                algorithms,
                absent_header: absent_header.unwrap_or(AbsentHeader::Deny),
                kms_key_arn,
                bucket_default: self.default_encryption,
            },
            accept_own_org: self.accept_own_org,
            allowed_managed: self.allowed_managed.into_iter().collect(),
        })
    }

    /// The resource's ARN: as given, or as it follows from a bucket's name.
    fn resource(&self, partition: &str) -> Result<Option<String>, CaseError> {
        let derived = self.bucket.as_ref().map(|bucket| format!("arn:{partition}:s3:::{bucket}"));
        let mut arns = Vec::new();
        for (member, arn) in
            [("bucket", &derived), ("bucket_arn", &self.bucket_arn), ("resource_arn", &self.resource_arn)]
        {
            let Some(arn) = arn else { continue };
            let mut parts = arn.splitn(6, ':');
            if parts.next() != Some("arn") || parts.next() != Some(partition) || parts.count() != 4 {
                return Err(CaseError::Context {
                    member,
                    found: format!("`{arn}` is no ARN of the partition {partition}"),
                    help: format!("write arn:{partition}:SERVICE:REGION:ACCOUNT:RESOURCE, or set `partition`"),
                });
            }
            arns.push((member, arn.clone()));
        }
        let Some((_, first)) = arns.first().cloned() else { return Ok(None) };
        match arns.into_iter().find(|(_, arn)| *arn != first) {
            None => Ok(Some(first)),
            Some((member, arn)) => Err(CaseError::Context {
                member,
                found: format!("`{arn}` is another resource than `{first}`"),
                help: "keep one of them".into(),
            }),
        }
    }
}

fn account(member: &'static str, id: &str) -> Result<(), CaseError> {
    if id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(());
    }
    Err(CaseError::Context {
        member,
        found: format!("`{id}` is no account id"),
        help: "write its twelve digits as a string".into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(kind: &str, documents: &str, context: &str) -> String {
        format!(
            r#"{{"id": "c", "kind": "{kind}", "documents": {documents}, "context": {context}, "expected": "fail"}}"#
        )
    }

    fn refusal(text: &str) -> String {
        Case::read(text).unwrap_err().to_string()
    }

    #[test]
    fn absent_members_of_the_context_have_defaults() {
        let read = Case::read(&case(
            "bucket-sse",
            r#"{"bucket_policy": null}"#,
            r#"{"account_id": "210987654321", "bucket": "b"}"#,
        ))
        .unwrap();
        assert_eq!(read.documents, Documents::Resource(None));
        assert_eq!(read.accept, [Expected::Fail]);
        assert_eq!(
            read.setting,
            Setting {
                account: "210987654321".into(),
                partition: "aws".into(),
                region: "us-east-1".into(),
                resource: Some("arn:aws:s3:::b".into()),
                service: None,
                trusted_accounts: vec![],
                encryption: Encryption {
                    algorithms: vec!["AES256".into()],
                    absent_header: AbsentHeader::Deny,
                    kms_key_arn: None,
                    bucket_default: None,
                },
                accept_own_org: false,
                allowed_managed: vec![],
            }
        );
    }

    #[test]
    fn a_document_is_handed_on_as_it_is_written() {
        let document = r#"{ "Statement": [{"Condition": {"NumericLessThan": {"k": 1.20}}, "Sid": "a", "Sid": "b"}] }"#;
        let context = r#"{"account_id": "210987654321", "bucket": "b"}"#;
        let read = Case::read(&case("bucket-tls", &format!(r#"{{"bucket_policy": {document}}}"#), context)).unwrap();
        assert_eq!(read.documents, Documents::Resource(Some(document.into())));
    }

    #[test]
    fn a_document_that_is_a_string_is_raw_text() {
        let context = r#"{"account_id": "210987654321", "bucket": "b"}"#;
        let read = Case::read(&case("bucket-tls", r#"{"bucket_policy": "{\"Statement\": ["}"#, context)).unwrap();
        assert_eq!(read.documents, Documents::Resource(Some(r#"{"Statement": ["#.into())));
    }

    #[test]
    fn a_role_has_inline_and_attached_policies_and_what_could_not_be_read() {
        let read = Case::read(&case(
            "role-wildcard",
            r#"{"inline": [{"Statement": []}, {"name": "notes", "document": "{"}],
                "attached": [{"arn": "arn:aws:iam::210987654321:policy/p", "error": "AccessDenied"}],
                "permissions_boundary": null}"#,
            r#"{"account_id": "210987654321", "trusted_services": ["ecs-tasks.amazonaws.com"],
                "allowed_managed": {"arn:aws:iam::aws:policy/p": "ecs-tasks.amazonaws.com"}}"#,
        ))
        .unwrap();
        assert_eq!(
            read.documents,
            Documents::Role {
                policies: vec![
                    ("1".into(), Ok(r#"{"Statement": []}"#.into())),
                    ("notes".into(), Ok("{".into())),
                    ("arn:aws:iam::210987654321:policy/p".into(), Err("AccessDenied".into())),
                ],
                boundary: None,
                trusted_services: vec!["ecs-tasks.amazonaws.com".into()],
            }
        );
        let allowed = [("arn:aws:iam::aws:policy/p".to_owned(), "ecs-tasks.amazonaws.com".to_owned())];
        assert_eq!(read.setting.allowed_managed, allowed);
    }

    #[test]
    fn an_unknown_member_is_refused_with_the_ones_that_there_are() {
        let text = case("bucket-tls", r#"{"bucket_polcy": null}"#, r#"{"account_id": "210987654321", "bucket": "b"}"#);
        let message = refusal(&text);
        assert!(
            message.starts_with("cannot read the case: unknown field `bucket_polcy`, expected one of"),
            "{message}"
        );
        assert!(message.contains("`bucket_policy`"), "{message}");
        assert!(message.contains("at line 1 column"), "{message}");
    }

    #[test]
    fn an_unknown_kind_is_refused_with_the_kinds_that_there_are() {
        let message = refusal(&case("bucket-ssl", "{}", "{}"));
        assert!(
            message.starts_with(
                "cannot read the case: no question is named `bucket-ssl`; `kind` is one of bucket-tls, bucket-sse, "
            ),
            "{message}"
        );
    }

    #[test]
    fn a_document_of_another_question_is_refused() {
        assert_eq!(
            refusal(&case("bucket-tls", r#"{"trust_policy": {}}"#, r#"{"account_id": "210987654321"}"#)),
            "cannot ask bucket-tls: `documents` hold `trust_policy`, which this question does not read; \
             move it to a case of another kind; this one reads `bucket_policy`"
        );
    }

    #[test]
    fn a_missing_document_is_refused_with_what_to_write() {
        assert_eq!(
            refusal(&case("kms-key-policy", "{}", r#"{"account_id": "210987654321"}"#)),
            "cannot ask kms-key-policy: `documents` lack `key_policy`; write null for a resource without a policy"
        );
        assert_eq!(
            refusal(&case("trust-external-id", r#"{"trust_policy": null}"#, r#"{"account_id": "210987654321"}"#)),
            "cannot ask trust-external-id: `documents` lack `trust_policy`; add the role's trust policy"
        );
    }

    #[test]
    fn a_bucket_question_without_a_bucket_is_refused() {
        assert_eq!(
            refusal(&case("bucket-tls", r#"{"bucket_policy": null}"#, r#"{"account_id": "210987654321"}"#)),
            "cannot use `context.bucket`: it is missing; name the bucket, or give its ARN as `bucket_arn`"
        );
    }

    #[test]
    fn a_bucket_and_an_arn_that_disagree_are_refused() {
        let context = r#"{"account_id": "210987654321", "bucket": "a", "bucket_arn": "arn:aws:s3:::b"}"#;
        assert_eq!(
            refusal(&case("bucket-tls", r#"{"bucket_policy": null}"#, context)),
            "cannot use `context.bucket_arn`: `arn:aws:s3:::b` is another resource than `arn:aws:s3:::a`; \
             keep one of them"
        );
    }

    #[test]
    fn an_arn_of_another_partition_is_refused() {
        let context = r#"{"account_id": "210987654321", "bucket_arn": "arn:aws-cn:s3:::b"}"#;
        assert_eq!(
            refusal(&case("bucket-tls", r#"{"bucket_policy": null}"#, context)),
            "cannot use `context.bucket_arn`: `arn:aws-cn:s3:::b` is no ARN of the partition aws; \
             write arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE, or set `partition`"
        );
    }

    #[test]
    fn an_account_that_is_no_account_is_refused() {
        assert_eq!(
            refusal(&case("bucket-tls", r#"{"bucket_policy": null}"#, r#"{"account_id": "1234", "bucket": "b"}"#)),
            "cannot use `context.account_id`: `1234` is no account id; write its twelve digits as a string"
        );
    }

    #[test]
    fn an_expected_verdict_has_to_be_accepted() {
        let text = r#"{"id": "c", "kind": "bucket-tls", "documents": {"bucket_policy": null},
            "context": {"account_id": "210987654321", "bucket": "b"}, "expected": "fail", "accept": ["pass"]}"#;
        assert_eq!(
            refusal(text),
            "`accept` does not hold `fail`, which is expected; add it to `accept`, or leave `accept` out"
        );
    }
}
