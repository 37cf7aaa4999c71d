//! That the role of a function reaches what the function works on, and nothing else.

use serde::Deserialize;
use serde_json::Value;

use crate::check::Context;
use crate::iam::Role;
use crate::iam::documents::{held, is_role, listing_was_read, read};
use crate::lambda::{Configuration, EventInvoke, Function};
use crate::observed::Gap;
use crate::policy::counterexample::{Correction, shown};
use crate::policy::model::{Actions, Document, Effect, Principal, Principals, Resources, Statement};
use crate::policy::parse::Sort;
use crate::policy::pattern::Pattern;
use crate::policy::question::role_wildcard::arn::{self, Arn, Named, Sign};
use crate::policy::question::role_wildcard::{Wrong, alone, few, matching, quoted, violation};
use crate::subject::{Role as Part, Subject};
use crate::verdict::{Judgement, Verdict, every};

#[cfg(test)]
mod tests;

/// A function that runs as the role, in one of its configurations.
struct Runner<'a> {
    subject: &'a Subject,
    function: &'a Function,
    configuration: &'a Configuration,
}

/// The primary functions that run as the role.
struct Runners<'a> {
    found: Vec<Runner<'a>>,
    /// What was not read of a function that may run as the role too.
    gap: Option<Gap>,
}

const CONFIGURATION: &str = "GetFunctionConfiguration";

/// A version of a function may run as another role than the function itself does.
fn runners<'a>(context: &Context<'a>) -> Result<Runners<'a>, Gap> {
    let mut runners = Runners { found: Vec::new(), gap: None };
    let mut functions = 0;
    for (subject, function) in context.evidence.all::<Function>() {
        functions += 1;
        if subject.role != Part::Primary {
            continue;
        }
        for seen in std::iter::once(&function.configuration).chain(function.qualified.values()) {
            let role = seen
                .required(CONFIGURATION, "any configuration")
                .and_then(|configuration| Ok((configuration, configuration.role.required(CONFIGURATION, "Role")?)));
            match role {
                Ok((configuration, role)) if is_role(role, context) => {
                    runners.found.push(Runner { subject, function, configuration });
                }
                Ok(_) => {}
                Err(gap) => {
                    runners.gap.get_or_insert(gap);
                }
            }
        }
    }
    if functions == 0 {
        return Err(Gap::NothingToAudit { kind: crate::subject::Kind::Function.name().into() });
    }
    Ok(runners)
}

/// Whether one action is right on one resource.
enum Fit {
    /// It is, with what a reader should know beside it.
    Right(Option<String>),
    /// It is not, for this reason.
    Wrong(String),
}

/// What a role may do with one service.
struct Scope<'a> {
    /// The service, as actions and ARNs write it.
    service: &'static str,
    /// What is asked for, in words.
    expected: String,
    /// Whether an action, in AWS's own spelling without the service, is right on a resource.
    fits: &'a dyn Fn(&str, &Arn, &Pattern) -> Result<Fit, Gap>,
    /// The resources that a correction names.
    proper: Vec<String>,
}

/// Judges every document that allows the role something.
fn scoped(
    role: &Role,
    runners: &Runners<'_>,
    resource_policies: Vec<(String, Result<Document, Gap>)>,
    scope: &Scope<'_>,
) -> Judgement {
    let own = held(role).into_iter().map(|policy| (policy.name, policy.document));
    let documents: Vec<(String, Result<Document, Gap>)> = own.chain(resource_policies).collect();
    let mut parts: Vec<Judgement> = Vec::new();
    for (name, document) in documents {
        match document {
            Err(gap) => parts.push(Err(gap)),
            Ok(document) => parts.extend(of_document(&name, &document, scope)),
        }
    }
    parts.extend(runners.gap.clone().map(Err));
    let verdict = every(parts, || {
        Ok(Verdict::satisfied(format!("no policy of the role allows an action of {}", scope.service)))
    })?;
    // A function that may be another's concern, such as a custom resource's, need not be held to this.
    if matches!(verdict, Verdict::NotSatisfied { .. }) {
        for runner in &runners.found {
            runner.subject.is_none_of(|part| part != Part::Primary)?;
        }
    }
    Ok(verdict)
}

