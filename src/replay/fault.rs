//! Requests that go wrong on purpose, the way they do on AWS.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use super::account::Answer;
use super::request::{Protocol, RequestKey};

/// A way in which a request goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The caller lacks the permission.
    Denied,
    /// The first `times` attempts of each distinct request exceed the rate; see [`Fault::ALWAYS`].
    Throttled {
        /// How many attempts of the same request fail before the recorded answer comes.
        times: u32,
    },
    /// The first `times` attempts of each distinct request end in status 500; see [`Fault::ALWAYS`].
    ServerError {
        /// How many attempts of the same request fail before the recorded answer comes.
        times: u32,
    },
    /// No answer ever comes.
    Hang,
    /// The connection breaks before the answer.
    Reset,
    /// The connection breaks in the middle of the recorded answer.
    Truncated,
    /// An answer with status 200 that no protocol allows.
    Garbage,
    /// What is asked about does not exist.
    NotFound,
    /// The caller's credentials are past their end.
    ExpiredToken,
    /// Any other error of the service, such as 404 `NoSuchTagSet`.
    Error {
        /// The HTTP status.
        status: u16,
        /// The error code.
        code: String,
    },
}

impl Fault {
    /// As many attempts as there may be.
    pub const ALWAYS: u32 = u32::MAX;

    /// How many attempts of one request fail.
    pub(super) fn times(&self) -> u32 {
        match self {
            Self::Throttled { times } | Self::ServerError { times } => *times,
            Self::Denied
            | Self::Hang
            | Self::Reset
            | Self::Truncated
            | Self::Garbage
            | Self::NotFound
            | Self::ExpiredToken
            | Self::Error { .. } => Self::ALWAYS,
        }
    }

    /// The service's answer, for a fault that is one.
    pub(super) fn answer(&self, protocol: Protocol, operation: &str, request_id: &str) -> Option<Answer> {
        use Protocol::{AwsJson, AwsQuery, Cbor, Ec2Query, RestJson, S3, S3Control};
        let (status, code, message) = match (self, protocol) {
            (Self::Denied, S3 | S3Control | AwsQuery) => (403, "AccessDenied", denied(operation)),
            (Self::Denied, AwsJson | Cbor) => (400, "AccessDeniedException", denied(operation)),
            (Self::Denied, Ec2Query) => (403, "UnauthorizedOperation", denied(operation)),
            (Self::Denied, RestJson) => (403, "AccessDeniedException", denied(operation)),
            (Self::Throttled { .. }, S3 | S3Control) => (503, "SlowDown", rate()),
            (Self::Throttled { .. }, AwsJson | Cbor) => (400, "ThrottlingException", rate()),
            (Self::Throttled { .. }, AwsQuery) => (400, "Throttling", rate()),
            (Self::Throttled { .. }, Ec2Query) => (503, "RequestLimitExceeded", rate()),
            (Self::Throttled { .. }, RestJson) => (429, "TooManyRequestsException", rate()),
            (Self::ServerError { .. }, S3 | S3Control | Ec2Query) => (500, "InternalError", internal()),
            (Self::ServerError { .. }, AwsJson | Cbor | AwsQuery) => (500, "InternalFailure", internal()),
            (Self::ServerError { .. }, RestJson) => (500, "ServiceException", internal()),
            (Self::NotFound, S3 | S3Control) => (404, "NoSuchBucket", missing()),
            (Self::NotFound, AwsJson | Cbor) => (400, "ResourceNotFoundException", missing()),
            (Self::NotFound, AwsQuery) => (404, "NoSuchEntity", missing()),
            (Self::NotFound, Ec2Query) => (400, "InvalidParameterValue", missing()),
            (Self::NotFound, RestJson) => (404, "ResourceNotFoundException", missing()),
            (Self::ExpiredToken, S3 | S3Control) => (400, "ExpiredToken", expired()),
            (Self::ExpiredToken, AwsJson | Cbor) => (400, "ExpiredTokenException", expired()),
            (Self::ExpiredToken, AwsQuery) => (403, "ExpiredToken", expired()),
            (Self::ExpiredToken, Ec2Query) => (400, "RequestExpired", expired()),
            (Self::ExpiredToken, RestJson) => (403, "ExpiredTokenException", expired()),
            (Self::Error { status, code }, _) => (*status, code.as_str(), "The request failed.".to_owned()),
            (Self::Hang | Self::Reset | Self::Truncated | Self::Garbage, _) => return None,
        };
        Some(error_answer(protocol, status, code, &message, request_id))
    }
}

