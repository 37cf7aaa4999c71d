//! Whether a key that another resource names is the customer's own, works and rotates.

use super::working::customers_own;
use super::{DESCRIBE, Key, KeyManager, KeyState, Metadata, ROTATION, Rotation};
use crate::check::Context;
use crate::observed::{Gap, Observed};
use crate::s3::Switch;
use crate::verdict::{Judgement, Verdict, every, nothing_to_judge};

const EXPECTED: &str = "a customer managed KMS key in state Enabled that rotates automatically";

/// Judges a key by the name that a resource gives it: it has to be the customer's own, Enabled and rotating. A key that
/// AWS manages fails unless it is accepted; one of another account is out of sight. How often it rotates is the matter
/// of `kms-rotation-enabled`.
///
/// # Errors
/// A gap, when the key was not seen, is another account's or is changing.
pub(crate) fn rotating(named: &str, accept_aws_managed: bool, context: &Context<'_>) -> Judgement {
    let works = customers_own(named, "the resource", context).map(|verdict| verdict.expecting(EXPECTED));
    let Some((_, key)) = context.evidence.key_named(named) else { return works };
    // A key that is gone, or was not described, has been judged by that.
    let Ok(Some(metadata)) = key.metadata.seen() else { return works };
    let account = metadata.account.required(DESCRIBE, "KeyMetadata.AWSAccountId")?;
    if *account != context.evidence.run.account {
        return Err(Gap::undecided(format!(
            "the key `{named}` is account {account}'s; whether it works and rotates has to be judged there"
        )));
    }
    match metadata.manager.required(DESCRIBE, "KeyMetadata.KeyManager")? {
        KeyManager::Aws if accept_aws_managed => Ok(Verdict::satisfied(format!("AWS manages the key `{named}`"))
            .noting("AWS rotates it; accept_aws_managed lets that do (J11)")),
        KeyManager::Aws => Ok(works?.noting("AWS rotates it, and its policy is not the customer's to write (J11)")),
        KeyManager::Customer => every([works, rotation(named, metadata, key)], nothing_to_judge),
    }
}

/// What a resource that names no key gets, where AWS then uses the key that it manages for the service.
pub(crate) fn of_aws(what: &str, accept_aws_managed: bool) -> Verdict {
    if accept_aws_managed {
        Verdict::satisfied(format!("{what} is encrypted with a key that AWS manages"))
            .noting("accept_aws_managed lets that do (J11)")
    } else {
        Verdict::not_satisfied(format!("{what} is encrypted with a key that AWS manages"), EXPECTED)
    }
}

/// What a resource gets whose key nobody sees.
pub(crate) fn owned_by_aws(what: &str) -> Verdict {
    Verdict::not_satisfied(format!("{what} is encrypted with a key that AWS owns and nobody sees"), EXPECTED)
}

