//! Is every request without TLS to this bucket explicitly denied?

use std::collections::BTreeMap;

use serde_json::json;

use crate::policy::counterexample::{Correction, Counterexample};
use crate::policy::model::{Document, Effect, Statement, Version};
use crate::policy::parse::{Sort, parse};
use crate::policy::question::class::{bucket, class, everybody, invented, own};
use crate::policy::question::correct::{Change, correction, statement};
use crate::policy::question::show::Shown;
use crate::policy::question::{Ruling, Setting, unreadable};
use crate::policy::search::{Answer, Claim, Fixed, Region, search};

const DOCUMENT: &str = "bucket policy";
const TRANSPORT: &str = "aws:securetransport";

/// Judges a bucket's policy; `None` where it has none.
pub(crate) fn judge(policy: Option<&str>, setting: &Setting) -> Ruling {
    judged(policy, setting, true)
}

fn judged(policy: Option<&str>, setting: &Setting, correcting: bool) -> Ruling {
    let arn = match super::bucket_arn(setting) {
        Ok(arn) => arn,
        Err(reason) => return Ruling::Undecided { reason },
    };
    let document = match policy.map(|text| parse(text, Sort::Resource)).transpose() {
        Ok(document) => document,
        Err(error) => return unreadable(DOCUMENT, &error),
    };
    let documents: Vec<&Document> = document.iter().collect();
    let without_tls = |regions: Vec<Region>| {
        let fixed = [(TRANSPORT, Fixed::Is("false"))];
        search(&documents, Claim::Denied, &class(&documents, setting, everybody(&documents, setting), regions, fixed))
    };
    match without_tls(bucket(&arn).into()) {
        Answer::Undecided(reason) => Ruling::Undecided { reason },
        Answer::Refuted(request) => {
            let named: Vec<_> = documents.iter().map(|document| (DOCUMENT, *document)).collect();
            let shown = Shown { documents: &named, partition: &setting.partition, absent: &[] };
            let counterexample = Box::new(shown.describe(&request, "without TLS"));
            let why = match policy {
                None => "there is no bucket policy, so nothing denies requests without TLS".into(),
                Some(_) => format!("not every request without TLS is denied: {}", counterexample.brief()),
            };
            let correction = if correcting { correct(policy, &arn, setting) } else { None };
            Ruling::Fail { why, counterexample, correction, notes: Vec::new() }
        }
        Answer::Proved => {
            let mut notes = Vec::new();
            let regions = bucket(&arn).map(|region| Region { acts: vec![invented("s3")], ..region });
            match without_tls(regions.into()) {
                Answer::Proved => {}
                Answer::Refuted(_) | Answer::Undecided(_) => notes.push(format!(
                    "the policy names its actions one by one: that is complete for the S3 actions known on {}, and an \
                     action that S3 adds later is not covered",
                    crate::policy::action::catalogue().date()
                )),
            }
            if let Some(note) = locks_out(&documents, &arn, setting) {
                notes.push(note);
            }
            Ruling::Pass {
                proved: "every request without TLS is explicitly denied: of any caller, anonymous ones included, for \
                         any S3 action on the bucket and on any object in it"
                    .into(),
                notes,
            }
        }
    }
}

/// Judges whether one Deny alone holds what [`judge`] found the whole policy to hold.
pub(crate) fn by_one_statement(policy: &str, setting: &Setting) -> Ruling {
    let document = match parse(policy, Sort::Resource) {
        Ok(document) => document,
        Err(error) => return unreadable(DOCUMENT, &error),
    };
    let version = match document.version {
        Version::V2008 => "2008-10-17",
        Version::V2012 => "2012-10-17",
    };
    let denies: Vec<&Statement> =
        document.statements.iter().filter(|statement| statement.effect == Effect::Deny).collect();
    let mut undecided = None;
    for deny in &denies {
        let Some(deny) = statement(policy, deny.index) else { continue };
        match judged(Some(&json!({"Version": version, "Statement": [deny]}).to_string()), setting, false) {
            pass @ Ruling::Pass { .. } => return pass,
            doubt @ Ruling::Undecided { .. } => undecided = undecided.or(Some(doubt)),
            Ruling::Fail { .. } | Ruling::NotApplicable { .. } => {}
        }
    }
    if let Some(doubt) = undecided {
        return doubt;
    }
    let names: Vec<String> = denies.iter().map(|deny| deny.name()).collect();
    let why = format!("no Deny alone covers every request without TLS; together they do: {}", names.join(", "));
    let counterexample = Counterexample {
        sentence: why.clone(),
        principal: None,
        action: None,
        resource: None,
        context: BTreeMap::new(),
        allowed_by: None,
        nearest_deny: None,
    };
    let correction = match super::bucket_arn(setting) {
        Ok(arn) => correct(Some(policy), &arn, setting),
        Err(_) => None,
    };
    Ruling::Fail { why, counterexample: Box::new(counterexample), correction, notes: Vec::new() }
}

/// Says so where the policy denies the account's own requests over TLS as well.
fn locks_out(documents: &[&Document], arn: &str, setting: &Setting) -> Option<String> {
    let fixed = [(TRANSPORT, Fixed::Is("true"))];
    let class = class(documents, setting, own(documents, setting), bucket(arn).into(), fixed);
    match search(documents, Claim::Denied, &class) {
        Answer::Proved => Some("the policy denies the account's own requests over TLS as well: nobody can work".into()),
        Answer::Refuted(_) | Answer::Undecided(_) => None,
    }
}

fn correct(policy: Option<&str>, arn: &str, setting: &Setting) -> Option<Correction> {
    let statement = json!({
        "Sid": "DenyInsecureTransport",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, format!("{arn}/*")],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    });
    let instruction = match policy {
        Some(_) => "add this statement to the bucket policy and keep the others",
        None => "give the bucket a policy with this statement",
    };
    correction(policy, &Change::Add(vec![statement]), instruction, "bucket-tls", |text| {
        judged(Some(text), setting, false)
    })
}
