use aws_sdk_s3::config::Credentials;
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_types::region::Region;
use aws_types::sdk_config::{RetryConfig, SharedCredentialsProvider, TimeoutConfig};

use super::super::{Recorder, Stamp};
use super::*;

/// What a caller can tell apart about a failed call.
#[derive(Debug, PartialEq, Eq)]
enum Failure {
    None,
    /// The service answered with this code and status.
    Service(String, u16),
    Timeout,
    Connection,
    Unreadable,
    Unrecorded,
    Other,
}

fn failure<T, E: ProvideErrorMetadata>(result: Result<T, SdkError<E, HttpResponse>>) -> Failure {
    let Err(error) = result else { return Failure::None };
    match &error {
        SdkError::ServiceError(context) => {
            let code = context.err().code().unwrap_or("no code").to_owned();
            Failure::Service(code, context.raw().status().as_u16())
        }
        SdkError::TimeoutError(_) => Failure::Timeout,
        SdkError::DispatchFailure(e) if e.is_io() => Failure::Connection,
        SdkError::DispatchFailure(e) if e.is_user() => Failure::Unrecorded,
        SdkError::ResponseError(_) => Failure::Unreadable,
        _ => Failure::Other,
    }
}

fn sample() -> Account {
    Account::from_dir("tests/accounts/sample".as_ref()).unwrap()
}

fn settings(replay: &Replay, region: &'static str, retry: RetryConfig) -> aws_config::SdkConfig {
    let credentials = Credentials::new("AKIAEXAMPLE", "made-up", None, None, "test");
    aws_config::SdkConfig::builder()
        .behavior_version(aws_config::BehaviorVersion::v2026_01_12())
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .region(Region::new(region))
        .retry_config(retry)
        .sleep_impl(aws_sdk_s3::config::SharedAsyncSleep::new(Sleep))
        .http_client(SharedHttpClient::new(replay.clone()))
        .build()
}

/// Tokio's sleep for the SDK's time limits.
#[derive(Debug)]
struct Sleep;

impl aws_sdk_s3::config::AsyncSleep for Sleep {
    fn sleep(&self, duration: Duration) -> aws_sdk_s3::config::Sleep {
        aws_sdk_s3::config::Sleep::new(tokio::time::sleep(duration))
    }
}

macro_rules! client {
    ($service:ident, $replay:expr) => {
        client!($service, $replay, "us-east-2", RetryConfig::disabled())
    };
    ($service:ident, $replay:expr, $region:expr, $retry:expr) => {
        $service::Client::from_conf(
            $service::config::Builder::from(&settings($replay, $region, $retry)).interceptor(Stamp).build(),
        )
    };
}

/// The failure of one call in each protocol, with the same fault everywhere.
async fn failures(fault: &str) -> [Failure; 7] {
    let replay = Replay::new(sample()).with_injection(format!("*={fault}").parse().unwrap());
    let s3 = client!(aws_sdk_s3, &replay).get_bucket_versioning().bucket("patient-data").send().await;
    let control = client!(aws_sdk_s3control, &replay).get_public_access_block().account_id("123456789012").send().await;
    let kms = client!(aws_sdk_kms, &replay).describe_key().key_id("alias/patient-data").send().await;
    let sts = client!(aws_sdk_sts, &replay).get_caller_identity().send().await;
    let ec2 = client!(aws_sdk_ec2, &replay).describe_vpcs().vpc_ids("vpc-0a1b2c3d").send().await;
    let lambda = client!(aws_sdk_lambda, &replay)
        .get_policy()
        .function_name("arn:aws:lambda:us-east-2:123456789012:function:intake")
        .qualifier("live")
        .send()
        .await;
    let cloudwatch = client!(aws_sdk_cloudwatch, &replay).describe_alarms().alarm_names("cpu").send().await;
    assert_eq!(replay.unrecorded(), []);
    [failure(s3), failure(control), failure(kms), failure(sts), failure(ec2), failure(lambda), failure(cloudwatch)]
}

fn service(code: &str, status: u16) -> Failure {
    Failure::Service(code.to_owned(), status)
}

