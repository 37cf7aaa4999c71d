//! Bodies that are cut and arrive as if they were whole: the XML readers of the SDK take the rest for "not set".

use std::time::Duration;

use tap_audit::audit::Audit;
use tap_audit::replay::Replay;

use crate::harness;
use crate::sweep::{self, Recorded};

const OPERATIONS: &[&str] = &[
    "s3:GetBucketAcl",
    "s3:GetBucketVersioning",
    "s3:GetBucketNotificationConfiguration",
    "cloudtrail:DescribeTrails",
    "kms:ListAliases",
    "lambda:ListFunctionUrlConfigs",
    "cloudformation:DescribeStacks",
    "iam:ListRolePolicies",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "s3:GetBucketPolicy",
    "kms:GetKeyPolicy",
    "lambda:GetPolicy",
    "cloudformation:DescribeStackResources",
    "cloudformation:ListStackResources",
    "cloudformation:GetTemplate",
    "cloudwatch:DescribeAlarms",
    "cloudwatch:ListDashboards",
    "s3:GetBucketLogging",
    "s3:GetObjectLockConfiguration",
    "s3:GetPublicAccessBlock",
    "sns:GetTopicAttributes",
    "sns:ListSubscriptionsByTopic",
    "sns:GetSubscriptionAttributes",
];

#[test]
fn a_body_that_is_cut_anywhere_gives_no_verdict() {
    Recorded::all_conforming().for_each(cut_everywhere);
}

fn cut_everywhere(recorded: &Recorded) {
    let asked = OPERATIONS.iter().filter(|operation| recorded.operations.iter().any(|name| name == *operation));
    let jobs: Vec<(&str, usize)> = asked.flat_map(|operation| (1..10).map(move |tenth| (*operation, tenth))).collect();
    let faults = sweep::in_parallel(&jobs, 2, |(operation, tenth)| {
        let (service, name) = operation.split_once(':').expect("service:Operation");
        let account = recorded.account.clone().edit(service, name, |body| cut(body, *tenth)).expect("a recorded body");
        let settings = Audit { call_timeout: Duration::from_secs(5), ..harness::settings(&recorded.outputs) };
        let report = sweep::judged(recorded.profile, &Replay::new(account), &settings).expect("an audit that starts");
        let faults = sweep::faults_of(recorded, operation, &report, false);
        faults.into_iter().map(|fault| format!("{tenth} tenths of {fault}")).collect::<Vec<_>>()
    });
    let faults: Vec<String> = faults.into_iter().flatten().collect();
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

fn cut(body: &str, tenth: usize) -> String {
    let body = body.trim();
    body.chars().take(body.chars().count() * tenth / 10).collect()
}
