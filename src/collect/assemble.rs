//! Puts the evidence of each subject together when the walk is over: which part it plays, which names mean the same key,
//! which values are published defaults, what the outputs resolve to.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use tap_audit_checks::cloudformation::{Holder, Stack};
use tap_audit_checks::lambda::{Configuration, Environment, Function, PublishedDefault};
use tap_audit_checks::observed::{Gap, Observed, Seen};
use tap_audit_checks::outputs::{InFile, LiveOutput, LiveValue, Output, Outputs, Resolved};
use tap_audit_checks::rds::Password;
use tap_audit_checks::s3::{Bucket, EventRule};
use tap_audit_checks::secretsmanager;
use tap_audit_checks::subject::{Attributes, Kind, Resource, Role, RoleDoubt, Subject};

use crate::collect::gather::{Gathered, Request, other_reference, parts};
use crate::collect::{Collected, Reference, Relation, Walk, efs, elasticache, lambda, rds};
use crate::resolve::{self, Resolution};

pub(super) fn subjects(walk: &Walk<'_>, request: &Request, mut gathered: Gathered) -> Vec<Subject> {
    fold_aliases(walk, &mut gathered);
    tie_to_outputs(walk, request, &mut gathered);
    let hints = Hints::of(&gathered);
    let mut subjects = vec![outputs_subject(walk, request, &gathered.stacks)];
    let holders: BTreeMap<String, Seen<Holder>> = gathered
        .holders
        .iter()
        .map(|(reference, holder)| (format!("{} {}", reference.kind, reference.id), holder.clone()))
        .chain(
            gathered
                .policy_holders
                .iter()
                .map(|(arn, holder)| (format!("AWS::IAM::ManagedPolicy {arn}"), holder.clone())),
        )
        .collect();
    for mut stack in std::mem::take(&mut gathered.stacks) {
        stack.holders = holders.clone();
        subjects.push(stack_subject(walk, stack));
    }
    if let Some(account) = gathered.account.take() {
        let mut subject = Subject::new(Kind::Account, &walk.account, Resource::Account(account));
        subject.region = Some(walk.region.clone());
        subject.role_reason = "the account that holds everything".into();
        subject.reached_by = vec!["the caller's account".into()];
        subjects.push(subject);
    }
    let rules = merge_rules(&gathered.rules);
    let roles = role_arns(&gathered);
    for (reference, mut collected) in std::mem::take(&mut gathered.collected) {
        let Some(relations) = gathered.relations.remove(&reference) else { continue };
        settle(walk, &reference, &relations, &mut collected, gathered.qualified.remove(&reference), rules.as_ref());
        if reference.kind == Kind::Role && collected.arn.is_none() {
            collected.arn = roles.get(&reference.id).cloned();
        }
        subjects.push(subject(&reference, &relations, collected, &hints));
    }
    subjects.sort_by(|one, other| {
        (one.kind, one.role, &one.id, &one.region).cmp(&(other.kind, other.role, &other.id, &other.region))
    });
    subjects
}

/// The ARNs of execution roles, which only the functions' configurations tell whole: a role's path is not in its name.
fn role_arns(gathered: &Gathered) -> BTreeMap<String, String> {
    let mut arns = BTreeMap::new();
    for function in gathered.collected.values().filter_map(|collected| Function::of(&collected.resource)) {
        if let Observed::Present(configuration) = function.configuration.observed()
            && let Observed::Present(arn) = &configuration.role
            && let Some((_, name)) = arn.rsplit_once('/')
        {
            arns.insert(name.to_owned(), arn.clone());
        }
    }
    arns
}

