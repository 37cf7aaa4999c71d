use super::*;
use crate::ecs::ServiceStatus;
use crate::ecs::fixture::*;
use crate::evidence::Evidence;
use crate::fixture::*;

const ID: &str = "ecs-service-steady";

fn with(alter: impl FnOnce(&mut Description)) -> Evidence {
    running(|running| alter(&mut running.service))
}

fn rolled(rollout: Observed<Rollout>) -> Evidence {
    with(|service| service.deployments[0].rollout = rollout)
}

#[test]
fn a_service_with_all_its_tasks_and_a_complete_deployment_passes() {
    assert_eq!(passed(judge(ID, &running(|_| ()))), "tasks wanted: 2, running: 2; deployment ecs-svc/1 is COMPLETED");
    passed(judge(ID, &with(|service| (service.desired, service.running) = (1, 1))));
}

#[test]
fn a_service_that_is_to_run_nothing_fails() {
    let idle = with(|service| (service.desired, service.running) = (0, 0));
    assert_eq!(failed(judge(ID, &idle)), "the service is to run no task");
}

#[test]
fn one_task_too_few_fails_unless_a_deployment_goes_on() {
    let short = with(|service| service.running = 1);
    assert_eq!(failed(judge(ID, &short)), "tasks wanted: 2, running: 1, and no deployment goes on");
    let rolling = with(|service| {
        service.running = 1;
        service.deployments[0].rollout = Observed::Present(Rollout::InProgress);
    });
    assert_eq!(
        undecided(judge(ID, &rolling)),
        "deployment ecs-svc/1 has been IN_PROGRESS for 3 h 0 min, 1 of 2 tasks running: it is changing, so the evidence \
         may be torn; run again when it has settled"
    );
}

#[test]
fn a_deployment_without_a_circuit_breaker_says_that_crashes_look_alike() {
    for breaker in [Observed::Absent, Observed::Present(Switch::Off)] {
        let rolling = with(|service| {
            service.circuit_breaker = breaker.clone();
            service.deployments[0].rollout = Observed::Present(Rollout::InProgress);
        });
        assert!(undecided(judge(ID, &rolling)).contains("the circuit breaker is off"));
        let settled = with(|service| service.circuit_breaker = breaker);
        assert!(passed(judge(ID, &settled)).contains("| the deployment circuit breaker is off"));
    }
}

#[test]
fn a_failed_newest_deployment_fails_even_with_all_tasks() {
    assert_eq!(
        failed(judge(ID, &rolled(Observed::Present(Rollout::Failed)))),
        "the newest deployment ecs-svc/1 has FAILED"
    );
}

#[test]
fn an_older_deployment_that_failed_is_no_failure_and_one_that_goes_on_is_undecided() {
    let beside = |rollout| {
        with(|service| {
            service.deployments.push(Deployment {
                id: "ecs-svc/0".into(),
                status: Observed::Present(DeploymentStatus::Active),
                rollout: Observed::Present(rollout),
                ..deployment()
            });
        })
    };
    passed(judge(ID, &beside(Rollout::Failed)));
    assert!(undecided(judge(ID, &beside(Rollout::InProgress))).starts_with("deployment ecs-svc/0 has been"));
}

#[test]
fn without_a_rollout_state_the_counts_decide() {
    passed(judge(ID, &rolled(Observed::Absent)));
    let short = with(|service| {
        service.running = 1;
        service.deployments[0].rollout = Observed::Absent;
    });
    failed(judge(ID, &short));
    let by_code_deploy = |running| {
        with(move |service| {
            service.running = running;
            service.controller = Observed::Present(Controller::CodeDeploy);
            service.circuit_breaker = Observed::Absent;
            service.deployments.clear();
            service.task_sets = vec![task_set("ts-1")];
        })
    };
    assert_eq!(passed(judge(ID, &by_code_deploy(2))), "tasks wanted: 2, running: 2; task set ts-1 is steady");
    failed(judge(ID, &by_code_deploy(1)));
}

#[test]
fn a_task_set_that_stabilizes_is_undecided() {
    let evidence = with(|service| {
        service.controller = Observed::Present(Controller::External);
        service.deployments.clear();
        let stability = Observed::Present(Stability::Stabilizing);
        service.task_sets = vec![crate::ecs::TaskSet { stability, ..task_set("ts-1") }];
    });
    assert!(undecided(judge(ID, &evidence)).starts_with("task set ts-1 is STABILIZING"));
}

#[test]
fn a_service_of_ecs_without_deployments_is_an_answer_that_lacks_them() {
    let none = with(|service| service.deployments.clear());
    assert!(undecided(judge(ID, &none)).contains("answered without services.deployments"));
}

#[test]
fn what_could_not_be_read_is_undecided_and_what_is_not_active_is_left_out() {
    assert_eq!(judge(ID, &rolled(Observed::Unknown(denial()))), Err(denial()));
    assert_eq!(judge(ID, &evidence(vec![service_subject(Service::unknown(&denial()))])), Err(denial()));
    let inactive = with(|service| service.status = Observed::Present(ServiceStatus::Inactive));
    assert!(not_applicable(judge(ID, &inactive)).contains("the service is INACTIVE, so it is left out"));
}
