//! CloudWatch: how often a function was invoked, and what watches the deployment.

mod alarm;
mod view;

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::operation::get_metric_data::GetMetricDataOutput;
use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricStat};
use aws_smithy_types::DateTime;
use tap_audit_checks::observed::{Gap, Observed, Seen};

use crate::collect::Walk;
use crate::collect::call::Call;

pub(crate) use alarm::{alarm, alarm_reference};
pub(crate) use view::view;

const METRIC_DATA: Call = Call {
    service: "cloudwatch",
    operation: "GetMetricData",
    permission: "cloudwatch:GetMetricData",
    absent: &[],
    denied_or: None,
};

const ALARMS: Call = Call {
    service: "cloudwatch",
    operation: "DescribeAlarms",
    permission: "cloudwatch:DescribeAlarms",
    absent: &[],
    denied_or: None,
};
const METRICS: Call = Call {
    service: "cloudwatch",
    operation: "ListMetrics",
    permission: "cloudwatch:ListMetrics",
    absent: &[],
    denied_or: None,
};
const TAGS: Call = Call {
    service: "cloudwatch",
    operation: "ListTagsForResource",
    permission: "cloudwatch:ListTagsForResource",
    absent: &[],
    denied_or: None,
};
const DASHBOARDS: Call = Call {
    service: "cloudwatch",
    operation: "ListDashboards",
    permission: "cloudwatch:ListDashboards",
    absent: &[],
    denied_or: None,
};
const DASHBOARD: Call = Call {
    service: "cloudwatch",
    operation: "GetDashboard",
    permission: "cloudwatch:GetDashboard",
    absent: &[],
    denied_or: None,
};
const DETECTORS: Call = Call {
    service: "cloudwatch",
    operation: "DescribeAnomalyDetectors",
    permission: "cloudwatch:DescribeAnomalyDetectors",
    absent: &[],
    denied_or: None,
};

/// Every call about a function, for plans and for the policy that the auditing role needs.
pub(crate) const CALLS: &[&Call] = &[&METRIC_DATA];
/// Every call about an alarm.
pub(crate) const ALARM_CALLS: &[&Call] = &[&ALARMS, &METRICS, &TAGS];
/// Every call about the account.
pub(crate) const VIEW_CALLS: &[&Call] = &[&ALARMS, &DASHBOARDS, &DASHBOARD, &DETECTORS];

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;
/// Log events may arrive late, so the last two hours are not counted.
const GRACE: i64 = 2 * HOUR;

/// Collects the sum of a function's invocations from `days` days ago until two hours ago.
pub(crate) async fn invocations(walk: &Walk<'_>, function: &str, region: &str, days: i64) -> Seen<u64> {
    if days < 1 {
        return Seen::gap(Gap::undecided(format!(
            "invocations of the last {days} days cannot be counted; ask for 1 or more"
        )));
    }
    let now = walk.aws.now().as_second();
    let (start, end) = (now.saturating_sub(days.saturating_mul(DAY)), now - GRACE);
    let sums = walk
        .aws
        .ask_all(
            &METRIC_DATA,
            region,
            // The times differ from run to run; the number of days is what is asked.
            &[("FunctionName", function), ("Days", &days.to_string())],
            |clients, token| {
                clients
                    .cloudwatch()
                    .get_metric_data()
                    .metric_data_queries(query(function))
                    .start_time(DateTime::from_secs(start))
                    .end_time(DateTime::from_secs(end))
                    .set_next_token(token)
                    .send()
            },
            |answer| answer.next_token().map(str::to_owned),
            values,
        )
        .await;
    // A metric without data is in the answer with no values; an answer without the metric says nothing.
    sums.and_then(|sums| {
        if sums.is_empty() { Observed::Unknown(METRIC_DATA.incomplete("MetricDataResults")) } else { total(&sums) }
    })
}

