//! An audit from its settings to its report.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use tap_audit_checks::catalog::{Catalog, CatalogError, Profile};
use tap_audit_checks::choice::{self, Candidate, Choice, Clarity};
use tap_audit_checks::evidence::{self, Evidence};
use tap_audit_checks::observed::Gap;
use tap_audit_checks::requirement::Severity;
use tap_audit_checks::secret::SecretNames;
use tap_audit_checks::subject::Kind;
use tap_audit_checks::{Report, assess};

use crate::collect::call::{Aws, Limits, Reductions};
use crate::collect::clients::Connection;
use crate::collect::gather::{self, CollectError, Request};
use crate::collect::{Scope, Walk, cloudformation};
use crate::outputs::{OutputsFile, RawOutput};
use crate::settings::Clock;

/// What is audited, and how.
#[derive(Clone, Debug)]
pub struct Audit {
    /// The outputs, as read; `None` to take the live outputs of the stack that `stack_name` names.
    pub outputs: Option<OutputsFile>,
    /// The path of the outputs file, for the report.
    pub outputs_path: Option<PathBuf>,
    /// The stack's name.
    pub stack_name: Option<String>,
    /// The region that the user gave.
    pub region: Option<String>,
    /// The environment suffix that the user gave.
    pub environment_suffix: Option<String>,
    /// The severity from which a failure moves the exit code.
    pub fail_on: Severity,
    /// The time for one call over all its attempts.
    pub call_timeout: Duration,
    /// Where the time comes from.
    pub clock: Clock,
    /// A sentence that stands first in every report.
    pub banner: Option<String>,
}

/// Why an audit could not start.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The catalog is faulty.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// Nobody names a region.
    #[error("cannot tell the region: no output names one, and neither --region nor AWS_REGION is set")]
    NoRegion,
    /// The region that the user gave is not the outputs'.
    #[error("--region says {given}, and the outputs name {named}")]
    WrongRegion {
        /// The region given.
        given: String,
        /// The region of the outputs.
        named: String,
    },
    /// There are no credentials.
    #[error("there are no AWS credentials: {0}")]
    NoCredentials(String),
    /// The stack's live outputs cannot be read.
    #[error("cannot read the outputs of stack {name}: {gap}")]
    NoStack {
        /// The stack.
        name: String,
        /// Why not.
        gap: Gap,
    },
    /// The stack has no outputs.
    #[error("stack {name} has no outputs, so there is nothing to start from")]
    NoOutputs {
        /// The stack.
        name: String,
    },
    /// Nobody named a profile, and nothing or too much speaks for one.
    #[error("cannot tell which profile fits: {}", torn(.candidates))]
    NoProfile {
        /// The profiles that may fit, the best first; none where there is no sign of any.
        candidates: Vec<Candidate>,
        /// The names of all profiles.
        known: Vec<String>,
    },
    /// There is no evidence to judge.
    #[error(transparent)]
    Collect(#[from] CollectError),
}

impl AuditError {
    /// What to do about it.
    pub fn help(&self) -> &'static str {
        match self {
            AuditError::Catalog(_) => "this is a fault of tap-audit's own files; please report it",
            AuditError::NoRegion => "pass --region",
            AuditError::WrongRegion { .. } => {
                "leave --region out: the region is read from the outputs, and whether it is the right one is a requirement of its own"
            }
            AuditError::NoCredentials(_) => {
                "set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; to see tap-audit at work without AWS, run `tap-audit demo`"
            }
            AuditError::NoStack { .. } => {
                "check the name with `aws cloudformation list-stacks`, and the region with --region"
            }
            AuditError::NoOutputs { .. } => {
                "give the stack's template an Outputs section, or pass a file with --outputs"
            }
            AuditError::NoProfile { .. } => "pass --profile, or set it in tap-audit.toml or TAP_AUDIT_PROFILE",
            AuditError::Collect(error) => error.help(),
        }
    }
}

fn torn(candidates: &[Candidate]) -> String {
    if candidates.is_empty() {
        return "neither the outputs nor a stack hold a resource that tells".to_owned();
    }
    let said: Vec<String> =
        candidates.iter().map(|one| format!("{} because of {}", one.profile, one.signs.join(", "))).collect();
    said.join("; ")
}

/// A profile, and why it is the one.
#[derive(Debug)]
pub struct Chosen {
    /// The profile.
    pub profile: Profile,
    /// What spoke for it; `None` where the user named it.
    pub reason: Option<String>,
}

/// An audit that has its connection and its outputs, and no profile yet.
struct Started {
    aws: Aws,
    request: Request,
}

