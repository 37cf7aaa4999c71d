//! Whether a web ACL logs what it blocks.

use super::{Behavior, Filter, LogFilter, Logging, Meets, WebAcl, judge_log};
use crate::apigateway::GroupArn;
use crate::check::{Context, NoParams};
use crate::observed::Gap;
use crate::s3::Switch;
use crate::subject::Existence;
use crate::verdict::{Judgement, Verdict, any, every, nothing_to_judge};

const OPERATION: &str = "GetLoggingConfiguration";
const EXPECTED: &str = "a log group of CloudWatch Logs that exists, and no filter that drops blocked requests";
/// What a condition calls a request that was blocked.
const BLOCK: &str = "BLOCK";

/// No logging configuration means that a web ACL that exists logs nowhere; its metrics are no logs.
pub(super) fn logged(acl: &WebAcl, _params: &NoParams, context: &Context<'_>) -> Judgement {
    judge_log(acl, context, |_| {
        let Some(logging) = acl.logging.seen()? else {
            return Ok(Verdict::not_satisfied("the web ACL logs nowhere", EXPECTED));
        };
        let verdict = every([destination(logging, context), filter(logging)], nothing_to_judge)?;
        Ok(match verdict {
            met @ Verdict::Satisfied { .. } => remarks(met, logging),
            other @ (Verdict::NotSatisfied { .. } | Verdict::NotApplicable { .. }) => other,
        })
    })
}

fn remarks(verdict: Verdict, logging: &Logging) -> Verdict {
    let verdict = match logging.redacts_authorization {
        Switch::On => verdict,
        Switch::Off => verdict.noting("the header authorization is written to the log"),
    };
    match logging.scope.seen() {
        Ok(Some(scope)) if scope != "CUSTOMER" => {
            verdict.noting(format!("the logging was set up by {scope}, not by the customer"))
        }
        Ok(_) | Err(_) => verdict,
    }
}

fn destination(logging: &Logging, context: &Context<'_>) -> Judgement {
    if logging.destinations.is_empty() {
        return Err(Gap::Incomplete { operation: OPERATION.into(), field: "LogDestinationConfigs".into() });
    }
    any(logging.destinations.iter().map(|destination| {
        let Some(group) = GroupArn::parse(destination) else {
            return if destination.contains(":s3:::") || destination.contains(":firehose:") {
                Ok(Verdict::satisfied(format!("the web ACL logs to {destination}"))
                    .noting("it is not CloudWatch Logs, and whether it exists is not read"))
            } else {
                Err(Gap::undecided(format!("`{destination}` is no log group, bucket or stream of Firehose")))
            };
        };
        Ok(match group.exists(context)? {
            Existence::Exists => Verdict::satisfied(format!("the web ACL logs to {}", group.name)),
            Existence::Missing => {
                Verdict::not_satisfied(format!("the web ACL logs to {}, which does not exist", group.name), EXPECTED)
            }
        })
    }))
}

fn filter(logging: &Logging) -> Judgement {
    let Some(filter) = logging.filter.seen()? else {
        return Ok(Verdict::satisfied("every request is logged"));
    };
    let default = *filter.default.required(OPERATION, "LoggingFilter.DefaultBehavior")?;
    let fails = |observed: &str| Ok(Verdict::not_satisfied(observed, EXPECTED));
    if drops_blocked(filter)? {
        return fails("a filter drops blocked requests");
    }
    match default {
        Behavior::Keep => Ok(Verdict::satisfied("blocked requests are logged")),
        Behavior::Drop if keeps_blocked(filter)? => Ok(Verdict::satisfied("a filter keeps blocked requests")),
        Behavior::Drop => fails("requests are dropped, and no filter keeps the blocked ones"),
    }
}

