//! Lambda's runtimes and the days on which AWS stops patching them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::{Configuration, Function, Package, each_configuration};
use crate::check::Context;
use crate::observed::Gap;
use crate::verdict::{Judgement, Verdict};

const TEXT: &str = include_str!("../../data/lambda-runtimes.toml");

static TABLE: LazyLock<Result<Table, String>> =
    LazyLock::new(|| toml::from_str(TEXT).map_err(|error| error.to_string().trim().replace('\n', " ")));

/// The table that the program carries.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    as_of: Date,
    runtimes: BTreeMap<String, Deprecation>,
}

/// When AWS stops patching a runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
enum Deprecation {
    /// On this day.
    On(Date),
    /// AWS names no day.
    Unscheduled,
}

impl TryFrom<String> for Deprecation {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text == "unscheduled" {
            return Ok(Deprecation::Unscheduled);
        }
        let date = text.parse().map_err(|_| format!("expected YYYY-MM-DD or `unscheduled`, found `{text}`"))?;
        Ok(Deprecation::On(date))
    }
}

/// The parameters of `lambda-runtime-supported`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Supported {
    expected_runtime: String,
    near_days: i64,
    runtimes: BTreeMap<String, Deprecation>,
}

/// Container images bring their own runtime, so Lambda names none and has none to deprecate. A runtime that the table
/// lacks is an error: nothing is known of its support.
pub(super) fn supported(function: &Function, params: &Supported, context: &Context<'_>) -> Judgement {
    let today = day(context.evidence.run.started_at);
    each_configuration(function, |configuration| one(configuration, params, today))
}

