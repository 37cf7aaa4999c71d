//! A conforming file system with two mount targets, for the tests of the checks.

use super::*;
use crate::ec2::fixture::{VPC, vpc};
use crate::evidence::Evidence;
use crate::fixture::{ACCOUNT, denial, evidence, not_set, seen, subject};
use crate::kms::fixture::{KEY, rotating_key};
use crate::observed::Observed::{Absent, Present};
use crate::subject::{Kind, Resource};

pub(crate) const ID: &str = "fs-0123456789abcdef0";

pub(crate) fn at(text: &str) -> Observed<Timestamp> {
    Present(text.parse().unwrap())
}

pub(crate) fn arn() -> String {
    format!("arn:aws:elasticfilesystem:us-east-2:{ACCOUNT}:file-system/{ID}")
}

pub(crate) fn described() -> Description {
    Description {
        encrypted: Present(Switch::On),
        kms_key: Present(KEY.into()),
        state: Present(LifeCycle::Available),
        created_at: at("2026-01-01T00:00:00Z"),
        one_zone: Absent,
    }
}

pub(crate) fn mount_target(id: &str, subnet: &str, zone: &str) -> MountTarget {
    MountTarget {
        id: id.into(),
        subnet: subnet.into(),
        vpc: Present(VPC.into()),
        zone: Present(zone.into()),
        state: Present(LifeCycle::Available),
        security_groups: seen(vec!["sg-efs".into()]),
    }
}

pub(crate) fn point(status: RecoveryStatus, created_at: &str) -> RecoveryPoint {
    RecoveryPoint {
        arn: Present("arn:aws:backup:us-east-2:123456789012:recovery-point:1".into()),
        status: Present(status),
        created_at: at(created_at),
        vault: Present("vault".into()),
        kms_key: Present(KEY.into()),
    }
}

/// A policy that lets everybody mount through a mount target, over TLS.
pub(crate) fn text() -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[
            {{"Effect":"Allow","Principal":{{"AWS":"*"}},
              "Action":["elasticfilesystem:ClientMount","elasticfilesystem:ClientWrite"],"Resource":"{arn}",
              "Condition":{{"Bool":{{"elasticfilesystem:AccessedViaMountTarget":"true"}}}}}},
            {{"Effect":"Deny","Principal":{{"AWS":"*"}},"Action":"*","Resource":"{arn}",
              "Condition":{{"Bool":{{"aws:SecureTransport":"false"}}}}}}]}}"#,
        arn = arn()
    )
}

pub(crate) fn file_system() -> FileSystem {
    FileSystem {
        named_by: BTreeSet::new(),
        description: seen(described()),
        policy: seen(PolicyText(text())),
        backup_policy: seen(BackupStatus::Enabled),
        last_backup: not_set(),
        recovery_points: seen(vec![point(RecoveryStatus::Completed, "2026-11-01T05:00:00Z")]),
        mount_targets: seen(vec![
            mount_target("fsmt-a", "subnet-a", "use2-aza"),
            mount_target("fsmt-b", "subnet-b", "use2-azb"),
        ]),
    }
}

/// The conforming file system with another description.
pub(crate) fn with(change: impl FnOnce(&mut Description)) -> FileSystem {
    let mut description = described();
    change(&mut description);
    FileSystem { description: seen(description), ..file_system() }
}

/// The file system beside its key and its VPC, whose private subnets are `subnet-a` and `subnet-b`.
pub(crate) fn of(file_system: FileSystem) -> Evidence {
    evidence(vec![
        subject(Kind::Key, "k", Resource::Key(Box::new(rotating_key()))),
        vpc(["subnet-public-a", "subnet-public-b"], ["subnet-a", "subnet-b"]),
        subject(Kind::FileSystem, ID, Resource::FileSystem(Box::new(file_system))),
    ])
}

/// Evidence in which nothing was seen of the file system.
pub(crate) fn unseen() -> Evidence {
    of(FileSystem::unknown(&denial()))
}
