use super::super::alarm::tests::{EVERY, account, on_metric, page};
use super::*;
use crate::collect::fixture::{scope_of, walked};
use crate::replay::{Account, Answer};

const DETECTED: (&str, &str) = ("AnomalyDetectorTypes", r#"["SINGLE_METRIC","METRIC_MATH"]"#);

fn answering(account: Account, operation: &str, arguments: &[(&str, &str)], answer: Answer) -> Account {
    account.answer("cloudwatch", operation, arguments, answer).unwrap()
}

async fn seen(account: Account, requirements: &[&str]) -> (View, Vec<(Reference, Relation)>) {
    walked(account, &scope_of(requirements), async |walk| (view(walk).await, walk.take_found())).await.0
}

#[tokio::test]
async fn only_what_the_profile_asks_for_is_read() {
    let (none, _) = seen(account(), &["s3-mfa-delete-enabled"]).await;
    for gap in [none.alarms.observed().clone().map(|_| ()), none.dashboards.observed().clone().map(|_| ())] {
        assert!(matches!(gap, Observed::Unknown(Gap::NotCollected { .. })), "{gap:?}");
    }
    assert!(matches!(none.log_detectors.observed(), Observed::Unknown(Gap::NotCollected { .. })));
    let alarms = answering(account(), "DescribeAlarms", &[EVERY], page(&[on_metric("a", "")], "", ""));
    let (view, found) = seen(alarms, &["sns-policy-allows-publishers"]).await;
    assert!(matches!(view.alarms.observed(), Observed::Present(alarms) if alarms.len() == 1));
    assert!(found.is_empty());
}

fn with_trail(group: &str) -> Account {
    let trail = format!(
        r#"{{"trailList":[{{"Name":"audit","TrailARN":"arn:t","CloudWatchLogsLogGroupArn":"arn:aws:logs:us-east-2:{group}"}}]}}"#
    );
    let filters = r#"{"metricFilters":[
        {"filterName":"root","logGroupName":"trail","filterPattern":"x","metricTransformations":[{"metricNamespace":"Security","metricName":"root","metricValue":"1","dimensions":{"Who":"$.userIdentity.type"}}]},
        {"filterName":"other","logGroupName":"app","filterPattern":"x","metricTransformations":[{"metricNamespace":"Security","metricName":"other","metricValue":"1"}]}]}"#;
    let of_other = on_metric("b", "").replace(r#""MetricName":"root""#, r#""MetricName":"other""#);
    let account = answering(account(), "DescribeAlarms", &[EVERY], page(&[on_metric("a", ""), of_other], "", ""));
    let account =
        account.answer("cloudtrail", "DescribeTrails", &[("includeShadowTrails", "true")], Answer::ok(trail)).unwrap();
    account.answer("logs", "DescribeMetricFilters", &[], Answer::ok(filters)).unwrap()
}

#[tokio::test]
async fn alarms_on_what_filters_on_a_trails_group_emit_are_reached() {
    let (_, found) = seen(with_trail("123456789012:log-group:trail:*"), &["cw-alarm-evaluating"]).await;
    let [(reference, relation)] = found.as_slice() else { panic!("one alarm: {found:?}") };
    assert_eq!((reference.kind, reference.id.as_str()), (Kind::Alarm, "a"));
    assert_eq!(relation.to_string(), "alarm on the events of a trail of AWS::::Account 123456789012");
    let (_, found) = seen(with_trail("210987654321:log-group:trail:*"), &["cw-alarm-evaluating"]).await;
    assert!(found.is_empty());
}

