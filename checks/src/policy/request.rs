//! Concrete requests.

use std::collections::BTreeMap;

/// One concrete request, as a policy sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Who calls.
    pub caller: Caller,
    /// The action, such as `s3:GetObject`.
    pub action: String,
    /// The ARN of the resource.
    pub resource: String,
    /// The condition keys that the request carries, in lower case, beside those that follow from the caller
    /// ([`Caller::key`]). A key that is not here and does not follow from the caller is absent. Where both say something
    /// of a key, the caller is right: a request cannot lie about who makes it.
    pub context: BTreeMap<String, Held>,
}

/// What a condition key holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    /// One value.
    One(String),
    /// Several values, as multi-valued keys such as `aws:TagKeys` hold; an empty list is the same as an absent key.
    Many(Vec<String>),
    /// Whether the key is there, and what it holds, is not documented well enough to rest a verdict on. Tests on it are
    /// evaluated as if it were absent, and a test that would hold then is unknown.
    Doubtful,
}

/// Who makes a request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Caller {
    /// Nobody in particular: an unsigned request.
    Anonymous,
    /// The root user of an account.
    Root {
        /// The account.
        account: String,
    },
    /// An IAM user.
    User {
        /// The account.
        account: String,
        /// Its path and name.
        name: String,
    },
    /// A session of an IAM role.
    Role {
        /// The account.
        account: String,
        /// The role's path and name.
        name: String,
        /// The session's name.
        session: String,
    },
    /// An AWS service under its own name.
    Service(String),
    /// A web identity or SAML assertion of this provider, before it has a role.
    Federated(String),
    /// An S3 canonical user, whose account is not known.
    CanonicalUser(String),
}

impl Caller {
    /// The account that the caller belongs to; `None` for anonymous callers, services, providers and canonical users.
    pub fn account(&self) -> Option<&str> {
        match self {
            Caller::Root { account } | Caller::User { account, .. } | Caller::Role { account, .. } => Some(account),
            Caller::Anonymous | Caller::Service(_) | Caller::Federated(_) | Caller::CanonicalUser(_) => None,
        }
    }

    /// The ARN that `aws:PrincipalArn` holds for the caller: the role's for a session. `None` where there is none.
    pub fn arn(&self, partition: &str) -> Option<String> {
        match self {
            Caller::Root { account } => Some(format!("arn:{partition}:iam::{account}:root")),
            Caller::User { account, name } => Some(format!("arn:{partition}:iam::{account}:user/{name}")),
            Caller::Role { account, name, .. } => Some(format!("arn:{partition}:iam::{account}:role/{name}")),
            Caller::Anonymous | Caller::Service(_) | Caller::Federated(_) | Caller::CanonicalUser(_) => None,
        }
    }

    /// What a condition key (in lower case) holds because of who calls. `None` for a key that does not follow from the
    /// caller, and for one that requests of such a caller do not have; [`Held::Doubtful`] where it has some value that
    /// nobody can tell.
    pub fn key(&self, name: &str, partition: &str) -> Option<Held> {
        match name {
            "aws:principalarn" => self.signed(self.arn(partition)),
            "aws:principalaccount" | "kms:calleraccount" => self.signed(self.account().map(str::to_owned)),
            "aws:principalisawsservice" => match self {
                Caller::Service(_) => Some(Held::One("true".into())),
                Caller::Root { .. } | Caller::User { .. } | Caller::Role { .. } | Caller::CanonicalUser(_) => {
                    Some(Held::One("false".into()))
                }
                Caller::Anonymous | Caller::Federated(_) => None,
            },
            "aws:principalservicename" => match self {
                Caller::Service(service) => Some(Held::One(service.clone())),
                Caller::Anonymous
                | Caller::Root { .. }
                | Caller::User { .. }
                | Caller::Role { .. }
                | Caller::Federated(_)
                | Caller::CanonicalUser(_) => None,
            },
            // The list holds further names of the same service, which nobody lists.
            "aws:principalservicenameslist" => matches!(self, Caller::Service(_)).then_some(Held::Doubtful),
            "aws:principaltype" => Some(match self {
                Caller::Anonymous => Held::One("Anonymous".into()),
                Caller::Root { .. } => Held::One("Account".into()),
                Caller::User { .. } => Held::One("User".into()),
                Caller::Role { .. } => Held::One("AssumedRole".into()),
                Caller::Service(_) | Caller::Federated(_) | Caller::CanonicalUser(_) => Held::Doubtful,
            }),
            "aws:username" => match self {
                Caller::User { name, .. } => {
                    Some(Held::One(name.rsplit_once('/').map_or(name.as_str(), |(_, last)| last).to_owned()))
                }
                Caller::CanonicalUser(_) => Some(Held::Doubtful),
                Caller::Anonymous
                | Caller::Root { .. }
                | Caller::Role { .. }
                | Caller::Service(_)
                | Caller::Federated(_) => None,
            },
            _ => None,
        }
    }

    /// A canonical user signs, so it has an account and an ARN, but nobody can tell which.
    fn signed(&self, value: Option<String>) -> Option<Held> {
        match self {
            Caller::CanonicalUser(_) => Some(Held::Doubtful),
            Caller::Anonymous
            | Caller::Root { .. }
            | Caller::User { .. }
            | Caller::Role { .. }
            | Caller::Service(_)
            | Caller::Federated(_) => value.map(Held::One),
        }
    }
}
