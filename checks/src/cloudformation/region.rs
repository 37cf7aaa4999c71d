//! Whether the stack lives in the agreed region.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::Stack;
use crate::check::Context;
use crate::observed::{Gap, Observed};
use crate::outputs::{Outputs, Resolved};
use crate::s3::Bucket;
use crate::subject::{Existence, Kind, Role, Subject};
use crate::verdict::{Judgement, Verdict, every};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Region {
    expected_region: String,
}

/// Where no stack holds the resources its id says nothing, and the resources' own regions decide.
pub(super) fn region(stack: &Stack, params: &Region, context: &Context<'_>) -> Judgement {
    let mut places = Places::default();
    let owned = places.stack(stack, context);
    for (_, outputs) in context.evidence.all::<Outputs>() {
        for resolved in outputs.entries.iter().filter_map(|entry| entry.resolved.as_ref()) {
            if let Some(region) = region_of_output(resolved, &owned) {
                places.found(&region, format!("{} {}", resolved.kind, resolved.id));
            }
        }
    }
    for subject in context.evidence.subjects.iter().filter(|subject| subject.role != Role::External) {
        if let Err(gap) = subject.is_none_of(|role| role == Role::External) {
            places.gaps.push(gap);
            continue;
        }
        places.subject(subject);
    }
    let Places { regions, gaps, notes } = places;
    let elsewhere: Vec<String> = regions
        .iter()
        .filter(|(region, _)| **region != params.expected_region)
        .map(|(region, resources)| {
            format!("in {region}: {}", resources.iter().map(String::as_str).collect::<Vec<_>>().join(", "))
        })
        .collect();
    let count: usize = regions.values().map(BTreeSet::len).sum();
    let seen = if !elsewhere.is_empty() {
        let verdict = Verdict::not_satisfied(
            elsewhere.join("; "),
            format!("every regional resource of the stack in {}", params.expected_region),
        );
        let seed_region = regions.contains_key("us-east-1") && params.expected_region == "us-east-2";
        Some(Ok(if seed_region {
            verdict
                .noting("the deploy command delivered with the template says us-east-1, the requirements say us-east-2")
        } else {
            verdict
        }))
    } else if count > 0 {
        Some(Ok(Verdict::satisfied(format!(
            "the stack's region, where {count} parts name one, is {}",
            params.expected_region
        ))))
    } else {
        None
    };
    let verdict = every(seen.into_iter().chain(gaps.into_iter().map(Err)), || {
        Err(Gap::undecided(
            "no ARN with a region, no stack id and no bucket location could be read; name the stack with --stack-name",
        ))
    })?;
    Ok(notes.into_iter().fold(verdict, Verdict::noting))
}

/// Which parts of the stack were seen in which region.
#[derive(Default)]
struct Places {
    regions: BTreeMap<String, BTreeSet<String>>,
    gaps: Vec<Gap>,
    notes: Vec<String>,
}

impl Places {
    fn found(&mut self, region: &str, what: String) {
        self.regions.entry(region.to_owned()).or_default().insert(what);
    }

    /// Reads the stack's own region and gives the physical ids of its members, as far as they are known.
    fn stack(&mut self, stack: &Stack, context: &Context<'_>) -> BTreeSet<String> {
        match stack.identity.seen() {
            Err(gap) => self.gaps.push(gap),
            Ok(None) => self.notes.push("no stack holds the resources, so only their own regions were compared".into()),
            Ok(Some(identity)) => match identity.id.seen() {
                Err(gap) => self.gaps.push(gap),
                Ok(None) => self.notes.push("the id of the stack is not known".into()),
                Ok(Some(id)) => match arn_region(id) {
                    Some(region) => self.found(&region, format!("{} {}", context.subject.kind, identity.name)),
                    None => self.gaps.push(Gap::undecided(format!("the stack id `{id}` names no region"))),
                },
            },
        }
        match stack.members.observed() {
            Observed::Present(members) => members
                .iter()
                .filter_map(|member| match &member.physical_id {
                    Observed::Present(id) => Some(id.clone()),
                    Observed::Absent | Observed::Unknown(_) => None,
                })
                .collect(),
            Observed::Absent | Observed::Unknown(_) => BTreeSet::new(),
        }
    }

