//! Does the key's policy leave the key's administration to the account, and its use alone to services?

use serde_json::{Value, json};

use crate::policy::action::catalogue;
use crate::policy::counterexample::{Correction, Counterexample, cite};
use crate::policy::evaluate::{self, Facts, Truth};
use crate::policy::model::{Actions, Document, Effect, Principal, Principals, Statement};
use crate::policy::parse::{Sort, parse};
use crate::policy::question::class::{acts, class, named};
use crate::policy::question::correct::{Change, correction, statement};
use crate::policy::question::key_policy::{is_bound, is_everything};
use crate::policy::question::show::{Shown, name};
use crate::policy::question::{Ruling, Setting, unreadable};
use crate::policy::request::{Caller, Request};
use crate::policy::search::{Act, Answer, Claim, Party, Region, SOME_SESSION, search};
use crate::policy::words::Glob;

const DOCUMENT: &str = "key policy";

/// The actions by which a key, or who may use it, is lost.
const ADMINISTRATIVE: [&str; 5] =
    ["PutKeyPolicy", "ScheduleKeyDeletion", "DisableKey", "DisableKeyRotation", "DeleteImportedKeyMaterial"];

/// What a correction leaves of all actions.
const USE: [&str; 6] =
    ["kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKey*", "kms:DescribeKey"];

/// Who may do more with a key than use it, and who may not.
pub(crate) struct Wanted<'a> {
    /// ARNs or accounts beside the own one that may hold every action.
    pub(crate) admins: &'a [String],
    /// Services that may use the key without a condition.
    pub(crate) unconditioned: &'a [String],
    /// The roles of the workload, each as account and path with name.
    pub(crate) roles: &'a [(String, String)],
}

/// Judges a key's policy; the setting names the key's ARN.
pub(crate) fn judge(text: &str, setting: &Setting, wanted: &Wanted<'_>) -> Ruling {
    judged(text, setting, wanted, true)
}

fn judged(text: &str, setting: &Setting, wanted: &Wanted<'_>, correcting: bool) -> Ruling {
    let document = match parse(text, Sort::Resource) {
        Ok(document) => document,
        Err(error) => return unreadable(DOCUMENT, &error),
    };
    let Some(arn) = setting.resource.as_deref() else {
        return Ruling::Undecided { reason: "the question is about one key: name its ARN".into() };
    };
    let key = Key { text, document: &document, setting, wanted, arn };
    let mut found = Found::default();
    for statement in allows(&document) {
        key.open_ended(statement, &mut found);
        key.everything(statement, &mut found);
        key.unconditioned(statement, &mut found);
        key.unknown_actions(statement, &mut found);
    }
    key.services(&mut found);
    key.roles(&mut found);
    let notes = key.notes();
    let whys: Vec<String> = found.wrong.iter().map(|wrong| wrong.why.clone()).collect();
    let single = found.wrong.len() == 1;
    match (found.wrong.into_iter().next(), found.undecided) {
        (Some(first), _) => Ruling::Fail {
            why: whys.join("; "),
            counterexample: Box::new(first.counterexample),
            correction: if single && correcting { key.correct(first.change) } else { None },
            notes,
        },
        (None, Some(reason)) => Ruling::Undecided { reason },
        (None, None) => Ruling::Pass {
            proved: "the account alone holds kms:*, services hold no more than the use of the key, under a condition, \
                     and no role of the workload administers it"
                .into(),
            notes,
        },
    }
}

/// The document without what it leaves to accounts: naming an account's root lets that account's own policies decide,
/// and allows none of its users and roles anything by itself.
pub(crate) fn undelegated(document: &Document) -> Document {
    let mut document = document.clone();
    document.statements.retain_mut(|statement| match (&mut statement.principals, statement.effect) {
        (Principals::Only(list), Effect::Allow) => {
            list.retain(|principal| !matches!(principal, Principal::Account(_)));
            !list.is_empty()
        }
        (Principals::Only(_) | Principals::AllBut(_) | Principals::Unstated, Effect::Allow | Effect::Deny) => true,
    });
    document
}

fn allows(document: &Document) -> impl Iterator<Item = &Statement> {
    document.statements.iter().filter(|statement| statement.effect == Effect::Allow)
}

