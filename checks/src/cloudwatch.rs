//! CloudWatch alarms, metrics and dashboards: what is seen of them, and the checks of their requirements.

mod actions;
mod anomaly;
mod composite;
mod counted;
mod coverage;
mod dashboard;
mod evaluating;
#[cfg(test)]
pub(crate) mod fixture;
mod performance;

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::check::Check;
use crate::observed::{Gap, Observed, Seen};
use crate::s3::Switch;

pub(crate) use actions::of_violations;
pub use composite::names_in;

/// The checks of this file, in catalog order.
pub fn checks() -> Vec<Check> {
    vec![
        Check::across("cw-alarms-security-coverage", coverage::coverage),
        Check::across("cw-alarm-actions-configured", actions::configured).when_none(actions::none),
        Check::across("cw-alarm-evaluating", evaluating::evaluating),
        Check::across("cw-alarm-performance", performance::performance),
        Check::across("cw-access-anomaly-tracking", anomaly::tracking),
        Check::across("cw-dashboard-present", dashboard::present),
    ]
}

/// What was seen of an alarm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alarm {
    /// What DescribeAlarms answers of it.
    pub definition: Seen<Definition>,
    /// Whether ListMetrics knows its metric; asked only for an alarm on one metric that has no data.
    pub metric: Seen<Listing>,
    /// Its tags; an empty map means that it has none.
    pub tags: Seen<BTreeMap<String, String>>,
}

/// What DescribeAlarms answers of an alarm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Definition {
    /// Its name.
    pub name: String,
    /// Its ARN; CloudWatch always answers it.
    pub arn: Observed<String>,
    /// Whether its actions are carried out; absent means that they are.
    pub actions_enabled: Observed<Switch>,
    /// The ARNs of what happens when it goes into ALARM; an empty list means nothing.
    pub alarm_actions: Vec<String>,
    /// The state that it is in; CloudWatch always answers it.
    pub state: Observed<AlarmState>,
    /// When it came into this state; absent means that it never left the state it was made in, or that it was made before
    /// CloudWatch kept the time.
    pub transitioned_at: Observed<Timestamp>,
    /// When it was made or changed last; CloudWatch always answers it.
    pub configured_at: Observed<Timestamp>,
    /// What it watches.
    pub watched: Watched,
}

/// The state of an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AlarmState {
    /// What it watches is within its bounds.
    Ok,
    /// It is not.
    Alarm,
    /// There is not enough data to tell.
    InsufficientData,
}

/// What an alarm watches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Watched {
    /// Metrics: one, or several that expressions combine.
    Metrics(Box<MetricWatch>),
    /// Other alarms.
    Alarms(CompositeWatch),
    /// The result of a PromQL query, with the seconds between two looks at it.
    PromQl(Observed<i32>),
    /// The result of a query over log groups.
    Logs,
    /// Something that this version does not know.
    Unknown(Gap),
}

/// How an alarm watches metrics.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricWatch {
    /// The metrics and expressions, in order; a single metric is a list of one.
    pub queries: Vec<Query>,
    /// How the value is compared; CloudWatch always answers it.
    pub comparison: Observed<Comparison>,
    /// What it is compared with; absent where that is a band that CloudWatch learns.
    pub threshold: Observed<f64>,
    /// The id of the expression that gives the band; absent where the threshold is a number.
    pub band: Observed<String>,
    /// How many periods are looked at; CloudWatch always answers it.
    pub periods: Observed<i32>,
    /// How many of them have to be out of bounds; absent means all.
    pub needed: Observed<i32>,
    /// What a period without data counts as; absent means that it counts as missing.
    pub missing_data: Observed<MissingData>,
    /// What is wrong with the evaluation; absent means nothing.
    pub evaluation: Observed<Evaluation>,
}

/// How an alarm watches other alarms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompositeWatch {
    /// The expression over the states of other alarms; CloudWatch always answers it.
    pub rule: Observed<String>,
    /// The alarm that keeps its actions from being carried out; absent means none.
    pub suppressor: Observed<String>,
}

/// A metric or an expression that an alarm watches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::large_enum_variant, reason = "nearly all of them are metrics")]
pub enum Query {
    /// A metric.
    Metric(MetricQuery),
    /// An expression over other queries, or a query of Metrics Insights.
    Expression {
        /// By what others name it.
        id: String,
        /// The expression.
        text: String,
        /// Its period in seconds, where it has one of its own.
        period: Observed<i32>,
        /// Whether its value is what is compared; absent means that it is.
        compared: Observed<Switch>,
    },
}

/// A metric as an alarm watches it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetricQuery {
    /// By what expressions name it; empty where the alarm watches nothing else.
    pub id: String,
    /// The metric.
    pub metric: Metric,
    /// The account of the metric; absent means the alarm's own.
    pub account: Observed<String>,
    /// The statistic, such as `Sum` or `p99`; CloudWatch always answers it.
    pub statistic: Observed<String>,
    /// The period in seconds; CloudWatch always answers it.
    pub period: Observed<i32>,
    /// The unit that alone is looked at, where `None` is that of values without one; absent means any.
    pub unit: Observed<String>,
    /// Whether its value is what is compared; absent means that it is.
    pub compared: Observed<Switch>,
}

/// A metric: its namespace, name and dimensions together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Metric {
    /// The namespace.
    pub namespace: String,
    /// The name.
    pub name: String,
    /// The dimensions, by name; none where the map is empty.
    pub dimensions: BTreeMap<String, String>,
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)?;
        if self.dimensions.is_empty() {
            return Ok(());
        }
        let dimensions: Vec<String> = self.dimensions.iter().map(|(name, value)| format!("{name}={value}")).collect();
        write!(f, " ({})", dimensions.join(", "))
    }
}

