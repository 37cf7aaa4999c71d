//! JSON, schema version 1: the contract with other programs, apart from the report's own types.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::{Map, Value};
use tap_audit_checks::evidence::{Call, NotCovered};
use tap_audit_checks::outputs::{LiveOutput, Output, Resolved};
use tap_audit_checks::policy::counterexample::{Cited, Correction, Counterexample, NearMiss};
use tap_audit_checks::report::{
    Conclusion, ControlCoverage, Coverage, Finding, FindingSubject, Report, RollupOutcome, RollupPart, RollupResult,
    Status, Summary,
};
use tap_audit_checks::requirement::{Basis, Citations, Remediation, Severity};
use tap_audit_checks::subject::Role;

/// Renders the report as JSON.
pub(crate) fn render(report: &Report) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = serde_json::to_vec_pretty(&WireReport::of(report))?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// The JSON Schema of the JSON report, generated from what writes it.
pub fn json_schema() -> String {
    let mut schema =
        SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<WireReport<'_>>();
    schema.insert("$id".into(), Value::from("urn:tap-audit:report:schema:1"));
    schema.insert("title".into(), Value::from("tap-audit report, schema version 1"));
    format!("{:#}\n", schema.as_value())
}

/// What an audit of one deployment concluded, with the evidence for it.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct WireReport<'a> {
    /// The version of this format.
    #[schemars(extend("const" = "1"))]
    schema_version: &'static str,
    /// A sentence that a reader has to know first, such as that this is demonstration data.
    banner: Option<&'a str>,
    tool: Tool<'a>,
    run: WireRun<'a>,
    conclusion: WireConclusion,
    summary: WireSummary,
    coverage: WireCoverage<'a>,
    /// The findings: by resource, then in catalog order.
    findings: Vec<WireFinding<'a>>,
    /// Headlines over several requirements; the summary counts their parts and not them.
    rollups: Vec<WireRollup<'a>>,
    /// The findings by paragraph of the HIPAA Security Rule: technical evidence, not an opinion on compliance.
    controls: Vec<WireControl<'a>>,
    /// The AWS calls made, ordered by id.
    calls: Vec<WireCall<'a>>,
    /// SHA-256 over what was seen, without times and request ids.
    evidence_digest: &'a str,
}

/// The program that judged.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Tool<'a> {
    name: &'static str,
    version: &'a str,
    /// The table of AWS actions that policy documents were judged with: its source and its day.
    action_data: &'a str,
}

/// When, where and as whom the evidence was collected.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct WireRun<'a> {
    #[schemars(extend("format" = "date-time"))]
    started_at: String,
    #[schemars(extend("format" = "date-time"))]
    finished_at: String,
    account: &'a str,
    caller_arn: &'a str,
    region: &'a str,
    profile: &'a str,
    /// What spoke for the profile; null where the user named it.
    profile_reason: Option<&'a str>,
    /// The stack; null when none was found.
    stack: Option<WireStack<'a>>,
    /// `aws`, the override of the endpoint, or `replay:NAME`.
    endpoint: &'a str,
    /// Whether the answers came from an emulator or a recording rather than from AWS.
    emulated: bool,
    fail_on: WireSeverity,
    /// The outputs file as it was given; null when the live outputs of the stack were used.
    outputs_file: Option<&'a str>,
    /// SHA-256 of the outputs file, in hex.
    outputs_sha256: Option<&'a str>,
}

/// A CloudFormation stack.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct WireStack<'a> {
    name: &'a str,
    id: Option<&'a str>,
}

/// What the report says as a whole.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum WireConclusion {
    Conforms,
    DoesNotConform,
    Incomplete,
}

/// How much a failure matters.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum WireSeverity {
    Critical,
    High,
    Medium,
    Low,
}

/// Where a requirement comes from.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum WireBasis {
    Stated,
    Template,
    Derived,
}

/// What part a resource plays.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum WireRole {
    Primary,
    Supporting,
    External,
}

/// How a requirement came out.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum WireOutcome {
    Pass,
    Fail,
    NotApplicable,
    Error,
}

