//! Resources of no stack, of several, and outputs under keys that tools have lengthened.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tap_audit::replay::Answer;
use tap_audit_checks::report::{Report, Status};

use crate::alter::Setup;
use crate::harness;

fn subjects(report: &Report) -> BTreeSet<(&'static str, String)> {
    report.by_subject().into_iter().map(|(subject, _)| (subject.kind.name(), subject.id.clone())).collect()
}

/// The answer of CloudFormation that no stack holds a resource.
fn held_by_none(id: &str) -> Answer {
    let message = format!("Stack for {id} does not exist");
    Answer::new(
        400,
        format!(
            "<ErrorResponse xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\"><Error><Type>Sender</Type>\
             <Code>ValidationError</Code><Message>{message}</Message></Error></ErrorResponse>"
        ),
    )
}

/// The conforming account, in which no stack holds anything.
fn without_a_stack() -> Setup {
    let mut setup = Setup::conforming();
    setup.without("cloudformation", "DescribeStackResources");
    let ids = [
        harness::BUCKET,
        "patient-data-access-logs-dev-123456789012",
        harness::FUNCTION,
        "2f7cd16b-9108-4449-9e99-4b9f51829047",
        harness::LOG_GROUP,
        harness::ROLE,
    ];
    for id in ids {
        setup.answer("cloudformation", "DescribeStackResources", &[("PhysicalResourceId", id)], held_by_none(id));
    }
    setup
}

#[test]
fn without_a_stack_one_requirement_fails_and_those_that_read_the_stack_depend_on_it() {
    let before = Setup::conforming().audit();
    let report = without_a_stack().audit();
    let of_stack = report.findings.iter().filter(|finding| finding.subject.kind.name() == "AWS::CloudFormation::Stack");
    let mut depending = Vec::new();
    for finding in of_stack {
        match (finding.requirement.as_str(), finding.outcome.status()) {
            ("stack-managed-by-cloudformation", status) => {
                assert_eq!(status, Status::Fail, "{}", harness::describe(finding));
                let observed = finding.observed().expect("what was seen");
                assert!(observed.starts_with("no stack of the account holds the resources"), "{observed}");
            }
            // What these read is in the resources themselves, or nowhere because they are switched off.
            ("stack-region-as-specified", status) => assert_eq!(status, Status::Pass, "{}", harness::describe(finding)),
            ("stack-retain-all-resources-strict", status) => assert_eq!(status, Status::NotApplicable),
            (requirement, Status::Error) => {
                let reason = finding.reason().expect("a reason");
                assert!(reason.starts_with("depends on stack-managed-by-cloudformation"), "{requirement}: {reason}");
                depending.push(requirement.to_owned());
            }
            (_, _) => panic!("{}", harness::describe(finding)),
        }
    }
    let expected = [
        "stack-drift-in-sync",
        "stack-template-format",
        "stack-status-complete",
        "stack-services-complete",
        "stack-params-secret-noecho",
        "stack-params-no-secret-default",
        "stack-retain-stateful-deletion-policy",
        "stack-retain-stateful-update-replace-policy",
        "stack-retain-kms-key",
        "stack-destroyable-no-blockers",
        "naming-environment-suffix",
        "naming-convention-type-suffix",
    ];
    assert_eq!(depending, expected);
    assert_eq!(report.exit_code(), 1);

    // The resources are judged as before.
    let resources = |report: &Report| -> Vec<(String, String, Status)> {
        let of_stack = |subject: &str| subject.starts_with("AWS::CloudFormation::Stack");
        harness::statuses(report).into_iter().filter(|(_, subject, _)| !of_stack(subject)).collect()
    };
    let changed: Vec<_> = resources(&report).into_iter().filter(|row| !resources(&before).contains(row)).collect();
    // Whether the value is a default of the template cannot be told without the template.
    let undecided = "lambda-env-no-known-default-secret".to_owned();
    assert_eq!(changed, [(undecided, format!("AWS::Lambda::Function {}", harness::FUNCTION), Status::Error)]);
    assert_eq!(resources(&report).len(), resources(&before).len());
}

