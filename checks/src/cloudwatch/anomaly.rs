//! Whether somebody follows who reaches for data, and what is out of the ordinary.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::counted::{self, Feed, is_about_resource, may_be_emitted, pattern, takes};
use super::coverage::sample::{self, Category, Sample};
use super::{
    Alarm, Definition, DetectorState, LogDetector, LogDetectorStatus, Metric, MetricDetector, Query, Watched,
    definition,
};
use crate::check::Context;
use crate::cloudformation::Stack;
use crate::cloudtrail::{Wanted, called};
use crate::evidence::Account;
use crate::logs::{LogGroup, MetricFilter};
use crate::observed::{Gap, Observed};
use crate::subject::Subject;
use crate::verdict::{Judgement, Verdict, any};

/// Parameters of `cw-access-anomaly-tracking`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tracking {
    accepted: BTreeSet<Means>,
    trail_name: String,
    require_multi_region: bool,
    require_kms_events: bool,
}

/// A means of following access to data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Means {
    /// A metric filter that counts access to data.
    MetricFilter,
    /// A band that CloudWatch learns of a metric.
    CwAnomaly,
    /// Patterns that CloudWatch Logs learns of a log group.
    LogAnomaly,
    /// What GuardDuty finds among the data events of S3.
    Guardduty,
}

const EXPECTED: &str =
    "a metric filter on access to data, an anomaly detector on a metric of the deployment, or one on a log group of it";

/// One means is enough. A means that could not be read may be the one.
pub(super) fn tracking(account: &Account, params: &Tracking, context: &Context<'_>) -> Judgement {
    let wanted = Wanted {
        name: &params.trail_name,
        multi_region: params.require_multi_region,
        kms_events: params.require_kms_events,
    };
    let feed = counted::feed(account, &wanted, context);
    let audited = Audited { account, wanted, feed, context };
    if params.accepted.is_empty() {
        return Err(Gap::undecided("accepted is empty, so that nothing would be a means; name one"));
    }
    any(params.accepted.iter().map(|means| match means {
        Means::MetricFilter => audited.by_filter(),
        Means::CwAnomaly => audited.by_metric_detector(),
        Means::LogAnomaly => audited.by_log_detector(),
        Means::Guardduty => {
            Err(Gap::NotCollected { what: "this version does not read what GuardDuty looks at".into() })
        }
    }))
}

/// What is audited, beside what belongs to other people of the account.
struct Audited<'a> {
    account: &'a Account,
    wanted: Wanted<'a>,
    feed: Result<Feed<'a>, Gap>,
    context: &'a Context<'a>,
}

