//! KMS keys: what is seen of them, and the checks of their requirements.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::check::{Check, Context, NoParams};
use crate::evidence::{Account, Evidence};
use crate::observed::{Gap, Observed, Seen};
use crate::policy::model::PolicyText;
use crate::s3::{Bucket, Switch};
use crate::subject::{Attributes, Kind};
use crate::verdict::{Judgement, Verdict, every};

#[cfg(test)]
pub(crate) mod fixture;
mod policy;
pub(crate) mod rotating;
pub(crate) mod working;

/// The checks of this file, in catalog order.
pub fn checks() -> Vec<Check> {
    vec![
        Check::new("kms-key-usable", usable).when_none(no_usable_key),
        Check::across("kms-key-customer-managed", customer_managed).when_none(no_customer_key),
        Check::new("kms-rotation-enabled", rotation),
        Check::across("kms-policy-not-public", policy::not_public),
        Check::across("kms-policy-least-privilege", policy::least_privilege),
        Check::across("kms-policy-allows-logs", policy::logs::allows_logs),
        Check::across("kms-policy-allows-function-role", policy::function_role::allows_function_role),
        Check::across("kms-alias-present", alias),
    ]
}

/// What was seen of a key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Key {
    /// Every form by which an output or a resource named this key: id, ARN, alias name, alias ARN.
    pub named_by: BTreeSet<String>,
    /// The audited resources that this key encrypts, as `kind id`.
    pub encrypts: BTreeSet<String>,
    /// What DescribeKey answers.
    pub metadata: Seen<Metadata>,
    /// Whether and how often it rotates; asked only where the key can.
    pub rotation: Seen<Rotation>,
    /// The key policy.
    pub policy: Seen<PolicyText>,
    /// The grants on the key, read only where asked for; `NotCollected` otherwise.
    pub grants: Seen<Vec<Grant>>,
    /// The aliases that target it; an empty list means none.
    pub aliases: Seen<Vec<String>>,
    /// Tags; absent means none.
    pub tags: Seen<BTreeMap<String, String>>,
}

/// A grant on a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Who may use the key by it, as KMS writes it: an ARN or a service's name.
    pub grantee: Observed<String>,
    /// What it lets them do, as KMS writes it, such as `Decrypt`.
    pub operations: Vec<String>,
}

/// What DescribeKey answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// The key's ARN, which every other form resolves to.
    pub arn: Observed<String>,
    /// The key's id.
    pub id: Observed<String>,
    /// The account that owns it.
    pub account: Observed<String>,
    /// Its state.
    pub state: Observed<KeyState>,
    /// Whether the account or AWS manages it.
    pub manager: Observed<KeyManager>,
    /// Where its material comes from.
    pub origin: Observed<Origin>,
    /// Whether it is symmetric, as KMS writes it: `SYMMETRIC_DEFAULT` for encryption keys.
    pub spec: Observed<String>,
    /// What it is for, as KMS writes it: `ENCRYPT_DECRYPT` for encryption keys.
    pub usage: Observed<String>,
    /// When it will be deleted; absent unless it is pending deletion.
    pub deletion_date: Observed<Timestamp>,
    /// How many days a replica waits for deletion; absent unless it is pending replica deletion.
    pub pending_window_days: Observed<i32>,
    /// Which part it plays of a multi-Region key; absent for single-Region keys.
    pub multi_region: Observed<MultiRegion>,
}

/// The state of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyState {
    /// It is being made.
    Creating,
    /// It works.
    Enabled,
    /// It is switched off.
    Disabled,
    /// It will be deleted.
    PendingDeletion,
    /// It has no material yet.
    PendingImport,
    /// It will be deleted with its replicas.
    PendingReplicaDeletion,
    /// Its key store is out of reach.
    Unavailable,
    /// It is being changed.
    Updating,
}

impl KeyState {
    /// The state as KMS writes it.
    pub fn name(self) -> &'static str {
        match self {
            KeyState::Creating => "Creating",
            KeyState::Enabled => "Enabled",
            KeyState::Disabled => "Disabled",
            KeyState::PendingDeletion => "PendingDeletion",
            KeyState::PendingImport => "PendingImport",
            KeyState::PendingReplicaDeletion => "PendingReplicaDeletion",
            KeyState::Unavailable => "Unavailable",
            KeyState::Updating => "Updating",
        }
    }
}

/// Who manages a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyManager {
    /// The account.
    Customer,
    /// AWS.
    Aws,
}

