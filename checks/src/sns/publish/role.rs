//! Publishers that publish as a role.

use super::{Admission, Door, Grant, Guard, Publisher};
use crate::iam::documents::{acting, role_of};
use crate::observed::Gap;
use crate::policy::Document;
use crate::policy::ask::Asked;
use crate::policy::evaluate::Truth;
use crate::policy::model::{Effect, Principal, Principals, Statement};
use crate::policy::question::key_use::undelegated;
use crate::policy::request::Caller;
use crate::policy::search::SOME_SESSION;
use crate::verdict::Verdict;

/// The policies of a role, each with its name, or why it could not be read.
type Policies = Vec<(String, Result<Document, Gap>)>;

/// Whether one action is allowed to a role.
enum May {
    /// By this statement of this place.
    Yes(String),
    /// For this reason.
    No(String),
    /// This is not known.
    Open(Gap),
}

impl Door<'_> {
    /// Whether a publisher gets past as the role: by a policy of the role's own (for the key only where the key's policy
    /// leaves it to them), or because the policy names the role.
    pub(super) fn as_role(&self, publisher: &Publisher, arn: &str) -> Admission {
        let Some((account, name)) = role_of(arn) else {
            return Admission::Open(Gap::undecided(format!("`{arn}` is not the ARN of a role")));
        };
        let who = publisher.shown();
        let actions = self.guard.actions();
        let as_whom = format!("that {who} publishes as");
        let policies = acting((&account, &name), &as_whom, &actions.join(" or "), self.context);
        let caller = Caller::Role { account: account.clone(), name: name.clone(), session: SOME_SESSION.to_owned() };
        let mut call = self.call(arn.to_owned(), caller);
        call.known.extend([
            "aws:principalarn",
            "aws:principalaccount",
            "kms:calleraccount",
            "aws:principalisawsservice",
            "aws:principaltype",
        ]);
        if self.guard == Guard::Key
            && let Some(region) = self.context.subject.id.split(':').nth(3)
        {
            call.hold("kms:ViaService", "kms:viaservice", &format!("sns.{region}.amazonaws.com"));
        }
        let (mut by, mut open) = (Vec::new(), None);
        for action in actions {
            match self.may(&self.asked(&call, action), &account, &policies) {
                May::Yes(statement) if by.contains(&statement) => {}
                May::Yes(statement) => by.push(statement),
                May::No(why) => {
                    let why = format!("role {name} is not allowed {action} for {who}: {why}");
                    let shown = self.counterexample(why.clone(), &call, None);
                    return Admission::Refused(
                        Verdict::not_satisfied(why, self.guard.expected()).shown_by(shown, None),
                    );
                }
                May::Open(gap) => {
                    open.get_or_insert(gap);
                }
            }
        }
        match open {
            Some(gap) => Admission::Open(gap),
            None => Admission::Granted(Grant { who: format!("role {name}"), by, notes: Vec::new() }),
        }
    }

    fn may(&self, asked: &Asked<'_>, account: &str, policies: &Policies) -> May {
        let own = format!("the {}", self.guard.name());
        let readable = || {
            policies.iter().filter_map(|(place, document)| match document {
                Ok(document) => Some((place.as_str(), document)),
                Err(_) => None,
            })
        };
        let mut doubt = None;
        for (place, document) in std::iter::once((own.as_str(), &self.document)).chain(readable()) {
            match asked.first(Effect::Deny, document) {
                (Truth::Yes, Some(deny)) => return May::No(format!("{} of {place} denies it", deny.name())),
                (Truth::Unknown, Some(deny)) => {
                    doubt.get_or_insert_with(|| Gap::undecided(asked.doubt(deny, place)));
                }
                (Truth::No, _) | (_, None) => {}
            }
        }
        // What was not read may deny it.
        let unread = policies.iter().find_map(|(_, document)| document.as_ref().err().cloned());
        if let Some(gap) = unread.or(doubt) {
            return May::Open(gap);
        }
        let mut open = None;
        let mut allowed = |document: &Document, place: &str| match asked.first(Effect::Allow, document) {
            (Truth::Yes, Some(allow)) => Some(format!("{} of {place}", allow.name())),
            (Truth::Unknown, Some(allow)) => {
                open.get_or_insert_with(|| Gap::undecided(asked.doubt(allow, place)));
                None
            }
            (Truth::No, _) | (_, None) => None,
        };
        if let Some(by) = allowed(&undelegated(&self.document), &own) {
            return May::Yes(by);
        }
        let by = readable().find_map(|(place, document)| allowed(document, place));
        let left_to_them = match self.guard {
            Guard::Topic => Truth::Yes,
            Guard::Key => self.delegated(asked, account),
        };
        match (by, left_to_them) {
            (Some(by), Truth::Yes) => May::Yes(by),
            (Some(_), Truth::Unknown) => {
                May::Open(Gap::undecided(format!("whether {own} leaves it to the account's policies cannot be told")))
            }
            (_, Truth::No) => match open {
                Some(gap) => May::Open(gap),
                None => May::No(format!("{own} does not allow it, and does not leave it to the role's own policies")),
            },
            (None, Truth::Yes | Truth::Unknown) => match open {
                Some(gap) => May::Open(gap),
                None => May::No(format!("neither {own} nor a policy of the role allows it")),
            },
        }
    }

    /// Whether the key policy lets the account's own policies decide.
    fn delegated(&self, asked: &Asked<'_>, account: &str) -> Truth {
        let names_it = |statement: &&Statement| match &statement.principals {
            Principals::Only(list) => {
                list.iter().any(|principal| matches!(principal, Principal::Account(named) if named == account))
            }
            Principals::AllBut(_) | Principals::Unstated => false,
        };
        let allows = self.document.statements.iter().filter(|statement| statement.effect == Effect::Allow);
        allows.filter(names_it).map(|statement| asked.matches(statement)).max().unwrap_or(Truth::No)
    }
}
