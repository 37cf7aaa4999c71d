//! The mutations of requirements about containers.

use serde_json::{Value, json};
use tap_audit::replay::Answer;

use super::super::{Fail, Mutation};
use super::{CLUSTER, PUBLIC_SUBNET, SERVICE, TASK_DEFINITION, VPC};
use crate::alter::Setup;

/// The subnets of the tasks.
const FIRST: &str = "subnet-4efd8863274e10290";
const SECOND: &str = "subnet-68372b5c188652cb2";

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation {
        requirement: "ecs-cluster-active",
        change: |setup| of_cluster(setup, |cluster| cluster["status"] = json!("DEPROVISIONING")),
        flips: &[("ecs-cluster-active", CLUSTER, Fail)],
        says: "DEPROVISIONING",
    },
    Mutation {
        requirement: "ecs-service-fargate",
        change: |setup| of_service(setup, |service| service["launchType"] = json!("EC2")),
        flips: &[("ecs-service-fargate", SERVICE, Fail)],
        says: "EC2",
    },
    Mutation {
        requirement: "ecs-service-steady",
        change: |setup| of_service(setup, |service| service["deployments"][0]["rolloutState"] = json!("FAILED")),
        flips: &[("ecs-service-steady", SERVICE, Fail)],
        says: "FAILED",
    },
    Mutation {
        requirement: "ecs-tasks-private-subnets",
        change: |setup| {
            in_subnets(setup, &[PUBLIC_SUBNET, FIRST]);
            describe_subnets(setup, &[PUBLIC_SUBNET, FIRST, SECOND]);
        },
        flips: &[
            ("ecs-tasks-private-subnets", SERVICE, Fail),
            // From a public subnet nothing leaves through a NAT gateway.
            ("vpc-nat-gateway-available", VPC, Fail),
        ],
        says: PUBLIC_SUBNET,
    },
    Mutation {
        requirement: "ecs-tasks-no-public-ip",
        change: |setup| {
            of_service(setup, |service| {
                service["networkConfiguration"]["awsvpcConfiguration"]["assignPublicIp"] = json!("ENABLED");
            });
        },
        flips: &[("ecs-tasks-no-public-ip", SERVICE, Fail)],
        says: "assignPublicIp of the service is ENABLED",
    },
    Mutation {
        requirement: "ecs-autoscaling-target",
        change: |setup| {
            setup.json("applicationautoscaling", "DescribeScalableTargets", |answer| {
                answer["ScalableTargets"][0]["MaxCapacity"] = json!(2);
            });
        },
        flips: &[("ecs-autoscaling-target", SERVICE, Fail)],
        says: "2 to 2 tasks",
    },
    Mutation {
        requirement: "ecs-autoscaling-policy",
        change: |setup| {
            setup.json("applicationautoscaling", "DescribeScalingPolicies", |answer| {
                answer["ScalingPolicies"] = json!([]);
            });
        },
        flips: &[("ecs-autoscaling-policy", SERVICE, Fail)],
        says: "the scalable target has no scaling policy",
    },
    Mutation {
        requirement: "ecs-taskdef-logging",
        change: |setup| {
            of_container(setup, |container| {
                container.as_object_mut().expect("a container").remove("logConfiguration");
            });
        },
        flips: &[("ecs-taskdef-logging", TASK_DEFINITION, Fail)],
        says: "container records",
    },
    Mutation {
        requirement: "ecs-taskdef-secrets-from-secretsmanager",
        // The role may not fetch the secret at run time either.
        change: |setup| {
            of_container(setup, |container| {
                for secret in container["secrets"].as_array_mut().expect("secrets") {
                    if secret["name"].as_str().is_some_and(|name| name.starts_with("DB_")) {
                        secret["valueFrom"] =
                            json!("arn:aws:ssm:eu-central-1:123456789012:parameter/meditech/database-dev");
                    }
                }
            });
            setup.statements_about("iam", "GetRolePolicy", "<RoleName>task-role-dev</RoleName>", |statements| {
                statements.retain(|statement| statement["Sid"] != "ReadsTheDatabaseSecretAgain");
            });
        },
        flips: &[("ecs-taskdef-secrets-from-secretsmanager", CLUSTER, Fail)],
        says: "DB_PASSWORD",
    },
    Mutation {
        requirement: "ecs-taskdef-no-plaintext-secrets",
        change: |setup| {
            of_container(setup, |container| {
                let variables = container["environment"].as_array_mut().expect("variables");
                variables.push(json!({"name": "PARTNER_TOKEN", "value": "made-up-41"}));
            });
        },
        flips: &[("ecs-taskdef-no-plaintext-secrets", TASK_DEFINITION, Fail)],
        says: "PARTNER_TOKEN",
    },
    Mutation {
        requirement: "ecs-efs-shared-mount-encrypted-transit",
        change: |setup| {
            setup.json("ecs", "DescribeTaskDefinition", |answer| {
                let volume = &mut answer["taskDefinition"]["volumes"][0]["efsVolumeConfiguration"];
                volume["transitEncryption"] = json!("DISABLED");
            });
        },
        flips: &[("ecs-efs-shared-mount-encrypted-transit", TASK_DEFINITION, Fail)],
        says: "shared-files",
    },
    Mutation {
        requirement: "ecs-service-multi-az",
        change: |setup| in_subnets(setup, &[FIRST]),
        flips: &[("ecs-service-multi-az", SERVICE, Fail)],
        says: "euc1-az1",
    },
    Mutation {
        requirement: "ecs-ephemeral-storage-kms",
        change: |setup| {
            of_cluster(setup, |cluster| {
                cluster.as_object_mut().expect("a cluster").remove("configuration");
            });
        },
        flips: &[("ecs-ephemeral-storage-kms", CLUSTER, Fail)],
        says: "AWS-owned key",
    },
    Mutation {
        requirement: "ecs-exec-audited",
        change: |setup| {
            of_cluster(setup, |cluster| {
                cluster["configuration"]["executeCommandConfiguration"] = json!({"logging": "NONE"});
            });
            of_service(setup, |service| service["enableExecuteCommand"] = json!(true));
        },
        flips: &[("ecs-exec-audited", CLUSTER, Fail)],
        says: "NONE",
    },
];

