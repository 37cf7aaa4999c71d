//! That a service has the tasks that it is to have.

use crate::check::{Context, NoParams};
use crate::ecs::running::of_active;
use crate::ecs::{Controller, Deployment, DeploymentStatus, Description, Rollout, SERVICES, Service, Stability};
use crate::observed::{Gap, Observed};
use crate::s3::Switch;
use crate::verdict::{Judgement, Verdict, every, nothing_to_judge};

const EXPECTED: &str = "at least one task wanted, as many running, and the newest deployment complete";

/// Deployments by CodeDeploy and others report no rollout state, and then the counts decide alone.
pub(super) fn steady(service: &Service, _: &NoParams, context: &Context<'_>) -> Judgement {
    of_active(service, context, |description| {
        let mut parts = vec![Ok(wanted(description))];
        parts.extend(description.deployments.iter().map(|deployment| rollout(deployment, description, context)));
        parts.extend(description.task_sets.iter().map(|set| {
            match set.stability.required(SERVICES, "services.taskSets.stabilityStatus")? {
                Stability::Steady => Ok(Verdict::satisfied(format!("task set {} is steady", set.id))),
                Stability::Stabilizing => Err(Gap::changing(format!("task set {} is STABILIZING", set.id))),
            }
        }));
        if description.deployments.is_empty() && controller(description)? == Controller::Ecs {
            parts.push(Err(Gap::Incomplete { operation: SERVICES.into(), field: "services.deployments".into() }));
        }
        parts.push(counts(description));
        Ok(breaker(every(parts, nothing_to_judge)?, description))
    })
}

/// Absent means ECS itself.
fn controller(description: &Description) -> Result<Controller, Gap> {
    Ok(description.controller.seen()?.copied().unwrap_or(Controller::Ecs))
}

fn wanted(description: &Description) -> Verdict {
    match description.desired {
        ..=0 => Verdict::not_satisfied("the service is to run no task", EXPECTED),
        count => Verdict::satisfied(format!("tasks wanted: {count}, running: {}", description.running)),
    }
}

/// Fewer tasks than wanted are expected while a deployment goes on, and only then.
fn counts(description: &Description) -> Judgement {
    if description.running >= description.desired {
        return Ok(Verdict::satisfied(format!(
            "tasks wanted: {}, running: {}",
            description.desired, description.running
        )));
    }
    let goes_on = |deployment: &Deployment| matches!(deployment.rollout, Observed::Present(Rollout::InProgress));
    let stabilizes = description.task_sets.iter().any(|set| set.stability == Observed::Present(Stability::Stabilizing));
    let observed = format!("tasks wanted: {}, running: {}", description.desired, description.running);
    if description.deployments.iter().any(goes_on) || stabilizes {
        return Err(Gap::changing(format!("{observed}, while a deployment goes on")));
    }
    let unread = description.deployments.iter().find_map(|deployment| deployment.rollout.seen().err());
    unread.map_or_else(|| Ok(Verdict::not_satisfied(format!("{observed}, and no deployment goes on"), EXPECTED)), Err)
}

/// What was replaced says nothing of what runs. Of the newest a failure counts; of any it counts that it goes on.
fn rollout(deployment: &Deployment, description: &Description, context: &Context<'_>) -> Judgement {
    let status = deployment.status.required(SERVICES, "services.deployments.status")?;
    let id = &deployment.id;
    let not_told = || Verdict::not_applicable(format!("deployment {id} reports no rollout state"));
    match (status, deployment.rollout.seen()?) {
        (DeploymentStatus::Inactive, _) => Ok(Verdict::not_applicable(format!("deployment {id} was replaced"))),
        (_, Some(Rollout::InProgress)) => Err(going_on(deployment, description, context)),
        (DeploymentStatus::Primary, Some(Rollout::Completed)) => {
            Ok(Verdict::satisfied(format!("deployment {id} is COMPLETED")))
        }
        (DeploymentStatus::Primary, Some(Rollout::Failed)) => {
            Ok(Verdict::not_satisfied(format!("the newest deployment {id} has FAILED"), EXPECTED))
        }
        (DeploymentStatus::Primary, None) | (DeploymentStatus::Active, None | Some(Rollout::Completed)) => {
            Ok(not_told())
        }
        (DeploymentStatus::Active, Some(Rollout::Failed)) => {
            Ok(Verdict::not_applicable(format!("the older deployment {id} has failed and gives way")))
        }
    }
}

/// Without a circuit breaker tasks that crash again and again keep a deployment going for hours, so its age is said.
fn going_on(deployment: &Deployment, description: &Description, context: &Context<'_>) -> Gap {
    let age = match &deployment.created_at {
        Observed::Present(at) => {
            let minutes = context.evidence.run.started_at.duration_since(*at).as_mins();
            format!(" for {} h {} min", minutes / 60, minutes % 60)
        }
        Observed::Absent | Observed::Unknown(_) => String::new(),
    };
    let breaker = match description.circuit_breaker {
        Observed::Present(Switch::On) => "",
        Observed::Present(Switch::Off) | Observed::Absent => {
            " (the circuit breaker is off, so that tasks which crash again and again look like this too)"
        }
        Observed::Unknown(_) => " (whether the circuit breaker is on was not readable)",
    };
    Gap::changing(format!(
        "deployment {} has been IN_PROGRESS{age}, {} of {} tasks running{breaker}",
        deployment.id, description.running, description.desired
    ))
}

/// Only ECS's own deployments have a circuit breaker.
fn breaker(verdict: Verdict, description: &Description) -> Verdict {
    let by_ecs = matches!(description.controller, Observed::Absent | Observed::Present(Controller::Ecs));
    match description.circuit_breaker {
        Observed::Absent | Observed::Present(Switch::Off) if by_ecs => {
            verdict.noting("the deployment circuit breaker is off: a deployment that cannot succeed goes on and on")
        }
        Observed::Absent | Observed::Present(_) | Observed::Unknown(_) => verdict,
    }
}

#[cfg(test)]
mod tests;
