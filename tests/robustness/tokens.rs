//! Words of closed sets that this version does not know.

use std::collections::BTreeMap;

use tap_audit::replay::Replay;
use tap_audit_checks::report::Status;

use crate::harness;
use crate::sweep::{self, Recorded};

/// Operation, what stands in the answer, what stands there instead.
const TOKENS: &[(&str, &str, &str)] = &[
    ("kms:DescribeKey", r#""KeyState": "Enabled""#, r#""KeyState": "Frobnicated""#),
    ("kms:DescribeKey", r#""Origin": "AWS_KMS""#, r#""Origin": "Frobnicated""#),
    ("kms:DescribeKey", r#""KeyManager": "CUSTOMER""#, r#""KeyManager": "Frobnicated""#),
    ("lambda:GetFunction", r#""State": "Active""#, r#""State": "Frobnicated""#),
    ("lambda:GetFunction", r#""LastUpdateStatus": "Successful""#, r#""LastUpdateStatus": "Frobnicated""#),
    ("lambda:GetFunction", r#""PackageType": "Zip""#, r#""PackageType": "Frobnicated""#),
    (
        "lambda:ListFunctionUrlConfigs",
        r#""FunctionUrlConfigs": []"#,
        r#""FunctionUrlConfigs": [{"FunctionUrl": "https://x.lambda-url.us-east-2.on.aws/", "FunctionArn": "arn:aws:lambda:us-east-2:123456789012:function:patient-data-processor-dev", "CreationTime": "2026-10-30T08:00:00Z", "LastModifiedTime": "2026-10-30T08:00:00Z", "AuthType": "Frobnicated"}]"#,
    ),
    ("s3:GetBucketEncryption", "<SSEAlgorithm>AES256<", "<SSEAlgorithm>Frobnicated<"),
    ("s3:GetBucketVersioning", "<Status>Enabled<", "<Status>Frobnicated<"),
    ("s3:GetBucketVersioning", "<MfaDelete>Enabled<", "<MfaDelete>Frobnicated<"),
    ("s3:GetBucketOwnershipControls", "BucketOwnerEnforced<", "Frobnicated<"),
    ("cloudformation:DescribeStacks", "<StackStatus>CREATE_COMPLETE<", "<StackStatus>Frobnicated<"),
    ("cloudformation:DescribeStacks", "<StackDriftStatus>NOT_CHECKED<", "<StackDriftStatus>Frobnicated<"),
    ("cloudtrail:GetEventSelectors", r#""ReadWriteType": "All""#, r#""ReadWriteType": "Frobnicated""#),
    ("logs:DescribeLogGroups", r#""logGroupClass": "STANDARD""#, r#""logGroupClass": "Frobnicated""#),
];

/// Words on which no verdict of this account depends: the finding that would read them has a decisive reason of its own.
const SILENT: &[&str] = &["PackageType", "logGroupClass", "BucketOwnerEnforced"];

#[test]
fn an_unknown_word_is_an_error_that_quotes_it() {
    let recorded = Recorded::conforming();
    let before: BTreeMap<sweep::Pair, Status> =
        recorded.clean.findings.iter().map(|found| (sweep::pair(found), found.outcome.status())).collect();
    let faults = sweep::in_parallel(TOKENS, 2, |(operation, from, to)| {
        let (service, name) = operation.split_once(':').expect("service:Operation");
        let account = recorded.account.clone().edit(service, name, |body| body.replace(from, to));
        let account = account.unwrap_or_else(|error| panic!("{operation} {from}: {error}"));
        let report = recorded.judge(&Replay::new(account));
        let mut faults = Vec::new();
        let mut quoted = false;
        for finding in &report.findings {
            let status = finding.outcome.status();
            let reason = finding.reason().unwrap_or_else(String::new);
            quoted |= status == Status::Error && reason.contains("Frobnicated");
            let was = before.get(&sweep::pair(finding));
            if status != Status::Error && was.is_none_or(|was| *was != status) {
                faults.push(format!("{from}: {}", harness::describe(finding)));
            }
        }
        if !quoted && !SILENT.iter().any(|silent| from.contains(silent)) {
            faults.push(format!("{operation} {from}: no error quotes the word"));
        }
        faults
    });
    let faults: Vec<String> = faults.into_iter().flatten().collect();
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}
