//! SNS: what is read of a topic and of who receives its messages.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures_util::future::join_all;
use serde_json::Value;
use tap_audit_checks::observed::{Gap, Observed, Seen};
use tap_audit_checks::policy::model::PolicyText;
use tap_audit_checks::sns::{
    Delivery, Endpoint, FilterScope, Protocol, Subscription, SubscriptionState, Topic, TopicAttributes,
};
use tap_audit_checks::subject::{Kind, Resource};

use crate::collect::call::{Call, Fault};
use crate::collect::{Collected, Reference, Relation, Walk, existence, iam};

/// A topic of another account lets in whom its own policy names.
const FOREIGN: Option<&str> = Some("the topic is in another account");

const ATTRIBUTES: Call = Call {
    service: "sns",
    operation: "GetTopicAttributes",
    permission: "sns:GetTopicAttributes",
    absent: &[],
    denied_or: FOREIGN,
};
const SUBSCRIPTIONS: Call = Call {
    service: "sns",
    operation: "ListSubscriptionsByTopic",
    permission: "sns:ListSubscriptionsByTopic",
    absent: &[],
    denied_or: FOREIGN,
};
const SUBSCRIPTION: Call = Call {
    service: "sns",
    operation: "GetSubscriptionAttributes",
    permission: "sns:GetSubscriptionAttributes",
    absent: &[],
    denied_or: Some("the subscription belongs to another account"),
};
const TAGS: Call = Call {
    service: "sns",
    operation: "ListTagsForResource",
    permission: "sns:ListTagsForResource",
    absent: &[],
    denied_or: FOREIGN,
};

/// Every call of this file, for plans and for the policy that the auditing role needs.
pub(crate) const CALLS: &[&Call] = &[&ATTRIBUTES, &SUBSCRIPTIONS, &SUBSCRIPTION, &TAGS];

/// The requirements that ask who receives a topic's messages.
const OF_SUBSCRIPTIONS: &[&str] = &["sns-subscription-", "sns-delivery-logging", "monitoring-error-handling"];
/// The requirements that ask what roles may do.
const OF_ROLES: &[&str] = &["iam-", "logs-tamper-resistant"];
/// The requirements that ask what each of those says of itself.
const OF_EACH: &[&str] = &["sns-subscription-confirmed", "monitoring-error-handling"];

/// The reference of the topic that this text names: its ARN, or its name alone.
pub(crate) fn topic_reference(walk: &Walk<'_>, named: &str, region: &str) -> Option<Reference> {
    let parts: Vec<&str> = named.split(':').collect();
    let (id, region) = match parts.as_slice() {
        ["arn", _, "sns", region, _, _] => (named.to_owned(), *region),
        [name] if !name.is_empty() => (format!("arn:{}:sns:{region}:{}:{name}", walk.partition, walk.account), region),
        _ => return None,
    };
    Some(Reference { kind: Kind::Topic, id, region: region.to_owned() })
}

/// Reaches the role by which something of this account publishes to a topic; `what` says whose role it is. The role that
/// is linked to a service publishes under the service's name, and its policies are AWS's.
pub(crate) fn reach_publishing_role(walk: &Walk<'_>, role: &Observed<String>, what: &'static str) {
    let Observed::Present(arn) = role else { return };
    reach_role(walk, arn, Relation::Of { what, kind: Kind::Account, id: walk.account.clone() });
}

/// Reaches the roles by which a topic logs its deliveries, those that went well and those that failed.
fn reach_logging_roles(walk: &Walk<'_>, topic: &str, attributes: &HashMap<String, String>) {
    if !walk.scope.selects(OF_ROLES) {
        return;
    }
    let roles = attributes.iter().filter(|(name, role)| name.ends_with("FeedbackRoleArn") && !role.is_empty());
    let roles: BTreeSet<&String> = roles.map(|(_, role)| role).collect();
    for role in roles {
        reach_role(walk, role, Relation::Of { what: "delivery logging role", kind: Kind::Topic, id: topic.to_owned() });
    }
}

fn reach_role(walk: &Walk<'_>, arn: &str, relation: Relation) {
    let linked = arn.contains(":role/aws-service-role/");
    let Some(reference) = iam::role_named(walk, arn).filter(|_| !linked) else { return };
    walk.reach(reference, relation);
}

/// Collects a topic and reaches its key. Who receives its messages is read only where a requirement asks.
pub(crate) async fn topic(walk: &Walk<'_>, arn: &str, region: &str) -> Collected {
    let (attributes, subscriptions, tags) =
        tokio::join!(attributes(walk, arn, region), subscriptions(walk, arn, region), tags(walk, arn, region));
    if let Observed::Present(TopicAttributes { kms_key: Observed::Present(key), .. }) = attributes.observed() {
        walk.reach_key(key, region, Kind::Topic, arn);
    }
    Collected {
        existence: existence(&attributes),
        arn: Some(arn.to_owned()),
        region: Some(region.to_owned()),
        resource: Resource::Topic(Box::new(Topic { attributes, subscriptions, tags })),
    }
}

