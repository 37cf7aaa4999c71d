//! Who may come in from outside: public access blocks and access control lists.

use serde::Deserialize;

use super::{Bucket, Grant, Grantee, ObjectOwnership, PublicAccessBlock, Switch};
use crate::check::Context;
use crate::evidence::Account;
use crate::observed::{Gap, Observed};
use crate::verdict::{Judgement, Verdict, every, nothing_to_judge};

/// Whether the account's own block counts for a bucket.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BucketBlock {
    accept_account_level: bool,
}

type Flag = (&'static str, Result<Switch, Gap>);

/// The four switches by name. A block that is not set and a switch that is left out both mean off.
fn flags(block: Option<&PublicAccessBlock>) -> [Flag; 4] {
    let flag = |name, of: fn(&PublicAccessBlock) -> &Observed<Switch>| {
        let switch = block.map_or(Ok(Switch::Off), |block| match of(block).seen() {
            Ok(Some(&switch)) => Ok(switch),
            Ok(None) => Ok(Switch::Off),
            Err(gap) => Err(gap),
        });
        (name, switch)
    };
    [
        flag("BlockPublicAcls", |block| &block.block_public_acls),
        flag("IgnorePublicAcls", |block| &block.ignore_public_acls),
        flag("BlockPublicPolicy", |block| &block.block_public_policy),
        flag("RestrictPublicBuckets", |block| &block.restrict_public_buckets),
    ]
}

fn all_on(flags: &[Flag; 4]) -> bool {
    flags.iter().all(|(_, switch)| *switch == Ok(Switch::On))
}

/// No block on the bucket means that all four switches are off there. The account's block is looked at only where the
/// bucket's own is incomplete, and never in place of one that could not be read: S3 gives the same refusal for a bucket
/// of another account, which this account's block does not protect.
pub(super) fn public_access_block(bucket: &Bucket, params: &BucketBlock, context: &Context<'_>) -> Judgement {
    let block = bucket.public_access_block.seen()?;
    let own = flags(block);
    if all_on(&own) {
        return Ok(Verdict::satisfied("all four switches are on for the bucket"));
    }
    let verdict = if params.accept_account_level {
        let account = match context.evidence.account().and_then(|account| account.public_access_block.seen()) {
            Ok(block) => flags(block),
            Err(gap) => flags(None).map(|(name, _)| (name, Err(gap.clone()))),
        };
        let parts = own.into_iter().zip(account).map(|((name, own), (_, account))| either_level(name, own, account));
        every(parts, nothing_to_judge)?
    } else {
        let expected = "all four switches of the public access block on for the bucket";
        every(own.map(|flag| switched_on(flag, "the bucket", expected)), nothing_to_judge)?
    };
    Ok(if block.is_none() { verdict.noting("the bucket has no public access block of its own") } else { verdict })
}

fn either_level(name: &'static str, own: Result<Switch, Gap>, account: Result<Switch, Gap>) -> Judgement {
    match (own, account) {
        (Ok(Switch::On), _) => Ok(Verdict::satisfied(format!("{name} is on for the bucket"))),
        (_, Ok(Switch::On)) => Ok(Verdict::satisfied(format!("{name} is on for the account"))),
        (Err(gap), Ok(Switch::Off) | Err(_)) | (Ok(Switch::Off), Err(gap)) => Err(gap),
        (Ok(Switch::Off), Ok(Switch::Off)) => Ok(Verdict::not_satisfied(
            format!("{name} is off for the bucket and for the account"),
            "all four switches of the public access block on, for the bucket or for the account",
        )),
    }
}

fn switched_on((name, switch): Flag, level: &str, expected: &str) -> Judgement {
    Ok(match switch? {
        Switch::On => Verdict::satisfied(format!("{name} is on for {level}")),
        Switch::Off => Verdict::not_satisfied(format!("{name} is off for {level}"), expected),
    })
}

/// Whether the account's block is asked for at all.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AccountBlock {
    enabled: bool,
}

