//! The builders of a conforming function, and the tests of the checks that read one attribute.

use super::*;
use crate::evidence::Evidence;
use crate::fixture::{
    self, ACCOUNT, denial, denied, failed, judge, judge_with, not_set, passed, seen, subject, undecided,
};
use crate::outputs::{Output, Resolved};
use crate::subject::Resource;
use crate::verdict::Weight;

/// A configuration that meets every requirement.
pub(super) fn configuration() -> Configuration {
    Configuration {
        arn: Observed::Present(format!("arn:aws:lambda:us-east-2:{ACCOUNT}:function:processor")),
        name: Observed::Present("processor".into()),
        state: Observed::Present(State::Active),
        state_reason: Observed::Absent,
        last_update: Observed::Present(LastUpdate::Successful),
        last_update_reason: Observed::Absent,
        role: Observed::Present(format!("arn:aws:iam::{ACCOUNT}:role/processor")),
        memory_mb: Observed::Present(1024),
        timeout_s: Observed::Present(300),
        runtime: Observed::Present("python3.11".into()),
        package: Observed::Present(Package::Zip),
        kms_key: Observed::Present("alias/patient-data".into()),
        environment: Observed::Present(Environment::Readable(vec![Variable {
            name: "DB_HOST".into(),
            length: LengthClass::Medium,
            value: ValueLook::Literal,
            published_default: seen(PublishedDefault::No),
        }])),
        vpc: Observed::Absent,
        log_group: Observed::Absent,
        dead_letter: Observed::Absent,
    }
}

/// A function that meets every requirement but has no place for failed events.
pub(super) fn function() -> Function {
    Function {
        configuration: seen(configuration()),
        qualified: BTreeMap::new(),
        reserved_concurrency: seen(10),
        urls: seen(Vec::new()),
        event_invoke: BTreeMap::from([(LATEST.to_owned(), not_set())]),
        s3_endpoints: not_set(),
        route_tables: not_set(),
        recent_invocations: not_set(),
        policies: [(LATEST.to_owned(), not_set())].into(),
        tags: not_set(),
    }
}

/// The function as a subject of the stack.
pub(super) fn of(function: Function) -> Subject {
    let mut subject = subject(Kind::Function, "processor", Resource::Function(Box::new(function)));
    subject.logical_id = Some("Processor".into());
    subject
}

/// Evidence of this function and nothing else.
pub(super) fn only(function: Function) -> Evidence {
    fixture::evidence(vec![of(function)])
}

/// Evidence of a function with this configuration.
pub(super) fn with(configuration: Configuration) -> Evidence {
    only(Function { configuration: seen(configuration), ..function() })
}

/// Evidence of a function that works.
pub(super) fn active() -> Evidence {
    only(function())
}

/// A good function whose version 7, which S3 invokes, has this configuration.
pub(super) fn version(configuration: Configuration) -> Function {
    Function { qualified: BTreeMap::from([("7".to_owned(), seen(configuration))]), ..function() }
}

/// An output that names a resource of this kind.
pub(super) fn output(key: &str, kind: Kind, id: &str) -> Output {
    Output {
        key: key.into(),
        value: id.into(),
        secret: None,
        resolved: Some(Resolved {
            kind: kind.name().into(),
            id: id.into(),
            arn: None,
            region: None,
            account: None,
            by: "the key".into(),
        }),
        reason: None,
        live: not_set(),
    }
}

/// An output that was not resolved.
pub(super) fn unresolved(key: &str) -> Output {
    Output { resolved: None, reason: Some("no shape fits".into()), ..output(key, Kind::LogGroup, "?") }
}

/// The outputs file as a subject.
pub(super) fn outputs(entries: Vec<Output>) -> Subject {
    subject(Kind::Outputs, "flat-outputs.json", Resource::Outputs(Outputs { entries, live: not_set() }))
}

#[test]
fn evidence_of_which_nothing_was_seen_is_an_error_for_every_check() {
    let gap = Gap::undecided("nothing was seen");
    for check in checks() {
        let unseen = only(Function::unknown(&gap));
        assert_eq!(judge(check.id, &unseen), Err(gap.clone()), "{}", check.id);
    }
}