/// SNS has a code of its own for what does not exist.
fn missing<R>(call: &'static Call, fault: &Fault) -> Option<Observed<R>> {
    matches!(fault.code.as_str(), "NotFound" | "ResourceNotFound")
        .then(|| Observed::Unknown(Gap::Missing { operation: call.operation.into(), code: fault.code.clone() }))
}

async fn attributes(walk: &Walk<'_>, arn: &str, region: &str) -> Seen<TopicAttributes> {
    walk.aws
        .ask_or(
            &ATTRIBUTES,
            region,
            &[("TopicArn", arn)],
            |clients| clients.sns().get_topic_attributes().topic_arn(arn).send(),
            |answer| match answer.attributes {
                Some(attributes) => {
                    reach_logging_roles(walk, arn, &attributes);
                    Observed::Present(read(&attributes))
                }
                None => Observed::Unknown(ATTRIBUTES.incomplete("Attributes")),
            },
            |fault| missing(&ATTRIBUTES, fault),
        )
        .await
}

/// An attribute that is not in the map is not set, and neither is one that was set to nothing.
fn read(attributes: &HashMap<String, String>) -> TopicAttributes {
    let role = |delivery: Delivery| set(attributes, delivery.attribute()).map(|role| (delivery, role));
    TopicAttributes {
        policy: Observed::of(set(attributes, "Policy").map(PolicyText)),
        kms_key: Observed::of(set(attributes, "KmsMasterKeyId")),
        failure_roles: Delivery::ALL.into_iter().filter_map(role).collect(),
    }
}

fn set(attributes: &HashMap<String, String>, name: &str) -> Option<String> {
    attributes.get(name).filter(|value| !value.is_empty()).cloned()
}

/// Lists those who receive the topic's messages, and asks each that confirmed about itself.
async fn subscriptions(walk: &Walk<'_>, arn: &str, region: &str) -> Seen<Vec<Subscription>> {
    if !walk.scope.selects(OF_SUBSCRIPTIONS) {
        let what = "the profile asks nothing about subscriptions";
        return Seen::gap(Gap::NotCollected { what: what.into() });
    }
    let listed = walk
        .aws
        .ask_all(
            &SUBSCRIPTIONS,
            region,
            &[("TopicArn", arn)],
            |clients, token| clients.sns().list_subscriptions_by_topic().topic_arn(arn).set_next_token(token).send(),
            |answer| answer.next_token.clone(),
            |answer| {
                let subscriptions = answer.subscriptions.ok_or_else(|| SUBSCRIPTIONS.incomplete("Subscriptions"))?;
                Ok(subscriptions.into_iter().map(described).collect())
            },
        )
        .await;
    let subscriptions = match listed.observed() {
        Observed::Present(subscriptions) => subscriptions.clone(),
        Observed::Absent | Observed::Unknown(_) => return listed,
    };
    let asked = subscriptions.into_iter().map(async |subscription| {
        let (redrive, filter) = of_itself(walk, &subscription.state, region).await;
        Subscription { redrive, filter, ..subscription }
    });
    let asked = join_all(asked).await;
    listed.map(|_| asked)
}

/// What the list says of one. Its endpoint may be somebody's address: what may be shown of it is kept, the rest is not.
fn described(subscription: aws_sdk_sns::types::Subscription) -> Subscription {
    let not_yet = Gap::NotCollected { what: "it is asked for after the subscriptions are listed".into() };
    let text = |text: Option<String>| text.filter(|text| !text.is_empty());
    let protocol = text(subscription.protocol);
    Subscription {
        state: match text(subscription.subscription_arn) {
            Some(arn) if arn.starts_with("arn:") => Observed::Present(SubscriptionState::Confirmed(arn)),
            Some(word) if word == "PendingConfirmation" => Observed::Present(SubscriptionState::Pending),
            Some(word) if word == "Deleted" => Observed::Present(SubscriptionState::Deleted),
            Some(other) => SUBSCRIPTIONS.unrecognised("SubscriptionArn", &other),
            None => Observed::Absent,
        },
        endpoint: match text(subscription.endpoint) {
            Some(endpoint) => Observed::Present(shown(protocol.as_deref().and_then(Protocol::named), &endpoint)),
            None => Observed::Absent,
        },
        protocol: match protocol {
            Some(name) => match Protocol::named(&name) {
                Some(protocol) => Observed::Present(protocol),
                None => SUBSCRIPTIONS.unrecognised("Protocol", &name),
            },
            None => Observed::Absent,
        },
        redrive: Seen::gap(not_yet.clone()),
        filter: Seen::gap(not_yet),
    }
}

