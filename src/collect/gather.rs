//! Runs the walk to its end and puts the evidence together: which subject plays which part, which names mean the same
//! key, which values are published defaults.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::pin::Pin;

use futures_util::stream::{FuturesUnordered, StreamExt};
use tap_audit_checks::cloudformation::{Holder, Stack};
use tap_audit_checks::evidence::{Account, Evidence, Run};
use tap_audit_checks::lambda::{Configuration, Environment, Function, PublishedDefault};
use tap_audit_checks::observed::{Gap, Observed, Seen};
use tap_audit_checks::outputs::{InFile, LiveOutput, LiveValue, Output, Outputs, Resolved};
use tap_audit_checks::s3::{Bucket, EventRule, Switch};
use tap_audit_checks::subject::{Attributes, Kind, Resource, Role, RoleDoubt, Subject};

use crate::collect::call::Aws;
use crate::collect::{
    Collected, Reference, Relation, Scope, Walk, cloudformation, cloudtrail, eventbridge, iam, kms, lambda, logs, s3,
    s3control, sts,
};
use crate::outputs::RawOutput;
use crate::resolve::{self, Resolution};

/// What the walk starts from.
#[derive(Debug)]
pub struct Request {
    /// The outputs, exactly as read.
    pub outputs: Vec<RawOutput>,
    /// The path of the outputs file; `None` when the stack's live outputs are used.
    pub outputs_file: Option<String>,
    /// SHA-256 of the outputs file.
    pub outputs_sha256: Option<String>,
    /// The region of the run.
    pub region: String,
    /// The environment suffix that the user gave.
    pub environment_suffix: Option<String>,
    /// Whether the answers come from elsewhere than AWS.
    pub emulated: bool,
}

/// Why there is no evidence to judge (rule U5).
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// AWS did not say who is asking.
    #[error("cannot find out who is asking: {0}")]
    Caller(Gap),
    /// AWS refused the credentials.
    #[error("AWS refused the credentials: {0}")]
    Credentials(String),
    /// The outputs name another account than the caller's.
    #[error("the outputs belong to account {outputs}, and the credentials to account {caller}")]
    WrongAccount {
        /// The account of the outputs.
        outputs: String,
        /// The account of the caller.
        caller: String,
    },
}

impl CollectError {
    /// What to do about it.
    pub fn help(&self) -> &'static str {
        match self {
            CollectError::Caller(_) => "check the network and the credentials with `aws sts get-caller-identity`",
            CollectError::Credentials(_) => "renew them, and check with `aws sts get-caller-identity`",
            CollectError::WrongAccount { .. } => {
                "use credentials of the account that the stack is in (AWS_PROFILE), or pass the outputs of the other stack"
            }
        }
    }
}

/// One part of an output with what it names.
pub(crate) struct Part {
    key: String,
    value: String,
    stack_key: String,
    resolution: Resolution,
}

/// Splits outputs into parts and resolves each.
pub(crate) fn parts(outputs: &[RawOutput]) -> Vec<Part> {
    let mut parts = Vec::new();
    for output in outputs {
        for (key, value) in output.parts() {
            let resolution = resolve::resolve(&output.key, &value);
            parts.push(Part { key, value, stack_key: output.key.clone(), resolution });
        }
    }
    parts
}

impl Part {
    /// The key to show the part under.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// The exact value; show it through [`resolve::mask`] only.
    pub(crate) fn value(&self) -> &str {
        &self.value
    }

    /// Why it names nothing.
    pub(crate) fn reason(&self) -> Option<&str> {
        match &self.resolution {
            Resolution::Resolved(_) => None,
            Resolution::Unresolved(reason) => Some(reason),
        }
    }

