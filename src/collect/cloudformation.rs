//! CloudFormation: the stack that holds the resources, its listing, its templates.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use aws_sdk_cloudformation::types;
use futures_util::future::join_all;
use tap_audit_checks::cloudformation::{
    Description, DriftStatus, Holder, Identity, Member, Parameter, ParameterSummary, ParameterValue, Stack,
    StackStatus, Template,
};
use tap_audit_checks::observed::{CallId, Gap, Observed, Seen};
use tap_audit_checks::rds::Password;
use tap_audit_checks::s3::Switch;
use tap_audit_checks::subject::Kind;

use crate::collect::call::{Aws, Call, Fault};
use crate::collect::{LiveRaw, Relation, Walk, gather, network};
use crate::outputs::{Form, RawOutput};
use crate::resolve;
use crate::template::{self, Source, Values};

mod reach;

const DESCRIBE_STACKS: Call = Call {
    service: "cloudformation",
    operation: "DescribeStacks",
    permission: "cloudformation:DescribeStacks",
    absent: &[],
    denied_or: None,
};
const DESCRIBE_RESOURCES: Call = Call {
    service: "cloudformation",
    operation: "DescribeStackResources",
    permission: "cloudformation:DescribeStackResources",
    absent: &[],
    denied_or: None,
};
const LIST_RESOURCES: Call = Call {
    service: "cloudformation",
    operation: "ListStackResources",
    permission: "cloudformation:ListStackResources",
    absent: &[],
    denied_or: None,
};
const GET_TEMPLATE: Call = Call {
    service: "cloudformation",
    operation: "GetTemplate",
    permission: "cloudformation:GetTemplate",
    absent: &[],
    denied_or: None,
};
const TEMPLATE_SUMMARY: Call = Call {
    service: "cloudformation",
    operation: "GetTemplateSummary",
    permission: "cloudformation:GetTemplateSummary",
    absent: &[],
    denied_or: None,
};

/// Every call of this file, for plans and for the policy that the auditing role needs.
pub(crate) const CALLS: &[&Call] =
    &[&DESCRIBE_STACKS, &DESCRIBE_RESOURCES, &LIST_RESOURCES, &GET_TEMPLATE, &TEMPLATE_SUMMARY];

const NESTED: &str = "AWS::CloudFormation::Stack";
/// DescribeStackResources stops here, without a word and without pages.
const MOST_DESCRIBED: usize = 100;
/// CloudFormation nests far fewer; the bound ends a listing that names itself.
const MOST_NESTED: usize = 500;

/// How the stack is looked for.
#[derive(Clone, Debug)]
pub(crate) enum Wanted {
    /// By the name or id that the user or a listing gave.
    Named(String),
    /// By the physical id of a resource that an output names: the first that a stack holds decides.
    HoldingOneOf(Vec<String>),
}

/// Collects the root stack with its nested stacks, in `region`, and reaches every member of a kind that is a subject
/// of its own. Digests of the literal defaults of secret parameters and the live outputs go to the walk; `holders` is
/// filled in by it. Where no stack holds the resources, `identity` is `Absent` and the other parts depend on
/// `stack-managed-by-cloudformation`; where the lookup gave no answer, all are that gap.
pub(crate) async fn root_stack(walk: &Walk<'_>, wanted: &Wanted, region: &str) -> Stack {
    let Found { name, found_by, calls } = match find(walk, wanted, region).await {
        Ok(found) => found,
        Err(stack) => return without_template(walk, *stack),
    };
    let described = describe_root(walk, &name, region).await;
    let raw = match described.observed() {
        Observed::Present(raw) => raw.clone(),
        Observed::Absent => return without_template(walk, no_such_stack(&name, &found_by, &described)),
        Observed::Unknown(gap) => {
            walk.live_outputs
                .borrow_mut()
                .get_or_insert_with(|| Seen::new(Observed::Unknown(gap.clone()), described.calls().to_vec()));
            return without_template(walk, unreadable(&name, found_by, calls, &described, gap));
        }
    };
    let calls = [calls, described.calls().to_vec()].concat();
    add_live_outputs(walk, &raw, described.calls());
    let (members, original, processed, summary) = tokio::join!(
        members(walk, &raw, region),
        source(walk, &raw.id, Stage::Original, region),
        source(walk, &raw.id, Stage::Processed, region),
        summary(walk, &raw.id, region),
    );
    if let Observed::Present(members) = members.observed() {
        reach::members(walk, members, region);
    }
    note_defaults(walk, &original);
    let values = raw.values(walk, region);
    let reduced = original.map(|source| source.reduce(&values));
    let (processed, addresses) = tokio::join!(
        with_nested(walk, &raw, &members, processed, &values, region),
        network::addresses(walk, &members, region),
    );
    Stack {
        identity: Seen::new(
            Observed::Present(Identity { name: raw.name.clone(), id: Observed::Present(raw.id.clone()), found_by }),
            calls,
        ),
        description: Seen::new(Observed::Present(raw.description), described.calls().to_vec()),
        members,
        original: reduced,
        processed,
        parameter_summary: summary,
        holders: BTreeMap::new(),
        addresses,
    }
}

