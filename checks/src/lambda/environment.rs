//! The environment of a function: its key, and what stands in its variables.

use serde::Deserialize;

use super::{CONFIGURATION, Configuration, Environment, Function, PublishedDefault, ValueLook, Variable};
use super::{each_configuration, each_qualifier};
use crate::check::{Context, NoParams};
use crate::cloudformation::{DefaultLook, Stack, Template, TemplateResource, TemplateValue, TemplateVariable};
use crate::kms::{Key, KeyManager, KeyState};
use crate::observed::{Gap, Observed, Seen};
use crate::outputs::{Output, Outputs, SecretLook};
use crate::secret::SecretNames;
use crate::subject::{Attributes, Kind};
use crate::verdict::{Judgement, Verdict, every};

const NO_VARIABLES: &str = "the function has no environment variables";

/// The variables of an environment, where there are any.
enum Variables<'a> {
    /// There are none.
    None,
    /// These were readable.
    Readable(&'a [Variable]),
    /// There are some; Lambda answered with this code instead of them.
    Encrypted(&'a str),
}

/// An error instead of the variables is the normal answer for an auditor that may not use the key. It says that there
/// are variables, so it must not be read as an empty environment.
fn variables(configuration: &Configuration) -> Result<Variables<'_>, Gap> {
    Ok(match configuration.environment.seen()? {
        None => Variables::None,
        Some(Environment::Readable(variables)) if variables.is_empty() => Variables::None,
        Some(Environment::Readable(variables)) => Variables::Readable(variables),
        Some(Environment::Encrypted { code }) => Variables::Encrypted(code),
    })
}

/// The key of the environment as the function names it; `None` where Lambda's AWS-managed key encrypts it.
fn key_reference(configuration: &Configuration) -> Result<Option<&String>, Gap> {
    Ok(configuration.kms_key.seen()?.filter(|key| !key.is_empty()))
}

/// The key that a function or an output names. A key that nobody has looked up is a gap.
fn key_named<'a>(reference: &str, context: &Context<'a>) -> Result<&'a Key, Gap> {
    context.evidence.key_named(reference).map(|(_, key)| key).ok_or_else(|| {
        Gap::undecided(format!(
            "key `{reference}` was not looked up, so nothing is known of it; the auditing role needs kms:DescribeKey"
        ))
    })
}

/// No key on the function means the AWS-managed key of Lambda. The environment is encrypted then too, and not with a
/// key of the customer.
pub(super) fn customer_key(function: &Function, _: &NoParams, context: &Context<'_>) -> Judgement {
    each_configuration(function, |configuration| customer_key_of(configuration, context))
}

fn customer_key_of(configuration: &Configuration, context: &Context<'_>) -> Judgement {
    match variables(configuration)? {
        Variables::None => return Ok(Verdict::not_applicable(NO_VARIABLES)),
        Variables::Readable(_) | Variables::Encrypted(_) => {}
    }
    let expected = "a customer-managed key that is Enabled";
    let Some(reference) = key_reference(configuration)? else {
        return Ok(Verdict::not_satisfied(
            "the environment is encrypted with the AWS-managed key aws/lambda",
            expected,
        ));
    };
    let partial = |gap: Gap| Gap::undecided(format!("the environment is encrypted with key {reference}; {gap}"));
    let key = key_named(reference, context).map_err(partial)?;
    let metadata = key.metadata.required("DescribeKey", "KeyMetadata").map_err(partial)?;
    let manager = || {
        Ok(match metadata.manager.required("DescribeKey", "KeyManager").map_err(partial)? {
            KeyManager::Customer => Verdict::satisfied(format!("key {reference} is customer-managed")),
            KeyManager::Aws => Verdict::not_satisfied(format!("key {reference} is AWS-managed"), expected),
        })
    };
    let state = || {
        let state = *metadata.state.required("DescribeKey", "KeyState").map_err(partial)?;
        let observed = |state: &str| format!("its state is {state}");
        let broken = |state: &str| Ok(Verdict::not_satisfied(format!("key {reference}: state is {state}"), expected));
        match state {
            KeyState::Enabled => Ok(Verdict::satisfied(observed("Enabled"))),
            KeyState::Disabled => broken("Disabled"),
            KeyState::PendingDeletion => broken("PendingDeletion"),
            KeyState::PendingReplicaDeletion => broken("PendingReplicaDeletion"),
            KeyState::PendingImport => broken("PendingImport"),
            KeyState::Unavailable => broken("Unavailable"),
            KeyState::Creating => Err(Gap::changing(format!("key {reference} is Creating"))),
            KeyState::Updating => Err(Gap::changing(format!("key {reference} is Updating"))),
        }
    };
    every([manager(), state()], || Err(Gap::undecided("nothing was read of the key")))
}

