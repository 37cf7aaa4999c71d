//! The accounts that conform, and what the first of them says beyond that.

use std::collections::BTreeSet;

use tap_audit::replay::Replay;
use tap_audit_checks::iam;
use tap_audit_checks::kms::Key;
use tap_audit_checks::lambda::Function;
use tap_audit_checks::logs::LogGroup;
use tap_audit_checks::observed::{Gap, Observed, Seen};
use tap_audit_checks::policy::model::PolicyText;
use tap_audit_checks::report::{Conclusion, Finding, Status};
use tap_audit_checks::s3::{Bucket, PolicyStatus, Switch};
use tap_audit_checks::subject::Role;

use crate::harness::{self, BUCKET, FUNCTION, LOG_GROUP, ROLE};

const KEY: &str = "2f7cd16b-9108-4449-9e99-4b9f51829047";

/// Requirements that may be decided without any call: they are about the outputs file or the run itself, or switched off.
const WITHOUT_CALLS: [&str; 4] = [
    "stack-outputs-required-present",
    "stack-retain-all-resources-strict",
    "resource-pit-readability",
    "s3-existing-objects-encrypted-sample",
];

/// The accounts that conform, one for each profile, with the number of their outputs.
const ACCOUNTS: [(&str, usize); 3] = [("conforming", 7), ("monitoring", 8), ("meditech", 29)];

#[test]
fn each_conforms_with_exit_code_0_and_nothing_left_open() {
    for (account, outputs) in ACCOUNTS {
        let report = harness::report_of(account);
        let wrong: Vec<String> = report
            .findings
            .iter()
            .filter(|finding| matches!(finding.outcome.status(), Status::Fail | Status::Error))
            .map(harness::describe)
            .collect();
        assert_eq!(wrong, Vec::<String>::new(), "{account}");
        assert_eq!((report.conclusion(), report.exit_code()), (Conclusion::Conforms, 0), "{account}");
        assert_eq!((report.coverage.unresolved_outputs, report.coverage.outputs.len()), (0, outputs), "{account}");
        assert_eq!(report.coverage.decided, report.coverage.planned, "{account}");
        assert!(report.coverage.missing_kinds.is_empty(), "{account}");
    }
}

#[test]
fn every_requirement_of_each_profile_is_among_the_findings() {
    for (account, _) in ACCOUNTS {
        let (_, profile) = harness::profile(harness::profile_of(account));
        let report = harness::report_of(account);
        let found: BTreeSet<&str> = report.findings.iter().map(|finding| finding.requirement.as_str()).collect();
        let wanted = profile.requirements.iter().map(|tailored| tailored.requirement.id.as_str());
        assert_eq!(found, wanted.collect(), "{account}");
    }
}

#[test]
fn every_decided_finding_cites_calls_that_the_report_lists() {
    let report = harness::report_of("conforming");
    let calls: BTreeSet<&str> = report.calls.iter().map(|call| call.id.as_str()).collect();
    let uncited = |finding: &&Finding| finding.evidence.is_empty();
    let without: Vec<&str> =
        report.findings.iter().filter(uncited).map(|finding| finding.requirement.as_str()).collect();
    assert_eq!(without, WITHOUT_CALLS);
    for finding in &report.findings {
        for call in &finding.evidence {
            assert!(calls.contains(call.as_str()), "{} cites {call}", harness::describe(finding));
        }
    }
}

