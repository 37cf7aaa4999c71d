use tap_audit_checks::observed::Gap;
use tap_audit_checks::subject::Existence;

use super::*;
use crate::collect::fixture::{scope, walked};
use crate::replay::{Account, Answer};

const OWN: &str = "arn:aws:iam::123456789012:policy/team/read-records";
const NAMED: &[(&str, &str)] = &[("RoleName", "processor")];
/// A statement with a plus sign in it, as IAM encodes it.
const ENCODED: &str = "%7B%22Statement%22%3A%5B%7B%22Sid%22%3A%22a+b%22%7D%5D%7D";
const DECODED: &str = r#"{"Statement":[{"Sid":"a+b"}]}"#;

fn xml(operation: &str, result: &str) -> Answer {
    Answer::ok(format!("<{operation}Response><{operation}Result>{result}</{operation}Result></{operation}Response>"))
}

/// A role with two inline policies, one attached policy and a boundary.
fn account() -> Account {
    let role = format!(
        "<Role><Path>/service/</Path><RoleName>processor</RoleName><RoleId>AROA1</RoleId>\
         <Arn>arn:aws:iam::123456789012:role/service/processor</Arn><CreateDate>2026-10-30T08:00:00Z</CreateDate>\
         <AssumeRolePolicyDocument>{ENCODED}</AssumeRolePolicyDocument><PermissionsBoundary>\
         <PermissionsBoundaryType>Policy</PermissionsBoundaryType>\
         <PermissionsBoundaryArn>arn:boundary</PermissionsBoundaryArn></PermissionsBoundary></Role>"
    );
    let inline = "<PolicyNames><member>one</member><member>two</member></PolicyNames><IsTruncated>false</IsTruncated>";
    let attached = format!(
        "<AttachedPolicies><member><PolicyName>read-records</PolicyName><PolicyArn>{OWN}</PolicyArn></member>\
         </AttachedPolicies><IsTruncated>false</IsTruncated>"
    );
    let policy = format!(
        "<Policy><Arn>{OWN}</Arn><DefaultVersionId>v3</DefaultVersionId><Tags><member><Key>Environment</Key>\
         <Value>dev</Value></member></Tags></Policy>"
    );
    let version = format!("<PolicyVersion><VersionId>v3</VersionId><Document>{ENCODED}</Document></PolicyVersion>");
    let document = |name: &str| {
        let document = format!(
            "<RoleName>processor</RoleName><PolicyName>{name}</PolicyName><PolicyDocument>{ENCODED}</PolicyDocument>"
        );
        xml("GetRolePolicy", &document)
    };
    let tags = xml("ListRoleTags", "<Tags/><IsTruncated>false</IsTruncated>");
    let role_policy = |name: &'static str| vec![("RoleName", "processor"), ("PolicyName", name)];
    [
        ("GetRole", NAMED.to_vec(), xml("GetRole", &role)),
        ("ListRolePolicies", NAMED.to_vec(), xml("ListRolePolicies", inline)),
        ("GetRolePolicy", role_policy("one"), document("one")),
        ("GetRolePolicy", role_policy("two"), document("two")),
        ("ListAttachedRolePolicies", NAMED.to_vec(), xml("ListAttachedRolePolicies", &attached)),
        ("GetPolicy", vec![("PolicyArn", OWN)], xml("GetPolicy", &policy)),
        ("GetPolicyVersion", vec![("PolicyArn", OWN), ("VersionId", "v3")], xml("GetPolicyVersion", &version)),
        ("ListRoleTags", NAMED.to_vec(), tags),
    ]
    .into_iter()
    .fold(Account::from_files("iam", [("iam.toml", "")]).unwrap(), |account, (operation, arguments, answer)| {
        account.answer("iam", operation, &arguments, answer).unwrap()
    })
}

fn denied(account: Account, operation: &str, arguments: &[(&str, &str)]) -> Account {
    account.answer("iam", operation, arguments, Answer::error("iam", 403, "AccessDenied")).unwrap()
}

async fn processor(account: Account) -> (Collected, Role) {
    let (collected, _) = walked(account, &scope(), async |walk| role(walk, "processor").await).await;
    match collected.resource.clone() {
        Resource::Role(role) => (collected, *role),
        other => panic!("expected a role, found {other:?}"),
    }
}

