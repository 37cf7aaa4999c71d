//! The mutations of requirements about the stack, its outputs, its template and its names.

use super::super::{FILE, Fail, Mutation, Pass, STACK};
use crate::alter::Setup;
use tap_audit::replay::Answer;

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation {
        requirement: "stack-region-as-specified",
        // ARNs name the findings' subjects and the region too, so the stack stays and the client's words differ.
        change: |setup| {
            setup.in_profile = Some((r#"expected_region = "eu-central-1""#, r#"expected_region = "eu-west-1""#));
        },
        flips: &[("stack-region-as-specified", STACK, Fail)],
        says: "eu-central-1",
    },
    Mutation {
        requirement: "stack-outputs-resolve-live",
        change: |setup| {
            let (of_file, of_today) =
                ("/meditech/application-logs-dev</OutputValue>", "/meditech/renamed</OutputValue>");
            setup.replace("cloudformation", "DescribeStacks", of_file, of_today);
        },
        flips: &[("stack-outputs-resolve-live", FILE, Fail)],
        says: "`ApplicationLogGroupName` has another value on the stack: the file is stale",
    },
    Mutation {
        requirement: "stack-outputs-no-secrets",
        change: |setup| {
            setup.output("DatabaseUrl", "postgres://records:made-up-41@aurora-cluster-dev.internal/records");
        },
        flips: &[("stack-outputs-no-secrets", FILE, Fail)],
        says: "DatabaseUrl",
    },
    Mutation {
        requirement: "stack-managed-by-cloudformation",
        change: |setup| {
            let by_hand = "<member>trail-policy-dev</member><member>AddedByHand</member>";
            setup.replace("iam", "ListRolePolicies", "<member>trail-policy-dev</member>", by_hand);
            // It adds nothing to what the role may do anyway.
            let added = setup.recorded("iam", "GetRolePolicy", "trail-policy-dev");
            let added = added.replace("trail-policy-dev", "AddedByHand");
            let asked = [("RoleName", "trail-role-dev"), ("PolicyName", "AddedByHand")];
            setup.answer("iam", "GetRolePolicy", &asked, Answer::ok(added));
        },
        flips: &[("stack-managed-by-cloudformation", STACK, Fail)],
        says: "inline policy AddedByHand of role trail-role-dev does not come from the template",
    },
    Mutation {
        requirement: "stack-template-format",
        change: |setup| {
            setup.edit("cloudformation", "GetTemplate", |body| {
                let (start, rest) = body.split_once("Description: &gt;-").expect("the description");
                let (_, after) = rest.split_once("\n\n").expect("its end");
                format!("{start}{after}")
            });
        },
        flips: &[("stack-template-format", STACK, Fail)],
        says: "the template has no Description",
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
        // The gateways were deleted by hand, and the stack was told to skip them.
        change: |setup| {
            setup.edit("cloudformation", "ListStackResources", |body| {
                without_members(body, "<ResourceType>AWS::EC2::NatGateway</ResourceType>")
            });
        },
        flips: &[("stack-services-complete", STACK, Fail)],
        says: "no live AWS::EC2::NatGateway",
    },
    Mutation {
        requirement: "stack-params-secret-noecho",
        change: |setup| database_password(setup, "made-up-Passw0rd-41", "NoEcho: false\n    Type: String"),
        flips: &[("stack-params-secret-noecho", STACK, Fail)],
        says: "parameter DatabasePassword is readable in clear",
    },
    Mutation {
        requirement: "stack-params-no-secret-default",
        change: |setup| database_password(setup, "****", "NoEcho: true\n    Type: String\n    Default: made-up-41"),
        flips: &[
            ("stack-params-no-secret-default", STACK, Fail),
            // There is a parameter with a secret name now, and it is not shown.
            ("stack-params-secret-noecho", STACK, Pass),
        ],
        says: "parameter DatabasePassword has a literal default",
    },
    Mutation {
        requirement: "stack-no-retain-policies",
        change: |setup| {
            let (from, to) =
                ("    DependsOn: DatabaseLogGroup\n    DeletionPolicy: Delete", "    DeletionPolicy: Retain");
            setup.template_text(from, to);
        },
        flips: &[("stack-no-retain-policies", STACK, Fail)],
        says: "DatabaseCluster",
    },
    Mutation {
        requirement: "stack-destroyable-no-blockers",
        change: |setup| {
            let (off, on) = ("<DeletionProtection>false<", "<DeletionProtection>true<");
            setup.replace("rds", "DescribeDBClusters", off, on);
        },
        flips: &[("stack-destroyable-no-blockers", STACK, Fail)],
        says: "aurora-cluster-dev",
    },
    Mutation {
        requirement: "naming-environment-suffix",
        change: |setup| setup.replace("kms", "ListAliases", "alias/redis-key-dev", "alias/redis-key"),
        flips: &[
            ("naming-environment-suffix", STACK, Fail),
            // The suffix is a part of the convention.
            ("naming-convention-type-suffix", STACK, Fail),
        ],
        says: "1 of 32 names does not hold `dev`: key alias `alias/redis-key`",
    },
    Mutation {
        requirement: "naming-convention-type-suffix",
        change: |setup| setup.replace("kms", "ListAliases", "alias/redis-key-dev", "alias/dev-redis-key"),
        flips: &[("naming-convention-type-suffix", STACK, Fail)],
        says: "1 of 32 names does not follow the convention: key alias `alias/dev-redis-key`",
    },
];

/// Gives the stack a parameter DatabasePassword, with the value that CloudFormation shows and this declaration.
pub(super) fn database_password(setup: &mut Setup, shown: &str, declaration: &str) {
    let is = format!(
        "<Parameters>\n<member><ParameterKey>DatabasePassword</ParameterKey>\
         <ParameterValue>{shown}</ParameterValue></member>"
    );
    setup.replace("cloudformation", "DescribeStacks", "<Parameters>", &is);
    let hidden = declaration.contains("NoEcho: true");
    let summary = format!(
        "<Parameters>\n<member><ParameterKey>DatabasePassword</ParameterKey><NoEcho>{hidden}</NoEcho>\
         <ParameterType>String</ParameterType></member>"
    );
    setup.replace("cloudformation", "GetTemplateSummary", "<Parameters>", &summary);
    let declared = format!("\nParameters:\n  DatabasePassword:\n    {declaration}\n");
    setup.template_text("\nParameters:\n", &declared);
}

/// A listing without those members that hold this.
fn without_members(listing: &str, unwanted: &str) -> String {
    crate::alter::with_members(listing, |member| !member.contains(unwanted))
}
