//! Who can become a role: nobody but the own account, services, trusted accounts and expected identity providers?

use std::collections::BTreeMap;

use crate::policy::counterexample::{Counterexample, cite};
use crate::policy::model::{Document, Effect, Principal, Principals, Relation, Statement, Test};
use crate::policy::parse::{Sort, parse};
use crate::policy::question::class::{caller, class, estrange, known_accounts, some_service, strangers};
use crate::policy::question::trust::ids::service_names;
use crate::policy::question::trust::{DOCUMENT, ORGANISATION, Trust};
use crate::policy::question::{Ruling, Setting, unreadable};
use crate::policy::request::{Caller, Request};
use crate::policy::search::{Act, Answer, Claim, Fixed, OWN_ORGANISATION, Party, Region, Strangers, search};
use crate::policy::words::Glob;

const PATHS: &str = "aws:principalorgpaths";
const ENTRANCES: [&str; 3] = ["sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML"];

/// Who is expected to become the role, beside the own account and the setting's trusted ones.
#[derive(Clone, Copy)]
pub(crate) struct Expected<'a> {
    /// Services, by the part of their name before the domain and without a region.
    pub(crate) services: &'a [String],
    /// Whether a service that is not listed is refuted rather than noted.
    pub(crate) strict: bool,
    /// Identity providers, by ARN, or by the name in the ARN of a provider of the own account.
    pub(crate) federated: &'a [String],
}

/// Judges who can become the role, by whichever action of STS.
pub(crate) fn principals(policy: &str, expected: Expected<'_>, setting: &Setting) -> Ruling {
    let document = match parse(policy, Sort::Trust) {
        Ok(document) => document,
        Err(error) => return unreadable(DOCUMENT, &error),
    };
    let trust = Trust { text: policy, document: &document, setting };
    let mut found = Found { failures: Vec::new(), doubt: None, notes: trust.notes() };
    trust.left_out(&mut found);
    trust.strangers(&mut found);
    trust.organisations(&mut found);
    trust.accounts(&mut found);
    trust.providers(expected, &mut found);
    trust.services_expected(expected, &mut found);
    trust.own(&mut found);
    found.ruling()
}

/// What was found of all who could become the role.
struct Found {
    failures: Vec<(String, Counterexample)>,
    doubt: Option<String>,
    notes: Vec<String>,
}

impl Found {
    fn doubt(&mut self, reason: String) {
        self.doubt.get_or_insert(reason);
    }

    fn ruling(self) -> Ruling {
        let why: Vec<&str> = self.failures.iter().map(|(why, _)| why.as_str()).collect();
        let why = why.join("; ");
        match (self.failures.into_iter().next(), self.doubt) {
            (Some((_, counterexample)), _) => {
                Ruling::Fail { why, counterexample: Box::new(counterexample), correction: None, notes: self.notes }
            }
            (None, Some(reason)) => Ruling::Undecided { reason },
            (None, None) => Ruling::Pass {
                proved:
                    "beside the own account nobody can assume the role but services, trusted accounts and expected \
                         identity providers"
                        .into(),
                notes: self.notes,
            },
        }
    }
}

