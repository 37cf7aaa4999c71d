//! Whether the file system is encrypted at rest, and under whose key.

use serde::Deserialize;

use super::{DESCRIBE, FileSystem};
use super::{description, settled};
use crate::check::{Context, NoParams};
use crate::cloudformation;
use crate::evidence::Evidence;
use crate::kms::rotating::rotating;
use crate::observed::Gap;
use crate::s3::Switch;
use crate::subject::Kind;
use crate::verdict::{Judgement, Verdict};

const EXPECTED: &str = "an EFS file system that is encrypted at rest";

/// Encryption is set once and for all when the file system is made, so it is judged in any state.
pub(super) fn encrypted(file_system: &FileSystem, _: &NoParams) -> Judgement {
    Ok(match is_encrypted(file_system)? {
        Switch::On => Verdict::satisfied("the file system is encrypted at rest"),
        Switch::Off => Verdict::not_satisfied("the file system is not encrypted at rest", EXPECTED)
            .noting("encryption cannot be switched on later: make a new file system and copy the data"),
    })
}

/// That there is no file system is a failure once the listing of the stack was read to its end.
pub(super) fn no_file_system(evidence: &Evidence) -> Judgement {
    cloudformation::holds_none(evidence, Kind::FileSystem)?;
    Ok(Verdict::not_satisfied("no EFS file system is named by an output or belongs to the stack", EXPECTED))
}

/// EFS always answers it: absence is a gap.
fn is_encrypted(file_system: &FileSystem) -> Result<Switch, Gap> {
    description(file_system)?.encrypted.required(DESCRIBE, "FileSystem.Encrypted").copied()
}

/// Whether keys that AWS manages will do.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Key {
    accept_aws_managed: bool,
}

/// The key's own description tells whether AWS manages it: where none was named, EFS answers with the ARN of its own.
pub(super) fn key(file_system: &FileSystem, params: &Key, context: &Context<'_>) -> Judgement {
    let description = settled(file_system)?;
    if is_encrypted(file_system)? == Switch::Off {
        return Ok(Verdict::not_applicable("the file system is not encrypted; see efs-encrypted"));
    }
    let key = description.kms_key.required(DESCRIBE, "FileSystem.KmsKeyId")?;
    rotating(key, params.accept_aws_managed, context)
}

#[cfg(test)]
mod tests;
