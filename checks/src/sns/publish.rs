//! Whether everybody who publishes to the topic may: by the topic's own policy, and by the policy of its key.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::encryption::manager;
use super::publishers::{Publisher, Publishers};
use super::{Topic, attributes, policy_text};
use crate::check::{Context, NoParams};
use crate::iam::documents::role_of;
use crate::kms::{DESCRIBE, KeyManager};
use crate::observed::Gap;
use crate::policy::Document;
use crate::policy::ask::{self, Asked};
use crate::policy::counterexample::{Correction, Counterexample, cite};
use crate::policy::evaluate::Truth;
use crate::policy::model::{Effect, Statement};
use crate::policy::parse::{Sort, parse};
use crate::policy::question::Ruling;
use crate::policy::question::correct::{Change, correction};
use crate::policy::request::{Caller, Held, Request};
use crate::verdict::{Judgement, Verdict, every, nothing_to_judge};

mod owner;
mod role;
#[cfg(test)]
mod tests;

const CLOUDWATCH: &str = "cloudwatch.amazonaws.com";
const EVENTS: &str = "events.amazonaws.com";
const CLOUDTRAIL: &str = "cloudtrail.amazonaws.com";
const CONFIG: &str = "config.amazonaws.com";

/// Whoever publishes needs the topic's permission; without a publisher nobody does.
pub(super) fn by_topic_policy(topic: &Topic, _: &NoParams, context: &Context<'_>) -> Judgement {
    topic_policy(topic, &Publishers::of(context), context)
}

fn topic_policy(topic: &Topic, publishers: &Publishers, context: &Context<'_>) -> Judgement {
    if let Some(none) = nobody(publishers) {
        return Ok(none);
    }
    let text = policy_text(topic)?;
    Door { guard: Guard::Topic, resource: &context.subject.id, text, document: read(text, Guard::Topic)?, context }
        .judge(publishers)
}

/// Whoever publishes to an encrypted topic needs the key too. What the key's policy leaves to the account's root helps no
/// service.
pub(super) fn by_key_policy(topic: &Topic, _: &NoParams, context: &Context<'_>) -> Judgement {
    key_policy(topic, &Publishers::of(context), context)
}

fn key_policy(topic: &Topic, publishers: &Publishers, context: &Context<'_>) -> Judgement {
    let Some(named) = attributes(topic)?.kms_key.seen()? else {
        return Ok(Verdict::not_applicable("the topic names no KMS key; see sns-topic-kms-encrypted"));
    };
    if let Some(none) = nobody(publishers) {
        return Ok(none);
    }
    if manager(named, context)? == KeyManager::Aws {
        return Ok(Verdict::not_applicable(format!(
            "AWS manages the key `{named}` and writes its policy; see sns-topic-kms-encrypted"
        )));
    }
    let (_, key) = context.evidence.key_named(named).ok_or_else(|| Gap::undecided("the key was not seen"))?;
    let metadata = key.metadata.required(DESCRIBE, "KeyMetadata")?;
    let account = metadata.account.required(DESCRIBE, "KeyMetadata.AWSAccountId")?;
    if *account != context.evidence.run.account {
        return Err(Gap::undecided(format!(
            "the key `{named}` is account {account}'s; its policy has to be judged there"
        )));
    }
    let text = key.policy.required("GetKeyPolicy", "Policy")?.0.as_str();
    let resource = metadata.arn.required(DESCRIBE, "KeyMetadata.Arn")?;
    Door { guard: Guard::Key, resource, text, document: read(text, Guard::Key)?, context }.judge(publishers)
}

/// The verdict where it is known that nobody publishes.
fn nobody(publishers: &Publishers) -> Option<Verdict> {
    (publishers.seen.is_empty() && publishers.gaps.is_empty()).then(|| {
        Verdict::not_applicable("no alarm, rule or trail and no delivery channel of AWS Config publishes to the topic")
    })
}

fn read(text: &str, guard: Guard) -> Result<Document, Gap> {
    parse(text, Sort::Resource)
        .map_err(|error| Gap::undecided(format!("the {} cannot be read as a policy: {error}", guard.name())))
}

/// What is guarded by a policy that publishers have to get past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Guard {
    Topic,
    Key,
}