#[test]
fn an_unreadable_version_that_s3_invokes_is_an_error_beside_a_good_latest() {
    for check in ["lambda-function-active", "lambda-memory-1024", "lambda-timeout-300", "lambda-runtime-supported"] {
        let function = Function { qualified: BTreeMap::from([("7".to_owned(), denied())]), ..function() };
        assert_eq!(undecided(judge(check, &only(function))), denial().to_string(), "{check}");
    }
}

mod function_active {
    use super::*;

    const ID: &str = "lambda-function-active";

    fn in_state(state: State, reason: Observed<String>) -> Evidence {
        with(Configuration { state: Observed::Present(state), state_reason: reason, ..configuration() })
    }

    fn updated(last_update: LastUpdate, reason: Observed<String>) -> Evidence {
        with(Configuration {
            last_update: Observed::Present(last_update),
            last_update_reason: reason,
            ..configuration()
        })
    }

    #[test]
    fn an_active_function_with_a_successful_update_passes() {
        assert_eq!(passed(judge(ID, &active())), "state is Active; last update is Successful");
    }

    #[test]
    fn an_idle_function_passes_because_the_next_invoke_wakes_it() {
        assert_eq!(
            passed(judge(ID, &in_state(State::Inactive, Observed::Present("Idle".into())))),
            "state is Inactive (Idle); last update is Successful | Lambda reclaimed it after a long time without work; the next invoke wakes it"
        );
    }

    #[test]
    fn a_function_inactive_for_another_reason_fails_and_for_none_is_an_error() {
        assert_eq!(
            failed(judge(ID, &in_state(State::Inactive, Observed::Present("InvalidSubnet".into())))),
            "state is Inactive (InvalidSubnet)"
        );
        assert!(undecided(judge(ID, &in_state(State::Inactive, Observed::Absent))).contains("without StateReasonCode"));
    }

    #[test]
    fn a_broken_function_fails_with_the_reason_code() {
        for state in [State::Failed, State::Deactivated, State::ActiveNonInvocable] {
            assert_eq!(
                failed(judge(ID, &in_state(state, Observed::Present("DisabledKMSKey".into())))),
                format!("state is {} (DisabledKMSKey)", state.name())
            );
        }
        assert_eq!(
            failed(judge(ID, &in_state(State::Failed, Observed::Unknown(denial())))),
            "state is Failed (reason code not read)"
        );
    }

    #[test]
    fn a_failed_update_fails_with_the_reason_code() {
        assert_eq!(
            failed(judge(ID, &updated(LastUpdate::Failed, Observed::Present("KMSKeyAccessDenied".into())))),
            "last update is Failed (KMSKeyAccessDenied)"
        );
        assert_eq!(
            failed(judge(ID, &updated(LastUpdate::Failed, Observed::Absent))),
            "last update is Failed (no reason code)"
        );
    }

    #[test]
    fn a_function_in_flux_is_an_error() {
        for state in [State::Pending, State::Deactivating, State::Deleting] {
            let text = undecided(judge(ID, &in_state(state, Observed::Absent)));
            assert!(text.starts_with(&format!("the function's state is {}: it is changing", state.name())), "{text}");
        }
        let text = undecided(judge(ID, &updated(LastUpdate::InProgress, Observed::Absent)));
        assert!(text.starts_with("the function's last update is InProgress: it is changing"), "{text}");
    }

    #[test]
    fn a_missing_state_or_update_is_an_error() {
        let stateless = Configuration { state: Observed::Absent, ..configuration() };
        assert!(undecided(judge(ID, &with(stateless))).starts_with("GetFunctionConfiguration answered without State,"));
        let stateless = Configuration { last_update: Observed::Absent, ..configuration() };
        assert!(undecided(judge(ID, &with(stateless))).contains("without LastUpdateStatus"));
    }

