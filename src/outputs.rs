//! The outputs file of a deploy, in every shape that pipelines write it, read into one flat list.
//!
//! Values are kept exactly and in memory only: nothing here prints one, [`RawOutput`] hides them in Debug text, and
//! errors name keys, lines and columns. What a value names is the business of [`crate::resolve`].

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};

use serde::de::IgnoredAny;
use sha2::{Digest, Sha256};

use crate::resolve;

/// The largest file that is read, in bytes. CloudFormation allows 200 outputs of 1,024 bytes for a stack, so this is
/// room for hundreds of stacks.
pub const LARGEST_FILE: u64 = 64 * 1024 * 1024;

/// How deep objects and lists may be nested, JSON inside strings included.
const DEEPEST: usize = 64;

/// How many values a file may hold, which bounds memory to a few times the size of the file.
const MOST_VALUES: usize = 1_000_000;

/// An outputs file, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputsFile {
    /// Every output, in the order of the file. There is at least one.
    pub entries: Vec<RawOutput>,
    /// The stacks that the file names, in its order.
    pub stacks: Vec<StackHint>,
    /// SHA-256 of the file as it is, in hex.
    pub sha256: String,
}

/// A stack that the file names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackHint {
    /// Its name. A member that holds an object is taken for one, so it may name something else.
    pub name: String,
    /// Its id, an ARN that gives region and account; only describe-stacks output has it.
    pub id: Option<String>,
}

/// One output with its exact value. The value is for resolving and comparing; show [`resolve::mask`]'s text instead.
#[derive(Clone, PartialEq, Eq)]
pub struct RawOutput {
    /// The key as written; nested members are joined with a dot.
    pub key: String,
    /// The exact value. Numbers and booleans as written, `null` for null; elements of a list joined with commas.
    pub value: String,
    /// The elements, where the value is a JSON list of scalars; an empty list has none.
    pub elements: Vec<String>,
    /// How the value stands in the file.
    pub form: Form,
    /// The line of its key, counted from 1.
    pub line: usize,
    /// The stack that the file says it belongs to.
    pub stack: Option<String>,
}

/// How a value stands in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A string.
    Text,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// `null`.
    Null,
    /// A list.
    List,
    /// An empty object.
    EmptyObject,
}

impl fmt::Debug for RawOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawOutput")
            .field("key", &self.key)
            .field("form", &self.form)
            .field("line", &self.line)
            .field("stack", &self.stack)
            .finish_non_exhaustive()
    }
}

impl RawOutput {
    /// The parts that can be resolved separately, each with the key to show it under. A list gives its elements under
    /// `Key[0]`, `Key[1]`; so does a text of comma-joined references. Everything else is one part, itself.
    pub fn parts(&self) -> Vec<(String, String)> {
        let elements: Vec<String> = if self.form == Form::List {
            self.elements.clone()
        } else if let Some(references) = resolve::comma_joined(&self.value) {
            references.into_iter().map(str::to_owned).collect()
        } else {
            Vec::new()
        };
        if elements.is_empty() {
            return vec![(self.key.clone(), self.value.clone())];
        }
        elements.into_iter().enumerate().map(|(at, element)| (format!("{}[{at}]", self.key), element)).collect()
    }
}

