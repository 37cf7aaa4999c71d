//! The judgement: plan and evidence in, report out. Pure; the same evidence gives the same report.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::catalog::{Catalog, Profile};
use crate::check::{Context, OfMissing};
use crate::cloudformation;
use crate::evidence::Evidence;
use crate::iam::documents::listing_was_read;
use crate::observed::{Gap, Observed, reading};
use crate::outputs::{InFile, Outputs};
use crate::plan::{self, Pair, Plan};
use crate::policy::action::catalogue;
use crate::report::{ControlCoverage, Coverage, Finding, FindingSubject, Outcome, Report, Status, Summary};
use crate::requirement::{Remediation, Requirement, Severity};
use crate::rollup;
use crate::subject::{Existence, Kind, Subject};
use crate::verdict::{Judgement, Verdict, Weight};

/// What the judgement needs beside plan and evidence.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The version of tap-audit that judges.
    pub tool_version: String,
    /// What spoke for the profile, where nobody named it.
    pub profile_reason: Option<String>,
    /// The severity from which a failure moves the exit code.
    pub fail_on: Severity,
    /// A sentence that stands first in every format.
    pub banner: Option<String>,
}

/// Judges every planned pair of requirement and subject; each ends in exactly one finding.
pub fn assess(catalog: &Catalog, profile: &Profile, evidence: &Evidence, settings: Settings) -> Report {
    let plan = plan::plan(profile, evidence);
    let findings = of_plan(&plan, evidence);
    let summary = summary(&findings, settings.fail_on);
    let coverage = coverage(profile, evidence, &plan, &findings);
    let controls = controls(catalog, &findings);
    let rollups = profile.rollups.iter().map(|rollup| rollup::sum_up(rollup, &findings)).collect();
    Report {
        tool_version: settings.tool_version,
        action_data: format!("{} of {}", catalogue().source(), catalogue().date()),
        run: evidence.run.clone(),
        profile: profile.name.clone(),
        profile_title: profile.title.clone(),
        profile_reason: settings.profile_reason,
        stack: stack(evidence),
        fail_on: settings.fail_on,
        summary,
        coverage,
        findings,
        rollups,
        controls,
        calls: evidence.calls.clone(),
        evidence_digest: evidence.digest(),
        banner: settings.banner,
    }
}

/// The findings alone, without what a report says about them as a whole.
pub fn findings(profile: &Profile, evidence: &Evidence) -> Vec<Finding> {
    of_plan(&plan::plan(profile, evidence), evidence)
}

fn of_plan(plan: &Plan<'_>, evidence: &Evidence) -> Vec<Finding> {
    plan.pairs.iter().map(|pair| finding(pair, evidence)).collect()
}

fn finding(pair: &Pair<'_>, evidence: &Evidence) -> Finding {
    let (tailored, subject) = (pair.tailored, pair.subject());
    let requirement = &tailored.requirement;
    let (judgement, calls) = reading::during(|| {
        // Whether the resource is there is one requirement's question; for the others its absence is the cause, so
        // that one lost bucket is one failure and not twenty.
        if let (Observed::Present(Existence::Missing), OfMissing::DependsOnAnother) =
            (subject.existence.observed(), tailored.of_missing)
        {
            // Only here does the outcome rest on it; elsewhere the check's own calls are the evidence.
            subject.existence.seen()?;
            let why = format!("{} `{}` does not exist", subject.kind, subject.id);
            return Err(Gap::depends_on(on_existence(subject.kind), why));
        }
        let verdict = (tailored.judge)(&Context { subject, evidence })?;
        if matches!(verdict, Verdict::NotSatisfied { .. }) {
            // Who may play a part that need not meet this has not failed at it.
            subject.is_none_of(|role| !requirement.applies_to.contains(&role))?;
        }
        Ok(verdict)
    });
    let by_parameters = matches!(judgement, Ok(Verdict::NotApplicable { .. })) && calls.is_empty();
    let (judgement, calls) = if pair.is_unlisted() && !by_parameters {
        reading::during(|| listing_was_read(evidence).and(judgement))
    } else {
        (judgement, calls)
    };
    let (severity, severity_reason) = severity(requirement, &judgement);
    Finding {
        requirement: requirement.id.clone(),
        title: requirement.title.clone(),
        statement: requirement.statement.clone(),
        severity,
        severity_reason,
        basis: requirement.basis,
        subject: FindingSubject {
            kind: subject.kind,
            id: subject.id.clone(),
            role: subject.role,
            role_reason: subject.role_reason.clone(),
            arn: subject.arn.clone(),
            region: subject.region.clone(),
            logical_id: subject.logical_id.clone(),
            output_key: subject.output_key.clone(),
            reached_by: subject.reached_by.clone(),
        },
        outcome: match judgement {
            Ok(verdict) => Outcome::Judged(verdict),
            Err(gap) => Outcome::Error(gap),
        },
        ruling: requirement.ruling.clone(),
        citations: requirement.citations.clone(),
        remediation: fill(&requirement.remediation, subject, evidence),
        params: requirement.params.clone(),
        evidence: calls.into_iter().collect(),
        fingerprint: fingerprint(&requirement.id, subject),
    }
}

