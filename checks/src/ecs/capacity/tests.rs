use super::*;
use crate::ecs::fixture::*;
use crate::fixture::*;
use crate::iam::fixture::stack;
use crate::subject::Role;

const ID: &str = "ecs-service-fargate";

fn of_service(evidence: Evidence) -> Judgement {
    judge(ID, &first(evidence, Kind::Service))
}

fn with_capacity(capacity: Capacity) -> Evidence {
    running(|running| running.service.capacity = capacity)
}

fn strategy(providers: &[&str]) -> Capacity {
    Capacity {
        launch_type: Observed::Absent,
        providers: providers.iter().map(|name| (*name).to_owned()).collect(),
        platform: Observed::Absent,
    }
}

#[test]
fn a_service_on_fargate_by_launch_type_or_by_every_capacity_provider_passes() {
    assert_eq!(passed(of_service(running(|_| ()))), "the service runs on FARGATE; api:7 is for FARGATE");
    assert_eq!(
        passed(of_service(with_capacity(strategy(&["FARGATE", "FARGATE_SPOT"])))),
        "the service runs on FARGATE and FARGATE_SPOT; api:7 is for FARGATE"
    );
}

#[test]
fn any_other_launch_type_or_provider_fails() {
    for launch_type in [LaunchType::Ec2, LaunchType::External, LaunchType::ManagedInstances] {
        let text = failed(of_service(with_capacity(Capacity {
            launch_type: Observed::Present(launch_type),
            ..launched_on_fargate()
        })));
        assert_eq!(text, format!("the service runs on {}", launch_type.name()));
    }
    let mixed = with_capacity(strategy(&["FARGATE", "hosts"]));
    assert_eq!(failed(of_service(mixed)), "the service runs on capacity provider hosts");
}

#[test]
fn a_service_that_says_nothing_of_what_it_runs_on_is_undecided_unless_its_task_sets_say_it() {
    assert!(undecided(of_service(with_capacity(strategy(&[])))).contains("without services.launchType"));
    let by_sets = running(|running| {
        running.service.capacity = strategy(&[]);
        running.service.definition = Observed::Absent;
        running.service.deployments.clear();
        running.service.task_sets = vec![task_set("ts-1")];
    });
    assert_eq!(passed(of_service(by_sets)), "task set ts-1 runs on FARGATE; api:7 is for FARGATE");
}

#[test]
fn a_task_set_on_hosts_fails_beside_a_service_on_fargate() {
    let evidence = running(|running| {
        let hosts = Capacity { launch_type: Observed::Present(LaunchType::Ec2), ..launched_on_fargate() };
        running.service.task_sets = vec![TaskSet { capacity: hosts, ..task_set("ts-1") }];
    });
    assert_eq!(failed(of_service(evidence)), "task set ts-1 runs on EC2");
}

#[test]
fn a_task_definition_that_is_not_for_fargate_fails_and_one_that_was_not_read_is_undecided() {
    let hosts = running(|running| running.definition.compatibilities = vec!["EC2".into()]);
    assert_eq!(failed(of_service(hosts)), "api:7 is for EC2");
    let unseen = without(running(|_| ()), Kind::TaskDefinition);
    assert_eq!(undecided(of_service(unseen)), "nothing was seen of the task definition api:7");
}

#[test]
fn an_old_platform_version_is_a_remark() {
    let on = |version: &str| {
        passed(of_service(with_capacity(Capacity {
            platform: Observed::Present(version.into()),
            ..launched_on_fargate()
        })))
    };
    assert!(on("1.3.0").contains("on platform version 1.3.0, which cannot mount EFS"));
    assert!(!on("1.4.0").contains('|'));
    assert!(!on("LATEST").contains('|'));
}

#[test]
fn an_unknown_launch_type_is_undecided() {
    let gap = Gap::Unrecognised { operation: SERVICES.into(), field: "launchType".into(), token: "MOON".into() };
    let unknown = with_capacity(Capacity { launch_type: Observed::Unknown(gap), ..launched_on_fargate() });
    assert!(undecided(of_service(unknown)).contains("answered `MOON` in launchType"));
}

#[test]
fn a_cluster_with_an_active_service_passes_and_names_what_is_left_out() {
    assert_eq!(passed(judge(ID, &running(|_| ()))), "ACTIVE services, each judged by itself: api");
    let beside = running(|running| {
        let gone = crate::ecs::Description { status: Observed::Present(ServiceStatus::Inactive), ..described() };
        let mut gone = service_subject(Service { description: seen(gone), ..running.service() });
        gone.id = SERVICE.replace("/api", "/old");
        running.others.push(gone);
    });
    assert_eq!(passed(judge(ID, &beside)), "ACTIVE services, each judged by itself: api | left out: old (INACTIVE)");
}

