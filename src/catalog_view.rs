//! The catalog as people and programs ask for it: listed, filtered, explained.

use serde::Serialize;
use tap_audit_checks::catalog::{Catalog, Profile};
use tap_audit_checks::requirement::{Citations, Requirement, Rollup, Severity};

use crate::cli::ListFormat;

/// Tables with a line below the header and none between the rows.
pub(crate) const RULED: comfy_table::TableStyle =
    comfy_table::TableStyle::new().header_separator(comfy_table::LineStyle::none().fill('─').junction('─'));

/// A row of the listing.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    id: String,
    title: String,
    severity: &'static str,
    basis: &'static str,
    profiles: Vec<String>,
    kinds: Vec<&'static str>,
    statement: String,
    hipaa: Vec<String>,
    /// The requirements that a roll-up sums up; a requirement has none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parts: Vec<String>,
}

impl Row {
    fn is_rollup(&self) -> bool {
        !self.parts.is_empty()
    }
}

/// The requirements of the catalog, or of a profile as it tailors them, and the roll-ups after them.
pub(crate) fn rows(catalog: &Catalog, profile: Option<&Profile>, severity: Option<Severity>) -> Vec<Row> {
    let requirements: Vec<&Requirement> = match profile {
        Some(profile) => profile.requirements.iter().map(|tailored| &tailored.requirement).collect(),
        None => catalog.requirements().iter().collect(),
    };
    let rollups = profile.map_or_else(|| catalog.rollups(), |profile| &profile.rollups);
    let profiles = |id: &str| catalog.profiles_with(id).into_iter().map(str::to_owned).collect();
    let requirements = requirements
        .into_iter()
        .filter(|requirement| severity.is_none_or(|wanted| requirement.severity == wanted))
        .map(|requirement| Row {
            id: requirement.id.clone(),
            title: requirement.title.clone(),
            severity: requirement.severity.name(),
            basis: requirement.basis.name(),
            profiles: profiles(&requirement.id),
            kinds: catalog.kinds(&requirement.id).iter().map(|kind| kind.name()).collect(),
            statement: requirement.statement.clone(),
            hipaa: requirement.citations.hipaa.clone(),
            parts: Vec::new(),
        });
    let rollups =
        rollups.iter().filter(|rollup| severity.is_none_or(|wanted| rollup.severity == wanted)).map(|rollup| Row {
            id: rollup.id.clone(),
            title: rollup.title.clone(),
            severity: rollup.severity.name(),
            basis: rollup.basis.name(),
            profiles: profiles(&rollup.id),
            kinds: Vec::new(),
            statement: rollup.statement.clone(),
            hipaa: rollup.citations.hipaa.clone(),
            parts: rollup.parts.clone(),
        });
    requirements.chain(rollups).collect()
}

