//! One self-contained HTML file, for the file of an auditor: complete without scripts, offline and on paper.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};
use tap_audit_checks::evidence::Call;
use tap_audit_checks::policy::counterexample::{Correction, Counterexample};
use tap_audit_checks::report::{Conclusion, Finding, FindingSubject, Report, Status, tally};
use tap_audit_checks::requirement::{Basis, Severity};

use crate::grounds;
use crate::printable::printable;
use crate::wording;

const STYLE: &str = include_str!("html/style.css");
const SCRIPT: &str = include_str!("html/script.js");

/// Renders the report as HTML.
pub(crate) fn render(report: &Report) -> String {
    let page = Page::new(report);
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            (page.head())
            body {
                a.skip href="#main" { "Skip to the report" }
                (SYMBOLS)
                (page.masthead())
                @if let Some(banner) = &report.banner {
                    div.banner role="note" { div.wrap { (icon("error")) p { (banner) } } }
                }
                main.wrap #main {
                    (page.conclusion())
                    (page.rollups())
                    (page.attention())
                    (page.controls())
                    (page.findings())
                    (page.outputs())
                    (page.not_covered())
                    (page.calls())
                    (page.provenance())
                }
                footer {
                    div.wrap {
                        p { "Technical evidence of how this deployment was configured at the time stated. It is not an opinion on compliance with HIPAA or any other law." }
                    }
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    let mut document = printable(&markup.into_string()).into_owned();
    document.push('\n');
    document
}

/// The shapes that stand beside the words for outcomes.
const SYMBOLS: PreEscaped<&str> = PreEscaped(concat!(
    r#"<svg xmlns="http://www.w3.org/2000/svg" hidden>"#,
    r#"<symbol id="i-fail" viewBox="0 0 16 16"><path fill="currentColor" d="M4.7 0h6.6L16 4.7v6.6L11.3 16H4.7L0 11.3V4.7zM5.2 3.8 3.8 5.2 6.6 8l-2.8 2.8 1.4 1.4L8 9.4l2.8 2.8 1.4-1.4L9.4 8l2.8-2.8-1.4-1.4L8 6.6z"/></symbol>"#,
    r#"<symbol id="i-error" viewBox="0 0 16 16"><path fill="currentColor" d="M8 .8 16 15H0zM7 5.5v5h2v-5zm0 6.2v1.8h2v-1.8z"/></symbol>"#,
    r#"<symbol id="i-pass" viewBox="0 0 16 16"><path fill="currentColor" d="M8 0a8 8 0 1 1 0 16A8 8 0 0 1 8 0m3.6 4.6-4.5 4.6-2.2-2.1-1.4 1.4 3.6 3.6 5.9-6.1z"/></symbol>"#,
    r#"<symbol id="i-not-applicable" viewBox="0 0 16 16"><path fill="currentColor" d="M1 1h14v14H1zm1.6 1.6v10.8h10.8V2.6zM4.5 7.1h7v1.8h-7z"/></symbol>"#,
    r#"<symbol id="i-turn" viewBox="0 0 10 10"><path fill="currentColor" d="M2 0l6 5-6 5z"/></symbol>"#,
    "</svg>",
));

fn icon(name: &str) -> Markup {
    html! { svg.icon aria-hidden="true" focusable="false" { use href={ "#i-" (name) } {} } }
}

/// What the policy of the page allows: its own style and its own script, by digest, and nothing else.
fn content_security_policy() -> String {
    let digest = |text: &str| format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(text)));
    format!(
        "default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'",
        digest(STYLE),
        digest(SCRIPT)
    )
}

fn status_word(status: Status) -> &'static str {
    match status {
        Status::Fail => "Failed",
        Status::Error => "Not decided",
        Status::Pass => "Passed",
        Status::NotApplicable => "Not applicable",
    }
}

fn status_mark(status: Status) -> Markup {
    html! { span class={ "status tone-" (status.name()) } { (icon(status.name())) (status_word(status)) } }
}

fn severity_mark(severity: Severity) -> Markup {
    html! { span.severity.(severity.name()) { (severity.name()) } }
}

fn number(count: usize) -> Markup {
    html! { @if count == 0 { td.num.zero { "0" } } @else { td.num { (count) } } }
}

fn fact(name: &str, value: &Markup) -> Markup {
    html! { div { dt { (name) } dd { (value) } } }
}

