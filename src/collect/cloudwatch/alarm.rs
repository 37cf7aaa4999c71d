//! What is read of alarms: all of a region at once, and of each its tags and whether its metric is known.

#[cfg(test)]
pub(super) mod tests;

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::types as sdk;
use tap_audit_checks::cloudwatch::{
    Alarm, AlarmState, Comparison, CompositeWatch, Definition, Evaluation, Listing, Metric, MetricQuery, MetricWatch,
    MissingData, Query, Watched, names_in,
};
use tap_audit_checks::observed::{Gap, Observed, Seen};
use tap_audit_checks::s3::Switch;
use tap_audit_checks::subject::{Kind, Resource};

use super::{ALARMS, METRICS, TAGS};
use crate::collect::{Collected, Reference, Relation, Walk, existence, sns};

/// The reference of the alarm that this text names: its name or its ARN. An alarm of another account cannot be looked at.
pub(crate) fn alarm_reference(walk: &Walk<'_>, named: &str, region: &str) -> Option<Reference> {
    let parts: Vec<&str> = named.splitn(7, ':').collect();
    let (name, region) = match parts.as_slice() {
        ["arn", _, "cloudwatch", region, account, "alarm", name] if *account == walk.account => (*name, *region),
        ["arn", ..] => return None,
        _ => (named, region),
    };
    (!name.is_empty()).then(|| Reference { kind: Kind::Alarm, id: name.to_owned(), region: region.to_owned() })
}

/// Collects an alarm and reaches the topics that it tells, and those of composite alarms that it is a part of.
pub(crate) async fn alarm(walk: &Walk<'_>, name: &str, region: &str) -> Collected {
    let arn = format!("arn:{}:cloudwatch:{region}:{}:alarm:{name}", walk.partition, walk.account);
    let listed = alarms(walk, region).await;
    if let Observed::Present(alarms) = listed.observed() {
        for alarm in alarms.iter().filter(|alarm| alarm.name == name || has_part(alarm, name)) {
            reach_topics(walk, alarm);
        }
    }
    let definition = listed.and_then(|alarms| match alarms.into_iter().find(|alarm| alarm.name == name) {
        Some(alarm) => Observed::Present(alarm),
        None => Observed::Unknown(Gap::Missing {
            operation: ALARMS.operation.into(),
            code: "a list that does not hold it".into(),
        }),
    });
    let (metric, tags) = tokio::join!(listing(walk, &definition, region), tags(walk, &definition, &arn, region));
    Collected {
        existence: existence(&definition),
        arn: Some(arn),
        region: Some(region.to_owned()),
        resource: Resource::Alarm(Box::new(Alarm { definition, metric, tags })),
    }
}

fn has_part(alarm: &Definition, name: &str) -> bool {
    match &alarm.watched {
        Watched::Alarms(CompositeWatch { rule: Observed::Present(rule), .. }) => {
            names_in(rule).iter().any(|part| part == name)
        }
        Watched::Alarms(_) | Watched::Metrics(_) | Watched::PromQl(_) | Watched::Logs | Watched::Unknown(_) => false,
    }
}

fn reach_topics(walk: &Walk<'_>, alarm: &Definition) {
    for arn in &alarm.alarm_actions {
        let parts: Vec<&str> = arn.split(':').collect();
        let ["arn", _, "sns", region, account, _] = parts.as_slice() else { continue };
        if *account != walk.account {
            continue;
        }
        if let Some(reference) = sns::topic_reference(walk, arn, region) {
            walk.reach(reference, Relation::Of { what: "alarm's topic", kind: Kind::Alarm, id: alarm.name.clone() });
        }
    }
}

