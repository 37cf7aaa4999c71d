//! Can nobody outside the account use the key, nobody but the account do everything, and somebody administer it?

use serde_json::json;

use crate::policy::counterexample::{Correction, Counterexample, cite};
use crate::policy::model::{Actions, Document, Effect, Principal, Principals, Statement};
use crate::policy::parse::{Sort, parse};
use crate::policy::question::class::{acts, class, estrange, invented, outsiders, own, strangers};
use crate::policy::question::correct::{Change, correction, statement};
use crate::policy::question::show::Shown;
use crate::policy::question::{Ruling, Setting, unreadable};
use crate::policy::search::{Act, Answer, Claim, Region, Strangers, search};
use crate::policy::words::{Glob, Letter};

const DOCUMENT: &str = "key policy";

/// Judges a key's policy; `None` where it has none.
pub(crate) fn judge(policy: Option<&str>, setting: &Setting) -> Ruling {
    let Some(text) = policy else {
        return Ruling::Undecided { reason: "every key has a policy, and none was given".into() };
    };
    judged(text, setting, true)
}

fn judged(text: &str, setting: &Setting, correcting: bool) -> Ruling {
    let document = match parse(text, Sort::Resource) {
        Ok(document) => document,
        Err(error) => return unreadable(DOCUMENT, &error),
    };
    let key = Key { text, document: &document, setting, correcting };
    let rulings = [key.outsiders(), key.everything(), key.administrator()];
    let mut undecided = None;
    for ruling in rulings.into_iter().flatten() {
        match ruling {
            fail @ Ruling::Fail { .. } => return fail,
            other @ Ruling::Undecided { .. } => {
                undecided.get_or_insert(other);
            }
            Ruling::Pass { .. } | Ruling::NotApplicable { .. } => {}
        }
    }
    undecided.unwrap_or_else(|| Ruling::Pass {
        proved: "nobody outside the account and the trusted accounts is allowed any action on the key, nobody but the \
                 account holds kms:*, and the account can change the policy"
            .into(),
        notes: key.notes(),
    })
}

/// Judges only whether anybody outside the own and the trusted accounts may use the key.
pub(crate) fn outside(text: &str, setting: &Setting) -> Ruling {
    let document = match parse(text, Sort::Resource) {
        Ok(document) => document,
        Err(error) => return unreadable(DOCUMENT, &error),
    };
    let key = Key { text, document: &document, setting, correcting: true };
    key.outsiders().unwrap_or_else(|| Ruling::Pass {
        proved: "nobody outside the account and the trusted accounts is allowed any action on the key".into(),
        notes: key.notes(),
    })
}

struct Key<'a> {
    text: &'a str,
    document: &'a Document,
    setting: &'a Setting,
    correcting: bool,
}

