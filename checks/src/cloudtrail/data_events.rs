//! Data events: whether the audit trail records who reads and writes the workload's data.

use serde::Deserialize;

use super::audit::Wanted;
use super::protection::chosen;
use super::selectors::{Extent, Target, coverage, object_coverage};
use super::{Selectors, Trail, called, delivers, is_logging, of_organization, selectors};
use crate::check::Context;
use crate::evidence::Account;
use crate::iam::documents::listing_was_read;
use crate::lambda::Function;
use crate::observed::{Gap, Observed};
use crate::s3::Bucket;
use crate::subject::{Existence, Role, Subject};
use crate::verdict::{Judgement, Verdict, every};

/// Parameters of `cloudtrail-data-events`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DataEvents {
    data_store_arns: Vec<String>,
    require_lambda: bool,
    exclude_buckets: Vec<String>,
    without_data_store: WithoutDataStore,
    trail_name: String,
    require_multi_region: bool,
    require_kms_events: bool,
}

/// What it means that no bucket of the workload is known.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum WithoutDataStore {
    Error,
    NotApplicable,
}

/// No audit trail means that another requirement fails; that there is no bucket means nothing about the trail.
pub(super) fn data_events(account: &Account, params: &DataEvents, context: &Context<'_>) -> Judgement {
    let wanted = Wanted {
        name: &params.trail_name,
        multi_region: params.require_multi_region,
        kms_events: params.require_kms_events,
    };
    let Some(trail) = chosen(account, &wanted, context)? else {
        return Ok(Verdict::not_applicable("there is no audit trail; see cloudtrail-logging-enabled"));
    };
    let (buckets, left_out) = data_buckets(params, trail, context);
    if buckets.is_empty() && left_out.is_empty() {
        return match params.without_data_store {
            WithoutDataStore::Error => Err(Gap::NothingToAudit { kind: "AWS::S3::Bucket".into() }),
            WithoutDataStore::NotApplicable => {
                // A listing that was not read may hold a bucket.
                listing_was_read(context.evidence)?;
                Ok(Verdict::not_applicable(
                    "no bucket is known, so where the workload's data lie is not known either; name it in data_store_arns",
                ))
            }
        };
    }
    let selectors = selectors(trail).map_err(|gap| of_organization(trail, gap));
    let mut parts: Vec<Judgement> = buckets.iter().map(|bucket| recorded(&selectors, bucket)).collect();
    // What a trail would record is worth nothing while it does not log or deliver.
    let works = every([is_logging(trail), delivers(trail, &context.evidence.run)], || {
        Err(Gap::undecided("nothing of the trail was looked at"))
    });
    match works {
        Ok(Verdict::Satisfied { .. } | Verdict::NotApplicable { .. }) => {}
        Ok(Verdict::NotSatisfied { observed, .. }) => {
            return Ok(Verdict::not_satisfied(
                format!("trail {} {observed}", called(trail)),
                "a trail that logs and delivers, and records all reads and writes",
            )
            .noting("see cloudtrail-logging-enabled"));
        }
        Err(gap) => parts.push(Err(of_organization(trail, gap))),
    }
    if params.require_lambda {
        let functions = context.evidence.all::<Function>().filter(|(subject, _)| subject.role == Role::Primary);
        parts.extend(functions.map(|(subject, _)| invocations(&selectors, subject)));
    }
    let nothing = || Ok(Verdict::not_applicable(format!("no bucket is left to look at: {}", left_out.join("; "))));
    let verdict = every(parts, nothing)?.about(&format!("trail {} records", called(trail)));
    Ok(verdict)
}

