//! EFS file systems: what is read of them, their policies and their mount targets.

use std::collections::BTreeSet;

use aws_sdk_efs::types;
use futures_util::future::join_all;
use tap_audit_checks::efs::{BackupStatus, Description, FileSystem, LifeCycle, MountTarget};
use tap_audit_checks::observed::{Gap, Observed, Seen};
use tap_audit_checks::policy::model::PolicyText;
use tap_audit_checks::s3::Switch;
use tap_audit_checks::subject::{Kind, Resource};

use crate::collect::call::Call;
use crate::collect::{Collected, Reference, Relation, Walk, backup, ec2, existence};

const SERVICE: &str = "elasticfilesystem";

const DESCRIBE: Call = Call {
    service: SERVICE,
    operation: "DescribeFileSystems",
    permission: "elasticfilesystem:DescribeFileSystems",
    absent: &[],
    denied_or: None,
};
const POLICY: Call = Call {
    service: SERVICE,
    operation: "DescribeFileSystemPolicy",
    permission: "elasticfilesystem:DescribeFileSystemPolicy",
    absent: &["PolicyNotFound"],
    denied_or: None,
};
const BACKUP_POLICY: Call = Call {
    service: SERVICE,
    operation: "DescribeBackupPolicy",
    permission: "elasticfilesystem:DescribeBackupPolicy",
    absent: &["PolicyNotFound"],
    denied_or: None,
};
const TARGETS: Call = Call {
    service: SERVICE,
    operation: "DescribeMountTargets",
    permission: "elasticfilesystem:DescribeMountTargets",
    absent: &[],
    denied_or: None,
};
const GROUPS: Call = Call {
    service: SERVICE,
    operation: "DescribeMountTargetSecurityGroups",
    permission: "elasticfilesystem:DescribeMountTargetSecurityGroups",
    absent: &[],
    denied_or: None,
};

/// Every call about a file system, for plans and for the policy that the auditing role needs.
pub(crate) const CALLS: &[&Call] =
    &[&DESCRIBE, &POLICY, &BACKUP_POLICY, &TARGETS, &GROUPS, &backup::PROTECTED, &backup::RECOVERY_POINTS];

/// The reference of the file system that this text names: its id, its ARN, or those of an access point or mount target,
/// which lead to it.
pub(crate) fn file_system_reference(walk: &Walk<'_>, named: &str, region: &str) -> Option<Reference> {
    let at =
        |id: &str, region: &str| Reference { kind: Kind::FileSystem, id: id.to_owned(), region: region.to_owned() };
    let parts: Vec<&str> = named.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", _, SERVICE, region, account, rest] if *account == walk.account => {
            rest.rsplit_once('/').map(|(_, id)| at(id, region))
        }
        // One of another account keeps its ARN, which EFS takes for an id.
        ["arn", _, SERVICE, region, _, rest] if rest.starts_with("file-system/") => Some(at(named, region)),
        ["arn", ..] => None,
        _ => Some(at(named, region)),
    }
}

/// Whether this id of a reference names a part of a file system, which leads to it.
pub(crate) fn is_part(id: &str) -> bool {
    id.starts_with("fsap-") || id.starts_with("fsmt-")
}

/// The names by which outputs may call the part that this id of a reference names.
pub(crate) fn names_of(walk: &Walk<'_>, id: &str, region: &str) -> BTreeSet<String> {
    let kind = if id.starts_with("fsap-") { "access-point" } else { "mount-target" };
    let arn = format!("arn:{}:{SERVICE}:{region}:{}:{kind}/{id}", walk.partition, walk.account);
    BTreeSet::from([id.to_owned(), arn])
}

/// Collects a file system and reaches what it rests on. An access point or mount target is asked where it leads, and the
/// file system is reached with `Relation::NamedBy`; the walk merges the two. `named_by` is filled in by the walk.
pub(crate) async fn file_system(walk: &Walk<'_>, id: &str, region: &str) -> Collected {
    if is_part(id) {
        return followed(walk, id, region).await;
    }
    let arn = if id.starts_with("arn:") {
        id.to_owned()
    } else {
        format!("arn:{}:{SERVICE}:{region}:{}:file-system/{id}", walk.partition, walk.account)
    };
    let file_system = whole(walk, id, &arn, region).await;
    Collected {
        existence: existence(&file_system.description),
        arn: Some(arn),
        region: Some(region.to_owned()),
        resource: Resource::FileSystem(Box::new(file_system)),
    }
}

async fn whole(walk: &Walk<'_>, id: &str, arn: &str, region: &str) -> FileSystem {
    let (description, policy, (backup_policy, last_backup), recovery_points, mount_targets) = tokio::join!(
        description(walk, id, region),
        policy(walk, id, region),
        backups(walk, id, arn, region),
        backup::recovery_points(walk, arn, region),
        mount_targets(walk, id, region)
    );
    let file_system = FileSystem {
        named_by: BTreeSet::new(),
        description,
        policy,
        backup_policy,
        last_backup,
        recovery_points,
        mount_targets,
    };
    reach(walk, &file_system, id, region);
    file_system
}