/// An alias that led to a key is another name of that key, not a second subject; so is a part that led to its whole, and
/// the name of a load balancer, which stacks know by its ARN.
fn fold_aliases(walk: &Walk<'_>, gathered: &mut Gathered) {
    let aliases: Vec<Reference> =
        gathered.collected.keys().filter(|reference| reference.leads_elsewhere()).cloned().collect();
    for alias in aliases {
        let arn = gathered.collected.get(&alias).and_then(|collected| collected.arn.as_deref());
        let target = arn.and_then(|arn| match alias.kind {
            Kind::Key => Some(walk.key_reference(arn, &alias.region)),
            kind => other_reference(walk, kind, arn, &alias.region),
        });
        if let Some(target) = target.filter(|target| *target != alias && gathered.collected.contains_key(target)) {
            gathered.collected.remove(&alias);
            let relations = gathered.relations.remove(&alias);
            let known = gathered.relations.entry(target).or_default();
            known.insert(Relation::NamedBy { name: alias.id.clone() });
            // The part is a member of the stack under its own name; the whole need not be one.
            let is_its_own = |relation: &Relation| matches!(relation, Relation::Member { .. });
            known.extend(relations.into_iter().flatten().filter(|relation| !is_its_own(relation)));
        }
    }
}

fn merge_rules(rules: &BTreeMap<Reference, Seen<Vec<EventRule>>>) -> Option<Seen<Vec<EventRule>>> {
    let mut merged: Option<Seen<Vec<EventRule>>> = None;
    for seen in rules.values() {
        merged = Some(match merged {
            None => seen.clone(),
            Some(known) => match (known.observed(), seen.observed()) {
                (Observed::Present(one), Observed::Present(other)) => {
                    let all = one.iter().chain(other).cloned().collect();
                    Seen::new(Observed::Present(all), known.calls().to_vec()).resting_on(seen.calls())
                }
                (Observed::Unknown(_), _) | (_, Observed::Absent) => known,
                (Observed::Present(_) | Observed::Absent, _) => seen.clone(),
            },
        });
    }
    merged
}

/// Fills in what only the whole walk knows.
fn settle(
    walk: &Walk<'_>,
    reference: &Reference,
    relations: &BTreeSet<Relation>,
    collected: &mut Collected,
    qualified: Option<BTreeMap<String, lambda::Qualified>>,
    rules: Option<&Seen<Vec<EventRule>>>,
) {
    match &mut collected.resource {
        Resource::Function(function) => {
            for (qualifier, found) in qualified.into_iter().flatten() {
                function.qualified.insert(qualifier.clone(), found.configuration);
                function.policies.insert(qualifier.clone(), found.policy);
                function.event_invoke.insert(qualifier, found.event_invoke);
            }
            let settle = |qualifier: &str, configuration: &mut Seen<Configuration>| {
                *configuration = settle_defaults(walk, &reference.id, qualifier, configuration.clone());
            };
            settle("$LATEST", &mut function.configuration);
            for (qualifier, configuration) in &mut function.qualified {
                settle(qualifier, configuration);
            }
        }
        Resource::Key(key) => {
            key.named_by.insert(reference.id.clone());
            key.named_by.extend(collected.arn.clone());
            for relation in relations {
                match relation {
                    Relation::KeyOf { kind, id, named } => {
                        key.named_by.insert(named.clone());
                        key.encrypts.insert(format!("{kind} {id}"));
                    }
                    Relation::NamedBy { name } => {
                        let (region, account) = (&reference.region, &walk.account);
                        key.named_by.insert(format!("arn:{}:kms:{region}:{account}:{name}", walk.partition));
                        key.named_by.insert(name.clone());
                    }
                    Relation::OfTrail { trail, .. } => {
                        key.encrypts.insert(format!("trail {trail}"));
                    }
                    Relation::Output { .. }
                    | Relation::Member { .. }
                    | Relation::RoleOf { .. }
                    | Relation::LogGroupOf { .. }
                    | Relation::NotifiedBy { .. }
                    | Relation::LogTargetOf { .. }
                    | Relation::Of { .. } => {}
                }
            }
        }
        Resource::Database(database) => {
            for relation in relations {
                match relation {
                    Relation::NamedBy { name } => {
                        database.named_by.extend(rds::names_of(walk, name, &reference.region));
                    }
                    Relation::Member { stack, logical_id } if !reference.leads_elsewhere() => {
                        database.password = password(walk, stack, logical_id);
                    }
                    Relation::Member { .. }
                    | Relation::Output { .. }
                    | Relation::KeyOf { .. }
                    | Relation::RoleOf { .. }
                    | Relation::LogGroupOf { .. }
                    | Relation::NotifiedBy { .. }
                    | Relation::LogTargetOf { .. }
                    | Relation::OfTrail { .. }
                    | Relation::Of { .. } => {}
                }
            }
        }
        Resource::FileSystem(file_system) => {
            for relation in relations {
                if let Relation::NamedBy { name } = relation {
                    file_system.named_by.extend(efs::names_of(walk, name, &reference.region));
                }
            }
        }
        Resource::Cache(cache) => {
            for relation in relations {
                if let Relation::NamedBy { name } = relation {
                    cache.named_by.extend(elasticache::names_of(walk, name, &reference.region));
                }
            }
        }
        Resource::Secret(secret) => {
            for relation in relations {
                if let Relation::NamedBy { name } = relation {
                    secret.named_by.insert(name.clone());
                }
            }
            secret.references = secret_references(walk, &reference.id);
        }
        Resource::LogGroup(group) => {
            for relation in relations {
                if let Relation::LogGroupOf { function } = relation {
                    group.writers.push(function.clone());
                }
            }
        }
        Resource::Bucket(bucket) => {
            if let Some(rules) = rules {
                bucket.event_rules = rules.clone();
            }
        }
        Resource::Outputs(_)
        | Resource::Stack(_)
        | Resource::Account(_)
        | Resource::Role(_)
        | Resource::ManagedPolicy(_)
        | Resource::Topic(_)
        | Resource::Alarm(_)
        | Resource::Vpc(_)
        | Resource::SecurityGroup(_)
        | Resource::LoadBalancer(_)
        | Resource::Cluster(_)
        | Resource::Service(_)
        | Resource::TaskDefinition(_)
        | Resource::RestApi(_)
        | Resource::WebAcl(_)
        | Resource::Nothing(_) => {}
    }
}

