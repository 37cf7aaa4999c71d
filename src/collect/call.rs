//! `ask`: the only place that awaits AWS. One flight per distinct request, a bound on calls in flight, a deadline,
//! retries, a ledger; and the only place where an SDK result becomes an observation or a gap.

use std::any::Any;
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::rc::Rc;
use std::time::Duration;

use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::AfterDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use sha2::{Digest, Sha256};
use tap_audit_checks::evidence;
use tap_audit_checks::observed::{CallId, Gap, Observed, Seen};
use tokio::sync::{OnceCell, Semaphore};
use tokio::time::Instant;

use crate::collect::clients::{Clients, Connection};
use crate::settings::Clock;

/// One operation of AWS as a collector uses it.
#[derive(Debug)]
pub struct Call {
    /// The service's prefix in IAM actions, such as `s3`.
    pub service: &'static str,
    /// The operation, such as `GetBucketVersioning`.
    pub operation: &'static str,
    /// The IAM action that it needs; empty for the few that need none.
    pub permission: &'static str,
    /// The error codes by which AWS answers "not set" (rule U4).
    pub absent: &'static [&'static str],
    /// A second cause of a denial, such as a bucket of another account.
    pub denied_or: Option<&'static str>,
}

/// An error that AWS answered, as far as collectors may look at it. The message is for telling causes apart; it is
/// never shown, because AWS repeats input in it.
#[derive(Debug)]
pub struct Fault {
    /// The error code, such as `NoSuchBucket`.
    pub code: String,
    /// The HTTP status.
    pub status: u16,
    /// The region that S3 says the bucket is in, when it redirects.
    pub bucket_region: Option<String>,
    message: String,
}

impl Fault {
    /// Whether AWS's message says this.
    pub fn says(&self, text: &str) -> bool {
        self.message.contains(text)
    }
}

/// How long a call may take, and how many may run at once.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The time for one call over all its attempts.
    pub call_timeout: Duration,
    /// The most calls in flight.
    pub in_flight: usize,
}

impl Limits {
    /// What an audit uses when nothing else is said.
    pub const STANDARD: Limits = Limits { call_timeout: Duration::from_secs(20), in_flight: 64 };
}

/// Attempts after which a failure on the way or inside AWS is final; throttling is bounded by time alone.
const FAILURE_ATTEMPTS: u32 = 5;
/// Attempts after which an unreadable answer is final: a cut connection may heal, nonsense rarely does.
const UNREADABLE_ATTEMPTS: u32 = 3;
/// What is wrong with a body that no AWS service sends.
const WEB_PAGE: &str = "the body is a web page, so something other than the service answered";
/// Pages after which a list is taken to be endless.
const MOST_PAGES: usize = 2_000;

const DENIED: &[&str] = &[
    "AccessDenied",
    "AccessDeniedException",
    "AllAccessDisabled",
    "AuthorizationError",
    "AuthorizationErrorException",
    "Forbidden",
    "NotAuthorized",
    "UnauthorizedAccess",
    "UnauthorizedOperation",
];
const CREDENTIALS: &[&str] = &[
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "InvalidToken",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "NotSignedUp",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "TokenRefreshRequired",
    "UnrecognizedClientException",
];
const THROTTLED: &[&str] = &[
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "TooManyRequestsException",
];
const MISSING: &[&str] = &[
    "NoSuchBucket",
    "NoSuchEntity",
    "NoSuchEntityException",
    "NotFoundException",
    "ResourceNotFoundException",
    "TrailNotFoundException",
    "AccessPointNotFound",
    "CacheClusterNotFound",
    "CacheSubnetGroupNotFoundFault",
    "DBClusterNotFoundFault",
    "DBClusterSnapshotNotFoundFault",
    "DBInstanceNotFound",
    "DBParameterGroupNotFound",
    "DBSubnetGroupNotFoundFault",
    "FileSystemNotFound",
    "MountTargetNotFound",
    "ReplicationGroupNotFoundFault",
    "ServerlessCacheNotFoundFault",
    "UserGroupNotFound",
    "UserNotFound",
];

/// A digest of a value under a key that exists only in this process: it tells whether two values are equal, and nothing
/// about either. It cannot be printed or saved.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ValueDigest(u64);

impl std::fmt::Debug for ValueDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ValueDigest(..)")
    }
}

