//! AWS Config: what is read of it.

use aws_sdk_config::types;
use tap_audit_checks::config::{
    Channel, Compliance, EvaluationMode, LastStatus, Owner, Recorder, RecorderStatus, RecordingGroup, RecordingScope,
    Rule, RuleCompliance, RuleState, Strategy, View,
};
use tap_audit_checks::observed::{Gap, Observed, Seen};
use tap_audit_checks::s3::Switch;

use crate::collect::call::Call;
use crate::collect::{Walk, eventbridge, sns};

const RECORDERS: Call = Call {
    service: "config",
    operation: "DescribeConfigurationRecorders",
    permission: "config:DescribeConfigurationRecorders",
    absent: &[],
    denied_or: None,
};
const STATUSES: Call = Call {
    service: "config",
    operation: "DescribeConfigurationRecorderStatus",
    permission: "config:DescribeConfigurationRecorderStatus",
    absent: &[],
    denied_or: None,
};
const CHANNELS: Call = Call {
    service: "config",
    operation: "DescribeDeliveryChannels",
    permission: "config:DescribeDeliveryChannels",
    absent: &[],
    denied_or: None,
};
const RULES: Call = Call {
    service: "config",
    operation: "DescribeConfigRules",
    permission: "config:DescribeConfigRules",
    absent: &[],
    denied_or: None,
};
const COMPLIANCE: Call = Call {
    service: "config",
    operation: "DescribeComplianceByConfigRule",
    permission: "config:DescribeComplianceByConfigRule",
    absent: &[],
    denied_or: None,
};

/// Every call of this file, for plans and for the policy that the auditing role needs.
pub(crate) const CALLS: &[&Call] = &[&RECORDERS, &STATUSES, &CHANNELS, &RULES, &COMPLIANCE];

/// Collects what the account holds of AWS Config in the run's region, and reaches the topics of its delivery channels,
/// and the roles that it publishes to them as.
pub(crate) async fn view(walk: &Walk<'_>) -> View {
    if !walk.scope.selects(&["compliance-violation-alert-routed", "config-", "sns-"]) {
        return View::unknown(&Gap::NotCollected {
            what: "no requirement of the profile asks about AWS Config".into(),
        });
    }
    let (recorders, statuses, channels, rules, compliance) =
        tokio::join!(recorders(walk), statuses(walk), channels(walk), rules(walk), compliance(walk));
    reach_publishing(walk, &channels, &recorders);
    View { recorders, statuses, channels, rules, compliance }
}

/// Reaches the topics that hear of changes, and, where there is one, the roles by which they are told.
fn reach_publishing(walk: &Walk<'_>, channels: &Seen<Vec<Channel>>, recorders: &Seen<Vec<Recorder>>) {
    let Observed::Present(channels) = channels.observed() else { return };
    let mut topics = channels.iter().filter_map(|channel| match &channel.topic {
        Observed::Present(topic) => Some(topic),
        Observed::Absent | Observed::Unknown(_) => None,
    });
    let Some(first) = topics.next() else { return };
    for topic in std::iter::once(first).chain(topics) {
        eventbridge::reach_topic(walk, topic, "topic of AWS Config's delivery channel");
    }
    if let Observed::Present(recorders) = recorders.observed() {
        for recorder in recorders {
            sns::reach_publishing_role(walk, &recorder.role, "role of AWS Config's recorder");
        }
    }
}

/// Lists the recorders; Config answers with all of them at once.
async fn recorders(walk: &Walk<'_>) -> Seen<Vec<Recorder>> {
    walk.aws
        .ask(
            &RECORDERS,
            &walk.region,
            &[],
            |clients| clients.config().describe_configuration_recorders().send(),
            |answer| all(answer.configuration_recorders.as_deref(), &RECORDERS, "ConfigurationRecorders", recorder),
        )
        .await
}

/// The members of a list that an answer always holds.
fn all<A, R>(
    list: Option<&[A]>,
    call: &'static Call,
    field: &'static str,
    read: impl Fn(&A) -> Result<R, Gap>,
) -> Observed<Vec<R>> {
    let Some(list) = list else { return Observed::Unknown(call.incomplete(field)) };
    match list.iter().map(read).collect() {
        Ok(members) => Observed::Present(members),
        Err(gap) => Observed::Unknown(gap),
    }
}

