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

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use crate::policy::evaluate::{self, Facts, Truth};
use crate::policy::key::{self, Key, Presence};
use crate::policy::model::{Document, Effect, Principal, Principals, Resources, Statement, Test};
use crate::policy::pattern::Pattern;
use crate::policy::request::{Caller, Held, Request};
use crate::policy::search::narrow::Member;
use crate::policy::words::Words;

mod narrow;
mod points;
mod region;

pub(crate) use narrow::OWN_ORGANISATION;
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
    pub(crate) shown: String,
    /// In lower case.
    pub(crate) lower: String,
}

impl Act {
    pub(crate) fn new(shown: impl Into<String>) -> Self {
        let shown = shown.into();
        Act { lower: shown.to_ascii_lowercase(), shown }
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
    let mut denials: Vec<&Statement> = documents
        .iter()
        .flat_map(|document| &document.statements)
        .filter(|statement| statement.effect == Effect::Deny)
        .collect();
    // The plainest first: it is the likeliest to deny everything, and then the others need no look.
    denials.sort_by_key(|statement| statement.conditions.len());
    let search = Search {
        documents,
        denials,
        claim,
        class,
        keys: mentioned(documents),
        nodes: Cell::new(NODES),
        unconfirmed: Cell::new(0),
        doubt: Cell::new(None),
        doubted: Cell::new(false),
    };
    match search.run(Mode::Definite) {
        Outcome::Found(request) => return Answer::Refuted(request),
        Outcome::Nothing if !search.doubted.get() => return Answer::Proved,
        Outcome::GaveUp(why) => return Answer::Undecided(why),
        Outcome::Nothing => {}
    }
    search.nodes.set(NODES);
    match search.run(Mode::Possible) {
        Outcome::Found(request) => Answer::Refuted(request),
        Outcome::GaveUp(why) => Answer::Undecided(search.doubt.take().map_or(why, |doubt| doubt)),
        Outcome::Nothing => match search.doubt.take() {
            Some(doubt) => Answer::Undecided(doubt),
            None => Answer::Proved,
        },
    }
}

/// The condition keys that the documents test, as variables are named: `kms:CallerAccount` is `aws:PrincipalAccount`.
fn mentioned(documents: &[&Document]) -> BTreeMap<String, Vec<Test>> {
    let mut keys: BTreeMap<String, Vec<Test>> = BTreeMap::new();
    for test in documents.iter().flat_map(|document| &document.statements).flat_map(|statement| &statement.conditions) {
        keys.entry(variable(&test.key).to_owned()).or_default().push(test.clone());
    }
    keys
}

/// The variable that a key stands for: the two names of the caller's account are one.
fn variable(key: &str) -> &str {
    if key == "kms:calleraccount" { PRINCIPAL_ACCOUNT } else { key }
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

enum Outcome {
    Found(Box<Request>),
    Nothing,
    GaveUp(String),
}

/// One way to break a Deny, or one demand of an Allow.
#[derive(Clone, Copy)]
struct Choice<'a> {
    variable: usize,
    test: On<'a>,
    /// Whether the test has to hold rather than to fail.
    holds: bool,
}

/// What is tested.
#[derive(Clone, Copy)]
enum On<'a> {
    Resource(&'a Resources),
    Key(&'a Test),
}

/// A variable: the set that it is left with, and one member of it.
#[derive(Clone)]
struct Variable {
    key: String,
    left: Left,
    /// One member; `None` for an absent key.
    member: Option<Held>,
}

/// The set that a variable is left with.
#[derive(Clone)]
enum Left {
    /// One text.
    Text { absent: bool, present: Option<Words> },
    /// One of finitely many values, which stand for all that the tests tell apart.
    Point { absent: bool, points: Vec<String> },
    /// Several texts: each of them in one set, and one in each of the others.
    Texts { absent: bool, every: Words, some: Vec<Words> },
}

struct Search<'a> {
    documents: &'a [&'a Document],
    /// The Denies, those with the fewest tests first.
    denials: Vec<&'a Statement>,
    claim: Claim,
    class: &'a Class,
    keys: BTreeMap<String, Vec<Test>>,
    nodes: Cell<u32>,
    unconfirmed: Cell<u32>,
    /// Why a candidate was not confirmed, the first time.
    doubt: Cell<Option<String>>,
    /// Whether anything unknown was met.
    doubted: Cell<bool>,
}

