//! What a request asks for, apart from how it travels.

use std::collections::BTreeMap;
use std::fmt;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextMut;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, Metadata};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use aws_types::region::{Region, SigningRegion};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::cbor;
use super::pretty;

/// Services that accounts may hold: the name used for files and patterns, and the protocol of the Rust SDK's client.
const SERVICES: &[(&str, Protocol)] = &[
    ("apigateway", Protocol::RestJson),
    ("applicationautoscaling", Protocol::AwsJson),
    ("backup", Protocol::RestJson),
    ("cloudformation", Protocol::AwsQuery),
    ("cloudtrail", Protocol::AwsJson),
    ("cloudwatch", Protocol::Cbor),
    ("configservice", Protocol::AwsJson),
    ("ec2", Protocol::Ec2Query),
    ("ecs", Protocol::Cbor),
    ("efs", Protocol::RestJson),
    ("elasticache", Protocol::AwsQuery),
    ("elasticloadbalancingv2", Protocol::AwsQuery),
    ("eventbridge", Protocol::AwsJson),
    ("iam", Protocol::AwsQuery),
    ("kms", Protocol::AwsJson),
    ("lambda", Protocol::RestJson),
    ("logs", Protocol::AwsJson),
    ("rds", Protocol::AwsQuery),
    ("s3", Protocol::S3),
    ("s3control", Protocol::S3Control),
    ("secretsmanager", Protocol::AwsJson),
    ("sns", Protocol::AwsQuery),
    ("sts", Protocol::AwsQuery),
    ("wafv2", Protocol::AwsJson),
];

/// Services without a regional endpoint: clients disagree on the region that they sign for, so it is no part of a key.
const GLOBAL_SERVICES: &[&str] = &["iam"];

/// Returns the name that accounts and patterns use for a service of the SDK.
///
/// It is the SDK's service id in lower case without spaces; `CloudWatchLogs` is `logs`, as in IAM actions.
pub fn service_name(sdk_id: &str) -> String {
    let name: String = sdk_id.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect();
    match name.as_str() {
        "cloudwatchlogs" => "logs".to_owned(),
        _ => name,
    }
}

/// The names of the services that an account may hold.
pub(super) fn known_services() -> impl Iterator<Item = &'static str> {
    SERVICES.iter().map(|(name, _)| *name)
}

/// Whether the region is no part of a service's keys.
pub(super) fn is_global(service: &str) -> bool {
    GLOBAL_SERVICES.contains(&service)
}

/// The wire protocol of a service, which decides where arguments stand and how errors look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// JSON members in the body, the operation in `x-amz-target`.
    AwsJson,
    /// Form fields in, XML out.
    AwsQuery,
    /// EC2's own dialect of [`Protocol::AwsQuery`], with other error documents.
    Ec2Query,
    /// Paths and query parameters, JSON bodies.
    RestJson,
    /// Paths and query parameters, XML bodies, the bucket in the host or in the path.
    S3,
    /// As S3, but with the account in a header and with wrapped error documents.
    S3Control,
    /// `rpc-v2-cbor`: members as CBOR in both directions.
    Cbor,
}

impl Protocol {
    /// Returns the protocol that the Rust SDK speaks with a service, or nothing for a service that is not known here.
    pub fn of_service(service: &str) -> Option<Self> {
        SERVICES.iter().find(|(name, _)| *name == service).map(|(_, protocol)| *protocol)
    }

    /// Reads the protocol off a request; the table of services is not needed for that.
    fn of_request(service: &str, request: &HttpRequest) -> Self {
        let headers = request.headers();
        let form = headers.get("content-type").is_some_and(|v| v.starts_with("application/x-www-form-urlencoded"));
        if headers.get("smithy-protocol") == Some("rpc-v2-cbor") {
            Self::Cbor
        } else if headers.get("x-amz-target").is_some() {
            Self::AwsJson
        } else if form && service == "ec2" {
            Self::Ec2Query
        } else if form {
            Self::AwsQuery
        } else {
            match service {
                "s3" => Self::S3,
                "s3control" => Self::S3Control,
                _ => Self::RestJson,
            }
        }
    }