/// The live outputs of a stack, exactly, to start an audit from; absent when there is no such stack.
pub(crate) async fn live_outputs(aws: &Aws, name: &str, region: &str) -> Seen<Vec<RawOutput>> {
    describe(aws, name, region).await.map(|raw| raw.exact.as_ref().clone())
}

/// Asks which stack holds the resource of this type and physical id; absent means that none does.
pub(crate) async fn holder(walk: &Walk<'_>, kind: &str, physical_id: &str, region: &str) -> Seen<Holder> {
    let described = described_with(walk, physical_id, region).await;
    let calls = described.calls().to_vec();
    let resources = match described.observed() {
        Observed::Present(resources) => resources,
        Observed::Absent => return Seen::new(Observed::Absent, calls),
        Observed::Unknown(gap) => return Seen::new(Observed::Unknown(gap.clone()), calls),
    };
    let is_it = |resource: &&Described| resource.kind == kind && resource.physical_id.as_deref() == Some(physical_id);
    let found = resources.iter().find(|resource| is_it(resource) && !resource.status.starts_with("DELETE"));
    if let Some(found) = found.or_else(|| resources.iter().find(is_it)) {
        let holder =
            Holder { stack: found.stack.clone(), logical_id: found.logical_id.clone(), status: found.status.clone() };
        return Seen::new(Observed::Present(holder), calls);
    }
    let Some(first) = resources.first().filter(|_| resources.len() >= MOST_DESCRIBED) else {
        return Seen::new(Observed::Absent, calls);
    };
    let listed = list(walk, &first.stack_id, region).await;
    let found = listed.and_then(|members| {
        Observed::of(members.into_iter().find(|member| {
            member.kind == kind && matches!(&member.physical_id, Observed::Present(id) if id == physical_id)
        }))
    });
    found
        .map(|member| Holder { stack: first.stack.clone(), logical_id: member.logical_id, status: member.status })
        .resting_on(&calls)
}

struct Found {
    name: String,
    found_by: String,
    calls: Vec<CallId>,
}

/// Finds the stack to describe; where there is none, what is to be said of it.
async fn find(walk: &Walk<'_>, wanted: &Wanted, region: &str) -> Result<Found, Box<Stack>> {
    let ids = match wanted {
        Wanted::Named(name) => {
            return Ok(Found { name: name.clone(), found_by: format!("stack name {name}"), calls: Vec::new() });
        }
        Wanted::HoldingOneOf(ids) => ids,
    };
    let (mut calls, mut gap, mut gone): (Vec<CallId>, Option<Gap>, Option<Found>) = (Vec::new(), None, None);
    for id in ids {
        let described = described_with(walk, id, region).await;
        calls.extend(described.calls().iter().cloned());
        match described.observed() {
            Observed::Present(resources) => {
                let holding = resources.iter().find(|resource| resource.physical_id.as_deref() == Some(id));
                let Some(found) = holding.or(resources.first()) else { continue };
                let is_gone = matches!(found.status.as_str(), "DELETE_COMPLETE" | "DELETE_SKIPPED");
                let found =
                    Found { name: found.stack_id.clone(), found_by: format!("it holds {id}"), calls: calls.clone() };
                if is_gone {
                    // A deleted stack answers for 90 days; one that lives may hold another of the resources.
                    gone.get_or_insert(found);
                } else {
                    return Ok(found);
                }
            }
            Observed::Absent => {}
            // What gives no answer for one resource gives none for the others; each would cost the whole time for a call.
            Observed::Unknown(found) => {
                gap = Some(found.clone());
                break;
            }
        }
    }
    if let Some(gap) = gap {
        return Err(Box::new(nothing_but(&gap, Seen::new(Observed::Unknown(gap.clone()), calls))));
    }
    if let Some(gone) = gone {
        return Ok(gone);
    }
    if ids.is_empty() {
        return Err(Box::new(Stack::unknown(&Gap::undecided(
            "the outputs name no resource by which the stack could be found; name it with --stack-name",
        ))));
    }
    let gap = Gap::depends_on("stack-managed-by-cloudformation", "no stack holds the resources that the outputs name");
    Err(Box::new(nothing_but(&gap, Seen::new(Observed::Absent, calls))))
}

