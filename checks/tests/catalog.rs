//! The catalog as it is shipped, and what it takes to break it.

#![expect(clippy::expect_used, reason = "a test that cannot be set up fails")]

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use tap_audit_checks::Catalog;
use tap_audit_checks::catalog::{CONTROLS, CatalogError, FILES, PROFILES};
use tap_audit_checks::check;
use tap_audit_checks::requirement::{Basis, Requirement, Severity};

/// Every requirement with its severity and basis before any profile tailors it.
const INDEX: &str = "
stack-region-as-specified                   high      stated
stack-outputs-required-present              medium    stated
stack-outputs-resolve-live                  high      stated
stack-outputs-no-secrets                    critical  derived
stack-managed-by-cloudformation             medium    stated
stack-drift-in-sync                         medium    derived
stack-template-format                       low       stated
stack-status-complete                       medium    stated
stack-services-complete                     medium    stated
stack-params-secret-noecho                  high      template
stack-params-no-secret-default              high      template
stack-retain-stateful-deletion-policy       high      stated
stack-retain-stateful-update-replace-policy medium    template
stack-retain-all-resources-strict           low       stated
stack-retain-kms-key                        medium    derived
stack-destroyable-no-blockers               medium    stated
naming-environment-suffix                   medium    stated
naming-convention-type-suffix               low       stated
tag-environment                             medium    stated
tag-data-classification                     medium    stated
tag-compliance-scope                        medium    stated
resource-pit-readability                    low       derived
s3-default-encryption-aes256                critical  stated
s3-versioning-enabled                       high      stated
s3-mfa-delete-enabled                       high      stated
s3-policy-deny-unencrypted-upload           high      stated
s3-policy-deny-insecure-transport           critical  stated
s3-public-access-block-bucket               critical  template
s3-public-access-block-account              medium    derived
s3-policy-not-public                        critical  derived
s3-acl-not-public                           high      derived
s3-event-notification-lambda                medium    stated
s3-access-logging-enabled                   medium    derived
s3-lifecycle-noncurrent-versions            low       template
s3-existing-objects-encrypted-sample        medium    stated
s3-vpc-endpoint-recommended                 low       stated
lambda-function-active                      medium    stated
lambda-memory-1024                          medium    stated
lambda-timeout-300                          low       template
lambda-runtime-supported                    medium    template
lambda-reserved-concurrency-set             medium    stated
lambda-env-kms-cmk                          high      stated
lambda-env-kms-is-stack-key                 medium    derived
lambda-env-no-plaintext-secret              high      stated
lambda-env-no-known-default-secret          critical  template
lambda-invoke-permission-s3-scoped          high      template
lambda-policy-not-public                    critical  derived
lambda-no-public-url                        high      derived
lambda-logs-to-audited-group                medium    stated
lambda-failure-destination                  low       stated
kms-key-usable                              critical  stated
kms-key-customer-managed                    high      stated
kms-rotation-enabled                        high      stated
kms-policy-not-public                       critical  stated
kms-policy-least-privilege                  medium    stated
kms-policy-allows-logs                      high      template
kms-policy-allows-function-role             medium    template
kms-alias-present                           low       template
logs-retention-90-days                      high      stated
logs-kms-encrypted                          high      stated
logs-not-public                             high      derived
logs-receiving-events                       low       stated
iam-role-no-wildcard-actions                high      stated
iam-role-no-wildcard-resources              high      stated
iam-role-no-broad-managed-policy            high      derived
iam-role-s3-scope                           high      stated
iam-role-logs-scope                         medium    stated
iam-role-kms-scope                          medium    template
iam-trust-external-id-cross-account         high      stated
iam-trust-no-external-id-on-service         high      derived
iam-trust-principals-expected               critical  derived
iam-explicit-deny-present                   low       stated
cloudtrail-logging-enabled                  high      stated
cloudtrail-data-events                      medium    stated
";

/// What a remediation may hold in braces beside JSON.
const PLACEHOLDERS: [&str; 5] = ["id", "arn", "region", "account", "stack"];

#[derive(Deserialize)]
struct File {
    requirement: Vec<Requirement>,
}

fn shipped() -> Catalog {
    Catalog::embedded().expect("the shipped catalog is whole")
}

