//! How long the questions about policies take: `cargo bench -p tap-audit-checks`.

#![allow(missing_docs, reason = "a benchmark has no readers of its documentation")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot go on has failed"
)]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::json;
use tap_audit_checks::policy::action;
use tap_audit_checks::policy::case::Case;
use tap_audit_checks::policy::question::{Documents, Question, ask};

fn main() {
    let begin = Instant::now();
    let actions = action::catalogue().services().flat_map(|service| service.actions()).count();
    println!("the catalogue's first use, all {actions} actions: {:?}", begin.elapsed());
    show_cases();
    divan::main();
}

fn cases() -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/policies");
    let mut ahead: Vec<PathBuf> = vec![root];
    let mut cases = Vec::new();
    while let Some(path) = ahead.pop() {
        if path.is_dir() {
            ahead.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            cases.push(Case::read(&std::fs::read_to_string(path).unwrap()).unwrap());
        }
    }
    cases
}

/// The least of several runs of each case, in order: the median and the slowest.
fn show_cases() {
    let mut times: Vec<(Duration, String)> = cases()
        .iter()
        .map(|case| {
            let run = || {
                let begin = Instant::now();
                divan::black_box(case.judge());
                begin.elapsed()
            };
            ((0..10).map(|_| run()).min().unwrap(), format!("{} {}", case.kind.name(), case.id))
        })
        .collect();
    times.sort();
    println!("{} cases, median {:?}; the slowest:", times.len(), times[times.len() / 2].0);
    for (time, name) in times.iter().rev().take(8) {
        println!("  {time:?} {name}");
    }
}

fn case(kind: Question) -> Case {
    cases().into_iter().find(|case| case.kind == kind).expect("each question has cases")
}

/// A bucket policy of 20 KB that demands TLS behind many other statements.
#[divan::bench(args = [Question::BucketTls, Question::Public, Question::BucketSse])]
fn a_bucket_policy_of_20_kb(bencher: divan::Bencher<'_, '_>, question: Question) {
    let mut statements: Vec<serde_json::Value> = (0..88)
        .map(|number| {
            json!({
                "Sid": format!("Reader{number}"),
                "Effect": if number % 3 == 0 { "Deny" } else { "Allow" },
                "Principal": {"AWS": format!("arn:aws:iam::11112222{:04}:root", number)},
                "Action": ["s3:GetObject", "s3:Put*"],
                "Resource": format!("arn:aws:s3:::records/team-{number}/*"),
                "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
            })
        })
        .collect();
    statements.push(json!({
        "Effect": "Deny", "Principal": "*", "Action": "s3:*",
        "Resource": ["arn:aws:s3:::records", "arn:aws:s3:::records/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }));
    let text = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    let mut setting = case(question).setting;
    setting.resource = Some("arn:aws:s3:::records".into());
    let documents = Documents::Resource(Some(text));
    bencher.bench(|| ask(question, &documents, &setting));
}

/// A role with ten managed policies of 6,144 characters each.
#[divan::bench]
fn a_role_with_ten_policies_of_the_greatest_size(bencher: divan::Bencher<'_, '_>) {
    let policies = (0..10)
        .map(|number| {
            let mut statements = Vec::new();
            let mut text = String::new();
            while text.len() < 5_900 {
                statements.push(json!({
                    "Effect": "Allow",
                    "Action": ["dynamodb:GetItem", "dynamodb:PutItem", "s3:GetObject"],
                    "Resource": format!("arn:aws:dynamodb:us-east-1:111122223333:table/t{number}-{}", statements.len()),
                }));
                text = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
            }
            (format!("p{number}"), Ok(text))
        })
        .collect();
    let documents = Documents::Role { policies, boundary: None, trusted_services: Vec::new() };
    let setting = case(Question::RoleWildcard).setting;
    bencher.bench(|| ask(Question::RoleWildcard, &documents, &setting));
}
