//! KMS: what is read of a key.

use std::collections::{BTreeMap, BTreeSet};

use tap_audit_checks::kms::{
    Grant, Key, KeyManager, KeyState, Metadata, MultiRegion, Origin, Rotation, RotationStatus,
};
use tap_audit_checks::observed::{Gap, Observed, Seen};
use tap_audit_checks::policy::model::PolicyText;
use tap_audit_checks::s3::Switch;
use tap_audit_checks::subject::Resource;

use crate::collect::call::Call;
use crate::collect::{Collected, Relation, Walk, existence};

/// IAM policies count for a key only where its key policy says so.
const KEY_POLICY: Option<&str> = Some("the key policy does not let the account's IAM policies count");

const DESCRIBE: Call = Call {
    service: "kms",
    operation: "DescribeKey",
    permission: "kms:DescribeKey",
    absent: &[],
    denied_or: KEY_POLICY,
};
const ROTATION: Call = Call {
    service: "kms",
    operation: "GetKeyRotationStatus",
    permission: "kms:GetKeyRotationStatus",
    absent: &[],
    denied_or: KEY_POLICY,
};
const ALIASES: Call = Call {
    service: "kms",
    operation: "ListAliases",
    permission: "kms:ListAliases",
    absent: &[],
    denied_or: KEY_POLICY,
};
const TAGS: Call = Call {
    service: "kms",
    operation: "ListResourceTags",
    permission: "kms:ListResourceTags",
    absent: &[],
    denied_or: KEY_POLICY,
};
const POLICY: Call = Call {
    service: "kms",
    operation: "GetKeyPolicy",
    permission: "kms:GetKeyPolicy",
    absent: &[],
    denied_or: KEY_POLICY,
};
const GRANTS: Call =
    Call { service: "kms", operation: "ListGrants", permission: "kms:ListGrants", absent: &[], denied_or: KEY_POLICY };

/// Every call of this file, for plans and for the policy that the auditing role needs.
pub(crate) const CALLS: &[&Call] = &[&DESCRIBE, &ROTATION, &POLICY, &GRANTS, &ALIASES, &TAGS];

/// Collects a key, named by its id, `alias/name` or (in another account) its ARN. For an alias only DescribeKey is
/// asked, and the key it leads to is reached with `Relation::NamedBy`; the walk merges the two. `named_by` and
/// `encrypts` are filled in by the walk.
pub(crate) async fn key(walk: &Walk<'_>, id: &str, region: &str) -> Collected {
    let key = if id.starts_with("alias/") || id.contains(":alias/") {
        behind_alias(walk, id, region).await
    } else if id.starts_with("arn:") {
        let (metadata, rotation) = tokio::join!(metadata(walk, id, region), rotation(walk, id, region));
        let elsewhere = |what: &str| Gap::NotCollected {
            what: format!("the {what} of a key of another account can only be read there").into(),
        };
        Key {
            named_by: BTreeSet::new(),
            encrypts: BTreeSet::new(),
            metadata,
            rotation,
            policy: Seen::gap(elsewhere("policy")),
            grants: Seen::gap(elsewhere("grants")),
            aliases: Seen::gap(elsewhere("aliases")),
            tags: Seen::gap(elsewhere("tags")),
        }
    } else {
        let (metadata, rotation, policy, grants, aliases, tags) = tokio::join!(
            metadata(walk, id, region),
            rotation(walk, id, region),
            policy(walk, id, region),
            grants(walk, id, region),
            aliases(walk, id, region),
            tags(walk, id, region)
        );
        Key { named_by: BTreeSet::new(), encrypts: BTreeSet::new(), metadata, rotation, policy, grants, aliases, tags }
    };
    Collected {
        existence: existence(&key.metadata),
        arn: arn(walk, &key, id, region),
        region: Some(region.to_owned()),
        resource: Resource::Key(Box::new(key)),
    }
}

