use super::super::Engine;
use super::super::fixture::*;
use super::*;
use crate::fixture::*;
use crate::observed::Observed::{self, Absent, Present, Unknown};

const TRANSIT: &str = "redis-transit-encryption";
const AT_REST: &str = "redis-at-rest-encryption";
const KEY: &str = "redis-kms-key-rotating";

fn transit(change: impl FnOnce(&mut Group)) -> Judgement {
    judge(TRANSIT, &of(with(change)))
}

#[test]
fn required_tls_passes_and_so_does_tls_of_an_engine_without_modes() {
    assert_eq!(passed(transit(|_| {})), "encryption in transit is required");
    assert!(passed(transit(|group| group.transit_mode = Absent)).starts_with("encryption in transit is on | "));
    assert!(passed(judge(TRANSIT, &of(serverless(|_| {})))).contains("over TLS alone"));
}

#[test]
fn preferred_tls_fails_although_the_flag_is_on() {
    let text = failed(transit(|group| group.transit_mode = Present(TransitMode::Preferred)));
    assert_eq!(text, "encryption in transit is only preferred, so connections in clear are taken");
}

#[test]
fn no_tls_fails_whether_the_flag_is_off_or_absent() {
    for flag in [Present(Switch::Off), Absent] {
        assert!(failed(transit(|group| group.transit = flag)).starts_with("encryption in transit is off | "));
    }
}

#[test]
fn a_pending_change_of_tls_and_a_group_that_changes_are_undecided() {
    let pending = |group: &mut Group| group.pending = Present([Change::Transit].into());
    assert!(undecided(transit(pending)).contains("a change of encryption in transit is pending"));
    passed(transit(|group| group.pending = Present([Change::Logs].into())));
    assert!(undecided(transit(|group| group.status = text("modifying"))).contains("it is changing"));
    assert_eq!(transit(|group| group.pending = Unknown(denial())), Err(denial()));
    assert_eq!(transit(|group| group.transit_mode = Unknown(denial())), Err(denial()));
    assert!(undecided(judge(TRANSIT, &of(alone(Engine::Redis)))).contains("redis-replication-group-available"));
}

fn rest(flag: Observed<Switch>, kind: Observed<Encryption>) -> Judgement {
    let cache = with(|group| {
        group.at_rest = flag;
        group.encryption = kind;
    });
    judge(AT_REST, &of(cache))
}

#[test]
fn encryption_at_rest_passes_by_either_field() {
    passed(rest(Present(Switch::On), Absent));
    passed(rest(Present(Switch::On), Unknown(denial())));
    passed(rest(Present(Switch::Off), Present(Encryption::SseKms)));
    let owned = passed(rest(Present(Switch::Off), Present(Encryption::SseElasticache)));
    assert!(owned.starts_with("it is encrypted at rest under the service's own key | "));
    passed(judge(AT_REST, &of(serverless(|_| {}))));
}

#[test]
fn no_encryption_at_rest_fails_and_what_is_not_known_is_undecided() {
    for flag in [Present(Switch::Off), Absent] {
        for kind in [Present(Encryption::None), Absent] {
            assert!(failed(rest(flag.clone(), kind)).starts_with("it is not encrypted at rest | "));
        }
    }
    assert_eq!(rest(Present(Switch::Off), Unknown(denial())), Err(denial()));
    assert_eq!(rest(Unknown(denial()), Absent), Err(denial()));
    assert!(undecided(rest(Present(Switch::On), Present(Encryption::None))).contains("exclude each other"));
}

#[test]
fn encryption_at_rest_is_judged_while_the_group_changes() {
    passed(judge(AT_REST, &of(with(|group| group.status = text("modifying")))));
}

#[test]
fn a_rotating_key_of_the_customer_passes_for_both_forms() {
    assert!(passed(judge(KEY, &of(cache()))).contains("it rotates automatically"));
    assert!(passed(judge(KEY, &of(serverless(|_| {})))).contains("it rotates automatically"));
}

#[test]
fn no_key_beside_encryption_is_the_services_own_and_fails_even_where_managed_ones_are_accepted() {
    let said = "the cache is encrypted with a key that AWS owns and nobody sees";
    let accepting = |cache| failed(judge_with(KEY, "accept_aws_managed = true", &of(cache)));
    assert_eq!(accepting(with(|group| group.kms_key = Absent)), said);
    assert_eq!(accepting(serverless(|cache| cache.kms_key = Absent)), said);
}

#[test]
fn a_cache_in_clear_has_no_key_to_judge() {
    let clear = with(|group| {
        group.at_rest = Present(Switch::Off);
        group.encryption = Absent;
        group.kms_key = Absent;
    });
    assert_eq!(not_applicable(judge(KEY, &of(clear))), "it is not encrypted at rest; see redis-at-rest-encryption");
}

#[test]
fn a_key_that_nobody_looked_at_is_undecided() {
    let other = with(|group| group.kms_key = text("arn:aws:kms:us-east-2:123456789012:key/other"));
    assert!(undecided(judge(KEY, &of(other))).starts_with("nothing was seen of the key"));
    assert_eq!(judge(KEY, &of(with(|group| group.kms_key = Unknown(denial())))), Err(denial()));
}
