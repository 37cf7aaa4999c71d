//! CloudFormation stacks: what is seen of them, and the checks of their requirements.

mod content;
mod eligible;
#[cfg(test)]
pub(crate) mod fixture;
mod managed;
mod parameters;
mod region;
mod retention;
mod standing;
pub(crate) mod teardown;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::check::Check;
use crate::evidence::Evidence;
use crate::lambda::LengthClass;
use crate::observed::{Gap, Observed, Seen};
use crate::s3::Switch;
use crate::subject::{Kind, Subject};

/// The checks of this file, in catalog order.
pub fn checks() -> Vec<Check> {
    vec![
        Check::across("stack-region-as-specified", region::region),
        Check::across("stack-managed-by-cloudformation", managed::managed),
        Check::across("stack-drift-in-sync", standing::drift),
        Check::new("stack-template-format", content::format),
        Check::new("stack-status-complete", standing::status),
        Check::across("stack-services-complete", content::services),
        Check::new("stack-hipaa-eligible-services", eligible::services),
        Check::new("stack-params-secret-noecho", parameters::no_echo),
        Check::new("stack-params-no-secret-default", parameters::no_default),
        Check::new("stack-retain-stateful-deletion-policy", retention::on_deletion),
        Check::new("stack-retain-stateful-update-replace-policy", retention::on_replacement),
        Check::new("stack-retain-all-resources-strict", retention::of_everything),
        Check::across("stack-retain-kms-key", retention::of_keys),
        Check::new("stack-no-retain-policies", retention::of_nothing),
        Check::across("stack-destroyable-no-blockers", teardown::no_blockers),
    ]
}

/// What was seen of a root stack with its nested stacks. Where no stack could be found every part is a gap that says so.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stack {
    /// How the stack was found, or why it was not.
    pub identity: Seen<Identity>,
    /// What DescribeStacks answers.
    pub description: Seen<Description>,
    /// Every member of the stack and its nested stacks, after the last page.
    pub members: Seen<Vec<Member>>,
    /// The template as it was uploaded.
    pub original: Seen<Template>,
    /// The template after transforms.
    pub processed: Seen<Template>,
    /// What GetTemplateSummary says of the parameters.
    pub parameter_summary: Seen<Vec<ParameterSummary>>,
    /// For each audited resource, and each customer-managed policy attached to an audited role: which stack of the
    /// account holds it, by `kind id`; absent means that none does. Members of this stack may be left out.
    pub holders: BTreeMap<String, Seen<Holder>>,
    /// The public addresses of its members that are no subjects of their own.
    pub addresses: crate::network::Addresses,
}

/// Which stack it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Its name.
    pub name: String,
    /// Its id, an ARN, where it is known.
    pub id: Observed<String>,
    /// How it was found.
    pub found_by: String,
}

/// What DescribeStacks answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    /// Its status as CloudFormation writes it, one of the tokens this version knows.
    pub status: Observed<StackStatus>,
    /// Whether it can be deleted.
    pub termination_protection: Observed<Switch>,
    /// The last drift check's answer; absent means that none was made.
    pub drift: Observed<DriftStatus>,
    /// When drift was checked last.
    pub drift_checked_at: Observed<Timestamp>,
    /// Its parameters; an empty list means that it has none.
    pub parameters: Observed<Vec<Parameter>>,
}

/// A stack's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs, reason = "each is the token of CloudFormation's StackStatus")]
pub enum StackStatus {
    CreateInProgress,
    CreateFailed,
    CreateComplete,
    RollbackInProgress,
    RollbackFailed,
    RollbackComplete,
    DeleteInProgress,
    DeleteFailed,
    DeleteComplete,
    UpdateInProgress,
    UpdateCompleteCleanupInProgress,
    UpdateComplete,
    UpdateFailed,
    UpdateRollbackInProgress,
    UpdateRollbackFailed,
    UpdateRollbackCompleteCleanupInProgress,
    UpdateRollbackComplete,
    ReviewInProgress,
    ImportInProgress,
    ImportComplete,
    ImportRollbackInProgress,
    ImportRollbackFailed,
    ImportRollbackComplete,
    /// No stack of the name that the user gave exists.
    NoSuchStack,
}

