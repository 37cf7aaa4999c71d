//! The mutations of requirements about the API, the firewall before it and the load balancer behind it.

use serde_json::{Value, json};

use super::super::{Fail, Mutation, NotApplicable, STACK};
use super::API;
use crate::alter::Setup;

pub(super) const FIREWALL: &str = "AWS::WAFv2::WebACL \
    arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/web-acl-dev/dd18adda-1f77-46db-a365-abe318c6b115";
const LOAD_BALANCER: &str = "AWS::ElasticLoadBalancingV2::LoadBalancer \
    arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/net/nlb-dev/6f1c2d3e4b5a6978";

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation {
        requirement: "apigw-rest-api-deployed",
        change: |setup| setup.json("apigateway", "GetRestApi", |answer| answer["apiStatus"] = json!("FAILED")),
        flips: &[("apigw-rest-api-deployed", API, Fail)],
        says: "FAILED",
    },
    Mutation {
        requirement: "apigw-waf-associated",
        change: |setup| {
            of_stage(setup, |stage| {
                stage.as_object_mut().expect("a stage").remove("webAclArn");
            });
            setup.json("wafv2", "GetWebACLForResource", |answer| *answer = json!({}));
        },
        flips: &[
            ("apigw-waf-associated", API, Fail),
            // The web ACL that is left stands in front of nothing, so nothing limits or filters; what it logs matters not.
            ("waf-rate-based-rule", FIREWALL, Fail),
            ("waf-request-filtering-rules", FIREWALL, Fail),
            ("waf-logging-enabled", FIREWALL, NotApplicable),
        ],
        says: "stage stage-dev",
    },
    Mutation {
        requirement: "apigw-throttling",
        // The account's own limits, which the console fills in.
        change: |setup| {
            of_all_methods(setup, "throttlingRateLimit", json!(10000.0));
            of_all_methods(setup, "throttlingBurstLimit", json!(5000));
        },
        flips: &[("apigw-throttling", API, Fail)],
        says: "stage-dev",
    },
    Mutation {
        requirement: "apigw-access-logging",
        change: |setup| {
            of_stage(setup, |stage| {
                stage.as_object_mut().expect("a stage").remove("accessLogSettings");
            });
        },
        flips: &[("apigw-access-logging", API, Fail)],
        says: "stage-dev",
    },
    Mutation {
        requirement: "apigw-execution-logging",
        change: |setup| of_all_methods(setup, "loggingLevel", json!("OFF")),
        flips: &[("apigw-execution-logging", API, Fail)],
        says: "stage stage-dev writes no execution log",
    },
    Mutation {
        requirement: "apigw-data-trace-off",
        change: |setup| of_all_methods(setup, "dataTraceEnabled", json!(true)),
        flips: &[("apigw-data-trace-off", API, Fail)],
        says: "stage-dev",
    },
    Mutation {
        requirement: "apigw-authorization",
        change: |setup| of_method(setup, |method| method["authorizationType"] = json!("NONE")),
        flips: &[("apigw-authorization", API, Fail)],
        says: "/{proxy+}",
    },
    Mutation {
        requirement: "apigw-integration-private-tls",
        change: |setup| {
            of_method(setup, |method| {
                method["methodIntegration"]["uri"] = json!("http://records.clinic.example/{proxy}");
            });
        },
        flips: &[("apigw-integration-private-tls", API, Fail)],
        says: "calls records.clinic.example in clear",
    },
    Mutation {
        requirement: "apigw-cache-encrypted",
        change: |setup| {
            of_stage(setup, |stage| {
                stage["cacheClusterEnabled"] = json!(true);
                stage["cacheClusterSize"] = json!("0.5");
                stage["cacheClusterStatus"] = json!("AVAILABLE");
            });
            of_all_methods(setup, "cachingEnabled", json!(true));
        },
        flips: &[("apigw-cache-encrypted", API, Fail)],
        says: "stage-dev",
    },
    Mutation {
        requirement: "load-balancer-internal",
        change: |setup| {
            let (from, to) = ("<Scheme>internal<", "<Scheme>internet-facing<");
            setup.replace("elasticloadbalancingv2", "DescribeLoadBalancers", from, to);
        },
        flips: &[("load-balancer-internal", LOAD_BALANCER, Fail)],
        says: "internet-facing",
    },
    Mutation {
        requirement: "waf-rate-based-rule",
        change: |setup| of_rule(setup, "rate-limit", |rule| rule["Action"] = json!({"Count": {}})),
        flips: &[("waf-rate-based-rule", FIREWALL, Fail)],
        says: "rate-limit",
    },
    Mutation {
        requirement: "waf-request-filtering-rules",
        change: |setup| {
            for rule in ["ip-reputation", "common-rules", "known-bad-inputs", "sql-injection"] {
                of_rule(setup, rule, |rule| rule["OverrideAction"] = json!({"Count": {}}));
            }
        },
        flips: &[("waf-request-filtering-rules", FIREWALL, Fail)],
        says: "common-rules",
    },
    Mutation {
        requirement: "waf-logging-enabled",
        change: |setup| {
            setup.json("wafv2", "GetLoggingConfiguration", |answer| {
                answer["LoggingConfiguration"]["LoggingFilter"] = json!({"DefaultBehavior": "DROP", "Filters": [{
                    "Behavior": "KEEP", "Requirement": "MEETS_ANY",
                    "Conditions": [{"ActionCondition": {"Action": "COUNT"}}],
                }]});
            });
        },
        flips: &[("waf-logging-enabled", FIREWALL, Fail)],
        says: "no filter keeps the blocked ones",
    },
    Mutation {
        requirement: "transit-tls12-minimum",
        change: |setup| {
            let (from, to) = ("ELBSecurityPolicy-TLS13-1-2-2021-06", "ELBSecurityPolicy-2016-08");
            setup.replace("elasticloadbalancingv2", "DescribeListeners", from, to);
        },
        flips: &[("transit-tls12-minimum", STACK, Fail)],
        says: "ELBSecurityPolicy-2016-08",
    },
];

/// Changes the stage.
pub(super) fn of_stage(setup: &mut Setup, change: impl Fn(&mut Value)) {
    setup.json("apigateway", "GetStages", |answer| change(&mut answer["item"][0]));
}

#[expect(clippy::needless_pass_by_value, reason = "the rows of the table read better with json!(..)")]
fn of_all_methods(setup: &mut Setup, setting: &str, value: Value) {
    of_stage(setup, |stage| stage["methodSettings"]["*/*"][setting] = value.clone());
}

/// Changes the one method.
pub(super) fn of_method(setup: &mut Setup, change: impl Fn(&mut Value)) {
    setup.json("apigateway", "GetResources", |answer| change(&mut answer["item"][1]["resourceMethods"]["ANY"]));
}

/// Changes a rule of the web ACL, as it is answered for itself and for the stage.
fn of_rule(setup: &mut Setup, name: &str, change: impl Fn(&mut Value)) {
    for operation in ["GetWebACL", "GetWebACLForResource"] {
        setup.json("wafv2", operation, |answer| {
            let rules = answer["WebACL"]["Rules"].as_array_mut().expect("rules");
            rules.iter_mut().filter(|rule| rule["Name"] == name).for_each(&change);
        });
    }
}
