//! KMS keys: what is seen of them, and the checks of their requirements.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::check::Check;
use crate::observed::{Gap, Observed, Seen};

/// The checks of this file, in catalog order.
pub fn checks() -> Vec<Check> {
    Vec::new()
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
    /// The aliases that target it; an empty list means none.
    pub aliases: Seen<Vec<String>>,
    /// Tags; absent means none.
    pub tags: Seen<BTreeMap<String, String>>,
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
    pub enabled: Observed<crate::s3::Switch>,
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
            aliases: Seen::gap(gap.clone()),
            tags: Seen::gap(gap.clone()),
        }
    }
}
