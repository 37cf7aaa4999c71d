//! What shows a failure of a policy document, and what would mend it: the words that every format shares, and its lines
//! of text.

use tap_audit_checks::policy::counterexample::{Cited, Correction, Counterexample, NearMiss};

use crate::page::Page;

/// A statement, as a reader finds it: the document, and its place there.
pub(crate) fn place(cited: &Cited) -> String {
    format!("{}, {}", cited.document, cited.statement)
}

/// The request of a counterexample, fact by fact. A statement that is wrong by itself may have none.
pub(crate) fn request(shown: &Counterexample) -> Vec<(&'static str, String)> {
    let facts = [("who", &shown.principal), ("does", &shown.action), ("on", &shown.resource)];
    let mut request: Vec<(&'static str, String)> =
        facts.into_iter().filter_map(|(name, fact)| fact.as_ref().map(|fact| (name, fact.clone()))).collect();
    if !shown.context.is_empty() {
        request.push(("with", context(shown).join("\n")));
    }
    request
}

/// The condition keys of the request, one line each; a key that matters by being absent is named too.
fn context(shown: &Counterexample) -> Vec<String> {
    let line = |(key, value): (&String, &Option<String>)| match value {
        Some(value) => format!("{key} = {value}"),
        None => format!("{key} is absent"),
    };
    shown.context.iter().map(line).collect()
}

/// What the statement is to the request: it allows it, or it is wrong by itself where there is none.
pub(crate) fn part(shown: &Counterexample) -> &'static str {
    if shown.action.is_some() { "allowed" } else { "at fault" }
}

/// What the nearest Deny lets through, in words.
pub(crate) fn slipped(miss: &NearMiss) -> String {
    if miss.slipped.is_empty() { "it does not hold for this request".into() } else { miss.slipped.join("; ") }
}

/// Why nothing stops the request, where there is a request and no Deny comes near it.
pub(crate) fn unopposed(shown: &Counterexample) -> Option<&'static str> {
    match (&shown.action, &shown.nearest_deny) {
        (Some(_), None) => Some("no Deny statement comes near this request"),
        (Some(_) | None, Some(_)) | (None, None) => None,
    }
}

/// That a correction was judged before it is shown.
pub(crate) fn judged_again(correction: &Correction) -> String {
    format!("Judged again with this correction: {} holds.", correction.judged)
}

/// Every line that a reader of plain text needs, with its label: the sentence, the request, and the statements.
pub(crate) fn lines(shown: &Counterexample) -> Vec<(&'static str, String)> {
    let mut lines = vec![("shown by", shown.sentence.clone())];
    lines.extend(request(shown));
    lines.extend(shown.allowed_by.as_ref().map(|cited| (part(shown), place(cited))));
    lines.extend(
        shown.nearest_deny.as_ref().map(|miss| ("escapes", format!("{}: {}", place(&miss.statement), slipped(miss)))),
    );
    lines.extend(unopposed(shown).map(|why| ("escapes", why.to_owned())));
    lines
}

/// Writes what shows a failure under it.
pub(crate) fn write(page: &mut Page, shown: &Counterexample) {
    for (label, line) in lines(shown) {
        page.field(label, &line);
    }
}

/// Writes what would mend a failure: what to do, the statement, and that it was judged.
pub(crate) fn write_correction(page: &mut Page, correction: &Correction) {
    page.field("fix", &correction.instruction);
    page.field("", &correction.statement);
    page.field("", &judged_again(correction));
}
