use super::super::fixture::*;
use super::*;
use crate::ecs::fixture::{
    cluster_subject, container, defined, definition_subject, described, network, service_subject,
};
use crate::ecs::{self, EfsVolume, Volume};
use crate::evidence::Evidence;
use crate::fixture::*;
use crate::observed::Observed::{Absent, Present, Unknown};

const ID: &str = "efs-mount-targets-private-multi-az";

fn mounted(targets: Vec<MountTarget>) -> Judgement {
    judge(ID, &of(FileSystem { mount_targets: seen(targets), ..file_system() }))
}

#[test]
fn a_one_zone_file_system_fails_whatever_its_mount_targets_are() {
    let one = with(|description| description.one_zone = Present("us-east-2a".into()));
    assert!(failed(judge(ID, &of(one))).starts_with("the file system is stored in one zone only, us-east-2a"));
}

#[test]
fn mount_targets_in_one_zone_or_none_at_all_fail() {
    let text = failed(mounted(vec![mount_target("fsmt-a", "subnet-a", "use2-aza")]));
    assert!(text.starts_with("mount targets are available in use2-aza only"), "{text}");
    assert!(failed(mounted(Vec::new())).starts_with("no mount target is available"));
    let mut broken = mount_target("fsmt-b", "subnet-b", "use2-azb");
    broken.state = Present(LifeCycle::Error);
    failed(mounted(vec![mount_target("fsmt-a", "subnet-a", "use2-aza"), broken]));
}

#[test]
fn a_mount_target_that_is_being_made_leaves_it_undecided_only_where_the_count_rests_on_it() {
    let mut coming = mount_target("fsmt-b", "subnet-b", "use2-azb");
    coming.state = Present(LifeCycle::Creating);
    let one = mount_target("fsmt-a", "subnet-a", "use2-aza");
    assert!(matches!(zones(&[&one, &coming]), Err(Gap::Changing { .. })));
    let mut same = coming.clone();
    same.zone = Present("use2-aza".into());
    failed(zones(&[&one, &same]));
    coming.state = Unknown(denial());
    assert_eq!(zones(&[&one, &coming]), Err(denial()));
    let mut nowhere = mount_target("fsmt-b", "subnet-b", "use2-azb");
    nowhere.zone = Absent;
    assert!(matches!(zones(&[&one, &nowhere]), Err(Gap::Incomplete { .. })));
}

#[test]
fn mount_targets_that_could_not_be_read_are_undecided() {
    let unread = FileSystem { mount_targets: denied(), ..file_system() };
    assert_eq!(judge(ID, &of(unread)), Err(denial()));
}

#[test]
fn mount_targets_in_private_subnets_of_two_zones_pass() {
    assert_eq!(
        passed(judge(ID, &of(file_system()))),
        "it is stored in several zones; mount targets are available in use2-aza, use2-azb; fsmt-a is in the private \
         subnet subnet-a; fsmt-b is in the private subnet subnet-b"
    );
}

#[test]
fn one_mount_target_in_a_public_subnet_fails() {
    let text = failed(mounted(vec![
        mount_target("fsmt-a", "subnet-a", "use2-aza"),
        mount_target("fsmt-b", "subnet-public-b", "use2-azb"),
    ]));
    assert_eq!(text, "fsmt-b is in the public subnet subnet-public-b: 0.0.0.0/0 to igw-0a");
}

/// The file system beside a service that runs in these subnets, and mounts it or merely names it.
fn served_in(file_system: FileSystem, subnets: &[&str], mounts: bool) -> Evidence {
    let mut definition = defined();
    let efs = EfsVolume {
        file_system: super::super::fixture::ID.into(),
        transit_encryption: Present(crate::s3::Switch::On),
        access_point: Absent,
        iam: Absent,
    };
    definition.volumes = vec![Volume { name: "shared".into(), efs: Present(efs) }];
    definition.containers = vec![container("app")];
    if mounts {
        definition.containers[0].mounts = vec!["shared".into()];
    }
    let mut description = described();
    description.network = Present(network(subnets));
    description.deployments = Vec::new();
    let service =
        ecs::Service { description: seen(description), scaling: not_set(), scaling_policies: seen(Vec::new()) };
    let mut evidence = of(file_system);
    evidence.subjects.extend([
        cluster_subject(crate::ecs::fixture::cluster()),
        service_subject(service),
        definition_subject(crate::ecs::fixture::REVISION, definition),
    ]);
    evidence
}

#[test]
fn each_zone_of_a_service_that_mounts_the_file_system_needs_a_mount_target() {
    let both = served_in(file_system(), &["subnet-a", "subnet-b"], true);
    assert!(passed(judge(ID, &both)).contains("use2-aza of service api has one; use2-azb of service api has one"));
    let apart = FileSystem {
        mount_targets: seen(vec![
            mount_target("fsmt-a", "subnet-a", "use2-aza"),
            mount_target("fsmt-c", "subnet-b", "use2-azc"),
        ]),
        ..file_system()
    };
    assert_eq!(
        failed(judge(ID, &served_in(apart.clone(), &["subnet-a", "subnet-b"], true))),
        "service api may start tasks in use2-azb, where its VPC has no available mount target"
    );
    passed(judge(ID, &served_in(apart, &["subnet-a", "subnet-b"], false)));
}

#[test]
fn mount_targets_in_another_vpc_serve_nobody() {
    let beside = |vpc: Observed<String>| {
        let mut elsewhere = mount_target("fsmt-b", "subnet-b", "use2-azb");
        elsewhere.vpc = vpc;
        let targets = vec![mount_target("fsmt-a", "subnet-a", "use2-aza"), elsewhere];
        let file_system = FileSystem { mount_targets: seen(targets), ..file_system() };
        judge(ID, &served_in(file_system, &["subnet-b"], true))
    };
    failed(beside(Present("vpc-other".into())));
    assert!(undecided(beside(Absent)).contains("MountTarget.VpcId"));
}

#[test]
fn services_that_could_not_be_read_may_mount_it_and_leave_it_undecided() {
    let mut evidence = of(file_system());
    evidence.subjects.push(service_subject(ecs::Service::unknown(&denial())));
    assert_eq!(judge(ID, &evidence), Err(denial()));
    let mut unread = served_in(file_system(), &["subnet-a"], true);
    unread.subjects.retain(|subject| subject.kind != crate::subject::Kind::TaskDefinition);
    assert!(undecided(judge(ID, &unread)).starts_with("nothing was seen of the task definition"));
}