    /// The subject that it names, for the kinds that are subjects of their own: kind, id and ARN.
    pub(crate) fn subject(&self) -> Option<(Kind, String, Option<String>)> {
        let resolved = self.resolved()?;
        let kind = Kind::named(&resolved.kind)?;
        match kind {
            Kind::Outputs | Kind::Stack | Kind::Account => None,
            Kind::Bucket | Kind::Function | Kind::Key | Kind::LogGroup | Kind::Role => {
                Some((kind, resolved.id.clone(), resolved.arn.clone()))
            }
        }
    }

    /// What it names.
    pub(crate) fn resolved(&self) -> Option<&Resolved> {
        match &self.resolution {
            Resolution::Resolved(resolved) => Some(resolved),
            Resolution::Unresolved(_) => None,
        }
    }
}

/// The account, partition and region that most outputs name.
pub fn place(outputs: &[RawOutput]) -> (Option<String>, Option<String>, Option<String>) {
    let parts = parts(outputs);
    let resolved = || parts.iter().filter_map(Part::resolved);
    let partition = resolved().filter_map(|named| named.arn.as_deref()?.split(':').nth(1)).map(str::to_owned);
    (
        most(resolved().filter_map(|named| named.account.clone())),
        most(partition),
        most(resolved().filter_map(|named| named.region.clone())),
    )
}

fn most(names: impl Iterator<Item = String>) -> Option<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for name in names.filter(|name| !name.is_empty()) {
        *counts.entry(name).or_insert(0) += 1;
    }
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map(|(name, _)| name)
}

enum Done {
    Subject(Reference, Box<Collected>),
    Qualified(Reference, String, Box<lambda::Qualified>),
    Account(Box<Account>),
    Stack(Box<Stack>),
    Holder(Reference, Seen<Holder>),
    PolicyHolder(String, Seen<Holder>),
    Rules(Reference, Seen<Vec<EventRule>>),
}

type Job<'j> = Pin<Box<dyn Future<Output = Done> + 'j>>;

/// Collects the evidence of everything that the outputs name and what those things rest on.
///
/// # Errors
/// When AWS does not say who is asking, refuses the credentials, or the caller is in another account.
pub async fn gather(aws: &Aws, scope: &Scope, request: Request) -> Result<Evidence, CollectError> {
    let started_at = aws.now();
    let (account, partition, _) = place(&request.outputs);
    // Outputs that hold an ARN name the account, and the walk need not wait for the caller's.
    let (account, early) = match account {
        Some(account) => (account, None),
        None => {
            let caller = caller(aws, &request.region).await?;
            (caller.account.clone(), Some(caller))
        }
    };
    let partition = partition
        .or_else(|| early.as_ref().and_then(|caller| caller.arn.split(':').nth(1).map(str::to_owned)))
        .unwrap_or_else(|| "aws".to_owned());
    let walk = Walk::new(aws, scope, &account, &partition, &request.region);
    let (caller, gathered) = match early {
        Some(caller) => (caller, drive(&walk, &request).await),
        None => {
            let (caller, gathered) = tokio::join!(caller(aws, &request.region), drive(&walk, &request));
            (caller?, gathered)
        }
    };
    if let Some(refusal) = aws.refused() {
        return Err(CollectError::Credentials(refusal));
    }
    if caller.account != account {
        return Err(CollectError::WrongAccount { outputs: account, caller: caller.account });
    }
    let subjects = subjects(&walk, &request, gathered);
    Ok(Evidence {
        run: Run {
            started_at,
            finished_at: aws.now(),
            account,
            partition,
            caller_arn: caller.arn,
            region: request.region,
            endpoint: aws.endpoint().to_owned(),
            emulated: request.emulated,
            outputs_file: request.outputs_file,
            outputs_sha256: request.outputs_sha256,
            environment_suffix: request.environment_suffix,
            stack_name: scope.stack_name.clone(),
        },
        subjects,
        not_covered: walk.not_covered.take().into_iter().collect(),
        calls: aws.ledger(),
    })
}

