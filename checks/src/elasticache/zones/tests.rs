use super::super::fixture::*;
use super::*;
use crate::fixture::*;
use crate::observed::Observed::{Absent, Present, Unknown};

const ID: &str = "redis-multi-az-failover";

fn judged(change: impl FnOnce(&mut Group)) -> Judgement {
    judge(ID, &of(with(change)))
}

fn nodes(zones: &[&str]) -> Vec<Shard> {
    let named = zones.iter().enumerate();
    let nodes = named.map(|(place, zone)| node(&format!("n{place}"), zone)).collect();
    vec![Shard { id: "0001".into(), nodes }]
}

#[test]
fn members_in_two_zones_with_both_switches_pass() {
    assert_eq!(
        passed(judged(|_| {})),
        "Multi-AZ is enabled; automatic failover is enabled; node group 0001 has members in us-east-2a, us-east-2b"
    );
}

#[test]
fn either_switch_alone_fails() {
    for off in [Present(Switch::Off), Absent] {
        assert_eq!(failed(judged(|group| group.multi_az = off)), "Multi-AZ is disabled");
    }
    assert_eq!(failed(judged(|group| group.failover = Present(Failover::Disabled))), "automatic failover is disabled");
}

#[test]
fn switches_that_change_are_undecided() {
    for failover in [Failover::Enabling, Failover::Disabling] {
        assert!(undecided(judged(|group| group.failover = Present(failover))).contains("it is changing"));
    }
    let pending = undecided(judged(|group| group.pending = Present([Change::Failover].into())));
    assert!(pending.contains("a change of automatic failover is pending"));
}

#[test]
fn a_single_node_and_one_zone_fail_for_each_node_group() {
    let single = failed(judged(|group| group.shards = Present(nodes(&["us-east-2a"]))));
    assert_eq!(single, "node group 0001 has a single member, in us-east-2a");
    let one_zone = failed(judged(|group| group.shards = Present(nodes(&["us-east-2a", "us-east-2a"]))));
    assert_eq!(one_zone, "all 2 members of node group 0001 stand in us-east-2a");
    let second = |group: &mut Group| {
        let mut shards = nodes(&["us-east-2a", "us-east-2b"]);
        shards.push(Shard { id: "0002".into(), nodes: vec![node("n9", "us-east-2c")] });
        group.shards = Present(shards);
    };
    assert_eq!(failed(judged(second)), "node group 0002 has a single member, in us-east-2c");
    let empty = |group: &mut Group| group.shards = Present(vec![Shard { id: "0001".into(), nodes: Vec::new() }]);
    assert!(failed(judged(empty)).starts_with("node group 0001 has no member"));
}

#[test]
fn members_in_another_region_and_broken_ones_do_not_count() {
    let elsewhere = failed(judged(|group| group.shards = Present(nodes(&["us-east-2a", "eu-west-1a"]))));
    assert_eq!(elsewhere, "node group 0001 has a single member, in us-east-2a");
    let mut going = cache();
    let mut second = member("sessions-002", "us-east-2b");
    second.status = text("deleting");
    going.members = seen(vec![member("sessions-001", "us-east-2a"), second.clone()]);
    failed(judge(ID, &of(going.clone())));
    second.status = text("creating");
    going.members = seen(vec![member("sessions-001", "us-east-2a"), second]);
    assert!(undecided(judge(ID, &of(going))).contains("the member sessions-002 is creating"));
}

#[test]
fn the_cluster_tells_the_zone_that_the_node_group_leaves_out() {
    let silent = |group: &mut Group| {
        let Present(shards) = &mut group.shards else { unreachable!() };
        shards[0].nodes.iter_mut().for_each(|node| node.zone = Absent);
    };
    passed(judged(silent));
    let unread = Cache { members: denied(), ..with(silent) };
    assert_eq!(judge(ID, &of(unread)), Err(denial()));
    let nobody = Cache { members: seen(Vec::new()), ..with(silent) };
    assert!(undecided(judge(ID, &of(nobody))).contains("neither call tells the zone"));
    let known = Cache { members: denied(), ..cache() };
    passed(judge(ID, &of(known)));
}

#[test]
fn a_list_of_node_groups_that_is_missing_or_empty_is_undecided() {
    assert!(undecided(judged(|group| group.shards = Absent)).contains("ReplicationGroup.NodeGroups"));
    assert!(undecided(judged(|group| group.shards = Present(Vec::new()))).contains("no node group"));
    assert_eq!(judged(|group| group.multi_az = Unknown(denial())), Err(denial()));
}

#[test]
fn a_serverless_cache_is_judged_by_the_zones_of_its_subnets() {
    let subnets = |ids: &[&str]| {
        let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
        judge(ID, &of(serverless(|cache| cache.subnets = Present(ids))))
    };
    assert!(passed(subnets(&["subnet-a", "subnet-b"])).contains("us-east-2a, us-east-2b"));
    assert!(failed(subnets(&["subnet-a"])).contains("are in us-east-2a"));
    assert!(undecided(subnets(&["subnet-a", "subnet-x"])).contains("subnet-x"));
    assert!(undecided(judge(ID, &of(serverless(|cache| cache.subnets = Absent)))).contains("names no subnets"));
}
