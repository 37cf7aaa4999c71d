//! The MediTech stack, recorded from the emulator and corrected to the shape of AWS.

use std::collections::BTreeSet;

use tap_audit_checks::report::{Conclusion, Report, Status};
use tap_audit_checks::subject::Kind;

use crate::alter::{self, Setup};
use crate::harness;

#[test]
fn what_no_requirement_looks_at_is_listed() {
    let report = harness::report_of("meditech");
    let kinds: BTreeSet<&str> = report.coverage.resources_not_covered.iter().map(|one| one.kind.as_str()).collect();
    assert_eq!(kinds, BTreeSet::from(["AWS::ApiGateway::GatewayResponse", "AWS::EC2::EIP"]));
}

const STACK: &str =
    "arn:aws:cloudformation:eu-central-1:123456789012:stack/TapStackdev/ccd78138-5d37-4dd2-aec4-71218fd22f94";

/// Outputs as such a stack usually has them, beside which it holds ninety resources that none of them names.
const FEW_OUTPUTS: &str = r#"{
  "ApiUrl": "https://d81d8cfb.execute-api.eu-central-1.amazonaws.com/stage-dev",
  "DatabaseEndpoint": "aurora-cluster-dev.cluster-98f5f510.eu-central-1.rds.amazonaws.com",
  "RedisEndpoint": "master.redis-dev.k3v9qx.euc1.cache.amazonaws.com",
  "FileSystemId": "fs-a87c4eec0a52af6f4",
  "ServiceArn": "arn:aws:ecs:eu-central-1:123456789012:service/ecs-cluster-dev/ecs-service-dev"
}"#;

/// The subjects that are resources, by kind and id.
fn resources(report: &Report) -> BTreeSet<(Kind, String)> {
    let subjects = report.by_subject().into_iter().map(|(subject, _)| (subject.kind, subject.id.clone()));
    let of_the_run = [Kind::Outputs, Kind::Stack, Kind::Account];
    subjects.filter(|(kind, id)| !of_the_run.contains(kind) && id != "(none found)").collect()
}

#[test]
fn from_five_outputs_everything_is_reached_and_the_verdicts_are_the_same() {
    let mut setup = Setup::of("meditech");
    let all = setup.audit();
    setup.outputs = FEW_OUTPUTS.to_owned();
    let few = setup.audit();
    assert_eq!(resources(&few), resources(&all));
    assert_eq!((few.exit_code(), few.coverage.unresolved_outputs), (0, 0));
    let verdicts = |report: &Report| {
        let of_file = |(requirement, ..): &(String, String, Status)| requirement.starts_with("stack-outputs-");
        harness::statuses(report).into_iter().filter(|row| !of_file(row)).collect::<BTreeSet<_>>()
    };
    assert_eq!(verdicts(&few), verdicts(&all));
}

#[test]
fn without_a_stack_five_outputs_lead_to_every_resource_all_the_same() {
    let mut setup = Setup::of("meditech");
    let all = resources(&setup.audit());
    setup.outputs = FEW_OUTPUTS.to_owned();
    setup.without("cloudformation", "DescribeStackResources");
    // CloudFormation knows a web ACL by another id than its ARN.
    let web_acl = "web-acl-dev|dd18adda-1f77-46db-a365-abe318c6b115|REGIONAL".to_owned();
    for id in all.iter().map(|(_, id)| id).chain([&web_acl]) {
        let asked = [("PhysicalResourceId", id.as_str())];
        setup.answer("cloudformation", "DescribeStackResources", &asked, alter::in_no_stack(id));
    }
    let report = setup.audit();
    assert_eq!(resources(&report), all);
    assert_eq!(report.conclusion(), Conclusion::DoesNotConform);
    let failed: Vec<&str> = report
        .findings
        .iter()
        .filter(|finding| finding.outcome.status() == Status::Fail)
        .map(|finding| finding.requirement.as_str())
        .collect();
    assert_eq!(failed, ["stack-managed-by-cloudformation"]);
}

#[test]
fn an_output_that_neither_form_nor_key_explains_is_resolved_by_the_stacks_listing() {
    let report = harness::report_of("meditech");
    let output = report.coverage.outputs.iter().find(|output| output.key == "ClusterName").unwrap();
    let resolved = output.resolved.as_ref().unwrap();
    assert_eq!((resolved.kind.as_str(), resolved.id.as_str()), ("AWS::ECS::Cluster", "ecs-cluster-dev"));
    assert_eq!(resolved.by, "the listing of stack TapStackdev has it as physical id of Cluster");
    let [active] = harness::findings(&report, "ecs-cluster-active")[..] else { panic!("one cluster") };
    assert_eq!(active.subject.reached_by[0], "output ClusterName");

    let mut setup = Setup::of("meditech");
    setup.refuse("cloudformation", "ListStackResources", &[("StackName", STACK)], 400, "AccessDenied");
    let (report, _) = setup.try_audit();
    assert_eq!(report.unwrap().coverage.unresolved_outputs, 1);
}