fn of_document(name: &str, document: &Document, scope: &Scope<'_>) -> Vec<Judgement> {
    let mut parts: Vec<Judgement> = Vec::new();
    let mut broken = Vec::new();
    for statement in document.statements.iter().filter(|statement| statement.effect == Effect::Allow) {
        let found = of_statement(name, statement, scope);
        if let Some(part) = found {
            if !matches!(part, Ok(Verdict::Satisfied { .. })) {
                broken.push((parts.len(), statement));
            }
            parts.push(part);
        }
    }
    // A correction of one statement mends a document where nothing else is wrong with it.
    if let [(place, statement)] = broken.as_slice()
        && let Some(Ok(Verdict::NotSatisfied { grounds: Some(grounds), .. })) = parts.get_mut(*place)
    {
        grounds.correction = corrected(name, statement, document, scope);
    }
    parts
}

/// What a statement allows of the service, one judgement for the whole statement; none where it is about others.
fn of_statement(name: &str, statement: &Statement, scope: &Scope<'_>) -> Option<Judgement> {
    let place = format!("{} of {name}", statement.name());
    let listed = match &statement.actions {
        Actions::Only(listed) => listed,
        Actions::AllBut(_) => {
            let why = format!("{place} allows every action but those that it names");
            return Some(Ok(broken(name, statement, why, Wrong { action: Some("NotAction"), resource: None }, scope)));
        }
    };
    let prefix = format!("{}:", scope.service);
    let (mut actions, mut unknown): (Vec<String>, Vec<&str>) = (Vec::new(), Vec::new());
    for pattern in listed {
        let found = matching(pattern);
        let of_service = found.iter().filter(|action| action.service == scope.service);
        actions.extend(of_service.map(|action| action.name.to_owned()));
        if found.is_empty() && pattern.lower.starts_with(&prefix) {
            // A name that no table holds is one more action that nobody needs; what a wildcard may match is not known.
            match pattern.text.split_once(':') {
                Some((_, action)) if !action.contains(['*', '?']) => actions.push(action.to_owned()),
                Some(_) | None => unknown.push(&pattern.text),
            }
        }
    }
    if actions.is_empty() && unknown.is_empty() {
        return None;
    }
    let resources = match &statement.resources {
        Resources::Only(listed) => listed,
        Resources::AllBut(_) => {
            let why = format!(
                "{place} allows {} on every resource but those that it names",
                few(&prefixed(&prefix, &actions))
            );
            return Some(Ok(broken(
                name,
                statement,
                why,
                Wrong { action: None, resource: Some("NotResource") },
                scope,
            )));
        }
        Resources::Unstated => return Some(Err(Gap::undecided(format!("{place} names no resource")))),
    };
    let own: Vec<(&Pattern, Arn)> = resources
        .iter()
        .map(|pattern| (pattern, Arn::of(pattern)))
        .filter(|(_, arn)| {
            arn::literal(arn.service()).is_none_or(|service| service.is_empty() || service == scope.service)
        })
        .collect();
    if own.is_empty() {
        return None;
    }
    let mut pairs = Pairs { wrong: Vec::new(), gap: None, notes: Vec::new() };
    for action in &actions {
        for (pattern, arn) in &own {
            pairs.add(&format!("{prefix}{action}"), &pattern.text, (scope.fits)(action, arn, pattern));
        }
    }
    if !unknown.is_empty() {
        let why =
            format!("{place} allows {}, which matches no action that this version knows", quoted(unknown.into_iter()));
        pairs.gap.get_or_insert(Gap::undecided(why));
    }
    Some(pairs.judgement(name, statement, &actions, scope))
}

fn prefixed(prefix: &str, actions: &[String]) -> Vec<String> {
    actions.iter().map(|action| format!("{prefix}{action}")).collect()
}

