//! Alterations of a recorded account: what somebody changed in it by hand, or what a template said otherwise.

use std::time::Duration;

use serde_json::{Value, json};
use tap_audit::audit::{self, Audit, AuditError};
use tap_audit::replay::{Account, Answer, Replay};
use tap_audit_checks::catalog::{CONTROLS, Catalog, FILES, PROFILES};
use tap_audit_checks::check;
use tap_audit_checks::report::Report;

use crate::harness;

/// An audit before it starts: the account, the outputs, the settings, and what is appended to the profile.
#[derive(Clone)]
pub(crate) struct Setup {
    pub(crate) profile: &'static str,
    pub(crate) account: Account,
    /// The text of the outputs file, one output a line: the order of outputs decides which is asked about first.
    pub(crate) outputs: String,
    pub(crate) settings: fn(&mut Audit),
    pub(crate) tailoring: &'static str,
    /// What stands otherwise in the profile: a text of it, and the text in its place.
    pub(crate) in_profile: Option<(&'static str, &'static str)>,
    /// What was called otherwise everywhere, each with its name of now.
    renamed: Vec<(String, String)>,
}

impl Setup {
    /// The audit of a recorded account with its own outputs.
    pub(crate) fn of(name: &str) -> Self {
        Setup {
            profile: harness::profile_of(name),
            account: harness::account(name),
            outputs: harness::outputs_text(name),
            settings: |_| {},
            tailoring: "",
            in_profile: None,
            renamed: Vec::new(),
        }
    }

    /// The conforming account.
    pub(crate) fn conforming() -> Self {
        Setup::of("conforming")
    }

    /// Adds an output.
    pub(crate) fn output(&mut self, key: &str, value: &str) {
        let end = self.outputs.rfind('}').expect("an object");
        self.outputs.insert_str(end, &format!(",\n  {}: {}\n", Value::from(key), Value::from(value)));
    }

    /// Removes an output that is not the last one.
    pub(crate) fn remove_output(&mut self, key: &str) {
        let start = format!("  \"{key}\":");
        let kept: Vec<&str> = self.outputs.lines().filter(|line| !line.starts_with(&start)).collect();
        assert!(kept.len() < self.outputs.lines().count(), "no output {key}");
        self.outputs = kept.join("\n");
    }

    /// Gives every output another key.
    pub(crate) fn rename_outputs(&mut self, rename: impl Fn(&str) -> String) {
        let renamed = self.outputs.lines().map(|line| match line.split_once("\": ") {
            Some((key, value)) => format!("  {}: {value}", Value::from(rename(key.trim_start_matches([' ', '"'])))),
            None => line.to_owned(),
        });
        self.outputs = renamed.collect::<Vec<_>>().join("\n");
    }

    /// What the account answers to a request of which an argument has this value.
    pub(crate) fn recorded(&self, service: &str, operation: &str, argument: &str) -> String {
        self.exchange(service, operation, argument)["body"].as_str().expect("a body").to_owned()
    }

    /// The recorded exchange with a request of which an argument has this value.
    fn exchange(&self, service: &str, operation: &str, argument: &str) -> toml::Value {
        let text = self.account.to_files()[&format!("{service}.toml")].clone();
        let file: toml::Table = text.parse().expect("a file of the account");
        let fits = |exchange: &&toml::Value| {
            let has = |arguments: &toml::Table| arguments.values().any(|value| value.as_str() == Some(argument));
            exchange["operation"].as_str() == Some(operation)
                && exchange.get("request").and_then(toml::Value::as_table).is_some_and(has)
        };
        let found = file["exchange"].as_array().expect("exchanges").iter().find(fits);
        found.unwrap_or_else(|| panic!("no {operation} of {argument}")).clone()
    }

