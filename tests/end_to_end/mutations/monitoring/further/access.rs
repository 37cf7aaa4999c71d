//! Who may do what: roles, those who may assume them, and keys.

use serde_json::{Value, json};
use tap_audit::replay::Answer;

use super::super::super::{Fail, Mutation, Pass};
use super::super::{ALERT_KEY, ALERT_KEY_ID, APPLICATION_LOG, DELIVERY_LOG, FAILURE_LOG, TRAIL_LOG, TRAIL_ROLE};
use crate::alter::{self, Setup};

const CONSOLE_ROLE: &str = "AWS::IAM::Role SNSFailureFeedback";
const ACTIONS: &str = "iam-role-no-wildcard-actions";
const RESOURCES: &str = "iam-role-no-wildcard-resources";
const TRUST: &str = "iam-trust-principals-expected";
const PUBLIC: &str = "kms-policy-not-public";
const LEAST: &str = "kms-policy-least-privilege";
const TAMPER: &str = "logs-tamper-resistant";

pub(super) const MUTATIONS: &[Mutation] = &[
    // All but one action is nearly every one.
    Mutation {
        requirement: ACTIONS,
        change: |setup| {
            may(
                setup,
                &json!({
                    "NotAction": "iam:*",
                    "Resource": "arn:aws:sqs:eu-west-2:123456789012:queue-undelivered-alerts-dev",
                }),
            );
        },
        flips: &[(ACTIONS, TRAIL_ROLE, Fail)],
        says: "statement 2 of inline policy WriteTrailLog allows every action but `iam:*`",
    },
    // One letter that is left open.
    Mutation {
        requirement: ACTIONS,
        change: |setup| {
            may(
                setup,
                &json!({
                    "Action": "sqs:SendMessag?",
                    "Resource": "arn:aws:sqs:eu-west-2:123456789012:queue-undelivered-alerts-dev",
                }),
            );
        },
        flips: &[(ACTIONS, TRAIL_ROLE, Fail)],
        says: "sqs:SendMessag?",
    },
    Mutation {
        requirement: RESOURCES,
        change: |setup| {
            may(
                setup,
                &json!({
                    "Action": "sqs:SendMessage",
                    "NotResource": "arn:aws:sqs:eu-west-2:123456789012:queue-undelivered-alerts-dev",
                }),
            );
        },
        flips: &[(RESOURCES, TRAIL_ROLE, Fail)],
        says: "statement 2 of inline policy WriteTrailLog allows every resource but",
    },
    // The name that would tell which log group is a star.
    Mutation {
        requirement: RESOURCES,
        change: |setup| {
            may(
                setup,
                &json!({
                    "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                    "Resource": "arn:aws:logs:eu-west-2:123456789012:log-group:/healthcare/*",
                }),
            );
        },
        flips: &[(RESOURCES, TRAIL_ROLE, Fail)],
        says: "log-group:/healthcare/*",
    },
    // A condition does not make up for a star.
    Mutation {
        requirement: RESOURCES,
        change: |setup| {
            may(
                setup,
                &json!({
                    "Action": "sqs:SendMessage", "Resource": "*",
                    "Condition": {"StringEquals": {"aws:ResourceAccount": "123456789012"}},
                }),
            );
        },
        flips: &[(RESOURCES, TRAIL_ROLE, Fail)],
        says: "sqs:SendMessage",
    },
    // Everything, in one statement.
    Mutation {
        requirement: ACTIONS,
        change: |setup| may(setup, &json!({"Action": "*", "Resource": "*"})),
        flips: &[
            (ACTIONS, TRAIL_ROLE, Fail),
            (RESOURCES, TRAIL_ROLE, Fail),
            // It may delete each log group too.
            (TAMPER, APPLICATION_LOG, Fail),
            (TAMPER, TRAIL_LOG, Fail),
            (TAMPER, DELIVERY_LOG, Fail),
            (TAMPER, FAILURE_LOG, Fail),
        ],
        says: "`*`",
    },
    // The role that the console makes for delivery logging, which no stack holds.
    Mutation {
        requirement: RESOURCES,
        change: |setup| {
            let of_stack = "role/role-alert-delivery-log-dev";
            setup.replace("sns", "GetTopicAttributes", of_stack, "role/SNSFailureFeedback");
            role_of_console(setup);
        },
        flips: &[
            (RESOURCES, CONSOLE_ROLE, Fail),
            (ACTIONS, CONSOLE_ROLE, Pass),
            ("iam-role-no-broad-managed-policy", CONSOLE_ROLE, Pass),
            (TRUST, CONSOLE_ROLE, Pass),
            // It may set the retention of each log group.
            (TAMPER, APPLICATION_LOG, Fail),
            (TAMPER, TRAIL_LOG, Fail),
            (TAMPER, DELIVERY_LOG, Fail),
            (TAMPER, FAILURE_LOG, Fail),
        ],
        says: "SNSFailureFeedbackPolicy",
    },
    // Who knows the external id may come from anywhere.
    Mutation {
        requirement: TRUST,
        change: |setup| {
            trust(
                setup,
                &json!({
                    "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole",
                    "Condition": {"StringEquals": {"sts:ExternalId": "made-up-id-41"}},
                }),
            );
        },
        flips: &[(TRUST, TRAIL_ROLE, Fail)],
        says: "stranger",
    },
    // Everybody of the organization is more than the account.
    Mutation {
        requirement: TRUST,
        change: |setup| {
            trust(
                setup,
                &json!({
                    "Principal": "*", "Action": "sts:AssumeRole",
                    "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-madeup0000"}},
                }),
            );
        },
        flips: &[(TRUST, TRAIL_ROLE, Fail)],
        says: "any account of an organisation can become the role",
    },
    Mutation {
        requirement: TRUST,
        change: |setup| {
            trust(
                setup,
                &json!({
                    "NotPrincipal": {"AWS": "arn:aws:iam::999988887777:root"}, "Action": "sts:AssumeRole",
                }),
            );
        },
        flips: &[(TRUST, TRAIL_ROLE, Fail)],
        says: "NotPrincipal",
    },
    // Any repository of the provider, of anybody.
    Mutation {
        requirement: TRUST,
        change: |setup| {
            let provider = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com";
            trust(
                setup,
                &json!({
                    "Principal": {"Federated": provider}, "Action": "sts:AssumeRoleWithWebIdentity",
                    "Condition": {"StringLike": {"token.actions.githubusercontent.com:sub": "repo:*"}},
                }),
            );
        },
        flips: &[(TRUST, TRAIL_ROLE, Fail)],
        says: "token.actions.githubusercontent.com",
    },
    // By way of which service says nothing of who asks.
    Mutation {
        requirement: PUBLIC,
        change: |setup| {
            of_key(
                setup,
                &json!({
                    "Principal": "*", "Action": "kms:Decrypt",
                    "Condition": {"StringEquals": {"kms:ViaService": "sns.eu-west-2.amazonaws.com"}},
                }),
            );
        },
        flips: &[(PUBLIC, ALERT_KEY, Fail)],
        says: "kms:Decrypt",
    },
    // Who does not tell the account passes the test.
    Mutation {
        requirement: PUBLIC,
        change: |setup| {
            of_key(
                setup,
                &json!({
                    "Principal": {"AWS": "*"}, "Action": "kms:Decrypt",
                    "Condition": {"StringEqualsIfExists": {"aws:SourceAccount": "123456789012"}},
                }),
            );
        },
        flips: &[(PUBLIC, ALERT_KEY, Fail)],
        says: "kms:Decrypt",
    },
    Mutation {
        requirement: PUBLIC,
        change: |setup| {
            of_key(
                setup,
                &json!({
                    "Principal": {"AWS": "*"}, "Action": "kms:Decrypt",
                    "Condition": {"StringLike": {"kms:CallerAccount": "*"}},
                }),
            );
        },
        flips: &[(PUBLIC, ALERT_KEY, Fail)],
        says: "kms:Decrypt",
    },
    // A role of the stack may have the key deleted.
    Mutation {
        requirement: LEAST,
        change: |setup| {
            of_key(
                setup,
                &json!({
                    "Principal": {"AWS": "arn:aws:iam::123456789012:role/role-trail-log-dev"},
                    "Action": "kms:Schedule*",
                }),
            );
        },
        flips: &[(LEAST, ALERT_KEY, Fail)],
        says: "role-trail-log-dev",
    },
    // A service that may use the key for anybody.
    Mutation {
        requirement: LEAST,
        change: |setup| {
            of_key(
                setup,
                &json!({
                    "Principal": {"Service": "s3.amazonaws.com"}, "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
                }),
            );
        },
        flips: &[(LEAST, ALERT_KEY, Fail)],
        says: "s3.amazonaws.com",
    },
];

/// Adds a statement to the policy of the trail's role.
fn may(setup: &mut Setup, what: &Value) {
    setup.statements_of("iam", "GetRolePolicy", "WriteTrailLog", |statements| statements.push(allowing(what)));
}

/// Lets IAM answer what it says of the role that the console makes for delivery logging.
fn role_of_console(setup: &mut Setup) {
    let (stacks, policies) = ("role-alert-delivery-log-dev", "WriteDeliveryLog");
    let (name, policy) = ("SNSFailureFeedback", "SNSFailureFeedbackPolicy");
    for operation in ["GetRole", "ListRolePolicies", "ListAttachedRolePolicies", "ListRoleTags"] {
        let said = setup.recorded("iam", operation, stacks).replace(stacks, name).replace(policies, policy);
        setup.answer("iam", operation, &[("RoleName", name)], Answer::ok(said));
    }
    let document = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Resource": ["*"],
        "Action": [
            "logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "logs:PutMetricFilter",
            "logs:PutRetentionPolicy",
        ],
    }]});
    let said = format!(
        "<GetRolePolicyResponse><GetRolePolicyResult><RoleName>{name}</RoleName><PolicyName>{policy}</PolicyName>\
         <PolicyDocument>{}</PolicyDocument></GetRolePolicyResult></GetRolePolicyResponse>",
        alter::encoded(&document.to_string())
    );
    setup.answer("iam", "GetRolePolicy", &[("RoleName", name), ("PolicyName", policy)], Answer::ok(said));
    let of_stack = [("PhysicalResourceId", name)];
    setup.answer("cloudformation", "DescribeStackResources", &of_stack, alter::in_no_stack(name));
}

/// Adds a statement to the trust of the trail's role.
fn trust(setup: &mut Setup, whom: &Value) {
    setup.statements_of("iam", "GetRole", "role-trail-log-dev", |statements| statements.push(allowing(whom)));
}

/// Adds a statement to the policy of the alerts' key.
fn of_key(setup: &mut Setup, what: &Value) {
    setup.statements_of("kms", "GetKeyPolicy", ALERT_KEY_ID, |statements| {
        let mut statement = allowing(what);
        statement["Resource"] = json!("*");
        statements.push(statement);
    });
}

fn allowing(what: &Value) -> Value {
    let mut statement = what.clone();
    statement["Effect"] = json!("Allow");
    statement
}