/// What is constant while variables are narrowed: the party, its channel and the action.
struct Scene<'a> {
    search: &'a Search<'a>,
    party: &'a Party,
    channel: Channel,
    /// The caller for whom principals are matched; of a party that is not one caller, any that no document names.
    base: Request,
    mode: Mode,
}

impl<'a> Search<'a> {
    fn statements(&self) -> impl Iterator<Item = &'a Statement> + use<'a> {
        self.documents.iter().flat_map(|document| &document.statements)
    }

    fn run(&self, mode: Mode) -> Outcome {
        let channels = self.channels();
        let parties: Vec<(&Party, Request)> =
            self.parties().into_iter().map(|party| (party, self.base(party, &Act::new("")))).collect();
        for region in &self.class.regions {
            // The first resource of a region is the same for every action and caller.
            let left = Left::Text { absent: false, present: Some(region.words.clone()) };
            let member = match left.member() {
                Member::Is(member) => member,
                Member::None => continue,
                Member::GaveUp => return gave_up(),
            };
            let resource = Variable { key: String::new(), left, member };
            for act in self.distinct(&region.acts) {
                for (party, base) in &parties {
                    for channel in &channels {
                        let base = Request { action: act.shown.clone(), ..base.clone() };
                        let scene = Scene { search: self, party, channel: *channel, base, mode };
                        match scene.run(&resource) {
                            Outcome::Nothing => {}
                            found @ (Outcome::Found(_) | Outcome::GaveUp(_)) => return found,
                        }
                    }
                }
            }
        }
        Outcome::Nothing
    }

    /// A channel matters only where a document tests a key of one.
    fn channels(&self) -> Vec<Channel> {
        let of_a_network = |name: &String| {
            key::named(name).is_some_and(|key| matches!(key.presence, Presence::Internet | Presence::Endpoint))
        };
        if self.keys.keys().any(of_a_network) {
            vec![Channel::Internet, Channel::Endpoint]
        } else {
            vec![Channel::Internet]
        }
    }

