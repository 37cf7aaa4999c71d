//! Names: whether resources carry the environment suffix and follow the naming convention.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::check::{Check, Context};
use crate::cloudformation::Stack;
use crate::evidence::{Evidence, Run};
use crate::observed::{Gap, Observed};
use crate::subject::Role;
use crate::verdict::{Judgement, Verdict, every};

mod names;
mod pattern;

use names::{Collected, Named, Names, collect};
use pattern::{Fill, Pattern};

/// The checks of this file, in catalog order.
pub fn checks() -> Vec<Check> {
    vec![
        Check::across("naming-environment-suffix", environment_suffix),
        Check::across("naming-convention-type-suffix", convention),
    ]
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SuffixParams {
    environment_suffix: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ConventionParams {
    environment_suffix: String,
    name_pattern: BTreeMap<Named, Pattern>,
    strict_suffix_last: bool,
}

/// A name that does not hold the suffix fails, also one that CloudFormation made up. Which suffix is meant comes from the
/// user, the stack or the tags, in this order; without one nothing can be said.
fn environment_suffix(stack: &Stack, params: &SuffixParams, context: &Context<'_>) -> Judgement {
    let suffix = suffix(stack, &params.environment_suffix, context.evidence)?;
    let collected = collect(context.evidence);
    let lowered = suffix.text.to_lowercase();
    let holds = |names: &Names| {
        let held = |name: &String| {
            if names.what.is_lowered() {
                holds_word(&name.to_lowercase(), &lowered)
            } else {
                holds_word(name, &suffix.text)
            }
        };
        names.names.iter().any(held)
    };
    let expected = format!("names that hold `{}` as a word of their own", suffix.text);
    let verdict = judge(collected, holds, &format!("hold `{}`", suffix.text), &expected)?;
    Ok(suffix.notes.into_iter().fold(verdict, Verdict::noting))
}

/// As for the suffix; the rest of the name is read by the pattern of its kind. A kind without a pattern is left out.
fn convention(stack: &Stack, params: &ConventionParams, context: &Context<'_>) -> Judgement {
    let suffix = suffix(stack, &params.environment_suffix, context.evidence)?;
    let mut collected = collect(context.evidence);
    collected.names.retain(|names| params.name_pattern.contains_key(&names.what));
    let run = &context.evidence.run;
    let follows = |names: &Names| {
        let Some(pattern) = params.name_pattern.get(&names.what) else {
            return true;
        };
        let fill = Fill {
            suffix: &suffix.text,
            account: &run.account,
            regions: [Some(run.region.as_str()), names.region.as_deref()],
            without_case: names.what.is_without_case(),
            strict: params.strict_suffix_last,
        };
        names.names.iter().any(|name| pattern.accepts(names.what.own_part(name), &fill))
    };
    let patterns: BTreeSet<&str> = params.name_pattern.values().map(|pattern| pattern.text.as_str()).collect();
    let expected = format!(
        "names like {}, where {{suffix}} is `{}`",
        patterns.into_iter().collect::<Vec<_>>().join(" or "),
        suffix.text
    );
    let verdict = judge(collected, follows, "follow the convention", &expected)?;
    Ok(suffix.notes.into_iter().fold(verdict, Verdict::noting))
}

fn judge(collected: Collected, good: impl Fn(&Names) -> bool, verb: &str, expected: &str) -> Judgement {
    let Collected { names, skipped, gaps } = collected;
    let (met, broken): (Vec<Names>, Vec<Names>) = names.into_iter().partition(|names| good(names));
    let total = met.len() + broken.len();
    let mut parts: Vec<Judgement> = Vec::new();
    if !broken.is_empty() {
        let list: Vec<String> = broken.iter().map(Names::listed).collect();
        let count = broken.len();
        let negated = if count == 1 {
            format!("1 of {total} names does not ")
        } else {
            format!("{count} of {total} names do not ")
        };
        let text = format!("{negated}{verb}: {}", list.join(", "));
        let hints: BTreeSet<&str> = broken.iter().filter_map(|names| names.hint).collect();
        parts.push(Ok(hints.into_iter().fold(Verdict::not_satisfied(text, expected), Verdict::noting)));
    } else if !met.is_empty() {
        let list: Vec<String> = met.iter().map(Names::listed).collect();
        parts.push(Ok(Verdict::satisfied(format!("{} of {total} names {verb}: {}", met.len(), list.join(", ")))));
    }
    parts.extend(gaps.into_iter().map(Err));
    let verdict = every(parts, || {
        if skipped.is_empty() {
            Err(Gap::undecided("no named resource was found, so no name could be judged"))
        } else {
            Ok(Verdict::not_applicable("none of the resources has a name that can be chosen"))
        }
    })?;
    Ok(if skipped.is_empty() {
        verdict
    } else {
        verdict.noting(format!("without a name to choose: {}", skipped.join(", ")))
    })
}

/// The suffix, and what is to be said about where it comes from.
struct Suffix {
    text: String,
    notes: Vec<String>,
}

fn suffix(stack: &Stack, fixed: &str, evidence: &Evidence) -> Result<Suffix, Gap> {
    let given = given(fixed, &evidence.run);
    if let Some((text, from)) = given {
        // What the stack says can only add a remark here, so a gap takes nothing away and is not cited.
        let readable = matches!(stack.description.observed(), Observed::Present(_));
        let other = if readable { suffix_of(stack)? } else { None };
        let other = other
            .filter(|other| *other != text)
            .map(|other| format!("{from} gives `{text}`, and the stack's parameter EnvironmentSuffix is `{other}`"));
        return Ok(Suffix { text, notes: other.into_iter().collect() });
    }
    if let Some(text) = suffix_of(stack)? {
        return Ok(Suffix { text, notes: Vec::new() });
    }
    let mut values: BTreeSet<&str> = BTreeSet::new();
    let mut gap = None;
    for subject in evidence.subjects.iter().filter(|subject| subject.role == Role::Primary) {
        match subject.tags().map(|tags| tags.seen()) {
            Some(Ok(Some(tags))) => {
                values.extend(tags.get("Environment").map(String::as_str).filter(|tag| !tag.is_empty()));
            }
            Some(Err(found)) => {
                gap.get_or_insert(found);
            }
            Some(Ok(None)) | None => {}
        }
    }
    let values: Vec<&str> = values.into_iter().collect();
    match (values.as_slice(), gap) {
        ([one], _) => Ok(Suffix {
            text: (*one).to_owned(),
            notes: vec![
                "the suffix is the resources' Environment tag, which may be a stage rather than the suffix".into(),
            ],
        }),
        ([], Some(gap)) => Err(gap),
        ([], None) => Err(Gap::undecided(
            "the environment suffix is not known: give it with --environment-suffix; the stack has no parameter EnvironmentSuffix and no resource a tag Environment",
        )),
        (several, _) => Err(Gap::undecided(format!(
            "the environment suffix is not known: the resources' Environment tags disagree ({}); give it with --environment-suffix",
            several.join(", ")
        ))),
    }
}

/// The suffix that the user or the profile gives, with who gives it.
fn given(fixed: &str, run: &Run) -> Option<(String, &'static str)> {
    let flag = run.environment_suffix.as_deref().filter(|suffix| !suffix.is_empty());
    let profile = (!fixed.is_empty()).then_some(fixed);
    flag.map(|suffix| (suffix.to_owned(), "the run"))
        .or_else(|| profile.map(|suffix| (suffix.to_owned(), "the profile")))
}

/// The suffix that the stack was deployed with. A stack without such a parameter has none.
pub(crate) fn suffix_of(stack: &Stack) -> Result<Option<String>, Gap> {
    let Some(description) = stack.description.seen()? else {
        return Ok(None);
    };
    let parameters = description.parameters.required("DescribeStacks", "Parameters")?;
    Ok(parameter(parameters).map(str::to_owned))
}

fn parameter(parameters: &[crate::cloudformation::Parameter]) -> Option<&str> {
    parameters
        .iter()
        .find(|parameter| parameter.key.eq_ignore_ascii_case("EnvironmentSuffix"))
        .and_then(|parameter| parameter.suffix.as_deref())
        .filter(|suffix| !suffix.is_empty())
}

/// The suffix as far as it is known without judging anything: for remarks beside other verdicts, never for one.
pub(crate) fn known_suffix(evidence: &Evidence) -> Option<&str> {
    let flag = evidence.run.environment_suffix.as_deref().filter(|suffix| !suffix.is_empty());
    flag.or_else(|| {
        evidence.all::<Stack>().find_map(|(_, stack)| match stack.description.observed() {
            Observed::Present(description) => match &description.parameters {
                Observed::Present(parameters) => parameter(parameters),
                Observed::Absent | Observed::Unknown(_) => None,
            },
            Observed::Absent | Observed::Unknown(_) => None,
        })
    })
}

/// Whether a text holds a word with neither letter nor digit beside it: `dev` is in `api-dev-1` and not in `devops`.
pub(crate) fn holds_word(text: &str, word: &str) -> bool {
    !word.is_empty()
        && text.match_indices(word).any(|(at, _)| {
            let before = text[..at].chars().next_back();
            let after = text[at + word.len()..].chars().next();
            [before, after].into_iter().flatten().all(|beside| !beside.is_alphanumeric())
        })
}

#[cfg(test)]
mod tests;