fn recorder(found: &types::ConfigurationRecorder) -> Result<Recorder, Gap> {
    Ok(Recorder {
        name: found.name().ok_or_else(|| RECORDERS.incomplete("name"))?.to_owned(),
        service: Observed::of(found.service_principal().map(str::to_owned)),
        scope: match found.recording_scope().map(types::RecordingScope::as_str) {
            Some("INTERNAL") => Observed::Present(RecordingScope::Internal),
            Some("PAID") => Observed::Present(RecordingScope::Paid),
            Some(other) => RECORDERS.unrecognised("recordingScope", other),
            None => Observed::Absent,
        },
        role: Observed::of(found.role_arn().map(str::to_owned)),
        group: Observed::of(found.recording_group().map(group)),
    })
}

fn group(found: &types::RecordingGroup) -> RecordingGroup {
    let names = |kinds: &[types::ResourceType]| kinds.iter().map(|kind| kind.as_str().to_owned()).collect();
    let strategy = found.recording_strategy().and_then(types::RecordingStrategy::use_only);
    RecordingGroup {
        strategy: match strategy.map(types::RecordingStrategyType::as_str) {
            Some("ALL_SUPPORTED_RESOURCE_TYPES") => Observed::Present(Strategy::All),
            Some("INCLUSION_BY_RESOURCE_TYPES") => Observed::Present(Strategy::Inclusion),
            Some("EXCLUSION_BY_RESOURCE_TYPES") => Observed::Present(Strategy::Exclusion),
            Some(other) => RECORDERS.unrecognised("recordingStrategy.useOnly", other),
            None => Observed::Absent,
        },
        all_supported: Switch::from(found.all_supported()),
        global: Switch::from(found.include_global_resource_types()),
        types: names(found.resource_types()),
        excluded: names(found.exclusion_by_resource_types().map_or(&[][..], |excluded| excluded.resource_types())),
    }
}

async fn statuses(walk: &Walk<'_>) -> Seen<Vec<RecorderStatus>> {
    walk.aws
        .ask(
            &STATUSES,
            &walk.region,
            &[],
            |clients| clients.config().describe_configuration_recorder_status().send(),
            |answer| {
                let list = answer.configuration_recorders_status.as_deref();
                all(list, &STATUSES, "ConfigurationRecordersStatus", status)
            },
        )
        .await
}

fn status(found: &types::ConfigurationRecorderStatus) -> Result<RecorderStatus, Gap> {
    Ok(RecorderStatus {
        recorder: found.name().ok_or_else(|| STATUSES.incomplete("name"))?.to_owned(),
        recording: Switch::from(found.recording()),
        last: last(found.last_status().map(types::RecorderStatus::as_str)),
        error: Observed::of(found.last_error_code().filter(|code| !code.is_empty()).map(str::to_owned)),
    })
}

/// The API writes `SUCCESS` where its model says `Success`.
fn last(token: Option<&str>) -> Observed<LastStatus> {
    let Some(token) = token else { return Observed::Absent };
    match token.replace('_', "").to_ascii_lowercase().as_str() {
        "pending" => Observed::Present(LastStatus::Pending),
        "success" => Observed::Present(LastStatus::Success),
        "failure" => Observed::Present(LastStatus::Failure),
        "notapplicable" => Observed::Present(LastStatus::NotApplicable),
        _ => STATUSES.unrecognised("lastStatus", token),
    }
}

async fn channels(walk: &Walk<'_>) -> Seen<Vec<Channel>> {
    walk.aws
        .ask(
            &CHANNELS,
            &walk.region,
            &[],
            |clients| clients.config().describe_delivery_channels().send(),
            |answer| all(answer.delivery_channels.as_deref(), &CHANNELS, "DeliveryChannels", channel),
        )
        .await
}

