//! CloudWatch Logs: what is read of a log group.

use std::collections::BTreeMap;

use aws_sdk_cloudwatchlogs::types::{OrderBy, PolicyScope};
use jiff::Timestamp;
use tap_audit_checks::cloudwatch::{LogDetector, LogDetectorStatus};
use tap_audit_checks::logs::{Description, FilterMetric, LogClass, LogGroup, MetricFilter, Subscription};
use tap_audit_checks::observed::{Gap, Observed, Seen};
use tap_audit_checks::policy::model::PolicyText;
use tap_audit_checks::s3::Switch;
use tap_audit_checks::subject::{Kind, Resource};

use crate::collect::call::Call;
use crate::collect::{Collected, Reference, Relation, Walk, existence};

const GROUPS: Call = Call {
    service: "logs",
    operation: "DescribeLogGroups",
    permission: "logs:DescribeLogGroups",
    absent: &[],
    denied_or: None,
};
const STREAMS: Call = Call {
    service: "logs",
    operation: "DescribeLogStreams",
    permission: "logs:DescribeLogStreams",
    absent: &[],
    denied_or: None,
};
const TAGS: Call = Call {
    service: "logs",
    operation: "ListTagsForResource",
    permission: "logs:ListTagsForResource",
    absent: &[],
    denied_or: None,
};
const POLICIES: Call = Call {
    service: "logs",
    operation: "DescribeResourcePolicies",
    permission: "logs:DescribeResourcePolicies",
    absent: &[],
    denied_or: None,
};

const FILTERS: Call = Call {
    service: "logs",
    operation: "DescribeMetricFilters",
    permission: "logs:DescribeMetricFilters",
    absent: &[],
    denied_or: None,
};
const DETECTORS: Call = Call {
    service: "logs",
    operation: "ListLogAnomalyDetectors",
    permission: "logs:ListLogAnomalyDetectors",
    absent: &[],
    denied_or: None,
};
const SUBSCRIPTIONS: Call = Call {
    service: "logs",
    operation: "DescribeSubscriptionFilters",
    permission: "logs:DescribeSubscriptionFilters",
    absent: &[],
    denied_or: None,
};

/// Every call about a log group, for plans and for the policy that the auditing role needs.
pub(crate) const CALLS: &[&Call] = &[&GROUPS, &STREAMS, &TAGS, &POLICIES, &SUBSCRIPTIONS];
/// Every call about the account.
pub(crate) const ACCOUNT_CALLS: &[&Call] = &[&POLICIES, &FILTERS, &DETECTORS];

/// The log group that an ARN names, with or without the `:*` behind it; one of another account cannot be read.
pub(crate) fn group_named(walk: &Walk<'_>, arn: &str) -> Option<Reference> {
    match arn.splitn(7, ':').collect::<Vec<_>>().as_slice() {
        ["arn", _, "logs", region, account, "log-group", name] if *account == walk.account => Some(Reference {
            kind: Kind::LogGroup,
            id: name.strip_suffix(":*").unwrap_or(name).to_owned(),
            region: (*region).to_owned(),
        }),
        _ => None,
    }
}

/// Reaches a log group that a service makes with its first event, where it is there or cannot be looked for.
pub(crate) async fn reach_once_written(walk: &Walk<'_>, name: &str, region: &str, relation: Relation) {
    match description(walk, name, region).await.observed() {
        Observed::Absent | Observed::Unknown(Gap::Missing { .. }) => {}
        Observed::Present(_) | Observed::Unknown(_) => {
            walk.reach(Reference { kind: Kind::LogGroup, id: name.to_owned(), region: region.to_owned() }, relation);
        }
    }
}