#[test]
fn a_cluster_without_an_active_service_fails_and_its_inactive_services_do_not() {
    for status in [ServiceStatus::Inactive, ServiceStatus::Draining] {
        let evidence = running(|running| running.service.status = Observed::Present(status));
        assert_eq!(
            failed(judge(ID, &evidence)),
            format!("the cluster has no ACTIVE service, so nothing runs | left out: api ({})", status.name())
        );
        assert!(not_applicable(of_service(evidence)).starts_with(&format!("the service is {}", status.name())));
    }
    let empty = without(running(|running| running.cluster.services = seen(Vec::new())), Kind::Service);
    assert_eq!(failed(judge(ID, &empty)), "the cluster has no ACTIVE service, so nothing runs");
    assert!(not_applicable(nothing_runs(&empty)).contains("the finding of the cluster says"));
}

#[test]
fn services_that_could_not_be_listed_or_read_leave_it_open_whether_one_is_active() {
    let unlisted = without(running(|running| running.cluster.services = denied()), Kind::Service);
    assert_eq!(judge(ID, &unlisted), Err(denial()));
    let mut unread = running(|_| ());
    for subject in &mut unread.subjects {
        if subject.kind == Kind::Service {
            *subject = service_subject(Service::unknown(&denial()));
        }
    }
    assert_eq!(judge(ID, &unread), Err(denial()));
    assert_eq!(of_service(unread), Err(denial()));
}

#[test]
fn nothing_at_all_fails_once() {
    assert!(undecided(judge(ID, &evidence(Vec::new()))).contains("AWS::CloudFormation::Stack"));
    let nothing = evidence(vec![stack(&[("Table", "AWS::DynamoDB::Table")])]);
    assert_eq!(failed(judge(ID, &nothing)), "there is no ECS cluster, and so no ACTIVE service: nothing runs");
    for id in ["ecs-service-steady", "ecs-autoscaling-target", "ecs-autoscaling-policy", "ecs-service-multi-az"] {
        assert_eq!(not_applicable(judge(id, &nothing)), "there is no ACTIVE service (see ecs-service-fargate)");
    }
    for id in [
        "ecs-tasks-private-subnets",
        "ecs-tasks-no-public-ip",
        "ecs-taskdef-logging",
        "ecs-taskdef-no-plaintext-secrets",
        "ecs-efs-shared-mount-encrypted-transit",
    ] {
        let text = not_applicable(judge(id, &nothing));
        assert_eq!(text, "there is no ACTIVE service and no running task (see ecs-service-fargate)", "{id}");
    }
}

#[test]
fn a_cluster_of_others_counts_only_for_the_services_of_the_stack() {
    let mut foreign = running(|_| ());
    for subject in &mut foreign.subjects {
        if [Kind::Cluster, Kind::Service].contains(&subject.kind) {
            subject.role = Role::External;
        }
    }
    assert!(not_applicable(judge(ID, &foreign)).contains("no service of the stack runs in it"));
    assert!(not_applicable(of_service(foreign.clone())).contains("not the stack's"));
    for subject in &mut foreign.subjects {
        if subject.kind == Kind::Service {
            subject.role = Role::Primary;
        }
    }
    passed(judge(ID, &foreign));
    passed(of_service(foreign));
}

#[test]
fn a_service_that_others_made_in_the_cluster_of_the_stack_is_judged() {
    let mut evidence =
        with_capacity(Capacity { launch_type: Observed::Present(LaunchType::Ec2), ..launched_on_fargate() });
    for subject in &mut evidence.subjects {
        if subject.kind == Kind::Service {
            subject.role = Role::External;
        }
    }
    failed(of_service(evidence));
}

#[test]
fn a_service_and_a_revision_are_known_by_the_end_of_their_arns_too() {
    let evidence = running(|_| ());
    let names = |kind| evidence.of_kind(kind).next().map(Subject::names).unwrap();
    assert!(names(Kind::Service).contains("api") && names(Kind::Service).contains(SERVICE));
    assert!(names(Kind::TaskDefinition).contains("api:7"));
    assert!(!names(Kind::Cluster).contains("api"));
}
