//! Whether anything blocks the deletion of the stack.

use serde::Deserialize;

use super::retention::{Fate, fate};
use super::{Member, Stack, member_of, template_path};
use crate::check::Context;
use crate::elbv2::LoadBalancer;
use crate::evidence::Evidence;
use crate::lambda::Function;
use crate::logs::LogGroup;
use crate::observed::{Gap, Observed};
use crate::rds::Database;
use crate::s3::{Bucket, Emptiness, MfaDelete, ObjectLock, Switch};
use crate::subject::{Attributes, Role, Subject};
use crate::verdict::{Judgement, Verdict, every};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Blockers {
    deletion_protection: Mode,
    production_suffix_start: String,
    retained_types: Vec<String>,
    check_bucket_empty: bool,
}

/// What is asked about protection against deletion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Mode {
    /// `Allow` where the environment suffix says production, `Forbid` otherwise.
    BySuffix,
    /// No protection may be on.
    Forbid,
    /// Each may be on; those that are, are listed.
    Allow,
    /// The stack's and the databases' protection have to be on.
    Require,
}

/// What was seen of one thing that may block.
enum Blocker {
    /// It blocks.
    On(String),
    /// It does not.
    Off(String),
    /// It is worth knowing and does not block.
    Remark(String),
}

/// No suffix decides nothing where a blocker is on: it may be a production stack.
pub(super) fn no_blockers(stack: &Stack, params: &Blockers, context: &Context<'_>) -> Judgement {
    let found = || blockers(stack, params, context);
    let verdict = match params.deletion_protection {
        Mode::Forbid => forbidden(found()),
        Mode::Allow => allowed(stack, found()),
        Mode::Require => required(stack, context),
        Mode::BySuffix => {
            match suffix(stack, context)? {
                Some(suffix) if suffix.starts_with(&params.production_suffix_start) => allowed(stack, found())
                    .map(|verdict| verdict.noting(format!("suffix {suffix} says that this is a production stack"))),
                Some(_) => forbidden(found()),
                None => match forbidden(found())? {
                    verdict @ Verdict::Satisfied { .. } => Ok(verdict
                        .noting("the environment suffix is not known, and nothing is on that it would decide about")),
                    Verdict::NotSatisfied { observed, .. } => Err(Gap::undecided(format!(
                        "{observed}, and without the environment suffix it is not known whether that is allowed; give --environment-suffix"
                    ))),
                    verdict @ Verdict::NotApplicable { .. } => Ok(verdict),
                },
            }
        }
    }?;
    Ok(beside(stack, context).into_iter().fold(verdict, Verdict::noting))
}

/// Whether the stack may have protection against deletion.
///
/// # Errors
/// A gap, where the environment suffix decides and is not known.
pub(crate) fn may_be_protected(mode: Mode, production_start: &str, context: &Context<'_>) -> Result<bool, Gap> {
    match mode {
        Mode::Forbid => Ok(false),
        Mode::Allow | Mode::Require => Ok(true),
        Mode::BySuffix => {
            let stack = context.evidence.all::<Stack>().next();
            let (_, stack) = stack.ok_or_else(|| Gap::undecided("no stack is known that could tell its suffix"))?;
            match suffix(stack, context)? {
                Some(suffix) => Ok(suffix.starts_with(production_start)),
                None => Err(Gap::undecided(
                    "the environment suffix is not known, and decides whether protection against deletion is allowed; \
                     give --environment-suffix",
                )),
            }
        }
    }
}

/// The suffix that the user gave, else the one that the stack was deployed with.
fn suffix(stack: &Stack, context: &Context<'_>) -> Result<Option<String>, Gap> {
    if let Some(given) = &context.evidence.run.environment_suffix {
        return Ok(Some(given.clone()));
    }
    let description = stack.description.required("DescribeStacks", "Stacks")?;
    Ok(description
        .parameters
        .required("DescribeStacks", "Parameters")?
        .iter()
        .find_map(|parameter| parameter.suffix.clone()))
}

