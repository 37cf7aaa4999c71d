//! A conforming database secret outside of the stack, for the tests of the checks.

use super::*;
use crate::evidence::Evidence;
use crate::fixture::{evidence, not_set, seen, subject};
use crate::kms::fixture::{KEY, rotating_key};
use crate::observed::Observed::{Absent, Present};
use crate::subject::{Kind, Resource, Subject};

pub(crate) const ARN: &str = "arn:aws:secretsmanager:us-east-2:123456789012:secret:app/db-AbC123";

pub(crate) fn at(text: &str) -> Observed<Timestamp> {
    Present(text.parse().unwrap())
}

pub(crate) fn versions(list: &[(&str, &str)]) -> Observed<BTreeMap<String, BTreeSet<String>>> {
    Present(list.iter().map(|(id, stage)| ((*id).to_owned(), BTreeSet::from([(*stage).to_owned()]))).collect())
}

pub(crate) fn described() -> Description {
    Description {
        arn: Present(ARN.into()),
        name: Present("app/db".into()),
        kms_key: Present(KEY.into()),
        rotation: Present(Switch::On),
        after_days: Present(30),
        schedule: Absent,
        next_rotation: at("2026-11-20T00:00:00Z"),
        last_accessed: at("2026-11-01T00:00:00Z"),
        deleted_at: Absent,
        versions: versions(&[("v2", "AWSCURRENT"), ("v1", "AWSPREVIOUS")]),
        owning_service: Absent,
    }
}

pub(crate) fn secret() -> Secret {
    Secret {
        named_by: BTreeSet::from(["app/db".to_owned()]),
        description: seen(described()),
        policy: not_set(),
        references: seen(Vec::new()),
    }
}

/// The conforming secret with another description.
pub(crate) fn with(change: impl FnOnce(&mut Description)) -> Secret {
    let mut description = described();
    change(&mut description);
    Secret { description: seen(description), ..secret() }
}

/// The conforming secret under these dynamic references.
pub(crate) fn referred(stage: Option<&str>, version: Option<&str>) -> Secret {
    let reference = Reference {
        stack: "TapStackdev".into(),
        named: "app/db".into(),
        stage: stage.map(str::to_owned),
        version: version.map(str::to_owned),
    };
    Secret { references: seen(vec![reference]), ..secret() }
}

pub(crate) fn secret_subject(secret: Secret) -> Subject {
    subject(Kind::Secret, ARN, Resource::Secret(Box::new(secret)))
}

/// The secret beside its key.
pub(crate) fn of(secret: Secret) -> Evidence {
    evidence(vec![subject(Kind::Key, "k", Resource::Key(Box::new(rotating_key()))), secret_subject(secret)])
}
