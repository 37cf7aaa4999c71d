//! The region search: what documents say of every request of a class.
//!
//! A Deny is a conjunction of tests, each on one variable: the resource, or what one condition key holds. "Not denied"
//! asks that one test of every Deny fails, so the search picks for each Deny a test to break, narrows the set that the
//! test's variable is left with, and turns back when a set is empty. A leaf is a candidate request, which counts as a
//! counterexample only when the concrete evaluator confirms it ([`crate::policy::evaluate`]).
//!
//! The search runs twice where a document holds something undecidable. First it looks for a definite counterexample: what
//! is unknown in a Deny is taken to hold. Then it looks for any possible one: what is unknown in a Deny is taken not to
//! hold, and in an Allow to hold. When even that finds nothing, the claim is proved.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::policy::evaluate::{self, Facts, Truth};
use crate::policy::key::{self, Key, Presence};
use crate::policy::model::{Document, Effect, Principal, Principals};
use crate::policy::request::{Caller, Held, Request};
use crate::policy::search::domain::{Common, Domain, Open};
use crate::policy::search::index::Index;
use crate::policy::search::scene::Scene;
use crate::policy::search::variable::Left;

mod caller;
mod domain;
mod globs;
mod index;
mod narrow;
mod points;
mod region;
mod scene;
mod variable;

pub(crate) use domain::OWN_ORGANISATION;
pub(crate) use region::Region;

/// How many choices a search makes before it gives up.
const NODES: u32 = 200_000;
/// How many states of automata one question about words may build.
const STATES: u32 = 20_000;
/// How many candidates that the evaluator does not confirm are tried before a search gives up.
const UNCONFIRMED: u32 = 64;

/// What is claimed of every request of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// It is explicitly denied.
    Denied,
    /// It is not allowed: no Allow matches it, or a Deny does.
    NotAllowed,
}

/// Whose requests are looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Party {
    /// This caller's.
    Exactly(Caller),
    /// Those of a user or role of this account that the documents do not name as a principal.
    SomeoneOf(String),
    /// Those of a user or role of any account that the documents do not mention.
    Stranger,
    /// Those of an AWS service that the documents do not name as a principal.
    SomeService,
    /// Those of the root user of any such account.
    RootOfAStranger,
}

/// An action that requests of the class make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Act {
    /// In AWS's spelling, such as `s3:GetObject`.
    pub(crate) shown: Cow<'static, str>,
    /// In lower case.
    pub(crate) lower: Cow<'static, str>,
}

impl Act {
    pub(crate) fn new(shown: impl Into<Cow<'static, str>>) -> Self {
        let shown = shown.into();
        Act { lower: shown.to_ascii_lowercase().into(), shown }
    }

    /// The same, without a copy of its text.
    pub(crate) fn lent(&'static self) -> Self {
        Act { shown: Cow::Borrowed(&self.shown), lower: Cow::Borrowed(&self.lower) }
    }
}

/// What a condition key holds in every request of a class.
#[derive(Clone, Debug)]
pub(crate) enum Fixed {
    /// The request has no such key.
    Absent,
    /// This value.
    Is(&'static str),
    /// This value, from the question's own parameters.
    Value(String),
    /// Nothing, or any value but these.
    NoneOf(Vec<String>),
}

/// What the callers of a class cannot have: values that the documents fix of keys that nobody can forge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strangers {
    /// The callers may be anybody, and have every value.
    No,
    /// They are not the ones that the documents mean, by account, organisation or network.
    Anybody,
    /// They are of other accounts and organisations, and may come through any network, the documents' own included.
    OfOtherAccounts,
}

/// A class of requests.
#[derive(Clone, Debug)]
pub(crate) struct Class {
    /// Who calls, the most telling first.
    pub(crate) parties: Vec<Party>,
    /// What is called on which resources.
    pub(crate) regions: Vec<Region>,
    /// What condition keys hold, by name in lower case.
    pub(crate) fixed: BTreeMap<&'static str, Fixed>,
    /// What the callers cannot have that the documents fix.
    pub(crate) strangers: Strangers,
    /// The accounts that the documents mention and the own one, which no [`Party::Stranger`] belongs to.
    pub(crate) known_accounts: BTreeSet<String>,
    /// The partition.
    pub(crate) partition: String,
}

/// The answer of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The claim holds for every request of the class.
    Proved,
    /// It does not hold for this one.
    Refuted(Box<Request>),
    /// Nobody can tell, for this reason.
    Undecided(String),
}

