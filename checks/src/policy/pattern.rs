//! Patterns: literal text, wildcards and variables.

use std::hash::{Hash, Hasher};

use crate::policy::model::Version;

/// A value with its wildcards and variables, as written in a resource or in a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// As written.
    pub text: String,
    /// The parts in order. Literal parts are never empty and never adjacent.
    pub parts: Vec<Part>,
}

/// One part of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// This text, with case.
    Literal(String),
    /// `*`: any number of characters, where the operator has wildcards.
    Star,
    /// `?`: one character, where the operator has wildcards.
    One,
    /// `${key}` or `${key, 'default'}`: the value of that key of the request, literally.
    Variable {
        /// The key in lower case.
        key: String,
        /// The text that stands for it where the request has no such key.
        default: Option<String>,
    },
    /// `${...}` of a form that nobody documents.
    Unreadable(String),
}

/// By the text alone, which says nearly all.
impl Hash for Pattern {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl Pattern {
    /// Reads a pattern. Under [`Version::V2008`] a `${` is literal text. `${*}`, `${?}` and `${$}` are the literal
    /// character. A `${` that is never closed is literal text.
    ///
    /// Stars that stand together stay apart: an operator without wildcards means each of them literally.
    pub fn parse(text: &str, version: Version) -> Pattern {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        // Looked for once, for a text may hold any number of `${` that are never closed.
        let last_brace = match version {
            Version::V2008 => 0,
            Version::V2012 => text.rfind('}').unwrap_or(0),
        };
        while let Some(at) = rest.find(['*', '?', '$']) {
            let (before, special) = rest.split_at(at);
            literal.push_str(before);
            let closable = text.len() - special.len() < last_brace;
            let written = if closable { braced(special) } else { None };
            let written = written.unwrap_or(&special[..1]);
            match part(written) {
                Some(Part::Literal(character)) => literal.push_str(&character),
                Some(part) => push(&mut parts, &mut literal, part),
                None => push(&mut parts, &mut literal, Part::Unreadable(written.into())),
            }
            rest = &special[written.len()..];
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(Part::Literal(literal));
        }
        Pattern { text: text.into(), parts }
    }

