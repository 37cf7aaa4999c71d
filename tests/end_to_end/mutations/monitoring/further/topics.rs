//! From the alarm to somebody: action, topic, its policy, its key, its subscribers.

use serde_json::{Value, json};
use tap_audit::replay::Answer;

use super::super::super::{Fail, Mutation, NotApplicable};
use super::super::{ALERT_KEY, ALERT_KEY_ID, TOPIC, TOPIC_ARN, of_topic, of_topic_policy, statement, without};
use crate::alter::{self, Setup};

const ENCRYPTED: &str = "sns-topic-kms-encrypted";
const KEY_POLICY: &str = "sns-key-policy-allows-publishers";
const POLICY: &str = "sns-policy-allows-publishers";
const PUBLIC: &str = "sns-policy-not-public";
const TLS: &str = "sns-tls-required";
const CONFIRMED: &str = "sns-subscription-confirmed";
const PROTOCOL: &str = "sns-subscription-secure-protocol";
const DELIVERY: &str = "sns-delivery-logging";

pub(super) const MUTATIONS: &[Mutation] = &[
    // AWS's own key, whose policy lets no service publish.
    Mutation {
        requirement: ENCRYPTED,
        change: |setup| {
            of_topic(setup, "KmsMasterKeyId", |_| Some("alias/aws/sns".to_owned()));
            key_of_aws(setup);
        },
        flips: &[
            (ENCRYPTED, TOPIC, Fail),
            // Nobody but AWS writes the policy of that key.
            (KEY_POLICY, TOPIC, NotApplicable),
            ("kms-policy-not-public", "AWS::KMS::Key 99999999-1111-4222-8333-444444444444", NotApplicable),
        ],
        says: "AWS manages the key",
    },
    Mutation {
        requirement: ENCRYPTED,
        change: |setup| {
            setup.json_of("kms", "DescribeKey", ALERT_KEY_ID, |answer| {
                answer["KeyMetadata"]["KeyState"] = json!("Disabled");
                answer["KeyMetadata"]["Enabled"] = json!(false);
            });
        },
        flips: &[(ENCRYPTED, TOPIC, Fail), ("kms-key-usable", ALERT_KEY, Fail)],
        says: "key/157008b7-3113-451e-8ba3-a6a9f3ea56f6` is Disabled",
    },
    // A Deny goes before every Allow.
    Mutation {
        requirement: KEY_POLICY,
        change: |setup| {
            of_alert_key(setup, |statements| {
                statements.push(json!({
                    "Effect": "Deny", "Principal": {"Service": "events.amazonaws.com"}, "Action": "kms:GenerateDataKey*",
                    "Resource": "*",
                }));
            });
        },
        flips: &[(KEY_POLICY, TOPIC, Fail)],
        says: "statement 5 of the key policy denies events.amazonaws.com kms:GenerateDataKey for rule",
    },
    Mutation {
        requirement: KEY_POLICY,
        change: |setup| {
            of_alert_key(setup, |statements| {
                statement(statements, "LetAlarmsPublish")["Action"] = json!("kms:Decrypt");
            });
        },
        flips: &[(KEY_POLICY, TOPIC, Fail)],
        says: "kms:GenerateDataKey",
    },
    // The alarms were renamed, and the policy was not.
    Mutation {
        requirement: KEY_POLICY,
        change: |setup| {
            of_alert_key(setup, |statements| {
                statement(statements, "LetAlarmsPublish")["Condition"]["ArnLike"]["aws:SourceArn"] =
                    json!("arn:aws:cloudwatch:eu-west-2:123456789012:alarm:alert-*-dev");
            });
        },
        flips: &[(KEY_POLICY, TOPIC, Fail)],
        says: "(LetAlarmsPublish) does not match, because the request's `aws:SourceArn` is",
    },
    // One alarm of many is left out.
    Mutation {
        requirement: KEY_POLICY,
        change: |setup| {
            of_alert_key(setup, |statements| {
                statement(statements, "LetAlarmsPublish")["Condition"]["ArnNotEquals"] =
                    json!({"aws:SourceArn": "arn:aws:cloudwatch:eu-west-2:123456789012:alarm:alarm-root-used-dev"});
            });
        },
        flips: &[(KEY_POLICY, TOPIC, Fail)],
        says: "for alarm `alarm-root-used-dev`: statement 2 (LetAlarmsPublish) does not match",
    },
    // The key may be used for another topic only.
    Mutation {
        requirement: KEY_POLICY,
        change: |setup| {
            of_alert_key(setup, |statements| {
                statement(statements, "LetAlarmsPublish")["Condition"]["StringEquals"]["kms:EncryptionContext:aws:sns:topicArn"] =
                    json!("arn:aws:sns:eu-west-2:123456789012:topic-alerts-old");
            });
        },
        flips: &[(KEY_POLICY, TOPIC, Fail)],
        says: "(LetAlarmsPublish) does not match, because the request's `kms:EncryptionContext:aws:sns:topicArn` is",
    },
    Mutation {
        requirement: POLICY,
        change: |setup| {
            of_topic_policy(setup, |statements| {
                statement(statements, "LetAlarmsPublish")["Condition"]["StringEquals"]["aws:SourceAccount"] =
                    json!("999988887777");
            });
        },
        flips: &[(POLICY, TOPIC, Fail)],
        says: "cloudwatch.amazonaws.com",
    },
    Mutation {
        requirement: POLICY,
        change: |setup| {
            of_topic_policy(setup, |statements| {
                statement(statements, "LetAlarmsPublish")["Resource"] =
                    json!("arn:aws:sns:eu-west-2:123456789012:topic-alerts-old");
            });
        },
        flips: &[(POLICY, TOPIC, Fail)],
        says: "cloudwatch.amazonaws.com",
    },
    Mutation {
        requirement: POLICY,
        change: |setup| {
            of_topic_policy(setup, |statements| {
                statements.push(json!({
                    "Effect": "Deny", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sns:*",
                    "Resource": TOPIC_ARN,
                }));
            });
        },
        flips: &[(POLICY, TOPIC, Fail)],
        says: "statement 5 of the topic policy denies events.amazonaws.com sns:Publish for rule",
    },
    // The policy that SNS gives a topic suffices for alarms, and not for rules.
    Mutation {
        requirement: POLICY,
        change: |setup| {
            of_topic_policy(setup, |statements| {
                without(statements, "LetAlarmsPublish");
                without(statements, "LetRulesPublish");
                statements.push(owners());
            });
        },
        flips: &[(POLICY, TOPIC, Fail)],
        says: "events.amazonaws.com",
    },
    // Alarms of any account are those of strangers.
    Mutation {
        requirement: PUBLIC,
        change: |setup| {
            of_topic_policy(setup, |statements| {
                statements.push(json!({
                    "Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sns:Publish", "Resource": TOPIC_ARN,
                    "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:*:*:alarm:*"}},
                }));
            });
        },
        flips: &[(PUBLIC, TOPIC, Fail)],
        says: "sns:Publish",
    },
    // Who does not say whose the source is passes the test.
    Mutation {
        requirement: PUBLIC,
        change: |setup| {
            of_topic_policy(setup, |statements| {
                let mut open = owners();
                open["Condition"] = json!({"StringEqualsIfExists": {"AWS:SourceOwner": "123456789012"}});
                statements.push(open);
            });
        },
        flips: &[(PUBLIC, TOPIC, Fail)],
        says: "anonymous",
    },
    Mutation {
        requirement: PUBLIC,
        change: |setup| {
            of_topic_policy(setup, |statements| {
                statements.push(json!({
                    "Effect": "Allow", "NotPrincipal": {"AWS": "arn:aws:iam::999988887777:root"},
                    "Action": "sns:Subscribe", "Resource": TOPIC_ARN,
                }));
            });
        },
        flips: &[(PUBLIC, TOPIC, Fail)],
        says: "sns:Subscribe",
    },
    Mutation {
        requirement: TLS,
        change: |setup| of_topic_policy(setup, |statements| without(statements, "DenyTransportWithoutTls")),
        flips: &[(TLS, TOPIC, Fail)],
        says: "sns:Publish",
    },
    // A further test leaves everybody out of it whom it does not meet.
    Mutation {
        requirement: TLS,
        change: |setup| {
            of_topic_policy(setup, |statements| {
                statement(statements, "DenyTransportWithoutTls")["Condition"]["StringNotEquals"] =
                    json!({"aws:PrincipalAccount": "123456789012"});
            });
        },
        flips: &[(TLS, TOPIC, Fail)],
        says: "sns:Publish",
    },
    Mutation {
        requirement: TLS,
        change: |setup| {
            of_topic_policy(setup, |statements| {
                statement(statements, "DenyTransportWithoutTls")["Resource"] =
                    json!("arn:aws:sns:eu-west-2:123456789012:topic-alerts-old");
            });
        },
        flips: &[(TLS, TOPIC, Fail)],
        says: "sns:Publish",
    },
    // It denies what is encrypted.
    Mutation {
        requirement: TLS,
        change: |setup| {
            of_topic_policy(setup, |statements| {
                statement(statements, "DenyTransportWithoutTls")["Condition"]["Bool"]["aws:SecureTransport"] =
                    json!("true");
            });
        },
        flips: &[
            (TLS, TOPIC, Fail),
            // Services publish under TLS, and are shut out.
            (POLICY, TOPIC, Fail),
        ],
        says: "sns:Publish",
    },
    Mutation {
        requirement: TLS,
        change: |setup| {
            of_topic_policy(setup, |statements| {
                statement(statements, "DenyTransportWithoutTls")["Action"] = json!(["sns:Subscribe", "sns:Receive"]);
            });
        },
        flips: &[(TLS, TOPIC, Fail)],
        says: "sns:Publish",
    },
    // What is not denied because it is allowed under TLS only is not denied in so many words.
    Mutation {
        requirement: TLS,
        change: |setup| {
            of_topic_policy(setup, |statements| {
                without(statements, "DenyTransportWithoutTls");
                for sid in ["LetAlarmsPublish", "LetRulesPublish"] {
                    statement(statements, sid)["Condition"]["Bool"] = json!({"aws:SecureTransport": "true"});
                }
            });
        },
        flips: &[(TLS, TOPIC, Fail)],
        says: "sns:Publish",
    },
    // Everybody unsubscribed.
    Mutation {
        requirement: CONFIRMED,
        change: |setup| {
            setup.edit("sns", "ListSubscriptionsByTopic", |body| {
                body.replace(":7aea4b11-c876-425a-b875-d68771d538ff<", "<")
                    .replace(":362c3d9a-c678-4ede-bedc-7ee649127afa<", "<")
                    .replace(&format!("<SubscriptionArn>{TOPIC_ARN}<"), "<SubscriptionArn>Deleted<")
            });
        },
        flips: &[
            (CONFIRMED, TOPIC, Fail),
            // What was removed delivers by no protocol.
            (PROTOCOL, TOPIC, NotApplicable),
            (DELIVERY, TOPIC, NotApplicable),
        ],
        says: "no subscription is confirmed",
    },
    Mutation {
        requirement: CONFIRMED,
        change: |setup| setup.edit("sns", "ListSubscriptionsByTopic", |body| alter::with_members(body, |_| false)),
        flips: &[
            (CONFIRMED, TOPIC, Fail),
            // Nothing is delivered by any protocol.
            (PROTOCOL, TOPIC, NotApplicable),
            (DELIVERY, TOPIC, NotApplicable),
        ],
        says: "nobody subscribes to the topic",
    },
    // It is still to be confirmed, and would be in clear.
    Mutation {
        requirement: PROTOCOL,
        change: |setup| {
            setup.edit("sns", "ListSubscriptionsByTopic", |body| {
                let own = format!("<SubscriptionArn>{TOPIC_ARN}:362c3d9a-c678-4ede-bedc-7ee649127afa<");
                body.replace(&own, "<SubscriptionArn>PendingConfirmation<").replace(">https<", ">http<")
            });
        },
        flips: &[(PROTOCOL, TOPIC, Fail)],
        says: "http",
    },
    Mutation {
        requirement: DELIVERY,
        change: |setup| {
            setup.replace("sns", "ListSubscriptionsByTopic", ">email<", ">sqs<");
            setup.replace(
                "sns",
                "ListSubscriptionsByTopic",
                ">on-call@clinic.example<",
                ">arn:aws:sqs:eu-west-2:123456789012:queue-alerts-dev<",
            );
        },
        flips: &[(DELIVERY, TOPIC, Fail)],
        says: "SQSFailureFeedbackRoleArn",
    },
];

