//! Who hears of an alert: whether anybody does, whether in the clear, and whether it shows when they do not.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use serde::Deserialize;

use super::{Delivery, Endpoint, Protocol, Subscription, SubscriptionState, Topic, attributes};
use crate::check::NoParams;
use crate::observed::{Gap, Observed};
use crate::verdict::{Judgement, Verdict, every};

#[cfg(test)]
mod tests;

const SUBSCRIPTIONS: &str = "ListSubscriptionsByTopic";

fn subscriptions(topic: &Topic) -> Result<&[Subscription], Gap> {
    topic.subscriptions.required(SUBSCRIPTIONS, "Subscriptions").map(Vec::as_slice)
}

/// Those that were not removed; one of which that is not known is among them.
fn standing(topic: &Topic) -> Result<Vec<&Subscription>, Gap> {
    let stands = |subscription: &&Subscription| match &subscription.state {
        Observed::Present(SubscriptionState::Deleted) => false,
        Observed::Present(SubscriptionState::Confirmed(_) | SubscriptionState::Pending)
        | Observed::Absent
        | Observed::Unknown(_) => true,
    };
    Ok(subscriptions(topic)?.iter().filter(stands).collect())
}

/// How a reader knows a subscription, without what is somebody's own.
fn shown(subscription: &Subscription) -> String {
    let protocol = match &subscription.protocol {
        Observed::Present(protocol) => protocol.name(),
        Observed::Absent | Observed::Unknown(_) => "a protocol that is not known",
    };
    match &subscription.endpoint {
        Observed::Present(Endpoint::Arn(arn)) => format!("{protocol} to {arn}"),
        Observed::Present(Endpoint::Host(host)) => format!("{protocol} to {host}"),
        Observed::Present(Endpoint::MailAt(domain)) => format!("{protocol} at {domain}"),
        Observed::Present(Endpoint::Withheld) | Observed::Absent | Observed::Unknown(_) => protocol.to_owned(),
    }
}

/// Parameters of `sns-subscription-confirmed`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Confirmed {
    min_confirmed: NonZeroUsize,
}

/// Only those who confirmed hear anything. The counters among the topic's attributes lag, so the list decides.
pub(super) fn confirmed(topic: &Topic, params: &Confirmed) -> Judgement {
    let wanted = params.min_confirmed.get();
    let all = subscriptions(topic)?;
    let (mut hearing, mut pending, mut gap) = (Vec::new(), 0_usize, None);
    for subscription in all {
        match subscription.state.required(SUBSCRIPTIONS, "SubscriptionArn") {
            Ok(SubscriptionState::Confirmed(_)) => hearing.push(subscription),
            Ok(SubscriptionState::Pending) => pending += 1,
            Ok(SubscriptionState::Deleted) => {}
            Err(found) => {
                gap.get_or_insert(found);
            }
        }
    }
    let waiting = match pending {
        0 => String::new(),
        1 => "; 1 waits to be confirmed by its owner".to_owned(),
        several => format!("; {several} wait to be confirmed by their owners"),
    };
    if hearing.len() >= wanted {
        let names: Vec<String> = hearing.iter().map(|subscription| shown(subscription)).collect();
        let observed = format!("{} confirmed: {}{waiting}", counted(hearing.len()), names.join(", "));
        return Ok(filters(&hearing).into_iter().fold(Verdict::satisfied(observed), Verdict::noting));
    }
    if let Some(gap) = gap {
        return Err(gap);
    }
    let observed = if all.is_empty() {
        "nobody subscribes to the topic".to_owned()
    } else {
        format!("{} confirmed{waiting}", counted(hearing.len()))
    };
    Ok(Verdict::not_satisfied(observed, format!("at least {wanted} confirmed")))
}

fn counted(subscriptions: usize) -> String {
    match subscriptions {
        0 => "no subscription is".to_owned(),
        1 => "1 subscription is".to_owned(),
        several => format!("{several} subscriptions are"),
    }
}

