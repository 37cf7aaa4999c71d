//! Whether events still arrive in a log group whose writers work.

use jiff::Timestamp;
use serde::Deserialize;

use super::{LogGroup, description};
use crate::check::Context;
use crate::cloudtrail::{Trail, called, is_logging};
use crate::lambda::Function;
use crate::observed::Gap;
use crate::verdict::{Judgement, Verdict, every};

/// Parameters of `logs-receiving-events`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Receiving {
    max_silence_days: i64,
    enabled: bool,
}

/// How long events and metrics may take to show, in hours.
const SETTLING_HOURS: i64 = 2;

/// Silence means something only beside a writer that worked: a group without events is no failure by itself.
pub(super) fn receiving(group: &LogGroup, params: &Receiving, context: &Context<'_>) -> Judgement {
    let description = description(group)?;
    if !params.enabled {
        return Ok(Verdict::not_applicable("the requirement is switched off by its parameter enabled"));
    }
    let now = context.evidence.run.started_at;
    let days = params.max_silence_days;
    let hours_since = |at: &Timestamp| now.duration_since(*at).as_hours();
    let observed = match group.last_event.seen()? {
        Some(at) if now.duration_since(*at).as_secs() <= days * 24 * 60 * 60 => {
            return Ok(Verdict::satisfied(format!("the newest event arrived at {at}")));
        }
        Some(at) => format!("the newest event arrived at {at}"),
        None => "the log group holds no event".to_owned(),
    };
    if let Some(created) = description.created_at.seen()?
        && hours_since(created) < SETTLING_HOURS
    {
        return Ok(Verdict::not_applicable(format!("{observed}; the log group was made less than two hours ago")));
    }
    let trails = feeding(context);
    if group.writers.is_empty() && matches!(&trails, Ok(trails) if trails.is_empty()) {
        return Ok(Verdict::not_applicable(format!("{observed}; no writer is known whose work could be measured"))
            .noting("advice: see that its writers still write; silence alone proves nothing"));
    }
    let expected = format!("an event of the last {days} days");
    let functions = group.writers.iter().map(|writer| {
        Ok(match invocations(writer, context)? {
            0 => Verdict::not_applicable(format!("{observed}; function {writer} was not invoked in {days} days")),
            count => Verdict::not_satisfied(
                format!("{observed}; function {writer} was invoked {count} times in {days} days"),
                expected.clone(),
            ),
        })
    });
    let trails = match trails {
        Ok(trails) => trails.into_iter().map(|trail| silenced(trail, &observed, &expected, hours_since)).collect(),
        Err(gap) => vec![Err(gap)],
    };
    every(functions.chain(trails), || Err(Gap::undecided("no writer was looked at")))
}

/// The trails that write to the log group.
fn feeding<'a>(context: &Context<'a>) -> Result<Vec<&'a Trail>, Gap> {
    let trails = context.evidence.account()?.trails.required("DescribeTrails", "trailList")?;
    let mut feeding = Vec::new();
    for trail in trails {
        let Some(arn) = trail.log_group.seen()? else { continue };
        // arn:aws:logs:REGION:ACCOUNT:log-group:NAME:*
        let parts: Vec<&str> = arn.split(':').collect();
        let is_own = parts.get(3).copied() == context.subject.region.as_deref()
            && parts.get(4).copied() == Some(context.evidence.run.account.as_str())
            && parts.get(6).copied() == Some(context.subject.id.as_str());
        if is_own {
            feeding.push(trail);
        }
    }
    Ok(feeding)
}

/// A trail that is logging has something to write all the time: every call to AWS, the audit's own among them.
fn silenced(trail: &Trail, observed: &str, expected: &str, hours_since: impl Fn(&Timestamp) -> i64) -> Judgement {
    let name = called(trail);
    match is_logging(trail)? {
        Verdict::Satisfied { .. } => {}
        Verdict::NotSatisfied { .. } | Verdict::NotApplicable { .. } => {
            return Ok(Verdict::not_applicable(format!(
                "{observed}; trail {name}, which writes to it, is not logging"
            )));
        }
    }
    let status = trail.status.required("GetTrailStatus", "IsLogging")?;
    Ok(match status.started_at.seen()? {
        Some(started) if hours_since(started) < SETTLING_HOURS => {
            Verdict::not_applicable(format!("{observed}; trail {name} was started less than two hours ago"))
        }
        Some(_) | None => Verdict::not_satisfied(format!("{observed}; trail {name} is logging to it"), expected),
    })
}

