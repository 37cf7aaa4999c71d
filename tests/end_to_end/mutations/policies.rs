//! The mutations of requirements about policy documents.

use serde_json::{Value, json};
use tap_audit::replay::Answer;

use super::{BUCKET, FUNCTION, Fail, KEY, LOG_GROUP, Mutation, Pass, ROLE, STACK};
use crate::alter::{self, Setup};
use crate::harness;

const STRANGER: &str = "arn:aws:iam::999988887777:root";

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation {
        requirement: "s3-policy-deny-unencrypted-upload",
        // Without a header nothing is compared, and the upload slips through.
        change: |setup| {
            of_the_bucket(setup, "DenyUnencryptedUploads", |statement| {
                statement["Condition"] =
                    json!({"ForAnyValue:StringNotEquals": {"s3:x-amz-server-side-encryption": "AES256"}});
            });
        },
        flips: &[("s3-policy-deny-unencrypted-upload", BUCKET, Fail)],
        says: "without an encryption header",
    },
    Mutation {
        requirement: "s3-policy-deny-insecure-transport",
        change: |setup| {
            of_the_bucket(setup, "DenyInsecureTransport", |statement| {
                statement["Action"] = json!(["s3:Get*", "s3:Put*", "s3:List*", "s3:Delete*"]);
            });
        },
        flips: &[("s3-policy-deny-insecure-transport", BUCKET, Fail)],
        says: "s3:AbortMultipartUpload",
    },
    Mutation {
        requirement: "s3-policy-not-public",
        change: |setup| {
            let open = json!({
                "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
                "Resource": format!("arn:aws:s3:::{}/*", harness::BUCKET),
                "Condition": {"StringLike": {"aws:Referer": "https://records.example/*"}},
            });
            add(setup, "s3", "GetBucketPolicy", harness::BUCKET, &open);
        },
        flips: &[("s3-policy-not-public", BUCKET, Fail)],
        says: "anonymous can call s3:GetObject",
    },
    Mutation {
        requirement: "lambda-invoke-permission-s3-scoped",
        change: |setup| {
            setup.statements("lambda", "GetPolicy", |statements| {
                statements[0]["Condition"].as_object_mut().expect("tests").remove("StringEquals");
            });
        },
        flips: &[("lambda-invoke-permission-s3-scoped", FUNCTION, Fail)],
        says: "account",
    },
    Mutation {
        requirement: "lambda-policy-not-public",
        change: |setup| {
            let open = json!({
                "Sid": "FunctionUrl", "Effect": "Allow", "Principal": "*", "Action": "lambda:InvokeFunctionUrl",
                "Resource": "arn:aws:lambda:us-east-2:123456789012:function:patient-data-processor-dev",
                "Condition": {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}},
            });
            add(setup, "lambda", "GetPolicy", "", &open);
        },
        flips: &[
            ("lambda-policy-not-public", FUNCTION, Fail),
            // Everybody is S3 too, on behalf of any bucket.
            ("lambda-invoke-permission-s3-scoped", FUNCTION, Fail),
        ],
        says: "lambda:InvokeFunctionUrl",
    },
    Mutation {
        requirement: "kms-policy-not-public",
        change: |setup| {
            let open = json!({
                "Effect": "Allow", "Principal": {"AWS": STRANGER}, "Action": "kms:Decrypt", "Resource": "*",
            });
            add(setup, "kms", "GetKeyPolicy", "", &open);
        },
        flips: &[("kms-policy-not-public", KEY, Fail)],
        says: "999988887777",
    },
    Mutation {
        requirement: "kms-policy-least-privilege",
        change: |setup| {
            let all = json!({
                "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:role/operations"},
                "Action": "kms:*", "Resource": "*",
            });
            add(setup, "kms", "GetKeyPolicy", "", &all);
        },
        flips: &[("kms-policy-least-privilege", KEY, Fail)],
        says: "arn:aws:iam::123456789012:role/operations",
    },
    Mutation {
        requirement: "kms-policy-allows-logs",
        change: |setup| {
            setup.json("logs", "DescribeLogGroups", |answer| {
                answer["logGroups"][0]["kmsKeyId"] = json!(super::KEY_ARN);
            });
            setup.statements("kms", "GetKeyPolicy", |statements| {
                statements.retain(|statement| statement["Sid"] != "LetLogsUseKey");
            });
        },
        flips: &[
            ("kms-policy-allows-logs", KEY, Fail),
            // The log group uses the key, which its data may need for as long as it is kept.
            ("logs-kms-encrypted", LOG_GROUP, Pass),
            ("stack-retain-kms-key", STACK, Fail),
        ],
        says: "logs.us-east-2.amazonaws.com",
    },
    Mutation {
        requirement: "kms-policy-allows-function-role",
        change: |setup| {
            let deny = json!({
                "Effect": "Deny", "Principal": {"AWS": "arn:aws:iam::123456789012:role/lambda-execution-role-dev"},
                "Action": "kms:Decrypt", "Resource": "*",
            });
            add(setup, "kms", "GetKeyPolicy", "", &deny);
        },
        flips: &[("kms-policy-allows-function-role", KEY, Fail)],
        says: "lambda-execution-role-dev",
    },
    Mutation {
        requirement: "logs-not-public",
        change: |setup| {
            let policy = json!({"Version": "2012-10-17", "Statement": [{
                "Effect": "Allow", "Principal": "*", "Action": "logs:PutLogEvents", "Resource": "*",
            }]});
            let answer = json!({"resourcePolicies": [
                {"policyName": "Everyone", "policyDocument": policy.to_string(), "policyScope": "ACCOUNT"},
            ]});
            let account = [("policyScope", "ACCOUNT")];
            setup.answer("logs", "DescribeResourcePolicies", &account, Answer::ok(answer.to_string()));
        },
        flips: &[("logs-not-public", LOG_GROUP, Fail)],
        says: "logs:PutLogEvents",
    },
    Mutation {
        requirement: "iam-role-no-wildcard-actions",
        change: |setup| {
            of_the_role(setup, "s3:GetObjectVersion", |statement| statement["Action"] = json!(["s3:GetObject*"]));
        },
        flips: &[
            ("iam-role-no-wildcard-actions", ROLE, Fail),
            // The glob reaches further actions of S3.
            ("iam-role-s3-scope", ROLE, Fail),
        ],
        says: "s3:GetObject*",
    },
    Mutation {
        requirement: "iam-role-no-wildcard-resources",
        change: |setup| {
            of_the_role(setup, "sqs:SendMessage", |statement| statement["Resource"] = json!("*"));
        },
        flips: &[("iam-role-no-wildcard-resources", ROLE, Fail)],
        says: "sqs:SendMessage",
    },
    Mutation {
        requirement: "iam-role-no-broad-managed-policy",
        change: |setup| {
            let arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole";
            let attached = format!(
                "<AttachedPolicies><member><PolicyName>AWSLambdaBasicExecutionRole</PolicyName>\
                 <PolicyArn>{arn}</PolicyArn></member></AttachedPolicies>"
            );
            let none = "<AttachedPolicies></AttachedPolicies>";
            setup.replace("iam", "ListAttachedRolePolicies", none, &attached);
            let described = format!(
                "<GetPolicyResponse><GetPolicyResult><Policy><Arn>{arn}</Arn>\
                 <DefaultVersionId>v1</DefaultVersionId></Policy></GetPolicyResult></GetPolicyResponse>"
            );
            setup.answer("iam", "GetPolicy", &[("PolicyArn", arn)], Answer::ok(described));
            let document = json!({"Version": "2012-10-17", "Statement": [{
                "Effect": "Allow", "Resource": "*",
                "Action": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
            }]});
            let version = format!(
                "<GetPolicyVersionResponse><GetPolicyVersionResult><PolicyVersion><Document>{}</Document>\
                 <VersionId>v1</VersionId></PolicyVersion></GetPolicyVersionResult></GetPolicyVersionResponse>",
                alter::encoded(&document.to_string())
            );
            let asked = [("PolicyArn", arn), ("VersionId", "v1")];
            setup.answer("iam", "GetPolicyVersion", &asked, Answer::ok(version));
        },
        flips: &[
            ("iam-role-no-broad-managed-policy", ROLE, Fail),
            // It grants three actions on every log group.
            ("iam-role-no-wildcard-resources", ROLE, Fail),
            ("iam-role-logs-scope", ROLE, Fail),
        ],
        says: "AWSLambdaBasicExecutionRole",
    },
    Mutation {
        requirement: "iam-role-s3-scope",
        change: |setup| {
            of_the_role(setup, "s3:GetObjectVersion", |statement| {
                statement["Action"] = json!(["s3:GetObject", "s3:DeleteObject"]);
            });
        },
        flips: &[("iam-role-s3-scope", ROLE, Fail)],
        says: "s3:DeleteObject",
    },
    Mutation {
        requirement: "iam-role-logs-scope",
        change: |setup| {
            of_the_role(setup, "logs:PutLogEvents", |statement| {
                statement["Resource"] =
                    json!("arn:aws:logs:us-east-2:123456789012:log-group:/aws/lambda/another-function:*");
            });
        },
        flips: &[("iam-role-logs-scope", ROLE, Fail)],
        says: "/aws/lambda/another-function",
    },
    Mutation {
        requirement: "iam-role-kms-scope",
        change: |setup| {
            of_the_role(setup, "kms:Decrypt", |statement| {
                statement["Action"] = json!(["kms:Decrypt", "kms:ScheduleKeyDeletion"]);
            });
        },
        flips: &[("iam-role-kms-scope", ROLE, Fail)],
        says: "kms:ScheduleKeyDeletion",
    },
    Mutation {
        requirement: "iam-trust-external-id-cross-account",
        change: |setup| {
            let partner = json!({"Effect": "Allow", "Principal": {"AWS": STRANGER}, "Action": "sts:AssumeRole"});
            add(setup, "iam", "GetRole", "", &partner);
        },
        flips: &[
            ("iam-trust-external-id-cross-account", ROLE, Fail),
            // The account is on no list either.
            ("iam-trust-principals-expected", ROLE, Fail),
        ],
        says: "999988887777",
    },
    Mutation {
        requirement: "iam-trust-no-external-id-on-service",
        change: |setup| {
            setup.statements("iam", "GetRole", |statements| {
                statements[0]["Condition"] = json!({"StringEquals": {"sts:ExternalId": "made-up-id-41"}});
            });
        },
        flips: &[("iam-trust-no-external-id-on-service", ROLE, Fail)],
        says: "lambda.amazonaws.com",
    },
    Mutation {
        requirement: "iam-trust-principals-expected",
        change: |setup| {
            let anybody = json!({
                "Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::123456789012:saml-provider/unknown"},
                "Action": "sts:AssumeRoleWithSAML",
            });
            add(setup, "iam", "GetRole", "", &anybody);
        },
        flips: &[("iam-trust-principals-expected", ROLE, Fail)],
        says: "saml-provider/unknown",
    },
    Mutation {
        requirement: "iam-explicit-deny-present",
        change: |setup| {
            of_the_role(setup, "sqs:SendMessage", |statement| {
                let queue = statement["Resource"].take();
                let members = statement.as_object_mut().expect("a statement");
                members.remove("Resource");
                members.insert("NotResource".into(), queue);
            });
        },
        flips: &[
            ("iam-explicit-deny-present", BUCKET, Fail),
            // All but one queue is nearly every resource.
            ("iam-role-no-wildcard-resources", ROLE, Fail),
        ],
        says: "NotResource",
    },
];

/// Changes one statement of the bucket's policy.
fn of_the_bucket(setup: &mut Setup, sid: &str, change: impl Fn(&mut Value)) {
    setup.statements("s3", "GetBucketPolicy", |statements| {
        let about_it = |statement: &&mut Value| {
            statement["Sid"] == sid && statement["Resource"].to_string().contains(harness::BUCKET)
        };
        statements.iter_mut().filter(about_it).for_each(&change);
    });
}

/// Changes the statement of the role's policies that names this action.
fn of_the_role(setup: &mut Setup, action: &str, change: impl Fn(&mut Value)) {
    setup.statements("iam", "GetRolePolicy", |statements| {
        let about_it = |statement: &&mut Value| statement["Action"].to_string().contains(&format!("\"{action}\""));
        statements.iter_mut().filter(about_it).for_each(&change);
    });
}

/// Adds a statement to every policy document in the answers that mentions this.
fn add(setup: &mut Setup, service: &str, operation: &str, about: &str, statement: &Value) {
    setup.statements(service, operation, |statements| {
        if statements.iter().any(|present| present.to_string().contains(about)) {
            statements.push(statement.clone());
        }
    });
}