#[test]
fn each_subject_has_its_role_and_tells_how_it_was_reached() {
    let report = harness::report_of("conforming");
    let subjects: Vec<_> = report
        .by_subject()
        .into_iter()
        .map(|(subject, _)| {
            let id = subject.id.clone();
            (subject.kind.name(), id, subject.role, subject.reached_by.join(", "))
        })
        .collect();
    let expected: Vec<(&str, &str, Role, &str)> = vec![
        ("TapAudit::Outputs::File", "cfn-outputs/flat-outputs.json", Role::Primary, "given"),
        ("AWS::CloudFormation::Stack", "TapStackdev", Role::Primary, "it holds patient-data-bucket-dev-123456789012"),
        ("AWS::::Account", "123456789012", Role::Primary, "the caller's account"),
        (
            "AWS::S3::Bucket",
            BUCKET,
            Role::Primary,
            "output S3BucketArn, output S3BucketName, member RecordsBucket of stack TapStackdev",
        ),
        (
            "AWS::S3::Bucket",
            "patient-data-access-logs-dev-123456789012",
            Role::Supporting,
            "member AccessLogBucket of stack TapStackdev, \
             access log target of bucket patient-data-bucket-dev-123456789012",
        ),
        (
            "AWS::Lambda::Function",
            FUNCTION,
            Role::Primary,
            "output LambdaFunctionArn, output LambdaFunctionName, member Processor of stack TapStackdev, \
             notification target of bucket patient-data-bucket-dev-123456789012",
        ),
        (
            "AWS::KMS::Key",
            KEY,
            Role::Primary,
            "output KMSKeyArn, output KMSKeyId, member RecordsKey of stack TapStackdev, \
             encryption key of AWS::Lambda::Function patient-data-processor-dev",
        ),
        (
            "AWS::Logs::LogGroup",
            LOG_GROUP,
            Role::Primary,
            "output LogGroupName, member ProcessorLogGroup of stack TapStackdev, \
             log group of function patient-data-processor-dev",
        ),
        (
            "AWS::IAM::Role",
            ROLE,
            Role::Primary,
            "member ProcessorRole of stack TapStackdev, execution role of function patient-data-processor-dev",
        ),
        // The stack has no managed policy of its own, which is said rather than left out.
        ("AWS::IAM::ManagedPolicy", "(none found)", Role::Primary, ""),
    ];
    let expected: Vec<_> =
        expected.into_iter().map(|(kind, id, role, reached)| (kind, id.to_owned(), role, reached.to_owned())).collect();
    assert_eq!(subjects, expected);
}

#[test]
fn every_policy_document_is_read_with_the_calls_it_rests_on() {
    let (_, profile) = harness::patient_data();
    let replay = Replay::new(harness::account("conforming"));
    let settings = harness::settings(&harness::outputs_text("conforming"));
    let evidence = harness::evidence(&replay, &profile, &settings).expect("an audit that starts");
    let mut read: Vec<String> = Vec::new();
    let mut note = |what: &str, policy: &Seen<PolicyText>| {
        assert!(!policy.calls().is_empty(), "{what} cites nothing");
        match policy.observed() {
            Observed::Present(text) => {
                let document: serde_json::Value = serde_json::from_str(&text.0).expect("a document in JSON");
                let statements = document["Statement"].as_array().map_or(0, Vec::len);
                read.push(format!("{what} {statements}"));
            }
            other @ (Observed::Absent | Observed::Unknown(_)) => panic!("{what} is {other:?}"),
        }
    };
    for (subject, bucket) in evidence.all::<Bucket>() {
        note(&format!("bucket {}", subject.id), &bucket.policy);
        assert_eq!(
            bucket.policy_status.observed(),
            &Observed::Present(PolicyStatus { public: Observed::Present(Switch::Off) })
        );
    }
    for (_, function) in evidence.all::<Function>() {
        function.policies.iter().for_each(|(qualifier, policy)| note(&format!("function {qualifier}"), policy));
    }
    for (_, key) in evidence.all::<Key>() {
        note("key", &key.policy);
        assert!(matches!(key.grants.observed(), Observed::Unknown(Gap::NotCollected { .. })));
    }
    for (_, group) in evidence.all::<LogGroup>() {
        assert_eq!(group.policies.observed(), &Observed::Present(Vec::new()));
    }
    for (_, role) in evidence.all::<iam::Role>() {
        note("trust", &role.trust);
        role.inline_documents.iter().for_each(|(name, document)| note(&format!("inline {name}"), document));
        assert_eq!((role.boundary.observed(), role.attached_documents.len()), (&Observed::Absent, 0));
    }
    assert_eq!(evidence.account().expect("the account").log_policies.observed(), &Observed::Present(Vec::new()));
    let expected = [
        format!("bucket {BUCKET} 2"),
        "bucket patient-data-access-logs-dev-123456789012 2".into(),
        "function $LATEST 1".into(),
        "key 2".into(),
        "trust 1".into(),
        "inline ReadRecords 2".into(),
        "inline ReportFailures 1".into(),
        "inline UseKey 1".into(),
        "inline WriteLogs 1".into(),
    ];
    assert_eq!(read, expected);
}
