//! The names of output keys: what they say a value is, where its shape does not.

use super::{Resolution, is_bucket_name, is_name, is_uuid, named};

/// Words of a key, in lower case without separators, and what they name. Where several stand in a key the last one
/// counts, and of those that end together the longest: `LambdaFunctionLogGroupName` names a log group.
const NOUNS: &[(&str, &str)] = &[
    ("bucket", "AWS::S3::Bucket"),
    ("function", "AWS::Lambda::Function"),
    ("lambda", "AWS::Lambda::Function"),
    ("lambdaprocessor", "AWS::Lambda::Function"),
    ("loggroup", "AWS::Logs::LogGroup"),
    ("role", "AWS::IAM::Role"),
    ("kms", "AWS::KMS::Key"),
    ("kmskey", "AWS::KMS::Key"),
    ("encryptionkey", "AWS::KMS::Key"),
    ("masterkey", "AWS::KMS::Key"),
    ("cmk", "AWS::KMS::Key"),
    ("key", "AWS::KMS::Key"),
    ("keyalias", "AWS::KMS::Alias"),
    ("kmsalias", "AWS::KMS::Alias"),
    ("kmskeyalias", "AWS::KMS::Alias"),
    ("topic", "AWS::SNS::Topic"),
    ("queue", "AWS::SQS::Queue"),
    ("deadletterqueue", "AWS::SQS::Queue"),
    ("dynamodbtable", "AWS::DynamoDB::Table"),
    ("table", "AWS::DynamoDB::Table"),
    ("gluetable", "AWS::Glue::Table"),
    ("ecscluster", "AWS::ECS::Cluster"),
    ("ecsservice", "AWS::ECS::Service"),
    ("fargateservice", "AWS::ECS::Service"),
    ("taskdefinition", "AWS::ECS::TaskDefinition"),
    ("dbcluster", "AWS::RDS::DBCluster"),
    ("rdscluster", "AWS::RDS::DBCluster"),
    ("auroracluster", "AWS::RDS::DBCluster"),
    ("databasecluster", "AWS::RDS::DBCluster"),
    ("dbinstance", "AWS::RDS::DBInstance"),
    ("rdsinstance", "AWS::RDS::DBInstance"),
    ("databaseinstance", "AWS::RDS::DBInstance"),
    ("dbsubnetgroup", "AWS::RDS::DBSubnetGroup"),
    ("replicationgroup", "AWS::ElastiCache::ReplicationGroup"),
    ("rediscluster", "AWS::ElastiCache::ReplicationGroup"),
    ("cachecluster", "AWS::ElastiCache::CacheCluster"),
    ("ekscluster", "AWS::EKS::Cluster"),
    ("restapi", "AWS::ApiGateway::RestApi"),
    ("apigateway", "AWS::ApiGateway::RestApi"),
    ("apigatewayrestapi", "AWS::ApiGateway::RestApi"),
    ("httpapi", "AWS::ApiGatewayV2::Api"),
    ("webacl", "AWS::WAFv2::WebACL"),
    ("secret", "AWS::SecretsManager::Secret"),
    ("ssmparameter", "AWS::SSM::Parameter"),
    ("parameter", "AWS::SSM::Parameter"),
    ("trail", "AWS::CloudTrail::Trail"),
    ("cloudtrail", "AWS::CloudTrail::Trail"),
    ("alarm", "AWS::CloudWatch::Alarm"),
    ("dashboard", "AWS::CloudWatch::Dashboard"),
    ("eventrule", "AWS::Events::Rule"),
    ("eventbridgerule", "AWS::Events::Rule"),
    ("eventbus", "AWS::Events::EventBus"),
    ("configrule", "AWS::Config::ConfigRule"),
    ("configurationrecorder", "AWS::Config::ConfigurationRecorder"),
    ("configrecorder", "AWS::Config::ConfigurationRecorder"),
    ("statemachine", "AWS::StepFunctions::StateMachine"),
    ("stack", "AWS::CloudFormation::Stack"),
    ("loadbalancer", "AWS::ElasticLoadBalancingV2::LoadBalancer"),
    ("targetgroup", "AWS::ElasticLoadBalancingV2::TargetGroup"),
    ("userpool", "AWS::Cognito::UserPool"),
    ("userpoolclient", "AWS::Cognito::UserPoolClient"),
    ("identitypool", "AWS::Cognito::IdentityPool"),
    ("distribution", "AWS::CloudFront::Distribution"),
    ("hostedzone", "AWS::Route53::HostedZone"),
    ("ecrrepository", "AWS::ECR::Repository"),
    ("backupvault", "AWS::Backup::BackupVault"),
    ("backupplan", "AWS::Backup::BackupPlan"),
    ("instanceprofile", "AWS::IAM::InstanceProfile"),
    ("managedpolicy", "AWS::IAM::ManagedPolicy"),
    ("autoscalinggroup", "AWS::AutoScaling::AutoScalingGroup"),
    ("deliverystream", "AWS::KinesisFirehose::DeliveryStream"),
    ("kinesisstream", "AWS::Kinesis::Stream"),
    ("codebuildproject", "AWS::CodeBuild::Project"),
];

