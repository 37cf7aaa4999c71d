//! Whether secret parameters are masked and without defaults.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{DefaultLook, Parameter, ParameterValue, Stack};
use crate::observed::{Gap, Observed};
use crate::s3::Switch;
use crate::secret::SecretNames;
use crate::verdict::{Judgement, Verdict, every};

/// How secret parameters are told from others.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Secrets {
    secret_param_names: Vec<String>,
    harmless_endings: Vec<String>,
    harmless_types: Vec<String>,
    ignore_params: Vec<String>,
}

impl Secrets {
    /// Whether a parameter of this name, and of this type where it is known, looks secret.
    fn covers(&self, name: &str, kind: Option<&str>) -> bool {
        let names = SecretNames {
            words: self.secret_param_names.clone(),
            harmless_endings: self.harmless_endings.clone(),
            ignore: self.ignore_params.clone(),
        };
        names.is_secret(name) && !kind.is_some_and(|kind| self.is_harmless(kind))
    }

    fn is_harmless(&self, kind: &str) -> bool {
        self.harmless_types.iter().any(|harmless| match harmless.strip_suffix("<...>") {
            Some(generic) => kind.strip_prefix(generic).is_some_and(|rest| rest.starts_with('<')),
            None => kind == harmless,
        })
    }
}

/// What is known of the parameters' types and masks; a type that nobody could read makes no parameter harmless.
struct Known {
    kinds: BTreeMap<String, String>,
    masked: BTreeMap<String, Switch>,
    gap: Option<Gap>,
}

impl Known {
    fn of(stack: &Stack) -> Known {
        let mut known = Known { kinds: BTreeMap::new(), masked: BTreeMap::new(), gap: None };
        if let Ok(Some(template)) = stack.original.seen() {
            for (name, parameter) in &template.parameters {
                known.kinds.insert(name.clone(), parameter.kind.clone());
                known.mask(name, &parameter.no_echo);
            }
        }
        match stack.parameter_summary.seen() {
            Ok(summary) => {
                for parameter in summary.into_iter().flatten() {
                    if let Observed::Present(kind) = &parameter.kind {
                        known.kinds.insert(parameter.key.clone(), kind.clone());
                    }
                    known.mask(&parameter.key, &parameter.no_echo);
                }
            }
            Err(gap) => known.gap = Some(gap),
        }
        known
    }

    fn mask(&mut self, name: &str, no_echo: &Observed<Switch>) {
        if let Observed::Present(switch) = no_echo {
            self.masked.insert(name.to_owned(), *switch);
        }
    }
}

const MASKED: &str = "NoEcho on every secret parameter, or a reference to a secret store as its value";

/// What describing the stack shows decides; the template's summary only tells the types.
pub(super) fn no_echo(stack: &Stack, params: &Secrets) -> Judgement {
    let description = stack.description.required("DescribeStacks", "Stacks")?;
    let known = Known::of(stack);
    let parts = description
        .parameters
        .required("DescribeStacks", "Parameters")?
        .iter()
        .filter(|parameter| params.covers(&parameter.key, known.kinds.get(&parameter.key).map(String::as_str)))
        .map(|parameter| shown(parameter, &known));
    every(parts, || Ok(Verdict::not_applicable("the stack has no parameter whose name looks secret")))
}

