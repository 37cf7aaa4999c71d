//! Whether everything in the stack belongs to a service that AWS lists as HIPAA eligible.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::Stack;
use crate::observed::Gap;
use crate::verdict::{Judgement, Verdict, every};

/// Parameters of `stack-hipaa-eligible-services`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Eligible {
    as_of: String,
    services: BTreeMap<String, Class>,
}

/// What AWS's list says of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Class {
    /// It may hold health information under a signed agreement.
    Eligible,
    /// It manages others and is meant to hold no health information.
    ControlPlane,
    /// It is not on the list.
    NotEligible,
}

/// Types that stand for no service of their own: what a custom resource runs is listed by itself.
const NO_SERVICE: [&str; 3] = ["Custom::", "AWS::CloudFormation::", "AWS::CDK::Metadata"];

/// Classified is the service and not the type, because services gain types all the time. A service that the table does not
/// know decides nothing.
pub(super) fn services(stack: &Stack, params: &Eligible) -> Judgement {
    let members = stack.members.required("ListStackResources", "StackResourceSummaries")?;
    let live = members.iter().filter(|member| member.is_live() || member.is_changing());
    let types: BTreeSet<&str> = live.map(|member| member.kind.as_str()).collect();
    let mut found: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut parts: Vec<Judgement> = Vec::new();
    for kind in types.into_iter().filter(|kind| !NO_SERVICE.iter().any(|start| kind.starts_with(start))) {
        match kind.split("::").collect::<Vec<_>>().as_slice() {
            ["AWS", service, _] => drop(found.entry(service).or_default().insert(kind)),
            _ => parts.push(Err(Gap::undecided(format!(
                "resource type {kind} belongs to no service of AWS, and is not classified"
            )))),
        }
    }
    parts.extend(found.iter().map(|(service, kinds)| classified(service, kinds, params)));
    let verdict = every(parts, || Err(Gap::undecided("the stack holds no resource of any service")))?;
    Ok(verdict.noting(format!(
        "classified by the table of {}; that a business associate agreement with AWS is signed no API shows",
        params.as_of
    )))
}

fn classified(service: &str, kinds: &BTreeSet<&str>, params: &Eligible) -> Judgement {
    match params.services.get(service) {
        Some(Class::Eligible) => Ok(Verdict::satisfied(format!("{service} is eligible"))),
        Some(Class::ControlPlane) => {
            Ok(Verdict::satisfied(format!("{service} manages others and is meant to hold no health information")))
        }
        Some(Class::NotEligible) => Ok(Verdict::not_satisfied(
            format!("{service} is not eligible ({})", kinds.iter().copied().collect::<Vec<_>>().join(", ")),
            "services that AWS lists as HIPAA eligible",
        )),
        None => Err(Gap::undecided(format!(
            "service {service} is not classified; add it to `services` of stack-hipaa-eligible-services after a look at AWS's list"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudformation::fixture::{member, stack, subject_of};
    use crate::fixture::*;
    use crate::observed::Seen;

    const ID: &str = "stack-hipaa-eligible-services";

    fn holding(kinds: &[&str]) -> Stack {
        let member = |(at, kind): (usize, &&str)| member(&format!("R{at}"), kind, "x", "CREATE_COMPLETE");
        Stack { members: seen(kinds.iter().enumerate().map(member).collect()), ..stack() }
    }

    fn judged(stack: Stack) -> Judgement {
        judge(ID, &evidence(vec![subject_of(stack)]))
    }

    #[test]
    fn eligible_services_and_those_that_only_manage_pass_with_the_day_of_the_table() {
        let text = passed(judged(holding(&["AWS::KMS::Key", "AWS::IAM::Role", "AWS::SNS::Topic", "AWS::KMS::Alias"])));
        assert!(
            text.starts_with("IAM manages others and is meant to hold no health information; KMS is eligible"),
            "{text}"
        );
        assert!(
            text.contains("classified by the table of 20") && text.contains("business associate agreement"),
            "{text}"
        );
    }

    #[test]
    fn a_service_that_is_not_eligible_fails_and_names_the_types() {
        let text = failed(judged(holding(&["AWS::KMS::Key", "AWS::GameLift::Fleet"])));
        assert!(text.starts_with("GameLift is not eligible (AWS::GameLift::Fleet)"), "{text}");
    }

    #[test]
    fn what_the_table_does_not_know_is_an_error_and_never_a_pass() {
        assert!(undecided(judged(holding(&["AWS::KMS::Key", "AWS::Novelty::Thing"]))).contains("service Novelty"));
        assert!(undecided(judged(holding(&["Vendor::Thing::Part"]))).contains("Vendor::Thing::Part"));
        // A service that is known to be ineligible decides beside it.
        failed(judged(holding(&["AWS::GameLift::Fleet", "AWS::Novelty::Thing"])));
    }

    #[test]
    fn what_stands_for_no_service_is_left_out_and_nothing_else_proves_nothing() {
        let beside = holding(&["Custom::Emptier", "AWS::CloudFormation::Stack", "AWS::CDK::Metadata", "AWS::KMS::Key"]);
        assert!(passed(judged(beside)).starts_with("KMS is eligible | "));
        assert!(undecided(judged(holding(&["Custom::Emptier"]))).contains("no resource of any service"));
        assert!(undecided(judged(holding(&[]))).contains("no resource of any service"));
    }

    #[test]
    fn a_member_that_is_gone_does_not_count() {
        let gone = vec![
            member("Fleet", "AWS::GameLift::Fleet", "x", "DELETE_COMPLETE"),
            member("Key", "AWS::KMS::Key", "x", "CREATE_COMPLETE"),
        ];
        passed(judged(Stack { members: seen(gone), ..stack() }));
    }

    #[test]
    fn a_listing_that_could_not_be_read_is_an_error() {
        let dark: Seen<Vec<_>> = denied();
        assert_eq!(judged(Stack { members: dark, ..stack() }), Err(denial()));
    }
}
