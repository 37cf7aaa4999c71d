//! What checks compliance by itself, and the way of a violation to somebody.

use serde_json::{Value, json};
use tap_audit::replay::Answer;

use super::super::super::{ACCOUNT, Error, Fail, Mutation, NotApplicable};
use super::super::listed;
use crate::alter::{self, Setup};

const RECORDER: &str = "config-recorder-on";
const RULES: &str = "config-rules-present";
const ROUTED: &str = "compliance-violation-alert-routed";

const OLD_TOPIC: &str = "AWS::SNS::Topic arn:aws:sns:eu-west-2:123456789012:topic-alerts-old";

/// Without a recorder there is nothing that the rules could judge.
const NOTHING_RECORDED: [(&str, &str, tap_audit_checks::report::Status); 2] =
    [(RECORDER, ACCOUNT, Fail), (RULES, ACCOUNT, NotApplicable)];

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation {
        requirement: RECORDER,
        change: |setup| {
            setup.json("configservice", "DescribeConfigurationRecorders", |answer| {
                answer["ConfigurationRecorders"] = json!([]);
            });
            setup.json("configservice", "DescribeConfigurationRecorderStatus", |answer| {
                answer["ConfigurationRecordersStatus"] = json!([]);
            });
        },
        flips: &NOTHING_RECORDED,
        says: "there is no configuration recorder",
    },
    Mutation {
        requirement: RECORDER,
        change: |setup| {
            setup.json("configservice", "DescribeConfigurationRecorderStatus", |answer| {
                answer["ConfigurationRecordersStatus"][0]["lastStatus"] = json!("Failure");
            });
        },
        flips: &NOTHING_RECORDED,
        says: "recorder recorder-dev records and its last delivery failed",
    },
    Mutation {
        requirement: RECORDER,
        change: |setup| {
            setup.json("configservice", "DescribeDeliveryChannels", |answer| answer["DeliveryChannels"] = json!([]));
        },
        flips: &NOTHING_RECORDED,
        says: "there is no delivery channel",
    },
    // The recorder is one of a service of AWS, which records for itself.
    Mutation {
        requirement: RECORDER,
        change: |setup| {
            setup.json("configservice", "DescribeConfigurationRecorders", |answer| {
                let recorder = &mut answer["ConfigurationRecorders"][0];
                recorder["servicePrincipal"] = json!("securityhub.amazonaws.com");
                recorder["recordingScope"] = json!("INTERNAL");
            });
        },
        flips: &NOTHING_RECORDED,
        says: "recorder recorder-dev belongs to an AWS service, and there is no other",
    },
    Mutation {
        requirement: RULES,
        change: |setup| of_rotation_rule(setup, |rule| rule["ConfigRuleState"] = json!("DELETING")),
        flips: &[(RULES, ACCOUNT, Fail)],
        says: "rule config-rule-keys-rotate-dev of CMK_BACKING_KEY_ROTATION_ENABLED is being deleted",
    },
    // A function of somebody with the name of AWS's rule.
    Mutation {
        requirement: RULES,
        change: |setup| {
            of_rotation_rule(setup, |rule| {
                rule["ConfigRuleName"] = json!("CMK_BACKING_KEY_ROTATION_ENABLED");
                rule["Source"] = json!({
                    "Owner": "CUSTOM_LAMBDA",
                    "SourceIdentifier": "arn:aws:lambda:eu-west-2:123456789012:function:keys-rotate",
                });
            });
        },
        flips: &[(RULES, ACCOUNT, Fail)],
        says: "no rule evaluates CMK_BACKING_KEY_ROTATION_ENABLED",
    },
    // It judges what is about to be deployed, and never what is.
    Mutation {
        requirement: RULES,
        change: |setup| of_rotation_rule(setup, |rule| rule["EvaluationModes"] = json!([{"Mode": "PROACTIVE"}])),
        flips: &[(RULES, ACCOUNT, Fail)],
        says: "looks at resources before they are deployed only",
    },
    Mutation {
        requirement: ROUTED,
        change: |setup| of_pattern(setup, |pattern| compliance(pattern, json!(["COMPLIANT"]))),
        flips: &[(ROUTED, ACCOUNT, Fail)],
        says: "no rule of the default event bus takes a violation",
    },
    Mutation {
        requirement: ROUTED,
        change: |setup| of_pattern(setup, |pattern| compliance(pattern, json!([{"anything-but": ["NON_COMPLIANT"]}]))),
        flips: &[(ROUTED, ACCOUNT, Fail)],
        says: "no rule of the default event bus takes a violation",
    },
    Mutation {
        requirement: ROUTED,
        change: |setup| of_pattern(setup, |pattern| pattern["source"] = json!(["aws.ec2"])),
        flips: &[(ROUTED, ACCOUNT, Fail)],
        says: "no rule of the default event bus takes a violation",
    },
    // EventBridge knows operators that this version does not.
    Mutation {
        requirement: ROUTED,
        change: |setup| of_pattern(setup, |pattern| compliance(pattern, json!([{"sounds-like": "NON_COMPLIANT"}]))),
        flips: &[(ROUTED, ACCOUNT, Error)],
        says: "sounds-like",
    },
    Mutation {
        requirement: ROUTED,
        change: |setup| setup.json("eventbridge", "ListTargetsByRule", |answer| answer["Targets"] = json!([])),
        flips: &[(ROUTED, ACCOUNT, Fail)],
        says: "rule rule-compliance-change-dev takes violations of aws.config to nowhere: it has no target",
    },
    // What a function makes of it is not followed.
    Mutation {
        requirement: ROUTED,
        change: |setup| target(setup, "arn:aws:lambda:eu-west-2:123456789012:function:on-violation"),
        flips: &[(ROUTED, ACCOUNT, Error)],
        says: "function:on-violation",
    },
    // The topic that it goes to was deleted.
    Mutation {
        requirement: ROUTED,
        change: |setup| {
            let gone = "arn:aws:sns:eu-west-2:123456789012:topic-alerts-old";
            target(setup, gone);
            let no_topic = || Answer::error("sns", 404, "NotFound");
            setup.answer("sns", "GetTopicAttributes", &[("TopicArn", gone)], no_topic());
            setup.answer("sns", "ListSubscriptionsByTopic", &[("TopicArn", gone)], no_topic());
            setup.answer("sns", "ListTagsForResource", &[("ResourceArn", gone)], no_topic());
            setup.answer(
                "cloudformation",
                "DescribeStackResources",
                &[("PhysicalResourceId", gone)],
                alter::in_no_stack(gone),
            );
        },
        flips: &[
            (ROUTED, ACCOUNT, Fail),
            // A topic that a rule of the audit aims at is one of the audit, and nothing can be seen of it.
            ("sns-topic-kms-encrypted", OLD_TOPIC, Error),
            ("sns-key-policy-allows-publishers", OLD_TOPIC, Error),
            ("sns-policy-allows-publishers", OLD_TOPIC, Error),
            ("sns-policy-not-public", OLD_TOPIC, Error),
            ("sns-tls-required", OLD_TOPIC, Error),
            ("sns-subscription-confirmed", OLD_TOPIC, Error),
            ("sns-subscription-secure-protocol", OLD_TOPIC, Error),
            ("sns-delivery-logging", OLD_TOPIC, Error),
        ],
        says: "to topic arn:aws:sns:eu-west-2:123456789012:topic-alerts-old, which does not exist",
    },
];

fn of_rotation_rule(setup: &mut Setup, change: impl Fn(&mut Value)) {
    setup.json("configservice", "DescribeConfigRules", |answer| {
        listed(answer, "ConfigRules", ("ConfigRuleName", "config-rule-keys-rotate-dev"), &change);
    });
}

fn of_pattern(setup: &mut Setup, change: impl Fn(&mut Value)) {
    setup.json("eventbridge", "ListRules", |answer| {
        let text = answer["Rules"][0]["EventPattern"].as_str().expect("a pattern");
        let mut pattern = serde_json::from_str(text).expect("a pattern in JSON");
        change(&mut pattern);
        answer["Rules"][0]["EventPattern"] = json!(pattern.to_string());
    });
}

fn compliance(pattern: &mut Value, wanted: Value) {
    pattern["detail"]["newEvaluationResult"]["complianceType"] = wanted;
}

fn target(setup: &mut Setup, arn: &str) {
    setup.json("eventbridge", "ListTargetsByRule", |answer| answer["Targets"][0]["Arn"] = json!(arn));
}
