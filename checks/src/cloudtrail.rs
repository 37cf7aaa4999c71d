//! CloudTrail trails: what is seen of them, and the checks of their requirements.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::check::{Check, Context};
use crate::cloudformation::Stack;
use crate::evidence::{Account, Run};
use crate::lambda::Function;
use crate::observed::{Gap, Observed, Seen};
use crate::s3::{Bucket, Switch};
use crate::subject::{Existence, Role, Subject};
use crate::verdict::{Judgement, Verdict, every};

/// The checks of this file, in catalog order.
pub fn checks() -> Vec<Check> {
    vec![Check::across("cloudtrail-logging-enabled", logging), Check::across("cloudtrail-data-events", data_events)]
}

/// What was seen of a trail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trail {
    /// Its name.
    pub name: Observed<String>,
    /// Its ARN, by which it is asked about.
    pub arn: Observed<String>,
    /// The region it was made in.
    pub home_region: Observed<String>,
    /// Whether it covers every region.
    pub multi_region: Observed<Switch>,
    /// Whether it records global services.
    pub global_services: Observed<Switch>,
    /// Whether it belongs to the organisation.
    pub organization: Observed<Switch>,
    /// Whether log files can be validated.
    pub validation: Observed<Switch>,
    /// The key of the log files; absent means S3's own encryption.
    pub kms_key: Observed<String>,
    /// The bucket that receives the log files.
    pub bucket: Observed<String>,
    /// Whether it is logging.
    pub status: Seen<TrailStatus>,
    /// What it records.
    pub selectors: Seen<Selectors>,
}

/// Whether a trail is logging and delivering.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrailStatus {
    /// Whether it is logging.
    pub logging: Observed<Switch>,
    /// The last delivery error; absent or empty means none.
    pub delivery_error: Observed<String>,
    /// When a log file was delivered last; absent means never.
    pub delivered_at: Observed<Timestamp>,
}

/// What a trail records, classic and advanced selectors as CloudTrail answers them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selectors {
    /// Classic selectors.
    pub classic: Vec<ClassicSelector>,
    /// Advanced selectors.
    pub advanced: Vec<AdvancedSelector>,
}

/// A classic event selector.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassicSelector {
    /// Which events; absent means all.
    pub read_write: Observed<ReadWrite>,
    /// Whether management events are recorded; absent means that they are.
    pub management: Observed<Switch>,
    /// Sources of management events that are left out.
    pub excluded_sources: Vec<String>,
    /// The data events, as type and values.
    pub data: Vec<(String, Vec<String>)>,
}

/// Which events a selector records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReadWrite {
    /// Reads and writes.
    All,
    /// Reads only.
    ReadOnly,
    /// Writes only.
    WriteOnly,
}

/// An advanced event selector: fields that must all match.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdvancedSelector {
    /// Its name; empty where it has none.
    pub name: String,
    /// Its fields.
    pub fields: Vec<FieldSelector>,
}

/// One field of an advanced selector. Values of `equals`, `starts_with` and `ends_with` are alternatives; of the
/// `not_` forms none may match.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldSelector {
    /// The field's name, such as `resources.ARN`.
    pub field: String,
    /// Values of which one must be equal.
    pub equals: Vec<String>,
    /// Prefixes of which one must fit.
    pub starts_with: Vec<String>,
    /// Suffixes of which one must fit.
    pub ends_with: Vec<String>,
    /// Values of which none may be equal.
    pub not_equals: Vec<String>,
    /// Prefixes of which none may fit.
    pub not_starts_with: Vec<String>,
    /// Suffixes of which none may fit.
    pub not_ends_with: Vec<String>,
}

const DESCRIBE: &str = "DescribeTrails";
const STATUS: &str = "GetTrailStatus";
const SELECTORS: &str = "GetEventSelectors";

/// Parameters of `cloudtrail-logging-enabled`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Logging {
    trail_name: String,
    require_multi_region: bool,
    require_kms_events: bool,
    accept_event_data_store: bool,
}

/// Parameters of `cloudtrail-data-events`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DataEvents {
    data_store_arns: Vec<String>,
    require_lambda: bool,
    exclude_buckets: Vec<String>,
    without_data_store: WithoutDataStore,
    trail_name: String,
    require_multi_region: bool,
    require_kms_events: bool,
}

/// What it means that no bucket of the workload is known.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum WithoutDataStore {
    Error,
    NotApplicable,
}

/// Which trail is the audit trail, and what it has to do.
struct Wanted<'a> {
    name: &'a str,
    multi_region: bool,
    kms_events: bool,
}

/// The one trail that is judged.
struct AuditTrail<'a> {
    trail: &'a Trail,
    judgement: Judgement,
    /// The other trails, by name.
    others: Vec<&'a str>,
    /// Why the stack's own trail could not be looked for, where it could not: then another may be the audit trail.
    stack_unread: Option<Gap>,
}

/// An empty list is an answer: no trail covers the region. Two trails that are good by half do not make one that is
/// good, so each is judged by itself.
fn logging(account: &Account, params: &Logging, context: &Context<'_>) -> Judgement {
    let run = &context.evidence.run;
    let trails = account.trails.required(DESCRIBE, "trailList")?;
    let wanted = Wanted {
        name: &params.trail_name,
        multi_region: params.require_multi_region,
        kms_events: params.require_kms_events,
    };
    if let Some(chosen) = audit_trail(trails, &wanted, context)? {
        if let Some(gap) = chosen.stack_unread {
            return Err(gap);
        }
        let verdict = chosen.judgement?;
        return Ok(if chosen.others.is_empty() {
            verdict
        } else {
            verdict.noting(format!("other trails, which are not judged: {}", chosen.others.join(", ")))
        });
    }
    let observed = if !params.trail_name.is_empty() {
        format!("no trail that covers {} is called {}", run.region, params.trail_name)
    } else if trails.is_empty() {
        format!("no trail covers {}", run.region)
    } else {
        let reasons = trails.iter().map(|trail| match judged(trail, &wanted, run) {
            Ok(Verdict::NotSatisfied { observed, .. }) => observed,
            Ok(Verdict::Satisfied { .. } | Verdict::NotApplicable { .. }) | Err(_) => called(trail).to_owned(),
        });
        reasons.collect::<Vec<_>>().join("; ")
    };
    if params.accept_event_data_store {
        let unasked = || Gap::NotCollected { what: "event data stores were not asked for in this run".into() };
        let stores = account.event_data_stores.seen()?.ok_or_else(unasked)?;
        if !stores.is_empty() {
            return Err(Gap::undecided(format!(
                "{observed}; there are event data stores ({}), and what they record is not read: see in the console \
                 whether one of them takes in management events, or add a trail",
                stores.join(", ")
            )));
        }
    }
    Ok(Verdict::not_satisfied(observed, expected(&wanted))
        .noting("the 90 days of event history that every account has are no trail"))
}

