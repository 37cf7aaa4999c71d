use tap_audit_checks::ec2::Traffic;
use tap_audit_checks::ecs::*;
use tap_audit_checks::outputs::SecretLook;
use tap_audit_checks::subject::{Existence, Resource};

use super::*;
use crate::collect::fixture::{scope, walked};
use crate::collect::{Collected, Relation};
use crate::replay::{Account, Answer, Replay};

const SERVICE: &str = "arn:aws:ecs:us-east-2:123456789012:service/records/api";
const REVISION: &str = "arn:aws:ecs:us-east-2:123456789012:task-definition/api:7";
const TASK: &str = "arn:aws:ecs:us-east-2:123456789012:task/records/t1";
const REGION: &str = "us-east-2";

fn account() -> Account {
    Account::from_files("ecs", [("ecs.toml", "")]).unwrap()
}

fn with(account: Account, operation: &str, asked: &[(&str, &str)], body: &str) -> Account {
    account.answer("ecs", operation, asked, Answer::ok(body)).unwrap()
}

const OF_CLUSTER: [(&str, &str); 1] = [("cluster", "records")];
const DESCRIBED: [(&str, &str); 2] =
    [("clusters", r#"["records"]"#), ("include", r#"["SETTINGS","CONFIGURATIONS","TAGS"]"#)];

/// A cluster without services and tasks.
fn empty_cluster(answer: &str) -> Account {
    let account = with(account(), "DescribeClusters", &DESCRIBED, answer);
    let account = with(account, "ListServices", &OF_CLUSTER, r#"{"serviceArns":[]}"#);
    with(account, "ListTasks", &OF_CLUSTER, r#"{"taskArns":[]}"#)
}

type Found = Vec<(Reference, Relation)>;

async fn read_cluster(account: Account) -> (Collected, Cluster, Found, Replay) {
    let ((collected, found), replay) =
        walked(account, &scope(), async |walk| (cluster(walk, "records", REGION).await, walk.take_found())).await;
    match collected.resource.clone() {
        Resource::Cluster(cluster) => (collected, *cluster, found, replay),
        other => panic!("expected a cluster, found {other:?}"),
    }
}

fn named(found: &Found, kind: Kind) -> Vec<&str> {
    found.iter().filter(|(reference, _)| reference.kind == kind).map(|(reference, _)| reference.id.as_str()).collect()
}

#[tokio::test]
async fn a_cluster_is_described_with_its_configuration_and_leads_to_what_it_names() {
    let answer = r#"{"clusters":[{"clusterName":"records","status":"ACTIVE","configuration":{
        "executeCommandConfiguration":{"logging":"OVERRIDE","kmsKeyId":"alias/shells",
            "logConfiguration":{"cloudWatchLogGroupName":"/ecs/shells","s3BucketName":"","cloudWatchEncryptionEnabled":false,"s3EncryptionEnabled":false}},
        "managedStorageConfiguration":{"fargateEphemeralStorageKmsKeyId":"alias/disks"}}}],"failures":[]}"#;
    let (collected, cluster, found, replay) = read_cluster(empty_cluster(answer)).await;
    assert_eq!(replay.unrecorded(), []);
    let Observed::Present(description) = cluster.description.observed() else { panic!("{cluster:?}") };
    assert_eq!(description.status, Observed::Present(ClusterStatus::Active));
    assert_eq!(description.ephemeral_key, Observed::Present("alias/disks".into()));
    let Observed::Present(exec) = &description.exec else { panic!("{description:?}") };
    assert_eq!(exec.logging, Observed::Present(ExecLogging::Override));
    assert_eq!(exec.log_group, Observed::Present("/ecs/shells".into()));
    assert_eq!(exec.bucket, Observed::Absent);
    assert_eq!(named(&found, Kind::LogGroup), ["/ecs/shells"]);
    assert_eq!(named(&found, Kind::Key), ["alias/disks", "alias/shells"]);
    assert_eq!(collected.arn.as_deref(), Some("arn:aws:ecs:us-east-2:123456789012:cluster/records"));
    assert_eq!(cluster.tasks.observed(), &Observed::Present(Vec::new()));
}