/// Collects a log group and reaches its key. `writers` is filled in by the walk.
pub(crate) async fn group(walk: &Walk<'_>, name: &str, region: &str) -> Collected {
    // Tags take the ARN without the `:*` that log groups are listed with; made from its parts it need not be waited for.
    let arn = format!("arn:{}:logs:{region}:{}:log-group:{name}", walk.partition, walk.account);
    let (description, last_event, policies, subscriptions, tags) = tokio::join!(
        description(walk, name, region),
        last_event(walk, name, region),
        policies(walk, Some(&arn), region),
        subscriptions(walk, name, region),
        tags(walk, &arn, region)
    );
    if let Observed::Present(Description { kms_key: Observed::Present(key), .. }) = description.observed() {
        walk.reach_key(key, region, Kind::LogGroup, name);
    }
    let group = LogGroup { description, last_event, policies, subscriptions, writers: Vec::new(), tags };
    Collected {
        existence: existence(&group.description),
        arn: Some(arn),
        region: Some(region.to_owned()),
        resource: Resource::LogGroup(Box::new(group)),
    }
}

/// Logs finds groups by prefix only: `/aws/lambda/f` also finds `/aws/lambda/f2`. A list that was read to its end and
/// does not hold the whole name says that the group does not exist.
async fn description(walk: &Walk<'_>, name: &str, region: &str) -> Seen<Description> {
    walk.aws
        .ask_all(
            &GROUPS,
            region,
            &[("logGroupNamePrefix", name)],
            |clients, token| {
                clients.logs().describe_log_groups().log_group_name_prefix(name).set_next_token(token).send()
            },
            |answer| answer.next_token.clone(),
            |answer| {
                let groups = answer.log_groups.ok_or_else(|| GROUPS.incomplete("logGroups"))?;
                Ok(groups
                    .into_iter()
                    .filter(|group| group.log_group_name() == Some(name))
                    .map(described)
                    .collect::<Vec<_>>())
            },
        )
        .await
        .and_then(|groups| match groups.into_iter().next() {
            Some(group) => Observed::Present(group),
            None => Observed::Unknown(Gap::Missing {
                operation: GROUPS.operation.into(),
                code: "a list that does not hold it".into(),
            }),
        })
}

fn described(group: aws_sdk_cloudwatchlogs::types::LogGroup) -> Description {
    let listed = group.arn.map(|arn| arn.strip_suffix(":*").map(str::to_owned).unwrap_or(arn));
    Description {
        arn: Observed::of(group.log_group_arn.or(listed)),
        retention_days: Observed::of(group.retention_in_days),
        retention_policy: Observed::of(group.retention_policy_name),
        kms_key: Observed::name(group.kms_key_id),
        class: match group.log_group_class.as_ref().map(|class| class.as_str()) {
            Some("STANDARD") => Observed::Present(LogClass::Standard),
            Some("INFREQUENT_ACCESS") => Observed::Present(LogClass::InfrequentAccess),
            Some("ESSENTIALS") => Observed::Present(LogClass::Essentials),
            Some("DELIVERY") => Observed::Present(LogClass::Delivery),
            Some(other) => GROUPS.unrecognised("logGroupClass", other),
            None => Observed::Absent,
        },
        deletion_protection: Observed::of(group.deletion_protection_enabled).map(Switch::from),
        created_at: moment(&GROUPS, "creationTime", group.creation_time),
    }
}

/// Reads a time that Logs counts in milliseconds; one that no calendar holds is a gap.
fn moment(call: &'static Call, field: &'static str, milliseconds: Option<i64>) -> Observed<Timestamp> {
    let Some(milliseconds) = milliseconds else { return Observed::Absent };
    match Timestamp::from_millisecond(milliseconds) {
        Ok(time) => Observed::Present(time),
        Err(_) => Observed::Unknown(Gap::Unparsable {
            operation: call.operation.into(),
            what: format!("{field} is no time that a calendar holds"),
        }),
    }
}

