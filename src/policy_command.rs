//! `tap-audit policy`: asks policy documents a question offline, and runs policy cases.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use tap_audit_checks::policy::case::{Case, DEFAULT_ALGORITHM, DEFAULT_PARTITION, DEFAULT_REGION};
use tap_audit_checks::policy::question::{AbsentHeader, Documents, Encryption, Question, Ruling, Setting};
use tap_audit_reports::policy::{Run, Tally};

use crate::cli::PolicyCheckOptions;

/// The most bytes of a file that are read. A policy document has at most some ten thousand.
const LARGEST_FILE: u64 = 1024 * 1024;
/// The account that stands in for the owner's where nobody says which that is.
const EXAMPLE_ACCOUNT: &str = "000000000000";
/// The file name that stands for standard input.
const STANDARD_INPUT: &str = "-";

/// What keeps a document from being asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PolicyError {
    /// The options do not fit the question.
    #[error("{message}")]
    Usage {
        /// What is the matter.
        message: String,
        /// What to do.
        help: String,
    },
    /// The file cannot be read.
    #[error("cannot read {file}: {why}")]
    Unreadable {
        /// The file.
        file: String,
        /// What is the matter.
        why: String,
    },
}

impl PolicyError {
    /// What to do.
    pub(crate) fn help(&self) -> &str {
        match self {
            PolicyError::Usage { help, .. } => help,
            PolicyError::Unreadable { .. } => "name a file with a policy document as JSON, or - for standard input",
        }
    }
}

/// An ARN, taken apart as far as a question needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arn {
    text: String,
    partition: String,
    service: String,
    region: String,
    account: String,
    resource: String,
}

impl std::str::FromStr for Arn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let [prefix, partition, service, region, account, resource] = parts.as_slice() else {
            return Err(no_arn(text));
        };
        let whole = *prefix == "arn" && !partition.is_empty() && !service.is_empty() && !resource.is_empty();
        if !whole || text.contains(['*', '?']) || text.contains(char::is_whitespace) {
            return Err(no_arn(text));
        }
        if !account.is_empty() && account_id(account).is_err() && *account != "aws" {
            return Err(format!("`{account}` in {text} is no account id"));
        }
        Ok(Arn {
            text: text.to_owned(),
            partition: (*partition).to_owned(),
            service: (*service).to_owned(),
            region: (*region).to_owned(),
            account: (*account).to_owned(),
            resource: (*resource).to_owned(),
        })
    }
}

fn no_arn(text: &str) -> String {
    format!("`{text}` is not the ARN of one resource; write it in full, such as arn:aws:s3:::my-bucket")
}

/// Reads an account id.
///
/// # Errors
/// A sentence that says what an account id is.
pub(crate) fn account_id(text: &str) -> Result<String, String> {
    if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(text.to_owned())
    } else {
        Err(format!("`{text}` is no account id, which has twelve digits"))
    }
}

/// Reads a managed policy's ARN and the service on whose roles it is allowed, from `ARN=SERVICE`.
///
/// # Errors
/// A sentence that shows the form.
pub(crate) fn allowed_managed(text: &str) -> Result<(String, String), String> {
    match text.rsplit_once('=') {
        Some((arn, service)) if arn.starts_with("arn:") && service.contains('.') => {
            Ok((arn.to_owned(), service.to_owned()))
        }
        Some(_) | None => Err(format!(
            "`{text}` is not of the form ARN=SERVICE, such as \
             arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole=lambda.amazonaws.com"
        )),
    }
}

