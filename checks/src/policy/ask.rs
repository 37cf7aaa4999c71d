//! Asks documents about a request of which not everything is known: a test on what is not known leaves the answer open.

use crate::policy::evaluate::{self, Facts, Mismatch, Truth};
use crate::policy::model::{Document, Effect, Resources, Statement, Test};
use crate::policy::pattern::{Part, Pattern};
use crate::policy::request::Request;

/// A request in each of the forms that it may have.
pub(crate) struct Asked<'a> {
    /// The forms, which differ only in what nobody documents. There is at least one.
    pub(crate) forms: Vec<Request>,
    /// The partition.
    pub(crate) partition: &'a str,
    /// The condition keys that are known, in lower case, whether the request has them or not.
    pub(crate) known: &'a [&'a str],
}

impl Asked<'_> {
    /// The best answer of the statements of this effect, and the first statement that gives it unless it is no.
    pub(crate) fn first<'d>(&self, effect: Effect, document: &'d Document) -> (Truth, Option<&'d Statement>) {
        let mut best = (Truth::No, None);
        for statement in document.statements.iter().filter(|statement| statement.effect == effect) {
            let truth = self.matches(statement);
            if truth > best.0 {
                best = (truth, Some(statement));
            }
        }
        best
    }

    /// Whether a statement matches: surely where it matches every form.
    pub(crate) fn matches(&self, statement: &Statement) -> Truth {
        let mut truths = self.forms.iter().map(|request| self.form_matches(statement, request));
        let first = truths.next().unwrap_or(Truth::Unknown);
        if truths.all(|truth| truth == first) { first } else { Truth::Unknown }
    }

    fn form_matches(&self, statement: &Statement, request: &Request) -> Truth {
        let facts = Facts { request, partition: self.partition };
        if !evaluate::actions(&statement.actions, &request.action.to_ascii_lowercase()) {
            return Truth::No;
        }
        let resources = match &statement.resources {
            Resources::Only(patterns) | Resources::AllBut(patterns)
                if !patterns.iter().all(|pattern| self.can_fill(pattern)) =>
            {
                Truth::Unknown
            }
            resources @ (Resources::Only(_) | Resources::AllBut(_) | Resources::Unstated) => {
                evaluate::resources(resources, &facts)
            }
        };
        let principals = evaluate::principals(&statement.principals, statement.effect, &facts);
        let tests = statement.conditions.iter().map(|test| self.holds(test, &facts));
        tests.fold(resources.and(principals), Truth::and)
    }

    fn holds(&self, test: &Test, facts: &Facts<'_>) -> Truth {
        let knows = self.known.contains(&test.key.as_str());
        if knows && test.values.iter().all(|value| self.can_fill(&value.pattern)) {
            evaluate::test(test, facts.get(&test.key).as_ref(), facts)
        } else {
            Truth::Unknown
        }
    }

    /// Whether what stands for each variable is known.
    fn can_fill(&self, pattern: &Pattern) -> bool {
        pattern.parts.iter().all(|part| match part {
            Part::Variable { key, default: _ } => self.known.contains(&key.as_str()),
            Part::Literal(_) | Part::Star | Part::One | Part::Unreadable(_) => true,
        })
    }

    /// The condition keys that leave open whether a statement matches, as it writes them.
    pub(crate) fn open<'s>(&self, statement: &'s Statement) -> Vec<&'s str> {
        let mut open: Vec<&str> = Vec::new();
        for test in &statement.conditions {
            if !self.known.contains(&test.key.as_str()) && !open.contains(&test.key_text.as_str()) {
                open.push(&test.key_text);
            }
        }
        open
    }

    /// Why nobody can tell whether a statement matches.
    pub(crate) fn doubt(&self, statement: &Statement, document: &str) -> String {
        let open = self.open(statement);
        let name = statement.name();
        if open.is_empty() {
            format!("whether {name} of {document} matches is not documented")
        } else {
            format!("whether {name} of {document} matches hangs on {}, which is not known", open.join(", "))
        }
    }
}

/// The Allow that comes nearest to matching one of these requests, and why it does not. Of two that miss it by as many
/// parts, the one that names the caller is nearer.
pub(crate) fn nearest<'d>(
    allows: impl IntoIterator<Item = &'d Statement>,
    requests: &[Request],
    partition: &str,
) -> Option<(&'d Statement, String)> {
    let missed = |statement: &'d Statement| {
        requests
            .iter()
            .map(|request| evaluate::mismatches(statement, &Facts { request, partition }))
            .min_by_key(Vec::len)
            .map(|mismatches| (statement, mismatches))
    };
    let distance = |(_, mismatches): &(&Statement, Vec<Mismatch>)| {
        let of_others =
            mismatches.iter().any(|mismatch| matches!(mismatch.part.as_str(), "Principal" | "NotPrincipal"));
        (mismatches.len(), of_others)
    };
    allows.into_iter().filter_map(missed).min_by_key(distance).map(|(statement, mismatches)| {
        let why: Vec<String> = mismatches.into_iter().map(|mismatch| mismatch.why).collect();
        (statement, format!("{} does not match, because {}", statement.name(), why.join(", and ")))
    })
}
