//! The AWS clients: one set for each region, all over one HTTP client, without retries of their own.

use std::cell::OnceCell;

use aws_config::BehaviorVersion;
use aws_config::Region;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextMut;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use aws_types::SdkConfig;

use crate::collect::call::Witness;
use crate::replay;

/// How AWS is reached: the SDK's configuration and where its calls go.
#[derive(Clone, Debug)]
pub struct Connection {
    sdk: SdkConfig,
    endpoint: String,
}

impl Connection {
    /// Reaches AWS, or what `AWS_ENDPOINT_URL` or `endpoint_url` names in its place, with the SDK's own credential chain.
    pub async fn network(http: SharedHttpClient, endpoint_url: Option<&str>) -> Self {
        let mut loader =
            aws_config::defaults(BehaviorVersion::v2026_01_12())
                .http_client(http)
                .retry_config(RetryConfig::disabled())
                .timeout_config(TimeoutConfig::disabled())
                .stalled_stream_protection(
                    aws_config::stalled_stream_protection::StalledStreamProtectionConfig::disabled(),
                );
        if let Some(url) = endpoint_url {
            loader = loader.endpoint_url(url);
        }
        let sdk = loader.load().await;
        let endpoint = sdk.endpoint_url().unwrap_or("aws").to_owned();
        Connection { sdk, endpoint }
    }

    /// Answers from a recorded account; no credentials are needed.
    pub fn recorded(http: SharedHttpClient, name: &str) -> Self {
        let sdk = Self::keyed(http, "AKIAREPLAY0REPLAY000", "replay").build();
        Connection { sdk, endpoint: format!("replay:{name}") }
    }

    /// Asks what listens at `endpoint_url` in place of AWS, signing with this key whatever the environment says.
    pub fn with_key(http: SharedHttpClient, endpoint_url: &str, key_id: &str, secret: &str) -> Self {
        let sdk = Self::keyed(http, key_id, secret).endpoint_url(endpoint_url).build();
        Connection { sdk, endpoint: endpoint_url.to_owned() }
    }

    fn keyed(http: SharedHttpClient, key_id: &str, secret: &str) -> aws_types::sdk_config::Builder {
        let credentials = aws_sdk_sts::config::Credentials::new(key_id, secret, None, None, "given");
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .credentials_provider(aws_sdk_sts::config::SharedCredentialsProvider::new(credentials))
            .http_client(http)
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::disabled())
            .stalled_stream_protection(aws_config::stalled_stream_protection::StalledStreamProtectionConfig::disabled())
            .sleep_impl(aws_smithy_async_sleep())
    }

    /// Where the calls go: `aws`, the override, or `replay:NAME`.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Whether the answers come from elsewhere than AWS.
    pub fn is_emulated(&self) -> bool {
        self.endpoint != "aws"
    }

    /// The region that the caller's own settings name.
    pub fn default_region(&self) -> Option<&str> {
        self.sdk.region().map(Region::as_ref)
    }

    /// Proves that there are credentials to sign with, before anything is asked.
    ///
    /// # Errors
    /// Why there are none, in the SDK's words, which hold no secret.
    pub async fn prove_credentials(&self) -> Result<(), String> {
        use aws_sdk_sts::config::ProvideCredentials;
        let Some(provider) = self.sdk.credentials_provider() else {
            return Err("no credential provider is configured".into());
        };
        match provider.provide_credentials().await {
            Ok(_) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }
}

fn aws_smithy_async_sleep() -> aws_sdk_sts::config::SharedAsyncSleep {
    aws_sdk_sts::config::SharedAsyncSleep::new(TokioSleep)
}

#[derive(Debug)]
struct TokioSleep;

impl aws_sdk_sts::config::AsyncSleep for TokioSleep {
    fn sleep(&self, duration: std::time::Duration) -> aws_sdk_sts::config::Sleep {
        aws_sdk_sts::config::Sleep::new(tokio::time::sleep(duration))
    }
}

/// The clients of one region, each made when it is first asked for.
#[derive(Debug)]
pub struct Clients {
    sdk: SdkConfig,
    overridden: bool,
    sts: OnceCell<aws_sdk_sts::Client>,
    cloudformation: OnceCell<aws_sdk_cloudformation::Client>,
    s3: OnceCell<aws_sdk_s3::Client>,
    s3control: OnceCell<aws_sdk_s3control::Client>,
    kms: OnceCell<aws_sdk_kms::Client>,
    lambda: OnceCell<aws_sdk_lambda::Client>,
    logs: OnceCell<aws_sdk_cloudwatchlogs::Client>,
    iam: OnceCell<aws_sdk_iam::Client>,
    cloudtrail: OnceCell<aws_sdk_cloudtrail::Client>,
    cloudwatch: OnceCell<aws_sdk_cloudwatch::Client>,
    ec2: OnceCell<aws_sdk_ec2::Client>,
    eventbridge: OnceCell<aws_sdk_eventbridge::Client>,
    sns: OnceCell<aws_sdk_sns::Client>,
    config: OnceCell<aws_sdk_config::Client>,
    elbv2: OnceCell<aws_sdk_elasticloadbalancingv2::Client>,
    apigateway: OnceCell<aws_sdk_apigateway::Client>,
    ecs: OnceCell<aws_sdk_ecs::Client>,
    autoscaling: OnceCell<aws_sdk_applicationautoscaling::Client>,
    rds: OnceCell<aws_sdk_rds::Client>,
    efs: OnceCell<aws_sdk_efs::Client>,
    elasticache: OnceCell<aws_sdk_elasticache::Client>,
    wafv2: OnceCell<aws_sdk_wafv2::Client>,
    secretsmanager: OnceCell<aws_sdk_secretsmanager::Client>,
    backup: OnceCell<aws_sdk_backup::Client>,
    acm: OnceCell<aws_sdk_acm::Client>,
}

