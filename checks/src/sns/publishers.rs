//! Who publishes to a topic: worked out from what was seen of alarms, rules, trails and AWS Config.

use crate::check::Context;
use crate::cloudtrail::{Trail, called};
use crate::cloudwatch::Definition;
use crate::evidence::Account;
use crate::observed::{Gap, Observed};

/// Somebody who publishes to the topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Publisher {
    /// An alarm of CloudWatch that has the topic among its actions.
    Alarm {
        /// Its name.
        name: String,
        /// Its ARN.
        arn: String,
    },
    /// A rule of EventBridge that has the topic for a target.
    Rule {
        /// Its name.
        name: String,
        /// Its ARN.
        arn: String,
        /// The role that the target names; `None` for most, which publish under the service's own name.
        role: Option<String>,
    },
    /// A trail that says by the topic that it delivered.
    Trail {
        /// Its name.
        name: String,
        /// Its ARN.
        arn: String,
    },
    /// The delivery channel of AWS Config, which publishes as the recorder's role.
    Config {
        /// The ARN of the role.
        role: String,
    },
}

impl Publisher {
    /// Its name for a reader.
    pub(crate) fn shown(&self) -> String {
        match self {
            Publisher::Alarm { name, .. } => format!("alarm `{name}`"),
            Publisher::Rule { name, .. } => format!("rule `{name}`"),
            Publisher::Trail { name, .. } => format!("trail `{name}`"),
            Publisher::Config { .. } => "AWS Config".to_owned(),
        }
    }
}

/// Everybody who publishes to a topic, as far as that was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Publishers {
    /// Those that were seen, whether or not they are switched on at the moment.
    pub(crate) seen: Vec<Publisher>,
    /// What kept others from being seen.
    pub(crate) gaps: Vec<Gap>,
}

impl Publishers {
    /// The publishers of the topic that is judged.
    pub(crate) fn of(context: &Context<'_>) -> Self {
        let mut publishers = Publishers { seen: Vec::new(), gaps: Vec::new() };
        let account = match context.evidence.account() {
            Ok(account) => account,
            Err(gap) => {
                publishers.gaps.push(gap);
                return publishers;
            }
        };
        let (topic, region) = (context.subject.id.as_str(), context.evidence.run.region.as_str());
        if topic.split(':').nth(3) != Some(region) {
            publishers.gaps.push(Gap::NotCollected {
                what: format!("alarms and rules are read in {region} alone, and the topic is in another region").into(),
            });
        }
        publishers.take(alarms(topic, account));
        publishers.take(rules(topic, account));
        publishers.take(trails(topic, account));
        publishers.take(config(topic, account));
        publishers
    }

    fn take(&mut self, found: Vec<Result<Publisher, Gap>>) {
        for found in found {
            match found {
                Ok(publisher) if self.seen.contains(&publisher) => {}
                Ok(publisher) => self.seen.push(publisher),
                Err(gap) => self.gaps.push(gap),
            }
        }
    }
}

/// The alarms that tell the topic when they go off.
fn alarms(topic: &str, account: &Account) -> Vec<Result<Publisher, Gap>> {
    let alarms = match account.cloudwatch.alarms.required("DescribeAlarms", "MetricAlarms") {
        Ok(alarms) => alarms,
        Err(gap) => return vec![Err(gap)],
    };
    let tells = |alarm: &&Definition| alarm.alarm_actions.iter().any(|arn| arn == topic);
    let publisher = |alarm: &Definition| {
        let arn = alarm.arn.required("DescribeAlarms", "AlarmArn")?;
        Ok(Publisher::Alarm { name: alarm.name.clone(), arn: arn.clone() })
    };
    alarms.iter().filter(tells).map(publisher).collect()
}

/// The rules that have the topic for a target, with the role of each such target.
fn rules(topic: &str, account: &Account) -> Vec<Result<Publisher, Gap>> {
    let rules = match account.events.rules.required("ListRules", "Rules") {
        Ok(rules) => rules,
        Err(gap) => return vec![Err(gap)],
    };
    let mut found = Vec::new();
    for rule in rules {
        let targets = match rule.targets.required("ListTargetsByRule", "Targets") {
            Ok(targets) => targets,
            Err(gap) => {
                found.push(Err(gap));
                continue;
            }
        };
        found.extend(targets.iter().filter(|target| target.arn == topic).map(|target| {
            Ok(Publisher::Rule {
                name: rule.name.clone(),
                arn: rule.arn.required("ListRules", "Arn")?.clone(),
                role: target.role.seen()?.cloned(),
            })
        }));
    }
    found
}

