//! Names: whether resources carry the environment suffix and follow the naming convention.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::check::{Check, Context};
use crate::cloudformation::Stack;
use crate::evidence::{Evidence, Run};
use crate::kms::KeyManager;
use crate::observed::{Gap, Observed};
use crate::subject::{Existence, Resource, Role, Subject};
use crate::verdict::{Judgement, Verdict, every};

/// The checks of this file, in catalog order.
pub fn checks() -> Vec<Check> {
    vec![
        Check::across("naming-environment-suffix", environment_suffix),
        Check::across("naming-convention-type-suffix", convention),
    ]
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SuffixParams {
    environment_suffix: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ConventionParams {
    environment_suffix: String,
    name_pattern: BTreeMap<Named, Pattern>,
    strict_suffix_last: bool,
}

/// The kinds whose names a template chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Named {
    Bucket,
    Function,
    Role,
    LogGroup,
    KeyAlias,
}

impl Named {
    fn text(self) -> &'static str {
        match self {
            Named::Bucket => "bucket",
            Named::Function => "function",
            Named::Role => "role",
            Named::LogGroup => "log group",
            Named::KeyAlias => "key alias",
        }
    }
}

/// What is judged of a resource: one name, or the aliases of a key, of which one good one is enough.
struct Names {
    what: Named,
    names: Vec<String>,
    region: Option<String>,
    hint: Option<&'static str>,
}

/// All the names there are, and what has none that could be chosen.
struct Collected {
    names: Vec<Names>,
    skipped: Vec<String>,
    gaps: Vec<Gap>,
}

/// A name that does not hold the suffix fails, also one that CloudFormation made up. Which suffix is meant comes from the
/// user, the stack or the tags, in this order; without one nothing can be said.
fn environment_suffix(stack: &Stack, params: &SuffixParams, context: &Context<'_>) -> Judgement {
    let suffix = suffix(stack, &params.environment_suffix, context.evidence)?;
    let collected = collect(context.evidence);
    let holds = |names: &Names| names.names.iter().any(|name| holds_word(name, &suffix.text));
    let expected = format!("names that hold `{}` as a word of their own", suffix.text);
    let verdict = judge(collected, holds, &format!("hold `{}`", suffix.text), &expected)?;
    Ok(suffix.notes.into_iter().fold(verdict, Verdict::noting))
}

/// As for the suffix; the rest of the name is read by the pattern of its kind. A kind without a pattern is left out.
fn convention(stack: &Stack, params: &ConventionParams, context: &Context<'_>) -> Judgement {
    let suffix = suffix(stack, &params.environment_suffix, context.evidence)?;
    let mut collected = collect(context.evidence);
    collected.names.retain(|names| params.name_pattern.contains_key(&names.what));
    let run = &context.evidence.run;
    let follows = |names: &Names| {
        let Some(pattern) = params.name_pattern.get(&names.what) else {
            return true;
        };
        let fill = Fill {
            suffix: &suffix.text,
            account: &run.account,
            regions: [Some(run.region.as_str()), names.region.as_deref()],
            without_case: names.what == Named::Role,
            strict: params.strict_suffix_last,
        };
        names.names.iter().any(|name| pattern.accepts(own_part(names.what, name), &fill))
    };
    let patterns: BTreeSet<&str> = params.name_pattern.values().map(|pattern| pattern.text.as_str()).collect();
    let expected = format!(
        "names like {}, where {{suffix}} is `{}`",
        patterns.into_iter().collect::<Vec<_>>().join(" or "),
        suffix.text
    );
    let verdict = judge(collected, follows, "follow the convention", &expected)?;
    Ok(suffix.notes.into_iter().fold(verdict, Verdict::noting))
}

