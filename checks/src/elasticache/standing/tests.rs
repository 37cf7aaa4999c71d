use super::super::fixture::*;
use super::*;
use crate::cloudformation::fixture::{member as stack_member, stack};
use crate::fixture::*;
use crate::observed::Observed::{Absent, Present};
use crate::subject::Resource;

const AVAILABLE: &str = "redis-replication-group-available";

fn judged(cache: Cache) -> Judgement {
    judge(AVAILABLE, &of(cache))
}

#[test]
fn a_replication_group_that_is_available_passes() {
    let said = passed(judged(with(|group| group.engine = Present(Engine::Redis))));
    assert_eq!(said, "it is a replication group; its engine is redis; its status is available");
    assert!(passed(judged(cache())).contains("accept_valkey"));
    let taking = with(|group| group.status = text("snapshotting"));
    assert!(passed(judged(taking)).contains("the cache serves in this status"));
}

#[test]
fn a_serverless_cache_passes_whatever_the_case_of_its_status_unless_it_is_not_accepted() {
    passed(judged(serverless(|_| {})));
    let not_accepted = judge_with(AVAILABLE, "accept_serverless = false", &of(serverless(|_| {})));
    assert_eq!(failed(not_accepted).split(" | ").next(), Some("it is a serverless cache, not a replication group"));
}

#[test]
fn valkey_fails_where_the_client_insists_on_redis() {
    let judgement = judge_with(AVAILABLE, "accept_valkey = false", &of(cache()));
    assert_eq!(failed(judgement), "its engine is valkey");
}

#[test]
fn a_bare_cluster_and_memcached_fail() {
    let bare = "that belongs to no replication group";
    assert_eq!(failed(judged(alone(Engine::Redis))), format!("a cache cluster (redis) {bare}"));
    assert_eq!(failed(judged(alone(Engine::Memcached))), format!("a cache cluster (memcached) {bare}"));
    let memcached = serverless(|cache| cache.engine = Present(Engine::Memcached));
    assert_eq!(failed(judged(memcached)), "its engine is memcached");
}

#[test]
fn the_engine_of_a_member_stands_in_for_one_that_the_group_leaves_out() {
    let silent = with(|group| group.engine = Absent);
    assert!(passed(judged(silent.clone())).contains("its engine is valkey"));
    let nobody = Cache { members: seen(Vec::new()), ..silent.clone() };
    assert!(undecided(judged(nobody)).contains("names no engine"));
    let unread = Cache { members: denied(), ..silent };
    assert_eq!(judged(unread), Err(denial()));
}

#[test]
fn a_cache_that_goes_or_failed_fails_and_one_that_changes_is_undecided() {
    for status in ["deleting", "create-failed"] {
        assert_eq!(failed(judged(with(|group| group.status = text(status)))), format!("its status is {status}"));
    }
    for status in ["creating", "modifying"] {
        assert!(undecided(judged(with(|group| group.status = text(status)))).contains("it is changing"));
    }
    assert!(undecided(judged(with(|group| group.status = text("dreaming")))).contains("`dreaming`"));
    assert!(undecided(judged(serverless(|cache| cache.status = text("MODIFYING")))).contains("it is changing"));
}

#[test]
fn nothing_seen_is_a_gap() {
    assert_eq!(judged(Cache::unknown(&denial())), Err(denial()));
}

#[test]
fn no_cache_fails_only_once_the_listing_was_read() {
    let of_stack = |stack| evidence(vec![subject(Kind::Stack, "TapStackdev", Resource::Stack(Box::new(stack)))]);
    assert!(failed(judge(AVAILABLE, &of_stack(stack()))).starts_with("no ElastiCache cache"));
    let mut unread = stack();
    unread.members = denied();
    assert_eq!(judge(AVAILABLE, &of_stack(unread)), Err(denial()));
    for kind in
        ["AWS::ElastiCache::ReplicationGroup", "AWS::ElastiCache::ServerlessCache", "AWS::ElastiCache::CacheCluster"]
    {
        let mut making = stack();
        making.members = seen(vec![stack_member("Cache", kind, "c", "CREATE_IN_PROGRESS")]);
        assert!(undecided(judge(AVAILABLE, &of_stack(making))).contains("it is changing"));
    }
    assert!(undecided(judge(AVAILABLE, &evidence(Vec::new()))).contains("AWS::ElastiCache::ReplicationGroup"));
}