#[tokio::test]
async fn a_cluster_that_is_not_there_is_missing_and_an_answer_without_it_is_a_gap() {
    let missing = r#"{"clusters":[],"failures":[{"arn":"a","reason":"MISSING"}]}"#;
    let (collected, ..) = read_cluster(empty_cluster(missing)).await;
    assert_eq!(collected.existence.observed(), &Observed::Present(Existence::Missing));
    let (collected, cluster, ..) = read_cluster(empty_cluster(r#"{"clusters":[],"failures":[]}"#)).await;
    assert_eq!(cluster.description.observed(), &Observed::Unknown(CLUSTERS.incomplete("clusters")));
    assert!(matches!(collected.existence.observed(), Observed::Unknown(_)));
    let unknown = r#"{"clusters":[{"status":"DREAMING"}]}"#;
    let (_, cluster, ..) = read_cluster(empty_cluster(unknown)).await;
    let Observed::Present(description) = cluster.description.observed() else { panic!("{cluster:?}") };
    assert_eq!(description.status, CLUSTERS.unrecognised("clusters.status", "DREAMING"));
}

#[tokio::test]
async fn what_was_asked_about_a_cluster_that_is_gone_is_missing_with_it() {
    let missing = r#"{"clusters":[],"failures":[{"arn":"a","reason":"MISSING"}]}"#;
    let gone = || Answer::error("ecs", 400, "ClusterNotFoundException");
    let account = with(account(), "DescribeClusters", &DESCRIBED, missing);
    let account = account.answer("ecs", "ListServices", &OF_CLUSTER, gone()).unwrap();
    let account = account.answer("ecs", "ListTasks", &OF_CLUSTER, gone()).unwrap();
    let (_, cluster, ..) = read_cluster(account).await;
    assert!(matches!(cluster.services.observed(), Observed::Unknown(Gap::Missing { .. })));
    assert!(matches!(cluster.tasks.observed(), Observed::Unknown(Gap::Missing { .. })));
}

fn task_answer(attachments: &str) -> String {
    format!(
        r#"{{"tasks":[{{"taskArn":"{TASK}","group":"service:api","taskDefinitionArn":"{REVISION}","desiredStatus":"RUNNING",
        "enableExecuteCommand":true,"version":1,"attachments":{attachments}}}],"failures":[]}}"#
    )
}

