//! The external ids themselves: are they long enough and unpublished, and are services asked for one?

use crate::policy::counterexample::cite;
use crate::policy::model::{Effect, Principal, Principals};
use crate::policy::parse::{Sort, parse};
use crate::policy::question::class::outsiders;
use crate::policy::question::trust::{DOCUMENT, EXTERNAL_ID, Trust, own_only};
use crate::policy::question::{Ruling, Setting, unreadable};
use crate::policy::request::Caller;
use crate::policy::search::{Answer, Fixed, Party};

/// What an external id has to be.
#[derive(Clone, Copy)]
pub(crate) struct Strength<'a> {
    /// How many characters it has at least.
    pub(crate) length: usize,
    /// What it may not be, whatever the case of its letters.
    pub(crate) published: &'a [String],
}

/// Judges the external ids that let a principal of another account in. No text of the ruling holds one.
pub(crate) fn ids(policy: &str, strength: Strength<'_>, setting: &Setting) -> Ruling {
    let document = match parse(policy, Sort::Trust) {
        Ok(document) => document,
        Err(error) => return unreadable(DOCUMENT, &error),
    };
    let trust = Trust { text: policy, document: &document, setting };
    let everyone_outside = outsiders(&[&document], &own_only(setting));
    let mut undecided = None;
    let mut judged: Vec<String> = Vec::new();
    for id in trust.literals(EXTERNAL_ID) {
        if judged.contains(&id) {
            continue;
        }
        let weakness = strength.weakness(&id);
        let fixed = vec![(EXTERNAL_ID, Fixed::Value(id.clone()))];
        judged.push(id);
        let Some(weakness) = weakness else { continue };
        match trust.ask(&trust.class(everyone_outside.clone(), fixed)) {
            Answer::Proved => {}
            Answer::Undecided(reason) => {
                undecided.get_or_insert(reason);
            }
            Answer::Refuted(request) => {
                let mut counterexample = trust.shown(&request, &format!("with an external id that is {weakness}"));
                counterexample.context.insert("sts:ExternalId".into(), Some(format!("(a value that is {weakness})")));
                return Ruling::Fail {
                    why: format!("an external id that lets another account in is {weakness}"),
                    counterexample: Box::new(counterexample),
                    correction: None,
                    notes: Vec::new(),
                };
            }
        }
    }
    match undecided {
        Some(reason) => Ruling::Undecided { reason },
        None => Ruling::Pass {
            proved: format!(
                "each external id has {} characters or more and is not a published default",
                strength.length
            ),
            notes: Vec::new(),
        },
    }
}

impl Strength<'_> {
    fn weakness(self, id: &str) -> Option<String> {
        if self.published.iter().any(|published| published.eq_ignore_ascii_case(id)) {
            return Some("equal to a published default".into());
        }
        (id.chars().count() < self.length).then(|| format!("shorter than {} characters", self.length))
    }
}

/// Judges whether each service that the policy names is asked for an external id, which it never sends: what the
/// client's words ask for when read literally.
pub(crate) fn demanded_of_services(policy: &str, setting: &Setting) -> Ruling {
    let document = match parse(policy, Sort::Trust) {
        Ok(document) => document,
        Err(error) => return unreadable(DOCUMENT, &error),
    };
    let trust = Trust { text: policy, document: &document, setting };
    let mut undecided = None;
    let named = service_names(&document);
    for name in &named {
        let caller = Party::Exactly(Caller::Service(name.clone()));
        match trust.ask(&trust.class(vec![caller], vec![(EXTERNAL_ID, Fixed::Absent)])) {
            Answer::Proved => {}
            Answer::Undecided(reason) => {
                undecided.get_or_insert(reason);
            }
            Answer::Refuted(request) => {
                let counterexample = trust.shown(&request, "without an external id");
                return Ruling::Fail {
                    why: format!("{name} needs no external id, and the client's words are read literally"),
                    correction: trust.demand_an_id(&request),
                    counterexample: Box::new(counterexample),
                    notes: Vec::new(),
                };
            }
        }
    }
    match undecided {
        Some(reason) => Ruling::Undecided { reason },
        None if named.is_empty() => {
            Ruling::NotApplicable { reason: "the trust policy names no service".into(), notes: Vec::new() }
        }
        None => Ruling::Pass {
            proved: format!("{} cannot assume the role without an external id", named.join(", ")),
            notes: vec!["a service never sends an external id: it cannot assume the role at all".into()],
        },
    }
}

/// The services that an Allow names, each once, in the order of the document.
pub(super) fn service_names(document: &crate::policy::model::Document) -> Vec<String> {
    let mut named = Vec::new();
    for statement in document.statements.iter().filter(|statement| statement.effect == Effect::Allow) {
        let Principals::Only(principals) = &statement.principals else { continue };
        for principal in principals {
            if let Principal::Service(name) = principal
                && !named.contains(name)
            {
                named.push(name.clone());
            }
        }
    }
    named
}

/// Finds a statement with `NotPrincipal`, which IAM does not support in trust policies.
pub(crate) fn not_principal(policy: &str) -> Option<(Effect, crate::policy::counterexample::Cited)> {
    let Ok(document) = parse(policy, Sort::Trust) else { return None };
    let of = |effect: Effect| {
        document
            .statements
            .iter()
            .find(|statement| statement.effect == effect && matches!(statement.principals, Principals::AllBut(_)))
    };
    of(Effect::Allow).or_else(|| of(Effect::Deny)).map(|statement| (statement.effect, cite(DOCUMENT, statement)))
}
