//! Functions with readable, encrypted and unreadable variables.

use super::*;
use crate::cloudformation::{TemplateFormat, TemplateParameter};
use crate::evidence::Evidence;
use crate::fixture::{self, ACCOUNT, denial, denied, failed, judge, judge_with, not_applicable, passed, seen};
use crate::fixture::{subject, undecided};
use crate::kms::Metadata;
use crate::lambda::tests::{active, configuration, function, of, only, output, outputs, unresolved, version, with};
use crate::lambda::{LengthClass, ValueLook, Variable};
use crate::subject::{Resource, Subject};
use std::collections::{BTreeMap, BTreeSet};

const CMK: &str = "lambda-env-kms-cmk";
const STACK_KEY: &str = "lambda-env-kms-is-stack-key";
const PLAINTEXT: &str = "lambda-env-no-plaintext-secret";
const DEFAULT: &str = "lambda-env-no-known-default-secret";
const ADVICE: &str = "advice: move them to Secrets Manager and keep only the secret's ARN in the environment";
const NOT_READ: &str = "live values not read (AccessDeniedException): the template's variables were judged";

fn arn(id: &str) -> String {
    format!("arn:aws:kms:us-east-2:{ACCOUNT}:key/{id}")
}

fn metadata(id: &str, state: KeyState, manager: KeyManager) -> Metadata {
    Metadata {
        arn: Observed::Present(arn(id)),
        id: Observed::Present(id.into()),
        account: Observed::Present(ACCOUNT.into()),
        state: Observed::Present(state),
        manager: Observed::Present(manager),
        origin: Observed::Absent,
        spec: Observed::Absent,
        usage: Observed::Absent,
        deletion_date: Observed::Absent,
        pending_window_days: Observed::Absent,
        multi_region: Observed::Absent,
    }
}

fn key_of(id: &str, metadata: Seen<Metadata>, names: &[&str]) -> Subject {
    let named_by: BTreeSet<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let key = Key { named_by, metadata, ..Key::unknown(&Gap::undecided("not asked")) };
    subject(Kind::Key, id, Resource::Key(Box::new(key)))
}

fn key(state: KeyState, manager: KeyManager) -> Subject {
    key_of("k1", seen(metadata("k1", state, manager)), &["alias/patient-data"])
}

fn good_key() -> Subject {
    key(KeyState::Enabled, KeyManager::Customer)
}

fn denied_key() -> Subject {
    key_of("k1", denied(), &["alias/patient-data"])
}

fn variable(name: &str, value: ValueLook) -> Variable {
    Variable { name: name.into(), length: LengthClass::Medium, value, published_default: seen(PublishedDefault::No) }
}

fn readable(variables: Vec<Variable>) -> Configuration {
    Configuration { environment: Observed::Present(Environment::Readable(variables)), ..configuration() }
}

fn encrypted() -> Configuration {
    let environment = Environment::Encrypted { code: "AccessDeniedException".into() };
    Configuration { environment: Observed::Present(environment), ..configuration() }
}

fn no_key(configuration: Configuration) -> Configuration {
    Configuration { kms_key: Observed::Absent, ..configuration }
}

fn none() -> Configuration {
    Configuration { environment: Observed::Absent, ..configuration() }
}

fn beside(configuration: Configuration, others: Vec<Subject>) -> Evidence {
    let mut subjects = vec![of(Function { configuration: seen(configuration), ..function() })];
    subjects.extend(others);
    fixture::evidence(subjects)
}

fn resource(kind: &str, variables: Vec<(&str, TemplateValue)>) -> TemplateResource {
    TemplateResource {
        kind: kind.into(),
        deletion_policy: Observed::Absent,
        update_replace_policy: Observed::Absent,
        policy_names: Vec::new(),
        policy_roles: Vec::new(),
        variables: variables.into_iter().map(|(name, value)| TemplateVariable { name: name.into(), value }).collect(),
        in_cluster: Observed::Absent,
    }
}