/// Collects the evidence that a profile asks for. `on_call` hears of every finished call.
///
/// # Errors
/// When the audit cannot start: no region, no credentials, the wrong account or region.
pub async fn collect(
    profile: &Profile,
    connection: Connection,
    audit: &Audit,
    on_call: impl Fn(&evidence::Call) + 'static,
) -> Result<Evidence, AuditError> {
    start(connection, audit, reductions(profile.params(KNOWN_DEFAULTS)), on_call).await?.collect(profile, audit).await
}

/// Collects the evidence for the profile of this name, or else for the one that fits what was deployed.
///
/// # Errors
/// As [`collect`], and when nobody named a profile and what was deployed does not tell which fits.
pub async fn collect_for(
    catalog: &Catalog,
    profile: Option<&str>,
    connection: Connection,
    audit: &Audit,
    on_call: impl Fn(&evidence::Call) + 'static,
) -> Result<(Chosen, Evidence), AuditError> {
    // A name that is wrong is said before anything is asked of AWS.
    let named = profile.map(|name| catalog.profile(name)).transpose()?;
    // What a stack's template holds may be reduced before the profile is known, and is reduced once.
    let of_catalog = || catalog.requirement(KNOWN_DEFAULTS).map(|requirement| &requirement.params);
    let params = named.as_ref().and_then(|profile| profile.params(KNOWN_DEFAULTS)).or_else(of_catalog);
    let started = start(connection, audit, reductions(params), on_call).await?;
    let chosen = match named {
        Some(profile) => Chosen { profile, reason: None },
        None => started.choose(catalog, audit).await?,
    };
    let evidence = started.collect(&chosen.profile, audit).await?;
    Ok((chosen, evidence))
}

async fn start(
    connection: Connection,
    audit: &Audit,
    reductions: Reductions,
    on_call: impl Fn(&evidence::Call) + 'static,
) -> Result<Started, AuditError> {
    let (mut region, mut outputs) = (audit.region.clone(), None);
    if let Some(file) = &audit.outputs {
        let (_, _, named) = gather::place(&file.entries);
        if let (Some(given), Some(named)) = (&audit.region, &named)
            && given != named
        {
            return Err(AuditError::WrongRegion { given: given.clone(), named: named.clone() });
        }
        let of_stack =
            || file.stacks.iter().find_map(|stack| stack.id.as_deref()?.split(':').nth(3).map(str::to_owned));
        region = named.or_else(of_stack).or(region);
        outputs = Some(file.entries.clone());
    }
    let of_stack_id =
        || audit.stack_name.as_deref().filter(|name| name.starts_with("arn:"))?.split(':').nth(3).map(str::to_owned);
    let region = region
        .or_else(of_stack_id)
        .or_else(|| connection.default_region().map(str::to_owned))
        .ok_or(AuditError::NoRegion)?;
    connection.prove_credentials().await.map_err(AuditError::NoCredentials)?;
    let emulated = connection.is_emulated();
    let limits = Limits { call_timeout: audit.call_timeout, ..Limits::STANDARD };
    let aws = Aws::new(connection, limits, audit.clock, reductions, on_call);
    let outputs = match (outputs, &audit.stack_name) {
        (Some(outputs), _) => outputs,
        (None, Some(name)) => live_outputs(&aws, name, &region).await?,
        (None, None) => Vec::new(),
    };
    let request = Request {
        outputs,
        outputs_file: audit.outputs_path.as_ref().map(|path| path.display().to_string()),
        outputs_sha256: audit.outputs.as_ref().map(|file| file.sha256.clone()),
        region,
        environment_suffix: audit.environment_suffix.clone(),
        emulated,
    };
    Ok(Started { aws, request })
}

impl Started {
    async fn collect(self, profile: &Profile, audit: &Audit) -> Result<Evidence, AuditError> {
        Ok(gather::gather(&self.aws, &scope(profile, audit), self.request).await?)
    }

