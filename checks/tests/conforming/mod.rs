//! Deployments that meet every requirement of their profiles: one put together by hand, one of a recorded account. Every
//! attribute rests on a call of its own, so that a finding that cites the call has read the attribute.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use tap_audit_checks::cloudformation::{
    Attribute, Description as StackDescription, DriftStatus, Identity, Member, Parameter, ParameterValue, Stack,
    StackStatus, Template, TemplateFormat, TemplateResource, TemplateText,
};
use tap_audit_checks::cloudtrail::{ClassicSelector, Selectors, Trail, TrailStatus};
use tap_audit_checks::evidence::{Account, Evidence, Run};
use tap_audit_checks::iam::Role;
use tap_audit_checks::kms::{Key, KeyManager, KeyState, Metadata, Origin, Rotation, RotationStatus};
use tap_audit_checks::lambda::{
    Configuration, EndpointKind, Environment, EventInvoke, Function, LastUpdate, LengthClass, Package,
    PublishedDefault, State, ValueLook, Variable, Vpc, VpcEndpoint,
};
use tap_audit_checks::logs::{Description as GroupDescription, LogClass, LogGroup};
use tap_audit_checks::network::Addresses;
use tap_audit_checks::outputs::{InFile, LiveOutput, LiveValue, Output, Outputs, Resolved};
use tap_audit_checks::policy::model::PolicyText;
use tap_audit_checks::s3::{
    Acl, Bucket, Emptiness, EncryptionRule, FunctionNotification, Grant, Grantee, Logging, MfaDelete, Notifications,
    ObjectOwnership, PolicyStatus, PublicAccessBlock, SampledObject, SseAlgorithm, SseC, Switch, Versioning,
    VersioningStatus,
};
use tap_audit_checks::subject::{Kind, Resource, Subject};
use tap_audit_checks::{Observed, Seen};

use Observed::{Absent, Present};

const ACCOUNT: &str = "123456789012";
const REGION: &str = "us-east-2";
const STACK: &str = "TapStackdev";
const BUCKET: &str = "patient-data-bucket-dev";
const FUNCTION: &str = "patient-data-processor-dev";
const ROLE: &str = "patient-data-role-dev";
const GROUP: &str = "/aws/lambda/patient-data-processor-dev";
const KEY: &str = "2f7cd16b-9108-4449-9e99-4b9f51829047";
const ALIAS: &str = "alias/patient-data-dev";

fn seen<T>(value: T) -> Seen<T> {
    Seen::new(Present(value), Vec::new())
}

fn not_set<T>() -> Seen<T> {
    Seen::new(Absent, Vec::new())
}

fn text(value: &str) -> Observed<String> {
    Present(value.into())
}

fn arn(service: &str, rest: &str) -> String {
    format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}")
}

fn tags() -> Seen<BTreeMap<String, String>> {
    let tags = [("Environment", "dev"), ("DataClassification", "PHI"), ("ComplianceScope", "HIPAA")];
    seen(tags.map(|(key, value)| (key.to_owned(), value.to_owned())).into())
}

fn subject(kind: Kind, id: &str, arn: Option<String>, logical_id: &str, resource: Resource) -> Subject {
    let mut subject = Subject::new(kind, id, resource);
    subject.region = Some(REGION.into());
    subject.arn = arn;
    subject.logical_id = Some(logical_id.into());
    subject.stack = Some(STACK.into());
    subject
}

fn block() -> PublicAccessBlock {
    let on = || Present(Switch::On);
    PublicAccessBlock {
        block_public_acls: on(),
        ignore_public_acls: on(),
        block_public_policy: on(),
        restrict_public_buckets: on(),
    }
}

/// The evidence; each attribute cites a call named by its place.
pub(crate) fn evidence() -> Evidence {
    let at = "2026-11-01T12:00:00Z".parse().expect("a fixed time");
    let subjects = vec![outputs(), stack(), account(), bucket(), function(), key(), log_group(), role()];
    let evidence = Evidence {
        run: Run {
            started_at: at,
            finished_at: at,
            account: ACCOUNT.into(),
            partition: "aws".into(),
            caller_arn: format!("arn:aws:sts::{ACCOUNT}:assumed-role/auditor/test"),
            region: REGION.into(),
            endpoint: "aws".into(),
            emulated: false,
            outputs_file: Some("cfn-outputs/flat-outputs.json".into()),
            outputs_sha256: None,
            environment_suffix: Some("dev".into()),
            kinds: Kind::ALL.to_vec(),
            stack_name: None,
        },
        subjects,
        not_covered: Vec::new(),
        calls: Vec::new(),
    };
    let mut value = serde_json::to_value(&evidence).expect("evidence serialises");
    name_calls(&mut value, "");
    serde_json::from_value(value).expect("the same evidence with named calls")
}