async fn board(body: &str) -> Seen<Vec<Widget>> {
    let list = Answer::ok(r#"{"DashboardEntries":[{"DashboardName":"board"}]}"#);
    let account = answering(account(), "ListDashboards", &[], list);
    let body = Value::String(body.to_owned());
    let answer = Answer::ok(format!(r#"{{"DashboardName":"board","DashboardBody":{body}}}"#));
    let account = answering(account, "GetDashboard", &[("DashboardName", "board")], answer);
    let (view, _) = seen(account, &["cw-dashboard-present"]).await;
    match view.dashboards.observed() {
        Observed::Present(dashboards) => dashboards[0].widgets.clone(),
        other => panic!("expected a dashboard, found {other:?}"),
    }
}

#[tokio::test]
async fn of_a_dashboard_only_kinds_and_regions_are_kept() {
    let body = r##"{"start":"-PT6H","widgets":[
        {"type":"metric","properties":{"region":"us-east-2","title":"patients"}},
        {"type":"text","properties":{"markdown":"# Hello"}},
        {"type":"custom","properties":{"endpoint":"arn"}}]}"##;
    let widget = |kind, region: Option<&str>| Widget { kind, region: Observed::of(region.map(str::to_owned)) };
    assert_eq!(
        board(body).await.observed(),
        &Observed::Present(vec![
            widget(WidgetKind::Metric, Some("us-east-2")),
            widget(WidgetKind::Text, None),
            widget(WidgetKind::Other("custom".into()), None),
        ])
    );
    assert_eq!(board(r#"{"start":"-PT6H"}"#).await.observed(), &Observed::Present(Vec::new()));
}

#[tokio::test]
async fn a_body_that_is_no_dashboard_is_a_gap() {
    for body in ["", "[]", "{", r#"{"widgets":{}}"#, r#"{"widgets":[{}]}"#] {
        let widgets = board(body).await;
        assert!(matches!(widgets.observed(), Observed::Unknown(Gap::Unparsable { .. })), "{body}: {widgets:?}");
    }
}

#[tokio::test]
async fn a_dashboard_that_went_away_meanwhile_is_missing() {
    let list = Answer::ok(r#"{"DashboardEntries":[{"DashboardName":"board"}]}"#);
    let account = answering(account(), "ListDashboards", &[], list);
    let gone = Answer::error("cloudwatch", 404, "ResourceNotFound");
    let account = answering(account, "GetDashboard", &[("DashboardName", "board")], gone);
    let (view, _) = seen(account, &["cw-dashboard-present"]).await;
    let Observed::Present(dashboards) = view.dashboards.observed() else { panic!("{view:?}") };
    assert!(matches!(dashboards[0].widgets.observed(), Observed::Unknown(Gap::Missing { .. })));
}

#[tokio::test]
async fn detectors_on_metrics_expressions_and_log_groups_are_listed() {
    let metrics = r#"{"AnomalyDetectors":[
        {"StateValue":"TRAINED","SingleMetricAnomalyDetector":{"Namespace":"Security","MetricName":"root","Dimensions":[],"Stat":"Sum"}},
        {"StateValue":"NEWER","SingleMetricAnomalyDetector":{"AccountId":"210987654321","Namespace":"Own","MetricName":"x"}},
        {"StateValue":"PENDING_TRAINING","MetricMathAnomalyDetector":{"MetricDataQueries":[
            {"Id":"m1","MetricStat":{"Metric":{"Namespace":"Own","MetricName":"y"},"Period":60,"Stat":"Sum"}},
            {"Id":"e1","Expression":"m1*2"}]}}]}"#;
    let logs = r#"{"anomalyDetectors":[
        {"detectorName":"d","logGroupArnList":["arn:aws:logs:us-east-2:123456789012:log-group:trail"],"anomalyDetectorStatus":"ANALYZING"},
        {"anomalyDetectorStatus":"NEWER"}]}"#;
    let account = answering(account(), "DescribeAnomalyDetectors", &[DETECTED], Answer::ok(metrics));
    let account = account.answer("logs", "ListLogAnomalyDetectors", &[], Answer::ok(logs)).unwrap();
    let account = answering(account, "DescribeAlarms", &[EVERY], page(&[], "", ""));
    let (view, _) = seen(account, &["cw-access-anomaly-tracking"]).await;
    let Observed::Present(detectors) = view.metric_detectors.observed() else { panic!("{view:?}") };
    let names = |detector: &MetricDetector| {
        detector.metrics.iter().map(|metric| metric.to_string()).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(detectors.iter().map(names).collect::<Vec<_>>(), ["Security/root", "", "Own/y"]);
    assert_eq!(detectors[0].state, Observed::Present(DetectorState::Trained));
    assert!(matches!(detectors[1].state, Observed::Unknown(Gap::Unrecognised { .. })));
    let Observed::Present(detectors) = view.log_detectors.observed() else { panic!("{view:?}") };
    assert_eq!(detectors[0].groups, ["arn:aws:logs:us-east-2:123456789012:log-group:trail"]);
    assert!(matches!(detectors[1].status, Observed::Unknown(Gap::Unrecognised { .. })));
}
