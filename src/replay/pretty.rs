//! Text that a person can read and alter, and that means the same as before.

use std::collections::BTreeMap;

use serde_json::Value;

/// Returns a string as TOML writes it, in quotes.
pub(super) fn toml_string(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// Returns a name bare where TOML allows that, else in quotes.
pub(super) fn toml_key(name: &str) -> String {
    let bare = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if bare { name.to_owned() } else { toml_string(name) }
}

/// Returns a map on one line.
pub(super) fn toml_inline_table(map: &BTreeMap<String, String>) -> String {
    if map.is_empty() {
        return "{}".to_owned();
    }
    let members: Vec<String> =
        map.iter().map(|(name, value)| format!("{} = {}", toml_key(name), toml_string(value))).collect();
    format!("{{ {} }}", members.join(", "))
}

/// Returns a body as a literal block, so that nothing in it needs escaping; as a quoted string where TOML forbids that.
pub(super) fn toml_block(text: &str) -> String {
    let literal = !text.contains("'''")
        && !text.ends_with('\'')
        && text.chars().all(|c| c == '\n' || c == '\t' || !c.is_control());
    match (literal, text.contains('\n')) {
        (false, _) => toml_string(text),
        (true, true) => format!("'''\n{text}'''"),
        (true, false) => format!("'''{text}'''"),
    }
}

/// Returns a body with line breaks and indentation where those change nothing, else as it is.
pub(super) fn body(text: &str) -> String {
    let start = text.trim_start();
    let pretty = if start.starts_with('<') {
        xml(text)
    } else if start.starts_with(['{', '[']) {
        json(text)
    } else {
        None
    };
    pretty.unwrap_or_else(|| text.to_owned())
}

/// JSON is left alone when writing it again would change a value, as with numbers of too many digits.
fn json(text: &str) -> Option<String> {
    let Ok(value) = serde_json::from_str::<Value>(text) else { return None };
    let Ok(compact) = serde_json::to_string(&value) else { return None };
    if squeezed(&compact) != squeezed(text) {
        return None;
    }
    match serde_json::to_string_pretty(&value) {
        Ok(pretty) => Some(pretty),
        Err(_) => None,
    }
}

/// JSON without the white space between its tokens.
fn squeezed(text: &str) -> String {
    let (mut in_string, mut escaped) = (false, false);
    text.chars()
        .filter(|&c| {
            let keep = in_string || !c.is_whitespace();
            match c {
                _ if escaped => escaped = false,
                '\\' if in_string => escaped = true,
                '"' => in_string = !in_string,
                _ => {}
            }
            keep
        })
        .collect()
}

enum Token<'a> {
    Open(&'a str),
    Close(&'a str),
    /// A declaration or an element that closes itself.
    Alone(&'a str),
    Text(&'a str),
}

/// Line breaks are set only around elements that have no text beside them. Documents with comments, CDATA or a DTD are
/// left alone.
fn xml(text: &str) -> Option<String> {
    let tokens = tokens(text)?;
    let mut out = String::with_capacity(text.len() * 2);
    let mut depth = 0usize;
    let mut rest = tokens.as_slice();
    let line = |out: &mut String, depth: usize, piece: &[&str]| {
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&"  ".repeat(depth));
        out.extend(piece.iter().copied());
    };
    while let Some((token, after)) = rest.split_first() {
        rest = after;
        match (token, after) {
            (Token::Open(open), [Token::Close(close), tail @ ..]) => {
                line(&mut out, depth, &[open, close]);
                rest = tail;
            }
            (Token::Open(open), [Token::Text(value), Token::Close(close), tail @ ..]) => {
                line(&mut out, depth, &[open, value, close]);
                rest = tail;
            }
            (Token::Open(open), _) => {
                line(&mut out, depth, &[open]);
                depth += 1;
            }
            (Token::Close(close), _) => {
                depth = depth.checked_sub(1)?;
                line(&mut out, depth, &[close]);
            }
            (Token::Alone(tag), _) => line(&mut out, depth, &[tag]),
            (Token::Text(blank), _) if blank.trim().is_empty() => {}
            (Token::Text(_), _) => return None,
        }
    }
    (depth == 0).then_some(out)
}

fn tokens(text: &str) -> Option<Vec<Token<'_>>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let at = rest.find('<').unwrap_or(rest.len());
        let (before, tag) = rest.split_at(at);
        if !before.is_empty() {
            tokens.push(Token::Text(before));
        }
        if tag.is_empty() {
            break;
        }
        let (tag, after) = tag.split_at(end_of_tag(tag)?);
        rest = after;
        tokens.push(if tag.starts_with("<!") {
            return None;
        } else if tag.starts_with("</") {
            Token::Close(tag)
        } else if tag.starts_with("<?") || tag.ends_with("/>") {
            Token::Alone(tag)
        } else {
            Token::Open(tag)
        });
    }
    Some(tokens)
}

/// The position after a tag's `>`, which may also stand inside an attribute.
fn end_of_tag(tag: &str) -> Option<usize> {
    let mut quote = None;
    for (at, c) in tag.char_indices() {
        match (quote, c) {
            (None, '>') => return Some(at + 1),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xml_gets_lines_but_no_value_gets_white_space() {
        let text = r#"<?xml version="1.0"?><A x="1>0"><B></B><C> v </C><D/><E><F>1</F></E></A>"#;
        let pretty = "<?xml version=\"1.0\"?>\n<A x=\"1>0\">\n  <B></B>\n  <C> v </C>\n  <D/>\n  <E>\n    <F>1</F>\n  \
                      </E>\n</A>";
        assert_eq!(body(text), pretty);
        assert_eq!(body(pretty), pretty, "a second time changes nothing");
    }

    #[test]
    fn a_document_that_could_change_is_left_alone() {
        for text in ["<a>text<b/></a>", "<a><![CDATA[x]]><b/></a>", "<a><b></a", "<a><b>", "{\"a\": 1e400}", "{oops"] {
            assert_eq!(body(text), text);
        }
        let wide = r#"{"n":0.10000000000000000000001}"#;
        assert_eq!(body(wide), wide);
    }

    #[test]
    fn json_gets_lines_and_keeps_the_order_of_its_members() {
        assert_eq!(body(r#"{"b":" x \" y ","a":[1]}"#), "{\n  \"b\": \" x \\\" y \",\n  \"a\": [\n    1\n  ]\n}");
    }

    #[test]
    fn a_block_reads_back_as_the_text_that_was_written() {
        for text in ["", "one", "two\nlines", "\nleading", "it's", "'''", "ends with '", "tab\t", "cr\r\n", "\u{1b}"] {
            let file = format!("body = {}\n", toml_block(text));
            let read: toml::Table = file.parse().unwrap();
            assert_eq!(read["body"].as_str(), Some(text), "{file}");
        }
    }
}
