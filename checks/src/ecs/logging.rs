//! Where containers log.

use serde::Deserialize;

use crate::check::Context;
use crate::ecs::running::{Reach, of_running};
use crate::ecs::{Container, Logging, TaskDefinition};
use crate::logs::LogGroup;
use crate::observed::{Gap, Observed};
use crate::s3::Switch;
use crate::subject::Existence;
use crate::verdict::{Judgement, Verdict, every};

/// Parameters of `ecs-taskdef-logging`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Drivers {
    accepted_drivers: Vec<String>,
    accept_firelens_file: bool,
}

pub(super) const AWSLOGS: &str = "awslogs";
const FIRELENS: &str = "awsfirelens";
/// The FireLens outputs that write to CloudWatch Logs: the older plug-in and the newer.
const TO_CLOUDWATCH: [&str; 2] = ["cloudwatch", "cloudwatch_logs"];

/// The task ends with an essential container, so what it does has to be on record. Others only get a remark.
pub(super) fn logging(revision: &TaskDefinition, params: &Drivers, context: &Context<'_>) -> Judgement {
    of_running(revision, Reach::OfStack, context, |definition| {
        let mut parts = Vec::new();
        let mut silent = Vec::new();
        for container in &definition.containers {
            match container.essential.seen() {
                Ok(Some(Switch::Off)) => {
                    if matches!(container.logging, Observed::Absent) {
                        silent.push(container.name.as_str());
                    }
                }
                Ok(Some(Switch::On) | None) => parts.push(logs(container, params, context)),
                Err(gap) => parts.push(Err(gap)),
            }
        }
        let verdict = every(parts, || Err(Gap::undecided("the task definition has no essential container")))?;
        Ok(if silent.is_empty() {
            verdict
        } else {
            verdict.noting(format!("containers that are not essential and do not log: {}", silent.join(", ")))
        })
    })
}

const EXPECTED: &str = "a log group of CloudWatch Logs that exists, for each essential container";

fn logs(container: &Container, params: &Drivers, context: &Context<'_>) -> Judgement {
    let name = &container.name;
    let Some(logging) = container.logging.seen()? else {
        return Ok(Verdict::not_satisfied(format!("container {name} has no log configuration"), EXPECTED));
    };
    let driver = logging.driver.as_str();
    if !params.accepted_drivers.iter().any(|accepted| accepted == driver) {
        return Ok(Verdict::not_satisfied(format!("container {name} logs by the driver {driver}"), EXPECTED));
    }
    match driver {
        AWSLOGS => {
            let verdict = to_group(name, logging, context)?;
            Ok(match &logging.creates_group {
                Observed::Present(Switch::On) => verdict.noting(format!(
                    "container {name} makes its log group where there is none: without retention and key, outside \
                     the stack"
                )),
                Observed::Present(Switch::Off) | Observed::Absent | Observed::Unknown(_) => verdict,
            })
        }
        FIRELENS => by_firelens(name, logging, params, context),
        other => Ok(Verdict::satisfied(format!("container {name} logs by the driver {other}"))
            .noting("accepted_drivers lets that do; where the events go is not looked at")),
    }
}

/// Without a Name the output stands in a file in the container's image or in S3.
fn by_firelens(name: &str, logging: &Logging, params: &Drivers, context: &Context<'_>) -> Judgement {
    match logging.output.seen()? {
        Some(output) if TO_CLOUDWATCH.contains(&output.as_str()) => to_group(name, logging, context),
        Some(output) => Ok(Verdict::not_satisfied(
            format!("container {name} logs by FireLens to {output}, which is not CloudWatch Logs"),
            EXPECTED,
        )),
        None if params.accept_firelens_file => {
            Ok(Verdict::satisfied(format!("container {name} logs by FireLens to what a configuration file says"))
                .noting("accept_firelens_file lets that do; the file is not read"))
        }
        None => Err(Gap::undecided(format!(
            "container {name} logs by FireLens to what a configuration file says, which is not read; name the output \
             in its log options, or set accept_firelens_file"
        ))),
    }
}

fn to_group(name: &str, logging: &Logging, context: &Context<'_>) -> Judgement {
    let Some(group) = logging.group.seen()? else {
        return Ok(Verdict::not_satisfied(format!("container {name} names no log group"), EXPECTED));
    };
    if group.contains("$(") {
        return Err(Gap::undecided(format!(
            "container {name} logs to `{group}`, whose name is put together when it runs"
        )));
    }
    let region = logging.region.seen()?.map(String::as_str);
    Ok(match exists(group, region, context)? {
        Existence::Exists => Verdict::satisfied(format!("container {name} logs to {group}")),
        Existence::Missing => {
            Verdict::not_satisfied(format!("container {name} logs to {group}, which does not exist"), EXPECTED)
        }
    })
}

/// Whether there is a log group of this whole name in this region, or else in the subject's own.
pub(super) fn exists(group: &str, region: Option<&str>, context: &Context<'_>) -> Result<Existence, Gap> {
    let region = region.or(context.subject.region.as_deref()).unwrap_or(&context.evidence.run.region);
    let (subject, _) = context
        .evidence
        .all::<LogGroup>()
        .find(|(subject, _)| subject.id == group && subject.region.as_deref() == Some(region))
        .ok_or_else(|| Gap::undecided(format!("nothing was seen of log group {group} in {region}")))?;
    subject.existence.required("DescribeLogGroups", "logGroups").copied()
}

#[cfg(test)]
mod tests;
