//! One alteration of the conforming account for each requirement of the profile, and exactly what it flips.
//!
//! Each row breaks one requirement and lists every finding that comes out otherwise than on the conforming account,
//! also those that are new. What a row lists beside its own requirement is a real dependency, and a comment says which.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use tap_audit::replay::Answer;
use tap_audit_checks::report::{Finding, Report, Status};

use crate::alter::{self, Setup};
use crate::harness;

mod meditech;
mod monitoring;
mod policies;

const FILE: &str = "TapAudit::Outputs::File cfn-outputs/flat-outputs.json";
const STACK: &str = "AWS::CloudFormation::Stack TapStackdev";
const ACCOUNT: &str = "AWS::::Account 123456789012";
const BUCKET: &str = "AWS::S3::Bucket patient-data-bucket-dev-123456789012";
const FUNCTION: &str = "AWS::Lambda::Function patient-data-processor-dev";
const KEY: &str = "AWS::KMS::Key 2f7cd16b-9108-4449-9e99-4b9f51829047";
const ROLE: &str = "AWS::IAM::Role lambda-execution-role-dev";
const LOG_GROUP: &str = "AWS::Logs::LogGroup /aws/lambda/patient-data-processor-dev";

/// The key as answers name it.
const KEY_ARN: &str = "arn:aws:kms:us-east-2:123456789012:key/2f7cd16b-9108-4449-9e99-4b9f51829047";
/// The arguments of a request about the bucket.
const AT_BUCKET: &[(&str, &str)] = &[("Bucket", harness::BUCKET)];
const NOWHERE_BLOCKED: &str = "NoSuchPublicAccessBlockConfiguration";

/// A finding that comes out otherwise: requirement, subject, how.
type Flip = (&'static str, &'static str, Status);

/// What breaks one requirement.
struct Mutation {
    requirement: &'static str,
    change: fn(&mut Setup),
    flips: &'static [Flip],
    /// A part of what the finding of the requirement says then.
    says: &'static str,
}

use Status::{Error, Fail, NotApplicable, Pass};

/// Requirements that nothing breaks, with the reason.
const NEVER_FAILS: [(&str, &str); 1] =
    [("resource-pit-readability", "it is about the report: an audit that does not know its account ends before it")];