fn judge(collected: Collected, good: impl Fn(&Names) -> bool, verb: &str, expected: &str) -> Judgement {
    let Collected { names, skipped, gaps } = collected;
    let (met, broken): (Vec<Names>, Vec<Names>) = names.into_iter().partition(|names| good(names));
    let total = met.len() + broken.len();
    let mut parts: Vec<Judgement> = Vec::new();
    if !broken.is_empty() {
        let list: Vec<String> = broken.iter().map(Names::listed).collect();
        let count = broken.len();
        let negated = if count == 1 {
            format!("1 of {total} names does not ")
        } else {
            format!("{count} of {total} names do not ")
        };
        let text = format!("{negated}{verb}: {}", list.join(", "));
        let hints: BTreeSet<&str> = broken.iter().filter_map(|names| names.hint).collect();
        parts.push(Ok(hints.into_iter().fold(Verdict::not_satisfied(text, expected), Verdict::noting)));
    } else if !met.is_empty() {
        let list: Vec<String> = met.iter().map(Names::listed).collect();
        parts.push(Ok(Verdict::satisfied(format!("{} of {total} names {verb}: {}", met.len(), list.join(", ")))));
    }
    parts.extend(gaps.into_iter().map(Err));
    let verdict = every(parts, || {
        if skipped.is_empty() {
            Err(Gap::undecided("no named resource was found, so no name could be judged"))
        } else {
            Ok(Verdict::not_applicable("none of the resources has a name that can be chosen"))
        }
    })?;
    Ok(if skipped.is_empty() {
        verdict
    } else {
        verdict.noting(format!("without a name to choose: {}", skipped.join(", ")))
    })
}

impl Names {
    fn listed(&self) -> String {
        let names: Vec<String> = self.names.iter().map(|name| format!("`{name}`")).collect();
        format!("{} {}", self.what.text(), names.join(" / "))
    }
}

/// The suffix, and what is to be said about where it comes from.
struct Suffix {
    text: String,
    notes: Vec<String>,
}

fn suffix(stack: &Stack, fixed: &str, evidence: &Evidence) -> Result<Suffix, Gap> {
    let given = given(fixed, &evidence.run);
    let of_stack = || -> Result<Option<String>, Gap> {
        let Some(description) = stack.description.seen()? else {
            return Ok(None);
        };
        let parameters = description.parameters.required("DescribeStacks", "Parameters")?;
        Ok(parameter(parameters).map(str::to_owned))
    };
    if let Some((text, from)) = given {
        // What the stack says can only add a remark here, so a gap takes nothing away and is not cited.
        let readable = matches!(stack.description.observed(), Observed::Present(_));
        let other = if readable { of_stack()? } else { None };
        let other = other
            .filter(|other| *other != text)
            .map(|other| format!("{from} gives `{text}`, and the stack's parameter EnvironmentSuffix is `{other}`"));
        return Ok(Suffix { text, notes: other.into_iter().collect() });
    }
    if let Some(text) = of_stack()? {
        return Ok(Suffix { text, notes: Vec::new() });
    }
    let mut values: BTreeSet<&str> = BTreeSet::new();
    let mut gap = None;
    for subject in evidence.subjects.iter().filter(|subject| subject.role == Role::Primary) {
        match subject.tags().map(|tags| tags.seen()) {
            Some(Ok(Some(tags))) => {
                values.extend(tags.get("Environment").map(String::as_str).filter(|tag| !tag.is_empty()));
            }
            Some(Err(found)) => {
                gap.get_or_insert(found);
            }
            Some(Ok(None)) | None => {}
        }
    }
    let values: Vec<&str> = values.into_iter().collect();
    match (values.as_slice(), gap) {
        ([one], _) => Ok(Suffix {
            text: (*one).to_owned(),
            notes: vec![
                "the suffix is the resources' Environment tag, which may be a stage rather than the suffix".into(),
            ],
        }),
        ([], Some(gap)) => Err(gap),
        ([], None) => Err(Gap::undecided(
            "the environment suffix is not known: give it with --environment-suffix; the stack has no parameter EnvironmentSuffix and no resource a tag Environment",
        )),
        (several, _) => Err(Gap::undecided(format!(
            "the environment suffix is not known: the resources' Environment tags disagree ({}); give it with --environment-suffix",
            several.join(", ")
        ))),
    }
}