/// A stack of which nothing is known but whether there is one; each part rests on the lookups that told.
fn nothing_but(gap: &Gap, identity: Seen<Identity>) -> Stack {
    let calls = identity.calls().to_vec();
    let unknown = Stack::unknown(gap);
    Stack {
        identity,
        description: unknown.description.resting_on(&calls),
        members: unknown.members.resting_on(&calls),
        original: unknown.original.resting_on(&calls),
        processed: unknown.processed.resting_on(&calls),
        parameter_summary: unknown.parameter_summary.resting_on(&calls),
        holders: unknown.holders,
        addresses: unknown.addresses,
    }
}

fn no_such_stack<T>(name: &str, found_by: &str, described: &Seen<T>) -> Stack {
    let mut stack = Stack::unknown(&Gap::depends_on(
        "stack-status-complete",
        format!("no stack `{name}` exists in this account and region"),
    ));
    stack.identity = Seen::new(
        Observed::Present(Identity { name: name.to_owned(), id: Observed::Absent, found_by: found_by.to_owned() }),
        described.calls().to_vec(),
    );
    let gap =
        || Gap::depends_on("stack-status-complete", format!("no stack `{name}` exists in this account and region"));
    stack.description = Seen::new(
        Observed::Present(Description {
            status: Observed::Present(StackStatus::NoSuchStack),
            termination_protection: Observed::Unknown(gap()),
            drift: Observed::Unknown(gap()),
            drift_checked_at: Observed::Unknown(gap()),
            parameters: Observed::Unknown(gap()),
        }),
        described.calls().to_vec(),
    );
    stack
}

/// Tells the walk why there is no template to compare values with.
fn without_template(walk: &Walk<'_>, stack: Stack) -> Stack {
    if let Observed::Unknown(gap) = stack.original.observed() {
        let calls = || stack.identity.calls().to_vec();
        walk.defaults_read.borrow_mut().get_or_insert_with(|| Seen::new(Observed::Unknown(gap.clone()), calls()));
    }
    stack
}

/// A stack that is known by name or id and could not be described.
fn unreadable<T>(name: &str, found_by: String, lookup: Vec<CallId>, described: &Seen<T>, gap: &Gap) -> Stack {
    let mut stack = Stack::unknown(gap);
    // That there is a stack of this id is what the lookup said; the refused description adds nothing.
    let calls = if lookup.is_empty() { described.calls().to_vec() } else { lookup };
    let id = if name.starts_with("arn:") { Observed::Present(name.to_owned()) } else { Observed::Unknown(gap.clone()) };
    let name = stack_name(name).to_owned();
    stack.identity = Seen::new(Observed::Present(Identity { name, id, found_by }), calls);
    stack
}

/// The name in a stack's ARN; any other text is the name itself.
fn stack_name(id: &str) -> &str {
    if id.starts_with("arn:") { id.split('/').nth(1).unwrap_or(id) } else { id }
}

/// One resource as DescribeStackResources lists it.
#[derive(Clone)]
struct Described {
    stack: String,
    stack_id: String,
    logical_id: String,
    physical_id: Option<String>,
    kind: String,
    status: String,
}

/// That no stack holds a resource, or has a name, is a validation error of its own wording.
fn does_not_exist<R>(fault: &Fault) -> Option<Observed<R>> {
    (fault.code == "ValidationError" && fault.says("does not exist")).then_some(Observed::Absent)
}

async fn described_with(walk: &Walk<'_>, physical_id: &str, region: &str) -> Seen<Vec<Described>> {
    walk.aws
        .ask_or(
            &DESCRIBE_RESOURCES,
            region,
            &[("PhysicalResourceId", physical_id)],
            |clients| clients.cloudformation().describe_stack_resources().physical_resource_id(physical_id).send(),
            |answer| {
                let resources: Result<Vec<_>, Gap> = answer.stack_resources().iter().map(described).collect();
                match resources {
                    Ok(resources) if resources.is_empty() => Observed::Absent,
                    Ok(resources) => Observed::Present(resources),
                    Err(gap) => Observed::Unknown(gap),
                }
            },
            does_not_exist,
        )
        .await
}

