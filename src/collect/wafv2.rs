//! AWS WAF: what is read of a web ACL.

use std::collections::BTreeMap;

use aws_sdk_wafv2::types;
use futures_util::future::join_all;
use tap_audit_checks::observed::{Gap, Observed, Seen};
use tap_audit_checks::subject::{Kind, Resource};
use tap_audit_checks::wafv2::{Description, Managed, ManagedRule, Rule, Statement, WebAcl};

use crate::collect::call::{Call, Fault};
use crate::collect::{Collected, Reference, Relation, Walk, existence, logs};

mod logging;
mod rules;

const ACL: Call = call("GetWebACL", "wafv2:GetWebACL");
const ACLS: Call = call("ListWebACLs", "wafv2:ListWebACLs");
const GROUP: Call = call("GetRuleGroup", "wafv2:GetRuleGroup");
const MANAGED: Call = call("DescribeManagedRuleGroup", "wafv2:DescribeManagedRuleGroup");
/// The error says that the web ACL, which was found, logs nowhere.
const LOGGING: Call = Call {
    absent: &["WAFNonexistentItemException"],
    ..call("GetLoggingConfiguration", "wafv2:GetLoggingConfiguration")
};

/// Every call of this file, for plans and for the policy that the auditing role needs.
pub(crate) const CALLS: &[&Call] = &[&ACL, &ACLS, &GROUP, &MANAGED, &LOGGING];

const fn call(operation: &'static str, permission: &'static str) -> Call {
    Call { service: "wafv2", operation, permission, absent: &[], denied_or: None }
}

/// The reference of the web ACL that this text names: by its ARN, by the `name|id|scope` of CloudFormation, or by name or
/// id alone, which lead to the ARN. One of AWS WAF Classic is another kind of thing.
pub(crate) fn web_acl_reference(walk: &Walk<'_>, named: &str, region: &str) -> Option<Reference> {
    let reference =
        |id: &str, region: &str| Reference { kind: Kind::WebAcl, id: id.to_owned(), region: region.to_owned() };
    if let ["arn", _, service, region, _, path] = named.splitn(6, ':').collect::<Vec<_>>().as_slice() {
        return (*service == "wafv2" && path.contains("/webacl/")).then(|| reference(named, region));
    }
    match named.split('|').collect::<Vec<_>>().as_slice() {
        [name] => Some(reference(name, region)),
        [name, id, scope] => {
            // Web ACLs of CloudFront live in one region, whatever the stack's.
            let (region, place) = match *scope {
                "REGIONAL" => (region, "regional"),
                "CLOUDFRONT" => ("us-east-1", "global"),
                _ => return None,
            };
            let arn = format!("arn:{}:wafv2:{region}:{}:{place}/webacl/{name}/{id}", walk.partition, walk.account);
            Some(reference(&arn, region))
        }
        _ => None,
    }
}

/// The physical id that CloudFormation gives the web ACL of this ARN.
pub(crate) fn physical_id(arn: &str) -> Option<String> {
    let Place { scope, name, id } = Place::parse(arn)?;
    Some(format!("{name}|{id}|{}", scope.as_str()))
}

/// Collects a web ACL with the rules of its groups, and reaches the log group that it writes to. One that is named
/// otherwise than by its ARN leads to the one of that ARN.
pub(crate) async fn web_acl(walk: &Walk<'_>, id: &str, region: &str) -> Collected {
    let Some(place) = Place::parse(id) else { return by_name(walk, id, region).await };
    let (description, logging) = tokio::join!(describe(walk, id, &place, region), logging::logging(walk, id, region));
    let rules: &[Rule] = match description.observed() {
        Observed::Present(description) => &description.rules,
        Observed::Absent | Observed::Unknown(_) => &[],
    };
    let (rule_groups, managed_groups) =
        tokio::join!(rule_groups(walk, rules, region), managed_groups(walk, rules, &place, region));
    if let Observed::Present(logging) = logging.observed() {
        for reference in logging.destinations.iter().filter_map(|destination| logs::group_named(walk, destination)) {
            walk.reach(reference, Relation::Of { what: "log", kind: Kind::WebAcl, id: id.to_owned() });
        }
    }
    Collected {
        existence: existence(&description),
        arn: Some(id.to_owned()),
        region: Some(region.to_owned()),
        resource: Resource::WebAcl(Box::new(WebAcl { description, rule_groups, managed_groups, logging })),
    }
}

/// The parts of the ARN of a web ACL that AWS WAF wants to be asked by.
struct Place {
    scope: types::Scope,
    name: String,
    id: String,
}

impl Place {
    fn parse(arn: &str) -> Option<Self> {
        let path = arn.splitn(6, ':').nth(5)?;
        match path.split('/').collect::<Vec<_>>().as_slice() {
            [scope, "webacl", name, id] => Some(Place {
                scope: match *scope {
                    "regional" => types::Scope::Regional,
                    "global" => types::Scope::Cloudfront,
                    _ => return None,
                },
                name: (*name).to_owned(),
                id: (*id).to_owned(),
            }),
            _ => None,
        }
    }
}

