//! Shows a request that refutes a claim: who, what, on which resource, with which context, and why nothing caught it.

use std::collections::BTreeMap;

use crate::policy::counterexample::{Counterexample, NearMiss, cite};
use crate::policy::evaluate::{self, Facts, Truth};
use crate::policy::model::{Document, Effect, Statement};
use crate::policy::request::{Caller, Held, Request};

/// Condition keys whose usual spelling is not told by a document that does not mention them.
const SPELLED: [&str; 8] = [
    "aws:SecureTransport",
    "aws:SourceArn",
    "aws:SourceAccount",
    "s3:x-amz-server-side-encryption",
    "s3:x-amz-server-side-encryption-aws-kms-key-id",
    "s3:x-amz-server-side-encryption-customer-algorithm",
    "sts:ExternalId",
    "elasticfilesystem:AccessedViaMountTarget",
];

/// Condition keys that say whose the resource is, which every request of the account's own resources holds.
const OF_THE_RESOURCE: [&str; 3] = ["aws:resourceaccount", "s3:resourceaccount", "aws:resourceorgid"];

/// What a request shows: that it is not denied, or that it is allowed.
pub(super) struct Shown<'a> {
    /// The documents, each with its name for the reader.
    pub(super) documents: &'a [(&'a str, &'a Document)],
    /// The partition.
    pub(super) partition: &'a str,
    /// Keys that matter by being absent.
    pub(super) absent: &'a [&'a str],
}

impl Shown<'_> {
    /// Describes the request; `what` says in a few words what is wrong about it, such as `without TLS`.
    pub(super) fn describe(&self, request: &Request, what: &str) -> Counterexample {
        let facts = Facts { request, partition: self.partition };
        let principal = name(&request.caller, self.partition);
        let allowed_by = self
            .of(Effect::Allow)
            .find(|(_, statement)| evaluate::statement(statement, &facts) == Truth::Yes)
            .map(|(document, statement)| cite(document, statement));
        let nearest = self
            .of(Effect::Deny)
            .map(|(document, statement)| (document, statement, evaluate::mismatches(statement, &facts)))
            .filter(|(_, _, mismatches)| !mismatches.is_empty())
            // Of those that miss by as little, the one that asks about what is shown here is the one that was meant.
            .min_by_key(|(_, statement, mismatches)| (mismatches.len(), !self.is_about(statement, request)));
        let mut context = self.context(request);
        let mut because = match &allowed_by {
            Some(cited) => format!("{} of the {} allows it", cited.statement, cited.document),
            None => "no statement denies it".to_owned(),
        };
        let nearest_deny = nearest.map(|(document, statement, mismatches)| {
            because = format!(
                "{because}, and {} does not catch it because {}",
                statement.name(),
                mismatches.iter().map(|mismatch| mismatch.why.clone()).collect::<Vec<_>>().join(", and ")
            );
            for test in &statement.conditions {
                if facts.get(&test.key).is_none() {
                    context.entry(test.key_text.clone()).or_insert(None);
                }
            }
            NearMiss {
                statement: cite(document, statement),
                slipped: mismatches
                    .into_iter()
                    .map(|mismatch| format!("{}: {}", mismatch.part, mismatch.why))
                    .collect(),
            }
        });
        let sentence = format!("{principal} can call {} on {} {what}: {because}", request.action, request.resource);
        Counterexample {
            sentence,
            principal: Some(principal),
            action: Some(request.action.clone()),
            resource: Some(request.resource.clone()),
            context,
            allowed_by,
            nearest_deny,
        }
    }

    /// Whether a statement tests a key that the request was made up to hold or to lack.
    fn is_about(&self, statement: &Statement, request: &Request) -> bool {
        let matters = |key: &str| {
            let held = request.context.contains_key(key) && !OF_THE_RESOURCE.contains(&key);
            held || self.absent.iter().any(|absent| absent.eq_ignore_ascii_case(key))
        };
        statement.conditions.iter().any(|test| matters(&test.key))
    }

    fn of(&self, effect: Effect) -> impl Iterator<Item = (&str, &Statement)> {
        self.documents.iter().flat_map(move |(name, document)| {
            let statements = document.statements.iter().filter(move |statement| statement.effect == effect);
            statements.map(|statement| (*name, statement))
        })
    }

    fn context(&self, request: &Request) -> BTreeMap<String, Option<String>> {
        let mut context = BTreeMap::new();
        for (key, held) in &request.context {
            if OF_THE_RESOURCE.contains(&key.as_str()) && !self.mentions(key) {
                continue;
            }
            let value = match held {
                _ if key == "sts:externalid" => "(a value that the policy does not name)".to_owned(),
                Held::One(value) => value.clone(),
                Held::Many(values) => values.join(", "),
                Held::Doubtful => continue,
            };
            context.insert(self.spelled(key), Some(value));
        }
        for key in self.absent {
            context.entry((*key).to_owned()).or_insert(None);
        }
        context
    }

    /// A key as the documents write it, or as AWS does.
    fn spelled(&self, key: &str) -> String {
        let usual = SPELLED.into_iter().find(|spelled| spelled.eq_ignore_ascii_case(key));
        usual.or(self.written(key)).map_or_else(|| key.to_owned(), str::to_owned)
    }

    /// Whether a document holds the key anywhere, in a variable too.
    fn mentions(&self, key: &str) -> bool {
        let mut statements = self.documents.iter().flat_map(|(_, document)| &document.statements);
        statements.any(|statement| statement.source.to_ascii_lowercase().contains(key))
    }

    /// A key as the first test on it in the documents writes it.
    fn written(&self, key: &str) -> Option<&str> {
        self.documents
            .iter()
            .flat_map(|(_, document)| &document.statements)
            .flat_map(|statement| &statement.conditions)
            .find(|test| test.key == key)
            .map(|test| test.key_text.as_str())
    }
}

/// How a reader knows a caller.
pub(super) fn name(caller: &Caller, partition: &str) -> String {
    match caller {
        Caller::Anonymous => "anonymous".into(),
        Caller::Root { .. } | Caller::User { .. } | Caller::Role { .. } => {
            caller.arn(partition).unwrap_or_else(|| "a caller".into())
        }
        Caller::Service(name) | Caller::Federated(name) => name.clone(),
        Caller::CanonicalUser(id) => format!("canonical user {id}"),
    }
}