async fn caller(aws: &Aws, region: &str) -> Result<sts::Caller, CollectError> {
    let caller = sts::caller(aws, region).await;
    if let Some(refusal) = aws.refused() {
        return Err(CollectError::Credentials(refusal));
    }
    match caller.observed() {
        Observed::Present(caller) => Ok(caller.clone()),
        Observed::Unknown(gap) => Err(CollectError::Caller(gap.clone())),
        Observed::Absent => Err(CollectError::Caller(Gap::undecided("GetCallerIdentity answered nothing"))),
    }
}

/// Everything that the walk brought back.
struct Gathered {
    relations: BTreeMap<Reference, BTreeSet<Relation>>,
    collected: BTreeMap<Reference, Collected>,
    qualified: BTreeMap<Reference, BTreeMap<String, lambda::Qualified>>,
    account: Option<Box<Account>>,
    stacks: Vec<Stack>,
    holders: BTreeMap<Reference, Seen<Holder>>,
    policy_holders: BTreeMap<String, Seen<Holder>>,
    rules: BTreeMap<Reference, Seen<Vec<EventRule>>>,
}

async fn drive(walk: &Walk<'_>, request: &Request) -> Gathered {
    let mut gathered = Gathered {
        relations: BTreeMap::new(),
        collected: BTreeMap::new(),
        qualified: BTreeMap::new(),
        account: None,
        stacks: Vec::new(),
        holders: BTreeMap::new(),
        policy_holders: BTreeMap::new(),
        rules: BTreeMap::new(),
    };
    let named = parts(&request.outputs);
    for part in &named {
        if let Some(reference) = part.resolved().and_then(|resolved| reference(walk, resolved)) {
            walk.reach(reference, Relation::Output { key: part.key.clone() });
        }
    }
    let mut jobs: FuturesUnordered<Job<'_>> = FuturesUnordered::new();
    jobs.push(Box::pin(async { Done::Account(Box::new(account(walk).await)) }));
    let wanted = match &walk.scope.stack_name {
        Some(name) => cloudformation::Wanted::Named(name.clone()),
        None => cloudformation::Wanted::HoldingOneOf(physical_ids(walk, &named)),
    };
    jobs.push(stack_job(walk, wanted));
    let stage = Cell::new(Stage::Walking);
    loop {
        for (reference, relation) in walk.take_found() {
            enqueue(walk, &mut gathered, &mut jobs, reference, relation);
        }
        if jobs.is_empty() {
            match stage.get() {
                Stage::Walking => {
                    stage.set(Stage::Holders);
                    let stalled = stalled_lookup(&gathered);
                    for reference in unheld(&gathered) {
                        match &stalled {
                            None => jobs.push(holder_job(walk, reference)),
                            Some(gap) => drop(gathered.holders.insert(reference, gap.clone())),
                        }
                    }
                    for arn in attached_policies(&gathered) {
                        match &stalled {
                            None => jobs.push(policy_holder_job(walk, arn)),
                            Some(gap) => drop(gathered.policy_holders.insert(arn, gap.clone())),
                        }
                    }
                    for reference in event_driven(&gathered) {
                        jobs.push(rules_job(walk, reference));
                    }
                }
                Stage::Holders => {
                    stage.set(Stage::OtherStacks);
                    for stack in other_stacks(&gathered) {
                        jobs.push(stack_job(walk, cloudformation::Wanted::Named(stack)));
                    }
                }
                Stage::OtherStacks => break,
            }
            continue;
        }
        tokio::select! {
            () = walk.news.notified() => {}
            Some(done) = jobs.next() => match done {
                Done::Subject(reference, collected) => {
                    gathered.collected.insert(reference, *collected);
                }
                Done::Qualified(reference, qualifier, qualified) => {
                    gathered.qualified.entry(reference).or_default().insert(qualifier, *qualified);
                }
                Done::Account(account) => gathered.account = Some(account),
                Done::Stack(stack) => gathered.stacks.push(*stack),
                Done::Holder(reference, holder) => {
                    gathered.holders.insert(reference, holder);
                }
                Done::PolicyHolder(arn, holder) => {
                    gathered.policy_holders.insert(arn, holder);
                }
                Done::Rules(reference, rules) => {
                    gathered.rules.insert(reference, rules);
                }
            },
        }
    }
    gathered
}