/// Whether a filter names blocked requests to be dropped.
///
/// # Errors
/// A gap, when a filter drops by label alone: a blocked request may bear it.
fn drops_blocked(filter: &LogFilter) -> Result<bool, Gap> {
    let mut by_label = false;
    for one in &filter.filters {
        if behavior(one)? == Behavior::Keep {
            continue;
        }
        let names = one.actions.iter().any(|action| action == BLOCK);
        let others = one.actions.iter().any(|action| action != BLOCK);
        match one.meets.required(OPERATION, "LoggingFilter.Filters.Requirement")? {
            Meets::Any if names => return Ok(true),
            Meets::Any => by_label |= one.labels > 0,
            // A request has one action, so one that has to be two is none.
            Meets::All if names && !others => return Ok(true),
            Meets::All => by_label |= one.labels > 0 && one.actions.is_empty(),
        }
    }
    if by_label {
        return Err(Gap::undecided("a filter drops requests by their label; whether blocked ones bear it is not seen"));
    }
    Ok(false)
}

/// Whether a filter keeps each request that was blocked, whatever else is true of it.
fn keeps_blocked(filter: &LogFilter) -> Result<bool, Gap> {
    for one in &filter.filters {
        if behavior(one)? == Behavior::Drop || !one.actions.iter().any(|action| action == BLOCK) {
            continue;
        }
        let alone = one.labels == 0 && one.actions.iter().all(|action| action == BLOCK);
        match one.meets.required(OPERATION, "LoggingFilter.Filters.Requirement")? {
            Meets::Any => return Ok(true),
            Meets::All if alone => return Ok(true),
            Meets::All => {}
        }
    }
    Ok(false)
}

fn behavior(filter: &Filter) -> Result<Behavior, Gap> {
    filter.behavior.required(OPERATION, "LoggingFilter.Filters.Behavior").copied()
}

#[cfg(test)]
mod tests {
    use super::super::fixture::*;
    use super::*;
    use crate::evidence::Evidence;
    use crate::fixture::*;
    use crate::logs::LogGroup;
    use crate::observed::Observed::{Absent, Present, Unknown};
    use crate::subject::{Kind, Resource};

    const ID: &str = "waf-logging-enabled";
    const GROUP: &str = "aws-waf-logs-a";

    fn logging(destination: &str, filter: Option<LogFilter>) -> Logging {
        Logging {
            destinations: vec![destination.into()],
            filter: crate::observed::Observed::of(filter),
            redacts_authorization: Switch::On,
            scope: Absent,
        }
    }

    fn group_arn() -> String {
        format!("arn:aws:logs:us-east-2:{ACCOUNT}:log-group:{GROUP}:*")
    }

    fn with(logging: Logging, existence: Existence) -> Evidence {
        let acl = WebAcl { logging: seen(logging), ..acl(Vec::new()) };
        let mut evidence = of(acl);
        let mut group = subject(Kind::LogGroup, GROUP, Resource::LogGroup(Box::new(LogGroup::unknown(&denial()))));
        group.existence = seen(existence);
        evidence.subjects.push(group);
        evidence
    }

    fn filtered(default: Behavior, filters: Vec<Filter>) -> Judgement {
        let filter = LogFilter { default: Present(default), filters };
        judge(ID, &with(logging(&group_arn(), Some(filter)), Existence::Exists))
    }

    fn one(behavior: Behavior, meets: Meets, actions: &[&str], labels: usize) -> Filter {
        let actions = actions.iter().map(|action| (*action).to_owned()).collect();
        Filter { behavior: Present(behavior), meets: Present(meets), actions, labels }
    }

    #[test]
    fn what_a_web_acl_in_front_of_no_stage_would_log_says_nothing_and_what_it_would_not_fails() {
        let idle = |logging| evidence(vec![acl_subject(WebAcl { logging, ..acl(Vec::new()) }), api_behind(None)]);
        let place = "it stands in front of no stage, and stages have none: a1/prod";
        let delivered = logging("arn:aws:s3:::aws-waf-logs-a", None);
        assert_eq!(not_applicable(judge(ID, &idle(seen(delivered)))), format!("{place} (see apigw-waf-associated)"));
        assert_eq!(failed(judge(ID, &idle(not_set()))), format!("the web ACL logs nowhere | {place}"));
        assert_eq!(undecided(judge(ID, &idle(denied()))), denial().to_string());
    }