#[tokio::test]
async fn every_protocol_gets_its_recorded_answer() {
    let replay = Replay::new(sample());
    let s3 = client!(aws_sdk_s3, &replay);
    let versioning = s3.get_bucket_versioning().bucket("patient-data").send().await.unwrap();
    assert_eq!(versioning.mfa_delete().unwrap().as_str(), "Enabled");
    let tags = s3.get_bucket_tagging().bucket("patient-data").send().await;
    assert_eq!(failure(tags), service("NoSuchTagSet", 404));
    let objects = s3.list_objects_v2().bucket("patient-data").prefix("").max_keys(1).send().await.unwrap();
    assert_eq!(objects.key_count(), Some(0));
    let block = client!(aws_sdk_s3control, &replay).get_public_access_block().account_id("123456789012").send().await;
    let block = block.unwrap().public_access_block_configuration.unwrap();
    assert_eq!(block.block_public_policy(), Some(true));
    let kms = client!(aws_sdk_kms, &replay);
    let key = kms.describe_key().key_id("alias/patient-data").send().await.unwrap().key_metadata.unwrap();
    assert!(key.enabled());
    let granted = kms.describe_key().key_id("alias/patient-data").grant_tokens("b").grant_tokens("a").send().await;
    assert!(granted.is_ok(), "a list keeps its order and is written as a list");
    let caller = client!(aws_sdk_sts, &replay).get_caller_identity().send().await.unwrap();
    assert_eq!(caller.account(), Some("123456789012"));
    let iam = client!(aws_sdk_iam, &replay);
    let policy = iam.get_role_policy().role_name("app").policy_name("read logs").send().await.unwrap();
    assert_eq!(policy.policy_document(), "%7B%7D");
    let vpcs = client!(aws_sdk_ec2, &replay).describe_vpcs().vpc_ids("vpc-0a1b2c3d").send().await.unwrap();
    assert_eq!(vpcs.vpcs()[0].cidr_block(), Some("10.0.0.0/16"));
    let lambda = client!(aws_sdk_lambda, &replay);
    let function = "arn:aws:lambda:us-east-2:123456789012:function:intake";
    let policy = lambda.get_policy().function_name(function).qualifier("live").send().await.unwrap();
    assert_eq!(policy.revision_id(), Some("r1"));
    let alarms = client!(aws_sdk_cloudwatch, &replay).describe_alarms().alarm_names("cpu").send().await.unwrap();
    assert_eq!(alarms.metric_alarms()[0].threshold(), Some(80.0));
    assert_eq!(alarms.metric_alarms()[0].state_updated_timestamp().unwrap().secs(), 1_700_000_000);
    assert_eq!(replay.unrecorded(), []);
    let left = r#"kms:DescribeKey { KeyId = "alias/patient-data" } in eu-west-1"#;
    assert_eq!(replay.unasked(), [left]);
    assert_eq!(replay.counts()["kms:DescribeKey"], 2);
}

#[tokio::test]
async fn the_region_of_the_client_chooses_the_answer() {
    let replay = Replay::new(sample());
    let there = client!(aws_sdk_kms, &replay, "eu-west-1", RetryConfig::disabled());
    let key = there.describe_key().key_id("alias/patient-data").send().await.unwrap().key_metadata.unwrap();
    assert!(!key.enabled());
    let nowhere = client!(aws_sdk_kms, &replay, "eu-north-1", RetryConfig::disabled());
    let key = nowhere.describe_key().key_id("alias/patient-data").send().await;
    assert_eq!(failure(key), Failure::Unrecorded);
    let anywhere = client!(aws_sdk_sts, &replay, "eu-north-1", RetryConfig::disabled());
    assert!(anywhere.get_caller_identity().send().await.is_ok());
    let global = client!(aws_sdk_iam, &replay, "eu-north-1", RetryConfig::disabled());
    assert!(global.get_role_policy().role_name("app").policy_name("read logs").send().await.is_ok());
}