impl Guard {
    fn name(self) -> &'static str {
        match self {
            Guard::Topic => "topic policy",
            Guard::Key => "key policy",
        }
    }

    /// What a publisher has to be allowed.
    fn actions(self) -> &'static [&'static str] {
        match self {
            Guard::Topic => &["sns:Publish"],
            Guard::Key => &["kms:Decrypt", "kms:GenerateDataKey"],
        }
    }

    fn requirement(self) -> &'static str {
        match self {
            Guard::Topic => "sns-policy-allows-publishers",
            Guard::Key => "sns-key-policy-allows-publishers",
        }
    }

    fn expected(self) -> String {
        format!(
            "a {} that allows {} to everybody who publishes to the topic, and denies it to none of them",
            self.name(),
            self.actions().join(" and ")
        )
    }
}

/// The policy of the topic, or of its key.
struct Door<'a> {
    guard: Guard,
    /// The ARN of what it guards.
    resource: &'a str,
    text: &'a str,
    document: Document,
    context: &'a Context<'a>,
}

/// Whether a publisher gets past the policy.
enum Admission {
    Granted(Grant),
    Refused(Verdict),
    Open(Gap),
}

/// How a publisher gets past the policy.
#[derive(PartialEq, Eq)]
struct Grant {
    /// As whom it calls.
    who: String,
    /// The statements that allow it, each with its place.
    by: Vec<String>,
    /// What a reader should know beside it.
    notes: Vec<String>,
}

