//! Do the role's policies name what they allow, without wildcards? Judged by how the statements are written, because a
//! wildcard grants what nobody listed, whatever else holds it back.

use serde_json::Value;

use crate::policy::action::{self, Action};
use crate::policy::counterexample::{Correction, Counterexample, cite, shown};
use crate::policy::evaluate;
use crate::policy::model::{ActionPattern, Actions, Document, Effect, Resources, Statement, Version};
use crate::policy::parse::{Sort, parse};
use crate::policy::pattern::Pattern;
use crate::policy::question::{Documents, Question, Ruling, Setting};

pub(crate) mod arn;
#[cfg(test)]
mod tests;

use arn::{Arn, Named};

/// Actions that a table lists with a resource and that need `*` all the same, where nobody sets others.
pub(crate) const FORCED_STAR: [&str; 1] = ["cloudwatch:PutMetricData"];

/// The most actions that a correction lists in place of a wildcard.
const LISTED: usize = 20;

/// What one half of the question finds in one document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    /// What breaks it, in the order of the document.
    pub(crate) violations: Vec<Violation>,
    /// What nobody can tell.
    pub(crate) doubts: Vec<String>,
    /// What a reader should know beside it.
    pub(crate) notes: Vec<String>,
}

/// A statement that breaks one half of the question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    /// Which statement does what.
    pub(crate) why: String,
    /// The statement, and what in it is wrong.
    pub(crate) counterexample: Counterexample,
    /// What would mend the document, judged; `None` also where more than this statement is wrong with it.
    pub(crate) correction: Option<Correction>,
    /// What holds the statement back without curing it.
    pub(crate) beside: Option<String>,
}

/// How resources are read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Resourcing<'a> {
    /// Actions that may stand on `*` although the table lists a resource for them.
    pub(crate) forced_star: &'a [String],
    /// Whether a wildcard may stand below a resource that is named in full.
    pub(crate) below: bool,
}

impl Reading {
    fn new() -> Self {
        Reading { violations: Vec::new(), doubts: Vec::new(), notes: Vec::new() }
    }

    fn join(&mut self, other: Reading) {
        self.violations.extend(other.violations);
        self.doubts.extend(other.doubts);
        self.notes.extend(other.notes);
    }
}

/// Answers the question for a role's policies.
pub(crate) fn judge(documents: &Documents, setting: &Setting) -> Ruling {
    let Documents::Role { policies, boundary, trusted_services } = documents else {
        return Ruling::Undecided { reason: "the question is about the policies of a role, and this is none".into() };
    };
    let forced_star = FORCED_STAR.map(str::to_owned);
    let how = Resourcing { forced_star: &forced_star, below: true };
    let mut whole = Reading::new();
    let mut cancelling = None;
    for (name, policy) in policies {
        let name = &display(name);
        if let Some(service) = allowed(name, trusted_services, &setting.allowed_managed) {
            whole.notes.push(format!("{name} is accepted on a role that trusts {service} alone"));
            continue;
        }
        match policy {
            Err(why) => whole.doubts.push(format!("{name} could not be read: {why}")),
            Ok(text) => match parse(text, Sort::Identity) {
                Err(error) => whole.doubts.push(format!("{name} is no policy: {error}")),
                Ok(document) => {
                    let mut reading = actions(name, &document);
                    reading.join(resources(name, &document, how));
                    keep_correction(&mut reading);
                    whole.join(reading);
                    cancelling = cancelling.or_else(|| denying(name, &document));
                }
            },
        }
    }
    ruling(whole, policies.len(), cancelling, boundary.is_some())
}

fn ruling(whole: Reading, policies: usize, cancelling: Option<String>, boundary: bool) -> Ruling {
    let Reading { violations, doubts, mut notes } = whole;
    if let Some(first) = violations.first() {
        notes.extend(beside(&violations, cancelling, boundary));
        notes.extend(doubts.into_iter().map(|doubt| format!("not all could be judged: {doubt}")));
        return Ruling::Fail {
            why: joined(violations.iter().map(|violation| violation.why.as_str())),
            counterexample: Box::new(first.counterexample.clone()),
            correction: first
                .correction
                .clone()
                .map(|correction| Correction { judged: Question::RoleWildcard.name().into(), ..correction }),
            notes,
        };
    }
    if !doubts.is_empty() {
        return Ruling::Undecided { reason: joined(doubts.iter().map(String::as_str)) };
    }
    let proved = match policies {
        0 => "the role has no policies, so that it is allowed nothing".into(),
        _ => format!(
            "every statement that allows something names its actions and resources; which actions take no resource is \
             read from the action table of {}",
            action::catalogue().date()
        ),
    };
    Ruling::Pass { proved, notes }
}