impl<'a> Audited<'a> {
    /// The log groups of the deployment, by name, and those of which it is not known whether they are.
    fn groups(&self) -> BTreeMap<&'a str, Result<(), Gap>> {
        let all = self.context.evidence.all::<LogGroup>();
        let own = all.filter_map(|(subject, _)| {
            let is_own = match subject.is_of_the_deployment() {
                Ok(true) => Ok(()),
                Ok(false) => return None,
                Err(gap) => Err(gap),
            };
            Some((subject.id.as_str(), is_own))
        });
        own.collect()
    }

    /// The name of the log group that the audit trail feeds; `None` where it feeds none here.
    fn trails_group(&self) -> Result<Option<&'a str>, Gap> {
        match &self.feed {
            Ok(Feed::Group { group, .. }) => Ok(Some(group)),
            Ok(Feed::None { .. }) => Ok(None),
            Err(gap) => Err(gap.clone()),
        }
    }

    fn filters(&self) -> Result<&'a [MetricFilter], Gap> {
        self.account.metric_filters.required(super::FILTERS, "metricFilters").map(Vec::as_slice)
    }

    /// A filter on the audit trail's group has to take access to data, and tell it from what the security categories
    /// count; on the deployment's other groups only its author knows what is access to data. Which group is which has to
    /// be known for that.
    fn by_filter(&self) -> Judgement {
        let none = Verdict::not_satisfied("no metric filter counts access to data", EXPECTED);
        let (filters, trails_group) = (self.filters()?, self.trails_group()?);
        let groups = self.groups();
        let mut parts = vec![Ok(none)];
        for filter in filters {
            if trails_group == Some(filter.group.as_str()) {
                parts.push(self.on_the_trails_group(filter));
            } else if let Some(is_own) = groups.get(filter.group.as_str()) {
                parts.push(is_own.clone().and_then(|()| on_another_group(filter)));
            }
        }
        any(parts.into_iter().filter(|part| !matches!(part, Ok(Verdict::NotApplicable { .. }))))
    }

    fn on_the_trails_group(&self, filter: &MetricFilter) -> Judgement {
        let run = &self.context.evidence.run;
        let trail = match &self.feed {
            Ok(Feed::Group { trail, .. }) => called(trail),
            Ok(Feed::None { .. }) | Err(_) => "",
        };
        let first = |samples: Vec<Sample>| -> Result<Option<&'static str>, Gap> {
            let mut gap = None;
            for sample in samples {
                match takes(filter, &sample.event) {
                    Ok(true) => return Ok(Some(sample.name)),
                    Ok(false) => {}
                    Err(found) => {
                        gap.get_or_insert(found);
                    }
                }
            }
            gap.map_or(Ok(None), Err)
        };
        let Some(access) = first(sample::data_access(run))? else {
            return Ok(Verdict::not_applicable(format!("filter `{}` takes no access to data", filter.name)));
        };
        let critical: Vec<Sample> =
            Category::ALL.into_iter().flat_map(|category| category.samples(run, trail)).collect();
        let others = critical.into_iter().chain(sample::harmless(run)).collect();
        Ok(match first(others)? {
            Some(other) => Verdict::not_applicable(format!("filter `{}` takes {other} too", filter.name)),
            None => {
                Verdict::satisfied(format!("filter `{}` on log group {} counts {access}", filter.name, filter.group))
            }
        })
    }

    /// A detector counts where it learns a metric of the deployment; those of other people's do not.
    fn by_metric_detector(&self) -> Judgement {
        let mut parts = self.by_band();
        match self.account.cloudwatch.metric_detectors.required("DescribeAnomalyDetectors", "AnomalyDetectors") {
            Ok(detectors) => {
                for detector in detectors {
                    match self.metric_of_the_deployment(detector) {
                        Ok(Some(metric)) => parts.push(learns(detector, metric)),
                        Ok(None) => {}
                        Err(gap) => parts.push(Err(gap)),
                    }
                }
            }
            Err(gap) => parts.push(Err(gap)),
        }
        parts.push(Ok(Verdict::not_satisfied("no anomaly detector learns a metric of the deployment", EXPECTED)));
        any(parts)
    }

    /// Whether an alarm is of the audit: the stack's, or on an event of the audit trail.
    fn is_audited(&self, subject: &Subject, alarm: &Definition) -> Result<bool, Gap> {
        let own = subject.is_of_the_deployment();
        if own == Ok(true) || counted::is_counted(alarm, &self.wanted, self.context)? { Ok(true) } else { own }
    }

    /// The alarms of the audit that compare with a band that CloudWatch learns.
    fn by_band(&self) -> Vec<Judgement> {
        let all = self.context.evidence.all::<Alarm>();
        let banded = all.filter_map(|(subject, alarm)| match definition(alarm) {
            Ok(definition) => {
                match self.is_audited(subject, definition) {
                    Ok(true) => {}
                    Ok(false) => return None,
                    Err(gap) => return Some(Err(gap)),
                }
                let Watched::Metrics(watch) = &definition.watched else { return None };
                let band = match watch.band.seen() {
                    Ok(band) => band?,
                    Err(gap) => return Some(Err(gap)),
                };
                let learned = watch.queries.iter().any(|query| match query {
                    Query::Expression { id, text, .. } => {
                        id == band && text.trim_start().starts_with("ANOMALY_DETECTION_BAND")
                    }
                    Query::Metric(_) => false,
                });
                learned.then(|| {
                    Ok(Verdict::satisfied(format!(
                        "alarm `{}` compares with a band that CloudWatch learns",
                        subject.id
                    )))
                })
            }
            Err(gap) => Some(Err(gap)),
        });
        banded.collect()
    }

    /// The metric of the deployment that a detector learns: one that a filter on its groups emits, that an alarm of it
    /// watches, or that is about a member of its stack.
    fn metric_of_the_deployment<'d>(&self, detector: &'d MetricDetector) -> Result<Option<&'d Metric>, Gap> {
        let run = &self.context.evidence.run;
        let mut gap = None;
        for metric in &detector.metrics {
            let watched = self.context.evidence.all::<Alarm>().any(|(subject, alarm)| match definition(alarm) {
                Ok(definition) => {
                    definition.metrics().any(|query| query.metric == *metric)
                        && self.is_audited(subject, definition) == Ok(true)
                }
                Err(_) => false,
            });
            if watched || self.is_about_a_member(metric) {
                return Ok(Some(metric));
            }
            let query = super::MetricQuery {
                id: String::new(),
                metric: metric.clone(),
                account: Observed::Absent,
                statistic: Observed::Absent,
                period: Observed::Absent,
                unit: Observed::Absent,
                compared: Observed::Absent,
            };
            let (groups, trails_group) = (self.groups(), self.trails_group());
            match self.filters() {
                Ok(filters) => {
                    let own = filters.iter().filter(|filter| {
                        groups.get(filter.group.as_str()) == Some(&Ok(()))
                            || trails_group == Ok(Some(filter.group.as_str()))
                    });
                    if own.flat_map(|filter| &filter.metrics).any(|counted| may_be_emitted(&query, counted, run)) {
                        return Ok(Some(metric));
                    }
                    if let Err(found) = trails_group {
                        gap.get_or_insert(found);
                    }
                }
                Err(found) => {
                    gap.get_or_insert(found);
                }
            }
        }
        gap.map_or(Ok(None), Err)
    }

    /// Whether a dimension names a member of the stack. Where the listing was not read, the other ways are left.
    fn is_about_a_member(&self, metric: &Metric) -> bool {
        self.context.evidence.all::<Stack>().any(|(_, stack)| match stack.members.observed() {
            Observed::Present(members) => members.iter().any(|member| match &member.physical_id {
                Observed::Present(id) => member.is_live() && is_about_resource(metric, id),
                Observed::Absent | Observed::Unknown(_) => false,
            }),
            Observed::Absent | Observed::Unknown(_) => false,
        })
    }

    fn by_log_detector(&self) -> Judgement {
        let detectors =
            self.account.cloudwatch.log_detectors.required("ListLogAnomalyDetectors", "anomalyDetectors")?;
        let trails_group = self.trails_group();
        let mut groups = self.groups();
        if let Ok(Some(group)) = &trails_group {
            groups.insert(*group, Ok(()));
        }
        let run = &self.context.evidence.run;
        let prefix = format!("arn:{}:logs:{}:{}:log-group:", run.partition, run.region, run.account);
        let mut parts = Vec::new();
        for detector in detectors {
            let names = detector.groups.iter().filter_map(|arn| arn.strip_prefix(&prefix));
            let names = names.map(|name| name.strip_suffix(":*").unwrap_or(name));
            // One group of the deployment among those that it looks at is enough.
            let known = names.filter_map(|name| Some((name, groups.get(name)?)));
            if let Some((group, is_own)) = known.min_by_key(|(_, is_own)| is_own.is_err()) {
                parts.push(is_own.clone().and_then(|()| looks(detector, group)));
            }
        }
        parts.extend(trails_group.err().map(Err));
        parts.push(Ok(Verdict::not_satisfied("no anomaly detector learns a log group of the deployment", EXPECTED)));
        any(parts)
    }
}

