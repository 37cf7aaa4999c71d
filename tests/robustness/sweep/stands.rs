//! Which verdicts may stand without an operation, and why.

use std::collections::BTreeSet;

use tap_audit_checks::report::{Finding, Status};

mod meditech;

/// Verdicts that stand without an operation, because another one, which they cite, tells the same or enough.
struct Stands {
    without: &'static str,
    /// The requirement; every requirement where it is a star.
    requirement: &'static str,
    /// One of these is cited.
    on: &'static [&'static str],
}

const STANDS: &[Stands] = &[
    // Lambda gives in parts what it gives in one.
    row(
        "lambda:GetFunction",
        "*",
        &["lambda:GetFunctionConfiguration", "lambda:GetFunctionConcurrency", "lambda:ListTags"],
    ),
    // The lookup of a resource gives the stack's id, and with it name and region.
    row("cloudformation:DescribeStacks", "stack-region-as-specified", &["cloudformation:DescribeStackResources"]),
    // That outputs name what is there is one half; comparing them with the live ones is asked only where the stack is
    // readable, and the finding says that it was not.
    row(
        "cloudformation:DescribeStacks",
        "stack-outputs-resolve-live",
        &["s3:GetBucketLocation", "sns:GetTopicAttributes", "apigateway:GetRestApi"],
    ),
    // A masked value says that NoEcho is on, and template and summary say the same of the parameters.
    row("cloudformation:GetTemplate", "stack-params-secret-noecho", &["cloudformation:GetTemplateSummary"]),
    row("cloudformation:GetTemplateSummary", "stack-params-secret-noecho", &["cloudformation:GetTemplate"]),
    // Where the account has one trail it does not matter whether it is the stack's.
    row("cloudformation:ListStackResources", "cloudtrail-logging-enabled", &["cloudtrail:GetTrailStatus"]),
    row("cloudformation:ListStackResources", "cloudtrail-data-events", &["cloudtrail:GetEventSelectors"]),
    // A destination of its own or a dead letter queue: one of the two is enough.
    row("lambda:GetFunction", "lambda-failure-destination", &["lambda:GetFunctionEventInvokeConfig"]),
    // That the target may not be looked at is a remark: logging is configured all the same.
    row("s3:GetBucketLocation", "s3-access-logging-enabled", &["s3:GetBucketLogging"]),
    // Access logs or data events: one of the two is enough.
    row("s3:GetBucketLogging", "s3-access-logging-enabled", &["cloudtrail:GetEventSelectors"]),
    // A list that grants nothing to the public is harmless whether it is in force or not.
    row("s3:GetBucketOwnershipControls", "s3-acl-not-public", &["s3:GetBucketAcl"]),
    // Without rules nothing is lost early; versioning and MFA delete only alter the remark.
    row("s3:GetBucketVersioning", "s3-lifecycle-noncurrent-versions", &["s3:GetBucketLifecycleConfiguration"]),
    // Buckets and log groups are to outlive the stack, so what protects them blocks nothing.
    row("s3:GetObjectLockConfiguration", "stack-destroyable-no-blockers", &["cloudformation:DescribeStacks"]),
    row("logs:DescribeLogGroups", "stack-destroyable-no-blockers", &["cloudformation:DescribeStacks"]),
    // What is off blocks nothing, whatever the template says of its retention.
    row("cloudformation:GetTemplate", "stack-destroyable-no-blockers", &["logs:DescribeLogGroups"]),
    // The account's one trail is the audit trail whosever it is, because it meets the requirement.
    row("cloudformation:ListStackResources", "cloudtrail-log-file-validation", &["cloudtrail:GetEventSelectors"]),
    row("cloudformation:ListStackResources", "cloudtrail-kms-encrypted", &["cloudtrail:GetEventSelectors"]),
    row("cloudformation:ListStackResources", "cloudtrail-to-cloudwatch-logs", &["cloudtrail:GetEventSelectors"]),
    row("cloudformation:ListStackResources", "cloudtrail-bucket-protected", &["cloudtrail:GetEventSelectors"]),
    row("cloudformation:ListStackResources", "cw-alarms-security-coverage", &["cloudtrail:GetEventSelectors"]),
    // A filter on a log group that an output names, which is the deployment's without the listing; the trail is the only one.
    row("cloudformation:ListStackResources", "cw-access-anomaly-tracking", &["logs:DescribeMetricFilters"]),
    // Filter, band and detector are three means, of which one is enough. Without the trail no filter is judged, and the
    // band is left, which rests on the alarms alone.
    row("cloudtrail:DescribeTrails", "cw-access-anomaly-tracking", &["cloudwatch:DescribeAlarms"]),
    // A filter is enough without a band and without a detector.
    row("cloudwatch:DescribeAlarms", "cw-access-anomaly-tracking", &["logs:DescribeMetricFilters"]),
    row("cloudwatch:DescribeAnomalyDetectors", "cw-access-anomaly-tracking", &["logs:DescribeMetricFilters"]),
    row("logs:ListLogAnomalyDetectors", "cw-access-anomaly-tracking", &["logs:DescribeMetricFilters"]),
    // A band is enough without a filter.
    row("logs:DescribeMetricFilters", "cw-access-anomaly-tracking", &["cloudwatch:DescribeAlarms"]),
    // Validated files, a locked bucket and a subscription of another account are copies, of which one is enough.
    row("cloudtrail:GetTrailStatus", "logs-tamper-resistant", &["s3:GetObjectLockConfiguration"]),
    row("s3:GetObjectLockConfiguration", "logs-tamper-resistant", &["cloudtrail:GetTrailStatus"]),
    row("logs:DescribeSubscriptionFilters", "logs-tamper-resistant", &["cloudtrail:GetTrailStatus"]),
    // What the bucket answers of itself shows that it is there.
    row("s3:GetBucketLocation", "cloudtrail-bucket-protected", &["s3:GetBucketVersioning"]),
    // The list of subscriptions decides; what a filter policy may drop is a remark, and that it was not read is one too.
    row("sns:GetSubscriptionAttributes", "sns-subscription-confirmed", &["sns:ListSubscriptionsByTopic"]),
    // Violations may reach the topic by a rule of the bus, the delivery channel or an alarm: one of them is enough.
    row("cloudformation:ListStackResources", "compliance-violation-alert-routed", &["eventbridge:ListTargetsByRule"]),
    row("cloudtrail:DescribeTrails", "compliance-violation-alert-routed", &["eventbridge:ListTargetsByRule"]),
    row("cloudwatch:DescribeAlarms", "compliance-violation-alert-routed", &["eventbridge:ListTargetsByRule"]),
    row("configservice:DescribeConfigRules", "compliance-violation-alert-routed", &["eventbridge:ListTargetsByRule"]),
    row(
        "configservice:DescribeConfigurationRecorderStatus",
        "compliance-violation-alert-routed",
        &["eventbridge:ListTargetsByRule"],
    ),
    row(
        "configservice:DescribeConfigurationRecorders",
        "compliance-violation-alert-routed",
        &["eventbridge:ListTargetsByRule"],
    ),
    row(
        "configservice:DescribeDeliveryChannels",
        "compliance-violation-alert-routed",
        &["eventbridge:ListTargetsByRule"],
    ),
    row("logs:DescribeMetricFilters", "compliance-violation-alert-routed", &["eventbridge:ListTargetsByRule"]),
    row("eventbridge:ListRules", "compliance-violation-alert-routed", &["cloudwatch:DescribeAlarms"]),
    row("eventbridge:ListTargetsByRule", "compliance-violation-alert-routed", &["cloudwatch:DescribeAlarms"]),
    // A recorder that stands still sees nothing, wherever it would deliver.
    row(
        "configservice:DescribeDeliveryChannels",
        "config-rules-present",
        &["configservice:DescribeConfigurationRecorderStatus"],
    ),
    row(
        "configservice:DescribeDeliveryChannels",
        "config-rules-compliant",
        &["configservice:DescribeConfigurationRecorderStatus"],
    ),
];