fn expected(wanted: &Wanted<'_>) -> String {
    let scope = if wanted.multi_region { "every region" } else { "the region" };
    let kms = if wanted.kms_events { ", those of KMS included" } else { "" };
    format!(
        "one trail that covers {scope}, is logging, records reads and writes of management events{kms}, and delivers \
         its log files"
    )
}

fn called(trail: &Trail) -> &str {
    match (&trail.name, &trail.arn) {
        (Observed::Present(name), _) => name,
        (Observed::Absent | Observed::Unknown(_), Observed::Present(arn)) => arn,
        (Observed::Absent | Observed::Unknown(_), Observed::Absent | Observed::Unknown(_)) => {
            "(a trail without a name)"
        }
    }
}

fn is_called(trail: &Trail, name: &str) -> bool {
    let is = |seen: &Observed<String>| matches!(seen, Observed::Present(text) if text == name);
    is(&trail.name) || is(&trail.arn)
}

/// Picks the one trail that is judged: the named one; else the stack's; else the best of the account's that meet the
/// requirement. `None` means that there is none, and that each was read.
fn audit_trail<'a>(
    trails: &'a [Trail],
    wanted: &Wanted<'_>,
    context: &Context<'_>,
) -> Result<Option<AuditTrail<'a>>, Gap> {
    let (of_stack, stack_unread) = trails_of_stack(context);
    let named: Vec<&Trail> = trails.iter().filter(|trail| is_called(trail, wanted.name)).collect();
    let stacks: Vec<&Trail> =
        trails.iter().filter(|trail| of_stack.iter().any(|name| is_called(trail, name))).collect();
    let (candidates, whatever_it_does) = match (wanted.name.is_empty(), stacks.is_empty()) {
        (false, _) => (named, true),
        (true, false) => (stacks, true),
        (true, true) => (trails.iter().collect(), false),
    };
    let judged = candidates.into_iter().map(|trail| (trail, judged(trail, wanted, &context.evidence.run)));
    let mut judged: Vec<(&Trail, Judgement)> = judged.collect();
    let meets = |judgement: &Judgement| matches!(judgement, Ok(Verdict::Satisfied { .. }));
    let is_on = |switch: &Observed<Switch>| matches!(switch, Observed::Present(Switch::On));
    judged.sort_by_key(|(trail, judgement)| {
        let arn = match &trail.arn {
            Observed::Present(arn) => Some(arn.clone()),
            Observed::Absent | Observed::Unknown(_) => None,
        };
        let encrypted = matches!(trail.kms_key, Observed::Present(_));
        // `false` sorts first.
        (!meets(judgement), !is_on(&trail.multi_region), !is_on(&trail.validation), !encrypted, arn)
    });
    if !whatever_it_does && !judged.iter().any(|(_, judgement)| meets(judgement)) {
        // A trail that could not be read may be the good one.
        return match judged.into_iter().find_map(|(_, judgement)| judgement.err()) {
            Some(gap) => Err(gap),
            None => Ok(None),
        };
    }
    Ok(judged.into_iter().next().map(|(trail, judgement)| AuditTrail {
        trail,
        judgement,
        others: trails.iter().filter(|other| !std::ptr::eq(*other, trail)).map(called).collect(),
        // Of a single trail it does not matter whose it is.
        stack_unread: if wanted.name.is_empty() && trails.len() > 1 { stack_unread } else { None },
    }))
}

/// The names of the trails that the stack's listing holds, and the gap where it could not be read.
fn trails_of_stack(context: &Context<'_>) -> (Vec<String>, Option<Gap>) {
    let mut names = Vec::new();
    let mut unread = None;
    for (_, stack) in context.evidence.all::<Stack>() {
        if matches!(stack.identity.observed(), Observed::Absent) {
            // No stack, no trail of its own.
            continue;
        }
        match stack.members.seen() {
            Ok(Some(members)) => {
                let trails = members.iter().filter(|member| member.kind == "AWS::CloudTrail::Trail");
                names.extend(trails.filter_map(|member| match &member.physical_id {
                    Observed::Present(id) => Some(id.clone()),
                    Observed::Absent | Observed::Unknown(_) => None,
                }));
            }
            Ok(None) => {}
            Err(gap) => {
                unread.get_or_insert(gap);
            }
        }
    }
    (names, unread)
}

/// Judges one trail by itself.
fn judged(trail: &Trail, wanted: &Wanted<'_>, run: &Run) -> Judgement {
    let expected = expected(wanted);
    let mut parts =
        vec![covers(trail, run), is_logging(trail), delivers(trail, run), management(trail, wanted.kms_events)];
    if wanted.multi_region {
        parts.push(switched(
            &trail.multi_region,
            "IsMultiRegionTrail",
            "covers every region",
            "covers one region only",
        ));
        parts.push(switched(
            &trail.global_services,
            "IncludeGlobalServiceEvents",
            "records global services",
            "leaves global services out",
        ));
    }
    let verdict = every(parts, || Err(Gap::undecided("nothing of the trail was looked at")))
        .map_err(|gap| of_organization(trail, gap))?;
    let name = called(trail);
    Ok(match verdict {
        Verdict::Satisfied { observed, note } => {
            Verdict::Satisfied { observed: format!("trail {name} {observed}"), note }
        }
        Verdict::NotSatisfied { observed, expected: _, note, weight } => {
            Verdict::NotSatisfied { observed: format!("trail {name} {observed}"), expected, note, weight }
        }
        Verdict::NotApplicable { reason, note } => Verdict::NotApplicable { reason, note },
    })
}

/// Says of a denial that members of an organisation may not read the organisation's trail, which no permission mends.
fn of_organization(trail: &Trail, gap: Gap) -> Gap {
    if let (Gap::Denied { operation, permission, or_else: None }, Observed::Present(Switch::On)) =
        (&gap, &trail.organization)
    {
        let or_else =
            format!("to run in the organisation's management account, which trail {} belongs to", called(trail));
        return Gap::Denied {
            operation: operation.clone(),
            permission: permission.clone(),
            or_else: Some(or_else.into()),
        };
    }
    gap
}

fn switched(switch: &Observed<Switch>, field: &'static str, on: &str, off: &str) -> Judgement {
    Ok(match switch.required(DESCRIBE, field)? {
        Switch::On => Verdict::satisfied(on),
        Switch::Off => Verdict::not_satisfied(off, on),
    })
}

