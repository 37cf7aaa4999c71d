//! What is read of CloudWatch as a whole: alarms, dashboards and anomaly detectors.

#[cfg(test)]
mod tests;

use aws_sdk_cloudwatch::types as sdk;
use futures_util::future::join_all;
use serde_json::Value;
use tap_audit_checks::cloudtrail::Trail;
use tap_audit_checks::cloudwatch::{
    Dashboard, Definition, DetectorState, Metric, MetricDetector, Query, View, Watched, Widget, WidgetKind,
};
use tap_audit_checks::logs::MetricFilter;
use tap_audit_checks::observed::{Gap, Observed, Seen};
use tap_audit_checks::subject::Kind;

use super::alarm::alarms;
use super::{DASHBOARD, DASHBOARDS, DETECTORS};
use crate::collect::{Reference, Relation, Walk, cloudtrail, logs};

/// Collects what CloudWatch holds in the run's region, as far as the profile asks for it, and reaches the alarms on the
/// events of a trail.
pub(crate) async fn view(walk: &Walk<'_>) -> View {
    let unasked = |what: &'static str| Gap::NotCollected { what: what.into() };
    let alarms = async {
        if !walk.scope.selects(&["cw-alarm", "cw-access", "compliance-violation-alert-routed", "sns-"]) {
            return Seen::gap(unasked("no requirement of the profile asks about alarms"));
        }
        let alarms = alarms(walk, &walk.region).await;
        if walk.scope.selects(&["cw-alarm"]) {
            reach_counted(walk, &alarms).await;
        }
        alarms
    };
    let dashboards = async {
        if walk.scope.selects(&["cw-dashboard"]) {
            dashboards(walk).await
        } else {
            Seen::gap(unasked("no requirement of the profile asks about dashboards"))
        }
    };
    let detectors = async {
        if walk.scope.selects(&["cw-access"]) {
            tokio::join!(metric_detectors(walk), logs::anomaly_detectors(walk))
        } else {
            let gap = unasked("no requirement of the profile asks about anomaly detectors");
            (Seen::gap(gap.clone()), Seen::gap(gap))
        }
    };
    let (alarms, dashboards, (metric_detectors, log_detectors)) = tokio::join!(alarms, dashboards, detectors);
    View { alarms, dashboards, metric_detectors, log_detectors }
}

/// Reaches the alarms on metrics that a filter on a trail's log group emits: they tell of the audit trail's events, whosever
/// they are. Which trail is the audit trail, the checks say.
async fn reach_counted(walk: &Walk<'_>, alarms: &Seen<Vec<Definition>>) {
    let (trails, filters) = tokio::join!(cloudtrail::list(walk, &walk.region), logs::metric_filters(walk));
    let (Observed::Present(alarms), Observed::Present(trails), Observed::Present(filters)) =
        (alarms.observed(), trails.observed(), filters.observed())
    else {
        return;
    };
    let groups: Vec<String> = trails.iter().filter_map(|trail| group_here(walk, trail)).collect();
    let filters: Vec<&MetricFilter> = filters.iter().filter(|filter| groups.contains(&filter.group)).collect();
    for alarm in alarms.iter().filter(|alarm| is_counted(alarm, &filters)) {
        let reference = Reference { kind: Kind::Alarm, id: alarm.name.clone(), region: walk.region.clone() };
        let what = "alarm on the events of a trail";
        walk.reach(reference, Relation::Of { what, kind: Kind::Account, id: walk.account.clone() });
    }
}

/// The name of the log group that a trail feeds in this account and region.
fn group_here(walk: &Walk<'_>, trail: &Trail) -> Option<String> {
    let Observed::Present(arn) = &trail.log_group else { return None };
    let prefix = format!("arn:{}:logs:{}:{}:log-group:", walk.partition, walk.region, walk.account);
    let name = arn.strip_prefix(&prefix)?;
    Some(name.strip_suffix(":*").unwrap_or(name).to_owned())
}

fn is_counted(alarm: &Definition, filters: &[&MetricFilter]) -> bool {
    let Watched::Metrics(watch) = &alarm.watched else { return false };
    watch.queries.iter().any(|query| match query {
        Query::Metric(query) => filters.iter().flat_map(|filter| &filter.metrics).any(|counted| {
            let Metric { namespace, name, dimensions } = &query.metric;
            *namespace == counted.namespace && *name == counted.name && dimensions.keys().eq(counted.dimensions.keys())
        }),
        Query::Expression { .. } => false,
    })
}

/// Lists the dashboards, which are the same in every region, and reads each. Which are the deployment's is not known here.
async fn dashboards(walk: &Walk<'_>) -> Seen<Vec<Dashboard>> {
    let names: Seen<Vec<String>> = walk
        .aws
        .ask_all(
            &DASHBOARDS,
            &walk.region,
            &[],
            |clients, token| clients.cloudwatch().list_dashboards().set_next_token(token).send(),
            |answer| answer.next_token().map(str::to_owned),
            |answer| {
                let entries = answer.dashboard_entries.ok_or_else(|| DASHBOARDS.incomplete("DashboardEntries"))?;
                let name = |entry: sdk::DashboardEntry| {
                    entry.dashboard_name.ok_or_else(|| DASHBOARDS.incomplete("DashboardName"))
                };
                entries.into_iter().map(name).collect()
            },
        )
        .await;
    let dashboards = match names.observed() {
        Observed::Present(names) => {
            let each =
                names.iter().map(async |name| Dashboard { name: name.clone(), widgets: widgets(walk, name).await });
            join_all(each).await
        }
        Observed::Absent | Observed::Unknown(_) => Vec::new(),
    };
    names.map(|_| dashboards)
}

