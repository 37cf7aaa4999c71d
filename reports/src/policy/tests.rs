use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::Value;
use tap_audit_checks::policy::question::{AbsentHeader, Documents, Encryption};
use unicode_width::UnicodeWidthStr;

use super::*;
use crate::fixture;

const STYLE: Style = Style { color: false, width: 100 };

fn setting() -> Setting {
    Setting {
        account: "123456789012".into(),
        partition: "aws".into(),
        region: "us-east-2".into(),
        resource: Some("arn:aws:s3:::tapstack-dev-patient-data-123456789012-us-east-2".into()),
        service: None,
        trusted_accounts: Vec::new(),
        encryption: Encryption {
            algorithms: vec!["AES256".into()],
            absent_header: AbsentHeader::Deny,
            kms_key_arn: None,
            bucket_default: None,
        },
        accept_own_org: false,
        allowed_managed: Vec::new(),
    }
}

/// Each answer that there is.
fn rulings() -> [Ruling; 4] {
    [
        Ruling::Pass {
            proved: "every request without TLS is denied, with today's actions".into(),
            notes: vec!["requests with TLS of other accounts are denied as well".into()],
        },
        refuted(),
        Ruling::NotApplicable { reason: "nobody outside the account is named".into(), notes: Vec::new() },
        Ruling::Undecided { reason: "Statement[1].Condition.Bool: expected true or false, found a number".into() },
    ]
}

fn refuted() -> Ruling {
    Ruling::Fail {
        why: "a request without TLS is not denied".into(),
        counterexample: Box::new(fixture::plain_upload()),
        correction: Some(fixture::deny_all()),
        notes: vec!["a service control policy may deny it all the same".into()],
    }
}

fn hostile() -> Ruling {
    let text = fixture::hostile_text;
    let grounds = fixture::hostile_grounds();
    Ruling::Fail {
        why: text(),
        counterexample: Box::new(grounds.counterexample),
        correction: grounds.correction,
        notes: vec![text()],
    }
}

fn case(id: &str, expected: Expected, accept: Vec<Expected>) -> Case {
    Case {
        id: id.into(),
        kind: Question::BucketTls,
        documents: Documents::Resource(Some("{}".into())),
        setting: setting(),
        expected,
        accept,
        why: Some("the Deny names two actions only".into()),
        expected_warning: None,
        counterexample: None,
    }
}

fn run(case: Case, verdict: Expected, ruling: Ruling) -> Run {
    let counterexample = match &ruling {
        Ruling::Fail { counterexample, .. } => Some(counterexample.as_ref().clone()),
        Ruling::Pass { .. } | Ruling::NotApplicable { .. } | Ruling::Undecided { .. } => None,
    };
    let judged =
        Judged { verdict, ok: case.accept.contains(&verdict), reason: reason(&ruling).into(), counterexample, ruling };
    Run { file: format!("cases/{}.json", case.id), outcome: Ok((case, judged)) }
}

/// A case that came out as expected, one that did not, one that takes two verdicts, and a file that is no case.
fn runs() -> Vec<Run> {
    let [pass, fail, _, undecided] = rulings();
    vec![
        run(case("tls-whole", Expected::Pass, vec![Expected::Pass]), Expected::Pass, pass),
        run(case("tls-two-actions", Expected::Pass, vec![Expected::Pass]), Expected::Fail, fail),
        run(case("tls-number", Expected::Error, vec![Expected::Error, Expected::Fail]), Expected::Error, undecided),
        Run { file: "cases/half.json".into(), outcome: Err("cannot read the case: EOF at line 3".into()) },
    ]
}

fn asked_of(ruling: &Ruling, file: &str, assumed: &[String], style: &Style) -> (String, Value) {
    let setting = setting();
    let asked = Asked { file, question: Question::BucketTls, setting: &setting, assumed, ruling };
    let json = serde_json::from_slice(&asked_json(&asked).expect("JSON")).expect("JSON");
    (asked_text(&asked, style), json)
}

#[test]
fn answers_as_text() {
    let assumed = ["the account is 000000000000, an example: nothing names it; --account does".to_owned()];
    let texts = rulings().map(|ruling| asked_of(&ruling, "policy.json", &assumed, &STYLE).0);
    insta::assert_snapshot!(texts.join("\n=====\n\n"));
}

#[test]
fn a_refutation_as_json() {
    let (_, json) = asked_of(&refuted(), "-", &[], &STYLE);
    insta::assert_snapshot!(format!("{json:#}"));
}

#[test]
fn each_answer_has_its_word() {
    let words = rulings().map(|ruling| asked_of(&ruling, "-", &[], &STYLE).1["verdict"].clone());
    assert_eq!(words, ["pass", "fail", "na", "error"]);
}

#[test]
fn cases_as_text() {
    insta::assert_snapshot!(cases_text(&runs(), &STYLE));
}

#[test]
fn cases_as_json() {
    let json = cases_json(&runs()).expect("JSON");
    insta::assert_snapshot!(String::from_utf8(json).expect("text"));
}

#[test]
fn cases_as_junit() {
    let xml = cases_junit(&runs()).expect("XML");
    insta::assert_snapshot!(String::from_utf8(xml).expect("text"));
}

#[test]
fn cases_are_counted_by_how_they_came_out() {
    assert_eq!(Tally::of(&runs()), Tally { as_expected: 2, otherwise: 1, unread: 1 });
}

#[test]
fn hostile_text_steers_nothing_and_stays_within_its_columns() {
    let text = fixture::hostile_text();
    let wrong = run(case(&text, Expected::Pass, vec![Expected::Pass]), Expected::Fail, hostile());
    let unread = Run { file: text.clone(), outcome: Err(text.clone()) };
    for width in 60..=200 {
        let style = Style { color: false, width };
        let asked = asked_of(&hostile(), &text, std::slice::from_ref(&text), &style).0;
        let cases = cases_text(&[wrong.clone(), unread.clone()], &style);
        for line in asked.lines().chain(cases.lines()) {
            assert!(line.width() <= usize::from(width), "{} of {width} columns: {line}", line.width());
            assert!(!line.contains(|c: char| c.is_control() || c == '\u{202e}'), "{line}");
        }
    }
    let xml = String::from_utf8(cases_junit(&[wrong, unread]).expect("XML")).expect("text");
    assert!(!xml.contains(|c: char| (c.is_control() && c != '\n') || c == '\u{202e}' || c == '\u{ffff}'));
    let mut reader = Reader::from_str(&xml);
    while reader.read_event().expect("well-formed XML") != Event::Eof {}
}
