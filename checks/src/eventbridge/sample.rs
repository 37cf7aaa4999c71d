//! Events that tell of a violation, in the form in which AWS services send them: what patterns are tried on.

use serde::Deserialize;
use serde_json::{Value, json};

use super::pattern;
use crate::evidence::Run;

/// A service that tells of violations on the default event bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) enum Source {
    /// AWS Config: a rule finds a resource that does not comply.
    #[serde(rename = "aws.config")]
    Config,
    /// Security Hub: a control fails.
    #[serde(rename = "aws.securityhub")]
    SecurityHub,
    /// GuardDuty: it finds a threat.
    #[serde(rename = "aws.guardduty")]
    GuardDuty,
}

impl Source {
    /// Every source.
    pub(super) const ALL: [Source; 3] = [Source::Config, Source::SecurityHub, Source::GuardDuty];

    /// The source as events name it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Source::Config => "aws.config",
            Source::SecurityHub => "aws.securityhub",
            Source::GuardDuty => "aws.guardduty",
        }
    }

    fn detail_type(self) -> &'static str {
        match self {
            Source::Config => "Config Rules Compliance Change",
            Source::SecurityHub => "Security Hub Findings - Imported",
            Source::GuardDuty => "GuardDuty Finding",
        }
    }

    /// Events of a violation that differ in what a pattern may narrow: rule and resource type, or severity.
    pub(super) fn samples(self, run: &Run, config_rules: &[&str]) -> Vec<Value> {
        let details: Vec<Value> = match self {
            Source::Config => {
                let none = ["(a rule)"];
                let rules = if config_rules.is_empty() { &none[..] } else { config_rules };
                let kinds = rules.iter().flat_map(|rule| CONFIG_TYPES.iter().map(move |kind| (rule, kind)));
                kinds.flat_map(|(rule, kind)| [config(run, rule, kind, true), config(run, rule, kind, false)]).collect()
            }
            Source::SecurityHub => SEVERITIES.iter().map(|severity| hub(run, *severity)).collect(),
            Source::GuardDuty => [8, 5, 2].into_iter().map(|severity| threat(run, severity)).collect(),
        };
        details.into_iter().map(|detail| self.event(run, &detail)).collect()
    }

    fn event(self, run: &Run, detail: &Value) -> Value {
        json!({
            "version": "0",
            "id": "00000000-0000-0000-0000-000000000000",
            "detail-type": self.detail_type(),
            "source": self.name(),
            "account": run.account,
            "time": TIME,
            "region": run.region,
            "resources": [],
            "detail": detail,
        })
    }
}

const TIME: &str = "2026-01-01T00:00:00Z";
/// Types of the resources of a monitoring stack, and the account, which some rules judge as a whole.
const CONFIG_TYPES: [&str; 6] = [
    "AWS::KMS::Key",
    "AWS::SNS::Topic",
    "AWS::Logs::LogGroup",
    "AWS::CloudWatch::Alarm",
    "AWS::IAM::Role",
    "AWS::::Account",
];
/// The severities of Security Hub, with the number that goes with each.
const SEVERITIES: [(&str, u8); 4] = [("CRITICAL", 90), ("HIGH", 70), ("MEDIUM", 40), ("LOW", 1)];

/// A resource that did not comply at the last evaluation; at its first one there is no earlier result to name.
fn config(run: &Run, rule: &str, kind: &str, evaluated_before: bool) -> Value {
    let result = |compliance: &str| {
        json!({
            "evaluationResultIdentifier": {
                "evaluationResultQualifier": {"configRuleName": rule, "resourceType": kind, "resourceId": "a-resource"},
                "orderingTimestamp": TIME,
            },
            "complianceType": compliance,
            "resultRecordedTime": TIME,
            "configRuleInvokedTime": TIME,
        })
    };
    let mut detail = json!({
        "resourceId": "a-resource",
        "awsRegion": run.region,
        "awsAccountId": run.account,
        "configRuleName": rule,
        "recordVersion": "1.0",
        "configRuleARN": format!("arn:{}:config:{}:{}:config-rule/config-rule-a1b2c3", run.partition, run.region, run.account),
        "messageType": "ComplianceChangeNotification",
        "newEvaluationResult": result("NON_COMPLIANT"),
        "notificationCreationTime": TIME,
        "resourceType": kind,
    });
    if evaluated_before {
        detail["oldEvaluationResult"] = result("COMPLIANT");
    }
    detail
}

