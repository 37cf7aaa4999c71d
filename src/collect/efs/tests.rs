use tap_audit_checks::efs::RecoveryStatus;
use tap_audit_checks::subject::Existence;

use super::*;
use crate::collect::Scope;
use crate::collect::fixture::{scope, walked};
use crate::replay::{Account, Answer};

const ID: &str = "fs-0123456789abcdef0";
const ARN: &str = "arn:aws:elasticfilesystem:us-east-2:123456789012:file-system/fs-0123456789abcdef0";
const POLICY_PATH: &str = "file-systems/fs-0123456789abcdef0/policy";
const BACKUP_PATH: &str = "file-systems/fs-0123456789abcdef0/backup-policy";
const POINTS_PATH: &str =
    "resources/arn:aws:elasticfilesystem:us-east-2:123456789012:file-system/fs-0123456789abcdef0/recovery-points";

type Arguments = &'static [(&'static str, &'static str)];

/// An encrypted file system with two mount targets, in AWS's own answers.
const ANSWERS: [(&str, &str, Arguments, &str); 7] = [
    (
        "efs",
        "DescribeFileSystems",
        &[("Path", "file-systems"), ("FileSystemId", ID)],
        r#"{"FileSystems":[{"OwnerId":"123456789012","CreationToken":"t","FileSystemId":"fs-0123456789abcdef0","CreationTime":1767225600,"LifeCycleState":"available","NumberOfMountTargets":2,"SizeInBytes":{"Value":1},"PerformanceMode":"generalPurpose","Encrypted":true,"KmsKeyId":"arn:aws:kms:us-east-2:123456789012:key/k","Tags":[]}]}"#,
    ),
    ("efs", "DescribeBackupPolicy", &[("Path", BACKUP_PATH)], r#"{"BackupPolicy":{"Status":"ENABLED"}}"#),
    (
        "efs",
        "DescribeMountTargets",
        &[("Path", "mount-targets"), ("FileSystemId", ID)],
        r#"{"NextMarker":"2","MountTargets":[{"MountTargetId":"fsmt-a","FileSystemId":"fs-0123456789abcdef0","SubnetId":"subnet-a","LifeCycleState":"available","AvailabilityZoneId":"use2-az1","VpcId":"vpc-1"}]}"#,
    ),
    (
        "efs",
        "DescribeMountTargets",
        &[("Path", "mount-targets"), ("FileSystemId", ID), ("Marker", "2")],
        r#"{"MountTargets":[{"MountTargetId":"fsmt-b","FileSystemId":"fs-0123456789abcdef0","SubnetId":"subnet-b","LifeCycleState":"dreaming","AvailabilityZoneId":"use2-az2","VpcId":"vpc-1"}]}"#,
    ),
    (
        "efs",
        "DescribeMountTargetSecurityGroups",
        &[("Path", "mount-targets/fsmt-a/security-groups")],
        r#"{"SecurityGroups":["sg-1"]}"#,
    ),
    (
        "efs",
        "DescribeMountTargetSecurityGroups",
        &[("Path", "mount-targets/fsmt-b/security-groups")],
        r#"{"SecurityGroups":["sg-2"]}"#,
    ),
    (
        "backup",
        "ListRecoveryPointsByResource",
        &[("Path", POINTS_PATH)],
        r#"{"RecoveryPoints":[{"RecoveryPointArn":"arn:r","CreationDate":1793491200,"Status":"COMPLETED","BackupVaultName":"v"},{"Status":"FROZEN"}]}"#,
    ),
];

fn account() -> Account {
    let account = Account::from_files("efs", [("efs.toml", "")]).unwrap();
    let account = account.answer("efs", "DescribeFileSystemPolicy", &[("Path", POLICY_PATH)], no_policy()).unwrap();
    ANSWERS.iter().fold(account, |account, (service, operation, arguments, body)| {
        account.answer(service, operation, arguments, Answer::ok(*body)).unwrap()
    })
}

fn no_policy() -> Answer {
    Answer::error("efs", 404, "PolicyNotFound")
}

async fn collected(account: Account, id: &str, scope: &Scope) -> (Collected, Vec<(Reference, Relation)>) {
    let ask = async |walk: &Walk<'_>| {
        let collected = file_system(walk, id, "us-east-2").await;
        (collected, walk.take_found())
    };
    walked(account, scope, ask).await.0
}

