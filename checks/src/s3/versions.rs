//! Versions of objects: whether they are kept, who may delete them, and when they expire.

use serde::Deserialize;

use super::{Bucket, LifecycleRule, MfaDelete, Switch, VersioningStatus};
use crate::check::NoParams;
use crate::observed::Gap;
use crate::verdict::{Judgement, Verdict, every};

/// No versioning state at all means that versioning was never enabled: it fails.
pub(super) fn versioning(bucket: &Bucket, _: &NoParams) -> Judgement {
    let Some(versioning) = bucket.versioning.seen()? else {
        return Ok(versioning_status(None));
    };
    Ok(versioning_status(versioning.status.seen()?.copied()))
}

fn versioning_status(status: Option<VersioningStatus>) -> Verdict {
    let expected = "versioning Enabled";
    match status {
        Some(VersioningStatus::Enabled) => Verdict::satisfied("versioning is Enabled"),
        Some(VersioningStatus::Suspended) => Verdict::not_satisfied("versioning is Suspended", expected)
            .noting("versions made before stay, and new uploads overwrite"),
        None => Verdict::not_satisfied("versioning was never enabled", expected),
    }
}

/// S3 leaves MFA delete out of its answer where it was never configured: absent means disabled.
pub(super) fn mfa_delete(bucket: &Bucket, _: &NoParams) -> Judgement {
    let (status, mfa_delete) = match bucket.versioning.seen()? {
        Some(versioning) => (versioning.status.seen(), versioning.mfa_delete.seen()),
        None => (Ok(None), Ok(None)),
    };
    let parts = [
        status.map(|status| versioning_status(status.copied())),
        mfa_delete.map(|mfa_delete| {
            let expected = "MFA delete Enabled";
            match mfa_delete {
                Some(MfaDelete::Enabled) => Verdict::satisfied("MFA delete is Enabled"),
                Some(MfaDelete::Disabled) => Verdict::not_satisfied("MFA delete is Disabled", expected),
                None => Verdict::not_satisfied("MFA delete was never configured", expected),
            }
        }),
    ];
    let verdict = every(parts, || Err(Gap::undecided("versioning was not looked at")))?;
    if matches!(verdict, Verdict::Satisfied { .. }) {
        return Ok(verdict);
    }
    Ok(match bucket.lifecycle.seen() {
        Ok(Some(rules)) if !rules.is_empty() => {
            verdict.noting("remove the lifecycle rules first: S3 does not support them beside MFA delete")
        }
        Ok(Some(_) | None) => verdict,
        Err(gap) => {
            verdict.noting(format!("whether lifecycle rules have to be removed first could not be read: {gap}"))
        }
    })
}

/// How long versions have to be kept, in days.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Retention {
    noncurrent_min_days: i32,
    min_current_days: i32,
}

/// No rule, or none in force that expires old versions, loses nothing early: the requirement cannot apply.
pub(super) fn lifecycle(bucket: &Bucket, params: &Retention) -> Judgement {
    let rules = bucket.lifecycle.seen()?.map_or(&[] as &[LifecycleRule], Vec::as_slice);
    every(rules.iter().flat_map(|rule| expiring(rule, params)), || Ok(kept_for_ever(bucket)))
}

const KEPT: &str = "old versions are kept for ever";

/// Judges what one rule expires; a rule that is not in force expires nothing.
fn expiring(rule: &LifecycleRule, params: &Retention) -> Vec<Judgement> {
    match rule.status.required("GetBucketLifecycleConfiguration", "Rules.Status") {
        Ok(Switch::On) => {}
        Ok(Switch::Off) => return Vec::new(),
        Err(gap) => return vec![Err(gap)],
    }
    let mut parts = Vec::new();
    let of_rule = if rule.id.is_empty() { "a rule".to_owned() } else { format!("rule `{}`", rule.id) };
    let current =
        "the loss comes when the noncurrent versions expire in turn; the expiry itself only sets a delete marker";
    match rule.noncurrent_days.seen() {
        Ok(Some(&days)) => {
            let observed = format!("{of_rule} expires noncurrent versions after {days} days");
            let expected = format!("noncurrent versions kept for at least {} days", params.noncurrent_min_days);
            parts.push(Ok(if days >= params.noncurrent_min_days {
                Verdict::satisfied(observed)
            } else {
                Verdict::not_satisfied(observed, expected)
            }));
        }
        Ok(None) => {}
        Err(gap) => parts.push(Err(gap)),
    }
    match rule.expiration_days.seen() {
        Ok(Some(&days)) => {
            let observed = format!("{of_rule} expires current versions after {days} days");
            let expected = format!("current versions kept for at least {} days", params.min_current_days);
            parts.push(Ok(if days >= params.min_current_days {
                Verdict::not_applicable(observed).noting(KEPT)
            } else {
                Verdict::not_satisfied(observed, expected).noting(current)
            }));
        }
        Ok(None) => {}
        Err(gap) => parts.push(Err(gap)),
    }
    match rule.expiration_date.seen() {
        Ok(Some(date)) => parts.push(Ok(Verdict::not_satisfied(
            format!("{of_rule} expires current versions on {date}"),
            "no rule that expires current versions on a date",
        )
        .noting(current))),
        Ok(None) => {}
        Err(gap) => parts.push(Err(gap)),
    }
    parts
}

