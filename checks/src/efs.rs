//! EFS file systems with their backups: what is seen of them, and the checks of their requirements.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::check::Check;
use crate::observed::{Gap, Observed, Seen};
use crate::policy::model::PolicyText;
use crate::s3::Switch;

mod backup;
mod encryption;
#[cfg(test)]
pub(crate) mod fixture;
mod mounts;
mod policy;

/// The checks of this file, in catalog order.
pub fn checks() -> Vec<Check> {
    vec![
        Check::new("efs-encrypted", encryption::encrypted).when_none(encryption::no_file_system),
        Check::across("efs-kms-key-rotating", encryption::key),
        Check::across("efs-automatic-backups", backup::automatic),
        Check::across("efs-recovery-point-exists", backup::recovery_point),
        Check::across("efs-mount-targets-private-multi-az", mounts::private_multi_az),
        Check::across("efs-policy-tls-and-not-public", policy::tls_and_not_public),
    ]
}

/// What was seen of a file system.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FileSystem {
    /// Other names that led to it: its access points' and mount targets' ids, as outputs write them.
    pub named_by: BTreeSet<String>,
    /// What DescribeFileSystems answers.
    pub description: Seen<Description>,
    /// Its policy; absent means AWS's own default, which lets every client mount that reaches a mount target.
    pub policy: Seen<PolicyText>,
    /// Whether AWS Backup backs it up by itself; absent means that no backup policy was ever set, which is off.
    pub backup_policy: Seen<BackupStatus>,
    /// When AWS Backup backed it up last, under whatever plan, read only where the policy does not say that backups are on;
    /// absent means that it is not among the protected resources.
    pub last_backup: Seen<Timestamp>,
    /// Its recovery points, after the last page; absent means that it was never backed up.
    pub recovery_points: Seen<Vec<RecoveryPoint>>,
    /// Its mount targets, after the last page; an empty list means none.
    pub mount_targets: Seen<Vec<MountTarget>>,
}

/// What DescribeFileSystems answers of one file system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    /// Whether data is encrypted at rest.
    pub encrypted: Observed<Switch>,
    /// The ARN of the key, which may be the one that AWS manages for EFS; absent where nothing is encrypted.
    pub kms_key: Observed<String>,
    /// Its state.
    pub state: Observed<LifeCycle>,
    /// When it was made.
    pub created_at: Observed<Timestamp>,
    /// The one availability zone that holds it (One Zone); absent means that several do.
    pub one_zone: Observed<String>,
}

/// The state of a file system or mount target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LifeCycle {
    /// It works.
    Available,
    /// It is being made.
    Creating,
    /// It is being changed.
    Updating,
    /// It is being deleted.
    Deleting,
    /// It is gone.
    Deleted,
    /// It is broken.
    Error,
}

impl LifeCycle {
    /// The state as EFS writes it.
    pub fn name(self) -> &'static str {
        match self {
            LifeCycle::Available => "available",
            LifeCycle::Creating => "creating",
            LifeCycle::Updating => "updating",
            LifeCycle::Deleting => "deleting",
            LifeCycle::Deleted => "deleted",
            LifeCycle::Error => "error",
        }
    }
}

/// Whether AWS Backup backs a file system up by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BackupStatus {
    /// It does.
    Enabled,
    /// It is being switched on.
    Enabling,
    /// It does not.
    Disabled,
    /// It is being switched off.
    Disabling,
}

/// A recovery point of AWS Backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryPoint {
    /// Its ARN.
    pub arn: Observed<String>,
    /// Its state.
    pub status: Observed<RecoveryStatus>,
    /// When it was made.
    pub created_at: Observed<Timestamp>,
    /// The vault that holds it.
    pub vault: Observed<String>,
    /// The key that it is encrypted with.
    pub kms_key: Observed<String>,
}

/// The state of a recovery point. Only a complete one can be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs, reason = "each is the token of AWS Backup's RecoveryPointStatus")]
pub enum RecoveryStatus {
    Completed,
    Available,
    Creating,
    Partial,
    Deleting,
    Expired,
    Stopped,
}

impl RecoveryStatus {
    /// Every status with its token.
    pub const ALL: [(RecoveryStatus, &'static str); 7] = [
        (RecoveryStatus::Completed, "COMPLETED"),
        (RecoveryStatus::Available, "AVAILABLE"),
        (RecoveryStatus::Creating, "CREATING"),
        (RecoveryStatus::Partial, "PARTIAL"),
        (RecoveryStatus::Deleting, "DELETING"),
        (RecoveryStatus::Expired, "EXPIRED"),
        (RecoveryStatus::Stopped, "STOPPED"),
    ];

    /// The token as AWS Backup writes it.
    pub fn name(self) -> &'static str {
        RecoveryStatus::ALL.iter().find(|(status, _)| *status == self).map_or("", |(_, name)| name)
    }
}

/// A mount target: the address of the file system in one subnet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MountTarget {
    /// Its id.
    pub id: String,
    /// The subnet that it is in.
    pub subnet: String,
    /// The VPC of the subnet.
    pub vpc: Observed<String>,
    /// The availability zone's id, such as `euc1-az2`, which means the same in every account.
    pub zone: Observed<String>,
    /// Its state.
    pub state: Observed<LifeCycle>,
    /// The security groups in front of it.
    pub security_groups: Seen<Vec<String>>,
}

impl FileSystem {
    /// The evidence of one of which nothing could be seen.
    pub fn unknown(gap: &Gap) -> Self {
        FileSystem {
            named_by: BTreeSet::new(),
            description: Seen::gap(gap.clone()),
            policy: Seen::gap(gap.clone()),
            backup_policy: Seen::gap(gap.clone()),
            last_backup: Seen::gap(gap.clone()),
            recovery_points: Seen::gap(gap.clone()),
            mount_targets: Seen::gap(gap.clone()),
        }
    }
}

const DESCRIBE: &str = "DescribeFileSystems";

fn description(file_system: &FileSystem) -> Result<&Description, Gap> {
    file_system.description.required(DESCRIBE, "FileSystems")
}

/// The file system, where it is not changing at the moment (rule U9).
fn settled(file_system: &FileSystem) -> Result<&Description, Gap> {
    let description = description(file_system)?;
    let state = *description.state.required(DESCRIBE, "FileSystem.LifeCycleState")?;
    match state {
        LifeCycle::Available | LifeCycle::Error => Ok(description),
        LifeCycle::Creating | LifeCycle::Updating | LifeCycle::Deleting | LifeCycle::Deleted => {
            Err(Gap::changing(format!("the file system is {}", state.name())))
        }
    }
}