/// Leads the walk to the key, the networks and the security groups of the file system.
fn reach(walk: &Walk<'_>, file_system: &FileSystem, id: &str, region: &str) {
    let of = |what| Relation::Of { what, kind: Kind::FileSystem, id: id.to_owned() };
    if let Observed::Present(Description { kms_key: Observed::Present(key), .. }) = file_system.description.observed() {
        walk.reach_key(key, region, Kind::FileSystem, id);
    }
    let Observed::Present(targets) = file_system.mount_targets.observed() else { return };
    for target in targets {
        if let Observed::Present(vpc) = &target.vpc
            && let Some(reference) = ec2::vpc_reference(walk, vpc, region)
        {
            walk.reach(reference, of("VPC of a mount target"));
        }
        let Observed::Present(groups) = target.security_groups.observed() else { continue };
        for group in groups {
            if let Some(reference) = ec2::security_group_reference(walk, group, region) {
                walk.reach(reference, of("security group of a mount target"));
            }
        }
    }
}

async fn description(walk: &Walk<'_>, id: &str, region: &str) -> Seen<Description> {
    walk.aws
        .ask(
            &DESCRIBE,
            region,
            &[("FileSystemId", id)],
            |clients| clients.efs().describe_file_systems().file_system_id(id).send(),
            |answer| match answer.file_systems.map(|found| found.into_iter().next()) {
                None => Observed::Unknown(DESCRIBE.incomplete("FileSystems")),
                Some(None) => Observed::Unknown(not_listed(&DESCRIBE)),
                Some(Some(found)) => Observed::Present(described(found)),
            },
        )
        .await
}

/// A list that was read to its end and does not hold what was asked for by name says that it does not exist.
fn not_listed(call: &'static Call) -> Gap {
    Gap::Missing { operation: call.operation.into(), code: "a list that does not hold it".into() }
}

fn described(found: types::FileSystemDescription) -> Description {
    Description {
        encrypted: Observed::of(found.encrypted.map(Switch::from)),
        kms_key: Observed::name(found.kms_key_id),
        state: life_cycle(&DESCRIBE, &found.life_cycle_state),
        // The SDK takes the time for required, and gives the year 1970 where it is missing.
        created_at: DESCRIBE.time("CreationTime", Some(&found.creation_time).filter(|time| time.secs() > 0)),
        one_zone: Observed::name(found.availability_zone_name),
    }
}

fn life_cycle(call: &'static Call, state: &types::LifeCycleState) -> Observed<LifeCycle> {
    match state.as_str() {
        "available" => Observed::Present(LifeCycle::Available),
        "creating" => Observed::Present(LifeCycle::Creating),
        "updating" => Observed::Present(LifeCycle::Updating),
        "deleting" => Observed::Present(LifeCycle::Deleting),
        "deleted" => Observed::Present(LifeCycle::Deleted),
        "error" => Observed::Present(LifeCycle::Error),
        other => call.unrecognised("LifeCycleState", other),
    }
}

/// That there is no policy is said by an error; it is AWS's own default then.
async fn policy(walk: &Walk<'_>, id: &str, region: &str) -> Seen<PolicyText> {
    walk.aws
        .ask(
            &POLICY,
            region,
            &[("FileSystemId", id)],
            |clients| clients.efs().describe_file_system_policy().file_system_id(id).send(),
            |answer| match answer.policy.filter(|policy| !policy.is_empty()) {
                Some(policy) => Observed::Present(PolicyText(policy)),
                None => Observed::Unknown(POLICY.incomplete("Policy")),
            },
        )
        .await
}

/// The last backup under another plan matters only where the policy does not say that backups are on.
async fn backups(walk: &Walk<'_>, id: &str, arn: &str, region: &str) -> (Seen<BackupStatus>, Seen<jiff::Timestamp>) {
    let policy = backup_policy(walk, id, region).await;
    let last = match policy.observed() {
        Observed::Present(BackupStatus::Enabled | BackupStatus::Enabling) => {
            Seen::gap(Gap::NotCollected { what: "the last backup is not asked for where backups are on".into() })
        }
        Observed::Present(BackupStatus::Disabled | BackupStatus::Disabling)
        | Observed::Absent
        | Observed::Unknown(_) => backup::last_backup(walk, arn, region).await,
    };
    (policy, last)
}