/// Judges what the answer shows of one secret parameter. An empty value without NoEcho is shown too, and so would be
/// the next one.
fn shown(parameter: &Parameter, known: &Known) -> Judgement {
    let key = &parameter.key;
    let fail = |what: &str| Ok(Verdict::not_satisfied(format!("parameter {key} {what}"), MASKED));
    match parameter.resolved.seen()? {
        Some(ParameterValue::Clear) => return fail("shows its resolved value in clear"),
        // A parameter that names an SSM parameter shows that name, and its secret only in the resolved value.
        Some(ParameterValue::Masked) => return Ok(Verdict::satisfied(format!("parameter {key} is masked"))),
        Some(ParameterValue::Empty | ParameterValue::Reference) | None => {}
    }
    match parameter.value {
        ParameterValue::Masked => Ok(Verdict::satisfied(format!("parameter {key} is masked"))),
        ParameterValue::Reference => Ok(Verdict::satisfied(format!("parameter {key} refers to a secret store"))),
        ParameterValue::Empty => fail("is empty and not masked, so that any value given to it is readable"),
        ParameterValue::Clear => {
            let by_name = known.kinds.get(key).is_some_and(|kind| kind.starts_with("AWS::SSM::Parameter::Value<"));
            if by_name && matches!(parameter.resolved, Observed::Absent) {
                return Err(Gap::Incomplete { operation: "DescribeStacks".into(), field: "ResolvedValue".into() });
            }
            fail("is readable in clear").map(|verdict| match (known.masked.get(key), &known.gap) {
                (Some(Switch::On), _) => verdict
                    .noting(format!("the template sets NoEcho on {key}, and the stack shows its value all the same")),
                (Some(Switch::Off) | None, Some(gap)) if !known.kinds.contains_key(key) => {
                    verdict.noting(format!("the type of {key} is not known: {gap}"))
                }
                (Some(Switch::Off) | None, _) => verdict,
            })
        }
    }
}

const NO_DEFAULT: &str = "no literal default on a secret parameter";

/// The template decides. Where it cannot be read, a default that its summary shows fails all the same, and no default
/// there does not pass.
pub(super) fn no_default(stack: &Stack, params: &Secrets) -> Judgement {
    match stack.original.required("GetTemplate", "TemplateBody") {
        Ok(template) => {
            let secret = template
                .parameters
                .iter()
                .filter(|(name, parameter)| params.covers(name, Some(&parameter.kind)))
                .map(|(name, parameter)| default(name, &parameter.default));
            every(secret, || Ok(Verdict::satisfied("no parameter's name looks secret, so none has a default")))
        }
        Err(gap) => {
            let summary = stack.parameter_summary.seen();
            let secret = summary.into_iter().flatten().flatten().filter_map(|parameter| {
                let kind = match &parameter.kind {
                    Observed::Present(kind) => Some(kind.as_str()),
                    Observed::Absent | Observed::Unknown(_) => None,
                };
                params.covers(&parameter.key, kind).then(|| default(&parameter.key, &parameter.default))
            });
            every(secret.chain([Err(gap.clone())]), || Err(gap.clone()))
        }
    }
}