/// Lists every alarm of a region. Without their kinds being named, CloudWatch answers alarms on metrics alone; composite
/// alarms it answers only to a role that may describe every alarm.
pub(super) async fn alarms(walk: &Walk<'_>, region: &str) -> Seen<Vec<Definition>> {
    let kinds = [sdk::AlarmType::MetricAlarm, sdk::AlarmType::CompositeAlarm, sdk::AlarmType::LogAlarm];
    walk.aws
        .ask_all(
            &ALARMS,
            region,
            &[("AlarmTypes", "MetricAlarm,CompositeAlarm,LogAlarm")],
            |clients, token| {
                let request = clients.cloudwatch().describe_alarms().set_alarm_types(Some(kinds.to_vec()));
                request.set_next_token(token).send()
            },
            |answer| answer.next_token().map(str::to_owned),
            |answer| {
                if answer.metric_alarms.is_none() && answer.composite_alarms.is_none() && answer.log_alarms.is_none() {
                    return Err(ALARMS.incomplete("MetricAlarms"));
                }
                let on_metrics = answer.metric_alarms().iter().map(on_metrics);
                let on_alarms = answer.composite_alarms().iter().map(on_alarms);
                on_metrics.chain(on_alarms).chain(answer.log_alarms().iter().map(on_logs)).collect()
            },
        )
        .await
}

fn named(name: Option<&str>) -> Result<String, Gap> {
    name.map(str::to_owned).ok_or_else(|| ALARMS.incomplete("AlarmName"))
}

fn on_metrics(found: &sdk::MetricAlarm) -> Result<Definition, Gap> {
    Ok(Definition {
        name: named(found.alarm_name())?,
        arn: Observed::of(found.alarm_arn().map(str::to_owned)),
        actions_enabled: Observed::of(found.actions_enabled()).map(Switch::from),
        alarm_actions: found.alarm_actions().to_vec(),
        state: state(found.state_value()),
        transitioned_at: ALARMS.time("StateTransitionedTimestamp", found.state_transitioned_timestamp()),
        configured_at: ALARMS.time("AlarmConfigurationUpdatedTimestamp", found.alarm_configuration_updated_timestamp()),
        watched: watched(found),
    })
}

fn on_alarms(found: &sdk::CompositeAlarm) -> Result<Definition, Gap> {
    Ok(Definition {
        name: named(found.alarm_name())?,
        arn: Observed::of(found.alarm_arn().map(str::to_owned)),
        actions_enabled: Observed::of(found.actions_enabled()).map(Switch::from),
        alarm_actions: found.alarm_actions().to_vec(),
        state: state(found.state_value()),
        transitioned_at: ALARMS.time("StateTransitionedTimestamp", found.state_transitioned_timestamp()),
        configured_at: ALARMS.time("AlarmConfigurationUpdatedTimestamp", found.alarm_configuration_updated_timestamp()),
        watched: Watched::Alarms(CompositeWatch {
            rule: Observed::of(found.alarm_rule().map(str::to_owned)),
            suppressor: Observed::of(found.actions_suppressor().filter(|alarm| !alarm.is_empty()).map(str::to_owned)),
        }),
    })
}

fn on_logs(found: &sdk::LogAlarm) -> Result<Definition, Gap> {
    Ok(Definition {
        name: named(found.alarm_name())?,
        arn: Observed::of(found.alarm_arn().map(str::to_owned)),
        actions_enabled: Observed::of(found.actions_enabled()).map(Switch::from),
        alarm_actions: found.alarm_actions().to_vec(),
        state: state(found.state_value()),
        transitioned_at: ALARMS.time("StateTransitionedTimestamp", found.state_transitioned_timestamp()),
        configured_at: ALARMS.time("AlarmConfigurationUpdatedTimestamp", found.alarm_configuration_updated_timestamp()),
        watched: Watched::Logs,
    })
}

fn state(state: Option<&sdk::StateValue>) -> Observed<AlarmState> {
    match state.map(sdk::StateValue::as_str) {
        Some("OK") => Observed::Present(AlarmState::Ok),
        Some("ALARM") => Observed::Present(AlarmState::Alarm),
        Some("INSUFFICIENT_DATA") => Observed::Present(AlarmState::InsufficientData),
        Some(other) => ALARMS.unrecognised("StateValue", other),
        None => Observed::Absent,
    }
}