/// Why an outputs file cannot be used. No message holds a value of the file.
#[derive(Debug, thiserror::Error)]
pub enum OutputsError {
    /// There is no such file.
    #[error("cannot read {path}: there is no such file")]
    NotFound {
        /// The file.
        path: String,
    },
    /// The operating system would not give it.
    #[error("cannot read {path}")]
    Io {
        /// The file.
        path: String,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// It is larger than is sensible for outputs.
    #[error("cannot read {path}: it has more than {} MiB, which no stack's outputs have", LARGEST_FILE / 1024 / 1024)]
    TooLarge {
        /// The file.
        path: String,
    },
    /// It holds more values than is sensible for outputs.
    #[error("cannot read {path}: it holds more than {MOST_VALUES} values, which no stack's outputs do")]
    TooMany {
        /// The file.
        path: String,
    },
    /// It is nested too deeply.
    #[error("cannot read {path}: objects or lists are nested more than {DEEPEST} deep at line {line}")]
    TooDeep {
        /// The file.
        path: String,
        /// Where.
        line: usize,
    },
    /// It holds nothing.
    #[error("{path} holds no outputs: {what}")]
    Empty {
        /// The file.
        path: String,
        /// What it holds instead.
        what: &'static str,
    },
    /// It is encoded as UTF-16 or UTF-32.
    #[error("cannot read {path}: it is encoded as UTF-16 or UTF-32, and JSON is UTF-8")]
    Utf16 {
        /// The file.
        path: String,
    },
    /// It is not UTF-8.
    #[error("cannot read {path}: it is not UTF-8 at line {line}, column {column}")]
    NotUtf8 {
        /// The file.
        path: String,
        /// The line, counted from 1.
        line: usize,
        /// The column in bytes, counted from 1.
        column: usize,
    },
    /// It is not JSON.
    #[error("cannot read {path}: it is not JSON: {reason} at line {line}, column {column}")]
    NotJson {
        /// The file.
        path: String,
        /// What is wrong.
        reason: String,
        /// The line, counted from 1.
        line: usize,
        /// The column in bytes, counted from 1.
        column: usize,
    },
    /// It is JSON, and not of outputs.
    #[error("cannot read {path}: expected {expected} at line {line}, found {found}")]
    Shape {
        /// The file.
        path: String,
        /// What should stand there.
        expected: &'static str,
        /// What stands there.
        found: &'static str,
        /// Where.
        line: usize,
    },
    /// A key stands there twice.
    #[error("cannot read {path}: the key `{key}` stands there twice, at lines {first} and {second}")]
    Duplicate {
        /// The file.
        path: String,
        /// The key.
        key: String,
        /// The line of the first one.
        first: usize,
        /// The line of the second one.
        second: usize,
    },
}

impl OutputsError {
    /// What to do about it.
    pub fn help(&self) -> &'static str {
        match self {
            OutputsError::NotFound { .. } => {
                "export the outputs with `aws cloudformation describe-stacks --stack-name STACK > FILE`, pass the file with --outputs, or audit the stack's live outputs with --stack-name"
            }
            OutputsError::Io { .. } => {
                "check that it is a file and that you may read it, or pass another one with --outputs"
            }
            OutputsError::TooLarge { .. } | OutputsError::TooMany { .. } => {
                "pass the file that holds the stack's outputs with --outputs; it has a few kilobytes"
            }
            OutputsError::TooDeep { .. } | OutputsError::Shape { .. } => {
                "pass an object of output keys and values, or what `aws cloudformation describe-stacks` prints"
            }
            OutputsError::Empty { .. } => {
                "such a file is left behind when the deploy failed or was skipped, when jq ran over a stack without outputs, or when the stack name or region was wrong: look at the deploy's log, export again, or name the stack with --stack-name"
            }
            OutputsError::Utf16 { .. } | OutputsError::NotUtf8 { .. } => {
                "write it as UTF-8; in PowerShell with `| Out-File -Encoding utf8`, because `>` writes UTF-16 there"
            }
            OutputsError::NotJson { .. } => {
                "export it again, with `--output json` where the AWS CLI writes it; a half-written file ends in the middle"
            }
            OutputsError::Duplicate { .. } => {
                "keep one of them: nobody can say which resource is meant; a tool that merges stacks has to prefix the keys"
            }
        }
    }
}

/// Reads an outputs file from disk.
///
/// # Errors
/// As [`read`], and when the file cannot be opened or read.
pub fn read_file(path: &str) -> Result<OutputsFile, OutputsError> {
    let refused = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => OutputsError::NotFound { path: path.into() },
        _ => OutputsError::Io { path: path.into(), source },
    };
    let file = File::open(path).map_err(refused)?;
    let mut text = Vec::new();
    // One byte more than allowed tells a file that is too large, also where a pipe has no size.
    file.take(LARGEST_FILE + 1).read_to_end(&mut text).map_err(refused)?;
    read(&text, path)
}