fn described(resource: &types::StackResource) -> Result<Described, Gap> {
    let call = &DESCRIBE_RESOURCES;
    let stack = resource.stack_name().ok_or_else(|| call.incomplete("StackName"))?;
    Ok(Described {
        stack: stack.to_owned(),
        stack_id: resource.stack_id().unwrap_or(stack).to_owned(),
        logical_id: resource.logical_resource_id().ok_or_else(|| call.incomplete("LogicalResourceId"))?.to_owned(),
        physical_id: resource.physical_resource_id().map(str::to_owned),
        kind: resource.resource_type().ok_or_else(|| call.incomplete("ResourceType"))?.to_owned(),
        status: resource.resource_status().ok_or_else(|| call.incomplete("ResourceStatus"))?.as_str().to_owned(),
    })
}

/// A stack as DescribeStacks answers. It holds the values of parameters, so it can be neither printed nor saved.
#[derive(Clone)]
struct RawStack {
    name: String,
    id: String,
    root: Option<String>,
    description: Description,
    filling: Rc<Vec<(String, String)>>,
    outputs: Vec<LiveRaw>,
    exact: Rc<Vec<RawOutput>>,
}

impl RawStack {
    fn values(&self, walk: &Walk<'_>, region: &str) -> Values {
        let suffix = if walk.partition == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" };
        let pseudo = [
            ("AWS::Region", region),
            ("AWS::AccountId", walk.account.as_str()),
            ("AWS::StackName", self.name.as_str()),
            ("AWS::StackId", self.id.as_str()),
            ("AWS::Partition", walk.partition.as_str()),
            ("AWS::URLSuffix", suffix),
        ];
        let pseudo = pseudo.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Values::new(self.filling.iter().cloned().chain(pseudo))
    }
}

/// Describes a stack, or the root that it is nested in.
async fn describe_root(walk: &Walk<'_>, name: &str, region: &str) -> Seen<RawStack> {
    let described = describe(walk.aws, name, region).await;
    let root = match described.observed() {
        Observed::Present(raw) => raw.root.clone().filter(|root| *root != raw.id),
        Observed::Absent | Observed::Unknown(_) => None,
    };
    match root {
        None => described,
        Some(root) => describe(walk.aws, &root, region).await.resting_on(described.calls()),
    }
}

async fn describe(aws: &Aws, name: &str, region: &str) -> Seen<RawStack> {
    aws.ask_or(
        &DESCRIBE_STACKS,
        region,
        &[("StackName", name)],
        |clients| clients.cloudformation().describe_stacks().stack_name(name).send(),
        |answer| match answer.stacks().first() {
            None => Observed::Unknown(DESCRIBE_STACKS.incomplete("Stacks")),
            Some(stack) => match raw(aws, stack) {
                Ok(raw) => Observed::Present(raw),
                Err(gap) => Observed::Unknown(gap),
            },
        },
        does_not_exist,
    )
    .await
}

