use super::*;

fn resolved(key: &str, value: &str) -> Resolved {
    match resolve(key, value) {
        Resolution::Resolved(resolved) => resolved,
        Resolution::Unresolved(reason) => panic!("{key} = {value}: {reason}"),
    }
}

fn reason(key: &str, value: &str) -> String {
    match resolve(key, value) {
        Resolution::Resolved(resolved) => panic!("{key} = {value}: {resolved:?}"),
        Resolution::Unresolved(reason) => reason,
    }
}

const UUID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

#[test]
fn arns_name_their_resource_whatever_the_key_says() {
    let table = [
        ("arn:aws:s3:::b-pr1", "S3::Bucket", "b-pr1", None, None),
        ("arn:aws-us-gov:s3:::b-pr1/phi/*", "S3::Bucket", "b-pr1", None, None),
        (
            "arn:aws:s3:us-east-2:123456789012:accesspoint/ap",
            "S3::AccessPoint",
            "ap",
            Some("us-east-2"),
            Some("123456789012"),
        ),
        (
            "arn:aws:lambda:us-east-2:123456789012:function:f-pr1",
            "Lambda::Function",
            "f-pr1",
            Some("us-east-2"),
            Some("123456789012"),
        ),
        (
            "arn:aws-cn:lambda:cn-north-1:123456789012:function:f:live",
            "Lambda::Function",
            "f",
            Some("cn-north-1"),
            Some("123456789012"),
        ),
        (
            "arn:aws:kms:us-east-2:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
            "KMS::Key",
            UUID,
            Some("us-east-2"),
            Some("123456789012"),
        ),
        (
            "arn:aws:kms:us-east-2:123456789012:alias/k/1",
            "KMS::Alias",
            "alias/k/1",
            Some("us-east-2"),
            Some("123456789012"),
        ),
        (
            "arn:aws:logs:us-east-2:123456789012:log-group:/aws/lambda/f:*",
            "Logs::LogGroup",
            "/aws/lambda/f",
            Some("us-east-2"),
            Some("123456789012"),
        ),
        (
            "arn:aws:logs:us-east-2:123456789012:log-group:/aws/lambda/f",
            "Logs::LogGroup",
            "/aws/lambda/f",
            Some("us-east-2"),
            Some("123456789012"),
        ),
        ("arn:aws:iam::123456789012:role/service/path/r", "IAM::Role", "r", None, Some("123456789012")),
        ("arn:aws:iam::aws:policy/ReadOnlyAccess", "IAM::ManagedPolicy", "ReadOnlyAccess", None, None),
        ("arn:aws:iam::123456789012:user/u", "IAM::User", "u", None, Some("123456789012")),
        ("arn:aws:sts::123456789012:assumed-role/r/session", "IAM::Role", "r", None, Some("123456789012")),
        (
            "arn:aws:cloudformation:us-east-2:123456789012:stack/TapStackpr1/1234abcd",
            "CloudFormation::Stack",
            "TapStackpr1",
            Some("us-east-2"),
            Some("123456789012"),
        ),
        ("arn:aws:sns:us-east-2:123456789012:t.fifo", "SNS::Topic", "t.fifo", Some("us-east-2"), Some("123456789012")),
        ("arn:aws:sqs:us-east-2:123456789012:q", "SQS::Queue", "q", Some("us-east-2"), Some("123456789012")),
        (
            "arn:aws:dynamodb:us-east-2:123456789012:table/t/stream/2026",
            "DynamoDB::Table",
            "t",
            Some("us-east-2"),
            Some("123456789012"),
        ),
        (
            "arn:aws:rds:us-east-2:123456789012:cluster:c",
            "RDS::DBCluster",
            "c",
            Some("us-east-2"),
            Some("123456789012"),
        ),
        (
            "arn:aws:rds:us-east-2:123456789012:cluster-endpoint:e",
            "RDS::DBClusterEndpoint",
            "e",
            Some("us-east-2"),
            Some("123456789012"),
        ),
        (
            "arn:aws:ecs:us-east-2:123456789012:service/c/s",
            "ECS::Service",
            "s",
            Some("us-east-2"),
            Some("123456789012"),
        ),
        (
            "arn:aws:ecs:us-east-2:123456789012:task-definition/f:7",
            "ECS::TaskDefinition",
            "f",
            Some("us-east-2"),
            Some("123456789012"),
        ),
        (
            "arn:aws:elasticfilesystem:us-east-2:123456789012:file-system/fs-0123456789abcdef0",
            "EFS::FileSystem",
            "fs-0123456789abcdef0",
            Some("us-east-2"),
            Some("123456789012"),
        ),
        (
            "arn:aws:elasticache:us-east-2:123456789012:replicationgroup:r",
            "ElastiCache::ReplicationGroup",
            "r",
            Some("us-east-2"),
            Some("123456789012"),
        ),
        (
            "arn:aws:apigateway:us-east-2::/restapis/abc123/stages/prod",
            "ApiGateway::RestApi",
            "abc123",
            Some("us-east-2"),
            None,
        ),
        (
            "arn:aws:execute-api:us-east-2:123456789012:abc123/prod/GET/x",
            "ApiGateway::RestApi",
            "abc123",
            Some("us-east-2"),
            Some("123456789012"),
        ),
        (
            "arn:aws:wafv2:us-east-2:123456789012:regional/webacl/w/1234abcd",
            "WAFv2::WebACL",
            "w",
            Some("us-east-2"),
            Some("123456789012"),
        ),
        (
            "arn:aws:secretsmanager:us-east-2:123456789012:secret:app/db-AbC123",
            "SecretsManager::Secret",
            "app/db",
            Some("us-east-2"),
            Some("123456789012"),
        ),
        (
            "arn:aws:cloudtrail:us-east-2:123456789012:trail/t",
            "CloudTrail::Trail",
            "t",
            Some("us-east-2"),
            Some("123456789012"),
        ),
        (
            "arn:aws:ec2:us-east-2:123456789012:vpc/vpc-0123456789abcdef0",
            "EC2::VPC",
            "vpc-0123456789abcdef0",
            Some("us-east-2"),
            Some("123456789012"),
        ),
        (
            "arn:aws:elasticloadbalancing:us-east-2:123456789012:loadbalancer/app/lb/50dc6c495c0c9188",
            "ElasticLoadBalancingV2::LoadBalancer",
            "lb",
            Some("us-east-2"),
            Some("123456789012"),
        ),
        (
            "arn:aws:elasticloadbalancing:us-east-2:123456789012:loadbalancer/lb",
            "ElasticLoadBalancing::LoadBalancer",
            "lb",
            Some("us-east-2"),
            Some("123456789012"),
        ),
        (
            "arn:aws:cloudwatch:us-east-2:123456789012:alarm:a b".trim_end_matches(" b"),
            "CloudWatch::Alarm",
            "a",
            Some("us-east-2"),
            Some("123456789012"),
        ),
        (
            "arn:aws:events:us-east-2:123456789012:rule/bus/r",
            "Events::Rule",
            "r",
            Some("us-east-2"),
            Some("123456789012"),
        ),
        (
            "arn:aws-iso-b:ssm:us-isob-east-1:123456789012:parameter/a/b",
            "SSM::Parameter",
            "/a/b",
            Some("us-isob-east-1"),
            Some("123456789012"),
        ),
    ];
    for (value, kind, id, region, account) in table {
        let resolved = resolved("Anything", value);
        assert_eq!(resolved.kind, format!("AWS::{kind}"), "{value}");
        assert_eq!(resolved.id, id, "{value}");
        assert_eq!((resolved.region.as_deref(), resolved.account.as_deref()), (region, account), "{value}");
        assert!(resolved.arn.is_some(), "{value}");
        assert_eq!(reference_from_arn(value), Ok(resolved));
    }
}

