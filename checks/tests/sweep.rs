//! What no check may do: conclude anything from evidence that is not there. Every check is swept, so that a new one
//! cannot be forgotten.

#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot be set up fails")]

mod conforming;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde_json::{Value, json};
use tap_audit_checks::assess;
use tap_audit_checks::catalog::{CONTROLS, FILES, PROFILES, Profile};
use tap_audit_checks::check;
use tap_audit_checks::report::{Finding, Outcome};
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
    /// What passes although a field is unknown that could hold something else: requirement, a part of the place, why.
    told_twice: &'static [(&'static str, &'static str, &'static str)],
}

const CASES: &[Case] = &[
    Case {
        profile: "patient-data",
        evidence: conforming::evidence,
        decided_unseen: &DECIDED_UNSEEN,
        decided_unseen_always: &["resource-pit-readability"],
        decided_without_subject: &[],
        decided_all_the_same: DECIDED_ALL_THE_SAME,
        told_twice: &[],
    },
    Case {
        profile: "monitoring",
        evidence: conforming::monitoring,
        decided_unseen: &DECIDED_UNSEEN,
        decided_unseen_always: &["resource-pit-readability"],
        decided_without_subject: &[],
        decided_all_the_same: MONITORING_DECIDED_ALL_THE_SAME,
        told_twice: &[],
    },
    Case {
        profile: "meditech",
        evidence: conforming::meditech,
        decided_unseen: &DECIDED_UNSEEN,
        decided_unseen_always: &["resource-pit-readability"],
        decided_without_subject: &[],
        decided_all_the_same: MEDITECH_DECIDED_ALL_THE_SAME,
        told_twice: &TOLD_TWICE,
    },
];