#[derive(Clone, Copy)]
enum Stage {
    Walking,
    Holders,
    OtherStacks,
}

fn enqueue<'w>(
    walk: &'w Walk<'_>,
    gathered: &mut Gathered,
    jobs: &mut FuturesUnordered<Job<'w>>,
    reference: Reference,
    relation: Relation,
) {
    if let Relation::NotifiedBy { qualifier: Some(qualifier), .. } = &relation {
        let known = gathered.relations.get(&reference).is_some_and(|relations| relations.contains(&relation));
        if !known {
            let (reference, qualifier) = (reference.clone(), qualifier.clone());
            jobs.push(Box::pin(async move {
                let qualified = lambda::qualified(walk, &reference.id, &qualifier, &reference.region).await;
                Done::Qualified(reference, qualifier, Box::new(qualified))
            }));
        }
    }
    let is_new = !gathered.relations.contains_key(&reference);
    gathered.relations.entry(reference.clone()).or_default().insert(relation);
    if is_new {
        jobs.push(Box::pin(async move {
            let (id, region) = (reference.id.as_str(), reference.region.as_str());
            let collected = match reference.kind {
                Kind::Bucket => s3::bucket(walk, id, region).await,
                Kind::Function => lambda::function(walk, id, region).await,
                Kind::Key => kms::key(walk, id, region).await,
                Kind::LogGroup => logs::group(walk, id, region).await,
                Kind::Role => iam::role(walk, id).await,
                Kind::Outputs | Kind::Stack | Kind::Account => Collected {
                    existence: Seen::gap(Gap::undecided(format!("{} is not reached by walking", reference.kind))),
                    arn: None,
                    region: None,
                    resource: tap_audit_checks::subject::unseen(
                        reference.kind,
                        &Gap::undecided(format!("{} is not reached by walking", reference.kind)),
                    ),
                },
            };
            Done::Subject(reference, Box::new(collected))
        }));
    }
}

fn stack_job<'w>(walk: &'w Walk<'_>, wanted: cloudformation::Wanted) -> Job<'w> {
    Box::pin(async move { Done::Stack(Box::new(cloudformation::root_stack(walk, &wanted, &walk.region).await)) })
}

fn holder_job<'w>(walk: &'w Walk<'_>, reference: Reference) -> Job<'w> {
    Box::pin(async move {
        let holder = cloudformation::holder(walk, reference.kind.name(), &reference.id, &reference.region).await;
        Done::Holder(reference, holder)
    })
}

fn policy_holder_job<'w>(walk: &'w Walk<'_>, arn: String) -> Job<'w> {
    Box::pin(async move {
        let holder = cloudformation::holder(walk, "AWS::IAM::ManagedPolicy", &arn, &walk.region).await;
        Done::PolicyHolder(arn, holder)
    })
}

fn rules_job<'w>(walk: &'w Walk<'_>, function: Reference) -> Job<'w> {
    Box::pin(async move {
        let arn =
            format!("arn:{}:lambda:{}:{}:function:{}", walk.partition, function.region, walk.account, function.id);
        let rules = eventbridge::rules_targeting(walk, &function.region, &arn).await;
        Done::Rules(function, rules)
    })
}

async fn account(walk: &Walk<'_>) -> Account {
    let (public_access_block, trails, event_data_stores) = tokio::join!(
        s3control::public_access_block(walk),
        cloudtrail::trails(walk, &walk.region),
        cloudtrail::event_data_stores(walk, &walk.region),
    );
    Account { public_access_block, trails, event_data_stores }
}