    /// Alters the body of the answer to a request of which an argument has this value.
    pub(crate) fn edit_of(&mut self, service: &str, operation: &str, argument: &str, rewrite: impl Fn(&str) -> String) {
        let exchange = self.exchange(service, operation, argument);
        assert!(exchange.get("status").is_none(), "{operation} of {argument} is refused");
        let arguments = exchange["request"].as_table().expect("arguments");
        let arguments: Vec<(&str, &str)> =
            arguments.iter().map(|(name, value)| (name.as_str(), value.as_str().expect("text"))).collect();
        let mut answer = Answer::ok(rewrite(exchange["body"].as_str().expect("a body")));
        for (name, value) in exchange.get("headers").and_then(toml::Value::as_table).into_iter().flatten() {
            answer = answer.with_header(name, value.as_str().expect("text"));
        }
        self.answer(service, operation, &arguments, answer);
    }

    /// Alters the JSON that is answered to a request of which an argument has this value.
    pub(crate) fn json_of(&mut self, service: &str, operation: &str, argument: &str, change: impl Fn(&mut Value)) {
        self.edit_of(service, operation, argument, |body| with_json(body, &change));
    }

    /// Alters the bodies of all answers to an operation.
    pub(crate) fn edit(&mut self, service: &str, operation: &str, rewrite: impl Fn(&str) -> String) {
        self.change(|account| account.edit(service, operation, rewrite));
    }

    /// Alters the bodies of those answers to an operation that mention this.
    pub(crate) fn edit_about(&mut self, service: &str, operation: &str, about: &str, rewrite: impl Fn(&str) -> String) {
        self.edit(service, operation, |body| if body.contains(about) { rewrite(body) } else { body.to_owned() });
    }

    /// Puts one text in place of another in all answers to an operation.
    pub(crate) fn replace(&mut self, service: &str, operation: &str, from: &str, to: &str) {
        self.edit(service, operation, |body| body.replace(from, to));
    }

    /// Alters all answers to an operation of a service that speaks JSON, or CBOR, which is JSON in a recorded account.
    pub(crate) fn json(&mut self, service: &str, operation: &str, change: impl Fn(&mut Value)) {
        self.edit(service, operation, |body| with_json(body, &change));
    }

    /// Alters those answers to an operation of a service that speaks JSON which mention this.
    pub(crate) fn json_about(&mut self, service: &str, operation: &str, about: &str, change: impl Fn(&mut Value)) {
        self.edit_about(service, operation, about, |body| with_json(body, &change));
    }

    /// Alters the statements of every policy document in the answers to an operation.
    pub(crate) fn statements(&mut self, service: &str, operation: &str, change: impl Fn(&mut Vec<Value>)) {
        self.edit(service, operation, |body| with_statements(body, &change));
    }

    /// Alters the statements of those policy documents that stand in an answer which mentions this.
    pub(crate) fn statements_about(
        &mut self,
        service: &str,
        operation: &str,
        about: &str,
        change: impl Fn(&mut Vec<Value>),
    ) {
        self.edit_about(service, operation, about, |body| with_statements(body, &change));
    }

    /// Alters the statements of the policy document that is answered to a request of which an argument has this value.
    pub(crate) fn statements_of(
        &mut self,
        service: &str,
        operation: &str,
        argument: &str,
        change: impl Fn(&mut Vec<Value>),
    ) {
        self.edit_of(service, operation, argument, |body| with_statements(body, &change));
    }

    /// Adds a resource to the stack and to its template.
    pub(crate) fn member(&mut self, logical_id: &str, kind: &str, physical_id: &str) {
        let member = format!(
            "<member><LogicalResourceId>{logical_id}</LogicalResourceId>\
             <PhysicalResourceId>{physical_id}</PhysicalResourceId><ResourceType>{kind}</ResourceType>\
             <ResourceStatus>CREATE_COMPLETE</ResourceStatus>\
             <LastUpdatedTimestamp>2026-10-30T08:00:00Z</LastUpdatedTimestamp></member>"
        );
        let end = "</StackResourceSummaries>";
        self.replace("cloudformation", "ListStackResources", end, &format!("{member}{end}"));
        self.template(|template| template["Resources"][logical_id] = json!({ "Type": kind }));
    }

