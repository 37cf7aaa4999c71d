//! What outlives the stack: DeletionPolicy and UpdateReplacePolicy.

use serde::Deserialize;

use super::{Attribute, Member, Stack, Template, TemplateResource, member_of, template_path};
use crate::check::{Context, NoParams};
use crate::evidence::Evidence;
use crate::logs::LogGroup;
use crate::observed::{Gap, Observed};
use crate::s3::{Bucket, SseAlgorithm, Switch};
use crate::subject::{Attributes, Kind, Role, Subject};
use crate::verdict::{Judgement, Verdict, every};

/// What an attribute says about the end of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It stays.
    Stays,
    /// It stays unless the stack's creation failed.
    StaysOnceMade,
    /// It goes, by the word or by default; a snapshot may stay.
    Goes,
}

/// Reads a DeletionPolicy or UpdateReplacePolicy. Absence is CloudFormation's default: the resource goes.
pub(super) fn fate(attribute: &Observed<Attribute>, field: &'static str) -> Result<Fate, Gap> {
    match attribute.seen()? {
        None => Ok(Fate::Goes),
        Some(Attribute::Word(word)) => match word.as_str() {
            "Retain" => Ok(Fate::Stays),
            "RetainExceptOnCreate" => Ok(Fate::StaysOnceMade),
            "Delete" | "Snapshot" => Ok(Fate::Goes),
            other => {
                Err(Gap::Unrecognised { operation: "GetTemplate".into(), field: field.into(), token: other.into() })
            }
        },
        Some(Attribute::NotLiteral(function)) => Err(Gap::undecided(format!(
            "{field} is `{function}` even in the processed template; write the word itself"
        ))),
    }
}

fn written(attribute: &Observed<Attribute>, field: &str) -> String {
    match attribute {
        Observed::Present(Attribute::Word(word)) => format!("{field} {word}"),
        Observed::Present(Attribute::NotLiteral(function)) => format!("{field} by {function}"),
        Observed::Absent | Observed::Unknown(_) => format!("no {field}"),
    }
}

const DELETION: &str = "DeletionPolicy";
const REPLACEMENT: &str = "UpdateReplacePolicy";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OnDeletion {
    stateful_types: Vec<String>,
    accept_retain_except_on_create: bool,
}

/// An absent DeletionPolicy is Delete. A template without any stateful resource decides nothing.
pub(super) fn on_deletion(stack: &Stack, params: &OnDeletion) -> Judgement {
    let template = stack.processed.required("GetTemplate", "TemplateBody")?;
    stateful(template, &params.stateful_types, |path, resource| {
        retained(path, resource, params.accept_retain_except_on_create)
    })
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OnReplacement {
    stateful_types: Vec<String>,
}

/// An absent UpdateReplacePolicy is Delete, whatever the DeletionPolicy says.
pub(super) fn on_replacement(stack: &Stack, params: &OnReplacement) -> Judgement {
    let template = stack.processed.required("GetTemplate", "TemplateBody")?;
    stateful(template, &params.stateful_types, |path, resource| {
        let observed =
            format!("{path} ({}) has {}", resource.kind, written(&resource.update_replace_policy, REPLACEMENT));
        Ok(match fate(&resource.update_replace_policy, REPLACEMENT)? {
            Fate::Stays => Verdict::satisfied(observed),
            Fate::StaysOnceMade | Fate::Goes => Verdict::not_satisfied(observed, "UpdateReplacePolicy Retain"),
        })
    })
}

fn retained(path: &str, resource: &TemplateResource, accept_once_made: bool) -> Judgement {
    let observed = format!("{path} ({}) has {}", resource.kind, written(&resource.deletion_policy, DELETION));
    let fate = fate(&resource.deletion_policy, DELETION)?;
    let stays = fate == Fate::Stays || (fate == Fate::StaysOnceMade && accept_once_made);
    Ok(if stays { Verdict::satisfied(observed) } else { Verdict::not_satisfied(observed, "DeletionPolicy Retain") })
}

fn stateful(template: &Template, kinds: &[String], judge: impl Fn(&str, &TemplateResource) -> Judgement) -> Judgement {
    let found = template.resources.iter().filter(|(_, resource)| kinds.contains(&resource.kind));
    let parts = found.map(|(path, resource)| judge(path, resource)).chain(unread(template));
    every(parts, || Err(Gap::undecided(format!("the template holds no {}", kinds.join(" and no ")))))
}

/// Parameters of `stack-no-retain-policies`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OfNothing {
    forbid_snapshot: bool,
}

