//! Is every request without TLS to this bucket explicitly denied?

use serde_json::json;

use crate::policy::question::class::{bucket, invented};
use crate::policy::question::tls::Guarded;
use crate::policy::question::{Ruling, Setting};
use crate::policy::search::Region;

/// Judges a bucket's policy; `None` where it has none.
pub(crate) fn judge(policy: Option<&str>, setting: &Setting) -> Ruling {
    match guarded(setting) {
        Ok(guarded) => guarded.judge(policy, setting),
        Err(reason) => Ruling::Undecided { reason },
    }
}

/// Judges whether one Deny alone holds what [`judge`] found the whole policy to hold.
pub(crate) fn by_one_statement(policy: &str, setting: &Setting) -> Ruling {
    match guarded(setting) {
        Ok(guarded) => guarded.by_one_statement(policy, setting),
        Err(reason) => Ruling::Undecided { reason },
    }
}

fn guarded(setting: &Setting) -> Result<Guarded, String> {
    let arn = super::bucket_arn(setting)?;
    Ok(Guarded {
        what: "bucket",
        document: "bucket policy",
        regions: bucket(&arn).into(),
        yet_to_come: Some(("S3", bucket(&arn).map(|region| Region { acts: vec![invented("s3")], ..region }).into())),
        proved: "every request without TLS is explicitly denied: of any caller, anonymous ones included, for any S3 \
                 action on the bucket and on any object in it",
        deny: json!({
            "Sid": "DenyInsecureTransport",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [arn, format!("{arn}/*")],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }),
        question: "bucket-tls",
    })
}
