//! Policies at random, from small alphabets.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Map, Value, json};

/// The question that a policy is made for, which decides its actions, resources and keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Area {
    Tls,
    Sse,
    Public,
    Key,
    Trust,
}

#[derive(Clone, Debug)]
pub(super) struct Policy {
    pub(super) old: bool,
    pub(super) statements: Vec<Statement>,
}

#[derive(Clone, Debug)]
pub(super) struct Statement {
    pub(super) deny: bool,
    pub(super) principal: (bool, Vec<(&'static str, &'static str)>),
    pub(super) action: (bool, Vec<&'static str>),
    pub(super) resource: (bool, Vec<&'static str>),
    pub(super) tests: Vec<Test>,
}

#[derive(Clone, Debug)]
pub(super) struct Test {
    pub(super) operator: String,
    pub(super) key: &'static str,
    pub(super) values: Vec<&'static str>,
}

/// Another way to write the same policy.
#[derive(Clone, Copy, Debug)]
pub(super) struct Writing {
    reversed: bool,
    split: bool,
    cased: bool,
    scalars: bool,
    doubled: bool,
}

pub(super) fn area() -> impl Strategy<Value = Area> {
    select(&[Area::Tls, Area::Sse, Area::Public, Area::Key, Area::Trust][..])
}

pub(super) fn writing() -> impl Strategy<Value = Writing> {
    any::<[bool; 5]>().prop_map(|[reversed, split, cased, scalars, doubled]| Writing {
        reversed,
        split,
        cased,
        scalars,
        doubled,
    })
}

pub(super) fn noise() -> impl Strategy<Value = String> {
    const WORDS: &[&str] = &[
        "{",
        "}",
        "[",
        "]",
        "\"",
        ":",
        ",",
        "\\",
        "\\u0031",
        "${",
        "${aws:username",
        "*",
        "?",
        "null",
        "1e999",
        "-",
        "é",
        "\u{feff}",
        "\u{0}",
        "{}",
        "[]",
        "Deny",
        "\"Effect\"",
        "arn:aws:",
        "999999999999999999999999",
    ];
    prop::collection::vec(select(WORDS).prop_map(str::to_owned), 0..12)
        .prop_map(|words| words.concat())
        .boxed()
        .prop_union(any::<String>().boxed())
}

/// A key, its type, whether it holds several values, and the values that policies compare it with.
type Row = (&'static str, char, &'static [&'static str]);

const ACCOUNTS: &[&str] = &["111122223333", "444455556666", "4444*", "*", "${aws:PrincipalAccount}", "99998888777?"];
const NETWORKS: &[&str] = &["10.0.0.0/8", "0.0.0.0/0", "::/0", "203.0.113.0/24", "2001:db8::/32", "ten"];
const ARNS: &[&str] = &[
    "arn:aws:iam::111122223333:role/app",
    "arn:aws:iam::111122223333:user/alice",
    "arn:aws:iam::444455556666:role/app",
    "arn:aws:iam::444455556666:root",
    "arn:aws:iam::111122223333:*",
    "arn:aws:iam::*:role/app",
    "arn:aws:iam::*:root",
    "arn:aws:iam::4*:root",
    "arn:aws:iam::*",
    "arn:*:111122223333:*",
    "*",
    "${aws:PrincipalArn}",
];
const SOURCES: &[&str] = &[
    "arn:aws:sns:us-east-1:111122223333:t",
    "arn:aws:sns:us-east-1:444455556666:t",
    "arn:aws:sns:*:111122223333:*",
    "arn:aws:s3:::other",
    "arn:aws:s3:::*",
    "arn:aws:sns:*:*:t",
];
const ORGANISATIONS: &[&str] = &["o-aaaaaaaaaa", "o-bbbbbbbbbb", "o-*", "${aws:ResourceOrgID}"];
const TEXTS: &[&str] = &["a", "b", "A", "a*", "?", "*", "${aws:username}", "", "?*"];

/// `b` is Bool, `i` an address, `s` text, `m` several texts, `a` an ARN, `n` a number, `d` a date.
const COMMON: &[Row] = &[
    ("aws:SecureTransport", 'b', &["false", "true", "False"]),
    ("aws:SourceIp", 'i', NETWORKS),
    ("aws:VpcSourceIp", 'i', NETWORKS),
    ("aws:SourceVpce", 's', &["vpce-1", "vpce-2", "vpce-*", "vpce-?"]),
    ("aws:PrincipalArn", 'a', ARNS),
    ("aws:PrincipalAccount", 's', ACCOUNTS),
    ("aws:PrincipalType", 's', &["User", "AssumedRole", "Account", "A*", "Anonymous"]),
    ("aws:PrincipalIsAWSService", 'b', &["false", "true"]),
    ("aws:PrincipalServiceName", 's', &["logging.s3.amazonaws.com", "sns.amazonaws.com", "*.amazonaws.com", "l*"]),
    ("aws:PrincipalOrgID", 's', ORGANISATIONS),
    ("aws:username", 's', &["alice", "bob", "a*", "*"]),
    ("aws:SourceArn", 'a', SOURCES),
    ("aws:SourceAccount", 's', &["111122223333", "444455556666", "4444*", "${aws:ResourceAccount}"]),
    ("aws:TagKeys", 'm', &["a", "b", "A", "a*"]),
    ("aws:RequestTag/t", 's', TEXTS),
    ("aws:CurrentTime", 'd', &["2025-01-01T00:00:00Z", "2027-01-01", "soon"]),
    ("aws:MultiFactorAuthPresent", 'b', &["true", "false"]),
    ("aws:Referer", 's', TEXTS),
    ("aws:userid", 's', &["AROA1:*", "AIDA1", "*:alice"]),
    ("foo:bar", 's', TEXTS),
];
const BUCKET: &[Row] = &[
    ("s3:prefix", 's', &["", "home/*", "x", "?*", "${aws:username}/*"]),
    ("s3:max-keys", 'n', &["10", "10.5", "-1", "many"]),
    ("s3:TlsVersion", 'n', &["1.2", "1.3"]),
];
const UPLOAD: &[Row] = &[
    ("s3:x-amz-server-side-encryption", 's', &["AES256", "aws:kms", "aws:*", "*", "aws:kms:dsse", "aes256"]),
    ("s3:x-amz-server-side-encryption", 's', &["AES256", "aws:kms", "aws:*", "*", "aws:kms:dsse", "aes256"]),
    ("s3:x-amz-server-side-encryption-customer-algorithm", 's', &["AES256", "*"]),
];
const KEY: &[Row] = &[
    ("kms:CallerAccount", 's', ACCOUNTS),
    ("kms:ViaService", 's', &["s3.us-east-1.amazonaws.com", "*.amazonaws.com"]),
    ("kms:GrantIsForAWSResource", 'b', &["true"]),
    ("kms:EncryptionContext:t", 's', TEXTS),
];
const TRUST: &[Row] =
    &[("sts:ExternalId", 's', &["id-1", "id-2", "id-*", "*", "ID-1"]), ("sts:RoleSessionName", 's', TEXTS)];

fn rows(area: Area) -> Vec<Row> {
    let own: &[&[Row]] = match area {
        Area::Tls => &[BUCKET, &COMMON[..1], &COMMON[..1], &COMMON[..1]],
        Area::Sse => &[BUCKET, UPLOAD, UPLOAD, UPLOAD, UPLOAD],
        Area::Public => &[BUCKET, UPLOAD],
        Area::Key => &[KEY, KEY],
        Area::Trust => &[TRUST, TRUST, TRUST],
    };
    own.iter().copied().chain([COMMON]).flatten().copied().collect()
}

fn operators(kind: char) -> &'static [&'static str] {
    match kind {
        'b' => &["Bool"],
        'i' => &["IpAddress", "NotIpAddress"],
        'n' => &["NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericGreaterThanEquals"],
        'd' => &["DateLessThan", "DateGreaterThanEquals", "DateNotEquals"],
        'a' => &["ArnLike", "ArnNotLike", "ArnEquals", "StringLike", "StringNotLike", "StringEquals"],
        _ => &[
            "StringEquals",
            "StringNotEquals",
            "StringLike",
            "StringNotLike",
            "StringEqualsIgnoreCase",
            "StringNotEqualsIgnoreCase",
        ],
    }
}

pub(super) fn test(area: Area) -> impl Strategy<Value = Test> {
    select(rows(area)).prop_flat_map(|(key, kind, values)| {
        let quantifiers: &'static [&'static str] = match kind {
            'm' => &["ForAllValues:", "ForAnyValue:", "ForAnyValue:", "ForAllValues:", ""],
            _ => &["", "", "", "", "", "", "", "", "ForAllValues:", "ForAnyValue:"],
        };
        let compared = (
            select(quantifiers),
            select(operators(kind)),
            select(&["", "", "", "IfExists"][..]),
            subsequence(values.to_vec(), 1..=values.len().min(2)),
        )
            .prop_map(move |(quantifier, operator, if_exists, values)| Test {
                operator: format!("{quantifier}{operator}{if_exists}"),
                key,
                values,
            });
        let null = select(&["true", "false"][..]).prop_map(move |value| Test {
            operator: "Null".into(),
            key,
            values: vec![value],
        });
        let odd = select(&["StringMatches", "Bool", "NumericEquals", "IpAddress", "BinaryEquals"][..])
            .prop_map(move |operator| Test { operator: operator.into(), key, values: vec![values[0]] });
        prop_oneof![12 => compared, 3 => null, 1 => odd]
    })
}

fn tests(area: Area, at_most: usize) -> impl Strategy<Value = Vec<Test>> {
    prop::collection::vec(test(area), 0..=at_most).prop_map(|tests| {
        let mut kept: Vec<Test> = Vec::new();
        for test in tests {
            let double = |other: &Test| other.operator == test.operator && other.key.eq_ignore_ascii_case(test.key);
            if !kept.iter().any(double) {
                kept.push(test);
            }
        }
        kept
    })
}

const PRINCIPALS: &[(&str, &str)] = &[
    ("AWS", "*"),
    ("AWS", "arn:aws:iam::111122223333:root"),
    ("AWS", "111122223333"),
    ("AWS", "arn:aws:iam::111122223333:role/app"),
    ("AWS", "arn:aws:iam::111122223333:user/alice"),
    ("AWS", "arn:aws:sts::111122223333:assumed-role/app/alice"),
    ("AWS", "arn:aws:iam::444455556666:root"),
    ("AWS", "arn:aws:iam::444455556666:role/app"),
    ("AWS", "AROAEXAMPLEDELETED"),
    ("Service", "logging.s3.amazonaws.com"),
    ("Service", "sns.amazonaws.com"),
    ("CanonicalUser", "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"),
];

fn principal(area: Area) -> impl Strategy<Value = (bool, Vec<(&'static str, &'static str)>)> {
    // A canonical user is one account that the author knows, and no stranger, though nobody can tell whose it is.
    let all: Vec<_> =
        PRINCIPALS.iter().copied().filter(|(kind, _)| area != Area::Public || *kind != "CanonicalUser").collect();
    prop_oneof![
        8 => Just((false, vec![("*", "*")])),
        6 => subsequence(all.clone(), 1..=3).prop_map(|named| (false, named)),
        1 => subsequence(all, 1..=2).prop_map(|named| (true, named)),
    ]
}

fn action(area: Area) -> impl Strategy<Value = (bool, Vec<&'static str>)> {
    let all: Vec<&'static str> = match area {
        Area::Tls | Area::Sse | Area::Public => {
            vec![
                "s3:*",
                "*",
                "s3:PutObject",
                "s3:GetObject",
                "s3:Put*",
                "s3:?etObject",
                "s3:List*",
                "S3:getobject",
                "sns:*",
            ]
        }
        Area::Key => vec!["kms:*", "*", "kms:Decrypt", "kms:De*", "kms:PutKeyPolicy", "kms:GenerateDataKey*"],
        Area::Trust => vec!["sts:AssumeRole", "sts:*", "*", "sts:TagSession", "sts:Assume*"],
    };
    let whole = vec![all[0]];
    prop_oneof![
        6 => Just((false, whole)),
        3 => subsequence(all.clone(), 1..=3).prop_map(|named| (false, named)),
        1 => subsequence(all, 1..=2).prop_map(|named| (true, named)),
    ]
}

fn resource(area: Area) -> BoxedStrategy<(bool, Vec<&'static str>)> {
    let all: Vec<&'static str> = match area {
        Area::Tls | Area::Sse | Area::Public => vec![
            "arn:aws:s3:::b",
            "arn:aws:s3:::b/*",
            "arn:aws:s3:::b*",
            "*",
            "arn:aws:s3:::b/x*",
            "arn:aws:s3:::b/?",
            "arn:aws:s3:::b/??*",
            "arn:aws:s3:::B/*",
            "arn:aws:s3:::b/${aws:username}/*",
            "arn:*:s3:::b/x",
        ],
        Area::Key => vec![
            "*",
            "arn:aws:kms:us-east-1:111122223333:key/k",
            "arn:aws:kms:*:111122223333:key/*",
            "arn:aws:kms:us-east-1:111122223333:key/other",
        ],
        Area::Trust => return Just((false, Vec::new())).boxed(),
    };
    let whole = all[..2].to_vec();
    prop_oneof![
        6 => Just((false, whole)),
        3 => subsequence(all.clone(), 1..=3).prop_map(|named| (false, named)),
        1 => subsequence(all, 1..=2).prop_map(|named| (true, named)),
    ]
    .boxed()
}

