//! Whether an event that a filter counts sets off an alarm on the filter's metric.

use crate::cloudwatch::counted::missed_unit;
use crate::cloudwatch::{ALARMS, Comparison, Definition, MetricQuery, MetricWatch, MissingData, Query, Watched};
use crate::logs::FilterMetric;
use crate::observed::{Gap, Observed};
use crate::s3::Switch;

/// What it takes to set an alarm off.
#[derive(Debug, PartialEq)]
pub(super) enum Trip {
    /// One event does.
    ByOne,
    /// Events do, and one alone may not, for this reason.
    Noted(String),
    /// No number of events does, for this reason.
    Never(String),
}

/// Says what it takes for an alarm to be set off by events that a filter counts in a metric of its.
///
/// # Errors
/// A gap, where a number is missing or an expression stands between the metric and the comparison.
pub(super) fn trip(alarm: &Definition, query: &MetricQuery, counted: &FilterMetric) -> Result<Trip, Gap> {
    let Watched::Metrics(watch) = &alarm.watched else {
        return Ok(Trip::Never("watches no metric".into()));
    };
    if let Some(unit) = missed_unit(query, counted)? {
        return Ok(Trip::Never(format!("looks at values in {unit} alone, which the filter does not emit")));
    }
    through_expressions(alarm, watch, query)?;
    let comparison = *watch.comparison.required(ALARMS, "ComparisonOperator")?;
    let over = match comparison {
        Comparison::AtLeast | Comparison::Above => *watch.threshold.required(ALARMS, "Threshold")?,
        Comparison::Below | Comparison::AtMost | Comparison::BelowBand => {
            return Ok(Trip::Never("goes off when the metric is low".into()));
        }
        Comparison::OutsideBand | Comparison::AboveBand => {
            return Ok(Trip::Noted(
                "compares with a band that CloudWatch learns, so that one event may not be enough".into(),
            ));
        }
    };
    counts(watch, query, counted, &|value| match comparison {
        Comparison::AtLeast => value >= over,
        Comparison::Above
        | Comparison::Below
        | Comparison::AtMost
        | Comparison::BelowBand
        | Comparison::OutsideBand
        | Comparison::AboveBand => value > over,
    })
}

/// One event adds its value to the sum and one to the count of samples, and nothing is known of its neighbours, so that
/// other statistics are left to the reader. An alarm that is on before anything happens cannot be set off.
fn counts(
    watch: &MetricWatch,
    query: &MetricQuery,
    counted: &FilterMetric,
    is_over: &dyn Fn(f64) -> bool,
) -> Result<Trip, Gap> {
    let statistic = query.statistic.required(ALARMS, "Statistic")?.as_str();
    let period = *query.period.required(ALARMS, "Period")?;
    let numbers = numbers(watch, statistic, period)?;
    let minutes = f64::from(period / 60).max(1.0);
    let silent = match (counted.default_value.seen()?, statistic) {
        (Some(_), "SampleCount") => is_over(minutes),
        (Some(default), "Sum") => is_over(default * minutes),
        (Some(default), _) => is_over(*default),
        (None, _) => matches!(watch.missing_data.seen()?, Some(MissingData::Breaching)),
    };
    if silent {
        return Ok(Trip::Never(format!("is in ALARM while nothing happens: {numbers}")));
    }
    let Some(value) = number(&counted.value) else {
        return Ok(match statistic {
            "SampleCount" => by_count(watch, 1.0, is_over, &numbers)?,
            _ => Trip::Noted(format!("needs {numbers}, and the filter adds {} of the event", counted.value)),
        });
    };
    match statistic {
        "SampleCount" => by_count(watch, 1.0, is_over, &numbers),
        "Sum" => by_count(watch, value, is_over, &numbers),
        _ if is_over(value) => Ok(Trip::Noted(format!("needs {numbers}"))),
        _ => Ok(Trip::Never(format!("needs {numbers}, and each event counts {value}"))),
    }
}

