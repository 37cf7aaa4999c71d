//! Does the bucket's policy deny the very uploads that the bucket's default encryption is for?

use serde_json::{Value, json};

use crate::policy::counterexample::{Correction, Counterexample, cite};
use crate::policy::evaluate::{self, Facts, Truth};
use crate::policy::model::{Effect, Statement};
use crate::policy::parse::{Sort, parse};
use crate::policy::question::class::{bucket, class, own};
use crate::policy::question::correct::{Change, correction, statement};
use crate::policy::question::{Ruling, Setting, bucket_arn, bucket_sse, show, unreadable};
use crate::policy::request::{Caller, Held, Request};
use crate::policy::search::{Act, Answer, Claim, Fixed, Region, SOME_SESSION, search};

const DOCUMENT: &str = "bucket policy";
const ALGORITHM: &str = "s3:x-amz-server-side-encryption";
const CUSTOMER: &str = "s3:x-amz-server-side-encryption-customer-algorithm";
const TRANSPORT: &str = "aws:securetransport";

/// Judges whether the account can upload over TLS with the bucket's default algorithm in the header. A failure means
/// that every such upload is explicitly denied.
pub(crate) fn judge(policy: &str, algorithm: &'static str, setting: &Setting) -> Ruling {
    judged(policy, algorithm, setting, true)
}

fn judged(policy: &str, algorithm: &'static str, setting: &Setting, correcting: bool) -> Ruling {
    let arn = match bucket_arn(setting) {
        Ok(arn) => arn,
        Err(reason) => return Ruling::Undecided { reason },
    };
    let document = match parse(policy, Sort::Resource) {
        Ok(document) => document,
        Err(error) => return unreadable(DOCUMENT, &error),
    };
    let documents = [&document];
    let [objects, _] = bucket(&arn);
    let puts = Region { acts: vec![Act::new("s3:PutObject")], ..objects };
    let fixed = [(TRANSPORT, Fixed::Is("true")), (ALGORITHM, Fixed::Is(algorithm)), (CUSTOMER, Fixed::Absent)];
    let uploads = class(&documents, setting, own(&documents, setting), vec![puts], fixed);
    match search(&documents, Claim::Denied, &uploads) {
        Answer::Undecided(reason) => Ruling::Undecided { reason },
        Answer::Refuted(_) => Ruling::Pass {
            proved: format!("an upload with the bucket's default algorithm {algorithm} in its header is not denied"),
            notes: Vec::new(),
        },
        Answer::Proved => {
            let request = Request {
                caller: Caller::Role {
                    account: setting.account.clone(),
                    name: "someone".into(),
                    session: SOME_SESSION.into(),
                },
                action: "s3:PutObject".into(),
                resource: format!("{arn}/object"),
                context: [(TRANSPORT, "true"), (ALGORITHM, algorithm)]
                    .map(|(key, value)| (key.to_owned(), Held::One(value.to_owned())))
                    .into(),
            };
            let facts = Facts { request: &request, partition: &setting.partition };
            let denying = document.statements.iter().find(|statement| {
                statement.effect == Effect::Deny && evaluate::statement(statement, &facts) == Truth::Yes
            });
            Ruling::Fail {
                why: format!(
                    "broken pair: the bucket encrypts with {algorithm} by default, and the policy denies every upload \
                     that names {algorithm}, so uploads by the default encryption fail"
                ),
                counterexample: Box::new(shown(&request, denying, algorithm, setting)),
                correction: denying.filter(|_| correcting).and_then(|found| correct(policy, found, algorithm, setting)),
                notes: Vec::new(),
            }
        }
    }
}

fn shown(request: &Request, denying: Option<&Statement>, algorithm: &str, setting: &Setting) -> Counterexample {
    let principal = show::name(&request.caller, &setting.partition);
    let by = denying.map_or_else(|| "the policy".to_owned(), Statement::name);
    Counterexample {
        sentence: format!(
            "{principal} cannot call {} on {} with the encryption header {algorithm}, which is the bucket's default: \
             {by} denies it",
            request.action, request.resource
        ),
        principal: Some(principal),
        action: Some(request.action.clone()),
        resource: Some(request.resource.clone()),
        context: [("aws:SecureTransport", "true"), (ALGORITHM, algorithm)]
            .map(|(key, value)| (key.to_owned(), Some(value.to_owned())))
            .into(),
        allowed_by: denying.map(|statement| cite(DOCUMENT, statement)),
        nearest_deny: None,
    }
}

/// The Deny with the default algorithm among those that it spares.
fn correct(text: &str, denying: &Statement, algorithm: &'static str, setting: &Setting) -> Option<Correction> {
    if !setting.encryption.algorithms.iter().any(|accepted| accepted == algorithm) {
        return None;
    }
    let mut mended = statement(text, denying.index)?;
    let mut changed = false;
    for (operator, tests) in mended.get_mut("Condition")?.as_object_mut()? {
        if !operator.to_ascii_lowercase().contains("stringnot") {
            continue;
        }
        for (key, values) in tests.as_object_mut()? {
            if !key.eq_ignore_ascii_case(ALGORITHM) {
                continue;
            }
            let mut listed = match values.take() {
                Value::Array(listed) => listed,
                one @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => {
                    vec![one]
                }
            };
            listed.push(json!(algorithm));
            *values = Value::Array(listed);
            changed = true;
        }
    }
    let instruction = format!(
        "replace statement {} of the bucket policy by this one, or set the bucket's default encryption to an algorithm \
         that the policy spares",
        denying.index + 1
    );
    let change = Change::Replace(denying.index, vec![mended]);
    let judge = |text: &str| match bucket_sse::judge(Some(text), setting) {
        Ruling::Pass { .. } => judged(text, algorithm, setting, false),
        other @ (Ruling::Fail { .. } | Ruling::NotApplicable { .. } | Ruling::Undecided { .. }) => other,
    };
    if changed { correction(Some(text), &change, &instruction, "bucket-sse", judge) } else { None }
}
