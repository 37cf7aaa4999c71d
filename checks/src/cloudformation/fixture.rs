//! A conforming stack with its resources, for the tests of the checks.

use std::collections::BTreeMap;

use super::*;
use crate::fixture::{denial, not_set, seen, subject};
use crate::subject::{Kind, Resource, Subject};
use crate::{iam, kms, lambda, logs, s3};

pub(crate) const NAME: &str = "TapStackdev";
const STACK_ID: &str = "arn:aws:cloudformation:us-east-2:123456789012:stack/TapStackdev/11111111-2222";

pub(crate) fn member(logical_id: &str, kind: &str, physical_id: &str, status: &str) -> Member {
    Member {
        stack: NAME.into(),
        logical_id: logical_id.into(),
        physical_id: Observed::Present(physical_id.into()),
        kind: kind.into(),
        status: status.into(),
        drift: Observed::Absent,
    }
}

pub(crate) fn template_resource(kind: &str) -> TemplateResource {
    TemplateResource {
        kind: kind.into(),
        deletion_policy: Observed::Absent,
        update_replace_policy: Observed::Absent,
        policy_names: Vec::new(),
        policy_roles: Vec::new(),
        variables: Vec::new(),
        in_cluster: Observed::Absent,
    }
}

/// A JSON template with a retained bucket and log group, a key, a function and its role.
pub(crate) fn template() -> Template {
    let retain = || Observed::Present(Attribute::Word("Retain".into()));
    let mut bucket = template_resource("AWS::S3::Bucket");
    bucket.deletion_policy = retain();
    bucket.update_replace_policy = retain();
    let mut group = template_resource("AWS::Logs::LogGroup");
    group.deletion_policy = retain();
    group.update_replace_policy = retain();
    let mut role = template_resource("AWS::IAM::Role");
    role.policy_names = vec![TemplateText::Text("data-access-dev".into())];
    Template {
        format: TemplateFormat::Json,
        description: Observed::Present(LengthClass::Medium),
        parameters: BTreeMap::new(),
        resources: BTreeMap::from([
            ("Bucket".into(), bucket),
            ("LogGroup".into(), group),
            ("Key".into(), template_resource("AWS::KMS::Key")),
            ("Function".into(), template_resource("AWS::Lambda::Function")),
            ("Role".into(), role),
        ]),
        unread_nested: BTreeMap::new(),
    }
}

pub(crate) fn description() -> Description {
    Description {
        status: Observed::Present(StackStatus::CreateComplete),
        termination_protection: Observed::Present(Switch::Off),
        drift: Observed::Present(DriftStatus::NotChecked),
        drift_checked_at: Observed::Absent,
        parameters: Observed::Present(vec![Parameter {
            key: "EnvironmentSuffix".into(),
            value: ParameterValue::Clear,
            resolved: Observed::Absent,
            suffix: Some("dev".into()),
        }]),
    }
}

/// A complete stack in us-east-2 that holds what the other functions of this file give.
pub(crate) fn stack() -> Stack {
    Stack {
        identity: seen(Identity {
            name: NAME.into(),
            id: Observed::Present(STACK_ID.into()),
            found_by: "AWS::S3::Bucket patient-data-dev".into(),
        }),
        description: seen(description()),
        members: seen(vec![
            member("Bucket", "AWS::S3::Bucket", "patient-data-dev", "CREATE_COMPLETE"),
            member("Policy", "AWS::S3::BucketPolicy", "patient-data-dev", "CREATE_COMPLETE"),
            member("LogGroup", "AWS::Logs::LogGroup", "/aws/lambda/processor-dev", "CREATE_COMPLETE"),
            member("Key", "AWS::KMS::Key", "1111-2222", "CREATE_COMPLETE"),
            member("Function", "AWS::Lambda::Function", "processor-dev", "CREATE_COMPLETE"),
            member("Role", "AWS::IAM::Role", "processor-role-dev", "CREATE_COMPLETE"),
            member("Invoke", "AWS::Lambda::Permission", "TapStackdev-Invoke-1", "CREATE_COMPLETE"),
        ]),
        original: seen(template()),
        processed: seen(template()),
        parameter_summary: seen(Vec::new()),
        holders: BTreeMap::new(),
        addresses: crate::network::Addresses::unknown(&denial()),
    }
}

/// What is seen where AWS answered that no stack holds the resources.
pub(crate) fn absent_stack() -> Stack {
    let gap = Gap::depends_on("stack-managed-by-cloudformation", "no stack holds the resources");
    let mut stack = Stack::unknown(&gap);
    stack.identity = not_set();
    stack
}

pub(crate) fn subject_of(stack: Stack) -> Subject {
    subject(Kind::Stack, NAME, Resource::Stack(Box::new(stack)))
}

/// A bucket under AES256 without Object Lock.
pub(crate) fn bucket_subject() -> Subject {
    let mut bucket = s3::Bucket::unknown(&denial());
    bucket.location = seen("us-east-2".into());
    bucket.encryption = seen(vec![s3::EncryptionRule {
        algorithm: Observed::Present(s3::SseAlgorithm::Aes256),
        kms_key: Observed::Absent,
        sse_c: s3::SseC::Allowed,
    }]);
    bucket.object_lock = not_set();
    subject(Kind::Bucket, "patient-data-dev", Resource::Bucket(Box::new(bucket)))
}

pub(crate) fn function_subject() -> Subject {
    let function = lambda::Function::unknown(&denial());
    subject(Kind::Function, "processor-dev", Resource::Function(Box::new(function)))
}

/// A role with the one inline policy of the template.
pub(crate) fn role_subject() -> Subject {
    let role = iam::Role {
        inline_policies: seen(vec!["data-access-dev".into()]),
        attached_policies: seen(Vec::new()),
        tags: not_set(),
        ..iam::Role::unknown(&denial())
    };
    let mut subject = subject(Kind::Role, "processor-role-dev", Resource::Role(Box::new(role)));
    subject.region = None;
    subject
}

/// A log group without a key of its own and without deletion protection.
pub(crate) fn log_group_subject() -> Subject {
    let mut group = logs::LogGroup::unknown(&denial());
    group.description = seen(logs::Description {
        arn: Observed::Absent,
        retention_days: Observed::Present(90),
        retention_policy: Observed::Absent,
        kms_key: Observed::Absent,
        class: Observed::Absent,
        deletion_protection: Observed::Absent,
        created_at: Observed::Absent,
    });
    subject(Kind::LogGroup, "/aws/lambda/processor-dev", Resource::LogGroup(Box::new(group)))
}

/// The key of the stack, which an alias names too.
pub(crate) fn key_subject() -> Subject {
    let mut key = kms::Key::unknown(&denial());
    key.named_by.insert("alias/patient-data".into());
    let mut subject = subject(Kind::Key, "1111-2222", Resource::Key(Box::new(key)));
    subject.arn = Some("arn:aws:kms:us-east-2:123456789012:key/1111-2222".into());
    subject
}
