//! Whether something checks compliance by itself: AWS Config with a recorder that records, or a schedule of tap-audit.

use serde::Deserialize;

use super::{Channel, Engine, LastStatus, Recorder, RecorderStatus, RecordingScope, Strategy, View};
use crate::check::Context;
use crate::eventbridge;
use crate::evidence::Account;
use crate::observed::{Gap, Observed};
use crate::s3::{RuleState, Switch};
use crate::verdict::{Judgement, Verdict, any, either, every, nothing_to_judge};

/// Parameters of `config-recorder-on`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Recording {
    compliance_engine: Engine,
    tap_audit_rule: String,
    needed_types: Vec<String>,
}

const RECORDERS: &str = "DescribeConfigurationRecorders";
const STATUSES: &str = "DescribeConfigurationRecorderStatus";
const RECORDING: &str = "a customer managed recorder that records and whose last delivery did not fail, and a delivery channel for what it records";
const SCHEDULED: &str = "an enabled scheduled rule with a target that runs tap-audit";

/// One engine is enough; which one was proved stands in the text.
pub(super) fn on(account: &Account, params: &Recording, _context: &Context<'_>) -> Judgement {
    let config = || {
        let verdict = proved(&account.config)?;
        Ok(unrecorded(&account.config, &params.needed_types)?.into_iter().fold(verdict, Verdict::noting))
    };
    let config = || config().map(|verdict: Verdict| verdict.about("AWS Config:"));
    let scheduled = || scheduled(&account.events, &params.tap_audit_rule).map(|verdict| verdict.about("tap-audit:"));
    match params.compliance_engine {
        Engine::Any => either(config(), scheduled),
        Engine::Config => config(),
        Engine::TapAudit => scheduled(),
        // Without a recorder its controls see nothing, whatever it answers itself.
        Engine::Securityhub => every([config(), Err(unread_hub())], nothing_to_judge),
    }
}

fn unread_hub() -> Gap {
    Gap::undecided(
        "whether Security Hub is on was not asked, because that needs securityhub:DescribeHub, which the auditing role's \
         policy leaves out; set compliance_engine to config, on which its controls run",
    )
}

/// Whether AWS Config records: a recorder of the customer's own that works, and a channel. No recorder is an answer.
pub(crate) fn proved(view: &View) -> Judgement {
    let recorders = view.recorders.required(RECORDERS, "ConfigurationRecorders")?;
    let mut own = Vec::new();
    for recorder in recorders {
        match is_customers(recorder) {
            Ok(true) => own.push(records(recorder, view)),
            Ok(false) => {}
            Err(gap) => own.push(Err(gap)),
        }
    }
    if own.is_empty() {
        let observed = match recorders.first() {
            Some(recorder) => format!("recorder {} belongs to an AWS service, and there is no other", recorder.name),
            None => "there is no configuration recorder".into(),
        };
        return Ok(Verdict::not_satisfied(observed, RECORDING));
    }
    every([any(own), delivers(view)], nothing_to_judge)
}

/// A recorder of an AWS service records for that service alone.
fn is_customers(recorder: &Recorder) -> Result<bool, Gap> {
    let internal = match recorder.scope.seen()? {
        Some(RecordingScope::Internal) => true,
        Some(RecordingScope::Paid) | None => false,
    };
    Ok(!internal && recorder.service.seen()?.is_none())
}

fn records(recorder: &Recorder, view: &View) -> Judgement {
    let name = &recorder.name;
    let statuses = view.statuses.required(STATUSES, "ConfigurationRecordersStatus")?;
    let status = statuses.iter().find(|status| status.recorder == *name).ok_or_else(|| Gap::Incomplete {
        operation: STATUSES.into(),
        field: format!("the status of recorder {name}").into(),
    })?;
    match status.recording {
        Switch::Off => Ok(Verdict::not_satisfied(format!("recorder {name} does not record"), RECORDING)),
        Switch::On => last(name, status),
    }
}

fn last(name: &str, status: &RecorderStatus) -> Judgement {
    let observed = format!("recorder {name} records");
    Ok(match status.last.required(STATUSES, "lastStatus")? {
        LastStatus::Success => Verdict::satisfied(format!("{observed} and its last delivery went well")),
        LastStatus::Pending => Verdict::satisfied(observed)
            .noting("its first delivery, or the latest, is still pending; see again whether it goes well"),
        LastStatus::NotApplicable => Verdict::satisfied(observed).noting("it says nothing of its last delivery"),
        LastStatus::Failure => {
            let code = match &status.error {
                Observed::Present(code) => format!(" with {code}"),
                Observed::Absent | Observed::Unknown(_) => String::new(),
            };
            Verdict::not_satisfied(format!("{observed} and its last delivery failed{code}"), RECORDING)
        }
    })
}