fn denied(operation: &str) -> String {
    format!("User is not authorized to perform: {operation}")
}

fn rate() -> String {
    "Rate exceeded".to_owned()
}

fn internal() -> String {
    "An internal error occurred.".to_owned()
}

fn missing() -> String {
    "The specified resource does not exist.".to_owned()
}

fn expired() -> String {
    "The security token included in the request is expired.".to_owned()
}

/// An error in the document that its protocol prescribes.
pub(super) fn error_answer(protocol: Protocol, status: u16, code: &str, message: &str, request_id: &str) -> Answer {
    let (code_text, message_text) = (xml_text(code), xml_text(message));
    let kind = if status < 500 { "Sender" } else { "Receiver" };
    match protocol {
        Protocol::S3 => Answer::new(
            status,
            format!(
                "<Error><Code>{code_text}</Code><Message>{message_text}</Message><RequestId>{request_id}</RequestId>\
                 </Error>"
            ),
        ),
        Protocol::S3Control | Protocol::AwsQuery => Answer::new(
            status,
            format!(
                "<ErrorResponse><Error><Type>{kind}</Type><Code>{code_text}</Code><Message>{message_text}</Message>\
                 </Error><RequestId>{request_id}</RequestId></ErrorResponse>"
            ),
        ),
        Protocol::Ec2Query => Answer::new(
            status,
            format!(
                "<Response><Errors><Error><Code>{code_text}</Code><Message>{message_text}</Message></Error></Errors>\
                 <RequestID>{request_id}</RequestID></Response>"
            ),
        ),
        Protocol::AwsJson | Protocol::RestJson => {
            Answer::new(status, serde_json::json!({ "__type": code, "message": message }).to_string())
                .with_header("x-amzn-errortype", code)
        }
        Protocol::Cbor => Answer::new(status, serde_json::json!({ "__type": code, "message": message }).to_string()),
    }
}

fn xml_text(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The requests that something happens to.
///
/// It is written `service:Operation`, with `*` for any service or any operation, `*` alone for everything, and
/// optionally `[Argument=value]` behind it: `s3:GetBucketVersioning[Bucket=patient-data]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    service: String,
    operation: String,
    argument: Option<(String, String)>,
}

impl Target {
    /// Returns the target narrowed to requests with this argument.
    pub fn with_argument(mut self, name: &str, value: &str) -> Self {
        self.argument = Some((name.to_owned(), value.to_owned()));
        self
    }

    pub(super) fn matches(&self, key: &RequestKey) -> bool {
        let fits = |pattern: &str, name: &str| pattern == "*" || pattern == name;
        fits(&self.service, &key.service)
            && fits(&self.operation, &key.operation)
            && self.argument.as_ref().is_none_or(|(name, value)| key.arguments.get(name) == Some(value))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.service, self.operation)?;
        match &self.argument {
            Some((name, value)) => write!(f, "[{name}={value}]"),
            None => Ok(()),
        }
    }
}

impl FromStr for Target {
    type Err = InjectionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let malformed = || InjectionError::Target { target: text.to_owned() };
        let (pattern, argument) = match text.strip_suffix(']') {
            Some(narrowed) => {
                let (pattern, argument) = narrowed.split_once('[').ok_or_else(malformed)?;
                let (name, value) = argument.split_once('=').ok_or_else(malformed)?;
                (pattern, Some((name.to_owned(), value.to_owned())))
            }
            None => (text, None),
        };
        let (service, operation) = match pattern {
            "*" => ("*", "*"),
            _ => pattern.split_once(':').ok_or_else(malformed)?,
        };
        let word = |part: &str| part == "*" || (!part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric()));
        if !word(service) || !word(operation) {
            return Err(malformed());
        }
        if service != "*" && Protocol::of_service(service).is_none() {
            return Err(InjectionError::Service { service: service.to_owned() });
        }
        Ok(Self { service: service.to_owned(), operation: operation.to_owned(), argument })
    }
}