/// The suffix that the user or the profile gives, with who gives it.
fn given(fixed: &str, run: &Run) -> Option<(String, &'static str)> {
    let flag = run.environment_suffix.as_deref().filter(|suffix| !suffix.is_empty());
    let profile = (!fixed.is_empty()).then_some(fixed);
    flag.map(|suffix| (suffix.to_owned(), "the run"))
        .or_else(|| profile.map(|suffix| (suffix.to_owned(), "the profile")))
}

fn parameter(parameters: &[crate::cloudformation::Parameter]) -> Option<&str> {
    parameters
        .iter()
        .find(|parameter| parameter.key.eq_ignore_ascii_case("EnvironmentSuffix"))
        .and_then(|parameter| parameter.suffix.as_deref())
        .filter(|suffix| !suffix.is_empty())
}

/// The suffix as far as it is known without judging anything: for remarks beside other verdicts, never for one.
pub(crate) fn known_suffix(evidence: &Evidence) -> Option<&str> {
    let flag = evidence.run.environment_suffix.as_deref().filter(|suffix| !suffix.is_empty());
    flag.or_else(|| {
        evidence.all::<Stack>().find_map(|(_, stack)| match stack.description.observed() {
            Observed::Present(description) => match &description.parameters {
                Observed::Present(parameters) => parameter(parameters),
                Observed::Absent | Observed::Unknown(_) => None,
            },
            Observed::Absent | Observed::Unknown(_) => None,
        })
    })
}

/// Names are a contract of the resources in the path of the data; a log bucket or a custom resource's function may be
/// named otherwise.
fn collect(evidence: &Evidence) -> Collected {
    let mut collected = Collected { names: Vec::new(), skipped: Vec::new(), gaps: Vec::new() };
    for subject in evidence.subjects.iter().filter(|subject| subject.role == Role::Primary) {
        if let Err(gap) = subject.is_none_of(|role| role != Role::Primary) {
            collected.gaps.push(gap);
            continue;
        }
        // What is gone is reported where existence is judged; where nobody could tell, the name is known all the same.
        match subject.existence.observed() {
            Observed::Present(Existence::Missing) => continue,
            // Read, so that the finding cites the call that proved it.
            Observed::Present(Existence::Exists) => drop(subject.existence.seen()),
            Observed::Absent | Observed::Unknown(_) => {}
        }
        let what = match &subject.resource {
            Resource::Bucket(_) => Named::Bucket,
            Resource::Function(_) => Named::Function,
            Resource::Role(_) => Named::Role,
            Resource::LogGroup(_) => Named::LogGroup,
            Resource::Key(key) => {
                key_names(subject, key, &mut collected);
                continue;
            }
            Resource::Outputs(_)
            | Resource::Stack(_)
            | Resource::Account(_)
            | Resource::ManagedPolicy(_)
            | Resource::Topic(_)
            | Resource::Alarm(_)
            | Resource::Vpc(_)
            | Resource::SecurityGroup(_)
            | Resource::LoadBalancer(_)
            | Resource::Cluster(_)
            | Resource::Service(_)
            | Resource::TaskDefinition(_)
            | Resource::Database(_)
            | Resource::FileSystem(_)
            | Resource::Cache(_)
            | Resource::RestApi(_)
            | Resource::WebAcl(_)
            | Resource::Secret(_)
            | Resource::Nothing(_) => continue,
        };
        if is_fixed_by_aws(what, &subject.id) {
            collected.skipped.push(format!("{} `{}`, which AWS names", what.text(), subject.id));
            continue;
        }
        collected.names.push(Names {
            what,
            names: vec![subject.id.clone()],
            region: subject.region.clone(),
            hint: is_generated(subject)
                .then_some("CloudFormation made up a name from the logical id: set the name property in the template"),
        });
    }
    collected
}

