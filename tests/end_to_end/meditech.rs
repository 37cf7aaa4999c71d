//! The MediTech stack, recorded from the emulator and corrected to the shape of AWS.

use std::collections::BTreeSet;

use tap_audit_checks::report::{Conclusion, Status};

use crate::harness;

#[test]
fn it_conforms_with_exit_code_0_and_nothing_left_open() {
    let report = harness::report_of("meditech");
    let wrong: Vec<String> = report
        .findings
        .iter()
        .filter(|finding| matches!(finding.outcome.status(), Status::Fail | Status::Error))
        .map(harness::describe)
        .collect();
    assert_eq!(wrong, Vec::<String>::new());
    assert_eq!((report.conclusion(), report.exit_code()), (Conclusion::Conforms, 0));
    assert_eq!((report.coverage.unresolved_outputs, report.coverage.outputs.len()), (0, 29));
    assert_eq!(report.coverage.decided, report.coverage.planned);
}

#[test]
fn every_requirement_of_the_profile_is_among_its_findings() {
    let (_, profile) = harness::profile("meditech");
    let report = harness::report_of("meditech");
    let found: BTreeSet<&str> = report.findings.iter().map(|finding| finding.requirement.as_str()).collect();
    let wanted: BTreeSet<&str> = profile.requirements.iter().map(|tailored| tailored.requirement.id.as_str()).collect();
    assert_eq!(found, wanted);
}

#[test]
fn what_no_requirement_looks_at_is_listed() {
    let report = harness::report_of("meditech");
    let kinds: BTreeSet<&str> = report.coverage.resources_not_covered.iter().map(|one| one.kind.as_str()).collect();
    assert_eq!(kinds, BTreeSet::from(["AWS::ApiGateway::GatewayResponse", "AWS::EC2::EIP"]));
}
