//! What belongs to the audit trail: its log group, the metric filters on it, and the alarms on the metrics of those.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{ALARMS, Definition, FILTERS, Metric, MetricQuery};
use crate::check::Context;
use crate::cloudformation::Stack;
use crate::cloudtrail::{Trail, Wanted, called, chosen};
use crate::evidence::{Account, Run};
use crate::logs::pattern::{Pattern, Selector};
use crate::logs::{FilterMetric, MetricFilter};
use crate::observed::{Gap, Observed};

/// The log group that the audit trail feeds, as far as filters can see it from here.
pub(super) enum Feed<'a> {
    /// The trail, and the name of its group in this account and region.
    Group { trail: &'a Trail, group: &'a str },
    /// There is none, for this reason.
    None { trail: Option<&'a Trail>, why: String },
}

/// Finds the log group of the audit trail.
///
/// # Errors
/// The gap, where the trails could not be read or the right one not be told.
pub(super) fn feed<'a>(account: &'a Account, wanted: &Wanted<'_>, context: &Context<'_>) -> Result<Feed<'a>, Gap> {
    let Some(trail) = chosen(account, wanted, context)? else {
        return Ok(Feed::None { trail: None, why: "there is no audit trail, see cloudtrail-logging-enabled".into() });
    };
    let none = |why: String| Ok(Feed::None { trail: Some(trail), why: format!("trail {} {why}", called(trail)) });
    let Some(arn) = trail.log_group.seen()? else {
        return none("feeds no log group".into());
    };
    let mut parts = arn.split(':').skip(3);
    let (Some(region), Some(owner), Some(_), Some(group)) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(Gap::Unparsable {
            operation: "DescribeTrails".into(),
            what: "CloudWatchLogsLogGroupArn is no ARN of a log group".into(),
        });
    };
    let run = &context.evidence.run;
    if owner != run.account {
        return none(format!("feeds a log group of account {owner}, on which no filter is seen from here"));
    }
    if region != run.region {
        return none(format!("feeds a log group in {region}, on which no filter is seen from {}", run.region));
    }
    Ok(Feed::Group { trail, group })
}

/// The metric filters on this log group.
///
/// # Errors
/// The gap, where the filters could not be read.
pub(super) fn filters_on<'a>(account: &'a Account, group: &str) -> Result<Vec<&'a MetricFilter>, Gap> {
    let filters = account.metric_filters.required(FILTERS, "metricFilters")?;
    Ok(filters.iter().filter(|filter| filter.group == group).collect())
}

/// Whether a filter counts an event.
///
/// # Errors
/// A gap, where something decides that this version does not evaluate.
pub(super) fn takes(filter: &MetricFilter, event: &Value) -> Result<bool, Gap> {
    let of_filter = |gap: &dyn std::fmt::Display| Gap::undecided(format!("filter `{}`: {gap}", filter.name));
    if let Some(setting) = filter.beyond_pattern.first() {
        return Err(of_filter(&format!("it is under {setting}, which tap-audit does not evaluate")));
    }
    pattern(filter)?.matches(event).map_err(|gap| of_filter(&gap))
}

/// The pattern of a filter, read.
///
/// # Errors
/// A gap, where it was not answered or is no pattern that CloudWatch Logs would take.
pub(super) fn pattern(filter: &MetricFilter) -> Result<Pattern, Gap> {
    let text = filter.pattern.required(FILTERS, "filterPattern")?;
    Pattern::read(text).map_err(|error| Gap::Unparsable {
        operation: FILTERS.into(),
        what: format!("filter `{}`: {error}", filter.name),
    })
}

/// Every alarm of the region.
///
/// # Errors
/// The gap, where the alarms could not be read.
pub(super) fn alarms(account: &Account) -> Result<&[Definition], Gap> {
    account.cloudwatch.alarms.required(ALARMS, "MetricAlarms").map(Vec::as_slice)
}

/// Whether a query is about the metric that a filter counts in, whatever the dimensions.
pub(super) fn is_about(query: &MetricQuery, counted: &FilterMetric, run: &Run) -> bool {
    is_own(query, run) && query.metric.namespace == counted.namespace && query.metric.name == counted.name
}

