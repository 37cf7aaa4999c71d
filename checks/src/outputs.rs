//! The outputs of the deploy: what the pipeline wrote down, and what it resolves to.

use serde::{Deserialize, Serialize};

use crate::check::Check;
use crate::observed::{Gap, Seen};

/// The checks of this file, in catalog order.
pub fn checks() -> Vec<Check> {
    Vec::new()
}

/// The outputs file, or the stack's live outputs where no file was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outputs {
    /// Every output of the file, in its order.
    pub entries: Vec<Output>,
    /// Every live output of the stacks that were found, also those that the file lacks; absent when no stack is known.
    pub live: Seen<Vec<LiveOutput>>,
}

/// One output of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// The key as written; nested members are joined with a dot.
    pub key: String,
    /// The value as it may be shown: masked where it looks like a credential.
    pub value: String,
    /// Whether the value looks like a credential.
    pub secret: Option<SecretLook>,
    /// What it names, when that is known.
    pub resolved: Option<Resolved>,
    /// Why it was not resolved.
    pub reason: Option<String>,
    /// What the stack's live output of that key says; absent when no stack is known.
    pub live: Seen<LiveValue>,
}

/// What an output names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolved {
    /// The CloudFormation type.
    pub kind: String,
    /// The name or id within that type.
    pub id: String,
    /// The ARN, where the value is or gives one.
    pub arn: Option<String>,
    /// The region that the value names.
    pub region: Option<String>,
    /// The account that the value names.
    pub account: Option<String>,
    /// What in the value or key decided.
    pub by: String,
}

/// How an output of the file compares with the stack's live outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LiveValue {
    /// The stack has an output of this value.
    Same,
    /// The stack has an output of this key with another value: the file is stale.
    Differs,
    /// The stack has no such output.
    NotInStack,
}

/// A live output of a stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveOutput {
    /// The stack that has it.
    pub stack: String,
    /// Its key.
    pub key: String,
    /// Whether its value looks like a credential. The value is not kept.
    pub secret: Option<SecretLook>,
    /// Whether the file has an output that ends in or equals this key.
    pub in_file: InFile,
}

/// Whether the outputs file holds a live output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InFile {
    /// It does.
    Present,
    /// It does not: re-export the file.
    Missing,
}

/// Why a text looks like a credential. The text itself is never kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecretLook {
    /// `AKIA` or `ASIA` and sixteen upper-case letters or digits.
    AccessKey,
    /// A PEM private key header.
    PrivateKey,
    /// `user:password@host` in a URL.
    UrlPassword,
    /// `password=`, `secret=` or `token=` and a value.
    Assignment,
    /// A literal under a name that says it is secret.
    SecretName,
}

impl SecretLook {
    /// Says what it looks like, for findings.
    pub fn name(self) -> &'static str {
        match self {
            SecretLook::AccessKey => "an AWS access key id",
            SecretLook::PrivateKey => "a private key",
            SecretLook::UrlPassword => "a URL with a password in it",
            SecretLook::Assignment => "a `password=`, `secret=` or `token=` text",
            SecretLook::SecretName => "a literal under a secret name",
        }
    }
}

impl Outputs {
    /// The evidence of an outputs file of which nothing could be seen.
    pub fn unknown(gap: &Gap) -> Self {
        Outputs { entries: Vec::new(), live: Seen::gap(gap.clone()) }
    }
}
