//! Is every upload without the right encryption header explicitly denied?

use serde_json::{Value, json};

use crate::policy::counterexample::Correction;
use crate::policy::model::Document;
use crate::policy::parse::{Sort, parse};
use crate::policy::question::class::{bucket, class, everybody, own};
use crate::policy::question::correct::{Change, correction};
use crate::policy::question::show::Shown;
use crate::policy::question::{AbsentHeader, Encryption, Ruling, Setting, unreadable};
use crate::policy::search::{Act, Answer, Claim, Fixed, Region, search};

const DOCUMENT: &str = "bucket policy";
const ALGORITHM: &str = "s3:x-amz-server-side-encryption";
const KEY: &str = "s3:x-amz-server-side-encryption-aws-kms-key-id";
const CUSTOMER: &str = "s3:x-amz-server-side-encryption-customer-algorithm";
/// The values that S3 takes in the header; it refuses every other before it looks at the policy.
const ALGORITHMS: [&str; 3] = ["AES256", "aws:kms", "aws:kms:dsse"];

/// An upload that does not comply.
struct Upload {
    fixed: Vec<(&'static str, Fixed)>,
    what: String,
    absent: &'static [&'static str],
    /// Why it may comply after all, where nobody can tell.
    doubt: Option<&'static str>,
}

/// Judges a bucket's policy; `None` where it has none.
pub(crate) fn judge(policy: Option<&str>, setting: &Setting) -> Ruling {
    judged(policy, setting, true)
}

fn judged(policy: Option<&str>, setting: &Setting, correcting: bool) -> Ruling {
    let arn = match super::bucket_arn(setting) {
        Ok(arn) => arn,
        Err(reason) => return Ruling::Undecided { reason },
    };
    if setting.encryption.algorithms.is_empty() {
        return Ruling::Undecided { reason: "no encryption algorithm is named as accepted".into() };
    }
    let document = match policy.map(|text| parse(text, Sort::Resource)).transpose() {
        Ok(document) => document,
        Err(error) => return unreadable(DOCUMENT, &error),
    };
    let documents: Vec<&Document> = document.iter().collect();
    let mut undecided = None;
    for upload in uploads(&setting.encryption) {
        let parties = everybody(&documents, setting);
        match search(&documents, Claim::Denied, &class(&documents, setting, parties, puts(&arn), upload.fixed)) {
            Answer::Proved => {}
            Answer::Undecided(reason) => {
                undecided.get_or_insert(reason);
            }
            Answer::Refuted(_) if upload.doubt.is_some() => {
                undecided = undecided.or(upload.doubt.map(str::to_owned));
            }
            Answer::Refuted(request) => {
                let named: Vec<_> = documents.iter().map(|document| (DOCUMENT, *document)).collect();
                let shown = Shown { documents: &named, partition: &setting.partition, absent: upload.absent };
                let counterexample = Box::new(shown.describe(&request, &upload.what));
                let why = match policy {
                    None => "there is no bucket policy, so nothing denies uploads without the right encryption".into(),
                    Some(_) => format!("not every non-compliant upload is denied: {}", counterexample.brief()),
                };
                let correction = if correcting { correct(policy, &arn, setting) } else { None };
                return Ruling::Fail { why, counterexample, correction, notes: Vec::new() };
            }
        }
    }
    if let Some(reason) = undecided {
        return Ruling::Undecided { reason };
    }
    Ruling::Pass { proved: proved(&setting.encryption), notes: notes(&documents, &arn, setting) }
}

fn puts(arn: &str) -> Vec<Region> {
    let [objects, _] = bucket(arn);
    vec![Region { acts: vec![Act::new("s3:PutObject")], ..objects }]
}

fn proved(wanted: &Encryption) -> String {
    let mut proved = format!(
        "every s3:PutObject whose header x-amz-server-side-encryption is not {} is explicitly denied, of any caller, on \
         any key",
        wanted.algorithms.join(" or ")
    );
    proved.push_str(match wanted.absent_header {
        AbsentHeader::Deny => "; a missing header is denied too",
        AbsentHeader::DefaultOk => "; a missing header is left to the bucket's default encryption, which complies",
    });
    if wanted.kms_key_arn.is_some() {
        proved.push_str("; so is every other KMS key");
    }
    proved
}

