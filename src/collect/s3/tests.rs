use std::collections::BTreeMap;

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use tap_audit_checks::secret::SecretNames;
use tap_audit_checks::subject::Existence;

use super::*;
use crate::collect::Scope;
use crate::collect::call::{Aws, Limits, Reductions};
use crate::collect::clients::Connection;
use crate::collect::fixture::scope;
use crate::replay::{Account, Answer, Replay};
use crate::settings::Clock;

const OWNER: &str = "123456789012";

/// A bucket on which nothing was ever configured, in AWS's own answers.
const BARE: [(&str, u16, &str); 13] = [
    ("GetBucketLocation", 200, "<LocationConstraint>us-east-2</LocationConstraint>"),
    ("GetBucketEncryption", 404, "ServerSideEncryptionConfigurationNotFoundError"),
    ("GetBucketVersioning", 200, "<VersioningConfiguration/>"),
    ("GetPublicAccessBlock", 404, "NoSuchPublicAccessBlockConfiguration"),
    ("GetBucketOwnershipControls", 404, "OwnershipControlsNotFoundError"),
    ("GetBucketAcl", 200, "<AccessControlPolicy><Owner><ID>own</ID></Owner><AccessControlList/></AccessControlPolicy>"),
    ("GetBucketPolicy", 404, "NoSuchBucketPolicy"),
    ("GetBucketPolicyStatus", 404, "NoSuchBucketPolicy"),
    ("GetBucketNotificationConfiguration", 200, "<NotificationConfiguration/>"),
    ("GetBucketLogging", 200, "<BucketLoggingStatus/>"),
    ("GetBucketLifecycleConfiguration", 404, "NoSuchLifecycleConfiguration"),
    ("GetObjectLockConfiguration", 404, "ObjectLockConfigurationNotFoundError"),
    ("GetBucketTagging", 404, "NoSuchTagSet"),
];

fn answering(mut account: Account, answers: &[(&str, u16, &str)]) -> Account {
    for (operation, status, text) in answers {
        let answer = if *status == 200 { Answer::ok(*text) } else { Answer::error("s3", *status, text) };
        account = account.answer("s3", operation, &[("Bucket", "b")], answer).unwrap();
    }
    account
}

fn bare() -> Account {
    let owner = format!("[account]\nid = \"{OWNER}\"\n");
    answering(Account::from_files("test", [("account.toml", owner.as_str())]).unwrap(), &BARE)
}

async fn collect(account: Account, scope: &Scope) -> (Collected, Vec<(Reference, Relation)>, Replay) {
    let replay = Replay::new(account);
    let connection = Connection::recorded(SharedHttpClient::new(replay.clone()), "test");
    let secret_names = SecretNames { words: Vec::new(), harmless_endings: Vec::new(), ignore: Vec::new() };
    let reductions = Reductions { known_default_hashes: Vec::new(), secret_names };
    let clock = Clock::Fixed("2026-11-01T12:00:00Z".parse().unwrap());
    let aws = Aws::new(connection, Limits::STANDARD, clock, reductions, |_| {});
    let walk = Walk::new(&aws, scope, OWNER, "aws", "us-east-2");
    let collected = bucket(&walk, "b", "us-east-2").await;
    let found = walk.take_found();
    (collected, found, replay)
}

async fn read(answers: &[(&str, u16, &str)]) -> Bucket {
    let (collected, ..) = collect(answering(bare(), answers), &scope()).await;
    held(collected)
}

fn held(collected: Collected) -> Bucket {
    match collected.resource {
        Resource::Bucket(bucket) => *bucket,
        other => panic!("expected a bucket, found {other:?}"),
    }
}

