//! The report: what an assessment concludes, with everything that renderers show.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::catalog::Control;
use crate::evidence::{Call, NotCovered, Run};
use crate::observed::{CallId, Gap};
use crate::outputs::{LiveOutput, Output};
use crate::requirement::{Basis, Citations, Remediation, Severity};
use crate::subject::{Kind, Role};
use crate::verdict::{Grounds, Verdict, Weight};

/// How a requirement came out for a subject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The check had what it needed.
    Judged(Verdict),
    /// It had not; this is why.
    Error(Gap),
}

/// The four words for an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// The evidence breaks the requirement.
    Fail,
    /// It could not be decided.
    Error,
    /// The evidence meets the requirement.
    Pass,
    /// The requirement cannot apply.
    NotApplicable,
}

impl Status {
    /// Every status, in the order in which reports show them.
    pub const ALL: [Status; 4] = [Status::Fail, Status::Error, Status::Pass, Status::NotApplicable];

    /// The word that reports use.
    pub fn name(self) -> &'static str {
        match self {
            Status::Fail => "fail",
            Status::Error => "error",
            Status::Pass => "pass",
            Status::NotApplicable => "not-applicable",
        }
    }
}

impl Outcome {
    /// The word for this outcome.
    pub fn status(&self) -> Status {
        match self {
            Outcome::Judged(Verdict::Satisfied { .. }) => Status::Pass,
            Outcome::Judged(Verdict::NotSatisfied { .. }) => Status::Fail,
            Outcome::Judged(Verdict::NotApplicable { .. }) => Status::NotApplicable,
            Outcome::Error(_) => Status::Error,
        }
    }
}

/// The result for one requirement and one subject.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The requirement's id.
    pub requirement: String,
    /// Its title.
    pub title: String,
    /// What it demands.
    pub statement: String,
    /// How much a failure matters.
    pub severity: Severity,
    /// Why it matters that much.
    pub severity_reason: String,
    /// Where it comes from.
    pub basis: Basis,
    /// The subject.
    pub subject: FindingSubject,
    /// How it came out.
    pub outcome: Outcome,
    /// The ruling that applies to the requirement.
    pub ruling: Option<String>,
    /// What it gives evidence for.
    pub citations: Citations,
    /// How to mend it, with the subject's own names filled in.
    pub remediation: Remediation,
    /// The parameters that it was judged with.
    pub params: toml::Table,
    /// The calls that the outcome rests on.
    pub evidence: Vec<CallId>,
    /// Identifies requirement and resource across runs and re-created stacks.
    pub fingerprint: String,
}

impl Finding {
    /// What was seen; `None` when it was not applicable or an error.
    pub fn observed(&self) -> Option<&str> {
        match &self.outcome {
            Outcome::Judged(Verdict::Satisfied { observed, .. } | Verdict::NotSatisfied { observed, .. }) => {
                Some(observed)
            }
            Outcome::Judged(Verdict::NotApplicable { .. }) | Outcome::Error(_) => None,
        }
    }

    /// What was asked for; for a failure the verdict's own words, else the requirement's statement.
    pub fn expected(&self) -> &str {
        match &self.outcome {
            Outcome::Judged(Verdict::NotSatisfied { expected, .. }) => expected,
            Outcome::Judged(Verdict::Satisfied { .. } | Verdict::NotApplicable { .. }) | Outcome::Error(_) => {
                &self.statement
            }
        }
    }

    /// Why it was not applicable or could not be decided.
    pub fn reason(&self) -> Option<String> {
        match &self.outcome {
            Outcome::Judged(Verdict::NotApplicable { reason, .. }) => Some(reason.clone()),
            Outcome::Error(gap) => Some(gap.to_string()),
            Outcome::Judged(Verdict::Satisfied { .. } | Verdict::NotSatisfied { .. }) => None,
        }
    }

    /// The remark beside the verdict.
    pub fn note(&self) -> Option<&str> {
        match &self.outcome {
            Outcome::Judged(verdict) => verdict.note(),
            Outcome::Error(_) => None,
        }
    }

    /// What shows a failure and what would mend it, where a policy document was judged.
    pub fn grounds(&self) -> Option<&Grounds> {
        match &self.outcome {
            Outcome::Judged(Verdict::NotSatisfied { grounds, .. }) => grounds.as_deref(),
            Outcome::Judged(Verdict::Satisfied { .. } | Verdict::NotApplicable { .. }) | Outcome::Error(_) => None,
        }
    }

    /// Whether this is a failure that counts towards the conclusion.
    pub fn counts_as_failed(&self) -> bool {
        match &self.outcome {
            Outcome::Judged(Verdict::NotSatisfied { weight: Weight::Counted | Weight::Lowered(_), .. }) => true,
            Outcome::Judged(
                Verdict::NotSatisfied { weight: Weight::Advice, .. }
                | Verdict::Satisfied { .. }
                | Verdict::NotApplicable { .. },
            )
            | Outcome::Error(_) => false,
        }
    }

