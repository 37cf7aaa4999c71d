//! The monitoring stack, recorded from the emulator and corrected to the shape of AWS.

use std::collections::BTreeSet;

use tap_audit_checks::report::{Conclusion, Status};

use crate::harness;

#[test]
fn it_conforms_with_exit_code_0_and_nothing_left_open() {
    let report = harness::report_of("monitoring");
    let wrong: Vec<String> = report
        .findings
        .iter()
        .filter(|finding| matches!(finding.outcome.status(), Status::Fail | Status::Error))
        .map(harness::describe)
        .collect();
    assert_eq!(wrong, Vec::<String>::new());
    assert_eq!((report.conclusion(), report.exit_code()), (Conclusion::Conforms, 0));
    assert_eq!((report.coverage.unresolved_outputs, report.coverage.outputs.len()), (0, 8));
    assert_eq!(report.coverage.decided, report.coverage.planned);
}

#[test]
fn every_requirement_of_the_profile_is_among_its_findings() {
    let (_, profile) = harness::profile("monitoring");
    let report = harness::report_of("monitoring");
    let found: BTreeSet<&str> = report.findings.iter().map(|finding| finding.requirement.as_str()).collect();
    let wanted: BTreeSet<&str> = profile.requirements.iter().map(|tailored| tailored.requirement.id.as_str()).collect();
    assert_eq!(found, wanted);
}
