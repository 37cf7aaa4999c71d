//! The statements of the documents, with what several of them say alike held once.
//!
//! A long policy repeats itself: its statements test the same keys for the same values, name the same actions or the same
//! principals. What the search finds out of one of them holds for all that say the same.

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::rc::Rc;

use crate::policy::evaluate::{self, Truth};
use crate::policy::model::{Actions, Document, Effect, Principal, Principals, Resources, Statement, Test};
use crate::policy::pattern::{Part, Pattern};
use crate::policy::search::globs::Alternatives;
use crate::policy::search::{Act, PRINCIPAL_ACCOUNT};

/// The statements of the documents.
pub(super) struct Index<'a> {
    /// In the order of the documents.
    pub(super) statements: Vec<Entry<'a>>,
    /// The places of the Denies among the statements, those with the fewest tests first: the plainest is the likeliest
    /// to deny everything, and then the others need no look.
    denials: Vec<usize>,
    /// The places of the Allows.
    allows: Vec<usize>,
    /// Every list of principals.
    pub(super) principals: Vec<&'a Principals>,
    /// Every list of actions.
    actions: Vec<&'a Actions>,
    /// Every list of resources and every test of a condition key.
    pub(super) terms: Vec<Term<'a>>,
    /// The condition keys that are tested, as variables are named, with the places of the tests among the terms.
    pub(super) keys: BTreeMap<Rc<str>, Vec<usize>>,
}

/// A statement. It matches where all of its parts do.
pub(super) struct Entry<'a> {
    pub(super) statement: &'a Statement,
    /// The place of its principals among all lists of them.
    pub(super) principals: usize,
    /// The place of its actions.
    actions: usize,
    /// The places of its tests among the terms.
    pub(super) tests: Vec<usize>,
    /// The place of its resources among the terms; `None` where it states none.
    pub(super) resources: Option<usize>,
}

/// What a statement asks of one variable.
pub(super) struct Term<'a> {
    /// Its place among the terms.
    pub(super) place: usize,
    pub(super) on: On<'a>,
    /// Whether a variable stands in it, so that it asks something else of other callers.
    pub(super) varies: bool,
    /// What its patterns stand for, where it does not vary.
    pub(super) alternatives: OnceCell<Alternatives>,
    /// The answers of a test of a typed key on each of the values that are looked at. Variables are no matter there: a
    /// typed operator has none.
    pub(super) answers: OnceCell<Vec<Truth>>,
    /// The answer of a test that answers on every text alike; `None` where it tells texts apart.
    pub(super) alike: OnceCell<Option<Truth>>,
}

/// What is tested.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum On<'a> {
    Resources(&'a Resources),
    Key(&'a Test),
}

/// An action, with the statements that are about it.
pub(super) struct Call<'a> {
    pub(super) act: &'a Act,
    /// The places of the Denies, those with the fewest tests first.
    pub(super) denials: Vec<usize>,
    /// The places of the Allows.
    pub(super) allows: Vec<usize>,
}

/// Things in the order in which they were met, each once.
struct Distinct<T> {
    places: HashMap<T, usize>,
}

impl<T: Hash + Eq> Distinct<T> {
    /// The place of the thing, and whether it is met for the first time.
    fn place(&mut self, thing: T) -> (usize, bool) {
        let next = self.places.len();
        let place = *self.places.entry(thing).or_insert(next);
        (place, place == next)
    }
}

