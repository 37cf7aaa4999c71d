//! The stack, its outputs, its template, names and tags.

use serde_json::json;
use tap_audit::replay::Answer;

use super::super::{Error, FILE, Fail, Mutation, Pass, STACK};
use super::{APPLICATION_LOG, forget};
use crate::alter::{self, Setup};

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation {
        requirement: "stack-region-as-specified",
        change: |setup| {
            setup.everywhere("eu-west-2", "us-east-1");
            // us-east-1 is the region without a name.
            setup.replace("s3", "GetBucketLocation", ">us-east-1<", "><");
        },
        flips: &[("stack-region-as-specified", STACK, Fail)],
        says: "in us-east-1: AWS::CloudFormation::Stack TapStackdev",
    },
    Mutation {
        requirement: "stack-outputs-resolve-live",
        change: |setup| {
            let (of_file, of_today) =
                ("/log-group-application-dev</OutputValue>", "/log-group-workload-dev</OutputValue>");
            setup.replace("cloudformation", "DescribeStacks", of_file, of_today);
        },
        flips: &[("stack-outputs-resolve-live", FILE, Fail)],
        says: "`ApplicationLogGroupName` has another value on the stack: the file is stale",
    },
    Mutation {
        requirement: "stack-outputs-no-secrets",
        change: |setup| setup.output("PagerEndpoint", "https://on-call:made-up-41@pager.clinic.example/alerts"),
        flips: &[("stack-outputs-no-secrets", FILE, Fail)],
        says: "`PagerEndpoint` of the outputs looks like a URL with a password in it",
    },
    Mutation {
        requirement: "stack-managed-by-cloudformation",
        change: |setup| {
            let by_hand = "<member>WriteTrailLog</member><member>AddedByHand</member>";
            setup.replace("iam", "ListRolePolicies", "<member>WriteTrailLog</member>", by_hand);
            // It adds nothing to what the role may do anyway.
            let added = setup.recorded("iam", "GetRolePolicy", "WriteTrailLog").replace("WriteTrailLog", "AddedByHand");
            let asked = [("RoleName", "role-trail-log-dev"), ("PolicyName", "AddedByHand")];
            setup.answer("iam", "GetRolePolicy", &asked, Answer::ok(added));
        },
        flips: &[("stack-managed-by-cloudformation", STACK, Fail)],
        says: "inline policy AddedByHand of role role-trail-log-dev does not come from the template",
    },
    Mutation {
        requirement: "stack-drift-in-sync",
        change: |setup| {
            setup.edit("cloudformation", "DescribeStacks", |body| {
                let checked = "DRIFTED</StackDriftStatus><LastCheckTimestamp>2026-10-31T06:00:00Z</LastCheckTimestamp>";
                body.replace("NOT_CHECKED</StackDriftStatus>", checked)
            });
            setup.edit("cloudformation", "ListStackResources", |body| {
                body.replacen("NOT_CHECKED</StackResourceDriftStatus>", "MODIFIED</StackResourceDriftStatus>", 1)
            });
        },
        flips: &[("stack-drift-in-sync", STACK, Fail)],
        says: "DRIFTED at 2026-10-31T06:00:00Z: AlertKey MODIFIED",
    },
    Mutation {
        requirement: "stack-template-format",
        // A comment is all that keeps JSON from being JSON; the rest is YAML already.
        change: |setup| {
            let commented = "<TemplateBody># kept by the platform team\n";
            setup.replace("cloudformation", "GetTemplate", "<TemplateBody>", commented);
        },
        flips: &[("stack-template-format", STACK, Fail)],
        says: "the template is written in YAML",
    },
    Mutation {
        requirement: "stack-status-complete",
        change: |setup| {
            let (from, to) = ("<StackStatus>CREATE_COMPLETE<", "<StackStatus>UPDATE_ROLLBACK_FAILED<");
            setup.replace("cloudformation", "DescribeStacks", from, to);
        },
        flips: &[("stack-status-complete", STACK, Fail)],
        says: "the stack's status is UPDATE_ROLLBACK_FAILED",
    },
    Mutation {
        requirement: "stack-services-complete",
        // Somebody made the dashboard by hand, and the stack does not hold it.
        change: |setup| {
            setup.edit("cloudformation", "ListStackResources", |body| {
                alter::with_members(body, |member| !member.contains("AWS::CloudWatch::Dashboard"))
            });
            setup.template(|template| forget(&mut template["Resources"], "Dashboard"));
        },
        flips: &[("stack-services-complete", STACK, Fail)],
        says: "no live AWS::CloudWatch::Dashboard",
    },
    Mutation {
        requirement: "stack-hipaa-eligible-services",
        change: |setup| setup.member("DrillFleet", "AWS::GameLift::Fleet", "fleet-0b1c2d3e"),
        flips: &[
            ("stack-hipaa-eligible-services", STACK, Fail),
            // Whether such a fleet can be reached is not known either.
            ("no-public-endpoints", STACK, Error),
        ],
        says: "GameLift is not eligible (AWS::GameLift::Fleet)",
    },
    Mutation {
        requirement: "stack-params-secret-noecho",
        change: |setup| parameter(setup, "made-up-token-41", &json!({ "Type": "String" })),
        flips: &[("stack-params-secret-noecho", STACK, Fail)],
        says: "parameter PagerToken is readable in clear",
    },
    Mutation {
        requirement: "stack-params-no-secret-default",
        change: |setup| {
            let declared = json!({ "Type": "String", "NoEcho": true, "Default": "made-up-default" });
            parameter(setup, "****", &declared);
        },
        flips: &[
            ("stack-params-no-secret-default", STACK, Fail),
            // There is a secret parameter now, and it is masked.
            ("stack-params-secret-noecho", STACK, Pass),
        ],
        says: "parameter PagerToken has a literal default",
    },
    Mutation {
        requirement: "stack-no-retain-policies",
        change: |setup| {
            setup.template(|template| template["Resources"]["AuditTrailLogGroup"]["DeletionPolicy"] = json!("Retain"));
        },
        flips: &[("stack-no-retain-policies", STACK, Fail)],
        says: "AuditTrailLogGroup (AWS::Logs::LogGroup) has DeletionPolicy Retain",
    },
    Mutation {
        requirement: "stack-destroyable-no-blockers",
        change: |setup| {
            let (from, to) = ("<EnableTerminationProtection>false<", "<EnableTerminationProtection>true<");
            setup.replace("cloudformation", "DescribeStacks", from, to);
        },
        flips: &[("stack-destroyable-no-blockers", STACK, Fail)],
        says: "termination protection of the stack is on",
    },
    Mutation {
        requirement: "naming-environment-suffix",
        change: |setup| setup.replace("kms", "ListAliases", "alias/key-logs-dev", "alias/key-logs"),
        flips: &[
            ("naming-environment-suffix", STACK, Fail),
            // The suffix is a part of the convention.
            ("naming-convention-type-suffix", STACK, Fail),
        ],
        says: "1 of 34 names does not hold `dev`: key alias `alias/key-logs`",
    },
    Mutation {
        requirement: "naming-convention-type-suffix",
        change: |setup| setup.replace("kms", "ListAliases", "alias/key-logs-dev", "alias/dev-key-logs"),
        flips: &[("naming-convention-type-suffix", STACK, Fail)],
        says: "1 of 34 names does not follow the convention: key alias `alias/dev-key-logs`",
    },
    Mutation {
        requirement: "tag-compliance-tracking",
        change: |setup| {
            let group = "arn:aws:logs:eu-west-2:123456789012:log-group:/healthcare/log-group-application-dev";
            setup.json_of("logs", "ListTagsForResource", group, |answer| {
                forget(&mut answer["tags"], "DataClassification");
            });
        },
        flips: &[("tag-compliance-tracking", APPLICATION_LOG, Fail)],
        says: "no tag `DataClassification`",
    },
    Mutation {
        requirement: "iam-no-access-keys-for-stack",
        change: |setup| setup.member("PagerUser", "AWS::IAM::User", "user-pager-dev"),
        flips: &[("iam-no-access-keys-for-stack", STACK, Fail)],
        says: "PagerUser",
    },
];

/// Gives the stack a parameter with a secret.
fn parameter(setup: &mut Setup, value: &str, declared: &serde_json::Value) {
    let end = "</Parameters>";
    let set = format!(
        "<member><ParameterKey>PagerToken</ParameterKey><ParameterValue>{value}</ParameterValue></member>{end}"
    );
    setup.replace("cloudformation", "DescribeStacks", end, &set);
    let hidden = declared["NoEcho"] == true;
    let summary = format!("<member><ParameterKey>PagerToken</ParameterKey><NoEcho>{hidden}</NoEcho></member>{end}");
    setup.replace("cloudformation", "GetTemplateSummary", end, &summary);
    setup.template(|template| template["Parameters"]["PagerToken"] = declared.clone());
}
