//! Which verdicts may stand without an operation, and why.

use std::collections::BTreeSet;

use tap_audit_checks::report::{Finding, Status};

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
    Stands {
        without: "lambda:GetFunction",
        requirement: "*",
        on: &["lambda:GetFunctionConfiguration", "lambda:GetFunctionConcurrency", "lambda:ListTags"],
    },
    // The lookup of a resource gives the stack's id, and with it name and region.
    Stands {
        without: "cloudformation:DescribeStacks",
        requirement: "stack-region-as-specified",
        on: &["cloudformation:DescribeStackResources"],
    },
    // That outputs name what is there is one half; comparing them with the live ones is asked only where the stack is
    // readable, and the finding says that it was not.
    Stands {
        without: "cloudformation:DescribeStacks",
        requirement: "stack-outputs-resolve-live",
        on: &["s3:GetBucketLocation", "sns:GetTopicAttributes"],
    },
    // A masked value says that NoEcho is on, and template and summary say the same of the parameters.
    Stands {
        without: "cloudformation:GetTemplate",
        requirement: "stack-params-secret-noecho",
        on: &["cloudformation:GetTemplateSummary"],
    },
    Stands {
        without: "cloudformation:GetTemplateSummary",
        requirement: "stack-params-secret-noecho",
        on: &["cloudformation:GetTemplate"],
    },
    // Where the account has one trail it does not matter whether it is the stack's.
    Stands {
        without: "cloudformation:ListStackResources",
        requirement: "cloudtrail-logging-enabled",
        on: &["cloudtrail:GetTrailStatus"],
    },
    Stands {
        without: "cloudformation:ListStackResources",
        requirement: "cloudtrail-data-events",
        on: &["cloudtrail:GetEventSelectors"],
    },
    // A destination of its own or a dead letter queue: one of the two is enough.
    Stands {
        without: "lambda:GetFunction",
        requirement: "lambda-failure-destination",
        on: &["lambda:GetFunctionEventInvokeConfig"],
    },
    // That the target may not be looked at is a remark: logging is configured all the same.
    Stands { without: "s3:GetBucketLocation", requirement: "s3-access-logging-enabled", on: &["s3:GetBucketLogging"] },
    // Access logs or data events: one of the two is enough.
    Stands {
        without: "s3:GetBucketLogging",
        requirement: "s3-access-logging-enabled",
        on: &["cloudtrail:GetEventSelectors"],
    },
    // A list that grants nothing to the public is harmless whether it is in force or not.
    Stands { without: "s3:GetBucketOwnershipControls", requirement: "s3-acl-not-public", on: &["s3:GetBucketAcl"] },
    // Without rules nothing is lost early; versioning and MFA delete only alter the remark.
    Stands {
        without: "s3:GetBucketVersioning",
        requirement: "s3-lifecycle-noncurrent-versions",
        on: &["s3:GetBucketLifecycleConfiguration"],
    },
    // Buckets and log groups are to outlive the stack, so what protects them blocks nothing.
    Stands {
        without: "s3:GetObjectLockConfiguration",
        requirement: "stack-destroyable-no-blockers",
        on: &["cloudformation:DescribeStacks"],
    },
    Stands {
        without: "logs:DescribeLogGroups",
        requirement: "stack-destroyable-no-blockers",
        on: &["cloudformation:DescribeStacks"],
    },
    // What is off blocks nothing, whatever the template says of its retention.
    Stands {
        without: "cloudformation:GetTemplate",
        requirement: "stack-destroyable-no-blockers",
        on: &["logs:DescribeLogGroups"],
    },
    // The account's one trail is the audit trail whosever it is, because it meets the requirement.
    Stands {
        without: "cloudformation:ListStackResources",
        requirement: "cloudtrail-log-file-validation",
        on: &["cloudtrail:GetEventSelectors"],
    },
    Stands {
        without: "cloudformation:ListStackResources",
        requirement: "cloudtrail-kms-encrypted",
        on: &["cloudtrail:GetEventSelectors"],
    },
    Stands {
        without: "cloudformation:ListStackResources",
        requirement: "cloudtrail-to-cloudwatch-logs",
        on: &["cloudtrail:GetEventSelectors"],
    },
    Stands {
        without: "cloudformation:ListStackResources",
        requirement: "cloudtrail-bucket-protected",
        on: &["cloudtrail:GetEventSelectors"],
    },
    Stands {
        without: "cloudformation:ListStackResources",
        requirement: "cw-alarms-security-coverage",
        on: &["cloudtrail:GetEventSelectors"],
    },
    // A filter on a log group that an output names, which is the deployment's without the listing; the trail is the only one.
    Stands {
        without: "cloudformation:ListStackResources",
        requirement: "cw-access-anomaly-tracking",
        on: &["logs:DescribeMetricFilters"],
    },
    // Filter, band and detector are three means, of which one is enough. Without the trail no filter is judged, and the
    // band is left, which rests on the alarms alone.
    Stands {
        without: "cloudtrail:DescribeTrails",
        requirement: "cw-access-anomaly-tracking",
        on: &["cloudwatch:DescribeAlarms"],
    },
    // A filter is enough without a band and without a detector.
    Stands {
        without: "cloudwatch:DescribeAlarms",
        requirement: "cw-access-anomaly-tracking",
        on: &["logs:DescribeMetricFilters"],
    },
    Stands {
        without: "cloudwatch:DescribeAnomalyDetectors",
        requirement: "cw-access-anomaly-tracking",
        on: &["logs:DescribeMetricFilters"],
    },
    Stands {
        without: "logs:ListLogAnomalyDetectors",
        requirement: "cw-access-anomaly-tracking",
        on: &["logs:DescribeMetricFilters"],
    },
    // A band is enough without a filter.
    Stands {
        without: "logs:DescribeMetricFilters",
        requirement: "cw-access-anomaly-tracking",
        on: &["cloudwatch:DescribeAlarms"],
    },
    // Validated files, a locked bucket and a subscription of another account are copies, of which one is enough.
    Stands {
        without: "cloudtrail:GetTrailStatus",
        requirement: "logs-tamper-resistant",
        on: &["s3:GetObjectLockConfiguration"],
    },
    Stands {
        without: "s3:GetObjectLockConfiguration",
        requirement: "logs-tamper-resistant",
        on: &["cloudtrail:GetTrailStatus"],
    },
    Stands {
        without: "logs:DescribeSubscriptionFilters",
        requirement: "logs-tamper-resistant",
        on: &["cloudtrail:GetTrailStatus"],
    },
    // What the bucket answers of itself shows that it is there.
    Stands {
        without: "s3:GetBucketLocation",
        requirement: "cloudtrail-bucket-protected",
        on: &["s3:GetBucketVersioning"],
    },
    // The list of subscriptions decides; what a filter policy may drop is a remark, and that it was not read is one too.
    Stands {
        without: "sns:GetSubscriptionAttributes",
        requirement: "sns-subscription-confirmed",
        on: &["sns:ListSubscriptionsByTopic"],
    },
    // A rule that takes violations to a topic is enough, whatever the channel tells and whether alarms would stand in; its
    // pattern names no rule of AWS Config.
    Stands {
        without: "configservice:DescribeConfigurationRecorders",
        requirement: "compliance-violation-alert-routed",
        on: &["eventbridge:ListTargetsByRule"],
    },
    Stands {
        without: "configservice:DescribeConfigurationRecorderStatus",
        requirement: "compliance-violation-alert-routed",
        on: &["eventbridge:ListTargetsByRule"],
    },
    Stands {
        without: "configservice:DescribeDeliveryChannels",
        requirement: "compliance-violation-alert-routed",
        on: &["eventbridge:ListTargetsByRule"],
    },
    Stands {
        without: "configservice:DescribeConfigRules",
        requirement: "compliance-violation-alert-routed",
        on: &["eventbridge:ListTargetsByRule"],
    },
];

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
    let listed = STANDS.iter().filter(|stands| stands.without == operation);
    let mut fitting = listed.filter(|stands| stands.requirement == "*" || stands.requirement == requirement);
    let by_name = EXISTENCE.contains(&operation) && BY_NAME.contains(&requirement);
    by_name || fitting.any(|stands| stands.on.iter().any(|name| cites.contains(*name)))
}