    #[test]
    fn a_state_that_is_new_to_this_version_is_an_error() {
        let gap =
            Gap::Unrecognised { operation: CONFIGURATION.into(), field: "State".into(), token: "Hibernating".into() };
        let unknown = Configuration { state: Observed::Unknown(gap), ..configuration() };
        assert!(undecided(judge(ID, &with(unknown))).contains("`Hibernating` in State"));
    }

    #[test]
    fn the_version_that_s3_invokes_decides_when_it_is_worse() {
        let failed_version = Configuration { state: Observed::Present(State::Failed), ..configuration() };
        assert_eq!(failed(judge(ID, &only(version(failed_version)))), "qualifier 7: state is Failed (no reason code)");
    }
}

mod memory {
    use super::*;

    const ID: &str = "lambda-memory-1024";

    fn megabytes(memory_mb: i32) -> Configuration {
        Configuration { memory_mb: Observed::Present(memory_mb), ..configuration() }
    }

    #[test]
    fn exactly_the_agreed_memory_passes_and_any_other_fails() {
        assert_eq!(passed(judge(ID, &active())), "memory is 1024 MB");
        assert_eq!(failed(judge(ID, &with(megabytes(1023)))), "memory is 1023 MB");
        assert_eq!(failed(judge(ID, &with(megabytes(1025)))), "memory is 1025 MB");
    }

    #[test]
    fn in_the_at_least_mode_more_memory_passes_too() {
        let mode = r#"mode = "at-least""#;
        assert_eq!(passed(judge_with(ID, mode, &with(megabytes(2048)))), "memory is 2048 MB");
        assert_eq!(passed(judge_with(ID, mode, &active())), "memory is 1024 MB");
        let short = judge_with(ID, mode, &with(megabytes(1023)));
        assert_eq!(short, Ok(Verdict::not_satisfied("memory is 1023 MB", "at least 1024 MB")));
    }

    #[test]
    fn a_missing_or_unreadable_memory_is_an_error() {
        let missing = Configuration { memory_mb: Observed::Absent, ..configuration() };
        assert!(
            undecided(judge(ID, &with(missing))).starts_with("GetFunctionConfiguration answered without MemorySize")
        );
        let unread = Configuration { memory_mb: Observed::Unknown(denial()), ..configuration() };
        assert_eq!(undecided(judge(ID, &with(unread))), denial().to_string());
    }

    #[test]
    fn a_smaller_version_fails_beside_a_good_latest() {
        let judged = judge(ID, &only(version(megabytes(128))));
        assert_eq!(judged, Ok(Verdict::not_satisfied("qualifier 7: memory is 128 MB", "1024 MB")));
    }

    #[test]
    fn a_good_version_is_named_beside_the_good_latest() {
        assert_eq!(
            passed(judge(ID, &only(version(configuration())))),
            "memory is 1024 MB; qualifier 7: memory is 1024 MB"
        );
    }
}

mod timeout {
    use super::*;

    const ID: &str = "lambda-timeout-300";

    fn seconds(timeout_s: i32) -> Evidence {
        with(Configuration { timeout_s: Observed::Present(timeout_s), ..configuration() })
    }

    #[test]
    fn a_limit_within_the_range_passes_at_both_ends() {
        assert_eq!(passed(judge(ID, &seconds(300))), "timeout is 300 s");
        assert_eq!(passed(judge(ID, &seconds(30))), "timeout is 30 s");
    }

    #[test]
    fn a_limit_outside_the_range_fails() {
        let expected = "between 30 s and 300 s";
        assert_eq!(judge(ID, &seconds(301)), Ok(Verdict::not_satisfied("timeout is 301 s", expected)));
        assert_eq!(judge(ID, &seconds(29)), Ok(Verdict::not_satisfied("timeout is 29 s", expected)));
    }

    #[test]
    fn in_the_exact_mode_a_shorter_limit_fails() {
        let mode = r#"mode = "exact""#;
        assert_eq!(passed(judge_with(ID, mode, &seconds(300))), "timeout is 300 s");
        assert_eq!(failed(judge_with(ID, mode, &seconds(299))), "timeout is 299 s");
    }