/// The ARN that KMS says, or else the one that the id makes; an alias alone tells none.
fn arn(walk: &Walk<'_>, key: &Key, id: &str, region: &str) -> Option<String> {
    if let Observed::Present(Metadata { arn: Observed::Present(arn), .. }) = key.metadata.observed() {
        return Some(arn.clone());
    }
    if id.starts_with("alias/") || id.contains(":alias/") {
        return None;
    }
    if id.starts_with("arn:") {
        return Some(id.to_owned());
    }
    Some(format!("arn:{}:kms:{region}:{}:key/{id}", walk.partition, walk.account))
}

/// Everything else is asked about the key that the alias leads to: KMS takes no alias for it.
async fn behind_alias(walk: &Walk<'_>, alias: &str, region: &str) -> Key {
    let metadata = metadata(walk, alias, region).await;
    if let Observed::Present(Metadata { arn: Observed::Present(arn), .. }) = metadata.observed() {
        walk.reach(walk.key_reference(arn, region), Relation::NamedBy { name: alias.to_owned() });
    }
    let mut key = Key::unknown(&Gap::NotCollected { what: "it is asked about the key that the alias leads to".into() });
    key.metadata = metadata;
    key
}

async fn metadata(walk: &Walk<'_>, id: &str, region: &str) -> Seen<Metadata> {
    walk.aws
        .ask(
            &DESCRIBE,
            region,
            &[("KeyId", id)],
            |clients| clients.kms().describe_key().key_id(id).send(),
            |answer| match answer.key_metadata {
                Some(metadata) => Observed::Present(described(metadata)),
                None => Observed::Unknown(DESCRIBE.incomplete("KeyMetadata")),
            },
        )
        .await
}

fn described(metadata: aws_sdk_kms::types::KeyMetadata) -> Metadata {
    // The key's ARN names its account too, and some endpoints leave the field of its own out.
    let owner = metadata.arn.as_deref().and_then(|arn| arn.split(':').nth(4)).map(str::to_owned);
    Metadata {
        state: match metadata.key_state.as_ref().map(|state| state.as_str()) {
            Some("Creating") => Observed::Present(KeyState::Creating),
            Some("Enabled") => Observed::Present(KeyState::Enabled),
            Some("Disabled") => Observed::Present(KeyState::Disabled),
            Some("PendingDeletion") => Observed::Present(KeyState::PendingDeletion),
            Some("PendingImport") => Observed::Present(KeyState::PendingImport),
            Some("PendingReplicaDeletion") => Observed::Present(KeyState::PendingReplicaDeletion),
            Some("Unavailable") => Observed::Present(KeyState::Unavailable),
            Some("Updating") => Observed::Present(KeyState::Updating),
            Some(other) => DESCRIBE.unrecognised("KeyMetadata.KeyState", other),
            None => Observed::Absent,
        },
        manager: match metadata.key_manager.as_ref().map(|manager| manager.as_str()) {
            Some("CUSTOMER") => Observed::Present(KeyManager::Customer),
            Some("AWS") => Observed::Present(KeyManager::Aws),
            Some(other) => DESCRIBE.unrecognised("KeyMetadata.KeyManager", other),
            None => Observed::Absent,
        },
        origin: match metadata.origin.as_ref().map(|origin| origin.as_str()) {
            Some("AWS_KMS") => Observed::Present(Origin::AwsKms),
            Some("EXTERNAL") => Observed::Present(Origin::External),
            Some("AWS_CLOUDHSM") => Observed::Present(Origin::AwsCloudHsm),
            Some("EXTERNAL_KEY_STORE") => Observed::Present(Origin::ExternalKeyStore),
            Some(other) => DESCRIBE.unrecognised("KeyMetadata.Origin", other),
            None => Observed::Absent,
        },
        spec: Observed::of(spec(&metadata)),
        usage: Observed::of(metadata.key_usage.as_ref().map(|usage| usage.as_str().to_owned())),
        deletion_date: DESCRIBE.time("KeyMetadata.DeletionDate", metadata.deletion_date.as_ref()),
        pending_window_days: Observed::of(metadata.pending_deletion_window_in_days),
        multi_region: match metadata
            .multi_region_configuration
            .as_ref()
            .and_then(|configuration| configuration.multi_region_key_type())
            .map(|part| part.as_str())
        {
            Some("PRIMARY") => Observed::Present(MultiRegion::Primary),
            Some("REPLICA") => Observed::Present(MultiRegion::Replica),
            Some(other) => DESCRIBE.unrecognised("KeyMetadata.MultiRegionConfiguration.MultiRegionKeyType", other),
            None => Observed::Absent,
        },
        arn: Observed::of(metadata.arn),
        // The SDK takes the id for required, and gives an empty text where it is missing.
        id: Observed::of(Some(metadata.key_id).filter(|id| !id.is_empty())),
        account: Observed::name(metadata.aws_account_id.or(owner)),
    }
}

