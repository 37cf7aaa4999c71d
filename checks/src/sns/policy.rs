//! What the topic's policy does: to strangers, and to messages that are published without TLS.

use serde::Deserialize;

use super::{Topic, policy_text};
use crate::check::Context;
use crate::policy::question::{Setting, public, topic_tls};
use crate::verdict::{Judgement, Verdict};

#[cfg(test)]
mod tests;

/// Parameters of `sns-policy-not-public`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NotPublic {
    trusted_accounts: Vec<String>,
}

/// Every topic has a policy, so its absence is a gap. The one that SNS gives a new topic names everyone and tests the
/// account that owns it, which no stranger can have.
pub(super) fn not_public(topic: &Topic, params: &NotPublic, context: &Context<'_>) -> Judgement {
    let mut setting = setting(context);
    setting.trusted_accounts.clone_from(&params.trusted_accounts);
    public::judge(&[("topic policy", policy_text(topic)?)], &setting)
        .judgement("a topic policy that allows no stranger any action on the topic")
}

/// Parameters of `sns-tls-required`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TlsRequired {
    require: bool,
}

/// That nobody is allowed to publish without TLS is not enough: it has to be denied.
pub(super) fn tls_required(topic: &Topic, params: &TlsRequired, context: &Context<'_>) -> Judgement {
    if !params.require {
        return Ok(Verdict::not_applicable("the requirement is switched off by its parameter require"));
    }
    topic_tls::judge(policy_text(topic)?, &setting(context))
        .judgement("a topic policy that denies everyone sns:Publish on the topic without TLS")
}

fn setting(context: &Context<'_>) -> Setting {
    Setting::of(context.evidence, Some(context.subject.id.clone()))
}
