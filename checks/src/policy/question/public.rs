//! Can no stranger use the resource, and nobody of another account that is not trusted?

use serde_json::json;

use crate::policy::counterexample::Correction;
use crate::policy::model::{Document, Effect, Principal, Principals, Resources, Statement};
use crate::policy::parse::{Sort, parse};
use crate::policy::pattern::{Part, Pattern};
use crate::policy::question::class::{acts, bucket, class, estrange, invented, some_service, strangers};
use crate::policy::question::correct::{Change, correction, statement};
use crate::policy::question::show::Shown;
use crate::policy::question::{Ruling, Setting};
use crate::policy::search::{Answer, Claim, Fixed, Region, Strangers, search};
use crate::policy::words::{Glob, Letter};

mod foreign;

pub(crate) use foreign::{closed, cross_account};

/// Judges the policies of a resource together; each has a name for the reader.
pub(crate) fn judge(policies: &[(&str, &str)], setting: &Setting) -> Ruling {
    judged(policies, setting, true)
}

fn judged(policies: &[(&str, &str)], setting: &Setting, correcting: bool) -> Ruling {
    let Policies { parsed, service } = match read(policies, setting) {
        Ok(Some(policies)) => policies,
        Ok(None) => return nobody(),
        Err(reason) => return Ruling::Undecided { reason },
    };
    let documents: Vec<&Document> = parsed.iter().map(|(.., document)| document).collect();
    let named: Vec<(&str, &Document)> = parsed.iter().map(|(name, _, document)| (*name, document)).collect();
    let fixed = reach(&service);
    let asked = class(&documents, setting, strangers(), regions(&service, setting), fixed);
    let mut asked = estrange(asked, Strangers::Anybody);
    let mut answer = search(&documents, Claim::NotAllowed, &asked);
    if answer == Answer::Proved {
        for region in &mut asked.regions {
            region.acts = vec![invented(&service)];
        }
        answer = search(&documents, Claim::NotAllowed, &asked);
    }
    let mut notes = notes(&documents, setting);
    if answer == Answer::Proved {
        asked.regions = regions(&service, setting);
        asked.parties = vec![some_service()];
        if let Answer::Refuted(_) = search(&documents, Claim::NotAllowed, &asked) {
            notes.push("any AWS service may act, for anybody's resources".into());
        }
    }
    match answer {
        Answer::Undecided(reason) => Ruling::Undecided { reason },
        Answer::Proved => Ruling::Pass {
            proved: "no stranger is allowed any action: no anonymous caller and no principal of an unrelated account"
                .into(),
            notes,
        },
        Answer::Refuted(request) => {
            let shown = Shown { documents: &named, partition: &setting.partition, absent: &[] };
            let counterexample = Box::new(shown.describe(&request, "as a stranger"));
            let why = format!("a stranger is let in: {}", counterexample.brief());
            let correction = if correcting {
                correct(&parsed, asked_statement(&named, &request, setting), "public", setting, judged)
            } else {
                None
            };
            Ruling::Fail { why, counterexample, correction, notes }
        }
    }
}

/// The policies of a resource, parsed.
struct Policies<'a> {
    /// Each with its name for the reader and its text.
    parsed: Vec<(&'a str, &'a str, Document)>,
    /// The service whose resource it is.
    service: String,
}

/// Parses the policies; `None` where there is none.
fn read<'a>(policies: &[(&'a str, &'a str)], setting: &Setting) -> Result<Option<Policies<'a>>, String> {
    let mut parsed = Vec::with_capacity(policies.len());
    for (name, text) in policies {
        match parse(text, Sort::Resource) {
            Ok(document) => parsed.push((*name, *text, document)),
            Err(error) => return Err(format!("the {name} cannot be read as a policy: {error}")),
        }
    }
    if parsed.is_empty() {
        return Ok(None);
    }
    let service = service(setting, &parsed.iter().map(|(.., document)| document).collect::<Vec<_>>())
        .ok_or("which service the policy belongs to cannot be told from its actions: name the resource")?;
    if service == "execute-api" {
        for (.., document) in &mut parsed {
            expand_short_forms(document, setting);
        }
    }
    Ok(Some(Policies { parsed, service }))
}

