//! What a check concludes from what it saw.

use serde::{Deserialize, Serialize};

use crate::observed::Gap;
use crate::policy::counterexample::{Correction, Counterexample};
use crate::requirement::Severity;

/// The conclusion of a check that had all the evidence it needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    /// The evidence meets the requirement.
    Satisfied {
        /// What was seen.
        observed: String,
        /// What a reader should know beside the verdict.
        note: Option<String>,
    },
    /// The evidence breaks the requirement.
    NotSatisfied {
        /// What was seen.
        observed: String,
        /// What the requirement asks for.
        expected: String,
        /// What a reader should know beside the verdict.
        note: Option<String>,
        /// Whether this counts towards the conclusion of the report.
        weight: Weight,
        /// What shows it and what would mend it, where a policy document was judged.
        grounds: Option<Box<Grounds>>,
    },
    /// The requirement cannot apply to this subject.
    NotApplicable {
        /// Why it cannot.
        reason: String,
        /// What a reader should know beside the verdict; advice stands here.
        note: Option<String>,
    },
}

/// What shows a failure of a policy document, and what would mend it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grounds {
    /// The request that the document should have answered otherwise.
    pub counterexample: Counterexample,
    /// A correction for this very resource; `None` where none could be put together that holds.
    pub correction: Option<Correction>,
}

/// Whether a failed requirement counts towards the conclusion of the report, and as how much.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// It counts, and matters as much as the requirement says.
    Counted,
    /// It counts, and matters less than the requirement says.
    Lowered(Lowered),
    /// It is shown as failed and leaves conclusion and exit code alone: the requirement runs in its advice mode.
    Advice,
}

/// How much a single failure matters that matters less than its requirement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lowered {
    /// How much it matters; the requirement's own severity stands where that is lower.
    pub severity: Severity,
    /// Why it matters no more.
    pub reason: String,
}

impl Weight {
    /// The weight of a failure of which one part weighs this and another that: the heavier one.
    fn heavier(self, other: Weight) -> Weight {
        match (self, other) {
            (Weight::Counted, _) | (_, Weight::Counted) => Weight::Counted,
            (Weight::Lowered(one), Weight::Lowered(other)) => {
                Weight::Lowered(if other.severity > one.severity { other } else { one })
            }
            (Weight::Lowered(lowered), Weight::Advice) | (Weight::Advice, Weight::Lowered(lowered)) => {
                Weight::Lowered(lowered)
            }
            (Weight::Advice, Weight::Advice) => Weight::Advice,
        }
    }
}

/// What a check returns: a verdict, or the gap that kept it from one.
pub type Judgement = Result<Verdict, Gap>;

impl Verdict {
    /// The evidence meets the requirement.
    pub fn satisfied(observed: impl Into<String>) -> Self {
        Verdict::Satisfied { observed: observed.into(), note: None }
    }

    /// The evidence breaks the requirement.
    pub fn not_satisfied(observed: impl Into<String>, expected: impl Into<String>) -> Self {
        Verdict::NotSatisfied {
            observed: observed.into(),
            expected: expected.into(),
            note: None,
            weight: Weight::Counted,
            grounds: None,
        }
    }

    /// The requirement cannot apply, for this reason.
    pub fn not_applicable(reason: impl Into<String>) -> Self {
        Verdict::NotApplicable { reason: reason.into(), note: None }
    }

    /// Adds a remark that the report shows beside the verdict; an earlier one stays.
    #[must_use]
    pub fn noting(mut self, remark: impl Into<String>) -> Self {
        let remark = remark.into();
        let (Verdict::Satisfied { note, .. }
        | Verdict::NotSatisfied { note, .. }
        | Verdict::NotApplicable { note, .. }) = &mut self;
        *note = Some(match note.take() {
            Some(earlier) => format!("{earlier}; {remark}"),
            None => remark,
        });
        self
    }

    /// Makes a failure one that is shown and does not count; other verdicts stay as they are.
    #[must_use]
    pub fn as_advice(self) -> Self {
        match self {
            Verdict::NotSatisfied { observed, expected, note, weight: _, grounds } => {
                Verdict::NotSatisfied { observed, expected, note, weight: Weight::Advice, grounds }
            }
            Verdict::Satisfied { observed, note } => Verdict::Satisfied { observed, note },
            Verdict::NotApplicable { reason, note } => Verdict::NotApplicable { reason, note },
        }
    }

    /// Makes a failure matter no more than this, whatever its requirement says; other verdicts stay as they are.
    #[must_use]
    pub fn lowered_to(self, severity: Severity, reason: impl Into<String>) -> Self {
        match self {
            Verdict::NotSatisfied { observed, expected, note, weight: _, grounds } => {
                let weight = Weight::Lowered(Lowered { severity, reason: reason.into() });
                Verdict::NotSatisfied { observed, expected, note, weight, grounds }
            }
            Verdict::Satisfied { observed, note } => Verdict::Satisfied { observed, note },
            Verdict::NotApplicable { reason, note } => Verdict::NotApplicable { reason, note },
        }
    }

