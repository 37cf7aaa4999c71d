//! The MediTech reference stack, deployed into the emulator and audited over HTTP.

use crate::server::{STACK, reference};
use crate::{Row, by_name, compare, list, text};

/// What the emulator makes of a stack that conforms.
const MEDITECH: &[Row] = &[
    // Its CloudFormation takes no NAT gateways: they are made beside the stack.
    ("stack-services-complete", "fail", "no live AWS::EC2::NatGateway"),
    // What was deployed a moment ago has delivered nothing yet, and on the emulator it never will.
    ("cloudtrail-to-cloudwatch-logs", "error", "trail trail-dev was started less than an hour ago"),
    ("vpc-flow-logs-enabled", "error", "and has delivered nothing yet"),
    // It keeps the key of the cluster's task storage and says of no deployment that it has one.
    (
        "ecs-ephemeral-storage-kms",
        "fail",
        "the newest deployment of service ecs-service-dev began before the key was set",
    ),
    // It gives its tasks no network interfaces.
    ("ecs-tasks-private-subnets", "error", "has no network interface, or none yet"),
    ("ecs-tasks-no-public-ip", "error", "has no network interface, or none yet"),
    // It does not know Application Auto Scaling.
    ("ecs-autoscaling-target", "error", "DescribeScalableTargets failed with HTTP 400"),
    ("ecs-autoscaling-policy", "error", "DescribeScalableTargets failed with HTTP 400"),
    // It hands the cluster's encryption on to no instance, and keeps neither the key nor the exports of logs.
    (
        "rds-storage-encrypted",
        "error",
        "the cluster says that storage is encrypted, and its instance aurora-instance-dev-a",
    ),
    ("rds-kms-key-rotating", "error", "DescribeDBClusters answered without DBCluster.KmsKeyId"),
    ("rds-audit-logs-exported", "fail", "no log is exported"),
    // It drops the key of a replication group.
    ("redis-kms-key-rotating", "fail", "the cache is encrypted with a key that AWS owns and nobody sees"),
    // It knows no VPC links, and drops from methods what names one.
    ("apigw-integration-private-tls", "error", "ANY /{proxy+} goes by a VPC link and GetResources does not name it"),
    // It knows no logging of web ACLs.
    ("waf-logging-enabled", "error", "GetLoggingConfiguration failed with InvalidAction"),
    // Who sets the secrets up has them rotated; here nobody does.
    ("secret-rotation-enabled", "fail", "rotation is switched off"),
];

#[test]
fn of_the_meditech_stack_only_what_the_emulator_cannot_hold_is_missing() {
    let Some(emulator) = reference("meditech") else { return };
    let report = by_name(&emulator.audit().args(&["--stack-name", STACK]).run(), 1);
    assert_eq!(report["run"]["profile"], "meditech");
    compare(&report, MEDITECH);
    // It gives the cache a host name that is none of ElastiCache's.
    let unresolved: Vec<&str> = list(&report["coverage"], "outputs")
        .iter()
        .filter(|output| output["resolved"].is_null())
        .map(|output| text(output, "key"))
        .collect();
    assert_eq!(unresolved, ["RedisEndpoint"]);
    // Every group is judged by its own rules, although the emulator answers all groups to whoever asks for one.
    let named: Vec<&str> = list(&report, "findings")
        .iter()
        .filter(|finding| finding["requirement"] == "sg-no-open-ingress")
        .map(|finding| text(&finding["subject"], "logical_id"))
        .collect();
    for group in ["Database", "Cache", "FileSystem", "Task", "LoadBalancer"] {
        assert!(named.contains(&format!("{group}SecurityGroup").as_str()), "{group} in {named:?}");
    }
    let of_task = list(&report, "findings").iter().find(|finding| {
        finding["requirement"] == "sg-egress-restricted" && finding["subject"]["logical_id"] == "TaskSecurityGroup"
    });
    let of_task = of_task.expect("a finding about the group of the tasks");
    assert!(text(of_task, "observed").contains("443"), "{of_task}");
}
