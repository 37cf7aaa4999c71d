//! Secrets Manager: what is read of secrets. Their values are never asked for.

use std::collections::BTreeSet;

use aws_sdk_secretsmanager::operation::describe_secret::DescribeSecretOutput;
use tap_audit_checks::observed::{Gap, Observed, Seen};
use tap_audit_checks::policy::model::PolicyText;
use tap_audit_checks::s3::Switch;
use tap_audit_checks::secretsmanager::{Description, Secret, is_random_end};
use tap_audit_checks::subject::{Kind, Resource};

use crate::collect::call::Call;
use crate::collect::{Collected, Reference, Relation, Walk, existence};

const DESCRIBE: Call = Call {
    service: "secretsmanager",
    operation: "DescribeSecret",
    permission: "secretsmanager:DescribeSecret",
    absent: &[],
    denied_or: Some("the secret belongs to another account"),
};
const POLICY: Call = Call {
    service: "secretsmanager",
    operation: "GetResourcePolicy",
    permission: "secretsmanager:GetResourcePolicy",
    absent: &[],
    denied_or: Some("the secret belongs to another account"),
};

/// Every call of this file, for plans and for the policy that the auditing role needs.
pub(crate) const CALLS: &[&Call] = &[&DESCRIBE, &POLICY];

/// The reference of the secret that this text names: an ARN, an ARN without its end, or a name, each with or without the
/// key, stage and version that a task definition or template puts behind it.
pub(crate) fn secret_reference(_walk: &Walk<'_>, named: &str, region: &str) -> Option<Reference> {
    let at = |id: String, region: &str| Reference { kind: Kind::Secret, id, region: region.to_owned() };
    let parts: Vec<&str> = named.split(':').collect();
    match parts.as_slice() {
        ["arn", _, "secretsmanager", region, _, "secret", name, ..] if !name.is_empty() => {
            Some(at(parts.get(..7)?.join(":"), region))
        }
        ["arn", ..] | [] | ["", ..] => None,
        [name, ..] => Some(at((*name).to_owned(), region)),
    }
}

/// Whether an id of a reference is a whole ARN. A name, and an ARN without its end, lead to the secret that has it.
pub(crate) fn is_whole(id: &str) -> bool {
    let end = id.len().checked_sub(7).and_then(|at| id.get(at..));
    id.starts_with("arn:") && end.is_some_and(is_random_end)
}

/// Collects a secret and reaches its key. Another form of its name is asked where it leads, and the secret is reached with
/// `Relation::NamedBy`; the walk merges the two. `references` is filled in by the walk.
pub(crate) async fn secret(walk: &Walk<'_>, id: &str, region: &str) -> Collected {
    let (description, policy) = tokio::join!(describe(walk, id, region), async {
        if is_whole(id) {
            policy(walk, id, region).await
        } else {
            Seen::gap(Gap::NotCollected { what: "it is asked about the secret that the name leads to".into() })
        }
    });
    let (mut arn, mut named_by) = (is_whole(id).then(|| id.to_owned()), BTreeSet::new());
    if let Observed::Present(described) = description.observed() {
        if let Observed::Present(whole) = &described.arn {
            arn = Some(whole.clone());
            named_by.extend(whole.len().checked_sub(7).and_then(|at| whole.get(..at)).map(str::to_owned));
        }
        if let Observed::Present(name) = &described.name {
            named_by.insert(name.clone());
        }
        match &arn {
            Some(whole) if !is_whole(id) && is_whole(whole) => {
                if let Some(reference) = secret_reference(walk, whole, region) {
                    walk.reach(reference, Relation::NamedBy { name: id.to_owned() });
                }
            }
            Some(_) | None => {
                if let Observed::Present(key) = &described.kms_key {
                    walk.reach_key(key, region, Kind::Secret, id);
                }
            }
        }
    }
    let existence = existence(&description);
    let gap = Gap::depends_on("stack-managed-by-cloudformation", "no template was read that could refer to the secret");
    let secret = Secret { named_by, description, policy, references: Seen::gap(gap) };
    Collected { existence, arn, region: Some(region.to_owned()), resource: Resource::Secret(Box::new(secret)) }
}

async fn describe(walk: &Walk<'_>, id: &str, region: &str) -> Seen<Description> {
    walk.aws
        .ask(
            &DESCRIBE,
            region,
            &[("SecretId", id)],
            |clients| clients.secretsmanager().describe_secret().secret_id(id).send(),
            |answer| Observed::Present(described(answer)),
        )
        .await
}

fn described(answer: DescribeSecretOutput) -> Description {
    let rules = answer.rotation_rules.as_ref();
    Description {
        next_rotation: DESCRIBE.time("NextRotationDate", answer.next_rotation_date.as_ref()),
        last_accessed: DESCRIBE.time("LastAccessedDate", answer.last_accessed_date.as_ref()),
        deleted_at: DESCRIBE.time("DeletedDate", answer.deleted_date.as_ref()),
        rotation: Observed::of(answer.rotation_enabled.map(Switch::from)),
        after_days: Observed::of(rules.and_then(|rules| rules.automatically_after_days)),
        schedule: Observed::of(rules.and_then(|rules| rules.schedule_expression.clone())),
        versions: Observed::of(
            answer
                .version_ids_to_stages
                .map(|versions| versions.into_iter().map(|(id, stages)| (id, stages.into_iter().collect())).collect()),
        ),
        arn: Observed::of(answer.arn),
        name: Observed::of(answer.name),
        kms_key: Observed::name(answer.kms_key_id),
        owning_service: Observed::of(answer.owning_service),
    }
}

async fn policy(walk: &Walk<'_>, id: &str, region: &str) -> Seen<PolicyText> {
    walk.aws
        .ask(
            &POLICY,
            region,
            &[("SecretId", id)],
            |clients| clients.secretsmanager().get_resource_policy().secret_id(id).send(),
            |answer| Observed::of(answer.resource_policy.filter(|text| !text.is_empty()).map(PolicyText)),
        )
        .await
}

#[cfg(test)]
mod tests;