/// The reference of a resolved output, for the kinds that are subjects of their own.
fn reference(walk: &Walk<'_>, resolved: &Resolved) -> Option<Reference> {
    let region = resolved.region.clone().unwrap_or_else(|| walk.region.clone());
    let named = resolved.arn.as_deref().unwrap_or(&resolved.id);
    let kind = match resolved.kind.as_str() {
        "AWS::KMS::Alias" => Kind::Key,
        name => Kind::named(name)?,
    };
    match kind {
        Kind::Outputs | Kind::Stack | Kind::Account => None,
        Kind::Key => Some(walk.key_reference(named, &region)),
        Kind::Role | Kind::Bucket => Some(Reference { kind, id: resolved.id.clone(), region: walk.region.clone() }),
        Kind::Function | Kind::LogGroup => Some(Reference { kind, id: resolved.id.clone(), region }),
    }
}

/// Physical ids by which the stack can be looked for, in the order of the outputs, each once.
fn physical_ids(walk: &Walk<'_>, parts: &[Part]) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for reference in parts.iter().filter_map(Part::resolved).filter_map(|resolved| reference(walk, resolved)) {
        if !ids.contains(&reference.id) {
            ids.push(reference.id);
        }
    }
    ids
}

/// Resources that no listing holds yet and that a stack could hold.
fn unheld(gathered: &Gathered) -> Vec<Reference> {
    let is_member =
        |relations: &BTreeSet<Relation>| relations.iter().any(|relation| matches!(relation, Relation::Member { .. }));
    gathered
        .relations
        .iter()
        .filter(|(reference, relations)| {
            let is_alias = reference.kind == Kind::Key && reference.id.starts_with("alias/");
            !is_member(relations) && !is_alias
        })
        .map(|(reference, _)| reference.clone())
        .collect()
}

/// The lookup of the stack by a resource, where it was tried again and again and got no answer: trying as often for every
/// other resource would take as long once more.
fn stalled_lookup(gathered: &Gathered) -> Option<Seen<Holder>> {
    gathered.stacks.iter().find_map(|stack| match stack.identity.observed() {
        Observed::Unknown(
            gap @ (Gap::TimedOut { .. } | Gap::Throttled { .. } | Gap::Failed { .. } | Gap::Unparsable { .. }),
        ) => Some(Seen::new(Observed::Unknown(gap.clone()), stack.identity.calls().to_vec())),
        Observed::Unknown(_) | Observed::Present(_) | Observed::Absent => None,
    })
}

/// The customer-managed policies that are attached to the roles; AWS's own belong to no stack.
fn attached_policies(gathered: &Gathered) -> BTreeSet<String> {
    let roles = gathered.collected.values().filter_map(|collected| {
        <tap_audit_checks::iam::Role as tap_audit_checks::subject::Attributes>::of(&collected.resource)
    });
    let attached = roles.filter_map(|role| match role.attached_policies.observed() {
        Observed::Present(arns) => Some(arns.iter()),
        Observed::Absent | Observed::Unknown(_) => None,
    });
    attached.flatten().filter(|arn| arn.split(':').nth(4) != Some("aws")).cloned().collect()
}

/// Functions whose EventBridge rules matter: all, as soon as one bucket sends its events there.
fn event_driven(gathered: &Gathered) -> Vec<Reference> {
    let sends_events =
        |collected: &Collected| match Bucket::of(&collected.resource).map(|bucket| bucket.notifications.observed()) {
            Some(Observed::Present(notifications)) => notifications.event_bridge == Switch::On,
            Some(Observed::Absent | Observed::Unknown(_)) | None => false,
        };
    if !gathered.collected.values().any(sends_events) {
        return Vec::new();
    }
    gathered.relations.keys().filter(|reference| reference.kind == Kind::Function).cloned().collect()
}