/// Without a key on the function, or without a key in the outputs, there is nothing to compare. Keys are compared by
/// the ARN that KMS gives them, because an id, an alias and an ARN may all name the same key.
pub(super) fn stack_key(function: &Function, _: &NoParams, context: &Context<'_>) -> Judgement {
    each_configuration(function, |configuration| {
        let Some(reference) = key_reference(configuration)? else {
            return Ok(Verdict::not_applicable(
                "the function names no key; see lambda-env-kms-cmk for what encrypts its environment",
            ));
        };
        let outputs = key_outputs(context)?;
        if outputs.is_empty() {
            return Ok(Verdict::not_applicable("no output names a key"));
        }
        let used = key_arn(reference, context)?;
        let mut gap = None;
        let mut reviewed = Vec::new();
        for output in outputs {
            match output_key_arn(output, context) {
                Ok(arn) if arn == used => {
                    let observed =
                        format!("the environment is encrypted with {used}, the key of output {}", output.key);
                    return Ok(Verdict::satisfied(observed));
                }
                Ok(arn) => reviewed.push(format!("{arn} of output {}", output.key)),
                Err(found) => {
                    gap.get_or_insert(found);
                }
            }
        }
        match gap {
            Some(gap) => Err(gap),
            None => Ok(Verdict::not_satisfied(
                format!("the environment is encrypted with {used}"),
                format!("the key {}", reviewed.join(" or ")),
            )),
        }
    })
}

/// The outputs that name a key. One whose key says so and that was not resolved is a gap: it may be the one.
fn key_outputs<'a>(context: &Context<'a>) -> Result<Vec<&'a Output>, Gap> {
    let mut outputs = context.evidence.all::<Outputs>().peekable();
    if outputs.peek().is_none() {
        return Err(Gap::NothingToAudit { kind: Kind::Outputs.name().into() });
    }
    let entries: Vec<&Output> = outputs.flat_map(|(_, outputs)| &outputs.entries).collect();
    let is_key = |output: &&&Output| output.resolved.as_ref().is_some_and(|resolved| resolved.kind == Key::KIND.name());
    let keys: Vec<&Output> = entries.iter().filter(is_key).copied().collect();
    let says_key = |output: &&&Output| output.key.to_ascii_lowercase().contains("kmskey");
    if keys.is_empty()
        && let Some(output) = entries.iter().filter(|output| output.resolved.is_none()).find(says_key)
    {
        let why = format!("output `{}`, which should name the key, was not resolved", output.key);
        return Err(Gap::depends_on("stack-outputs-resolve-live", why));
    }
    Ok(keys)
}

fn key_arn<'a>(reference: &str, context: &Context<'a>) -> Result<&'a String, Gap> {
    key_named(reference, context)?
        .metadata
        .required("DescribeKey", "KeyMetadata")?
        .arn
        .required("DescribeKey", "KeyMetadata.Arn")
}