/// A dashboard that was deleted since it was listed is gone; CloudWatch says so with a code of its own.
async fn widgets(walk: &Walk<'_>, name: &str) -> Seen<Vec<Widget>> {
    walk.aws
        .ask_or(
            &DASHBOARD,
            &walk.region,
            &[("DashboardName", name)],
            |clients| clients.cloudwatch().get_dashboard().dashboard_name(name).send(),
            |answer| match answer.dashboard_body() {
                Some(body) => match read(body) {
                    Ok(widgets) => Observed::Present(widgets),
                    Err(what) => {
                        Observed::Unknown(Gap::Unparsable { operation: DASHBOARD.operation.into(), what: what.into() })
                    }
                },
                None => Observed::Unknown(DASHBOARD.incomplete("DashboardBody")),
            },
            |fault| {
                matches!(fault.code.as_str(), "ResourceNotFound" | "DashboardNotFoundError").then(|| {
                    Observed::Unknown(Gap::Missing { operation: DASHBOARD.operation.into(), code: fault.code.clone() })
                })
            },
        )
        .await
}

/// Reads the widgets of a body, which is JSON in a text. Of each only kind and region are kept.
fn read(body: &str) -> Result<Vec<Widget>, &'static str> {
    let Ok(Value::Object(body)) = serde_json::from_str(body) else {
        return Err("DashboardBody is not a JSON object");
    };
    match body.get("widgets") {
        Some(Value::Array(widgets)) => widgets.iter().map(widget).collect(),
        Some(_) => Err("`widgets` in DashboardBody is not a list"),
        None => Ok(Vec::new()),
    }
}

fn widget(widget: &Value) -> Result<Widget, &'static str> {
    let kind = widget.get("type").and_then(Value::as_str).ok_or("a widget in DashboardBody has no type")?;
    let region = widget.pointer("/properties/region").and_then(Value::as_str);
    Ok(Widget {
        kind: match kind {
            "metric" => WidgetKind::Metric,
            "log" => WidgetKind::Log,
            "alarm" => WidgetKind::Alarm,
            "explorer" => WidgetKind::Explorer,
            "text" => WidgetKind::Text,
            other => WidgetKind::Other(other.chars().take(80).collect()),
        },
        region: Observed::of(region.map(str::to_owned)),
    })
}

/// Lists the anomaly detectors on metrics. Without their kinds being named, CloudWatch leaves those on expressions out.
async fn metric_detectors(walk: &Walk<'_>) -> Seen<Vec<MetricDetector>> {
    let kinds = [sdk::AnomalyDetectorType::SingleMetric, sdk::AnomalyDetectorType::MetricMath];
    walk.aws
        .ask_all(
            &DETECTORS,
            &walk.region,
            &[("AnomalyDetectorTypes", "SINGLE_METRIC,METRIC_MATH")],
            |clients, token| {
                let request = clients.cloudwatch().describe_anomaly_detectors();
                request.set_anomaly_detector_types(Some(kinds.to_vec())).set_next_token(token).send()
            },
            |answer| answer.next_token().map(str::to_owned),
            |answer| {
                let detectors = answer.anomaly_detectors.ok_or_else(|| DETECTORS.incomplete("AnomalyDetectors"))?;
                Ok(detectors.iter().map(|detector| metric_detector(walk, detector)).collect())
            },
        )
        .await
}

fn metric_detector(walk: &Walk<'_>, found: &sdk::AnomalyDetector) -> MetricDetector {
    let own = |account: Option<&str>| account.is_none_or(|account| account == walk.account);
    let single = found.single_metric_anomaly_detector().filter(|single| own(single.account_id()));
    let single = single.and_then(|single| {
        let (namespace, name) = (single.namespace()?.to_owned(), single.metric_name()?.to_owned());
        Some(Metric { namespace, name, dimensions: super::dimensions(single.dimensions()) })
    });
    let queries = found.metric_math_anomaly_detector().map_or(&[][..], |math| math.metric_data_queries());
    let queries = queries.iter().filter(|query| own(query.account_id()));
    let combined = queries.filter_map(|query| super::metric(query.metric_stat()?.metric()?));
    MetricDetector {
        metrics: single.into_iter().chain(combined).collect(),
        state: match found.state_value().map(sdk::AnomalyDetectorStateValue::as_str) {
            Some("PENDING_TRAINING") => Observed::Present(DetectorState::PendingTraining),
            Some("TRAINED_INSUFFICIENT_DATA") => Observed::Present(DetectorState::TrainedInsufficientData),
            Some("TRAINED") => Observed::Present(DetectorState::Trained),
            Some(other) => DETECTORS.unrecognised("StateValue", other),
            None => Observed::Absent,
        },
    }
}