fn by_count(watch: &MetricWatch, each: f64, is_over: &dyn Fn(f64) -> bool, numbers: &str) -> Result<Trip, Gap> {
    Ok(if is_over(each) && needed(watch)? == 1 {
        Trip::ByOne
    } else if is_over(each) || each > 0.0 {
        Trip::Noted(format!("needs {numbers}"))
    } else {
        Trip::Never(format!("needs {numbers}, and each event counts {each}"))
    })
}

/// How many periods have to be over the threshold.
fn needed(watch: &MetricWatch) -> Result<i32, Gap> {
    Ok(match watch.needed.seen()? {
        Some(needed) => *needed,
        None => *watch.periods.required(ALARMS, "EvaluationPeriods")?,
    })
}

fn numbers(watch: &MetricWatch, statistic: &str, period: i32) -> Result<String, Gap> {
    let comparison = watch.comparison.required(ALARMS, "ComparisonOperator")?.shown();
    let threshold = watch.threshold.required(ALARMS, "Threshold")?;
    let (needed, periods) = (needed(watch)?, *watch.periods.required(ALARMS, "EvaluationPeriods")?);
    Ok(match (needed, periods) {
        (1, 1) => format!("{statistic} {comparison} {threshold} in {period} s"),
        _ => format!("{statistic} {comparison} {threshold} in {needed} of {periods} periods of {period} s"),
    })
}

/// What one event adds, where that is a number; else it is a field of the event.
fn number(value: &str) -> Option<f64> {
    match value.trim().parse::<f64>() {
        Ok(number) if number.is_finite() => Some(number),
        Ok(_) | Err(_) => None,
    }
}

/// The value that is compared is the metric itself, or a sum that it is a part of and in which silence of the others
/// counts as zero.
///
/// # Errors
/// A gap, where it is another expression.
fn through_expressions(alarm: &Definition, watch: &MetricWatch, query: &MetricQuery) -> Result<(), Gap> {
    let is_compared = |compared: &Observed<Switch>| match compared {
        Observed::Present(Switch::On) | Observed::Absent => true,
        Observed::Present(Switch::Off) | Observed::Unknown(_) => false,
    };
    if is_compared(&query.compared) {
        return Ok(());
    }
    let expression = watch.queries.iter().find_map(|query| match query {
        Query::Expression { text, compared, .. } if is_compared(compared) => Some(text),
        Query::Expression { .. } | Query::Metric(_) => None,
    });
    match expression {
        Some(text) if is_sum_with(text, &query.id) => Ok(()),
        Some(text) => Err(Gap::undecided(format!(
            "alarm `{}` watches `{text}`, an expression that tap-audit does not evaluate; declare the alarm in \
             category_alarms where it is meant for a category",
            alarm.name
        ))),
        None => Err(Gap::Incomplete { operation: ALARMS.into(), field: "Metrics[].ReturnData".into() }),
    }
}

/// Whether an expression sums up metrics, this one among them. Where metrics are joined by `+`, the sum has no value while
/// one of them is silent, so that each has to be filled with zero.
fn is_sum_with(text: &str, id: &str) -> bool {
    let text: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
    if text == "SUM(METRICS())" {
        return true;
    }
    if let Some(list) = text.strip_prefix("SUM([").and_then(|rest| rest.strip_suffix("])")) {
        return list.split(',').any(|part| part == id);
    }
    let filled = |part: &str| part.strip_prefix("FILL(").and_then(|rest| rest.strip_suffix(",0)")).map(str::to_owned);
    let parts: Vec<Option<String>> = text.split('+').map(filled).collect();
    parts.iter().all(Option::is_some) && parts.iter().flatten().any(|part| part == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_in_which_silence_counts_as_zero_is_known() {
        for text in ["SUM(METRICS())", "SUM([m1, m2])", "FILL(m1, 0)", "FILL(m1,0) + FILL(m2,0)"] {
            assert!(is_sum_with(text, "m1"), "{text}");
        }
        for text in ["m1+m2", "FILL(m2,0)", "m1*0", "SUM([m2])", "FILL(m1,0)+m2", "IF(m1>5,1,0)", "RATE(m1)"] {
            assert!(!is_sum_with(text, "m1"), "{text}");
        }
    }
}
