//! Whether a VPC of the stack reaches AWS's services without the internet.

use serde::Deserialize;

use super::{Endpoint, live, settled};
use crate::check::Context;
use crate::cloudformation::Stack;
use crate::observed::{Gap, Observed};
use crate::s3::Switch;
use crate::verdict::{Judgement, Verdict, any, every};

/// Parameters of `resource-isolation-endpoints`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Isolation {
    mode: Mode,
    required_endpoints: Vec<String>,
}

/// What a missing endpoint means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Mode {
    /// It is shown: another VPC may hold the endpoint, behind a transit gateway that is not seen.
    Advice,
    /// It fails.
    Require,
}

const OPERATION: &str = "DescribeVpcEndpoints";

/// A stack without a VPC has nothing to isolate.
pub(super) fn endpoints(stack: &Stack, params: &Isolation, context: &Context<'_>) -> Judgement {
    let mut parts = Vec::new();
    for member in live(stack)?.filter(|member| member.kind == "AWS::EC2::VPC") {
        if let Err(gap) = settled(member) {
            parts.push(Err(gap));
            continue;
        }
        let vpc = member.physical_id.required("ListStackResources", "PhysicalResourceId")?;
        parts.extend(params.required_endpoints.iter().map(|service| served(vpc, service, context)));
    }
    let none = || Ok(Verdict::not_applicable("the stack holds no VPC whose traffic an endpoint could keep inside"));
    let verdict = every(parts, none)?;
    Ok(match params.mode {
        Mode::Require => verdict,
        Mode::Advice => verdict.unjudged("give the VPC these endpoints, unless another one shares its own with it"),
    })
}

/// Whether a VPC has an endpoint for a service whose own names lead to it.
fn served(vpc: &str, service: &str, context: &Context<'_>) -> Judgement {
    let expected = format!("an available endpoint for {service} with private DNS in {vpc}");
    let name = format!("com.amazonaws.{}.{service}", context.evidence.run.region);
    let endpoints = context.evidence.account()?.vpc_endpoints.required(OPERATION, "VpcEndpoints")?;
    let those = endpoints.iter().filter(|endpoint| endpoint.vpc == vpc).filter_map(|endpoint| {
        match endpoint.service.seen() {
            // China's names start with `cn.`.
            Ok(Some(own)) if own.strip_prefix("cn.").unwrap_or(own) == name => {
                Some(serves(endpoint, service, &expected))
            }
            Ok(Some(_) | None) => None,
            Err(gap) => Some(Err(gap)),
        }
    });
    let those: Vec<Judgement> = those.collect();
    if those.is_empty() {
        return Ok(Verdict::not_satisfied(format!("{vpc} has no endpoint for {service}"), expected));
    }
    any(those)
}

fn serves(endpoint: &Endpoint, service: &str, expected: &str) -> Judgement {
    let id = &endpoint.id;
    let fails = |why: &str| Ok(Verdict::not_satisfied(format!("endpoint {id} for {service} {why}"), expected));
    let state = endpoint.state.required(OPERATION, "State")?;
    match state.to_ascii_lowercase().as_str() {
        "available" => {}
        "pending" | "deleting" => return Err(Gap::changing(format!("endpoint {id} is {state}"))),
        "pendingacceptance" | "deleted" | "rejected" | "failed" | "expired" | "partial" => {
            return fails(&format!("is {state}"));
        }
        _ => {
            return Err(Gap::Unrecognised { operation: OPERATION.into(), field: "State".into(), token: state.clone() });
        }
    }
    match endpoint.private_dns.seen()? {
        Some(Switch::On) => {}
        Some(Switch::Off) | None => return fails("has no private DNS"),
    }
    let verdict = Verdict::satisfied(format!("endpoint {id} for {service} is available with private DNS"));
    Ok(if lets_everything(endpoint) {
        verdict.noting(format!(
            "endpoint {id} has the default policy, which lets everybody in the VPC use every account's resources"
        ))
    } else {
        verdict
    })
}

/// Whether the policy is the one that AWS gives an endpoint for which nobody wrote one. It is a remark and decides
/// nothing.
fn lets_everything(endpoint: &Endpoint) -> bool {
    let Observed::Present(policy) = &endpoint.policy else { return false };
    let Ok(document) = serde_json::from_str::<serde_json::Value>(&policy.0) else { return false };
    let Some([statement]) = document["Statement"].as_array().map(Vec::as_slice) else { return false };
    statement["Effect"] == "Allow"
        && ["Action", "Principal", "Resource"].iter().all(|element| statement[*element] == "*")
        && statement.get("Condition").is_none()
}

#[cfg(test)]
mod tests {
    use super::super::fixture::*;
    use super::*;
    use crate::evidence::{Account, Evidence};
    use crate::fixture::*;
    use crate::observed::Observed::{Absent, Present, Unknown};
    use crate::observed::Seen;
    use crate::policy::model::PolicyText;

    const ID: &str = "resource-isolation-endpoints";
    const REQUIRE: &str = "mode = 'require'\nrequired_endpoints = ['kms']";
    const VPC: (&str, &str, &str) = ("Vpc", "AWS::EC2::VPC", "vpc-1");

    fn endpoint(service: &str) -> Endpoint {
        Endpoint {
            id: format!("vpce-{service}"),
            vpc: "vpc-1".into(),
            service: Present(format!("com.amazonaws.us-east-2.{service}")),
            state: Present("available".into()),
            private_dns: Present(Switch::On),
            policy: Absent,
        }
    }