#[test]
fn an_arn_is_brought_to_the_resource_itself() {
    let arn = |value: &str| resolved("X", value).arn.unwrap();
    assert_eq!(
        arn("arn:aws:lambda:us-east-2:123456789012:function:f:live"),
        "arn:aws:lambda:us-east-2:123456789012:function:f"
    );
    assert_eq!(resolved("X", "arn:aws:lambda:us-east-2:123456789012:function:f:3").by, "its ARN, with the qualifier 3");
    assert_eq!(
        arn("arn:aws:logs:us-east-2:123456789012:log-group:g:log-stream:s"),
        "arn:aws:logs:us-east-2:123456789012:log-group:g"
    );
    assert_eq!(arn("arn:aws:s3:::b-1/x/y"), "arn:aws:s3:::b-1");
    assert_eq!(arn("arn:aws:sts::123456789012:assumed-role/r/me"), "arn:aws:iam::123456789012:role/r");
}

#[test]
fn what_only_begins_like_an_arn_is_named_so() {
    for value in [
        "arn:",
        "arn:aws",
        "arn:aws:s3",
        "arn:aws:s3:::",
        "arn:aws:lambda:us-east-2:12345:function:f",
        "arn:gcp:s3:::b",
        "arn:aws:s3:::b with space",
        "arn:aws:lambda:us-east-2:123456789012",
    ] {
        assert_eq!(reason("S3BucketArn", value), "a text that begins like an ARN and is not a whole one", "{value}");
    }
    assert_eq!(reason("X", "arn:aws:s3:::*"), "an S3 ARN that names no bucket");
    assert_eq!(reason("X", "arn:aws:iam::123456789012:root"), "the ARN of the account itself, which is no resource");
    assert_eq!(
        reason("X", "arn:aws:quantum:us-east-2:123456789012:box/1"),
        "an ARN of the service `quantum` for something that is not known here"
    );
    assert_eq!(reference_from_arn("b"), Err("a text that is no ARN".into()));
}