/// The spec, also by the name that it had before there were asymmetric keys other than RSA and ECC.
fn spec(metadata: &aws_sdk_kms::types::KeyMetadata) -> Option<String> {
    if let Some(spec) = &metadata.key_spec {
        return Some(spec.as_str().to_owned());
    }
    #[expect(deprecated, reason = "old endpoints answer with this name only")]
    metadata.customer_master_key_spec.as_ref().map(|spec| spec.as_str().to_owned())
}

/// Asked beside DescribeKey rather than after it; a key that cannot rotate says so by an error.
async fn rotation(walk: &Walk<'_>, id: &str, region: &str) -> Seen<Rotation> {
    walk.aws
        .ask_or(
            &ROTATION,
            region,
            &[("KeyId", id)],
            |clients| clients.kms().get_key_rotation_status().key_id(id).send(),
            |answer| {
                Observed::Present(Rotation::Status(Box::new(RotationStatus {
                    // The SDK gives off where the field is missing; KMS always sends it.
                    enabled: Observed::Present(Switch::from(answer.key_rotation_enabled)),
                    period_days: Observed::of(answer.rotation_period_in_days),
                    next: ROTATION.time("NextRotationDate", answer.next_rotation_date.as_ref()),
                })))
            },
            |fault| match fault.code.as_str() {
                "UnsupportedOperationException" => Some(Observed::Present(Rotation::Unsupported)),
                "KMSInvalidStateException" => Some(Observed::Present(Rotation::InvalidState)),
                _ => None,
            },
        )
        .await
}

/// A key has one policy, which KMS calls `default`; keys that AWS manages answer too.
async fn policy(walk: &Walk<'_>, id: &str, region: &str) -> Seen<PolicyText> {
    walk.aws
        .ask(
            &POLICY,
            region,
            &[("KeyId", id), ("PolicyName", "default")],
            |clients| clients.kms().get_key_policy().key_id(id).policy_name("default").send(),
            |answer| match answer.policy.filter(|policy| !policy.is_empty()) {
                Some(policy) => Observed::Present(PolicyText(policy)),
                None => Observed::Unknown(POLICY.incomplete("Policy")),
            },
        )
        .await
}

/// Grants let others use the key beside its policy. Listing them takes a right that the audit does not need otherwise.
async fn grants(walk: &Walk<'_>, id: &str, region: &str) -> Seen<Vec<Grant>> {
    if !walk.scope.key_grants {
        let what = "the grants on the key are not read; set read_grants of kms-policy-allows-function-role";
        return Seen::gap(Gap::NotCollected { what: what.into() });
    }
    walk.aws
        .ask_all(
            &GRANTS,
            region,
            &[("KeyId", id)],
            |clients, marker| clients.kms().list_grants().key_id(id).set_marker(marker).send(),
            |answer| answer.next_marker.clone().filter(|_| answer.truncated),
            |answer| {
                GRANTS.ends(answer.truncated, answer.next_marker.as_deref())?;
                Ok(answer.grants.ok_or_else(|| GRANTS.incomplete("Grants"))?.into_iter().map(granted).collect())
            },
        )
        .await
}