/// The dynamic references to a secret in the templates of all stacks. One template that could not be read may hold more.
fn secret_references(walk: &Walk<'_>, id: &str) -> Seen<Vec<secretsmanager::Reference>> {
    let of_stacks = walk.secret_references.borrow();
    if of_stacks.is_empty() {
        let why = "no template was read that could refer to the secret";
        return Seen::gap(Gap::depends_on("stack-managed-by-cloudformation", why));
    }
    let mut found = Vec::new();
    let mut calls = Vec::new();
    for references in of_stacks.values() {
        match references.observed() {
            Observed::Present(all) => {
                found.extend(all.iter().filter(|one| secretsmanager::is_same(id, &one.named)).cloned());
            }
            Observed::Absent => {}
            Observed::Unknown(_) => return references.clone(),
        }
        calls.extend(references.calls().iter().cloned());
    }
    Seen::new(Observed::Present(found), calls)
}

/// Where the template of the stack that holds a database takes its master password from.
fn password(walk: &Walk<'_>, stack: &str, logical_id: &str) -> Seen<Password> {
    let passwords = walk.passwords.borrow();
    let Some(of_stack) = passwords.get(stack) else {
        return Seen::gap(Gap::undecided(format!("the template of the stack {stack} was not read in this run")));
    };
    of_stack.clone().and_then(|passwords| match passwords.get(logical_id) {
        Some(password) => password.clone(),
        None => Observed::Unknown(Gap::undecided(format!("the template of the stack {stack} holds no {logical_id}"))),
    })
}