/// A key has no name; its aliases count, and without any its Name tag.
fn key_names(subject: &Subject, key: &crate::kms::Key, collected: &mut Collected) {
    let managed = match key.metadata.observed() {
        Observed::Present(metadata) => metadata.manager == Observed::Present(KeyManager::Aws),
        Observed::Absent | Observed::Unknown(_) => false,
    };
    if managed {
        collected.skipped.push(format!("key `{}`, which AWS manages", subject.id));
        return;
    }
    let aliases = match key.aliases.seen() {
        Ok(aliases) => aliases.cloned().unwrap_or_else(Vec::new),
        Err(gap) => {
            collected.gaps.push(gap);
            return;
        }
    };
    let names: Vec<String> = if aliases.is_empty() {
        match key.tags.seen() {
            Ok(tags) => tags.and_then(|tags| tags.get("Name")).cloned().into_iter().collect(),
            Err(gap) => {
                collected.gaps.push(gap);
                return;
            }
        }
    } else {
        aliases
    };
    if names.is_empty() {
        collected.skipped.push(format!("key `{}`, which has neither alias nor Name tag", subject.id));
    } else {
        collected.names.push(Names { what: Named::KeyAlias, names, region: subject.region.clone(), hint: None });
    }
}

fn is_fixed_by_aws(what: Named, name: &str) -> bool {
    let starts: &[&str] = match what {
        Named::LogGroup => {
            &["API-Gateway-Execution-Logs_", "/aws/rds/", "/aws/ecs/containerinsights/", "/aws/containerinsights/"]
        }
        Named::Role => &["AWSServiceRoleFor"],
        Named::KeyAlias => &["alias/aws/"],
        Named::Bucket | Named::Function => &[],
    };
    starts.iter().any(|start| name.starts_with(start))
}

/// Whether CloudFormation made the name up: the logical id and a dozen random letters at the end.
fn is_generated(subject: &Subject) -> bool {
    let Some(logical_id) = &subject.logical_id else {
        return false;
    };
    let (name, logical_id) = (subject.id.to_ascii_lowercase(), logical_id.to_ascii_lowercase());
    let Some((stem, random)) = name.rsplit_once('-') else {
        return false;
    };
    // Long stack names and ids are cut, so the beginning of the logical id has to do.
    let start: String = logical_id.chars().take(12).collect();
    (12..=13).contains(&random.len())
        && random.chars().all(|letter| letter.is_ascii_alphanumeric())
        && stem.contains(&format!("-{start}"))
}

/// Whether a text holds a word with neither letter nor digit beside it: `dev` is in `api-dev-1` and not in `devops`.
fn holds_word(text: &str, word: &str) -> bool {
    !word.is_empty()
        && text.match_indices(word).any(|(at, _)| {
            let before = text[..at].chars().next_back();
            let after = text[at + word.len()..].chars().next();
            [before, after].into_iter().flatten().all(|beside| !beside.is_alphanumeric())
        })
}

/// The part of a name that a template is free to choose.
fn own_part(what: Named, name: &str) -> &str {
    let own = match what {
        Named::KeyAlias => name.strip_prefix("alias/").unwrap_or(name),
        Named::LogGroup => name.rsplit('/').next().unwrap_or(name),
        Named::Bucket | Named::Function | Named::Role => name,
    };
    own.strip_prefix("aws-waf-logs-").unwrap_or(own)
}

/// A pattern for names, taken apart.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
struct Pattern {
    text: String,
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    /// These very letters.
    Letters(String),
    /// A lower-case letter, then lower-case letters, digits and hyphens.
    Type,
    /// The environment suffix.
    Suffix,
    /// The run's account id.
    Account,
    /// The run's or the resource's region.
    Region,
    /// What may follow: accounts, regions, counters, zones, `.fifo`.
    Tail,
}

impl TryFrom<String> for Pattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            if !before.is_empty() {
                pieces.push(Piece::Letters(before.to_owned()));
            }
            let (word, after) =
                after.split_once('}').ok_or_else(|| format!("the pattern `{text}` has no closing brace"))?;
            pieces.push(match word {
                "type" => Piece::Type,
                "suffix" => Piece::Suffix,
                "account" => Piece::Account,
                "region" => Piece::Region,
                "tail" => Piece::Tail,
                _ => {
                    return Err(format!(
                        "the pattern `{text}` holds `{{{word}}}`; use {{type}}, {{suffix}}, {{account}}, {{region}} or {{tail}}"
                    ));
                }
            });
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Letters(rest.to_owned()));
        }
        if !pieces.contains(&Piece::Suffix) {
            return Err(format!("the pattern `{text}` holds no {{suffix}}"));
        }
        Ok(Pattern { text, pieces })
    }
}