#[test]
fn ids_hosts_and_addresses_are_read_by_shape() {
    let table = [
        ("vpc-0123456789abcdef0", "EC2::VPC", "vpc-0123456789abcdef0", None),
        ("subnet-12345678", "EC2::Subnet", "subnet-12345678", None),
        ("sg-0123456789abcdef0", "EC2::SecurityGroup", "sg-0123456789abcdef0", None),
        ("fs-0123456789abcdef0", "EFS::FileSystem", "fs-0123456789abcdef0", None),
        ("nat-0123456789abcdef0", "EC2::NatGateway", "nat-0123456789abcdef0", None),
        ("eni-0123456789abcdef0", "EC2::NetworkInterface", "eni-0123456789abcdef0", None),
        ("igw-0123456789abcdef0", "EC2::InternetGateway", "igw-0123456789abcdef0", None),
        ("rtb-0123456789abcdef0", "EC2::RouteTable", "rtb-0123456789abcdef0", None),
        ("eipalloc-0123456789abcdef0", "EC2::EIP", "eipalloc-0123456789abcdef0", None),
        ("tgw-attach-0123456789abcdef0", "EC2::TransitGatewayAttachment", "tgw-attach-0123456789abcdef0", None),
        ("mrk-1234abcd12ab34cd56ef1234567890ab", "KMS::Key", "mrk-1234abcd12ab34cd56ef1234567890ab", None),
        ("alias/patient-data-key-pr1", "KMS::Alias", "alias/patient-data-key-pr1", None),
        ("/aws/lambda/f-pr1", "Logs::LogGroup", "/aws/lambda/f-pr1", None),
        ("/aws/vpc/flow-logs", "Logs::LogGroup", "/aws/vpc/flow-logs", None),
        ("API-Gateway-Execution-Logs_abc/prod", "Logs::LogGroup", "API-Gateway-Execution-Logs_abc/prod", None),
        ("c.cluster-cabc.us-east-2.rds.amazonaws.com", "RDS::DBCluster", "c", Some("us-east-2")),
        ("c.cluster-ro-cabc.us-east-2.rds.amazonaws.com:5432", "RDS::DBCluster", "c", Some("us-east-2")),
        ("d.cabc.us-east-2.rds.amazonaws.com", "RDS::DBInstance", "d", Some("us-east-2")),
        (
            "jdbc:postgresql://c.cluster-cabc.us-east-2.rds.amazonaws.com:5432/app",
            "RDS::DBCluster",
            "c",
            Some("us-east-2"),
        ),
        ("postgresql://c.cluster-cabc.us-east-2.rds.amazonaws.com/app", "RDS::DBCluster", "c", Some("us-east-2")),
        ("e.cluster-custom-cabc.us-east-2.rds.amazonaws.com", "RDS::DBClusterEndpoint", "e", Some("us-east-2")),
        ("s.shardgrp-cabc.us-east-2.rds.amazonaws.com", "RDS::DBShardGroup", "s", Some("us-east-2")),
        ("g.global-abc.global.rds.amazonaws.com", "RDS::GlobalCluster", "g", None),
        ("cluster-ABCDEFGHIJKLMNOPQRSTUVWXY0", "RDS::DBCluster", "cluster-ABCDEFGHIJKLMNOPQRSTUVWXY0", None),
        ("db-ABCDEFGHIJKLMNOPQRSTUVWXY0", "RDS::DBInstance", "db-ABCDEFGHIJKLMNOPQRSTUVWXY0", None),
        ("fsap-0123456789abcdef0", "EFS::AccessPoint", "fsap-0123456789abcdef0", None),
        (
            "use2-az1.fs-0123456789abcdef0.efs.us-east-2.amazonaws.com",
            "EFS::FileSystem",
            "fs-0123456789abcdef0",
            Some("us-east-2"),
        ),
        ("d.cabc.rds.cn-north-1.amazonaws.com.cn", "RDS::DBInstance", "d", Some("cn-north-1")),
        ("p.proxy-cabc.us-east-2.rds.amazonaws.com", "RDS::DBProxy", "p", Some("us-east-2")),
        ("d.cabc.cn-north-1.rds.amazonaws.com.cn", "RDS::DBInstance", "d", Some("cn-north-1")),
        ("master.r-pr1.abc.use2.cache.amazonaws.com", "ElastiCache::ReplicationGroup", "r-pr1", Some("us-east-2")),
        (
            "r-pr1.abc.ng.0001.use1.cache.amazonaws.com:6379",
            "ElastiCache::ReplicationGroup",
            "r-pr1",
            Some("us-east-1"),
        ),
        ("r-pr1-ro.abc.ng.0001.use1.cache.amazonaws.com", "ElastiCache::ReplicationGroup", "r-pr1", Some("us-east-1")),
        ("r-pr1-001.r-pr1.abc.use1.cache.amazonaws.com", "ElastiCache::ReplicationGroup", "r-pr1", Some("us-east-1")),
        ("m.abc.cfg.use1.cache.amazonaws.com", "ElastiCache::CacheCluster", "m", Some("us-east-1")),
        (
            "https://abc123.execute-api.us-east-2.amazonaws.com/prod/",
            "ApiGateway::RestApi",
            "abc123",
            Some("us-east-2"),
        ),
        (
            "internal-app-pr1-123456789.us-east-2.elb.amazonaws.com",
            "ElasticLoadBalancingV2::LoadBalancer",
            "app-pr1",
            Some("us-east-2"),
        ),
        (
            "http://app-pr1-123456789.us-east-2.elb.amazonaws.com",
            "ElasticLoadBalancingV2::LoadBalancer",
            "app-pr1",
            Some("us-east-2"),
        ),
        (
            "net-0123456789abcdef.elb.us-east-2.amazonaws.com",
            "ElasticLoadBalancingV2::LoadBalancer",
            "net",
            Some("us-east-2"),
        ),
        ("b-pr1.s3.amazonaws.com", "S3::Bucket", "b-pr1", None),
        ("my.dotted.b.s3.us-east-2.amazonaws.com", "S3::Bucket", "my.dotted.b", Some("us-east-2")),
        ("b-pr1.s3.dualstack.us-east-2.amazonaws.com", "S3::Bucket", "b-pr1", Some("us-east-2")),
        ("http://b-pr1.s3-website-us-east-1.amazonaws.com", "S3::Bucket", "b-pr1", Some("us-east-1")),
        ("http://b-pr1.s3-website.us-east-2.amazonaws.com", "S3::Bucket", "b-pr1", Some("us-east-2")),
        ("https://s3.us-east-2.amazonaws.com/b-pr1/x", "S3::Bucket", "b-pr1", Some("us-east-2")),
        ("https://s3.amazonaws.com/b-pr1", "S3::Bucket", "b-pr1", None),
        ("s3://b-pr1/in/", "S3::Bucket", "b-pr1", None),
        ("https://abcdef.lambda-url.us-east-2.on.aws/", "Lambda::Url", "abcdef", Some("us-east-2")),
        ("d111111abcdef8.cloudfront.net", "CloudFront::Distribution", "d111111abcdef8.cloudfront.net", None),
        (
            "fs-0123456789abcdef0.efs.us-east-2.amazonaws.com",
            "EFS::FileSystem",
            "fs-0123456789abcdef0",
            Some("us-east-2"),
        ),
        ("https://sqs.us-east-2.amazonaws.com/123456789012/q", "SQS::Queue", "q", Some("us-east-2")),
        ("123456789012.dkr.ecr.us-east-2.amazonaws.com/team/app:1", "ECR::Repository", "team/app", Some("us-east-2")),
        (
            "https://us-east-2.console.aws.amazon.com/lambda/home?region=us-east-2#/functions/f-pr1?tab=code",
            "Lambda::Function",
            "f-pr1",
            Some("us-east-2"),
        ),
        ("https://s3.console.aws.amazon.com/s3/buckets/b-pr1?region=us-east-2", "S3::Bucket", "b-pr1", None),
        (
            "https://console.aws.amazon.com/cloudwatch/home?region=us-east-2#dashboards:name=d-pr1",
            "CloudWatch::Dashboard",
            "d-pr1",
            None,
        ),
        (
            "https://us-east-2.console.aws.amazon.com/cloudwatch/home#logsV2:log-groups/log-group/$252Faws$252Flambda$252Ff-pr1",
            "Logs::LogGroup",
            "/aws/lambda/f-pr1",
            Some("us-east-2"),
        ),
        (
            "https://us-east-2.console.aws.amazon.com/kms/home#/kms/keys/1234abcd-12ab-34cd-56ef-1234567890ab",
            "KMS::Key",
            UUID,
            Some("us-east-2"),
        ),
    ];
    for (value, kind, id, region) in table {
        let resolved = resolved("Anything", value);
        assert_eq!((resolved.kind.as_str(), resolved.id.as_str()), (format!("AWS::{kind}").as_str(), id), "{value}");
        assert_eq!(resolved.region.as_deref(), region, "{value}");
    }
    assert_eq!(
        resolved("X", "https://sqs.us-east-2.amazonaws.com/123456789012/q").account.as_deref(),
        Some("123456789012")
    );
}

