//! How long log groups of the other profiles have to keep their events.

use serde::Deserialize;

use super::{LogGroup, NeverExpires, Retention, RetentionMode, retention};
use crate::check::Context;
use crate::iam::documents::listing_was_read;
use crate::observed::Gap;
use crate::verdict::{Judgement, Verdict};

/// How the names of groups begin that API Gateway writes the execution logs of stages to.
const EXECUTION_LOGS: &str = "API-Gateway-Execution-Logs_";

/// Parameters of `logs-retention-min-90-days`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AtLeast {
    retention_days: i32,
    never_expires: NeverExpires,
    hipaa_six_years: bool,
    exclude_groups: Vec<String>,
}

/// Six years are 2190 days, and 2192 is the next number that CloudWatch Logs takes.
const SIX_YEARS: i32 = 2192;

/// The client asks for a minimum, so that more is never a failure.
pub(super) fn at_least(group: &LogGroup, params: &AtLeast, context: &Context<'_>) -> Judgement {
    let wanted = Retention {
        retention_days: params.retention_days.max(if params.hipaa_six_years { SIX_YEARS } else { 0 }),
        mode: RetentionMode::AtLeast,
        never_expires: params.never_expires,
        exclude_groups: params.exclude_groups.clone(),
    };
    retention(group, &wanted, context)
}

/// Parameters of `logs-retention-set`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kept {
    retention_days: i32,
    never_expires: NeverExpires,
    exclude_groups: Vec<String>,
    not_audit_trails: Vec<String>,
}

/// No number was asked for, so that events that never expire are kept long enough.
pub(super) fn kept(group: &LogGroup, params: &Kept, context: &Context<'_>) -> Judgement {
    if let Some(verdict) = no_audit_trail(&params.not_audit_trails, context)? {
        return Ok(verdict);
    }
    let wanted = Retention {
        retention_days: params.retention_days,
        mode: RetentionMode::AtLeast,
        never_expires: params.never_expires,
        exclude_groups: params.exclude_groups.clone(),
    };
    let verdict = retention(group, &wanted, context)?;
    Ok(match &verdict {
        Verdict::NotSatisfied { .. } => made_by_a_service(
            verdict.noting("the client's text names no number for this stack; the days are those of its other two"),
            context,
        ),
        Verdict::Satisfied { .. } | Verdict::NotApplicable { .. } => verdict,
    })
}

/// Says of a group that a service makes, where nobody else did, how to have it made otherwise.
pub(super) fn made_by_a_service(verdict: Verdict, context: &Context<'_>) -> Verdict {
    let makers = [("/aws/rds/", "RDS"), (EXECUTION_LOGS, "API Gateway")];
    let maker = makers.into_iter().find(|(start, _)| context.subject.id.starts_with(start));
    match (maker, &context.subject.logical_id) {
        (Some((_, service)), None) => verdict.noting(format!(
            "{service} makes this log group without retention and key, unless the template makes it under this name first"
        )),
        (Some(_) | None, _) => verdict,
    }
}

/// API Gateway makes the group of a stage's execution log without a key, and nobody is asked: it is judged where the
/// stack makes it.
///
/// # Errors
/// The gap, where the stack's listing could not be read and may hold the group.
pub(super) fn made_by_api_gateway(context: &Context<'_>) -> Result<Option<Verdict>, Gap> {
    if context.subject.logical_id.is_some() || !context.subject.id.starts_with(EXECUTION_LOGS) {
        return Ok(None);
    }
    listing_was_read(context.evidence)?;
    let verdict = Verdict::not_applicable("API Gateway makes this log group for itself, without a key");
    Ok(Some(verdict.noting("have the template make it under this name first, with a key")))
}

/// Groups that services make for themselves and that hold no audit trail; one that the stack makes is the stack's.
///
/// # Errors
/// The gap, where the stack's listing could not be read and may hold the group.
pub(super) fn no_audit_trail(patterns: &[String], context: &Context<'_>) -> Result<Option<Verdict>, Gap> {
    let name = context.subject.id.as_str();
    let fits = |pattern: &String| match pattern.split_once('*') {
        Some((start, end)) => name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end),
        None => pattern == name,
    };
    if context.subject.logical_id.is_some() || !patterns.iter().any(fits) {
        return Ok(None);
    }
    listing_was_read(context.evidence)?;
    Ok(Some(Verdict::not_applicable("a service makes this log group for itself, and it is no audit trail")))
}

#[cfg(test)]
mod tests {
    use crate::evidence::Evidence;
    use crate::fixture::*;
    use crate::logs::{Description, LogClass, LogGroup};
    use crate::observed::Observed::{self, Absent, Present, Unknown};
    use crate::subject::{Kind, Resource};

    const MINIMUM: &str = "logs-retention-min-90-days";
    const SET: &str = "logs-retention-set";