impl StackStatus {
    /// Every status with its token.
    pub const ALL: [(StackStatus, &'static str); 24] = [
        (StackStatus::CreateInProgress, "CREATE_IN_PROGRESS"),
        (StackStatus::CreateFailed, "CREATE_FAILED"),
        (StackStatus::CreateComplete, "CREATE_COMPLETE"),
        (StackStatus::RollbackInProgress, "ROLLBACK_IN_PROGRESS"),
        (StackStatus::RollbackFailed, "ROLLBACK_FAILED"),
        (StackStatus::RollbackComplete, "ROLLBACK_COMPLETE"),
        (StackStatus::DeleteInProgress, "DELETE_IN_PROGRESS"),
        (StackStatus::DeleteFailed, "DELETE_FAILED"),
        (StackStatus::DeleteComplete, "DELETE_COMPLETE"),
        (StackStatus::UpdateInProgress, "UPDATE_IN_PROGRESS"),
        (StackStatus::UpdateCompleteCleanupInProgress, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"),
        (StackStatus::UpdateComplete, "UPDATE_COMPLETE"),
        (StackStatus::UpdateFailed, "UPDATE_FAILED"),
        (StackStatus::UpdateRollbackInProgress, "UPDATE_ROLLBACK_IN_PROGRESS"),
        (StackStatus::UpdateRollbackFailed, "UPDATE_ROLLBACK_FAILED"),
        (StackStatus::UpdateRollbackCompleteCleanupInProgress, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"),
        (StackStatus::UpdateRollbackComplete, "UPDATE_ROLLBACK_COMPLETE"),
        (StackStatus::ReviewInProgress, "REVIEW_IN_PROGRESS"),
        (StackStatus::ImportInProgress, "IMPORT_IN_PROGRESS"),
        (StackStatus::ImportComplete, "IMPORT_COMPLETE"),
        (StackStatus::ImportRollbackInProgress, "IMPORT_ROLLBACK_IN_PROGRESS"),
        (StackStatus::ImportRollbackFailed, "IMPORT_ROLLBACK_FAILED"),
        (StackStatus::ImportRollbackComplete, "IMPORT_ROLLBACK_COMPLETE"),
        (StackStatus::NoSuchStack, "(no such stack)"),
    ];

    /// The token as CloudFormation writes it.
    pub fn name(self) -> &'static str {
        StackStatus::ALL.iter().find(|(status, _)| *status == self).map_or("", |(_, name)| name)
    }
}

/// The answer of a drift check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs, reason = "each is the token of CloudFormation's StackDriftStatus")]
pub enum DriftStatus {
    Drifted,
    InSync,
    Unknown,
    NotChecked,
}

/// A stack parameter. Its value never leaves the collector.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameter {
    /// Its key.
    pub key: String,
    /// What its live value is, as far as it was judged.
    pub value: ParameterValue,
    /// What its resolved value is (an SSM parameter's), as far as it was judged; absent where there is none.
    pub resolved: Observed<ParameterValue>,
    /// The value itself, kept only for the parameter `EnvironmentSuffix`, which names resources and is no secret.
    pub suffix: Option<String>,
}

/// What the value of a parameter is, as far as it was judged before it was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ParameterValue {
    /// CloudFormation masks it: NoEcho.
    Masked,
    /// Nothing.
    Empty,
    /// A `{{resolve:secretsmanager|ssm-secure:...}}` text, which names a secret and is none.
    Reference,
    /// Readable in clear.
    Clear,
}

/// A member of a stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The name of the stack that lists it, which may be a nested one.
    pub stack: String,
    /// Its logical id.
    pub logical_id: String,
    /// Its physical id; absent where it has none.
    pub physical_id: Observed<String>,
    /// Its CloudFormation type.
    pub kind: String,
    /// Its status as CloudFormation writes it.
    pub status: String,
    /// The last drift check's answer for it, as CloudFormation writes it; absent means none.
    pub drift: Observed<String>,
}

impl Member {
    /// Whether the resource is live: made, and not deleted, skipped or failed at creation.
    pub fn is_live(&self) -> bool {
        is_live(&self.status)
    }

    /// Whether an operation on the resource is under way, so that it may be live in a moment or gone.
    pub fn is_changing(&self) -> bool {
        self.status.ends_with("_IN_PROGRESS")
    }

    fn has_physical_id(&self, id: &str) -> bool {
        match &self.physical_id {
            Observed::Present(own) => own == id,
            Observed::Absent | Observed::Unknown(_) => false,
        }
    }
}

fn is_live(status: &str) -> bool {
    (status.ends_with("_COMPLETE") && status != "DELETE_COMPLETE") || status == "UPDATE_FAILED"
}

/// Proves that no stack that was found holds a resource of this kind: each listing was read to its end, and nothing of the
/// kind is under way.
///
/// # Errors
/// A gap, when there is no stack, a listing could not be read, or one holds such a resource that the audit did not reach.
pub(crate) fn holds_none(evidence: &Evidence, kind: Kind) -> Result<(), Gap> {
    let mut stacks = evidence.all::<Stack>().peekable();
    if stacks.peek().is_none() {
        return Err(Gap::NothingToAudit { kind: kind.name().into() });
    }
    for (_, stack) in stacks {
        let members = stack.members.required("ListStackResources", "StackResourceSummaries")?;
        let found = members.iter().find(|one| one.kind == kind.name() && (one.is_live() || one.is_changing()));
        if let Some(found) = found {
            let what = format!("{} {} of stack {} is {}", kind, found.logical_id, found.stack, found.status);
            return Err(Gap::changing(what));
        }
    }
    Ok(())
}

