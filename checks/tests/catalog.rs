//! The catalog as it is shipped, and what it takes to break it.

#![expect(clippy::expect_used, reason = "a test that cannot be set up fails")]

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use tap_audit_checks::Catalog;
use tap_audit_checks::catalog::{CONTROLS, CatalogError, FILES, PROFILES};
use tap_audit_checks::check;
use tap_audit_checks::requirement::{Basis, Requirement, Severity};

/// Every requirement with the profiles that select it (P patient-data, M monitoring, T what the profile for the meditech
/// stack is going to select), and with its severity and basis before any profile tailors it.
const INDEX: &str = "
stack-region-as-specified                   PMT high      stated
stack-outputs-required-present              P   medium    stated
stack-outputs-resolve-live                  PMT high      stated
stack-outputs-no-secrets                    PMT critical  derived
stack-managed-by-cloudformation             PMT medium    stated
stack-drift-in-sync                         PM  medium    derived
stack-template-format                       PMT low       stated
stack-status-complete                       PMT medium    stated
stack-services-complete                     PMT medium    stated
stack-hipaa-eligible-services               M   high      stated
stack-params-secret-noecho                  PMT high      template
stack-params-no-secret-default              PMT high      template
stack-retain-stateful-deletion-policy       P   high      stated
stack-retain-stateful-update-replace-policy P   medium    template
stack-retain-all-resources-strict           P   low       stated
stack-retain-kms-key                        P   medium    derived
stack-no-retain-policies                    MT  medium    stated
stack-destroyable-no-blockers               PMT medium    stated
naming-environment-suffix                   PMT medium    stated
naming-convention-type-suffix               PMT low       stated
tag-environment                             P   medium    stated
tag-data-classification                     P   medium    stated
tag-compliance-scope                        P   medium    stated
tag-compliance-tracking                     M   medium    stated
resource-pit-readability                    PMT low       derived
s3-default-encryption-aes256                P   critical  stated
s3-versioning-enabled                       P   high      stated
s3-mfa-delete-enabled                       P   high      stated
s3-policy-deny-unencrypted-upload           P   high      stated
s3-policy-deny-insecure-transport           P   critical  stated
s3-public-access-block-bucket               P   critical  template
s3-public-access-block-account              P   medium    derived
s3-policy-not-public                        P   critical  derived
s3-acl-not-public                           P   high      derived
s3-event-notification-lambda                P   medium    stated
s3-access-logging-enabled                   P   medium    derived
s3-lifecycle-noncurrent-versions            P   low       template
s3-existing-objects-encrypted-sample        P   medium    stated
s3-vpc-endpoint-recommended                 P   low       stated
lambda-function-active                      P   medium    stated
lambda-memory-1024                          P   medium    stated
lambda-timeout-300                          P   low       template
lambda-runtime-supported                    P   medium    template
lambda-reserved-concurrency-set             P   medium    stated
lambda-env-kms-cmk                          P   high      stated
lambda-env-kms-is-stack-key                 P   medium    derived
lambda-env-no-plaintext-secret              P   high      stated
lambda-env-no-known-default-secret          P   critical  template
lambda-invoke-permission-s3-scoped          P   high      template
lambda-policy-not-public                    P   critical  derived
lambda-no-public-url                        P   high      derived
lambda-logs-to-audited-group                P   medium    stated
lambda-failure-destination                  P   low       stated
kms-key-usable                              PMT critical  stated
kms-key-customer-managed                    PMT high      stated
kms-rotation-enabled                        PMT high      stated
kms-policy-not-public                       PMT critical  stated
kms-policy-least-privilege                  PMT medium    stated
kms-policy-allows-logs                      PM  high      template
kms-policy-allows-function-role             P   medium    template
kms-alias-present                           P   low       template
logs-retention-90-days                      P   high      stated
logs-retention-min-90-days                  M   high      stated
logs-retention-set                          T   medium    derived
logs-kms-encrypted                          PMT high      stated
logs-tamper-resistant                       M   high      stated
logs-searchable-class                       M   low       stated
logs-not-public                             PMT high      derived
logs-receiving-events                       PM  low       stated
iam-role-no-wildcard-actions                PMT high      stated
iam-role-no-wildcard-resources              PMT high      stated
iam-role-no-broad-managed-policy            PMT high      derived
iam-role-s3-scope                           P   high      stated
iam-role-logs-scope                         P   medium    stated
iam-role-kms-scope                          P   medium    template
iam-trust-external-id-cross-account         P   high      stated
iam-trust-no-external-id-on-service         P   high      derived
iam-trust-principals-expected               PMT critical  derived
iam-explicit-deny-present                   P   low       stated
iam-no-access-keys-for-stack                MT  medium    derived
iam-service-role-confused-deputy            MT  low       derived
cloudtrail-logging-enabled                  PMT high      stated
cloudtrail-data-events                      PMT medium    stated
cloudtrail-log-file-validation              M   high      stated
cloudtrail-kms-encrypted                    MT  high      stated
cloudtrail-to-cloudwatch-logs               MT  medium    stated
cloudtrail-bucket-protected                 M   high      stated
config-recorder-on                          M   high      stated
config-rules-present                        M   medium    stated
config-rules-compliant                      M   medium    derived
compliance-violation-alert-routed           M   high      stated
cw-alarms-security-coverage                 M   high      stated
cw-alarm-actions-configured                 M   high      stated
cw-alarm-evaluating                         M   medium    stated
cw-alarm-performance                        M   medium    stated
cw-access-anomaly-tracking                  M   medium    stated
cw-dashboard-present                        M   low       stated
sns-topic-kms-encrypted                     M   high      stated
sns-key-policy-allows-publishers            M   high      derived
sns-policy-allows-publishers                M   high      derived
sns-policy-not-public                       M   high      stated
sns-tls-required                            M   medium    stated
sns-subscription-confirmed                  M   high      stated
sns-subscription-secure-protocol            M   high      stated
sns-delivery-logging                        M   low       stated
monitoring-error-handling                   M   low       stated
no-public-endpoints                         M   high      stated
transit-tls12-minimum                       MT  high      stated
resource-isolation-endpoints                M   low       stated
ecs-cluster-active                          T   medium    stated
ecs-service-fargate                         T   medium    stated
ecs-service-steady                          T   medium    derived
ecs-tasks-private-subnets                   T   high      stated
ecs-tasks-no-public-ip                      T   critical  stated
ecs-autoscaling-target                      T   medium    stated
ecs-autoscaling-policy                      T   medium    stated
ecs-taskdef-logging                         T   high      stated
ecs-taskdef-secrets-from-secretsmanager     T   high      stated
ecs-taskdef-no-plaintext-secrets            T   critical  stated
ecs-efs-shared-mount-encrypted-transit      T   high      stated
ecs-service-multi-az                        T   medium    derived
ecs-ephemeral-storage-kms                   T   low       derived
ecs-exec-audited                            T   low       derived
rds-cluster-aurora-available                T   medium    stated
rds-storage-encrypted                       T   critical  stated
rds-kms-key-rotating                        T   high      stated
rds-automated-backups                       T   high      stated
rds-point-in-time-recovery                  T   high      stated
rds-multi-az-instances                      T   high      stated
rds-private-subnets                         T   high      stated
rds-not-publicly-accessible                 T   critical  stated
rds-tls-required                            T   high      stated
rds-audit-logs-exported                     T   high      stated
rds-credentials-from-existing-secret        T   high      stated
rds-snapshots-private-encrypted             T   high      derived
efs-encrypted                               T   critical  stated
efs-kms-key-rotating                        T   high      stated
efs-automatic-backups                       T   high      stated
efs-recovery-point-exists                   T   medium    derived
efs-mount-targets-private-multi-az          T   high      stated
efs-policy-tls-and-not-public               T   high      stated
apigw-rest-api-deployed                     T   medium    stated
apigw-waf-associated                        T   high      stated
apigw-throttling                            T   medium    stated
apigw-access-logging                        T   high      stated
apigw-execution-logging                     T   medium    stated
apigw-data-trace-off                        T   high      derived
apigw-authorization                         T   high      derived
apigw-integration-private-tls               T   high      stated
apigw-cache-encrypted                       T   medium    derived
load-balancer-internal                      T   high      derived
waf-rate-based-rule                         T   high      stated
waf-request-filtering-rules                 T   high      stated
waf-logging-enabled                         T   medium    stated
vpc-public-private-subnets-multi-az         T   high      stated
vpc-nat-gateway-available                   T   medium    stated
vpc-private-subnets-no-public-ip            T   medium    derived
sg-no-open-ingress                          T   critical  stated
sg-data-tier-from-app-only                  T   high      stated
sg-app-tier-ingress                         T   high      stated
sg-egress-restricted                        T   medium    stated
sg-default-closed                           T   low       derived
vpc-flow-logs-enabled                       T   medium    derived
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
    let index: BTreeSet<[&str; 3]> = index().map(|[id, _, severity, basis]| [id, severity, basis]).collect();
    assert_eq!(index.len(), 163);
    assert_eq!(found, index);
}

