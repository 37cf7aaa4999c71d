//! The text of a terminal: laid out within its columns, and printable whatever it says.

use comfy_table::{ContentArrangement, LineStyle, Table, TableStyle};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::Style;
use crate::printable::printable;

/// A space at which no line is broken as long as what it ties fits on one.
pub(crate) const TIED: &str = "\u{a0}";
/// A line under the header and no others.
const RULED: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));
/// The columns that the label of a line in a finding takes.
const LABEL: usize = 10;

/// How a word stands out where colour is allowed.
#[derive(Clone, Copy)]
pub(crate) enum Paint {
    Plain,
    Strong,
    Faint,
    Good,
    Warn,
    Bad,
}

impl Paint {
    fn code(self) -> &'static str {
        match self {
            Paint::Plain => "",
            Paint::Strong => "\u{1b}[1m",
            Paint::Faint => "\u{1b}[2m",
            Paint::Good => "\u{1b}[32m",
            Paint::Warn => "\u{1b}[1;33m",
            Paint::Bad => "\u{1b}[1;31m",
        }
    }
}

/// The text so far. Whatever is added is made printable and laid out within the width.
pub(crate) struct Page {
    pub(crate) out: String,
    pub(crate) width: usize,
    color: bool,
}

impl Page {
    pub(crate) fn new(style: &Style) -> Self {
        Page { out: String::new(), width: usize::from(style.width).clamp(40, 200), color: style.color }
    }

    /// One empty line, and never two in a row.
    pub(crate) fn blank(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    fn paint(&self, paint: Paint, text: &str) -> String {
        if self.color && !paint.code().is_empty() && !text.trim().is_empty() {
            let start = text.len() - text.trim_start().len();
            let end = text.trim_end().len();
            format!("{}{}{}\u{1b}[0m{}", &text[..start], paint.code(), &text[start..end], &text[end..])
        } else {
            text.to_owned()
        }
    }

    fn line(&mut self, line: &str) {
        self.out.push_str(line.replace(TIED, " ").trim_end());
        self.out.push('\n');
    }

    /// A paragraph that stands out as a whole.
    pub(crate) fn painted(&mut self, paint: Paint, text: &str) {
        for line in wrap(&printable(text), self.width) {
            let line = self.paint(paint, &line);
            self.line(&line);
        }
    }

    /// A paragraph after a prefix that stands out; the lines below the first start under its text.
    pub(crate) fn hanging(&mut self, prefix: &str, paint: Paint, text: &str) {
        let indent = width(prefix);
        let lines = wrap(&printable(text), self.width.saturating_sub(indent));
        for (number, line) in lines.iter().enumerate() {
            let start = if number == 0 { self.paint(paint, prefix) } else { " ".repeat(indent) };
            // A paragraph without a prefix stands out itself.
            let line = if prefix.is_empty() { self.paint(paint, line) } else { line.clone() };
            self.line(&format!("{start}{line}"));
        }
    }

    /// A labelled line of a finding or a resource.
    pub(crate) fn field(&mut self, label: &str, text: &str) {
        self.hanging(&format!("      {label:<LABEL$}"), Paint::Faint, text);
    }

    /// A labelled command, broken such that a shell reads it as one.
    pub(crate) fn command(&mut self, label: &str, text: &str) {
        let room = self.width.saturating_sub(6 + LABEL);
        let text = printable(text);
        let lines: Vec<String> = text.lines().map(|line| break_command(line, room)).collect();
        self.field(label, &lines.join("\n"));
    }

    pub(crate) fn table(&self) -> Table {
        let mut table = Table::new();
        table.load_style(RULED);
        table.set_content_arrangement(ContentArrangement::Dynamic);
        // The same report gives the same bytes, whatever stdout is.
        table.force_no_tty();
        table.set_width(u16::try_from(self.width).unwrap_or(u16::MAX));
        table
    }

    pub(crate) fn place(&mut self, table: &Table) {
        for line in table.lines() {
            self.line(&line);
        }
    }
}

pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// Breaks text into lines of at most so many columns: at spaces, and in a word only where the word alone is too long.
/// Line breaks and the indentation after them stay. There is at least one line.
fn wrap(text: &str, room: usize) -> Vec<String> {
    let room = room.max(8);
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let paragraph = paragraph.replace('\t', "  ");
        let body = paragraph.trim_start_matches(' ');
        let indent = " ".repeat((paragraph.len() - body.len()).min(room / 2));
        let mut line = indent.clone();
        let mut is_empty = true;
        for word in body.split(' ') {
            if !is_empty && width(&line) + 1 + width(word) <= room {
                line.push(' ');
                line.push_str(word);
                continue;
            }
            if !is_empty {
                lines.push(std::mem::replace(&mut line, indent.clone()));
            }
            let mut rest = word;
            while width(&line) + width(rest) > room {
                let (piece, remaining) = split_word(rest, room - width(&line));
                lines.push(format!("{line}{piece}"));
                line.clone_from(&indent);
                rest = remaining;
            }
            line.push_str(rest);
            is_empty = false;
        }
        lines.push(line);
    }
    lines
}