/// Whether CloudFormation makes a last snapshot where no DeletionPolicy says otherwise; an instance of a cluster leaves that
/// to the cluster.
fn snapshot_by_default(resource: &TemplateResource) -> Result<bool, Gap> {
    Ok(match resource.kind.as_str() {
        "AWS::RDS::DBCluster" => true,
        "AWS::RDS::DBInstance" => resource.in_cluster.seen()? != Some(&Switch::On),
        _ => false,
    })
}

/// An absent policy is Delete, but for databases, whose default leaves a snapshot behind.
pub(super) fn of_nothing(stack: &Stack, params: &OfNothing) -> Judgement {
    let template = stack.processed.required("GetTemplate", "TemplateBody")?;
    let parts = template
        .resources
        .iter()
        .flat_map(|(path, resource)| [goes(path, resource, params.forbid_snapshot), replaced(path, resource)]);
    let parts = parts.chain(unread(template));
    let verdict = every(parts, || Err(Gap::undecided("the template holds no resource")))?;
    Ok(match verdict {
        // Each resource says the same; a list of them says no more.
        Verdict::Satisfied { note, observed: _ } => {
            let count = template.resources.len();
            Verdict::Satisfied { observed: format!("none of the {count} resources of the template is retained"), note }
        }
        other @ (Verdict::NotSatisfied { .. } | Verdict::NotApplicable { .. }) => other,
    })
}

fn goes(path: &str, resource: &TemplateResource, forbid_snapshot: bool) -> Judgement {
    let observed = format!("{path} ({}) has {}", resource.kind, written(&resource.deletion_policy, DELETION));
    let expected = "no DeletionPolicy, or Delete";
    match fate(&resource.deletion_policy, DELETION)? {
        Fate::Stays | Fate::StaysOnceMade => return Ok(Verdict::not_satisfied(observed, expected)),
        Fate::Goes => {}
    }
    let by_default = match (&resource.deletion_policy, snapshot_by_default(resource)) {
        (Observed::Absent, Ok(by_default)) => by_default,
        // Where a snapshot is no failure, one that may be left is told like one that will be.
        (Observed::Absent, Err(gap)) if forbid_snapshot => return Err(gap),
        (Observed::Absent, Err(_)) => true,
        (Observed::Present(_) | Observed::Unknown(_), _) => false,
    };
    let by_word = matches!(&resource.deletion_policy, Observed::Present(Attribute::Word(word)) if word == "Snapshot");
    Ok(match (by_default || by_word, forbid_snapshot) {
        (true, true) => Verdict::not_satisfied(format!("{observed}, which leaves a snapshot"), expected),
        (true, false) => Verdict::satisfied(observed)
            .noting(format!("{path} ({}) leaves a last snapshot, with everything that it held", resource.kind)),
        (false, _) => Verdict::satisfied(observed),
    })
}

fn replaced(path: &str, resource: &TemplateResource) -> Judgement {
    let observed = format!("{path} ({}) has {}", resource.kind, written(&resource.update_replace_policy, REPLACEMENT));
    Ok(match fate(&resource.update_replace_policy, REPLACEMENT)? {
        Fate::Stays | Fate::StaysOnceMade => Verdict::not_satisfied(observed, "no UpdateReplacePolicy, or Delete"),
        Fate::Goes => Verdict::satisfied(observed),
    })
}

