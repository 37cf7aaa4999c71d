use tap_audit_checks::subject::Existence;

use super::*;
use crate::collect::fixture::{scope, scope_of, walked};
use crate::replay::{Account, Answer};

pub(in crate::collect::cloudwatch) const EVERY: (&str, &str) =
    ("AlarmTypes", r#"["MetricAlarm","CompositeAlarm","LogAlarm"]"#);
const EVALUATING: &[&str] = &["cw-alarm-evaluating"];
const TOPIC: &str = "arn:aws:sns:us-east-2:123456789012:alerts";

/// An alarm on a metric of a filter, as CloudWatch answers it, with `more` beside.
pub(in crate::collect::cloudwatch) fn on_metric(name: &str, more: &str) -> String {
    format!(
        r#"{{"AlarmName":"{name}","AlarmArn":"arn:aws:cloudwatch:us-east-2:123456789012:alarm:{name}",
            "ActionsEnabled":true,"AlarmActions":["{TOPIC}","arn:aws:sns:us-east-2:210987654321:foreign"],
            "StateValue":"OK","StateTransitionedTimestamp":{{"$timestamp":1793534100}},
            "AlarmConfigurationUpdatedTimestamp":{{"$timestamp":1793534000}},
            "Namespace":"Security","MetricName":"root","Dimensions":[{{"Name":"Who","Value":"Root"}}],
            "Statistic":"Sum","Period":300,"EvaluationPeriods":1,"Threshold":1.0,
            "ComparisonOperator":"GreaterThanOrEqualToThreshold","TreatMissingData":"notBreaching"{more}}}"#
    )
}