fn invocations(writer: &str, context: &Context<'_>) -> Result<u64, Gap> {
    let Some((_, function)) = context.evidence.all::<Function>().find(|(subject, _)| subject.id == writer) else {
        return Err(Gap::undecided(format!("nothing was seen of the function {writer} that writes to the log group")));
    };
    function.recent_invocations.required("GetMetricData", "MetricDataResults").copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudtrail::TrailStatus;
    use crate::cloudtrail::fixture as trails;
    use crate::evidence::Evidence;
    use crate::fixture::*;
    use crate::logs::Description;
    use crate::observed::Observed::{Absent, Present};
    use crate::observed::Seen;
    use crate::s3::Switch;
    use crate::subject::{Kind, Resource, Subject};

    const NAME: &str = "/aws/lambda/patient-data-processor-pr1";

    fn described() -> Description {
        Description {
            arn: Absent,
            retention_days: Absent,
            retention_policy: Absent,
            kms_key: Absent,
            class: Absent,
            deletion_protection: Absent,
            created_at: Present("2026-01-01T00:00:00Z".parse().unwrap()),
        }
    }

    fn group() -> LogGroup {
        LogGroup {
            description: seen(described()),
            last_event: seen("2026-11-01T11:00:00Z".parse().unwrap()),
            writers: vec!["f".into()],
            ..LogGroup::unknown(&denial())
        }
    }

    fn function(invocations: Seen<u64>) -> Subject {
        let function = Function { recent_invocations: invocations, ..Function::unknown(&denial()) };
        subject(Kind::Function, "f", Resource::Function(Box::new(function)))
    }

    fn fed(group: LogGroup, others: Vec<Subject>, trails: Seen<Vec<Trail>>) -> Evidence {
        let group = subject(Kind::LogGroup, NAME, Resource::LogGroup(Box::new(group)));
        evidence([vec![trails::account(trails), group], others].concat())
    }

    fn of(group: LogGroup) -> Evidence {
        fed(group, Vec::new(), seen(Vec::new()))
    }

    /// The group without functions, silent, beside a trail that writes to it.
    fn of_trail(trail: Trail) -> Evidence {
        let arn = format!("arn:aws:logs:us-east-2:{ACCOUNT}:log-group:{NAME}:*");
        let group = LogGroup { writers: Vec::new(), last_event: not_set(), ..group() };
        fed(group, Vec::new(), seen(vec![Trail { log_group: Present(arn), ..trail }, trails::trail("other")]))
    }

    #[test]
    fn silence_beside_a_trail_that_logs_is_a_failure() {
        let text = failed(judge_with("logs-receiving-events", ON, &of_trail(trails::trail("audit"))));
        assert_eq!(text, "the log group holds no event; trail audit is logging to it");
    }

    #[test]
    fn a_trail_that_does_not_log_or_was_just_started_proves_nothing() {
        let with = |status: TrailStatus| of_trail(Trail { status: seen(status), ..trails::trail("audit") });
        let stopped = with(TrailStatus { logging: Present(Switch::Off), ..trails::status() });
        assert!(not_applicable(judge_with("logs-receiving-events", ON, &stopped)).ends_with("is not logging"));
        let young = TrailStatus { started_at: Present("2026-11-01T10:00:01Z".parse().unwrap()), ..trails::status() };
        assert!(
            not_applicable(judge_with("logs-receiving-events", ON, &with(young))).contains("less than two hours ago")
        );
        let dark = of_trail(Trail { status: denied(), ..trails::trail("audit") });
        assert_eq!(judge_with("logs-receiving-events", ON, &dark), Err(denial()));
    }

    #[test]
    fn trails_that_were_not_read_may_write_to_it() {
        let silent = LogGroup { writers: Vec::new(), last_event: not_set(), ..group() };
        assert_eq!(judge_with("logs-receiving-events", ON, &fed(silent, Vec::new(), denied())), Err(denial()));
    }

    const ON: &str = "enabled = true";

    fn silent(last: Seen<Timestamp>, invocations: Seen<u64>) -> Evidence {
        fed(LogGroup { last_event: last, ..group() }, vec![function(invocations)], seen(Vec::new()))
    }

    fn at(text: &str) -> Seen<Timestamp> {
        seen(text.parse().unwrap())
    }

    #[test]
    fn receiving_is_not_judged_unless_it_is_switched_on() {
        assert_eq!(
            not_applicable(judge("logs-receiving-events", &of(group()))),
            "the requirement is switched off by its parameter enabled"
        );
    }

    #[test]
    fn an_event_of_exactly_the_longest_silence_passes_and_an_older_one_fails_beside_a_writer_that_worked() {
        let young = silent(at("2026-10-25T12:00:00Z"), seen(3));
        assert_eq!(
            passed(judge_with("logs-receiving-events", ON, &young)),
            "the newest event arrived at 2026-10-25T12:00:00Z"
        );
        let old = silent(at("2026-10-25T11:59:59Z"), seen(3));
        assert_eq!(
            failed(judge_with("logs-receiving-events", ON, &old)),
            "the newest event arrived at 2026-10-25T11:59:59Z; function f was invoked 3 times in 7 days"
        );
        let empty = silent(not_set(), seen(1));
        assert!(failed(judge_with("logs-receiving-events", ON, &empty)).starts_with("the log group holds no event"));
    }

    #[test]
    fn silence_beside_an_idle_writer_or_without_a_known_one_proves_nothing() {
        let idle = silent(not_set(), seen(0));
        assert_eq!(
            not_applicable(judge_with("logs-receiving-events", ON, &idle)),
            "the log group holds no event; function f was not invoked in 7 days"
        );
        let mut orphan = group();
        orphan.writers.clear();
        orphan.last_event = not_set();
        assert!(not_applicable(judge_with("logs-receiving-events", ON, &of(orphan))).contains("| advice:"));
    }

    #[test]
    fn a_group_that_was_just_made_is_not_judged() {
        let created_at = Present("2026-11-01T10:00:01Z".parse().unwrap());
        let young =
            LogGroup { description: seen(Description { created_at, ..described() }), last_event: not_set(), ..group() };
        let young = fed(young, vec![function(seen(5))], seen(Vec::new()));
        assert!(not_applicable(judge_with("logs-receiving-events", ON, &young)).contains("less than two hours ago"));
    }

    #[test]
    fn streams_or_metrics_that_could_not_be_read_leave_it_undecided() {
        assert_eq!(judge_with("logs-receiving-events", ON, &silent(denied(), seen(3))), Err(denial()));
        assert_eq!(judge_with("logs-receiving-events", ON, &silent(not_set(), denied())), Err(denial()));
        let alone = LogGroup { last_event: not_set(), ..group() };
        assert!(undecided(judge_with("logs-receiving-events", ON, &of(alone))).starts_with("nothing was seen of the"));
    }
}