#[test]
fn plain_names_are_what_their_key_says() {
    let table = [
        ("S3BucketName", "b-pr1", "S3::Bucket"),
        ("PatientDataBucket", "b-pr1", "S3::Bucket"),
        ("TapStackpr6640S3BucketName", "b-pr1", "S3::Bucket"),
        ("TapStackpr6640.BucketNameA1B2C3D4", "b-pr1", "S3::Bucket"),
        ("ExportsOutputRefPatientBucket83908E7781C90AC0", "b-pr1", "S3::Bucket"),
        ("bucket_name", "b-pr1", "S3::Bucket"),
        ("BucketName-dev", "b-pr1", "S3::Bucket"),
        ("BucketNames[1]", "b-pr1", "S3::Bucket"),
        ("LambdaFunctionName", "f-pr1", "Lambda::Function"),
        ("LambdaStackProcessorFunction", "f-pr1", "Lambda::Function"),
        ("LambdaFunctionLogGroupName", "g-pr1", "Logs::LogGroup"),
        ("LogGroup", "/patient/data", "Logs::LogGroup"),
        ("LambdaExecutionRoleName", "r-pr1", "IAM::Role"),
        ("KMSKeyId", UUID, "KMS::Key"),
        ("KMSKeyIdpr6640", UUID, "KMS::Key"),
        ("EncryptionKeyIdA1B2C3D4", UUID, "KMS::Key"),
        ("KmsKeyAlias", "patient-key", "KMS::Alias"),
        ("SnsTopicName", "t-pr1", "SNS::Topic"),
        ("DatabaseSecretName", "app/db", "SecretsManager::Secret"),
        ("StackName", "TapStackpr6640", "CloudFormation::Stack"),
        ("ApiGatewayId", "abc123", "ApiGateway::RestApi"),
        ("AuroraClusterIdentifier", "c-pr1", "RDS::DBCluster"),
        ("WebAclId", UUID, "WAFv2::WebACL"),
    ];
    for (key, value, kind) in table {
        assert_eq!(resolved(key, value).kind, format!("AWS::{kind}"), "{key}");
    }
    assert_eq!(resolved("KmsKeyAlias", "patient-key").id, "alias/patient-key");
    assert_eq!(resolved("S3BucketName", " b-pr1 ").id, "b-pr1");
    assert_eq!(resolved("S3BucketName", "b-pr1").by, "the word `bucket` in its key");
}

