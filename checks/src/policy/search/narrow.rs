//! Narrowing: what is left of a variable where a term has to hold or to fail.

use std::rc::Rc;

use crate::policy::evaluate::{self, Truth};
use crate::policy::model::{Quantifier, Relation, Resources, Test, Value};
use crate::policy::pattern::{Part, Pattern};
use crate::policy::request::Held;
use crate::policy::search::globs::{Alternatives, Reading};
use crate::policy::search::index::{On, Term};
use crate::policy::search::scene::{Choice, Scene};
use crate::policy::search::variable::{Left, Variable};
use crate::policy::search::{Mode, Stop};
use crate::policy::words::Words;

/// A variable of which less is left.
pub(super) struct Narrowed {
    pub(super) variable: Rc<Variable>,
    /// Whether its member is the same as before.
    pub(super) kept: bool,
}

impl Scene<'_> {
    /// What is left of a variable by a choice.
    pub(super) fn narrowed(&self, variable: &Variable, choice: Choice) -> Result<Narrowed, Stop> {
        let term = &self.search.index.terms[choice.term];
        let mut left = variable.left.clone();
        let empty = match term.on {
            On::Resources(resources) => self.narrow_resource(&mut left, term, resources, choice.holds),
            On::Key(test) => self.narrow_key(&mut left, term, test, choice.holds),
        };
        if empty {
            return Err(Stop::Empty);
        }
        let (variable, kept) = variable.with(left)?;
        Ok(Narrowed { variable: Rc::new(variable), kept })
    }

    /// Narrows the resource; true where nothing can be left.
    fn narrow_resource(&self, left: &mut Left, term: &Term<'_>, resources: &Resources, holds: bool) -> bool {
        let Left::Text { present: Some(words), .. } = left else { return true };
        let negated = match resources {
            Resources::Only(_) => false,
            Resources::AllBut(_) => true,
            Resources::Unstated => return !holds,
        };
        self.narrow_words(words, self.alternatives(term), holds != negated)
    }

    /// Keeps the words that are among the alternatives, or those that are not; true where none can be.
    fn narrow_words(&self, words: &mut Words, alternatives: &Alternatives, among: bool) -> bool {
        let Alternatives { globs, uncertain } = alternatives;
        if *uncertain {
            self.heed(Truth::Unknown);
        }
        match (among, uncertain, self.search.mode) {
            (true, true, Mode::Possible) => false,
            (true, true | false, Mode::Definite) | (true, false, Mode::Possible) => {
                words.keep(globs);
                globs.is_empty()
            }
            (false, true, Mode::Definite) => true,
            (false, false, Mode::Definite) | (false, true | false, Mode::Possible) => {
                words.exclude(globs);
                false
            }
        }
    }

    /// Narrows what a key holds; true where nothing can be left.
    fn narrow_key(&self, left: &mut Left, term: &Term<'_>, test: &Test, holds: bool) -> bool {
        let suits = |truth: Truth| {
            self.heed(truth);
            if holds { self.search.mode.holds(truth) } else { self.search.mode.fails(truth) }
        };
        let (Left::Text { absent, .. } | Left::Point { absent, .. } | Left::Texts { absent, .. }) = left;
        *absent = *absent && suits(self.of_an_absent_key(term, test));
        match left {
            Left::Point { absent, all, left } => {
                let answer = |point: &Rc<Held>| evaluate::test(test, Some(point), &self.facts());
                let answers = term.answers.get_or_init(|| all.iter().map(answer).collect());
                left.retain(|place| suits(answers[*place]));
                !*absent && left.is_empty()
            }
            Left::Text { absent, present } => {
                let gone = match present {
                    None => true,
                    Some(words) => match self.alike(term, test, false) {
                        Some(truth) => !suits(truth),
                        None => self.narrow_texts(words, term, test, holds),
                    },
                };
                if gone {
                    *present = None;
                }
                gone && !*absent
            }
            Left::Texts { absent, every, some } => {
                if let Some(truth) = self.alike(term, test, true) {
                    let gone = !suits(truth);
                    if gone {
                        // Nothing but an absent key is left, which an impossible demand says.
                        some.push(Words::none());
                    }
                    return gone && !*absent;
                }
                // All of the texts have to fit, or one of them has to.
                let all = match test.operator.quantifier {
                    Some(Quantifier::ForAllValues) => holds,
                    Some(Quantifier::ForAnyValue) | None => !holds,
                };
                let gone = if all {
                    self.narrow_texts(every, term, test, holds)
                } else {
                    let mut one = Words::all();
                    let gone = self.narrow_texts(&mut one, term, test, holds);
                    some.push(one);
                    gone
                };
                if gone {
                    some.push(Words::none());
                }
                gone && !*absent
            }
        }
    }

    fn narrow_texts(&self, words: &mut Words, term: &Term<'_>, test: &Test, holds: bool) -> bool {
        self.narrow_words(words, self.alternatives(term), holds != test.operator.relation.is_negated())
    }

    /// The answer of a test where the key is absent.
    fn of_an_absent_key(&self, term: &Term<'_>, test: &Test) -> Truth {
        *self.views[term.place].absent.get_or_init(|| evaluate::test(test, None, &self.facts()))
    }

    /// The answer of a test that answers on every text alike: of `Null`, and of an operator that does not fit the key.
    /// `several` says whether the key holds several.
    fn alike(&self, term: &Term<'_>, test: &Test, several: bool) -> Option<Truth> {
        *term.alike.get_or_init(|| {
            let relation = &test.operator.relation;
            let reading = Reading::of(relation);
            let text = match reading {
                Some(Reading::Arn) => "arn:aws:s3:::probe",
                // The one text that is good base64 too.
                Some(Reading::Exact | Reading::AnyCase | Reading::Like) | None => "cHJvYmU=",
            }
            .to_owned();
            let held = if several { Held::Many(vec![text.clone()]) } else { Held::One(text.clone()) };
            if *relation == Relation::Null {
                return Some(evaluate::test(test, Some(&held), &self.facts()));
            }
            let pattern = Pattern { text: text.clone(), parts: vec![Part::Literal(text.clone())] };
            let probe = Value { text, pattern };
            let probing = Test {
                operator: test.operator.clone(),
                key: test.key.clone(),
                key_text: test.key_text.clone(),
                values: if test.values.is_empty() { Vec::new() } else { vec![probe] },
            };
            let truth = evaluate::test(&probing, Some(&held), &self.facts());
            (truth == Truth::Unknown || reading.is_none()).then_some(Truth::Unknown)
        })
    }
}
