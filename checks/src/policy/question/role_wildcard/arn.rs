//! How far an ARN in a policy names one resource.
//!
//! An ARN has six parts; the last names the resource in the manner of its service. A wildcard may stand only behind a
//! name that is complete, and where a name is complete is known for the forms of [`BELOW`] alone. Many services have
//! hierarchical names (`parameter/app/*` is every parameter below `app`, `alias/team/*` every such alias), so that
//! behind a separator of any other form a wildcard is taken for a part of the name.

use std::ops::Range;

use crate::policy::pattern::{Part, Pattern};

/// One sign of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    /// This character itself.
    Char(char),
    /// `*`.
    Star,
    /// `?`.
    One,
    /// A variable, as written.
    Open(String),
}

/// What a resource pattern names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    /// Everything: it consists of stars.
    Everything,
    /// One resource, or what lies below one.
    Bound,
    /// A wildcard stands in this part, where it widens the name.
    Wild(&'static str),
    /// A variable stands in this part.
    Open {
        /// The part.
        part: &'static str,
        /// The variable as written.
        token: String,
    },
    /// It is no ARN.
    NoArn,
}

/// An ARN, cut at its first five colons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Arn {
    parts: Vec<Vec<Sign>>,
}

const PARTS: [&str; 6] = ["prefix `arn`", "partition", "service", "region", "account", "name of the resource"];

/// Forms of ARN whose name is followed by what lies below it: the service, what stands before the name, and the
/// separator that ends the name.
const BELOW: [(&str, &str, char); 25] = [
    ("apigateway", "/apis/", '/'),
    ("apigateway", "/restapis/", '/'),
    ("appsync", "apis/", '/'),
    ("batch", "job-definition/", ':'),
    ("cloudformation", "stack/", '/'),
    ("codebuild", "build/", ':'),
    ("dynamodb", "table/", '/'),
    ("ecs", "container-instance/", '/'),
    ("ecs", "task-definition/", ':'),
    ("ecs", "task/", '/'),
    ("elasticloadbalancing", "loadbalancer/app/", '/'),
    ("elasticloadbalancing", "loadbalancer/net/", '/'),
    ("elasticloadbalancing", "targetgroup/", '/'),
    ("es", "domain/", '/'),
    ("execute-api", "", '/'),
    ("kinesis", "stream/", '/'),
    ("lambda", "function:", ':'),
    ("lambda", "layer:", ':'),
    ("logs", "log-group:", ':'),
    ("sns", "", ':'),
    ("states", "execution:", ':'),
    ("states", "express:", ':'),
    ("states", "stateMachine:", ':'),
    ("sts", "assumed-role/", '/'),
    ("wafv2", "regional/webacl/", '/'),
];

/// Reads a pattern sign by sign.
pub(crate) fn signs(pattern: &Pattern) -> Vec<Sign> {
    let mut signs = Vec::new();
    for part in &pattern.parts {
        match part {
            Part::Literal(text) => signs.extend(text.chars().map(Sign::Char)),
            Part::Star => signs.push(Sign::Star),
            Part::One => signs.push(Sign::One),
            Part::Variable { key, .. } => signs.push(Sign::Open(as_written(&pattern.text, key))),
            Part::Unreadable(text) => signs.push(Sign::Open(text.clone())),
        }
    }
    signs
}

fn as_written(text: &str, key: &str) -> String {
    let lower = text.to_ascii_lowercase();
    lower
        .find(&format!("${{{key}"))
        .and_then(|start| text[start..].find('}').map(|end| text[start..=start + end].to_owned()))
        .unwrap_or_else(|| format!("${{{key}}}"))
}

/// The text, where the signs are characters alone.
pub(crate) fn literal(signs: &[Sign]) -> Option<String> {
    signs
        .iter()
        .map(|sign| match sign {
            Sign::Char(letter) => Some(*letter),
            Sign::Star | Sign::One | Sign::Open(_) => None,
        })
        .collect()
}

fn is_wild(sign: &Sign) -> bool {
    match sign {
        Sign::Star | Sign::One => true,
        Sign::Char(_) | Sign::Open(_) => false,
    }
}

/// The first variable, as written.
pub(crate) fn variable(signs: &[Sign]) -> Option<&str> {
    signs.iter().find_map(|sign| match sign {
        Sign::Open(token) => Some(token.as_str()),
        Sign::Char(_) | Sign::Star | Sign::One => None,
    })
}