/// What keeps messages from subscribers who confirmed. It is shown and decides nothing: an alert may be what a filter
/// policy looks for.
fn filters(hearing: &[&Subscription]) -> Vec<String> {
    let (mut filtered, mut unread) = (0_usize, None);
    for subscription in hearing {
        match subscription.filter.seen() {
            Ok(Some(_)) => filtered += 1,
            Ok(None) => {}
            Err(gap) => {
                unread.get_or_insert(gap);
            }
        }
    }
    let mut notes = Vec::new();
    if filtered > 0 {
        let which = if filtered == hearing.len() { "every one".to_owned() } else { format!("{filtered} of them") };
        notes.push(format!("{which} has a filter policy, which may drop alerts"));
    }
    notes.extend(unread.map(|gap| format!("whether a filter policy drops alerts could not be read: {gap}")));
    notes
}

/// Parameters of `sns-subscription-secure-protocol`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SecureProtocol {
    phi_safe_protocols: Vec<Protocol>,
}

/// A subscription that is not confirmed yet counts: it is one click from receiving alerts. One that was removed does not.
pub(super) fn secure_protocol(topic: &Topic, params: &SecureProtocol) -> Judgement {
    let (mut safe, mut bare) = (BTreeSet::new(), BTreeSet::new());
    let mut parts = Vec::new();
    for subscription in standing(topic)? {
        match subscription.protocol.required(SUBSCRIPTIONS, "Protocol") {
            Ok(Protocol::Http) => parts.push(Ok(Verdict::not_satisfied(
                format!("a subscription is {}, which is not encrypted", shown(subscription)),
                "no subscription of protocol http",
            ))),
            Ok(protocol) if params.phi_safe_protocols.contains(protocol) => drop(safe.insert(protocol.name())),
            Ok(protocol) => drop(bare.insert(protocol.name())),
            Err(gap) => parts.push(Err(gap)),
        }
    }
    let listed = |names: &BTreeSet<&str>| names.iter().copied().collect::<Vec<_>>().join(", ");
    if !safe.is_empty() {
        parts.push(Ok(Verdict::satisfied(format!("alerts are delivered by {}", listed(&safe)))));
    }
    if !bare.is_empty() {
        parts.push(Ok(Verdict::satisfied(format!("alerts are delivered by {}", listed(&bare))).noting(format!(
            "the text of an alert leaves AWS unencrypted by {}; keep patient data out of alerts",
            listed(&bare)
        ))));
    }
    every(parts, || Ok(Verdict::not_applicable("the topic has no subscription; see sns-subscription-confirmed")))
}

/// A role that is not set means that a failed delivery is written nowhere. No attribute of a topic is for e-mail, and for
/// text messages the account's settings are.
pub(super) fn delivery_logging(topic: &Topic, _: &NoParams) -> Judgement {
    let (mut used, mut gap) = (BTreeSet::new(), None);
    for subscription in standing(topic)? {
        match subscription.protocol.required(SUBSCRIPTIONS, "Protocol") {
            Ok(protocol) => used.extend(protocol.delivery()),
            Err(found) => {
                gap.get_or_insert(found);
            }
        }
    }
    if used.is_empty() {
        return match gap {
            Some(gap) => Err(gap),
            None => Ok(Verdict::not_applicable(
                "the topic has subscribers by e-mail and text message only, or none; no attribute of a topic logs deliveries \
                 to those",
            )),
        };
    }
    let roles = &attributes(topic)?.failure_roles;
    let (logged, unlogged): (Vec<Delivery>, Vec<Delivery>) =
        used.into_iter().partition(|used| roles.contains_key(used));
    let listed = |deliveries: &[Delivery]| deliveries.iter().map(|one| one.attribute()).collect::<Vec<_>>().join(", ");
    let set = (!logged.is_empty()).then(|| Verdict::satisfied(format!("{} is set", listed(&logged))));
    let missing = (!unlogged.is_empty()).then(|| {
        let names = listed(&unlogged);
        Verdict::not_satisfied(format!("failed deliveries are not logged: {names} is not set"), format!("{names} set"))
    });
    every([set, missing].into_iter().flatten().map(Ok).chain(gap.map(Err)), crate::verdict::nothing_to_judge)
}
