//! What is known of condition keys: type, number of values, when they are there and who decides their value.
//!
//! The table is from general knowledge of AWS's documentation of its condition keys; where a key's presence or control
//! was in doubt, the choice is the one that lets a stranger do more.

use crate::policy::model::Relation;

/// What is known of a condition key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its name in lower case. A name that ends in `/` or `:` stands for every key that begins with it, such as
    /// `aws:principaltag/`; a name that begins with `*` stands for the claims of identity providers
    /// (`token.actions.githubusercontent.com:sub`).
    pub name: &'static str,
    /// The type of its values.
    pub kind: KeyType,
    /// Whether it holds one value or several.
    pub arity: Arity,
    /// When a request has it.
    pub presence: Presence,
    /// Who decides its value.
    pub control: Control,
}

/// The type of a key's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyType {
    /// Text.
    String,
    /// `true` or `false`.
    Bool,
    /// A number.
    Numeric,
    /// A date, as ISO 8601 or seconds since 1970.
    Date,
    /// An IPv4 or IPv6 address.
    IpAddress,
    /// An ARN; the String operators fit it too.
    Arn,
    /// Base64.
    Binary,
}

/// Whether a key holds one value or several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arity {
    /// One.
    Single,
    /// Several; only operators with a quantifier fit it.
    Multi,
}

/// When a request has a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Every request has it.
    Always,
    /// Requests of signed-in callers have it (it follows from the caller, or is a matter of the session).
    Signed,
    /// Requests that come from the internet or another network outside a VPC endpoint have it.
    Internet,
    /// Requests through a VPC endpoint have it.
    Endpoint,
    /// Requests that an AWS service makes on behalf of a resource may have it.
    Service,
    /// A request may have it or not, as the caller or the operation pleases.
    Optional,
    /// Nobody documents when it is there.
    Doubtful,
}

/// Who decides a key's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// The caller writes what it likes: a header, a parameter, an external id.
    Caller,
    /// AWS sets it from facts that a stranger cannot forge: its account, organisation, network or endpoint.
    Unforgeable,
    /// AWS sets it from what is true of the request and open to any caller, such as `aws:SecureTransport` or the time.
    Circumstance,
}

impl Key {
    /// Whether operators that compare this type fit the key. The String operators fit an ARN too; a few keys of text
    /// commonly hold ARNs, and AWS documents the Arn operators for them.
    pub fn takes(&self, operand: KeyType) -> bool {
        match (self.kind, operand) {
            (KeyType::Arn, KeyType::String) => true,
            (KeyType::String, KeyType::Arn) => ARN_TOO.contains(&self.name),
            (KeyType::Date, KeyType::Numeric) => self.name == "aws:epochtime",
            (kind, operand) => kind == operand,
        }
    }
}

/// The type that an operator compares; `None` for `Null`, which fits every key, and for an operator nobody knows.
pub fn operand(relation: &Relation) -> Option<KeyType> {
    match relation {
        Relation::StringEquals
        | Relation::StringNotEquals
        | Relation::StringEqualsIgnoreCase
        | Relation::StringNotEqualsIgnoreCase
        | Relation::StringLike
        | Relation::StringNotLike => Some(KeyType::String),
        Relation::NumericEquals
        | Relation::NumericNotEquals
        | Relation::NumericLessThan
        | Relation::NumericLessThanEquals
        | Relation::NumericGreaterThan
        | Relation::NumericGreaterThanEquals => Some(KeyType::Numeric),
        Relation::DateEquals
        | Relation::DateNotEquals
        | Relation::DateLessThan
        | Relation::DateLessThanEquals
        | Relation::DateGreaterThan
        | Relation::DateGreaterThanEquals => Some(KeyType::Date),
        Relation::Bool => Some(KeyType::Bool),
        Relation::BinaryEquals => Some(KeyType::Binary),
        Relation::IpAddress | Relation::NotIpAddress => Some(KeyType::IpAddress),
        Relation::ArnLike | Relation::ArnNotLike => Some(KeyType::Arn),
        Relation::Null | Relation::Unknown => None,
    }
}

/// What is known of the key of this name, in lower case; `None` for a key that this version does not know.
pub fn named(name: &str) -> Option<&'static Key> {
    exact(name).or_else(|| family(name)).or_else(|| claim(name))
}

/// Every key that this version knows by name, sorted by name.
pub fn known() -> &'static [Key] {
    KEYS
}

