//! The catalog as people and programs ask for it: listed, filtered, explained.

use serde::Serialize;
use tap_audit_checks::catalog::{Catalog, Profile};
use tap_audit_checks::requirement::{Requirement, Severity};

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
}

/// The requirements of the catalog, or of a profile as it tailors them.
pub(crate) fn rows(catalog: &Catalog, profile: Option<&Profile>, severity: Option<Severity>) -> Vec<Row> {
    let requirements: Vec<&Requirement> = match profile {
        Some(profile) => profile.requirements.iter().map(|tailored| &tailored.requirement).collect(),
        None => catalog.requirements().iter().collect(),
    };
    requirements
        .into_iter()
        .filter(|requirement| severity.is_none_or(|wanted| requirement.severity == wanted))
        .map(|requirement| Row {
            id: requirement.id.clone(),
            title: requirement.title.clone(),
            severity: requirement.severity.name(),
            basis: requirement.basis.name(),
            profiles: catalog.profiles_with(&requirement.id).into_iter().map(str::to_owned).collect(),
            kinds: catalog.kinds(&requirement.id).iter().map(|kind| kind.name()).collect(),
            statement: requirement.statement.clone(),
            hipaa: requirement.citations.hipaa.clone(),
        })
        .collect()
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
            Ok(format!("{table}\n{} requirements\n", rows.len()))
        }
        ListFormat::Markdown => {
            let mut text = String::from(
                "# Requirements\n\nGenerated from `checks/requirements/` by `cargo xtask generate`; edit those files, not this one.\n\n\
                 | requirement | severity | basis | subjects | profiles | 45 CFR | what has to be true |\n|---|---|---|---|---|---|---|\n",
            );
            for row in rows {
                let cell = |text: &str| text.replace('|', "\\|").replace('\n', " ");
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
            Ok(text)
        }
    }
}

/// One requirement in full.
pub(crate) fn explain(catalog: &Catalog, id: &str) -> Option<String> {
    let requirement = catalog.requirement(id)?;
    let list = |items: &[String]| if items.is_empty() { "none".to_owned() } else { items.join(", ") };
    let roles: Vec<&str> = requirement.applies_to.iter().map(|role| role.name()).collect();
    let kinds: Vec<&str> = catalog.kinds(id).iter().map(|kind| kind.name()).collect();
    let params = if requirement.params.is_empty() {
        "none\n".to_owned()
    } else {
        format!("\n{}", indent(&requirement.params.to_string()))
    };
    let ruling =
        requirement.ruling.as_ref().map_or_else(String::new, |ruling| format!("\nRuling\n{}\n", indent(ruling)));
    Some(format!(
        "{id}\n{}\n\n{}\n\nSeverity    {} ({})\nBasis       {}\nSubjects    {}\nRoles       {}\nProfiles    {}\n\
         45 CFR      {}\nNIST        {}\nAWS Config  {}\nSecurity Hub {}\nParameters  {params}{ruling}\nFix, AWS CLI\n{}\n\nFix, CloudFormation\n{}\n",
        requirement.title,
        requirement.statement.trim(),
        requirement.severity.name(),
        requirement.severity_reason,
        requirement.basis.name(),
        kinds.join(", "),
        roles.join(", "),
        catalog.profiles_with(id).join(", "),
        list(&requirement.citations.hipaa),
        list(&requirement.citations.nist_800_53),
        list(&requirement.citations.aws_config),
        list(&requirement.citations.security_hub),
        indent(&requirement.remediation.cli),
        indent(&requirement.remediation.cloudformation),
    ))
}

fn indent(text: &str) -> String {
    text.trim_end().lines().map(|line| format!("  {line}\n")).collect::<String>().trim_end().to_owned()
}

/// The id that is most like this one, where one is near: one that holds it, else one that differs by a few letters.
pub(crate) fn nearest<'c>(catalog: &'c Catalog, id: &str) -> Option<&'c str> {
    let ids = || catalog.requirements().iter().map(|requirement| requirement.id.as_str());
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
}
