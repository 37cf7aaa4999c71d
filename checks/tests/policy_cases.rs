//! The policy cases under `tests/policies`: what the six questions have to answer to documents of every construct.
//!
//! Their verdicts were reasoned from the policy language and from what each question asks, not taken from the engine.

#![expect(clippy::expect_used, reason = "a test that cannot be set up fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use tap_audit_checks::policy::case::{Case, Expected};
use tap_audit_checks::policy::question::Question;

/// The least number of cases for each question.
const LEAST: [(Question, usize); 6] = [
    (Question::BucketTls, 45),
    (Question::BucketSse, 25),
    (Question::RoleWildcard, 40),
    (Question::TrustExternalId, 30),
    (Question::KmsKeyPolicy, 25),
    (Question::Public, 40),
];

/// The files below a directory, in the order of their paths.
fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).expect("the directory of cases is readable") {
        let path = entry.expect("an entry of the directory is readable").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn cases() -> Vec<(PathBuf, Case)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/policies");
    let mut unreadable = Vec::new();
    let mut read = Vec::new();
    for path in files(&root) {
        match Case::read(&fs::read_to_string(&path).expect("a case is readable")) {
            Ok(case) => read.push((path, case)),
            Err(error) => unreadable.push(format!("{}: {error}", path.display())),
        }
    }
    assert!(unreadable.is_empty(), "{}", unreadable.join("\n"));
    read
}

#[test]
fn each_case_stands_in_a_file_of_its_name_in_the_folder_of_its_question_and_says_why() {
    let mut ids = BTreeSet::new();
    for (path, case) in cases() {
        assert_eq!(path.file_name().and_then(|name| name.to_str()), Some(format!("{}.json", case.id).as_str()));
        let folder = path.parent().and_then(Path::file_name).and_then(|name| name.to_str());
        assert_eq!(folder, Some(case.kind.name()), "{}", case.id);
        assert!(case.why.as_ref().is_some_and(|why| why.ends_with('.')), "{} does not say why", case.id);
        assert!(ids.insert(case.id.clone()), "{} stands twice", case.id);
    }
}

#[test]
fn every_question_has_cases_of_each_verdict_that_it_can_have() {
    let mut counts: BTreeMap<Question, usize> = BTreeMap::new();
    let mut verdicts: BTreeSet<(Question, Expected)> = BTreeSet::new();
    for (_, case) in cases() {
        *counts.entry(case.kind).or_default() += 1;
        verdicts.insert((case.kind, case.expected));
    }
    assert!(counts.values().sum::<usize>() >= 205, "{counts:?}");
    for (question, least) in LEAST {
        let count = counts.get(&question).copied().unwrap_or(0);
        assert!(count >= least, "{} has {count} cases of at least {least}", question.name());
        for verdict in [Expected::Pass, Expected::Fail, Expected::Error] {
            assert!(verdicts.contains(&(question, verdict)), "{} has no case of {}", question.name(), verdict.name());
        }
    }
    assert!(verdicts.contains(&(Question::TrustExternalId, Expected::Na)));
}

#[test]
fn every_case_gets_an_accepted_verdict_and_every_failure_a_counterexample() {
    let mut mismatches = Vec::new();
    let mut asked = 0;
    for (_, case) in cases() {
        asked += 1;
        let judged = case.judge();
        if !judged.ok {
            let accepted: Vec<&str> = case.accept.iter().map(|verdict| verdict.name()).collect();
            mismatches.push(format!(
                "{} {}: {} instead of {}\n    engine: {}\n    case:   {}",
                case.kind.name(),
                case.id,
                judged.verdict.name(),
                accepted.join(" or "),
                judged.reason,
                case.why.as_deref().unwrap_or("(does not say why)"),
            ));
        }
        if judged.verdict == Expected::Fail {
            match &judged.counterexample {
                Some(shown) if !shown.sentence.trim().is_empty() => {}
                Some(_) => mismatches.push(format!("{} {}: a counterexample without words", case.kind.name(), case.id)),
                None => mismatches.push(format!("{} {}: a failure without counterexample", case.kind.name(), case.id)),
            }
        }
    }
    assert!(mismatches.is_empty(), "{} mismatches in {asked} cases\n{}", mismatches.len(), mismatches.join("\n"));
}
