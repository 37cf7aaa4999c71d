//! Whether messages are encrypted at rest with a key that the customer manages.

use super::{Topic, attributes};
use crate::check::{Context, NoParams};
use crate::kms::{DESCRIBE, KeyManager, working};
use crate::observed::Gap;
use crate::verdict::{Judgement, Verdict};

/// No key means that messages are not encrypted at rest. The name of the key decides nothing: `alias/aws/sns` leads to
/// one that AWS manages because KMS says so.
pub(super) fn encrypted(topic: &Topic, _: &NoParams, context: &Context<'_>) -> Judgement {
    let Some(named) = attributes(topic)?.kms_key.seen()? else {
        return Ok(Verdict::not_satisfied("the topic names no KMS key: messages are not encrypted", working::EXPECTED));
    };
    let verdict = working::customers_own(named, "the topic", context)?;
    Ok(match (&verdict, manager(named, context)) {
        (Verdict::NotSatisfied { .. }, Ok(KeyManager::Aws)) => verdict.noting(
            "the policy of the key that AWS manages for SNS lets neither alarms nor rules publish, and cannot be changed",
        ),
        (Verdict::NotSatisfied { .. } | Verdict::Satisfied { .. } | Verdict::NotApplicable { .. }, _) => verdict,
    })
}

/// Who manages the key that the topic names.
pub(super) fn manager(named: &str, context: &Context<'_>) -> Result<KeyManager, Gap> {
    let Some((_, key)) = context.evidence.key_named(named) else {
        return Err(Gap::undecided(format!("nothing was seen of the key `{named}` that the topic names")));
    };
    let metadata = key.metadata.required(DESCRIBE, "KeyMetadata")?;
    metadata.manager.required(DESCRIBE, "KeyMetadata.KeyManager").copied()
}

#[cfg(test)]
mod tests {
    use crate::fixture::*;
    use crate::kms::{Key, KeyManager, KeyState, Metadata};
    use crate::observed::{Gap, Observed, Seen};
    use crate::sns::fixture::*;
    use crate::subject::Existence;
    use crate::verdict::Judgement;

    const ID: &str = "sns-topic-kms-encrypted";

    fn naming(named: &str, key: Key) -> Judgement {
        judge(ID, &evidence(vec![of_topic(encrypted_with(named)), of_key(key)]))
    }

    fn described(change: impl FnOnce(&mut Metadata)) -> Key {
        let Observed::Present(mut metadata) = key("").metadata.observed().clone() else { unreachable!() };
        change(&mut metadata);
        Key { metadata: seen(metadata), ..key("") }
    }

    #[test]
    fn a_key_of_the_customer_passes_by_id_arn_and_either_form_of_its_alias() {
        for named in [KEY_ID, KEY_ARN, "alias/alerts", "arn:aws:kms:us-east-2:123456789012:alias/alerts"] {
            assert_eq!(
                passed(naming(named, key(""))),
                format!("the customer manages the key `{named}`; it is Enabled")
            );
        }
    }

    #[test]
    fn no_key_at_all_fails() {
        assert_eq!(
            failed(judge(ID, &evidence(vec![of_topic(topic())]))),
            "the topic names no KMS key: messages are not encrypted"
        );
    }

    #[test]
    fn the_key_that_aws_manages_fails_by_what_kms_says_and_not_by_its_name() {
        let managed = described(|metadata| metadata.manager = Observed::Present(KeyManager::Aws));
        let text =
            failed(naming("alias/aws/sns", Key { named_by: ["alias/aws/sns".into()].into(), ..managed.clone() }));
        assert_eq!(
            text,
            "AWS manages the key `alias/aws/sns` | the policy of the key that AWS manages for SNS lets neither alarms nor rules publish, and cannot be changed"
        );
        assert!(failed(naming("alias/alerts", managed)).starts_with("AWS manages the key `alias/alerts` | "));
        let named_like_it = Key { named_by: ["alias/aws/sns".into()].into(), ..key("") };
        assert!(passed(naming("alias/aws/sns", named_like_it)).starts_with("the customer manages the key"));
    }

    #[test]
    fn a_key_that_does_not_work_fails() {
        for state in [KeyState::Disabled, KeyState::PendingDeletion] {
            let key = described(|metadata| metadata.state = Observed::Present(state));
            assert_eq!(failed(naming(KEY_ID, key)), format!("the key `{KEY_ID}` is {}", state.name()));
        }
    }

    #[test]
    fn a_key_that_is_gone_fails_in_the_own_account_and_is_undecided_in_another() {
        let gone = |named: &str| {
            let missing = Gap::Missing { operation: "DescribeKey".into(), code: "NotFoundException".into() };
            let mut subject = of_key(Key { named_by: [named.to_owned()].into(), ..Key::unknown(&missing) });
            subject.existence = seen(Existence::Missing);
            judge(ID, &evidence(vec![of_topic(encrypted_with(named)), subject]))
        };
        assert_eq!(failed(gone(KEY_ID)), format!("the key `{KEY_ID}` does not exist"));
        let foreign = "arn:aws:kms:us-east-2:999999999999:key/k";
        assert_eq!(
            undecided(gone(foreign)),
            format!("the key `{foreign}` of another account was not found from this one")
        );
    }

    #[test]
    fn what_could_not_be_read_is_an_error() {
        let mut unread = topic();
        unread.attributes = denied();
        assert_eq!(judge(ID, &evidence(vec![of_topic(unread)])), Err(denial()));
        let unread = Key { named_by: [KEY_ID.into()].into(), ..Key::unknown(&denial()) };
        assert_eq!(naming(KEY_ID, unread), Err(denial()));
        let alone = judge(ID, &evidence(vec![of_topic(encrypted_with(KEY_ID))]));
        assert_eq!(undecided(alone), format!("nothing was seen of the key `{KEY_ID}` that the topic names"));
        let silent = Key { metadata: Seen::new(Observed::Absent, Vec::new()), ..key("") };
        assert!(undecided(naming(KEY_ID, silent)).starts_with("DescribeKey answered without KeyMetadata"));
    }
}