/// Compares environment values with the defaults of the templates that were read: by digest, because the values are gone.
fn settle_defaults(
    walk: &Walk<'_>,
    function: &str,
    qualifier: &str,
    configuration: Seen<Configuration>,
) -> Seen<Configuration> {
    let (values, defaults) = (walk.values.borrow(), walk.defaults.borrow());
    let read = walk.defaults_read.borrow();
    let calls: Vec<String> = read.as_ref().map_or_else(Vec::new, |read| read.calls().to_vec());
    configuration.map(|mut configuration| {
        if let Observed::Present(Environment::Readable(variables)) = &mut configuration.environment {
            for variable in variables {
                if *variable.published_default.observed() == Observed::Present(PublishedDefault::KnownList) {
                    continue;
                }
                let key = (function.to_owned(), qualifier.to_owned(), variable.name.clone());
                let compared = match (values.get(&key), read.as_ref().map(Seen::observed)) {
                    (Some(digest), _) if defaults.contains(digest) => {
                        Observed::Present(PublishedDefault::TemplateDefault)
                    }
                    (Some(_), Some(Observed::Present(()))) => Observed::Present(PublishedDefault::No),
                    (Some(_), Some(Observed::Unknown(gap))) => Observed::Unknown(gap.clone()),
                    (Some(_), Some(Observed::Absent) | None) => Observed::Unknown(Gap::undecided(
                        "no template was read, so the value cannot be compared with its defaults",
                    )),
                    (None, _) => {
                        Observed::Unknown(Gap::undecided("the value was not kept for the comparison with defaults"))
                    }
                };
                variable.published_default = Seen::new(compared, calls.clone());
            }
        }
        configuration
    })
}

fn subject(reference: &Reference, relations: &BTreeSet<Relation>, collected: Collected, hints: &Hints) -> Subject {
    let mut subject = Subject::new(reference.kind, &reference.id, collected.resource);
    subject.arn = collected.arn;
    let is_global = matches!(reference.kind, Kind::Role | Kind::ManagedPolicy);
    subject.region = collected.region.or_else(|| (!is_global).then(|| reference.region.clone()));
    subject.existence = collected.existence;
    subject.reached_by = relations.iter().map(Relation::to_string).collect();
    for relation in relations {
        match relation {
            Relation::Output { key } if subject.output_key.is_none() => subject.output_key = Some(key.clone()),
            Relation::Member { stack, logical_id } => {
                subject.stack = Some(stack.clone());
                subject.logical_id = Some(logical_id.clone());
            }
            Relation::Output { .. }
            | Relation::RoleOf { .. }
            | Relation::KeyOf { .. }
            | Relation::NamedBy { .. }
            | Relation::LogGroupOf { .. }
            | Relation::NotifiedBy { .. }
            | Relation::LogTargetOf { .. }
            | Relation::OfTrail { .. }
            | Relation::Of { .. } => {}
        }
    }
    (subject.role, subject.role_reason, subject.role_doubt) = role(reference, relations, &subject, hints);
    subject
}

/// What tells the part that a resource plays, and what of it could not be read.
struct Hints {
    listing_is_known: bool,
    /// The stack's listing, where there is a stack and the listing could not be read.
    listing: Option<Seen<()>>,
    /// What stacks hold, by the lookup of each resource.
    held: BTreeSet<Reference>,
    /// The access logging of buckets where it could not be read, by bucket.
    logging: BTreeMap<String, Seen<()>>,
    /// A bucket's notifications that could not be read.
    notifications: Option<Seen<()>>,
    /// The buckets that neither an output names nor a stack lists.
    beside: BTreeSet<String>,
    /// The trails that stacks hold, by name.
    trails: BTreeSet<String>,
}

impl Hints {
    fn of(gathered: &Gathered) -> Self {
        let unread = |gap: &Gap, calls: &[String]| Seen::new(Observed::Unknown(gap.clone()), calls.to_vec());
        let (mut logging, mut notifications) = (BTreeMap::new(), None);
        for (reference, bucket) in
            gathered.collected.iter().filter_map(|(at, found)| Some((at, Bucket::of(&found.resource)?)))
        {
            if let Observed::Unknown(gap) = bucket.logging.observed() {
                logging.insert(reference.id.clone(), unread(gap, bucket.logging.calls()));
            }
            if let Observed::Unknown(gap) = bucket.notifications.observed() {
                notifications.get_or_insert_with(|| unread(gap, bucket.notifications.calls()));
            }
        }
        let is_live = |holder: &Seen<Holder>| matches!(holder.observed(), Observed::Present(held) if !held.status.starts_with("DELETE"));
        Hints {
            listing_is_known: gathered
                .stacks
                .iter()
                .any(|stack| matches!(stack.members.observed(), Observed::Present(_))),
            listing: gathered.stacks.iter().find_map(|stack| {
                match (stack.identity.observed(), stack.members.observed()) {
                    (Observed::Present(_) | Observed::Unknown(_), Observed::Unknown(gap)) => {
                        Some(unread(gap, stack.members.calls()))
                    }
                    (Observed::Absent, _) | (_, Observed::Present(_) | Observed::Absent) => None,
                }
            }),
            held: gathered
                .holders
                .iter()
                .filter(|(_, holder)| is_live(holder))
                .map(|(reference, _)| reference.clone())
                .collect(),
            logging,
            notifications,
            beside: gathered
                .relations
                .iter()
                .filter(|(reference, relations)| reference.kind == Kind::Bucket && !relations.iter().any(is_of_deploy))
                .map(|(reference, _)| reference.id.clone())
                .collect(),
            trails: gathered.stacks.iter().flat_map(trails_of).collect(),
        }
    }