/// The member that is this subject, a live one first; `None` when the list does not hold it.
fn member_of<'a>(members: &'a [Member], subject: &Subject) -> Option<&'a Member> {
    let names = subject.names();
    // An instance that belongs to no cluster stands among the databases, and among the members under a type of its own.
    let is_listed = |member: &Member| {
        subject.stack.as_ref() == Some(&member.stack) && subject.logical_id.as_ref() == Some(&member.logical_id)
    };
    let is_named =
        |member: &Member| member.kind == subject.kind.name() && names.iter().any(|name| member.has_physical_id(name));
    let mut found = members.iter().filter(|member| is_named(member) || is_listed(member));
    let first = found.clone().next();
    found.find(|member| member.is_live()).or(first)
}

/// Where a member stands in the template with its nested ones: `Nested/LogicalId`. Every member of a nested stack has
/// a parent, the member whose physical id is the nested stack's ARN.
fn template_path(members: &[Member], member: &Member) -> String {
    let (mut path, mut stack) = (member.logical_id.clone(), member.stack.as_str());
    // CloudFormation nests a few levels; the bound only keeps a made-up evidence file from going round for ever.
    for _ in 0..32 {
        let Some(parent) = members.iter().find(|parent| is_stack_named(parent, stack)) else { break };
        path = format!("{}/{path}", parent.logical_id);
        stack = &parent.stack;
    }
    path
}

fn is_stack_named(member: &Member, name: &str) -> bool {
    let Observed::Present(id) = &member.physical_id else { return false };
    // arn:aws:cloudformation:REGION:ACCOUNT:stack/NAME/UUID
    member.kind == "AWS::CloudFormation::Stack" && (id == name || id.split('/').nth(1) == Some(name))
}

/// A template, reduced to what requirements ask about. Values never leave the collector.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    /// The format that the text is in.
    pub format: TemplateFormat,
    /// Its description; absent or empty means none.
    pub description: Observed<LengthClass>,
    /// Its parameters, in name order.
    pub parameters: BTreeMap<String, TemplateParameter>,
    /// Its resources and those of nested stacks, by logical id; those of a nested stack as `Nested/LogicalId`.
    pub resources: BTreeMap<String, TemplateResource>,
    /// Nested stacks whose template could not be read: logical id and gap.
    pub unread_nested: BTreeMap<String, Gap>,
}

impl Template {
    /// The resource at this place; `None` where a template that was read holds none.
    ///
    /// # Errors
    /// The gap of the nested stack that the place is in, when its template could not be read.
    fn resource(&self, path: &str) -> Result<Option<&TemplateResource>, Gap> {
        if let Some(resource) = self.resources.get(path) {
            return Ok(Some(resource));
        }
        let unread = self.unread_nested.iter().find(|(nested, _)| path.starts_with(&format!("{nested}/")));
        unread.map_or(Ok(None), |(_, gap)| Err(gap.clone()))
    }
}

/// The format that a template is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TemplateFormat {
    /// A strict JSON parser reads it as an object.
    Json,
    /// Only a YAML parser reads it as a mapping.
    Yaml,
}

/// A parameter of a template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateParameter {
    /// Its type.
    pub kind: String,
    /// Whether it is masked in the console and in answers.
    pub no_echo: Observed<Switch>,
    /// What its default is, as far as it was judged before it was dropped; absent means none.
    pub default: Observed<DefaultLook>,
}

/// What a default is, as far as it was judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DefaultLook {
    /// Nothing.
    Empty,
    /// A `{{resolve:...}}` text, or the name of an SSM parameter under an SSM parameter type.
    Reference,
    /// A literal.
    Literal,
    /// A literal that CloudFormation masks (`****`).
    Masked,
}

/// A resource of a template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateResource {
    /// Its CloudFormation type.
    pub kind: String,
    /// What happens to it when the stack goes; absent means the type's default.
    pub deletion_policy: Observed<Attribute>,
    /// What happens to the old one when an update replaces it; absent means that it goes.
    pub update_replace_policy: Observed<Attribute>,
    /// The names of inline policies of a role (`Policies[].PolicyName`), of an `AWS::IAM::Policy` or a `RolePolicy`.
    pub policy_names: Vec<TemplateText>,
    /// The roles that an `AWS::IAM::Policy` or `RolePolicy` names: the logical id of a role of the same template, or a
    /// role's name.
    pub policy_roles: Vec<TemplateText>,
    /// The environment variables of a function.
    pub variables: Vec<TemplateVariable>,
    /// Whether it is a database instance of a cluster, which leaves the last snapshot to the cluster; absent where its
    /// type knows no clusters.
    pub in_cluster: Observed<Switch>,
}

