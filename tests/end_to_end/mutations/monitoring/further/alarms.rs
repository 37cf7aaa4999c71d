//! Alarms that tell nobody, that are blind, and views that show nothing.

use serde_json::json;
use tap_audit::replay::Answer;

use super::super::super::{ACCOUNT, Error, Fail, Mutation};
use super::super::{TOPIC_ARN, forget, of_alarm};

const ROOT_USED: &str = "AWS::CloudWatch::Alarm alarm-root-used-dev";
const ERRORS: &str = "AWS::CloudWatch::Alarm alarm-application-errors-dev";
const ACTIONS: &str = "cw-alarm-actions-configured";
const EVALUATING: &str = "cw-alarm-evaluating";
const DASHBOARD: &str = "cw-dashboard-present";

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation {
        requirement: ACTIONS,
        change: |setup| of_alarm(setup, "alarm-root-used-dev", |alarm| alarm["ActionsEnabled"] = json!(false)),
        flips: &[(ACTIONS, ROOT_USED, Fail)],
        says: "the actions of the alarm are switched off",
    },
    // The topic hears when all is well again.
    Mutation {
        requirement: ACTIONS,
        change: |setup| {
            of_alarm(setup, "alarm-root-used-dev", |alarm| {
                alarm["OKActions"] = json!([TOPIC_ARN]);
                alarm["InsufficientDataActions"] = json!([TOPIC_ARN]);
                alarm["AlarmActions"] = json!([]);
            });
        },
        flips: &[(ACTIONS, ROOT_USED, Fail)],
        says: "nothing happens when the alarm goes off",
    },
    Mutation {
        requirement: ACTIONS,
        change: |setup| {
            of_alarm(setup, "alarm-root-used-dev", |alarm| {
                alarm["AlarmActions"] = json!(["arn:aws:lambda:eu-west-2:123456789012:function:on-alarm"]);
            });
        },
        flips: &[(ACTIONS, ROOT_USED, Fail)],
        says: "no topic hears of it, only arn:aws:lambda:eu-west-2:123456789012:function:on-alarm",
    },
    Mutation {
        requirement: EVALUATING,
        change: |setup| {
            of_alarm(setup, "alarm-root-used-dev", |alarm| alarm["EvaluationState"] = json!("EVALUATION_ERROR"));
        },
        flips: &[(EVALUATING, ROOT_USED, Fail)],
        says: "EVALUATION_ERROR",
    },
    // A slip of the pen in the name of the metric: nobody emits it, and the alarm has never seen a value.
    Mutation {
        requirement: EVALUATING,
        change: |setup| {
            of_alarm(setup, "alarm-application-errors-dev", |alarm| {
                alarm["MetricName"] = json!("ApplicationError");
                alarm["TreatMissingData"] = json!("missing");
                alarm["StateValue"] = json!("INSUFFICIENT_DATA");
            });
            let asked = [("MetricName", "ApplicationError"), ("Namespace", "Healthcare-dev")];
            setup.answer("cloudwatch", "ListMetrics", &asked, Answer::ok(r#"{"Metrics": []}"#));
        },
        flips: &[(EVALUATING, ERRORS, Fail)],
        says: "nothing emits Healthcare-dev/ApplicationError",
    },
    Mutation {
        requirement: DASHBOARD,
        change: |setup| {
            setup.json("cloudwatch", "GetDashboard", |answer| {
                let metrics = json!([["AWS/SNS", "NumberOfNotificationsFailed", "TopicName", "topic-alerts-dev"]]);
                let elsewhere = json!({"region": "us-east-1", "metrics": metrics});
                let body = json!({"widgets": [{"type": "metric", "properties": elsewhere}]});
                answer["DashboardBody"] = json!(body.to_string());
            });
        },
        flips: &[(DASHBOARD, ACCOUNT, Fail)],
        says: "no widget for eu-west-2 (beside: 1 metric for us-east-1)",
    },
    Mutation {
        requirement: DASHBOARD,
        change: |setup| {
            setup.json("cloudwatch", "GetDashboard", |answer| answer["DashboardBody"] = json!("to be done"));
        },
        flips: &[(DASHBOARD, ACCOUNT, Error)],
        says: "DashboardBody",
    },
    Mutation {
        requirement: DASHBOARD,
        change: |setup| {
            setup.json("cloudwatch", "ListDashboards", |answer| answer["DashboardEntries"] = json!([]));
        },
        flips: &[(DASHBOARD, ACCOUNT, Fail)],
        says: "there is no dashboard of the stack",
    },
    // All that followed access is gone but a log anomaly detector that is paused.
    Mutation {
        requirement: "cw-access-anomaly-tracking",
        change: |setup| {
            setup.json("logs", "DescribeMetricFilters", |answer| {
                let filters = answer["metricFilters"].as_array_mut().expect("filters");
                filters.retain(|filter| {
                    let name = filter["filterName"].as_str().expect("a name");
                    !["application", "record-access", "key-use"].iter().any(|part| name.contains(part))
                });
            });
            setup.json("cloudwatch", "DescribeAnomalyDetectors", |answer| answer["AnomalyDetectors"] = json!([]));
            setup.json("logs", "ListLogAnomalyDetectors", |answer| {
                let group = "arn:aws:logs:eu-west-2:123456789012:log-group:/healthcare/log-group-application-dev";
                answer["anomalyDetectors"] = json!([{
                    "anomalyDetectorArn": "arn:aws:logs:eu-west-2:123456789012:anomaly-detector:0a1b2c3d",
                    "detectorName": "detector-dev", "logGroupArnList": [group], "anomalyDetectorStatus": "PAUSED",
                }]);
            });
            for name in ["alarm-record-access-dev", "alarm-key-use-dev"] {
                of_alarm(setup, name, |alarm| {
                    forget(alarm, "ThresholdMetricId");
                    alarm["Metrics"].as_array_mut().expect("queries").truncate(1);
                    alarm["ComparisonOperator"] = json!("GreaterThanThreshold");
                    alarm["Threshold"] = json!(1000.0);
                });
            }
        },
        flips: &[("cw-access-anomaly-tracking", ACCOUNT, Fail)],
        says: "anomaly detector `detector-dev` on log group /healthcare/log-group-application-dev is PAUSED",
    },
];
