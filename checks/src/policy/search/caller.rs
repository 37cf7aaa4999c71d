//! Requests: put together from a member of each variable.

use std::rc::Rc;

use crate::policy::evaluate::Facts;
use crate::policy::pattern::Part;
use crate::policy::request::{Caller, Held, Request};
use crate::policy::search::domain::DERIVED;
use crate::policy::search::scene::Scene;
use crate::policy::search::variable::{Left, Variable};
use crate::policy::search::{
    Act, PRINCIPAL_ACCOUNT, PRINCIPAL_ARN, PRINCIPAL_TYPE, Party, SERVICE_NAME, SOME_SESSION, STATES, USERNAME,
};
use crate::policy::words::{Found, Glob, Letter};

impl Scene<'_> {
    /// The request that the members describe; `None` where what hangs together does not fit.
    pub(super) fn request(&self, variables: &[Rc<Variable>], act: &Act) -> Option<Request> {
        let mut request = self.base.clone();
        act.shown.as_ref().clone_into(&mut request.action);
        for variable in variables {
            match (variable.key.as_deref(), variable.member.as_deref()) {
                (None, Some(Held::One(resource))) => request.resource.clone_from(resource),
                (None, _) | (Some(PRINCIPAL_ARN | PRINCIPAL_ACCOUNT | PRINCIPAL_TYPE | USERNAME | SERVICE_NAME), _) => {
                }
                (Some(key), held) => request.context.extend(held.map(|held| (key.to_owned(), held.clone()))),
            }
        }
        request.caller = self.caller(variables)?;
        Some(request)
    }

    /// The request with every open variable that stands alone for a value holding what it is compared with; `None`
    /// where there is no such variable.
    pub(super) fn echoing(&self, request: &Request) -> Option<Request> {
        let mut echoing = request.clone();
        let facts = Facts { request, partition: &self.search.class.partition };
        for (_, test) in self.search.index.keys.keys().flat_map(|key| self.search.index.tests_of(key)) {
            for value in &test.values {
                let [Part::Variable { key, default }] = value.pattern.parts.as_slice() else { continue };
                if self.is_open(key, default.as_deref())
                    && !DERIVED.contains(&key.as_str())
                    && facts.get(key).is_none()
                    && let Some(held) = facts.get(&test.key)
                    && self.left(key).is_some_and(|left| left.holds(Some(&held)))
                {
                    echoing.context.insert(key.clone(), held);
                }
            }
        }
        (echoing != *request).then_some(echoing)
    }

    /// The caller that the members describe.
    fn caller(&self, variables: &[Rc<Variable>]) -> Option<Caller> {
        let find = |name: &str| variables.iter().find(|variable| variable.is(name));
        let text = |name: &str| find(name).and_then(|variable| variable.text());
        if let Some(name) = text(SERVICE_NAME) {
            return Some(Caller::Service(name.to_owned()));
        }
        if [PRINCIPAL_ARN, PRINCIPAL_ACCOUNT, PRINCIPAL_TYPE, USERNAME].iter().all(|name| find(name).is_none()) {
            return Some(self.base.caller.clone());
        }
        let mut arns = match find(PRINCIPAL_ARN).map(|variable| &variable.left) {
            Some(Left::Text { present: Some(words), .. }) => words.clone(),
            Some(Left::Text { present: None, .. } | Left::Point { .. } | Left::Texts { .. }) => return None,
            None => self.arns(),
        };
        let kinds: &[&str] = match (find(USERNAME), text(USERNAME), text(PRINCIPAL_TYPE)) {
            (_, Some(_), None | Some("User")) | (None, None, Some("User")) => &["user/"],
            (_, Some(_), Some(_)) | (Some(_), None, Some("User")) | (_, None, Some("FederatedUser")) => return None,
            (_, None, Some("Account")) => &["root"],
            (_, None, Some("AssumedRole")) => &["role/"],
            (Some(_), None, _) => &["role/", "root"],
            (None, None, _) => &["role/", "user/", "root"],
        };
        let name = text(USERNAME);
        let account = text(PRINCIPAL_ACCOUNT);
        let kinds = if matches!(self.party, Party::RootOfAStranger) { &["root"] } else { kinds };
        let form = |kind: &&str| {
            let glob = Glob::new().text(&format!("arn:{}:iam::", self.search.class.partition));
            let glob = match account {
                Some(account) => glob.text(account),
                None => glob.star(Letter::Digit),
            };
            let glob = glob.text(&format!(":{kind}"));
            match name {
                _ if *kind == "root" => glob,
                Some(name) => glob.text(name),
                None => glob.star(Letter::Any),
            }
        };
        arns.keep(&kinds.iter().map(form).collect());
        match arns.shortest(&mut { STATES }) {
            Found::Word(arn) => caller_of(&arn),
            Found::Nothing | Found::GaveUp => None,
        }
    }
}

/// Reads the ARN of a user, a role or a root user as a caller.
fn caller_of(arn: &str) -> Option<Caller> {
    let mut parts = arn.splitn(6, ':');
    let account = parts.nth(4)?.to_owned();
    let rest = parts.next()?;
    if rest == "root" {
        return Some(Caller::Root { account });
    }
    match rest.split_once('/')? {
        ("role", name) => Some(Caller::Role { account, name: name.to_owned(), session: SOME_SESSION.to_owned() }),
        ("user", name) => Some(Caller::User { account, name: name.to_owned() }),
        _ => None,
    }
}