/// Whether the signs begin with this text.
pub(crate) fn begins_with(signs: &[Sign], text: &str) -> bool {
    let mut signs = signs.iter();
    text.chars().all(|letter| signs.next() == Some(&Sign::Char(letter)))
}

impl Arn {
    /// Cuts a pattern at its first five colons; fewer parts than six stay fewer.
    pub(crate) fn of(pattern: &Pattern) -> Arn {
        let mut parts = vec![Vec::new()];
        for sign in signs(pattern) {
            let full = parts.len() == PARTS.len();
            match parts.last_mut() {
                Some(_) if !full && sign == Sign::Char(':') => parts.push(Vec::new()),
                Some(part) => part.push(sign),
                None => {}
            }
        }
        Arn { parts }
    }

    fn part(&self, index: usize) -> &[Sign] {
        self.parts.get(index).map_or(&[], Vec::as_slice)
    }

    /// The partition.
    pub(crate) fn partition(&self) -> &[Sign] {
        self.part(1)
    }

    /// The service.
    pub(crate) fn service(&self) -> &[Sign] {
        self.part(2)
    }

    /// The region.
    pub(crate) fn region(&self) -> &[Sign] {
        self.part(3)
    }

    /// The account.
    pub(crate) fn account(&self) -> &[Sign] {
        self.part(4)
    }

    /// The resource, in the manner of its service.
    pub(crate) fn resource(&self) -> &[Sign] {
        self.part(5)
    }

    /// What it names. Where `below` is off, no wildcard is accepted anywhere.
    pub(crate) fn named(&self, below: bool) -> Named {
        if self.parts.len() == 1 && !self.part(0).is_empty() && self.part(0).iter().all(|sign| *sign == Sign::Star) {
            return Named::Everything;
        }
        let head = || PARTS.iter().copied().zip(&self.parts).take(5);
        if let Some((part, _)) = head().find(|(_, signs)| signs.iter().any(is_wild)) {
            return Named::Wild(part);
        }
        if let Some((part, token)) = head().find_map(|(part, signs)| Some((part, variable(signs)?))) {
            return Named::Open { part, token: token.into() };
        }
        if literal(self.part(0)).as_deref() != Some("arn") || self.resource().is_empty() {
            return Named::NoArn;
        }
        self.resource_named(below)
    }

    fn resource_named(&self, below: bool) -> Named {
        let resource = self.resource();
        let name = if below { self.name() } else { 0..resource.len() };
        let name = &resource[name];
        let part = PARTS[5];
        if name.iter().any(is_wild) {
            return Named::Wild(part);
        }
        match variable(name) {
            Some(token) => Named::Open { part, token: token.into() },
            None => Named::Bound,
        }
    }

    /// The part of the resource that has to be named in full: up to where the name is known to be complete, else all.
    fn name(&self) -> Range<usize> {
        let resource = self.resource();
        let whole = 0..resource.len();
        let Some(service) = literal(self.service()) else { return whole };
        if service == "secretsmanager" {
            return secret_name(resource).unwrap_or(whole);
        }
        if service == "s3" {
            // A bucket's ARN has no account; an access point's has one.
            let prefix = if self.account().is_empty() { "" } else { "accesspoint/" };
            return complete(resource, prefix, '/').unwrap_or(whole);
        }
        BELOW
            .iter()
            .filter(|(of, _, _)| *of == service)
            .find_map(|(_, prefix, end)| complete(resource, prefix, *end))
            .unwrap_or(whole)
    }
}

/// The prefix and the name behind it up to its separator, where the name is not empty.
fn complete(resource: &[Sign], prefix: &str, end: char) -> Option<Range<usize>> {
    if !begins_with(resource, prefix) {
        return None;
    }
    let start = prefix.chars().count();
    let length = resource[start..].iter().position(|sign| *sign == Sign::Char(end))?;
    (length > 0).then_some(0..start + length)
}

/// Secrets Manager puts a hyphen and six characters behind the name that a secret was given; a policy that was written
/// before the secret was made has six `?` for them.
fn secret_name(resource: &[Sign]) -> Option<Range<usize>> {
    let start = "secret:".len();
    let suffix = resource.len().checked_sub(6)?;
    let (name, six) = resource.split_at(suffix);
    let named = begins_with(name, "secret:") && name.len() > start + 1 && name.last() == Some(&Sign::Char('-'));
    (named && six.iter().all(|sign| *sign == Sign::One)).then_some(0..suffix)
}