#[tokio::test]
async fn an_unrecorded_request_is_an_error_that_names_its_key_and_is_not_retried() {
    let replay = Replay::new(sample());
    let s3 = client!(aws_sdk_s3, &replay, "us-east-2", RetryConfig::standard());
    let error = s3.get_bucket_policy().bucket("other").send().await.unwrap_err();
    let text = aws_smithy_types::error::display::DisplayErrorContext(&error).to_string();
    let key = r#"s3:GetBucketPolicy { Bucket = "other" } of account sample in us-east-2"#;
    assert!(text.contains(key), "{text}");
    let [unrecorded] = replay.unrecorded().try_into().unwrap();
    assert_eq!(unrecorded.to_string(), key);
    assert_eq!(replay.counts()["s3:GetBucketPolicy"], 1);
    let snippet = unrecorded.snippet();
    assert!(text.contains(&snippet), "{text}");
    let account = Account::from_files("pasted", [("s3.toml", snippet.as_str())]).unwrap();
    let replay = Replay::new(account);
    let s3 = client!(aws_sdk_s3, &replay);
    assert!(s3.get_bucket_policy().bucket("other").send().await.is_ok());
}

#[tokio::test]
async fn a_client_without_the_stamp_is_told_to_add_it() {
    let replay = Replay::new(sample());
    let s3 = aws_sdk_s3::Client::new(&settings(&replay, "us-east-2", RetryConfig::disabled()));
    let error = s3.get_bucket_policy().bucket("other").send().await.unwrap_err();
    let text = aws_smithy_types::error::display::DisplayErrorContext(&error).to_string();
    assert!(text.contains("add the interceptor `Stamp` to its client"), "{text}");
}

#[tokio::test]
async fn both_address_styles_of_s3_get_the_same_answer() {
    let replay = Replay::new(sample());
    let base = settings(&replay, "us-east-2", RetryConfig::disabled());
    for (endpoint, path_style) in [
        (None, false),
        (None, true),
        (Some("http://127.0.0.1:4566"), true),
        (Some("http://127.0.0.1:4566"), false),
        (Some("http://localhost:4566"), false),
    ] {
        let mut builder = aws_sdk_s3::config::Builder::from(&base).interceptor(Stamp).force_path_style(path_style);
        builder.set_endpoint_url(endpoint.map(str::to_owned));
        let s3 = aws_sdk_s3::Client::from_conf(builder.build());
        let versioning = s3.get_bucket_versioning().bucket("patient-data").send().await;
        assert!(versioning.is_ok(), "{endpoint:?} {path_style}: {:?}", replay.unrecorded());
    }
}

#[tokio::test]
async fn a_bucket_that_is_expected_to_belong_to_another_account_is_denied() {
    let replay = Replay::new(sample());
    let s3 = client!(aws_sdk_s3, &replay);
    let versioning = s3.get_bucket_versioning().bucket("patient-data");
    assert!(versioning.clone().expected_bucket_owner("123456789012").send().await.is_ok());
    let foreign = versioning.expected_bucket_owner("999999999999").send().await;
    assert_eq!(failure(foreign), service("AccessDenied", 403));
}

#[tokio::test]
async fn a_request_id_is_the_same_for_the_same_request() {
    use aws_sdk_s3::operation::RequestId;
    let replay = Replay::new(sample());
    let s3 = client!(aws_sdk_s3, &replay);
    let ask = || async { s3.get_bucket_versioning().bucket("patient-data").send().await.unwrap() };
    let (first, second) = (ask().await, ask().await);
    assert_eq!(first.request_id(), second.request_id());
    assert_eq!(first.request_id().map(str::len), Some(36));
    let sts = client!(aws_sdk_sts, &replay).get_caller_identity().send().await.unwrap();
    assert_ne!(aws_sdk_sts::operation::RequestId::request_id(&sts), first.request_id());
}

#[tokio::test]
async fn a_denied_request_is_a_service_error_in_every_protocol() {
    let expected = [
        service("AccessDenied", 403),
        service("AccessDenied", 403),
        service("AccessDeniedException", 400),
        service("AccessDenied", 403),
        service("UnauthorizedOperation", 403),
        service("AccessDeniedException", 403),
        service("AccessDeniedException", 400),
    ];
    assert_eq!(failures("denied").await, expected);
}

#[tokio::test]
async fn throttling_is_a_service_error_in_every_protocol() {
    let expected = [
        service("SlowDown", 503),
        service("SlowDown", 503),
        service("ThrottlingException", 400),
        service("Throttling", 400),
        service("RequestLimitExceeded", 503),
        service("TooManyRequestsException", 429),
        service("ThrottlingException", 400),
    ];
    assert_eq!(failures("throttled").await, expected);
}