/// The buckets that hold the workload's data, as ARNs, and why others were left out. Data events of the trail's own
/// bucket would record their own delivery, so they are never asked for.
fn data_buckets(params: &DataEvents, trail: &Trail, context: &Context<'_>) -> (Vec<Result<String, Gap>>, Vec<String>) {
    let evidence = context.evidence;
    let (mut buckets, mut left_out) = (Vec::new(), Vec::new());
    for (subject, _) in evidence.all::<Bucket>().filter(|(subject, _)| subject.role == Role::Primary) {
        let name = &subject.id;
        if matches!(&trail.bucket, Observed::Present(bucket) if bucket == name) {
            left_out.push(format!("{name} receives the trail's own log files"));
        } else if params.exclude_buckets.contains(name) {
            left_out.push(format!("{name} is named in exclude_buckets"));
        } else if receives_access_logs(name, context) {
            left_out.push(format!("{name} receives access logs of another bucket"));
        } else if let Err(gap) = subject.is_none_of(|role| role != Role::Primary) {
            buckets.push(Err(gap));
        } else {
            buckets.push(match subject.existence.seen() {
                Ok(Some(Existence::Missing)) => Err(Gap::depends_on(
                    "stack-outputs-resolve-live",
                    format!("{} `{name}` does not exist", subject.kind),
                )),
                Ok(Some(Existence::Exists) | None) | Err(_) => {
                    Ok(format!("arn:{}:s3:::{name}", evidence.run.partition))
                }
            });
        }
    }
    for arn in &params.data_store_arns {
        let is_bucket = arn.split(':').nth(2) == Some("s3");
        buckets.push(if is_bucket {
            Ok(arn.trim_end_matches('/').to_owned())
        } else {
            Err(Gap::undecided(format!("data_store_arns names `{arn}`, and only buckets can be looked at")))
        });
    }
    (buckets, left_out)
}

fn receives_access_logs(name: &str, context: &Context<'_>) -> bool {
    context.evidence.all::<Bucket>().any(|(source, bucket)| {
        source.id != name
            && matches!(bucket.logging.observed(), Observed::Present(logging) if logging.target_bucket == name)
    })
}

/// Judges whether a trail records all reads and writes of the objects of a bucket.
pub(crate) fn records_objects(trail: &Trail, bucket_arn: &str) -> Judgement {
    Ok(recorded(&selectors(trail), &Ok(bucket_arn.to_owned()))?.about("records"))
}

fn recorded(selectors: &Result<&Selectors, Gap>, bucket: &Result<String, Gap>) -> Judgement {
    let arn = bucket.as_ref().map_err(Gap::clone)?;
    let coverage = object_coverage(selectors.as_ref().map_err(Gap::clone)?, arn)?;
    let name = arn.rsplit(':').next().unwrap_or(arn);
    let text = |extent: &Extent, what: &str| match extent {
        Extent::Full => format!("all {what}"),
        Extent::Part(why) => format!("some {what} ({why})"),
        Extent::None => format!("no {what}"),
    };
    let observed = format!("{} and {} of {name}", text(&coverage.reads, "reads"), text(&coverage.writes, "writes"));
    Ok(match (&coverage.reads, &coverage.writes) {
        (Extent::Full, Extent::Full) => Verdict::satisfied(observed),
        (Extent::Full | Extent::Part(_) | Extent::None, Extent::Part(_) | Extent::None)
        | (Extent::Part(_) | Extent::None, Extent::Full) => {
            Verdict::not_satisfied(observed, format!("all reads and writes of the objects of {name}"))
        }
    })
}