fn statement(area: Area, denies: u32) -> impl Strategy<Value = Statement> {
    let deny = prop::bool::weighted(f64::from(denies) / 10.0);
    (deny, principal(area), action(area), resource(area), tests(area, 2))
        .prop_map(|(deny, principal, action, resource, tests)| Statement { deny, principal, action, resource, tests })
}

pub(super) fn deny(area: Area) -> impl Strategy<Value = Statement> {
    // What fails is made simpler, and has to stay a Deny.
    statement(area, 10).prop_map(|statement| Statement { deny: true, ..statement })
}

/// A statement that goes far towards the answer, so that proofs are common: the rest of the policy bends it.
fn strong(area: Area) -> impl Strategy<Value = Statement> {
    let everyone = (false, vec![("*", "*")]);
    let all = match area {
        Area::Tls | Area::Sse | Area::Public => vec!["s3:*"],
        Area::Key => vec!["kms:*"],
        Area::Trust => vec!["sts:AssumeRole"],
    };
    let resources = match area {
        Area::Tls | Area::Sse | Area::Public => vec!["arn:aws:s3:::b", "arn:aws:s3:::b/*"],
        Area::Key => vec!["*"],
        Area::Trust => vec![],
    };
    let deny = match area {
        Area::Tls | Area::Sse => true,
        Area::Public | Area::Key | Area::Trust => false,
    };
    tests(area, 3).prop_map(move |tests| Statement {
        deny,
        principal: everyone.clone(),
        action: (false, all.clone()),
        resource: (false, resources.clone()),
        tests,
    })
}

