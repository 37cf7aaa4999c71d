//! Whether a key that another resource names is the customer's own and works.

use super::{DESCRIBE, KeyManager, KeyState};
use crate::check::Context;
use crate::observed::Gap;
use crate::subject::Existence;
use crate::verdict::{Judgement, Verdict, every, nothing_to_judge};

/// What is asked for.
pub(crate) const EXPECTED: &str = "a customer managed KMS key in state Enabled";

/// Judges a key by the name that a resource gives it: the customer has to manage it, and it has to be Enabled. `by` is
/// the resource in a sentence, such as `the log group`.
///
/// # Errors
/// A gap, when the key was not seen, is changing, or was not found in another account.
pub(crate) fn customers_own(named: &str, by: &str, context: &Context<'_>) -> Judgement {
    let Some((subject, key)) = context.evidence.key_named(named) else {
        return Err(Gap::undecided(format!("nothing was seen of the key `{named}` that {by} names")));
    };
    let gone = match (subject.existence.seen(), key.metadata.seen()) {
        (Ok(Some(Existence::Missing)), _) | (_, Err(Gap::Missing { .. })) => true,
        (Ok(Some(Existence::Exists) | None) | Err(_), _) => false,
    };
    if gone {
        let own = named.split(':').nth(4).is_none_or(|account| account == context.evidence.run.account);
        return if own {
            Ok(Verdict::not_satisfied(format!("the key `{named}` does not exist"), EXPECTED))
        } else {
            Err(Gap::undecided(format!("the key `{named}` of another account was not found from this one")))
        };
    }
    let metadata = key.metadata.required(DESCRIBE, "KeyMetadata")?;
    let manager = metadata.manager.required(DESCRIBE, "KeyMetadata.KeyManager").map(|manager| match manager {
        KeyManager::Customer => Verdict::satisfied(format!("the customer manages the key `{named}`")),
        KeyManager::Aws => Verdict::not_satisfied(format!("AWS manages the key `{named}`"), EXPECTED),
    });
    let state = metadata.state.required(DESCRIBE, "KeyMetadata.KeyState").and_then(|state| {
        let observed = format!("the key `{named}` is {}", state.name());
        match state {
            KeyState::Enabled => Ok(Verdict::satisfied("it is Enabled")),
            KeyState::Creating | KeyState::Updating => Err(Gap::changing(observed)),
            KeyState::Disabled
            | KeyState::PendingDeletion
            | KeyState::PendingReplicaDeletion
            | KeyState::PendingImport
            | KeyState::Unavailable => Ok(Verdict::not_satisfied(observed, EXPECTED)),
        }
    });
    every([manager, state], nothing_to_judge)
}
