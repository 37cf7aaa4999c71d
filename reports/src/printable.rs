//! Keeps text from AWS and from files from steering a terminal, breaking a document or reading other than it is.

use std::borrow::Cow;

/// Whether a character does something other than being seen: a control character, a mark that turns the direction of
/// the text, or one that XML cannot hold. Tabs and newlines are harmless here.
fn is_steering(character: char) -> bool {
    match character {
        '\t' | '\n' => false,
        '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        '\u{fffe}' | '\u{ffff}' => true,
        other => other.is_control(),
    }
}

/// The text with a visible mark in place of each steering character, so that a reader sees that one was there.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(is_steering) {
        return Cow::Borrowed(text);
    }
    let text = text.replace("\r\n", "\n");
    Cow::Owned(text.replace(is_steering, "\u{fffd}"))
}

/// The text on one line: printable, with line breaks and tabs as spaces.
pub(crate) fn one_line(text: &str) -> Cow<'_, str> {
    let text = printable(text);
    if text.contains(['\n', '\t']) { Cow::Owned(text.replace(['\n', '\t'], " ")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_escape_and_a_turned_text_are_marked_and_not_obeyed() {
        assert_eq!(printable("a\u{1b}[2Jb\u{202e}c\u{0}"), "a\u{fffd}[2Jb\u{fffd}c\u{fffd}");
    }

    #[test]
    fn ordinary_text_stays_as_it_is() {
        assert_eq!(printable("Zugriff verweigert – 患者\n\tok"), "Zugriff verweigert – 患者\n\tok");
        assert_eq!(printable("one\r\ntwo"), "one\ntwo");
    }

    #[test]
    fn one_line_has_no_line_break() {
        assert_eq!(one_line("one\r\ntwo\tthree"), "one two three");
    }
}