    fn subject(&mut self, subject: &Subject) {
        let name = format!("{} {}", subject.kind, subject.id);
        match subject.kind {
            // The bucket's location is asked for; its ARN names none.
            Kind::Bucket => match location(subject) {
                Ok(region) => self.found(&region, name),
                Err(gap) => self.gaps.push(gap),
            },
            Kind::Function
            | Kind::Key
            | Kind::LogGroup
            | Kind::Topic
            | Kind::Alarm
            | Kind::Vpc
            | Kind::SecurityGroup
            | Kind::LoadBalancer
            | Kind::Cluster
            | Kind::Service
            | Kind::TaskDefinition
            | Kind::Database
            | Kind::FileSystem
            | Kind::Cache
            | Kind::RestApi
            | Kind::WebAcl
            | Kind::Secret => match &subject.region {
                Some(region) => self.found(region, name),
                None => self.gaps.push(Gap::undecided(format!("the region of {name} is not known"))),
            },
            // Roles and their policies are global; the stack speaks for itself; outputs and account are no resources of it.
            Kind::Role | Kind::ManagedPolicy | Kind::Stack | Kind::Outputs | Kind::Account => {}
        }
    }
}

fn location(subject: &Subject) -> Result<String, Gap> {
    if let Ok(Some(Existence::Missing)) = subject.existence.seen() {
        let why = format!("{} `{}` does not exist", subject.kind, subject.id);
        return Err(Gap::depends_on("stack-outputs-resolve-live", why));
    }
    let bucket = <Bucket as crate::subject::Attributes>::of(&subject.resource)
        .ok_or_else(|| Gap::NothingToAudit { kind: Kind::Bucket.name().into() })?;
    bucket.location.required("GetBucketLocation", "LocationConstraint").cloned()
}

/// The region that an output names, unless its resource belongs to no region or not to the stack.
fn region_of_output(resolved: &Resolved, owned: &BTreeSet<String>) -> Option<String> {
    let region = resolved.region.as_ref().filter(|region| !region.is_empty())?;
    let arn = resolved.arn.as_deref();
    let exempt = match resolved.kind.as_str() {
        // GetBucketLocation answers for buckets; what a URL says is not it.
        "AWS::S3::Bucket" => true,
        "AWS::WAFv2::WebACL" => arn.is_some_and(|arn| arn.contains(":global/")),
        // CloudFront takes certificates of us-east-1 only.
        "AWS::CertificateManager::Certificate" => region == "us-east-1",
        "AWS::CloudTrail::Trail" | "AWS::Config::ConfigurationRecorder" => {
            !owned.contains(&resolved.id) && !arn.is_some_and(|arn| owned.contains(arn))
        }
        kind => kind.starts_with("AWS::IAM::") || kind.starts_with("AWS::CloudFront::"),
    };
    (!exempt).then(|| region.clone())
}

