use super::super::fixture::*;
use super::*;
use crate::evidence::Evidence;
use crate::fixture::*;
use crate::observed::Observed::{Absent, Present};

const ID: &str = "rds-audit-logs-exported";
const WRITES: &str = "require_reads = false";

fn of_engine(engine: Engine, export: &str, list: &[(&str, &str)]) -> Database {
    let mut database = with(|cluster| {
        cluster.engine = Present(engine);
        cluster.log_exports = if export.is_empty() { Absent } else { Present(vec![export.into()]) };
    });
    let list: Vec<_> = list.iter().map(|(name, value)| (*name, *value, Applies::Dynamic)).collect();
    database.parameters = seen(parameters(&list));
    database
}

fn mysql(list: &[(&str, &str)]) -> Evidence {
    of(of_engine(Engine::AuroraMysql, "audit", list))
}

fn postgresql(list: &[(&str, &str)]) -> Evidence {
    of(of_engine(Engine::AuroraPostgresql, "postgresql", list))
}

#[test]
fn aurora_mysql_passes_with_the_audit_log_exported_on_and_holding_queries() {
    for events in ["QUERY", "CONNECT,QUERY_DML", "connect, query"] {
        let text = passed(judge(ID, &mysql(&[(AUDIT_LOGGING, "1"), (AUDIT_EVENTS, events)])));
        assert!(text.starts_with(&format!(
            "the audit log is exported; server_audit_logging is on; server_audit_events is {events} | "
        )));
        assert!(text.contains("has to meet logs-kms-encrypted"), "{text}");
    }
}

#[test]
fn logging_that_is_on_without_events_writes_nothing() {
    let text = failed(judge(ID, &mysql(&[(AUDIT_LOGGING, "ON")])));
    assert!(text.starts_with("server_audit_events is empty, so nothing is written"), "{text}");
    failed(judge_with(ID, WRITES, &mysql(&[(AUDIT_LOGGING, "ON")])));
}

#[test]
fn logging_that_is_off_or_holds_no_reads_fails() {
    assert!(failed(judge(ID, &mysql(&[(AUDIT_LOGGING, "0"), (AUDIT_EVENTS, "QUERY")]))).contains("is 0"));
    assert!(failed(judge(ID, &mysql(&[(AUDIT_EVENTS, "QUERY")]))).contains("is not set, which is off"));
    let connections = mysql(&[(AUDIT_LOGGING, "1"), (AUDIT_EVENTS, "CONNECT,QUERY_DDL")]);
    assert!(failed(judge(ID, &connections)).contains("which leaves out reads"));
    assert!(passed(judge_with(ID, WRITES, &connections)).contains("reads are not logged; require_reads is off"));
}

#[test]
fn a_log_that_is_narrowed_to_some_users_is_noted() {
    let text = passed(judge(ID, &mysql(&[(AUDIT_LOGGING, "1"), (AUDIT_EVENTS, "QUERY"), (AUDIT_EXCLUDED, "app")])));
    assert!(text.contains("server_audit_excl_users narrows the log to some users"), "{text}");
}

#[test]
fn exports_that_are_absent_or_of_another_log_fail() {
    let silent = of(of_engine(Engine::AuroraMysql, "", &[(AUDIT_LOGGING, "1"), (AUDIT_EVENTS, "QUERY")]));
    assert!(failed(judge(ID, &silent)).starts_with("no log is exported"));
    let other = of(of_engine(Engine::AuroraMysql, "slowquery", &[(AUDIT_LOGGING, "1"), (AUDIT_EVENTS, "QUERY")]));
    assert!(failed(judge(ID, &other)).starts_with("the audit log is not exported, only slowquery"));
}

#[test]
fn aurora_postgresql_passes_with_pgaudit_that_writes_reads_and_writes() {
    for classes in ["all", "read, write", "READ,WRITE,DDL", "all,-misc"] {
        let text = passed(judge(ID, &postgresql(&[(PRELOADED, "pg_cron, pgaudit"), (PGAUDIT, classes)])));
        assert!(text.contains(&format!("pgaudit is loaded, and pgaudit.log is {classes}")), "{text}");
        assert!(text.contains("whether CREATE EXTENSION pgaudit was run"), "{text}");
    }
}

