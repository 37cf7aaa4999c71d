use std::collections::BTreeMap;

use serde_json::json;

use super::super::fixture::*;
use super::super::{Comparison, MetricQuery, MetricWatch, MissingData, Query, Watched};
use super::*;
use crate::cloudtrail::fixture::trail;
use crate::eventbridge::{self, Rule, Target};
use crate::fixture::*;
use crate::observed::Observed::{Absent, Present, Unknown};
use crate::s3::{RuleState, Switch};

const ID: &str = "cw-alarms-security-coverage";

/// Filters for each category, as the CIS benchmark words them or as people write them, under the category's name.
const PATTERNS: [(&str, &str); 5] = [
    (
        "unauthorized-api-calls",
        r#"{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") && ($.sourceIPAddress != "delivery.logs.amazonaws.com") && ($.eventName != "HeadBucket") }"#,
    ),
    (
        "kms-key-disable-or-deletion",
        "{($.eventSource = kms.amazonaws.com) && (($.eventName=DisableKey)||($.eventName=ScheduleKeyDeletion)) }",
    ),
    (
        "iam-policy-change",
        "{($.eventName=DeleteGroupPolicy)||($.eventName=DeleteRolePolicy)||($.eventName=DeleteUserPolicy)||($.eventName=PutGroupPolicy)||($.eventName=PutRolePolicy)||($.eventName=PutUserPolicy)||($.eventName=CreatePolicy)||($.eventName=DeletePolicy)||($.eventName=CreatePolicyVersion)||($.eventName=DeletePolicyVersion)||($.eventName=AttachRolePolicy)||($.eventName=DetachRolePolicy)||($.eventName=AttachUserPolicy)||($.eventName=DetachUserPolicy)||($.eventName=AttachGroupPolicy)||($.eventName=DetachGroupPolicy)}",
    ),
    (
        "audit-log-tampering",
        "{ ($.eventName = CreateTrail) || ($.eventName = UpdateTrail) || ($.eventName = DeleteTrail) || ($.eventName = StartLogging) || ($.eventName = StopLogging) }",
    ),
    ("root-usage", ROOT_PATTERN),
];

fn covered() -> Account {
    let filters = PATTERNS.iter().map(|(name, pattern)| filter(name, pattern)).collect();
    let alarms = PATTERNS.iter().map(|(name, _)| on(name, &format!("{name}-alarm"))).collect();
    account(filters, alarms)
}

/// Judges root usage alone.
fn root(account: Account) -> Judgement {
    only("root-usage", "", account)
}

fn only(category: &str, params: &str, account: Account) -> Judgement {
    judge_with(ID, &format!("required_categories = ['{category}']\n{params}"), &with_account(account))
}

/// The filter on root and an alarm on its metric, both changed.
fn with(filter_change: impl FnOnce(&mut MetricFilter), alarm_change: impl FnOnce(&mut MetricWatch)) -> Account {
    let mut filter = filter("root", ROOT_PATTERN);
    filter_change(&mut filter);
    let mut watch = watch(metric("Security", "root", &[]));
    alarm_change(&mut watch);
    account(vec![filter], vec![alarm("a", watch)])
}

fn watching(change: impl FnOnce(&mut MetricWatch)) -> Judgement {
    root(with(|_| {}, change))
}

fn querying(change: impl FnOnce(&mut MetricQuery)) -> Judgement {
    watching(|watch| {
        let mut query = query(metric("Security", "root", &[]));
        change(&mut query);
        watch.queries = vec![Query::Metric(query)];
    })
}

fn filtering(change: impl FnOnce(&mut MetricFilter)) -> Judgement {
    root(with(change, |_| {}))
}

/// One filter of this pattern with an alarm on its metric.
fn pattern(category: &str, pattern: &str) -> Judgement {
    only(category, "", account(vec![filter("f", pattern)], vec![on("f", "a")]))
}

#[test]
fn filters_as_the_benchmark_words_them_with_an_alarm_each_cover_every_category() {
    let text = passed(judge(ID, &with_account(covered())));
    for (name, _) in PATTERNS {
        let way = format!("by filter `{name}`, metric Security/{name} and alarm `{name}-alarm`");
        assert!(text.contains(&way), "{text}");
    }
    assert!(text.contains("root-usage: a call as root, a sign-in as root by filter `root-usage`"), "{text}");
    assert!(text.ends_with(GOES_ON), "{text}");
}