/// Streams are asked for in the order of their newest event, so that the first one tells; without `descending` it would
/// be the oldest.
async fn last_event(walk: &Walk<'_>, name: &str, region: &str) -> Seen<Timestamp> {
    if !walk.scope.log_events {
        let what = "the newest event is not asked for; set enabled of logs-receiving-events";
        return Seen::gap(Gap::NotCollected { what: what.into() });
    }
    walk.aws
        .ask(
            &STREAMS,
            region,
            &[("logGroupName", name), ("orderBy", "LastEventTime"), ("descending", "true"), ("limit", "1")],
            |clients| {
                clients
                    .logs()
                    .describe_log_streams()
                    .log_group_name(name)
                    .order_by(OrderBy::LastEventTime)
                    .descending(true)
                    .limit(1)
                    .send()
            },
            |answer| {
                let Some(streams) = answer.log_streams else {
                    return Observed::Unknown(STREAMS.incomplete("logStreams"));
                };
                match streams.first() {
                    Some(stream) => moment(&STREAMS, "lastEventTimestamp", stream.last_event_timestamp()),
                    None if answer.next_token.is_some() => Observed::Unknown(Gap::UnreadPage {
                        operation: STREAMS.operation.into(),
                        why: "an empty page names a following one".into(),
                    }),
                    None => Observed::Absent,
                }
            },
        )
        .await
}

/// Collects the resource policies of Logs that the account has in this region; an empty list means none. Those that hang
/// on one group are not among them.
pub(crate) async fn account_policies(walk: &Walk<'_>, region: &str) -> Seen<Vec<PolicyText>> {
    policies(walk, None, region).await
}

/// Asks for the policies that hang on this group, or for those of the account: one call tells only of one scope.
async fn policies(walk: &Walk<'_>, group: Option<&str>, region: &str) -> Seen<Vec<PolicyText>> {
    let (scope, mut parameters) = match group {
        Some(arn) => (PolicyScope::Resource, vec![("resourceArn", arn)]),
        None => (PolicyScope::Account, Vec::new()),
    };
    parameters.push(("policyScope", scope.as_str()));
    walk.aws
        .ask_all(
            &POLICIES,
            region,
            &parameters,
            |clients, token| {
                let request = clients.logs().describe_resource_policies().policy_scope(scope.clone());
                request.set_resource_arn(group.map(str::to_owned)).set_next_token(token).send()
            },
            |answer| answer.next_token.clone(),
            |answer| {
                let policies = answer.resource_policies.ok_or_else(|| POLICIES.incomplete("resourcePolicies"))?;
                let documents = policies.into_iter().map(|policy| policy.policy_document);
                documents
                    .map(|document| {
                        let document = document.filter(|document| !document.is_empty());
                        document.map(PolicyText).ok_or_else(|| POLICIES.incomplete("policyDocument"))
                    })
                    .collect()
            },
        )
        .await
}

async fn tags(walk: &Walk<'_>, arn: &str, region: &str) -> Seen<BTreeMap<String, String>> {
    walk.aws
        .ask(
            &TAGS,
            region,
            &[("resourceArn", arn)],
            |clients| clients.logs().list_tags_for_resource().resource_arn(arn).send(),
            |answer| match answer.tags {
                Some(tags) if !tags.is_empty() => Observed::Present(tags.into_iter().collect()),
                Some(_) | None => Observed::Absent,
            },
        )
        .await
}