/// The report, with the places that links go to.
struct Page<'a> {
    report: &'a Report,
    /// The number of each finding in report order, by its address.
    places: BTreeMap<*const Finding, usize>,
    /// The number of each call and the call, by id.
    calls: BTreeMap<&'a str, (usize, &'a Call)>,
}

impl<'a> Page<'a> {
    fn new(report: &'a Report) -> Self {
        let numbered = |(number, finding)| (std::ptr::from_ref::<Finding>(finding), number + 1);
        let call = |(number, call): (usize, &'a Call)| (call.id.as_str(), (number + 1, call));
        Page {
            report,
            places: report.findings.iter().enumerate().map(numbered).collect(),
            calls: report.calls.iter().enumerate().map(call).collect(),
        }
    }

    /// The name of the place where a finding stands.
    fn place(&self, finding: &Finding) -> String {
        match self.places.get(&std::ptr::from_ref(finding)) {
            Some(number) => format!("finding-{number}"),
            None => "findings".into(),
        }
    }

    fn head(&self) -> Markup {
        let report = self.report;
        let of = report.stack.as_ref().map_or(report.run.account.as_str(), |(name, _)| name.as_str());
        html! {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(content_security_policy());
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                meta name="generator" content={ "tap-audit " (report.tool_version) };
                meta name="color-scheme" content="light dark";
                title { (wording::conclusion(report)) " – " (of) " – tap-audit report" }
                style { (PreEscaped(STYLE)) }
            }
        }
    }

    fn masthead(&self) -> Markup {
        html! {
            header.masthead {
                div.wrap {
                    p.brand { "tap-audit " span { "evidence report" } }
                    nav aria-label="Sections" {
                        ul {
                            li { a href="#conclusion" { "Conclusion" } }
                            @if !self.report.rollups.is_empty() { li { a href="#rollups" { "Roll-ups" } } }
                            li { a href="#attention" { "Needs attention" } }
                            @if !self.report.controls.is_empty() { li { a href="#controls" { "HIPAA paragraphs" } } }
                            li { a href="#findings" { "Findings" } }
                            li { a href="#outputs" { "Outputs" } }
                            li { a href="#calls" { "Calls" } }
                            li { a href="#provenance" { "Provenance" } }
                        }
                    }
                    button type="button" id="theme" hidden { "Dark theme" }
                }
            }
        }
    }

    fn conclusion(&self) -> Markup {
        let report = self.report;
        let tone = match report.conclusion() {
            Conclusion::Conforms => "pass",
            Conclusion::DoesNotConform => "fail",
            Conclusion::Incomplete => "error",
        };
        let run = &report.run;
        html! {
            section aria-labelledby="conclusion" {
                div class={ "verdict tone-" (tone) } {
                    p.kicker { "Conclusion" }
                    h1 #conclusion { (icon(tone)) span { (wording::conclusion(report)) } }
                    p.lead { (wording::judged(report)) }
                    p { @for sentence in wording::beside_the_exit_code(report) { (sentence) " " } (wording::exit_code(report)) }
                    dl.facts {
                        (fact("Stack", &html! { @match &report.stack { Some((name, _)) => (name), None => "none found" } }))
                        (fact("Account and region", &html! { (run.account) ", " (run.region) }))
                        (fact("Profile", &html! { (report.profile_title) " (" code { (report.profile) } ")" @if let Some(reason) = &report.profile_reason { ", chosen because " (reason) } }))
                        (fact("Collected (UTC)", &html! { time datetime=(run.started_at) { (run.started_at) } }))
                        (fact("As", &html! { (run.caller_arn) }))
                        (fact("Answers from", &html! { (wording::endpoint(report)) }))
                    }
                }
                ul.tiles aria-label="Findings by outcome" {
                    @for status in Status::ALL {
                        li class={ "tone-" (status.name()) } {
                            span.number { (report.summary.of(status)) }
                            span.what { (icon(status.name())) (status_word(status)) }
                        }
                    }
                }
                div.two {
                    div {
                        h2 #severity { "By severity" }
                        div.scroll tabindex="0" role="region" aria-labelledby="severity" { (self.by_severity()) }
                    }
                    div {
                        h2 #coverage { "Coverage" }
                        (self.coverage())
                    }
                }
            }
        }
    }

