//! What is read of the stages of an API.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_apigateway::types;
use tap_audit_checks::apigateway::{AccessLog, LoggingLevel, MethodSetting, Stage};
use tap_audit_checks::observed::{Gap, Observed, Seen};
use tap_audit_checks::s3::Switch;

use super::{STAGES, methods};
use crate::collect::Walk;

/// Whether a question is asked for the first time.
#[derive(Clone, Copy)]
pub(super) enum Attempt {
    First,
    Again,
}

impl Attempt {
    /// What tells the second asking from the first in the ledger.
    pub(super) fn parameter(self) -> Option<(&'static str, &'static str)> {
        match self {
            Attempt::First => None,
            Attempt::Again => Some(("(asked)", "again")),
        }
    }
}

/// API Gateway answers all stages at once.
pub(super) async fn stages(walk: &Walk<'_>, id: &str, region: &str, attempt: Attempt) -> Seen<Vec<Stage>> {
    let mut parameters = vec![("restApiId", id)];
    parameters.extend(attempt.parameter());
    walk.aws
        .ask(
            &STAGES,
            region,
            &parameters,
            |clients| clients.apigateway().get_stages().rest_api_id(id).send(),
            |answer| match answer.item().iter().map(stage).collect::<Result<_, _>>() {
                Ok(stages) => Observed::Present(stages),
                Err(gap) => Observed::Unknown(gap),
            },
        )
        .await
}

fn text(found: Option<&str>) -> Observed<String> {
    Observed::of(found.filter(|text| !text.is_empty()).map(str::to_owned))
}

fn stage(found: &types::Stage) -> Result<Stage, Gap> {
    let canary = found.canary_settings();
    Ok(Stage {
        name: found.stage_name().ok_or_else(|| STAGES.incomplete("item.stageName"))?.to_owned(),
        deployment: text(found.deployment_id()),
        web_acl: text(found.web_acl_arn()),
        access_log: match found.access_log_settings() {
            Some(log) => {
                Observed::Present(AccessLog { destination: text(log.destination_arn()), format: text(log.format()) })
            }
            None => Observed::Absent,
        },
        cache: Switch::from(found.cache_cluster_enabled()),
        settings: found
            .method_settings()
            .into_iter()
            .flatten()
            .map(|(key, setting)| (key.clone(), method_setting(setting)))
            .collect(),
        variables: hosts(found.variables().into_iter().flatten()),
        canary_variables: hosts(canary.and_then(types::CanarySettings::stage_variable_overrides).into_iter().flatten()),
    })
}

/// Of a variable only what says which host is called is kept: more may be secret.
fn hosts<'a>(variables: impl Iterator<Item = (&'a String, &'a String)>) -> BTreeMap<String, String> {
    variables.map(|(name, value)| (name.clone(), methods::host(value))).collect()
}

/// Leaves out the variables that no integration uses.
pub(super) fn used(stages: Vec<Stage>, names: &BTreeSet<String>) -> Vec<Stage> {
    let mut stages = stages;
    for stage in &mut stages {
        stage.variables.retain(|name, _| names.contains(name));
        stage.canary_variables.retain(|name, _| names.contains(name));
    }
    stages
}

fn method_setting(found: &types::MethodSetting) -> MethodSetting {
    MethodSetting {
        logging: match found.logging_level() {
            Some("OFF") => Observed::Present(LoggingLevel::Off),
            Some("ERROR") => Observed::Present(LoggingLevel::Error),
            Some("INFO") => Observed::Present(LoggingLevel::Info),
            Some(other) => STAGES.unrecognised("item.methodSettings.loggingLevel", other),
            None => Observed::Absent,
        },
        data_trace: Switch::from(found.data_trace_enabled()),
        rate: found.throttling_rate_limit(),
        burst: found.throttling_burst_limit(),
        caching: Switch::from(found.caching_enabled()),
        cache_encrypted: Switch::from(found.cache_data_encrypted()),
    }
}
