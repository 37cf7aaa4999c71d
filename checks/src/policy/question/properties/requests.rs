//! Requests of each question's class, and requests read back from what a failure shows.

use std::collections::{BTreeMap, BTreeSet};

use crate::policy::counterexample::Counterexample;
use crate::policy::model::Document;
use crate::policy::question::properties::policies::Area;
use crate::policy::request::{Caller, Held, Request};

pub(super) const OWN: &str = "111122223333";
const OTHER: &str = "444455556666";
const UNRELATED: &str = "999988887776";

/// The most requests that are tried on one policy.
const MOST: usize = 400;

fn role(account: &str, name: &str, session: &str) -> Caller {
    Caller::Role { account: account.into(), name: name.into(), session: session.into() }
}

fn user(account: &str, name: &str) -> Caller {
    Caller::User { account: account.into(), name: name.into() }
}

fn root(account: &str) -> Caller {
    Caller::Root { account: account.into() }
}

fn of_others(account: &str) -> Vec<Caller> {
    vec![
        root(account),
        role(account, "app", "session"),
        role(account, "app", "alice"),
        role(account, "else", "session"),
        user(account, "alice"),
        user(account, "path/bob"),
        role(account, "p:111122223333:q/app", "session"),
    ]
}

fn callers(area: Area) -> Vec<Caller> {
    let mut callers = vec![Caller::Anonymous];
    match area {
        Area::Tls | Area::Sse => {
            for account in [OWN, OTHER, UNRELATED, "444400000000"] {
                callers.extend(of_others(account));
            }
            callers.extend(
                ["logging.s3.amazonaws.com", "sns.amazonaws.com", "zzz.amazonaws.com"]
                    .map(|name| Caller::Service(name.into())),
            );
        }
        // A named account is no stranger.
        Area::Public => callers.extend([UNRELATED, "444400000000"].into_iter().flat_map(of_others)),
        Area::Key => {
            for account in [OTHER, UNRELATED, "444400000000"] {
                callers.extend(of_others(account));
            }
        }
        Area::Trust => {
            callers.remove(0);
            for account in [OTHER, UNRELATED] {
                callers.extend(of_others(account));
            }
        }
    }
    callers
}

fn targets(area: Area) -> Vec<(&'static str, &'static str)> {
    let objects = ["x", "y", "xy", "X", "alice/z", "x/y"].map(|key| match key {
        "x" => "arn:aws:s3:::b/x",
        "y" => "arn:aws:s3:::b/y",
        "xy" => "arn:aws:s3:::b/xy",
        "X" => "arn:aws:s3:::b/X",
        "alice/z" => "arn:aws:s3:::b/alice/z",
        _ => "arn:aws:s3:::b/x/y",
    });
    let on_objects = |actions: &[&'static str]| {
        objects.iter().flat_map(|object| actions.iter().map(|action| (*action, *object)).collect::<Vec<_>>()).collect()
    };
    match area {
        Area::Sse => on_objects(&["s3:PutObject"]),
        Area::Tls | Area::Public => {
            let mut all: Vec<_> = on_objects(&["s3:PutObject", "s3:GetObject", "s3:DeleteObject", "s3:PutObjectAcl"]);
            all.extend([("s3:ListBucket", "arn:aws:s3:::b"), ("s3:PutBucketPolicy", "arn:aws:s3:::b")]);
            all
        }
        Area::Key => ["kms:Decrypt", "kms:GenerateDataKey", "kms:PutKeyPolicy", "kms:CreateGrant"]
            .map(|action| (action, "arn:aws:kms:us-east-1:111122223333:key/k"))
            .to_vec(),
        Area::Trust => vec![("sts:AssumeRole", "arn:aws:iam::111122223333:role/this")],
    }
}

fn some(texts: &[&str]) -> Vec<Option<Held>> {
    texts.iter().map(|text| Some(Held::One((*text).into()))).collect()
}

fn maybe(texts: &[&str]) -> Vec<Option<Held>> {
    let mut all = vec![None];
    all.extend(some(texts));
    all
}

