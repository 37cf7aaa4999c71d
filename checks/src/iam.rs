//! IAM roles and managed policies: what is seen of them, and the checks of their requirements.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::check::Check;
use crate::observed::{Gap, Seen};
use crate::policy::model::PolicyText;
use crate::subject::Kind;

mod deny;
mod deputy;
pub(crate) mod documents;
#[cfg(test)]
pub(crate) mod fixture;
mod keys;
mod scope;
mod trust;
mod wildcards;

/// The checks of this file, in catalog order.
pub fn checks() -> Vec<Check> {
    let named = [Kind::Role, Kind::ManagedPolicy];
    vec![
        Check::each("iam-role-no-wildcard-actions", &named, wildcards::actions).when_none(wildcards::none_found),
        Check::each("iam-role-no-wildcard-resources", &named, wildcards::resources).when_none(wildcards::none_found),
        Check::across("iam-role-no-broad-managed-policy", wildcards::no_broad_managed),
        Check::across("iam-role-s3-scope", scope::s3),
        Check::across("iam-role-logs-scope", scope::logs),
        Check::across("iam-role-kms-scope", scope::kms),
        Check::across("iam-trust-external-id-cross-account", trust::external_id),
        Check::across("iam-trust-no-external-id-on-service", trust::services),
        Check::across("iam-trust-principals-expected", trust::principals),
        Check::across("iam-explicit-deny-present", deny::explicit_deny),
        Check::new("iam-no-access-keys-for-stack", keys::none_in_stack),
        Check::across("iam-service-role-confused-deputy", deputy::confused_deputy),
    ]
}

/// What was seen of a role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// The names of its inline policies; an empty list means none.
    pub inline_policies: Seen<Vec<String>>,
    /// The ARNs of its managed policies; an empty list means none.
    pub attached_policies: Seen<Vec<String>>,
    /// The role's ARN, as IAM answers it.
    pub arn: Seen<String>,
    /// The path that its name stands under, `/` for most; `/aws-service-role/` marks a service-linked role.
    pub path: Seen<String>,
    /// Who may become the role: its trust policy, decoded.
    pub trust: Seen<PolicyText>,
    /// The ARN of its permissions boundary; absent means none.
    pub boundary: Seen<String>,
    /// The document of each inline policy, decoded, by the policy's name.
    pub inline_documents: BTreeMap<String, Seen<PolicyText>>,
    /// The default version's document of each managed policy, decoded, by the policy's ARN.
    pub attached_documents: BTreeMap<String, Seen<PolicyText>>,
    /// Tags; absent means none.
    pub tags: Seen<BTreeMap<String, String>>,
}

/// What was seen of a managed policy that the stack owns. A policy that an audited role has attached is seen there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManagedPolicy {
    /// The default version's document, decoded.
    pub document: Seen<PolicyText>,
    /// Tags; absent means none.
    pub tags: Seen<BTreeMap<String, String>>,
}

impl ManagedPolicy {
    /// The evidence of a managed policy of which nothing could be seen.
    pub fn unknown(gap: &Gap) -> Self {
        ManagedPolicy { document: Seen::gap(gap.clone()), tags: Seen::gap(gap.clone()) }
    }
}

impl Role {
    /// The evidence of a role of which nothing could be seen.
    pub fn unknown(gap: &Gap) -> Self {
        Role {
            inline_policies: Seen::gap(gap.clone()),
            attached_policies: Seen::gap(gap.clone()),
            arn: Seen::gap(gap.clone()),
            path: Seen::gap(gap.clone()),
            trust: Seen::gap(gap.clone()),
            boundary: Seen::gap(gap.clone()),
            inline_documents: BTreeMap::new(),
            attached_documents: BTreeMap::new(),
            tags: Seen::gap(gap.clone()),
        }
    }
}
