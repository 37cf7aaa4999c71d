//! Whether an alarm tells somebody: its actions are carried out, and one of them is a topic that is there.

use serde::Deserialize;

use super::counted::{self, is_counted};
use super::coverage::tells_of_some_event;
use super::{ALARMS, Alarm, Definition, Watched, definition, names_in};
use crate::check::Context;
use crate::cloudformation::Stack;
use crate::cloudtrail::Wanted;
use crate::eventbridge::{is_topic, reaches};
use crate::evidence::{Account, Evidence};
use crate::observed::Gap;
use crate::s3::Switch;
use crate::subject::Role;
use crate::verdict::{Judgement, Verdict, any, every, nothing_to_judge};

/// Parameters of `cw-alarm-actions-configured`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Actions {
    non_notifying: Vec<String>,
    trail_name: String,
    require_multi_region: bool,
    require_kms_events: bool,
}

const EXPECTED: &str = "actions that are carried out, and among those for ALARM a topic that exists";

/// Whose alarm it is: the stack's, or one that `cw-alarms-security-coverage` counts. Others that were reached are not of the
/// audit.
///
/// # Errors
/// The gap, where it cannot be told.
pub(super) fn of_the_audit(
    alarm: &Definition,
    wanted: &Wanted<'_>,
    context: &Context<'_>,
) -> Result<Option<Verdict>, Gap> {
    if context.subject.role != Role::External || is_counted(alarm, wanted, context)? {
        return Ok(None);
    }
    Ok(Some(Verdict::not_applicable(
        "it is not of the stack, and no filter on the audit trail's log group emits its metric",
    )))
}

/// An alarm that tells nobody itself may be a part of one that does.
pub(super) fn configured(alarm: &Alarm, params: &Actions, context: &Context<'_>) -> Judgement {
    let alarm = definition(alarm)?;
    let wanted = Wanted {
        name: &params.trail_name,
        multi_region: params.require_multi_region,
        kms_events: params.require_kms_events,
    };
    if params.non_notifying.contains(&alarm.name) {
        return Ok(Verdict::not_applicable("the alarm is named in non_notifying"));
    }
    if let Some(verdict) = of_the_audit(alarm, &wanted, context)? {
        return Ok(verdict);
    }
    let own = notifies(alarm, context);
    if matches!(own, Ok(Verdict::Satisfied { .. })) {
        return own;
    }
    match by_composite(alarm, context) {
        Ok(Some(verdict)) => Ok(verdict),
        Ok(None) => own,
        // Whether a part is silent on purpose is not known, unless it cannot be told of the alarm itself either.
        Err(gap) => Err(own.err().unwrap_or(gap)),
    }
}

/// What it means that an alarm is a part of a composite alarm that tells somebody; `None` where it is of none.
fn by_composite(alarm: &Definition, context: &Context<'_>) -> Result<Option<Verdict>, Gap> {
    let mut gap = None;
    for composite in counted::alarms(context.evidence.account()?)? {
        let Watched::Alarms(watch) = &composite.watched else { continue };
        let rule = match watch.rule.required(ALARMS, "AlarmRule") {
            Ok(rule) => rule,
            Err(found) => {
                gap.get_or_insert(found);
                continue;
            }
        };
        if composite.name == alarm.name || !names_in(rule).contains(&alarm.name) {
            continue;
        }
        match notifies(composite, context) {
            Ok(Verdict::Satisfied { .. }) => {
                let reason = format!("it is a part of composite alarm `{}`, which tells somebody", composite.name);
                let note = format!("when that one goes off, its expression says: {rule}");
                return Ok(Some(Verdict::not_applicable(reason).noting(note)));
            }
            Ok(Verdict::NotSatisfied { .. } | Verdict::NotApplicable { .. }) => {}
            Err(found) => {
                gap.get_or_insert(found);
            }
        }
    }
    gap.map_or(Ok(None), Err)
}

/// An absent switch means that the actions are carried out. Actions for other states than ALARM do not count.
fn notifies(alarm: &Definition, context: &Context<'_>) -> Judgement {
    let switch = match alarm.actions_enabled.seen() {
        Ok(Some(Switch::On) | None) => None,
        Ok(Some(Switch::Off)) => {
            Some(Ok(Verdict::not_satisfied("the actions of the alarm are switched off", EXPECTED)))
        }
        Err(gap) => Some(Err(gap)),
    };
    let verdict = every(switch.into_iter().chain([topics(alarm, context)]), nothing_to_judge)?;
    let Watched::Alarms(watch) = &alarm.watched else { return Ok(verdict) };
    Ok(match watch.suppressor.seen()? {
        Some(suppressor) => verdict.noting(format!("while alarm {suppressor} is in ALARM, the actions are suppressed")),
        None => verdict,
    })
}

