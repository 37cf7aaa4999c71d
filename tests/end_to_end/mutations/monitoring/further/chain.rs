//! The chain from an event to an alarm, link by link: trail, log group, filter, metric, alarm.

use serde_json::{Value, json};

use super::super::super::{ACCOUNT, Error, Fail, Mutation};
use super::super::{forget, of_alarm, of_filter, of_trail};
use crate::alter::Setup;

const COVERAGE: &str = "cw-alarms-security-coverage";

pub(super) const MUTATIONS: &[Mutation] = &[
    // The trail feeds another group than the one that the filters are on.
    Mutation {
        requirement: COVERAGE,
        change: |setup| {
            let elsewhere = "arn:aws:logs:eu-west-2:123456789012:log-group:/healthcare/log-group-application-dev:*";
            of_trail(setup, |trail| trail["CloudWatchLogsLogGroupArn"] = json!(elsewhere));
        },
        flips: &[(COVERAGE, ACCOUNT, Fail)],
        says: "no metric filter on log group /healthcare/log-group-application-dev takes",
    },
    // It feeds a group of another account, whose filters nobody sees from here.
    Mutation {
        requirement: COVERAGE,
        change: |setup| {
            let elsewhere = "arn:aws:logs:eu-west-2:999988887777:log-group:organization-trail:*";
            of_trail(setup, |trail| trail["CloudWatchLogsLogGroupArn"] = json!(elsewhere));
        },
        flips: &[(COVERAGE, ACCOUNT, Fail)],
        says: "trail trail-dev feeds a log group of account 999988887777, on which no filter is seen from here",
    },
    // The filter is on a group that the trail does not feed.
    Mutation {
        requirement: COVERAGE,
        change: |setup| {
            of_keys_filter(setup, |filter| filter["logGroupName"] = json!("/healthcare/log-group-application-dev"));
        },
        flips: &[(COVERAGE, ACCOUNT, Fail)],
        says: "no metric filter on log group /healthcare/log-group-audit-trail-dev takes DisableKey",
    },
    // A pattern that takes nearly everything tells nothing apart.
    Mutation {
        requirement: COVERAGE,
        change: |setup| pattern(setup, "{ $.eventSource != \"s3.amazonaws.com\" }"),
        flips: &[(COVERAGE, ACCOUNT, Fail)],
        says: "filter `metric-filter-key-endangered-dev` takes harmless events",
    },
    // So does the empty one.
    Mutation {
        requirement: COVERAGE,
        change: |setup| pattern(setup, ""),
        flips: &[(COVERAGE, ACCOUNT, Fail)],
        says: "filter `metric-filter-key-endangered-dev` takes harmless events",
    },
    // No event has two names.
    Mutation {
        requirement: COVERAGE,
        change: |setup| pattern(setup, "{ ($.eventName = \"DisableKey\") && ($.eventName = \"ScheduleKeyDeletion\") }"),
        flips: &[(COVERAGE, ACCOUNT, Fail)],
        says: "takes DisableKey, ScheduleKeyDeletion",
    },
    // The names are there, of another service.
    Mutation {
        requirement: COVERAGE,
        change: |setup| {
            pattern(
                setup,
                "{ ($.eventSource = \"iam.amazonaws.com\") && (($.eventName = \"DisableKey\") || ($.eventName = \
                 \"ScheduleKeyDeletion\")) }",
            );
        },
        flips: &[(COVERAGE, ACCOUNT, Fail)],
        says: "takes DisableKey, ScheduleKeyDeletion",
    },
    // Words of a text, where the events are JSON: they stand in the text all the same, but each has to be there.
    Mutation {
        requirement: COVERAGE,
        change: |setup| pattern(setup, "DisableKey ScheduleKeyDeletion"),
        flips: &[(COVERAGE, ACCOUNT, Fail)],
        says: "takes DisableKey, ScheduleKeyDeletion",
    },
    // More than the pattern decides what is counted.
    Mutation {
        requirement: COVERAGE,
        change: |setup| {
            of_keys_filter(setup, |filter| filter["fieldSelectionCriteria"] = json!("@aws.region = \"us-east-1\""));
        },
        flips: &[(COVERAGE, ACCOUNT, Error)],
        says: "it is under fieldSelectionCriteria, which tap-audit does not evaluate",
    },
    // The filter counts in a metric by user, and the alarm watches the metric without.
    Mutation {
        requirement: COVERAGE,
        change: |setup| {
            of_keys_filter(setup, |filter| {
                let transformation = &mut filter["metricTransformations"][0];
                transformation["dimensions"] = json!({"User": "$.userIdentity.arn"});
                forget(transformation, "defaultValue");
            });
        },
        flips: &[(COVERAGE, ACCOUNT, Fail)],
        says: "alarm `alarm-key-endangered-dev` watches Healthcare-dev/KeyEndangered and not",
    },
    // What it adds for each event is nothing.
    Mutation {
        requirement: COVERAGE,
        change: |setup| {
            of_keys_filter(setup, |filter| filter["metricTransformations"][0]["metricValue"] = json!("0"));
        },
        flips: &[(COVERAGE, ACCOUNT, Fail)],
        says: "each event counts 0",
    },
    // It counts in a metric of another name.
    Mutation {
        requirement: COVERAGE,
        change: |setup| {
            of_keys_filter(setup, |filter| {
                filter["metricTransformations"][0]["metricName"] = json!("KeysEndangered");
            });
        },
        flips: &[(COVERAGE, ACCOUNT, Fail)],
        says: "no alarm watches metric Healthcare-dev/KeysEndangered",
    },
    // The alarm watches the metric of another namespace.
    Mutation {
        requirement: COVERAGE,
        change: |setup| of_keys_alarm(setup, |alarm| alarm["Namespace"] = json!("Healthcare")),
        flips: &[(COVERAGE, ACCOUNT, Fail)],
        says: "no alarm watches metric Healthcare-dev/KeyEndangered",
    },
    // It watches the metric under a dimension that nobody emits.
    Mutation {
        requirement: COVERAGE,
        change: |setup| {
            of_keys_alarm(setup, |alarm| alarm["Dimensions"] = json!([{"Name": "Environment", "Value": "dev"}]));
        },
        flips: &[(COVERAGE, ACCOUNT, Fail)],
        says: "alarm `alarm-key-endangered-dev` watches Healthcare-dev/KeyEndangered (Environment=dev) and not",
    },
    // It goes off when nothing happens.
    Mutation {
        requirement: COVERAGE,
        change: |setup| {
            of_keys_alarm(setup, |alarm| {
                alarm["ComparisonOperator"] = json!("LessThanThreshold");
                alarm["Threshold"] = json!(1.0);
            });
        },
        flips: &[(COVERAGE, ACCOUNT, Fail)],
        says: "goes off when the metric is low",
    },
    // It looks at the average of ones.
    Mutation {
        requirement: COVERAGE,
        change: |setup| {
            of_keys_alarm(setup, |alarm| {
                alarm["Statistic"] = json!("Average");
                alarm["Threshold"] = json!(1.0);
            });
        },
        flips: &[(COVERAGE, ACCOUNT, Fail)],
        says: "each event counts 1",
    },
    // It is on before anything happens.
    Mutation {
        requirement: COVERAGE,
        change: |setup| {
            of_keys_alarm(setup, |alarm| {
                alarm["ComparisonOperator"] = json!("GreaterThanOrEqualToThreshold");
            });
        },
        flips: &[(COVERAGE, ACCOUNT, Fail)],
        says: "is in ALARM while nothing happens",
    },
    // It looks at values of a unit that the filter does not emit.
    Mutation {
        requirement: COVERAGE,
        change: |setup| of_keys_alarm(setup, |alarm| alarm["Unit"] = json!("Seconds")),
        flips: &[(COVERAGE, ACCOUNT, Fail)],
        says: "looks at values in Seconds alone",
    },
    // It watches the metric of that name in another account.
    Mutation {
        requirement: COVERAGE,
        change: |setup| of_keys_alarm(setup, |alarm| of_queries(alarm, &json!({"AccountId": "999988887777"}))),
        flips: &[(COVERAGE, ACCOUNT, Fail)],
        says: "no alarm watches metric Healthcare-dev/KeyEndangered",
    },
    // An expression stands between the metric and the comparison.
    Mutation {
        requirement: COVERAGE,
        change: |setup| {
            of_keys_alarm(setup, |alarm| {
                of_queries(alarm, &json!({"ReturnData": false}));
                let expression = json!({"Id": "rate", "Expression": "RATE(seen)", "ReturnData": true});
                alarm["Metrics"].as_array_mut().expect("queries").push(expression);
            });
        },
        flips: &[(COVERAGE, ACCOUNT, Error)],
        says: "an expression that tap-audit does not evaluate",
    },
];

fn of_keys_filter(setup: &mut Setup, change: impl Fn(&mut Value)) {
    of_filter(setup, "metric-filter-key-endangered-dev", change);
}

fn of_keys_alarm(setup: &mut Setup, change: impl Fn(&mut Value)) {
    of_alarm(setup, "alarm-key-endangered-dev", change);
}

fn pattern(setup: &mut Setup, text: &str) {
    of_keys_filter(setup, |filter| filter["filterPattern"] = json!(text));
}

/// Lets an alarm look at its metric by a query, with these members beside.
fn of_queries(alarm: &mut Value, beside: &Value) {
    let metric = json!({
        "Namespace": alarm["Namespace"], "MetricName": alarm["MetricName"], "Dimensions": alarm["Dimensions"],
    });
    let mut query = json!({"Id": "seen", "MetricStat": {
        "Metric": metric, "Period": alarm["Period"], "Stat": alarm["Statistic"],
    }});
    query["ReturnData"] = json!(true);
    for (name, value) in beside.as_object().expect("members") {
        query[name] = value.clone();
    }
    for member in ["Namespace", "MetricName", "Dimensions", "Period", "Statistic"] {
        forget(alarm, member);
    }
    alarm["Metrics"] = json!([query]);
}