/// What may be shown of an endpoint.
fn shown(protocol: Option<Protocol>, endpoint: &str) -> Endpoint {
    match protocol {
        Some(Protocol::Sqs | Protocol::Lambda | Protocol::Firehose) if endpoint.starts_with("arn:") => {
            Endpoint::Arn(endpoint.to_owned())
        }
        Some(Protocol::Email | Protocol::EmailJson) => match endpoint.rsplit_once('@') {
            Some((_, domain)) if !domain.is_empty() => Endpoint::MailAt(domain.to_owned()),
            Some(_) | None => Endpoint::Withheld,
        },
        Some(Protocol::Http | Protocol::Https) => match host(endpoint) {
            Some(host) => Endpoint::Host(host),
            None => Endpoint::Withheld,
        },
        Some(Protocol::Sqs | Protocol::Lambda | Protocol::Firehose | Protocol::Sms | Protocol::Application) | None => {
            Endpoint::Withheld
        }
    }
}

/// The scheme and host of a URL. User, password, path and query may be secret.
fn host(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match host.split_once(']') {
        Some((address, _)) => format!("{address}]"),
        None => host.split(':').next()?.to_owned(),
    };
    (!host.is_empty()).then(|| format!("{scheme}://{host}"))
}

type OfItself = (Seen<String>, Seen<FilterScope>);

/// The queue and the filter of a subscription. One that is not confirmed has no ARN to ask by.
async fn of_itself(walk: &Walk<'_>, state: &Observed<SubscriptionState>, region: &str) -> OfItself {
    let unasked = |what: &'static str| {
        let gap = Gap::NotCollected { what: what.into() };
        (Seen::gap(gap.clone()), Seen::gap(gap))
    };
    let arn = match state {
        Observed::Present(SubscriptionState::Confirmed(arn)) => arn,
        Observed::Present(SubscriptionState::Pending | SubscriptionState::Deleted)
        | Observed::Absent
        | Observed::Unknown(_) => return unasked("only a confirmed subscription can be asked"),
    };
    if !walk.scope.selects(OF_EACH) {
        return unasked("the profile asks nothing about the subscription itself");
    }
    let answer = walk
        .aws
        .ask_or(
            &SUBSCRIPTION,
            region,
            &[("SubscriptionArn", arn)],
            |clients| clients.sns().get_subscription_attributes().subscription_arn(arn).send(),
            |answer| match answer.attributes {
                Some(attributes) => Observed::Present((redrive(&attributes), filter(&attributes))),
                None => Observed::Unknown(SUBSCRIPTION.incomplete("Attributes")),
            },
            |fault| missing(&SUBSCRIPTION, fault),
        )
        .await;
    (answer.clone().and_then(|(redrive, _)| redrive), answer.and_then(|(_, filter)| filter))
}

/// The queue that the redrive policy names, which is JSON in a text; a policy that names none keeps nothing.
fn redrive(attributes: &HashMap<String, String>) -> Observed<String> {
    let Some(text) = set(attributes, "RedrivePolicy") else { return Observed::Absent };
    match serde_json::from_str::<Value>(&text) {
        Ok(Value::Object(policy)) => {
            Observed::of(policy.get("deadLetterTargetArn").and_then(Value::as_str).map(str::to_owned))
        }
        Ok(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) | Err(_) => {
            Observed::Unknown(Gap::Unparsable {
                operation: SUBSCRIPTION.operation.into(),
                what: "RedrivePolicy is not a JSON object".into(),
            })
        }
    }
}

/// What the filter policy looks at. The policy itself is not kept: it may name what it looks for. An empty one filters
/// nothing.
fn filter(attributes: &HashMap<String, String>) -> Observed<FilterScope> {
    match set(attributes, "FilterPolicy") {
        Some(policy) if policy.split_whitespace().collect::<String>() != "{}" => {}
        Some(_) | None => return Observed::Absent,
    }
    match set(attributes, "FilterPolicyScope").as_deref() {
        None | Some("MessageAttributes") => Observed::Present(FilterScope::MessageAttributes),
        Some("MessageBody") => Observed::Present(FilterScope::MessageBody),
        Some(other) => SUBSCRIPTION.unrecognised("FilterPolicyScope", other),
    }
}

async fn tags(walk: &Walk<'_>, arn: &str, region: &str) -> Seen<BTreeMap<String, String>> {
    walk.aws
        .ask_or(
            &TAGS,
            region,
            &[("ResourceArn", arn)],
            |clients| clients.sns().list_tags_for_resource().resource_arn(arn).send(),
            |answer| match answer.tags {
                Some(tags) => Observed::Present(tags.into_iter().map(|tag| (tag.key, tag.value)).collect()),
                None => Observed::Unknown(TAGS.incomplete("Tags")),
            },
            |fault| missing(&TAGS, fault),
        )
        .await
}

#[cfg(test)]
mod tests;