fn channel(found: &types::DeliveryChannel) -> Result<Channel, Gap> {
    Ok(Channel {
        name: found.name().ok_or_else(|| CHANNELS.incomplete("name"))?.to_owned(),
        topic: Observed::of(found.sns_topic_arn().filter(|arn| !arn.is_empty()).map(str::to_owned)),
    })
}

async fn rules(walk: &Walk<'_>) -> Seen<Vec<Rule>> {
    walk.aws
        .ask_all(
            &RULES,
            &walk.region,
            &[],
            |clients, token| clients.config().describe_config_rules().set_next_token(token).send(),
            |answer| answer.next_token().map(str::to_owned),
            |answer| answer.config_rules().iter().map(rule).collect(),
        )
        .await
}

fn rule(found: &types::ConfigRule) -> Result<Rule, Gap> {
    let source = found.source();
    Ok(Rule {
        name: found.config_rule_name().ok_or_else(|| RULES.incomplete("ConfigRuleName"))?.to_owned(),
        owner: match source.map(|source| source.owner().as_str()) {
            Some("AWS") => Observed::Present(Owner::Aws),
            Some("CUSTOM_LAMBDA") => Observed::Present(Owner::CustomLambda),
            Some("CUSTOM_POLICY") => Observed::Present(Owner::CustomPolicy),
            Some(other) => RULES.unrecognised("Source.Owner", other),
            None => Observed::Unknown(RULES.incomplete("Source.Owner")),
        },
        identifier: Observed::of(source.and_then(types::Source::source_identifier).map(str::to_owned)),
        state: match found.config_rule_state().map(types::ConfigRuleState::as_str) {
            Some("ACTIVE") => Observed::Present(RuleState::Active),
            Some("EVALUATING") => Observed::Present(RuleState::Evaluating),
            Some("DELETING") => Observed::Present(RuleState::Deleting),
            Some("DELETING_RESULTS") => Observed::Present(RuleState::DeletingResults),
            Some(other) => RULES.unrecognised("ConfigRuleState", other),
            None => Observed::Unknown(RULES.incomplete("ConfigRuleState")),
        },
        modes: modes(found.evaluation_modes.as_deref()),
    })
}

fn modes(found: Option<&[types::EvaluationModeConfiguration]>) -> Observed<Vec<EvaluationMode>> {
    let Some(found) = found else { return Observed::Absent };
    let read = found.iter().map(|mode| match mode.mode().map(types::EvaluationMode::as_str) {
        Some("DETECTIVE") => Ok(EvaluationMode::Detective),
        Some("PROACTIVE") => Ok(EvaluationMode::Proactive),
        Some(other) => Err(RULES.unknown_token("EvaluationModes.Mode", other)),
        None => Err(RULES.incomplete("EvaluationModes.Mode")),
    });
    match read.collect() {
        Ok(modes) => Observed::Present(modes),
        Err(gap) => Observed::Unknown(gap),
    }
}

async fn compliance(walk: &Walk<'_>) -> Seen<Vec<RuleCompliance>> {
    if !walk.scope.selects(&["config-rules-compliant"]) {
        return Seen::gap(Gap::NotCollected { what: "no requirement of the profile asks what rules say".into() });
    }
    walk.aws
        .ask_all(
            &COMPLIANCE,
            &walk.region,
            &[],
            |clients, token| clients.config().describe_compliance_by_config_rule().set_next_token(token).send(),
            |answer| answer.next_token().map(str::to_owned),
            |answer| answer.compliance_by_config_rules().iter().map(said).collect(),
        )
        .await
}

fn said(found: &types::ComplianceByConfigRule) -> Result<RuleCompliance, Gap> {
    let kind = found.compliance().and_then(types::Compliance::compliance_type);
    Ok(RuleCompliance {
        rule: found.config_rule_name().ok_or_else(|| COMPLIANCE.incomplete("ConfigRuleName"))?.to_owned(),
        compliance: match kind.map(types::ComplianceType::as_str) {
            Some("COMPLIANT") => Observed::Present(Compliance::Compliant),
            Some("NON_COMPLIANT") => Observed::Present(Compliance::NonCompliant),
            Some("NOT_APPLICABLE") => Observed::Present(Compliance::NotApplicable),
            Some("INSUFFICIENT_DATA") => Observed::Present(Compliance::InsufficientData),
            Some(other) => COMPLIANCE.unrecognised("Compliance.ComplianceType", other),
            None => Observed::Unknown(COMPLIANCE.incomplete("Compliance.ComplianceType")),
        },
    })
}