    #[test]
    fn a_missing_limit_is_an_error() {
        let missing = Configuration { timeout_s: Observed::Absent, ..configuration() };
        assert!(undecided(judge(ID, &with(missing))).contains("without Timeout"));
    }
}

mod concurrency {
    use super::*;

    const ID: &str = "lambda-reserved-concurrency-set";

    fn reserved(reserved_concurrency: Seen<i32>) -> Evidence {
        only(Function { reserved_concurrency, ..function() })
    }

    #[test]
    fn a_reservation_passes_and_another_number_than_the_templates_is_a_remark() {
        assert_eq!(passed(judge(ID, &active())), "reserved concurrency is 10");
        assert_eq!(passed(judge(ID, &reserved(seen(1)))), "reserved concurrency is 1 | the templates reserve 10");
    }

    #[test]
    fn no_reservation_fails_with_the_account_s_floor_as_a_remark() {
        assert_eq!(
            failed(judge(ID, &reserved(not_set()))),
            "no concurrency is reserved | Lambda keeps 100 executions of the account unreserved: a small account needs a higher quota first"
        );
    }

    #[test]
    fn zero_is_not_a_reservation_and_says_so() {
        assert_eq!(
            failed(judge(ID, &reserved(seen(0)))),
            "reserved concurrency is 0: the function is switched off, every invoke is throttled"
        );
    }

    #[test]
    fn a_reservation_below_the_minimum_fails() {
        assert_eq!(failed(judge_with(ID, "min = 5", &reserved(seen(4)))), "reserved concurrency is 4");
        assert_eq!(passed(judge_with(ID, "min = 5\nexpected = 5", &reserved(seen(5)))), "reserved concurrency is 5");
    }

    #[test]
    fn a_denied_call_is_an_error_not_a_missing_reservation() {
        assert_eq!(undecided(judge(ID, &reserved(denied()))), denial().to_string());
    }
}

mod public_url {
    use super::*;

    const ID: &str = "lambda-no-public-url";

    fn url(arn: &str, auth: Observed<UrlAuth>) -> FunctionUrl {
        FunctionUrl { function_arn: arn.into(), auth, allowed_origins: Vec::new() }
    }

    fn urls(urls: Vec<FunctionUrl>) -> Evidence {
        only(Function { urls: seen(urls), ..function() })
    }

    #[test]
    fn a_function_without_a_url_passes() {
        assert_eq!(passed(judge(ID, &active())), "the function has no URL");
    }

    #[test]
    fn urls_that_ask_for_authentication_pass() {
        let iam = url("arn:f", Observed::Present(UrlAuth::AwsIam));
        assert_eq!(passed(judge(ID, &urls(vec![iam]))), "the URL of arn:f asks for IAM authentication");
    }

    #[test]
    fn one_open_url_of_an_alias_fails_beside_a_closed_one_and_an_unreadable_one() {
        let mut open = url("arn:f:live", Observed::Present(UrlAuth::None));
        open.allowed_origins = vec!["*".into()];
        let all =
            vec![url("arn:f", Observed::Present(UrlAuth::AwsIam)), url("arn:f:x", Observed::Unknown(denial())), open];
        assert_eq!(
            failed(judge(ID, &urls(all))),
            format!(
                "the URL of arn:f:live asks for no authentication | pages of * may call it from a browser; not all was readable: {}",
                denial()
            )
        );
    }

    #[test]
    fn a_url_without_a_known_authentication_is_an_error() {
        assert!(undecided(judge(ID, &urls(vec![url("arn:f", Observed::Absent)]))).contains("without AuthType"));
        assert_eq!(undecided(judge(ID, &urls(vec![url("arn:f", Observed::Unknown(denial()))]))), denial().to_string());
    }

    #[test]
    fn an_unreadable_list_is_an_error() {
        let evidence = only(Function { urls: denied(), ..function() });
        assert_eq!(undecided(judge(ID, &evidence)), denial().to_string());
    }
}

mod audited_group {
    use super::*;
    use crate::cloudformation::{Member, Stack};
    use crate::logs::LogGroup;

