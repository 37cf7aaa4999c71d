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

fn required(stack: &Stack, context: &Context<'_>) -> Judgement {
    let termination = termination(stack).map(|switch| match switch {
        Switch::On => Verdict::satisfied("termination protection of the stack is on"),
        Switch::Off => Verdict::not_satisfied(
            "termination protection of the stack is off",
            "termination protection on, and deletion protection on for each database",
        ),
    });
    let databases = unread(stack, context.evidence, |kind| kind.starts_with("AWS::RDS::DB"));
    every([termination].into_iter().chain(databases.into_iter().map(Err)), || {
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
    let listed = |kind: &str| {
        matches!(kind, "AWS::RDS::DBCluster" | "AWS::RDS::DBInstance" | "AWS::ElasticLoadBalancingV2::LoadBalancer")
    };
    found.extend(unread(stack, context.evidence, listed).into_iter().map(Err));
    found
}

/// What protects a bucket, a log group or a load balancer; other kinds have no such protection that is read here.
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

/// Whether this subject is the member, so that its protection is judged with it.
fn is_read(subject: &Subject, member: &Member) -> bool {
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
mod tests {
    use super::*;
    use crate::cloudformation::fixture::{
        bucket_subject, description, log_group_subject, member, stack, subject_of, template, template_resource,
    };
    use crate::cloudformation::{Attribute, Description, Parameter, ParameterValue};
    use crate::fixture::*;
    use crate::observed::Seen;
    use crate::subject::{Kind, Resource};

    const ID: &str = "stack-destroyable-no-blockers";
    const FORBID: &str = "deletion_protection = 'forbid'";
    const ALLOW: &str = "deletion_protection = 'allow'";
    const REQUIRE: &str = "deletion_protection = 'require'";
    const LINGERS: &str = " | a deleted KMS key lingers for 7 to 30 days";

    fn described(change: impl FnOnce(&mut Description)) -> Stack {
        let mut stack = stack();
        let mut answer = description();
        change(&mut answer);
        stack.description = seen(answer);
        stack
    }

    fn protected() -> Stack {
        described(|answer| answer.termination_protection = Observed::Present(Switch::On))
    }

    fn of(stack: Stack, others: Vec<Subject>) -> Evidence {
        evidence([vec![subject_of(stack)], others].concat())
    }

    fn judged(params: &str, stack: Stack, others: Vec<Subject>) -> Judgement {
        judge_with(ID, params, &of(stack, others))
    }

    #[test]
    fn a_stack_without_protection_can_be_deleted() {
        let answer = judged(FORBID, stack(), vec![bucket_subject(), log_group_subject()]);
        assert_eq!(passed(answer), format!("termination protection of the stack is off{LINGERS}"));
    }

    #[test]
    fn termination_protection_blocks_where_it_is_forbidden() {
        let answer = judged(FORBID, protected(), vec![]);
        assert_eq!(failed(answer), format!("termination protection of the stack is on{LINGERS}"));
    }

    #[test]
    fn protection_is_listed_where_it_is_allowed() {
        let answer = judged(ALLOW, protected(), vec![]);
        assert_eq!(
            passed(answer),
            "protection against deletion is allowed for this stack | termination protection of the stack is on; a deleted KMS key lingers for 7 to 30 days"
        );
    }

    #[test]
    fn protection_has_to_be_on_where_it_is_required() {
        assert_eq!(
            passed(judged(REQUIRE, protected(), vec![])),
            format!("termination protection of the stack is on{LINGERS}")
        );
        assert_eq!(
            failed(judged(REQUIRE, stack(), vec![])),
            format!("termination protection of the stack is off{LINGERS}")
        );
    }

    fn suffixed(suffix: &str) -> Stack {
        described(|answer| {
            answer.termination_protection = Observed::Present(Switch::On);
            answer.parameters = Observed::Present(vec![Parameter {
                key: "EnvironmentSuffix".into(),
                value: ParameterValue::Clear,
                resolved: Observed::Absent,
                suffix: Some(suffix.into()),
            }]);
        })
    }

    #[test]
    fn the_suffix_decides_whether_protection_is_allowed() {
        for suffix in ["prod", "prod-eu", "production2"] {
            assert!(passed(judged("", suffixed(suffix), vec![])).contains("says that this is a production stack"));
        }
        for suffix in ["dev", "preprod", "pr6640"] {
            assert!(
                failed(judged("", suffixed(suffix), vec![])).starts_with("termination protection of the stack is on")
            );
        }
    }

    #[test]
    fn a_given_suffix_wins_over_the_stacks() {
        let mut evidence = of(suffixed("dev"), vec![]);
        evidence.run.environment_suffix = Some("prod1".into());
        assert!(passed(judge(ID, &evidence)).contains("suffix prod1 says"));
    }

    #[test]
    fn without_a_suffix_only_a_stack_without_protection_passes() {
        let nameless = |on| {
            described(|answer| {
                answer.termination_protection = Observed::Present(on);
                answer.parameters = Observed::Present(Vec::new());
            })
        };
        assert!(passed(judged("", nameless(Switch::Off), vec![])).contains("the environment suffix is not known"));
        assert_eq!(
            undecided(judged("", nameless(Switch::On), vec![])),
            "termination protection of the stack is on, and without the environment suffix it is not known whether that is allowed; give --environment-suffix"
        );
    }

    fn locked(lock: ObjectLock) -> Subject {
        let mut bucket = bucket_subject();
        if let Resource::Bucket(attributes) = &mut bucket.resource {
            attributes.object_lock = seen(lock);
        }
        bucket
    }

    fn guarded(switch: Observed<Switch>) -> Subject {
        let mut group = log_group_subject();
        if let Resource::LogGroup(attributes) = &mut group.resource {
            let Observed::Present(mut description) = attributes.description.observed().clone() else { panic!("seen") };
            description.deletion_protection = switch;
            attributes.description = seen(description);
        }
        group
    }

    #[test]
    fn protection_of_what_has_to_be_retained_blocks_nothing() {
        let others = vec![locked(ObjectLock::Compliance), guarded(Observed::Present(Switch::On))];
        let answer = passed(judged(FORBID, stack(), others));
        assert!(
            answer.starts_with("termination protection of the stack is off | Object Lock of AWS::S3::Bucket"),
            "{answer}"
        );
        assert!(answer.contains(
            "deletion protection of AWS::Logs::LogGroup /aws/lambda/processor-dev is on, which blocks nothing"
        ));
    }

    const NOTHING_RETAINED: &str = "deletion_protection = 'forbid'\nretained_types = []";

    fn going() -> Stack {
        let mut stack = stack();
        let mut processed = template();
        for resource in processed.resources.values_mut() {
            resource.deletion_policy = Observed::Absent;
        }
        stack.processed = seen(processed);
        stack
    }

    #[test]
    fn protection_of_what_goes_with_the_stack_blocks() {
        assert_eq!(
            failed(judged(NOTHING_RETAINED, going(), vec![locked(ObjectLock::Compliance)])),
            format!("Object Lock of AWS::S3::Bucket patient-data-dev retains in mode COMPLIANCE{LINGERS}")
        );
        assert_eq!(
            failed(judged(NOTHING_RETAINED, going(), vec![guarded(Observed::Present(Switch::On))])),
            format!("deletion protection of AWS::Logs::LogGroup /aws/lambda/processor-dev is on{LINGERS}")
        );
        for switch in [Observed::Absent, Observed::Present(Switch::Off)] {
            assert!(
                passed(judged(NOTHING_RETAINED, going(), vec![guarded(switch)]))
                    .contains("deletion protection of AWS::Logs::LogGroup /aws/lambda/processor-dev is off")
            );
        }
    }

    #[test]
    fn a_deletion_policy_of_retain_takes_a_resource_out() {
        let answer = passed(judged(NOTHING_RETAINED, stack(), vec![locked(ObjectLock::Compliance)]));
        assert!(answer.contains("which blocks nothing: the resource is to outlive the stack"), "{answer}");
    }

    #[test]
    fn object_lock_that_can_be_lifted_is_a_remark() {
        for (lock, text) in
            [(ObjectLock::Governance, "retains in mode GOVERNANCE"), (ObjectLock::NoDefault, "is on without a default")]
        {
            let answer = passed(judged(NOTHING_RETAINED, going(), vec![locked(lock)]));
            assert!(answer.contains(text), "{answer}");
        }
    }

    #[test]
    fn a_filled_bucket_blocks_only_when_that_is_asked() {
        let mut bucket = bucket_subject();
        if let Resource::Bucket(attributes) = &mut bucket.resource {
            attributes.emptiness = seen(Emptiness::HoldsVersions);
        }
        assert!(passed(judged(NOTHING_RETAINED, going(), vec![bucket.clone()])).contains("has no Object Lock"));
        let asked = format!("{NOTHING_RETAINED}\ncheck_bucket_empty = true");
        assert!(
            failed(judged(&asked, going(), vec![bucket.clone()]))
                .starts_with("AWS::S3::Bucket patient-data-dev holds object versions")
        );
        if let Resource::Bucket(attributes) = &mut bucket.resource {
            attributes.emptiness = denied();
        }
        assert_eq!(undecided(judged(&asked, going(), vec![bucket])), denial().to_string());
    }

    #[test]
    fn what_cannot_be_read_is_an_error_where_protection_is_forbidden_or_required() {
        let unread = described(|answer| answer.termination_protection = Observed::Unknown(denial()));
        assert_eq!(undecided(judged(FORBID, unread.clone(), vec![])), denial().to_string());
        assert_eq!(undecided(judged(REQUIRE, unread.clone(), vec![])), denial().to_string());
        assert!(passed(judged(ALLOW, unread, vec![])).contains("not all was readable: GetThing was denied"));
        let silent = described(|answer| answer.termination_protection = Observed::Absent);
        assert!(
            undecided(judged(FORBID, silent, vec![])).starts_with("DescribeStacks answered without EnableTermination")
        );
        let group = guarded(Observed::Unknown(denial()));
        assert_eq!(undecided(judged(NOTHING_RETAINED, going(), vec![group])), denial().to_string());
        assert!(
            failed(judged(NOTHING_RETAINED, protected(), vec![guarded(Observed::Present(Switch::Off))]))
                .starts_with("termination")
        );
    }

    #[test]
    fn a_blocker_whose_fate_is_not_known_is_an_error() {
        let mut stack = going();
        stack.processed = denied();
        let others = vec![locked(ObjectLock::Compliance)];
        assert_eq!(undecided(judged(NOTHING_RETAINED, stack.clone(), others.clone())), denial().to_string());
        stack.processed = seen({
            let mut template = template();
            template.resources.get_mut("Bucket").unwrap().deletion_policy =
                Observed::Present(Attribute::NotLiteral("Ref".into()));
            template
        });
        assert!(undecided(judged(NOTHING_RETAINED, stack, others)).starts_with("DeletionPolicy is `Ref`"));
    }

    #[test]
    fn a_database_whose_protection_is_not_read_is_an_error_unless_another_part_decides() {
        let mut stack = stack();
        stack.members = seen(vec![member("Db", "AWS::RDS::DBCluster", "db", "CREATE_COMPLETE")]);
        let text = "deletion protection of AWS::RDS::DBCluster Db was not read in this run";
        assert_eq!(undecided(judged(FORBID, stack.clone(), vec![])), text);
        assert_eq!(
            failed(judged(REQUIRE, stack.clone(), vec![])),
            format!("termination protection of the stack is off | not all was readable: {text}")
        );
        assert!(passed(judged(ALLOW, stack, vec![])).contains(text));
    }

    const BALANCER: &str = "arn:aws:elasticloadbalancing:us-east-2:123456789012:loadbalancer/app/alb-dev/1";

    fn with_balancer(protection: Seen<Switch>) -> (Stack, Subject) {
        let mut stack = going();
        let kind = "AWS::ElasticLoadBalancingV2::LoadBalancer";
        stack.members = seen(vec![member("Balancer", kind, BALANCER, "CREATE_COMPLETE")]);
        let mut processed = template();
        processed.resources.insert("Balancer".into(), template_resource(kind));
        stack.processed = seen(processed);
        let balancer = LoadBalancer { deletion_protection: protection, ..LoadBalancer::unknown(&denial()) };
        (stack, subject(Kind::LoadBalancer, BALANCER, Resource::LoadBalancer(Box::new(balancer))))
    }

    #[test]
    fn a_protected_load_balancer_blocks_and_one_of_which_nothing_was_seen_may() {
        let judged_with = |params: &str, protection| {
            let (stack, balancer) = with_balancer(protection);
            judged(params, stack, vec![balancer])
        };
        assert!(failed(judged_with(FORBID, seen(Switch::On))).starts_with("deletion protection of AWS::ElasticLoad"));
        assert!(passed(judged_with(FORBID, seen(Switch::Off))).contains("loadbalancer/app/alb-dev/1 is off"));
        assert_eq!(judged_with(FORBID, denied()), Err(denial()));
        assert!(undecided(judged_with(FORBID, not_set())).contains("without deletion_protection.enabled"));
        assert!(passed(judged_with(ALLOW, seen(Switch::On))).contains("loadbalancer/app/alb-dev/1 is on"));
        let (stack, _) = with_balancer(seen(Switch::Off));
        assert!(undecided(judged(FORBID, stack, vec![])).ends_with("Balancer was not read in this run"));
    }

    #[test]
    fn a_stack_of_which_nothing_was_seen_is_an_error_in_every_mode() {
        for mode in ["", FORBID, ALLOW, REQUIRE] {
            assert_eq!(undecided(judged(mode, Stack::unknown(&denial()), vec![])), denial().to_string(), "{mode}");
        }
        let mut evidence = of(Stack::unknown(&denial()), vec![]);
        evidence.run.environment_suffix = Some("prod".into());
        assert_eq!(undecided(judge(ID, &evidence)), denial().to_string());
    }
}