fn raw(aws: &Aws, stack: &types::Stack) -> Result<RawStack, Gap> {
    let call = &DESCRIBE_STACKS;
    let name = stack.stack_name().ok_or_else(|| call.incomplete("StackName"))?.to_owned();
    let id = stack.stack_id().ok_or_else(|| call.incomplete("StackId"))?.to_owned();
    let filling = stack.parameters().iter().filter_map(|parameter| {
        let value = parameter.resolved_value().or(parameter.parameter_value())?;
        Some((parameter.parameter_key()?.to_owned(), value.to_owned()))
    });
    let outputs = stack.outputs().iter().filter_map(|output| {
        let (key, value) = (output.output_key()?, output.output_value()?);
        let (_, secret) = resolve::mask(key, value);
        Some(LiveRaw { stack: name.clone(), key: key.to_owned(), digest: aws.digest(value), secret })
    });
    let outputs = outputs.collect();
    let exact = stack.outputs().iter().enumerate().filter_map(|(at, output)| {
        let (key, value) = (output.output_key()?.to_owned(), output.output_value()?.to_owned());
        Some(RawOutput { key, value, elements: Vec::new(), form: Form::Text, line: at + 1, stack: Some(name.clone()) })
    });
    let exact = Rc::new(exact.collect());
    let filling = Rc::new(filling.collect());
    let parameters = stack.parameters().iter().map(parameter).collect::<Result<Vec<_>, Gap>>();
    let drift = stack.drift_information();
    Ok(RawStack {
        root: stack.root_id().map(str::to_owned),
        description: Description {
            status: status(stack.stack_status().map(types::StackStatus::as_str)),
            termination_protection: Observed::of(stack.enable_termination_protection()).map(Switch::from),
            drift: match drift.and_then(|drift| drift.stack_drift_status()).map(types::StackDriftStatus::as_str) {
                None => Observed::Absent,
                Some("DRIFTED") => Observed::Present(DriftStatus::Drifted),
                Some("IN_SYNC") => Observed::Present(DriftStatus::InSync),
                Some("NOT_CHECKED") => Observed::Present(DriftStatus::NotChecked),
                Some("UNKNOWN") => Observed::Present(DriftStatus::Unknown),
                Some(other) => DESCRIBE_STACKS.unrecognised("StackDriftStatus", other),
            },
            drift_checked_at: DESCRIBE_STACKS
                .time("LastCheckTimestamp", drift.and_then(|drift| drift.last_check_timestamp())),
            parameters: match parameters {
                Ok(parameters) => Observed::Present(parameters),
                Err(gap) => Observed::Unknown(gap),
            },
        },
        name,
        id,
        filling,
        outputs,
        exact,
    })
}

fn status(token: Option<&str>) -> Observed<StackStatus> {
    let Some(token) = token else { return Observed::Absent };
    match StackStatus::ALL.iter().find(|(_, name)| *name == token) {
        Some((status, _)) => Observed::Present(*status),
        None => DESCRIBE_STACKS.unrecognised("StackStatus", token),
    }
}

fn parameter(parameter: &types::Parameter) -> Result<Parameter, Gap> {
    let key = parameter.parameter_key().ok_or_else(|| DESCRIBE_STACKS.incomplete("ParameterKey"))?;
    // An empty element is how an empty value reaches us.
    let value = parameter.parameter_value().unwrap_or("");
    let names_resources =
        key.eq_ignore_ascii_case("EnvironmentSuffix") && !value.is_empty() && !template::is_masked(value);
    Ok(Parameter {
        key: key.to_owned(),
        value: look(value),
        resolved: Observed::of(parameter.resolved_value()).map(look),
        suffix: names_resources.then(|| value.to_owned()),
    })
}

fn look(value: &str) -> ParameterValue {
    if template::is_masked(value) {
        ParameterValue::Masked
    } else if value.trim().is_empty() {
        ParameterValue::Empty
    } else if template::is_dynamic_reference(value, &["secretsmanager", "ssm-secure"]) {
        ParameterValue::Reference
    } else {
        ParameterValue::Clear
    }
}

/// Lists the members of the stack and of all stacks nested in it. A nested list that cannot be read makes all a gap,
/// because nothing could be said to be missing.
async fn members(walk: &Walk<'_>, root: &RawStack, region: &str) -> Seen<Vec<Member>> {
    let (mut members, mut calls) = (Vec::new(), Vec::new());
    let mut seen = BTreeSet::from([root.id.clone()]);
    let mut level = vec![root.id.clone()];
    while !level.is_empty() {
        let lists = join_all(level.iter().map(|id| list(walk, id, region))).await;
        level = Vec::new();
        for list in lists {
            calls.extend(list.calls().iter().cloned());
            match list.observed() {
                Observed::Present(listed) => {
                    level.extend(listed.iter().filter_map(nested_id).filter(|id| seen.insert(id.clone())));
                    members.extend(listed.iter().cloned());
                }
                Observed::Absent => {
                    return Seen::new(Observed::Unknown(LIST_RESOURCES.incomplete("StackResourceSummaries")), calls);
                }
                Observed::Unknown(gap) => return Seen::new(Observed::Unknown(gap.clone()), calls),
            }
        }
        if seen.len() > MOST_NESTED {
            let why = format!("more than {MOST_NESTED} nested stacks");
            let gap = Gap::UnreadPage { operation: LIST_RESOURCES.operation.into(), why };
            return Seen::new(Observed::Unknown(gap), calls);
        }
    }
    Seen::new(Observed::Present(members), calls)
}

