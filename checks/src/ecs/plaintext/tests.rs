use super::*;
use crate::ecs::Field;
use crate::ecs::fixture::*;
use crate::evidence::Evidence;
use crate::fixture::*;
use crate::observed::Observed;
use crate::outputs::SecretLook;
use crate::subject::{Kind, Role};

const ID: &str = "ecs-taskdef-no-plaintext-secrets";

fn value(field: Field, name: &str, look: PlainLook) -> PlainValue {
    PlainValue { field, name: Observed::Present(name.into()), look }
}

fn holding(values: Vec<PlainValue>) -> Evidence {
    running(|running| running.definition.containers[0].values = values)
}

fn variable(name: &str, look: PlainLook) -> Evidence {
    holding(vec![value(Field::Environment, name, look)])
}

#[test]
fn values_without_a_secret_name_or_shape_pass() {
    let text = "no value of the task definition looks secret by its name or by itself";
    for name in ["LOG_LEVEL", "BYPASS_CACHE", "PASSPORT_COUNTRY", "COMPASS"] {
        assert_eq!(passed(judge(ID, &variable(name, PlainLook::Literal))), text);
    }
    assert_eq!(passed(judge(ID, &running(|_| ()))), "the task definition holds no value that could be a secret");
}

#[test]
fn a_literal_under_a_secret_name_fails_in_every_field() {
    for field in
        [Field::Environment, Field::Command, Field::EntryPoint, Field::HealthCheck, Field::Label, Field::LogOption]
    {
        for name in ["DB_PASSWORD", "DB_PASS", "passwd", "api-key", "client_secret", "AuthToken", "PRIVATE_KEY"] {
            let text = failed(judge(ID, &holding(vec![value(field, name, PlainLook::Literal)])));
            assert!(
                text.starts_with(&format!(
                    "{name} in {} of container app is a literal | older revisions",
                    field.name()
                )),
                "{text}"
            );
        }
    }
}

#[test]
fn a_secret_name_alone_is_no_finding_where_the_value_is_harmless_or_a_secrets_name() {
    for name in ["DB_SECRET_ARN", "SECRET_NAME", "TOKEN_TTL", "DB_PASSWORD"] {
        passed(judge(ID, &variable(name, PlainLook::Harmless)));
        passed(judge(ID, &variable(name, PlainLook::SecretsName)));
    }
}

#[test]
fn a_text_that_may_be_the_name_of_a_secret_is_undecided_and_not_asked_about() {
    for name in ["SECRET_NAME", "secretId", "secret-id", "DbSecretName"] {
        assert!(undecided(judge(ID, &variable(name, PlainLook::Literal))).contains("is text that names no secret"));
    }
    for name in ["DB_PASSWORD_VALID", "SECRETUSERNAME"] {
        failed(judge(ID, &variable(name, PlainLook::Literal)));
    }
}

#[test]
fn a_credential_fails_whatever_its_name_is() {
    for (look, text) in [
        (PlainLook::Credential(SecretLook::AccessKey), "an AWS access key id"),
        (PlainLook::Credential(SecretLook::PrivateKey), "a private key"),
        (PlainLook::Credential(SecretLook::UrlPassword), "a URL with a password in it"),
        (PlainLook::WebToken, "a signed web token"),
    ] {
        let found = failed(judge(ID, &variable("LOG_LEVEL", look)));
        assert!(found.starts_with(&format!("LOG_LEVEL in environment of container app holds {text}")), "{found}");
    }
    let nameless = PlainValue { field: Field::Command, name: Observed::Absent, look: PlainLook::WebToken };
    assert!(failed(judge(ID, &holding(vec![nameless]))).starts_with("command of container app holds a signed"));
}

#[test]
fn further_words_and_ignored_names_are_the_users() {
    let evidence = variable("PIN_CODE", PlainLook::Literal);
    passed(judge(ID, &evidence));
    failed(judge_with(ID, "extra_patterns = [\"pin\"]", &evidence));
    passed(judge(ID, &variable("PWD", PlainLook::Literal)));
    let password = variable("DB_PASSWORD", PlainLook::Literal);
    passed(judge_with(ID, "ignore = [\"DB_PASSWORD\"]", &password));
}

#[test]
fn files_of_variables_are_undecided_unless_accepted_and_do_not_hide_a_literal() {
    let files = |values: Vec<PlainValue>| {
        running(|running| {
            running.definition.containers[0].environment_files = 1;
            running.definition.containers[0].values = values;
        })
    };
    assert!(undecided(judge(ID, &files(Vec::new()))).starts_with("container app loads variables from files in S3"));
    let accepted = judge_with(ID, "accept_environment_files = true", &files(Vec::new()));
    assert!(passed(accepted).contains("the files of container app are not read"));
    let both = files(vec![value(Field::Environment, "DB_PASSWORD", PlainLook::Literal)]);
    assert!(failed(judge(ID, &both)).contains("not all was readable"));
}

#[test]
fn a_secret_of_others_is_shown_too() {
    let mut evidence = variable("DB_PASSWORD", PlainLook::Literal);
    for subject in &mut evidence.subjects {
        subject.role = Role::External;
    }
    failed(judge(ID, &evidence));
    let idle = without(without(evidence, Kind::Service), Kind::Cluster);
    assert!(not_applicable(judge(ID, &idle)).contains("runs this revision"));
}

#[test]
fn a_definition_that_could_not_be_read_is_undecided() {
    let mut evidence = running(|_| ());
    for subject in &mut evidence.subjects {
        if let crate::subject::Resource::TaskDefinition(revision) = &mut subject.resource {
            **revision = TaskDefinition::unknown(&denial());
        }
    }
    assert_eq!(judge(ID, &evidence), Err(denial()));
    let unnamed = PlainValue { field: Field::Label, name: Observed::Unknown(denial()), look: PlainLook::Literal };
    assert_eq!(judge(ID, &holding(vec![unnamed])), Err(denial()));
}
