//! Whose key protects a secret, and whom its policy lets in.

use serde::Deserialize;

use super::{DESCRIBE, Secret};
use crate::check::Context;
use crate::kms::rotating::{of_aws, rotating};
use crate::policy::question::{Setting, public};
use crate::verdict::{Judgement, Verdict};

/// Whether keys that AWS manages will do.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Keys {
    accept_aws_managed: bool,
}

/// No key means the one that AWS manages. One that is spelled out may be that as well: KMS says so, not its name.
pub(super) fn key(secret: &Secret, params: &Keys, context: &Context<'_>) -> Judgement {
    let description = secret.description.required(DESCRIBE, "ARN")?;
    match description.kms_key.seen()? {
        Some(key) => rotating(key, params.accept_aws_managed, context),
        None => Ok(of_aws("the secret", params.accept_aws_managed)),
    }
}

/// Whose access is wanted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Trusted {
    trusted_accounts: Vec<String>,
}

const CLOSED: &str = "a resource policy that lets in no stranger and no account outside trusted_accounts";

/// Without a policy nobody from outside is let in.
pub(super) fn not_public(secret: &Secret, params: &Trusted, context: &Context<'_>) -> Judgement {
    let Some(text) = secret.policy.seen()? else {
        return Ok(Verdict::satisfied("the secret has no resource policy, so nobody from outside is let in"));
    };
    let arn = context.subject.arn.as_ref().unwrap_or(&context.subject.id);
    let setting = Setting {
        service: Some("secretsmanager".into()),
        trusted_accounts: params.trusted_accounts.clone(),
        ..Setting::of(context.evidence, arn.starts_with("arn:").then(|| arn.clone()))
    };
    public::closed(&[("resource policy", &text.0)], &setting).judgement(CLOSED)
}

#[cfg(test)]
mod tests;
