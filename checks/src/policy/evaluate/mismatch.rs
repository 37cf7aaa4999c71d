//! Why a statement does not match, in words.

use crate::policy::evaluate::condition::{self, Doubt};
use crate::policy::evaluate::{Facts, Truth, actions, principals, resources};
use crate::policy::model::{Actions, Principal, Principals, Relation, Resources, Statement, Test};
use crate::policy::request::{Caller, Held};

/// Why a statement does not match a request: one of its parts that does not, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// Whether it surely does not match, or only may not.
    pub truth: Truth,
    /// The part, such as `Resource` or `Condition StringEquals aws:SourceVpce`.
    pub part: String,
    /// In one sentence's rest, such as ``the resource is none of `arn:aws:s3:::b/x*` ``. Holds no value of a
    /// condition key that may be secret (`sts:ExternalId`).
    pub why: String,
}

/// Each part of the statement that does not match, or may not: principal, action, resource and the conditions, in this
/// order.
pub fn mismatches(statement: &Statement, facts: &Facts<'_>) -> Vec<Mismatch> {
    let mut found = Vec::new();
    found.extend(of_principals(statement, facts));
    found.extend(of_actions(statement, facts));
    found.extend(of_resources(statement, facts));
    found.extend(statement.conditions.iter().filter_map(|test| of_condition(test, facts)));
    found
}

fn of_principals(statement: &Statement, facts: &Facts<'_>) -> Option<Mismatch> {
    let truth = principals(&statement.principals, statement.effect, facts);
    let caller = caller(&facts.request.caller, facts.partition);
    let (part, named, relation) = match &statement.principals {
        Principals::Unstated => return None,
        Principals::Only(named) => ("Principal", named, "none of"),
        Principals::AllBut(named) => ("NotPrincipal", named, "among those left out:"),
    };
    let names = listed(named.iter().map(|one| quoted(name(one))));
    let why = match truth {
        Truth::Yes => return None,
        Truth::No => format!("the caller is {caller}, {relation} {names}"),
        Truth::Unknown => format!("no documentation tells whether {names} stands for the caller, {caller}"),
    };
    Some(Mismatch { truth, part: part.into(), why })
}

fn of_actions(statement: &Statement, facts: &Facts<'_>) -> Option<Mismatch> {
    let action = &facts.request.action;
    if actions(&statement.actions, &action.to_ascii_lowercase()) {
        return None;
    }
    let (part, named, relation) = match &statement.actions {
        Actions::Only(named) => ("Action", named, "none of"),
        Actions::AllBut(named) => ("NotAction", named, "among those left out:"),
    };
    let names = listed(named.iter().map(|one| quoted(&one.text)));
    let why = format!("the action is `{action}`, {relation} {names}");
    Some(Mismatch { truth: Truth::No, part: part.into(), why })
}

fn of_resources(statement: &Statement, facts: &Facts<'_>) -> Option<Mismatch> {
    let truth = resources(&statement.resources, facts);
    let resource = &facts.request.resource;
    let (part, named, relation) = match &statement.resources {
        Resources::Unstated => return None,
        Resources::Only(named) => ("Resource", named, "none of"),
        Resources::AllBut(named) => ("NotResource", named, "among those left out:"),
    };
    let names = listed(named.iter().map(|one| quoted(&one.text)));
    let why = match truth {
        Truth::Yes => return None,
        Truth::No => format!("the resource is `{resource}`, {relation} {names}"),
        Truth::Unknown => format!("a variable in {names} leaves open whether `{resource}` is meant"),
    };
    Some(Mismatch { truth, part: part.into(), why })
}

fn of_condition(test: &Test, facts: &Facts<'_>) -> Option<Mismatch> {
    let held = facts.get(&test.key);
    let answer = condition::judge(test, held.as_ref(), facts);
    let why = match answer {
        Ok(true) => return None,
        Ok(false) => compared(test, held.as_ref()),
        Err(doubt) => format!("{}; {}", words(doubt), compared(test, held.as_ref())),
    };
    let part = format!("Condition {} {}", test.operator.text, test.key_text);
    Some(Mismatch { truth: answer.into(), part, why })
}

/// What the request holds beside what the statement names.
fn compared(test: &Test, held: Option<&Held>) -> String {
    let key = &test.key_text;
    let secret = test.key == "sts:externalid";
    let has = match held {
        None => format!("the request has no `{key}`"),
        Some(Held::Doubtful) => format!("no documentation tells what the request's `{key}` is"),
        Some(Held::Many(values)) if values.is_empty() => format!("the request has no `{key}`"),
        Some(_) if secret => format!("the request has an `{key}`, which is not shown"),
        Some(Held::One(value)) => format!("the request's `{key}` is `{value}`"),
        Some(Held::Many(values)) => {
            format!("the request's `{key}` holds {}", listed(values.iter().map(|value| quoted(value))))
        }
    };
    if secret && test.operator.relation != Relation::Null {
        return format!("{has}, and the statement's values are not shown either");
    }
    let names = listed(test.values.iter().map(|value| quoted(&value.text)));
    format!("{has}, and the statement asks `{}` of {names}", test.operator.text)
}

fn words(doubt: Doubt) -> &'static str {
    match doubt {
        Doubt::Operator => "the operator is not one that AWS documents",
        Doubt::NoValue => "the test lists no value",
        Doubt::NullForm => "`Null` is not documented with a quantifier or `IfExists`",
        Doubt::UnknownKey => "the type of the key is not known",
        Doubt::KeyType => "the operator does not fit the type of the key",
        Doubt::Several => "a key of several values needs `ForAllValues` or `ForAnyValue`",
        Doubt::Presence => "whether the request has the key, and with which value, is not documented",
        Doubt::Value => "a value of the statement is not of the operator's type",
        Doubt::Held => "the request's value is not of the operator's type",
        Doubt::Variable => "a variable has no value in this request",
        Doubt::VariableForm => "a variable is used in a way that is not documented",
    }
}

fn caller(caller: &Caller, partition: &str) -> String {
    match caller {
        Caller::Anonymous => "anonymous".into(),
        Caller::Role { session, .. } => match caller.arn(partition) {
            Some(arn) => format!("session `{session}` of `{arn}`"),
            None => format!("session `{session}` of a role"),
        },
        Caller::Root { account } | Caller::User { account, .. } => match caller.arn(partition) {
            Some(arn) => quoted(&arn),
            None => format!("a principal of {account}"),
        },
        Caller::Service(service) => format!("the service `{service}`"),
        Caller::Federated(provider) => format!("the identity provider `{provider}`"),
        Caller::CanonicalUser(id) => format!("the canonical user `{id}`"),
    }
}

fn name(principal: &Principal) -> &str {
    match principal {
        Principal::Everyone => "*",
        Principal::User { arn, .. } | Principal::Role { arn, .. } | Principal::Session { arn, .. } => arn,
        Principal::Account(text)
        | Principal::Service(text)
        | Principal::Federated(text)
        | Principal::CanonicalUser(text)
        | Principal::Deleted(text)
        | Principal::Other { text, .. } => text,
    }
}

fn quoted(text: &str) -> String {
    format!("`{text}`")
}

/// The first three of a list, and how many more there are.
fn listed(items: impl ExactSizeIterator<Item = String>) -> String {
    let more = items.len().saturating_sub(3);
    let shown: Vec<String> = items.take(3).collect();
    match (shown.is_empty(), more) {
        (true, _) => "nothing".into(),
        (false, 0) => shown.join(", "),
        (false, more) => format!("{} and {more} more", shown.join(", ")),
    }
}
