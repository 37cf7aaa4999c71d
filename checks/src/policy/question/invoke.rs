//! May S3 invoke the function for these buckets and no others, and no other service for anybody's resources?

use std::collections::BTreeMap;

use serde_json::json;

use crate::policy::counterexample::{Correction, Counterexample};
use crate::policy::evaluate::{self, Facts, Truth};
use crate::policy::model::{Document, Principal, Version};
use crate::policy::parse::{Sort, parse};
use crate::policy::question::class::{class, estrange, named, some_service};
use crate::policy::question::correct::{Change, correction};
use crate::policy::question::public::{asked_statement, regions};
use crate::policy::question::show::Shown;
use crate::policy::question::{Ruling, Setting, unreadable};
use crate::policy::request::{Caller, Held, Request};
use crate::policy::search::{Act, Answer, Claim, Fixed, Party, Strangers, search};

const DOCUMENT: &str = "function policy";
const S3: &str = "s3.amazonaws.com";
const INVOKE: &str = "lambda:InvokeFunction";

/// What is asked of the policy of a function, or of one of its versions or aliases.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// The ARNs of the buckets whose notifications invoke it; without one S3 need not be let in.
    pub(crate) invoking: Vec<String>,
    /// The ARNs of all buckets for which S3 may be let in.
    pub(crate) buckets: Vec<String>,
    /// Whether S3 has to be bound to the account too.
    pub(crate) require_source_account: bool,
}

/// Judges the policy of the function, version or alias that the setting names by its ARN; `None` where it has none. The
/// question does not arise where nothing invokes it and S3 is let in nowhere.
pub(crate) fn judge(policy: Option<&str>, asked: &Asked, setting: &Setting) -> Ruling {
    judged(policy, asked, setting, true)
}

fn judged(policy: Option<&str>, asked: &Asked, setting: &Setting, correcting: bool) -> Ruling {
    let Some(arn) = &setting.resource else {
        return Ruling::Undecided { reason: "the question is about one function: name its ARN".into() };
    };
    let document = match policy.map(|text| parse(text, Sort::Resource)) {
        Some(Ok(document)) => document,
        Some(Err(error)) => return unreadable(DOCUMENT, &error),
        None => Document { version: Version::V2012, id: None, statements: Vec::new() },
    };
    let question = Question { text: policy, document: &document, arn, asked, setting, correcting };
    let mut doubt = None;
    let open = [question.other_buckets(), question.other_accounts(), question.other_services()];
    let missing = asked.invoking.iter().map(|bucket| question.missing(bucket));
    for ruling in open.into_iter().chain(missing).flatten() {
        match ruling {
            fail @ Ruling::Fail { .. } => return fail,
            Ruling::Undecided { reason } => {
                doubt.get_or_insert(reason);
            }
            Ruling::Pass { .. } | Ruling::NotApplicable { .. } => {}
        }
    }
    if let Some(reason) = doubt {
        return Ruling::Undecided { reason };
    }
    let bounds = if asked.require_source_account { "bucket and account" } else { "bucket" };
    if !asked.invoking.is_empty() {
        let buckets = asked.invoking.join(", ");
        return Ruling::Pass {
            proved: format!(
                "S3 may invoke {arn} for {buckets}, bound by {bounds}, and no service for anybody's resources"
            ),
            notes: question.beyond(),
        };
    }
    match search(&[&document], Claim::NotAllowed, &question.class(vec![s3()], [])) {
        Answer::Undecided(reason) => Ruling::Undecided { reason },
        Answer::Proved => Ruling::NotApplicable {
            reason: format!("S3 is not let in to {arn}, and no other service for anybody's resources"),
            notes: Vec::new(),
        },
        Answer::Refuted(_) => Ruling::Pass {
            proved: format!("S3 is let in to {arn} only bound by {bounds}, and no service for anybody's resources"),
            notes: question.beyond(),
        },
    }
}

fn s3() -> Party {
    Party::Exactly(Caller::Service(S3.into()))
}

struct Question<'a> {
    text: Option<&'a str>,
    document: &'a Document,
    arn: &'a str,
    asked: &'a Asked,
    setting: &'a Setting,
    correcting: bool,
}