fn with_task(body: &str) -> Account {
    let account = empty_cluster(r#"{"clusters":[{"status":"ACTIVE"}]}"#);
    let account = with(account, "ListTasks", &OF_CLUSTER, &format!(r#"{{"taskArns":["{TASK}"]}}"#));
    let asked = [OF_CLUSTER[0], ("tasks", &*format!(r#"["{TASK}"]"#))];
    with(account, "DescribeTasks", &asked, body)
}

const ATTACHED: &str = r#"[{"type":"Service Connect","details":[]},{"type":"ElasticNetworkInterface","status":"ATTACHED",
    "details":[{"name":"subnetId","value":"subnet-1"},{"name":"networkInterfaceId","value":"eni-1"}]},
    {"type":"ElasticNetworkInterface","status":"DELETED","details":[]}]"#;

fn interfaces(account: Account, items: &str) -> Account {
    let asked = [("Filter.1.Name", "network-interface-id"), ("Filter.1.Value.1", "eni-1")];
    let body = format!(
        "<DescribeNetworkInterfacesResponse><networkInterfaceSet>{items}</networkInterfaceSet></DescribeNetworkInterfacesResponse>"
    );
    account.answer("ec2", "DescribeNetworkInterfaces", &asked, Answer::ok(body)).unwrap()
}

#[tokio::test]
async fn a_running_task_is_read_with_every_address_of_its_interface() {
    let items = "<item><networkInterfaceId>eni-1</networkInterfaceId><association><publicIp>203.0.113.7</publicIp></association>\
        <privateIpAddressesSet><item><association><publicIp>203.0.113.7</publicIp></association></item>\
        <item><association><publicIp>203.0.113.8</publicIp></association></item></privateIpAddressesSet>\
        <ipv6AddressesSet><item><ipv6Address>2001:db8::7</ipv6Address></item></ipv6AddressesSet></item>";
    let (_, cluster, found, _) = read_cluster(interfaces(with_task(&task_answer(ATTACHED)), items)).await;
    let Observed::Present(tasks) = cluster.tasks.observed() else { panic!("{cluster:?}") };
    let [task] = tasks.as_slice() else { panic!("{tasks:?}") };
    assert_eq!(task.group, Observed::Present("service:api".into()));
    assert_eq!(task.exec, Switch::On);
    let [interface] = task.interfaces.as_slice() else { panic!("{task:?}") };
    assert_eq!(interface.subnet, Observed::Present("subnet-1".into()));
    let addresses =
        Addresses { public: vec!["203.0.113.7".into(), "203.0.113.8".into()], ipv6: vec!["2001:db8::7".into()] };
    assert_eq!(interface.addresses.observed(), &Observed::Present(addresses));
    assert_eq!(named(&found, Kind::TaskDefinition), [REVISION]);
}

#[tokio::test]
async fn an_interface_that_ec2_does_not_know_is_absent_and_a_denied_call_is_a_gap() {
    let (_, cluster, ..) = read_cluster(interfaces(with_task(&task_answer(ATTACHED)), "")).await;
    let Observed::Present(tasks) = cluster.tasks.observed() else { panic!("{cluster:?}") };
    assert_eq!(tasks[0].interfaces[0].addresses.observed(), &Observed::Absent);
    let asked = [("Filter.1.Name", "network-interface-id"), ("Filter.1.Value.1", "eni-1")];
    let denied = Answer::error("ec2", 403, "UnauthorizedOperation");
    let account = with_task(&task_answer(ATTACHED)).answer("ec2", "DescribeNetworkInterfaces", &asked, denied).unwrap();
    let (_, cluster, ..) = read_cluster(account).await;
    let Observed::Present(tasks) = cluster.tasks.observed() else { panic!("{cluster:?}") };
    assert!(matches!(tasks[0].interfaces[0].addresses.observed(), Observed::Unknown(Gap::Denied { .. })));
}

#[tokio::test]
async fn a_task_that_stopped_meanwhile_runs_no_more_and_one_that_is_left_out_is_a_gap() {
    let gone = format!(r#"{{"tasks":[],"failures":[{{"arn":"{TASK}","reason":"MISSING"}}]}}"#);
    let (_, cluster, ..) = read_cluster(with_task(&gone)).await;
    assert_eq!(cluster.tasks.observed(), &Observed::Present(Vec::new()));
    let stopping = task_answer("[]").replace("\"RUNNING\"", "\"STOPPED\"");
    let (_, cluster, ..) = read_cluster(with_task(&stopping)).await;
    assert_eq!(cluster.tasks.observed(), &Observed::Present(Vec::new()));
    for (body, text) in [
        (r#"{"tasks":[],"failures":[]}"#.to_owned(), "answered without tasks"),
        (gone.replace("MISSING", "ACCESS"), "failed with ACCESS"),
    ] {
        let (_, cluster, ..) = read_cluster(with_task(&body)).await;
        let Observed::Unknown(gap) = cluster.tasks.observed() else { panic!("{cluster:?}") };
        assert!(gap.to_string().contains(text), "{gap}");
    }
}

#[tokio::test]
async fn services_and_tasks_are_listed_to_the_last_page_and_described_in_batches() {
    let arns = |count: usize, of: &str| (0..count).map(|n| format!("{of}{n:03}")).collect::<Vec<_>>();
    let json = |arns: &[String]| serde_json::to_string(arns).unwrap();
    let tasks = arns(101, TASK);
    let mut account = empty_cluster(r#"{"clusters":[{"status":"ACTIVE"}]}"#);
    let first = format!(r#"{{"taskArns":{},"nextToken":"2"}}"#, json(&tasks[..60]));
    account = with(account, "ListTasks", &OF_CLUSTER, &first);
    let second = format!(r#"{{"taskArns":{}}}"#, json(&tasks[60..]));
    account = with(account, "ListTasks", &[OF_CLUSTER[0], ("nextToken", "2")], &second);
    for batch in tasks.chunks(100) {
        let described: Vec<serde_json::Value> = batch
            .iter()
            .map(|arn| serde_json::json!({"taskArn": arn, "group": "g", "taskDefinitionArn": REVISION, "version": 1, "enableExecuteCommand": false}))
            .collect();
        let body = serde_json::json!({ "tasks": described, "failures": [] }).to_string();
        account = with(account, "DescribeTasks", &[OF_CLUSTER[0], ("tasks", &json(batch))], &body);
    }
    let services = arns(11, SERVICE);
    let first = format!(r#"{{"serviceArns":{},"nextToken":"2"}}"#, json(&services[..6]));
    account = with(account, "ListServices", &OF_CLUSTER, &first);
    let second = format!(r#"{{"serviceArns":{}}}"#, json(&services[6..]));
    account = with(account, "ListServices", &[OF_CLUSTER[0], ("nextToken", "2")], &second);
    let (_, cluster, found, replay) = read_cluster(account).await;
    assert_eq!(replay.unrecorded(), []);
    let Observed::Present(read) = cluster.tasks.observed() else { panic!("{cluster:?}") };
    assert_eq!(read.len(), 101);
    assert_eq!(named(&found, Kind::Service).len(), 11);
}

const BALANCER: &str = "arn:aws:elasticloadbalancing:us-east-2:123456789012:loadbalancer/app/front/0a1b";
const OF_SERVICE: [(&str, &str); 2] =
    [("cluster", "records"), ("services", r#"["arn:aws:ecs:us-east-2:123456789012:service/records/api"]"#)];

fn service_answer(body: &str) -> Account {
    let account = with(account(), "ListServices", &OF_CLUSTER, &format!(r#"{{"serviceArns":["{SERVICE}"]}}"#));
    let account = with(account, "DescribeServices", &OF_SERVICE, body);
    let target = [("ServiceNamespace", "ecs"), ("ResourceIds", r#"["service/records/api"]"#)];
    let targets = r#"{"ScalableTargets":[
        {"ServiceNamespace":"ecs","ResourceId":"service/records/api","ScalableDimension":"ecs:service:DesiredCount",
         "MinCapacity":2,"MaxCapacity":10,"RoleARN":"r","CreationTime":1.0,"SuspendedState":{"DynamicScalingOutSuspended":true}}]}"#;
    let account =
        account.answer("applicationautoscaling", "DescribeScalableTargets", &target, Answer::ok(targets)).unwrap();
    let policies = r#"{"ScalingPolicies":[
        {"PolicyARN":"a","PolicyName":"cpu","ServiceNamespace":"ecs","ResourceId":"service/records/api",
         "ScalableDimension":"ecs:service:DesiredCount","PolicyType":"TargetTrackingScaling","CreationTime":1.0,
         "TargetTrackingScalingPolicyConfiguration":{"TargetValue":50.0,"DisableScaleIn":true}},
        {"PolicyARN":"a","PolicyName":"steps","ServiceNamespace":"ecs","ResourceId":"service/records/api",
         "ScalableDimension":"ecs:service:DesiredCount","PolicyType":"StepScaling","CreationTime":1.0,
         "Alarms":[{"AlarmName":"high","AlarmARN":"a"}]},
        {"PolicyARN":"a","PolicyName":"forecast","ServiceNamespace":"ecs","ResourceId":"service/records/api",
         "ScalableDimension":"ecs:service:DesiredCount","PolicyType":"PredictiveScaling","CreationTime":1.0,
         "PredictiveScalingPolicyConfiguration":{"MetricSpecifications":[]}},
        {"PolicyARN":"a","PolicyName":"new","ServiceNamespace":"ecs","ResourceId":"service/records/api",
         "ScalableDimension":"ecs:service:DesiredCount","PolicyType":"Clairvoyance","CreationTime":1.0}]}"#;
    let asked = [("ServiceNamespace", "ecs"), ("ResourceId", "service/records/api")];
    account.answer("applicationautoscaling", "DescribeScalingPolicies", &asked, Answer::ok(policies)).unwrap()
}

async fn read_service(account: Account) -> (Collected, Service, Found, Replay) {
    let ((collected, found), replay) =
        walked(account, &scope(), async |walk| (service(walk, SERVICE, REGION).await, walk.take_found())).await;
    match collected.resource.clone() {
        Resource::Service(service) => (collected, *service, found, replay),
        other => panic!("expected a service, found {other:?}"),
    }
}

fn api() -> String {
    format!(
        r#"{{"services":[{{"serviceArn":"{SERVICE}","serviceName":"api","status":"ACTIVE","desiredCount":2,"runningCount":1,
        "launchType":"FARGATE","platformVersion":"1.4.0","taskDefinition":"{REVISION}","enableExecuteCommand":false,
        "pendingCount":0,"enableECSManagedTags":false,
        "networkConfiguration":{{"awsvpcConfiguration":{{"subnets":["subnet-1"],"securityGroups":["sg-1"],"assignPublicIp":"DISABLED"}}}},
        "deploymentConfiguration":{{"deploymentCircuitBreaker":{{"enable":true,"rollback":true}}}},
        "loadBalancers":[{{"targetGroupArn":"tg-1"}}],
        "deployments":[{{"id":"ecs-svc/1","status":"PRIMARY","taskDefinition":"{REVISION}","rolloutState":"COMPLETED",
            "desiredCount":2,"runningCount":2,"pendingCount":0,"failedTasks":0,
            "fargateEphemeralStorage":{{"kmsKeyId":"k"}}}}],
        "taskSets":[{{"id":"ts-1","status":"PRIMARY","taskDefinition":"{REVISION}","stabilityStatus":"STEADY_STATE",
            "capacityProviderStrategy":[{{"capacityProvider":"FARGATE_SPOT","weight":1,"base":0}}],
            "computedDesiredCount":2,"runningCount":2,"pendingCount":0}}]}}],"failures":[]}}"#
    )
}

#[tokio::test]
async fn a_service_is_read_with_its_deployments_and_task_sets_and_leads_to_what_it_names() {
    let account = service_answer(&api());
    let groups = format!(
        "<DescribeTargetGroupsResponse><DescribeTargetGroupsResult><TargetGroups><member><TargetGroupArn>tg-1</TargetGroupArn>\
         <LoadBalancerArns><member>{BALANCER}</member></LoadBalancerArns></member></TargetGroups>\
         </DescribeTargetGroupsResult></DescribeTargetGroupsResponse>"
    );
    let asked = [("TargetGroupArns.member.1", "tg-1")];
    let account = account.answer("elasticloadbalancingv2", "DescribeTargetGroups", &asked, Answer::ok(groups)).unwrap();
    let (collected, service, found, _) = read_service(account).await;
    assert_eq!(collected.existence.observed(), &Observed::Present(Existence::Exists));
    let Observed::Present(described) = service.description.observed() else { panic!("{service:?}") };
    assert_eq!((described.desired, described.running), (2, 1));
    assert_eq!(described.capacity.launch_type, Observed::Present(LaunchType::Fargate));
    assert_eq!(described.circuit_breaker, Observed::Present(Switch::On));
    assert_eq!(described.controller, Observed::Absent);
    assert_eq!(described.deployments[0].rollout, Observed::Present(Rollout::Completed));
    assert_eq!(described.deployments[0].ephemeral_key, Observed::Present("k".into()));
    assert_eq!(described.task_sets[0].capacity.providers, ["FARGATE_SPOT"]);
    assert_eq!(described.task_sets[0].capacity.launch_type, Observed::Absent);
    let Observed::Present(network) = &described.network else { panic!("{described:?}") };
    assert_eq!(network.public_ip, Observed::Present(Switch::Off));
    assert_eq!(named(&found, Kind::LoadBalancer), [BALANCER]);
    assert_eq!(named(&found, Kind::Cluster), ["records"]);
    assert_eq!(named(&found, Kind::SecurityGroup), ["sg-1"]);
    assert!(named(&found, Kind::TaskDefinition).iter().all(|arn| *arn == REVISION));
}

#[tokio::test]
async fn the_scaling_of_a_service_is_read_and_a_kind_of_policy_that_is_not_known_is_a_gap() {
    let (_, service, ..) = read_service(service_answer(&api())).await;
    let Observed::Present(target) = service.scaling.observed() else { panic!("{service:?}") };
    assert_eq!((target.min, target.max), (2, 10));
    assert_eq!(target.out_suspended, Observed::Present(Switch::On));
    assert_eq!(target.in_suspended, Observed::Absent);
    let Observed::Present(policies) = service.scaling_policies.observed() else { panic!("{service:?}") };
    let follows: Vec<&Observed<Follows>> = policies.iter().map(|policy| &policy.follows).collect();
    assert_eq!(
        follows,
        [
            &Observed::Present(Follows::Metric { in_disabled: Observed::Present(Switch::On) }),
            &Observed::Present(Follows::Alarms(vec!["high".into()])),
            &Observed::Present(Follows::Forecast { scales: Observed::Absent }),
            &scaling::POLICIES.unrecognised("PolicyType", "Clairvoyance"),
        ]
    );
    let asked = [("ServiceNamespace", "ecs"), ("ResourceId", "service/records/api")];
    let refused = Answer::error("applicationautoscaling", 400, "FailedResourceAccessException");
    let account =
        service_answer(&api()).answer("applicationautoscaling", "DescribeScalingPolicies", &asked, refused).unwrap();
    let (_, service, ..) = read_service(account).await;
    let Observed::Unknown(gap) = service.scaling_policies.observed() else { panic!("{service:?}") };
    assert!(gap.to_string().contains("failed with FailedResourceAccessException"), "{gap}");
}

#[tokio::test]
async fn a_service_that_ecs_has_forgotten_is_missing_and_one_that_is_left_out_is_a_gap() {
    let missing = format!(r#"{{"services":[],"failures":[{{"arn":"{SERVICE}","reason":"MISSING"}}]}}"#);
    let (collected, ..) = read_service(service_answer(&missing)).await;
    assert_eq!(collected.existence.observed(), &Observed::Present(Existence::Missing));
    let (_, service, ..) = read_service(service_answer(r#"{"services":[],"failures":[]}"#)).await;
    assert_eq!(service.description.observed(), &Observed::Unknown(SERVICES.incomplete("services")));
}

#[tokio::test]
async fn a_service_that_is_not_listed_any_more_is_asked_about_alone() {
    let account = with(account(), "ListServices", &OF_CLUSTER, r#"{"serviceArns":[]}"#);
    let inactive = format!(
        r#"{{"services":[{{"serviceArn":"{SERVICE}","serviceName":"api","status":"INACTIVE","desiredCount":0,"runningCount":0,"pendingCount":0,
        "enableECSManagedTags":false,"enableExecuteCommand":false}}]}}"#
    );
    let (_, service, ..) = read_service(with(account, "DescribeServices", &OF_SERVICE, &inactive)).await;
    let Observed::Present(described) = service.description.observed() else { panic!("{service:?}") };
    assert_eq!(described.status, Observed::Present(ServiceStatus::Inactive));
}

#[tokio::test]
async fn ten_services_are_described_in_one_call() {
    let arns: Vec<String> = (0..11).map(|n| format!("{SERVICE}{n:02}")).collect();
    let json = |arns: &[String]| serde_json::to_string(arns).unwrap();
    let mut account = with(account(), "ListServices", &OF_CLUSTER, &format!(r#"{{"serviceArns":{}}}"#, json(&arns)));
    for batch in arns.chunks(10) {
        let described: Vec<serde_json::Value> = batch
            .iter()
            .map(|arn| {
                serde_json::json!({"serviceArn": arn, "serviceName": "s", "status": "ACTIVE", "desiredCount": 1,
                "runningCount": 1, "pendingCount": 0, "enableECSManagedTags": false, "enableExecuteCommand": false})
            })
            .collect();
        let body = serde_json::json!({ "services": described }).to_string();
        account = with(account, "DescribeServices", &[OF_CLUSTER[0], ("services", &json(batch))], &body);
    }
    let (known, replay) = walked(account, &scope(), async |walk| {
        let mut known = 0;
        for arn in &arns {
            let collected = service(walk, arn, REGION).await;
            known += usize::from(*collected.existence.observed() == Observed::Present(Existence::Exists));
        }
        known
    })
    .await;
    assert_eq!(known, 11);
    assert_eq!(replay.counts().get("ecs:DescribeServices"), Some(&2));
    assert_eq!(replay.counts().get("ecs:ListServices"), Some(&1));
}

#[tokio::test]
async fn an_arn_that_names_no_cluster_is_a_gap_and_no_missing_service() {
    let old = "arn:aws:ecs:us-east-2:123456789012:service/api";
    let (collected, _) = walked(account(), &scope(), async |walk| service(walk, old, REGION).await).await;
    let Observed::Unknown(gap) = collected.existence.observed() else { panic!("{collected:?}") };
    assert!(gap.to_string().contains("does not name the cluster"), "{gap}");
}

async fn read_definition(body: &str) -> (Collected, TaskDefinition, Found) {
    let account = with(account(), "DescribeTaskDefinition", &[("taskDefinition", REVISION)], body);
    let ((collected, found), _) =
        walked(account, &scope(), async |walk| (task_definition(walk, REVISION, REGION).await, walk.take_found()))
            .await;
    match collected.resource.clone() {
        Resource::TaskDefinition(revision) => (collected, *revision, found),
        other => panic!("expected a task definition, found {other:?}"),
    }
}

fn one_container(fields: &str) -> String {
    format!(
        r#"{{"taskDefinition":{{"taskDefinitionArn":"{REVISION}","family":"api","revision":7,
        "containerDefinitions":[{{"name":"app","cpu":0,{fields}}}]}}}}"#
    )
}

#[tokio::test]
async fn a_revision_is_read_and_leads_to_roles_log_groups_secrets_and_file_systems() {
    let body = format!(
        r#"{{"taskDefinition":{{"taskDefinitionArn":"{REVISION}","family":"api","revision":7,
        "executionRoleArn":"arn:aws:iam::123456789012:role/x/execution","requiresCompatibilities":["FARGATE"],"compatibilities":["EC2","FARGATE"],
        "containerDefinitions":[{{"name":"app","cpu":0,"essential":false,"portMappings":[{{"containerPort":8080}}],
            "mountPoints":[{{"sourceVolume":"shared","containerPath":"/data"}}],
            "logConfiguration":{{"logDriver":"awslogs","options":{{"awslogs-group":"/ecs/api","awslogs-region":"us-west-2","awslogs-create-group":"true"}}}},
            "secrets":[{{"name":"DB_PASSWORD","valueFrom":"arn:aws:secretsmanager:us-east-2:123456789012:secret:prod/db-AbCdEf:password::v1"}},
                       {{"name":"FLAG","valueFrom":"/prod/flag"}}]}},
            {{"name":"router","cpu":0,"logConfiguration":{{"logDriver":"awsfirelens","options":{{"name":"cloudwatch","LOG_GROUP_NAME":"/ecs/$(task)"}}}}}}],
        "volumes":[{{"name":"shared","efsVolumeConfiguration":{{"fileSystemId":"fs-1","transitEncryption":"ENABLED",
            "authorizationConfig":{{"accessPointId":"fsap-1","iam":"DISABLED"}}}}}},{{"name":"later","configuredAtLaunch":true}}]}}}}"#
    );
    let (collected, revision, found) = read_definition(&body).await;
    assert_eq!(collected.arn.as_deref(), Some(REVISION));
    let Observed::Present(definition) = revision.definition.observed() else { panic!("{revision:?}") };
    assert_eq!(definition.compatibilities, ["EC2", "FARGATE"]);
    let [app, router] = definition.containers.as_slice() else { panic!("{definition:?}") };
    assert_eq!(app.essential, Observed::Present(Switch::Off));
    assert_eq!((app.ports.as_slice(), app.mounts.as_slice()), (&[Traffic::tcp(8080)][..], &["shared".to_owned()][..]));
    let Observed::Present(logging) = &app.logging else { panic!("{app:?}") };
    assert_eq!(logging.creates_group, Observed::Present(Switch::On));
    let [secret, parameter] = app.secrets.as_slice() else { panic!("{app:?}") };
    assert_eq!(secret.named, "arn:aws:secretsmanager:us-east-2:123456789012:secret:prod/db-AbCdEf");
    assert_eq!(secret.json_key, Observed::Present("password".into()));
    assert_eq!((&secret.stage, &secret.version), (&Observed::Absent, &Observed::Present("v1".into())));
    assert_eq!((parameter.store, parameter.named.as_str()), (SecretStore::ParameterStore, "/prod/flag"));
    let Observed::Present(logging) = &router.logging else { panic!("{router:?}") };
    assert_eq!(logging.output, Observed::Present("cloudwatch".into()));
    assert_eq!(logging.group, Observed::Present("/ecs/$(task)".into()));
    let [shared, later] = definition.volumes.as_slice() else { panic!("{definition:?}") };
    assert_eq!(later.efs, Observed::Absent);
    let Observed::Present(efs) = &shared.efs else { panic!("{shared:?}") };
    assert_eq!((&efs.transit_encryption, &efs.iam), (&Observed::Present(Switch::On), &Observed::Present(Switch::Off)));
    assert_eq!(named(&found, Kind::Role), ["execution"]);
    assert_eq!(named(&found, Kind::FileSystem), ["fs-1"]);
    assert_eq!(named(&found, Kind::Secret), [secret.named.as_str()]);
    let groups: Vec<_> = found.iter().filter(|(reference, _)| reference.kind == Kind::LogGroup).collect();
    let [(group, _)] = groups.as_slice() else { panic!("{groups:?}") };
    assert_eq!((group.id.as_str(), group.region.as_str()), ("/ecs/api", "us-west-2"));
}

#[tokio::test]
async fn values_are_judged_and_nothing_of_them_is_kept() {
    let body = one_container(
        r#""environment":[{"name":"DB_PASSWORD","value":"hunter2"},{"name":"URL","value":"postgres://app:hunter3@db/main"},
            {"name":"TOKEN_TTL","value":"3600"},{"name":"EMPTY_SECRET"}],
        "command":["app","--api-key","hunter4"],"entryPoint":["sh","-c","TOKEN=$T app"],
        "healthCheck":{"command":["CMD-SHELL","curl -H 'X-Api-Key: hunter5' localhost"]},
        "dockerLabels":{"com.example.secret":"hunter6"},
        "logConfiguration":{"logDriver":"splunk","options":{"splunk-token":"hunter7"}},
        "environmentFiles":[{"value":"arn:aws:s3:::b/f.env","type":"s3"}]"#,
    );
    let (_, revision, _) = read_definition(&body).await;
    let text = serde_json::to_string(&revision).unwrap();
    assert!(!text.contains("hunter") && !format!("{revision:?}").contains("hunter"), "{text}");
    let Observed::Present(definition) = revision.definition.observed() else { panic!("{revision:?}") };
    let container = &definition.containers[0];
    assert_eq!(container.environment_files, 1);
    let values: Vec<(Field, Option<&str>, PlainLook)> = container
        .values
        .iter()
        .map(|value| {
            let name = match &value.name {
                Observed::Present(name) => Some(name.as_str()),
                Observed::Absent | Observed::Unknown(_) => None,
            };
            (value.field, name, value.look)
        })
        .collect();
    assert_eq!(
        values,
        [
            (Field::Environment, Some("DB_PASSWORD"), PlainLook::Literal),
            (Field::Environment, Some("URL"), PlainLook::Credential(SecretLook::UrlPassword)),
            (Field::Environment, Some("TOKEN_TTL"), PlainLook::Harmless),
            (Field::Environment, Some("EMPTY_SECRET"), PlainLook::Harmless),
            (Field::Command, Some("api-key"), PlainLook::Literal),
            (Field::EntryPoint, Some("TOKEN"), PlainLook::Harmless),
            (Field::HealthCheck, Some("X-Api-Key"), PlainLook::Literal),
            (Field::Label, Some("com.example.secret"), PlainLook::Literal),
            (Field::LogOption, Some("splunk-token"), PlainLook::Literal),
        ]
    );
}