fn default(name: &str, default: &Observed<DefaultLook>) -> Judgement {
    Ok(match default.seen()? {
        None => Verdict::satisfied(format!("parameter {name} has no default")),
        Some(DefaultLook::Empty) => Verdict::satisfied(format!("the default of parameter {name} is empty")),
        Some(DefaultLook::Reference) => Verdict::satisfied(format!("the default of parameter {name} is a reference")),
        Some(DefaultLook::Literal) => {
            Verdict::not_satisfied(format!("parameter {name} has a literal default"), NO_DEFAULT)
                .noting("removing it from the template does not change a stack that kept the value: give a new one")
        }
        Some(DefaultLook::Masked) => {
            Verdict::not_satisfied(format!("parameter {name} has a default, which is masked"), NO_DEFAULT)
                .noting("removing it from the template does not change a stack that kept the value: give a new one")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudformation::fixture::{description, stack, subject_of, template};
    use crate::cloudformation::{ParameterSummary, TemplateParameter};
    use crate::fixture::*;

    const NO_ECHO: &str = "stack-params-secret-noecho";
    const DEFAULT: &str = "stack-params-no-secret-default";

    fn judged(id: &str, params: &str, stack: &Stack) -> Judgement {
        judge_with(id, params, &evidence(vec![subject_of(stack.clone())]))
    }

    fn with(key: &str, kind: &str, value: ParameterValue, resolved: Observed<ParameterValue>) -> Stack {
        let mut stack = stack();
        let mut answer = description();
        answer.parameters = Observed::Present(vec![Parameter { key: key.into(), value, resolved, suffix: None }]);
        stack.description = seen(answer);
        stack.parameter_summary = seen(vec![ParameterSummary {
            key: key.into(),
            kind: Observed::Present(kind.into()),
            no_echo: Observed::Absent,
            default: Observed::Absent,
        }]);
        stack
    }

    fn value(key: &str, value: ParameterValue) -> Stack {
        with(key, "String", value, Observed::Absent)
    }

    #[test]
    fn masked_parameters_and_references_pass() {
        let answer = judged(NO_ECHO, "", &value("DatabasePassword", ParameterValue::Masked));
        assert_eq!(passed(answer), "parameter DatabasePassword is masked");
        let answer = judged(NO_ECHO, "", &value("DatabasePassword", ParameterValue::Reference));
        assert_eq!(passed(answer), "parameter DatabasePassword refers to a secret store");
    }

    #[test]
    fn a_secret_parameter_in_clear_fails_and_its_value_is_not_shown() {
        for key in ["DatabasePassword", "ExternalId", "db-api_key"] {
            let answer = judged(NO_ECHO, "", &value(key, ParameterValue::Clear));
            assert_eq!(failed(answer), format!("parameter {key} is readable in clear"));
        }
    }

    #[test]
    fn an_empty_parameter_without_a_mask_fails() {
        let answer = judged(NO_ECHO, "", &value("DatabasePassword", ParameterValue::Empty));
        assert_eq!(
            failed(answer),
            "parameter DatabasePassword is empty and not masked, so that any value given to it is readable"
        );
    }

    #[test]
    fn harmless_names_types_and_listed_parameters_are_left_out() {
        let none = "the stack has no parameter whose name looks secret";
        for key in ["KmsKeyId", "SecretArn", "EnvironmentSuffix", "TokenTtl"] {
            assert_eq!(not_applicable(judged(NO_ECHO, "", &value(key, ParameterValue::Clear))), none, "{key}");
        }
        for kind in ["Number", "AWS::EC2::KeyPair::KeyName", "List<Number>"] {
            let stack = with("PasswordPolicy", kind, ParameterValue::Clear, Observed::Absent);
            assert_eq!(not_applicable(judged(NO_ECHO, "", &stack)), none, "{kind}");
        }
        let stack = value("NotSecretReally", ParameterValue::Clear);
        assert_eq!(not_applicable(judged(NO_ECHO, "ignore_params = ['NotSecretReally']", &stack)), none);
        let listed = with("DbPasswords", "ListOfThings", ParameterValue::Clear, Observed::Absent);
        assert_eq!(failed(judged(NO_ECHO, "", &listed)), "parameter DbPasswords is readable in clear");
    }

    #[test]
    fn the_resolved_value_of_an_ssm_parameter_decides() {
        let kind = "AWS::SSM::Parameter::Value<String>";
        let ssm = |resolved| with("DbPassword", kind, ParameterValue::Clear, resolved);
        let judged = |resolved| judged(NO_ECHO, "", &ssm(resolved));
        assert_eq!(
            failed(judged(Observed::Present(ParameterValue::Clear))),
            "parameter DbPassword shows its resolved value in clear"
        );
        assert_eq!(passed(judged(Observed::Present(ParameterValue::Masked))), "parameter DbPassword is masked");
        assert!(undecided(judged(Observed::Absent)).starts_with("DescribeStacks answered without ResolvedValue"));
        assert_eq!(undecided(judged(Observed::Unknown(denial()))), denial().to_string());
    }

    #[test]
    fn a_denied_summary_changes_nothing_about_what_is_readable() {
        let mut stack = value("DatabasePassword", ParameterValue::Clear);
        stack.parameter_summary = denied();
        stack.original = denied();
        assert_eq!(
            failed(judged(NO_ECHO, "", &stack)),
            format!(
                "parameter DatabasePassword is readable in clear | the type of DatabasePassword is not known: {}",
                denial()
            )
        );
        let mut stack = value("DatabasePassword", ParameterValue::Masked);
        stack.parameter_summary = denied();
        assert_eq!(passed(judged(NO_ECHO, "", &stack)), "parameter DatabasePassword is masked");
    }

    #[test]
    fn a_mask_in_the_template_that_the_stack_does_not_apply_is_said() {
        let mut stack = value("DatabasePassword", ParameterValue::Clear);
        stack.parameter_summary = seen(vec![ParameterSummary {
            key: "DatabasePassword".into(),
            kind: Observed::Present("String".into()),
            no_echo: Observed::Present(Switch::On),
            default: Observed::Absent,
        }]);
        assert!(failed(judged(NO_ECHO, "", &stack)).ends_with("and the stack shows its value all the same"));
    }

    #[test]
    fn parameters_of_a_stack_that_cannot_be_described_are_an_error() {
        assert_eq!(undecided(judged(NO_ECHO, "", &Stack::unknown(&denial()))), denial().to_string());
    }

    fn defaulting(key: &str, kind: &str, default: Observed<DefaultLook>) -> Stack {
        let mut stack = stack();
        let mut original = template();
        let parameter = TemplateParameter { kind: kind.into(), no_echo: Observed::Present(Switch::On), default };
        original.parameters.insert(key.into(), parameter);
        stack.original = seen(original);
        stack
    }

    #[test]
    fn a_literal_default_of_a_secret_parameter_fails_even_under_no_echo() {
        for (look, text) in [
            (DefaultLook::Literal, "parameter DatabasePassword has a literal default"),
            (DefaultLook::Masked, "parameter DatabasePassword has a default, which is masked"),
        ] {
            let stack = defaulting("DatabasePassword", "String", Observed::Present(look));
            let answer = failed(judged(DEFAULT, "", &stack));
            assert!(answer.starts_with(text), "{answer}");
        }
    }

    #[test]
    fn no_default_an_empty_one_and_a_reference_pass() {
        for (default, text) in [
            (Observed::Absent, "parameter DatabasePassword has no default"),
            (Observed::Present(DefaultLook::Empty), "the default of parameter DatabasePassword is empty"),
            (Observed::Present(DefaultLook::Reference), "the default of parameter DatabasePassword is a reference"),
        ] {
            assert_eq!(passed(judged(DEFAULT, "", &defaulting("DatabasePassword", "String", default))), text);
        }
    }

    #[test]
    fn defaults_of_other_parameters_are_left_alone() {
        for (key, kind) in [("EnvironmentSuffix", "String"), ("PasswordLength", "String"), ("TokenCount", "Number")] {
            let stack = defaulting(key, kind, Observed::Present(DefaultLook::Literal));
            assert_eq!(
                passed(judged(DEFAULT, "", &stack)),
                "no parameter's name looks secret, so none has a default",
                "{key}"
            );
        }
    }

    #[test]
    fn without_the_template_its_summary_can_fail_and_not_pass() {
        let mut stack = stack();
        stack.original = denied();
        assert_eq!(undecided(judged(DEFAULT, "", &stack)), denial().to_string());
        let summary = |default| {
            seen(vec![ParameterSummary {
                key: "DatabasePassword".into(),
                kind: Observed::Present("String".into()),
                no_echo: Observed::Present(Switch::On),
                default,
            }])
        };
        stack.parameter_summary = summary(Observed::Absent);
        assert_eq!(undecided(judged(DEFAULT, "", &stack)), denial().to_string());
        stack.parameter_summary = summary(Observed::Present(DefaultLook::Masked));
        assert!(failed(judged(DEFAULT, "", &stack)).contains("not all was readable"));
        assert_eq!(undecided(judged(DEFAULT, "", &Stack::unknown(&denial()))), denial().to_string());
    }

    #[test]
    fn a_default_that_could_not_be_judged_is_an_error() {
        let stack = defaulting("DatabasePassword", "String", Observed::Unknown(denial()));
        assert_eq!(undecided(judged(DEFAULT, "", &stack)), denial().to_string());
    }
}