/// Whether a query is about a metric of this account.
fn is_own(query: &MetricQuery, run: &Run) -> bool {
    match &query.account {
        Observed::Present(account) => *account == run.account,
        Observed::Absent => true,
        Observed::Unknown(_) => false,
    }
}

/// Whether a query is about a metric that a filter emits, as far as that can be told without an event: the dimensions
/// have the same names.
pub(super) fn may_be_emitted(query: &MetricQuery, counted: &FilterMetric, run: &Run) -> bool {
    is_about(query, counted, run) && query.metric.dimensions.keys().eq(counted.dimensions.keys())
}

/// The unit that a query alone looks at, where the filter emits another: then the alarm sees nothing of what is counted.
///
/// # Errors
/// The gap, where one of them is not known.
pub(super) fn missed_unit<'a>(query: &'a MetricQuery, counted: &FilterMetric) -> Result<Option<&'a str>, Gap> {
    let Some(unit) = query.unit.seen()? else { return Ok(None) };
    let emitted = counted.unit.seen()?.map_or("None", String::as_str);
    Ok((unit != emitted).then_some(unit))
}

/// The metric under which a filter counts an event; `None` where the event lacks a field that gives a dimension, so that
/// nothing is counted.
///
/// # Errors
/// A gap, where a dimension is given in a form that is not known.
pub(super) fn emitted(counted: &FilterMetric, event: &Value) -> Result<Option<Metric>, Gap> {
    let mut dimensions = BTreeMap::new();
    for (name, field) in &counted.dimensions {
        let selector = Selector::read(field).map_err(|error| Gap::Unparsable {
            operation: FILTERS.into(),
            what: format!("dimension {name} of metric {}: {error}", counted.name),
        })?;
        let value = match selector.find(event) {
            Some(Value::String(text)) => text.clone(),
            Some(value @ (Value::Number(_) | Value::Bool(_))) => value.to_string(),
            Some(Value::Null | Value::Array(_) | Value::Object(_)) | None => return Ok(None),
        };
        dimensions.insert(name.clone(), value);
    }
    Ok(Some(Metric { namespace: counted.namespace.clone(), name: counted.name.clone(), dimensions }))
}

/// Whether an alarm watches a metric that a filter on the audit trail's group may emit.
///
/// # Errors
/// The gap, where trails or filters could not be read.
pub(super) fn is_counted(alarm: &Definition, wanted: &Wanted<'_>, context: &Context<'_>) -> Result<bool, Gap> {
    let account = context.evidence.account()?;
    let group = match feed(account, wanted, context)? {
        Feed::Group { group, .. } => group,
        Feed::None { .. } => return Ok(false),
    };
    let filters = filters_on(account, group)?;
    let run = &context.evidence.run;
    Ok(alarm.metrics().any(|query| {
        filters.iter().flat_map(|filter| &filter.metrics).any(|counted| may_be_emitted(query, counted, run))
    }))
}

/// Whether a dimension of a metric names a resource of this id, which may be an ARN, or a queue's URL.
pub(super) fn is_about_resource(metric: &Metric, id: &str) -> bool {
    let name = if id.starts_with("arn:") || id.contains("://") { id.rsplit([':', '/']).next() } else { None };
    metric.dimensions.values().any(|value| value == id || Some(value.as_str()) == name)
}

/// Says that the stack's listing was read, so that what is not among the subjects is not of the stack.
///
/// # Errors
/// The gap, where it was not, or where no stack is known (rule U10).
pub(super) fn stack_was_read<'a>(stacks: impl Iterator<Item = &'a Stack>) -> Result<(), Gap> {
    let mut known = false;
    for stack in stacks {
        if stack.identity.seen()?.is_some() {
            stack.members.required("ListStackResources", "StackResourceSummaries")?;
            known = true;
        }
    }
    if known {
        Ok(())
    } else {
        Err(Gap::depends_on("stack-managed-by-cloudformation", "no stack is known that could hold what is looked for"))
    }
}