/// Where a key's material comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Origin {
    /// KMS made it; only such keys rotate by themselves.
    AwsKms,
    /// It was imported.
    External,
    /// It lives in a CloudHSM cluster.
    AwsCloudHsm,
    /// It lives outside AWS.
    ExternalKeyStore,
}

impl Origin {
    /// The origin as KMS writes it.
    pub fn name(self) -> &'static str {
        match self {
            Origin::AwsKms => "AWS_KMS",
            Origin::External => "EXTERNAL",
            Origin::AwsCloudHsm => "AWS_CLOUDHSM",
            Origin::ExternalKeyStore => "EXTERNAL_KEY_STORE",
        }
    }
}

/// Which part a key plays of a multi-Region key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MultiRegion {
    /// Rotation is set here.
    Primary,
    /// Rotation is shared from the primary.
    Replica,
}

/// Whether and how often a key rotates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rotation {
    /// KMS answered.
    Status(Box<RotationStatus>),
    /// KMS answered that this key cannot rotate by itself (`UnsupportedOperationException`).
    Unsupported,
    /// KMS answered that the key's state does not allow the question (`KMSInvalidStateException`).
    InvalidState,
}

/// What GetKeyRotationStatus answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RotationStatus {
    /// Whether automatic rotation is on.
    pub enabled: Observed<Switch>,
    /// The period in days; absent means 365.
    pub period_days: Observed<i32>,
    /// When it rotates next; absent when it does not.
    pub next: Observed<Timestamp>,
}

impl Key {
    /// The evidence of a key of which nothing could be seen.
    pub fn unknown(gap: &Gap) -> Self {
        Key {
            named_by: BTreeSet::new(),
            encrypts: BTreeSet::new(),
            metadata: Seen::gap(gap.clone()),
            rotation: Seen::gap(gap.clone()),
            policy: Seen::gap(gap.clone()),
            grants: Seen::gap(gap.clone()),
            aliases: Seen::gap(gap.clone()),
            tags: Seen::gap(gap.clone()),
        }
    }
}

pub(crate) const DESCRIBE: &str = "DescribeKey";
const ROTATION: &str = "GetKeyRotationStatus";

impl Metadata {
    /// Whether the key is symmetric and encrypts, the only sort that storage and log services take and that rotates.
    /// Specs are compared by family: a family that this version does not know is a gap.
    fn symmetric(&self) -> Result<bool, Gap> {
        let spec = self.spec.required(DESCRIBE, "KeyMetadata.KeySpec")?;
        if spec == "SYMMETRIC_DEFAULT" {
            return Ok(true);
        }
        let others = ["RSA_", "ECC_", "HMAC_", "ML_DSA_", "ML_KEM_", "SM2"];
        if others.iter().any(|family| spec.starts_with(family)) {
            return Ok(false);
        }
        Err(Gap::Unrecognised { operation: DESCRIBE.into(), field: "KeyMetadata.KeySpec".into(), token: spec.clone() })
    }
}

pub(crate) fn metadata(key: &Key) -> Result<&Metadata, Gap> {
    key.metadata.required(DESCRIBE, "KeyMetadata")
}

