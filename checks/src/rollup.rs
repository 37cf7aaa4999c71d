//! Roll-ups: what the findings of several requirements say together.

use std::collections::BTreeMap;

use crate::report::{Finding, RollupOutcome, RollupPart, RollupResult, Status};
use crate::requirement::{Rollup, Severity};

/// Sums up the findings of a roll-up's parts: a part that failed decides, then one that could not be decided, then whether
/// what has to pass did.
pub(crate) fn sum_up(rollup: &Rollup, findings: &[Finding]) -> RollupResult {
    let parts: Vec<RollupPart> = rollup.parts.iter().map(|id| part(id, findings)).collect();
    let (outcome, why) = outcome(rollup, &parts);
    let severity = match outcome {
        RollupOutcome::Fail => worst(rollup, findings).map_or(rollup.severity, |worst| worst.min(rollup.severity)),
        RollupOutcome::Pass | RollupOutcome::Error => rollup.severity,
    };
    RollupResult {
        id: rollup.id.clone(),
        title: rollup.title.clone(),
        statement: rollup.statement.clone(),
        severity,
        basis: rollup.basis,
        citations: rollup.citations.clone(),
        outcome,
        why,
        parts,
    }
}

fn of<'f>(id: &str, findings: &'f [Finding]) -> impl Iterator<Item = &'f Finding> {
    findings.iter().filter(move |finding| finding.requirement == id)
}

fn part(id: &str, findings: &[Finding]) -> RollupPart {
    let mut part =
        RollupPart { requirement: id.to_owned(), by_status: BTreeMap::new(), advice: 0, reasons: Vec::new() };
    for finding in of(id, findings) {
        if finding.is_advice() {
            part.advice += 1;
            continue;
        }
        let status = finding.outcome.status();
        *part.by_status.entry(status).or_insert(0) += 1;
        if let (Status::NotApplicable, Some(reason)) = (status, finding.reason())
            && !part.reasons.contains(&reason)
        {
            part.reasons.push(reason);
        }
    }
    part
}

fn outcome(rollup: &Rollup, parts: &[RollupPart]) -> (RollupOutcome, String) {
    let with = |status: Status| parts.iter().filter(move |part| part.status() == status);
    let counted = |status: Status| {
        with(status).map(|part| format!("{} ({})", part.requirement, part.of(status))).collect::<Vec<_>>().join(", ")
    };
    if with(Status::Fail).next().is_some() {
        return (RollupOutcome::Fail, format!("failed: {}", counted(Status::Fail)));
    }
    if with(Status::Error).next().is_some() {
        return (RollupOutcome::Error, format!("not decided: {}", counted(Status::Error)));
    }
    let passed = |id: &String| with(Status::Pass).any(|part| part.requirement == *id);
    if let Some(group) = rollup.one_has_to_pass.iter().find(|group| !group.iter().any(passed)) {
        let why = match group.as_slice() {
            [only] => format!("{only} did not pass, and has to"),
            several => format!("none of {} passed, and one has to", several.join(", ")),
        };
        return (RollupOutcome::Error, why);
    }
    let mut why = format!("passed: {}", counted(Status::Pass));
    for part in with(Status::NotApplicable) {
        let reason = if part.reasons.is_empty() { "advice alone".to_owned() } else { part.reasons.join("; ") };
        why.push_str(&format!("; {} does not apply: {reason}", part.requirement));
    }
    (RollupOutcome::Pass, why)
}