/// How many findings came out how.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct WireSummary {
    pass: usize,
    fail: usize,
    not_applicable: usize,
    error: usize,
    waived: usize,
    /// Failures that are advice; they are among the failures and count towards nothing.
    advice: usize,
    by_severity: BySeverity,
}

/// The counts of each severity.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct BySeverity {
    critical: Counts,
    high: Counts,
    medium: Counts,
    low: Counts,
}

/// How many findings came out how.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Counts {
    pass: usize,
    fail: usize,
    not_applicable: usize,
    error: usize,
    waived: usize,
}

/// What was looked at, and what was not.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct WireCoverage<'a> {
    outputs: Vec<WireOutput<'a>>,
    unresolved_outputs: usize,
    /// Members of the stack that this version does not look at.
    resources_not_covered: Vec<WireNotCovered<'a>>,
    /// Outputs that the live stack has and the file lacks.
    live_only: Vec<WireLiveOutput<'a>>,
    /// Kinds that the profile needs and of which nothing was found.
    missing_kinds: Vec<&'static str>,
    /// How many planned pairs of requirement and resource were decided.
    decided: usize,
    /// How many were planned.
    planned: usize,
}

/// One output of the deploy.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct WireOutput<'a> {
    key: &'a str,
    /// The value, masked where it looks like a credential.
    value: &'a str,
    resolved: Option<WireResolved<'a>>,
    /// Why it was not resolved.
    reason: Option<&'a str>,
}

/// What an output names.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct WireResolved<'a> {
    kind: &'a str,
    id: &'a str,
}

/// A member of the stack that is not looked at.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct WireNotCovered<'a> {
    kind: &'a str,
    logical_id: &'a str,
    id: Option<&'a str>,
    reason: &'a str,
}

/// An output that the live stack has and the file lacks.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct WireLiveOutput<'a> {
    stack: &'a str,
    key: &'a str,
}

/// The result for one requirement and one resource.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct WireFinding<'a> {
    requirement: &'a str,
    title: &'a str,
    severity: WireSeverity,
    basis: WireBasis,
    subject: WireSubject<'a>,
    outcome: WireOutcome,
    /// Whether a failure is advice, which counts neither towards the conclusion nor towards the exit code.
    advice: bool,
    /// What was seen; null when it does not apply or could not be decided.
    observed: Option<&'a str>,
    expected: &'a str,
    /// Why it does not apply or could not be decided; else null.
    reason: Option<String>,
    note: Option<&'a str>,
    /// For policy documents, a request that breaks the requirement; else null.
    counterexample: Option<WireCounterexample<'a>>,
    citations: WireCitations<'a>,
    remediation: WireRemediation<'a>,
    /// The ids of the calls that the outcome rests on.
    evidence: Vec<&'a str>,
    /// The accepted deviation that covers the finding; else null.
    waiver: Option<Map<String, Value>>,
    /// The same for the same requirement and logical resource in every run.
    fingerprint: &'a str,
}

/// A resource under assessment.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct WireSubject<'a> {
    role: WireRole,
    kind: &'static str,
    id: &'a str,
    arn: Option<&'a str>,
    logical_id: Option<&'a str>,
    output_key: Option<&'a str>,
    reached_by: Vec<&'a str>,
}

/// What a requirement gives evidence for elsewhere.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct WireCitations<'a> {
    hipaa: Vec<&'a str>,
    nist_800_53: Vec<&'a str>,
    aws_config: Vec<&'a str>,
    security_hub: Vec<&'a str>,
}

/// How to mend a failure.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct WireRemediation<'a> {
    cli: &'a str,
    cloudformation: &'a str,
    /// For policy documents, what mends this very resource; else null.
    correction: Option<WireCorrection<'a>>,
}

