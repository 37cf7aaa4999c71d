//! Wildcards, matched without recursion: the time grows with the product of the lengths at worst.

/// One part of a pattern, ready to be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// This text.
    Literal(&'a str),
    /// Any number of characters.
    Star,
    /// One character.
    One,
}

/// Whether the text is one that these tokens stand for: `count` tokens, of which `token` gives each.
///
/// Only the last star is ever reconsidered: what stands between two stars has a fixed length, so its first place is as
/// good as any later one.
pub(super) fn fits<'a>(count: usize, token: impl Fn(usize) -> Token<'a>, text: &str) -> bool {
    let (mut next, mut rest) = (0, text);
    let mut star: Option<(usize, &str)> = None;
    loop {
        let step = if next == count {
            rest.is_empty().then_some(rest)
        } else {
            match token(next) {
                Token::Star => {
                    star = Some((next + 1, rest));
                    Some(rest)
                }
                Token::Literal(literal) => rest.strip_prefix(literal),
                Token::One => after_one(rest),
            }
        };
        match (step, star) {
            (Some(_), _) if next == count => return true,
            (Some(_), Some((behind, _))) if behind == count => return true,
            (Some(left), _) => (next, rest) = (next + 1, left),
            (None, None) => return false,
            (None, Some((behind, from))) => {
                let Some(later) = after_one(from) else { return false };
                star = Some((behind, later));
                (next, rest) = (behind, later);
            }
        }
    }
}

/// Whether a text fits a pattern in which every `*` and `?` is a wildcard.
pub(super) fn plain(pattern: &str, text: &str) -> bool {
    let (mut pattern_rest, mut rest) = (pattern, text);
    let mut star: Option<(&str, &str)> = None;
    loop {
        let mut following = pattern_rest.chars();
        let step = match following.next() {
            None => {
                if rest.is_empty() {
                    return true;
                }
                None
            }
            Some('*') => {
                if following.as_str().is_empty() {
                    return true;
                }
                star = Some((following.as_str(), rest));
                Some(rest)
            }
            Some('?') => after_one(rest),
            Some(character) => rest.strip_prefix(character),
        };
        match (step, star) {
            (Some(left), _) => (pattern_rest, rest) = (following.as_str(), left),
            (None, None) => return false,
            (None, Some((behind, from))) => {
                let Some(later) = after_one(from) else { return false };
                star = Some((behind, later));
                (pattern_rest, rest) = (behind, later);
            }
        }
    }
}

fn after_one(text: &str) -> Option<&str> {
    let mut characters = text.chars();
    characters.next().map(|_| characters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(pattern: &str, text: &str) -> bool {
        let mut tokens = Vec::new();
        let mut from = 0;
        for (at, character) in pattern.char_indices() {
            if character == '*' || character == '?' {
                if from < at {
                    tokens.push(Token::Literal(&pattern[from..at]));
                }
                tokens.push(if character == '*' { Token::Star } else { Token::One });
                from = at + 1;
            }
        }
        if from < pattern.len() {
            tokens.push(Token::Literal(&pattern[from..]));
        }
        let answer = fits(tokens.len(), |at| tokens[at], text);
        assert_eq!(answer, plain(pattern, text), "{pattern} on {text}");
        answer
    }

    #[test]
    fn a_star_stands_for_any_text_and_a_question_mark_for_one_character() {
        for (pattern, text) in [
            ("", ""),
            ("*", ""),
            ("*", "anything/at:all"),
            ("a*c", "abbc"),
            ("a*c", "ac"),
            ("a?c", "aéc"),
            ("*ab", "aab"),
            ("*a*b*", "xxaxxbxx"),
            ("**", "x"),
            ("a*b?", "axbxby"),
            ("s3:get*", "s3:getobject"),
        ] {
            assert!(both(pattern, text), "{pattern} on {text}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for (pattern, text) in [
            ("", "a"),
            ("?", ""),
            ("a?c", "ac"),
            ("a*c", "acb"),
            ("abc", "ABC"),
            ("*ab", "aba"),
            ("a*b*c", "acb"),
            ("[a-z]", "q"),
        ] {
            assert!(!both(pattern, text), "{pattern} on {text}");
        }
    }

    #[test]
    fn many_stars_on_a_long_text_end_at_once() {
        let text = "a".repeat(5_000);
        assert!(!both(&format!("{}b", "a*".repeat(40)), &text));
    }
}