/// Words that hold a noun and name something else.
const OTHER_NOUNS: &[&str] = &[
    "accesskey",
    "apikey",
    "publickey",
    "privatekey",
    "sshkey",
    "hostkey",
    "partitionkey",
    "sortkey",
    "hashkey",
    "rangekey",
    "objectkey",
    "bucketkey",
    "foreignkey",
    "keypair",
    "routetable",
    "rolesession",
    "stackset",
    "parametergroup",
    "licensekey",
    "cachekey",
    "tagkey",
    "securitygroup",
    "subnetgroup",
    "bucketpolicy",
    "rolepolicy",
    "keypolicy",
    "lambdalayer",
    "lambdapermission",
    "loggroupsubscription",
    "metricfilter",
    "keymaterial",
];

/// What may follow a noun for the value to be the thing's own name.
const PROPERTIES: [&str; 11] =
    ["physicalid", "identifier", "reference", "export", "output", "name", "arn", "id", "ref", "s", "resource"];

/// What follows a noun where the value is a setting of the thing and not its name.
const SETTINGS: &[&str] = &[
    "prefix",
    "suffix",
    "length",
    "pattern",
    "count",
    "version",
    "region",
    "status",
    "state",
    "policy",
    "key",
    "size",
    "type",
    "class",
    "mode",
    "handler",
    "runtime",
    "timeout",
    "memory",
    "retention",
    "owner",
    "description",
    "domain",
    "endpoint",
    "url",
    "uri",
    "host",
    "port",
    "tag",
    "enabled",
    "algorithm",
    "spec",
    "usage",
    "path",
    "user",
    "zone",
    "filter",
    "alias",
    "layer",
    "config",
    "days",
    "limit",
    "rotation",
    "stage",
    "created",
    "date",
    "time",
];

/// Finds out what a plain name is by what its key says.
pub(super) fn resolve(key: &str, value: &str) -> Resolution {
    let Some((kind, noun)) = noun(key) else {
        return if is_uuid(value) {
            Resolution::not("a UUID, and the key does not say of what")
        } else if value.starts_with('/') {
            Resolution::not("a path, and the key does not say of what")
        } else {
            Resolution::not("neither the form of the value nor the key says what it names")
        };
    };
    if !fits(kind, value) {
        return Resolution::not(format!("the key speaks of {kind}, and the value is not what names one"));
    }
    let id = match kind {
        // The alias's own name begins so; some write it without.
        "AWS::KMS::Alias" if !value.starts_with("alias/") => format!("alias/{value}"),
        _ => value.to_owned(),
    };
    Resolution::Resolved(named(kind, &id, &format!("the word `{noun}` in its key")))
}

/// Whether a key says that its value is the name or suffix of an environment.
pub(super) fn is_environment(key: &str) -> bool {
    let plain = plain(key);
    ["environment", "environmentname", "environmentsuffix", "envsuffix", "envname", "stagename", "deploymentstage"]
        .iter()
        .any(|ending| plain.ends_with(ending))
        || plain == "env"
        || plain == "stage"
        || plain == "suffix"
}