pub(super) fn policy(area: Area) -> impl Strategy<Value = Policy> {
    let denies = match area {
        Area::Tls | Area::Sse => 8,
        Area::Public | Area::Key | Area::Trust => 5,
    };
    let some = prop_oneof![strong(area), statement(area, denies)];
    (prop::bool::weighted(0.1), prop::collection::vec(some, 1..4), opposed(area)).prop_map(
        move |(old, mut statements, opposed)| {
            // Two Denies that divide the requests by one test and its opposite.
            if let Some((place, test)) = opposed
                && let Some(mut other) = statements.get(place).cloned()
            {
                let mut opposite = test.clone();
                opposite.operator = negated(&test.operator);
                if opposite.operator == "Null" {
                    opposite.values = vec![if test.values == ["true"] { "false" } else { "true" }];
                }
                let free = |statement: &Statement, test: &Test| {
                    statement.tests.iter().all(|one| one.operator != test.operator || one.key != test.key)
                };
                if let Some(first) = statements.get_mut(place)
                    && free(first, &test)
                    && free(&other, &opposite)
                {
                    first.tests.push(test);
                    other.tests.push(opposite);
                    statements.push(other);
                }
            }
            Policy { old, statements }
        },
    )
}

fn opposed(area: Area) -> impl Strategy<Value = Option<(usize, Test)>> {
    prop::option::of((0..2_usize, test(area)))
}

