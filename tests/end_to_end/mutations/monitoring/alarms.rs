//! Alarms, anomalies and dashboards.

use serde_json::json;

use super::super::{ACCOUNT, Fail, Mutation};
use super::{forget, of_alarm, of_filter};
use crate::alter::Setup;

const FAILED: &str = "AWS::CloudWatch::Alarm alarm-alerts-failed-dev";
const ROOT_USED: &str = "AWS::CloudWatch::Alarm alarm-root-used-dev";

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation {
        requirement: "cw-alarms-security-coverage",
        change: |setup| {
            of_filter(setup, "metric-filter-key-endangered-dev", |filter| {
                filter["filterPattern"] =
                    json!("{ ($.eventSource = \"kms.amazonaws.com\") && ($.eventName = \"DisableKey\") }");
            });
        },
        flips: &[("cw-alarms-security-coverage", ACCOUNT, Fail)],
        says: "no metric filter on log group /healthcare/log-group-audit-trail-dev takes ScheduleKeyDeletion",
    },
    Mutation {
        requirement: "cw-alarm-actions-configured",
        change: |setup| of_alarm(setup, "alarm-root-used-dev", |alarm| alarm["AlarmActions"] = json!([])),
        flips: &[("cw-alarm-actions-configured", ROOT_USED, Fail)],
        says: "nothing happens when the alarm goes off",
    },
    Mutation {
        requirement: "cw-alarm-evaluating",
        change: |setup| of_alarm(setup, "alarm-alerts-failed-dev", |alarm| alarm["Period"] = json!(3600)),
        flips: &[("cw-alarm-evaluating", FAILED, Fail)],
        says: "it looks at periods of 3600 s",
    },
    Mutation {
        requirement: "cw-alarm-performance",
        change: |setup| setup.replace("cloudwatch", "DescribeAlarms", "\"AWS/", "\"Own/"),
        flips: &[("cw-alarm-performance", ACCOUNT, Fail)],
        says: "no alarm watches how the workload fares",
    },
    Mutation {
        requirement: "cw-access-anomaly-tracking",
        change: |setup| {
            without_filters(setup, &["application", "record-access", "key-use"]);
            setup.json("cloudwatch", "DescribeAnomalyDetectors", |answer| answer["AnomalyDetectors"] = json!([]));
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
        says: "no metric filter counts access to data; no anomaly detector learns a metric of the deployment",
    },
    Mutation {
        requirement: "cw-dashboard-present",
        change: |setup| {
            setup.json("cloudwatch", "GetDashboard", |answer| {
                let body = json!({"widgets": [{"type": "text", "properties": {"markdown": "To be done"}}]});
                answer["DashboardBody"] = json!(body.to_string());
            });
        },
        flips: &[("cw-dashboard-present", ACCOUNT, Fail)],
        says: "dashboard-compliance-dev",
    },
];

/// Removes the metric filters with one of these in their names.
fn without_filters(setup: &mut Setup, those: &[&str]) {
    setup.json("logs", "DescribeMetricFilters", |answer| {
        let filters = answer["metricFilters"].as_array_mut().expect("filters");
        filters.retain(|filter| {
            let name = filter["filterName"].as_str().expect("a name");
            !those.iter().any(|part| name.contains(part))
        });
    });
}
