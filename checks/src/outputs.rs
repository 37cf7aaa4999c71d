//! The outputs of the deploy: what the pipeline wrote down, and what it resolves to.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::check::{Check, Context, NoParams};
use crate::observed::{Gap, Observed, Seen};
use crate::subject::{Existence, Kind, Subject};
use crate::verdict::{Judgement, Verdict, every};

/// The checks of this file, in catalog order.
pub fn checks() -> Vec<Check> {
    vec![
        Check::new("stack-outputs-required-present", required_present),
        Check::across("stack-outputs-resolve-live", resolve_live),
        Check::new("stack-outputs-no-secrets", no_secrets),
    ]
}

/// The outputs file, or the stack's live outputs where no file was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outputs {
    /// Every output of the file, in its order.
    pub entries: Vec<Output>,
    /// Every live output of the stacks that were found, also those that the file lacks; absent when no stack is known.
    pub live: Seen<Vec<LiveOutput>>,
}

/// One output of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// The key as written; nested members are joined with a dot.
    pub key: String,
    /// The value as it may be shown: masked where it looks like a credential.
    pub value: String,
    /// Whether the value looks like a credential.
    pub secret: Option<SecretLook>,
    /// What it names, when that is known.
    pub resolved: Option<Resolved>,
    /// Why it was not resolved.
    pub reason: Option<String>,
    /// What the stack's live output of that key says; absent when no stack is known.
    pub live: Seen<LiveValue>,
}

/// What an output names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolved {
    /// The CloudFormation type.
    pub kind: String,
    /// The name or id within that type.
    pub id: String,
    /// The ARN, where the value is or gives one.
    pub arn: Option<String>,
    /// The region that the value names.
    pub region: Option<String>,
    /// The account that the value names.
    pub account: Option<String>,
    /// What in the value or key decided.
    pub by: String,
}

/// How an output of the file compares with the stack's live outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LiveValue {
    /// The stack has an output of this value.
    Same,
    /// The stack has an output of this key with another value: the file is stale.
    Differs,
    /// The stack has no such output.
    NotInStack,
}

/// A live output of a stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveOutput {
    /// The stack that has it.
    pub stack: String,
    /// Its key.
    pub key: String,
    /// Whether its value looks like a credential. The value is not kept.
    pub secret: Option<SecretLook>,
    /// Whether the file has an output that ends in or equals this key.
    pub in_file: InFile,
}

/// Whether the outputs file holds a live output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InFile {
    /// It does.
    Present,
    /// It does not: re-export the file.
    Missing,
}

/// Why a text looks like a credential. The text itself is never kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecretLook {
    /// `AKIA` or `ASIA` and sixteen upper-case letters or digits.
    AccessKey,
    /// A PEM private key header.
    PrivateKey,
    /// `user:password@host` in a URL.
    UrlPassword,
    /// `password=`, `secret=` or `token=` and a value.
    Assignment,
    /// A literal under a name that says it is secret.
    SecretName,
}

impl SecretLook {
    /// Says what it looks like, for findings.
    pub fn name(self) -> &'static str {
        match self {
            SecretLook::AccessKey => "an AWS access key id",
            SecretLook::PrivateKey => "a private key",
            SecretLook::UrlPassword => "a URL with a password in it",
            SecretLook::Assignment => "a `password=`, `secret=` or `token=` text",
            SecretLook::SecretName => "a literal under a secret name",
        }
    }
}

impl Outputs {
    /// The evidence of an outputs file of which nothing could be seen.
    pub fn unknown(gap: &Gap) -> Self {
        Outputs { entries: Vec::new(), live: Seen::gap(gap.clone()) }
    }
}

impl Outputs {
    /// Proves that there is something to judge: without outputs a file was never read, or the stack has none.
    fn read(&self) -> Result<(), Gap> {
        if self.entries.is_empty() && self.live.seen()?.is_none() {
            return Err(Gap::undecided("there are no outputs to judge: name an outputs file or the stack"));
        }
        Ok(())
    }
}

/// The form that the value of a required output must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Shape {
    BucketArn,
    FunctionArn,
    KeyId,
    Any,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Required {
    required_outputs: BTreeMap<String, Shape>,
    output_aliases: BTreeMap<String, Vec<String>>,
}

/// An output that is missing, empty or of another form fails. The file is judged; what the stack itself says only
/// explains a missing key.
fn required_present(outputs: &Outputs, params: &Required) -> Judgement {
    outputs.read()?;
    let parts = params.required_outputs.iter().map(|(name, shape)| required(outputs, params, name, *shape));
    every(parts, || Ok(Verdict::not_applicable("no output is required")))
}