/// One topic that is there is enough; others that are not are remarked on.
fn topics(alarm: &Definition, context: &Context<'_>) -> Judgement {
    let (topics, others): (Vec<&String>, Vec<&String>) = alarm.alarm_actions.iter().partition(|arn| is_topic(arn));
    if topics.is_empty() {
        let observed = if others.is_empty() {
            "nothing happens when the alarm goes off".to_owned()
        } else {
            let others: Vec<&str> = others.into_iter().map(String::as_str).collect();
            format!("when the alarm goes off, no topic hears of it, only {}", others.join(", "))
        };
        return Ok(Verdict::not_satisfied(observed, EXPECTED));
    }
    let each: Vec<Judgement> =
        topics.iter().map(|arn| Ok(reaches(arn, "the alarm tells", context)?.expecting(EXPECTED))).collect();
    let beside: Vec<String> = each
        .iter()
        .filter_map(|judgement| match judgement {
            Ok(Verdict::NotSatisfied { observed, .. }) => Some(observed.clone()),
            Ok(Verdict::Satisfied { .. } | Verdict::NotApplicable { .. }) | Err(_) => None,
        })
        .collect();
    Ok(match any(each)? {
        met @ Verdict::Satisfied { .. } => beside.into_iter().fold(met, Verdict::noting),
        other @ (Verdict::NotSatisfied { .. } | Verdict::NotApplicable { .. }) => other,
    })
}

/// The alarms that may tell of violations where AWS Config does not record: those on the metrics named, as NAMESPACE/NAME,
/// and those that tell of an event of a critical category.
pub(crate) fn of_violations(
    account: &Account,
    metrics: &[String],
    wanted: &Wanted<'_>,
    context: &Context<'_>,
) -> Vec<Judgement> {
    let alarms = match counted::alarms(account) {
        Ok(alarms) => alarms,
        Err(gap) => return vec![Err(gap)],
    };
    let mut ways = Vec::new();
    for alarm in alarms {
        let named = alarm.metrics().any(|query| {
            let name = format!("{}/{}", query.metric.namespace, query.metric.name);
            metrics.contains(&name)
        });
        match if named { Ok(true) } else { tells_of_some_event(alarm, account, wanted, context) } {
            Ok(true) => {
                ways.push(notifies(alarm, context).map(|verdict| verdict.about(&format!("alarm `{}`:", alarm.name))));
            }
            Ok(false) => {}
            Err(gap) => ways.push(Err(gap)),
        }
    }
    ways
}

/// A deployment without any alarm tells nobody of anything.
pub(super) fn none(evidence: &Evidence) -> Judgement {
    counted::stack_was_read(evidence.all::<Stack>().map(|(_, stack)| stack))?;
    Ok(Verdict::not_satisfied("there is no alarm, neither in the stack nor on the events of the audit trail", EXPECTED))
}

#[cfg(test)]
mod tests {
    use super::super::CompositeWatch;
    use super::super::fixture::*;
    use super::*;
    use crate::fixture::*;
    use crate::observed::Observed::{Absent, Present};
    use crate::observed::{Observed, Seen};
    use crate::subject::{Existence, Kind, Subject};

    const ID: &str = "cw-alarm-actions-configured";

    fn acting(actions: &[&str]) -> Definition {
        Definition { alarm_actions: actions.iter().map(|arn| (*arn).to_owned()).collect(), ..on_function("a") }
    }

    fn composite(name: &str, rule: &str, actions: &[&str]) -> Definition {
        let watch = CompositeWatch { rule: Present(rule.into()), suppressor: Absent };
        Definition { name: name.into(), watched: Watched::Alarms(watch), ..acting(actions) }
    }

    /// The alarm beside others of the account, and the topic that is there.
    fn with(alarm: &Definition, others: Vec<Definition>) -> crate::evidence::Evidence {
        let mut evidence = deployment(Vec::new(), [vec![alarm.clone()], others].concat());
        evidence.subjects.insert(0, of_alarm(alarm.clone()));
        evidence.subjects.push(topic(TOPIC));
        evidence
    }

    fn judged(alarm: &Definition) -> Judgement {
        judge(ID, &with(alarm, Vec::new()))
    }

    #[test]
    fn an_alarm_tells_a_topic_that_exists() {
        let text = "the alarm tells topic arn:aws:sns:us-east-2:123456789012:alerts";
        assert_eq!(passed(judged(&acting(&[TOPIC]))), text);
        let switched = |switch| Definition { actions_enabled: switch, ..acting(&[TOPIC]) };
        assert_eq!(passed(judged(&switched(Present(Switch::On)))), text);
        assert_eq!(failed(judged(&switched(Present(Switch::Off)))), "the actions of the alarm are switched off");
        assert_eq!(undecided(judged(&switched(Observed::Unknown(denial())))), denial().to_string());
    }

    #[test]
    fn actions_that_are_no_topics_tell_nobody() {
        assert_eq!(failed(judged(&acting(&[]))), "nothing happens when the alarm goes off");
        let scaling = "arn:aws:autoscaling:us-east-2:123456789012:scalingPolicy:x";
        assert_eq!(
            failed(judged(&acting(&[scaling]))),
            format!("when the alarm goes off, no topic hears of it, only {scaling}")
        );
    }

