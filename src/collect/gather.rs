//! Runs the walk to its end: from the outputs to the resources behind them, and from each to those it rests on.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;

use futures_util::stream::{FuturesUnordered, StreamExt};
use tap_audit_checks::cloudformation::{Holder, Stack};
use tap_audit_checks::evidence::{Account, Evidence, Run};
use tap_audit_checks::observed::{Gap, Observed, Seen};
use tap_audit_checks::outputs::Resolved;
use tap_audit_checks::s3::{Bucket, EventRule, Switch};
use tap_audit_checks::subject::{Attributes, Kind, Resource};

use crate::collect::call::Aws;
use crate::collect::{
    Collected, Reference, Relation, Scope, Walk, apigateway, assemble, cloudformation, cloudtrail, cloudwatch, config,
    ec2, ecs, efs, elasticache, elbv2, eventbridge, iam, kms, lambda, logs, network, rds, s3, s3control,
    secretsmanager, sns, sts, wafv2,
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
    pub(super) key: String,
    pub(super) value: String,
    pub(super) stack_key: String,
    pub(super) resolution: Resolution,
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
        // An alias leads to a key and an instance to a cluster, which are the subjects.
        let kind = Kind::led_to_by(&resolved.kind)?;
        match kind {
            Kind::Outputs | Kind::Stack | Kind::Account => None,
            Kind::ManagedPolicy => policy_of_account(resolved).map(|arn| (kind, arn.to_owned(), Some(arn.to_owned()))),
            Kind::Bucket
            | Kind::Function
            | Kind::Key
            | Kind::LogGroup
            | Kind::Role
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
            | Kind::Secret => Some((kind, resolved.id.clone(), resolved.arn.clone())),
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

/// The CloudFormation types of what the outputs name.
pub(crate) fn kinds(outputs: &[RawOutput]) -> BTreeSet<String> {
    parts(outputs).iter().filter_map(Part::resolved).map(|resolved| resolved.kind.clone()).collect()
}

/// The CloudFormation types of what the stack holds; none where no stack is known or its listing could not be read.
pub(crate) async fn kinds_of_stack(walk: &Walk<'_>, outputs: &[RawOutput]) -> BTreeSet<String> {
    let wanted = match &walk.scope.stack_name {
        Some(name) => cloudformation::Wanted::Named(name.clone()),
        None => cloudformation::Wanted::HoldingOneOf(physical_ids(walk, &parts(outputs))),
    };
    let stack = cloudformation::root_stack(walk, &wanted, &walk.region).await;
    match stack.members.observed() {
        Observed::Present(members) => members.iter().map(|member| member.kind.clone()).collect(),
        Observed::Absent | Observed::Unknown(_) => BTreeSet::new(),
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
    let subjects = assemble::subjects(&walk, &request, gathered);
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
            kinds: Kind::ALL.into_iter().filter(|kind| scope.looks_for(*kind)).collect(),
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
pub(super) struct Gathered {
    pub(super) relations: BTreeMap<Reference, BTreeSet<Relation>>,
    pub(super) collected: BTreeMap<Reference, Collected>,
    pub(super) qualified: BTreeMap<Reference, BTreeMap<String, lambda::Qualified>>,
    pub(super) account: Option<Box<Account>>,
    pub(super) stacks: Vec<Stack>,
    pub(super) holders: BTreeMap<Reference, Seen<Holder>>,
    pub(super) policy_holders: BTreeMap<String, Seen<Holder>>,
    pub(super) rules: BTreeMap<Reference, Seen<Vec<EventRule>>>,
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
        let named = part.resolved().and_then(|resolved| reference(walk, resolved));
        if let Some(reference) = named.filter(|reference| walk.scope.looks_for(reference.kind)) {
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
            let collected = collector(walk, &reference).await;
            Done::Subject(reference, Box::new(collected))
        }));
    }
}

type Collecting<'c> = Pin<Box<dyn Future<Output = Collected> + 'c>>;

/// What collects a resource of the reference's kind. Each is made in a frame of its own: in one frame a build without
/// optimisation keeps room for every one of them, which together is more than the stack of a thread.
fn collector<'c>(walk: &'c Walk<'_>, reference: &'c Reference) -> Collecting<'c> {
    let (id, region) = (reference.id.as_str(), reference.region.as_str());
    match reference.kind {
        Kind::Bucket => on_heap(|| s3::bucket(walk, id, region)),
        Kind::Function => on_heap(|| lambda::function(walk, id, region)),
        Kind::Key => on_heap(|| kms::key(walk, id, region)),
        Kind::LogGroup => on_heap(|| logs::group(walk, id, region)),
        Kind::Role => on_heap(|| iam::role(walk, id)),
        Kind::ManagedPolicy => on_heap(|| iam::managed_policy(walk, id)),
        Kind::Topic => on_heap(|| sns::topic(walk, id, region)),
        Kind::Alarm => on_heap(|| cloudwatch::alarm(walk, id, region)),
        Kind::Vpc => on_heap(|| ec2::vpc(walk, id, region)),
        Kind::SecurityGroup => on_heap(|| ec2::security_group(walk, id, region)),
        Kind::LoadBalancer => on_heap(|| elbv2::load_balancer(walk, id, region)),
        Kind::Cluster => on_heap(|| ecs::cluster(walk, id, region)),
        Kind::Service => on_heap(|| ecs::service(walk, id, region)),
        Kind::TaskDefinition => on_heap(|| ecs::task_definition(walk, id, region)),
        Kind::Database => on_heap(|| rds::database(walk, id, region)),
        Kind::FileSystem => on_heap(|| efs::file_system(walk, id, region)),
        Kind::Cache => on_heap(|| elasticache::cache(walk, id, region)),
        Kind::RestApi => on_heap(|| apigateway::rest_api(walk, id, region)),
        Kind::WebAcl => on_heap(|| wafv2::web_acl(walk, id, region)),
        Kind::Secret => on_heap(|| secretsmanager::secret(walk, id, region)),
        Kind::Outputs | Kind::Stack | Kind::Account => on_heap(|| {
            let gap = Gap::undecided(format!("{} is not reached by walking", reference.kind));
            std::future::ready(Collected {
                existence: Seen::gap(gap.clone()),
                arn: None,
                region: None,
                resource: tap_audit_checks::subject::unseen(reference.kind, &gap),
            })
        }),
    }
}

