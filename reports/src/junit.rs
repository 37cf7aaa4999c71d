//! JUnit XML: a test suite for each resource, a test case for each requirement it has to meet.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use tap_audit_checks::report::{Finding, FindingSubject, Report, RollupResult, Status, tally};

use crate::grounds;
use crate::printable::printable;
use crate::wording;

/// Where XML is written to.
pub(crate) type Xml = Writer<Vec<u8>>;

/// Renders the report as JUnit XML.
pub(crate) fn render(report: &Report) -> io::Result<Vec<u8>> {
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 2);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let totals = if report.findings.is_empty() { nothing_judged() } else { report.summary.by_status.clone() };
    xml.create_element("testsuites")
        .with_attribute(("name", "tap-audit"))
        .with_attributes(counts(&totals).iter().map(|(name, count)| (*name, count.as_str())))
        .with_attribute(("time", "0"))
        .write_inner_content(|xml| {
            if report.findings.is_empty() {
                return nothing(xml, report);
            }
            for (subject, findings) in report.by_subject() {
                suite(xml, report, subject, &findings)?;
            }
            Ok(())
        })?;
    let mut bytes = xml.into_inner();
    bytes.push(b'\n');
    Ok(bytes)
}

/// The counts of a document in which the only test case says that nothing was judged.
fn nothing_judged() -> BTreeMap<Status, usize> {
    Status::ALL.into_iter().map(|status| (status, usize::from(status == Status::Error))).collect()
}

/// Says that nothing was judged, as a test case in error: readers take a document without test cases for success.
fn nothing(xml: &mut Xml, report: &Report) -> io::Result<()> {
    open_suite(xml, report, "tap-audit", &nothing_judged(), |xml| {
        xml.create_element("testcase")
            .with_attribute(("classname", "tap-audit"))
            .with_attribute(("name", "something is there to judge"))
            .with_attribute(("time", "0"))
            .write_inner_content(|xml| {
                let said = wording::judged(report);
                result(xml, "error", &said, Some("could-not-check"), &wording::coverage(report).join("\n"))
            })?;
        Ok(())
    })
}

fn suite(xml: &mut Xml, report: &Report, subject: &FindingSubject, findings: &[&Finding]) -> io::Result<()> {
    let name = format!("{} {}", subject.kind, subject.id);
    open_suite(xml, report, &name, &tally(findings.iter().copied()), |xml| {
        for finding in findings {
            case(xml, finding)?;
        }
        Ok(())
    })
}

fn open_suite(
    xml: &mut Xml,
    report: &Report,
    name: &str,
    totals: &BTreeMap<Status, usize>,
    cases: impl FnOnce(&mut Xml) -> io::Result<()>,
) -> io::Result<()> {
    // The strict schema knows no zone here; the time is UTC, as everywhere in the report.
    let started = report.run.started_at.to_string();
    let conclusion = report.conclusion().name();
    let exit_code = report.exit_code().to_string();
    let facts = [
        ("banner", report.banner.as_deref()),
        ("tap-audit.version", Some(report.tool_version.as_str())),
        ("action-data", Some(report.action_data.as_str())),
        ("profile", Some(report.profile.as_str())),
        ("profile-reason", report.profile_reason.as_deref()),
        ("account", Some(report.run.account.as_str())),
        ("region", Some(report.run.region.as_str())),
        ("endpoint", Some(report.run.endpoint.as_str())),
        ("stack", report.stack.as_ref().map(|(name, _)| name.as_str())),
        ("conclusion", Some(conclusion)),
        ("exit-code", Some(exit_code.as_str())),
        ("evidence-digest", Some(report.evidence_digest.as_str())),
    ];
    let rollups = rollups(report);
    xml.create_element("testsuite")
        .with_attribute(("name", printable(name)))
        .with_attributes(counts(totals).iter().map(|(name, count)| (*name, count.as_str())))
        .with_attribute(("time", "0"))
        .with_attribute(("timestamp", started.trim_end_matches('Z')))
        .with_attribute(("hostname", printable(&report.run.account)))
        .write_inner_content(|xml| {
            let facts = facts.into_iter().filter_map(|(name, value)| value.map(|value| (name, value)));
            properties(xml, facts.chain(rollups.iter().map(|(name, value)| (name.as_str(), value.as_str()))))?;
            cases(xml)
        })?;
    Ok(())
}

/// The roll-ups as properties: as test cases they would be counted.
fn rollups(report: &Report) -> Vec<(String, String)> {
    let property = |rollup: &RollupResult| {
        (format!("rollup.{}", rollup.id), format!("{}: {}", rollup.outcome.status().name(), rollup.why))
    };
    report.rollups.iter().map(property).collect()
}