#[tokio::test]
async fn a_server_error_is_a_service_error_in_every_protocol() {
    let expected = [
        service("InternalError", 500),
        service("InternalError", 500),
        service("InternalFailure", 500),
        service("InternalFailure", 500),
        service("InternalError", 500),
        service("ServiceException", 500),
        service("InternalFailure", 500),
    ];
    assert_eq!(failures("server-error").await, expected);
}

#[tokio::test]
async fn what_is_not_found_is_a_service_error_in_every_protocol() {
    let expected = [
        service("NoSuchBucket", 404),
        service("NoSuchBucket", 404),
        service("ResourceNotFoundException", 400),
        service("NoSuchEntity", 404),
        service("InvalidParameterValue", 400),
        service("ResourceNotFoundException", 404),
        service("ResourceNotFoundException", 400),
    ];
    assert_eq!(failures("not-found").await, expected);
}

#[tokio::test]
async fn an_expired_token_is_a_service_error_in_every_protocol() {
    let expected = [
        service("ExpiredToken", 400),
        service("ExpiredToken", 400),
        service("ExpiredTokenException", 400),
        service("ExpiredToken", 403),
        service("RequestExpired", 400),
        service("ExpiredTokenException", 403),
        service("ExpiredTokenException", 400),
    ];
    assert_eq!(failures("expired-token").await, expected);
}

#[tokio::test]
async fn any_other_error_has_the_status_and_code_that_were_asked_for() {
    for failure in failures("error,status=409,code=OperationAborted").await {
        assert_eq!(failure, service("OperationAborted", 409));
    }
}

#[tokio::test]
async fn a_broken_connection_is_a_dispatch_failure() {
    assert_eq!(failures("reset").await, [const { Failure::Connection }; 7]);
}

#[tokio::test]
async fn half_an_answer_is_never_taken_for_a_whole_one() {
    assert_eq!(failures("truncated").await, [const { Failure::Unreadable }; 7]);
}

#[tokio::test]
async fn garbage_with_status_200_is_a_service_error_without_a_code() {
    for failure in failures("garbage").await {
        assert_eq!(failure, service("no code", 200));
    }
}

#[tokio::test]
async fn a_request_that_hangs_ends_at_the_callers_time_limit() {
    let replay = Replay::new(sample()).with_injection("sts:*=hang".parse().unwrap());
    let sts = client!(aws_sdk_sts, &replay).get_caller_identity();
    let limit = TimeoutConfig::builder().operation_attempt_timeout(Duration::from_millis(5)).build();
    let quick = aws_sdk_sts::config::Config::builder().timeout_config(limit);
    assert_eq!(failure(sts.customize().config_override(quick).send().await), Failure::Timeout);
}

#[tokio::test]
async fn a_fault_that_ends_hits_each_distinct_request_as_often_as_it_says() {
    let replay = Replay::new(sample()).with_injection("kms:*=throttled,times=2".parse().unwrap());
    let kms = client!(aws_sdk_kms, &replay);
    let there = client!(aws_sdk_kms, &replay, "eu-west-1", RetryConfig::disabled());
    for client in [&kms, &there] {
        let ask = client.describe_key().key_id("alias/patient-data");
        assert_eq!(failure(ask.clone().send().await), service("ThrottlingException", 400));
        assert_eq!(failure(ask.clone().send().await), service("ThrottlingException", 400));
        assert!(ask.send().await.is_ok());
    }
    assert_eq!(replay.counts()["kms:DescribeKey"], 6);
}

#[tokio::test]
async fn the_sdk_retries_what_a_fault_breaks_for_a_while() {
    let replay = Replay::new(sample())
        .with_injection("sts:GetCallerIdentity=server-error,times=1".parse().unwrap())
        .with_injection("sts:GetCallerIdentity=throttled,times=1".parse().unwrap());
    let retry = RetryConfig::standard().with_initial_backoff(Duration::from_millis(1));
    let sts = client!(aws_sdk_sts, &replay, "us-east-2", retry);
    assert_eq!(sts.get_caller_identity().send().await.unwrap().account(), Some("123456789012"));
    assert_eq!(replay.counts()["sts:GetCallerIdentity"], 3);
}