#[cfg(test)]
mod tests {
    use tap_audit_checks::subject::Kind;

    use super::*;
    use crate::collect::fixture::{scope, scope_of, walked};
    use crate::replay::{Account, Answer};

    const TOPIC: &str = "arn:aws:sns:us-east-2:123456789012:changes";

    fn account(answers: &[(&str, String)]) -> Account {
        let mut account =
            Account::from_files("test", [("account.toml", "[account]\nid = \"123456789012\"\n")]).unwrap();
        for (operation, body) in answers {
            account = account.answer("configservice", operation, &[], Answer::ok(body.clone())).unwrap();
        }
        account
    }

    fn answers() -> Vec<(&'static str, String)> {
        vec![
            (
                "DescribeConfigurationRecorders",
                r#"{"ConfigurationRecorders":[{"name":"default","recordingScope":"PAID","roleARN":"arn:aws:iam::123456789012:role/audit/recorder","recordingGroup":{"allSupported":false,"includeGlobalResourceTypes":false,"resourceTypes":["AWS::KMS::Key"],"recordingStrategy":{"useOnly":"INCLUSION_BY_RESOURCE_TYPES"}}}]}"#.into(),
            ),
            (
                "DescribeConfigurationRecorderStatus",
                r#"{"ConfigurationRecordersStatus":[{"name":"default","recording":true,"lastStatus":"SUCCESS"}]}"#.into(),
            ),
            (
                "DescribeDeliveryChannels",
                format!(r#"{{"DeliveryChannels":[{{"name":"default","s3BucketName":"b","snsTopicARN":"{TOPIC}"}}]}}"#),
            ),
            (
                "DescribeConfigRules",
                r#"{"ConfigRules":[{"ConfigRuleName":"sns","ConfigRuleState":"ACTIVE","Source":{"Owner":"AWS","SourceIdentifier":"SNS_ENCRYPTED_KMS"},"EvaluationModes":[{"Mode":"DETECTIVE"}]}]}"#.into(),
            ),
            (
                "DescribeComplianceByConfigRule",
                r#"{"ComplianceByConfigRules":[{"ConfigRuleName":"sns","Compliance":{"ComplianceType":"NON_COMPLIANT"}}]}"#.into(),
            ),
        ]
    }

    fn altered(operation: &str, body: &str) -> Account {
        let mut all = answers();
        for (known, text) in &mut all {
            if *known == operation {
                body.clone_into(text);
            }
        }
        account(&all)
    }

    async fn seen(account: Account) -> View {
        walked(account, &scope_of(&["config-rules-compliant"]), view).await.0
    }

    #[tokio::test]
    async fn what_config_answers_is_read_and_its_topic_and_role_are_reached() {
        let ((view, found), replay) = walked(account(&answers()), &scope_of(&["config-"]), async |walk| {
            let view = view(walk).await;
            (view, walk.take_found())
        })
        .await;
        let [(topic, of_topic), (role, of_role)] = found.as_slice() else { panic!("topic and role, found {found:?}") };
        assert_eq!((topic.kind, topic.id.as_str()), (Kind::Topic, TOPIC));
        assert_eq!(of_topic.to_string(), "topic of AWS Config's delivery channel of AWS::::Account 123456789012");
        assert_eq!((role.kind, role.id.as_str()), (Kind::Role, "recorder"));
        assert_eq!(of_role.to_string(), "role of AWS Config's recorder of AWS::::Account 123456789012");
        let Observed::Present(recorders) = view.recorders.observed() else { panic!("{:?}", view.recorders) };
        assert_eq!((recorders[0].name.as_str(), &recorders[0].service), ("default", &Observed::Absent));
        let Observed::Present(group) = &recorders[0].group else { panic!("a group") };
        assert_eq!((&group.strategy, group.all_supported), (&Observed::Present(Strategy::Inclusion), Switch::Off));
        assert_eq!(group.types, ["AWS::KMS::Key"]);
        let Observed::Present(statuses) = view.statuses.observed() else { panic!("{:?}", view.statuses) };
        assert_eq!((statuses[0].recording, &statuses[0].last), (Switch::On, &Observed::Present(LastStatus::Success)));
        let Observed::Present(rules) = view.rules.observed() else { panic!("{:?}", view.rules) };
        assert_eq!(rules[0].modes, Observed::Present(vec![EvaluationMode::Detective]));
        assert!(replay.unrecorded().is_empty());
    }

    #[tokio::test]
    async fn nothing_is_asked_where_no_requirement_asks_for_it() {
        let (view, replay) = walked(account(&[]), &scope(), view).await;
        assert!(matches!(view.recorders.observed(), Observed::Unknown(Gap::NotCollected { .. })));
        assert_eq!(replay.counts().values().sum::<u64>(), 0);
    }

    #[tokio::test]
    async fn what_rules_say_is_only_asked_where_that_is_judged() {
        let ((view, _), replay) =
            walked(account(&answers()), &scope_of(&["config-recorder-on"]), async |walk| (view(walk).await, ())).await;
        assert!(matches!(view.compliance.observed(), Observed::Unknown(Gap::NotCollected { .. })));
        assert_eq!(replay.counts().values().sum::<u64>(), 4);
        let asked = seen(account(&answers())).await;
        let Observed::Present(said) = asked.compliance.observed() else { panic!("{:?}", asked.compliance) };
        assert_eq!(said[0].compliance, Observed::Present(Compliance::NonCompliant));
    }

    #[tokio::test]
    async fn no_recorder_is_an_empty_list_and_a_missing_list_a_gap() {
        let none = seen(altered("DescribeConfigurationRecorders", r#"{"ConfigurationRecorders":[]}"#)).await;
        assert_eq!(none.recorders.observed(), &Observed::Present(Vec::new()));
        let missing = seen(altered("DescribeConfigurationRecorders", "{}")).await;
        assert_eq!(missing.recorders.observed(), &Observed::Unknown(RECORDERS.incomplete("ConfigurationRecorders")));
    }

    #[tokio::test]
    async fn tokens_that_are_not_known_are_gaps() {
        let newer = r#"{"ConfigRules":[{"ConfigRuleName":"r","ConfigRuleState":"NEWER","Source":{"Owner":"NEWER"},"EvaluationModes":[{"Mode":"NEWER"}]}]}"#;
        let view = seen(altered("DescribeConfigRules", newer)).await;
        let Observed::Present(rules) = view.rules.observed() else { panic!("{:?}", view.rules) };
        assert_eq!(rules[0].state, RULES.unrecognised("ConfigRuleState", "NEWER"));
        assert_eq!(rules[0].owner, RULES.unrecognised("Source.Owner", "NEWER"));
        assert_eq!(rules[0].modes, RULES.unrecognised("EvaluationModes.Mode", "NEWER"));
        assert_eq!(last(Some("Newer")), STATUSES.unrecognised("lastStatus", "Newer"));
        assert_eq!(last(Some("Failure")), Observed::Present(LastStatus::Failure));
        assert_eq!(last(Some("NOT_APPLICABLE")), Observed::Present(LastStatus::NotApplicable));
        assert_eq!(last(None), Observed::Absent);
    }

    #[tokio::test]
    async fn every_page_of_rules_is_read() {
        let first = r#"{"ConfigRules":[],"NextToken":"more"}"#;
        let second = r#"{"ConfigRules":[{"ConfigRuleName":"late","ConfigRuleState":"ACTIVE","Source":{"Owner":"AWS","SourceIdentifier":"X"}}]}"#;
        let account = altered("DescribeConfigRules", first)
            .answer("configservice", "DescribeConfigRules", &[("NextToken", "more")], Answer::ok(second))
            .unwrap();
        let view = seen(account).await;
        let Observed::Present(rules) = view.rules.observed() else { panic!("{:?}", view.rules) };
        assert_eq!((rules.len(), rules[0].name.as_str()), (1, "late"));
    }
}
