//! A recorded account: files that a person can read and alter.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;
use toml::Spanned;

use super::cbor;
use super::fault;
use super::pretty;
use super::request::{self, Protocol, RequestKey};

/// A recorded AWS account: every request that it can answer, with the answer.
///
/// It is written as TOML, one file per service, named after it (`s3.toml`; the names are those of
/// [`service_name`](super::service_name)):
///
/// ```toml
/// [[exchange]]
/// operation = "GetBucketVersioning"
/// region = "us-east-2"                            # see below
/// request = { Bucket = "patient-data" }           # the canonical arguments; none when left out
/// status = 200                                    # when left out
/// headers = { "x-amz-bucket-region" = "us-east-2" }
/// body = '''<VersioningConfiguration/>'''         # as on the wire
/// correction = "why AWS answers otherwise than the emulator that this was recorded from"
/// ```
///
/// `account.toml` describes the account: `[account]` with `id`, `region`, `recorded_at` and `description`, all optional.
/// An exchange without a region belongs to the account's region, and to any region where the account has none or the
/// service is global; `region = "*"` is any region. An exchange that names the region goes before one for any.
///
/// # Arguments
///
/// Names are those on the wire: JSON and CBOR members (`KeyId`), form fields (`Filter.1.Name`), query parameters
/// (`prefix`). Parts of a REST path are named as in the API: `Bucket` and `Key` for S3, `FunctionName`, `Name`,
/// `LayerName`, `VersionNumber`, `UUID` and `Resource` for Lambda, `AccountId` and the path's identifiers for S3 Control;
/// a path that is not known by name is the argument `Path`. A value that is not a string may be written as TOML
/// (`names = ["a"]`) or as compact JSON with sorted members (`names = '["a"]'`).
///
/// # CBOR
///
/// The body of a service that speaks CBOR (CloudWatch) is written as JSON with `encoding = "cbor"`. A timestamp is
/// `{"$timestamp": 1700000000}`, bytes are `{"$base64": "..."}`, and a float needs its decimal point (`80.0`).
#[derive(Clone, Debug)]
pub struct Account {
    name: String,
    facts: AccountFacts,
    exchanges: BTreeMap<Call, Exchange>,
}

/// What `account.toml` says about an account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountFacts {
    /// The account id. A request that expects another bucket owner is denied.
    pub id: Option<String>,
    /// The region of every exchange that names none.
    pub region: Option<String>,
    /// When the answers were recorded.
    pub recorded_at: Option<String>,
    /// What kind of account this is.
    pub description: Option<String>,
}

/// What is asked, without the account's name. No region means any.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Call {
    pub(super) service: String,
    pub(super) operation: String,
    pub(super) arguments: BTreeMap<String, String>,
    pub(super) region: Option<String>,
}

/// An answer and why it is what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Exchange {
    pub(super) answer: Answer,
    pub(super) correction: Option<String>,
}

/// What AWS answers to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers, without those that differ from one answer to the next.
    pub headers: BTreeMap<String, String>,
    /// The body as text; for a service that speaks CBOR, its JSON.
    pub body: String,
}

impl Answer {
    /// Returns an answer with status 200.
    pub fn ok(body: impl Into<String>) -> Self {
        Self::new(200, body)
    }

    /// Returns an answer without headers.
    pub fn new(status: u16, body: impl Into<String>) -> Self {
        Self { status, headers: BTreeMap::new(), body: body.into() }
    }

    /// Returns the error that a service answers with, such as `("s3", 404, "NoSuchTagSet")`, in its own protocol.
    pub fn error(service: &str, status: u16, code: &str) -> Self {
        let protocol = match Protocol::of_service(service) {
            Some(protocol) => protocol,
            None => Protocol::RestJson,
        };
        fault::error_answer(protocol, status, code, &format!("{service} answers with this error"), "")
    }

    /// Returns the answer with one more header.
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.insert(name.into(), value.into());
        self
    }
}

/// Files that are no account.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// A file or directory cannot be read.
    #[error("cannot read {}", path.display())]
    Unreadable {
        /// What was to be read.
        path: PathBuf,
        /// Why it cannot be read.
        #[source]
        source: std::io::Error,
    },
    /// There is no file at all.
    #[error("account {name} has no files; expected one for each service, such as s3.toml")]
    Empty {
        /// The account's name.
        name: String,
    },
    /// A file is named after no service.
    #[error("{file} is named after no known service; expected account.toml or one of {}", expected.join(", "))]
    UnknownService {
        /// The file.
        file: String,
        /// The names that are known.
        expected: Vec<&'static str>,
    },
    /// A file is not TOML, has a key that means nothing, or a value of the wrong kind.
    #[error("{file}:{line}: {message}")]
    Invalid {
        /// The file.
        file: String,
        /// The line, counted from one.
        line: usize,
        /// What is wrong there.
        message: String,
    },
    /// Two exchanges answer the same request.
    #[error("{file}:{line}: {call} is already answered in line {first}; remove one of the two")]
    Duplicate {
        /// The file.
        file: String,
        /// The line of the second exchange.
        line: usize,
        /// The line of the first exchange.
        first: usize,
        /// The request.
        call: String,
    },
}