/// Every sort of upload that does not comply.
fn uploads(wanted: &Encryption) -> Vec<Upload> {
    let accepted = |algorithm: &str| wanted.algorithms.iter().any(|accepted| accepted == algorithm);
    let mut uploads = Vec::new();
    let header_missing: &[&str] = &["s3:x-amz-server-side-encryption"];
    match (wanted.absent_header, &wanted.bucket_default) {
        (AbsentHeader::DefaultOk, Some(default)) if accepted(default) => {}
        (absent_header, default) => uploads.push(Upload {
            fixed: vec![(ALGORITHM, Fixed::Absent), (CUSTOMER, Fixed::Absent)],
            what: match default {
                Some(default) if absent_header == AbsentHeader::DefaultOk => {
                    format!("without an encryption header, which S3 encrypts by the bucket's default {default}")
                }
                Some(_) | None => "without an encryption header".into(),
            },
            absent: header_missing,
            doubt: (absent_header == AbsentHeader::DefaultOk && default.is_none()).then_some(
                "an upload without the header is not denied, and the bucket's default encryption is not known",
            ),
        }),
    }
    uploads.push(Upload {
        fixed: vec![(ALGORITHM, Fixed::Absent), (CUSTOMER, Fixed::Is("AES256"))],
        what: "with a key that the customer provides (SSE-C)".into(),
        absent: header_missing,
        doubt: None,
    });
    for algorithm in ALGORITHMS.into_iter().filter(|algorithm| !accepted(algorithm)) {
        uploads.push(Upload {
            fixed: vec![(ALGORITHM, Fixed::Is(algorithm)), (CUSTOMER, Fixed::Absent)],
            what: format!("with the encryption header {algorithm}"),
            absent: &[],
            doubt: None,
        });
    }
    if let Some(key) = &wanted.kms_key_arn {
        for algorithm in
            ALGORITHMS.into_iter().filter(|algorithm| algorithm.starts_with("aws:kms") && accepted(algorithm))
        {
            uploads.push(Upload {
                fixed: vec![
                    (ALGORITHM, Fixed::Is(algorithm)),
                    (CUSTOMER, Fixed::Absent),
                    (KEY, Fixed::NoneOf(vec![key.clone()])),
                ],
                what: format!("with the encryption header {algorithm} and without the wanted key"),
                absent: &["s3:x-amz-server-side-encryption-aws-kms-key-id"],
                doubt: None,
            });
        }
    }
    uploads
}

fn notes(documents: &[&Document], arn: &str, setting: &Setting) -> Vec<String> {
    let mut notes = Vec::new();
    let [objects, _] = bucket(arn);
    let reads = Region { acts: vec![Act::new("s3:GetObject")], ..objects };
    let fixed = [("aws:securetransport", Fixed::Is("true")), (ALGORITHM, Fixed::Absent), (CUSTOMER, Fixed::Absent)];
    let reading = class(documents, setting, own(documents, setting), vec![reads], fixed);
    if search(documents, Claim::Denied, &reading) == Answer::Proved {
        notes.push(
            "the policy denies the account's own s3:GetObject as well, because a read has no encryption header: nobody \
             can read"
                .into(),
        );
    }
    if setting.encryption.absent_header == AbsentHeader::Deny {
        notes.push(
            "clients that rely on the bucket's default encryption are refused: they have to send the header".into(),
        );
    }
    notes.push("writes by replication are authorised as s3:ReplicateObject and are not covered".into());
    notes
}

fn correct(policy: Option<&str>, arn: &str, setting: &Setting) -> Option<Correction> {
    let wanted = &setting.encryption;
    let accepted = match wanted.algorithms.as_slice() {
        [one] => Value::String(one.clone()),
        several => json!(several),
    };
    let deny = |sid: &str, condition: Value| {
        json!({
            "Sid": sid,
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:PutObject",
            "Resource": format!("{arn}/*"),
            "Condition": condition,
        })
    };
    let header = "s3:x-amz-server-side-encryption";
    let mut statements = match wanted.absent_header {
        AbsentHeader::Deny => vec![deny("DenyUnencryptedUploads", json!({"StringNotEquals": {header: accepted}}))],
        AbsentHeader::DefaultOk => vec![
            deny("DenyOtherEncryption", json!({"StringNotEquals": {header: accepted}, "Null": {header: "false"}})),
            deny(
                "DenyCustomerProvidedKeys",
                json!({"Null": {"s3:x-amz-server-side-encryption-customer-algorithm": "false"}}),
            ),
        ],
    };
    if let Some(key) = &wanted.kms_key_arn {
        statements.push(deny(
            "DenyOtherKeys",
            json!({
                "StringLike": {header: "aws:kms*"},
                "StringNotEquals": {"s3:x-amz-server-side-encryption-aws-kms-key-id": key},
            }),
        ));
    }
    let instruction = match policy {
        Some(_) => "add this to the statements of the bucket policy and keep the others",
        None => "give the bucket a policy with this",
    };
    correction(policy, &Change::Add(statements), instruction, "bucket-sse", |text| judged(Some(text), setting, false))
}
