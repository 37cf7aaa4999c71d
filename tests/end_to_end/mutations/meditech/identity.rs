//! The mutations of requirements about roles.

use serde_json::{Value, json};
use tap_audit::replay::Answer;

use super::super::{Fail, Mutation, STACK};
use super::TASK_ROLE;
use crate::alter::{self, Setup};

const OF_TASKS: &str = "<RoleName>task-role-dev</RoleName>";

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation {
        requirement: "iam-role-no-wildcard-actions",
        change: |setup| {
            of_tasks(setup, "MountsThroughTheAccessPoint", |statement| {
                statement["Action"] = json!("elasticfilesystem:Client*");
            });
        },
        flips: &[("iam-role-no-wildcard-actions", TASK_ROLE, Fail)],
        says: "elasticfilesystem:Client*",
    },
    Mutation {
        requirement: "iam-role-no-wildcard-resources",
        change: |setup| of_tasks(setup, "ReadsTheDatabaseSecretAgain", |statement| statement["Resource"] = json!("*")),
        flips: &[("iam-role-no-wildcard-resources", TASK_ROLE, Fail)],
        says: "secretsmanager:GetSecretValue",
    },
    Mutation {
        requirement: "iam-role-no-broad-managed-policy",
        change: |setup| {
            let document = json!({"Version": "2012-10-17", "Statement": [{
                "Effect": "Allow", "Resource": "*", "Action": [
                    "elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite",
                    "elasticfilesystem:DescribeMountTargets",
                ],
            }]});
            attach(setup, "AmazonElasticFileSystemClientReadWriteAccess", &document);
        },
        flips: &[
            ("iam-role-no-broad-managed-policy", TASK_ROLE, Fail),
            // It grants three actions on every file system.
            ("iam-role-no-wildcard-resources", TASK_ROLE, Fail),
        ],
        says: "AmazonElasticFileSystemClientReadWriteAccess",
    },
    Mutation {
        requirement: "iam-trust-principals-expected",
        change: |setup| {
            setup.statements_about("iam", "GetRole", OF_TASKS, |statements| {
                statements.push(json!({
                    "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::999988887777:root"},
                    "Action": "sts:AssumeRole",
                }));
            });
        },
        flips: &[("iam-trust-principals-expected", TASK_ROLE, Fail)],
        says: "999988887777",
    },
    Mutation {
        requirement: "iam-no-access-keys-for-stack",
        change: |setup| {
            setup.template_text(
                "\nResources:\n",
                "\nResources:\n  ReportingKey:\n    Type: AWS::IAM::AccessKey\n    Properties:\n      UserName: reporting\n",
            );
            let member = "<StackResourceSummaries>\n<member><LogicalResourceId>ReportingKey</LogicalResourceId>\
                <PhysicalResourceId>AKIAMADEUP0MADEUP000</PhysicalResourceId>\
                <ResourceType>AWS::IAM::AccessKey</ResourceType><ResourceStatus>CREATE_COMPLETE</ResourceStatus>\
                </member>";
            setup.replace("cloudformation", "ListStackResources", "<StackResourceSummaries>", member);
        },
        flips: &[("iam-no-access-keys-for-stack", STACK, Fail)],
        says: "ReportingKey of stack TapStackdev is an access key",
    },
    Mutation {
        requirement: "iam-service-role-confused-deputy",
        change: |setup| {
            setup.tailoring = "[tailor.iam-service-role-confused-deputy.params]\nmode = \"require\"";
            setup.statements_about("iam", "GetRole", OF_TASKS, |statements| {
                statements[0].as_object_mut().expect("a statement").remove("Condition");
            });
        },
        flips: &[("iam-service-role-confused-deputy", TASK_ROLE, Fail)],
        says: "does not hold ecs-tasks.amazonaws.com to resources of the own account",
    },
];

/// Changes one statement of the tasks' role.
fn of_tasks(setup: &mut Setup, sid: &str, change: impl Fn(&mut Value)) {
    setup.statements_about("iam", "GetRolePolicy", OF_TASKS, |statements| {
        statements.iter_mut().filter(|statement| statement["Sid"] == sid).for_each(&change);
    });
}

/// Attaches a policy of AWS to the tasks' role.
fn attach(setup: &mut Setup, name: &str, document: &Value) {
    let arn = format!("arn:aws:iam::aws:policy/{name}");
    let attached = format!(
        "<ListAttachedRolePoliciesResponse><ListAttachedRolePoliciesResult><AttachedPolicies><member>\
         <PolicyName>{name}</PolicyName><PolicyArn>{arn}</PolicyArn></member></AttachedPolicies>\
         <IsTruncated>false</IsTruncated></ListAttachedRolePoliciesResult></ListAttachedRolePoliciesResponse>"
    );
    setup.answer("iam", "ListAttachedRolePolicies", &[("RoleName", "task-role-dev")], Answer::ok(attached));
    let described = format!(
        "<GetPolicyResponse><GetPolicyResult><Policy><Arn>{arn}</Arn>\
         <DefaultVersionId>v1</DefaultVersionId></Policy></GetPolicyResult></GetPolicyResponse>"
    );
    setup.answer("iam", "GetPolicy", &[("PolicyArn", &arn)], Answer::ok(described));
    let version = format!(
        "<GetPolicyVersionResponse><GetPolicyVersionResult><PolicyVersion><Document>{}</Document>\
         <VersionId>v1</VersionId></PolicyVersion></GetPolicyVersionResult></GetPolicyVersionResponse>",
        alter::encoded(&document.to_string())
    );
    setup.answer("iam", "GetPolicyVersion", &[("PolicyArn", &arn), ("VersionId", "v1")], Answer::ok(version));
}
