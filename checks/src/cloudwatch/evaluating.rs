//! Whether an alarm is alive: it has data to look at, and looks often enough.

use jiff::Timestamp;
use serde::Deserialize;

use super::actions::of_the_audit;
use super::counted::{is_about_resource, may_be_emitted, missed_unit};
use super::{
    ALARMS, Alarm, AlarmState, Definition, Evaluation, FILTERS, Listing, MetricQuery, MetricWatch, MissingData, Query,
    Watched, definition,
};
use crate::check::Context;
use crate::cloudformation::{Member, Stack};
use crate::cloudtrail::Wanted;
use crate::logs::{FilterMetric, MetricFilter};
use crate::observed::{Gap, Observed};
use crate::subject::Existence;
use crate::verdict::{Judgement, Verdict, every, nothing_to_judge};

/// Parameters of `cw-alarm-evaluating`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Evaluating {
    grace_hours: i64,
    max_period_s: i32,
    trail_name: String,
    require_multi_region: bool,
    require_kms_events: bool,
}

/// Metrics that AWS emits once a day, so that no shorter period has data.
const DAILY: [(&str, &str); 2] = [("AWS/S3", "BucketSizeBytes"), ("AWS/S3", "NumberOfObjects")];

/// A composite alarm is as alive as its children, which are judged themselves.
pub(super) fn evaluating(alarm: &Alarm, params: &Evaluating, context: &Context<'_>) -> Judgement {
    let definition = definition(alarm)?;
    let wanted = Wanted {
        name: &params.trail_name,
        multi_region: params.require_multi_region,
        kms_events: params.require_kms_events,
    };
    if let Some(verdict) = of_the_audit(definition, &wanted, context)? {
        return Ok(verdict);
    }
    let mut parts = vec![state(alarm, definition, params, context)];
    match &definition.watched {
        Watched::Alarms(_) => {
            return Ok(Verdict::not_applicable("a composite alarm looks at other alarms, which are judged themselves"));
        }
        Watched::Metrics(watch) => parts.extend([evaluation(watch), periods(watch, params)]),
        Watched::PromQl(interval) => parts.push(interval.required(ALARMS, "EvaluationInterval").map(|interval| {
            let observed = format!("it looks every {interval} s");
            at_most(*interval, observed, params)
        })),
        Watched::Logs => {}
        Watched::Unknown(gap) => parts.push(Err(gap.clone())),
    }
    every(parts, nothing_to_judge)
}

/// What is wrong with the evaluation; absent means nothing. What CloudWatch could not do for reasons of its own is no fault
/// of the alarm.
fn evaluation(watch: &MetricWatch) -> Judgement {
    Ok(match watch.evaluation.seen()? {
        None => Verdict::not_applicable("the evaluation reports no trouble"),
        Some(Evaluation::Error) => Verdict::not_satisfied(
            "CloudWatch cannot evaluate the alarm as it is configured (EVALUATION_ERROR)",
            "an alarm that can be evaluated",
        ),
        Some(Evaluation::Failure) => Verdict::satisfied("its last evaluation failed inside CloudWatch")
            .noting("EVALUATION_FAILURE: look again when it has settled"),
        Some(Evaluation::PartialData) => Verdict::satisfied("its last evaluation saw a part of the data")
            .noting("PARTIAL_DATA: it looks at more data than CloudWatch evaluates at once"),
    })
}

fn state(alarm: &Alarm, definition: &Definition, params: &Evaluating, context: &Context<'_>) -> Judgement {
    match definition.state.required(ALARMS, "StateValue")? {
        AlarmState::Ok => Ok(silence_counts_as_good(definition, Verdict::satisfied("the alarm is in state OK"))),
        AlarmState::Alarm => {
            Ok(Verdict::satisfied("the alarm is in state ALARM").noting("what it watches is out of bounds right now"))
        }
        AlarmState::InsufficientData => without_data(alarm, definition, params, context),
    }
}

/// Where silence counts as good, being good proves nothing about the metric.
fn silence_counts_as_good(definition: &Definition, verdict: Verdict) -> Verdict {
    let Watched::Metrics(watch) = &definition.watched else { return verdict };
    match watch.missing_data {
        Observed::Present(MissingData::NotBreaching | MissingData::Ignore) => {
            verdict.noting("missing data does not lead out of OK, so that OK does not prove that the metric is emitted")
        }
        Observed::Present(MissingData::Breaching | MissingData::Missing) | Observed::Absent | Observed::Unknown(_) => {
            verdict
        }
    }
}