impl Question<'_> {
    fn class<const N: usize>(
        &self,
        parties: Vec<Party>,
        fixed: [(&'static str, Fixed); N],
    ) -> crate::policy::search::Class {
        class(&[self.document], self.setting, parties, regions("lambda", self.setting), fixed)
    }

    /// Whether S3 is let in for a bucket that is not meant.
    fn other_buckets(&self) -> Option<Ruling> {
        let fixed = [("aws:sourcearn", Fixed::NoneOf(self.asked.buckets.clone()))];
        let asked = self.class(vec![s3()], fixed);
        self.open(&asked, "aws:SourceArn", "for a bucket that is not audited", "S3 is not bound to the bucket")
    }

    /// Whether S3 is let in for a bucket of that name in another account.
    fn other_accounts(&self) -> Option<Ruling> {
        if !self.asked.require_source_account {
            return None;
        }
        let fixed = [("aws:sourceaccount", Fixed::NoneOf(vec![self.setting.account.clone()]))];
        let asked = self.class(vec![s3()], fixed);
        self.open(&asked, "aws:SourceAccount", "for a bucket of another account", "S3 is not bound to the account")
    }

    /// Whether another service is let in whatever resource and account it acts for.
    fn other_services(&self) -> Option<Ruling> {
        let mut parties: Vec<Party> = named(&[self.document])
            .into_iter()
            .filter_map(|principal| match principal {
                Principal::Service(name) if name != S3 => Some(Party::Exactly(Caller::Service(name.clone()))),
                Principal::Service(_)
                | Principal::Everyone
                | Principal::Account(_)
                | Principal::User { .. }
                | Principal::Role { .. }
                | Principal::Session { .. }
                | Principal::Federated(_)
                | Principal::CanonicalUser(_)
                | Principal::Deleted(_)
                | Principal::Other { .. } => None,
            })
            .collect();
        parties.push(some_service());
        let asked = estrange(self.class(parties, []), Strangers::Anybody);
        match search(&[self.document], Claim::NotAllowed, &asked) {
            Answer::Proved => None,
            Answer::Undecided(reason) => Some(Ruling::Undecided { reason }),
            Answer::Refuted(request) => {
                let absent: Vec<&str> = ["aws:SourceArn", "aws:SourceAccount"]
                    .into_iter()
                    .filter(|key| !request.context.contains_key(&key.to_ascii_lowercase()))
                    .collect();
                let counterexample = self.shown(&request, &absent, "for anybody's resources");
                Some(Ruling::Fail {
                    why: format!("a service is not bound: {}", counterexample.sentence),
                    counterexample: Box::new(counterexample),
                    correction: None,
                    notes: Vec::new(),
                })
            }
        }
    }

    fn open(&self, asked: &crate::policy::search::Class, key: &str, what: &str, why: &str) -> Option<Ruling> {
        match search(&[self.document], Claim::NotAllowed, asked) {
            Answer::Proved => None,
            Answer::Undecided(reason) => Some(Ruling::Undecided { reason }),
            Answer::Refuted(request) => {
                let has = request.context.contains_key(&key.to_ascii_lowercase());
                let absent: &[&str] = if has { &[] } else { &[key] };
                let counterexample = self.shown(&request, absent, what);
                let named = [(DOCUMENT, self.document)];
                let correction =
                    asked_statement(&named, &request, self.setting).and_then(|(_, index)| self.correct(Some(index)));
                Some(Ruling::Fail {
                    why: format!("{why}: {}", counterexample.sentence),
                    counterexample: Box::new(counterexample),
                    correction,
                    notes: Vec::new(),
                })
            }
        }
    }

    fn shown(&self, request: &Request, absent: &[&str], what: &str) -> Counterexample {
        let named = [(DOCUMENT, self.document)];
        Shown { documents: &named, partition: &self.setting.partition, absent }.describe(request, what)
    }

    /// Whether S3 cannot invoke the function for the bucket.
    fn missing(&self, bucket: &str) -> Option<Ruling> {
        let one = |value: &str| Held::One(value.to_owned());
        let context = BTreeMap::from([
            ("aws:sourcearn".to_owned(), one(bucket)),
            ("aws:sourceaccount".to_owned(), one(&self.setting.account)),
            ("aws:securetransport".to_owned(), one("true")),
        ]);
        let request = Request {
            caller: Caller::Service(S3.into()),
            action: INVOKE.into(),
            resource: self.arn.to_owned(),
            context,
        };
        let facts = Facts { request: &request, partition: &self.setting.partition };
        let undecided = |reason: String| Some(Ruling::Undecided { reason });
        match evaluate::allowed(&[self.document], &facts) {
            Truth::Yes => return None,
            Truth::Unknown => {
                return undecided(format!("whether S3 may invoke {} for {bucket} cannot be told", self.arn));
            }
            Truth::No => {}
        }
        // Other keys of the request may still let it in; nobody documents them for S3.
        let mut asked = self.class(
            vec![s3()],
            [
                ("aws:sourcearn", Fixed::Value(bucket.to_owned())),
                ("aws:sourceaccount", Fixed::Value(self.setting.account.clone())),
                ("aws:securetransport", Fixed::Is("true")),
            ],
        );
        for region in &mut asked.regions {
            region.words.keep(&[crate::policy::words::Glob::new().text(self.arn)].into());
            region.acts = vec![Act::new(INVOKE)];
        }
        match search(&[self.document], Claim::NotAllowed, &asked) {
            Answer::Refuted(_) => {
                return undecided(format!(
                    "S3 may invoke {} for {bucket} only with condition keys of which it is not known whether S3 sends \
                     them",
                    self.arn
                ));
            }
            Answer::Undecided(reason) => return undecided(reason),
            Answer::Proved => {}
        }
        let denied = evaluate::denied(&[self.document], &facts) == Truth::Yes;
        let cause = match (self.text, denied) {
            (None, _) => "it has no policy",
            (Some(_), true) => "a statement denies it",
            (Some(_), false) => "no statement allows it",
        };
        let why = format!("S3 cannot invoke {} for {bucket}: {cause}", self.arn);
        let mut counterexample = self.shown(&request, &[], "");
        counterexample.sentence.clone_from(&why);
        counterexample.context.remove("aws:SecureTransport");
        counterexample.allowed_by = None;
        counterexample.nearest_deny = None;
        Some(Ruling::Fail {
            why,
            counterexample: Box::new(counterexample),
            correction: self.correct(None),
            notes: Vec::new(),
        })
    }

    /// What S3 may do beside invoking.
    fn beyond(&self) -> Vec<String> {
        let mut asked = self.class(vec![s3()], []);
        for region in &mut asked.regions {
            region.acts.retain(|act| act.shown != INVOKE);
        }
        match search(&[self.document], Claim::NotAllowed, &asked) {
            Answer::Refuted(request) => {
                vec![format!("S3 is allowed more than {INVOKE}, such as {}", request.action)]
            }
            Answer::Proved | Answer::Undecided(_) => Vec::new(),
        }
    }

    /// The statement that lets S3 in for the one bucket, added or in place of another.
    fn correct(&self, index: Option<usize>) -> Option<Correction> {
        let [bucket] = self.asked.buckets.as_slice() else { return None };
        if !self.correcting {
            return None;
        }
        let mut condition = json!({"ArnLike": {"AWS:SourceArn": bucket}});
        if self.asked.require_source_account {
            condition
                .as_object_mut()?
                .insert("StringEquals".into(), json!({"AWS:SourceAccount": self.setting.account}));
        }
        let statement = json!({
            "Sid": "s3-invoke",
            "Effect": "Allow",
            "Principal": {"Service": S3},
            "Action": INVOKE,
            "Resource": self.arn,
            "Condition": condition,
        });
        let (change, instruction) = match index {
            Some(index) => (
                Change::Replace(index, vec![statement]),
                format!(
                    "replace statement {} of the {DOCUMENT} by this one, which lets S3 in for the bucket",
                    index + 1
                ),
            ),
            None => (
                Change::Add(vec![statement]),
                format!("add this statement to the {DOCUMENT} with `aws lambda add-permission`"),
            ),
        };
        correction(self.text, &change, &instruction, "lambda-invoke-permission-s3-scoped", |text| {
            judged(Some(text), self.asked, self.setting, false)
        })
    }
}