/// The catalog with one of its files changed.
fn changed(file: &str, change: impl Fn(&str) -> String) -> Result<Catalog, CatalogError> {
    let edit = |files: &[(&'static str, &'static str)]| -> Vec<(&'static str, String)> {
        files
            .iter()
            .map(|(name, text)| (*name, if *name == file { change(text) } else { (*text).to_owned() }))
            .collect()
    };
    let (files, profiles, controls) = (edit(FILES), edit(PROFILES), edit(&[CONTROLS]));
    fn borrowed<'a>(files: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
        files.iter().map(|(name, text)| (*name, text.as_str())).collect()
    }
    Catalog::load(&borrowed(&files), &borrowed(&profiles), borrowed(&controls)[0], check::all())
}

#[track_caller]
fn refused(catalog: Result<Catalog, CatalogError>) -> String {
    catalog.expect_err("a catalog that is refused").to_string()
}

#[test]
fn every_requirement_has_a_check_and_every_check_a_requirement() {
    let catalog = shipped();
    let requirements: BTreeSet<&str> =
        catalog.requirements().iter().map(|requirement| requirement.id.as_str()).collect();
    let checks = check::all();
    let ids: BTreeSet<&str> = checks.iter().map(|check| check.id).collect();
    assert_eq!(ids.len(), checks.len(), "two checks share an id");
    assert_eq!(requirements, ids);
}

#[test]
fn severities_and_bases_are_those_of_the_index() {
    let catalog = shipped();
    let found: BTreeSet<[&str; 3]> = catalog
        .requirements()
        .iter()
        .map(|requirement| [requirement.id.as_str(), requirement.severity.name(), requirement.basis.name()])
        .collect();
    let index: BTreeSet<[&str; 3]> = INDEX
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| {
            let mut words = line.split_whitespace();
            std::array::from_fn(|_| words.next().expect("id, severity and basis"))
        })
        .collect();
    assert_eq!(index.len(), 74);
    assert_eq!(found, index);
}