/// The worst severity of the failures that count.
fn worst(rollup: &Rollup, findings: &[Finding]) -> Option<Severity> {
    let failed = |finding: &&Finding| rollup.parts.contains(&finding.requirement) && finding.counts_as_failed();
    findings.iter().filter(failed).map(|finding| finding.severity).max()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{CONTROLS, Catalog, CatalogError, FILES};
    use crate::check;
    use crate::observed::Gap;
    use crate::report::{FindingSubject, Outcome};
    use crate::requirement::{Basis, Citations, Remediation};
    use crate::subject::{Kind, Role};
    use crate::verdict::Verdict;

    fn cited() -> Citations {
        Citations { hipaa: Vec::new(), nist_800_53: Vec::new(), aws_config: Vec::new(), security_hub: Vec::new() }
    }

    fn logging() -> Rollup {
        let texts = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
        Rollup {
            id: "logging".into(),
            title: "Everything is logged".into(),
            statement: "Every component logs.".into(),
            severity: Severity::Medium,
            severity_reason: "traceability".into(),
            basis: Basis::Stated,
            citations: cited(),
            parts: texts(&["trail", "topic", "group"]),
            one_has_to_pass: vec![texts(&["trail"])],
        }
    }

    fn finding(id: &str, severity: Severity, outcome: Outcome) -> Finding {
        Finding {
            requirement: id.into(),
            title: id.into(),
            statement: id.into(),
            severity,
            severity_reason: "it matters".into(),
            basis: Basis::Stated,
            subject: FindingSubject {
                kind: Kind::Account,
                id: "123456789012".into(),
                role: Role::Primary,
                role_reason: "it is there".into(),
                arn: None,
                region: None,
                logical_id: None,
                output_key: None,
                reached_by: Vec::new(),
            },
            outcome,
            ruling: None,
            citations: cited(),
            remediation: Remediation { cli: String::new(), cloudformation: String::new() },
            params: toml::Table::new(),
            evidence: Vec::new(),
            fingerprint: String::new(),
        }
    }

    fn pass() -> Outcome {
        Outcome::Judged(Verdict::satisfied("on"))
    }

    fn fail() -> Outcome {
        Outcome::Judged(Verdict::not_satisfied("off", "on"))
    }

    fn beside(reason: &str) -> Outcome {
        Outcome::Judged(Verdict::not_applicable(reason))
    }

    fn error() -> Outcome {
        Outcome::Error(Gap::undecided("nobody can tell"))
    }

    fn summed(trail: Outcome, topic: Outcome, group: Outcome) -> RollupResult {
        let findings = [
            finding("trail", Severity::High, trail),
            finding("topic", Severity::Low, topic),
            finding("group", Severity::High, group),
            finding("another", Severity::Critical, fail()),
        ];
        sum_up(&logging(), &findings)
    }

    #[test]
    fn it_passes_where_every_part_passes_or_does_not_apply_and_says_why_not() {
        let result = summed(pass(), beside("only e-mail subscribers"), pass());
        assert_eq!((result.outcome, result.severity), (RollupOutcome::Pass, Severity::Medium));
        assert_eq!(result.why, "passed: trail (1), group (1); topic does not apply: only e-mail subscribers");
    }

    #[test]
    fn a_part_that_failed_decides_even_beside_one_that_could_not_be_decided() {
        let result = summed(error(), pass(), fail());
        assert_eq!((result.outcome, result.severity), (RollupOutcome::Fail, Severity::Medium));
        assert_eq!(result.why, "failed: group (1)");
    }

    #[test]
    fn a_low_part_makes_it_no_worse_than_low() {
        let result = summed(pass(), fail(), pass());
        assert_eq!((result.outcome, result.severity), (RollupOutcome::Fail, Severity::Low));
    }

    #[test]
    fn a_part_that_could_not_be_decided_leaves_it_undecided() {
        let result = summed(pass(), error(), pass());
        assert_eq!(result.outcome, RollupOutcome::Error);
        assert_eq!(result.why, "not decided: topic (1)");
    }

    #[test]
    fn what_has_to_pass_is_not_met_by_what_does_not_apply() {
        let result = summed(beside("no trail is asked for"), pass(), pass());
        assert_eq!(result.outcome, RollupOutcome::Error);
        assert_eq!(result.why, "trail did not pass, and has to");
        let mut either = logging();
        either.one_has_to_pass = vec![vec!["trail".into(), "topic".into()]];
        let findings = ["trail", "topic", "group"].map(|id| finding(id, Severity::Low, beside("it does not apply")));
        assert_eq!(sum_up(&either, &findings).why, "none of trail, topic passed, and one has to");
    }

    #[test]
    fn advice_neither_fails_nor_passes_it() {
        let advice = Outcome::Judged(Verdict::not_satisfied("off", "on").as_advice());
        let result = summed(pass(), advice.clone(), pass());
        assert_eq!(result.why, "passed: trail (1), group (1); topic does not apply: advice alone");
        assert_eq!(summed(advice, pass(), pass()).outcome, RollupOutcome::Error);
    }

    #[test]
    fn a_part_without_any_finding_leaves_it_undecided() {
        let result = sum_up(&logging(), &[finding("trail", Severity::High, pass())]);
        assert_eq!(result.outcome, RollupOutcome::Error);
        assert_eq!(result.why, "not decided: topic (0), group (0)");
    }

    const ENTRY: &str = r#"
        [[rollup]]
        id = "keys-rollup"
        title = "Keys"
        statement = "Keys work and rotate."
        severity = "medium"
        severity_reason = "headline figure"
        basis = "stated"
        citations = { hipaa = ["164.312(b)"], nist_800_53 = ["AU-2"] }
        parts = ["kms-key-usable", "kms-rotation-enabled"]
        one_has_to_pass = [["kms-key-usable"]]
    "#;

    const PROFILE: &str = r#"
        name = "keys"
        title = "Keys"
        needs = []
        signs = {}
        requirements = ["kms-key-usable", "kms-rotation-enabled"]
        rollups = ["keys-rollup"]
    "#;

    /// The shipped catalog with one more roll-up and one profile that shows it.
    fn loaded(entry: &str, profile: &str) -> Result<Catalog, CatalogError> {
        let mut files = FILES.to_vec();
        files.push(("requirements/more.toml", entry));
        Catalog::load(&files, &[("profiles/keys.toml", profile)], CONTROLS, check::all())
    }

    #[track_caller]
    fn refused(entry: &str, profile: &str) -> String {
        loaded(entry, profile).expect_err("a catalog that is refused").to_string()
    }

    #[test]
    fn a_profile_shows_its_roll_ups() {
        let catalog = loaded(ENTRY, PROFILE).expect("it is whole");
        assert_eq!(catalog.profiles_with("keys-rollup"), ["keys"]);
        let profile = catalog.profile("keys").expect("the profile");
        assert_eq!(profile.rollups, [catalog.rollup("keys-rollup").expect("the roll-up").clone()]);
    }

    #[test]
    fn a_roll_up_of_what_is_not_there_is_refused() {
        assert_eq!(
            refused(&ENTRY.replace("kms-rotation-enabled", "kms-gone"), PROFILE),
            "roll-up `keys-rollup` sums up `kms-gone`, which is no requirement of the catalog"
        );
        assert_eq!(
            refused(&ENTRY.replace(r#"[["kms-key-usable"]]"#, r#"[["kms-alias-present"]]"#), PROFILE),
            "roll-up `keys-rollup` sums up `kms-alias-present`, which is no requirement of the catalog"
        );
    }

    #[test]
    fn a_roll_up_that_could_pass_by_nothing_is_refused() {
        for nothing in ["[]", "[[]]"] {
            let message = refused(&ENTRY.replace(r#"[["kms-key-usable"]]"#, nothing), PROFILE);
            assert!(message.starts_with("roll-up `keys-rollup` could pass although nothing does: "), "{message}");
        }
    }

    #[test]
    fn a_profile_has_to_select_every_part_and_may_not_show_what_is_not_there() {
        assert_eq!(
            refused(ENTRY, &PROFILE.replace(r#""kms-key-usable", "kms-rotation-enabled""#, r#""kms-key-usable""#)),
            "profile `keys` shows roll-up `keys-rollup` and does not select `kms-rotation-enabled`, which it sums up"
        );
        assert_eq!(
            refused(ENTRY, &PROFILE.replace("keys-rollup", "no-rollup")),
            "profile `keys` selects `no-rollup`, which is not in the catalog"
        );
    }

    #[test]
    fn ids_and_citations_are_proved_as_those_of_requirements_are() {
        let taken = refused(&ENTRY.replace(r#"id = "keys-rollup""#, r#"id = "kms-key-usable""#), PROFILE);
        assert!(taken.contains("`kms-key-usable` is in the catalog already"), "{taken}");
        let uncited = refused(&ENTRY.replace("164.312(b)", "999.1"), PROFILE);
        assert!(uncited.contains("`keys-rollup` cites 999.1"), "{uncited}");
        assert!(refused(&format!("{ENTRY}\nno_such_key = 1"), PROFILE).contains("no_such_key"));
    }
}
