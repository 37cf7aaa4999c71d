//! Whether clients have to prove who they are.

use super::{Access, Authentication, Cache, Change, Form, USERS, User, settled, unchanged};
use crate::check::NoParams;
use crate::observed::Gap;
use crate::s3::Switch;
use crate::verdict::{Judgement, Verdict, every};

const EXPECTED: &str = "an AUTH token, or user groups in which every user that is on needs a password or IAM";

/// A group of users is as open as its most open one: the built-in user `default` is on, needs no password and may do
/// everything.
pub(super) fn auth(cache: &Cache, _: &NoParams) -> Judgement {
    let has_users = match settled(cache)? {
        Form::Group(group) => {
            unchanged(group, Change::AuthToken, "the AUTH token")?;
            unchanged(group, Change::UserGroups, "the user groups")?;
            match group.auth_token.seen() {
                Ok(Some(Switch::On)) => return Ok(Verdict::satisfied("clients need an AUTH token")),
                Ok(Some(Switch::Off) | None) => {}
                Err(gap) => return Err(gap),
            }
            group.user_groups.seen()?.is_some_and(|groups| !groups.is_empty())
        }
        Form::Serverless(serverless) => serverless.user_group.seen()?.is_some(),
    };
    if !has_users {
        let observed = "clients need neither an AUTH token nor a user: whoever reaches the cache may read it";
        return Ok(Verdict::not_satisfied(observed, EXPECTED));
    }
    let users = cache.users.required(USERS, "Users")?;
    every(users.iter().map(user), || Err(Gap::undecided("the user groups hold no user that was seen")))
}

fn user(user: &User) -> Judgement {
    let named = format!("user {}", user.id);
    if user.access.required(USERS, "User.AccessString")? == &Access::Off {
        return Ok(Verdict::satisfied(format!("{named} is off")));
    }
    let status = user.status.required(USERS, "User.Status")?;
    let verdict = match user.authentication.required(USERS, "User.Authentication.Type")? {
        Authentication::Password => Verdict::satisfied(format!("{named} needs a password")),
        Authentication::Iam => Verdict::satisfied(format!("{named} proves itself by IAM")),
        Authentication::NoPassword if user.access.seen()? == Some(&Access::Nothing) => {
            Verdict::satisfied(format!("{named} needs no password, and may run no command"))
        }
        Authentication::NoPassword => {
            Verdict::not_satisfied(format!("{named} is on, needs no password and may run commands"), EXPECTED)
        }
    };
    match (status.as_str(), verdict) {
        ("modifying", _) => Err(Gap::changing(format!("{named} is modifying"))),
        (_, verdict) => Ok(verdict),
    }
}

#[cfg(test)]
mod tests;
