//! Tags: whether resources carry the keys and values that the inventory needs.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::check::{Check, Context};
use crate::kms::KeyManager;
use crate::naming;
use crate::observed::Gap;
use crate::subject::{Kind, Resource};
use crate::verdict::{Judgement, Verdict, every};

mod tracking;

/// The checks of this file, in catalog order.
pub fn checks() -> Vec<Check> {
    vec![
        Check::each("tag-environment", &TAGGED, environment),
        Check::each("tag-data-classification", &TAGGED, data_classification),
        Check::each("tag-compliance-scope", &TAGGED, compliance_scope),
        Check::each("tag-compliance-tracking", &tracking::TRACKED, tracking::tracking),
    ]
}

const TAGGED: [Kind; 5] = [Kind::Bucket, Kind::Function, Kind::Key, Kind::LogGroup, Kind::Role];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Environment {
    required_tags: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DataClassification {
    data_classification_values: Vec<String>,
    match_prefix: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ComplianceScope {
    compliance_scope_value: String,
}

/// The key that the two other checks look for is part of what the client asks for; only its values are settings.
const CLASSIFICATION: &str = "DataClassification";
const SCOPE: &str = "ComplianceScope";

/// No tags at all is an answer, and it fails: nothing else says which environment a resource belongs to.
fn environment(params: &Environment, context: &Context<'_>) -> Judgement {
    let judged = |(key, patterns): (&String, &Vec<String>)| {
        with_value(context, key, |value| {
            if !patterns.iter().any(|pattern| matches(pattern, value)) {
                let expected = format!("the tag `{key}` with a value like {}", patterns.join(" or "));
                return Verdict::not_satisfied(format!("the tag `{key}` is `{value}`"), expected);
            }
            let verdict = Verdict::satisfied(format!("the tag `{key}` is `{value}`"));
            match naming::known_suffix(context.evidence).filter(|suffix| *suffix != value) {
                Some(suffix) => verdict.noting(format!("the environment suffix is `{suffix}`")),
                None => verdict,
            }
        })
    };
    every(params.required_tags.iter().map(judged), || Ok(Verdict::not_applicable("no tag is required")))
}

/// No tag fails: whoever handles the resource is not told that patient data is in it.
fn data_classification(params: &DataClassification, context: &Context<'_>) -> Judgement {
    with_value(context, CLASSIFICATION, |value| {
        let observed = format!("the tag `{CLASSIFICATION}` is `{value}`");
        let prefix = &params.match_prefix;
        let listed = params.data_classification_values.iter().any(|accepted| accepted == value);
        if listed || (!prefix.is_empty() && value.starts_with(prefix)) {
            return Verdict::satisfied(observed);
        }
        let values = params.data_classification_values.join("` or `");
        let or_prefix =
            if prefix.is_empty() { String::new() } else { format!(", or a value that begins with `{prefix}`") };
        Verdict::not_satisfied(observed, format!("the tag `{CLASSIFICATION}` with `{values}`{or_prefix}"))
            .noting(VALUE_SOURCE)
    })
}

/// No tag fails: the resource is outside of every audit that selects by it.
fn compliance_scope(params: &ComplianceScope, context: &Context<'_>) -> Judgement {
    let wanted = params.compliance_scope_value.as_str();
    with_value(context, SCOPE, |value| {
        let observed = format!("the tag `{SCOPE}` is `{value}`");
        // Not at hyphens: `non-HIPAA` says the opposite.
        let mut items = value.split([' ', ',', ';', '/', ':', '+']).filter(|item| !item.is_empty());
        if value == wanted || items.clone().any(|item| item == wanted) {
            return Verdict::satisfied(observed);
        }
        let near = items.any(|item| item.eq_ignore_ascii_case(wanted));
        let expected = format!("the tag `{SCOPE}` with `{wanted}`, alone or in a list");
        let verdict = Verdict::not_satisfied(observed, expected);
        if near { verdict.noting("tag values are case-sensitive") } else { verdict.noting(VALUE_SOURCE) }
    })
}

const VALUE_SOURCE: &str = "the client's text names the key only; the value is the one in its templates";

/// Judges the value of a tag, where the resource can have one and has.
fn with_value(context: &Context<'_>, key: &str, judge: impl FnOnce(&str) -> Verdict) -> Judgement {
    if let Some(reason) = untaggable(context)? {
        return Ok(Verdict::not_applicable(reason));
    }
    let expected = format!("the tag `{key}` with a value");
    let Some(tags) = context.subject.tags() else {
        return Err(Gap::undecided(format!("tags of {} are not read", context.subject.kind)));
    };
    let none = BTreeMap::new();
    let tags = tags.seen()?.unwrap_or(&none);
    match tags.get(key) {
        Some(value) if value.trim().is_empty() => {
            Ok(Verdict::not_satisfied(format!("the tag `{key}` is empty"), expected))
        }
        Some(value) => Ok(judge(value)),
        None => {
            let own = tags.keys().filter(|key| !key.starts_with("aws:")).count();
            let observed = match own {
                0 => "no tags".to_owned(),
                1 => format!("one tag, and none of it is `{key}`"),
                count => format!("{count} tags, and none of them is `{key}`"),
            };
            let verdict = Verdict::not_satisfied(observed, expected);
            let near: Vec<String> =
                tags.keys().filter(|other| plain(other) == plain(key)).map(|other| format!("`{other}`")).collect();
            Ok(if near.is_empty() {
                verdict
            } else {
                verdict.noting(format!(
                    "{} is a near miss: tag keys are case-sensitive and compared whole",
                    near.join(", ")
                ))
            })
        }
    }
}

/// Why nobody can tag the subject; `None` where somebody can.
fn untaggable(context: &Context<'_>) -> Result<Option<&'static str>, Gap> {
    match &context.subject.resource {
        Resource::Key(key) => {
            let managed = match key.metadata.seen()?.map(|metadata| &metadata.manager) {
                Some(manager) => manager.required("DescribeKey", "KeyManager")? == &KeyManager::Aws,
                None => return Err(Gap::Incomplete { operation: "DescribeKey".into(), field: "KeyMetadata".into() }),
            };
            Ok(managed.then_some("AWS manages this key, and nobody else can tag it"))
        }
        Resource::Role(_) if context.subject.id.starts_with("AWSServiceRoleFor") => {
            Ok(Some("AWS manages this service-linked role"))
        }
        Resource::Bucket(_)
        | Resource::Function(_)
        | Resource::LogGroup(_)
        | Resource::Role(_)
        | Resource::ManagedPolicy(_)
        | Resource::Outputs(_)
        | Resource::Stack(_)
        | Resource::Account(_)
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
        | Resource::Nothing(_) => Ok(None),
    }
}

fn plain(key: &str) -> String {
    key.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

/// Whether a value fits a pattern in which `*` stands for any text and `?` for any one character.
fn matches(pattern: &str, value: &str) -> bool {
    let (pattern, value): (Vec<char>, Vec<char>) = (pattern.chars().collect(), value.chars().collect());
    let (mut at, mut seen) = (0, 0);
    // Where the last star stands, and how much of the value it has taken.
    let mut star: Option<(usize, usize)> = None;
    while seen < value.len() {
        match (pattern.get(at), star) {
            (Some('*'), _) => {
                star = Some((at, seen));
                at += 1;
            }
            (Some(letter), _) if *letter == '?' || *letter == value[seen] => {
                at += 1;
                seen += 1;
            }
            (_, Some((star_at, taken))) => {
                star = Some((star_at, taken + 1));
                at = star_at + 1;
                seen = taken + 1;
            }
            (_, None) => return false,
        }
    }
    pattern[at..].iter().all(|letter| *letter == '*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Evidence;
    use crate::fixture::{
        self, denied, failed, judge, judge_with, not_applicable, not_set, passed, seen, subject, undecided,
    };
    use crate::kms::{Key, Metadata};
    use crate::observed::Observed;
    use crate::s3::Bucket;
    use crate::subject::{self, Role};

    const ALL: [&str; 3] = ["tag-environment", "tag-data-classification", "tag-compliance-scope"];

    fn map(tags: &[(&str, &str)]) -> BTreeMap<String, String> {
        tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn tagged(tags: &[(&str, &str)]) -> Evidence {
        let mut bucket = Bucket::unknown(&fixture::denial());
        bucket.tags = seen(map(tags));
        fixture::evidence(vec![subject(Kind::Bucket, "b", Resource::Bucket(Box::new(bucket)))])
    }

    fn untagged() -> Evidence {
        let mut bucket = Bucket::unknown(&fixture::denial());
        bucket.tags = not_set();
        fixture::evidence(vec![subject(Kind::Bucket, "b", Resource::Bucket(Box::new(bucket)))])
    }

    fn key(manager: Observed<KeyManager>) -> Evidence {
        let mut key = Key::unknown(&fixture::denial());
        key.metadata = seen(Metadata {
            arn: Observed::Absent,
            id: Observed::Absent,
            account: Observed::Absent,
            state: Observed::Absent,
            manager,
            origin: Observed::Absent,
            spec: Observed::Absent,
            usage: Observed::Absent,
            deletion_date: Observed::Absent,
            pending_window_days: Observed::Absent,
            multi_region: Observed::Absent,
        });
        key.tags = not_set();
        fixture::evidence(vec![subject(Kind::Key, "k", Resource::Key(Box::new(key)))])
    }

    #[test]
    fn the_tags_of_the_clients_templates_pass() {
        let tags = [("Environment", "pr1"), ("DataClassification", "PHI-HealthcareData"), ("ComplianceScope", "HIPAA")];
        assert_eq!(passed(judge(ALL[0], &tagged(&tags))), "the tag `Environment` is `pr1`");
        assert_eq!(passed(judge(ALL[1], &tagged(&tags))), "the tag `DataClassification` is `PHI-HealthcareData`");
        assert_eq!(passed(judge(ALL[2], &tagged(&tags))), "the tag `ComplianceScope` is `HIPAA`");
    }

    #[test]
    fn no_tags_fail_each_of_the_three_and_system_tags_do_not_count() {
        for id in ALL {
            assert_eq!(failed(judge(id, &untagged())), "no tags");
            assert_eq!(failed(judge(id, &tagged(&[("aws:cloudformation:stack-name", "s")]))), "no tags");
        }
        assert_eq!(failed(judge(ALL[0], &tagged(&[("Owner", "x")]))), "one tag, and none of it is `Environment`");
    }

    #[test]
    fn near_misses_are_named() {
        for (id, near) in [
            (ALL[0], "environment"),
            (ALL[1], "Data-Classification"),
            (ALL[1], "dataClassification"),
            (ALL[2], "compliance_scope"),
        ] {
            let text = failed(judge(id, &tagged(&[(near, "HIPAA")])));
            assert!(
                text.ends_with(&format!("| `{near}` is a near miss: tag keys are case-sensitive and compared whole")),
                "{text}"
            );
        }
    }

    #[test]
    fn an_empty_value_fails() {
        for value in ["", " "] {
            assert_eq!(failed(judge(ALL[0], &tagged(&[("Environment", value)]))), "the tag `Environment` is empty");
        }
    }

    #[test]
    fn another_value_than_the_suffix_is_a_note() {
        let mut evidence = tagged(&[("Environment", "prod")]);
        evidence.run.environment_suffix = Some("pr1".into());
        assert_eq!(
            passed(judge(ALL[0], &evidence)),
            "the tag `Environment` is `prod` | the environment suffix is `pr1`"
        );
        let params = r#"required_tags = { Environment = ["dev*", "pr?"] }"#;
        assert_eq!(failed(judge_with(ALL[0], params, &evidence)), "the tag `Environment` is `prod`");
    }

    #[test]
    fn a_classification_is_accepted_by_list_or_prefix() {
        let with = |value: &str| tagged(&[("DataClassification", value)]);
        passed(judge(ALL[1], &with("PHI")));
        assert_eq!(
            failed(judge(ALL[1], &with("Public"))),
            "the tag `DataClassification` is `Public` | the client's text names the key only; the value is the one in its templates"
        );
        failed(judge(ALL[1], &with("phi")));
        failed(judge_with(ALL[1], r#"match_prefix = """#, &with("PHI")));
        passed(judge_with(ALL[1], r#"match_prefix = """#, &with("PHI-HealthcareData")));
    }

    #[test]
    fn a_scope_may_be_a_list_and_its_opposite_does_not_pass() {
        let with = |value: &str| tagged(&[("ComplianceScope", value)]);
        for value in ["HIPAA", "HIPAA,SOC2", "SOC2; HIPAA", "PCI/HIPAA", "PCI:HIPAA", "PCI+HIPAA", "SOC2 HIPAA"] {
            passed(judge(ALL[2], &with(value)));
        }
        for value in ["non-HIPAA", "NotHIPAA", "HIPAA_none", "SOC2"] {
            assert!(
                failed(judge(ALL[2], &with(value)))
                    .starts_with(&format!("the tag `ComplianceScope` is `{value}` | the client's"))
            );
        }
        assert_eq!(
            failed(judge(ALL[2], &with("Hipaa"))),
            "the tag `ComplianceScope` is `Hipaa` | tag values are case-sensitive"
        );
    }

    #[test]
    fn a_key_of_aws_is_not_judged_and_one_of_the_account_is() {
        for id in ALL {
            assert_eq!(
                not_applicable(judge(id, &key(Observed::Present(KeyManager::Aws)))),
                "AWS manages this key, and nobody else can tag it"
            );
            assert_eq!(failed(judge(id, &key(Observed::Present(KeyManager::Customer)))), "no tags");
            assert!(
                undecided(judge(id, &key(Observed::Absent))).starts_with("DescribeKey answered without KeyManager")
            );
        }
    }

    #[test]
    fn what_could_not_be_seen_is_an_error_for_every_kind() {
        for id in ALL {
            for kind in TAGGED {
                let unseen = subject(kind, "x", subject::unseen(kind, &fixture::denial()));
                assert_eq!(undecided(judge(id, &fixture::evidence(vec![unseen]))), fixture::denial().to_string());
            }
            let mut bucket = Bucket::unknown(&fixture::denial());
            bucket.tags = denied();
            let evidence = fixture::evidence(vec![subject(Kind::Bucket, "b", Resource::Bucket(Box::new(bucket)))]);
            assert_eq!(undecided(judge(id, &evidence)), fixture::denial().to_string());
        }
    }

    #[test]
    fn tags_are_asked_of_primary_and_supporting_resources() {
        for id in ALL {
            assert_eq!(fixture::requirement(id).applies_to, [Role::Primary, Role::Supporting]);
        }
    }

    #[test]
    fn patterns_know_star_and_question_mark() {
        for (pattern, value, fits) in [
            ("?*", "x", true),
            ("?*", "", false),
            ("*", "", true),
            ("prod*", "production", true),
            ("prod*", "preprod", false),
            ("*prod", "preprod", true),
            ("a*b*c", "axxbyybzc", true),
            ("a*b*c", "axxbyybz", false),
            ("pr?", "pr12", false),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(matches(pattern, value), fits, "{pattern} {value}");
        }
    }
}