/// The id of the nested stack that a member is; `None` for other members and for those that are gone or were never made.
fn nested_id(member: &Member) -> Option<String> {
    let is_there = !member.status.starts_with("DELETE_COMPLETE") && member.status != "DELETE_SKIPPED";
    match &member.physical_id {
        Observed::Present(id) if member.kind == NESTED && is_there => Some(id.clone()),
        Observed::Present(_) | Observed::Absent | Observed::Unknown(_) => None,
    }
}

async fn list(walk: &Walk<'_>, stack: &str, region: &str) -> Seen<Vec<Member>> {
    let name = stack_name(stack);
    walk.aws
        .ask_all(
            &LIST_RESOURCES,
            region,
            &[("StackName", stack)],
            |clients, token| {
                clients.cloudformation().list_stack_resources().stack_name(stack).set_next_token(token).send()
            },
            |answer| answer.next_token().map(str::to_owned),
            |answer| answer.stack_resource_summaries().iter().map(|summary| member(name, summary)).collect(),
        )
        .await
}

fn member(stack: &str, summary: &types::StackResourceSummary) -> Result<Member, Gap> {
    let call = &LIST_RESOURCES;
    let drift = summary.drift_information().and_then(|drift| drift.stack_resource_drift_status());
    Ok(Member {
        stack: stack.to_owned(),
        logical_id: summary.logical_resource_id().ok_or_else(|| call.incomplete("LogicalResourceId"))?.to_owned(),
        physical_id: Observed::of(summary.physical_resource_id().filter(|id| !id.is_empty()).map(str::to_owned)),
        kind: summary.resource_type().ok_or_else(|| call.incomplete("ResourceType"))?.to_owned(),
        status: summary.resource_status().ok_or_else(|| call.incomplete("ResourceStatus"))?.as_str().to_owned(),
        drift: Observed::of(drift.map(|drift| drift.as_str().to_owned())),
    })
}

#[derive(Clone, Copy)]
enum Stage {
    Original,
    Processed,
}

async fn source(walk: &Walk<'_>, stack: &str, stage: Stage, region: &str) -> Seen<Rc<Source>> {
    let (stage, name) = match stage {
        Stage::Original => (types::TemplateStage::Original, "Original"),
        Stage::Processed => (types::TemplateStage::Processed, "Processed"),
    };
    walk.aws
        .ask(
            &GET_TEMPLATE,
            region,
            &[("StackName", stack), ("TemplateStage", name)],
            |clients| clients.cloudformation().get_template().stack_name(stack).template_stage(stage.clone()).send(),
            |answer| match answer.template_body().filter(|body| !body.is_empty()) {
                None => Observed::Unknown(GET_TEMPLATE.incomplete("TemplateBody")),
                Some(body) => match template::read(body) {
                    Ok(source) => Observed::Present(Rc::new(source)),
                    Err(error) => Observed::Unknown(Gap::Unparsable {
                        operation: GET_TEMPLATE.operation.into(),
                        what: error.to_string(),
                    }),
                },
            },
        )
        .await
}

/// Reduces the processed template together with those of the nested stacks.
async fn with_nested(
    walk: &Walk<'_>,
    root: &RawStack,
    members: &Seen<Vec<Member>>,
    processed: Seen<Rc<Source>>,
    values: &Values,
    region: &str,
) -> Seen<Template> {
    let mut calls = Vec::new();
    note_passwords(walk, &root.name, &processed, values, region);
    note_secrets(walk, &root.name, &processed, values, region);
    let Observed::Present(source) = processed.observed() else { return processed.map(|source| source.reduce(values)) };
    let mut template = source.reduce(values);
    let listed: &[Member] = match members.observed() {
        Observed::Present(members) => members,
        Observed::Unknown(gap) => {
            // Which stacks are nested is not known, and so neither is what they hold.
            let nested = template.resources.iter().filter(|(_, resource)| resource.kind == NESTED);
            let unread: Vec<_> = nested.map(|(id, _)| (id.clone(), gap.clone())).collect();
            template.unread_nested.extend(unread);
            &[]
        }
        Observed::Absent => &[],
    };
    let nested: Vec<(String, String)> =
        listed.iter().filter_map(|member| Some((path(listed, member, &root.name), nested_id(member)?))).collect();
    let read = join_all(nested.iter().map(|(_, id)| async move {
        tokio::join!(describe(walk.aws, id, region), source_of_nested(walk, id, region))
    }))
    .await;
    for ((path, id), (described, source)) in nested.into_iter().zip(read) {
        calls.extend(described.calls().iter().chain(source.calls()).cloned());
        note_defaults(walk, &source);
        let values = match described.observed() {
            Observed::Present(raw) => raw.values(walk, region),
            // Names that parameters fill stay unresolved.
            Observed::Absent | Observed::Unknown(_) => Values::new([]),
        };
        note_passwords(walk, stack_name(&id), &source, &values, region);
        note_secrets(walk, stack_name(&id), &source, &values, region);
        match source.observed() {
            Observed::Present(source) => {
                let inner = source.reduce(&values);
                template
                    .resources
                    .extend(inner.resources.into_iter().map(|(id, resource)| (format!("{path}/{id}"), resource)));
                template
                    .unread_nested
                    .extend(inner.unread_nested.into_iter().map(|(id, gap)| (format!("{path}/{id}"), gap)));
            }
            Observed::Absent => {
                template.unread_nested.insert(path, GET_TEMPLATE.incomplete("TemplateBody"));
            }
            Observed::Unknown(gap) => {
                template.unread_nested.insert(path, gap.clone());
            }
        }
    }
    Seen::new(Observed::Present(template), processed.calls().to_vec()).resting_on(&calls)
}

