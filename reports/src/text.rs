//! Text for a terminal or a log.

use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};
use tap_audit_checks::report::{Conclusion, Finding, FindingSubject, Report, Status};
use tap_audit_checks::requirement::Severity;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::Style;
use crate::printable::{one_line, printable};
use crate::wording;

/// A space at which no line is broken as long as what it ties fits on one.
const TIED: &str = "\u{a0}";
/// A line under the header and no others.
const RULED: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));
/// The columns that the label of a line in a finding takes.
const LABEL: usize = 10;
/// An observation is shown beside the requirement's id when it has at least this much room.
const LEAST_ROOM: usize = 16;

/// Renders the report as text.
pub(crate) fn render(report: &Report, style: &Style) -> String {
    let mut page = Page::new(style);
    head(&mut page, report);
    summary(&mut page, report);
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
        format!("profile {}", report.profile),
        format!("as {}", report.run.caller_arn),
        format!("at {}", report.run.started_at),
        format!("endpoint {}", wording::endpoint(report)),
        format!("tap-audit {}", report.tool_version),
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
    let (prefix, paint) = mark(finding);
    page.hanging(&prefix, paint, &format!("{}{advice}: {}", finding.requirement, finding.title));
    if let Some(observed) = finding.observed() {
        page.field("observed", observed);
    }
    if let Some(reason) = finding.reason() {
        page.field("reason", &reason);
    }
    page.field("expected", finding.expected());
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
    let fix = match finding.outcome.status() {
        Status::Fail => "fix",
        // The fix mends what may be in order; the reason says what to do first.
        Status::Error | Status::Pass | Status::NotApplicable => "if unmet",
    };
    page.command(fix, &finding.remediation.cli);
    page.field("template", &finding.remediation.cloudformation);
    page.field("evidence", &finding.evidence.join(", "));
    page.blank();
}

