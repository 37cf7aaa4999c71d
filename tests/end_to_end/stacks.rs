//! Resources of no stack, of several, and outputs under keys that tools have lengthened.

use std::collections::BTreeSet;

use serde_json::Value;
use tap_audit::replay::{Answer, Replay};
use tap_audit_checks::iam::ManagedPolicy;
use tap_audit_checks::observed::Observed;
use tap_audit_checks::policy::model::PolicyText;
use tap_audit_checks::report::{Report, Status};
use tap_audit_checks::subject::Role;

use crate::alter::{self, Setup};
use crate::harness;

fn subjects(report: &Report) -> BTreeSet<(&'static str, String)> {
    report.by_subject().into_iter().map(|(subject, _)| (subject.kind.name(), subject.id.clone())).collect()
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
        setup.answer("cloudformation", "DescribeStackResources", &[("PhysicalResourceId", id)], alter::in_no_stack(id));
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
    let undecided = |requirement: &str, subject: &str| (requirement.to_owned(), subject.to_owned(), Status::Error);
    let function = format!("AWS::Lambda::Function {}", harness::FUNCTION);
    let expected = [
        // Whether the value is a default of the template cannot be told without the template.
        undecided("lambda-env-no-known-default-secret", &function),
        // Nor whether the stack has managed policies of its own.
        undecided("iam-role-no-wildcard-actions", "AWS::IAM::ManagedPolicy (none found)"),
        undecided("iam-role-no-wildcard-resources", "AWS::IAM::ManagedPolicy (none found)"),
    ];
    assert_eq!(changed, expected);
    assert_eq!(resources(&report).len(), resources(&before).len());
    let [finding] = harness::findings(&report, "lambda-env-no-known-default-secret")[..] else { panic!("one finding") };
    let reason = finding.reason().expect("a reason");
    assert!(reason.contains("stack-managed-by-cloudformation"), "{reason}");
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

/// The conforming account with its outputs under other keys.
fn renamed(rename: impl Fn(&str) -> String) -> Setup {
    let mut setup = Setup::conforming();
    setup.rename_outputs(rename);
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
    setup.outputs = format!("{{\"TapStackdev\": {}}}", setup.outputs);
    let report = setup.audit();
    assert_eq!(harness::statuses(&report), harness::statuses(&before));
}

#[test]
fn a_stack_that_is_named_gives_the_same_verdicts_as_one_that_is_looked_up() {
    let mut setup = Setup::conforming();
    setup.settings = |audit| audit.stack_name = Some("TapStackdev".into());
    assert_eq!(harness::statuses(&setup.audit()), harness::statuses(&Setup::conforming().audit()));
}

/// The conforming account with its key in a stack of its own, and one outputs file for both.
fn two_stacks() -> Setup {
    const KEY: &str = "2f7cd16b-9108-4449-9e99-4b9f51829047";
    const FIRST: &str = "stack/TapStackdev/34f2881d-bd6c-4c62-9892-2594decee5a1";
    const SECOND: &str = "stack/KeyStackdev/11111111-2222-4333-8444-555555555555";
    let first_id = format!("arn:aws:cloudformation:us-east-2:123456789012:{FIRST}");
    let second_id = first_id.replace(FIRST, SECOND);
    let to_second = |text: &str| text.replace(FIRST, SECOND).replace(">TapStackdev<", ">KeyStackdev<");
    let of_key = |member: &str| member.contains(">RecordsKey") || member.contains(">KMSKey");
    let outputs_of = |body: &str, wanted: &dyn Fn(&str) -> bool| {
        let (before, rest) = body.split_once("<Outputs>").expect("outputs");
        let (outputs, after) = rest.split_once("</Outputs>").expect("their end");
        format!("{before}<Outputs>{}</Outputs>{after}", alter::with_members(outputs, wanted))
    };
    let prune = |template: &mut Value, wanted: &dyn Fn(&str) -> bool| {
        for part in ["Resources", "Outputs"] {
            template[part].as_object_mut().expect("a part of the template").retain(|id, _| wanted(id));
        }
    };
    let is_key = |id: &str| id.starts_with("RecordsKey") || id.starts_with("KMSKey");

    let mut setup = renamed(|key| format!("{}{key}", if is_key(key) { "KeyStackdev" } else { "TapStackdev" }));
    let cloudformation = |setup: &mut Setup, operation, arguments: &[(&str, &str)], body| {
        setup.answer("cloudformation", operation, arguments, Answer::ok(body));
    };
    for id in ["TapStackdev", &first_id] {
        let body = setup.recorded("cloudformation", "DescribeStacks", id);
        let asked = if id == first_id { second_id.as_str() } else { "KeyStackdev" };
        let second = outputs_of(&to_second(&body), &of_key);
        cloudformation(&mut setup, "DescribeStacks", &[("StackName", asked)], second);
        cloudformation(
            &mut setup,
            "DescribeStacks",
            &[("StackName", id)],
            outputs_of(&body, &|output| !of_key(output)),
        );
    }
    let body = setup.recorded("cloudformation", "ListStackResources", &first_id);
    let second = alter::with_members(&to_second(&body), of_key);
    cloudformation(&mut setup, "ListStackResources", &[("StackName", &second_id)], second);
    let first = alter::with_members(&body, |member| !of_key(member));
    cloudformation(&mut setup, "ListStackResources", &[("StackName", &first_id)], first);
    let body = setup.recorded("cloudformation", "DescribeStackResources", harness::BUCKET);
    let second = alter::with_members(&to_second(&body), of_key);
    cloudformation(&mut setup, "DescribeStackResources", &[("PhysicalResourceId", KEY)], second);
    let first = alter::with_members(&body, |member| !of_key(member));
    cloudformation(&mut setup, "DescribeStackResources", &[("PhysicalResourceId", harness::BUCKET)], first);
    for stage in ["Original", "Processed"] {
        let body = setup.recorded("cloudformation", "GetTemplate", stage);
        let second = alter::with_template(&body, |template| prune(template, &is_key));
        let arguments = [("StackName", second_id.as_str()), ("TemplateStage", stage)];
        cloudformation(&mut setup, "GetTemplate", &arguments, second);
        let first = alter::with_template(&body, |template| prune(template, &|id| !is_key(id)));
        let arguments = [("StackName", first_id.as_str()), ("TemplateStage", stage)];
        cloudformation(&mut setup, "GetTemplate", &arguments, first);
    }
    let body = setup.recorded("cloudformation", "GetTemplateSummary", &first_id);
    cloudformation(&mut setup, "GetTemplateSummary", &[("StackName", &second_id)], body);
    setup
}

#[test]
fn outputs_of_two_stacks_in_one_file_lead_to_the_subjects_of_both() {
    let before = Setup::conforming().audit();
    let report = two_stacks().audit();
    let mut expected = subjects(&before);
    expected.insert(("AWS::CloudFormation::Stack", "KeyStackdev".into()));
    assert_eq!(subjects(&report), expected);
    let of_first = |report: &Report| -> Vec<(String, String, Status)> {
        harness::statuses(report).into_iter().filter(|(_, subject, _)| !subject.ends_with(" KeyStackdev")).collect()
    };
    assert_eq!(of_first(&report), of_first(&before));
    let of_second = report.findings.iter().filter(|finding| finding.subject.id == "KeyStackdev");
    let open: Vec<(&str, Status, Option<String>)> = of_second
        .filter(|finding| matches!(finding.outcome.status(), Status::Fail | Status::Error))
        .map(|finding| (finding.requirement.as_str(), finding.outcome.status(), finding.reason()))
        .collect();
    // Nothing in a stack without buckets and log groups says how they would be kept, and no pass comes of nothing.
    let none = || Some("the template holds no AWS::S3::Bucket and no AWS::Logs::LogGroup".to_owned());
    let expected = [
        ("stack-retain-stateful-deletion-policy", Status::Error, none()),
        ("stack-retain-stateful-update-replace-policy", Status::Error, none()),
    ];
    assert_eq!(open, expected);
}

#[test]
fn a_managed_policy_of_the_stack_is_a_subject_by_its_arn_whether_an_output_names_it_or_not() {
    let arn = "arn:aws:iam::123456789012:policy/team/read-records-dev";
    let mut setup = Setup::conforming();
    let member = format!(
        "<StackResourceSummaries><member><LogicalResourceId>ReadRecordsPolicy</LogicalResourceId>\
         <PhysicalResourceId>{arn}</PhysicalResourceId><ResourceType>AWS::IAM::ManagedPolicy</ResourceType>\
         <ResourceStatus>CREATE_COMPLETE</ResourceStatus>\
         <LastUpdatedTimestamp>2026-11-21T23:41:42.148Z</LastUpdatedTimestamp></member>"
    );
    setup.replace("cloudformation", "ListStackResources", "<StackResourceSummaries>", &member);
    let policy = format!("<Policy><Arn>{arn}</Arn><DefaultVersionId>v2</DefaultVersionId></Policy>");
    let version = "<PolicyVersion><VersionId>v2</VersionId><Document>%7B%22Statement%22%3A%5B%5D%7D</Document>\
                   </PolicyVersion>";
    let answered = |operation: &str, result: &str| {
        Answer::ok(format!(
            "<{operation}Response><{operation}Result>{result}</{operation}Result></{operation}Response>"
        ))
    };
    setup.answer("iam", "GetPolicy", &[("PolicyArn", arn)], answered("GetPolicy", &policy));
    let asked = [("PolicyArn", arn), ("VersionId", "v2")];
    setup.answer("iam", "GetPolicyVersion", &asked, answered("GetPolicyVersion", version));
    for named in [false, true] {
        if named {
            setup.output("ReadRecordsPolicyArn", arn);
        }
        let (_, profile) = harness::patient_data();
        let replay = Replay::new(setup.account.clone());
        let evidence =
            harness::evidence(&replay, &profile, &harness::settings(&setup.outputs)).expect("an audit that starts");
        let unrecorded: Vec<_> = replay.unrecorded();
        assert!(unrecorded.is_empty(), "not recorded: {unrecorded:?}");
        let (subject, policy) = evidence.all::<ManagedPolicy>().next().expect("the policy");
        assert_eq!((subject.id.as_str(), subject.arn.as_deref()), (arn, Some(arn)));
        assert_eq!((subject.role, &subject.region), (Role::Primary, &None));
        assert_eq!(subject.logical_id.as_deref(), Some("ReadRecordsPolicy"));
        let text = PolicyText(r#"{"Statement":[]}"#.into());
        assert_eq!(policy.document.observed(), &Observed::Present(text));
        assert_eq!(policy.tags.observed(), &Observed::Absent);
        assert!(evidence.not_covered.iter().all(|other| other.kind != "AWS::IAM::ManagedPolicy"));
    }
}