/// A filter with an empty pattern counts everything, and so tells nothing apart.
fn on_another_group(filter: &MetricFilter) -> Judgement {
    let (name, group) = (&filter.name, &filter.group);
    Ok(if pattern(filter)?.is_empty() {
        Verdict::not_applicable(format!("filter `{name}` takes every event"))
    } else {
        Verdict::satisfied(format!("filter `{name}` on log group {group} counts what its pattern describes"))
            .noting("that it is about access to data is taken at its word")
    })
}

fn learns(detector: &MetricDetector, metric: &Metric) -> Judgement {
    let verdict = Verdict::satisfied(format!("an anomaly detector learns metric {metric}"));
    Ok(match detector.state.required("DescribeAnomalyDetectors", "StateValue")? {
        DetectorState::Trained => verdict,
        DetectorState::PendingTraining => verdict.noting("it has not learned yet (PENDING_TRAINING)"),
        DetectorState::TrainedInsufficientData => {
            verdict.noting("it has learned from too few data (TRAINED_INSUFFICIENT_DATA)")
        }
    })
}

/// A detector that is switched off or broken looks for nothing.
fn looks(detector: &LogDetector, group: &str) -> Judgement {
    let name = match &detector.name {
        Observed::Present(name) => format!("anomaly detector `{name}`"),
        Observed::Absent | Observed::Unknown(_) => "an anomaly detector".to_owned(),
    };
    let looking = || Verdict::satisfied(format!("{name} learns log group {group}"));
    let idle = |state: &str| Verdict::not_satisfied(format!("{name} on log group {group} is {state}"), EXPECTED);
    Ok(match detector.status.required("ListLogAnomalyDetectors", "anomalyDetectorStatus")? {
        LogDetectorStatus::Analyzing => looking(),
        LogDetectorStatus::Initializing => looking().noting("it is being made (INITIALIZING)"),
        LogDetectorStatus::Training => looking().noting("it has not learned yet (TRAINING)"),
        LogDetectorStatus::Failed => idle("FAILED"),
        LogDetectorStatus::Deleted => idle("DELETED"),
        LogDetectorStatus::Paused => idle("PAUSED"),
    })
}