    fn described(retention_days: Observed<i32>, class: Observed<LogClass>) -> Evidence {
        let description = Description {
            arn: Absent,
            retention_days,
            retention_policy: Absent,
            kms_key: Absent,
            class,
            deletion_protection: Absent,
            created_at: Absent,
        };
        let group = LogGroup { description: seen(description), ..LogGroup::unknown(&denial()) };
        evidence(vec![subject(Kind::LogGroup, "/healthcare/audit", Resource::LogGroup(Box::new(group)))])
    }

    fn days(days: Observed<i32>) -> Evidence {
        described(days, Absent)
    }

    #[test]
    fn ninety_days_and_more_meet_the_minimum_and_eighty_nine_do_not() {
        for id in [MINIMUM, SET] {
            assert_eq!(passed(judge(id, &days(Present(90)))), "events expire after 90 days");
            passed(judge(id, &days(Present(3653))));
            assert!(failed(judge(id, &days(Present(89)))).starts_with("events expire after 89 days"));
            assert_eq!(judge(id, &days(Unknown(denial()))), Err(denial()));
        }
    }

    #[test]
    fn events_that_never_expire_fail_the_minimum_and_meet_what_names_no_number() {
        assert!(failed(judge(MINIMUM, &days(Absent))).contains("no event is lost early"));
        passed(judge_with(MINIMUM, "never_expires = \"pass\"", &days(Absent)));
        passed(judge(SET, &days(Absent)));
        let text = failed(judge_with(SET, "never_expires = \"fail\"", &days(Absent)));
        assert!(text.ends_with("the days are those of its other two"), "{text}");
    }

    #[test]
    fn six_years_are_the_next_number_that_logs_takes() {
        let years = "hipaa_six_years = true";
        passed(judge_with(MINIMUM, years, &days(Present(2192))));
        failed(judge_with(MINIMUM, years, &days(Present(2191))));
    }

    #[test]
    fn a_group_that_a_service_makes_is_failed_with_the_way_to_mend_it() {
        let mut evidence = days(Present(1));
        evidence.subjects[0].id = "/aws/rds/cluster/aurora-dev/postgresql".into();
        assert!(failed(judge(SET, &evidence)).contains("RDS makes this log group without retention and key"));
        evidence.subjects[0].logical_id = Some("DatabaseLog".into());
        assert!(!failed(judge(SET, &evidence)).contains("RDS makes"));
    }

    #[test]
    fn a_delivery_group_keeps_its_events_for_a_day_whatever_it_says() {
        for id in [MINIMUM, SET] {
            let text = failed(judge(id, &described(Present(3653), Present(LogClass::Delivery))));
            assert!(text.contains("class DELIVERY"), "{text}");
        }
    }

    #[test]
    fn a_group_that_a_service_makes_for_itself_is_left_out_unless_the_stack_makes_it() {
        let mut evidence = days(Present(1));
        evidence.subjects[0].id = "/aws/ecs/containerinsights/records-dev/performance".into();
        assert!(not_applicable(judge(SET, &evidence)).contains("no audit trail"));
        evidence.subjects[0].logical_id = Some("Performance".into());
        failed(judge(SET, &evidence));
        evidence.subjects[0].logical_id = None;
        let stack = crate::cloudformation::Stack::unknown(&denial());
        evidence.subjects.push(subject(Kind::Stack, "s", Resource::Stack(Box::new(stack))));
        assert_eq!(judge(SET, &evidence), Err(denial()));
        let mut other = days(Present(1));
        other.subjects[0].id = "/aws/ecs/containerinsights/records-dev/application".into();
        failed(judge(SET, &other));
    }
    #[test]
    fn the_execution_log_of_a_stage_needs_a_key_only_where_the_stack_makes_it_and_retention_anyway() {
        const ENCRYPTED: &str = "logs-kms-encrypted";
        let require = "mode = \"require\"";
        let mut evidence = days(Present(1));
        evidence.subjects[0].id = "API-Gateway-Execution-Logs_a1b2c3/prod".into();
        let text = not_applicable(judge_with(ENCRYPTED, require, &evidence));
        assert!(text.starts_with("API Gateway makes this log group for itself, without a key"), "{text}");
        assert!(failed(judge(SET, &evidence)).contains("API Gateway makes this log group without retention and key"));
        evidence.subjects[0].logical_id = Some("ExecutionLog".into());
        assert!(failed(judge_with(ENCRYPTED, require, &evidence)).starts_with("no KMS key is associated"));
        evidence.subjects[0].logical_id = None;
        let stack = crate::cloudformation::Stack::unknown(&denial());
        evidence.subjects.push(subject(Kind::Stack, "s", Resource::Stack(Box::new(stack))));
        assert_eq!(judge_with(ENCRYPTED, require, &evidence), Err(denial()));
    }
}
