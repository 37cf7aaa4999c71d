use super::super::Group;
use super::super::fixture::{cache, of, serverless, text, user as fixture_user, with};
use super::*;
use crate::fixture::*;
use crate::observed::Observed::{Absent, Present, Unknown};

const ID: &str = "redis-auth-required";

fn of_users(users: Vec<User>) -> Judgement {
    let grouped = with(|group| {
        group.auth_token = Present(Switch::Off);
        group.user_groups = Present(vec!["users".into()]);
    });
    judge(ID, &of(Cache { users: seen(users), ..grouped }))
}

#[test]
fn a_token_passes() {
    assert_eq!(passed(judge(ID, &of(cache()))), "clients need an AUTH token");
}

#[test]
fn neither_token_nor_users_fails() {
    for token in [Present(Switch::Off), Absent] {
        for groups in [Absent, Present(Vec::new())] {
            let open = with(|group| {
                group.auth_token = token.clone();
                group.user_groups = groups;
            });
            assert!(failed(judge(ID, &of(open))).starts_with("clients need neither"));
        }
    }
    assert!(failed(judge(ID, &of(serverless(|cache| cache.user_group = Absent)))).starts_with("clients need neither"));
}

#[test]
fn users_that_need_a_password_or_iam_pass() {
    let users = vec![
        fixture_user("app", Authentication::Password, Access::Something),
        fixture_user("job", Authentication::Iam, Access::Something),
        fixture_user("default-off", Authentication::NoPassword, Access::Off),
        fixture_user("idle", Authentication::NoPassword, Access::Nothing),
    ];
    assert_eq!(
        passed(of_users(users)),
        "user app needs a password; user job proves itself by IAM; user default-off is off; user idle needs no \
         password, and may run no command"
    );
    passed(judge(ID, &of(serverless(|_| {}))));
}

#[test]
fn a_group_with_the_built_in_default_user_is_open() {
    let users = vec![
        fixture_user("app", Authentication::Password, Access::Something),
        fixture_user("default", Authentication::NoPassword, Access::Something),
    ];
    assert_eq!(failed(of_users(users)), "user default is on, needs no password and may run commands");
}

#[test]
fn what_is_unknown_or_changing_is_undecided() {
    assert!(undecided(of_users(Vec::new())).contains("hold no user"));
    let mut unread = fixture_user("app", Authentication::Password, Access::Something);
    unread.authentication = Unknown(denial());
    assert_eq!(of_users(vec![unread]), Err(denial()));
    let mut changing = fixture_user("app", Authentication::Password, Access::Something);
    changing.status = text("modifying");
    assert!(undecided(of_users(vec![changing])).contains("user app is modifying"));
    for change in [Change::AuthToken, Change::UserGroups] {
        let pending = with(|group: &mut Group| group.pending = Present([change].into()));
        assert!(undecided(judge(ID, &of(pending))).contains("is pending"));
    }
    let token = with(|group| group.auth_token = Unknown(denial()));
    assert_eq!(judge(ID, &of(token)), Err(denial()));
    let users = Cache {
        users: denied(),
        ..with(|group| {
            group.auth_token = Absent;
            group.user_groups = Present(vec!["users".into()]);
        })
    };
    assert_eq!(judge(ID, &of(users)), Err(denial()));
}

#[test]
fn access_strings_are_read_by_their_words() {
    for (text, access) in [
        ("on ~* +@all", Access::Something),
        ("off ~* +@all", Access::Off),
        ("OFF ~* +@all", Access::Off),
        ("off +@all on", Access::Something),
        ("on ~* -@all", Access::Nothing),
        ("on allkeys allcommands", Access::Something),
        ("on -@all (+get ~app:*)", Access::Something),
        ("", Access::Off),
    ] {
        assert_eq!(Access::of(text), access, "{text}");
    }
}
