#![expect(clippy::needless_pass_by_value, reason = "statements are written where they are used")]

use serde_json::{Value, json};

use crate::evidence::Evidence;
use crate::fixture::*;
use crate::observed::Observed;
use crate::policy::model::PolicyText;
use crate::s3::fixture::*;
use crate::s3::{Acl, Bucket, PolicyStatus, SseAlgorithm, Switch};
use crate::verdict::{Grounds, Judgement, Verdict};

fn under(statements: Value) -> Evidence {
    alone(Bucket { policy: policy(statements), ..bucket() })
}

fn encrypting_with(statements: Value, algorithm: SseAlgorithm) -> Evidence {
    let mut bucket = Bucket { policy: policy(statements), ..bucket() };
    bucket.encryption = bucket.encryption.map(|mut rules| {
        rules[0].algorithm = present(algorithm);
        rules
    });
    alone(bucket)
}

fn grounds(judgement: Judgement) -> Grounds {
    match judgement {
        Ok(Verdict::NotSatisfied { grounds: Some(grounds), .. }) => *grounds,
        other => panic!("expected a failure with its grounds, found {other:?}"),
    }
}

fn allow(principal: Value, condition: Value) -> Value {
    let mut statement = json!({
        "Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": OBJECTS,
    });
    if !condition.is_null() {
        statement["Condition"] = condition;
    }
    statement
}

mod uploads {
    use super::*;

    const ID: &str = "s3-policy-deny-unencrypted-upload";
    const AES_ONLY: &str = "accept_kms = false";

    #[test]
    fn a_deny_of_every_other_header_passes_and_says_that_clients_have_to_send_one() {
        let text = passed(judge(ID, &under(json!([deny_uploads(json!("AES256"))]))));
        assert!(
            text.starts_with(
                "every s3:PutObject whose header x-amz-server-side-encryption is not AES256 or aws:kms or \
                 aws:kms:dsse is explicitly denied"
            ),
            "{text}"
        );
        assert!(
            text.contains("an upload with the bucket's default algorithm AES256 in its header is not denied"),
            "{text}"
        );
        assert!(text.contains("they have to send the header"), "{text}");
    }

    #[test]
    fn no_policy_fails_with_a_correction_even_where_the_default_is_unreadable() {
        let text = failed(judge(ID, &alone(Bucket { policy: not_set(), encryption: denied(), ..bucket() })));
        assert_eq!(text, "there is no bucket policy, so nothing denies uploads without the right encryption");
        let grounds = grounds(judge(ID, &alone(Bucket { policy: not_set(), ..bucket() })));
        assert!(grounds.correction.unwrap().statement.contains("StringNotEquals"));
    }

    #[test]
    fn a_statement_on_the_bucket_alone_leaves_its_objects_open() {
        let mut deny = deny_uploads(json!("AES256"));
        deny["Resource"] = json!(ARN);
        let text = failed(judge(ID, &under(json!([deny]))));
        assert!(
            text.starts_with("not every non-compliant upload is denied: anonymous can call s3:PutObject"),
            "{text}"
        );
    }

    #[test]
    fn a_null_test_alone_passes_only_where_every_algorithm_is_accepted() {
        let mut deny = deny_uploads(json!("AES256"));
        deny["Condition"] = json!({ "Null": { "S3:X-Amz-Server-Side-Encryption": "true" } });
        let evidence = under(json!([deny]));
        passed(judge(ID, &evidence));
        let text = failed(judge_with(ID, AES_ONLY, &evidence));
        assert!(text.contains("with the encryption header aws:kms"), "{text}");
    }

    #[test]
    fn two_statements_may_share_the_work() {
        let mut missing = deny_uploads(json!("AES256"));
        missing["Condition"] = json!({ "Null": { "s3:x-amz-server-side-encryption": "true" } });
        let mut wrong = deny_uploads(json!("AES256"));
        wrong["Condition"]["Null"] = json!({ "s3:x-amz-server-side-encryption": "false" });
        passed(judge_with(ID, AES_ONLY, &under(json!([missing, wrong]))));
        let text = failed(judge_with(ID, AES_ONLY, &under(json!([wrong]))));
        assert!(text.contains("without an encryption header"), "{text}");
    }

    #[test]
    fn an_operator_that_spares_a_missing_header_fails() {
        let mut deny = deny_uploads(json!("AES256"));
        deny["Condition"] = json!({ "ForAnyValue:StringNotEquals": { "s3:x-amz-server-side-encryption": "AES256" } });
        let text = failed(judge(ID, &under(json!([deny]))));
        assert!(text.contains("without an encryption header"), "{text}");
    }

