//! Scenes: the requests of one party on one way, and the search among them.

use std::cell::OnceCell;
use std::rc::Rc;

use crate::policy::evaluate::{self, Facts, Truth};
use crate::policy::model::Test;
use crate::policy::request::{Held, Request};
use crate::policy::search::domain::Domain;
use crate::policy::search::globs::Alternatives;
use crate::policy::search::index::{Call, Entry, On, variable};
use crate::policy::search::narrow::Narrowed;
use crate::policy::search::variable::Variable;
use crate::policy::search::{Act, Channel, Claim, Outcome, Party, Search, Stop, UNCONFIRMED};

/// What is constant while variables are narrowed: the party and its channel.
///
/// The search comes back to a scene for every action on every region. What it finds out about a statement there is kept,
/// because neither the action nor the resource bears on it.
pub(super) struct Scene<'a> {
    pub(super) search: &'a Search<'a>,
    pub(super) party: &'a Party,
    pub(super) channel: Channel,
    /// A request without action and resource, of the caller for whom principals are matched; of a party that is not one
    /// caller, any that no document names.
    pub(super) base: Request,
    /// What the keys that are tested can hold.
    domains: OnceCell<Result<Vec<Rc<Domain>>, Stop>>,
    /// Whether each list of principals is about the callers.
    principals: Vec<OnceCell<Truth>>,
    /// What each statement's tests ask of variables: of a Deny the ways to break it, of an Allow its demands. `None`
    /// where a test that no variable decides makes that impossible, or needless.
    tests: Vec<OnceCell<Option<Vec<Choice>>>>,
    /// What the scene makes of each term.
    pub(super) views: Vec<View>,
}

/// What a scene makes of a term.
#[derive(Default)]
pub(super) struct View {
    /// What its patterns stand for, where it varies.
    pub(super) alternatives: OnceCell<Alternatives>,
    /// The answer of a test where the key is absent.
    pub(super) absent: OnceCell<Truth>,
}

/// One way to break a Deny, or one demand of an Allow.
#[derive(Clone, Copy)]
pub(super) struct Choice {
    /// The place of the variable: the keys' come first, in the order of their domains, and then the resource's.
    variable: usize,
    /// The place of the term.
    pub(super) term: usize,
    /// Whether the term has to hold rather than to fail.
    pub(super) holds: bool,
}

/// The ways to break a Deny.
struct Denial<'a> {
    tests: &'a [Choice],
    resource: Option<Choice>,
}

impl Denial<'_> {
    fn len(&self) -> usize {
        self.choices().count()
    }

    fn choices(&self) -> impl Iterator<Item = Choice> {
        self.tests.iter().copied().chain(self.resource)
    }
}

impl<'a> Scene<'a> {
    pub(super) fn of(search: &'a Search<'a>, party: &'a Party, channel: Channel, base: Request) -> Self {
        let index = search.index;
        Scene {
            search,
            party,
            channel,
            base,
            domains: OnceCell::new(),
            principals: vec![OnceCell::new(); index.principals.len()],
            tests: index.statements.iter().map(|_| OnceCell::new()).collect(),
            views: index.terms.iter().map(|_| View::default()).collect(),
        }
    }