    /// Parties that no statement and no test tells apart are looked at once.
    fn parties(&self) -> Vec<&'a Party> {
        let told_by_keys = self.keys.keys().any(|name| {
            let derived = [PRINCIPAL_ARN, PRINCIPAL_ACCOUNT, PRINCIPAL_TYPE, USERNAME].contains(&name.as_str())
                || name.starts_with("aws:principal");
            let hangs_on_the_caller =
                |key: &Key| !matches!(key.presence, Presence::Always | Presence::Optional | Presence::Doubtful);
            derived || key::named(name).is_some_and(hangs_on_the_caller)
        });
        let variables = self.statements().any(|statement| {
            let of_resources = match &statement.resources {
                Resources::Only(patterns) | Resources::AllBut(patterns) => patterns.iter().any(Pattern::has_variable),
                Resources::Unstated => false,
            };
            let mut values = statement.conditions.iter().flat_map(|test| &test.values);
            of_resources || values.any(|value| value.pattern.has_variable())
        });
        if told_by_keys || variables {
            return self.class.parties.iter().collect();
        }
        let mut seen = BTreeSet::new();
        let mut parties = Vec::new();
        for party in &self.class.parties {
            let base = self.base(party, &Act::new(""));
            let facts = Facts { request: &base, partition: &self.class.partition };
            let truths: Vec<Truth> = self
                .statements()
                .map(|statement| evaluate::principals(&statement.principals, statement.effect, &facts))
                .collect();
            if seen.insert(truths) {
                parties.push(party);
            }
        }
        parties
    }

    /// Actions that no statement tells apart are looked at once.
    fn distinct<'b>(&self, acts: &'b [Act]) -> Vec<&'b Act> {
        let mut seen = BTreeSet::new();
        let mut distinct = Vec::new();
        for act in acts {
            let matched: Vec<bool> =
                self.statements().map(|statement| evaluate::actions(&statement.actions, &act.lower)).collect();
            if seen.insert(matched) {
                distinct.push(act);
            }
        }
        distinct
    }

    fn base(&self, party: &Party, act: &Act) -> Request {
        let caller = match party {
            Party::Exactly(caller) => caller.clone(),
            Party::SomeoneOf(account) => self.someone(account),
            Party::Stranger => self.someone(&self.unrelated_account()),
            Party::SomeService => Caller::Service(SOME_SERVICE.to_owned()),
            Party::RootOfAStranger => Caller::Root { account: self.unrelated_account() },
        };
        let mut context = BTreeMap::new();
        for (name, fixed) in &self.class.fixed {
            match fixed {
                Fixed::Is(value) => context.insert((*name).to_owned(), Held::One((*value).to_owned())),
                Fixed::Value(value) => context.insert((*name).to_owned(), Held::One(value.clone())),
                Fixed::Absent | Fixed::NoneOf(_) => None,
            };
        }
        for name in self.keys.keys() {
            if !self.class.fixed.contains_key(name.as_str())
                && key::named(name).is_some_and(|key| key.presence == Presence::Doubtful)
            {
                context.insert(name.clone(), Held::Doubtful);
            }
        }
        Request { caller, action: act.shown.clone(), resource: String::new(), context }
    }

    /// A role of the account that no document names.
    fn someone(&self, account: &str) -> Caller {
        let named: BTreeSet<&str> = self.named().filter_map(Principal::role_name).collect();
        let name = std::iter::successors(Some("someone".to_owned()), |name| Some(format!("{name}-else")))
            .find(|name| !named.contains(name.as_str()));
        Caller::Role {
            account: account.to_owned(),
            name: name.unwrap_or_else(String::new),
            session: SOME_SESSION.to_owned(),
        }
    }

    fn named(&self) -> impl Iterator<Item = &'a Principal> + use<'a> {
        self.statements().flat_map(|statement| match &statement.principals {
            Principals::Only(named) | Principals::AllBut(named) => named.as_slice(),
            Principals::Unstated => &[],
        })
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

impl<'a> Scene<'a> {
    fn facts(&self) -> Facts<'_> {
        Facts { request: &self.base, partition: &self.search.class.partition }
    }

    fn run(&self, resource: &Variable) -> Outcome {
        if self.search.claim == Claim::NotAllowed && !self.may_be_allowed() {
            return Outcome::Nothing;
        }
        let mut variables = vec![resource.clone()];
        for name in self.search.keys.keys() {
            if let Some(left) = self.domain(name) {
                variables.push(Variable { key: name.clone(), left, member: None });
            }
        }
        for variable in variables.iter_mut().skip(1) {
            match variable.left.member() {
                Member::Is(member) => variable.member = member,
                Member::None => return Outcome::Nothing,
                Member::GaveUp => return gave_up(),
            }
        }
        let Some(denials) = self.denials(&variables) else { return Outcome::Nothing };
        match self.search.claim {
            Claim::Denied => self.break_all(&denials, &variables),
            Claim::NotAllowed => {
                for statement in self.search.statements().filter(|statement| statement.effect == Effect::Allow) {
                    let Some(demands) = self.demands(statement, &variables) else { continue };
                    let narrowed = demands.into_iter().try_fold(variables.clone(), |variables, demand| {
                        self.narrowed(&variables, demand).transpose_empty()
                    });
                    match narrowed {
                        Ok(narrowed) => match self.break_all(&denials, &narrowed) {
                            Outcome::Nothing => {}
                            found @ (Outcome::Found(_) | Outcome::GaveUp(_)) => return found,
                        },
                        Err(Stop::Empty) => {}
                        Err(Stop::GaveUp) => return gave_up(),
                    }
                }
                Outcome::Nothing
            }
        }
    }

    /// Whether an Allow is about the scene's action and callers at all.
    fn may_be_allowed(&self) -> bool {
        let action = self.base.action.to_ascii_lowercase();
        self.search.statements().any(|statement| {
            statement.effect == Effect::Allow
                && evaluate::actions(&statement.actions, &action)
                && self.principals(statement) != Truth::No
        })
    }

    /// For each Deny that may catch a request of the scene, the ways to break it, the fewest first. `None` where one of
    /// them cannot be broken, so that every request is denied.
    fn denials<'b>(&'b self, variables: &[Variable]) -> Option<Vec<Vec<Choice<'b>>>> {
        let mut denials = Vec::new();
        let action = self.base.action.to_ascii_lowercase();
        for statement in &self.search.denials {
            if !evaluate::actions(&statement.actions, &action) {
                continue;
            }
            let principals = self.principals(statement);
            if self.mode.fails(principals) {
                continue;
            }
            let mut choices = Vec::new();
            let mut broken = false;
            for test in &statement.conditions {
                match place(variables, &test.key) {
                    Some(variable) => choices.push(Choice { variable, test: On::Key(test), holds: false }),
                    None => broken |= self.mode.fails(self.constant(test)),
                }
            }
            match &statement.resources {
                Resources::Unstated => {}
                stated @ (Resources::Only(_) | Resources::AllBut(_)) => {
                    choices.push(Choice { variable: 0, test: On::Resource(stated), holds: false });
                }
            }
            if broken {
                continue;
            }
            // A test that every member of its variable's set meets breaks nothing.
            choices.retain(|choice| !matches!(self.narrowed(variables, *choice), Narrowed::Empty));
            if choices.is_empty() {
                return None;
            }
            denials.push(choices);
        }
        denials.sort_by_key(Vec::len);
        Some(denials)
    }

    /// What an Allow demands of the variables; `None` where it cannot match.
    fn demands<'b>(&'b self, statement: &'b Statement, variables: &[Variable]) -> Option<Vec<Choice<'b>>> {
        if !evaluate::actions(&statement.actions, &self.base.action.to_ascii_lowercase()) {
            return None;
        }
        let principals = self.principals(statement);
        if !self.mode.holds(principals) {
            return None;
        }
        let mut demands = Vec::new();
        for test in &statement.conditions {
            match place(variables, &test.key) {
                Some(variable) => demands.push(Choice { variable, test: On::Key(test), holds: true }),
                None if self.mode.holds(self.demanded(test)) => {}
                None => return None,
            }
        }
        match &statement.resources {
            Resources::Unstated => {}
            stated @ (Resources::Only(_) | Resources::AllBut(_)) => {
                demands.push(Choice { variable: 0, test: On::Resource(stated), holds: true });
            }
        }
        Some(demands)
    }

    /// Whether the statement is about the scene's callers. A canonical user is one account that its author knows, and
    /// so no stranger, whichever account it is.
    fn principals(&self, statement: &Statement) -> Truth {
        let of_an_account = |principal: &Principal| !matches!(principal, Principal::CanonicalUser(_));
        let known = match &statement.principals {
            Principals::Only(list) if self.search.class.strangers == Strangers::Anybody => {
                &Principals::Only(list.iter().filter(|principal| of_an_account(principal)).cloned().collect())
            }
            principals @ (Principals::Only(_) | Principals::AllBut(_) | Principals::Unstated) => principals,
        };
        let truth = evaluate::principals(known, statement.effect, &self.facts());
        self.heed(truth);
        truth
    }

    /// A test on a key that every request of the scene holds alike. Its values may hold variables that vary.
    fn constant(&self, test: &Test) -> Truth {
        let facts = self.facts();
        let held = facts.get(&test.key);
        let truth = if held.is_some() && self.varies(test) {
            Truth::Unknown
        } else {
            evaluate::test(test, held.as_ref(), &facts)
        };
        self.heed(truth);
        truth
    }

    /// As [`Scene::constant`], of a test that an Allow demands: of a key that may be there after all nothing is sure.
    fn demanded(&self, test: &Test) -> Truth {
        match self.facts().get(&test.key) {
            Some(Held::Doubtful) => {
                self.heed(Truth::Unknown);
                Truth::Unknown
            }
            Some(Held::One(_) | Held::Many(_)) | None => self.constant(test),
        }
    }

    fn heed(&self, truth: Truth) {
        if truth == Truth::Unknown {
            self.search.doubted.set(true);
        }
    }

    /// Breaks each Deny in turn.
    fn break_all(&self, denials: &[Vec<Choice<'_>>], variables: &[Variable]) -> Outcome {
        let Some((choices, rest)) = denials.split_first() else { return self.candidate(variables) };
        let Some(nodes) = self.search.nodes.get().checked_sub(1) else { return gave_up() };
        self.search.nodes.set(nodes);
        // First the choices that leave the present members alone: they cost nothing and disturb no other Deny.
        let mut later = Vec::new();
        for choice in choices {
            match self.narrowed(variables, *choice) {
                Narrowed::Empty => {}
                Narrowed::GaveUp => return gave_up(),
                Narrowed::To { variables: narrowed, kept: true } => match self.break_all(rest, &narrowed) {
                    Outcome::Nothing => {}
                    found @ (Outcome::Found(_) | Outcome::GaveUp(_)) => return found,
                },
                Narrowed::To { variables: narrowed, kept: false } => later.push(narrowed),
            }
        }
        for narrowed in later {
            match self.break_all(rest, &narrowed) {
                Outcome::Nothing => {}
                found @ (Outcome::Found(_) | Outcome::GaveUp(_)) => return found,
            }
        }
        Outcome::Nothing
    }

    /// Puts a request together from one member of each set, and asks the evaluator.
    fn candidate(&self, variables: &[Variable]) -> Outcome {
        let partition = &self.search.class.partition;
        let request = self.request(variables);
        if let Some(request) = request {
            let facts = Facts { request: &request, partition };
            if self.confirmed(&facts) {
                return Outcome::Found(Box::new(request));
            }
            // A variable that the search left open may hold just what it is compared with.
            if let Some(echoing) = self.echoing(&request)
                && self.confirmed(&Facts { request: &echoing, partition })
            {
                return Outcome::Found(Box::new(echoing));
            }
            let doubt = self.search.doubt.take().or_else(|| Some(self.doubt(&facts)));
            self.search.doubt.set(doubt);
        } else {
            let doubt =
                "two condition keys that hang together are tested apart, or a caller of a sort that is not told"
                    .to_owned();
            let doubt = self.search.doubt.take().or(Some(doubt));
            self.search.doubt.set(doubt);
        }
        self.search.doubted.set(true);
        self.search.unconfirmed.set(self.search.unconfirmed.get() + 1);
        if self.search.unconfirmed.get() > UNCONFIRMED { gave_up() } else { Outcome::Nothing }
    }

    fn confirmed(&self, facts: &Facts<'_>) -> bool {
        match self.search.claim {
            Claim::Denied => evaluate::denied(self.search.documents, facts) == Truth::No,
            Claim::NotAllowed => evaluate::allowed(self.search.documents, facts) == Truth::Yes,
        }
    }

    /// What keeps the evaluator from a definite answer.
    fn doubt(&self, facts: &Facts<'_>) -> String {
        for document in self.search.documents {
            for statement in &document.statements {
                if evaluate::statement(statement, facts) == Truth::Unknown {
                    let mismatches = evaluate::mismatches(statement, facts);
                    if let Some(unknown) = mismatches.iter().find(|mismatch| mismatch.truth == Truth::Unknown) {
                        return format!("{}, {}: {}", statement.name(), unknown.part, unknown.why);
                    }
                    return format!("whether {} matches cannot be told", statement.name());
                }
            }
        }
        "two values of the request that hang together are tested apart".into()
    }
}

fn gave_up() -> Outcome {
    Outcome::GaveUp("the policy is too intricate to be decided within the search's limits".into())
}

/// Where the variable of a key stands.
fn place(variables: &[Variable], key: &str) -> Option<usize> {
    let name = variable(key);
    variables.iter().position(|variable| variable.key == name && !variable.key.is_empty())
}

enum Narrowed {
    To { variables: Vec<Variable>, kept: bool },
    Empty,
    GaveUp,
}

enum Stop {
    Empty,
    GaveUp,
}

impl Narrowed {
    fn transpose_empty(self) -> Result<Vec<Variable>, Stop> {
        match self {
            Narrowed::To { variables, .. } => Ok(variables),
            Narrowed::Empty => Err(Stop::Empty),
            Narrowed::GaveUp => Err(Stop::GaveUp),
        }
    }
}