/// No block on the account means that all four switches are off: it fails.
pub(super) fn of_account(account: &Account, params: &AccountBlock) -> Judgement {
    if !params.enabled {
        let reason = "the settings say that this account also serves public sites (enabled = false)";
        return Ok(Verdict::not_applicable(reason));
    }
    let expected = "all four switches of the account's public access block on";
    let Some(block) = account.public_access_block.seen()? else {
        return Ok(Verdict::not_satisfied("the account has no public access block", expected));
    };
    let flags = flags(Some(block));
    if all_on(&flags) {
        return Ok(Verdict::satisfied("all four switches are on for the account"));
    }
    every(flags.map(|flag| switched_on(flag, "the account", expected)), nothing_to_judge)
}

/// Whom an access control list may grant something.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TrustedGrantees {
    trusted_accounts: Vec<String>,
}

/// No ownership setting means that ACLs are in force. A list without grants lets nobody in.
pub(super) fn acl(bucket: &Bucket, params: &TrustedGrantees, context: &Context<'_>) -> Judgement {
    let ownership = bucket.ownership.seen();
    if let Ok(Some(ObjectOwnership::BucketOwnerEnforced)) = ownership {
        return Ok(Verdict::satisfied("access control lists are switched off (BucketOwnerEnforced)"));
    }
    let acl = bucket.acl.required("GetBucketAcl", "AccessControlPolicy")?;
    let parts = acl.grants.iter().map(|grant| granted(grant, &acl.owner, bucket, params, context));
    let verdict = every(parts.flatten(), || {
        Ok(Verdict::satisfied("the access control list grants nothing to public groups or foreign accounts"))
    })?;
    Ok(match ownership {
        Ok(_) => verdict.noting("access control lists are in force, and those of single objects are not read"),
        // Where ACLs are switched off S3 answers with the owner's grant alone, so a foreign grant is in force.
        Err(gap) => verdict.noting(format!("whether access control lists are in force could not be read: {gap}")),
    })
}

/// Judges one grant; `None` for one that lets in nobody from outside.
fn granted(
    grant: &Grant,
    owner: &Observed<String>,
    bucket: &Bucket,
    params: &TrustedGrantees,
    context: &Context<'_>,
) -> Option<Judgement> {
    let permission = &grant.permission;
    match &grant.grantee {
        Grantee::Group(uri) if uri.ends_with("/s3/LogDelivery") => None,
        Grantee::Group(uri) if uri.ends_with("/global/AllUsers") => {
            Some(group_granted(permission, "everyone (AllUsers)", bucket, context))
        }
        Grantee::Group(uri) if uri.ends_with("/global/AuthenticatedUsers") => {
            Some(group_granted(permission, "every AWS account (AuthenticatedUsers)", bucket, context))
        }
        Grantee::Group(uri) => Some(Err(Gap::Unrecognised {
            operation: "GetBucketAcl".into(),
            field: "Grantee.URI".into(),
            token: uri.clone(),
        })),
        Grantee::CanonicalUser(id) if params.trusted_accounts.contains(id) => None,
        Grantee::CanonicalUser(id) => match owner.required("GetBucketAcl", "Owner.ID") {
            Ok(owner) if owner == id => None,
            Ok(_) => Some(Ok(Verdict::not_satisfied(
                format!("{permission} is granted to the foreign canonical user {id}"),
                "no grant to accounts outside trusted_accounts",
            ))),
            Err(gap) => Some(Err(gap)),
        },
        Grantee::Email => Some(Err(Gap::undecided(format!(
            "{permission} is granted to an account by e-mail address, which cannot be compared with the owner; grant it by canonical id"
        )))),
    }
}