/// What a question knows beside the document, and what was taken for granted because nobody said it.
pub(crate) fn setting(options: &PolicyCheckOptions) -> Result<(Setting, Vec<String>), PolicyError> {
    fits(options)?;
    let mut assumed = Vec::new();
    let arn = options.resource.as_ref();
    let part = |of: fn(&Arn) -> &String| arn.map(of).filter(|part| !part.is_empty() && *part != "aws").cloned();
    let account = match (part(|arn| &arn.account), options.account.clone()) {
        (Some(named), Some(said)) if named != said => {
            return Err(PolicyError::Usage {
                message: format!("the resource belongs to account {named}, and --account says {said}"),
                help: "leave --account out, or correct one of them".into(),
            });
        }
        (Some(account), _) | (None, Some(account)) => account,
        (None, None) => {
            assumed.push(format!(
                "the owner is account {EXAMPLE_ACCOUNT}, an example, because nothing names it; --account does"
            ));
            EXAMPLE_ACCOUNT.to_owned()
        }
    };
    let region = match options.region.clone().or_else(|| part(|arn| &arn.region)) {
        Some(region) => region,
        None => {
            assumed.push(format!("the region is {DEFAULT_REGION}, because nothing names it; --region does"));
            DEFAULT_REGION.to_owned()
        }
    };
    let partition = part(|arn| &arn.partition).unwrap_or_else(|| partition_of(&region).to_owned());
    let resource = match options.question {
        // A role is not a resource of its own policies.
        Question::RoleWildcard | Question::TrustExternalId => None,
        Question::BucketTls | Question::BucketSse | Question::KmsKeyPolicy | Question::Public => {
            arn.map(|arn| arn.text.clone())
        }
    };
    let algorithms = if options.sse_algorithm.is_empty() {
        vec![DEFAULT_ALGORITHM.to_owned()]
    } else {
        options.sse_algorithm.clone()
    };
    let setting = Setting {
        account,
        partition,
        region,
        resource,
        service: options.service.clone(),
        trusted_accounts: options.trusted_account.clone(),
        encryption: Encryption {
            algorithms,
            absent_header: options.absent_header.unwrap_or(AbsentHeader::Deny),
            kms_key_arn: options.kms_key.as_ref().map(|key| key.text.clone()),
            bucket_default: options.default_encryption.clone(),
        },
        accept_own_org: options.accept_own_org,
        allowed_managed: options.allow_managed.clone(),
    };
    Ok((setting, assumed))
}

/// The partition that a region lies in.
fn partition_of(region: &str) -> &'static str {
    if region.starts_with("cn-") {
        "aws-cn"
    } else if region.starts_with("us-gov-") {
        "aws-us-gov"
    } else {
        DEFAULT_PARTITION
    }
}

/// Whether the options are those of the question: one that would do nothing is a mistake of whoever gave it.
fn fits(options: &PolicyCheckOptions) -> Result<(), PolicyError> {
    let question = options.question;
    let only = |given: bool, option: &str, of: &[Question]| {
        if !given || of.contains(&question) {
            return Ok(());
        }
        let names: Vec<&str> = of.iter().map(|question| question.name()).collect();
        Err(PolicyError::Usage {
            message: format!("{option} does nothing for the question {}", question.name()),
            help: format!("leave it out; it is for {}", names.join(", ")),
        })
    };
    let sse = [Question::BucketSse];
    only(options.service.is_some(), "--service", &[Question::Public])?;
    only(
        !options.trusted_account.is_empty(),
        "--trusted-account",
        &[Question::TrustExternalId, Question::KmsKeyPolicy, Question::Public],
    )?;
    only(!options.sse_algorithm.is_empty(), "--sse-algorithm", &sse)?;
    only(options.absent_header.is_some(), "--absent-header", &sse)?;
    only(options.kms_key.is_some(), "--kms-key", &sse)?;
    only(options.default_encryption.is_some(), "--default-encryption", &sse)?;
    only(options.accept_own_org, "--accept-own-org", &[Question::TrustExternalId])?;
    only(!options.allow_managed.is_empty(), "--allow-managed", &[Question::RoleWildcard])?;
    only(!options.trusted_service.is_empty(), "--trusted-service", &[Question::RoleWildcard])?;
    match question {
        Question::BucketTls | Question::BucketSse => bucket(options),
        Question::RoleWildcard | Question::TrustExternalId | Question::KmsKeyPolicy | Question::Public => Ok(()),
    }
}

/// Whether the resource is a bucket. What a bucket's policy leaves open cannot be told without the bucket.
fn bucket(options: &PolicyCheckOptions) -> Result<(), PolicyError> {
    let question = options.question.name();
    match &options.resource {
        Some(arn) if arn.service == "s3" && !arn.resource.contains('/') => Ok(()),
        Some(arn) => Err(PolicyError::Usage {
            message: format!("{} is not the ARN of a bucket, which the question {question} is about", arn.text),
            help: "name the bucket itself: --resource arn:aws:s3:::BUCKET".into(),
        }),
        None => Err(PolicyError::Usage {
            message: format!("the question {question} needs to know the bucket"),
            help: "add --resource arn:aws:s3:::BUCKET".into(),
        }),
    }
}

/// What the document is called in the answer.
pub(crate) fn name(file: &Path) -> String {
    if file == Path::new(STANDARD_INPUT) { "standard input".into() } else { file.display().to_string() }
}