/// What is wrong with each action on each resource of a statement.
struct Pairs {
    /// A reason, with the actions and resources that it is about.
    wrong: Vec<(String, Vec<String>, Vec<String>)>,
    gap: Option<Gap>,
    notes: Vec<String>,
}

impl Pairs {
    fn add(&mut self, action: &str, resource: &str, fit: Result<Fit, Gap>) {
        match fit {
            Ok(Fit::Right(note)) => self.notes.extend(note),
            Err(gap) => {
                self.gap.get_or_insert(gap);
            }
            Ok(Fit::Wrong(reason)) => {
                let at = self.wrong.iter().position(|(known, ..)| *known == reason).unwrap_or_else(|| {
                    self.wrong.push((reason, Vec::new(), Vec::new()));
                    self.wrong.len() - 1
                });
                let (_, actions, resources) = &mut self.wrong[at];
                if !actions.iter().any(|known| known == action) {
                    actions.push(action.to_owned());
                }
                if !resources.iter().any(|known| known == resource) {
                    resources.push(resource.to_owned());
                }
            }
        }
    }

    fn judgement(self, name: &str, statement: &Statement, actions: &[String], scope: &Scope<'_>) -> Judgement {
        let place = format!("{} of {name}", statement.name());
        let Some((_, action, resource)) = self.wrong.first() else {
            if let Some(gap) = self.gap {
                return Err(gap);
            }
            let prefix = format!("{}:", scope.service);
            let verdict = Verdict::satisfied(format!("{place} allows {}", few(&prefixed(&prefix, actions))));
            return Ok(self.notes.into_iter().fold(verdict, note_once));
        };
        let wrong =
            Wrong { action: action.first().map(String::as_str), resource: resource.first().map(String::as_str) };
        let why: Vec<String> = self
            .wrong
            .iter()
            .map(|(reason, actions, resources)| {
                format!("{place} allows {} on {}: {reason}", few(actions), few(resources))
            })
            .collect();
        let verdict = broken(name, statement, why.join("; "), wrong, scope);
        let gap = self.gap.map(|gap| format!("not all was readable: {gap}"));
        Ok(gap.into_iter().chain(self.notes.iter().cloned()).fold(verdict, note_once))
    }
}

fn note_once(verdict: Verdict, note: String) -> Verdict {
    if verdict.note().is_some_and(|notes| notes.contains(&note)) { verdict } else { verdict.noting(note) }
}

fn broken(name: &str, statement: &Statement, why: String, wrong: Wrong<'_>, scope: &Scope<'_>) -> Verdict {
    let found = violation(name, statement, why, wrong);
    let verdict = Verdict::not_satisfied(found.why, scope.expected.clone()).shown_by(found.counterexample, None);
    found.beside.into_iter().fold(verdict, Verdict::noting)
}

/// The statement with what is right of its actions, on the resources that are; judged as the document was. `None` where
/// the statement allows other services something too, or nothing of it is right.
fn corrected(name: &str, statement: &Statement, document: &Document, scope: &Scope<'_>) -> Option<Correction> {
    let (Actions::Only(listed), Principals::Unstated) = (&statement.actions, &statement.principals) else {
        return None;
    };
    let mut right: Vec<String> = Vec::new();
    for action in listed.iter().flat_map(matching) {
        if action.service != scope.service {
            return None;
        }
        let fits = |resource: &String| {
            let pattern = Pattern::parse(resource, document.version);
            matches!((scope.fits)(action.name, &Arn::of(&pattern), &pattern), Ok(Fit::Right(_)))
        };
        let text = format!("{}:{}", action.service, action.name);
        if scope.proper.iter().all(fits) && !right.contains(&text) {
            right.push(text);
        }
    }
    if right.is_empty() || scope.proper.is_empty() {
        return None;
    }
    let mut corrected = match serde_json::from_str::<Value>(&statement.source) {
        Ok(Value::Object(members)) => members,
        Ok(_) | Err(_) => return None,
    };
    corrected.remove("NotResource");
    corrected.insert("Action".into(), right.into());
    corrected.insert("Resource".into(), scope.proper.clone().into());
    let corrected = Value::Object(corrected);
    let judged = of_document(name, &alone(&corrected, document.version)?, scope);
    let good = !judged.is_empty() && judged.iter().all(|part| matches!(part, Ok(Verdict::Satisfied { .. })));
    good.then(|| Correction {
        instruction: format!("put this statement in place of {} of {name}", statement.name()),
        statement: shown(corrected),
        judged: format!("what the role may do with {}", scope.service),
    })
}