/// What holds broken statements back and does not cure them.
pub(crate) fn beside(violations: &[Violation], cancelling: Option<String>, boundary: bool) -> Vec<String> {
    let mut notes: Vec<String> = violations.iter().filter_map(|violation| violation.beside.clone()).collect();
    notes.extend(
        cancelling.map(|deny| format!("{deny} denies something; it narrows the effect and not what is allowed")),
    );
    if boundary {
        notes.push("a permissions boundary narrows the effect and not what the policies allow".into());
    }
    notes
}

/// The first Deny of a document, as a reader finds it.
pub(crate) fn denying(name: &str, document: &Document) -> Option<String> {
    let deny = document.statements.iter().find(|statement| statement.effect == Effect::Deny)?;
    Some(format!("{} of {name}", deny.name()))
}

/// A policy's name for a reader: managed policies are known by their ARN.
pub(crate) fn display(name: &str) -> String {
    if name.starts_with("arn:") || name.starts_with("inline policy ") || name.starts_with("managed policy ") {
        return match name.strip_prefix("arn:") {
            Some(_) => format!("managed policy {name}"),
            None => name.to_owned(),
        };
    }
    format!("inline policy {name}")
}

/// The one service that a role trusts, where this policy is accepted on such a role.
fn allowed<'a>(name: &str, trusted: &'a [String], accepted: &[(String, String)]) -> Option<&'a str> {
    let arn = name.strip_prefix("managed policy ")?;
    let [only] = trusted else { return None };
    let listed = accepted.iter().any(|(policy, service)| policy == arn && principal(service) == principal(only));
    listed.then_some(only.as_str())
}

/// The part of a service principal's name before the domain.
pub(crate) fn principal(service: &str) -> &str {
    [".amazonaws.com.cn", ".amazonaws.com"].iter().find_map(|domain| service.strip_suffix(domain)).unwrap_or(service)
}

/// The half about actions: no Allow has a wildcard in an action, and none names the actions that it leaves out.
pub(crate) fn actions(name: &str, document: &Document) -> Reading {
    let mut reading = Reading::new();
    for statement in allowing(document) {
        let place = format!("{} of {name}", statement.name());
        match &statement.actions {
            Actions::AllBut(listed) => {
                let why = format!("{place} allows every action but {}", quoted(listed.iter().map(|a| a.text.as_str())));
                reading.violations.push(violation(
                    name,
                    statement,
                    why,
                    Wrong { action: Some("NotAction"), resource: None },
                ));
            }
            Actions::Only(listed) => {
                let wild: Vec<&str> =
                    listed.iter().map(|action| action.text.as_str()).filter(|text| text.contains(['*', '?'])).collect();
                if let Some(first) = wild.first() {
                    let why = format!("{place} allows {}, with a wildcard in the action", quoted(wild.iter().copied()));
                    let mut found = violation(name, statement, why, Wrong { action: Some(first), resource: None });
                    found.correction = listing(name, statement, listed, document.version);
                    reading.violations.push(found);
                }
            }
        }
    }
    keep_correction(&mut reading);
    reading
}

/// A correction mends a document only where nothing else is wrong with it.
fn keep_correction(reading: &mut Reading) {
    if reading.violations.len() > 1 || !reading.doubts.is_empty() {
        for violation in &mut reading.violations {
            violation.correction = None;
        }
    }
}

/// The statement with the actions that its wildcards match today, where they are few enough to be read.
fn listing(name: &str, statement: &Statement, listed: &[ActionPattern], version: Version) -> Option<Correction> {
    let mut names: Vec<String> = Vec::new();
    for pattern in listed {
        let matches = if pattern.text.contains(['*', '?']) {
            // One more than are listed is enough to know that they are too many.
            let few: Vec<Action> = action::catalogue().matching(pattern).take(LISTED + 1).collect();
            named(&few)
        } else {
            vec![pattern.text.clone()]
        };
        if matches.is_empty() {
            return None;
        }
        for action in matches {
            if !names.contains(&action) {
                names.push(action);
            }
            if names.len() > LISTED {
                return None;
            }
        }
    }
    let Ok(mut corrected) = serde_json::from_str::<Value>(&statement.source) else { return None };
    corrected.as_object_mut()?.insert("Action".into(), names.into());
    let document = alone(&corrected, version)?;
    if !actions(name, &document).violations.is_empty() {
        return None;
    }
    Some(Correction {
        instruction: format!(
            "put this statement in place of {} of {name}, and leave out the actions that the role does not use",
            statement.name()
        ),
        statement: shown(corrected),
        judged: format!("the actions of {}", Question::RoleWildcard.name()),
    })
}

