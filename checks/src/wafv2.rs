//! AWS WAF: what is seen of a web ACL, and the checks of its requirements.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::apigateway::protection;
use crate::check::{Check, Context};
use crate::evidence::Evidence;
use crate::observed::{Gap, Observed, Seen};
use crate::s3::Switch;
use crate::verdict::{Judgement, Verdict};

mod filtering;
#[cfg(test)]
mod fixture;
mod logging;
mod rate;
mod rules;

/// The checks of this file, in catalog order.
pub fn checks() -> Vec<Check> {
    vec![
        Check::across("waf-rate-based-rule", rate::limited).when_none(unprotected),
        Check::across("waf-request-filtering-rules", filtering::filtered).when_none(unprotected),
        Check::across("waf-logging-enabled", logging::logged).when_none(nothing_to_log),
    ]
}

/// What was seen of one AWS::WAFv2::WebACL.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WebAcl {
    /// What GetWebACL answers.
    pub description: Seen<Description>,
    /// The rules of the rule groups that it refers to, by the group's ARN, in the order of their priority.
    pub rule_groups: BTreeMap<String, Seen<Vec<Rule>>>,
    /// The rules of the managed groups whose rules it overrides, by [`Managed::key`].
    pub managed_groups: BTreeMap<String, Seen<Vec<ManagedRule>>>,
    /// Where it logs to; absent means nowhere.
    pub logging: Seen<Logging>,
}

/// What GetWebACL answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    /// Its ARN.
    pub arn: String,
    /// What happens to a request that no rule takes; AWS WAF always answers it.
    pub default: Observed<Action>,
    /// Its rules in the order in which they are looked at: those that Firewall Manager puts first, its own by priority,
    /// and those that Firewall Manager puts last. An empty list means that only the default counts.
    pub rules: Vec<Rule>,
}

/// A rule of a web ACL or of a rule group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// What it looks for.
    pub statement: Statement,
    /// What it does with a request that it matches; absent on rules that stand for a group.
    pub action: Observed<Action>,
    /// What is done with what a group does; absent on every other rule.
    pub group_override: Observed<Override>,
}

/// What a rule looks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Statement {
    /// Callers that send too much.
    Rate(Rate),
    /// What a group of AWS or of a vendor looks for.
    Managed(Managed),
    /// What a rule group looks for.
    Group(GroupReference),
    /// Every request.
    Everything,
    /// Some requests.
    Part,
}

/// What a rate-based rule looks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// How many requests it lets through in the window.
    pub limit: i64,
    /// The window in seconds; absent means 300.
    pub window: Observed<i64>,
    /// By what callers are told apart.
    pub key: Observed<RateKey>,
    /// Which requests it counts.
    pub scope: Coverage,
}

/// By what a rate-based rule tells callers apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RateKey {
    /// By the address that the request comes from.
    Ip,
    /// By the address that a header names; requests without the header are not counted.
    ForwardedIp,
    /// By parts of the request.
    Custom,
    /// Not at all.
    Constant,
}

/// Which requests a statement is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Coverage {
    /// All of them.
    All,
    /// All but those from the addresses of an IP set.
    AllButIpSet,
    /// Some of them.
    Part,
}

/// A reference to a group of AWS or of a vendor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Managed {
    /// The vendor, such as `AWS`.
    pub vendor: String,
    /// The group's name.
    pub name: String,
    /// The version; absent means the default one.
    pub version: Observed<String>,
    /// What single rules do instead of what the group says, by the rule's name.
    pub overrides: BTreeMap<String, Observed<Action>>,
    /// Which requests it is asked about.
    pub scope: Coverage,
}

/// A reference to a rule group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupReference {
    /// The group's ARN.
    pub arn: String,
    /// What single rules do instead of what the group says, by the rule's name.
    pub overrides: BTreeMap<String, Observed<Action>>,
}

/// A rule of a managed group, as far as its owner shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManagedRule {
    /// Its name.
    pub name: String,
    /// What it does where nobody overrides it; absent where the owner does not say.
    pub action: Observed<Action>,
}

/// What is done with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "each is the name of the service's RuleAction")]
pub enum Action {
    Allow,
    Block,
    Count,
    Captcha,
    Challenge,
}

/// What is done with what a group does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Override {
    /// Nothing: the group does as it does.
    None,
    /// Requests are only counted.
    Count,
}

/// Where and how a web ACL logs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logging {
    /// The ARNs of the destinations.
    pub destinations: Vec<String>,
    /// Which requests are logged; absent means all.
    pub filter: Observed<LogFilter>,
    /// Whether the header `authorization` is left out of the logs.
    pub redacts_authorization: Switch,
    /// Who set the logging up, as AWS WAF writes it; absent means the customer.
    pub scope: Observed<String>,
}

/// Which requests are logged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogFilter {
    /// What happens to a request that no filter takes.
    pub default: Observed<Behavior>,
    /// The filters.
    pub filters: Vec<Filter>,
}

