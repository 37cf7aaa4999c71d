//! The mutations of requirements about secrets.

use serde_json::json;

use super::super::{Fail, Mutation, STACK};
use super::stop_rotation;

pub(super) const DATABASE_SECRET: &str = "AWS::SecretsManager::Secret \
    arn:aws:secretsmanager:eu-central-1:123456789012:secret:meditech/database-dev-6b2f8b";
const CACHE_SECRET: &str = "AWS::SecretsManager::Secret \
    arn:aws:secretsmanager:eu-central-1:123456789012:secret:meditech/cache-dev-55e33f";
const API_KEY_SECRET: &str = "AWS::SecretsManager::Secret \
    arn:aws:secretsmanager:eu-central-1:123456789012:secret:meditech/api-key-dev-9fc416";

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation {
        requirement: "secret-exists-and-active",
        change: |setup| {
            setup.json_about("secretsmanager", "DescribeSecret", "api-key-dev", |answer| {
                answer["DeletedDate"] = json!(1_793_500_000);
            });
        },
        flips: &[("secret-exists-and-active", API_KEY_SECRET, Fail)],
        says: "its deletion was ordered at 2026-11-01T02:26:40Z",
    },
    Mutation {
        requirement: "secret-not-created-by-stack",
        change: |setup| {
            setup.template_text(
                "\nResources:\n",
                "\nResources:\n  SigningSecret:\n    Type: AWS::SecretsManager::Secret\n",
            );
            let member = "<StackResourceSummaries>\n<member><LogicalResourceId>SigningSecret</LogicalResourceId>\
                <ResourceType>AWS::SecretsManager::Secret</ResourceType><ResourceStatus>CREATE_FAILED</ResourceStatus>\
                </member>";
            setup.replace("cloudformation", "ListStackResources", "<StackResourceSummaries>", member);
        },
        flips: &[("secret-not-created-by-stack", STACK, Fail)],
        says: "SigningSecret",
    },
    Mutation {
        requirement: "secret-rotation-enabled",
        change: |setup| {
            setup.json_about("secretsmanager", "DescribeSecret", "database-dev", |answer| {
                answer["RotationEnabled"] = json!(false);
                answer.as_object_mut().expect("a secret").remove("NextRotationDate");
            });
        },
        flips: &[("secret-rotation-enabled", DATABASE_SECRET, Fail)],
        says: "rotation is switched off",
    },
    Mutation {
        requirement: "secret-kms-cmk",
        change: |setup| stop_rotation(setup, "7c5b1154-2384-4efb-b442-a86c0b0819b8"),
        flips: &[
            // One key encrypts all three.
            ("secret-kms-cmk", DATABASE_SECRET, Fail),
            ("secret-kms-cmk", CACHE_SECRET, Fail),
            ("secret-kms-cmk", API_KEY_SECRET, Fail),
        ],
        says: "7c5b1154-2384-4efb-b442-a86c0b0819b8` is off",
    },
    Mutation {
        requirement: "secret-policy-not-public",
        change: |setup| {
            setup.json_about("secretsmanager", "GetResourcePolicy", "cache-dev", |answer| {
                let policy = json!({"Version": "2012-10-17", "Statement": [{
                    "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::999988887777:root"},
                    "Action": "secretsmanager:GetSecretValue", "Resource": "*",
                }]});
                answer["ResourcePolicy"] = json!(policy.to_string());
            });
        },
        flips: &[("secret-policy-not-public", CACHE_SECRET, Fail)],
        says: "999988887777",
    },
];