fn negated(operator: &str) -> String {
    for (plain, negated) in [
        ("StringEquals", "StringNotEquals"),
        ("StringLike", "StringNotLike"),
        ("ArnLike", "ArnNotLike"),
        ("IpAddress", "NotIpAddress"),
        ("NumericLessThan", "NumericGreaterThanEquals"),
        ("DateLessThan", "DateGreaterThanEquals"),
    ] {
        if operator == plain {
            return negated.into();
        }
        if operator == negated {
            return plain.into();
        }
    }
    operator.into()
}

fn list(texts: &[&str], writing: Option<Writing>) -> Value {
    let mut texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
    if let Some(writing) = writing {
        if writing.reversed {
            texts.reverse();
        }
        if writing.doubled {
            texts.extend(texts.first().cloned());
        } else if writing.scalars && texts.len() == 1 {
            return json!(texts[0]);
        }
    }
    json!(texts)
}

fn swapped(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }).collect()
}

impl Policy {
    pub(super) fn text(&self) -> String {
        self.render(None, &self.statements)
    }

    pub(super) fn written(&self, writing: Writing) -> String {
        let mut statements = self.statements.clone();
        if writing.split {
            statements = statements.iter().flat_map(Statement::split).collect();
        }
        if writing.reversed {
            statements.reverse();
        }
        self.render(Some(writing), &statements)
    }

