//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use tap_audit_checks::requirement::Severity;

use crate::replay::Injection;
use crate::settings::{self, Wanted};

/// Audits what a CloudFormation deploy really left behind on AWS against HIPAA requirements. Reads only; changes nothing.
#[derive(Debug, Parser)]
#[command(name = "tap-audit", version, args_conflicts_with_subcommands = true, after_help = EXIT_CODES)]
pub struct Cli {
    /// What to do; an audit when nothing is named.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The options of the audit.
    #[command(flatten)]
    pub audit: AuditOptions,
    /// How much is said on standard error.
    #[command(flatten)]
    pub manners: Manners,
}

const EXIT_CODES: &str = "Exit codes: 0 conforms; 1 does not conform; 2 usage or settings; 3 incomplete, not everything \
could be judged; 4 could not start; 130 interrupted.";

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Shows what would be audited: outputs and what they name, subjects, requirements, calls.
    Plan(Box<PlanOptions>),
    /// Lists the requirements of the catalog.
    List(ListOptions),
    /// Explains one requirement in full.
    Explain {
        /// The requirement's id, such as s3-mfa-delete-enabled.
        id: String,
    },
    /// Audits a recorded account that comes with the program; needs neither AWS nor credentials.
    Demo(DemoOptions),
    /// Prints the JSON Schema of the JSON report.
    #[command(hide = true)]
    Schema,
}

/// The options of an audit.
#[derive(Clone, Debug, Args)]
pub struct AuditOptions {
    /// The outputs file of the deploy [default: cfn-outputs/flat-outputs.json] [env: TAP_AUDIT_OUTPUTS]
    #[arg(long, value_name = "FILE")]
    pub outputs: Option<PathBuf>,
    /// A report to write: text, json, junit or html, with a file after a colon; repeatable. Without a file it goes to
    /// standard output, html to tap-audit-report.html [default: text] [env: TAP_AUDIT_FORMAT, comma-separated]
    #[arg(long, value_name = "FORMAT[:PATH]")]
    pub format: Vec<Wanted>,
    /// The profile that selects and tailors requirements [default: patient-data] [env: TAP_AUDIT_PROFILE]
    #[arg(long)]
    pub profile: Option<String>,
    /// The stack's name or id; enough without an outputs file [env: TAP_AUDIT_STACK_NAME, STACK_NAME]
    #[arg(long, value_name = "NAME")]
    pub stack_name: Option<String>,
    /// The region, where the outputs do not name it [env: TAP_AUDIT_REGION]
    #[arg(long)]
    pub region: Option<String>,
    /// The suffix that resource names must carry [env: TAP_AUDIT_ENVIRONMENT_SUFFIX, ENVIRONMENT_SUFFIX]
    #[arg(long, value_name = "SUFFIX")]
    pub environment_suffix: Option<String>,
    /// The severity from which a failure moves the exit code: critical, high, medium or low [default: low] [env: TAP_AUDIT_FAIL_ON]
    #[arg(long, value_name = "SEVERITY", value_parser = settings::severity)]
    pub fail_on: Option<Severity>,
    /// Seconds that one AWS call may take over all its attempts [default: 20] [env: TAP_AUDIT_CALL_TIMEOUT]
    #[arg(long, value_name = "SECONDS")]
    pub call_timeout: Option<u64>,
    /// Sends every call to this endpoint instead of AWS
    #[arg(long, value_name = "URL")]
    pub endpoint_url: Option<String>,
    /// Prints each setting and where it came from, and stops
    #[arg(long)]
    pub show_settings: bool,
    /// Answers from a recorded account in this directory instead of AWS
    #[arg(long, value_name = "DIR", hide = true, conflicts_with = "endpoint_url")]
    pub replay: Option<PathBuf>,
    /// Disturbs the recorded account, as in `s3:GetBucketVersioning=denied`
    #[arg(long, value_name = "OP=FAULT", hide = true, requires = "replay")]
    pub replay_fault: Vec<Injection>,
    /// Milliseconds that the recorded account takes to answer
    #[arg(long, value_name = "MS", hide = true, requires = "replay")]
    pub replay_latency: Option<u64>,
    /// Records every exchange into this directory
    #[arg(long, value_name = "DIR", hide = true, conflicts_with = "replay")]
    pub record_to: Option<PathBuf>,
}

impl AuditOptions {
    /// No options at all.
    pub fn none() -> Self {
        AuditOptions {
            outputs: None,
            format: Vec::new(),
            profile: None,
            stack_name: None,
            region: None,
            environment_suffix: None,
            fail_on: None,
            call_timeout: None,
            endpoint_url: None,
            show_settings: false,
            replay: None,
            replay_fault: Vec::new(),
            replay_latency: None,
            record_to: None,
        }
    }
}

/// How much is said on standard error.
#[derive(Clone, Copy, Debug, Args)]
pub struct Manners {
    /// Says nothing on standard error but errors
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Says each call on standard error, a line each
    #[arg(long, short, global = true)]
    pub verbose: bool,
}

/// The options of a plan.
#[derive(Debug, Args)]
pub struct PlanOptions {
    /// The options of the audit that is planned.
    #[command(flatten)]
    pub audit: AuditOptions,
    /// Asks nothing of AWS: shows what the outputs alone name
    #[arg(long)]
    pub offline: bool,
}

/// The options of a listing.
#[derive(Debug, Args)]
pub struct ListOptions {
    /// Only the requirements of this profile, as it tailors them
    #[arg(long)]
    pub profile: Option<String>,
    /// Only requirements of this severity
    #[arg(long, value_parser = settings::severity)]
    pub severity: Option<Severity>,
    /// How to print them
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub format: ListFormat,
}

/// How a listing is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// A table.
    Text,
    /// An array of objects.
    Json,
    /// A Markdown table.
    Markdown,
}

/// The options of the demonstration.
#[derive(Debug, Args)]
pub struct DemoOptions {
    /// A report to write, as in an audit [default: text and html]
    #[arg(long, value_name = "FORMAT[:PATH]")]
    pub format: Vec<Wanted>,
    /// Milliseconds that the recorded account takes to answer
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub latency: u64,
    /// Disturbs the recorded account, as in `s3:GetBucketVersioning=denied`; shows what a report looks like when AWS does not answer
    #[arg(long, value_name = "OP=FAULT")]
    pub fault: Vec<Injection>,
}