/// The role that a function runs as, or why the requirement is not about this one.
fn not_a_runner(runners: &Runners<'_>) -> Option<Judgement> {
    if !runners.found.is_empty() {
        return None;
    }
    Some(match &runners.gap {
        Some(gap) => Err(gap.clone()),
        None => Ok(Verdict::not_applicable("no primary function runs as this role")),
    })
}

/// Whether one part of an ARN is this text; `None` where a variable leaves that open.
fn part_is(signs: &[Sign], wanted: &str) -> Option<bool> {
    match (arn::literal(signs), arn::variable(signs)) {
        (Some(text), _) => Some(text == wanted),
        (None, Some(_)) => None,
        (None, None) => Some(false),
    }
}

fn open(pattern: &Pattern, signs: &[Sign]) -> Gap {
    let token = arn::variable(signs).unwrap_or("${...}");
    Gap::undecided(format!("what the variable `{token}` in `{}` stands for cannot be told", pattern.text))
}

/// Actions that read objects and what a reader has to know of their bucket.
const READS: [&str; 9] = [
    "GetObject",
    "GetObjectVersion",
    "GetObjectTagging",
    "GetObjectVersionTagging",
    "GetObjectAttributes",
    "GetObjectVersionAttributes",
    "ListBucket",
    "ListBucketVersions",
    "GetBucketLocation",
];

/// What Lambda does, as the role, to keep the record of a failed invoke in a bucket.
const FAILURE_RECORDS: [&str; 2] = ["PutObject", "ListBucket"];

/// Parameters of `iam-role-s3-scope`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct S3Params {
    extra_actions: Vec<String>,
    extra_buckets: Vec<String>,
}

/// A role without a statement about S3 passes: it may do nothing there. In the own account a bucket policy that names
/// the role is enough by itself, so that those count too.
pub(super) fn s3(role: &Role, params: &S3Params, context: &Context<'_>) -> Judgement {
    let runners = runners(context)?;
    if let Some(other) = not_a_runner(&runners) {
        return other;
    }
    let partition = &context.evidence.run.partition;
    let extra: Vec<&str> =
        params.extra_actions.iter().map(|action| action.strip_prefix("s3:").unwrap_or(action)).collect();
    let reads = |action: &str| READS.iter().chain(&extra).any(|allowed| allowed.eq_ignore_ascii_case(action));
    let fits = |action: &str, arn: &Arn, pattern: &Pattern| -> Result<Fit, Gap> {
        if arn.named(true) == Named::Everything {
            return Ok(Fit::Wrong("every bucket of every account".into()));
        }
        let bucket: Vec<Sign> = arn.resource().iter().take_while(|sign| **sign != Sign::Char('/')).cloned().collect();
        let head = part_is(arn.partition(), partition)
            .and_then(|right| Some(right && part_is(arn.region(), "")? && part_is(arn.account(), "")?));
        let (Some(true), Some(bucket)) = (head, arn::literal(&bucket)) else {
            let signs = [arn.partition(), arn.region(), arn.account(), &bucket].concat();
            if head == Some(false) || arn::variable(&signs).is_none() {
                return Ok(Fit::Wrong("this names no bucket of the stack".into()));
            }
            return Err(open(pattern, &signs));
        };
        let of_stack = stack_bucket(context, &bucket)? || params.extra_buckets.contains(&bucket);
        if of_stack && reads(action) {
            return Ok(Fit::Right(None));
        }
        if FAILURE_RECORDS.contains(&action) && takes_failures(&runners, partition, &bucket)? {
            return Ok(Fit::Right(Some(format!("records of failed invokes go to {bucket}"))));
        }
        if !reads(action) {
            return Ok(Fit::Wrong("a function that reads does not need this".into()));
        }
        listing_was_read(context.evidence)?;
        Ok(Fit::Wrong(format!("{bucket} is not the bucket of the stack")))
    };
    let buckets: Vec<&str> = context
        .evidence
        .all::<crate::s3::Bucket>()
        .filter(|(subject, _)| subject.role == Part::Primary)
        .map(|(subject, _)| subject.id.as_str())
        .collect();
    let proper = buckets
        .iter()
        .flat_map(|bucket| [format!("arn:{partition}:s3:::{bucket}"), format!("arn:{partition}:s3:::{bucket}/*")])
        .collect();
    let scope = Scope {
        service: "s3",
        expected: format!("only actions that read, on {}", list_or(&buckets, "the bucket of the stack")),
        fits: &fits,
        proper,
    };
    scoped(role, &runners, bucket_policies(context), &scope)
}

