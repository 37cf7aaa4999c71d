use super::super::fixture::*;
use super::*;
use crate::fixture::*;
use crate::observed::Observed::{Absent, Present, Unknown};
use crate::observed::Seen;

const AUTOMATIC: &str = "efs-automatic-backups";
const POINT: &str = "efs-recovery-point-exists";

fn backed(policy: Seen<BackupStatus>, last: Seen<Timestamp>) -> Judgement {
    judge(AUTOMATIC, &of(FileSystem { backup_policy: policy, last_backup: last, ..file_system() }))
}

fn on(day: &str) -> Seen<Timestamp> {
    seen(day.parse().unwrap())
}

#[test]
fn automatic_backups_that_are_on_or_come_on_pass() {
    assert_eq!(passed(backed(seen(BackupStatus::Enabled), denied())), "automatic backups are on");
    assert!(
        passed(backed(seen(BackupStatus::Enabling), denied())).starts_with("automatic backups are being switched on |")
    );
}

#[test]
fn backups_that_are_off_or_were_never_set_fail() {
    let never = || not_set();
    assert_eq!(
        failed(backed(seen(BackupStatus::Disabled), never())),
        "automatic backups are off, and AWS Backup never backed the file system up"
    );
    assert!(
        failed(backed(seen(BackupStatus::Disabling), never())).starts_with("automatic backups are being switched off")
    );
    assert!(failed(backed(not_set(), never())).starts_with("automatic backups are off: there is no backup policy"));
}

#[test]
fn a_fresh_backup_of_another_plan_will_do_and_an_old_one_proves_nothing() {
    let text = passed(backed(seen(BackupStatus::Disabled), on("2026-10-30T12:00:01Z")));
    assert_eq!(
        text,
        "AWS Backup backed the file system up at 2026-10-30T12:00:01Z | automatic backups are off; another backup plan \
         does it"
    );
    assert_eq!(
        failed(backed(seen(BackupStatus::Disabled), on("2026-10-30T12:00:00Z"))),
        "automatic backups are off, and the last backup is of 2026-10-30T12:00:00Z"
    );
}

#[test]
fn a_policy_or_a_list_that_could_not_be_read_is_undecided_unless_a_backup_is_fresh() {
    assert_eq!(backed(denied(), not_set()), Err(denial()));
    assert_eq!(backed(denied(), on("2026-10-01T00:00:00Z")), Err(denial()));
    assert_eq!(backed(seen(BackupStatus::Disabled), denied()), Err(denial()));
    assert!(passed(backed(denied(), on("2026-11-01T00:00:00Z"))).contains("| the backup policy could not be read"));
}

fn points(list: Vec<RecoveryPoint>) -> Judgement {
    judge(POINT, &of(FileSystem { recovery_points: seen(list), ..file_system() }))
}

#[test]
fn a_complete_point_younger_than_two_days_passes_and_one_of_two_days_fails() {
    let young = point(RecoveryStatus::Completed, "2026-10-30T12:00:01Z");
    let old = point(RecoveryStatus::Completed, "2026-10-30T12:00:00Z");
    assert_eq!(
        passed(points(vec![old.clone(), young])),
        "the newest complete recovery point is of 2026-10-30T12:00:01Z"
    );
    let text = failed(points(vec![old]));
    assert!(text.starts_with("the newest complete recovery point is of 2026-10-30T12:00:00Z | "), "{text}");
    assert!(text.contains("(opt-in)"), "{text}");
}

#[test]
fn points_that_are_not_complete_do_not_count() {
    let not_complete = [
        RecoveryStatus::Expired,
        RecoveryStatus::Partial,
        RecoveryStatus::Deleting,
        RecoveryStatus::Stopped,
        RecoveryStatus::Creating,
    ];
    let list = not_complete.map(|status| point(status, "2026-11-01T05:00:00Z"));
    let text = failed(points(list.into()));
    assert!(text.starts_with("no recovery point is complete: EXPIRED, PARTIAL, DELETING, STOPPED, CREATING"), "{text}");
}

#[test]
fn a_point_that_is_called_available_leaves_it_undecided() {
    let available = point(RecoveryStatus::Available, "2026-11-01T05:00:00Z");
    assert!(undecided(points(vec![available.clone()])).contains("AVAILABLE"));
    passed(points(vec![available, point(RecoveryStatus::Completed, "2026-11-01T05:00:00Z")]));
}

#[test]
fn that_nothing_was_ever_backed_up_fails_unless_the_file_system_is_young() {
    let never = FileSystem { recovery_points: not_set(), backup_policy: not_set(), ..file_system() };
    assert_eq!(failed(judge(POINT, &of(never))), "there is no recovery point");
    let young = |created: &str| FileSystem {
        recovery_points: not_set(),
        ..with(|description| description.created_at = at(created))
    };
    assert_eq!(
        not_applicable(judge(POINT, &of(young("2026-10-30T12:00:01Z")))),
        "there is no recovery point; the file system was made at 2026-10-30T12:00:01Z"
    );
    failed(judge(POINT, &of(young("2026-10-30T12:00:00Z"))));
}

#[test]
fn the_key_of_the_automatic_vault_is_noted() {
    let mut newest = point(RecoveryStatus::Completed, "2026-11-01T05:00:00Z");
    newest.vault = Present(AUTOMATIC_VAULT.into());
    assert!(passed(points(vec![newest])).contains("| the automatic vault is encrypted with the key that AWS manages"));
}

#[test]
fn points_that_could_not_be_read_are_undecided() {
    let unread = FileSystem { recovery_points: denied(), ..file_system() };
    assert_eq!(judge(POINT, &of(unread)), Err(denial()));
    let mut dark = point(RecoveryStatus::Completed, "2026-11-01T05:00:00Z");
    dark.status = Unknown(denial());
    assert_eq!(points(vec![dark]), Err(denial()));
    let mut undated = point(RecoveryStatus::Completed, "2026-11-01T05:00:00Z");
    undated.created_at = Absent;
    assert!(undecided(points(vec![undated])).contains("RecoveryPoint.CreationDate"));
}