fn delivers(view: &View) -> Judgement {
    let channels: &Vec<Channel> = view.channels.required("DescribeDeliveryChannels", "DeliveryChannels")?;
    Ok(match channels.first() {
        Some(channel) => Verdict::satisfied(format!("delivery channel {} takes what is recorded", channel.name)),
        None => Verdict::not_satisfied("there is no delivery channel", RECORDING),
    })
}

/// What is to be said of the types that the customer's recorders leave out.
fn unrecorded(view: &View, needed: &[String]) -> Result<Vec<String>, Gap> {
    let mut remarks = Vec::new();
    for recorder in view.recorders.required(RECORDERS, "ConfigurationRecorders")? {
        if is_customers(recorder) != Ok(true) {
            continue;
        }
        let missing: Vec<&str> = match left_out(recorder, needed) {
            Ok(missing) => missing,
            Err(gap) => {
                remarks.push(format!("what recorder {} records could not be read: {gap}", recorder.name));
                continue;
            }
        };
        if !missing.is_empty() {
            remarks.push(format!("recorder {} does not record {}", recorder.name, missing.join(", ")));
        }
    }
    Ok(remarks)
}

fn left_out<'a>(recorder: &Recorder, needed: &'a [String]) -> Result<Vec<&'a str>, Gap> {
    let Some(group) = recorder.group.seen()? else { return Ok(Vec::new()) };
    let strategy = match (group.strategy.seen()?, group.all_supported) {
        (Some(strategy), _) => *strategy,
        (None, Switch::On) => Strategy::All,
        (None, Switch::Off) => Strategy::Inclusion,
    };
    let is_recorded = |kind: &str| match strategy {
        Strategy::All => !kind.starts_with("AWS::IAM::") || group.global == Switch::On,
        Strategy::Inclusion => group.types.iter().any(|named| named == kind),
        Strategy::Exclusion => !group.excluded.iter().any(|named| named == kind),
    };
    Ok(needed.iter().map(String::as_str).filter(|kind| !is_recorded(kind)).collect())
}

