//! Variables: the set of values that each is left with, and one member of it.

use std::rc::Rc;

use crate::policy::request::Held;
use crate::policy::search::{STATES, Stop};
use crate::policy::words::{Found, Glob, Letter, Words};

/// The resource, or what one condition key holds: the set that it is left with, and one member of it.
pub(super) struct Variable {
    /// The key, as variables are named; `None` for the resource.
    pub(super) key: Option<Rc<str>>,
    pub(super) left: Left,
    /// One member; `None` for an absent key.
    pub(super) member: Option<Rc<Held>>,
}

/// The set that a variable is left with.
#[derive(Clone)]
pub(super) enum Left {
    /// One text.
    Text { absent: bool, present: Option<Words> },
    /// One of finitely many values, which stand for all that the tests tell apart: those whose places among all of them
    /// are left.
    Point { absent: bool, all: Rc<[Rc<Held>]>, left: Vec<usize> },
    /// Several texts: each of them in one set, and one in each of the others.
    Texts { absent: bool, every: Words, some: Vec<Words> },
}

impl Variable {
    /// A variable with one member of its set, where it has any.
    pub(super) fn of(key: Option<Rc<str>>, left: Left) -> Result<Variable, Stop> {
        let member = left.member()?;
        Ok(Variable { key, left, member })
    }

    pub(super) fn is(&self, key: &str) -> bool {
        self.key.as_deref() == Some(key)
    }

    /// The member, where it is one text.
    pub(super) fn text(&self) -> Option<&str> {
        match self.member.as_deref() {
            Some(Held::One(text)) => Some(text),
            Some(Held::Many(_) | Held::Doubtful) | None => None,
        }
    }

    /// The variable with less left of its set, and whether it kept its member.
    pub(super) fn with(&self, left: Left) -> Result<(Variable, bool), Stop> {
        let kept = left.still_holds(&self.left, self.member.as_deref());
        let member = if kept { self.member.clone() } else { left.member()? };
        Ok((Variable { key: self.key.clone(), left, member }, kept))
    }
}

impl Left {
    /// A text that is there.
    pub(super) fn text(words: Words) -> Left {
        Left::Text { absent: false, present: Some(words) }
    }

    /// An absent key where that is possible, else the most ordinary value.
    fn member(&self) -> Result<Option<Rc<Held>>, Stop> {
        let mut budget = STATES;
        match self {
            Left::Text { absent: true, .. } | Left::Point { absent: true, .. } | Left::Texts { absent: true, .. } => {
                Ok(None)
            }
            Left::Text { absent: false, present: None } => Err(Stop::Empty),
            Left::Text { absent: false, present: Some(words) } => {
                Ok(Some(Rc::new(Held::One(word(ordinary(words, &mut budget))?))))
            }
            Left::Point { absent: false, all, left } => match left.first() {
                Some(place) => Ok(Some(Rc::clone(&all[*place]))),
                None => Err(Stop::Empty),
            },
            Left::Texts { absent: false, every, some } => {
                let mut members = Vec::new();
                let all = [Words::all()];
                for one in if some.is_empty() { all.as_slice() } else { some.as_slice() } {
                    let word = word(every.and(one).shortest(&mut budget))?;
                    if !members.contains(&word) {
                        members.push(word);
                    }
                }
                Ok(Some(Rc::new(Held::Many(members))))
            }
        }
    }

    /// Whether it holds this value; `None` for an absent key.
    pub(super) fn holds(&self, value: Option<&Held>) -> bool {
        match (self, value) {
            (Left::Text { absent, .. } | Left::Point { absent, .. } | Left::Texts { absent, .. }, None) => *absent,
            (Left::Text { present: Some(words), .. }, Some(Held::One(word))) => words.holds(word),
            (Left::Point { all, left, .. }, Some(point)) => left.iter().any(|place| *all[*place] == *point),
            (Left::Texts { every, some, .. }, Some(Held::Many(members))) => {
                members.iter().all(|word| every.holds(word))
                    && some.iter().all(|one| members.iter().any(|word| one.holds(word)))
            }
            (Left::Text { .. } | Left::Texts { .. }, Some(Held::One(_) | Held::Many(_) | Held::Doubtful)) => false,
        }
    }

    /// Whether a value of the set that this one was narrowed from is left.
    fn still_holds(&self, before: &Left, value: Option<&Held>) -> bool {
        if let Left::Text { present: Some(words), .. } = self
            && let Left::Text { present: Some(before), .. } = before
            && let Some(Held::One(word)) = value
        {
            return words.still_holds(before, word);
        }
        self.holds(value)
    }
}

/// A shortest word, the empty one only where there is no other.
fn ordinary(words: &Words, budget: &mut u32) -> Found {
    if words.holds("") {
        let mut others = words.clone();
        others.keep(&[Glob::new().one(Letter::Any).star(Letter::Any)].into());
        if let found @ (Found::Word(_) | Found::GaveUp) = others.shortest(budget) {
            return found;
        }
    }
    words.shortest(budget)
}

fn word(found: Found) -> Result<String, Stop> {
    match found {
        Found::Word(word) => Ok(word),
        Found::Nothing => Err(Stop::Empty),
        Found::GaveUp => Err(Stop::GaveUp),
    }
}