/// The counts that readers of JUnit XML expect: how many cases, and how many of each kind that did not pass.
pub(crate) fn counts(totals: &BTreeMap<Status, usize>) -> [(&'static str, String); 4] {
    let of = |status: Status| totals.get(&status).map_or(0, |count| *count);
    [
        ("tests", totals.values().sum::<usize>().to_string()),
        ("failures", of(Status::Fail).to_string()),
        ("errors", of(Status::Error).to_string()),
        ("skipped", of(Status::NotApplicable).to_string()),
    ]
}

fn case(xml: &mut Xml, finding: &Finding) -> io::Result<()> {
    // Some readers drop all but the first of the cases that share class and name, so the resource is in the name too.
    let name = format!("{}: {} [{}]", finding.requirement, finding.title, finding.subject.id);
    xml.create_element("testcase")
        .with_attribute(("classname", finding.subject.kind.name()))
        .with_attribute(("name", printable(&name)))
        .with_attribute(("time", "0"))
        .write_inner_content(|xml| {
            case_properties(xml, finding)?;
            let body = body(finding);
            let reason = finding.reason();
            let why = reason.as_deref().map_or("", |reason| reason);
            match finding.outcome.status() {
                Status::Pass => {
                    xml.create_element("system-out").write_text_content(text(&body))?;
                    Ok(())
                }
                Status::Fail => {
                    let observed = finding.observed().map_or("", |observed| observed);
                    let mut said = format!("observed: {observed}; expected: {}", finding.expected());
                    if let Some(grounds) = finding.grounds() {
                        said.push_str(&format!("; shown by: {}", grounds.counterexample.sentence));
                    }
                    let kind = if finding.is_advice() { "advice" } else { finding.severity.name() };
                    result(xml, "failure", &said, Some(kind), &body)
                }
                Status::Error => result(xml, "error", why, Some("could-not-check"), &body),
                Status::NotApplicable => result(xml, "skipped", &format!("not applicable: {why}"), None, &body),
            }
        })?;
    Ok(())
}

fn case_properties(xml: &mut Xml, finding: &Finding) -> io::Result<()> {
    let subject = &finding.subject;
    let mut facts = vec![
        ("requirement", finding.requirement.as_str()),
        ("severity", finding.severity.name()),
        ("basis", finding.basis.name()),
        ("outcome", finding.outcome.status().name()),
        ("role", subject.role.name()),
        ("fingerprint", finding.fingerprint.as_str()),
    ];
    facts.extend(subject.arn.as_deref().map(|arn| ("arn", arn)));
    facts.extend(subject.logical_id.as_deref().map(|id| ("logical-id", id)));
    facts.extend(finding.citations.hipaa.iter().map(|id| ("control.hipaa", id.as_str())));
    facts.extend(finding.citations.nist_800_53.iter().map(|id| ("control.nist-800-53", id.as_str())));
    facts.extend(finding.citations.aws_config.iter().map(|id| ("control.aws-config", id.as_str())));
    facts.extend(finding.citations.security_hub.iter().map(|id| ("control.security-hub", id.as_str())));
    properties(xml, facts.into_iter())
}

fn properties<'a>(xml: &mut Xml, facts: impl Iterator<Item = (&'a str, &'a str)>) -> io::Result<()> {
    xml.create_element("properties").write_inner_content(|xml| {
        for (name, value) in facts {
            xml.create_element("property")
                .with_attribute(("name", printable(name)))
                .with_attribute(("value", printable(value)))
                .write_empty()?;
        }
        Ok(())
    })?;
    Ok(())
}

pub(crate) fn result(
    xml: &mut Xml,
    element: &'static str,
    message: &str,
    kind: Option<&str>,
    body: &str,
) -> io::Result<()> {
    xml.create_element(element)
        .with_attribute(("message", printable(message)))
        .with_attributes(kind.map(|kind| ("type", kind)))
        .write_text_content(text(body))?;
    Ok(())
}

fn body(finding: &Finding) -> String {
    let mut lines = Vec::new();
    let mut line = |label: &str, text: &str| lines.push(format!("{label}: {text}"));
    if finding.is_advice() {
        line("advice", "this failure counts neither towards the conclusion nor towards the exit code");
    }
    if let Some(observed) = finding.observed() {
        line("observed", observed);
    }
    if let Some(reason) = finding.reason() {
        line("reason", &reason);
    }
    line("expected", finding.expected());
    if let Some(grounds) = finding.grounds() {
        for (label, text) in grounds::lines(&grounds.counterexample) {
            line(label, &text);
        }
    }
    if let Some(note) = finding.note() {
        line("note", note);
    }
    match finding.outcome.status() {
        Status::Fail | Status::Error => {
            line("why it matters", &finding.severity_reason);
            if let Some(correction) = finding.grounds().and_then(|grounds| grounds.correction.as_ref()) {
                let statement = &correction.statement;
                let judged = grounds::judged_again(correction);
                line("fix (this resource)", &format!("{}\n{statement}\n{judged}", correction.instruction));
            }
            line("fix (AWS CLI)", &finding.remediation.cli);
            line("fix (CloudFormation)", &finding.remediation.cloudformation);
        }
        Status::Pass | Status::NotApplicable => {}
    }
    line("evidence", &finding.evidence.join(", "));
    lines.join("\n")
}

/// Text content, with the characters that XML cannot hold marked.
pub(crate) fn text(text: &str) -> BytesText<'static> {
    let owned: Cow<'_, str> = printable(text);
    BytesText::new(&owned).into_owned()
}
