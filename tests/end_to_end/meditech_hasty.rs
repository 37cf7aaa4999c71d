//! A MediTech stack that somebody made in haste: the account of the demonstration, under the verdicts it deserves.

use std::collections::BTreeMap;

use tap_audit::audit;
use tap_audit::replay::{Account, Replay, embedded};
use tap_audit_checks::Evidence;
use tap_audit_checks::report::{Conclusion, Finding, Report, Status};
use tap_audit_reports::{Format, Style};

use crate::harness;

/// What fails, on what, and what the finding says, in the order of the report. Everything else but [`ERROR`] passes or
/// does not apply.
const FAILS: [(&str, &str, &str); 30] = [
    // No NAT gateways: the tasks stand in the public subnets.
    ("stack-services-complete", "TapStackdev", "no live AWS::EC2::NatGateway"),
    // The load balancer faces the internet and speaks HTTP.
    ("transit-tls12-minimum", "TapStackdev", "HTTP listener on port 80 of load balancer LoadBalancer does more than"),
    // Seven days of logs.
    ("logs-retention-set", "/aws/rds/cluster/aurora-cluster-dev/postgresql", "events expire after 7 days"),
    ("logs-retention-set", "/meditech/application-logs-dev", "events expire after 7 days"),
    ("logs-retention-set", "/meditech/redis-engine-logs-dev", "events expire after 7 days"),
    ("logs-retention-set", "/meditech/redis-slow-logs-dev", "events expire after 7 days"),
    ("logs-retention-set", "/meditech/trail-logs-dev", "events expire after 7 days"),
    ("logs-retention-set", "API-Gateway-Execution-Logs_d81d8cfb/stage-dev", "events expire after 7 days"),
    ("logs-retention-set", "aws-waf-logs-web-acl-dev", "events expire after 7 days"),
    // A wildcard for now.
    (
        "iam-role-no-wildcard-actions",
        "task-role-dev",
        "statement 4 (ForNow) of inline policy task-policy-dev allows `s3:*`, with a wildcard in the action",
    ),
    (
        "iam-role-no-wildcard-resources",
        "task-role-dev",
        "statement 4 (ForNow) of inline policy task-policy-dev allows `s3:*` on `*`, which takes a resource",
    ),
    ("vpc-nat-gateway-available", "vpc-090f21b5309633b56", "the VPC has no available public NAT gateway; subnet"),
    ("vpc-flow-logs-enabled", "vpc-090f21b5309633b56", "no flow log is on vpc-090f21b5309633b56; and none on a subnet"),
    // Two open groups: the second one of the database, and the load balancer's.
    (
        "sg-no-open-ingress",
        ADMINISTRATION,
        "it lets in tcp 5432 from 0.0.0.0/0, which exposes eni-01a9b8c7d6e5f4031 (RDSNetworkInterface)",
    ),
    (
        "sg-no-open-ingress",
        "sg-687339ea70eede4eb",
        "it lets in tcp 80 from 0.0.0.0/0, which exposes \
         eni-05edfc0b1a2938475 (ELB app/alb-dev/6f1c2d3e4b5a6978) with public address 198.51.100.21, \
         eni-06fe0d1c2b3a49586 (ELB app/alb-dev/6f1c2d3e4b5a6978) with public address 198.51.100.22",
    ),
    ("load-balancer-internal", "app/alb-dev/6f1c2d3e4b5a6978", "the scheme is internet-facing"),
    (
        "ecs-tasks-private-subnets",
        "ecs-service-dev",
        "subnet subnet-3c3635861f5b0b0f6 of the service, task a025b4ce-9063-4c8f-84cd-5942d64873b7 is public: it has the \
         route 0.0.0.0/0 to igw-4dc96fda57fb54de2",
    ),
    (
        "ecs-tasks-no-public-ip",
        "ecs-service-dev",
        "assignPublicIp of the service is ENABLED; task a025b4ce-9063-4c8f-84cd-5942d64873b7 has the public address \
         198.51.100.31; task af55f326-8ac3-4d1c-bf9e-9b3f4460d550 has the public address 198.51.100.32",
    ),
    (
        "ecs-taskdef-no-plaintext-secrets",
        "task-definition-dev:1",
        "DB_PASSWORD in environment of container records is a literal; \
         PARTNER_API_KEY in environment of container records is a literal",
    ),
    ("rds-multi-az-instances", "aurora-cluster-dev", "1 member serves: aurora-instance-dev-a in eu-central-1a"),
    (
        "sg-data-tier-from-app-only",
        "aurora-cluster-dev",
        "security group sg-5c0e7a91d24b63f8a lets in tcp 5432 from 0.0.0.0/0, which is everybody",
    ),
    (
        "efs-automatic-backups",
        "fs-a87c4eec0a52af6f4",
        "automatic backups are off, and AWS Backup never backed the file system up",
    ),
    (
        "redis-transit-encryption",
        "redis-dev",
        "encryption in transit is only preferred, so connections in clear are taken",
    ),
    // A web ACL that stands in front of nothing, and a stage that logs what it should not and not what it should.
    ("apigw-waf-associated", "d81d8cfb", "stage stage-dev has no web ACL"),
    ("apigw-access-logging", "d81d8cfb", "stage stage-dev keeps no access log"),
    ("apigw-data-trace-off", "d81d8cfb", "stage stage-dev writes whole requests and answers to its log: all methods"),
    (
        "apigw-integration-private-tls",
        "d81d8cfb",
        "ANY /{proxy+} calls alb-dev-1437856201.eu-central-1.elb.amazonaws.com in clear over the internet",
    ),
    ("waf-rate-based-rule", "web-acl-dev/dd18adda-1f77-46db-a365-abe318c6b115", "it stands in front of no stage"),
    (
        "waf-request-filtering-rules",
        "web-acl-dev/dd18adda-1f77-46db-a365-abe318c6b115",
        "it stands in front of no stage",
    ),
    ("secret-rotation-enabled", "meditech/database-dev-6b2f8b", "rotation was never set up"),
];