    const ID: &str = "lambda-logs-to-audited-group";
    const DEFAULT: &str = "/aws/lambda/processor";

    fn group(name: &str, existence: Seen<Existence>) -> Subject {
        let unknown = LogGroup::unknown(&Gap::undecided("not asked"));
        let mut subject = subject(Kind::LogGroup, name, Resource::LogGroup(Box::new(unknown)));
        subject.existence = existence;
        subject
    }

    fn in_stack(mut subject: Subject) -> Subject {
        subject.stack = Some("TapStack".into());
        subject
    }

    fn exists() -> Seen<Existence> {
        seen(Existence::Exists)
    }

    fn stack(members: Seen<Vec<Member>>) -> Subject {
        let stack = Stack { members, ..Stack::unknown(&Gap::undecided("not asked")) };
        subject(Kind::Stack, "TapStack", Resource::Stack(Box::new(stack)))
    }

    fn member(name: &str) -> Member {
        Member {
            stack: "TapStack".into(),
            logical_id: "Logs".into(),
            physical_id: Observed::Present(name.into()),
            kind: Kind::LogGroup.name().into(),
            status: "CREATE_COMPLETE".into(),
            drift: Observed::Absent,
        }
    }

    fn named(name: &str) -> Subject {
        outputs(vec![output("LogGroupName", Kind::LogGroup, name)])
    }

    fn beside(others: Vec<Subject>) -> Evidence {
        let mut subjects = vec![of(function())];
        subjects.extend(others);
        fixture::evidence(subjects)
    }

    fn configured(log_group: &str) -> Subject {
        let configuration = Configuration { log_group: Observed::Present(log_group.into()), ..configuration() };
        of(Function { configuration: seen(configuration), ..function() })
    }

    #[test]
    fn the_default_group_passes_when_the_output_names_it_and_it_exists() {
        assert_eq!(
            passed(judge(ID, &beside(vec![named(DEFAULT), group(DEFAULT, exists())]))),
            "the function writes to log group /aws/lambda/processor, the group of the outputs"
        );
    }

    #[test]
    fn a_configured_group_passes_when_the_stack_has_it() {
        let evidence =
            fixture::evidence(vec![configured("/phi/processor"), in_stack(group("/phi/processor", exists()))]);
        assert_eq!(
            passed(judge(ID, &evidence)),
            "the function writes to log group /phi/processor, the group of the stack"
        );
    }

    #[test]
    fn the_stack_s_listing_names_the_group_too() {
        let evidence = beside(vec![stack(seen(vec![member(DEFAULT)])), group(DEFAULT, exists())]);
        assert!(passed(judge(ID, &evidence)).ends_with("the group of the stack"));
    }

    #[test]
    fn writing_to_another_group_fails() {
        let evidence = fixture::evidence(vec![configured("/other"), named(DEFAULT), group(DEFAULT, exists())]);
        assert_eq!(
            judge(ID, &evidence),
            Ok(Verdict::not_satisfied(
                "the function writes to log group /other",
                "the log group of the outputs: /aws/lambda/processor"
            ))
        );
    }

    #[test]
    fn a_missing_group_fails() {
        assert_eq!(
            failed(judge(ID, &beside(vec![named(DEFAULT), group(DEFAULT, seen(Existence::Missing))]))),
            "the function writes to log group /aws/lambda/processor, which does not exist | nothing was ever logged there, or the group was deleted"
        );
    }

    #[test]
    fn a_version_that_writes_elsewhere_fails() {
        let elsewhere = Configuration { log_group: Observed::Present("/old".into()), ..configuration() };
        let evidence = fixture::evidence(vec![of(version(elsewhere)), named(DEFAULT), group(DEFAULT, exists())]);
        assert_eq!(failed(judge(ID, &evidence)), "qualifier 7: the function writes to log group /old");
    }