fn output_key_arn<'a>(output: &Output, context: &Context<'a>) -> Result<&'a String, Gap> {
    let resolved = output.resolved.as_ref();
    let forms = [resolved.and_then(|resolved| resolved.arn.as_deref()), resolved.map(|resolved| resolved.id.as_str())];
    let known = forms.into_iter().flatten().find(|form| context.evidence.key_named(form).is_some());
    key_arn(known.unwrap_or(&output.value), context)
}

/// The parameters of `lambda-env-no-plaintext-secret`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Plaintext {
    mode: Mode,
    words: Vec<String>,
    harmless_endings: Vec<String>,
    ignore: Vec<String>,
}

/// How a variable with a secret name is judged.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Mode {
    /// It passes under a customer-managed key that works: what the client's text asks for.
    Seed,
    /// It fails unless its value only names a secret.
    Strict,
}

/// How a variable looks, wherever it was seen.
enum Look {
    /// It is no secret.
    Harmless,
    /// Its name or value says that it is one.
    Secret,
    /// It is one unless the value names one; what stands in the template does not tell.
    Unclear,
    /// It holds a credential that works wherever it is read.
    Live(SecretLook),
}

/// A value that names a secret, such as its ARN, is none. Where the values are not readable the template's variables
/// are judged instead; that a function is not in a readable template then leaves the question open.
pub(super) fn no_plaintext_secret(function: &Function, params: &Plaintext, context: &Context<'_>) -> Judgement {
    let names = SecretNames {
        words: params.words.clone(),
        harmless_endings: params.harmless_endings.clone(),
        ignore: params.ignore.clone(),
    };
    each_qualifier(function, |qualifier, configuration| match variables(configuration)? {
        Variables::None => Ok(Verdict::not_applicable(NO_VARIABLES)),
        Variables::Readable(variables) => {
            let looks = variables.iter().map(|variable| (variable.name.as_str(), live_look(variable, &names)));
            plaintext_verdict(looks.collect(), params.mode, configuration, context)
        }
        Variables::Encrypted(code) => {
            let variables = template_variables(code, context)?;
            let looks = variables.iter().map(|variable| (variable.name.as_str(), template_look(variable, &names)));
            let verdict = plaintext_verdict(looks.collect(), params.mode, configuration, context)?
                .noting(format!("live values not read ({code}): the template's variables were judged"));
            Ok(match qualifier {
                None => verdict,
                Some(_) => verdict.noting("a version may have been published from an older template"),
            })
        }
    })
}

fn live_look(variable: &Variable, names: &SecretNames) -> Look {
    value_look(variable.value, &variable.name, names, Look::Harmless)
}

/// A `{{resolve:}}` text in a template is resolved at deployment, so the live variable holds the secret itself.
fn template_look(variable: &TemplateVariable, names: &SecretNames) -> Look {
    match variable.value {
        TemplateValue::Literal(look) => value_look(look, &variable.name, names, Look::Unclear),
        TemplateValue::Parameter(_) if names.is_secret(&variable.name) => Look::Secret,
        TemplateValue::Computed if names.is_secret(&variable.name) => Look::Unclear,
        TemplateValue::Parameter(_) | TemplateValue::Computed => Look::Harmless,
    }
}

fn value_look(value: ValueLook, name: &str, names: &SecretNames, reference: Look) -> Look {
    match value {
        ValueLook::Credential(look @ (SecretLook::AccessKey | SecretLook::PrivateKey)) => Look::Live(look),
        ValueLook::Credential(SecretLook::UrlPassword | SecretLook::Assignment | SecretLook::SecretName) => {
            Look::Secret
        }
        ValueLook::Empty => Look::Harmless,
        ValueLook::Reference if names.is_secret(name) => reference,
        ValueLook::Literal if names.is_secret(name) => Look::Secret,
        ValueLook::Reference | ValueLook::Literal => Look::Harmless,
    }
}