async fn read(account: Account) -> FileSystem {
    held(collected(account, ID, &scope()).await.0)
}

fn held(collected: Collected) -> FileSystem {
    match collected.resource {
        Resource::FileSystem(file_system) => *file_system,
        other => panic!("expected a file system, found {other:?}"),
    }
}

#[tokio::test]
async fn a_file_system_is_read_with_its_mount_targets_to_the_last_page() {
    let (found, _) = collected(account(), ID, &scope()).await;
    assert_eq!(found.existence.observed(), &Observed::Present(Existence::Exists));
    assert_eq!(found.arn.as_deref(), Some(ARN));
    let file_system = held(found);
    let Observed::Present(description) = file_system.description.observed() else { panic!() };
    assert_eq!(description.encrypted, Observed::Present(Switch::On));
    assert_eq!(description.state, Observed::Present(LifeCycle::Available));
    assert_eq!(description.created_at, Observed::Present("2026-01-01T00:00:00Z".parse().unwrap()));
    assert_eq!(description.one_zone, Observed::Absent);
    let Observed::Present(targets) = file_system.mount_targets.observed() else { panic!() };
    assert_eq!(targets.iter().map(|target| target.id.as_str()).collect::<Vec<_>>(), ["fsmt-a", "fsmt-b"]);
    assert_eq!(targets[0].zone, Observed::Present("use2-az1".into()));
    assert_eq!(targets[0].security_groups.observed(), &Observed::Present(vec!["sg-1".into()]));
    assert_eq!(targets[1].state, TARGETS.unrecognised("LifeCycleState", "dreaming"));
    assert_eq!(file_system.mount_targets.calls().len(), 2);
}

#[tokio::test]
async fn an_empty_key_is_no_key_and_leads_nowhere() {
    let without = |body: &str| body.replace("arn:aws:kms:us-east-2:123456789012:key/k", "");
    let (found, reached) =
        collected(account().edit("efs", "DescribeFileSystems", without).unwrap(), ID, &scope()).await;
    let Observed::Present(description) = held(found).description.observed().clone() else { panic!() };
    assert_eq!(description.kms_key, Observed::Absent);
    let keys = reached.iter().filter(|(reference, _)| reference.kind == Kind::Key).count();
    assert_eq!(keys, 0, "{reached:?}");
}

