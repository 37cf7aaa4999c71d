//! The policies of a role, read one by one, so that one that cannot be read hides no other.

use crate::check::Context;
use crate::evidence::Evidence;
use crate::iam::{ManagedPolicy, Role};
use crate::observed::{Gap, Observed, Seen};
use crate::policy::model::{Document, Effect, PolicyText, Principal, Principals};
use crate::policy::parse::{Sort, parse};
use crate::policy::question::role_wildcard::{display, principal};
use crate::subject::Kind;

/// A policy of a role.
pub(crate) struct Held {
    /// Its name for a reader.
    pub(crate) name: String,
    /// Its ARN; `None` for inline policies, and for the list of policies itself.
    pub(super) arn: Option<String>,
    /// What it says.
    pub(crate) document: Result<Document, Gap>,
}

/// Every policy of the role, inline ones first. A list that could not be read stands among them as a gap.
pub(crate) fn held(role: &Role) -> Vec<Held> {
    let mut held = Vec::new();
    match role.inline_policies.required("ListRolePolicies", "PolicyNames") {
        Err(gap) => held.push(unread("the list of inline policies", gap)),
        Ok(names) => held.extend(names.iter().map(|name| Held {
            name: display(name),
            arn: None,
            document: of_list(role.inline_documents.get(name), name, "GetRolePolicy", "PolicyDocument"),
        })),
    }
    match attached(role) {
        Err(gap) => held.push(unread("the list of managed policies", gap)),
        Ok(arns) => held.extend(arns.iter().map(|arn| Held {
            name: display(arn),
            arn: Some(arn.clone()),
            document: of_list(role.attached_documents.get(arn), arn, "GetPolicyVersion", "PolicyVersion.Document"),
        })),
    }
    held
}

fn unread(name: &str, gap: Gap) -> Held {
    Held { name: name.into(), arn: None, document: Err(gap) }
}

/// The ARNs of the role's managed policies; an empty list means none.
pub(super) fn attached(role: &Role) -> Result<&Vec<String>, Gap> {
    role.attached_policies.required("ListAttachedRolePolicies", "AttachedPolicies")
}

fn of_list(
    text: Option<&Seen<PolicyText>>,
    name: &str,
    operation: &'static str,
    field: &'static str,
) -> Result<Document, Gap> {
    let text = text
        .ok_or_else(|| Gap::NotCollected { what: format!("the document of {} was not read", display(name)).into() })?;
    read(text.required(operation, field)?, Sort::Identity, operation, &display(name))
}

/// The document of a managed policy of the stack.
pub(super) fn managed(policy: &ManagedPolicy, name: &str) -> Result<Document, Gap> {
    let operation = "GetPolicyVersion";
    read(policy.document.required(operation, "PolicyVersion.Document")?, Sort::Identity, operation, name)
}

/// Parses a document; one that is no policy decides nothing (rule U6).
pub(crate) fn read(text: &PolicyText, sort: Sort, operation: &'static str, name: &str) -> Result<Document, Gap> {
    parse(&text.0, sort)
        .map_err(|error| Gap::Unparsable { operation: operation.into(), what: format!("{name}: {error}") })
}

/// Why the role is left alone: AWS writes the policies of service-linked roles, and nobody else can.
pub(crate) fn service_linked(role: &Role) -> Result<Option<&'static str>, Gap> {
    let path = role.path.required("GetRole", "Role.Path")?;
    Ok(path
        .starts_with("/aws-service-role/")
        .then_some("the role is linked to a service of AWS, which alone can change its policies"))
}

/// The one service that may become the role, by the part of its name before the domain; `None` where its trust policy
/// allows anybody else, or several services.
pub(super) fn only_trusted_service(role: &Role) -> Result<Option<String>, Gap> {
    let text = role.trust.required("GetRole", "Role.AssumeRolePolicyDocument")?;
    let document = read(text, Sort::Trust, "GetRole", "the trust policy")?;
    let mut only: Option<String> = None;
    for statement in document.statements.iter().filter(|statement| statement.effect == Effect::Allow) {
        let Principals::Only(trusted) = &statement.principals else { return Ok(None) };
        for trusted in trusted {
            let Principal::Service(service) = trusted else { return Ok(None) };
            let service = principal(service);
            match &only {
                Some(other) if other != service => return Ok(None),
                Some(_) | None => only = Some(service.into()),
            }
        }
    }
    Ok(only)
}

/// Whether an ARN names the role. Names of roles are unique in an account, whatever their path.
pub(super) fn is_role(arn: &str, context: &Context<'_>) -> bool {
    let Some((head, path)) = arn.split_once(":role/") else { return false };
    head.ends_with(&format!(":iam::{}", context.evidence.run.account))
        && path.rsplit('/').next() == context.subject.id.rsplit('/').next()
}

/// The account and the path with name of a role's ARN.
pub(crate) fn role_of(arn: &str) -> Option<(String, String)> {
    let (head, name) = arn.split_once(":role/")?;
    let account = head.rsplit_once(':').map(|(_, account)| account)?;
    Some((account.to_owned(), name.to_owned()))
}

/// The policies of a role, given as [`role_of`] does, that somebody acts as: each with its name, or why it could not be
/// read. A boundary can only take away the action; what it leaves is not known. `who` says who acts as it.
pub(crate) fn acting(
    (account, name): (&str, &str),
    who: &str,
    action: &str,
    context: &Context<'_>,
) -> Vec<(String, Result<Document, Gap>)> {
    let last = |text: &str| text.rsplit('/').next().map(str::to_owned);
    let found = context
        .evidence
        .all::<Role>()
        .find(|(subject, _)| account == context.evidence.run.account && last(&subject.id) == last(name));
    let Some((_, role)) = found else {
        let gap = Gap::undecided(format!("nothing was seen of the role {name} {who}"));
        return vec![("the role's policies".to_owned(), Err(gap))];
    };
    let mut own: Vec<_> = held(role).into_iter().map(|policy| (policy.name, policy.document)).collect();
    let boundary = match role.boundary.seen() {
        Ok(None) => None,
        Ok(Some(arn)) => Some(Gap::undecided(format!(
            "the role has the permissions boundary {arn}, which may take away {action} and is not judged"
        ))),
        Err(gap) => Some(gap),
    };
    own.extend(boundary.map(|gap| ("the permissions boundary".to_owned(), Err(gap))));
    own
}

/// That the stacks hold nothing of a kind is a fact only where one was looked for and its listing was read.
///
/// # Errors
/// The gap of a listing that was not read, or that there was no stack to look into.
pub(crate) fn a_stack_was_listed(evidence: &Evidence) -> Result<(), Gap> {
    if evidence.of_kind(Kind::Stack).next().is_none() {
        return Err(Gap::NothingToAudit { kind: Kind::Stack.name().into() });
    }
    listing_was_read(evidence)
}

/// Says that the listing of the stack was read, without which nobody knows that a resource is not the stack's.
pub(crate) fn listing_was_read(evidence: &Evidence) -> Result<(), Gap> {
    for (_, stack) in evidence.all::<crate::cloudformation::Stack>() {
        match stack.identity.observed() {
            Observed::Absent => {}
            Observed::Present(_) | Observed::Unknown(_) => {
                stack.members.seen()?;
            }
        }
    }
    Ok(())
}