/// A finding that passed or does not apply: one line, with its note below where it has one.
fn in_short(page: &mut Page, finding: &Finding) {
    let (prefix, paint) = mark(finding);
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

/// Symbol, word and severity of a finding. The word says it all; symbol and colour only help to find it.
fn mark(finding: &Finding) -> (String, Paint) {
    let (symbol, word, paint) = match finding.outcome.status() {
        Status::Fail => ("✗", "FAIL", Paint::Bad),
        Status::Error => ("!", "ERROR", Paint::Warn),
        Status::Pass => ("✓", "PASS", Paint::Good),
        Status::NotApplicable => ("–", "N/A", Paint::Faint),
    };
    (format!("  {symbol} {word:<5} {:<8}  ", finding.severity.name()), paint)
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

/// How a word stands out where colour is allowed.
#[derive(Clone, Copy)]
enum Paint {
    Plain,
    Strong,
    Faint,
    Good,
    Warn,
    Bad,
}

impl Paint {
    fn code(self) -> &'static str {
        match self {
            Paint::Plain => "",
            Paint::Strong => "\u{1b}[1m",
            Paint::Faint => "\u{1b}[2m",
            Paint::Good => "\u{1b}[32m",
            Paint::Warn => "\u{1b}[1;33m",
            Paint::Bad => "\u{1b}[1;31m",
        }
    }
}

/// The text so far. Whatever is added is made printable and laid out within the width.
struct Page {
    out: String,
    width: usize,
    color: bool,
}

impl Page {
    fn new(style: &Style) -> Self {
        Page { out: String::new(), width: usize::from(style.width).clamp(40, 200), color: style.color }
    }

    /// One empty line, and never two in a row.
    fn blank(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    fn paint(&self, paint: Paint, text: &str) -> String {
        if self.color && !paint.code().is_empty() && !text.trim().is_empty() {
            let start = text.len() - text.trim_start().len();
            let end = text.trim_end().len();
            format!("{}{}{}\u{1b}[0m{}", &text[..start], paint.code(), &text[start..end], &text[end..])
        } else {
            text.to_owned()
        }
    }

    fn line(&mut self, line: &str) {
        self.out.push_str(line.replace(TIED, " ").trim_end());
        self.out.push('\n');
    }

    /// A paragraph that stands out as a whole.
    fn painted(&mut self, paint: Paint, text: &str) {
        for line in wrap(&printable(text), self.width) {
            let line = self.paint(paint, &line);
            self.line(&line);
        }
    }

    /// A paragraph after a prefix that stands out; the lines below the first start under its text.
    fn hanging(&mut self, prefix: &str, paint: Paint, text: &str) {
        let indent = width(prefix);
        let lines = wrap(&printable(text), self.width.saturating_sub(indent));
        for (number, line) in lines.iter().enumerate() {
            let start = if number == 0 { self.paint(paint, prefix) } else { " ".repeat(indent) };
            // A paragraph without a prefix stands out itself.
            let line = if prefix.is_empty() { self.paint(paint, line) } else { line.clone() };
            self.line(&format!("{start}{line}"));
        }
    }

    /// A labelled line of a finding or a resource.
    fn field(&mut self, label: &str, text: &str) {
        self.hanging(&format!("      {label:<LABEL$}"), Paint::Faint, text);
    }

    /// A labelled command, broken such that a shell reads it as one.
    fn command(&mut self, label: &str, text: &str) {
        let room = self.width.saturating_sub(6 + LABEL);
        let text = printable(text);
        let lines: Vec<String> = text.lines().map(|line| break_command(line, room)).collect();
        self.field(label, &lines.join("\n"));
    }

    fn table(&self) -> Table {
        let mut table = Table::new();
        table.load_style(RULED);
        table.set_content_arrangement(ContentArrangement::Dynamic);
        // The same report gives the same bytes, whatever stdout is.
        table.force_no_tty();
        table.set_width(u16::try_from(self.width).unwrap_or(u16::MAX));
        table
    }

    fn place(&mut self, table: &Table) {
        for line in table.lines() {
            self.line(&line);
        }
    }
}

fn width(text: &str) -> usize {
    text.width()
}

/// Breaks text into lines of at most so many columns: at spaces, and in a word only where the word alone is too long.
/// Line breaks and the indentation after them stay. There is at least one line.
fn wrap(text: &str, room: usize) -> Vec<String> {
    let room = room.max(8);
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let paragraph = paragraph.replace('\t', "  ");
        let body = paragraph.trim_start_matches(' ');
        let indent = " ".repeat((paragraph.len() - body.len()).min(room / 2));
        let mut line = indent.clone();
        let mut is_empty = true;
        for word in body.split(' ') {
            if !is_empty && width(&line) + 1 + width(word) <= room {
                line.push(' ');
                line.push_str(word);
                continue;
            }
            if !is_empty {
                lines.push(std::mem::replace(&mut line, indent.clone()));
            }
            let mut rest = word;
            while width(&line) + width(rest) > room {
                let (piece, remaining) = split_word(rest, room - width(&line));
                lines.push(format!("{line}{piece}"));
                line.clone_from(&indent);
                rest = remaining;
            }
            line.push_str(rest);
            is_empty = false;
        }
        lines.push(line);
    }
    lines
}

/// Splits a word that is too long, after a separator where one lies near the end of the room.
fn split_word(word: &str, room: usize) -> (&str, &str) {
    let mut used = 0;
    let mut end = 0;
    let mut after_separator = 0;
    for (at, character) in word.char_indices() {
        used += character.width().map_or(0, |columns| columns);
        if used > room && at > 0 {
            break;
        }
        end = at + character.len_utf8();
        if "/:-_.,=".contains(character) {
            after_separator = end;
        }
    }
    let end = if after_separator * 3 > end * 2 { after_separator } else { end };
    word.split_at(end)
}

/// The text cut to so many columns, with a mark where something is left out.
fn fit(text: &str, room: usize) -> String {
    if width(text) <= room {
        return text.to_owned();
    }
    let (start, _) = split_at_width(text, room.saturating_sub(1));
    format!("{}…", start.trim_end())
}

fn split_at_width(text: &str, room: usize) -> (&str, &str) {
    let mut used = 0;
    for (at, character) in text.char_indices() {
        used += character.width().map_or(0, |columns| columns);
        if used > room {
            return text.split_at(at);
        }
    }
    (text, "")
}

/// Breaks a command of the AWS CLI at spaces outside of quotes, with the backslash that makes a shell read on.
/// Other text is left for the ordinary wrapping.
fn break_command(command: &str, room: usize) -> String {
    if !command.trim_start().starts_with("aws ") {
        return command.to_owned();
    }
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in words(command) {
        if line.is_empty() {
            line = word.to_owned();
        } else if width(&line) + 1 + width(word) + 2 <= room {
            line = format!("{line} {word}");
        } else {
            lines.push(format!("{line} \\"));
            line = format!("  {word}");
        }
    }
    lines.push(line);
    lines.join("\n")
}

/// The words of a command; what stands in quotes is part of one word.
fn words(command: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut quote = None;
    let mut start = 0;
    for (at, character) in command.char_indices() {
        match (quote, character) {
            (None, '\'' | '"') => quote = Some(character),
            (Some(open), close) if open == close => quote = None,
            (None, ' ') => {
                words.push(&command[start..at]);
                start = at + 1;
            }
            (Some(_) | None, _) => {}
        }
    }
    words.push(&command[start..]);
    words.into_iter().filter(|word| !word.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_broken_at_spaces_and_a_long_word_at_a_separator() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("arn:aws:s3:::bucket-name", 14), ["arn:aws:s3:::", "bucket-name"]);
        assert_eq!(wrap("abcdefghijkl", 8), ["abcdefgh", "ijkl"]);
        assert_eq!(wrap("", 8), [""]);
    }

    #[test]
    fn indentation_of_a_template_stays() {
        assert_eq!(wrap("A:\n  B: true", 40), ["A:", "  B: true"]);
    }

    #[test]
    fn wide_characters_count_as_two_columns() {
        assert!(wrap("患者患者患者", 8).iter().all(|line| width(line) <= 8));
        assert_eq!(fit("患者患者", 6), "患者…");
    }

    #[test]
    fn a_command_is_broken_outside_of_quotes_and_reads_on() {
        let command = "aws s3api put-bucket-versioning --bucket data --versioning-configuration 'Status=Enabled, MFADelete=Enabled'";
        assert_eq!(
            break_command(command, 60),
            "aws s3api put-bucket-versioning --bucket data \\\n  --versioning-configuration \\\n  'Status=Enabled, MFADelete=Enabled'"
        );
        assert_eq!(break_command("No command does it.", 10), "No command does it.");
    }
}