fn required(outputs: &Outputs, params: &Required, name: &str, shape: Shape) -> Judgement {
    if let Some(output) = one_of(outputs, name)? {
        return Ok(of_shape(output, shape));
    }
    for alias in params.output_aliases.get(name).into_iter().flatten() {
        if let Some(output) = one_of(outputs, alias)? {
            return Ok(of_shape(output, shape).noting(format!("`{}` is accepted for `{name}`", output.key)));
        }
    }
    let verdict =
        Verdict::not_satisfied(format!("`{name}` is missing"), format!("an output `{name}`: {}", shape.text()));
    // Only an answer of the stack can explain; a gap there changes nothing about the file.
    let in_stack = match outputs.live.observed() {
        Observed::Present(live) => live.iter().any(|output| is_named(&output.key, name) || output.key == name),
        Observed::Absent | Observed::Unknown(_) => false,
    };
    Ok(if in_stack && outputs.live.seen()?.is_some() {
        verdict.noting(format!("the stack has `{name}` and the file has not: export the file again"))
    } else {
        verdict
    })
}

/// The output of this name: the one whose key equals it, else the one whose key has it behind a stack's name or before
/// a suffix. Two of them with different values leave it open which is meant.
fn one_of<'a>(outputs: &'a Outputs, name: &str) -> Result<Option<&'a Output>, Gap> {
    if let Some(output) = outputs.entries.iter().find(|output| output.key == name) {
        return Ok(Some(output));
    }
    let found: Vec<&Output> = outputs.entries.iter().filter(|output| is_named(&output.key, name)).collect();
    match found.as_slice() {
        [] => Ok(None),
        [first, rest @ ..] if rest.iter().all(|other| other.value == first.value) => Ok(Some(first)),
        several => {
            let keys: Vec<String> = several.iter().map(|output| format!("`{}`", output.key)).collect();
            Err(Gap::undecided(format!(
                "`{name}` is ambiguous: {} could each be meant; audit one stack's outputs at a time",
                keys.join(", ")
            )))
        }
    }
}

fn is_named(key: &str, name: &str) -> bool {
    // Nested members are joined with dots: the last one is the output's own key.
    let own = key.rsplit('.').next().unwrap_or(key);
    own.starts_with(name) || own.ends_with(name)
}

impl Shape {
    fn text(self) -> &'static str {
        match self {
            Shape::BucketArn => "the ARN of a bucket",
            Shape::FunctionArn => "the ARN of a function",
            Shape::KeyId => "the id of a KMS key",
            Shape::Any => "a value",
        }
    }

    fn fits(self, value: &str) -> bool {
        match self {
            Shape::BucketArn => is_bucket_arn(value),
            Shape::FunctionArn => is_function_arn(value),
            Shape::KeyId => is_key_id(value) || is_key_arn(value),
            Shape::Any => true,
        }
    }
}

fn of_shape(output: &Output, shape: Shape) -> Verdict {
    let (key, value) = (&output.key, output.value.trim());
    let expected = format!("`{key}` as {}", shape.text());
    if let Some(look) = output.secret {
        return Verdict::not_satisfied(format!("`{key}` looks like {}", look.name()), expected);
    }
    let placeholder = output.reason.as_ref().filter(|reason| reason.starts_with("the value is"));
    if value.is_empty() || placeholder.is_some() {
        let why = placeholder.map_or_else(|| "the value is empty".to_owned(), Clone::clone);
        return Verdict::not_satisfied(format!("`{key}`: {why}"), expected);
    }
    if value.contains("${") {
        return Verdict::not_satisfied(format!("`{key}` holds an unresolved `${{...}}`"), expected);
    }
    if !shape.fits(value) {
        let what = if value.starts_with("alias/") || value.contains(":alias/") { ", which is a key alias" } else { "" };
        return Verdict::not_satisfied(format!("`{key}` is `{value}`{what}"), expected);
    }
    let verdict = Verdict::satisfied(format!("`{key}` is {}", shape.text()));
    if shape == Shape::KeyId && is_key_arn(value) {
        return verdict.noting(format!("`{key}` holds the key's ARN where its id is asked for"));
    }
    verdict
}

