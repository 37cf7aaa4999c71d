//! AWS Config: what is seen of it, and the checks of its requirements.

#[cfg(test)]
pub(crate) mod fixture;
mod recorder;
mod rules;

use serde::{Deserialize, Serialize};

use crate::check::Check;
use crate::observed::{Gap, Observed, Seen};
use crate::s3::Switch;

pub(crate) use recorder::proved;

/// The checks of this file, in catalog order.
pub fn checks() -> Vec<Check> {
    vec![
        Check::across("config-recorder-on", recorder::on),
        Check::new("config-rules-present", rules::present),
        Check::new("config-rules-compliant", rules::compliant),
    ]
}

/// What was seen of AWS Config in the run's region.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct View {
    /// The recorders; an empty list means that nothing is recorded.
    pub recorders: Seen<Vec<Recorder>>,
    /// What the recorders are doing, by name.
    pub statuses: Seen<Vec<RecorderStatus>>,
    /// Where configurations are delivered to; an empty list means nowhere.
    pub channels: Seen<Vec<Channel>>,
    /// The rules; an empty list means that nothing is evaluated.
    pub rules: Seen<Vec<Rule>>,
    /// What the last evaluation of each rule said.
    pub compliance: Seen<Vec<RuleCompliance>>,
}

/// A configuration recorder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorder {
    /// Its name.
    pub name: String,
    /// The AWS service that it belongs to; absent on the customer's own.
    pub service: Observed<String>,
    /// Who sees what it records; absent means that the customer does.
    pub scope: Observed<RecordingScope>,
    /// The role that it records and delivers with, by ARN; Config always answers it of the customer's own.
    pub role: Observed<String>,
    /// What it records; absent means everything that Config supports in the region.
    pub group: Observed<RecordingGroup>,
}

/// Who sees what a recorder records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordingScope {
    /// An AWS service alone.
    Internal,
    /// The customer, who pays for it.
    Paid,
}

/// What a recorder records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordingGroup {
    /// How the types are chosen; absent on recorders that were made before there was a choice.
    pub strategy: Observed<Strategy>,
    /// Whether every type of the region is recorded.
    pub all_supported: Switch,
    /// Whether the types of IAM are recorded with them.
    pub global: Switch,
    /// The types that are recorded, where they are named.
    pub types: Vec<String>,
    /// The types that are left out, where they are named.
    pub excluded: Vec<String>,
}

/// How a recorder chooses types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// Every type that Config supports.
    All,
    /// Those that are named.
    Inclusion,
    /// Every type but those that are named.
    Exclusion,
}

/// What a recorder is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecorderStatus {
    /// The recorder's name.
    pub recorder: String,
    /// Whether it is recording.
    pub recording: Switch,
    /// How its last delivery went; Config always answers it of a recorder that records.
    pub last: Observed<LastStatus>,
    /// The code of its last error; absent means none.
    pub error: Observed<String>,
}

/// How the last delivery of a recorder went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LastStatus {
    /// It is under way, or none was made yet.
    Pending,
    /// Well.
    Success,
    /// It failed.
    Failure,
    /// There was nothing to deliver.
    NotApplicable,
}

/// A delivery channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channel {
    /// Its name.
    pub name: String,
    /// The topic that hears of every change, by ARN; absent means that nobody does.
    pub topic: Observed<String>,
}

/// A rule of AWS Config.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// Who wrote it; Config always answers it.
    pub owner: Observed<Owner>,
    /// Which of AWS's rules it is, or the function that evaluates it; absent on rules that are written as a policy.
    pub identifier: Observed<String>,
    /// Whether it is in force; Config always answers it.
    pub state: Observed<RuleState>,
    /// When it looks at resources; absent means at what is deployed.
    pub modes: Observed<Vec<EvaluationMode>>,
}

/// Who wrote a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Owner {
    /// AWS.
    Aws,
    /// The customer, as a function.
    CustomLambda,
    /// The customer, as a policy.
    CustomPolicy,
}

/// Whether a rule is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RuleState {
    /// It is.
    Active,
    /// It is, and is evaluating at the moment.
    Evaluating,
    /// It is being deleted.
    Deleting,
    /// Its results are being deleted.
    DeletingResults,
}

/// When a rule looks at resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EvaluationMode {
    /// When they are deployed.
    Detective,
    /// Before they are deployed.
    Proactive,
}

/// What the last evaluation of a rule said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleCompliance {
    /// The rule's name.
    pub rule: String,
    /// What it said; Config always answers it.
    pub compliance: Observed<Compliance>,
}

/// What the evaluation of a rule said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs, reason = "each is the token of Config's ComplianceType")]
pub enum Compliance {
    Compliant,
    NonCompliant,
    NotApplicable,
    InsufficientData,
}

impl Compliance {
    /// The token as Config writes it.
    pub fn name(self) -> &'static str {
        match self {
            Compliance::Compliant => "COMPLIANT",
            Compliance::NonCompliant => "NON_COMPLIANT",
            Compliance::NotApplicable => "NOT_APPLICABLE",
            Compliance::InsufficientData => "INSUFFICIENT_DATA",
        }
    }
}

impl View {
    /// The evidence where nothing could be seen.
    pub fn unknown(gap: &Gap) -> Self {
        View {
            recorders: Seen::gap(gap.clone()),
            statuses: Seen::gap(gap.clone()),
            channels: Seen::gap(gap.clone()),
            rules: Seen::gap(gap.clone()),
            compliance: Seen::gap(gap.clone()),
        }
    }
}

/// What checks compliance by itself (J20).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Engine {
    /// AWS Config, or else tap-audit.
    Any,
    /// AWS Config.
    Config,
    /// Security Hub, whose controls are rules of AWS Config.
    Securityhub,
    /// A scheduled run of tap-audit.
    TapAudit,
}