/// What the reductions of secret values need to know; see [`Aws::digest`].
#[derive(Clone, Debug)]
pub struct Reductions {
    /// SHA-256 digests, in hex, of values that are published as defaults.
    pub known_default_hashes: Vec<String>,
    /// The names whose values are secret.
    pub secret_names: tap_audit_checks::secret::SecretNames,
}

/// The reduced answer to one question, or the flight that will bring it.
type Answered = Rc<OnceCell<Rc<dyn Any>>>;

/// AWS, as the collectors see it.
pub struct Aws {
    connection: Connection,
    clients: RefCell<BTreeMap<String, Rc<Clients>>>,
    permits: Semaphore,
    limits: Limits,
    memory: RefCell<HashMap<CallId, Answered>>,
    ledger: RefCell<BTreeMap<CallId, evidence::Call>>,
    refused: RefCell<Option<String>>,
    digests: RandomState,
    clock: Clock,
    on_call: Box<dyn Fn(&evidence::Call)>,
    /// What the reductions of secret values need to know.
    pub reductions: Reductions,
}

impl std::fmt::Debug for Aws {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Aws").field("limits", &self.limits).finish_non_exhaustive()
    }
}

enum Trouble {
    Fault(Fault),
    Gap(Gap),
}

impl Aws {
    /// Makes AWS ready to be asked; nothing is sent yet. `on_call` hears of every finished call, for progress.
    pub fn new(
        connection: Connection,
        limits: Limits,
        clock: Clock,
        reductions: Reductions,
        on_call: impl Fn(&evidence::Call) + 'static,
    ) -> Self {
        Aws {
            connection,
            clients: RefCell::new(BTreeMap::new()),
            permits: Semaphore::new(limits.in_flight),
            limits,
            memory: RefCell::new(HashMap::new()),
            ledger: RefCell::new(BTreeMap::new()),
            refused: RefCell::new(None),
            digests: RandomState::new(),
            clock,
            on_call: Box::new(on_call),
            reductions,
        }
    }

    /// Asks one question: `send` sends it (again, on a retry), `reduce` takes from the answer what will be kept.
    /// The parameters name what is asked about: they identify the request and stand in the ledger, so they must be
    /// complete and never secret. The same question asked twice is sent once.
    pub async fn ask<A, E, R, F>(
        &self,
        call: &'static Call,
        region: &str,
        parameters: &[(&str, &str)],
        send: impl Fn(&Clients) -> F,
        reduce: impl Fn(A) -> Observed<R>,
    ) -> Seen<R>
    where
        F: Future<Output = Result<A, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + std::error::Error + 'static,
        R: Clone + 'static,
    {
        self.ask_or(call, region, parameters, send, reduce, |_| None).await
    }

    /// As [`Aws::ask`], for a question to which some errors are answers: `fault` says which, and what they mean.
    pub async fn ask_or<A, E, R, F>(
        &self,
        call: &'static Call,
        region: &str,
        parameters: &[(&str, &str)],
        send: impl Fn(&Clients) -> F,
        reduce: impl Fn(A) -> Observed<R>,
        fault: impl Fn(&Fault) -> Option<Observed<R>>,
    ) -> Seen<R>
    where
        F: Future<Output = Result<A, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + std::error::Error + 'static,
        R: Clone + 'static,
    {
        self.remembered(call, region, parameters, async |id| {
            let observed = match self.send(call, region, id, parameters, &send).await {
                Ok(answer) => reduce(answer),
                Err(Trouble::Fault(error)) => fault(&error).unwrap_or_else(|| self.meaning(call, &error)),
                Err(Trouble::Gap(gap)) => Observed::Unknown(gap),
            };
            Seen::new(observed, vec![id.clone()])
        })
        .await
    }

