//! What an output names: the shape of its value decides first, the name of its key second.
//!
//! Nothing is guessed: what neither the shape nor the key settles stays unresolved, with the reason that the report
//! shows. A value that looks like a credential is never resolved, because a resolved name is shown.

use tap_audit_checks::outputs::{Resolved, SecretLook};
use tap_audit_checks::secret::{self, SecretNames};

mod arn;
mod host;
mod key;

/// What became of an output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// It names this resource.
    Resolved(Resolved),
    /// It names no resource that is known; why, or what it is instead.
    Unresolved(String),
}

impl Resolution {
    fn not(reason: impl Into<String>) -> Self {
        Resolution::Unresolved(reason.into())
    }
}

/// Texts that tools write where there is no value.
const PLACEHOLDERS: [&str; 19] = [
    "unknown",
    "n/a",
    "na",
    "none",
    "null",
    "nil",
    "undefined",
    "nan",
    "tbd",
    "todo",
    "changeme",
    "placeholder",
    "-",
    "--",
    "?",
    "not available",
    "not set",
    "not found",
    "empty",
];

/// The longest text that is shown: CloudFormation allows output values of 1,024 bytes.
const LONGEST_SHOWN: usize = 1024;

/// Finds out what an output names.
pub fn resolve(key: &str, value: &str) -> Resolution {
    if let Some(look) = looks_secret(&built_in_names(), key, value) {
        return Resolution::not(format!("the value looks like {}; it is masked and not resolved", look.name()));
    }
    if let Some(reason) = placeholder(key, value) {
        return Resolution::Unresolved(reason);
    }
    let value = value.trim();
    if value.starts_with("arn:") {
        return reference_from_arn(value).map_or_else(Resolution::Unresolved, Resolution::Resolved);
    }
    by_shape(value)
        .or_else(|| no_resource(key, value).map(Resolution::Unresolved))
        .unwrap_or_else(|| key::resolve(key, value))
}

/// Reads an ARN, as other resources write them, into the resource it names.
///
/// # Errors
/// Why the text names no resource that is known.
pub fn reference_from_arn(arn: &str) -> Result<Resolved, String> {
    arn::resolve(arn.trim())
}

/// Splits a text of comma-joined references; `None` where it is something else, such as a sentence with a comma.
pub fn comma_joined(value: &str) -> Option<Vec<&str>> {
    // ARNs and names of credentials may hold commas themselves, sentences hold spaces.
    let elements: Vec<&str> = value.split(',').map(str::trim).collect();
    let references = elements.len() > 1
        && elements.iter().all(|element| {
            let known = element.starts_with("arn:") && arn::parse(element).is_some() || by_shape(element).is_some();
            known && secret::look_at(element).is_none()
        });
    references.then_some(elements)
}

/// Gives the text of a value that may be shown, and whether the value looks like a credential. A credential is
/// replaced as a whole, of an e-mail address the domain stays, and control characters never reach a terminal.
pub fn mask(key: &str, value: &str) -> (String, Option<SecretLook>) {
    mask_with(&built_in_names(), key, value)
}

/// As [`mask`], with other words for what makes a key look secret.
pub fn mask_with(names: &SecretNames, key: &str, value: &str) -> (String, Option<SecretLook>) {
    match looks_secret(names, key, value) {
        Some(look) => (format!("(masked: {})", look.name()), Some(look)),
        None => (shown(value), None),
    }
}

/// The words that make a key look secret. They stand here and not in a profile, because masking must not depend on
/// what a profile selects.
fn built_in_names() -> SecretNames {
    let list = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    SecretNames {
        words: list(&[
            "password",
            "passwd",
            "pwd",
            "passphrase",
            "secret",
            "token",
            "apikey",
            "accesskey",
            "privatekey",
            "credential",
            "externalid",
        ]),
        harmless_endings: list(&[
            "arn", "name", "id", "url", "uri", "endpoint", "version", "alias", "path", "length", "days", "ttl",
            "enabled", "rotation",
        ]),
        ignore: Vec::new(),
    }
}

fn looks_secret(names: &SecretNames, key: &str, value: &str) -> Option<SecretLook> {
    if let Some(look) = secret::look_at(value) {
        return Some(look);
    }
    // The signature of a presigned URL is as good as the credential that made it.
    let lower = value.to_ascii_lowercase();
    if lower.contains("x-amz-signature=") || (lower.contains("://") && lower.contains("&signature=")) {
        return Some(SecretLook::Assignment);
    }
    let whole = key::without_hashes(key);
    // A member `DbSecret.Name` is harmless by its last part, and secret by the first in `Secrets.Db`.
    let named_secret = names.is_secret(key) && names.is_secret(&whole);
    (named_secret && is_literal(key, value)).then_some(SecretLook::SecretName)
}

