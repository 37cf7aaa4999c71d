use super::super::fixture::*;
use super::*;
use crate::fixture::*;
use crate::observed::Observed::{Absent, Present, Unknown};
use crate::observed::Seen;
use crate::rds::Member;
use crate::subject::{Resource, Subject};

const AVAILABLE: &str = "rds-cluster-aurora-available";
const ZONES: &str = "rds-multi-az-instances";

#[test]
fn an_aurora_cluster_with_a_member_that_is_available_passes() {
    assert_eq!(
        passed(judge(AVAILABLE, &of(database()))),
        "the engine is aurora-postgresql; its mode is provisioned; it has 2 members; its status is available"
    );
    let one = with(|cluster| cluster.members = Present(vec![member("db-1", "in-sync")]));
    assert!(passed(judge(AVAILABLE, &of(one))).contains("it has 1 member"));
}

#[test]
fn a_status_in_which_the_cluster_serves_passes_with_a_note() {
    for status in ["backing-up", "storage-optimization", "update-iam-db-auth"] {
        let text = passed(judge(AVAILABLE, &of(with(|cluster| cluster.status = text(status)))));
        assert!(text.ends_with("| the cluster serves in this status"), "{text}");
    }
}

#[test]
fn a_cluster_without_members_fails() {
    let empty = with(|cluster| cluster.members = Present(Vec::new()));
    assert_eq!(failed(judge(AVAILABLE, &of(empty))), "it has no member");
}

#[test]
fn other_engines_and_the_withdrawn_ones_fail() {
    for (engine, said) in [
        (Engine::Mysql, "the engine is mysql: a Multi-AZ DB cluster, not Aurora"),
        (Engine::Postgres, "the engine is postgres: a Multi-AZ DB cluster, not Aurora"),
        (Engine::Neptune, "the engine is neptune"),
        (Engine::Docdb, "the engine is docdb"),
        (Engine::Aurora, "the engine is aurora, which AWS has withdrawn"),
    ] {
        assert_eq!(failed(judge(AVAILABLE, &of(with(|cluster| cluster.engine = Present(engine))))), said);
    }
    let v1 = with(|cluster| cluster.engine_mode = Present(EngineMode::Serverless));
    assert!(failed(judge(AVAILABLE, &of(v1))).contains("serverless (v1)"));
}

#[test]
fn a_status_in_which_nothing_is_served_fails_and_one_that_changes_is_undecided() {
    for status in [
        "stopped",
        "deleting",
        "inaccessible-encryption-credentials",
        "inaccessible-encryption-credentials-recoverable",
        "migration-failed",
    ] {
        let text = failed(judge(AVAILABLE, &of(with(|cluster| cluster.status = text(status)))));
        assert_eq!(text, format!("its status is {status}"));
    }
    for status in ["creating", "modifying", "starting", "stopping", "failing-over", "renaming"] {
        let text = undecided(judge(AVAILABLE, &of(with(|cluster| cluster.status = text(status)))));
        assert!(text.contains("it is changing"), "{text}");
    }
    let new = undecided(judge(AVAILABLE, &of(with(|cluster| cluster.status = text("dreaming")))));
    assert!(new.contains("answered `dreaming` in DBCluster.Status"), "{new}");
}

#[test]
fn a_wrong_engine_fails_even_while_the_cluster_changes() {
    let both = with(|cluster| {
        cluster.engine = Present(Engine::Postgres);
        cluster.status = text("modifying");
    });
    assert!(failed(judge(AVAILABLE, &of(both))).contains("| not all was readable"));
}

#[test]
fn a_single_instance_fails_and_leaves_the_others_undecided() {
    let single = Database { cluster: not_set(), ..database() };
    let evidence = of(single);
    assert_eq!(failed(judge(AVAILABLE, &evidence)), "a single DB instance that belongs to no cluster");
    for check in crate::rds::checks().iter().filter(|check| check.id != AVAILABLE) {
        if check.id == "rds-snapshots-private-encrypted" {
            continue;
        }
        assert!(undecided(judge(check.id, &evidence)).starts_with("depends on rds-cluster-aurora-available"));
    }
}

fn stack_of(members: Seen<Vec<cloudformation::Member>>) -> Subject {
    let mut stack = cloudformation::Stack::unknown(&denial());
    stack.members = members;
    subject(Kind::Stack, "S", Resource::Stack(Box::new(stack)))
}

#[test]
fn that_there_is_no_cluster_fails_once_the_listing_was_read() {
    let none = evidence(vec![stack_of(seen(Vec::new()))]);
    assert_eq!(failed(judge(AVAILABLE, &none)), "no Aurora cluster is named by an output or belongs to the stack");
    assert_eq!(judge(AVAILABLE, &evidence(vec![stack_of(denied())])), Err(denial()));
    assert!(undecided(judge(AVAILABLE, &evidence(Vec::new()))).starts_with("no AWS::RDS::DBCluster was found"));
    let member = cloudformation::Member {
        stack: "S".into(),
        logical_id: "Db".into(),
        physical_id: Absent,
        kind: "AWS::RDS::DBCluster".into(),
        status: "CREATE_IN_PROGRESS".into(),
        drift: Absent,
    };
    let coming = evidence(vec![stack_of(seen(vec![member]))]);
    assert!(undecided(judge(AVAILABLE, &coming)).contains("Db of stack S is CREATE_IN_PROGRESS"));
}

