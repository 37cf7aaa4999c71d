//! What the stack is made of: its template's format and the kinds of its resources.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::{Stack, TemplateFormat};
use crate::check::Context;
use crate::kms::{Key, KeyManager};
use crate::lambda::LengthClass;
use crate::observed::{Gap, Observed};
use crate::subject::{Attributes, Existence, Kind, Role, Subject};
use crate::verdict::{Judgement, Verdict, every};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Format {
    expected_template_format: TemplateFormat,
}

/// An absent or empty description fails: nobody can say what the stack is for.
pub(super) fn format(stack: &Stack, params: &Format) -> Judgement {
    let template = stack.original.required("GetTemplate", "TemplateBody")?;
    let name = |format| match format {
        TemplateFormat::Json => "JSON",
        TemplateFormat::Yaml => "YAML",
    };
    let observed = format!("the template is written in {}", name(template.format));
    let written = Ok(if template.format == params.expected_template_format {
        Verdict::satisfied(observed)
    } else {
        Verdict::not_satisfied(observed, format!("a template in {}", name(params.expected_template_format)))
    });
    let described = template.description.seen().map(|text| match text {
        Some(LengthClass::Short | LengthClass::Medium | LengthClass::Long) => {
            Verdict::satisfied("it has a Description")
        }
        Some(LengthClass::Empty) => Verdict::not_satisfied("the template's Description is empty", "a Description"),
        None => Verdict::not_satisfied("the template has no Description", "a Description"),
    });
    every([written, described], || Err(Gap::undecided("nothing was seen of the template")))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Services {
    required_kinds: Vec<RequiredKind>,
    /// Whether a secret that the stack does not make has to be referenced, by a task definition or by the template.
    referenced_secret: bool,
}

/// A kind that has to be there, or several of which one has to be.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum RequiredKind {
    This(String),
    OneOf(Vec<String>),
}

impl RequiredKind {
    fn kinds(&self) -> impl Iterator<Item = &str> {
        match self {
            RequiredKind::This(kind) => std::slice::from_ref(kind),
            RequiredKind::OneOf(kinds) => kinds.as_slice(),
        }
        .iter()
        .map(String::as_str)
    }

    fn name(&self) -> String {
        self.kinds().collect::<Vec<_>>().join(" or ")
    }
}

/// An empty stack lacks every kind: nothing found is a failure here, so that it cannot pass everywhere else.
pub(super) fn services(stack: &Stack, params: &Services, context: &Context<'_>) -> Judgement {
    let members = stack.members.required("ListStackResources", "StackResourceSummaries");
    let (mut live, mut changing) = (BTreeSet::new(), BTreeSet::new());
    // Outputs may be merged from several stacks; what any of them holds is there.
    let others = context.evidence.all::<Stack>().filter(|(_, other)| !std::ptr::eq(*other, stack));
    let listed = others.filter_map(|(_, other)| other.members.seen().unwrap_or(None));
    for member in members.iter().copied().chain(listed).flatten() {
        if member.is_live() {
            live.insert(member.kind.as_str());
        } else if member.is_changing() {
            changing.insert(member.kind.as_str());
        }
    }
    let mut missing: Vec<String> = Vec::new();
    let mut gaps: Vec<Gap> = Vec::new();
    for wanted in params.required_kinds.iter().filter(|wanted| !wanted.kinds().any(|kind| live.contains(kind))) {
        match (any_named_by_output(wanted, context), &members) {
            (Ok(true), _) => {}
            (Ok(false), Err(gap)) => gaps.push(gap.clone()),
            (Ok(false), Ok(_)) if wanted.kinds().any(|kind| changing.contains(kind)) => {
                gaps.push(Gap::changing(format!("the only {} of the stack", wanted.name())));
            }
            (Ok(false), Ok(_)) => missing.push(wanted.name()),
            (Err(gap), _) => gaps.push(gap),
        }
    }
    let found = params.required_kinds.len().saturating_sub(missing.len());
    let kinds = if missing.is_empty() {
        Verdict::satisfied(format!("each of the {found} required kinds is there"))
    } else {
        Verdict::not_satisfied(
            format!("no live {}", missing.join(", no live ")),
            "at least one live resource of each required kind",
        )
    };
    let secret = params.referenced_secret.then(|| references_a_secret(context));
    let parts = gaps.into_iter().map(Err).chain([Ok(kinds)]).chain(secret);
    every(parts, || Err(Gap::undecided("no kind is required")))
}