fn query(function: &str) -> MetricDataQuery {
    let dimension = Dimension::builder().name("FunctionName").value(function).build();
    let metric = Metric::builder().namespace("AWS/Lambda").metric_name("Invocations").dimensions(dimension).build();
    let hourly = MetricStat::builder().metric(metric).period(3_600).stat("Sum").build();
    MetricDataQuery::builder().id("invocations").metric_stat(hourly).build()
}

/// The values of a page, one list for each result in it.
fn values(answer: GetMetricDataOutput) -> Result<Vec<Vec<f64>>, Gap> {
    let result =
        |result: aws_sdk_cloudwatch::types::MetricDataResult| match result.status_code().map(|code| code.as_str()) {
            // Partial data is followed by a further page.
            Some("Complete" | "PartialData") => Ok(result.values().to_vec()),
            Some("Forbidden") => Err(Gap::Denied {
                operation: METRIC_DATA.operation.into(),
                permission: METRIC_DATA.permission.into(),
                or_else: None,
            }),
            Some("InternalError") => {
                Err(Gap::Failed { operation: METRIC_DATA.operation.into(), code: "InternalError".into() })
            }
            Some(other) => Err(METRIC_DATA.unknown_token("StatusCode", other)),
            None => Err(METRIC_DATA.incomplete("StatusCode")),
        };
    answer.metric_data_results.into_iter().flatten().map(result).collect()
}

fn total(sums: &[Vec<f64>]) -> Observed<u64> {
    let total: f64 = sums.iter().flatten().sum();
    if total.is_finite() && total >= 0.0 {
        Observed::Present(total.round() as u64)
    } else {
        Observed::Unknown(Gap::Unparsable {
            operation: METRIC_DATA.operation.into(),
            what: "the sum of the metric's values is no count".into(),
        })
    }
}

fn dimensions(dimensions: &[Dimension]) -> BTreeMap<String, String> {
    let pairs = dimensions.iter().filter_map(|dimension| Some((dimension.name()?, dimension.value()?)));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// A metric; `None` where its namespace or name is missing.
fn metric(found: &Metric) -> Option<tap_audit_checks::cloudwatch::Metric> {
    let (namespace, name) = (found.namespace()?.to_owned(), found.metric_name()?.to_owned());
    Some(tap_audit_checks::cloudwatch::Metric { namespace, name, dimensions: dimensions(found.dimensions()) })
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudwatch::types::{MetricDataResult, StatusCode};

    use super::*;

    fn page(status: StatusCode, values: &[f64]) -> GetMetricDataOutput {
        let result = MetricDataResult::builder().id("invocations").status_code(status);
        let result = result.set_values(Some(values.to_vec())).build();
        GetMetricDataOutput::builder().metric_data_results(result).build()
    }

    #[test]
    fn hourly_sums_are_added_up_over_pages() {
        let first = super::values(page(StatusCode::PartialData, &[3.0, 4.0])).unwrap();
        let last = super::values(page(StatusCode::Complete, &[5.0])).unwrap();
        assert_eq!(total(&[first, last].concat()), Observed::Present(12));
        assert_eq!(total(&[Vec::new()]), Observed::Present(0));
    }

    #[test]
    fn a_metric_that_was_refused_or_failed_is_a_gap_and_not_zero() {
        let forbidden = values(page(StatusCode::Forbidden, &[])).unwrap_err();
        assert_eq!(forbidden.to_string(), "GetMetricData was denied; the auditing role needs cloudwatch:GetMetricData");
        let failed = values(page(StatusCode::InternalError, &[])).unwrap_err();
        assert!(failed.to_string().starts_with("GetMetricData failed with InternalError"));
        let new = values(page(StatusCode::from("Postponed"), &[])).unwrap_err();
        assert!(new.to_string().contains("`Postponed` in StatusCode"));
    }

    #[test]
    fn a_sum_that_is_no_count_is_a_gap() {
        assert!(matches!(total(&[vec![f64::NAN]]), Observed::Unknown(Gap::Unparsable { .. })));
    }
}