#[tokio::test]
async fn a_fault_with_an_argument_spares_the_other_requests() {
    let replay = Replay::new(sample());
    let target: Target = "s3:*".parse().unwrap();
    let replay = replay.with_fault(target.with_argument("max-keys", "1"), Fault::Denied);
    let s3 = client!(aws_sdk_s3, &replay);
    assert!(s3.get_bucket_versioning().bucket("patient-data").send().await.is_ok());
    let objects = s3.list_objects_v2().bucket("patient-data").prefix("").max_keys(1).send().await;
    assert_eq!(failure(objects), service("AccessDenied", 403));
}

#[tokio::test]
async fn requests_under_way_at_the_same_time_are_counted() {
    let replay = Replay::new(sample()).with_latency(Duration::from_millis(20));
    let sts = client!(aws_sdk_sts, &replay);
    for _ in 0..2 {
        sts.get_caller_identity().send().await.unwrap();
    }
    assert_eq!(replay.max_in_flight(), 1);
    let (a, b, c) = tokio::join!(
        sts.get_caller_identity().send(),
        sts.get_caller_identity().send(),
        sts.get_caller_identity().send()
    );
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    assert_eq!(replay.max_in_flight(), 3);
    assert_eq!(replay.counts()["sts:GetCallerIdentity"], 5);
    assert_eq!(replay.inner.in_flight.load(Ordering::SeqCst), 0);
}

#[test]
fn latency_is_that_of_the_last_target_that_fits() {
    let slow = Duration::from_secs(3);
    let replay = Replay::new(sample())
        .with_latency(Duration::from_secs(1))
        .with_latency_on("kms:*".parse().unwrap(), Duration::from_secs(2))
        .with_latency_on("kms:DescribeKey".parse().unwrap(), slow);
    let key = |service: &str, operation: &str| RequestKey {
        account: "sample".to_owned(),
        service: service.to_owned(),
        operation: operation.to_owned(),
        arguments: BTreeMap::new(),
        region: String::new(),
    };
    let state = replay.state();
    assert_eq!(state.latency(&key("kms", "DescribeKey")), slow);
    assert_eq!(state.latency(&key("kms", "ListKeys")), Duration::from_secs(2));
    assert_eq!(state.latency(&key("s3", "ListBuckets")), Duration::from_secs(1));
}