    /// The content type of an answer that names none itself.
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::AwsJson => "application/x-amz-json-1.1",
            Self::AwsQuery | Self::Ec2Query => "text/xml",
            Self::RestJson => "application/json",
            Self::S3 | Self::S3Control => "application/xml",
            Self::Cbor => "application/cbor",
        }
    }
}

/// What [`Stamp`] writes on a request: which operation of which service is asked in which region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamped {
    /// The service, as [`service_name`] spells it.
    pub service: String,
    /// The operation, as AWS spells it.
    pub operation: String,
    /// The client's region; empty when the client has none.
    pub region: String,
}

/// The interceptor that tells the connector what a request asks for.
///
/// A connector sees HTTP only, and a REST request does not name its operation.
#[derive(Clone, Copy, Debug)]
pub struct Stamp;

impl Intercept for Stamp {
    fn name(&self) -> &'static str {
        "ReplayStamp"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        settings: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(metadata) = settings.load::<Metadata>() else {
            return Err("cannot stamp a request whose operation the SDK does not name".into());
        };
        let region = match (settings.load::<Region>(), settings.load::<SigningRegion>()) {
            (Some(region), _) => region.as_ref().to_owned(),
            (None, Some(region)) => region.as_ref().to_owned(),
            (None, None) => String::new(),
        };
        let stamped =
            Stamped { service: service_name(metadata.service()), operation: metadata.name().to_owned(), region };
        context.request_mut().add_extension(stamped);
        Ok(())
    }
}

/// A request that cannot be given a key.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// The client lacks the interceptor.
    #[error("request to {host} does not say which operation it is; add the interceptor `Stamp` to its client")]
    NotStamped {
        /// Where the request was going.
        host: String,
    },
    /// The body is a stream, or not what the protocol prescribes.
    #[error("cannot read the body of {service}:{operation}: {reason}")]
    Body {
        /// The service asked.
        service: String,
        /// The operation asked.
        operation: String,
        /// Why the body says nothing.
        reason: String,
    },
}

/// The identity of a request: two requests with equal keys get the same answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestKey {
    /// The name of the account that was asked.
    pub account: String,
    /// The service, as [`service_name`] spells it.
    pub service: String,
    /// The operation, as AWS spells it.
    pub operation: String,
    /// What was asked for, by name. Strings stand as they are, any other JSON value as compact JSON with sorted members.
    pub arguments: BTreeMap<String, String>,
    /// The region asked; empty for a global service.
    pub region: String,
}

/// A request as the connector sees it, taken apart.
pub(super) struct Asked {
    pub(super) key: RequestKey,
    pub(super) protocol: Protocol,
    /// The account id that the caller demands as owner of the bucket; no part of the key.
    pub(super) expected_owner: Option<String>,
}

impl Asked {
    /// Takes a stamped request apart.
    pub(super) fn read(account: &str, request: &HttpRequest) -> Result<Self, RequestError> {
        let address = Address::of(request.uri());
        let Some(stamped) = request.extension::<Stamped>().cloned() else {
            return Err(RequestError::NotStamped { host: address.host.to_owned() });
        };
        let Stamped { service, operation, region } = stamped;
        let failed =
            |reason: String| RequestError::Body { service: service.clone(), operation: operation.clone(), reason };
        let Some(body) = request.body().bytes() else {
            return Err(failed("it is a stream".to_owned()));
        };
        let protocol = Protocol::of_request(&service, request);
        let arguments = match protocol {
            Protocol::AwsJson => members(&json(body).map_err(failed)?).map_err(failed)?,
            Protocol::Cbor => members(&cbor_body(body).map_err(failed)?).map_err(failed)?,
            Protocol::AwsQuery | Protocol::Ec2Query => form(body).map_err(failed)?,
            Protocol::S3 => with_body(s3(&address), body).map_err(failed)?,
            Protocol::S3Control => {
                let mut arguments = rest(&service, &address);
                if let Some(id) = request.headers().get("x-amz-account-id") {
                    arguments.insert("AccountId".to_owned(), id.to_owned());
                }
                with_body(arguments, body).map_err(failed)?
            }
            Protocol::RestJson => {
                let mut arguments = rest(&service, &address);
                arguments.extend(members(&json(body).map_err(failed)?).map_err(failed)?);
                arguments
            }
        };
        let region = if is_global(&service) { String::new() } else { region };
        let expected_owner = request.headers().get("x-amz-expected-bucket-owner").map(str::to_owned);
        let key = RequestKey { account: account.to_owned(), service, operation, arguments, region };
        Ok(Self { key, protocol, expected_owner })
    }
}