/// A new alarm may have no data yet. An alarm that never changed its state has been without data since it was made, and
/// all that is known of that is when it was changed last.
fn without_data(alarm: &Alarm, definition: &Definition, params: &Evaluating, context: &Context<'_>) -> Judgement {
    let hours = |since: &Timestamp| context.evidence.run.started_at.duration_since(*since).as_hours();
    let since = match definition.transitioned_at.seen()? {
        Some(at) if hours(at) < params.grace_hours => {
            return Ok(Verdict::satisfied(format!("the alarm has had no data since {at}"))
                .noting(format!("that may last for {} hours", params.grace_hours)));
        }
        Some(at) => at,
        None => {
            let at = definition.configured_at.required(ALARMS, "AlarmConfigurationUpdatedTimestamp")?;
            if hours(at) < params.grace_hours {
                return Err(Gap::changing(format!("the alarm was made or changed at {at} and has no data yet")));
            }
            at
        }
    };
    let observed = format!("the alarm has had no data (INSUFFICIENT_DATA) since {since}");
    match &definition.watched {
        Watched::Metrics(watch) => match watch.queries.as_slice() {
            [Query::Metric(query)] => existent(alarm, query, &observed, context),
            _ => Err(undecidable(&observed, "whether what its expression rests on is emitted")),
        },
        Watched::PromQl(_) => Err(undecidable(&observed, "whether what its query finds is emitted")),
        Watched::Logs => Err(undecidable(&observed, "whether its query runs")),
        Watched::Alarms(_) => Err(undecidable(&observed, "what its children do")),
        Watched::Unknown(gap) => Err(gap.clone()),
    }
}

fn undecidable(observed: &str, what: &str) -> Gap {
    Gap::undecided(format!("{observed}, and {what} is not evaluated; look at the alarm's graph in the console"))
}

/// A metric that nothing has happened on is silent; one that nothing emits is blind. A filter that emits it tells them
/// apart, or ListMetrics does, which forgets a metric after two weeks.
fn existent(alarm: &Alarm, query: &MetricQuery, observed: &str, context: &Context<'_>) -> Judgement {
    let silent = |by: &str| {
        Verdict::satisfied(format!("{observed}; {by}"))
            .noting("advice: set TreatMissingData to notBreaching, so that silence does not look like blindness")
    };
    let by_filter = by_filter(query, context);
    if let Ok(Some((filter, counted))) = by_filter {
        return Ok(match missed_unit(query, counted)? {
            Some(unit) => Verdict::not_satisfied(
                format!("{observed}: it looks at values in {unit} alone, which filter `{}` does not emit", filter.name),
                "an alarm on a metric that is emitted",
            ),
            None => silent(&format!("filter `{}` emits its metric and is silent", filter.name)),
        });
    }
    match alarm.metric.required("ListMetrics", "Metrics") {
        Ok(Listing::Listed) => return Ok(silent("its metric is known and silent")),
        Ok(Listing::NotListed) => {}
        Err(gap) => return Err(gap),
    }
    by_filter?;
    let observed = format!("{observed}; nothing emits {}", query.metric);
    if query.metric.namespace.starts_with("AWS/")
        && let Some(resource) = living_resource(query, context)
    {
        return Ok(Verdict::satisfied(observed).noting(format!(
            "ListMetrics forgets a metric of AWS that is silent for two weeks, and {resource} is there"
        )));
    }
    Ok(Verdict::not_satisfied(observed, "an alarm on a metric that is emitted"))
}

type Emitter<'a> = (&'a MetricFilter, &'a FilterMetric);

/// The filter that emits the metric; its dimensions have the same names, and their values come from events.
fn by_filter<'a>(query: &MetricQuery, context: &Context<'a>) -> Result<Option<Emitter<'a>>, Gap> {
    let filters = context.evidence.account()?.metric_filters.required(FILTERS, "metricFilters")?;
    let mut emitters = filters.iter().flat_map(|filter| filter.metrics.iter().map(move |metric| (filter, metric)));
    Ok(emitters.find(|(_, counted)| may_be_emitted(query, counted, &context.evidence.run)))
}

