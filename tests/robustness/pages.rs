//! Lists in pages: what is on a page that was not read cannot be said to be missing.

use tap_audit::replay::{Account, Answer, Replay};
use tap_audit_checks::report::{Report, Status};

use crate::harness;
use crate::sweep::{self, Recorded};

/// A list that comes in pages: where its answer ends, how an answer names the next page and how a request does.
struct Paged {
    /// The directory of the account that conforms.
    account: &'static str,
    service: &'static str,
    operation: &'static str,
    arguments: &'static [(&'static str, &'static str)],
    /// What is replaced in the recorded answer, and by what; the star is the token.
    more: (&'static str, &'static str),
    argument: &'static str,
    /// The last page, empty.
    last: &'static str,
    /// A requirement that rests on the list.
    requirement: &'static str,
}

const STACK: &str =
    "arn:aws:cloudformation:us-east-2:123456789012:stack/TapStackdev/34f2881d-bd6c-4c62-9892-2594decee5a1";

const PAGED: &[Paged] = &[
    Paged {
        account: "conforming",
        service: "kms",
        operation: "ListAliases",
        arguments: &[("KeyId", "2f7cd16b-9108-4449-9e99-4b9f51829047")],
        more: (r#""Truncated": false"#, r#""Truncated": true, "NextMarker": "*""#),
        argument: "Marker",
        last: r#"{"Aliases": [], "Truncated": false}"#,
        requirement: "kms-alias-present",
    },
    Paged {
        account: "conforming",
        service: "lambda",
        operation: "ListFunctionUrlConfigs",
        arguments: &[("FunctionName", harness::FUNCTION)],
        more: (r#""FunctionUrlConfigs": []"#, r#""FunctionUrlConfigs": [], "NextMarker": "*""#),
        argument: "Marker",
        last: r#"{"FunctionUrlConfigs": []}"#,
        requirement: "lambda-no-public-url",
    },
    Paged {
        account: "conforming",
        service: "logs",
        operation: "DescribeLogGroups",
        arguments: &[("logGroupNamePrefix", harness::LOG_GROUP)],
        more: (r#""logGroups": ["#, r#""nextToken": "*", "logGroups": ["#),
        argument: "nextToken",
        last: r#"{"logGroups": []}"#,
        requirement: "logs-retention-90-days",
    },
    Paged {
        account: "conforming",
        service: "iam",
        operation: "ListRolePolicies",
        arguments: &[("RoleName", harness::ROLE)],
        more: ("<IsTruncated>false</IsTruncated>", "<IsTruncated>true</IsTruncated><Marker>*</Marker>"),
        argument: "Marker",
        last: "<ListRolePoliciesResponse><ListRolePoliciesResult><PolicyNames/><IsTruncated>false</IsTruncated>\
               </ListRolePoliciesResult></ListRolePoliciesResponse>",
        requirement: "stack-managed-by-cloudformation",
    },
    Paged {
        account: "conforming",
        service: "cloudformation",
        operation: "ListStackResources",
        arguments: &[("StackName", STACK)],
        more: ("</StackResourceSummaries>", "</StackResourceSummaries><NextToken>*</NextToken>"),
        argument: "NextToken",
        last: "<ListStackResourcesResponse><ListStackResourcesResult><StackResourceSummaries/>\
               </ListStackResourcesResult></ListStackResourcesResponse>",
        requirement: "stack-managed-by-cloudformation",
    },
    Paged {
        account: "meditech",
        service: "apigateway",
        operation: "GetResources",
        arguments: &[("Path", "restapis/d81d8cfb/resources"), ("embed", "methods"), ("limit", "500")],
        more: (r#""item": ["#, r#""position": "*", "item": ["#),
        argument: "position",
        last: r#"{"item": []}"#,
        requirement: "apigw-authorization",
    },
    Paged {
        account: "meditech",
        service: "apigateway",
        operation: "GetVpcLinks",
        arguments: &[("Path", "vpclinks")],
        more: (r#""item": ["#, r#""position": "*", "item": ["#),
        argument: "position",
        last: r#"{"item": []}"#,
        requirement: "apigw-integration-private-tls",
    },
    Paged {
        account: "meditech",
        service: "efs",
        operation: "DescribeMountTargets",
        arguments: &[("FileSystemId", "fs-a87c4eec0a52af6f4"), ("Path", "mount-targets")],
        more: (r#""MountTargets": ["#, r#""NextMarker": "*", "MountTargets": ["#),
        argument: "Marker",
        last: r#"{"MountTargets": []}"#,
        requirement: "efs-mount-targets-private-multi-az",
    },
    Paged {
        account: "meditech",
        service: "ec2",
        operation: "DescribeRouteTables",
        arguments: &[("Filter.1.Name", "vpc-id"), ("Filter.1.Value.1", "vpc-090f21b5309633b56")],
        more: ("</routeTableSet>", "</routeTableSet><nextToken>*</nextToken>"),
        argument: "NextToken",
        last: "<DescribeRouteTablesResponse><routeTableSet/></DescribeRouteTablesResponse>",
        requirement: "vpc-public-private-subnets-multi-az",
    },
    Paged {
        account: "meditech",
        service: "ec2",
        operation: "DescribeNatGateways",
        arguments: &[("Filter.1.Name", "vpc-id"), ("Filter.1.Value.1", "vpc-090f21b5309633b56")],
        more: ("</natGatewaySet>", "</natGatewaySet><nextToken>*</nextToken>"),
        argument: "NextToken",
        last: "<DescribeNatGatewaysResponse><natGatewaySet/></DescribeNatGatewaysResponse>",
        requirement: "vpc-nat-gateway-available",
    },
    Paged {
        account: "meditech",
        service: "ec2",
        operation: "DescribeFlowLogs",
        arguments: &[],
        more: ("</flowLogSet>", "</flowLogSet><nextToken>*</nextToken>"),
        argument: "NextToken",
        last: "<DescribeFlowLogsResponse><flowLogSet/></DescribeFlowLogsResponse>",
        requirement: "vpc-flow-logs-enabled",
    },
    Paged {
        account: "monitoring",
        service: "logs",
        operation: "DescribeMetricFilters",
        arguments: &[],
        more: (r#""metricFilters": ["#, r#""nextToken": "*", "metricFilters": ["#),
        argument: "nextToken",
        last: r#"{"metricFilters": []}"#,
        requirement: "cw-alarms-security-coverage",
    },
    Paged {
        account: "monitoring",
        service: "sns",
        operation: "ListSubscriptionsByTopic",
        arguments: &[("TopicArn", "arn:aws:sns:eu-west-2:123456789012:topic-alerts-dev")],
        more: ("</Subscriptions>", "</Subscriptions><NextToken>*</NextToken>"),
        argument: "NextToken",
        last: "<ListSubscriptionsByTopicResponse><ListSubscriptionsByTopicResult><Subscriptions/></ListSubscriptionsByTopicResult></ListSubscriptionsByTopicResponse>",
        requirement: "sns-subscription-confirmed",
    },
];

impl Paged {
    fn recorded(&self) -> &'static Recorded {
        Recorded::named(self.account)
    }

    fn answer(&self, token: &str) -> String {
        let body = sweep::bodies(&self.recorded().account, self.service, self.operation).remove(0);
        assert!(body.contains(self.more.0), "{}: {}", self.operation, self.more.0);
        body.replace(self.more.0, &self.more.1.replace('*', token))
    }

    /// The account with this answer to the request for a page; the first has no token.
    fn with(&self, account: Account, token: Option<&str>, body: &str) -> Account {
        let mut arguments = self.arguments.to_vec();
        arguments.extend(token.map(|token| (self.argument, token)));
        account.answer(self.service, self.operation, &arguments, Answer::ok(body)).expect("another answer")
    }

    fn judged(&self, replay: &Replay) -> Report {
        let report = self.recorded().judge(replay);
        assert!(replay.unrecorded().is_empty(), "{}: {:?}", self.operation, replay.unrecorded());
        report
    }

    fn is_an_error(&self, report: &Report, saying: &str) {
        let found = harness::findings(report, self.requirement);
        assert!(!found.is_empty(), "{}", self.requirement);
        let reasons: Vec<String> = found.iter().filter_map(|finding| finding.reason()).collect();
        assert!(
            found.iter().any(|finding| finding.outcome.status() == Status::Error)
                && reasons.iter().any(|reason| reason.contains(self.operation) && reason.contains(saying)),
            "{}: {:?}",
            self.operation,
            found.iter().map(|finding| harness::describe(finding)).collect::<Vec<_>>()
        );
        let operation = format!("{}:{}", self.service, self.operation);
        let faults = sweep::faults_of(self.recorded(), &operation, report, false);
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}

#[test]
fn a_second_page_that_is_read_changes_nothing() {
    for paged in PAGED {
        let account = paged.with(paged.recorded().account.clone(), None, &paged.answer("TWO"));
        let account = paged.with(account, Some("TWO"), paged.last);
        let report = paged.judged(&Replay::new(account));
        assert_eq!(harness::statuses(&report), harness::statuses(&paged.recorded().clean), "{}", paged.operation);
    }
}

#[test]
fn a_second_page_that_is_denied_makes_the_list_an_error() {
    for paged in PAGED {
        let account = paged.with(paged.recorded().account.clone(), None, &paged.answer("TWO"));
        let fault = format!("{}:{}[{}=TWO]=denied", paged.service, paged.operation, paged.argument);
        let replay = Replay::new(account).with_injection(harness::fault(&fault));
        paged.is_an_error(&paged.judged(&replay), "was not read to its end");
    }
}

#[test]
fn pages_that_lead_in_a_circle_make_the_list_an_error() {
    for paged in PAGED {
        let account = paged.with(paged.recorded().account.clone(), None, &paged.answer("TWO"));
        let itself = paged.with(account.clone(), Some("TWO"), &paged.answer("TWO"));
        paged.is_an_error(&paged.judged(&Replay::new(itself)), "names an earlier page as the next");
        let circle = paged.with(account, Some("TWO"), &paged.answer("THREE"));
        let circle = paged.with(circle, Some("THREE"), &paged.answer("TWO"));
        let replay = Replay::new(circle);
        paged.is_an_error(&paged.judged(&replay), "names an earlier page as the next");
        let asked = replay.counts()[&format!("{}:{}", paged.service, paged.operation)];
        // Each other request of the operation is asked once.
        let clean = paged.recorded().clean.calls.iter().filter(|call| call.operation == paged.operation).count() as u64;
        assert_eq!(asked, clean + 2, "{}", paged.operation);
    }
}
