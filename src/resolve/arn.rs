//! ARNs of any partition, read into the resource they name.

use tap_audit_checks::outputs::Resolved;

use super::is_bucket_name;

/// The parts of an ARN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arn<'a> {
    partition: &'a str,
    service: &'a str,
    region: &'a str,
    account: &'a str,
    resource: &'a str,
}

/// Takes an ARN apart; `None` where the text is none or only a piece of one.
pub(super) fn parse(text: &str) -> Option<Arn<'_>> {
    let mut parts = text.splitn(6, ':');
    let (prefix, partition, service) = (parts.next()?, parts.next()?, parts.next()?);
    let (region, account, resource) = (parts.next()?, parts.next()?, parts.next()?);
    let plain =
        |part: &str| part.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-');
    let is_partition = partition == "aws" || partition.starts_with("aws-");
    let is_account = account.is_empty()
        || account == "aws"
        || (account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()));
    let whole = prefix == "arn"
        && is_partition
        && plain(partition)
        && !service.is_empty()
        && plain(service)
        && plain(region)
        && is_account
        && !resource.is_empty()
        && !resource.chars().any(|letter| letter.is_whitespace() || letter.is_control());
    whole.then_some(Arn { partition, service, region, account, resource })
}

/// How the name is taken out of what follows the prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Take {
    /// All of it.
    Whole,
    /// What stands before the next `/` or `:`.
    First,
    /// What stands after the last `/`.
    Last,
    /// What stands between the first and second `/`.
    Second,
    /// All of it without the six random letters that Secrets Manager adds.
    Secret,
}