/// What stands for the words of a pattern in one run.
struct Fill<'a> {
    suffix: &'a str,
    account: &'a str,
    regions: [Option<&'a str>; 2],
    without_case: bool,
    strict: bool,
}

impl Pattern {
    fn accepts(&self, name: &str, fill: &Fill<'_>) -> bool {
        if !fill.without_case {
            return accepts(&self.pieces, name, fill);
        }
        let suffix = fill.suffix.to_ascii_lowercase();
        let fill = Fill { suffix: &suffix, ..*fill };
        accepts(&self.pieces, &name.to_ascii_lowercase(), &fill)
    }
}

/// Whether the pieces cover the whole text. Names are short, so every way to divide one is tried.
fn accepts(pieces: &[Piece], text: &str, fill: &Fill<'_>) -> bool {
    let Some((piece, rest)) = pieces.split_first() else {
        return text.is_empty();
    };
    let after = |start: &str| text.strip_prefix(start).is_some_and(|text| accepts(rest, text, fill));
    match piece {
        Piece::Letters(letters) => after(letters),
        Piece::Suffix => after(fill.suffix),
        Piece::Account => after(fill.account),
        Piece::Region => fill.regions.iter().flatten().any(|region| after(region)),
        Piece::Type => {
            let length = text
                .char_indices()
                .find(|(at, letter)| {
                    let digit_or_hyphen = *at > 0 && (letter.is_ascii_digit() || *letter == '-');
                    !letter.is_ascii_lowercase() && !digit_or_hyphen
                })
                .map_or(text.len(), |(at, _)| at);
            (1..=length).any(|length| accepts(rest, &text[length..], fill))
        }
        Piece::Tail if fill.strict => accepts(rest, text, fill),
        Piece::Tail => {
            accepts(rest, text, fill)
                || text.strip_prefix(".fifo").is_some_and(|text| accepts(rest, text, fill))
                || tails(text, fill).into_iter().any(|text| accepts(pieces, text, fill))
        }
    }
}