/// A resource that a dimension of the metric names and that is there.
fn living_resource(query: &MetricQuery, context: &Context<'_>) -> Option<String> {
    let named = |id: &str| is_about_resource(&query.metric, id);
    let subject = context.evidence.subjects.iter().find(|subject| {
        matches!(subject.existence.observed(), Observed::Present(Existence::Exists)) && named(&subject.id)
    });
    if let Some(subject) = subject {
        return Some(format!("{} {}", subject.kind, subject.id));
    }
    let is_named =
        |member: &&Member| member.is_live() && matches!(&member.physical_id, Observed::Present(id) if named(id));
    context.evidence.all::<Stack>().find_map(|(_, stack)| match stack.members.observed() {
        Observed::Present(members) => {
            members.iter().find(is_named).map(|member| format!("{} {}", member.kind, member.logical_id))
        }
        Observed::Absent | Observed::Unknown(_) => None,
    })
}

/// Every metric has to be looked at often enough, an expression's own period included.
fn periods(watch: &MetricWatch, params: &Evaluating) -> Judgement {
    let each = watch.queries.iter().filter_map(|query| match query {
        Query::Metric(query) => Some(period(query, params)),
        Query::Expression { period, .. } => match period.seen() {
            Ok(Some(seconds)) => {
                let observed = format!("its expression looks at periods of {seconds} s");
                Some(Ok(at_most(*seconds, observed, params)))
            }
            Ok(None) => None,
            Err(gap) => Some(Err(gap)),
        },
    });
    every(each, || Ok(Verdict::not_applicable("no period is set")))
}

fn period(query: &MetricQuery, params: &Evaluating) -> Judgement {
    let seconds = *query.period.required(ALARMS, "Period")?;
    let observed = format!("it looks at periods of {seconds} s");
    let is_daily =
        |(namespace, name): &(&str, &str)| query.metric.namespace == *namespace && query.metric.name == *name;
    if seconds > params.max_period_s && DAILY.iter().any(is_daily) {
        return Ok(Verdict::satisfied(observed)
            .noting(format!("AWS emits {} once a day, so that no shorter period has data", query.metric)));
    }
    Ok(at_most(seconds, observed, params))
}