/// A document that holds this statement alone.
pub(crate) fn alone(statement: &Value, version: Version) -> Option<Document> {
    let version = match version {
        Version::V2008 => "2008-10-17",
        Version::V2012 => "2012-10-17",
    };
    let text = serde_json::json!({ "Version": version, "Statement": [statement] }).to_string();
    let Ok(document) = parse(&text, Sort::Identity) else { return None };
    Some(document)
}

/// The half about resources: every Allow names ARNs, with wildcards only below a resource that is named in full, and
/// `*` stands only beside actions that take no resource.
pub(crate) fn resources(name: &str, document: &Document, how: Resourcing<'_>) -> Reading {
    let mut reading = Reading::new();
    for statement in allowing(document) {
        let place = format!("{} of {name}", statement.name());
        match &statement.resources {
            Resources::Unstated => reading.doubts.push(format!("{place} names no resource")),
            Resources::AllBut(listed) => {
                let why =
                    format!("{place} allows every resource but {}", quoted(listed.iter().map(|p| p.text.as_str())));
                reading.violations.push(violation(
                    name,
                    statement,
                    why,
                    Wrong { action: None, resource: Some("NotResource") },
                ));
            }
            Resources::Only(listed) => {
                for pattern in listed {
                    reading.join(resource(name, statement, pattern, how));
                }
            }
        }
    }
    reading
}

fn resource(name: &str, statement: &Statement, pattern: &Pattern, how: Resourcing<'_>) -> Reading {
    let mut reading = Reading::new();
    let (place, text) = (format!("{} of {name}", statement.name()), &pattern.text);
    let arn = Arn::of(pattern);
    match arn.named(how.below) {
        Named::Bound => reading.notes.extend(dead_log_group(&place, statement, &arn, text)),
        Named::Everything => return everything(name, statement, text, how.forced_star),
        Named::Wild(part) => {
            let why = format!("{place} allows `{text}`, with a wildcard in the {part}");
            let wrong = Wrong { action: None, resource: Some(text) };
            reading.violations.push(violation(name, statement, why, wrong));
        }
        Named::Open { part, token } => reading.doubts.push(format!(
            "{place} has the variable `{token}` in the {part} of `{text}`, and what it stands for cannot be told"
        )),
        Named::NoArn => reading.doubts.push(format!("{place} has the resource `{text}`, which is no ARN")),
    }
    reading
}

/// `*` is right where every action takes no resource, because no other value is legal there.
fn everything(name: &str, statement: &Statement, text: &str, forced: &[String]) -> Reading {
    let mut reading = Reading::new();
    let place = format!("{} of {name}", statement.name());
    let listed = match &statement.actions {
        Actions::Only(listed) => listed,
        Actions::AllBut(_) => {
            let why = format!("{place} allows all but some actions on `{text}`");
            let wrong = Wrong { action: Some("NotAction"), resource: Some(text) };
            reading.violations.push(violation(name, statement, why, wrong));
            return reading;
        }
    };
    let is_forced = |action: &Action| {
        let written = format!("{}:{}", action.service, action.name);
        forced.iter().any(|forced| forced.eq_ignore_ascii_case(&written))
    };
    let (mut bindable, mut unknown): (Vec<String>, Vec<&str>) = (Vec::new(), Vec::new());
    let (mut free, mut metrics) = (0, false);
    for pattern in listed {
        // The first action that takes a resource decides, long before a star has gone through every service.
        if action::catalogue().matching(pattern).any(|action| action.takes_resource && !is_forced(&action)) {
            bindable.push(pattern.text.clone());
            continue;
        }
        let matches = matching(pattern);
        if matches.is_empty() {
            unknown.push(&pattern.text);
        } else {
            free += 1;
            metrics |= matches.iter().any(|action| action.service == "cloudwatch" && action.name == "PutMetricData");
        }
    }
    if let Some(first) = bindable.first() {
        let takes = if bindable.len() == 1 { "takes a resource" } else { "take a resource" };
        let split = if free == 0 {
            ""
        } else {
            "; only the others of the statement need the star, in a statement of their own"
        };
        let why = format!("{place} allows {} on `{text}`, which {takes}{split}", few(&bindable));
        let wrong = Wrong { action: Some(first), resource: Some(text) };
        reading.violations.push(violation(name, statement, why, wrong));
    }
    if !unknown.is_empty() {
        reading.doubts.push(format!(
            "{place} allows {} on `{text}`, and the action table of {} does not say whether it takes a resource",
            quoted(unknown.into_iter()),
            action::catalogue().date()
        ));
    }
    if metrics && !narrows_namespace(statement) {
        reading.notes.push(format!(
            "{place} lets the role write metrics into every namespace: no condition on cloudwatch:namespace narrows it"
        ));
    }
    reading
}

