use crate::cloudtrail::fixture::*;
use crate::cloudtrail::{Trail, TrailStatus};
use crate::evidence::Evidence;
use crate::fixture::*;
use crate::kms::{Key, KeyManager, KeyState, Metadata};
use crate::observed::Observed::{Absent, Present, Unknown};
use crate::observed::{Gap, Observed};
use crate::s3::Switch;
use crate::subject::{Existence, Kind, Resource, Subject};

const VALIDATION: &str = "cloudtrail-log-file-validation";
const ENCRYPTED: &str = "cloudtrail-kms-encrypted";
const TO_LOGS: &str = "cloudtrail-to-cloudwatch-logs";
const NO_TRAIL: &str = "there is no audit trail; see cloudtrail-logging-enabled";
const KEY: &str = "arn:aws:kms:us-east-2:123456789012:key/2f1c7e7e-2f2b-4c1e-9d3e-0a1b2c3d4e5f";

fn at(text: &str) -> Observed<jiff::Timestamp> {
    Present(text.parse().unwrap())
}

fn with(change: impl FnOnce(&mut Trail)) -> Evidence {
    let mut changed = trail("audit");
    change(&mut changed);
    of(vec![changed])
}

fn with_status(change: impl FnOnce(&mut TrailStatus)) -> Evidence {
    let mut changed = status();
    change(&mut changed);
    with(|trail| trail.status = seen(changed))
}

#[test]
fn a_trail_that_validates_and_delivers_digests_passes() {
    assert_eq!(
        passed(judge(VALIDATION, &with(|_| {}))),
        "trail audit validates its log files; delivered a digest at 2026-11-01T11:55:00Z | files from before validation \
         was switched on are not covered"
    );
}

#[test]
fn validation_that_is_off_or_not_answered_fails() {
    for off in [Present(Switch::Off), Absent] {
        let text = failed(judge(VALIDATION, &with(|trail| trail.validation = off)));
        assert!(text.starts_with("trail audit does not validate its log files"), "{text}");
    }
    assert_eq!(judge(VALIDATION, &with(|trail| trail.validation = Unknown(denial()))), Err(denial()));
}

#[test]
fn a_digest_error_stands_when_the_last_digest_is_older_than_a_day() {
    let reporting = |last| {
        judge(
            VALIDATION,
            &with_status(|status| {
                status.digest_error = Present("AccessDenied".into());
                status.digest_delivered_at = last;
            }),
        )
    };
    assert!(passed(reporting(at("2026-10-31T12:00:00Z"))).contains("it reports the digest error AccessDenied"));
    assert!(failed(reporting(at("2026-10-31T11:59:59Z"))).contains("reports the digest error AccessDenied"));
    assert!(failed(reporting(Absent)).contains("has never delivered a digest"));
    assert_eq!(reporting(Unknown(denial())), Err(denial()));
}

#[test]
fn no_digest_yet_is_a_remark_that_says_more_of_a_trail_that_logs_for_long() {
    let none = |since| {
        let undelivered = with_status(|status| {
            status.digest_delivered_at = Absent;
            status.started_at = since;
        });
        passed(judge(VALIDATION, &undelivered))
    };
    for lately in [at("2026-11-01T10:00:00Z"), Absent, Unknown(denial())] {
        assert!(none(lately).contains("no digest was delivered yet; the first takes up to two hours"));
    }
    let long = none(at("2026-11-01T09:59:59Z"));
    assert!(
        long.contains("no digest was delivered yet, and the trail has been logging since 2026-11-01T09:59:59Z"),
        "{long}"
    );
}

#[test]
fn a_last_digest_of_more_than_a_day_ago_is_a_remark_without_an_error() {
    let last = |last| passed(judge(VALIDATION, &with_status(|status| status.digest_delivered_at = last)));
    let remark = "it has delivered no digest for more than a day, and no error says why";
    assert!(!last(at("2026-10-31T12:00:00Z")).contains(remark));
    assert!(last(at("2026-10-31T11:59:59Z")).contains(remark));
}

#[test]
fn without_a_trail_nothing_is_asked_of_it() {
    for id in [VALIDATION, ENCRYPTED, TO_LOGS] {
        assert_eq!(not_applicable(judge(id, &of(Vec::new()))), NO_TRAIL, "{id}");
        assert_eq!(judge(id, &evidence(vec![account(denied())])), Err(denial()), "{id}");
    }
}

fn key(state: KeyState) -> Subject {
    let metadata = Metadata {
        arn: Present(KEY.into()),
        id: Absent,
        account: Present(ACCOUNT.into()),
        state: Present(state),
        manager: Present(KeyManager::Customer),
        origin: Absent,
        spec: Absent,
        usage: Absent,
        deletion_date: Absent,
        pending_window_days: Absent,
        multi_region: Absent,
    };
    let named_by = std::iter::once(KEY.to_owned()).collect();
    let key = Key { metadata: seen(metadata), named_by, ..Key::unknown(&denial()) };
    subject(Kind::Key, "2f1c7e7e-2f2b-4c1e-9d3e-0a1b2c3d4e5f", Resource::Key(Box::new(key)))
}

fn under(key_of_trail: &str, keys: Vec<Subject>) -> Evidence {
    let mut evidence = with(|trail| trail.kms_key = Present(key_of_trail.into()));
    evidence.subjects.extend(keys);
    evidence
}