/// Whether a value under a secret-looking key is the secret itself rather than the name of one, or nothing.
fn is_literal(key: &str, value: &str) -> bool {
    let text = value.trim();
    let reference = secret::is_reference(text)
        || text.contains("{{resolve:")
        || (!text.is_empty() && text.chars().all(|letter| letter == '*'))
        || matches!(text, "true" | "false");
    !reference && placeholder(key, text).is_none() && by_shape(text).is_none() && !text.contains("://")
}

fn shown(value: &str) -> String {
    let mut text = String::with_capacity(value.len().min(LONGEST_SHOWN));
    let clean = |letter: char| if letter.is_control() { '\u{FFFD}' } else { letter };
    let mut letters = value.chars().map(clean);
    text.extend(letters.by_ref().take(LONGEST_SHOWN));
    let rest = letters.count();
    let mut text = without_mail_names(&text);
    if rest > 0 {
        text.push_str(&format!("... ({rest} more characters)"));
    }
    text
}

/// Leaves the domain of every e-mail address.
fn without_mail_names(text: &str) -> String {
    let is_local = |letter: char| letter.is_alphanumeric() || "._%+-'".contains(letter);
    let is_domain = |letter: char| letter.is_ascii_alphanumeric() || letter == '.' || letter == '-';
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('@') {
        let (before, after) = (&rest[..at], &rest[at + 1..]);
        let name = before.trim_end_matches(is_local);
        let domain = &after[..after.find(|letter| !is_domain(letter)).unwrap_or(after.len())];
        let top = domain.trim_end_matches('.').rsplit_once('.').map(|(_, top)| top);
        let is_mail = name.len() < before.len()
            && top.is_some_and(|top| top.len() > 1 && top.chars().all(|letter| letter.is_ascii_alphabetic()));
        if is_mail {
            result.push_str(name);
            result.push_str("***");
        } else {
            result.push_str(before);
        }
        result.push('@');
        rest = after;
    }
    result.push_str(rest);
    result
}

/// Says what stands there where there is no value.
fn placeholder(key: &str, value: &str) -> Option<String> {
    let text = value.trim();
    let member = key.rsplit('.').next().unwrap_or(key);
    if text.is_empty() {
        return Some("the value is empty".into());
    }
    if matches!(text, "{}" | "[]") {
        return Some("the value is an empty list or object".into());
    }
    if PLACEHOLDERS.contains(&text.to_ascii_lowercase().as_str()) {
        return Some(format!("the value is the placeholder `{text}`, not the value of a deployed stack"));
    }
    if text.contains("${") {
        return Some("the value holds an unresolved `${...}`: the file was not written from a deployed stack".into());
    }
    if member == "Ref" || member.starts_with("Fn::") || key.contains(".Fn::") || text.contains("\"Fn::") {
        return Some("the value is an intrinsic function of a template, not the value of a deployed stack".into());
    }
    if text.starts_with('<') && text.ends_with('>') {
        return Some("the value is a placeholder in angle brackets".into());
    }
    if text.contains("{{resolve:") {
        return Some("the value is a dynamic reference that only CloudFormation resolves".into());
    }
    if text.chars().all(|letter| letter == '*') {
        return Some("the value is masked in the file".into());
    }
    None
}

/// Says what a value is that is clearly no resource.
fn no_resource(key: &str, value: &str) -> Option<String> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if matches!(value, "true" | "false" | "True" | "False") {
        return Some("a boolean, which names no resource".into());
    }
    if host::is_region(value) {
        return Some("the name of an AWS region, which is no resource".into());
    }
    if value.split(',').all(|zone| is_zone(zone.trim())) {
        return Some("the name of an availability zone, which is no resource".into());
    }
    if value.len() == 12 && digits(value) {
        return Some("an account id, which is no resource".into());
    }
    if value.parse::<f64>().is_ok() {
        return Some("a number, which names no resource".into());
    }
    if value.starts_with(['{', '[']) {
        return Some("a text that looks like JSON and could not be taken apart".into());
    }
    if value.contains('@') && without_mail_names(value) != value && !value.contains([' ', '/']) {
        return Some("an e-mail address, which is no resource".into());
    }
    let address = value.split_once('/').map_or(value, |(address, _)| address);
    if address.parse::<std::net::IpAddr>().is_ok() {
        return Some("a network address or range, which is no resource".into());
    }
    if value.parse::<jiff::Timestamp>().is_ok() || value.parse::<jiff::civil::Date>().is_ok() {
        return Some("a date or time, which is no resource".into());
    }
    if value.chars().any(char::is_whitespace) {
        return Some("a text with spaces, which names no resource".into());
    }
    if key::is_environment(key) {
        return Some("the name or suffix of an environment, which is no resource".into());
    }
    None
}