/// Collects where the events of a group are sent on to; only where the profile asks for copies of the logs.
async fn subscriptions(walk: &Walk<'_>, name: &str, region: &str) -> Seen<Vec<Subscription>> {
    if !walk.scope.selects(&["logs-tamper-resistant"]) {
        return Seen::gap(Gap::NotCollected {
            what: "no requirement of the profile asks for copies of the logs".into(),
        });
    }
    walk.aws
        .ask_all(
            &SUBSCRIPTIONS,
            region,
            &[("logGroupName", name)],
            |clients, token| {
                clients.logs().describe_subscription_filters().log_group_name(name).set_next_token(token).send()
            },
            |answer| answer.next_token.clone(),
            |answer| {
                let filters =
                    answer.subscription_filters.ok_or_else(|| SUBSCRIPTIONS.incomplete("subscriptionFilters"))?;
                let subscription = |filter: aws_sdk_cloudwatchlogs::types::SubscriptionFilter| {
                    Ok(Subscription {
                        name: filter.filter_name.ok_or_else(|| SUBSCRIPTIONS.incomplete("filterName"))?,
                        destination: Observed::of(filter.destination_arn),
                    })
                };
                filters.into_iter().map(subscription).collect()
            },
        )
        .await
}

/// Collects the metric filters of every log group of the region; only where the profile asks for alarms.
pub(crate) async fn metric_filters(walk: &Walk<'_>) -> Seen<Vec<MetricFilter>> {
    if !walk.scope.selects(&["cw-"]) {
        return Seen::gap(Gap::NotCollected { what: "no requirement of the profile asks for metric filters".into() });
    }
    walk.aws
        .ask_all(
            &FILTERS,
            &walk.region,
            &[],
            |clients, token| clients.logs().describe_metric_filters().set_next_token(token).send(),
            |answer| answer.next_token.clone(),
            |answer| {
                let filters = answer.metric_filters.ok_or_else(|| FILTERS.incomplete("metricFilters"))?;
                filters.into_iter().map(metric_filter).collect()
            },
        )
        .await
}

/// Collects the anomaly detectors on log groups of the region.
pub(crate) async fn anomaly_detectors(walk: &Walk<'_>) -> Seen<Vec<LogDetector>> {
    walk.aws
        .ask_all(
            &DETECTORS,
            &walk.region,
            &[],
            |clients, token| clients.logs().list_log_anomaly_detectors().set_next_token(token).send(),
            |answer| answer.next_token.clone(),
            |answer| {
                let detectors = answer.anomaly_detectors.ok_or_else(|| DETECTORS.incomplete("anomalyDetectors"))?;
                Ok(detectors.into_iter().map(detector).collect())
            },
        )
        .await
}

fn detector(found: aws_sdk_cloudwatchlogs::types::AnomalyDetector) -> LogDetector {
    LogDetector {
        name: Observed::of(found.detector_name),
        groups: found.log_group_arn_list.into_iter().flatten().collect(),
        status: match found.anomaly_detector_status.as_ref().map(|status| status.as_str()) {
            Some("INITIALIZING") => Observed::Present(LogDetectorStatus::Initializing),
            Some("TRAINING") => Observed::Present(LogDetectorStatus::Training),
            Some("ANALYZING") => Observed::Present(LogDetectorStatus::Analyzing),
            Some("FAILED") => Observed::Present(LogDetectorStatus::Failed),
            Some("DELETED") => Observed::Present(LogDetectorStatus::Deleted),
            Some("PAUSED") => Observed::Present(LogDetectorStatus::Paused),
            Some(other) => DETECTORS.unrecognised("anomalyDetectorStatus", other),
            None => Observed::Absent,
        },
    }
}

fn metric_filter(filter: aws_sdk_cloudwatchlogs::types::MetricFilter) -> Result<MetricFilter, Gap> {
    let beyond_pattern = beyond_pattern(&filter);
    let metrics = filter.metric_transformations.into_iter().flatten().map(|metric| FilterMetric {
        namespace: metric.metric_namespace,
        name: metric.metric_name,
        value: metric.metric_value,
        dimensions: metric.dimensions.into_iter().flatten().collect(),
        default_value: Observed::of(metric.default_value),
        unit: Observed::of(metric.unit.map(|unit| unit.as_str().to_owned()).filter(|unit| unit != "None")),
    });
    Ok(MetricFilter {
        name: filter.filter_name.ok_or_else(|| FILTERS.incomplete("filterName"))?,
        group: filter.log_group_name.ok_or_else(|| FILTERS.incomplete("logGroupName"))?,
        pattern: Observed::of(filter.filter_pattern),
        metrics: metrics.collect(),
        beyond_pattern,
    })
}