    #[test]
    fn what_narrows_the_deny_fails_it() {
        for (member, value) in [
            ("Principal", json!({ "AWS": format!("arn:aws:iam::{ACCOUNT}:root") })),
            ("Resource", json!(format!("{ARN}/in/*"))),
            ("Effect", json!("Allow")),
        ] {
            let mut deny = deny_uploads(json!("AES256"));
            deny[member] = value;
            failed(judge(ID, &under(json!([deny]))));
        }
        let mut deny = deny_uploads(json!("AES256"));
        deny["Condition"]["IpAddress"] = json!({ "aws:SourceIp": "198.51.100.0/24" });
        failed(judge(ID, &under(json!([deny]))));
    }

    #[test]
    fn a_policy_that_refuses_the_default_algorithm_is_a_broken_pair_with_a_correction() {
        let judgement = judge(ID, &encrypting_with(json!([deny_uploads(json!("AES256"))]), SseAlgorithm::Kms));
        let grounds = grounds(judgement.clone());
        assert_eq!(
            failed(judgement),
            "broken pair: the bucket encrypts with aws:kms by default, and the policy denies every upload that names aws:kms, so uploads by the default encryption fail"
        );
        assert!(grounds.counterexample.sentence.contains("statement 1 (Sse) denies it"), "{grounds:?}");
        let correction = grounds.correction.unwrap();
        assert!(correction.statement.contains("\"aws:kms\""), "{}", correction.statement);
        assert!(correction.instruction.starts_with("replace statement 1 of the bucket policy"));
    }

    #[test]
    fn kms_passes_where_the_policy_asks_for_it_too() {
        let both = json!([deny_uploads(json!(["AES256", "aws:kms"]))]);
        passed(judge(ID, &encrypting_with(both.clone(), SseAlgorithm::Kms)));
        let text = failed(judge_with(ID, AES_ONLY, &encrypting_with(both, SseAlgorithm::Aes256)));
        assert!(text.contains("with the encryption header aws:kms"), "{text}");
    }

    #[test]
    fn a_deny_of_every_action_locks_readers_out_and_says_so() {
        let mut deny = deny_uploads(json!("AES256"));
        deny["Action"] = json!("s3:*");
        deny["Resource"] = json!([ARN, OBJECTS]);
        let text = passed(judge(ID, &under(json!([deny]))));
        assert!(text.contains("nobody can read"), "{text}");
    }

    #[test]
    fn what_cannot_be_read_is_an_error_unless_the_rest_fails_already() {
        assert_eq!(undecided(judge(ID, &alone(Bucket { policy: denied(), ..bucket() }))), DENIED);
        assert_eq!(undecided(judge(ID, &alone(Bucket { encryption: denied(), ..bucket() }))), DENIED);
        let mut open = deny_uploads(json!("AES256"));
        open["Resource"] = json!(ARN);
        let text =
            failed(judge(ID, &alone(Bucket { policy: policy(json!([open])), encryption: denied(), ..bucket() })));
        assert!(text.ends_with(&format!("not all was readable: {DENIED}")), "{text}");
        let broken = seen(PolicyText("{\"Version\"".into()));
        let text = undecided(judge(ID, &alone(Bucket { policy: broken, ..bucket() })));
        assert!(text.starts_with("the bucket policy cannot be read as a policy"), "{text}");
        let mut odd = deny_uploads(json!("AES256"));
        odd["Condition"] = json!({ "StringAlmost": { "s3:x-amz-server-side-encryption": "AES256" } });
        undecided(judge(ID, &under(json!([odd]))));
    }

    #[test]
    fn a_bucket_without_a_default_has_no_pair() {
        let text = passed(judge(ID, &alone(Bucket { encryption: not_set(), ..bucket() })));
        assert!(!text.contains("default algorithm"), "{text}");
    }
}

mod transport {
    use super::*;

    const ID: &str = "s3-policy-deny-insecure-transport";

    #[test]
    fn a_deny_of_everything_without_tls_passes_however_it_is_spelt() {
        let text = passed(judge(ID, &under(json!([deny_plain()]))));
        assert!(text.starts_with("every request without TLS is explicitly denied: of any caller"), "{text}");
        for (member, value) in [
            ("Principal", json!({ "AWS": ["*"] })),
            ("Resource", json!("*")),
            ("Resource", json!(format!("{ARN}*"))),
            ("Action", json!(["*"])),
            ("Condition", json!({ "BoolIfExists": { "AWS:SecureTransport": [false] } })),
        ] {
            let mut deny = deny_plain();
            deny[member] = value;
            passed(judge(ID, &under(json!([deny]))));
        }
    }