impl Trust<'_> {
    /// Whether these parties can become the role by the Allows that are meant, after every Deny.
    fn entered(
        &self,
        parties: Vec<Party>,
        strange: Strangers,
        fixed: Vec<(&'static str, Fixed)>,
        meant: impl Fn(&Statement) -> bool,
    ) -> Answer {
        if parties.is_empty() {
            return Answer::Proved;
        }
        let mut left: Document = self.document.clone();
        left.statements.retain(|statement| statement.effect == Effect::Deny || meant(statement));
        let region = Region::of(vec![Glob::new().text(&self.role())], ENTRANCES.map(Act::new).into());
        let asked = class(&[self.document], self.setting, parties, vec![region], fixed);
        let asked = match strange {
            Strangers::No => asked,
            Strangers::Anybody | Strangers::OfOtherAccounts => estrange(asked, strange),
        };
        search(&[&left], Claim::NotAllowed, &asked)
    }

    fn failed(&self, found: &mut Found, who: &str, request: &Request, what: &str) {
        let counterexample = self.shown(request, what);
        found.failures.push((format!("{who}: {}", counterexample.sentence), counterexample));
    }

    /// An Allow that leaves out whom it names lets in everybody else; IAM does not support it in trust policies either.
    fn left_out(&self, found: &mut Found) {
        for statement in allows(self.document) {
            if matches!(statement.principals, Principals::AllBut(_)) {
                let why = format!("{} allows everybody but those whom it names (NotPrincipal)", statement.name());
                let counterexample = Counterexample {
                    sentence: why.clone(),
                    principal: None,
                    action: None,
                    resource: None,
                    context: BTreeMap::new(),
                    allowed_by: Some(cite(DOCUMENT, statement)),
                    nearest_deny: None,
                };
                found.failures.push((why, counterexample));
            }
        }
    }

    fn strangers(&self, found: &mut Found) {
        let parties = strangers();
        match self.entered(parties, Strangers::Anybody, Vec::new(), names_whom_it_lets_in) {
            Answer::Proved => {}
            Answer::Undecided(reason) => found.doubt(reason),
            Answer::Refuted(request) => self.failed(found, "a stranger can become the role", &request, "as a stranger"),
        }
    }

    /// Whoever is of an organisation that the policy names, and is nobody else that it means.
    fn organisations(&self, found: &mut Found) {
        let (ids, paths) = (self.candidates(ORGANISATION), self.candidates(PATHS));
        let mut held: Vec<Vec<(&'static str, Fixed)>> = Vec::new();
        for id in &ids {
            held.push(vec![(ORGANISATION, Fixed::Value(id.clone()))]);
        }
        for path in &paths {
            let path = (PATHS, Fixed::Value(path.clone()));
            held.push(vec![path.clone()]);
            held.extend(ids.iter().map(|id| vec![(ORGANISATION, Fixed::Value(id.clone())), path.clone()]));
        }
        for fixed in held {
            let parties = strangers();
            match self.entered(parties, Strangers::Anybody, fixed, names_whom_it_lets_in) {
                Answer::Proved => {}
                Answer::Undecided(reason) => found.doubt(reason),
                Answer::Refuted(_) if self.setting.accept_own_org => {
                    found.notes.push("everybody of the organisation that the policy names can become the role".into());
                    return;
                }
                Answer::Refuted(request) => {
                    let who = "any account of an organisation can become the role";
                    self.failed(found, who, &request, "as a member of the organisation");
                    return;
                }
            }
        }
    }

    /// Values that requests of members hold of a key of organisations: those that the policy writes out, with a word in
    /// place of each wildcard, and the role's own where the policy compares with that.
    fn candidates(&self, key: &str) -> Vec<String> {
        let mut candidates = Vec::new();
        let tests = self.document.statements.iter().flat_map(|statement| &statement.conditions);
        for test in tests.filter(|test| test.key == key && test.operator.relation != Relation::Null) {
            for value in &test.values {
                let candidate = if value.pattern.has_variable() {
                    OWN_ORGANISATION.to_owned()
                } else {
                    value.text.replace(['*', '?'], "x")
                };
                if !candidates.contains(&candidate) {
                    candidates.push(candidate);
                }
            }
        }
        candidates
    }

    /// Principals of other accounts that are not trusted: those whom an Allow names may come through any network, and
    /// those whom it describes by their account only as it describes them.
    fn accounts(&self, found: &mut Found) {
        let mut named = Vec::new();
        for principal in allows(self.document).flat_map(principals_of).filter(|one| self.is_foreign(one)) {
            if let Principal::Account(account) = principal {
                named.push(Party::SomeoneOf(account.clone()));
                named.push(Party::Exactly(Caller::Root { account: account.clone() }));
            }
            named.extend(caller(principal).map(Party::Exactly));
        }
        let mut described = Vec::new();
        for account in known_accounts(&[self.document], self.setting) {
            if self.is_other(&account) {
                described.push(Party::SomeoneOf(account.clone()));
                described.push(Party::Exactly(Caller::Root { account }));
            }
        }
        let naming = |statement: &Statement| principals_of(statement).iter().any(|one| self.is_foreign(one));
        let answers = [
            self.entered(named, Strangers::No, Vec::new(), naming),
            self.entered(described, Strangers::Anybody, Vec::new(), |statement| describes(statement, "AWS")),
        ];
        for answer in answers {
            match answer {
                Answer::Proved => {}
                Answer::Undecided(reason) => found.doubt(reason),
                Answer::Refuted(request) => {
                    let who = "cross-account: an account outside trusted_accounts can become the role";
                    return self.failed(found, who, &request, "from another account");
                }
            }
        }
        let mut trusted: Vec<&str> = Vec::new();
        for account in allows(self.document).flat_map(principals_of).filter_map(account_of) {
            if account != self.setting.account && !trusted.contains(&account) {
                trusted.push(account);
            }
        }
        if !trusted.is_empty() {
            found.notes.push(format!("let in as trusted accounts: {}", trusted.join(", ")));
        }
    }

    fn providers(&self, expected: Expected<'_>, found: &mut Found) {
        let mut asked: Vec<&str> = Vec::new();
        for statement in allows(self.document) {
            for principal in principals_of(statement) {
                match principal {
                    Principal::Federated(provider) => {
                        if !statement.conditions.iter().any(is_of_identity) {
                            found.notes.push(format!(
                                "{} lets in every identity of {provider}: no condition on its sub or aud",
                                statement.name()
                            ));
                        }
                        if !asked.contains(&provider.as_str()) && !self.is_expected(provider, expected.federated) {
                            asked.push(provider);
                        }
                    }
                    // STS knows no such caller; what IAM makes of it is not documented.
                    Principal::CanonicalUser(_) => {
                        found.doubt(format!("{} names a canonical user, which is a caller of S3", statement.name()));
                    }
                    Principal::Other { kind, text } if kind == "Federated" => {
                        found
                            .doubt(format!("{} names the identity provider `{text}`, which is none", statement.name()));
                    }
                    Principal::Everyone
                    | Principal::Account(_)
                    | Principal::User { .. }
                    | Principal::Role { .. }
                    | Principal::Session { .. }
                    | Principal::Service(_)
                    | Principal::Deleted(_)
                    | Principal::Other { .. } => {}
                }
            }
        }
        for provider in asked {
            let party = Party::Exactly(Caller::Federated(provider.to_owned()));
            match self.entered(vec![party], Strangers::No, Vec::new(), |_| true) {
                Answer::Proved => {}
                Answer::Undecided(reason) => found.doubt(reason),
                Answer::Refuted(request) => {
                    let who = "an identity provider outside expected_federated lets its identities become the role";
                    self.failed(found, who, &request, "as one of its identities");
                }
            }
        }
    }

    fn is_expected(&self, provider: &str, expected: &[String]) -> bool {
        let own = format!("arn:{}:iam::{}:", self.setting.partition, self.setting.account);
        let name = provider
            .strip_prefix(&own)
            .and_then(|rest| rest.strip_prefix("oidc-provider/").or_else(|| rest.strip_prefix("saml-provider/")));
        expected.iter().any(|one| one == provider || Some(one.as_str()) == name)
    }

    /// Services pass; those that nobody listed are noted, or refuted where that is asked for.
    fn services_expected(&self, expected: Expected<'_>, found: &mut Found) {
        let listed = |name: &String| expected.services.iter().any(|one| one == service_name(name));
        let unlisted: Vec<String> = service_names(self.document).into_iter().filter(|name| !listed(name)).collect();
        if expected.strict {
            for name in unlisted {
                let party = Party::Exactly(Caller::Service(name));
                match self.entered(vec![party], Strangers::No, Vec::new(), |_| true) {
                    Answer::Proved => {}
                    Answer::Undecided(reason) => found.doubt(reason),
                    Answer::Refuted(request) => {
                        let who = "a service outside expected_services can become the role";
                        self.failed(found, who, &request, "as a service");
                    }
                }
            }
        } else if !unlisted.is_empty() {
            found.notes.push(format!("not among expected_services, and let in: {}", unlisted.join(", ")));
        }
        let everyone = |statement: &Statement| describes(statement, "Service");
        match self.entered(vec![some_service()], Strangers::No, Vec::new(), everyone) {
            Answer::Proved => {}
            Answer::Undecided(reason) => found.doubt(reason),
            Answer::Refuted(request) if expected.strict => {
                self.failed(found, "any service can become the role", &request, "as a service that nobody names");
            }
            Answer::Refuted(_) => found.notes.push("any service of AWS is let in, because nobody is named".into()),
        }
    }

    fn own(&self, found: &mut Found) {
        let whole = |one: &Principal| matches!(one, Principal::Account(account) if *account == self.setting.account);
        if allows(self.document).flat_map(principals_of).any(whole) {
            found.notes.push(
                "the own account is named as a whole: every identity of it that is allowed sts:AssumeRole can become \
                 the role"
                    .into(),
            );
        }
    }

    fn is_foreign(&self, principal: &Principal) -> bool {
        account_of(principal).is_some_and(|account| self.is_other(account))
    }

    fn is_other(&self, account: &str) -> bool {
        account != self.setting.account && !self.setting.trusted_accounts.iter().any(|trusted| trusted == account)
    }
}

/// The service's name without its domain and region: `logs` of `logs.eu-west-2.amazonaws.com`.
pub(crate) fn service_name(principal: &str) -> &str {
    let name = crate::policy::question::role_wildcard::principal(principal);
    match name.rsplit_once('.') {
        Some((service, region)) if is_region(region) => service,
        Some(_) | None => name,
    }
}

/// Whether it has the shape of a region: `eu-west-2`, `us-gov-east-1`.
fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [first, middle @ .., last] = parts.as_slice() else { return false };
    let word = |part: &str| !part.is_empty() && part.bytes().all(|letter| letter.is_ascii_lowercase());
    first.len() == 2
        && word(first)
        && !middle.is_empty()
        && middle.iter().all(|part| word(part))
        && !last.is_empty()
        && last.bytes().all(|digit| digit.is_ascii_digit())
}

