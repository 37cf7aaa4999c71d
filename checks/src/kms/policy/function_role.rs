//! Whether the role of a function may decrypt the environment that the key encrypts.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;

use crate::check::Context;
use crate::iam::documents::{acting, listing_was_read};
use crate::kms::policy::{DOCUMENT, KEY_POLICY, arn, document, home, is_missing, is_named, role_of, set};
use crate::kms::{DESCRIBE, Key, KeyManager, metadata};
use crate::lambda::{Configuration, Function};
use crate::observed::Gap;
use crate::policy::Document;
use crate::policy::ask::Asked;
use crate::policy::counterexample::{Correction, Counterexample, cite, shown};
use crate::policy::evaluate::Truth;
use crate::policy::model::{Effect, Principal, Principals, Resources, Statement};
use crate::policy::parse::{Sort, parse};
use crate::policy::question::key_use::undelegated;
use crate::policy::request::{Caller, Held, Request};
use crate::subject::{Role as Part, Subject};
use crate::verdict::{Judgement, Verdict, every};

const DECRYPT: &str = "kms:Decrypt";
const CONFIGURATION: &str = "GetFunctionConfiguration";
const VIA: &str = "kms:viaservice";
const FUNCTION_ARN: &str = "kms:encryptioncontext:aws:lambda:functionarn";

/// What is known of the call by which a function's environment is decrypted.
const KNOWN: [&str; 6] =
    [VIA, FUNCTION_ARN, "aws:principalarn", "aws:principalaccount", "kms:calleraccount", "aws:principalisawsservice"];

const EXPECTED: &str = "the function's role is allowed kms:Decrypt on the key, and nothing denies it";

/// Parameters of `kms-policy-allows-function-role`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::kms) struct AllowsRole {
    read_grants: bool,
}

/// Lambda makes a grant for the role by itself, so that what the policies do not allow is denied only where the grants
/// were read.
pub(in crate::kms) fn allows_function_role(key: &Key, params: &AllowsRole, context: &Context<'_>) -> Judgement {
    if metadata(key)?.manager.required(DESCRIBE, "KeyMetadata.KeyManager")? == &KeyManager::Aws {
        return Ok(Verdict::not_applicable("AWS manages the key"));
    }
    let mut parts = Vec::new();
    for (subject, function) in context.evidence.all::<Function>() {
        if is_missing(subject) || subject.role == Part::External {
            continue;
        }
        for seen in std::iter::once(&function.configuration).chain(function.qualified.values()) {
            match seen.required(CONFIGURATION, "any configuration") {
                Ok(configuration) => parts.extend(of_function(key, subject, configuration, params, context)),
                Err(gap) => parts.push(Err(gap)),
            }
        }
    }
    every(parts, || {
        listing_was_read(context.evidence)?;
        Ok(Verdict::not_applicable("no function's environment that was seen is encrypted with the key"))
    })
}

fn of_function(
    key: &Key,
    subject: &Subject,
    configuration: &Configuration,
    params: &AllowsRole,
    context: &Context<'_>,
) -> Vec<Judgement> {
    let uses = set(&configuration.kms_key).and_then(|reference| match reference {
        Some(reference) => is_named(reference, &format!("function {}", subject.id), context),
        None => Ok(false),
    });
    match uses {
        Ok(false) => Vec::new(),
        Err(gap) => vec![Err(gap)],
        Ok(true) => {
            let mut parts = vec![decrypts(key, subject, configuration, params, context)];
            // Lambda's own word decides against the policies: it is what happened.
            for (field, reason) in
                [("state", &configuration.state_reason), ("last update", &configuration.last_update_reason)]
            {
                match reason.seen() {
                    Ok(Some(code)) if code == "KMSKeyAccessDenied" => parts.push(Ok(Verdict::not_satisfied(
                        format!("Lambda was denied the key: the {field} of function {} says {code}", subject.id),
                        EXPECTED,
                    ))),
                    Ok(Some(_) | None) => {}
                    Err(gap) => parts.push(Err(gap)),
                }
            }
            parts
        }
    }
}

fn decrypts(
    key: &Key,
    subject: &Subject,
    configuration: &Configuration,
    params: &AllowsRole,
    context: &Context<'_>,
) -> Judgement {
    let key_arn = arn(key, context)?;
    let role_arn = configuration.role.required(CONFIGURATION, "Role")?;
    let function_arn = configuration.arn.required(CONFIGURATION, "FunctionArn")?;
    let Some((account, name)) = role_of(role_arn) else {
        return Err(Gap::undecided(format!("`{role_arn}` is not the ARN of a role")));
    };
    let Some((partition, region, suffix)) = home(function_arn) else {
        return Err(Gap::undecided(format!("`{function_arn}` is not the ARN of a function")));
    };
    let form = |suffix: &str| Request {
        caller: Caller::Role { account: account.clone(), name: name.clone(), session: subject.id.clone() },
        action: DECRYPT.to_owned(),
        resource: key_arn.clone(),
        context: BTreeMap::from([
            (VIA.to_owned(), Held::One(format!("lambda.{region}.{suffix}"))),
            (FUNCTION_ARN.to_owned(), Held::One(function_arn.clone())),
        ]),
    };
    // What kms:ViaService holds in China is not documented.
    let mut forms = vec![form("amazonaws.com")];
    if suffix != "amazonaws.com" {
        forms.push(form(suffix));
    }
    let asked = Asked { forms, partition, known: &KNOWN };
    let policies =
        Policies { key: document(key), own: acting((&account, &name), "that the function runs as", DECRYPT, context) };
    Case { key, key_arn: &key_arn, role_arn, name: &name, account: &account, asked }.judge(&policies, params)
}