fn forbidden(found: Vec<Result<Blocker, Gap>>) -> Judgement {
    let mut remarks = Vec::new();
    let mut parts: Vec<Judgement> = Vec::new();
    for part in found {
        match part {
            Ok(Blocker::On(what)) => parts.push(Ok(Verdict::not_satisfied(
                what,
                "no protection against deletion on the stack or on what goes with it",
            ))),
            Ok(Blocker::Off(what)) => parts.push(Ok(Verdict::satisfied(what))),
            Ok(Blocker::Remark(what)) => remarks.push(what),
            Err(gap) => parts.push(Err(gap)),
        }
    }
    let verdict = every(parts, || Err(Gap::undecided("nothing was seen that could block the deletion")))?;
    Ok(remarks.into_iter().fold(verdict, Verdict::noting))
}

/// Passes whatever is on; but of a stack of which nothing could be seen there is nothing to say.
fn allowed(stack: &Stack, found: Vec<Result<Blocker, Gap>>) -> Judgement {
    stack.description.required("DescribeStacks", "Stacks")?;
    let verdict = Verdict::satisfied("protection against deletion is allowed for this stack");
    Ok(found.into_iter().fold(verdict, |verdict, part| match part {
        Ok(Blocker::On(what) | Blocker::Remark(what)) => verdict.noting(what),
        Ok(Blocker::Off(_)) => verdict,
        Err(gap) => verdict.noting(format!("not all was readable: {gap}")),
    }))
}

const REQUIRED: &str = "termination protection on, and deletion protection on for each database";

fn required(stack: &Stack, context: &Context<'_>) -> Judgement {
    let termination = termination(stack).map(|switch| match switch {
        Switch::On => Verdict::satisfied("termination protection of the stack is on"),
        Switch::Off => Verdict::not_satisfied("termination protection of the stack is off", REQUIRED),
    });
    let databases = context.evidence.all::<Database>().filter(|(subject, _)| subject.role != Role::External);
    let databases = databases.map(|(subject, database)| {
        Ok(match cluster_protection(database)? {
            Switch::On => Verdict::satisfied(format!("deletion protection of {} {} is on", subject.kind, subject.id)),
            Switch::Off => Verdict::not_satisfied(
                format!("deletion protection of {} {} is off", subject.kind, subject.id),
                REQUIRED,
            ),
        })
    });
    let unread = unread(stack, context.evidence, is_database).into_iter().map(Err);
    every([termination].into_iter().chain(databases).chain(unread), || {
        Err(Gap::undecided("nothing was seen of the stack's protection"))
    })
}

fn termination(stack: &Stack) -> Result<Switch, Gap> {
    let description = stack.description.required("DescribeStacks", "Stacks")?;
    description.termination_protection.required("DescribeStacks", "EnableTerminationProtection").copied()
}

fn blockers(stack: &Stack, params: &Blockers, context: &Context<'_>) -> Vec<Result<Blocker, Gap>> {
    let mut found = vec![termination(stack).map(|switch| match switch {
        Switch::On => Blocker::On("termination protection of the stack is on".into()),
        Switch::Off => Blocker::Off("termination protection of the stack is off".into()),
    })];
    for subject in context.evidence.subjects.iter().filter(|subject| subject.role != Role::External) {
        if let Err(gap) = subject.is_none_of(|role| role == Role::External) {
            found.push(Err(gap));
            continue;
        }
        for part in of_resource(subject, params) {
            found.extend(settled(stack, params, subject, part));
        }
    }
    let listed = |kind: &str| is_database(kind) || kind == "AWS::ElasticLoadBalancingV2::LoadBalancer";
    found.extend(unread(stack, context.evidence, listed).into_iter().map(Err));
    found
}

fn is_database(kind: &str) -> bool {
    matches!(kind, "AWS::RDS::DBCluster" | "AWS::RDS::DBInstance")
}