fn day(at: &Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

/// KMS always names a state: its absence is a gap. A key that waits for deletion can still be saved, so the text says
/// until when.
fn usable(key: &Key, _: &NoParams) -> Judgement {
    let metadata = metadata(key)?;
    let state = *metadata.state.required(DESCRIBE, "KeyMetadata.KeyState")?;
    let observed = format!("the key is {}", state.name());
    let expected = "state Enabled";
    match state {
        KeyState::Enabled => Ok(Verdict::satisfied(observed)),
        KeyState::Creating | KeyState::Updating => Err(Gap::changing(observed)),
        KeyState::PendingDeletion => {
            let when = match &metadata.deletion_date {
                Observed::Present(date) => format!("{observed}: it will be deleted on {}", day(date)),
                Observed::Absent | Observed::Unknown(_) => format!("{observed}: the date of its deletion was not told"),
            };
            Ok(Verdict::not_satisfied(when, expected)
                .noting("the deletion can still be cancelled; after it, all that the key encrypts is lost for good"))
        }
        KeyState::PendingReplicaDeletion => {
            let when = match &metadata.pending_window_days {
                Observed::Present(days) => {
                    format!("{observed}: it will be deleted {days} days after the last of its replicas")
                }
                Observed::Absent | Observed::Unknown(_) => {
                    format!("{observed}: it will be deleted after the last of its replicas")
                }
            };
            Ok(Verdict::not_satisfied(when, expected)
                .noting("the deletion can still be cancelled; after it, all that the key encrypts is lost for good"))
        }
        KeyState::Disabled | KeyState::PendingImport | KeyState::Unavailable => {
            Ok(Verdict::not_satisfied(observed, expected))
        }
    }
}

/// That no key was found is a fact only where everything that could have led to one was read: the listing of the stack
/// and the configuration of each function (rule U7). Where there is neither stack nor function nothing was read at all.
fn no_key_is_known(evidence: &Evidence) -> Result<(), Gap> {
    let sources = [Kind::Stack, Kind::Function];
    if sources.into_iter().all(|kind| evidence.of_kind(kind).next().is_none()) {
        return Err(Gap::NothingToAudit { kind: Kind::Key.name().into() });
    }
    for (_, stack) in evidence.all::<crate::cloudformation::Stack>() {
        if !matches!(stack.identity.observed(), Observed::Absent) {
            stack.members.seen()?;
        }
    }
    for (_, function) in evidence.all::<crate::lambda::Function>() {
        function.configuration.seen()?;
    }
    Ok(())
}

fn no_usable_key(evidence: &Evidence) -> Judgement {
    no_key_is_known(evidence)?;
    Ok(Verdict::not_satisfied(
        "no KMS key is named by an output, belongs to the stack or encrypts an audited resource of it",
        "a KMS key in state Enabled",
    ))
}

/// Parameters of `kms-key-customer-managed`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CustomerManaged {
    accept_aws_managed: bool,
}

/// A key that encrypts nothing audited and that no output names may be of any sort, such as a signing key. That an AWS
/// owned key is in use does not show here: the resource then names no key, which its own requirement judges.
fn customer_managed(key: &Key, params: &CustomerManaged, context: &Context<'_>) -> Judgement {
    let metadata = metadata(key)?;
    if key.encrypts.is_empty() && context.subject.output_key.is_none() {
        every_user_was_read(context.evidence)?;
        return Ok(Verdict::not_applicable("the key encrypts no audited resource, and no output names it"));
    }
    let manager = metadata.manager.required(DESCRIBE, "KeyMetadata.KeyManager");
    if params.accept_aws_managed && manager == Ok(&KeyManager::Aws) {
        return Ok(Verdict::not_applicable("AWS manages the key, and accept_aws_managed lets that do"));
    }
    let verdict = every([manager.map(managed_by), spec(metadata), usage(metadata)], || {
        Err(Gap::undecided("nothing of the key was looked at"))
    })?;
    let owner = match &metadata.account {
        Observed::Present(account) if *account != context.evidence.run.account => account,
        Observed::Present(_) | Observed::Absent | Observed::Unknown(_) => return Ok(verdict),
    };
    Ok(verdict.noting(format!("account {owner} owns the key")))
}

/// That nothing uses a key is a fact only where everything was read that could: each resource, and the trails where the
/// profile asks for them.
fn every_user_was_read(evidence: &Evidence) -> Result<(), Gap> {
    for subject in evidence.subjects.iter().filter(|subject| subject.kind != Kind::Key) {
        subject.existence.seen()?;
        if let Some(bucket) = Bucket::of(&subject.resource) {
            bucket.encryption.seen()?;
        }
    }
    for (_, account) in evidence.all::<Account>() {
        match account.trails.observed() {
            Observed::Unknown(Gap::NotCollected { .. }) => {}
            Observed::Present(_) | Observed::Absent | Observed::Unknown(_) => drop(account.trails.seen()?),
        }
    }
    Ok(())
}

fn managed_by(manager: &KeyManager) -> Verdict {
    match manager {
        KeyManager::Customer => Verdict::satisfied("the customer manages the key"),
        KeyManager::Aws => Verdict::not_satisfied("AWS manages the key", "a customer managed key"),
    }
}

fn spec(metadata: &Metadata) -> Judgement {
    let symmetric = metadata.symmetric()?;
    let spec = metadata.spec.required(DESCRIBE, "KeyMetadata.KeySpec")?;
    let observed = format!("its spec is {spec}");
    Ok(if symmetric {
        Verdict::satisfied(observed)
    } else {
        Verdict::not_satisfied(observed, "spec SYMMETRIC_DEFAULT")
    })
}

