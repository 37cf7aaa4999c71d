use super::super::SubnetGroup;
use super::super::fixture::*;
use super::*;
use crate::fixture::*;
use crate::observed::Observed::{Absent, Present, Unknown};

const ID: &str = "redis-private-subnets";

fn in_subnets(subnets: &[&str]) -> Cache {
    let subnets = subnets.iter().map(|id| (*id).to_owned()).collect();
    Cache { subnet_group: seen(SubnetGroup { name: "default".into(), vpc: text("vpc-0a"), subnets }), ..cache() }
}

#[test]
fn private_subnets_pass_and_one_public_one_fails() {
    assert_eq!(passed(judge(ID, &of(cache()))), "subnet-a is private; subnet-b is private");
    assert_eq!(
        failed(judge(ID, &of(in_subnets(&["subnet-a", "subnet-public-b"])))),
        "subnet-public-b of the subnet group default is public: 0.0.0.0/0 to igw-0a"
    );
}

#[test]
fn a_group_without_subnets_or_an_answer_is_undecided() {
    assert!(undecided(judge(ID, &of(in_subnets(&[])))).contains("no subnet of the subnet group default"));
    assert!(undecided(judge(ID, &of(in_subnets(&["subnet-x"])))).contains("subnet-x"));
    failed(judge(ID, &of(in_subnets(&["subnet-x", "subnet-public-a"]))));
    assert_eq!(judge(ID, &of(Cache { subnet_group: denied(), ..cache() })), Err(denial()));
    let unnamed = Cache { subnet_group: not_set(), ..cache() };
    assert!(undecided(judge(ID, &of(unnamed))).contains("CacheSubnetGroups"));
}

#[test]
fn a_serverless_cache_is_judged_by_its_subnets_and_fails_where_it_is_public() {
    passed(judge(ID, &of(serverless(|_| {}))));
    passed(judge(ID, &of(serverless(|cache| cache.connection = Present(Connection::Vpc)))));
    let public = failed(judge(ID, &of(serverless(|cache| cache.connection = Present(Connection::Public)))));
    assert!(public.starts_with("it is a public serverless cache"));
    let bare = serverless(|cache| {
        cache.connection = Present(Connection::Public);
        cache.subnets = Absent;
    });
    failed(judge(ID, &of(bare)));
    let open = serverless(|cache| cache.subnets = Present(vec!["subnet-a".into(), "subnet-public-a".into()]));
    assert!(failed(judge(ID, &of(open))).contains("subnet-public-a of the serverless cache is public"));
}

#[test]
fn a_serverless_cache_in_default_subnets_or_with_an_unknown_connection_is_undecided() {
    let default = serverless(|cache| cache.subnets = Absent);
    assert!(undecided(judge(ID, &of(default))).contains("names no subnets"));
    assert_eq!(judge(ID, &of(serverless(|cache| cache.connection = Unknown(denial())))), Err(denial()));
}