/// The requirements in the order of the profile, but for those about policy documents.
const MUTATIONS: &[Mutation] = &[
    Mutation {
        requirement: "stack-region-as-specified",
        change: |setup| {
            setup.everywhere("us-east-2", "us-east-1");
            // us-east-1 is the region without a name.
            setup.replace("s3", "GetBucketLocation", ">us-east-1<", "><");
        },
        flips: &[("stack-region-as-specified", STACK, Fail)],
        says: "us-east-1",
    },
    Mutation {
        requirement: "stack-outputs-required-present",
        change: |setup| setup.remove_output("S3BucketArn"),
        flips: &[("stack-outputs-required-present", FILE, Fail)],
        says: "`S3BucketArn` is missing",
    },
    Mutation {
        requirement: "stack-outputs-resolve-live",
        change: |setup| {
            let (of_today, of_file) =
                ("/aws/lambda/renamed-dev</OutputValue>", "/aws/lambda/patient-data-processor-dev</OutputValue>");
            setup.replace("cloudformation", "DescribeStacks", of_file, of_today);
        },
        flips: &[("stack-outputs-resolve-live", FILE, Fail)],
        says: "`LogGroupName` has another value on the stack: the file is stale",
    },
    Mutation {
        requirement: "stack-outputs-no-secrets",
        change: |setup| setup.output("RecordsDatabase", "postgres://processor:made-up-41@records.internal/patients"),
        flips: &[("stack-outputs-no-secrets", FILE, Fail)],
        says: "RecordsDatabase",
    },
    Mutation {
        requirement: "stack-managed-by-cloudformation",
        change: |setup| {
            let by_hand = "<member>WriteLogs</member><member>AddedByHand</member>";
            setup.replace("iam", "ListRolePolicies", "<member>WriteLogs</member>", by_hand);
            // It adds nothing to what the role may do anyway.
            let added = setup.recorded("iam", "GetRolePolicy", "WriteLogs").replace("WriteLogs", "AddedByHand");
            let asked = [("RoleName", harness::ROLE), ("PolicyName", "AddedByHand")];
            setup.answer("iam", "GetRolePolicy", &asked, Answer::ok(added));
        },
        flips: &[("stack-managed-by-cloudformation", STACK, Fail)],
        says: "inline policy AddedByHand of role lambda-execution-role-dev does not come from the template",
    },
    Mutation {
        requirement: "stack-drift-in-sync",
        change: |setup| {
            setup.edit("cloudformation", "DescribeStacks", |body| {
                let checked = "DRIFTED</StackDriftStatus><LastCheckTimestamp>2026-10-31T06:00:00Z</LastCheckTimestamp>";
                body.replace("NOT_CHECKED</StackDriftStatus>", checked)
            });
            setup.edit("cloudformation", "ListStackResources", |body| {
                body.replacen("NOT_CHECKED</StackResourceDriftStatus>", "MODIFIED</StackResourceDriftStatus>", 1)
            });
        },
        flips: &[("stack-drift-in-sync", STACK, Fail)],
        says: "DRIFTED at 2026-10-31T06:00:00Z: AccessLogBucket MODIFIED",
    },
    Mutation {
        requirement: "stack-template-format",
        // A comment is all that keeps JSON from being JSON; the rest is YAML already.
        change: |setup| {
            let commented = "<TemplateBody># kept by the data team\n";
            setup.replace("cloudformation", "GetTemplate", "<TemplateBody>", commented);
        },
        flips: &[("stack-template-format", STACK, Fail)],
        says: "the template is written in YAML",
    },
    Mutation {
        requirement: "stack-status-complete",
        change: |setup| {
            let (from, to) = ("<StackStatus>CREATE_COMPLETE<", "<StackStatus>UPDATE_ROLLBACK_FAILED<");
            setup.replace("cloudformation", "DescribeStacks", from, to);
        },
        flips: &[("stack-status-complete", STACK, Fail)],
        says: "the stack's status is UPDATE_ROLLBACK_FAILED",
    },
    Mutation {
        requirement: "stack-services-complete",
        change: |setup| {
            let (from, to) =
                ("<ResourceType>AWS::Lambda::Permission<", "<ResourceType>AWS::Lambda::EventInvokeConfig<");
            setup.replace("cloudformation", "ListStackResources", from, to);
        },
        flips: &[("stack-services-complete", STACK, Fail)],
        says: "no live AWS::Lambda::Permission",
    },
    Mutation {
        requirement: "stack-params-secret-noecho",
        change: |setup| setup.replace("cloudformation", "DescribeStacks", "****", "made-up-Passw0rd-41"),
        flips: &[("stack-params-secret-noecho", STACK, Fail)],
        says: "parameter DatabasePassword is readable in clear",
    },
    Mutation {
        requirement: "stack-params-no-secret-default",
        change: |setup| {
            setup.template(|template| template["Parameters"]["DatabasePassword"]["Default"] = json!("made-up-default"));
        },
        flips: &[("stack-params-no-secret-default", STACK, Fail)],
        says: "parameter DatabasePassword has a literal default",
    },
    Mutation {
        requirement: "stack-retain-stateful-deletion-policy",
        change: |setup| {
            setup.template(|template| template["Resources"]["RecordsBucket"]["DeletionPolicy"] = json!("Delete"));
        },
        flips: &[("stack-retain-stateful-deletion-policy", STACK, Fail)],
        says: "RecordsBucket (AWS::S3::Bucket) has DeletionPolicy Delete",
    },
    Mutation {
        requirement: "stack-retain-stateful-update-replace-policy",
        change: |setup| {
            setup.template(|template| {
                let group = template["Resources"]["ProcessorLogGroup"].as_object_mut().expect("the log group");
                group.remove("UpdateReplacePolicy");
            });
        },
        flips: &[("stack-retain-stateful-update-replace-policy", STACK, Fail)],
        says: "ProcessorLogGroup (AWS::Logs::LogGroup) has no UpdateReplacePolicy",
    },
    Mutation {
        requirement: "stack-retain-all-resources-strict",
        change: |setup| setup.tailoring = "[tailor.stack-retain-all-resources-strict.params]\nstrict_retain_all = true",
        flips: &[("stack-retain-all-resources-strict", STACK, Fail)],
        says: "Processor (AWS::Lambda::Function) has no DeletionPolicy",
    },
    Mutation {
        requirement: "stack-retain-kms-key",
        change: |setup| {
            setup.json("logs", "DescribeLogGroups", |answer| answer["logGroups"][0]["kmsKeyId"] = json!(KEY_ARN));
        },
        flips: &[
            ("stack-retain-kms-key", STACK, Fail),
            // The log group has a key now, so its own requirement has something to judge.
            ("logs-kms-encrypted", LOG_GROUP, Pass),
            // The log group uses the key now.
            ("kms-policy-allows-logs", KEY, Pass),
        ],
        says: "RecordsKey",
    },
    Mutation {
        requirement: "stack-destroyable-no-blockers",
        change: |setup| {
            let (from, to) = ("<EnableTerminationProtection>false<", "<EnableTerminationProtection>true<");
            setup.replace("cloudformation", "DescribeStacks", from, to);
        },
        flips: &[("stack-destroyable-no-blockers", STACK, Fail)],
        says: "termination protection of the stack is on",
    },
    Mutation {
        requirement: "naming-environment-suffix",
        change: |setup| setup.replace("kms", "ListAliases", "alias/patient-data-key-dev", "alias/patient-data-key"),
        flips: &[
            ("naming-environment-suffix", STACK, Fail),
            // The suffix is a part of the convention.
            ("naming-convention-type-suffix", STACK, Fail),
        ],
        says: "1 of 5 names does not hold `dev`: key alias `alias/patient-data-key`",
    },
    Mutation {
        requirement: "naming-convention-type-suffix",
        change: |setup| setup.replace("kms", "ListAliases", "alias/patient-data-key-dev", "alias/dev-patient-data-key"),
        flips: &[("naming-convention-type-suffix", STACK, Fail)],
        says: "1 of 5 names does not follow the convention: key alias `alias/dev-patient-data-key`",
    },
    Mutation {
        requirement: "tag-environment",
        change: |setup| {
            setup.json("logs", "ListTagsForResource", |answer| {
                answer["tags"].as_object_mut().expect("tags").remove("Environment");
            });
        },
        flips: &[("tag-environment", LOG_GROUP, Fail)],
        says: "3 tags, and none of them is `Environment`",
    },
    Mutation {
        requirement: "tag-data-classification",
        change: |setup| {
            setup.json("lambda", "GetFunction", |answer| answer["Tags"]["DataClassification"] = json!("Internal"));
        },
        flips: &[("tag-data-classification", FUNCTION, Fail)],
        says: "the tag `DataClassification` is `Internal`",
    },
    Mutation {
        requirement: "tag-compliance-scope",
        change: |setup| setup.replace("kms", "ListResourceTags", "\"HIPAA\"", "\"hipaa\""),
        flips: &[("tag-compliance-scope", KEY, Fail)],
        says: "the tag `ComplianceScope` is `hipaa`",
    },
    Mutation {
        requirement: "s3-default-encryption-aes256",
        change: |setup| {
            let code = "ServerSideEncryptionConfigurationNotFoundError";
            setup.refuse("s3", "GetBucketEncryption", AT_BUCKET, 404, code);
        },
        flips: &[("s3-default-encryption-aes256", BUCKET, Fail)],
        says: "no default encryption is configured",
    },
    Mutation {
        requirement: "s3-versioning-enabled",
        // Only the bucket of the records has MFA delete, which tells its answer from that of the log bucket.
        change: |setup| {
            setup.edit("s3", "GetBucketVersioning", |body| match body.contains("MfaDelete") {
                true => body.replace("<Status>Enabled<", "<Status>Suspended<"),
                false => body.to_owned(),
            });
        },
        flips: &[
            ("s3-versioning-enabled", BUCKET, Fail),
            // MFA delete guards versions, and none are made.
            ("s3-mfa-delete-enabled", BUCKET, Fail),
        ],
        says: "versioning is Suspended",
    },
    Mutation {
        requirement: "s3-mfa-delete-enabled",
        change: |setup| {
            setup.replace("s3", "GetBucketVersioning", "<MfaDelete>Enabled</MfaDelete>", "");
            setup.answer("s3", "GetBucketLifecycleConfiguration", AT_BUCKET, Answer::ok(LIFECYCLE));
        },
        flips: &[
            ("s3-mfa-delete-enabled", BUCKET, Fail),
            // Beside MFA delete there can be no lifecycle rules; without it they are judged again (ruling J6).
            ("s3-lifecycle-noncurrent-versions", BUCKET, Pass),
        ],
        says: "MFA delete was never configured",
    },
    Mutation {
        requirement: "s3-public-access-block-bucket",
        change: |setup| {
            setup.refuse("s3", "GetPublicAccessBlock", AT_BUCKET, 404, NOWHERE_BLOCKED);
            let (from, to) = ("<BlockPublicPolicy>true<", "<BlockPublicPolicy>false<");
            setup.replace("s3control", "GetPublicAccessBlock", from, to);
        },
        flips: &[
            ("s3-public-access-block-bucket", BUCKET, Fail),
            // The account's block stands in for the bucket's, so both have to be open.
            ("s3-public-access-block-account", ACCOUNT, Fail),
        ],
        says: "BlockPublicPolicy is off",
    },
    Mutation {
        requirement: "s3-public-access-block-account",
        change: |setup| {
            let account = [("AccountId", "123456789012")];
            setup.refuse("s3control", "GetPublicAccessBlock", &account, 404, NOWHERE_BLOCKED);
        },
        flips: &[("s3-public-access-block-account", ACCOUNT, Fail)],
        says: "the account has no public access block",
    },
    Mutation {
        requirement: "s3-acl-not-public",
        change: |setup| {
            setup.refuse("s3", "GetBucketOwnershipControls", AT_BUCKET, 404, "OwnershipControlsNotFoundError");
            setup.answer("s3", "GetBucketAcl", AT_BUCKET, Answer::ok(FOREIGN_ACL));
        },
        flips: &[("s3-acl-not-public", BUCKET, Fail)],
        says: "READ is granted to the foreign canonical user",
    },
    Mutation {
        requirement: "s3-event-notification-lambda",
        change: |setup| {
            setup.answer(
                "s3",
                "GetBucketNotificationConfiguration",
                AT_BUCKET,
                Answer::ok("<NotificationConfiguration/>"),
            );
        },
        flips: &[("s3-event-notification-lambda", BUCKET, Fail)],
        says: "no notification invokes a function",
    },
    Mutation {
        requirement: "s3-access-logging-enabled",
        // Logs that go to a bucket of another region are never delivered; the trail is then not let stand in.
        change: |setup| {
            setup.tailoring = "[tailor.s3-access-logging-enabled.params]\naccept_cloudtrail = false";
            let logs = [("Bucket", "patient-data-access-logs-dev-123456789012")];
            let asked = "request = { Bucket = \"patient-data-access-logs-dev-123456789012\" }";
            setup.everywhere(asked, &format!("region = \"*\"\n{asked}"));
            let elsewhere = "<LocationConstraint>us-west-2</LocationConstraint>";
            setup.answer("s3", "GetBucketLocation", &logs, Answer::ok(elsewhere));
        },
        flips: &[
            ("s3-access-logging-enabled", BUCKET, Fail),
            // The log bucket is a part of the stack, and it is not where the stack is.
            ("stack-region-as-specified", STACK, Fail),
        ],
        says: "in us-west-2, while logs stay within us-east-2",
    },
    Mutation {
        requirement: "s3-lifecycle-noncurrent-versions",
        change: |setup| {
            setup.replace("s3", "GetBucketVersioning", "<MfaDelete>Enabled</MfaDelete>", "");
            let early = LIFECYCLE.replace(">90<", ">30<");
            setup.answer("s3", "GetBucketLifecycleConfiguration", AT_BUCKET, Answer::ok(early));
        },
        flips: &[
            ("s3-lifecycle-noncurrent-versions", BUCKET, Fail),
            // Beside MFA delete there can be no lifecycle rules, so it has to be off (ruling J6).
            ("s3-mfa-delete-enabled", BUCKET, Fail),
        ],
        says: "expires noncurrent versions after 30 days",
    },
    Mutation {
        requirement: "s3-existing-objects-encrypted-sample",
        change: |setup| {
            setup.tailoring = "[tailor.s3-existing-objects-encrypted-sample.params]\nsample_objects = 2";
            let list = [("Bucket", harness::BUCKET), ("max-keys", "2")];
            setup.answer("s3", "ListObjectsV2", &list, Answer::ok(TWO_OBJECTS));
            // The log bucket is sampled too, because its part is known only when all is read.
            let list = [("Bucket", "patient-data-access-logs-dev-123456789012"), ("max-keys", "2")];
            let none = "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>";
            setup.answer("s3", "ListObjectsV2", &list, Answer::ok(none));
            let encrypted = Answer::ok("").with_header("x-amz-server-side-encryption", "AES256");
            setup.answer("s3", "HeadObject", &[("Bucket", harness::BUCKET), ("Key", "one")], encrypted);
            setup.answer("s3", "HeadObject", &[("Bucket", harness::BUCKET), ("Key", "two")], Answer::ok(""));
        },
        flips: &[("s3-existing-objects-encrypted-sample", BUCKET, Fail)],
        says: "not encrypted",
    },
    Mutation {
        requirement: "s3-vpc-endpoint-recommended",
        change: |setup| {
            setup.tailoring = "[tailor.s3-vpc-endpoint-recommended.params]\nmode = \"require\"";
            setup.json("lambda", "GetFunction", |answer| {
                let vpc = json!({ "VpcId": "vpc-0a1b2c3d", "SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"] });
                answer["Configuration"]["VpcConfig"] = vpc;
            });
            let of_vpc = [("Filter.1.Name", "vpc-id"), ("Filter.1.Value.1", "vpc-0a1b2c3d")];
            let none = "<DescribeVpcEndpointsResponse><vpcEndpointSet/></DescribeVpcEndpointsResponse>";
            setup.answer("ec2", "DescribeVpcEndpoints", &of_vpc, Answer::ok(none));
            let none = "<DescribeRouteTablesResponse><routeTableSet/></DescribeRouteTablesResponse>";
            setup.answer("ec2", "DescribeRouteTables", &of_vpc, Answer::ok(none));
        },
        flips: &[("s3-vpc-endpoint-recommended", FUNCTION, Fail)],
        says: "vpc-0a1b2c3d",
    },
    Mutation {
        requirement: "lambda-function-active",
        change: |setup| {
            setup.json("lambda", "GetFunction", |answer| {
                answer["Configuration"]["State"] = json!("Failed");
                answer["Configuration"]["StateReasonCode"] = json!("InvalidSubnet");
            });
        },
        flips: &[("lambda-function-active", FUNCTION, Fail)],
        says: "state is Failed (InvalidSubnet)",
    },
    Mutation {
        requirement: "lambda-memory-1024",
        change: |setup| configuration(setup, "MemorySize", json!(128)),
        flips: &[("lambda-memory-1024", FUNCTION, Fail)],
        says: "memory is 128 MB",
    },
    Mutation {
        requirement: "lambda-timeout-300",
        change: |setup| configuration(setup, "Timeout", json!(900)),
        flips: &[("lambda-timeout-300", FUNCTION, Fail)],
        says: "timeout is 900 s",
    },
    Mutation {
        requirement: "lambda-runtime-supported",
        change: |setup| configuration(setup, "Runtime", json!("python3.8")),
        flips: &[("lambda-runtime-supported", FUNCTION, Fail)],
        says: "python3.8",
    },
    Mutation {
        requirement: "lambda-reserved-concurrency-set",
        change: |setup| {
            setup.json("lambda", "GetFunction", |answer| {
                answer.as_object_mut().expect("an answer").remove("Concurrency");
            });
        },
        flips: &[("lambda-reserved-concurrency-set", FUNCTION, Fail)],
        says: "no concurrency is reserved",
    },
    Mutation {
        requirement: "lambda-env-kms-cmk",
        change: |setup| {
            setup.json("lambda", "GetFunction", |answer| {
                answer["Configuration"].as_object_mut().expect("a configuration").remove("KMSKeyArn");
            });
        },
        flips: &[
            ("lambda-env-kms-cmk", FUNCTION, Fail),
            // Without a key there is none to compare, and nothing that a variable with a secret name could be under.
            ("lambda-env-kms-is-stack-key", FUNCTION, NotApplicable),
            ("lambda-env-no-plaintext-secret", FUNCTION, Fail),
            // No function's variables are under the key any more.
            ("kms-policy-allows-function-role", KEY, NotApplicable),
        ],
        says: "the AWS-managed key aws/lambda",
    },
    Mutation {
        requirement: "lambda-env-kms-is-stack-key",
        // A working key of the customer, of another stack: it is external, so nothing else is asked of it.
        change: |setup| {
            let arn = "arn:aws:kms:us-east-2:123456789012:key/11111111-2222-4333-8444-555555555555";
            configuration(setup, "KMSKeyArn", json!(arn));
            let id = [("KeyId", "11111111-2222-4333-8444-555555555555")];
            let key = json!({ "KeyMetadata": {
                "KeyId": id[0].1, "Arn": arn, "Enabled": true, "KeyUsage": "ENCRYPT_DECRYPT", "KeyState": "Enabled",
                "Origin": "AWS_KMS", "KeyManager": "CUSTOMER", "KeySpec": "SYMMETRIC_DEFAULT", "MultiRegion": false,
            } });
            setup.answer("kms", "DescribeKey", &id, Answer::ok(key.to_string()));
            let rotating = Answer::ok(r#"{"KeyRotationEnabled": true, "RotationPeriodInDays": 365}"#);
            setup.answer("kms", "GetKeyRotationStatus", &id, rotating);
            let policy = setup.recorded("kms", "GetKeyPolicy", "2f7cd16b-9108-4449-9e99-4b9f51829047");
            setup.answer("kms", "GetKeyPolicy", &[id[0], ("PolicyName", "default")], Answer::ok(policy));
            setup.answer("kms", "ListAliases", &id, Answer::ok(r#"{"Aliases": [], "Truncated": false}"#));
            setup.answer("kms", "ListResourceTags", &id, Answer::ok(r#"{"Tags": [], "Truncated": false}"#));
            in_no_stack(setup, id[0].1);
        },
        flips: &[
            ("lambda-env-kms-is-stack-key", FUNCTION, Fail),
            ("kms-policy-allows-function-role", KEY, NotApplicable),
            ("kms-policy-not-public", "AWS::KMS::Key 11111111-2222-4333-8444-555555555555", Pass),
        ],
        says: "key/11111111-2222-4333-8444-555555555555",
    },
    Mutation {
        requirement: "lambda-env-no-plaintext-secret",
        change: |setup| variable(setup, "UPLOADER", "AKIAMADEUP0MADEUP000"),
        flips: &[("lambda-env-no-plaintext-secret", FUNCTION, Fail)],
        says: "UPLOADER holds an AWS access key id",
    },
    Mutation {
        requirement: "lambda-env-no-known-default-secret",
        change: |setup| variable(setup, "DATABASE_PASSWORD", "TestPassword123!"),
        flips: &[("lambda-env-no-known-default-secret", FUNCTION, Fail)],
        says: "the value of DATABASE_PASSWORD is a known published default",
    },
    Mutation {
        requirement: "lambda-no-public-url",
        change: |setup| {
            setup.json("lambda", "ListFunctionUrlConfigs", |answer| {
                answer["FunctionUrlConfigs"] = json!([{
                    "FunctionUrl": "https://abcdefgh.lambda-url.us-east-2.on.aws/",
                    "FunctionArn": "arn:aws:lambda:us-east-2:123456789012:function:patient-data-processor-dev",
                    "AuthType": "NONE",
                    "CreationTime": "2026-10-30T08:00:00Z",
                    "LastModifiedTime": "2026-10-30T08:00:00Z",
                }]);
            });
        },
        flips: &[("lambda-no-public-url", FUNCTION, Fail)],
        says: "asks for no authentication",
    },
    Mutation {
        requirement: "lambda-logs-to-audited-group",
        change: |setup| {
            let other = "/aws/lambda/elsewhere-dev";
            setup.json("lambda", "GetFunction", |answer| {
                answer["Configuration"]["LoggingConfig"]["LogGroup"] = json!("/aws/lambda/elsewhere-dev");
            });
            let arn = format!("arn:aws:logs:us-east-2:123456789012:log-group:{other}");
            let group = json!({ "logGroups": [{
                "logGroupName": other, "arn": format!("{arn}:*"), "creationTime": 1_795_304_502_149_u64,
                "storedBytes": 0, "metricFilterCount": 0, "logGroupClass": "STANDARD", "retentionInDays": 90,
            }] });
            setup.answer("logs", "DescribeLogGroups", &[("logGroupNamePrefix", other)], Answer::ok(group.to_string()));
            let tags = json!({ "tags": {
                "Environment": "dev", "DataClassification": "PHI-HealthcareData", "ComplianceScope": "HIPAA",
            } });
            setup.answer("logs", "ListTagsForResource", &[("resourceArn", &arn)], Answer::ok(tags.to_string()));
            let policies = [("policyScope", "RESOURCE"), ("resourceArn", &arn)];
            setup.answer("logs", "DescribeResourcePolicies", &policies, Answer::ok(r#"{"resourcePolicies": []}"#));
            in_no_stack(setup, other);
        },
        flips: &[
            ("lambda-logs-to-audited-group", FUNCTION, Fail),
            // The group that the function writes to is audited beside the named one, and no stack holds it.
            ("stack-managed-by-cloudformation", STACK, Fail),
            ("tag-environment", "AWS::Logs::LogGroup /aws/lambda/elsewhere-dev", Pass),
            ("tag-data-classification", "AWS::Logs::LogGroup /aws/lambda/elsewhere-dev", Pass),
            ("tag-compliance-scope", "AWS::Logs::LogGroup /aws/lambda/elsewhere-dev", Pass),
            ("logs-retention-90-days", "AWS::Logs::LogGroup /aws/lambda/elsewhere-dev", Pass),
            ("logs-kms-encrypted", "AWS::Logs::LogGroup /aws/lambda/elsewhere-dev", NotApplicable),
            // The role may write to the old group only.
            ("iam-role-logs-scope", ROLE, Fail),
            ("logs-not-public", "AWS::Logs::LogGroup /aws/lambda/elsewhere-dev", Pass),
        ],
        says: "/aws/lambda/elsewhere-dev",
    },
    Mutation {
        requirement: "lambda-failure-destination",
        change: |setup| {
            setup.json("lambda", "GetFunctionEventInvokeConfig", |answer| answer["DestinationConfig"] = json!({}));
        },
        flips: &[("lambda-failure-destination", FUNCTION, Fail)],
        says: "no dead-letter target and no destination for failures",
    },
    Mutation {
        requirement: "kms-key-usable",
        change: |setup| {
            setup.json("kms", "DescribeKey", |answer| {
                answer["KeyMetadata"]["KeyState"] = json!("PendingDeletion");
                answer["KeyMetadata"]["Enabled"] = json!(false);
                answer["KeyMetadata"]["DeletionDate"] = json!(1_794_000_000);
            });
        },
        flips: &[
            ("kms-key-usable", KEY, Fail),
            // The environment is encrypted with this key, and a variable with a secret name stands in it.
            ("lambda-env-kms-cmk", FUNCTION, Fail),
            ("lambda-env-no-plaintext-secret", FUNCTION, Fail),
            // Such a key does not rotate, which is not the trouble.
            ("kms-rotation-enabled", KEY, NotApplicable),
        ],
        says: "the key is PendingDeletion: it will be deleted on 2026-11-06",
    },
    Mutation {
        requirement: "kms-key-customer-managed",
        change: |setup| setup.json("kms", "DescribeKey", |answer| answer["KeyMetadata"]["KeyManager"] = json!("AWS")),
        flips: &[
            ("kms-key-customer-managed", KEY, Fail),
            // The environment is encrypted with this key, and a variable with a secret name stands in it.
            ("lambda-env-kms-cmk", FUNCTION, Fail),
            ("lambda-env-no-plaintext-secret", FUNCTION, Fail),
            // Nobody but AWS can tag such a key or switch its rotation.
            ("tag-environment", KEY, NotApplicable),
            ("tag-data-classification", KEY, NotApplicable),
            ("tag-compliance-scope", KEY, NotApplicable),
            ("kms-rotation-enabled", KEY, NotApplicable),
            ("kms-policy-allows-function-role", KEY, NotApplicable),
            ("kms-policy-least-privilege", KEY, NotApplicable),
            ("kms-policy-not-public", KEY, NotApplicable),
        ],
        says: "AWS manages the key",
    },
    Mutation {
        requirement: "kms-rotation-enabled",
        change: |setup| {
            setup.json("kms", "GetKeyRotationStatus", |answer| *answer = json!({ "KeyRotationEnabled": false }));
        },
        flips: &[("kms-rotation-enabled", KEY, Fail)],
        says: "rotation is off",
    },
    Mutation {
        requirement: "kms-alias-present",
        change: |setup| setup.json("kms", "ListAliases", |answer| answer["Aliases"] = json!([])),
        flips: &[("kms-alias-present", KEY, Fail)],
        says: "no alias",
    },
    Mutation {
        requirement: "logs-retention-90-days",
        change: |setup| {
            setup.json("logs", "DescribeLogGroups", |answer| answer["logGroups"][0]["retentionInDays"] = json!(30));
        },
        flips: &[("logs-retention-90-days", LOG_GROUP, Fail)],
        says: "events expire after 30 days",
    },
    Mutation {
        requirement: "logs-kms-encrypted",
        change: |setup| setup.tailoring = "[tailor.logs-kms-encrypted.params]\nmode = \"require\"",
        flips: &[("logs-kms-encrypted", LOG_GROUP, Fail)],
        says: "no KMS key is associated",
    },
    Mutation {
        requirement: "logs-receiving-events",
        change: |setup| {
            setup.tailoring = "[tailor.logs-receiving-events.params]\nenabled = true";
            // The group has to be older than the events that it lacks.
            setup.json("logs", "DescribeLogGroups", |answer| {
                answer["logGroups"][0]["creationTime"] = json!(1_790_000_000_000_u64);
            });
            let streams = [
                ("logGroupName", harness::LOG_GROUP),
                ("orderBy", "LastEventTime"),
                ("descending", "true"),
                ("limit", "1"),
            ];
            setup.answer("logs", "DescribeLogStreams", &streams, Answer::ok(r#"{"logStreams": []}"#));
            setup.answer("cloudwatch", "GetMetricData", INVOCATIONS, Answer::ok(FORTY_INVOCATIONS));
        },
        flips: &[("logs-receiving-events", LOG_GROUP, Fail)],
        says: "the log group holds no event; function patient-data-processor-dev was invoked 40 times in 7 days",
    },
    Mutation {
        requirement: "cloudtrail-logging-enabled",
        change: |setup| setup.json("cloudtrail", "GetTrailStatus", |answer| answer["IsLogging"] = json!(false)),
        flips: &[
            ("cloudtrail-logging-enabled", ACCOUNT, Fail),
            // No trail is left whose data events could be judged.
            ("cloudtrail-data-events", ACCOUNT, NotApplicable),
        ],
        says: "trail audit-trail-dev is not logging",
    },
    Mutation {
        requirement: "cloudtrail-data-events",
        change: |setup| {
            setup.json("cloudtrail", "GetEventSelectors", |answer| {
                answer["EventSelectors"][0]["DataResources"] = json!([]);
            });
        },
        flips: &[("cloudtrail-data-events", ACCOUNT, Fail)],
        says: "patient-data-bucket-dev-123456789012",
    },
];

const LIFECYCLE: &str = "<LifecycleConfiguration><Rule><ID>ExpireOldVersions</ID><Filter><Prefix></Prefix></Filter>\
     <Status>Enabled</Status><NoncurrentVersionExpiration><NoncurrentDays>90</NoncurrentDays>\
     </NoncurrentVersionExpiration></Rule></LifecycleConfiguration>";

const FOREIGN_ACL: &str = "<AccessControlPolicy><Owner><ID>own</ID></Owner><AccessControlList><Grant>\
     <Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"CanonicalUser\"><ID>foreign</ID>\
     </Grantee><Permission>READ</Permission></Grant></AccessControlList></AccessControlPolicy>";

const TWO_OBJECTS: &str = "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>one</Key></Contents>\
     <Contents><Key>two</Key></Contents></ListBucketResult>";

/// The request for the invocations of the week before the fixed time of the tests.
const INVOCATIONS: &[(&str, &str)] = &[
    ("EndTime", r#"{"$timestamp":1793527200.0}"#),
    ("MetricDataQueries", INVOCATION_QUERY),
    ("StartTime", r#"{"$timestamp":1792929600.0}"#),
];

const INVOCATION_QUERY: &str = concat!(
    r#"[{"Id":"invocations","MetricStat":{"Metric":{"Dimensions":[{"Name":"FunctionName","#,
    r#""Value":"patient-data-processor-dev"}],"MetricName":"Invocations","Namespace":"AWS/Lambda"},"#,
    r#""Period":3600,"Stat":"Sum"}}]"#
);

const FORTY_INVOCATIONS: &str = r#"{"MetricDataResults": [
    {"Id": "invocations", "Label": "Invocations", "StatusCode": "Complete", "Timestamps": [], "Values": [40.0]}
]}"#;

#[expect(clippy::needless_pass_by_value, reason = "the rows of the table read better with json!(..)")]
fn configuration(setup: &mut Setup, field: &str, value: Value) {
    setup.json("lambda", "GetFunction", |answer| answer["Configuration"][field] = value.clone());
}

fn variable(setup: &mut Setup, name: &str, value: &str) {
    setup.json("lambda", "GetFunction", |answer| {
        answer["Configuration"]["Environment"]["Variables"][name] = json!(value);
    });
}

/// Lets CloudFormation know of no stack that holds this.
fn in_no_stack(setup: &mut Setup, id: &str) {
    setup.answer("cloudformation", "DescribeStackResources", &[("PhysicalResourceId", id)], alter::in_no_stack(id));
}

/// The mutations of one profile.
struct Table {
    profile: &'static str,
    /// The account that conforms.
    account: &'static str,
    rows: &'static [&'static [Mutation]],
    /// Requirements that nothing breaks, with the reason.
    never_fails: &'static [(&'static str, &'static str)],
}

impl Table {
    fn rows(&self) -> impl Iterator<Item = &'static Mutation> {
        self.rows.iter().copied().flatten()
    }
}

const TABLES: &[Table] = &[
    Table {
        profile: "patient-data",
        account: "conforming",
        rows: &[MUTATIONS, policies::MUTATIONS],
        never_fails: &NEVER_FAILS,
    },
    Table { profile: "meditech", account: "meditech", rows: meditech::ROWS, never_fails: &NEVER_FAILS },
    Table { profile: "monitoring", account: "monitoring", rows: monitoring::ROWS, never_fails: &NEVER_FAILS },
];

fn by_pair(report: &Report) -> BTreeMap<(String, String), Status> {
    harness::statuses(report)
        .into_iter()
        .map(|(requirement, subject, status)| ((requirement, subject), status))
        .collect()
}

/// The findings that differ between two reports, as they are in the second; one that is gone has no status. What was
/// renamed everywhere is the same still.
fn differences(before: &Report, setup: &Setup, after: &Report) -> BTreeSet<(String, String, Option<Status>)> {
    let (before, after) = (by_pair(before), by_pair(after));
    let before: BTreeMap<(String, String), Status> = before
        .into_iter()
        .map(|((requirement, subject), status)| ((requirement, setup.name_of_now(&subject)), status))
        .collect();
    let pairs: BTreeSet<_> = before.keys().chain(after.keys()).cloned().collect();
    pairs
        .into_iter()
        .filter(|pair| before.get(pair) != after.get(pair))
        .map(|pair| {
            let status = after.get(&pair).copied();
            (pair.0, pair.1, status)
        })
        .collect()
}

fn text(finding: &Finding) -> String {
    finding
        .observed()
        .map(str::to_owned)
        .or_else(|| finding.reason())
        .expect("a finding says what was seen or why nothing was")
}

#[test]
fn each_requirement_of_a_profile_has_its_mutation() {
    for table in TABLES {
        let (_, profile) = harness::profile(table.profile);
        let wanted: Vec<&str> = profile.requirements.iter().map(|tailored| tailored.requirement.id.as_str()).collect();
        let never = table.never_fails.iter().map(|(id, _)| *id);
        let named: Vec<&str> = table.rows().map(|row| row.requirement).chain(never).collect();
        let missing: Vec<&&str> = wanted.iter().filter(|id| !named.contains(id)).collect();
        assert!(missing.is_empty(), "{}: no row breaks {missing:?}: add one for each", table.profile);
        let stray: Vec<&&str> = named.iter().filter(|id| !wanted.contains(id)).collect();
        assert!(stray.is_empty(), "{stray:?} is not in profile {}", table.profile);
        assert_eq!(named.len(), wanted.len(), "{}: a requirement has two rows", table.profile);
        for row in table.rows() {
            let own = |(requirement, _, status): &Flip| *requirement == row.requirement && *status == Fail;
            assert!(row.flips.iter().any(own), "{} does not fail in its own row", row.requirement);
        }
    }
}

#[test]
fn each_mutation_flips_exactly_the_findings_of_its_row() {
    let wrong: Vec<String> = TABLES.iter().flat_map(wrong_flips).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn wrong_flips(table: &Table) -> Vec<String> {
    let setup = Setup::of(table.account);
    let conforming = setup.audit();
    table.rows().flat_map(|row| wrong_flips_of(row, setup.clone(), &conforming)).collect()
}

fn wrong_flips_of(row: &Mutation, mut setup: Setup, conforming: &Report) -> Vec<String> {
    (row.change)(&mut setup);
    let (report, replay) = setup.try_audit();
    let report = report.unwrap_or_else(|error| panic!("{}: {error}", row.requirement));
    let mut wrong: Vec<String> = replay.unrecorded().iter().map(|asked| format!("not recorded: {asked:?}")).collect();
    let flipped = differences(conforming, &setup, &report);
    let expected: BTreeSet<_> = row
        .flips
        .iter()
        .map(|(requirement, subject, status)| ((*requirement).to_owned(), (*subject).to_owned(), Some(*status)))
        .collect();
    for (requirement, subject, status) in flipped.difference(&expected) {
        let of = report.findings.iter().filter(|finding| finding.requirement == *requirement);
        let said: Vec<String> = of.map(harness::describe).collect();
        wrong.push(format!("flips {requirement} of {subject} to {status:?}: {said:?}"));
    }
    for (requirement, subject, status) in expected.difference(&flipped) {
        wrong.push(format!("does not flip {requirement} of {subject} to {status:?}"));
    }
    let own = harness::findings(&report, row.requirement);
    let broken = |finding: &&Finding| matches!(finding.outcome.status(), Fail | Error);
    if !own.iter().copied().filter(broken).any(|finding| text(finding).contains(row.says)) {
        let said: Vec<String> = own.into_iter().map(harness::describe).collect();
        wrong.push(format!("does not say {:?}: {said:?}", row.says));
    }
    wrong.into_iter().map(|what| format!("{} ({}): {what}", row.requirement, row.says)).collect()
}

#[test]
fn an_advice_does_not_count_when_its_requirement_fails() {
    let row = MUTATIONS.iter().find(|row| row.requirement == "lambda-failure-destination").expect("the row");
    let mut setup = Setup::conforming();
    (row.change)(&mut setup);
    let report = setup.audit();
    assert_eq!((report.exit_code(), report.summary.advice), (0, 1));
    let [finding] = harness::findings(&report, "lambda-failure-destination")[..] else { panic!("one finding") };
    assert!(finding.is_advice(), "{}", harness::describe(finding));
}