/// What an alarm of the kind that watches metrics watches. One of a form that is not known yet is a gap of its own, so
/// that it does not hide the others.
fn watched(found: &sdk::MetricAlarm) -> Watched {
    match found.evaluation_criteria() {
        Some(sdk::EvaluationCriteria::PromQlCriteria(_)) => {
            return Watched::PromQl(Observed::of(found.evaluation_interval()));
        }
        Some(_) => return Watched::Unknown(ALARMS.unknown_token("EvaluationCriteria", "a kind of criteria")),
        None => {}
    }
    let queries = match found.metrics() {
        [] => single(found).map(|query| vec![Query::Metric(query)]),
        several => several.iter().map(query).collect(),
    };
    match queries {
        Ok(queries) => Watched::Metrics(Box::new(MetricWatch {
            queries,
            comparison: comparison(found.comparison_operator()),
            threshold: finite(found.threshold()),
            band: Observed::of(found.threshold_metric_id().map(str::to_owned)),
            periods: Observed::of(found.evaluation_periods()),
            needed: Observed::of(found.datapoints_to_alarm()),
            missing_data: missing_data(found.treat_missing_data()),
            evaluation: evaluation(found.evaluation_state()),
        })),
        Err(gap) => Watched::Unknown(gap),
    }
}

fn single(found: &sdk::MetricAlarm) -> Result<MetricQuery, Gap> {
    let statistic = found.statistic().map(sdk::Statistic::as_str).or(found.extended_statistic());
    Ok(MetricQuery {
        id: String::new(),
        metric: Metric {
            namespace: found.namespace().ok_or_else(|| ALARMS.incomplete("Namespace"))?.to_owned(),
            name: found.metric_name().ok_or_else(|| ALARMS.incomplete("MetricName"))?.to_owned(),
            dimensions: super::dimensions(found.dimensions()),
        },
        account: Observed::Absent,
        statistic: Observed::of(statistic.map(str::to_owned)),
        period: Observed::of(found.period()),
        unit: unit(found.unit()),
        compared: Observed::Absent,
    })
}

fn query(found: &sdk::MetricDataQuery) -> Result<Query, Gap> {
    let id = found.id().unwrap_or("").to_owned();
    let compared = Observed::of(found.return_data()).map(Switch::from);
    if let Some(text) = found.expression() {
        return Ok(Query::Expression { id, text: text.to_owned(), period: Observed::of(found.period()), compared });
    }
    let stat = found.metric_stat().ok_or_else(|| ALARMS.incomplete("Metrics[].MetricStat"))?;
    let metric = stat.metric().ok_or_else(|| ALARMS.incomplete("Metrics[].MetricStat.Metric"))?;
    Ok(Query::Metric(MetricQuery {
        id,
        metric: super::metric(metric).ok_or_else(|| ALARMS.incomplete("Metrics[].MetricStat.Metric.MetricName"))?,
        account: Observed::of(found.account_id().map(str::to_owned)),
        statistic: Observed::of(stat.stat().map(str::to_owned)),
        period: Observed::of(stat.period()),
        unit: unit(stat.unit()),
        compared,
    }))
}

/// `None` is a unit as well: that of values that are emitted without one.
fn unit(unit: Option<&sdk::StandardUnit>) -> Observed<String> {
    Observed::of(unit.map(|unit| unit.as_str().to_owned()))
}

fn comparison(operator: Option<&sdk::ComparisonOperator>) -> Observed<Comparison> {
    match operator.map(sdk::ComparisonOperator::as_str) {
        Some("GreaterThanOrEqualToThreshold") => Observed::Present(Comparison::AtLeast),
        Some("GreaterThanThreshold") => Observed::Present(Comparison::Above),
        Some("LessThanThreshold") => Observed::Present(Comparison::Below),
        Some("LessThanOrEqualToThreshold") => Observed::Present(Comparison::AtMost),
        Some("LessThanLowerOrGreaterThanUpperThreshold") => Observed::Present(Comparison::OutsideBand),
        Some("GreaterThanUpperThreshold") => Observed::Present(Comparison::AboveBand),
        Some("LessThanLowerThreshold") => Observed::Present(Comparison::BelowBand),
        Some(other) => ALARMS.unrecognised("ComparisonOperator", other),
        None => Observed::Absent,
    }
}

fn finite(threshold: Option<f64>) -> Observed<f64> {
    match threshold {
        Some(threshold) if threshold.is_finite() => Observed::Present(threshold),
        Some(_) => Observed::Unknown(Gap::Unparsable {
            operation: ALARMS.operation.into(),
            what: "Threshold is no number".into(),
        }),
        None => Observed::Absent,
    }
}