/// Reads the text of an outputs file; `path` is only for messages.
///
/// # Errors
/// When it is not JSON of outputs, holds none, or holds a key twice. [`OutputsError::help`] says what to do.
pub fn read(text: &[u8], path: &str) -> Result<OutputsFile, OutputsError> {
    if text.len() as u64 > LARGEST_FILE {
        return Err(OutputsError::TooLarge { path: path.into() });
    }
    let sha256 = Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
    let text = decode(text, path)?;
    if text.trim().is_empty() {
        return Err(OutputsError::Empty { path: path.into(), what: "the file is empty" });
    }
    if let Err(error) = serde_json::from_str::<IgnoredAny>(text) {
        return Err(not_json(&error, path));
    }
    let mut values = 0;
    let root = Parser::new(text, path, 0, &mut values).document()?;
    let mut reading = Reading { path, entries: Vec::new(), stacks: Vec::new(), values };
    reading.root(&root)?;
    let Reading { entries, stacks, .. } = reading;
    if entries.is_empty() {
        return Err(OutputsError::Empty { path: path.into(), what: emptiness(&root) });
    }
    unique(&entries, path)?;
    Ok(OutputsFile { entries, stacks, sha256 })
}

fn emptiness(root: &Node<'_>) -> &'static str {
    match &root.value {
        Value::Object(members) if members.is_empty() => "it is an empty object",
        Value::List(elements) if elements.is_empty() => "it is an empty list",
        Value::Object(_) | Value::List(_) | Value::Scalar(..) => "it lists stacks, and none of them has an output",
    }
}

fn decode<'a>(text: &'a [u8], path: &str) -> Result<&'a str, OutputsError> {
    let wide = text.starts_with(&[0xFF, 0xFE])
        || text.starts_with(&[0xFE, 0xFF])
        || text.iter().take(4).any(|byte| *byte == 0);
    if wide {
        return Err(OutputsError::Utf16 { path: path.into() });
    }
    let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    std::str::from_utf8(text).map_err(|error| {
        let (line, column) = place(text, error.valid_up_to());
        OutputsError::NotUtf8 { path: path.into(), line, column }
    })
}

/// Line and column of a byte, both counted from 1.
fn place(text: &[u8], at: usize) -> (usize, usize) {
    let before = &text[..at.min(text.len())];
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
    (line, column)
}

fn not_json(error: &serde_json::Error, path: &str) -> OutputsError {
    let (line, column) = (error.line(), error.column());
    let text = error.to_string();
    let reason = text.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&text).to_owned();
    OutputsError::NotJson { path: path.into(), reason, line, column }
}

/// Keys that were different as written can be the same once nested members are joined.
fn unique(entries: &[RawOutput], path: &str) -> Result<(), OutputsError> {
    let mut lines: HashMap<&str, usize> = HashMap::with_capacity(entries.len());
    for entry in entries {
        if let Some(first) = lines.insert(&entry.key, entry.line) {
            return Err(OutputsError::Duplicate {
                path: path.into(),
                key: entry.key.clone(),
                first,
                second: entry.line,
            });
        }
    }
    Ok(())
}

/// A JSON value with the line it starts on.
struct Node<'a> {
    line: usize,
    value: Value<'a>,
}

enum Value<'a> {
    Scalar(Form, Cow<'a, str>),
    List(Vec<Node<'a>>),
    Object(Vec<(Cow<'a, str>, usize, Node<'a>)>),
}

impl Node<'_> {
    fn found(&self) -> &'static str {
        match &self.value {
            Value::Scalar(Form::Text, _) => "a string",
            Value::Scalar(Form::Number, _) => "a number",
            Value::Scalar(Form::Boolean, _) => "a boolean",
            Value::Scalar(Form::Null | Form::List | Form::EmptyObject, _) => "null",
            Value::List(_) => "a list",
            Value::Object(_) => "an object",
        }
    }

    fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(Form::Text, text) => Some(text),
            Value::Scalar(..) | Value::List(_) | Value::Object(_) => None,
        }
    }

    fn member(&self, name: &str) -> Option<&Node<'_>> {
        match &self.value {
            Value::Object(members) => members.iter().find(|(key, ..)| key == name).map(|(.., node)| node),
            Value::Scalar(..) | Value::List(_) => None,
        }
    }
}