impl RequestKey {
    /// Returns the key as an exchange without its answer, ready to be pasted into the service's file.
    pub fn snippet(&self) -> String {
        let mut text = format!("[[exchange]]\noperation = {}\n", pretty::toml_string(&self.operation));
        if !self.region.is_empty() {
            text.push_str(&format!("region = {}\n", pretty::toml_string(&self.region)));
        }
        text.push_str(&format!("request = {}\nbody = '''\n'''\n", pretty::toml_inline_table(&self.arguments)));
        text
    }

    /// Returns `service:Operation`, the name by which requests are counted and matched.
    pub fn name(&self) -> String {
        format!("{}:{}", self.service, self.operation)
    }

    /// Returns the SHA-256 of the key, from which request ids are made.
    pub(super) fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        for part in [&self.account, &self.region, &self.service, &self.operation] {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        for (name, value) in &self.arguments {
            hash.update(name.as_bytes());
            hash.update([1]);
            hash.update(value.as_bytes());
            hash.update([0]);
        }
        hash.finalize().into()
    }
}

impl fmt::Display for RequestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { account, service, operation, arguments, region } = self;
        write!(f, "{service}:{operation} {} of account {account}", pretty::toml_inline_table(arguments))?;
        if region.is_empty() { Ok(()) } else { write!(f, " in {region}") }
    }
}

/// Returns a value as an argument: a string as it is, anything else as compact JSON with sorted members.
pub(super) fn canonical(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => sorted(other).to_string(),
    }
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        Value::Object(members) => {
            let ordered: BTreeMap<&String, Value> = members.iter().map(|(name, v)| (name, sorted(v))).collect();
            Value::Object(ordered.into_iter().map(|(name, v)| (name.clone(), v)).collect())
        }
        scalar => scalar.clone(),
    }
}

/// An absent body and an empty object ask for the same.
fn json(body: &[u8]) -> Result<Value, String> {
    if body.is_empty() {
        return Ok(Value::Object(serde_json::Map::new()));
    }
    serde_json::from_slice(body).map_err(|e| format!("it is not JSON: {e}"))
}

fn cbor_body(body: &[u8]) -> Result<Value, String> {
    if body.is_empty() {
        return Ok(Value::Object(serde_json::Map::new()));
    }
    cbor::decode(body).map_err(|e| format!("it is not CBOR: {e}"))
}

/// Members that are null ask for nothing.
fn members(value: &Value) -> Result<BTreeMap<String, String>, String> {
    match value {
        Value::Object(members) => Ok(members
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name.clone(), canonical(value)))
            .collect()),
        _ => Err("it is not an object".to_owned()),
    }
}

fn form(body: &[u8]) -> Result<BTreeMap<String, String>, String> {
    let text = std::str::from_utf8(body).map_err(|e| format!("it is not text: {e}"))?;
    Ok(pairs(text)
        .filter(|(name, _)| name != "Action" && name != "Version")
        .filter_map(|(name, value)| value.map(|value| (name, value)))
        .collect())
}

/// REST requests of an auditor have no body; one that does is told apart by it.
fn with_body(mut arguments: BTreeMap<String, String>, body: &[u8]) -> Result<BTreeMap<String, String>, String> {
    if !body.is_empty() {
        let text = std::str::from_utf8(body).map_err(|e| format!("it is not text: {e}"))?;
        arguments.insert("Body".to_owned(), text.to_owned());
    }
    Ok(arguments)
}