/// Whether a cluster is protected. One that led to an instance of no cluster has no answer of its own.
fn cluster_protection(database: &Database) -> Result<Switch, Gap> {
    let cluster = database.cluster.seen()?;
    let cluster =
        cluster.ok_or_else(|| Gap::undecided("the name leads to a DB instance that belongs to no cluster"))?;
    cluster.deletion_protection.required("DescribeDBClusters", "DBCluster.DeletionProtection").copied()
}

/// What protects a bucket, a log group, a load balancer or a database; other kinds have no such protection that is read here.
fn of_resource(subject: &Subject, params: &Blockers) -> Vec<Result<Blocker, Gap>> {
    let name = format!("{} {}", subject.kind, subject.id);
    let mut found = Vec::new();
    if let Some(bucket) = <Bucket as Attributes>::of(&subject.resource) {
        found.push(bucket.object_lock.seen().map(|lock| match lock {
            Some(ObjectLock::Compliance) => Blocker::On(format!("Object Lock of {name} retains in mode COMPLIANCE")),
            Some(ObjectLock::Governance) => {
                Blocker::Remark(format!("Object Lock of {name} retains in mode GOVERNANCE"))
            }
            Some(ObjectLock::NoDefault) => Blocker::Remark(format!("Object Lock of {name} is on without a default")),
            None => Blocker::Off(format!("{name} has no Object Lock")),
        }));
        if params.check_bucket_empty {
            let emptiness = bucket.emptiness.required("ListObjectVersions", "Versions");
            found.push(emptiness.map(|emptiness| match emptiness {
                Emptiness::HoldsVersions => Blocker::On(format!("{name} holds object versions")),
                Emptiness::Empty => Blocker::Off(format!("{name} is empty")),
            }));
        }
    }
    if let Some(group) = <LogGroup as Attributes>::of(&subject.resource) {
        let protection = group
            .description
            .required("DescribeLogGroups", "logGroups")
            .and_then(|description| description.deletion_protection.seen());
        found.push(protection.map(|switch| protected(&name, switch.copied().unwrap_or(Switch::Off))));
    }
    if let Some(balancer) = <LoadBalancer as Attributes>::of(&subject.resource) {
        let protection =
            balancer.deletion_protection.required("DescribeLoadBalancerAttributes", "deletion_protection.enabled");
        found.push(protection.map(|switch| protected(&name, *switch)));
    }
    if let Some(database) = <Database as Attributes>::of(&subject.resource) {
        found.push(cluster_protection(database).map(|switch| protected(&name, switch)));
        match database.instances.seen() {
            Ok(instances) => found.extend(instances.into_iter().flatten().map(|instance| {
                let protection =
                    instance.deletion_protection.required("DescribeDBInstances", "DBInstance.DeletionProtection");
                protection.map(|switch| protected(&format!("instance {} of {name}", instance.id), *switch))
            })),
            Err(gap) => found.push(Err(gap)),
        }
    }
    found
}

fn protected(name: &str, switch: Switch) -> Blocker {
    match switch {
        Switch::On => Blocker::On(format!("deletion protection of {name} is on")),
        Switch::Off => Blocker::Off(format!("deletion protection of {name} is off")),
    }
}

/// Leaves a blocker out of account where its resource is not meant to go with the stack.
fn settled(
    stack: &Stack,
    params: &Blockers,
    subject: &Subject,
    part: Result<Blocker, Gap>,
) -> Option<Result<Blocker, Gap>> {
    match (part, goes(stack, params, subject)) {
        (Ok(Blocker::On(what)), Ok(Going::Stays)) => {
            Some(Ok(Blocker::Remark(format!("{what}, which blocks nothing: the resource is to outlive the stack"))))
        }
        (Ok(Blocker::On(_)), Err(gap)) => Some(Err(gap)),
        (Ok(Blocker::Off(_)) | Err(_), Ok(Going::Stays)) => None,
        (part, Ok(Going::Goes | Going::Stays) | Err(_)) => Some(part),
    }
}

