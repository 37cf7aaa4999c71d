//! AWS Backup: when a resource was backed up last, and what it can be restored from.

use aws_sdk_backup::types;
use jiff::Timestamp;
use tap_audit_checks::efs::{RecoveryPoint, RecoveryStatus};
use tap_audit_checks::observed::{Observed, Seen};

use crate::collect::Walk;
use crate::collect::call::Call;

pub(super) const PROTECTED: Call = Call {
    service: "backup",
    operation: "ListProtectedResources",
    permission: "backup:ListProtectedResources",
    absent: &[],
    denied_or: None,
};
pub(super) const RECOVERY_POINTS: Call = Call {
    service: "backup",
    operation: "ListRecoveryPointsByResource",
    permission: "backup:ListRecoveryPointsByResource",
    absent: &["ResourceNotFoundException"],
    denied_or: None,
};

/// When the resource was backed up last, under whatever plan; absent means that it is not listed. Listed is whatever was
/// ever backed up, also when no plan is left.
pub(super) async fn last_backup(walk: &Walk<'_>, arn: &str, region: &str) -> Seen<Timestamp> {
    let protected = walk
        .aws
        .ask_all(
            &PROTECTED,
            region,
            &[],
            |clients, token| clients.backup().list_protected_resources().set_next_token(token).send(),
            |answer| answer.next_token.clone(),
            |answer| {
                let results = answer.results.ok_or_else(|| PROTECTED.incomplete("Results"))?;
                results
                    .into_iter()
                    .map(|found| {
                        let last = PROTECTED.time("LastBackupTime", found.last_backup_time());
                        Ok((found.resource_arn.ok_or_else(|| PROTECTED.incomplete("ResourceArn"))?, last))
                    })
                    .collect::<Result<Vec<_>, _>>()
            },
        )
        .await;
    protected.and_then(|protected| match protected.into_iter().find(|(found, _)| found == arn) {
        Some((_, last)) => last,
        None => Observed::Absent,
    })
}

/// Collects the recovery points of a resource; absent means that it was never backed up.
pub(super) async fn recovery_points(walk: &Walk<'_>, arn: &str, region: &str) -> Seen<Vec<RecoveryPoint>> {
    walk.aws
        .ask_all(
            &RECOVERY_POINTS,
            region,
            &[("ResourceArn", arn)],
            |clients, token| {
                clients.backup().list_recovery_points_by_resource().resource_arn(arn).set_next_token(token).send()
            },
            |answer| answer.next_token.clone(),
            |answer| {
                let points = answer.recovery_points.ok_or_else(|| RECOVERY_POINTS.incomplete("RecoveryPoints"))?;
                Ok(points.into_iter().map(recovery_point).collect())
            },
        )
        .await
}

fn recovery_point(found: types::RecoveryPointByResource) -> RecoveryPoint {
    let status = match found.status.as_ref().map(types::RecoveryPointStatus::as_str) {
        None => Observed::Absent,
        Some(token) => match RecoveryStatus::ALL.iter().find(|(_, name)| *name == token) {
            Some((status, _)) => Observed::Present(*status),
            None => RECOVERY_POINTS.unrecognised("RecoveryPoint.Status", token),
        },
    };
    RecoveryPoint {
        status,
        created_at: RECOVERY_POINTS.time("CreationDate", found.creation_date.as_ref()),
        arn: Observed::of(found.recovery_point_arn),
        vault: Observed::of(found.backup_vault_name),
        kms_key: Observed::name(found.encryption_key_arn),
    }
}