    /// The access logging of another bucket that could not be read: this one may be its target.
    fn logging_beside(&self, bucket: &str) -> Option<&Seen<()>> {
        self.logging.iter().find(|(name, _)| *name != bucket).map(|(_, unread)| unread)
    }
}

/// Whether a resource that is so related is the deploy's: named by an output, or listed by a stack.
fn is_of_deploy(relation: &Relation) -> bool {
    matches!(relation, Relation::Output { .. } | Relation::Member { .. })
}

/// The names of the trails that a stack's listing holds.
fn trails_of(stack: &Stack) -> Vec<String> {
    let members = match stack.members.observed() {
        Observed::Present(members) => members.as_slice(),
        Observed::Absent | Observed::Unknown(_) => &[],
    };
    let trails = members.iter().filter(|member| member.kind == "AWS::CloudTrail::Trail");
    let ids = trails.filter_map(|member| match &member.physical_id {
        Observed::Present(id) => Some(id.rsplit('/').next().unwrap_or(id).to_owned()),
        Observed::Absent | Observed::Unknown(_) => None,
    });
    ids.collect()
}

fn doubt(instead: &[Role], unread: Option<&Seen<()>>) -> Option<RoleDoubt> {
    unread.map(|unread| RoleDoubt { instead: instead.to_vec(), unread: unread.clone() })
}