#[tokio::test]
async fn the_same_account_can_be_altered_for_one_test() {
    let account = sample()
        .edit("s3", "GetBucketVersioning", |body| body.replace("<Status>Enabled", "<Status>Suspended"))
        .unwrap()
        .answer("s3", "GetBucketTagging", &[("Bucket", "patient-data")], Answer::error("s3", 404, "NoSuchBucket"))
        .unwrap()
        .answer("kms", "ListKeys", &[], Answer::ok(r#"{"Keys": []}"#))
        .unwrap()
        .without("sts", "GetCallerIdentity")
        .unwrap();
    let replay = Replay::new(account);
    let s3 = client!(aws_sdk_s3, &replay);
    let versioning = s3.get_bucket_versioning().bucket("patient-data").send().await.unwrap();
    assert_eq!(versioning.status().unwrap().as_str(), "Suspended");
    let tags = s3.get_bucket_tagging().bucket("patient-data").send().await;
    assert_eq!(failure(tags), service("NoSuchBucket", 404));
    assert!(client!(aws_sdk_kms, &replay).list_keys().send().await.unwrap().keys().is_empty());
    assert_eq!(failure(client!(aws_sdk_sts, &replay).get_caller_identity().send().await), Failure::Unrecorded);
}

/// Asks a few things through any HTTP client and says what came back.
async fn interview(http: SharedHttpClient, role: &str) -> Vec<String> {
    let base = settings(&Replay::new(sample()), "us-east-2", RetryConfig::disabled());
    let base = base.into_builder().http_client(http).build();
    let s3 = aws_sdk_s3::Client::from_conf(aws_sdk_s3::config::Builder::from(&base).interceptor(Stamp).build());
    let kms = aws_sdk_kms::Client::from_conf(aws_sdk_kms::config::Builder::from(&base).interceptor(Stamp).build());
    let iam = aws_sdk_iam::Client::from_conf(aws_sdk_iam::config::Builder::from(&base).interceptor(Stamp).build());
    let cloudwatch = aws_sdk_cloudwatch::config::Builder::from(&base).interceptor(Stamp).build();
    let cloudwatch = aws_sdk_cloudwatch::Client::from_conf(cloudwatch);
    let versioning = s3.get_bucket_versioning().bucket("patient-data").send().await.unwrap();
    let tags = failure(s3.get_bucket_tagging().bucket("patient-data").send().await);
    let key = kms.describe_key().key_id("alias/patient-data").send().await.unwrap().key_metadata.unwrap();
    let policy = iam.get_role_policy().role_name(role).policy_name("read logs").send().await.unwrap();
    let alarms = cloudwatch.describe_alarms().alarm_names("cpu").send().await.unwrap();
    vec![
        format!("{:?} {:?}", versioning.status(), versioning.mfa_delete()),
        format!("{tags:?}"),
        key.key_id,
        policy.role_name,
        format!("{:?}", alarms.metric_alarms()),
    ]
}

fn files_in(directory: &std::path::Path) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let name = |path: &std::path::Path| path.file_name().unwrap().to_string_lossy().into_owned();
    entries.map(|path| (name(&path), std::fs::read_to_string(&path).unwrap())).collect()
}

#[tokio::test]
async fn a_recording_answers_like_the_account_that_it_was_made_of() {
    let recorder = Recorder::new(SharedHttpClient::new(Replay::new(sample())));
    let first = interview(SharedHttpClient::new(recorder.clone()), "app").await;
    let directory = tempfile::tempdir().unwrap();
    recorder.write(directory.path(), sample().facts().clone()).unwrap();

    let files = files_in(directory.path());
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    assert_eq!(names, ["account.toml", "cloudwatch.toml", "iam.toml", "kms.toml", "s3.toml"]);
    let kms = r#"[[exchange]]
operation = "DescribeKey"
request = { KeyId = "alias/patient-data" }
body = '''
{
  "KeyMetadata": {
    "KeyId": "11111111-2222-3333-4444-555555555555",
    "Enabled": true
  }
}'''
"#;
    assert_eq!(files["kms.toml"], kms);
    for (name, text) in &files {
        assert!(!text.contains("requestid") && !text.contains("content-type"), "{name}: {text}");
    }

    let account = Account::from_dir(directory.path()).unwrap();
    assert_eq!(account.to_files(), files);
    let replay = Replay::new(account);
    assert_eq!(interview(SharedHttpClient::new(replay.clone()), "app").await, first);
    assert_eq!(replay.unasked(), Vec::<String>::new());
}

#[tokio::test]
async fn a_recorder_replaces_what_belongs_to_the_emulator() {
    let recorder = Recorder::new(SharedHttpClient::new(Replay::new(sample())));
    let recorder = recorder.replacing("11111111-", "00000000-").replacing("app", "web");
    interview(SharedHttpClient::new(recorder.clone()), "app").await;
    let account = recorder.account(sample().facts().clone());
    let again = interview(SharedHttpClient::new(Replay::new(account)), "web").await;
    assert_eq!(again[2..4], ["00000000-2222-3333-4444-555555555555", "web"]);
}

#[tokio::test]
async fn recording_once_more_keeps_what_a_person_corrected() {
    let recorder = Recorder::new(SharedHttpClient::new(Replay::new(sample())));
    interview(SharedHttpClient::new(recorder.clone()), "app").await;
    let directory = tempfile::tempdir().unwrap();
    recorder.write(directory.path(), sample().facts().clone()).unwrap();
    let file = directory.path().join("kms.toml");
    let recorded = std::fs::read_to_string(&file).unwrap();
    let corrected = recorded.replace("true", "false") + "correction = \"it was off\"\n";
    assert!(corrected.contains("false"));
    std::fs::write(&file, &corrected).unwrap();
    recorder.write(directory.path(), sample().facts().clone()).unwrap();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), corrected);
}
