//! Roles for tests.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::cloudformation::{Identity, Member, Stack};
use crate::fixture::{ACCOUNT, denial, not_set, seen};
use crate::iam::Role;
use crate::lambda::{Configuration, Function, LATEST};
use crate::observed::{Observed, Seen};
use crate::policy::model::PolicyText;
use crate::s3::Bucket;
use crate::subject::{Kind, Resource, Subject};

/// The role's ARN.
pub(crate) const ARN: &str = "arn:aws:iam::123456789012:role/service/processor";

/// A role without policies that Lambda alone may become.
pub(crate) fn role() -> Role {
    Role {
        inline_policies: seen(Vec::new()),
        attached_policies: seen(Vec::new()),
        arn: seen(ARN.into()),
        path: seen("/service/".into()),
        trust: policies(
            &json!({ "Effect": "Allow", "Principal": { "Service": "lambda.amazonaws.com" }, "Action": "sts:AssumeRole" }),
        ),
        boundary: not_set(),
        inline_documents: BTreeMap::new(),
        attached_documents: BTreeMap::new(),
        tags: not_set(),
    }
}

/// The role as a subject.
pub(crate) fn subject(role: Role) -> Subject {
    let mut subject = Subject::new(Kind::Role, "processor", Resource::Role(role.into()));
    subject.arn = Some(format!("arn:aws:iam::{ACCOUNT}:role/service/processor"));
    subject
}

/// A document of these statements.
pub(crate) fn policies(statements: &Value) -> Seen<PolicyText> {
    seen(PolicyText(json!({ "Version": "2012-10-17", "Statement": statements }).to_string()))
}

/// The role with one more inline policy.
#[expect(clippy::needless_pass_by_value, reason = "statements are written where they are used")]
pub(crate) fn inline(mut role: Role, name: &str, statements: Value) -> Role {
    role.inline_policies = role.inline_policies.map(|names| names.into_iter().chain([name.to_owned()]).collect());
    role.inline_documents.insert(name.into(), policies(&statements));
    role
}

/// The role with one more managed policy.
#[expect(clippy::needless_pass_by_value, reason = "statements are written where they are used")]
pub(crate) fn managed(mut role: Role, arn: &str, statements: Value) -> Role {
    role.attached_policies = role.attached_policies.map(|arns| arns.into_iter().chain([arn.to_owned()]).collect());
    role.attached_documents.insert(arn.into(), policies(&statements));
    role
}

/// A stack whose listing was read and holds these types, by logical id.
pub(crate) fn stack(members: &[(&str, &str)]) -> Subject {
    let member = |(logical_id, kind): &(&str, &str)| Member {
        stack: "TapStackdev".into(),
        logical_id: (*logical_id).into(),
        physical_id: Observed::Present((*logical_id).into()),
        kind: (*kind).into(),
        status: "CREATE_COMPLETE".into(),
        drift: Observed::Absent,
    };
    let mut stack = Stack::unknown(&denial());
    stack.identity = seen(Identity { name: "TapStackdev".into(), id: Observed::Absent, found_by: "the bucket".into() });
    stack.members = seen(members.iter().map(member).collect());
    Subject::new(Kind::Stack, "TapStackdev", Resource::Stack(stack.into()))
}

/// A configuration of a function that runs as the role.
pub(crate) fn configuration() -> Configuration {
    Configuration {
        arn: unknown_text(),
        name: Observed::Present("processor".into()),
        state: Observed::Unknown(denial()),
        state_reason: unknown_text(),
        last_update: Observed::Unknown(denial()),
        last_update_reason: unknown_text(),
        role: Observed::Present(ARN.into()),
        memory_mb: Observed::Unknown(denial()),
        timeout_s: Observed::Unknown(denial()),
        runtime: unknown_text(),
        package: Observed::Unknown(denial()),
        kms_key: unknown_text(),
        environment: Observed::Unknown(denial()),
        vpc: Observed::Unknown(denial()),
        log_group: Observed::Absent,
        dead_letter: unknown_text(),
    }
}

fn unknown_text() -> Observed<String> {
    Observed::Unknown(denial())
}

/// A primary function with this configuration.
pub(crate) fn function(configuration: Seen<Configuration>) -> Subject {
    let mut function = Function::unknown(&denial());
    function.configuration = configuration;
    function.event_invoke = BTreeMap::from([(LATEST.to_owned(), not_set())]);
    crate::fixture::subject(Kind::Function, "processor", Resource::Function(function.into()))
}

/// A bucket with this policy.
pub(crate) fn bucket(name: &str, policy: Seen<PolicyText>) -> Subject {
    let mut bucket = Bucket::unknown(&denial());
    bucket.policy = policy;
    crate::fixture::subject(Kind::Bucket, name, Resource::Bucket(bucket.into()))
}
