//! Whether an alert that cannot be handed over leaves a trace: a queue behind every target of a rule.

use serde::Deserialize;

use super::{RULES, Rule, TARGETS, Target};
use crate::check::Context;
use crate::cloudformation::Stack;
use crate::evidence::Account;
use crate::observed::{Gap, Observed};
use crate::sns::{Protocol, Subscription, SubscriptionState, Topic};
use crate::subject::{Role, Subject};
use crate::verdict::{Judgement, Verdict, every};

/// Parameters of `monitoring-error-handling`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Handling {
    mode: Mode,
}

/// What a target without a queue means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Mode {
    /// It is shown: the client's text asks for error handling and names no mechanism.
    Advice,
    /// It fails.
    Require,
}

const EXPECTED: &str =
    "a dead-letter queue behind each target of a rule and each https, sqs, lambda and firehose subscription";
const UNREAD: &str = "whether the queues exist and let the service in was not read";

/// Alarms and subscribers by e-mail or text message need no queue, so that nothing to look at is no failure.
pub(super) fn handled(account: &Account, params: &Handling, context: &Context<'_>) -> Judgement {
    let mut parts = of_rules(account, context);
    for (subject, topic) in context.evidence.all::<Topic>().filter(|(subject, _)| subject.role != Role::External) {
        parts.extend(of_topic(subject, topic));
    }
    let none = || Ok(Verdict::not_applicable("nothing that tells of an alert can have a dead-letter queue"));
    let verdict = every(parts, none)?;
    Ok(match (params.mode, verdict) {
        (Mode::Advice, verdict) => {
            verdict.unjudged("give each of them a dead-letter queue, so that a lost alert leaves a trace")
        }
        (Mode::Require, verdict @ Verdict::Satisfied { .. }) => verdict.noting(UNREAD),
        (Mode::Require, verdict) => verdict,
    })
}

fn of_rules(account: &Account, context: &Context<'_>) -> Vec<Judgement> {
    let rules = match account.events.rules.required(RULES, "Rules") {
        Ok(rules) => rules,
        Err(gap) => return vec![Err(gap)],
    };
    let parts = rules.iter().flat_map(|rule| match is_audited(rule, context) {
        Ok(true) => of_rule(rule),
        Ok(false) => Vec::new(),
        Err(gap) => vec![Err(gap)],
    });
    parts.collect()
}

/// A rule is audited that is the stack's, or that takes something to a topic of the audit.
fn is_audited(rule: &Rule, context: &Context<'_>) -> Result<bool, Gap> {
    let to_topic = match rule.targets.seen()? {
        Some(targets) => targets.iter().any(|target| is_audited_topic(target, context)),
        None => false,
    };
    if to_topic {
        return Ok(true);
    }
    for (_, stack) in context.evidence.all::<Stack>() {
        let members = stack.members.required("ListStackResources", "StackResourceSummaries")?;
        let holds = members.iter().any(|member| {
            // A rule of the default bus is named by its name alone.
            member.kind == "AWS::Events::Rule"
                && member.is_live()
                && member.physical_id == Observed::Present(rule.name.clone())
        });
        if holds {
            return Ok(true);
        }
    }
    Ok(false)
}

fn is_audited_topic(target: &Target, context: &Context<'_>) -> bool {
    context
        .evidence
        .all::<Topic>()
        .any(|(subject, _)| subject.role != Role::External && subject.names().contains(target.arn.as_str()))
}

fn of_rule(rule: &Rule) -> Vec<Judgement> {
    let targets = match rule.targets.required(TARGETS, "Targets") {
        Ok(targets) => targets,
        Err(gap) => return vec![Err(gap)],
    };
    let each = targets.iter().map(|target| {
        let what = format!("target {} of rule {}", target.id, rule.name);
        Ok(match target.dead_letter.seen()? {
            Some(queue) => Verdict::satisfied(format!("{what} has the dead-letter queue {queue}")),
            None => Verdict::not_satisfied(format!("{what} has no dead-letter queue"), EXPECTED),
        })
    });
    each.collect()
}