#[cfg(test)]
mod tests {
    use super::super::fixture::*;
    use super::super::{Comparison, Definition, MetricWatch};
    use super::*;
    use crate::evidence::Evidence;
    use crate::fixture::*;
    use crate::observed::Observed::{Absent, Present, Unknown};
    use crate::observed::Seen;
    use crate::subject::{Kind, Resource, Role, RoleDoubt, Subject};

    const ID: &str = "cw-access-anomaly-tracking";
    const NOTHING: &str = "no metric filter counts access to data; no anomaly detector learns a metric of the deployment; no anomaly detector learns a log group of the deployment";

    fn group(name: &str, role: Role) -> Subject {
        let group = LogGroup::unknown(&denial());
        Subject { role, ..subject(Kind::LogGroup, name, Resource::LogGroup(Box::new(group))) }
    }

    fn with(account: Account) -> Evidence {
        let mut evidence = with_account(account);
        evidence.subjects.push(group("app", Role::Primary));
        evidence.subjects.push(group("foreign", Role::External));
        evidence
    }

    fn judged(account: Account) -> Judgement {
        judge(ID, &with(account))
    }

    fn filtered(filters: Vec<MetricFilter>) -> Judgement {
        judged(account(filters, Vec::new()))
    }

    fn elsewhere(group: &str, pattern: &str) -> MetricFilter {
        MetricFilter { group: group.into(), ..filter("f", pattern) }
    }

    fn detecting(metric: Metric, state: Observed<DetectorState>) -> Account {
        let mut account = account(vec![filter("root", ROOT_PATTERN)], Vec::new());
        account.cloudwatch.metric_detectors = seen(vec![MetricDetector { metrics: vec![metric], state }]);
        account
    }