/// What a document says of a call.
enum Answer<'d> {
    Allowed(Vec<&'d Statement>),
    Denied(&'static str, &'d Statement),
    Missing(Vec<&'static str>),
    Open(String),
}

/// The call by which somebody publishes, as far as it is known.
struct Call {
    /// As whom.
    who: String,
    caller: Caller,
    /// The condition keys that it holds and that a reader should see, as AWS writes them.
    keys: Vec<(&'static str, Held)>,
    /// Every condition key that is known, whether the call holds it or not, in lower case.
    known: Vec<&'static str>,
}

impl Door<'_> {
    fn judge(&self, publishers: &Publishers) -> Judgement {
        let mut parts: Vec<Judgement> = publishers.gaps.iter().cloned().map(Err).collect();
        // Alarms are many and get past by the same statement, or by none for the same reason: one sentence for all of them.
        let mut granted: Vec<(Grant, Vec<String>)> = Vec::new();
        let mut refused: Vec<(Verdict, Vec<String>)> = Vec::new();
        for publisher in &publishers.seen {
            match self.admission(publisher) {
                Admission::Refused(verdict) => match refused.iter_mut().find(|(known, names)| {
                    names.first().is_some_and(|name| alike((known, name), (&verdict, &publisher.shown())))
                }) {
                    Some((_, names)) => names.push(publisher.shown()),
                    None => refused.push((verdict, vec![publisher.shown()])),
                },
                Admission::Open(gap) => parts.push(Err(gap)),
                Admission::Granted(grant) => match granted.iter_mut().find(|(known, _)| *known == grant) {
                    Some((_, names)) => names.push(publisher.shown()),
                    None => granted.push((grant, vec![publisher.shown()])),
                },
            }
        }
        parts.extend(refused.into_iter().map(|(verdict, names)| Ok(of_all(verdict, &names))));
        parts.extend(granted.into_iter().map(|(grant, names)| {
            let (actions, names) = (self.guard.actions().join(" and "), names.join(", "));
            let text = format!("{} is allowed {actions} for {names} by {}", grant.who, grant.by.join(" and "));
            Ok(grant.notes.into_iter().fold(Verdict::satisfied(text), Verdict::noting))
        }));
        every(parts, nothing_to_judge)
    }

    fn admission(&self, publisher: &Publisher) -> Admission {
        match publisher {
            Publisher::Alarm { .. } => self.alarm(publisher),
            Publisher::Trail { .. } => self.as_service(publisher, CLOUDTRAIL),
            Publisher::Rule { role: None, .. } => self.as_service(publisher, EVENTS),
            Publisher::Rule { role: Some(role), .. } => self.rule_with_role(publisher, role),
            Publisher::Config { role } => self.config(publisher, role),
        }
    }

    /// An alarm publishes under the service's name, or, by the policy that SNS gives a new topic, for the topic's owner.
    fn alarm(&self, publisher: &Publisher) -> Admission {
        let service = self.as_service(publisher, CLOUDWATCH);
        let missing = match (self.guard, self.answer(&self.call_of(publisher, CLOUDWATCH), &self.document)) {
            (Guard::Key, _) | (Guard::Topic, Answer::Allowed(_) | Answer::Denied(..)) => return service,
            (Guard::Topic, Answer::Missing(_)) => true,
            (Guard::Topic, Answer::Open(_)) => false,
        };
        match self.as_owner(publisher) {
            Some(granted @ Admission::Granted(_)) => granted,
            Some(open @ Admission::Open(_)) if missing => open,
            Some(Admission::Refused(_) | Admission::Open(_)) | None => service,
        }
    }

    /// AWS documents that EventBridge takes a topic's own policy and no role, and says that with a role deliveries to an
    /// encrypted topic may fail: the key has to let the service in, whatever the role may.
    fn rule_with_role(&self, publisher: &Publisher, role: &str) -> Admission {
        let warning = format!(
            "{} names the role {role} for the topic, which AWS advises against because deliveries may fail",
            publisher.shown()
        );
        let noting = |mut grant: Grant| {
            grant.notes.push(warning.clone());
            Admission::Granted(grant)
        };
        let service = match (self.as_service(publisher, EVENTS), self.guard) {
            (Admission::Granted(grant), _) => return noting(grant),
            (Admission::Refused(verdict), Guard::Key) => return Admission::Refused(verdict.noting(warning)),
            (open @ Admission::Open(_), Guard::Key) => return open,
            (other, Guard::Topic) => other,
        };
        match (service, self.as_role(publisher, role)) {
            (_, Admission::Granted(grant)) => noting(grant),
            (open @ Admission::Open(_), _) | (_, open @ Admission::Open(_)) => open,
            (Admission::Refused(service), Admission::Refused(role)) => {
                match every([Ok(service), Ok(role)], nothing_to_judge) {
                    Ok(both) => Admission::Refused(both.noting(warning)),
                    Err(gap) => Admission::Open(gap),
                }
            }
            (Admission::Granted(grant), Admission::Refused(_)) => noting(grant),
        }
    }

    /// AWS Config publishes as the recorder's role; where that is the one linked to the service, under the service's name.
    fn config(&self, publisher: &Publisher, role: &str) -> Admission {
        let linked = role_of(role).is_some_and(|(_, name)| name.starts_with("aws-service-role/"));
        let admission = if linked { self.as_service(publisher, CONFIG) } else { self.as_role(publisher, role) };
        match (admission, self.guard) {
            (Admission::Granted(mut grant), Guard::Key) => {
                grant.notes.push(
                    "AWS documents that AWS Config does not support encrypted topics; test one delivery of it"
                        .to_owned(),
                );
                Admission::Granted(grant)
            }
            (admission, Guard::Topic | Guard::Key) => admission,
        }
    }

    fn as_service(&self, publisher: &Publisher, service: &'static str) -> Admission {
        let call = self.call_of(publisher, service);
        let who = publisher.shown();
        match self.answer(&call, &self.document) {
            Answer::Allowed(by) => {
                let conditioned = by.iter().any(|statement| !statement.conditions.is_empty());
                let note = (service == EVENTS && conditioned).then(|| {
                    format!("AWS long said that it supports no conditions on {EVENTS} here; test one delivery of {who}")
                });
                let by = by.into_iter().map(Statement::name).collect();
                Admission::Granted(Grant { who: service.to_owned(), by, notes: note.into_iter().collect() })
            }
            Answer::Denied(action, deny) => {
                let why = format!("{} of the {} denies {service} {action} for {who}", deny.name(), self.guard.name());
                let shown = self.counterexample(why.clone(), &call, Some(deny));
                Admission::Refused(Verdict::not_satisfied(why, self.guard.expected()).shown_by(shown, None))
            }
            Answer::Missing(actions) => {
                let near = self.nearest(&call, &actions);
                let (statement, because) = match near {
                    Some((statement, why)) => (Some(statement), why),
                    None => (None, format!("no statement of the {} allows it to anybody", self.guard.name())),
                };
                let why = format!("{service} is not allowed {} for {who}: {because}", actions.join(" and "));
                let shown = self.counterexample(why.clone(), &call, statement);
                let verdict = Verdict::not_satisfied(why, self.guard.expected());
                Admission::Refused(verdict.shown_by(shown, self.correction(&call, service)))
            }
            Answer::Open(doubt) => Admission::Open(Gap::undecided(format!("{who}: {doubt}"))),
        }
    }

    /// The call of a service for one of its resources. That CloudWatch tells the owner is what the policy rests on that SNS
    /// gives a new topic; no other service is documented to.
    fn call_of(&self, publisher: &Publisher, service: &'static str) -> Call {
        let run = &self.context.evidence.run;
        let mut call = self.call(service.to_owned(), Caller::Service(service.to_owned()));
        call.known.extend(["aws:principalisawsservice", "aws:principalservicename"]);
        let (source, owner) = match publisher {
            Publisher::Alarm { arn, .. } => (Some(arn), true),
            Publisher::Rule { arn, .. } | Publisher::Trail { arn, .. } => (Some(arn), false),
            Publisher::Config { .. } => (None, false),
        };
        // An organisation's trail is another account's.
        let account = source.and_then(|arn| arn.split(':').nth(4)).filter(|account| !account.is_empty());
        call.hold("aws:SourceAccount", "aws:sourceaccount", account.unwrap_or(&run.account));
        if let Some(arn) = source {
            call.hold("aws:SourceArn", "aws:sourcearn", arn);
        }
        match (self.guard, owner, source) {
            (Guard::Topic, true, _) => call.hold("aws:SourceOwner", "aws:sourceowner", &run.account),
            (Guard::Topic, false, Some(_)) => call.known.push("aws:sourceowner"),
            (Guard::Topic, false, None) | (Guard::Key, _, _) => {}
        }
        call
    }

    /// A call of this caller, with what every call holds. Services publish over TLS, and SNS asks for the key over TLS.
    fn call(&self, who: String, caller: Caller) -> Call {
        let mut call = Call { who, caller, keys: Vec::new(), known: Vec::new() };
        call.hold("aws:SecureTransport", "aws:securetransport", "true");
        call.hold("aws:ResourceAccount", "aws:resourceaccount", &self.context.evidence.run.account);
        if self.guard == Guard::Key {
            let topic = self.context.subject.id.as_str();
            call.hold("kms:EncryptionContext:aws:sns:topicArn", "kms:encryptioncontext:aws:sns:topicarn", topic);
            call.known.push("kms:encryptioncontextkeys");
            call.keys.push(("kms:EncryptionContextKeys", Held::Many(vec!["aws:sns:topicArn".into()])));
        }
        call
    }

    /// What the document says of the call: a Deny decides, then an action that nothing allows, then what nobody can tell.
    fn answer<'d>(&self, call: &Call, document: &'d Document) -> Answer<'d> {
        let (mut by, mut missing, mut doubt) = (Vec::new(), Vec::new(), None);
        for action in self.guard.actions() {
            let asked = self.asked(call, action);
            match asked.first(Effect::Deny, document) {
                (Truth::Yes, Some(deny)) => return Answer::Denied(action, deny),
                (Truth::Unknown, Some(deny)) => {
                    doubt.get_or_insert_with(|| self.doubt(&asked, deny));
                }
                (Truth::No, _) | (_, None) => {}
            }
            match asked.first(Effect::Allow, document) {
                (Truth::Yes, Some(allow)) if by.contains(&allow) => {}
                (Truth::Yes, Some(allow)) => by.push(allow),
                (Truth::Unknown, Some(allow)) => {
                    doubt.get_or_insert_with(|| self.doubt(&asked, allow));
                }
                (Truth::No, _) | (_, None) => missing.push(*action),
            }
        }
        match (missing.is_empty(), doubt) {
            (false, _) => Answer::Missing(missing),
            (true, Some(doubt)) => Answer::Open(doubt),
            (true, None) => Answer::Allowed(by),
        }
    }

    fn asked<'c>(&'c self, call: &'c Call, action: &str) -> Asked<'c> {
        let context = call.keys.iter().map(|(key, held)| (key.to_ascii_lowercase(), held.clone())).collect();
        let request = Request {
            caller: call.caller.clone(),
            action: action.to_owned(),
            resource: self.resource.to_owned(),
            context,
        };
        Asked { forms: vec![request], partition: &self.context.evidence.run.partition, known: &call.known }
    }

    fn doubt(&self, asked: &Asked<'_>, statement: &Statement) -> String {
        asked.doubt(statement, &format!("the {}", self.guard.name()))
    }

    /// The statement that comes nearest to allowing what is missing.
    fn nearest(&self, call: &Call, missing: &[&'static str]) -> Option<(&Statement, String)> {
        let action = missing.first()?;
        let forms = self.asked(call, action).forms;
        let allows = self.document.statements.iter().filter(|statement| statement.effect == Effect::Allow);
        ask::nearest(allows, &forms, &self.context.evidence.run.partition)
    }

    /// What shows a refusal. It names no action beside the sentence: the statement that is shown does not allow the call.
    fn counterexample(&self, sentence: String, call: &Call, statement: Option<&Statement>) -> Counterexample {
        let told = |key: &str| !matches!(key, "aws:SecureTransport" | "aws:ResourceAccount");
        let context: BTreeMap<String, Option<String>> = call
            .keys
            .iter()
            .filter(|(key, _)| told(key))
            .filter_map(|(key, held)| match held {
                Held::One(value) => Some(((*key).to_owned(), Some(value.clone()))),
                Held::Many(_) | Held::Doubtful => None,
            })
            .collect();
        Counterexample {
            sentence,
            principal: Some(call.who.clone()),
            action: None,
            resource: Some(self.resource.to_owned()),
            context,
            allowed_by: statement.map(|statement| cite(self.guard.name(), statement)),
            nearest_deny: None,
        }
    }

    fn correction(&self, call: &Call, service: &'static str) -> Option<Correction> {
        let account = &self.context.evidence.run.account;
        let (sid, resource) = match self.guard {
            Guard::Topic => ("PublishFor", self.resource),
            Guard::Key => ("UseTheKeyFor", "*"),
        };
        let name = service.split('.').next()?;
        let statement: Value = json!({
            "Sid": format!("{sid}{name}"),
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": self.guard.actions(),
            "Resource": resource,
            "Condition": {"StringEquals": {"aws:SourceAccount": account}},
        });
        let instruction = format!("add this statement to the {} and keep the others", self.guard.name());
        let change = Change::Add(vec![statement]);
        correction(Some(self.text), &change, &instruction, self.guard.requirement(), |text| {
            let undecided = |reason: String| Ruling::Undecided { reason };
            match parse(text, Sort::Resource) {
                Err(error) => undecided(error.to_string()),
                Ok(document) => match self.answer(call, &document) {
                    Answer::Allowed(_) => Ruling::Pass { proved: "it is allowed".into(), notes: Vec::new() },
                    Answer::Open(doubt) => undecided(doubt),
                    Answer::Denied(..) | Answer::Missing(_) => undecided("it is not allowed".into()),
                },
            }
        })
    }
}