#[test]
fn what_is_no_resource_says_what_it_is() {
    let table = [
        ("Region", "us-gov-west-1", "the name of an AWS region, which is no resource"),
        ("S3BucketName", "us-east-2", "the name of an AWS region, which is no resource"),
        ("Zones", "us-east-2a,us-east-2b", "the name of an availability zone, which is no resource"),
        ("AccountId", "123456789012", "an account id, which is no resource"),
        ("EnvironmentSuffix", "pr6640", "the name or suffix of an environment, which is no resource"),
        ("Environment", "dev", "the name or suffix of an environment, which is no resource"),
        ("Site", "https://example.com/a", "a web address, which names no AWS resource"),
        ("Versioned", "true", "a boolean, which names no resource"),
        ("LambdaTimeout", "300", "a number, which names no resource"),
        ("Cidr", "10.0.0.0/16", "a network address or range, which is no resource"),
        ("Ip", "2001:db8::1", "a network address or range, which is no resource"),
        ("At", "2026-11-01T12:00:00Z", "a date or time, which is no resource"),
        ("Mail", "ops@example.com", "an e-mail address, which is no resource"),
        ("Words", "patient data stack", "a text with spaces, which names no resource"),
        ("Doc", "{\"a\":1,\"a\":2}", "a text that looks like JSON and could not be taken apart"),
        ("Uuid", UUID, "a UUID, and the key does not say of what"),
        ("HealthCheck", "/health", "a path, and the key does not say of what"),
        ("Thing", "abc", "neither the form of the value nor the key says what it names"),
        ("BucketPrefix", "in", "neither the form of the value nor the key says what it names"),
        ("LambdaRuntime", "python3.12", "neither the form of the value nor the key says what it names"),
        ("FunctionVersion", "v2", "neither the form of the value nor the key says what it names"),
        ("S3BucketName", "Not_A_Bucket!", "the key speaks of AWS::S3::Bucket, and the value is not what names one"),
        ("KMSKeyId", "patient-key", "the key speaks of AWS::KMS::Key, and the value is not what names one"),
        ("Host", "x.unknown.us-east-2.amazonaws.com", "a host name of an AWS service that is not known here"),
        (
            "Link",
            "https://console.aws.amazon.com/billing/home",
            "a link to the AWS console that names no resource that is known here",
        ),
    ];
    for (key, value, expected) in table {
        assert_eq!(reason(key, value), expected, "{key} = {value}");
    }
}

