//! S3 Control: the account's own public access block.

use tap_audit_checks::observed::{Gap, Observed, Seen};
use tap_audit_checks::s3::PublicAccessBlock;

use crate::collect::Walk;
use crate::collect::call::Call;
use crate::collect::s3::switch;

const PUBLIC_ACCESS_BLOCK: Call = Call {
    service: "s3",
    operation: "GetPublicAccessBlock",
    permission: "s3:GetAccountPublicAccessBlock",
    absent: &["NoSuchPublicAccessBlockConfiguration"],
    denied_or: None,
};

/// Every call of this file, for plans and for the policy that the auditing role needs.
pub(crate) const CALLS: &[&Call] = &[&PUBLIC_ACCESS_BLOCK];

/// Collects the account's public access block; absent means that none is set. The setting is the same in every region.
pub(crate) async fn public_access_block(walk: &Walk<'_>) -> Seen<PublicAccessBlock> {
    if !walk.scope.selects(&["s3-"]) {
        let what = "no requirement of the profile asks for the account's public access block";
        return Seen::gap(Gap::NotCollected { what: what.into() });
    }
    let account = walk.account.as_str();
    walk.aws
        .ask(
            &PUBLIC_ACCESS_BLOCK,
            &walk.region,
            &[("AccountId", account)],
            |clients| clients.s3control().get_public_access_block().account_id(account).send(),
            |answer| match answer.public_access_block_configuration() {
                Some(block) => Observed::Present(PublicAccessBlock {
                    block_public_acls: switch(block.block_public_acls()),
                    ignore_public_acls: switch(block.ignore_public_acls()),
                    block_public_policy: switch(block.block_public_policy()),
                    restrict_public_buckets: switch(block.restrict_public_buckets()),
                }),
                None => Observed::Unknown(PUBLIC_ACCESS_BLOCK.incomplete("PublicAccessBlockConfiguration")),
            },
        )
        .await
}