    fn by_severity(&self) -> Markup {
        let summary = &self.report.summary;
        html! {
            table aria-labelledby="severity" {
                thead {
                    tr {
                        th scope="col" { "Severity" }
                        @for status in Status::ALL { th.num scope="col" { (status_word(status)) } }
                    }
                }
                tbody {
                    @for severity in Severity::ALL {
                        tr {
                            th scope="row" { (severity_mark(severity)) }
                            @for status in Status::ALL { (number(summary.of_severity(severity, status))) }
                        }
                    }
                }
                tfoot {
                    tr {
                        th scope="row" { "All" }
                        @for status in Status::ALL { (number(summary.of(status))) }
                    }
                }
            }
        }
    }

    fn coverage(&self) -> Markup {
        let report = self.report;
        let mut segments = Vec::new();
        let mut start = 0;
        for status in Status::ALL {
            let length = report.summary.of(status);
            segments.push((status, start, length));
            start += length;
        }
        html! {
            @if start > 0 {
                svg.bar viewBox={ "0 0 " (start) " 1" } preserveAspectRatio="none" role="img" aria-label=(wording::judged(report)) {
                    @for (status, x, length) in segments { rect.(status.name()) x=(x) y="0" width=(length) height="1" {} }
                }
            }
            ul.plain { @for sentence in wording::coverage(report) { li { (sentence) } } }
        }
    }