fn hub(run: &Run, (severity, number): (&str, u8)) -> Value {
    let (partition, region, account) = (&run.partition, &run.region, &run.account);
    json!({"findings": [{
        "SchemaVersion": "2018-10-08",
        "Id": format!("arn:{partition}:securityhub:{region}:{account}:security-control/KMS.4/finding/1"),
        "ProductArn": format!("arn:{partition}:securityhub:{region}::product/aws/securityhub"),
        "ProductName": "Security Hub",
        "CompanyName": "AWS",
        "Region": region,
        "GeneratorId": "security-control/KMS.4",
        "AwsAccountId": account,
        "Types": ["Software and Configuration Checks/Industry and Regulatory Standards"],
        "CreatedAt": TIME,
        "UpdatedAt": TIME,
        "Severity": {"Label": severity, "Normalized": number, "Original": severity},
        "Title": "AWS KMS key rotation should be enabled",
        "Description": "This control checks whether key rotation is enabled.",
        "Resources": [{
            "Type": "AwsKmsKey",
            "Id": format!("arn:{partition}:kms:{region}:{account}:key/a-resource"),
            "Partition": partition,
            "Region": region,
        }],
        "Compliance": {"Status": "FAILED", "SecurityControlId": "KMS.4"},
        "WorkflowState": "NEW",
        "Workflow": {"Status": "NEW"},
        "RecordState": "ACTIVE",
    }]})
}

fn threat(run: &Run, severity: u8) -> Value {
    json!({
        "schemaVersion": "2.0",
        "accountId": run.account,
        "region": run.region,
        "partition": run.partition,
        "id": "a1b2c3",
        "arn": format!("arn:{}:guardduty:{}:{}:detector/d/finding/a1b2c3", run.partition, run.region, run.account),
        "type": "UnauthorizedAccess:IAMUser/MaliciousIPCaller.Custom",
        "resource": {"resourceType": "AccessKey"},
        "service": {"serviceName": "guardduty", "detectorId": "d", "archived": false, "count": 1},
        "severity": severity,
        "createdAt": TIME,
        "updatedAt": TIME,
        "title": "An API was called from a malicious address.",
        "description": "An API was called from a malicious address.",
    })
}

/// Whether a pattern may take events of violations, by the fields that every event has. It decides what is read, not what
/// is judged: a pattern that is not understood may.
pub fn is_about_violations(pattern: &Value, run_account: &str, run_region: &str) -> bool {
    let Value::Object(fields) = pattern else { return true };
    let envelope = ["source", "detail-type", "account", "region"];
    let outer: serde_json::Map<String, Value> = fields
        .iter()
        .filter(|(name, _)| envelope.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    if outer.is_empty() {
        return true;
    }
    let outer = Value::Object(outer);
    Source::ALL.into_iter().any(|source| {
        let event = json!({
            "source": source.name(),
            "detail-type": source.detail_type(),
            "account": run_account,
            "region": run_region,
        });
        pattern::matches(&outer, &event) != Ok(false)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_tell_of_violations_is_told_by_the_outer_fields() {
        let may = |pattern: Value| is_about_violations(&pattern, "123456789012", "us-east-2");
        assert!(may(json!({"source": ["aws.config"], "detail": {"configRuleName": ["x"]}})));
        assert!(may(json!({"source": [{"prefix": "aws."}], "detail-type": ["GuardDuty Finding"]})));
        assert!(may(json!({"detail": {"severity": [8]}})));
        assert!(may(json!({"source": [{"newer": "x"}]})));
        assert!(!may(json!({"source": ["aws.ec2"]})));
        assert!(!may(json!({"source": ["aws.config"], "detail-type": ["Config Configuration Item Change"]})));
        assert!(!may(json!({"source": ["aws.config"], "account": ["210987654321"]})));
    }
}