    /// Asks for a list and reads it to its end. `send` gets the token of the page to ask for, `next` takes the token of
    /// the following one out of an answer, `reduce` takes the members. A page that cannot be read makes the list a gap.
    pub async fn ask_all<A, E, R, F>(
        &self,
        call: &'static Call,
        region: &str,
        parameters: &[(&str, &str)],
        send: impl Fn(&Clients, Option<String>) -> F,
        next: impl Fn(&A) -> Option<String>,
        reduce: impl Fn(A) -> Result<Vec<R>, Gap>,
    ) -> Seen<Vec<R>>
    where
        F: Future<Output = Result<A, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + std::error::Error + 'static,
        R: Clone + 'static,
    {
        self.remembered(call, region, parameters, async |first| {
            let (mut members, mut calls, mut token) = (Vec::new(), Vec::new(), None::<String>);
            let mut tokens = BTreeSet::new();
            for page in 1.. {
                let number = page.to_string();
                let mut parameters = parameters.to_vec();
                if page > 1 {
                    parameters.push(("(page)", &number));
                }
                let id = if page == 1 { first.clone() } else { call_id(call, region, &parameters) };
                calls.push(id.clone());
                let answer =
                    self.send(call, region, &id, &parameters, &|clients: &Clients| send(clients, token.clone())).await;
                let answer = match answer {
                    Ok(answer) => answer,
                    Err(trouble) => {
                        let observed = match trouble {
                            Trouble::Fault(error) => self.meaning(call, &error),
                            Trouble::Gap(gap) => Observed::Unknown(gap),
                        };
                        let observed = match (observed, page) {
                            (observed, 1) => observed,
                            (Observed::Unknown(gap), _) => Observed::Unknown(unread(call, gap.to_string())),
                            (Observed::Absent | Observed::Present(_), _) => {
                                Observed::Unknown(unread(call, format!("page {page} was refused")))
                            }
                        };
                        return Seen::new(observed, calls);
                    }
                };
                let following = next(&answer).filter(|token| !token.is_empty());
                match reduce(answer) {
                    Ok(page) => members.extend(page),
                    Err(gap) => return Seen::new(Observed::Unknown(gap), calls),
                }
                match following {
                    None => break,
                    Some(following) if !tokens.insert(following.clone()) => {
                        return Seen::new(
                            Observed::Unknown(unread(call, format!("page {page} names an earlier page as the next"))),
                            calls,
                        );
                    }
                    Some(_) if page >= MOST_PAGES => {
                        return Seen::new(
                            Observed::Unknown(unread(call, format!("more than {MOST_PAGES} pages"))),
                            calls,
                        );
                    }
                    Some(following) => token = Some(following),
                }
            }
            Seen::new(Observed::Present(members), calls)
        })
        .await
    }

    /// A digest of a secret value, by which it can be compared with others of this run after it was dropped.
    pub fn digest(&self, value: &str) -> ValueDigest {
        ValueDigest(self.digests.hash_one(value))
    }

    /// Whether a value is on the list of published defaults.
    pub fn is_known_default(&self, value: &str) -> bool {
        let digest = hex(&Sha256::digest(value.as_bytes()));
        self.reductions.known_default_hashes.iter().any(|known| known.eq_ignore_ascii_case(&digest))
    }

    /// Every call made so far, by id.
    pub fn ledger(&self) -> Vec<evidence::Call> {
        self.ledger.borrow().values().cloned().collect()
    }

    /// Why AWS refused the credentials, when it did: then nothing that was seen is worth a report (rule U5).
    pub fn refused(&self) -> Option<String> {
        self.refused.borrow().clone()
    }

    /// The time, from the run's clock.
    pub fn now(&self) -> jiff::Timestamp {
        self.clock.now()
    }

    /// Where the calls go, in words for the report.
    pub fn endpoint(&self) -> &str {
        self.connection.endpoint()
    }

