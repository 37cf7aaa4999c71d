//! What the unit tests of checks are built from: evidence put together by hand, judged through the catalog's own words
//! and numbers.

use jiff::Timestamp;

use crate::catalog::FILES;
use crate::check::{self, Context};
use crate::evidence::{Evidence, Run};
use crate::observed::{Gap, Observed, Seen};
use crate::requirement::{Requirement, RequirementFile};
use crate::subject::{Kind, Resource, Subject};
use crate::verdict::{Judgement, Verdict};

/// The account of every fixture.
pub(crate) const ACCOUNT: &str = "123456789012";

/// A run in us-east-2 at a fixed time.
pub(crate) fn run() -> Run {
    let at: Timestamp = "2026-11-01T12:00:00Z".parse().expect("a fixed time");
    Run {
        started_at: at,
        finished_at: at,
        account: ACCOUNT.into(),
        partition: "aws".into(),
        caller_arn: format!("arn:aws:sts::{ACCOUNT}:assumed-role/auditor/test"),
        region: "us-east-2".into(),
        endpoint: "aws".into(),
        emulated: false,
        outputs_file: Some("cfn-outputs/flat-outputs.json".into()),
        outputs_sha256: None,
        environment_suffix: None,
        kinds: Kind::ALL.to_vec(),
        stack_name: None,
    }
}

/// Evidence of these subjects.
pub(crate) fn evidence(subjects: Vec<Subject>) -> Evidence {
    Evidence { run: run(), subjects, not_covered: Vec::new(), calls: Vec::new() }
}

/// A primary subject of this kind, in us-east-2.
pub(crate) fn subject(kind: Kind, id: &str, resource: Resource) -> Subject {
    let mut subject = Subject::new(kind, id, resource);
    subject.region = Some("us-east-2".into());
    subject
}

/// An attribute that AWS answered with this value.
pub(crate) fn seen<T>(value: T) -> Seen<T> {
    Seen::new(Observed::Present(value), vec!["call".into()])
}

/// An attribute that AWS answered is not set.
pub(crate) fn not_set<T>() -> Seen<T> {
    Seen::new(Observed::Absent, vec!["call".into()])
}

/// An attribute whose call was denied.
pub(crate) fn denied<T>() -> Seen<T> {
    Seen::new(Observed::Unknown(denial()), vec!["call".into()])
}

/// The gap of [`denied`].
pub(crate) fn denial() -> Gap {
    Gap::Denied { operation: "GetThing".into(), permission: "svc:GetThing".into(), or_else: None }
}

/// The requirement of this id, as the catalog files hold it.
pub(crate) fn requirement(id: &str) -> Requirement {
    FILES
        .iter()
        .flat_map(|(file, text)| {
            toml::from_str::<RequirementFile>(text).unwrap_or_else(|e| panic!("{file}: {e}")).requirement
        })
        .find(|requirement| requirement.id == id)
        .unwrap_or_else(|| panic!("{id} is not in the catalog"))
}

/// Judges the first subject that the requirement is about, with the catalog's parameters.
pub(crate) fn judge(id: &str, evidence: &Evidence) -> Judgement {
    judge_with(id, "", evidence)
}

/// Judges the first subject that the requirement is about, with some parameters replaced (as TOML text).
pub(crate) fn judge_with(id: &str, params: &str, evidence: &Evidence) -> Judgement {
    let check = check::all().into_iter().find(|check| check.id == id).unwrap_or_else(|| panic!("no check {id}"));
    let mut table = requirement(id).params;
    table.extend(params.parse::<toml::Table>().expect("params in TOML"));
    let judge = check.bind(&table).unwrap_or_else(|e| panic!("{id}: {e}"));
    let subject = evidence
        .subjects
        .iter()
        .find(|subject| check.kinds.contains(&subject.kind))
        .cloned()
        .unwrap_or_else(|| Subject::nothing(check.kinds[0]));
    judge(&Context { subject: &subject, evidence })
}

/// Asserts a pass and gives what was observed, with the note after a bar where there is one.
#[track_caller]
pub(crate) fn passed(judgement: Judgement) -> String {
    match judgement {
        Ok(Verdict::Satisfied { observed, note }) => with_note(observed, note),
        other => panic!("expected a pass, found {other:?}"),
    }
}

/// Asserts a failure and gives what was observed, with the note after a bar where there is one.
#[track_caller]
pub(crate) fn failed(judgement: Judgement) -> String {
    match judgement {
        Ok(Verdict::NotSatisfied { observed, note, .. }) => with_note(observed, note),
        other => panic!("expected a failure, found {other:?}"),
    }
}

/// Asserts that the requirement cannot apply and gives why, with the note after a bar where there is one.
#[track_caller]
pub(crate) fn not_applicable(judgement: Judgement) -> String {
    match judgement {
        Ok(Verdict::NotApplicable { reason, note }) => with_note(reason, note),
        other => panic!("expected not applicable, found {other:?}"),
    }
}

/// Asserts that the question could not be decided and gives why.
#[track_caller]
pub(crate) fn undecided(judgement: Judgement) -> String {
    match judgement {
        Err(gap) => gap.to_string(),
        other => panic!("expected an error, found {other:?}"),
    }
}

fn with_note(text: String, note: Option<String>) -> String {
    match note {
        Some(note) => format!("{text} | {note}"),
        None => text,
    }
}
