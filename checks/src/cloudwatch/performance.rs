//! Whether an alarm watches how the workload fares, beside those that tell of critical events.

use serde::Deserialize;

use super::counted::{is_counted, stack_was_read};
use super::{Alarm, MetricQuery, Watched, definition};
use crate::check::Context;
use crate::cloudformation::Stack;
use crate::cloudtrail::Wanted;
use crate::evidence::Account;
use crate::observed::Gap;
use crate::subject::Existence;
use crate::verdict::{Judgement, Verdict, any};

/// Parameters of `cw-alarm-performance`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Performance {
    performance_namespaces: Vec<String>,
    trail_name: String,
    require_multi_region: bool,
    require_kms_events: bool,
}

impl Performance {
    fn is_performance(&self, query: &MetricQuery) -> bool {
        let namespace = &query.metric.namespace;
        namespace.starts_with("AWS/") || self.performance_namespaces.contains(namespace)
    }
}

/// The client does not name the workload, so that any metric of AWS will do. An alarm that tells of critical events does not
/// count twice.
pub(super) fn performance(_: &Account, params: &Performance, context: &Context<'_>) -> Judgement {
    let mut parts = Vec::new();
    for (subject, alarm) in context.evidence.all::<Alarm>() {
        match subject.existence.seen() {
            Ok(Some(Existence::Missing)) => continue,
            Ok(Some(Existence::Exists) | None) | Err(_) => {}
        }
        match watches(alarm, params, context) {
            // An alarm of others is of the audit where it counts for a category, and then it does not count here.
            Ok(Some(query)) => match subject.is_of_the_deployment() {
                Ok(true) => {
                    let observed = format!("alarm `{}` watches metric {}", subject.id, query.metric);
                    parts.push(Ok(Verdict::satisfied(observed)));
                }
                Ok(false) => {}
                Err(gap) => parts.push(Err(gap)),
            },
            Ok(None) => {}
            Err(gap) => parts.push(Err(gap)),
        }
    }
    let none = || {
        stack_was_read(context.evidence.all::<Stack>().map(|(_, stack)| stack))?;
        let mut namespaces = vec!["AWS/..."];
        namespaces.extend(params.performance_namespaces.iter().map(String::as_str));
        let expected = format!("an alarm on a metric of a namespace {}", namespaces.join(" or "));
        Ok(Verdict::not_satisfied("no alarm watches how the workload fares", expected))
    };
    if parts.is_empty() { none() } else { any(parts) }
}

/// The metric of the workload that an alarm watches, where it does.
fn watches<'a>(alarm: &'a Alarm, params: &Performance, context: &Context<'_>) -> Result<Option<&'a MetricQuery>, Gap> {
    let definition = definition(alarm)?;
    if let Watched::Unknown(gap) = &definition.watched {
        return Err(gap.clone());
    }
    let Some(query) = definition.metrics().find(|query| params.is_performance(query)) else { return Ok(None) };
    let wanted = Wanted {
        name: &params.trail_name,
        multi_region: params.require_multi_region,
        kms_events: params.require_kms_events,
    };
    Ok(if is_counted(definition, &wanted, context)? { None } else { Some(query) })
}

#[cfg(test)]
mod tests {
    use super::super::fixture::*;
    use super::super::{Definition, MetricWatch, Query};
    use super::*;
    use crate::evidence::Evidence;
    use crate::fixture::*;
    use crate::observed::Observed::{Absent, Present};
    use crate::observed::Seen;
    use crate::subject::{Kind, Resource, Role};

    const ID: &str = "cw-alarm-performance";
    const NONE: &str = "no alarm watches how the workload fares";

    fn with(alarms: Vec<Definition>) -> Evidence {
        let mut evidence = deployment(vec![filter("root", ROOT_PATTERN)], alarms.clone());
        evidence.subjects.extend(alarms.into_iter().map(of_alarm));
        evidence
    }

    fn custom(namespace: &str) -> Definition {
        alarm("own", watch(metric(namespace, "Latency", &[])))
    }

    #[test]
    fn an_alarm_on_a_metric_of_aws_watches_the_workload() {
        assert_eq!(
            passed(judge(ID, &with(vec![on("root", "a"), on_function("b")]))),
            "alarm `b` watches metric AWS/Lambda/Errors (FunctionName=processor)"
        );
        assert_eq!(failed(judge(ID, &with(vec![on("root", "a")]))), NONE);
        assert_eq!(failed(judge(ID, &with(Vec::new()))), NONE);
    }

    #[test]
    fn namespaces_of_the_clients_own_are_named() {
        let own = || with(vec![custom("ECS/ContainerInsights")]);
        assert_eq!(failed(judge(ID, &own())), NONE);
        passed(judge_with(ID, "performance_namespaces = ['ECS/ContainerInsights']", &own()));
        let counted = with(vec![on("root", "a")]);
        assert_eq!(failed(judge_with(ID, "performance_namespaces = ['Security']", &counted)), NONE);
    }

    #[test]
    fn the_metrics_of_an_expression_count() {
        let part = MetricQuery { id: "m1".into(), ..query(metric("AWS/SNS", "NumberOfNotificationsFailed", &[])) };
        let expression = Query::Expression { id: "e".into(), text: "m1*2".into(), period: Absent, compared: Absent };
        let queries = vec![expression, Query::Metric(part)];
        let math = MetricWatch { queries, ..watch(metric("", "", &[])) };
        passed(judge(ID, &with(vec![alarm("a", math)])));
        let insights = Query::Expression {
            id: "q".into(),
            text: "SELECT AVG(CPUUtilization) FROM \"AWS/EC2\"".into(),
            period: Present(60),
            compared: Absent,
        };
        let insights = MetricWatch { queries: vec![insights], ..watch(metric("", "", &[])) };
        assert_eq!(failed(judge(ID, &with(vec![alarm("a", insights)]))), NONE);
        assert_eq!(failed(judge(ID, &with(vec![Definition { watched: Watched::Logs, ..on_function("a") }]))), NONE);
    }

    #[test]
    fn an_alarm_that_is_gone_does_not_count_and_one_that_cannot_be_read_may() {
        let mut gone = with(vec![on_function("a")]);
        for subject in gone.subjects.iter_mut().filter(|subject| subject.kind == Kind::Alarm) {
            subject.existence = Seen::new(Present(Existence::Missing), Vec::new());
        }
        assert_eq!(failed(judge(ID, &gone)), NONE);
        let unread = subject(Kind::Alarm, "x", Resource::Alarm(Box::new(Alarm::unknown(&denial()))));
        let mut evidence = with(Vec::new());
        evidence.subjects.push(unread.clone());
        assert_eq!(undecided(judge(ID, &evidence)), denial().to_string());
        let mut both = with(vec![on_function("a")]);
        both.subjects.push(unread);
        passed(judge(ID, &both));
    }

    #[test]
    fn an_alarm_of_others_does_not_count() {
        let mut evidence = with(vec![on_function("a")]);
        for subject in evidence.subjects.iter_mut().filter(|subject| subject.kind == Kind::Alarm) {
            subject.role = Role::External;
        }
        assert_eq!(failed(judge(ID, &evidence)), NONE);
    }

    #[test]
    fn without_the_stacks_listing_none_may_not_be_all() {
        let mut evidence = with(vec![on("root", "a")]);
        evidence.subjects.retain(|subject| subject.kind != Kind::Stack);
        assert!(undecided(judge(ID, &evidence)).starts_with("depends on stack-managed-by-cloudformation"));
    }
}