/// A filter on what is logged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filter {
    /// What happens to a request that it takes.
    pub behavior: Observed<Behavior>,
    /// How many of its conditions a request has to meet.
    pub meets: Observed<Meets>,
    /// The actions that conditions name, as AWS WAF writes them.
    pub actions: Vec<String>,
    /// How many conditions are about labels.
    pub labels: usize,
}

/// What happens to a request on its way to the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Behavior {
    /// It is logged.
    Keep,
    /// It is not.
    Drop,
}

/// How many conditions a request has to meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Meets {
    /// Each.
    All,
    /// One.
    Any,
}

impl Action {
    /// Whether it keeps a request out, or lets it through only after the caller proved to be a person.
    fn enforces(self) -> bool {
        match self {
            Action::Block | Action::Captcha | Action::Challenge => true,
            Action::Allow | Action::Count => false,
        }
    }
}

impl Managed {
    /// What tells a managed group from another: vendor, name and version.
    pub fn key(&self) -> String {
        match &self.version {
            Observed::Present(version) => format!("{}/{}/{version}", self.vendor, self.name),
            Observed::Absent | Observed::Unknown(_) => format!("{}/{}", self.vendor, self.name),
        }
    }
}

impl WebAcl {
    /// The evidence of one of which nothing could be seen.
    pub fn unknown(gap: &Gap) -> Self {
        WebAcl {
            description: Seen::gap(gap.clone()),
            rule_groups: BTreeMap::new(),
            managed_groups: BTreeMap::new(),
            logging: Seen::gap(gap.clone()),
        }
    }

    fn described(&self) -> Result<&Description, Gap> {
        self.description.required(DESCRIBE, "WebACL")
    }
}

const DESCRIBE: &str = "GetWebACL";
const ASSOCIATED: &str = "a web ACL on every stage (see apigw-waf-associated)";

/// Where a web ACL stands.
enum Place<'a> {
    /// In front of a stage.
    Protecting(&'a Description),
    /// In front of none, while every stage has another.
    Beside,
    /// In front of none, while these stages have none.
    Idle(&'a Description, String),
}

fn place<'a>(acl: &'a WebAcl, context: &Context<'_>) -> Result<Place<'a>, Gap> {
    let described = acl.described()?;
    let found = protection(Some(&described.arn), context.evidence)?;
    if !found.protected.is_empty() {
        return Ok(Place::Protecting(described));
    }
    match found.unread {
        Some(gap) => Err(gap),
        None if found.open.is_empty() => Ok(Place::Beside),
        None => {
            let open = found.open.join(", ");
            Ok(Place::Idle(described, format!("it stands in front of no stage, and stages have none: {open}")))
        }
    }
}

const BESIDE: &str = "it stands in front of no stage, and every stage has another web ACL";

/// Judges the rules of a web ACL that stands in front of a stage. One that stands elsewhere is beside the point, unless a
/// stage has none: then nothing protects that stage.
fn protecting(acl: &WebAcl, context: &Context<'_>, judge: impl FnOnce(&Description) -> Judgement) -> Judgement {
    match place(acl, context)? {
        Place::Protecting(described) => judge(described),
        Place::Beside => Ok(Verdict::not_applicable(BESIDE)),
        Place::Idle(_, observed) => Ok(Verdict::not_satisfied(observed, ASSOCIATED)),
    }
}

/// Judges the log of a web ACL. One that stands in front of no stage sees no request of theirs: that it would log them
/// says nothing, and that it would not is a failure all the same.
fn judge_log(acl: &WebAcl, context: &Context<'_>, judge: impl FnOnce(&Description) -> Judgement) -> Judgement {
    match place(acl, context)? {
        Place::Protecting(described) => judge(described),
        Place::Beside => Ok(Verdict::not_applicable(BESIDE)),
        Place::Idle(described, observed) => Ok(match judge(described)? {
            fails @ Verdict::NotSatisfied { .. } => fails.noting(observed),
            Verdict::Satisfied { .. } | Verdict::NotApplicable { .. } => {
                Verdict::not_applicable(format!("{observed} (see apigw-waf-associated)"))
            }
        }),
    }
}

/// No web ACL was found: then stages have none, or nobody could look.
fn unprotected(evidence: &Evidence) -> Judgement {
    let open = open_stages(evidence)?;
    Ok(Verdict::not_satisfied(format!("no web ACL was found, and stages have none: {open}"), ASSOCIATED))
}

/// Where there is no web ACL there is nothing to log.
fn nothing_to_log(evidence: &Evidence) -> Judgement {
    open_stages(evidence)?;
    Ok(Verdict::not_applicable("no stage has a web ACL (see apigw-waf-associated)"))
}

fn open_stages(evidence: &Evidence) -> Result<String, Gap> {
    let found = protection(None, evidence)?;
    match found.unread {
        Some(gap) => Err(gap),
        None if found.open.is_empty() => Err(Gap::undecided(
            "no stage is without a web ACL, and none was seen: the API has no stage, or its web ACL was not read",
        )),
        None => Ok(found.open.join(", ")),
    }
}