    #[test]
    fn a_topic_that_is_gone_fails_unless_another_is_there() {
        let gone = "arn:aws:sns:us-east-2:123456789012:gone";
        let missing = |alarm: &Definition| {
            let mut evidence = with(alarm, Vec::new());
            let mut subject = topic(gone);
            subject.existence = Seen::new(Present(Existence::Missing), Vec::new());
            evidence.subjects.push(subject);
            judge(ID, &evidence)
        };
        let text = format!("the alarm tells topic {gone}, which does not exist");
        assert_eq!(failed(missing(&acting(&[gone]))), text);
        assert!(passed(missing(&acting(&[gone, TOPIC]))).ends_with(&format!("| {text}")));
    }

    #[test]
    fn a_topic_of_another_account_that_cannot_be_read_leaves_the_question_open() {
        let foreign = "arn:aws:sns:us-east-2:210987654321:alerts";
        assert!(undecided(judged(&acting(&[foreign]))).contains("it is in another account and is not followed"));
        passed(judged(&acting(&[foreign, TOPIC])));
    }

    #[test]
    fn a_part_of_a_composite_alarm_that_tells_somebody_need_not_tell_anybody() {
        let silent = acting(&[]);
        let whole = composite("all", "ALARM(a) AND ALARM(b)", &[TOPIC]);
        assert_eq!(
            not_applicable(judge(ID, &with(&silent, vec![whole.clone()]))),
            "it is a part of composite alarm `all`, which tells somebody | when that one goes off, its expression says: ALARM(a) AND ALARM(b)"
        );
        let other = composite("all", "ALARM(ab)", &[TOPIC]);
        failed(judge(ID, &with(&silent, vec![other])));
        let mute = composite("all", "ALARM(a)", &[]);
        assert_eq!(failed(judge(ID, &with(&silent, vec![mute]))), "nothing happens when the alarm goes off");
        let unknown = composite("all", "ALARM(a)", &["arn:aws:sns:us-east-2:210987654321:x"]);
        undecided(judge(ID, &with(&silent, vec![unknown])));
        // An alarm that tells somebody itself passes by itself.
        passed(judge(ID, &with(&acting(&[TOPIC]), vec![whole])));
    }

    #[test]
    fn a_composite_alarm_is_judged_like_others_and_a_suppressor_is_remarked_on() {
        let watch = CompositeWatch { rule: Present("ALARM(b)".into()), suppressor: Present("quiet".into()) };
        let whole = Definition { watched: Watched::Alarms(watch), ..acting(&[TOPIC]) };
        assert!(passed(judged(&whole)).ends_with("| while alarm quiet is in ALARM, the actions are suppressed"));
        failed(judged(&composite("a", "ALARM(a)", &[])));
    }

    #[test]
    fn alarms_that_need_tell_nobody_are_named() {
        let named = judge_with(ID, "non_notifying = ['a']", &with(&acting(&[]), Vec::new()));
        assert_eq!(not_applicable(named), "the alarm is named in non_notifying");
        failed(judge_with(ID, "non_notifying = ['b']", &with(&acting(&[]), Vec::new())));
    }

    #[test]
    fn an_alarm_beside_the_stack_is_judged_only_where_the_audit_trail_leads_to_it() {
        let beside = |alarm: Definition| {
            let mut evidence = deployment(vec![filter("root", ROOT_PATTERN)], vec![alarm.clone()]);
            let subject = of_alarm(alarm);
            evidence.subjects.insert(0, Subject { role: Role::External, ..subject });
            evidence
        };
        let silent = |alarm: Definition| Definition { alarm_actions: Vec::new(), ..alarm };
        assert_eq!(failed(judge(ID, &beside(silent(on("root", "a"))))), "nothing happens when the alarm goes off");
        assert!(not_applicable(judge(ID, &beside(silent(on_function("a"))))).starts_with("it is not of the stack"));
    }

    #[test]
    fn no_alarm_at_all_fails_unless_the_stack_could_not_be_read() {
        let evidence = deployment(Vec::new(), Vec::new());
        assert!(failed(judge(ID, &evidence)).starts_with("there is no alarm"));
        let mut unread = deployment(Vec::new(), Vec::new());
        unread.subjects.retain(|subject| subject.kind != Kind::Stack);
        assert!(undecided(judge(ID, &unread)).starts_with("depends on stack-managed-by-cloudformation"));
    }

    #[test]
    fn an_alarm_that_could_not_be_read_is_an_error() {
        let mut evidence = deployment(Vec::new(), Vec::new());
        let alarm = Alarm::unknown(&denial());
        evidence.subjects.insert(0, subject(Kind::Alarm, "a", crate::subject::Resource::Alarm(Box::new(alarm))));
        assert_eq!(undecided(judge(ID, &evidence)), denial().to_string());
    }
}
