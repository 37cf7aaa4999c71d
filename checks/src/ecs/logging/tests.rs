use super::*;
use crate::ecs::ServiceStatus;
use crate::ecs::fixture::*;
use crate::evidence::Evidence;
use crate::fixture::*;
use crate::subject::{Existence as There, Kind, Role};

const ID: &str = "ecs-taskdef-logging";

fn with(alter: impl FnOnce(&mut Container)) -> Evidence {
    running(|running| alter(&mut running.definition.containers[0]))
}

fn by(logging: Logging) -> Evidence {
    with(|container| container.logging = Observed::Present(logging))
}

fn firelens(output: Option<&str>) -> Logging {
    Logging { driver: "awsfirelens".into(), output: Observed::of(output.map(str::to_owned)), ..awslogs(GROUP) }
}

fn missing(mut evidence: Evidence) -> Evidence {
    for subject in &mut evidence.subjects {
        if subject.kind == Kind::LogGroup {
            subject.existence = seen(There::Missing);
        }
    }
    evidence
}

#[test]
fn a_container_that_logs_to_a_group_that_exists_passes() {
    assert_eq!(passed(judge(ID, &running(|_| ()))), "container app logs to /ecs/api");
    for output in ["cloudwatch", "cloudwatch_logs"] {
        assert_eq!(passed(judge(ID, &by(firelens(Some(output))))), "container app logs to /ecs/api");
    }
}

#[test]
fn a_container_without_logging_with_another_driver_or_output_fails() {
    assert_eq!(
        failed(judge(ID, &with(|container| container.logging = Observed::Absent))),
        "container app has no log configuration"
    );
    let splunk = by(Logging { driver: "splunk".into(), ..awslogs(GROUP) });
    assert_eq!(failed(judge(ID, &splunk)), "container app logs by the driver splunk");
    assert!(passed(judge_with(ID, "accepted_drivers = [\"splunk\"]", &splunk)).contains("is not looked at"));
    failed(judge_with(ID, "accepted_drivers = [\"awsfirelens\"]", &running(|_| ())));
    assert_eq!(
        failed(judge(ID, &by(firelens(Some("s3"))))),
        "container app logs by FireLens to s3, which is not CloudWatch Logs"
    );
}

#[test]
fn a_group_that_is_missing_or_not_named_fails_and_one_that_was_not_seen_is_undecided() {
    assert_eq!(failed(judge(ID, &missing(running(|_| ())))), "container app logs to /ecs/api, which does not exist");
    assert_eq!(
        failed(judge(ID, &by(Logging { group: Observed::Absent, ..awslogs(GROUP) }))),
        "container app names no log group"
    );
    let longer = by(awslogs("/ecs/api2"));
    assert_eq!(undecided(judge(ID, &longer)), "nothing was seen of log group /ecs/api2 in us-east-2");
    let mut unread = running(|_| ());
    for subject in &mut unread.subjects {
        if subject.kind == Kind::LogGroup {
            subject.existence = denied();
        }
    }
    assert_eq!(judge(ID, &unread), Err(denial()));
}

#[test]
fn a_group_is_looked_for_in_the_region_that_the_container_names() {
    let elsewhere = by(Logging { region: Observed::Present("us-west-2".into()), ..awslogs(GROUP) });
    assert_eq!(undecided(judge(ID, &elsewhere)), "nothing was seen of log group /ecs/api in us-west-2");
    let there = running(|running| {
        running.definition.containers[0].logging =
            Observed::Present(Logging { region: Observed::Present("us-west-2".into()), ..awslogs(GROUP) });
        let mut group = group_subject(GROUP);
        group.region = Some("us-west-2".into());
        running.others.push(group);
    });
    passed(judge(ID, &there));
}

#[test]
fn a_group_whose_name_is_put_together_when_it_runs_is_undecided() {
    let templated =
        by(Logging { group: Observed::Present("/ecs/$(container_name)".into()), ..firelens(Some("cloudwatch")) });
    assert!(undecided(judge(ID, &templated)).contains("whose name is put together when it runs"));
}

#[test]
fn firelens_with_a_configuration_file_is_undecided_unless_that_is_accepted() {
    assert!(undecided(judge(ID, &by(firelens(None)))).contains("which is not read"));
    assert!(
        passed(judge_with(ID, "accept_firelens_file = true", &by(firelens(None)))).contains("the file is not read")
    );
}

