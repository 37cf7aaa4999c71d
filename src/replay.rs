//! An AWS account that answers inside the process.
//!
//! [`Replay`] takes the place of the HTTP client below the AWS SDK. It answers from an [`Account`], a set of text
//! files with one recorded exchange per request, looked up by what is asked and never by the order of asking, so that
//! concurrent callers get the same answers as sequential ones. A request that nobody recorded is an error that names
//! itself. On top of the account lie [`Fault`]s, which break chosen requests the way AWS and networks break them, and
//! latency. [`Recorder`] makes the files by listening to a real HTTP client.
//!
//! The SDK hands a connector nothing but HTTP. The interceptor [`Stamp`] adds what was asked: every client that is to
//! be replayed or recorded needs it.
//!
//! ```no_run
//! # fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use aws_smithy_runtime_api::client::http::SharedHttpClient;
//! use tap_audit::replay::{Account, Replay, Stamp};
//!
//! let account = Account::from_dir("tests/accounts/sample".as_ref())?
//!     .edit("s3", "GetBucketVersioning", |body| body.replace("Enabled", "Suspended"))?;
//! let replay = Replay::new(account).with_injection("kms:*=throttled,times=2".parse()?);
//! let settings = aws_config::SdkConfig::builder()
//!     .behavior_version(aws_config::BehaviorVersion::v2026_01_12())
//!     .http_client(SharedHttpClient::new(replay.clone()))
//!     .build();
//! let s3 = aws_sdk_s3::Client::from_conf(aws_sdk_s3::config::Builder::from(&settings).interceptor(Stamp).build());
//! # let _ = s3;
//! # Ok(())
//! # }
//! ```

mod account;
mod cbor;
mod client;
mod fault;
mod pretty;
mod recorder;
mod request;

pub use account::{Account, AccountError, AccountFacts, AlterationError, Answer};
pub use client::Replay;
pub use fault::{Fault, Injection, InjectionError, Target};
pub use recorder::{Recorder, RecorderError};
pub use request::{Protocol, RequestError, RequestKey, Stamp, Stamped, service_name};
