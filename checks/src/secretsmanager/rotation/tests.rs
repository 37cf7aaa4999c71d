use super::super::fixture::*;
use super::*;
use crate::fixture::*;
use crate::observed::Observed::{Absent, Present, Unknown};
use crate::subject::{Kind, Resource};

const ID: &str = "secret-rotation-enabled";

fn judged(change: impl FnOnce(&mut Description)) -> Judgement {
    judge(ID, &of(with(change)))
}

#[test]
fn rotation_within_the_longest_interval_passes_and_beyond_it_fails() {
    let text = passed(judged(|description| description.after_days = Present(90)));
    assert!(text.starts_with("it rotates at least every 90 days; the next rotation is due by 2026-11-20"));
    assert_eq!(failed(judged(|description| description.after_days = Present(91))), "it rotates only every 91 days");
}

#[test]
fn the_schedule_tells_where_the_days_do_not() {
    let by_schedule = |schedule: &str| {
        judged(|description| {
            description.after_days = Absent;
            description.schedule = Present(schedule.into());
        })
    };
    passed(by_schedule("cron(0 8 1 * ? *)"));
    assert_eq!(failed(by_schedule("rate(100 days)")), "it rotates only every 100 days");
    assert!(undecided(by_schedule("cron(0 8 ? * 2#5 *)")).contains("cron(0 8 ? * 2#5 *)"));
    assert!(undecided(judged(|description| description.after_days = Absent)).contains("RotationRules"));
}

#[test]
fn a_rotation_that_is_late_by_a_day_passes_and_by_more_fails() {
    passed(judged(|description| description.next_rotation = at("2026-10-31T12:00:00Z")));
    let late = failed(judged(|description| description.next_rotation = at("2026-10-31T11:59:59Z")));
    assert!(late.contains("was not made"));
    assert!(undecided(judged(|description| description.next_rotation = Absent)).contains("NextRotationDate"));
}

#[test]
fn a_database_secret_without_rotation_fails_whether_it_is_off_or_was_never_set_up() {
    assert!(
        failed(judged(|description| description.rotation = Present(Switch::Off)))
            .starts_with("rotation is switched off")
    );
    assert!(failed(judged(|description| description.rotation = Absent)).starts_with("rotation was never set up"));
    assert_eq!(judged(|description| description.rotation = Unknown(denial())), Err(denial()));
}

fn of_other(references: Secret) -> crate::Evidence {
    let mut evidence = of(references);
    evidence.subjects[1].id = "arn:aws:secretsmanager:us-east-2:123456789012:secret:mail-AbC123".into();
    evidence
}

fn mail() -> Secret {
    let mut other = with(|description| {
        description.name = Present("mail".into());
        description.rotation = Absent;
    });
    other.named_by.clear();
    other
}

#[test]
fn another_secret_need_only_be_able_to_rotate() {
    assert!(passed(judge(ID, &of_other(mail()))).starts_with("rotation was never set up, and nothing keeps it"));
    failed(judge_with(ID, r#"mode_of_others = "require""#, &of_other(mail())));
}

#[test]
fn a_secret_that_a_master_password_is_taken_from_is_a_databases_whatever_its_name() {
    let beside = |password: crate::observed::Seen<Password>| {
        let mut database = crate::rds::fixture::database();
        database.password = password;
        let mut evidence = of_other(mail());
        evidence.subjects.push(subject(Kind::Database, "tap-db", Resource::Database(Box::new(database))));
        judge(ID, &evidence)
    };
    failed(beside(seen(Password::Secret("mail".into()))));
    passed(beside(seen(Password::Secret("other".into()))));
    assert_eq!(beside(denied()), Err(denial()));
}

#[test]
fn a_pinned_version_fails_in_either_mode_and_a_pinned_stage_does_not() {
    let said = "pins the version v2, which no rotation reaches";
    assert!(failed(judge(ID, &of(referred(None, Some("v2"))))).contains(said));
    let pinned = Secret { references: referred(None, Some("v2")).references, ..mail() };
    assert!(failed(judge(ID, &of_other(pinned))).contains(said));
    passed(judge(ID, &of(referred(Some("AWSPREVIOUS"), None))));
}

#[test]
fn references_that_were_not_read_leave_it_undecided() {
    assert_eq!(judge(ID, &of(Secret { references: denied(), ..secret() })), Err(denial()));
    let off = Secret { references: denied(), ..with(|description| description.rotation = Absent) };
    failed(judge(ID, &of(off)));
}
