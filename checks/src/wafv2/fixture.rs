//! What the tests of these checks are built from.

use super::*;
use crate::apigateway::fixture as gateway;
use crate::apigateway::{RestApi, Stage};
use crate::fixture::{evidence, not_set, seen, subject};
use crate::observed::Observed::{Absent, Present};
use crate::subject::{Kind, Resource, Subject};

/// A rule that is no group.
pub(crate) fn rule(name: &str, statement: Statement, action: Action) -> Rule {
    Rule { name: name.into(), statement, action: Present(action), group_override: Absent }
}

/// A rule that stands for a group.
pub(crate) fn group_rule(name: &str, statement: Statement, group_override: Observed<Override>) -> Rule {
    Rule { name: name.into(), statement, action: Absent, group_override }
}

/// A web ACL of these rules that lets through what they do not take.
pub(crate) fn acl(rules: Vec<Rule>) -> WebAcl {
    WebAcl {
        description: seen(Description { arn: gateway::ACL.into(), default: Present(Action::Allow), rules }),
        rule_groups: BTreeMap::new(),
        managed_groups: BTreeMap::new(),
        logging: not_set(),
    }
}

/// A subject of that evidence.
pub(crate) fn acl_subject(acl: WebAcl) -> Subject {
    subject(Kind::WebAcl, gateway::ACL, Resource::WebAcl(Box::new(acl)))
}

/// An API whose stage is behind this web ACL.
pub(crate) fn api_behind(acl: Option<&str>) -> Subject {
    let stage = Stage { web_acl: Observed::of(acl.map(str::to_owned)), ..gateway::stage() };
    let by_waf = acl.map_or_else(not_set, |acl| seen(acl.to_owned()));
    gateway::api_subject(RestApi {
        stages: seen(vec![stage]),
        web_acls: BTreeMap::from([("prod".to_owned(), by_waf)]),
        ..gateway::api()
    })
}

/// Evidence of this web ACL and an API behind it.
pub(crate) fn of(acl: WebAcl) -> Evidence {
    evidence(vec![acl_subject(acl), api_behind(Some(gateway::ACL))])
}
