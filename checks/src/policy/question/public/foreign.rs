//! Can nobody of another account that is not trusted use the resource?

use crate::policy::model::{Document, Effect, Principal, Principals, Statement, Version};
use crate::policy::question::class::{caller, class, estrange, invented, known_accounts};
use crate::policy::question::public::{Policies, asked_statement, correct, nobody, reach, read, regions};
use crate::policy::question::show::Shown;
use crate::policy::question::{Ruling, Setting};
use crate::policy::request::Caller;
use crate::policy::search::{Answer, Claim, Fixed, Party, Strangers, search};

/// Judges whether the policies of a resource together allow anything to a principal of an account other than the own and
/// the trusted ones, or to a canonical user that is not trusted; each policy has a name for the reader.
///
/// The trusted accounts of the setting may hold canonical user ids; the owner's own id has to be among them where a
/// policy may name it, because no ARN tells whose it is. An account that is named counts whatever organisation or
/// network a condition asks of it. Strangers are the matter of [`super::judge`], and so is whoever is let in by an
/// organisation or a network alone.
pub(crate) fn cross_account(policies: &[(&str, &str)], setting: &Setting) -> Ruling {
    judged(policies, setting, true)
}

/// Judges both: that no stranger is allowed anything, and nobody of another account that is not trusted.
pub(crate) fn closed(policies: &[(&str, &str)], setting: &Setting) -> Ruling {
    match (super::judge(policies, setting), cross_account(policies, setting)) {
        (fail @ Ruling::Fail { .. }, _) | (_, fail @ Ruling::Fail { .. }) => fail,
        (doubt @ Ruling::Undecided { .. }, _) | (_, doubt @ Ruling::Undecided { .. }) => doubt,
        (none @ Ruling::Pass { .. }, _) if policies.is_empty() => none,
        (Ruling::Pass { notes, .. }, Ruling::Pass { .. }) => Ruling::Pass {
            proved: "no stranger is allowed any action, and no principal of an account other than the own and the \
                     trusted ones"
                .into(),
            notes,
        },
        (none @ Ruling::NotApplicable { .. }, _) | (_, none @ Ruling::NotApplicable { .. }) => none,
    }
}

fn judged(policies: &[(&str, &str)], setting: &Setting, correcting: bool) -> Ruling {
    let Policies { parsed, service } = match read(policies, setting) {
        Ok(Some(policies)) => policies,
        Ok(None) => return nobody(),
        Err(reason) => return Ruling::Undecided { reason },
    };
    let documents: Vec<&Document> = parsed.iter().map(|(.., document)| document).collect();
    let named: Vec<(&str, &Document)> = parsed.iter().map(|(name, _, document)| (*name, document)).collect();
    let foreign = Foreign { setting, service: &service };
    let mut doubt = None;
    for answer in [foreign.named(&documents), foreign.described(&documents), foreign.described_by_account(&documents)] {
        match answer {
            Answer::Proved => {}
            Answer::Undecided(reason) => {
                doubt.get_or_insert(reason);
            }
            Answer::Refuted(request) => {
                let shown = Shown { documents: &named, partition: &setting.partition, absent: &[] };
                let counterexample = Box::new(shown.describe(&request, "from another account"));
                let place = asked_statement(&named, &request, setting);
                let correction =
                    if correcting { correct(&parsed, place, "cross-account", setting, judged) } else { None };
                let why = format!("cross-account: {}", counterexample.sentence);
                return Ruling::Fail { why, counterexample, correction, notes: Vec::new() };
            }
        }
    }
    match doubt {
        Some(reason) => Ruling::Undecided { reason },
        None => Ruling::Pass {
            proved: "no principal of an account other than the own and the trusted ones is allowed any action".into(),
            notes: Vec::new(),
        },
    }
}

struct Foreign<'a> {
    setting: &'a Setting,
    service: &'a str,
}