    async fn remembered<R: Clone + 'static>(
        &self,
        call: &'static Call,
        region: &str,
        parameters: &[(&str, &str)],
        ask: impl AsyncFn(&CallId) -> Seen<R>,
    ) -> Seen<R> {
        let id = call_id(call, region, parameters);
        let cell = Rc::clone(self.memory.borrow_mut().entry(id.clone()).or_insert_with(|| Rc::new(OnceCell::new())));
        let answer = cell.get_or_init(async || Rc::new(ask(&id).await) as Rc<dyn Any>).await;
        match answer.downcast_ref::<Seen<R>>() {
            Some(seen) => seen.clone(),
            // Two collectors keep different parts of one answer: a fault of this program, and better an error in the
            // report than a second request or a guess.
            None => Seen::new(
                Observed::Unknown(Gap::undecided(format!(
                    "{} is reduced in two ways; report this as a bug of tap-audit",
                    call.operation
                ))),
                vec![id],
            ),
        }
    }

    fn meaning<R>(&self, call: &'static Call, fault: &Fault) -> Observed<R> {
        let operation = Cow::Borrowed(call.operation);
        let code = fault.code.as_str();
        if call.absent.contains(&code) {
            Observed::Absent
        } else if CREDENTIALS.contains(&code) {
            self.refused.borrow_mut().get_or_insert_with(|| format!("{} answered {code}", call.operation));
            Observed::Unknown(Gap::Failed { operation, code: code.into() })
        } else if MISSING.contains(&code) {
            Observed::Unknown(Gap::Missing { operation, code: code.into() })
        } else if DENIED.contains(&code) || fault.status == 403 {
            let permission = if call.permission.is_empty() { "no permission by itself" } else { call.permission };
            let or_else = call.denied_or.map(Cow::Borrowed);
            Observed::Unknown(Gap::Denied { operation, permission: permission.into(), or_else })
        } else {
            Observed::Unknown(Gap::Failed {
                operation,
                code: if code.is_empty() { format!("HTTP {}", fault.status) } else { code.into() },
            })
        }
    }

    fn clients(&self, region: &str) -> Rc<Clients> {
        let mut clients = self.clients.borrow_mut();
        Rc::clone(clients.entry(region.to_owned()).or_insert_with(|| Rc::new(Clients::new(&self.connection, region))))
    }

    async fn send<A, E, F>(
        &self,
        call: &'static Call,
        region: &str,
        id: &CallId,
        parameters: &[(&str, &str)],
        send: &impl Fn(&Clients) -> F,
    ) -> Result<A, Trouble>
    where
        F: Future<Output = Result<A, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let operation = || Cow::Borrowed(call.operation);
        let clients = self.clients(region);
        let mut record = evidence::Call {
            id: id.clone(),
            service: call.service.into(),
            operation: call.operation.into(),
            region: region.into(),
            parameters: parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            at: self.clock.now(),
            date: None,
            request_id: None,
            status: None,
            error: None,
            attempts: 0,
            sha256: None,
        };
        let mut started = None;
        let result = loop {
            let Ok(permit) = self.permits.acquire().await else {
                break Err(Trouble::Gap(Gap::NotCollected {
                    what: "the run was stopped before this was asked".into(),
                }));
            };
            // Waiting for one's turn is not waiting for AWS: the deadline starts with the first attempt.
            let started = *started.get_or_insert_with(Instant::now);
            let left = self.limits.call_timeout.saturating_sub(started.elapsed());
            record.attempts += 1;
            record.at = self.clock.now();
            // A lost answer gets a second chance within the deadline; one that is merely slow gets most of it.
            let patience = left.min(self.limits.call_timeout.mul_f32(0.6)).max(Duration::from_millis(1));
            let exchange = Rc::new(RefCell::new(Exchange::new()));
            let answer = EXCHANGE.scope(Rc::clone(&exchange), tokio::time::timeout(patience, send(&clients))).await;
            drop(permit);
            let mut seen = exchange.take();
            if call.operation.starts_with("Head") {
                // The answer to a HEAD request has no body by design.
                seen.broken = None;
            }
            (record.status, record.request_id, record.sha256) = (seen.status, seen.request_id, seen.sha256);
            record.date = seen.date;
            let left = self.limits.call_timeout.saturating_sub(started.elapsed());
            let retry = match answer {
                Err(_) => {
                    record.error = Some("no answer in time".into());
                    Retry { most: u32::MAX, then: Trouble::Gap(timed_out(call, started.elapsed())) }
                }
                Ok(Ok(answer)) => match seen.broken {
                    None => {
                        record.error = None;
                        break Ok(answer);
                    }
                    Some(what) => {
                        record.error = Some("unreadable answer".into());
                        Retry {
                            most: UNREADABLE_ATTEMPTS,
                            then: Trouble::Gap(Gap::Unparsable { operation: operation(), what }),
                        }
                    }
                },
                Ok(Err(error)) => self.judge(call, &mut record, error, seen.broken),
            };
            let pause = backoff(record.attempts, &self.digests);
            if record.attempts >= retry.most || left <= pause {
                break Err(retry.then);
            }
            tokio::time::sleep(pause).await;
        };
        (self.on_call)(&record);
        self.ledger.borrow_mut().insert(id.clone(), record);
        result
    }

    /// Says what an SDK error is, and how often it is worth trying again.
    fn judge<E>(
        &self,
        call: &'static Call,
        record: &mut evidence::Call,
        error: SdkError<E, HttpResponse>,
        broken: Option<String>,
    ) -> Retry
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let operation = Cow::Borrowed(call.operation);
        match error {
            SdkError::ServiceError(error) => {
                let raw = error.raw();
                let status = raw.status().as_u16();
                let fault = Fault {
                    code: error.err().code().unwrap_or("").to_owned(),
                    status,
                    bucket_region: raw.headers().get("x-amz-bucket-region").map(str::to_owned),
                    message: error.err().message().unwrap_or("").to_owned(),
                };
                record.status = Some(status);
                record.error = Some(if fault.code.is_empty() { format!("HTTP {status}") } else { fault.code.clone() });
                if THROTTLED.contains(&fault.code.as_str()) || status == 429 {
                    let gap = Gap::Throttled { operation, attempts: record.attempts };
                    return Retry { most: u32::MAX, then: Trouble::Gap(gap) };
                }
                if status >= 500 {
                    return Retry { most: FAILURE_ATTEMPTS, then: Trouble::Fault(fault) };
                }
                // The SDK takes a body of status 200 that it cannot read for an error without a code.
                let nonsense = (status < 300).then(|| "the body is not what the service's protocol demands".to_owned());
                if let Some(what) = broken.or(nonsense) {
                    // A page is written by somebody who will write it again; a cut answer may be whole the next time.
                    let most = if what == WEB_PAGE { 1 } else { UNREADABLE_ATTEMPTS };
                    return Retry { most, then: Trouble::Gap(Gap::Unparsable { operation, what }) };
                }
                Retry { most: 1, then: Trouble::Fault(fault) }
            }
            SdkError::TimeoutError(_) => {
                record.error = Some("no answer in time".into());
                Retry { most: FAILURE_ATTEMPTS, then: Trouble::Gap(timed_out(call, self.limits.call_timeout)) }
            }
            SdkError::DispatchFailure(failure) => {
                let code = if failure.is_timeout() {
                    "a connection time-out"
                } else if failure.is_io() {
                    "a connection error"
                } else if failure.is_user() {
                    "a request that could not be sent"
                } else {
                    "a transport error"
                };
                record.error = Some(code.into());
                let most = if failure.is_io() || failure.is_timeout() { FAILURE_ATTEMPTS } else { 1 };
                tracing::debug!(operation = call.operation, error = ?failure.as_connector_error(), "not sent");
                Retry { most, then: Trouble::Gap(Gap::Failed { operation, code: code.into() }) }
            }
            SdkError::ResponseError(response) => {
                record.status = Some(response.raw().status().as_u16());
                record.error = Some("unreadable answer".into());
                let what = broken.unwrap_or_else(|| "the body is not what the service's protocol demands".into());
                Retry { most: UNREADABLE_ATTEMPTS, then: Trouble::Gap(Gap::Unparsable { operation, what }) }
            }
            SdkError::ConstructionFailure(_) => {
                record.error = Some("a request that could not be built".into());
                Retry {
                    most: 1,
                    then: Trouble::Gap(Gap::Failed { operation, code: "a request that could not be built".into() }),
                }
            }
            // The SDK marks the enum as open; a kind it adds later is a failure like the others.
            _ => Retry {
                most: 1,
                then: Trouble::Gap(Gap::Failed {
                    operation,
                    code: "an error of a kind this version does not know".into(),
                }),
            },
        }
    }
}