    #[test]
    fn a_log_group_that_exists_passes_and_one_that_is_gone_fails() {
        let log = || logging(&group_arn(), None);
        assert_eq!(
            passed(judge(ID, &with(log(), Existence::Exists))),
            "the web ACL logs to aws-waf-logs-a; every request is logged"
        );
        assert_eq!(
            failed(judge(ID, &with(log(), Existence::Missing))),
            "the web ACL logs to aws-waf-logs-a, which does not exist"
        );
        let open = Logging { redacts_authorization: Switch::Off, scope: Present("SECURITY_LAKE".into()), ..log() };
        let text = passed(judge(ID, &with(open, Existence::Exists)));
        assert!(text.ends_with("| the header authorization is written to the log; the logging was set up by SECURITY_LAKE, not by the customer"), "{text}");
    }

    #[test]
    fn no_configuration_is_off() {
        let acl = WebAcl { logging: not_set(), ..acl(Vec::new()) };
        assert_eq!(failed(judge(ID, &of(acl))), "the web ACL logs nowhere");
    }

    #[test]
    fn a_bucket_or_a_stream_passes_with_a_note() {
        for destination in ["arn:aws:s3:::aws-waf-logs-a", "arn:aws:firehose:us-east-2:1:deliverystream/aws-waf-logs-a"]
        {
            let text = passed(judge(ID, &with(logging(destination, None), Existence::Exists)));
            assert!(text.ends_with("| it is not CloudWatch Logs, and whether it exists is not read"), "{text}");
        }
    }

    #[test]
    fn a_filter_must_not_drop_blocked_requests() {
        use Behavior::{Drop, Keep};
        use Meets::{All, Any};
        passed(filtered(Drop, vec![one(Keep, Any, &["BLOCK", "COUNT"], 1)]));
        passed(filtered(Drop, vec![one(Keep, All, &["BLOCK"], 0)]));
        passed(filtered(Keep, vec![one(Drop, Any, &["ALLOW"], 0)]));
        let text = failed(filtered(Drop, vec![one(Keep, Any, &["COUNT"], 0)]));
        assert!(text.contains("no filter keeps the blocked ones"), "{text}");
        failed(filtered(Drop, vec![one(Keep, All, &["BLOCK"], 1)]));
        let text = failed(filtered(Keep, vec![one(Drop, Any, &["BLOCK"], 0)]));
        assert_eq!(text, "a filter drops blocked requests");
        failed(filtered(Keep, vec![one(Drop, All, &["BLOCK"], 1)]));
        let text = undecided(filtered(Keep, vec![one(Drop, Any, &[], 1)]));
        assert!(text.contains("drops requests by their label"), "{text}");
    }

    #[test]
    fn it_does_not_apply_where_no_stage_has_a_web_acl() {
        assert_eq!(
            not_applicable(judge(ID, &evidence(vec![api_behind(None)]))),
            "no stage has a web ACL (see apigw-waf-associated)"
        );
    }

    #[test]
    fn what_was_not_read_is_an_error() {
        let acl = WebAcl { logging: denied(), ..acl(Vec::new()) };
        assert_eq!(undecided(judge(ID, &of(acl))), denial().to_string());
        let unread = Logging { filter: Unknown(denial()), ..logging(&group_arn(), None) };
        assert_eq!(undecided(judge(ID, &with(unread, Existence::Exists))), denial().to_string());
        let other = logging("arn:aws:logs:us-east-2:210987654321:log-group:aws-waf-logs-a", None);
        assert!(undecided(judge(ID, &with(other, Existence::Exists))).contains("account 210987654321"));
    }
}