/// A concrete request that a policy document should have answered otherwise, or a statement that is wrong by itself.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct WireCounterexample<'a> {
    /// The whole of it in one sentence.
    sentence: &'a str,
    /// Who calls: `anonymous`, an ARN or the name of a service; null where a statement is wrong by itself.
    principal: Option<&'a str>,
    action: Option<&'a str>,
    resource: Option<&'a str>,
    /// The condition keys that matter; null is a key that matters by being absent.
    context: BTreeMap<&'a str, Option<&'a str>>,
    /// The statement that allows the request or is wrong by itself.
    allowed_by: Option<WireCited<'a>>,
    /// The Deny that came nearest to catching the request.
    nearest_deny: Option<WireNearMiss<'a>>,
}

/// A statement of a policy document.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct WireCited<'a> {
    /// The document, such as `bucket policy`.
    document: &'a str,
    /// Its place in the document, counted from 1, with its Sid.
    statement: &'a str,
    /// Its JSON as text, with the values of `sts:ExternalId` masked.
    json: &'a str,
}

/// A Deny that nearly caught a request.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct WireNearMiss<'a> {
    statement: WireCited<'a>,
    /// Each test that the request slipped through, in words.
    slipped: Vec<&'a str>,
}

/// A correction of one document that was judged before it is shown.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct WireCorrection<'a> {
    /// What to do with the statement.
    instruction: &'a str,
    /// The JSON, as text, of the statement that is new or changed.
    statement: &'a str,
    /// The question that was asked again of the corrected document, and that it answers well.
    judged: &'a str,
}

/// How the findings that cite a paragraph came out.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct WireControl<'a> {
    /// The paragraph of 45 CFR part 164.
    id: &'a str,
    title: &'a str,
    /// `standard`, `required` or `addressable`.
    implementation: &'static str,
    requirements: Vec<&'a str>,
    summary: Counts,
}

/// A headline over several requirements. It is counted nowhere: its parts are.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct WireRollup<'a> {
    id: &'a str,
    title: &'a str,
    statement: &'a str,
    /// Where parts failed, no more than the worst of those.
    severity: WireSeverity,
    basis: WireBasis,
    outcome: WireRollupOutcome,
    /// Why it came out so.
    reason: &'a str,
    parts: Vec<WirePart<'a>>,
    citations: WireCitations<'a>,
}

/// How a roll-up came out.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum WireRollupOutcome {
    Pass,
    Fail,
    Error,
}

/// One requirement of a roll-up.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct WirePart<'a> {
    requirement: &'a str,
    outcome: WireOutcome,
    /// Its findings; failures that are advice are not among the failures.
    summary: Counts,
    /// Failures that are advice.
    advice: usize,
    /// Why it does not apply, each reason once.
    reasons: Vec<&'a str>,
}

/// One AWS call. The answer itself is not kept.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct WireCall<'a> {
    id: &'a str,
    service: &'a str,
    operation: &'a str,
    region: &'a str,
    parameters: &'a BTreeMap<String, String>,
    #[schemars(extend("format" = "date-time"))]
    at: String,
    request_id: Option<&'a str>,
    /// The HTTP status; null when there was no answer.
    status: Option<u16>,
    attempts: u32,
    /// SHA-256 of the answer's body, in hex.
    sha256: Option<&'a str>,
    /// The error code, when the answer was an error.
    error: Option<&'a str>,
}

impl<'a> WireReport<'a> {
    fn of(report: &'a Report) -> Self {
        WireReport {
            schema_version: "1",
            banner: report.banner.as_deref(),
            tool: Tool { name: "tap-audit", version: &report.tool_version, action_data: &report.action_data },
            run: WireRun {
                started_at: report.run.started_at.to_string(),
                finished_at: report.run.finished_at.to_string(),
                account: &report.run.account,
                caller_arn: &report.run.caller_arn,
                region: &report.run.region,
                profile: &report.profile,
                profile_reason: report.profile_reason.as_deref(),
                stack: report.stack.as_ref().map(|(name, id)| WireStack { name, id: id.as_deref() }),
                endpoint: &report.run.endpoint,
                emulated: report.run.emulated,
                fail_on: severity(report.fail_on),
                outputs_file: report.run.outputs_file.as_deref(),
                outputs_sha256: report.run.outputs_sha256.as_deref(),
            },
            conclusion: match report.conclusion() {
                Conclusion::Conforms => WireConclusion::Conforms,
                Conclusion::DoesNotConform => WireConclusion::DoesNotConform,
                Conclusion::Incomplete => WireConclusion::Incomplete,
            },
            summary: summary(&report.summary),
            coverage: coverage(&report.coverage),
            findings: report.findings.iter().map(finding).collect(),
            rollups: report.rollups.iter().map(rollup).collect(),
            controls: report.controls.iter().map(control).collect(),
            calls: report.calls.iter().map(call).collect(),
            evidence_digest: &report.evidence_digest,
        }
    }
}