struct Retry {
    most: u32,
    then: Trouble,
}

fn timed_out(call: &'static Call, waited: Duration) -> Gap {
    let milliseconds = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX);
    Gap::TimedOut { operation: call.operation.into(), milliseconds }
}

fn unread(call: &'static Call, why: String) -> Gap {
    Gap::UnreadPage { operation: call.operation.into(), why }
}

/// Doubles from 50 ms to 3 s with full jitter, so that calls that were throttled together do not return together.
fn backoff(attempt: u32, jitter: &RandomState) -> Duration {
    let ceiling = 50_u64.saturating_mul(1 << attempt.min(6)).min(3_000);
    let random = jitter.hash_one((attempt, Instant::now().elapsed().as_nanos(), std::time::Instant::now()));
    Duration::from_millis(ceiling / 4 + random % (ceiling * 3 / 4 + 1))
}

impl Call {
    /// An observation of a token that this version does not know (rule U6).
    pub fn unrecognised<T>(&'static self, field: &'static str, token: &str) -> Observed<T> {
        Observed::Unknown(self.unknown_token(field, token))
    }

    /// The gap of a token that this version does not know (rule U6).
    pub fn unknown_token(&'static self, field: &'static str, token: &str) -> Gap {
        Gap::Unrecognised {
            operation: self.operation.into(),
            field: field.into(),
            token: token.chars().take(80).collect(),
        }
    }