/// A trail covers the region when it was made there or covers every region.
fn covers(trail: &Trail, run: &Run) -> Judgement {
    let region = &run.region;
    let observed = format!("covers {region}");
    if let Ok(Switch::On) = trail.multi_region.required(DESCRIBE, "IsMultiRegionTrail") {
        return Ok(Verdict::satisfied(observed));
    }
    let home = trail.home_region.required(DESCRIBE, "HomeRegion")?;
    if home != region {
        return Ok(match trail.multi_region.required(DESCRIBE, "IsMultiRegionTrail")? {
            Switch::On => Verdict::satisfied(observed),
            Switch::Off => Verdict::not_satisfied(format!("covers {home} only"), observed),
        });
    }
    let leading = match run.partition.as_str() {
        "aws" => Some("us-east-1"),
        "aws-cn" => Some("cn-north-1"),
        "aws-us-gov" => Some("us-gov-west-1"),
        _ => None,
    };
    Ok(match leading {
        Some(leading) if leading != region => Verdict::satisfied(observed).noting(format!(
            "a trail of {region} alone does not see the events of IAM, STS and sign-in that are recorded in {leading}"
        )),
        Some(_) | None => Verdict::satisfied(observed),
    })
}

fn status(trail: &Trail) -> Result<&TrailStatus, Gap> {
    trail.status.required(STATUS, "IsLogging")
}

fn is_logging(trail: &Trail) -> Judgement {
    Ok(match status(trail)?.logging.required(STATUS, "IsLogging")? {
        Switch::On => Verdict::satisfied("is logging"),
        Switch::Off => Verdict::not_satisfied("is not logging", "logging"),
    })
}

/// How old the last delivery may be beside an error, in seconds.
const STANDING: i64 = 24 * 60 * 60;

/// An absent or empty error means that the last delivery went well. An error beside a delivery of the last day has
/// passed or is passing.
fn delivers(trail: &Trail, run: &Run) -> Judgement {
    let status = status(trail)?;
    let error = status.delivery_error.seen()?.map(String::as_str).filter(|error| !error.is_empty());
    let last = status.delivered_at.seen();
    let since = |at: &Timestamp| run.started_at.duration_since(*at).as_secs();
    match (error, last) {
        (None, Ok(Some(at))) => Ok(Verdict::satisfied(format!("delivered a log file at {at}"))),
        (None, Ok(None)) => {
            Ok(Verdict::satisfied("reports no delivery error").noting("it has not delivered a log file yet"))
        }
        (None, Err(gap)) => Ok(Verdict::satisfied("reports no delivery error")
            .noting(format!("when it delivered last could not be read: {gap}"))),
        (Some(error), Ok(Some(at))) if since(at) <= STANDING => {
            Ok(Verdict::satisfied(format!("delivered a log file at {at}"))
                .noting(format!("it reports the delivery error {error} beside that")))
        }
        (Some(error), Ok(Some(at))) => Ok(Verdict::not_satisfied(
            format!("reports the delivery error {error} and delivered its last log file at {at}"),
            "delivery",
        )),
        (Some(error), Ok(None)) => Ok(Verdict::not_satisfied(
            format!("reports the delivery error {error} and has never delivered a log file"),
            "delivery",
        )),
        (Some(_), Err(gap)) => Err(gap),
    }
}

fn selectors(trail: &Trail) -> Result<&Selectors, Gap> {
    trail.selectors.required(SELECTORS, "EventSelectors")
}

const KMS: &str = "kms.amazonaws.com";
const RDS_DATA: &str = "rdsdata.amazonaws.com";

/// CloudTrail answers with the selectors in force, so a trail without any is an answer that AWS does not give. A
/// classic selector that does not say otherwise records all management events.
fn management(trail: &Trail, kms_events: bool) -> Judgement {
    let selectors = selectors(trail)?;
    if selectors.classic.is_empty() && selectors.advanced.is_empty() {
        return Err(Gap::Incomplete { operation: SELECTORS.into(), field: "EventSelectors".into() });
    }
    let mut seen: [Half; 2] = [Half::default(), Half::default()];
    for selector in &selectors.classic {
        classic_management(selector, &mut seen);
    }
    for selector in &selectors.advanced {
        advanced_management(selector, &mut seen);
    }
    let [reads, writes] = seen;
    let left_out = reads.left_out().union(&writes.left_out()).cloned().collect::<BTreeSet<String>>();
    let missing = match (reads.is_covered(), writes.is_covered()) {
        (true, true) => None,
        (false, true) => Some("records no reads of management events, or a part of them"),
        (true, false) => Some("records no writes of management events, or a part of them"),
        (false, false) => Some("records no management events, or a part of them"),
    };
    if let Some(missing) = missing {
        // A selector that could not be read may record what is missing.
        let needed = [(reads.is_covered(), reads.gap), (writes.is_covered(), writes.gap)];
        let gap = needed.into_iter().find_map(|(covered, gap)| if covered { None } else { gap });
        return match gap {
            Some(gap) => Err(gap),
            None => Ok(Verdict::not_satisfied(missing, "records reads and writes of management events")),
        };
    }
    // CloudTrail lets trails leave out these two; anything else that is left out is a part of the events.
    let bearable = |source: &str| (source == KMS && !kms_events) || source == RDS_DATA;
    let unbearable: Vec<&str> = left_out.iter().map(String::as_str).filter(|source| !bearable(source)).collect();
    if !unbearable.is_empty() {
        return match reads.gap.or(writes.gap) {
            Some(gap) => Err(gap),
            None => Ok(Verdict::not_satisfied(
                format!("leaves the management events of {} out", unbearable.join(", ")),
                "records reads and writes of management events",
            )),
        };
    }
    let verdict = Verdict::satisfied("records reads and writes of management events");
    Ok(if left_out.is_empty() {
        verdict
    } else {
        verdict.noting(format!("it leaves the events of {} out", left_out.into_iter().collect::<Vec<_>>().join(", ")))
    })
}

/// What the selectors seen so far record of the reads, or of the writes, of management events.
#[derive(Default)]
struct Half {
    /// For each selector that records them, the sources that it leaves out.
    selectors: Vec<BTreeSet<String>>,
    /// The first selector that may record them and could not be read.
    gap: Option<Gap>,
}

impl Half {
    fn is_covered(&self) -> bool {
        !self.selectors.is_empty()
    }

    /// The sources that every selector leaves out: what one leaves out another may record.
    fn left_out(&self) -> BTreeSet<String> {
        let mut selectors = self.selectors.iter();
        let Some(first) = selectors.next() else { return BTreeSet::new() };
        selectors.fold(first.clone(), |left_out, other| left_out.intersection(other).cloned().collect())
    }
}

