//! Options, environment and settings file, read once at the start: flag before `TAP_AUDIT_*` before `tap-audit.toml`
//! before default, each with where it came from.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use tap_audit_checks::requirement::Severity;
use tap_audit_reports::Format;

use crate::cli::AuditOptions;

/// Where the time comes from.
#[derive(Clone, Copy, Debug)]
pub enum Clock {
    /// The system's clock.
    System,
    /// One fixed time, so that the same evidence gives the same bytes (`SOURCE_DATE_EPOCH`).
    Fixed(Timestamp),
}

impl Clock {
    /// The time.
    pub fn now(self) -> Timestamp {
        match self {
            Clock::System => {
                // Finer than a machine's clock is true to, and than a reader wants.
                let now = Timestamp::now();
                now.round(jiff::Unit::Millisecond).unwrap_or(now)
            }
            Clock::Fixed(at) => at,
        }
    }
}

/// Where a setting came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A flag of the command line.
    Flag,
    /// An environment variable.
    Environment(&'static str),
    /// A settings file.
    File(PathBuf),
    /// Nobody said anything.
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Flag => f.write_str("flag"),
            Source::Environment(name) => write!(f, "environment, {name}"),
            Source::File(path) => write!(f, "file, {}", path.display()),
            Source::Default => f.write_str("default"),
        }
    }
}

/// A value and where it came from.
#[derive(Clone, Debug)]
pub struct Set<T> {
    /// The value.
    pub value: T,
    /// Where it came from.
    pub source: Source,
}

/// A report to write: a format, and a file for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The format.
    pub format: Format,
    /// The file; `None` for standard output.
    pub path: Option<PathBuf>,
}

/// The file that an HTML report goes to when no other is named.
pub const HTML_FILE: &str = "tap-audit-report.html";

impl std::str::FromStr for Wanted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (format, path) = match text.split_once(':') {
            Some((_, "")) => return Err(format!("`{text}` names no file after the colon")),
            Some((format, path)) => (format, Some(PathBuf::from(path))),
            None => (text, None),
        };
        let format: Format = format.parse().map_err(|error| format!("{error}"))?;
        let path = match (format, path) {
            (Format::Html, None) => Some(PathBuf::from(HTML_FILE)),
            (_, path) => path,
        };
        Ok(Wanted { format, path })
    }
}

/// What the environment says, read once.
#[derive(Clone, Debug)]
pub struct Environment {
    /// The fixed clock, where `SOURCE_DATE_EPOCH` sets one.
    pub clock: Clock,
    /// The width that `COLUMNS` sets.
    pub columns: Option<u16>,
    /// Whether colour is wished for, refused, or left to the terminal.
    pub color: Option<bool>,
    /// Whether this is a run of a CI system, whose terminals lie about their width.
    pub ci: bool,
    /// The hint `STACK_NAME`.
    pub stack_name: Option<String>,
    /// The hint `ENVIRONMENT_SUFFIX`.
    pub environment_suffix: Option<String>,
}

impl Environment {
    /// Reads the environment through this function, which gives a variable's value.
    ///
    /// # Errors
    /// When `SOURCE_DATE_EPOCH` is not a number of seconds.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let clock = match set("SOURCE_DATE_EPOCH") {
            None => Clock::System,
            Some(text) => {
                let seconds = text.parse().map_err(|_| SettingsError::SourceDateEpoch)?;
                Clock::Fixed(Timestamp::from_second(seconds).map_err(|_| SettingsError::SourceDateEpoch)?)
            }
        };
        let forced = |name: &str| set(name).is_some_and(|value| value != "0");
        let color = if set("NO_COLOR").is_some() || set("TERM").as_deref() == Some("dumb") {
            Some(false)
        } else if forced("CLICOLOR_FORCE") || forced("FORCE_COLOR") {
            Some(true)
        } else {
            None
        };
        Ok(Environment {
            clock,
            columns: columns(set("COLUMNS")),
            color,
            ci: set("CI").is_some(),
            stack_name: set("STACK_NAME"),
            environment_suffix: set("ENVIRONMENT_SUFFIX"),
        })
    }
}