/// Says what part a resource plays, and why. Where that is unclear it is primary, which is judged by the most; where it is
/// unclear because something could not be read, that is said too.
fn role(
    reference: &Reference,
    relations: &BTreeSet<Relation>,
    subject: &Subject,
    hints: &Hints,
) -> (Role, String, Option<RoleDoubt>) {
    let log_target = relations
        .iter()
        .find(|relation| matches!(relation, Relation::LogTargetOf { bucket } if *bucket != reference.id));
    if let Some(relation @ Relation::LogTargetOf { bucket }) = log_target {
        let is_own = subject.stack.is_some() || subject.output_key.is_some();
        // The log of a bucket that is itself beside the stack is no part of it either.
        if !is_own && hints.listing_is_known && hints.beside.contains(bucket) {
            return (Role::External, format!("it is the {relation}, which is not in the stack"), None);
        }
        return (Role::Supporting, format!("it is the {relation}"), None);
    }
    let log_target = match reference.kind {
        Kind::Bucket => doubt(&[Role::Supporting], hints.logging_beside(&reference.id)),
        Kind::Outputs
        | Kind::Stack
        | Kind::Account
        | Kind::Function
        | Kind::Key
        | Kind::LogGroup
        | Kind::Role
        | Kind::ManagedPolicy
        | Kind::Topic
        | Kind::Alarm
        | Kind::Vpc
        | Kind::SecurityGroup
        | Kind::LoadBalancer
        | Kind::Cluster
        | Kind::Service
        | Kind::TaskDefinition
        | Kind::Database
        | Kind::FileSystem
        | Kind::Cache
        | Kind::RestApi
        | Kind::WebAcl
        | Kind::Secret => None,
    };
    let of_trail = relations.iter().find_map(|relation| match relation {
        Relation::OfTrail { trail, .. } => Some((relation, trail)),
        _ => None,
    });
    if let (Kind::Bucket, Some((relation, trail))) = (reference.kind, of_trail)
        && (subject.stack.is_some() || subject.output_key.is_some() || hints.trails.contains(trail))
    {
        // It holds the traces of the data and not the data, whoever names it.
        return (Role::Supporting, format!("it is the {relation}"), None);
    }
    if let Some(key) = &subject.output_key {
        return (Role::Primary, format!("output {key} names it"), log_target);
    }
    if let (Some(stack), Some(logical_id)) = (&subject.stack, &subject.logical_id) {
        let notified = relations.iter().any(|relation| matches!(relation, Relation::NotifiedBy { .. }));
        if reference.kind == Kind::Function && !notified && logical_id.contains("CustomResource") {
            let reason = format!("it is {logical_id} of stack {stack}, the function of a custom resource");
            return match doubt(&[Role::Supporting], hints.notifications.as_ref()) {
                // It may be notified, and then it is in the path of the data.
                Some(doubt) => (Role::Primary, format!("{reason}, unless a bucket notifies it"), Some(doubt)),
                None => (Role::Supporting, reason, None),
            };
        }
        return (Role::Primary, format!("it is {logical_id} of stack {stack}"), log_target);
    }
    let unread = if hints.listing_is_known { None } else { hints.listing.as_ref() };
    if let (Kind::LogGroup, Some((relation, trail))) = (reference.kind, of_trail)
        && hints.trails.contains(trail)
    {
        return (Role::Supporting, format!("it is the {relation}, which the stack holds"), None);
    }
    if let Some(relation) = written_to(reference, relations) {
        return match doubt(&[Role::Supporting], unread) {
            // As a member of the stack it would be primary.
            Some(doubt) => (Role::Primary, format!("it is the {relation}, and may be the stack's"), Some(doubt)),
            None => (Role::Supporting, format!("it is the {relation}"), None),
        };
    }
    if hints.listing_is_known {
        return (Role::External, "it was reached by walking and is not in the stack".into(), None);
    }
    if hints.held.contains(reference) {
        return (Role::Primary, "a stack holds it, whose listing is not known".into(), log_target);
    }
    let instead = [Role::External, Role::Supporting];
    (Role::Primary, "no stack is known that could tell its part".into(), doubt(&instead, unread).or(log_target))
}

/// How a resource of the stack writes to this log group, where one does.
fn written_to<'r>(reference: &Reference, relations: &'r BTreeSet<Relation>) -> Option<&'r Relation> {
    if reference.kind != Kind::LogGroup {
        return None;
    }
    relations.iter().find(|relation| matches!(relation, Relation::LogGroupOf { .. } | Relation::Of { .. }))
}

fn stack_subject(walk: &Walk<'_>, stack: Stack) -> Subject {
    let (id, arn, found_by) = match stack.identity.observed() {
        Observed::Present(identity) => {
            let arn = match &identity.id {
                Observed::Present(arn) => Some(arn.clone()),
                Observed::Absent | Observed::Unknown(_) => None,
            };
            (identity.name.clone(), arn, identity.found_by.clone())
        }
        Observed::Absent => ("(none found)".to_owned(), None, "no stack holds the resources".to_owned()),
        Observed::Unknown(gap) => ("(unknown)".to_owned(), None, gap.to_string()),
    };
    let mut subject = Subject::new(Kind::Stack, id, Resource::Stack(Box::new(stack)));
    subject.arn = arn;
    subject.region = Some(walk.region.clone());
    subject.role_reason = "the stack that holds the resources".into();
    subject.reached_by = vec![found_by];
    subject
}