/// The day of the audit, in UTC.
fn day(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

fn one(configuration: &Configuration, params: &Supported, today: Date) -> Judgement {
    let Some(runtime) = configuration.runtime.seen()? else {
        return match configuration.package.required("GetFunctionConfiguration", "PackageType")? {
            Package::Image => {
                Ok(Verdict::not_applicable("the function is a container image, which brings its runtime"))
            }
            Package::Zip => {
                Err(Gap::Incomplete { operation: "GetFunctionConfiguration".into(), field: "Runtime".into() })
            }
        };
    };
    let table = TABLE.as_ref().map_err(|error| Gap::undecided(format!("the runtime table is unreadable: {error}")))?;
    let (deprecation, source) = match (params.runtimes.get(runtime), table.runtimes.get(runtime)) {
        (Some(own), _) => (own, "the profile's parameters".to_owned()),
        (None, Some(shipped)) => (shipped, format!("runtime table of {}", table.as_of)),
        (None, None) => {
            return Err(Gap::undecided(format!(
                "unknown runtime `{runtime}`: the runtime table of {} does not list it; update tap-audit, or add it to the parameter `runtimes`",
                table.as_of
            )));
        }
    };
    let verdict = match deprecation {
        Deprecation::Unscheduled => {
            Verdict::satisfied(format!("runtime is {runtime}, whose deprecation is not scheduled ({source})"))
        }
        Deprecation::On(date) if *date <= today => Verdict::not_satisfied(
            format!("runtime is {runtime}, deprecated since {date} ({source})"),
            format!("a runtime that is still supported on {today}"),
        ),
        Deprecation::On(date) => {
            let days = date.duration_since(today).as_hours() / 24;
            let verdict = Verdict::satisfied(format!("runtime is {runtime}, supported until {date} ({source})"));
            if days <= params.near_days {
                verdict.noting(format!("deprecated in {days} day{}", if days == 1 { "" } else { "s" }))
            } else {
                verdict
            }
        }
    };
    Ok(if *runtime == params.expected_runtime {
        verdict
    } else {
        verdict.noting(format!("the templates ask for {}", params.expected_runtime))
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{active, configuration, with};
    use super::*;
    use crate::fixture::{denial, failed, judge, judge_with, not_applicable, passed, undecided};
    use crate::observed::Observed;

    const ID: &str = "lambda-runtime-supported";

    fn runtime(name: &str) -> Configuration {
        Configuration { runtime: Observed::Present(name.into()), ..configuration() }
    }

    #[test]
    fn the_shipped_table_is_readable_and_dated() {
        let table = TABLE.as_ref().unwrap();
        assert_eq!(table.as_of.to_string(), "2026-07-31");
        for name in [
            "python3.8",
            "python3.9",
            "python3.10",
            "python3.11",
            "python3.12",
            "python3.13",
            "python3.14",
            "nodejs16.x",
            "nodejs18.x",
            "nodejs20.x",
            "nodejs22.x",
            "nodejs24.x",
            "java8",
            "java8.al2",
            "java11",
            "java17",
            "java21",
            "java25",
            "dotnet6",
            "dotnet8",
            "dotnet10",
            "go1.x",
            "ruby2.7",
            "ruby3.2",
            "ruby3.3",
            "ruby3.4",
            "provided",
            "provided.al2",
            "provided.al2023",
        ] {
            assert!(table.runtimes.contains_key(name), "{name}");
        }
    }

    #[test]
    fn a_runtime_that_is_supported_on_the_day_of_the_audit_passes_with_the_table_s_date() {
        assert_eq!(
            passed(judge(ID, &active())),
            "runtime is python3.11, supported until 2027-06-30 (runtime table of 2026-07-31)"
        );
    }

    #[test]
    fn a_runtime_deprecated_on_or_before_the_day_of_the_audit_fails() {
        assert_eq!(
            failed(judge(ID, &with(runtime("python3.8")))),
            "runtime is python3.8, deprecated since 2024-10-14 (runtime table of 2026-07-31) | the templates ask for python3.11"
        );
        let on_the_day = r#"runtimes = { "python3.11" = "2026-11-01" }"#;
        assert_eq!(
            failed(judge_with(ID, on_the_day, &active())),
            "runtime is python3.11, deprecated since 2026-11-01 (the profile's parameters)"
        );
    }

    #[test]
    fn a_runtime_near_its_end_passes_with_a_remark() {
        let tomorrow = r#"runtimes = { "python3.11" = "2026-11-02" }"#;
        assert_eq!(
            passed(judge_with(ID, tomorrow, &active())),
            "runtime is python3.11, supported until 2026-11-02 (the profile's parameters) | deprecated in 1 day"
        );
        let in_ninety = r#"runtimes = { "python3.11" = "2027-01-30" }"#;
        assert!(passed(judge_with(ID, in_ninety, &active())).ends_with("| deprecated in 90 days"));
        let in_ninety_one = r#"runtimes = { "python3.11" = "2027-01-31" }"#;
        assert!(!passed(judge_with(ID, in_ninety_one, &active())).contains('|'));
    }

    #[test]
    fn a_runtime_without_a_deprecation_date_passes() {
        let params = r#"runtimes = { "python3.11" = "unscheduled" }"#;
        assert_eq!(
            passed(judge_with(ID, params, &active())),
            "runtime is python3.11, whose deprecation is not scheduled (the profile's parameters)"
        );
    }

    #[test]
    fn another_supported_runtime_passes_with_a_remark() {
        assert_eq!(
            passed(judge(ID, &with(runtime("nodejs24.x")))),
            "runtime is nodejs24.x, supported until 2028-04-30 (runtime table of 2026-07-31) | the templates ask for python3.11"
        );
    }

    #[test]
    fn a_runtime_that_the_table_lacks_is_an_error_and_never_a_pass() {
        assert_eq!(
            undecided(judge(ID, &with(runtime("cobol1.x")))),
            "unknown runtime `cobol1.x`: the runtime table of 2026-07-31 does not list it; update tap-audit, or add it to the parameter `runtimes`"
        );
    }

    #[test]
    fn a_container_image_has_no_runtime_of_lambda() {
        let image =
            Configuration { runtime: Observed::Absent, package: Observed::Present(Package::Image), ..configuration() };
        assert_eq!(
            not_applicable(judge(ID, &with(image))),
            "the function is a container image, which brings its runtime"
        );
    }

    #[test]
    fn an_archive_without_a_runtime_is_an_error() {
        let archive = Configuration { runtime: Observed::Absent, ..configuration() };
        assert!(undecided(judge(ID, &with(archive))).starts_with("GetFunctionConfiguration answered without Runtime"));
        let neither = Configuration { runtime: Observed::Absent, package: Observed::Absent, ..configuration() };
        assert!(
            undecided(judge(ID, &with(neither))).starts_with("GetFunctionConfiguration answered without PackageType")
        );
    }

    #[test]
    fn an_unreadable_runtime_is_an_error() {
        let unread = Configuration { runtime: Observed::Unknown(denial()), ..configuration() };
        assert_eq!(undecided(judge(ID, &with(unread))), denial().to_string());
    }
}