/// The key without the eight hexadecimal digits that the CDK puts behind logical ids, without its export prefix and
/// without the environment at its end.
pub(super) fn without_hashes(key: &str) -> String {
    let key = key.rsplit('.').next().unwrap_or(key);
    let key = key.split('[').next().unwrap_or(key);
    let key =
        ["ExportsOutputFnGetAtt", "ExportsOutputRef"].iter().find_map(|prefix| key.strip_prefix(prefix)).unwrap_or(key);
    let letters: Vec<char> = key.chars().collect();
    let is_hash = |at: usize| {
        let hash = letters.get(at..at + 8);
        let digits = hash.is_some_and(|hash| {
            hash.iter().all(|letter| letter.is_ascii_digit() || ('A'..='F').contains(letter))
                && hash.iter().any(char::is_ascii_digit)
        });
        digits && at > 0 && letters.get(at + 8).is_none_or(|next| !next.is_ascii_lowercase())
    };
    let mut kept = String::with_capacity(key.len());
    let mut at = 0;
    while let Some(letter) = letters.get(at) {
        if is_hash(at) {
            at += 8;
        } else {
            kept.push(*letter);
            at += 1;
        }
    }
    let stem = without_environment(&kept);
    stem.to_owned()
}

/// Cuts what looks like an environment off the end of a key: `pr6640`, `-dev`, `_prod2`.
fn without_environment(key: &str) -> &str {
    let lower = key.to_ascii_lowercase();
    let trimmed = lower.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let numbered = trimmed.len() < lower.len();
    for name in ["production", "staging", "develop", "prod", "stage", "test", "dev", "qa", "uat", "synth", "pr"] {
        if let Some(stem) = trimmed.strip_suffix(name)
            && !stem.is_empty()
            && (name != "pr" || numbered)
        {
            return key[..stem.len()].trim_end_matches(['-', '_']);
        }
    }
    if numbered && trimmed.ends_with(['-', '_']) { trimmed_like(key, trimmed) } else { key }
}

fn trimmed_like<'a>(key: &'a str, trimmed: &str) -> &'a str {
    key[..trimmed.len()].trim_end_matches(['-', '_'])
}

fn plain(key: &str) -> String {
    without_hashes(key).chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

/// The kind that a key speaks of with the word that says so; `None` where it speaks of none, or of a setting.
fn noun(key: &str) -> Option<(&'static str, &'static str)> {
    let plain = plain(key);
    let place = |word: &str| plain.rfind(word).map(|at| (at + word.len(), word.len()));
    let (end, length, kind, word) = NOUNS
        .iter()
        .filter_map(|(word, kind)| place(word).map(|(end, length)| (end, length, *kind, *word)))
        .max_by_key(|(end, length, ..)| (*end, *length))?;
    let covered = OTHER_NOUNS
        .iter()
        .filter_map(|word| place(word))
        .any(|(other_end, other_length)| other_end >= end && other_end - other_length <= end - length);
    let rest = &plain[end..];
    let own = rest.is_empty()
        || PROPERTIES.contains(&rest)
        || PROPERTIES
            .iter()
            .filter_map(|property| rest.strip_prefix(property))
            .any(|tail| !SETTINGS.iter().any(|setting| tail.starts_with(setting)) && tail.len() < 16);
    // A bare `Key` names a KMS key only where the value can be nothing else, which `fits` sees to.
    (!covered && own).then_some((kind, word))
}

/// Whether a value can be the name of such a thing.
fn fits(kind: &str, value: &str) -> bool {
    match kind {
        "AWS::S3::Bucket" => is_bucket_name(value),
        "AWS::Lambda::Function" => is_name(value, 140, "-_:"),
        "AWS::Logs::LogGroup" => is_name(value, 512, "_-/.#"),
        "AWS::IAM::Role" | "AWS::IAM::InstanceProfile" => is_name(value, 64, "_+=,.@-"),
        "AWS::KMS::Key" => is_uuid(value),
        "AWS::KMS::Alias" => is_name(value, 256, "/_-"),
        "AWS::SNS::Topic" | "AWS::SQS::Queue" => is_name(value, 256, "-_."),
        "AWS::SSM::Parameter" => is_name(value, 1011, "/_.-"),
        "AWS::SecretsManager::Secret" => is_name(value, 512, "/_+=.@-"),
        "AWS::CloudFormation::Stack" => {
            is_name(value, 128, "-") && !value.starts_with(|first: char| first.is_ascii_digit())
        }
        "AWS::CloudWatch::Alarm" | "AWS::WAFv2::WebACL" => is_name(value, 255, "-_.:/#|"),
        _ => is_name(value, 255, "-_.:/"),
    }
}