fn at_most(seconds: i32, observed: String, params: &Evaluating) -> Verdict {
    if seconds <= params.max_period_s {
        Verdict::satisfied(observed)
    } else {
        Verdict::not_satisfied(observed, format!("at most {} s", params.max_period_s))
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::*;
    use super::super::{CompositeWatch, Metric};
    use super::*;
    use crate::evidence::Evidence;
    use crate::fixture::*;
    use crate::observed::Observed::{Absent, Present, Unknown};
    use crate::observed::Seen;
    use crate::subject::{Kind, Resource, Role};

    const ID: &str = "cw-alarm-evaluating";

    fn at(hours_ago: i64) -> Observed<Timestamp> {
        Present(run().started_at - jiff::SignedDuration::from_hours(hours_ago))
    }

    fn in_state(state: AlarmState, hours_ago: i64) -> Definition {
        Definition { state: Present(state), transitioned_at: at(hours_ago), ..on_function("a") }
    }

    fn silent(metric: Metric) -> Definition {
        Definition { watched: Watched::Metrics(Box::new(watch(metric))), ..in_state(AlarmState::InsufficientData, 24) }
    }

    fn with(definition: Definition, listing: Seen<Listing>, filters: Vec<MetricFilter>) -> Evidence {
        let mut evidence = deployment(filters, vec![definition.clone()]);
        let alarm = Alarm { definition: seen(definition), metric: listing, tags: not_set() };
        evidence.subjects.insert(0, subject(Kind::Alarm, "a", Resource::Alarm(Box::new(alarm))));
        evidence
    }

    fn judged(definition: Definition) -> Judgement {
        judge(ID, &with(definition, denied(), Vec::new()))
    }

    fn watching(change: impl FnOnce(&mut MetricWatch)) -> Definition {
        let mut watch = watch(metric("AWS/Lambda", "Errors", &[]));
        change(&mut watch);
        alarm("a", watch)
    }

    fn every_seconds(metric: Metric, seconds: i32) -> Definition {
        let query = MetricQuery { period: Present(seconds), ..query(metric) };
        watching(|watch| watch.queries = vec![Query::Metric(query)])
    }

    #[test]
    fn an_alarm_with_data_is_alive_whatever_its_state() {
        assert_eq!(
            passed(judged(in_state(AlarmState::Ok, 1))),
            "the alarm is in state OK; it looks at periods of 300 s"
        );
        assert_eq!(
            passed(judged(in_state(AlarmState::Alarm, 1))),
            "the alarm is in state ALARM; it looks at periods of 300 s | what it watches is out of bounds right now"
        );
        let stateless = Definition { state: Absent, ..on_function("a") };
        assert!(undecided(judged(stateless)).contains("without StateValue"));
        let newer = Definition { state: Unknown(denial()), ..on_function("a") };
        assert_eq!(undecided(judged(newer)), denial().to_string());
    }

    #[test]
    fn ok_proves_nothing_where_silence_counts_as_good() {
        for (missing_data, noted) in [
            (Present(MissingData::NotBreaching), true),
            (Present(MissingData::Ignore), true),
            (Present(MissingData::Missing), false),
            (Absent, false),
        ] {
            let text = passed(judged(watching(|watch| watch.missing_data = missing_data)));
            assert_eq!(text.contains("OK does not prove that the metric is emitted"), noted, "{text}");
        }
    }

    #[test]
    fn data_may_be_missing_for_the_time_of_grace() {
        let since = |hours| Definition {
            watched: silent(metric("Own", "Count", &[])).watched,
            ..in_state(AlarmState::InsufficientData, hours)
        };
        let ask = |definition| judge(ID, &with(definition, seen(Listing::NotListed), Vec::new()));
        assert!(passed(ask(since(23))).contains("no data since 2026-10-31T13:00:00Z"));
        assert_eq!(
            failed(ask(since(24))),
            "the alarm has had no data (INSUFFICIENT_DATA) since 2026-10-31T12:00:00Z; nothing emits Own/Count"
        );
    }

    #[test]
    fn an_alarm_that_never_changed_its_state_is_as_old_as_its_configuration() {
        let made = |hours| Definition {
            transitioned_at: Absent,
            configured_at: at(hours),
            ..silent(metric("Own", "Count", &[]))
        };
        let ask = |definition| judge(ID, &with(definition, seen(Listing::NotListed), Vec::new()));
        assert!(undecided(ask(made(23))).contains("has no data yet: it is changing"));
        failed(ask(made(24)));
        let unknown = Definition { configured_at: Absent, ..made(1) };
        assert!(undecided(ask(unknown)).contains("without AlarmConfigurationUpdatedTimestamp"));
    }

    #[test]
    fn a_silent_metric_is_told_from_one_that_nothing_emits() {
        let own = || silent(metric("Security", "root", &[]));
        let ask = |listing, filters| judge(ID, &with(own(), listing, filters));
        let text = passed(ask(denied(), vec![filter("root", ROOT_PATTERN)]));
        assert!(text.contains("filter `root` emits its metric and is silent"), "{text}");
        assert!(text.contains("| advice: set TreatMissingData to notBreaching"), "{text}");
        assert!(passed(ask(seen(Listing::Listed), Vec::new())).contains("its metric is known and silent"));
        assert!(
            failed(ask(seen(Listing::NotListed), vec![filter("other", "x")])).ends_with("nothing emits Security/root")
        );
        assert_eq!(undecided(ask(denied(), Vec::new())), denial().to_string());
    }

    #[test]
    fn dimensions_and_units_that_no_filter_emits_leave_the_alarm_blind() {
        let ask =
            |definition| judge(ID, &with(definition, seen(Listing::NotListed), vec![filter("root", ROOT_PATTERN)]));
        failed(ask(silent(metric("Security", "root", &[("Who", "root")]))));
        let query = MetricQuery { unit: Present("Count".into()), ..query(metric("Security", "root", &[])) };
        let mut counted = silent(metric("Security", "root", &[]));
        counted.watched = Watched::Metrics(Box::new(MetricWatch {
            queries: vec![Query::Metric(query)],
            ..watch(metric("", "", &[]))
        }));
        assert!(failed(ask(counted)).contains("values in Count alone, which filter `root` does not emit"));
    }

    #[test]
    fn a_filter_list_that_was_not_read_leaves_an_unlisted_metric_open() {
        let mut evidence = with(silent(metric("Security", "root", &[])), seen(Listing::NotListed), Vec::new());
        for subject in &mut evidence.subjects {
            if let Resource::Account(account) = &mut subject.resource {
                account.metric_filters = denied();
            }
        }
        assert_eq!(undecided(judge(ID, &evidence)), denial().to_string());
    }

    #[test]
    fn a_silent_metric_of_aws_is_remarked_on_where_its_resource_is_there() {
        let of = |function: &str| {
            let definition = silent(metric("AWS/Lambda", "Errors", &[("FunctionName", function)]));
            judge(ID, &with(definition, seen(Listing::NotListed), Vec::new()))
        };
        assert!(passed(of("processor-dev")).contains("and AWS::Lambda::Function Function is there"));
        failed(of("another"));
    }

    #[test]
    fn a_resource_is_known_by_the_end_of_its_arn_and_a_queue_by_the_end_of_its_url() {
        let about = |name: &str, id: &str| is_about_resource(&metric("AWS/SQS", "Count", &[("QueueName", name)]), id);
        for id in [
            "undelivered-dev",
            "arn:aws:sqs:us-east-2:123456789012:undelivered-dev",
            "https://sqs.us-east-2.amazonaws.com/123456789012/undelivered-dev",
        ] {
            assert!(about("undelivered-dev", id), "{id}");
            assert!(!about("delivered-dev", id) && !about("dev", id), "{id}");
        }
    }

    #[test]
    fn what_an_expression_rests_on_is_not_decided() {
        let expression = Query::Expression { id: "e".into(), text: "m1+m2".into(), period: Absent, compared: Absent };
        let math = MetricWatch { queries: vec![expression], ..watch(metric("Own", "Count", &[])) };
        for watched in [Watched::Metrics(Box::new(math)), Watched::PromQl(Present(60)), Watched::Logs] {
            let definition = Definition { watched, ..in_state(AlarmState::InsufficientData, 48) };
            assert!(undecided(judged(definition)).contains("is not evaluated; look at the alarm's graph"));
        }
    }

    #[test]
    fn a_period_of_a_quarter_of_an_hour_is_short_enough_and_a_longer_one_is_not() {
        let own = || metric("Own", "Count", &[]);
        passed(judged(every_seconds(own(), 900)));
        assert_eq!(failed(judged(every_seconds(own(), 960))), "it looks at periods of 960 s");
        let daily = every_seconds(metric("AWS/S3", "BucketSizeBytes", &[]), 86_400);
        assert!(passed(judged(daily)).contains("AWS emits AWS/S3/BucketSizeBytes once a day"));
        let timeless = MetricQuery { period: Absent, ..query(own()) };
        let timeless = watching(|watch| watch.queries = vec![Query::Metric(timeless)]);
        assert!(undecided(judged(timeless)).contains("without Period"));
    }

    #[test]
    fn each_period_of_an_expression_counts() {
        let long = MetricQuery { period: Present(3_600), ..query(metric("Own", "Count", &[])) };
        let expression = |seconds| Query::Expression {
            id: "e".into(),
            text: "m1".into(),
            period: Present(seconds),
            compared: Absent,
        };
        let of = |queries| judged(watching(|watch| watch.queries = queries));
        failed(of(vec![Query::Metric(long), expression(60)]));
        assert_eq!(failed(of(vec![expression(3_600)])), "its expression looks at periods of 3600 s");
        failed(judged(Definition { watched: Watched::PromQl(Present(3_600)), ..on_function("a") }));
        passed(judged(Definition { watched: Watched::PromQl(Present(60)), ..on_function("a") }));
        passed(judged(Definition { watched: Watched::Logs, ..on_function("a") }));
        let unknown = Definition { watched: Watched::Unknown(denial()), ..on_function("a") };
        assert_eq!(undecided(judged(unknown)), denial().to_string());
    }

    #[test]
    fn an_evaluation_error_fails_and_other_troubles_are_remarked_on() {
        let with = |evaluation| judged(watching(|watch| watch.evaluation = evaluation));
        assert!(failed(with(Present(Evaluation::Error))).contains("EVALUATION_ERROR"));
        assert!(passed(with(Present(Evaluation::PartialData))).contains("saw a part of the data"));
        assert!(passed(with(Present(Evaluation::Failure))).contains("failed inside CloudWatch"));
        assert_eq!(undecided(with(Unknown(denial()))), denial().to_string());
    }

    #[test]
    fn composite_alarms_and_alarms_that_are_not_of_the_audit_are_left_out() {
        let watch = CompositeWatch { rule: Present("ALARM(b)".into()), suppressor: Absent };
        let composite = Definition { watched: Watched::Alarms(watch), ..on_function("a") };
        assert!(not_applicable(judged(composite)).starts_with("a composite alarm looks at other alarms"));
        let mut evidence = with(on_function("a"), denied(), Vec::new());
        evidence.subjects[0].role = Role::External;
        assert!(not_applicable(judge(ID, &evidence)).starts_with("it is not of the stack"));
    }
}
