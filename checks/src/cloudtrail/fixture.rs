//! What the tests of trails are built from.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{AdvancedSelector, ClassicSelector, FieldSelector, ReadWrite, Selectors, Trail, TrailStatus};
use crate::evidence::{Account, Evidence};
use crate::fixture::{ACCOUNT, denial, evidence, seen, subject};
use crate::observed::Observed::{Absent, Present};
use crate::observed::{Observed, Seen};
use crate::s3::{Bucket, Switch};
use crate::subject::{Kind, Resource, Subject};

pub(crate) const BUCKET: &str = "arn:aws:s3:::patients";
pub(crate) const LOGGING: &str = "cloudtrail-logging-enabled";
pub(crate) const DATA: &str = "cloudtrail-data-events";

pub(crate) fn arn(name: &str) -> String {
    format!("arn:aws:cloudtrail:us-east-2:{ACCOUNT}:trail/{name}")
}

pub(crate) fn classic(read_write: Observed<ReadWrite>, management: Observed<Switch>, values: &[&str]) -> Selectors {
    let data = if values.is_empty() {
        Vec::new()
    } else {
        vec![("AWS::S3::Object".to_owned(), values.iter().map(|value| (*value).to_owned()).collect())]
    };
    let selector = ClassicSelector { read_write, management, excluded_sources: Vec::new(), data };
    Selectors { classic: vec![selector], advanced: Vec::new() }
}

pub(crate) fn with_values(values: &[&str]) -> Selectors {
    classic(Absent, Absent, values)
}

pub(crate) fn field(name: &str) -> FieldSelector {
    FieldSelector {
        field: name.into(),
        equals: Vec::new(),
        starts_with: Vec::new(),
        ends_with: Vec::new(),
        not_equals: Vec::new(),
        not_starts_with: Vec::new(),
        not_ends_with: Vec::new(),
    }
}

pub(crate) fn equals(name: &str, value: &str) -> FieldSelector {
    FieldSelector { equals: vec![value.into()], ..field(name) }
}

pub(crate) fn not_equals(name: &str, value: &str) -> FieldSelector {
    FieldSelector { not_equals: vec![value.into()], ..field(name) }
}

pub(crate) fn starts_with(value: &str) -> FieldSelector {
    FieldSelector { starts_with: vec![value.into()], ..field("resources.ARN") }
}

pub(crate) fn not_starts_with(value: &str) -> FieldSelector {
    FieldSelector { not_starts_with: vec![value.into()], ..field("resources.ARN") }
}

pub(crate) fn advanced(selectors: Vec<Vec<FieldSelector>>) -> Selectors {
    let advanced = selectors.into_iter().map(|fields| AdvancedSelector { name: String::new(), fields }).collect();
    Selectors { classic: Vec::new(), advanced }
}

pub(crate) fn management_but(further: Vec<FieldSelector>) -> Vec<FieldSelector> {
    [vec![equals("eventCategory", "Management")], further].concat()
}

pub(crate) fn objects_with(further: Vec<FieldSelector>) -> Vec<FieldSelector> {
    [vec![equals("eventCategory", "Data"), equals("resources.type", "AWS::S3::Object")], further].concat()
}

pub(crate) fn status() -> TrailStatus {
    let lately = || Present("2026-11-01T11:55:00Z".parse().unwrap());
    TrailStatus {
        logging: Present(Switch::On),
        delivery_error: Absent,
        delivered_at: lately(),
        digest_error: Absent,
        digest_delivered_at: lately(),
        logs_error: Absent,
        logs_delivered_at: lately(),
        started_at: Present("2026-10-01T00:00:00Z".parse().unwrap()),
    }
}

pub(crate) fn trail(name: &str) -> Trail {
    Trail {
        name: Present(name.into()),
        arn: Present(arn(name)),
        home_region: Present("us-east-2".into()),
        multi_region: Present(Switch::On),
        global_services: Present(Switch::On),
        organization: Present(Switch::Off),
        validation: Present(Switch::On),
        kms_key: Absent,
        bucket: Present("trail-logs".into()),
        log_group: Present(format!("arn:aws:logs:us-east-2:{ACCOUNT}:log-group:trail:*")),
        log_role: Present(format!("arn:aws:iam::{ACCOUNT}:role/trail-log")),
        tags: seen(BTreeMap::new()),
        topic: Absent,
        status: seen(status()),
        selectors: seen(with_values(&["arn:aws:s3:::patients/"])),
    }
}

pub(crate) fn account(trails: Seen<Vec<Trail>>) -> Subject {
    let account = Account { trails, ..Account::unknown(&denial()) };
    subject(Kind::Account, ACCOUNT, Resource::Account(Box::new(account)))
}

pub(crate) fn bucket(name: &str) -> Subject {
    subject(Kind::Bucket, name, Resource::Bucket(Box::new(Bucket::unknown(&denial()))))
}

pub(crate) fn of(trails: Vec<Trail>) -> Evidence {
    evidence(vec![account(seen(trails)), bucket("patients")])
}

pub(crate) fn recording(selectors: Selectors) -> Evidence {
    of(vec![Trail { selectors: seen(selectors), ..trail("audit") }])
}

pub(crate) fn reporting(error: Observed<String>, delivered_at: Observed<Timestamp>) -> Evidence {
    let status = TrailStatus { delivery_error: error, delivered_at, ..status() };
    of(vec![Trail { status: seen(status), ..trail("audit") }])
}
