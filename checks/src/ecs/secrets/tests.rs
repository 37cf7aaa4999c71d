use super::*;
use crate::ecs::fixture::*;
use crate::evidence::Evidence;
use crate::fixture::*;
use crate::iam::fixture::{inline, role};
use crate::subject::{Kind, Resource, Subject};
use serde_json::{Value, json};

const ID: &str = "ecs-taskdef-secrets-from-secretsmanager";
const NAMED: &str = "arn:aws:secretsmanager:us-east-2:123456789012:secret:prod/db";
const SECRET: &str = "arn:aws:secretsmanager:us-east-2:123456789012:secret:prod/db-AbCdEf";
const ROLE: &str = "arn:aws:iam::123456789012:role/service/task";

fn reference(variable: &str, named: &str) -> SecretReference {
    let store =
        if named.contains(":secretsmanager:") { SecretStore::SecretsManager } else { SecretStore::ParameterStore };
    SecretReference {
        variable: variable.into(),
        named: named.into(),
        store,
        json_key: Observed::Absent,
        stage: Observed::Absent,
        version: Observed::Absent,
    }
}

fn secret_subject(arn: &str) -> Subject {
    subject(Kind::Secret, arn, Resource::Secret(Box::new(Secret::unknown(&denial()))))
}

fn with(references: Vec<SecretReference>, others: Vec<Subject>) -> Evidence {
    running(|running| {
        running.definition.containers[0].secrets = references;
        running.others = others;
    })
}

fn judged(references: Vec<SecretReference>) -> Judgement {
    judge(ID, &with(references, vec![secret_subject(SECRET)]))
}

const NO_API_KEY: &str = "api_key_pattern is not set, so no secret for an API key is looked for";

#[test]
fn a_reference_to_a_secret_that_exists_passes_with_and_without_its_random_end() {
    for named in [SECRET, NAMED] {
        let text = passed(judged(vec![reference("PASSWORD", named)]));
        let name = own_name(named);
        assert_eq!(text, format!("variable PASSWORD of container app of api:7 is taken from {name} | {NO_API_KEY}"));
    }
    let other = "arn:aws:secretsmanager:us-east-2:123456789012:secret:prod/db-replica";
    assert!(undecided(judged(vec![reference("PASSWORD", other)])).starts_with("nothing was seen of the secret"));
}

#[test]
fn the_words_are_looked_for_in_variable_secret_and_key_without_regard_to_case() {
    let plain = "arn:aws:secretsmanager:us-east-2:123456789012:secret:prod/main-AbCdEf";
    let seen_plain = |reference| judge(ID, &with(vec![reference], vec![secret_subject(plain)]));
    passed(seen_plain(reference("AURORA_PASSWORD", plain)));
    passed(seen_plain(SecretReference { json_key: Observed::Present("DbPass".into()), ..reference("P", plain) }));
    assert_eq!(
        failed(seen_plain(reference("PASSWORD", plain))),
        format!(
            "no container takes a secret for the database; api:7 has no task role that could read one | {NO_API_KEY}"
        )
    );
}

#[test]
fn a_parameter_is_no_secret_and_one_secret_beside_it_is_enough() {
    let parameter = "arn:aws:ssm:us-east-2:123456789012:parameter/prod/db/password";
    assert!(failed(judged(vec![reference("DB_PASSWORD", parameter)])).starts_with(
        "variable DB_PASSWORD of container app of api:7 is taken from the parameter parameter/prod/db/password, not \
             from Secrets Manager"
    ));
    passed(judged(vec![reference("DB_HOST", parameter), reference("DB_PASSWORD", SECRET)]));
}

#[test]
fn a_reference_that_leads_nowhere_fails_and_one_that_may_not_be_read_is_undecided() {
    let mut gone = secret_subject(SECRET);
    gone.existence = seen(Existence::Missing);
    let evidence = with(vec![reference("DB_PASSWORD", SECRET)], vec![gone]);
    assert!(failed(judge(ID, &evidence)).contains("which does not exist"));
    let mut foreign = secret_subject(SECRET);
    foreign.existence = denied();
    assert_eq!(judge(ID, &with(vec![reference("DB_PASSWORD", SECRET)], vec![foreign])), Err(denial()));
}

#[test]
fn an_api_key_is_asked_for_only_where_words_are_set() {
    let words = "api_key_pattern = [\"api\"]";
    let database = with(vec![reference("DB_PASSWORD", SECRET)], vec![secret_subject(SECRET)]);
    assert!(failed(judge_with(ID, words, &database)).starts_with("no container takes a secret for the API key"));
    let both = with(vec![reference("DB_PASSWORD", SECRET), reference("API_KEY", SECRET)], vec![secret_subject(SECRET)]);
    assert!(!passed(judge_with(ID, words, &both)).contains(NO_API_KEY));
}

fn fetching(statements: Value, secrets: Vec<Subject>) -> Judgement {
    fetching_as(inline(role(), "read", statements), secrets)
}

fn fetching_as(role: Role, secrets: Vec<Subject>) -> Judgement {
    let evidence = running(|running| {
        running.definition.task_role = Observed::Present(ROLE.into());
        running.others = secrets;
        running.others.push(subject(Kind::Role, "task", Resource::Role(Box::new(role))));
    });
    judge(ID, &evidence)
}