/// Whether a resource is meant to go with the stack.
enum Going {
    Goes,
    Stays,
}

fn goes(stack: &Stack, params: &Blockers, subject: &Subject) -> Result<Going, Gap> {
    if params.retained_types.iter().any(|kind| kind == subject.kind.name()) {
        return Ok(Going::Stays);
    }
    let members = stack.members.required("ListStackResources", "StackResourceSummaries")?;
    let Some(member) = member_of(members, subject) else { return Ok(Going::Stays) };
    let template = stack.processed.required("GetTemplate", "TemplateBody")?;
    match template.resource(&template_path(members, member))? {
        Some(resource) => Ok(match fate(&resource.deletion_policy, "DeletionPolicy")? {
            Fate::Stays | Fate::StaysOnceMade => Going::Stays,
            Fate::Goes => Going::Goes,
        }),
        None => Err(Gap::undecided(format!(
            "the stack lists {}, which its template does not hold; run again",
            member.logical_id
        ))),
    }
}

/// Protected members of which nothing was seen, and the list itself where it could not be read.
fn unread(stack: &Stack, evidence: &Evidence, is_protected: impl Fn(&str) -> bool) -> Vec<Gap> {
    match stack.members.required("ListStackResources", "StackResourceSummaries") {
        Err(gap) => vec![gap],
        Ok(members) => members
            .iter()
            .filter(|member| is_protected(&member.kind) && member.status != "DELETE_COMPLETE")
            .filter(|member| !evidence.subjects.iter().any(|subject| is_read(subject, member)))
            .map(|member| Gap::NotCollected {
                what: format!("deletion protection of {} {} was not read in this run", member.kind, member.logical_id)
                    .into(),
            })
            .collect(),
    }
}

/// Whether this subject is the member, or the cluster that the member is an instance of, so that its protection is judged
/// with it.
fn is_read(subject: &Subject, member: &Member) -> bool {
    if let (Some(database), "AWS::RDS::DBInstance") = (<Database as Attributes>::of(&subject.resource), &*member.kind) {
        return match database.instances.observed() {
            Observed::Present(instances) => instances.iter().any(|instance| member.has_physical_id(&instance.id)),
            Observed::Absent | Observed::Unknown(_) => false,
        };
    }
    subject.kind.name() == member.kind && subject.names().iter().any(|name| member.has_physical_id(name))
}

/// What is left or lingers after a deletion, as far as what was seen tells.
fn beside(stack: &Stack, context: &Context<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    let members: &[Member] = match stack.members.observed() {
        Observed::Present(members) => members,
        Observed::Absent | Observed::Unknown(_) => &[],
    };
    let has = |kind: &str| members.iter().any(|member| member.kind == kind && member.is_live());
    for (_, bucket) in context.evidence.all::<Bucket>() {
        if let Observed::Present(versioning) = bucket.versioning.observed()
            && matches!(versioning.mfa_delete, Observed::Present(MfaDelete::Enabled))
        {
            notes.push("MFA delete is on: only the root user can delete object versions".into());
        }
    }
    for (subject, function) in context.evidence.all::<Function>() {
        if let Observed::Present(configuration) = function.configuration.observed()
            && matches!(configuration.vpc, Observed::Present(_))
        {
            notes.push(format!("the network interfaces of function {} can delay the deletion of its VPC", subject.id));
        }
    }
    if has("AWS::KMS::Key") {
        notes.push("a deleted KMS key lingers for 7 to 30 days".into());
    }
    if has("AWS::Backup::BackupVault") {
        notes.push("recovery points or a lock of the backup vault were not looked at".into());
    }
    if has("AWS::ECR::Repository") {
        notes.push("images in the repository were not looked at".into());
    }
    notes
}

#[cfg(test)]
mod tests;