#[inline(never)]
fn on_heap<'c, F: Future<Output = Collected> + 'c>(make: impl FnOnce() -> F) -> Collecting<'c> {
    Box::pin(make())
}

fn stack_job<'w>(walk: &'w Walk<'_>, wanted: cloudformation::Wanted) -> Job<'w> {
    Box::pin(async move { Done::Stack(Box::new(cloudformation::root_stack(walk, &wanted, &walk.region).await)) })
}

fn holder_job<'w>(walk: &'w Walk<'_>, reference: Reference) -> Job<'w> {
    Box::pin(async move {
        let (kind, id) = member_name(&reference);
        let holder = cloudformation::holder(walk, kind, &id, &reference.region).await;
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
    // All at once: none of them waits for another.
    let (
        (public_access_block, trails, log_policies, event_data_stores),
        (cloudwatch, metric_filters, events, config, domain_names, vpc_endpoints),
    ) = tokio::join!(
        async {
            tokio::join!(
                s3control::public_access_block(walk),
                cloudtrail::trails(walk, &walk.region),
                logs::account_policies(walk, &walk.region),
                cloudtrail::event_data_stores(walk, &walk.region),
            )
        },
        async {
            tokio::join!(
                cloudwatch::view(walk),
                logs::metric_filters(walk),
                eventbridge::view(walk),
                config::view(walk),
                apigateway::domain_names(walk),
                network::vpc_endpoints(walk),
            )
        },
    );
    Account {
        public_access_block,
        trails,
        log_policies,
        event_data_stores,
        cloudwatch,
        metric_filters,
        events,
        config,
        domain_names,
        vpc_endpoints,
    }
}

/// The reference of a resolved output, for the kinds that are subjects of their own.
fn reference(walk: &Walk<'_>, resolved: &Resolved) -> Option<Reference> {
    let region = resolved.region.clone().unwrap_or_else(|| walk.region.clone());
    let part = rds::part_of(resolved).or_else(|| elasticache::part_of(resolved));
    let named = resolved.arn.as_deref().or(part.as_deref()).unwrap_or(&resolved.id);
    let kind = Kind::led_to_by(&resolved.kind)?;
    match kind {
        Kind::Outputs | Kind::Stack | Kind::Account => None,
        Kind::ManagedPolicy => {
            policy_of_account(resolved).map(|arn| Reference { kind, id: arn.to_owned(), region: walk.region.clone() })
        }
        Kind::Key => Some(walk.key_reference(named, &region)),
        Kind::Role | Kind::Bucket => Some(Reference { kind, id: resolved.id.clone(), region: walk.region.clone() }),
        Kind::Function | Kind::LogGroup => Some(Reference { kind, id: resolved.id.clone(), region }),
        Kind::Topic
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
        | Kind::Secret => other_reference(walk, kind, named, &region),
    }
}

/// The reference of a resource of the kinds whose collectors read every form of its name.
pub(super) fn other_reference(walk: &Walk<'_>, kind: Kind, named: &str, region: &str) -> Option<Reference> {
    match kind {
        Kind::Topic => sns::topic_reference(walk, named, region),
        Kind::Alarm => cloudwatch::alarm_reference(walk, named, region),
        Kind::Vpc => ec2::vpc_reference(walk, named, region),
        Kind::SecurityGroup => ec2::security_group_reference(walk, named, region),
        Kind::LoadBalancer => elbv2::load_balancer_reference(walk, named, region),
        Kind::Cluster => ecs::cluster_reference(walk, named, region),
        Kind::Service => ecs::service_reference(walk, named, region),
        Kind::TaskDefinition => ecs::task_definition_reference(walk, named, region),
        Kind::Database => rds::database_reference(walk, named, region),
        Kind::FileSystem => efs::file_system_reference(walk, named, region),
        Kind::Cache => elasticache::cache_reference(walk, named, region),
        Kind::RestApi => apigateway::rest_api_reference(walk, named, region),
        Kind::WebAcl => wafv2::web_acl_reference(walk, named, region),
        Kind::Secret => secretsmanager::secret_reference(walk, named, region),
        Kind::Outputs
        | Kind::Stack
        | Kind::Account
        | Kind::Bucket
        | Kind::Function
        | Kind::Key
        | Kind::LogGroup
        | Kind::Role
        | Kind::ManagedPolicy => None,
    }
}

/// The ARN of a managed policy of an account. AWS's own belong to nobody's stack, and a name alone leads to none, because
/// the path is not known.
fn policy_of_account(resolved: &Resolved) -> Option<&str> {
    resolved.account.as_ref()?;
    resolved.arn.as_deref()
}

/// Physical ids by which the stack can be looked for, in the order of the outputs, each once.
fn physical_ids(walk: &Walk<'_>, parts: &[Part]) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for reference in parts.iter().filter_map(Part::resolved).filter_map(|resolved| reference(walk, resolved)) {
        let (_, id) = member_name(&reference);
        if !ids.iter().any(|known| *known == *id) {
            ids.push(id.into_owned());
        }
    }
    ids
}

/// The type and physical id under which a stack lists what a reference names.
fn member_name(reference: &Reference) -> (&'static str, Cow<'_, str>) {
    let part = match reference.kind {
        Kind::Database => rds::instance_of(&reference.id).map(|instance| ("AWS::RDS::DBInstance", instance)),
        Kind::Cache => elasticache::member_name(&reference.id),
        Kind::WebAcl => match wafv2::physical_id(&reference.id) {
            Some(id) => return (reference.kind.name(), Cow::Owned(id)),
            None => None,
        },
        Kind::Outputs
        | Kind::Stack
        | Kind::Account
        | Kind::Bucket
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
        | Kind::FileSystem
        | Kind::RestApi
        | Kind::Secret => None,
    };
    let (kind, id) = part.unwrap_or((reference.kind.name(), &reference.id));
    (kind, Cow::Borrowed(id))
}

/// Resources that no listing holds yet and that a stack could hold. What leads elsewhere is looked up where it leads to,
/// but for an instance that belongs to no cluster and a cache cluster that belongs to no replication group.
fn unheld(gathered: &Gathered) -> Vec<Reference> {
    let is_member =
        |relations: &BTreeSet<Relation>| relations.iter().any(|relation| matches!(relation, Relation::Member { .. }));
    gathered
        .relations
        .iter()
        .filter(|(reference, relations)| {
            let stands_alone = || match gathered.collected.get(reference).map(|found| &found.resource) {
                Some(Resource::Database(database)) => *database.cluster.observed() == Observed::Absent,
                Some(Resource::Cache(cache)) => elasticache::is_alone(cache),
                Some(_) | None => false,
            };
            !is_member(relations) && (!reference.leads_elsewhere() || stands_alone())
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
