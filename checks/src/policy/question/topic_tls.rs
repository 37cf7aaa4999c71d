//! Is every message that is published to this topic without TLS explicitly denied?

use serde_json::json;

use crate::policy::question::tls::Guarded;
use crate::policy::question::{Ruling, Setting};
use crate::policy::search::{Act, Region};
use crate::policy::words::Glob;

/// Judges the policy of the topic that the setting names.
pub(crate) fn judge(policy: &str, setting: &Setting) -> Ruling {
    let Some(arn) = &setting.resource else {
        return Ruling::Undecided { reason: "the question is about one topic: name its ARN".into() };
    };
    let guarded = Guarded {
        what: "topic",
        document: "topic policy",
        // PublishBatch asks for the same action.
        regions: vec![Region::of(vec![Glob::new().text(arn)], vec![Act::new("sns:Publish")])],
        yet_to_come: None,
        proved: "every sns:Publish on the topic without TLS is explicitly denied, of any caller, anonymous ones included",
        deny: json!({
            "Sid": "DenyInsecureTransport",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "sns:Publish",
            "Resource": arn,
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }),
        question: "sns-tls-required",
    };
    guarded.judge(Some(policy), setting)
}
