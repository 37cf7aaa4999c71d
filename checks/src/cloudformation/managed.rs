//! Whether each audited resource belongs to a live stack.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::{Member, Stack, Template, TemplateText, is_live, member_of, template_path};
use crate::check::Context;
use crate::iam;
use crate::observed::Gap;
use crate::subject::{Attributes, Existence, Kind, Role, Subject};
use crate::verdict::{Judgement, Verdict, every};

const EXPECTED: &str = "every audited resource, and every policy of an audited role, held by a live stack";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Managed {
    log_groups_made_by_aws: Vec<String>,
}

/// That no stack holds a resource is an answer and fails (rule U10); a lookup that gave none is an error.
pub(super) fn managed(stack: &Stack, params: &Managed, context: &Context<'_>) -> Judgement {
    let mut parts: Vec<Judgement> = Vec::new();
    // Any stack of the account may hold a resource; those that were read are asked before the lookups.
    let others = context.evidence.all::<Stack>().map(|(_, other)| other).filter(|other| !std::ptr::eq(*other, stack));
    let stacks: Vec<&Stack> = [stack].into_iter().chain(others).collect();
    match stack.identity.seen() {
        Err(gap) => parts.push(Err(gap)),
        Ok(None) => parts.push(fail("no stack of the account holds the resources that the outputs name")),
        Ok(Some(_)) => {}
    }
    for subject in &context.evidence.subjects {
        if !is_looked_up(subject) {
            continue;
        }
        if made_by_aws(subject, &params.log_groups_made_by_aws) {
            parts.push(Ok(Verdict::not_applicable(format!("{} {} is made by AWS", subject.kind, subject.id))));
            continue;
        }
        if let Err(gap) = subject.is_none_of(|role| role == Role::External) {
            parts.push(Err(gap));
            continue;
        }
        if let Ok(Some(Existence::Missing)) = subject.existence.seen() {
            let why = format!("{} `{}` does not exist", subject.kind, subject.id);
            parts.push(Err(Gap::depends_on("stack-outputs-resolve-live", why)));
            continue;
        }
        parts.push(resource(&stacks, subject));
        if let Some(role) = <iam::Role as Attributes>::of(&subject.resource) {
            parts.extend(inline_policies(&stacks, subject, role));
            parts.extend(attached_policies(&stacks, subject, role));
        }
    }
    every(parts, || Err(Gap::undecided("the outputs name no resource that a stack could hold")))
}

/// External resources are not the stack's by definition; outputs, stack and account are no members of one.
fn is_looked_up(subject: &Subject) -> bool {
    match subject.kind {
        Kind::Bucket
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
        | Kind::Secret => subject.role != Role::External,
        Kind::Outputs | Kind::Stack | Kind::Account => false,
    }
}

fn made_by_aws(subject: &Subject, patterns: &[String]) -> bool {
    subject.kind == Kind::LogGroup
        && patterns.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(start) => subject.id.starts_with(start),
            None => subject.id == *pattern,
        })
}

fn resource(stacks: &[&Stack], subject: &Subject) -> Judgement {
    let what = format!("{} {}", subject.kind, subject.id);
    let key = format!("{} {}", subject.kind.name(), subject.id);
    held(stacks, &what, &key, |members| member_of(members, subject)).or_else(|gap| {
        // A name that leads to a resource is not looked up, but what it leads to; that is not known without an answer.
        if matches!(gap, Gap::NotCollected { .. }) {
            subject.existence.seen()?;
        }
        Err(gap)
    })
}