/// Nested stacks whose templates could not be read, as parts without an answer.
fn unread(template: &Template) -> impl Iterator<Item = Judgement> {
    template.unread_nested.values().map(|gap| Err(gap.clone()))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Strict {
    strict_retain_all: bool,
}

/// Switched off this is advice and reads nothing; switched on an absent DeletionPolicy fails.
pub(super) fn of_everything(stack: &Stack, params: &Strict) -> Judgement {
    if !params.strict_retain_all {
        return Ok(Verdict::not_applicable("the strict reading of \"all resources\" is switched off").noting(
            "see ruling J1: what holds data is retained, what protects it too (stack-retain-kms-key), and the rest is destroyable; strict_retain_all = true asks for all",
        ));
    }
    let template = stack.processed.required("GetTemplate", "TemplateBody")?;
    let parts = template.resources.iter().map(|(path, resource)| retained(path, resource, true));
    every(parts.chain(unread(template)), || Err(Gap::undecided("the template holds no resource")))
}

/// Keys that encrypt nothing which stays may go with the stack. A resource that the stack does not hold stays.
pub(super) fn of_keys(stack: &Stack, _: &NoParams, context: &Context<'_>) -> Judgement {
    let template = stack.processed.required("GetTemplate", "TemplateBody")?;
    let members = stack.members.required("ListStackResources", "StackResourceSummaries")?;
    let mut parts: Vec<Judgement> = Vec::new();
    let mut outside: Vec<String> = Vec::new();
    for subject in &context.evidence.subjects {
        if subject.role == Role::External || !matches!(subject.kind, Kind::Bucket | Kind::LogGroup) {
            continue;
        }
        match stays(template, members, subject) {
            Ok(true) => {}
            Ok(false) => continue,
            Err(gap) => {
                parts.push(Err(gap));
                continue;
            }
        }
        match keys_of(subject) {
            Err(gap) => parts.push(Err(gap)),
            Ok(keys) => {
                for reference in keys {
                    match key_member(members, context.evidence, &reference) {
                        Err(gap) => parts.push(Err(gap)),
                        Ok(Some(member)) => parts.push(key(template, members, member, subject)),
                        Ok(None) => outside.push(format!("{} {}", subject.kind, subject.id)),
                    }
                }
            }
        }
    }
    parts.extend(unaudited(template, members, context.evidence));
    let verdict = every(parts, || {
        Ok(Verdict::not_applicable("no bucket or log group that stays is encrypted with a key of the stack")
            .noting("such a key may go with the stack, because nothing that is kept needs it; see ruling J10"))
    })?;
    Ok(if outside.is_empty() {
        verdict
    } else {
        verdict.noting(format!(
            "the key of {} belongs to no template of this stack and was not judged here",
            outside.join(", ")
        ))
    })
}

/// Whether a bucket or log group is still there when the stack is gone.
fn stays(template: &Template, members: &[Member], subject: &Subject) -> Result<bool, Gap> {
    let Some(member) = member_of(members, subject) else { return Ok(true) };
    match template.resource(&template_path(members, member))? {
        Some(resource) => Ok(fate(&resource.deletion_policy, DELETION)? != Fate::Goes),
        None => Err(not_in_template(member)),
    }
}

fn not_in_template(member: &Member) -> Gap {
    Gap::undecided(format!("the stack lists {}, which its template does not hold; run again", member.logical_id))
}

/// The customer keys that encrypt a bucket or log group, as it names them.
fn keys_of(subject: &Subject) -> Result<Vec<String>, Gap> {
    if let Some(bucket) = <Bucket as Attributes>::of(&subject.resource) {
        let mut keys = Vec::new();
        for rule in bucket.encryption.seen()?.into_iter().flatten() {
            match rule.algorithm.seen()? {
                Some(SseAlgorithm::Kms | SseAlgorithm::KmsDsse) => keys.extend(rule.kms_key.seen()?.cloned()),
                Some(SseAlgorithm::Aes256) | None => {}
            }
        }
        return Ok(keys);
    }
    let Some(group) = <LogGroup as Attributes>::of(&subject.resource) else { return Ok(Vec::new()) };
    let description = group.description.required("DescribeLogGroups", "logGroups")?;
    Ok(description.kms_key.seen()?.cloned().into_iter().collect())
}

/// The key of the stack that this string names; `None` when it names one that is not the stack's.
fn key_member<'a>(members: &'a [Member], evidence: &Evidence, reference: &str) -> Result<Option<&'a Member>, Gap> {
    let keys = || members.iter().filter(|member| member.kind == Kind::Key.name());
    if let Some((subject, _)) = evidence.key_named(reference) {
        return Ok(keys().find(|member| member.has_physical_id(&subject.id)).or_else(|| member_of(members, subject)));
    }
    if reference.contains("alias/") {
        return if keys().next().is_none() {
            Ok(None)
        } else {
            Err(Gap::undecided(format!("which key {reference} names is not known, so it may be one of the stack's")))
        };
    }
    let id = reference.rsplit_once(":key/").map_or(reference, |(_, id)| id);
    Ok(keys().find(|member| member.has_physical_id(id)))
}