/// The evidence of the recorded monitoring account.
pub(crate) fn monitoring() -> Evidence {
    recorded(include_str!("monitoring.json"))
}

/// The evidence of the recorded MediTech account.
pub(crate) fn meditech() -> Evidence {
    recorded(include_str!("meditech.json"))
}

/// The evidence of a recorded account, which `cargo xtask generate` writes; each attribute cites a call named by its place
/// instead of those that it was read by.
fn recorded(text: &str) -> Evidence {
    let mut value: Value = serde_json::from_str(text).expect("JSON");
    let calls = dated(&value);
    value["calls"] = calls;
    let subjects = value["subjects"].as_array_mut().expect("subjects");
    for group in subjects.iter_mut().filter_map(|subject| subject.pointer_mut("/resource/log-group")) {
        // It is asked for only where the requirement that needs it is switched on, as in the sweep.
        group["last_event"]["observed"] = json!({ "present": "2026-11-01T11:55:00Z" });
    }
    name_calls(&mut value, "");
    serde_json::from_value(value).expect("evidence")
}

/// The calls of whose answer the date counts, under the names that they get.
fn dated(value: &Value) -> Value {
    let calls = value["calls"].as_array().expect("calls");
    let described =
        value["subjects"].as_array().expect("subjects").iter().enumerate().filter_map(|(index, subject)| {
            let cited = subject.pointer("/resource/database/cluster/calls/0")?;
            let mut call = calls.iter().find(|call| call["id"] == *cited).expect("a call of the ledger").clone();
            call["id"] = format!("/subjects/{index}/resource/database/cluster").into();
            Some(call)
        });
    described.collect()
}