/// A file system for which no backup policy was ever set says so by an error, which means off.
async fn backup_policy(walk: &Walk<'_>, id: &str, region: &str) -> Seen<BackupStatus> {
    walk.aws
        .ask(
            &BACKUP_POLICY,
            region,
            &[("FileSystemId", id)],
            |clients| clients.efs().describe_backup_policy().file_system_id(id).send(),
            |answer| match answer.backup_policy.as_ref().map(|policy| policy.status.as_str()) {
                Some("ENABLED") => Observed::Present(BackupStatus::Enabled),
                Some("ENABLING") => Observed::Present(BackupStatus::Enabling),
                Some("DISABLED") => Observed::Present(BackupStatus::Disabled),
                Some("DISABLING") => Observed::Present(BackupStatus::Disabling),
                Some(other) => BACKUP_POLICY.unrecognised("BackupPolicy.Status", other),
                None => Observed::Unknown(BACKUP_POLICY.incomplete("BackupPolicy")),
            },
        )
        .await
}

async fn mount_targets(walk: &Walk<'_>, id: &str, region: &str) -> Seen<Vec<MountTarget>> {
    let listed = walk
        .aws
        .ask_all(
            &TARGETS,
            region,
            &[("FileSystemId", id)],
            |clients, marker| clients.efs().describe_mount_targets().file_system_id(id).set_marker(marker).send(),
            |answer| answer.next_marker.clone(),
            |answer| {
                let targets = answer.mount_targets.ok_or_else(|| TARGETS.incomplete("MountTargets"))?;
                targets.into_iter().map(mount_target).collect()
            },
        )
        .await;
    let Observed::Present(targets) = listed.observed() else { return listed };
    let groups = join_all(targets.iter().map(|target| security_groups(walk, &target.id, region))).await;
    let targets = targets.iter().zip(groups);
    let targets = targets.map(|(target, security_groups)| MountTarget { security_groups, ..target.clone() });
    Seen::new(Observed::Present(targets.collect()), listed.calls().to_vec())
}

fn mount_target(found: types::MountTargetDescription) -> Result<MountTarget, Gap> {
    // The SDK takes both ids for required, and gives an empty text where one is missing.
    let id = Some(found.mount_target_id).filter(|id| !id.is_empty());
    let subnet = Some(found.subnet_id).filter(|id| !id.is_empty());
    Ok(MountTarget {
        id: id.ok_or_else(|| TARGETS.incomplete("MountTarget.MountTargetId"))?,
        subnet: subnet.ok_or_else(|| TARGETS.incomplete("MountTarget.SubnetId"))?,
        vpc: Observed::of(found.vpc_id),
        zone: Observed::of(found.availability_zone_id),
        state: life_cycle(&TARGETS, &found.life_cycle_state),
        security_groups: Seen::gap(Gap::NotCollected { what: "the security groups are asked for next".into() }),
    })
}

async fn security_groups(walk: &Walk<'_>, id: &str, region: &str) -> Seen<Vec<String>> {
    walk.aws
        .ask(
            &GROUPS,
            region,
            &[("MountTargetId", id)],
            |clients| clients.efs().describe_mount_target_security_groups().mount_target_id(id).send(),
            |answer| Observed::Present(answer.security_groups),
        )
        .await
}

/// Follows an access point or mount target to its file system, by the mount targets behind it, and reaches that.
async fn followed(walk: &Walk<'_>, id: &str, region: &str) -> Collected {
    let name = if id.starts_with("fsap-") { "AccessPointId" } else { "MountTargetId" };
    let lead = walk
        .aws
        .ask(
            &TARGETS,
            region,
            &[(name, id)],
            |clients| {
                let request = clients.efs().describe_mount_targets();
                if name == "AccessPointId" {
                    request.access_point_id(id).send()
                } else {
                    request.mount_target_id(id).send()
                }
            },
            |answer| match answer.mount_targets.map(|found| found.into_iter().next()) {
                None => Observed::Unknown(TARGETS.incomplete("MountTargets")),
                // An access point of a file system without mount targets is there all the same.
                Some(None) => Observed::Absent,
                Some(Some(found)) => Observed::Present(found.file_system_id),
            },
        )
        .await;
    let gap = match lead.observed() {
        Observed::Present(file_system) => {
            if let Some(reference) = file_system_reference(walk, file_system, region) {
                walk.reach(reference, Relation::NamedBy { name: id.to_owned() });
            }
            Gap::NotCollected { what: "it is asked about the file system that the name leads to".into() }
        }
        Observed::Absent => Gap::undecided(format!("{id} has no mount target, which would tell its file system")),
        Observed::Unknown(gap) => gap.clone(),
    };
    let arn = match lead.observed() {
        Observed::Present(file_system) => {
            Some(format!("arn:{}:{SERVICE}:{region}:{}:file-system/{file_system}", walk.partition, walk.account))
        }
        Observed::Absent | Observed::Unknown(_) => None,
    };
    let mut file_system = FileSystem::unknown(&gap);
    file_system.named_by = names_of(walk, id, region);
    file_system.description = file_system.description.resting_on(lead.calls());
    Collected {
        existence: existence(&lead),
        arn,
        region: Some(region.to_owned()),
        resource: Resource::FileSystem(Box::new(file_system)),
    }
}

#[cfg(test)]
mod tests;
