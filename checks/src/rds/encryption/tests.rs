use super::super::fixture::*;
use super::*;
use crate::fixture::*;
use crate::kms::fixture::KEY;
use crate::observed::Observed::{Absent, Present, Unknown};
use crate::rds::MasterSecret;

const STORAGE: &str = "rds-storage-encrypted";
const KEYS: &str = "rds-kms-key-rotating";

fn storage_of(encrypted: Observed<Switch>, kind: Observed<Encryption>) -> Judgement {
    judge(
        STORAGE,
        &of(with(|cluster| {
            cluster.storage_encrypted = encrypted;
            cluster.encryption = kind;
        })),
    )
}

#[test]
fn storage_under_a_key_in_kms_passes_by_either_field() {
    let said = "storage is encrypted under a key in KMS";
    assert_eq!(passed(storage_of(Present(Switch::On), Present(Encryption::SseKms))), said);
    assert_eq!(passed(storage_of(Present(Switch::On), Absent)), said);
    assert_eq!(passed(storage_of(Absent, Present(Encryption::SseKms))), said);
}

#[test]
fn storage_under_a_key_that_aws_owns_is_encrypted_although_the_older_field_says_no() {
    let owned = |older| passed(storage_of(older, Present(Encryption::SseRds)));
    assert!(owned(Present(Switch::Off)).starts_with("storage is encrypted under a key that AWS owns | "));
    owned(Absent);
}

#[test]
fn storage_that_is_not_encrypted_fails() {
    let said = "storage is not encrypted | encryption cannot be switched on later: restore from a snapshot with a key";
    assert_eq!(failed(storage_of(Present(Switch::Off), Present(Encryption::None))), said);
    assert_eq!(failed(storage_of(Present(Switch::Off), Absent)), said);
    assert_eq!(failed(storage_of(Absent, Present(Encryption::None))), said);
}

#[test]
fn what_is_missing_unknown_or_contradictory_is_undecided() {
    assert!(undecided(storage_of(Absent, Absent)).contains("answered without StorageEncrypted or"));
    assert_eq!(storage_of(Unknown(denial()), Present(Encryption::SseKms)), Err(denial()));
    assert_eq!(storage_of(Present(Switch::Off), Unknown(denial())), Err(denial()));
    passed(storage_of(Present(Switch::On), Unknown(denial())));
    assert!(undecided(storage_of(Present(Switch::On), Present(Encryption::None))).contains("exclude each other"));
    let split = of_instances(|instances| instances[1].storage_encrypted = Present(Switch::Off));
    assert!(undecided(judge(STORAGE, &of(split))).contains("and its instance db-2 that it is not"));
}

#[test]
fn storage_is_judged_while_the_cluster_changes() {
    passed(judge(STORAGE, &of(with(|cluster| cluster.status = text("creating")))));
    let deleting = with(|cluster| {
        cluster.status = text("deleting");
        cluster.storage_encrypted = Present(Switch::Off);
        cluster.encryption = Absent;
    });
    failed(judge(STORAGE, &of(deleting)));
}

#[test]
fn a_rotating_key_of_the_customer_passes() {
    assert_eq!(
        passed(judge(KEYS, &of(database()))),
        format!("storage: the customer manages the key `{KEY}`; it is Enabled; it rotates automatically")
    );
}

#[test]
fn a_key_that_aws_owns_fails_even_where_aws_managed_ones_are_accepted() {
    let owned = with(|cluster| {
        cluster.storage_encrypted = Present(Switch::Off);
        cluster.encryption = Present(Encryption::SseRds);
        cluster.kms_key = Absent;
    });
    let text = failed(judge_with(KEYS, "accept_aws_managed = true", &of(owned)));
    assert_eq!(text, "storage is encrypted with a key that AWS owns and nobody sees");
}

#[test]
fn an_unencrypted_cluster_has_no_key_to_judge() {
    let clear = with(|cluster| {
        cluster.storage_encrypted = Present(Switch::Off);
        cluster.encryption = Absent;
    });
    assert_eq!(not_applicable(judge(KEYS, &of(clear))), "storage is not encrypted; see rds-storage-encrypted");
}

#[test]
fn a_storage_key_that_is_missing_or_unseen_is_undecided() {
    let missing = with(|cluster| cluster.kms_key = Absent);
    assert!(undecided(judge(KEYS, &of(missing))).contains("answered without DBCluster.KmsKeyId"));
    let other = with(|cluster| cluster.kms_key = text("arn:aws:kms:us-east-2:123456789012:key/other"));
    assert!(undecided(judge(KEYS, &of(other))).starts_with("nothing was seen of the key"));
}

#[test]
fn performance_insights_without_a_key_uses_the_one_that_aws_manages() {
    let on = Insights { enabled: Present(Switch::On), kms_key: Absent };
    let instance = of_instances(|instances| instances[1].insights = on.clone());
    let said = "Performance Insights of db-2 is encrypted with a key that AWS manages";
    assert_eq!(failed(judge(KEYS, &of(instance.clone()))), said);
    passed(judge_with(KEYS, "accept_aws_managed = true", &of(instance)));
    let cluster = with(|cluster| cluster.insights = on);
    assert!(failed(judge(KEYS, &of(cluster))).starts_with("Performance Insights is encrypted with a key that AWS"));
    let own = of_instances(|instances| {
        instances[0].insights = Insights { enabled: Present(Switch::On), kms_key: text(KEY) };
    });
    assert!(passed(judge(KEYS, &of(own))).contains("Performance Insights of db-1: the customer manages"));
}

#[test]
fn the_key_of_an_activity_stream_counts_while_it_is_on() {
    let started = with(|cluster| cluster.activity_stream = Present(ActivityStream::Started));
    assert!(undecided(judge(KEYS, &of(started))).contains("DBCluster.ActivityStreamKmsKeyId"));
    let keyed = with(|cluster| {
        cluster.activity_stream = Present(ActivityStream::Started);
        cluster.activity_stream_key = text(KEY);
    });
    assert!(passed(judge(KEYS, &of(keyed))).contains("activity stream: the customer manages"));
}

#[test]
fn instances_that_could_not_be_read_leave_it_undecided() {
    let mut unread = database();
    unread.instances = denied();
    assert_eq!(judge(KEYS, &of(unread)), Err(denial()));
}

#[test]
fn the_key_of_a_secret_that_rds_made_is_noted_and_judged_elsewhere() {
    let managed = with(|cluster| {
        cluster.master_secret = Present(MasterSecret { arn: text("arn:secret"), kms_key: text("k") });
    });
    assert!(passed(judge(KEYS, &of(managed))).contains("| the key of the secret that RDS made"));
}