fn name_calls(value: &mut Value, place: &str) {
    match value {
        Value::Object(members) => {
            if is_seen(members) {
                members.insert("calls".into(), vec![Value::from(place)].into());
            }
            for (name, member) in members {
                name_calls(member, &format!("{place}/{name}"));
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                name_calls(item, &format!("{place}/{index}"));
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Whether this is an observation with its calls.
pub(crate) fn is_seen(members: &Map<String, Value>) -> bool {
    members.len() == 2 && members.contains_key("observed") && members.contains_key("calls")
}

fn output(key: &str, kind: Kind, id: &str, arn: Option<String>) -> Output {
    Output {
        key: key.into(),
        value: arn.clone().unwrap_or_else(|| id.into()),
        secret: None,
        resolved: Some(Resolved {
            kind: kind.name().into(),
            id: id.into(),
            region: arn.as_ref().map(|_| REGION.into()),
            account: None,
            arn,
            by: "the value".into(),
        }),
        reason: None,
        live: seen(LiveValue::Same),
    }
}

fn bucket_arn() -> String {
    format!("arn:aws:s3:::{BUCKET}")
}

fn function_arn() -> String {
    arn("lambda", &format!("function:{FUNCTION}"))
}

fn key_arn() -> String {
    arn("kms", &format!("key/{KEY}"))
}

fn outputs() -> Subject {
    let mut entries = vec![
        output("S3BucketArn", Kind::Bucket, BUCKET, Some(bucket_arn())),
        output("LambdaFunctionArn", Kind::Function, FUNCTION, Some(function_arn())),
        output("KMSKeyId", Kind::Key, KEY, None),
    ];
    if let Some(resolved) = &mut entries[0].resolved {
        resolved.region = None;
    }
    let live = entries.iter().map(|entry| LiveOutput {
        stack: STACK.into(),
        key: entry.key.clone(),
        secret: None,
        in_file: InFile::Present,
    });
    let resource = Resource::Outputs(Outputs { live: seen(live.collect()), entries });
    Subject::new(Kind::Outputs, "cfn-outputs/flat-outputs.json", resource)
}

fn template() -> Template {
    let resource = |kind: &str| TemplateResource {
        kind: kind.into(),
        deletion_policy: Present(Attribute::Word("Retain".into())),
        update_replace_policy: Present(Attribute::Word("Retain".into())),
        policy_names: Vec::new(),
        policy_roles: Vec::new(),
        variables: Vec::new(),
        in_cluster: Absent,
    };
    let mut resources: BTreeMap<String, TemplateResource> =
        MEMBERS.map(|(logical_id, kind, _)| (logical_id.to_owned(), resource(kind))).into();
    if let Some(role) = resources.get_mut("Role") {
        role.policy_names = vec![TemplateText::Text("data-access".into())];
    }
    Template {
        format: TemplateFormat::Json,
        description: Present(LengthClass::Medium),
        parameters: BTreeMap::new(),
        resources,
        unread_nested: BTreeMap::new(),
    }
}

const MEMBERS: [(&str, &str, &str); 7] = [
    ("Bucket", "AWS::S3::Bucket", BUCKET),
    ("BucketPolicy", "AWS::S3::BucketPolicy", BUCKET),
    ("Function", "AWS::Lambda::Function", FUNCTION),
    ("Invoke", "AWS::Lambda::Permission", "TapStackdev-Invoke-1"),
    ("Key", "AWS::KMS::Key", KEY),
    ("LogGroup", "AWS::Logs::LogGroup", GROUP),
    ("Role", "AWS::IAM::Role", ROLE),
];

fn stack() -> Subject {
    let id = arn("cloudformation", &format!("stack/{STACK}/11111111-2222"));
    let members = MEMBERS.map(|(logical_id, kind, physical_id)| Member {
        stack: STACK.into(),
        logical_id: logical_id.into(),
        physical_id: text(physical_id),
        kind: kind.into(),
        status: "CREATE_COMPLETE".into(),
        drift: text("IN_SYNC"),
    });
    let stack = Stack {
        identity: seen(Identity { name: STACK.into(), id: text(&id), found_by: "the bucket".into() }),
        description: seen(StackDescription {
            status: Present(StackStatus::CreateComplete),
            termination_protection: Present(Switch::Off),
            drift: Present(DriftStatus::InSync),
            drift_checked_at: Present("2026-10-31T12:00:00Z".parse().expect("a fixed time")),
            parameters: Present(vec![Parameter {
                key: "EnvironmentSuffix".into(),
                value: ParameterValue::Clear,
                resolved: Absent,
                suffix: Some("dev".into()),
            }]),
        }),
        members: seen(members.into()),
        original: seen(template()),
        processed: seen(template()),
        parameter_summary: seen(Vec::new()),
        holders: BTreeMap::new(),
        addresses: Addresses::unknown(&tap_audit_checks::Gap::NotCollected {
            what: "no requirement of the profile asks for it".into(),
        }),
    };
    let mut subject = subject(Kind::Stack, STACK, Some(id), "", Resource::Stack(stack.into()));
    subject.logical_id = None;
    subject
}

fn account() -> Subject {
    let trail = Trail {
        name: text("audit"),
        arn: Present(arn("cloudtrail", "trail/audit")),
        home_region: text(REGION),
        multi_region: Present(Switch::On),
        global_services: Present(Switch::On),
        organization: Present(Switch::Off),
        validation: Present(Switch::On),
        kms_key: Absent,
        bucket: text("trail-logs"),
        log_group: Absent,
        log_role: Absent,
        tags: seen(BTreeMap::new()),
        topic: Absent,
        status: seen(TrailStatus {
            logging: Present(Switch::On),
            delivery_error: Absent,
            delivered_at: Present("2026-11-01T11:55:00Z".parse().expect("a fixed time")),
            digest_error: Absent,
            digest_delivered_at: Absent,
            logs_error: Absent,
            logs_delivered_at: Absent,
            started_at: Absent,
        }),
        selectors: seen(Selectors {
            classic: vec![ClassicSelector {
                read_write: Absent,
                management: Absent,
                excluded_sources: Vec::new(),
                data: vec![("AWS::S3::Object".into(), vec![format!("{}/", bucket_arn())])],
            }],
            advanced: Vec::new(),
        }),
    };
    let account = Account {
        public_access_block: seen(block()),
        trails: seen(vec![trail]),
        log_policies: seen(Vec::new()),
        event_data_stores: not_set(),
        ..Account::unknown(&tap_audit_checks::Gap::NotCollected {
            what: "no requirement of the profile asks for it".into(),
        })
    };
    let mut subject = Subject::new(Kind::Account, ACCOUNT, Resource::Account(account.into()));
    subject.region = Some(REGION.into());
    subject
}

fn bucket() -> Subject {
    let bucket = Bucket {
        location: seen(REGION.into()),
        encryption: seen(vec![EncryptionRule {
            algorithm: Present(SseAlgorithm::Aes256),
            kms_key: Absent,
            sse_c: SseC::Blocked,
        }]),
        versioning: seen(Versioning {
            status: Present(VersioningStatus::Enabled),
            mfa_delete: Present(MfaDelete::Enabled),
        }),
        public_access_block: seen(block()),
        ownership: seen(ObjectOwnership::BucketOwnerEnforced),
        acl: seen(Acl {
            owner: text("owner"),
            grants: vec![Grant { grantee: Grantee::CanonicalUser("owner".into()), permission: "FULL_CONTROL".into() }],
        }),
        notifications: seen(Notifications {
            functions: vec![FunctionNotification {
                function_arn: function_arn(),
                events: vec!["s3:ObjectCreated:*".into()],
                prefix: String::new(),
                suffix: String::new(),
            }],
            event_bridge: Switch::Off,
            queues: Vec::new(),
            topics: Vec::new(),
        }),
        event_rules: seen(Vec::new()),
        logging: seen(Logging {
            target_bucket: "access-logs".into(),
            target_prefix: String::new(),
            target_location: seen(REGION.into()),
        }),
        policy: policy(&bucket_policy()),
        policy_status: seen(PolicyStatus { public: Present(Switch::Off) }),
        lifecycle: not_set(),
        object_lock: not_set(),
        tags: tags(),
        sampled_objects: seen(vec![SampledObject {
            key_hash: "0123456789ab".into(),
            algorithm: seen(SseAlgorithm::Aes256),
            customer_key: seen(Switch::Off),
        }]),
        emptiness: seen(Emptiness::Empty),
    };
    subject(Kind::Bucket, BUCKET, Some(bucket_arn()), "Bucket", Resource::Bucket(bucket.into()))
}

fn function() -> Subject {
    let configuration = Configuration {
        arn: Present(function_arn()),
        name: text(FUNCTION),
        state: Present(State::Active),
        state_reason: Absent,
        last_update: Present(LastUpdate::Successful),
        last_update_reason: Absent,
        role: Present(format!("arn:aws:iam::{ACCOUNT}:role/{ROLE}")),
        memory_mb: Present(1024),
        timeout_s: Present(300),
        runtime: text("python3.11"),
        package: Present(Package::Zip),
        kms_key: Present(key_arn()),
        environment: Present(Environment::Readable(vec![Variable {
            name: "DB_PASSWORD".into(),
            length: LengthClass::Medium,
            value: ValueLook::Literal,
            published_default: seen(PublishedDefault::No),
        }])),
        vpc: Present(Vpc { id: "vpc-1".into(), subnets: vec!["subnet-1".into()] }),
        log_group: text(GROUP),
        dead_letter: Absent,
    };
    let function = Function {
        configuration: seen(configuration),
        qualified: BTreeMap::new(),
        reserved_concurrency: seen(10),
        urls: seen(Vec::new()),
        event_invoke: BTreeMap::from([(
            "$LATEST".to_owned(),
            seen(EventInvoke { on_failure: Present(arn("sqs", "failures")), maximum_retries: Absent }),
        )]),
        s3_endpoints: seen(vec![VpcEndpoint {
            id: "vpce-1".into(),
            kind: Present(EndpointKind::Interface),
            state: text("available"),
            route_tables: Vec::new(),
            private_dns: Present(Switch::On),
        }]),
        route_tables: seen(Vec::new()),
        recent_invocations: seen(3),
        policies: [("$LATEST".to_owned(), policy(&function_policy()))].into(),
        tags: tags(),
    };
    subject(Kind::Function, FUNCTION, Some(function_arn()), "Function", Resource::Function(function.into()))
}

fn policy(document: &Value) -> Seen<PolicyText> {
    seen(PolicyText(document.to_string()))
}

fn role_arn() -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/{ROLE}")
}

fn bucket_policy() -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "DenyInsecureTransport",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [format!("arn:aws:s3:::{BUCKET}"), format!("arn:aws:s3:::{BUCKET}/*")],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
            {
                "Sid": "DenyUnencryptedUploads",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:PutObject",
                "Resource": format!("arn:aws:s3:::{BUCKET}/*"),
                "Condition": {"StringNotEquals": {"s3:x-amz-server-side-encryption": "AES256"}},
            },
        ],
    })
}

