//! Selectors: what they let through, and how much of the accesses to one resource they record.

use super::{AdvancedSelector, ClassicSelector, FieldSelector, ReadWrite, SELECTORS, Selectors};
use crate::observed::Gap;

/// Whether reads are recorded, and whether writes are.
pub(super) type Halves = [bool; 2];

pub(super) fn halves(selector: &ClassicSelector) -> Result<Halves, Gap> {
    Ok(match selector.read_write.seen()? {
        Some(ReadWrite::All) | None => [true, true],
        Some(ReadWrite::ReadOnly) => [true, false],
        Some(ReadWrite::WriteOnly) => [false, true],
    })
}

/// The fields of an advanced selector that this version knows.
pub(super) enum Field {
    Category,
    ReadOnly,
    Source,
    ResourceType,
    ResourceArn,
    /// Any other known field: it leaves a part of the events out.
    Narrowing,
}

/// Tells the field. A field that is not known, or that holds no operator that is known, is a gap (rule U6).
pub(super) fn known(field: &FieldSelector) -> Result<Field, Gap> {
    let values = [
        &field.equals,
        &field.starts_with,
        &field.ends_with,
        &field.not_equals,
        &field.not_starts_with,
        &field.not_ends_with,
    ];
    if values.iter().all(|values| values.is_empty()) {
        return Err(Gap::Unrecognised {
            operation: SELECTORS.into(),
            field: "FieldSelectors".into(),
            token: format!("{} without a known operator", field.field),
        });
    }
    match field.field.as_str() {
        "eventCategory" => Ok(Field::Category),
        "readOnly" => Ok(Field::ReadOnly),
        "eventSource" => Ok(Field::Source),
        "resources.type" => Ok(Field::ResourceType),
        "resources.ARN" => Ok(Field::ResourceArn),
        "eventName"
        | "eventType"
        | "errorCode"
        | "sessionCredentialFromConsole"
        | "userIdentity.arn"
        | "vpcEndpointId" => Ok(Field::Narrowing),
        other => Err(Gap::Unrecognised {
            operation: SELECTORS.into(),
            field: "FieldSelectors.Field".into(),
            token: other.into(),
        }),
    }
}

/// Whether the operators of a field let one value through. Those that select are alternatives; of those that leave out
/// none may fit.
fn lets_through(field: &FieldSelector, value: &str) -> bool {
    let selects = !(field.equals.is_empty() && field.starts_with.is_empty() && field.ends_with.is_empty());
    let selected = field.equals.iter().any(|wanted| wanted == value)
        || field.starts_with.iter().any(|prefix| value.starts_with(prefix.as_str()))
        || field.ends_with.iter().any(|suffix| value.ends_with(suffix.as_str()));
    let left_out = field.not_equals.iter().any(|unwanted| unwanted == value)
        || field.not_starts_with.iter().any(|prefix| value.starts_with(prefix.as_str()))
        || field.not_ends_with.iter().any(|suffix| value.ends_with(suffix.as_str()));
    (!selects || selected) && !left_out
}

/// Whether a field that every selector of its sort has lets one value through.
pub(super) fn matches_point(selector: &AdvancedSelector, name: &'static str, value: &str) -> Result<bool, Gap> {
    let mut fields = selector.fields.iter().filter(|field| field.field == name).peekable();
    if fields.peek().is_none() {
        return Err(Gap::Incomplete { operation: SELECTORS.into(), field: name.into() });
    }
    for field in fields {
        known(field)?;
        if !lets_through(field, value) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether an advanced selector records reads and writes; without the field it records both.
pub(super) fn read_only(selector: &AdvancedSelector) -> Result<Halves, Gap> {
    let mut halves = [true, true];
    for field in selector.fields.iter().filter(|field| field.field == "readOnly") {
        known(field)?;
        if let Some(token) = field.equals.iter().chain(&field.not_equals).find(|value| !is_truth(value)) {
            return Err(Gap::Unrecognised {
                operation: SELECTORS.into(),
                field: "readOnly".into(),
                token: token.clone(),
            });
        }
        halves[0] &= lets_through(field, "true");
        halves[1] &= lets_through(field, "false");
    }
    Ok(halves)
}

fn is_truth(value: &str) -> bool {
    value == "true" || value == "false"
}

/// How much of the accesses to the objects of a bucket a trail records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ObjectCoverage {
    /// Of the reads.
    pub(super) reads: Extent,
    /// Of the writes.
    pub(super) writes: Extent,
}

/// How much is recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// All of it.
    Full,
    /// A part, for this reason.
    Part(String),
    /// Nothing.
    None,
}