async fn source_of_nested(walk: &Walk<'_>, id: &str, region: &str) -> Seen<Rc<Source>> {
    source(walk, id, Stage::Processed, region).await
}

/// Where a member stands below the root: `Nested/LogicalId`.
fn path(members: &[Member], member: &Member, root: &str) -> String {
    let (mut path, mut stack) = (member.logical_id.clone(), member.stack.as_str());
    for _ in 0..MOST_NESTED {
        let parent = members.iter().find(|parent| nested_id(parent).is_some_and(|id| stack_name(&id) == stack));
        let Some(parent) = parent.filter(|_| stack != root) else { break };
        path = format!("{}/{path}", parent.logical_id);
        stack = &parent.stack;
    }
    path
}

async fn summary(walk: &Walk<'_>, stack: &str, region: &str) -> Seen<Vec<ParameterSummary>> {
    walk.aws
        .ask(
            &TEMPLATE_SUMMARY,
            region,
            &[("StackName", stack)],
            |clients| clients.cloudformation().get_template_summary().stack_name(stack).send(),
            |answer| {
                let parameters: Result<Vec<_>, Gap> = answer.parameters().iter().map(parameter_summary).collect();
                match parameters {
                    Ok(parameters) => Observed::Present(parameters),
                    Err(gap) => Observed::Unknown(gap),
                }
            },
        )
        .await
}

fn parameter_summary(declared: &types::ParameterDeclaration) -> Result<ParameterSummary, Gap> {
    let key = declared.parameter_key().ok_or_else(|| TEMPLATE_SUMMARY.incomplete("ParameterKey"))?;
    let kind = declared.parameter_type();
    Ok(ParameterSummary {
        key: key.to_owned(),
        kind: Observed::of(kind.map(str::to_owned)),
        no_echo: Observed::of(declared.no_echo()).map(Switch::from),
        default: Observed::of(declared.default_value())
            .map(|default| template::default_look(kind.unwrap_or("String"), default)),
    })
}

/// Keeps digests of the published defaults, and whether every template was read for them.
fn note_defaults(walk: &Walk<'_>, source: &Seen<Rc<Source>>) {
    if let Observed::Present(source) = source.observed() {
        let names = &walk.aws.reductions.secret_names;
        let digests = source.secret_default_digests(names, |value| walk.aws.digest(value));
        walk.defaults.borrow_mut().extend(digests);
    }
    let read = source.clone().map(|_| ());
    let mut known = walk.defaults_read.borrow_mut();
    *known = Some(match known.take() {
        None => read,
        Some(known) => match known.observed() {
            Observed::Unknown(_) => known,
            Observed::Present(()) | Observed::Absent => read.resting_on(known.calls()),
        },
    });
}

/// Keeps where the databases of a stack take their master passwords from, and reaches the secrets among those places.
fn note_passwords(walk: &Walk<'_>, stack: &str, source: &Seen<Rc<Source>>, values: &Values, region: &str) {
    let passwords = source.clone().map(|source| source.passwords(values));
    if let Observed::Present(passwords) = passwords.observed()
        && walk.scope.selects(&["secret-"])
    {
        for (logical_id, password) in passwords {
            if let Observed::Present(Password::Secret(secret)) = password
                && let Some(reference) = gather::other_reference(walk, Kind::Secret, secret, region)
            {
                let what = "secret of the master password";
                walk.reach(reference, Relation::Of { what, kind: Kind::Database, id: logical_id.clone() });
            }
        }
    }
    walk.passwords.borrow_mut().insert(stack.to_owned(), passwords);
}

