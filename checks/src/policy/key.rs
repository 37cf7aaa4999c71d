//! What is known of condition keys: type, number of values, when they are there and who decides their value.

/// What is known of a condition key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its name in lower case. A name that ends in `/` stands for every key that begins with it, such as
    /// `aws:principaltag/`.
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

/// What is known of the key of this name, in lower case; `None` for a key that this version does not know.
pub fn named(name: &str) -> Option<&'static Key> {
    let _ = name;
    None
}