    fn render(&self, writing: Option<Writing>, statements: &[Statement]) -> String {
        let list: Vec<Value> = statements.iter().map(|statement| statement.json(writing)).collect();
        let statement = match list.as_slice() {
            [one] if writing.is_some_and(|writing| writing.scalars) => one.clone(),
            _ => json!(list),
        };
        let version = if self.old { "2008-10-17" } else { "2012-10-17" };
        if writing.is_some_and(|writing| writing.reversed) {
            json!({"Statement": statement, "Version": version}).to_string()
        } else {
            json!({"Version": version, "Statement": statement}).to_string()
        }
    }
}

impl Statement {
    /// One statement for each pair of an action and a resource, where they are listed rather than left out.
    fn split(&self) -> Vec<Statement> {
        let parts = |(not, list): &(bool, Vec<&'static str>)| -> Vec<(bool, Vec<&'static str>)> {
            if *not || list.is_empty() {
                vec![(*not, list.clone())]
            } else {
                list.iter().map(|one| (false, vec![*one])).collect()
            }
        };
        let mut split = Vec::new();
        for action in parts(&self.action) {
            for resource in parts(&self.resource) {
                split.push(Statement { action: action.clone(), resource, ..self.clone() });
            }
        }
        split
    }

    fn json(&self, writing: Option<Writing>) -> Value {
        let cased = writing.is_some_and(|writing| writing.cased);
        let mut members = Map::new();
        members.insert("Effect".into(), json!(if self.deny { "Deny" } else { "Allow" }));
        let (not, named) = &self.principal;
        let principal = if named.as_slice() == [("*", "*")] {
            json!(if writing.is_some_and(|writing| writing.scalars) { json!({"AWS": "*"}) } else { json!("*") })
        } else {
            let mut kinds = Map::new();
            for kind in ["AWS", "Service", "CanonicalUser"] {
                let of_kind: Vec<&str> = named.iter().filter(|(own, _)| *own == kind).map(|(_, text)| *text).collect();
                if !of_kind.is_empty() {
                    kinds.insert(kind.into(), list(&of_kind, writing));
                }
            }
            Value::Object(kinds)
        };
        members.insert(if *not { "NotPrincipal" } else { "Principal" }.into(), principal);
        let actions: Vec<String> =
            self.action.1.iter().map(|text| if cased { swapped(text) } else { (*text).to_owned() }).collect();
        let actions: Vec<&str> = actions.iter().map(String::as_str).collect();
        members.insert(if self.action.0 { "NotAction" } else { "Action" }.into(), list(&actions, writing));
        if !self.resource.1.is_empty() {
            members.insert(
                if self.resource.0 { "NotResource" } else { "Resource" }.into(),
                list(&self.resource.1, writing),
            );
        }
        if !self.tests.is_empty() {
            let mut blocks = Map::new();
            let mut tests: Vec<&Test> = self.tests.iter().collect();
            if writing.is_some_and(|writing| writing.reversed) {
                tests.reverse();
            }
            for test in tests {
                let key = if cased { swapped(test.key) } else { test.key.to_owned() };
                let block = blocks.entry(test.operator.clone()).or_insert_with(|| json!({}));
                block.as_object_mut().unwrap().insert(key, list(&test.values, writing));
            }
            members.insert("Condition".into(), Value::Object(blocks));
        }
        Value::Object(members)
    }
}
