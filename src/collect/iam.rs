//! IAM: what is read of a role, and of the managed policies of the stack.

mod document;

use std::collections::BTreeMap;

use futures_util::future::join_all;
use tap_audit_checks::iam::{ManagedPolicy, Role};
use tap_audit_checks::observed::{Observed, Seen};
use tap_audit_checks::policy::model::PolicyText;
use tap_audit_checks::subject::{Kind, Resource};

use crate::collect::call::Call;
use crate::collect::{Collected, Reference, Walk, existence};

const ROLE: Call = call("GetRole", "iam:GetRole");
const INLINE: Call = call("ListRolePolicies", "iam:ListRolePolicies");
const INLINE_DOCUMENT: Call = call("GetRolePolicy", "iam:GetRolePolicy");
const ATTACHED: Call = call("ListAttachedRolePolicies", "iam:ListAttachedRolePolicies");
const TAGS: Call = call("ListRoleTags", "iam:ListRoleTags");
const POLICY: Call = call("GetPolicy", "iam:GetPolicy");
const POLICY_VERSION: Call = call("GetPolicyVersion", "iam:GetPolicyVersion");

/// Every call about a role, for plans and for the policy that the auditing role needs.
pub(crate) const CALLS: &[&Call] = &[&ROLE, &INLINE, &INLINE_DOCUMENT, &ATTACHED, &POLICY, &POLICY_VERSION, &TAGS];
/// Every call about a managed policy.
pub(crate) const POLICY_CALLS: &[&Call] = &[&POLICY, &POLICY_VERSION];

/// The role that an ARN names; one of another account cannot be read.
pub(crate) fn role_named(walk: &Walk<'_>, arn: &str) -> Option<Reference> {
    let path = arn.strip_prefix(&format!("arn:{}:iam::{}:role/", walk.partition, walk.account))?;
    let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
    Some(Reference { kind: Kind::Role, id: name.to_owned(), region: walk.region.clone() })
}

const fn call(operation: &'static str, permission: &'static str) -> Call {
    Call { service: "iam", operation, permission, absent: &[], denied_or: None }
}

/// Collects a role with its policies' documents: the trust policy, each inline policy and the default version of each
/// managed policy.
pub(crate) async fn role(walk: &Walk<'_>, name: &str) -> Collected {
    let (described, (inline_policies, inline_documents), (attached_policies, attached_documents), tags) =
        tokio::join!(described(walk, name), inline(walk, name), attached(walk, name), tags(walk, name));
    let arn = described.clone().map(|role| role.arn);
    Collected {
        existence: existence(&described),
        arn: match arn.observed() {
            Observed::Present(arn) => Some(arn.clone()),
            Observed::Absent | Observed::Unknown(_) => None,
        },
        region: None,
        resource: Resource::Role(Box::new(Role {
            inline_policies,
            attached_policies,
            arn,
            path: described.clone().map(|role| role.path),
            trust: described.clone().and_then(|role| role.trust),
            boundary: described.and_then(|role| role.boundary),
            inline_documents,
            attached_documents,
            tags,
        })),
    }
}

/// Collects a managed policy of the stack, named by its ARN.
pub(crate) async fn managed_policy(walk: &Walk<'_>, arn: &str) -> Collected {
    let policy = policy(walk, arn).await;
    Collected {
        existence: existence(&policy),
        arn: Some(arn.to_owned()),
        region: None,
        resource: Resource::ManagedPolicy(Box::new(ManagedPolicy {
            document: default_version(walk, arn, &policy).await,
            tags: policy.and_then(|policy| policy.tags),
        })),
    }
}

/// What GetRole answers, reduced.
#[derive(Clone, Debug)]
struct Described {
    arn: String,
    path: String,
    trust: Observed<PolicyText>,
    boundary: Observed<String>,
}

async fn described(walk: &Walk<'_>, name: &str) -> Seen<Described> {
    walk.aws
        .ask(
            &ROLE,
            &walk.region,
            &[("RoleName", name)],
            |clients| clients.iam().get_role().role_name(name).send(),
            |answer| {
                let Some(role) = answer.role else { return Observed::Unknown(ROLE.incomplete("Role")) };
                // The SDK takes both for required, and gives an empty text where one is missing.
                if role.arn.is_empty() {
                    return Observed::Unknown(ROLE.incomplete("Role.Arn"));
                }
                if role.path.is_empty() {
                    return Observed::Unknown(ROLE.incomplete("Role.Path"));
                }
                Observed::Present(Described {
                    trust: document::read(&ROLE, "Role.AssumeRolePolicyDocument", role.assume_role_policy_document()),
                    boundary: match &role.permissions_boundary {
                        None => Observed::Absent,
                        Some(boundary) => match &boundary.permissions_boundary_arn {
                            Some(arn) => Observed::Present(arn.clone()),
                            None => {
                                Observed::Unknown(ROLE.incomplete("Role.PermissionsBoundary.PermissionsBoundaryArn"))
                            }
                        },
                    },
                    arn: role.arn,
                    path: role.path,
                })
            },
        )
        .await
}

type Documents = BTreeMap<String, Seen<PolicyText>>;

/// The names of the inline policies, and the document of each.
async fn inline(walk: &Walk<'_>, role: &str) -> (Seen<Vec<String>>, Documents) {
    let names = inline_policies(walk, role).await;
    let listed: &[String] = match names.observed() {
        Observed::Present(names) => names,
        Observed::Absent | Observed::Unknown(_) => &[],
    };
    let documents = listed
        .iter()
        .map(async |name| (name.clone(), inline_document(walk, role, name).await.resting_on(names.calls())));
    let documents = join_all(documents).await.into_iter().collect();
    (names, documents)
}

