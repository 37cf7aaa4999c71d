//! Alterations of a recorded account: what somebody changed in it by hand, or what a template said otherwise.

use serde_json::Value;
use tap_audit::audit::{self, Audit, AuditError};
use tap_audit::replay::{Account, Answer, Replay};
use tap_audit_checks::catalog::{CONTROLS, Catalog, FILES, PROFILES};
use tap_audit_checks::check;
use tap_audit_checks::report::Report;

use crate::harness;

/// An audit before it starts: the account, the outputs, the settings, and what is appended to the profile.
pub struct Setup {
    pub account: Account,
    pub outputs: Value,
    pub settings: fn(&mut Audit),
    pub tailoring: &'static str,
}

impl Setup {
    /// The audit of a recorded account with its own outputs.
    pub fn of(name: &str) -> Self {
        let outputs = serde_json::from_str(&harness::outputs_text(name)).expect("outputs in JSON");
        Setup { account: harness::account(name), outputs, settings: |_| {}, tailoring: "" }
    }

    /// The conforming account.
    pub fn conforming() -> Self {
        Setup::of("conforming")
    }

    /// Sets an output.
    pub fn output(&mut self, key: &str, value: impl Into<Value>) {
        self.outputs[key] = value.into();
    }

    /// Alters the bodies of all answers to an operation.
    pub fn edit(&mut self, service: &str, operation: &str, rewrite: impl Fn(&str) -> String) {
        self.change(|account| account.edit(service, operation, rewrite));
    }

    /// Puts one text in place of another in all answers to an operation.
    pub fn replace(&mut self, service: &str, operation: &str, from: &str, to: &str) {
        self.edit(service, operation, |body| body.replace(from, to));
    }

    /// Alters all answers to an operation of a service that speaks JSON.
    pub fn json(&mut self, service: &str, operation: &str, change: impl Fn(&mut Value)) {
        self.edit(service, operation, |body| {
            let mut value: Value = serde_json::from_str(body).expect("an answer in JSON");
            change(&mut value);
            value.to_string()
        });
    }

    /// Alters the stack's template at every stage.
    pub fn template(&mut self, change: impl Fn(&mut Value)) {
        self.edit("cloudformation", "GetTemplate", |body| {
            let (before, rest) = body.split_once("<TemplateBody>").expect("a template");
            let (text, after) = rest.split_once("</TemplateBody>").expect("the end of the template");
            let text = quick_xml::escape::unescape(text).expect("escaped text");
            let mut template: Value = serde_json::from_str(&text).expect("a template in JSON");
            change(&mut template);
            let text = quick_xml::escape::escape(template.to_string()).into_owned();
            format!("{before}<TemplateBody>{text}</TemplateBody>{after}")
        });
    }

    /// Answers one request otherwise.
    pub fn answer(&mut self, service: &str, operation: &str, arguments: &[(&str, &str)], answer: Answer) {
        self.change(|account| account.answer(service, operation, arguments, answer));
    }

    /// Answers every request of an operation with an error that AWS knows.
    pub fn refuse(&mut self, service: &str, operation: &str, arguments: &[(&str, &str)], status: u16, code: &str) {
        self.answer(service, operation, arguments, Answer::error(service, status, code));
    }

    /// Removes everything that somebody might have answered to an operation.
    pub fn without(&mut self, service: &str, operation: &str) {
        self.change(|account| account.without(service, operation));
    }

    /// Puts one text in place of another in every file of the account and in the outputs.
    pub fn everywhere(&mut self, from: &str, to: &str) {
        let files = self.account.to_files();
        let texts: Vec<(String, String)> =
            files.into_iter().map(|(name, text)| (name, text.replace(from, to))).collect();
        let texts = texts.iter().map(|(name, text)| (name.as_str(), text.as_str()));
        self.account = Account::from_files("moved", texts).expect("an account");
        self.outputs = serde_json::from_str(&self.outputs.to_string().replace(from, to)).expect("outputs");
    }

    fn change<E: std::fmt::Display>(&mut self, change: impl FnOnce(Account) -> Result<Account, E>) {
        self.account = change(self.account.clone()).unwrap_or_else(|error| panic!("{error}"));
    }

    /// Runs the audit, which may fail to start.
    pub fn try_audit(&self) -> (Result<Report, AuditError>, Replay) {
        let [(name, text)] = PROFILES else { panic!("one profile") };
        let text = format!("{text}\n{}", self.tailoring);
        let catalog =
            Catalog::load(FILES, &[(name, &text)], CONTROLS, check::all()).unwrap_or_else(|error| panic!("{error}"));
        let profile = catalog.profile("patient-data").expect("the profile");
        let mut settings = harness::settings(&self.outputs.to_string());
        (self.settings)(&mut settings);
        let replay = Replay::new(self.account.clone());
        let report = harness::evidence(&replay, &profile, &settings)
            .map(|evidence| audit::judge(&catalog, &profile, &evidence, &settings));
        (report, replay)
    }

    /// Runs the audit. Everything that it asks must be recorded: an answer that nobody thought of proves nothing.
    pub fn audit(&self) -> Report {
        let (report, replay) = self.try_audit();
        let report = report.unwrap_or_else(|error| panic!("{error}"));
        assert!(replay.unrecorded().is_empty(), "not recorded: {:?}", replay.unrecorded());
        report
    }
}