/// Says why no rule in force expires anything. MFA delete decides only the words.
fn kept_for_ever(bucket: &Bucket) -> Verdict {
    let mfa_delete = match bucket.versioning.seen() {
        Ok(Some(versioning)) => versioning.mfa_delete.seen(),
        Ok(None) => Ok(None),
        Err(gap) => Err(gap),
    };
    match mfa_delete {
        Ok(Some(MfaDelete::Enabled)) => {
            Verdict::not_applicable("MFA delete is on, and S3 does not support lifecycle rules beside it")
        }
        Ok(Some(MfaDelete::Disabled) | None) => {
            Verdict::not_applicable("no lifecycle rule in force expires anything").noting(KEPT)
        }
        Err(gap) => Verdict::not_applicable("no lifecycle rule in force expires anything")
            .noting(KEPT)
            .noting(format!("whether MFA delete is on could not be read: {gap}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::*;
    use crate::observed::Observed;
    use crate::s3::Versioning;
    use crate::s3::fixture::*;

    mod versions {
        use super::*;

        const VERSIONING: &str = "s3-versioning-enabled";
        const MFA: &str = "s3-mfa-delete-enabled";

        fn versioned(status: Observed<VersioningStatus>, mfa_delete: Observed<MfaDelete>) -> Bucket {
            let mut bucket = bucket();
            bucket.versioning = seen(Versioning { status, mfa_delete });
            bucket
        }

        #[test]
        fn only_enabled_versioning_passes() {
            assert_eq!(passed(judge(VERSIONING, &alone(bucket()))), "versioning is Enabled");
            let suspended = versioned(present(VersioningStatus::Suspended), Observed::Absent);
            assert_eq!(
                failed(judge(VERSIONING, &alone(suspended))),
                "versioning is Suspended | versions made before stay, and new uploads overwrite"
            );
            let never = versioned(Observed::Absent, Observed::Absent);
            assert_eq!(failed(judge(VERSIONING, &alone(never))), "versioning was never enabled");
            let mut empty = bucket();
            empty.versioning = not_set();
            assert_eq!(failed(judge(VERSIONING, &alone(empty))), "versioning was never enabled");
        }

        #[test]
        fn a_denied_call_and_an_unknown_state_are_errors() {
            let mut bucket = bucket();
            bucket.versioning = denied();
            assert_eq!(undecided(judge(VERSIONING, &alone(bucket.clone()))), DENIED);
            assert_eq!(undecided(judge(MFA, &alone(bucket))), DENIED);
            let unknown = versioned(withheld(), present(MfaDelete::Enabled));
            assert_eq!(undecided(judge(VERSIONING, &alone(unknown.clone()))), DENIED);
            assert_eq!(undecided(judge(MFA, &alone(unknown))), DENIED);
        }

        #[test]
        fn mfa_delete_passes_beside_enabled_versioning_only() {
            assert_eq!(passed(judge(MFA, &alone(bucket()))), "versioning is Enabled; MFA delete is Enabled");
            let suspended = versioned(present(VersioningStatus::Suspended), present(MfaDelete::Enabled));
            let text = failed(judge(MFA, &alone(suspended)));
            assert!(text.starts_with("versioning is Suspended |"), "{text}");
        }

        #[test]
        fn mfa_delete_that_is_off_or_left_out_fails() {
            let off = versioned(present(VersioningStatus::Enabled), present(MfaDelete::Disabled));
            assert_eq!(failed(judge(MFA, &alone(off))), "MFA delete is Disabled");
            let absent = versioned(present(VersioningStatus::Enabled), Observed::Absent);
            assert_eq!(failed(judge(MFA, &alone(absent))), "MFA delete was never configured");
        }

        #[test]
        fn an_unreadable_state_does_not_hide_mfa_delete_that_is_off() {
            let off = versioned(withheld(), present(MfaDelete::Disabled));
            assert_eq!(
                failed(judge(MFA, &alone(off))),
                format!("MFA delete is Disabled | not all was readable: {DENIED}")
            );
        }

        #[test]
        fn lifecycle_rules_have_to_go_before_mfa_delete() {
            let mut bucket = versioned(present(VersioningStatus::Enabled), Observed::Absent);
            bucket.lifecycle = seen(vec![rule(90)]);
            assert_eq!(
                failed(judge(MFA, &alone(bucket.clone()))),
                "MFA delete was never configured | remove the lifecycle rules first: S3 does not support them beside MFA delete"
            );
            bucket.lifecycle = denied();
            assert_eq!(
                failed(judge(MFA, &alone(bucket))),
                format!(
                    "MFA delete was never configured | whether lifecycle rules have to be removed first could not be read: {DENIED}"
                )
            );
        }
    }

    mod retention {
        use super::*;

        const ID: &str = "s3-lifecycle-noncurrent-versions";

        fn ruled(rules: Vec<LifecycleRule>) -> Bucket {
            let mut bucket = bucket();
            bucket.versioning =
                seen(Versioning { status: present(VersioningStatus::Enabled), mfa_delete: Observed::Absent });
            bucket.lifecycle = seen(rules);
            bucket
        }

        #[test]
        fn ninety_days_pass_and_eighty_nine_fail() {
            assert_eq!(
                passed(judge(ID, &alone(ruled(vec![rule(90)])))),
                "rule `old` expires noncurrent versions after 90 days"
            );
            assert_eq!(
                failed(judge(ID, &alone(ruled(vec![rule(365), rule(89)])))),
                "rule `old` expires noncurrent versions after 89 days"
            );
        }

        #[test]
        fn a_rule_that_is_not_in_force_does_not_count() {
            let mut early = rule(1);
            early.status = present(Switch::Off);
            let text = passed(judge(ID, &alone(ruled(vec![early.clone(), rule(90)]))));
            assert_eq!(text, "rule `old` expires noncurrent versions after 90 days");
            assert_eq!(
                not_applicable(judge(ID, &alone(ruled(vec![early])))),
                "no lifecycle rule in force expires anything | old versions are kept for ever"
            );
        }

        #[test]
        fn current_versions_may_expire_after_six_years_and_not_a_day_earlier() {
            let expiring = |days: i32| {
                let mut rule = rule(90);
                rule.expiration_days = present(days);
                alone(ruled(vec![rule]))
            };
            passed(judge(ID, &expiring(2190)));
            assert_eq!(
                failed(judge(ID, &expiring(2189))),
                "rule `old` expires current versions after 2189 days | the loss comes when the noncurrent versions expire in turn; the expiry itself only sets a delete marker"
            );
            let mut late = rule(90);
            late.noncurrent_days = Observed::Absent;
            late.expiration_days = present(2190);
            assert_eq!(
                not_applicable(judge(ID, &alone(ruled(vec![late])))),
                "rule `old` expires current versions after 2190 days | old versions are kept for ever"
            );
        }

        #[test]
        fn an_expiry_on_a_date_fails() {
            let mut dated = rule(90);
            dated.expiration_date = present("2040-01-01T00:00:00Z".into());
            let text = failed(judge(ID, &alone(ruled(vec![dated]))));
            assert!(text.starts_with("rule `old` expires current versions on 2040-01-01T00:00:00Z |"), "{text}");
        }

        #[test]
        fn no_rules_cannot_be_held_against_the_bucket() {
            assert_eq!(
                not_applicable(judge(ID, &alone(bucket()))),
                "MFA delete is on, and S3 does not support lifecycle rules beside it"
            );
            let mut bucket = ruled(Vec::new());
            let kept = "no lifecycle rule in force expires anything | old versions are kept for ever";
            assert_eq!(not_applicable(judge(ID, &alone(bucket.clone()))), kept);
            bucket.versioning = denied();
            assert_eq!(
                not_applicable(judge(ID, &alone(bucket))),
                format!("{kept}; whether MFA delete is on could not be read: {DENIED}")
            );
        }

        #[test]
        fn what_cannot_be_read_is_an_error_unless_another_rule_is_too_early() {
            let mut bucket = bucket();
            bucket.lifecycle = denied();
            assert_eq!(undecided(judge(ID, &alone(bucket))), DENIED);
            let mut unread = rule(90);
            unread.status = withheld();
            assert_eq!(undecided(judge(ID, &alone(ruled(vec![unread.clone(), rule(90)])))), DENIED);
            let text = failed(judge(ID, &alone(ruled(vec![unread, rule(89)]))));
            assert!(text.ends_with(&format!("not all was readable: {DENIED}")), "{text}");
            let mut unread = rule(90);
            unread.expiration_days = withheld();
            assert_eq!(undecided(judge(ID, &alone(ruled(vec![unread])))), DENIED);
        }
    }
}
