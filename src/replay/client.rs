//! The HTTP client that answers from an account.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;

use super::account::{Account, Answer, Call};
use super::cbor;
use super::fault::{Fault, Injection, Target};
use super::request::{Asked, Protocol, RequestKey};

/// An HTTP client for the AWS SDK that answers from a recorded [`Account`].
///
/// Clones share everything: faults, latency and counts. Clients need the interceptor [`Stamp`](super::Stamp).
///
/// A request that is not recorded ends in a connector error that the SDK does not retry, and is remembered.
#[derive(Clone)]
pub struct Replay {
    inner: Arc<Inner>,
}

struct Inner {
    account: Account,
    in_flight: AtomicUsize,
    max_in_flight: AtomicUsize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    injections: Vec<InjectionState>,
    latency: Duration,
    latencies: Vec<(Target, Duration)>,
    counts: BTreeMap<String, u64>,
    unrecorded: BTreeSet<RequestKey>,
    used: BTreeSet<Call>,
}

struct InjectionState {
    injection: Injection,
    /// How often each request was hit, for faults that end.
    hits: BTreeMap<RequestKey, u32>,
}

/// A request that the account has no answer for.
#[derive(Debug, thiserror::Error)]
#[error("no answer is recorded for {key}; record it, or add to {}.toml:\n{}", key.service, key.snippet())]
struct Unrecorded {
    key: RequestKey,
}

/// An answer that cannot be sent, or a connection that broke on purpose.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error("connection reset by the fault injected into {0}")]
    Reset(String),
    #[error("the recorded answer to {0} cannot be sent: {1}")]
    Unsendable(String, String),
}

impl Replay {
    /// Returns a client that answers from an account, at once and without faults.
    pub fn new(account: Account) -> Self {
        let state = Mutex::new(State::default());
        let (in_flight, max_in_flight) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Self { inner: Arc::new(Inner { account, in_flight, max_in_flight, state }) }
    }

    /// Lets a fault happen to all requests of a target. Where several faults fit, the first one added that is not yet
    /// used up happens.
    pub fn with_fault(self, target: Target, fault: Fault) -> Self {
        self.with_injection(Injection { target, fault })
    }

    /// Lets a fault happen, as [`Replay::with_fault`] does.
    pub fn with_injection(self, injection: Injection) -> Self {
        self.state().injections.push(InjectionState { injection, hits: BTreeMap::new() });
        self
    }

    /// Lets every answer take this long, on tokio's clock.
    pub fn with_latency(self, latency: Duration) -> Self {
        self.state().latency = latency;
        self
    }

    /// Lets answers to a target take this long, on tokio's clock. Where several fit, the last one added counts.
    pub fn with_latency_on(self, target: Target, latency: Duration) -> Self {
        self.state().latencies.push((target, latency));
        self
    }

    /// Returns the account that is replayed.
    pub fn account(&self) -> &Account {
        &self.inner.account
    }

    /// Returns how many requests came in, by `service:Operation`; repeated attempts count.
    pub fn counts(&self) -> BTreeMap<String, u64> {
        self.state().counts.clone()
    }

    /// Returns the largest number of requests that were under way at the same time.
    pub fn max_in_flight(&self) -> usize {
        self.inner.max_in_flight.load(Ordering::SeqCst)
    }

    /// Returns the requests that the account had no answer for, sorted and each once.
    pub fn unrecorded(&self) -> Vec<RequestKey> {
        self.state().unrecorded.iter().cloned().collect()
    }

    /// Returns the recorded exchanges that no request has asked for, as text; an answer that is never read proves
    /// nothing.
    pub fn unasked(&self) -> Vec<String> {
        let state = self.state();
        let unasked = self.inner.account.exchanges().filter(|(call, _)| !state.used.contains(call));
        unasked.map(|(call, _)| call.to_string()).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Decides what happens to a request; only the waiting is left.
    fn plan(&self, asked: &Asked) -> (Duration, Plan) {
        let Asked { key, protocol, expected_owner } = asked;
        let mut state = self.state();
        *state.counts.entry(key.name()).or_insert(0) += 1;
        let fault = state.fault(key);
        let latency = state.latency(key);
        let id = RequestId::of(key);
        if let Some(answer) = fault.as_ref().and_then(|fault| fault.answer(*protocol, &key.name(), &id.uuid)) {
            return (latency, Plan::Answer(answer));
        }
        match fault {
            Some(Fault::Hang) => return (latency, Plan::Hang),
            Some(Fault::Reset) => return (latency, Plan::Reset),
            Some(Fault::Garbage) => return (latency, Plan::Garbage),
            _ => {}
        }
        let foreign = match (expected_owner, &self.inner.account.facts().id) {
            (Some(expected), Some(id)) => expected != id,
            (Some(_), None) | (None, _) => false,
        };
        if foreign {
            let denied = Fault::Denied.answer(*protocol, &key.name(), &id.uuid);
            return (latency, denied.map_or(Plan::Unrecorded, Plan::Answer));
        }
        let Some((call, answer)) = self.inner.account.find(key) else {
            state.unrecorded.insert(key.clone());
            return (latency, Plan::Unrecorded);
        };
        state.used.insert(call);
        let plan = match fault {
            Some(Fault::Truncated) => Plan::Truncated(answer.clone()),
            _ => Plan::Answer(answer.clone()),
        };
        (latency, plan)
    }
}

enum Plan {
    Answer(Answer),
    Truncated(Answer),
    Garbage,
    Hang,
    Reset,
    Unrecorded,
}

impl State {
    fn fault(&mut self, key: &RequestKey) -> Option<Fault> {
        for InjectionState { injection, hits } in &mut self.injections {
            if !injection.target.matches(key) {
                continue;
            }
            let times = injection.fault.times();
            if times == Fault::ALWAYS {
                return Some(injection.fault.clone());
            }
            let hits = hits.entry(key.clone()).or_insert(0);
            if *hits < times {
                *hits += 1;
                return Some(injection.fault.clone());
            }
        }
        None
    }