#[tokio::test]
async fn secrets_that_the_task_role_names_are_reached_but_for_those_that_a_container_takes() {
    let secret = |name: &str| format!("arn:aws:secretsmanager:us-east-2:123456789012:secret:{name}");
    let body = format!(
        r#"{{"taskDefinition":{{"taskDefinitionArn":"{REVISION}","family":"api","revision":7,
        "taskRoleArn":"arn:aws:iam::123456789012:role/task",
        "containerDefinitions":[{{"name":"app","cpu":0,"secrets":[{{"name":"DB","valueFrom":"{}"}}]}}]}}}}"#,
        secret("db-AbCdEf")
    );
    let document = format!(
        r#"{{"Statement":[{{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":["{}","{}","*"]}}]}}"#,
        secret("db-??????"),
        secret("key-??????")
    );
    let xml = |operation: &str, result: &str| {
        Answer::ok(format!(
            "<{operation}Response><{operation}Result>{result}</{operation}Result></{operation}Response>"
        ))
    };
    let names = "<PolicyNames><member>read</member></PolicyNames><IsTruncated>false</IsTruncated>";
    let policy = format!(
        "<RoleName>task</RoleName><PolicyName>read</PolicyName><PolicyDocument>{}</PolicyDocument>",
        document.replace('"', "%22")
    );
    let of_role = [("RoleName", "task")];
    let account = with(account(), "DescribeTaskDefinition", &[("taskDefinition", REVISION)], &body)
        .answer("iam", "ListRolePolicies", &of_role, xml("ListRolePolicies", names))
        .unwrap()
        .answer("iam", "GetRolePolicy", &[of_role[0], ("PolicyName", "read")], xml("GetRolePolicy", &policy))
        .unwrap();
    let ((_, found), _) =
        walked(account, &scope(), async |walk| (task_definition(walk, REVISION, REGION).await, walk.take_found()))
            .await;
    assert_eq!(named(&found, Kind::Secret), [secret("db-AbCdEf"), secret("key")]);
    assert_eq!(named(&found, Kind::Role), ["task"]);
}

