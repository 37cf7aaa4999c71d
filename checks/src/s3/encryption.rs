//! Encryption of the objects of a bucket: the default, and that of a few objects.

use serde::Deserialize;

use super::{Bucket, EncryptionRule, SampledObject, SseAlgorithm, SseC, Switch};
use crate::check::Context;
use crate::verdict::{Judgement, Verdict, every};

/// What makes an encryption acceptable.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DefaultEncryption {
    accept_kms: bool,
}

/// No default encryption, or a rule that names no default, leaves new objects to the client's choice: it fails.
pub(super) fn by_default(bucket: &Bucket, params: &DefaultEncryption, context: &Context<'_>) -> Judgement {
    let rules = bucket.encryption.seen()?.map_or(&[] as &[EncryptionRule], Vec::as_slice);
    let parts = rules.iter().map(|rule| match rule.algorithm.seen() {
        Ok(Some(&algorithm)) => Some(encrypted_by(algorithm, rule, params, context)),
        Ok(None) => None,
        Err(gap) => Some(Err(gap)),
    });
    every(parts.flatten(), || {
        let observed = if rules.is_empty() {
            "no default encryption is configured"
        } else {
            "the encryption rule names no default algorithm"
        };
        Ok(Verdict::not_satisfied(observed, expected_default(params)))
    })
}

fn expected_default(params: &DefaultEncryption) -> &'static str {
    if params.accept_kms {
        "default encryption AES256, or aws:kms or aws:kms:dsse under a key of this account"
    } else {
        "default encryption AES256 (S3-managed keys)"
    }
}

/// A rule without a KMS key means the AWS-managed key `aws/s3`.
fn encrypted_by(
    algorithm: SseAlgorithm,
    rule: &EncryptionRule,
    params: &DefaultEncryption,
    context: &Context<'_>,
) -> Judgement {
    let verdict = match algorithm {
        SseAlgorithm::Aes256 => Verdict::satisfied("default encryption is AES256 (S3-managed keys)"),
        SseAlgorithm::Kms | SseAlgorithm::KmsDsse => {
            let name = algorithm.name();
            if !params.accept_kms {
                let observed = format!("default encryption is {name}");
                return Ok(Verdict::not_satisfied(observed, expected_default(params)));
            }
            let key = rule.kms_key.seen()?;
            let account = &context.evidence.run.account;
            if let Some(owner) = key.and_then(|key| arn_account(key)).filter(|owner| owner != account) {
                let observed = format!("default encryption is {name} under a key of account {owner}");
                return Ok(Verdict::not_satisfied(observed, expected_default(params)));
            }
            let key = key.map_or("the AWS-managed key aws/s3".to_owned(), |key| format!("key {key}"));
            Verdict::satisfied(format!("default encryption is {name} under {key}"))
                .noting("this is stronger than the S3-managed keys that the client's text asks for")
        }
    };
    Ok(match rule.sse_c {
        SseC::Blocked => verdict,
        SseC::Allowed => {
            verdict.noting("a client may still choose SSE-C, its own key: BlockedEncryptionTypes does not refuse it")
        }
    })
}

/// The account part of an ARN; `None` for key ids and alias names, which are of the bucket's own account.
fn arn_account(arn: &str) -> Option<&str> {
    let mut parts = arn.splitn(6, ':');
    if parts.next() == Some("arn") { parts.nth(3) } else { None }
}

/// How many objects are looked at.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "u8")]
struct SampleSize(u8);

impl TryFrom<u8> for SampleSize {
    type Error = String;

    fn try_from(size: u8) -> Result<Self, Self::Error> {
        if size <= 20 { Ok(SampleSize(size)) } else { Err(format!("sample_objects is {size}; it may be 0 to 20")) }
    }
}

/// How many objects are looked at, and what makes their encryption acceptable.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sample {
    sample_objects: SampleSize,
    accept_kms: bool,
}

/// Sampling that is switched off and an empty bucket both leave nothing to judge. An object without an algorithm is not
/// encrypted.
pub(super) fn of_samples(bucket: &Bucket, params: &Sample) -> Judgement {
    if params.sample_objects.0 == 0 {
        return Ok(Verdict::not_applicable("sampling of objects is off (sample_objects = 0)")
            .noting("objects stored since January 2023 are always encrypted; for older ones S3 Inventory lists the encryption of each without reading any"));
    }
    let objects = bucket.sampled_objects.seen()?.map_or(&[] as &[SampledObject], Vec::as_slice);
    let verdict = every(objects.iter().map(|object| encrypted(object, params)), || {
        Ok(Verdict::not_applicable("the bucket holds no objects"))
    })?;
    Ok(match verdict {
        Verdict::Satisfied { .. } => {
            Verdict::satisfied(format!("each of {} sampled objects is encrypted", objects.len()))
                .noting("a sample of a few objects among many")
        }
        Verdict::NotSatisfied { .. } | Verdict::NotApplicable { .. } => verdict,
    })
}

