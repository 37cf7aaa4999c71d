//! Where a web ACL logs to, and which requests.

use aws_sdk_wafv2::types;
use tap_audit_checks::observed::{Observed, Seen};
use tap_audit_checks::s3::Switch;
use tap_audit_checks::wafv2::{Behavior, Filter, LogFilter, Logging, Meets};

use super::LOGGING;
use crate::collect::Walk;

/// The error that AWS WAF answers where nothing was set up says so only of a web ACL that exists.
pub(super) async fn logging(walk: &Walk<'_>, arn: &str, region: &str) -> Seen<Logging> {
    walk.aws
        .ask(
            &LOGGING,
            region,
            &[("ResourceArn", arn)],
            |clients| clients.wafv2().get_logging_configuration().resource_arn(arn).send(),
            |answer| match answer.logging_configuration() {
                Some(found) => Observed::Present(configuration(found)),
                None => Observed::Unknown(LOGGING.incomplete("LoggingConfiguration")),
            },
        )
        .await
}

fn configuration(found: &types::LoggingConfiguration) -> Logging {
    let redacts = |field: &types::FieldToMatch| {
        field.single_header().is_some_and(|header| header.name().eq_ignore_ascii_case("authorization"))
    };
    Logging {
        destinations: found.log_destination_configs().to_vec(),
        filter: Observed::of(found.logging_filter().map(filter)),
        redacts_authorization: Switch::from(found.redacted_fields().iter().any(redacts)),
        scope: Observed::of(found.log_scope().map(|scope| scope.as_str().to_owned())),
    }
}

fn filter(found: &types::LoggingFilter) -> LogFilter {
    let filters = found.filters().iter().map(|one| Filter {
        behavior: behavior("LoggingFilter.Filters.Behavior", one.behavior()),
        meets: match one.requirement().as_str() {
            "MEETS_ALL" => Observed::Present(Meets::All),
            "MEETS_ANY" => Observed::Present(Meets::Any),
            other => LOGGING.unrecognised("LoggingFilter.Filters.Requirement", other),
        },
        actions: one
            .conditions()
            .iter()
            .filter_map(types::Condition::action_condition)
            .map(|condition| condition.action().as_str().to_owned())
            .collect(),
        labels: one.conditions().iter().filter(|condition| condition.label_name_condition().is_some()).count(),
    });
    LogFilter {
        default: behavior("LoggingFilter.DefaultBehavior", found.default_behavior()),
        filters: filters.collect(),
    }
}

fn behavior(field: &'static str, found: &types::FilterBehavior) -> Observed<Behavior> {
    match found.as_str() {
        "KEEP" => Observed::Present(Behavior::Keep),
        "DROP" => Observed::Present(Behavior::Drop),
        other => LOGGING.unrecognised(field, other),
    }
}