/// What data events are asked about.
#[derive(Clone, Copy)]
pub(super) enum Target<'a> {
    /// Every object whose ARN starts so; the text ends with a slash.
    Objects(&'a str),
    /// The function of this ARN.
    Function(&'a str),
}

impl Target<'_> {
    fn resource_type(self) -> &'static str {
        match self {
            Target::Objects(_) => "AWS::S3::Object",
            Target::Function(_) => "AWS::Lambda::Function",
        }
    }

    fn source(self) -> &'static str {
        match self {
            Target::Objects(_) => "s3.amazonaws.com",
            Target::Function(_) => "lambda.amazonaws.com",
        }
    }

    /// Whether this is what a classic selector writes for all resources of the type.
    fn is_everything(self, value: &str) -> bool {
        let (Target::Objects(arn) | Target::Function(arn)) = self;
        let partition = arn.split(':').nth(1).unwrap_or("aws");
        match self {
            Target::Objects(_) => value == format!("arn:{partition}:s3") || value == format!("arn:{partition}:s3:::"),
            Target::Function(_) => value == format!("arn:{partition}:lambda"),
        }
    }
}

/// Tells how much of the reads and writes of a bucket's objects the selectors record. Selectors add up: one of reads
/// and one of writes record both; two parts stay parts.
///
/// # Errors
/// A gap, when a selector that may record them could not be read to its meaning (rule U6), and the others do not record
/// all of it anyway.
pub(super) fn object_coverage(selectors: &Selectors, bucket_arn: &str) -> Result<ObjectCoverage, Gap> {
    let prefix = format!("{}/", bucket_arn.trim_end_matches('/'));
    coverage(selectors, Target::Objects(&prefix))
}

pub(super) fn coverage(selectors: &Selectors, target: Target<'_>) -> Result<ObjectCoverage, Gap> {
    let classic = selectors.classic.iter().map(|selector| classic_data(selector, target));
    let advanced = selectors.advanced.iter().map(|selector| advanced_data(selector, target));
    let found: Vec<Result<(Halves, Extent), Gap>> = classic.chain(advanced).collect();
    let half = |index: usize| -> Result<Extent, Gap> {
        let mut parts: Vec<String> = Vec::new();
        let mut gap = None;
        for found in &found {
            match found {
                Ok((halves, Extent::Full)) if halves[index] => return Ok(Extent::Full),
                Ok((halves, Extent::Part(why))) if halves[index] => {
                    if !parts.contains(why) {
                        parts.push(why.clone());
                    }
                }
                Ok((_, Extent::Full | Extent::Part(_) | Extent::None)) => {}
                Err(found) => {
                    gap.get_or_insert_with(|| found.clone());
                }
            }
        }
        match gap {
            Some(gap) => Err(gap),
            None if parts.is_empty() => Ok(Extent::None),
            None => Ok(Extent::Part(parts.join(", "))),
        }
    };
    Ok(ObjectCoverage { reads: half(0)?, writes: half(1)? })
}

const PART_OF_OBJECTS: &str = "a part of the objects";

fn classic_data(selector: &ClassicSelector, target: Target<'_>) -> Result<(Halves, Extent), Gap> {
    let mut extent = Extent::None;
    let values = selector.data.iter().filter(|(kind, _)| kind == target.resource_type()).flat_map(|(_, values)| values);
    for value in values {
        match classic_value(value, target)? {
            Extent::Full => {
                extent = Extent::Full;
                break;
            }
            Extent::Part(why) => extent = Extent::Part(why),
            Extent::None => {}
        }
    }
    match extent {
        Extent::None => Ok(([false, false], Extent::None)),
        Extent::Full | Extent::Part(_) => Ok((halves(selector)?, extent)),
    }
}

/// Values of objects are prefixes, those of functions whole ARNs.
fn classic_value(value: &str, target: Target<'_>) -> Result<Extent, Gap> {
    if target.is_everything(value) {
        return Ok(Extent::Full);
    }
    match target {
        Target::Function(arn) => Ok(if value == arn { Extent::Full } else { Extent::None }),
        Target::Objects(prefix) if value == prefix => Ok(Extent::Full),
        Target::Objects(prefix) if value.starts_with(prefix) => Ok(Extent::Part(PART_OF_OBJECTS.to_owned())),
        Target::Objects(prefix) if prefix.starts_with(value) => Err(Gap::undecided(format!(
            "a selector names `{value}`, which is neither all buckets nor a bucket with a slash at its end; write \
             `{prefix}`"
        ))),
        Target::Objects(_) => Ok(Extent::None),
    }
}

