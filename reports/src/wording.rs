//! The sentences that the formats for people share, so that they say the same.

use std::collections::BTreeMap;

use tap_audit_checks::outputs::{LiveValue, Output};
use tap_audit_checks::report::{Conclusion, Finding, Report, RollupPart, Status};
use tap_audit_checks::requirement::Citations;
use tap_audit_checks::{Gap, Observed};

/// A number with its noun.
pub(crate) fn count(number: usize, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {many}") }
}

/// The conclusion as a heading.
pub(crate) fn conclusion(report: &Report) -> &'static str {
    match (report.conclusion(), report.is_incomplete()) {
        (Conclusion::Conforms, _) => "Conforms",
        (Conclusion::DoesNotConform, false) => "Does not conform",
        (Conclusion::DoesNotConform, true) => "Does not conform, and is incomplete",
        (Conclusion::Incomplete, _) => "Incomplete",
    }
}

/// How the findings came out, in one sentence.
pub(crate) fn judged(report: &Report) -> String {
    let summary = &report.summary;
    if report.findings.is_empty() {
        return "Nothing was judged, so nothing can be said about this deployment.".into();
    }
    let mut parts = Vec::new();
    if summary.of(Status::Fail) > 0 {
        let advice = if summary.advice > 0 { format!(" ({} as advice)", summary.advice) } else { String::new() };
        parts.push(format!("{} failed{advice}", summary.of(Status::Fail)));
    }
    if summary.of(Status::Error) > 0 {
        parts.push(format!("{} could not be decided", summary.of(Status::Error)));
    }
    parts.push(format!("{} passed", summary.of(Status::Pass)));
    if summary.of(Status::NotApplicable) > 0 {
        let verb = if summary.of(Status::NotApplicable) == 1 { "does" } else { "do" };
        parts.push(format!("{} {verb} not apply", summary.of(Status::NotApplicable)));
    }
    format!("Of {}, {}.", count(report.findings.len(), "finding", "findings"), list(&parts))
}

/// Parts of a sentence, with "and" before the last.
fn list(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// What was looked at and what was not, one sentence each.
pub(crate) fn coverage(report: &Report) -> Vec<String> {
    let coverage = &report.coverage;
    let mut sentences = vec![format!(
        "Decided: {} of {}.",
        coverage.decided,
        count(
            coverage.planned,
            "planned pair of requirement and resource",
            "planned pairs of requirement and resource"
        )
    )];
    sentences.push(match (coverage.outputs.len(), coverage.unresolved_outputs) {
        (0, _) => "No outputs were read.".into(),
        (1, 0) => "The one output was resolved to what it names.".into(),
        (all, 0) => format!("All {all} outputs were resolved to what they name."),
        (all, unresolved) => format!("{unresolved} of {} could not be resolved.", count(all, "output", "outputs")),
    });
    if !coverage.live_only.is_empty() {
        let many = count(coverage.live_only.len(), "live output of the stack is", "live outputs of the stack are");
        sentences.push(format!("{many} missing from the outputs file; export it again."));
    }
    if !coverage.resources_not_covered.is_empty() {
        let many =
            count(coverage.resources_not_covered.len(), "resource of the stack is", "resources of the stack are");
        sentences.push(format!("{many} not looked at by this version."));
    }
    if !coverage.missing_kinds.is_empty() {
        let kinds: Vec<String> = coverage.missing_kinds.iter().map(ToString::to_string).collect();
        sentences.push(format!("The profile needs what was not found: {}.", kinds.join(", ")));
    }
    sentences
}

/// What lies outside the exit code although it failed, one sentence each; none when there is nothing to say.
pub(crate) fn beside_the_exit_code(report: &Report) -> Vec<String> {
    let summary = &report.summary;
    let mut sentences = Vec::new();
    if summary.below_threshold > 0 {
        let many = count(summary.below_threshold, "failure lies", "failures lie");
        let threshold = report.fail_on.name();
        sentences.push(format!("{many} below the threshold ({threshold}) and outside the exit code."));
    }
    if summary.advice > 0 {
        let many = count(summary.advice, "failure is advice and counts", "failures are advice and count");
        sentences.push(format!("{many} neither towards the conclusion nor towards the exit code."));
    }
    sentences
}

/// The exit code that goes with the report, and why.
pub(crate) fn exit_code(report: &Report) -> String {
    let code = report.exit_code();
    let threshold = report.fail_on.name();
    let why = match code {
        0 => format!("nothing failed at or above the threshold ({threshold}) and nothing is missing"),
        1 => format!("something failed at or above the threshold ({threshold})"),
        _ => "not everything could be judged".to_owned(),
    };
    format!("Exit code of an audit with this result: {code}, because {why}.")
}

/// The label of the fix. Only a failure is known to need it.
pub(crate) fn fix(status: Status) -> &'static str {
    match status {
        Status::Fail => "Fix",
        Status::Error | Status::Pass | Status::NotApplicable => "Fix, if unmet",
    }
}