/// The secret is not the stack's, so no listing holds it: it is there when what the stack runs leads to it.
fn references_a_secret(context: &Context<'_>) -> Judgement {
    let mut gap = None;
    for subject in context.evidence.of_kind(Kind::Secret) {
        match subject.existence.seen() {
            Ok(Some(Existence::Exists)) => {
                return Ok(Verdict::satisfied(format!("secret {} is referenced", subject.id)));
            }
            Ok(Some(Existence::Missing) | None) => {}
            Err(found) => gap = gap.or(Some(found)),
        }
    }
    // What could not be read may name one: a template, a task definition, or what leads to one.
    for (_, stack) in
        context.evidence.all::<Stack>().filter(|(_, stack)| *stack.identity.observed() != Observed::Absent)
    {
        let read = stack.members.seen().map(drop).and_then(|()| stack.processed.seen().map(drop));
        gap = gap.or(read.err());
    }
    for kind in [Kind::TaskDefinition, Kind::Service, Kind::Cluster] {
        let unread = context.evidence.of_kind(kind).find_map(|subject| subject.existence.seen().err());
        gap = gap.or(unread);
    }
    gap.map_or_else(
        || {
            Ok(Verdict::not_satisfied(
                "nothing of the stack refers to a secret that is there",
                "a task definition or a template that refers to an existing secret",
            ))
        },
        Err,
    )
}

fn any_named_by_output(wanted: &RequiredKind, context: &Context<'_>) -> Result<bool, Gap> {
    let mut gap = None;
    for kind in wanted.kinds() {
        match named_by_output(kind, context) {
            Ok(true) => return Ok(true),
            Ok(false) => {}
            Err(found) => gap = gap.or(Some(found)),
        }
    }
    gap.map_or(Ok(false), Err)
}

/// Whether an output names a resource of this kind that is there. Only kinds that the audit looks at can be told.
fn named_by_output(kind: &str, context: &Context<'_>) -> Result<bool, Gap> {
    let Some(kind) = Kind::named(kind) else { return Ok(false) };
    let mut gap = None;
    for subject in context.evidence.of_kind(kind) {
        if subject.output_key.is_none() || subject.role == Role::External {
            continue;
        }
        match subject.existence.seen() {
            Ok(Some(Existence::Exists)) => match is_customers(subject) {
                Ok(true) => return Ok(true),
                Ok(false) => {}
                Err(found) => gap = Some(found),
            },
            Ok(Some(Existence::Missing) | None) => {}
            Err(found) => gap = Some(found),
        }
    }
    gap.map_or(Ok(false), Err)
}