fn granted(grant: aws_sdk_kms::types::GrantListEntry) -> Grant {
    Grant {
        operations: grant.operations().iter().map(|operation| operation.as_str().to_owned()).collect(),
        grantee: Observed::of(grant.grantee_principal),
    }
}

async fn aliases(walk: &Walk<'_>, id: &str, region: &str) -> Seen<Vec<String>> {
    walk.aws
        .ask_all(
            &ALIASES,
            region,
            &[("KeyId", id)],
            |clients, marker| clients.kms().list_aliases().key_id(id).set_marker(marker).send(),
            |answer| answer.next_marker.clone().filter(|_| answer.truncated),
            |answer| {
                ALIASES.ends(answer.truncated, answer.next_marker.as_deref())?;
                let aliases = answer.aliases.ok_or_else(|| ALIASES.incomplete("Aliases"))?;
                let names = aliases.into_iter().map(|alias| alias.alias_name);
                names.map(|name| name.ok_or_else(|| ALIASES.incomplete("AliasName"))).collect()
            },
        )
        .await
}

async fn tags(walk: &Walk<'_>, id: &str, region: &str) -> Seen<BTreeMap<String, String>> {
    walk.aws
        .ask_all(
            &TAGS,
            region,
            &[("KeyId", id)],
            |clients, marker| clients.kms().list_resource_tags().key_id(id).set_marker(marker).send(),
            |answer| answer.next_marker.clone().filter(|_| answer.truncated),
            |answer| {
                TAGS.ends(answer.truncated, answer.next_marker.as_deref())?;
                let tags = answer.tags.ok_or_else(|| TAGS.incomplete("Tags"))?;
                Ok(tags.into_iter().map(|tag| (tag.tag_key, tag.tag_value)).collect())
            },
        )
        .await
        .and_then(|tags| if tags.is_empty() { Observed::Absent } else { Observed::Present(tags.into_iter().collect()) })
}

#[cfg(test)]
mod tests {
    use aws_sdk_kms::types as sdk;
    use aws_smithy_types::DateTime;

    use super::*;
    use crate::collect::Scope;
    use crate::collect::fixture::{scope, walked};
    use crate::replay::{Account, Answer};
    use jiff::Timestamp;

    async fn collected(id: &str, scope: &Scope) -> Key {
        let grants = r#"{"Grants":[{"GrantId":"g","GranteePrincipal":"arn:grantee","Operations":["Decrypt","Dream"]},{"GrantId":"h"}],"Truncated":false}"#;
        let policy = r#"{"Policy":"{\"Id\":\"kept\"}","PolicyName":"default"}"#;
        let account = Account::from_files("kms", [("kms.toml", "")]).unwrap();
        let asked = [("KeyId", "k"), ("PolicyName", "default")];
        let account = account.answer("kms", "GetKeyPolicy", &asked, Answer::ok(policy)).unwrap();
        let account = account.answer("kms", "ListGrants", &[("KeyId", "k")], Answer::ok(grants)).unwrap();
        let (collected, _) = walked(account, scope, async |walk| key(walk, id, "us-east-2").await).await;
        match collected.resource {
            Resource::Key(key) => *key,
            other => panic!("expected a key, found {other:?}"),
        }
    }