/// Keys of text that AWS's documentation also uses with the Arn operators.
const ARN_TOO: &[&str] =
    &["kms:encryptioncontext:", "s3:dataaccesspointarn", "s3:x-amz-server-side-encryption-aws-kms-key-id"];

fn exact(name: &str) -> Option<&'static Key> {
    if name.ends_with(['/', ':']) {
        // A prefix alone is no key.
        return None;
    }
    row(name)
}

fn row(name: &str) -> Option<&'static Key> {
    match KEYS.binary_search_by(|key| key.name.cmp(name)) {
        Ok(found) => KEYS.get(found),
        Err(_) => None,
    }
}

/// The row of a family of keys: a tag key or an encryption context key may hold any further `/` or `:`.
fn family(name: &str) -> Option<&'static Key> {
    let (slash, colons) = (name.find('/'), name.match_indices(':').nth(1).map(|(at, _)| at));
    [slash, colons].into_iter().flatten().filter(|at| at + 1 < name.len()).find_map(|at| row(name.get(..=at)?))
}

/// The claims of identity providers are named by the provider's host: `accounts.google.com:aud`. Of the common ones
/// `amr` alone holds several values.
fn claim(name: &str) -> Option<&'static Key> {
    let (provider, claim) = name.rsplit_once(':')?;
    let host = provider.split('/').next()?;
    if !host.contains('.') || claim.is_empty() {
        return None;
    }
    Some(if claim == "amr" { &CLAIM_OF_SEVERAL_VALUES } else { &CLAIM })
}

const CLAIM: Key = key("*:claim", KeyType::String, Arity::Single, Presence::Optional, Control::Unforgeable);
const CLAIM_OF_SEVERAL_VALUES: Key =
    key("*:amr", KeyType::String, Arity::Multi, Presence::Optional, Control::Unforgeable);

const fn key(name: &'static str, kind: KeyType, arity: Arity, presence: Presence, control: Control) -> Key {
    Key { name, kind, arity, presence, control }
}

