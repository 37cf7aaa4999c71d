//! A conforming key, for the tests of the checks of what it encrypts.

use std::collections::BTreeSet;

use super::*;
use crate::fixture::{ACCOUNT, denial, seen};

pub(crate) const KEY: &str = "arn:aws:kms:us-east-2:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// A customer's key that is enabled and rotates, named by its ARN.
pub(crate) fn rotating_key() -> Key {
    Key {
        named_by: BTreeSet::from([KEY.to_owned()]),
        metadata: seen(Metadata {
            arn: Observed::Present(KEY.into()),
            id: Observed::Present("1234abcd-12ab-34cd-56ef-1234567890ab".into()),
            account: Observed::Present(ACCOUNT.into()),
            state: Observed::Present(KeyState::Enabled),
            manager: Observed::Present(KeyManager::Customer),
            origin: Observed::Present(Origin::AwsKms),
            spec: Observed::Present("SYMMETRIC_DEFAULT".into()),
            usage: Observed::Present("ENCRYPT_DECRYPT".into()),
            deletion_date: Observed::Absent,
            pending_window_days: Observed::Absent,
            multi_region: Observed::Absent,
        }),
        rotation: seen(Rotation::Status(Box::new(RotationStatus {
            enabled: Observed::Present(Switch::On),
            period_days: Observed::Absent,
            next: Observed::Absent,
        }))),
        ..Key::unknown(&denial())
    }
}
