//! The reference stacks of `stacks/`, deployed into the emulator and audited over HTTP.

use serde_json::Value;

use crate::server::{STACK, reference};
use crate::{Row, by_name, compare, list, text};

/// What the emulator makes of the patient-data reference stack. MFA delete is set by the root user and no template.
const PATIENT_DATA: &[Row] = &[
    ("s3-mfa-delete-enabled", "fail", "MFA delete was never configured"),
    // It does not know the path of S3 Control.
    ("s3-public-access-block-account", "error", "GetPublicAccessBlock failed with InvalidURI"),
    // It lists the bucket's objects instead of saying whether the policy is public.
    ("s3-policy-not-public", "error", "the answer of GetBucketPolicyStatus could not be read"),
];

/// Audits a reference stack without naming its profile.
pub(crate) fn audited(profile: &str, rows: &[Row], code: i32) -> Option<Value> {
    let report = by_name(&reference(profile)?.audit().args(&["--stack-name", STACK]).run(), code);
    assert_eq!(report["run"]["profile"], profile);
    assert!(text(&report["run"], "profile_reason").contains("AWS::"), "{}", report["run"]);
    compare(&report, rows);
    assert_eq!(report["coverage"]["unresolved_outputs"], 0);
    assert!(!list(&report, "findings").is_empty());
    Some(report)
}

#[test]
fn of_the_patient_data_stack_only_mfa_delete_is_missing() {
    let Some(report) = audited("patient-data", PATIENT_DATA, 1) else { return };
    assert_eq!(report["summary"]["fail"], 1);
}