#[test]
fn every_profile_loads_and_the_one_for_patient_data_selects_everything() {
    let catalog = shipped();
    let names: Vec<&str> = catalog.profile_names().collect();
    assert_eq!(names, ["patient-data"]);
    for name in names {
        catalog.profile(name).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    let profile = catalog.profile("patient-data").expect("the profile");
    assert_eq!(profile.requirements.len(), 74);
    let message = catalog.profile("nobody").expect_err("no such profile").to_string();
    assert_eq!(message, "there is no profile `nobody`; the profiles are patient-data");
}

#[test]
fn the_profile_for_patient_data_tailors_two_severities() {
    let catalog = shipped();
    let profile = catalog.profile("patient-data").expect("the profile");
    for tailored in &profile.requirements {
        let (own, id) = (&tailored.requirement, tailored.requirement.id.as_str());
        let original = catalog.requirement(id).expect("a requirement of the catalog");
        let expected = match id {
            "cloudtrail-logging-enabled" | "logs-kms-encrypted" => (Severity::Medium, Basis::Derived),
            _ => (original.severity, original.basis),
        };
        assert_eq!((own.severity, own.basis), expected, "{id}");
    }
}

#[test]
fn parameters_with_one_too_many_or_one_too_few_are_refused_by_name() {
    let catalog = shipped();
    for check in check::all() {
        let params = &catalog.requirement(check.id).expect("a requirement").params;
        let _bound = check.bind(params).unwrap_or_else(|error| panic!("{}: {error}", check.id));
        let mut more = params.clone();
        more.insert("no_such_param".into(), 1.into());
        let error = check.bind(&more).err().unwrap_or_else(|| panic!("{} takes any key", check.id)).to_string();
        assert!(error.contains("no_such_param"), "{}: {error}", check.id);
        for key in params.keys() {
            let mut fewer = params.clone();
            fewer.remove(key);
            let error =
                check.bind(&fewer).err().unwrap_or_else(|| panic!("{} does without {key}", check.id)).to_string();
            assert!(error.contains(key.as_str()), "{} without {key}: {error}", check.id);
        }
    }
}

#[test]
fn an_unknown_key_is_refused_with_file_and_line() {
    for (file, table) in [
        ("requirements/s3.toml", "[[requirement]]\n"),
        ("profiles/patient-data.toml", "[tailor.cloudtrail-logging-enabled]\n"),
        ("controls/hipaa-security-rule.toml", "[[control]]\n"),
    ] {
        let text = FILES.iter().chain(PROFILES).chain([&CONTROLS]).find(|(name, _)| *name == file).expect("a file").1;
        let line = text[..text.find(table).expect("a table")].lines().count() + 2;
        let message = refused(changed(file, |text| text.replacen(table, &format!("{table}no_such_key = 1\n"), 1)));
        assert!(message.starts_with(&format!("cannot read {file}: ")), "{message}");
        assert!(message.contains("no_such_key") && message.contains(&format!("line {line}")), "{line}: {message}");
    }
    let message = refused(changed("profiles/patient-data.toml", |text| format!("no_such_key = 1\n{text}")));
    assert!(message.contains("line 1") && message.contains("no_such_key"), "{message}");
}

#[test]
fn a_requirement_without_a_check_and_a_check_without_a_requirement_are_refused() {
    let checks = || check::all().into_iter().filter(|check| check.id != "s3-acl-not-public").collect();
    assert_eq!(
        refused(Catalog::load(FILES, PROFILES, CONTROLS, checks())),
        "requirement `s3-acl-not-public` has no check; write one and register it in the service's `checks()`"
    );
    let files: Vec<(&str, &str)> = FILES.iter().filter(|(file, _)| *file != "requirements/run.toml").copied().collect();
    assert_eq!(
        refused(Catalog::load(&files, &[], CONTROLS, check::all())),
        "check `resource-pit-readability` has no requirement; add it to checks/requirements"
    );
}

#[test]
fn a_second_requirement_of_one_id_and_a_selection_of_none_are_refused() {
    let message = refused(changed("requirements/run.toml", |text| format!("{text}\n{text}")));
    assert!(message.starts_with("requirements/run.toml: requirement `resource-pit-readability` is in the catalog"));
    let message =
        refused(changed("profiles/patient-data.toml", |text| text.replace("\"kms-key-usable\"", "\"kms-gone\"")));
    assert_eq!(message, "profile `patient-data` selects `kms-gone`, which is not in the catalog");
    let message =
        refused(changed("requirements/run.toml", |text| text.replace("applies_to = [\"primary\"]", "applies_to = []")));
    assert!(message.starts_with("requirement `resource-pit-readability` applies to no role"), "{message}");
}

#[test]
fn every_cited_paragraph_is_listed() {
    let catalog = shipped();
    let listed: BTreeSet<&str> = catalog.controls.iter().map(|control| control.id.as_str()).collect();
    assert_eq!(listed.len(), catalog.controls.len(), "a paragraph is listed twice");
    for requirement in catalog.requirements() {
        assert!(
            !requirement.citations.hipaa.is_empty() || requirement.id == "resource-pit-readability",
            "{}",
            requirement.id
        );
        for paragraph in &requirement.citations.hipaa {
            assert!(listed.contains(paragraph.as_str()), "{} cites {paragraph}", requirement.id);
        }
    }
    let message = refused(changed("requirements/run.toml", |text| text.replace("164.", "999.")));
    assert!(message.contains("cites 999.") && message.ends_with("does not list"), "{message}");
}

#[test]
fn remediations_hold_no_placeholder_that_nothing_fills() {
    for requirement in shipped().requirements() {
        for text in [&requirement.remediation.cli, &requirement.remediation.cloudformation] {
            assert!(!text.trim().is_empty(), "{}", requirement.id);
            for after in text.split('{').skip(1) {
                let word: String =
                    after.chars().take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '_').collect();
                let closes = after[word.len()..].starts_with('}');
                assert!(
                    !closes || word.is_empty() || PLACEHOLDERS.contains(&word.as_str()) || is_substitution(text, after),
                    "{}: nothing fills {{{word}}}",
                    requirement.id
                );
            }
        }
    }
}

/// Whether the brace before this text is CloudFormation's own, as in `${EnvironmentSuffix}`.
fn is_substitution(text: &str, after: &str) -> bool {
    text[..text.len() - after.len()].ends_with("${")
}

#[test]
fn the_files_hold_each_requirement_once_and_name_the_service_they_are_of() {
    let mut files: BTreeMap<String, &str> = BTreeMap::new();
    for (name, text) in FILES {
        let file: File = toml::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        for requirement in file.requirement {
            assert_eq!(files.insert(requirement.id.clone(), name), None, "{}", requirement.id);
        }
    }
    for (id, prefix) in [("s3-acl-not-public", "requirements/s3"), ("kms-key-usable", "requirements/kms")] {
        assert!(files[id].starts_with(prefix), "{id}");
    }
}