fn key(template: &Template, members: &[Member], member: &Member, encrypted: &Subject) -> Judgement {
    let path = template_path(members, member);
    let Some(resource) = template.resource(&path)? else { return Err(not_in_template(member)) };
    let observed = format!(
        "key {path}, which encrypts {} {}, has {}",
        encrypted.kind,
        encrypted.id,
        written(&resource.deletion_policy, DELETION)
    );
    Ok(match fate(&resource.deletion_policy, DELETION)? {
        Fate::Stays | Fate::StaysOnceMade => Verdict::satisfied(observed),
        Fate::Goes => Verdict::not_satisfied(observed, "DeletionPolicy Retain on the key of what is retained"),
    })
}

/// Retained buckets and log groups of the stack that nothing was seen of: their keys are not known.
fn unaudited<'a>(
    template: &'a Template,
    members: &'a [Member],
    evidence: &'a Evidence,
) -> impl Iterator<Item = Judgement> + 'a {
    let kinds = [Kind::Bucket, Kind::LogGroup];
    members
        .iter()
        .filter(move |member| member.is_live() && kinds.iter().any(|kind| kind.name() == member.kind))
        .filter(|member| {
            !evidence.subjects.iter().any(|subject| {
                subject.kind.name() == member.kind && subject.names().iter().any(|name| member.has_physical_id(name))
            })
        })
        .filter_map(|member| match template.resource(&template_path(members, member)) {
            Ok(Some(resource)) if matches!(fate(&resource.deletion_policy, DELETION), Ok(Fate::Goes)) => None,
            Ok(_) => Some(Err(Gap::NotCollected {
                what: format!("the encryption of {} {} was not read in this run", member.kind, member.logical_id)
                    .into(),
            })),
            Err(gap) => Some(Err(gap)),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudformation::fixture::{
        bucket_subject, key_subject, log_group_subject, member, stack, subject_of, template,
    };
    use crate::fixture::*;
    use crate::s3::{EncryptionRule, SseC};
    use crate::subject::Resource;

    const ON_DELETION: &str = "stack-retain-stateful-deletion-policy";
    const ON_REPLACEMENT: &str = "stack-retain-stateful-update-replace-policy";
    const STRICT: &str = "stack-retain-all-resources-strict";
    const KEYS: &str = "stack-retain-kms-key";

    fn judged(id: &str, params: &str, stack: &Stack) -> Judgement {
        judge_with(id, params, &evidence(vec![subject_of(stack.clone())]))
    }

    fn with(change: impl FnOnce(&mut Template)) -> Stack {
        let mut stack = stack();
        let mut processed = template();
        change(&mut processed);
        stack.processed = seen(processed);
        stack
    }

    fn policy(word: &str) -> Observed<Attribute> {
        Observed::Present(Attribute::Word(word.into()))
    }

    fn deletion(path: &str, attribute: Observed<Attribute>) -> Stack {
        with(|template| template.resources.get_mut(path).unwrap().deletion_policy = attribute)
    }

    const NOTHING: &str = "stack-no-retain-policies";

    fn all_going() -> Stack {
        with(|template| {
            for resource in template.resources.values_mut() {
                (resource.deletion_policy, resource.update_replace_policy) = (Observed::Absent, policy("Delete"));
            }
        })
    }

    #[test]
    fn a_template_that_retains_nothing_passes() {
        let text = passed(judged(NOTHING, "", &all_going()));
        assert!(text.starts_with("none of the ") && text.ends_with(" resources of the template is retained"), "{text}");
    }

    #[test]
    fn any_way_of_retaining_fails_by_name() {
        for word in ["Retain", "RetainExceptOnCreate"] {
            let mut stack = all_going();
            let mut processed = template();
            for resource in processed.resources.values_mut() {
                (resource.deletion_policy, resource.update_replace_policy) = (Observed::Absent, Observed::Absent);
            }
            processed.resources.get_mut("Bucket").unwrap().deletion_policy = policy(word);
            stack.processed = seen(processed.clone());
            let text = failed(judged(NOTHING, "", &stack));
            assert_eq!(text, format!("Bucket (AWS::S3::Bucket) has DeletionPolicy {word}"));
            processed.resources.get_mut("Bucket").unwrap().deletion_policy = Observed::Absent;
            processed.resources.get_mut("Bucket").unwrap().update_replace_policy = policy(word);
            stack.processed = seen(processed);
            assert!(failed(judged(NOTHING, "", &stack)).contains(&format!("UpdateReplacePolicy {word}")));
        }
    }

    #[test]
    fn the_snapshot_that_a_database_leaves_is_a_remark_unless_it_is_forbidden() {
        for attribute in [Observed::Absent, policy("Snapshot")] {
            let mut stack = all_going();
            let mut processed = template();
            for resource in processed.resources.values_mut() {
                resource.kind = "AWS::RDS::DBCluster".into();
                (resource.deletion_policy, resource.update_replace_policy) = (attribute.clone(), Observed::Absent);
            }
            stack.processed = seen(processed);
            let text = passed(judged(NOTHING, "", &stack));
            assert!(text.contains("leaves a last snapshot, with everything that it held"), "{text}");
            assert!(failed(judged(NOTHING, "forbid_snapshot = true", &stack)).contains("which leaves a snapshot"));
        }
    }

    #[test]
    fn an_instance_of_a_cluster_leaves_the_snapshot_to_the_cluster() {
        let instance = |in_cluster: Observed<Switch>| {
            let mut stack = all_going();
            let mut processed = template();
            for resource in processed.resources.values_mut() {
                resource.kind = "AWS::RDS::DBInstance".into();
                resource.in_cluster = in_cluster.clone();
                (resource.deletion_policy, resource.update_replace_policy) = (Observed::Absent, Observed::Absent);
            }
            stack.processed = seen(processed);
            stack
        };
        let forbid = "forbid_snapshot = true";
        let member = instance(Observed::Present(Switch::On));
        assert!(!passed(judged(NOTHING, forbid, &member)).contains("snapshot"));
        failed(judged(NOTHING, forbid, &instance(Observed::Present(Switch::Off))));
        let unknown = instance(Observed::Unknown(denial()));
        assert_eq!(judged(NOTHING, forbid, &unknown), Err(denial()));
        assert!(passed(judged(NOTHING, "", &unknown)).contains("leaves a last snapshot"));
    }

    #[test]
    fn a_template_that_was_not_read_or_says_nothing_literal_retains_nobody_knows_what() {
        let mut dark = all_going();
        dark.processed = denied();
        assert_eq!(judged(NOTHING, "", &dark), Err(denial()));
        let mut computed = all_going();
        let mut processed = template();
        for resource in processed.resources.values_mut() {
            resource.deletion_policy = Observed::Present(Attribute::NotLiteral("Fn::If".into()));
            resource.update_replace_policy = Observed::Absent;
        }
        computed.processed = seen(processed);
        assert!(undecided(judged(NOTHING, "", &computed)).contains("Fn::If"));
    }

    #[test]
    fn retained_buckets_and_log_groups_pass() {
        assert_eq!(
            passed(judged(ON_DELETION, "", &stack())),
            "Bucket (AWS::S3::Bucket) has DeletionPolicy Retain; LogGroup (AWS::Logs::LogGroup) has DeletionPolicy Retain"
        );
        assert_eq!(
            passed(judged(ON_REPLACEMENT, "", &stack())),
            "Bucket (AWS::S3::Bucket) has UpdateReplacePolicy Retain; LogGroup (AWS::Logs::LogGroup) has UpdateReplacePolicy Retain"
        );
    }

    #[test]
    fn a_stateful_resource_that_goes_with_the_stack_fails() {
        for (attribute, text) in [
            (Observed::Absent, "no DeletionPolicy"),
            (policy("Delete"), "DeletionPolicy Delete"),
            (policy("Snapshot"), "DeletionPolicy Snapshot"),
        ] {
            let answer = failed(judged(ON_DELETION, "", &deletion("LogGroup", attribute)));
            assert_eq!(answer, format!("LogGroup (AWS::Logs::LogGroup) has {text}"));
        }
    }

    #[test]
    fn retain_except_on_create_counts_where_it_is_accepted() {
        let stack = deletion("Bucket", policy("RetainExceptOnCreate"));
        assert!(
            passed(judged(ON_DELETION, "", &stack))
                .starts_with("Bucket (AWS::S3::Bucket) has DeletionPolicy RetainExceptOnCreate")
        );
        assert_eq!(
            failed(judged(ON_DELETION, "accept_retain_except_on_create = false", &stack)),
            "Bucket (AWS::S3::Bucket) has DeletionPolicy RetainExceptOnCreate"
        );
    }

    #[test]
    fn a_deletion_policy_that_is_no_known_word_is_an_error() {
        let computed = deletion("Bucket", Observed::Present(Attribute::NotLiteral("Fn::FindInMap".into())));
        assert_eq!(
            undecided(judged(ON_DELETION, "", &computed)),
            "DeletionPolicy is `Fn::FindInMap` even in the processed template; write the word itself"
        );
        let unknown = deletion("Bucket", policy("Archive"));
        assert!(undecided(judged(ON_DELETION, "", &unknown)).contains("`Archive` in DeletionPolicy"));
    }

    #[test]
    fn a_template_without_stateful_resources_does_not_pass_by_emptiness() {
        let stack = with(|template| template.resources.retain(|path, _| path == "Key"));
        for id in [ON_DELETION, ON_REPLACEMENT] {
            assert_eq!(
                undecided(judged(id, "", &stack)),
                "the template holds no AWS::S3::Bucket and no AWS::Logs::LogGroup"
            );
        }
    }

    #[test]
    fn an_unread_nested_template_keeps_the_rest_from_passing() {
        let stack = with(|template| {
            template.unread_nested.insert("Inner".into(), denial());
        });
        for id in [ON_DELETION, ON_REPLACEMENT] {
            assert_eq!(undecided(judged(id, "", &stack)), denial().to_string());
        }
        assert_eq!(
            undecided(judged(STRICT, "strict_retain_all = true", &stack_all_retained(&stack))),
            denial().to_string()
        );
    }

    fn stack_all_retained(stack: &Stack) -> Stack {
        let Observed::Present(mut template) = stack.processed.observed().clone() else { panic!("a template") };
        for resource in template.resources.values_mut() {
            resource.deletion_policy = policy("Retain");
        }
        let mut stack = stack.clone();
        stack.processed = seen(template);
        stack
    }

    #[test]
    fn a_missing_update_replace_policy_fails_whatever_the_deletion_policy_says() {
        for (attribute, text) in [
            (Observed::Absent, "no UpdateReplacePolicy"),
            (policy("Delete"), "UpdateReplacePolicy Delete"),
            (policy("RetainExceptOnCreate"), "UpdateReplacePolicy RetainExceptOnCreate"),
        ] {
            let stack = with(|template| {
                template.resources.get_mut("Bucket").unwrap().update_replace_policy = attribute;
            });
            assert_eq!(failed(judged(ON_REPLACEMENT, "", &stack)), format!("Bucket (AWS::S3::Bucket) has {text}"));
        }
    }

    #[test]
    fn the_strict_reading_is_advice_until_it_is_switched_on() {
        assert!(
            not_applicable(judged(STRICT, "", &stack()))
                .starts_with("the strict reading of \"all resources\" is switched off | see ruling J1")
        );
        let strict = "strict_retain_all = true";
        assert!(
            failed(judged(STRICT, strict, &stack())).contains("Function (AWS::Lambda::Function) has no DeletionPolicy")
        );
        assert!(passed(judged(STRICT, strict, &stack_all_retained(&stack()))).starts_with("Bucket"));
        assert_eq!(undecided(judged(STRICT, strict, &with(|t| t.resources.clear()))), "the template holds no resource");
        assert_eq!(undecided(judged(STRICT, strict, &Stack::unknown(&denial()))), denial().to_string());
    }

    #[test]
    fn a_template_that_cannot_be_read_is_an_error() {
        for id in [ON_DELETION, ON_REPLACEMENT, KEYS] {
            assert_eq!(undecided(judged(id, "", &Stack::unknown(&denial()))), denial().to_string());
        }
    }

    fn encrypted(algorithm: SseAlgorithm, key: Observed<String>) -> Subject {
        let mut bucket = bucket_subject();
        if let Resource::Bucket(attributes) = &mut bucket.resource {
            attributes.encryption = seen(vec![EncryptionRule {
                algorithm: Observed::Present(algorithm),
                kms_key: key,
                sse_c: SseC::Allowed,
            }]);
        }
        bucket
    }

    fn keys(stack: &Stack, others: Vec<Subject>) -> Judgement {
        judge(KEYS, &evidence([vec![subject_of(stack.clone())], others].concat()))
    }

    fn grouped(kms_key: Observed<String>) -> Subject {
        let mut group = log_group_subject();
        if let Resource::LogGroup(attributes) = &mut group.resource {
            let Observed::Present(mut description) = attributes.description.observed().clone() else { panic!("seen") };
            description.kms_key = kms_key;
            attributes.description = seen(description);
        }
        group
    }

    const ARN: &str = "arn:aws:kms:us-east-2:123456789012:key/1111-2222";

    #[test]
    fn a_key_that_encrypts_nothing_retained_may_go() {
        let answer = keys(&stack(), vec![bucket_subject(), log_group_subject(), key_subject()]);
        assert!(
            not_applicable(answer)
                .starts_with("no bucket or log group that stays is encrypted with a key of the stack | ")
        );
        let aws_managed = encrypted(SseAlgorithm::Kms, Observed::Absent);
        assert!(not_applicable(keys(&stack(), vec![aws_managed, log_group_subject()])).contains("see ruling J10"));
    }

    #[test]
    fn a_key_of_a_retained_resource_has_to_be_retained_however_it_is_named() {
        for reference in [ARN, "1111-2222", "alias/patient-data"] {
            let bucket = encrypted(SseAlgorithm::Kms, Observed::Present(reference.into()));
            let others = vec![bucket, log_group_subject(), key_subject()];
            assert_eq!(
                failed(keys(&stack(), others.clone())),
                "key Key, which encrypts AWS::S3::Bucket patient-data-dev, has no DeletionPolicy"
            );
            for word in ["Retain", "RetainExceptOnCreate"] {
                assert_eq!(
                    passed(keys(&deletion("Key", policy(word)), others.clone())),
                    format!("key Key, which encrypts AWS::S3::Bucket patient-data-dev, has DeletionPolicy {word}")
                );
            }
        }
        let group = grouped(Observed::Present(ARN.into()));
        assert_eq!(
            failed(keys(&stack(), vec![bucket_subject(), group])),
            "key Key, which encrypts AWS::Logs::LogGroup /aws/lambda/processor-dev, has no DeletionPolicy"
        );
    }

    #[test]
    fn a_resource_that_goes_with_the_stack_does_not_need_its_key() {
        let stack = deletion("Bucket", Observed::Absent);
        let bucket = encrypted(SseAlgorithm::Kms, Observed::Present(ARN.into()));
        assert!(not_applicable(keys(&stack, vec![bucket, log_group_subject()])).starts_with("no bucket or log group"));
    }

    #[test]
    fn a_resource_of_no_stack_stays_and_needs_its_key() {
        let mut bucket = encrypted(SseAlgorithm::KmsDsse, Observed::Present(ARN.into()));
        bucket.id = "by-hand".into();
        let mut stack = stack();
        let Observed::Present(members) = stack.members.observed().clone() else { panic!("members") };
        stack.members = seen(members.into_iter().filter(|member| member.kind != "AWS::S3::Bucket").collect());
        assert!(failed(keys(&stack, vec![bucket, log_group_subject()])).contains("encrypts AWS::S3::Bucket by-hand"));
    }

    #[test]
    fn a_key_of_another_stack_is_a_remark() {
        let bucket = encrypted(SseAlgorithm::Kms, Observed::Present("9999".into()));
        assert!(not_applicable(keys(&stack(), vec![bucket, log_group_subject()])).ends_with(
            "the key of AWS::S3::Bucket patient-data-dev belongs to no template of this stack and was not judged here"
        ));
    }

    #[test]
    fn an_alias_that_nobody_resolved_is_an_error() {
        let bucket = encrypted(SseAlgorithm::Kms, Observed::Present("alias/other".into()));
        assert_eq!(
            undecided(keys(&stack(), vec![bucket, log_group_subject(), key_subject()])),
            "which key alias/other names is not known, so it may be one of the stack's"
        );
    }

    #[test]
    fn encryption_that_cannot_be_read_is_an_error() {
        let mut bucket = bucket_subject();
        if let Resource::Bucket(attributes) = &mut bucket.resource {
            attributes.encryption = denied();
        }
        assert_eq!(undecided(keys(&stack(), vec![bucket, log_group_subject()])), denial().to_string());
        let group = grouped(Observed::Unknown(denial()));
        assert_eq!(undecided(keys(&stack(), vec![bucket_subject(), group])), denial().to_string());
        assert_eq!(
            undecided(keys(&stack(), vec![bucket_subject()])),
            "the encryption of AWS::Logs::LogGroup LogGroup was not read in this run"
        );
    }

    #[test]
    fn a_member_that_the_template_does_not_hold_is_an_error() {
        let mut stack = stack();
        stack.members = seen(vec![member("Stray", "AWS::S3::Bucket", "patient-data-dev", "CREATE_COMPLETE")]);
        assert_eq!(
            undecided(keys(&stack, vec![bucket_subject()])),
            "the stack lists Stray, which its template does not hold; run again"
        );
        stack.members = denied();
        assert_eq!(undecided(keys(&stack, vec![bucket_subject()])), denial().to_string());
    }
}
