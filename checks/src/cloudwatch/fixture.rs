//! What the tests of alarms are built from.

use std::collections::BTreeMap;

use super::{
    Alarm, AlarmState, Comparison, Definition, Listing, Metric, MetricQuery, MetricWatch, Query, View, Watched,
};
use crate::cloudformation;
use crate::cloudtrail::fixture::trail;
use crate::evidence::{Account, Evidence};
use crate::fixture::{ACCOUNT, denial, evidence, not_set, seen, subject};
use crate::logs::{FilterMetric, MetricFilter};
use crate::observed::Observed::{Absent, Present};
use crate::subject::{Kind, Resource, Subject};
use crate::{eventbridge, sns};

pub(crate) const TOPIC: &str = "arn:aws:sns:us-east-2:123456789012:alerts";
/// The log group that the trail of [`deployment`] feeds.
pub(crate) const GROUP: &str = "trail";
/// Takes what root does.
pub(crate) const ROOT_PATTERN: &str =
    r#"{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent" }"#;

pub(crate) fn metric(namespace: &str, name: &str, dimensions: &[(&str, &str)]) -> Metric {
    let dimensions = dimensions.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Metric { namespace: namespace.into(), name: name.into(), dimensions: dimensions.collect() }
}

/// A filter on the trail's group that counts in the metric `Security/NAME`.
pub(crate) fn filter(name: &str, pattern: &str) -> MetricFilter {
    MetricFilter {
        name: name.into(),
        group: GROUP.into(),
        pattern: Present(pattern.into()),
        metrics: vec![FilterMetric {
            namespace: "Security".into(),
            name: name.into(),
            value: "1".into(),
            dimensions: BTreeMap::new(),
            default_value: Absent,
            unit: Absent,
        }],
        beyond_pattern: Vec::new(),
    }
}

pub(crate) fn query(metric: Metric) -> MetricQuery {
    MetricQuery {
        id: String::new(),
        metric,
        account: Absent,
        statistic: Present("Sum".into()),
        period: Present(300),
        unit: Absent,
        compared: Absent,
    }
}

/// An alarm that one event sets off.
pub(crate) fn watch(metric: Metric) -> MetricWatch {
    MetricWatch {
        queries: vec![Query::Metric(query(metric))],
        comparison: Present(Comparison::AtLeast),
        threshold: Present(1.0),
        band: Absent,
        periods: Present(1),
        needed: Absent,
        missing_data: Absent,
        evaluation: Absent,
    }
}

pub(crate) fn alarm(name: &str, watch: MetricWatch) -> Definition {
    Definition {
        name: name.into(),
        arn: Present(format!("arn:aws:cloudwatch:us-east-2:{ACCOUNT}:alarm:{name}")),
        actions_enabled: Present(crate::s3::Switch::On),
        alarm_actions: vec![TOPIC.into()],
        state: Present(AlarmState::Ok),
        transitioned_at: Present("2026-10-01T00:00:00Z".parse().unwrap()),
        configured_at: Present("2026-10-01T00:00:00Z".parse().unwrap()),
        watched: Watched::Metrics(Box::new(watch)),
    }
}

/// An alarm on the metric of the filter of this name.
pub(crate) fn on(filter: &str, name: &str) -> Definition {
    alarm(name, watch(metric("Security", filter, &[])))
}

/// An alarm on the errors of a function.
pub(crate) fn on_function(name: &str) -> Definition {
    alarm(name, watch(metric("AWS/Lambda", "Errors", &[("FunctionName", "processor")])))
}

pub(crate) fn of_alarm(definition: Definition) -> Subject {
    let name = definition.name.clone();
    let alarm = Alarm { definition: seen(definition), metric: seen(Listing::Listed), tags: not_set() };
    subject(Kind::Alarm, &name, Resource::Alarm(Box::new(alarm)))
}

pub(crate) fn topic(arn: &str) -> Subject {
    let mut topic = subject(Kind::Topic, arn, Resource::Topic(Box::new(sns::fixture::topic())));
    topic.arn = Some(arn.to_owned());
    topic
}

/// What CloudWatch holds where it holds these alarms.
pub(crate) fn view(alarms: Vec<Definition>) -> View {
    View {
        alarms: seen(alarms),
        dashboards: seen(Vec::new()),
        metric_detectors: seen(Vec::new()),
        log_detectors: seen(Vec::new()),
    }
}

pub(crate) fn account(filters: Vec<MetricFilter>, alarms: Vec<Definition>) -> Account {
    Account {
        trails: seen(vec![trail("audit")]),
        metric_filters: seen(filters),
        cloudwatch: view(alarms),
        events: eventbridge::View { rules: seen(Vec::new()) },
        ..Account::unknown(&denial())
    }
}

pub(crate) fn of_account(account: Account) -> Subject {
    subject(Kind::Account, ACCOUNT, Resource::Account(Box::new(account)))
}

/// A stack, and an account with a trail that feeds a log group, with these filters and alarms. The alarms are no subjects.
pub(crate) fn deployment(filters: Vec<MetricFilter>, alarms: Vec<Definition>) -> Evidence {
    with_account(account(filters, alarms))
}

pub(crate) fn with_account(account: Account) -> Evidence {
    evidence(vec![of_account(account), cloudformation::fixture::subject_of(cloudformation::fixture::stack())])
}