/// Looks a resource up among the members first and then in what the lookup of it answered, a live one first.
fn held<'a>(
    stacks: &[&'a Stack],
    what: &str,
    key: &str,
    find: impl Fn(&'a [Member]) -> Option<&'a Member>,
) -> Judgement {
    let mut member: Option<&Member> = None;
    let mut gap: Option<Gap> = None;
    for stack in stacks {
        match stack.members.seen() {
            Ok(members) => match members.and_then(|members| find(members)) {
                Some(found) if found.is_live() => return place(what, &found.stack, &found.status),
                Some(found) => {
                    member.get_or_insert(found);
                }
                None => {}
            },
            Err(found) => {
                gap.get_or_insert(found);
            }
        }
    }
    let judge_member = |member: &Member| place(what, &member.stack, &member.status);
    match (stacks.iter().find_map(|stack| stack.holders.get(key)).map(super::Seen::seen), member) {
        (Some(Ok(Some(holder))), None) => place(what, &holder.stack, &holder.status),
        (Some(Ok(Some(holder))), Some(_)) if is_live(&holder.status) => place(what, &holder.stack, &holder.status),
        (Some(Ok(Some(_) | None)) | None, Some(member)) => judge_member(member),
        (Some(Ok(None)), None) => fail(&format!("no stack holds {what}")),
        (Some(Err(gap)), _) => Err(gap),
        (None, None) => Err(gap.unwrap_or_else(|| Gap::NotCollected {
            what: format!("the stack of {what} was not looked up in this run").into(),
        })),
    }
}

fn place(what: &str, stack: &str, status: &str) -> Judgement {
    if is_live(status) {
        Ok(Verdict::satisfied(format!("held by stack {stack}")))
    } else if matches!(status, "DELETE_COMPLETE" | "DELETE_SKIPPED") {
        fail(&format!("{what} was left behind by stack {stack}, where its status is {status}"))
    } else if status.ends_with("_IN_PROGRESS") {
        Err(Gap::changing(format!("{what} is {status} in stack {stack}")))
    } else {
        Err(Gap::undecided(format!(
            "{what} is {status} in stack {stack}; finish or roll back the operation, then run again"
        )))
    }
}

fn fail(observed: &str) -> Judgement {
    Ok(Verdict::not_satisfied(observed, EXPECTED))
}

/// A role without inline policies has nothing to compare. Of a role that another stack holds the template is not read.
fn inline_policies(stacks: &[&Stack], subject: &Subject, role: &iam::Role) -> Vec<Judgement> {
    let names = match role.inline_policies.required("ListRolePolicies", "PolicyNames") {
        Ok(names) => names,
        Err(gap) => return vec![Err(gap)],
    };
    if names.is_empty() {
        return Vec::new();
    }
    let planned = match Planned::of(stacks, subject) {
        Ok(planned) => planned,
        Err(gap) => return vec![Err(gap)],
    };
    let Some(planned) = planned else { return Vec::new() };
    names.iter().map(|name| planned.judge(&subject.id, name)).collect()
}

/// The inline policies that the template gives a role.
struct Planned {
    names: BTreeSet<String>,
    /// Why a further name cannot be told; a name that is not among `names` is undecided then.
    unsure: Option<Gap>,
}

impl Planned {
    /// What the template gives the role; `None` where no stack holds it, because then that is the failure.
    fn of(stacks: &[&Stack], subject: &Subject) -> Result<Option<Planned>, Gap> {
        let mut gap = None;
        let found = stacks.iter().find_map(|stack| {
            match stack.members.required("ListStackResources", "StackResourceSummaries") {
                Ok(members) => member_of(members, subject).map(|member| (stack, members, member)),
                Err(found) => {
                    gap.get_or_insert(found);
                    None
                }
            }
        });
        let Some((stack, members, member)) = found else {
            let key = format!("{} {}", subject.kind.name(), subject.id);
            return match stacks.iter().find_map(|stack| stack.holders.get(&key)).map(|holder| holder.seen()) {
                Some(Ok(None)) => Ok(None),
                Some(Ok(Some(holder))) => Err(gap.unwrap_or_else(|| Gap::undecided(format!(
                    "the inline policies of role {} cannot be compared: the template of its stack {} was not read; audit that stack with --stack-name",
                    subject.id, holder.stack
                )))),
                Some(Err(gap)) => Err(gap),
                None => Err(gap.unwrap_or_else(|| Gap::NotCollected {
                    what: format!("the stack of {} {} was not looked up in this run", subject.kind, subject.id).into(),
                })),
            };
        };
        let template = stack.processed.required("GetTemplate", "TemplateBody")?;
        let path = template_path(members, member);
        let Some(own) = template.resource(&path)? else {
            return Err(Gap::undecided(format!(
                "the template does not hold {path}, which the stack lists as role {}; run again",
                subject.id
            )));
        };
        let mut planned = Planned { names: BTreeSet::new(), unsure: None };
        planned.add(&own.policy_names, &subject.id);
        planned.add_policies(template, &path, &subject.id);
        if let Some(gap) = template.unread_nested.values().next() {
            planned.unsure.get_or_insert(gap.clone());
        }
        Ok(Some(planned))
    }

    /// Adds the policies that stand beside the role as resources of their own and name it.
    fn add_policies(&mut self, template: &Template, role_path: &str, role_name: &str) {
        for (path, resource) in &template.resources {
            if !matches!(resource.kind.as_str(), "AWS::IAM::Policy" | "AWS::IAM::RolePolicy") {
                continue;
            }
            let scope = path.rsplit_once('/').map(|(scope, _)| format!("{scope}/"));
            let prefix = scope.as_deref().unwrap_or("");
            let names_role = resource.policy_roles.iter().any(|role| match role {
                TemplateText::Text(text) => text == role_name || format!("{prefix}{text}") == role_path,
                TemplateText::Unresolved(_) => false,
            });
            if names_role {
                self.add(&resource.policy_names, role_name);
            } else if let Some(unresolved) = unresolved(&resource.policy_roles) {
                self.unsure.get_or_insert(Gap::undecided(format!(
                    "the template names a role of the policy {path} by `{unresolved}`, which cannot be resolved from the stack's parameters"
                )));
            }
        }
    }

    fn add(&mut self, names: &[TemplateText], role: &str) {
        for name in names {
            match name {
                TemplateText::Text(name) => {
                    self.names.insert(name.clone());
                }
                TemplateText::Unresolved(what) => {
                    self.unsure.get_or_insert(Gap::undecided(format!(
                        "the template names a policy of role {role} by `{what}`, which cannot be resolved from the stack's parameters"
                    )));
                }
            }
        }
    }

    fn judge(&self, role: &str, name: &str) -> Judgement {
        if self.names.contains(name) {
            return Ok(Verdict::satisfied("every inline policy comes from the template"));
        }
        match &self.unsure {
            Some(gap) => Err(gap.clone()),
            None => fail(&format!("inline policy {name} of role {role} does not come from the template")),
        }
    }
}

fn unresolved(texts: &[TemplateText]) -> Option<&str> {
    texts.iter().find_map(|text| match text {
        TemplateText::Text(_) => None,
        TemplateText::Unresolved(what) => Some(what.as_str()),
    })
}

/// AWS's own managed policies belong to no stack and are left out.
fn attached_policies(stacks: &[&Stack], subject: &Subject, role: &iam::Role) -> Vec<Judgement> {
    let arns = match role.attached_policies.required("ListAttachedRolePolicies", "AttachedPolicies") {
        Ok(arns) => arns,
        Err(gap) => return vec![Err(gap)],
    };
    arns.iter()
        .filter(|arn| arn.split(':').nth(4) != Some("aws"))
        .map(|arn| {
            let what = format!("policy {arn} of role {}", subject.id);
            let key = format!("AWS::IAM::ManagedPolicy {arn}");
            held(stacks, &what, &key, |members| {
                let mut found = members
                    .iter()
                    .filter(|member| member.kind == "AWS::IAM::ManagedPolicy" && member.has_physical_id(arn));
                let first = found.clone().next();
                found.find(|member| member.is_live()).or(first)
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::cloudformation::fixture::{
        absent_stack, bucket_subject, function_subject, member, role_subject, stack, subject_of, template_resource,
    };
    use crate::cloudformation::{Holder, Stack, Template, TemplateText};
    use crate::fixture::*;
    use crate::iam;
    use crate::observed::{Gap, Observed, Seen};
    use crate::subject::{Existence, Kind, Resource, Role, Subject};
    use crate::verdict::Judgement;

    const ID: &str = "stack-managed-by-cloudformation";

    fn judged(stack: Stack, others: Vec<Subject>) -> Judgement {
        judge(ID, &evidence([vec![subject_of(stack)], others].concat()))
    }

    fn holder(stack: &str, status: &str) -> Seen<Holder> {
        seen(Holder { stack: stack.into(), logical_id: "X".into(), status: status.into() })
    }

    fn processed(stack: &mut Stack, change: impl FnOnce(&mut Template)) {
        let Observed::Present(mut template) = stack.processed.observed().clone() else { panic!("a template") };
        change(&mut template);
        stack.processed = seen(template);
    }

    fn role_with(inline: &[&str], attached: &[&str]) -> Subject {
        let list = |texts: &[&str]| seen(texts.iter().map(|text| (*text).to_owned()).collect());
        let mut role = role_subject();
        role.resource = Resource::Role(Box::new(iam::Role {
            inline_policies: list(inline),
            attached_policies: list(attached),
            ..iam::Role::unknown(&denial())
        }));
        role
    }

    #[test]
    fn members_of_the_stack_are_managed() {
        let answer = judged(stack(), vec![bucket_subject(), function_subject(), role_subject()]);
        assert_eq!(passed(answer), "held by stack TapStackdev; every inline policy comes from the template");
    }

    #[test]
    fn a_resource_that_no_stack_holds_fails() {
        let mut stack = stack();
        stack.members = seen(Vec::new());
        stack.holders.insert("AWS::S3::Bucket patient-data-dev".into(), not_set());
        assert_eq!(failed(judged(stack, vec![bucket_subject()])), "no stack holds AWS::S3::Bucket patient-data-dev");
    }

    #[test]
    fn a_resource_of_another_stack_of_the_account_is_managed() {
        let mut stack = stack();
        stack.members = seen(Vec::new());
        stack.holders.insert("AWS::S3::Bucket patient-data-dev".into(), holder("Storage", "UPDATE_COMPLETE"));
        assert_eq!(passed(judged(stack, vec![bucket_subject()])), "held by stack Storage");
    }

    #[test]
    fn a_resource_of_another_stack_that_was_read_is_managed_and_its_role_compared_there() {
        let mut first = stack();
        first.members = seen(Vec::new());
        let subjects = vec![subject_of(first), bucket_subject(), role_subject(), subject_of(stack())];
        assert_eq!(
            passed(judge(ID, &evidence(subjects))),
            "held by stack TapStackdev; every inline policy comes from the template"
        );
    }

    #[test]
    fn what_a_deleted_stack_left_behind_fails() {
        for status in ["DELETE_COMPLETE", "DELETE_SKIPPED"] {
            let mut stack = stack();
            stack.members = seen(vec![member("Bucket", "AWS::S3::Bucket", "patient-data-dev", status)]);
            assert_eq!(
                failed(judged(stack, vec![bucket_subject()])),
                format!(
                    "AWS::S3::Bucket patient-data-dev was left behind by stack TapStackdev, where its status is {status}"
                )
            );
        }
    }

    #[test]
    fn a_live_stack_that_took_over_a_retained_resource_counts() {
        let mut stack = stack();
        stack.members = seen(vec![member("Bucket", "AWS::S3::Bucket", "patient-data-dev", "DELETE_SKIPPED")]);
        stack.holders.insert("AWS::S3::Bucket patient-data-dev".into(), holder("Storage", "IMPORT_COMPLETE"));
        assert_eq!(passed(judged(stack, vec![bucket_subject()])), "held by stack Storage");
    }

    #[test]
    fn a_resource_in_flux_or_half_made_is_an_error() {
        for (status, text) in [
            ("UPDATE_IN_PROGRESS", "it is changing, so the evidence may be torn"),
            ("CREATE_FAILED", "is CREATE_FAILED in stack TapStackdev; finish or roll back"),
        ] {
            let mut stack = stack();
            stack.members = seen(vec![member("Bucket", "AWS::S3::Bucket", "patient-data-dev", status)]);
            let answer = undecided(judged(stack, vec![bucket_subject()]));
            assert!(answer.contains(text), "{answer}");
        }
    }

    #[test]
    fn where_no_stack_holds_anything_this_requirement_fails() {
        let answer = judged(absent_stack(), vec![]);
        assert_eq!(failed(answer), "no stack of the account holds the resources that the outputs name");
        let mut stack = absent_stack();
        stack.holders.insert("AWS::S3::Bucket patient-data-dev".into(), not_set());
        let answer = failed(judged(stack, vec![bucket_subject()]));
        assert_eq!(
            answer,
            "no stack of the account holds the resources that the outputs name; no stack holds AWS::S3::Bucket patient-data-dev"
        );
    }

    #[test]
    fn a_denied_lookup_is_an_error() {
        assert_eq!(undecided(judged(Stack::unknown(&denial()), vec![bucket_subject()])), denial().to_string());
        let mut stack = stack();
        stack.members = seen(Vec::new());
        stack.holders.insert("AWS::S3::Bucket patient-data-dev".into(), denied());
        assert_eq!(undecided(judged(stack, vec![bucket_subject()])), denial().to_string());
    }

    #[test]
    fn a_name_that_could_not_be_followed_is_an_error_that_says_why() {
        let mut stack = stack();
        stack.members = seen(Vec::new());
        let unread = Subject { existence: denied(), ..bucket_subject() };
        assert_eq!(undecided(judged(stack, vec![unread])), denial().to_string());
    }

    #[test]
    fn a_resource_that_was_not_looked_up_is_an_error() {
        let mut stack = stack();
        stack.members = seen(Vec::new());
        assert_eq!(
            undecided(judged(stack.clone(), vec![bucket_subject()])),
            "the stack of AWS::S3::Bucket patient-data-dev was not looked up in this run"
        );
        stack.members = denied();
        assert_eq!(undecided(judged(stack, vec![bucket_subject()])), denial().to_string());
    }

    #[test]
    fn a_missing_resource_is_reported_elsewhere() {
        let mut bucket = bucket_subject();
        bucket.existence = seen(Existence::Missing);
        assert!(undecided(judged(stack(), vec![bucket])).starts_with("depends on stack-outputs-resolve-live"));
    }

    #[test]
    fn external_resources_and_log_groups_made_by_aws_are_not_looked_up() {
        let mut bucket = bucket_subject();
        bucket.id = "someone-elses".into();
        bucket.role = Role::External;
        let group = subject(
            Kind::LogGroup,
            "/aws/rds/cluster/x/audit",
            Resource::LogGroup(Box::new(crate::logs::LogGroup::unknown(&denial()))),
        );
        assert_eq!(
            not_applicable(judged(stack(), vec![bucket, group])),
            "AWS::Logs::LogGroup /aws/rds/cluster/x/audit is made by AWS"
        );
    }

    #[test]
    fn nothing_to_look_up_is_an_error() {
        assert_eq!(undecided(judged(stack(), vec![])), "the outputs name no resource that a stack could hold");
    }

    #[test]
    fn an_inline_policy_that_the_template_does_not_hold_fails() {
        let answer = judged(stack(), vec![role_with(&["data-access-dev", "by-hand"], &[])]);
        assert_eq!(failed(answer), "inline policy by-hand of role processor-role-dev does not come from the template");
    }

    #[test]
    fn an_inline_policy_from_a_policy_resource_comes_from_the_template() {
        for role in ["Role", "processor-role-dev"] {
            let mut stack = stack();
            processed(&mut stack, |template| {
                let mut policy = template_resource("AWS::IAM::Policy");
                policy.policy_names = vec![TemplateText::Text("extra".into())];
                policy.policy_roles = vec![TemplateText::Text(role.into())];
                template.resources.insert("Extra".into(), policy);
            });
            let answer = judged(stack, vec![role_with(&["extra"], &[])]);
            assert_eq!(passed(answer), "held by stack TapStackdev; every inline policy comes from the template");
        }
    }

    #[test]
    fn a_policy_resource_for_another_role_does_not_count() {
        let mut stack = stack();
        processed(&mut stack, |template| {
            let mut policy = template_resource("AWS::IAM::RolePolicy");
            policy.policy_names = vec![TemplateText::Text("extra".into())];
            policy.policy_roles = vec![TemplateText::Text("OtherRole".into())];
            template.resources.insert("Extra".into(), policy);
        });
        assert!(failed(judged(stack, vec![role_with(&["extra"], &[])])).starts_with("inline policy extra"));
    }

    #[test]
    fn a_policy_name_that_cannot_be_resolved_is_an_error_only_for_names_not_found() {
        let mut stack = stack();
        processed(&mut stack, |template| {
            let role = template.resources.get_mut("Role").unwrap();
            role.policy_names.push(TemplateText::Unresolved("Fn::ImportValue".into()));
        });
        assert_eq!(
            passed(judged(stack.clone(), vec![role_with(&["data-access-dev"], &[])])),
            "held by stack TapStackdev; every inline policy comes from the template"
        );
        assert_eq!(
            undecided(judged(stack, vec![role_with(&["strange"], &[])])),
            "the template names a policy of role processor-role-dev by `Fn::ImportValue`, which cannot be resolved from the stack's parameters"
        );
    }

    #[test]
    fn a_role_in_a_nested_stack_is_compared_with_the_nested_template() {
        let mut stack = stack();
        let arn = "arn:aws:cloudformation:us-east-2:123456789012:stack/TapStackdev-Inner-1/uuid";
        let mut inner = member("Role", "AWS::IAM::Role", "processor-role-dev", "CREATE_COMPLETE");
        inner.stack = "TapStackdev-Inner-1".into();
        stack.members = seen(vec![member("Inner", "AWS::CloudFormation::Stack", arn, "CREATE_COMPLETE"), inner]);
        processed(&mut stack, |template| {
            let role = template.resources.remove("Role").unwrap();
            template.resources.insert("Inner/Role".into(), role);
        });
        assert_eq!(
            passed(judged(stack.clone(), vec![role_with(&["data-access-dev"], &[])])),
            "held by stack TapStackdev-Inner-1; every inline policy comes from the template"
        );
        processed(&mut stack, |template| {
            template.resources.clear();
            template.unread_nested.insert("Inner".into(), denial());
        });
        assert_eq!(undecided(judged(stack, vec![role_with(&["data-access-dev"], &[])])), denial().to_string());
    }

    #[test]
    fn a_role_without_inline_policies_needs_no_template() {
        let mut stack = stack();
        stack.processed = denied();
        assert_eq!(passed(judged(stack.clone(), vec![role_with(&[], &[])])), "held by stack TapStackdev");
        assert_eq!(undecided(judged(stack, vec![role_with(&["x"], &[])])), denial().to_string());
    }

    #[test]
    fn an_unreadable_policy_list_is_an_error() {
        let mut role = role_subject();
        role.resource = Resource::Role(Box::new(iam::Role::unknown(&denial())));
        assert_eq!(undecided(judged(stack(), vec![role])), denial().to_string());
    }

    #[test]
    fn an_attached_policy_is_looked_up_unless_aws_manages_it() {
        let own = "arn:aws:iam::123456789012:policy/own";
        let aws = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole";
        assert_eq!(passed(judged(stack(), vec![role_with(&[], &[aws])])), "held by stack TapStackdev");
        let mut with_holder = stack();
        with_holder.holders.insert(format!("AWS::IAM::ManagedPolicy {own}"), not_set());
        assert_eq!(
            failed(judged(with_holder.clone(), vec![role_with(&[], &[own])])),
            format!("no stack holds policy {own} of role processor-role-dev")
        );
        with_holder.holders.insert(format!("AWS::IAM::ManagedPolicy {own}"), holder("Policies", "CREATE_COMPLETE"));
        assert_eq!(
            passed(judged(with_holder, vec![role_with(&[], &[own])])),
            "held by stack TapStackdev; held by stack Policies"
        );
        assert!(matches!(judged(stack(), vec![role_with(&[], &[own])]), Err(Gap::NotCollected { .. })));
    }

    #[test]
    fn a_role_of_another_stack_cannot_be_compared_and_one_of_none_is_itself_the_failure() {
        let mut stack = stack();
        stack.members = seen(Vec::new());
        stack.holders.insert("AWS::IAM::Role processor-role-dev".into(), holder("Roles", "CREATE_COMPLETE"));
        assert!(
            undecided(judged(stack.clone(), vec![role_with(&["x"], &[])])).contains("its stack Roles was not read")
        );
        stack.holders.insert("AWS::IAM::Role processor-role-dev".into(), not_set());
        assert_eq!(
            failed(judged(stack, vec![role_with(&["x"], &[])])),
            "no stack holds AWS::IAM::Role processor-role-dev"
        );
    }
}
