//! Who may reach a log group by a resource policy.

use super::{LogGroup, description};
use crate::check::{Context, NoParams};
use crate::observed::Gap;
use crate::policy::question::{Setting, public};
use crate::verdict::Judgement;

const OPERATION: &str = "DescribeResourcePolicies";

/// An empty list is the answer that there is no policy, which lets nobody in. Policies of the account and of the group
/// count together, so both have to be known: a Deny of one takes away what the other allows.
pub(super) fn not_public(group: &LogGroup, _: &NoParams, context: &Context<'_>) -> Judgement {
    let own = group.policies.required(OPERATION, "resourcePolicies")?;
    let of_account = context.evidence.account()?.log_policies.required(OPERATION, "resourcePolicies")?;
    let region = &context.evidence.run.region;
    if let Some(other) = context.subject.region.as_ref().filter(|own| *own != region) {
        return Err(Gap::NotCollected {
            what: format!("the account's resource policies in {other}; those in {region} do not count there").into(),
        });
    }
    let arn = match &context.subject.arn {
        Some(arn) => arn,
        None => description(group)?.arn.required(super::DESCRIBE, "logGroupArn")?,
    };
    let name = |scope: &str, index: usize| format!("resource policy {} of the {scope}", index + 1);
    let named: Vec<(String, &str)> = of_account
        .iter()
        .enumerate()
        .map(|(index, text)| (name("account", index), text.0.as_str()))
        .chain(own.iter().enumerate().map(|(index, text)| (name("log group", index), text.0.as_str())))
        .collect();
    let policies: Vec<(&str, &str)> = named.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    let setting = Setting::of(context.evidence, Some(arn.clone()));
    public::judge(&policies, &setting).judgement("no resource policy that lets a stranger act on the log group")
}

#[cfg(test)]
mod tests;