/// Walks a text that is known to be JSON. serde_json proves the syntax; this adds what it cannot give: the line of
/// each key, repeated keys, and a bound on depth and number of values.
struct Parser<'a, 'p> {
    text: &'a str,
    at: usize,
    line: usize,
    depth: usize,
    path: &'p str,
    values: &'p mut usize,
}

impl<'a, 'p> Parser<'a, 'p> {
    fn new(text: &'a str, path: &'p str, depth: usize, values: &'p mut usize) -> Self {
        Parser { text, at: 0, line: 1, depth, path, values }
    }

    fn document(mut self) -> Result<Node<'a>, OutputsError> {
        self.value()
    }

    fn value(&mut self) -> Result<Node<'a>, OutputsError> {
        *self.values += 1;
        if *self.values > MOST_VALUES {
            return Err(OutputsError::TooMany { path: self.path.into() });
        }
        let first = self.peek();
        let line = self.line;
        let value = match first {
            b'{' => self.nested(Self::object)?,
            b'[' => self.nested(Self::list)?,
            b'"' => Value::Scalar(Form::Text, self.string()?),
            _ => self.word(),
        };
        Ok(Node { line, value })
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Value<'a>, OutputsError>) -> Result<Value<'a>, OutputsError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(OutputsError::TooDeep { path: self.path.into(), line: self.line });
        }
        self.at += 1;
        let value = read(self)?;
        self.depth -= 1;
        Ok(value)
    }

    fn object(&mut self) -> Result<Value<'a>, OutputsError> {
        let mut members: Vec<(Cow<'a, str>, usize, Node<'a>)> = Vec::new();
        while self.peek() != b'}' {
            let line = self.line;
            let key = self.string()?;
            self.skip(b':');
            let node = self.value()?;
            members.push((key, line, node));
            self.skip(b',');
        }
        self.at += 1;
        let mut lines: HashMap<&str, usize> = HashMap::with_capacity(members.len());
        for (key, line, _) in &members {
            if let Some(first) = lines.insert(key, *line) {
                return Err(OutputsError::Duplicate {
                    path: self.path.into(),
                    key: key.to_string(),
                    first,
                    second: *line,
                });
            }
        }
        Ok(Value::Object(members))
    }

    fn list(&mut self) -> Result<Value<'a>, OutputsError> {
        let mut elements = Vec::new();
        while self.peek() != b']' {
            elements.push(self.value()?);
            self.skip(b',');
        }
        self.at += 1;
        Ok(Value::List(elements))
    }

    fn word(&mut self) -> Value<'a> {
        let rest = &self.text[self.at..];
        let end = rest.find([',', '}', ']', ' ', '\t', '\r', '\n']).unwrap_or(rest.len());
        let word = &rest[..end];
        self.at += end;
        let form = match word {
            "true" | "false" => Form::Boolean,
            "null" => Form::Null,
            _ => Form::Number,
        };
        Value::Scalar(form, Cow::Borrowed(word))
    }

    fn string(&mut self) -> Result<Cow<'a, str>, OutputsError> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut at = start + 1;
        let mut plain = true;
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'"' => break,
                b'\\' => {
                    plain = false;
                    at += 2;
                }
                _ => at += 1,
            }
        }
        self.at = (at + 1).min(bytes.len());
        if plain {
            return Ok(Cow::Borrowed(&self.text[start + 1..at]));
        }
        // serde_json skips over escapes when it proves the syntax; a lone surrogate shows only here.
        serde_json::from_str::<String>(&self.text[start..self.at]).map(Cow::Owned).map_err(|error| {
            let (line, column) = place(bytes, start);
            let OutputsError::NotJson { path, reason, .. } = not_json(&error, self.path) else {
                return not_json(&error, self.path);
            };
            OutputsError::NotJson { path, reason, line, column }
        })
    }

    /// The next byte that is not white space; zero at the end, which valid JSON never reaches.
    fn peek(&mut self) -> u8 {
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            match byte {
                b'\n' => self.line += 1,
                b' ' | b'\t' | b'\r' => {}
                _ => return *byte,
            }
            self.at += 1;
        }
        0
    }

    /// Steps over this byte where it comes next, and over the white space on both sides of it.
    fn skip(&mut self, byte: u8) {
        if self.peek() == byte {
            self.at += 1;
        }
        self.peek();
    }
}

