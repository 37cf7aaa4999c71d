//! What no check may do: conclude anything from evidence that is not there. Every check is swept, so that a new one
//! cannot be forgotten.

#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot be set up fails")]

mod conforming;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tap_audit_checks::assess::{Settings, assess};
use tap_audit_checks::catalog::{CONTROLS, FILES, PROFILES, Profile};
use tap_audit_checks::check;
use tap_audit_checks::report::{Finding, Outcome};
use tap_audit_checks::requirement::Severity;
use tap_audit_checks::subject::{Kind, unseen};
use tap_audit_checks::verdict::Verdict;
use tap_audit_checks::{Catalog, Evidence, Gap};

/// Switches on what the catalog leaves off, so that it is swept too.
const SWITCHED_ON: [(&str, &str); 3] = [
    ("strict_retain_all = false", "strict_retain_all = true"),
    ("sample_objects = 0", "sample_objects = 1"),
    ("enabled = false", "enabled = true"),
];

/// A deployment that meets every requirement of a profile, and what may be concluded about it all the same.
struct Case {
    profile: &'static str,
    evidence: fn() -> Evidence,
    /// Requirements that decide without reading anything of their subject, as shipped, and why that is right.
    decided_unseen: &'static [(&'static str, &'static str)],
    /// What of these is so with everything switched on as well.
    decided_unseen_always: &'static [&'static str],
    /// Requirements whose answer stands where no subject at all was found, and why.
    decided_without_subject: &'static [(&'static str, &'static str)],
    /// What a finding may conclude although an attribute that it reads is unknown: requirement, end of the place, why.
    decided_all_the_same: &'static [(&'static str, &'static str, &'static str)],
}

const CASES: &[Case] = &[Case {
    profile: "patient-data",
    evidence: conforming::evidence,
    decided_unseen: &DECIDED_UNSEEN,
    decided_unseen_always: &["resource-pit-readability"],
    decided_without_subject: &[],
    decided_all_the_same: DECIDED_ALL_THE_SAME,
}];

struct Audit {
    catalog: Catalog,
    profile: Profile,
}

impl Audit {
    fn shipped(profile: &str) -> Self {
        Audit::of(FILES, profile)
    }

    fn switched_on(profile: &str) -> Self {
        let files: Vec<(&str, String)> = FILES
            .iter()
            .map(|(file, text)| {
                let text = SWITCHED_ON.iter().fold((*text).to_owned(), |text, (off, on)| text.replace(off, on));
                (*file, text)
            })
            .collect();
        for (_, on) in SWITCHED_ON {
            assert!(files.iter().any(|(_, text)| text.contains(on)), "no catalog file holds a switch for `{on}`");
        }
        let files: Vec<(&str, &str)> = files.iter().map(|(file, text)| (*file, text.as_str())).collect();
        Audit::of(&files, profile)
    }

    fn of(files: &[(&str, &str)], profile: &str) -> Self {
        let catalog = Catalog::load(files, PROFILES, CONTROLS, check::all()).expect("the catalog loads");
        let profile = catalog.profile(profile).expect("the profile loads");
        Audit { catalog, profile }
    }

    fn findings(&self, evidence: &Evidence) -> Vec<Finding> {
        let settings =
            Settings { tool_version: "0".into(), profile_reason: None, fail_on: Severity::Low, banner: None };
        assess(&self.catalog, &self.profile, evidence, settings).findings
    }

    /// The findings by requirement and subject.
    fn by_pair(&self, evidence: &Evidence) -> BTreeMap<(String, String), Finding> {
        let pair = |finding: &Finding| {
            (finding.requirement.clone(), format!("{} {}", finding.subject.kind, finding.subject.id))
        };
        self.findings(evidence).into_iter().map(|finding| (pair(&finding), finding)).collect()
    }
}

fn denied() -> Gap {
    Gap::Denied { operation: "GetThing".into(), permission: "svc:GetThing".into(), or_else: None }
}

