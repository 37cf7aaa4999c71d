//! The API, the firewall, the tasks and what stands in their definition.

use serde_json::{Value, json};
use tap_audit::replay::Answer;

use super::super::super::{Fail, Mutation, NotApplicable, Pass, STACK};
use super::super::api::{FIREWALL, of_method, of_stage};
use super::super::containers::{of_cluster, of_container, of_service};
use super::super::secrets::DATABASE_SECRET;
use super::super::{API, CLUSTER, SERVICE, TASK_DEFINITION};
use crate::alter::{self, Setup};
use tap_audit_checks::report::Status::Error;

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation {
        requirement: "apigw-waf-associated",
        // A stage that was left over from a trial is an open door.
        change: |setup| {
            setup.json("apigateway", "GetStages", |answer| {
                let stages = answer["item"].as_array_mut().expect("stages");
                let mut trial = stages[0].clone();
                trial["stageName"] = json!("trial");
                trial.as_object_mut().expect("a stage").remove("webAclArn");
                stages.push(trial);
            });
            let arn = "arn:aws:apigateway:eu-central-1::/restapis/d81d8cfb/stages/trial";
            setup.answer("wafv2", "GetWebACLForResource", &[("ResourceArn", arn)], Answer::ok("{}"));
            no_log_group(setup, "API-Gateway-Execution-Logs_d81d8cfb/trial");
        },
        flips: &[("apigw-waf-associated", API, Fail)],
        says: "stage trial",
    },
    Mutation {
        requirement: "apigw-throttling",
        // One method without any limit.
        change: |setup| {
            of_stage(setup, |stage| {
                let mut method = stage["methodSettings"]["*/*"].clone();
                method["throttlingRateLimit"] = json!(-1.0);
                method["throttlingBurstLimit"] = json!(-1);
                stage["methodSettings"]["~1{proxy+}/ANY"] = method;
            });
        },
        flips: &[("apigw-throttling", API, Fail)],
        says: "{proxy+}",
    },
    Mutation {
        requirement: "apigw-execution-logging",
        // The levels are set, and nobody may write.
        change: |setup| {
            setup.json("apigateway", "GetAccount", |answer| {
                answer.as_object_mut().expect("an account").remove("cloudwatchRoleArn");
            });
        },
        flips: &[("apigw-execution-logging", API, Fail)],
        says: "role",
    },
    Mutation {
        requirement: "apigw-access-logging",
        // Who called is not written.
        change: |setup| {
            of_stage(setup, |stage| {
                let format = stage["accessLogSettings"]["format"].as_str().expect("a format");
                stage["accessLogSettings"]["format"] = json!(format.replace("$context.identity.sourceIp", "-"));
            });
        },
        flips: &[("apigw-access-logging", API, Fail)],
        says: "$context.identity.sourceIp",
    },
    Mutation {
        requirement: "apigw-authorization",
        change: |setup| {
            of_method(setup, |method| {
                method["authorizationType"] = json!("CUSTOM");
                method["authorizerId"] = json!("gone01");
            });
        },
        flips: &[("apigw-authorization", API, Fail)],
        says: "gone01",
    },
    Mutation {
        requirement: "apigw-integration-private-tls",
        change: |setup| {
            setup.json("apigateway", "GetVpcLinks", |answer| answer["item"][0]["status"] = json!("FAILED"));
        },
        flips: &[("apigw-integration-private-tls", API, Fail)],
        says: "4k7m2q",
    },
    Mutation {
        requirement: "apigw-integration-private-tls",
        // TLS up to the load balancer, which ends it, and not behind it.
        change: |setup| {
            let (from, to) = ("<Protocol>TLS<", "<Protocol>TCP<");
            setup.replace("elasticloadbalancingv2", "DescribeTargetGroups", from, to);
        },
        flips: &[("apigw-integration-private-tls", API, Fail)],
        says: "target-group-dev",
    },
    Mutation {
        requirement: "waf-rate-based-rule",
        change: |setup| {
            for operation in ["GetWebACL", "GetWebACLForResource"] {
                setup.json("wafv2", operation, |answer| {
                    answer["WebACL"]["Rules"][0]["Statement"]["RateBasedStatement"]["ScopeDownStatement"] = json!({
                        "GeoMatchStatement": {"CountryCodes": ["FR"]},
                    });
                });
            }
        },
        flips: &[("waf-rate-based-rule", FIREWALL, Fail)],
        says: "in a part of the traffic only",
    },
    Mutation {
        requirement: "waf-logging-enabled",
        change: |setup| {
            setup.json("wafv2", "GetLoggingConfiguration", |answer| {
                answer["LoggingConfiguration"]["LogDestinationConfigs"] =
                    json!(["arn:aws:logs:eu-central-1:123456789012:log-group:aws-waf-logs-gone"]);
            });
            no_log_group(setup, "aws-waf-logs-gone");
        },
        flips: &[
            ("waf-logging-enabled", FIREWALL, Fail),
            // Nothing more can be said of a group that is not there, nor in which stack it was.
            ("logs-retention-set", "AWS::Logs::LogGroup aws-waf-logs-gone", Error),
            ("logs-kms-encrypted", "AWS::Logs::LogGroup aws-waf-logs-gone", Error),
            ("logs-not-public", "AWS::Logs::LogGroup aws-waf-logs-gone", Error),
            ("stack-managed-by-cloudformation", STACK, Error),
        ],
        says: "aws-waf-logs-gone, which does not exist",
    },
    Mutation {
        requirement: "transit-tls12-minimum",
        // The name of the policy says 1.3, and it takes 1.1 all the same.
        change: |setup| {
            let (from, to) = ("ELBSecurityPolicy-TLS13-1-2-2021-06", "ELBSecurityPolicy-TLS13-1-1-2021-06");
            setup.replace("elasticloadbalancingv2", "DescribeListeners", from, to);
        },
        flips: &[("transit-tls12-minimum", STACK, Fail)],
        says: "ELBSecurityPolicy-TLS13-1-1-2021-06",
    },
    Mutation {
        requirement: "apigw-waf-associated",
        // A web ACL of WAF Classic, which AWS withdrew.
        change: |setup| {
            of_stage(setup, |stage| {
                stage["webAclArn"] = json!("arn:aws:waf-regional:eu-central-1:123456789012:webacl/dd18adda-1f77-46db");
            });
            setup.json("wafv2", "GetWebACLForResource", |answer| *answer = json!({}));
        },
        flips: &[
            ("apigw-waf-associated", API, Fail),
            // The web ACL of today's WAF stands in front of nothing.
            ("waf-rate-based-rule", FIREWALL, Fail),
            ("waf-request-filtering-rules", FIREWALL, Fail),
            ("waf-logging-enabled", FIREWALL, NotApplicable),
        ],
        says: "waf-regional",
    },
    Mutation {
        requirement: "apigw-authorization",
        // Requests that are no preflights, because the back end answers them.
        change: |setup| {
            setup.json("apigateway", "GetResources", |answer| {
                let methods = &mut answer["item"][1]["resourceMethods"];
                let mut options = methods["ANY"].clone();
                options["httpMethod"] = json!("OPTIONS");
                options["authorizationType"] = json!("NONE");
                methods["OPTIONS"] = options;
            });
        },
        flips: &[("apigw-authorization", API, Fail)],
        says: "OPTIONS /{proxy+}",
    },
    Mutation {
        requirement: "apigw-integration-private-tls",
        // By TLS, and past the VPC link: an integration without a connection type goes over the internet.
        change: |setup| {
            of_method(setup, |method| {
                let integration = method["methodIntegration"].as_object_mut().expect("an integration");
                integration.remove("connectionType");
                integration.remove("connectionId");
                let host = "nlb-dev-soh3b108.eu-central-1.elb.amazonaws.com";
                integration.insert("uri".into(), json!(format!("https://{host}/{{proxy}}")));
            });
        },
        flips: &[("apigw-integration-private-tls", API, Fail)],
        says: "nlb-dev-soh3b108.eu-central-1.elb.amazonaws.com",
    },
    Mutation {
        requirement: "apigw-data-trace-off",
        // For one method, while somebody looked for an error.
        change: |setup| {
            of_stage(setup, |stage| {
                let mut method = stage["methodSettings"]["*/*"].clone();
                method["dataTraceEnabled"] = json!(true);
                stage["methodSettings"]["~1{proxy+}/ANY"] = method;
            });
        },
        flips: &[("apigw-data-trace-off", API, Fail)],
        says: "{proxy+}",
    },
    Mutation {
        requirement: "waf-rate-based-rule",
        // Nothing gets as far as the rule.
        change: |setup| {
            for operation in ["GetWebACL", "GetWebACLForResource"] {
                setup.json("wafv2", operation, |answer| {
                    let rules = answer["WebACL"]["Rules"].as_array_mut().expect("rules");
                    for rule in rules.iter_mut() {
                        rule["Priority"] = json!(rule["Priority"].as_i64().expect("a number") + 1);
                    }
                    rules.insert(
                        0,
                        json!({
                            "Name": "let-all-in", "Priority": 0, "Action": {"Allow": {}},
                            "Statement": {"ByteMatchStatement": {
                                "SearchString": "Lw==", "FieldToMatch": {"UriPath": {}},
                                "TextTransformations": [{"Priority": 0, "Type": "NONE"}],
                                "PositionalConstraint": "STARTS_WITH",
                            }},
                            "VisibilityConfig": {
                                "CloudWatchMetricsEnabled": true, "SampledRequestsEnabled": false, "MetricName": "all",
                            },
                        }),
                    );
                });
            }
        },
        flips: &[("waf-rate-based-rule", FIREWALL, Fail), ("waf-request-filtering-rules", FIREWALL, Fail)],
        says: "rule let-all-in lets every request through",
    },
    Mutation {
        requirement: "waf-request-filtering-rules",
        // Each rule of the one group that is left is set to count.
        change: |setup| {
            for operation in ["GetWebACL", "GetWebACLForResource"] {
                setup.json("wafv2", operation, |answer| {
                    let rules = answer["WebACL"]["Rules"].as_array_mut().expect("rules");
                    rules.retain(|rule| rule["Name"] == "rate-limit" || rule["Name"] == "common-rules");
                    rules[1]["Statement"]["ManagedRuleGroupStatement"]["RuleActionOverrides"] = json!([
                        {"Name": "NoUserAgent_HEADER", "ActionToUse": {"Count": {}}},
                        {"Name": "SizeRestrictions_BODY", "ActionToUse": {"Count": {}}},
                    ]);
                });
            }
            let group = json!({"Capacity": 700, "Rules": [
                {"Name": "NoUserAgent_HEADER", "Action": {"Block": {}}},
                {"Name": "SizeRestrictions_BODY", "Action": {"Block": {}}},
            ]});
            let asked = [("Name", "AWSManagedRulesCommonRuleSet"), ("Scope", "REGIONAL"), ("VendorName", "AWS")];
            setup.answer("wafv2", "DescribeManagedRuleGroup", &asked, Answer::ok(group.to_string()));
        },
        flips: &[("waf-request-filtering-rules", FIREWALL, Fail)],
        says: "common-rules",
    },
    Mutation {
        requirement: "ecs-service-fargate",
        // Most tasks on Fargate, and some on hosts.
        change: |setup| {
            of_service(setup, |service| {
                service.as_object_mut().expect("a service").remove("launchType");
                service["capacityProviderStrategy"] = json!([
                    {"capacityProvider": "FARGATE", "weight": 9, "base": 1},
                    {"capacityProvider": "hosts-dev", "weight": 1, "base": 0},
                ]);
            });
        },
        flips: &[("ecs-service-fargate", SERVICE, Fail)],
        says: "hosts-dev",
    },
    Mutation {
        requirement: "ecs-autoscaling-target",
        // The numbers are right, and nothing is started any more.
        change: |setup| {
            setup.json("applicationautoscaling", "DescribeScalableTargets", |answer| {
                answer["ScalableTargets"][0]["SuspendedState"]["DynamicScalingOutSuspended"] = json!(true);
            });
        },
        flips: &[("ecs-autoscaling-target", SERVICE, Fail)],
        says: "suspended",
    },
    Mutation {
        requirement: "ecs-autoscaling-policy",
        // Steps that no alarm triggers, and a forecast that nothing follows.
        change: |setup| {
            setup.json("applicationautoscaling", "DescribeScalingPolicies", |answer| {
                let policies = answer["ScalingPolicies"].as_array_mut().expect("policies");
                for policy in policies.iter_mut() {
                    policy.as_object_mut().expect("a policy").remove("TargetTrackingScalingPolicyConfiguration");
                    policy["Alarms"] = json!([]);
                }
                policies[0]["PolicyType"] = json!("StepScaling");
                policies[0]["StepScalingPolicyConfiguration"] = json!({"AdjustmentType": "ChangeInCapacity"});
                policies[1]["PolicyType"] = json!("PredictiveScaling");
                policies[1]["PredictiveScalingPolicyConfiguration"] = json!({"MetricSpecifications": []});
            });
        },
        flips: &[("ecs-autoscaling-policy", SERVICE, Fail)],
        says: "memory-scaling-policy-dev",
    },
    Mutation {
        requirement: "ecs-taskdef-secrets-from-secretsmanager",
        // The secret was deleted for good; the role cannot fetch what is not there.
        change: |setup| {
            let arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:meditech/database-dev-6b2f8b";
            for operation in ["DescribeSecret", "GetResourcePolicy"] {
                let code = "ResourceNotFoundException";
                setup.refuse("secretsmanager", operation, &[("SecretId", arn)], 400, code);
            }
        },
        flips: &[
            ("ecs-taskdef-secrets-from-secretsmanager", CLUSTER, Fail),
            ("secret-exists-and-active", DATABASE_SECRET, Fail),
            // Nothing more can be said of it.
            ("secret-rotation-enabled", DATABASE_SECRET, Error),
            ("secret-kms-cmk", DATABASE_SECRET, Error),
            ("secret-policy-not-public", DATABASE_SECRET, Error),
        ],
        says: "does not exist",
    },
    Mutation {
        requirement: "ecs-tasks-no-public-ip",
        // Somebody ran a task by hand.
        change: |setup| {
            setup.json("ecs", "DescribeTasks", |answer| {
                answer["tasks"][1]["group"] = json!("family:task-definition-dev");
                answer["tasks"][1].as_object_mut().expect("a task").remove("startedBy");
            });
            setup.edit_about("ec2", "DescribeNetworkInterfaces", "eni-0c8e4d2f3a5b60792", |body| {
                let private = "<privateIpAddress>10.40.48.35</privateIpAddress>";
                let public = "<association><publicIp>198.51.100.35</publicIp></association>";
                body.replacen(private, &format!("{private}{public}"), 1)
            });
        },
        flips: &[
            ("ecs-tasks-no-public-ip", CLUSTER, Fail),
            // There is a task to judge now.
            ("ecs-tasks-private-subnets", CLUSTER, Pass),
        ],
        says: "198.51.100.35",
    },
    Mutation {
        requirement: "ecs-taskdef-no-plaintext-secrets",
        // The short form of the word.
        change: |setup| {
            of_container(setup, |container| {
                let variables = container["environment"].as_array_mut().expect("variables");
                variables.push(json!({"name": "DB_PASS", "value": "made-up-41"}));
            });
        },
        flips: &[("ecs-taskdef-no-plaintext-secrets", TASK_DEFINITION, Fail)],
        says: "DB_PASS in environment of container records is a literal",
    },
    Mutation {
        requirement: "ecs-taskdef-no-plaintext-secrets",
        change: |setup| {
            of_container(setup, |container| {
                container["command"] =
                    json!(["serve", "--reports", "postgres://records:made-up-41@reports.internal/a"]);
            });
        },
        flips: &[("ecs-taskdef-no-plaintext-secrets", TASK_DEFINITION, Fail)],
        says: "command",
    },
    Mutation {
        requirement: "ecs-taskdef-no-plaintext-secrets",
        change: |setup| {
            of_container(setup, |container| {
                container["healthCheck"] = json!({"command": ["CMD-SHELL",
                    "curl -H 'X-Key: AKIAMADEUP0MADEUP000' https://localhost:8443/health || exit 1"]});
            });
        },
        flips: &[("ecs-taskdef-no-plaintext-secrets", TASK_DEFINITION, Fail)],
        says: "healthCheck",
    },
    Mutation {
        requirement: "ecs-taskdef-no-plaintext-secrets",
        change: |setup| of_container(setup, |container| container["dockerLabels"] = json!({"api-key": "made-up-41"})),
        flips: &[("ecs-taskdef-no-plaintext-secrets", TASK_DEFINITION, Fail)],
        says: "api-key",
    },
    Mutation {
        requirement: "ecs-taskdef-no-plaintext-secrets",
        // A sidecar that is not essential.
        change: |setup| {
            second_container(
                setup,
                json!({
                    "name": "agent", "image": "agent", "essential": false,
                    "environment": [{"name": "AGENT_PASSWORD", "value": "made-up-41"}],
                }),
            );
        },
        flips: &[("ecs-taskdef-no-plaintext-secrets", TASK_DEFINITION, Fail)],
        says: "AGENT_PASSWORD",
    },
    Mutation {
        requirement: "ecs-taskdef-logging",
        change: |setup| {
            of_container(setup, |container| {
                container["logConfiguration"]["options"]["awslogs-group"] = json!("/meditech/gone-dev");
            });
            no_log_group(setup, "/meditech/gone-dev");
        },
        flips: &[
            ("ecs-taskdef-logging", TASK_DEFINITION, Fail),
            // Nothing more can be said of a group that is not there, nor in which stack it was.
            ("logs-retention-set", "AWS::Logs::LogGroup /meditech/gone-dev", Error),
            ("logs-kms-encrypted", "AWS::Logs::LogGroup /meditech/gone-dev", Error),
            ("logs-not-public", "AWS::Logs::LogGroup /meditech/gone-dev", Error),
            ("stack-managed-by-cloudformation", STACK, Error),
        ],
        says: "/meditech/gone-dev",
    },
    Mutation {
        requirement: "ecs-taskdef-logging",
        // A container is essential where it does not say otherwise.
        change: |setup| second_container(setup, json!({"name": "agent", "image": "agent"})),
        flips: &[("ecs-taskdef-logging", TASK_DEFINITION, Fail)],
        says: "container agent",
    },
    Mutation {
        requirement: "ecs-efs-shared-mount-encrypted-transit",
        // To say nothing is to say that it is off.
        change: |setup| {
            setup.json("ecs", "DescribeTaskDefinition", |answer| {
                let volume = &mut answer["taskDefinition"]["volumes"][0]["efsVolumeConfiguration"];
                volume.as_object_mut().expect("a volume").remove("transitEncryption");
            });
        },
        flips: &[("ecs-efs-shared-mount-encrypted-transit", TASK_DEFINITION, Fail)],
        says: "shared-files",
    },
    Mutation {
        requirement: "ecs-exec-audited",
        // The service has it off; tasks that were started before can still be entered.
        change: |setup| {
            setup.json("ecs", "DescribeTasks", |answer| answer["tasks"][1]["enableExecuteCommand"] = json!(true));
            of_cluster(setup, |cluster| {
                cluster["configuration"]["executeCommandConfiguration"] = json!({"logging": "OVERRIDE"});
            });
        },
        flips: &[("ecs-exec-audited", CLUSTER, Fail)],
        says: "OVERRIDE",
    },
    Mutation {
        requirement: "ecs-ephemeral-storage-kms",
        // The key was set after the tasks were started.
        change: |setup| {
            of_service(setup, |service| {
                service["deployments"][0].as_object_mut().expect("a deployment").remove("fargateEphemeralStorage");
            });
        },
        flips: &[("ecs-ephemeral-storage-kms", CLUSTER, Fail)],
        says: "ecs-service-dev",
    },
];

/// A second container in the task definition.
#[expect(clippy::needless_pass_by_value, reason = "the rows of the table read better with json!(..)")]
fn second_container(setup: &mut Setup, container: Value) {
    setup.json("ecs", "DescribeTaskDefinition", |answer| {
        let containers = answer["taskDefinition"]["containerDefinitions"].as_array_mut().expect("containers");
        containers.push(container.clone());
    });
}

/// Lets AWS know of no log group of this name.
fn no_log_group(setup: &mut Setup, name: &str) {
    let none = Answer::ok(r#"{"logGroups": []}"#);
    setup.answer("logs", "DescribeLogGroups", &[("logGroupNamePrefix", name)], none);
    let arn = format!("arn:aws:logs:eu-central-1:123456789012:log-group:{name}");
    let (scope, of_group) = (("policyScope", "RESOURCE"), ("resourceArn", arn.as_str()));
    setup.refuse("logs", "DescribeResourcePolicies", &[scope, of_group], 400, "ResourceNotFoundException");
    setup.refuse("logs", "ListTagsForResource", &[of_group], 400, "ResourceNotFoundException");
    setup.answer("cloudformation", "DescribeStackResources", &[("PhysicalResourceId", name)], alter::in_no_stack(name));
}
