//! What the end-to-end tests are built from: recorded accounts, altered and disturbed, audited in this process.

#![allow(dead_code, reason = "each test binary uses its own part")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use tap_audit::audit::{self, Audit, AuditError};
use tap_audit::collect::clients::Connection;
use tap_audit::outputs;
use tap_audit::replay::{Account, Injection, Replay};
use tap_audit::settings::Clock;
use tap_audit_checks::Evidence;
use tap_audit_checks::catalog::{Catalog, Profile};
use tap_audit_checks::report::{Finding, Report, Status};
use tap_audit_checks::requirement::Severity;

/// The bucket, function, role and log group of the recorded stack.
pub const BUCKET: &str = "patient-data-bucket-dev-123456789012";
pub const FUNCTION: &str = "patient-data-processor-dev";
pub const ROLE: &str = "lambda-execution-role-dev";
pub const LOG_GROUP: &str = "/aws/lambda/patient-data-processor-dev";

/// The directory of a recorded account.
pub fn directory(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/accounts").join(name)
}

/// A recorded account.
pub fn account(name: &str) -> Account {
    Account::from_dir(&directory(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The outputs file of a recorded account.
pub fn outputs_text(name: &str) -> String {
    std::fs::read_to_string(directory(name).join("flat-outputs.json")).expect("an outputs file beside the account")
}

/// The catalog and the profile of patient data.
pub fn patient_data() -> (Catalog, Profile) {
    profile("patient-data")
}

/// The catalog and the profile of this name.
pub fn profile(name: &str) -> (Catalog, Profile) {
    let catalog = Catalog::embedded().expect("a catalog that is whole");
    let profile = catalog.profile(name).expect("the profile");
    (catalog, profile)
}

/// The profile that a recorded account is audited under. Those of other systems than the first start with its name.
pub fn profile_of(account: &str) -> &'static str {
    ["monitoring", "meditech"].into_iter().find(|profile| account.starts_with(profile)).unwrap_or("patient-data")
}

/// The settings of an audit of these outputs, at a fixed time shortly after the recording.
pub fn settings(outputs_text: &str) -> Audit {
    Audit {
        outputs: Some(outputs::read(outputs_text.as_bytes(), "flat-outputs.json").expect("outputs")),
        outputs_path: Some("cfn-outputs/flat-outputs.json".into()),
        stack_name: None,
        region: None,
        environment_suffix: None,
        fail_on: Severity::Low,
        call_timeout: Duration::from_secs(10),
        clock: Clock::Fixed("2026-11-01T12:00:00Z".parse().expect("a time")),
        banner: None,
    }
}

/// A disturbance, as on the command line: `s3:GetBucketVersioning=denied`.
pub fn fault(text: &str) -> Injection {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Audits a replayed account under its profile.
pub fn audit(replay: &Replay, audit: &Audit) -> Result<Report, AuditError> {
    let (catalog, profile) = profile(profile_of(replay.account().name()));
    let evidence = evidence(replay, &profile, audit)?;
    Ok(audit::judge(&catalog, &profile, &evidence, audit))
}

/// Collects the evidence of a replayed account, on this thread.
pub fn evidence(replay: &Replay, profile: &Profile, audit: &Audit) -> Result<Evidence, AuditError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let connection = Connection::recorded(SharedHttpClient::new(replay.clone()), replay.account().name());
    runtime.block_on(audit::collect(profile, connection, audit, |_| {}))
}

/// Audits an account with its own outputs.
pub fn report_of(name: &str) -> Report {
    let replay = Replay::new(account(name));
    let report = audit(&replay, &settings(&outputs_text(name))).expect("an audit that starts");
    assert!(replay.unrecorded().is_empty(), "not recorded: {:?}", replay.unrecorded());
    report
}

/// The findings of one requirement.
pub fn findings<'r>(report: &'r Report, id: &str) -> Vec<&'r Finding> {
    report.findings.iter().filter(|finding| finding.requirement == id).collect()
}

/// Each finding as requirement, subject and status, for comparison.
pub fn statuses(report: &Report) -> Vec<(String, String, Status)> {
    let row = |finding: &Finding| {
        let subject = format!("{} {}", finding.subject.kind, finding.subject.id);
        (finding.requirement.clone(), subject, finding.outcome.status())
    };
    report.findings.iter().map(row).collect()
}

/// Everything that a finding says, for messages of tests.
pub fn describe(finding: &Finding) -> String {
    format!(
        "{} {} {}: {:?} {:?} note {:?}",
        finding.requirement,
        finding.subject.kind,
        finding.subject.id,
        finding.outcome.status(),
        finding.observed().map(str::to_owned).or_else(|| finding.reason()),
        finding.note()
    )
}
