//! Reads filter patterns. What is no pattern that CloudWatch Logs would take is an error, with its place.

use super::{Construct, Expression, Form, Part, Pattern, Relation, Selector, Step, Term, Test, Wanted, Word};

/// Parentheses deeper than this are no pattern: AWS takes 1024 characters.
const DEEPEST: usize = 128;

/// Characters that end a value without quotes.
const ENDS: [char; 8] = ['(', ')', '{', '}', '&', '|', '"', ','];

/// Why a text is no pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at character {at} of a filter pattern, {what}")]
pub(crate) struct MalformedPattern {
    at: usize,
    what: &'static str,
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// Where the text is no pattern that CloudWatch Logs would take.
    pub(crate) fn read(text: &str) -> Result<Pattern, MalformedPattern> {
        let mut reader = Reader::new(text);
        match reader.next() {
            None => Ok(Pattern::Everything),
            Some('{') => {
                reader.take('{');
                let expression = reader.any(0)?;
                reader.expect('}', "a `}` is missing")?;
                reader.end()?;
                Ok(Pattern::Fields(expression))
            }
            Some('[') => Ok(Pattern::Other(Construct::SpaceDelimited)),
            Some(_) if text.contains('%') => Ok(Pattern::Other(Construct::Regex)),
            Some(_) => reader.words(),
        }
    }
}

impl Selector {
    /// Reads a selector that stands alone, such as the value of a dimension.
    ///
    /// # Errors
    /// Where the text is no selector of a field.
    pub(crate) fn read(text: &str) -> Result<Selector, MalformedPattern> {
        let mut reader = Reader::new(text);
        let selector = reader.selector()?;
        reader.end()?;
        Ok(selector)
    }
}

/// Reads a number as AWS writes them in patterns: digits with sign, fraction and exponent, and no words such as `inf`.
pub(super) fn number(text: &str) -> Option<f64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !digits.starts_with(|first: char| first.is_ascii_digit() || first == '.')
        || !digits.ends_with(|last: char| last.is_ascii_digit())
    {
        return None;
    }
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Some(number),
        Ok(_) | Err(_) => None,
    }
}