    #[test]
    fn an_unreadable_group_is_an_error() {
        assert_eq!(undecided(judge(ID, &beside(vec![named(DEFAULT), group(DEFAULT, denied())]))), denial().to_string());
        assert_eq!(
            undecided(judge(ID, &beside(vec![named(DEFAULT)]))),
            "log group /aws/lambda/processor was not looked for, so it is not known whether it exists"
        );
    }

    #[test]
    fn without_any_named_group_the_existing_default_group_passes_with_a_remark() {
        let evidence = beside(vec![outputs(Vec::new()), stack(seen(Vec::new())), group(DEFAULT, exists())]);
        assert_eq!(
            passed(judge(ID, &evidence)),
            "the function writes to log group /aws/lambda/processor | neither an output nor the stack names a log group; the function's default group was taken"
        );
    }

    #[test]
    fn without_any_named_group_nothing_else_is_decided() {
        let text = "no audited log group is known: neither an output nor the stack names one";
        let missing = beside(vec![group(DEFAULT, seen(Existence::Missing))]);
        assert!(undecided(judge(ID, &missing)).starts_with(text));
        let custom = fixture::evidence(vec![configured("/custom"), group("/custom", exists())]);
        assert!(undecided(judge(ID, &custom)).starts_with(text));
    }

    #[test]
    fn an_unread_listing_cannot_show_that_the_stack_names_no_group() {
        let evidence = beside(vec![stack(denied()), group(DEFAULT, exists())]);
        assert_eq!(undecided(judge(ID, &evidence)), denial().to_string());
    }

    #[test]
    fn an_output_that_should_name_the_group_and_was_not_resolved_is_an_error() {
        let evidence = beside(vec![outputs(vec![unresolved("LambdaLogGroupName")]), group(DEFAULT, exists())]);
        assert_eq!(
            undecided(judge(ID, &evidence)),
            "depends on stack-outputs-resolve-live: output `LambdaLogGroupName`, which should name the log group, was not resolved"
        );
    }
}

mod failure {
    use super::*;
    use crate::s3::{Bucket, FunctionNotification, Notifications, Switch};

    const ID: &str = "lambda-failure-destination";
    const NONE: &str = "no dead-letter target and no destination for failures: after 2 retries a failed event is gone";
    const REMARK: &str = "the target itself was not read; failed events carry object keys, which may name patients";

    fn invoke(on_failure: Observed<String>, maximum_retries: Observed<i32>) -> Seen<EventInvoke> {
        seen(EventInvoke { on_failure, maximum_retries })
    }

    fn latest(event_invoke: Seen<EventInvoke>) -> Function {
        Function { event_invoke: BTreeMap::from([(LATEST.to_owned(), event_invoke)]), ..function() }
    }

    fn dead_letter(dead_letter: Observed<String>) -> Function {
        Function { configuration: seen(Configuration { dead_letter, ..configuration() }), ..function() }
    }

    #[test]
    fn a_dead_letter_target_or_a_destination_passes() {
        assert_eq!(
            passed(judge(ID, &only(dead_letter(Observed::Present("arn:q".into()))))),
            format!("failed events go to the dead-letter target arn:q | {REMARK}")
        );
        assert_eq!(
            passed(judge(ID, &only(latest(invoke(Observed::Present("arn:d".into()), Observed::Absent))))),
            format!("failed events go to the destination arn:d | {REMARK}")
        );
    }