async fn inline_document(walk: &Walk<'_>, role: &str, name: &str) -> Seen<PolicyText> {
    walk.aws
        .ask(
            &INLINE_DOCUMENT,
            &walk.region,
            &[("RoleName", role), ("PolicyName", name)],
            |clients| clients.iam().get_role_policy().role_name(role).policy_name(name).send(),
            |answer| document::read(&INLINE_DOCUMENT, "PolicyDocument", Some(&answer.policy_document)),
        )
        .await
}

/// The ARNs of the attached policies, and the document of each, AWS's own included.
async fn attached(walk: &Walk<'_>, role: &str) -> (Seen<Vec<String>>, Documents) {
    let arns = attached_policies(walk, role).await;
    let listed: &[String] = match arns.observed() {
        Observed::Present(arns) => arns,
        Observed::Absent | Observed::Unknown(_) => &[],
    };
    let documents = listed.iter().map(async |arn| {
        let policy = policy(walk, arn).await;
        (arn.clone(), default_version(walk, arn, &policy).await.resting_on(arns.calls()))
    });
    let documents = join_all(documents).await.into_iter().collect();
    (arns, documents)
}

/// What GetPolicy answers, reduced.
#[derive(Clone, Debug)]
struct Policy {
    default_version: Observed<String>,
    tags: Observed<BTreeMap<String, String>>,
}

async fn policy(walk: &Walk<'_>, arn: &str) -> Seen<Policy> {
    walk.aws
        .ask(
            &POLICY,
            &walk.region,
            &[("PolicyArn", arn)],
            |clients| clients.iam().get_policy().policy_arn(arn).send(),
            |answer| match answer.policy {
                Some(policy) => {
                    let tags: BTreeMap<String, String> =
                        policy.tags.into_iter().flatten().map(|tag| (tag.key, tag.value)).collect();
                    Observed::Present(Policy {
                        default_version: match policy.default_version_id {
                            Some(version) => Observed::Present(version),
                            None => Observed::Unknown(POLICY.incomplete("Policy.DefaultVersionId")),
                        },
                        tags: if tags.is_empty() { Observed::Absent } else { Observed::Present(tags) },
                    })
                }
                None => Observed::Unknown(POLICY.incomplete("Policy")),
            },
        )
        .await
}

/// The document of the version in force, which need not be the first. It rests on the call that named the version.
async fn default_version(walk: &Walk<'_>, arn: &str, policy: &Seen<Policy>) -> Seen<PolicyText> {
    let version = policy.clone().and_then(|policy| policy.default_version);
    let version = match version.observed() {
        Observed::Present(version) => version,
        Observed::Absent => return Seen::gap(POLICY.incomplete("Policy.DefaultVersionId")).resting_on(policy.calls()),
        Observed::Unknown(gap) => return Seen::gap(gap.clone()).resting_on(policy.calls()),
    };
    walk.aws
        .ask(
            &POLICY_VERSION,
            &walk.region,
            &[("PolicyArn", arn), ("VersionId", version)],
            |clients| clients.iam().get_policy_version().policy_arn(arn).version_id(version).send(),
            |answer| match answer.policy_version {
                Some(version) => document::read(&POLICY_VERSION, "PolicyVersion.Document", version.document()),
                None => Observed::Unknown(POLICY_VERSION.incomplete("PolicyVersion")),
            },
        )
        .await
        .resting_on(policy.calls())
}

async fn inline_policies(walk: &Walk<'_>, name: &str) -> Seen<Vec<String>> {
    walk.aws
        .ask_all(
            &INLINE,
            &walk.region,
            &[("RoleName", name)],
            |clients, marker| clients.iam().list_role_policies().role_name(name).set_marker(marker).send(),
            |answer| answer.marker.clone().filter(|_| answer.is_truncated),
            |answer| {
                INLINE.ends(answer.is_truncated, answer.marker.as_deref())?;
                Ok(answer.policy_names)
            },
        )
        .await
}

async fn attached_policies(walk: &Walk<'_>, name: &str) -> Seen<Vec<String>> {
    walk.aws
        .ask_all(
            &ATTACHED,
            &walk.region,
            &[("RoleName", name)],
            |clients, marker| clients.iam().list_attached_role_policies().role_name(name).set_marker(marker).send(),
            |answer| answer.marker.clone().filter(|_| answer.is_truncated),
            |answer| {
                ATTACHED.ends(answer.is_truncated, answer.marker.as_deref())?;
                let policies = answer.attached_policies.ok_or_else(|| ATTACHED.incomplete("AttachedPolicies"))?;
                let arns = policies.into_iter().map(|policy| policy.policy_arn);
                arns.map(|arn| arn.ok_or_else(|| ATTACHED.incomplete("PolicyArn"))).collect()
            },
        )
        .await
}

async fn tags(walk: &Walk<'_>, name: &str) -> Seen<BTreeMap<String, String>> {
    walk.aws
        .ask_all(
            &TAGS,
            &walk.region,
            &[("RoleName", name)],
            |clients, marker| clients.iam().list_role_tags().role_name(name).set_marker(marker).send(),
            |answer| answer.marker.clone().filter(|_| answer.is_truncated),
            |answer| {
                TAGS.ends(answer.is_truncated, answer.marker.as_deref())?;
                Ok(answer.tags.into_iter().map(|tag| (tag.key, tag.value)).collect())
            },
        )
        .await
        .and_then(|tags| if tags.is_empty() { Observed::Absent } else { Observed::Present(tags.into_iter().collect()) })
}

#[cfg(test)]
mod tests;