fn encrypted(object: &SampledObject, params: &Sample) -> Judgement {
    let hash = &object.key_hash;
    let expected = if params.accept_kms { "AES256, aws:kms or aws:kms:dsse" } else { "AES256" };
    let fails = |why: &str| Ok(Verdict::not_satisfied(format!("the object with key hash {hash} {why}"), expected));
    let customer_key = match object.customer_key.seen() {
        Ok(Some(Switch::On)) => return fails("is encrypted under a key of the client (SSE-C)"),
        Ok(Some(Switch::Off) | None) => Ok(()),
        Err(gap) => Err(gap),
    };
    match object.algorithm.seen()? {
        None => return fails("is not encrypted"),
        Some(SseAlgorithm::Aes256) => {}
        Some(SseAlgorithm::Kms | SseAlgorithm::KmsDsse) if params.accept_kms => {}
        Some(algorithm @ (SseAlgorithm::Kms | SseAlgorithm::KmsDsse)) => {
            return fails(&format!("is encrypted with {}", algorithm.name()));
        }
    }
    customer_key?;
    Ok(Verdict::satisfied(format!("the object with key hash {hash} is encrypted")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Evidence;
    use crate::fixture::*;
    use crate::observed::{Gap, Observed};
    use crate::s3::checks;
    use crate::s3::fixture::*;

    mod default_encryption {
        use super::*;

        const ID: &str = "s3-default-encryption-aes256";

        fn encrypted(algorithm: SseAlgorithm, kms_key: Observed<String>) -> Evidence {
            let mut bucket = bucket();
            let rule = EncryptionRule { algorithm: present(algorithm), kms_key, sse_c: SseC::Blocked };
            bucket.encryption = seen(vec![rule]);
            alone(bucket)
        }

        #[test]
        fn keys_that_s3_manages_are_what_is_asked() {
            assert_eq!(passed(judge(ID, &alone(bucket()))), "default encryption is AES256 (S3-managed keys)");
        }

        #[test]
        fn a_client_that_may_choose_its_own_key_is_a_remark() {
            let mut bucket = bucket();
            bucket.encryption = bucket.encryption.map(|mut rules| {
                rules[0].sse_c = SseC::Allowed;
                rules
            });
            assert_eq!(
                passed(judge(ID, &alone(bucket))),
                "default encryption is AES256 (S3-managed keys) | a client may still choose SSE-C, its own key: BlockedEncryptionTypes does not refuse it"
            );
        }

        #[test]
        fn kms_is_accepted_as_stronger_and_a_missing_key_is_the_aws_managed_one() {
            assert_eq!(
                passed(judge(ID, &encrypted(SseAlgorithm::Kms, Observed::Absent))),
                "default encryption is aws:kms under the AWS-managed key aws/s3 | this is stronger than the S3-managed keys that the client's text asks for"
            );
            let own = format!("arn:aws:kms:us-east-2:{ACCOUNT}:key/k");
            let text = passed(judge(ID, &encrypted(SseAlgorithm::KmsDsse, present(own))));
            assert!(text.starts_with("default encryption is aws:kms:dsse under key arn:aws:kms"), "{text}");
            let text = passed(judge(ID, &encrypted(SseAlgorithm::Kms, present("alias/k".into()))));
            assert!(text.starts_with("default encryption is aws:kms under key alias/k"), "{text}");
        }

        #[test]
        fn kms_fails_where_the_text_is_read_literally() {
            let kms = encrypted(SseAlgorithm::Kms, withheld());
            assert_eq!(failed(judge_with(ID, "accept_kms = false", &kms)), "default encryption is aws:kms");
        }

        #[test]
        fn a_key_of_another_account_fails() {
            let foreign = present("arn:aws:kms:us-east-2:210987654321:key/k".into());
            assert_eq!(
                failed(judge(ID, &encrypted(SseAlgorithm::Kms, foreign))),
                "default encryption is aws:kms under a key of account 210987654321"
            );
        }

        #[test]
        fn a_key_that_could_not_be_read_is_an_error() {
            assert_eq!(undecided(judge(ID, &encrypted(SseAlgorithm::Kms, withheld()))), DENIED);
        }

        #[test]
        fn no_encryption_and_an_empty_rule_fail() {
            let mut bucket = bucket();
            bucket.encryption = not_set();
            assert_eq!(failed(judge(ID, &alone(bucket.clone()))), "no default encryption is configured");
            bucket.encryption = seen(vec![EncryptionRule {
                algorithm: Observed::Absent,
                kms_key: Observed::Absent,
                sse_c: SseC::Blocked,
            }]);
            assert_eq!(failed(judge(ID, &alone(bucket))), "the encryption rule names no default algorithm");
        }

        #[test]
        fn an_unknown_algorithm_and_a_denied_call_are_errors() {
            let mut bucket = bucket();
            bucket.encryption = bucket.encryption.map(|mut rules| {
                rules[0].algorithm = Observed::Unknown(Gap::Unrecognised {
                    operation: "GetBucketEncryption".into(),
                    field: "SSEAlgorithm".into(),
                    token: "aws:fsx".into(),
                });
                rules
            });
            assert_eq!(
                undecided(judge(ID, &alone(bucket.clone()))),
                "GetBucketEncryption answered `aws:fsx` in SSEAlgorithm, which this version of tap-audit does not know; update tap-audit"
            );
            bucket.encryption = denied();
            assert_eq!(undecided(judge(ID, &alone(bucket))), DENIED);
        }
    }

    mod samples {
        use super::*;

        const ID: &str = "s3-existing-objects-encrypted-sample";
        const ON: &str = "sample_objects = 20";

        fn sampled(objects: Vec<SampledObject>) -> Evidence {
            alone(Bucket { sampled_objects: seen(objects), ..bucket() })
        }

        #[test]
        fn sampling_is_off_by_default_and_never_a_pass() {
            let text = not_applicable(judge(ID, &alone(bucket())));
            assert!(text.starts_with("sampling of objects is off (sample_objects = 0) |"), "{text}");
        }

        #[test]
        fn encrypted_objects_pass_when_sampling_is_on() {
            let both = sampled(vec![object(seen(SseAlgorithm::Aes256)), object(seen(SseAlgorithm::Kms))]);
            assert_eq!(
                passed(judge_with(ID, ON, &both)),
                "each of 2 sampled objects is encrypted | a sample of a few objects among many"
            );
            assert_eq!(
                failed(judge_with(ID, "sample_objects = 2\naccept_kms = false", &both)),
                "the object with key hash 0123456789ab is encrypted with aws:kms"
            );
        }

        #[test]
        fn an_unencrypted_object_and_a_clients_key_fail() {
            assert_eq!(
                failed(judge_with(ID, ON, &sampled(vec![object(not_set())]))),
                "the object with key hash 0123456789ab is not encrypted"
            );
            let mut own = object(denied());
            own.customer_key = seen(Switch::On);
            assert_eq!(
                failed(judge_with(ID, ON, &sampled(vec![own]))),
                "the object with key hash 0123456789ab is encrypted under a key of the client (SSE-C)"
            );
        }

        #[test]
        fn an_empty_bucket_has_nothing_to_sample() {
            assert_eq!(not_applicable(judge_with(ID, ON, &sampled(Vec::new()))), "the bucket holds no objects");
        }

        #[test]
        fn what_cannot_be_read_is_an_error() {
            assert_eq!(undecided(judge_with(ID, ON, &sampled(vec![object(denied())]))), DENIED);
            let mut unread = object(seen(SseAlgorithm::Aes256));
            unread.customer_key = denied();
            assert_eq!(undecided(judge_with(ID, ON, &sampled(vec![unread]))), DENIED);
            let uncollected = alone(Bucket { sampled_objects: denied(), ..bucket() });
            assert_eq!(undecided(judge_with(ID, ON, &uncollected)), DENIED);
        }

        #[test]
        fn more_than_twenty_objects_do_not_fit_the_check() {
            let check = checks().into_iter().find(|check| check.id == ID).unwrap();
            let mut params = requirement(ID).params;
            params.insert("sample_objects".into(), 21.into());
            let error = check.bind(&params).err().unwrap().to_string();
            assert!(error.contains("sample_objects is 21; it may be 0 to 20"), "{error}");
        }
    }
}