#[test]
fn placeholders_are_told_from_values() {
    for value in ["unknown", "N/A", "none", "", "  ", "null", "undefined", "UNKNOWN", "{}", "-", "<bucket>", "****"] {
        assert!(reason("S3BucketArn", value).starts_with("the value is"), "{value}");
    }
    assert!(reason("S3BucketArn", "arn:aws:s3:::b-${EnvironmentSuffix}").contains("unresolved `${...}`"));
    assert!(reason("S3BucketArn", "${Token[TOKEN.12]}").contains("unresolved `${...}`"));
    assert!(reason("S3BucketArn.Fn::GetAtt", "PatientDataBucket,Arn").contains("intrinsic function"));
    assert!(reason("S3BucketName.Ref", "PatientDataBucket").contains("intrinsic function"));
    assert!(reason("DbPassword", "{{resolve:secretsmanager:x}}").contains("dynamic reference"));
}

#[test]
fn credentials_are_masked_and_never_resolved() {
    let table = [
        ("AccessKeyId", "AKIAIOSFODNN7EXAMPLE", SecretLook::AccessKey),
        ("DatabaseUrl", "postgres://app:hunter2@db.example.com/main", SecretLook::UrlPassword),
        ("S3BucketName", "password=hunter2", SecretLook::Assignment),
        ("Key", "-----BEGIN RSA PRIVATE KEY-----hunter2", SecretLook::PrivateKey),
        ("DatabasePassword", "hunter2", SecretLook::SecretName),
        ("TapStackpr1.DatabasePasswordA1B2C3D4", "hunter2", SecretLook::SecretName),
        ("ExternalId", "hunter2", SecretLook::SecretName),
        ("Upload", "https://b.s3.amazonaws.com/k?X-Amz-Signature=hunter2", SecretLook::Assignment),
    ];
    for (key, value, look) in table {
        let (shown, seen) = mask(key, value);
        assert_eq!(seen, Some(look), "{key}");
        assert_eq!(shown, format!("(masked: {})", look.name()));
        let reason = reason(key, value);
        assert!(reason.contains("masked") && !reason.contains("hunter2") && !reason.contains("AKIA"), "{reason}");
    }
}