/// Whether the rule that runs tap-audit does so. No name proves nothing; what starts it elsewhere is not seen.
fn scheduled(events: &eventbridge::View, name: &str) -> Judgement {
    if name.is_empty() {
        return Ok(Verdict::not_satisfied("no rule that runs it is named in tap_audit_rule", SCHEDULED)
            .noting("a schedule outside EventBridge cannot be read; waive the requirement where there is one"));
    }
    let rules = events.rules.required("ListRules", "Rules")?;
    let Some(rule) = rules.iter().find(|rule| rule.name == name) else {
        return Ok(Verdict::not_satisfied(format!("the default event bus has no rule {name}"), SCHEDULED));
    };
    let state = rule.state.required("ListRules", "State").map(|state| match state {
        RuleState::Enabled => Verdict::satisfied(format!("rule {name} is enabled")),
        RuleState::Disabled => Verdict::not_satisfied(format!("rule {name} is disabled"), SCHEDULED),
    });
    let schedule = rule.schedule.seen().map(|schedule| match schedule {
        Some(schedule) => Verdict::satisfied(format!("it runs on the schedule {schedule}")),
        None => Verdict::not_satisfied(format!("rule {name} has no schedule"), SCHEDULED),
    });
    let target = rule.targets.required("ListTargetsByRule", "Targets").map(|targets| match targets.first() {
        Some(target) => Verdict::satisfied(format!("it starts {}", target.arn)),
        None => Verdict::not_satisfied(format!("rule {name} has no target"), SCHEDULED),
    });
    every([state, schedule, target], nothing_to_judge)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::*;
    use super::super::{RecordingGroup, View};
    use crate::eventbridge::{self, fixture as events};
    use crate::evidence::{Account, Evidence};
    use crate::fixture::*;
    use crate::observed::Observed::{Absent, Present, Unknown};
    use crate::observed::{Gap, Observed};
    use crate::subject::{Kind, Resource};

    use super::*;

    const ID: &str = "config-recorder-on";
    const NAMED: &str = "tap_audit_rule = 'nightly'";
    const BY_TAP_AUDIT: &str = "compliance_engine = 'tap-audit'\ntap_audit_rule = 'nightly'";
    const RECORDS: &str = "AWS Config: recorder default records and its last delivery went well; delivery channel default takes what is recorded";

    fn with(view: View, events: eventbridge::View) -> Evidence {
        let account = Account { config: view, events, ..Account::unknown(&denial()) };
        evidence(vec![subject(Kind::Account, ACCOUNT, Resource::Account(Box::new(account)))])
    }

    fn of(view: View) -> Evidence {
        with(view, eventbridge::View { rules: seen(Vec::new()) })
    }

    fn reporting(last: Observed<LastStatus>) -> Evidence {
        of(View { statuses: seen(vec![RecorderStatus { last, ..status() }]), ..view() })
    }

    fn recording(group: RecordingGroup) -> Evidence {
        of(View { recorders: seen(vec![Recorder { group: Present(group), ..recorder() }]), ..view() })
    }

    #[test]
    fn a_recorder_that_records_and_delivers_passes() {
        assert_eq!(passed(judge(ID, &of(view()))), RECORDS);
        assert_eq!(passed(judge_with(ID, "compliance_engine = 'config'", &of(view()))), RECORDS);
    }

    #[test]
    fn no_recorder_is_an_answer_and_fails() {
        let none = View { recorders: seen(Vec::new()), statuses: seen(Vec::new()), ..view() };
        let text = failed(judge(ID, &of(none)));
        assert!(
            text.starts_with("AWS Config: there is no configuration recorder; tap-audit: no rule that runs it"),
            "{text}"
        );
    }

    #[test]
    fn a_recorder_of_an_aws_service_does_not_count() {
        let service = Recorder { service: Present("securityhub.amazonaws.com".into()), ..recorder() };
        let internal = Recorder { scope: Present(RecordingScope::Internal), ..recorder() };
        for linked in [service, internal] {
            let text = failed(judge(ID, &of(View { recorders: seen(vec![linked.clone()]), ..view() })));
            assert!(text.contains("recorder default belongs to an AWS service, and there is no other"), "{text}");
            let own = Recorder { name: "own".into(), ..recorder() };
            let statuses = seen(vec![status(), RecorderStatus { recorder: "own".into(), ..status() }]);
            passed(judge(ID, &of(View { recorders: seen(vec![linked, own]), statuses, ..view() })));
        }
    }

    #[test]
    fn a_recorder_that_is_stopped_or_fails_to_deliver_fails() {
        let stopped = RecorderStatus { recording: Switch::Off, last: Absent, ..status() };
        let text = failed(judge(ID, &of(View { statuses: seen(vec![stopped]), ..view() })));
        assert!(text.starts_with("AWS Config: recorder default does not record"), "{text}");
        let failing =
            RecorderStatus { last: Present(LastStatus::Failure), error: Present("AccessDenied".into()), ..status() };
        let text = failed(judge(ID, &of(View { statuses: seen(vec![failing]), ..view() })));
        assert!(text.contains("recorder default records and its last delivery failed with AccessDenied"), "{text}");
        let text = failed(judge(ID, &of(View { channels: seen(Vec::new()), ..view() })));
        assert!(text.contains("there is no delivery channel"), "{text}");
    }

    #[test]
    fn a_delivery_that_is_pending_is_a_note_and_one_of_which_nothing_is_said_an_error() {
        let text = passed(judge(ID, &reporting(Present(LastStatus::Pending))));
        assert!(text.contains("| its first delivery, or the latest, is still pending"), "{text}");
        let text = passed(judge(ID, &reporting(Present(LastStatus::NotApplicable))));
        assert!(text.ends_with("| it says nothing of its last delivery"), "{text}");
        let text = undecided(judge(ID, &reporting(Absent)));
        assert!(text.starts_with("DescribeConfigurationRecorderStatus answered without lastStatus"), "{text}");
        let text = undecided(judge(ID, &of(View { statuses: seen(Vec::new()), ..view() })));
        assert!(text.contains("answered without the status of recorder default"), "{text}");
    }

    #[test]
    fn types_that_are_not_recorded_are_named() {
        let named = RecordingGroup {
            strategy: Present(Strategy::Inclusion),
            all_supported: Switch::Off,
            types: vec!["AWS::KMS::Key".into()],
            ..group()
        };
        let text = passed(judge(ID, &recording(named.clone())));
        assert!(
            text.ends_with(
                "| recorder default does not record AWS::SNS::Topic, AWS::CloudWatch::Alarm, AWS::IAM::Role"
            ),
            "{text}"
        );
        passed(judge(ID, &recording(RecordingGroup { strategy: Absent, ..named })));
        let excluding = RecordingGroup {
            strategy: Present(Strategy::Exclusion),
            all_supported: Switch::Off,
            excluded: vec!["AWS::KMS::Key".into()],
            ..group()
        };
        let text = passed(judge(ID, &recording(excluding)));
        assert!(text.ends_with("| recorder default does not record AWS::KMS::Key"), "{text}");
        let regional = RecordingGroup { strategy: Absent, global: Switch::Off, ..group() };
        let text = passed(judge(ID, &recording(regional)));
        assert!(text.ends_with("| recorder default does not record AWS::IAM::Role"), "{text}");
        let unknown = RecordingGroup { strategy: Unknown(denial()), ..group() };
        let text = passed(judge(ID, &recording(unknown)));
        assert!(text.contains("| what recorder default records could not be read"), "{text}");
        let default = View { recorders: seen(vec![Recorder { group: Absent, ..recorder() }]), ..view() };
        assert_eq!(passed(judge(ID, &of(default))), RECORDS);
    }

    #[test]
    fn a_schedule_of_tap_audit_is_an_engine_too() {
        let none = || View { recorders: seen(Vec::new()), ..view() };
        let running = || eventbridge::View { rules: seen(vec![events::scheduled("nightly")]) };
        let text = passed(judge_with(ID, NAMED, &with(none(), running())));
        assert!(
            text.starts_with(
                "tap-audit: rule nightly is enabled; it runs on the schedule rate(1 day); it starts arn:aws:lambda:"
            ),
            "{text}"
        );
        passed(judge_with(ID, BY_TAP_AUDIT, &with(View::unknown(&denial()), running())));
        let text = failed(judge_with(ID, BY_TAP_AUDIT, &of(view())));
        assert!(text.starts_with("tap-audit: the default event bus has no rule nightly"), "{text}");
    }

    #[test]
    fn a_rule_that_does_not_run_tap_audit_proves_nothing() {
        let rule = || events::scheduled("nightly");
        for (rule, why) in [
            (eventbridge::Rule { state: Present(RuleState::Disabled), ..rule() }, "rule nightly is disabled"),
            (eventbridge::Rule { schedule: Absent, ..rule() }, "rule nightly has no schedule"),
            (eventbridge::Rule { targets: seen(Vec::new()), ..rule() }, "rule nightly has no target"),
        ] {
            let evidence = with(view(), eventbridge::View { rules: seen(vec![rule]) });
            let text = failed(judge_with(ID, BY_TAP_AUDIT, &evidence));
            assert_eq!(text, format!("tap-audit: {why}"));
        }
        let text = failed(judge_with(ID, "compliance_engine = 'tap-audit'", &of(view())));
        assert!(
            text.contains("no rule that runs it is named in tap_audit_rule | a schedule outside EventBridge"),
            "{text}"
        );
    }

    #[test]
    fn security_hub_is_not_asked_about() {
        let hub = "compliance_engine = 'securityhub'";
        let text = undecided(judge_with(ID, hub, &of(view())));
        assert!(text.starts_with("whether Security Hub is on was not asked"), "{text}");
        let text = failed(judge_with(ID, hub, &of(View { recorders: seen(Vec::new()), ..view() })));
        assert!(text.starts_with("AWS Config: there is no configuration recorder"), "{text}");
    }

    #[test]
    fn what_could_not_be_read_is_an_error_unless_the_other_engine_is_proved() {
        let unread = || View { recorders: denied(), ..view() };
        assert_eq!(undecided(judge(ID, &of(unread()))), denial().to_string());
        let unreadable = || Recorder { service: Unknown(denial()), ..recorder() };
        assert_eq!(
            undecided(judge(ID, &of(View { recorders: seen(vec![unreadable()]), ..view() }))),
            denial().to_string()
        );
        let running = eventbridge::View { rules: seen(vec![events::scheduled("nightly")]) };
        let text = passed(judge_with(ID, NAMED, &with(unread(), running)));
        assert!(text.ends_with(&format!("| {}", denial())), "{text}");
        assert_eq!(
            undecided(judge(
                ID,
                &evidence(vec![subject(
                    Kind::Account,
                    ACCOUNT,
                    Resource::Account(Box::new(Account::unknown(&Gap::undecided("nothing"))))
                )])
            )),
            "nothing"
        );
    }
}