/// Whether a test ties a federated identity down: to its subject or its audience, as the provider states them.
fn is_of_identity(test: &Test) -> bool {
    let names = test.key.rsplit_once(':').is_some_and(|(_, claim)| claim == "sub" || claim == "aud");
    let asks = !test.operator.relation.is_negated() && test.operator.relation != Relation::Null;
    names && asks && !test.operator.if_exists
}

fn allows(document: &Document) -> impl Iterator<Item = &Statement> {
    document.statements.iter().filter(|statement| statement.effect == Effect::Allow)
}

/// An Allow with `NotPrincipal` is refuted by itself, and needs no request to show it.
fn names_whom_it_lets_in(statement: &Statement) -> bool {
    !matches!(statement.principals, Principals::AllBut(_))
}

fn principals_of(statement: &Statement) -> &[Principal] {
    match &statement.principals {
        Principals::Only(list) => list,
        Principals::AllBut(_) | Principals::Unstated => &[],
    }
}

/// Whether an Allow describes principals of this kind without naming one.
fn describes(statement: &Statement, wanted: &str) -> bool {
    principals_of(statement).iter().any(|one| match one {
        Principal::Everyone => true,
        Principal::Other { kind, .. } => kind == wanted,
        Principal::Account(_)
        | Principal::User { .. }
        | Principal::Role { .. }
        | Principal::Session { .. }
        | Principal::Service(_)
        | Principal::Federated(_)
        | Principal::CanonicalUser(_)
        | Principal::Deleted(_) => false,
    })
}

fn account_of(principal: &Principal) -> Option<&str> {
    match principal {
        Principal::Account(account)
        | Principal::User { account, .. }
        | Principal::Role { account, .. }
        | Principal::Session { account, .. } => Some(account),
        Principal::Everyone
        | Principal::Service(_)
        | Principal::Federated(_)
        | Principal::CanonicalUser(_)
        | Principal::Deleted(_)
        | Principal::Other { .. } => None,
    }
}
