//! The program around the audit: reads settings, shows progress, writes reports, ends with the right code.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tap_audit_checks::catalog::{Catalog, Profile};
use tap_audit_checks::choice::Candidate;
use tap_audit_checks::evidence;
use tap_audit_checks::policy::question;
use tap_audit_checks::report::Report;
use tap_audit_reports::policy::{self, Asked};
use tap_audit_reports::{Format, RenderError, Style};

use crate::audit::{self, Audit, AuditError};
use crate::cli::{
    AnswerFormat, AuditOptions, CasesFormat, Cli, Command, DemoOptions, ListOptions, Manners, PlanOptions,
    PolicyCheckOptions, PolicyCommand, PolicyTestOptions,
};
use crate::collect::clients::Connection;
use crate::replay::{Account, AccountFacts, Recorder, Replay};
use crate::settings::{self, Clock, Environment, HTML_FILE, Settings, Wanted};
use crate::{catalog_view, outputs, plan, policy_command};

/// The code of a usage or settings error.
const USAGE: u8 = 2;
/// The code of a run that could not start.
const NO_START: u8 = 4;
/// The code of an interrupted run.
const INTERRUPTED: u8 = 130;

/// What keeps the program from its task: a sentence, what to do, and the exit code.
#[derive(Debug)]
struct Stop {
    message: String,
    help: Option<String>,
    code: u8,
}

impl Stop {
    fn new(code: u8, message: impl std::fmt::Display) -> Self {
        Stop { message: message.to_string(), help: None, code }
    }