    /// Puts one text in place of another in the stack's template, at every stage and in whatever language it is written.
    pub(crate) fn template_text(&mut self, from: &str, to: &str) {
        let escaped = |text: &str| quick_xml::escape::partial_escape(text.to_owned()).into_owned();
        self.replace("cloudformation", "GetTemplate", &escaped(from), &escaped(to));
    }

    /// Alters the stack's template, which is written in JSON, at every stage.
    pub(crate) fn template(&mut self, change: impl Fn(&mut Value)) {
        self.edit("cloudformation", "GetTemplate", |body| with_template(body, &change));
    }

    /// Answers one request otherwise.
    pub(crate) fn answer(&mut self, service: &str, operation: &str, arguments: &[(&str, &str)], answer: Answer) {
        self.change(|account| account.answer(service, operation, arguments, answer));
    }

    /// Answers every request of an operation with an error that AWS knows.
    pub(crate) fn refuse(
        &mut self,
        service: &str,
        operation: &str,
        arguments: &[(&str, &str)],
        status: u16,
        code: &str,
    ) {
        self.answer(service, operation, arguments, Answer::error(service, status, code));
    }

    /// Removes everything that somebody might have answered to an operation.
    pub(crate) fn without(&mut self, service: &str, operation: &str) {
        self.change(|account| account.without(service, operation));
    }

    /// Puts one text in place of another in every file of the account and in the outputs.
    pub(crate) fn everywhere(&mut self, from: &str, to: &str) {
        let files = self.account.to_files();
        let texts: Vec<(String, String)> =
            files.into_iter().map(|(name, text)| (name, text.replace(from, to))).collect();
        let texts = texts.iter().map(|(name, text)| (name.as_str(), text.as_str()));
        self.account = Account::from_files("moved", texts).expect("an account");
        self.outputs = self.outputs.replace(from, to);
        self.renamed.push((from.to_owned(), to.to_owned()));
    }

    /// What something is called now that was called otherwise before.
    pub(crate) fn name_of_now(&self, name: &str) -> String {
        self.renamed.iter().fold(name.to_owned(), |name, (from, to)| name.replace(from, to))
    }

    fn change<E: std::fmt::Display>(&mut self, change: impl FnOnce(Account) -> Result<Account, E>) {
        self.account = change(self.account.clone()).unwrap_or_else(|error| panic!("{error}"));
    }

    /// Runs the audit, which may fail to start.
    pub(crate) fn try_audit(&self) -> (Result<Report, AuditError>, Replay) {
        let file = format!("profiles/{}.toml", self.profile);
        let (name, text) = PROFILES.iter().find(|(name, _)| *name == file).expect("a profile");
        let text = match self.in_profile {
            Some((from, to)) => {
                assert!(text.contains(from), "{from:?} is not in profile {}", self.profile);
                text.replace(from, to)
            }
            None => (*text).to_owned(),
        };
        let text = format!("{text}\n{}", self.tailoring);
        let catalog =
            Catalog::load(FILES, &[(name, &text)], CONTROLS, check::all()).unwrap_or_else(|error| panic!("{error}"));
        let profile = catalog.profile(self.profile).expect("the profile");
        let mut settings = harness::settings(&self.outputs);
        // No answer is late here, however busy the machine is.
        settings.call_timeout = Duration::from_secs(60);
        (self.settings)(&mut settings);
        let replay = Replay::new(self.account.clone());
        let report = harness::evidence(&replay, &profile, &settings)
            .map(|evidence| audit::judge(&catalog, &profile, &evidence, &settings));
        (report, replay)
    }

    /// Runs the audit. Everything that it asks must be recorded: an answer that nobody thought of proves nothing.
    pub(crate) fn audit(&self) -> Report {
        let (report, replay) = self.try_audit();
        let report = report.unwrap_or_else(|error| panic!("{error}"));
        assert!(replay.unrecorded().is_empty(), "not recorded: {:?}", replay.unrecorded());
        report
    }
}

fn with_json(body: &str, change: impl Fn(&mut Value)) -> String {
    let mut value: Value = serde_json::from_str(body).expect("an answer in JSON");
    change(&mut value);
    value.to_string()
}