// The builders of the SDK crates share no trait, so this cannot be a generic function.
macro_rules! client {
    ($name:ident, $crate_name:ident, $service:literal) => {
        #[doc = concat!("The client of ", $service, ".")]
        pub fn $name(&self) -> &$crate_name::Client {
            self.$name.get_or_init(|| {
                let config = $crate_name::config::Builder::from(&self.sdk)
                    .interceptor(replay::Stamp)
                    .interceptor(Witness)
                    .build();
                $crate_name::Client::from_conf(config)
            })
        }
    };
}

impl Clients {
    pub(crate) fn new(connection: &Connection, region: &str) -> Self {
        Clients {
            sdk: connection.sdk.to_builder().region(Region::new(region.to_owned())).build(),
            overridden: connection.is_emulated(),
            sts: OnceCell::new(),
            cloudformation: OnceCell::new(),
            s3: OnceCell::new(),
            s3control: OnceCell::new(),
            kms: OnceCell::new(),
            lambda: OnceCell::new(),
            logs: OnceCell::new(),
            iam: OnceCell::new(),
            cloudtrail: OnceCell::new(),
            cloudwatch: OnceCell::new(),
            ec2: OnceCell::new(),
            eventbridge: OnceCell::new(),
            sns: OnceCell::new(),
            config: OnceCell::new(),
            elbv2: OnceCell::new(),
            apigateway: OnceCell::new(),
            ecs: OnceCell::new(),
            autoscaling: OnceCell::new(),
            rds: OnceCell::new(),
            efs: OnceCell::new(),
            elasticache: OnceCell::new(),
            wafv2: OnceCell::new(),
            secretsmanager: OnceCell::new(),
            backup: OnceCell::new(),
            acm: OnceCell::new(),
        }
    }

    client!(sts, aws_sdk_sts, "STS");
    client!(cloudformation, aws_sdk_cloudformation, "CloudFormation");
    client!(kms, aws_sdk_kms, "KMS");
    client!(lambda, aws_sdk_lambda, "Lambda");
    client!(logs, aws_sdk_cloudwatchlogs, "CloudWatch Logs");
    client!(iam, aws_sdk_iam, "IAM");
    client!(cloudtrail, aws_sdk_cloudtrail, "CloudTrail");
    client!(cloudwatch, aws_sdk_cloudwatch, "CloudWatch");
    client!(ec2, aws_sdk_ec2, "EC2");
    client!(eventbridge, aws_sdk_eventbridge, "EventBridge");
    client!(sns, aws_sdk_sns, "SNS");
    client!(config, aws_sdk_config, "Config");
    client!(elbv2, aws_sdk_elasticloadbalancingv2, "Elastic Load Balancing");
    client!(apigateway, aws_sdk_apigateway, "API Gateway");
    client!(ecs, aws_sdk_ecs, "ECS");
    client!(autoscaling, aws_sdk_applicationautoscaling, "Application Auto Scaling");
    client!(rds, aws_sdk_rds, "RDS");
    client!(efs, aws_sdk_efs, "EFS");
    client!(elasticache, aws_sdk_elasticache, "ElastiCache");
    client!(wafv2, aws_sdk_wafv2, "WAF");
    client!(secretsmanager, aws_sdk_secretsmanager, "Secrets Manager");
    client!(backup, aws_sdk_backup, "Backup");
    client!(acm, aws_sdk_acm, "Certificate Manager");

    /// The client of S3. Under an endpoint override buckets stand in the path, because no host has their name there.
    pub fn s3(&self) -> &aws_sdk_s3::Client {
        self.s3.get_or_init(|| {
            let config = aws_sdk_s3::config::Builder::from(&self.sdk)
                .force_path_style(self.overridden)
                .interceptor(replay::Stamp)
                .interceptor(Witness)
                .build();
            aws_sdk_s3::Client::from_conf(config)
        })
    }

    /// The client of S3 Control, whose hosts start with the account id also under an endpoint override; there it is
    /// taken off again before signing.
    pub fn s3control(&self) -> &aws_sdk_s3control::Client {
        self.s3control.get_or_init(|| {
            let mut config =
                aws_sdk_s3control::config::Builder::from(&self.sdk).interceptor(replay::Stamp).interceptor(Witness);
            if self.overridden {
                config = config.interceptor(NoHostPrefix);
            }
            aws_sdk_s3control::Client::from_conf(config.build())
        })
    }
}

/// Takes the account id off the host of an overridden endpoint: `123456789012.127.0.0.1` is no host.
#[derive(Debug)]
struct NoHostPrefix;

impl Intercept for NoHostPrefix {
    fn name(&self) -> &'static str {
        "tap-audit host prefix"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let request = context.request_mut();
        let uri: http::Uri = request.uri().parse()?;
        let Some(authority) = uri.authority() else { return Ok(()) };
        let Some((prefix, rest)) = authority.as_str().split_once('.') else { return Ok(()) };
        if prefix.len() == 12 && prefix.bytes().all(|byte| byte.is_ascii_digit()) {
            let scheme = uri.scheme_str().unwrap_or("http");
            let path = uri.path_and_query().map_or("/", |path| path.as_str());
            request.set_uri(format!("{scheme}://{rest}{path}"))?;
        }
        Ok(())
    }
}