/// What nobody can say: the auditing role may not ask AWS Backup.
const ERROR: (&str, &str, &str) = (
    "efs-recovery-point-exists",
    "fs-a87c4eec0a52af6f4",
    "ListRecoveryPointsByResource was denied; the auditing role needs backup:ListRecoveryPointsByResource",
);

/// What passes although one might think otherwise, or does not apply, each for a reason of its own.
const OTHERS: [(&str, &str, Status, &str); 10] = [
    ("stack-outputs-resolve-live", "flat-outputs.json", Status::Pass, "LoadBalancer `alb-dev`, which exists"),
    // Only the period is wrong, not the key.
    (
        "logs-kms-encrypted",
        "/meditech/application-logs-dev",
        Status::Pass,
        "01965f91-9036-4e85-b8de-ff774a458bcf`; it is",
    ),
    // The group of the tasks lets in the load balancer alone; it is the load balancer that everybody reaches.
    (
        "sg-app-tier-ingress",
        "ecs-service-dev",
        Status::Pass,
        "security group sg-e35b1d125ba042c4a lets in tcp 8080 from group sg-687339ea70eede4eb",
    ),
    // The database's open door is its second group, and not an address of its own.
    ("rds-not-publicly-accessible", "aurora-cluster-dev", Status::Pass, "aurora-instance-dev-a has no public address"),
    ("rds-tls-required", "aurora-cluster-dev", Status::Pass, "rds.force_ssl is 1"),
    // The user name still comes from the secret; that the password does not is found where it stands.
    (
        "ecs-taskdef-secrets-from-secretsmanager",
        "ecs-cluster-dev",
        Status::Pass,
        "variable DB_USERNAME of container records of task-definition-dev:1 is taken from secret:meditech/database-dev",
    ),
    // Of a secret that is no database's it is asked only that it could rotate.
    (
        "secret-rotation-enabled",
        "meditech/cache-dev-55e33f",
        Status::Pass,
        "rotation was never set up, and nothing keeps it from rotating",
    ),
    ("apigw-execution-logging", "d81d8cfb", Status::Pass, "stage stage-dev logs the execution at INFO"),
    // Nothing passes through the web ACL that it could log.
    (
        "waf-logging-enabled",
        "web-acl-dev/dd18adda-1f77-46db-a365-abe318c6b115",
        Status::NotApplicable,
        "it stands in front of no stage, and stages have none: d81d8cfb/stage-dev",
    ),
    ("rds-snapshots-private-encrypted", "aurora-cluster-dev", Status::NotApplicable, "there are no snapshots"),
];