/// Stacks beside the first that hold a resource which an output names: a file may be merged from several.
fn other_stacks(gathered: &Gathered) -> Vec<String> {
    let mut names = BTreeSet::new();
    for (reference, holder) in &gathered.holders {
        let named_by_output = gathered
            .relations
            .get(reference)
            .is_some_and(|relations| relations.iter().any(|relation| matches!(relation, Relation::Output { .. })));
        if let (true, Observed::Present(holder)) = (named_by_output, holder.observed())
            && !holder.status.starts_with("DELETE")
        {
            names.insert(holder.stack.clone());
        }
    }
    for stack in &gathered.stacks {
        if let Observed::Present(identity) = stack.identity.observed() {
            names.remove(&identity.name);
        }
    }
    names.into_iter().collect()
}

fn subjects(walk: &Walk<'_>, request: &Request, mut gathered: Gathered) -> Vec<Subject> {
    fold_aliases(walk, &mut gathered);
    let hints = Hints::of(&gathered);
    let mut subjects = vec![outputs_subject(walk, request)];
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

/// An alias that led to a key is another name of that key, not a second subject.
fn fold_aliases(walk: &Walk<'_>, gathered: &mut Gathered) {
    let aliases: Vec<Reference> = gathered
        .collected
        .keys()
        .filter(|reference| reference.kind == Kind::Key && reference.id.starts_with("alias/"))
        .cloned()
        .collect();
    for alias in aliases {
        let target = gathered
            .collected
            .get(&alias)
            .and_then(|collected| collected.arn.as_deref())
            .map(|arn| walk.key_reference(arn, &alias.region));
        if let Some(target) = target.filter(|target| *target != alias && gathered.collected.contains_key(target)) {
            gathered.collected.remove(&alias);
            let relations = gathered.relations.remove(&alias);
            let known = gathered.relations.entry(target).or_default();
            known.insert(Relation::NamedBy { name: alias.id.clone() });
            known.extend(relations.into_iter().flatten());
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
                    Relation::Output { .. }
                    | Relation::Member { .. }
                    | Relation::RoleOf { .. }
                    | Relation::LogGroupOf { .. }
                    | Relation::NotifiedBy { .. }
                    | Relation::LogTargetOf { .. } => {}
                }
            }
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
        Resource::Outputs(_) | Resource::Stack(_) | Resource::Account(_) | Resource::Role(_) | Resource::Nothing(_) => {
        }
    }
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
    subject.region = collected.region.or_else(|| (reference.kind != Kind::Role).then(|| reference.region.clone()));
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
            | Relation::LogTargetOf { .. } => {}
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
        }
    }

    /// The access logging of another bucket that could not be read: this one may be its target.
    fn logging_beside(&self, bucket: &str) -> Option<&Seen<()>> {
        self.logging.iter().find(|(name, _)| *name != bucket).map(|(_, unread)| unread)
    }
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
    if let Some(relation) = log_target {
        return (Role::Supporting, format!("it is the {relation}"), None);
    }
    let log_target = match reference.kind {
        Kind::Bucket => doubt(&[Role::Supporting], hints.logging_beside(&reference.id)),
        Kind::Outputs | Kind::Stack | Kind::Account | Kind::Function | Kind::Key | Kind::LogGroup | Kind::Role => None,
    };
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
    if let Some(relation) = relations.iter().find(|relation| matches!(relation, Relation::LogGroupOf { .. })) {
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

fn outputs_subject(walk: &Walk<'_>, request: &Request) -> Subject {
    let live = walk.live_outputs.borrow();
    let mut entries = Vec::new();
    let values: HashMap<&str, &str> =
        request.outputs.iter().map(|output| (output.key.as_str(), output.value.as_str())).collect();
    for part in parts(&request.outputs) {
        let (value, secret) = resolve::mask(&part.stack_key, &part.value);
        let (resolved, reason) = match part.resolution {
            Resolution::Resolved(resolved) => (Some(resolved), None),
            Resolution::Unresolved(reason) => (None, Some(reason)),
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