/// An answer with the statements of its policy document altered, however it is written there: as the body, as text in a
/// JSON member, as an attribute of a topic, or URL-encoded in XML.
fn with_statements(body: &str, change: impl Fn(&mut Vec<Value>)) -> String {
    let changed = |text: &str| {
        let mut document: Value = serde_json::from_str(text).expect("a policy document");
        change(document["Statement"].as_array_mut().expect("a list of statements"));
        document.to_string()
    };
    match serde_json::from_str::<Value>(body) {
        Ok(mut answer) if answer["Policy"].is_string() => {
            answer["Policy"] = Value::String(changed(answer["Policy"].as_str().expect("text")));
            answer.to_string()
        }
        Ok(_) => changed(body),
        Err(_) if body.contains("<key>Policy</key>") => with_attribute(body, "Policy", |text| Some(changed(text))),
        Err(_) => {
            let (start, end) = ["AssumeRolePolicyDocument", "PolicyDocument", "Document"]
                .iter()
                .find_map(|element| {
                    let start = body.find(&format!("<{element}>"))? + element.len() + 2;
                    Some((start, start + body[start..].find('<')?))
                })
                .expect("an element with a policy document");
            let text = decoded(&body[start..end]);
            format!("{}{}{}", &body[..start], encoded(&changed(&text)), &body[end..])
        }
    }
}

/// An answer of SNS with an attribute altered, or left out.
pub(crate) fn with_attribute(body: &str, name: &str, change: impl Fn(&str) -> Option<String>) -> String {
    let key = format!("<key>{name}</key>");
    let at = body.find(&key).unwrap_or_else(|| panic!("no attribute {name}"));
    let start = body[..at].rfind("<entry>").expect("an entry");
    let end = at + body[at..].find("</entry>").expect("the end of the entry") + "</entry>".len();
    let value = body[at..end].split_once("<value>").and_then(|(_, rest)| rest.split_once("</value>"));
    let value = quick_xml::escape::unescape(value.expect("a value").0).expect("escaped text");
    let entry = match change(&value) {
        Some(changed) => format!("<entry>{key}<value>{}</value></entry>", quick_xml::escape::escape(changed)),
        None => String::new(),
    };
    format!("{}{entry}{}", &body[..start], &body[end..])
}

/// An answer of GetTemplate with the template altered.
pub(crate) fn with_template(body: &str, change: impl Fn(&mut Value)) -> String {
    let (before, rest) = body.split_once("<TemplateBody>").expect("a template");
    let (text, after) = rest.split_once("</TemplateBody>").expect("the end of the template");
    let text = quick_xml::escape::unescape(text).expect("escaped text");
    let mut template: Value = serde_json::from_str(&text).expect("a template in JSON");
    change(&mut template);
    let text = quick_xml::escape::escape(template.to_string()).into_owned();
    format!("{before}<TemplateBody>{text}</TemplateBody>{after}")
}

/// An XML list without the members that are not wanted. No member may hold another.
pub(crate) fn with_members(list: &str, wanted: impl Fn(&str) -> bool) -> String {
    let mut kept = String::new();
    for (at, part) in list.split("<member>").enumerate() {
        match part.split_once("</member>").filter(|_| at > 0) {
            Some((member, _)) if wanted(member) => kept.push_str(&format!("<member>{part}")),
            Some((_, rest)) => kept.push_str(rest),
            None => kept.push_str(part),
        }
    }
    kept
}

/// CloudFormation's answer that no stack holds a resource.
pub(crate) fn in_no_stack(physical_id: &str) -> Answer {
    let message = format!("Stack for {physical_id} does not exist");
    Answer::new(
        400,
        format!(
            "<ErrorResponse xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\"><Error><Type>Sender</Type>\
             <Code>ValidationError</Code><Message>{message}</Message></Error></ErrorResponse>"
        ),
    )
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first == b'%' {
            let code = std::str::from_utf8(&after[..2]).expect("two digits");
            bytes.push(u8::from_str_radix(code, 16).expect("a byte"));
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).expect("text")
}

pub(crate) fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
