//! That the bucket policy denies something explicitly, and that no policy allows by leaving out.

use crate::check::{Context, NoParams};
use crate::iam::Role;
use crate::iam::documents::{held, read};
use crate::observed::Gap;
use crate::policy::action;
use crate::policy::model::{Actions, Document, Effect, Principals, Resources, Statement};
use crate::policy::parse::Sort;
use crate::policy::pattern::Pattern;
use crate::policy::question::role_wildcard::arn::{Sign, signs};
use crate::policy::question::role_wildcard::{Wrong, matching, violation};
use crate::s3::Bucket;
use crate::subject::Kind;
use crate::verdict::{Judgement, Verdict, every};

#[cfg(test)]
mod tests;

const EXPECTED_DENY: &str = "a bucket policy with a Deny on actions of S3 for the bucket or its objects";
const EXPECTED_LIST: &str = "each Allow says what it allows, without NotAction, NotResource and NotPrincipal";

/// Presence only: whether the Denies hold is asked of the bucket by other requirements. No bucket policy fails. A Deny
/// in a role's policy does not count, because others than the role reach the bucket too.
pub(super) fn explicit_deny(bucket: &Bucket, _: &NoParams, context: &Context<'_>) -> Judgement {
    let name = format!("the policy of bucket {}", context.subject.id);
    let mut parts = vec![bucket_denies(bucket, &name, context)];
    let document = match bucket.policy.seen() {
        Ok(Some(text)) => Some(read(text, Sort::Resource, "GetBucketPolicy", &name)),
        Ok(None) => None,
        Err(gap) => Some(Err(gap)),
    };
    parts.extend(document.map(|document| every(allows(&name, &document?), nothing_left_out)));
    let mut roles = 0;
    for (subject, role) in context.evidence.all::<Role>() {
        roles += 1;
        for policy in held(role) {
            let name = format!("{} of role {}", policy.name, subject.id);
            parts.push(policy.document.and_then(|document| every(allows(&name, &document), nothing_left_out)));
        }
    }
    if roles == 0 {
        parts.push(Err(Gap::NothingToAudit { kind: Kind::Role.name().into() }));
    }
    every(parts, crate::verdict::nothing_to_judge)
}

fn nothing_left_out() -> Judgement {
    Ok(Verdict::satisfied("no Allow uses NotAction, NotResource or NotPrincipal"))
}

fn bucket_denies(bucket: &Bucket, name: &str, context: &Context<'_>) -> Judgement {
    let Some(text) = bucket.policy.seen()? else {
        return Ok(Verdict::not_satisfied("the bucket has no policy, which denies nothing", EXPECTED_DENY));
    };
    let document = read(text, Sort::Resource, "GetBucketPolicy", name)?;
    let arn = format!("arn:{}:s3:::{}", context.evidence.run.partition, context.subject.id);
    let denies: Vec<String> = document
        .statements
        .iter()
        .filter(|statement| statement.effect == Effect::Deny && meets_s3(&statement.actions) && meets(statement, &arn))
        .map(Statement::name)
        .collect();
    if denies.is_empty() {
        let observed = "no statement of the bucket policy denies an action of S3 on the bucket or its objects";
        return Ok(Verdict::not_satisfied(observed, EXPECTED_DENY));
    }
    let verdict = Verdict::satisfied(format!("{} of the bucket policy: Deny", denies.join(", ")));
    Ok(verdict.noting(
        "that there is a Deny says nothing about whether it holds; see s3-policy-deny-insecure-transport and \
         s3-policy-deny-unencrypted-upload",
    ))
}

fn meets_s3(actions: &Actions) -> bool {
    match actions {
        Actions::Only(listed) => listed.iter().flat_map(matching).any(|action| action.service == "s3"),
        Actions::AllBut(listed) => {
            let spared: Vec<action::Action> = listed.iter().flat_map(matching).collect();
            let service = action::catalogue().service("s3");
            service.is_some_and(|service| service.actions().any(|action| !spared.contains(&action)))
        }
    }
}

/// Whether the statement is about the bucket or about at least one of its objects. A pattern with a variable may be
/// about nothing, and does not count.
fn meets(statement: &Statement, bucket: &str) -> bool {
    let object = format!("{bucket}/");
    match &statement.resources {
        Resources::Unstated => false,
        Resources::Only(listed) => listed
            .iter()
            .filter(|pattern| !pattern.has_variable())
            .any(|pattern| left_after(pattern, bucket).whole || left_after(pattern, &object).more),
        // What is spared is spared as far as the patterns reach; a variable may reach everything.
        Resources::AllBut(listed) => {
            let spared =
                |arn: &str| listed.iter().any(|pattern| pattern.has_variable() || left_after(pattern, arn).whole);
            !spared(bucket) || !spared(&format!("{object}object"))
        }
    }
}

/// What a pattern can still match after a text.
struct Left {
    /// It matches the text itself.
    whole: bool,
    /// It matches something that begins with the text and is longer.
    more: bool,
}

fn left_after(pattern: &Pattern, text: &str) -> Left {
    let signs = signs(pattern);
    let mut places = vec![false; signs.len() + 1];
    places[0] = true;
    over_stars(&signs, &mut places);
    for letter in text.chars() {
        let mut next = vec![false; signs.len() + 1];
        for (place, sign) in signs.iter().enumerate().filter(|(place, _)| places[*place]) {
            match sign {
                Sign::Star => next[place] = true,
                Sign::One => next[place + 1] = true,
                Sign::Char(own) if *own == letter => next[place + 1] = true,
                Sign::Char(_) | Sign::Open(_) => {}
            }
        }
        over_stars(&signs, &mut next);
        places = next;
    }
    let (ends, before) = (places[signs.len()], &places[..signs.len()]);
    Left { whole: ends, more: before.contains(&true) }
}

/// A star may stand for nothing.
fn over_stars(signs: &[Sign], places: &mut [bool]) {
    for (place, sign) in signs.iter().enumerate() {
        if places[place] && *sign == Sign::Star {
            places[place + 1] = true;
        }
    }
}

/// One judgement for each Allow that says what it leaves out.
fn allows(name: &str, document: &Document) -> Vec<Judgement> {
    let allow = document.statements.iter().filter(|statement| statement.effect == Effect::Allow);
    allow
        .filter_map(|statement| {
            let not_action = matches!(statement.actions, Actions::AllBut(_)).then_some("NotAction");
            let not_resource = matches!(statement.resources, Resources::AllBut(_)).then_some("NotResource");
            let not_principal = matches!(statement.principals, Principals::AllBut(_)).then_some("NotPrincipal");
            let used: Vec<&str> = [not_action, not_resource, not_principal].into_iter().flatten().collect();
            if used.is_empty() {
                return None;
            }
            let why = format!("{} of {name} allows with {}", statement.name(), used.join(" and "));
            let wrong = Wrong { action: not_action, resource: not_resource };
            let found = violation(name, statement, why, wrong);
            Some(Ok(Verdict::not_satisfied(found.why, EXPECTED_LIST).shown_by(found.counterexample, None)))
        })
        .collect()
}