/// Reads the document that is to be asked.
pub(crate) fn documents(options: &PolicyCheckOptions) -> Result<Documents, PolicyError> {
    let text = if options.file == Path::new(STANDARD_INPUT) {
        limited(io::stdin().lock())
    } else {
        fs::File::open(&options.file).map_err(|error| said(&error)).and_then(limited)
    };
    let text = text.map_err(|why| PolicyError::Unreadable { file: name(&options.file), why })?;
    Ok(match options.question {
        Question::BucketTls | Question::BucketSse | Question::KmsKeyPolicy | Question::Public => {
            Documents::Resource(Some(text))
        }
        Question::TrustExternalId => Documents::Trust(text),
        Question::RoleWildcard => Documents::Role {
            // A managed policy goes by its ARN, which is how one that is allowed is known.
            policies: vec![(
                options.resource.as_ref().map_or_else(|| name(&options.file), |arn| arn.text.clone()),
                Ok(text),
            )],
            boundary: None,
            trusted_services: options.trusted_service.clone(),
        },
    })
}

/// The exit code of an answer: 0 where it passes or does not arise, 1 where it fails, 3 where nobody can tell.
pub(crate) fn code_of(ruling: &Ruling) -> u8 {
    match ruling {
        Ruling::Pass { .. } | Ruling::NotApplicable { .. } => 0,
        Ruling::Fail { .. } => 1,
        Ruling::Undecided { .. } => 3,
    }
}

/// The exit code of cases: 1 where a verdict is not an accepted one, 3 where a file could not be read, else 0.
pub(crate) fn code_of_cases(runs: &[Run]) -> u8 {
    match Tally::of(runs) {
        Tally { otherwise: 1.., .. } => 1,
        Tally { unread: 1.., .. } => 3,
        // Nothing that was judged is nothing that came out well.
        Tally { as_expected: 0, .. } => 3,
        Tally { .. } => 0,
    }
}

/// Runs the cases of these files and directories, in the order of the paths and within a directory by name. A path
/// without a case is a run that could not be read.
pub(crate) fn run_cases(paths: &[PathBuf]) -> Vec<Run> {
    let mut runs = Vec::new();
    for path in paths {
        let before = runs.len();
        if path.is_dir() {
            walk(path, &mut BTreeSet::new(), &mut runs);
            if runs.len() == before {
                runs.push(unread(path, "this directory holds no case, which is a file named *.json"));
            }
        } else {
            runs.push(run_case(path));
        }
    }
    runs
}

/// Runs the cases below a directory. A directory that links lead to twice is walked once.
fn walk(directory: &Path, seen: &mut BTreeSet<PathBuf>, runs: &mut Vec<Run>) {
    let entries = fs::canonicalize(directory).and_then(|real| {
        if !seen.insert(real) {
            return Ok(Vec::new());
        }
        let entries: io::Result<Vec<PathBuf>> =
            fs::read_dir(directory)?.map(|entry| entry.map(|entry| entry.path())).collect();
        entries
    });
    let mut entries = match entries {
        Ok(entries) => entries,
        Err(error) => return runs.push(unread(directory, &said(&error))),
    };
    entries.sort();
    for entry in entries {
        if entry.is_dir() {
            walk(&entry, seen, runs);
        } else if entry.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json")) {
            runs.push(run_case(&entry));
        }
    }
}

fn run_case(path: &Path) -> Run {
    let text = fs::File::open(path).map_err(|error| said(&error)).and_then(limited);
    let case = text.and_then(|text| Case::read(&text).map_err(|error| error.to_string()));
    let outcome = case.map(|case| {
        let judged = case.judge();
        (case, judged)
    });
    Run { file: path.display().to_string(), outcome }
}

fn unread(path: &Path, why: &str) -> Run {
    Run { file: path.display().to_string(), outcome: Err(why.to_owned()) }
}

/// Reads text of at most so many bytes. A byte order mark before it is left out.
fn limited(from: impl Read) -> Result<String, String> {
    let mut bytes = Vec::new();
    from.take(LARGEST_FILE + 1).read_to_end(&mut bytes).map_err(|error| said(&error))?;
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(format!("it has more than {} MiB, which no policy document has", LARGEST_FILE / 1024 / 1024));
    }
    let text = String::from_utf8(bytes)
        .map_err(|error| format!("it is not UTF-8 from byte {} on", error.utf8_error().valid_up_to()))?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

/// What the operating system said, in our words where they are plainer.
fn said(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".into(),
        io::ErrorKind::IsADirectory => "it is a directory".into(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests;