#[expect(clippy::disallowed_methods, reason = "a shell's odd COLUMNS is no reason to stop an audit")]
fn columns(text: Option<String>) -> Option<u16> {
    text.and_then(|text| text.parse().ok())
}

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The fixed clock is malformed.
    #[error("SOURCE_DATE_EPOCH is not a number of seconds since 1970")]
    SourceDateEpoch,
    /// The settings file cannot be read.
    #[error("cannot read {path}: {reason}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong and where.
        reason: String,
    },
    /// A value of the settings file or environment is malformed.
    #[error("`{name}` from {origin}: {reason}")]
    Value {
        /// The setting.
        name: &'static str,
        /// Where it came from.
        origin: Source,
        /// What is wrong.
        reason: String,
    },
    /// Two reports would go to standard output.
    #[error(
        "two formats without a file would both go to standard output; give one a file, as in `--format json:report.json`"
    )]
    TwoOnStdout,
}

/// What a settings file may hold. Unknown keys are errors.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SettingsFile {
    outputs: Option<PathBuf>,
    format: Option<Vec<String>>,
    profile: Option<String>,
    stack_name: Option<String>,
    region: Option<String>,
    environment_suffix: Option<String>,
    fail_on: Option<String>,
    call_timeout: Option<u64>,
}

/// The settings of an audit.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The outputs file.
    pub outputs: Set<PathBuf>,
    /// The reports to write.
    pub formats: Set<Vec<Wanted>>,
    /// The profile; `None` for the one that fits what is deployed.
    pub profile: Set<Option<String>>,
    /// The stack's name.
    pub stack_name: Set<Option<String>>,
    /// The region.
    pub region: Set<Option<String>>,
    /// The environment suffix.
    pub environment_suffix: Set<Option<String>>,
    /// The severity from which a failure moves the exit code.
    pub fail_on: Set<Severity>,
    /// The time for one call.
    pub call_timeout: Set<Duration>,
}

/// What stands for the profile where none is named.
const BY_WHAT_IS_DEPLOYED: &str = "(the one that fits what is deployed)";

/// The outputs file that is read when no other is named.
pub const OUTPUTS_FILE: &str = "cfn-outputs/flat-outputs.json";

impl Settings {
    /// Puts the settings together. `found` is the settings file's text and path, where there is one.
    ///
    /// # Errors
    /// When a value is malformed or the file holds an unknown key.
    pub fn resolve(
        options: &AuditOptions,
        variable: impl Fn(&str) -> Option<String>,
        environment: &Environment,
        found: Option<(PathBuf, String)>,
    ) -> Result<Self, SettingsError> {
        let file = match &found {
            None => None,
            Some((path, text)) => Some(toml::from_str::<SettingsFile>(text).map_err(|error| SettingsError::File {
                path: path.clone(),
                reason: error.to_string().trim_end().to_owned(),
            })?),
        };
        let path = found.map(|(path, _)| path);
        let pick = Pick { variable: &variable, path: path.as_deref() };
        let file = file.as_ref();
        let formats =
            match (&options.format, pick.variable("TAP_AUDIT_FORMAT"), file.and_then(|file| file.format.clone())) {
                (given, ..) if !given.is_empty() => Set { value: given.clone(), source: Source::Flag },
                (_, Some(text), _) => {
                    pick.formats(text.split(',').map(str::to_owned).collect(), Source::Environment("TAP_AUDIT_FORMAT"))?
                }
                (_, None, Some(list)) => pick.formats(list, pick.file())?,
                (_, None, None) => {
                    Set { value: vec![Wanted { format: Format::Text, path: None }], source: Source::Default }
                }
            };
        if formats.value.iter().filter(|wanted| wanted.path.is_none()).count() > 1 {
            return Err(SettingsError::TwoOnStdout);
        }
        let mut stack_name = pick.text(
            options.stack_name.clone(),
            "TAP_AUDIT_STACK_NAME",
            file.and_then(|file| file.stack_name.clone()),
        );
        if let (None, Some(hint)) = (&stack_name.value, &environment.stack_name) {
            stack_name = Set { value: Some(hint.clone()), source: Source::Environment("STACK_NAME") };
        }
        let mut suffix = pick.text(
            options.environment_suffix.clone(),
            "TAP_AUDIT_ENVIRONMENT_SUFFIX",
            file.and_then(|file| file.environment_suffix.clone()),
        );
        if let (None, Some(hint)) = (&suffix.value, &environment.environment_suffix) {
            suffix = Set { value: Some(hint.clone()), source: Source::Environment("ENVIRONMENT_SUFFIX") };
        }
        let text = |set: Set<Option<String>>, default: &str| Set {
            value: set.value.unwrap_or_else(|| default.to_owned()),
            source: set.source,
        };
        let outputs = pick.text(
            options.outputs.as_ref().map(|path| path.display().to_string()),
            "TAP_AUDIT_OUTPUTS",
            file.and_then(|file| file.outputs.as_ref().map(|path| path.display().to_string())),
        );
        let outputs = text(outputs, OUTPUTS_FILE);
        let fail_on = text(
            pick.text(
                options.fail_on.map(|severity| severity.name().to_owned()),
                "TAP_AUDIT_FAIL_ON",
                file.and_then(|file| file.fail_on.clone()),
            ),
            "low",
        );
        let call_timeout = text(
            pick.text(
                options.call_timeout.map(|seconds| seconds.to_string()),
                "TAP_AUDIT_CALL_TIMEOUT",
                file.and_then(|file| file.call_timeout.map(|seconds| seconds.to_string())),
            ),
            "20",
        );
        Ok(Settings {
            outputs: Set { value: PathBuf::from(outputs.value), source: outputs.source },
            formats,
            profile: pick.text(
                options.profile.clone(),
                "TAP_AUDIT_PROFILE",
                file.and_then(|file| file.profile.clone()),
            ),
            stack_name,
            region: pick.text(options.region.clone(), "TAP_AUDIT_REGION", file.and_then(|file| file.region.clone())),
            environment_suffix: suffix,
            fail_on: Set {
                value: severity(&fail_on.value).map_err(|reason| value("fail_on", &fail_on.source, reason))?,
                source: fail_on.source,
            },
            call_timeout: match call_timeout.value.parse::<u64>() {
                Ok(seconds @ 1..=600) => Set { value: Duration::from_secs(seconds), source: call_timeout.source },
                Ok(_) | Err(_) => {
                    let reason = format!("`{}` is not a number of seconds from 1 to 600", call_timeout.value);
                    return Err(value("call_timeout", &call_timeout.source, reason));
                }
            },
        })
    }