#[test]
fn a_database_of_which_nothing_was_seen_is_never_judged() {
    for check in crate::rds::checks() {
        assert_eq!(judge(check.id, &unseen()), Err(denial()), "{}", check.id);
    }
}

#[test]
fn two_members_in_two_zones_pass_and_one_zone_fails() {
    assert_eq!(passed(judge(ZONES, &of(database()))), "2 members serve: db-1 in us-east-2a, db-2 in us-east-2b");
    let together = of_instances(|instances| instances[1].zone = text("us-east-2a"));
    assert_eq!(
        failed(judge(ZONES, &of(together))),
        "2 members serve: db-1, db-2 in us-east-2a | RDS itself calls the cluster Multi-AZ (MultiAZ is true)"
    );
    let mut alone = with(|cluster| {
        cluster.members = Present(vec![member("db-1", "in-sync")]);
        cluster.multi_az = Present(Switch::Off);
    });
    alone.instances = seen(vec![instance("db-1", "us-east-2a")]);
    assert_eq!(failed(judge(ZONES, &of(alone))), "1 member serves: db-1 in us-east-2a");
}

#[test]
fn a_cluster_without_members_serves_nowhere() {
    let mut none = with(|cluster| {
        cluster.members = Present(Vec::<Member>::new());
        cluster.engine_mode = Present(EngineMode::Serverless);
        cluster.multi_az = Present(Switch::Off);
    });
    none.instances = seen(Vec::new());
    assert_eq!(failed(judge(ZONES, &of(none))), "no member serves");
}

#[test]
fn an_instance_that_is_altered_serves_and_one_that_is_down_does_not() {
    for status in ["modifying", "backing-up", "configuring-log-exports", "storage-optimization"] {
        passed(judge(ZONES, &of(of_instances(|instances| instances[1].status = text(status)))));
    }
    for status in ["stopped", "failed", "deleting", "incompatible-network", "storage-full"] {
        let text = failed(judge(ZONES, &of(of_instances(|instances| instances[1].status = text(status)))));
        assert!(text.starts_with("1 member serves: db-1"), "{text}");
    }
}

#[test]
fn a_member_that_may_serve_soon_leaves_it_undecided_only_where_the_count_rests_on_it() {
    for status in ["creating", "rebooting", "upgrading"] {
        let soon = of_instances(|instances| instances[1].status = text(status));
        assert!(undecided(judge(ZONES, &of(soon))).contains(&format!("the instance db-2 is {status}")));
        let no_help = of_instances(|instances| {
            instances[1].status = text(status);
            instances[1].zone = text("us-east-2a");
        });
        failed(judge(ZONES, &of(no_help)));
    }
    let no_zone = of_instances(|instances| instances[1].zone = Absent);
    assert!(undecided(judge(ZONES, &of(no_zone))).contains("has no availability zone yet"));
    let strange = of_instances(|instances| instances[1].status = text("dreaming"));
    assert!(undecided(judge(ZONES, &of(strange))).contains("`dreaming`"));
    let unread = of_instances(|instances| instances[1].status = Unknown(denial()));
    assert_eq!(judge(ZONES, &of(unread)), Err(denial()));
    let third = {
        let mut database = with(|cluster| {
            cluster.members = Present(["db-1", "db-2", "db-3"].map(|id| member(id, "in-sync")).into());
        });
        let mut coming = instance("db-3", "us-east-2c");
        coming.status = text("creating");
        database.instances = seen(vec![instance("db-1", "us-east-2a"), instance("db-2", "us-east-2b"), coming]);
        database
    };
    passed(judge(ZONES, &of(third)));
}

#[test]
fn a_member_of_which_rds_did_not_answer_leaves_it_undecided() {
    let half = of_instances(|instances| {
        instances.pop();
    });
    assert!(undecided(judge(ZONES, &of(half))).contains("did not answer for the member db-2"));
    let none = of_instances(Vec::clear);
    assert!(undecided(judge(ZONES, &of(none))).contains("did not answer for the member db-1"));
}

#[test]
fn a_disagreement_with_rds_and_a_limitless_cluster_are_noted() {
    let called_single = with(|cluster| cluster.multi_az = Present(Switch::Off));
    assert!(passed(judge(ZONES, &of(called_single))).ends_with("(MultiAZ is false)"));
    let limitless = with(|cluster| cluster.scaling = Present(Scaling::Limitless));
    assert!(passed(judge(ZONES, &of(limitless))).contains("| Aurora Limitless"));
}

#[test]
fn a_cluster_that_changes_is_not_judged() {
    let changing = with(|cluster| cluster.status = text("modifying"));
    let immutable = [AVAILABLE, "rds-storage-encrypted", "rds-credentials-from-existing-secret"];
    for check in crate::rds::checks() {
        if immutable.contains(&check.id) || check.id == "rds-snapshots-private-encrypted" {
            continue;
        }
        assert!(undecided(judge(check.id, &of(changing.clone()))).contains("the cluster is modifying"), "{}", check.id);
    }
}
