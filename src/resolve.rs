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
    if let Some((kind, what)) = database_resource_id(value) {
        return found(kind, value, what);
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

/// Ids that RDS gives databases for good: capital letters and digits, which no identifier holds.
fn database_resource_id(value: &str) -> Option<(&'static str, &'static str)> {
    let (kind, what, rest) = match (value.strip_prefix("cluster-"), value.strip_prefix("db-")) {
        (Some(rest), _) => ("AWS::RDS::DBCluster", "the form of a database cluster's resource id", rest),
        (None, Some(rest)) => ("AWS::RDS::DBInstance", "the form of a database instance's resource id", rest),
        (None, None) => return None,
    };
    let is_id = rest.len() >= 16 && rest.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    is_id.then_some((kind, what))
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
mod tests;