    pub(super) fn facts(&self) -> Facts<'_> {
        Facts { request: &self.base, partition: &self.search.class.partition }
    }

    /// Looks for a request that makes the call on the resource and breaks the claim.
    pub(super) fn run(&self, call: &Call<'_>, resource: &Rc<Domain>) -> Outcome {
        if self.search.claim == Claim::NotAllowed && !self.may_be_allowed(call) {
            return Outcome::Nothing;
        }
        let domains = match self.domains.get_or_init(|| self.domains()) {
            Ok(domains) => domains,
            Err(Stop::Empty) => return Outcome::Nothing,
            Err(Stop::GaveUp) => return Outcome::GaveUp,
        };
        let Some(denials) = self.denials(call, domains, resource) else { return Outcome::Nothing };
        let mut variables: Vec<Rc<Variable>> =
            domains.iter().chain([resource]).map(|domain| Rc::clone(&domain.variable)).collect();
        match self.search.claim {
            Claim::Denied => self.break_all(&denials, &mut variables, call.act),
            Claim::NotAllowed => {
                for place in &call.allows {
                    let Some(demands) = self.demands(*place, domains) else { continue };
                    match self.meet(demands, variables.clone()) {
                        Ok(mut narrowed) => match self.break_all(&denials, &mut narrowed, call.act) {
                            Outcome::Nothing => {}
                            found @ (Outcome::Found(_) | Outcome::GaveUp) => return found,
                        },
                        Err(Stop::Empty) => {}
                        Err(Stop::GaveUp) => return Outcome::GaveUp,
                    }
                }
                Outcome::Nothing
            }
        }
    }

    /// Whether an Allow is about the call and the scene's callers at all.
    fn may_be_allowed(&self, call: &Call<'_>) -> bool {
        call.allows.iter().any(|place| self.principals(*place) != Truth::No)
    }

    /// For each Deny that may catch the call, the ways to break it, the fewest first. `None` where one of them cannot be
    /// broken, so that every request is denied.
    fn denials(&self, call: &Call<'_>, domains: &[Rc<Domain>], resource: &Domain) -> Option<Vec<Denial<'_>>> {
        let mut denials = Vec::new();
        for place in &call.denials {
            if self.search.mode.fails(self.principals(*place)) {
                continue;
            }
            let Some(tests) = self.tests_to_break(*place, domains) else { continue };
            let resource = self.search.index.statements[*place]
                .resources
                .map(|term| Choice { variable: domains.len(), term, holds: false })
                .filter(|choice| self.can_break(resource, *choice));
            if tests.is_empty() && resource.is_none() {
                return None;
            }
            denials.push(Denial { tests, resource });
        }
        denials.sort_by_key(Denial::len);
        Some(denials)
    }

    /// The tests of a Deny that some request of the scene fails; `None` where every request fails one of them.
    fn tests_to_break(&self, place: usize, domains: &[Rc<Domain>]) -> Option<&[Choice]> {
        let find = || {
            let mut choices = Vec::new();
            let mut broken = false;
            for (term, test) in self.tests(place) {
                match position(domains, test) {
                    Some(variable) => choices.push(Choice { variable, term, holds: false }),
                    None => broken |= self.search.mode.fails(self.constant(test)),
                }
            }
            if broken {
                return None;
            }
            choices.retain(|choice| self.can_break(&domains[choice.variable], *choice));
            Some(choices)
        };
        self.tests[place].get_or_init(find).as_deref()
    }

    /// Whether a choice leaves anything of a domain. A test that every member meets breaks nothing.
    fn can_break(&self, domain: &Domain, choice: Choice) -> bool {
        let find = || !matches!(self.narrowed(&domain.variable, choice), Err(Stop::Empty));
        if self.search.index.terms[choice.term].varies {
            return find();
        }
        *domain.breakable.borrow_mut().entry(choice.term).or_insert_with(find)
    }

    /// What an Allow that is about the call demands of the variables; `None` where it cannot match.
    fn demands(&self, place: usize, domains: &[Rc<Domain>]) -> Option<&[Choice]> {
        if !self.search.mode.holds(self.principals(place)) {
            return None;
        }
        let find = || {
            let mut demands = Vec::new();
            for (term, test) in self.tests(place) {
                match position(domains, test) {
                    Some(variable) => demands.push(Choice { variable, term, holds: true }),
                    None if self.search.mode.holds(self.demanded(test)) => {}
                    None => return None,
                }
            }
            let resource = self.search.index.statements[place].resources;
            demands.extend(resource.map(|term| Choice { variable: domains.len(), term, holds: true }));
            Some(demands)
        };
        self.tests[place].get_or_init(find).as_deref()
    }

    /// The tests of a statement, with their places among the terms.
    fn tests(&self, place: usize) -> impl Iterator<Item = (usize, &'a Test)> {
        let index = self.search.index;
        index.statements[place].tests.iter().filter_map(|term| match index.terms[*term].on {
            On::Key(test) => Some((*term, test)),
            On::Resources(_) => None,
        })
    }

    /// The variables with every demand met.
    fn meet(&self, demands: &[Choice], mut variables: Vec<Rc<Variable>>) -> Result<Vec<Rc<Variable>>, Stop> {
        for demand in demands {
            let variable = &mut variables[demand.variable];
            *variable = self.narrowed(variable, *demand)?.variable;
        }
        Ok(variables)
    }

    /// Whether the statement is about the scene's callers.
    fn principals(&self, place: usize) -> Truth {
        let Entry { statement, principals, .. } = &self.search.index.statements[place];
        let truth = *self.principals[*principals].get_or_init(|| {
            evaluate::principals(&self.search.principals[*principals], statement.effect, &self.facts())
        });
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

    pub(super) fn heed(&self, truth: Truth) {
        if truth == Truth::Unknown {
            self.search.record.doubted.set(true);
        }
    }

    /// Breaks each Deny in turn.
    fn break_all(&self, denials: &[Denial<'_>], variables: &mut [Rc<Variable>], act: &Act) -> Outcome {
        let Some((denial, rest)) = denials.split_first() else { return self.candidate(variables, act) };
        let record = self.search.record;
        let Some(nodes) = record.nodes.get().checked_sub(1) else { return Outcome::GaveUp };
        record.nodes.set(nodes);
        let break_rest = |variables: &mut [Rc<Variable>], place: usize, narrowed| {
            let before = std::mem::replace(&mut variables[place], narrowed);
            let outcome = self.break_all(rest, variables, act);
            variables[place] = before;
            outcome
        };
        // First the choices that leave the present members alone: they cost nothing and disturb no other Deny.
        let mut later = Vec::new();
        for choice in denial.choices() {
            match self.narrowed(&variables[choice.variable], choice) {
                Err(Stop::Empty) => {}
                Err(Stop::GaveUp) => return Outcome::GaveUp,
                Ok(Narrowed { variable, kept: true }) => match break_rest(variables, choice.variable, variable) {
                    Outcome::Nothing => {}
                    found @ (Outcome::Found(_) | Outcome::GaveUp) => return found,
                },
                Ok(Narrowed { variable, kept: false }) => later.push((choice.variable, variable)),
            }
        }
        for (place, narrowed) in later {
            match break_rest(variables, place, narrowed) {
                Outcome::Nothing => {}
                found @ (Outcome::Found(_) | Outcome::GaveUp) => return found,
            }
        }
        Outcome::Nothing
    }

    /// Puts a request together from one member of each set, and asks the evaluator.
    ///
    /// It is not inlined, because its variables would lie on the stack once for every Deny that is broken before.
    #[inline(never)]
    fn candidate(&self, variables: &[Rc<Variable>], act: &Act) -> Outcome {
        let partition = &self.search.class.partition;
        let doubt = match self.request(variables, act) {
            Some(request) => {
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
                self.doubt(&facts)
            }
            None => {
                "two condition keys that hang together are tested apart, or a caller of a sort that is not told".into()
            }
        };
        let record = self.search.record;
        record.doubt.set(record.doubt.take().or(Some(doubt)));
        record.doubted.set(true);
        record.unconfirmed.set(record.unconfirmed.get() + 1);
        if record.unconfirmed.get() > UNCONFIRMED { Outcome::GaveUp } else { Outcome::Nothing }
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

/// Where the domain of a test's key stands.
fn position(domains: &[Rc<Domain>], test: &Test) -> Option<usize> {
    let key = variable(&test.key);
    domains.iter().position(|domain| domain.variable.is(key))
}