#[tokio::test]
async fn no_policy_is_absent_and_a_policy_is_kept_as_it_is_written() {
    assert_eq!(read(account()).await.policy.observed(), &Observed::Absent);
    let text = r#"{"FileSystemId":"fs-0123456789abcdef0","Policy":"{\"Statement\":[]}"}"#;
    let account =
        account().answer("efs", "DescribeFileSystemPolicy", &[("Path", POLICY_PATH)], Answer::ok(text)).unwrap();
    let policy = PolicyText(r#"{"Statement":[]}"#.into());
    assert_eq!(read(account).await.policy.observed(), &Observed::Present(policy));
}

#[tokio::test]
async fn the_last_backup_is_asked_for_only_where_automatic_backups_are_not_on() {
    let on = read(account()).await;
    assert_eq!(on.backup_policy.observed(), &Observed::Present(BackupStatus::Enabled));
    assert!(matches!(on.last_backup.observed(), Observed::Unknown(Gap::NotCollected { .. })));

    let protected = format!(
        r#"{{"Results":[{{"ResourceArn":"arn:other","LastBackupTime":1}},{{"ResourceArn":"{ARN}","LastBackupTime":1793491200}}]}}"#
    );
    let asked = [("Path", "resources")];
    let off = account()
        .answer("efs", "DescribeBackupPolicy", &[("Path", BACKUP_PATH)], no_policy())
        .unwrap()
        .answer("backup", "ListProtectedResources", &asked, Answer::ok(protected))
        .unwrap();
    let off = read(off).await;
    assert_eq!(off.backup_policy.observed(), &Observed::Absent);
    assert_eq!(off.last_backup.observed(), &Observed::Present("2026-11-01T00:00:00Z".parse().unwrap()));

    let never = account()
        .answer("efs", "DescribeBackupPolicy", &[("Path", BACKUP_PATH)], no_policy())
        .unwrap()
        .answer("backup", "ListProtectedResources", &asked, Answer::ok(r#"{"Results":[]}"#))
        .unwrap();
    assert_eq!(read(never).await.last_backup.observed(), &Observed::Absent);
}

#[tokio::test]
async fn recovery_points_are_read_and_that_there_never_was_one_is_absent() {
    let file_system = read(account()).await;
    let Observed::Present(points) = file_system.recovery_points.observed() else { panic!() };
    assert_eq!(points[0].status, Observed::Present(RecoveryStatus::Completed));
    assert_eq!(points[0].created_at, Observed::Present("2026-11-01T00:00:00Z".parse().unwrap()));
    assert!(matches!(&points[1].status, Observed::Unknown(Gap::Unrecognised { token, .. }) if token == "FROZEN"));

    let never = Answer::error("backup", 400, "ResourceNotFoundException");
    let account = account().answer("backup", "ListRecoveryPointsByResource", &[("Path", POINTS_PATH)], never).unwrap();
    assert_eq!(read(account).await.recovery_points.observed(), &Observed::Absent);
}

#[tokio::test]
async fn the_walk_is_led_to_key_networks_and_groups() {
    let (_, found) = collected(account(), ID, &scope()).await;
    let named: Vec<String> = found.iter().map(|(reference, relation)| format!("{} {relation}", reference.id)).collect();
    for expected in [
        "k encryption key of AWS::EFS::FileSystem fs-0123456789abcdef0",
        "vpc-1 VPC of a mount target of AWS::EFS::FileSystem fs-0123456789abcdef0",
        "sg-1 security group of a mount target of AWS::EFS::FileSystem fs-0123456789abcdef0",
        "sg-2 security group of a mount target of AWS::EFS::FileSystem fs-0123456789abcdef0",
    ] {
        assert!(named.iter().any(|one| one == expected), "{expected} in {named:?}");
    }
}

#[tokio::test]
async fn a_file_system_that_does_not_exist_is_missing() {
    let asked = [("Path", "file-systems"), ("FileSystemId", ID)];
    let gone = Answer::error("efs", 404, "FileSystemNotFound");
    let (found, _) =
        collected(account().answer("efs", "DescribeFileSystems", &asked, gone).unwrap(), ID, &scope()).await;
    assert_eq!(found.existence.observed(), &Observed::Present(Existence::Missing));
}

#[tokio::test]
async fn an_access_point_and_a_mount_target_lead_to_the_file_system() {
    let target = r#"{"MountTargets":[{"MountTargetId":"fsmt-a","FileSystemId":"fs-0123456789abcdef0","SubnetId":"subnet-a","LifeCycleState":"available"}]}"#;
    for (name, part) in [("AccessPointId", "fsap-1"), ("MountTargetId", "fsmt-a")] {
        let asked = [("Path", "mount-targets"), (name, part)];
        let account = account().answer("efs", "DescribeMountTargets", &asked, Answer::ok(target)).unwrap();
        let (found, reached) = collected(account, part, &scope()).await;
        let [(reference, relation)] = reached.as_slice() else { panic!("{reached:?}") };
        assert_eq!((reference.id.as_str(), found.arn.as_deref()), (ID, Some(ARN)));
        assert_eq!(relation, &Relation::NamedBy { name: part.into() });
        assert!(held(found).named_by.contains(part));
    }
    let asked = [("Path", "mount-targets"), ("AccessPointId", "fsap-1")];
    let lonely = account().answer("efs", "DescribeMountTargets", &asked, Answer::ok(r#"{"MountTargets":[]}"#)).unwrap();
    let (found, reached) = collected(lonely, "fsap-1", &scope()).await;
    assert_eq!(reached, []);
    assert!(matches!(held(found).description.observed(), Observed::Unknown(Gap::Undecided { .. })));
}
