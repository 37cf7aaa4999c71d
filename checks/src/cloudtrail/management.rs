//! Management events: what the selectors of a trail record of them.

use std::collections::BTreeSet;

use super::selectors::{Field, Halves, halves, known, matches_point, read_only};
use super::{AdvancedSelector, ClassicSelector, SELECTORS, Trail, selectors};
use crate::observed::Gap;
use crate::s3::Switch;
use crate::verdict::{Judgement, Verdict};

const KMS: &str = "kms.amazonaws.com";
const RDS_DATA: &str = "rdsdata.amazonaws.com";

/// CloudTrail answers with the selectors in force, so a trail without any is an answer that AWS does not give. A
/// classic selector that does not say otherwise records all management events.
pub(super) fn management(trail: &Trail, kms_events: bool) -> Judgement {
    let selectors = selectors(trail)?;
    if selectors.classic.is_empty() && selectors.advanced.is_empty() {
        return Err(Gap::Incomplete { operation: SELECTORS.into(), field: "EventSelectors".into() });
    }
    let mut seen: [Half; 2] = [Half::default(), Half::default()];
    for selector in &selectors.classic {
        classic_management(selector, &mut seen);
    }
    for selector in &selectors.advanced {
        advanced_management(selector, &mut seen);
    }
    let [reads, writes] = seen;
    let left_out = reads.left_out().union(&writes.left_out()).cloned().collect::<BTreeSet<String>>();
    let missing = match (reads.is_covered(), writes.is_covered()) {
        (true, true) => None,
        (false, true) => Some("records no reads of management events, or a part of them"),
        (true, false) => Some("records no writes of management events, or a part of them"),
        (false, false) => Some("records no management events, or a part of them"),
    };
    if let Some(missing) = missing {
        // A selector that could not be read may record what is missing.
        let needed = [(reads.is_covered(), reads.gap), (writes.is_covered(), writes.gap)];
        let gap = needed.into_iter().find_map(|(covered, gap)| if covered { None } else { gap });
        return match gap {
            Some(gap) => Err(gap),
            None => Ok(Verdict::not_satisfied(missing, "records reads and writes of management events")),
        };
    }
    // CloudTrail lets trails leave out these two; anything else that is left out is a part of the events.
    let bearable = |source: &str| (source == KMS && !kms_events) || source == RDS_DATA;
    let unbearable: Vec<&str> = left_out.iter().map(String::as_str).filter(|source| !bearable(source)).collect();
    if !unbearable.is_empty() {
        return match reads.gap.or(writes.gap) {
            Some(gap) => Err(gap),
            None => Ok(Verdict::not_satisfied(
                format!("leaves the management events of {} out", unbearable.join(", ")),
                "records reads and writes of management events",
            )),
        };
    }
    let verdict = Verdict::satisfied("records reads and writes of management events");
    Ok(if left_out.is_empty() {
        verdict
    } else {
        verdict.noting(format!("it leaves the events of {} out", left_out.into_iter().collect::<Vec<_>>().join(", ")))
    })
}

/// What the selectors seen so far record of the reads, or of the writes, of management events.
#[derive(Default)]
struct Half {
    /// For each selector that records them, the sources that it leaves out.
    selectors: Vec<BTreeSet<String>>,
    /// The first selector that may record them and could not be read.
    gap: Option<Gap>,
}

impl Half {
    fn is_covered(&self) -> bool {
        !self.selectors.is_empty()
    }

    /// The sources that every selector leaves out: what one leaves out another may record.
    fn left_out(&self) -> BTreeSet<String> {
        let mut selectors = self.selectors.iter();
        let Some(first) = selectors.next() else { return BTreeSet::new() };
        selectors.fold(first.clone(), |left_out, other| left_out.intersection(other).cloned().collect())
    }
}

fn note(seen: &mut [Half; 2], found: Result<(Halves, BTreeSet<String>), Gap>) {
    match found {
        Ok((halves, left_out)) => {
            for (half, covered) in seen.iter_mut().zip(halves) {
                if covered {
                    half.selectors.push(left_out.clone());
                }
            }
        }
        Err(gap) => {
            for half in seen {
                half.gap.get_or_insert_with(|| gap.clone());
            }
        }
    }
}

fn classic_management(selector: &ClassicSelector, seen: &mut [Half; 2]) {
    match selector.management.seen() {
        Ok(Some(Switch::Off)) => {}
        Ok(Some(Switch::On) | None) => {
            let left_out: BTreeSet<String> = selector.excluded_sources.iter().cloned().collect();
            note(seen, halves(selector).map(|halves| (halves, left_out)));
        }
        Err(gap) => note(seen, Err(gap)),
    }
}

