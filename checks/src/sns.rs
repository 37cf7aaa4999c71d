//! SNS topics: what is seen of them, and the checks of their requirements.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::check::Check;
use crate::observed::{Gap, Observed, Seen};
use crate::policy::model::PolicyText;

mod encryption;
#[cfg(test)]
pub(crate) mod fixture;
mod policy;
mod publish;
pub(crate) mod publishers;
mod subscriptions;

/// The checks of this file, in catalog order.
pub fn checks() -> Vec<Check> {
    vec![
        Check::across("sns-topic-kms-encrypted", encryption::encrypted),
        Check::across("sns-key-policy-allows-publishers", publish::by_key_policy),
        Check::across("sns-policy-allows-publishers", publish::by_topic_policy),
        Check::across("sns-policy-not-public", policy::not_public),
        Check::across("sns-tls-required", policy::tls_required),
        Check::new("sns-subscription-confirmed", subscriptions::confirmed),
        Check::new("sns-subscription-secure-protocol", subscriptions::secure_protocol),
        Check::new("sns-delivery-logging", subscriptions::delivery_logging),
    ]
}

/// What was seen of a topic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Topic {
    /// What GetTopicAttributes answers.
    pub attributes: Seen<TopicAttributes>,
    /// Who receives its messages, those who have yet to confirm and those who left included; an empty list means nobody.
    pub subscriptions: Seen<Vec<Subscription>>,
    /// Its tags; an empty map means that it has none.
    pub tags: Seen<BTreeMap<String, String>>,
}

/// What GetTopicAttributes answers: a map, in which a key that is not there is not set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopicAttributes {
    /// Who may do what with the topic; SNS always answers it.
    pub policy: Observed<PolicyText>,
    /// The key as written: an id, an ARN, or the name or ARN of an alias. Absent means that messages are not encrypted at
    /// rest.
    pub kms_key: Observed<String>,
    /// The roles by which SNS writes failed deliveries to CloudWatch Logs; what is not here is not written.
    pub failure_roles: BTreeMap<Delivery, String>,
}

/// A protocol for which a topic can have its deliveries logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Delivery {
    /// HTTP and HTTPS.
    Http,
    /// Lambda functions.
    Lambda,
    /// SQS queues.
    Sqs,
    /// Firehose streams.
    Firehose,
    /// Endpoints of mobile applications.
    Application,
}

impl Delivery {
    /// Every such protocol.
    pub const ALL: [Delivery; 5] =
        [Delivery::Http, Delivery::Lambda, Delivery::Sqs, Delivery::Firehose, Delivery::Application];

    /// The topic's attribute that holds the role for failed deliveries.
    pub fn attribute(self) -> &'static str {
        match self {
            Delivery::Http => "HTTPFailureFeedbackRoleArn",
            Delivery::Lambda => "LambdaFailureFeedbackRoleArn",
            Delivery::Sqs => "SQSFailureFeedbackRoleArn",
            Delivery::Firehose => "FirehoseFailureFeedbackRoleArn",
            Delivery::Application => "ApplicationFailureFeedbackRoleArn",
        }
    }
}

/// Who receives a topic's messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// Whether it receives them.
    pub state: Observed<SubscriptionState>,
    /// How it receives them; SNS always answers it.
    pub protocol: Observed<Protocol>,
    /// Where it receives them, as far as that may be shown; SNS always answers it.
    pub endpoint: Observed<Endpoint>,
    /// The ARN of the queue for what could not be delivered; absent means that it is lost. Only a confirmed subscription
    /// can be asked.
    pub redrive: Seen<String>,
    /// What its filter policy looks at; absent means that it has none and receives every message. Only a confirmed
    /// subscription can be asked.
    pub filter: Seen<FilterScope>,
}

/// Whether a subscription receives messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SubscriptionState {
    /// It does, and has this ARN.
    Confirmed(String),
    /// Its owner has not confirmed it: SNS answers the word `PendingConfirmation` in place of the ARN.
    Pending,
    /// It was removed: SNS answers the word `Deleted` for a while.
    Deleted,
}

/// How a subscription receives messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// HTTP without TLS.
    Http,
    /// HTTPS.
    Https,
    /// E-mail.
    Email,
    /// E-mail that holds JSON.
    EmailJson,
    /// Text messages.
    Sms,
    /// An SQS queue.
    Sqs,
    /// An endpoint of a mobile application.
    Application,
    /// A Lambda function.
    Lambda,
    /// A Firehose stream.
    Firehose,
}

impl Protocol {
    /// Every protocol.
    pub const ALL: [Protocol; 9] = [
        Protocol::Http,
        Protocol::Https,
        Protocol::Email,
        Protocol::EmailJson,
        Protocol::Sms,
        Protocol::Sqs,
        Protocol::Application,
        Protocol::Lambda,
        Protocol::Firehose,
    ];

    /// The protocol as SNS writes it.
    pub fn name(self) -> &'static str {
        match self {
            Protocol::Http => "http",
            Protocol::Https => "https",
            Protocol::Email => "email",
            Protocol::EmailJson => "email-json",
            Protocol::Sms => "sms",
            Protocol::Sqs => "sqs",
            Protocol::Application => "application",
            Protocol::Lambda => "lambda",
            Protocol::Firehose => "firehose",
        }
    }

    /// The protocol that SNS writes like this.
    pub fn named(name: &str) -> Option<Protocol> {
        Protocol::ALL.into_iter().find(|protocol| protocol.name() == name)
    }

    /// Whose deliveries a topic can log; `None` where no attribute of a topic says so.
    pub fn delivery(self) -> Option<Delivery> {
        match self {
            Protocol::Http | Protocol::Https => Some(Delivery::Http),
            Protocol::Lambda => Some(Delivery::Lambda),
            Protocol::Sqs => Some(Delivery::Sqs),
            Protocol::Firehose => Some(Delivery::Firehose),
            Protocol::Application => Some(Delivery::Application),
            Protocol::Email | Protocol::EmailJson | Protocol::Sms => None,
        }
    }
}

/// Where a subscription receives messages, without what is somebody's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Endpoint {
    /// The ARN of a queue, a function or a stream.
    Arn(String),
    /// The domain of an e-mail address.
    MailAt(String),
    /// The scheme and host of a URL, such as `https://alerts.example.org`.
    Host(String),
    /// A phone number, a device, or what has none of these forms.
    Withheld,
}

/// What a filter policy looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FilterScope {
    /// The message's attributes.
    MessageAttributes,
    /// The message itself.
    MessageBody,
}

impl Topic {
    /// The evidence of a topic of which nothing could be seen.
    pub fn unknown(gap: &Gap) -> Self {
        Topic {
            attributes: Seen::gap(gap.clone()),
            subscriptions: Seen::gap(gap.clone()),
            tags: Seen::gap(gap.clone()),
        }
    }
}

const ATTRIBUTES: &str = "GetTopicAttributes";

fn attributes(topic: &Topic) -> Result<&TopicAttributes, Gap> {
    topic.attributes.required(ATTRIBUTES, "Attributes")
}

/// The topic's policy; SNS gives one to every topic, so that its absence is a gap.
fn policy_text(topic: &Topic) -> Result<&str, Gap> {
    Ok(attributes(topic)?.policy.required(ATTRIBUTES, "Policy")?.0.as_str())
}
