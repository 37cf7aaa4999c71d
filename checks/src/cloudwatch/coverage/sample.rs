//! Events of each critical category, in the form in which CloudTrail writes them: what patterns are tried on.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::evidence::Run;

/// A category of events that somebody has to hear of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::cloudwatch) enum Category {
    /// Somebody tries what is not allowed.
    UnauthorizedApiCalls,
    /// A key is disabled or about to be deleted.
    KmsKeyDisableOrDeletion,
    /// A policy of IAM is changed.
    IamPolicyChange,
    /// The audit trail is stopped, deleted or changed.
    AuditLogTampering,
    /// Somebody acts as the account's root user.
    RootUsage,
}

impl Category {
    /// Every category.
    pub(in crate::cloudwatch) const ALL: [Category; 5] = [
        Category::UnauthorizedApiCalls,
        Category::KmsKeyDisableOrDeletion,
        Category::IamPolicyChange,
        Category::AuditLogTampering,
        Category::RootUsage,
    ];

    /// The category's name in reports and parameters.
    pub(super) fn name(self) -> &'static str {
        match self {
            Category::UnauthorizedApiCalls => "unauthorized-api-calls",
            Category::KmsKeyDisableOrDeletion => "kms-key-disable-or-deletion",
            Category::IamPolicyChange => "iam-policy-change",
            Category::AuditLogTampering => "audit-log-tampering",
            Category::RootUsage => "root-usage",
        }
    }

    /// The events of the category. They differ in who acts, so that a filter for one kind of caller does not pass for all.
    pub(in crate::cloudwatch) fn samples(self, run: &Run, trail: &str) -> Vec<Sample> {
        let of = Writer { run };
        match self {
            Category::UnauthorizedApiCalls => vec![
                of.call("AccessDenied", "secretsmanager", "PutSecretValue", Caller::Role, json!({
                    "errorCode": "AccessDenied",
                    "errorMessage": "The caller is not authorized to perform this action because no identity-based policy allows it",
                })),
                of.call("Client.UnauthorizedOperation", "ec2", "TerminateInstances", Caller::User, json!({
                    "errorCode": "Client.UnauthorizedOperation",
                    "errorMessage": "You are not authorized to perform this operation.",
                })),
            ],
            Category::KmsKeyDisableOrDeletion => vec![
                of.call("DisableKey", "kms", "DisableKey", Caller::Role, of.key(&json!({"keyId": KEY}))),
                of.call("ScheduleKeyDeletion", "kms", "ScheduleKeyDeletion", Caller::User, of.key(&json!({
                    "keyId": KEY, "pendingWindowInDays": 7,
                }))),
            ],
            Category::IamPolicyChange => vec![
                of.call("PutRolePolicy", "iam", "PutRolePolicy", Caller::Role, json!({
                    "requestParameters": {"roleName": "a-role", "policyName": "a-policy", "policyDocument": "{}"},
                })),
                of.call("AttachRolePolicy", "iam", "AttachRolePolicy", Caller::User, json!({
                    "requestParameters": {"roleName": "a-role", "policyArn": of.policy()},
                })),
                of.call("CreatePolicyVersion", "iam", "CreatePolicyVersion", Caller::Role, json!({
                    "requestParameters": {"policyArn": of.policy(), "policyDocument": "{}", "setAsDefault": true},
                })),
            ],
            Category::AuditLogTampering => ["StopLogging", "DeleteTrail", "UpdateTrail"]
                .into_iter()
                .zip([Caller::Role, Caller::User, Caller::Role])
                .map(|(name, caller)| {
                    of.call(name, "cloudtrail", name, caller, json!({"requestParameters": {"name": trail}}))
                })
                .collect(),
            // A call that nothing but its caller makes remarkable: a filter for changes of policies is none for root.
            Category::RootUsage => vec![
                of.call("a call as root", "ec2", "CreateTags", Caller::Root, json!({
                    "requestParameters": {
                        "resourcesSet": {"items": [{"resourceId": "vpc-00000000000000001"}]},
                        "tagSet": {"items": [{"key": "a-key", "value": "a-value"}]},
                    },
                })),
                of.sign_in(),
            ],
        }
    }
}

/// An event with a name for the reader.
pub(in crate::cloudwatch) struct Sample {
    /// What happened, in a word.
    pub(in crate::cloudwatch) name: &'static str,
    /// The event.
    pub(in crate::cloudwatch) event: Value,
}

/// Events that nobody has to hear of: a role looks around, and a role writes what it is there to write.
pub(in crate::cloudwatch) fn harmless(run: &Run) -> [Sample; 2] {
    let of = Writer { run };
    [
        of.call(
            "DescribeInstances",
            "ec2",
            "DescribeInstances",
            Caller::Role,
            json!({
                "readOnly": true,
                "requestParameters": {"instancesSet": {}, "filterSet": {}},
            }),
        ),
        of.call(
            "CreateLogStream",
            "logs",
            "CreateLogStream",
            Caller::Role,
            json!({
                "requestParameters": {"logGroupName": "a-group", "logStreamName": "a-stream"},
            }),
        ),
    ]
}