/// The index: id, profiles, severity, basis.
fn index() -> impl Iterator<Item = [&'static str; 4]> {
    INDEX.lines().filter(|line| !line.is_empty()).map(|line| {
        let mut words = line.split_whitespace();
        std::array::from_fn(|_| words.next().expect("id, profiles, severity and basis"))
    })
}

#[test]
fn every_profile_loads_and_selects_what_the_index_says() {
    let catalog = shipped();
    let profiles = [("patient-data", 'P', 74), ("monitoring", 'M', 63)];
    assert_eq!(catalog.profile_names().collect::<Vec<_>>(), profiles.map(|(name, ..)| name));
    for (name, letter, count) in profiles {
        let profile = catalog.profile(name).unwrap_or_else(|error| panic!("{name}: {error}"));
        let selected = profile.requirements.iter().map(|tailored| tailored.requirement.id.as_str());
        let selected: BTreeSet<&str> = selected.collect();
        let wanted: BTreeSet<&str> =
            index().filter(|[_, profiles, ..]| profiles.contains(letter)).map(|[id, ..]| id).collect();
        assert_eq!((selected, profile.requirements.len()), (wanted, count), "{name}");
    }
    let message = catalog.profile("nobody").expect_err("no such profile").to_string();
    assert_eq!(message, "there is no profile `nobody`; the profiles are patient-data, monitoring");
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