    fn learning(groups: &[&str], status: Observed<LogDetectorStatus>) -> Judgement {
        let groups = groups.iter().map(|name| format!("arn:aws:logs:us-east-2:{ACCOUNT}:log-group:{name}")).collect();
        let mut account = account(Vec::new(), Vec::new());
        account.cloudwatch.log_detectors = seen(vec![LogDetector { name: Present("d".into()), groups, status }]);
        judged(account)
    }

    #[test]
    fn nothing_of_any_kind_fails() {
        assert_eq!(failed(filtered(Vec::new())), NOTHING);
        assert_eq!(
            failed(judge_with(ID, "accepted = ['log_anomaly']", &with(account(Vec::new(), Vec::new())))),
            "no anomaly detector learns a log group of the deployment"
        );
    }

    #[test]
    fn a_filter_that_counts_access_to_data_is_a_means() {
        for (pattern, event) in [
            ("{ $.eventName = GetObject }", "GetObject"),
            ("{ $.eventName = \"Put*\" && $.eventSource = s3.amazonaws.com && $.eventCategory = Data }", "PutObject"),
            ("{ ($.eventName = Decrypt) }", "Decrypt"),
            ("?GetObject ?PutObject", "GetObject"),
        ] {
            assert_eq!(
                passed(filtered(vec![filter("access", pattern)])),
                format!("filter `access` on log group trail counts {event}")
            );
        }
    }

    #[test]
    fn a_filter_that_counts_critical_events_or_everything_is_none() {
        for pattern in [
            ROOT_PATTERN,
            "",
            "{ $.eventName = * }",
            "{ $.eventSource = kms.amazonaws.com }",
            "{ $.eventName = DescribeInstances || $.eventName = GetObject }",
            "{ $.eventName = ListBuckets }",
        ] {
            assert_eq!(failed(filtered(vec![filter("f", pattern)])), NOTHING, "{pattern}");
        }
    }

    #[test]
    fn a_filter_on_another_group_of_the_deployment_is_taken_at_its_word() {
        assert_eq!(
            passed(filtered(vec![elsewhere("app", "record-read")])),
            "filter `f` on log group app counts what its pattern describes | that it is about access to data is taken at its word"
        );
        failed(filtered(vec![elsewhere("app", "")]));
        failed(filtered(vec![elsewhere("foreign", "record-read")]));
        failed(filtered(vec![elsewhere("other", "record-read")]));
    }

    #[test]
    fn a_pattern_that_is_not_evaluated_leaves_the_question_open() {
        let text = undecided(filtered(vec![filter("f", "{ $.eventName = %Get.*% }")]));
        assert!(text.starts_with("filter `f`: its pattern uses a regular expression"), "{text}");
        passed(filtered(vec![filter("f", "{ $.eventName = %Get.*% }"), filter("g", "{ $.eventName = GetObject }")]));
        let selecting =
            MetricFilter { beyond_pattern: vec!["fieldSelectionCriteria".into()], ..filter("f", "GetObject") };
        assert!(undecided(filtered(vec![selecting])).contains("it is under fieldSelectionCriteria"));
    }