    /// Each setting with its value and where it came from, a line each.
    pub fn show(&self) -> String {
        let or_none = |value: &Option<String>| value.clone().unwrap_or_else(|| "(none)".to_owned());
        let formats = self.formats.value.iter().map(|wanted| match &wanted.path {
            Some(path) => format!("{}:{}", wanted.format, path.display()),
            None => wanted.format.to_string(),
        });
        let rows = [
            ("outputs", self.outputs.value.display().to_string(), &self.outputs.source),
            ("format", formats.collect::<Vec<_>>().join(","), &self.formats.source),
            (
                "profile",
                self.profile.value.clone().unwrap_or_else(|| BY_WHAT_IS_DEPLOYED.to_owned()),
                &self.profile.source,
            ),
            ("stack_name", or_none(&self.stack_name.value), &self.stack_name.source),
            ("region", or_none(&self.region.value), &self.region.source),
            ("environment_suffix", or_none(&self.environment_suffix.value), &self.environment_suffix.source),
            ("fail_on", self.fail_on.value.name().to_owned(), &self.fail_on.source),
            ("call_timeout", self.call_timeout.value.as_secs().to_string(), &self.call_timeout.source),
        ];
        rows.iter().map(|(name, value, source)| format!("{name} = {value}  ({source})\n")).collect()
    }
}

struct Pick<'a, F> {
    variable: &'a F,
    path: Option<&'a Path>,
}

impl<F: Fn(&str) -> Option<String>> Pick<'_, F> {
    fn variable(&self, name: &str) -> Option<String> {
        (self.variable)(name).filter(|value| !value.is_empty())
    }

    fn file(&self) -> Source {
        self.path.map_or(Source::Default, |path| Source::File(path.to_owned()))
    }

    fn text(&self, flag: Option<String>, name: &'static str, file: Option<String>) -> Set<Option<String>> {
        if flag.is_some() {
            Set { value: flag, source: Source::Flag }
        } else if let Some(value) = self.variable(name) {
            Set { value: Some(value), source: Source::Environment(name) }
        } else if file.is_some() {
            Set { value: file, source: self.file() }
        } else {
            Set { value: None, source: Source::Default }
        }
    }

    fn formats(&self, list: Vec<String>, source: Source) -> Result<Set<Vec<Wanted>>, SettingsError> {
        let parse = |text: String| text.trim().parse::<Wanted>();
        match list.into_iter().map(parse).collect() {
            Ok(formats) => Ok(Set { value: formats, source }),
            Err(reason) => Err(value("format", &source, reason)),
        }
    }
}