fn is_zone(text: &str) -> bool {
    text.len() > 2 && text.ends_with(|zone: char| zone.is_ascii_lowercase()) && host::is_region(&text[..text.len() - 1])
}

/// Reads a value whose shape alone says what it names, or that it is a web address.
fn by_shape(value: &str) -> Option<Resolution> {
    let found = |kind: &str, id: &str, by: &str| Some(Resolution::Resolved(named(kind, id, by)));
    if let Some((kind, what)) = id_prefix(value) {
        return found(kind, value, what);
    }
    if let Some(alias) = value.strip_prefix("alias/") {
        return if is_name(alias, 250, "/_-") {
            found("AWS::KMS::Alias", value, "the form of a key alias")
        } else {
            None
        };
    }
    if value.strip_prefix("mrk-").is_some_and(|id| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit())) {
        return found("AWS::KMS::Key", value, "the form of a multi-Region key id");
    }
    if value.starts_with("/aws/service/") {
        return found("AWS::SSM::Parameter", value, "the path of a public parameter");
    }
    let log_group = (value.starts_with("/aws/")
        || value.starts_with("API-Gateway-Execution-Logs_")
        || value.starts_with("aws-waf-logs-"))
        && !value.ends_with('/')
        && is_name(value, 512, "_-/.#");
    if log_group && !value.starts_with("aws-waf-logs-") {
        return found("AWS::Logs::LogGroup", value, "the path of a log group");
    }
    host::resolve(value)
}

/// A resource without ARN, region or account.
fn named(kind: &str, id: &str, by: &str) -> Resolved {
    Resolved { kind: kind.into(), id: id.into(), arn: None, region: None, account: None, by: by.into() }
}

/// Whether a text is a name of at most this many letters, digits and `others`.
fn is_name(text: &str, longest: usize, others: &str) -> bool {
    !text.is_empty()
        && text.len() <= longest
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || others.contains(letter))
}

/// Whether a text is a UUID in lower or upper case.
fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Whether S3 takes this text as a bucket name.
fn is_bucket_name(text: &str) -> bool {
    let edge =
        |letter: Option<char>| letter.is_some_and(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit());
    (3..=63).contains(&text.len())
        && edge(text.chars().next())
        && edge(text.chars().next_back())
        && text.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || ".-".contains(letter))
        && !text.contains("..")
        && text.parse::<std::net::Ipv4Addr>().is_err()
}

/// Ids of EC2 and EFS: a prefix and hexadecimal digits, eight or seventeen of them on AWS.
const ID_PREFIXES: [(&str, &str, &str); 37] = [
    ("vpc-", "AWS::EC2::VPC", "the form of a VPC id"),
    ("subnet-", "AWS::EC2::Subnet", "the form of a subnet id"),
    ("sg-", "AWS::EC2::SecurityGroup", "the form of a security group id"),
    ("sgr-", "AWS::EC2::SecurityGroupIngress", "the form of a security group's entry"),
    ("fs-", "AWS::EFS::FileSystem", "the form of a file system id"),
    ("fsap-", "AWS::EFS::AccessPoint", "the form of an access point id"),
    ("fsmt-", "AWS::EFS::MountTarget", "the form of a mount target id"),
    ("nat-", "AWS::EC2::NatGateway", "the form of a NAT gateway id"),
    ("eni-", "AWS::EC2::NetworkInterface", "the form of a network interface id"),
    ("igw-", "AWS::EC2::InternetGateway", "the form of an internet gateway id"),
    ("eigw-", "AWS::EC2::EgressOnlyInternetGateway", "the form of an egress-only gateway id"),
    ("rtb-", "AWS::EC2::RouteTable", "the form of a route table id"),
    ("rtbassoc-", "AWS::EC2::SubnetRouteTableAssociation", "the form of a route table association id"),
    ("eipalloc-", "AWS::EC2::EIP", "the form of an address allocation id"),
    ("eipassoc-", "AWS::EC2::EIPAssociation", "the form of an address association id"),
    ("vpce-", "AWS::EC2::VPCEndpoint", "the form of a VPC endpoint id"),
    ("vpce-svc-", "AWS::EC2::VPCEndpointService", "the form of an endpoint service id"),
    ("i-", "AWS::EC2::Instance", "the form of an instance id"),
    ("vol-", "AWS::EC2::Volume", "the form of a volume id"),
    ("snap-", "AWS::EC2::Snapshot", "the form of a snapshot id"),
    ("ami-", "AWS::EC2::Image", "the form of an image id"),
    ("acl-", "AWS::EC2::NetworkAcl", "the form of a network ACL id"),
    ("fl-", "AWS::EC2::FlowLog", "the form of a flow log id"),
    ("lt-", "AWS::EC2::LaunchTemplate", "the form of a launch template id"),
    ("tgw-", "AWS::EC2::TransitGateway", "the form of a transit gateway id"),
    ("tgw-attach-", "AWS::EC2::TransitGatewayAttachment", "the form of a transit gateway attachment id"),
    ("tgw-rtb-", "AWS::EC2::TransitGatewayRouteTable", "the form of a transit gateway route table id"),
    ("pcx-", "AWS::EC2::VPCPeeringConnection", "the form of a peering connection id"),
    ("vgw-", "AWS::EC2::VPNGateway", "the form of a VPN gateway id"),
    ("cgw-", "AWS::EC2::CustomerGateway", "the form of a customer gateway id"),
    ("vpn-", "AWS::EC2::VPNConnection", "the form of a VPN connection id"),
    ("dopt-", "AWS::EC2::DHCPOptions", "the form of a DHCP options id"),
    ("pl-", "AWS::EC2::PrefixList", "the form of a prefix list id"),
    ("key-", "AWS::EC2::KeyPair", "the form of a key pair id"),
    ("eice-", "AWS::EC2::InstanceConnectEndpoint", "the form of an instance connect endpoint id"),
    ("rslvr-in-", "AWS::Route53Resolver::ResolverEndpoint", "the form of a resolver endpoint id"),
    ("rslvr-out-", "AWS::Route53Resolver::ResolverEndpoint", "the form of a resolver endpoint id"),
];