    /// Whether this is a failure that is shown as advice and does not count.
    pub fn is_advice(&self) -> bool {
        self.outcome.status() == Status::Fail && !self.counts_as_failed()
    }
}

/// The subject of a finding, without its evidence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FindingSubject {
    /// What kind of thing it is.
    pub kind: Kind,
    /// Its name or id.
    pub id: String,
    /// What part it plays.
    pub role: Role,
    /// Why it plays that part.
    pub role_reason: String,
    /// Its ARN.
    pub arn: Option<String>,
    /// Its region.
    pub region: Option<String>,
    /// Its logical id in the stack.
    pub logical_id: Option<String>,
    /// The output that names it.
    pub output_key: Option<String>,
    /// Each way it was reached.
    pub reached_by: Vec<String>,
}

/// What the report says as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Conclusion {
    /// Nothing failed and nothing is missing.
    Conforms,
    /// Something failed.
    DoesNotConform,
    /// Nothing failed, and not everything could be judged.
    Incomplete,
}

impl Conclusion {
    /// The word that reports use.
    pub fn name(self) -> &'static str {
        match self {
            Conclusion::Conforms => "conforms",
            Conclusion::DoesNotConform => "does-not-conform",
            Conclusion::Incomplete => "incomplete",
        }
    }
}

/// How many findings came out how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Findings by status.
    pub by_status: BTreeMap<Status, usize>,
    /// Findings by severity and status.
    pub by_severity: BTreeMap<Severity, BTreeMap<Status, usize>>,
    /// Failures that are shown as advice and do not count; they are among the failures.
    pub advice: usize,
    /// Counted failures below the threshold, which leave the exit code alone.
    pub below_threshold: usize,
}

impl Summary {
    /// How many findings have this status.
    pub fn of(&self, status: Status) -> usize {
        self.by_status.get(&status).map_or(0, |count| *count)
    }

    /// How many findings of this severity have this status.
    pub fn of_severity(&self, severity: Severity, status: Status) -> usize {
        self.by_severity.get(&severity).and_then(|counts| counts.get(&status)).map_or(0, |count| *count)
    }
}

/// What was looked at, and what was not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// Every output of the file with what it resolved to.
    pub outputs: Vec<Output>,
    /// Live outputs of the stack that the file lacks.
    pub live_only: Vec<LiveOutput>,
    /// How many outputs could not be resolved.
    pub unresolved_outputs: usize,
    /// Members of the stack that no collector covers.
    pub resources_not_covered: Vec<NotCovered>,
    /// Kinds that the profile needs and of which no subject was found.
    pub missing_kinds: Vec<Kind>,
    /// How many planned pairs of requirement and subject were decided, of how many.
    pub decided: usize,
    /// How many pairs were planned.
    pub planned: usize,
}

impl Coverage {
    /// The outputs that name nothing that could be told, in the order of the file.
    pub fn unresolved(&self) -> Vec<&Output> {
        self.outputs.iter().filter(|output| output.resolved.is_none()).collect()
    }
}

/// Counts findings by status. Every status is there, if with none.
pub fn tally<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> BTreeMap<Status, usize> {
    let mut counts: BTreeMap<Status, usize> = Status::ALL.into_iter().map(|status| (status, 0)).collect();
    for finding in findings {
        *counts.entry(finding.outcome.status()).or_insert(0) += 1;
    }
    counts
}

/// How the findings that cite a paragraph came out. Technical evidence, not an opinion on compliance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControlCoverage {
    /// The paragraph.
    pub control: Control,
    /// The requirements of the profile that cite it.
    pub requirements: Vec<String>,
    /// Their findings by status.
    pub by_status: BTreeMap<Status, usize>,
}

impl ControlCoverage {
    /// How many of the findings have this status.
    pub fn of(&self, status: Status) -> usize {
        self.by_status.get(&status).map_or(0, |count| *count)
    }
}

/// How a roll-up came out. It is always one of these: that none of its parts applies is no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RollupOutcome {
    /// Every part passed or does not apply, and what has to pass did.
    Pass,
    /// A part failed.
    Fail,
    /// No part failed, and not enough could be decided.
    Error,
}

impl RollupOutcome {
    /// The word for this outcome.
    pub fn status(self) -> Status {
        match self {
            RollupOutcome::Pass => Status::Pass,
            RollupOutcome::Fail => Status::Fail,
            RollupOutcome::Error => Status::Error,
        }
    }
}

/// A headline over several requirements. It is counted nowhere: its parts are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RollupResult {
    /// The roll-up's id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What it demands.
    pub statement: String,
    /// How much it matters; where parts failed, no more than the worst of those.
    pub severity: Severity,
    /// Where it comes from.
    pub basis: Basis,
    /// What it gives evidence for.
    pub citations: Citations,
    /// How it came out.
    pub outcome: RollupOutcome,
    /// Why, in one sentence.
    pub why: String,
    /// The requirements that it sums up, in its own order.
    pub parts: Vec<RollupPart>,
}