#[tokio::test]
async fn a_role_is_read_with_every_document_decoded_and_none_shown() {
    let (collected, role) = processor(account()).await;
    let text = Observed::Present(PolicyText(DECODED.into()));
    assert_eq!(collected.existence.observed(), &Observed::Present(Existence::Exists));
    assert_eq!(collected.arn.as_deref(), Some("arn:aws:iam::123456789012:role/service/processor"));
    assert_eq!(role.path.observed(), &Observed::Present("/service/".into()));
    assert_eq!(role.boundary.observed(), &Observed::Present("arn:boundary".into()));
    assert_eq!(role.trust.observed(), &text);
    assert_eq!(role.inline_documents.keys().collect::<Vec<_>>(), ["one", "two"]);
    assert!(role.inline_documents.values().all(|document| *document.observed() == text && document.calls().len() == 2));
    assert_eq!(role.attached_documents.keys().collect::<Vec<_>>(), [OWN]);
    assert_eq!(role.attached_documents[OWN].observed(), &text);
    let calls: Vec<&str> =
        role.attached_documents[OWN].calls().iter().filter_map(|call| call.split(':').nth(1)).collect();
    assert_eq!(calls, ["GetPolicyVersion", "GetPolicy", "ListAttachedRolePolicies"]);
    assert!(!format!("{collected:?}").contains("a+b"));
}

#[tokio::test]
async fn one_document_that_may_not_be_read_is_a_gap_of_its_own() {
    let two = [("RoleName", "processor"), ("PolicyName", "two")];
    let (_, role) = processor(denied(account(), "GetRolePolicy", &two)).await;
    assert!(matches!(role.inline_documents["one"].observed(), Observed::Present(_)));
    assert!(matches!(role.inline_documents["two"].observed(), Observed::Unknown(Gap::Denied { .. })));

    let (_, role) = processor(denied(account(), "GetPolicy", &[("PolicyArn", OWN)])).await;
    let document = &role.attached_documents[OWN];
    assert!(matches!(document.observed(), Observed::Unknown(Gap::Denied { .. })));
    assert_eq!(document.calls().len(), 2, "the list and the refused call");
}

#[tokio::test]
async fn a_role_that_may_not_be_described_is_neither_there_nor_missing() {
    let (collected, role) = processor(denied(account(), "GetRole", NAMED)).await;
    assert!(matches!(collected.existence.observed(), Observed::Unknown(Gap::Denied { .. })));
    for seen in [role.trust.map(|_| ()), role.boundary.map(|_| ()), role.path.map(|_| ()), role.arn.map(|_| ())] {
        assert!(matches!(seen.observed(), Observed::Unknown(Gap::Denied { .. })));
    }
    assert!(matches!(role.inline_documents["one"].observed(), Observed::Present(_)));
}

#[tokio::test]
async fn a_role_that_is_gone_is_missing() {
    let gone = Answer::error("iam", 404, "NoSuchEntity");
    let (collected, _) = processor(account().answer("iam", "GetRole", NAMED, gone).unwrap()).await;
    assert_eq!(collected.existence.observed(), &Observed::Present(Existence::Missing));
}

#[tokio::test]
async fn a_policy_of_the_stack_that_a_role_has_attached_is_asked_about_once() {
    let ((collected, _), replay) =
        walked(account(), &scope(), async |walk| tokio::join!(managed_policy(walk, OWN), role(walk, "processor")))
            .await;
    assert_eq!((replay.counts()["iam:GetPolicy"], replay.counts()["iam:GetPolicyVersion"]), (1, 1));
    assert_eq!(collected.existence.observed(), &Observed::Present(Existence::Exists));
    assert_eq!((collected.arn.as_deref(), collected.region), (Some(OWN), None));
    let Resource::ManagedPolicy(policy) = collected.resource else { panic!("expected a managed policy") };
    assert_eq!(policy.document.observed(), &Observed::Present(PolicyText(DECODED.into())));
    assert_eq!(policy.tags.seen().unwrap().unwrap()["Environment"], "dev");
}