fn holders(statement: &Statement) -> &[Principal] {
    match &statement.principals {
        Principals::Only(list) => list,
        Principals::AllBut(_) | Principals::Unstated => &[],
    }
}

/// Whether an action, without the service, is one that who encrypts and decrypts needs.
fn is_use(action: &str) -> bool {
    let named = ["Encrypt", "Decrypt", "ReEncryptFrom", "ReEncryptTo", "DescribeKey", "CreateGrant"];
    named.contains(&action) || action.starts_with("GenerateDataKey")
}

#[derive(Default)]
struct Found {
    wrong: Vec<Wrong>,
    undecided: Option<String>,
    /// Who holds everything, which covers whatever else they hold.
    everything: Vec<String>,
}

struct Wrong {
    why: String,
    counterexample: Counterexample,
    change: Option<(Change, String)>,
}

struct Key<'a> {
    text: &'a str,
    document: &'a Document,
    setting: &'a Setting,
    wanted: &'a Wanted<'a>,
    arn: &'a str,
}

impl Key<'_> {
    /// A statement that is wrong by itself.
    fn wrong(&self, statement: &Statement, why: String, who: Option<&str>, action: Option<&str>) -> Wrong {
        let counterexample = Counterexample {
            sentence: why.clone(),
            principal: who.map(str::to_owned),
            action: action.map(str::to_owned),
            resource: Some(self.arn.to_owned()),
            context: [].into(),
            allowed_by: Some(cite(DOCUMENT, statement)),
            nearest_deny: None,
        };
        Wrong { why, counterexample, change: None }
    }

    fn root(&self) -> Value {
        json!({"AWS": format!("arn:{}:iam::{}:root", self.setting.partition, self.setting.account)})
    }

    fn changed(&self, index: usize, words: &str, change: impl FnOnce(&mut Members) -> Option<()>) -> Changed {
        let mut new = statement(self.text, index)?;
        change(new.as_object_mut()?)?;
        let instruction = format!("replace statement {} of the key policy by this one, {words}", index + 1);
        Some((Change::Replace(index, vec![new]), instruction))
    }

    /// Allow with NotPrincipal or NotAction lets in whoever, and allows whatever, the document does not think of.
    fn open_ended(&self, allow: &Statement, found: &mut Found) {
        if let Principals::AllBut(_) = allow.principals {
            let why = format!("{} allows everybody but those whom NotPrincipal names", allow.name());
            let mut wrong = self.wrong(allow, why, None, None);
            wrong.change = self.changed(allow.index, "which leaves it to the account's own policies", |members| {
                members.shift_remove("NotPrincipal");
                members.insert("Principal".into(), self.root());
                Some(())
            });
            found.wrong.push(wrong);
        }
        if let Actions::AllBut(_) = allow.actions {
            let why = format!("{} allows every action but those that NotAction names", allow.name());
            let mut wrong = self.wrong(allow, why, None, None);
            wrong.change = self.use_only(allow.index);
            found.wrong.push(wrong);
        }
    }

    fn use_only(&self, index: usize) -> Changed {
        let words = "which leaves the use of the key; add by name what else this principal needs";
        self.changed(index, words, |members| {
            members.shift_remove("NotAction");
            members.insert("Action".into(), json!(USE));
            Some(())
        })
    }

    /// Every action for anybody but the account.
    fn everything(&self, allow: &Statement, found: &mut Found) {
        if matches!(allow.actions, Actions::AllBut(_)) || !is_everything(&allow.actions) {
            return;
        }
        for principal in holders(allow) {
            let Some(who) = self.too_much(principal) else { continue };
            let why = format!("{who} holds every action on the key by {}", allow.name());
            let mut wrong = self.wrong(allow, why, Some(&who), Some("kms:*"));
            wrong.change = self.use_only(allow.index);
            found.wrong.push(wrong);
            found.everything.push(who);
        }
    }

    /// The principal's name, where it may not hold everything.
    fn too_much(&self, principal: &Principal) -> Option<String> {
        let (who, also) = match principal {
            Principal::Account(account) if *account == self.setting.account => return None,
            Principal::Deleted(_) => return None,
            Principal::Everyone => ("everyone".to_owned(), "*".to_owned()),
            Principal::Account(account) => {
                (format!("account {account}"), format!("arn:{}:iam::{account}:root", self.setting.partition))
            }
            Principal::User { arn, .. } | Principal::Role { arn, .. } | Principal::Session { arn, .. } => {
                (arn.clone(), arn.clone())
            }
            Principal::Service(name) | Principal::Federated(name) => (name.clone(), name.clone()),
            Principal::CanonicalUser(id) => (format!("canonical user {id}"), id.clone()),
            Principal::Other { text, .. } => (text.clone(), text.clone()),
        };
        let bare = who.strip_prefix("account ").map_or(who.as_str(), |account| account);
        let wanted = self.wanted.admins.iter().any(|admin| *admin == also || admin == bare);
        (!wanted).then_some(who)
    }

    /// A service that may use the key for anybody's resources.
    fn unconditioned(&self, allow: &Statement, found: &mut Found) {
        if is_bound(allow) {
            return;
        }
        for principal in holders(allow) {
            let Principal::Service(service) = principal else { continue };
            if self.wanted.unconditioned.contains(service) {
                continue;
            }
            let why = format!(
                "{} lets {service} use the key without a condition on the source or the encryption context",
                allow.name()
            );
            let mut wrong = self.wrong(allow, why, Some(service), None);
            wrong.change =
                self.changed(allow.index, "which holds the service to this account's resources", |members| {
                    let condition = members.entry("Condition").or_insert_with(|| json!({})).as_object_mut()?;
                    let equals = condition.entry("StringEquals").or_insert_with(|| json!({})).as_object_mut()?;
                    equals.insert("aws:SourceAccount".into(), json!(self.setting.account));
                    Some(())
                });
            found.wrong.push(wrong);
        }
    }

    /// A name that no table holds may be anything.
    fn unknown_actions(&self, allow: &Statement, found: &mut Found) {
        let Actions::Only(list) = &allow.actions else { return };
        if !holders(allow).iter().any(|principal| !matches!(principal, Principal::Account(_))) {
            return;
        }
        for action in list.iter().filter(|action| action.lower.starts_with("kms:")) {
            if catalogue().matching(action).next().is_none() {
                let name = allow.name();
                let reason =
                    format!("{name} allows `{}`, which matches no action that this version knows", action.text);
                found.undecided.get_or_insert(reason);
            }
        }
    }

    fn services(&self, found: &mut Found) {
        let beyond: Vec<Act> = acts("kms", None, &ADMINISTRATIVE)
            .into_iter()
            .filter(|act| act.shown.split_once(':').is_none_or(|(_, action)| !is_use(action)))
            .collect();
        for principal in named(&[self.document]) {
            let Principal::Service(service) = principal else { continue };
            if !found.everything.contains(service) {
                let caller = Caller::Service(service.clone());
                self.beyond(self.document, caller, &beyond, "although services have only to use the key", found);
            }
        }
    }

    fn roles(&self, found: &mut Found) {
        let direct = undelegated(self.document);
        let beyond: Vec<Act> = ADMINISTRATIVE.iter().map(|action| Act::new(format!("kms:{action}"))).collect();
        for (account, role) in self.wanted.roles {
            let mut sessions = vec![SOME_SESSION.to_owned()];
            for principal in named(&[&direct]) {
                if let Principal::Session { account: own, role: named, session, .. } = principal
                    && own == account
                    && role.rsplit('/').next() == Some(named)
                {
                    sessions.push(session.clone());
                }
            }
            for session in sessions {
                let caller = Caller::Role { account: account.clone(), name: role.clone(), session };
                if !caller.arn(&self.setting.partition).is_some_and(|arn| found.everything.contains(&arn)) {
                    self.beyond(&direct, caller, &beyond, "although the workload has only to use the key", found);
                }
            }
        }
    }

    /// Whether the caller may do one of these in any circumstance.
    fn beyond(&self, document: &Document, caller: Caller, beyond: &[Act], what: &str, found: &mut Found) {
        let documents = [document];
        let region = Region::of(vec![Glob::new().text(self.arn)], beyond.to_vec());
        let asked = class(&documents, self.setting, vec![Party::Exactly(caller)], vec![region], []);
        match search(&documents, Claim::NotAllowed, &asked) {
            Answer::Proved => {}
            Answer::Undecided(reason) => {
                found.undecided.get_or_insert(reason);
            }
            Answer::Refuted(request) => {
                let shown = [(DOCUMENT, document)];
                let shown = Shown { documents: &shown, partition: &self.setting.partition, absent: &[] };
                let counterexample = shown.describe(&request, what);
                let by = allowing(document, &request, &self.setting.partition);
                let who = name(&request.caller, &self.setting.partition);
                let place = by.map_or_else(|| "the key policy".to_owned(), Statement::name);
                let why = format!("{who} may call {} by {place}", request.action);
                let change = by.and_then(|by| self.without(by));
                found.wrong.push(Wrong { why, counterexample, change });
            }
        }
    }

    /// The statement with those of its actions that are the use of the key.
    fn without(&self, allow: &Statement) -> Changed {
        let Actions::Only(list) = &allow.actions else { return None };
        let kept: Vec<&str> = list
            .iter()
            .filter(|pattern| {
                let mut on_keys = catalogue().matching(pattern).filter(|action| action.takes_resource).peekable();
                on_keys.peek().is_some() && on_keys.all(|action| action.service == "kms" && is_use(action.name))
            })
            .map(|pattern| pattern.text.as_str())
            .collect();
        if kept.is_empty() {
            return self.use_only(allow.index);
        }
        self.changed(allow.index, "which leaves the use of the key", |members| {
            members.insert("Action".into(), json!(kept));
            Some(())
        })
    }

    fn correct(&self, change: Changed) -> Option<Correction> {
        let (change, instruction) = change?;
        let asked = "kms-policy-least-privilege";
        correction(Some(self.text), &change, &instruction, asked, |text| judged(text, self.setting, self.wanted, false))
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        for allow in allows(self.document) {
            let name = allow.name();
            let has = |key: &str| allow.conditions.iter().any(|test| test.key == key);
            let mut delegated = true;
            for principal in holders(allow) {
                match principal {
                    Principal::Account(account) => {
                        if *account == self.setting.account && is_everything(&allow.actions) {
                            notes.push(format!(
                                "{name} leaves kms:* to the account's root: that is AWS's default, and keeps the key \
                                 manageable (J14)"
                            ));
                        }
                        continue;
                    }
                    Principal::Service(service) => {
                        if has("kms:viaservice") {
                            notes.push(format!(
                                "{name} is dead text for {service}: kms:ViaService is about calls that a service makes \
                                 for a user or role, and a service's own calls never match it"
                            ));
                        }
                        if !is_bound(allow) && self.wanted.unconditioned.contains(service) {
                            notes.push(format!(
                                "{name} has no condition on the source; unconditioned_ok accepts that for {service}"
                            ));
                        }
                    }
                    Principal::User { arn, .. } | Principal::Role { arn, .. } | Principal::Session { arn, .. } => {
                        let administers = ADMINISTRATIVE
                            .iter()
                            .any(|action| evaluate::actions(&allow.actions, &format!("kms:{action}").to_lowercase()));
                        if administers && !is_everything(&allow.actions) {
                            notes.push(format!("{arn} administers the key by {name}"));
                        }
                    }
                    Principal::Deleted(id) => {
                        notes.push(format!("{id} is the id of a principal that was deleted, and matches nobody"));
                    }
                    Principal::Everyone
                    | Principal::Federated(_)
                    | Principal::CanonicalUser(_)
                    | Principal::Other { .. } => {}
                }
                delegated = false;
            }
            if !delegated
                && !is_everything(&allow.actions)
                && evaluate::actions(&allow.actions, "kms:creategrant")
                && !has("kms:grantisforawsresource")
            {
                notes.push(format!("{name} allows kms:CreateGrant without a test on kms:GrantIsForAWSResource"));
            }
        }
        notes
    }
}

type Members = serde_json::Map<String, Value>;
type Changed = Option<(Change, String)>;

/// The Allow that matches the request.
fn allowing<'a>(document: &'a Document, request: &Request, partition: &str) -> Option<&'a Statement> {
    let facts = Facts { request, partition };
    allows(document).find(|allow| evaluate::statement(allow, &facts) == Truth::Yes)
}