fn said(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Judged(Verdict::Satisfied { observed, .. }) => format!("satisfied: {observed}"),
        Outcome::Judged(Verdict::NotSatisfied { observed, .. }) => format!("not satisfied: {observed}"),
        Outcome::Judged(Verdict::NotApplicable { reason, .. }) => format!("not applicable: {reason}"),
        Outcome::Error(gap) => format!("error: {gap}"),
    }
}

#[test]
fn the_conforming_evidence_fails_nothing_and_leaves_nothing_undecided() {
    for case in CASES {
        for audit in [Audit::shipped(case.profile), Audit::switched_on(case.profile)] {
            let findings = audit.findings(&(case.evidence)());
            let fine = |outcome: &Outcome| {
                matches!(outcome, Outcome::Judged(Verdict::Satisfied { .. } | Verdict::NotApplicable { .. }))
            };
            let wrong: Vec<String> = findings
                .iter()
                .filter(|finding| !fine(&finding.outcome))
                .map(|found| format!("{} for {}: {}", found.requirement, found.subject.kind, said(&found.outcome)))
                .collect();
            assert!(wrong.is_empty(), "{}: {}", case.profile, wrong.join("\n"));
        }
    }
}

#[test]
fn every_kind_of_subject_is_asked_about_under_some_profile() {
    let mut asked: Vec<Kind> = Vec::new();
    for case in CASES {
        let findings = Audit::switched_on(case.profile).findings(&(case.evidence)());
        asked.extend(findings.iter().map(|finding| finding.subject.kind));
    }
    let profiles = Catalog::embedded().expect("the catalog").profile_names().count();
    for kind in Kind::ALL.into_iter().filter(|_| CASES.len() == profiles) {
        assert!(asked.contains(&kind), "nothing is asked of {kind}");
    }
}

/// Requirements that decide without reading anything of their subject, as shipped, and why that is right.
const DECIDED_UNSEEN: [(&str, &str); 3] = [
    ("resource-pit-readability", "it is about the report, which is there"),
    ("stack-retain-all-resources-strict", "switched off: strict_retain_all = false"),
    ("s3-existing-objects-encrypted-sample", "switched off: sample_objects = 0"),
];

#[test]
fn nothing_is_concluded_where_nothing_was_seen() {
    for case in CASES {
        for (audit, shipped) in [(Audit::shipped(case.profile), true), (Audit::switched_on(case.profile), false)] {
            let mut evidence = (case.evidence)();
            for subject in &mut evidence.subjects {
                subject.resource = unseen(subject.kind, &denied());
            }
            for finding in audit.findings(&evidence) {
                let said = said(&finding.outcome);
                let exempt = case.decided_unseen.iter().find(|(id, _)| *id == finding.requirement);
                match exempt.filter(|(id, _)| shipped || case.decided_unseen_always.contains(id)) {
                    Some((_, why)) => {
                        assert!(said.starts_with("not applicable"), "{} ({why}): {said}", finding.requirement);
                    }
                    None => {
                        let undecided = matches!(finding.outcome, Outcome::Error(_));
                        assert!(undecided, "{} for {} concludes: {said}", finding.requirement, finding.subject.kind);
                    }
                }
            }
        }
    }
}

#[test]
fn nothing_is_concluded_where_no_subject_was_found() {
    for case in CASES {
        let mut evidence = (case.evidence)();
        evidence.subjects.clear();
        for finding in Audit::switched_on(case.profile).findings(&evidence) {
            let exempt = case.decided_without_subject.iter().any(|(id, _)| *id == finding.requirement);
            let passed = matches!(finding.outcome, Outcome::Judged(Verdict::Satisfied { .. }));
            let undecided = matches!(finding.outcome, Outcome::Error(_));
            assert!(undecided || (exempt && !passed), "{}: {}", finding.requirement, said(&finding.outcome));
        }
    }
}

/// A place in the evidence where an observation stands, as a JSON pointer.
type Place = String;

/// The places of all observations, those with calls of their own and those inside them apart.
fn places(evidence: &Value) -> (Vec<Place>, Vec<Place>) {
    let (mut attributes, mut fields) = (Vec::new(), Vec::new());
    walk(evidence, "", &mut attributes, &mut fields);
    (attributes, fields)
}