/// A key that AWS manages is not the customer key that is asked for; other kinds have no such variant.
fn is_customers(subject: &Subject) -> Result<bool, Gap> {
    let Some(key) = <Key as Attributes>::of(&subject.resource) else { return Ok(true) };
    let metadata = key.metadata.required("DescribeKey", "KeyMetadata")?;
    Ok(match &metadata.manager {
        Observed::Present(KeyManager::Customer) => true,
        Observed::Present(KeyManager::Aws) => false,
        Observed::Absent | Observed::Unknown(_) => {
            return metadata.manager.required("DescribeKey", "KeyManager").map(|_| true);
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudformation::Template;
    use crate::cloudformation::fixture::{bucket_subject, member, stack, subject_of, template};
    use crate::fixture::*;
    use crate::kms::Metadata;
    use crate::subject::Resource;

    const FORMAT: &str = "stack-template-format";
    const SERVICES: &str = "stack-services-complete";

    fn written(change: impl FnOnce(&mut Template)) -> Stack {
        let mut stack = stack();
        let mut original = template();
        change(&mut original);
        stack.original = seen(original);
        stack
    }

    fn judged(id: &str, params: &str, stack: Stack, others: Vec<Subject>) -> Judgement {
        judge_with(id, params, &evidence([vec![subject_of(stack)], others].concat()))
    }

    #[test]
    fn a_template_in_the_asked_format_with_a_description_passes() {
        let answer = judged(FORMAT, "", stack(), vec![]);
        assert_eq!(passed(answer), "the template is written in JSON; it has a Description");
        let yaml = written(|template| template.format = TemplateFormat::Yaml);
        let answer = judged(FORMAT, "expected_template_format = 'yaml'", yaml, vec![]);
        assert_eq!(passed(answer), "the template is written in YAML; it has a Description");
    }

    #[test]
    fn the_other_format_fails() {
        let yaml = written(|template| template.format = TemplateFormat::Yaml);
        assert_eq!(failed(judged(FORMAT, "", yaml, vec![])), "the template is written in YAML");
        let answer = judged(FORMAT, "expected_template_format = 'yaml'", stack(), vec![]);
        assert_eq!(failed(answer), "the template is written in JSON");
    }

    #[test]
    fn a_missing_or_empty_description_fails_with_its_own_text() {
        let none = written(|template| template.description = Observed::Absent);
        assert_eq!(failed(judged(FORMAT, "", none, vec![])), "the template has no Description");
        let empty = written(|template| template.description = Observed::Present(LengthClass::Empty));
        assert_eq!(failed(judged(FORMAT, "", empty, vec![])), "the template's Description is empty");
    }

    #[test]
    fn a_template_that_cannot_be_read_is_an_error() {
        let mut stack = stack();
        stack.original = denied();
        assert_eq!(undecided(judged(FORMAT, "", stack.clone(), vec![])), denial().to_string());
        stack.original = not_set();
        assert!(undecided(judged(FORMAT, "", stack, vec![])).starts_with("GetTemplate answered without TemplateBody"));
        let stack = written(|template| template.description = Observed::Unknown(denial()));
        assert_eq!(undecided(judged(FORMAT, "", stack, vec![])), denial().to_string());
    }

    #[test]
    fn a_stack_with_every_required_kind_passes() {
        assert_eq!(passed(judged(SERVICES, "", stack(), vec![])), "each of the 7 required kinds is there");
    }

    #[test]
    fn every_missing_kind_is_listed() {
        let mut stack = stack();
        stack.members = seen(vec![member("Bucket", "AWS::S3::Bucket", "patient-data-dev", "CREATE_COMPLETE")]);
        let params = "required_kinds = ['AWS::S3::Bucket', 'AWS::KMS::Key', 'AWS::IAM::Role']";
        assert_eq!(failed(judged(SERVICES, params, stack, vec![])), "no live AWS::KMS::Key, no live AWS::IAM::Role");
    }

    #[test]
    fn one_of_several_kinds_is_enough_where_the_list_says_so() {
        let either = "required_kinds = [['AWS::Logs::MetricFilter', 'AWS::Events::Rule']]";
        let mut stack = stack();
        stack.members = seen(vec![member("Rule", "AWS::Events::Rule", "rule-dev", "CREATE_COMPLETE")]);
        assert_eq!(passed(judged(SERVICES, either, stack.clone(), vec![])), "each of the 1 required kinds is there");
        stack.members = seen(vec![member("Rule", "AWS::Events::Rule", "rule-dev", "CREATE_IN_PROGRESS")]);
        assert!(
            undecided(judged(SERVICES, either, stack.clone(), vec![])).contains("the only AWS::Logs::MetricFilter or")
        );
        stack.members = seen(Vec::new());
        assert_eq!(
            failed(judged(SERVICES, either, stack, vec![])),
            "no live AWS::Logs::MetricFilter or AWS::Events::Rule"
        );
    }

    #[test]
    fn a_secret_counts_as_referenced_only_when_something_led_to_it_and_it_is_there() {
        let referenced = "required_kinds = ['AWS::S3::Bucket']\nreferenced_secret = true";
        let found = |kind, existence| {
            let mut found = Subject::new(kind, "found", crate::subject::unseen(kind, &denial()));
            found.existence = existence;
            vec![found]
        };
        let there = found(Kind::Secret, seen(Existence::Exists));
        assert!(passed(judged(SERVICES, referenced, stack(), there)).ends_with("secret found is referenced"));
        let gone = found(Kind::Secret, seen(Existence::Missing));
        for others in [Vec::new(), gone] {
            let text = failed(judged(SERVICES, referenced, stack(), others));
            assert_eq!(text, "nothing of the stack refers to a secret that is there");
        }
        for unread in [Stack { members: denied(), ..stack() }, Stack { processed: denied(), ..stack() }] {
            let text = undecided(judged(SERVICES, referenced, unread, Vec::new()));
            assert_eq!(text, denial().to_string());
        }
        for kind in [Kind::Secret, Kind::TaskDefinition, Kind::Service, Kind::Cluster] {
            let unread = found(kind, denied());
            assert_eq!(undecided(judged(SERVICES, referenced, stack(), unread)), denial().to_string());
        }
    }

    #[test]
    fn what_another_audited_stack_holds_counts() {
        let mut first = stack();
        first.members = seen(Vec::new());
        let answer = judged(SERVICES, "", first, vec![subject_of(stack())]);
        assert_eq!(passed(answer), "each of the 7 required kinds is there");
    }

    #[test]
    fn an_empty_stack_fails() {
        let mut stack = stack();
        stack.members = seen(Vec::new());
        assert!(failed(judged(SERVICES, "", stack, vec![])).starts_with("no live AWS::S3::Bucket, no live "));
    }

    const BUCKET: &str = "required_kinds = ['AWS::S3::Bucket']";

    #[test]
    fn only_live_members_count() {
        for (status, is_live) in [
            ("UPDATE_FAILED", true),
            ("UPDATE_ROLLBACK_COMPLETE", true),
            ("DELETE_COMPLETE", false),
            ("DELETE_SKIPPED", false),
            ("CREATE_FAILED", false),
            ("DELETE_FAILED", false),
        ] {
            let mut stack = stack();
            stack.members = seen(vec![member("Bucket", "AWS::S3::Bucket", "b", status)]);
            let answer = judged(SERVICES, BUCKET, stack, vec![]);
            if is_live {
                assert_eq!(passed(answer), "each of the 1 required kinds is there", "{status}");
            } else {
                assert_eq!(failed(answer), "no live AWS::S3::Bucket", "{status}");
            }
        }
    }

    #[test]
    fn a_kind_that_is_just_being_made_is_an_error() {
        let mut stack = stack();
        stack.members = seen(vec![member("Bucket", "AWS::S3::Bucket", "b", "CREATE_IN_PROGRESS")]);
        assert!(
            undecided(judged(SERVICES, BUCKET, stack, vec![])).starts_with("the only AWS::S3::Bucket of the stack")
        );
    }

    #[test]
    fn a_resource_that_an_output_names_counts_when_it_is_there() {
        let mut stack = stack();
        stack.members = denied();
        let mut bucket = bucket_subject();
        assert_eq!(undecided(judged(SERVICES, BUCKET, stack.clone(), vec![bucket.clone()])), denial().to_string());
        bucket.output_key = Some("S3BucketArn".into());
        assert_eq!(
            passed(judged(SERVICES, BUCKET, stack.clone(), vec![bucket.clone()])),
            "each of the 1 required kinds is there"
        );
        bucket.existence = seen(Existence::Missing);
        assert_eq!(undecided(judged(SERVICES, BUCKET, stack.clone(), vec![bucket.clone()])), denial().to_string());
        stack.members = seen(Vec::new());
        assert_eq!(failed(judged(SERVICES, BUCKET, stack.clone(), vec![bucket.clone()])), "no live AWS::S3::Bucket");
        bucket.existence = denied();
        assert_eq!(undecided(judged(SERVICES, BUCKET, stack, vec![bucket])), denial().to_string());
    }

    #[test]
    fn a_missing_kind_decides_even_where_another_cannot_be_told() {
        let mut stack = stack();
        stack.members = seen(vec![member("Bucket", "AWS::S3::Bucket", "b", "CREATE_IN_PROGRESS")]);
        let params = "required_kinds = ['AWS::S3::Bucket', 'AWS::IAM::Role']";
        let answer = failed(judged(SERVICES, params, stack, vec![]));
        assert!(
            answer.starts_with("no live AWS::IAM::Role | not all was readable: the only AWS::S3::Bucket"),
            "{answer}"
        );
    }

    #[test]
    fn a_key_of_aws_is_no_customer_key() {
        let mut stack = stack();
        stack.members = seen(Vec::new());
        let key = |manager| {
            let mut key = Key::unknown(&denial());
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
            let mut subject = subject(Kind::Key, "k", Resource::Key(Box::new(key)));
            subject.output_key = Some("KMSKeyId".into());
            vec![subject]
        };
        let params = "required_kinds = ['AWS::KMS::Key']";
        let judged = |manager| judged(SERVICES, params, stack.clone(), key(manager));
        assert_eq!(failed(judged(Observed::Present(KeyManager::Aws))), "no live AWS::KMS::Key");
        assert_eq!(passed(judged(Observed::Present(KeyManager::Customer))), "each of the 1 required kinds is there");
        assert!(undecided(judged(Observed::Absent)).starts_with("DescribeKey answered without KeyManager"));
        assert_eq!(undecided(judged(Observed::Unknown(denial()))), denial().to_string());
    }
}