impl<'a> WireCounterexample<'a> {
    pub(crate) fn of(shown: &'a Counterexample) -> Self {
        let Counterexample { sentence, principal, action, resource, context, allowed_by, nearest_deny } = shown;
        WireCounterexample {
            sentence,
            principal: principal.as_deref(),
            action: action.as_deref(),
            resource: resource.as_deref(),
            context: context.iter().map(|(key, value)| (key.as_str(), value.as_deref())).collect(),
            allowed_by: allowed_by.as_ref().map(cited),
            nearest_deny: nearest_deny.as_ref().map(near_miss),
        }
    }
}

impl<'a> WireCorrection<'a> {
    pub(crate) fn of(correction: &'a Correction) -> Self {
        let Correction { instruction, statement, judged } = correction;
        WireCorrection { instruction, statement, judged }
    }
}

fn cited(cited: &Cited) -> WireCited<'_> {
    let Cited { document, statement, json } = cited;
    WireCited { document, statement, json }
}

fn near_miss(miss: &NearMiss) -> WireNearMiss<'_> {
    WireNearMiss { statement: cited(&miss.statement), slipped: texts(&miss.slipped) }
}

fn severity(severity: Severity) -> WireSeverity {
    match severity {
        Severity::Critical => WireSeverity::Critical,
        Severity::High => WireSeverity::High,
        Severity::Medium => WireSeverity::Medium,
        Severity::Low => WireSeverity::Low,
    }
}

fn summary(summary: &Summary) -> WireSummary {
    let of = |severity| counts(|status| summary.of_severity(severity, status));
    let Counts { pass, fail, not_applicable, error, waived } = counts(|status| summary.of(status));
    WireSummary {
        pass,
        fail,
        not_applicable,
        error,
        waived,
        advice: summary.advice,
        by_severity: BySeverity {
            critical: of(Severity::Critical),
            high: of(Severity::High),
            medium: of(Severity::Medium),
            low: of(Severity::Low),
        },
    }
}

fn counts(of: impl Fn(Status) -> usize) -> Counts {
    Counts {
        pass: of(Status::Pass),
        fail: of(Status::Fail),
        not_applicable: of(Status::NotApplicable),
        error: of(Status::Error),
        // No format for accepted deviations is read yet.
        waived: 0,
    }
}

fn coverage(coverage: &Coverage) -> WireCoverage<'_> {
    WireCoverage {
        outputs: coverage.outputs.iter().map(output).collect(),
        unresolved_outputs: coverage.unresolved_outputs,
        resources_not_covered: coverage.resources_not_covered.iter().map(not_covered).collect(),
        live_only: coverage.live_only.iter().map(live_output).collect(),
        missing_kinds: coverage.missing_kinds.iter().map(|kind| kind.name()).collect(),
        decided: coverage.decided,
        planned: coverage.planned,
    }
}

fn output(output: &Output) -> WireOutput<'_> {
    WireOutput {
        key: &output.key,
        value: &output.value,
        resolved: output.resolved.as_ref().map(|Resolved { kind, id, .. }| WireResolved { kind, id }),
        reason: output.reason.as_deref(),
    }
}

fn not_covered(resource: &NotCovered) -> WireNotCovered<'_> {
    let NotCovered { kind, logical_id, id, reason } = resource;
    WireNotCovered { kind, logical_id, id: id.as_deref(), reason }
}

fn live_output(output: &LiveOutput) -> WireLiveOutput<'_> {
    WireLiveOutput { stack: &output.stack, key: &output.key }
}