/// The second group of the database.
const ADMINISTRATION: &str = "sg-5c0e7a91d24b63f8a";

/// The secrets of the account, both made up.
const SECRETS: [&str; 2] = ["made-up-Spring2026-74", "made-up-partner-key-3081"];

fn demonstration() -> embedded::Recorded {
    embedded::account("meditech").expect("an account of the profile").expect("that loads")
}

fn audited() -> (Evidence, Report) {
    let recorded = demonstration();
    let (catalog, profile) = harness::profile("meditech");
    let settings = harness::settings(&recorded.outputs);
    let replay = Replay::new(recorded.account);
    let evidence = harness::evidence(&replay, &profile, &settings).expect("an audit that starts");
    assert!(replay.unrecorded().is_empty(), "not recorded: {:?}", replay.unrecorded());
    let report = audit::judge(&catalog, &profile, &evidence, &settings);
    (evidence, report)
}

fn said(finding: &Finding) -> String {
    finding.observed().map(str::to_owned).or_else(|| finding.reason()).expect("a finding that says something")
}

fn with_status(report: &Report, status: Status) -> Vec<&Finding> {
    report.findings.iter().filter(|finding| finding.outcome.status() == status).collect()
}

#[test]
fn it_fails_for_each_slip_and_for_nothing_else() {
    let (_, report) = audited();
    let failing = with_status(&report, Status::Fail);
    let ids: Vec<&str> = failing.iter().map(|finding| finding.requirement.as_str()).collect();
    assert_eq!(ids, FAILS.map(|(requirement, ..)| requirement));
    for (finding, (_, subject, text)) in failing.into_iter().zip(FAILS) {
        assert!(finding.subject.id.ends_with(subject), "{}", harness::describe(finding));
        assert!(said(finding).contains(text), "{}", harness::describe(finding));
    }
    assert_eq!((report.conclusion(), report.exit_code()), (Conclusion::DoesNotConform, 1));
}

#[test]
fn what_the_auditing_role_may_not_ask_is_an_error_and_no_failure() {
    let (_, report) = audited();
    let (requirement, subject, text) = ERROR;
    let errors = with_status(&report, Status::Error);
    assert_eq!(errors.len(), 1, "{:?}", errors.into_iter().map(harness::describe).collect::<Vec<_>>());
    assert_eq!((errors[0].requirement.as_str(), errors[0].subject.id.as_str()), (requirement, subject));
    assert_eq!(said(errors[0]), text);
}

#[test]
fn the_rule_that_lets_everybody_in_to_the_database_is_named_with_what_it_exposes() {
    let (_, report) = audited();
    let of_group = |finding: &&Finding| finding.subject.id == ADMINISTRATION;
    let found: Vec<&Finding> = harness::findings(&report, "sg-no-open-ingress").into_iter().filter(of_group).collect();
    assert_eq!(
        said(found[0]),
        "it lets in tcp 5432 from 0.0.0.0/0, which exposes eni-01a9b8c7d6e5f4031 (RDSNetworkInterface)"
    );
    // Nobody names the group in the outputs: the cluster leads to it.
    let reached = &found[0].subject.reached_by;
    assert!(reached.contains(&"security group of AWS::RDS::DBCluster aurora-cluster-dev".to_owned()), "{reached:?}");
}

#[test]
fn what_is_right_passes_beside_the_slips() {
    let (_, report) = audited();
    for (requirement, subject, status, text) in OTHERS {
        let found = harness::findings(&report, requirement);
        let fits = found.iter().any(|finding| {
            let own = finding.subject.id.ends_with(subject);
            own && finding.outcome.status() == status && said(finding).contains(text)
        });
        let said: Vec<String> = found.into_iter().map(harness::describe).collect();
        assert!(fits, "{requirement} should be {status:?} with {text:?}: {said:?}");
    }
}