/// A group's grant has no effect while IgnorePublicAcls is on for the bucket or for the account.
fn group_granted(permission: &str, group: &str, bucket: &Bucket, context: &Context<'_>) -> Judgement {
    let ignored_by = |block: Result<Option<&PublicAccessBlock>, Gap>| {
        let [_, (_, ignore), _, _] = flags(block?);
        ignore
    };
    let dormant = |level: &str| {
        Ok(Verdict::satisfied(format!("{permission} is granted to {group} and has no effect"))
            .noting(format!("the grant is dormant while IgnorePublicAcls is on for the {level}")))
    };
    let own = ignored_by(bucket.public_access_block.seen());
    if own == Ok(Switch::On) {
        return dormant("bucket");
    }
    let account = ignored_by(context.evidence.account().and_then(|account| account.public_access_block.seen()));
    match (own, account) {
        (_, Ok(Switch::On)) => dormant("account"),
        (Err(gap), _) | (Ok(_), Err(gap)) => Err(gap),
        (Ok(_), Ok(Switch::Off)) => Ok(Verdict::not_satisfied(
            format!("{permission} is granted to {group}"),
            "no effective grant to a public group",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Evidence;
    use crate::fixture::*;
    use crate::observed::Seen;
    use crate::s3::Acl;
    use crate::s3::fixture::*;

    mod public_access {
        use super::*;

        const BUCKET_BLOCK: &str = "s3-public-access-block-bucket";
        const ACCOUNT_BLOCK: &str = "s3-public-access-block-account";
        const LITERAL: &str = "accept_account_level = false";

        fn levels(bucket_block: Seen<PublicAccessBlock>, account_block: Seen<PublicAccessBlock>) -> Evidence {
            let (mut bucket, mut account) = (bucket(), account());
            bucket.public_access_block = bucket_block;
            account.public_access_block = account_block;
            with(bucket, account)
        }

        fn three() -> PublicAccessBlock {
            block([Switch::On, Switch::On, Switch::Off, Switch::On])
        }

        #[test]
        fn four_switches_on_the_bucket_pass_without_the_account() {
            let evidence = levels(seen(block([Switch::On; 4])), denied());
            assert_eq!(passed(judge(BUCKET_BLOCK, &evidence)), "all four switches are on for the bucket");
        }

        #[test]
        fn each_switch_counts_separately() {
            for off in 0..4 {
                let mut switches = [Switch::On; 4];
                switches[off] = Switch::Off;
                let evidence = levels(seen(block(switches)), not_set());
                let text = failed(judge(BUCKET_BLOCK, &evidence));
                assert!(text.ends_with("is off for the bucket and for the account"), "{text}");
            }
        }

        #[test]
        fn the_account_fills_in_for_the_bucket_where_that_is_accepted() {
            let evidence = levels(seen(three()), seen(block([Switch::Off, Switch::Off, Switch::On, Switch::Off])));
            assert_eq!(
                passed(judge(BUCKET_BLOCK, &evidence)),
                "BlockPublicAcls is on for the bucket; IgnorePublicAcls is on for the bucket; BlockPublicPolicy is on for the account; RestrictPublicBuckets is on for the bucket"
            );
            assert_eq!(failed(judge_with(BUCKET_BLOCK, LITERAL, &evidence)), "BlockPublicPolicy is off for the bucket");
        }

        #[test]
        fn no_block_on_the_bucket_is_made_up_for_by_the_account_only() {
            let text = passed(judge(BUCKET_BLOCK, &levels(not_set(), seen(block([Switch::On; 4])))));
            assert!(text.ends_with("| the bucket has no public access block of its own"), "{text}");
            let text = failed(judge(BUCKET_BLOCK, &levels(not_set(), not_set())));
            assert!(text.starts_with("BlockPublicAcls is off for the bucket and for the account;"), "{text}");
            let text = failed(judge_with(BUCKET_BLOCK, LITERAL, &levels(not_set(), denied())));
            assert!(text.starts_with("BlockPublicAcls is off for the bucket;"), "{text}");
        }

        #[test]
        fn an_unreadable_account_leaves_an_incomplete_bucket_undecided() {
            assert_eq!(undecided(judge(BUCKET_BLOCK, &levels(seen(three()), denied()))), DENIED);
        }

        #[test]
        fn the_account_never_stands_in_for_a_bucket_that_could_not_be_read() {
            assert_eq!(undecided(judge(BUCKET_BLOCK, &levels(denied(), seen(block([Switch::On; 4]))))), DENIED);
        }

        #[test]
        fn a_switch_that_is_left_out_is_off_and_one_that_is_unreadable_is_not() {
            let mut partly = block([Switch::On; 4]);
            partly.block_public_policy = Observed::Absent;
            let evidence = levels(seen(partly.clone()), not_set());
            assert_eq!(
                failed(judge(BUCKET_BLOCK, &evidence)),
                "BlockPublicPolicy is off for the bucket and for the account"
            );
            partly.block_public_policy = withheld();
            assert_eq!(undecided(judge(BUCKET_BLOCK, &levels(seen(partly), not_set()))), DENIED);
        }

        #[test]
        fn a_switch_that_is_off_decides_beside_an_unreadable_one() {
            let mut partly = three();
            partly.ignore_public_acls = withheld();
            let text = failed(judge(BUCKET_BLOCK, &levels(seen(partly), not_set())));
            assert_eq!(
                text,
                format!("BlockPublicPolicy is off for the bucket and for the account | not all was readable: {DENIED}")
            );
        }

        #[test]
        fn the_account_needs_all_four_switches_of_its_own() {
            let all = levels(not_set(), seen(block([Switch::On; 4])));
            assert_eq!(passed(judge(ACCOUNT_BLOCK, &all)), "all four switches are on for the account");
            let evidence = levels(not_set(), seen(three()));
            assert_eq!(failed(judge(ACCOUNT_BLOCK, &evidence)), "BlockPublicPolicy is off for the account");
            let evidence = levels(not_set(), not_set());
            assert_eq!(failed(judge(ACCOUNT_BLOCK, &evidence)), "the account has no public access block");
        }

        #[test]
        fn a_denied_account_is_an_error_and_not_a_failure() {
            assert_eq!(undecided(judge(ACCOUNT_BLOCK, &levels(not_set(), denied()))), DENIED);
            let mut partly = block([Switch::On; 4]);
            partly.ignore_public_acls = withheld();
            assert_eq!(undecided(judge(ACCOUNT_BLOCK, &levels(not_set(), seen(partly)))), DENIED);
        }

        #[test]
        fn a_shared_account_is_left_out_on_demand() {
            let evidence = levels(not_set(), not_set());
            assert_eq!(
                not_applicable(judge_with(ACCOUNT_BLOCK, "enabled = false", &evidence)),
                "the settings say that this account also serves public sites (enabled = false)"
            );
        }
    }

    mod grants {
        use super::*;

        const ID: &str = "s3-acl-not-public";
        const IN_FORCE: &str = "access control lists are in force, and those of single objects are not read";

        fn granting(grantee: Grantee) -> Bucket {
            let mut bucket = bucket();
            bucket.ownership = not_set();
            bucket.public_access_block = seen(block([Switch::Off; 4]));
            bucket.acl = seen(Acl {
                owner: present("owner".into()),
                grants: vec![owner_grant(), Grant { grantee, permission: "READ".into() }],
            });
            bucket
        }

        fn group(name: &str) -> Bucket {
            granting(Grantee::Group(format!("http://acs.amazonaws.com/groups/{name}")))
        }

        fn open() -> Account {
            Account { public_access_block: not_set(), ..account() }
        }

        #[test]
        fn switched_off_lists_pass_unread() {
            let mut bucket = bucket();
            bucket.acl = denied();
            assert_eq!(
                passed(judge(ID, &alone(bucket))),
                "access control lists are switched off (BucketOwnerEnforced)"
            );
        }

        #[test]
        fn the_owner_alone_passes_with_a_word_on_objects() {
            for ownership in
                [not_set(), seen(ObjectOwnership::BucketOwnerPreferred), seen(ObjectOwnership::ObjectWriter)]
            {
                let mut bucket = bucket();
                bucket.ownership = ownership;
                assert_eq!(
                    passed(judge(ID, &with(bucket, open()))),
                    format!("the access control list grants nothing to public groups or foreign accounts | {IN_FORCE}")
                );
            }
        }

        #[test]
        fn the_groups_of_everyone_and_of_every_account_fail() {
            assert_eq!(
                failed(judge(ID, &with(group("global/AllUsers"), open()))),
                format!("READ is granted to everyone (AllUsers) | {IN_FORCE}")
            );
            assert_eq!(
                failed(judge(ID, &with(group("global/AuthenticatedUsers"), open()))),
                format!("READ is granted to every AWS account (AuthenticatedUsers) | {IN_FORCE}")
            );
        }

        #[test]
        fn a_group_is_dormant_while_public_lists_are_disregarded() {
            let mut ignoring = group("global/AllUsers");
            ignoring.public_access_block = seen(block([Switch::Off, Switch::On, Switch::Off, Switch::Off]));
            let text = passed(judge(ID, &with(ignoring, open())));
            assert_eq!(
                text,
                format!(
                    "READ is granted to everyone (AllUsers) and has no effect | the grant is dormant while IgnorePublicAcls is on for the bucket; {IN_FORCE}"
                )
            );
            let text = passed(judge(ID, &with(group("global/AllUsers"), account())));
            assert!(text.contains("IgnorePublicAcls is on for the account"), "{text}");
        }

        #[test]
        fn a_group_is_undecided_while_the_block_is_unreadable() {
            let unread = Account { public_access_block: denied(), ..account() };
            assert_eq!(undecided(judge(ID, &with(group("global/AllUsers"), unread))), DENIED);
            let mut bucket = group("global/AllUsers");
            bucket.public_access_block = denied();
            assert_eq!(undecided(judge(ID, &with(bucket, open()))), DENIED);
        }

        #[test]
        fn the_log_delivery_group_is_fine_and_an_unknown_one_is_an_error() {
            passed(judge(ID, &with(group("s3/LogDelivery"), open())));
            let text = undecided(judge(ID, &with(group("global/Newer"), open())));
            assert!(text.starts_with("GetBucketAcl answered `http://acs.amazonaws.com/groups/global/Newer`"), "{text}");
        }

        #[test]
        fn a_foreign_user_fails_even_beside_a_block_unless_it_is_trusted() {
            let evidence = alone(granting(Grantee::CanonicalUser("other".into())));
            assert_eq!(
                failed(judge(ID, &evidence)),
                format!("READ is granted to the foreign canonical user other | {IN_FORCE}")
            );
            passed(judge_with(ID, "trusted_accounts = ['other']", &evidence));
        }

        #[test]
        fn a_grantee_that_cannot_be_compared_is_an_error() {
            let text = undecided(judge(ID, &alone(granting(Grantee::Email))));
            assert!(text.starts_with("READ is granted to an account by e-mail address"), "{text}");
            let mut ownerless = granting(Grantee::CanonicalUser("other".into()));
            ownerless.acl = ownerless.acl.map(|acl| Acl { owner: Observed::Absent, ..acl });
            assert_eq!(
                undecided(judge(ID, &alone(ownerless))),
                "GetBucketAcl answered without Owner.ID, which AWS always sends; run again, and check the endpoint if it stays"
            );
        }

        #[test]
        fn a_denied_list_is_an_error_while_lists_may_be_in_force() {
            for ownership in [not_set(), denied()] {
                let mut bucket = bucket();
                bucket.ownership = ownership;
                bucket.acl = denied();
                assert_eq!(undecided(judge(ID, &alone(bucket))), DENIED);
            }
        }

        #[test]
        fn a_harmless_list_passes_even_where_ownership_is_unreadable() {
            let mut bucket = bucket();
            bucket.ownership = denied();
            let text = passed(judge(ID, &alone(bucket)));
            assert!(
                text.ends_with(&format!("| whether access control lists are in force could not be read: {DENIED}"))
            );
        }
    }
}