async fn by_name(walk: &Walk<'_>, named: &str, region: &str) -> Collected {
    let listed = walk
        .aws
        .ask_all(
            &ACLS,
            region,
            &[("Scope", "REGIONAL")],
            |clients, marker| {
                clients.wafv2().list_web_acls().scope(types::Scope::Regional).set_next_marker(marker).send()
            },
            |answer| answer.next_marker().map(str::to_owned),
            |answer| {
                let text = |found: Option<&str>, field| found.map(str::to_owned).ok_or_else(|| ACLS.incomplete(field));
                let named = |acl: &types::WebAclSummary| {
                    Ok((text(acl.name(), "Name")?, text(acl.id(), "Id")?, text(acl.arn(), "ARN")?))
                };
                answer.web_acls().iter().map(named).collect::<Result<Vec<_>, Gap>>()
            },
        )
        .await;
    let arn = listed.and_then(|all| match all.into_iter().find(|(name, id, _)| name == named || id == named) {
        Some((_, _, arn)) => Observed::Present(arn),
        None => Observed::Unknown(Gap::Missing {
            operation: ACLS.operation.into(),
            code: "a list that does not hold it".into(),
        }),
    });
    let existence = existence(&arn);
    let gap = match arn.observed() {
        Observed::Present(arn) => {
            if let Some(reference) = web_acl_reference(walk, arn, region) {
                walk.reach(reference, Relation::NamedBy { name: named.to_owned() });
            }
            Gap::NotCollected { what: "the web ACL was not described by its ARN".into() }
        }
        Observed::Absent => Gap::NotCollected { what: "the web ACL was not described by its ARN".into() },
        Observed::Unknown(gap) => gap.clone(),
    };
    Collected {
        existence,
        arn: match arn.observed() {
            Observed::Present(arn) => Some(arn.clone()),
            Observed::Absent | Observed::Unknown(_) => None,
        },
        region: Some(region.to_owned()),
        resource: Resource::WebAcl(Box::new(WebAcl::unknown(&gap))),
    }
}

fn missing<R>(fault: &Fault) -> Option<Observed<R>> {
    (fault.code == "WAFNonexistentItemException")
        .then(|| Observed::Unknown(Gap::Missing { operation: ACL.operation.into(), code: fault.code.clone() }))
}

async fn describe(walk: &Walk<'_>, arn: &str, place: &Place, region: &str) -> Seen<Description> {
    walk.aws
        .ask_or(
            &ACL,
            region,
            &[("Name", &place.name), ("Id", &place.id), ("Scope", place.scope.as_str())],
            |clients| {
                let request = clients.wafv2().get_web_acl().name(&place.name).id(&place.id);
                request.scope(place.scope.clone()).send()
            },
            |answer| match answer.web_acl() {
                Some(found) => Observed::Present(rules::description(arn, found)),
                None => Observed::Unknown(ACL.incomplete("WebACL")),
            },
            missing,
        )
        .await
}

/// The rules of the rule groups that the web ACL refers to.
async fn rule_groups(walk: &Walk<'_>, rules: &[Rule], region: &str) -> BTreeMap<String, Seen<Vec<Rule>>> {
    let named = rules.iter().filter_map(|rule| match &rule.statement {
        Statement::Group(group) => Some(group.arn.as_str()),
        Statement::Rate(_) | Statement::Managed(_) | Statement::Everything | Statement::Part => None,
    });
    let groups = named.map(async |arn| {
        let rules = walk
            .aws
            .ask(
                &GROUP,
                region,
                &[("ARN", arn)],
                |clients| clients.wafv2().get_rule_group().arn(arn).send(),
                |answer| match answer.rule_group() {
                    Some(group) => Observed::Present(rules::by_priority(&GROUP, group.rules())),
                    None => Observed::Unknown(GROUP.incomplete("RuleGroup")),
                },
            )
            .await;
        (arn.to_owned(), rules)
    });
    join_all(groups).await.into_iter().collect()
}

/// The rules of the managed groups of which the web ACL overrides some: only there the list makes a difference.
async fn managed_groups(
    walk: &Walk<'_>,
    rules: &[Rule],
    place: &Place,
    region: &str,
) -> BTreeMap<String, Seen<Vec<ManagedRule>>> {
    let overridden = rules.iter().filter_map(|rule| match &rule.statement {
        Statement::Managed(managed) => Some(managed).filter(|managed| !managed.overrides.is_empty()),
        Statement::Group(_) | Statement::Rate(_) | Statement::Everything | Statement::Part => None,
    });
    let groups = overridden.map(async |group| (group.key(), managed_rules(walk, group, place, region).await));
    join_all(groups).await.into_iter().collect()
}

async fn managed_rules(walk: &Walk<'_>, group: &Managed, place: &Place, region: &str) -> Seen<Vec<ManagedRule>> {
    let version = match &group.version {
        Observed::Present(version) => Some(version.as_str()),
        Observed::Absent | Observed::Unknown(_) => None,
    };
    let mut parameters =
        vec![("VendorName", group.vendor.as_str()), ("Name", group.name.as_str()), ("Scope", place.scope.as_str())];
    parameters.extend(version.map(|version| ("VersionName", version)));
    walk.aws
        .ask(
            &MANAGED,
            region,
            &parameters,
            |clients| {
                let request = clients.wafv2().describe_managed_rule_group().vendor_name(&group.vendor);
                let request = request.name(&group.name).scope(place.scope.clone());
                request.set_version_name(version.map(str::to_owned)).send()
            },
            |answer| {
                let rules = answer.rules().iter().map(|rule| {
                    Ok(ManagedRule {
                        name: rule.name().ok_or_else(|| MANAGED.incomplete("Rules.Name"))?.to_owned(),
                        action: rules::action(&MANAGED, rule.action()),
                    })
                });
                match rules.collect::<Result<Vec<_>, Gap>>() {
                    // A group without rules is none.
                    Ok(rules) if rules.is_empty() => Observed::Unknown(MANAGED.incomplete("Rules")),
                    Ok(rules) => Observed::Present(rules),
                    Err(gap) => Observed::Unknown(gap),
                }
            },
        )
        .await
}

#[cfg(test)]
mod tests;