/// The confirmed subscriptions of a topic that can have a queue; others cannot be asked, or have nothing to lose.
fn of_topic(subject: &Subject, topic: &Topic) -> Vec<Judgement> {
    let subscriptions = match topic.subscriptions.required("ListSubscriptionsByTopic", "Subscriptions") {
        Ok(subscriptions) => subscriptions,
        Err(gap) => return vec![Err(gap)],
    };
    subscriptions.iter().filter_map(|subscription| of_subscription(subject, subscription).transpose()).collect()
}

fn of_subscription(subject: &Subject, subscription: &Subscription) -> Result<Option<Verdict>, Gap> {
    let arn = match subscription.state.required("ListSubscriptionsByTopic", "SubscriptionArn")? {
        SubscriptionState::Confirmed(arn) => arn,
        SubscriptionState::Pending | SubscriptionState::Deleted => return Ok(None),
    };
    let protocol = *subscription.protocol.required("ListSubscriptionsByTopic", "Protocol")?;
    match protocol {
        Protocol::Https | Protocol::Sqs | Protocol::Lambda | Protocol::Firehose => {}
        Protocol::Http | Protocol::Email | Protocol::EmailJson | Protocol::Sms | Protocol::Application => {
            return Ok(None);
        }
    }
    let what = format!("the {} subscription {arn} of topic {}", protocol.name(), subject.id);
    Ok(Some(match subscription.redrive.seen()? {
        Some(queue) => Verdict::satisfied(format!("{what} has the dead-letter queue {queue}")),
        None => Verdict::not_satisfied(format!("{what} has no dead-letter queue"), EXPECTED),
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::View;
    use super::super::fixture::*;
    use super::*;
    use crate::config;
    use crate::evidence::Evidence;
    use crate::fixture::*;
    use crate::observed::Observed::Present;
    use crate::observed::Seen;
    use crate::sns::fixture as sns;
    use crate::subject::Resource;

    const ID: &str = "monitoring-error-handling";
    const REQUIRE: &str = "mode = 'require'";
    const QUEUE: &str = "arn:aws:sqs:us-east-2:123456789012:lost";

    fn alert(targets: Vec<Target>) -> Rule {
        Rule { targets: seen(targets), ..rule("alert", json!({"source": ["aws.config"]})) }
    }

    fn queued(arn: &str) -> Target {
        Target { dead_letter: Present(QUEUE.into()), ..target(arn) }
    }

    #[test]
    fn each_target_needs_a_queue_where_that_is_required() {
        let both = alert(vec![queued(&topic_arn("alerts")), queued("arn:aws:lambda:x")]);
        let text = passed(judge_with(ID, REQUIRE, &with_rules(vec![both])));
        assert_eq!(text, format!("target t of rule alert has the dead-letter queue {QUEUE} | {UNREAD}"));
        let one = alert(vec![queued(&topic_arn("alerts")), target("arn:aws:lambda:x")]);
        let text = failed(judge_with(ID, REQUIRE, &with_rules(vec![one])));
        assert_eq!(text, "target t of rule alert has no dead-letter queue");
    }

    #[test]
    fn a_target_without_a_queue_is_advice_by_default() {
        let text = not_applicable(judge(ID, &with_rules(vec![alert(vec![target(&topic_arn("alerts"))])])));
        assert_eq!(
            text,
            "target t of rule alert has no dead-letter queue | advice: give each of them a dead-letter queue, so that a lost alert leaves a trace"
        );
    }

    #[test]
    fn rules_of_the_stack_and_of_its_topics_are_looked_at_and_no_others() {
        let stranger = alert(vec![target("arn:aws:lambda:x")]);
        let text = not_applicable(judge_with(ID, REQUIRE, &with_rules(vec![stranger.clone()])));
        assert_eq!(text, "nothing that tells of an alert can have a dead-letter queue");
        let of_stack = |stack: Subject| -> Evidence {
            with(View { rules: seen(vec![stranger.clone()]) }, config::fixture::view(), vec![stack])
        };
        failed(judge_with(ID, REQUIRE, &of_stack(stack_holding("alert"))));
        not_applicable(judge_with(ID, REQUIRE, &of_stack(stack_holding("other"))));
        let mut external = topic("alerts");
        external.role = Role::External;
        let events = View { rules: seen(vec![alert(vec![target(&topic_arn("alerts"))])]) };
        not_applicable(judge_with(ID, REQUIRE, &with(events, config::fixture::view(), vec![external])));
    }

    #[test]
    fn what_could_not_be_read_is_an_error() {
        let unread = View { rules: denied() };
        assert_eq!(undecided(judge(ID, &with(unread, config::fixture::view(), Vec::new()))), denial().to_string());
        let targetless = Rule { targets: denied(), ..alert(Vec::new()) };
        assert_eq!(undecided(judge_with(ID, REQUIRE, &with_rules(vec![targetless]))), denial().to_string());
        let stack = Stack::unknown(&denial());
        let stack = subject(crate::subject::Kind::Stack, "T", Resource::Stack(Box::new(stack)));
        let events = View { rules: seen(vec![alert(vec![target("arn:aws:lambda:x")])]) };
        assert_eq!(
            undecided(judge_with(ID, REQUIRE, &with(events, config::fixture::view(), vec![stack]))),
            denial().to_string()
        );
        let unsaid = alert(vec![Target { dead_letter: Observed::Unknown(denial()), ..target(&topic_arn("alerts")) }]);
        assert_eq!(undecided(judge_with(ID, REQUIRE, &with_rules(vec![unsaid]))), denial().to_string());
    }

    fn subscribed(subscriptions: Seen<Vec<Subscription>>) -> Evidence {
        let topic = sns::of_topic(Topic { subscriptions, ..sns::topic() });
        with(View { rules: seen(Vec::new()) }, config::fixture::view(), vec![topic])
    }

    #[test]
    fn each_subscription_that_can_have_a_queue_needs_one_where_that_is_required() {
        for protocol in [Protocol::Https, Protocol::Sqs, Protocol::Lambda, Protocol::Firehose] {
            let lost = sns::subscriber(protocol);
            assert_eq!(
                failed(judge_with(ID, REQUIRE, &subscribed(seen(vec![lost.clone()])))),
                format!(
                    "the {} subscription {topic}:1 of topic {topic} has no dead-letter queue",
                    protocol.name(),
                    topic = sns::TOPIC
                )
            );
            let kept = Subscription { redrive: seen(QUEUE.into()), ..lost };
            passed(judge_with(ID, REQUIRE, &subscribed(seen(vec![kept]))));
        }
    }

    #[test]
    fn subscribers_that_can_have_no_queue_or_are_not_confirmed_need_none() {
        for protocol in [Protocol::Email, Protocol::EmailJson, Protocol::Sms, Protocol::Application, Protocol::Http] {
            not_applicable(judge_with(ID, REQUIRE, &subscribed(seen(vec![sns::subscriber(protocol)]))));
        }
        for state in [SubscriptionState::Pending, SubscriptionState::Deleted] {
            let subscription = sns::in_state(state, Protocol::Sqs);
            not_applicable(judge_with(ID, REQUIRE, &subscribed(seen(vec![subscription]))));
        }
    }

    #[test]
    fn subscriptions_that_could_not_be_read_are_an_error() {
        assert_eq!(undecided(judge(ID, &subscribed(denied()))), denial().to_string());
        let unread = Subscription { redrive: denied(), ..sns::subscriber(Protocol::Sqs) };
        assert_eq!(undecided(judge_with(ID, REQUIRE, &subscribed(seen(vec![unread])))), denial().to_string());
        let stateless = Subscription { state: Observed::Unknown(denial()), ..sns::subscriber(Protocol::Sqs) };
        assert_eq!(undecided(judge_with(ID, REQUIRE, &subscribed(seen(vec![stateless])))), denial().to_string());
    }
}
