//! What a policy document says, as parsed: nothing is simplified, and whatever the judgement has to doubt is kept.

use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize};

use crate::policy::pattern::Pattern;

/// The text of a policy document as AWS answered it, already decoded to JSON.
///
/// Debug output leaves the text out: a trust policy may hold an external id, and a resource policy the ids of people.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PolicyText(pub String);

impl fmt::Debug for PolicyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PolicyText({} bytes)", self.0.len())
    }
}

/// A parsed policy document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The version of the language; it decides whether `${...}` is a variable.
    pub version: Version,
    /// The document's `Id`.
    pub id: Option<String>,
    /// The statements in the order of the document.
    pub statements: Vec<Statement>,
}

/// The version of the policy language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// 2008-10-17, which is also meant where no version stands: `${...}` is literal text.
    V2008,
    /// 2012-10-17: `${...}` is a variable.
    V2012,
}

/// What a statement does to the requests that match it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It allows them, unless a Deny matches.
    Allow,
    /// It denies them, whatever else allows them.
    Deny,
}

/// One statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Its place in the document, counted from 0.
    pub index: usize,
    /// Its `Sid`, with case.
    pub sid: Option<String>,
    /// What it does.
    pub effect: Effect,
    /// Whose requests it is about.
    pub principals: Principals,
    /// Which actions it is about.
    pub actions: Actions,
    /// Which resources it is about.
    pub resources: Resources,
    /// The tests of its `Condition`, all of which have to hold: one for each key of each operator block.
    pub conditions: Vec<Test>,
    /// Its JSON as written.
    pub source: String,
}

impl Statement {
    /// How a reader finds it: `statement 2 (DenyInsecureTransport)`, counted from 1, with the Sid where there is one.
    pub fn name(&self) -> String {
        match &self.sid {
            Some(sid) => format!("statement {} ({sid})", self.index + 1),
            None => format!("statement {}", self.index + 1),
        }
    }
}

/// Whose requests a statement is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Principals {
    /// It names nobody, as in identity policies.
    Unstated,
    /// `Principal`: these.
    Only(Vec<Principal>),
    /// `NotPrincipal`: all but these.
    AllBut(Vec<Principal>),
}

/// One principal that a statement names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Principal {
    /// `*` or `{"AWS": "*"}`: everyone, anonymous callers and services included.
    Everyone,
    /// Twelve digits or the root ARN: everyone of that account.
    Account(String),
    /// An IAM user, by account and path with name (`path/name`).
    User {
        /// The ARN as written.
        arn: String,
        /// The account.
        account: String,
        /// The path and name after `user/`.
        name: String,
    },
    /// An IAM role with all its sessions.
    Role {
        /// The ARN as written.
        arn: String,
        /// The account.
        account: String,
        /// The path and name after `role/`.
        name: String,
    },
    /// One session of an assumed role.
    Session {
        /// The ARN as written.
        arn: String,
        /// The account.
        account: String,
        /// The role's name, without its path.
        role: String,
        /// The session's name.
        session: String,
    },
    /// A service, by its name such as `lambda.amazonaws.com`; compared exactly.
    Service(String),
    /// An identity provider: a SAML or OIDC provider's ARN, or a name such as `cognito-identity.amazonaws.com`.
    Federated(String),
    /// An S3 canonical user id.
    CanonicalUser(String),
    /// The unique id (`AROA...`, `AIDA...`) of a principal that was deleted: it matches nobody.
    Deleted(String),
    /// What no document says how AWS reads, such as an ARN with a partial wildcard, a federated user or an IAM group:
    /// whom it matches is unknown.
    Other {
        /// The kind of principal as written: `AWS`, `Service`, `Federated` or `CanonicalUser`.
        kind: String,
        /// The value as written.
        text: String,
    },
}

/// Which actions a statement is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Actions {
    /// `Action`: these.
    Only(Vec<ActionPattern>),
    /// `NotAction`: all but these.
    AllBut(Vec<ActionPattern>),
}

/// An action as a policy names it: `service:Name`, where `*` and `?` are wildcards anywhere and case does not matter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ActionPattern {
    /// As written.
    pub text: String,
    /// In lower case.
    pub lower: String,
}