/// Service, prefix of the resource part, CloudFormation type, and where the name stands. The first that fits counts.
const KINDS: &[(&str, &str, &str, Take)] = &[
    ("s3", "accesspoint/", "AWS::S3::AccessPoint", Take::First),
    ("s3", "storage-lens/", "AWS::S3::StorageLens", Take::First),
    ("s3express", "bucket/", "AWS::S3Express::DirectoryBucket", Take::First),
    ("s3-object-lambda", "accesspoint/", "AWS::S3ObjectLambda::AccessPoint", Take::First),
    ("lambda", "function:", "AWS::Lambda::Function", Take::First),
    ("lambda", "layer:", "AWS::Lambda::LayerVersion", Take::First),
    ("lambda", "event-source-mapping:", "AWS::Lambda::EventSourceMapping", Take::Whole),
    ("lambda", "code-signing-config:", "AWS::Lambda::CodeSigningConfig", Take::Whole),
    ("kms", "key/", "AWS::KMS::Key", Take::Whole),
    ("kms", "alias/", "AWS::KMS::Alias", Take::Whole),
    ("logs", "log-group:", "AWS::Logs::LogGroup", Take::First),
    ("logs", "destination:", "AWS::Logs::Destination", Take::Whole),
    ("iam", "role/", "AWS::IAM::Role", Take::Last),
    ("iam", "policy/", "AWS::IAM::ManagedPolicy", Take::Last),
    ("iam", "user/", "AWS::IAM::User", Take::Last),
    ("iam", "group/", "AWS::IAM::Group", Take::Last),
    ("iam", "instance-profile/", "AWS::IAM::InstanceProfile", Take::Last),
    ("iam", "oidc-provider/", "AWS::IAM::OIDCProvider", Take::Whole),
    ("iam", "saml-provider/", "AWS::IAM::SAMLProvider", Take::Whole),
    ("iam", "server-certificate/", "AWS::IAM::ServerCertificate", Take::Last),
    ("sts", "assumed-role/", "AWS::IAM::Role", Take::First),
    ("cloudformation", "stack/", "AWS::CloudFormation::Stack", Take::First),
    ("cloudformation", "stackset/", "AWS::CloudFormation::StackSet", Take::First),
    ("dynamodb", "table/", "AWS::DynamoDB::Table", Take::First),
    ("dynamodb", "global-table/", "AWS::DynamoDB::GlobalTable", Take::First),
    ("rds", "db:", "AWS::RDS::DBInstance", Take::Whole),
    ("rds", "cluster:", "AWS::RDS::DBCluster", Take::Whole),
    ("rds", "cluster-endpoint:", "AWS::RDS::DBClusterEndpoint", Take::Whole),
    ("rds", "global-cluster:", "AWS::RDS::GlobalCluster", Take::Whole),
    ("rds", "subgrp:", "AWS::RDS::DBSubnetGroup", Take::Whole),
    ("rds", "pg:", "AWS::RDS::DBParameterGroup", Take::Whole),
    ("rds", "cluster-pg:", "AWS::RDS::DBClusterParameterGroup", Take::Whole),
    ("rds", "og:", "AWS::RDS::OptionGroup", Take::Whole),
    ("rds", "db-proxy:", "AWS::RDS::DBProxy", Take::Whole),
    ("rds", "snapshot:", "AWS::RDS::DBSnapshot", Take::Whole),
    ("rds", "cluster-snapshot:", "AWS::RDS::DBClusterSnapshot", Take::Whole),
    ("ecs", "cluster/", "AWS::ECS::Cluster", Take::Whole),
    ("ecs", "service/", "AWS::ECS::Service", Take::Last),
    ("ecs", "task-definition/", "AWS::ECS::TaskDefinition", Take::First),
    ("ecs", "capacity-provider/", "AWS::ECS::CapacityProvider", Take::Whole),
    ("ecs", "task-set/", "AWS::ECS::TaskSet", Take::Last),
    ("elasticfilesystem", "file-system/", "AWS::EFS::FileSystem", Take::Whole),
    ("elasticfilesystem", "access-point/", "AWS::EFS::AccessPoint", Take::Whole),
    ("elasticfilesystem", "mount-target/", "AWS::EFS::MountTarget", Take::Whole),
    ("elasticache", "replicationgroup:", "AWS::ElastiCache::ReplicationGroup", Take::Whole),
    ("elasticache", "cluster:", "AWS::ElastiCache::CacheCluster", Take::Whole),
    ("elasticache", "serverlesscache:", "AWS::ElastiCache::ServerlessCache", Take::Whole),
    ("elasticache", "subnetgroup:", "AWS::ElastiCache::SubnetGroup", Take::Whole),
    ("elasticache", "parametergroup:", "AWS::ElastiCache::ParameterGroup", Take::Whole),
    ("elasticache", "usergroup:", "AWS::ElastiCache::UserGroup", Take::Whole),
    ("elasticache", "user:", "AWS::ElastiCache::User", Take::Whole),
    ("apigateway", "/restapis/", "AWS::ApiGateway::RestApi", Take::First),
    ("apigateway", "/apis/", "AWS::ApiGatewayV2::Api", Take::First),
    ("apigateway", "/vpclinks/", "AWS::ApiGateway::VpcLink", Take::First),
    ("apigateway", "/usageplans/", "AWS::ApiGateway::UsagePlan", Take::First),
    ("apigateway", "/domainnames/", "AWS::ApiGateway::DomainName", Take::First),
    ("execute-api", "", "AWS::ApiGateway::RestApi", Take::First),
    ("wafv2", "regional/webacl/", "AWS::WAFv2::WebACL", Take::First),
    ("wafv2", "global/webacl/", "AWS::WAFv2::WebACL", Take::First),
    ("wafv2", "regional/ipset/", "AWS::WAFv2::IPSet", Take::First),
    ("wafv2", "global/ipset/", "AWS::WAFv2::IPSet", Take::First),
    ("wafv2", "regional/rulegroup/", "AWS::WAFv2::RuleGroup", Take::First),
    ("wafv2", "global/rulegroup/", "AWS::WAFv2::RuleGroup", Take::First),
    ("wafv2", "regional/regexpatternset/", "AWS::WAFv2::RegexPatternSet", Take::First),
    ("wafv2", "global/regexpatternset/", "AWS::WAFv2::RegexPatternSet", Take::First),
    ("secretsmanager", "secret:", "AWS::SecretsManager::Secret", Take::Secret),
    ("ssm", "parameter/", "AWS::SSM::Parameter", Take::Whole),
    ("ssm", "document/", "AWS::SSM::Document", Take::Whole),
    ("cloudtrail", "trail/", "AWS::CloudTrail::Trail", Take::Whole),
    ("cloudtrail", "eventdatastore/", "AWS::CloudTrail::EventDataStore", Take::Whole),
    ("ec2", "vpc/", "AWS::EC2::VPC", Take::Whole),
    ("ec2", "subnet/", "AWS::EC2::Subnet", Take::Whole),
    ("ec2", "security-group/", "AWS::EC2::SecurityGroup", Take::Whole),
    ("ec2", "security-group-rule/", "AWS::EC2::SecurityGroupIngress", Take::Whole),
    ("ec2", "natgateway/", "AWS::EC2::NatGateway", Take::Whole),
    ("ec2", "network-interface/", "AWS::EC2::NetworkInterface", Take::Whole),
    ("ec2", "internet-gateway/", "AWS::EC2::InternetGateway", Take::Whole),
    ("ec2", "egress-only-internet-gateway/", "AWS::EC2::EgressOnlyInternetGateway", Take::Whole),
    ("ec2", "route-table/", "AWS::EC2::RouteTable", Take::Whole),
    ("ec2", "elastic-ip/", "AWS::EC2::EIP", Take::Whole),
    ("ec2", "vpc-endpoint/", "AWS::EC2::VPCEndpoint", Take::Whole),
    ("ec2", "vpc-endpoint-service/", "AWS::EC2::VPCEndpointService", Take::Whole),
    ("ec2", "vpc-flow-log/", "AWS::EC2::FlowLog", Take::Whole),
    ("ec2", "network-acl/", "AWS::EC2::NetworkAcl", Take::Whole),
    ("ec2", "instance/", "AWS::EC2::Instance", Take::Whole),
    ("ec2", "volume/", "AWS::EC2::Volume", Take::Whole),
    ("ec2", "snapshot/", "AWS::EC2::Snapshot", Take::Whole),
    ("ec2", "image/", "AWS::EC2::Image", Take::Whole),
    ("ec2", "launch-template/", "AWS::EC2::LaunchTemplate", Take::Whole),
    ("ec2", "transit-gateway/", "AWS::EC2::TransitGateway", Take::Whole),
    ("ec2", "transit-gateway-attachment/", "AWS::EC2::TransitGatewayAttachment", Take::Whole),
    ("ec2", "vpc-peering-connection/", "AWS::EC2::VPCPeeringConnection", Take::Whole),
    ("ec2", "key-pair/", "AWS::EC2::KeyPair", Take::Whole),
    ("ec2", "prefix-list/", "AWS::EC2::PrefixList", Take::Whole),
    ("ec2", "dhcp-options/", "AWS::EC2::DHCPOptions", Take::Whole),
    ("elasticloadbalancing", "loadbalancer/app/", "AWS::ElasticLoadBalancingV2::LoadBalancer", Take::First),
    ("elasticloadbalancing", "loadbalancer/net/", "AWS::ElasticLoadBalancingV2::LoadBalancer", Take::First),
    ("elasticloadbalancing", "loadbalancer/gwy/", "AWS::ElasticLoadBalancingV2::LoadBalancer", Take::First),
    ("elasticloadbalancing", "loadbalancer/", "AWS::ElasticLoadBalancing::LoadBalancer", Take::Whole),
    ("elasticloadbalancing", "targetgroup/", "AWS::ElasticLoadBalancingV2::TargetGroup", Take::First),
    ("elasticloadbalancing", "listener/", "AWS::ElasticLoadBalancingV2::Listener", Take::Last),
    ("elasticloadbalancing", "listener-rule/", "AWS::ElasticLoadBalancingV2::ListenerRule", Take::Last),
    ("cloudwatch", "alarm:", "AWS::CloudWatch::Alarm", Take::Whole),
    ("cloudwatch", "dashboard/", "AWS::CloudWatch::Dashboard", Take::Whole),
    ("cloudwatch", "metric-stream/", "AWS::CloudWatch::MetricStream", Take::Whole),
    ("events", "rule/", "AWS::Events::Rule", Take::Last),
    ("events", "event-bus/", "AWS::Events::EventBus", Take::Whole),
    ("events", "archive/", "AWS::Events::Archive", Take::Whole),
    ("scheduler", "schedule/", "AWS::Scheduler::Schedule", Take::Last),
    ("config", "config-rule/", "AWS::Config::ConfigRule", Take::Whole),
    ("states", "stateMachine:", "AWS::StepFunctions::StateMachine", Take::First),
    ("kinesis", "stream/", "AWS::Kinesis::Stream", Take::First),
    ("firehose", "deliverystream/", "AWS::KinesisFirehose::DeliveryStream", Take::Whole),
    ("acm", "certificate/", "AWS::CertificateManager::Certificate", Take::Whole),
    ("ecr", "repository/", "AWS::ECR::Repository", Take::Whole),
    ("eks", "cluster/", "AWS::EKS::Cluster", Take::Whole),
    ("eks", "nodegroup/", "AWS::EKS::Nodegroup", Take::Second),
    ("cognito-idp", "userpool/", "AWS::Cognito::UserPool", Take::Whole),
    ("cognito-identity", "identitypool/", "AWS::Cognito::IdentityPool", Take::Whole),
    ("cloudfront", "distribution/", "AWS::CloudFront::Distribution", Take::Whole),
    ("route53", "hostedzone/", "AWS::Route53::HostedZone", Take::Whole),
    ("backup", "backup-vault:", "AWS::Backup::BackupVault", Take::Whole),
    ("backup", "backup-plan:", "AWS::Backup::BackupPlan", Take::Whole),
    ("codebuild", "project/", "AWS::CodeBuild::Project", Take::Whole),
    ("codepipeline", "", "AWS::CodePipeline::Pipeline", Take::First),
    ("es", "domain/", "AWS::OpenSearchService::Domain", Take::First),
    ("redshift", "cluster:", "AWS::Redshift::Cluster", Take::Whole),
    ("glue", "database/", "AWS::Glue::Database", Take::Whole),
    ("glue", "table/", "AWS::Glue::Table", Take::Last),
    ("glue", "job/", "AWS::Glue::Job", Take::Whole),
    ("athena", "workgroup/", "AWS::Athena::WorkGroup", Take::Whole),
    ("guardduty", "detector/", "AWS::GuardDuty::Detector", Take::First),
    ("autoscaling", "autoScalingGroup:", "AWS::AutoScaling::AutoScalingGroup", Take::Last),
    ("application-autoscaling", "scalable-target/", "AWS::ApplicationAutoScaling::ScalableTarget", Take::Whole),
    ("servicediscovery", "namespace/", "AWS::ServiceDiscovery::HttpNamespace", Take::Whole),
    ("servicediscovery", "service/", "AWS::ServiceDiscovery::Service", Take::Whole),
    ("transfer", "server/", "AWS::Transfer::Server", Take::Whole),
    ("appsync", "apis/", "AWS::AppSync::GraphQLApi", Take::First),
    ("network-firewall", "firewall/", "AWS::NetworkFirewall::Firewall", Take::Whole),
];

