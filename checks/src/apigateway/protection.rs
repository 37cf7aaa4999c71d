//! Which web ACL stands in front of each stage.

use super::{RestApi, STAGES, Stage};
use crate::check::NoParams;
use crate::evidence::Evidence;
use crate::observed::Gap;
use crate::subject::{Kind, Role};
use crate::verdict::{Judgement, Verdict};

const EXPECTED: &str = "a web ACL of AWS WAF, of the scope REGIONAL, on each stage";
/// The service part of the ARN of a web ACL of AWS WAF Classic.
const CLASSIC: &str = ":waf-regional:";

/// A web ACL elsewhere, on a distribution or a load balancer, leaves the host name of the stage open. Each stage counts:
/// one that was forgotten is an open door.
pub(super) fn associated(api: &RestApi, _params: &NoParams) -> Judgement {
    api.each_stage(|stage| {
        Ok(match web_acl(api, stage)? {
            Some(acl) if acl.contains(":regional/webacl/") => Verdict::satisfied(format!("has the web ACL {acl}")),
            Some(acl) if acl.contains(CLASSIC) => {
                Verdict::not_satisfied(format!("has only {acl}, of AWS WAF Classic, which AWS withdrew"), EXPECTED)
            }
            Some(acl) => Verdict::not_satisfied(format!("has {acl}, which is not of the scope REGIONAL"), EXPECTED),
            None => Verdict::not_satisfied("has no web ACL", EXPECTED),
        })
    })
}

/// The web ACL of a stage, on which API Gateway and AWS WAF have to agree. AWS WAF does not know those of its
/// predecessor.
fn web_acl<'a>(api: &'a RestApi, stage: &'a Stage) -> Result<Option<&'a String>, Gap> {
    let by_gateway = stage.web_acl.seen()?;
    if let Some(classic) = by_gateway.filter(|acl| acl.contains(CLASSIC)) {
        return Ok(Some(classic));
    }
    let by_waf = api
        .web_acls
        .get(&stage.name)
        .ok_or_else(|| Gap::undecided(format!("AWS WAF was not asked for the web ACL of stage {}", stage.name)))?;
    let by_waf = by_waf.seen()?;
    if by_gateway != by_waf {
        return Err(Gap::changing(format!(
            "{STAGES} and GetWebACLForResource name different web ACLs for stage {}, also when asked again",
            stage.name
        )));
    }
    Ok(by_waf)
}

/// How the stages of the APIs that the stack answers for are protected.
pub(crate) struct Protection {
    /// The stages behind the web ACL that was asked about.
    pub(crate) protected: Vec<String>,
    /// The stages behind none at all, or behind one of AWS WAF Classic.
    pub(crate) open: Vec<String>,
    /// The first gap: a stage of which nobody knows.
    pub(crate) unread: Option<Gap>,
}

/// What stands behind the web ACL of this ARN.
///
/// # Errors
/// A gap, when no API was seen.
pub(crate) fn protection(acl: Option<&str>, evidence: &Evidence) -> Result<Protection, Gap> {
    let mut found = Protection { protected: Vec::new(), open: Vec::new(), unread: None };
    let mut apis = evidence.all::<RestApi>().filter(|(subject, _)| subject.role != Role::External).peekable();
    if apis.peek().is_none() {
        return Err(Gap::NothingToAudit { kind: Kind::RestApi.name().into() });
    }
    for (subject, api) in apis {
        let stages = match api.stages() {
            Ok(stages) => stages,
            Err(gap) => {
                found.unread.get_or_insert(gap);
                continue;
            }
        };
        for stage in stages {
            let name = format!("{}/{}", subject.id, stage.name);
            match web_acl(api, stage) {
                Ok(Some(on)) if acl == Some(on.as_str()) => found.protected.push(name),
                // What AWS withdrew protects nothing.
                Ok(Some(on)) if on.contains(CLASSIC) => found.open.push(name),
                Ok(Some(_)) => {}
                Ok(None) => found.open.push(name),
                Err(gap) => {
                    found.unread.get_or_insert(gap);
                }
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::*;
    use super::*;
    use crate::fixture::*;
    use crate::observed::Observed::{self, Absent, Present, Unknown};
    use crate::observed::Seen;

    const ID: &str = "apigw-waf-associated";

    fn with(by_gateway: Observed<String>, by_waf: Seen<String>) -> Evidence {
        let stage = Stage { web_acl: by_gateway, ..stage() };
        of(RestApi { stages: seen(vec![stage]), web_acls: [("prod".to_owned(), by_waf)].into(), ..api() })
    }

    #[test]
    fn a_stage_with_a_regional_web_acl_passes() {
        assert_eq!(passed(judge(ID, &of(api()))), format!("stage prod has the web ACL {ACL}"));
    }

    #[test]
    fn one_stage_without_a_web_acl_fails_the_api() {
        let old = Stage { name: "old".into(), web_acl: Absent, ..stage() };
        let mut api = RestApi { stages: seen(vec![stage(), old]), ..api() };
        api.web_acls.insert("old".into(), not_set());
        assert_eq!(failed(judge(ID, &of(api))), "stage old has no web ACL");
    }

    #[test]
    fn an_acl_of_waf_classic_or_of_another_scope_does_not_count() {
        let classic = "arn:aws:waf-regional:us-east-2:123456789012:webacl/1";
        assert_eq!(
            failed(judge(ID, &with(Present(classic.into()), not_set()))),
            format!("stage prod has only {classic}, of AWS WAF Classic, which AWS withdrew")
        );
        let global = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/w/1";
        assert_eq!(
            failed(judge(ID, &with(Present(global.into()), seen(global.into())))),
            format!("stage prod has {global}, which is not of the scope REGIONAL")
        );
    }

    #[test]
    fn answers_that_disagree_or_are_missing_are_an_error() {
        let text = undecided(judge(ID, &with(Absent, seen(ACL.into()))));
        assert!(text.contains("name different web ACLs for stage prod, also when asked again"), "{text}");
        undecided(judge(ID, &with(Present(ACL.into()), not_set())));
        assert_eq!(undecided(judge(ID, &with(Present(ACL.into()), denied()))), denial().to_string());
        assert_eq!(undecided(judge(ID, &with(Unknown(denial()), not_set()))), denial().to_string());
        assert_eq!(undecided(judge(ID, &of(RestApi { stages: denied(), ..api() }))), denial().to_string());
        let bare = RestApi { stages: seen(Vec::new()), ..api() };
        assert_eq!(undecided(judge(ID, &of(bare))), "depends on apigw-rest-api-deployed: the API has no stage");
    }
}
