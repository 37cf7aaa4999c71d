//! The command line.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use tap_audit_checks::policy::question::{AbsentHeader, Question};
use tap_audit_checks::requirement::Severity;

use crate::policy_command::{self, Arn};
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
    /// Judges policy documents offline: one by hand, or cases with the verdicts that are expected of them.
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Audits a recorded account that comes with the program; needs neither AWS nor credentials.
    Demo(DemoOptions),
    /// Prints the JSON Schema of the JSON report.
    #[command(hide = true)]
    Schema,
}

/// What to do with policy documents.
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Asks one policy document a question, without AWS.
    #[command(after_help = CHECK_CODES)]
    Check(Box<PolicyCheckOptions>),
    /// Runs policy cases: documents, a question, and the verdict that is expected of it.
    #[command(after_help = TEST_CODES)]
    Test(PolicyTestOptions),
}

const CHECK_CODES: &str = "Exit codes: 0 proved, or the question does not arise; 1 refuted, with a counterexample; \
2 usage; 3 undecided, or the text is no policy document; 4 the file cannot be read.";

const TEST_CODES: &str = "Exit codes: 0 every case came out as expected; 1 a verdict is not one that its case accepts; \
2 usage; 3 no verdict is wrong, but a case cannot be read, or there is none.";

/// The options of a question.
#[derive(Debug, Args)]
pub struct PolicyCheckOptions {
    /// The policy document as JSON, at most 1 MiB; - reads standard input. For role-wildcard it is one identity policy
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// What to ask
    #[arg(long, value_parser = question())]
    pub question: Question,
    /// The account that owns the resource [default: the ARN's, else the example 000000000000]
    #[arg(long, value_name = "ID", value_parser = policy_command::account_id)]
    pub account: Option<String>,
    /// The resource whose policy it is; bucket questions need it. For role-wildcard, the ARN of the managed policy; for
    /// trust-external-id, of the role
    #[arg(long, value_name = "ARN")]
    pub resource: Option<Arn>,
    /// The region [default: the ARN's, else us-east-1]
    #[arg(long)]
    pub region: Option<String>,
    /// The service that the resource belongs to, as its actions write it, such as s3 or execute-api (public)
    #[arg(long)]
    pub service: Option<String>,
    /// A further account whose access is wanted; repeatable (trust-external-id, kms-key-policy, public)
    #[arg(long, value_name = "ID", value_parser = policy_command::account_id)]
    pub trusted_account: Vec<String>,
    /// An accepted value of the encryption header; repeatable [default: AES256] (bucket-sse)
    #[arg(long, value_name = "ALG")]
    pub sse_algorithm: Vec<String>,
    /// What an upload without the encryption header means: it has to be denied, or it is accepted where the bucket's
    /// default algorithm is [default: deny] (bucket-sse)
    #[arg(long, value_name = "MEANING", value_parser = absent_header())]
    pub absent_header: Option<AbsentHeader>,
    /// The one KMS key that uploads have to name (bucket-sse)
    #[arg(long, value_name = "ARN")]
    pub kms_key: Option<Arn>,
    /// The algorithm of the bucket's default encryption (bucket-sse)
    #[arg(long, value_name = "ALG")]
    pub default_encryption: Option<String>,
    /// Accepts the own organisation's id in place of an external id (trust-external-id)
    #[arg(long)]
    pub accept_own_org: bool,
    /// A managed policy that passes on a role that trusts this service alone; repeatable (role-wildcard, with --resource
    /// and --trusted-service)
    #[arg(long, value_name = "ARN=SERVICE", value_parser = policy_command::allowed_managed)]
    pub allow_managed: Vec<(String, String)>,
    /// A service that the role's trust policy names, such as lambda.amazonaws.com; repeatable (role-wildcard)
    #[arg(long, value_name = "SERVICE")]
    pub trusted_service: Vec<String>,
    /// How to print the answer
    #[arg(long, value_enum, default_value_t = AnswerFormat::Text)]
    pub format: AnswerFormat,
}

/// How an answer is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AnswerFormat {
    /// Text for people.
    Text,
    /// One object.
    Json,
}

/// The options of a run of cases.
#[derive(Debug, Args)]
pub struct PolicyTestOptions {
    /// Case files, and directories whose *.json files are cases, at any depth
    #[arg(value_name = "PATH", required = true)]
    pub paths: Vec<PathBuf>,
    /// How to print what came of them
    #[arg(long, value_enum, default_value_t = CasesFormat::Text)]
    pub format: CasesFormat,
}

/// How what came of cases is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CasesFormat {
    /// A line for each case, and more for one that did not come out as expected.
    Text,
    /// An array of objects.
    Json,
    /// JUnit XML, a test case each.
    Junit,
}

fn question() -> impl TypedValueParser<Value = Question> {
    PossibleValuesParser::new(Question::ALL.map(Question::name))
        .try_map(|name| Question::named(&name).ok_or_else(|| format!("there is no question `{name}`")))
}

fn absent_header() -> impl TypedValueParser<Value = AbsentHeader> {
    PossibleValuesParser::new(["deny", "default-ok"]).map(|meaning| match meaning.as_str() {
        "default-ok" => AbsentHeader::DefaultOk,
        _ => AbsentHeader::Deny,
    })
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
    /// The profile that selects and tailors requirements [default: the one that fits what is deployed] [env: TAP_AUDIT_PROFILE]
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
    /// Writes the evidence that the report rests on, as JSON; the judgement can be repeated from it
    #[arg(long, value_name = "FILE")]
    pub evidence_out: Option<PathBuf>,
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
            evidence_out: None,
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
    /// The profile whose recorded account is audited
    #[arg(long, default_value = "patient-data")]
    pub profile: String,
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
