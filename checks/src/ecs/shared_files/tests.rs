use super::*;
use crate::ecs::fixture::*;
use crate::evidence::Evidence;
use crate::fixture::*;
use crate::subject::{Resource, Subject};

const ID: &str = "ecs-efs-shared-mount-encrypted-transit";

fn file_system(id: &str, role: Role) -> Subject {
    let mut subject = subject(Kind::FileSystem, id, Resource::FileSystem(Box::new(FileSystem::unknown(&denial()))));
    subject.role = role;
    subject
}

fn volume(transit_encryption: Observed<Switch>) -> Volume {
    Volume {
        name: "shared".into(),
        efs: Observed::Present(EfsVolume {
            file_system: "fs-1".into(),
            transit_encryption,
            access_point: Observed::Present("fsap-1".into()),
            iam: Observed::Present(Switch::On),
        }),
    }
}

fn mounted(volume: Volume) -> Evidence {
    running(|running| {
        running.definition.containers[0].mounts = vec![volume.name.clone()];
        running.definition.volumes = vec![volume];
        running.others.push(file_system("fs-1", Role::Primary));
    })
}

fn of_revision(evidence: Evidence) -> Judgement {
    judge(ID, &first(evidence, Kind::TaskDefinition))
}

fn of_cluster(evidence: Evidence) -> Judgement {
    judge(ID, &first(evidence, Kind::Cluster))
}

fn over_tls() -> Volume {
    volume(Observed::Present(Switch::On))
}

#[test]
fn a_mounted_volume_with_transit_encryption_passes_for_revision_and_cluster() {
    assert_eq!(
        passed(of_revision(mounted(over_tls()))),
        "volume shared is mounted; transitEncryption of volume shared is ENABLED"
    );
    assert_eq!(passed(of_cluster(mounted(over_tls()))), "api:7 mounts fs-1");
}

#[test]
fn transit_encryption_that_is_off_or_absent_fails() {
    assert_eq!(
        failed(of_revision(mounted(volume(Observed::Present(Switch::Off))))),
        "transitEncryption of volume shared is DISABLED"
    );
    assert_eq!(
        failed(of_revision(mounted(volume(Observed::Absent)))),
        "transitEncryption of volume shared is not set, which means DISABLED"
    );
    assert_eq!(of_revision(mounted(volume(Observed::Unknown(denial())))), Err(denial()));
}

#[test]
fn a_volume_that_no_container_mounts_fails_in_both() {
    let declared = || {
        running(|running| {
            running.definition.volumes = vec![over_tls()];
            running.others.push(file_system("fs-1", Role::Primary));
        })
    };
    assert_eq!(failed(of_revision(declared())), "no container mounts volume shared");
    assert_eq!(failed(of_cluster(declared())), "no running task definition mounts fs-1");
}

#[test]
fn a_revision_without_efs_volumes_is_no_failure_and_the_cluster_says_that_nothing_mounts() {
    let none = running(|running| {
        running.definition.volumes = vec![Volume { name: "scratch".into(), efs: Observed::Absent }];
        running.others.push(file_system("fs-1", Role::Primary));
    });
    assert_eq!(not_applicable(of_revision(none.clone())), "the task definition has no EFS volume");
    assert_eq!(failed(of_cluster(none)), "no running task definition mounts fs-1");
}

#[test]
fn a_file_system_of_another_stack_is_a_remark_and_does_not_count_as_the_stacks() {
    let foreign = || {
        running(|running| {
            running.definition.containers[0].mounts = vec!["shared".into()];
            running.definition.volumes = vec![over_tls()];
            running.others.push(file_system("fs-1", Role::External));
            running.others.push(file_system("fs-2", Role::Primary));
        })
    };
    assert!(passed(of_revision(foreign())).contains("| file system fs-1 of volume shared belongs to another stack"));
    assert_eq!(failed(of_cluster(foreign())), "no running task definition mounts fs-2");
    let none = without(foreign(), Kind::FileSystem);
    assert_eq!(failed(of_cluster(none)), "the stack has no file system that a task could mount");
}

#[test]
fn mounting_without_the_task_role_or_an_access_point_is_a_remark() {
    let mut bare = over_tls();
    if let Observed::Present(efs) = &mut bare.efs {
        (efs.iam, efs.access_point) = (Observed::Absent, Observed::Absent);
    }
    assert!(passed(of_revision(mounted(bare))).ends_with(
        "| volume shared is mounted without the task role (authorizationConfig.iam); volume shared is mounted without an \
         access point"
    ));
}

#[test]
fn one_consumer_alone_is_a_remark() {
    let alone = |desired| {
        running(|running| {
            running.service.desired = desired;
            running.definition.containers[0].mounts = vec!["shared".into()];
            running.definition.volumes = vec![over_tls()];
            running.others.push(file_system("fs-1", Role::Primary));
        })
    };
    assert!(passed(of_cluster(alone(1))).contains("| one container alone mounts it"));
    assert!(!passed(of_cluster(alone(2))).contains('|'));
}

#[test]
fn what_runs_outside_services_may_be_what_mounts() {
    let evidence = running(|running| {
        running.service.status = Observed::Present(crate::ecs::ServiceStatus::Inactive);
        running.cluster.tasks = seen(vec![lone_task("t1")]);
        running.definition.containers[0].mounts = vec!["shared".into()];
        running.definition.volumes = vec![over_tls()];
        running.others.push(file_system("fs-1", Role::Primary));
    });
    passed(of_revision(evidence.clone()));
    passed(of_cluster(evidence));
}

#[test]
fn nothing_that_runs_is_not_applicable_and_what_could_not_be_read_is_undecided() {
    let idle = running(|running| running.service.status = Observed::Present(crate::ecs::ServiceStatus::Inactive));
    assert!(not_applicable(of_cluster(idle.clone())).contains("see ecs-service-fargate"));
    assert!(not_applicable(of_revision(idle)).contains("see ecs-service-fargate"));
    let unseen = without(mounted(over_tls()), Kind::TaskDefinition);
    assert_eq!(undecided(of_cluster(unseen)), "nothing was seen of the task definition api:7");
    let tasks = running(|running| {
        running.service.status = Observed::Present(crate::ecs::ServiceStatus::Inactive);
        running.cluster.tasks = denied();
    });
    assert_eq!(of_cluster(tasks), Err(denial()));
    let unknown = Volume { name: "shared".into(), efs: Observed::Unknown(denial()) };
    assert_eq!(of_cluster(mounted(unknown.clone())), Err(denial()));
    assert_eq!(of_revision(mounted(unknown)), Err(denial()));
}
