//! Patterns for names.

use serde::Deserialize;

/// A pattern for names, taken apart.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Pattern {
    pub(super) text: String,
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    /// These very letters.
    Letters(String),
    /// A lower-case letter, then lower-case letters, digits and hyphens.
    Type,
    /// The environment suffix.
    Suffix,
    /// The run's account id.
    Account,
    /// The run's or the resource's region.
    Region,
    /// What may follow: accounts, regions, counters, zones, `.fifo`.
    Tail,
}

impl TryFrom<String> for Pattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            if !before.is_empty() {
                pieces.push(Piece::Letters(before.to_owned()));
            }
            let (word, after) =
                after.split_once('}').ok_or_else(|| format!("the pattern `{text}` has no closing brace"))?;
            pieces.push(match word {
                "type" => Piece::Type,
                "suffix" => Piece::Suffix,
                "account" => Piece::Account,
                "region" => Piece::Region,
                "tail" => Piece::Tail,
                _ => {
                    return Err(format!(
                        "the pattern `{text}` holds `{{{word}}}`; use {{type}}, {{suffix}}, {{account}}, {{region}} or {{tail}}"
                    ));
                }
            });
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Letters(rest.to_owned()));
        }
        if !pieces.contains(&Piece::Suffix) {
            return Err(format!("the pattern `{text}` holds no {{suffix}}"));
        }
        Ok(Pattern { text, pieces })
    }
}

/// What stands for the words of a pattern in one run.
pub(super) struct Fill<'a> {
    pub(super) suffix: &'a str,
    pub(super) account: &'a str,
    pub(super) regions: [Option<&'a str>; 2],
    pub(super) without_case: bool,
    pub(super) strict: bool,
}

impl Pattern {
    pub(super) fn accepts(&self, name: &str, fill: &Fill<'_>) -> bool {
        if !fill.without_case {
            return accepts(&self.pieces, name, fill);
        }
        let suffix = fill.suffix.to_ascii_lowercase();
        let fill = Fill { suffix: &suffix, ..*fill };
        accepts(&self.pieces, &name.to_ascii_lowercase(), &fill)
    }
}

/// Whether the pieces cover the whole text. Names are short, so every way to divide one is tried.
fn accepts(pieces: &[Piece], text: &str, fill: &Fill<'_>) -> bool {
    let Some((piece, rest)) = pieces.split_first() else {
        return text.is_empty();
    };
    let after = |start: &str| text.strip_prefix(start).is_some_and(|text| accepts(rest, text, fill));
    match piece {
        Piece::Letters(letters) => after(letters),
        Piece::Suffix => after(fill.suffix),
        Piece::Account => after(fill.account),
        Piece::Region => fill.regions.iter().flatten().any(|region| after(region)),
        Piece::Type => {
            let length = text
                .char_indices()
                .find(|(at, letter)| {
                    let digit_or_hyphen = *at > 0 && (letter.is_ascii_digit() || *letter == '-');
                    !letter.is_ascii_lowercase() && !digit_or_hyphen
                })
                .map_or(text.len(), |(at, _)| at);
            (1..=length).any(|length| accepts(rest, &text[length..], fill))
        }
        Piece::Tail if fill.strict => accepts(rest, text, fill),
        Piece::Tail => {
            accepts(rest, text, fill)
                || text.strip_prefix(".fifo").is_some_and(|text| accepts(rest, text, fill))
                || tails(text, fill).into_iter().any(|text| accepts(pieces, text, fill))
        }
    }
}

/// What is left of a text after each part that may follow a suffix.
fn tails<'a>(text: &'a str, fill: &Fill<'_>) -> Vec<&'a str> {
    let Some(text) = text.strip_prefix('-') else {
        return Vec::new();
    };
    let digits = text.len() - text.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
    let mut left: Vec<&str> = fill.regions.iter().flatten().filter_map(|region| text.strip_prefix(region)).collect();
    left.extend([1, 2, 12].into_iter().filter(|count| *count == digits).map(|count| &text[count..]));
    left.extend(text.strip_prefix(['a', 'b', 'c', 'd', 'e', 'f']));
    left
}