#[test]
fn pgaudit_that_is_told_nothing_or_too_little_fails() {
    let silent = postgresql(&[(PRELOADED, "pgaudit")]);
    assert!(failed(judge(ID, &silent)).starts_with("pgaudit.log is not set, so pgaudit writes nothing"));
    for classes in ["ddl", "write", "all,-read", "none", "read"] {
        failed(judge(ID, &postgresql(&[(PRELOADED, "pgaudit"), (PGAUDIT, classes)])));
    }
    let not_loaded = postgresql(&[(PRELOADED, "pgaudit_analyze"), (PGAUDIT, "all")]);
    assert!(failed(judge(ID, &not_loaded)).starts_with("shared_preload_libraries does not hold pgaudit"));
    passed(judge_with(ID, WRITES, &postgresql(&[(PRELOADED, "pgaudit"), (PGAUDIT, "ddl")])));
    let by_role = postgresql(&[(PRELOADED, "pgaudit"), (PGAUDIT_ROLE, "rds_pgaudit")]);
    assert!(failed(judge(ID, &by_role)).contains("pgaudit.role is rds_pgaudit"));
}

#[test]
fn a_member_that_waits_for_a_restart_may_not_have_loaded_pgaudit() {
    let mut waiting = with(|cluster| {
        cluster.members = Present(vec![member("db-1", "in-sync"), member("db-2", "pending-reboot")]);
    });
    assert!(undecided(judge(ID, &of(waiting.clone()))).starts_with("db-2 waits for a restart"));
    waiting.parameters =
        seen(parameters(&[(PRELOADED, "", Applies::Static), (LOG_STATEMENT, "all", Applies::Dynamic)]));
    passed(judge(ID, &of(waiting)));
}

#[test]
fn all_statements_in_the_log_will_do_unless_pgaudit_is_asked_for() {
    let all = postgresql(&[(LOG_STATEMENT, "all")]);
    assert!(passed(judge(ID, &all)).contains("log_statement is all"));
    assert!(failed(judge_with(ID, "require_pgaudit = true", &all)).contains("does not hold pgaudit"));
    for value in ["mod", "ddl", "none"] {
        failed(judge(ID, &postgresql(&[(LOG_STATEMENT, value)])));
    }
    failed(judge(ID, &postgresql(&[(LOG_CONNECTIONS, "1")])));
    passed(judge_with(ID, WRITES, &postgresql(&[(LOG_CONNECTIONS, "1")])));
    passed(judge_with(ID, WRITES, &postgresql(&[(LOG_STATEMENT, "mod")])));
    failed(judge_with(ID, WRITES, &postgresql(&[])));
    assert!(undecided(judge(ID, &postgresql(&[(LOG_STATEMENT, "some")]))).contains("`some`"));
}

fn streaming(state: ActivityStream) -> Evidence {
    let mut database = of_engine(Engine::AuroraPostgresql, "", &[]);
    let Present(mut cluster) = database.cluster.observed().clone() else { unreachable!() };
    cluster.activity_stream = Present(state);
    database.cluster = seen(cluster);
    of(database)
}

#[test]
fn an_activity_stream_will_do_and_one_that_starts_leaves_it_undecided() {
    let text = passed(judge(ID, &streaming(ActivityStream::Started)));
    assert!(text.starts_with("the activity stream is started | it goes to Kinesis"), "{text}");
    assert!(undecided(judge(ID, &streaming(ActivityStream::Starting))).contains("the activity stream is starting"));
    failed(judge(ID, &streaming(ActivityStream::Stopped)));
    failed(judge_with(ID, "require_pgaudit = true", &streaming(ActivityStream::Started)));
}

#[test]
fn an_export_that_is_being_switched_is_undecided() {
    let pending = with(|cluster| cluster.pending_exports = Present(vec!["postgresql".into()]));
    assert!(undecided(judge(ID, &of(pending))).contains("the export of postgresql is being switched"));
}

#[test]
fn parameters_that_could_not_be_read_are_undecided_and_hide_no_missing_export() {
    let mut unread = database();
    unread.parameters = denied();
    assert_eq!(judge(ID, &of(unread)), Err(denial()));
    let mut silent = of_engine(Engine::AuroraPostgresql, "", &[]);
    silent.parameters = denied();
    assert!(failed(judge(ID, &of(silent))).starts_with("no log is exported"));
}