#[test]
fn files_under_an_enabled_key_pass_and_under_any_other_state_fail() {
    let text = passed(judge(ENCRYPTED, &under(KEY, vec![key(KeyState::Enabled)])));
    assert_eq!(text, format!("trail audit is encrypted with the key `{KEY}`, which is Enabled"));
    for state in [KeyState::Disabled, KeyState::PendingDeletion, KeyState::Unavailable, KeyState::PendingImport] {
        let text = failed(judge(ENCRYPTED, &under(KEY, vec![key(state)])));
        assert!(text.ends_with(&format!("which is {}", state.name())), "{text}");
    }
    assert!(undecided(judge(ENCRYPTED, &under(KEY, vec![key(KeyState::Creating)]))).contains("Creating"));
}

#[test]
fn no_key_is_not_called_unencrypted() {
    assert_eq!(
        failed(judge(ENCRYPTED, &with(|trail| trail.kms_key = Absent))),
        "trail audit names no KMS key; S3 encrypts its files with keys that S3 manages"
    );
}

#[test]
fn a_key_that_is_gone_fails_and_one_that_may_not_be_read_is_an_error() {
    let mut gone = key(KeyState::Enabled);
    gone.existence = seen(Existence::Missing);
    assert!(failed(judge(ENCRYPTED, &under(KEY, vec![gone]))).ends_with("which does not exist"));
    let mut dark = key(KeyState::Enabled);
    if let Resource::Key(key) = &mut dark.resource {
        key.metadata = denied();
    }
    assert_eq!(judge(ENCRYPTED, &under(KEY, vec![dark])), Err(denial()));
    assert!(undecided(judge(ENCRYPTED, &under(KEY, Vec::new()))).starts_with("nothing was seen of the key"));
}

#[test]
fn a_key_of_another_account_passes_with_a_remark_while_the_trail_delivers() {
    let foreign = "arn:aws:kms:us-east-2:999999999999:key/2f1c7e7e-2f2b-4c1e-9d3e-0a1b2c3d4e5f";
    let text = passed(judge(ENCRYPTED, &under(foreign, Vec::new())));
    assert!(text.contains("belongs to account 999999999999 and cannot be described from this one"), "{text}");
    let mut evidence = with_status(|status| {
        status.delivery_error = Present("KMS".into());
        status.delivered_at = Absent;
    });
    if let Resource::Account(account) = &mut evidence.subjects[0].resource
        && let Observed::Present(trails) = account.trails.observed()
    {
        let mut trails = trails.clone();
        trails[0].kms_key = Present(foreign.into());
        account.trails = seen(trails);
    }
    // A trail whose deliveries fail is no audit trail, unless it is named.
    let named = judge_with(ENCRYPTED, "trail_name = \"audit\"", &evidence);
    assert!(failed(named).contains("reports the delivery error KMS"));
}

#[test]
fn a_log_group_that_took_events_in_within_a_day_passes() {
    let text = passed(judge(TO_LOGS, &with(|_| {})));
    assert_eq!(text, "trail audit wrote to log group trail at 2026-11-01T11:55:00Z");
    let just = with_status(|status| status.logs_delivered_at = at("2026-10-31T12:00:00Z"));
    passed(judge(TO_LOGS, &just));
    let late = with_status(|status| status.logs_delivered_at = at("2026-10-31T11:59:59Z"));
    assert!(failed(judge(TO_LOGS, &late)).ends_with("and not since"));
}

#[test]
fn a_trail_without_a_log_group_fails() {
    assert_eq!(failed(judge(TO_LOGS, &with(|trail| trail.log_group = Absent))), "trail audit feeds no log group");
    assert_eq!(judge(TO_LOGS, &with(|trail| trail.log_group = Unknown(denial()))), Err(denial()));
}

#[test]
fn an_error_beside_a_recent_delivery_is_a_remark_and_without_one_a_failure() {
    let erring = |last| {
        with_status(|status| {
            status.logs_error = Present("AccessDenied".into());
            status.logs_delivered_at = last;
        })
    };
    assert!(passed(judge(TO_LOGS, &erring(at("2026-11-01T11:00:00Z")))).contains("it reports the error AccessDenied"));
    let text = failed(judge(TO_LOGS, &erring(at("2026-10-01T00:00:00Z"))));
    assert!(text.contains("and reports the error AccessDenied"), "{text}");
    assert!(
        failed(judge(TO_LOGS, &erring(Absent))).contains("has never written to log group trail and reports the error")
    );
}

#[test]
fn a_trail_that_was_just_started_may_not_have_delivered_yet() {
    let started = |at_time| {
        judge(
            TO_LOGS,
            &with_status(|status| {
                status.logs_delivered_at = Absent;
                status.started_at = at(at_time);
            }),
        )
    };
    assert!(matches!(started("2026-11-01T11:00:01Z"), Err(Gap::Changing { .. })));
    assert!(failed(started("2026-11-01T11:00:00Z")).starts_with("trail audit has never written to log group trail"));
}

#[test]
fn a_log_group_of_another_account_is_told() {
    let foreign = with(|trail| {
        trail.log_group = Present("arn:aws:logs:us-east-2:999999999999:log-group:central:*".into());
    });
    assert!(passed(judge(TO_LOGS, &foreign)).contains("the log group belongs to account 999999999999"));
}