fn allow(resource: &str) -> Value {
    json!({ "Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": resource })
}

#[test]
fn a_task_role_that_may_read_the_secret_by_name_passes_with_a_remark() {
    for resource in [SECRET.to_owned(), format!("{NAMED}-??????"), format!("{NAMED}-*"), format!("{NAMED}*")] {
        let text = passed(fetching(allow(&resource), vec![secret_subject(SECRET)]));
        assert!(text.starts_with("task role task may read secret:prod/db"), "{text}");
        assert!(text.contains("| the secret is fetched at run time"), "{text}");
    }
}

#[test]
fn a_task_role_that_may_read_everything_names_no_secret() {
    for resource in [
        "*",
        "arn:aws:secretsmanager:us-east-2:123456789012:secret:*",
        "arn:aws:secretsmanager:us-east-2:123456789012:secret:prod/*/db",
    ] {
        let text = failed(fetching(allow(resource), vec![secret_subject(SECRET)]));
        assert!(text.contains("the task role task may read no secret for the database by name"), "{text}");
    }
    let other = json!({ "Effect": "Allow", "Action": "secretsmanager:DescribeSecret", "Resource": SECRET });
    failed(fetching(other, vec![secret_subject(SECRET)]));
}

#[test]
fn a_deny_a_missing_secret_and_a_condition_are_heeded() {
    let deny = json!([allow(SECRET), { "Effect": "Deny", "Action": "secretsmanager:*", "Resource": "*" }]);
    assert!(failed(fetching(deny, vec![secret_subject(SECRET)])).contains("denies task role task"));
    let mut gone = secret_subject(SECRET);
    gone.existence = seen(Existence::Missing);
    assert!(failed(fetching(allow(SECRET), vec![gone])).contains("which does not exist"));
    let conditioned = json!({
        "Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": SECRET,
        "Condition": { "StringEquals": { "aws:SourceVpce": "vpce-1" } }
    });
    assert!(undecided(fetching(conditioned, vec![secret_subject(SECRET)])).contains("hangs on aws:SourceVpce"));
    assert!(undecided(fetching(allow(SECRET), Vec::new())).starts_with("nothing was seen of secret:prod/db"));
}

#[test]
fn a_role_that_was_not_read_or_is_bounded_is_undecided() {
    let unread = Role { inline_policies: denied(), ..role() };
    assert_eq!(fetching_as(unread, vec![secret_subject(SECRET)]), Err(denial()));
    let bounded =
        Role { boundary: seen("arn:aws:iam::123456789012:policy/b".into()), ..inline(role(), "read", allow(SECRET)) };
    assert!(undecided(fetching_as(bounded, vec![secret_subject(SECRET)])).contains("has the permissions boundary"));
    let unseen = running(|running| running.definition.task_role = Observed::Present(ROLE.into()));
    assert_eq!(undecided(judge(ID, &unseen)), "nothing was seen of the task role task");
}

#[test]
fn the_secrets_that_a_role_names_are_those_with_a_whole_name() {
    let named = |resources: Value| {
        let statement = json!({ "Effect": "Allow", "Action": "secretsmanager:Get*", "Resource": resources });
        named_for_reading(&inline(role(), "read", statement))
    };
    assert_eq!(named(json!([format!("{NAMED}-??????"), format!("{NAMED}-*"), SECRET])), [NAMED, SECRET]);
    assert!(
        named(json!(["*", "arn:aws:secretsmanager:*:123456789012:secret:prod/db-*", "arn:aws:s3:::b/*"])).is_empty()
    );
}

#[test]
fn all_containers_of_the_stacks_services_are_judged_together() {
    let worker = REVISION.replace("api:7", "worker:3");
    let evidence = running(|running| {
        let mut description = described();
        description.definition = Observed::Present(worker.clone());
        description.deployments.clear();
        let mut second = service_subject(Service { description: seen(description), ..running.service() });
        second.id = SERVICE.replace("/api", "/worker");
        let mut definition = defined();
        definition.containers[0].secrets = vec![reference("DB_PASSWORD", SECRET)];
        running.others = vec![second, definition_subject(&worker, definition), secret_subject(SECRET)];
    });
    assert!(passed(judge(ID, &evidence)).starts_with("variable DB_PASSWORD of container app of worker:3"));
}

#[test]
fn without_an_active_service_it_does_not_apply_and_what_was_not_read_is_undecided() {
    let idle = running(|running| running.service.status = Observed::Present(crate::ecs::ServiceStatus::Inactive));
    assert_eq!(not_applicable(judge(ID, &idle)), "there is no ACTIVE service (see ecs-service-fargate)");
    let unlisted = running(|running| {
        running.service.status = Observed::Present(crate::ecs::ServiceStatus::Inactive);
        running.cluster.services = denied();
    });
    assert_eq!(judge(ID, &unlisted), Err(denial()));
    let unseen = without(running(|_| ()), Kind::TaskDefinition);
    assert_eq!(undecided(judge(ID, &unseen)), "nothing was seen of the task definition api:7");
}