/// Whether a condition asks for certain namespaces of metrics.
fn narrows_namespace(statement: &Statement) -> bool {
    use crate::policy::model::Relation::{StringEquals, StringEqualsIgnoreCase, StringLike};
    statement.conditions.iter().any(|test| {
        test.key == "cloudwatch:namespace"
            && [StringEquals, StringEqualsIgnoreCase, StringLike].contains(&test.operator.relation)
            && !test.operator.if_exists
            && !test.values.iter().any(|value| value.text.chars().all(|letter| letter == '*'))
    })
}

/// Streams are matched with their group's name and a tail, so that a bare group grants nothing on them.
fn dead_log_group(place: &str, statement: &Statement, arn: &Arn, text: &str) -> Option<String> {
    let bare = arn::literal(arn.service()).as_deref() == Some("logs")
        && arn::begins_with(arn.resource(), "log-group:")
        && !arn.resource()["log-group:".len()..].contains(&arn::Sign::Char(':'));
    let writes = writes_events(statement);
    (bare && writes).then(|| {
        format!("{place} names `{text}` without `:*`, which matches no log stream: writing events is not allowed by it")
    })
}

/// Whether the statement allows what is asked of a log stream.
pub(crate) fn writes_events(statement: &Statement) -> bool {
    let actions = ["logs:createlogstream", "logs:putlogevents"];
    actions.into_iter().any(|action| evaluate::actions(&statement.actions, action))
}

/// The catalogue's actions that a pattern matches.
pub(crate) fn matching(pattern: &ActionPattern) -> Vec<Action> {
    if pattern.text.contains(['*', '?']) {
        return action::catalogue().matching(pattern).collect();
    }
    action::catalogue().find(&pattern.text).into_iter().collect()
}

fn named(actions: &[Action]) -> Vec<String> {
    actions.iter().map(|action| format!("{}:{}", action.service, action.name)).collect()
}

fn allowing(document: &Document) -> impl Iterator<Item = &Statement> {
    document.statements.iter().filter(|statement| statement.effect == Effect::Allow)
}

/// What in a statement is wrong, as written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wrong<'a> {
    /// The action.
    pub(crate) action: Option<&'a str>,
    /// The resource.
    pub(crate) resource: Option<&'a str>,
}

/// A statement that breaks the question by itself.
pub(crate) fn violation(name: &str, statement: &Statement, why: String, wrong: Wrong<'_>) -> Violation {
    let beside = (!statement.conditions.is_empty())
        .then(|| format!("the condition of {} of {name} narrows the effect and not what is allowed", statement.name()));
    Violation {
        counterexample: Counterexample {
            sentence: why.clone(),
            principal: None,
            action: wrong.action.map(str::to_owned),
            resource: wrong.resource.map(str::to_owned),
            context: std::collections::BTreeMap::new(),
            allowed_by: Some(cite(name, statement)),
            nearest_deny: None,
        },
        why,
        correction: None,
        beside,
    }
}

/// The first few, quoted, and how many more there are.
pub(crate) fn few(texts: &[String]) -> String {
    let shown = quoted(texts.iter().take(3).map(String::as_str));
    match texts.len().saturating_sub(3) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

pub(crate) fn quoted<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    texts.map(|text| format!("`{text}`")).collect::<Vec<_>>().join(", ")
}

fn joined<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let mut each: Vec<&str> = Vec::new();
    for text in texts {
        if !each.contains(&text) {
            each.push(text);
        }
    }
    each.join("; ")
}
