//! May a role do something to a resource, in whatever circumstances?

use crate::policy::counterexample::Counterexample;
use crate::policy::evaluate::{self, Facts, Truth};
use crate::policy::model::{Document, Effect, Resources, Statement};
use crate::policy::pattern::Pattern;
use crate::policy::question::class::class;
use crate::policy::question::show::Shown;
use crate::policy::question::{Ruling, Setting};
use crate::policy::request::{Caller, Request};
use crate::policy::search::{Act, Answer, Claim, Party, Region, search};
use crate::policy::words::{Glob, Letter};

/// What is done, and to what.
pub(crate) struct Deed<'a> {
    /// The actions, as AWS writes them.
    pub(crate) actions: Vec<&'a str>,
    /// The resource's ARN.
    pub(crate) arn: &'a str,
    /// How requests name it.
    pub(crate) named: Named,
}

/// How requests name a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    /// By its ARN.
    Plainly,
    /// With a colon and more behind its ARN, as requests name a log group. Patterns of the bare ARN stand in tables of AWS
    /// all the same, so an Allow of it counts; a Deny of it catches nothing.
    WithATail,
}

/// Judges whether the policies of a role, each with its name, let it do any of this after every Deny. A condition that some
/// request can meet keeps nothing out.
pub(crate) fn judge(policies: &[(&str, &Document)], who: &Caller, deed: &Deed<'_>, setting: &Setting) -> Ruling {
    let documents: Vec<Document> =
        policies.iter().map(|(_, document)| deed.taking_in(document, who, setting)).collect();
    let named: Vec<(&str, &Document)> =
        policies.iter().zip(&documents).map(|((name, _), document)| (*name, document)).collect();
    let documents: Vec<&Document> = documents.iter().collect();
    // Actions that the same statement allows are named together.
    let mut found: Vec<(String, Vec<&str>)> = Vec::new();
    let (mut shown, mut doubt): (Option<Counterexample>, Option<String>) = (None, None);
    for action in &deed.actions {
        let region = Region::of(vec![deed.words()], vec![Act::new((*action).to_owned())]);
        let asked = class(&documents, setting, vec![Party::Exactly(who.clone())], vec![region], []);
        match search(&documents, Claim::NotAllowed, &asked) {
            Answer::Proved => {}
            Answer::Undecided(reason) => {
                doubt.get_or_insert(reason);
            }
            Answer::Refuted(request) => {
                let by = by(&named, &request, setting);
                match found.iter_mut().find(|(known, _)| *known == by) {
                    Some((_, actions)) => actions.push(action),
                    None => found.push((by, vec![action])),
                }
                shown.get_or_insert_with(|| {
                    let shown = Shown { documents: &named, partition: &setting.partition, absent: &[] };
                    shown.describe(&request, "with nothing to stop it")
                });
            }
        }
    }
    match (shown, doubt) {
        (Some(counterexample), _) => Ruling::Fail {
            why: format!("may call {}", told(&found)),
            counterexample: Box::new(counterexample),
            correction: None,
            notes: Vec::new(),
        },
        (None, Some(reason)) => Ruling::Undecided { reason },
        (None, None) => {
            Ruling::Pass { proved: format!("may call none of {}", deed.actions.join(", ")), notes: Vec::new() }
        }
    }
}

/// Actions with what allows them.
fn told(found: &[(String, Vec<&str>)]) -> String {
    let each = found.iter().map(|(by, actions)| format!("{}{by}", actions.join(", ")));
    each.collect::<Vec<_>>().join(", ")
}

/// The statement that lets a request through, in words that follow the action.
fn by(named: &[(&str, &Document)], request: &Request, setting: &Setting) -> String {
    let facts = Facts { request, partition: &setting.partition };
    let lets = |statement: &&Statement| {
        statement.effect == Effect::Allow && evaluate::statement(statement, &facts) == Truth::Yes
    };
    let found = named.iter().find_map(|(name, document)| Some((*name, document.statements.iter().find(lets)?.name())));
    found.map_or_else(String::new, |(name, statement)| format!(" by {statement} of {name}"))
}