    /// Chooses by the outputs alone where they speak clearly, which costs no call, and else by the stack's listing,
    /// which the audit asks for anyway.
    async fn choose(&self, catalog: &Catalog, audit: &Audit) -> Result<Chosen, AuditError> {
        let of_outputs = gather::kinds(&self.request.outputs);
        let unclear = match choice::choose(catalog, &of_outputs, Clarity::OfAPart) {
            Choice::Clear(candidate) => return chosen(catalog, &candidate, "the outputs name"),
            Choice::Torn(candidates) => candidates,
            Choice::NoSign => Vec::new(),
        };
        let (account, partition, _) = gather::place(&self.request.outputs);
        let scope = Scope { stack_name: audit.stack_name.clone(), ..Scope::NOTHING };
        let (account, partition) = (account.unwrap_or_else(String::new), partition.unwrap_or_else(|| "aws".to_owned()));
        let walk = Walk::new(&self.aws, &scope, &account, &partition, &self.request.region);
        let of_stack = gather::kinds_of_stack(&walk, &self.request.outputs).await;
        if let Some(refusal) = self.aws.refused() {
            return Err(AuditError::Collect(CollectError::Credentials(refusal)));
        }
        // Without its listing the outputs are all there is, and they were not clear.
        if of_stack.is_empty() {
            return Err(no_profile(catalog, unclear));
        }
        let kinds = of_outputs.union(&of_stack).cloned().collect();
        match choice::choose(catalog, &kinds, Clarity::OfTheWhole) {
            Choice::Clear(candidate) => chosen(catalog, &candidate, "the stack holds"),
            Choice::Torn(candidates) => Err(no_profile(catalog, candidates)),
            Choice::NoSign => Err(no_profile(catalog, Vec::new())),
        }
    }
}

/// Chooses the profile by what the outputs alone name; for a plan that asks nothing of AWS.
///
/// # Errors
/// When the outputs do not tell which profile fits.
pub fn choose_offline(catalog: &Catalog, audit: &Audit) -> Result<Chosen, AuditError> {
    let entries = audit.outputs.as_ref().map_or(&[][..], |file| file.entries.as_slice());
    match choice::choose(catalog, &gather::kinds(entries), Clarity::OfAPart) {
        Choice::Clear(candidate) => chosen(catalog, &candidate, "the outputs name"),
        Choice::Torn(candidates) => Err(no_profile(catalog, candidates)),
        Choice::NoSign => Err(no_profile(catalog, Vec::new())),
    }
}

fn chosen(catalog: &Catalog, candidate: &Candidate, who: &str) -> Result<Chosen, AuditError> {
    let reason = format!("{who} {}", candidate.signs.join(", "));
    Ok(Chosen { profile: catalog.profile(&candidate.profile)?, reason: Some(reason) })
}

fn no_profile(catalog: &Catalog, candidates: Vec<Candidate>) -> AuditError {
    AuditError::NoProfile { candidates, known: catalog.profile_names().map(str::to_owned).collect() }
}

async fn live_outputs(aws: &Aws, name: &str, region: &str) -> Result<Vec<RawOutput>, AuditError> {
    use tap_audit_checks::observed::Observed;
    let described = cloudformation::live_outputs(aws, name, region).await;
    if let Some(refusal) = aws.refused() {
        return Err(AuditError::Collect(CollectError::Credentials(refusal)));
    }
    let no_stack = |gap| AuditError::NoStack { name: name.to_owned(), gap };
    match described.observed() {
        Observed::Present(outputs) if outputs.is_empty() => Err(AuditError::NoOutputs { name: name.to_owned() }),
        Observed::Present(outputs) => Ok(outputs.clone()),
        Observed::Absent => Err(no_stack(Gap::undecided("no stack of this name exists in the region"))),
        Observed::Unknown(gap) => Err(no_stack(gap.clone())),
    }
}

/// Collects and judges, and hands out what the report rests on, under the profile of this name or else the one that fits what was deployed.
///
/// # Errors
/// As [`collect_for`].
pub async fn run(
    catalog: &Catalog,
    profile: Option<&str>,
    connection: Connection,
    audit: &Audit,
    on_call: impl Fn(&evidence::Call) + 'static,
) -> Result<(Report, Evidence), AuditError> {
    let (chosen, evidence) = collect_for(catalog, profile, connection, audit, on_call).await?;
    Ok((judge_chosen(catalog, &chosen.profile, &evidence, audit, chosen.reason), evidence))
}

/// Judges evidence under a profile that the user named.
pub fn judge(catalog: &Catalog, profile: &Profile, evidence: &Evidence, audit: &Audit) -> Report {
    judge_chosen(catalog, profile, evidence, audit, None)
}

fn judge_chosen(
    catalog: &Catalog,
    profile: &Profile,
    evidence: &Evidence,
    audit: &Audit,
    profile_reason: Option<String>,
) -> Report {
    let settings = assess::Settings {
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        profile_reason,
        fail_on: audit.fail_on,
        banner: audit.banner.clone(),
    };
    assess(catalog, profile, evidence, settings)
}

