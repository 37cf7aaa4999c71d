//! What came of questions that policy documents were asked: one document by hand, or many cases.

use std::collections::BTreeMap;
use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, Event};
use serde::Serialize;
use tap_audit_checks::policy::case::{Case, Expected, Judged};
use tap_audit_checks::policy::question::{Question, Ruling, Setting};
use tap_audit_checks::report::Status;

use crate::json::{WireCorrection, WireCounterexample};
use crate::page::{Page, Paint};
use crate::printable::printable;
use crate::{RenderError, Style, grounds, junit, wording};

/// A document that was asked a question.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Where the document came from, as it was named.
    pub file: &'a str,
    /// What it was asked.
    pub question: Question,
    /// What the question knew beside the document.
    pub setting: &'a Setting,
    /// What was taken for granted because nobody said it, one sentence each.
    pub assumed: &'a [String],
    /// The answer.
    pub ruling: &'a Ruling,
}

/// A case that was run, or could not be.
#[derive(Clone, Debug)]
pub struct Run {
    /// The file, or the directory that holds none.
    pub file: String,
    /// The case with its judgement, or why there is none.
    pub outcome: Result<(Case, Judged), String>,
}

/// How a case came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CameOut {
    /// The verdict is one that the case accepts.
    AsExpected,
    /// It is another.
    Otherwise,
    /// It could not be read.
    Unread,
}

impl Run {
    fn came_out(&self) -> CameOut {
        match &self.outcome {
            Ok((_, judged)) if judged.ok => CameOut::AsExpected,
            Ok(_) => CameOut::Otherwise,
            Err(_) => CameOut::Unread,
        }
    }

    /// The case's id; a file that could not be read goes by its name.
    fn id(&self) -> &str {
        match &self.outcome {
            Ok((case, _)) => &case.id,
            Err(_) => &self.file,
        }
    }
}

/// How many cases came out how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    /// Cases with a verdict that they accept.
    pub as_expected: usize,
    /// Cases with another verdict.
    pub otherwise: usize,
    /// Files that could not be read as a case.
    pub unread: usize,
}

impl Tally {
    /// Counts them.
    pub fn of(runs: &[Run]) -> Self {
        let of = |wanted| runs.iter().filter(|run| run.came_out() == wanted).count();
        Tally { as_expected: of(CameOut::AsExpected), otherwise: of(CameOut::Otherwise), unread: of(CameOut::Unread) }
    }
}

/// The answer as text.
pub fn asked_text(asked: &Asked<'_>, style: &Style) -> String {
    let mut page = Page::new(style);
    let (mark, paint) = match asked.ruling {
        Ruling::Pass { .. } => ("✓ PASS  ", Paint::Good),
        Ruling::Fail { .. } => ("✗ FAIL  ", Paint::Bad),
        Ruling::NotApplicable { .. } => ("– N/A   ", Paint::Faint),
        Ruling::Undecided { .. } => ("! ERROR ", Paint::Warn),
    };
    page.hanging(mark, paint, &format!("{}: {}", asked.question.name(), asked.file));
    let resource = match &asked.setting.resource {
        Some(resource) => format!("{resource}, account {}", asked.setting.account),
        None => format!("account {}", asked.setting.account),
    };
    page.field("of", &resource);
    page.field(reason_label(asked.ruling), reason(asked.ruling));
    if let Ruling::Fail { counterexample, correction, .. } = asked.ruling {
        grounds::write(&mut page, counterexample);
        if let Some(correction) = correction {
            grounds::write_correction(&mut page, correction);
        }
    }
    for note in notes(asked.ruling) {
        page.field("note", note);
    }
    for assumed in asked.assumed {
        page.field("assumed", assumed);
    }
    page.out
}

/// The answer as JSON.
///
/// # Errors
/// Never for what this program made; the serialiser's signature has one.
pub fn asked_json(asked: &Asked<'_>) -> Result<Vec<u8>, RenderError> {
    let (counterexample, correction) = match asked.ruling {
        Ruling::Fail { counterexample, correction, .. } => {
            (Some(WireCounterexample::of(counterexample)), correction.as_ref().map(WireCorrection::of))
        }
        Ruling::Pass { .. } | Ruling::NotApplicable { .. } | Ruling::Undecided { .. } => (None, None),
    };
    let Setting { account, partition, region, resource, .. } = asked.setting;
    lines_of_json(&WireAsked {
        file: asked.file,
        question: asked.question.name(),
        account,
        partition,
        region,
        resource: resource.as_deref(),
        verdict: verdict(asked.ruling),
        reason: reason(asked.ruling),
        counterexample,
        correction,
        notes: notes(asked.ruling),
        assumed: asked.assumed,
    })
}

