//! Can nobody of another account assume the role without one of its external ids, and can every named service?

use serde_json::{Value, json};

use crate::policy::counterexample::{Correction, Counterexample, cite};
use crate::policy::evaluate::{self, Facts, Truth};
use crate::policy::model::{Document, Effect, Principal, Principals, Relation, Statement};
use crate::policy::parse::{Sort, parse};
use crate::policy::question::class::{class, estrange, outsiders, strangers};
use crate::policy::question::correct::{Change, correction, statement};
use crate::policy::question::show::Shown;
use crate::policy::question::{Ruling, Setting, unreadable};
use crate::policy::request::{Caller, Request};
use crate::policy::search::{Act, Answer, Claim, Class, Fixed, Party, Region, Strangers, search};
use crate::policy::words::Glob;

mod ids;
mod principals;

pub(crate) use ids::{Strength, demanded_of_services, ids, not_principal};
pub(crate) use principals::{Expected, principals};

const DOCUMENT: &str = "trust policy";
const EXTERNAL_ID: &str = "sts:externalid";
const ORGANISATION: &str = "aws:principalorgid";

/// Judges a role's trust policy, both halves.
pub(crate) fn judge(policy: &str, setting: &Setting) -> Ruling {
    let document = match parse(policy, Sort::Trust) {
        Ok(document) => document,
        Err(error) => return unreadable(DOCUMENT, &error),
    };
    let trust = Trust { text: policy, document: &document, setting };
    let outside = trust.outsiders(true);
    let inside = trust.services(true);
    match (outside, inside) {
        (fail @ Ruling::Fail { .. }, _) | (_, fail @ Ruling::Fail { .. }) => fail,
        (undecided @ Ruling::Undecided { .. }, _) | (_, undecided @ Ruling::Undecided { .. }) => undecided,
        (outside @ (Ruling::Pass { .. } | Ruling::NotApplicable { .. }), _) => outside,
    }
}

/// Judges whether outsiders need an external id.
pub(crate) fn external_id(policy: &str, setting: &Setting) -> Ruling {
    match parse(policy, Sort::Trust) {
        Ok(document) => Trust { text: policy, document: &document, setting }.outsiders(true),
        Err(error) => unreadable(DOCUMENT, &error),
    }
}

/// Judges whether every service that the policy names can assume the role without an external id.
pub(crate) fn services(policy: &str, setting: &Setting) -> Ruling {
    match parse(policy, Sort::Trust) {
        Ok(document) => Trust { text: policy, document: &document, setting }.services(true),
        Err(error) => unreadable(DOCUMENT, &error),
    }
}

struct Trust<'a> {
    text: &'a str,
    document: &'a Document,
    setting: &'a Setting,
}