fn advanced_data(selector: &AdvancedSelector, target: Target<'_>) -> Result<(Halves, Extent), Gap> {
    let nothing = ([false, false], Extent::None);
    if !matches_point(selector, "eventCategory", "Data")?
        || !matches_point(selector, "resources.type", target.resource_type())?
    {
        return Ok(nothing);
    }
    let mut extent = Extent::Full;
    let mut gap = None;
    for field in &selector.fields {
        // A field that shuts the resource out decides, however unreadable the others are.
        match known(field).and_then(|known| field_extent(field, &known, target)) {
            Ok(Extent::Full) => {}
            Ok(Extent::Part(why)) => {
                extent = match extent {
                    Extent::Part(earlier) => Extent::Part(format!("{earlier} and {why}")),
                    Extent::Full | Extent::None => Extent::Part(why),
                };
            }
            Ok(Extent::None) => return Ok(nothing),
            Err(found) => {
                gap.get_or_insert(found);
            }
        }
    }
    if let Some(gap) = gap {
        return Err(gap);
    }
    Ok((read_only(selector)?, extent))
}

/// How much of the target one field lets through.
fn field_extent(field: &FieldSelector, known: &Field, target: Target<'_>) -> Result<Extent, Gap> {
    match known {
        Field::Category | Field::ReadOnly | Field::ResourceType => Ok(Extent::Full),
        Field::Source => Ok(if lets_through(field, target.source()) { Extent::Full } else { Extent::None }),
        Field::Narrowing => Ok(Extent::Part(format!("only events that fit {}", field.field))),
        Field::ResourceArn => match target {
            Target::Function(arn) => Ok(if lets_through(field, arn) { Extent::Full } else { Extent::None }),
            Target::Objects(prefix) => objects(field, prefix),
        },
    }
}