/// The requirement that fails where a subject of this kind does not exist. A secret is not the stack's: what leads to it
/// is a reference, not an output.
fn on_existence(kind: Kind) -> &'static str {
    if kind == Kind::Secret { "secret-exists-and-active" } else { "stack-outputs-resolve-live" }
}

/// How much the finding matters, and why: as much as the requirement says, unless its failure is one that matters less.
fn severity(requirement: &Requirement, judgement: &Judgement) -> (Severity, String) {
    match judgement {
        Ok(Verdict::NotSatisfied { weight: Weight::Lowered(lowered), .. })
            if lowered.severity < requirement.severity =>
        {
            (lowered.severity, lowered.reason.clone())
        }
        Ok(Verdict::NotSatisfied { .. } | Verdict::Satisfied { .. } | Verdict::NotApplicable { .. }) | Err(_) => {
            (requirement.severity, requirement.severity_reason.clone())
        }
    }
}

/// Puts the subject's own names into the commands.
fn fill(remediation: &Remediation, subject: &Subject, evidence: &Evidence) -> Remediation {
    let stack = stack(evidence).map_or_else(|| "STACK".to_owned(), |(name, _)| name);
    let region = subject.region.clone().unwrap_or_else(|| evidence.run.region.clone());
    let arn = subject.arn.clone().unwrap_or_else(|| "ARN".to_owned());
    let fill = |text: &str| {
        text.replace("{id}", &subject.id)
            .replace("{arn}", &arn)
            .replace("{region}", &region)
            .replace("{account}", &evidence.run.account)
            .replace("{stack}", &stack)
    };
    Remediation { cli: fill(&remediation.cli), cloudformation: fill(&remediation.cloudformation) }
}