fn template_of(resources: Vec<(&str, TemplateResource)>, parameters: Vec<(&str, &str, DefaultLook)>) -> Template {
    let parameters = parameters.into_iter().map(|(name, kind, default)| {
        let no_echo = Observed::Absent;
        (name.to_owned(), TemplateParameter { kind: kind.into(), no_echo, default: Observed::Present(default) })
    });
    Template {
        format: TemplateFormat::Json,
        description: Observed::Absent,
        parameters: parameters.collect(),
        resources: resources.into_iter().map(|(id, resource)| (id.to_owned(), resource)).collect(),
        unread_nested: BTreeMap::new(),
    }
}

fn stack(original: Seen<Template>, processed: Seen<Template>) -> Subject {
    let stack = Stack { original, processed, ..Stack::unknown(&Gap::undecided("not asked")) };
    subject(Kind::Stack, "TapStack", Resource::Stack(Box::new(stack)))
}

fn template_with(variables: Vec<(&str, TemplateValue)>) -> Subject {
    let function = resource("AWS::Lambda::Function", variables);
    stack(denied(), seen(template_of(vec![("Processor", function)], Vec::new())))
}

fn parameters(parameters: Vec<(&str, &str, DefaultLook)>) -> Subject {
    stack(seen(template_of(Vec::new(), parameters)), denied())
}

#[test]
fn a_function_without_variables_has_nothing_to_encrypt_or_to_hide() {
    for id in [CMK, PLAINTEXT, DEFAULT] {
        assert_eq!(not_applicable(judge(id, &with(none()))), NO_VARIABLES, "{id}");
        assert_eq!(not_applicable(judge(id, &with(readable(Vec::new())))), NO_VARIABLES, "{id}");
    }
}

#[test]
fn an_unreadable_environment_is_an_error() {
    for id in [CMK, PLAINTEXT, DEFAULT] {
        let unread = Configuration { environment: Observed::Unknown(denial()), ..configuration() };
        assert_eq!(undecided(judge(id, &beside(unread, vec![good_key()]))), denial().to_string(), "{id}");
    }
}

#[test]
fn a_customer_key_that_works_passes_whichever_form_names_it() {
    assert_eq!(
        passed(judge(CMK, &beside(configuration(), vec![good_key()]))),
        "key alias/patient-data is customer-managed; its state is Enabled"
    );
    let by_id = Configuration { kms_key: Observed::Present("k1".into()), ..configuration() };
    assert!(passed(judge(CMK, &beside(by_id, vec![good_key()]))).starts_with("key k1 is customer-managed"));
}

#[test]
fn variables_that_the_auditor_cannot_decrypt_are_variables_all_the_same() {
    assert!(passed(judge(CMK, &beside(encrypted(), vec![good_key()]))).contains("customer-managed"));
    let expected = "a customer-managed key that is Enabled";
    let observed = "the environment is encrypted with the AWS-managed key aws/lambda";
    assert_eq!(judge(CMK, &with(no_key(encrypted()))), Ok(Verdict::not_satisfied(observed, expected)));
}

#[test]
fn no_key_on_the_function_fails_as_the_aws_managed_key_and_not_as_unencrypted() {
    let observed = "the environment is encrypted with the AWS-managed key aws/lambda";
    assert_eq!(failed(judge(CMK, &with(no_key(configuration())))), observed);
    let empty = Configuration { kms_key: Observed::Present(String::new()), ..configuration() };
    assert_eq!(failed(judge(CMK, &with(empty))), observed);
}

#[test]
fn an_aws_managed_key_fails_even_when_it_is_named() {
    let evidence = beside(configuration(), vec![key(KeyState::Enabled, KeyManager::Aws)]);
    assert_eq!(failed(judge(CMK, &evidence)), "key alias/patient-data is AWS-managed");
}

#[test]
fn a_key_that_does_not_work_fails_and_one_in_flux_is_an_error() {
    for (state, name) in [
        (KeyState::Disabled, "Disabled"),
        (KeyState::PendingDeletion, "PendingDeletion"),
        (KeyState::PendingReplicaDeletion, "PendingReplicaDeletion"),
        (KeyState::PendingImport, "PendingImport"),
        (KeyState::Unavailable, "Unavailable"),
    ] {
        let evidence = beside(configuration(), vec![key(state, KeyManager::Customer)]);
        assert_eq!(failed(judge(CMK, &evidence)), format!("key alias/patient-data: state is {name}"));
    }
    for state in [KeyState::Creating, KeyState::Updating] {
        let evidence = beside(configuration(), vec![key(state, KeyManager::Customer)]);
        assert!(undecided(judge(CMK, &evidence)).contains("it is changing"));
    }
}

