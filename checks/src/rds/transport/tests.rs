use super::super::fixture::*;
use super::*;
use crate::evidence::Evidence;
use crate::fixture::*;
use crate::observed::Observed::{Absent, Present, Unknown};

const ID: &str = "rds-tls-required";

fn set(engine: Engine, version: &str, parameters: &[(&str, &str, Applies)], status: &str) -> Evidence {
    let mut database = with(|cluster| {
        cluster.engine = Present(engine);
        cluster.engine_version = text(version);
        cluster.members = Present(vec![member("db-1", "in-sync"), member("db-2", status)]);
    });
    database.parameters = seen(super::super::fixture::parameters(parameters));
    of(database)
}

fn postgresql(version: &str, value: &str) -> Evidence {
    set(Engine::AuroraPostgresql, version, &[(FORCE_SSL, value, Applies::Dynamic)], "in-sync")
}

fn mysql(version: &str, value: &str) -> Evidence {
    set(Engine::AuroraMysql, version, &[(SECURE_TRANSPORT, value, Applies::Dynamic)], "in-sync")
}

#[test]
fn a_value_that_says_on_passes_in_any_case() {
    assert_eq!(
        passed(judge(ID, &postgresql("16.4", "1"))),
        "rds.force_ssl is 1; the parameter group is in force on every member"
    );
    for value in ["ON", "on", "1", "On"] {
        passed(judge(ID, &mysql("8.0.mysql_aurora.3.05.2", value)));
    }
}

#[test]
fn a_value_that_says_off_fails_whatever_the_default_is() {
    assert_eq!(failed(judge(ID, &postgresql("17.2", "0"))), "rds.force_ssl is 0");
    assert_eq!(failed(judge(ID, &mysql("8.0.mysql_aurora.3.05.2", "OFF"))), "require_secure_transport is OFF");
}

#[test]
fn without_a_value_the_default_of_the_version_decides() {
    assert_eq!(
        failed(judge(ID, &postgresql("16.9", ""))),
        "rds.force_ssl has no value, and is off by default in aurora-postgresql 16.9"
    );
    passed(judge(ID, &postgresql("17.0", "")));
    failed(judge(ID, &mysql("8.0.mysql_aurora.3.05.2", "")));
    failed(judge(ID, &mysql("5.7.mysql_aurora.2.11.5", "")));
    let unlisted = set(Engine::AuroraPostgresql, "16.4", &[], "in-sync");
    failed(judge(ID, &unlisted));
}

#[test]
fn a_default_that_is_not_known_is_undecided() {
    for evidence in
        [mysql("8.4.mysql_aurora.4.01.0", ""), postgresql("next", ""), set(Engine::Postgres, "16.4", &[], "in-sync")]
    {
        assert!(undecided(judge(ID, &evidence)).contains("is not known; set it in a parameter group"));
    }
}

#[test]
fn a_member_that_waits_for_a_restart_fails_a_static_parameter_only() {
    let dynamic = set(Engine::AuroraPostgresql, "16.4", &[(FORCE_SSL, "1", Applies::Dynamic)], "pending-reboot");
    assert!(passed(judge(ID, &dynamic)).contains("| db-2 waits for a restart (pending-reboot) for other parameters"));
    let fixed = set(Engine::AuroraPostgresql, "16.4", &[(FORCE_SSL, "1", Applies::Static)], "pending-reboot");
    assert_eq!(failed(judge(ID, &fixed)), "db-2 waits for a restart (pending-reboot), and rds.force_ssl is static");
    let unlisted = set(Engine::AuroraPostgresql, "17.0", &[], "pending-reboot");
    assert!(undecided(judge(ID, &unlisted)).contains("answered without Parameter.ApplyType"));
}

#[test]
fn a_group_that_is_being_applied_or_in_a_strange_state_is_undecided() {
    let applying = set(Engine::AuroraPostgresql, "16.4", &[(FORCE_SSL, "1", Applies::Dynamic)], "applying");
    assert!(undecided(judge(ID, &applying)).contains("is being applied to db-2"));
    let strange = set(Engine::AuroraPostgresql, "16.4", &[(FORCE_SSL, "1", Applies::Dynamic)], "dreaming");
    assert!(undecided(judge(ID, &strange)).contains("`dreaming`"));
}

#[test]
fn a_cluster_without_members_has_the_group_in_force_nowhere() {
    let empty = with(|cluster| cluster.members = Present(Vec::new()));
    assert!(undecided(judge(ID, &of(empty))).starts_with("depends on rds-cluster-aurora-available"));
}

#[test]
fn parameters_that_could_not_be_read_and_another_engine_are_undecided() {
    let mut unread = database();
    unread.parameters = denied();
    assert_eq!(judge(ID, &of(unread)), Err(denial()));
    let neptune = with(|cluster| cluster.engine = Present(Engine::Neptune));
    assert!(undecided(judge(ID, &of(neptune))).contains("the engine is neptune"));
    let mut value = database();
    value.parameters = seen([(FORCE_SSL.to_owned(), Parameter { value: Unknown(denial()), applies: Absent })].into());
    assert_eq!(judge(ID, &of(value)), Err(denial()));
}

#[test]
fn babelfish_is_noted() {
    let parameters = [(FORCE_SSL, "1", Applies::Dynamic), (BABELFISH, "on", Applies::Static)];
    let evidence = set(Engine::AuroraPostgresql, "16.4", &parameters, "in-sync");
    assert!(passed(judge(ID, &evidence)).contains("| Babelfish is on"));
}