/// The bucket and key of an S3 request, and its query parameters.
///
/// `x-id`, `list-type` and parameters without a value (`?versioning`) only repeat which operation it is.
fn s3(address: &Address<'_>) -> BTreeMap<String, String> {
    let path = address.path.trim_start_matches('/');
    let (bucket, key) = match bucket_of_host(address.host) {
        Some(bucket) => (bucket, path),
        None => path.split_once('/').unwrap_or((path, "")),
    };
    let mut arguments: BTreeMap<String, String> = pairs(address.query)
        .filter(|(name, _)| name != "x-id" && name != "list-type")
        .filter_map(|(name, value)| value.map(|value| (name, value)))
        .collect();
    for (name, value) in [("Bucket", bucket), ("Key", key)] {
        if !value.is_empty() {
            arguments.insert(name.to_owned(), decode(value, false));
        }
    }
    arguments
}

/// The bucket in a host like `bucket.s3.eu-west-1.amazonaws.com`; an endpoint override keeps it in the path, except
/// below `localhost`.
fn bucket_of_host(host: &str) -> Option<&str> {
    if let Some(bucket) = host.strip_suffix(".localhost") {
        return Some(bucket);
    }
    if !host.contains(".amazonaws.com") {
        return None;
    }
    let end = [".s3.", ".s3-"].iter().filter_map(|mark| host.rfind(mark)).max()?;
    host.get(..end)
}

/// Path segments after which an identifier follows, and the argument that it is.
const COLLECTIONS: &[(&str, &[(&str, &str)])] = &[
    (
        "lambda",
        &[
            ("functions", "FunctionName"),
            ("aliases", "Name"),
            ("layers", "LayerName"),
            ("versions", "VersionNumber"),
            ("event-source-mappings", "UUID"),
            ("tags", "Resource"),
            ("code-signing-configs", "CodeSigningConfigArn"),
            ("resource-policy", "ResourceArn"),
        ],
    ),
    (
        "s3control",
        &[
            ("accesspoint", "Name"),
            ("accesspointforobjectlambda", "Name"),
            ("bucket", "Bucket"),
            ("jobs", "JobId"),
            ("storagelens", "ConfigId"),
            ("tags", "ResourceArn"),
        ],
    ),
];

/// Path segments that only say which operation it is.
const LITERALS: &[&str] = &[
    "account-settings",
    "code-signing-config",
    "concurrency",
    "configuration",
    "event-invoke-config",
    "list",
    "policy",
    "policyStatus",
    "provisioned-concurrency",
    "publicAccessBlock",
    "recursion-config",
    "runtime-management-config",
    "url",
    "urls",
];

/// The arguments of a REST request: identifiers in the path by name, and the query parameters.
///
/// A path with a segment that the tables do not know stays whole, as the argument `Path`, so that nothing which tells
/// two requests apart is lost.
fn rest(service: &str, address: &Address<'_>) -> BTreeMap<String, String> {
    let mut arguments: BTreeMap<String, String> = pairs(address.query)
        .filter(|(name, _)| name != "x-id")
        .filter_map(|(name, value)| value.map(|value| (name, value)))
        .collect();
    let path = without_version(address.path);
    match identifiers(service, path) {
        Some(named) => arguments.extend(named),
        None => {
            arguments.insert("Path".to_owned(), decode(path, false));
        }
    }
    arguments
}

fn identifiers(service: &str, path: &str) -> Option<Vec<(String, String)>> {
    let (_, collections) = COLLECTIONS.iter().find(|(name, _)| *name == service)?;
    let mut named = Vec::new();
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    while let Some(segment) = segments.next() {
        match collections.iter().find(|(collection, _)| *collection == segment) {
            Some((_, argument)) => {
                if let Some(identifier) = segments.next() {
                    named.push(((*argument).to_owned(), decode(identifier, false)));
                }
            }
            None if LITERALS.contains(&segment) => {}
            None => return None,
        }
    }
    Some(named)
}

/// A path without the first segment, if that is an API version (`/2015-03-31/...`, `/v20180820/...`).
fn without_version(path: &str) -> &str {
    let trimmed = path.trim_start_matches('/');
    let (first, rest) = trimmed.split_once('/').unwrap_or((trimmed, ""));
    let digits = first.strip_prefix('v').unwrap_or(first);
    if digits.len() >= 8 && digits.chars().all(|c| c.is_ascii_digit() || c == '-') { rest } else { trimmed }
}