/// Whether reads are recorded, and whether writes are.
type Halves = [bool; 2];

fn halves(selector: &ClassicSelector) -> Result<Halves, Gap> {
    Ok(match selector.read_write.seen()? {
        Some(ReadWrite::All) | None => [true, true],
        Some(ReadWrite::ReadOnly) => [true, false],
        Some(ReadWrite::WriteOnly) => [false, true],
    })
}

fn note(seen: &mut [Half; 2], found: Result<(Halves, BTreeSet<String>), Gap>) {
    match found {
        Ok((halves, left_out)) => {
            for (half, covered) in seen.iter_mut().zip(halves) {
                if covered {
                    half.selectors.push(left_out.clone());
                }
            }
        }
        Err(gap) => {
            for half in seen {
                half.gap.get_or_insert_with(|| gap.clone());
            }
        }
    }
}

fn classic_management(selector: &ClassicSelector, seen: &mut [Half; 2]) {
    match selector.management.seen() {
        Ok(Some(Switch::Off)) => {}
        Ok(Some(Switch::On) | None) => {
            let left_out: BTreeSet<String> = selector.excluded_sources.iter().cloned().collect();
            note(seen, halves(selector).map(|halves| (halves, left_out)));
        }
        Err(gap) => note(seen, Err(gap)),
    }
}

/// A selector that narrows management events by anything but their source records a part of them, which counts as none.
fn advanced_management(selector: &AdvancedSelector, seen: &mut [Half; 2]) {
    match matches_point(selector, "eventCategory", "Management") {
        Ok(true) => {}
        Ok(false) => return,
        Err(gap) => return note(seen, Err(gap)),
    }
    let found = read_only(selector).and_then(|halves| {
        let mut left_out = BTreeSet::new();
        let mut narrowed = false;
        for field in &selector.fields {
            match known(field)? {
                Field::Category | Field::ReadOnly => {}
                Field::Source => {
                    let only_names = field.equals.is_empty()
                        && field.starts_with.is_empty()
                        && field.ends_with.is_empty()
                        && field.not_starts_with.is_empty()
                        && field.not_ends_with.is_empty();
                    narrowed |= !only_names;
                    left_out.extend(field.not_equals.iter().cloned());
                }
                Field::ResourceType | Field::ResourceArn | Field::Narrowing => narrowed = true,
            }
        }
        Ok(if narrowed { ([false, false], left_out) } else { (halves, left_out) })
    });
    note(seen, found);
}

/// The fields of an advanced selector that this version knows.
enum Field {
    Category,
    ReadOnly,
    Source,
    ResourceType,
    ResourceArn,
    /// Any other known field: it leaves a part of the events out.
    Narrowing,
}

