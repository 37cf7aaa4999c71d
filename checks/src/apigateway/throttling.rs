//! Whether a stage lets through no more requests than it was meant to take.

use serde::Deserialize;

use super::{MethodSetting, RestApi, SETTINGS, Stage, UsagePlan};
use crate::check::Context;
use crate::observed::{Gap, Observed};
use crate::s3::Switch;
use crate::verdict::{Judgement, Verdict, either, every};

/// Parameters of `apigw-throttling`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Most {
    max_rate: f64,
    max_burst: i32,
}

/// What a limit has to stay within.
struct Bounds {
    rate: f64,
    burst: i32,
}

const EXPECTED: &str = "limits for all methods that are above nought and below what the account may take, or a usage plan that throttles callers who all need a key";

/// A setting that was made for another purpose, such as logging, shows what the account may take as if it were set.
pub(super) fn throttled(api: &RestApi, params: &Most, context: &Context<'_>) -> Judgement {
    let id = context.subject.id.as_str();
    api.each_stage(|stage| {
        let by_stage = bounds(api, params).and_then(|bounds| by_settings(stage, &bounds));
        either(by_stage, || by_usage_plan(api, id, stage))
    })
}

fn bounds(api: &RestApi, params: &Most) -> Result<Bounds, Gap> {
    let account = api.account.required(SETTINGS, "throttleSettings")?;
    let rate = account.rate.seen()?.copied().unwrap_or(params.max_rate);
    let burst = account.burst.seen()?.copied().unwrap_or(params.max_burst);
    Ok(Bounds { rate: rate.min(params.max_rate), burst: burst.min(params.max_burst) })
}

fn by_settings(stage: &Stage, bounds: &Bounds) -> Judgement {
    let Some(general) = stage.general() else {
        return Ok(Verdict::not_satisfied("has no limits of its own, only those of the whole account", EXPECTED));
    };
    let single = stage.single().map(|(name, setting)| of_method(&name, setting, bounds));
    every(std::iter::once(of_all(general, bounds)).chain(single), || Ok(Verdict::not_satisfied("has none", EXPECTED)))
}

fn limits(setting: &MethodSetting) -> String {
    format!("{} requests per second and {} at once", setting.rate, setting.burst)
}

/// Nought blocks all traffic, and is what the answer looks like too where nothing was set.
fn of_all(setting: &MethodSetting, bounds: &Bounds) -> Judgement {
    let limits = limits(setting);
    let fails = |observed: String| Ok(Verdict::not_satisfied(observed, EXPECTED));
    if setting.rate < 0.0 || setting.burst < 0 {
        return fails(format!("lifts the limit on all methods ({limits})"));
    }
    if setting.rate <= 0.0 || setting.burst == 0 {
        return fails(format!("has no usable limit on all methods ({limits})"));
    }
    if setting.rate > bounds.rate || setting.burst > bounds.burst {
        return fails(format!("lets through {limits}, above {} and {}", bounds.rate, bounds.burst));
    }
    if setting.rate >= bounds.rate && setting.burst >= bounds.burst {
        return fails(format!("lets through {limits}, which is what the whole account may take"));
    }
    Ok(Verdict::satisfied(format!("lets through {limits}")))
}

/// The setting of a method takes the place of that for all.
fn of_method(name: &str, setting: &MethodSetting, bounds: &Bounds) -> Judgement {
    let limits = limits(setting);
    let fails = |observed: String| Ok(Verdict::not_satisfied(observed, EXPECTED));
    if setting.rate < 0.0 || setting.burst < 0 {
        return fails(format!("lifts the limit on {name} ({limits})"));
    }
    if setting.rate <= 0.0 || setting.burst == 0 {
        return Err(Gap::undecided(format!(
            "the settings of {name} show nought, which blocks it or says that it has the account's limits; set both limits"
        )));
    }
    if setting.rate > bounds.rate || setting.burst > bounds.burst {
        return fails(format!("lets {name} take {limits}, above {} and {}", bounds.rate, bounds.burst));
    }
    if setting.rate >= bounds.rate && setting.burst >= bounds.burst {
        return fails(format!("lets {name} take {limits}, which is what the whole account may take"));
    }
    Ok(Verdict::satisfied(format!("lets {name} take {limits}")))
}

