//! What Application Auto Scaling may do with the number of a service's tasks.

use aws_sdk_applicationautoscaling::types::{self, ScalableDimension, ServiceNamespace};
use tap_audit_checks::ecs::{Follows, ScalingPolicy, ScalingTarget};
use tap_audit_checks::observed::{Observed, Seen};
use tap_audit_checks::s3::Switch;

use crate::collect::Walk;
use crate::collect::call::Call;

pub(super) const TARGETS: Call = Call {
    service: "application-autoscaling",
    operation: "DescribeScalableTargets",
    permission: "application-autoscaling:DescribeScalableTargets",
    absent: &[],
    denied_or: None,
};
pub(super) const POLICIES: Call = Call {
    service: "application-autoscaling",
    operation: "DescribeScalingPolicies",
    permission: "application-autoscaling:DescribeScalingPolicies",
    absent: &[],
    denied_or: None,
};

/// Collects the scalable target of a service, named `service/CLUSTER/NAME`; absent means that it has none.
pub(super) async fn target(walk: &Walk<'_>, resource: &str, region: &str) -> Seen<ScalingTarget> {
    walk.aws
        .ask_all(
            &TARGETS,
            region,
            &[("ServiceNamespace", "ecs"), ("ResourceIds", resource)],
            |clients, token| {
                clients
                    .autoscaling()
                    .describe_scalable_targets()
                    .service_namespace(ServiceNamespace::Ecs)
                    .resource_ids(resource)
                    .set_next_token(token)
                    .send()
            },
            |answer| answer.next_token().map(str::to_owned),
            |answer| {
                let targets = answer.scalable_targets.ok_or_else(|| TARGETS.incomplete("ScalableTargets"))?;
                Ok(targets
                    .iter()
                    .filter(|target| {
                        target.resource_id() == resource
                            && *target.scalable_dimension() == ScalableDimension::EcsServiceDesiredCount
                    })
                    .map(range)
                    .collect::<Vec<_>>())
            },
        )
        .await
        .and_then(|targets| Observed::of(targets.into_iter().next()))
}

fn range(target: &types::ScalableTarget) -> ScalingTarget {
    let suspended = target.suspended_state();
    let is = |of: fn(&types::SuspendedState) -> Option<bool>| Observed::of(suspended.and_then(of).map(Switch::from));
    ScalingTarget {
        min: target.min_capacity(),
        max: target.max_capacity(),
        out_suspended: is(types::SuspendedState::dynamic_scaling_out_suspended),
        in_suspended: is(types::SuspendedState::dynamic_scaling_in_suspended),
        schedule_suspended: is(types::SuspendedState::scheduled_scaling_suspended),
    }
}

/// Collects the scaling policies of a service, after the last page. Where the service may not read its own alarms, it
/// answers an error instead of policies.
pub(super) async fn policies(walk: &Walk<'_>, resource: &str, region: &str) -> Seen<Vec<ScalingPolicy>> {
    walk.aws
        .ask_all(
            &POLICIES,
            region,
            &[("ServiceNamespace", "ecs"), ("ResourceId", resource)],
            |clients, token| {
                clients
                    .autoscaling()
                    .describe_scaling_policies()
                    .service_namespace(ServiceNamespace::Ecs)
                    .resource_id(resource)
                    .set_next_token(token)
                    .send()
            },
            |answer| answer.next_token().map(str::to_owned),
            |answer| {
                let policies = answer.scaling_policies.ok_or_else(|| POLICIES.incomplete("ScalingPolicies"))?;
                let own = policies
                    .iter()
                    .filter(|policy| *policy.scalable_dimension() == ScalableDimension::EcsServiceDesiredCount);
                Ok(own.map(policy).collect())
            },
        )
        .await
}

fn policy(found: &types::ScalingPolicy) -> ScalingPolicy {
    ScalingPolicy {
        name: found.policy_name().to_owned(),
        follows: match found.policy_type().as_str() {
            "TargetTrackingScaling" => {
                let tracking = found.target_tracking_scaling_policy_configuration();
                let in_disabled = tracking.and_then(|tracking| tracking.disable_scale_in()).map(Switch::from);
                Observed::Present(Follows::Metric { in_disabled: Observed::of(in_disabled) })
            }
            "StepScaling" => {
                let alarms = found.alarms().iter().map(|alarm| alarm.alarm_name().to_owned());
                Observed::Present(Follows::Alarms(alarms.collect()))
            }
            "PredictiveScaling" => Observed::Present(Follows::Forecast { scales: forecasts(found) }),
            other => POLICIES.unrecognised("PolicyType", other),
        },
    }
}

fn forecasts(found: &types::ScalingPolicy) -> Observed<Switch> {
    let mode = found.predictive_scaling_policy_configuration().and_then(|predictive| predictive.mode());
    match mode.map(types::PredictiveScalingMode::as_str) {
        None => Observed::Absent,
        Some("ForecastAndScale") => Observed::Present(Switch::On),
        Some("ForecastOnly") => Observed::Present(Switch::Off),
        Some(other) => POLICIES.unrecognised("PredictiveScalingPolicyConfiguration.Mode", other),
    }
}