    #[test]
    fn no_policy_fails_with_a_correction() {
        let judgement = judge(ID, &alone(Bucket { policy: not_set(), ..bucket() }));
        assert!(grounds(judgement.clone()).correction.unwrap().statement.contains("DenyInsecureTransport"));
        assert_eq!(failed(judgement), "there is no bucket policy, so nothing denies requests without TLS");
    }

    #[test]
    fn half_a_deny_fails() {
        for (member, value) in [
            ("Resource", json!(OBJECTS)),
            ("Resource", json!([ARN])),
            ("Resource", json!(["arn:aws:s3:::another", "arn:aws:s3:::another/*"])),
            ("Resource", json!([ARN.replace("aws", "aws-cn"), OBJECTS.replace("aws", "aws-cn")])),
            ("Action", json!("s3:PutObject")),
            ("Action", json!("s3:Get*")),
            ("Principal", json!({ "AWS": format!("arn:aws:iam::{ACCOUNT}:root") })),
            ("Effect", json!("Allow")),
            ("Condition", json!({ "Bool": { "aws:SecureTransport": "true" } })),
            ("Condition", json!({ "NumericLessThan": { "s3:TlsVersion": "1.2" } })),
            (
                "Condition",
                json!({ "Bool": { "aws:SecureTransport": "false" }, "StringEquals": { "aws:UserAgent": "x" } }),
            ),
        ] {
            let mut deny = deny_plain();
            deny[member] = value.clone();
            let text = failed(judge(ID, &under(json!([deny]))));
            assert!(text.starts_with("not every request without TLS is denied: "), "{member} {value}: {text}");
        }
    }

    #[test]
    fn two_statements_pass_unless_one_has_to_do_it_alone() {
        let (mut objects, mut whole) = (deny_plain(), deny_plain());
        objects["Resource"] = json!(OBJECTS);
        objects["Sid"] = json!("Objects");
        whole["Resource"] = json!(ARN);
        let evidence = under(json!([objects, whole]));
        passed(judge(ID, &evidence));
        assert_eq!(
            failed(judge_with(ID, "accept_split = false", &evidence)),
            "no Deny alone covers every request without TLS; together they do: statement 1 (Objects), statement 2 (Tls)"
        );
        passed(judge_with(ID, "accept_split = false", &under(json!([deny_uploads(json!("AES256")), deny_plain()]))));
    }

    #[test]
    fn what_cannot_be_read_or_decided_is_an_error() {
        assert_eq!(undecided(judge(ID, &alone(Bucket { policy: denied(), ..bucket() }))), DENIED);
        let mut odd = deny_plain();
        odd["Condition"] = json!({ "BoolAlmost": { "aws:SecureTransport": "false" } });
        undecided(judge(ID, &under(json!([odd]))));
    }

    #[test]
    fn the_partition_is_that_of_the_run() {
        let mut deny = deny_plain();
        deny["Resource"] = json!([ARN.replace("aws", "aws-us-gov"), OBJECTS.replace("aws", "aws-us-gov")]);
        let mut evidence = under(json!([deny]));
        evidence.run.partition = "aws-us-gov".into();
        passed(judge(ID, &evidence));
    }
}

mod public {
    use super::*;

    const ID: &str = "s3-policy-not-public";

    fn saying(public: Observed<Switch>, statements: Value) -> Evidence {
        alone(Bucket { policy: policy(statements), policy_status: seen(PolicyStatus { public }), ..bucket() })
    }

    #[test]
    fn no_policy_and_a_policy_of_denies_pass() {
        let text = passed(judge(ID, &alone(Bucket { policy: not_set(), policy_status: not_set(), ..bucket() })));
        assert_eq!(text, "there is no bucket policy, so it lets nobody in");
        let text = passed(judge(ID, &alone(bucket())));
        assert!(text.contains("S3 does not call it public either (IsPublic is false)"), "{text}");
    }

    #[test]
    fn an_allow_for_everyone_fails_unless_something_unforgeable_binds_it() {
        for principal in [json!("*"), json!({ "AWS": "*" })] {
            let text = failed(judge(ID, &under(json!([allow(principal, Value::Null)]))));
            assert!(text.starts_with("a stranger is let in: anonymous can call s3:GetObject"), "{text}");
        }
        for open in [
            json!({ "Bool": { "aws:SecureTransport": "true" } }),
            json!({ "StringLike": { "aws:Referer": "https://example.org/*" } }),
            json!({ "IpAddress": { "aws:SourceIp": ["0.0.0.0/0", "::/0"] } }),
            json!({ "StringEqualsIfExists": { "aws:PrincipalOrgID": "o-abcdefghij" } }),
        ] {
            failed(judge(ID, &under(json!([allow(json!("*"), open)]))));
        }
        for bound in [
            json!({ "StringEquals": { "aws:PrincipalOrgID": "o-abcdefghij" } }),
            json!({ "StringEquals": { "aws:SourceVpce": "vpce-1a2b3c4d" } }),
            json!({ "StringEquals": { "aws:PrincipalAccount": ACCOUNT } }),
        ] {
            passed(judge(ID, &under(json!([allow(json!("*"), bound)]))));
        }
    }

