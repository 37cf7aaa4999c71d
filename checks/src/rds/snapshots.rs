//! Whether the copies of the database are encrypted, and who may restore them.

use serde::Deserialize;

use super::encryption::how;
use super::{Database, Encryption, Snapshot};
use crate::observed::{Gap, Observed};
use crate::verdict::{Judgement, Verdict, every};

const EXPECTED: &str = "encrypted snapshots that nobody outside of the account and trusted_accounts may restore";

/// Accounts that may restore snapshots.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Trusted {
    trusted_accounts: Vec<String>,
}

/// An empty list means that there are no snapshots, to which nothing can apply. Those of an earlier cluster of the same
/// name hold the same class of data and are judged alike.
pub(super) fn private_encrypted(database: &Database, params: &Trusted) -> Judgement {
    let snapshots = database.snapshots.required("DescribeDBClusterSnapshots", "DBClusterSnapshots")?;
    let mut parts = Vec::new();
    for snapshot in snapshots {
        if let Err(Gap::Missing { .. }) = snapshot.restorers.seen() {
            let why = format!("snapshot {} was deleted while it was looked at", snapshot.id);
            parts.push(Ok(Verdict::not_applicable(why.clone()).noting(why)));
            continue;
        }
        let name = format!("snapshot {}", snapshot.id);
        let earlier = earlier_cluster(database, snapshot);
        for part in [encrypted(snapshot), private(snapshot, params)] {
            parts.push(part.map(|verdict| {
                let verdict = verdict.about(&name);
                match &earlier {
                    Some(note) => verdict.noting(note.clone()),
                    None => verdict,
                }
            }));
        }
    }
    let verdict = every(parts, || Ok(Verdict::not_applicable("there are no snapshots")))?;
    let gone = |snapshot: &&Snapshot| matches!(snapshot.restorers.observed(), Observed::Unknown(Gap::Missing { .. }));
    let vanished: Vec<&str> = snapshots.iter().filter(gone).map(|snapshot| snapshot.id.as_str()).collect();
    Ok(match verdict {
        // One sentence for all: there may be dozens.
        Verdict::Satisfied { note, .. } => {
            let observed = match snapshots.len() - vanished.len() {
                1 => "the one snapshot is encrypted; nobody who is not trusted may restore it".to_owned(),
                count => format!("{count} snapshots, all encrypted; nobody who is not trusted may restore one"),
            };
            let verdict = note.into_iter().fold(Verdict::satisfied(observed), Verdict::noting);
            if vanished.is_empty() {
                verdict
            } else {
                verdict.noting(format!("deleted while they were looked at: {}", vanished.join(", ")))
            }
        }
        other @ (Verdict::NotSatisfied { .. } | Verdict::NotApplicable { .. }) => other,
    })
}

fn encrypted(snapshot: &Snapshot) -> Judgement {
    Ok(match how(&snapshot.storage_encrypted, &snapshot.encryption)? {
        Encryption::SseKms | Encryption::SseRds => Verdict::satisfied("is encrypted"),
        Encryption::None => Verdict::not_satisfied("is not encrypted", EXPECTED),
    })
}

/// Snapshots that RDS or AWS Backup took cannot be shared.
fn private(snapshot: &Snapshot, params: &Trusted) -> Judgement {
    let Some(restorers) = snapshot.restorers.seen()? else {
        return Ok(Verdict::satisfied("cannot be shared"));
    };
    let strangers: Vec<&str> =
        restorers.iter().filter(|id| !params.trusted_accounts.contains(id)).map(String::as_str).collect();
    Ok(if restorers.iter().any(|id| id == "all") {
        Verdict::not_satisfied("is public: any AWS account may restore it", EXPECTED)
    } else if strangers.is_empty() {
        Verdict::satisfied("is shared with nobody who is not trusted")
    } else {
        Verdict::not_satisfied(format!("is shared with account {}", strangers.join(", ")), EXPECTED)
    })
}

/// Says so where the snapshot is of an earlier cluster of the same name.
fn earlier_cluster(database: &Database, snapshot: &Snapshot) -> Option<String> {
    let Observed::Present(cluster) = database.cluster.observed() else { return None };
    match (&cluster.resource_id, &snapshot.resource_id) {
        (Observed::Present(own), Observed::Present(other)) if own != other => {
            Some(format!("snapshot {} is of an earlier cluster of this name, {other}", snapshot.id))
        }
        (Observed::Present(_) | Observed::Absent | Observed::Unknown(_), _) => None,
    }
}

#[cfg(test)]
mod tests;
