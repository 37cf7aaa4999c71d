use crate::cloudtrail::fixture::*;
use crate::evidence::Evidence;
use crate::fixture::*;
use crate::observed::Observed::{Absent, Present};
use crate::observed::Seen;
use crate::policy::model::PolicyText;
use crate::s3::{
    Bucket, Logging, MfaDelete, ObjectLock, PolicyStatus, PublicAccessBlock, Switch, Versioning, VersioningStatus,
};
use crate::subject::{Existence, Kind, Resource};

const ID: &str = "cloudtrail-bucket-protected";

fn block(switches: [Switch; 4]) -> PublicAccessBlock {
    let [block_public_acls, ignore_public_acls, block_public_policy, restrict_public_buckets] = switches.map(Present);
    PublicAccessBlock { block_public_acls, ignore_public_acls, block_public_policy, restrict_public_buckets }
}

fn versions(mfa_delete: MfaDelete) -> Seen<Versioning> {
    seen(Versioning { status: Present(VersioningStatus::Enabled), mfa_delete: Present(mfa_delete) })
}

fn bucket() -> Bucket {
    Bucket {
        public_access_block: seen(block([Switch::On; 4])),
        versioning: versions(MfaDelete::Disabled),
        object_lock: seen(ObjectLock::Compliance),
        logging: seen(Logging {
            target_bucket: "records".into(),
            target_prefix: String::new(),
            target_location: seen("us-east-2".into()),
        }),
        policy: not_set(),
        policy_status: not_set(),
        ..Bucket::unknown(&denial())
    }
}

fn with(change: impl FnOnce(&mut Bucket)) -> Evidence {
    let mut changed = bucket();
    change(&mut changed);
    let mut evidence = of(vec![trail("audit")]);
    evidence.subjects.push(subject(Kind::Bucket, "trail-logs", Resource::Bucket(Box::new(changed))));
    evidence
}

#[test]
fn a_closed_versioned_locked_and_logged_bucket_passes() {
    assert_eq!(
        passed(judge(ID, &with(|_| {}))),
        "bucket trail-logs blocks public access in all four ways; keeps versions; locks each file in mode COMPLIANCE; logs \
         access to bucket records"
    );
}

#[test]
fn each_missing_part_fails_by_itself() {
    let off = |at: usize| {
        let mut switches = [Switch::On; 4];
        switches[at] = Switch::Off;
        seen(block(switches))
    };
    for at in [0, 1] {
        let text = failed(judge(ID, &with(|bucket| bucket.public_access_block = off(at))));
        assert!(text.starts_with("bucket trail-logs does not keep public ACLs out"), "{text}");
    }
    let text = failed(judge(ID, &with(|bucket| bucket.public_access_block = not_set())));
    assert!(text.contains("a block of the whole account was not counted"), "{text}");
    let suspended = Versioning { status: Present(VersioningStatus::Suspended), mfa_delete: Absent };
    assert!(failed(judge(ID, &with(|bucket| bucket.versioning = seen(suspended)))).contains("Suspended"));
    let never = Versioning { status: Absent, mfa_delete: Absent };
    assert!(failed(judge(ID, &with(|bucket| bucket.versioning = seen(never)))).contains("keeps no versions"));
    assert!(failed(judge(ID, &with(|bucket| bucket.logging = not_set()))).contains("does not log access to itself"));
    let unlocked = failed(judge(ID, &with(|bucket| bucket.object_lock = not_set())));
    assert!(unlocked.contains("has no Object Lock; does not demand a second factor"), "{unlocked}");
}

#[test]
fn object_lock_without_a_default_locks_nothing_and_governance_is_told() {
    let text = failed(judge(ID, &with(|bucket| bucket.object_lock = seen(ObjectLock::NoDefault))));
    assert!(text.contains("has Object Lock on without a default retention, which locks nothing"), "{text}");
    let text = passed(judge(ID, &with(|bucket| bucket.object_lock = seen(ObjectLock::Governance))));
    assert!(text.contains("s3:BypassGovernanceRetention"), "{text}");
}

#[test]
fn mfa_delete_is_as_good_as_a_lock_unless_the_lock_is_named() {
    let evidence = with(|bucket| {
        bucket.object_lock = not_set();
        bucket.versioning = versions(MfaDelete::Enabled);
    });
    assert!(passed(judge(ID, &evidence)).contains("demands a second factor to delete a version"));
    failed(judge_with(ID, "require_lock = \"object_lock\"", &evidence));
    passed(judge_with(ID, "require_lock = \"mfa_delete\"", &evidence));
    let neither = with(|bucket| bucket.object_lock = not_set());
    assert!(passed(judge_with(ID, "require_lock = \"none\"", &neither)).contains("its files can be deleted"));
}

#[test]
fn without_the_policy_switches_the_policy_itself_is_judged() {
    let open = |text: Option<&str>, public| {
        let half = block([Switch::On, Switch::On, Switch::Off, Switch::Off]);
        judge(
            ID,
            &with(|bucket| {
                bucket.public_access_block = seen(half);
                bucket.policy = text.map_or_else(not_set, |text| seen(PolicyText(text.into())));
                bucket.policy_status = seen(PolicyStatus { public: Present(public) });
            }),
        )
    };
    passed(open(None, Switch::Off));
    let anybody = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*",
        "Action": "s3:GetObject", "Resource": "arn:aws:s3:::trail-logs/*"}]}"#;
    failed(open(Some(anybody), Switch::On));
    let service = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "s3:PutObject",
        "Resource": "arn:aws:s3:::trail-logs/AWSLogs/123456789012/*",
        "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}}}]}"#;
    passed(open(Some(service), Switch::Off));
}

#[test]
fn a_denied_bucket_names_both_remedies_and_a_declared_one_is_left_to_its_account() {
    let dark = with(|bucket| bucket.logging = denied());
    let text = undecided(judge(ID, &dark));
    assert!(text.contains("the auditing role needs svc:GetThing") && text.contains("log_archive_buckets"), "{text}");
    let declared = "log_archive_buckets = { trail-logs = \"999999999999\" }";
    assert_eq!(
        not_applicable(judge_with(ID, declared, &dark)),
        "bucket trail-logs is declared as the log archive of account 999999999999: audit it there"
    );
    // A declared bucket that can be read is judged like any other.
    failed(judge_with(ID, declared, &with(|bucket| bucket.logging = not_set())));
}

#[test]
fn a_readable_fault_decides_beside_an_unreadable_part() {
    let evidence = with(|bucket| {
        bucket.logging = denied();
        bucket.versioning = seen(Versioning { status: Absent, mfa_delete: Absent });
    });
    assert!(failed(judge(ID, &evidence)).contains("keeps no versions"));
}

#[test]
fn a_bucket_that_is_gone_fails_and_one_that_was_not_looked_at_is_an_error() {
    let mut gone = with(|_| {});
    gone.subjects.last_mut().unwrap().existence = seen(Existence::Missing);
    assert!(failed(judge(ID, &gone)).contains("bucket trail-logs does not exist"));
    let unseen = of(vec![trail("audit")]);
    assert!(undecided(judge(ID, &unseen)).starts_with("nothing was seen of bucket trail-logs"));
    assert!(not_applicable(judge(ID, &of(Vec::new()))).starts_with("there is no audit trail"));
}
