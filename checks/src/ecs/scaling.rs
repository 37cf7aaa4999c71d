//! That the number of tasks follows demand.

use serde::Deserialize;

use crate::check::{Context, NoParams};
use crate::ecs::running::{of_active, short};
use crate::ecs::{Follows, ScalingPolicy, ScalingTarget, Service};
use crate::observed::Observed;
use crate::s3::Switch;
use crate::verdict::{Judgement, Verdict, any, every, nothing_to_judge};

const POLICIES: &str = "DescribeScalingPolicies";

/// Parameters of `ecs-autoscaling-target`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Target {
    min_capacity: i32,
    unscaled_services: Vec<String>,
}

/// A service that is not registered with Application Auto Scaling runs what it is set to, whatever the demand.
pub(super) fn target(service: &Service, params: &Target, context: &Context<'_>) -> Judgement {
    of_active(service, context, |_| {
        let name = short(&context.subject.id);
        if params.unscaled_services.iter().any(|unscaled| unscaled == name) {
            return Ok(Verdict::not_applicable(format!("service {name} is named in unscaled_services")));
        }
        let Some(target) = service.scaling.seen()? else {
            return Ok(Verdict::not_satisfied("the service has no scalable target", EXPECTED));
        };
        let verdict = every([range(target), scales_out(target)], nothing_to_judge)?;
        Ok(remarks(target, params).into_iter().fold(verdict, Verdict::noting))
    })
}

const EXPECTED: &str = "a scalable target of at least 1 task and of more at most, with scaling out not suspended";

fn range(target: &ScalingTarget) -> Judgement {
    let observed = format!("Application Auto Scaling runs {} to {} tasks", target.min, target.max);
    Ok(if target.min >= 1 && target.max > target.min {
        Verdict::satisfied(observed)
    } else {
        Verdict::not_satisfied(observed, EXPECTED)
    })
}

/// Absent means not suspended.
fn scales_out(target: &ScalingTarget) -> Judgement {
    Ok(match target.out_suspended.seen()? {
        Some(Switch::On) => Verdict::not_satisfied("scaling out is suspended", EXPECTED),
        Some(Switch::Off) | None => Verdict::satisfied("scaling out is not suspended"),
    })
}

fn remarks(target: &ScalingTarget, params: &Target) -> Vec<String> {
    let mut remarks = Vec::new();
    if target.min < params.min_capacity {
        remarks.push(format!("fewer than {} tasks may run, which min_capacity advises", params.min_capacity));
    }
    if target.in_suspended == Observed::Present(Switch::On) {
        remarks.push("scaling in is suspended".into());
    }
    if target.schedule_suspended == Observed::Present(Switch::On) {
        remarks.push("scheduled scaling is suspended".into());
    }
    remarks
}

const SCALES: &str = "a policy that scales by a metric, by alarms that exist, or by a forecast";

/// Scheduled actions are no policy, and a service without a target cannot have one.
pub(super) fn policy(service: &Service, _: &NoParams, context: &Context<'_>) -> Judgement {
    of_active(service, context, |_| {
        if service.scaling.seen()?.is_none() {
            return Ok(Verdict::not_applicable("the service has no scalable target (see ecs-autoscaling-target)"));
        }
        let policies = service.scaling_policies.required(POLICIES, "ScalingPolicies")?;
        if policies.is_empty() {
            return Ok(Verdict::not_satisfied("the scalable target has no scaling policy", SCALES));
        }
        any(policies.iter().map(follows))
    })
}

fn follows(policy: &ScalingPolicy) -> Judgement {
    let name = &policy.name;
    Ok(match policy.follows.required(POLICIES, "PolicyType")? {
        Follows::Metric { in_disabled } => {
            let verdict = Verdict::satisfied(format!("policy {name} tracks a target value"));
            match in_disabled {
                Observed::Present(Switch::On) => verdict.noting(format!("policy {name} never scales in")),
                Observed::Present(Switch::Off) | Observed::Absent | Observed::Unknown(_) => verdict,
            }
        }
        Follows::Alarms(alarms) if alarms.is_empty() => {
            Verdict::not_satisfied(format!("no alarm triggers the step policy {name}"), SCALES)
        }
        Follows::Alarms(alarms) => {
            Verdict::satisfied(format!("policy {name} scales in steps by {}", alarms.join(", ")))
        }
        Follows::Forecast { scales } => match scales.seen()? {
            Some(Switch::On) => Verdict::satisfied(format!("policy {name} scales by its forecast")),
            Some(Switch::Off) | None => {
                Verdict::not_satisfied(format!("policy {name} forecasts and does not scale by it"), SCALES)
            }
        },
    })
}

#[cfg(test)]
mod tests;