impl Foreign<'_> {
    /// Those whom an Allow names. They may have every value: who names them means them, wherever they come from.
    fn named(&self, documents: &[&Document]) -> Answer {
        let mut parties = Vec::new();
        for statement in allows(documents) {
            let Principals::Only(principals) = &statement.principals else { continue };
            for principal in principals.iter().filter(|principal| self.is_foreign(principal)) {
                if let Principal::Account(account) = principal {
                    parties.push(Party::SomeoneOf(account.clone()));
                    parties.push(Party::Exactly(Caller::Root { account: account.clone() }));
                }
                parties.extend(caller(principal).map(Party::Exactly));
            }
        }
        parties.dedup();
        let meaning = |statement: &Statement| match &statement.principals {
            Principals::Only(principals) => principals.iter().any(|principal| self.is_foreign(principal)),
            Principals::AllBut(_) | Principals::Unstated => false,
        };
        self.ask(documents, parties, Strangers::No, None, meaning)
    }

    /// Those whom an Allow describes without a principal of its own for them, such as everyone of account A by
    /// `aws:PrincipalAccount`.
    fn described(&self, documents: &[&Document]) -> Answer {
        let parties = self.others(documents);
        self.ask(documents, parties, Strangers::Anybody, reach(self.service), describes)
    }

    /// The same where strangers do not reach the resource: an Allow that speaks of another account means those of its
    /// principals who do.
    fn described_by_account(&self, documents: &[&Document]) -> Answer {
        if reach(self.service).is_none() {
            return Answer::Proved;
        }
        let meaning = |statement: &Statement| describes(statement) && self.speaks_of_another(statement);
        self.ask(documents, self.others(documents), Strangers::Anybody, None, meaning)
    }

    /// Somebody, and the root, of each account that the documents mention and that is neither the own nor trusted.
    fn others(&self, documents: &[&Document]) -> Vec<Party> {
        let mut parties = Vec::new();
        for account in known_accounts(documents, self.setting) {
            if self.is_other(&account) {
                parties.push(Party::SomeoneOf(account.clone()));
                parties.push(Party::Exactly(Caller::Root { account }));
            }
        }
        parties
    }

    fn speaks_of_another(&self, statement: &Statement) -> bool {
        let alone = Document { version: Version::V2012, id: None, statements: vec![statement.clone()] };
        known_accounts(&[&alone], self.setting).iter().any(|account| self.is_other(account))
    }

    /// Whether these parties are allowed nothing by the Allows that are meant, after every Deny, when they reach the
    /// resource like this.
    fn ask(
        &self,
        documents: &[&Document],
        parties: Vec<Party>,
        strangers: Strangers,
        reached: Option<(&'static str, Fixed)>,
        meant: impl Fn(&Statement) -> bool,
    ) -> Answer {
        if parties.is_empty() {
            return Answer::Proved;
        }
        let left: Vec<Document> = documents
            .iter()
            .map(|document| {
                let mut left = (*document).clone();
                left.statements.retain(|statement| statement.effect == Effect::Deny || meant(statement));
                left
            })
            .collect();
        let left: Vec<&Document> = left.iter().collect();
        let regions = regions(self.service, self.setting);
        let asked = class(documents, self.setting, parties, regions, reached);
        let mut asked = match strangers {
            Strangers::No => asked,
            Strangers::Anybody | Strangers::OfOtherAccounts => estrange(asked, strangers),
        };
        let answer = search(&left, Claim::NotAllowed, &asked);
        if answer != Answer::Proved {
            return answer;
        }
        for region in &mut asked.regions {
            region.acts = vec![invented(self.service)];
        }
        search(&left, Claim::NotAllowed, &asked)
    }

    fn is_foreign(&self, principal: &Principal) -> bool {
        match principal {
            Principal::Account(account)
            | Principal::User { account, .. }
            | Principal::Role { account, .. }
            | Principal::Session { account, .. } => self.is_other(account),
            Principal::CanonicalUser(id) => !self.setting.trusted_accounts.contains(id),
            // Who these are is asked by what the statement describes, or they are nobody's account.
            Principal::Everyone
            | Principal::Service(_)
            | Principal::Federated(_)
            | Principal::Deleted(_)
            | Principal::Other { .. } => false,
        }
    }

    /// Whether this is an account, neither the own nor a trusted one.
    fn is_other(&self, account: &str) -> bool {
        let is_account = account.len() == 12 && account.bytes().all(|letter| letter.is_ascii_digit());
        is_account && account != self.setting.account && !self.setting.trusted_accounts.iter().any(|one| one == account)
    }
}

/// Whether a statement lets callers in by what they are, not by their names.
fn describes(statement: &Statement) -> bool {
    match &statement.principals {
        Principals::Only(principals) => {
            principals.iter().any(|one| matches!(one, Principal::Everyone | Principal::Other { .. }))
        }
        Principals::AllBut(_) => true,
        Principals::Unstated => false,
    }
}

fn allows<'a>(documents: &[&'a Document]) -> impl Iterator<Item = &'a Statement> {
    let statements: Vec<&Statement> = documents
        .iter()
        .flat_map(|document| &document.statements)
        .filter(|statement| statement.effect == Effect::Allow)
        .collect();
    statements.into_iter()
}

#[cfg(test)]
mod tests;
