//! The rules of a web ACL with those of its groups, in the order in which a request meets them.

use std::collections::BTreeMap;

use super::{Action, Coverage, DESCRIBE, Description, Managed, Override, Rate, Rule, Statement, WebAcl};
use crate::observed::{Gap, Observed};

/// A rule as a request meets it: with what a group's place in the web ACL makes of it.
pub(super) struct Met<'a> {
    /// Its name, with that of its group.
    pub(super) name: String,
    /// What it looks for.
    pub(super) looks_for: LooksFor<'a>,
    /// What it does with a request that it matches; of a managed group, whether the group as a whole only counts.
    pub(super) does: Result<Action, Gap>,
}

/// What a rule looks for, where groups are taken apart.
pub(super) enum LooksFor<'a> {
    /// Callers that send too much.
    Rate(&'a Rate),
    /// What a group of AWS or of a vendor looks for, whose statements nobody sees.
    Managed(&'a Managed),
    /// Every request.
    Everything,
    /// Some requests.
    Part,
}

/// The rules in the order in which a request meets them, up to the one that lets every request through.
pub(super) struct Rules<'a> {
    /// The rules that a request can meet; a gap stands for a group that could not be read.
    pub(super) met: Vec<Result<Met<'a>, Gap>>,
    /// The rule that lets every request through, so that what follows never counts.
    pub(super) ended_by: Option<String>,
    /// The rules that let some requests through before others are looked at.
    pub(super) passes: Vec<String>,
}

impl<'a> Rules<'a> {
    pub(super) fn of(acl: &'a WebAcl, described: &'a Description) -> Self {
        let mut rules = Rules { met: Vec::new(), ended_by: None, passes: Vec::new() };
        for found in described.rules.iter().flat_map(|rule| taken_apart(acl, rule)) {
            if let Ok(Met { name, looks_for, does: Ok(Action::Allow) }) = &found {
                match looks_for {
                    LooksFor::Everything => {
                        rules.ended_by = Some(name.clone());
                        return rules;
                    }
                    LooksFor::Part | LooksFor::Rate(_) => rules.passes.push(name.clone()),
                    LooksFor::Managed(_) => {}
                }
            }
            rules.met.push(found);
        }
        rules
    }
}

fn taken_apart<'a>(acl: &'a WebAcl, rule: &'a Rule) -> Vec<Result<Met<'a>, Gap>> {
    let name = &rule.name;
    match &rule.statement {
        Statement::Managed(managed) => {
            let does = group_override(rule).map(|counting| match counting {
                Override::None => Action::Block,
                Override::Count => Action::Count,
            });
            vec![Ok(Met { name: name.clone(), looks_for: LooksFor::Managed(managed), does })]
        }
        Statement::Group(group) => {
            let counting = match group_override(rule) {
                Ok(counting) => counting,
                Err(gap) => return vec![Err(gap)],
            };
            let rules = match acl.rule_groups.get(&group.arn) {
                Some(rules) => rules.required("GetRuleGroup", "RuleGroup.Rules"),
                None => Err(Gap::undecided(format!("nothing was seen of the rule group {}", group.arn))),
            };
            match rules {
                Ok(rules) => rules.iter().map(|inner| Ok(within(name, inner, counting, &group.overrides))).collect(),
                Err(gap) => vec![Err(gap)],
            }
        }
        Statement::Rate(_) | Statement::Everything | Statement::Part => {
            vec![Ok(Met { name: name.clone(), looks_for: looks_for(&rule.statement), does: action(rule) })]
        }
    }
}

/// A rule inside a group: first the group's own word, then the override for that rule, then that for the whole group.
fn within<'a>(
    group: &str,
    rule: &'a Rule,
    counting: Override,
    overrides: &BTreeMap<String, Observed<Action>>,
) -> Met<'a> {
    let own = match overrides.get(&rule.name) {
        Some(instead) => instead.required(DESCRIBE, "RuleActionOverrides.ActionToUse").copied(),
        None => action(rule),
    };
    Met {
        name: format!("{group}/{}", rule.name),
        looks_for: looks_for(&rule.statement),
        does: match counting {
            Override::None => own,
            Override::Count => Ok(Action::Count),
        },
    }
}

fn looks_for(statement: &Statement) -> LooksFor<'_> {
    match statement {
        Statement::Rate(rate) => LooksFor::Rate(rate),
        Statement::Managed(managed) => LooksFor::Managed(managed),
        Statement::Everything => LooksFor::Everything,
        // A group cannot hold another group.
        Statement::Group(_) | Statement::Part => LooksFor::Part,
    }
}

fn action(rule: &Rule) -> Result<Action, Gap> {
    rule.action.required(DESCRIBE, "Rules.Action").copied()
}

/// A rule that stands for a group always says what is done with what the group does.
fn group_override(rule: &Rule) -> Result<Override, Gap> {
    rule.group_override.required(DESCRIBE, "Rules.OverrideAction").copied()
}

/// What a reader should know of a statement that looks at a part of the traffic.
pub(super) fn scope_note(scope: Coverage) -> Option<&'static str> {
    match scope {
        Coverage::All => None,
        Coverage::AllButIpSet => Some("the addresses of an IP set are exempt"),
        Coverage::Part => Some("only a part of the traffic is looked at"),
    }
}