/// The parts of a URI that say what is asked.
struct Address<'a> {
    host: &'a str,
    path: &'a str,
    query: &'a str,
}

impl<'a> Address<'a> {
    fn of(uri: &'a str) -> Self {
        let rest = uri.split_once("://").map_or(uri, |(_, rest)| rest);
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let host = match host.rsplit_once(':') {
            Some((name, port)) if port.chars().all(|c| c.is_ascii_digit()) => name,
            _ => host,
        };
        Self { host, path, query }
    }
}

/// The decoded `name=value` pairs of a query string or form; a name without `=` has no value.
fn pairs(text: &str) -> impl Iterator<Item = (String, Option<String>)> + '_ {
    text.split('&').filter(|pair| !pair.is_empty()).map(|pair| match pair.split_once('=') {
        Some((name, value)) => (decode(name, true), Some(decode(value, true))),
        None => (decode(pair, true), None),
    })
}

/// Undoes percent-encoding; what is no valid escape stays as it is.
fn decode(text: &str, plus_is_space: bool) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        match (first, tail) {
            (b'%', [high, low, after @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => {
                    bytes.push(high * 16 + low);
                    rest = after;
                }
                _ => bytes.push(first),
            },
            (b'+', _) if plus_is_space => bytes.push(b' '),
            _ => bytes.push(first),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(service: &str, uri: &str, headers: &[(&'static str, &'static str)], body: &[u8]) -> HttpRequest {
        let mut request = HttpRequest::new(aws_smithy_types::body::SdkBody::from(body.to_vec()));
        request.set_uri(uri).unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, *value);
        }
        let (service, operation) = (service.to_owned(), "Operation".to_owned());
        request.add_extension(Stamped { service, operation, region: "us-east-2".to_owned() });
        request
    }

    fn arguments(
        service: &str,
        uri: &str,
        headers: &[(&'static str, &'static str)],
        body: &str,
    ) -> BTreeMap<String, String> {
        Asked::read("test", &request(service, uri, headers, body.as_bytes())).unwrap().key.arguments
    }

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn host_and_path_style_of_s3_give_one_key() {
        let expected = map(&[("Bucket", "my.s3.bucket"), ("Key", "a b/c"), ("versionId", "v=1")]);
        for uri in [
            "https://my.s3.bucket.s3.us-east-2.amazonaws.com/a%20b/c?tagging&versionId=v%3D1&x-id=GetObject",
            "https://my.s3.bucket.s3.amazonaws.com/a%20b/c?versionId=v%3D1",
            "https://my.s3.bucket.s3-fips.dualstack.us-east-2.amazonaws.com/a%20b/c?versionId=v%3D1",
            "https://s3.us-east-2.amazonaws.com/my.s3.bucket/a%20b/c?x-id=GetObject&versionId=v%3D1",
            "http://127.0.0.1:4566/my.s3.bucket/a%20b/c?versionId=v%3D1&tagging",
            "http://my.s3.bucket.localhost:4566/a%20b/c?versionId=v%3D1",
        ] {
            assert_eq!(arguments("s3", uri, &[], ""), expected, "{uri}");
        }
    }

    #[test]
    fn an_s3_request_without_a_bucket_has_no_arguments() {
        assert_eq!(arguments("s3", "https://s3.us-east-2.amazonaws.com/?x-id=ListBuckets", &[], ""), map(&[]));
        let listed = arguments("s3", "https://b.s3.us-east-2.amazonaws.com/?list-type=2&prefix=", &[], "");
        assert_eq!(listed, map(&[("Bucket", "b"), ("prefix", "")]));
    }

    #[test]
    fn the_order_of_json_members_does_not_matter() {
        let headers = [("x-amz-target", "TrentService.Operation")];
        let ask = |body| arguments("kms", "https://kms.us-east-2.amazonaws.com/", &headers, body);
        let expected = map(&[("A", "x"), ("B", r#"{"c":[2,1],"d":null}"#), ("N", "5"), ("Y", "true")]);
        assert_eq!(ask(r#"{"A":"x","B":{"d":null,"c":[2,1]},"N":5,"Y":true}"#), expected);
        assert_eq!(ask(r#"{ "Y": true, "N": 5, "Z": null, "B": {"c":[2,1],"d":null}, "A": "x" }"#), expected);
        assert_eq!(ask(""), ask("{}"));
    }

    #[test]
    fn form_fields_are_arguments_without_action_and_version() {
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let body = "Action=GetRolePolicy&Version=2010-05-08&PolicyName=read+logs%2Fall&RoleName=app";
        let expected = map(&[("PolicyName", "read logs/all"), ("RoleName", "app")]);
        assert_eq!(arguments("iam", "https://iam.amazonaws.com/", &headers, body), expected);
        let iam = request("iam", "https://iam.amazonaws.com/", &headers, body.as_bytes());
        assert_eq!(Asked::read("test", &iam).unwrap().key.region, "", "IAM is global");
        let ec2 = request("ec2", "https://ec2.us-east-2.amazonaws.com/", &headers, b"Action=DescribeVpcs");
        assert_eq!(Asked::read("test", &ec2).unwrap().protocol, Protocol::Ec2Query);
    }

    #[test]
    fn identifiers_in_the_path_of_lambda_have_names() {
        let ask = |path: &str| arguments("lambda", &format!("https://lambda.eu-west-1.amazonaws.com{path}"), &[], "");
        let arn = "arn:aws:lambda:eu-west-1:123456789012:function:f";
        let expected = map(&[("FunctionName", arn), ("Qualifier", "live")]);
        let path = format!("/2015-03-31/functions/{}/policy?Qualifier=live", arn.replace(':', "%3A"));
        assert_eq!(ask(&path), expected);
        let tags = format!("/2017-03-31/tags/{}", arn.replace(':', "%3A"));
        assert_eq!(ask(&tags), map(&[("Resource", arn)]));
        assert_eq!(ask("/2015-03-31/functions?Marker=m"), map(&[("Marker", "m")]));
        let layer = map(&[("LayerName", "l"), ("VersionNumber", "3")]);
        assert_eq!(ask("/2018-10-31/layers/l/versions/3/policy"), layer);
        assert_eq!(ask("/2030-01-01/novelties/n%2F1"), map(&[("Path", "novelties/n/1")]));
    }

    #[test]
    fn the_account_of_s3_control_is_an_argument() {
        let uri = "https://123456789012.s3-control.us-east-2.amazonaws.com/v20180820/accesspoint/ap/policyStatus";
        let headers = [("x-amz-account-id", "123456789012")];
        let expected = map(&[("AccountId", "123456789012"), ("Name", "ap")]);
        assert_eq!(arguments("s3control", uri, &headers, ""), expected);
    }

    #[test]
    fn members_of_a_cbor_body_are_arguments() {
        let body = cbor::encode(&serde_json::json!({"MaxRecords": 50, "AlarmNames": ["a"]})).unwrap();
        let uri = "https://monitoring.us-east-2.amazonaws.com/service/x/operation/DescribeAlarms";
        let asked = request("cloudwatch", uri, &[("smithy-protocol", "rpc-v2-cbor")], &body);
        let asked = Asked::read("test", &asked).unwrap();
        assert_eq!(asked.key.arguments, map(&[("AlarmNames", r#"["a"]"#), ("MaxRecords", "50")]));
        assert_eq!(asked.protocol, Protocol::Cbor);
    }

    #[test]
    fn a_body_that_the_protocol_does_not_allow_is_an_error() {
        let asked = request("kms", "https://kms/", &[("x-amz-target", "T.Operation")], b"[1]");
        let error = Asked::read("test", &asked).map(|asked| asked.key).unwrap_err();
        assert_eq!(error.to_string(), "cannot read the body of kms:Operation: it is not an object");
    }

    #[test]
    fn services_are_named_as_in_files() {
        for (sdk_id, name) in [("S3", "s3"), ("S3 Control", "s3control"), ("CloudWatchLogs", "logs"), ("KMS", "kms")] {
            assert_eq!(service_name(sdk_id), name);
            assert!(Protocol::of_service(name).is_some(), "{name}");
        }
    }
}
