//! Whether there is an API that can be called.

use super::{ApiStatus, RestApi};
use crate::check::NoParams;
use crate::cloudformation::Stack;
use crate::evidence::Evidence;
use crate::observed::{Gap, Observed};
use crate::subject::Kind;
use crate::verdict::{Judgement, Verdict};

const EXPECTED: &str = "a REST API with a stage that serves a deployment";

/// An answer without a status is of an API that API Gateway is done with.
pub(super) fn deployed(api: &RestApi, _params: &NoParams) -> Judgement {
    match api.status.seen()? {
        Some(ApiStatus::Failed) => return Ok(Verdict::not_satisfied("the status of the API is FAILED", EXPECTED)),
        Some(ApiStatus::Updating) => return Err(Gap::changing("the status of the API is UPDATING")),
        Some(ApiStatus::Pending) => return Err(Gap::changing("the status of the API is PENDING")),
        Some(ApiStatus::Available) | None => {}
    }
    let stages = api.stages()?;
    if stages.is_empty() {
        return Ok(Verdict::not_satisfied("the API has no stage", EXPECTED));
    }
    let mut gap = None;
    let mut serving = Vec::new();
    for stage in stages {
        match &stage.deployment {
            Observed::Present(_) => serving.push(stage.name.as_str()),
            Observed::Absent => {}
            Observed::Unknown(found) => gap = gap.or(Some(found.clone())),
        }
    }
    match (serving.is_empty(), gap) {
        (false, _) => Ok(Verdict::satisfied(format!("stages that serve a deployment: {}", serving.join(", ")))),
        (true, Some(gap)) => Err(gap),
        (true, None) => Ok(Verdict::not_satisfied("no stage of the API serves a deployment", EXPECTED)),
    }
}

/// None is only proved by a stack whose listing was read to its end.
pub(super) fn no_api(evidence: &Evidence) -> Judgement {
    let mut http = Vec::new();
    let mut stacks = evidence.all::<Stack>().peekable();
    if stacks.peek().is_none() {
        return Err(Gap::NothingToAudit { kind: Kind::RestApi.name().into() });
    }
    for (_, stack) in stacks {
        let members = stack.members.required("ListStackResources", "StackResourceSummaries")?;
        let is_http = |kind: &str| kind == "AWS::ApiGatewayV2::Api";
        http.extend(members.iter().filter(|member| is_http(&member.kind)).map(|member| member.logical_id.as_str()));
    }
    let observed = "no REST API is among the stack's resources";
    Ok(if http.is_empty() {
        Verdict::not_satisfied(observed, EXPECTED)
    } else {
        let names = http.join(", ");
        Verdict::not_satisfied(format!("{observed}, only APIs of API Gateway v2: {names}"), EXPECTED)
            .noting("AWS WAF cannot attach to an HTTP API")
    })
}

#[cfg(test)]
mod tests {
    use super::super::Stage;
    use super::super::fixture::*;
    use super::*;
    use crate::cloudformation::Member;
    use crate::fixture::*;
    use crate::observed::Observed::{Absent, Present, Unknown};
    use crate::observed::Seen;
    use crate::subject::Resource;

    const ID: &str = "apigw-rest-api-deployed";

    #[test]
    fn an_api_with_one_stage_that_serves_a_deployment_passes_whatever_the_others_do() {
        let empty = Stage { name: "old".into(), deployment: Absent, ..stage() };
        let api = RestApi { stages: seen(vec![empty.clone(), stage()]), ..api() };
        assert_eq!(passed(judge(ID, &of(api.clone()))), "stages that serve a deployment: prod");
        assert_eq!(
            passed(judge(ID, &of(RestApi { status: not_set(), ..api.clone() }))),
            "stages that serve a deployment: prod"
        );
        let api = RestApi { stages: seen(vec![empty]), ..api };
        assert_eq!(failed(judge(ID, &of(api))), "no stage of the API serves a deployment");
    }

    #[test]
    fn an_api_without_a_stage_or_that_failed_fails() {
        let bare = RestApi { stages: seen(Vec::new()), ..api() };
        assert_eq!(failed(judge(ID, &of(bare))), "the API has no stage");
        let broken = RestApi { status: seen(ApiStatus::Failed), ..api() };
        assert_eq!(failed(judge(ID, &of(broken))), "the status of the API is FAILED");
    }

    #[test]
    fn an_api_that_is_changing_or_was_not_read_is_an_error() {
        for status in [ApiStatus::Updating, ApiStatus::Pending] {
            undecided(judge(ID, &of(RestApi { status: seen(status), ..api() })));
        }
        assert_eq!(undecided(judge(ID, &of(RestApi { stages: denied(), ..api() }))), denial().to_string());
        let unread = Stage { deployment: Unknown(denial()), ..stage() };
        assert_eq!(undecided(judge(ID, &of(RestApi { stages: seen(vec![unread]), ..api() }))), denial().to_string());
    }

    #[test]
    fn a_stack_without_a_rest_api_fails_and_an_http_api_does_not_stand_in_for_it() {
        let stack = |members: Seen<Vec<Member>>| {
            let stack = Stack { members, ..Stack::unknown(&denial()) };
            evidence(vec![subject(Kind::Stack, "TapStackpr1", Resource::Stack(Box::new(stack)))])
        };
        let member = Member {
            stack: "TapStackpr1".into(),
            logical_id: "Http".into(),
            physical_id: Present("a".into()),
            kind: "AWS::ApiGatewayV2::Api".into(),
            status: "CREATE_COMPLETE".into(),
            drift: Absent,
        };
        assert_eq!(failed(judge(ID, &stack(seen(Vec::new())))), "no REST API is among the stack's resources");
        assert_eq!(
            failed(judge(ID, &stack(seen(vec![member])))),
            "no REST API is among the stack's resources, only APIs of API Gateway v2: Http | AWS WAF cannot attach to an HTTP API"
        );
        assert_eq!(undecided(judge(ID, &stack(denied()))), denial().to_string());
        undecided(judge(ID, &evidence(Vec::new())));
    }
}