/// How an alarm compares the value with its threshold or band.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Comparison {
    /// `>=`.
    AtLeast,
    /// `>`.
    Above,
    /// `<`.
    Below,
    /// `<=`.
    AtMost,
    /// Below or above the band.
    OutsideBand,
    /// Above the band.
    AboveBand,
    /// Below the band.
    BelowBand,
}

impl Comparison {
    fn shown(self) -> &'static str {
        match self {
            Comparison::AtLeast => ">=",
            Comparison::Above => ">",
            Comparison::Below => "<",
            Comparison::AtMost => "<=",
            Comparison::OutsideBand => "outside",
            Comparison::AboveBand => "above",
            Comparison::BelowBand => "below",
        }
    }
}

/// What a period without data counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MissingData {
    /// Within bounds.
    NotBreaching,
    /// Out of bounds.
    Breaching,
    /// The alarm keeps its state.
    Ignore,
    /// Neither.
    Missing,
}

/// What is wrong with the evaluation of an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Evaluation {
    /// It cannot be evaluated as it is configured.
    Error,
    /// It could not be evaluated for a reason of CloudWatch's.
    Failure,
    /// Not all data could be read.
    PartialData,
}

/// Whether ListMetrics knows a metric. It forgets one that was silent for two weeks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Listing {
    /// It does.
    Listed,
    /// It does not.
    NotListed,
}

/// What was seen of CloudWatch as a whole, in the run's region.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct View {
    /// Every alarm: on metrics, on other alarms and on logs; an empty list means none.
    pub alarms: Seen<Vec<Definition>>,
    /// Every dashboard; an empty list means none.
    pub dashboards: Seen<Vec<Dashboard>>,
    /// Every anomaly detector on metrics; an empty list means none.
    pub metric_detectors: Seen<Vec<MetricDetector>>,
    /// Every anomaly detector on log groups; an empty list means none.
    pub log_detectors: Seen<Vec<LogDetector>>,
}

/// A dashboard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dashboard {
    /// Its name.
    pub name: String,
    /// What it shows; an empty list means nothing.
    pub widgets: Seen<Vec<Widget>>,
}

/// A part of a dashboard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Widget {
    /// What kind of thing it shows.
    pub kind: WidgetKind,
    /// The region whose data it shows; absent means the one in which the dashboard is looked at.
    pub region: Observed<String>,
}

/// What a part of a dashboard shows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WidgetKind {
    /// Metrics.
    Metric,
    /// The result of a query over logs.
    Log,
    /// The states of alarms.
    Alarm,
    /// Metrics of resources that are found by their tags.
    Explorer,
    /// A text, which shows nothing of the deployment.
    Text,
    /// Something else, such as what a function draws.
    Other(String),
}

/// An anomaly detector on metrics.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetricDetector {
    /// The metrics that it learns, of this account; several where an expression combines them.
    pub metrics: Vec<Metric>,
    /// Whether it has learned; CloudWatch always answers it.
    pub state: Observed<DetectorState>,
}

/// Whether an anomaly detector on metrics has learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DetectorState {
    /// It has yet to.
    PendingTraining,
    /// It has, from too few data.
    TrainedInsufficientData,
    /// It has.
    Trained,
}

/// An anomaly detector on log groups.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogDetector {
    /// Its name; absent on those that were made without one.
    pub name: Observed<String>,
    /// The ARNs of the log groups.
    pub groups: Vec<String>,
    /// What it does at the moment; CloudWatch Logs always answers it.
    pub status: Observed<LogDetectorStatus>,
}

/// What an anomaly detector on log groups does at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogDetectorStatus {
    /// It is being made.
    Initializing,
    /// It learns.
    Training,
    /// It looks for anomalies.
    Analyzing,
    /// It could not be made or run.
    Failed,
    /// It was deleted.
    Deleted,
    /// It is switched off.
    Paused,
}

impl Alarm {
    /// The evidence of one of which nothing could be seen.
    pub fn unknown(gap: &Gap) -> Self {
        Alarm { definition: Seen::gap(gap.clone()), metric: Seen::gap(gap.clone()), tags: Seen::gap(gap.clone()) }
    }
}

impl View {
    /// The evidence where nothing could be seen.
    pub fn unknown(gap: &Gap) -> Self {
        View {
            alarms: Seen::gap(gap.clone()),
            dashboards: Seen::gap(gap.clone()),
            metric_detectors: Seen::gap(gap.clone()),
            log_detectors: Seen::gap(gap.clone()),
        }
    }
}

impl Definition {
    /// The metrics that it watches; none where it watches something else, or something that is not known.
    fn metrics(&self) -> impl Iterator<Item = &MetricQuery> {
        let queries = match &self.watched {
            Watched::Metrics(watch) => watch.queries.as_slice(),
            Watched::Alarms(_) | Watched::PromQl(_) | Watched::Logs | Watched::Unknown(_) => &[],
        };
        queries.iter().filter_map(|query| match query {
            Query::Metric(metric) => Some(metric),
            Query::Expression { .. } => None,
        })
    }
}

const ALARMS: &str = "DescribeAlarms";
const FILTERS: &str = "DescribeMetricFilters";

fn definition(alarm: &Alarm) -> Result<&Definition, Gap> {
    alarm.definition.required(ALARMS, "MetricAlarms")
}