    #[tokio::test]
    async fn the_policy_of_a_key_is_read_and_its_grants_only_where_asked_for() {
        let key = collected("k", &scope()).await;
        assert_eq!(key.policy.observed(), &Observed::Present(PolicyText(r#"{"Id":"kept"}"#.into())));
        assert!(!format!("{key:?}").contains("kept"));
        let Observed::Unknown(gap) = key.grants.observed() else { panic!("grants were read") };
        assert_eq!(
            gap.to_string(),
            "the grants on the key are not read; set read_grants of kms-policy-allows-function-role"
        );
        let key = collected("k", &Scope { key_grants: true, ..scope() }).await;
        let grants = vec![
            Grant {
                grantee: Observed::Present("arn:grantee".into()),
                operations: vec!["Decrypt".into(), "Dream".into()],
            },
            Grant { grantee: Observed::Absent, operations: Vec::new() },
        ];
        assert_eq!(key.grants.observed(), &Observed::Present(grants));
    }

    #[tokio::test]
    async fn the_policy_of_a_key_of_another_account_is_not_asked_for() {
        let foreign = collected("arn:aws:kms:us-east-2:210987654321:key/k", &scope()).await;
        let Observed::Unknown(gap) = foreign.policy.observed() else { panic!("it was read") };
        assert_eq!(gap.to_string(), "the policy of a key of another account can only be read there");
    }

    fn answered(
        change: impl FnOnce(sdk::builders::KeyMetadataBuilder) -> sdk::builders::KeyMetadataBuilder,
    ) -> Metadata {
        described(change(sdk::KeyMetadata::builder().key_id("k")).build().unwrap())
    }

    #[test]
    fn a_field_that_is_not_in_the_answer_is_absent() {
        let metadata = answered(|metadata| metadata);
        assert_eq!(metadata.state, Observed::Absent);
        assert_eq!(metadata.manager, Observed::Absent);
        assert_eq!(metadata.spec, Observed::Absent);
        assert_eq!(metadata.deletion_date, Observed::Absent);
        assert_eq!(metadata.multi_region, Observed::Absent);
        assert_eq!(metadata.id, Observed::Present("k".into()));
    }

    #[test]
    fn a_token_that_is_not_known_is_a_gap_with_the_token() {
        let metadata = answered(|metadata| metadata.key_state("Dreaming".into()).origin("MOON".into()));
        assert_eq!(metadata.state, DESCRIBE.unrecognised("KeyMetadata.KeyState", "Dreaming"));
        assert_eq!(metadata.origin, DESCRIBE.unrecognised("KeyMetadata.Origin", "MOON"));
    }

    #[test]
    fn the_spec_is_found_under_its_old_name_too() {
        let new = answered(|metadata| metadata.key_spec("HMAC_256".into()));
        assert_eq!(new.spec, Observed::Present("HMAC_256".into()));
        #[expect(deprecated, reason = "old endpoints answer with this name only")]
        let old = answered(|metadata| metadata.customer_master_key_spec("SYMMETRIC_DEFAULT".into()));
        assert_eq!(old.spec, Observed::Present("SYMMETRIC_DEFAULT".into()));
    }

    #[test]
    fn the_account_is_read_from_the_arn_where_it_has_no_field_of_its_own() {
        let arn = "arn:aws:kms:us-east-2:123456789012:key/k";
        let account = |metadata: Metadata| metadata.account;
        assert_eq!(account(answered(|metadata| metadata.arn(arn))), Observed::Present("123456789012".into()));
        let both = answered(|metadata| metadata.arn(arn).aws_account_id("210987654321"));
        assert_eq!(account(both), Observed::Present("210987654321".into()));
        assert_eq!(account(answered(|metadata| metadata)), Observed::Absent);
    }

    #[test]
    fn a_time_that_no_calendar_holds_is_a_gap() {
        let ok = DESCRIBE.time("DeletionDate", Some(&DateTime::from_secs(1_795_000_000)));
        assert_eq!(ok, Observed::Present(Timestamp::new(1_795_000_000, 0).unwrap()));
        assert!(matches!(DESCRIBE.time("DeletionDate", Some(&DateTime::from_secs(i64::MAX))), Observed::Unknown(_)));
        assert_eq!(DESCRIBE.time("DeletionDate", None), Observed::Absent);
    }

    #[test]
    fn a_list_that_goes_on_without_a_marker_is_a_gap() {
        assert_eq!(ALIASES.ends(false, None), Ok(()));
        assert_eq!(ALIASES.ends(true, Some("next")), Ok(()));
        for marker in [None, Some("")] {
            assert!(matches!(ALIASES.ends(true, marker), Err(Gap::UnreadPage { .. })));
        }
    }
}
