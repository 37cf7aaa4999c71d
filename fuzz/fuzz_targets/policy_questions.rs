//! No policy is too odd for the questions: each gets an answer.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tap_audit_checks::policy::question::{AbsentHeader, Documents, Encryption, Question, Setting, ask};

fuzz_target!(|text: &str| {
    for question in Question::ALL {
        let resource = match question {
            Question::BucketTls | Question::BucketSse | Question::Public => Some("arn:aws:s3:::b"),
            Question::KmsKeyPolicy => Some("arn:aws:kms:us-east-1:111122223333:key/k"),
            Question::TrustExternalId | Question::RoleWildcard => None,
        };
        let documents = match question {
            Question::TrustExternalId => Documents::Trust(text.to_owned()),
            Question::RoleWildcard => Documents::Role {
                policies: vec![("P".to_owned(), Ok(text.to_owned()))],
                boundary: None,
                trusted_services: Vec::new(),
            },
            Question::BucketTls | Question::BucketSse | Question::Public | Question::KmsKeyPolicy => {
                Documents::Resource(Some(text.to_owned()))
            }
        };
        let setting = Setting {
            account: "111122223333".to_owned(),
            partition: "aws".to_owned(),
            region: "us-east-1".to_owned(),
            resource: resource.map(str::to_owned),
            service: None,
            trusted_accounts: Vec::new(),
            encryption: Encryption {
                algorithms: vec!["AES256".to_owned()],
                absent_header: AbsentHeader::Deny,
                kms_key_arn: None,
                bucket_default: None,
            },
            accept_own_org: false,
            allowed_managed: Vec::new(),
        };
        ask(question, &documents, &setting);
    }
});
