//! The snapshots of a cluster, and who may restore them.

use aws_sdk_rds::types;
use futures_util::future::join_all;
use tap_audit_checks::observed::{Gap, Observed, Seen};
use tap_audit_checks::rds::{Snapshot, SnapshotKind};

use super::{encryption, switch};
use crate::collect::Walk;
use crate::collect::call::Call;

pub(super) const SNAPSHOTS: Call = Call {
    service: "rds",
    operation: "DescribeDBClusterSnapshots",
    permission: "rds:DescribeDBClusterSnapshots",
    absent: &[],
    denied_or: None,
};
pub(super) const ATTRIBUTES: Call = Call {
    service: "rds",
    operation: "DescribeDBClusterSnapshotAttributes",
    permission: "rds:DescribeDBClusterSnapshotAttributes",
    absent: &[],
    denied_or: None,
};

/// Collects the snapshots that name this cluster, automated ones too; those of an earlier cluster of the name are among
/// them. Who may restore one is asked of those that people took, because only these can be shared.
pub(super) async fn snapshots(walk: &Walk<'_>, id: &str, region: &str) -> Seen<Vec<Snapshot>> {
    let listed = list(walk, id, region).await;
    let Observed::Present(snapshots) = listed.observed() else { return listed };
    let restorers = join_all(snapshots.iter().map(|snapshot| async {
        match &snapshot.kind {
            Observed::Present(SnapshotKind::Manual) => restorers(walk, &snapshot.id, region).await,
            Observed::Present(SnapshotKind::Automated | SnapshotKind::AwsBackup) => {
                Seen::new(Observed::Absent, listed.calls().to_vec())
            }
            Observed::Absent => Seen::gap(SNAPSHOTS.incomplete("DBClusterSnapshot.SnapshotType")),
            Observed::Unknown(gap) => Seen::gap(gap.clone()),
        }
    }))
    .await;
    let snapshots = snapshots.iter().zip(restorers);
    let snapshots = snapshots.map(|(snapshot, restorers)| Snapshot { restorers, ..snapshot.clone() }).collect();
    Seen::new(Observed::Present(snapshots), listed.calls().to_vec())
}

async fn list(walk: &Walk<'_>, id: &str, region: &str) -> Seen<Vec<Snapshot>> {
    walk.aws
        .ask_all(
            &SNAPSHOTS,
            region,
            &[("DBClusterIdentifier", id)],
            |clients, marker| {
                clients.rds().describe_db_cluster_snapshots().db_cluster_identifier(id).set_marker(marker).send()
            },
            |answer| answer.marker.clone(),
            |answer| {
                let snapshots =
                    answer.db_cluster_snapshots.ok_or_else(|| SNAPSHOTS.incomplete("DBClusterSnapshots"))?;
                snapshots.into_iter().map(snapshot).collect()
            },
        )
        .await
}

fn snapshot(found: types::DbClusterSnapshot) -> Result<Snapshot, Gap> {
    let id = found.db_cluster_snapshot_identifier;
    Ok(Snapshot {
        id: id.ok_or_else(|| SNAPSHOTS.incomplete("DBClusterSnapshot.DBClusterSnapshotIdentifier"))?,
        resource_id: Observed::of(found.db_cluster_resource_id),
        kind: match found.snapshot_type.as_deref() {
            Some("manual") => Observed::Present(SnapshotKind::Manual),
            Some("automated") => Observed::Present(SnapshotKind::Automated),
            Some("awsbackup") => Observed::Present(SnapshotKind::AwsBackup),
            Some(other) => SNAPSHOTS.unrecognised("DBClusterSnapshot.SnapshotType", other),
            None => Observed::Absent,
        },
        status: Observed::of(found.status),
        storage_encrypted: switch(found.storage_encrypted),
        encryption: encryption(
            &SNAPSHOTS,
            "DBClusterSnapshot.StorageEncryptionType",
            found.storage_encryption_type.as_ref(),
        ),
        restorers: Seen::gap(Gap::NotCollected { what: "who may restore the snapshot is asked next".into() }),
    })
}

/// The accounts in the attribute `restore`; where RDS lists no such attribute, nobody was ever let in.
async fn restorers(walk: &Walk<'_>, id: &str, region: &str) -> Seen<Vec<String>> {
    walk.aws
        .ask(
            &ATTRIBUTES,
            region,
            &[("DBClusterSnapshotIdentifier", id)],
            |clients| clients.rds().describe_db_cluster_snapshot_attributes().db_cluster_snapshot_identifier(id).send(),
            |answer| {
                let result = answer.db_cluster_snapshot_attributes_result;
                let Some(attributes) = result.and_then(|result| result.db_cluster_snapshot_attributes) else {
                    return Observed::Unknown(ATTRIBUTES.incomplete("DBClusterSnapshotAttributes"));
                };
                let restore = attributes.iter().filter(|one| one.attribute_name() == Some("restore"));
                Observed::Present(restore.flat_map(|one| one.attribute_values()).cloned().collect())
            },
        )
        .await
}