/// Events in which somebody reads or writes data.
pub(in crate::cloudwatch) fn data_access(run: &Run) -> Vec<Sample> {
    let of = Writer { run };
    let object = |read_only: bool| {
        let parts = json!([
            {"type": "AWS::S3::Object", "ARN": format!("arn:{}:s3:::a-bucket/an-object", run.partition)},
            {"type": "AWS::S3::Bucket", "ARN": format!("arn:{}:s3:::a-bucket", run.partition), "accountId": run.account},
        ]);
        json!({
            "readOnly": read_only,
            "managementEvent": false,
            "eventCategory": "Data",
            "requestParameters": {"bucketName": "a-bucket", "key": "an-object"},
            "resources": parts,
        })
    };
    let mut decrypt = of.key(&json!({"encryptionAlgorithm": "SYMMETRIC_DEFAULT"}));
    decrypt["readOnly"] = json!(true);
    vec![
        of.call("GetObject", "s3", "GetObject", Caller::Role, object(true)),
        of.call("PutObject", "s3", "PutObject", Caller::Role, object(false)),
        of.call("Decrypt", "kms", "Decrypt", Caller::Role, decrypt),
    ]
}

/// The region in which the events of IAM and of signing in as root arise.
pub(super) fn leading_region(run: &Run) -> &'static str {
    match run.partition.as_str() {
        "aws-cn" => "cn-north-1",
        "aws-us-gov" => "us-gov-west-1",
        _ => "us-east-1",
    }
}

const KEY: &str = "11111111-2222-3333-4444-555555555555";
const TIME: &str = "2026-01-01T00:00:00Z";

/// Who acts.
#[derive(Clone, Copy)]
enum Caller {
    Role,
    User,
    Root,
}

struct Writer<'r> {
    run: &'r Run,
}

impl Writer<'_> {
    /// A call of an API; `more` adds to what every such event holds, or takes its place.
    fn call(&self, name: &'static str, service: &str, operation: &str, caller: Caller, more: Value) -> Sample {
        let region = if service == "iam" { leading_region(self.run) } else { self.run.region.as_str() };
        let mut event = json!({
            "eventVersion": "1.11",
            "userIdentity": self.identity(caller),
            "eventTime": TIME,
            "eventSource": format!("{service}.amazonaws.com"),
            "eventName": operation,
            "awsRegion": region,
            "sourceIPAddress": "192.0.2.10",
            "userAgent": "aws-cli/2.31.0",
            "requestParameters": null,
            "responseElements": null,
            "requestID": "00000000-0000-0000-0000-000000000001",
            "eventID": "00000000-0000-0000-0000-000000000002",
            "readOnly": false,
            "eventType": "AwsApiCall",
            "managementEvent": true,
            "recipientAccountId": self.run.account,
            "eventCategory": "Management",
            "tlsDetails": {
                "tlsVersion": "TLSv1.3",
                "cipherSuite": "TLS_AES_128_GCM_SHA256",
                "clientProvidedHostHeader": format!("{service}.{region}.amazonaws.com"),
            },
        });
        if let (Value::Object(event), Value::Object(more)) = (&mut event, more) {
            event.extend(more);
        }
        Sample { name, event }
    }

    /// Somebody signs in to the console as root.
    fn sign_in(&self) -> Sample {
        let mut sample = self.call(
            "a sign-in as root",
            "signin",
            "ConsoleLogin",
            Caller::Root,
            json!({
                "awsRegion": leading_region(self.run),
                "eventType": "AwsConsoleSignIn",
                "responseElements": {"ConsoleLogin": "Success"},
                "additionalEventData": {
                    "LoginTo": "https://console.aws.amazon.com/console/home",
                    "MobileVersion": "No",
                    "MFAUsed": "Yes",
                },
            }),
        );
        if let Value::Object(event) = &mut sample.event {
            event.remove("requestID");
        }
        sample
    }

    fn identity(&self, caller: Caller) -> Value {
        let Run { account, partition, .. } = self.run;
        let session = json!({"attributes": {"creationDate": TIME, "mfaAuthenticated": "false"}});
        match caller {
            Caller::Role => json!({
                "type": "AssumedRole",
                "principalId": "AROAEXAMPLEEXAMPLE000:someone",
                "arn": format!("arn:{partition}:sts::{account}:assumed-role/some-role/someone"),
                "accountId": account,
                "accessKeyId": "ASIAEXAMPLEEXAMPLE00",
                "sessionContext": {
                    "sessionIssuer": {
                        "type": "Role",
                        "principalId": "AROAEXAMPLEEXAMPLE000",
                        "arn": format!("arn:{partition}:iam::{account}:role/some-role"),
                        "accountId": account,
                        "userName": "some-role",
                    },
                    "attributes": {"creationDate": TIME, "mfaAuthenticated": "false"},
                },
            }),
            Caller::User => json!({
                "type": "IAMUser",
                "principalId": "AIDAEXAMPLEEXAMPLE000",
                "arn": format!("arn:{partition}:iam::{account}:user/someone"),
                "accountId": account,
                "accessKeyId": "AKIAEXAMPLEEXAMPLE00",
                "userName": "someone",
                "sessionContext": session,
            }),
            Caller::Root => json!({
                "type": "Root",
                "principalId": account,
                "arn": format!("arn:{partition}:iam::{account}:root"),
                "accountId": account,
                "accessKeyId": "ASIAEXAMPLEEXAMPLE01",
                "sessionContext": session,
            }),
        }
    }

    /// What an event about a key holds beside.
    fn key(&self, parameters: &Value) -> Value {
        let Run { account, partition, region, .. } = self.run;
        json!({
            "requestParameters": parameters,
            "resources": [{
                "accountId": account,
                "type": "AWS::KMS::Key",
                "ARN": format!("arn:{partition}:kms:{region}:{account}:key/{KEY}"),
            }],
        })
    }

    fn policy(&self) -> String {
        format!("arn:{}:iam::{}:policy/a-policy", self.run.partition, self.run.account)
    }
}
