//! The questions that policy documents are asked.

pub(crate) mod bucket_sse;
pub(crate) mod bucket_tls;
mod class;
pub(crate) mod correct;
pub(crate) mod default_upload;
pub(crate) mod file_system_tls;
pub(crate) mod invoke;
pub(crate) mod key_policy;
pub(crate) mod key_use;
pub(crate) mod may;
pub(crate) mod public;
mod show;
mod tls;
pub(crate) mod topic_tls;
pub(crate) mod trust;

use crate::evidence::Evidence;
use crate::observed::Gap;
use crate::policy::counterexample::{Correction, Counterexample};
use crate::policy::parse::ParseError;
use crate::verdict::{Judgement, Verdict};

pub mod role_wildcard;

#[cfg(test)]
mod properties;

/// A question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Question {
    /// Is every request without TLS to this bucket explicitly denied?
    BucketTls,
    /// Is every upload without the right encryption header explicitly denied?
    BucketSse,
    /// Do the role's policies name actions and resources without wildcards?
    RoleWildcard,
    /// Can nobody of another account assume the role without one of its external ids, and can every named service?
    TrustExternalId,
    /// Can nobody outside the account use the key, nobody but the account do everything, and somebody administer it?
    KmsKeyPolicy,
    /// Can no stranger use the resource?
    Public,
}

impl Question {
    /// Every question.
    pub const ALL: [Question; 6] = [
        Question::BucketTls,
        Question::BucketSse,
        Question::RoleWildcard,
        Question::TrustExternalId,
        Question::KmsKeyPolicy,
        Question::Public,
    ];

    /// The question's name on the command line and in case files.
    pub fn name(self) -> &'static str {
        match self {
            Question::BucketTls => "bucket-tls",
            Question::BucketSse => "bucket-sse",
            Question::RoleWildcard => "role-wildcard",
            Question::TrustExternalId => "trust-external-id",
            Question::KmsKeyPolicy => "kms-key-policy",
            Question::Public => "public",
        }
    }

    /// Finds the question of this name.
    pub fn named(name: &str) -> Option<Question> {
        Question::ALL.into_iter().find(|question| question.name() == name)
    }
}

/// The documents that a question is asked of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Documents {
    /// The policy of a resource, a key or a bucket; `None` where it has none.
    Resource(Option<String>),
    /// A role's trust policy.
    Trust(String),
    /// A role's own policies.
    Role {
        /// Its inline and attached policies: a name for the reader (an inline policy's name, a managed policy's ARN),
        /// and the document, or why it could not be read.
        policies: Vec<(String, Result<String, String>)>,
        /// Its permissions boundary; it never cures, and a note mentions it.
        boundary: Option<String>,
        /// The services that its trust policy names, where known.
        trusted_services: Vec<String>,
    },
}

/// What a question has to know beside the documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The account that owns the resource.
    pub account: String,
    /// The partition: `aws`, `aws-cn` or `aws-us-gov`.
    pub partition: String,
    /// The region.
    pub region: String,
    /// The ARN of the resource whose policy it is; `None` for roles, and where the policy's own patterns have to tell.
    pub resource: Option<String>,
    /// The service that the resource belongs to, as its actions write it (`s3`, `execute-api`); `None` to take it from
    /// the resource's ARN or the policy's actions.
    pub service: Option<String>,
    /// Accounts beside the own one whose access is wanted.
    pub trusted_accounts: Vec<String>,
    /// What an upload has to carry, for [`Question::BucketSse`].
    pub encryption: Encryption,
    /// Whether the own organisation's id may stand in place of an external id.
    pub accept_own_org: bool,
    /// Managed policies that pass on a role that trusts one service alone: the policy's ARN and that service.
    pub allowed_managed: Vec<(String, String)>,
}

/// What an upload has to carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encryption {
    /// The accepted values of the header `x-amz-server-side-encryption`.
    pub algorithms: Vec<String>,
    /// What a missing header means.
    pub absent_header: AbsentHeader,
    /// The one key that uploads have to name, where there is one.
    pub kms_key_arn: Option<String>,
    /// The algorithm of the bucket's default encryption; `None` where it is not known.
    pub bucket_default: Option<String>,
}

/// What a missing encryption header means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AbsentHeader {
    /// It has to be denied.
    Deny,
    /// It is accepted where the bucket's default algorithm is.
    DefaultOk,
}

