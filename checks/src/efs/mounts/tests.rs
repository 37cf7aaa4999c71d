use super::super::fixture::*;
use super::*;
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
    let text = failed(mounted(vec![mount_target("fsmt-a", "subnet-a", "use2-az1")]));
    assert!(text.starts_with("mount targets are available in use2-az1 only"), "{text}");
    assert!(failed(mounted(Vec::new())).starts_with("no mount target is available"));
    let mut broken = mount_target("fsmt-b", "subnet-b", "use2-az2");
    broken.state = Present(LifeCycle::Error);
    failed(mounted(vec![mount_target("fsmt-a", "subnet-a", "use2-az1"), broken]));
}

#[test]
fn a_mount_target_that_is_being_made_leaves_it_undecided_only_where_the_count_rests_on_it() {
    let mut coming = mount_target("fsmt-b", "subnet-b", "use2-az2");
    coming.state = Present(LifeCycle::Creating);
    let one = mount_target("fsmt-a", "subnet-a", "use2-az1");
    assert!(matches!(zones(&[&one, &coming]), Err(Gap::Changing { .. })));
    let mut same = coming.clone();
    same.zone = Present("use2-az1".into());
    failed(zones(&[&one, &same]));
    coming.state = Unknown(denial());
    assert_eq!(zones(&[&one, &coming]), Err(denial()));
    let mut nowhere = mount_target("fsmt-b", "subnet-b", "use2-az2");
    nowhere.zone = Absent;
    assert!(matches!(zones(&[&one, &nowhere]), Err(Gap::Incomplete { .. })));
}

#[test]
fn mount_targets_that_could_not_be_read_are_undecided() {
    let unread = FileSystem { mount_targets: denied(), ..file_system() };
    assert_eq!(judge(ID, &of(unread)), Err(denial()));
}