/// What a key may hold in a request of the class: of this caller, through an endpoint or not.
fn values(area: Area, key: &str, caller: &Caller, endpoint: bool) -> Vec<Option<Held>> {
    let signed = caller.account().is_some();
    let service = matches!(caller, Caller::Service(_));
    // Strangers have none of the values that policies fix of what nobody forges.
    let strange = matches!(area, Area::Public | Area::Key);
    let on = |here: bool, all: Vec<Option<Held>>| match (here, service) {
        (false, _) => vec![None],
        (true, false) => all,
        (true, true) => std::iter::once(None).chain(all).collect(),
    };
    match key {
        "aws:securetransport" if area == Area::Tls => some(&["false"]),
        "aws:securetransport" => some(&["true", "false"]),
        "aws:sourceip" if area == Area::Public => on(!endpoint, some(&["198.51.100.7", "2001:db9::1"])),
        "aws:sourceip" => {
            on(!endpoint, some(&["10.1.2.3", "203.0.113.9", "198.51.100.7", "2001:db8::1", "2001:db9::1"]))
        }
        "aws:vpcsourceip" => on(endpoint, some(&["10.1.2.3", "203.0.113.9", "2001:db8::1"])),
        "aws:sourcevpce" if area == Area::Public => on(endpoint, some(&["vpce-22", "vpce-3x"])),
        "aws:sourcevpce" => on(endpoint, some(&["vpce-1", "vpce-2", "vpce-33"])),
        "aws:principalorgid" if !signed => vec![None],
        "aws:principalorgid" if strange => maybe(&["o-strangers00"]),
        "aws:principalorgid" => maybe(&["o-aaaaaaaaaa", "o-bbbbbbbbbb", "o-cccccccccc"]),
        "aws:sourcearn" if area == Area::Public => maybe(&["arn:aws:sns:us-east-1:999988887776:t"]),
        "aws:sourcearn" => maybe(&[
            "arn:aws:sns:us-east-1:111122223333:t",
            "arn:aws:sns:us-east-1:444455556666:t",
            "arn:aws:s3:::other",
            "arn:aws:sns:us-east-1:999988887776:t",
        ]),
        "aws:sourceaccount" if strange => maybe(&[UNRELATED]),
        "aws:sourceaccount" => maybe(&[OWN, OTHER, UNRELATED]),
        "aws:tagkeys" => {
            let many = |texts: &[&str]| Some(Held::Many(texts.iter().map(|text| (*text).to_owned()).collect()));
            vec![None, many(&["a"]), many(&["b"]), many(&["A"]), many(&["a", "b"]), many(&["c", "A"]), many(&["c"])]
        }
        "aws:currenttime" => some(&["2024-06-01T00:00:00Z", "2026-06-01T00:00:00Z", "2028-06-01T00:00:00Z"]),
        "aws:multifactorauthpresent" => maybe(&["true", "false"]),
        "kms:grantisforawsresource" => maybe(&["true", "false"]),
        "aws:userid" => some(&["AROA1:alice", "AIDA1", "AIDA2"]),
        "aws:referer" | "foo:bar" | "aws:requesttag/t" | "kms:encryptioncontext:t" => {
            maybe(&["a", "b", "A", "ab", "", "alice", "*"])
        }
        "s3:prefix" => maybe(&["", "x", "home/x", "alice/q"]),
        "s3:max-keys" => maybe(&["5", "10", "11", "1000"]),
        "s3:tlsversion" if area == Area::Tls => maybe(&["1.2"]),
        "s3:tlsversion" => maybe(&["1.1", "1.2", "1.3"]),
        "s3:x-amz-server-side-encryption" if area == Area::Sse => maybe(&["aws:kms", "aws:kms:dsse"]),
        "s3:x-amz-server-side-encryption" => maybe(&["AES256", "aws:kms", "aws:kms:dsse"]),
        "s3:x-amz-server-side-encryption-customer-algorithm" => maybe(&["AES256"]),
        "kms:viaservice" => maybe(&["s3.us-east-1.amazonaws.com", "ec2.us-east-1.amazonaws.com"]),
        "sts:externalid" => maybe(&["unnamed", "id-3", "Id-1"]),
        "sts:rolesessionname" => maybe(&["a", "b", "A", "ab"]),
        "aws:resourceorgid" => some(&["o-theresources"]),
        "aws:resourceaccount" => some(&[OWN]),
        _ => vec![None],
    }
}