fn plaintext_verdict(
    looks: Vec<(&str, Look)>,
    mode: Mode,
    configuration: &Configuration,
    context: &Context<'_>,
) -> Judgement {
    let count = looks.len();
    let mut live = Vec::new();
    let (mut secret, mut unclear) = (Vec::new(), Vec::new());
    for (name, look) in looks {
        match look {
            Look::Harmless => {}
            Look::Secret => secret.push(name),
            Look::Unclear => unclear.push(name),
            Look::Live(look) => live.push(format!("{name} holds {}", look.name())),
        }
    }
    if !live.is_empty() {
        return Ok(Verdict::not_satisfied(
            format!("variable {}", live.join(", ")),
            "no live credential in the environment, under any key",
        ));
    }
    match mode {
        Mode::Strict if !secret.is_empty() => Ok(Verdict::not_satisfied(
            format!("variables that look secret: {}", secret.join(", ")),
            "only references to secrets in such variables",
        )),
        Mode::Strict if !unclear.is_empty() => Err(Gap::undecided(format!(
            "the template does not tell whether {} holds a secret or only names one, and the live values were not readable",
            unclear.join(", ")
        ))),
        Mode::Seed if !(secret.is_empty() && unclear.is_empty()) => {
            secret.append(&mut unclear);
            under_key(&secret, configuration, context)
        }
        Mode::Seed | Mode::Strict => Ok(Verdict::satisfied(format!("{} secret by name or value", none_of(count)))),
    }
}

fn none_of(count: usize) -> String {
    if count == 1 { "the one variable does not look".into() } else { format!("none of {count} variables looks") }
}

/// Variables that look secret are accepted under a customer-managed key that works.
fn under_key(names: &[&str], configuration: &Configuration, context: &Context<'_>) -> Judgement {
    let names = names.join(", ");
    match customer_key_of(configuration, context) {
        Ok(Verdict::Satisfied { .. }) => {
            Ok(Verdict::satisfied(format!("variables that look secret are under a customer-managed key: {names}"))
                .noting("advice: move them to Secrets Manager and keep only the secret's ARN in the environment"))
        }
        Ok(Verdict::NotSatisfied { observed, expected, .. }) => {
            Ok(Verdict::not_satisfied(format!("variables that look secret: {names}; {observed}"), expected))
        }
        // There are variables, so the key's requirement applies; this keeps a later change of it from passing here.
        Ok(Verdict::NotApplicable { reason, .. }) => Err(Gap::depends_on("lambda-env-kms-cmk", reason)),
        Err(gap) => Err(Gap::depends_on("lambda-env-kms-cmk", format!("variables that look secret: {names}; {gap}"))),
    }
}

/// What the deployed template says of the function's variables, for when the live values are not readable.
fn template_variables<'a>(code: &str, context: &Context<'a>) -> Result<&'a [TemplateVariable], Gap> {
    let template = template(context, |stack| &stack.processed)?;
    let unreadable = |why: String| Gap::undecided(format!("the variables are not readable ({code}), and {why}"));
    let Some(logical_id) = &context.subject.logical_id else {
        // Which resource of the template the function is, only the stack's listing tells.
        for (_, stack) in context.evidence.all::<Stack>() {
            stack.members.seen()?;
        }
        return Err(unreadable("the function is in no template that was read".into()));
    };
    let nested = format!("/{logical_id}");
    let is_function = |(_, resource): &(&String, &TemplateResource)| resource.kind == Function::KIND.name();
    let exact = template.resources.get_key_value(logical_id).filter(is_function);
    let mut in_nested = template.resources.iter().filter(|(id, _)| id.ends_with(&nested)).filter(is_function);
    let resource = match (exact, in_nested.next(), in_nested.next()) {
        (Some((_, resource)), None, None) | (None, Some((_, resource)), None) => resource,
        (None, None, None) => return Err(unreadable(format!("the template has no function {logical_id}"))),
        (Some(_), Some(_), _) | (_, _, Some(_)) => {
            return Err(unreadable(format!("several functions of the template are called {logical_id}")));
        }
    };
    if resource.variables.is_empty() {
        return Err(unreadable("the template gives the function none, so they were set outside of it".into()));
    }
    Ok(&resource.variables)
}

