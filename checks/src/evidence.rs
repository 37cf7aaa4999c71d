//! All that was seen in one run: the only input of the judgement.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::observed::{CallId, Gap, Seen};
use crate::policy::model::PolicyText;
use crate::subject::{Attributes, Kind, Subject};
use crate::{apigateway, cloudtrail, cloudwatch, config, eventbridge, kms, logs, network, s3};

/// All that was seen in one run. It can be saved and judged again without AWS.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// When, where and as whom it was collected.
    pub run: Run,
    /// The resources, in report order: kind, then id.
    pub subjects: Vec<Subject>,
    /// The resources of the stack that no collector covers, as `type logical-id`.
    pub not_covered: Vec<NotCovered>,
    /// The calls made, ordered by id.
    pub calls: Vec<Call>,
}

/// When, where and as whom the evidence was collected.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// When the first call was made.
    pub started_at: Timestamp,
    /// When the last answer was in.
    pub finished_at: Timestamp,
    /// The account of the caller, which is the account of every resource.
    pub account: String,
    /// The partition: `aws`, `aws-cn` or `aws-us-gov`.
    pub partition: String,
    /// The ARN of the caller. A session name in it may name a person; it is part of the audit trail.
    pub caller_arn: String,
    /// The region that the outputs name, where most resources live.
    pub region: String,
    /// Where the calls went: `aws`, the endpoint override, or `replay:NAME`.
    pub endpoint: String,
    /// Whether the answers came from an emulator or a recording rather than from AWS.
    pub emulated: bool,
    /// The path of the outputs file as given; `None` when the stack's live outputs were used.
    pub outputs_file: Option<String>,
    /// SHA-256 of the outputs file, in hex.
    pub outputs_sha256: Option<String>,
    /// The kinds of resource that were looked for; what outputs and stacks hold of others is listed and not read.
    pub kinds: Vec<Kind>,
    /// The environment suffix that the user gave.
    pub environment_suffix: Option<String>,
    /// The stack name that the user gave.
    pub stack_name: Option<String>,
}

/// A member of the stack that this version does not look at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NotCovered {
    /// Its CloudFormation type.
    pub kind: String,
    /// Its logical id.
    pub logical_id: String,
    /// Its physical id, where it has one.
    pub id: Option<String>,
    /// Why it is not looked at.
    pub reason: String,
}

/// One AWS call, as the ledger keeps it. The answer itself is not kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// Identifies the call by what it asked, so that the same question has the same id in every run.
    pub id: CallId,
    /// The service's name as in IAM actions, such as `s3`.
    pub service: String,
    /// The operation's name, such as `GetBucketVersioning`.
    pub operation: String,
    /// The region it was sent to.
    pub region: String,
    /// The arguments that name what was asked about; never a secret.
    pub parameters: BTreeMap<String, String>,
    /// When the last attempt was sent.
    pub at: Timestamp,
    /// When AWS answered by its own clock, as the header `Date` of the last answer says; `None` where it says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<Timestamp>,
    /// The request id that AWS gave the last attempt.
    pub request_id: Option<String>,
    /// The HTTP status of the last attempt; `None` when there was no answer.
    pub status: Option<u16>,
    /// The error code, when the answer was an error.
    pub error: Option<String>,
    /// How many times it was sent.
    pub attempts: u32,
    /// SHA-256 of the last answer's body, in hex.
    pub sha256: Option<String>,
}

/// What was seen of the account as a whole, in the run's region.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// The account's own S3 public access block; absent means that none is set.
    pub public_access_block: Seen<s3::PublicAccessBlock>,
    /// Every trail that covers the region, shadow and organisation trails included.
    pub trails: Seen<Vec<cloudtrail::Trail>>,
    /// The resource policies of CloudWatch Logs for the account, in the run's region; an empty list means none.
    pub log_policies: Seen<Vec<PolicyText>>,
    /// The ids of event data stores; absent when none was asked for.
    pub event_data_stores: Seen<Vec<String>>,
    /// The alarms, dashboards and anomaly detectors of CloudWatch.
    pub cloudwatch: cloudwatch::View,
    /// The metric filters of every log group, in the run's region.
    pub metric_filters: Seen<Vec<logs::MetricFilter>>,
    /// The rules of the default event bus with their targets.
    pub events: eventbridge::View,
    /// The recorders, channels and rules of AWS Config.
    pub config: config::View,
    /// The custom domain names of API Gateway, in the run's region; an empty list means none.
    pub domain_names: Seen<Vec<apigateway::DomainName>>,
    /// The VPC endpoints of every VPC, in the run's region; an empty list means none.
    pub vpc_endpoints: Seen<Vec<network::Endpoint>>,
}

