use super::super::Group;
use super::super::fixture::{cache, delivery as to, member, of, serverless, text, with};
use super::*;
use crate::fixture::*;
use crate::observed::Observed::{Absent, Present, Unknown};

const ID: &str = "redis-log-delivery";

fn with_logs(logs: Vec<LogDelivery>) -> Judgement {
    judge(ID, &of(with(|group| group.logs = Present(logs))))
}

fn to_logs(kind: LogKind, status: DeliveryStatus) -> LogDelivery {
    to(kind, Destination::CloudwatchLogs, status)
}

#[test]
fn either_log_that_arrives_passes_and_says_that_it_is_no_log_of_every_command() {
    assert_eq!(
        passed(judge(ID, &of(cache()))),
        "engine-log goes to the log group /sessions; it is no log of every command"
    );
    let slow = passed(with_logs(vec![to_logs(LogKind::SlowLog, DeliveryStatus::Active)]));
    assert!(slow.contains("| slow-log entries hold the arguments of commands"));
    let beside =
        vec![to_logs(LogKind::SlowLog, DeliveryStatus::Error), to_logs(LogKind::EngineLog, DeliveryStatus::Active)];
    passed(with_logs(beside));
}

#[test]
fn no_log_an_error_and_firehose_alone_fail() {
    assert_eq!(failed(with_logs(Vec::new())), "no log is delivered");
    let error = failed(with_logs(vec![to_logs(LogKind::SlowLog, DeliveryStatus::Error)]));
    assert_eq!(error, "slow-log cannot be delivered (status error)");
    let firehose = to(LogKind::EngineLog, Destination::KinesisFirehose, DeliveryStatus::Active);
    assert!(failed(with_logs(vec![firehose])).contains("Kinesis Data Firehose"));
}

#[test]
fn a_delivery_that_changes_is_undecided() {
    for status in [DeliveryStatus::Enabling, DeliveryStatus::Modifying, DeliveryStatus::Disabling] {
        assert!(undecided(with_logs(vec![to_logs(LogKind::SlowLog, status)])).contains("it is changing"));
    }
    let pending = with(|group: &mut Group| group.pending = Present([Change::Logs].into()));
    assert!(undecided(judge(ID, &of(pending))).contains("a change of log delivery is pending"));
}

#[test]
fn a_serverless_cache_and_a_redis_before_the_first_with_logs_have_none_to_deliver() {
    assert_eq!(not_applicable(judge(ID, &of(serverless(|_| {})))), "a serverless cache delivers no logs");
    let of_version = |version: &str| {
        let mut old = with(|group| group.logs = Present(Vec::new()));
        let mut member = member("sessions-001", "us-east-2a");
        member.engine = Present(Engine::Redis);
        member.engine_version = text(version);
        old.members = seen(vec![member]);
        judge(ID, &of(old))
    };
    assert!(not_applicable(of_version("5.0.6")).starts_with("Redis 5.0.6 has no log"));
    failed(of_version("6.0.5"));
    assert!(undecided(of_version("next")).contains("`next`"));
}

#[test]
fn what_is_missing_or_unread_is_undecided() {
    assert!(undecided(judge(ID, &of(with(|group| group.logs = Absent)))).contains("LogDeliveryConfigurations"));
    let mut unknown = to_logs(LogKind::EngineLog, DeliveryStatus::Active);
    unknown.status = Unknown(denial());
    assert_eq!(with_logs(vec![unknown]), Err(denial()));
    let unread = Cache { members: denied(), ..with(|group| group.logs = Present(Vec::new())) };
    assert_eq!(judge(ID, &of(unread)), Err(denial()));
}
