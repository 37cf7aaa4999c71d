//! What a stage writes to logs, and what it must not.

use serde::Deserialize;

use super::{EVERY_METHOD, LoggingLevel, MethodSetting, RestApi, SETTINGS, STAGES, Stage};
use crate::check::{Context, NoParams};
use crate::logs::LogGroup;
use crate::observed::Gap;
use crate::s3::Switch;
use crate::subject::Existence;
use crate::verdict::{Judgement, Verdict, every};

/// Parameters of `apigw-access-logging`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fields {
    /// What a line has to hold: of each list one name.
    required_fields: Vec<Vec<String>>,
}

const TO_GROUP: &str = "access logs in a log group of CloudWatch Logs that exists";

/// Without settings a stage keeps no record of who called it.
pub(super) fn access(api: &RestApi, params: &Fields, context: &Context<'_>) -> Judgement {
    api.each_stage(|stage| {
        let Some(log) = stage.access_log.seen()? else {
            return Ok(Verdict::not_satisfied("keeps no access log", TO_GROUP));
        };
        let destination = log.destination.required(STAGES, "accessLogSettings.destinationArn");
        let format = log.format.required(STAGES, "accessLogSettings.format");
        every(
            [
                destination.and_then(|destination| goes_to(destination, context)),
                format.and_then(|format| holds(format, params)),
            ],
            crate::verdict::nothing_to_judge,
        )
    })
}

fn goes_to(destination: &str, context: &Context<'_>) -> Judgement {
    let Some(group) = GroupArn::parse(destination) else {
        return if destination.contains(":firehose:") {
            Ok(Verdict::satisfied(format!("logs requests to {destination}"))
                .noting("it is a stream of Firehose, not CloudWatch Logs, and whether it exists is not read"))
        } else {
            Err(Gap::undecided(format!("`{destination}` is neither a log group nor a stream of Firehose")))
        };
    };
    Ok(match group.exists(context)? {
        Existence::Exists => Verdict::satisfied(format!("logs requests to {}", group.name)),
        Existence::Missing => {
            Verdict::not_satisfied(format!("logs requests to {}, which does not exist", group.name), TO_GROUP)
        }
    })
}

/// A log group as others name it: by an ARN that may end in `:*`.
pub(crate) struct GroupArn<'a> {
    region: &'a str,
    account: &'a str,
    pub(crate) name: &'a str,
}

impl<'a> GroupArn<'a> {
    pub(crate) fn parse(arn: &'a str) -> Option<Self> {
        match arn.splitn(7, ':').collect::<Vec<_>>().as_slice() {
            ["arn", _, "logs", region, account, "log-group", name] => {
                Some(GroupArn { region, account, name: name.strip_suffix(":*").unwrap_or(name) })
            }
            _ => None,
        }
    }

    /// Whether there is such a group.
    ///
    /// # Errors
    /// A gap, when it is in another account or was not looked for.
    pub(crate) fn exists(&self, context: &Context<'_>) -> Result<Existence, Gap> {
        let name = self.name;
        if self.account != context.evidence.run.account {
            return Err(Gap::undecided(format!(
                "log group {name} is in account {}, where nothing is read",
                self.account
            )));
        }
        let (subject, _) = context
            .evidence
            .all::<LogGroup>()
            .find(|(subject, _)| subject.id == name && subject.region.as_deref() == Some(self.region))
            .ok_or_else(|| Gap::undecided(format!("nothing was seen of log group {name} in {}", self.region)))?;
        subject.existence.required("DescribeLogGroups", "logGroups").copied()
    }
}

fn holds(format: &str, params: &Fields) -> Judgement {
    let lacks: Vec<String> = params
        .required_fields
        .iter()
        .filter(|names| !names.iter().any(|name| names_field(format, name)))
        .map(|names| names.join(" or "))
        .collect();
    Ok(if lacks.is_empty() {
        Verdict::satisfied("writes every field that is asked for")
    } else {
        Verdict::not_satisfied(
            format!("writes lines without {}", lacks.join(", ")),
            "a format that holds every field of required_fields",
        )
    })
}