/// The cases as text: a line each, more where the verdict is another than expected, and the counts.
pub fn cases_text(runs: &[Run], style: &Style) -> String {
    let mut page = Page::new(style);
    for run in runs {
        match &run.outcome {
            Ok((case, judged)) if judged.ok => {
                page.hanging("  ✓ ok     ", Paint::Good, &format!("{}: {}", case.id, judged.verdict.name()));
            }
            Ok((case, judged)) => {
                let text = format!("{}: {}, expected {}", case.id, judged.verdict.name(), accepted(case));
                page.hanging("  ✗ WRONG  ", Paint::Bad, &text);
                mismatch(&mut page, run, case, judged);
            }
            Err(why) => page.hanging("  ! BROKEN ", Paint::Warn, &format!("{}: {why}", run.file)),
        }
    }
    page.blank();
    let Tally { as_expected, otherwise, unread } = Tally::of(runs);
    let mut counts = format!("Of {}, {as_expected} came out as expected", wording::count(runs.len(), "case", "cases"));
    if otherwise > 0 {
        counts.push_str(&format!(", {otherwise} did not"));
    }
    if unread > 0 {
        counts.push_str(&format!(", {unread} could not be read"));
    }
    page.hanging("", Paint::Strong, &format!("{counts}."));
    page.out
}

fn mismatch(page: &mut Page, run: &Run, case: &Case, judged: &Judged) {
    page.field("file", &run.file);
    page.field("asked", case.kind.name());
    page.field("reason", &judged.reason);
    if let Some(shown) = &judged.counterexample {
        grounds::write(page, shown);
    }
    if let Some(why) = &case.why {
        page.field("case says", why);
    }
}

/// The cases as JSON: a list with an object for each.
///
/// # Errors
/// Never for what this program made; the serialiser's signature has one.
pub fn cases_json(runs: &[Run]) -> Result<Vec<u8>, RenderError> {
    let wire: Vec<WireCase<'_>> = runs.iter().map(WireCase::of).collect();
    lines_of_json(&wire)
}

/// The cases as JUnit XML: a test case each. A verdict that is another than expected is a failure, a file that could not
/// be read is an error.
///
/// # Errors
/// Never for what this program made; the writer's signature has one.
pub fn cases_junit(runs: &[Run]) -> Result<Vec<u8>, RenderError> {
    write_junit(runs).map_err(RenderError::Junit)
}

fn write_junit(runs: &[Run]) -> io::Result<Vec<u8>> {
    let Tally { as_expected, otherwise, unread } = Tally::of(runs);
    let totals = BTreeMap::from([(Status::Pass, as_expected), (Status::Fail, otherwise), (Status::Error, unread)]);
    let counts = junit::counts(&totals);
    let counts = || counts.iter().map(|(name, count)| (*name, count.as_str()));
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 2);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    xml.create_element("testsuites")
        .with_attribute(("name", "tap-audit policy test"))
        .with_attributes(counts())
        .with_attribute(("time", "0"))
        .write_inner_content(|xml| {
            xml.create_element("testsuite")
                .with_attribute(("name", "policy cases"))
                .with_attributes(counts())
                .with_attribute(("time", "0"))
                .write_inner_content(|xml| runs.iter().try_for_each(|run| junit_case(xml, run)))?;
            Ok(())
        })?;
    let mut bytes = xml.into_inner();
    bytes.push(b'\n');
    Ok(bytes)
}

fn junit_case(xml: &mut junit::Xml, run: &Run) -> io::Result<()> {
    let group = match &run.outcome {
        Ok((case, _)) => case.kind.name(),
        Err(_) => "unread",
    };
    xml.create_element("testcase")
        .with_attribute(("classname", format!("policy.{group}").as_str()))
        .with_attribute(("name", printable(run.id())))
        .with_attribute(("time", "0"))
        .write_inner_content(|xml| {
            match &run.outcome {
                Ok((_, judged)) if judged.ok => {
                    let said = format!("file: {}\n{}: {}", run.file, judged.verdict.name(), judged.reason);
                    xml.create_element("system-out").write_text_content(junit::text(&said))?;
                }
                Ok((case, judged)) => {
                    let message = format!("{}, expected {}: {}", judged.verdict.name(), accepted(case), judged.reason);
                    junit::result(xml, "failure", &message, Some("another-verdict"), &junit_body(run, case, judged))?;
                }
                Err(why) => junit::result(xml, "error", why, Some("unread"), &format!("{}: {why}", run.file))?,
            }
            Ok(())
        })?;
    Ok(())
}