/// Splits a word that is too long, after a separator where one lies near the end of the room.
fn split_word(word: &str, room: usize) -> (&str, &str) {
    let mut used = 0;
    let mut end = 0;
    let mut after_separator = 0;
    for (at, character) in word.char_indices() {
        used += character.width().map_or(0, |columns| columns);
        if used > room && at > 0 {
            break;
        }
        end = at + character.len_utf8();
        if "/:-_.,=".contains(character) {
            after_separator = end;
        }
    }
    let end = if after_separator * 3 > end * 2 { after_separator } else { end };
    word.split_at(end)
}

/// The text cut to so many columns, with a mark where something is left out.
pub(crate) fn fit(text: &str, room: usize) -> String {
    if width(text) <= room {
        return text.to_owned();
    }
    let (start, _) = split_at_width(text, room.saturating_sub(1));
    format!("{}…", start.trim_end())
}

fn split_at_width(text: &str, room: usize) -> (&str, &str) {
    let mut used = 0;
    for (at, character) in text.char_indices() {
        used += character.width().map_or(0, |columns| columns);
        if used > room {
            return text.split_at(at);
        }
    }
    (text, "")
}

/// Breaks a command of the AWS CLI at spaces outside of quotes, with the backslash that makes a shell read on.
/// Other text is left for the ordinary wrapping.
fn break_command(command: &str, room: usize) -> String {
    if !command.trim_start().starts_with("aws ") {
        return command.to_owned();
    }
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in words(command) {
        if line.is_empty() {
            line = word.to_owned();
        } else if width(&line) + 1 + width(word) + 2 <= room {
            line = format!("{line} {word}");
        } else {
            lines.push(format!("{line} \\"));
            line = format!("  {word}");
        }
    }
    lines.push(line);
    lines.join("\n")
}

/// The words of a command; what stands in quotes is part of one word.
fn words(command: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut quote = None;
    let mut start = 0;
    for (at, character) in command.char_indices() {
        match (quote, character) {
            (None, '\'' | '"') => quote = Some(character),
            (Some(open), close) if open == close => quote = None,
            (None, ' ') => {
                words.push(&command[start..at]);
                start = at + 1;
            }
            (Some(_) | None, _) => {}
        }
    }
    words.push(&command[start..]);
    words.into_iter().filter(|word| !word.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_broken_at_spaces_and_a_long_word_at_a_separator() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("arn:aws:s3:::bucket-name", 14), ["arn:aws:s3:::", "bucket-name"]);
        assert_eq!(wrap("abcdefghijkl", 8), ["abcdefgh", "ijkl"]);
        assert_eq!(wrap("", 8), [""]);
    }

    #[test]
    fn indentation_of_a_template_stays() {
        assert_eq!(wrap("A:\n  B: true", 40), ["A:", "  B: true"]);
    }

    #[test]
    fn wide_characters_count_as_two_columns() {
        assert!(wrap("患者患者患者", 8).iter().all(|line| width(line) <= 8));
        assert_eq!(fit("患者患者", 6), "患者…");
    }

    #[test]
    fn a_command_is_broken_outside_of_quotes_and_reads_on() {
        let command = "aws s3api put-bucket-versioning --bucket data --versioning-configuration 'Status=Enabled, MFADelete=Enabled'";
        assert_eq!(
            break_command(command, 60),
            "aws s3api put-bucket-versioning --bucket data \\\n  --versioning-configuration \\\n  'Status=Enabled, MFADelete=Enabled'"
        );
        assert_eq!(break_command("No command does it.", 10), "No command does it.");
    }
}