const fn row(without: &'static str, requirement: &'static str, on: &'static [&'static str]) -> Stands {
    Stands { without, requirement, on }
}

/// Operations that say that a resource is there, on which its name and its place in the stack do not depend: those the
/// outputs, the listing and other resources tell.
const EXISTENCE: &[&str] = &[
    "s3:GetBucketLocation",
    "lambda:GetFunction",
    "kms:DescribeKey",
    "logs:DescribeLogGroups",
    "iam:GetRole",
    "sns:GetTopicAttributes",
    "cloudwatch:DescribeAlarms",
    "apigateway:GetRestApi",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeVpcs",
    "ecs:DescribeClusters",
    "ecs:DescribeServices",
    "ecs:DescribeTaskDefinition",
    "efs:DescribeFileSystems",
    "elasticache:DescribeReplicationGroups",
    "elasticloadbalancingv2:DescribeLoadBalancers",
    "rds:DescribeDBClusters",
    "wafv2:GetWebACL",
];
const BY_NAME: &[&str] = &[
    "naming-environment-suffix",
    "naming-convention-type-suffix",
    "stack-managed-by-cloudformation",
    "cloudtrail-data-events",
];

/// What only one operation leads to: without it nobody knows of the subject, and the finding that names it is an error.
struct LedTo {
    by: &'static str,
    requirement: &'static str,
    /// The requirement that is an error instead.
    instead: &'static str,
}

const LED_TO: &[LedTo] = &[
    // The key of the trail, which is another stack's.
    LedTo {
        by: "cloudtrail:DescribeTrails",
        requirement: "kms-policy-not-public",
        instead: "cloudtrail-kms-encrypted",
    },
    // The key of the secrets, which were there before the stack.
    LedTo { by: "secretsmanager:DescribeSecret", requirement: "kms-policy-not-public", instead: "secret-kms-cmk" },
    // A secret that containers name and the template does not.
    LedTo {
        by: "ecs:DescribeTaskDefinition",
        requirement: "secret-kms-cmk",
        instead: "ecs-taskdef-secrets-from-secretsmanager",
    },
    LedTo {
        by: "ecs:DescribeTaskDefinition",
        requirement: "secret-policy-not-public",
        instead: "ecs-taskdef-secrets-from-secretsmanager",
    },
];

/// Whether subjects of a requirement may be missing without an error of their own, because another finding is the error.
pub fn led_to(operation: &str, requirement: &str, findings: &[Finding]) -> bool {
    let listed = LED_TO.iter().filter(|led| led.by == operation && led.requirement == requirement);
    let is_error = |id: &str| {
        let mut of = findings.iter().filter(|finding| finding.requirement == id).peekable();
        of.peek().is_some() && of.all(|finding| finding.outcome.status() == Status::Error)
    };
    listed.into_iter().any(|led| is_error(led.instead))
}

/// Whether a verdict may stand without the operation, by what it cites instead.
pub fn without(operation: &str, requirement: &str, cites: &BTreeSet<String>) -> bool {
    let listed = STANDS.iter().chain(meditech::STANDS).filter(|stands| stands.without == operation);
    let mut fitting = listed.filter(|stands| stands.requirement == "*" || stands.requirement == requirement);
    let by_name = EXISTENCE.contains(&operation) && BY_NAME.contains(&requirement);
    by_name || fitting.any(|stands| stands.on.iter().any(|name| cites.contains(*name)))
}