#[tokio::test]
async fn what_was_never_configured_is_absent_and_not_a_gap() {
    let (collected, found, replay) = collect(bare(), &scope()).await;
    assert_eq!(collected.existence.observed(), &Observed::Present(Existence::Exists));
    assert_eq!(collected.arn.as_deref(), Some("arn:aws:s3:::b"));
    assert_eq!(collected.region.as_deref(), Some("us-east-2"));
    assert_eq!(found, []);
    assert!(replay.unrecorded().is_empty() && replay.unasked().is_empty());
    assert_eq!(replay.counts().values().sum::<u64>(), 13);
    let bucket = held(collected);
    let nothing = Versioning { status: Observed::Absent, mfa_delete: Observed::Absent };
    assert_eq!(bucket.versioning.observed(), &Observed::Present(nothing));
    assert_eq!(bucket.encryption.observed(), &Observed::Absent);
    assert_eq!(bucket.public_access_block.observed(), &Observed::Absent);
    assert_eq!(bucket.ownership.observed(), &Observed::Absent);
    assert_eq!(bucket.policy.observed(), &Observed::Absent);
    assert_eq!(bucket.policy_status.observed(), &Observed::Absent);
    assert_eq!(bucket.logging.observed(), &Observed::Absent);
    assert_eq!(bucket.lifecycle.observed(), &Observed::Absent);
    assert_eq!(bucket.object_lock.observed(), &Observed::Absent);
    assert_eq!(bucket.tags.observed(), &Observed::Absent);
    let acl = Acl { owner: Observed::Present("own".into()), grants: Vec::new() };
    assert_eq!(bucket.acl.observed(), &Observed::Present(acl));
    let none =
        Notifications { functions: Vec::new(), event_bridge: Switch::Off, queues: Vec::new(), topics: Vec::new() };
    assert_eq!(bucket.notifications.observed(), &Observed::Present(none));
}

#[tokio::test]
async fn a_bucket_policy_is_kept_as_it_is_written_and_not_shown() {
    let text = r#"{"Version":"2012-10-17","Statement":[{"Sid":"Kept","Effect":"Deny","Principal":"*"}]}"#;
    let bucket = read(&[
        ("GetBucketPolicy", 200, text),
        ("GetBucketPolicyStatus", 200, "<PolicyStatus><IsPublic>true</IsPublic></PolicyStatus>"),
    ])
    .await;
    assert_eq!(bucket.policy.observed(), &Observed::Present(PolicyText(text.into())));
    let public = PolicyStatus { public: Observed::Present(Switch::On) };
    assert_eq!(bucket.policy_status.observed(), &Observed::Present(public));
    assert!(!format!("{bucket:?}").contains("Kept"), "{bucket:?}");
}