/// Reads the resource that an ARN names, or says why it names none that is known.
pub(super) fn resolve(text: &str) -> Result<Resolved, String> {
    let Some(arn) = parse(text) else {
        if !text.starts_with("arn:") {
            return Err("a text that is no ARN".into());
        }
        return Err("a text that begins like an ARN and is not a whole one".into());
    };
    match arn.service {
        "s3" if arn.region.is_empty() && !arn.resource.starts_with("accesspoint/") => bucket(&arn),
        "sns" => topic(&arn, text),
        "sqs" => queue(&arn, text),
        "iam" if arn.resource == "root" => Err("the ARN of the account itself, which is no resource".into()),
        _ => by_table(&arn, text),
    }
}

fn bucket(arn: &Arn<'_>) -> Result<Resolved, String> {
    let (name, object) = match arn.resource.split_once('/') {
        Some((name, _)) => (name, true),
        None => (arn.resource, false),
    };
    // Old buckets of us-east-1 may hold capitals and underscores.
    let old = name.len() >= 3 && name.chars().all(|letter| letter.is_ascii_alphanumeric() || "._-".contains(letter));
    if !is_bucket_name(name) && !old {
        return Err("an S3 ARN that names no bucket".into());
    }
    let by = if object { "the ARN of objects in the bucket" } else { "its ARN" };
    let mut resolved = found(arn, "AWS::S3::Bucket", name, by);
    resolved.arn = Some(format!("arn:{}:s3:::{name}", arn.partition));
    Ok(resolved)
}