/// Tells the field. A field that is not known, or that holds no operator that is known, is a gap (rule U6).
fn known(field: &FieldSelector) -> Result<Field, Gap> {
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
fn matches_point(selector: &AdvancedSelector, name: &'static str, value: &str) -> Result<bool, Gap> {
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
fn read_only(selector: &AdvancedSelector) -> Result<Halves, Gap> {
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
pub(crate) struct ObjectCoverage {
    /// Of the reads.
    pub(crate) reads: Extent,
    /// Of the writes.
    pub(crate) writes: Extent,
}

/// How much is recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// All of it.
    Full,
    /// A part, for this reason.
    Part(String),
    /// Nothing.
    None,
}

/// What data events are asked about.
#[derive(Clone, Copy)]
enum Target<'a> {
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
pub(crate) fn object_coverage(selectors: &Selectors, bucket_arn: &str) -> Result<ObjectCoverage, Gap> {
    let prefix = format!("{}/", bucket_arn.trim_end_matches('/'));
    coverage(selectors, Target::Objects(&prefix))
}

fn coverage(selectors: &Selectors, target: Target<'_>) -> Result<ObjectCoverage, Gap> {
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

/// No audit trail means that another requirement fails; that there is no bucket means nothing about the trail.
fn data_events(account: &Account, params: &DataEvents, context: &Context<'_>) -> Judgement {
    let trails = account.trails.required(DESCRIBE, "trailList")?;
    let wanted = Wanted {
        name: &params.trail_name,
        multi_region: params.require_multi_region,
        kms_events: params.require_kms_events,
    };
    let Some(chosen) = audit_trail(trails, &wanted, context)? else {
        return Ok(Verdict::not_applicable("there is no audit trail; see cloudtrail-logging-enabled"));
    };
    if let Some(gap) = chosen.stack_unread {
        return Err(gap);
    }
    let trail = chosen.trail;
    let selectors = selectors(trail).map_err(|gap| of_organization(trail, gap));
    let (buckets, left_out) = data_buckets(params, trail, context);
    if buckets.is_empty() && left_out.is_empty() {
        return match params.without_data_store {
            WithoutDataStore::Error => Err(Gap::NothingToAudit { kind: "AWS::S3::Bucket".into() }),
            WithoutDataStore::NotApplicable => Ok(Verdict::not_applicable(
                "no bucket is known, so where the workload's data lie is not known either; name it in data_store_arns",
            )),
        };
    }
    let mut parts: Vec<Judgement> = buckets.iter().map(|bucket| recorded(&selectors, bucket)).collect();
    // What a trail would record is worth nothing while it does not log or deliver.
    let works = every([is_logging(trail), delivers(trail, &context.evidence.run)], || {
        Err(Gap::undecided("nothing of the trail was looked at"))
    });
    match works {
        Ok(Verdict::Satisfied { .. } | Verdict::NotApplicable { .. }) => {}
        Ok(Verdict::NotSatisfied { observed, .. }) => {
            return Ok(Verdict::not_satisfied(
                format!("trail {} {observed}", called(trail)),
                "a trail that logs and delivers, and records all reads and writes",
            )
            .noting("see cloudtrail-logging-enabled"));
        }
        Err(gap) => parts.push(Err(of_organization(trail, gap))),
    }
    if params.require_lambda {
        let functions = context.evidence.all::<Function>().filter(|(subject, _)| subject.role == Role::Primary);
        parts.extend(functions.map(|(subject, _)| invocations(&selectors, subject)));
    }
    let nothing = || Ok(Verdict::not_applicable(format!("no bucket is left to look at: {}", left_out.join("; "))));
    let verdict = every(parts, nothing)?;
    let name = called(trail);
    Ok(match verdict {
        Verdict::Satisfied { observed, note } => {
            Verdict::Satisfied { observed: format!("trail {name} records {observed}"), note }
        }
        Verdict::NotSatisfied { observed, expected, note, weight } => {
            Verdict::NotSatisfied { observed: format!("trail {name} records {observed}"), expected, note, weight }
        }
        Verdict::NotApplicable { reason, note } => Verdict::NotApplicable { reason, note },
    })
}

/// The buckets that hold the workload's data, as ARNs, and why others were left out. Data events of the trail's own
/// bucket would record their own delivery, so they are never asked for.
fn data_buckets(params: &DataEvents, trail: &Trail, context: &Context<'_>) -> (Vec<Result<String, Gap>>, Vec<String>) {
    let evidence = context.evidence;
    let (mut buckets, mut left_out) = (Vec::new(), Vec::new());
    for (subject, _) in evidence.all::<Bucket>().filter(|(subject, _)| subject.role == Role::Primary) {
        let name = &subject.id;
        if matches!(&trail.bucket, Observed::Present(bucket) if bucket == name) {
            left_out.push(format!("{name} receives the trail's own log files"));
        } else if params.exclude_buckets.contains(name) {
            left_out.push(format!("{name} is named in exclude_buckets"));
        } else if receives_access_logs(name, context) {
            left_out.push(format!("{name} receives access logs of another bucket"));
        } else if let Err(gap) = subject.is_none_of(|role| role != Role::Primary) {
            buckets.push(Err(gap));
        } else {
            buckets.push(match subject.existence.seen() {
                Ok(Some(Existence::Missing)) => Err(Gap::depends_on(
                    "stack-outputs-resolve-live",
                    format!("{} `{name}` does not exist", subject.kind),
                )),
                Ok(Some(Existence::Exists) | None) | Err(_) => {
                    Ok(format!("arn:{}:s3:::{name}", evidence.run.partition))
                }
            });
        }
    }
    for arn in &params.data_store_arns {
        let is_bucket = arn.split(':').nth(2) == Some("s3");
        buckets.push(if is_bucket {
            Ok(arn.trim_end_matches('/').to_owned())
        } else {
            Err(Gap::undecided(format!("data_store_arns names `{arn}`, and only buckets can be looked at")))
        });
    }
    (buckets, left_out)
}

fn receives_access_logs(name: &str, context: &Context<'_>) -> bool {
    context.evidence.all::<Bucket>().any(|(source, bucket)| {
        source.id != name
            && matches!(bucket.logging.observed(), Observed::Present(logging) if logging.target_bucket == name)
    })
}

fn recorded(selectors: &Result<&Selectors, Gap>, bucket: &Result<String, Gap>) -> Judgement {
    let arn = bucket.as_ref().map_err(Gap::clone)?;
    let coverage = object_coverage(selectors.as_ref().map_err(Gap::clone)?, arn)?;
    let name = arn.rsplit(':').next().unwrap_or(arn);
    let text = |extent: &Extent, what: &str| match extent {
        Extent::Full => format!("all {what}"),
        Extent::Part(why) => format!("some {what} ({why})"),
        Extent::None => format!("no {what}"),
    };
    let observed = format!("{} and {} of {name}", text(&coverage.reads, "reads"), text(&coverage.writes, "writes"));
    Ok(match (&coverage.reads, &coverage.writes) {
        (Extent::Full, Extent::Full) => Verdict::satisfied(observed),
        (Extent::Full | Extent::Part(_) | Extent::None, Extent::Part(_) | Extent::None)
        | (Extent::Part(_) | Extent::None, Extent::Full) => {
            Verdict::not_satisfied(observed, format!("all reads and writes of the objects of {name}"))
        }
    })
}

/// Lambda counts an invocation as a write.
fn invocations(selectors: &Result<&Selectors, Gap>, function: &Subject) -> Judgement {
    let name = &function.id;
    let Some(arn) = &function.arn else {
        return Err(Gap::undecided(format!("the ARN of function {name} is not known")));
    };
    Ok(match coverage(selectors.as_ref().map_err(Gap::clone)?, Target::Function(arn))?.writes {
        Extent::Full => Verdict::satisfied(format!("invocations of {name}")),
        Extent::Part(why) => {
            Verdict::not_satisfied(format!("some invocations of {name} ({why})"), format!("all invocations of {name}"))
        }
        Extent::None => {
            Verdict::not_satisfied(format!("no invocations of {name}"), format!("all invocations of {name}"))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudformation::Member;
    use crate::evidence::Evidence;
    use crate::fixture::*;
    use crate::observed::Observed::{Absent, Present, Unknown};
    use crate::s3;
    use crate::subject::{Kind, Resource};

    const BUCKET: &str = "arn:aws:s3:::patients";
    const LOGGING: &str = "cloudtrail-logging-enabled";
    const DATA: &str = "cloudtrail-data-events";

    fn arn(name: &str) -> String {
        format!("arn:aws:cloudtrail:us-east-2:{ACCOUNT}:trail/{name}")
    }

    fn classic(read_write: Observed<ReadWrite>, management: Observed<Switch>, values: &[&str]) -> Selectors {
        let data = if values.is_empty() {
            Vec::new()
        } else {
            vec![("AWS::S3::Object".to_owned(), values.iter().map(|value| (*value).to_owned()).collect())]
        };
        let selector = ClassicSelector { read_write, management, excluded_sources: Vec::new(), data };
        Selectors { classic: vec![selector], advanced: Vec::new() }
    }

    fn with_values(values: &[&str]) -> Selectors {
        classic(Absent, Absent, values)
    }

    fn field(name: &str) -> FieldSelector {
        FieldSelector {
            field: name.into(),
            equals: Vec::new(),
            starts_with: Vec::new(),
            ends_with: Vec::new(),
            not_equals: Vec::new(),
            not_starts_with: Vec::new(),
            not_ends_with: Vec::new(),
        }
    }

    fn equals(name: &str, value: &str) -> FieldSelector {
        FieldSelector { equals: vec![value.into()], ..field(name) }
    }

    fn not_equals(name: &str, value: &str) -> FieldSelector {
        FieldSelector { not_equals: vec![value.into()], ..field(name) }
    }

    fn starts_with(value: &str) -> FieldSelector {
        FieldSelector { starts_with: vec![value.into()], ..field("resources.ARN") }
    }

    fn not_starts_with(value: &str) -> FieldSelector {
        FieldSelector { not_starts_with: vec![value.into()], ..field("resources.ARN") }
    }

    fn advanced(selectors: Vec<Vec<FieldSelector>>) -> Selectors {
        let advanced = selectors.into_iter().map(|fields| AdvancedSelector { name: String::new(), fields }).collect();
        Selectors { classic: Vec::new(), advanced }
    }

    fn management_but(further: Vec<FieldSelector>) -> Vec<FieldSelector> {
        [vec![equals("eventCategory", "Management")], further].concat()
    }

    fn objects_with(further: Vec<FieldSelector>) -> Vec<FieldSelector> {
        [vec![equals("eventCategory", "Data"), equals("resources.type", "AWS::S3::Object")], further].concat()
    }

    fn trail(name: &str) -> Trail {
        Trail {
            name: Present(name.into()),
            arn: Present(arn(name)),
            home_region: Present("us-east-2".into()),
            multi_region: Present(Switch::On),
            global_services: Present(Switch::On),
            organization: Present(Switch::Off),
            validation: Present(Switch::On),
            kms_key: Absent,
            bucket: Present("trail-logs".into()),
            status: seen(TrailStatus {
                logging: Present(Switch::On),
                delivery_error: Absent,
                delivered_at: Present("2026-11-01T11:55:00Z".parse().unwrap()),
            }),
            selectors: seen(with_values(&["arn:aws:s3:::patients/"])),
        }
    }

    fn account(trails: Seen<Vec<Trail>>) -> Subject {
        let account = Account { trails, ..Account::unknown(&denial()) };
        subject(Kind::Account, ACCOUNT, Resource::Account(Box::new(account)))
    }

    fn bucket(name: &str) -> Subject {
        subject(Kind::Bucket, name, Resource::Bucket(Box::new(Bucket::unknown(&denial()))))
    }

    fn of(trails: Vec<Trail>) -> Evidence {
        evidence(vec![account(seen(trails)), bucket("patients")])
    }

    fn recording(selectors: Selectors) -> Evidence {
        of(vec![Trail { selectors: seen(selectors), ..trail("audit") }])
    }

    fn reporting(error: Observed<String>, delivered_at: Observed<Timestamp>) -> Evidence {
        let status = TrailStatus { logging: Present(Switch::On), delivery_error: error, delivered_at };
        of(vec![Trail { status: seen(status), ..trail("audit") }])
    }

    #[test]
    fn a_trail_that_logs_and_delivers_all_management_events_is_an_audit_trail() {
        assert_eq!(
            passed(judge(LOGGING, &of(vec![trail("audit")]))),
            "trail audit covers us-east-2; is logging; delivered a log file at 2026-11-01T11:55:00Z; records reads and \
             writes of management events"
        );
    }

    #[test]
    fn no_trail_at_all_fails_and_the_event_history_is_none() {
        let text = failed(judge(LOGGING, &of(Vec::new())));
        assert_eq!(
            text,
            "no trail covers us-east-2 | the 90 days of event history that every account has are no trail"
        );
        assert_eq!(
            not_applicable(judge(DATA, &of(Vec::new()))),
            "there is no audit trail; see cloudtrail-logging-enabled"
        );
    }

    #[test]
    fn trails_that_could_not_be_listed_are_an_error() {
        let dark = evidence(vec![account(denied()), bucket("patients")]);
        for check in checks() {
            assert_eq!(judge(check.id, &dark), Err(denial()), "{}", check.id);
            assert_eq!(judge_with(check.id, "trail_name = \"audit\"", &dark), Err(denial()), "{}", check.id);
        }
    }

    #[test]
    fn a_trail_that_is_not_logging_fails_both() {
        let status = TrailStatus { logging: Present(Switch::Off), delivery_error: Absent, delivered_at: Absent };
        let stopped = of(vec![Trail { status: seen(status), ..trail("audit") }]);
        assert!(failed(judge(LOGGING, &stopped)).starts_with("trail audit is not logging"));
        assert!(failed(judge_with(DATA, "trail_name = \"audit\"", &stopped)).starts_with("trail audit is not logging"));
        assert!(not_applicable(judge(DATA, &stopped)).starts_with("there is no audit trail"));
    }

    #[test]
    fn a_delivery_error_stands_when_the_last_delivery_is_older_than_a_day() {
        let error = || Present("AccessDenied".to_owned());
        let at = |text: &str| Present(text.parse().unwrap());
        let recent = passed(judge(LOGGING, &reporting(error(), at("2026-10-31T12:00:00Z"))));
        assert!(recent.contains("| it reports the delivery error AccessDenied beside that"), "{recent}");
        let standing = failed(judge(LOGGING, &reporting(error(), at("2026-10-31T11:59:59Z"))));
        assert!(standing.starts_with("trail audit reports the delivery error AccessDenied"), "{standing}");
        assert!(failed(judge(LOGGING, &reporting(error(), Absent))).contains("has never delivered a log file"));
        assert_eq!(judge(LOGGING, &reporting(error(), Unknown(denial()))), Err(denial()));
        assert_eq!(judge(LOGGING, &reporting(Unknown(denial()), Absent)), Err(denial()));
    }

    #[test]
    fn no_delivery_error_passes_also_before_the_first_delivery() {
        for error in [Absent, Present(String::new())] {
            let text = passed(judge(LOGGING, &reporting(error, Absent)));
            assert!(text.ends_with("| it has not delivered a log file yet"), "{text}");
        }
    }

    #[test]
    fn selectors_of_reads_only_or_writes_only_fail_and_two_halves_make_a_whole() {
        let half = |read_write| classic(Present(read_write), Absent, &[]);
        assert!(failed(judge(LOGGING, &recording(half(ReadWrite::ReadOnly)))).contains("records no writes"));
        assert!(failed(judge(LOGGING, &recording(half(ReadWrite::WriteOnly)))).contains("records no reads"));
        let mut both = half(ReadWrite::ReadOnly);
        both.classic.extend(half(ReadWrite::WriteOnly).classic);
        passed(judge(LOGGING, &recording(both)));
        let off = classic(Present(ReadWrite::All), Present(Switch::Off), &[]);
        assert!(failed(judge(LOGGING, &recording(off))).contains("records no management events"));
    }

    #[test]
    fn two_half_good_trails_are_no_good_trail() {
        let reads = Trail { selectors: seen(classic(Present(ReadWrite::ReadOnly), Absent, &[])), ..trail("reads") };
        let writes = Trail { selectors: seen(classic(Present(ReadWrite::WriteOnly), Absent, &[])), ..trail("writes") };
        let text = failed(judge(LOGGING, &of(vec![reads, writes])));
        assert!(text.contains("trail reads records no writes") && text.contains("; trail writes records no"), "{text}");
    }

    #[test]
    fn advanced_selectors_of_management_events_count_and_narrowed_ones_do_not() {
        passed(judge(LOGGING, &recording(advanced(vec![management_but(Vec::new())]))));
        let halves = advanced(vec![
            management_but(vec![equals("readOnly", "true")]),
            management_but(vec![not_equals("readOnly", "true")]),
        ]);
        passed(judge(LOGGING, &recording(halves)));
        for narrowing in
            [equals("readOnly", "false"), equals("eventName", "RunInstances"), equals("eventSource", "ec2")]
        {
            failed(judge(LOGGING, &recording(advanced(vec![management_but(vec![narrowing])]))));
        }
        let data_only = advanced(vec![objects_with(Vec::new())]);
        assert!(failed(judge(LOGGING, &recording(data_only))).contains("records no management events"));
    }

    #[test]
    fn left_out_kms_events_are_noted_and_fail_where_they_are_asked_for() {
        let without = recording(advanced(vec![management_but(vec![not_equals("eventSource", KMS)])]));
        assert!(passed(judge(LOGGING, &without)).ends_with("| it leaves the events of kms.amazonaws.com out"));
        let strict = "require_kms_events = true";
        assert!(failed(judge_with(LOGGING, strict, &without)).contains("leaves the management events of kms"));
        let mut excluding = with_values(&[]);
        excluding.classic[0].excluded_sources = vec![KMS.into(), RDS_DATA.into()];
        assert!(
            failed(judge_with(LOGGING, strict, &recording(excluding.clone()))).contains("of kms.amazonaws.com out")
        );
        excluding.classic[0].excluded_sources = vec![RDS_DATA.into()];
        assert!(
            passed(judge_with(LOGGING, strict, &recording(excluding))).contains("| it leaves the events of rdsdata")
        );
    }

    #[test]
    fn what_one_selector_leaves_out_another_may_record() {
        let both =
            recording(advanced(vec![management_but(vec![not_equals("eventSource", KMS)]), management_but(Vec::new())]));
        assert!(!passed(judge_with(LOGGING, "require_kms_events = true", &both)).contains("leaves"));
    }

    #[test]
    fn leaving_out_any_other_source_fails() {
        let without = recording(advanced(vec![management_but(vec![not_equals("eventSource", "iam.amazonaws.com")])]));
        assert!(failed(judge(LOGGING, &without)).contains("leaves the management events of iam.amazonaws.com out"));
    }

    #[test]
    fn a_field_or_operator_that_is_not_known_is_undecided() {
        for strange in [equals("moonPhase", "full"), field("eventName")] {
            let odd = recording(advanced(vec![management_but(vec![strange])]));
            assert!(undecided(judge(LOGGING, &odd)).starts_with("GetEventSelectors answered `"));
        }
        let none = Selectors { classic: Vec::new(), advanced: Vec::new() };
        assert!(undecided(judge(LOGGING, &recording(none))).contains("without EventSelectors"));
    }

    #[test]
    fn a_trail_of_one_region_covers_it_alone_and_misses_global_services() {
        let single = || Trail { multi_region: Present(Switch::Off), ..trail("audit") };
        let text = passed(judge(LOGGING, &of(vec![single()])));
        assert!(text.contains("| a trail of us-east-2 alone does not see the events of IAM"), "{text}");
        assert!(failed(judge_with(LOGGING, "require_multi_region = true", &of(vec![single()]))).contains("one region"));
        let elsewhere = Trail { home_region: Present("eu-west-1".into()), ..single() };
        assert!(failed(judge(LOGGING, &of(vec![elsewhere]))).contains("trail audit covers eu-west-1 only"));
        let deaf = Trail { global_services: Present(Switch::Off), ..trail("audit") };
        assert!(
            failed(judge_with(LOGGING, "require_multi_region = true", &of(vec![deaf])))
                .contains("leaves global services out")
        );
    }

    #[test]
    fn a_good_trail_is_found_beside_a_bad_and_an_unreadable_one() {
        let unreadable = Trail { status: denied(), ..trail("aaa") };
        let bad = Trail { selectors: seen(classic(Present(ReadWrite::ReadOnly), Absent, &[])), ..trail("bbb") };
        let text = passed(judge(LOGGING, &of(vec![unreadable.clone(), bad.clone(), trail("good")])));
        assert!(text.starts_with("trail good covers") && text.ends_with("not judged: aaa, bbb"), "{text}");
        // Without the good one, the unreadable one may be it.
        assert_eq!(judge(LOGGING, &of(vec![unreadable, bad])), Err(denial()));
    }

    #[test]
    fn of_several_good_trails_the_widest_then_the_validated_then_the_encrypted_is_the_audit_trail() {
        let single = Trail { multi_region: Present(Switch::Off), ..trail("a") };
        let unvalidated = Trail { validation: Present(Switch::Off), ..trail("b") };
        let plain = trail("c");
        let best = Trail { kms_key: Present("key".into()), ..trail("d") };
        let mut trails = vec![single, unvalidated, plain, best];
        for expected in ["d", "c", "b", "a"] {
            let text = passed(judge(LOGGING, &of(trails.clone())));
            assert!(text.starts_with(&format!("trail {expected} ")), "{text}");
            trails.pop();
        }
    }

    #[test]
    fn a_named_trail_is_judged_whatever_others_do() {
        let bad = Trail { selectors: seen(classic(Present(ReadWrite::ReadOnly), Absent, &[])), ..trail("bad") };
        let both = of(vec![trail("good"), bad]);
        assert!(failed(judge_with(LOGGING, "trail_name = \"bad\"", &both)).starts_with("trail bad records no writes"));
        let by_arn = format!("trail_name = \"{}\"", arn("good"));
        assert!(passed(judge_with(LOGGING, &by_arn, &both)).starts_with("trail good"));
        assert!(
            failed(judge_with(LOGGING, "trail_name = \"gone\"", &both))
                .starts_with("no trail that covers us-east-2 is called gone")
        );
    }

    fn stack(members: Seen<Vec<Member>>) -> Subject {
        let stack = Stack { members, ..Stack::unknown(&denial()) };
        subject(Kind::Stack, "TapStackpr1", Resource::Stack(Box::new(stack)))
    }

    #[test]
    fn the_stacks_own_trail_comes_before_the_accounts() {
        let member = Member {
            stack: "TapStackpr1".into(),
            logical_id: "Trail".into(),
            physical_id: Present("bad".into()),
            kind: "AWS::CloudTrail::Trail".into(),
            status: "CREATE_COMPLETE".into(),
            drift: Absent,
        };
        let bad = Trail { selectors: seen(classic(Present(ReadWrite::ReadOnly), Absent, &[])), ..trail("bad") };
        let mut evidence = of(vec![trail("good"), bad]);
        evidence.subjects.push(stack(seen(vec![member])));
        assert!(failed(judge(LOGGING, &evidence)).starts_with("trail bad records no writes"));
        evidence.subjects.pop();
        evidence.subjects.push(stack(denied()));
        assert_eq!(undecided(judge(LOGGING, &evidence)), denial().to_string());
        assert_eq!(undecided(judge(DATA, &evidence)), denial().to_string());
    }

    #[test]
    fn an_organisations_trail_that_a_member_may_not_read_says_so() {
        let foreign = Trail { organization: Present(Switch::On), status: denied(), ..trail("org") };
        let text = undecided(judge(LOGGING, &of(vec![foreign])));
        assert!(
            text.contains("the auditing role needs svc:GetThing, or to run in the organisation's management"),
            "{text}"
        );
    }

    #[test]
    fn an_event_data_store_does_not_pass_unread() {
        let mut evidence = of(Vec::new());
        let accept = "accept_event_data_store = true";
        assert_eq!(judge_with(LOGGING, accept, &evidence), Err(denial()));
        let stores = |stores: Seen<Vec<String>>| {
            let account =
                Account { trails: seen(Vec::new()), event_data_stores: stores, ..Account::unknown(&denial()) };
            subject(Kind::Account, ACCOUNT, Resource::Account(Box::new(account)))
        };
        evidence.subjects[0] = stores(seen(vec!["lake".into()]));
        assert!(undecided(judge_with(LOGGING, accept, &evidence)).contains("event data stores (lake)"));
        assert!(failed(judge(LOGGING, &evidence)).starts_with("no trail covers us-east-2"));
        evidence.subjects[0] = stores(seen(Vec::new()));
        failed(judge_with(LOGGING, accept, &evidence));
        evidence.subjects[0] = stores(not_set());
        assert!(undecided(judge_with(LOGGING, accept, &evidence)).contains("were not asked for"));
    }

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

    #[test]
    fn reads_and_writes_of_all_objects_are_what_is_asked_for() {
        assert_eq!(
            passed(judge(DATA, &of(vec![trail("audit")]))),
            "trail audit records all reads and all writes of patients"
        );
        for (selectors, text) in [
            (with_values(&[]), "trail audit records no reads and no writes of patients"),
            (
                with_values(&["arn:aws:s3:::patients/in/"]),
                "trail audit records some reads (a part of the objects) and some writes (a part of the objects) of \
                 patients",
            ),
        ] {
            assert_eq!(failed(judge(DATA, &recording(selectors))), text);
        }
        let mut half = with_values(&[]);
        half.classic.extend(classic(Present(ReadWrite::WriteOnly), Present(Switch::Off), &["arn:aws:s3"]).classic);
        assert_eq!(failed(judge(DATA, &recording(half))), "trail audit records no reads and all writes of patients");
    }

    #[test]
    fn selectors_that_could_not_be_read_leave_data_events_undecided() {
        let dark = of(vec![Trail { selectors: denied(), ..trail("audit") }]);
        for params in ["", "trail_name = \"audit\""] {
            assert_eq!(judge_with(DATA, params, &dark), Err(denial()));
        }
        let strange =
            recording(advanced(vec![management_but(vec![]), objects_with(vec![equals("moonPhase", "full")])]));
        assert!(undecided(judge(DATA, &strange)).contains("`moonPhase`"));
    }

    #[test]
    fn log_buckets_are_left_out_and_named_stores_are_looked_at() {
        let logged = Bucket {
            logging: seen(s3::Logging {
                target_bucket: "access-logs".into(),
                target_prefix: String::new(),
                target_location: denied(),
            }),
            ..Bucket::unknown(&denial())
        };
        let mut evidence = of(vec![trail("audit")]);
        evidence.subjects[1].resource = Resource::Bucket(Box::new(logged));
        for name in ["access-logs", "trail-logs"] {
            evidence.subjects.push(bucket(name));
        }
        passed(judge(DATA, &evidence));
        evidence.subjects.push(bucket("images"));
        assert!(failed(judge(DATA, &evidence)).contains("no reads and no writes of images"));
        passed(judge_with(DATA, "exclude_buckets = [\"images\"]", &evidence));
        let further = "exclude_buckets = [\"images\"]\ndata_store_arns = [\"arn:aws:s3:::archive/\"]";
        assert!(failed(judge_with(DATA, further, &evidence)).contains("no writes of archive"));
        let table = "exclude_buckets = [\"images\"]\ndata_store_arns = [\"arn:aws:dynamodb:us-east-2:1:table/t\"]";
        assert!(undecided(judge_with(DATA, table, &evidence)).contains("only buckets can be looked at"));
    }

    #[test]
    fn without_a_bucket_it_is_undecided_unless_the_profile_says_otherwise() {
        let bare = evidence(vec![account(seen(vec![trail("audit")]))]);
        assert!(undecided(judge(DATA, &bare)).starts_with("no AWS::S3::Bucket was found"));
        let lenient = "without_data_store = \"not-applicable\"";
        assert!(not_applicable(judge_with(DATA, lenient, &bare)).starts_with("no bucket is known"));
        let own = evidence(vec![account(seen(vec![trail("audit")])), bucket("trail-logs")]);
        assert_eq!(
            not_applicable(judge(DATA, &own)),
            "no bucket is left to look at: trail-logs receives the trail's own log files"
        );
    }

    #[test]
    fn a_bucket_that_is_gone_depends_on_the_outputs() {
        let mut gone = of(vec![trail("audit")]);
        gone.subjects[1].existence = seen(Existence::Missing);
        assert!(undecided(judge(DATA, &gone)).starts_with("depends on stack-outputs-resolve-live"));
    }

    #[test]
    fn invocations_are_asked_for_where_the_profile_says_so() {
        let arn = format!("arn:aws:lambda:us-east-2:{ACCOUNT}:function:f");
        let with_functions = |values: &[&str]| {
            let mut selectors = with_values(&["arn:aws:s3"]);
            let values = values.iter().map(|value| (*value).to_owned()).collect();
            selectors.classic[0].data.push(("AWS::Lambda::Function".into(), values));
            let mut evidence = recording(selectors);
            let mut function = subject(Kind::Function, "f", Resource::Function(Box::new(Function::unknown(&denial()))));
            function.arn = Some(arn.clone());
            evidence.subjects.push(function);
            evidence
        };
        let strict = "require_lambda = true";
        for value in [arn.as_str(), "arn:aws:lambda"] {
            let text = passed(judge_with(DATA, strict, &with_functions(&[value])));
            assert!(text.ends_with("all reads and all writes of patients; invocations of f"), "{text}");
        }
        let other = with_functions(&[&format!("{arn}2")]);
        assert!(failed(judge_with(DATA, strict, &other)).ends_with("no invocations of f"));
        passed(judge(DATA, &other));
    }
}