fn usage(metadata: &Metadata) -> Judgement {
    let usage = metadata.usage.required(DESCRIBE, "KeyMetadata.KeyUsage")?;
    let observed = format!("its usage is {usage}");
    match usage.as_str() {
        "ENCRYPT_DECRYPT" => Ok(Verdict::satisfied(observed)),
        "SIGN_VERIFY" | "GENERATE_VERIFY_MAC" | "KEY_AGREEMENT" | "ENCAPSULATE_DECAPSULATE" => {
            Ok(Verdict::not_satisfied(observed, "usage ENCRYPT_DECRYPT"))
        }
        other => Err(Gap::Unrecognised {
            operation: DESCRIBE.into(),
            field: "KeyMetadata.KeyUsage".into(),
            token: other.into(),
        }),
    }
}

fn no_customer_key(evidence: &Evidence) -> Judgement {
    no_key_is_known(evidence)?;
    Ok(Verdict::not_satisfied("no KMS key is named by an output or belongs to the stack", "a customer managed key"))
}

/// Parameters of `kms-rotation-enabled`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RotationParams {
    max_days: i32,
    cannot_rotate: CannotRotate,
}

/// What it means that a key cannot rotate by itself.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum CannotRotate {
    NotApplicable,
    Fail,
}

/// What the key is decides first, its rotation second: a key that waits for deletion answers "off" whatever it was
/// before. An absent period means 365 days.
fn rotation(key: &Key, params: &RotationParams) -> Judgement {
    let metadata = metadata(key)?;
    if metadata.manager.required(DESCRIBE, "KeyMetadata.KeyManager")? == &KeyManager::Aws {
        return Ok(Verdict::not_applicable("AWS manages the key and rotates it; see kms-key-customer-managed"));
    }
    let state = *metadata.state.required(DESCRIBE, "KeyMetadata.KeyState")?;
    match state {
        KeyState::PendingDeletion | KeyState::PendingReplicaDeletion => {
            return Ok(Verdict::not_applicable(format!("the key is {}; see kms-key-usable", state.name())));
        }
        KeyState::Creating | KeyState::Updating => return Err(Gap::changing(format!("the key is {}", state.name()))),
        KeyState::Enabled | KeyState::Disabled | KeyState::PendingImport | KeyState::Unavailable => {}
    }
    if let Some(why) = cannot_rotate(metadata)? {
        return Ok(match params.cannot_rotate {
            CannotRotate::NotApplicable => Verdict::not_applicable(why)
                .noting("such a key is rotated by hand or on demand; that this is done does not show"),
            CannotRotate::Fail => Verdict::not_satisfied(why, "a key that rotates automatically")
                .noting("the text demands automatic rotation, and this key cannot have it"),
        });
    }
    let verdict = match key.rotation.required(ROTATION, "KeyRotationEnabled")? {
        Rotation::Status(status) => rotating(status, params.max_days)?,
        Rotation::InvalidState => {
            return Ok(Verdict::not_applicable("the state of the key keeps KMS from answering; see kms-key-usable"));
        }
        Rotation::Unsupported => {
            return Err(Gap::undecided(
                "GetKeyRotationStatus answered UnsupportedOperationException, although keys of this origin and spec can \
                 rotate; see whether the endpoint supports the call",
            ));
        }
    };
    let verdict = if state == KeyState::Disabled {
        verdict.noting("a disabled key does not rotate while it is disabled; see kms-key-usable")
    } else {
        verdict
    };
    Ok(match metadata.multi_region {
        Observed::Present(MultiRegion::Replica) => {
            verdict.noting("the key is a replica: its rotation is set on the primary key")
        }
        Observed::Present(MultiRegion::Primary) | Observed::Absent | Observed::Unknown(_) => verdict,
    })
}

/// Why the key cannot rotate by itself, where it cannot. Either attribute is enough to say so.
fn cannot_rotate(metadata: &Metadata) -> Result<Option<String>, Gap> {
    let origin = metadata.origin.required(DESCRIBE, "KeyMetadata.Origin");
    if let Ok(origin @ (Origin::External | Origin::AwsCloudHsm | Origin::ExternalKeyStore)) = origin {
        return Ok(Some(format!("a key of origin {} cannot rotate automatically", origin.name())));
    }
    if !metadata.symmetric()? {
        let spec = metadata.spec.required(DESCRIBE, "KeyMetadata.KeySpec")?;
        return Ok(Some(format!("a key of spec {spec} cannot rotate automatically")));
    }
    origin.map(|_| None)
}