fn junit_body(run: &Run, case: &Case, judged: &Judged) -> String {
    let mut lines = vec![
        format!("file: {}", run.file),
        format!("verdict: {}", judged.verdict.name()),
        format!("expected: {}", accepted(case)),
        format!("reason: {}", judged.reason),
    ];
    if let Some(shown) = &judged.counterexample {
        lines.extend(grounds::lines(shown).into_iter().map(|(label, line)| format!("{label}: {line}")));
    }
    lines.extend(case.why.as_ref().map(|why| format!("case says: {why}")));
    lines.join("\n")
}

/// The verdicts that a case takes, the expected one first.
fn accepted(case: &Case) -> String {
    let others = case.accept.iter().filter(|verdict| **verdict != case.expected).map(|verdict| verdict.name());
    let names: Vec<&str> = std::iter::once(case.expected.name()).chain(others).collect();
    names.join(" or ")
}

/// The word for the answer that cases use too.
fn verdict(ruling: &Ruling) -> &'static str {
    match ruling {
        Ruling::Pass { .. } => Expected::Pass.name(),
        Ruling::Fail { .. } => Expected::Fail.name(),
        Ruling::NotApplicable { .. } => Expected::Na.name(),
        Ruling::Undecided { .. } => Expected::Error.name(),
    }
}

fn reason(ruling: &Ruling) -> &str {
    match ruling {
        Ruling::Pass { proved, .. } => proved,
        Ruling::Fail { why, .. } => why,
        Ruling::NotApplicable { reason, .. } | Ruling::Undecided { reason } => reason,
    }
}

fn reason_label(ruling: &Ruling) -> &'static str {
    match ruling {
        Ruling::Pass { .. } => "proved",
        Ruling::Fail { .. } | Ruling::NotApplicable { .. } | Ruling::Undecided { .. } => "reason",
    }
}

fn notes(ruling: &Ruling) -> &[String] {
    match ruling {
        Ruling::Pass { notes, .. } | Ruling::Fail { notes, .. } | Ruling::NotApplicable { notes, .. } => notes,
        Ruling::Undecided { .. } => &[],
    }
}

fn lines_of_json(value: &impl Serialize) -> Result<Vec<u8>, RenderError> {
    let mut bytes = serde_json::to_vec_pretty(value).map_err(RenderError::Json)?;
    bytes.push(b'\n');
    Ok(bytes)
}

#[derive(Serialize)]
struct WireAsked<'a> {
    file: &'a str,
    question: &'static str,
    account: &'a str,
    partition: &'a str,
    region: &'a str,
    resource: Option<&'a str>,
    verdict: &'static str,
    reason: &'a str,
    counterexample: Option<WireCounterexample<'a>>,
    correction: Option<WireCorrection<'a>>,
    notes: &'a [String],
    assumed: &'a [String],
}

#[derive(Serialize)]
struct WireCase<'a> {
    id: &'a str,
    file: &'a str,
    verdict: &'static str,
    /// Null where the case could not be read.
    expected: Option<&'static str>,
    ok: bool,
    reason: &'a str,
    counterexample: Option<WireCounterexample<'a>>,
}

impl<'a> WireCase<'a> {
    fn of(run: &'a Run) -> Self {
        match &run.outcome {
            Ok((case, judged)) => WireCase {
                id: &case.id,
                file: &run.file,
                verdict: judged.verdict.name(),
                expected: Some(case.expected.name()),
                ok: judged.ok,
                reason: &judged.reason,
                counterexample: judged.counterexample.as_ref().map(WireCounterexample::of),
            },
            Err(why) => WireCase {
                id: &run.file,
                file: &run.file,
                verdict: Expected::Error.name(),
                expected: None,
                ok: false,
                reason: why,
                counterexample: None,
            },
        }
    }
}

#[cfg(test)]
mod tests;