impl<'a> Index<'a> {
    pub(super) fn of(documents: &[&'a Document]) -> Self {
        let mut index = Index {
            statements: Vec::new(),
            denials: Vec::new(),
            allows: Vec::new(),
            principals: Vec::new(),
            actions: Vec::new(),
            terms: Vec::new(),
            keys: BTreeMap::new(),
        };
        let mut principals = Distinct { places: HashMap::new() };
        let mut actions = Distinct { places: HashMap::new() };
        let mut terms = Distinct { places: HashMap::new() };
        for statement in documents.iter().flat_map(|document| &document.statements) {
            let (principals, is_new) = principals.place(&statement.principals);
            if is_new {
                index.principals.push(&statement.principals);
            }
            let (actions, is_new) = actions.place(&statement.actions);
            if is_new {
                index.actions.push(&statement.actions);
            }
            let mut term = |on: On<'a>| {
                let (place, is_new) = terms.place(on);
                if is_new {
                    index.add(on, place);
                }
                place
            };
            let tests = statement.conditions.iter().map(|test| term(On::Key(test))).collect();
            let resources = match &statement.resources {
                Resources::Unstated => None,
                stated @ (Resources::Only(_) | Resources::AllBut(_)) => Some(term(On::Resources(stated))),
            };
            let place = index.statements.len();
            match statement.effect {
                Effect::Deny => index.denials.push(place),
                Effect::Allow => index.allows.push(place),
            }
            index.statements.push(Entry { statement, principals, actions, tests, resources });
        }
        index.denials.sort_by_key(|place| index.statements[*place].tests.len());
        index
    }

    fn add(&mut self, on: On<'a>, place: usize) {
        let is_variable = |pattern: &Pattern| pattern.parts.iter().any(|part| matches!(part, Part::Variable { .. }));
        let varies = match on {
            On::Resources(Resources::Only(patterns) | Resources::AllBut(patterns)) => patterns.iter().any(is_variable),
            On::Resources(Resources::Unstated) => false,
            On::Key(test) => {
                self.keys.entry(variable(&test.key).into()).or_default().push(place);
                test.values.iter().any(|value| is_variable(&value.pattern))
            }
        };
        let (alternatives, answers, alike) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        self.terms.push(Term { place, on, varies, alternatives, answers, alike });
    }

    /// The tests of a key, as variables are named.
    pub(super) fn tests_of(&self, key: &str) -> impl Iterator<Item = (&Term<'a>, &'a Test)> {
        let terms = self.keys.get(key).into_iter().flatten().map(|place| &self.terms[*place]);
        terms.filter_map(|term| match term.on {
            On::Key(test) => Some((term, test)),
            On::Resources(_) => None,
        })
    }

    /// Whether a variable stands anywhere, or what may be one.
    pub(super) fn has_variables(&self) -> bool {
        self.terms.iter().any(|term| match term.on {
            On::Resources(Resources::Only(patterns) | Resources::AllBut(patterns)) => {
                patterns.iter().any(Pattern::has_variable)
            }
            On::Resources(Resources::Unstated) => false,
            On::Key(test) => test.values.iter().any(|value| value.pattern.has_variable()),
        })
    }

    /// Every principal that a statement names.
    pub(super) fn named(&self) -> impl Iterator<Item = &'a Principal> {
        self.principals.iter().flat_map(|principals| match principals {
            Principals::Only(named) | Principals::AllBut(named) => named.as_slice(),
            Principals::Unstated => &[],
        })
    }

    /// The actions with the statements that are about them. Those that no statement tells apart are looked at once.
    pub(super) fn calls<'b>(&self, acts: &'b [Act]) -> Vec<Call<'b>> {
        let mut seen: Vec<Vec<bool>> = Vec::new();
        let mut calls = Vec::new();
        let mut matched = Vec::with_capacity(self.actions.len());
        for act in acts {
            matched.clear();
            matched.extend(self.actions.iter().map(|actions| evaluate::actions(actions, &act.lower)));
            if seen.contains(&matched) {
                continue;
            }
            let about = |places: &[usize]| {
                places.iter().copied().filter(|place| matched[self.statements[*place].actions]).collect()
            };
            calls.push(Call { act, denials: about(&self.denials), allows: about(&self.allows) });
            seen.push(matched.clone());
        }
        calls
    }
}

/// The variable that a key stands for: the two names of the caller's account are one.
pub(super) fn variable(key: &str) -> &str {
    if key == "kms:calleraccount" { PRINCIPAL_ACCOUNT } else { key }
}