/// Prints the rows.
///
/// # Errors
/// Never for rows that this program made; the serialiser's signature has one.
pub(crate) fn list(rows: &[Row], format: ListFormat, width: u16) -> Result<String, serde_json::Error> {
    match format {
        ListFormat::Json => Ok(serde_json::to_string_pretty(rows)? + "\n"),
        ListFormat::Text => {
            let mut table = comfy_table::Table::new();
            table
                .load_style(RULED)
                .force_no_tty()
                .set_content_arrangement(comfy_table::ContentArrangement::Dynamic)
                .set_width(width)
                .set_header(["requirement", "severity", "basis", "title"]);
            table.add_rows(rows.iter().map(|row| [row.id.as_str(), row.severity, row.basis, row.title.as_str()]));
            let rollups = rows.iter().filter(|row| row.is_rollup()).count();
            let beside = match rollups {
                0 => String::new(),
                1 => " and 1 roll-up, which nothing counts".to_owned(),
                several => format!(" and {several} roll-ups, which nothing counts"),
            };
            Ok(format!("{table}\n{} requirements{beside}\n", rows.len() - rollups))
        }
        ListFormat::Markdown => {
            let mut text = String::from(
                "# Requirements\n\nGenerated from `checks/requirements/` by `cargo xtask generate`; edit those files, not this one.\n\n\
                 | requirement | severity | basis | subjects | profiles | 45 CFR | what has to be true |\n|---|---|---|---|---|---|---|\n",
            );
            let cell = |text: &str| text.replace('|', "\\|").replace('\n', " ");
            for row in rows.iter().filter(|row| !row.is_rollup()) {
                text.push_str(&format!(
                    "| `{}` | {} | {} | {} | {} | {} | {} |\n",
                    row.id,
                    row.severity,
                    row.basis,
                    row.kinds.join(", "),
                    row.profiles.join(", "),
                    row.hipaa.join(", "),
                    cell(row.statement.trim())
                ));
            }
            let rollups: Vec<&Row> = rows.iter().filter(|row| row.is_rollup()).collect();
            if !rollups.is_empty() {
                text.push_str(
                    "\n## Roll-ups\n\nHeadlines over several requirements: shown in summaries, counted nowhere.\n\n\
                     | roll-up | severity | basis | sums up | profiles | 45 CFR | what has to be true |\n|---|---|---|---|---|---|---|\n",
                );
            }
            for row in rollups {
                let parts: Vec<String> = row.parts.iter().map(|part| format!("`{part}`")).collect();
                text.push_str(&format!(
                    "| `{}` | {} | {} | {} | {} | {} | {} |\n",
                    row.id,
                    row.severity,
                    row.basis,
                    parts.join(", "),
                    row.profiles.join(", "),
                    row.hipaa.join(", "),
                    cell(row.statement.trim())
                ));
            }
            Ok(text)
        }
    }
}

/// One requirement or roll-up in full.
pub(crate) fn explain(catalog: &Catalog, id: &str) -> Option<String> {
    match catalog.requirement(id) {
        Some(requirement) => Some(explain_requirement(catalog, requirement)),
        None => catalog.rollup(id).map(|rollup| explain_rollup(catalog, rollup)),
    }
}

fn explain_requirement(catalog: &Catalog, requirement: &Requirement) -> String {
    let id = requirement.id.as_str();
    let roles: Vec<&str> = requirement.applies_to.iter().map(|role| role.name()).collect();
    let kinds: Vec<&str> = catalog.kinds(id).iter().map(|kind| kind.name()).collect();
    let params = if requirement.params.is_empty() {
        "none\n".to_owned()
    } else {
        format!("\n{}", indent(&requirement.params.to_string()))
    };
    let ruling =
        requirement.ruling.as_ref().map_or_else(String::new, |ruling| format!("\nRuling\n{}\n", indent(ruling)));
    format!(
        "{id}\n{}\n\n{}\n\nSeverity    {} ({})\nBasis       {}\nSubjects    {}\nRoles       {}\nProfiles    {}\n\
         {}Parameters  {params}{ruling}\nFix, AWS CLI\n{}\n\nFix, CloudFormation\n{}\n",
        requirement.title,
        requirement.statement.trim(),
        requirement.severity.name(),
        requirement.severity_reason,
        requirement.basis.name(),
        kinds.join(", "),
        roles.join(", "),
        catalog.profiles_with(id).join(", "),
        citations(&requirement.citations),
        indent(&requirement.remediation.cli),
        indent(&requirement.remediation.cloudformation),
    )
}

fn explain_rollup(catalog: &Catalog, rollup: &Rollup) -> String {
    let groups: Vec<String> = rollup.one_has_to_pass.iter().map(|group| group.join(" or ")).collect();
    format!(
        "{}\n{}\n\n{}\n\nRoll-up     shown in summaries, counted nowhere\nSums up     {}\nHas to pass {}\nSeverity    {} ({}), and no worse than the worst part that failed\n\
         Basis       {}\nProfiles    {}\n{}",
        rollup.id,
        rollup.title,
        rollup.statement.trim(),
        rollup.parts.join(", "),
        groups.join("; "),
        rollup.severity.name(),
        rollup.severity_reason,
        rollup.basis.name(),
        catalog.profiles_with(&rollup.id).join(", "),
        citations(&rollup.citations),
    )
}