#[test]
fn a_driver_that_makes_its_group_is_a_remark() {
    let makes = by(Logging { creates_group: Observed::Present(Switch::On), ..awslogs(GROUP) });
    assert!(passed(judge(ID, &makes)).contains("| container app makes its log group where there is none"));
}

#[test]
fn only_essential_containers_have_to_log_and_absent_means_essential() {
    let beside = |essential| {
        running(|running| {
            running.definition.containers.push(Container {
                essential,
                logging: Observed::Absent,
                ..container("sidecar")
            });
        })
    };
    assert_eq!(
        passed(judge(ID, &beside(Observed::Present(Switch::Off)))),
        "container app logs to /ecs/api | containers that are not essential and do not log: sidecar"
    );
    for essential in [Observed::Absent, Observed::Present(Switch::On)] {
        assert_eq!(failed(judge(ID, &beside(essential))), "container sidecar has no log configuration");
    }
    assert_eq!(judge(ID, &beside(Observed::Unknown(denial()))), Err(denial()));
}

#[test]
fn a_revision_that_nothing_runs_is_left_out_however_new_it_is() {
    let newer = REVISION.replace(":7", ":8");
    let beside = running(|running| running.service.definition = Observed::Present(newer.clone()));
    let beside = {
        let mut beside = beside;
        for subject in &mut beside.subjects {
            if let crate::subject::Resource::Service(service) = &mut subject.resource {
                service.description = service.description.clone().map(|mut description| {
                    description.deployments.clear();
                    description
                });
            }
        }
        beside
    };
    assert!(not_applicable(judge(ID, &beside)).contains("runs this revision"));
}

#[test]
fn a_revision_of_an_older_deployment_or_of_a_running_task_is_judged() {
    let bare = Container { logging: Observed::Absent, ..container("app") };
    let inactive = running(|running| {
        running.definition.containers = vec![bare.clone()];
        running.service.status = Observed::Present(ServiceStatus::Inactive);
    });
    not_applicable(judge(ID, &inactive));
    let with_task = running(|running| {
        running.definition.containers = vec![bare.clone()];
        running.service.status = Observed::Present(ServiceStatus::Inactive);
        running.cluster.tasks = seen(vec![lone_task("t1")]);
    });
    failed(judge(ID, &with_task));
    let older = running(|running| {
        running.definition.containers = vec![bare];
        running.service.definition = Observed::Present(REVISION.replace(":7", ":8"));
    });
    failed(judge(ID, &older));
}

#[test]
fn whether_a_revision_runs_is_undecided_where_a_service_or_the_tasks_could_not_be_read() {
    let other = Observed::Present(REVISION.replace(":7", ":8"));
    let tasks = running(|running| {
        running.service.definition = other.clone();
        running.service.deployments[0].definition = other.clone();
        running.cluster.tasks = denied();
    });
    assert_eq!(judge(ID, &tasks), Err(denial()));
    let used = running(|running| running.cluster.tasks = denied());
    passed(judge(ID, &used));
    let mut unread = running(|_| ());
    for subject in &mut unread.subjects {
        if subject.kind == Kind::Service {
            *subject = service_subject(crate::ecs::Service::unknown(&denial()));
        }
    }
    assert_eq!(judge(ID, &unread), Err(denial()));
}

#[test]
fn a_revision_of_others_is_judged_where_the_stack_runs_it() {
    let mut evidence = with(|container| container.logging = Observed::Absent);
    for subject in &mut evidence.subjects {
        if subject.kind == Kind::TaskDefinition {
            subject.role = Role::External;
        }
    }
    failed(judge(ID, &evidence));
    for subject in &mut evidence.subjects {
        subject.role = Role::External;
    }
    not_applicable(judge(ID, &evidence));
}

#[test]
fn a_definition_that_could_not_be_read_is_undecided() {
    let mut evidence = running(|_| ());
    for subject in &mut evidence.subjects {
        if let crate::subject::Resource::TaskDefinition(revision) = &mut subject.resource {
            **revision = TaskDefinition::unknown(&denial());
        }
    }
    assert_eq!(judge(ID, &evidence), Err(denial()));
    let empty = running(|running| running.definition.containers.clear());
    assert_eq!(undecided(judge(ID, &empty)), "the task definition has no essential container");
}
