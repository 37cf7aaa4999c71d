//! The rules of web ACLs and rule groups, reduced to what they are asked about.

use std::collections::BTreeMap;

use aws_sdk_wafv2::types;
use tap_audit_checks::observed::Observed;
use tap_audit_checks::wafv2::{
    Action, Coverage, Description, GroupReference, Managed, Override, Rate, RateKey, Rule, Statement,
};

use super::ACL;
use crate::collect::call::Call;

/// The web ACL with its rules in the order in which a request meets them.
pub(super) fn description(arn: &str, found: &types::WebAcl) -> Description {
    let mut rules = of_firewall_manager(found.pre_process_firewall_manager_rule_groups());
    rules.extend(by_priority(&ACL, found.rules()));
    rules.extend(of_firewall_manager(found.post_process_firewall_manager_rule_groups()));
    Description {
        arn: arn.to_owned(),
        default: match found.default_action() {
            Some(default) if default.allow().is_some() => Observed::Present(Action::Allow),
            Some(default) if default.block().is_some() => Observed::Present(Action::Block),
            Some(_) | None => Observed::Unknown(ACL.incomplete("DefaultAction")),
        },
        rules,
    }
}

pub(super) fn by_priority(call: &'static Call, found: &[types::Rule]) -> Vec<Rule> {
    let mut sorted: Vec<&types::Rule> = found.iter().collect();
    sorted.sort_by_key(|rule| rule.priority());
    sorted.into_iter().map(|found| rule(call, found)).collect()
}

fn rule(call: &'static Call, found: &types::Rule) -> Rule {
    Rule {
        name: found.name().to_owned(),
        statement: found.statement().map_or(Statement::Part, |found| statement(call, found)),
        action: action(call, found.action()),
        group_override: group_override(call, found.override_action()),
    }
}

/// Groups that Firewall Manager puts before and after the rules of the web ACL.
fn of_firewall_manager(found: &[types::FirewallManagerRuleGroup]) -> Vec<Rule> {
    let mut sorted: Vec<&types::FirewallManagerRuleGroup> = found.iter().collect();
    sorted.sort_by_key(|group| group.priority());
    let reduced = sorted.into_iter().map(|found| {
        let statement = found.firewall_manager_statement();
        let managed = statement.and_then(types::FirewallManagerStatement::managed_rule_group_statement);
        let group = statement.and_then(types::FirewallManagerStatement::rule_group_reference_statement);
        Rule {
            name: found.name().to_owned(),
            statement: match (managed, group) {
                (Some(managed), _) => Statement::Managed(self::managed(&ACL, managed)),
                (None, Some(group)) => Statement::Group(self::group(&ACL, group)),
                (None, None) => Statement::Part,
            },
            action: Observed::Absent,
            group_override: group_override(&ACL, found.override_action()),
        }
    });
    reduced.collect()
}

fn statement(call: &'static Call, found: &types::Statement) -> Statement {
    if let Some(rate) = found.rate_based_statement() {
        return Statement::Rate(Rate {
            limit: rate.limit(),
            // The SDK gives nought where the window is missing, and AWS WAF takes no window of nought.
            window: Observed::of(Some(rate.evaluation_window_sec()).filter(|seconds| *seconds != 0)),
            key: match rate.aggregate_key_type().as_str() {
                "IP" => Observed::Present(RateKey::Ip),
                "FORWARDED_IP" => Observed::Present(RateKey::ForwardedIp),
                "CUSTOM_KEYS" => Observed::Present(RateKey::Custom),
                "CONSTANT" => Observed::Present(RateKey::Constant),
                other => call.unrecognised("RateBasedStatement.AggregateKeyType", other),
            },
            scope: coverage(rate.scope_down_statement()),
        });
    }
    if let Some(found) = found.managed_rule_group_statement() {
        return Statement::Managed(managed(call, found));
    }
    if let Some(found) = found.rule_group_reference_statement() {
        return Statement::Group(group(call, found));
    }
    if takes_everything(found) { Statement::Everything } else { Statement::Part }
}