/// Whether a format holds a whole name: `$context.requestTime` does not stand in `$context.requestTimeEpoch`.
fn names_field(format: &str, name: &str) -> bool {
    let ends = |rest: &str| {
        let mut letters = rest.chars();
        match letters.next() {
            Some('.') => !letters.next().is_some_and(|letter| letter.is_ascii_alphanumeric()),
            Some(letter) => !letter.is_ascii_alphanumeric() && letter != '_',
            None => true,
        }
    };
    format.match_indices(name).any(|(at, _)| ends(&format[at + name.len()..]))
}

const TO_EXECUTION: &str =
    "the logging level INFO or ERROR for every method of each stage, and a role by which API Gateway writes logs";

/// No setting means OFF. Without the account's role nothing is written, whatever the stage says.
pub(super) fn execution(api: &RestApi, _params: &NoParams, context: &Context<'_>) -> Judgement {
    let stages = api.each_stage(|stage| {
        let general = level(stage.general());
        let single = stage.single().map(|(name, setting)| match level(Some(setting))? {
            LoggingLevel::Off => Ok(Verdict::not_satisfied(format!("writes no execution log of {name}"), TO_EXECUTION)),
            LoggingLevel::Error | LoggingLevel::Info => Ok(Verdict::satisfied("logs single methods too")),
        });
        let general = general.map(|level| match level {
            LoggingLevel::Off => Verdict::not_satisfied("writes no execution log", TO_EXECUTION),
            LoggingLevel::Error => remark(Verdict::satisfied("logs the execution at ERROR"), stage, context),
            LoggingLevel::Info => remark(Verdict::satisfied("logs the execution at INFO"), stage, context),
        });
        every(std::iter::once(general).chain(single), crate::verdict::nothing_to_judge)
    });
    every([stages, role(api)], crate::verdict::nothing_to_judge)
}

fn level(setting: Option<&MethodSetting>) -> Result<LoggingLevel, Gap> {
    Ok(match setting {
        Some(setting) => setting.logging.seen()?.copied().unwrap_or(LoggingLevel::Off),
        None => LoggingLevel::Off,
    })
}

/// Says what API Gateway does where nobody made its log group first.
fn remark(verdict: Verdict, stage: &Stage, context: &Context<'_>) -> Verdict {
    let group = format!("API-Gateway-Execution-Logs_{}/{}", context.subject.id, stage.name);
    let is_stacks =
        context.evidence.all::<LogGroup>().any(|(subject, _)| subject.id == group && subject.stack.is_some());
    if is_stacks {
        return verdict;
    }
    verdict.noting(format!("{group} is not the stack's: API Gateway makes it without key and retention"))
}

fn role(api: &RestApi) -> Judgement {
    let account = api.account.required(SETTINGS, "cloudwatchRoleArn")?;
    Ok(match account.log_role.seen()? {
        Some(role) => Verdict::satisfied(format!("API Gateway writes logs as {role}")),
        None => Verdict::not_satisfied(
            "API Gateway has no role in this account and region by which it could write logs",
            TO_EXECUTION,
        ),
    })
}

/// Bodies and headers in a log are patients' data outside their place. Absent means off; on with the level OFF writes
/// nothing today, and does as soon as somebody raises the level.
pub(super) fn data_trace(api: &RestApi, _params: &NoParams) -> Judgement {
    api.each_stage(|stage| {
        let traced: Vec<String> = stage
            .settings
            .iter()
            .filter(|(_, setting)| setting.data_trace == Switch::On)
            .map(|(key, _)| if key == EVERY_METHOD { "all methods".to_owned() } else { super::method_name(key) })
            .collect();
        Ok(if traced.is_empty() {
            Verdict::satisfied("writes no whole requests to its log")
        } else {
            Verdict::not_satisfied(
                format!("writes whole requests and answers to its log: {}", traced.join(", ")),
                "no data trace on any method",
            )
        })
    })
}

#[cfg(test)]
mod tests;