impl Account {
    /// The evidence of an account of which nothing could be seen.
    pub fn unknown(gap: &Gap) -> Self {
        Account {
            public_access_block: Seen::gap(gap.clone()),
            trails: Seen::gap(gap.clone()),
            log_policies: Seen::gap(gap.clone()),
            event_data_stores: Seen::gap(gap.clone()),
            cloudwatch: cloudwatch::View::unknown(gap),
            metric_filters: Seen::gap(gap.clone()),
            events: eventbridge::View::unknown(gap),
            config: config::View::unknown(gap),
            domain_names: Seen::gap(gap.clone()),
            vpc_endpoints: Seen::gap(gap.clone()),
        }
    }

    /// The custom domain of this name or ARN.
    ///
    /// # Errors
    /// A gap, when the list could not be read or does not hold it.
    pub fn domain_name(&self, named: &str) -> Result<&apigateway::DomainName, Gap> {
        let all = self.domain_names.required("GetDomainNames", "items")?;
        let is_it = |domain: &&apigateway::DomainName| {
            domain.name == named || domain.arn == crate::observed::Observed::Present(named.to_owned())
        };
        all.iter().find(is_it).ok_or_else(|| Gap::Incomplete {
            operation: "GetDomainNames".into(),
            field: format!("the custom domain {named}").into(),
        })
    }
}

impl Evidence {
    /// The subjects of one kind with their evidence, in report order.
    pub fn all<'a, T: Attributes + 'a>(&'a self) -> impl Iterator<Item = (&'a Subject, &'a T)> {
        self.subjects.iter().filter_map(|subject| T::of(&subject.resource).map(|evidence| (subject, evidence)))
    }

    /// The subjects of one kind, in report order.
    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Subject> {
        self.subjects.iter().filter(move |subject| subject.kind == kind)
    }

    /// The account's own evidence; every run has it.
    ///
    /// # Errors
    /// A gap, when the evidence holds no account, as in a hand-made evidence file.
    pub fn account(&self) -> Result<&Account, Gap> {
        self.all::<Account>()
            .next()
            .map(|(_, account)| account)
            .ok_or_else(|| Gap::NothingToAudit { kind: Kind::Account.name().into() })
    }

    /// The key that this string names: a key id, key ARN, alias name or alias ARN as another resource wrote it.
    pub fn key_named(&self, reference: &str) -> Option<(&Subject, &kms::Key)> {
        self.all::<kms::Key>().find(|(subject, _)| subject.names().contains(reference))
    }

    /// The bucket of this name.
    pub fn bucket_named(&self, name: &str) -> Option<(&Subject, &s3::Bucket)> {
        self.all::<s3::Bucket>().find(|(subject, _)| subject.id == name)
    }

    /// SHA-256 over the evidence in its canonical form, with the prefix `sha256:`. Times, request ids and body digests
    /// (bodies hold request ids) are left out, so that two runs that saw the same have the same digest.
    pub fn digest(&self) -> String {
        #[derive(Serialize)]
        struct Canonical<'a> {
            account: &'a str,
            region: &'a str,
            subjects: &'a [Subject],
            not_covered: &'a [NotCovered],
            calls: Vec<(&'a str, Option<u16>)>,
        }
        let calls = self.calls.iter().map(|call| (call.id.as_str(), call.status)).collect();
        let canonical = Canonical {
            account: &self.run.account,
            region: &self.run.region,
            subjects: &self.subjects,
            not_covered: &self.not_covered,
            calls,
        };
        let mut hash = Sha256::new();
        match serde_json::to_vec(&canonical) {
            Ok(bytes) => hash.update(&bytes),
            // Evidence is maps with text keys, lists and scalars, which always serialise; should that ever change, the
            // digest must not look like one of real evidence.
            Err(error) => return format!("unavailable: {error}"),
        }
        let digest: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        format!("sha256:{digest}")
    }
}