    /// Reads a time of an answer.
    pub fn time(&'static self, field: &str, time: Option<&aws_smithy_types::DateTime>) -> Observed<jiff::Timestamp> {
        let Some(time) = time else { return Observed::Absent };
        match jiff::Timestamp::new(time.secs(), time.subsec_nanos().cast_signed()) {
            Ok(time) => Observed::Present(time),
            Err(_) => Observed::Unknown(Gap::Unparsable {
                operation: self.operation.into(),
                what: format!("{field} is no time that a calendar holds"),
            }),
        }
    }

    /// Proves that a page that says there are more also says where.
    ///
    /// # Errors
    /// The gap of an unread page.
    pub fn ends(&'static self, truncated: bool, marker: Option<&str>) -> Result<(), Gap> {
        if truncated && marker.is_none_or(str::is_empty) {
            return Err(unread(self, "a page says that there are more and does not say where".into()));
        }
        Ok(())
    }

    /// The gap of an answer that lacks a field that AWS always sends.
    pub fn incomplete(&'static self, field: &'static str) -> Gap {
        Gap::Incomplete { operation: self.operation.into(), field: field.into() }
    }
}

/// The id of a call: what it asked, so that the same question has the same id in every run.
fn call_id(call: &Call, region: &str, parameters: &[(&str, &str)]) -> CallId {
    let mut hash = Sha256::new();
    let sorted: BTreeMap<_, _> = parameters.iter().copied().collect();
    for part in [region].into_iter().chain(sorted.iter().flat_map(|(name, value)| [*name, *value])) {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    format!("{}:{}:{}", call.service, call.operation, hex(&hash.finalize()[..8]))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

tokio::task_local! {
    static EXCHANGE: Rc<RefCell<Exchange>>;
}

/// What came back over the wire for one attempt.
struct Exchange {
    status: Option<u16>,
    date: Option<jiff::Timestamp>,
    request_id: Option<String>,
    sha256: Option<String>,
    broken: Option<String>,
}

impl Exchange {
    fn new() -> Self {
        Exchange { status: None, date: None, request_id: None, sha256: None, broken: None }
    }
}

impl Default for Exchange {
    fn default() -> Self {
        Exchange::new()
    }
}

/// Notes status, date, request id and digest of every answer, and whether its body is whole. The XML readers of the SDK take
/// the end of a cut document for the end of its elements, which would turn a lost setting into "not set".
#[derive(Debug)]
pub(crate) struct Witness;

impl Intercept for Witness {
    fn name(&self) -> &'static str {
        "tap-audit witness"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let response = context.response();
        let header = |name| response.headers().get(name).map(str::to_owned);
        let body = response.body().bytes();
        let witnessed = Exchange {
            status: Some(response.status().as_u16()),
            date: header("date").as_deref().and_then(dated),
            request_id: header("x-amzn-requestid")
                .or_else(|| header("x-amz-request-id"))
                .or_else(|| header("x-amzn-request-id")),
            sha256: body.map(|body| hex(&Sha256::digest(body))),
            broken: body.and_then(|body| broken(body, response.status().as_u16(), header("content-type").as_deref())),
        };
        // Outside of `ask` there is nobody to tell: credential providers send requests too.
        let _outside = EXCHANGE.try_with(|exchange| exchange.replace(witnessed));
        Ok(())
    }
}

/// Reads the header `Date`.
#[expect(clippy::disallowed_methods, reason = "a header that is no date of HTTP says nothing, and is as good as none")]
fn dated(header: &str) -> Option<jiff::Timestamp> {
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(header).ok()
}

/// Says what is wrong with a body that is cut or empty, by its own first character.
fn broken(body: &[u8], status: u16, content_type: Option<&str>) -> Option<String> {
    if content_type.is_some_and(|kind| kind.contains("cbor")) {
        return None;
    }
    match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None if status == 200 => Some("the body is empty".into()),
        None => None,
        Some(b'<') if is_web_page(body) => Some(WEB_PAGE.into()),
        Some(b'<') => xml_is_whole(body).err(),
        Some(b'{' | b'[') => match serde_json::from_slice::<serde::de::IgnoredAny>(body) {
            Ok(_) => None,
            Err(error) => {
                Some(format!("the JSON body ends or breaks at line {} column {}", error.line(), error.column()))
            }
        },
        Some(_) if status == 200 => Some("the body is neither XML nor JSON".into()),
        Some(_) => None,
    }
}