#[tokio::test]
async fn a_policy_that_was_cut_or_a_status_that_says_nothing_is_no_answer() {
    let bucket = read(&[
        ("GetBucketPolicy", 200, r#"{"Version":"2012-10-17","Statement":[{"Sid":"Secret"#),
        ("GetBucketPolicyStatus", 200, "<PolicyStatus/>"),
    ])
    .await;
    let Observed::Unknown(gap) = bucket.policy.observed() else { panic!("it seems to be whole") };
    assert!(matches!(gap, Gap::Unparsable { .. }) && !gap.to_string().contains("Secret"), "{gap}");
    let unsaid = PolicyStatus { public: Observed::Absent };
    assert_eq!(bucket.policy_status.observed(), &Observed::Present(unsaid));
}

#[tokio::test]
async fn settings_are_read_as_s3_writes_them() {
    let bucket = read(&[
            (
                "GetBucketVersioning",
                200,
                "<VersioningConfiguration><Status>Enabled</Status><MfaDelete>Disabled</MfaDelete></VersioningConfiguration>",
            ),
            (
                "GetBucketEncryption",
                200,
                "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>alias/k</KMSMasterKeyID></ApplyServerSideEncryptionByDefault><BlockedEncryptionTypes><EncryptionType>SSE-C</EncryptionType></BlockedEncryptionTypes></Rule></ServerSideEncryptionConfiguration>",
            ),
            (
                "GetPublicAccessBlock",
                200,
                "<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>false</IgnorePublicAcls></PublicAccessBlockConfiguration>",
            ),
            (
                "GetBucketLifecycleConfiguration",
                200,
                "<LifecycleConfiguration><Rule><ID>old</ID><Status>Enabled</Status><Filter/><NoncurrentVersionExpiration><NoncurrentDays>90</NoncurrentDays></NoncurrentVersionExpiration><Expiration><Date>2040-01-01T00:00:00.000Z</Date></Expiration></Rule></LifecycleConfiguration>",
            ),
            (
                "GetBucketTagging",
                200,
                "<Tagging><TagSet><Tag><Key>Environment</Key><Value>pr1</Value></Tag></TagSet></Tagging>",
            ),
            (
                "GetObjectLockConfiguration",
                200,
                "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>",
            ),
        ])
        .await;
    let versioning = Versioning {
        status: Observed::Present(VersioningStatus::Enabled),
        mfa_delete: Observed::Present(MfaDelete::Disabled),
    };
    assert_eq!(bucket.versioning.observed(), &Observed::Present(versioning));
    let rule = EncryptionRule {
        algorithm: Observed::Present(SseAlgorithm::Kms),
        kms_key: Observed::Present("alias/k".into()),
        sse_c: SseC::Blocked,
    };
    assert_eq!(bucket.encryption.observed(), &Observed::Present(vec![rule]));
    let block = PublicAccessBlock {
        block_public_acls: Observed::Present(Switch::On),
        ignore_public_acls: Observed::Present(Switch::Off),
        block_public_policy: Observed::Absent,
        restrict_public_buckets: Observed::Absent,
    };
    assert_eq!(bucket.public_access_block.observed(), &Observed::Present(block));
    let rule = LifecycleRule {
        id: "old".into(),
        status: Observed::Present(Switch::On),
        noncurrent_days: Observed::Present(90),
        expiration_days: Observed::Absent,
        expiration_date: Observed::Present("2040-01-01T00:00:00Z".into()),
    };
    assert_eq!(bucket.lifecycle.observed(), &Observed::Present(vec![rule]));
    let tags = BTreeMap::from([("Environment".to_owned(), "pr1".to_owned())]);
    assert_eq!(bucket.tags.observed(), &Observed::Present(tags));
    assert_eq!(bucket.object_lock.observed(), &Observed::Present(ObjectLock::NoDefault));
}

#[tokio::test]
async fn tokens_that_are_not_known_are_gaps() {
    let bucket = read(&[
            (
                "GetBucketVersioning",
                200,
                "<VersioningConfiguration><Status>Newer</Status></VersioningConfiguration>",
            ),
            (
                "GetBucketEncryption",
                200,
                "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:fsx</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>",
            ),
        ])
        .await;
    let versioning = Versioning { status: VERSIONING.unrecognised("Status", "Newer"), mfa_delete: Observed::Absent };
    assert_eq!(bucket.versioning.observed(), &Observed::Present(versioning));
    let rule = EncryptionRule {
        algorithm: ENCRYPTION.unrecognised("SSEAlgorithm", "aws:fsx"),
        kms_key: Observed::Absent,
        sse_c: SseC::Allowed,
    };
    assert_eq!(bucket.encryption.observed(), &Observed::Present(vec![rule]));
}

#[tokio::test]
async fn grants_keep_who_was_granted_what() {
    let bucket = read(&[(
            "GetBucketAcl",
            200,
            "<AccessControlPolicy><Owner><ID>own</ID></Owner><AccessControlList><Grant><Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"CanonicalUser\"><ID>own</ID></Grantee><Permission>FULL_CONTROL</Permission></Grant><Grant><Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"Group\"><URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee><Permission>READ</Permission></Grant></AccessControlList></AccessControlPolicy>",
        )])
        .await;
    let all_users = Grantee::Group("http://acs.amazonaws.com/groups/global/AllUsers".into());
    let acl = Acl {
        owner: Observed::Present("own".into()),
        grants: vec![
            Grant { grantee: Grantee::CanonicalUser("own".into()), permission: "FULL_CONTROL".into() },
            Grant { grantee: all_users, permission: "READ".into() },
        ],
    };
    assert_eq!(bucket.acl.observed(), &Observed::Present(acl));
}

#[tokio::test]
async fn a_bucket_leads_to_its_function_its_key_and_its_log_bucket() {
    let account = answering(
        bare(),
        &[
            (
                "GetBucketNotificationConfiguration",
                200,
                "<NotificationConfiguration><CloudFunctionConfiguration><Id>i</Id><CloudFunction>arn:aws:lambda:us-east-2:123456789012:function:f:live</CloudFunction><Event>s3:ObjectCreated:*</Event><Filter><S3Key><FilterRule><Name>Suffix</Name><Value>.json</Value></FilterRule></S3Key></Filter></CloudFunctionConfiguration><EventBridgeConfiguration/></NotificationConfiguration>",
            ),
            (
                "GetBucketLogging",
                200,
                "<BucketLoggingStatus><LoggingEnabled><TargetBucket>logs</TargetBucket><TargetPrefix>p/</TargetPrefix></LoggingEnabled></BucketLoggingStatus>",
            ),
            (
                "GetBucketEncryption",
                200,
                "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>k</KMSMasterKeyID></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>",
            ),
        ],
    );
    let gone = Answer::error("s3", 404, "NoSuchBucket");
    let account = account.answer("s3", "GetBucketLocation", &[("Bucket", "logs")], gone).unwrap();
    let (collected, found, _) = collect(account, &scope()).await;
    let reached: Vec<(Kind, &str)> = found.iter().map(|(found, _)| (found.kind, found.id.as_str())).collect();
    assert_eq!(reached, [(Kind::Bucket, "logs"), (Kind::Key, "k"), (Kind::Function, "f")]);
    assert_eq!(found[2].1, Relation::NotifiedBy { bucket: "b".into(), qualifier: Some("live".into()) });
    let bucket = held(collected);
    let Observed::Present(notifications) = bucket.notifications.observed() else { panic!("no notifications") };
    assert_eq!(notifications.functions[0].suffix, ".json");
    assert_eq!(notifications.event_bridge, Switch::On);
    let Observed::Present(logging) = bucket.logging.observed() else { panic!("no logging") };
    assert!(matches!(logging.target_location.observed(), Observed::Unknown(Gap::Missing { .. })));
}

#[tokio::test]
async fn a_bucket_that_is_gone_is_missing() {
    let (collected, ..) = collect(answering(bare(), &[("GetBucketLocation", 404, "NoSuchBucket")]), &scope()).await;
    assert_eq!(collected.existence.observed(), &Observed::Present(Existence::Missing));
}

#[tokio::test]
async fn old_names_of_regions_are_resolved() {
    for (constraint, region) in
        [("<LocationConstraint/>", "us-east-1"), ("<LocationConstraint>EU</LocationConstraint>", "eu-west-1")]
    {
        let bucket = read(&[("GetBucketLocation", 200, constraint)]).await;
        assert_eq!(bucket.location.observed(), &Observed::Present(region.to_owned()));
    }
}

#[tokio::test]
async fn a_bucket_elsewhere_is_asked_again_in_its_own_region() {
    let mut file = String::new();
    for (operation, status, text) in BARE {
        let body = match (operation, status) {
            ("GetBucketLocation", _) => "<LocationConstraint>us-west-2</LocationConstraint>".to_owned(),
            (_, 200) => text.to_owned(),
            (_, _) => format!("<Error><Code>{text}</Code></Error>"),
        };
        for (region, status, headers, body) in [
            ("us-west-2", status, "", body.as_str()),
            (
                "us-east-2",
                301,
                "headers = { \"x-amz-bucket-region\" = \"us-west-2\" }\n",
                "<Error><Code>PermanentRedirect</Code></Error>",
            ),
        ] {
            file.push_str(&format!(
                    "[[exchange]]\noperation = \"{operation}\"\nregion = \"{region}\"\nrequest = {{ Bucket = \"b\" }}\nstatus = {status}\n{headers}body = '''{body}'''\n"
                ));
        }
    }
    let account = Account::from_files("test", [("s3.toml", file.as_str())]).unwrap();
    let (collected, _, replay) = collect(account, &scope()).await;
    assert!(replay.unrecorded().is_empty());
    assert_eq!(collected.region.as_deref(), Some("us-west-2"));
    let bucket = held(collected);
    assert_eq!(bucket.location.observed(), &Observed::Present("us-west-2".to_owned()));
    assert_eq!(bucket.location.calls().len(), 2);
    assert_eq!(bucket.tags.observed(), &Observed::Absent);
}

#[tokio::test]
async fn a_bucket_of_another_account_is_denied_and_not_absent() {
    let owner = "[account]\nid = \"210987654321\"\n";
    let account = answering(Account::from_files("test", [("account.toml", owner)]).unwrap(), &BARE);
    let (collected, ..) = collect(account, &scope()).await;
    let Observed::Unknown(gap) = collected.existence.observed() else { panic!("it seems to exist") };
    assert_eq!(
        gap.to_string(),
        "GetBucketLocation was denied; the auditing role needs s3:GetBucketLocation, or the bucket belongs to another account"
    );
    assert!(matches!(held(collected).tags.observed(), Observed::Unknown(Gap::Denied { .. })));
}

#[tokio::test]
async fn sampled_objects_leave_a_hash_of_their_key_and_nothing_else() {
    let listed = "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>jane</Key></Contents><Contents><Key>john</Key></Contents></ListBucketResult>";
    let list = [("Bucket", "b"), ("max-keys", "2")];
    let account = bare()
        .answer("s3", "ListObjectsV2", &list, Answer::ok(listed))
        .unwrap()
        .answer(
            "s3",
            "HeadObject",
            &[("Bucket", "b"), ("Key", "jane")],
            Answer::ok("").with_header("x-amz-server-side-encryption", "AES256"),
        )
        .unwrap()
        .answer("s3", "HeadObject", &[("Bucket", "b"), ("Key", "john")], Answer::new(400, ""))
        .unwrap();
    let (collected, _, replay) = collect(account, &Scope { sample_objects: 2, ..scope() }).await;
    assert_eq!(replay.unrecorded(), []);
    let bucket = held(collected);
    let Observed::Present(objects) = bucket.sampled_objects.observed() else { panic!("no sample") };
    assert_eq!(objects[0].key_hash.len(), 12);
    assert_eq!(objects[0].algorithm.observed(), &Observed::Present(SseAlgorithm::Aes256));
    assert_eq!(objects[0].customer_key.observed(), &Observed::Present(Switch::Off));
    let Observed::Unknown(gap) = objects[1].algorithm.observed() else { panic!("it was readable") };
    assert!(gap.to_string().contains("possibly because the object is under a key of the client (SSE-C)"));
    let saved = serde_json::to_string(&bucket).unwrap();
    assert!(!saved.contains("jane") && !saved.contains("john"), "{saved}");
}

#[tokio::test]
async fn one_version_is_enough_to_know_that_a_bucket_is_not_empty() {
    let asked = [("Bucket", "b"), ("max-keys", "1")];
    for (body, emptiness) in [
        (
            "<ListVersionsResult><DeleteMarker><Key>k</Key></DeleteMarker></ListVersionsResult>",
            Emptiness::HoldsVersions,
        ),
        ("<ListVersionsResult><IsTruncated>false</IsTruncated></ListVersionsResult>", Emptiness::Empty),
    ] {
        let account = bare().answer("s3", "ListObjectVersions", &asked, Answer::ok(body)).unwrap();
        let (collected, _, replay) = collect(account, &Scope { check_bucket_empty: true, ..scope() }).await;
        assert_eq!(replay.unrecorded(), []);
        assert_eq!(held(collected).emptiness.observed(), &Observed::Present(emptiness));
    }
}