    fn helping(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl From<settings::SettingsError> for Stop {
    fn from(error: settings::SettingsError) -> Self {
        Stop::new(USAGE, chain(&error))
    }
}

impl From<tap_audit_checks::catalog::CatalogError> for Stop {
    fn from(error: tap_audit_checks::catalog::CatalogError) -> Self {
        Stop::new(USAGE, chain(&error))
    }
}

impl From<policy_command::PolicyError> for Stop {
    fn from(error: policy_command::PolicyError) -> Self {
        let code = match &error {
            policy_command::PolicyError::Usage { .. } => USAGE,
            policy_command::PolicyError::Unreadable { .. } => NO_START,
        };
        Stop::new(code, chain(&error)).helping(error.help())
    }
}

impl From<RenderError> for Stop {
    fn from(error: RenderError) -> Self {
        Stop::new(NO_START, chain(&error))
    }
}

impl From<AuditError> for Stop {
    fn from(error: AuditError) -> Self {
        match error {
            AuditError::Catalog(error) => error.into(),
            AuditError::NoProfile { .. } => Stop::new(USAGE, chain(&error)).helping(error.help()),
            error => Stop::new(NO_START, chain(&error)).helping(error.help()),
        }
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

/// Runs the program on the process's own arguments and environment.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let manners = cli.manners;
    log(manners);
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return end(Err(Stop::new(NO_START, format!("cannot start: {error}"))), manners),
    };
    let ended = runtime.block_on(async {
        tokio::select! {
            ended = run(cli) => ended,
            _ = tokio::signal::ctrl_c() => Err(Stop::new(INTERRUPTED, "interrupted; nothing was judged")),
        }
    });
    end(ended, manners)
}

fn end(ended: Result<u8, Stop>, _manners: Manners) -> ExitCode {
    match ended {
        Ok(code) => ExitCode::from(code),
        Err(stop) => {
            say(&format!("error: {}", stop.message));
            if let Some(help) = stop.help {
                say(&format!("  help: {help}"));
            }
            ExitCode::from(stop.code)
        }
    }
}

/// Our own log lines rise with `--verbose`; those of the SDK and its HTTP stack stay at warnings whatever is asked,
/// because below that they print requests and answers.
fn log(manners: Manners) {
    use tracing_subscriber::layer::SubscriberExt;
    use tracing_subscriber::util::SubscriberInitExt;
    let ours = if manners.verbose { tracing::Level::DEBUG } else { tracing::Level::WARN };
    let targets = tracing_subscriber::filter::Targets::new()
        .with_default(tracing::Level::WARN)
        .with_target("tap_audit", ours)
        .with_target("tap_audit_checks", ours)
        .with_target("tap_audit_reports", ours);
    // Colours are for a terminal; in a build's log they are noise.
    let colors = std::io::stderr().is_terminal() && variable("NO_COLOR").is_none_or(|value| value.is_empty());
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(colors).without_time();
    // A second subscriber in one process only happens in tests.
    let _set = tracing_subscriber::registry().with(lines).with(targets).try_init();
}

fn say(line: &str) {
    // Nothing can be said about a standard error that is closed.
    let _written = writeln!(std::io::stderr(), "{line}");
}

fn print(bytes: &[u8]) -> Result<(), Stop> {
    let mut out = std::io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Ok(()) => Ok(()),
        // The reader of a pipe has seen enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Stop::new(NO_START, format!("cannot write to standard output: {error}"))),
    }
}

#[expect(clippy::disallowed_methods, reason = "a variable that is not text cannot be one of ours")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

async fn run(cli: Cli) -> Result<u8, Stop> {
    let environment = Environment::read(variable)?;
    match cli.command {
        None => audit(&cli.audit, cli.manners, &environment).await,
        Some(Command::Plan(options)) => plan(*options, cli.manners, &environment).await,
        Some(Command::List(options)) => list(&options, &environment),
        Some(Command::Explain { id }) => explain(&id),
        Some(Command::Policy(PolicyCommand::Check(options))) => policy_check(&options, &environment),
        Some(Command::Policy(PolicyCommand::Test(options))) => policy_test(&options, &environment),
        Some(Command::Demo(options)) => demo(&options, cli.manners, &environment).await,
        Some(Command::Schema) => print(tap_audit_reports::json_schema().as_bytes()).map(|()| 0),
    }
}

fn settings(options: &AuditOptions, environment: &Environment) -> Result<Settings, Stop> {
    let here = std::env::current_dir()
        .map_err(|error| Stop::new(NO_START, format!("cannot tell the current directory: {error}")))?;
    let found = settings::find_file(&here)?;
    Ok(Settings::resolve(options, variable, environment, found)?)
}

async fn audit(options: &AuditOptions, manners: Manners, environment: &Environment) -> Result<u8, Stop> {
    let settings = settings(options, environment)?;
    if options.show_settings {
        return print(settings.show().as_bytes()).map(|()| 0);
    }
    let catalog = Catalog::embedded()?;
    let audit = prepare(&settings, environment)?;
    let transport = Transport::of(options).await?;
    let mut profile = settings.profile.value.clone();
    let (report, evidence) = loop {
        let progress = Progress::new(manners);
        let connection = transport.connection.clone();
        let report = audit::run(&catalog, profile.as_deref(), connection, &audit, progress.listener()).await;
        progress.finish();
        match report {
            Err(AuditError::NoProfile { candidates, known }) if may_ask(manners, environment) => {
                profile = Some(ask_for_profile(&candidates, &known)?);
            }
            report => break report?,
        }
    };
    transport.finish(options, &report)?;
    if let Some(path) = &options.evidence_out {
        let text = serde_json::to_string_pretty(&evidence)
            .map_err(|error| Stop::new(NO_START, format!("cannot write the evidence: {error}")))?;
        write_file(path, (text + "\n").as_bytes())?;
    }
    write(&report, &settings.formats.value, manners, environment)?;
    Ok(report.exit_code())
}

/// Whether somebody is there to answer a question.
fn may_ask(manners: Manners, environment: &Environment) -> bool {
    !manners.quiet && !environment.ci && std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks which profile is meant, until the answer names one.
fn ask_for_profile(candidates: &[Candidate], known: &[String]) -> Result<String, Stop> {
    for candidate in candidates {
        say(&format!("profile {} may fit, because of {}", candidate.profile, candidate.signs.join(", ")));
    }
    loop {
        say(&format!("which profile is meant? ({})", known.join(", ")));
        let mut answer = String::new();
        let read = std::io::stdin().read_line(&mut answer);
        match read {
            Ok(0) | Err(_) => return Err(Stop::new(USAGE, "no profile was named".to_owned()).helping("pass --profile")),
            Ok(_) => {}
        }
        if let Some(profile) = known.iter().find(|profile| profile.as_str() == answer.trim()) {
            return Ok(profile.clone());
        }
    }
}

/// Reads the outputs file, unless a stack's name stands in for it.
fn prepare(settings: &Settings, environment: &Environment) -> Result<Audit, Stop> {
    let path = &settings.outputs.value;
    let named = settings.outputs.source != settings::Source::Default;
    let stack_alone = settings.stack_name.value.is_some() && !named && !path.exists();
    let outputs = if stack_alone {
        None
    } else {
        Some(
            outputs::read_file(&path.display().to_string())
                .map_err(|error| Stop::new(NO_START, chain(&error)).helping(error.help()))?,
        )
    };
    Ok(Audit {
        outputs_path: outputs.as_ref().map(|_| path.clone()),
        outputs,
        stack_name: settings.stack_name.value.clone(),
        region: settings.region.value.clone(),
        environment_suffix: settings.environment_suffix.value.clone(),
        fail_on: settings.fail_on.value,
        call_timeout: settings.call_timeout.value,
        clock: environment.clock,
        banner: None,
    })
}

/// Where the answers come from.
struct Transport {
    connection: Connection,
    recorder: Option<Recorder>,
    replay: Option<Replay>,
}

impl Transport {
    async fn of(options: &AuditOptions) -> Result<Self, Stop> {
        if let Some(directory) = &options.replay {
            let account = Account::from_dir(directory).map_err(|error| Stop::new(NO_START, chain(&error)))?;
            let name = account.name().to_owned();
            let mut replay = Replay::new(account);
            for injection in &options.replay_fault {
                replay = replay.with_injection(injection.clone());
            }
            if let Some(milliseconds) = options.replay_latency {
                replay = replay.with_latency(Duration::from_millis(milliseconds));
            }
            let connection = Connection::recorded(shared(replay.clone()), &name);
            return Ok(Transport { connection, recorder: None, replay: Some(replay) });
        }
        let bundle = variable("AWS_CA_BUNDLE").map(PathBuf::from);
        let http = audit::http_client(bundle.as_deref()).map_err(|error| {
            Stop::new(NO_START, format!("cannot read the certificates of AWS_CA_BUNDLE: {error}"))
                .helping("name a file of PEM certificates, or unset it")
        })?;
        let recorder = options.record_to.as_ref().map(|_| Recorder::new(http.clone()));
        let http = match &recorder {
            Some(recorder) => aws_smithy_runtime_api::client::http::SharedHttpClient::new(recorder.clone()),
            None => http,
        };
        Ok(Transport {
            connection: Connection::network(http, options.endpoint_url.as_deref()).await,
            recorder,
            replay: None,
        })
    }

    fn finish(&self, options: &AuditOptions, report: &Report) -> Result<(), Stop> {
        if let (Some(recorder), Some(directory)) = (&self.recorder, &options.record_to) {
            let facts = AccountFacts {
                id: Some(report.run.account.clone()),
                region: Some(report.run.region.clone()),
                recorded_at: Some(report.run.started_at.to_string()),
                description: None,
            };
            recorder.write(directory, facts).map_err(|error| Stop::new(NO_START, chain(&error)))?;
        }
        if let Some(replay) = &self.replay {
            for key in replay.unrecorded() {
                say(&format!("not recorded: {}", key.name()));
            }
        }
        Ok(())
    }
}

fn shared(replay: Replay) -> aws_smithy_runtime_api::client::http::SharedHttpClient {
    aws_smithy_runtime_api::client::http::SharedHttpClient::new(replay)
}

/// Shows that something is going on: a spinner on a terminal, a line for each call when asked.
struct Progress {
    bar: ProgressBar,
    verbose: bool,
}

impl Progress {
    fn new(manners: Manners) -> Self {
        let bar = ProgressBar::new_spinner();
        let visible = !manners.quiet && !manners.verbose && std::io::stderr().is_terminal();
        bar.set_draw_target(if visible { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() });
        if let Ok(style) = ProgressStyle::with_template("{spinner} {pos} calls answered, the last {msg}") {
            bar.set_style(style);
        }
        Progress { bar, verbose: manners.verbose }
    }

    fn listener(&self) -> impl Fn(&evidence::Call) + 'static {
        let (bar, verbose) = (self.bar.clone(), self.verbose);
        move |call| {
            bar.inc(1);
            bar.set_message(format!("{} {}", call.service, call.operation));
            if verbose {
                let status = call.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
                let error = call.error.as_ref().map_or_else(String::new, |error| format!(" {error}"));
                let parameters: Vec<String> =
                    call.parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
                say(&format!(
                    "{status}{error} {} {} {} {}",
                    call.service,
                    call.operation,
                    call.region,
                    parameters.join(" ")
                ));
            }
        }
    }

    fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// Writes every report that is wanted.
fn write(report: &Report, formats: &[Wanted], manners: Manners, environment: &Environment) -> Result<(), Stop> {
    for wanted in formats {
        let to_terminal = wanted.path.is_none() && std::io::stdout().is_terminal();
        let style = Style {
            color: environment.color.unwrap_or(to_terminal) && wanted.path.is_none(),
            width: width(environment),
        };
        let bytes = tap_audit_reports::render(report, wanted.format, &style).map_err(|error| {
            Stop::new(NO_START, format!("cannot write the {} report: {}", wanted.format, chain(&error)))
        })?;
        match &wanted.path {
            None => print(&bytes)?,
            Some(path) => {
                write_file(path, &bytes)?;
                if !manners.quiet {
                    say(&format!("{} report: {}", wanted.format, path.display()));
                }
            }
        }
    }
    Ok(())
}

fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Stop> {
    let failed = |error: std::io::Error| Stop::new(NO_START, format!("cannot write {}: {error}", path.display()));
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        std::fs::create_dir_all(parent).map_err(failed)?;
    }
    std::fs::write(path, bytes).map_err(failed)
}

/// The width of a text report: what `COLUMNS` says, else the terminal's, else a page's. The terminals of CI systems claim
/// to be narrow and are not.
fn width(environment: &Environment) -> u16 {
    let terminal = || terminal_size::terminal_size().map(|(width, _)| width.0);
    let width = environment.columns.or_else(terminal).unwrap_or(110);
    if environment.ci && environment.columns.is_none() { width.max(110) } else { width }
}

async fn plan(options: PlanOptions, manners: Manners, environment: &Environment) -> Result<u8, Stop> {
    let settings = settings(&options.audit, environment)?;
    let catalog = Catalog::embedded()?;
    let audit = prepare(&settings, environment)?;
    let named = settings.profile.value.as_deref();
    let view = if options.offline {
        let profile = match named {
            Some(name) => catalog.profile(name)?,
            None => audit::choose_offline(&catalog, &audit)?.profile,
        };
        plan::offline(&profile, &audit)
    } else {
        let transport = Transport::of(&options.audit).await?;
        let progress = Progress::new(manners);
        let connection = transport.connection.clone();
        let collected = audit::collect_for(&catalog, named, connection, &audit, progress.listener()).await;
        progress.finish();
        let (chosen, evidence) = collected?;
        plan::online(&chosen.profile, &evidence)
    };
    for wanted in &settings.formats.value {
        let text = match wanted.format {
            Format::Json => {
                view.to_json().map_err(|error| Stop::new(NO_START, format!("cannot write the plan: {error}")))?
            }
            Format::Text => view.to_text(usize::from(width(environment))),
            Format::Junit | Format::Html => {
                return Err(
                    Stop::new(USAGE, format!("a plan has no {} format", wanted.format)).helping("use text or json")
                );
            }
        };
        match &wanted.path {
            None => print(text.as_bytes())?,
            Some(path) => write_file(path, text.as_bytes())?,
        }
    }
    Ok(0)
}

fn list(options: &ListOptions, environment: &Environment) -> Result<u8, Stop> {
    let catalog = Catalog::embedded()?;
    let profile: Option<Profile> = match &options.profile {
        Some(name) => Some(catalog.profile(name)?),
        None => None,
    };
    let rows = catalog_view::rows(&catalog, profile.as_ref(), options.severity);
    let text = catalog_view::list(&rows, options.format, width(environment))
        .map_err(|error| Stop::new(NO_START, format!("cannot write the list: {error}")))?;
    print(text.as_bytes()).map(|()| 0)
}

fn explain(id: &str) -> Result<u8, Stop> {
    let catalog = Catalog::embedded()?;
    match catalog_view::explain(&catalog, id) {
        Some(text) => print(text.as_bytes()).map(|()| 0),
        None => {
            let near = catalog_view::nearest(&catalog, id);
            Err(Stop::new(USAGE, format!("there is no requirement `{id}`")).helping(near.map_or_else(
                || "`tap-audit list` shows them all".to_owned(),
                |near| format!("did you mean `{near}`?"),
            )))
        }
    }
}

fn policy_check(options: &PolicyCheckOptions, environment: &Environment) -> Result<u8, Stop> {
    let (setting, assumed) = policy_command::setting(options)?;
    let documents = policy_command::documents(options)?;
    let ruling = question::ask(options.question, &documents, &setting);
    let file = policy_command::name(&options.file);
    let asked =
        Asked { file: &file, question: options.question, setting: &setting, assumed: &assumed, ruling: &ruling };
    let bytes = match options.format {
        AnswerFormat::Text => policy::asked_text(&asked, &on_stdout(environment)).into_bytes(),
        AnswerFormat::Json => policy::asked_json(&asked)?,
    };
    print(&bytes)?;
    Ok(policy_command::code_of(&ruling))
}

fn policy_test(options: &PolicyTestOptions, environment: &Environment) -> Result<u8, Stop> {
    let runs = policy_command::run_cases(&options.paths);
    let bytes = match options.format {
        CasesFormat::Text => policy::cases_text(&runs, &on_stdout(environment)).into_bytes(),
        CasesFormat::Json => policy::cases_json(&runs)?,
        CasesFormat::Junit => policy::cases_junit(&runs)?,
    };
    print(&bytes)?;
    if runs.iter().all(|run| run.outcome.is_err()) {
        say("error: no case was found that can be read");
        say("  help: name case files, or directories with case files (*.json)");
    }
    Ok(policy_command::code_of_cases(&runs))
}

/// How text on standard output is laid out.
fn on_stdout(environment: &Environment) -> Style {
    Style { color: environment.color.unwrap_or_else(|| std::io::stdout().is_terminal()), width: width(environment) }
}

async fn demo(options: &DemoOptions, manners: Manners, environment: &Environment) -> Result<u8, Stop> {
    let catalog = Catalog::embedded()?;
    let profile = catalog.profile(&options.profile)?;
    let recorded = crate::replay::embedded::account(&profile.name)
        .ok_or_else(|| {
            Stop::new(USAGE, format!("no recorded account comes with profile `{}`", profile.name)).helping(format!(
                "those of {} have one",
                crate::replay::embedded::profiles().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" and ")
            ))
        })?
        .map_err(|error| Stop::new(NO_START, chain(&error)))?;
    let (clock, banner) = as_recorded(recorded.account.facts(), environment);
    let mut replay = Replay::new(recorded.account).with_latency(Duration::from_millis(options.latency));
    for fault in &options.fault {
        replay = replay.with_injection(fault.clone());
    }
    let connection = Connection::recorded(shared(replay.clone()), &profile.name);
    let outputs = outputs::read(recorded.outputs.as_bytes(), "flat-outputs.json")
        .map_err(|error| Stop::new(NO_START, chain(&error)))?;
    let audit = Audit {
        outputs: Some(outputs),
        outputs_path: Some(PathBuf::from("cfn-outputs/flat-outputs.json")),
        stack_name: None,
        region: None,
        environment_suffix: None,
        fail_on: tap_audit_checks::requirement::Severity::Low,
        call_timeout: Duration::from_secs(20),
        clock,
        banner: Some(banner),
    };
    let progress = Progress::new(manners);
    let report = audit::run(&catalog, Some(&profile.name), connection, &audit, progress.listener()).await;
    progress.finish();
    let (report, _) = report?;
    for key in replay.unrecorded() {
        say(&format!("not recorded: {}", key.name()));
    }
    let standard = [
        Wanted { format: Format::Text, path: None },
        Wanted { format: Format::Html, path: Some(PathBuf::from(HTML_FILE)) },
    ];
    let formats = if options.format.is_empty() { standard.as_slice() } else { &options.format };
    if formats.iter().filter(|wanted| wanted.path.is_none()).count() > 1 {
        return Err(settings::SettingsError::TwoOnStdout.into());
    }
    write(&report, formats, manners, environment)?;
    if !manners.quiet {
        say(&format!(
            "This was a demonstration, so it ends with 0; a real audit with this result ends with {} ({}).",
            report.exit_code(),
            report.conclusion().name()
        ));
    }
    Ok(0)
}

/// The clock of a demonstration, and the sentence that stands first in its reports. A recording does not grow older: judged
/// by today's clock, its audit trail would have been silent ever since. A clock that the user fixed goes first.
fn as_recorded(facts: &AccountFacts, environment: &Environment) -> (Clock, String) {
    let banner = "Demonstration data: a recorded account with made-up names, not a real deployment";
    let recorded = facts.recorded_at.as_deref().map(str::parse);
    match (environment.clock, recorded) {
        (Clock::System, Some(Ok(at))) => (Clock::Fixed(at), format!("{banner}; judged as of its recording.")),
        (clock, _) => (clock, format!("{banner}.")),
    }
}
