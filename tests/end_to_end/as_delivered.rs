//! The stack as it is delivered, under the verdicts that were agreed for it.

use serde_json::json;
use tap_audit_checks::report::{Conclusion, Report, Status};

use crate::alter::Setup;
use crate::harness;

/// What fails, with a part of what the finding says. Everything else passes or does not apply.
const FAILS: [(&str, &str); 9] = [
    ("stack-params-no-secret-default", "parameter DatabasePassword has a literal default; parameter ExternalId has"),
    // The account of the recording has no trail. With one that records data events this and access logging pass.
    ("cloudtrail-logging-enabled", "no trail covers us-east-2"),
    ("s3-mfa-delete-enabled", "MFA delete was never configured"),
    ("s3-event-notification-lambda", "no notification invokes a function"),
    ("s3-access-logging-enabled", "server access logging is off; no trail covers this region"),
    ("lambda-reserved-concurrency-set", "no concurrency is reserved"),
    ("lambda-env-no-known-default-secret", "the value of DATABASE_PASSWORD is a known published default"),
    ("lambda-failure-destination", "no dead-letter target and no destination for failures"),
    ("iam-trust-no-external-id-on-service", "lambda.amazonaws.com is asked for sts:ExternalId"),
];

/// What passes although one might think otherwise, or does not apply, each for a reason of its own.
const OTHERS: [(&str, Status, &str); 8] = [
    ("stack-retain-stateful-update-replace-policy", Status::Pass, "has UpdateReplacePolicy Retain"),
    ("stack-params-secret-noecho", Status::Pass, "parameter ExternalId is masked"),
    ("stack-region-as-specified", Status::Pass, "us-east-2"),
    ("s3-lifecycle-noncurrent-versions", Status::Pass, "expires noncurrent versions after 90 days"),
    ("s3-vpc-endpoint-recommended", Status::NotApplicable, "the function is in no VPC"),
    ("stack-retain-kms-key", Status::NotApplicable, "no bucket or log group that stays is encrypted with a key"),
    ("logs-kms-encrypted", Status::NotApplicable, "events are encrypted with a key that the service owns"),
    ("cloudtrail-data-events", Status::NotApplicable, "there is no audit trail"),
];

fn failing(report: &Report) -> Vec<&str> {
    let fails = report.findings.iter().filter(|finding| finding.outcome.status() == Status::Fail);
    fails.map(|finding| finding.requirement.as_str()).collect()
}

fn says(report: &Report, requirement: &str, status: Status, text: &str) {
    let found = harness::findings(report, requirement);
    let fits = found.iter().any(|finding| {
        let said = finding.observed().map(str::to_owned).or_else(|| finding.reason());
        finding.outcome.status() == status && said.is_some_and(|said| said.contains(text))
    });
    let said: Vec<String> = found.into_iter().map(harness::describe).collect();
    assert!(fits, "{requirement} should be {status:?} with {text:?}: {said:?}");
}

#[test]
fn it_fails_for_what_was_agreed_and_for_nothing_else() {
    let report = Setup::of("as-delivered").audit();
    assert_eq!(failing(&report), FAILS.map(|(requirement, _)| requirement));
    for (requirement, text) in FAILS {
        says(&report, requirement, Status::Fail, text);
    }
    for (requirement, status, text) in OTHERS {
        says(&report, requirement, status, text);
    }
    let errors = report.findings.iter().filter(|finding| finding.outcome.status() == Status::Error);
    assert_eq!(errors.map(harness::describe).collect::<Vec<_>>(), Vec::<String>::new());
    assert_eq!((report.conclusion(), report.exit_code()), (Conclusion::DoesNotConform, 1));
}

#[test]
fn its_missing_failure_destination_is_advice_and_its_unneeded_key_policy_has_a_note() {
    let report = Setup::of("as-delivered").audit();
    let advice: Vec<&str> = report
        .findings
        .iter()
        .filter(|finding| finding.is_advice())
        .map(|finding| finding.requirement.as_str())
        .collect();
    assert_eq!(advice, ["lambda-failure-destination"]);
    let note = |requirement| harness::findings(&report, requirement)[0].note().expect("a note").to_owned();
    assert!(note("stack-retain-kms-key").contains("such a key may go with the stack"));
    assert!(note("logs-kms-encrypted").starts_with("advice: associate a customer managed key"));
    assert!(note("s3-mfa-delete-enabled").starts_with("remove the lifecycle rules first"));
}

#[test]
fn without_the_right_to_decrypt_the_published_default_is_undecided_and_the_rest_stays() {
    let mut setup = Setup::of("as-delivered");
    setup.json("lambda", "GetFunction", |answer| {
        let message = "the environment could not be decrypted for the caller";
        answer["Configuration"]["Environment"] =
            json!({ "Error": { "ErrorCode": "AccessDeniedException", "Message": message } });
    });
    let report = setup.audit();
    says(&report, "lambda-env-no-known-default-secret", Status::Error, "AccessDeniedException");
    let rest = FAILS.map(|(requirement, _)| requirement);
    let rest: Vec<&str> = rest.into_iter().filter(|id| *id != "lambda-env-no-known-default-secret").collect();
    assert_eq!(failing(&report), rest);
    // The names of the variables stand in the template, and the key that they are under is readable.
    says(&report, "lambda-env-no-plaintext-secret", Status::Pass, "DATABASE_PASSWORD");
    assert_eq!(report.exit_code(), 1);
}

#[test]
fn deployed_by_its_own_command_it_is_in_the_wrong_region() {
    let mut setup = Setup::of("as-delivered");
    setup.everywhere("us-east-2", "us-east-1");
    setup.replace("s3", "GetBucketLocation", ">us-east-1<", "><");
    let report = setup.audit();
    says(&report, "stack-region-as-specified", Status::Fail, "us-east-1");
    assert_eq!(report.run.region, "us-east-1");
    assert_eq!(failing(&report).len(), FAILS.len() + 1);
}

#[test]
fn a_trail_with_data_events_stands_in_for_access_logging() {
    let mut setup = Setup::of("as-delivered");
    let conforming = harness::account("conforming").to_files();
    let mut files = setup.account.to_files();
    files.insert("cloudtrail.toml".into(), conforming["cloudtrail.toml"].clone());
    let files = files.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    setup.account = tap_audit::replay::Account::from_files("with a trail", files).expect("an account");
    let report = setup.audit();
    says(&report, "s3-access-logging-enabled", Status::Pass, "audit-trail-dev");
    says(&report, "cloudtrail-logging-enabled", Status::Pass, "audit-trail-dev");
}