    /// The one text that fits; `None` where there is a wildcard or a variable.
    pub fn literal(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// The one text that fits where the operator has no wildcards; `None` where there is a variable.
    pub fn exact(&self) -> Option<String> {
        self.parts
            .iter()
            .map(|part| match part {
                Part::Literal(text) => Some(text.as_str()),
                Part::Star => Some("*"),
                Part::One => Some("?"),
                Part::Variable { .. } | Part::Unreadable(_) => None,
            })
            .collect()
    }

    /// Whether a variable or an unreadable `${...}` is among the parts.
    pub fn has_variable(&self) -> bool {
        self.parts.iter().any(|part| match part {
            Part::Variable { .. } | Part::Unreadable(_) => true,
            Part::Literal(_) | Part::Star | Part::One => false,
        })
    }
}

/// Adds a part behind the literal text that was gathered before it.
fn push(parts: &mut Vec<Part>, literal: &mut String, part: Part) {
    if !literal.is_empty() {
        parts.push(Part::Literal(std::mem::take(literal)));
    }
    parts.push(part);
}

/// The `${...}` that the text begins with, as written; `None` where it does not begin with one.
///
/// With a brace within, or a quotation mark that is not closed, nobody can say which brace closes it. It then runs to the
/// last one there is, so that no literal text is made of what may belong to it.
fn braced(text: &str) -> Option<&str> {
    let inner = text.strip_prefix("${")?;
    let first = inner.find('}')?;
    let within = &inner[..first];
    let doubtful = within.contains('{') || within.matches('\'').count() % 2 == 1;
    let end = if doubtful { inner.rfind('}')? } else { first };
    Some(&text[.."${".len() + end + 1])
}

/// What a special character or a whole `${...}` stands for; `None` where nobody documents it.
fn part(written: &str) -> Option<Part> {
    match written {
        "*" => return Some(Part::Star),
        "?" => return Some(Part::One),
        "$" => return Some(Part::Literal("$".into())),
        _ => {}
    }
    let inner = written.strip_prefix("${")?.strip_suffix('}')?;
    if let "*" | "?" | "$" = inner {
        return Some(Part::Literal(inner.into()));
    }
    let (key, default) = match inner.split_once(',') {
        None => (inner, None),
        Some((key, default)) => {
            let default = default.trim_start_matches(' ').strip_prefix('\'')?.strip_suffix('\'')?;
            if default.contains(['\'', '{', '}']) {
                return None;
            }
            (key.trim_end_matches(' '), Some(default.to_owned()))
        }
    };
    is_key(key).then(|| Part::Variable { key: key.to_ascii_lowercase(), default })
}

/// Whether it can be a condition key: a prefix, a colon and a name, of the characters that keys and tags have.
fn is_key(text: &str) -> bool {
    let whole = text.split_once(':').is_some_and(|(prefix, name)| !prefix.is_empty() && !name.is_empty());
    whole
        && !text.starts_with(' ')
        && !text.ends_with(' ')
        && text.chars().all(|character| character.is_alphanumeric() || " _.:/=+-@".contains(character))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Vec<Part> {
        let pattern = Pattern::parse(text, Version::V2012);
        assert_eq!(pattern.text, text);
        assert_tidy(&pattern);
        pattern.parts
    }

    fn assert_tidy(pattern: &Pattern) {
        let mut after_literal = false;
        for part in &pattern.parts {
            let literal = matches!(part, Part::Literal(_));
            assert!(!(literal && after_literal), "adjacent literals in {pattern:?}");
            assert_ne!(*part, Part::Literal(String::new()), "an empty literal in {pattern:?}");
            after_literal = literal;
        }
    }

    fn literal(text: &str) -> Part {
        Part::Literal(text.into())
    }

    fn variable(key: &str, default: Option<&str>) -> Part {
        Part::Variable { key: key.into(), default: default.map(str::to_owned) }
    }

    fn unreadable(text: &str) -> Part {
        Part::Unreadable(text.into())
    }

    #[test]
    fn a_text_without_anything_special_is_one_literal() {
        assert_eq!(parts("arn:aws:s3:::Records/a b[c-d]"), [literal("arn:aws:s3:::Records/a b[c-d]")]);
        assert_eq!(parts(""), []);
        assert_eq!(parts("grün$"), [literal("grün$")]);
    }

    #[test]
    fn stars_and_question_marks_are_wildcards_and_stars_stay_apart() {
        assert_eq!(parts("a*b?"), [literal("a"), Part::Star, literal("b"), Part::One]);
        assert_eq!(parts("**"), [Part::Star, Part::Star]);
    }

    #[test]
    fn a_variable_is_read_with_its_key_in_lower_case() {
        assert_eq!(
            parts("home/${aws:UserName}/*"),
            [literal("home/"), variable("aws:username", None), literal("/"), Part::Star]
        );
        assert_eq!(parts("${aws:PrincipalTag/Cost Center}"), [variable("aws:principaltag/cost center", None)]);
        assert_eq!(parts("${a:b}${c:d}"), [variable("a:b", None), variable("c:d", None)]);
    }

    #[test]
    fn a_default_keeps_its_case_and_the_comma_may_have_spaces_around_it() {
        let expected = [variable("aws:principaltag/team", Some("Company-Wide *"))];
        assert_eq!(parts("${aws:PrincipalTag/team, 'Company-Wide *'}"), expected);
        assert_eq!(parts("${aws:PrincipalTag/team,'Company-Wide *'}"), expected);
        assert_eq!(parts("${aws:PrincipalTag/team  ,   'Company-Wide *'}"), expected);
        assert_eq!(parts("${a:b, ''}"), [variable("a:b", Some(""))]);
        assert_eq!(parts("${a:b, 'c, d'}"), [variable("a:b", Some("c, d"))]);
    }

    #[test]
    fn escaped_wildcards_and_dollars_join_the_literal_text_around_them() {
        assert_eq!(parts("a${*}b${?}c${$}{d}"), [literal("a*b?c${d}")]);
        assert_eq!(parts("${*}*"), [literal("*"), Part::Star]);
        assert_eq!(parts("${$}{aws:username}"), [literal("${aws:username}")]);
    }

    #[test]
    fn a_brace_that_is_never_closed_is_literal_text() {
        assert_eq!(parts("a${aws:username"), [literal("a${aws:username")]);
        assert_eq!(parts("a}${*"), [literal("a}${"), Part::Star]);
        assert_eq!(parts("${"), [literal("${")]);
        assert_eq!(parts("$}"), [literal("$}")]);
    }

    #[test]
    fn any_other_form_in_braces_is_unreadable() {
        for text in [
            "${}",
            "${ }",
            "${**}",
            "${ * }",
            "${ aws:username}",
            "${aws:username }",
            "${username}",
            "${:username}",
            "${aws:}",
            "${aws:user*}",
            "${aws:$name}",
            "${aws:username,}",
            "${aws:username, }",
            "${aws:username, anonymous}",
            "${aws:username, 'anonymous}",
            "${aws:username, anonymous'}",
            "${aws:username, \"anonymous\"}",
            "${aws:username, 'it''s'}",
            "${aws:username, 'a' }",
            "${aws:username 'a'}",
            "${aws:username, '}",
            "${aws:username, 'a}b'}",
            "${aws:username, '{'}",
            "${aws:username, '${aws:userid}'}",
            "${aws:${aws:userid}}",
            "${*, 'a'}",
        ] {
            assert_eq!(parts(text), [unreadable(text)], "{text}");
        }
    }

    #[test]
    fn an_unreadable_form_ends_at_its_brace_unless_nobody_can_say_which_that_is() {
        assert_eq!(parts("${}/${a:b}"), [unreadable("${}"), literal("/"), variable("a:b", None)]);
        assert_eq!(
            parts("x${a:${b:c}}/${d:e}/f*"),
            [literal("x"), unreadable("${a:${b:c}}/${d:e}"), literal("/f"), Part::Star]
        );
    }

    #[test]
    fn the_first_version_of_the_language_has_wildcards_and_no_variables() {
        let pattern = Pattern::parse("a/${aws:username}/${*}", Version::V2008);
        assert_tidy(&pattern);
        assert_eq!(pattern.parts, [literal("a/${aws:username}/${"), Part::Star, literal("}")]);
        assert!(!pattern.has_variable());
    }

    #[test]
    fn a_literal_is_known_only_without_wildcards_and_variables() {
        let read = |text| Pattern::parse(text, Version::V2012);
        assert_eq!(read("a${*}").literal(), Some("a*"));
        assert_eq!(read("").literal(), Some(""));
        assert_eq!(read("a*").literal(), None);
        assert_eq!(read("${a:b}").literal(), None);
    }

    #[test]
    fn without_wildcards_in_the_operator_only_a_variable_leaves_the_text_open() {
        let read = |text| Pattern::parse(text, Version::V2012);
        assert_eq!(read("a**b?${*}").exact().as_deref(), Some("a**b?*"));
        assert_eq!(read("").exact().as_deref(), Some(""));
        assert_eq!(read("a${a:b}").exact(), None);
        assert_eq!(read("a${}").exact(), None);
    }

    #[test]
    fn long_texts_of_nothing_but_special_characters_are_read_in_one_go() {
        for unit in ["${", "${'", "${}", "${a:b}", "$", "*?", "}", "${*}", "${a:b, '"] {
            for closing in ["", "}"] {
                let text = unit.repeat(50_000) + closing;
                for version in [Version::V2008, Version::V2012] {
                    let pattern = Pattern::parse(&text, version);
                    assert_tidy(&pattern);
                    assert_eq!(pattern.text.len(), text.len());
                }
            }
        }
    }
}
