use super::*;
use crate::ecs::ServiceStatus;
use crate::ecs::fixture::*;
use crate::evidence::Evidence;
use crate::fixture::*;
use crate::observed::{Gap, Seen};
use crate::subject::Kind;

fn range_of(min: i32, max: i32) -> ScalingTarget {
    let off = Observed::Absent;
    ScalingTarget { min, max, out_suspended: off.clone(), in_suspended: off.clone(), schedule_suspended: off }
}

fn registered(target: Seen<ScalingTarget>, policies: Seen<Vec<ScalingPolicy>>) -> Evidence {
    let mut evidence = first(running(|_| ()), Kind::Service);
    evidence.subjects[0] =
        service_subject(Service { description: seen(described()), scaling: target, scaling_policies: policies });
    evidence
}

fn target_judged(target: ScalingTarget) -> Judgement {
    judge("ecs-autoscaling-target", &registered(seen(target), seen(Vec::new())))
}

#[test]
fn a_target_of_one_task_and_one_more_is_the_least_that_passes() {
    assert_eq!(
        passed(target_judged(range_of(1, 2))),
        "Application Auto Scaling runs 1 to 2 tasks; scaling out is not suspended | fewer than 2 tasks may run, which \
         min_capacity advises"
    );
    assert!(!passed(target_judged(range_of(2, 3))).contains('|'));
}

#[test]
fn a_target_that_may_run_nothing_or_cannot_grow_fails() {
    assert!(failed(target_judged(range_of(0, 4))).starts_with("Application Auto Scaling runs 0 to 4 tasks"));
    assert!(failed(target_judged(range_of(2, 2))).starts_with("Application Auto Scaling runs 2 to 2 tasks"));
}

#[test]
fn only_scaling_out_has_to_go_on() {
    let on = Observed::Present(Switch::On);
    let out = ScalingTarget { out_suspended: on.clone(), ..range_of(2, 4) };
    assert_eq!(failed(target_judged(out)), "scaling out is suspended");
    let others = ScalingTarget { in_suspended: on.clone(), schedule_suspended: on, ..range_of(2, 4) };
    assert!(passed(target_judged(others)).ends_with("| scaling in is suspended; scheduled scaling is suspended"));
    let off = ScalingTarget { out_suspended: Observed::Present(Switch::Off), ..range_of(2, 4) };
    passed(target_judged(off));
}

#[test]
fn a_service_without_a_target_fails_unless_it_need_not_scale() {
    let bare = registered(not_set(), seen(Vec::new()));
    assert_eq!(failed(judge("ecs-autoscaling-target", &bare)), "the service has no scalable target");
    let unscaled = "unscaled_services = [\"api\"]";
    assert_eq!(
        not_applicable(judge_with("ecs-autoscaling-target", unscaled, &bare)),
        "service api is named in unscaled_services"
    );
    failed(judge_with("ecs-autoscaling-target", "unscaled_services = [\"ap\"]", &bare));
    assert!(not_applicable(judge("ecs-autoscaling-policy", &bare)).contains("see ecs-autoscaling-target"));
}

#[test]
fn a_target_or_a_policy_that_could_not_be_read_is_undecided() {
    let dark = registered(denied(), denied());
    assert_eq!(judge("ecs-autoscaling-target", &dark), Err(denial()));
    assert_eq!(judge("ecs-autoscaling-policy", &dark), Err(denial()));
    assert_eq!(judge("ecs-autoscaling-policy", &registered(seen(range_of(2, 4)), denied())), Err(denial()));
    let unknown = ScalingTarget { out_suspended: Observed::Unknown(denial()), ..range_of(2, 4) };
    assert_eq!(target_judged(unknown), Err(denial()));
}

#[test]
fn a_service_that_is_not_active_need_not_scale() {
    let evidence = running(|running| running.service.status = Observed::Present(ServiceStatus::Draining));
    assert!(not_applicable(judge("ecs-autoscaling-target", &evidence)).contains("DRAINING"));
    assert!(not_applicable(judge("ecs-autoscaling-policy", &evidence)).contains("DRAINING"));
}

fn follow(policies: Vec<Observed<Follows>>) -> Judgement {
    let policies = policies.into_iter().map(|follows| ScalingPolicy { name: "p".into(), follows }).collect();
    judge("ecs-autoscaling-policy", &registered(seen(range_of(2, 4)), seen(policies)))
}

fn one(follows: Follows) -> Judgement {
    follow(vec![Observed::Present(follows)])
}

#[test]
fn a_policy_that_follows_a_metric_passes_also_without_scaling_in() {
    let tracks = |in_disabled| Follows::Metric { in_disabled };
    assert_eq!(passed(one(tracks(Observed::Absent))), "policy p tracks a target value");
    assert_eq!(
        passed(one(tracks(Observed::Present(Switch::On)))),
        "policy p tracks a target value | policy p never scales in"
    );
}

#[test]
fn a_step_policy_needs_an_alarm() {
    assert_eq!(passed(one(Follows::Alarms(vec!["cpu-high".into()]))), "policy p scales in steps by cpu-high");
    assert_eq!(failed(one(Follows::Alarms(Vec::new()))), "no alarm triggers the step policy p");
}

#[test]
fn a_forecast_counts_only_where_it_scales() {
    let forecast = |scales| one(Follows::Forecast { scales });
    assert_eq!(passed(forecast(Observed::Present(Switch::On))), "policy p scales by its forecast");
    for only in [Observed::Absent, Observed::Present(Switch::Off)] {
        assert_eq!(failed(forecast(only)), "policy p forecasts and does not scale by it");
    }
}

#[test]
fn no_policy_fails_and_one_good_one_is_enough() {
    assert_eq!(failed(follow(Vec::new())), "the scalable target has no scaling policy");
    let good = Observed::Present(Follows::Metric { in_disabled: Observed::Absent });
    let idle = Observed::Present(Follows::Alarms(Vec::new()));
    let unknown = Observed::Unknown(Gap::Unrecognised {
        operation: POLICIES.into(),
        field: "PolicyType".into(),
        token: "X".into(),
    });
    passed(follow(vec![idle.clone(), unknown.clone(), good]));
    assert!(undecided(follow(vec![idle, unknown])).contains("answered `X` in PolicyType"));
}
