use super::super::LifeCycle;
use super::super::fixture::*;
use super::*;
use crate::fixture::*;
use crate::kms::fixture::KEY;
use crate::observed::Observed::{Absent, Present, Unknown};
use crate::subject::Resource;

const ENCRYPTED: &str = "efs-encrypted";
const KEYS: &str = "efs-kms-key-rotating";

#[test]
fn an_encrypted_file_system_passes_in_any_state_and_another_fails() {
    assert_eq!(passed(judge(ENCRYPTED, &of(file_system()))), "the file system is encrypted at rest");
    passed(judge(ENCRYPTED, &of(with(|fs| fs.state = Present(LifeCycle::Creating)))));
    let clear = with(|fs| {
        fs.encrypted = Present(Switch::Off);
        fs.state = Present(LifeCycle::Deleting);
    });
    assert!(failed(judge(ENCRYPTED, &of(clear))).starts_with("the file system is not encrypted at rest | "));
}

#[test]
fn an_answer_without_the_field_or_none_at_all_is_undecided() {
    assert!(undecided(judge(ENCRYPTED, &of(with(|fs| fs.encrypted = Absent)))).contains("FileSystem.Encrypted"));
    assert_eq!(judge(ENCRYPTED, &of(with(|fs| fs.encrypted = Unknown(denial())))), Err(denial()));
    for check in crate::efs::checks() {
        assert_eq!(judge(check.id, &unseen()), Err(denial()), "{}", check.id);
    }
}

#[test]
fn that_there_is_no_file_system_fails_once_the_listing_was_read() {
    let mut stack = cloudformation::Stack::unknown(&denial());
    stack.members = seen(Vec::new());
    let evidence = evidence(vec![subject(Kind::Stack, "S", Resource::Stack(Box::new(stack)))]);
    assert_eq!(failed(judge(ENCRYPTED, &evidence)), "no EFS file system is named by an output or belongs to the stack");
}

#[test]
fn a_rotating_key_of_the_customer_passes() {
    assert_eq!(
        passed(judge(KEYS, &of(file_system()))),
        format!("the customer manages the key `{KEY}`; it is Enabled; it rotates automatically")
    );
}

#[test]
fn a_key_that_is_missing_or_was_not_seen_is_undecided_and_none_is_not_applicable() {
    assert!(undecided(judge(KEYS, &of(with(|fs| fs.kms_key = Absent)))).contains("FileSystem.KmsKeyId"));
    assert!(
        undecided(judge(KEYS, &of(with(|fs| fs.kms_key = Present("other".into()))))).starts_with("nothing was seen")
    );
    let clear = with(|fs| fs.encrypted = Present(Switch::Off));
    assert_eq!(not_applicable(judge(KEYS, &of(clear))), "the file system is not encrypted; see efs-encrypted");
}

#[test]
fn a_file_system_that_changes_is_not_judged() {
    for check in crate::efs::checks().iter().filter(|check| check.id != ENCRYPTED) {
        let changing = with(|fs| fs.state = Present(LifeCycle::Updating));
        assert!(undecided(judge(check.id, &of(changing))).contains("the file system is updating"), "{}", check.id);
    }
}
