use tap_audit_checks::subject::Existence;

use super::*;
use crate::collect::fixture::{scope, walked};
use crate::replay::{Account, Answer};

const ARN: &str = "arn:aws:secretsmanager:us-east-2:123456789012:secret:app/db-AbC123";

fn account(id: &str, policy: &str) -> Account {
    let described = format!(
        r#"{{"ARN":"{ARN}","Name":"app/db","KmsKeyId":"alias/app","RotationEnabled":true,
        "RotationRules":{{"AutomaticallyAfterDays":30}},"NextRotationDate":1793577600,
        "VersionIdsToStages":{{"v2":["AWSCURRENT"],"v1":["AWSPREVIOUS"]}}}}"#
    );
    let account = Account::from_files("secrets", [("secretsmanager.toml", "")]).unwrap();
    let asked = [("SecretId", id)];
    let account = account.answer("secretsmanager", "DescribeSecret", &asked, Answer::ok(described)).unwrap();
    account.answer("secretsmanager", "GetResourcePolicy", &asked, Answer::ok(policy)).unwrap()
}

async fn collected(account: Account, id: &str) -> (Collected, Vec<(Reference, Relation)>) {
    let scope = scope();
    let ask = async |walk: &Walk<'_>| (secret(walk, id, "us-east-2").await, walk.take_found());
    walked(account, &scope, ask).await.0
}

fn held(collected: Collected) -> Secret {
    let Resource::Secret(secret) = collected.resource else { panic!("{collected:?}") };
    *secret
}

#[tokio::test]
async fn a_secret_is_read_and_leads_to_its_key() {
    let (found, reached) = collected(account(ARN, "{}"), ARN).await;
    assert_eq!(found.arn.as_deref(), Some(ARN));
    let [(key, Relation::KeyOf { named, .. })] = reached.as_slice() else { panic!("{reached:?}") };
    assert_eq!((key.kind, named.as_str()), (Kind::Key, "alias/app"));
    let found = held(found);
    assert_eq!(found.policy.observed(), &Observed::Absent);
    let Observed::Present(description) = found.description.observed() else { panic!("{found:?}") };
    assert_eq!(description.after_days, Observed::Present(30));
    assert_eq!(description.deleted_at, Observed::Absent);
    let Observed::Present(versions) = &description.versions else { panic!("{description:?}") };
    assert!(versions["v2"].contains("AWSCURRENT"));
    assert!(found.named_by.contains("app/db"));
}

#[tokio::test]
async fn a_policy_is_kept_as_text() {
    let (found, _) = collected(account(ARN, r#"{"ResourcePolicy":"{\"Statement\":[]}"}"#), ARN).await;
    assert_eq!(held(found).policy.observed(), &Observed::Present(PolicyText(r#"{"Statement":[]}"#.into())));
}

#[tokio::test]
async fn a_name_and_an_arn_without_its_end_lead_to_the_secret() {
    for named in ["app/db", ARN.strip_suffix("-AbC123").unwrap()] {
        let (_, reached) = collected(account(named, "{}"), named).await;
        let [(reference, relation)] = reached.as_slice() else { panic!("{reached:?}") };
        assert_eq!(reference.id, ARN);
        assert_eq!(relation, &Relation::NamedBy { name: named.into() });
    }
}

#[tokio::test]
async fn a_secret_that_is_not_there_is_missing_and_one_that_is_denied_is_a_gap() {
    let failing = |code: &str| {
        let account = Account::from_files("secrets", [("secretsmanager.toml", "")]).unwrap();
        let asked = [("SecretId", ARN)];
        let error = Answer::error("secretsmanager", 400, code);
        let account = account.answer("secretsmanager", "DescribeSecret", &asked, error.clone()).unwrap();
        account.answer("secretsmanager", "GetResourcePolicy", &asked, error).unwrap()
    };
    let (gone, _) = collected(failing("ResourceNotFoundException"), ARN).await;
    assert_eq!(gone.existence.observed(), &Observed::Present(Existence::Missing));
    let (denied, _) = collected(failing("AccessDeniedException"), ARN).await;
    assert!(matches!(denied.existence.observed(), Observed::Unknown(Gap::Denied { .. })));
}

#[tokio::test]
async fn what_stands_behind_a_name_is_left_out_of_the_reference() {
    let scope = scope();
    let ask = async |walk: &Walk<'_>| {
        [
            ARN.to_owned(),
            format!("{ARN}:password:AWSCURRENT:v1"),
            "app/db".to_owned(),
            "app/db:SecretString:password".to_owned(),
            "arn:aws:ssm:us-east-2:123456789012:parameter/db".to_owned(),
            String::new(),
        ]
        .map(|named| secret_reference(walk, &named, "us-east-2").map(|found| found.id))
    };
    let (found, _) = walked(account(ARN, "{}"), &scope, ask).await;
    let expected = [Some(ARN), Some(ARN), Some("app/db"), Some("app/db"), None, None];
    assert_eq!(found, expected.map(|id| id.map(str::to_owned)));
}