/// An alteration that alters nothing.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum AlterationError {
    /// The account never answers the operation.
    #[error("account {account} records no {operation}; check the service and the operation")]
    NothingRecorded {
        /// The account's name.
        account: String,
        /// The operation, as `service:Operation`.
        operation: String,
    },
    /// Every answer is what it was before.
    #[error("altering {operation} of account {account} changes no answer")]
    NothingChanged {
        /// The account's name.
        account: String,
        /// The operation, as `service:Operation`.
        operation: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountText {
    account: AccountFacts,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ServiceText {
    #[serde(default)]
    exchange: Vec<ExchangeText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExchangeText {
    operation: Spanned<String>,
    region: Option<String>,
    #[serde(default)]
    request: toml::Table,
    #[serde(default = "success")]
    status: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: String,
    encoding: Option<Encoding>,
    correction: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Encoding {
    Cbor,
}

fn success() -> u16 {
    200
}

impl Account {
    /// Reads an account from a directory of `.toml` files; the directory's name becomes the account's.
    ///
    /// # Errors
    /// A directory or file cannot be read, or a file is not as described for [`Account`].
    pub fn from_dir(directory: &Path) -> Result<Self, AccountError> {
        let unreadable = |path: &Path| {
            let path = path.to_path_buf();
            move |source| AccountError::Unreadable { path, source }
        };
        let mut files = Vec::new();
        for entry in std::fs::read_dir(directory).map_err(unreadable(directory))? {
            let path = entry.map_err(unreadable(directory))?.path();
            if path.extension().is_some_and(|extension| extension == "toml") {
                let text = std::fs::read_to_string(&path).map_err(unreadable(&path))?;
                files.push((path.display().to_string(), text));
            }
        }
        files.sort();
        let name = match directory.file_name() {
            Some(name) => name.to_string_lossy().into_owned(),
            None => directory.display().to_string(),
        };
        Self::from_files(&name, files.iter().map(|(file, text)| (file.as_str(), text.as_str())))
    }

    /// Reads an account from texts that are already in memory, each with its file name.
    ///
    /// # Errors
    /// There is no text, or a text is not as described for [`Account`].
    pub fn from_files<'a>(
        name: &str,
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, AccountError> {
        let files: Vec<(&str, &str, &str)> = files.into_iter().map(|(file, text)| (stem(file), file, text)).collect();
        if files.is_empty() {
            return Err(AccountError::Empty { name: name.to_owned() });
        }
        let mut account = Self { name: name.to_owned(), facts: AccountFacts::default(), exchanges: BTreeMap::new() };
        for (_, file, text) in files.iter().filter(|(stem, _, _)| *stem == "account") {
            let read: AccountText = toml::from_str(text).map_err(|e| invalid(file, text, &e))?;
            account.facts = read.account;
        }
        for (service, file, text) in files.iter().filter(|(stem, _, _)| *stem != "account") {
            account.read_service(service, file, text)?;
        }
        Ok(account)
    }

    fn read_service(&mut self, service: &str, file: &str, text: &str) -> Result<(), AccountError> {
        let Some(protocol) = Protocol::of_service(service) else {
            let expected = request::known_services().collect();
            return Err(AccountError::UnknownService { file: file.to_owned(), expected });
        };
        let read: ServiceText = toml::from_str(text).map_err(|e| invalid(file, text, &e))?;
        let mut lines: BTreeMap<Call, usize> = BTreeMap::new();
        for exchange in read.exchange {
            let line = line_of(text, exchange.operation.span().start);
            let fail = |message: String| AccountError::Invalid { file: file.to_owned(), line, message };
            let (call, exchange) = self.understand(service, protocol, exchange).map_err(fail)?;
            if let Some(&first) = lines.get(&call) {
                return Err(AccountError::Duplicate { file: file.to_owned(), line, first, call: call.to_string() });
            }
            lines.insert(call.clone(), line);
            self.exchanges.insert(call, exchange);
        }
        Ok(())
    }

    fn understand(&self, service: &str, protocol: Protocol, text: ExchangeText) -> Result<(Call, Exchange), String> {
        if !(100..600).contains(&text.status) {
            return Err(format!("status {} is no HTTP status", text.status));
        }
        match (protocol, text.encoding) {
            (Protocol::Cbor, Some(Encoding::Cbor)) if text.body.is_empty() => {}
            (Protocol::Cbor, Some(Encoding::Cbor)) => {
                let value: Value =
                    serde_json::from_str(&text.body).map_err(|e| format!("the body is not JSON: {e}"))?;
                cbor::encode(&value).map_err(|e| format!("the body cannot be CBOR: {e}"))?;
            }
            (Protocol::Cbor, None) => {
                return Err(format!("{service} speaks CBOR; write the body as JSON and add encoding = \"cbor\""));
            }
            (_, Some(Encoding::Cbor)) => {
                return Err(format!("{service} does not speak CBOR; remove encoding = \"cbor\""));
            }
            (_, None) => {}
        }
        let mut arguments = BTreeMap::new();
        for (name, value) in text.request {
            let value = match value {
                toml::Value::Datetime(_) => return Err(format!("argument `{name}` is a date; write it in quotes")),
                other => serde_json::to_value(other).map_err(|e| format!("argument `{name}`: {e}"))?,
            };
            arguments.insert(name, request::canonical(&value));
        }
        let region = self.region_of(service, text.region);
        let call = Call { service: service.to_owned(), operation: text.operation.into_inner(), arguments, region };
        let headers = text.headers.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
        let answer = Answer { status: text.status, headers, body: text.body };
        Ok((call, Exchange { answer, correction: text.correction }))
    }

    fn region_of(&self, service: &str, written: Option<String>) -> Option<String> {
        match written {
            _ if request::is_global(service) => None,
            Some(region) if region == "*" => None,
            Some(region) => Some(region),
            None => self.facts.region.clone(),
        }
    }

    /// Returns the account's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns what `account.toml` says.
    pub fn facts(&self) -> &AccountFacts {
        &self.facts
    }

    /// Returns the number of recorded exchanges.
    pub fn len(&self) -> usize {
        self.exchanges.len()
    }

    /// Returns whether no exchange is recorded.
    pub fn is_empty(&self) -> bool {
        self.exchanges.is_empty()
    }

    /// Returns the account without any answer to an operation, as if nobody had ever asked.
    ///
    /// # Errors
    /// The operation is not recorded.
    pub fn without(mut self, service: &str, operation: &str) -> Result<Self, AlterationError> {
        let before = self.exchanges.len();
        self.exchanges.retain(|call, _| !(call.service == service && call.operation == operation));
        if self.exchanges.len() == before {
            return Err(self.nothing_recorded(service, operation));
        }
        Ok(self)
    }

    /// Returns the account with another answer to one request, in every region where the request is recorded; a request
    /// that is not recorded is added for any region.
    ///
    /// # Errors
    /// The answer is the recorded one.
    pub fn answer(
        mut self,
        service: &str,
        operation: &str,
        arguments: &[(&str, &str)],
        answer: Answer,
    ) -> Result<Self, AlterationError> {
        let arguments: BTreeMap<String, String> =
            arguments.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut recorded = false;
        let mut changed = false;
        for (call, exchange) in &mut self.exchanges {
            if call.service == service && call.operation == operation && call.arguments == arguments {
                recorded = true;
                changed |= exchange.answer != answer;
                exchange.answer = answer.clone();
            }
        }
        if recorded && !changed {
            return Err(self.nothing_changed(service, operation));
        }
        if !recorded {
            let (service, operation) = (service.to_owned(), operation.to_owned());
            let call = Call { service, operation, arguments, region: None };
            self.exchanges.insert(call, Exchange { answer, correction: None });
        }
        Ok(self)
    }

    /// Returns the account with the bodies of all answers to an operation rewritten.
    ///
    /// # Errors
    /// The operation is not recorded, or no body comes out different.
    pub fn edit(
        mut self,
        service: &str,
        operation: &str,
        rewrite: impl Fn(&str) -> String,
    ) -> Result<Self, AlterationError> {
        let mut recorded = false;
        let mut changed = false;
        for (call, exchange) in &mut self.exchanges {
            if call.service == service && call.operation == operation {
                recorded = true;
                let body = rewrite(&exchange.answer.body);
                changed |= body != exchange.answer.body;
                exchange.answer.body = body;
            }
        }
        match (recorded, changed) {
            (false, _) => Err(self.nothing_recorded(service, operation)),
            (true, false) => Err(self.nothing_changed(service, operation)),
            (true, true) => Ok(self),
        }
    }

    fn nothing_recorded(&self, service: &str, operation: &str) -> AlterationError {
        AlterationError::NothingRecorded { account: self.name.clone(), operation: format!("{service}:{operation}") }
    }

    fn nothing_changed(&self, service: &str, operation: &str) -> AlterationError {
        AlterationError::NothingChanged { account: self.name.clone(), operation: format!("{service}:{operation}") }
    }

    /// The recorded exchange for a request: one for its region, else one for any.
    pub(super) fn find(&self, key: &RequestKey) -> Option<(Call, &Answer)> {
        let mut call = Call {
            service: key.service.clone(),
            operation: key.operation.clone(),
            arguments: key.arguments.clone(),
            region: Some(key.region.clone()),
        };
        if let Some(exchange) = self.exchanges.get(&call) {
            return Some((call, &exchange.answer));
        }
        call.region = None;
        let exchange = self.exchanges.get(&call)?;
        Some((call, &exchange.answer))
    }

    pub(super) fn exchanges(&self) -> impl Iterator<Item = (&Call, &Exchange)> {
        self.exchanges.iter()
    }

    /// An account to be filled by a recorder.
    pub(super) fn recorded(facts: AccountFacts, exchanges: BTreeMap<Call, Exchange>) -> Self {
        Self { name: "recording".to_owned(), facts, exchanges }
    }

    /// Takes over every exchange of an earlier recording that a person corrected.
    pub(super) fn adopt_corrections(&mut self, earlier: &Self) {
        let corrected = earlier.exchanges.iter().filter(|(_, exchange)| exchange.correction.is_some());
        self.exchanges.extend(corrected.map(|(call, exchange)| (call.clone(), exchange.clone())));
    }

    /// Returns the account as files, each with its name, in the form that [`Account::from_files`] reads.
    ///
    /// Exchanges are sorted, so that two recordings of the same account differ only where AWS differs.
    pub fn to_files(&self) -> BTreeMap<String, String> {
        let mut files = BTreeMap::from([("account.toml".to_owned(), self.facts.to_toml())]);
        for (call, exchange) in &self.exchanges {
            let file = files.entry(format!("{}.toml", call.service)).or_default();
            if !file.is_empty() {
                file.push('\n');
            }
            file.push_str(&self.exchange_text(call, exchange));
        }
        files
    }

    fn exchange_text(&self, call: &Call, exchange: &Exchange) -> String {
        let Exchange { answer, correction } = exchange;
        let mut lines = vec!["[[exchange]]".to_owned()];
        let mut add = |key: &str, value: String| lines.push(format!("{key} = {value}"));
        add("operation", pretty::toml_string(&call.operation));
        match (&call.region, &self.facts.region) {
            (None, None) => {}
            (None, Some(_)) if request::is_global(&call.service) => {}
            (None, Some(_)) => add("region", pretty::toml_string("*")),
            (Some(region), home) if Some(region) == home.as_ref() => {}
            (Some(region), _) => add("region", pretty::toml_string(region)),
        }
        if !call.arguments.is_empty() {
            add("request", pretty::toml_inline_table(&call.arguments));
        }
        if answer.status != success() {
            add("status", answer.status.to_string());
        }
        if !answer.headers.is_empty() {
            add("headers", pretty::toml_inline_table(&answer.headers));
        }
        if Protocol::of_service(&call.service) == Some(Protocol::Cbor) {
            add("encoding", pretty::toml_string("cbor"));
        }
        if !answer.body.is_empty() {
            add("body", pretty::toml_block(&answer.body));
        }
        if let Some(reason) = correction {
            add("correction", pretty::toml_string(reason));
        }
        lines.push(String::new());
        lines.join("\n")
    }
}

impl AccountFacts {
    fn to_toml(&self) -> String {
        let Self { id, region, recorded_at, description } = self;
        let mut text = "[account]\n".to_owned();
        for (key, value) in [("id", id), ("region", region), ("recorded_at", recorded_at), ("description", description)]
        {
            if let Some(value) = value {
                text.push_str(&format!("{key} = {}\n", pretty::toml_string(value)));
            }
        }
        text
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { service, operation, arguments, region } = self;
        let region = region.as_deref().map_or_else(|| "any region".to_owned(), str::to_owned);
        write!(f, "{service}:{operation} {} in {region}", pretty::toml_inline_table(arguments))
    }
}

fn stem(file: &str) -> &str {
    let name = file.rsplit_once(['/', '\\']).map_or(file, |(_, name)| name);
    name.strip_suffix(".toml").unwrap_or(name)
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|&byte| byte == b'\n').count() + 1
}

fn invalid(file: &str, text: &str, error: &toml::de::Error) -> AccountError {
    let line = error.span().map_or(1, |span| line_of(text, span.start));
    AccountError::Invalid { file: file.to_owned(), line, message: error.message().to_owned() }
}