/// Changes the cluster.
pub(super) fn of_cluster(setup: &mut Setup, change: impl Fn(&mut Value)) {
    setup.json("ecs", "DescribeClusters", |answer| change(&mut answer["clusters"][0]));
}

/// Changes the service.
pub(super) fn of_service(setup: &mut Setup, change: impl Fn(&mut Value)) {
    setup.json("ecs", "DescribeServices", |answer| change(&mut answer["services"][0]));
}

/// Changes the container of the task definition.
pub(super) fn of_container(setup: &mut Setup, change: impl Fn(&mut Value)) {
    setup.json("ecs", "DescribeTaskDefinition", |answer| {
        change(&mut answer["taskDefinition"]["containerDefinitions"][0]);
    });
}

/// Moves the service to these subnets; its tasks have not been replaced yet.
pub(super) fn in_subnets(setup: &mut Setup, subnets: &[&str]) {
    of_service(setup, |service| {
        service["networkConfiguration"]["awsvpcConfiguration"]["subnets"] = json!(subnets);
    });
}

/// Lets EC2 describe these subnets of the VPC, as it is asked for those of services and tasks together.
pub(super) fn describe_subnets(setup: &mut Setup, subnets: &[&str]) {
    const ITEM: &str = "\n    <item>";
    let names: Vec<String> = (1..=subnets.len()).map(|at| format!("Filter.1.Value.{at}")).collect();
    let mut asked = vec![("Filter.1.Name", "subnet-id")];
    asked.extend(names.iter().map(String::as_str).zip(subnets.iter().copied()));
    let all = setup.recorded("ec2", "DescribeSubnets", "vpc-090f21b5309633b56");
    let (start, items) = all.split_once(ITEM).expect("subnets");
    let (items, end) = items.split_once("\n  </subnetSet>").expect("the end of the subnets");
    let wanted = |item: &&str| subnets.iter().any(|subnet| item.contains(&format!("<subnetId>{subnet}</subnetId>")));
    let kept: Vec<&str> = items.split(ITEM).filter(wanted).collect();
    let body = format!("{start}{ITEM}{}\n  </subnetSet>{end}", kept.join(ITEM));
    setup.answer("ec2", "DescribeSubnets", &asked, Answer::ok(body));
}