#[test]
fn each_category_that_is_left_out_fails_by_its_name() {
    for (index, (name, _)) in PATTERNS.iter().enumerate() {
        let filters = PATTERNS.iter().filter(|(other, _)| other != name).map(|(name, pattern)| filter(name, pattern));
        let alarms = PATTERNS.iter().map(|(name, _)| on(name, "a")).collect();
        let text = failed(judge(ID, &with_account(account(filters.collect(), alarms))));
        assert!(text.starts_with(&format!("{name}: no metric filter on log group trail takes")), "{index}: {text}");
    }
}

#[test]
fn the_first_broken_link_is_named() {
    assert_eq!(
        failed(root(account(Vec::new(), Vec::new()))),
        "root-usage: no metric filter on log group trail takes a call as root, a sign-in as root"
    );
    assert_eq!(
        failed(root(account(vec![filter("root", ROOT_PATTERN)], vec![on("other", "a")]))),
        "root-usage: no alarm watches metric Security/root, in which filter `root` counts a call as root, a sign-in as root"
    );
    let elsewhere = MetricFilter { group: "app".into(), ..filter("root", ROOT_PATTERN) };
    assert!(
        failed(root(account(vec![elsewhere], vec![on("root", "a")]))).contains("no metric filter on log group trail")
    );
    let deaf = filtering(|filter| filter.metrics.clear());
    assert!(failed(deaf).contains("filter `root` emits no metric for a call as root"));
}

