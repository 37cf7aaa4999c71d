//! Renders a report: text for a terminal, JSON for programs, JUnit XML for test runners, HTML for the file of an auditor.
//!
//! A renderer shows and decides nothing: it does not count, filter or sort, and it does not choose the exit code. The
//! same report gives the same bytes: no clock, no random ids, nothing of the machine.

#![deny(clippy::wildcard_enum_match_arm)]
#![forbid(unsafe_code)]

#[cfg(test)]
mod fixture;
mod grounds;
mod html;
mod json;
mod junit;
mod page;
pub mod policy;
mod printable;
#[cfg(test)]
mod tests;
mod text;
mod wording;

use std::fmt;
use std::str::FromStr;

use tap_audit_checks::report::Report;

pub use json::json_schema;

/// A format that a report can be rendered in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// Text for a terminal or a log.
    Text,
    /// JSON, schema version 1.
    Json,
    /// JUnit XML.
    Junit,
    /// One self-contained HTML file.
    Html,
}

impl Format {
    /// Every format.
    pub const ALL: [Format; 4] = [Format::Text, Format::Json, Format::Junit, Format::Html];

    /// The format's name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Format::Text => "text",
            Format::Json => "json",
            Format::Junit => "junit",
            Format::Html => "html",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Format::ALL.into_iter().find(|format| format.name() == name);
        found.ok_or_else(|| UnknownFormat { name: name.to_owned() })
    }
}

/// A name that no format has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown report format `{name}`: use one of {}", Format::ALL.map(Format::name).join(", "))]
pub struct UnknownFormat {
    name: String,
}

/// How text is laid out; the other formats do not look at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether words for outcomes are coloured too. They are there without colour as well.
    pub color: bool,
    /// How many columns there are. Fewer than 40 are treated as 40, more than 200 as 200.
    pub width: u16,
}

/// Why a report could not be rendered.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The JSON could not be written.
    #[error("cannot write the report as JSON")]
    Json(#[source] serde_json::Error),
    /// The XML could not be written.
    #[error("cannot write the report as JUnit XML")]
    Junit(#[source] std::io::Error),
}

/// Renders a report. The bytes end with a newline.
///
/// # Errors
/// When a format cannot be written, which no known report brings about.
pub fn render(report: &Report, format: Format, style: &Style) -> Result<Vec<u8>, RenderError> {
    match format {
        Format::Text => Ok(text::render(report, style).into_bytes()),
        Format::Json => json::render(report).map_err(RenderError::Json),
        Format::Junit => junit::render(report).map_err(RenderError::Junit),
        Format::Html => Ok(html::render(report).into_bytes()),
    }
}
