//! What patterns stand for: globs, once their variables are replaced.

use crate::policy::key::{self, Arity, KeyType};
use crate::policy::model::{Relation, Resources, Test};
use crate::policy::pattern::{Part, Pattern};
use crate::policy::request::Held;
use crate::policy::search::domain::DERIVED;
use crate::policy::search::index::{On, Term, variable};
use crate::policy::search::scene::Scene;
use crate::policy::search::{Fixed, PRINCIPAL_ACCOUNT, PRINCIPAL_ARN, PRINCIPAL_TYPE, Party, SERVICE_NAME, USERNAME};
use crate::policy::words::{Glob, Globs, Letter};

/// What a list of patterns stands for.
#[derive(Clone)]
pub(super) struct Alternatives {
    pub(super) globs: Globs,
    /// Whether a pattern among them could not be resolved to a glob.
    pub(super) uncertain: bool,
}

/// What a pattern's wildcards are, and how its letters compare.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// Literal text.
    Exact,
    /// Literal text without regard to case.
    AnyCase,
    /// Wildcards cross everything.
    Like,
    /// Wildcards stop at the first five colons.
    Arn,
}

impl Reading {
    /// How the values of an operator on text are read; `None` for operators that are not on text.
    pub(super) fn of(relation: &Relation) -> Option<Reading> {
        match relation {
            Relation::StringEquals | Relation::StringNotEquals | Relation::BinaryEquals => Some(Reading::Exact),
            Relation::StringEqualsIgnoreCase | Relation::StringNotEqualsIgnoreCase => Some(Reading::AnyCase),
            Relation::StringLike | Relation::StringNotLike => Some(Reading::Like),
            Relation::ArnLike | Relation::ArnNotLike => Some(Reading::Arn),
            Relation::NumericEquals
            | Relation::NumericNotEquals
            | Relation::NumericLessThan
            | Relation::NumericLessThanEquals
            | Relation::NumericGreaterThan
            | Relation::NumericGreaterThanEquals
            | Relation::DateEquals
            | Relation::DateNotEquals
            | Relation::DateLessThan
            | Relation::DateLessThanEquals
            | Relation::DateGreaterThan
            | Relation::DateGreaterThanEquals
            | Relation::Bool
            | Relation::IpAddress
            | Relation::NotIpAddress
            | Relation::Null
            | Relation::Unknown => None,
        }
    }
}

/// What a pattern stands for.
pub(super) enum Resolved {
    Glob(Glob),
    /// A variable in it has no value: it matches nothing.
    Nothing,
    Uncertain,
}

enum Substitute {
    Text(String),
    Nothing,
    Uncertain,
}

