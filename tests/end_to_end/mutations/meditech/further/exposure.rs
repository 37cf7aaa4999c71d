//! The API, the firewall, the tasks and what stands in their definition.

use serde_json::{Value, json};
use tap_audit::replay::Answer;

use super::super::super::{Fail, Mutation, STACK};
use super::super::api::{of_method, of_stage};
use super::super::containers::{of_cluster, of_container, of_service};
use super::super::{API, CLUSTER, TASK_DEFINITION};
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
        flips: &[("waf-rate-based-rule", super::super::api::FIREWALL, Fail)],
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
            ("waf-logging-enabled", super::super::api::FIREWALL, Fail),
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
            )
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