#[test]
fn a_pattern_that_only_looks_like_the_category_does_not_cover_it() {
    for (category, text) in [
        ("root-usage", r#"{ $.userIdentity.type != "Root" }"#),
        ("root-usage", r#"{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy EXISTS }"#),
        ("root-usage", r#"{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy != "x" }"#),
        ("root-usage", r#"{ $.userIdentity.type = "root" }"#),
        ("root-usage", r#"{ $.userIdentity.type = "Root" && $.eventName = "ConsoleLogin" }"#),
        ("kms-key-disable-or-deletion", "{ $.eventName = DisableKey && $.eventName = ScheduleKeyDeletion }"),
        ("kms-key-disable-or-deletion", "{ $.eventName = DisableKey }"),
        ("kms-key-disable-or-deletion", "{ $.eventName != DisableKey && $.eventName != ScheduleKeyDeletion }"),
        (
            "audit-log-tampering",
            "{ $.eventName = StopLogging || $.eventName = DeleteTrail || $.eventName = CreateTrail }",
        ),
        ("unauthorized-api-calls", "{ $.errorCode = AccessDenied && $.errorCode = Client.UnauthorizedOperation }"),
        ("unauthorized-api-calls", "{ $.errorCode = AccessDenied }"),
        (
            "unauthorized-api-calls",
            r#"{ ($.errorCode = "*UnauthorizedOperation" || $.errorCode = "AccessDenied*") && $.userIdentity.type = IAMUser }"#,
        ),
        ("iam-policy-change", "{ $.eventName = PutRolePolicy || $.eventName = AttachRolePolicy }"),
        ("iam-policy-change", "AttachRolePolicy CreatePolicyVersion PutRolePolicy"),
    ] {
        failed(pattern(category, text));
    }
}

#[test]
fn a_pattern_that_matches_everything_tells_nothing_apart() {
    for text in ["", "{ $.eventName = * }", r#"{ $.eventName != "x" }"#, "{ $.eventSource EXISTS }", "eventName"] {
        assert!(
            failed(pattern("root-usage", text))
                .contains("filter `f` takes harmless events such as DescribeInstances beside"),
            "{text}"
        );
    }
}

#[test]
fn a_pattern_for_whatever_is_not_read_only_tells_nothing_apart_either() {
    for text in
        ["{ $.readOnly IS FALSE }", "{ $.eventName != Describe* && $.eventName != Get* && $.eventName != List* }"]
    {
        assert!(failed(pattern("root-usage", text)).contains("takes harmless events such as CreateLogStream beside"));
    }
}

#[test]
fn words_and_or_patterns_cover_a_category_too() {
    passed(pattern("audit-log-tampering", "?StopLogging ?DeleteTrail ?UpdateTrail"));
    passed(pattern("unauthorized-api-calls", "{ $.errorCode = * }"));
    passed(pattern("iam-policy-change", r#"{ $.eventSource = "iam.amazonaws.com" && $.eventName = "*Polic*" }"#));
}

#[test]
fn the_events_of_a_category_may_be_spread_over_filters_if_each_has_its_alarm() {
    let filters =
        || vec![filter("off", "{ $.eventName = DisableKey }"), filter("gone", "{ $.eventName = ScheduleKeyDeletion }")];
    let judged = |alarms| only("kms-key-disable-or-deletion", "", account(filters(), alarms));
    let text = passed(judged(vec![on("off", "a"), on("gone", "b")]));
    assert!(
        text.contains("DisableKey by filter `off`") && text.contains("ScheduleKeyDeletion by filter `gone`"),
        "{text}"
    );
    assert_eq!(
        failed(judged(vec![on("off", "a")])),
        "kms-key-disable-or-deletion: no alarm watches metric Security/gone, in which filter `gone` counts ScheduleKeyDeletion"
    );
}

#[test]
fn filters_for_what_root_may_do_beside_others_are_none_for_root() {
    let opened = r#"{ ($.eventSource = "s3.amazonaws.com") && ($.eventName = "PutBucketPolicy") }"#;
    let signed_in = r#"{ $.eventName = "ConsoleLogin" }"#;
    let filters = vec![filter("opened", opened), filter("signed-in", signed_in)];
    let text = failed(root(account(filters, vec![on("opened", "a"), on("signed-in", "b")])));
    assert_eq!(text, "root-usage: no metric filter on log group trail takes a call as root");
}

#[test]
fn one_event_has_to_set_the_alarm_off_or_the_numbers_are_remarked_on() {
    let plain = |judgement| assert!(!passed(judgement).contains("alarm `a` needs"));
    plain(querying(|_| {}));
    plain(querying(|query| query.statistic = Present("SampleCount".into())));
    plain(watching(|watch| (watch.comparison, watch.threshold) = (Present(Comparison::Above), Present(0.0))));
    plain(watching(|watch| (watch.periods, watch.needed) = (Present(3), Present(1))));
    let noted = |judgement, numbers: &str| {
        let text = passed(judgement);
        assert!(text.contains(&format!("| alarm `a` {numbers}; ")), "{text}");
    };
    noted(watching(|watch| watch.threshold = Present(5.0)), "needs Sum >= 5 in 300 s");
    noted(
        watching(|watch| (watch.comparison, watch.threshold) = (Present(Comparison::Above), Present(1.0))),
        "needs Sum > 1 in 300 s",
    );
    noted(watching(|watch| watch.periods = Present(2)), "needs Sum >= 1 in 2 of 2 periods of 300 s");
    noted(querying(|query| query.statistic = Present("Average".into())), "needs Average >= 1 in 300 s");
    noted(querying(|query| query.statistic = Present("p99".into())), "needs p99 >= 1 in 300 s");
    noted(
        filtering(|filter| filter.metrics[0].value = "$.size".into()),
        "needs Sum >= 1 in 300 s, and the filter adds $.size of the event",
    );
    noted(
        watching(|watch| {
            (watch.comparison, watch.threshold, watch.band) =
                (Present(Comparison::AboveBand), Absent, Present("ad1".into()));
        }),
        "compares with a band that CloudWatch learns, so that one event may not be enough",
    );
}

#[test]
fn calls_that_are_not_allowed_may_be_counted_to_more_than_one_without_a_remark() {
    let mut watch = watch(metric("Security", "f", &[]));
    watch.threshold = Present(10.0);
    let account = account(vec![filter("f", PATTERNS[0].1)], vec![alarm("a", watch)]);
    assert!(!passed(only("unauthorized-api-calls", "", account)).contains("needs"));
}

#[test]
fn an_alarm_that_events_never_set_off_does_not_count() {
    let never = |judgement, why: &str| {
        let text = failed(judgement);
        assert!(text.contains(why) && text.contains("alarm `a` on metric Security/root of filter `root`"), "{text}");
    };
    never(watching(|watch| watch.comparison = Present(Comparison::Below)), "goes off when the metric is low");
    never(watching(|watch| watch.comparison = Present(Comparison::BelowBand)), "goes off when the metric is low");
    never(
        querying(|query| query.unit = Present("Count".into())),
        "looks at values in Count alone, which the filter does not emit",
    );
    passed(root(with(
        |filter| filter.metrics[0].unit = Present("Count".into()),
        |watch| {
            let query = MetricQuery { unit: Present("Count".into()), ..query(metric("Security", "root", &[])) };
            watch.queries = vec![Query::Metric(query)];
        },
    )));
    never(
        root(with(
            |filter| filter.metrics[0].unit = Present("Count".into()),
            |watch| {
                let query = MetricQuery { unit: Present("None".into()), ..query(metric("Security", "root", &[])) };
                watch.queries = vec![Query::Metric(query)];
            },
        )),
        "looks at values in None alone",
    );
    passed(querying(|query| query.unit = Present("None".into())));
    never(filtering(|filter| filter.metrics[0].value = "0".into()), "each event counts 0");
    never(
        root(with(
            |_| {},
            |watch| {
                let query =
                    MetricQuery { statistic: Present("Maximum".into()), ..query(metric("Security", "root", &[])) };
                (watch.queries, watch.threshold) = (vec![Query::Metric(query)], Present(2.0));
            },
        )),
        "needs Maximum >= 2 in 300 s, and each event counts 1",
    );
    never(
        watching(|watch| watch.missing_data = Present(MissingData::Breaching)),
        "is in ALARM while nothing happens: Sum >= 1 in 300 s",
    );
    never(filtering(|filter| filter.metrics[0].default_value = Present(1.0)), "is in ALARM while nothing happens");
    never(
        root(with(
            |filter| filter.metrics[0].default_value = Present(0.0),
            |watch| {
                let query =
                    MetricQuery { statistic: Present("SampleCount".into()), ..query(metric("Security", "root", &[])) };
                watch.queries = vec![Query::Metric(query)];
            },
        )),
        "is in ALARM while nothing happens",
    );
}

#[test]
fn a_default_of_zero_keeps_the_metric_going_and_sets_nothing_off() {
    let breaching = |watch: &mut MetricWatch| watch.missing_data = Present(MissingData::Breaching);
    passed(root(with(|filter| filter.metrics[0].default_value = Present(0.0), breaching)));
}

#[test]
fn the_alarm_has_to_watch_the_metric_with_exactly_the_dimensions_that_the_filter_emits() {
    let extra = watching(|watch| {
        watch.queries = vec![Query::Metric(query(metric("Security", "root", &[("Who", "Root")])))];
    });
    assert!(failed(extra).contains("alarm `a` watches Security/root (Who=Root) and not Security/root"));
    let dimensioned = |filter: &mut MetricFilter| {
        filter.metrics[0].dimensions = BTreeMap::from([("Who".into(), "$.userIdentity.type".into())]);
    };
    assert!(
        failed(filtering(dimensioned)).contains("alarm `a` watches Security/root and not Security/root (Who=Root)")
    );
    let both = root(with(dimensioned, |watch| {
        watch.queries = vec![Query::Metric(query(metric("Security", "root", &[("Who", "Root")])))];
    }));
    passed(both);
    let lacking = filtering(|filter| {
        filter.metrics[0].dimensions = BTreeMap::from([("Who".into(), "$.userIdentity.invokedBy".into())]);
    });
    assert!(failed(lacking).contains("has a dimension that is not in a call as root"));
    let other_account = querying(|query| query.account = Present("210987654321".into()));
    assert!(failed(other_account).contains("no alarm watches metric Security/root"));
}

#[test]
fn metric_math_is_followed_through_sums_in_which_silence_counts_as_zero() {
    let through = |text: &str| {
        watching(|watch| {
            let part = |id: &str, name: &str| {
                Query::Metric(MetricQuery {
                    id: id.into(),
                    compared: Present(Switch::Off),
                    ..query(metric("Security", name, &[]))
                })
            };
            let sum =
                Query::Expression { id: "e".into(), text: text.into(), period: Absent, compared: Present(Switch::On) };
            watch.queries = vec![part("m1", "root"), part("m2", "other"), sum];
        })
    };
    passed(through("SUM(METRICS())"));
    passed(through("FILL(m1, 0) + FILL(m2, 0)"));
    let text = undecided(through("m1 + m2"));
    assert!(text.contains("alarm `a` watches `m1 + m2`, an expression that tap-audit does not evaluate"), "{text}");
    undecided(through("m1 * 0"));
}

#[test]
fn composite_log_and_insights_alarms_count_only_where_they_are_declared() {
    let declared = "category_alarms = { root-usage = ['a'] }";
    let log =
        || account(vec![filter("root", ROOT_PATTERN)], vec![Definition { watched: Watched::Logs, ..on("root", "a") }]);
    assert!(failed(root(log())).contains("no alarm watches metric Security/root"));
    let text = passed(only("root-usage", declared, log()));
    assert!(
        text.starts_with("root-usage: alarm `a` is declared for it | what alarm `a` watches is taken at the word"),
        "{text}"
    );
    let text = failed(only("root-usage", "category_alarms = { root-usage = ['gone'] }", log()));
    assert!(text.contains("alarm `gone`, which is declared for it, does not exist"), "{text}");
    failed(only("root-usage", "category_alarms = { root-usage = [] }", log()));
    let half = "category_alarms = { root-usage = ['a', 'gone'] }";
    failed(only("root-usage", half, log()));
}

#[test]
fn without_a_trail_that_feeds_a_group_here_no_filter_sees_anything() {
    let fed_by = |change: fn(&mut Trail)| {
        let mut account = covered();
        let mut trail = trail("audit");
        change(&mut trail);
        account.trails = seen(vec![trail]);
        root(account)
    };
    let none = fed_by(|trail| trail.log_group = Absent);
    assert_eq!(
        failed(none),
        "root-usage: trail audit feeds no log group, so that no metric filter sees a call as root, a sign-in as root"
    );
    let foreign =
        fed_by(|trail| trail.log_group = Present("arn:aws:logs:us-east-2:210987654321:log-group:trail:*".into()));
    assert!(
        failed(foreign).contains("feeds a log group of account 210987654321, on which no filter is seen from here")
    );
    let abroad =
        fed_by(|trail| trail.log_group = Present("arn:aws:logs:eu-west-1:123456789012:log-group:trail:*".into()));
    assert!(failed(abroad).contains("feeds a log group in eu-west-1"));
    assert!(undecided(fed_by(|trail| trail.log_group = Present("trail".into()))).contains("is no ARN of a log group"));
    assert_eq!(undecided(fed_by(|trail| trail.log_group = Unknown(denial()))), denial().to_string());
    let mut account = covered();
    account.trails = seen(Vec::new());
    assert!(failed(root(account)).contains("there is no audit trail, see cloudtrail-logging-enabled"));
}

#[test]
fn a_pattern_that_is_not_evaluated_leaves_the_category_open_unless_another_filter_covers_it() {
    let regex = || filter("regex", "{ $.userIdentity.type = %Ro+t% }");
    let text = undecided(root(account(vec![regex()], vec![on("regex", "a")])));
    assert!(text.starts_with("filter `regex`: its pattern uses a regular expression"), "{text}");
    let both = account(vec![regex(), filter("root", ROOT_PATTERN)], vec![on("regex", "a"), on("root", "b")]);
    passed(root(both));
    // Whatever it takes, nobody hears of it.
    failed(root(account(vec![regex()], Vec::new())));
    let beyond = filtering(|filter| filter.beyond_pattern = vec!["applyOnTransformedLogs".into()]);
    assert!(undecided(beyond).contains("it is under applyOnTransformedLogs, which tap-audit does not evaluate"));
    assert!(undecided(pattern("root-usage", "{ $.a = ")).contains("at character"));
}

#[test]
fn what_could_not_be_read_is_an_error_for_what_is_not_covered_otherwise() {
    let broken = |change: fn(&mut Account)| {
        let mut account = covered();
        change(&mut account);
        judge(ID, &with_account(account))
    };
    for judgement in [
        broken(|account| account.trails = denied()),
        broken(|account| account.metric_filters = denied()),
        broken(|account| account.cloudwatch.alarms = denied()),
    ] {
        assert_eq!(undecided(judgement), denial().to_string());
    }
    assert_eq!(undecided(filtering(|filter| filter.pattern = Unknown(denial()))), denial().to_string());
    assert!(undecided(watching(|watch| watch.threshold = Absent)).contains("without Threshold"));
    assert!(undecided(querying(|query| query.statistic = Absent)).contains("without Statistic"));
    // The bus could be another way, and is not needed.
    passed(broken(|account| account.events = eventbridge::View { rules: denied() }));
    let mut bare = account(Vec::new(), Vec::new());
    bare.events = eventbridge::View { rules: denied() };
    let bare = || bare.clone();
    assert_eq!(undecided(only("kms-key-disable-or-deletion", "", bare())), denial().to_string());
    failed(only("kms-key-disable-or-deletion", "accept_eventbridge = false", bare()));
    assert!(undecided(judge_with(ID, "required_categories = []", &with_account(bare()))).contains("is empty"));
}

mod by_bus {
    use super::*;

    fn keys() -> serde_json::Value {
        json!({
            "source": ["aws.kms"],
            "detail-type": ["AWS API Call via CloudTrail"],
            "detail": {"eventName": ["DisableKey", "ScheduleKeyDeletion"]},
        })
    }

    fn with(rule: Rule) -> Account {
        let mut account = account(Vec::new(), Vec::new());
        account.events = eventbridge::View { rules: seen(vec![rule]) };
        account
    }

    fn rule(pattern: serde_json::Value) -> Rule {
        eventbridge::fixture::rule("bus", pattern)
    }

    fn judged(rule: Rule) -> Judgement {
        only("kms-key-disable-or-deletion", "", with(rule))
    }

    #[test]
    fn a_rule_that_takes_the_events_to_a_topic_stands_in() {
        let text = passed(judged(rule(keys())));
        assert!(
            text.starts_with(
                "kms-key-disable-or-deletion: DisableKey, ScheduleKeyDeletion by rule `bus` of the default event bus and topic arn:aws:sns:us-east-2:123456789012:alerts | rule `bus` stands in"
            ),
            "{text}"
        );
        failed(only("kms-key-disable-or-deletion", "accept_eventbridge = false", with(rule(keys()))));
        let one = json!({"source": ["aws.kms"], "detail": {"eventName": ["DisableKey"]}});
        assert!(failed(judged(rule(one))).contains("takes ScheduleKeyDeletion |"));
        failed(judged(rule(json!({"source": [{"prefix": "aws."}]}))));
    }

    #[test]
    fn a_rule_that_is_disabled_or_leads_to_no_topic_does_not() {
        let disabled = Rule { state: Present(RuleState::Disabled), ..rule(keys()) };
        assert!(failed(judged(disabled)).contains("rule `bus` is disabled"));
        let handing = |targets: Vec<Target>| judged(Rule { targets: seen(targets), ..rule(keys()) });
        assert!(failed(handing(Vec::new())).contains("rule `bus` has no target"));
        let elsewhere = handing(vec![eventbridge::fixture::target("arn:aws:lambda:us-east-2:123456789012:function:f")]);
        assert!(undecided(elsewhere).contains("function:f, which is no topic and is not followed"));
        assert!(undecided(judged(Rule { targets: denied(), ..rule(keys()) })).starts_with("rule `bus`: "));
        let newer = json!({"source": ["aws.kms"], "detail": {"eventName": [{"newer": "x"}]}});
        assert!(undecided(judged(rule(newer))).starts_with("rule `bus`: "));
    }

    #[test]
    fn events_of_iam_root_and_a_trail_from_elsewhere_do_not_come_to_the_bus() {
        let iam = || rule(json!({"source": ["aws.iam"]}));
        failed(only("iam-policy-change", "", with(iam())));
        let leading = |category: &str, account: Account| {
            let mut evidence = with_account(account);
            evidence.run.region = "us-east-1".into();
            judge_with(ID, &format!("required_categories = ['{category}']"), &evidence)
        };
        passed(leading("iam-policy-change", with(iam())));
        let of_root = json!({"detail": {"userIdentity": {"type": ["Root"]}}});
        passed(leading("root-usage", with(rule(of_root.clone()))));
        failed(only("root-usage", "", with(rule(of_root))));

        let tampering = || with(rule(json!({"source": ["aws.cloudtrail"]})));
        passed(only("audit-log-tampering", "", tampering()));
        let mut abroad = tampering();
        abroad.trails = seen(vec![Trail { home_region: Present("eu-west-1".into()), ..trail("audit") }]);
        failed(only("audit-log-tampering", "", abroad));
        let mut none = tampering();
        none.trails = seen(Vec::new());
        failed(only("audit-log-tampering", "", none));
    }

    #[test]
    fn denied_reads_are_remarked_on() {
        let errors = json!({"detail": {"errorCode": ["AccessDenied", "Client.UnauthorizedOperation"]}});
        let text = passed(only("unauthorized-api-calls", "", with(rule(errors))));
        assert!(text.contains("calls that only read come to the bus only where"), "{text}");
    }

    #[test]
    fn part_of_the_events_may_go_by_a_filter_and_part_by_a_rule() {
        let one = json!({"source": ["aws.kms"], "detail": {"eventName": ["DisableKey"]}});
        let mut both = with(rule(one));
        both.metric_filters = seen(vec![filter("gone", "{ $.eventName = ScheduleKeyDeletion }")]);
        both.cloudwatch = view(vec![on("gone", "a")]);
        passed(only("kms-key-disable-or-deletion", "", both));
    }
}
