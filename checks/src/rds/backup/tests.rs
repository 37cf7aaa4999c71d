use super::super::fixture::*;
use super::*;
use crate::evidence::{Call, Evidence};
use crate::fixture::*;
use crate::observed::Observed::{Absent, Present, Unknown};

const AUTOMATED: &str = "rds-automated-backups";
const RECOVERY: &str = "rds-point-in-time-recovery";

#[test]
fn seven_days_are_enough_and_six_are_not() {
    let kept = |days| of(with(|cluster| cluster.backup_retention_days = days));
    assert_eq!(passed(judge(AUTOMATED, &kept(Present(7)))), "automated backups are kept for 7 days");
    assert!(failed(judge(AUTOMATED, &kept(Present(6)))).starts_with("automated backups are kept for 6 days | "));
    assert!(failed(judge(AUTOMATED, &kept(Present(1)))).contains("the auditor's default"));
    passed(judge_with(AUTOMATED, "min_days = 1", &kept(Present(1))));
    assert!(undecided(judge(AUTOMATED, &kept(Absent))).contains("DBCluster.BackupRetentionPeriod"));
    assert_eq!(judge(AUTOMATED, &kept(Unknown(denial()))), Err(denial()));
}

/// The database with an answer that RDS dated so, while the own clock showed noon.
fn dated(database: Database, date: Option<&str>) -> Evidence {
    let mut evidence = of(database);
    evidence.calls.push(Call {
        id: "call".into(),
        service: "rds".into(),
        operation: CLUSTERS.into(),
        region: "us-east-2".into(),
        parameters: std::collections::BTreeMap::new(),
        at: "2026-11-01T12:00:00Z".parse().unwrap(),
        date: date.map(|date| date.parse().unwrap()),
        request_id: None,
        status: Some(200),
        error: None,
        attempts: 1,
        sha256: None,
    });
    evidence
}

fn restorable(latest: &str) -> Database {
    with(|cluster| cluster.latest_restorable = at(latest))
}

const NOON: Option<&str> = Some("2026-11-01T12:00:00Z");

#[test]
fn fifteen_minutes_behind_pass_and_a_second_more_fails() {
    assert_eq!(
        passed(judge(RECOVERY, &dated(restorable("2026-11-01T11:45:00Z"), NOON))),
        "it can be restored to any time from 2026-10-25T00:00:00Z to 2026-11-01T11:45:00Z, 15 min before the answer"
    );
    failed(judge(RECOVERY, &dated(restorable("2026-11-01T11:44:59Z"), NOON)));
}

#[test]
fn the_time_of_the_answer_counts_and_not_the_own_clock() {
    let late = Some("2026-11-01T12:04:00Z");
    failed(judge(RECOVERY, &dated(restorable("2026-11-01T11:48:00Z"), late)));
    passed(judge(RECOVERY, &dated(restorable("2026-11-01T11:49:00Z"), late)));
}

#[test]
fn clocks_that_differ_by_more_than_five_minutes_leave_it_undecided() {
    passed(judge(RECOVERY, &dated(restorable("2026-11-01T11:59:00Z"), Some("2026-11-01T12:05:00Z"))));
    for date in ["2026-11-01T12:05:01Z", "2026-11-01T11:54:59Z"] {
        let text = undecided(judge(RECOVERY, &dated(restorable("2026-11-01T11:59:00Z"), Some(date))));
        assert_eq!(text, "the clock of this machine and AWS's are 301 s apart; set it and run again");
    }
}

#[test]
fn an_answer_without_a_date_is_undecided() {
    assert!(undecided(judge(RECOVERY, &dated(database(), None))).contains("answered without the header Date"));
    assert!(undecided(judge(RECOVERY, &of(database()))).contains("answered without the header Date"));
}

fn without_times(created: &str) -> Database {
    with(|cluster| {
        cluster.earliest_restorable = Absent;
        cluster.latest_restorable = Absent;
        cluster.created_at = at(created);
    })
}

#[test]
fn missing_times_fail_once_the_cluster_is_an_hour_old() {
    assert_eq!(
        failed(judge(RECOVERY, &dated(without_times("2026-11-01T11:00:00Z"), NOON))),
        "no restorable time is known; the cluster was made at 2026-11-01T11:00:00Z"
    );
    assert_eq!(
        not_applicable(judge(RECOVERY, &dated(without_times("2026-11-01T11:00:01Z"), NOON))),
        "no restorable time is known; the cluster was made less than an hour ago"
    );
    let half = with(|cluster| cluster.earliest_restorable = Absent);
    failed(judge(RECOVERY, &dated(half, NOON)));
}

#[test]
fn a_stopped_cluster_is_another_requirements_matter() {
    let stopped = with(|cluster| cluster.status = text("stopped"));
    assert_eq!(
        not_applicable(judge(RECOVERY, &dated(stopped, NOON))),
        "the cluster is stopped; see rds-cluster-aurora-available"
    );
}

#[test]
fn a_stale_time_of_a_cluster_that_may_pause_names_the_pause() {
    let paused = with(|cluster| {
        cluster.latest_restorable = at("2026-11-01T09:00:00Z");
        cluster.may_pause = Present(Switch::On);
    });
    assert!(failed(judge(RECOVERY, &dated(paused, NOON))).contains("| the cluster may pause at zero capacity"));
}

#[test]
fn a_time_that_could_not_be_read_is_undecided() {
    let unread = with(|cluster| cluster.latest_restorable = Unknown(denial()));
    assert_eq!(judge(RECOVERY, &dated(unread, NOON)), Err(denial()));
}