fn rollup(rollup: &RollupResult) -> WireRollup<'_> {
    WireRollup {
        id: &rollup.id,
        title: &rollup.title,
        statement: &rollup.statement,
        severity: severity(rollup.severity),
        basis: basis(rollup.basis),
        outcome: match rollup.outcome {
            RollupOutcome::Pass => WireRollupOutcome::Pass,
            RollupOutcome::Fail => WireRollupOutcome::Fail,
            RollupOutcome::Error => WireRollupOutcome::Error,
        },
        reason: &rollup.why,
        parts: rollup.parts.iter().map(part).collect(),
        citations: citations(&rollup.citations),
    }
}

fn part(part: &RollupPart) -> WirePart<'_> {
    WirePart {
        requirement: &part.requirement,
        outcome: outcome(part.status()),
        summary: counts(|status| part.of(status)),
        advice: part.advice,
        reasons: texts(&part.reasons),
    }
}

fn basis(basis: Basis) -> WireBasis {
    match basis {
        Basis::Stated => WireBasis::Stated,
        Basis::Template => WireBasis::Template,
        Basis::Derived => WireBasis::Derived,
    }
}

fn outcome(status: Status) -> WireOutcome {
    match status {
        Status::Pass => WireOutcome::Pass,
        Status::Fail => WireOutcome::Fail,
        Status::NotApplicable => WireOutcome::NotApplicable,
        Status::Error => WireOutcome::Error,
    }
}

fn citations(citations: &Citations) -> WireCitations<'_> {
    let Citations { hipaa, nist_800_53, aws_config, security_hub } = citations;
    WireCitations {
        hipaa: texts(hipaa),
        nist_800_53: texts(nist_800_53),
        aws_config: texts(aws_config),
        security_hub: texts(security_hub),
    }
}

fn finding(finding: &Finding) -> WireFinding<'_> {
    let Remediation { cli, cloudformation } = &finding.remediation;
    WireFinding {
        requirement: &finding.requirement,
        title: &finding.title,
        severity: severity(finding.severity),
        basis: basis(finding.basis),
        subject: subject(&finding.subject),
        outcome: outcome(finding.outcome.status()),
        advice: finding.is_advice(),
        observed: finding.observed(),
        expected: finding.expected(),
        reason: finding.reason(),
        note: finding.note(),
        counterexample: finding.grounds().map(|grounds| WireCounterexample::of(&grounds.counterexample)),
        citations: citations(&finding.citations),
        remediation: WireRemediation {
            cli,
            cloudformation,
            correction: finding.grounds().and_then(|grounds| grounds.correction.as_ref()).map(WireCorrection::of),
        },
        evidence: texts(&finding.evidence),
        waiver: None,
        fingerprint: &finding.fingerprint,
    }
}

fn subject(subject: &FindingSubject) -> WireSubject<'_> {
    WireSubject {
        role: match subject.role {
            Role::Primary => WireRole::Primary,
            Role::Supporting => WireRole::Supporting,
            Role::External => WireRole::External,
        },
        kind: subject.kind.name(),
        id: &subject.id,
        arn: subject.arn.as_deref(),
        logical_id: subject.logical_id.as_deref(),
        output_key: subject.output_key.as_deref(),
        reached_by: texts(&subject.reached_by),
    }
}

fn control(coverage: &ControlCoverage) -> WireControl<'_> {
    WireControl {
        id: &coverage.control.id,
        title: &coverage.control.title,
        implementation: coverage.control.implementation.name(),
        requirements: texts(&coverage.requirements),
        summary: counts(|status| coverage.of(status)),
    }
}

fn call(call: &Call) -> WireCall<'_> {
    WireCall {
        id: &call.id,
        service: &call.service,
        operation: &call.operation,
        region: &call.region,
        parameters: &call.parameters,
        at: call.at.to_string(),
        request_id: call.request_id.as_deref(),
        status: call.status,
        attempts: call.attempts,
        sha256: call.sha256.as_deref(),
        error: call.error.as_deref(),
    }
}

fn texts(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}