/// Gathers the entries out of whatever shape the file has.
struct Reading<'p> {
    path: &'p str,
    entries: Vec<RawOutput>,
    stacks: Vec<StackHint>,
    values: usize,
}

/// Where in the file a value stands.
#[derive(Clone, Copy)]
struct Place<'a> {
    key: &'a str,
    line: usize,
    stack: Option<&'a str>,
    /// How deep it is nested, JSON inside strings included.
    depth: usize,
}

impl Reading<'_> {
    fn root(&mut self, root: &Node<'_>) -> Result<(), OutputsError> {
        match &root.value {
            Value::List(elements) => self.pairs(elements, None, ""),
            Value::Object(members) => {
                if let Some(Node { value: Value::List(stacks), .. }) = root.member("Stacks") {
                    return self.stacks(stacks);
                }
                if is_stack(root) {
                    return self.stack(root, "");
                }
                // One stack keeps its own keys; of several each key needs to say whose it is.
                let several = members.iter().filter(|(.., node)| is_pairs(node)).count() > 1;
                for (key, line, node) in members {
                    self.top_member(key, *line, node, several)?;
                }
                Ok(())
            }
            Value::Scalar(..) => Err(self.shape("an object of outputs", root)),
        }
    }

    fn top_member(&mut self, key: &str, line: usize, node: &Node<'_>, several: bool) -> Result<(), OutputsError> {
        let place = Place { key, line, stack: None, depth: 1 };
        match &node.value {
            Value::List(elements) if is_pairs(node) => {
                self.hint(key, None);
                self.pairs(elements, Some(key), if several { key } else { "" })
            }
            Value::Object(members) if !members.is_empty() && is_stack_name(key) && !is_intrinsic(members) => {
                self.hint(key, None);
                self.flatten(node, Place { stack: Some(key), ..place })
            }
            Value::Object(_) | Value::List(_) | Value::Scalar(..) => self.flatten(node, place),
        }
    }

    fn hint(&mut self, name: &str, id: Option<&str>) {
        self.stacks.push(StackHint { name: name.into(), id: id.map(str::to_owned) });
    }

    fn stacks(&mut self, stacks: &[Node<'_>]) -> Result<(), OutputsError> {
        let several = stacks.len() > 1;
        for stack in stacks {
            let Value::Object(_) = &stack.value else {
                return Err(self.shape("a stack with its Outputs", stack));
            };
            let name = stack.member("StackName").and_then(Node::text).map(str::to_owned);
            self.stack(stack, name.as_deref().filter(|_| several).unwrap_or(""))?;
        }
        Ok(())
    }

    fn stack(&mut self, stack: &Node<'_>, prefix: &str) -> Result<(), OutputsError> {
        let name = stack.member("StackName").and_then(Node::text);
        if let Some(name) = name {
            self.hint(name, stack.member("StackId").and_then(Node::text));
        }
        match stack.member("Outputs") {
            Some(Node { value: Value::List(outputs), .. }) => self.pairs(outputs, name, prefix),
            Some(Node { value: Value::Scalar(Form::Null, _), .. }) | None => Ok(()),
            Some(other) => Err(self.shape("a list of OutputKey and OutputValue", other)),
        }
    }

    fn pairs(&mut self, pairs: &[Node<'_>], stack: Option<&str>, prefix: &str) -> Result<(), OutputsError> {
        for pair in pairs {
            let (Some(key), Some(value)) = (pair.member("OutputKey").and_then(Node::text), pair.member("OutputValue"))
            else {
                return Err(self.shape("an object with OutputKey and OutputValue", pair));
            };
            let key = join(prefix, key);
            self.flatten(value, Place { key: &key, line: pair.line, stack, depth: 4 })?;
        }
        Ok(())
    }

    fn flatten(&mut self, node: &Node<'_>, place: Place<'_>) -> Result<(), OutputsError> {
        match &node.value {
            Value::Object(members) if members.is_empty() => {
                self.push(place, Form::EmptyObject, "{}".into(), Vec::new());
            }
            Value::Object(members) => {
                for (name, line, node) in members {
                    let key = join(place.key, name);
                    self.flatten(node, Place { key: &key, line: *line, depth: place.depth + 1, ..place })?;
                }
            }
            Value::List(elements) => return self.list(elements, place),
            Value::Scalar(Form::Text, text) => return self.text(text, place),
            Value::Scalar(form, word) => self.push(place, *form, word.to_string(), Vec::new()),
        }
        Ok(())
    }

    fn list(&mut self, elements: &[Node<'_>], place: Place<'_>) -> Result<(), OutputsError> {
        let mut scalars = Vec::with_capacity(elements.len());
        for element in elements {
            if let Value::Scalar(_, word) = &element.value {
                scalars.push(word.to_string());
            }
        }
        if scalars.len() == elements.len() {
            self.push(place, Form::List, scalars.join(","), scalars);
            return Ok(());
        }
        for (at, element) in elements.iter().enumerate() {
            let key = format!("{}[{at}]", place.key);
            self.flatten(element, Place { key: &key, depth: place.depth + 1, ..place })?;
        }
        Ok(())
    }

    fn text(&mut self, text: &str, place: Place<'_>) -> Result<(), OutputsError> {
        let trimmed = text.trim_start();
        if trimmed.starts_with(['{', '[']) && serde_json::from_str::<IgnoredAny>(text).is_ok() {
            match Parser::new(text, self.path, place.depth, &mut self.values).document() {
                Ok(mut inner) => {
                    relocate(&mut inner, place.line);
                    return self.flatten(&inner, place);
                }
                Err(error @ (OutputsError::TooDeep { .. } | OutputsError::TooMany { .. })) => return Err(error),
                // A text with a key twice or a broken escape stays a text; resolving says that it names nothing.
                Err(_) => {}
            }
        }
        self.push(place, Form::Text, text.to_owned(), Vec::new());
        Ok(())
    }

    fn push(&mut self, place: Place<'_>, form: Form, value: String, elements: Vec<String>) {
        self.entries.push(RawOutput {
            key: place.key.into(),
            value,
            elements,
            form,
            line: place.line,
            stack: place.stack.map(str::to_owned),
        });
    }

    fn shape(&self, expected: &'static str, node: &Node<'_>) -> OutputsError {
        OutputsError::Shape { path: self.path.into(), expected, found: node.found(), line: node.line }
    }
}

/// Gives every key inside a string the line of the string.
fn relocate(node: &mut Node<'_>, line: usize) {
    node.line = line;
    match &mut node.value {
        Value::Object(members) => {
            for (_, at, node) in members {
                *at = line;
                relocate(node, line);
            }
        }
        Value::List(elements) => {
            for element in elements {
                relocate(element, line);
            }
        }
        Value::Scalar(..) => {}
    }
}

fn join(prefix: &str, key: &str) -> String {
    if prefix.is_empty() { key.to_owned() } else { format!("{prefix}.{key}") }
}

fn is_pair(node: &Node<'_>) -> bool {
    node.member("OutputKey").is_some()
}

/// Whether this is a list of OutputKey and OutputValue.
fn is_pairs(node: &Node<'_>) -> bool {
    matches!(&node.value, Value::List(elements) if !elements.is_empty() && elements.iter().all(is_pair))
}

/// Whether this is one stack as describe-stacks prints it, which `--query 'Stacks[0]'` leaves.
fn is_stack(node: &Node<'_>) -> bool {
    matches!(node.member("Outputs"), Some(Node { value: Value::List(outputs), .. }) if outputs.iter().all(is_pair))
        || (node.member("StackName").is_some() && node.member("StackStatus").is_some())
}

/// Whether CloudFormation would take this name for a stack.
fn is_stack_name(name: &str) -> bool {
    name.len() <= 128
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-')
}

fn is_intrinsic(members: &[(Cow<'_, str>, usize, Node<'_>)]) -> bool {
    matches!(members, [(key, ..)] if key == "Ref" || key.starts_with("Fn::"))
}

#[cfg(test)]
mod tests;