#[test]
fn an_unreadable_key_is_an_error_that_tells_what_is_known() {
    assert_eq!(
        undecided(judge(CMK, &beside(configuration(), vec![denied_key()]))),
        format!("the environment is encrypted with key alias/patient-data; {}", denial())
    );
    assert_eq!(
        undecided(judge(CMK, &active())),
        "the environment is encrypted with key alias/patient-data; key `alias/patient-data` was not looked up, so nothing is known of it; the auditing role needs kms:DescribeKey"
    );
}

#[test]
fn a_broken_state_decides_although_the_manager_is_unreadable() {
    let mut broken = metadata("k1", KeyState::Disabled, KeyManager::Customer);
    broken.manager = Observed::Unknown(denial());
    let evidence = beside(configuration(), vec![key_of("k1", seen(broken), &["alias/patient-data"])]);
    assert!(failed(judge(CMK, &evidence)).starts_with("key alias/patient-data: state is Disabled | not all"));
}

#[test]
fn an_old_version_without_a_key_fails_beside_a_good_latest() {
    let evidence = fixture::evidence(vec![of(version(no_key(configuration()))), good_key()]);
    assert_eq!(
        failed(judge(CMK, &evidence)),
        "qualifier 7: the environment is encrypted with the AWS-managed key aws/lambda"
    );
}

#[test]
fn a_version_with_variables_counts_although_latest_has_none() {
    let function = Function { configuration: seen(none()), ..version(no_key(configuration())) };
    assert!(failed(judge(CMK, &only(function))).starts_with("qualifier 7"));
}

fn key_output(id: &str) -> Subject {
    outputs(vec![output("KMSKeyId", Kind::Key, id)])
}

#[test]
fn the_key_of_the_output_passes_although_it_is_named_otherwise() {
    let evidence = beside(configuration(), vec![key_output("k1"), good_key()]);
    assert_eq!(
        passed(judge(STACK_KEY, &evidence)),
        format!("the environment is encrypted with {}, the key of output KMSKeyId", arn("k1"))
    );
}

#[test]
fn another_key_than_the_output_s_fails() {
    let other = key_of("k2", seen(metadata("k2", KeyState::Enabled, KeyManager::Customer)), &["k2"]);
    let evidence = beside(configuration(), vec![key_output("k2"), good_key(), other]);
    assert_eq!(
        judge(STACK_KEY, &evidence),
        Ok(Verdict::not_satisfied(
            format!("the environment is encrypted with {}", arn("k1")),
            format!("the key {} of output KMSKeyId", arn("k2"))
        ))
    );
}

#[test]
fn without_a_key_to_compare_it_cannot_apply() {
    let evidence = beside(configuration(), vec![outputs(Vec::new()), good_key()]);
    assert_eq!(not_applicable(judge(STACK_KEY, &evidence)), "no output names a key");
    let evidence = beside(no_key(configuration()), vec![key_output("k1"), good_key()]);
    assert!(not_applicable(judge(STACK_KEY, &evidence)).starts_with("the function names no key"));
}

#[test]
fn a_key_that_cannot_be_read_on_either_side_is_an_error() {
    let evidence = beside(configuration(), vec![key_output("k1"), denied_key()]);
    assert_eq!(undecided(judge(STACK_KEY, &evidence)), denial().to_string());
    let unread = key_of("k2", denied(), &["k2"]);
    let evidence = beside(configuration(), vec![key_output("k2"), good_key(), unread]);
    assert_eq!(undecided(judge(STACK_KEY, &evidence)), denial().to_string());
    let evidence = beside(configuration(), vec![key_output("k9"), good_key()]);
    assert!(undecided(judge(STACK_KEY, &evidence)).starts_with("key `k9` was not looked up"));
}

#[test]
fn outputs_that_were_not_read_or_not_resolved_do_not_mean_that_none_names_a_key() {
    let evidence = beside(configuration(), vec![outputs(vec![unresolved("KmsKeyArn")]), good_key()]);
    assert_eq!(
        undecided(judge(STACK_KEY, &evidence)),
        "depends on stack-outputs-resolve-live: output `KmsKeyArn`, which should name the key, was not resolved"
    );
    assert!(undecided(judge(STACK_KEY, &beside(configuration(), vec![good_key()]))).contains("TapAudit::Outputs"));
}