#[test]
fn with_the_suffix_given_names_are_judged_without_a_stack() {
    let mut setup = without_a_stack();
    setup.settings = |audit| audit.environment_suffix = Some("dev".into());
    let report = setup.audit();
    for requirement in ["naming-environment-suffix", "naming-convention-type-suffix"] {
        let [finding] = harness::findings(&report, requirement)[..] else { panic!("one finding") };
        assert_eq!(finding.outcome.status(), Status::Pass, "{}", harness::describe(finding));
    }
}

/// The outputs of the conforming account under other keys.
fn renamed(rename: impl Fn(&str) -> String) -> Setup {
    let mut setup = Setup::conforming();
    let outputs = setup.outputs.as_object().expect("outputs").clone();
    setup.outputs = outputs.into_iter().map(|(key, value)| (rename(&key), value)).collect::<serde_json::Map<_, _>>().into();
    setup
}

#[test]
fn keys_behind_a_stacks_name_or_before_a_hash_lead_to_the_same_subjects_and_verdicts() {
    let before = Setup::conforming().audit();
    let renames: [fn(&str) -> String; 3] =
        [|key| format!("TapStackdev{key}"), |key| format!("{key}4D5E6F70"), |key| format!("TapStackdev.{key}")];
    for rename in renames {
        let report = renamed(rename).audit();
        assert_eq!(subjects(&report), subjects(&before), "{}", rename("Key"));
        assert_eq!(harness::statuses(&report), harness::statuses(&before), "{}", rename("Key"));
    }
}

#[test]
fn outputs_under_their_stacks_name_lead_to_the_same_subjects_and_verdicts() {
    let before = Setup::conforming().audit();
    let mut setup = Setup::conforming();
    setup.outputs = json!({ "TapStackdev": setup.outputs });
    let report = setup.audit();
    assert_eq!(harness::statuses(&report), harness::statuses(&before));
}

/// Splits the stack in two: the key and its alias are in a stack of their own, and one file has the outputs of both.
fn two_stacks() -> Setup {
    const KEY: &str = "2f7cd16b-9108-4449-9e99-4b9f51829047";
    const KEYS_STACK: &str = "arn:aws:cloudformation:us-east-2:123456789012:stack/KeysStackdev/11111111-2222-4333-8444-555555555555";
    let mut setup = renamed(|key| {
        let stack = if key.starts_with("KMS") { "KeysStackdev" } else { "TapStackdev" };
        format!("{stack}{key}")
    });
    let is_key = |id: &str| matches!(id, "RecordsKey" | "RecordsKeyAlias");
    let key_members = |body: &str, keys: bool| -> String {
        let mut kept = String::new();
        for (at, part) in body.split("<member>").enumerate() {
            let of_key = part.contains("<LogicalResourceId>RecordsKey");
            let (member, rest) = part.split_once("</member>").unwrap_or((part, ""));
            if at == 0 {
                kept.push_str(part);
            } else if of_key == keys {
                kept.push_str(&format!("<member>{member}</member>{rest}"));
            } else {
                kept.push_str(rest);
            }
        }
        kept
    };
    let recorded = |setup: &Setup, operation: &str, wanted: &str| -> String {
        let files = setup.account.to_files();
        let file: toml::Table = files["cloudformation.toml"].parse().expect("TOML");
        let exchanges = file["exchange"].as_array().expect("exchanges");
        let fits = |exchange: &&toml::Value| {
            exchange["operation"].as_str() == Some(operation)
                && (wanted.is_empty() || exchange["request"].to_string().contains(wanted))
        };
        let found = exchanges.iter().find(fits).unwrap_or_else(|| panic!("no {operation}"));
        found["body"].as_str().expect("a body").to_owned()
    };
    let outputs_of = |body: &str, keys: bool| -> String {
        let mut kept = String::new();
        for (at, part) in body.split("<member>").enumerate() {
            let Some((member, rest)) = part.split_once("</member>").filter(|_| at > 0) else {
                kept.push_str(part);
                if at > 0 {
                    panic!("a member without an end");
                }
                continue;
            };
            let is_output = member.contains("<OutputKey>");
            if !is_output || member.contains("<OutputKey>KMS") == keys {
                kept.push_str(&format!("<member>{member}</member>{rest}"));
            } else {
                kept.push_str(rest);
            }
        }
        kept
    };
    let _ = (&is_key, &outputs_of, &key_members, &recorded, KEY, KEYS_STACK);
    setup.output("Unused", Value::Null);
    setup
}
