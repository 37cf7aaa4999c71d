//! Whom a statement names.

use std::borrow::Cow;

use crate::policy::model::Principal;
use crate::policy::parse::ParseError;
use crate::policy::parse::json::{self, Json, Kind, Place, quoted};

/// The first four letters of the unique ids of IAM. A policy shows such an id in place of an ARN once what it named has
/// been deleted.
const UNIQUE_IDS: [&str; 12] =
    ["ABIA", "ACCA", "AGPA", "AIDA", "AIPA", "AKIA", "ANPA", "ANVA", "APKA", "AROA", "ASCA", "ASIA"];

/// Reads `Principal` or `NotPrincipal`.
pub(super) fn principals(value: Json<'_>, place: &Place<'_>) -> Result<Vec<Principal>, ParseError> {
    const SHAPE: &str = "\"*\" or an object of principals";
    if Kind::of(value) == Kind::String {
        return match json::string(value, place, SHAPE)?.as_ref() {
            "*" => Ok(vec![Principal::Everyone]),
            _ => Err(place.refuse(SHAPE, "another string")),
        };
    }
    let mut principals = Vec::new();
    for (kind, named) in json::object(value, place, SHAPE)? {
        let read: fn(String) -> Principal = match kind.as_ref() {
            "AWS" => of_aws,
            "Service" => service,
            "Federated" => federated,
            "CanonicalUser" => canonical_user,
            _ => return Err(place.refuse("AWS, Service, Federated or CanonicalUser", quoted(&kind))),
        };
        let place = place.member(&kind);
        let texts = json::one_or_many(named, &place, |text, place| json::string(text, place, "a string"))?;
        if texts.is_empty() {
            return Err(place.refuse("at least one principal", "an empty list"));
        }
        principals.extend(texts.into_iter().map(Cow::into_owned).map(read));
    }
    if principals.is_empty() {
        return Err(place.refuse("at least one principal", "an empty object"));
    }
    Ok(principals)
}

/// A principal under `AWS`.
fn of_aws(text: String) -> Principal {
    if text == "*" {
        return Principal::Everyone;
    }
    if is_account(&text) {
        return Principal::Account(text);
    }
    if is_unique_id(&text) {
        return Principal::Deleted(text);
    }
    match of_arn(&text) {
        Some(principal) => principal,
        None => Principal::Other { kind: "AWS".into(), text },
    }
}

/// The principal that an ARN names; `None` where nobody documents what AWS makes of it.
fn of_arn(text: &str) -> Option<Principal> {
    let mut parts = text.splitn(6, ':');
    let mut part = || parts.next();
    let (arn, partition, service, region, account, named) = (part()?, part()?, part()?, part()?, part()?, part()?);
    if arn != "arn" || !is_partition(partition) || !region.is_empty() || !is_account(account) {
        return None;
    }
    let (arn, account) = (text.to_owned(), account.to_owned());
    match (service, named.split_once('/')) {
        ("iam", None) if named == "root" => Some(Principal::Account(account)),
        ("iam", Some(("user", name))) if is_path_and_name(name) => {
            Some(Principal::User { arn, account, name: name.into() })
        }
        ("iam", Some(("role", name))) if is_path_and_name(name) => {
            Some(Principal::Role { arn, account, name: name.into() })
        }
        ("sts", Some(("assumed-role", rest))) => {
            let (role, session) = rest.split_once('/')?;
            (is_name(role) && is_name(session)).then(|| Principal::Session {
                arn,
                account,
                role: role.into(),
                session: session.into(),
            })
        }
        _ => None,
    }
}

/// A principal under `Service`.
fn service(text: String) -> Principal {
    if is_literal(&text) { Principal::Service(text) } else { Principal::Other { kind: "Service".into(), text } }
}

/// A principal under `Federated`.
fn federated(text: String) -> Principal {
    if is_literal(&text) { Principal::Federated(text) } else { Principal::Other { kind: "Federated".into(), text } }
}

/// A principal under `CanonicalUser`.
fn canonical_user(text: String) -> Principal {
    if is_literal(&text) {
        Principal::CanonicalUser(text)
    } else {
        Principal::Other { kind: "CanonicalUser".into(), text }
    }
}

/// Whether a name says something, and has neither wildcard nor variable.
fn is_literal(text: &str) -> bool {
    !text.is_empty() && !text.contains(['*', '?']) && !text.contains("${")
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_partition(text: &str) -> bool {
    let known = text == "aws" || text.starts_with("aws-");
    known && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

fn is_unique_id(text: &str) -> bool {
    UNIQUE_IDS
        .iter()
        .filter_map(|letters| text.strip_prefix(letters))
        .any(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()))
}

/// Whether it can be the name of a user, a role or a session.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte))
}

/// Whether it can be the name of a user or a role with its path before it.
fn is_path_and_name(text: &str) -> bool {
    match text.rsplit_once('/') {
        None => is_name(text),
        Some((path, name)) => {
            is_name(name)
                && is_literal(path)
                && !path.starts_with('/')
                && path.bytes().all(|byte| byte.is_ascii_graphic())
        }
    }
}