fn rotating(status: &RotationStatus, max_days: i32) -> Judgement {
    let expected = format!("automatic rotation at least every {max_days} days");
    match status.enabled.required(ROTATION, "KeyRotationEnabled")? {
        Switch::Off => Ok(Verdict::not_satisfied("automatic rotation is off", expected)),
        Switch::On => {
            let days = status.period_days.seen()?.copied();
            let period = match days {
                Some(days) => format!("the key rotates every {days} days"),
                None => "the key rotates every 365 days, which is the period unless one is set".to_owned(),
            };
            let observed = match &status.next {
                Observed::Present(next) => format!("{period}, next on {}", day(next)),
                Observed::Absent | Observed::Unknown(_) => period,
            };
            Ok(if days.unwrap_or(365) <= max_days {
                Verdict::satisfied(observed)
            } else {
                Verdict::not_satisfied(observed, expected)
                    .noting("the client names no period; the limit is the auditor's")
            })
        }
    }
}

/// No alias at all is an answer: the list was read to its end. Aliases under `alias/aws/` are AWS's own.
fn alias(key: &Key, _: &NoParams, context: &Context<'_>) -> Judgement {
    let aliases = key.aliases.required("ListAliases", "Aliases")?;
    let own: Vec<&str> = aliases.iter().map(String::as_str).filter(|name| !name.starts_with("alias/aws/")).collect();
    if own.is_empty() {
        let observed = if aliases.is_empty() { "the key has no alias" } else { "the key has only an alias of AWS" };
        return Ok(Verdict::not_satisfied(observed, "at least one alias of the account's own")
            .noting("an alias that was made a few minutes ago may not show yet"));
    }
    let verdict = Verdict::satisfied(format!("the key has {}", own.join(", ")));
    Ok(match &context.evidence.run.environment_suffix {
        Some(suffix) if !own.iter().any(|name| name.contains(suffix.as_str())) => {
            verdict.noting(format!("no alias holds the environment suffix `{suffix}`; see naming-environment-suffix"))
        }
        Some(_) | None => verdict,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudformation::Stack;
    use crate::evidence::Evidence;
    use crate::fixture::*;
    use crate::subject::Resource;

    const ID: &str = "2f1c7e7e-2f2b-4c1e-9d3e-0a1b2c3d4e5f";

    fn key() -> Key {
        Key {
            named_by: BTreeSet::from([ID.to_owned()]),
            encrypts: BTreeSet::from(["AWS::Lambda::Function f".to_owned()]),
            metadata: seen(described()),
            rotation: seen(rotates(Switch::On, Observed::Present(365))),
            aliases: seen(vec!["alias/patient-data-key-pr1".to_owned()]),
            policy: denied(),
            grants: denied(),
            tags: not_set(),
        }
    }

    fn described() -> Metadata {
        Metadata {
            arn: Observed::Present(format!("arn:aws:kms:us-east-2:{ACCOUNT}:key/{ID}")),
            id: Observed::Present(ID.into()),
            account: Observed::Present(ACCOUNT.into()),
            state: Observed::Present(KeyState::Enabled),
            manager: Observed::Present(KeyManager::Customer),
            origin: Observed::Present(Origin::AwsKms),
            spec: Observed::Present("SYMMETRIC_DEFAULT".into()),
            usage: Observed::Present("ENCRYPT_DECRYPT".into()),
            deletion_date: Observed::Absent,
            pending_window_days: Observed::Absent,
            multi_region: Observed::Absent,
        }
    }

    fn rotates(enabled: Switch, period_days: Observed<i32>) -> Rotation {
        Rotation::Status(Box::new(RotationStatus {
            enabled: Observed::Present(enabled),
            period_days,
            next: Observed::Absent,
        }))
    }

    fn with(change: impl FnOnce(&mut Metadata)) -> Key {
        let mut metadata = described();
        change(&mut metadata);
        Key { metadata: seen(metadata), ..key() }
    }

    fn of(key: Key) -> Evidence {
        evidence(vec![subject(Kind::Key, ID, Resource::Key(Box::new(key)))])
    }

    fn in_state(state: KeyState) -> Evidence {
        of(with(|metadata| metadata.state = Observed::Present(state)))
    }

    #[test]
    fn an_enabled_key_is_usable() {
        assert_eq!(passed(judge("kms-key-usable", &of(key()))), "the key is Enabled");
    }

    #[test]
    fn a_key_in_a_state_that_cannot_decrypt_is_not_usable() {
        for state in [KeyState::Disabled, KeyState::PendingImport, KeyState::Unavailable] {
            assert_eq!(failed(judge("kms-key-usable", &in_state(state))), format!("the key is {}", state.name()));
        }
    }

    #[test]
    fn a_key_that_waits_for_its_deletion_fails_with_the_date() {
        let dying = with(|metadata| {
            metadata.state = Observed::Present(KeyState::PendingDeletion);
            metadata.deletion_date = Observed::Present("2026-11-20T10:00:00Z".parse().unwrap());
        });
        assert_eq!(
            failed(judge("kms-key-usable", &of(dying))),
            "the key is PendingDeletion: it will be deleted on 2026-11-20 | the deletion can still be cancelled; after \
             it, all that the key encrypts is lost for good"
        );
        assert!(failed(judge("kms-key-usable", &in_state(KeyState::PendingDeletion))).contains("was not told"));
    }

    #[test]
    fn a_replica_that_waits_for_its_deletion_fails_with_the_days() {
        let dying = with(|metadata| {
            metadata.state = Observed::Present(KeyState::PendingReplicaDeletion);
            metadata.pending_window_days = Observed::Present(7);
        });
        let text = failed(judge("kms-key-usable", &of(dying)));
        assert!(text.starts_with("the key is PendingReplicaDeletion: it will be deleted 7 days after"), "{text}");
        assert!(failed(judge("kms-key-usable", &in_state(KeyState::PendingReplicaDeletion))).contains("replicas"));
    }

    #[test]
    fn a_key_that_is_being_changed_is_undecided() {
        for state in [KeyState::Creating, KeyState::Updating] {
            assert!(undecided(judge("kms-key-usable", &in_state(state))).contains("it is changing"));
            assert!(undecided(judge("kms-rotation-enabled", &in_state(state))).contains("it is changing"));
        }
    }

    #[test]
    fn a_key_without_a_state_is_undecided() {
        let stateless = of(with(|metadata| metadata.state = Observed::Absent));
        for id in ["kms-key-usable", "kms-rotation-enabled"] {
            assert!(undecided(judge(id, &stateless)).starts_with("DescribeKey answered without KeyMetadata.KeyState"));
        }
    }

    #[test]
    fn that_there_is_no_key_at_all_is_a_failure() {
        let stack = Stack { members: seen(Vec::new()), ..Stack::unknown(&denial()) };
        let nothing = evidence(vec![subject(Kind::Stack, "TapStackpr1", Resource::Stack(stack.into()))]);
        assert!(failed(judge("kms-key-usable", &nothing)).starts_with("no KMS key is named by an output"));
        assert_eq!(
            failed(judge("kms-key-customer-managed", &nothing)),
            "no KMS key is named by an output or belongs to the stack"
        );
        assert!(undecided(judge("kms-rotation-enabled", &nothing)).contains("no AWS::KMS::Key was found"));
    }

    #[test]
    fn where_nothing_was_looked_through_there_may_be_a_key() {
        for id in ["kms-key-usable", "kms-key-customer-managed", "kms-rotation-enabled"] {
            assert!(undecided(judge(id, &evidence(Vec::new()))).starts_with("no AWS::KMS::Key was found"), "{id}");
        }
    }

    #[test]
    fn a_denied_description_is_an_error_for_each_check_that_rests_on_it() {
        let dark = of(Key { metadata: denied(), ..key() });
        for id in ["kms-key-usable", "kms-key-customer-managed", "kms-rotation-enabled"] {
            assert_eq!(undecided(judge(id, &dark)), "GetThing was denied; the auditing role needs svc:GetThing");
        }
    }

    #[test]
    fn a_key_of_which_nothing_was_seen_is_never_judged() {
        let unseen = of(Key::unknown(&denial()));
        for check in checks() {
            assert_eq!(judge(check.id, &unseen), Err(denial()), "{}", check.id);
        }
    }

    #[test]
    fn a_symmetric_customer_key_is_what_is_asked_for() {
        assert_eq!(
            passed(judge("kms-key-customer-managed", &of(key()))),
            "the customer manages the key; its spec is SYMMETRIC_DEFAULT; its usage is ENCRYPT_DECRYPT"
        );
    }

    #[test]
    fn a_key_of_another_account_is_noted() {
        let foreign = of(with(|metadata| metadata.account = Observed::Present("999999999999".into())));
        assert!(passed(judge("kms-key-customer-managed", &foreign)).ends_with("| account 999999999999 owns the key"));
    }

    #[test]
    fn an_aws_managed_key_fails_unless_it_is_accepted() {
        let managed = of(with(|metadata| metadata.manager = Observed::Present(KeyManager::Aws)));
        assert_eq!(failed(judge("kms-key-customer-managed", &managed)), "AWS manages the key");
        assert_eq!(
            not_applicable(judge_with("kms-key-customer-managed", "accept_aws_managed = true", &managed)),
            "AWS manages the key, and accept_aws_managed lets that do"
        );
        assert!(
            not_applicable(judge("kms-rotation-enabled", &managed)).starts_with("AWS manages the key and rotates it")
        );
    }

    #[test]
    fn a_signing_key_that_stands_for_the_encryption_key_fails() {
        let signing = of(with(|metadata| {
            metadata.spec = Observed::Present("ECC_NIST_P256".into());
            metadata.usage = Observed::Present("SIGN_VERIFY".into());
        }));
        assert_eq!(
            failed(judge("kms-key-customer-managed", &signing)),
            "its spec is ECC_NIST_P256; its usage is SIGN_VERIFY"
        );
    }

    #[test]
    fn a_key_that_encrypts_nothing_audited_may_be_of_any_sort_unless_an_output_names_it() {
        let mut signing = with(|metadata| metadata.spec = Observed::Present("HMAC_256".into()));
        signing.encrypts.clear();
        let mut evidence = of(signing);
        assert_eq!(
            not_applicable(judge("kms-key-customer-managed", &evidence)),
            "the key encrypts no audited resource, and no output names it"
        );
        let mut unread = subject(Kind::Secret, "s", crate::subject::unseen(Kind::Secret, &denial()));
        unread.existence = Seen::gap(denial());
        evidence.subjects.push(unread);
        assert_eq!(judge("kms-key-customer-managed", &evidence), Err(denial()), "it may be the secret's");
        evidence.subjects[0].output_key = Some("KmsKeyId".into());
        assert_eq!(failed(judge("kms-key-customer-managed", &evidence)), "its spec is HMAC_256");
    }

    #[test]
    fn a_spec_or_usage_that_is_not_known_is_undecided() {
        let new = of(with(|metadata| metadata.spec = Observed::Present("SYMMETRIC_NEXT".into())));
        for id in ["kms-key-customer-managed", "kms-rotation-enabled"] {
            assert!(
                undecided(judge(id, &new)).starts_with("DescribeKey answered `SYMMETRIC_NEXT` in KeyMetadata.KeySpec")
            );
        }
        let new = of(with(|metadata| metadata.usage = Observed::Present("DREAM".into())));
        assert!(undecided(judge("kms-key-customer-managed", &new)).contains("`DREAM` in KeyMetadata.KeyUsage"));
    }

    #[test]
    fn rotation_within_the_longest_period_passes_and_an_absent_period_is_a_year() {
        assert_eq!(passed(judge("kms-rotation-enabled", &of(key()))), "the key rotates every 365 days");
        let unset = Key { rotation: seen(rotates(Switch::On, Observed::Absent)), ..key() };
        assert_eq!(
            passed(judge("kms-rotation-enabled", &of(unset))),
            "the key rotates every 365 days, which is the period unless one is set"
        );
    }

    #[test]
    fn rotation_that_is_rarer_than_the_longest_period_fails() {
        let rare = Key { rotation: seen(rotates(Switch::On, Observed::Present(366))), ..key() };
        assert_eq!(
            failed(judge("kms-rotation-enabled", &of(rare.clone()))),
            "the key rotates every 366 days | the client names no period; the limit is the auditor's"
        );
        assert_eq!(
            passed(judge_with("kms-rotation-enabled", "max_days = 366", &of(rare))),
            "the key rotates every 366 days"
        );
        let unset = Key { rotation: seen(rotates(Switch::On, Observed::Absent)), ..key() };
        assert!(failed(judge_with("kms-rotation-enabled", "max_days = 364", &of(unset))).contains("365 days"));
    }

    #[test]
    fn rotation_that_is_off_fails() {
        let off = Key { rotation: seen(rotates(Switch::Off, Observed::Absent)), ..key() };
        assert_eq!(failed(judge("kms-rotation-enabled", &of(off))), "automatic rotation is off");
    }

    #[test]
    fn rotation_with_an_unreadable_period_or_switch_is_undecided() {
        let unread = Key { rotation: seen(rotates(Switch::On, Observed::Unknown(denial()))), ..key() };
        assert_eq!(judge("kms-rotation-enabled", &of(unread)), Err(denial()));
        let unread = Key { rotation: denied(), ..key() };
        assert_eq!(judge("kms-rotation-enabled", &of(unread)), Err(denial()));
        let unread = Key { rotation: not_set(), ..key() };
        assert!(undecided(judge("kms-rotation-enabled", &of(unread))).contains("without KeyRotationEnabled"));
    }

    #[test]
    fn a_disabled_key_keeps_its_rotation_with_a_note() {
        let text = passed(judge("kms-rotation-enabled", &in_state(KeyState::Disabled)));
        assert!(text.contains("| a disabled key does not rotate while it is disabled"), "{text}");
    }

    #[test]
    fn a_replica_points_to_its_primary() {
        let mut replica = with(|metadata| metadata.multi_region = Observed::Present(MultiRegion::Replica));
        replica.rotation = seen(rotates(Switch::Off, Observed::Absent));
        assert_eq!(
            failed(judge("kms-rotation-enabled", &of(replica))),
            "automatic rotation is off | the key is a replica: its rotation is set on the primary key"
        );
    }

    #[test]
    fn a_key_that_cannot_rotate_is_not_judged_unless_the_profile_demands_rotation() {
        for (key, text) in [
            (with(|m| m.origin = Observed::Present(Origin::External)), "a key of origin EXTERNAL"),
            (with(|m| m.origin = Observed::Present(Origin::AwsCloudHsm)), "a key of origin AWS_CLOUDHSM"),
            (with(|m| m.origin = Observed::Present(Origin::ExternalKeyStore)), "a key of origin EXTERNAL_KEY_STORE"),
            (with(|m| m.spec = Observed::Present("RSA_2048".into())), "a key of spec RSA_2048"),
        ] {
            let stuck = of(Key { rotation: seen(Rotation::Unsupported), ..key });
            let reason = not_applicable(judge("kms-rotation-enabled", &stuck));
            assert!(reason.starts_with(&format!("{text} cannot rotate automatically | such a key")), "{reason}");
            let broken = failed(judge_with("kms-rotation-enabled", "cannot_rotate = \"fail\"", &stuck));
            assert!(broken.starts_with(text) && broken.contains("the text demands"), "{broken}");
        }
    }

    #[test]
    fn a_key_that_could_rotate_and_answers_unsupported_is_undecided() {
        let odd = Key { rotation: seen(Rotation::Unsupported), ..key() };
        assert!(
            undecided(judge("kms-rotation-enabled", &of(odd)))
                .starts_with("GetKeyRotationStatus answered UnsupportedOperationException, although")
        );
        let mut odd = with(|metadata| metadata.origin = Observed::Unknown(denial()));
        odd.rotation = seen(Rotation::Unsupported);
        assert_eq!(judge("kms-rotation-enabled", &of(odd)), Err(denial()));
    }

    #[test]
    fn a_state_that_forbids_the_question_points_to_the_state() {
        for state in [KeyState::PendingDeletion, KeyState::PendingReplicaDeletion] {
            assert_eq!(
                not_applicable(judge("kms-rotation-enabled", &in_state(state))),
                format!("the key is {}; see kms-key-usable", state.name())
            );
        }
        let odd = Key { rotation: seen(Rotation::InvalidState), ..key() };
        assert!(not_applicable(judge("kms-rotation-enabled", &of(odd))).ends_with("see kms-key-usable"));
    }

    #[test]
    fn an_alias_of_the_accounts_own_is_asked_for() {
        assert_eq!(passed(judge("kms-alias-present", &of(key()))), "the key has alias/patient-data-key-pr1");
        let bare = Key { aliases: seen(Vec::new()), ..key() };
        assert_eq!(
            failed(judge("kms-alias-present", &of(bare))),
            "the key has no alias | an alias that was made a few minutes ago may not show yet"
        );
        let aws = Key { aliases: seen(vec!["alias/aws/s3".into()]), ..key() };
        assert!(failed(judge("kms-alias-present", &of(aws))).starts_with("the key has only an alias of AWS"));
    }

    #[test]
    fn aliases_that_were_not_listed_to_the_end_are_no_answer() {
        let gap = Gap::UnreadPage { operation: "ListAliases".into(), why: "the second page was denied".into() };
        let cut = Key { aliases: Seen::gap(gap.clone()), ..key() };
        assert_eq!(judge("kms-alias-present", &of(cut)), Err(gap));
    }

    #[test]
    fn an_alias_without_the_environment_suffix_is_noted() {
        let mut evidence = of(key());
        evidence.run.environment_suffix = Some("pr1".into());
        assert!(!passed(judge("kms-alias-present", &evidence)).contains('|'));
        evidence.run.environment_suffix = Some("pr2".into());
        assert!(
            passed(judge("kms-alias-present", &evidence)).contains("| no alias holds the environment suffix `pr2`")
        );
    }
}