/// A plan throttles only callers with a key, so that every method has to ask for one.
fn by_usage_plan(api: &RestApi, id: &str, stage: &Stage) -> Judgement {
    let plans = api.usage_plans.required("GetUsagePlans", "items")?;
    let is_for = |plan: &&UsagePlan| plan.stages.iter().any(|(api, name)| api == id && *name == stage.name);
    let mut bound = None;
    for plan in plans.iter().filter(is_for) {
        if let Some(throttle) = plan.throttle.seen()?
            && throttle.rate > 0.0
            && throttle.burst > 0
        {
            bound = Some((plan, throttle));
        }
    }
    let Some((plan, throttle)) = bound else {
        return Ok(Verdict::not_satisfied("has no usage plan that throttles", EXPECTED));
    };
    let mut keyless = Vec::new();
    for method in api.methods()?.iter().filter(|method| method.verb != "OPTIONS") {
        match &method.api_key {
            Observed::Present(Switch::On) => {}
            Observed::Present(Switch::Off) | Observed::Absent => keyless.push(method.name()),
            Observed::Unknown(gap) => return Err(gap.clone()),
        }
    }
    if keyless.is_empty() {
        return Ok(Verdict::satisfied(format!(
            "is in usage plan {}, which lets each key take {} requests per second and {} at once",
            plan.id, throttle.rate, throttle.burst
        ))
        .noting("the limits of a usage plan are kept on a best-effort basis"));
    }
    Ok(Verdict::not_satisfied(
        format!("has usage plan {}, which does not bind callers without a key: {}", plan.id, keyless.join(", ")),
        EXPECTED,
    ))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::*;
    use super::super::{AccountSettings, Throttle};
    use super::*;
    use crate::evidence::Evidence;
    use crate::fixture::*;
    use crate::observed::Observed::{Absent, Present};

    const ID: &str = "apigw-throttling";

    fn with(settings: &[(&str, f64, i32)]) -> RestApi {
        let settings = settings
            .iter()
            .map(|(key, rate, burst)| ((*key).to_owned(), MethodSetting { rate: *rate, burst: *burst, ..setting() }))
            .collect();
        RestApi { stages: seen(vec![Stage { settings, ..stage() }]), ..api() }
    }

    fn all(rate: f64, burst: i32) -> Evidence {
        of(with(&[("*/*", rate, burst)]))
    }

    #[test]
    fn limits_pass_that_one_of_them_keeps_below_the_account() {
        assert_eq!(
            passed(judge(ID, &all(10_000.0, 4_999))),
            "stage prod lets through 10000 requests per second and 4999 at once"
        );
        assert_eq!(
            passed(judge(ID, &all(9_999.0, 5_000))),
            "stage prod lets through 9999 requests per second and 5000 at once"
        );
    }

    #[test]
    fn what_equals_the_account_is_no_limit() {
        let text = failed(judge(ID, &all(10_000.0, 5_000)));
        assert!(
            text.contains("10000 requests per second and 5000 at once, which is what the whole account may take"),
            "{text}"
        );
        let text = failed(judge(ID, &all(10_000.5, 10)));
        assert!(text.contains("above 10000 and 5000"), "{text}");
        let text = failed(judge(ID, &of(with(&[]))));
        assert!(text.contains("stage prod has no limits of its own, only those of the whole account"), "{text}");
    }

    #[test]
    fn nought_and_minus_one_are_no_limits() {
        for (rate, burst) in [(0.0, 10), (10.0, 0)] {
            let text = failed(judge(ID, &all(rate, burst)));
            assert!(text.contains("no usable limit on all methods"), "{text}");
        }
        for (rate, burst) in [(-1.0, 10), (10.0, -1)] {
            let text = failed(judge(ID, &all(rate, burst)));
            assert!(text.contains("lifts the limit on all methods"), "{text}");
        }
    }

    #[test]
    fn one_method_without_a_limit_fails_the_stage() {
        let method = |rate, burst| of(with(&[("*/*", 100.0, 200), ("~1a~1b/GET", rate, burst)]));
        passed(judge(ID, &method(10.0, 10)));
        let text = failed(judge(ID, &method(-1.0, -1)));
        assert!(text.contains("lifts the limit on GET /a/b"), "{text}");
        let text = failed(judge(ID, &method(20_000.0, 10)));
        assert!(text.contains("lets GET /a/b take 20000 requests"), "{text}");
        let text = failed(judge(ID, &method(10_000.0, 5_000)));
        assert!(text.contains("which is what the whole account may take"), "{text}");
        let text = undecided(judge(ID, &method(0.0, 0)));
        assert!(text.contains("show nought"), "{text}");
    }

    #[test]
    fn the_parameters_stand_in_where_the_account_shows_no_limits_and_may_be_stricter() {
        let silent = AccountSettings { log_role: Absent, rate: Absent, burst: Absent };
        let api = RestApi { account: seen(silent), ..with(&[("*/*", 10_000.0, 4_999)]) };
        passed(judge(ID, &of(api)));
        let text = failed(judge_with(ID, "max_rate = 50.0", &all(100.0, 200)));
        assert!(text.contains("above 50 and 5000"), "{text}");
    }

    fn planned(api_key: Observed<Switch>, stage: &str) -> RestApi {
        let plan = UsagePlan {
            id: "p1".into(),
            throttle: Present(Throttle { rate: 10.0, burst: 20 }),
            stages: vec![("a1".into(), stage.into())],
        };
        let guarded = super::super::Method { api_key, ..method("/a", "GET") };
        RestApi { usage_plans: seen(vec![plan]), methods: seen(vec![guarded, method("/a", "OPTIONS")]), ..with(&[]) }
    }

    #[test]
    fn a_usage_plan_counts_where_every_method_needs_a_key() {
        let text = passed(judge(ID, &of(planned(Present(Switch::On), "prod"))));
        assert!(text.contains("is in usage plan p1, which lets each key take 10 requests per second"), "{text}");
        let text = failed(judge(ID, &of(planned(Absent, "prod"))));
        assert!(text.contains("does not bind callers without a key: GET /a"), "{text}");
        let text = failed(judge(ID, &of(planned(Present(Switch::On), "other"))));
        assert!(text.contains("no usage plan that throttles"), "{text}");
    }

    #[test]
    fn what_was_not_read_is_an_error() {
        let ok = with(&[("*/*", 100.0, 200)]);
        assert_eq!(undecided(judge(ID, &of(RestApi { account: denied(), ..ok.clone() }))), denial().to_string());
        assert_eq!(undecided(judge(ID, &of(RestApi { usage_plans: denied(), ..with(&[]) }))), denial().to_string());
        assert_eq!(undecided(judge(ID, &of(RestApi { stages: denied(), ..ok }))), denial().to_string());
    }
}