    #[test]
    fn either_answer_is_enough_to_fail_and_both_are_shown() {
        let text = failed(judge(ID, &saying(present(Switch::On), json!([deny_plain()]))));
        assert_eq!(text, "S3 calls the bucket policy public (IsPublic is true)");
        let text = failed(judge(ID, &saying(present(Switch::On), json!([allow(json!("*"), Value::Null)]))));
        assert!(text.contains("a stranger is let in") && text.contains("IsPublic is true"), "{text}");
    }

    #[test]
    fn where_s3_does_not_say_the_text_decides_with_a_remark() {
        let text = passed(judge(ID, &saying(Observed::Absent, json!([deny_plain()]))));
        let whole = passed(judge(ID, &alone(Bucket { policy_status: not_set(), ..bucket() })));
        for text in [text, whole] {
            assert!(
                text.ends_with("S3 did not say whether it calls the policy public: the text alone was judged"),
                "{text}"
            );
        }
    }

    #[test]
    fn another_account_is_cross_account_unless_it_is_trusted() {
        let evidence = under(json!([allow(json!({ "AWS": "arn:aws:iam::210987654321:role/partner" }), Value::Null)]));
        let text = failed(judge(ID, &evidence));
        assert!(
            text.starts_with("cross-account: arn:aws:iam::210987654321:role/partner can call s3:GetObject"),
            "{text}"
        );
        passed(judge_with(ID, "trusted_accounts = [\"210987654321\"]", &evidence));
        passed(judge(ID, &under(json!([allow(json!({ "AWS": ACCOUNT }), Value::Null)]))));
    }

    #[test]
    fn a_canonical_user_is_foreign_unless_it_owns_the_bucket_or_is_trusted() {
        let named = |id: &str| json!([allow(json!({ "CanonicalUser": id }), Value::Null)]);
        passed(judge(ID, &under(named("owner"))));
        let text = failed(judge(ID, &under(named("other"))));
        assert!(text.starts_with("cross-account: canonical user other can call"), "{text}");
        passed(judge_with(ID, "trusted_accounts = [\"other\"]", &under(named("other"))));
        let unread = alone(Bucket { acl: denied(), policy: policy(named("owner")), ..bucket() });
        assert_eq!(undecided(judge(ID, &unread)), DENIED);
        let ownerless = seen(Acl { owner: withheld(), grants: Vec::new() });
        let both = json!([
            allow(json!({ "CanonicalUser": "x" }), Value::Null),
            allow(json!({ "AWS": "210987654321" }), Value::Null)
        ]);
        let text = failed(judge(ID, &alone(Bucket { acl: ownerless, policy: policy(both), ..bucket() })));
        assert!(text.ends_with(&format!("not all was readable: {DENIED}")), "{text}");
    }

    #[test]
    fn services_without_a_source_and_deleted_principals_are_remarks() {
        let service = allow(json!({ "Service": "logging.s3.amazonaws.com" }), Value::Null);
        let gone = allow(json!({ "AWS": "AROAEXAMPLEEXAMPLE123" }), Value::Null);
        let text = passed(judge(ID, &under(json!([service, gone]))));
        assert!(text.contains("logging.s3.amazonaws.com may act for anybody's resources"), "{text}");
        assert!(text.contains("AROAEXAMPLEEXAMPLE123 is the id of a principal that was deleted"), "{text}");
    }

    #[test]
    fn what_cannot_be_read_is_an_error_unless_the_rest_fails_already() {
        assert_eq!(undecided(judge(ID, &alone(Bucket { policy: denied(), ..bucket() }))), DENIED);
        assert_eq!(undecided(judge(ID, &alone(Bucket { policy_status: denied(), ..bucket() }))), DENIED);
        assert_eq!(undecided(judge(ID, &saying(withheld(), json!([deny_plain()])))), DENIED);
        failed(judge(ID, &saying(withheld(), json!([allow(json!("*"), Value::Null)]))));
        let text = undecided(judge(
            ID,
            &alone(Bucket {
                policy: not_set(),
                policy_status: seen(PolicyStatus { public: present(Switch::On) }),
                ..bucket()
            }),
        ));
        assert!(text.contains("run again when it has settled"), "{text}");
    }
}
