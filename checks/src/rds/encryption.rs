//! Whether the database is encrypted at rest, and whose keys it is encrypted with.

use serde::Deserialize;

use super::{ActivityStream, CLUSTERS, Cluster, Database, Encryption, INSTANCES, Insights};
use super::{cluster, settled};
use crate::check::{Context, NoParams};
use crate::kms::rotating::{of_aws, owned_by_aws, rotating};
use crate::observed::{Gap, Observed};
use crate::s3::Switch;
use crate::verdict::{Judgement, Verdict, every, nothing_to_judge};

const EXPECTED: &str = "storage encrypted at rest under a key in KMS";

/// How storage is encrypted, by both fields that tell: the older one is off under a key that AWS owns, although the data
/// is encrypted then.
pub(super) fn how(encrypted: &Observed<Switch>, kind: &Observed<Encryption>) -> Result<Encryption, Gap> {
    let encrypted = encrypted.seen()?.copied();
    let kind = match (kind.seen(), encrypted) {
        // The older field alone proves it, whatever the newer one may come to say.
        (Err(_), Some(Switch::On)) => return Ok(Encryption::SseKms),
        (kind, _) => kind?.copied(),
    };
    match (encrypted, kind) {
        (Some(Switch::On), Some(Encryption::None)) => Err(Gap::undecided(
            "RDS answered StorageEncrypted true and StorageEncryptionType none, which exclude each other",
        )),
        (_, Some(kind)) => Ok(kind),
        (Some(Switch::On), None) => Ok(Encryption::SseKms),
        (Some(Switch::Off), None) => Ok(Encryption::None),
        (None, None) => Err(Gap::Incomplete {
            operation: CLUSTERS.into(),
            field: "StorageEncrypted or StorageEncryptionType".into(),
        }),
    }
}

/// Storage cannot be encrypted later, so it is judged in any status. What the instances repeat is the cluster's.
pub(super) fn storage(database: &Database, _: &NoParams) -> Judgement {
    let cluster = cluster(database)?;
    let verdict = match how(&cluster.storage_encrypted, &cluster.encryption)? {
        Encryption::SseKms => Verdict::satisfied("storage is encrypted under a key in KMS"),
        Encryption::SseRds => Verdict::satisfied("storage is encrypted under a key that AWS owns")
            .noting("nobody but AWS sees that key; see rds-kms-key-rotating"),
        Encryption::None => Verdict::not_satisfied("storage is not encrypted", EXPECTED)
            .noting("encryption cannot be switched on later: restore from a snapshot with a key"),
    };
    if let (Encryption::SseKms, Ok(Some(instances))) =
        (how(&cluster.storage_encrypted, &cluster.encryption)?, database.instances.seen())
        && let Some(other) = instances.iter().find(|one| one.storage_encrypted == Observed::Present(Switch::Off))
    {
        return Err(Gap::undecided(format!(
            "the cluster says that storage is encrypted, and its instance {} that it is not",
            other.id
        )));
    }
    Ok(verdict)
}

/// Whether keys that AWS manages will do.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Keys {
    accept_aws_managed: bool,
}

/// The keys of storage, of Performance Insights and of the activity stream, where these are on: each holds data or pieces
/// of queries.
pub(super) fn keys(database: &Database, params: &Keys, context: &Context<'_>) -> Judgement {
    let cluster = settled(database)?;
    let accept = params.accept_aws_managed;
    let storage = match how(&cluster.storage_encrypted, &cluster.encryption)? {
        Encryption::None => {
            return Ok(Verdict::not_applicable("storage is not encrypted; see rds-storage-encrypted"));
        }
        Encryption::SseRds => Ok(owned_by_aws("storage")),
        Encryption::SseKms => cluster
            .kms_key
            .required(CLUSTERS, "DBCluster.KmsKeyId")
            .and_then(|key| rotating(key, accept, context))
            .map(|verdict| verdict.about("storage:")),
    };
    let mut parts = vec![storage, insights("Performance Insights", &cluster.insights, accept, context)];
    match database.instances.required(INSTANCES, "DBInstances") {
        Ok(instances) => parts.extend(instances.iter().map(|instance| {
            let what = format!("Performance Insights of {}", instance.id);
            insights(&what, &instance.insights, accept, context)
        })),
        Err(gap) => parts.push(Err(gap)),
    }
    parts.push(stream(cluster, accept, context));
    let verdict = every(parts, nothing_to_judge)?;
    Ok(match &cluster.master_secret {
        Observed::Present(_) => verdict.noting(
            "the key of the secret that RDS made for the master user is judged by secret-kms-cmk and \
             rds-credentials-from-existing-secret (J23)",
        ),
        Observed::Absent | Observed::Unknown(_) => verdict,
    })
}

/// Aurora sets Performance Insights on the instances as a rule; no key then means the key that AWS manages.
fn insights(what: &str, insights: &Insights, accept: bool, context: &Context<'_>) -> Judgement {
    match insights.enabled.seen()? {
        None | Some(Switch::Off) => Ok(Verdict::not_applicable(format!("{what} is off"))),
        Some(Switch::On) => match insights.kms_key.seen()? {
            None => Ok(of_aws(what, accept)),
            Some(key) => Ok(rotating(key, accept, context)?.about(&format!("{what}:"))),
        },
    }
}

fn stream(cluster: &Cluster, accept: bool, context: &Context<'_>) -> Judgement {
    match cluster.activity_stream.seen()? {
        None | Some(ActivityStream::Stopped) => Ok(Verdict::not_applicable("the activity stream is off")),
        Some(ActivityStream::Started | ActivityStream::Starting | ActivityStream::Stopping) => {
            let key = cluster.activity_stream_key.required(CLUSTERS, "DBCluster.ActivityStreamKmsKeyId")?;
            Ok(rotating(key, accept, context)?.about("activity stream:"))
        }
    }
}

#[cfg(test)]
mod tests;
