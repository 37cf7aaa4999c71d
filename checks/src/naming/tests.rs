use super::*;
use crate::cloudformation::Member;
use crate::cloudformation::fixture::member;
use crate::cloudformation::{Description, Parameter, ParameterValue};
use crate::fixture::{
    self, denied, failed, judge, judge_with, not_applicable, not_set, passed, seen, subject, undecided,
};
use crate::kms::Key;
use crate::subject::{self, Kind};
use crate::subject::{Existence, Resource, Subject};

const SUFFIX: &str = "naming-environment-suffix";
const CONVENTION: &str = "naming-convention-type-suffix";

fn stack(suffix: Option<&str>) -> Subject {
    let mut stack = Stack::unknown(&fixture::denial());
    stack.members = seen(Vec::new());
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
    assert!(text.ends_with("| the run gives `dev`, and the stack's parameter EnvironmentSuffix is `pr1`"), "{text}");
    let mut none = Stack::unknown(&fixture::denial());
    none.identity = not_set();
    let mut without_a_stack = fixture::evidence(vec![
        subject(Kind::Stack, "s", Resource::Stack(Box::new(none))),
        named(Kind::Function, "f-dev"),
    ]);
    without_a_stack.run.environment_suffix = Some("dev".into());
    assert_eq!(passed(judge(SUFFIX, &without_a_stack)), "1 of 1 names hold `dev`: function `f-dev`");
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
        text.ends_with("| the suffix is the resources' Environment tag, which may be a stage rather than the suffix")
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
    for (text, error) in
        [("{type}", "holds no {suffix}"), ("{suffix", "has no closing brace"), ("{name}-{suffix}", "holds `{name}`")]
    {
        assert!(Pattern::try_from(text.to_owned()).unwrap_err().contains(error), "{text}");
    }
}

fn listing(members: Vec<Member>) -> Evidence {
    let mut evidence = evidence();
    if let Resource::Stack(stack) = &mut evidence.subjects[0].resource {
        stack.members = seen(members);
    }
    evidence
}

#[test]
fn what_only_the_stack_lists_counts_by_its_name() {
    let good = listing(vec![
        member("Board", "AWS::CloudWatch::Dashboard", "dashboard-pr1", "CREATE_COMPLETE"),
        member("Trail", "AWS::CloudTrail::Trail", "trail-pr1", "CREATE_COMPLETE"),
        member("Filter", "AWS::Logs::MetricFilter", "anything", "CREATE_COMPLETE"),
        member("Old", "AWS::SQS::Queue", "https://sqs.us-east-2.amazonaws.com/1/old", "DELETE_COMPLETE"),
        // A subject is not counted twice.
        member("Function", "AWS::Lambda::Function", "patient-data-processor-pr1", "CREATE_COMPLETE"),
    ]);
    let text = passed(judge(SUFFIX, &good));
    assert!(
        text.starts_with("7 of 7 names") && text.ends_with("dashboard `dashboard-pr1`, trail `trail-pr1`"),
        "{text}"
    );
    let bad = listing(vec![member("Rule", "AWS::Events::Rule", "compliance", "CREATE_COMPLETE")]);
    assert_eq!(failed(judge(SUFFIX, &bad)), "1 of 6 names does not hold `pr1`: event rule `compliance`");
    let generated =
        listing(vec![member("Rule", "AWS::Events::Rule", "TapStackpr1-Rule-1A2B3C4D5E6F", "CREATE_COMPLETE")]);
    assert!(failed(judge(SUFFIX, &generated)).contains("| CloudFormation made up a name"));
}

#[test]
fn a_subject_that_plays_another_part_is_not_counted_by_the_listing_either() {
    let mut evidence = listing(vec![member("Logs", "AWS::S3::Bucket", "trail-logs", "CREATE_COMPLETE")]);
    let mut supporting = named(Kind::Bucket, "trail-logs");
    supporting.role = Role::Supporting;
    evidence.subjects.push(supporting);
    passed(judge(SUFFIX, &evidence));
}

#[test]
fn a_member_without_a_readable_id_may_have_a_bad_name_unless_it_is_a_subject() {
    let mut unread = member("Function", "AWS::Lambda::Function", "x", "CREATE_COMPLETE");
    unread.physical_id = Observed::Absent;
    let mut evidence = listing(vec![unread]);
    assert!(undecided(judge(SUFFIX, &evidence)).contains("without PhysicalResourceId"));
    evidence.subjects[2].stack = Some("TapStackdev".into());
    evidence.subjects[2].logical_id = Some("Function".into());
    passed(judge(SUFFIX, &evidence));
}

#[test]
fn a_listing_that_was_not_read_may_hold_a_bad_name() {
    let mut evidence = evidence();
    if let Resource::Stack(stack) = &mut evidence.subjects[0].resource {
        stack.members = denied();
    }
    for id in [SUFFIX, CONVENTION] {
        assert_eq!(undecided(judge(id, &evidence)), fixture::denial().to_string());
    }
    evidence.subjects.push(named(Kind::Function, "f"));
    assert!(failed(judge(SUFFIX, &evidence)).contains("not all was readable"));
}

#[test]
fn databases_and_caches_are_compared_without_case() {
    let stacked = |id: &str| {
        let mut evidence = fixture::evidence(vec![stack(Some("Pr1")), named(Kind::Database, id)]);
        evidence.subjects.push(named(Kind::Cache, "cache-pr1"));
        evidence
    };
    for id in [SUFFIX, CONVENTION] {
        passed(judge(id, &stacked("aurora-pr1")));
    }
    failed(judge(SUFFIX, &stacked("aurora-pr12")));
    let mut with_case = stacked("aurora-pr1");
    with_case.subjects.push(named(Kind::Function, "f-pr1"));
    assert!(failed(judge(SUFFIX, &with_case)).contains("function `f-pr1`"));
}

#[test]
fn topics_and_alarms_follow_the_convention_whatever_their_case() {
    let topic = "arn:aws:sns:us-east-2:123456789012:Topic-Alerts-pr1";
    let mut evidence = and(named(Kind::Topic, topic));
    evidence.subjects.push(named(Kind::Alarm, "Alarm-Root-PR1.fifo"));
    let text = passed(judge(CONVENTION, &evidence));
    assert!(text.contains("topic `Topic-Alerts-pr1`, alarm `Alarm-Root-PR1.fifo`"), "{text}");
    assert!(failed(judge(SUFFIX, &evidence)).contains("alarm `Alarm-Root-PR1.fifo`"));
}

#[test]
fn ids_that_aws_makes_and_names_that_services_fix_are_left_out_with_a_note() {
    let mut secret = named(Kind::Secret, "arn:aws:secretsmanager:us-east-2:123456789012:secret:db-AbC123");
    let mut evidence = and(named(Kind::Vpc, "vpc-1"));
    for subject in [
        named(Kind::FileSystem, "fs-1"),
        named(Kind::LogGroup, "sns/us-east-2/123456789012/topic/Failure"),
        secret.clone(),
    ] {
        evidence.subjects.push(subject);
    }
    let text = passed(judge(SUFFIX, &evidence));
    for part in [
        "VPC `vpc-1`, whose id AWS makes",
        "file system `fs-1`, whose id AWS makes",
        "log group `sns/us-east-2/123456789012/topic/Failure`, which AWS names",
        "which exists beforehand",
    ] {
        assert!(text.contains(part), "{text}");
    }
    secret.stack = Some("TapStackpr1".into());
    assert!(failed(judge(SUFFIX, &and(secret))).contains("secret `db`"));
}