fn nobody() -> Ruling {
    Ruling::Pass { proved: "there is no resource policy, so it lets nobody in".into(), notes: Vec::new() }
}

/// How others reach the service's resources: only a mount target of the VPC lets a client reach a file system, and nobody
/// outside comes through one.
fn reach(service: &str) -> Option<(&'static str, Fixed)> {
    (service == "elasticfilesystem").then_some(("elasticfilesystem:accessedviamounttarget", Fixed::Is("false")))
}

/// The statement that lets the request through: the document's place and its own.
pub(super) fn asked_statement(
    named: &[(&str, &Document)],
    request: &crate::policy::Request,
    setting: &Setting,
) -> Option<(usize, usize)> {
    let facts = crate::policy::evaluate::Facts { request, partition: &setting.partition };
    named.iter().enumerate().find_map(|(place, (_, document))| {
        let lets = |statement: &&Statement| {
            statement.effect == Effect::Allow
                && crate::policy::evaluate::statement(statement, &facts) == crate::policy::evaluate::Truth::Yes
        };
        document.statements.iter().find(lets).map(|statement| (place, statement.index))
    })
}

/// The service whose resource the policy is of: as told, by the ARN, or by the actions.
fn service(setting: &Setting, documents: &[&Document]) -> Option<String> {
    if let Some(service) = &setting.service {
        return Some(service.to_ascii_lowercase());
    }
    if let Some(arn) = &setting.resource {
        return arn.split(':').nth(2).filter(|service| !service.is_empty()).map(str::to_owned);
    }
    let mut services: Vec<&str> = documents
        .iter()
        .flat_map(|document| &document.statements)
        .flat_map(|statement| match &statement.actions {
            crate::policy::model::Actions::Only(list) | crate::policy::model::Actions::AllBut(list) => list,
        })
        .filter_map(|action| action.lower.split_once(':').map(|(service, _)| service))
        .filter(|service| !service.contains(['*', '?']))
        .collect();
    services.sort_unstable();
    services.dedup();
    match services.as_slice() {
        [one] => Some((*one).to_owned()),
        [] | [_, ..] => None,
    }
}

/// The resources that a policy of the service is about, with the service's actions, the most telling first.
pub(super) fn regions(service: &str, setting: &Setting) -> Vec<Region> {
    let first: &[&str] = match service {
        "sns" => &["Publish", "Subscribe"],
        "sqs" => &["SendMessage", "ReceiveMessage"],
        "lambda" => &["InvokeFunction", "InvokeFunctionUrl"],
        "secretsmanager" => &["GetSecretValue"],
        "logs" => &["PutLogEvents", "GetLogEvents"],
        "kms" => &["Decrypt", "GenerateDataKey"],
        "elasticfilesystem" => &["ClientMount", "ClientWrite"],
        "execute-api" => &["Invoke"],
        _ => &[],
    };
    match (&setting.resource, service) {
        (Some(arn), "s3") => return bucket(arn.trim_end_matches("/*")).into(),
        (Some(arn), _) => {
            let api = arn.split('/').next().map_or(arn.as_str(), |head| head);
            let something = |glob: Glob| glob.one(Letter::Any).star(Letter::Any);
            let globs = match service {
                "execute-api" => vec![something(something(Glob::new().text(api).text("/")).text("/"))],
                "logs" => {
                    let group = arn.trim_end_matches(":*");
                    vec![Glob::new().text(group), Glob::new().text(group).text(":").star(Letter::Any)]
                }
                "lambda" => vec![Glob::new().text(arn), something(Glob::new().text(arn).text(":"))],
                _ => vec![Glob::new().text(arn)],
            };
            return vec![Region::of(globs, acts(service, None, first))];
        }
        (None, _) => {}
    }
    let part = |glob: Glob| glob.star(Letter::NoColon).text(":");
    let head = part(part(Glob::new().text(&format!("arn:{}:{service}:", setting.partition))));
    vec![Region::of(vec![head.one(Letter::Any).star(Letter::Any)], acts(service, None, first))]
}