    /// Says what was seen and judges nothing: the requirement runs in a mode that only advises. What it would have
    /// failed for stands with the advice.
    #[must_use]
    pub fn unjudged(self, advice: &str) -> Self {
        match self {
            Verdict::Satisfied { observed, note } => Verdict::NotApplicable { reason: observed, note },
            Verdict::NotSatisfied { observed, note, .. } => {
                Verdict::NotApplicable { reason: observed, note }.noting(format!("advice: {advice}"))
            }
            Verdict::NotApplicable { reason, note } => Verdict::NotApplicable { reason, note },
        }
    }

    /// Says what shows a failure and what would mend it; other verdicts stay as they are.
    #[must_use]
    pub fn shown_by(self, counterexample: Counterexample, correction: Option<Correction>) -> Self {
        match self {
            Verdict::NotSatisfied { observed, expected, note, weight, grounds: _ } => Verdict::NotSatisfied {
                observed,
                expected,
                note,
                weight,
                grounds: Some(Box::new(Grounds { counterexample, correction })),
            },
            Verdict::Satisfied { observed, note } => Verdict::Satisfied { observed, note },
            Verdict::NotApplicable { reason, note } => Verdict::NotApplicable { reason, note },
        }
    }

    /// Puts the name of a part of the subject before what was observed of it.
    #[must_use]
    pub fn about(self, part: &str) -> Self {
        match self {
            Verdict::Satisfied { observed, note } => {
                Verdict::Satisfied { observed: format!("{part} {observed}"), note }
            }
            Verdict::NotSatisfied { observed, expected, note, weight, grounds } => {
                Verdict::NotSatisfied { observed: format!("{part} {observed}"), expected, note, weight, grounds }
            }
            Verdict::NotApplicable { reason, note } => Verdict::NotApplicable { reason, note },
        }
    }

    /// Says in other words what a failure expected; other verdicts stay as they are.
    #[must_use]
    pub fn expecting(self, wanted: impl Into<String>) -> Self {
        match self {
            Verdict::NotSatisfied { observed, expected: _, note, weight, grounds } => {
                Verdict::NotSatisfied { observed, expected: wanted.into(), note, weight, grounds }
            }
            Verdict::Satisfied { observed, note } => Verdict::Satisfied { observed, note },
            Verdict::NotApplicable { reason, note } => Verdict::NotApplicable { reason, note },
        }
    }

    /// The remark beside the verdict.
    pub fn note(&self) -> Option<&str> {
        let (Verdict::Satisfied { note, .. }
        | Verdict::NotSatisfied { note, .. }
        | Verdict::NotApplicable { note, .. }) = self;
        note.as_deref()
    }
}

/// Joins the judgements of several parts of one subject (rule U8): a part that breaks the requirement decides, however
/// unreadable the others are; else the first gap; else the requirement is met. Parts to which it cannot apply count
/// only when there are no others. `when_empty` says what it means that there are no parts at all, because "all of
/// nothing" is true.
///
/// # Errors
/// The first gap, when no part breaks the requirement.
pub fn every(parts: impl IntoIterator<Item = Judgement>, when_empty: impl FnOnce() -> Judgement) -> Judgement {
    let (mut met, mut broken, mut beside) = (Vec::new(), Vec::new(), Vec::new());
    let mut gap = None;
    // The first failure that can be shown is; the texts name them all.
    let mut grounds = None;
    for part in parts {
        match part {
            Ok(Verdict::Satisfied { observed, note }) => met.push((observed, note)),
            Ok(Verdict::NotSatisfied { observed, expected, note, weight, grounds: shown }) => {
                broken.push((observed, expected, note, weight));
                grounds = grounds.or(shown);
            }
            Ok(Verdict::NotApplicable { reason, note }) => beside.push((reason, note)),
            Err(found) => {
                gap.get_or_insert(found);
            }
        }
    }
    if !broken.is_empty() {
        let weight = broken.iter().map(|(.., weight)| weight.clone()).fold(Weight::Advice, Weight::heavier);
        let note = distinct(
            broken
                .iter()
                .filter_map(|(_, _, note, _)| note.clone())
                .chain(gap.map(|gap| format!("not all was readable: {gap}"))),
        );
        return Ok(Verdict::NotSatisfied {
            observed: distinct(broken.iter().map(|(observed, ..)| observed.clone())).unwrap_or_else(String::new),
            expected: distinct(broken.iter().map(|(_, expected, ..)| expected.clone())).unwrap_or_else(String::new),
            note,
            weight,
            grounds,
        });
    }
    if let Some(gap) = gap {
        return Err(gap);
    }
    if !met.is_empty() {
        let note = distinct(met.iter().filter_map(|(_, note)| note.clone()));
        let observed = distinct(met.into_iter().map(|(observed, _)| observed)).unwrap_or_else(String::new);
        return Ok(Verdict::Satisfied { observed, note });
    }
    if !beside.is_empty() {
        let note = distinct(beside.iter().filter_map(|(_, note)| note.clone()));
        let reason = distinct(beside.into_iter().map(|(reason, _)| reason)).unwrap_or_else(String::new);
        return Ok(Verdict::NotApplicable { reason, note });
    }
    when_empty()
}