/// A fault and the requests that it hits.
///
/// It is written `TARGET=FAULT`, such as `s3:GetBucketVersioning=denied`, `kms:*=throttled,times=2` or
/// `s3:GetBucketTagging=error,status=404,code=NoSuchTagSet`. The faults are `denied`, `throttled`, `server-error`,
/// `hang`, `reset`, `truncated`, `garbage`, `not-found`, `expired-token` and `error`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Injection {
    /// The requests.
    pub target: Target,
    /// What happens to them.
    pub fault: Fault,
}

/// A target or an injection that cannot be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum InjectionError {
    /// There is no fault.
    #[error("cannot read `{text}`; expected TARGET=FAULT, such as s3:GetBucketVersioning=denied")]
    Form {
        /// What was given.
        text: String,
    },
    /// The target is no pattern.
    #[error("cannot read target `{target}`; expected service:Operation, service:*, *:Operation or *")]
    Target {
        /// What was given.
        target: String,
    },
    /// The target's service does not exist.
    #[error("unknown service `{service}`; services are named as in s3:GetBucketVersioning or logs:DescribeLogGroups")]
    Service {
        /// What was given.
        service: String,
    },
    /// There is no such fault.
    #[error("unknown fault `{fault}`; expected one of {FAULTS}")]
    Fault {
        /// What was given.
        fault: String,
    },
    /// A detail that the fault does not have, or lacks, or that is no number.
    #[error("cannot read fault `{fault}`: {reason}")]
    Detail {
        /// The fault.
        fault: String,
        /// What is wrong.
        reason: String,
    },
}

const FAULTS: &str =
    "denied, throttled, server-error, hang, reset, truncated, garbage, not-found, expired-token, error";

impl FromStr for Injection {
    type Err = InjectionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let malformed = || InjectionError::Form { text: text.to_owned() };
        // An argument in brackets has an equals sign of its own.
        let from = text.find(']').unwrap_or(0);
        let equals = text.get(from..).and_then(|rest| rest.find('=')).ok_or_else(malformed)? + from;
        let (target, fault) = (text.get(..equals), text.get(equals + 1..));
        let (Some(target), Some(fault)) = (target, fault) else { return Err(malformed()) };
        Ok(Self { target: target.parse()?, fault: fault.parse()? })
    }
}

impl FromStr for Fault {
    type Err = InjectionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split(',');
        let name = parts.next().unwrap_or(text);
        let detail = |reason: String| InjectionError::Detail { fault: name.to_owned(), reason };
        let mut details = BTreeMap::new();
        for part in parts {
            let (key, value) =
                part.split_once('=').ok_or_else(|| detail(format!("`{part}` is not of the form name=value")))?;
            if details.insert(key, value).is_some() {
                return Err(detail(format!("`{key}` is given twice")));
            }
        }
        let mut number = |key: &str| -> Result<Option<u32>, InjectionError> {
            let Some(value) = details.remove(key) else { return Ok(None) };
            match value.parse() {
                Ok(number) => Ok(Some(number)),
                Err(_) => Err(detail(format!("`{key}` needs a number, not `{value}`"))),
            }
        };
        let fault = match name {
            "denied" => Self::Denied,
            "throttled" => Self::Throttled { times: number("times")?.unwrap_or(Self::ALWAYS) },
            "server-error" => Self::ServerError { times: number("times")?.unwrap_or(Self::ALWAYS) },
            "hang" => Self::Hang,
            "reset" => Self::Reset,
            "truncated" => Self::Truncated,
            "garbage" => Self::Garbage,
            "not-found" => Self::NotFound,
            "expired-token" => Self::ExpiredToken,
            "error" => {
                let status = number("status")?.and_then(|status| u16::try_from(status).map_or(None, Some));
                let status = status.filter(|status| (400..600).contains(status));
                match (status, details.remove("code")) {
                    (Some(status), Some(code)) => Self::Error { status, code: code.to_owned() },
                    _ => return Err(detail("it needs status=400..599 and code=NAME".to_owned())),
                }
            }
            other => return Err(InjectionError::Fault { fault: other.to_owned() }),
        };
        match details.keys().next() {
            Some(key) => Err(detail(format!("it has no `{key}`"))),
            None => Ok(fault),
        }
    }
}