/// The same for the same requirement and logical resource, also after the stack was made anew under another suffix.
fn fingerprint(requirement: &str, subject: &Subject) -> String {
    let name = subject.logical_id.as_ref().or(subject.output_key.as_ref()).unwrap_or(&subject.id);
    let mut hash = Sha256::new();
    for part in [requirement, subject.kind.name(), name] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    hex(&hash.finalize()[..16])
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn stack(evidence: &Evidence) -> Option<(String, Option<String>)> {
    evidence.all::<cloudformation::Stack>().find_map(|(_, stack)| match stack.identity.observed() {
        Observed::Present(identity) => {
            let id = match &identity.id {
                Observed::Present(id) => Some(id.clone()),
                Observed::Absent | Observed::Unknown(_) => None,
            };
            Some((identity.name.clone(), id))
        }
        Observed::Absent | Observed::Unknown(_) => None,
    })
}

fn summary(findings: &[Finding], fail_on: Severity) -> Summary {
    let mut by_status: BTreeMap<Status, usize> = Status::ALL.into_iter().map(|status| (status, 0)).collect();
    let mut by_severity: BTreeMap<Severity, BTreeMap<Status, usize>> =
        Severity::ALL.into_iter().map(|severity| (severity, by_status.clone())).collect();
    for finding in findings {
        let status = finding.outcome.status();
        *by_status.entry(status).or_insert(0) += 1;
        *by_severity.entry(finding.severity).or_default().entry(status).or_insert(0) += 1;
    }
    Summary {
        by_status,
        by_severity,
        advice: findings.iter().filter(|finding| finding.is_advice()).count(),
        below_threshold: findings
            .iter()
            .filter(|finding| finding.counts_as_failed() && finding.severity < fail_on)
            .count(),
    }
}

fn coverage(profile: &Profile, evidence: &Evidence, plan: &Plan<'_>, findings: &[Finding]) -> Coverage {
    let outputs = evidence.all::<Outputs>().next().map(|(_, outputs)| outputs);
    let entries = outputs.map_or_else(Vec::new, |outputs| outputs.entries.clone());
    let live_only = match outputs.map(|outputs| outputs.live.observed()) {
        Some(Observed::Present(live)) => {
            live.iter().filter(|output| output.in_file == InFile::Missing).cloned().collect()
        }
        Some(Observed::Absent | Observed::Unknown(_)) | None => Vec::new(),
    };
    Coverage {
        unresolved_outputs: entries.iter().filter(|output| output.resolved.is_none()).count(),
        outputs: entries,
        live_only,
        resources_not_covered: evidence.not_covered.clone(),
        missing_kinds: profile.needs.iter().copied().filter(|kind| missing(evidence, *kind)).collect(),
        decided: findings.iter().filter(|finding| finding.outcome.status() != Status::Error).count(),
        planned: plan.pairs.len(),
    }
}

fn missing(evidence: &Evidence, kind: Kind) -> bool {
    evidence.of_kind(kind).next().is_none()
}

fn controls(catalog: &Catalog, findings: &[Finding]) -> Vec<ControlCoverage> {
    let mut coverage = Vec::new();
    for control in &catalog.controls {
        let mut requirements: Vec<String> = Vec::new();
        let mut by_status: BTreeMap<Status, usize> = BTreeMap::new();
        for finding in findings.iter().filter(|finding| finding.citations.hipaa.contains(&control.id)) {
            if !requirements.contains(&finding.requirement) {
                requirements.push(finding.requirement.clone());
            }
            *by_status.entry(finding.outcome.status()).or_insert(0) += 1;
        }
        if !requirements.is_empty() {
            coverage.push(ControlCoverage { control: control.clone(), requirements, by_status });
        }
    }
    coverage
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::*;
    use crate::secretsmanager::Secret;
    use crate::subject::Resource;

    #[test]
    fn a_secret_that_is_not_there_is_one_failure_and_the_cause_of_every_other_error() {
        let gone = Gap::Missing { operation: "DescribeSecret".into(), code: "ResourceNotFoundException".into() };
        let arn = format!("arn:aws:secretsmanager:us-east-2:{ACCOUNT}:secret:records-a1b2c3");
        let mut secret = subject(Kind::Secret, &arn, Resource::Secret(Box::new(Secret::unknown(&gone))));
        secret.existence = seen(Existence::Missing);
        let catalog = Catalog::embedded().expect("the catalog");
        let profile = catalog.profile("meditech").expect("the profile");
        let settings =
            Settings { tool_version: "0".into(), profile_reason: None, fail_on: Severity::Low, banner: None };
        let report = assess(&catalog, &profile, &evidence(vec![secret]), settings);
        let of_secret = report.findings.iter().filter(|finding| finding.subject.id == arn);
        let (failed, others): (Vec<&Finding>, Vec<&Finding>) =
            of_secret.partition(|finding| finding.requirement == "secret-exists-and-active");
        assert_eq!(
            failed.iter().map(|finding| finding.observed()).collect::<Vec<_>>(),
            [Some("the secret does not exist")]
        );
        assert!(!others.is_empty());
        for finding in others {
            let reason = finding.reason().expect("a reason");
            assert!(reason.starts_with("depends on secret-exists-and-active"), "{}: {reason}", finding.requirement);
        }
    }
}
