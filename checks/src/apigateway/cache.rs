//! Whether what a stage caches is encrypted.

use super::{EVERY_METHOD, RestApi, Stage};
use crate::check::NoParams;
use crate::s3::Switch;
use crate::verdict::{Judgement, Verdict};

/// A setting that caches has no effect on a stage without a cache.
pub(super) fn encrypted(api: &RestApi, _params: &NoParams) -> Judgement {
    let judged = api.each_stage(of_stage)?;
    Ok(match judged {
        met @ Verdict::Satisfied { .. } => met.noting("the key is AWS's own; no other can be given for a cache"),
        other @ (Verdict::NotSatisfied { .. } | Verdict::NotApplicable { .. }) => other,
    })
}

fn of_stage(stage: &Stage) -> Judgement {
    let name = &stage.name;
    if stage.cache == Switch::Off {
        return Ok(Verdict::not_applicable(format!("stage {name} has no cache")));
    }
    let mut caching = false;
    let mut clear = Vec::new();
    for (key, setting) in stage.settings.iter().filter(|(_, setting)| setting.caching == Switch::On) {
        caching = true;
        if setting.cache_encrypted == Switch::Off {
            clear.push(if key == EVERY_METHOD { "all methods".to_owned() } else { super::method_name(key) });
        }
    }
    Ok(if !caching {
        Verdict::not_applicable(format!("no method of stage {name} is cached"))
    } else if clear.is_empty() {
        Verdict::satisfied("encrypts all that it caches")
    } else {
        Verdict::not_satisfied(
            format!("caches answers in clear: {}", clear.join(", ")),
            "encryption of all that is cached",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::super::MethodSetting;
    use super::super::fixture::*;
    use super::*;
    use crate::fixture::*;

    const ID: &str = "apigw-cache-encrypted";

    fn with(cache: Switch, settings: &[(&str, Switch, Switch)]) -> crate::evidence::Evidence {
        let settings = settings.iter().map(|(key, caching, encrypted)| {
            ((*key).to_owned(), MethodSetting { caching: *caching, cache_encrypted: *encrypted, ..setting() })
        });
        of_stage_of(Stage { cache, settings: settings.collect(), ..stage() })
    }

    #[test]
    fn every_method_that_is_cached_has_to_be_encrypted() {
        use Switch::{Off, On};
        assert_eq!(
            passed(judge(ID, &with(On, &[("*/*", On, On), ("~1a/GET", Off, Off)]))),
            "stage prod encrypts all that it caches | the key is AWS's own; no other can be given for a cache"
        );
        assert_eq!(
            failed(judge(ID, &with(On, &[("*/*", On, On), ("~1a~1b/GET", On, Off)]))),
            "stage prod caches answers in clear: GET /a/b"
        );
        assert_eq!(
            failed(judge(ID, &with(On, &[("*/*", On, Off)]))),
            "stage prod caches answers in clear: all methods"
        );
    }

    #[test]
    fn it_does_not_apply_where_nothing_is_cached() {
        use Switch::{Off, On};
        assert_eq!(not_applicable(judge(ID, &with(Off, &[("*/*", On, Off)]))), "stage prod has no cache");
        assert_eq!(not_applicable(judge(ID, &with(On, &[("*/*", Off, Off)]))), "no method of stage prod is cached");
    }

    #[test]
    fn stages_that_were_not_read_are_an_error() {
        assert_eq!(undecided(judge(ID, &of(RestApi { stages: denied(), ..api() }))), denial().to_string());
    }
}