fn outputs_subject(walk: &Walk<'_>, request: &Request, stacks: &[Stack]) -> Subject {
    let live = walk.live_outputs.borrow();
    let mut entries = Vec::new();
    let values: HashMap<&str, &str> =
        request.outputs.iter().map(|output| (output.key.as_str(), output.value.as_str())).collect();
    for part in parts(&request.outputs) {
        let (value, secret) = resolve::mask(&part.stack_key, &part.value);
        let (resolved, reason) = match part.resolution {
            Resolution::Resolved(resolved) => (Some(resolved), None),
            Resolution::Unresolved(reason) => match listed(walk, stacks, &part.value).filter(|_| secret.is_none()) {
                Some(resolved) => (Some(resolved), None),
                None => (None, Some(reason)),
            },
        };
        let live = live_value(walk, &part.stack_key, &values);
        entries.push(Output { key: part.key, value, secret, resolved, reason, live });
    }
    let live = match live.as_ref() {
        None => Seen::new(Observed::Absent, Vec::new()),
        Some(live) => live.clone().map(|outputs| {
            let in_file = |key: &str| {
                if request.outputs.iter().any(|output| same_key(&output.key, key)) {
                    InFile::Present
                } else {
                    InFile::Missing
                }
            };
            outputs
                .into_iter()
                .map(|output| LiveOutput {
                    in_file: in_file(&output.key),
                    stack: output.stack,
                    key: output.key,
                    secret: output.secret,
                })
                .collect()
        }),
    };
    let id = request.outputs_file.clone().unwrap_or_else(|| "(live outputs of the stack)".to_owned());
    let mut subject = Subject::new(Kind::Outputs, id, Resource::Outputs(Outputs { entries, live }));
    subject.role_reason = "what the deploy wrote down".into();
    subject.reached_by = vec!["given".into()];
    subject
}

/// Notes the outputs that name a resource as only the stack's listing explains.
fn tie_to_outputs(walk: &Walk<'_>, request: &Request, gathered: &mut Gathered) {
    for part in parts(&request.outputs).into_iter().filter(|part| part.reason().is_some()) {
        let Some(named) = listed(walk, &gathered.stacks, &part.value) else { continue };
        let is_named = |reference: &Reference| reference.kind.name() == named.kind && reference.id == named.id;
        for (_, relations) in gathered.relations.iter_mut().filter(|(reference, _)| is_named(reference)) {
            relations.insert(Relation::Output { key: part.key.clone() });
        }
    }
}

/// The one resource of the stacks that has this text as its physical id: it tells what neither the form of an output nor
/// its key does.
fn listed(walk: &Walk<'_>, stacks: &[Stack], value: &str) -> Option<Resolved> {
    let members = stacks.iter().filter_map(|stack| match stack.members.observed() {
        Observed::Present(members) => Some(members.iter().filter(|member| member.is_live())),
        Observed::Absent | Observed::Unknown(_) => None,
    });
    let mut named = members.flatten().filter(|member| member.physical_id == Observed::Present(value.to_owned()));
    let only = named.next().filter(|_| named.next().is_none())?;
    Some(Resolved {
        kind: only.kind.clone(),
        id: value.to_owned(),
        arn: None,
        region: Some(walk.region.clone()),
        account: None,
        by: format!("the listing of stack {} has it as physical id of {}", only.stack, only.logical_id),
    })
}

/// Whether a key of the file is this key of the stack: equal, after a stack prefix, or before a suffix.
fn same_key(in_file: &str, in_stack: &str) -> bool {
    in_file == in_stack || in_file.ends_with(in_stack) || in_file.starts_with(in_stack)
}

/// Compares an output of the file with the stacks' live outputs by digest.
fn live_value(walk: &Walk<'_>, key: &str, values: &HashMap<&str, &str>) -> Seen<LiveValue> {
    let live = walk.live_outputs.borrow();
    let Some(live) = live.as_ref() else {
        return Seen::new(Observed::Absent, Vec::new());
    };
    let Some(value) = values.get(key) else {
        return Seen::new(Observed::Absent, live.calls().to_vec());
    };
    let digest = walk.aws.digest(value);
    live.clone().map(|outputs| {
        if outputs.iter().any(|live| live.digest == digest) {
            LiveValue::Same
        } else if outputs.iter().any(|live| same_key(key, &live.key)) {
            LiveValue::Differs
        } else {
            LiveValue::NotInStack
        }
    })
}