/// Asks whether the claim holds for every request of the class.
pub(crate) fn search(documents: &[&Document], claim: Claim, class: &Class) -> Answer {
    let index = Index::of(documents);
    let record = Record {
        nodes: Cell::new(NODES),
        unconfirmed: Cell::new(0),
        doubt: Cell::new(None),
        doubted: Cell::new(false),
    };
    let run = |mode| Search::of(documents, claim, class, mode, &index, &record).run();
    match run(Mode::Definite) {
        Outcome::Found(request) => return Answer::Refuted(request),
        Outcome::Nothing if !record.doubted.get() => return Answer::Proved,
        Outcome::GaveUp => return Answer::Undecided(TOO_INTRICATE.into()),
        Outcome::Nothing => {}
    }
    record.nodes.set(NODES);
    let outcome = run(Mode::Possible);
    match (outcome, record.doubt.take()) {
        (Outcome::Found(request), _) => Answer::Refuted(request),
        (Outcome::GaveUp | Outcome::Nothing, Some(doubt)) => Answer::Undecided(doubt),
        (Outcome::GaveUp, None) => Answer::Undecided(TOO_INTRICATE.into()),
        (Outcome::Nothing, None) => Answer::Proved,
    }
}

const PRINCIPAL_ACCOUNT: &str = "aws:principalaccount";
const PRINCIPAL_ARN: &str = "aws:principalarn";
const PRINCIPAL_TYPE: &str = "aws:principaltype";
const USERNAME: &str = "aws:username";
const SERVICE_NAME: &str = "aws:principalservicename";
/// The name of a session where any will do: no policy names it, so that a test of one session does not hide the others.
pub(crate) const SOME_SESSION: &str = "a-session-that-no-policy-names";
/// A service that no policy names.
const SOME_SERVICE: &str = "some-service.amazonaws.com";

/// Why a search that comes to its limits leaves the question undecided.
const TOO_INTRICATE: &str = "the policy is too intricate to be decided within the search's limits";

/// What is made of what nobody can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// Only what surely lets a request through counts.
    Definite,
    /// What may let a request through counts too.
    Possible,
}

impl Mode {
    /// Whether a test is taken to fail.
    fn fails(self, truth: Truth) -> bool {
        match truth {
            Truth::No => true,
            Truth::Unknown => self == Mode::Possible,
            Truth::Yes => false,
        }
    }

    /// Whether a test is taken to hold.
    fn holds(self, truth: Truth) -> bool {
        match truth {
            Truth::Yes => true,
            Truth::Unknown => self == Mode::Possible,
            Truth::No => false,
        }
    }
}

/// The way that a request comes, which decides which network keys it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Channel {
    Internet,
    Endpoint,
}

/// What comes of looking through requests.
enum Outcome {
    Found(Box<Request>),
    Nothing,
    GaveUp,
}

/// Why a set cannot be used.
#[derive(Clone, Copy)]
enum Stop {
    /// Nothing is in it.
    Empty,
    /// Whether anything is cannot be told within the limits.
    GaveUp,
}

/// What both runs of a search have used up, and what made them doubt.
struct Record {
    /// How many choices are left.
    nodes: Cell<u32>,
    unconfirmed: Cell<u32>,
    /// Why a candidate was not confirmed, the first time.
    doubt: Cell<Option<String>>,
    /// Whether anything unknown was met.
    doubted: Cell<bool>,
}

/// One run of a search.
struct Search<'a> {
    documents: &'a [&'a Document],
    claim: Claim,
    class: &'a Class,
    mode: Mode,
    index: &'a Index<'a>,
    record: &'a Record,
    /// The index's lists of principals, without those whom the class leaves out.
    principals: Vec<Cow<'a, Principals>>,
    /// The domains of the keys that hold the same for many callers.
    domains: RefCell<BTreeMap<Common, Open>>,
}