fn missing_data(treatment: Option<&str>) -> Observed<MissingData> {
    match treatment {
        Some("notBreaching") => Observed::Present(MissingData::NotBreaching),
        Some("breaching") => Observed::Present(MissingData::Breaching),
        Some("ignore") => Observed::Present(MissingData::Ignore),
        Some("missing") => Observed::Present(MissingData::Missing),
        Some(other) => ALARMS.unrecognised("TreatMissingData", other),
        None => Observed::Absent,
    }
}

fn evaluation(state: Option<&sdk::EvaluationState>) -> Observed<Evaluation> {
    match state.map(sdk::EvaluationState::as_str) {
        Some("EVALUATION_ERROR") => Observed::Present(Evaluation::Error),
        Some("EVALUATION_FAILURE") => Observed::Present(Evaluation::Failure),
        Some("PARTIAL_DATA") => Observed::Present(Evaluation::PartialData),
        Some(other) => ALARMS.unrecognised("EvaluationState", other),
        None => Observed::Absent,
    }
}

/// Asks whether the metric of an alarm without data is known; ListMetrics takes dimensions that a metric has among others.
async fn listing(walk: &Walk<'_>, alarm: &Seen<Definition>, region: &str) -> Seen<Listing> {
    let unasked = |what: &'static str| Seen::gap(Gap::NotCollected { what: what.into() });
    if !walk.scope.selects(&["cw-alarm-evaluating"]) {
        return unasked("no requirement of the profile asks whether alarms have data");
    }
    let Observed::Present(Definition { state: Observed::Present(AlarmState::InsufficientData), watched, .. }) =
        alarm.observed()
    else {
        return unasked("it is asked only of an alarm that has no data");
    };
    let Watched::Metrics(watch) = watched else { return unasked("the alarm watches no metric") };
    let [Query::Metric(MetricQuery { metric, .. })] = watch.queries.as_slice() else {
        return unasked("the alarm watches more than one metric");
    };
    let filters: Vec<sdk::DimensionFilter> = metric
        .dimensions
        .iter()
        .map(|(name, value)| sdk::DimensionFilter::builder().name(name).value(value).build())
        .collect();
    let shown: Vec<String> = metric.dimensions.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let known: Seen<Vec<Metric>> = walk
        .aws
        .ask_all(
            &METRICS,
            region,
            &[("Namespace", &metric.namespace), ("MetricName", &metric.name), ("Dimensions", &shown.join(","))],
            |clients, token| {
                let request = clients.cloudwatch().list_metrics().namespace(&metric.namespace);
                let request = request.metric_name(&metric.name).set_next_token(token);
                request.set_dimensions((!filters.is_empty()).then(|| filters.clone())).send()
            },
            |answer| answer.next_token().map(str::to_owned),
            |answer| {
                let metrics = answer.metrics.ok_or_else(|| METRICS.incomplete("Metrics"))?;
                metrics
                    .iter()
                    .map(|metric| super::metric(metric).ok_or_else(|| METRICS.incomplete("Metrics[].MetricName")))
                    .collect()
            },
        )
        .await;
    known.map(|known| if known.contains(metric) { Listing::Listed } else { Listing::NotListed })
}

async fn tags(walk: &Walk<'_>, alarm: &Seen<Definition>, arn: &str, region: &str) -> Seen<BTreeMap<String, String>> {
    // Of what is not there CloudWatch answers in the same way as of what it will not show.
    if let Observed::Unknown(gap) = alarm.observed() {
        return Seen::new(Observed::Unknown(gap.clone()), alarm.calls().to_vec());
    }
    walk.aws
        .ask(
            &TAGS,
            region,
            &[("ResourceARN", arn)],
            |clients| clients.cloudwatch().list_tags_for_resource().resource_arn(arn).send(),
            |answer| match answer.tags {
                Some(tags) => {
                    let pairs = tags.into_iter().map(|tag| Some((tag.key?, tag.value?)));
                    match pairs.collect::<Option<BTreeMap<String, String>>>() {
                        Some(tags) => Observed::Present(tags),
                        None => Observed::Unknown(TAGS.incomplete("Tags[].Key")),
                    }
                }
                None => Observed::Unknown(TAGS.incomplete("Tags")),
            },
        )
        .await
}