/// The table, sorted by name.
///
/// `aws:userid` counts as open to every caller on purpose: a policy that rests on it alone is not taken for closed.
/// A stranger tags its own principals and names its own users, so those keys are the caller's.
const KEYS: &[Key] = &[
    key("aws:assumedroot", KeyType::Bool, Arity::Single, Presence::Optional, Control::Circumstance),
    key("aws:calledvia", KeyType::String, Arity::Multi, Presence::Optional, Control::Circumstance),
    key("aws:calledviafirst", KeyType::String, Arity::Single, Presence::Optional, Control::Circumstance),
    key("aws:calledvialast", KeyType::String, Arity::Single, Presence::Optional, Control::Circumstance),
    key("aws:chatbotsourcearn", KeyType::Arn, Arity::Single, Presence::Optional, Control::Circumstance),
    key("aws:currenttime", KeyType::Date, Arity::Single, Presence::Always, Control::Circumstance),
    key("aws:ec2instancesourceprivateipv4", KeyType::IpAddress, Arity::Single, Presence::Optional, Control::Caller),
    key("aws:ec2instancesourcevpc", KeyType::String, Arity::Single, Presence::Optional, Control::Unforgeable),
    key("aws:epochtime", KeyType::Date, Arity::Single, Presence::Always, Control::Circumstance),
    key("aws:federatedprovider", KeyType::String, Arity::Single, Presence::Optional, Control::Circumstance),
    key("aws:multifactorauthage", KeyType::Numeric, Arity::Single, Presence::Optional, Control::Circumstance),
    key("aws:multifactorauthpresent", KeyType::Bool, Arity::Single, Presence::Optional, Control::Circumstance),
    key("aws:principalaccount", KeyType::String, Arity::Single, Presence::Signed, Control::Unforgeable),
    key("aws:principalarn", KeyType::Arn, Arity::Single, Presence::Signed, Control::Unforgeable),
    key("aws:principalisawsservice", KeyType::Bool, Arity::Single, Presence::Signed, Control::Circumstance),
    key("aws:principalorgid", KeyType::String, Arity::Single, Presence::Optional, Control::Unforgeable),
    key("aws:principalorgpaths", KeyType::String, Arity::Multi, Presence::Optional, Control::Unforgeable),
    key("aws:principalservicename", KeyType::String, Arity::Single, Presence::Service, Control::Circumstance),
    key("aws:principalservicenameslist", KeyType::String, Arity::Multi, Presence::Service, Control::Circumstance),
    key("aws:principaltag/", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key("aws:principaltype", KeyType::String, Arity::Single, Presence::Always, Control::Circumstance),
    key("aws:referer", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key("aws:requestedregion", KeyType::String, Arity::Single, Presence::Always, Control::Circumstance),
    key("aws:requesttag/", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key("aws:resourceaccount", KeyType::String, Arity::Single, Presence::Optional, Control::Circumstance),
    key("aws:resourceorgid", KeyType::String, Arity::Single, Presence::Optional, Control::Circumstance),
    key("aws:resourceorgpaths", KeyType::String, Arity::Multi, Presence::Optional, Control::Circumstance),
    key("aws:resourcetag/", KeyType::String, Arity::Single, Presence::Optional, Control::Circumstance),
    key("aws:securetransport", KeyType::Bool, Arity::Single, Presence::Always, Control::Circumstance),
    key("aws:sourceaccount", KeyType::String, Arity::Single, Presence::Service, Control::Unforgeable),
    key("aws:sourcearn", KeyType::Arn, Arity::Single, Presence::Service, Control::Unforgeable),
    key("aws:sourceidentity", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key("aws:sourceip", KeyType::IpAddress, Arity::Single, Presence::Internet, Control::Unforgeable),
    key("aws:sourceorgid", KeyType::String, Arity::Single, Presence::Service, Control::Unforgeable),
    key("aws:sourceorgpaths", KeyType::String, Arity::Multi, Presence::Service, Control::Unforgeable),
    key("aws:sourceowner", KeyType::String, Arity::Single, Presence::Service, Control::Unforgeable),
    key("aws:sourcevpc", KeyType::String, Arity::Single, Presence::Endpoint, Control::Unforgeable),
    key("aws:sourcevpcarn", KeyType::Arn, Arity::Single, Presence::Endpoint, Control::Unforgeable),
    key("aws:sourcevpce", KeyType::String, Arity::Single, Presence::Endpoint, Control::Unforgeable),
    key("aws:tagkeys", KeyType::String, Arity::Multi, Presence::Optional, Control::Caller),
    key("aws:tokenissuetime", KeyType::Date, Arity::Single, Presence::Optional, Control::Circumstance),
    key("aws:useragent", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key("aws:userid", KeyType::String, Arity::Single, Presence::Always, Control::Circumstance),
    key("aws:username", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key("aws:viaawsservice", KeyType::Bool, Arity::Single, Presence::Optional, Control::Circumstance),
    key("aws:vpceaccount", KeyType::String, Arity::Single, Presence::Endpoint, Control::Unforgeable),
    key("aws:vpceorgid", KeyType::String, Arity::Single, Presence::Endpoint, Control::Unforgeable),
    key("aws:vpceorgpaths", KeyType::String, Arity::Multi, Presence::Endpoint, Control::Unforgeable),
    key("aws:vpcsourceip", KeyType::IpAddress, Arity::Single, Presence::Endpoint, Control::Caller),
    key("cloudwatch:namespace", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key("dynamodb:attributes", KeyType::String, Arity::Multi, Presence::Optional, Control::Caller),
    key("dynamodb:leadingkeys", KeyType::String, Arity::Multi, Presence::Optional, Control::Caller),
    key("ec2:region", KeyType::String, Arity::Single, Presence::Optional, Control::Circumstance),
    key("ec2:resourcetag/", KeyType::String, Arity::Single, Presence::Optional, Control::Circumstance),
    key("ec2:sourceinstancearn", KeyType::Arn, Arity::Single, Presence::Optional, Control::Circumstance),
    key("ecs:cluster", KeyType::Arn, Arity::Single, Presence::Optional, Control::Circumstance),
    key(
        "elasticfilesystem:accessedviamounttarget",
        KeyType::Bool,
        Arity::Single,
        Presence::Optional,
        Control::Circumstance,
    ),
    key("elasticfilesystem:accesspointarn", KeyType::Arn, Arity::Single, Presence::Optional, Control::Circumstance),
    key("elasticfilesystem:createaction", KeyType::String, Arity::Single, Presence::Optional, Control::Circumstance),
    key("elasticfilesystem:encrypted", KeyType::Bool, Arity::Single, Presence::Optional, Control::Circumstance),
    key("iam:associatedresourcearn", KeyType::Arn, Arity::Single, Presence::Optional, Control::Circumstance),
    key("iam:awsservicename", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key("iam:passedtoservice", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key("iam:permissionsboundary", KeyType::Arn, Arity::Single, Presence::Optional, Control::Circumstance),
    key("iam:policyarn", KeyType::Arn, Arity::Single, Presence::Optional, Control::Circumstance),
    key("iam:resourcetag/", KeyType::String, Arity::Single, Presence::Optional, Control::Circumstance),
    key("kms:bypasspolicylockoutsafetycheck", KeyType::Bool, Arity::Single, Presence::Optional, Control::Caller),
    key("kms:calleraccount", KeyType::String, Arity::Single, Presence::Signed, Control::Unforgeable),
    key("kms:datakeypairspec", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key("kms:encryptionalgorithm", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key("kms:encryptioncontext:", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key("kms:encryptioncontextkeys", KeyType::String, Arity::Multi, Presence::Optional, Control::Caller),
    key("kms:expirationmodel", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key("kms:grantconstrainttype", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key("kms:granteeprincipal", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key("kms:grantisforawsresource", KeyType::Bool, Arity::Single, Presence::Optional, Control::Circumstance),
    key("kms:grantoperations", KeyType::String, Arity::Multi, Presence::Optional, Control::Caller),
    key("kms:keyorigin", KeyType::String, Arity::Single, Presence::Optional, Control::Circumstance),
    key("kms:keyspec", KeyType::String, Arity::Single, Presence::Optional, Control::Circumstance),
    key("kms:keyusage", KeyType::String, Arity::Single, Presence::Optional, Control::Circumstance),
    key("kms:macalgorithm", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key("kms:messagetype", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key("kms:multiregion", KeyType::Bool, Arity::Single, Presence::Optional, Control::Circumstance),
    key("kms:multiregionkeytype", KeyType::String, Arity::Single, Presence::Optional, Control::Circumstance),
    key("kms:primaryregion", KeyType::String, Arity::Single, Presence::Optional, Control::Circumstance),
    key("kms:reencryptonsamekey", KeyType::Bool, Arity::Single, Presence::Optional, Control::Circumstance),
    key("kms:replicaregion", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key("kms:requestalias", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key("kms:resourcealiases", KeyType::String, Arity::Multi, Presence::Optional, Control::Circumstance),
    key("kms:retiringprincipal", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key("kms:rotationperiodindays", KeyType::Numeric, Arity::Single, Presence::Optional, Control::Caller),
    key(
        "kms:scheduledeletionpendingwindowindays",
        KeyType::Numeric,
        Arity::Single,
        Presence::Optional,
        Control::Caller,
    ),
    key("kms:signingalgorithm", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key("kms:validto", KeyType::Date, Arity::Single, Presence::Optional, Control::Caller),
    key("kms:viaservice", KeyType::String, Arity::Single, Presence::Optional, Control::Circumstance),
    key("kms:wrappingalgorithm", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key("kms:wrappingkeyspec", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key("lambda:functionarn", KeyType::Arn, Arity::Single, Presence::Optional, Control::Circumstance),
    key("lambda:functionurlauthtype", KeyType::String, Arity::Single, Presence::Optional, Control::Circumstance),
    key("lambda:invokedviafunctionurl", KeyType::Bool, Arity::Single, Presence::Optional, Control::Circumstance),
    key("lambda:principal", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key("lambda:sourcefunctionarn", KeyType::Arn, Arity::Single, Presence::Optional, Control::Unforgeable),
    key("s3:accesspointnetworkorigin", KeyType::String, Arity::Single, Presence::Optional, Control::Unforgeable),
    key("s3:authtype", KeyType::String, Arity::Single, Presence::Signed, Control::Circumstance),
    key("s3:dataaccesspointaccount", KeyType::String, Arity::Single, Presence::Optional, Control::Unforgeable),
    key("s3:dataaccesspointarn", KeyType::String, Arity::Single, Presence::Optional, Control::Unforgeable),
    key("s3:delimiter", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key("s3:existingobjecttag/", KeyType::String, Arity::Single, Presence::Optional, Control::Circumstance),
    key("s3:if-match", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key("s3:if-none-match", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key("s3:locationconstraint", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key("s3:max-keys", KeyType::Numeric, Arity::Single, Presence::Optional, Control::Caller),
    key("s3:object-lock-legal-hold", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key("s3:object-lock-mode", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key(
        "s3:object-lock-remaining-retention-days",
        KeyType::Numeric,
        Arity::Single,
        Presence::Optional,
        Control::Caller,
    ),
    key("s3:object-lock-retain-until-date", KeyType::Date, Arity::Single, Presence::Optional, Control::Caller),
    key("s3:prefix", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key("s3:requestobjecttag/", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key("s3:requestobjecttagkeys", KeyType::String, Arity::Multi, Presence::Optional, Control::Caller),
    key("s3:resourceaccount", KeyType::String, Arity::Single, Presence::Optional, Control::Circumstance),
    key("s3:signatureage", KeyType::Numeric, Arity::Single, Presence::Signed, Control::Circumstance),
    key("s3:signatureversion", KeyType::String, Arity::Single, Presence::Signed, Control::Circumstance),
    key("s3:tlsversion", KeyType::Numeric, Arity::Single, Presence::Doubtful, Control::Circumstance),
    key("s3:versionid", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key("s3:x-amz-acl", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key("s3:x-amz-content-sha256", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key("s3:x-amz-copy-source", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key("s3:x-amz-grant-full-control", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key("s3:x-amz-grant-read", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key("s3:x-amz-grant-read-acp", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key("s3:x-amz-grant-write", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key("s3:x-amz-grant-write-acp", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key("s3:x-amz-metadata-directive", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key("s3:x-amz-object-ownership", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key("s3:x-amz-server-side-encryption", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key(
        "s3:x-amz-server-side-encryption-aws-kms-key-id",
        KeyType::String,
        Arity::Single,
        Presence::Optional,
        Control::Caller,
    ),
    key(
        "s3:x-amz-server-side-encryption-customer-algorithm",
        KeyType::String,
        Arity::Single,
        Presence::Optional,
        Control::Caller,
    ),
    key("s3:x-amz-storage-class", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key("s3:x-amz-website-redirect-location", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key("saml:aud", KeyType::String, Arity::Single, Presence::Optional, Control::Unforgeable),
    key("saml:doc", KeyType::String, Arity::Single, Presence::Optional, Control::Unforgeable),
    key("saml:edupersonorgdn", KeyType::String, Arity::Multi, Presence::Optional, Control::Unforgeable),
    key("saml:iss", KeyType::String, Arity::Single, Presence::Optional, Control::Unforgeable),
    key("saml:namequalifier", KeyType::String, Arity::Single, Presence::Optional, Control::Unforgeable),
    key("saml:sub", KeyType::String, Arity::Single, Presence::Optional, Control::Unforgeable),
    key("saml:sub_type", KeyType::String, Arity::Single, Presence::Optional, Control::Unforgeable),
    key("secretsmanager:blockpublicpolicy", KeyType::Bool, Arity::Single, Presence::Optional, Control::Caller),
    key("secretsmanager:description", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key("secretsmanager:forcedeletewithoutrecovery", KeyType::Bool, Arity::Single, Presence::Optional, Control::Caller),
    key("secretsmanager:kmskeyid", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key("secretsmanager:name", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key("secretsmanager:recoverywindowindays", KeyType::Numeric, Arity::Single, Presence::Optional, Control::Caller),
    key(
        "secretsmanager:resource/allowrotationlambdaarn",
        KeyType::Arn,
        Arity::Single,
        Presence::Optional,
        Control::Circumstance,
    ),
    key("secretsmanager:resourcetag/", KeyType::String, Arity::Single, Presence::Optional, Control::Circumstance),
    key("secretsmanager:secretid", KeyType::Arn, Arity::Single, Presence::Optional, Control::Circumstance),
    key(
        "secretsmanager:secretprimaryregion",
        KeyType::String,
        Arity::Single,
        Presence::Optional,
        Control::Circumstance,
    ),
    key("secretsmanager:versionid", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key("secretsmanager:versionstage", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key("sns:endpoint", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key("sns:protocol", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key("sts:awsservicename", KeyType::String, Arity::Single, Presence::Optional, Control::Circumstance),
    key("sts:durationseconds", KeyType::Numeric, Arity::Single, Presence::Optional, Control::Caller),
    key("sts:externalid", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key("sts:rolesessionname", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key("sts:sourceidentity", KeyType::String, Arity::Single, Presence::Optional, Control::Caller),
    key("sts:transitivetagkeys", KeyType::String, Arity::Multi, Presence::Optional, Control::Caller),
];

#[cfg(test)]
mod tests;