/// Whether two publishers are refused in the same words but for their names.
fn alike((one, name): (&Verdict, &str), (other, other_name): (&Verdict, &str)) -> bool {
    match (one, other) {
        (
            Verdict::NotSatisfied { observed, note, .. },
            Verdict::NotSatisfied { observed: other_observed, note: other_note, .. },
        ) => note == other_note && observed.split_once(name) == other_observed.split_once(other_name),
        (Verdict::Satisfied { .. } | Verdict::NotSatisfied { .. } | Verdict::NotApplicable { .. }, _) => false,
    }
}

/// The refusal of the first of these publishers, told of all of them. The call that shows it stays the first one's.
fn of_all(refusal: Verdict, names: &[String]) -> Verdict {
    match (refusal, names.first()) {
        (Verdict::NotSatisfied { observed, expected, note, weight, grounds }, Some(first)) => {
            let observed = observed.replacen(first.as_str(), &names.join(", "), 1);
            Verdict::NotSatisfied { observed, expected, note, weight, grounds }
        }
        (other, _) => other,
    }
}

impl Call {
    /// Makes the call hold a condition key, given as AWS writes it and in lower case.
    fn hold(&mut self, key: &'static str, lower: &'static str, value: &str) {
        self.keys.push((key, Held::One(value.to_owned())));
        self.known.push(lower);
    }
}
