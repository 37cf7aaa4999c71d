//! Logs of who read and wrote which object.

use serde::Deserialize;

use super::{Bucket, Switch};
use crate::check::Context;
use crate::cloudtrail::{self, Trail};
use crate::observed::Gap;
use crate::verdict::{Judgement, Verdict, any, either, every, nothing_to_judge};

/// What counts as a log of who read what.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AccessLogging {
    accept_cloudtrail: bool,
}

const LOGGING_EXPECTED: &str = "server access logging to another bucket";

/// No logging setting means off. Either kind of log is enough, so an unreadable one does not hide the other.
pub(super) fn access_logging(bucket: &Bucket, params: &AccessLogging, context: &Context<'_>) -> Judgement {
    let logged = server_access_logging(bucket, context);
    if params.accept_cloudtrail { either(logged, || trailed(bucket, context)) } else { logged }
}

fn server_access_logging(bucket: &Bucket, context: &Context<'_>) -> Judgement {
    let Some(logging) = bucket.logging.seen()? else {
        return Ok(Verdict::not_satisfied("server access logging is off", LOGGING_EXPECTED));
    };
    let target = &logging.target_bucket;
    if *target == context.subject.id {
        let observed = "server access logging writes to the bucket itself";
        return Ok(Verdict::not_satisfied(observed, LOGGING_EXPECTED));
    }
    let configured = Verdict::satisfied(format!("server access logging to `{target}` is configured"))
        .noting("whether the target's policy lets the log service write does not show here");
    let there = logging.target_location.required("GetBucketLocation", "LocationConstraint");
    match there {
        Ok(region) => delivered_to(target, region, bucket, configured),
        Err(Gap::Missing { .. }) => Ok(Verdict::not_satisfied(
            format!("server access logging to `{target}`, which does not exist"),
            LOGGING_EXPECTED,
        )),
        Err(gap @ Gap::Denied { .. }) => Ok(configured.noting(format!("the target could not be looked at: {gap}"))),
        Err(gap) => Err(gap),
    }
}

/// Logs are delivered within a region only; a target elsewhere was made anew after logging was configured.
fn delivered_to(target: &str, region: &str, bucket: &Bucket, configured: Verdict) -> Judgement {
    let own = bucket.location.required("GetBucketLocation", "LocationConstraint")?;
    Ok(if own == region {
        configured
    } else {
        Verdict::not_satisfied(
            format!("server access logging to `{target}` in {region}, while logs stay within {own}"),
            LOGGING_EXPECTED,
        )
    })
}

/// Judges the trails; one that is logging, delivers, and records reads and writes of all objects is enough.
fn trailed(bucket: &Bucket, context: &Context<'_>) -> Judgement {
    let trails = context.evidence.account()?.trails.required("DescribeTrails", "trailList")?;
    if trails.is_empty() {
        return Ok(Verdict::not_satisfied("no trail covers this region", TRAIL_EXPECTED));
    }
    any(trails.iter().map(|trail| recorded_by(trail, bucket, context)))
}

const TRAIL_EXPECTED: &str = "a trail that records reads and writes of all objects of the bucket";

fn bucket_arn(context: &Context<'_>) -> String {
    let subject = context.subject;
    subject.arn.clone().unwrap_or_else(|| format!("arn:{}:s3:::{}", context.evidence.run.partition, subject.id))
}

/// What a trail would record is worth nothing while it does not reach the bucket, log or deliver.
fn recorded_by(trail: &Trail, bucket: &Bucket, context: &Context<'_>) -> Judgement {
    let parts = [
        reaches(trail, bucket),
        cloudtrail::is_logging(trail),
        cloudtrail::delivers(trail, &context.evidence.run),
        cloudtrail::records_objects(trail, &bucket_arn(context)),
    ];
    let verdict = every(parts, nothing_to_judge).map_err(|gap| cloudtrail::of_organization(trail, gap))?;
    Ok(verdict.about(&format!("trail `{}`", cloudtrail::called(trail))).expecting(TRAIL_EXPECTED))
}