fn list_or(names: &[&str], none: &str) -> String {
    if names.is_empty() { none.into() } else { names.join(" and ") }
}

/// Whether the name is that of a bucket that the stack keeps its data in.
fn stack_bucket(context: &Context<'_>, name: &str) -> Result<bool, Gap> {
    match context.evidence.bucket_named(name) {
        Some((subject, _)) if subject.role == Part::Primary => {
            subject.is_none_of(|part| part != Part::Primary)?;
            Ok(true)
        }
        Some((subject, _)) => {
            subject.is_none_of(|part| part == Part::Primary)?;
            Ok(false)
        }
        None => Ok(false),
    }
}

/// Whether a function that runs as the role sends its failed invokes to this bucket.
fn takes_failures(runners: &Runners<'_>, partition: &str, bucket: &str) -> Result<bool, Gap> {
    let wanted = format!("arn:{partition}:s3:::{bucket}");
    for runner in &runners.found {
        for seen in runner.function.event_invoke.values() {
            let Some(EventInvoke { on_failure, .. }) = seen.seen()? else { continue };
            if on_failure.seen()?.is_some_and(|destination| *destination == wanted) {
                return Ok(true);
            }
        }
    }
    match &runners.gap {
        Some(gap) => Err(gap.clone()),
        None => Ok(false),
    }
}

/// The statements of bucket policies that name the role, as documents of their own.
fn bucket_policies(context: &Context<'_>) -> Vec<(String, Result<Document, Gap>)> {
    let buckets = context.evidence.all::<crate::s3::Bucket>().filter(|(subject, _)| subject.role != Part::External);
    buckets
        .filter_map(|(subject, bucket)| {
            let name = format!("the policy of bucket {}", subject.id);
            let document = match bucket.policy.seen() {
                Ok(None) => return None,
                Ok(Some(text)) => read(text, Sort::Resource, "GetBucketPolicy", &name),
                Err(gap) => Err(gap),
            };
            Some((
                name,
                document.map(|document| Document {
                    statements: document
                        .statements
                        .into_iter()
                        .filter(|statement| names_role(statement, context))
                        .collect(),
                    ..document
                }),
            ))
        })
        .collect()
}

/// Whether the statement names the role or a session of it. Whom a name with a wildcard means is not documented, so that
/// it may be the role.
fn names_role(statement: &Statement, context: &Context<'_>) -> bool {
    match &statement.principals {
        Principals::Unstated => false,
        Principals::AllBut(_) => true,
        Principals::Only(named) => named.iter().any(|principal| match principal {
            Principal::Role { arn, .. } => is_role(arn, context),
            Principal::Session { account, role, .. } => {
                *account == context.evidence.run.account && context.subject.id.rsplit('/').next() == Some(role)
            }
            Principal::Other { text, .. } => text.contains(['*', '?']),
            Principal::Everyone
            | Principal::Account(_)
            | Principal::User { .. }
            | Principal::Service(_)
            | Principal::Federated(_)
            | Principal::CanonicalUser(_)
            | Principal::Deleted(_) => false,
        }),
    }
}

