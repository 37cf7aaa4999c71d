//! Whether CloudWatch Logs may use the key of the log groups that it encrypts.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::check::{Context, NoParams};
use crate::iam::documents::listing_was_read;
use crate::kms::policy::{DOCUMENT, KEY_POLICY, arn, but_for, document, home, is_missing, is_named, set, text};
use crate::kms::{Key, metadata};
use crate::logs::LogGroup;
use crate::observed::Gap;
use crate::policy::ask::{self, Asked};
use crate::policy::counterexample::{Correction, Counterexample, cite, shown};
use crate::policy::evaluate::Truth;
use crate::policy::model::{Document, Effect, Principal, Principals, Statement};
use crate::policy::parse::{Sort, parse};
use crate::policy::request::{Caller, Held, Request};
use crate::subject::Subject;
use crate::verdict::{Judgement, Verdict, every};

/// What CloudWatch Logs does with the key of a log group.
const ACTIONS: [&str; 6] =
    ["kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKey", "kms:DescribeKey"];

const LOGS_ARN: &str = "kms:encryptioncontext:aws:logs:arn";

/// What is known of a call of the service beside who makes it.
const KNOWN: [&str; 4] = [LOGS_ARN, "aws:sourceaccount", "aws:sourcearn", "aws:principalisawsservice"];

/// A key that no log group uses needs no such permission. What the policy leaves to the account's root does not help a
/// service.
pub(in crate::kms) fn allows_logs(key: &Key, _: &NoParams, context: &Context<'_>) -> Judgement {
    let mut parts = Vec::new();
    for (subject, group) in context.evidence.all::<LogGroup>() {
        match encrypted(subject, group, context) {
            Ok(Some(group)) => parts.push(for_group(key, &subject.id, &group, context)),
            Ok(None) => {}
            Err(gap) => parts.push(Err(gap)),
        }
    }
    let verdict = every(parts, || {
        listing_was_read(context.evidence)?;
        Ok(Verdict::not_applicable("no log group that was seen uses the key"))
    })?;
    // DescribeKey tells which key it is that a log group names.
    but_for(verdict, metadata(key).err())
}

/// The ARN of a group that this key encrypts.
fn encrypted(subject: &Subject, group: &LogGroup, context: &Context<'_>) -> Result<Option<String>, Gap> {
    if is_missing(subject) {
        return Ok(None);
    }
    let description = group.description.required("DescribeLogGroups", "logGroups")?;
    let Some(reference) = set(&description.kms_key)? else { return Ok(None) };
    if !is_named(reference, &format!("log group {}", subject.id), context)? {
        return Ok(None);
    }
    let arn = description.arn.required("DescribeLogGroups", "logGroupArn")?;
    Ok(Some(arn.trim_end_matches(":*").to_owned()))
}

/// The service's call with one action, for one log group.
struct Ask<'a> {
    key: &'a str,
    group: &'a str,
    account: &'a str,
    partition: &'a str,
    /// The service's names: that of the region, and the one without a region.
    services: [String; 2],
}

/// What the policy says of the service.
struct Answer<'d> {
    denied: Option<(&'static str, &'d Statement)>,
    missing: Vec<&'static str>,
    doubt: Option<String>,
    /// The statements that allow it.
    by: Vec<&'d Statement>,
    /// Whether an action is allowed only under the name without a region.
    only_global: bool,
}

fn for_group(key: &Key, id: &str, group: &str, context: &Context<'_>) -> Judgement {
    let arn = arn(key, context)?;
    let Some((partition, region, suffix)) = home(group) else {
        return Err(Gap::undecided(format!("`{group}` is not the ARN of a log group")));
    };
    let services = [format!("logs.{region}.{suffix}"), format!("logs.{suffix}")];
    let account = context.evidence.run.account.as_str();
    let ask = Ask { key: &arn, group, account, partition, services };
    let document = document(key)?;
    let answer = ask.of(&document);
    let service = &ask.services[0];
    let expected =
        format!("{service} is allowed {} on the key for the log group, and nothing denies it", ACTIONS.join(", "));
    if let Some((action, deny)) = answer.denied {
        let why = format!("{} denies {service} {action} for log group {id}", deny.name());
        let counterexample = ask.counterexample(why.clone(), action, Some(deny));
        return Ok(Verdict::not_satisfied(why, expected).shown_by(counterexample, None));
    }
    if let Some(action) = answer.missing.first() {
        let near = ask.nearest(&document, action);
        let why = match &near {
            Some((_, why)) => {
                format!("{service} is not allowed {} for log group {id}: {why}", answer.missing.join(", "))
            }
            None => format!(
                "{service} is not allowed {} for log group {id}: no statement names the service",
                answer.missing.join(", ")
            ),
        };
        let counterexample = ask.counterexample(why.clone(), action, near.map(|(statement, _)| statement));
        let correction = ask.correction(text(key)?, &answer.missing);
        return Ok(Verdict::not_satisfied(why, expected).shown_by(counterexample, correction));
    }
    if let Some(doubt) = answer.doubt {
        return Err(Gap::undecided(format!("log group {id}: {doubt}")));
    }
    let by: Vec<String> = answer.by.iter().map(|statement| statement.name()).collect();
    let verdict = Verdict::satisfied(format!("{service} may use the key for log group {id} by {}", by.join(", ")));
    Ok(ask.notes(&answer).into_iter().fold(verdict, Verdict::noting))
}