/// Whether a proxy, a load balancer or an emulator answers for the service: those speak HTML, AWS never does.
fn is_web_page(body: &[u8]) -> bool {
    let text = body.trim_ascii_start();
    ["<!doctype html", "<html"]
        .iter()
        .any(|start| text.get(..start.len()).is_some_and(|opening| opening.eq_ignore_ascii_case(start.as_bytes())))
}

fn xml_is_whole(body: &[u8]) -> Result<(), String> {
    let mut reader = quick_xml::Reader::from_reader(body);
    let mut depth = 0_usize;
    let mut roots = 0_usize;
    loop {
        match reader.read_event() {
            Ok(quick_xml::events::Event::Start(_)) => depth += 1,
            Ok(quick_xml::events::Event::End(_)) => {
                depth = depth.saturating_sub(1);
                roots += usize::from(depth == 0);
            }
            Ok(quick_xml::events::Event::Empty(_)) => roots += usize::from(depth == 0),
            Ok(quick_xml::events::Event::Eof) if depth == 0 && roots == 1 => return Ok(()),
            Ok(quick_xml::events::Event::Eof) => return Err("the XML body is cut".into()),
            Ok(_) => {}
            Err(error) => {
                return Err(format!("the XML body breaks at byte {}: {}", reader.error_position(), kind(&error)));
            }
        }
    }
}

/// Names the kind of an XML error without the text around it, which is AWS's answer.
fn kind(error: &quick_xml::Error) -> &'static str {
    match error {
        quick_xml::Error::Syntax(_) => "unclosed markup",
        quick_xml::Error::IllFormed(_) => "tags that do not match",
        _ => "not well-formed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_is_cut_is_broken_wherever_it_is_cut() {
        let whole =
            b"<?xml version=\"1.0\"?>\n<V xmlns=\"x\"><Status>Enabled</Status><MfaDelete>Enabled</MfaDelete></V>";
        assert_eq!(broken(whole, 200, None), None);
        for end in 1..whole.len() {
            assert!(broken(&whole[..end], 200, None).is_some(), "cut at {end}");
        }
        let json = br#"{"KeyRotationEnabled":true}"#;
        assert_eq!(broken(json, 200, None), None);
        for end in 0..json.len() {
            assert!(broken(&json[..end], 200, None).is_some(), "cut at {end}");
        }
    }

    #[test]
    fn a_web_page_is_told_from_an_answer_that_was_cut() {
        let page = b"\n<!DOCTYPE HTML>\n<html lang=en>\n<title>404 Not Found</title><p>Not here.";
        assert_eq!(broken(page, 404, None).as_deref(), Some(WEB_PAGE));
        assert_eq!(broken(b"<Html><body/></Html>", 200, None).as_deref(), Some(WEB_PAGE));
        assert_eq!(broken(b"<Error><Code>NoSuchTagSet</Code>", 404, None).as_deref(), Some("the XML body is cut"));
    }

    #[test]
    fn the_same_question_has_the_same_id_whatever_the_order_of_its_parameters() {
        const CALL: Call = Call { service: "s3", operation: "Get", permission: "s3:Get", absent: &[], denied_or: None };
        let one = call_id(&CALL, "us-east-2", &[("a", "1"), ("b", "2")]);
        assert_eq!(one, call_id(&CALL, "us-east-2", &[("b", "2"), ("a", "1")]));
        assert_ne!(one, call_id(&CALL, "us-east-1", &[("a", "1"), ("b", "2")]));
        assert!(one.starts_with("s3:Get:"), "{one}");
    }

    #[test]
    fn the_date_of_an_answer_is_read_as_http_writes_it() {
        let noon = "2026-11-01T12:00:00Z".parse().unwrap();
        assert_eq!(dated("Sun, 01 Nov 2026 12:00:00 GMT"), Some(noon));
        assert_eq!(dated("today"), None);
    }

    #[test]
    fn a_digest_of_a_value_cannot_be_read() {
        assert_eq!(format!("{:?}", ValueDigest(42)), "ValueDigest(..)");
    }
}