/// Keeps the dynamic references to secrets in the template of a stack, and reaches the secrets.
fn note_secrets(walk: &Walk<'_>, stack: &str, source: &Seen<Rc<Source>>, values: &Values, region: &str) {
    if !walk.scope.selects(&["secret-"]) {
        return;
    }
    let references = source.clone().and_then(|source| source.secret_references(stack, values));
    if let Observed::Present(references) = references.observed() {
        for found in references {
            if let Some(reference) = gather::other_reference(walk, Kind::Secret, &found.named, region) {
                let what = "secret of a dynamic reference";
                walk.reach(reference, Relation::Of { what, kind: Kind::Stack, id: stack.to_owned() });
            }
        }
    }
    walk.secret_references.borrow_mut().insert(stack.to_owned(), references);
}

/// Adds the live outputs of one stack to those of the others.
fn add_live_outputs(walk: &Walk<'_>, raw: &RawStack, calls: &[CallId]) {
    let mut live = walk.live_outputs.borrow_mut();
    *live = Some(match live.take() {
        None => Seen::new(Observed::Present(raw.outputs.clone()), calls.to_vec()),
        Some(known) => known
            .map(|mut outputs| {
                outputs.extend(raw.outputs.iter().cloned());
                outputs
            })
            .resting_on(calls),
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_stack_is_in_its_arn() {
        assert_eq!(stack_name("arn:aws:cloudformation:us-east-2:123456789012:stack/TapStackdev/uuid"), "TapStackdev");
        assert_eq!(stack_name("TapStackdev"), "TapStackdev");
    }

    #[test]
    fn every_status_token_is_known_and_a_new_one_is_a_gap() {
        assert_eq!(status(Some("UPDATE_ROLLBACK_COMPLETE")), Observed::Present(StackStatus::UpdateRollbackComplete));
        assert_eq!(status(None), Observed::Absent);
        assert!(
            matches!(status(Some("PAUSED")), Observed::Unknown(Gap::Unrecognised { token, .. }) if token == "PAUSED")
        );
    }

    #[test]
    fn a_parameter_value_is_judged_and_only_the_suffix_is_kept() {
        let reduced = |key: &str, value: &str| {
            parameter(&types::Parameter::builder().parameter_key(key).parameter_value(value).build()).unwrap()
        };
        assert_eq!(reduced("DbPassword", "****").value, ParameterValue::Masked);
        assert_eq!(reduced("DbPassword", "").value, ParameterValue::Empty);
        assert_eq!(reduced("DbPassword", "{{resolve:secretsmanager:db}}").value, ParameterValue::Reference);
        assert_eq!(reduced("DbPassword", "{{resolve:ssm:db}}").value, ParameterValue::Clear);
        let clear = reduced("DbPassword", "hunter2");
        assert_eq!((clear.value, clear.suffix.clone()), (ParameterValue::Clear, None));
        assert!(!format!("{clear:?}").contains("hunter2"));
        assert_eq!(reduced("environmentSuffix", "pr1").suffix, Some("pr1".into()));
    }

    #[test]
    fn a_nested_member_stands_below_its_parent() {
        let member = |stack: &str, logical_id: &str, kind: &str, id: &str| Member {
            stack: stack.into(),
            logical_id: logical_id.into(),
            physical_id: Observed::Present(id.into()),
            kind: kind.into(),
            status: "CREATE_COMPLETE".into(),
            drift: Observed::Absent,
        };
        let arn = |name: &str| format!("arn:aws:cloudformation:us-east-2:123456789012:stack/{name}/uuid");
        let members = [
            member("T", "Outer", NESTED, &arn("T-Outer")),
            member("T-Outer", "Inner", NESTED, &arn("T-Inner")),
            member("T-Inner", "Key", "AWS::KMS::Key", "k"),
        ];
        assert_eq!(path(&members, &members[2], "T"), "Outer/Inner/Key");
        assert_eq!(path(&members, &members[0], "T"), "Outer");
        assert_eq!(nested_id(&members[1]), Some(arn("T-Inner")));
        assert_eq!(nested_id(&members[2]), None);
    }
}