    /// The headlines over several requirements, each with its parts.
    fn rollups(&self) -> Markup {
        html! {
            @if !self.report.rollups.is_empty() {
                section aria-labelledby="rollups" {
                    h2 #rollups { "Roll-ups" }
                    p.section-note { (wording::ROLLUPS) }
                    ol.attention {
                        @for rollup in &self.report.rollups {
                            li class={ "tone-" (rollup.outcome.status().name()) } {
                                p.marks { (status_mark(rollup.outcome.status())) (severity_mark(rollup.severity)) }
                                div {
                                    p.what { (rollup.title) }
                                    p.small.soft { code { (rollup.id) } }
                                    p.small { (rollup.why) }
                                    @for part in &rollup.parts {
                                        p.small.soft { code { (part.requirement) } ": " (wording::part(part)) }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    fn attention(&self) -> Markup {
        let findings = self.report.attention();
        html! {
            section aria-labelledby="attention" {
                h2 #attention { "Needs attention" }
                @if findings.is_empty() {
                    @if self.report.findings.is_empty() {
                        p.all-well { "Nothing was judged: there is no result to rely on." }
                    } @else {
                        p.all-well { "Nothing failed, and everything planned was decided." }
                    }
                } @else {
                    p.section-note { "What failed and what could not be decided, worst first." }
                    ol.attention {
                        @for finding in findings {
                            li class={ "tone-" (finding.outcome.status().name()) } {
                                p.marks {
                                    (status_mark(finding.outcome.status()))
                                    (severity_mark(finding.severity))
                                    @if finding.is_advice() { span.tag { "advice" } }
                                }
                                div {
                                    p.what { a href={ "#" (self.place(finding)) } { (finding.title) } }
                                    p.small.soft { (finding.subject.kind) " " code { (finding.subject.id) } }
                                    p.small { (said(finding)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    fn controls(&self) -> Markup {
        html! {
            @if !self.report.controls.is_empty() {
                section aria-labelledby="controls" {
                    h2 #controls { "Coverage by HIPAA paragraph" }
                    p.section-note {
                        "The findings that cite each paragraph of 45 CFR part 164. This is technical evidence about a paragraph, "
                        "not an opinion on whether it is complied with: most paragraphs also ask for things that no AWS call can show."
                    }
                    div.scroll tabindex="0" role="region" aria-labelledby="controls" {
                        table.wide {
                            thead {
                                tr {
                                    th scope="col" { "Paragraph" }
                                    th scope="col" { "Title" }
                                    @for status in Status::ALL { th.num scope="col" { (status_word(status)) } }
                                    th scope="col" { "Requirements that cite it" }
                                }
                            }
                            tbody {
                                @for coverage in &self.report.controls {
                                    tr {
                                        th scope="row" { (coverage.control.id) }
                                        td { (coverage.control.title) br; span.small.soft { (coverage.control.implementation.name()) } }
                                        @for status in Status::ALL { (number(coverage.of(status))) }
                                        td.anywhere { @for requirement in &coverage.requirements { code { (requirement) } br; } }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    fn findings(&self) -> Markup {
        html! {
            section aria-labelledby="findings" {
                h2 #findings { "Findings by resource" }
                @if self.report.findings.is_empty() {
                    p.section-note { "There are none." }
                } @else {
                    p.section-note { "Each requirement of the profile for each resource it applies to, with what was seen." }
                    (filters())
                    @for (subject, findings) in self.report.by_subject() { (self.resource(subject, &findings)) }
                }
            }
        }
    }

    fn resource(&self, subject: &FindingSubject, findings: &[&Finding]) -> Markup {
        html! {
            article.resource {
                header {
                    p.kind { (subject.kind) " · " (wording::counts(&tally(findings.iter().copied()))) }
                    h3 { code { (subject.id) } }
                    dl.how {
                        dt { "Role" } dd { (subject.role.name()) ": " (subject.role_reason) }
                        @if !subject.reached_by.is_empty() { dt { "Reached by" } dd { (subject.reached_by.join("; ")) } }
                        @if let Some(arn) = &subject.arn { dt { "ARN" } dd { code { (arn) } } }
                        @if let Some(id) = &subject.logical_id { dt { "Logical id" } dd { (id) } }
                        @if let Some(key) = &subject.output_key { dt { "Output" } dd { (key) } }
                        @if let Some(region) = &subject.region { dt { "Region" } dd { (region) } }
                    }
                }
                @for finding in findings { (self.finding(finding)) }
            }
        }
    }

    fn finding(&self, finding: &Finding) -> Markup {
        let status = finding.outcome.status();
        let is_open = match status {
            Status::Fail | Status::Error => true,
            Status::Pass | Status::NotApplicable => false,
        };
        html! {
            details class={ "finding tone-" (status.name()) } id=(self.place(finding)) open[is_open]
                data-status=(status.name()) data-severity=(finding.severity.name()) {
                summary {
                    svg.turn aria-hidden="true" focusable="false" { use href="#i-turn" {} }
                    (status_mark(status))
                    (severity_mark(finding.severity))
                    h4 { (finding.title) @if finding.is_advice() { " (advice)" } code { (finding.requirement) } }
                }
                dl.detail {
                    (fact("Requirement", &html! { (finding.statement) }))
                    @if let Some(observed) = finding.observed() {
                        div { dt { "Observed" } dd.said { (observed) } }
                        (fact("Expected", &html! { (finding.expected()) }))
                    }
                    @if let Some(grounds) = finding.grounds() { (counterexample(&grounds.counterexample)) }
                    @if let Some(reason) = finding.reason() { div { dt { "Reason" } dd.said { (reason) } } }
                    @if finding.is_advice() {
                        (fact("Advice", &html! { "This failure counts neither towards the conclusion nor towards the exit code." }))
                    }
                    @if let Some(note) = finding.note() { (fact("Note", &html! { (note) })) }
                    (fact("Why it matters", &html! { (finding.severity_reason) }))
                    @if let Some(ruling) = &finding.ruling { (fact("Ruling", &html! { (ruling) })) }
                    (fact("Basis", &html! { (basis(finding.basis)) }))
                    @if !finding.params.is_empty() {
                        (fact("Judged with", &html! { ul { @for param in wording::params(finding) { li { code { (param) } } } } }))
                    }
                    (fact("Citations", &html! {
                        ul { @for (source, cited) in wording::citations(&finding.citations) { li { (source) ": " (cited) } } }
                    }))
                    div {
                        dt { (wording::fix(status)) }
                        dd.fixes {
                            @if let Some(fix) = finding.grounds().and_then(|grounds| grounds.correction.as_ref()) {
                                (correction(fix))
                                p.small.soft { "For the requirement in general:" }
                            }
                            (code("AWS CLI", &finding.remediation.cli))
                            (code("CloudFormation", &finding.remediation.cloudformation))
                        }
                    }
                    (fact("Evidence", &self.evidence(finding)))
                }
            }
        }
    }

    fn evidence(&self, finding: &Finding) -> Markup {
        html! {
            @if finding.evidence.is_empty() {
                "No call was needed or possible."
            } @else {
                ul {
                    @for id in &finding.evidence {
                        li {
                            @match self.calls.get(id.as_str()) {
                                Some((number, call)) => {
                                    a href={ "#call-" (number) } { code { (id) } } " " span.small.soft { (call.service) " " (call.operation) ", " (answer(call)) }
                                },
                                None => { code { (id) } " " span.small.soft { "not among the calls of this report" } },
                            }
                        }
                    }
                }
            }
        }
    }

    fn outputs(&self) -> Markup {
        let coverage = &self.report.coverage;
        html! {
            section aria-labelledby="outputs" {
                h2 #outputs { "Outputs of the deploy" }
                p.section-note {
                    @match &self.report.run.outputs_file {
                        Some(file) => { "Read from " code { (file) } ". " },
                        None => "The live outputs of the stack. ",
                    }
                    "Values that look like credentials are masked."
                }
                @if !coverage.outputs.is_empty() {
                    div.scroll tabindex="0" role="region" aria-labelledby="outputs" {
                        table.wide {
                            thead {
                                tr {
                                    th scope="col" { "Output" } th scope="col" { "Value" } th scope="col" { "Names" } th scope="col" { "In the live stack" }
                                }
                            }
                            tbody {
                                @for output in &coverage.outputs {
                                    tr {
                                        th scope="row" { (output.key) }
                                        td.anywhere { code { (output.value) } @if let Some(look) = output.secret { br; span.small.soft { "masked: looks like " (look.name()) } } }
                                        td.anywhere {
                                            @match &output.resolved {
                                                Some(resolved) => { (wording::resolution(output)) br; span.small.soft { "told by " (resolved.by) } },
                                                None => { span.unresolved { "Not resolved" } ": " (wording::resolution(output)) },
                                            }
                                        }
                                        td { (wording::live(output)) }
                                    }
                                }
                            }
                        }
                    }
                }
                @if !coverage.live_only.is_empty() {
                    p.section-note { "Outputs that the live stack has and the file lacks:" }
                    ul.plain { @for output in &coverage.live_only { li { code { (output.key) } " of stack " (output.stack) } } }
                }
            }
        }
    }

    fn not_covered(&self) -> Markup {
        let resources = &self.report.coverage.resources_not_covered;
        html! {
            section aria-labelledby="not-covered" {
                h2 #not-covered { "Resources not covered" }
                @if resources.is_empty() {
                    p.section-note { "Every resource of the stack that was listed is looked at." }
                } @else {
                    p.section-note { "Members of the stack that this version does not look at. Nothing is said about them." }
                    table {
                        thead { tr { th scope="col" { "Type" } th scope="col" { "Logical id" } th scope="col" { "Id" } th scope="col" { "Why" } } }
                        tbody {
                            @for resource in resources {
                                tr {
                                    th scope="row" { (resource.kind) }
                                    td { (resource.logical_id) }
                                    td { @match &resource.id { Some(id) => code { (id) }, None => "none", } }
                                    td { (resource.reason) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    fn calls(&self) -> Markup {
        html! {
            section aria-labelledby="calls" {
                h2 #calls { "AWS calls made" }
                p.section-note { "Every call that this audit made, all of them reads. The answers themselves are not kept; the digest is that of the answer's body." }
                @if self.report.calls.is_empty() {
                    p.section-note { "There are none." }
                } @else {
                    div.scroll tabindex="0" role="region" aria-labelledby="calls" {
                        table.wide {
                            thead { tr { th scope="col" { "Call" } th scope="col" { "Asked" } th scope="col" { "Answer" } th scope="col" { "Request id and SHA-256" } } }
                            tbody { @for (number, call) in self.report.calls.iter().enumerate() { (call_row(number + 1, call)) } }
                        }
                    }
                }
            }
        }
    }

    fn provenance(&self) -> Markup {
        let report = self.report;
        let run = &report.run;
        let row = |name: &str, value: Markup| html! { dt { (name) } dd { (value) } };
        html! {
            section aria-labelledby="provenance" {
                h2 #provenance { "Provenance" }
                p.section-note { "What this report rests on. The same evidence judged by the same version gives this file again, byte for byte." }
                dl.provenance {
                    (row("Evidence digest", html! { code { (report.evidence_digest) } }))
                    (row("Tool", html! { "tap-audit " (report.tool_version) }))
                    (row("Table of AWS actions", html! { (report.action_data) }))
                    (row("Profile", html! { (report.profile_title) " (" code { (report.profile) } "), threshold " code { (report.fail_on.name()) } }))
                    (row("First call", html! { (run.started_at) }))
                    (row("Last answer", html! { (run.finished_at) }))
                    (row("Account", html! { (run.account) " in partition " (run.partition) ", region " (run.region) }))
                    (row("Caller", html! { code { (run.caller_arn) } }))
                    (row("Endpoint", html! { (wording::endpoint(report)) }))
                    (row("Stack", html! {
                        @match &report.stack {
                            Some((name, Some(id))) => { (name) " (" code { (id) } ")" },
                            Some((name, None)) => (name),
                            None => "none found",
                        }
                    }))
                    (row("Outputs file", html! { @match &run.outputs_file { Some(file) => code { (file) }, None => "none: the live outputs were used", } }))
                    @if let Some(hash) = &run.outputs_sha256 { (row("Its SHA-256", html! { code { (hash) } })) }
                    @if let Some(suffix) = &run.environment_suffix { (row("Environment suffix given", html! { (suffix) })) }
                    @if let Some(name) = &run.stack_name { (row("Stack name given", html! { (name) })) }
                }
            }
        }
    }
}

fn said(finding: &Finding) -> String {
    match (finding.observed(), finding.reason()) {
        (Some(observed), _) => observed.to_owned(),
        (None, Some(reason)) => reason,
        (None, None) => String::new(),
    }
}

fn basis(basis: Basis) -> &'static str {
    match basis {
        Basis::Stated => "stated: the client's text says it",
        Basis::Template => "template: a value that the client's templates show",
        Basis::Derived => "derived: a stated requirement can be empty without it",
    }
}

fn code(name: &str, text: &str) -> Markup {
    html! { figure.code { figcaption { (name) } pre { code { (text) } } } }
}

/// What shows a failure of a policy document: the sentence, the request, and beside it the statements that matter.
fn counterexample(shown: &Counterexample) -> Markup {
    let request = grounds::request(shown);
    html! {
        div {
            dt { "Counterexample" }
            dd.grounds {
                p.said { (shown.sentence) }
                div.beside {
                    @if !request.is_empty() {
                        dl.request { @for (name, value) in request { dt { (name) } dd { code { (value) } } } }
                    }
                    div.statements {
                        @if let Some(cited) = &shown.allowed_by {
                            @let part = if shown.action.is_some() { "Allowed by " } else { "At fault: " };
                            (code(&format!("{part}{}", grounds::place(cited)), &cited.json))
                        }
                        @if let Some(miss) = &shown.nearest_deny {
                            (code(&format!("Nearest Deny: {}", grounds::place(&miss.statement)), &miss.statement.json))
                            p.small { "The request escapes it: " (grounds::slipped(miss)) }
                        }
                        @if let Some(why) = grounds::unopposed(shown) { p.small { "It is not stopped: " (why) } }
                    }
                }
            }
        }
    }
}

/// What mends this very resource, judged before it is shown.
fn correction(correction: &Correction) -> Markup {
    html! {
        details.correction open {
            summary { "Correction for this resource" }
            p { (correction.instruction) }
            (code("Statement", &correction.statement))
            p.judged.tone-pass { (icon("pass")) span { (grounds::judged_again(correction)) } }
        }
    }
}

fn answer(call: &Call) -> String {
    let status = call.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
    call.error.as_ref().map_or_else(|| status.clone(), |error| format!("{status} {error}"))
}

fn call_row(number: usize, call: &Call) -> Markup {
    html! {
        tr id={ "call-" (number) } {
            th.anywhere scope="row" { (call.service) " " (call.operation) br; code.soft { (call.id) } }
            td.anywhere {
                (call.region)
                @for (name, value) in &call.parameters { br; span.soft { (name) ": " } code { (value) } }
            }
            td { (answer(call)) br; span.small.soft { (call.at) ", " (wording::count(usize::try_from(call.attempts).unwrap_or(usize::MAX), "attempt", "attempts")) } }
            td.anywhere {
                @match &call.request_id { Some(id) => code { (id) }, None => span.soft { "no request id" }, }
                br;
                @match &call.sha256 { Some(hash) => code.soft { (hash) }, None => span.soft { "no body" }, }
            }
        }
    }
}

/// The filter bar. It appears when the script runs; without it everything is shown.
fn filters() -> Markup {
    html! {
        form.filters #filters hidden role="search" aria-label="Filter the findings" {
            fieldset {
                legend { "Outcome" }
                @for status in Status::ALL {
                    label { input type="checkbox" name="status" value=(status.name()) checked; (status_word(status)) }
                }
            }
            fieldset {
                legend { "Severity" }
                @for severity in Severity::ALL {
                    label { input type="checkbox" name="severity" value=(severity.name()) checked; (severity.name()) }
                }
            }
            label { span.offscreen { "Search the findings" } input type="search" id="search" placeholder="Search findings and resources" autocomplete="off"; }
            button type="button" id="expand" { "Expand all" }
            button type="button" id="collapse" { "Collapse all" }
            button type="reset" { "Reset" }
            p.count id="count" aria-live="polite" {}
        }
    }
}