/// API Gateway takes `execute-api:/stage/METHOD/path` for the API's own ARN.
fn expand_short_forms(document: &mut Document, setting: &Setting) {
    let api = setting.resource.as_deref().map(|arn| arn.split('/').next().map_or(arn, |head| head));
    for statement in &mut document.statements {
        let (Resources::Only(patterns) | Resources::AllBut(patterns)) = &mut statement.resources else { continue };
        for pattern in patterns {
            let Some(Part::Literal(text)) = pattern.parts.first_mut() else { continue };
            let Some(path) = text.strip_prefix("execute-api:/").map(str::to_owned) else { continue };
            let mut parts = match api {
                Some(api) => vec![Part::Literal(format!("{api}/{path}"))],
                None => vec![
                    Part::Literal(format!("arn:{}:execute-api:", setting.partition)),
                    Part::Star,
                    Part::Literal(format!("/{path}")),
                ],
            };
            parts.extend(pattern.parts.drain(1..));
            *pattern = Pattern { text: pattern.text.clone(), parts };
        }
    }
}

/// What the policy lets in that is no stranger, and a reader should know.
fn notes(documents: &[&Document], setting: &Setting) -> Vec<String> {
    let (mut accounts, mut services, mut deleted) = (Vec::new(), Vec::new(), Vec::new());
    for statement in documents.iter().flat_map(|document| &document.statements) {
        let Principals::Only(principals) = &statement.principals else { continue };
        for principal in principals {
            match principal {
                Principal::Account(account)
                | Principal::User { account, .. }
                | Principal::Role { account, .. }
                | Principal::Session { account, .. }
                    if statement.effect == Effect::Allow
                        && *account != setting.account
                        && !setting.trusted_accounts.contains(account) =>
                {
                    accounts.push(account.clone());
                }
                Principal::Service(name) if statement.effect == Effect::Allow && !is_bound(statement) => {
                    services.push(name.clone());
                }
                Principal::Deleted(id) => deleted.push(id.clone()),
                Principal::Everyone
                | Principal::Account(_)
                | Principal::User { .. }
                | Principal::Role { .. }
                | Principal::Session { .. }
                | Principal::Service(_)
                | Principal::Federated(_)
                | Principal::CanonicalUser(_)
                | Principal::Other { .. } => {}
            }
        }
    }
    let mut notes = Vec::new();
    let mut note = |mut names: Vec<String>, text: &str| {
        names.sort_unstable();
        names.dedup();
        if !names.is_empty() {
            notes.push(text.replace("{}", &names.join(", ")));
        }
    };
    note(accounts, "access from another account, which is named: {}");
    note(services, "{} may act for anybody's resources: no aws:SourceArn or aws:SourceAccount binds it");
    note(deleted, "{} is the id of a principal that was deleted, and matches nobody");
    notes
}

/// Whether a statement for a service says for whose resources it may act.
pub(crate) fn is_bound(statement: &Statement) -> bool {
    statement.conditions.iter().any(|test| {
        ["aws:sourcearn", "aws:sourceaccount", "aws:sourceowner", "aws:sourceorgid", "aws:sourceorgpaths"]
            .contains(&test.key.as_str())
            && !test.operator.if_exists
            && !test.operator.relation.is_negated()
    })
}

/// Narrows the statement that lets somebody in to the own account, and judges the result as before.
fn correct(
    parsed: &[(&str, &str, Document)],
    place: Option<(usize, usize)>,
    question: &str,
    setting: &Setting,
    judged: fn(&[(&str, &str)], &Setting, bool) -> Ruling,
) -> Option<Correction> {
    let (document, index) = place?;
    let (name, text, _) = parsed.get(document)?;
    let mut narrowed = statement(text, index)?;
    let members = narrowed.as_object_mut()?;
    members.shift_remove("NotPrincipal");
    let account = format!("arn:{}:iam::{}:root", setting.partition, setting.account);
    members.insert("Principal".into(), json!({"AWS": account}));
    let instruction = format!(
        "replace statement {} of the {name} by this one, which lets the own account in; name the callers you mean if \
         fewer are enough",
        index + 1
    );
    let others: Vec<(&str, &str)> = parsed
        .iter()
        .enumerate()
        .filter(|(place, _)| *place != document)
        .map(|(_, (name, text, _))| (*name, *text))
        .collect();
    correction(Some(text), &Change::Replace(index, vec![narrowed]), &instruction, question, |corrected| {
        let mut all = others;
        all.push((name, corrected));
        judged(&all, setting, false)
    })
}