fn topic(arn: &Arn<'_>, text: &str) -> Result<Resolved, String> {
    let mut resolved = match arn.resource.split_once(':') {
        Some((topic, _)) => {
            found(arn, "AWS::SNS::Subscription", text, &format!("the ARN of a subscription to the topic {topic}"))
        }
        None => found(arn, "AWS::SNS::Topic", arn.resource, "its ARN"),
    };
    resolved.arn = Some(text.to_owned());
    Ok(resolved)
}

fn queue(arn: &Arn<'_>, text: &str) -> Result<Resolved, String> {
    let mut resolved = found(arn, "AWS::SQS::Queue", arn.resource, "its ARN");
    resolved.arn = Some(text.to_owned());
    Ok(resolved)
}

fn by_table(arn: &Arn<'_>, text: &str) -> Result<Resolved, String> {
    let fits = |(service, prefix, ..): &&(&str, &str, &str, Take)| {
        arn.service == *service && arn.resource.len() > prefix.len() && arn.resource.starts_with(prefix)
    };
    let Some((_, prefix, kind, take)) = KINDS.iter().find(fits) else {
        return Err(format!("an ARN of the service `{}` for something that is not known here", arn.service));
    };
    let rest = &arn.resource[prefix.len()..];
    let first = |text: &'_ str| text.find(['/', ':']).map_or(text.len(), |at| at);
    let name = match take {
        Take::Whole => rest,
        Take::First if arn.service == "logs" => rest.split(':').next().unwrap_or(rest),
        Take::First => &rest[..first(rest)],
        Take::Last => rest.rsplit('/').next().unwrap_or(rest),
        Take::Second => rest.split('/').nth(1).unwrap_or(rest),
        Take::Secret => without_random_letters(rest),
    };
    if name.is_empty() || name == "*" {
        return Err("an ARN that names no single resource".into());
    }
    // The whole ARN of the resource itself, without qualifier, stream or session.
    let (id, own, by) = match *kind {
        "AWS::Lambda::Function" => match rest.split_once(':') {
            Some((_, qualifier)) => (
                name.to_owned(),
                text[..text.len() - qualifier.len() - 1].to_owned(),
                format!("its ARN, with the qualifier {qualifier}"),
            ),
            None => (name.to_owned(), text.to_owned(), "its ARN".into()),
        },
        "AWS::Logs::LogGroup" => {
            let own = format!("arn:{}:logs:{}:{}:log-group:{name}", arn.partition, arn.region, arn.account);
            (name.to_owned(), own, "its ARN".into())
        }
        "AWS::IAM::Role" if arn.service == "sts" => (
            name.to_owned(),
            format!("arn:{}:iam::{}:role/{name}", arn.partition, arn.account),
            "the ARN of a session of the role".into(),
        ),
        "AWS::KMS::Alias" => (arn.resource.to_owned(), text.to_owned(), "the ARN of a key alias".into()),
        "AWS::DynamoDB::Table" if rest != name => (
            name.to_owned(),
            format!("arn:{}:dynamodb:{}:{}:table/{name}", arn.partition, arn.region, arn.account),
            "the ARN of a part of the table".into(),
        ),
        "AWS::ApiGateway::RestApi" if arn.service == "execute-api" => (
            name.to_owned(),
            format!("arn:{}:apigateway:{}::/restapis/{name}", arn.partition, arn.region),
            "the ARN of a method of the API".into(),
        ),
        "AWS::SSM::Parameter" if name.contains('/') => (format!("/{name}"), text.to_owned(), "its ARN".into()),
        _ => (name.to_owned(), text.to_owned(), "its ARN".into()),
    };
    let mut resolved = found(arn, kind, &id, &by);
    resolved.arn = Some(own);
    Ok(resolved)
}

fn found(arn: &Arn<'_>, kind: &str, id: &str, by: &str) -> Resolved {
    let some = |part: &str| (!part.is_empty() && part != "aws").then(|| part.to_owned());
    Resolved {
        kind: kind.into(),
        id: id.into(),
        arn: None,
        region: some(arn.region),
        account: some(arn.account),
        by: by.into(),
    }
}

fn without_random_letters(name: &str) -> &str {
    match name.rsplit_once('-') {
        Some((stem, tail)) if tail.len() == 6 && tail.chars().all(|letter| letter.is_ascii_alphanumeric()) => stem,
        Some(_) | None => name,
    }
}