fn id_prefix(value: &str) -> Option<(&'static str, &'static str)> {
    ID_PREFIXES
        .iter()
        .find(|(prefix, ..)| {
            value.strip_prefix(prefix).is_some_and(|digits| {
                (8..=32).contains(&digits.len())
                    && digits.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
            })
        })
        .map(|(_, kind, what)| (*kind, *what))
}

#[cfg(test)]
mod tests {
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
            (
                "arn:aws:sns:us-east-2:123456789012:t.fifo",
                "SNS::Topic",
                "t.fifo",
                Some("us-east-2"),
                Some("123456789012"),
            ),
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
        assert_eq!(
            resolved("X", "arn:aws:lambda:us-east-2:123456789012:function:f:3").by,
            "its ARN, with the qualifier 3"
        );
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
            assert_eq!(
                reason("S3BucketArn", value),
                "a text that begins like an ARN and is not a whole one",
                "{value}"
            );
        }
        assert_eq!(reason("X", "arn:aws:s3:::*"), "an S3 ARN that names no bucket");
        assert_eq!(
            reason("X", "arn:aws:iam::123456789012:root"),
            "the ARN of the account itself, which is no resource"
        );
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
            ("p.proxy-cabc.us-east-2.rds.amazonaws.com", "RDS::DBProxy", "p", Some("us-east-2")),
            ("d.cabc.cn-north-1.rds.amazonaws.com.cn", "RDS::DBInstance", "d", Some("cn-north-1")),
            ("master.r-pr1.abc.use2.cache.amazonaws.com", "ElastiCache::ReplicationGroup", "r-pr1", Some("us-east-2")),
            (
                "r-pr1.abc.ng.0001.use1.cache.amazonaws.com:6379",
                "ElastiCache::ReplicationGroup",
                "r-pr1",
                Some("us-east-1"),
            ),
            (
                "r-pr1-ro.abc.ng.0001.use1.cache.amazonaws.com",
                "ElastiCache::ReplicationGroup",
                "r-pr1",
                Some("us-east-1"),
            ),
            (
                "r-pr1-001.r-pr1.abc.use1.cache.amazonaws.com",
                "ElastiCache::ReplicationGroup",
                "r-pr1",
                Some("us-east-1"),
            ),
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
            (
                "123456789012.dkr.ecr.us-east-2.amazonaws.com/team/app:1",
                "ECR::Repository",
                "team/app",
                Some("us-east-2"),
            ),
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
            assert_eq!(
                (resolved.kind.as_str(), resolved.id.as_str()),
                (format!("AWS::{kind}").as_str(), id),
                "{value}"
            );
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
        for value in ["unknown", "N/A", "none", "", "  ", "null", "undefined", "UNKNOWN", "{}", "-", "<bucket>", "****"]
        {
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
}
