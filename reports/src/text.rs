//! Text for a terminal or a log.

use comfy_table::CellAlignment;
use tap_audit_checks::report::{Conclusion, Finding, FindingSubject, Report, Status};
use tap_audit_checks::requirement::Severity;

use crate::Style;
use crate::grounds;
use crate::page::{Page, Paint, TIED, fit, width};
use crate::printable::one_line;
use crate::wording;

/// An observation is shown beside the requirement's id when it has at least this much room.
const LEAST_ROOM: usize = 16;

/// Renders the report as text.
pub(crate) fn render(report: &Report, style: &Style) -> String {
    let mut page = Page::new(style);
    head(&mut page, report);
    summary(&mut page, report);
    rollups(&mut page, report);
    for (subject, findings) in report.by_subject_worst_first() {
        group(&mut page, subject, &findings);
    }
    beyond(&mut page, report);
    foot(&mut page, report);
    page.out
}

fn head(page: &mut Page, report: &Report) {
    if let Some(banner) = &report.banner {
        page.hanging("! ", Paint::Warn, banner);
        page.blank();
    }
    let paint = match report.conclusion() {
        Conclusion::Conforms => Paint::Good,
        Conclusion::DoesNotConform => Paint::Bad,
        Conclusion::Incomplete => Paint::Warn,
    };
    page.painted(paint, &wording::conclusion(report).to_uppercase());
    page.hanging("", Paint::Plain, &wording::judged(report));
    page.blank();
    let stack = report.stack.as_ref().map_or("none found", |(name, _)| name);
    let facts = [
        format!("account {}", report.run.account),
        report.run.region.clone(),
        format!("stack {stack}"),
        wording::profile(report),
        format!("as {}", report.run.caller_arn),
        format!("at {}", report.run.started_at),
        format!("endpoint {}", wording::endpoint(report)),
        format!("tap-audit {}", report.tool_version),
        format!("actions from {}", report.action_data),
    ];
    page.hanging("", Paint::Faint, &facts.map(|fact| fact.replace(' ', TIED)).join(" · "));
    page.blank();
}

fn summary(page: &mut Page, report: &Report) {
    let mut table = page.table();
    table.set_header(["severity", "failed", "not decided", "passed", "not applicable"]);
    for severity in Severity::ALL {
        table.add_row(counts(severity.name(), |status| report.summary.of_severity(severity, status)));
    }
    table.add_row(counts("all", |status| report.summary.of(status)));
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    page.place(&table);
    page.blank();
    page.hanging("Coverage  ", Paint::Strong, &wording::coverage(report).join(" "));
}

fn counts(name: &str, of: impl Fn(Status) -> usize) -> Vec<String> {
    let mut row = vec![name.to_owned()];
    row.extend(Status::ALL.into_iter().map(|status| of(status).to_string()));
    row
}

/// The headlines over several requirements, each with its parts.
fn rollups(page: &mut Page, report: &Report) {
    if report.rollups.is_empty() {
        return;
    }
    page.blank();
    page.painted(Paint::Strong, "Roll-ups");
    page.hanging("", Paint::Plain, wording::ROLLUPS);
    for rollup in &report.rollups {
        page.blank();
        let (prefix, paint) = mark(rollup.outcome.status(), rollup.severity);
        page.hanging(&prefix, paint, &format!("{}: {}", rollup.id, rollup.title));
        page.field("because", &rollup.why);
        for part in &rollup.parts {
            page.field("part", &format!("{}: {}", part.requirement, wording::part(part)));
        }
    }
}

fn group(page: &mut Page, subject: &FindingSubject, findings: &[&Finding]) {
    page.blank();
    page.painted(Paint::Strong, &format!("{}  {}", subject.kind, subject.id));
    page.field("role", &format!("{}: {}", subject.role.name(), subject.role_reason));
    if let Some(arn) = &subject.arn {
        page.field("arn", arn);
    }
    if !subject.reached_by.is_empty() {
        page.field("reached", &subject.reached_by.join("; "));
    }
    page.blank();
    for finding in findings {
        match finding.outcome.status() {
            Status::Fail | Status::Error => in_full(page, finding),
            Status::Pass | Status::NotApplicable => in_short(page, finding),
        }
    }
}

