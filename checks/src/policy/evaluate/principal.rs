//! Whom a statement names.

use crate::policy::evaluate::Truth;
use crate::policy::model::Principal;
use crate::policy::request::Caller;

/// Whether a named principal covers the caller.
pub(super) fn covers(principal: &Principal, caller: &Caller) -> Truth {
    match principal {
        Principal::Everyone => Truth::Yes,
        Principal::Account(account) => of_account(caller, account),
        Principal::User { account, name, .. } => match caller {
            Caller::User { account: own, name: own_name } => Truth::of(own == account && own_name == name),
            Caller::CanonicalUser(_) => Truth::Unknown,
            Caller::Anonymous
            | Caller::Root { .. }
            | Caller::Role { .. }
            | Caller::Service(_)
            | Caller::Federated(_) => Truth::No,
        },
        Principal::Role { account, name, .. } => match caller {
            Caller::Role { account: own, name: own_name, .. } => Truth::of(own == account && own_name == name),
            Caller::CanonicalUser(_) => Truth::Unknown,
            Caller::Anonymous
            | Caller::Root { .. }
            | Caller::User { .. }
            | Caller::Service(_)
            | Caller::Federated(_) => Truth::No,
        },
        Principal::Session { account, role, session, .. } => match caller {
            Caller::Role { account: own, name, session: own_session } => {
                Truth::of(own == account && own_session == session && last_segment(name) == role)
            }
            Caller::CanonicalUser(_) => Truth::Unknown,
            Caller::Anonymous
            | Caller::Root { .. }
            | Caller::User { .. }
            | Caller::Service(_)
            | Caller::Federated(_) => Truth::No,
        },
        Principal::Service(name) => Truth::of(matches!(caller, Caller::Service(own) if own == name)),
        Principal::Federated(name) => Truth::of(matches!(caller, Caller::Federated(own) if own == name)),
        // A canonical user id names an account, so anyone who signs may belong to it.
        Principal::CanonicalUser(id) => match caller {
            Caller::CanonicalUser(own) => Truth::of(own == id),
            Caller::Root { .. } | Caller::User { .. } | Caller::Role { .. } => Truth::Unknown,
            Caller::Anonymous | Caller::Service(_) | Caller::Federated(_) => Truth::No,
        },
        Principal::Deleted(_) => Truth::No,
        Principal::Other { kind, text } => may_cover(kind, text, caller),
    }
}

/// Whether naming this principal under `NotPrincipal` spares the caller: exactly the named one is spared, and of the
/// others of its account nobody can tell. So it is with an account too: its root user is spared, and whether its users
/// and roles are is not documented well enough.
pub(super) fn spares(principal: &Principal, caller: &Caller) -> Truth {
    match principal {
        Principal::Account(account) => match caller {
            Caller::Root { account: own } => Truth::of(own == account),
            Caller::User { .. } | Caller::Role { .. } | Caller::CanonicalUser(_) => {
                of_account(caller, account).min(Truth::Unknown)
            }
            Caller::Anonymous | Caller::Service(_) | Caller::Federated(_) => shares(Some(account), caller),
        },
        Principal::Everyone
        | Principal::User { .. }
        | Principal::Role { .. }
        | Principal::Session { .. }
        | Principal::Service(_)
        | Principal::Federated(_)
        | Principal::CanonicalUser(_)
        | Principal::Deleted(_)
        | Principal::Other { .. } => covers(principal, caller).max(shares(account(principal), caller)),
    }
}

/// The account that a principal belongs to, where its text tells.
fn account(principal: &Principal) -> Option<&str> {
    match principal {
        Principal::Account(account)
        | Principal::User { account, .. }
        | Principal::Role { account, .. }
        | Principal::Session { account, .. } => Some(account),
        Principal::Federated(text) | Principal::Other { text, .. } => account_in(text),
        Principal::Everyone | Principal::Service(_) | Principal::CanonicalUser(_) | Principal::Deleted(_) => None,
    }
}

/// Unknown for a caller of this account or one that may be, no for every other.
fn shares(account: Option<&str>, caller: &Caller) -> Truth {
    let Some(account) = account else { return Truth::No };
    let own = match caller {
        Caller::Federated(provider) => account_in(provider),
        Caller::CanonicalUser(_) => return Truth::Unknown,
        Caller::Anonymous | Caller::Root { .. } | Caller::User { .. } | Caller::Role { .. } | Caller::Service(_) => {
            caller.account()
        }
    };
    if own == Some(account) { Truth::Unknown } else { Truth::No }
}

fn of_account(caller: &Caller, account: &str) -> Truth {
    match caller {
        Caller::CanonicalUser(_) => Truth::Unknown,
        Caller::Anonymous
        | Caller::Root { .. }
        | Caller::User { .. }
        | Caller::Role { .. }
        | Caller::Service(_)
        | Caller::Federated(_) => Truth::of(caller.account() == Some(account)),
    }
}

/// Whether a principal of which nobody documents how it is read may cover the caller: never surely.
fn may_cover(kind: &str, text: &str, caller: &Caller) -> Truth {
    let may = match (kind, caller) {
        ("Service", Caller::Service(_)) | ("Federated", Caller::Federated(_)) => true,
        ("Service" | "Federated", _) => false,
        ("CanonicalUser", Caller::Anonymous | Caller::Service(_) | Caller::Federated(_)) => false,
        ("AWS", Caller::Anonymous | Caller::Service(_) | Caller::Federated(_)) => !text.starts_with("arn:"),
        ("AWS", Caller::Root { account } | Caller::User { account, .. } | Caller::Role { account, .. }) => {
            account_in(text).is_none_or(|named| named == account)
        }
        (_, _) => true,
    };
    if may { Truth::Unknown } else { Truth::No }
}

/// The account in an ARN; `None` where there is no ARN, or twelve digits do not stand in its place.
pub(super) fn account_in(text: &str) -> Option<&str> {
    let mut parts = text.splitn(6, ':');
    if parts.next() != Some("arn") {
        return None;
    }
    parts.nth(3).filter(|account| account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A name without its path.
pub(super) fn last_segment(name: &str) -> &str {
    name.rsplit_once('/').map_or(name, |(_, last)| last)
}
