//! What the tests of topics are built from.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Endpoint, Protocol, Subscription, SubscriptionState, Topic, TopicAttributes};
use crate::fixture::{ACCOUNT, denial, not_set, seen, subject};
use crate::kms::{Key, KeyManager, KeyState, Metadata, Origin};
use crate::observed::Observed;
use crate::policy::model::PolicyText;
use crate::subject::{Kind, Resource, Subject};

pub(crate) const TOPIC: &str = "arn:aws:sns:us-east-2:123456789012:alerts";
pub(crate) const KEY_ID: &str = "2f1c7e7e";
pub(crate) const KEY_ARN: &str = "arn:aws:kms:us-east-2:123456789012:key/2f1c7e7e";

/// The statement that SNS gives a new topic.
pub(crate) fn default_statement() -> Value {
    json!({
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [
            "SNS:GetTopicAttributes", "SNS:SetTopicAttributes", "SNS:AddPermission", "SNS:RemovePermission",
            "SNS:DeleteTopic", "SNS:Subscribe", "SNS:ListSubscriptionsByTopic", "SNS:Publish",
        ],
        "Resource": TOPIC,
        "Condition": {"StringEquals": {"AWS:SourceOwner": ACCOUNT}},
    })
}

pub(crate) fn text(statements: &[Value]) -> PolicyText {
    PolicyText(json!({"Version": "2012-10-17", "Statement": statements}).to_string())
}

/// A topic as it is made, with one confirmed subscriber.
pub(crate) fn topic() -> Topic {
    Topic {
        attributes: seen(TopicAttributes {
            policy: Observed::Present(text(&[default_statement()])),
            kms_key: Observed::Absent,
            failure_roles: BTreeMap::new(),
        }),
        subscriptions: seen(vec![subscriber(Protocol::Email)]),
        tags: not_set(),
    }
}

pub(crate) fn with_attributes(change: impl FnOnce(&mut TopicAttributes)) -> Topic {
    let topic = topic();
    let Observed::Present(mut attributes) = topic.attributes.observed().clone() else { unreachable!() };
    change(&mut attributes);
    Topic { attributes: seen(attributes), ..topic }
}

/// A topic whose policy holds these statements.
pub(crate) fn under(statements: &[Value]) -> Topic {
    with_attributes(|attributes| attributes.policy = Observed::Present(text(statements)))
}

/// A topic that names this key.
pub(crate) fn encrypted_with(named: &str) -> Topic {
    with_attributes(|attributes| attributes.kms_key = Observed::Present(named.to_owned()))
}

pub(crate) fn of_topic(topic: Topic) -> Subject {
    let mut subject = subject(Kind::Topic, TOPIC, Resource::Topic(Box::new(topic)));
    subject.arn = Some(TOPIC.into());
    subject
}

/// A confirmed subscriber of this protocol, without filter and queue.
pub(crate) fn subscriber(protocol: Protocol) -> Subscription {
    let endpoint = match protocol {
        Protocol::Email | Protocol::EmailJson => Endpoint::MailAt("example.org".into()),
        Protocol::Http => Endpoint::Host("http://alerts.example.org".into()),
        Protocol::Https => Endpoint::Host("https://alerts.example.org".into()),
        Protocol::Sqs => Endpoint::Arn("arn:aws:sqs:us-east-2:123456789012:alerts".into()),
        Protocol::Lambda => Endpoint::Arn("arn:aws:lambda:us-east-2:123456789012:function:page".into()),
        Protocol::Firehose => Endpoint::Arn("arn:aws:firehose:us-east-2:123456789012:deliverystream/keep".into()),
        Protocol::Sms | Protocol::Application => Endpoint::Withheld,
    };
    Subscription {
        state: Observed::Present(SubscriptionState::Confirmed(format!("{TOPIC}:1"))),
        protocol: Observed::Present(protocol),
        endpoint: Observed::Present(endpoint),
        redrive: not_set(),
        filter: not_set(),
    }
}

/// A subscriber of this protocol in this state.
pub(crate) fn in_state(state: SubscriptionState, protocol: Protocol) -> Subscription {
    Subscription { state: Observed::Present(state), ..subscriber(protocol) }
}

/// A key of the customer that works, with this policy; with the account's own statement alone where it is empty.
pub(crate) fn key(policy: &str) -> Key {
    let root = json!({"Sid": "Root", "Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{ACCOUNT}:root")},
        "Action": "kms:*", "Resource": "*"});
    let policy = if policy.is_empty() { text(&[root]) } else { PolicyText(policy.to_owned()) };
    Key {
        named_by: [KEY_ID, KEY_ARN, "alias/alerts", "arn:aws:kms:us-east-2:123456789012:alias/alerts"]
            .map(str::to_owned)
            .into(),
        metadata: seen(Metadata {
            arn: Observed::Present(KEY_ARN.into()),
            id: Observed::Present(KEY_ID.into()),
            account: Observed::Present(ACCOUNT.into()),
            state: Observed::Present(KeyState::Enabled),
            manager: Observed::Present(KeyManager::Customer),
            origin: Observed::Present(Origin::AwsKms),
            spec: Observed::Present("SYMMETRIC_DEFAULT".into()),
            usage: Observed::Present("ENCRYPT_DECRYPT".into()),
            deletion_date: Observed::Absent,
            pending_window_days: Observed::Absent,
            multi_region: Observed::Absent,
        }),
        policy: seen(policy),
        ..Key::unknown(&denial())
    }
}

pub(crate) fn of_key(key: Key) -> Subject {
    let mut subject = subject(Kind::Key, KEY_ID, Resource::Key(Box::new(key)));
    subject.arn = Some(KEY_ARN.into());
    subject
}