/// Which resources a statement is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Resources {
    /// It names none, as in trust policies, where the resource is the role itself.
    Unstated,
    /// `Resource`: these. Wildcards cross every separator.
    Only(Vec<Pattern>),
    /// `NotResource`: all but these.
    AllBut(Vec<Pattern>),
}

/// One key of one operator block of a `Condition`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Test {
    /// The operator.
    pub operator: Operator,
    /// The condition key in lower case. `aws:PrincipalTag/Team` is `aws:principaltag/team`.
    pub key: String,
    /// The condition key as written.
    pub key_text: String,
    /// The values, of which one has to fit (none, for a negated operator). May be empty, which nobody documents.
    pub values: Vec<Value>,
}

/// One value of a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// As written: a string's content, a number's digits, `true` or `false`.
    pub text: String,
    /// As a pattern, with its wildcards and variables. Where the operator has no wildcards, `*` and `?` in it are
    /// literal.
    pub pattern: Pattern,
}

/// By the text alone, which says nearly all.
impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

/// A condition operator.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Operator {
    /// As written, such as `ForAnyValue:StringLikeIfExists`.
    pub text: String,
    /// `ForAllValues:` or `ForAnyValue:`.
    pub quantifier: Option<Quantifier>,
    /// What it compares and how.
    pub relation: Relation,
    /// Whether `...IfExists` stands behind it.
    pub if_exists: bool,
}

/// How a test treats a key that holds several values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Quantifier {
    /// Every value of the request has to fit; true when there is none.
    ForAllValues,
    /// One value of the request has to fit; false when there is none.
    ForAnyValue,
}

/// What an operator compares and how. Operator names are read without regard to case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Relation {
    /// `StringEquals`.
    StringEquals,
    /// `StringNotEquals`.
    StringNotEquals,
    /// `StringEqualsIgnoreCase`.
    StringEqualsIgnoreCase,
    /// `StringNotEqualsIgnoreCase`.
    StringNotEqualsIgnoreCase,
    /// `StringLike`.
    StringLike,
    /// `StringNotLike`.
    StringNotLike,
    /// `NumericEquals`.
    NumericEquals,
    /// `NumericNotEquals`.
    NumericNotEquals,
    /// `NumericLessThan`.
    NumericLessThan,
    /// `NumericLessThanEquals`.
    NumericLessThanEquals,
    /// `NumericGreaterThan`.
    NumericGreaterThan,
    /// `NumericGreaterThanEquals`.
    NumericGreaterThanEquals,
    /// `DateEquals`.
    DateEquals,
    /// `DateNotEquals`.
    DateNotEquals,
    /// `DateLessThan`.
    DateLessThan,
    /// `DateLessThanEquals`.
    DateLessThanEquals,
    /// `DateGreaterThan`.
    DateGreaterThan,
    /// `DateGreaterThanEquals`.
    DateGreaterThanEquals,
    /// `Bool`.
    Bool,
    /// `BinaryEquals`.
    BinaryEquals,
    /// `IpAddress`.
    IpAddress,
    /// `NotIpAddress`.
    NotIpAddress,
    /// `ArnEquals` and `ArnLike`, which are the same.
    ArnLike,
    /// `ArnNotEquals` and `ArnNotLike`, which are the same.
    ArnNotLike,
    /// `Null`.
    Null,
    /// A name that is none of these.
    Unknown,
}

impl Relation {
    /// Whether it holds when none of the values fits.
    pub fn is_negated(&self) -> bool {
        match self {
            Relation::StringNotEquals
            | Relation::StringNotEqualsIgnoreCase
            | Relation::StringNotLike
            | Relation::NumericNotEquals
            | Relation::DateNotEquals
            | Relation::NotIpAddress
            | Relation::ArnNotLike => true,
            Relation::StringEquals
            | Relation::StringEqualsIgnoreCase
            | Relation::StringLike
            | Relation::NumericEquals
            | Relation::NumericLessThan
            | Relation::NumericLessThanEquals
            | Relation::NumericGreaterThan
            | Relation::NumericGreaterThanEquals
            | Relation::DateEquals
            | Relation::DateLessThan
            | Relation::DateLessThanEquals
            | Relation::DateGreaterThan
            | Relation::DateGreaterThanEquals
            | Relation::Bool
            | Relation::BinaryEquals
            | Relation::IpAddress
            | Relation::ArnLike
            | Relation::Null
            | Relation::Unknown => false,
        }
    }
}