/// The region field of an ARN; `None` where it is empty or the text is no ARN.
fn arn_region(arn: &str) -> Option<String> {
    let mut fields = arn.split(':');
    if fields.next() != Some("arn") {
        return None;
    }
    fields.nth(2).filter(|region| !region.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use crate::cloudformation::fixture::{absent_stack, bucket_subject, function_subject, stack, subject_of};
    use crate::cloudformation::{Identity, Stack};
    use crate::evidence::Evidence;
    use crate::fixture::*;
    use crate::observed::{Observed, Seen};
    use crate::outputs::{Output, Outputs, Resolved};
    use crate::subject::{Existence, Kind, Resource, Role};
    use crate::verdict::Judgement;

    const ID: &str = "stack-region-as-specified";

    fn with(stack: Stack, others: Vec<crate::Subject>) -> Evidence {
        evidence([vec![subject_of(stack)], others].concat())
    }

    fn judged(stack: Stack, others: Vec<crate::Subject>) -> Judgement {
        judge(ID, &with(stack, others))
    }

    fn output(kind: &str, id: &str, arn: Option<&str>, region: Option<&str>) -> crate::Subject {
        let resolved = Resolved {
            kind: kind.into(),
            id: id.into(),
            arn: arn.map(Into::into),
            region: region.map(Into::into),
            account: None,
            by: "value".into(),
        };
        let entry = Output {
            key: "Key".into(),
            value: "value".into(),
            secret: None,
            resolved: Some(resolved),
            reason: None,
            live: not_set(),
        };
        subject(Kind::Outputs, "file", Resource::Outputs(Outputs { entries: vec![entry], live: not_set() }))
    }

    #[test]
    fn a_stack_whose_parts_are_all_in_the_agreed_region_passes() {
        let answer = judged(stack(), vec![bucket_subject(), function_subject()]);
        assert_eq!(passed(answer), "the stack's region, where 3 parts name one, is us-east-2");
    }

    #[test]
    fn a_bucket_elsewhere_fails_and_is_named_with_its_region() {
        let mut bucket = bucket_subject();
        if let Resource::Bucket(seen_bucket) = &mut bucket.resource {
            seen_bucket.location = seen("eu-west-1".into());
        }
        let answer = judged(stack(), vec![bucket, function_subject()]);
        assert_eq!(failed(answer), "in eu-west-1: AWS::S3::Bucket patient-data-dev");
    }

    #[test]
    fn a_deployment_to_the_region_of_the_second_template_says_where_that_comes_from() {
        let mut function = function_subject();
        function.region = Some("us-east-1".into());
        let answer = failed(judged(stack(), vec![function]));
        assert!(answer.starts_with("in us-east-1: AWS::Lambda::Function processor-dev | "), "{answer}");
        assert!(answer.ends_with("says us-east-1, the requirements say us-east-2"), "{answer}");
    }

    #[test]
    fn the_region_of_an_output_counts_although_nothing_else_was_found() {
        let arn = "arn:aws:sns:eu-west-2:123456789012:alerts";
        let answer = judged(absent_stack(), vec![output("AWS::SNS::Topic", "alerts", Some(arn), Some("eu-west-2"))]);
        assert!(failed(answer).starts_with("in eu-west-2: AWS::SNS::Topic alerts | no stack holds"));
    }

    #[test]
    fn global_resources_and_trails_of_others_have_no_say() {
        for (kind, arn) in [
            ("AWS::IAM::Role", "arn:aws:iam::123456789012:role/x"),
            ("AWS::WAFv2::WebACL", "arn:aws:wafv2:us-east-1:123456789012:global/webacl/x/y"),
            ("AWS::CertificateManager::Certificate", "arn:aws:acm:us-east-1:123456789012:certificate/x"),
            ("AWS::CloudTrail::Trail", "arn:aws:cloudtrail:us-east-1:123456789012:trail/x"),
        ] {
            let answer = judged(stack(), vec![output(kind, "x", Some(arn), Some("us-east-1"))]);
            assert_eq!(passed(answer), "the stack's region, where 1 parts name one, is us-east-2", "{kind}");
        }
    }

    #[test]
    fn a_denied_bucket_location_is_an_error_unless_another_part_is_elsewhere() {
        let mut bucket = bucket_subject();
        if let Resource::Bucket(seen_bucket) = &mut bucket.resource {
            seen_bucket.location = denied();
        }
        assert_eq!(undecided(judged(stack(), vec![bucket.clone()])), denial().to_string());
        let mut function = function_subject();
        function.region = Some("eu-west-2".into());
        assert!(failed(judged(stack(), vec![bucket, function])).contains("not all was readable: GetThing was denied"));
    }

    #[test]
    fn a_bucket_that_is_gone_has_no_region_to_compare() {
        let mut bucket = bucket_subject();
        bucket.existence = seen(Existence::Missing);
        assert_eq!(
            undecided(judged(stack(), vec![bucket])),
            "depends on stack-outputs-resolve-live: AWS::S3::Bucket `patient-data-dev` does not exist"
        );
    }

    #[test]
    fn resources_outside_the_stack_are_left_alone() {
        let mut function = function_subject();
        function.role = Role::External;
        function.region = Some("eu-west-2".into());
        assert_eq!(passed(judged(stack(), vec![function])), "the stack's region, where 1 parts name one, is us-east-2");
    }

    #[test]
    fn a_function_whose_region_is_not_known_is_an_error() {
        let mut function = function_subject();
        function.region = None;
        assert_eq!(
            undecided(judged(stack(), vec![function])),
            "the region of AWS::Lambda::Function processor-dev is not known"
        );
    }

    #[test]
    fn nothing_that_names_a_region_is_an_error() {
        assert!(undecided(judged(absent_stack(), vec![])).starts_with("no ARN with a region"));
    }

    #[test]
    fn a_stack_lookup_that_was_denied_keeps_the_rest_from_passing() {
        assert_eq!(undecided(judged(Stack::unknown(&denial()), vec![function_subject()])), denial().to_string());
    }

    #[test]
    fn a_stack_found_by_name_only_is_judged_by_its_resources() {
        let mut stack = stack();
        stack.identity = seen(Identity { name: "S".into(), id: Observed::Absent, found_by: "name".into() });
        assert_eq!(
            passed(judged(stack.clone(), vec![function_subject()])),
            "the stack's region, where 1 parts name one, is us-east-2 | the id of the stack is not known"
        );
        stack.identity = Seen::new(
            Observed::Present(Identity {
                name: "S".into(),
                id: Observed::Present("S".into()),
                found_by: "name".into(),
            }),
            vec![],
        );
        assert_eq!(undecided(judged(stack, vec![function_subject()])), "the stack id `S` names no region");
    }
}