/// Lambda counts an invocation as a write.
fn invocations(selectors: &Result<&Selectors, Gap>, function: &Subject) -> Judgement {
    let name = &function.id;
    let Some(arn) = &function.arn else {
        return Err(Gap::undecided(format!("the ARN of function {name} is not known")));
    };
    Ok(match coverage(selectors.as_ref().map_err(Gap::clone)?, Target::Function(arn))?.writes {
        Extent::Full => Verdict::satisfied(format!("invocations of {name}")),
        Extent::Part(why) => {
            Verdict::not_satisfied(format!("some invocations of {name} ({why})"), format!("all invocations of {name}"))
        }
        Extent::None => {
            Verdict::not_satisfied(format!("no invocations of {name}"), format!("all invocations of {name}"))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudtrail::ReadWrite;
    use crate::cloudtrail::fixture::*;
    use crate::fixture::*;
    use crate::observed::Observed::Present;
    use crate::s3::{self, Switch};
    use crate::subject::{Kind, Resource};

    #[test]
    fn reads_and_writes_of_all_objects_are_what_is_asked_for() {
        assert_eq!(
            passed(judge(DATA, &of(vec![trail("audit")]))),
            "trail audit records all reads and all writes of patients"
        );
        for (selectors, text) in [
            (with_values(&[]), "trail audit records no reads and no writes of patients"),
            (
                with_values(&["arn:aws:s3:::patients/in/"]),
                "trail audit records some reads (a part of the objects) and some writes (a part of the objects) of \
                 patients",
            ),
        ] {
            assert_eq!(failed(judge(DATA, &recording(selectors))), text);
        }
        let mut half = with_values(&[]);
        half.classic.extend(classic(Present(ReadWrite::WriteOnly), Present(Switch::Off), &["arn:aws:s3"]).classic);
        assert_eq!(failed(judge(DATA, &recording(half))), "trail audit records no reads and all writes of patients");
    }

    #[test]
    fn selectors_that_could_not_be_read_leave_data_events_undecided() {
        let dark = of(vec![Trail { selectors: denied(), ..trail("audit") }]);
        for params in ["", "trail_name = \"audit\""] {
            assert_eq!(judge_with(DATA, params, &dark), Err(denial()));
        }
        let strange =
            recording(advanced(vec![management_but(vec![]), objects_with(vec![equals("moonPhase", "full")])]));
        assert!(undecided(judge(DATA, &strange)).contains("`moonPhase`"));
    }

    #[test]
    fn log_buckets_are_left_out_and_named_stores_are_looked_at() {
        let logged = Bucket {
            logging: seen(s3::Logging {
                target_bucket: "access-logs".into(),
                target_prefix: String::new(),
                target_location: denied(),
            }),
            ..Bucket::unknown(&denial())
        };
        let mut evidence = of(vec![trail("audit")]);
        evidence.subjects[1].resource = Resource::Bucket(Box::new(logged));
        for name in ["access-logs", "trail-logs"] {
            evidence.subjects.push(bucket(name));
        }
        passed(judge(DATA, &evidence));
        evidence.subjects.push(bucket("images"));
        assert!(failed(judge(DATA, &evidence)).contains("no reads and no writes of images"));
        passed(judge_with(DATA, "exclude_buckets = [\"images\"]", &evidence));
        let further = "exclude_buckets = [\"images\"]\ndata_store_arns = [\"arn:aws:s3:::archive/\"]";
        assert!(failed(judge_with(DATA, further, &evidence)).contains("no writes of archive"));
        let table = "exclude_buckets = [\"images\"]\ndata_store_arns = [\"arn:aws:dynamodb:us-east-2:1:table/t\"]";
        assert!(undecided(judge_with(DATA, table, &evidence)).contains("only buckets can be looked at"));
    }

    #[test]
    fn without_a_bucket_it_is_undecided_unless_the_profile_says_otherwise() {
        let bare = evidence(vec![account(seen(vec![trail("audit")]))]);
        assert!(undecided(judge(DATA, &bare)).starts_with("no AWS::S3::Bucket was found"));
        let lenient = "without_data_store = \"not-applicable\"";
        assert!(not_applicable(judge_with(DATA, lenient, &bare)).starts_with("no bucket is known"));
        let mut unlisted = bare;
        let stack = crate::cloudformation::Stack::unknown(&denial());
        unlisted.subjects.push(subject(Kind::Stack, "s", Resource::Stack(Box::new(stack))));
        assert_eq!(judge_with(DATA, lenient, &unlisted), Err(denial()));
        let own = evidence(vec![account(seen(vec![trail("audit")])), bucket("trail-logs")]);
        assert_eq!(
            not_applicable(judge(DATA, &own)),
            "no bucket is left to look at: trail-logs receives the trail's own log files"
        );
    }

    #[test]
    fn a_bucket_that_is_gone_depends_on_the_outputs() {
        let mut gone = of(vec![trail("audit")]);
        gone.subjects[1].existence = seen(Existence::Missing);
        assert!(undecided(judge(DATA, &gone)).starts_with("depends on stack-outputs-resolve-live"));
    }

    #[test]
    fn invocations_are_asked_for_where_the_profile_says_so() {
        let arn = format!("arn:aws:lambda:us-east-2:{ACCOUNT}:function:f");
        let with_functions = |values: &[&str]| {
            let mut selectors = with_values(&["arn:aws:s3"]);
            let values = values.iter().map(|value| (*value).to_owned()).collect();
            selectors.classic[0].data.push(("AWS::Lambda::Function".into(), values));
            let mut evidence = recording(selectors);
            let mut function = subject(Kind::Function, "f", Resource::Function(Box::new(Function::unknown(&denial()))));
            function.arn = Some(arn.clone());
            evidence.subjects.push(function);
            evidence
        };
        let strict = "require_lambda = true";
        for value in [arn.as_str(), "arn:aws:lambda"] {
            let text = passed(judge_with(DATA, strict, &with_functions(&[value])));
            assert!(text.ends_with("all reads and all writes of patients; invocations of f"), "{text}");
        }
        let other = with_functions(&[&format!("{arn}2")]);
        assert!(failed(judge_with(DATA, strict, &other)).ends_with("no invocations of f"));
        passed(judge(DATA, &other));
    }
}