    fn with(endpoints: Seen<Vec<Endpoint>>) -> Evidence {
        let account = account(Account { vpc_endpoints: endpoints, ..Account::unknown(&denial()) });
        stack_of(&[VPC], vec![account])
    }

    fn having(endpoints: Vec<Endpoint>) -> Evidence {
        with(seen(endpoints))
    }

    #[test]
    fn each_service_needs_an_endpoint_where_that_is_required() {
        let all = ["logs", "monitoring", "kms", "sns"].map(endpoint);
        let text = passed(judge_with(ID, "mode = 'require'", &having(all.to_vec())));
        assert!(text.starts_with("endpoint vpce-logs for logs is available with private DNS; "), "{text}");
        assert_eq!(
            failed(judge_with(ID, "mode = 'require'", &having(all[1..].to_vec()))),
            "vpc-1 has no endpoint for logs"
        );
    }

    #[test]
    fn endpoints_are_advice_by_default_and_never_a_pass() {
        let text = not_applicable(judge(ID, &having(Vec::new())));
        assert!(text.contains("vpc-1 has no endpoint for kms"), "{text}");
        assert!(text.contains("| advice: give the VPC these endpoints"), "{text}");
        not_applicable(judge(ID, &having(["logs", "monitoring", "kms", "sns"].map(endpoint).to_vec())));
    }

    #[test]
    fn the_state_is_read_without_its_case() {
        let shouting = Endpoint { state: Present("Available".into()), ..endpoint("kms") };
        passed(judge_with(ID, REQUIRE, &having(vec![shouting])));
        let rejected = Endpoint { state: Present("rejected".into()), ..endpoint("kms") };
        assert_eq!(
            failed(judge_with(ID, REQUIRE, &having(vec![rejected.clone()]))),
            "endpoint vpce-kms for kms is rejected"
        );
        passed(judge_with(ID, REQUIRE, &having(vec![rejected, endpoint("kms")])));
        let pending = Endpoint { state: Present("pending".into()), ..endpoint("kms") };
        let text = undecided(judge_with(ID, REQUIRE, &having(vec![pending])));
        assert!(text.starts_with("endpoint vpce-kms is pending: it is changing"), "{text}");
        let odd = Endpoint { state: Present("newer".into()), ..endpoint("kms") };
        let text = undecided(judge_with(ID, REQUIRE, &having(vec![odd])));
        assert!(text.contains("`newer` in State"), "{text}");
    }

    #[test]
    fn an_endpoint_that_the_names_of_the_service_do_not_lead_to_does_not_count() {
        for private_dns in [Present(Switch::Off), Absent] {
            let unnamed = Endpoint { private_dns, ..endpoint("kms") };
            let text = failed(judge_with(ID, REQUIRE, &having(vec![unnamed])));
            assert_eq!(text, "endpoint vpce-kms for kms has no private DNS");
        }
        let elsewhere = Endpoint { vpc: "vpc-2".into(), ..endpoint("kms") };
        failed(judge_with(ID, REQUIRE, &having(vec![elsewhere])));
        let other = Endpoint { service: Present("com.amazonaws.us-east-2.kms-fips".into()), ..endpoint("kms") };
        failed(judge_with(ID, REQUIRE, &having(vec![other])));
        let china = Endpoint { service: Present("cn.com.amazonaws.us-east-2.kms".into()), ..endpoint("kms") };
        passed(judge_with(ID, REQUIRE, &having(vec![china])));
    }

    #[test]
    fn the_default_policy_is_a_note() {
        let with_policy =
            |text: &str| having(vec![Endpoint { policy: Present(PolicyText(text.into())), ..endpoint("kms") }]);
        let open = r#"{"Statement":[{"Action":"*","Effect":"Allow","Principal":"*","Resource":"*"}]}"#;
        let text = passed(judge_with(ID, REQUIRE, &with_policy(open)));
        assert!(text.contains("| endpoint vpce-kms has the default policy"), "{text}");
        let narrow = r#"{"Statement":[{"Action":"kms:Decrypt","Effect":"Allow","Principal":"*","Resource":"*"}]}"#;
        for text in [narrow, "not JSON"] {
            assert!(!passed(judge_with(ID, REQUIRE, &with_policy(text))).contains('|'));
        }
    }

    #[test]
    fn a_stack_without_a_vpc_has_nothing_to_isolate() {
        let none = stack_of(&[("Key", "AWS::KMS::Key", "k")], Vec::new());
        assert_eq!(
            not_applicable(judge_with(ID, REQUIRE, &none)),
            "the stack holds no VPC whose traffic an endpoint could keep inside"
        );
        not_applicable(judge_with(ID, REQUIRE, &changing("AWS::SNS::Topic", "UPDATE_IN_PROGRESS")));
    }

    #[test]
    fn what_could_not_be_read_is_an_error() {
        assert_eq!(undecided(judge_with(ID, REQUIRE, &with(denied()))), denial().to_string());
        let unnamed = Endpoint { service: Unknown(denial()), ..endpoint("kms") };
        assert_eq!(undecided(judge_with(ID, REQUIRE, &having(vec![unnamed]))), denial().to_string());
        let text = undecided(judge_with(ID, REQUIRE, &changing("AWS::EC2::VPC", "CREATE_IN_PROGRESS")));
        assert!(text.starts_with("AWS::EC2::VPC Thing is CREATE_IN_PROGRESS"), "{text}");
    }
}