/// What was judged by, and why it was chosen where the user did not.
pub(crate) fn profile(report: &Report) -> String {
    match &report.profile_reason {
        Some(reason) => format!("profile {}, chosen because {reason}", report.profile),
        None => format!("profile {}", report.profile),
    }
}

/// Where the answers came from, as far as that is not AWS.
pub(crate) fn endpoint(report: &Report) -> String {
    if report.run.emulated {
        format!("{} (an emulator or a recording, not AWS)", report.run.endpoint)
    } else {
        report.run.endpoint.clone()
    }
}

/// The counts of a group in words, without what there is none of.
pub(crate) fn counts(by_status: &BTreeMap<Status, usize>) -> String {
    let parts: Vec<String> = by_status
        .iter()
        .filter(|(_, number)| **number > 0)
        .map(|(status, number)| format!("{number} {}", status_word(*status)))
        .collect();
    parts.join(", ")
}

/// The word for a status in a sentence.
pub(crate) fn status_word(status: Status) -> &'static str {
    match status {
        Status::Fail => "failed",
        Status::Error => "not decided",
        Status::Pass => "passed",
        Status::NotApplicable => "not applicable",
    }
}

/// What a finding is cited for, by source, without the sources that it does not cite.
pub(crate) fn citations(citations: &Citations) -> Vec<(&'static str, String)> {
    let Citations { hipaa, nist_800_53, aws_config, security_hub } = citations;
    let hipaa: Vec<String> = hipaa.iter().map(|paragraph| format!("45 CFR {paragraph}")).collect();
    let sources = [
        ("HIPAA Security Rule", hipaa.join(", ")),
        ("NIST SP 800-53", nist_800_53.join(", ")),
        ("AWS Config", aws_config.join(", ")),
        ("Security Hub", security_hub.join(", ")),
    ];
    sources.into_iter().filter(|(_, cited)| !cited.is_empty()).collect()
}

/// That nothing counts roll-ups, under their heading.
pub(crate) const ROLLUPS: &str = "Headlines over several requirements. They count neither towards the conclusion nor towards the exit code: their parts do.";

/// How a part of a roll-up came out, in words: its counts, or why it does not apply.
pub(crate) fn part(part: &RollupPart) -> String {
    let mut said = vec![counts(&part.by_status)];
    if part.advice > 0 {
        said.push(format!("{} failed as advice", part.advice));
    }
    said.retain(|text| !text.is_empty());
    if said.is_empty() {
        said.push("nothing was judged".to_owned());
    }
    let said = said.join(", ");
    match part.status() {
        Status::NotApplicable if !part.reasons.is_empty() => format!("{said}: {}", part.reasons.join("; ")),
        Status::NotApplicable | Status::Fail | Status::Error | Status::Pass => said,
    }
}

/// The parameters that a finding was judged with, as `name = value`.
pub(crate) fn params(finding: &Finding) -> Vec<String> {
    finding.params.iter().map(|(name, value)| format!("{name} = {value}")).collect()
}

/// What an output resolved to, or why it did not.
pub(crate) fn resolution(output: &Output) -> String {
    match (&output.resolved, &output.reason) {
        (Some(resolved), _) => format!("{} {}", resolved.kind, resolved.id),
        (None, Some(reason)) => reason.clone(),
        (None, None) => "no reason was recorded".into(),
    }
}

/// How an output compares with what the stack says now.
pub(crate) fn live(output: &Output) -> String {
    match output.live.observed() {
        Observed::Present(LiveValue::Same) => "same in the live stack".into(),
        Observed::Present(LiveValue::Differs) => "differs from the live stack: the file is stale".into(),
        Observed::Present(LiveValue::NotInStack) => "the live stack has no such output".into(),
        Observed::Absent => "no stack to compare with".into(),
        Observed::Unknown(gap) => unknown(gap),
    }
}

fn unknown(gap: &Gap) -> String {
    format!("could not be compared: {gap}")
}
