//! STS: who is asking. GetCallerIdentity needs no permission and works even under an explicit deny.

use tap_audit_checks::observed::{Observed, Seen};

use crate::collect::call::{Aws, Call};

const CALLER: Call =
    Call { service: "sts", operation: "GetCallerIdentity", permission: "", absent: &[], denied_or: None };

/// The caller, as AWS knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    /// The account.
    pub(crate) account: String,
    /// The ARN, which holds partition and session name.
    pub(crate) arn: String,
}

/// Asks who is asking.
pub(crate) async fn caller(aws: &Aws, region: &str) -> Seen<Caller> {
    aws.ask(
        &CALLER,
        region,
        &[],
        |clients| clients.sts().get_caller_identity().send(),
        |answer| match (answer.account, answer.arn) {
            (Some(account), Some(arn)) => Observed::Present(Caller { account, arn }),
            (None, _) => Observed::Unknown(CALLER.incomplete("Account")),
            (Some(_), None) => Observed::Unknown(CALLER.incomplete("Arn")),
        },
    )
    .await
}