#[test]
fn eleven_outputs_lead_to_everything_that_the_stack_holds() {
    let (evidence, report) = audited();
    let outputs: serde_json::Value = serde_json::from_str(&demonstration().outputs).expect("outputs");
    assert_eq!(outputs.as_object().map(serde_json::Map::len), Some(11));
    assert_eq!(report.coverage.unresolved_outputs, 0);

    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for subject in evidence.subjects.iter().filter(|subject| subject.stack.is_some()) {
        *kinds.entry(subject.kind.to_string()).or_default() += 1;
    }
    let expected = [
        ("AWS::ApiGateway::RestApi", 1),
        ("AWS::EC2::SecurityGroup", 6),
        ("AWS::EC2::VPC", 1),
        ("AWS::ECS::Cluster", 1),
        ("AWS::ECS::Service", 1),
        ("AWS::ECS::TaskDefinition", 1),
        ("AWS::EFS::FileSystem", 1),
        ("AWS::ElastiCache::ReplicationGroup", 1),
        ("AWS::ElasticLoadBalancingV2::LoadBalancer", 1),
        ("AWS::IAM::Role", 4),
        ("AWS::KMS::Key", 6),
        ("AWS::Logs::LogGroup", 7),
        ("AWS::RDS::DBCluster", 1),
        ("AWS::WAFv2::WebACL", 1),
    ];
    assert_eq!(kinds, expected.map(|(kind, count)| (kind.to_owned(), count)).into());
    let not_covered: Vec<&str> = report.coverage.resources_not_covered.iter().map(|one| one.kind.as_str()).collect();
    assert_eq!(not_covered, ["AWS::ApiGateway::GatewayResponse"; 2]);
}

#[test]
fn the_secrets_of_its_task_definition_are_in_no_report_and_in_no_evidence() {
    let (evidence, report) = audited();
    let recorded = demonstration().account.to_files();
    let written: Vec<(String, String)> = [Format::Text, Format::Json, Format::Junit, Format::Html]
        .into_iter()
        .map(|format| {
            let bytes = tap_audit_reports::render(&report, format, &Style { color: false, width: 200 });
            (format!("the {format} report"), String::from_utf8(bytes.expect("a report")).expect("text"))
        })
        .chain([
            ("the evidence".to_owned(), serde_json::to_string(&evidence).expect("JSON")),
            ("the evidence as Debug text".to_owned(), format!("{evidence:?}")),
            ("the report as Debug text".to_owned(), format!("{report:?}")),
        ])
        .collect();
    for secret in SECRETS {
        assert!(recorded["ecs.toml"].contains(secret), "{secret} is not in the account");
        for (what, text) in &written {
            assert!(!text.contains(secret), "{what} holds {secret}");
            assert!(text.contains("DB_PASSWORD") && text.contains("PARTNER_API_KEY"), "{what} does not name them");
        }
    }
    assert!(recorded["cloudformation.toml"].contains(SECRETS[1]), "the template holds the key");
}

/// Operation and request of each exchange of an account, with its body and its correction.
fn exchanges(account: &Account) -> BTreeMap<String, (String, String)> {
    let mut all = BTreeMap::new();
    for (file, text) in account.to_files() {
        let file_of: toml::Table = text.parse().expect("a file of the account");
        for exchange in file_of.get("exchange").and_then(toml::Value::as_array).into_iter().flatten() {
            let text = |name: &str| exchange.get(name).map_or_else(String::new, ToString::to_string);
            let key = format!("{file} {} {}", text("operation"), text("request"));
            all.insert(key, (text("body"), text("correction")));
        }
    }
    all
}

#[test]
fn each_answer_that_differs_from_those_of_the_conforming_stack_says_which_slip_it_is() {
    let conforming = exchanges(&harness::account("meditech"));
    let mut slips = 0;
    for (asked, (body, correction)) in exchanges(&demonstration().account) {
        let same = conforming.get(&asked).is_some_and(|(right, _)| *right == body);
        assert_eq!(!same, correction.contains("slip"), "{asked}: {correction}");
        slips += usize::from(!same);
    }
    assert!(slips > 40, "{slips} answers differ");
}
