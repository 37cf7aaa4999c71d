//! Is every request without TLS explicitly denied? What [`super::bucket_tls`] and [`super::topic_tls`] share.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::policy::counterexample::{Correction, Counterexample};
use crate::policy::model::{Document, Effect, Statement, Version};
use crate::policy::parse::{Sort, parse};
use crate::policy::question::class::{class, everybody, own};
use crate::policy::question::correct::{Change, correction, statement};
use crate::policy::question::show::Shown;
use crate::policy::question::{Ruling, Setting, unreadable};
use crate::policy::search::{Answer, Claim, Fixed, Region, search};

const TRANSPORT: &str = "aws:securetransport";

/// What must not be reached without TLS.
pub(super) struct Guarded {
    /// What the resource is, such as `bucket`.
    pub(super) what: &'static str,
    /// The policy's name for the reader, such as `bucket policy`.
    pub(super) document: &'static str,
    /// The resources with the actions on them.
    pub(super) regions: Vec<Region>,
    /// The service by its name, and the same resources with an action that it does not have today; `None` where the
    /// actions are fixed.
    pub(super) yet_to_come: Option<(&'static str, Vec<Region>)>,
    /// What a pass proves of them.
    pub(super) proved: &'static str,
    /// The Deny that mends a policy.
    pub(super) deny: Value,
    /// What a correction is judged by again, as reports name it.
    pub(super) question: &'static str,
}

impl Guarded {
    /// Judges the resource's policy; `None` where it has none.
    pub(super) fn judge(&self, policy: Option<&str>, setting: &Setting) -> Ruling {
        self.judged(policy, setting, true)
    }

    fn judged(&self, policy: Option<&str>, setting: &Setting, correcting: bool) -> Ruling {
        let document = match policy.map(|text| parse(text, Sort::Resource)).transpose() {
            Ok(document) => document,
            Err(error) => return unreadable(self.document, &error),
        };
        let documents: Vec<&Document> = document.iter().collect();
        match without_tls(&documents, &self.regions, setting) {
            Answer::Undecided(reason) => Ruling::Undecided { reason },
            Answer::Refuted(request) => {
                let named: Vec<_> = documents.iter().map(|document| (self.document, *document)).collect();
                let shown = Shown { documents: &named, partition: &setting.partition, absent: &[] };
                let counterexample = Box::new(shown.describe(&request, "without TLS"));
                let why = match policy {
                    None => format!("there is no {}, so nothing denies requests without TLS", self.document),
                    Some(_) => format!("not every request without TLS is denied: {}", counterexample.brief()),
                };
                let correction = if correcting { self.correct(policy, setting) } else { None };
                Ruling::Fail { why, counterexample, correction, notes: Vec::new() }
            }
            Answer::Proved => {
                let mut notes = Vec::new();
                notes.extend(self.incomplete(&documents, setting));
                notes.extend(self.locks_out(&documents, setting));
                Ruling::Pass { proved: self.proved.into(), notes }
            }
        }
    }

    /// Judges whether one Deny alone holds what [`Guarded::judge`] found the whole policy to hold.
    pub(super) fn by_one_statement(&self, policy: &str, setting: &Setting) -> Ruling {
        let document = match parse(policy, Sort::Resource) {
            Ok(document) => document,
            Err(error) => return unreadable(self.document, &error),
        };
        let version = match document.version {
            Version::V2008 => "2008-10-17",
            Version::V2012 => "2012-10-17",
        };
        let denies: Vec<&Statement> =
            document.statements.iter().filter(|statement| statement.effect == Effect::Deny).collect();
        let mut undecided = None;
        for deny in &denies {
            let Some(deny) = statement(policy, deny.index) else { continue };
            match self.judged(Some(&json!({"Version": version, "Statement": [deny]}).to_string()), setting, false) {
                pass @ Ruling::Pass { .. } => return pass,
                doubt @ Ruling::Undecided { .. } => undecided = undecided.or(Some(doubt)),
                Ruling::Fail { .. } | Ruling::NotApplicable { .. } => {}
            }
        }
        if let Some(doubt) = undecided {
            return doubt;
        }
        let names: Vec<String> = denies.iter().map(|deny| deny.name()).collect();
        let why = format!("no Deny alone covers every request without TLS; together they do: {}", names.join(", "));
        let counterexample = Counterexample {
            sentence: why.clone(),
            principal: None,
            action: None,
            resource: None,
            context: BTreeMap::new(),
            allowed_by: None,
            nearest_deny: None,
        };
        let correction = self.correct(Some(policy), setting);
        Ruling::Fail { why, counterexample: Box::new(counterexample), correction, notes: Vec::new() }
    }

    /// Says so where the policy covers only the actions that the service has today.
    fn incomplete(&self, documents: &[&Document], setting: &Setting) -> Option<String> {
        let (service, regions) = self.yet_to_come.as_ref()?;
        match without_tls(documents, regions, setting) {
            Answer::Proved => None,
            Answer::Refuted(_) | Answer::Undecided(_) => Some(format!(
                "the policy names its actions one by one: that is complete for the {service} actions known on {}, and \
                 an action that {service} adds later is not covered",
                crate::policy::action::catalogue().date()
            )),
        }
    }

    /// Says so where the policy denies the account's own requests over TLS as well.
    fn locks_out(&self, documents: &[&Document], setting: &Setting) -> Option<String> {
        let fixed = [(TRANSPORT, Fixed::Is("true"))];
        let class = class(documents, setting, own(documents, setting), self.regions.clone(), fixed);
        match search(documents, Claim::Denied, &class) {
            Answer::Proved => {
                Some("the policy denies the account's own requests over TLS as well: nobody can work".into())
            }
            Answer::Refuted(_) | Answer::Undecided(_) => None,
        }
    }

    fn correct(&self, policy: Option<&str>, setting: &Setting) -> Option<Correction> {
        let instruction = match policy {
            Some(_) => format!("add this statement to the {} and keep the others", self.document),
            None => format!("give the {} a policy with this statement", self.what),
        };
        correction(policy, &Change::Add(vec![self.deny.clone()]), &instruction, self.question, |text| {
            self.judged(Some(text), setting, false)
        })
    }
}

fn without_tls(documents: &[&Document], regions: &[Region], setting: &Setting) -> Answer {
    let fixed = [(TRANSPORT, Fixed::Is("false"))];
    let class = class(documents, setting, everybody(documents, setting), regions.to_vec(), fixed);
    search(documents, Claim::Denied, &class)
}