impl Deed<'_> {
    fn words(&self) -> Glob {
        let arn = Glob::new().text(self.arn);
        match self.named {
            Named::Plainly => arn,
            Named::WithATail => arn.text(":").star(Letter::Any),
        }
    }

    /// The document, with each Allow of the bare ARN taken as one of what requests name too.
    fn taking_in(&self, document: &Document, who: &Caller, setting: &Setting) -> Document {
        let mut document = document.clone();
        if self.named == Named::Plainly {
            return document;
        }
        let bare =
            Request { caller: who.clone(), action: String::new(), resource: self.arn.to_owned(), context: [].into() };
        let facts = Facts { request: &bare, partition: &setting.partition };
        let tail = Pattern::parse(&format!("{}:*", self.arn), document.version);
        for statement in document.statements.iter_mut().filter(|statement| statement.effect == Effect::Allow) {
            if evaluate::resources(&statement.resources, &facts) != Truth::No
                && let Resources::Only(patterns) = &mut statement.resources
            {
                patterns.push(tail.clone());
            }
        }
        document
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::policy::parse::{Sort, parse};
    use crate::policy::question::{AbsentHeader, Encryption};

    const GROUP: &str = "arn:aws:logs:eu-west-2:123456789012:log-group:/healthcare/audit";
    const ACTIONS: [&str; 2] = ["logs:DeleteLogGroup", "logs:DeleteLogStream"];

    fn setting() -> Setting {
        Setting {
            account: "123456789012".into(),
            partition: "aws".into(),
            region: "eu-west-2".into(),
            resource: None,
            service: None,
            trusted_accounts: Vec::new(),
            encryption: Encryption {
                algorithms: Vec::new(),
                absent_header: AbsentHeader::Deny,
                kms_key_arn: None,
                bucket_default: None,
            },
            accept_own_org: false,
            allowed_managed: Vec::new(),
        }
    }

    #[expect(clippy::needless_pass_by_value, reason = "statements are written where they are used")]
    fn asked(statements: Value) -> Ruling {
        let text = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
        let document = parse(&text, Sort::Identity).unwrap();
        let who = Caller::Role { account: "123456789012".into(), name: "writer".into(), session: "s".into() };
        let deed = Deed { actions: ACTIONS.to_vec(), arn: GROUP, named: Named::WithATail };
        judge(&[("policy logs", &document)], &who, &deed, &setting())
    }

    fn refuted(statements: Value) -> String {
        match asked(statements) {
            Ruling::Fail { why, .. } => why,
            other @ (Ruling::Pass { .. } | Ruling::NotApplicable { .. } | Ruling::Undecided { .. }) => {
                panic!("{other:?}")
            }
        }
    }

    #[track_caller]
    fn proved(statements: Value) {
        let ruling = asked(statements);
        assert!(matches!(ruling, Ruling::Pass { .. }), "{ruling:?}");
    }

    fn on(effect: &str, action: &str, resource: &str) -> Value {
        json!({ "Effect": effect, "Action": action, "Resource": resource })
    }

    #[test]
    fn writing_is_none_of_it() {
        proved(json!([on("Allow", "logs:PutLogEvents", &format!("{GROUP}:*"))]));
        proved(json!([on(
            "Allow",
            "logs:Delete*",
            "arn:aws:logs:eu-west-2:123456789012:log-group:/healthcare/other:*"
        )]));
    }

    #[test]
    fn each_action_is_named_with_the_statement_that_allows_it() {
        assert_eq!(
            refuted(json!([
                { "Sid": "Clean", "Effect": "Allow", "Action": "logs:DeleteLogStream", "Resource": format!("{GROUP}:*") },
                on("Allow", "logs:DeleteLogG*", "*"),
            ])),
            "may call logs:DeleteLogGroup by statement 2 of policy logs, logs:DeleteLogStream by statement 1 (Clean) of \
             policy logs"
        );
    }

    #[test]
    fn actions_that_the_same_statement_allows_are_named_together() {
        assert_eq!(
            refuted(json!([on("Allow", "logs:*", "*")])),
            "may call logs:DeleteLogGroup, logs:DeleteLogStream by statement 1 of policy logs"
        );
    }

    #[test]
    fn an_allow_of_a_single_stream_is_one_of_a_part() {
        let stream = format!("{GROUP}:log-stream:today");
        assert!(refuted(json!([on("Allow", "logs:*", &stream)])).contains("logs:DeleteLogStream"));
    }

    #[test]
    fn the_bare_name_allows_and_does_not_deny() {
        assert!(refuted(json!([on("Allow", "logs:DeleteLogGroup", GROUP)])).contains("logs:DeleteLogGroup"));
        let everything = on("Allow", "logs:*", "*");
        refuted(json!([everything, on("Deny", "logs:Delete*", GROUP)]));
        proved(json!([everything, on("Deny", "logs:Delete*", &format!("{GROUP}:*"))]));
        proved(json!([on("Allow", "logs:DeleteLogGroup", GROUP), on("Deny", "logs:Delete*", &format!("{GROUP}:*"))]));
    }

    #[test]
    fn a_condition_that_can_be_met_keeps_nothing_out_and_one_that_cannot_does() {
        let when = |condition: Value| json!([{ "Effect": "Allow", "Action": "logs:DeleteLogGroup", "Resource": "*", "Condition": condition }]);
        refuted(when(json!({ "Bool": { "aws:MultiFactorAuthPresent": "true" } })));
        refuted(when(json!({ "IpAddress": { "aws:SourceIp": "10.0.0.0/8" } })));
        proved(when(json!({ "StringEquals": { "aws:PrincipalAccount": "999999999999" } })));
        let denied = |condition: Value| {
            json!([
                { "Effect": "Allow", "Action": "logs:*", "Resource": "*" },
                { "Effect": "Deny", "Action": "logs:Delete*", "Resource": "*", "Condition": condition },
            ])
        };
        refuted(denied(json!({ "BoolIfExists": { "aws:MultiFactorAuthPresent": "false" } })));
        proved(denied(json!({ "StringNotEquals": { "aws:PrincipalAccount": "999999999999" } })));
    }

    #[test]
    fn what_is_left_out_by_name_is_allowed_all_the_same() {
        refuted(json!([{ "Effect": "Allow", "NotAction": "iam:*", "Resource": "*" }]));
        refuted(json!([{ "Effect": "Allow", "Action": "logs:*", "NotResource": "arn:aws:s3:::bucket" }]));
        proved(json!([{ "Effect": "Allow", "Action": "logs:*", "NotResource": "arn:aws:logs:*" }]));
    }
}