/// What is left of a text after each part that may follow a suffix.
fn tails<'a>(text: &'a str, fill: &Fill<'_>) -> Vec<&'a str> {
    let Some(text) = text.strip_prefix('-') else {
        return Vec::new();
    };
    let digits = text.len() - text.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
    let mut left: Vec<&str> = fill.regions.iter().flatten().filter_map(|region| text.strip_prefix(region)).collect();
    left.extend([1, 2, 12].into_iter().filter(|count| *count == digits).map(|count| &text[count..]));
    left.extend(text.strip_prefix(['a', 'b', 'c', 'd', 'e', 'f']));
    left
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudformation::{Description, Parameter, ParameterValue};
    use crate::fixture::{
        self, denied, failed, judge, judge_with, not_applicable, not_set, passed, seen, subject, undecided,
    };
    use crate::kms::Key;
    use crate::subject::{self, Kind};

    const SUFFIX: &str = "naming-environment-suffix";
    const CONVENTION: &str = "naming-convention-type-suffix";

    fn stack(suffix: Option<&str>) -> Subject {
        let mut stack = Stack::unknown(&fixture::denial());
        let parameter = |value: &str| Parameter {
            key: "environmentSuffix".into(),
            value: ParameterValue::Clear,
            resolved: Observed::Absent,
            suffix: Some(value.into()),
        };
        stack.description = seen(Description {
            status: Observed::Absent,
            termination_protection: Observed::Absent,
            drift: Observed::Absent,
            drift_checked_at: Observed::Absent,
            parameters: Observed::Present(suffix.map(parameter).into_iter().collect()),
        });
        subject(Kind::Stack, "TapStackpr1", Resource::Stack(Box::new(stack)))
    }

    fn named(kind: Kind, id: &str) -> Subject {
        subject(kind, id, subject::unseen(kind, &fixture::denial()))
    }

    fn key(aliases: &[&str]) -> Subject {
        let mut key = Key::unknown(&fixture::denial());
        key.aliases = seen(aliases.iter().map(|alias| (*alias).to_owned()).collect());
        key.tags = not_set();
        subject(Kind::Key, "1234abcd", Resource::Key(Box::new(key)))
    }

    fn tagged(kind: Kind, id: &str, environment: &str) -> Subject {
        let mut bucket = crate::s3::Bucket::unknown(&fixture::denial());
        bucket.tags = seen(BTreeMap::from([("Environment".to_owned(), environment.to_owned())]));
        subject(kind, id, Resource::Bucket(Box::new(bucket)))
    }

    /// The names of the client's own template, deployed as pr1.
    fn evidence() -> Evidence {
        fixture::evidence(vec![
            stack(Some("pr1")),
            named(Kind::Bucket, "patient-data-bucket-pr1-123456789012"),
            named(Kind::Function, "patient-data-processor-pr1"),
            key(&["alias/patient-data-key-pr1"]),
            named(Kind::LogGroup, "/aws/lambda/patient-data-processor-pr1"),
            named(Kind::Role, "patient-data-processor-role-pr1"),
        ])
    }

    fn and(subject: Subject) -> Evidence {
        let mut evidence = evidence();
        evidence.subjects.push(subject);
        evidence
    }

    #[test]
    fn the_names_of_the_clients_own_template_pass() {
        let list = "bucket `patient-data-bucket-pr1-123456789012`, function `patient-data-processor-pr1`, key alias `alias/patient-data-key-pr1`, log group `/aws/lambda/patient-data-processor-pr1`, role `patient-data-processor-role-pr1`";
        assert_eq!(passed(judge(SUFFIX, &evidence())), format!("5 of 5 names hold `pr1`: {list}"));
        assert_eq!(passed(judge(CONVENTION, &evidence())), format!("5 of 5 names follow the convention: {list}"));
    }

    #[test]
    fn a_name_without_the_suffix_as_a_word_fails() {
        for name in ["patient-data", "patient-data-pr12", "patientpr1", "xpr1-data", "patient-PR1"] {
            let text = failed(judge(SUFFIX, &and(named(Kind::Function, name))));
            assert_eq!(text, format!("1 of 6 names does not hold `pr1`: function `{name}`"));
        }
        for name in ["pr1", "x_pr1", "pr1.x", "a-pr1-b"] {
            passed(judge(SUFFIX, &and(named(Kind::Function, name))));
        }
    }

    #[test]
    fn dev_is_not_in_devops_and_prod_not_in_product() {
        for (text, word, holds) in [
            ("api-devops", "dev", false),
            ("devops", "dev", false),
            ("devops-dev", "dev", true),
            ("product-api", "prod", false),
            ("a-prod", "prod", true),
            ("a.b-1", "b", true),
            ("a-b", "", false),
            ("a-x.1", "x.1", true),
            ("a-xy1", "x.1", false),
            ("é-dev", "dev", true),
            ("édev", "dev", false),
        ] {
            assert_eq!(holds_word(text, word), holds, "{text} {word}");
        }
    }

    #[test]
    fn one_finding_lists_every_bad_name() {
        let mut evidence = and(named(Kind::Role, "role"));
        evidence.subjects.push(named(Kind::Bucket, "bucket"));
        assert_eq!(failed(judge(SUFFIX, &evidence)), "2 of 7 names do not hold `pr1`: role `role`, bucket `bucket`");
    }

    #[test]
    fn a_name_that_cloudformation_made_up_fails_with_that_hint() {
        let mut generated = named(Kind::Role, "TapStackpr1-PatientDataRole-1A2B3C4D5E6F");
        generated.logical_id = Some("PatientDataRole".into());
        assert_eq!(
            failed(judge(SUFFIX, &and(generated))),
            "1 of 6 names does not hold `pr1`: role `TapStackpr1-PatientDataRole-1A2B3C4D5E6F` | CloudFormation made up a name from the logical id: set the name property in the template"
        );
    }

    #[test]
    fn a_given_suffix_wins_and_a_mismatch_is_a_note() {
        let mut evidence = evidence();
        evidence.run.environment_suffix = Some("dev".into());
        let text = failed(judge(SUFFIX, &evidence));
        assert!(text.starts_with("5 of 5 names do not hold `dev`"), "{text}");
        assert!(
            text.ends_with("| the run gives `dev`, and the stack's parameter EnvironmentSuffix is `pr1`"),
            "{text}"
        );
        let mut unread = fixture::evidence(vec![
            subject(Kind::Stack, "s", subject::unseen(Kind::Stack, &fixture::denial())),
            named(Kind::Function, "f-dev"),
        ]);
        unread.run.environment_suffix = Some("dev".into());
        assert_eq!(passed(judge(SUFFIX, &unread)), "1 of 1 names hold `dev`: function `f-dev`");
        let fixed = judge_with(SUFFIX, r#"environment_suffix = "pr1""#, &self::evidence());
        assert!(passed(fixed).starts_with("5 of 5"));
    }

    #[test]
    fn the_environment_tag_is_the_last_resort() {
        let tags = |values: &[&str]| {
            let mut subjects = vec![stack(None)];
            subjects.extend(values.iter().map(|value| tagged(Kind::Bucket, "b-pr1", value)));
            fixture::evidence(subjects)
        };
        let text = passed(judge(SUFFIX, &tags(&["pr1", "pr1"])));
        assert!(
            text.ends_with(
                "| the suffix is the resources' Environment tag, which may be a stage rather than the suffix"
            )
        );
        assert_eq!(
            undecided(judge(SUFFIX, &tags(&["pr1", "prod"]))),
            "the environment suffix is not known: the resources' Environment tags disagree (pr1, prod); give it with --environment-suffix"
        );
        assert!(undecided(judge(SUFFIX, &tags(&[]))).starts_with("the environment suffix is not known: give it with"));
        let unread = fixture::evidence(vec![stack(None), named(Kind::Bucket, "b-pr1")]);
        assert_eq!(undecided(judge(SUFFIX, &unread)), fixture::denial().to_string());
    }

    #[test]
    fn an_unreadable_stack_is_an_error_for_both() {
        for id in [SUFFIX, CONVENTION] {
            let unread = subject(Kind::Stack, "s", subject::unseen(Kind::Stack, &fixture::denial()));
            let evidence = fixture::evidence(vec![unread, named(Kind::Function, "f-pr1")]);
            assert_eq!(undecided(judge(id, &evidence)), fixture::denial().to_string());
            let nothing = fixture::evidence(vec![stack(Some("pr1"))]);
            assert_eq!(undecided(judge(id, &nothing)), "no named resource was found, so no name could be judged");
        }
    }

    #[test]
    fn keys_count_by_alias_then_by_name_tag_and_else_not_at_all() {
        let text = passed(judge(SUFFIX, &and(key(&["alias/other", "alias/k-pr1"]))));
        assert!(text.contains("key alias `alias/other` / `alias/k-pr1`"), "{text}");
        let bare = passed(judge(SUFFIX, &and(key(&[]))));
        assert!(
            bare.ends_with("| without a name to choose: key `1234abcd`, which has neither alias nor Name tag"),
            "{bare}"
        );
        let mut unread = key(&[]);
        if let Resource::Key(key) = &mut unread.resource {
            key.aliases = denied();
        }
        assert_eq!(undecided(judge(SUFFIX, &and(unread.clone()))), fixture::denial().to_string());
        let mut both = and(unread);
        both.subjects.push(named(Kind::Function, "f"));
        assert!(failed(judge(SUFFIX, &both)).contains("not all was readable"));
        let mut by_tag = key(&[]);
        if let Resource::Key(key) = &mut by_tag.resource {
            key.tags = seen(BTreeMap::from([("Name".to_owned(), "k".to_owned())]));
        }
        assert!(failed(judge(SUFFIX, &and(by_tag))).contains("key alias `k`"));
    }

    #[test]
    fn names_that_aws_fixes_and_resources_beside_the_data_are_not_judged() {
        let mut supporting = named(Kind::Bucket, "logs");
        supporting.role = Role::Supporting;
        passed(judge(SUFFIX, &and(supporting)));
        let mut gone = named(Kind::Bucket, "gone");
        gone.existence = seen(Existence::Missing);
        passed(judge(SUFFIX, &and(gone)));
        let fixed = fixture::evidence(vec![stack(Some("pr1")), named(Kind::Role, "AWSServiceRoleForConfig")]);
        assert_eq!(
            not_applicable(judge(SUFFIX, &fixed)),
            "none of the resources has a name that can be chosen | without a name to choose: role `AWSServiceRoleForConfig`, which AWS names"
        );
    }

    #[test]
    fn the_convention_is_type_then_suffix_then_a_tolerant_tail() {
        let pattern = Pattern::try_from("{type}-{suffix}{tail}".to_owned()).unwrap();
        let fill = |without_case, strict| Fill {
            suffix: "pr1",
            account: "123456789012",
            regions: [Some("us-east-2"), None],
            without_case,
            strict,
        };
        for (name, loose, strict) in [
            ("bucket-pr1", true, true),
            ("patient-data-bucket-pr1", true, true),
            ("bucket-pr1-123456789012", true, false),
            ("bucket-pr1-us-east-2-123456789012", true, false),
            ("bucket-pr1-1", true, false),
            ("bucket-pr1-12-a", true, false),
            ("queue-pr1.fifo", true, false),
            ("bucket-pr1-123", false, false),
            ("bucket-pr1-g", false, false),
            ("bucket-pr1-data", false, false),
            ("bucket-pr1x", false, false),
            ("-pr1", false, false),
            ("1-pr1", false, false),
            ("pr1", false, false),
            ("pr1-bucket", false, false),
            ("Bucket-pr1", false, false),
            ("bucket_data-pr1", false, false),
            ("", false, false),
            ("pr1-pr1", true, true),
        ] {
            assert_eq!(pattern.accepts(name, &fill(false, false)), loose, "{name}");
            assert_eq!(pattern.accepts(name, &fill(false, true)), strict, "{name} strict");
        }
        assert!(pattern.accepts("Role-PR1", &fill(true, false)));
    }

    #[test]
    fn a_name_off_the_convention_fails_with_the_pattern() {
        let evidence = and(named(Kind::Function, "pr1-processor"));
        let judgement = judge(CONVENTION, &evidence);
        let Ok(Verdict::NotSatisfied { observed, expected, .. }) = judgement else { panic!("{judgement:?}") };
        assert_eq!(observed, "1 of 6 names does not follow the convention: function `pr1-processor`");
        assert_eq!(expected, "names like {type}-{suffix}{tail}, where {suffix} is `pr1`");
        let strict = judge_with(CONVENTION, "strict_suffix_last = true", &self::evidence());
        assert_eq!(
            failed(strict),
            "1 of 5 names does not follow the convention: bucket `patient-data-bucket-pr1-123456789012`"
        );
    }

    #[test]
    fn patterns_can_be_set_per_kind_and_bad_ones_are_refused() {
        let params = r#"name_pattern = { function = "fn-{suffix}-{region}-{account}" }"#;
        let evidence = fixture::evidence(vec![
            stack(Some("pr1")),
            named(Kind::Function, "fn-pr1-us-east-2-123456789012"),
            named(Kind::Bucket, "anything"),
        ]);
        assert!(passed(judge_with(CONVENTION, params, &evidence)).starts_with("1 of 1 names"));
        for (text, error) in [
            ("{type}", "holds no {suffix}"),
            ("{suffix", "has no closing brace"),
            ("{name}-{suffix}", "holds `{name}`"),
        ] {
            assert!(Pattern::try_from(text.to_owned()).unwrap_err().contains(error), "{text}");
        }
    }
}