fn managed(call: &'static Call, found: &types::ManagedRuleGroupStatement) -> Managed {
    Managed {
        vendor: found.vendor_name().to_owned(),
        name: found.name().to_owned(),
        version: Observed::of(found.version().map(str::to_owned)),
        overrides: overrides(call, found.rule_action_overrides(), found.excluded_rules()),
        scope: coverage(found.scope_down_statement()),
    }
}

fn group(call: &'static Call, found: &types::RuleGroupReferenceStatement) -> GroupReference {
    GroupReference {
        arn: found.arn().to_owned(),
        overrides: overrides(call, found.rule_action_overrides(), found.excluded_rules()),
    }
}

/// A rule on the older list of excluded ones only counts.
fn overrides(
    call: &'static Call,
    overridden: &[types::RuleActionOverride],
    excluded: &[types::ExcludedRule],
) -> BTreeMap<String, Observed<Action>> {
    let excluded = excluded.iter().map(|rule| (rule.name().to_owned(), Observed::Present(Action::Count)));
    let overridden = overridden.iter().map(|rule| (rule.name().to_owned(), action(call, rule.action_to_use())));
    excluded.chain(overridden).collect()
}

/// What a rule does; absent on rules that stand for a group.
pub(super) fn action(call: &'static Call, found: Option<&types::RuleAction>) -> Observed<Action> {
    let Some(found) = found else { return Observed::Absent };
    if found.block().is_some() {
        Observed::Present(Action::Block)
    } else if found.allow().is_some() {
        Observed::Present(Action::Allow)
    } else if found.count().is_some() {
        Observed::Present(Action::Count)
    } else if found.captcha().is_some() {
        Observed::Present(Action::Captcha)
    } else if found.challenge().is_some() {
        Observed::Present(Action::Challenge)
    } else if found.monetize().is_some() {
        call.unrecognised("Action", "Monetize")
    } else {
        Observed::Unknown(call.incomplete("Action"))
    }
}

fn group_override(call: &'static Call, found: Option<&types::OverrideAction>) -> Observed<Override> {
    match found {
        Some(found) if found.count().is_some() => Observed::Present(Override::Count),
        Some(found) if found.none().is_some() => Observed::Present(Override::None),
        Some(_) => Observed::Unknown(call.incomplete("OverrideAction")),
        None => Observed::Absent,
    }
}

/// Which requests a statement that narrows another leaves.
fn coverage(found: Option<&types::Statement>) -> Coverage {
    let Some(found) = found else { return Coverage::All };
    let exempt = found.not_statement().and_then(types::NotStatement::statement);
    if takes_everything(found) {
        Coverage::All
    } else if exempt.is_some_and(|exempt| exempt.ip_set_reference_statement().is_some()) {
        Coverage::AllButIpSet
    } else {
        Coverage::Part
    }
}

/// Whether a statement matches every request there is, in the ways in which people write that: every path has a slash
/// and a length.
fn takes_everything(found: &types::Statement) -> bool {
    let of_every_request = |field: Option<&types::FieldToMatch>| {
        field.is_some_and(|field| field.uri_path().is_some() || field.method().is_some())
    };
    if let Some(bytes) = found.byte_match_statement() {
        return bytes.search_string().as_ref() == b"/"
            && bytes.field_to_match().is_some_and(|field| field.uri_path().is_some())
            && matches!(bytes.positional_constraint().as_str(), "STARTS_WITH" | "CONTAINS");
    }
    if let Some(size) = found.size_constraint_statement() {
        let smallest = match size.comparison_operator().as_str() {
            "GE" => 0,
            "GT" => -1,
            _ => return false,
        };
        // A path and a verb have at least one letter.
        return of_every_request(size.field_to_match()) && size.size() <= smallest + 1;
    }
    if let Some(regex) = found.regex_match_statement() {
        return of_every_request(regex.field_to_match())
            && matches!(
                regex.regex_string(),
                ".*" | "^.*$" | "^.*" | ".*$" | "." | ".+" | "^.+$" | "^/" | "^/.*" | "^/.*$" | "/"
            );
    }
    if let Some(all) = found.and_statement() {
        return !all.statements().is_empty() && all.statements().iter().all(takes_everything);
    }
    found.or_statement().is_some_and(|any| any.statements().iter().any(takes_everything))
}