fn walk(value: &Value, place: &str, attributes: &mut Vec<Place>, fields: &mut Vec<Place>) {
    match value {
        Value::Object(members) => {
            if conforming::is_seen(members) {
                attributes.push(format!("{place}/observed"));
            } else if members.len() == 1 && members.contains_key("present") && !place.ends_with("/observed") {
                fields.push(place.to_owned());
            }
            for (name, member) in members {
                // A pointer writes a slash of a name as ~1.
                let name = name.replace('~', "~0").replace('/', "~1");
                walk(member, &format!("{place}/{name}"), attributes, fields);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(item, &format!("{place}/{index}"), attributes, fields);
            }
        }
        Value::String(text) if text == "absent" && !place.ends_with("/observed") => fields.push(place.to_owned()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The evidence with another observation at one place.
fn with(evidence: &Value, place: &str, observation: Value) -> Evidence {
    let mut changed = evidence.clone();
    *changed.pointer_mut(place).expect("a place of the evidence") = observation;
    serde_json::from_value(changed).unwrap_or_else(|error| panic!("{place}: {error}"))
}

fn gap() -> Value {
    json!({ "unknown": denied() })
}

/// What a finding may conclude although an attribute that it reads is unknown: requirement, end of the place, why.
const DECIDED_ALL_THE_SAME: &[(&str, &str, &str)] = &[
    (
        "stack-outputs-resolve-live",
        "/live",
        "only where the stack is readable its outputs are compared; a remark says so",
    ),
    ("naming-environment-suffix", "stack/description", "the suffix that the user gave counts; the stack adds a remark"),
    ("naming-convention-type-suffix", "stack/description", "as for naming-environment-suffix"),
    ("cloudtrail-logging-enabled", "stack/members", "a trail of the account that is good is enough; a remark says so"),
    ("cloudtrail-data-events", "stack/members", "as for cloudtrail-logging-enabled"),
    ("lambda-logs-to-audited-group", "stack/members", "the log group itself is known to be the stack's"),
    ("stack-params-secret-noecho", "stack/original", "the live stack lists its parameters, and none looks secret"),
    ("stack-params-secret-noecho", "stack/parameter_summary", "as without the template"),
    ("stack-destroyable-no-blockers", "bucket/object_lock", "the bucket is retained, so that it blocks nothing"),
    ("stack-destroyable-no-blockers", "log-group/description", "the log group is retained, so that it blocks nothing"),
    ("s3-access-logging-enabled", "bucket/logging", "a trail that records everything is enough"),
    ("s3-access-logging-enabled", "bucket/location", "as without the access logs"),
    ("s3-access-logging-enabled", "target_location", "a target that may not be looked at is a remark"),
    ("s3-lifecycle-noncurrent-versions", "bucket/versioning", "MFA delete decides only the words"),
    ("s3-acl-not-public", "bucket/ownership", "a harmless list is harmless whether it is in force or not"),
    ("lambda-failure-destination", "function/configuration", "a destination is enough without a dead-letter target"),
];

/// Whether a resource exists is the question of one requirement. For the others its attributes speak for themselves: a
/// resource that is gone answers nothing, and that it was answered to be gone stops them before they judge. The outputs
/// file is there when its outputs are.
fn is_about_existence(requirement: &str, place: &str) -> bool {
    let own = format!("{}/existence", Kind::Outputs);
    place.ends_with("/existence") && (requirement != "stack-outputs-resolve-live" || place == own)
}

/// The subject's kind instead of its index, for the list above and for messages.
fn named(place: &str, evidence: &Evidence) -> String {
    let mut parts = place.splitn(4, '/').skip(2);
    match (parts.next().map(str::parse::<usize>), parts.next()) {
        (Some(Ok(index)), Some(rest)) => format!("{}/{rest}", evidence.subjects[index].kind),
        _ => place.to_owned(),
    }
}

#[test]
fn an_attribute_that_was_read_and_is_unknown_leaves_the_finding_undecided() {
    CASES.iter().for_each(unknown_is_undecided);
}

fn unknown_is_undecided(case: &Case) {
    let audit = Audit::switched_on(case.profile);
    let conforming = (case.evidence)();
    let value = serde_json::to_value(&conforming).expect("evidence serialises");
    let before = audit.by_pair(&conforming);
    let (attributes, _) = places(&value);
    assert!(attributes.len() > 40, "only {} attributes were found", attributes.len());
    let mut concluded = Vec::new();
    let mut used = vec![false; case.decided_all_the_same.len()];
    for place in attributes {
        let call = place.trim_end_matches("/observed");
        for (pair, finding) in audit.by_pair(&with(&value, &place, gap())) {
            let reads = |finding: &Finding| finding.evidence.iter().any(|read| read == call);
            if !reads(&finding) && !before.get(&pair).is_some_and(reads) {
                continue;
            }
            let name = named(call, &conforming);
            if is_about_existence(&pair.0, &name) {
                continue;
            }
            match case.decided_all_the_same.iter().position(|(id, end, _)| *id == pair.0 && name.ends_with(end)) {
                Some(index) if !matches!(finding.outcome, Outcome::Error(_)) => used[index] = true,
                Some(_) | None if matches!(finding.outcome, Outcome::Error(_)) => {}
                Some(_) | None => {
                    concluded.push(format!("{} for {}, without {name}: {}", pair.0, pair.1, said(&finding.outcome)));
                }
            }
        }
    }
    assert!(concluded.is_empty(), "{}:\n{}", case.profile, concluded.join("\n"));
    for (index, used) in used.into_iter().enumerate() {
        assert!(used, "{}: nothing needs the exemption {:?}", case.profile, case.decided_all_the_same[index]);
    }
}

/// Other answers that AWS could have given at this place; those that do not fit its type are left out.
fn other_answers(evidence: &Value, place: &str) -> Vec<Evidence> {
    let tokens =
        ["off", "on", "Off", "Disabled", "Suspended", "Aws", "Other", "None", "write-only", "never", "elsewhere"];
    let mut answers = vec![json!("absent")];
    match evidence.pointer(place).and_then(|observation| observation.get("present")) {
        Some(Value::String(_)) => answers.extend(tokens.map(|token| json!({ "present": token }))),
        Some(Value::Number(_)) => answers.extend([0, 1, 100_000].map(|number| json!({ "present": number }))),
        Some(Value::Array(_)) => answers.push(json!({ "present": [] })),
        Some(Value::Object(_)) => answers.push(json!({ "present": {} })),
        Some(Value::Null | Value::Bool(_)) | None => {}
    }
    let changed = answers.into_iter().map(|answer| {
        let mut changed = evidence.clone();
        *changed.pointer_mut(place).expect("a place of the evidence") = answer;
        serde_json::from_value(changed)
    });
    changed.flatten().collect()
}

#[test]
fn nothing_passes_on_an_unknown_that_would_not_pass_on_each_answer_there_could_be() {
    CASES.iter().for_each(passes_only_on_every_answer);
}

fn passes_only_on_every_answer(case: &Case) {
    let audit = Audit::switched_on(case.profile);
    let value = serde_json::to_value((case.evidence)()).expect("evidence serialises");
    let (attributes, fields) = places(&value);
    assert!(fields.len() > 80, "only {} fields were found", fields.len());
    let good = |finding: &Finding| {
        matches!(finding.outcome, Outcome::Judged(Verdict::Satisfied { .. } | Verdict::NotApplicable { .. }))
    };
    let mut wrong = Vec::new();
    for place in attributes.into_iter().chain(fields) {
        let answers: Vec<_> = other_answers(&value, &place).iter().map(|answer| audit.by_pair(answer)).collect();
        for (pair, unknown) in audit.by_pair(&with(&value, &place, gap())) {
            if good(&unknown)
                && let Some(other) = answers.iter().filter_map(|answer| answer.get(&pair)).find(|other| !good(other))
            {
                wrong.push(format!(
                    "{} for {}, without {place}: {}\n    while another answer gives {}",
                    pair.0,
                    pair.1,
                    said(&unknown.outcome),
                    said(&other.outcome)
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