/// Every request of the class that this alphabet can tell apart, or a fixed choice of them where they are too many.
pub(super) fn requests(area: Area, document: &Document) -> Vec<Request> {
    let keys: BTreeSet<&str> = document
        .statements
        .iter()
        .flat_map(|statement| &statement.conditions)
        .map(|test| test.key.as_str())
        .chain(["aws:resourceaccount", "aws:resourceorgid", "aws:securetransport"])
        .chain((area == Area::Sse).then_some("s3:x-amz-server-side-encryption"))
        .collect();
    let mut spaces = Vec::new();
    let mut total = 0_usize;
    for caller in callers(area) {
        for endpoint in [false, true] {
            let held: Vec<(&str, Vec<Option<Held>>)> = keys
                .iter()
                .filter(|key| caller.key(key, "aws").is_none())
                .map(|key| (*key, values(area, key, &caller, endpoint)))
                .collect();
            let size = held.iter().map(|(_, all)| all.len()).product::<usize>() * targets(area).len();
            total += size;
            spaces.push((caller.clone(), held, size));
        }
    }
    let mut requests = Vec::new();
    let targets = targets(area);
    // A stride that shares no factor with most sizes walks all combinations evenly.
    let stride = if total <= MOST { 1 } else { (total / MOST).max(1) | 1 };
    let mut at = 0;
    for (caller, held, size) in spaces {
        while at < size {
            let mut rest = at;
            let (action, resource) = targets[rest % targets.len()];
            rest /= targets.len();
            let mut context = BTreeMap::new();
            for (key, all) in &held {
                if let Some(value) = &all[rest % all.len()] {
                    context.insert((*key).to_owned(), value.clone());
                }
                rest /= all.len();
            }
            // S3 refuses an upload that asks for its own encryption and brings a key as well.
            let both = ["s3:x-amz-server-side-encryption", "s3:x-amz-server-side-encryption-customer-algorithm"];
            if both.iter().all(|key| context.contains_key(*key)) {
                at += stride;
                continue;
            }
            requests.push(Request {
                caller: caller.clone(),
                action: action.into(),
                resource: resource.into(),
                context,
            });
            at += stride;
        }
        at -= size;
    }
    requests
}

/// The request that a failure shows; `None` where it shows a statement alone.
pub(super) fn shown(counterexample: &Counterexample, document: &Document) -> Option<Request> {
    let name = counterexample.principal.as_deref()?;
    let mut context = BTreeMap::new();
    for (key, value) in &counterexample.context {
        let key = key.to_ascii_lowercase();
        let Some(value) = value else { continue };
        let several = key == "aws:tagkeys"
            || crate::policy::key::named(&key).is_none()
                && document
                    .statements
                    .iter()
                    .flat_map(|statement| &statement.conditions)
                    .any(|test| test.key == key && test.operator.quantifier.is_some());
        let held = match several {
            true => Held::Many(value.split(", ").map(str::to_owned).collect()),
            // The value is not shown: it is none that the policy names.
            false if key == "sts:externalid" => Held::One("kk".into()),
            false => Held::One(value.clone()),
        };
        context.insert(key, held);
    }
    Some(Request {
        caller: caller(name, document),
        action: counterexample.action.clone()?,
        resource: counterexample.resource.clone()?,
        context,
    })
}

fn caller(name: &str, _document: &Document) -> Caller {
    if name == "anonymous" {
        return Caller::Anonymous;
    }
    if let Some(id) = name.strip_prefix("canonical user ") {
        return Caller::CanonicalUser(id.into());
    }
    let parts: Vec<&str> = name.splitn(6, ':').collect();
    match parts.as_slice() {
        [_, _, _, _, account, "root"] => root(account),
        [_, _, _, _, account, named] => match named.split_once('/') {
            Some(("user", name)) => user(account, name),
            Some((_, name)) => role(account, name, "session"),
            None => Caller::Anonymous,
        },
        _ => Caller::Service(name.into()),
    }
}
