//! Roles and their policies.

use serde_json::{Value, json};
use tap_audit::replay::Answer;

use super::super::{Fail, Mutation};
use super::{APPLICATION_LOG, DELIVERY_LOG, FAILURE_LOG, TRAIL_LOG, TRAIL_ROLE};
use crate::alter::{self, Setup};

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation {
        requirement: "iam-role-no-wildcard-actions",
        change: |setup| {
            of_trail_role(setup, |statement| statement["Action"] = json!(["logs:Create*", "logs:PutLogEvents"]));
        },
        flips: &[("iam-role-no-wildcard-actions", TRAIL_ROLE, Fail)],
        says: "logs:Create*",
    },
    Mutation {
        requirement: "iam-role-no-wildcard-resources",
        change: |setup| of_trail_role(setup, |statement| statement["Resource"] = json!("*")),
        flips: &[("iam-role-no-wildcard-resources", TRAIL_ROLE, Fail)],
        says: "logs:PutLogEvents",
    },
    Mutation {
        requirement: "iam-role-no-broad-managed-policy",
        change: |setup| {
            let document = json!({"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": ["logs:*", "cloudwatch:GenerateQuery"], "Resource": "*"},
            ]});
            attach(setup, "arn:aws:iam::aws:policy/CloudWatchLogsFullAccess", &document);
        },
        flips: &[
            ("iam-role-no-broad-managed-policy", TRAIL_ROLE, Fail),
            // It grants every action of Logs on every group.
            ("iam-role-no-wildcard-actions", TRAIL_ROLE, Fail),
            ("iam-role-no-wildcard-resources", TRAIL_ROLE, Fail),
            ("logs-tamper-resistant", APPLICATION_LOG, Fail),
            ("logs-tamper-resistant", TRAIL_LOG, Fail),
            ("logs-tamper-resistant", DELIVERY_LOG, Fail),
            ("logs-tamper-resistant", FAILURE_LOG, Fail),
        ],
        says: "CloudWatchLogsFullAccess",
    },
    Mutation {
        requirement: "iam-trust-principals-expected",
        change: |setup| {
            trust(setup, &json!({"Principal": {"AWS": "arn:aws:iam::999988887777:root"}}));
        },
        flips: &[("iam-trust-principals-expected", TRAIL_ROLE, Fail)],
        says: "999988887777",
    },
    Mutation {
        requirement: "iam-service-role-confused-deputy",
        change: |setup| {
            setup.tailoring = "[tailor.iam-service-role-confused-deputy.params]\nmode = \"require\"";
            trust(setup, &json!({"Principal": {"Service": "scheduler.amazonaws.com"}}));
        },
        flips: &[("iam-service-role-confused-deputy", TRAIL_ROLE, Fail)],
        says: "scheduler.amazonaws.com",
    },
];

/// Alters the statement of the policy by which the trail writes its log.
fn of_trail_role(setup: &mut Setup, change: impl Fn(&mut Value)) {
    setup.statements_of("iam", "GetRolePolicy", "WriteTrailLog", |statements| change(&mut statements[0]));
}

/// Lets somebody else assume the role of the trail too.
fn trust(setup: &mut Setup, who: &Value) {
    setup.statements_of("iam", "GetRole", "role-trail-log-dev", |statements| {
        let mut statement = who.clone();
        statement["Effect"] = json!("Allow");
        statement["Action"] = json!("sts:AssumeRole");
        statements.push(statement);
    });
}

/// Attaches a managed policy to the role of the trail.
fn attach(setup: &mut Setup, arn: &str, document: &Value) {
    let name = arn.rsplit('/').next().expect("a name");
    let attached = format!(
        "<AttachedPolicies><member><PolicyName>{name}</PolicyName><PolicyArn>{arn}</PolicyArn></member>\
         </AttachedPolicies>"
    );
    setup.edit_of("iam", "ListAttachedRolePolicies", "role-trail-log-dev", |body| {
        body.replace("<AttachedPolicies></AttachedPolicies>", &attached)
    });
    let described = format!(
        "<GetPolicyResponse><GetPolicyResult><Policy><Arn>{arn}</Arn><DefaultVersionId>v1</DefaultVersionId>\
         </Policy></GetPolicyResult></GetPolicyResponse>"
    );
    setup.answer("iam", "GetPolicy", &[("PolicyArn", arn)], Answer::ok(described));
    let version = format!(
        "<GetPolicyVersionResponse><GetPolicyVersionResult><PolicyVersion><Document>{}</Document>\
         <VersionId>v1</VersionId></PolicyVersion></GetPolicyVersionResult></GetPolicyVersionResponse>",
        alter::encoded(&document.to_string())
    );
    setup.answer("iam", "GetPolicyVersion", &[("PolicyArn", arn), ("VersionId", "v1")], Answer::ok(version));
}