fn key_policy() -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Account",
                "Effect": "Allow",
                "Principal": {"AWS": format!("arn:aws:iam::{ACCOUNT}:root")},
                "Action": "kms:*",
                "Resource": "*",
            },
            {
                "Sid": "Logs",
                "Effect": "Allow",
                "Principal": {"Service": format!("logs.{REGION}.amazonaws.com")},
                "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
                "Resource": "*",
                "Condition": {
                    "ArnEquals": {"kms:EncryptionContext:aws:logs:arn": arn("logs", &format!("log-group:{GROUP}"))},
                },
            },
        ],
    })
}

fn function_policy() -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Bucket",
                "Effect": "Allow",
                "Principal": {"Service": "s3.amazonaws.com"},
                "Action": "lambda:InvokeFunction",
                "Resource": function_arn(),
                "Condition": {
                    "ArnLike": {"AWS:SourceArn": format!("arn:aws:s3:::{BUCKET}")},
                    "StringEquals": {"AWS:SourceAccount": ACCOUNT},
                },
            },
        ],
    })
}

fn role_policy() -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["s3:GetObject", "s3:GetObjectVersion"],
                "Resource": format!("arn:aws:s3:::{BUCKET}/*"),
            },
            {
                "Effect": "Allow",
                "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                "Resource": format!("{}:*", arn("logs", &format!("log-group:{GROUP}"))),
            },
            {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": key_arn()},
        ],
    })
}