/// How much of the objects under a prefix the operators on `resources.ARN` let through.
fn objects(field: &FieldSelector, prefix: &str) -> Result<Extent, Gap> {
    let within = |value: &&String| value.starts_with(prefix) && value.as_str() != prefix;
    if field.not_starts_with.iter().any(|left_out| prefix.starts_with(left_out.as_str())) {
        return Ok(Extent::None);
    }
    let selects = !(field.equals.is_empty() && field.starts_with.is_empty() && field.ends_with.is_empty());
    let whole = !selects || field.starts_with.iter().any(|wanted| prefix.starts_with(wanted.as_str()));
    let part = field.equals.iter().find(within).is_some()
        || field.starts_with.iter().find(within).is_some()
        || !field.ends_with.is_empty();
    // An operator of equality compares whole ARNs, and no object has the bucket's name and a slash alone.
    let bare = |values: &[String]| values.iter().any(|value| value == prefix);
    if (!whole && bare(&field.equals)) || ((whole || part) && bare(&field.not_equals)) {
        return Err(Gap::undecided(format!(
            "a selector compares whole ARNs with `{prefix}`, and whether that means the objects of the bucket is not \
             known; use StartsWith or NotStartsWith"
        )));
    }
    let but = field.not_equals.iter().find(within).is_some()
        || field.not_starts_with.iter().find(within).is_some()
        || !field.not_ends_with.is_empty();
    Ok(match (whole, part, but) {
        (true, _, false) => Extent::Full,
        (true, _, true) | (false, true, _) => Extent::Part(PART_OF_OBJECTS.to_owned()),
        (false, false, _) => Extent::None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudtrail::fixture::*;
    use crate::observed::Observed::{Absent, Present};

    fn covered(selectors: &Selectors) -> (Extent, Extent) {
        let coverage = object_coverage(selectors, BUCKET).unwrap();
        (coverage.reads, coverage.writes)
    }

    fn part() -> Extent {
        Extent::Part(PART_OF_OBJECTS.to_owned())
    }

    #[test]
    fn classic_values_are_prefixes() {
        for (value, extent) in [
            ("arn:aws:s3", Extent::Full),
            ("arn:aws:s3:::", Extent::Full),
            ("arn:aws:s3:::patients/", Extent::Full),
            ("arn:aws:s3:::patients/in/", part()),
            ("arn:aws:s3:::patients2/", Extent::None),
            ("arn:aws:s3:::other/", Extent::None),
        ] {
            assert_eq!(covered(&with_values(&[value])), (extent.clone(), extent), "{value}");
        }
        assert_eq!(covered(&with_values(&["arn:aws:s3:::patients/in/", "arn:aws:s3"])), (Extent::Full, Extent::Full));
        assert_eq!(covered(&with_values(&[])), (Extent::None, Extent::None));
        let gap = object_coverage(&with_values(&["arn:aws:s3:::patients"]), BUCKET).unwrap_err();
        assert!(gap.to_string().starts_with("a selector names `arn:aws:s3:::patients`, which is neither"));
        assert_eq!(
            object_coverage(&with_values(&["arn:aws-cn:s3"]), "arn:aws-cn:s3:::patients/").unwrap(),
            ObjectCoverage { reads: Extent::Full, writes: Extent::Full }
        );
    }

    #[test]
    fn classic_halves_and_parts_add_up() {
        let values = ["arn:aws:s3:::patients/"];
        let mut both = classic(Present(ReadWrite::ReadOnly), Absent, &values);
        assert_eq!(covered(&both), (Extent::Full, Extent::None));
        both.classic.extend(classic(Present(ReadWrite::WriteOnly), Absent, &["arn:aws:s3:::patients/in/"]).classic);
        assert_eq!(covered(&both), (Extent::Full, part()));
        both.classic.extend(classic(Present(ReadWrite::WriteOnly), Absent, &values).classic);
        assert_eq!(covered(&both), (Extent::Full, Extent::Full));
    }

    #[test]
    fn advanced_selectors_are_read_field_by_field() {
        let other = starts_with("arn:aws:s3:::other/");
        for (further, extent) in [
            (vec![], Extent::Full),
            (vec![starts_with("arn:aws:s3:::patients/")], Extent::Full),
            (vec![starts_with("arn:aws:s3:::pat")], Extent::Full),
            (vec![starts_with("arn:aws:s3:::patients/in/")], part()),
            (vec![equals("resources.ARN", "arn:aws:s3:::patients/one")], part()),
            (vec![FieldSelector { ends_with: vec![".csv".into()], ..field("resources.ARN") }], part()),
            (vec![FieldSelector { not_ends_with: vec![".tmp".into()], ..field("resources.ARN") }], part()),
            (vec![other.clone()], Extent::None),
            (vec![FieldSelector { equals: vec!["x".into()], ..starts_with("arn:aws:s3:::patients/") }], Extent::Full),
            (vec![not_starts_with("arn:aws:s3:::other/")], Extent::Full),
            (vec![not_starts_with("arn:aws:s3:::patients/")], Extent::None),
            (vec![not_starts_with("arn:aws:s3:::patients/tmp/")], part()),
            (vec![not_equals("resources.ARN", "arn:aws:s3:::patients/one")], part()),
            (vec![not_equals("resources.ARN", "arn:aws:s3:::other/")], Extent::Full),
            (vec![equals("eventSource", "s3.amazonaws.com")], Extent::Full),
            (vec![equals("eventSource", "ec2.amazonaws.com")], Extent::None),
            (vec![equals("eventName", "GetObject")], Extent::Part("only events that fit eventName".into())),
            (
                vec![not_equals("userIdentity.arn", "arn:aws:iam::1:role/x")],
                Extent::Part("only events that fit userIdentity.arn".into()),
            ),
            (vec![equals("moonPhase", "full"), other], Extent::None),
        ] {
            let selectors = advanced(vec![objects_with(further.clone())]);
            assert_eq!(covered(&selectors), (extent.clone(), extent), "{further:?}");
        }
    }

    #[test]
    fn advanced_halves_are_completed_by_a_second_selector() {
        let reads = objects_with(vec![equals("readOnly", "true")]);
        let writes = objects_with(vec![not_equals("readOnly", "true"), starts_with("arn:aws:s3:::patients/")]);
        assert_eq!(covered(&advanced(vec![reads.clone()])), (Extent::Full, Extent::None));
        assert_eq!(covered(&advanced(vec![reads, writes])), (Extent::Full, Extent::Full));
    }

    #[test]
    fn selectors_of_other_resources_record_no_objects() {
        let tables = vec![equals("eventCategory", "Data"), equals("resources.type", "AWS::DynamoDB::Table")];
        let network = vec![equals("eventCategory", "NetworkActivity"), equals("moonPhase", "full")];
        assert_eq!(covered(&advanced(vec![tables, network, management_but(vec![])])), (Extent::None, Extent::None));
    }

    #[test]
    fn what_is_not_known_of_a_selector_is_a_gap_unless_another_one_records_everything() {
        let strange = || objects_with(vec![equals("moonPhase", "full")]);
        let mute = || objects_with(vec![field("resources.ARN")]);
        let bare = || objects_with(vec![equals("resources.ARN", "arn:aws:s3:::patients/")]);
        let odd_switch = || objects_with(vec![equals("readOnly", "yes")]);
        let untyped = || vec![equals("eventCategory", "Data")];
        for selector in [strange(), mute(), bare(), odd_switch(), untyped()] {
            object_coverage(&advanced(vec![selector.clone()]), BUCKET).unwrap_err();
            let whole = advanced(vec![selector, objects_with(vec![])]);
            assert_eq!(covered(&whole), (Extent::Full, Extent::Full));
        }
    }
}