/// A trail of one region reaches the buckets of that region.
fn reaches(trail: &Trail, bucket: &Bucket) -> Judgement {
    if let Ok(Some(Switch::On)) = trail.multi_region.seen() {
        return Ok(Verdict::satisfied("covers every region"));
    }
    let home = trail.home_region.required("DescribeTrails", "HomeRegion")?;
    let own = bucket.location.required("GetBucketLocation", "LocationConstraint")?;
    if home == own {
        return Ok(Verdict::satisfied(format!("covers {home}")));
    }
    Ok(match trail.multi_region.required("DescribeTrails", "IsMultiRegionTrail")? {
        Switch::On => Verdict::satisfied("covers every region"),
        Switch::Off => {
            Verdict::not_satisfied(format!("covers {home} only, and the bucket is in {own}"), TRAIL_EXPECTED)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudtrail::fixture::{advanced, classic, equals, objects_with, trail, with_values};
    use crate::cloudtrail::{ReadWrite, Selectors, TrailStatus};
    use crate::evidence::{Account, Evidence};
    use crate::fixture::*;
    use crate::observed::{Observed, Seen};
    use crate::s3::Logging;
    use crate::s3::fixture::*;

    const ID: &str = "s3-access-logging-enabled";
    const TO_LOGS: &str = "server access logging to `logs` is configured | whether the target's policy lets the log service write does not show here";

    fn logging(target: &str, target_location: Seen<String>) -> Bucket {
        let mut bucket = bucket();
        bucket.logging = seen(Logging { target_bucket: target.into(), target_prefix: String::new(), target_location });
        bucket
    }

    fn off() -> Bucket {
        Bucket { logging: not_set(), ..bucket() }
    }

    fn selecting(selectors: Selectors) -> Trail {
        Trail { multi_region: present(Switch::Off), selectors: seen(selectors), ..trail("trail") }
    }

    fn trails(bucket: Bucket, trails: Vec<Trail>) -> Evidence {
        with(bucket, Account { trails: seen(trails), ..account() })
    }

    fn arn() -> String {
        format!("arn:aws:s3:::{BUCKET}")
    }

    fn whole() -> Selectors {
        with_values(&[&format!("{}/", arn())])
    }

    #[test]
    fn logging_to_another_bucket_passes() {
        assert_eq!(passed(judge(ID, &alone(bucket()))), TO_LOGS);
    }

    #[test]
    fn logging_to_itself_or_nowhere_fails() {
        let expected = "; no trail covers this region";
        let itself = logging(BUCKET, seen("us-east-2".into()));
        assert_eq!(
            failed(judge(ID, &alone(itself))),
            format!("server access logging writes to the bucket itself{expected}")
        );
        let gone = Gap::Missing { operation: "GetBucketLocation".into(), code: "NoSuchBucket".into() };
        assert_eq!(
            failed(judge(ID, &alone(logging("logs", Seen::gap(gone))))),
            format!("server access logging to `logs`, which does not exist{expected}")
        );
        assert_eq!(
            failed(judge(ID, &alone(logging("logs", seen("eu-west-1".into()))))),
            format!("server access logging to `logs` in eu-west-1, while logs stay within us-east-2{expected}")
        );
        assert_eq!(failed(judge(ID, &alone(off()))), format!("server access logging is off{expected}"));
    }

    #[test]
    fn a_target_that_may_not_be_looked_at_is_a_remark_and_one_without_an_answer_an_error() {
        let text = passed(judge(ID, &alone(logging("logs", denied()))));
        assert_eq!(text, format!("{TO_LOGS}; the target could not be looked at: {DENIED}"));
        let slow = Gap::TimedOut { operation: "GetBucketLocation".into(), milliseconds: 1000 };
        let text = undecided(judge(ID, &alone(logging("logs", Seen::gap(slow)))));
        assert!(text.starts_with("GetBucketLocation gave no answer within 1.0 s"), "{text}");
    }

    #[test]
    fn a_target_cannot_be_placed_while_the_buckets_own_region_is_unreadable() {
        let unplaced = Bucket { location: denied(), ..bucket() };
        assert_eq!(undecided(judge(ID, &alone(unplaced.clone()))), DENIED);
        let everywhere = Trail { multi_region: present(Switch::On), ..selecting(whole()) };
        assert!(passed(judge(ID, &trails(unplaced, vec![everywhere]))).ends_with(DENIED));
    }

    #[test]
    fn a_trail_that_records_everything_passes_in_place_of_logging() {
        let evidence = trails(off(), vec![selecting(whole())]);
        assert_eq!(
            passed(judge(ID, &evidence)),
            format!(
                "trail `trail` covers us-east-2; is logging; delivered a log file at 2026-11-01T11:55:00Z; records all \
                 reads and all writes of {BUCKET} | server access logging is off"
            )
        );
        assert_eq!(failed(judge_with(ID, "accept_cloudtrail = false", &evidence)), "server access logging is off");
        let text = passed(judge(ID, &trails(Bucket { logging: denied(), ..bucket() }, vec![selecting(whole())])));
        assert!(text.ends_with(DENIED), "{text}");
    }

    #[test]
    fn a_trail_that_is_not_logging_or_is_elsewhere_does_not_count() {
        let mut trail = selecting(whole());
        trail.status = trail.status.map(|status| TrailStatus { logging: present(Switch::Off), ..status });
        assert_eq!(
            failed(judge(ID, &trails(off(), vec![trail]))),
            "server access logging is off; trail `trail` is not logging"
        );
        let mut trail = selecting(whole());
        trail.home_region = present("us-east-1".into());
        assert_eq!(
            failed(judge(ID, &trails(off(), vec![trail.clone()]))),
            "server access logging is off; trail `trail` covers us-east-1 only, and the bucket is in us-east-2"
        );
        trail.multi_region = present(Switch::On);
        passed(judge(ID, &trails(off(), vec![trail])));
    }

    #[test]
    fn unreadable_trails_leave_a_bucket_without_logging_undecided() {
        let unread = with(off(), Account { trails: denied(), ..account() });
        assert_eq!(undecided(judge(ID, &unread)), DENIED);
        let mut trail = selecting(whole());
        trail.selectors = denied();
        assert_eq!(undecided(judge(ID, &trails(off(), vec![trail.clone()]))), DENIED);
        passed(judge(ID, &trails(off(), vec![trail.clone(), selecting(whole())])));
        passed(judge(ID, &trails(bucket(), vec![trail])));
        let unlogged = Bucket { logging: denied(), ..bucket() };
        assert_eq!(undecided(judge(ID, &trails(unlogged, Vec::new()))), DENIED);
    }

    #[test]
    fn what_a_trail_has_to_record_is_what_data_events_are_asked_for() {
        let half = |read_write| classic(present(read_write), Observed::Absent, &["arn:aws:s3"]);
        let mut both = half(ReadWrite::ReadOnly);
        both.classic.extend(half(ReadWrite::WriteOnly).classic);
        passed(judge(ID, &trails(off(), vec![selecting(both)])));
        let part = with_values(&[&format!("{}/in/", arn())]);
        for (selectors, records) in [
            (half(ReadWrite::ReadOnly), "all reads and no writes"),
            (half(ReadWrite::WriteOnly), "no reads and all writes"),
            (with_values(&[]), "no reads and no writes"),
            (part, "some reads (a part of the objects) and some writes (a part of the objects)"),
        ] {
            assert_eq!(
                failed(judge(ID, &trails(off(), vec![selecting(selectors)]))),
                format!("server access logging is off; trail `trail` records {records} of {BUCKET}")
            );
        }
    }

    #[test]
    fn a_selector_that_cannot_be_read_to_its_meaning_is_an_error_unless_another_records_everything() {
        let mut unread = classic(withheld(), Observed::Absent, &["arn:aws:s3"]);
        assert_eq!(undecided(judge(ID, &trails(off(), vec![selecting(unread.clone())]))), DENIED);
        unread.classic.extend(with_values(&["arn:aws:s3"]).classic);
        passed(judge(ID, &trails(off(), vec![selecting(unread)])));
        let newer = advanced(vec![objects_with(vec![equals("newerField", "x")])]);
        let text = undecided(judge(ID, &trails(off(), vec![selecting(newer)])));
        assert!(text.starts_with("GetEventSelectors answered `newerField` in FieldSelectors.Field"), "{text}");
        let bare = advanced(vec![objects_with(vec![equals("resources.ARN", &format!("{}/", arn()))])]);
        let text = undecided(judge(ID, &trails(off(), vec![selecting(bare)])));
        assert!(text.starts_with("a selector compares whole ARNs with"), "{text}");
    }

    #[test]
    fn a_trail_that_has_stopped_delivering_does_not_count() {
        let mut trail = selecting(whole());
        trail.status =
            trail.status.map(|status| TrailStatus { delivery_error: present("AccessDenied".into()), ..status });
        assert!(
            passed(judge(ID, &trails(off(), vec![trail.clone()]))).contains("the delivery error AccessDenied beside")
        );
        trail.status = trail.status.map(|status| TrailStatus { delivered_at: Observed::Absent, ..status });
        assert_eq!(
            failed(judge(ID, &trails(off(), vec![trail]))),
            "server access logging is off; trail `trail` reports the delivery error AccessDenied and has never delivered \
             a log file"
        );
    }

    #[test]
    fn trails_without_an_answer_are_an_error() {
        let text = undecided(judge(ID, &with(off(), Account { trails: not_set(), ..account() })));
        assert!(text.starts_with("DescribeTrails answered without trailList"), "{text}");
    }
}