/// One requirement of a roll-up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RollupPart {
    /// The requirement's id.
    pub requirement: String,
    /// Its findings by status; failures that are advice are not among the failures.
    pub by_status: BTreeMap<Status, usize>,
    /// Failures that are shown as advice.
    pub advice: usize,
    /// Why it does not apply, each reason once.
    pub reasons: Vec<String>,
}

impl RollupPart {
    /// How many of its findings have this status.
    pub fn of(&self, status: Status) -> usize {
        self.by_status.get(&status).map_or(0, |count| *count)
    }

    /// How it came out as a whole: failed where one finding did, else not decided where one could not be, or where
    /// nothing was judged.
    pub fn status(&self) -> Status {
        let found = Status::ALL.into_iter().find(|status| self.of(*status) > 0);
        match (found, self.advice) {
            (Some(status), _) => status,
            // Advice is never green by itself, and fails nothing.
            (None, 1..) => Status::NotApplicable,
            (None, 0) => Status::Error,
        }
    }
}

/// The value of an assessment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The version of tap-audit that judged.
    pub tool_version: String,
    /// The table of AWS actions that policy documents were judged with: its source and its day.
    pub action_data: String,
    /// When, where and as whom the evidence was collected.
    pub run: Run,
    /// The profile's name.
    pub profile: String,
    /// The profile's title.
    pub profile_title: String,
    /// What spoke for the profile, where nobody named it.
    pub profile_reason: Option<String>,
    /// The stack's name and id, where known.
    pub stack: Option<(String, Option<String>)>,
    /// The severity from which a failure moves the exit code.
    pub fail_on: Severity,
    /// How many findings came out how.
    pub summary: Summary,
    /// What was looked at.
    pub coverage: Coverage,
    /// The findings: by subject in report order, then in catalog order.
    pub findings: Vec<Finding>,
    /// The headlines over several requirements that the profile shows, in catalog order. Nothing counts them.
    pub rollups: Vec<RollupResult>,
    /// The findings by paragraph of the HIPAA Security Rule.
    pub controls: Vec<ControlCoverage>,
    /// The calls made.
    pub calls: Vec<Call>,
    /// SHA-256 over the evidence in its canonical form, with the prefix `sha256:`.
    pub evidence_digest: String,
    /// A sentence that stands first in every format, such as the one that says that this is a demonstration.
    pub banner: Option<String>,
}

impl Report {
    /// What the report says as a whole: the only function that decides it. An empty report is incomplete.
    pub fn conclusion(&self) -> Conclusion {
        if self.findings.iter().any(Finding::counts_as_failed) {
            Conclusion::DoesNotConform
        } else if self.is_incomplete() {
            Conclusion::Incomplete
        } else {
            Conclusion::Conforms
        }
    }

    /// Whether anything planned could not be judged, or there was nothing to judge.
    pub fn is_incomplete(&self) -> bool {
        self.findings.is_empty()
            || !self.coverage.missing_kinds.is_empty()
            || self.findings.iter().any(|finding| finding.outcome.status() == Status::Error)
    }

    /// The exit code that goes with the conclusion and the threshold: 0, 1 or 3.
    pub fn exit_code(&self) -> u8 {
        let failed = |finding: &&Finding| finding.counts_as_failed() && finding.severity >= self.fail_on;
        match self.conclusion() {
            Conclusion::DoesNotConform if self.findings.iter().any(|finding| failed(&finding)) => 1,
            Conclusion::DoesNotConform | Conclusion::Incomplete | Conclusion::Conforms => {
                if self.is_incomplete() {
                    3
                } else {
                    0
                }
            }
        }
    }

    /// The findings grouped by subject, in report order.
    pub fn by_subject(&self) -> Vec<(&FindingSubject, Vec<&Finding>)> {
        let mut groups: Vec<(&FindingSubject, Vec<&Finding>)> = Vec::new();
        for finding in &self.findings {
            match groups.last_mut() {
                Some((subject, findings)) if **subject == finding.subject => findings.push(finding),
                Some(_) | None => groups.push((&finding.subject, vec![finding])),
            }
        }
        groups
    }

    /// The findings grouped by subject, in report order; within a subject failures first, then errors, each by severity,
    /// then what passed and what does not apply.
    pub fn by_subject_worst_first(&self) -> Vec<(&FindingSubject, Vec<&Finding>)> {
        let mut groups = self.by_subject();
        for (_, findings) in &mut groups {
            findings.sort_by_key(|finding| worst_first(finding));
        }
        groups
    }

    /// Findings that need someone's attention, worst first: failures, then errors, each by severity.
    pub fn attention(&self) -> Vec<&Finding> {
        let mut findings: Vec<&Finding> = self
            .findings
            .iter()
            .filter(|finding| matches!(finding.outcome.status(), Status::Fail | Status::Error))
            .collect();
        findings.sort_by_key(|finding| worst_first(finding));
        findings
    }
}

/// Orders findings: failures, with advice after what counts, then errors, then the rest; each by severity.
fn worst_first(finding: &Finding) -> (Status, bool, std::cmp::Reverse<Severity>) {
    (finding.outcome.status(), finding.is_advice(), std::cmp::Reverse(finding.severity))
}