    #[test]
    fn neither_fails_and_counts_only_in_the_require_mode() {
        let expected = "a dead-letter target or a destination for failures";
        let verdict = Verdict::not_satisfied(NONE, expected);
        assert_eq!(judge(ID, &active()), Ok(verdict.clone().as_advice()));
        assert_eq!(judge_with(ID, r#"mode = "require""#, &active()), Ok(verdict));
    }

    #[test]
    fn empty_targets_are_none() {
        let function = Function {
            event_invoke: BTreeMap::from([(
                LATEST.to_owned(),
                invoke(Observed::Present(String::new()), Observed::Present(0)),
            )]),
            ..dead_letter(Observed::Present(" ".into()))
        };
        assert!(failed(judge(ID, &only(function))).contains("after 0 retries"));
    }

    #[test]
    fn the_number_of_retries_is_told_as_far_as_it_is_known() {
        let once = latest(invoke(Observed::Absent, Observed::Present(1)));
        assert!(failed(judge(ID, &only(once))).contains("after 1 retry a"));
        let unread = latest(invoke(Observed::Absent, Observed::Unknown(denial())));
        assert!(failed(judge(ID, &only(unread))).contains("after its retries a"));
    }

    #[test]
    fn nothing_is_missing_before_both_places_were_read() {
        assert_eq!(undecided(judge(ID, &only(latest(denied())))), denial().to_string());
        let unread = dead_letter(Observed::Unknown(denial()));
        assert_eq!(undecided(judge(ID, &only(unread))), denial().to_string());
    }

    #[test]
    fn one_readable_place_is_enough_to_pass() {
        let function = Function {
            event_invoke: BTreeMap::from([(LATEST.to_owned(), denied())]),
            ..dead_letter(Observed::Present("arn:q".into()))
        };
        assert!(passed(judge(ID, &only(function))).contains("arn:q"));
    }

    #[test]
    fn the_destination_of_the_qualifier_that_s3_invokes_is_what_counts() {
        let function = Function {
            event_invoke: BTreeMap::from([
                (LATEST.to_owned(), invoke(Observed::Present("arn:d".into()), Observed::Absent)),
                ("7".to_owned(), not_set()),
            ]),
            ..version(configuration())
        };
        let judged = judge(ID, &only(function));
        assert!(matches!(&judged, Ok(Verdict::NotSatisfied { weight: Weight::Advice, .. })));
        assert_eq!(failed(judged), format!("qualifier 7: {NONE}"));
    }

    fn bucket(notifications: Seen<Notifications>) -> Subject {
        let bucket = Bucket { notifications, ..Bucket::unknown(&Gap::undecided("not asked")) };
        subject(Kind::Bucket, "records", Resource::Bucket(Box::new(bucket)))
    }

    fn notifying(qualifiers: &[&str]) -> Subject {
        let functions = qualifiers.iter().map(|qualifier| FunctionNotification {
            function_arn: format!("arn:aws:lambda:us-east-2:{ACCOUNT}:function:processor{qualifier}"),
            events: vec!["s3:ObjectCreated:*".into()],
            prefix: String::new(),
            suffix: String::new(),
        });
        bucket(seen(Notifications {
            functions: functions.collect(),
            event_bridge: Switch::Off,
            queues: Vec::new(),
            topics: Vec::new(),
        }))
    }

    fn only_seven_has_a_destination() -> Subject {
        of(Function {
            event_invoke: BTreeMap::from([
                (LATEST.to_owned(), not_set()),
                ("7".to_owned(), invoke(Observed::Present("arn:d".into()), Observed::Absent)),
            ]),
            ..version(configuration())
        })
    }

    #[test]
    fn latest_does_not_count_when_s3_invokes_only_versions() {
        let evidence = fixture::evidence(vec![only_seven_has_a_destination(), notifying(&[":7"])]);
        assert!(passed(judge(ID, &evidence)).starts_with("qualifier 7: failed events go to the destination arn:d"));
    }

    #[test]
    fn latest_counts_when_s3_invokes_it_or_may_invoke_it() {
        for buckets in [vec![notifying(&[":7", ""])], vec![notifying(&[":7"]), bucket(denied())]] {
            let mut subjects = vec![only_seven_has_a_destination()];
            subjects.extend(buckets);
            assert_eq!(failed(judge(ID, &fixture::evidence(subjects))), NONE);
        }
    }

    #[test]
    fn a_qualifier_that_was_not_asked_about_is_an_error() {
        let function = Function { event_invoke: BTreeMap::new(), ..version(configuration()) };
        assert_eq!(undecided(judge(ID, &only(function))), "failed invokes of 7 were not asked about");
        let nothing = Function { event_invoke: BTreeMap::new(), ..super::function() };
        assert_eq!(undecided(judge(ID, &only(nothing))), "what happens to failed invokes was not asked for");
    }
}
