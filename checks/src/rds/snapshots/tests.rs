use super::super::fixture::*;
use super::*;
use crate::evidence::Evidence;
use crate::fixture::*;
use crate::observed::Observed::{Absent, Present, Unknown};
use crate::observed::Seen;
use crate::s3::Switch;

const ID: &str = "rds-snapshots-private-encrypted";

fn holding(snapshots: Vec<Snapshot>) -> Evidence {
    of(Database { snapshots: seen(snapshots), ..database() })
}

fn automated(id: &str) -> Snapshot {
    Snapshot { restorers: not_set(), ..snapshot(id, &[]) }
}

#[test]
fn encrypted_snapshots_that_are_shared_with_nobody_pass() {
    assert_eq!(
        passed(judge(ID, &holding(vec![snapshot("manual", &[]), automated("rds:daily")]))),
        "2 snapshots, all encrypted; nobody who is not trusted may restore one"
    );
}

#[test]
fn no_snapshots_leave_nothing_to_judge() {
    assert_eq!(not_applicable(judge(ID, &holding(Vec::new()))), "there are no snapshots");
}

#[test]
fn a_public_snapshot_fails_and_is_called_public() {
    let text = failed(judge(ID, &holding(vec![automated("rds:daily"), snapshot("open", &["all", "123456789013"])])));
    assert_eq!(text, "snapshot open is public: any AWS account may restore it");
}

#[test]
fn a_snapshot_that_is_shared_fails_unless_the_account_is_trusted() {
    let shared = || holding(vec![snapshot("shared", &["999999999999"])]);
    assert_eq!(failed(judge(ID, &shared())), "snapshot shared is shared with account 999999999999");
    passed(judge_with(ID, "trusted_accounts = [\"999999999999\"]", &shared()));
}

#[test]
fn an_unencrypted_snapshot_fails_and_one_under_a_key_that_aws_owns_does_not() {
    let clear = Snapshot {
        storage_encrypted: Present(Switch::Off),
        encryption: Present(Encryption::None),
        ..automated("rds:daily")
    };
    assert_eq!(failed(judge(ID, &holding(vec![clear]))), "snapshot rds:daily is not encrypted");
    let owned = Snapshot {
        storage_encrypted: Present(Switch::Off),
        encryption: Present(Encryption::SseRds),
        ..automated("rds:daily")
    };
    passed(judge(ID, &holding(vec![owned])));
    let mute = Snapshot { storage_encrypted: Absent, encryption: Absent, ..automated("rds:daily") };
    undecided(judge(ID, &holding(vec![mute])));
}

#[test]
fn a_snapshot_of_an_earlier_cluster_of_the_name_is_judged_and_named() {
    let earlier = Snapshot { resource_id: text("cluster-OLD"), ..snapshot("left", &["all"]) };
    assert_eq!(
        failed(judge(ID, &holding(vec![earlier.clone()]))),
        "snapshot left is public: any AWS account may restore it | snapshot left is of an earlier cluster of this name, \
         cluster-OLD"
    );
    let private = Snapshot { restorers: seen(Vec::new()), ..earlier };
    assert!(passed(judge(ID, &holding(vec![private]))).contains("of an earlier cluster"));
}

#[test]
fn a_snapshot_that_vanished_between_two_calls_is_left_out_with_a_note() {
    let missing = Gap::Missing { operation: "Describe".into(), code: "DBClusterSnapshotNotFoundFault".into() };
    let gone = Snapshot { restorers: Seen::gap(missing), ..snapshot("gone", &[]) };
    let text = passed(judge(ID, &holding(vec![gone.clone(), snapshot("kept", &[])])));
    assert_eq!(
        text,
        "the one snapshot is encrypted; nobody who is not trusted may restore it | deleted while they were looked at: gone"
    );
    assert!(not_applicable(judge(ID, &holding(vec![gone]))).starts_with("snapshot gone was deleted while"));
}

#[test]
fn a_snapshot_whose_sharing_could_not_be_read_is_undecided_and_hides_no_failure() {
    let dark = Snapshot { restorers: denied(), ..snapshot("dark", &[]) };
    assert_eq!(judge(ID, &holding(vec![dark.clone(), snapshot("kept", &[])])), Err(denial()));
    failed(judge(ID, &holding(vec![dark, snapshot("open", &["all"])])));
    let unread = Snapshot { encryption: Unknown(denial()), storage_encrypted: Absent, ..snapshot("s", &[]) };
    assert_eq!(judge(ID, &holding(vec![unread])), Err(denial()));
}