impl Trust<'_> {
    fn class(&self, parties: Vec<Party>, fixed: Vec<(&'static str, Fixed)>) -> Class {
        let region = Region::of(vec![Glob::new().text(&self.role())], vec![Act::new("sts:AssumeRole")]);
        class(&[self.document], self.setting, parties, vec![region], fixed)
    }

    /// The role's ARN.
    fn role(&self) -> String {
        let unnamed = || format!("arn:{}:iam::{}:role/this-role", self.setting.partition, self.setting.account);
        self.setting.resource.clone().unwrap_or_else(unnamed)
    }

    fn ask(&self, class: &Class) -> Answer {
        search(&[self.document], Claim::NotAllowed, class)
    }

    /// What a stranger to the own organisation cannot hold, where the organisation stands in place of an id.
    fn organisation(&self) -> Option<(&'static str, Fixed)> {
        self.setting.accept_own_org.then(|| (ORGANISATION, Fixed::NoneOf(self.literals(ORGANISATION))))
    }

    /// The values of a key that the policy writes out.
    fn literals(&self, key: &str) -> Vec<String> {
        let mut literals = Vec::new();
        for test in self.document.statements.iter().flat_map(|statement| &statement.conditions) {
            if test.key != key || test.operator.relation == Relation::Null {
                continue;
            }
            let wild = matches!(test.operator.relation, Relation::StringLike | Relation::StringNotLike);
            for value in &test.values {
                let literal = if wild { value.pattern.literal().map(str::to_owned) } else { Some(value.text.clone()) };
                literals.extend(literal.filter(|_| !value.pattern.has_variable()));
            }
        }
        literals
    }

    fn outsiders(&self, correcting: bool) -> Ruling {
        let everyone_outside = outsiders(&[self.document], &own_only(self.setting));
        let any_id = self.ask(&self.class(everyone_outside.clone(), self.organisation().into_iter().collect()));
        let with_an_id = match any_id {
            Answer::Undecided(reason) => return Ruling::Undecided { reason },
            Answer::Proved => {
                return Ruling::NotApplicable {
                    reason: "no principal of another account can assume the role".into(),
                    notes: self.notes(),
                };
            }
            Answer::Refuted(request) => request,
        };
        if let Some(failure) = self.id_from_a_variable(&with_an_id) {
            return failure;
        }
        let mut fixed = vec![(EXTERNAL_ID, Fixed::NoneOf(self.literals(EXTERNAL_ID)))];
        fixed.extend(self.organisation());
        match self.ask(&self.class(everyone_outside, fixed)) {
            Answer::Undecided(reason) => return Ruling::Undecided { reason },
            Answer::Refuted(request) => {
                let what = if request.context.contains_key(EXTERNAL_ID) {
                    "with an external id that the policy does not name"
                } else {
                    "without an external id"
                };
                let counterexample = self.shown(&request, what);
                let correction = if correcting { self.demand_an_id(&request) } else { None };
                return Ruling::Fail {
                    why: format!("another account needs no external id of the policy's: {}", counterexample.brief()),
                    counterexample: Box::new(counterexample),
                    correction,
                    notes: self.notes(),
                };
            }
            Answer::Proved => {}
        }
        let anybody = self.class(strangers(), Vec::new());
        let anybody = estrange(anybody, Strangers::Anybody);
        match self.ask(&anybody) {
            Answer::Undecided(reason) => Ruling::Undecided { reason },
            Answer::Refuted(request) => {
                let counterexample = self.shown(&request, "with the external id alone");
                Ruling::Fail {
                    why: format!(
                        "an external id is no secret, and nothing else keeps unrelated accounts out: {}",
                        counterexample.brief()
                    ),
                    counterexample: Box::new(counterexample),
                    correction: None,
                    notes: self.notes(),
                }
            }
            Answer::Proved => Ruling::Pass {
                proved:
                    "no principal of another account can assume the role with no external id, or with one that the \
                         policy does not name"
                        .into(),
                notes: self.notes(),
            },
        }
    }

    /// An id that comes from the request itself is no id.
    fn id_from_a_variable(&self, request: &Request) -> Option<Ruling> {
        let facts = Facts { request, partition: &self.setting.partition };
        let demanding = |statement: &&Statement| {
            statement.effect == Effect::Allow
                && evaluate::principals(&statement.principals, statement.effect, &facts) != Truth::No
                && statement
                    .conditions
                    .iter()
                    .any(|test| test.key == EXTERNAL_ID && test.values.iter().any(|value| value.pattern.has_variable()))
        };
        let statement = self.document.statements.iter().find(demanding)?;
        let sentence = format!(
            "{} compares sts:ExternalId with a variable, whose value is the request's own: the caller decides what fits",
            statement.name()
        );
        let mut counterexample = self.shown(request, "with an external id of its own choice");
        counterexample.sentence.clone_from(&sentence);
        counterexample.allowed_by = Some(cite(DOCUMENT, statement));
        Some(Ruling::Fail {
            why: sentence,
            counterexample: Box::new(counterexample),
            correction: None,
            notes: self.notes(),
        })
    }

    fn services(&self, correcting: bool) -> Ruling {
        let mut undecided = None;
        let named = ids::service_names(self.document);
        for name in &named {
            let caller = Party::Exactly(Caller::Service(name.clone()));
            match self.ask(&self.class(vec![caller.clone()], vec![(EXTERNAL_ID, Fixed::Absent)])) {
                Answer::Refuted(_) => {}
                Answer::Undecided(reason) => {
                    undecided.get_or_insert(reason);
                }
                Answer::Proved => return self.dead(name, &caller, correcting),
            }
        }
        match undecided {
            Some(reason) => Ruling::Undecided { reason },
            None if named.is_empty() => {
                Ruling::NotApplicable { reason: "the trust policy names no service".into(), notes: self.notes() }
            }
            None => Ruling::Pass {
                proved: format!("{} can assume the role without an external id", named.join(", ")),
                notes: self.notes().into_iter().chain(self.idle_tests()).collect(),
            },
        }
    }

    /// Tests of the external id beside a service that gets in all the same.
    fn idle_tests(&self) -> Vec<String> {
        let names_a_service = |statement: &Statement| {
            matches!(&statement.principals, Principals::Only(list)
                if list.iter().any(|principal| matches!(principal, Principal::Service(_))))
        };
        let statements = self.document.statements.iter().filter(|statement| {
            statement.effect == Effect::Allow
                && names_a_service(statement)
                && statement.conditions.iter().any(|test| test.key == EXTERNAL_ID)
        });
        let note = |statement: &Statement| {
            format!("{} tests sts:ExternalId beside a service, which never sends one", statement.name())
        };
        statements.map(note).collect()
    }

    /// A service that cannot assume the role: whether the external id keeps it out, and how to let it in.
    fn dead(&self, name: &str, caller: &Party, correcting: bool) -> Ruling {
        let with_an_id = self.ask(&self.class(vec![caller.clone()], Vec::new()));
        let demanding = self.document.statements.iter().find(|statement| {
            statement.effect == Effect::Allow
                && matches!(&statement.principals, Principals::Only(list)
                    if list.iter().any(|principal| matches!(principal, Principal::Service(service) if service == name)))
        });
        let why = match with_an_id {
            Answer::Refuted(_) => format!(
                "dead trust: {name} is asked for sts:ExternalId, which a service never sends, so it cannot assume the role"
            ),
            Answer::Proved | Answer::Undecided(_) => {
                format!("dead trust: {name} is named and can never assume the role")
            }
        };
        let counterexample = Counterexample {
            sentence: why.clone(),
            principal: Some(name.to_owned()),
            action: Some("sts:AssumeRole".into()),
            resource: self.setting.resource.clone(),
            context: [("sts:ExternalId".to_owned(), None)].into(),
            allowed_by: demanding.map(|statement| cite(DOCUMENT, statement)),
            nearest_deny: None,
        };
        let correction = demanding.filter(|_| correcting).and_then(|demanding| self.split(demanding));
        Ruling::Fail { why, counterexample: Box::new(counterexample), correction, notes: self.notes() }
    }

    fn shown(&self, request: &Request, what: &str) -> Counterexample {
        let named = [(DOCUMENT, self.document)];
        let absent: &[&str] = if request.context.contains_key(EXTERNAL_ID) { &[] } else { &["sts:ExternalId"] };
        Shown { documents: &named, partition: &self.setting.partition, absent }.describe(request, what)
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        for statement in &self.document.statements {
            let (Principals::Only(list) | Principals::AllBut(list)) = &statement.principals else { continue };
            for principal in list {
                if let Principal::Deleted(id) = principal {
                    notes.push(format!("{id} is the id of a principal that was deleted, and matches nobody"));
                }
            }
        }
        notes
    }

    /// The statement that lets the request through, with an external id demanded.
    fn demand_an_id(&self, request: &Request) -> Option<Correction> {
        let facts = Facts { request, partition: &self.setting.partition };
        let lets = |statement: &&Statement| {
            statement.effect == Effect::Allow && evaluate::statement(statement, &facts) == Truth::Yes
        };
        let index = self.document.statements.iter().find(lets)?.index;
        let mut mended = statement(self.text, index)?;
        let condition = mended.as_object_mut()?.entry("Condition").or_insert_with(|| json!({})).as_object_mut()?;
        for test in condition.values_mut() {
            let tests = test.as_object_mut()?;
            tests.retain(|key, _| !key.eq_ignore_ascii_case(EXTERNAL_ID));
        }
        condition.retain(|_, tests| tests.as_object().is_none_or(|tests| !tests.is_empty()));
        let equals = condition.entry("StringEquals").or_insert_with(|| json!({})).as_object_mut()?;
        equals.insert("sts:ExternalId".into(), Value::String("an-id-that-you-agree-with-the-other-account".into()));
        let instruction = format!(
            "replace statement {} of the trust policy by this one, with an id of your own agreed with the other account",
            index + 1
        );
        correction(Some(self.text), &Change::Replace(index, vec![mended]), &instruction, "trust-external-id", |text| {
            match parse(text, Sort::Trust) {
                Ok(document) => Trust { text, document: &document, setting: self.setting }.outsiders(false),
                Err(error) => unreadable(DOCUMENT, &error),
            }
        })
    }

    /// The statement in two: its services without the external id, everybody else as before.
    fn split(&self, demanding: &Statement) -> Option<Correction> {
        let whole = statement(self.text, demanding.index)?;
        let mut services = whole.clone();
        let members = services.as_object_mut()?;
        members.insert("Principal".into(), json!({"Service": whole.get("Principal")?.get("Service")?}));
        if let Some(condition) = members.get_mut("Condition").and_then(Value::as_object_mut) {
            for tests in condition.values_mut() {
                tests.as_object_mut()?.retain(|key, _| !key.eq_ignore_ascii_case(EXTERNAL_ID));
            }
            condition.retain(|_, tests| tests.as_object().is_none_or(|tests| !tests.is_empty()));
        }
        if members.get("Condition").and_then(Value::as_object).is_some_and(serde_json::Map::is_empty) {
            members.shift_remove("Condition");
        }
        let mut statements = vec![services];
        let mut rest = whole;
        let others = rest.get_mut("Principal")?.as_object_mut()?;
        others.shift_remove("Service");
        if !others.is_empty() {
            if let Some(sid) = rest.get("Sid").and_then(Value::as_str).map(|sid| format!("{sid}Others")) {
                rest.as_object_mut()?.insert("Sid".into(), Value::String(sid));
            }
            statements.push(rest);
        }
        let instruction = format!(
            "replace statement {} of the trust policy: the service without sts:ExternalId, principals of other accounts \
             in a statement of their own that demands it",
            demanding.index + 1
        );
        correction(
            Some(self.text),
            &Change::Replace(demanding.index, statements),
            &instruction,
            "trust-external-id",
            |text| match parse(text, Sort::Trust) {
                Ok(document) => Trust { text, document: &document, setting: self.setting }.services(false),
                Err(error) => unreadable(DOCUMENT, &error),
            },
        )
    }
}

/// The setting without trusted accounts: an external id is asked of every other account.
fn own_only(setting: &Setting) -> Setting {
    Setting { trusted_accounts: Vec::new(), ..setting.clone() }
}