/// The settings that make a filter count other events than its pattern says, or under further dimensions.
fn beyond_pattern(filter: &aws_sdk_cloudwatchlogs::types::MetricFilter) -> Vec<String> {
    let settings = [
        ("fieldSelectionCriteria", filter.field_selection_criteria().is_some_and(|criteria| !criteria.is_empty())),
        ("applyOnTransformedLogs", filter.apply_on_transformed_logs()),
        ("emitSystemFieldDimensions", !filter.emit_system_field_dimensions().is_empty()),
    ];
    settings.into_iter().filter(|(_, is_set)| *is_set).map(|(name, _)| name.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudwatchlogs::types as sdk;

    use super::*;
    use crate::collect::fixture::{scope, scope_of, walked};
    use crate::replay::{Account, Answer};

    const GROUP_ARN: &str = "arn:aws:logs:us-east-2:123456789012:log-group:g";
    const OF_GROUP: [(&str, &str); 2] = [("policyScope", "RESOURCE"), ("resourceArn", GROUP_ARN)];

    fn answering(arguments: &[(&str, &str)], body: &str) -> Account {
        let account = Account::from_files("logs", [("logs.toml", "")]).unwrap();
        account.answer("logs", "DescribeResourcePolicies", arguments, Answer::ok(body)).unwrap()
    }

    async fn of_group(account: Account) -> Seen<Vec<PolicyText>> {
        walked(account, &scope(), async |walk| policies(walk, Some(GROUP_ARN), "us-east-2").await).await.0
    }

    #[tokio::test]
    async fn policies_of_the_account_are_read_to_the_last_page_and_those_of_a_group_by_its_arn() {
        let first = r#"{"resourcePolicies":[{"policyName":"a","policyDocument":"{}"}],"nextToken":"2"}"#;
        let second = r#"{"resourcePolicies":[{"policyName":"b","policyDocument":"{\"Statement\":[]}"}]}"#;
        let of_account = [("policyScope", "ACCOUNT")];
        let account = answering(&of_account, first)
            .answer("logs", "DescribeResourcePolicies", &[of_account[0], ("nextToken", "2")], Answer::ok(second))
            .unwrap();
        let (read, _) = walked(account, &scope(), async |walk| account_policies(walk, "us-east-2").await).await;
        let texts = ["{}", r#"{"Statement":[]}"#].map(|text| PolicyText(text.into()));
        assert_eq!(read.observed(), &Observed::Present(texts.to_vec()));
        assert_eq!(read.calls().len(), 2);

        let none = of_group(answering(&OF_GROUP, r#"{"resourcePolicies":[]}"#)).await;
        assert_eq!(none.observed(), &Observed::Present(Vec::new()));
    }

    #[tokio::test]
    async fn an_answer_without_policies_or_a_policy_without_a_document_is_a_gap() {
        for (body, field) in
            [("{}", "resourcePolicies"), (r#"{"resourcePolicies":[{"policyName":"a"}]}"#, "policyDocument")]
        {
            let read = of_group(answering(&OF_GROUP, body)).await;
            assert_eq!(read.observed(), &Observed::Unknown(POLICIES.incomplete(field)), "{body}");
        }
    }

    #[test]
    fn a_group_is_described_without_the_end_of_its_arn_and_with_what_is_not_set_as_absent() {
        let group = described(
            sdk::LogGroup::builder()
                .log_group_name("g")
                .arn("arn:aws:logs:us-east-2:123456789012:log-group:g:*")
                .creation_time(1_795_000_000_000)
                .build(),
        );
        assert_eq!(group.arn, Observed::Present("arn:aws:logs:us-east-2:123456789012:log-group:g".into()));
        assert_eq!(group.retention_days, Observed::Absent);
        assert_eq!(group.kms_key, Observed::Absent);
        assert_eq!(group.class, Observed::Absent);
        assert_eq!(group.created_at, Observed::Present(Timestamp::new(1_795_000_000, 0).unwrap()));
    }

    #[test]
    fn a_class_that_is_not_known_is_a_gap_with_the_token() {
        let class = |token: &str| described(sdk::LogGroup::builder().log_group_class(token.into()).build()).class;
        assert_eq!(class("DELIVERY"), Observed::Present(LogClass::Delivery));
        assert_eq!(class("ESSENTIALS"), Observed::Present(LogClass::Essentials));
        assert_eq!(class("GLACIAL"), GROUPS.unrecognised("logGroupClass", "GLACIAL"));
    }

    #[test]
    fn a_time_that_no_calendar_holds_is_a_gap() {
        assert!(matches!(moment(&GROUPS, "creationTime", Some(i64::MAX)), Observed::Unknown(_)));
        assert_eq!(moment(&GROUPS, "creationTime", None), Observed::Absent);
    }

    #[tokio::test]
    async fn metric_filters_are_read_to_the_last_page_and_only_where_alarms_are_asked_for() {
        let filter = |name: &str, next: &str| {
            Answer::ok(format!(
                r#"{{"metricFilters":[{{"filterName":"{name}","logGroupName":"g","filterPattern":"{{ $.x = 1 }}",
                    "metricTransformations":[{{"metricName":"M","metricNamespace":"N","metricValue":"1"}}]}}]{next}}}"#
            ))
        };
        let account = || {
            let account = Account::from_files("logs", [("logs.toml", "")]).unwrap();
            let account =
                account.answer("logs", "DescribeMetricFilters", &[], filter("a", r#","nextToken":"2""#)).unwrap();
            account.answer("logs", "DescribeMetricFilters", &[("nextToken", "2")], filter("b", "")).unwrap()
        };
        let (read, _) = walked(account(), &scope_of(&["cw-alarms"]), async |walk| metric_filters(walk).await).await;
        let Observed::Present(filters) = read.observed() else { panic!("{read:?}") };
        let names: Vec<&str> = filters.iter().map(|filter| filter.name.as_str()).collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(filters[0].pattern, Observed::Present("{ $.x = 1 }".into()));
        assert_eq!(filters[0].metrics[0].namespace, "N");
        let (read, _) = walked(account(), &scope(), async |walk| metric_filters(walk).await).await;
        assert!(matches!(read.observed(), Observed::Unknown(Gap::NotCollected { .. })));
    }

    #[tokio::test]
    async fn subscriptions_are_read_only_where_copies_are_asked_for() {
        let asked = |body: &str| {
            let account = Account::from_files("logs", [("logs.toml", "")]).unwrap();
            account.answer("logs", "DescribeSubscriptionFilters", &[("logGroupName", "g")], Answer::ok(body)).unwrap()
        };
        let read = async |body: &str, requirements: &[&str]| {
            let scope = scope_of(requirements);
            let (read, _) = walked(asked(body), &scope, async |walk| subscriptions(walk, "g", "us-east-2").await).await;
            read.observed().clone()
        };
        let one = r#"{"subscriptionFilters":[{"filterName":"copy","destinationArn":"arn:x"}]}"#;
        let copy = Subscription { name: "copy".into(), destination: Observed::Present("arn:x".into()) };
        assert_eq!(read(one, &["logs-tamper-resistant"]).await, Observed::Present(vec![copy]));
        let incomplete = SUBSCRIPTIONS.incomplete("subscriptionFilters");
        assert_eq!(read("{}", &["logs-tamper-resistant"]).await, Observed::Unknown(incomplete));
        assert!(matches!(read(one, &[]).await, Observed::Unknown(Gap::NotCollected { .. })));
    }
}
