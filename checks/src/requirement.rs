//! The words and numbers of requirements, as the catalog files hold them.

use serde::{Deserialize, Serialize};

use crate::subject::Role;

/// How much a failure matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Naming, convenience, advice.
    Low,
    /// Traceability, resilience, hardening.
    Medium,
    /// A named mandatory safeguard is missing, or is there and does not work.
    High,
    /// Patient data readable by outsiders or unencrypted, or credentials exposed.
    Critical,
}

impl Severity {
    /// Every severity, worst first.
    pub const ALL: [Severity; 4] = [Severity::Critical, Severity::High, Severity::Medium, Severity::Low];

    /// The severity's name.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }
}

/// Where a requirement comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// The client's text says it.
    Stated,
    /// A value that only the client's templates show.
    Template,
    /// Nobody says it in words; a stated requirement can be empty without it.
    Derived,
}

impl Basis {
    /// The basis's name.
    pub fn name(self) -> &'static str {
        match self {
            Basis::Stated => "stated",
            Basis::Template => "template",
            Basis::Derived => "derived",
        }
    }
}

/// What a requirement gives evidence for elsewhere. A citation says which paragraph the evidence supports, not that
/// the paragraph is met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Citations {
    /// Paragraphs of the HIPAA Security Rule, 45 CFR part 164 subpart C.
    pub hipaa: Vec<String>,
    /// Controls of NIST SP 800-53 revision 5.
    pub nist_800_53: Vec<String>,
    /// AWS Config managed rules.
    #[serde(default)]
    pub aws_config: Vec<String>,
    /// AWS Security Hub controls.
    #[serde(default)]
    pub security_hub: Vec<String>,
}

/// How to mend a failure. `{id}`, `{arn}`, `{region}`, `{account}` and `{stack}` stand for the subject's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remediation {
    /// A command of the AWS CLI, or what to do where no command does it.
    pub cli: String,
    /// The change of the CloudFormation template, or why there is none.
    pub cloudformation: String,
}

/// A testable statement about a kind of resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// Its id: stable, never reused, never renamed.
    pub id: String,
    /// A short title.
    pub title: String,
    /// What has to be true, in one or two sentences.
    pub statement: String,
    /// How much a failure matters.
    pub severity: Severity,
    /// Why it matters that much.
    pub severity_reason: String,
    /// Where it comes from.
    pub basis: Basis,
    /// The roles of subjects that have to meet it.
    pub applies_to: Vec<Role>,
    /// What it gives evidence for.
    pub citations: Citations,
    /// Its numbers and switches, with their defaults.
    #[serde(default)]
    pub params: toml::Table,
    /// How to mend a failure.
    pub remediation: Remediation,
    /// The ruling that settles a contradiction here, in one sentence, shown with every finding.
    #[serde(default)]
    pub ruling: Option<String>,
}

/// A headline over several requirements: shown in summaries, never counted, and never a finding of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rollup {
    /// Its id: stable, never reused, never renamed, and no requirement's.
    pub id: String,
    /// A short title.
    pub title: String,
    /// What has to be true, in one or two sentences.
    pub statement: String,
    /// How much a failure matters, at most.
    pub severity: Severity,
    /// Why it matters that much.
    pub severity_reason: String,
    /// Where it comes from.
    pub basis: Basis,
    /// What it gives evidence for.
    pub citations: Citations,
    /// The requirements that it sums up.
    pub parts: Vec<String>,
    /// Groups of parts, of each of which at least one has to pass: nothing is met by what does not apply.
    pub one_has_to_pass: Vec<Vec<String>>,
}

/// One catalog file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RequirementFile {
    #[serde(default)]
    pub(crate) requirement: Vec<Requirement>,
    #[serde(default)]
    pub(crate) rollup: Vec<Rollup>,
}