/// Joins judgements of which one has to be met: it decides; else the first gap; else all are broken.
///
/// # Errors
/// The first gap, when none is met.
pub fn any(parts: impl IntoIterator<Item = Judgement>) -> Judgement {
    let parts: Vec<Judgement> = parts.into_iter().collect();
    if let Some(met) = parts.iter().find(|part| matches!(part, Ok(Verdict::Satisfied { .. }))) {
        return met.clone();
    }
    match parts.iter().find(|part| part.is_err()) {
        Some(gap) => gap.clone(),
        None => every(parts, nothing_to_judge),
    }
}

/// Joins two ways of meeting one requirement: either alone is enough, and it is broken only when both are. The second
/// is looked at only where the first is not met.
///
/// # Errors
/// The first gap, when neither is met.
pub fn either(first: Judgement, second: impl FnOnce() -> Judgement) -> Judgement {
    let first = match first {
        Ok(met @ Verdict::Satisfied { .. }) => return Ok(met),
        other => other,
    };
    match (first, second()) {
        (Ok(Verdict::NotSatisfied { observed, .. }), Ok(met @ Verdict::Satisfied { .. })) => Ok(met.noting(observed)),
        (Err(gap), Ok(met @ Verdict::Satisfied { .. })) => Ok(met.noting(gap.to_string())),
        (Err(gap), _) | (Ok(_), Err(gap)) => Err(gap),
        (Ok(first), Ok(second)) => every([Ok(first), Ok(second)], nothing_to_judge),
    }
}

/// The empty case of a list that cannot be empty.
///
/// # Errors
/// Always: nothing was judged.
pub fn nothing_to_judge() -> Judgement {
    Err(Gap::undecided("there was nothing to judge"))
}

/// Joins texts with "; ", each once, in order; `None` when there are none.
fn distinct(texts: impl IntoIterator<Item = String>) -> Option<String> {
    let mut seen: Vec<String> = Vec::new();
    for text in texts {
        if !seen.contains(&text) {
            seen.push(text);
        }
    }
    if seen.is_empty() { None } else { Some(seen.join("; ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing() -> Judgement {
        Err(Gap::undecided("nothing to look at"))
    }

    #[test]
    fn a_broken_part_decides_even_beside_an_unreadable_one() {
        let parts = [Err(Gap::undecided("denied")), Ok(Verdict::not_satisfied("off", "on"))];
        let verdict = every(parts, nothing).unwrap();
        assert_eq!(verdict.note(), Some("not all was readable: denied"));
        assert!(matches!(verdict, Verdict::NotSatisfied { observed, .. } if observed == "off"));
    }

    #[test]
    fn an_unreadable_part_keeps_the_readable_ones_from_passing() {
        let parts = [Ok(Verdict::satisfied("on")), Err(Gap::undecided("denied"))];
        assert_eq!(every(parts, nothing), Err(Gap::undecided("denied")));
    }

    #[test]
    fn no_parts_at_all_is_what_the_check_says_it_is() {
        assert_eq!(every([], nothing), Err(Gap::undecided("nothing to look at")));
    }

    #[test]
    fn a_part_to_which_it_cannot_apply_does_not_hide_one_that_is_met() {
        let parts = [Ok(Verdict::not_applicable("no key")), Ok(Verdict::satisfied("rotated"))];
        assert_eq!(every(parts, nothing), Ok(Verdict::satisfied("rotated")));
    }

    #[test]
    fn a_lowered_part_leaves_the_whole_lowered_unless_another_weighs_more() {
        let low = |severity| Ok(Verdict::not_satisfied("few", "all").lowered_to(severity, "it is a default"));
        let weight = |parts: Vec<Judgement>| match every(parts, nothing) {
            Ok(Verdict::NotSatisfied { weight, .. }) => weight,
            other => panic!("{other:?}"),
        };
        let lowered = |severity| Weight::Lowered(Lowered { severity, reason: "it is a default".into() });
        let advice = || Ok(Verdict::not_satisfied("none", "one").as_advice());
        assert_eq!(weight(vec![advice(), low(Severity::Low)]), lowered(Severity::Low));
        assert_eq!(weight(vec![low(Severity::Low), low(Severity::Medium)]), lowered(Severity::Medium));
        assert_eq!(weight(vec![low(Severity::Low), Ok(Verdict::not_satisfied("x", "y"))]), Weight::Counted);
        assert_eq!(Verdict::satisfied("all").lowered_to(Severity::Low, ""), Verdict::satisfied("all"));
    }

    #[test]
    fn only_advice_leaves_the_whole_as_advice() {
        let advice = Verdict::not_satisfied("none", "one").as_advice();
        let both = every([Ok(advice.clone()), Ok(Verdict::not_satisfied("x", "y"))], nothing).unwrap();
        assert!(matches!(both, Verdict::NotSatisfied { weight: Weight::Counted, .. }));
        assert!(matches!(every([Ok(advice)], nothing), Ok(Verdict::NotSatisfied { weight: Weight::Advice, .. })));
    }
}