/// A selector that narrows management events by anything but their source records a part of them, which counts as none.
fn advanced_management(selector: &AdvancedSelector, seen: &mut [Half; 2]) {
    match matches_point(selector, "eventCategory", "Management") {
        Ok(true) => {}
        Ok(false) => return,
        Err(gap) => return note(seen, Err(gap)),
    }
    let found = read_only(selector).and_then(|halves| {
        let mut left_out = BTreeSet::new();
        let mut narrowed = false;
        for field in &selector.fields {
            match known(field)? {
                Field::Category | Field::ReadOnly => {}
                Field::Source => {
                    let only_names = field.equals.is_empty()
                        && field.starts_with.is_empty()
                        && field.ends_with.is_empty()
                        && field.not_starts_with.is_empty()
                        && field.not_ends_with.is_empty();
                    narrowed |= !only_names;
                    left_out.extend(field.not_equals.iter().cloned());
                }
                Field::ResourceType | Field::ResourceArn | Field::Narrowing => narrowed = true,
            }
        }
        Ok(if narrowed { ([false, false], left_out) } else { (halves, left_out) })
    });
    note(seen, found);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudtrail::fixture::*;
    use crate::cloudtrail::{ReadWrite, Selectors};
    use crate::fixture::*;
    use crate::observed::Observed::{Absent, Present};

    #[test]
    fn selectors_of_reads_only_or_writes_only_fail_and_two_halves_make_a_whole() {
        let half = |read_write| classic(Present(read_write), Absent, &[]);
        assert!(failed(judge(LOGGING, &recording(half(ReadWrite::ReadOnly)))).contains("records no writes"));
        assert!(failed(judge(LOGGING, &recording(half(ReadWrite::WriteOnly)))).contains("records no reads"));
        let mut both = half(ReadWrite::ReadOnly);
        both.classic.extend(half(ReadWrite::WriteOnly).classic);
        passed(judge(LOGGING, &recording(both)));
        let off = classic(Present(ReadWrite::All), Present(Switch::Off), &[]);
        assert!(failed(judge(LOGGING, &recording(off))).contains("records no management events"));
    }

    #[test]
    fn advanced_selectors_of_management_events_count_and_narrowed_ones_do_not() {
        passed(judge(LOGGING, &recording(advanced(vec![management_but(Vec::new())]))));
        let halves = advanced(vec![
            management_but(vec![equals("readOnly", "true")]),
            management_but(vec![not_equals("readOnly", "true")]),
        ]);
        passed(judge(LOGGING, &recording(halves)));
        for narrowing in
            [equals("readOnly", "false"), equals("eventName", "RunInstances"), equals("eventSource", "ec2")]
        {
            failed(judge(LOGGING, &recording(advanced(vec![management_but(vec![narrowing])]))));
        }
        let data_only = advanced(vec![objects_with(Vec::new())]);
        assert!(failed(judge(LOGGING, &recording(data_only))).contains("records no management events"));
    }

    #[test]
    fn left_out_kms_events_are_noted_and_fail_where_they_are_asked_for() {
        let without = recording(advanced(vec![management_but(vec![not_equals("eventSource", KMS)])]));
        assert!(passed(judge(LOGGING, &without)).ends_with("| it leaves the events of kms.amazonaws.com out"));
        let strict = "require_kms_events = true";
        assert!(failed(judge_with(LOGGING, strict, &without)).contains("leaves the management events of kms"));
        let mut excluding = with_values(&[]);
        excluding.classic[0].excluded_sources = vec![KMS.into(), RDS_DATA.into()];
        assert!(
            failed(judge_with(LOGGING, strict, &recording(excluding.clone()))).contains("of kms.amazonaws.com out")
        );
        excluding.classic[0].excluded_sources = vec![RDS_DATA.into()];
        assert!(
            passed(judge_with(LOGGING, strict, &recording(excluding))).contains("| it leaves the events of rdsdata")
        );
    }

    #[test]
    fn what_one_selector_leaves_out_another_may_record() {
        let both =
            recording(advanced(vec![management_but(vec![not_equals("eventSource", KMS)]), management_but(Vec::new())]));
        assert!(!passed(judge_with(LOGGING, "require_kms_events = true", &both)).contains("leaves"));
    }

    #[test]
    fn leaving_out_any_other_source_fails() {
        let without = recording(advanced(vec![management_but(vec![not_equals("eventSource", "iam.amazonaws.com")])]));
        assert!(failed(judge(LOGGING, &without)).contains("leaves the management events of iam.amazonaws.com out"));
    }

    #[test]
    fn a_field_or_operator_that_is_not_known_is_undecided() {
        for strange in [equals("moonPhase", "full"), field("eventName")] {
            let odd = recording(advanced(vec![management_but(vec![strange])]));
            assert!(undecided(judge(LOGGING, &odd)).starts_with("GetEventSelectors answered `"));
        }
        let none = Selectors { classic: Vec::new(), advanced: Vec::new() };
        assert!(undecided(judge(LOGGING, &recording(none))).contains("without EventSelectors"));
    }
}