struct Audit {
    catalog: Rc<Catalog>,
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
        Audit { catalog: Rc::new(catalog), profile }
    }

    /// The same audit, of these requirements alone.
    fn only(&self, requirements: &BTreeSet<String>) -> Self {
        let mut profile = self.catalog.profile(&self.profile.name).expect("the profile loads");
        profile.requirements.retain(|tailored| requirements.contains(&tailored.requirement.id));
        Audit { catalog: Rc::clone(&self.catalog), profile }
    }

    fn findings(&self, evidence: &Evidence) -> Vec<Finding> {
        assess::findings(&self.profile, evidence)
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
        let mut concluded = Vec::new();
        for finding in Audit::switched_on(case.profile).findings(&evidence) {
            let exempt = case.decided_without_subject.iter().any(|(id, _)| *id == finding.requirement);
            let passed = matches!(finding.outcome, Outcome::Judged(Verdict::Satisfied { .. }));
            let undecided = matches!(finding.outcome, Outcome::Error(_));
            if !undecided && (!exempt || passed) {
                concluded.push(format!("{}: {}", finding.requirement, said(&finding.outcome)));
            }
        }
        assert!(concluded.is_empty(), "{}:\n{}", case.profile, concluded.join("\n"));
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

/// Evidence as JSON too, in which one place at a time is altered.
struct Deployment {
    evidence: Evidence,
    value: Value,
}

impl Deployment {
    fn of(case: &Case) -> Self {
        let evidence = (case.evidence)();
        let value = serde_json::to_value(&evidence).expect("evidence serialises");
        Deployment { evidence, value }
    }

    /// The evidence with another observation at one place; `None` where it does not fit there. Only the subject that holds
    /// the place is read anew.
    fn altered(&self, place: &str, observation: Value) -> Option<Evidence> {
        let mut parts = place.splitn(4, '/').skip(2);
        let index = parts.next().expect("a place within a subject").parse::<usize>().expect("the subject's index");
        let within = format!("/{}", parts.next().expect("a place within a subject"));
        let mut subject = self.value["subjects"][index].clone();
        *subject.pointer_mut(&within).expect("a place of the evidence") = observation;
        let mut evidence = self.evidence.clone();
        evidence.subjects[index] = match serde_json::from_value(subject) {
            Ok(subject) => subject,
            Err(_) => return None,
        };
        Some(evidence)
    }

    /// The evidence with a gap at one place.
    fn without(&self, place: &str) -> Evidence {
        self.altered(place, gap()).unwrap_or_else(|| panic!("no gap fits at {place}"))
    }
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

/// Fields that another one repeats, which is enough where the first is unknown.
const TOLD_TWICE: [(&str, &str, &str); 2] = [
    ("rds-storage-encrypted", "database/instances/", "storage is the cluster's; its instances repeat what it says"),
    ("redis-multi-az-failover", "/nodes/", "the zone of a node is that of its cache cluster, which tells it as well"),
];

/// The same of the MediTech stack.
const MEDITECH_DECIDED_ALL_THE_SAME: &[(&str, &str, &str)] = &[
    (
        "stack-outputs-resolve-live",
        "/live",
        "only where the stack is readable its outputs are compared; a remark says so",
    ),
    ("stack-params-secret-noecho", "stack/original", "the live stack lists its parameters, and none looks secret"),
    ("stack-params-secret-noecho", "stack/parameter_summary", "as without the template"),
    (
        "stack-destroyable-no-blockers",
        "stack/processed",
        "what is off blocks nothing, whatever the template says of its retention",
    ),
    (
        "cloudtrail-logging-enabled",
        "stack/members",
        "the account's one trail is good, and so the audit trail whosever it is",
    ),
    ("cloudtrail-kms-encrypted", "stack/members", "as for cloudtrail-logging-enabled"),
    ("cloudtrail-to-cloudwatch-logs", "stack/members", "as for cloudtrail-logging-enabled"),
    (
        "sg-no-open-ingress",
        "security-group/interfaces",
        "a group that lets in nothing from anywhere exposes nothing, whoever holds it",
    ),
    ("sg-egress-restricted", "security-group/interfaces", "as for sg-no-open-ingress"),
    ("sg-app-tier-ingress", "security-group/interfaces", "as for sg-no-open-ingress"),
    (
        "sg-default-closed",
        "security-group/description",
        "a group that nothing holds lets nothing in, whatever its rules",
    ),
    (
        "ecs-taskdef-secrets-from-secretsmanager",
        "cluster/services",
        "one container that takes its secret from Secrets Manager is enough",
    ),
    ("ecs-efs-shared-mount-encrypted-transit", "cluster/services", "one container that mounts the files is enough"),
    (
        "ecs-efs-shared-mount-encrypted-transit",
        "cluster/tasks",
        "the service says as well that the definition is in use",
    ),
    (
        "ecs-efs-shared-mount-encrypted-transit",
        "service/description",
        "a running task says as well that the definition is in use",
    ),
    ("ecs-taskdef-logging", "cluster/tasks", "the service says as well that the definition is in use"),
    ("ecs-taskdef-logging", "service/description", "a running task says as well that the definition is in use"),
    ("ecs-taskdef-no-plaintext-secrets", "cluster/tasks", "the service says as well that the definition is in use"),
    (
        "ecs-taskdef-no-plaintext-secrets",
        "service/description",
        "a running task says as well that the definition is in use",
    ),
    ("rds-storage-encrypted", "database/instances", "storage is the cluster's; its instances repeat what it says"),
    ("redis-multi-az-failover", "cache/members", "the replication group names the zones of its members by itself"),
];

/// The same of the monitoring stack.
const MONITORING_DECIDED_ALL_THE_SAME: &[(&str, &str, &str)] = &[
    (
        "stack-outputs-resolve-live",
        "/live",
        "only where the stack is readable its outputs are compared; a remark says so",
    ),
    ("stack-params-secret-noecho", "stack/original", "the live stack lists its parameters, and none looks secret"),
    ("stack-params-secret-noecho", "stack/parameter_summary", "as without the template"),
    (
        "stack-destroyable-no-blockers",
        "stack/processed",
        "what is off blocks nothing, whatever the template says of its retention",
    ),
    (
        "stack-destroyable-no-blockers",
        "bucket/object_lock",
        "the bucket is not the stack's and stays, so that it blocks nothing",
    ),
    (
        "cloudtrail-logging-enabled",
        "stack/members",
        "the account's one trail is good, and so the audit trail whosever it is",
    ),
    ("cloudtrail-log-file-validation", "stack/members", "as for cloudtrail-logging-enabled"),
    ("cloudtrail-kms-encrypted", "stack/members", "as for cloudtrail-logging-enabled"),
    ("cloudtrail-to-cloudwatch-logs", "stack/members", "as for cloudtrail-logging-enabled"),
    ("cloudtrail-bucket-protected", "stack/members", "as for cloudtrail-logging-enabled"),
    ("cw-alarms-security-coverage", "stack/members", "as for cloudtrail-logging-enabled"),
    ("cw-alarm-performance", "stack/members", "as for cloudtrail-logging-enabled; whose the alarm is, its role says"),
    ("cw-alarm-performance", "alarm/definition", "one alarm is enough, and another was read"),
    (
        "cw-access-anomaly-tracking",
        "stack/members",
        "as for cw-alarm-performance: whose the log group is, its role says",
    ),
    ("cw-access-anomaly-tracking", "account/trails", "an alarm on a learned band is enough, which needs no trail"),
    ("cw-access-anomaly-tracking", "account/metric_filters", "an alarm on a learned band is enough without a filter"),
    ("cw-access-anomaly-tracking", "cloudwatch/metric_detectors", "a filter is enough without a detector"),
    ("cw-access-anomaly-tracking", "cloudwatch/log_detectors", "a filter is enough without a detector"),
    ("cw-access-anomaly-tracking", "alarm/definition", "a filter is enough without an alarm on a learned band"),
    ("compliance-violation-alert-routed", "config/channels", "a rule that takes violations to a topic is enough"),
    (
        "compliance-violation-alert-routed",
        "config/recorders",
        "a rule is enough; the recorder decides whether alarms stand in",
    ),
    ("compliance-violation-alert-routed", "config/statuses", "as for config/recorders"),
    (
        "compliance-violation-alert-routed",
        "config/rules",
        "the pattern names no rule, so that it fits whatever they are called",
    ),
    ("logs-tamper-resistant", "0/status", "one copy is enough: the bucket's lock without the validated files"),
    ("logs-tamper-resistant", "bucket/object_lock", "one copy is enough: the validated files without the lock"),
    (
        "logs-tamper-resistant",
        "log-group/subscriptions",
        "one copy is enough: the validated files without a subscription",
    ),
    (
        "logs-tamper-resistant",
        "log-group/description",
        "that of another group tells only of deletion protection, and one copy is enough",
    ),
    (
        "sns-subscription-confirmed",
        "/filter",
        "the list decides; that a filter policy may drop alerts, or was not read, is a remark",
    ),
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
    let deployment = Deployment::of(case);
    let before = audit.by_pair(&deployment.evidence);
    let (attributes, _) = places(&deployment.value);
    assert!(attributes.len() > 40, "only {} attributes were found", attributes.len());
    let mut concluded = Vec::new();
    let mut used = vec![false; case.decided_all_the_same.len()];
    for place in attributes {
        let call = place.trim_end_matches("/observed");
        for (pair, finding) in audit.by_pair(&deployment.without(&place)) {
            let reads = |finding: &Finding| finding.evidence.iter().any(|read| read == call);
            if !reads(&finding) && !before.get(&pair).is_some_and(reads) {
                continue;
            }
            let name = named(call, &deployment.evidence);
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
fn other_answers(deployment: &Deployment, place: &str) -> Vec<Evidence> {
    let tokens =
        ["off", "on", "Off", "Disabled", "Suspended", "Aws", "Other", "None", "write-only", "never", "elsewhere"];
    let mut answers = vec![json!("absent")];
    match deployment.value.pointer(place).and_then(|observation| observation.get("present")) {
        Some(Value::String(_)) => answers.extend(tokens.map(|token| json!({ "present": token }))),
        Some(Value::Number(_)) => answers.extend([0, 1, 100_000].map(|number| json!({ "present": number }))),
        Some(Value::Array(_)) => answers.push(json!({ "present": [] })),
        Some(Value::Object(_)) => answers.push(json!({ "present": {} })),
        Some(Value::Null | Value::Bool(_)) | None => {}
    }
    answers.into_iter().filter_map(|answer| deployment.altered(place, answer)).collect()
}

#[test]
fn nothing_passes_on_an_unknown_that_would_not_pass_on_each_answer_there_could_be() {
    // The longest of the sweeps: each case on a thread of its own.
    std::thread::scope(|scope| {
        for case in CASES {
            scope.spawn(|| passes_only_on_every_answer(case));
        }
    });
}

fn passes_only_on_every_answer(case: &Case) {
    let audit = Audit::switched_on(case.profile);
    let deployment = Deployment::of(case);
    let before = audit.by_pair(&deployment.evidence);
    let (attributes, fields) = places(&deployment.value);
    assert!(fields.len() > 80, "only {} fields were found", fields.len());
    let mut within = fields_by_attribute(&attributes, fields);
    let mut wrong = Vec::new();
    for place in within.remove("").into_iter().flatten() {
        only_on_every_answer(&audit, &deployment, &place, &mut wrong);
    }
    for attribute in attributes {
        // A check is a function of what it reads: what does not read the attribute concludes the same whatever it holds.
        let readers = audit.only(&readers(&audit, &deployment, &attribute, &before));
        only_on_every_answer(&readers, &deployment, &attribute, &mut wrong);
        for field in within.remove(&attribute).into_iter().flatten() {
            only_on_every_answer(&readers, &deployment, &field, &mut wrong);
        }
    }
    assert!(within.is_empty(), "not swept: {within:?}");
    for (requirement, part, _) in case.told_twice {
        let before = wrong.len();
        wrong.retain(|found: &Wrong| !(found.requirement == *requirement && found.place.contains(part)));
        assert!(wrong.len() < before, "{}: nothing needs the exemption of {requirement} at {part}", case.profile);
    }
    let wrong: Vec<String> = wrong.into_iter().map(|found| found.text).collect();
    assert!(wrong.is_empty(), "{}:\n{}", case.profile, wrong.join("\n"));
}

/// The fields by the innermost attribute that holds them; those that none holds under an empty name.
fn fields_by_attribute(attributes: &[Place], fields: Vec<Place>) -> BTreeMap<Place, Vec<Place>> {
    let mut within: BTreeMap<Place, Vec<Place>> = BTreeMap::new();
    for field in fields {
        let holds =
            |attribute: &&Place| field.strip_prefix(attribute.as_str()).is_some_and(|rest| rest.starts_with('/'));
        let innermost = attributes.iter().filter(holds).max_by_key(|attribute| attribute.len());
        within.entry(innermost.cloned().unwrap_or_else(String::new)).or_default().push(field);
    }
    within
}

/// The requirements that read an attribute: they cite its call, or conclude otherwise without it.
fn readers(
    audit: &Audit,
    deployment: &Deployment,
    attribute: &str,
    before: &BTreeMap<(String, String), Finding>,
) -> BTreeSet<String> {
    let call = attribute.trim_end_matches("/observed");
    let cites = |finding: &Finding| finding.evidence.iter().any(|read| read == call);
    let without = audit.by_pair(&deployment.without(attribute));
    let same = |(pair, finding): &(&(String, String), &Finding)| {
        before.get(*pair).is_some_and(|before| before.outcome == finding.outcome && !cites(before)) && !cites(finding)
    };
    let changed = without.iter().filter(|found| !same(found)).map(|(pair, _)| pair.0.clone());
    let gone = before.keys().filter(|pair| !without.contains_key(pair)).map(|pair| pair.0.clone());
    changed.chain(gone).collect()
}

/// What passes on an unknown that it would not pass on for each answer.
struct Wrong {
    requirement: String,
    place: Place,
    text: String,
}

/// Finds what passes although this place is unknown, and would not if it held another answer.
fn only_on_every_answer(audit: &Audit, deployment: &Deployment, place: &str, wrong: &mut Vec<Wrong>) {
    let good = |finding: &Finding| {
        matches!(finding.outcome, Outcome::Judged(Verdict::Satisfied { .. } | Verdict::NotApplicable { .. }))
    };
    let answers: Vec<_> = other_answers(deployment, place).iter().map(|answer| audit.by_pair(answer)).collect();
    for (pair, unknown) in audit.by_pair(&deployment.without(place)) {
        if good(&unknown)
            && let Some(other) = answers.iter().filter_map(|answer| answer.get(&pair)).find(|other| !good(other))
        {
            let text = format!(
                "{} for {}, without {place}: {}\n    while another answer gives {}",
                pair.0,
                pair.1,
                said(&unknown.outcome),
                said(&other.outcome)
            );
            wrong.push(Wrong { requirement: pair.0, place: place.to_owned(), text });
        }
    }
}