#[test]
fn what_only_names_a_secret_is_shown() {
    for (key, value) in [
        ("DBSecretArn", "arn:aws:secretsmanager:us-east-2:123456789012:secret:db-AbCdEf"),
        ("SecretName", "app/db"),
        ("DBSecretNamepr6640", "app/db"),
        ("DBSecretNameA1B2C3D4", "app/db"),
        ("KMSKeyId", UUID),
        ("TokenTtl", "3600"),
        ("SecretRotation", "true"),
        ("DatabasePassword", "****"),
        ("DatabasePassword", "{{resolve:ssm-secure:/x:1}}"),
        ("DatabasePassword", "N/A"),
        ("TokenUrl", "https://idp.example.com/oauth2"),
        ("SecretEndpoint", "x"),
    ] {
        assert_eq!(mask(key, value), (value.to_owned(), None), "{key} = {value}");
    }
}

#[test]
fn of_a_mail_address_the_domain_stays_and_control_characters_do_not() {
    assert_eq!(mask("Mail", "jane.doe+x@example.com").0, "***@example.com");
    assert_eq!(mask("Mails", "mailto:a@b.org, c@d.example").0, "mailto:***@b.org, ***@d.example");
    assert_eq!(mask("Image", "repo/app@sha256:abc").0, "repo/app@sha256:abc");
    assert_eq!(mask("Text", "a\u{1b}[31mb").0, "a\u{FFFD}[31mb");
    let long = mask("Long", &"x".repeat(2000)).0;
    assert!(long.ends_with("x... (976 more characters)"), "{long}");
}

#[test]
fn odd_texts_neither_panic_nor_resolve_to_an_empty_name() {
    let pieces = [
        "",
        " ",
        ".",
        "..",
        "/",
        "//",
        ":",
        "::",
        "-",
        "@",
        "#",
        "?",
        "%",
        "%zz",
        "$",
        "${",
        "arn",
        "arn:",
        "s3://",
        "https://",
        "s3",
        ".s3.",
        "amazonaws.com",
        ".amazonaws.com",
        "s3.amazonaws.com",
        "a.s3.amazonaws.com",
        "key/",
        "alias/",
        "/aws/",
        "vpc-",
        "é",
        "\u{1F600}",
        "\0",
        "us-east-2",
        "123456789012",
        "ABCDEF12",
        "*",
        "arn:aws:lambda:us-east-2:123456789012:function:",
        "arn:aws:logs:us-east-2:123456789012:log-group:",
        "console.aws.amazon.com",
        "#/functions/",
        "queue",
        ".elb.",
        ".rds.amazonaws.com",
        ".cache.amazonaws.com",
    ];
    for first in pieces {
        for second in pieces {
            for third in ["", "x", second] {
                let value = format!("{first}{second}{third}");
                for key in ["", "S3BucketName", &value] {
                    if let Resolution::Resolved(resolved) = resolve(key, &value) {
                        assert!(!resolved.id.is_empty() && resolved.kind.starts_with("AWS::"), "{value:?}");
                        assert!(!resolved.by.is_empty());
                    }
                    let _shown = mask(key, &value);
                    let _parts = comma_joined(&value);
                }
            }
        }
    }
}