fn of_alert_key(setup: &mut Setup, change: impl Fn(&mut Vec<Value>)) {
    setup.statements_of("kms", "GetKeyPolicy", ALERT_KEY_ID, change);
}

/// Lets KMS answer what it says of the key that AWS keeps for topics.
fn key_of_aws(setup: &mut Setup) {
    let id = "99999999-1111-4222-8333-444444444444";
    let key = json!({ "KeyMetadata": {
        "KeyId": id, "Arn": format!("arn:aws:kms:eu-west-2:123456789012:key/{id}"), "Enabled": true,
        "KeyUsage": "ENCRYPT_DECRYPT", "KeyState": "Enabled", "Origin": "AWS_KMS", "KeyManager": "AWS",
        "KeySpec": "SYMMETRIC_DEFAULT", "MultiRegion": false,
    } });
    let of_alias = [("KeyId", "alias/aws/sns")];
    let of_key = [("KeyId", id)];
    setup.answer("kms", "DescribeKey", &of_alias, Answer::ok(key.to_string()));
    setup.answer("kms", "DescribeKey", &of_key, Answer::ok(key.to_string()));
    setup.answer("kms", "GetKeyRotationStatus", &of_key, Answer::ok(r#"{"KeyRotationEnabled": true}"#));
    let policy = setup.recorded("kms", "GetKeyPolicy", ALERT_KEY_ID);
    setup.answer("kms", "GetKeyPolicy", &[of_key[0], ("PolicyName", "default")], Answer::ok(policy));
    setup.answer("kms", "ListAliases", &of_key, Answer::ok(r#"{"Aliases": [], "Truncated": false}"#));
    setup.answer("kms", "ListResourceTags", &of_key, Answer::ok(r#"{"Tags": [], "Truncated": false}"#));
    let of_stack = [("PhysicalResourceId", id)];
    setup.answer("cloudformation", "DescribeStackResources", &of_stack, alter::in_no_stack(id));
}

/// The statement of the policy that SNS gives a topic.
fn owners() -> Value {
    json!({
        "Sid": "__default_statement_ID", "Effect": "Allow", "Principal": {"AWS": "*"},
        "Action": ["sns:Publish", "sns:Subscribe", "sns:GetTopicAttributes"], "Resource": TOPIC_ARN,
        "Condition": {"StringEquals": {"AWS:SourceOwner": "123456789012"}},
    })
}
