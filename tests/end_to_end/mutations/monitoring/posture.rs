//! Compliance that is checked by itself, and who hears of it.

use serde_json::json;

use super::super::{ACCOUNT, Fail, Mutation, NotApplicable};
use super::listed;
use crate::alter;

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation {
        requirement: "config-recorder-on",
        change: |setup| {
            setup.json("configservice", "DescribeConfigurationRecorderStatus", |answer| {
                answer["ConfigurationRecordersStatus"][0]["recording"] = json!(false);
            });
        },
        flips: &[
            ("config-recorder-on", ACCOUNT, Fail),
            // Rules that nothing is recorded for judge nothing.
            ("config-rules-present", ACCOUNT, NotApplicable),
        ],
        says: "AWS Config: recorder recorder-dev does not record; tap-audit: no rule that runs it is named",
    },
    Mutation {
        requirement: "config-rules-present",
        change: |setup| {
            setup.json("configservice", "DescribeConfigRules", |answer| {
                let rules = answer["ConfigRules"].as_array_mut().expect("rules");
                rules.retain(|rule| rule["Source"]["SourceIdentifier"] != "CMK_BACKING_KEY_ROTATION_ENABLED");
            });
            setup.json("configservice", "DescribeComplianceByConfigRule", |answer| {
                let rules = answer["ComplianceByConfigRules"].as_array_mut().expect("rules");
                rules.retain(|rule| rule["ConfigRuleName"] != "config-rule-keys-rotate-dev");
            });
        },
        flips: &[("config-rules-present", ACCOUNT, Fail)],
        says: "no rule evaluates CMK_BACKING_KEY_ROTATION_ENABLED",
    },
    Mutation {
        requirement: "config-rules-compliant",
        change: |setup| {
            setup.tailoring = "[tailor.config-rules-compliant.params]\nmode = \"require\"";
            setup.json("configservice", "DescribeComplianceByConfigRule", |answer| {
                let rule = ("ConfigRuleName", "config-rule-keys-rotate-dev");
                listed(answer, "ComplianceByConfigRules", rule, |rule| {
                    rule["Compliance"]["ComplianceType"] = json!("NON_COMPLIANT");
                });
            });
        },
        flips: &[("config-rules-compliant", ACCOUNT, Fail)],
        says: "rule config-rule-keys-rotate-dev says NON_COMPLIANT",
    },
    Mutation {
        requirement: "compliance-violation-alert-routed",
        change: |setup| {
            setup.json("eventbridge", "ListRules", |answer| answer["Rules"][0]["State"] = json!("DISABLED"));
        },
        flips: &[("compliance-violation-alert-routed", ACCOUNT, Fail)],
        says: "rule rule-compliance-change-dev takes violations of aws.config and is disabled",
    },
    Mutation {
        requirement: "monitoring-error-handling",
        change: |setup| {
            setup.tailoring = "[tailor.monitoring-error-handling.params]\nmode = \"require\"";
            let https = "arn:aws:sns:eu-west-2:123456789012:topic-alerts-dev:362c3d9a-c678-4ede-bedc-7ee649127afa";
            setup.edit_of("sns", "GetSubscriptionAttributes", https, |body| {
                alter::with_attribute(body, "RedrivePolicy", |_| None)
            });
        },
        flips: &[("monitoring-error-handling", ACCOUNT, Fail)],
        says: "has no dead-letter queue",
    },
];