pub(in crate::collect::cloudwatch) fn page(on_metrics: &[String], on_alarms: &str, more: &str) -> Answer {
    let metrics = on_metrics.join(",");
    Answer::ok(format!(r#"{{"MetricAlarms":[{metrics}],"CompositeAlarms":[{on_alarms}],"LogAlarms":[]{more}}}"#))
}

pub(in crate::collect::cloudwatch) fn account() -> Account {
    Account::from_files("test", [("account.toml", "[account]\nid = \"123456789012\"\n")]).unwrap()
}

fn answering(account: Account, operation: &str, arguments: &[(&str, &str)], answer: Answer) -> Account {
    account.answer("cloudwatch", operation, arguments, answer).unwrap()
}

fn holding(answer: Answer) -> Account {
    answering(account(), "DescribeAlarms", &[EVERY], answer)
}

async fn listed(answer: Answer) -> Seen<Vec<Definition>> {
    walked(holding(answer), &scope(), async |walk| alarms(walk, "us-east-2").await).await.0
}

async fn only(on_metric: String) -> Definition {
    match listed(page(&[on_metric], "", "")).await.observed() {
        Observed::Present(alarms) => alarms[0].clone(),
        other => panic!("expected alarms, found {other:?}"),
    }
}

fn watch(alarm: &Definition) -> &MetricWatch {
    match &alarm.watched {
        Watched::Metrics(watch) => watch,
        other => panic!("expected metrics, found {other:?}"),
    }
}

#[tokio::test]
async fn an_alarm_on_a_metric_is_read_whole() {
    let alarm = only(on_metric("a", "")).await;
    assert_eq!((alarm.name.as_str(), &alarm.actions_enabled), ("a", &Observed::Present(Switch::On)));
    assert_eq!(alarm.state, Observed::Present(AlarmState::Ok));
    assert_eq!(alarm.transitioned_at, Observed::Present("2026-11-01T11:55:00Z".parse().unwrap()));
    assert!(matches!(alarm.configured_at, Observed::Present(_)));
    let watch = watch(&alarm);
    let metric = Metric {
        namespace: "Security".into(),
        name: "root".into(),
        dimensions: BTreeMap::from([("Who".into(), "Root".into())]),
    };
    let query = MetricQuery {
        id: String::new(),
        metric,
        account: Observed::Absent,
        statistic: Observed::Present("Sum".into()),
        period: Observed::Present(300),
        unit: Observed::Absent,
        compared: Observed::Absent,
    };
    assert_eq!(watch.queries, [Query::Metric(query)]);
    assert_eq!((&watch.threshold, &watch.band), (&Observed::Present(1.0), &Observed::Absent));
    assert_eq!(watch.comparison, Observed::Present(Comparison::AtLeast));
    assert_eq!((&watch.periods, &watch.needed), (&Observed::Present(1), &Observed::Absent));
    assert_eq!(watch.missing_data, Observed::Present(MissingData::NotBreaching));
    assert_eq!(watch.evaluation, Observed::Absent);
}

#[tokio::test]
async fn the_metrics_of_an_expression_are_read_with_what_is_compared() {
    let alarm = r#"{"AlarmName":"math","StateValue":"OK","EvaluationPeriods":1,"ThresholdMetricId":"e1",
        "ComparisonOperator":"GreaterThanUpperThreshold","Metrics":[
        {"Id":"m1","ReturnData":false,"AccountId":"210987654321","MetricStat":{"Metric":{"Namespace":"AWS/S3","MetricName":"AllRequests","Dimensions":[]},"Period":60,"Stat":"p99","Unit":"None"}},
        {"Id":"e1","Expression":"ANOMALY_DETECTION_BAND(m1, 2)","ReturnData":true,"Period":60}]}"#;
    let alarm = only(alarm.to_owned()).await;
    let watch = watch(&alarm);
    let [Query::Metric(metric), Query::Expression { id, text, period, compared }] = watch.queries.as_slice() else {
        panic!("{:?}", watch.queries)
    };
    assert_eq!((metric.id.as_str(), &metric.account), ("m1", &Observed::Present("210987654321".into())));
    assert_eq!(
        (&metric.statistic, &metric.unit),
        (&Observed::Present("p99".into()), &Observed::Present("None".into()))
    );
    assert_eq!(metric.compared, Observed::Present(Switch::Off));
    assert_eq!((id.as_str(), text.as_str()), ("e1", "ANOMALY_DETECTION_BAND(m1, 2)"));
    assert_eq!((period, compared), (&Observed::Present(60), &Observed::Present(Switch::On)));
    assert_eq!((&watch.band, &watch.threshold), (&Observed::Present("e1".into()), &Observed::Absent));
}

#[tokio::test]
async fn composite_and_log_alarms_are_listed_beside_the_others_over_every_page() {
    let composite = r#"{"AlarmName":"all","AlarmRule":"ALARM(a)","StateValue":"ALARM","ActionsSuppressor":"quiet"}"#;
    let logs =
        Answer::ok(r#"{"MetricAlarms":[],"CompositeAlarms":[],"LogAlarms":[{"AlarmName":"l","StateValue":"OK"}]}"#);
    let account = holding(page(&[on_metric("a", "")], composite, r#","NextToken":"more""#));
    let account = answering(account, "DescribeAlarms", &[EVERY, ("NextToken", "more")], logs);
    let (alarms, _) = walked(account, &scope(), async |walk| alarms(walk, "us-east-2").await).await;
    let Observed::Present(read) = alarms.observed() else { panic!("{alarms:?}") };
    assert_eq!(read.iter().map(|alarm| alarm.name.as_str()).collect::<Vec<_>>(), ["a", "all", "l"]);
    let of_alarms =
        CompositeWatch { rule: Observed::Present("ALARM(a)".into()), suppressor: Observed::Present("quiet".into()) };
    assert_eq!(read[1].watched, Watched::Alarms(of_alarms));
    assert_eq!(read[2].watched, Watched::Logs);
    assert_eq!(alarms.calls().len(), 2);
}

#[tokio::test]
async fn what_is_not_known_of_an_alarm_is_a_gap_of_its_own() {
    let alarm = only(on_metric("a", r#","EvaluationState":"NEWER""#)).await;
    let Observed::Unknown(gap) = &watch(&alarm).evaluation else { panic!("{alarm:?}") };
    assert!(gap.to_string().contains("`NEWER` in EvaluationState"));
    let query = r#""EvaluationCriteria":{"PromQLCriteria":{"Query":"up"}},"EvaluationInterval":60"#;
    let prom_ql = only(format!(r#"{{"AlarmName":"p",{query}}}"#)).await;
    assert_eq!(prom_ql.watched, Watched::PromQl(Observed::Present(60)));
    assert_eq!(prom_ql.state, Observed::Absent);
    let nothing = only(r#"{"AlarmName":"n","StateValue":"SLEEPING"}"#.to_owned()).await;
    assert_eq!(nothing.watched, Watched::Unknown(ALARMS.incomplete("Namespace")));
    assert!(matches!(nothing.state, Observed::Unknown(Gap::Unrecognised { .. })));
}

#[tokio::test]
async fn a_page_without_alarms_of_any_kind_or_names_is_a_gap() {
    let empty = listed(Answer::ok("{}")).await;
    assert_eq!(empty.observed(), &Observed::Unknown(ALARMS.incomplete("MetricAlarms")));
    let none = listed(page(&[], "", "")).await;
    assert_eq!(none.observed(), &Observed::Present(Vec::new()));
    let nameless = listed(page(&["{}".to_owned()], "", "")).await;
    assert_eq!(nameless.observed(), &Observed::Unknown(ALARMS.incomplete("AlarmName")));
}

fn tagged(account: Account, name: &str, tags: &str) -> Account {
    let arn = format!("arn:aws:cloudwatch:us-east-2:123456789012:alarm:{name}");
    answering(account, "ListTagsForResource", &[("ResourceARN", &arn)], Answer::ok(format!(r#"{{"Tags":[{tags}]}}"#)))
}

#[tokio::test]
async fn an_alarm_leads_to_its_topics_and_to_those_of_the_alarms_that_it_is_a_part_of() {
    let composite = r#"{"AlarmName":"all","AlarmRule":"ALARM(a) OR ALARM(b)","AlarmActions":["arn:aws:sns:us-east-2:123456789012:all"]}"#;
    let account = holding(page(&[on_metric("a", ""), on_metric("c", "")], composite, ""));
    let account = tagged(account, "a", r#"{"Key":"Environment","Value":"dev"}"#);
    let ((collected, found), _) =
        walked(account, &scope(), async |walk| (alarm(walk, "a", "us-east-2").await, walk.take_found())).await;
    assert_eq!(collected.existence.observed(), &Observed::Present(Existence::Exists));
    let reached: Vec<(String, String)> =
        found.iter().map(|(reference, relation)| (reference.id.clone(), relation.to_string())).collect();
    assert_eq!(
        reached,
        [
            (TOPIC.to_owned(), "alarm's topic of AWS::CloudWatch::Alarm a".to_owned()),
            (
                "arn:aws:sns:us-east-2:123456789012:all".to_owned(),
                "alarm's topic of AWS::CloudWatch::Alarm all".to_owned()
            ),
        ]
    );
    let Resource::Alarm(alarm) = collected.resource else { panic!("an alarm") };
    assert_eq!(alarm.tags.observed(), &Observed::Present(BTreeMap::from([("Environment".into(), "dev".into())])));
    assert!(matches!(alarm.metric.observed(), Observed::Unknown(Gap::NotCollected { .. })));
}

#[tokio::test]
async fn an_alarm_that_no_list_holds_is_missing_and_nothing_more_is_asked_of_it() {
    let account = holding(page(&[on_metric("a", "")], "", ""));
    let (collected, replay) = walked(account, &scope(), async |walk| alarm(walk, "gone", "us-east-2").await).await;
    assert_eq!(collected.existence.observed(), &Observed::Present(Existence::Missing));
    assert_eq!(replay.counts().values().sum::<u64>(), 1);
}

#[tokio::test]
async fn a_metric_is_looked_up_where_its_alarm_has_no_data() {
    let silent = on_metric("a", "").replace(r#""StateValue":"OK""#, r#""StateValue":"INSUFFICIENT_DATA""#);
    let asked =
        [("Dimensions", r#"[{"Name":"Who","Value":"Root"}]"#), ("MetricName", "root"), ("Namespace", "Security")];
    let known = |dimensions: &str| {
        format!(r#"{{"Metrics":[{{"Namespace":"Security","MetricName":"root","Dimensions":[{dimensions}]}}]}}"#)
    };
    let who = r#"{"Name":"Who","Value":"Root"}"#;
    let wider = format!(r#"{who},{{"Name":"What","Value":"x"}}"#);
    for (body, listing) in [
        (known(who), Listing::Listed),
        (known(&wider), Listing::NotListed),
        (r#"{"Metrics":[]}"#.to_owned(), Listing::NotListed),
    ] {
        let account = tagged(holding(page(std::slice::from_ref(&silent), "", "")), "a", "");
        let account = answering(account, "ListMetrics", &asked, Answer::ok(body));
        let (collected, _) =
            walked(account, &scope_of(EVALUATING), async |walk| alarm(walk, "a", "us-east-2").await).await;
        let Resource::Alarm(alarm) = collected.resource else { panic!("an alarm") };
        assert_eq!(alarm.metric.observed(), &Observed::Present(listing));
    }
}

#[tokio::test]
async fn an_alarm_is_named_by_its_name_or_its_arn() {
    let ((), _) = walked(account(), &scope(), async |walk| {
        let of = |named: &str| alarm_reference(walk, named, "us-east-2").map(|found| (found.id, found.region));
        let here = |name: &str| Some((name.to_owned(), "us-east-2".to_owned()));
        assert_eq!(of("TapStack-CPU alarm"), here("TapStack-CPU alarm"));
        let arn = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:with:colon";
        assert_eq!(of(arn), Some(("with:colon".to_owned(), "eu-west-1".to_owned())));
        assert_eq!(of("arn:aws:cloudwatch:us-east-2:210987654321:alarm:x"), None);
        assert_eq!(of(""), None);
    })
    .await;
}