/// Actions that a function needs to write its own log; the first of them also makes the group.
const WRITES_LOG: [&str; 3] = ["CreateLogGroup", "CreateLogStream", "PutLogEvents"];

/// A role without a statement about logs passes: its function then writes none, which other requirements judge.
pub(super) fn logs(role: &Role, _: &crate::check::NoParams, context: &Context<'_>) -> Judgement {
    let runners = runners(context)?;
    if let Some(other) = not_a_runner(&runners) {
        return other;
    }
    let mut groups = Vec::new();
    for runner in &runners.found {
        groups.push((
            log_group(runner.configuration)?,
            runner.subject.region.clone().unwrap_or_else(|| context.evidence.run.region.clone()),
        ));
    }
    let (partition, account) = (&context.evidence.run.partition, &context.evidence.run.account);
    let fits = |action: &str, arn: &Arn, pattern: &Pattern| -> Result<Fit, Gap> {
        if !WRITES_LOG.contains(&action) {
            return Ok(Fit::Wrong("a function that writes its own log does not need this".into()));
        }
        let name = group_named(arn);
        let wider = || Ok(Fit::Wrong("this reaches further than the log group of the function".into()));
        let head =
            part_is(arn.partition(), partition).and_then(|right| Some(right && part_is(arn.account(), account)?));
        let signs = [arn.partition(), arn.region(), arn.account(), name.unwrap_or(&[])].concat();
        let (Some(name), Some(right)) = (name, head) else {
            return if head.is_none() && name.is_some() { Err(open(pattern, &signs)) } else { wider() };
        };
        if !right || arn::literal(&signs).is_none() && arn::variable(&signs).is_none() {
            return wider();
        }
        let (Some(name), Some(region)) = (arn::literal(name), arn::literal(arn.region())) else {
            return if signs.iter().any(|sign| matches!(sign, Sign::Star | Sign::One)) {
                wider()
            } else {
                Err(open(pattern, &signs))
            };
        };
        if !groups.contains(&(name, region)) {
            return match &runners.gap {
                Some(gap) => Err(gap.clone()),
                None => Ok(Fit::Wrong("this is not the log group of the function".into())),
            };
        }
        let bare = !arn.resource()["log-group:".len()..].contains(&Sign::Char(':'));
        Ok(Fit::Right(match action {
            "CreateLogGroup" => Some(
                "logs:CreateLogGroup lets the function make its group anew after a deletion, without retention or key"
                    .into(),
            ),
            _ if bare => Some(format!(
                "dead grant: `{}` without `:*` matches no log stream, so that {action} is not allowed by it",
                pattern.text
            )),
            _ => None,
        }))
    };
    let names: Vec<&str> = groups.iter().map(|(name, _)| name.as_str()).collect();
    let proper = groups
        .iter()
        .map(|(name, region)| format!("arn:{partition}:logs:{region}:{account}:log-group:{name}:*"))
        .collect();
    let scope = Scope {
        service: "logs",
        expected: format!(
            "only logs:CreateLogStream and logs:PutLogEvents, on {}",
            list_or(&names, "the function's log group")
        ),
        fits: &fits,
        proper,
    };
    scoped(role, &runners, Vec::new(), &scope)
}

/// The log group that a function writes to; absent means the one named after the function.
fn log_group(configuration: &Configuration) -> Result<String, Gap> {
    match configuration.log_group.seen()? {
        Some(group) => Ok(group.clone()),
        None => Ok(format!("/aws/lambda/{}", configuration.name.required(CONFIGURATION, "FunctionName")?)),
    }
}