impl Key<'_> {
    fn region(&self, acts: Vec<Act>) -> Region {
        let key = match &self.setting.resource {
            Some(arn) => Glob::new().text(arn),
            None => {
                let head = format!("arn:{}:kms:", self.setting.partition);
                let head =
                    Glob::new().text(&head).star(Letter::NoColon).text(&format!(":{}:key/", self.setting.account));
                head.one(Letter::Any).star(Letter::Any)
            }
        };
        Region::of(vec![key], acts)
    }

    /// Whether anybody outside may do anything; `None` where nobody may.
    fn outsiders(&self) -> Option<Ruling> {
        let documents = [self.document];
        let mut parties = strangers();
        parties.extend(outsiders(&documents, self.setting));
        let mut all = acts("kms", None, &["Decrypt", "GenerateDataKey"]);
        all.push(invented("kms"));
        let asked = class(&documents, self.setting, parties, vec![self.region(all)], []);
        let asked = estrange(asked, Strangers::OfOtherAccounts);
        match search(&documents, Claim::NotAllowed, &asked) {
            Answer::Proved => None,
            Answer::Undecided(reason) => Some(Ruling::Undecided { reason }),
            Answer::Refuted(request) => {
                let named = [(DOCUMENT, self.document)];
                let shown = Shown { documents: &named, partition: &self.setting.partition, absent: &[] };
                let counterexample = Box::new(shown.describe(&request, "from outside the account"));
                let facts = crate::policy::evaluate::Facts { request: &request, partition: &self.setting.partition };
                let index = self
                    .document
                    .statements
                    .iter()
                    .find(|statement| {
                        statement.effect == Effect::Allow
                            && crate::policy::evaluate::statement(statement, &facts)
                                == crate::policy::evaluate::Truth::Yes
                    })
                    .map(|statement| statement.index);
                Some(Ruling::Fail {
                    why: format!("an outsider may use the key: {}", counterexample.brief()),
                    counterexample,
                    correction: index.and_then(|index| self.narrow(index)),
                    notes: self.notes(),
                })
            }
        }
    }

    /// Whether anybody but the own account may do everything; `None` where nobody may.
    fn everything(&self) -> Option<Ruling> {
        for statement in self.document.statements.iter().filter(|statement| statement.effect == Effect::Allow) {
            if !is_everything(&statement.actions) {
                continue;
            }
            let holders = match &statement.principals {
                Principals::Only(list) => list.as_slice(),
                Principals::AllBut(_) | Principals::Unstated => &[],
            };
            let Some(name) = holders.iter().find_map(|principal| self.too_much(principal)) else { continue };
            let why = format!("{name} holds every action on the key by {}", statement.name());
            let counterexample = Counterexample {
                sentence: why.clone(),
                principal: Some(name),
                action: Some("kms:*".into()),
                resource: self.setting.resource.clone(),
                context: [].into(),
                allowed_by: Some(cite(DOCUMENT, statement)),
                nearest_deny: None,
            };
            return Some(Ruling::Fail {
                why,
                counterexample: Box::new(counterexample),
                correction: self.list_actions(statement),
                notes: self.notes(),
            });
        }
        None
    }

    /// The principal's name where it is not the own account; everyone is the matter of the outsiders.
    fn too_much(&self, principal: &Principal) -> Option<String> {
        match principal {
            Principal::Account(account) if *account == self.setting.account => None,
            Principal::Account(account) => Some(format!("account {account}")),
            Principal::User { arn, .. } | Principal::Role { arn, .. } | Principal::Session { arn, .. } => {
                Some(arn.clone())
            }
            Principal::Service(name) | Principal::Federated(name) => Some(name.clone()),
            Principal::CanonicalUser(id) => Some(format!("canonical user {id}")),
            Principal::Other { text, .. } => Some(text.clone()),
            Principal::Everyone | Principal::Deleted(_) => None,
        }
    }

    /// Whether nobody of the account can change the policy; `None` where somebody can.
    fn administrator(&self) -> Option<Ruling> {
        let documents = [self.document];
        let region = self.region(vec![Act::new("kms:PutKeyPolicy")]);
        let asked = class(&documents, self.setting, own(&documents, self.setting), vec![region], []);
        match search(&documents, Claim::NotAllowed, &asked) {
            Answer::Refuted(_) => None,
            Answer::Undecided(reason) => Some(Ruling::Undecided { reason }),
            Answer::Proved => {
                let why =
                    "no principal of the account holds kms:PutKeyPolicy: the key cannot be managed, and nobody can \
                           change that"
                        .to_owned();
                let counterexample = Counterexample {
                    sentence: why.clone(),
                    principal: None,
                    action: Some("kms:PutKeyPolicy".into()),
                    resource: self.setting.resource.clone(),
                    context: [].into(),
                    allowed_by: None,
                    nearest_deny: None,
                };
                Some(Ruling::Fail {
                    why,
                    counterexample: Box::new(counterexample),
                    correction: self.delegate(),
                    notes: self.notes(),
                })
            }
        }
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        for statement in self.document.statements.iter().filter(|statement| statement.effect == Effect::Allow) {
            let Principals::Only(principals) = &statement.principals else { continue };
            for principal in principals {
                if let Principal::Service(name) = principal
                    && !is_bound(statement)
                {
                    notes.push(format!(
                        "{name} may use the key for anybody's resources: {} has no test on the source or on the \
                         encryption context",
                        statement.name()
                    ));
                }
                if let Principal::Deleted(id) = principal {
                    notes.push(format!("{id} is the id of a principal that was deleted, and matches nobody"));
                }
            }
        }
        notes.dedup();
        notes
    }

    fn judge_again(&self, text: &str) -> Ruling {
        judged(text, self.setting, false)
    }

    fn narrow(&self, index: usize) -> Option<Correction> {
        if !self.correcting {
            return None;
        }
        let mut narrowed = statement(self.text, index)?;
        let members = narrowed.as_object_mut()?;
        members.shift_remove("NotPrincipal");
        let account = format!("arn:{}:iam::{}:root", self.setting.partition, self.setting.account);
        members.insert("Principal".into(), json!({"AWS": account}));
        let instruction = format!(
            "replace statement {} of the key policy by this one, which leaves it to the account's own policies; keep the \
             statement for the account's root, a lock-out is for good",
            index + 1
        );
        let change = Change::Replace(index, vec![narrowed]);
        correction(Some(self.text), &change, &instruction, "kms-key-policy", |text| self.judge_again(text))
    }

    fn list_actions(&self, all: &Statement) -> Option<Correction> {
        if !self.correcting {
            return None;
        }
        let mut listed = statement(self.text, all.index)?;
        let members = listed.as_object_mut()?;
        members.shift_remove("NotAction");
        members.insert(
            "Action".into(),
            json!([
                "kms:Encrypt",
                "kms:Decrypt",
                "kms:ReEncryptFrom",
                "kms:ReEncryptTo",
                "kms:GenerateDataKey",
                "kms:DescribeKey"
            ]),
        );
        let instruction = format!(
            "replace statement {} of the key policy by this one, which leaves the use of the key; add the administrative \
             actions that this principal needs, by name",
            all.index + 1
        );
        let change = Change::Replace(all.index, vec![listed]);
        correction(Some(self.text), &change, &instruction, "kms-key-policy", |text| self.judge_again(text))
    }

    fn delegate(&self) -> Option<Correction> {
        if !self.correcting {
            return None;
        }
        let statement = json!({
            "Sid": "AccountAdministersTheKey",
            "Effect": "Allow",
            "Principal": {"AWS": format!("arn:{}:iam::{}:root", self.setting.partition, self.setting.account)},
            "Action": "kms:*",
            "Resource": "*",
        });
        let instruction =
            "add this statement to the key policy; where nobody can put a policy any more, only AWS Support can";
        correction(Some(self.text), &Change::Add(vec![statement]), instruction, "kms-key-policy", |text| {
            self.judge_again(text)
        })
    }
}

/// Whether these are all actions on a key.
pub(super) fn is_everything(actions: &Actions) -> bool {
    match actions {
        Actions::Only(list) => list.iter().any(|action| {
            let bare = action.lower.strip_prefix("kms:").map_or(action.lower.as_str(), |name| name);
            !bare.is_empty() && bare.bytes().all(|letter| letter == b'*')
        }),
        Actions::AllBut(_) => true,
    }
}

/// Whether a statement for a service says for whose resources it may use the key.
pub(super) fn is_bound(statement: &Statement) -> bool {
    super::public::is_bound(statement)
        || statement.conditions.iter().any(|test| {
            (test.key.starts_with("kms:encryptioncontext") || test.key == "kms:viaservice")
                && !test.operator.if_exists
                && !test.operator.relation.is_negated()
        })
}
