use std::path::PathBuf;

use clap::Parser;

use super::*;
use crate::cli::{Cli, Command, PolicyCommand};

fn options(arguments: &[&str]) -> PolicyCheckOptions {
    let cli = Cli::try_parse_from([&["tap-audit", "policy", "check", "policy.json"], arguments].concat()).unwrap();
    match cli.command {
        Some(Command::Policy(PolicyCommand::Check(options))) => *options,
        other => panic!("{other:?}"),
    }
}

fn refusal(arguments: &[&str]) -> String {
    let error = setting(&options(arguments)).unwrap_err();
    format!("{error} / {}", error.help())
}

#[test]
fn account_region_and_partition_are_those_of_the_arn() {
    let arguments =
        ["--question", "kms-key-policy", "--resource", "arn:aws-cn:kms:cn-north-1:210987654321:key/1234abcd"];
    let (setting, assumed) = setting(&options(&arguments)).unwrap();
    assert_eq!((setting.account.as_str(), setting.partition.as_str()), ("210987654321", "aws-cn"));
    assert_eq!(setting.region, "cn-north-1");
    assert_eq!(assumed, Vec::<String>::new());
}

#[test]
fn what_nobody_said_is_assumed_aloud() {
    let arguments = ["--question", "bucket-tls", "--resource", "arn:aws:s3:::uploads"];
    let (setting, assumed) = setting(&options(&arguments)).unwrap();
    assert_eq!((setting.account.as_str(), setting.region.as_str()), ("000000000000", "us-east-1"));
    assert_eq!(setting.encryption.algorithms, ["AES256"]);
    assert_eq!(
        assumed,
        [
            "the owner is account 000000000000, an example, because nothing names it; --account does",
            "the region is us-east-1, because nothing names it; --region does",
        ]
    );
}

#[test]
fn a_region_tells_the_partition_where_no_arn_does() {
    let (setting, _) = setting(&options(&["--question", "role-wildcard", "--region", "us-gov-west-1"])).unwrap();
    assert_eq!(setting.partition, "aws-us-gov");
}

#[test]
fn a_bucket_question_needs_the_bucket_itself() {
    assert_eq!(
        refusal(&["--question", "bucket-tls"]),
        "the question bucket-tls needs to know the bucket / add --resource arn:aws:s3:::BUCKET"
    );
    assert_eq!(
        refusal(&["--question", "bucket-sse", "--resource", "arn:aws:s3:::uploads/key"]),
        "arn:aws:s3:::uploads/key is not the ARN of a bucket, which the question bucket-sse is about / \
         name the bucket itself: --resource arn:aws:s3:::BUCKET"
    );
}

#[test]
fn an_option_that_would_do_nothing_is_refused() {
    let bucket = ["--question", "bucket-tls", "--resource", "arn:aws:s3:::uploads"];
    assert_eq!(
        refusal(&[&bucket[..], &["--sse-algorithm", "aws:kms"]].concat()),
        "--sse-algorithm does nothing for the question bucket-tls / leave it out; it is for bucket-sse"
    );
    assert_eq!(
        refusal(&["--question", "role-wildcard", "--trusted-account", "210987654321"]),
        "--trusted-account does nothing for the question role-wildcard / \
         leave it out; it is for trust-external-id, kms-key-policy, public"
    );
}

#[test]
fn two_accounts_for_one_resource_are_refused() {
    assert_eq!(
        refusal(&[
            "--question",
            "kms-key-policy",
            "--account",
            "123456789012",
            "--resource",
            "arn:aws:kms:us-east-2:210987654321:key/1234abcd"
        ]),
        "the resource belongs to account 210987654321, and --account says 123456789012 / \
         leave --account out, or correct one of them"
    );
}

#[test]
fn a_pattern_is_no_resource() {
    for text in ["uploads", "arn:aws:s3", "arn:aws:s3:::", "arn:aws:s3:::uploads/*", "arn:aws:sns:us-east-1:12:topic"] {
        assert!(text.parse::<Arn>().is_err(), "{text}");
    }
}

#[test]
fn a_managed_policy_goes_by_its_arn_and_its_service() {
    let arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole";
    let given = format!("{arn}=lambda.amazonaws.com");
    assert_eq!(allowed_managed(&given), Ok((arn.into(), "lambda.amazonaws.com".into())));
    assert!(allowed_managed(arn).unwrap_err().contains("ARN=SERVICE"));
    let arguments = [
        "--question",
        "role-wildcard",
        "--resource",
        arn,
        "--allow-managed",
        &given,
        "--trusted-service",
        "lambda.amazonaws.com",
    ];
    let (setting, _) = setting(&options(&arguments)).unwrap();
    assert_eq!(setting.account, EXAMPLE_ACCOUNT, "`aws` is nobody's account");
    assert_eq!(setting.resource, None);
}

#[test]
fn a_file_of_more_than_a_mebibyte_is_refused() {
    let more = vec![b' '; 1024 * 1024 + 1];
    assert_eq!(limited(&more[1..]).map(|text| text.len()), Ok(1024 * 1024));
    assert_eq!(limited(&more[..]), Err("it has more than 1 MiB, which no policy document has".into()));
}

#[test]
fn text_is_utf_8_and_a_byte_order_mark_is_no_part_of_it() {
    assert_eq!(limited("\u{feff}{}".as_bytes()), Ok("{}".into()));
    assert_eq!(limited(&[b'{', 0xff][..]), Err("it is not UTF-8 from byte 1 on".into()));
}

#[test]
fn nothing_that_was_run_is_no_success() {
    assert_eq!(code_of_cases(&[]), 3);
    assert_eq!(code_of_cases(&run_cases(&[PathBuf::from("no/such/place")])), 3);
}

#[test]
fn each_answer_has_its_code() {
    let text = String::new;
    let shown = tap_audit_checks::policy::counterexample::Counterexample {
        sentence: text(),
        principal: None,
        action: None,
        resource: None,
        context: std::collections::BTreeMap::new(),
        allowed_by: None,
        nearest_deny: None,
    };
    let fail = Ruling::Fail { why: text(), counterexample: Box::new(shown), correction: None, notes: vec![] };
    assert_eq!(code_of(&Ruling::Pass { proved: text(), notes: vec![] }), 0);
    assert_eq!(code_of(&Ruling::NotApplicable { reason: text(), notes: vec![] }), 0);
    assert_eq!(code_of(&fail), 1);
    assert_eq!(code_of(&Ruling::Undecided { reason: text() }), 3);
}
