//! What an audit would look at: outputs and what they name, subjects, requirements, calls.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde::Serialize;
use tap_audit_checks::Evidence;
use tap_audit_checks::catalog::Profile;
use tap_audit_checks::outputs::Outputs;
use tap_audit_checks::plan;
use tap_audit_checks::subject::{Kind, Role, Subject};

use crate::audit::Audit;
use crate::collect::{calls_for, gather};
use crate::{catalog_view, resolve};

/// A plan, ready to be printed.
#[derive(Debug, Serialize)]
pub(crate) struct View {
    outputs: Vec<OutputView>,
    subjects: Vec<SubjectView>,
    requirements: Vec<String>,
    calls: Vec<CallView>,
    profile: String,
}

#[derive(Debug, Serialize)]
struct OutputView {
    key: String,
    value: String,
    resolved: Option<ResolvedView>,
    reason: Option<String>,
}

#[derive(Debug, Serialize)]
struct ResolvedView {
    kind: String,
    id: String,
}

#[derive(Debug, Serialize)]
struct SubjectView {
    role: &'static str,
    kind: &'static str,
    id: String,
    arn: Option<String>,
    logical_id: Option<String>,
    output_key: Option<String>,
    reached_by: Vec<String>,
    #[serde(skip)]
    role_reason: String,
}

#[derive(Debug, Serialize)]
struct CallView {
    service: String,
    operation: String,
    count: usize,
}

/// The plan that the outputs alone give; nothing is asked of AWS. The calls are those that are certain: what is reached by
/// walking adds its own.
pub(crate) fn offline(profile: &Profile, audit: &Audit) -> View {
    let entries = audit.outputs.as_ref().map_or(&[][..], |file| file.entries.as_slice());
    let parts = gather::parts(entries);
    let mut subjects: BTreeMap<(Kind, String), SubjectView> = BTreeMap::new();
    for part in &parts {
        let Some((kind, id, arn)) = part.subject() else { continue };
        subjects.entry((kind, id.clone())).or_insert_with(|| SubjectView {
            role: Role::Primary.name(),
            kind: kind.name(),
            id,
            arn,
            logical_id: None,
            output_key: Some(part.key().to_owned()),
            reached_by: vec![format!("output {}", part.key())],
            role_reason: format!("output {} names it", part.key()),
        });
    }
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let kinds = subjects.keys().map(|(kind, _)| *kind);
    for kind in [Kind::Outputs, Kind::Stack, Kind::Account].into_iter().chain(kinds) {
        for call in calls_for(kind) {
            *counts.entry((call.service, call.operation)).or_insert(0) += 1;
        }
    }
    View {
        outputs: parts
            .iter()
            .map(|part| OutputView {
                key: part.key().to_owned(),
                value: resolve::mask(part.key(), part.value()).0,
                resolved: part.resolved().map(|named| ResolvedView { kind: named.kind.clone(), id: named.id.clone() }),
                reason: part.reason().map(str::to_owned),
            })
            .collect(),
        subjects: subjects.into_values().collect(),
        requirements: profile.requirements.iter().map(|tailored| tailored.requirement.id.clone()).collect(),
        calls: calls(counts.into_iter().map(|((service, operation), count)| (service.into(), operation.into(), count))),
        profile: profile.name.clone(),
    }
}

/// The plan as it is after the walk: every subject that was reached, and the calls that were made.
pub(crate) fn online(profile: &Profile, evidence: &Evidence) -> View {
    let entries = evidence.all::<Outputs>().flat_map(|(_, outputs)| &outputs.entries);
    let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
    for call in &evidence.calls {
        *counts.entry((call.service.clone(), call.operation.clone())).or_insert(0) += 1;
    }
    let planned: BTreeSet<&str> =
        plan::plan(profile, evidence).pairs.iter().map(|pair| pair.tailored.requirement.id.as_str()).collect();
    View {
        outputs: entries
            .map(|output| OutputView {
                key: output.key.clone(),
                value: output.value.clone(),
                resolved: output
                    .resolved
                    .as_ref()
                    .map(|named| ResolvedView { kind: named.kind.clone(), id: named.id.clone() }),
                reason: output.reason.clone(),
            })
            .collect(),
        subjects: evidence.subjects.iter().map(subject).collect(),
        requirements: profile
            .requirements
            .iter()
            .map(|tailored| tailored.requirement.id.clone())
            .filter(|id| planned.contains(id.as_str()))
            .collect(),
        calls: calls(counts.into_iter().map(|((service, operation), count)| (service, operation, count))),
        profile: profile.name.clone(),
    }
}

fn subject(subject: &Subject) -> SubjectView {
    SubjectView {
        role: subject.role.name(),
        kind: subject.kind.name(),
        id: subject.id.clone(),
        arn: subject.arn.clone(),
        logical_id: subject.logical_id.clone(),
        output_key: subject.output_key.clone(),
        reached_by: subject.reached_by.clone(),
        role_reason: subject.role_reason.clone(),
    }
}

fn calls(counts: impl Iterator<Item = (String, String, usize)>) -> Vec<CallView> {
    counts.map(|(service, operation, count)| CallView { service, operation, count }).collect()
}

impl View {
    /// The plan as JSON.
    ///
    /// # Errors
    /// Never for a plan that this program made; the serialiser's signature has one.
    pub(crate) fn to_json(&self) -> Result<String, serde_json::Error> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// The plan as text of this width.
    pub(crate) fn to_text(&self, width: usize) -> String {
        let mut text = format!("Plan for profile {}\n\n", self.profile);
        let outputs: Vec<[String; 3]> = self
            .outputs
            .iter()
            .map(|output| {
                let names = match (&output.resolved, &output.reason) {
                    (Some(named), _) => format!("{} {}", named.kind, named.id),
                    (None, Some(reason)) => format!("not resolved: {reason}"),
                    (None, None) => "not resolved".to_owned(),
                };
                [output.key.clone(), output.value.clone(), names]
            })
            .collect();
        table(&mut text, width, "Outputs", ["output", "value", "names"], outputs);
        let subjects = self
            .subjects
            .iter()
            .map(|subject| {
                [
                    format!("{} {}", subject.kind, subject.id),
                    format!("{}: {}", subject.role, subject.role_reason),
                    subject.reached_by.join("; "),
                ]
            })
            .collect();
        table(&mut text, width, "Subjects", ["subject", "role", "reached by"], subjects);
        let calls = self
            .calls
            .iter()
            .map(|call| [call.service.clone(), call.operation.clone(), call.count.to_string()])
            .collect();
        table(&mut text, width, "Calls", ["service", "operation", "count"], calls);
        // Writing to a String cannot fail.
        let _written = writeln!(text, "Requirements ({})", self.requirements.len());
        for id in &self.requirements {
            let _written = writeln!(text, "  {id}");
        }
        text
    }
}

fn table(text: &mut String, width: usize, title: &str, header: [&str; 3], rows: Vec<[String; 3]>) {
    let mut table = comfy_table::Table::new();
    table
        .load_style(catalog_view::RULED)
        .force_no_tty()
        .set_content_arrangement(comfy_table::ContentArrangement::Dynamic)
        .set_width(u16::try_from(width).unwrap_or(u16::MAX))
        .set_header(header);
    let count = rows.len();
    table.add_rows(rows);
    let _written = writeln!(text, "{title} ({count})\n{table}\n");
}
