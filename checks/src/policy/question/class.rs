//! Whose requests, of which actions, on which resources a question is about.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::LazyLock;

use crate::policy::action;
use crate::policy::model::{Document, Principal, Principals};
use crate::policy::question::Setting;
use crate::policy::request::Caller;
use crate::policy::search::{Act, Class, Fixed, OWN_ORGANISATION, Party, Region, SOME_SESSION, Strangers};
use crate::policy::words::{Glob, Letter};

/// The accounts that the documents mention anywhere, and the own one.
pub(super) fn known_accounts(documents: &[&Document], setting: &Setting) -> BTreeSet<String> {
    let mut accounts = BTreeSet::from([setting.account.clone()]);
    accounts.extend(setting.trusted_accounts.iter().cloned());
    for statement in documents.iter().flat_map(|document| &document.statements) {
        mentioned(&statement.source, &mut accounts);
        // What JSON writes with escapes stands in the source otherwise.
        if statement.source.contains('\\') {
            let written = serde_json::from_str::<serde_json::Value>(&statement.source);
            written.iter().for_each(|value| texts(value, &mut |text| mentioned(text, &mut accounts)));
        }
    }
    accounts
}

/// Adds every twelve digits that stand by themselves in a text.
fn mentioned(text: &str, accounts: &mut BTreeSet<String>) {
    const LENGTH: usize = 12;
    let bytes = text.as_bytes();
    let no_digit = |byte: &u8| !byte.is_ascii_digit();
    // So many digits leave no gap of as many places without one: it is enough to look at every twelfth.
    let mut at = LENGTH - 1;
    while let Some(byte) = bytes.get(at) {
        let mut end = at;
        if byte.is_ascii_digit() {
            let from = bytes[..at].iter().rposition(no_digit).map_or(0, |before| before + 1);
            end = bytes[at..].iter().position(no_digit).map_or(bytes.len(), |length| at + length);
            accounts.extend(text.get(from..end).filter(|run| run.len() == LENGTH).map(str::to_owned));
        }
        at = end + LENGTH;
    }
}

/// Visits every text of a JSON value.
fn texts(value: &serde_json::Value, visit: &mut impl FnMut(&str)) {
    match value {
        serde_json::Value::String(text) => visit(text),
        serde_json::Value::Array(list) => list.iter().for_each(|value| texts(value, visit)),
        serde_json::Value::Object(members) => members.values().for_each(|value| texts(value, visit)),
        serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::Number(_) => {}
    }
}

/// The principals that the documents name, in their order.
pub(super) fn named<'a>(documents: &[&'a Document]) -> Vec<&'a Principal> {
    let mut named = Vec::new();
    let mut seen = HashSet::new();
    for statement in documents.iter().flat_map(|document| &document.statements) {
        let (Principals::Only(list) | Principals::AllBut(list)) = &statement.principals else { continue };
        named.extend(list.iter().filter(|principal| seen.insert(*principal)));
    }
    named
}

/// The caller that a principal names, where it names one; a session of a role that it names.
pub(super) fn caller(principal: &Principal) -> Option<Caller> {
    match principal {
        Principal::User { account, name, .. } => Some(Caller::User { account: account.clone(), name: name.clone() }),
        Principal::Role { account, name, .. } => {
            Some(Caller::Role { account: account.clone(), name: name.clone(), session: SOME_SESSION.into() })
        }
        Principal::Session { account, role, session, .. } => {
            Some(Caller::Role { account: account.clone(), name: role.clone(), session: session.clone() })
        }
        Principal::Service(name) => Some(Caller::Service(name.clone())),
        Principal::Federated(name) => Some(Caller::Federated(name.clone())),
        Principal::CanonicalUser(id) => Some(Caller::CanonicalUser(id.clone())),
        Principal::Everyone | Principal::Account(_) | Principal::Deleted(_) | Principal::Other { .. } => None,
    }
}

/// Everybody whose requests can differ in the documents' eyes, anonymous callers first.
pub(super) fn everybody(documents: &[&Document], setting: &Setting) -> Vec<Party> {
    let mut parties =
        vec![Party::Exactly(Caller::Anonymous), Party::SomeoneOf(setting.account.clone()), Party::Stranger];
    parties.extend(named(documents).into_iter().filter_map(caller).map(Party::Exactly));
    let known = known_accounts(documents, setting);
    parties.extend(known.iter().filter(|account| **account != setting.account).cloned().map(Party::SomeoneOf));
    parties.extend(known.iter().map(|account| Party::Exactly(Caller::Root { account: account.clone() })));
    parties.push(Party::RootOfAStranger);
    parties.push(some_service());
    parties.extend(services_of_conditions(documents).into_iter().map(|name| Party::Exactly(Caller::Service(name))));
    parties
}

/// Callers that nobody of the documents' authors can have meant.
pub(super) fn strangers() -> Vec<Party> {
    vec![Party::Exactly(Caller::Anonymous), Party::Stranger, Party::RootOfAStranger]
}

/// Makes the callers of the class strangers of this sort.
pub(super) fn estrange(mut class: Class, strangers: Strangers) -> Class {
    class.strangers = strangers;
    class.fixed.insert("aws:resourceorgid", Fixed::Is(OWN_ORGANISATION));
    class
}