/// A finding that someone has to act on.
fn in_full(page: &mut Page, finding: &Finding) {
    let advice = if finding.is_advice() { " (advice)" } else { "" };
    page.blank();
    let (prefix, paint) = mark(finding.outcome.status(), finding.severity);
    page.hanging(&prefix, paint, &format!("{}{advice}: {}", finding.requirement, finding.title));
    if let Some(observed) = finding.observed() {
        page.field("observed", observed);
    }
    if let Some(reason) = finding.reason() {
        page.field("reason", &reason);
    }
    page.field("expected", finding.expected());
    if let Some(grounds) = finding.grounds() {
        grounds::write(page, &grounds.counterexample);
    }
    if let Some(note) = finding.note() {
        page.field("note", note);
    }
    page.field("why", &finding.severity_reason);
    if let Some(ruling) = &finding.ruling {
        page.field("ruling", ruling);
    }
    let cited = wording::citations(&finding.citations);
    let cited: Vec<String> = cited.into_iter().map(|(source, cited)| format!("{source}: {cited}")).collect();
    page.field("cites", &cited.join("; "));
    let correction = finding.grounds().and_then(|grounds| grounds.correction.as_ref());
    if let Some(correction) = correction {
        grounds::write_correction(page, correction);
    }
    let fix = match (finding.outcome.status(), correction) {
        // What is said of the requirement in general comes after what mends this resource.
        (Status::Fail, Some(_)) => "command",
        (Status::Fail, None) => "fix",
        // The fix mends what may be in order; the reason says what to do first.
        (Status::Error | Status::Pass | Status::NotApplicable, _) => "if unmet",
    };
    page.command(fix, &finding.remediation.cli);
    page.field("template", &finding.remediation.cloudformation);
    page.field("evidence", &finding.evidence.join(", "));
    page.blank();
}

/// A finding that passed or does not apply: one line, with its note below where it has one.
fn in_short(page: &mut Page, finding: &Finding) {
    let (prefix, paint) = mark(finding.outcome.status(), finding.severity);
    match finding.reason() {
        Some(reason) => page.hanging(&prefix, paint, &format!("{}: {reason}", finding.requirement)),
        None => {
            let id = &finding.requirement;
            let room = page.width.saturating_sub(width(&prefix) + width(id) + 2);
            let text = match finding.observed() {
                Some(observed) if room >= LEAST_ROOM => format!("{id}: {}", fit(&one_line(observed), room)),
                Some(_) | None => id.clone(),
            };
            page.hanging(&prefix, paint, &text);
        }
    }
    if let Some(note) = finding.note() {
        page.field("note", note);
    }
}

/// Symbol, word and severity. The word says it all; symbol and colour only help to find it.
fn mark(status: Status, severity: Severity) -> (String, Paint) {
    let (symbol, word, paint) = match status {
        Status::Fail => ("✗", "FAIL", Paint::Bad),
        Status::Error => ("!", "ERROR", Paint::Warn),
        Status::Pass => ("✓", "PASS", Paint::Good),
        Status::NotApplicable => ("–", "N/A", Paint::Faint),
    };
    (format!("  {symbol} {word:<5} {:<8}  ", severity.name()), paint)
}

/// What was not judged: outputs that name nothing, resources that are not looked at.
fn beyond(page: &mut Page, report: &Report) {
    let coverage = &report.coverage;
    if coverage.unresolved_outputs > 0 {
        page.blank();
        page.painted(Paint::Strong, "Outputs not resolved");
        let mut table = page.table();
        table.set_header(["output", "value", "reason"]);
        for output in coverage.unresolved() {
            table.add_row([
                one_line(&output.key).into_owned(),
                one_line(&output.value).into_owned(),
                one_line(&wording::resolution(output)).into_owned(),
            ]);
        }
        page.place(&table);
    }
    if !coverage.live_only.is_empty() {
        page.blank();
        page.painted(Paint::Strong, "Live outputs that the file lacks");
        for output in &coverage.live_only {
            page.hanging("  – ", Paint::Plain, &format!("{} of stack {}", output.key, output.stack));
        }
    }
    if !coverage.resources_not_covered.is_empty() {
        page.blank();
        page.painted(Paint::Strong, "Resources not looked at");
        for resource in &coverage.resources_not_covered {
            let text = format!("{} {}: {}", resource.kind, resource.logical_id, resource.reason);
            page.hanging("  – ", Paint::Plain, &text);
        }
    }
}

fn foot(page: &mut Page, report: &Report) {
    page.blank();
    page.hanging("Digest  ", Paint::Strong, &report.evidence_digest);
    for sentence in wording::beside_the_exit_code(report) {
        page.hanging("", Paint::Plain, &sentence);
    }
    page.hanging("", Paint::Plain, &wording::exit_code(report));
}