fn template<'a>(context: &Context<'a>, which: impl Fn(&'a Stack) -> &'a Seen<Template>) -> Result<&'a Template, Gap> {
    let stack = context.evidence.all::<Stack>().next();
    let (_, stack) = stack.ok_or_else(|| Gap::NothingToAudit { kind: Kind::Stack.name().into() })?;
    which(stack).required("GetTemplate", "TemplateBody")
}

/// The parameters of `lambda-env-no-known-default-secret`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KnownDefault {
    known_default_hashes: Vec<String>,
    words: Vec<String>,
    harmless_endings: Vec<String>,
    ignore: Vec<String>,
}

/// The values were compared before they were dropped, by hash. Where they are not readable a secret default in the
/// deployed template leaves the question open, because it may be in use; without one there is nothing to compare with.
pub(super) fn no_known_default(function: &Function, params: &KnownDefault, context: &Context<'_>) -> Judgement {
    each_configuration(function, |configuration| match variables(configuration)? {
        Variables::None => Ok(Verdict::not_applicable(NO_VARIABLES)),
        Variables::Readable(variables) => compared(variables, params.known_default_hashes.len()),
        Variables::Encrypted(code) => not_compared(code, params, context),
    })
}

fn compared(variables: &[Variable], known: usize) -> Judgement {
    let broken = |name: &str, of: &str| {
        Verdict::not_satisfied(format!("the value of {name} is {of}"), "a value that no template has published")
    };
    let judge = |variable: &Variable| {
        let published = variable.published_default.required(CONFIGURATION, "Environment.Variables")?;
        Ok(match published {
            PublishedDefault::No => Verdict::satisfied(format!(
                "compared with {known} known values and the template's secret defaults, no variable holds a published default"
            )),
            PublishedDefault::KnownList => broken(&variable.name, "a known published default"),
            PublishedDefault::TemplateDefault => {
                broken(&variable.name, "the default of a secret in the deployed template")
            }
        })
    };
    every(variables.iter().map(judge), || Ok(Verdict::not_applicable(NO_VARIABLES)))
}

fn not_compared(code: &str, params: &KnownDefault, context: &Context<'_>) -> Judgement {
    let names = SecretNames {
        words: params.words.clone(),
        harmless_endings: params.harmless_endings.clone(),
        ignore: params.ignore.clone(),
    };
    let unread = |why: String| Gap::undecided(format!("the values are not readable ({code}); {why}"));
    let template = template(context, |stack| &stack.original).map_err(|gap| unread(gap.to_string()))?;
    let mut published = Vec::new();
    let mut gap = None;
    for (name, parameter) in &template.parameters {
        if !takes_text(&parameter.kind) || !names.is_secret(name) {
            continue;
        }
        match &parameter.default {
            Observed::Present(DefaultLook::Literal | DefaultLook::Masked) => published.push(name.as_str()),
            Observed::Present(DefaultLook::Empty | DefaultLook::Reference) | Observed::Absent => {}
            Observed::Unknown(found) => {
                gap.get_or_insert(found);
            }
        }
    }
    if !published.is_empty() {
        return Err(unread(format!(
            "the template publishes a default for {}, whose use cannot be ruled out",
            published.join(", ")
        )));
    }
    if let Some(gap) = gap.or_else(|| template.unread_nested.values().next()) {
        return Err(unread(gap.to_string()));
    }
    Ok(Verdict::not_applicable(format!(
        "the values are not readable ({code}), and the deployed template publishes no secret default"
    ))
    .noting("a default of an older template could live on"))
}

/// Whether a parameter of this type can hold a secret: numbers, lists and the names of key pairs cannot.
fn takes_text(kind: &str) -> bool {
    kind != "Number" && kind != "AWS::EC2::KeyPair::KeyName" && !kind.starts_with("List<")
}

#[cfg(test)]
mod tests;
