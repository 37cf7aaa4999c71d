//! Makes accounts by listening to a real HTTP client.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;

use super::account::{Account, AccountError, AccountFacts, Answer, Call, Exchange};
use super::cbor;
use super::pretty;
use super::request::{Asked, Protocol, RequestKey};

/// Headers that differ from one answer to the next, or belong to the connection.
const VOLATILE: &[&str] = &[
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-allow-origin",
    "access-control-expose-headers",
    "connection",
    "content-length",
    "date",
    "keep-alive",
    "server",
    "transfer-encoding",
    "x-amz-id-2",
    "x-amz-request-id",
    "x-amzn-requestid",
    "x-amzn-trace-id",
];

/// An HTTP client that passes requests on to another one and writes down what is asked and answered.
///
/// Point the other client at an emulator with made-up data: answers are kept word for word. Clients need the
/// interceptor [`Stamp`](super::Stamp). Of several answers to the same request the last one is kept.
#[derive(Clone)]
pub struct Recorder {
    inner: SharedHttpClient,
    heard: Arc<Mutex<Heard>>,
}

#[derive(Default)]
struct Heard {
    replacements: Vec<(String, String)>,
    exchanges: BTreeMap<RequestKey, Answer>,
}

/// Answers that cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum RecorderError {
    /// The files that are there cannot be read, so that their corrections would be lost.
    #[error("cannot keep the corrections of the recording that is to be replaced")]
    Earlier(#[source] AccountError),
    /// A file cannot be written.
    #[error("cannot write {}", path.display())]
    Unwritable {
        /// The file or directory.
        path: PathBuf,
        /// Why it cannot be written.
        #[source]
        source: std::io::Error,
    },
}

impl Recorder {
    /// Returns a client that listens to another one.
    pub fn new(inner: SharedHttpClient) -> Self {
        Self { inner, heard: Arc::new(Mutex::new(Heard::default())) }
    }

    /// Replaces a text wherever it occurs in arguments, headers and bodies, such as the emulator's account id or
    /// address by those that the recording is to show.
    pub fn replacing(self, text: impl Into<String>, by: impl Into<String>) -> Self {
        self.heard().replacements.push((text.into(), by.into()));
        self
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns what was heard so far as an account.
    pub fn account(&self, facts: AccountFacts) -> Account {
        let heard = self.heard();
        let replaced = |text: &str| {
            heard.replacements.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from.as_str(), to))
        };
        let exchanges = heard.exchanges.iter().map(|(key, answer)| {
            let call = Call {
                service: key.service.clone(),
                operation: key.operation.clone(),
                arguments: key.arguments.iter().map(|(name, value)| (name.clone(), replaced(value))).collect(),
                region: (!key.region.is_empty()).then(|| key.region.clone()),
            };
            let answer = Answer {
                status: answer.status,
                headers: answer.headers.iter().map(|(name, value)| (name.clone(), replaced(value))).collect(),
                body: pretty::body(&replaced(&answer.body)),
            };
            (call, Exchange { answer, correction: None })
        });
        Account::recorded(facts, exchanges.collect())
    }

    /// Writes what was heard so far into a directory, one file per service and `account.toml`.
    ///
    /// Exchanges there that carry a `correction` are kept as they are, and go before what was heard. Files of services
    /// that were not heard are left alone.
    ///
    /// # Errors
    /// The directory holds something that is no account, or cannot be written.
    pub fn write(&self, directory: &Path, facts: AccountFacts) -> Result<(), RecorderError> {
        let mut account = self.account(facts);
        match Account::from_dir(directory) {
            Ok(earlier) => account.adopt_corrections(&earlier),
            Err(AccountError::Empty { .. }) => {}
            Err(AccountError::Unreadable { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {}
            Err(e) => return Err(RecorderError::Earlier(e)),
        }
        let unwritable = |path: &Path| {
            let path = path.to_path_buf();
            move |source| RecorderError::Unwritable { path, source }
        };
        std::fs::create_dir_all(directory).map_err(unwritable(directory))?;
        for (file, text) in account.to_files() {
            let path = directory.join(file);
            std::fs::write(&path, text).map_err(unwritable(&path))?;
        }
        Ok(())
    }

    fn listen(&self, asked: Asked, response: &HttpResponse, body: &[u8]) -> Result<(), String> {
        let text = match asked.protocol {
            Protocol::Cbor if !body.is_empty() => cbor::decode(body).map_err(|e| e.to_string())?.to_string(),
            _ => std::str::from_utf8(body).map_err(|e| e.to_string())?.to_owned(),
        };
        let implied = |name: &str, value: &str| match name {
            "content-type" => value == asked.protocol.content_type(),
            "smithy-protocol" => true,
            _ => false,
        };
        let headers = response
            .headers()
            .iter()
            .filter(|(name, value)| !VOLATILE.contains(name) && !implied(name, value))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let answer = Answer { status: response.status().as_u16(), headers, body: text };
        self.heard().exchanges.insert(asked.key, answer);
        Ok(())
    }
}

/// The connector of the client that is listened to.
#[derive(Debug)]
struct Listening {
    recorder: Recorder,
    connector: SharedHttpConnector,
}

/// An answer that no file can hold.
#[derive(Debug, thiserror::Error)]
#[error("cannot record the answer to {operation}: {reason}")]
struct Unrecordable {
    operation: String,
    reason: String,
}

impl HttpConnector for Listening {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let asked = match Asked::read("recording", &request) {
            Ok(asked) => asked,
            Err(e) => return HttpConnectorFuture::ready(Err(ConnectorError::user(e.into()))),
        };
        let recorder = self.recorder.clone();
        let answer = self.connector.call(request);
        HttpConnectorFuture::new(async move {
            let mut response = answer.await?;
            let body = std::mem::replace(response.body_mut(), SdkBody::taken());
            let body = ByteStream::new(body).collect().await.map_err(|e| ConnectorError::io(e.into()))?.into_bytes();
            let operation = asked.key.name();
            recorder
                .listen(asked, &response, &body)
                .map_err(|reason| ConnectorError::user(Unrecordable { operation, reason }.into()))?;
            *response.body_mut() = SdkBody::from(body);
            Ok(response)
        })
    }
}

impl HttpClient for Recorder {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let connector = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Listening { recorder: self.clone(), connector })
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").field("inner", &self.inner).finish_non_exhaustive()
    }
}
