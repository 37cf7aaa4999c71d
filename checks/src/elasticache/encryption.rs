//! Whether the cache is encrypted, on the way and at rest, and under whose key.

use serde::Deserialize;

use super::{Cache, Change, Encryption, Form, Group, TransitMode, form, settled, unchanged};
use crate::check::{Context, NoParams};
use crate::kms::rotating::{owned_by_aws, rotating};
use crate::observed::Gap;
use crate::s3::Switch;
use crate::verdict::{Judgement, Verdict};

const TLS: &str = "encryption in transit that is enabled and required (TransitEncryptionMode required)";

/// The mode counts beside the flag: `preferred` still takes clients in clear. Older engines answer no mode and know
/// none but `required`.
pub(super) fn in_transit(cache: &Cache, _: &NoParams) -> Judgement {
    let group = match settled(cache)? {
        Form::Group(group) => group,
        Form::Serverless(_) => {
            return Ok(Verdict::satisfied("it is a serverless cache")
                .noting("a serverless cache takes connections over TLS alone; it cannot be switched off"));
        }
    };
    unchanged(group, Change::Transit, "encryption in transit")?;
    if matches!(group.transit.seen()?, None | Some(Switch::Off)) {
        return Ok(Verdict::not_satisfied("encryption in transit is off", TLS).noting(
            "it is switched on in two changes, to preferred and then to required; engines before 7.0.5 need a new \
             replication group from a backup",
        ));
    }
    Ok(match group.transit_mode.seen()? {
        Some(TransitMode::Required) => Verdict::satisfied("encryption in transit is required"),
        None => Verdict::satisfied("encryption in transit is on")
            .noting("no mode is answered: engines without one take connections over TLS alone"),
        Some(TransitMode::Preferred) => {
            Verdict::not_satisfied("encryption in transit is only preferred, so connections in clear are taken", TLS)
        }
    })
}

const AT_REST: &str = "a cache that is encrypted at rest";

/// How data at rest is encrypted, by both fields that tell: the older one may be off although the data is encrypted. What
/// neither says is not encrypted.
fn how(group: &Group) -> Result<Encryption, Gap> {
    let flag = group.at_rest.seen();
    let kind = group.encryption.seen();
    match (flag, kind) {
        (Ok(Some(Switch::On)), Ok(Some(Encryption::None))) => Err(Gap::undecided(
            "ElastiCache answered AtRestEncryptionEnabled true and StorageEncryptionType none, which exclude each other",
        )),
        (_, Ok(Some(kind @ (Encryption::SseKms | Encryption::SseElasticache)))) => Ok(*kind),
        // The older flag alone proves it; whose key it is, KmsKeyId tells.
        (Ok(Some(Switch::On)), _) => Ok(Encryption::SseKms),
        (Err(gap), _) | (_, Err(gap)) => Err(gap),
        (Ok(Some(Switch::Off) | None), Ok(Some(Encryption::None) | None)) => Ok(Encryption::None),
    }
}

/// It can be chosen at creation only, so it is judged in any status.
pub(super) fn at_rest(cache: &Cache, _: &NoParams) -> Judgement {
    let group = match form(cache)? {
        Form::Group(group) => group,
        Form::Serverless(_) => return Ok(Verdict::satisfied("it is a serverless cache, which is always encrypted")),
    };
    Ok(match how(group)? {
        Encryption::SseKms => Verdict::satisfied("it is encrypted at rest"),
        Encryption::SseElasticache => Verdict::satisfied("it is encrypted at rest under the service's own key")
            .noting("nobody but AWS sees that key; see redis-kms-key-rotating"),
        Encryption::None => Verdict::not_satisfied("it is not encrypted at rest", AT_REST)
            .noting("encryption cannot be switched on later: make a new replication group from a backup"),
    })
}

/// Whether keys that AWS manages will do.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Keys {
    accept_aws_managed: bool,
}

/// No key beside encryption means the service's own key, not the absence of encryption. A key can be chosen at creation
/// only, so it is judged in any status.
pub(super) fn key(cache: &Cache, params: &Keys, context: &Context<'_>) -> Judgement {
    let named = match form(cache)? {
        Form::Group(group) => {
            if how(group)? == Encryption::None {
                return Ok(Verdict::not_applicable("it is not encrypted at rest; see redis-at-rest-encryption"));
            }
            &group.kms_key
        }
        Form::Serverless(cache) => &cache.kms_key,
    };
    match named.seen()? {
        Some(key) => rotating(key, params.accept_aws_managed, context),
        None => Ok(owned_by_aws("the cache")),
    }
}

#[cfg(test)]
mod tests;
