use super::*;
use crate::ecs::fixture::*;
use crate::ecs::{ClusterDescription, Task};
use crate::evidence::Evidence;
use crate::fixture::*;
use crate::subject::{Kind, Role};

const ID: &str = "ecs-exec-audited";

fn configured(logging: Option<ExecLogging>) -> ExecConfiguration {
    ExecConfiguration {
        logging: Observed::of(logging),
        log_group: Observed::Absent,
        bucket: Observed::Absent,
        kms_key: Observed::Present("alias/shells".into()),
    }
}

fn open(exec: Observed<ExecConfiguration>, alter: impl FnOnce(&mut Running)) -> Evidence {
    running(|running| {
        running.service.exec = Switch::On;
        running.cluster.description =
            running.cluster.description.clone().map(|description| ClusterDescription { exec, ..description });
        alter(running);
    })
}

fn to(group: Option<&str>, bucket: Option<&str>) -> Evidence {
    let named = ExecConfiguration {
        log_group: Observed::of(group.map(str::to_owned)),
        bucket: Observed::of(bucket.map(str::to_owned)),
        ..configured(Some(ExecLogging::Override))
    };
    open(Observed::Present(named), |_| ())
}

#[test]
fn without_shells_there_is_nothing_to_record() {
    assert_eq!(passed(judge(ID, &running(|_| ()))), "shells cannot be opened in any service or running task");
    let idle = without(running(|running| running.cluster.services = seen(Vec::new())), Kind::Service);
    passed(judge(ID, &idle));
}

#[test]
fn shells_that_are_not_logged_fail_in_services_and_in_tasks_that_keep_their_value() {
    let none = || Observed::Present(configured(Some(ExecLogging::None)));
    assert!(
        failed(judge(ID, &open(none(), |_| ()))).starts_with(
            "shells can be opened in service api, and the cluster's logging of them is NONE | session logs"
        )
    );
    let task_only = open(none(), |running| {
        running.service.exec = Switch::Off;
        running.cluster.tasks = seen(vec![Task { exec: Switch::On, ..lone_task("t1") }, task("t2")]);
    });
    assert!(failed(judge(ID, &task_only)).starts_with("shells can be opened in task t1, and"));
}

#[test]
fn default_logging_needs_awslogs_on_every_container() {
    let text = "shells can be opened in service api, and each is logged to the container's own log group";
    for exec in [
        Observed::Absent,
        Observed::Present(configured(None)),
        Observed::Present(configured(Some(ExecLogging::Default))),
    ] {
        assert!(passed(judge(ID, &open(exec.clone(), |_| ()))).starts_with(text));
        let sidecar = open(exec, |running| {
            let logging = Observed::Absent;
            running.definition.containers.push(crate::ecs::Container { logging, ..container("sidecar") });
        });
        assert!(failed(judge(ID, &sidecar)).contains("container sidecar of api:7 does not log by awslogs"));
    }
    let unseen = without(open(Observed::Absent, |_| ()), Kind::TaskDefinition);
    assert_eq!(undecided(judge(ID, &unseen)), "nothing was seen of the task definition api:7");
}

#[test]
fn override_needs_a_group_that_exists_or_a_bucket() {
    assert!(passed(judge(ID, &to(Some(GROUP), None))).contains("each is logged to /ecs/api"));
    assert!(passed(judge(ID, &to(None, Some("shells")))).contains("each is logged to bucket shells"));
    for (group, bucket) in [(None, None), (Some(""), Some(""))] {
        assert!(failed(judge(ID, &to(group, bucket))).contains("logging is OVERRIDE and names no destination"));
    }
    let mut missing = to(Some(GROUP), Some("shells"));
    for subject in &mut missing.subjects {
        if subject.kind == Kind::LogGroup {
            subject.existence = seen(Existence::Missing);
        }
    }
    assert!(failed(judge(ID, &missing)).contains("to be logged to /ecs/api, which does not exist"));
    assert!(undecided(judge(ID, &to(Some("/other"), None))).starts_with("nothing was seen of log group /other"));
}

#[test]
fn a_session_without_a_key_of_ones_own_is_a_remark() {
    assert!(passed(judge(ID, &open(Observed::Absent, |_| ()))).contains("| no KMS key of yours encrypts the sessions"));
    assert!(!passed(judge(ID, &to(Some(GROUP), None))).contains("no KMS key of yours"));
}

#[test]
fn what_could_not_be_read_is_undecided_and_does_not_hide_a_shell_that_is_not_logged() {
    assert_eq!(judge(ID, &running(|running| running.cluster.tasks = denied())), Err(denial()));
    assert_eq!(judge(ID, &running(|running| running.cluster.services = denied())), Err(denial()));
    assert_eq!(judge(ID, &open(Observed::Unknown(denial()), |_| ())), Err(denial()));
    let none = Observed::Present(configured(Some(ExecLogging::None)));
    let partly = open(none, |running| running.cluster.tasks = denied());
    assert!(failed(judge(ID, &partly)).contains("not all was readable"));
    let dark = open(Observed::Absent, |running| running.cluster.description = denied());
    assert_eq!(judge(ID, &dark), Err(denial()));
}

#[test]
fn in_a_cluster_of_others_only_the_tasks_of_the_stacks_services_count() {
    let none = Observed::Present(configured(Some(ExecLogging::None)));
    let mut evidence = open(none, |running| {
        running.service.exec = Switch::Off;
        running.cluster.tasks = seen(vec![Task { exec: Switch::On, ..lone_task("t1") }]);
    });
    failed(judge(ID, &evidence));
    for subject in &mut evidence.subjects {
        if subject.kind == Kind::Cluster {
            subject.role = Role::External;
        }
    }
    passed(judge(ID, &evidence));
}