/// The documents that decide, each with its name, or why it could not be read.
struct Policies {
    key: Result<Document, Gap>,
    own: Vec<(String, Result<Document, Gap>)>,
}

struct Case<'a> {
    key: &'a Key,
    key_arn: &'a str,
    role_arn: &'a str,
    name: &'a str,
    account: &'a str,
    asked: Asked<'a>,
}

impl Case<'_> {
    fn judge(&self, policies: &Policies, params: &AllowsRole) -> Judgement {
        let readable = || {
            let own = policies.own.iter().map(|(name, document)| (name.as_str(), document));
            std::iter::once((DOCUMENT, &policies.key)).chain(own)
        };
        let mut doubt = None;
        let mut gap = None;
        for (place, document) in readable() {
            match document {
                Err(found) => {
                    gap.get_or_insert_with(|| found.clone());
                }
                Ok(document) => match self.asked.first(Effect::Deny, document) {
                    (Truth::Yes, Some(deny)) => return Ok(self.denied(place, deny)),
                    (Truth::Unknown, Some(deny)) => {
                        doubt.get_or_insert_with(|| {
                            self.asked.doubt(deny, if place == DOCUMENT { KEY_POLICY } else { place })
                        });
                    }
                    (Truth::No, _) | (_, None) => {}
                },
            }
        }
        if let Some(gap) = gap {
            return Err(gap);
        }
        if let Some(doubt) = doubt {
            return Err(Gap::undecided(doubt));
        }
        let key_policy = policies.key.clone()?;
        self.allowed(&key_policy, policies, params)
    }

    /// Every document was read, and none denies.
    fn allowed(&self, key_policy: &Document, policies: &Policies, params: &AllowsRole) -> Judgement {
        let direct = undelegated(key_policy);
        let direct = self.asked.first(Effect::Allow, &direct);
        let root = self.delegated(key_policy);
        let (mut best, mut place) = ((Truth::No, None), "");
        for (name, document) in &policies.own {
            if let Ok(document) = document {
                let found = self.asked.first(Effect::Allow, document);
                if found.0 > best.0 {
                    (best, place) = (found, name.as_str());
                }
            }
        }
        let role = format!("role {}", self.name);
        match (direct, root, best) {
            ((Truth::Yes, Some(allow)), _, _) => {
                Ok(Verdict::satisfied(format!("{role} may decrypt with the key by {} of the {DOCUMENT}", allow.name())))
            }
            (_, (Truth::Yes, Some(root)), (Truth::Yes, Some(allow))) => Ok(Verdict::satisfied(format!(
                "{role} may decrypt with the key by {} of {place}, because {} of the {DOCUMENT} leaves that to the \
                 account's policies",
                allow.name(),
                root.name()
            ))),
            (direct, root, best) => {
                let doubt = match (direct, root, best) {
                    ((Truth::Unknown, Some(allow)), _, _) => Some(self.asked.doubt(allow, KEY_POLICY)),
                    (_, (Truth::No, _), _) | (_, _, (Truth::No, _)) => None,
                    (_, (Truth::Unknown, Some(root)), _) => Some(self.asked.doubt(root, KEY_POLICY)),
                    (_, _, (_, Some(allow))) => Some(self.asked.doubt(allow, place)),
                    (_, _, (_, None)) => None,
                };
                self.granted(doubt.as_deref(), root.0 == Truth::Yes, policies, params)
            }
        }
    }

    /// Whether the key policy lets the account's own policies decide.
    fn delegated<'d>(&self, key_policy: &'d Document) -> (Truth, Option<&'d Statement>) {
        let mut best = (Truth::No, None);
        for statement in key_policy.statements.iter().filter(|statement| statement.effect == Effect::Allow) {
            let names_it = match &statement.principals {
                Principals::Only(list) => list
                    .iter()
                    .any(|principal| matches!(principal, Principal::Account(account) if account == self.account)),
                Principals::AllBut(_) | Principals::Unstated => false,
            };
            let truth = if names_it { self.asked.matches(statement) } else { Truth::No };
            if truth > best.0 {
                best = (truth, Some(statement));
            }
        }
        best
    }

    /// No policy surely allows it: a grant may.
    fn granted(&self, doubt: Option<&str>, delegated: bool, policies: &Policies, params: &AllowsRole) -> Judgement {
        let open = || doubt.map(Gap::undecided);
        let grants = match self.key.grants.required("ListGrants", "Grants") {
            Ok(grants) => grants,
            Err(Gap::NotCollected { .. }) if !params.read_grants => {
                return Err(open().unwrap_or_else(|| Gap::NotCollected {
                    what: format!(
                        "neither the key policy nor a policy of role {} allows kms:Decrypt, and Lambda may have made a \
                         grant for the role: the grants were not read; set read_grants, which needs kms:ListGrants",
                        self.name
                    )
                    .into(),
                }));
            }
            Err(gap) => return Err(open().unwrap_or(gap)),
        };
        let mut gap = None;
        for grant in grants.iter().filter(|grant| grant.operations.iter().any(|operation| operation == "Decrypt")) {
            match grant.grantee.required("ListGrants", "GranteePrincipal") {
                Ok(grantee) if self.is_role(grantee) => {
                    return Ok(Verdict::satisfied(format!("a grant lets role {} decrypt with the key", self.name)));
                }
                Ok(_) => {}
                Err(found) => {
                    gap.get_or_insert(found);
                }
            }
        }
        if let Some(gap) = open().or(gap) {
            return Err(gap);
        }
        let why = format!(
            "role {} may not decrypt with the key: no statement of the key policy, none of the role's policies that the \
             key policy leaves it to, and no grant allows {DECRYPT}",
            self.name
        );
        let counterexample = self.counterexample(why.clone(), None);
        let verdict = Verdict::not_satisfied(why, EXPECTED)
            .shown_by(counterexample, delegated.then(|| self.correction()).flatten());
        Ok(self.aliases(policies).into_iter().fold(verdict, Verdict::noting))
    }

    /// Whether a grantee is the role or a session of it.
    fn is_role(&self, grantee: &str) -> bool {
        let last = self.name.rsplit('/').next();
        grantee == self.role_arn
            || grantee.split_once(":assumed-role/").is_some_and(|(head, rest)| {
                head.ends_with(&format!(":sts::{}", self.account)) && rest.split('/').next() == last
            })
    }

    fn denied(&self, place: &str, deny: &Statement) -> Verdict {
        let article = if place == DOCUMENT { "the " } else { "" };
        let why = format!("{} of {article}{place} denies role {} {DECRYPT} on the key", deny.name(), self.name);
        let counterexample = self.counterexample(why.clone(), Some((place, deny)));
        Verdict::not_satisfied(why, EXPECTED).shown_by(counterexample, None)
    }

    fn counterexample(&self, sentence: String, by: Option<(&str, &Statement)>) -> Counterexample {
        let held = |key: &str| {
            self.asked.forms.first().and_then(|form| match form.context.get(key) {
                Some(Held::One(value)) => Some(value.clone()),
                Some(Held::Many(_) | Held::Doubtful) | None => None,
            })
        };
        Counterexample {
            sentence,
            principal: Some(self.role_arn.to_owned()),
            action: Some(DECRYPT.to_owned()),
            resource: Some(self.key_arn.to_owned()),
            context: [
                ("kms:ViaService".to_owned(), held(VIA)),
                ("kms:EncryptionContext:aws:lambda:FunctionArn".to_owned(), held(FUNCTION_ARN)),
            ]
            .into(),
            allowed_by: by.map(|(place, statement)| cite(place, statement)),
            nearest_deny: None,
        }
    }

    /// A statement for the role, judged as the role's own are.
    fn correction(&self) -> Option<Correction> {
        let statement = json!({"Effect": "Allow", "Action": DECRYPT, "Resource": self.key_arn});
        let text = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
        let Ok(document) = parse(&text, Sort::Identity) else { return None };
        (self.asked.first(Effect::Allow, &document).0 == Truth::Yes).then(|| Correction {
            instruction: format!("add this statement to a policy of role {}", self.name),
            statement: shown(statement),
            judged: "kms-policy-allows-function-role".into(),
        })
    }

    /// A resource that is an alias grants nothing: KMS asks for the key's own ARN.
    fn aliases(&self, policies: &Policies) -> Vec<String> {
        let mut notes = Vec::new();
        for (place, document) in &policies.own {
            let Ok(document) = document else { continue };
            for statement in document.statements.iter().filter(|statement| statement.effect == Effect::Allow) {
                if let Resources::Only(patterns) = &statement.resources
                    && let Some(alias) = patterns.iter().find(|pattern| pattern.text.contains(":alias/"))
                {
                    notes.push(format!(
                        "{} of {place} names `{}`: the ARN of an alias grants nothing on its key",
                        statement.name(),
                        alias.text
                    ));
                }
            }
        }
        notes
    }
}
