use super::super::fixture::*;
use super::*;
use crate::fixture::*;
use crate::observed::Observed::{Absent, Present, Unknown};

const PRIVATE_SUBNETS: &str = "rds-private-subnets";
const PUBLIC: &str = "rds-not-publicly-accessible";

#[test]
fn a_cluster_outside_of_the_vpc_fails_and_one_without_a_group_is_undecided() {
    let outside = with(|cluster| {
        cluster.vpc_networking = Present(Switch::Off);
        cluster.subnet_group = Absent;
    });
    assert_eq!(
        failed(judge(PRIVATE_SUBNETS, &of(outside))),
        "the cluster stands outside of the VPC (VPCNetworkingEnabled is false)"
    );
    let without = with(|cluster| cluster.subnet_group = Absent);
    assert!(undecided(judge(PRIVATE_SUBNETS, &of(without))).contains("DBCluster.DBSubnetGroup"));
}

#[test]
fn a_group_that_could_not_be_read_is_undecided() {
    let mut unread = database();
    unread.subnet_group = denied();
    assert_eq!(judge(PRIVATE_SUBNETS, &of(unread)), Err(denial()));
}

#[test]
fn instances_without_a_public_address_pass() {
    assert_eq!(passed(judge(PUBLIC, &of(database()))), "db-1 has no public address; db-2 has no public address");
}

#[test]
fn one_instance_with_a_public_address_fails_although_another_could_not_be_read() {
    let one = of_instances(|instances| instances[1].public = Present(Switch::On));
    assert!(failed(judge(PUBLIC, &of(one))).starts_with("db-2 has a public address"));
    let beside = of_instances(|instances| {
        instances[0].public = Unknown(denial());
        instances[1].public = Present(Switch::On);
    });
    failed(judge(PUBLIC, &of(beside)));
}

#[test]
fn an_internet_access_gateway_fails_with_and_without_members() {
    let gateway = with(|cluster| cluster.internet_gateway = Present(Switch::On));
    assert!(failed(judge(PUBLIC, &of(gateway))).starts_with("the cluster has an internet access gateway"));
    let alone = with(|cluster| {
        cluster.internet_gateway = Present(Switch::On);
        cluster.members = Present(Vec::new());
    });
    failed(judge(PUBLIC, &of(alone)));
}

#[test]
fn a_cluster_without_members_has_no_address_to_judge() {
    let empty = with(|cluster| cluster.members = Present(Vec::new()));
    assert_eq!(
        not_applicable(judge(PUBLIC, &of(empty))),
        "the cluster has no member; see rds-cluster-aurora-available"
    );
}

#[test]
fn a_flag_that_is_missing_or_a_member_without_an_answer_is_undecided() {
    let missing = of_instances(|instances| instances[0].public = Absent);
    assert!(undecided(judge(PUBLIC, &of(missing))).contains("DBInstance.PubliclyAccessible"));
    let unanswered = of_instances(|instances| {
        instances.pop();
    });
    assert!(undecided(judge(PUBLIC, &of(unanswered))).contains("did not answer for the member db-2"));
    let mut unread = database();
    unread.instances = denied();
    assert_eq!(judge(PUBLIC, &of(unread)), Err(denial()));
    let gateway = with(|cluster| cluster.internet_gateway = Unknown(denial()));
    assert_eq!(judge(PUBLIC, &of(gateway)), Err(denial()));
}

#[test]
fn the_data_api_is_noted() {
    let api = with(|cluster| cluster.data_api = Present(Switch::On));
    assert!(passed(judge(PUBLIC, &of(api))).ends_with("| the RDS Data API is on; IAM alone guards it"));
}