/// A key that waits for its deletion answers that rotation is off, whatever it was before: then its state alone counts.
fn rotation(named: &str, metadata: &Metadata, key: &Key) -> Judgement {
    match &metadata.state {
        Observed::Present(KeyState::Enabled) => {}
        Observed::Present(state) => {
            return Ok(Verdict::not_applicable(format!("the key `{named}` is {}", state.name())));
        }
        Observed::Absent | Observed::Unknown(_) => {}
    }
    match key.rotation.required(ROTATION, "KeyRotationEnabled")? {
        Rotation::Status(status) => Ok(match status.enabled.required(ROTATION, "KeyRotationEnabled")? {
            Switch::On => Verdict::satisfied("it rotates automatically"),
            Switch::Off => Verdict::not_satisfied(format!("rotation of the key `{named}` is off"), EXPECTED),
        }),
        Rotation::Unsupported => {
            Ok(Verdict::not_satisfied(format!("the key `{named}` cannot rotate automatically"), EXPECTED))
        }
        Rotation::InvalidState => Err(Gap::changing(format!(
            "KMS answers that the state of the key `{named}` does not allow to ask for its rotation"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Evidence;
    use crate::fixture::*;
    use crate::kms::fixture::{KEY, rotating_key};
    use crate::subject::{Kind, Resource};

    fn asked(key: Key, accept: bool) -> Judgement {
        let evidence = evidence(vec![subject(Kind::Key, "k", Resource::Key(Box::new(key)))]);
        of(&evidence, KEY, accept)
    }

    fn of(evidence: &Evidence, named: &str, accept: bool) -> Judgement {
        rotating(named, accept, &Context { subject: &evidence.subjects[0], evidence })
    }

    fn with(change: impl FnOnce(&mut Metadata)) -> Key {
        let mut key = rotating_key();
        let Observed::Present(mut metadata) = key.metadata.observed().clone() else { unreachable!() };
        change(&mut metadata);
        key.metadata = seen(metadata);
        key
    }

    fn with_rotation(rotation: Rotation) -> Key {
        Key { rotation: seen(rotation), ..rotating_key() }
    }

    #[test]
    fn a_customers_key_that_is_enabled_and_rotates_passes() {
        assert_eq!(
            passed(asked(rotating_key(), false)),
            format!("the customer manages the key `{KEY}`; it is Enabled; it rotates automatically")
        );
    }

    #[test]
    fn a_key_that_aws_manages_fails_unless_it_is_accepted() {
        let managed = with(|metadata| metadata.manager = Observed::Present(KeyManager::Aws));
        assert!(failed(asked(managed.clone(), false)).starts_with(&format!("AWS manages the key `{KEY}` | ")));
        assert!(passed(asked(managed, true)).contains("accept_aws_managed lets that do"));
    }

    #[test]
    fn rotation_that_is_off_or_impossible_fails() {
        let off = crate::kms::RotationStatus {
            enabled: Observed::Present(Switch::Off),
            period_days: Observed::Absent,
            next: Observed::Absent,
        };
        let judgement = asked(with_rotation(Rotation::Status(Box::new(off))), false);
        assert_eq!(failed(judgement), format!("rotation of the key `{KEY}` is off"));
        let judgement = asked(with_rotation(Rotation::Unsupported), false);
        assert_eq!(failed(judgement), format!("the key `{KEY}` cannot rotate automatically"));
    }

    #[test]
    fn a_key_that_does_not_work_fails_by_its_state_alone() {
        for state in [KeyState::Disabled, KeyState::PendingDeletion, KeyState::PendingImport, KeyState::Unavailable] {
            let key = with(|metadata| metadata.state = Observed::Present(state));
            assert_eq!(failed(asked(key, false)), format!("the key `{KEY}` is {}", state.name()));
        }
        let updating = with(|metadata| metadata.state = Observed::Present(KeyState::Updating));
        assert!(undecided(asked(updating, false)).contains("it is changing"));
    }

    #[test]
    fn a_key_of_another_account_is_out_of_sight() {
        let foreign = with(|metadata| metadata.account = Observed::Present("999999999999".into()));
        assert!(undecided(asked(foreign, true)).contains("is account 999999999999's"));
    }

    #[test]
    fn a_key_that_is_gone_fails_in_the_own_account_only() {
        let missing = Gap::Missing { operation: "DescribeKey".into(), code: "NotFoundException".into() };
        let gone = |named: &str| {
            let mut key = Key::unknown(&missing);
            key.named_by.insert(named.to_owned());
            evidence(vec![subject(Kind::Key, "k", Resource::Key(Box::new(key)))])
        };
        assert_eq!(failed(of(&gone(KEY), KEY, false)), format!("the key `{KEY}` does not exist"));
        let foreign = "arn:aws:kms:us-east-2:999999999999:key/k";
        assert!(undecided(of(&gone(foreign), foreign, false)).contains("was not found from this one"));
    }

    #[test]
    fn a_key_that_could_not_be_read_is_undecided() {
        let mut unread = Key::unknown(&denial());
        unread.named_by.insert(KEY.into());
        assert_eq!(asked(unread, false), Err(denial()));
        let no_rotation = Key { rotation: denied(), ..rotating_key() };
        assert_eq!(asked(no_rotation, false), Err(denial()));
        let nothing = evidence(vec![subject(Kind::Key, "other", Resource::Key(Box::new(Key::unknown(&denial()))))]);
        assert!(undecided(of(&nothing, KEY, false)).starts_with("nothing was seen of the key"));
    }
}