/// The HTTP client that all AWS clients share. Unlike the SDK's own it reads the proxy variables and `AWS_CA_BUNDLE`.
///
/// # Errors
/// When the bundle cannot be read.
pub fn http_client(ca_bundle: Option<&std::path::Path>) -> Result<SharedHttpClient, std::io::Error> {
    use aws_smithy_http_client::proxy::ProxyConfig;
    use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
    use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
    use aws_smithy_http_client::{Builder, Connector};

    let mut context = TlsContext::builder();
    if let Some(path) = ca_bundle {
        context = context.with_trust_store(TrustStore::empty().with_pem_certificate(std::fs::read(path)?));
    }
    let context = context.build().map_err(std::io::Error::other)?;
    Ok(Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector = Connector::builder().proxy_config(ProxyConfig::from_env());
        if let Some(settings) = settings {
            connector = connector.connector_settings(settings.clone());
        }
        connector.set_sleep_impl(components.and_then(|components| components.sleep_impl()));
        connector.tls_provider(Provider::Rustls(CryptoMode::AwsLc)).tls_context(context.clone()).build()
    }))
}

/// What the profile's parameters ask of the collection.
fn scope(profile: &Profile, audit: &Audit) -> Scope {
    let param = |id: &str, name: &str| profile.params(id).and_then(|params| params.get(name)).cloned();
    let flag = |id, name| param(id, name).and_then(|value| value.as_bool()) == Some(true);
    let number = |id, name, otherwise| param(id, name).and_then(|value| value.as_integer()).unwrap_or(otherwise);
    let word = |id, name, wanted: &str| param(id, name).is_some_and(|value| value.as_str() == Some(wanted));
    Scope {
        sample_objects: i32::try_from(number("s3-existing-objects-encrypted-sample", "sample_objects", 0))
            .unwrap_or(20)
            .clamp(0, 20),
        check_bucket_empty: flag("stack-destroyable-no-blockers", "check_bucket_empty"),
        log_events: flag("logs-receiving-events", "enabled"),
        log_silence_days: number("logs-receiving-events", "max_silence_days", 7),
        key_grants: flag("kms-policy-allows-function-role", "read_grants"),
        route_tables: word("s3-vpc-endpoint-recommended", "mode", "require"),
        event_data_stores: flag("cloudtrail-logging-enabled", "accept_event_data_store"),
        stack_name: audit.stack_name.clone(),
        requirements: profile.requirements.iter().map(|tailored| tailored.requirement.id.clone()).collect(),
        kinds: Some(kinds(profile)),
    }
}

/// The kinds of resource that the profile judges, and those that its requirements need to see for that.
fn kinds(profile: &Profile) -> BTreeSet<Kind> {
    let judged = profile.requirements.iter().flat_map(|tailored| tailored.kinds.iter().copied());
    let seen =
        SEEN_BY.iter().filter(|(id, _)| profile.params(id).is_some()).flat_map(|(_, kinds)| kinds.iter().copied());
    judged.chain(seen).collect()
}

/// Kinds that a requirement about something else looks at.
const SEEN_BY: &[(&str, &[Kind])] = &[
    ("cloudtrail-data-events", &[Kind::Bucket]),
    ("no-public-endpoints", &[Kind::Bucket, Kind::Function, Kind::LoadBalancer, Kind::RestApi]),
    ("transit-tls12-minimum", &[Kind::LoadBalancer, Kind::RestApi]),
];

/// The requirement whose parameters say which values are defaults that everybody knows, and which names are secret.
const KNOWN_DEFAULTS: &str = "lambda-env-no-known-default-secret";

/// What the reductions of secret values need of the parameters of [`KNOWN_DEFAULTS`].
fn reductions(params: Option<&toml::Table>) -> Reductions {
    let list = |name: &str| -> Vec<String> {
        let values = params.and_then(|params| params.get(name)).and_then(|value| value.as_array());
        values.into_iter().flatten().filter_map(|value| value.as_str()).map(str::to_owned).collect()
    };
    Reductions {
        known_default_hashes: list("known_default_hashes"),
        secret_names: SecretNames {
            words: list("words"),
            harmless_endings: list("harmless_endings"),
            ignore: list("ignore"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_reductions_need_is_found_among_the_parameters() {
        let catalog = Catalog::embedded().expect("the catalog");
        let profile = catalog.profile("patient-data").expect("the profile");
        let reductions = reductions(profile.params(KNOWN_DEFAULTS));
        assert!(reductions.secret_names.is_secret("DATABASE_PASSWORD"));
        assert!(!reductions.secret_names.is_secret("DatabasePasswordArn"));
        assert_eq!(reductions.known_default_hashes.len(), 2);
    }
}