impl<'a> Search<'a> {
    fn of(
        documents: &'a [&'a Document],
        claim: Claim,
        class: &'a Class,
        mode: Mode,
        index: &'a Index<'a>,
        record: &'a Record,
    ) -> Self {
        // A canonical user is one account that the policy's author knows, and so no stranger, whichever account it is.
        let of_an_account = |principal: &&Principal| !matches!(principal, Principal::CanonicalUser(_));
        let known = |principals: &&'a Principals| match principals {
            Principals::Only(list) if class.strangers == Strangers::Anybody => {
                Cow::Owned(Principals::Only(list.iter().filter(of_an_account).cloned().collect()))
            }
            Principals::Only(_) | Principals::AllBut(_) | Principals::Unstated => Cow::Borrowed(*principals),
        };
        let principals = index.principals.iter().map(known).collect();
        Search { documents, claim, class, mode, index, record, principals, domains: RefCell::default() }
    }

    fn run(&self) -> Outcome {
        let scenes = self.scenes();
        for region in &self.class.regions {
            let resource = match Domain::of(None, Left::text(region.words.clone())) {
                Ok(resource) => resource,
                Err(Stop::Empty) => continue,
                Err(Stop::GaveUp) => return Outcome::GaveUp,
            };
            for call in self.index.calls(&region.acts) {
                for scene in &scenes {
                    match scene.run(&call, &resource) {
                        Outcome::Nothing => {}
                        found @ (Outcome::Found(_) | Outcome::GaveUp) => return found,
                    }
                }
            }
        }
        Outcome::Nothing
    }

    /// The scenes to look at, for each party and each way that its requests come.
    fn scenes(&'a self) -> Vec<Scene<'a>> {
        let (channels, base) = (self.channels(), self.base());
        let mut scenes = Vec::new();
        for (party, caller) in self.parties() {
            for channel in &channels {
                scenes.push(Scene::of(self, party, *channel, Request { caller: caller.clone(), ..base.clone() }));
            }
        }
        scenes
    }

    /// A channel matters only where a document tests a key of one.
    fn channels(&self) -> Vec<Channel> {
        let of_a_network = |name: &Rc<str>| {
            key::named(name).is_some_and(|key| matches!(key.presence, Presence::Internet | Presence::Endpoint))
        };
        if self.index.keys.keys().any(of_a_network) {
            vec![Channel::Internet, Channel::Endpoint]
        } else {
            vec![Channel::Internet]
        }
    }

    /// The parties, each with the caller for whom principals are matched. Those that no statement and no test tells
    /// apart are looked at once.
    fn parties(&self) -> Vec<(&'a Party, Caller)> {
        let told_by_keys = self.index.keys.keys().any(|name| {
            let hangs_on_the_caller =
                |key: &Key| !matches!(key.presence, Presence::Always | Presence::Optional | Presence::Doubtful);
            let derived = name.starts_with("aws:principal") || **name == *USERNAME;
            derived || key::named(name).is_some_and(hangs_on_the_caller)
        });
        let (someone, stranger) = (self.unnamed_role(), self.unrelated_account());
        let role = |account: &String| Caller::Role {
            account: account.clone(),
            name: someone.clone(),
            session: SOME_SESSION.to_owned(),
        };
        let parties = self.class.parties.iter().map(|party| {
            let caller = match party {
                Party::Exactly(caller) => caller.clone(),
                Party::SomeoneOf(account) => role(account),
                Party::Stranger => role(&stranger),
                Party::SomeService => Caller::Service(SOME_SERVICE.to_owned()),
                Party::RootOfAStranger => Caller::Root { account: stranger.clone() },
            };
            (party, caller)
        });
        if told_by_keys || self.index.has_variables() {
            return parties.collect();
        }
        let mut seen = BTreeSet::new();
        let mut request = self.base();
        let mut told_apart = Vec::new();
        for (party, caller) in parties {
            request.caller = caller.clone();
            let facts = Facts { request: &request, partition: &self.class.partition };
            // The answer is the same for either effect.
            let named = |principals: &&Principals| evaluate::principals(principals, Effect::Deny, &facts);
            if seen.insert(self.index.principals.iter().map(named).collect::<Vec<Truth>>()) {
                told_apart.push((party, caller));
            }
        }
        told_apart
    }

    /// What every request of the class holds.
    fn base(&self) -> Request {
        let mut context = BTreeMap::new();
        for (name, fixed) in &self.class.fixed {
            match fixed {
                Fixed::Is(value) => context.insert((*name).to_owned(), Held::One((*value).to_owned())),
                Fixed::Value(value) => context.insert((*name).to_owned(), Held::One(value.clone())),
                Fixed::Absent | Fixed::NoneOf(_) => None,
            };
        }
        for name in self.index.keys.keys() {
            if !self.class.fixed.contains_key(&**name)
                && key::named(name).is_some_and(|key| key.presence == Presence::Doubtful)
            {
                context.insert(name.to_string(), Held::Doubtful);
            }
        }
        Request { caller: Caller::Anonymous, action: String::new(), resource: String::new(), context }
    }

    /// The name of a role that no document names.
    fn unnamed_role(&self) -> String {
        let named: BTreeSet<&str> = self.index.named().filter_map(Principal::role_name).collect();
        std::iter::successors(Some("someone".to_owned()), |name| Some(format!("{name}-else")))
            .find(|name| !named.contains(name.as_str()))
            .unwrap_or_else(String::new)
    }

    /// An account that no document mentions.
    fn unrelated_account(&self) -> String {
        let first: u64 = 999_988_887_777;
        (0..=first)
            .map(|less| format!("{:012}", first - less))
            .find(|account| !self.class.known_accounts.contains(account))
            .unwrap_or_else(String::new)
    }
}

impl Principal {
    /// The ARN of a user or role.
    fn arn(&self) -> Option<&str> {
        match self {
            Principal::User { arn, .. } | Principal::Role { arn, .. } => Some(arn),
            Principal::Everyone
            | Principal::Account(_)
            | Principal::Session { .. }
            | Principal::Service(_)
            | Principal::Federated(_)
            | Principal::CanonicalUser(_)
            | Principal::Deleted(_)
            | Principal::Other { .. } => None,
        }
    }

    fn role_name(&self) -> Option<&str> {
        match self {
            Principal::Role { name, .. } => Some(name),
            Principal::Session { role, .. } => Some(role),
            Principal::Everyone
            | Principal::Account(_)
            | Principal::User { .. }
            | Principal::Service(_)
            | Principal::Federated(_)
            | Principal::CanonicalUser(_)
            | Principal::Deleted(_)
            | Principal::Other { .. } => None,
        }
    }
}