/// A service that no policy names.
pub(super) fn some_service() -> Party {
    Party::SomeService
}

/// Callers of accounts other than the own and the trusted ones, named or not.
pub(super) fn outsiders(documents: &[&Document], setting: &Setting) -> Vec<Party> {
    let known = known_accounts(documents, setting);
    let is_foreign =
        |account: &str| account != setting.account && !setting.trusted_accounts.iter().any(|t| t == account);
    let mut parties: Vec<Party> = named(documents)
        .into_iter()
        .filter_map(caller)
        .filter(|caller| caller.account().is_some_and(is_foreign))
        .map(Party::Exactly)
        .collect();
    for account in known.iter().filter(|account| is_foreign(account)) {
        parties.push(Party::SomeoneOf(account.clone()));
        parties.push(Party::Exactly(Caller::Root { account: account.clone() }));
    }
    parties.push(Party::Stranger);
    parties.push(Party::RootOfAStranger);
    parties
}

/// Callers of the own account, named or not.
pub(super) fn own(documents: &[&Document], setting: &Setting) -> Vec<Party> {
    let mut parties = vec![
        Party::Exactly(Caller::Root { account: setting.account.clone() }),
        Party::SomeoneOf(setting.account.clone()),
    ];
    let named = named(documents).into_iter().filter_map(caller);
    parties.extend(named.filter(|caller| caller.account() == Some(&setting.account)).map(Party::Exactly));
    parties
}

/// The services that conditions name: a policy may spare them without naming them as principals. A pattern stands for
/// one service that it matches.
fn services_of_conditions(documents: &[&Document]) -> BTreeSet<String> {
    let tests = documents.iter().flat_map(|document| &document.statements).flat_map(|statement| &statement.conditions);
    let values = tests.filter(|test| test.key == "aws:principalservicename").flat_map(|test| &test.values);
    values.map(|value| value.text.replace('*', "any").replace('?', "x")).filter(|name| !name.is_empty()).collect()
}

/// A class of requests.
pub(super) fn class(
    documents: &[&Document],
    setting: &Setting,
    parties: Vec<Party>,
    regions: Vec<Region>,
    fixed: impl IntoIterator<Item = (&'static str, Fixed)>,
) -> Class {
    let mut fixed = BTreeMap::from_iter(fixed);
    // The resource is the account's own.
    for key in ["aws:resourceaccount", "s3:resourceaccount"] {
        fixed.insert(key, Fixed::Value(setting.account.clone()));
    }
    Class {
        parties,
        regions,
        fixed,
        strangers: Strangers::No,
        known_accounts: known_accounts(documents, setting),
        partition: setting.partition.clone(),
    }
}

/// The actions of S3 on objects, and on buckets. Each question about a bucket asks for them several times.
static OF_S3: LazyLock<[Vec<Act>; 2]> = LazyLock::new(|| {
    [
        acts("s3", Some("object"), &["GetObject", "PutObject", "DeleteObject"]),
        acts("s3", Some("bucket"), &["ListBucket", "GetBucketLocation"]),
    ]
});

/// The bucket's objects, and the bucket.
pub(super) fn bucket(arn: &str) -> [Region; 2] {
    let objects = Glob::new().text(arn).text("/").one(Letter::Any).star(Letter::Any);
    let [on_objects, on_bucket] = &*OF_S3;
    let lent = |acts: &'static [Act]| acts.iter().map(Act::lent).collect();
    [Region::of(vec![objects], lent(on_objects)), Region::of(vec![Glob::new().text(arn)], lent(on_bucket))]
}

/// The actions of a service that take a resource of this type (of any, where none is named), these first.
pub(super) fn acts(service: &str, resource_type: Option<&str>, first: &[&str]) -> Vec<Act> {
    let Some(service) = action::catalogue().service(service) else { return Vec::new() };
    let mut acts = Vec::new();
    let mut later = Vec::new();
    for action in service.actions().filter(|action| action.takes_resource) {
        let fits = match resource_type {
            Some(wanted) => action.resource_types().any(|found| found == wanted),
            None => true,
        };
        if !fits {
            continue;
        }
        let act = Act::new(action.to_string());
        match first.iter().position(|name| *name == action.name) {
            Some(place) => acts.push((place, act)),
            None => later.push(act),
        }
    }
    acts.sort_by_key(|(place, _)| *place);
    acts.into_iter().map(|(_, act)| act).chain(later).collect()
}

/// An action that the service does not have today, for what a policy says of actions to come.
pub(super) fn invented(service: &str) -> Act {
    Act::new(format!("{service}:AnActionYetToCome"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_twelve_digits_that_stand_by_themselves_wherever_they_stand() {
        for length in 1..40 {
            for before in 0..30 {
                let text =
                    format!("{}{}é{}", "-".repeat(before), "7".repeat(length), "1234567890123 4".repeat(before % 3));
                let mut accounts = BTreeSet::new();
                mentioned(&text, &mut accounts);
                let runs = text.split(|letter: char| !letter.is_ascii_digit());
                let expected: BTreeSet<String> = runs.filter(|run| run.len() == 12).map(str::to_owned).collect();
                assert_eq!(accounts, expected, "{text}");
            }
        }
    }
}