/// Takes the six parts of an ARN apart.
fn arn(text: &str) -> Option<[&str; 5]> {
    let mut parts = text.splitn(6, ':');
    let (prefix, partition) = (parts.next()?, parts.next()?);
    let known = prefix == "arn" && (partition == "aws" || partition.starts_with("aws-"));
    known.then_some(())?;
    Some([partition, parts.next()?, parts.next()?, parts.next()?, parts.next()?])
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_bucket_arn(value: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '.' || letter == '-';
    matches!(arn(value), Some([_, "s3", "", "", name]) if (3..=63).contains(&name.len()) && name.chars().all(plain))
}

fn is_function_arn(value: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_$".contains(letter);
    let Some([_, "lambda", region, account, function]) = arn(value) else {
        return false;
    };
    let mut parts = function.split(':');
    let (kind, name, qualifier, rest) = (parts.next(), parts.next(), parts.next(), parts.next());
    !region.is_empty()
        && is_account(account)
        && kind == Some("function")
        && name.is_some_and(|name| !name.is_empty() && name.chars().all(plain))
        && qualifier.is_none_or(|qualifier| !qualifier.is_empty() && qualifier.chars().all(plain))
        && rest.is_none()
}

fn is_key_id(value: &str) -> bool {
    let hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let groups: Vec<&str> = value.split('-').collect();
    match groups.as_slice() {
        ["mrk", id] => id.len() == 32 && hex(id),
        [a, b, c, d, e] => {
            [a, b, c, d, e].map(|group| group.len()) == [8, 4, 4, 4, 12] && groups.iter().all(|group| hex(group))
        }
        _ => false,
    }
}

fn is_key_arn(value: &str) -> bool {
    matches!(arn(value), Some([_, "kms", region, account, key])
        if !region.is_empty() && is_account(account) && key.strip_prefix("key/").is_some_and(is_key_id))
}

/// How many names a finding lists before it only counts.
const LISTED: usize = 10;

/// An output whose kind no collector knows is listed and not judged. An output of an audited kind fails when its
/// resource is gone, or when the stack's own outputs do not have its value; an unreadable stack takes away only the
/// second half.
fn resolve_live(outputs: &Outputs, _params: &NoParams, context: &Context<'_>) -> Judgement {
    outputs.read()?;
    let (mut parts, mut unresolved, mut uncovered) = (Vec::new(), Vec::new(), Vec::new());
    let (mut missing, mut known, mut uncompared) = (0, 0, None);
    for output in &outputs.entries {
        let Some(resolved) = &output.resolved else {
            unresolved.push(format!("`{}`", output.key));
            continue;
        };
        let looked_for = |kind: &Kind| context.evidence.run.kinds.contains(kind);
        let Some(kind) = audited_kind(resolved).filter(looked_for) else {
            uncovered.push(format!("`{}` ({})", output.key, resolved.kind));
            continue;
        };
        known += 1;
        let found = existence(output, resolved, kind, context);
        if matches!(&found, Ok(Verdict::NotSatisfied { .. })) {
            missing += 1;
        }
        parts.push(found);
        match output.live.observed() {
            Observed::Present(_) => parts.push(current(output)),
            Observed::Absent => uncompared = uncompared.or(Some("no stack is known".to_owned())),
            Observed::Unknown(gap) => uncompared = uncompared.or(Some(gap.to_string())),
        }
    }
    let verdict = every(parts, || {
        Err(Gap::undecided("no output names a resource of a kind that is audited; name the stack with --stack-name"))
    })?;
    let mut notes = Vec::new();
    if missing == known {
        notes.push(
            "none of the outputs names anything that is there: is the stack deleted, or the region wrong?".to_owned(),
        );
    }
    if let Some(why) = uncompared {
        notes.push(format!("the values could not be compared with the stack's current outputs: {why}"));
    }
    if !uncovered.is_empty() {
        notes.push(format!("not audited: {}", listed(&uncovered)));
    }
    if !unresolved.is_empty() {
        notes.push(format!("not resolved: {}", listed(&unresolved)));
    }
    Ok(notes.into_iter().fold(verdict, Verdict::noting))
}

/// The kind of subject that a resolved output leads to.
fn audited_kind(resolved: &Resolved) -> Option<Kind> {
    Kind::led_to_by(&resolved.kind).filter(|kind| {
        // AWS's own policies belong to no account, and a policy's name alone, without its path, leads to none.
        *kind != Kind::ManagedPolicy || resolved.account.is_some()
    })
}

fn existence(output: &Output, resolved: &Resolved, kind: Kind, context: &Context<'_>) -> Judgement {
    let what = format!("`{}` names {} `{}`", output.key, resolved.kind, resolved.id);
    let run = &context.evidence.run;
    if let Some(account) = resolved.account.as_ref().filter(|account| **account != run.account) {
        return Err(Gap::undecided(format!(
            "{what} of account {account}, and the audit runs in account {}",
            run.account
        )));
    }
    let names = [Some(resolved.id.as_str()), resolved.arn.as_deref()];
    let same = |subject: &&Subject| {
        let region = match (&subject.region, &resolved.region) {
            // S3 names no region in its ARNs, and host names of buckets may name an old one.
            (Some(own), Some(named)) => own == named || kind == Kind::Bucket,
            (Some(_) | None, Some(_) | None) => true,
        };
        region && names.iter().flatten().any(|name| subject.is_named(name))
    };
    let Some(subject) = context.evidence.of_kind(kind).find(same) else {
        return Err(Gap::undecided(format!("{what}, which was not looked for in this run")));
    };
    match subject.existence.required("describe", "the resource")? {
        Existence::Exists => Ok(Verdict::satisfied(format!("{what}, which exists"))),
        Existence::Missing => {
            let at = subject.region.as_ref().map_or_else(String::new, |region| format!(" in {region}"));
            Ok(Verdict::not_satisfied(
                format!("{what}, which does not exist{at}"),
                "each output names a resource that exists",
            ))
        }
    }
}

fn current(output: &Output) -> Judgement {
    let expected = "each value is one of the stack's current outputs";
    match output.live.seen()? {
        Some(LiveValue::Same) => Ok(Verdict::satisfied("the stack's current outputs have the values")),
        Some(LiveValue::Differs) => Ok(Verdict::not_satisfied(
            format!("`{}` has another value on the stack: the file is stale", output.key),
            expected,
        )),
        Some(LiveValue::NotInStack) => Ok(Verdict::not_satisfied(
            format!("`{}` is no output of the stack: the file is stale, or holds more than its outputs", output.key),
            expected,
        )),
        None => Ok(Verdict::not_applicable("no stack is known")),
    }
}

fn listed(names: &[String]) -> String {
    let shown = names.iter().take(LISTED).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(LISTED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Secrets {
    secret_patterns: BTreeSet<SecretLook>,
    ignore_keys: BTreeSet<String>,
}

impl Secrets {
    fn counts(&self, key: &str, look: SecretLook) -> bool {
        let ignored = look == SecretLook::SecretName && self.ignore_keys.contains(key);
        self.secret_patterns.contains(&look) && !ignored
    }
}

/// Outputs of the file and of the stack are judged alike: the live ones are what anybody with DescribeStacks reads. Where
/// no stack is known the file alone decides.
fn no_secrets(outputs: &Outputs, params: &Secrets) -> Judgement {
    outputs.read()?;
    let expected = "no output that holds a credential";
    let found = |place: &str, key: &str, look: SecretLook| {
        Verdict::not_satisfied(format!("`{key}` {place} looks like {}", look.name()), expected)
    };
    let counted = |key: &str, look: Option<SecretLook>| look.filter(|look| params.counts(key, *look));
    let mut parts: Vec<Judgement> = Vec::new();
    for output in &outputs.entries {
        if let Some(look) = counted(&output.key, output.secret) {
            parts.push(Ok(found("of the outputs", &output.key, look)));
        }
    }
    let from_file = parts.len();
    let mut live_count = None;
    match outputs.live.seen() {
        Ok(Some(live)) => {
            live_count = Some(live.len());
            for output in live {
                // One that the file shows too was counted there.
                let shown = output.in_file == InFile::Present && from_file > 0;
                if let Some(look) = counted(&output.key, output.secret)
                    && !(shown
                        && outputs
                            .entries
                            .iter()
                            .any(|entry| entry.secret == Some(look) && is_named(&entry.key, &output.key)))
                {
                    parts.push(Ok(found(&format!("of the stack {}", output.stack), &output.key, look)));
                }
            }
        }
        Ok(None) => {}
        Err(gap) => parts.push(Err(gap)),
    }
    every(parts, || {
        let file = format!("none of {} outputs looks like a credential", outputs.entries.len());
        Ok(match live_count {
            Some(count) => Verdict::satisfied(format!("{file}, and none of {count} live ones")),
            None => Verdict::satisfied(file).noting("no stack is known, so only the file was read"),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Evidence;
    use crate::fixture::{self, denied, failed, judge, judge_with, not_set, passed, seen, subject, undecided};
    use crate::subject::{self, Resource, Role};

    const FUNCTION: &str = "arn:aws:lambda:us-east-2:123456789012:function:f-pr1";
    const KEY: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

    fn output(key: &str, value: &str) -> Output {
        Output {
            key: key.into(),
            value: value.into(),
            secret: None,
            resolved: None,
            reason: None,
            live: seen(LiveValue::Same),
        }
    }

    fn resolving(key: &str, kind: &str, id: &str) -> Output {
        let resolved = Resolved {
            kind: kind.into(),
            id: id.into(),
            arn: None,
            region: None,
            account: None,
            by: "its form".into(),
        };
        Output { resolved: Some(resolved), ..output(key, id) }
    }

    fn live(key: &str, secret: Option<SecretLook>, in_file: InFile) -> LiveOutput {
        LiveOutput { stack: "TapStackpr1".into(), key: key.into(), secret, in_file }
    }

    /// The three required outputs, resolved to subjects that exist.
    fn outputs() -> Outputs {
        Outputs {
            entries: vec![
                Output { value: "arn:aws:s3:::b-pr1".into(), ..resolving("S3BucketArn", "AWS::S3::Bucket", "b-pr1") },
                Output { value: FUNCTION.into(), ..resolving("LambdaFunctionArn", "AWS::Lambda::Function", "f-pr1") },
                resolving("KMSKeyId", "AWS::KMS::Key", KEY),
            ],
            live: seen(Vec::new()),
        }
    }

    fn with(change: impl FnOnce(&mut Outputs)) -> Evidence {
        let mut outputs = outputs();
        change(&mut outputs);
        evidence(outputs)
    }

    fn evidence(outputs: Outputs) -> Evidence {
        let gap = fixture::denial();
        let part = |kind: Kind, id: &str| subject(kind, id, subject::unseen(kind, &gap));
        fixture::evidence(vec![
            subject(Kind::Outputs, "flat-outputs.json", Resource::Outputs(outputs)),
            part(Kind::Bucket, "b-pr1"),
            part(Kind::Function, "f-pr1"),
            part(Kind::Key, KEY),
        ])
    }

    fn gone(mut evidence: Evidence, ids: &[&str]) -> Evidence {
        for subject in evidence.subjects.iter_mut().filter(|subject| ids.contains(&subject.id.as_str())) {
            subject.existence = seen(Existence::Missing);
        }
        evidence
    }

    #[test]
    fn the_three_outputs_with_the_right_forms_pass() {
        assert_eq!(
            passed(judge("stack-outputs-required-present", &with(|_| {}))),
            "`KMSKeyId` is the id of a KMS key; `LambdaFunctionArn` is the ARN of a function; `S3BucketArn` is the ARN of a bucket"
        );
    }

    #[test]
    fn keys_may_carry_a_stack_before_them_and_a_suffix_behind_them() {
        for key in ["TapStackpr1S3BucketArn", "S3BucketArnA1B2C3D4", "TapStackpr1.S3BucketArn", "S3BucketArn-dev"] {
            passed(judge("stack-outputs-required-present", &with(|o| o.entries[0].key = key.into())));
        }
        let lower = with(|o| o.entries[0].key = "s3bucketarn".into());
        assert_eq!(failed(judge("stack-outputs-required-present", &lower)), "`S3BucketArn` is missing");
    }

    #[test]
    fn two_candidates_are_ambiguous_unless_one_has_the_very_name_or_both_the_same_value() {
        let two = with(|o| {
            o.entries[0].key = "AS3BucketArn".into();
            o.entries.push(output("BS3BucketArn", "arn:aws:s3:::other"));
        });
        assert_eq!(
            undecided(judge("stack-outputs-required-present", &two)),
            "`S3BucketArn` is ambiguous: `AS3BucketArn`, `BS3BucketArn` could each be meant; audit one stack's outputs at a time"
        );
        let same = with(|o| {
            o.entries[0].key = "AS3BucketArn".into();
            o.entries.push(output("BS3BucketArn", "arn:aws:s3:::b-pr1"));
        });
        passed(judge("stack-outputs-required-present", &same));
        passed(judge(
            "stack-outputs-required-present",
            &with(|o| o.entries.push(output("LogS3BucketArn", "arn:aws:s3:::other"))),
        ));
    }

    #[test]
    fn a_missing_output_fails_and_the_stack_explains_it() {
        let missing = with(|o| {
            o.entries.remove(2);
        });
        assert_eq!(failed(judge("stack-outputs-required-present", &missing)), "`KMSKeyId` is missing");
        let stale = with(|o| {
            o.entries.remove(2);
            o.live = seen(vec![live("KMSKeyId", None, InFile::Missing)]);
        });
        assert_eq!(
            failed(judge("stack-outputs-required-present", &stale)),
            "`KMSKeyId` is missing | the stack has `KMSKeyId` and the file has not: export the file again"
        );
        let unreadable = with(|o| {
            o.entries.remove(2);
            o.live = denied();
        });
        assert_eq!(failed(judge("stack-outputs-required-present", &unreadable)), "`KMSKeyId` is missing");
    }

    #[test]
    fn a_value_of_another_form_fails_with_what_it_is() {
        let table = [
            (2, "alias/k-pr1", "`KMSKeyId` is `alias/k-pr1`, which is a key alias"),
            (2, "mrk-1234", "`KMSKeyId` is `mrk-1234`"),
            (2, "", "`KMSKeyId`: the value is empty"),
            (2, "${Token[TOKEN.1]}", "`KMSKeyId` holds an unresolved `${...}`"),
            (0, "b-pr1", "`S3BucketArn` is `b-pr1`"),
            (0, "arn:aws:s3:::b-pr1/*", "`S3BucketArn` is `arn:aws:s3:::b-pr1/*`"),
            (0, "arn:gcp:s3:::b-pr1", "`S3BucketArn` is `arn:gcp:s3:::b-pr1`"),
            (
                1,
                "arn:aws:lambda:us-east-2:123:function:f",
                "`LambdaFunctionArn` is `arn:aws:lambda:us-east-2:123:function:f`",
            ),
            (
                1,
                "arn:aws:lambda:us-east-2:123456789012:layer:f",
                "`LambdaFunctionArn` is `arn:aws:lambda:us-east-2:123456789012:layer:f`",
            ),
        ];
        for (at, value, text) in table {
            let evidence = with(|o| o.entries[at].value = value.into());
            assert_eq!(failed(judge("stack-outputs-required-present", &evidence)), text);
        }
        let placeholder = with(|o| {
            o.entries[0].value = "unknown".into();
            o.entries[0].reason = Some("the value is the placeholder `unknown`".into());
        });
        assert_eq!(
            failed(judge("stack-outputs-required-present", &placeholder)),
            "`S3BucketArn`: the value is the placeholder `unknown`"
        );
        let secret = with(|o| o.entries[2].secret = Some(SecretLook::AccessKey));
        assert_eq!(
            failed(judge("stack-outputs-required-present", &secret)),
            "`KMSKeyId` looks like an AWS access key id"
        );
    }

    #[test]
    fn other_right_forms_pass() {
        for (at, value) in [
            (0, "arn:aws-us-gov:s3:::b-pr1"),
            (1, "arn:aws:lambda:us-east-2:123456789012:function:f-pr1:live"),
            (1, "arn:aws-cn:lambda:cn-north-1:123456789012:function:f:$LATEST"),
            (2, "mrk-1234abcd12ab34cd56ef1234567890ab"),
        ] {
            passed(judge("stack-outputs-required-present", &with(|o| o.entries[at].value = value.into())));
        }
        let key_arn = format!("arn:aws:kms:us-east-2:123456789012:key/{KEY}");
        let text = passed(judge("stack-outputs-required-present", &with(|o| o.entries[2].value = key_arn)));
        assert!(text.ends_with("| `KMSKeyId` holds the key's ARN where its id is asked for"), "{text}");
    }

    #[test]
    fn an_alias_of_an_output_passes_with_a_note_and_required_outputs_can_change() {
        let renamed = with(|o| o.entries[2].key = "CmkId".into());
        assert_eq!(failed(judge("stack-outputs-required-present", &renamed)), "`KMSKeyId` is missing");
        let params = r#"output_aliases = { KMSKeyId = ["CmkId"] }"#;
        let text = passed(judge_with("stack-outputs-required-present", params, &renamed));
        assert!(text.ends_with("| `CmkId` is accepted for `KMSKeyId`"), "{text}");
        let other = r#"required_outputs = { Site = "any" }"#;
        assert_eq!(failed(judge_with("stack-outputs-required-present", other, &renamed)), "`Site` is missing");
    }

    #[test]
    fn outputs_that_could_not_be_read_are_an_error_for_every_check() {
        for id in ["stack-outputs-required-present", "stack-outputs-resolve-live", "stack-outputs-no-secrets"] {
            let unread = evidence(Outputs::unknown(&fixture::denial()));
            assert_eq!(undecided(judge(id, &unread)), fixture::denial().to_string());
            let none = evidence(Outputs { entries: Vec::new(), live: not_set() });
            assert_eq!(undecided(judge(id, &none)), "there are no outputs to judge: name an outputs file or the stack");
        }
    }

    #[test]
    fn outputs_that_name_what_is_there_and_what_the_stack_says_pass() {
        let text = passed(judge("stack-outputs-resolve-live", &with(|_| {})));
        assert!(text.starts_with("`S3BucketArn` names AWS::S3::Bucket `b-pr1`, which exists; "), "{text}");
        assert!(text.ends_with("which exists") && !text.contains('|'), "{text}");
    }

    #[test]
    fn a_resource_that_is_gone_fails() {
        let evidence = gone(with(|_| {}), &["b-pr1"]);
        assert_eq!(
            failed(judge("stack-outputs-resolve-live", &evidence)),
            "`S3BucketArn` names AWS::S3::Bucket `b-pr1`, which does not exist in us-east-2"
        );
    }

    #[test]
    fn all_resources_gone_are_one_failure_with_the_likely_cause() {
        let evidence = gone(with(|_| {}), &["b-pr1", "f-pr1", KEY]);
        let text = failed(judge("stack-outputs-resolve-live", &evidence));
        assert!(
            text.contains(
                "| none of the outputs names anything that is there: is the stack deleted, or the region wrong?"
            ),
            "{text}"
        );
    }

    #[test]
    fn a_value_that_the_stack_does_not_have_makes_the_file_stale() {
        let stale = with(|o| o.entries[0].live = seen(LiveValue::Differs));
        assert_eq!(
            failed(judge("stack-outputs-resolve-live", &stale)),
            "`S3BucketArn` has another value on the stack: the file is stale"
        );
        let foreign = with(|o| o.entries[0].live = seen(LiveValue::NotInStack));
        assert_eq!(
            failed(judge("stack-outputs-resolve-live", &foreign)),
            "`S3BucketArn` is no output of the stack: the file is stale, or holds more than its outputs"
        );
    }

    #[test]
    fn an_unreadable_stack_takes_away_only_the_comparison() {
        let text = passed(judge(
            "stack-outputs-resolve-live",
            &with(|o| o.entries.iter_mut().for_each(|e| e.live = denied())),
        ));
        assert!(
            text.ends_with(&format!(
                "| the values could not be compared with the stack's current outputs: {}",
                fixture::denial()
            )),
            "{text}"
        );
        let text = passed(judge(
            "stack-outputs-resolve-live",
            &with(|o| o.entries.iter_mut().for_each(|e| e.live = not_set())),
        ));
        assert!(text.ends_with("current outputs: no stack is known"), "{text}");
    }

    #[test]
    fn an_unreadable_resource_is_an_error_unless_another_one_is_gone() {
        let mut evidence = with(|_| {});
        evidence.subjects[1].existence = denied();
        assert_eq!(undecided(judge("stack-outputs-resolve-live", &evidence)), fixture::denial().to_string());
        let text = failed(judge("stack-outputs-resolve-live", &gone(evidence, &["f-pr1"])));
        assert!(text.contains("not all was readable"), "{text}");
        let mut unlooked = with(|_| {});
        unlooked.subjects.remove(1);
        assert_eq!(
            undecided(judge("stack-outputs-resolve-live", &unlooked)),
            "`S3BucketArn` names AWS::S3::Bucket `b-pr1`, which was not looked for in this run"
        );
    }

    #[test]
    fn outputs_of_other_kinds_are_listed_and_without_any_known_one_it_is_an_error() {
        let more = with(|o| {
            o.entries.push(resolving("TableName", "AWS::DynamoDB::Table", "t"));
            o.entries.push(output("Region", "us-east-2"));
        });
        let text = passed(judge("stack-outputs-resolve-live", &more));
        assert!(text.ends_with("| not audited: `TableName` (AWS::DynamoDB::Table); not resolved: `Region`"), "{text}");
        let only = with(|o| o.entries = vec![resolving("TableName", "AWS::DynamoDB::Table", "t")]);
        assert!(
            undecided(judge("stack-outputs-resolve-live", &only)).starts_with("no output names a resource of a kind")
        );
    }

    #[test]
    fn an_alias_leads_to_its_key_and_another_account_is_an_error() {
        let mut evidence = with(|o| o.entries[2] = resolving("KeyAlias", "AWS::KMS::Alias", "alias/k-pr1"));
        if let Resource::Key(key) = &mut evidence.subjects[3].resource {
            key.named_by.insert("alias/k-pr1".into());
        }
        passed(judge("stack-outputs-resolve-live", &evidence));
        let foreign = with(|o| {
            if let Some(resolved) = &mut o.entries[1].resolved {
                resolved.account = Some("999999999999".into());
            }
        });
        assert!(undecided(judge("stack-outputs-resolve-live", &foreign)).contains("of account 999999999999"));
    }

    #[test]
    fn a_load_balancer_and_a_web_acl_are_found_by_every_form_of_their_names() {
        let (balancer, acl) = (crate::elbv2::fixture::arn("web"), crate::apigateway::fixture::ACL);
        let forms = [
            ("BalancerHost", Kind::LoadBalancer, "web"),
            ("AclName", Kind::WebAcl, "w"),
            ("AclId", Kind::WebAcl, "1"),
            ("Acl", Kind::WebAcl, "w|1|REGIONAL"),
        ];
        for (key, kind, named) in forms {
            let mut evidence = with(|o| o.entries.push(resolving(key, kind.name(), named)));
            let text = undecided(judge("stack-outputs-resolve-live", &evidence));
            assert_eq!(text, format!("`{key}` names {kind} `{named}`, which was not looked for in this run"));
            for (kind, id) in [(Kind::LoadBalancer, balancer.as_str()), (Kind::WebAcl, acl)] {
                evidence.subjects.push(subject(kind, id, subject::unseen(kind, &fixture::denial())));
            }
            let text = passed(judge("stack-outputs-resolve-live", &evidence));
            assert!(text.contains(&format!("`{key}` names {kind} `{named}`, which exists")), "{text}");
        }
    }

    #[test]
    fn outputs_without_credentials_pass() {
        assert_eq!(
            passed(judge("stack-outputs-no-secrets", &with(|_| {}))),
            "none of 3 outputs looks like a credential, and none of 0 live ones"
        );
        assert_eq!(
            passed(judge("stack-outputs-no-secrets", &with(|o| o.live = not_set()))),
            "none of 3 outputs looks like a credential | no stack is known, so only the file was read"
        );
    }

    #[test]
    fn a_credential_in_the_file_or_on_the_stack_fails_once() {
        let both = with(|o| {
            o.entries.push(Output { secret: Some(SecretLook::SecretName), ..output("DbPassword", "(masked)") });
            o.live = seen(vec![
                live("DbPassword", Some(SecretLook::SecretName), InFile::Present),
                live("Url", Some(SecretLook::UrlPassword), InFile::Missing),
            ]);
        });
        assert_eq!(
            failed(judge("stack-outputs-no-secrets", &both)),
            "`DbPassword` of the outputs looks like a literal under a secret name; `Url` of the stack TapStackpr1 looks like a URL with a password in it"
        );
        let other = with(|o| {
            o.live = seen(vec![live("DbPassword", Some(SecretLook::AccessKey), InFile::Present)]);
        });
        assert_eq!(
            failed(judge("stack-outputs-no-secrets", &other)),
            "`DbPassword` of the stack TapStackpr1 looks like an AWS access key id"
        );
    }

    #[test]
    fn unreadable_live_outputs_are_an_error_unless_the_file_decides() {
        assert_eq!(
            undecided(judge("stack-outputs-no-secrets", &with(|o| o.live = denied()))),
            fixture::denial().to_string()
        );
        let decided = with(|o| {
            o.live = denied();
            o.entries[0].secret = Some(SecretLook::AccessKey);
        });
        assert!(
            failed(judge("stack-outputs-no-secrets", &decided)).starts_with("`S3BucketArn` of the outputs looks like")
        );
    }

    #[test]
    fn ignored_keys_spare_literals_and_never_the_shapes_of_credentials() {
        let params = r#"ignore_keys = ["DbPassword"]"#;
        let literal =
            with(|o| o.entries.push(Output { secret: Some(SecretLook::SecretName), ..output("DbPassword", "x") }));
        passed(judge_with("stack-outputs-no-secrets", params, &literal));
        let shaped =
            with(|o| o.entries.push(Output { secret: Some(SecretLook::AccessKey), ..output("DbPassword", "x") }));
        failed(judge_with("stack-outputs-no-secrets", params, &shaped));
        passed(judge_with("stack-outputs-no-secrets", r#"secret_patterns = ["private-key"]"#, &shaped));
    }

    #[test]
    fn the_outputs_are_a_primary_subject() {
        for id in ["stack-outputs-required-present", "stack-outputs-resolve-live", "stack-outputs-no-secrets"] {
            assert_eq!(fixture::requirement(id).applies_to, [Role::Primary]);
        }
    }
}
