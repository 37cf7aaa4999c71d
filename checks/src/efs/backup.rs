//! Whether AWS Backup backs the file system up, and has done so lately.

use jiff::Timestamp;
use serde::Deserialize;

use super::settled;
use super::{BackupStatus, DESCRIBE, FileSystem, RecoveryPoint, RecoveryStatus};
use crate::check::Context;
use crate::observed::{Gap, Observed};
use crate::verdict::{Judgement, Verdict};

/// How old the newest backup may be.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Age {
    max_age_h: i64,
}

impl Age {
    /// Whether that was less than the longest age ago.
    fn is_fresh(&self, at: &Timestamp, context: &Context<'_>) -> bool {
        context.evidence.run.started_at.duration_since(*at).as_secs() < self.max_age_h * 60 * 60
    }
}

/// A backup policy that was never set is off. A plan of another's making will do as well, where it was at work lately: that
/// the file system is among the protected resources proves no more than that it was backed up once.
pub(super) fn automatic(file_system: &FileSystem, params: &Age, context: &Context<'_>) -> Judgement {
    settled(file_system)?;
    let off = match file_system.backup_policy.seen() {
        Ok(Some(BackupStatus::Enabled)) => return Ok(Verdict::satisfied("automatic backups are on")),
        Ok(Some(BackupStatus::Enabling)) => {
            return Ok(Verdict::satisfied("automatic backups are being switched on")
                .noting("the first backup follows within a day or so; see efs-recovery-point-exists"));
        }
        Ok(Some(BackupStatus::Disabled)) => Ok("automatic backups are off"),
        Ok(Some(BackupStatus::Disabling)) => Ok("automatic backups are being switched off"),
        Ok(None) => Ok("automatic backups are off: there is no backup policy"),
        Err(gap) => Err(gap),
    };
    let last = file_system.last_backup.seen();
    if let Ok(Some(at)) = last
        && params.is_fresh(at, context)
    {
        return Ok(Verdict::satisfied(format!("AWS Backup backed the file system up at {at}")).noting(match off {
            Ok(off) => format!("{off}; another backup plan does it"),
            Err(gap) => format!("the backup policy could not be read ({gap})"),
        }));
    }
    let off = off?;
    let observed = match last? {
        Some(at) => format!("{off}, and the last backup is of {at}"),
        None => format!("{off}, and AWS Backup never backed the file system up"),
    };
    Ok(Verdict::not_satisfied(
        observed,
        format!("automatic backups, or a backup of another plan younger than {} hours", params.max_age_h),
    ))
}

/// The vault that automatic backups go to.
const AUTOMATIC_VAULT: &str = "aws/efs/automatic-backup-vault";

/// That nothing was ever backed up is an answer. A file system that is younger than the longest age has had no time for it.
pub(super) fn recovery_point(file_system: &FileSystem, params: &Age, context: &Context<'_>) -> Judgement {
    let description = settled(file_system)?;
    let points = file_system.recovery_points.seen()?.map_or(&[] as &[RecoveryPoint], Vec::as_slice);
    let mut newest: Option<(&Timestamp, &RecoveryPoint)> = None;
    let mut doubt: Option<Gap> = None;
    for point in points {
        match completed(point) {
            Ok(Some(at)) if newest.is_none_or(|(newest, _)| at > newest) => newest = Some((at, point)),
            Ok(_) => {}
            Err(gap) => {
                doubt.get_or_insert(gap);
            }
        }
    }
    if let Some((at, point)) = newest.filter(|(at, _)| params.is_fresh(at, context)) {
        let verdict = Verdict::satisfied(format!("the newest complete recovery point is of {at}"));
        return Ok(match &point.vault {
            Observed::Present(vault) if vault == AUTOMATIC_VAULT => verdict.noting(
                "the automatic vault is encrypted with the key that AWS manages for backups; the policy offers no other",
            ),
            Observed::Present(_) | Observed::Absent | Observed::Unknown(_) => verdict,
        });
    }
    if let Some(gap) = doubt {
        return Err(gap);
    }
    let observed = match newest {
        Some((at, _)) => format!("the newest complete recovery point is of {at}"),
        None if points.is_empty() => "there is no recovery point".to_owned(),
        None => format!("no recovery point is complete: {}", states(points)),
    };
    let created = description.created_at.required(DESCRIBE, "FileSystem.CreationTime")?;
    if newest.is_none() && params.is_fresh(created, context) {
        return Ok(Verdict::not_applicable(format!("{observed}; the file system was made at {created}")));
    }
    let verdict =
        Verdict::not_satisfied(observed, format!("a complete recovery point younger than {} hours", params.max_age_h));
    Ok(match file_system.backup_policy.seen() {
        Ok(Some(BackupStatus::Enabled)) => verdict.noting(
            "automatic backups are on; where none is made, see whether the account lets AWS Backup work for EFS (opt-in)",
        ),
        Ok(Some(BackupStatus::Enabling | BackupStatus::Disabled | BackupStatus::Disabling) | None) | Err(_) => verdict,
    })
}

/// When a recovery point was made that is complete; `None` for one that does not count. One that is merely called
/// available leaves it open: AWS uses the word beside COMPLETED, and the requirement asks for the latter.
fn completed(point: &RecoveryPoint) -> Result<Option<&Timestamp>, Gap> {
    match point.status.required("ListRecoveryPointsByResource", "RecoveryPoint.Status")? {
        RecoveryStatus::Completed => {
            point.created_at.required("ListRecoveryPointsByResource", "RecoveryPoint.CreationDate").map(Some)
        }
        RecoveryStatus::Available => Err(Gap::undecided(
            "AWS Backup calls a recovery point AVAILABLE and none that is young enough COMPLETED; see the vault",
        )),
        RecoveryStatus::Creating
        | RecoveryStatus::Partial
        | RecoveryStatus::Deleting
        | RecoveryStatus::Expired
        | RecoveryStatus::Stopped => Ok(None),
    }
}

/// The states of recovery points, each once.
fn states(points: &[RecoveryPoint]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for point in points {
        if let Observed::Present(status) = &point.status
            && !names.contains(&status.name())
        {
            names.push(status.name());
        }
    }
    names.join(", ")
}

#[cfg(test)]
mod tests;