/// The trails that tell the topic of each delivery.
fn trails(topic: &str, account: &Account) -> Vec<Result<Publisher, Gap>> {
    let trails = match account.trails.required("DescribeTrails", "trailList") {
        Ok(trails) => trails,
        Err(gap) => return vec![Err(gap)],
    };
    let publishes = |trail: &Trail| match trail.topic.seen() {
        Ok(Some(arn)) if arn == topic => Some(
            trail
                .arn
                .required("DescribeTrails", "TrailARN")
                .map(|arn| Publisher::Trail { name: called(trail).to_owned(), arn: arn.clone() }),
        ),
        Ok(Some(_) | None) => None,
        Err(gap) => Some(Err(gap)),
    };
    trails.iter().filter_map(publishes).collect()
}

/// The recorder of the customer, where a delivery channel names the topic.
fn config(topic: &str, account: &Account) -> Vec<Result<Publisher, Gap>> {
    let channels = match account.config.channels.required("DescribeDeliveryChannels", "DeliveryChannels") {
        Ok(channels) => channels,
        Err(gap) => return vec![Err(gap)],
    };
    let (mut named, mut found) = (false, Vec::new());
    for channel in channels {
        match channel.topic.seen() {
            Ok(arn) => named |= arn.is_some_and(|arn| arn == topic),
            Err(gap) => found.push(Err(gap)),
        }
    }
    if !named {
        return found;
    }
    let recorders = match account.config.recorders.required("DescribeConfigurationRecorders", "ConfigurationRecorders")
    {
        Ok(recorders) => recorders,
        Err(gap) => return vec![Err(gap)],
    };
    // The recorder of another service delivers by no channel of the customer's.
    let own = recorders.iter().filter(|recorder| !matches!(recorder.service, Observed::Present(_)));
    found.extend(own.map(|recorder| {
        let role = recorder.role.required("DescribeConfigurationRecorders", "roleARN")?;
        Ok(Publisher::Config { role: role.clone() })
    }));
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cloudtrail::fixture::trail;
    use crate::cloudwatch;
    use crate::config::{self, Channel, Recorder};
    use crate::eventbridge::{self, Target};
    use crate::fixture::*;
    use crate::sns::fixture::{TOPIC, of_topic, topic};
    use crate::subject::{Kind, Resource};

    /// An account in which everything was read and nothing publishes.
    fn quiet() -> Account {
        Account {
            trails: seen(Vec::new()),
            events: eventbridge::View { rules: seen(Vec::new()) },
            config: config::fixture::view(),
            cloudwatch: cloudwatch::fixture::view(Vec::new()),
            ..Account::unknown(&denial())
        }
    }

    fn of(account: Account) -> Publishers {
        let account = subject(Kind::Account, ACCOUNT, Resource::Account(Box::new(account)));
        let evidence = evidence(vec![of_topic(topic()), account]);
        Publishers::of(&Context { subject: &evidence.subjects[0], evidence: &evidence })
    }

    fn targeting(targets: Vec<Target>) -> Account {
        let rule = eventbridge::Rule { targets: seen(targets), ..eventbridge::fixture::rule("r", json!({})) };
        Account { events: eventbridge::View { rules: seen(vec![rule]) }, ..quiet() }
    }

    fn delivering(recorder: Recorder) -> Account {
        let channel = Channel { name: "default".into(), topic: Observed::Present(TOPIC.into()) };
        let view =
            config::View { channels: seen(vec![channel]), recorders: seen(vec![recorder]), ..config::fixture::view() };
        Account { config: view, ..quiet() }
    }

    #[test]
    fn nothing_that_was_read_publishes() {
        assert_eq!(of(quiet()), Publishers { seen: Vec::new(), gaps: Vec::new() });
    }

    #[test]
    fn a_rule_publishes_once_for_each_role_of_its_targets() {
        let target = |role| Target { role, ..eventbridge::fixture::target(TOPIC) };
        let other = eventbridge::fixture::target("arn:aws:sns:us-east-2:123456789012:other");
        let targets = vec![
            target(Observed::Absent),
            target(Observed::Absent),
            target(Observed::Present("arn:role".into())),
            other,
        ];
        let arn = format!("arn:aws:events:us-east-2:{ACCOUNT}:rule/r");
        let rule =
            |role: Option<&str>| Publisher::Rule { name: "r".into(), arn: arn.clone(), role: role.map(str::to_owned) };
        assert_eq!(of(targeting(targets)).seen, [rule(None), rule(Some("arn:role"))]);
    }

    #[test]
    fn an_alarm_publishes_to_the_topics_among_its_actions() {
        use crate::cloudwatch::fixture::{on_function, view};
        let elsewhere = Definition { alarm_actions: vec!["arn:aws:sns:us-east-2:1:other".into()], ..on_function("b") };
        let publishers = of(Account { cloudwatch: view(vec![on_function("a"), elsewhere]), ..quiet() });
        let arn = format!("arn:aws:cloudwatch:us-east-2:{ACCOUNT}:alarm:a");
        assert_eq!(publishers, Publishers { seen: vec![Publisher::Alarm { name: "a".into(), arn }], gaps: Vec::new() });
        let unnamed = Definition { arn: Observed::Absent, ..on_function("a") };
        let publishers = of(Account { cloudwatch: view(vec![unnamed]), ..quiet() });
        assert!(matches!(publishers.gaps.as_slice(), [Gap::Incomplete { .. }]), "{publishers:?}");
    }

    #[test]
    fn a_trail_publishes_to_the_topic_that_it_names() {
        let named = |arn: &str| Trail { topic: Observed::Present(arn.into()), ..trail("audit") };
        let two = seen(vec![named(TOPIC), named("arn:aws:sns:us-east-2:123456789012:other"), trail("quiet")]);
        let publishers = of(Account { trails: two, ..quiet() });
        let arn = crate::cloudtrail::fixture::arn("audit");
        assert_eq!(publishers.seen, [Publisher::Trail { name: "audit".into(), arn }]);
    }

    #[test]
    fn aws_config_publishes_as_the_role_of_the_customers_recorder() {
        let own = config::fixture::recorder();
        let role = "arn:aws:iam::123456789012:role/recorder".to_owned();
        assert_eq!(of(delivering(own.clone())).seen, [Publisher::Config { role }]);
        let linked = Recorder { service: Observed::Present("securityhub.amazonaws.com".into()), ..own.clone() };
        assert_eq!(of(delivering(linked)).seen, []);
        let unnamed = of(delivering(Recorder { role: Observed::Absent, ..own }));
        assert!(matches!(unnamed.gaps.as_slice(), [Gap::Incomplete { .. }]), "{unnamed:?}");
    }

    #[test]
    fn each_list_that_was_not_read_leaves_a_gap() {
        let unread_targets = {
            let rule = eventbridge::Rule { targets: denied(), ..eventbridge::fixture::rule("r", json!({})) };
            Account { events: eventbridge::View { rules: seen(vec![rule]) }, ..quiet() }
        };
        for account in [
            Account { trails: denied(), ..quiet() },
            Account { cloudwatch: cloudwatch::View::unknown(&denial()), ..quiet() },
            Account { events: eventbridge::View { rules: denied() }, ..quiet() },
            unread_targets,
            Account { config: config::View { channels: denied(), ..config::fixture::view() }, ..quiet() },
        ] {
            assert_eq!(of(account), Publishers { seen: Vec::new(), gaps: vec![denial()] });
        }
    }

    #[test]
    fn a_topic_of_another_region_has_publishers_that_were_not_looked_for() {
        let account = subject(Kind::Account, ACCOUNT, Resource::Account(Box::new(quiet())));
        let mut abroad = of_topic(topic());
        abroad.id = TOPIC.replace("us-east-2", "eu-west-1");
        let evidence = evidence(vec![abroad, account]);
        let publishers = Publishers::of(&Context { subject: &evidence.subjects[0], evidence: &evidence });
        assert!(publishers.gaps.iter().any(|gap| gap.to_string().contains("in us-east-2 alone")), "{publishers:?}");
    }
}