    #[test]
    fn a_detector_counts_where_it_learns_a_metric_of_the_deployment() {
        let of_filter = metric("Security", "root", &[]);
        assert_eq!(
            passed(judged(detecting(of_filter.clone(), Present(DetectorState::Trained)))),
            "an anomaly detector learns metric Security/root"
        );
        let of_member = metric("AWS/Lambda", "Invocations", &[("FunctionName", "processor-dev")]);
        passed(judged(detecting(of_member, Present(DetectorState::Trained))));
        failed(judged(detecting(metric("AWS/Lambda", "Invocations", &[]), Present(DetectorState::Trained))));
        failed(judged(detecting(
            metric("AWS/Lambda", "Invocations", &[("FunctionName", "x")]),
            Present(DetectorState::Trained),
        )));
        let mut watched = with(detecting(
            metric("AWS/Lambda", "Errors", &[("FunctionName", "processor")]),
            Present(DetectorState::Trained),
        ));
        watched.subjects.push(of_alarm(on_function("a")));
        passed(judge(ID, &watched));
        for (state, word) in [
            (DetectorState::PendingTraining, "PENDING_TRAINING"),
            (DetectorState::TrainedInsufficientData, "TRAINED_INSUFFICIENT_DATA"),
        ] {
            assert!(passed(judged(detecting(of_filter.clone(), Present(state)))).contains(word));
        }
        assert_eq!(undecided(judged(detecting(of_filter, Unknown(denial())))), denial().to_string());
    }

    #[test]
    fn a_filter_is_not_taken_at_its_word_where_it_may_be_on_the_trails_group() {
        let mut unread = account(vec![elsewhere("app", "record-read")], Vec::new());
        unread.trails = denied();
        assert_eq!(undecided(judged(unread.clone())), denial().to_string());
        assert_eq!(
            undecided(judge_with(ID, "accepted = ['metric_filter']", &with(unread.clone()))),
            denial().to_string()
        );
        // Another means does not need to know the trail.
        let detector = metric("AWS/Lambda", "Invocations", &[("FunctionName", "processor-dev")]);
        unread.cloudwatch.metric_detectors =
            seen(vec![MetricDetector { metrics: vec![detector], state: Present(DetectorState::Trained) }]);
        passed(judged(unread));
    }

    #[test]
    fn a_detector_on_what_a_filter_counts_is_open_where_the_trails_group_is_not_known() {
        let mut unread = detecting(metric("Security", "root", &[]), Present(DetectorState::Trained));
        unread.trails = denied();
        assert_eq!(undecided(judge_with(ID, "accepted = ['cw_anomaly']", &with(unread))), denial().to_string());
    }

    #[test]
    fn a_group_that_may_be_of_others_brings_no_means() {
        let judged = |account: Account| {
            let mut evidence = with(account);
            for subject in evidence.subjects.iter_mut().filter(|subject| subject.id == "app") {
                subject.role_doubt = Some(RoleDoubt { instead: vec![Role::External], unread: denied() });
            }
            judge(ID, &evidence)
        };
        let filters = vec![elsewhere("app", "record-read")];
        assert_eq!(undecided(judged(account(filters, Vec::new()))), denial().to_string());
        let mut learning = account(Vec::new(), Vec::new());
        let groups = vec![format!("arn:aws:logs:us-east-2:{ACCOUNT}:log-group:app")];
        let status = Present(LogDetectorStatus::Analyzing);
        learning.cloudwatch.log_detectors = seen(vec![LogDetector { name: Present("d".into()), groups, status }]);
        assert_eq!(undecided(judged(learning)), denial().to_string());
    }

    #[test]
    fn an_alarm_of_others_brings_no_means() {
        let foreign = |definition: Definition| Subject { role: Role::External, ..of_alarm(definition) };
        let mut watched = with(detecting(
            metric("AWS/Lambda", "Errors", &[("FunctionName", "processor")]),
            Present(DetectorState::Trained),
        ));
        watched.subjects.push(foreign(on_function("a")));
        assert_eq!(failed(judge(ID, &watched)), NOTHING);
        let banded = |of: Metric| {
            let band = Query::Expression {
                id: "ad1".into(),
                text: "ANOMALY_DETECTION_BAND(m1, 2)".into(),
                period: Absent,
                compared: Absent,
            };
            let queries = vec![Query::Metric(query(of)), band];
            let definition =
                alarm("band", MetricWatch { queries, band: Present("ad1".into()), ..watch(metric("", "", &[])) });
            let mut evidence = with(account(vec![filter("root", ROOT_PATTERN)], vec![definition.clone()]));
            evidence.subjects.push(foreign(definition));
            judge(ID, &evidence)
        };
        assert_eq!(failed(banded(metric("AWS/S3", "AllRequests", &[]))), NOTHING);
        // One on the events of the audit trail is of the audit, whosever it is.
        passed(banded(metric("Security", "root", &[])));
    }