    fn latency(&self, key: &RequestKey) -> Duration {
        let special = self.latencies.iter().rev().find(|(target, _)| target.matches(key));
        special.map_or(self.latency, |(_, latency)| *latency)
    }
}

/// A request id that is the same whenever the same is asked.
struct RequestId {
    uuid: String,
    /// The form that S3 uses.
    short: String,
}

impl RequestId {
    fn of(key: &RequestKey) -> Self {
        let hex: String = key.digest().iter().map(|byte| format!("{byte:02x}")).collect();
        let part = |from: usize, to: usize| hex.get(from..to).map_or("", |part| part);
        let uuid = [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-");
        Self { uuid, short: part(32, 48).to_uppercase() }
    }
}

/// Counts a request as under way for as long as it lives, also when its caller gives up on it.
struct InFlight(Arc<Inner>);

impl InFlight {
    fn enter(inner: &Arc<Inner>) -> Self {
        let now = inner.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
        inner.max_in_flight.fetch_max(now, Ordering::SeqCst);
        Self(Arc::clone(inner))
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::SeqCst);
    }
}

const GARBAGE: &[u8] = b"<<<{ this is no answer";

/// How much of a body is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extent {
    Whole,
    Half,
}

fn response(asked: &Asked, answer: &Answer, extent: Extent) -> Result<HttpResponse, ConnectorError> {
    let name = asked.key.name();
    let unsendable = |reason: String| ConnectorError::user(Broken::Unsendable(name.clone(), reason).into());
    let mut body = match asked.protocol {
        Protocol::Cbor if !answer.body.is_empty() => {
            let value = serde_json::from_str(&answer.body).map_err(|e| unsendable(format!("it is not JSON: {e}")))?;
            cbor::encode(&value).map_err(|e| unsendable(e.to_string()))?
        }
        _ => answer.body.clone().into_bytes(),
    };
    let whole = body.len();
    if extent == Extent::Half {
        body.truncate(whole / 2);
    }
    let mut response = plain(asked, answer.status, body).map_err(unsendable)?;
    for (header, value) in &answer.headers {
        response.headers_mut().try_insert(header.clone(), value.clone()).map_err(|e| unsendable(e.to_string()))?;
    }
    if extent == Extent::Half {
        // What the connection promised; the SDK notices that less arrived.
        response.headers_mut().insert("content-length", whole.max(1).to_string());
    }
    Ok(response)
}

/// A response with the headers that every answer has.
fn plain(asked: &Asked, status: u16, body: Vec<u8>) -> Result<HttpResponse, String> {
    let status = StatusCode::try_from(status).map_err(|e| e.to_string())?;
    let mut response = HttpResponse::new(status, SdkBody::from(body));
    let headers = response.headers_mut();
    let id = RequestId::of(&asked.key);
    headers.insert("x-amzn-requestid", id.uuid);
    if matches!(asked.protocol, Protocol::S3 | Protocol::S3Control) {
        headers.insert("x-amz-request-id", id.short);
    }
    headers.insert("content-type", asked.protocol.content_type());
    if asked.protocol == Protocol::Cbor {
        headers.insert("smithy-protocol", "rpc-v2-cbor");
    }
    Ok(response)
}

impl HttpConnector for Replay {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let flight = InFlight::enter(&self.inner);
        let asked = match Asked::read(self.inner.account.name(), &request) {
            Ok(asked) => asked,
            Err(e) => return HttpConnectorFuture::ready(Err(ConnectorError::user(e.into()))),
        };
        let (latency, plan) = self.plan(&asked);
        HttpConnectorFuture::new(async move {
            let _flight = flight;
            if !latency.is_zero() {
                tokio::time::sleep(latency).await;
            }
            match plan {
                Plan::Answer(answer) => response(&asked, &answer, Extent::Whole),
                Plan::Truncated(answer) => response(&asked, &answer, Extent::Half),
                Plan::Garbage => plain(&asked, 200, GARBAGE.to_vec()).map_err(|e| ConnectorError::user(e.into())),
                Plan::Hang => std::future::pending().await,
                Plan::Reset => Err(ConnectorError::io(Broken::Reset(asked.key.name()).into())),
                Plan::Unrecorded => Err(ConnectorError::user(Unrecorded { key: asked.key }.into())),
            }
        })
    }
}

impl HttpClient for Replay {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl fmt::Debug for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replay").field("account", &self.inner.account.name()).finish_non_exhaustive()
    }
}