/// An attribute of a template resource that takes one of a few words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Attribute {
    /// The word as written.
    Word(String),
    /// An intrinsic function instead of a word; the name of the function.
    NotLiteral(String),
}

/// A text of a template in which parameters may stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TemplateText {
    /// The text, with parameters and pseudo parameters filled in from the stack.
    Text(String),
    /// It could not be resolved; what stands there instead, such as `Fn::ImportValue`.
    Unresolved(String),
}

/// An environment variable in a template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateVariable {
    /// Its name.
    pub name: String,
    /// What stands there.
    pub value: TemplateValue,
}

/// What stands in a template as the value of an environment variable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TemplateValue {
    /// A reference to a parameter of this name.
    Parameter(String),
    /// A literal, as far as it was judged before it was dropped.
    Literal(crate::lambda::ValueLook),
    /// Another intrinsic function.
    Computed,
}

/// What GetTemplateSummary says of one parameter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParameterSummary {
    /// Its key.
    pub key: String,
    /// Its type.
    pub kind: Observed<String>,
    /// Whether it is masked.
    pub no_echo: Observed<Switch>,
    /// What its default is; absent means none.
    pub default: Observed<DefaultLook>,
}

/// The stack that holds a resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The stack's name.
    pub stack: String,
    /// The logical id there.
    pub logical_id: String,
    /// The resource's status there, as CloudFormation writes it.
    pub status: String,
}

impl Stack {
    /// The evidence of a stack of which nothing could be seen.
    pub fn unknown(gap: &Gap) -> Self {
        Stack {
            identity: Seen::gap(gap.clone()),
            description: Seen::gap(gap.clone()),
            members: Seen::gap(gap.clone()),
            original: Seen::gap(gap.clone()),
            processed: Seen::gap(gap.clone()),
            parameter_summary: Seen::gap(gap.clone()),
            holders: BTreeMap::new(),
            addresses: crate::network::Addresses::unknown(gap),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::fixture::subject_of;
    use super::*;
    use crate::fixture::*;

    #[test]
    fn nothing_is_concluded_from_a_stack_of_which_nothing_was_seen() {
        let evidence = evidence(vec![subject_of(Stack::unknown(&denial()))]);
        for check in checks() {
            let params = if check.id == "stack-retain-all-resources-strict" { "strict_retain_all = true" } else { "" };
            assert_eq!(undecided(judge_with(check.id, params, &evidence)), denial().to_string(), "{}", check.id);
        }
    }

    #[test]
    fn where_no_stack_holds_the_resources_only_one_requirement_fails() {
        let evidence = evidence(vec![subject_of(fixture::absent_stack()), fixture::function_subject()]);
        for check in checks() {
            let params = if check.id == "stack-retain-all-resources-strict" { "strict_retain_all = true" } else { "" };
            let judgement = judge_with(check.id, params, &evidence);
            match check.id {
                "stack-managed-by-cloudformation" => {
                    assert!(failed(judgement).starts_with("no stack of the account holds"));
                }
                "stack-region-as-specified" => assert!(passed(judgement).contains("only their own regions")),
                id => {
                    assert_eq!(
                        undecided(judgement),
                        "depends on stack-managed-by-cloudformation: no stack holds the resources",
                        "{id}"
                    );
                }
            }
        }
    }

    #[test]
    fn every_stack_status_has_one_token_and_is_found_by_it() {
        for (status, token) in StackStatus::ALL {
            assert_eq!(status.name(), token);
        }
    }

    #[test]
    fn a_member_of_a_nested_stack_stands_below_its_parents_in_the_template() {
        let arn = |name: &str| format!("arn:aws:cloudformation:us-east-2:123456789012:stack/{name}/uuid");
        let outer = fixture::member("Outer", "AWS::CloudFormation::Stack", &arn("T-Outer"), "CREATE_COMPLETE");
        let mut inner =
            fixture::member("Inner", "AWS::CloudFormation::Stack", &arn("T-Outer-Inner"), "CREATE_COMPLETE");
        inner.stack = "T-Outer".into();
        let mut leaf = fixture::member("Key", "AWS::KMS::Key", "k", "CREATE_COMPLETE");
        leaf.stack = "T-Outer-Inner".into();
        let members = [outer.clone(), inner, leaf.clone()];
        assert_eq!(template_path(&members, &leaf), "Outer/Inner/Key");
        assert_eq!(template_path(&members, &outer), "Outer");
    }
}