fn key() -> Subject {
    let key = Key {
        named_by: [KEY.to_owned(), key_arn(), ALIAS.to_owned()].into(),
        encrypts: [format!("AWS::Lambda::Function {FUNCTION}")].into(),
        metadata: seen(Metadata {
            arn: Present(key_arn()),
            id: text(KEY),
            account: text(ACCOUNT),
            state: Present(KeyState::Enabled),
            manager: Present(KeyManager::Customer),
            origin: Present(Origin::AwsKms),
            spec: text("SYMMETRIC_DEFAULT"),
            usage: text("ENCRYPT_DECRYPT"),
            deletion_date: Absent,
            pending_window_days: Absent,
            multi_region: Absent,
        }),
        rotation: seen(Rotation::Status(
            RotationStatus { enabled: Present(Switch::On), period_days: Present(365), next: Absent }.into(),
        )),
        policy: policy(&key_policy()),
        grants: seen(Vec::new()),
        aliases: seen(vec![ALIAS.into()]),
        tags: tags(),
    };
    subject(Kind::Key, KEY, Some(key_arn()), "Key", Resource::Key(key.into()))
}

fn log_group() -> Subject {
    let group = LogGroup {
        description: seen(GroupDescription {
            arn: Present(arn("logs", &format!("log-group:{GROUP}"))),
            retention_days: Present(90),
            retention_policy: Absent,
            kms_key: Present(key_arn()),
            class: Present(LogClass::Standard),
            deletion_protection: Present(Switch::Off),
            created_at: Present("2026-10-01T00:00:00Z".parse().expect("a fixed time")),
        }),
        last_event: seen("2026-11-01T11:00:00Z".parse().expect("a fixed time")),
        subscriptions: seen(Vec::new()),
        policies: seen(Vec::new()),
        writers: vec![FUNCTION.into()],
        tags: tags(),
    };
    subject(
        Kind::LogGroup,
        GROUP,
        Some(arn("logs", &format!("log-group:{GROUP}"))),
        "LogGroup",
        Resource::LogGroup(group.into()),
    )
}

fn role() -> Subject {
    let role = Role {
        inline_policies: seen(vec!["data-access".into()]),
        attached_policies: seen(Vec::new()),
        arn: seen(role_arn()),
        path: seen("/".into()),
        trust: policy(&json!({
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
            ],
        })),
        boundary: not_set(),
        inline_documents: [("data-access".to_owned(), policy(&role_policy()))].into(),
        attached_documents: BTreeMap::new(),
        tags: tags(),
    };
    let mut subject = subject(Kind::Role, ROLE, Some(role_arn()), "Role", Resource::Role(role.into()));
    subject.region = None;
    subject
}