#[tokio::test]
async fn a_revision_that_is_not_there_is_missing_and_another_refusal_is_not() {
    let refused = |message: &str| {
        let body = format!(r#"{{"__type":"ClientException","message":"{message}"}}"#);
        let asked = [("taskDefinition", REVISION)];
        account().answer("ecs", "DescribeTaskDefinition", &asked, Answer::new(400, body)).unwrap()
    };
    let existence = async |account| {
        walked(account, &scope(), async |walk| task_definition(walk, REVISION, REGION).await.existence).await.0
    };
    let gone = existence(refused("Unable to describe task definition.")).await;
    assert_eq!(gone.observed(), &Observed::Present(Existence::Missing));
    assert!(matches!(existence(refused("no")).await.observed(), Observed::Unknown(Gap::Failed { .. })));
}

#[tokio::test]
async fn references_take_every_form_of_a_name() {
    let (found, _) = walked(account(), &scope(), async |walk| {
        let id =
            |reference: Option<Reference>| reference.map(|reference| format!("{} {}", reference.region, reference.id));
        [
            id(cluster_reference(walk, "arn:aws:ecs:eu-central-1:123456789012:cluster/records", REGION)),
            id(cluster_reference(walk, "records", REGION)),
            id(cluster_reference(walk, "arn:aws:ecs:us-east-2:210987654321:cluster/records", REGION)),
            id(service_reference(walk, SERVICE, "eu-central-1")),
            id(service_reference(walk, "records/api", REGION)),
            id(service_reference(walk, "api", REGION)),
            id(task_definition_reference(walk, "api:7", REGION)),
            id(task_definition_reference(walk, SERVICE, REGION)),
        ]
    })
    .await;
    let expected = [
        Some("eu-central-1 records"),
        Some("us-east-2 records"),
        Some("us-east-2 arn:aws:ecs:us-east-2:210987654321:cluster/records"),
        Some("us-east-2 arn:aws:ecs:us-east-2:123456789012:service/records/api"),
        Some("us-east-2 arn:aws:ecs:us-east-2:123456789012:service/records/api"),
        None,
        Some("us-east-2 arn:aws:ecs:us-east-2:123456789012:task-definition/api:7"),
        None,
    ];
    assert_eq!(found.each_ref().map(Option::as_deref), expected);
}