    #[test]
    fn an_alarm_of_the_deployment_on_a_learned_band_is_a_means() {
        let with_band = |text: &str, band: Observed<String>| {
            let expression =
                Query::Expression { id: "ad1".into(), text: text.into(), period: Absent, compared: Absent };
            let queries = vec![Query::Metric(query(metric("AWS/S3", "AllRequests", &[]))), expression];
            let watch = MetricWatch {
                queries,
                band,
                threshold: Absent,
                comparison: Present(Comparison::AboveBand),
                ..watch(metric("", "", &[]))
            };
            let definition: Definition = alarm("band", watch);
            let mut evidence = with(account(Vec::new(), vec![definition.clone()]));
            evidence.subjects.push(of_alarm(definition));
            judge(ID, &evidence)
        };
        let band = || Present("ad1".to_owned());
        assert_eq!(
            passed(with_band("ANOMALY_DETECTION_BAND(m1, 2)", band())),
            "alarm `band` compares with a band that CloudWatch learns"
        );
        failed(with_band("ANOMALY_DETECTION_BAND(m1, 2)", Absent));
        failed(with_band("m1*2", band()));
    }

    #[test]
    fn a_detector_on_a_log_group_of_the_deployment_counts_while_it_looks() {
        for group in ["app", "app:*", "trail"] {
            let name = group.trim_end_matches(":*");
            let text = format!("anomaly detector `d` learns log group {name}");
            assert_eq!(passed(learning(&[group], Present(LogDetectorStatus::Analyzing))), text);
        }
        for status in [LogDetectorStatus::Initializing, LogDetectorStatus::Training] {
            assert!(passed(learning(&["app"], Present(status))).contains('|'));
        }
        for (status, word) in [
            (LogDetectorStatus::Paused, "PAUSED"),
            (LogDetectorStatus::Failed, "FAILED"),
            (LogDetectorStatus::Deleted, "DELETED"),
        ] {
            assert!(failed(learning(&["app"], Present(status))).contains(&format!("on log group app is {word}")));
        }
        failed(learning(&["foreign"], Present(LogDetectorStatus::Analyzing)));
        assert_eq!(undecided(learning(&["app"], Unknown(denial()))), denial().to_string());
    }

    #[test]
    fn what_was_not_read_may_be_the_means() {
        let broken = |change: fn(&mut Account)| {
            let mut account = account(Vec::new(), Vec::new());
            change(&mut account);
            judged(account)
        };
        for judgement in [
            broken(|account| account.metric_filters = denied()),
            broken(|account| account.cloudwatch.metric_detectors = denied()),
            broken(|account| account.cloudwatch.log_detectors = denied()),
            broken(|account| account.trails = denied()),
        ] {
            assert_eq!(undecided(judgement), denial().to_string());
        }
        let mut another = account(vec![filter("access", "{ $.eventName = GetObject }")], Vec::new());
        another.cloudwatch.log_detectors = denied();
        passed(judged(another));
        let guardduty = judge_with(ID, "accepted = ['guardduty']", &with(account(Vec::new(), Vec::new())));
        assert!(undecided(guardduty).contains("does not read what GuardDuty looks at"));
        let none = judge_with(ID, "accepted = []", &with(account(Vec::new(), Vec::new())));
        assert!(undecided(none).starts_with("accepted is empty"));
    }

    #[test]
    fn without_a_feed_filters_on_the_trails_group_do_not_count() {
        let mut account = account(vec![filter("access", "{ $.eventName = GetObject }")], Vec::new());
        account.trails = Seen::new(Present(Vec::new()), Vec::new());
        assert_eq!(failed(judged(account)), NOTHING);
    }
}
