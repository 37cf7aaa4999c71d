//! IAM: what is read of a role.

use std::collections::BTreeMap;

use tap_audit_checks::iam::Role;
use tap_audit_checks::observed::{Observed, Seen};
use tap_audit_checks::subject::Resource;

use crate::collect::call::Call;
use crate::collect::{Collected, Walk, existence};

const INLINE: Call = Call {
    service: "iam",
    operation: "ListRolePolicies",
    permission: "iam:ListRolePolicies",
    absent: &[],
    denied_or: None,
};
const ATTACHED: Call = Call {
    service: "iam",
    operation: "ListAttachedRolePolicies",
    permission: "iam:ListAttachedRolePolicies",
    absent: &[],
    denied_or: None,
};
const TAGS: Call =
    Call { service: "iam", operation: "ListRoleTags", permission: "iam:ListRoleTags", absent: &[], denied_or: None };
const ROLE: Call =
    Call { service: "iam", operation: "GetRole", permission: "iam:GetRole", absent: &[], denied_or: None };

/// Every call of this file, for plans and for the policy that the auditing role needs.
pub(crate) const CALLS: &[&Call] = &[&INLINE, &ATTACHED, &TAGS, &ROLE];

/// Collects a role.
pub(crate) async fn role(walk: &Walk<'_>, name: &str) -> Collected {
    let (inline_policies, attached_policies, tags) =
        tokio::join!(inline_policies(walk, name), attached_policies(walk, name), tags(walk, name));
    let told = [existence(&inline_policies), existence(&attached_policies), existence(&tags)];
    let (is_there, arn) = match told.into_iter().find(|told| matches!(told.observed(), Observed::Present(_))) {
        Some(told) => (told, None),
        // None of the lists could be read, so one more question is worth its call.
        None => {
            let arn = arn(walk, name).await;
            let named = match arn.observed() {
                Observed::Present(arn) => Some(arn.clone()),
                Observed::Absent | Observed::Unknown(_) => None,
            };
            (existence(&arn), named)
        }
    };
    Collected {
        existence: is_there,
        arn,
        region: None,
        resource: Resource::Role(Box::new(Role { inline_policies, attached_policies, tags })),
    }
}

async fn arn(walk: &Walk<'_>, name: &str) -> Seen<String> {
    walk.aws
        .ask(
            &ROLE,
            &walk.region,
            &[("RoleName", name)],
            |clients| clients.iam().get_role().role_name(name).send(),
            |answer| match answer.role {
                Some(role) => Observed::Present(role.arn),
                None => Observed::Unknown(ROLE.incomplete("Role")),
            },
        )
        .await
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
