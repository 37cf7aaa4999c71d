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

fn of_subnets(subnets: &[&str]) -> Database {
    let mut database = database();
    let group = crate::rds::SubnetGroup {
        name: "tap-db-subnets".into(),
        vpc: text("vpc-0a"),
        subnets: subnets.iter().map(|id| (*id).to_owned()).collect(),
    };
    database.subnet_group = seen(group);
    database
}

#[test]
fn a_group_of_private_subnets_passes() {
    assert_eq!(passed(judge(PRIVATE_SUBNETS, &of(database()))), "subnet-a is private; subnet-b is private");
}

#[test]
fn one_public_subnet_fails_whether_or_not_it_is_in_use() {
    assert_eq!(
        failed(judge(PRIVATE_SUBNETS, &of(of_subnets(&["subnet-a", "subnet-public-b"])))),
        "subnet-public-b of the subnet group tap-db-subnets is public: 0.0.0.0/0 to igw-0a"
    );
}

#[test]
fn a_subnet_that_was_not_seen_and_a_group_without_any_are_undecided() {
    assert!(undecided(judge(PRIVATE_SUBNETS, &of(of_subnets(&["subnet-x"])))).contains("subnet-x"));
    failed(judge(PRIVATE_SUBNETS, &of(of_subnets(&["subnet-x", "subnet-public-a"]))));
    assert!(undecided(judge(PRIVATE_SUBNETS, &of(of_subnets(&[])))).starts_with("RDS answered no subnet"));
}

#[test]
fn a_public_address_fails_with_a_word_on_the_path_to_it() {
    let flagged = |subnets: &[&str]| {
        let mut database = of_subnets(subnets);
        let mut second = instance("db-2", "us-east-2b");
        second.public = Present(Switch::On);
        database.instances = seen(vec![instance("db-1", "us-east-2a"), second]);
        failed(judge(PUBLIC, &of(database)))
    };
    assert_eq!(
        flagged(&["subnet-a", "subnet-b"]),
        "db-2 has a public address | no route leads there today, because its subnets are private"
    );
    assert!(flagged(&["subnet-public-a"]).contains("a route leads there (subnet-public-a: 0.0.0.0/0 to igw-0a)"));
    assert!(flagged(&["subnet-x"]).ends_with("whether a route leads there could not be told"));
}