fn citations(citations: &Citations) -> String {
    let list = |items: &[String]| if items.is_empty() { "none".to_owned() } else { items.join(", ") };
    format!(
        "45 CFR      {}\nNIST        {}\nAWS Config  {}\nSecurity Hub {}\n",
        list(&citations.hipaa),
        list(&citations.nist_800_53),
        list(&citations.aws_config),
        list(&citations.security_hub),
    )
}

fn indent(text: &str) -> String {
    text.trim_end().lines().map(|line| format!("  {line}\n")).collect::<String>().trim_end().to_owned()
}

/// The id that is most like this one, where one is near: one that holds it, else one that differs by a few letters.
pub(crate) fn nearest<'c>(catalog: &'c Catalog, id: &str) -> Option<&'c str> {
    let rollups = || catalog.rollups().iter().map(|rollup| rollup.id.as_str());
    let ids = || catalog.requirements().iter().map(|requirement| requirement.id.as_str()).chain(rollups());
    let near =
        || ids().map(|known| (distance(known, id), known)).min().filter(|(distance, _)| *distance <= id.len() / 3);
    let holds = ids().find(|known| !id.is_empty() && known.contains(id));
    holds.or_else(|| near().map(|(_, known)| known))
}

/// The least number of letters to put in, take out or change.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, letter) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, candidate) in other.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *candidate);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use tap_audit_checks::catalog::{CONTROLS, FILES, PROFILES};
    use tap_audit_checks::check;

    use super::*;

    #[test]
    fn a_mistyped_id_finds_its_neighbour() {
        assert_eq!(distance("s3-mfa-delete", "s3-mfa-delet"), 1);
        assert_eq!(distance("abc", ""), 3);
        let catalog = Catalog::embedded().expect("the catalog");
        assert_eq!(nearest(&catalog, "s3-mfa-delet"), Some("s3-mfa-delete-enabled"));
        assert_eq!(nearest(&catalog, "s3-versionig-enabled"), Some("s3-versioning-enabled"));
        assert_eq!(nearest(&catalog, "nothing of the kind"), None);
    }

    const KEYS: &str = r#"
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

    fn with_a_rollup() -> Catalog {
        let mut files = FILES.to_vec();
        files.push(("requirements/more.toml", KEYS));
        Catalog::load(&files, PROFILES, CONTROLS, check::all()).expect("the catalog")
    }

    #[test]
    fn a_roll_up_is_listed_after_the_requirements_and_not_counted_among_them() {
        let catalog = with_a_rollup();
        let rows = rows(&catalog, None, None);
        let requirements = catalog.requirements().len();
        assert_eq!(rows.len(), requirements + catalog.rollups().len());
        let text = list(&rows, ListFormat::Text, 200).expect("text");
        assert!(text.contains("keys-rollup"), "{text}");
        assert!(text.contains(&format!("{requirements} requirements and ")), "{text}");
        let markdown = list(&rows, ListFormat::Markdown, 200).expect("markdown");
        let row = "| `keys-rollup` | medium | stated | `kms-key-usable`, `kms-rotation-enabled` |  | 164.312(b) | Keys work and rotate. |";
        assert!(markdown.contains("## Roll-ups") && markdown.ends_with(&format!("{row}\n")), "{markdown}");
        let json = list(&rows, ListFormat::Json, 200).expect("JSON");
        let rows: serde_json::Value = serde_json::from_str(&json).expect("JSON");
        assert_eq!(rows[0].get("parts"), None);
        assert_eq!(rows[rows.as_array().expect("a list").len() - 1]["parts"][1], "kms-rotation-enabled");
    }

    #[test]
    fn a_roll_up_is_explained_and_found_by_a_mistyped_id() {
        let catalog = with_a_rollup();
        let text = explain(&catalog, "keys-rollup").expect("it is there");
        assert!(
            text.contains("Sums up     kms-key-usable, kms-rotation-enabled\nHas to pass kms-key-usable\n"),
            "{text}"
        );
        assert_eq!(nearest(&catalog, "keys-rolup"), Some("keys-rollup"));
    }
}
