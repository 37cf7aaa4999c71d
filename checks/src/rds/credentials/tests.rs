use super::super::fixture::*;
use super::*;
use crate::cloudformation::Member;
use crate::evidence::Evidence;
use crate::fixture::*;
use crate::observed::Observed::{Absent, Present};
use crate::observed::Seen;
use crate::rds::MasterSecret;
use crate::subject::{Kind, Resource};

const ID: &str = "rds-credentials-from-existing-secret";
const ACCEPT: &str = "accept_rds_managed_secret = true";
const ARN: &str = "arn:aws:secretsmanager:us-east-2:123456789012:secret:app/db-AbC123";
const DISCLAIMER: &str = " | the template tells, not the database: a change made after the deployment does not show";

fn beside(database: Database, secrets: Seen<Vec<Member>>) -> Evidence {
    let mut stack = Stack::unknown(&denial());
    stack.members = secrets;
    let mut evidence = of(database);
    evidence.subjects.push(subject(Kind::Stack, "S", Resource::Stack(Box::new(stack))));
    evidence
}

fn from(password: Password) -> Evidence {
    beside(Database { password: seen(password), ..database() }, seen(Vec::new()))
}

fn secret(arn: &str) -> Member {
    Member {
        stack: "S".into(),
        logical_id: "DbSecret".into(),
        physical_id: text(arn),
        kind: "AWS::SecretsManager::Secret".into(),
        status: "CREATE_COMPLETE".into(),
        drift: Absent,
    }
}

#[test]
fn a_reference_to_an_existing_secret_passes() {
    assert_eq!(
        passed(judge(ID, &from(Password::Secret(ARN.into())))),
        format!("the master password comes from the existing secret `{ARN}`{DISCLAIMER}")
    );
}

#[test]
fn a_reference_to_a_secret_of_the_stack_fails_in_whatever_form_it_is_named() {
    for name in [ARN, "app/db", "arn:aws:secretsmanager:us-east-2:123456789012:secret:app/db"] {
        let database = Database { password: seen(Password::Secret(name.into())), ..database() };
        let text = failed(judge(ID, &beside(database, seen(vec![secret(ARN)]))));
        assert!(text.starts_with("the master password comes from the secret DbSecret of the stack itself"), "{text}");
    }
    let other = Database { password: seen(Password::Secret("app/db2".into())), ..database() };
    passed(judge(ID, &beside(other, seen(vec![secret(ARN)]))));
    let own = Password::Stack { logical_id: "Db".into(), kind: "AWS::SecretsManager::Secret".into() };
    assert!(failed(judge(ID, &from(own))).contains("comes from Db (AWS::SecretsManager::Secret) of the stack"));
}

#[test]
fn a_password_that_stands_in_the_template_or_a_parameter_fails() {
    for (password, said) in [
        (Password::Literal, "the master password stands in the template"),
        (Password::Parameter("DbPassword".into()), "the master password is the value of the parameter DbPassword"),
        (Password::ParameterStore, "the master password comes from the parameter store"),
    ] {
        assert_eq!(failed(judge(ID, &from(password))), format!("{said}{DISCLAIMER}"));
    }
}

fn with_secret(password: Seen<Password>) -> Evidence {
    let live = MasterSecret { arn: text("arn:secret"), kms_key: Absent };
    let database = with(|cluster| cluster.master_secret = Present(live));
    beside(Database { password, ..database }, seen(Vec::new()))
}

#[test]
fn a_secret_that_rds_made_fails_unless_it_is_accepted_whatever_the_template_says() {
    for password in [seen(Password::Managed), seen(Password::Unstated), denied(), seen(Password::Secret(ARN.into()))] {
        let text = failed(judge(ID, &with_secret(password)));
        assert!(text.starts_with("RDS made a secret of its own for the master user"), "{text}");
    }
    let text = passed(judge_with(ID, ACCEPT, &with_secret(seen(Password::Managed))));
    assert!(text.contains("accept_rds_managed_secret lets it do (J23)"), "{text}");
    assert!(failed(judge(ID, &from(Password::Managed))).starts_with("RDS made a secret of its own"));
    assert_eq!(judge_with(ID, ACCEPT, &with_secret(denied())), Err(denial()));
}

#[test]
fn a_cluster_that_was_restored_takes_its_credentials_from_there() {
    assert!(
        not_applicable(judge(ID, &from(Password::Restored("SnapshotIdentifier".into()))))
            .starts_with("the cluster takes its credentials from what it was made of (SnapshotIdentifier)")
    );
}

#[test]
fn a_template_that_says_nothing_or_could_not_be_read_is_undecided() {
    assert!(undecided(judge(ID, &from(Password::Unstated))).starts_with("the template names neither"));
    let unread = Database { password: denied(), ..database() };
    assert_eq!(judge(ID, &beside(unread, seen(Vec::new()))), Err(denial()));
    let unlisted = beside(database(), denied());
    assert_eq!(judge(ID, &unlisted), Err(denial()));
}