/// The answer to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// It is proved.
    Pass {
        /// What was proved, and under which assumptions.
        proved: String,
        /// What a reader should know beside it.
        notes: Vec<String>,
    },
    /// It is refuted.
    Fail {
        /// Why, in one sentence.
        why: String,
        /// What shows it.
        counterexample: Box<Counterexample>,
        /// What would mend it, judged.
        correction: Option<Correction>,
        /// What a reader should know beside it.
        notes: Vec<String>,
    },
    /// It does not arise.
    NotApplicable {
        /// Why.
        reason: String,
        /// What a reader should know beside it.
        notes: Vec<String>,
    },
    /// Nobody can tell.
    Undecided {
        /// Why: the construct, or the place where the document is no policy.
        reason: String,
    },
}

/// What no judgement of a document covers, said beside every pass.
const ASSUMED: &str = "judged is this document alone: service and resource control policies and VPC endpoint policies are \
                       others, and can only take away";

impl Ruling {
    /// The ruling as the judgement of a requirement that asks for `expected`.
    ///
    /// # Errors
    /// A gap, where nobody can tell.
    pub(crate) fn judgement(self, expected: &str) -> Judgement {
        let with = |verdict: Verdict, notes: Vec<String>| notes.into_iter().fold(verdict, Verdict::noting);
        match self {
            Ruling::Pass { proved, notes } => Ok(with(Verdict::satisfied(proved), notes).noting(ASSUMED)),
            Ruling::Fail { why, counterexample, correction, notes } => {
                Ok(with(Verdict::not_satisfied(why, expected), notes).shown_by(*counterexample, correction))
            }
            Ruling::NotApplicable { reason, notes } => Ok(with(Verdict::not_applicable(reason), notes)),
            Ruling::Undecided { reason } => Err(Gap::undecided(reason)),
        }
    }
}

impl Setting {
    /// The setting of a resource of the run's account, with this ARN.
    pub(crate) fn of(evidence: &Evidence, resource: Option<String>) -> Setting {
        Setting {
            account: evidence.run.account.clone(),
            partition: evidence.run.partition.clone(),
            region: evidence.run.region.clone(),
            resource,
            service: None,
            trusted_accounts: Vec::new(),
            encryption: Encryption {
                algorithms: Vec::new(),
                absent_header: AbsentHeader::Deny,
                kms_key_arn: None,
                bucket_default: None,
            },
            accept_own_org: false,
            allowed_managed: Vec::new(),
        }
    }
}

/// Asks a question of documents.
pub fn ask(question: Question, documents: &Documents, setting: &Setting) -> Ruling {
    match (question, documents) {
        (Question::BucketTls, Documents::Resource(policy)) => bucket_tls::judge(policy.as_deref(), setting),
        (Question::BucketSse, Documents::Resource(policy)) => bucket_sse::judge(policy.as_deref(), setting),
        (Question::KmsKeyPolicy, Documents::Resource(policy)) => key_policy::judge(policy.as_deref(), setting),
        (Question::Public, Documents::Resource(policy)) => {
            let policies: Vec<(&str, &str)> = policy.iter().map(|text| ("resource policy", text.as_str())).collect();
            public::judge(&policies, setting)
        }
        (Question::TrustExternalId, Documents::Trust(policy)) => trust::judge(policy, setting),
        (Question::RoleWildcard, Documents::Role { .. }) => role_wildcard::judge(documents, setting),
        (
            Question::BucketTls
            | Question::BucketSse
            | Question::KmsKeyPolicy
            | Question::Public
            | Question::TrustExternalId
            | Question::RoleWildcard,
            Documents::Resource(_) | Documents::Trust(_) | Documents::Role { .. },
        ) => {
            Ruling::Undecided { reason: format!("the question {} is not about this sort of document", question.name()) }
        }
    }
}

fn unreadable(document: &str, error: &ParseError) -> Ruling {
    Ruling::Undecided { reason: format!("the {document} cannot be read as a policy: {error}") }
}

/// The ARN of the bucket that the setting names.
fn bucket_arn(setting: &Setting) -> Result<String, String> {
    let Some(arn) = &setting.resource else {
        return Err("the question is about one bucket: name its ARN".into());
    };
    if arn.split(':').nth(2) == Some("s3express") {
        return Err("directory buckets have actions of their own (s3express), which are not judged yet".into());
    }
    let bucket = arn.trim_end_matches("/*");
    if bucket.split(':').nth(2) != Some("s3") || bucket.ends_with(':') || bucket.contains(['*', '?', '/']) {
        return Err(format!("`{arn}` is not the ARN of a bucket"));
    }
    Ok(bucket.to_owned())
}