struct Reader<'t> {
    text: &'t str,
    rest: &'t str,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str) -> Self {
        Reader { text, rest: text }
    }

    fn wrong<T>(&self, what: &'static str) -> Result<T, MalformedPattern> {
        let read = self.text.len() - self.rest.len();
        Err(MalformedPattern { at: self.text[..read].chars().count() + 1, what })
    }

    fn pass_blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }

    /// The next character that is no white space; what stands before it is passed.
    fn next(&mut self) -> Option<char> {
        self.pass_blanks();
        self.rest.chars().next()
    }

    /// Passes a character, where it is the very next one.
    fn take(&mut self, wanted: char) -> bool {
        self.take_all(wanted.encode_utf8(&mut [0; 4]))
    }

    fn take_all(&mut self, wanted: &str) -> bool {
        match self.rest.strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, wanted: char, missing: &'static str) -> Result<(), MalformedPattern> {
        self.pass_blanks();
        if self.take(wanted) { Ok(()) } else { self.wrong(missing) }
    }

    fn end(&mut self) -> Result<(), MalformedPattern> {
        if self.next().is_none() { Ok(()) } else { self.wrong("something follows its end") }
    }

    /// Passes characters up to the first that ends them, and gives them.
    fn until(&mut self, ends: impl Fn(char) -> bool) -> &'t str {
        let length = self.rest.find(ends).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        taken
    }

    fn any(&mut self, depth: usize) -> Result<Expression, MalformedPattern> {
        let mut parts = vec![self.all(depth)?];
        while self.next() == Some('|') {
            if !self.take_all("||") {
                return self.wrong("a single `|` joins nothing");
            }
            parts.push(self.all(depth)?);
        }
        Ok(single(parts, Expression::Any))
    }

    fn all(&mut self, depth: usize) -> Result<Expression, MalformedPattern> {
        let mut parts = vec![self.one(depth)?];
        while self.next() == Some('&') {
            if !self.take_all("&&") {
                return self.wrong("a single `&` joins nothing");
            }
            parts.push(self.one(depth)?);
        }
        Ok(single(parts, Expression::All))
    }

    fn one(&mut self, depth: usize) -> Result<Expression, MalformedPattern> {
        if self.next() != Some('(') {
            return Ok(Expression::Test(self.test()?));
        }
        if depth == DEEPEST {
            return self.wrong("parentheses are nested too deep");
        }
        self.take('(');
        let inner = self.any(depth + 1)?;
        self.expect(')', "a `)` is missing")?;
        Ok(inner)
    }

    fn test(&mut self) -> Result<Test, MalformedPattern> {
        let selector = self.selector()?;
        self.pass_blanks();
        let wanted = if self.take_all("!=") {
            self.value(Wanted::NotEqual)?
        } else if self.take_all("<=") {
            self.bound(Relation::AtMost)?
        } else if self.take_all(">=") {
            self.bound(Relation::AtLeast)?
        } else if self.take('=') {
            self.value(Wanted::Equal)?
        } else if self.take('<') {
            self.bound(Relation::Less)?
        } else if self.take('>') {
            self.bound(Relation::More)?
        } else {
            self.state()?
        };
        Ok(Test { selector, wanted })
    }

    /// `IS NULL`, `IS TRUE`, `IS FALSE`, `EXISTS` or `NOT EXISTS`.
    fn state(&mut self) -> Result<Wanted, MalformedPattern> {
        let first = self.keyword();
        let second = if first == "EXISTS" { "" } else { self.keyword() };
        match (first, second) {
            ("IS", "NULL") => Ok(Wanted::Null),
            ("IS", "TRUE") => Ok(Wanted::True),
            ("IS", "FALSE") => Ok(Wanted::False),
            ("NOT", "EXISTS") => Ok(Wanted::Missing),
            ("EXISTS", _) => Ok(Wanted::Existent),
            _ => self.wrong("no operator that is known stands before this"),
        }
    }

    fn keyword(&mut self) -> &'t str {
        self.pass_blanks();
        self.until(|letter| !letter.is_ascii_alphabetic())
    }

    fn value(&mut self, wanted: fn(Term) -> Wanted) -> Result<Wanted, MalformedPattern> {
        match self.next() {
            Some('%') => {
                self.take('%');
                self.until(|letter| letter == '%');
                self.expect('%', "a regular expression does not end")?;
                Ok(Wanted::Other(Construct::Regex))
            }
            Some('"') => Ok(wanted(Term { text: self.quoted()?, form: Form::Quoted })),
            Some(_) | None => match self.until(|letter| letter.is_whitespace() || ENDS.contains(&letter)) {
                "" => self.wrong("a value is missing"),
                text => Ok(wanted(Term { text: text.to_owned(), form: Form::Bare })),
            },
        }
    }

    fn bound(&mut self, relation: Relation) -> Result<Wanted, MalformedPattern> {
        self.pass_blanks();
        match number(self.until(|letter| letter.is_whitespace() || ENDS.contains(&letter))) {
            Some(bound) => Ok(Wanted::Number(relation, bound)),
            None => self.wrong("no number stands before this"),
        }
    }

    /// A text in quotes; a backslash lets a quote or another backslash stand in it.
    fn quoted(&mut self) -> Result<String, MalformedPattern> {
        self.take('"');
        let mut text = String::new();
        loop {
            text.push_str(self.until(|letter| letter == '"' || letter == '\\'));
            if self.take('"') {
                return Ok(text);
            } else if self.take_all("\\\"") {
                text.push('"');
            } else if self.take_all("\\\\") || self.take('\\') {
                text.push('\\');
            } else {
                return self.wrong("a text in quotes does not end");
            }
        }
    }

    fn selector(&mut self) -> Result<Selector, MalformedPattern> {
        if self.next() != Some('$') {
            return self.wrong("a selector such as $.eventName is missing");
        }
        self.take('$');
        let mut steps = Vec::new();
        loop {
            if self.rest.starts_with("[") || self.rest.starts_with(".[") {
                self.take('.');
                steps.push(self.bracket()?);
            } else if self.take('.') {
                let name = self.until(|letter| !(letter.is_alphanumeric() || "-_@$/:".contains(letter)));
                if name.is_empty() {
                    return self.wrong("the name of a field is missing");
                }
                steps.push(Step::Member(name.to_owned()));
            } else {
                break;
            }
        }
        if steps.is_empty() { self.wrong("the selector names no field") } else { Ok(Selector(steps)) }
    }

    /// `[0]` or `['name.with.dots']`.
    fn bracket(&mut self) -> Result<Step, MalformedPattern> {
        self.take('[');
        let inner = match self.rest.chars().next() {
            Some(quote @ ('\'' | '"')) => {
                self.take(quote);
                let name = self.until(|letter| letter == quote);
                if !self.take(quote) {
                    return self.wrong("the name of a field does not end");
                }
                Step::Member(name.to_owned())
            }
            Some(_) | None => match self.until(|letter| !letter.is_ascii_digit()).parse() {
                Ok(index) => Step::Element(index),
                Err(_) => return self.wrong("the number of an element is missing"),
            },
        };
        if self.take(']') { Ok(inner) } else { self.wrong("a `]` is missing") }
    }

    fn words(&mut self) -> Result<Pattern, MalformedPattern> {
        let mut words = Vec::new();
        while let Some(first) = self.next() {
            let part = match first {
                '-' => Part::Forbidden,
                '?' => Part::OneOf,
                _ => Part::Needed,
            };
            if part != Part::Needed {
                self.take(first);
            }
            let text = if self.rest.starts_with('"') {
                self.quoted()?
            } else {
                match self.until(|letter| letter.is_whitespace() || letter == '"') {
                    "" => return self.wrong("a word is missing"),
                    word => word.to_owned(),
                }
            };
            words.push(Word { text, part });
        }
        // A blank in quotes is a way to write the pattern that matches everything.
        let blank = |word: &Word| word.part == Part::Needed && word.text.trim().is_empty();
        Ok(if words.iter().all(blank) { Pattern::Everything } else { Pattern::Words(words) })
    }
}

fn single(mut parts: Vec<Expression>, join: fn(Vec<Expression>) -> Expression) -> Expression {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            join(parts)
        }
        None => join(parts),
    }
}