impl Scene<'_> {
    /// What the patterns of a term stand for, found out once: in all scenes together where no variable is among them.
    pub(super) fn alternatives<'b>(&'b self, term: &'b Term<'_>) -> &'b Alternatives {
        let known = if term.varies { &self.views[term.place].alternatives } else { &term.alternatives };
        known.get_or_init(|| self.resolved(term))
    }

    fn resolved(&self, term: &Term<'_>) -> Alternatives {
        match term.on {
            On::Resources(Resources::Only(patterns)) => self.all_of(patterns.iter(), Reading::Like, false),
            On::Resources(Resources::AllBut(patterns)) => self.all_of(patterns.iter(), Reading::Like, true),
            On::Resources(Resources::Unstated) => Alternatives { globs: [].into(), uncertain: false },
            On::Key(test) => {
                let relation = &test.operator.relation;
                let Some(reading) = Reading::of(relation) else {
                    return Alternatives { globs: [].into(), uncertain: true };
                };
                let patterns = test.values.iter().map(|value| &value.pattern);
                let mut alternatives = self.all_of(patterns, reading, relation.is_negated());
                // A key that may hold other text than an ARN, such as the id of a KMS key: what an ARN operator then
                // answers is documented nowhere.
                alternatives.uncertain |=
                    reading == Reading::Arn && key::named(&test.key).is_none_or(|key| key.kind != KeyType::Arn);
                alternatives
            }
        }
    }

    /// A variable without a value matches nothing; under a negated operator nobody says what it does.
    fn all_of<'b>(&self, patterns: impl Iterator<Item = &'b Pattern>, reading: Reading, negated: bool) -> Alternatives {
        let mut globs = Vec::new();
        let mut uncertain = false;
        for pattern in patterns {
            match self.glob(pattern, reading) {
                Resolved::Glob(glob) => globs.push(glob),
                Resolved::Nothing => uncertain |= negated,
                Resolved::Uncertain => uncertain = true,
            }
        }
        Alternatives { globs: globs.into(), uncertain }
    }

    pub(super) fn glob(&self, pattern: &Pattern, reading: Reading) -> Resolved {
        let mut glob = Glob::new();
        let mut colons = 0;
        let literal = |glob: Glob, text: &str| match reading {
            Reading::AnyCase => glob.text_in_any_case(text),
            Reading::Exact | Reading::Like | Reading::Arn => glob.text(text),
        };
        for part in &pattern.parts {
            let wild = match reading {
                Reading::Like => Some(Letter::Any),
                Reading::Arn if colons < 5 => Some(Letter::NoColon),
                Reading::Arn => Some(Letter::Any),
                Reading::Exact | Reading::AnyCase => None,
            };
            glob = match (part, wild) {
                (Part::Literal(text), _) => {
                    colons += text.matches(':').count();
                    literal(glob, text)
                }
                (Part::Star, Some(letter)) => glob.star(letter),
                (Part::One, Some(letter)) => glob.one(letter),
                (Part::Star, None) => literal(glob, "*"),
                (Part::One, None) => literal(glob, "?"),
                (Part::Variable { key, default }, _) => match self.substitute(key, default.as_deref()) {
                    // A colon that comes in by a variable separates parts only where the variable is the whole value.
                    Substitute::Text(text)
                        if reading == Reading::Arn && colons < 5 && pattern.parts.len() > 1 && text.contains(':') =>
                    {
                        return Resolved::Uncertain;
                    }
                    Substitute::Text(text) => {
                        colons += text.matches(':').count();
                        literal(glob, &text)
                    }
                    Substitute::Nothing => return Resolved::Nothing,
                    Substitute::Uncertain => return Resolved::Uncertain,
                },
                (Part::Unreadable(_), _) => return Resolved::Uncertain,
            };
        }
        if reading == Reading::Arn && colons < 5 {
            return Resolved::Uncertain;
        }
        Resolved::Glob(glob)
    }

    /// Whether a variable among the test's values varies from request to request of the scene.
    pub(super) fn varies(&self, test: &Test) -> bool {
        let parts = test.values.iter().flat_map(|value| &value.pattern.parts);
        parts.into_iter().any(|part| match part {
            Part::Variable { key, default } => self.is_open(key, default.as_deref()),
            Part::Literal(_) | Part::Star | Part::One | Part::Unreadable(_) => false,
        })
    }

    /// Whether the value of a variable is not the same in every request of the scene, or not known.
    pub(super) fn is_open(&self, name: &str, default: Option<&str>) -> bool {
        matches!(self.substitute(name, default), Substitute::Uncertain)
    }

    /// What a variable stands for in every request of the scene.
    fn substitute(&self, name: &str, default: Option<&str>) -> Substitute {
        let absent = || default.map_or(Substitute::Nothing, |default| Substitute::Text(default.to_owned()));
        let name = variable(name);
        let several_callers = !matches!(self.party, Party::Exactly(_));
        let varies = match self.party {
            Party::Exactly(_) => false,
            Party::SomeService => name == SERVICE_NAME,
            Party::SomeoneOf(_) => [PRINCIPAL_ARN, PRINCIPAL_TYPE, USERNAME].contains(&name),
            Party::Stranger => [PRINCIPAL_ARN, PRINCIPAL_TYPE, USERNAME, PRINCIPAL_ACCOUNT].contains(&name),
            Party::RootOfAStranger => [PRINCIPAL_ARN, PRINCIPAL_ACCOUNT].contains(&name),
        };
        // What a variable of several values stands for is documented nowhere.
        if varies || key::named(name).is_some_and(|key| key.arity == Arity::Multi) {
            return Substitute::Uncertain;
        }
        if DERIVED.contains(&name) || self.search.class.fixed.contains_key(name) {
            return match self.facts().get(name) {
                Some(Held::One(text)) => Substitute::Text(text),
                Some(Held::Many(_) | Held::Doubtful) => Substitute::Uncertain,
                None if matches!(self.search.class.fixed.get(name), Some(Fixed::NoneOf(_))) => Substitute::Uncertain,
                None => absent(),
            };
        }
        match key::named(name).map(|key| self.presence(key.presence)) {
            Some(Some((true, false))) if !several_callers => absent(),
            Some(_) | None => Substitute::Uncertain,
        }
    }
}