#[test]
fn variables_that_do_not_look_secret_pass_under_any_key() {
    let variables = vec![variable("DB_HOST", ValueLook::Literal), variable("SECRET_ARN", ValueLook::Reference)];
    let evidence = with(no_key(readable(variables)));
    assert_eq!(passed(judge(PLAINTEXT, &evidence)), "none of 2 variables looks secret by name or value");
}

#[test]
fn a_secret_name_with_a_reference_or_nothing_as_value_is_no_secret() {
    let variables = vec![variable("DB_PASSWORD", ValueLook::Reference), variable("TOKEN", ValueLook::Empty)];
    let evidence = with(no_key(readable(variables)));
    assert!(passed(judge(PLAINTEXT, &evidence)).starts_with("none of 2"));
    assert!(passed(judge_with(PLAINTEXT, r#"mode = "strict""#, &evidence)).starts_with("none of 2"));
}

fn password() -> Configuration {
    readable(vec![variable("dbPassword", ValueLook::Literal)])
}

#[test]
fn a_secret_under_a_customer_key_passes_with_advice() {
    assert_eq!(
        passed(judge(PLAINTEXT, &beside(password(), vec![good_key()]))),
        format!("variables that look secret are under a customer-managed key: dbPassword | {ADVICE}")
    );
}

#[test]
fn a_secret_without_a_customer_key_that_works_fails() {
    assert_eq!(
        failed(judge(PLAINTEXT, &with(no_key(password())))),
        "variables that look secret: dbPassword; the environment is encrypted with the AWS-managed key aws/lambda"
    );
    let disabled = key(KeyState::Disabled, KeyManager::Customer);
    assert!(failed(judge(PLAINTEXT, &beside(password(), vec![disabled]))).ends_with("state is Disabled"));
}

#[test]
fn a_secret_under_a_key_that_could_not_be_read_is_an_error() {
    let text = undecided(judge(PLAINTEXT, &beside(password(), vec![denied_key()])));
    assert!(text.starts_with("depends on lambda-env-kms-cmk: variables that look secret: dbPassword; "), "{text}");
}

#[test]
fn a_url_with_a_password_counts_as_secret_under_a_harmless_name() {
    let configuration = readable(vec![variable("DB_URL", ValueLook::Credential(SecretLook::UrlPassword))]);
    assert!(passed(judge(PLAINTEXT, &beside(configuration.clone(), vec![good_key()]))).contains("DB_URL"));
    assert!(failed(judge(PLAINTEXT, &with(no_key(configuration)))).contains("DB_URL"));
}

#[test]
fn a_live_credential_fails_under_any_key_and_name() {
    for look in [SecretLook::AccessKey, SecretLook::PrivateKey] {
        let configuration = readable(vec![variable("SETTING", ValueLook::Credential(look))]);
        assert_eq!(
            failed(judge(PLAINTEXT, &beside(configuration, vec![good_key()]))),
            format!("variable SETTING holds {}", look.name())
        );
    }
}

#[test]
fn in_the_strict_mode_a_secret_fails_under_any_key() {
    assert_eq!(
        failed(judge_with(PLAINTEXT, r#"mode = "strict""#, &beside(password(), vec![good_key()]))),
        "variables that look secret: dbPassword"
    );
}

#[test]
fn an_ignored_name_is_not_secret() {
    let evidence = with(no_key(password()));
    assert_eq!(
        passed(judge_with(PLAINTEXT, r#"ignore = ["dbPassword"]"#, &evidence)),
        "the one variable does not look secret by name or value"
    );
}

#[test]
fn unreadable_values_are_judged_by_the_template() {
    let variables =
        vec![("DB_PASSWORD", TemplateValue::Parameter("DatabasePassword".into())), ("BUCKET", TemplateValue::Computed)];
    let evidence = beside(encrypted(), vec![good_key(), template_with(variables)]);
    assert_eq!(
        passed(judge(PLAINTEXT, &evidence)),
        format!("variables that look secret are under a customer-managed key: DB_PASSWORD | {ADVICE}; {NOT_READ}")
    );
    let harmless = vec![("BUCKET", TemplateValue::Computed), ("STAGE", TemplateValue::Parameter("Suffix".into()))];
    assert_eq!(
        passed(judge(PLAINTEXT, &beside(encrypted(), vec![template_with(harmless)]))),
        format!("none of 2 variables looks secret by name or value | {NOT_READ}")
    );
}

#[test]
fn a_live_credential_in_the_template_fails_although_the_live_values_are_unreadable() {
    let literal = TemplateValue::Literal(ValueLook::Credential(SecretLook::AccessKey));
    let evidence = beside(encrypted(), vec![good_key(), template_with(vec![("SETTING", literal)])]);
    assert_eq!(
        failed(judge(PLAINTEXT, &evidence)),
        format!("variable SETTING holds an AWS access key id | {NOT_READ}")
    );
}

#[test]
fn a_reference_in_the_template_may_be_the_secret_itself_once_deployed() {
    let reference = || vec![("DB_PASSWORD", TemplateValue::Literal(ValueLook::Reference))];
    let without_key = beside(no_key(encrypted()), vec![template_with(reference())]);
    assert!(failed(judge(PLAINTEXT, &without_key)).contains("DB_PASSWORD"));
    let with_key = beside(encrypted(), vec![good_key(), template_with(reference())]);
    assert!(
        undecided(judge_with(PLAINTEXT, r#"mode = "strict""#, &with_key)).starts_with("the template does not tell")
    );
}

#[test]
fn unreadable_values_without_a_template_are_an_error() {
    let unread = stack(denied(), denied());
    assert_eq!(undecided(judge(PLAINTEXT, &beside(encrypted(), vec![good_key(), unread]))), denial().to_string());
    assert!(undecided(judge(PLAINTEXT, &beside(encrypted(), vec![good_key()]))).contains("CloudFormation::Stack"));
    let other = resource("AWS::Lambda::Function", Vec::new());
    let other = stack(denied(), seen(template_of(vec![("Other", other)], Vec::new())));
    assert_eq!(
        undecided(judge(PLAINTEXT, &beside(encrypted(), vec![good_key(), other]))),
        "the variables are not readable (AccessDeniedException), and the template has no function Processor"
    );
    let without = template_with(Vec::new());
    assert!(
        undecided(judge(PLAINTEXT, &beside(encrypted(), vec![good_key(), without])))
            .ends_with("the template gives the function none, so they were set outside of it")
    );
}

#[test]
fn a_function_that_is_no_member_of_the_stack_is_an_error_when_its_values_are_unreadable() {
    let mut outside = of(Function { configuration: seen(encrypted()), ..function() });
    outside.logical_id = None;
    let mut template = template_with(vec![("A", TemplateValue::Computed)]);
    let unlisted = fixture::evidence(vec![outside.clone(), good_key(), template.clone()]);
    assert_eq!(undecided(judge(PLAINTEXT, &unlisted)), "not asked");
    if let Resource::Stack(stack) = &mut template.resource {
        stack.members = seen(Vec::new());
    }
    assert!(
        undecided(judge(PLAINTEXT, &fixture::evidence(vec![outside, good_key(), template])))
            .ends_with("the function is in no template that was read")
    );
}

#[test]
fn a_function_of_a_nested_stack_is_found_and_an_ambiguous_one_is_an_error() {
    let function = || resource("AWS::Lambda::Function", vec![("A", TemplateValue::Computed)]);
    let nested = seen(template_of(vec![("Inner/Processor", function())], Vec::new()));
    assert!(passed(judge(PLAINTEXT, &beside(encrypted(), vec![stack(denied(), nested)]))).contains("the one"));
    let both = vec![("Inner/Processor", function()), ("Processor", function())];
    let both = seen(template_of(both, Vec::new()));
    assert!(
        undecided(judge(PLAINTEXT, &beside(encrypted(), vec![stack(denied(), both)])))
            .ends_with("several functions of the template are called Processor")
    );
}

#[test]
fn a_version_judged_by_the_template_says_that_the_template_may_be_newer() {
    let evidence = fixture::evidence(vec![
        of(version(encrypted())),
        good_key(),
        template_with(vec![("A", TemplateValue::Computed)]),
    ]);
    assert!(passed(judge(PLAINTEXT, &evidence)).ends_with("a version may have been published from an older template"));
}

fn published(name: &str, published_default: Observed<PublishedDefault>) -> Variable {
    Variable { published_default: Seen::new(published_default, Vec::new()), ..variable(name, ValueLook::Literal) }
}

#[test]
fn values_that_are_no_published_default_pass() {
    assert_eq!(
        passed(judge(DEFAULT, &active())),
        "compared with 2 known values and the template's secret defaults, no variable holds a published default"
    );
}

#[test]
fn the_catalog_holds_published_values_as_digests_only() {
    let params = fixture::requirement(DEFAULT).params;
    let params: KnownDefault = serde::Deserialize::deserialize(params).unwrap();
    for digest in &params.known_default_hashes {
        assert_eq!(digest.len(), 64, "{digest}");
        assert!(digest.chars().all(|digit| matches!(digit, '0'..='9' | 'a'..='f')), "{digest}");
    }
}

#[test]
fn a_published_default_fails_by_the_variable_s_name_only() {
    let variables = vec![
        published("A", Observed::Unknown(denial())),
        published("DB_PASSWORD", Observed::Present(PublishedDefault::KnownList)),
    ];
    assert_eq!(
        failed(judge(DEFAULT, &with(readable(variables)))),
        format!("the value of DB_PASSWORD is a known published default | not all was readable: {}", denial())
    );
    let variables = vec![published("EXTERNAL_ID", Observed::Present(PublishedDefault::TemplateDefault))];
    assert_eq!(
        failed(judge(DEFAULT, &with(readable(variables)))),
        "the value of EXTERNAL_ID is the default of a secret in the deployed template"
    );
}

#[test]
fn a_value_that_could_not_be_compared_is_an_error() {
    let unread = readable(vec![published("A", Observed::Unknown(denial()))]);
    assert_eq!(undecided(judge(DEFAULT, &with(unread))), denial().to_string());
    let missing = readable(vec![published("A", Observed::Absent)]);
    assert!(undecided(judge(DEFAULT, &with(missing))).contains("without Environment.Variables"));
}

#[test]
fn unreadable_values_beside_a_published_secret_default_are_an_error() {
    for look in [DefaultLook::Literal, DefaultLook::Masked] {
        let stack = parameters(vec![("DatabasePassword", "String", look)]);
        assert_eq!(
            undecided(judge(DEFAULT, &beside(encrypted(), vec![stack]))),
            "the values are not readable (AccessDeniedException); the template publishes a default for DatabasePassword, whose use cannot be ruled out"
        );
    }
}

#[test]
fn unreadable_values_without_a_published_secret_default_cannot_be_judged() {
    let stack = parameters(vec![
        ("EnvironmentSuffix", "String", DefaultLook::Literal),
        ("DatabasePassword", "String", DefaultLook::Empty),
        ("ApiToken", "String", DefaultLook::Reference),
        ("TokenCount", "Number", DefaultLook::Literal),
        ("SecretKeyPair", "AWS::EC2::KeyPair::KeyName", DefaultLook::Literal),
        ("TokenSubnets", "List<AWS::EC2::Subnet::Id>", DefaultLook::Literal),
    ]);
    assert_eq!(
        not_applicable(judge(DEFAULT, &beside(encrypted(), vec![stack]))),
        "the values are not readable (AccessDeniedException), and the deployed template publishes no secret default | a default of an older template could live on"
    );
}

#[test]
fn unreadable_values_without_a_readable_template_are_an_error() {
    let text = format!("the values are not readable (AccessDeniedException); {}", denial());
    let unread = stack(denied(), denied());
    assert_eq!(undecided(judge(DEFAULT, &beside(encrypted(), vec![unread]))), text);
    let mut partly = template_of(Vec::new(), Vec::new());
    partly.unread_nested.insert("Inner".into(), denial());
    assert_eq!(undecided(judge(DEFAULT, &beside(encrypted(), vec![stack(seen(partly), denied())]))), text);
    let mut unseen = template_of(Vec::new(), vec![("Password", "String", DefaultLook::Empty)]);
    for parameter in unseen.parameters.values_mut() {
        parameter.default = Observed::Unknown(denial());
    }
    assert_eq!(undecided(judge(DEFAULT, &beside(encrypted(), vec![stack(seen(unseen), denied())]))), text);
}