fn value(name: &'static str, origin: &Source, reason: String) -> SettingsError {
    SettingsError::Value { name, origin: origin.clone(), reason }
}

/// Reads a severity.
///
/// # Errors
/// A sentence that lists the severities.
pub fn severity(text: &str) -> Result<Severity, String> {
    let named = Severity::ALL.into_iter().find(|severity| severity.name() == text);
    named.ok_or_else(|| format!("`{text}` is no severity; the severities are critical, high, medium, low"))
}

/// Finds `tap-audit.toml` in this directory or the nearest one above it.
///
/// # Errors
/// When there is one that cannot be read.
pub fn find_file(from: &Path) -> Result<Option<(PathBuf, String)>, SettingsError> {
    for directory in from.ancestors() {
        let path = directory.join("tap-audit.toml");
        match std::fs::read_to_string(&path) {
            Ok(text) => return Ok(Some((path, text))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(SettingsError::File { path, reason: error.to_string() }),
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::AuditOptions;

    fn nothing(_: &str) -> Option<String> {
        None
    }

    fn resolve(
        options: &AuditOptions,
        variable: impl Fn(&str) -> Option<String>,
        file: Option<&str>,
    ) -> Result<Settings, SettingsError> {
        let environment = Environment::read(&variable)?;
        Settings::resolve(
            options,
            variable,
            &environment,
            file.map(|text| (PathBuf::from("tap-audit.toml"), text.to_owned())),
        )
    }

    #[test]
    fn a_flag_beats_the_environment_which_beats_the_file() {
        let file = Some("region = \"eu-west-2\"\n");
        let settings = resolve(&AuditOptions::none(), nothing, file).unwrap();
        assert_eq!(settings.region.value.as_deref(), Some("eu-west-2"));
        let set = |name: &str| (name == "TAP_AUDIT_REGION").then(|| "us-east-1".to_owned());
        let settings = resolve(&AuditOptions::none(), set, file).unwrap();
        assert_eq!(settings.region.value.as_deref(), Some("us-east-1"));
        assert_eq!(settings.region.source, Source::Environment("TAP_AUDIT_REGION"));
        let options = AuditOptions { region: Some("us-east-2".into()), ..AuditOptions::none() };
        let settings = resolve(&options, set, file).unwrap();
        assert_eq!((settings.region.value.as_deref(), settings.region.source), (Some("us-east-2"), Source::Flag));
    }

    #[test]
    fn an_unknown_key_of_the_file_is_an_error_that_names_it() {
        let error = resolve(&AuditOptions::none(), nothing, Some("regoin = \"x\"\n")).unwrap_err();
        assert!(error.to_string().contains("regoin"), "{error}");
    }

    #[test]
    fn the_teams_own_variables_are_hints() {
        let set = |name: &str| (name == "ENVIRONMENT_SUFFIX").then(|| "pr6640".to_owned());
        let settings = resolve(&AuditOptions::none(), set, None).unwrap();
        assert_eq!(settings.environment_suffix.value.as_deref(), Some("pr6640"));
        assert!(settings.show().contains("environment_suffix = pr6640  (environment, ENVIRONMENT_SUFFIX)"));
    }

    #[test]
    fn html_goes_to_a_file_and_two_reports_do_not_share_standard_output() {
        assert_eq!("html".parse::<Wanted>().unwrap().path, Some(PathBuf::from(HTML_FILE)));
        let both = vec!["json".parse().unwrap(), "text".parse().unwrap()];
        let error = resolve(&AuditOptions { format: both, ..AuditOptions::none() }, nothing, None).unwrap_err();
        assert!(error.to_string().starts_with("two formats without a file"));
        assert!("pdf".parse::<Wanted>().unwrap_err().contains("pdf"));
    }

    #[test]
    fn a_severity_that_does_not_exist_is_refused() {
        let set = |name: &str| (name == "TAP_AUDIT_FAIL_ON").then(|| "severe".to_owned());
        let error = resolve(&AuditOptions::none(), set, None).unwrap_err();
        assert!(error.to_string().contains("critical, high, medium, low"), "{error}");
    }
}