impl Ask<'_> {
    /// The service's call. That it tells the account and the log group is not documented for log groups; where it does,
    /// the group's ARN may end in `:*` or not.
    fn asked(&self, service: &str, action: &str) -> Asked<'_> {
        let form = |source: String| Request {
            caller: Caller::Service(service.to_owned()),
            action: action.to_owned(),
            resource: self.key.to_owned(),
            context: BTreeMap::from([
                (LOGS_ARN.to_owned(), Held::One(self.group.to_owned())),
                ("aws:sourceaccount".to_owned(), Held::One(self.account.to_owned())),
                ("aws:sourcearn".to_owned(), Held::One(source)),
            ]),
        };
        let forms = vec![form(self.group.to_owned()), form(format!("{}:*", self.group))];
        Asked { forms, partition: self.partition, known: &KNOWN }
    }

    fn of<'d>(&self, document: &'d Document) -> Answer<'d> {
        let mut answer = Answer { denied: None, missing: Vec::new(), doubt: None, by: Vec::new(), only_global: false };
        for action in ACTIONS {
            let mut allowed = Truth::No;
            for (place, service) in self.services.iter().enumerate() {
                let asked = self.asked(service, action);
                match asked.first(Effect::Deny, document) {
                    (Truth::Yes, Some(deny)) => answer.denied = answer.denied.or(Some((action, deny))),
                    (Truth::Unknown, Some(deny)) => {
                        answer.doubt.get_or_insert_with(|| asked.doubt(deny, KEY_POLICY));
                    }
                    (Truth::No, _) | (_, None) => {}
                }
                match asked.first(Effect::Allow, document) {
                    (Truth::Yes, Some(allow)) if allowed != Truth::Yes => {
                        allowed = Truth::Yes;
                        answer.only_global |= place > 0;
                        if !answer.by.contains(&allow) {
                            answer.by.push(allow);
                        }
                    }
                    (Truth::Unknown, Some(_)) => allowed = allowed.max(Truth::Unknown),
                    (Truth::Yes | Truth::No, _) | (_, None) => {}
                }
            }
            match allowed {
                Truth::Yes => {}
                Truth::No => answer.missing.push(action),
                Truth::Unknown => {
                    let asked = self.services.iter().map(|service| self.asked(service, action));
                    let doubts = asked.filter_map(|asked| {
                        let (_, allow) = asked.first(Effect::Allow, document);
                        allow.map(|allow| asked.doubt(allow, KEY_POLICY))
                    });
                    answer.doubt = answer.doubt.or_else(|| doubts.take(1).next());
                }
            }
        }
        answer
    }

    /// The statement for the service that comes nearest to allowing the action, and why it does not.
    fn nearest<'d>(&self, document: &'d Document, action: &str) -> Option<(&'d Statement, String)> {
        let names_it = |statement: &&Statement| match &statement.principals {
            Principals::Only(list) => {
                list.iter().any(|principal| matches!(principal, Principal::Service(name) if name.starts_with("logs.")))
            }
            Principals::AllBut(_) | Principals::Unstated => false,
        };
        let allows = document.statements.iter().filter(|statement| statement.effect == Effect::Allow);
        let requests: Vec<Request> =
            self.services.iter().filter_map(|service| self.asked(service, action).forms.into_iter().next()).collect();
        ask::nearest(allows.filter(names_it), &requests, self.partition)
    }

    fn counterexample(&self, sentence: String, action: &str, statement: Option<&Statement>) -> Counterexample {
        let context = [("kms:EncryptionContext:aws:logs:arn".to_owned(), Some(self.group.to_owned()))];
        Counterexample {
            sentence,
            principal: Some(self.services[0].clone()),
            action: Some(action.to_owned()),
            resource: Some(self.key.to_owned()),
            context: context.into(),
            allowed_by: statement.map(|statement| cite(DOCUMENT, statement)),
            nearest_deny: None,
        }
    }

    fn correction(&self, text: &str, missing: &[&str]) -> Option<Correction> {
        let statement = json!({
            "Sid": "CloudWatchLogsUsesTheKey",
            "Effect": "Allow",
            "Principal": {"Service": self.services[0]},
            "Action": missing,
            "Resource": "*",
            "Condition": {"ArnEquals": {"kms:EncryptionContext:aws:logs:arn": self.group}},
        });
        let Ok(mut corrected) = serde_json::from_str::<Value>(text) else { return None };
        let statements = corrected.get_mut("Statement")?;
        if !statements.is_array() {
            *statements = json!([statements.take()]);
        }
        statements.as_array_mut()?.push(statement.clone());
        let Ok(document) = parse(&corrected.to_string(), Sort::Resource) else { return None };
        let answer = self.of(&document);
        let good = answer.denied.is_none() && answer.missing.is_empty() && answer.doubt.is_none();
        good.then(|| Correction {
            instruction: "add this statement to the key policy; the log group's ARN stands there without `:*`".into(),
            statement: shown(statement),
            judged: "kms-policy-allows-logs".into(),
        })
    }

    fn notes(&self, answer: &Answer<'_>) -> Vec<String> {
        let mut notes = Vec::new();
        if answer.only_global {
            notes.push(format!(
                "the policy names {}; the service's documented name is {}",
                self.services[1], self.services[0]
            ));
        }
        for statement in &answer.by {
            if statement.conditions.is_empty() {
                notes.push(format!(
                    "{} has no condition, so that it holds for log groups of every account; see \
                     kms-policy-least-privilege",
                    statement.name()
                ));
            }
            let on_source = |key: &str| matches!(key, "aws:sourceaccount" | "aws:sourcearn");
            if statement.conditions.iter().any(|test| on_source(&test.key)) {
                notes.push(format!(
                    "{} rests on the source of the call, which the service is taken to tell; its instructions for log \
                     groups name the encryption context alone",
                    statement.name()
                ));
            }
        }
        notes
    }
}