/// The name in `log-group:NAME`, where nothing follows it but one or more `:*`, or a stream.
fn group_named(arn: &Arn) -> Option<&[Sign]> {
    let resource = arn.resource();
    if !arn::begins_with(resource, "log-group:") {
        return None;
    }
    let rest = &resource["log-group:".len()..];
    let end = rest.iter().position(|sign| *sign == Sign::Char(':')).unwrap_or(rest.len());
    let (name, tail) = rest.split_at(end);
    let stars = tail.chunks(2).all(|pair| pair == [Sign::Char(':'), Sign::Star]);
    (!name.is_empty() && (stars || arn::begins_with(tail, ":log-stream:"))).then_some(name)
}

/// Actions that a function needs to use a key.
const USES_KEY: [&str; 3] = ["Decrypt", "DescribeKey", "GenerateDataKey"];

/// Parameters of `iam-role-kms-scope`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KmsParams {
    accept_kms: bool,
    extra_keys: Vec<String>,
}

/// A role without a statement about keys passes: whether it needs one is asked of the key's policy.
pub(super) fn kms(role: &Role, params: &KmsParams, context: &Context<'_>) -> Judgement {
    let runners = runners(context)?;
    if let Some(other) = not_a_runner(&runners) {
        return other;
    }
    let fits = |action: &str, arn: &Arn, pattern: &Pattern| -> Result<Fit, Gap> {
        if !USES_KEY.contains(&action) {
            return Ok(Fit::Wrong("a function that uses a key does not need this".into()));
        }
        match arn.named(true) {
            Named::Everything | Named::Wild(_) => return Ok(Fit::Wrong("this reaches further than one key".into())),
            Named::Open { .. } => {
                let signs = [arn.partition(), arn.service(), arn.region(), arn.account(), arn.resource()].concat();
                return Err(open(pattern, &signs));
            }
            Named::NoArn => return Err(Gap::undecided(format!("`{}` is no ARN", pattern.text))),
            Named::Bound => {}
        }
        if arn::begins_with(arn.resource(), "alias/") {
            return Ok(Fit::Right(Some(format!(
                "`{}` grants nothing on the key: policies name keys by the key's own ARN",
                pattern.text
            ))));
        }
        let text = signs_text(arn, pattern);
        if params.extra_keys.contains(&text) || stack_key(context, &text, params.accept_kms)? {
            return Ok(Fit::Right(None));
        }
        listing_was_read(context.evidence)?;
        Ok(Fit::Wrong("this is not a key of the stack".into()))
    };
    let keys: Vec<&str> = context
        .evidence
        .all::<crate::kms::Key>()
        .filter(|(subject, _)| subject.role != Part::External)
        .filter_map(|(subject, _)| subject.arn.as_deref())
        .collect();
    let scope = Scope {
        service: "kms",
        expected: format!(
            "only kms:Decrypt, kms:DescribeKey and kms:GenerateDataKey, on {}",
            list_or(&keys, "a key of the stack")
        ),
        fits: &fits,
        proper: keys.iter().map(|key| (*key).to_owned()).collect(),
    };
    let verdict = scoped(role, &runners, Vec::new(), &scope)?;
    Ok(verdict.noting("key policies and grants can allow the role more; they are judged at the keys"))
}

/// The text of an ARN that names one thing.
fn signs_text(arn: &Arn, pattern: &Pattern) -> String {
    let parts = [arn.partition(), arn.service(), arn.region(), arn.account(), arn.resource()].map(arn::literal);
    let text: Option<Vec<String>> = parts.into_iter().collect();
    text.map_or_else(|| pattern.text.clone(), |parts| format!("arn:{}", parts.join(":")))
}

/// Whether the ARN is that of a key of the stack, or of one that a bucket of the stack is encrypted with.
fn stack_key(context: &Context<'_>, arn: &str, accept_kms: bool) -> Result<bool, Gap> {
    let Some((subject, key)) = context.evidence.key_named(arn) else { return Ok(false) };
    if subject.role != Part::External {
        subject.is_none_of(|part| part == Part::External)?;
        return Ok(true);
    }
    let bucket = crate::subject::Kind::Bucket.name();
    Ok(accept_kms && key.encrypts.iter().any(|what| what.starts_with(bucket)))
}
