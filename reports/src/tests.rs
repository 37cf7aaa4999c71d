//! The formats as a whole: snapshots, the schema, the counts, and what hostile names must not do.

use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::Value;
use tap_audit_checks::report::{Report, Status};
use unicode_width::UnicodeWidthStr;

use crate::fixture;
use crate::{Format, Style, json_schema, render};

fn rendered(report: &Report, format: Format, width: u16) -> String {
    let bytes = render(report, format, &Style { color: false, width }).expect("a report renders");
    String::from_utf8(bytes).expect("a report is UTF-8")
}

/// Every report that the tests know.
fn reports() -> [Report; 4] {
    [fixture::report(), fixture::conforming(), fixture::empty(), fixture::hostile()]
}

#[test]
fn text_at_eighty_columns() {
    insta::assert_snapshot!(rendered(&fixture::report(), Format::Text, 80));
}

#[test]
fn text_at_a_hundred_and_forty_columns() {
    insta::assert_snapshot!(rendered(&fixture::report(), Format::Text, 140));
}

#[test]
fn text_of_a_conforming_and_of_an_empty_report() {
    let both = [fixture::conforming(), fixture::empty()].map(|report| rendered(&report, Format::Text, 80));
    insta::assert_snapshot!(both.join("\n=====\n\n"));
}

#[test]
fn json() {
    insta::assert_snapshot!(rendered(&fixture::report(), Format::Json, 80));
}

#[test]
fn schema() {
    insta::assert_snapshot!(json_schema());
}

#[test]
fn junit() {
    insta::assert_snapshot!(rendered(&fixture::report(), Format::Junit, 80));
}

#[test]
fn html() {
    insta::assert_snapshot!(rendered(&fixture::report(), Format::Html, 80));
}

#[test]
fn html_of_an_empty_report_says_that_nothing_was_judged() {
    let html = rendered(&fixture::empty(), Format::Html, 80);
    assert!(html.contains("Nothing was judged: there is no result to rely on."));
    assert!(html.contains(">Incomplete<"));
    assert!(!html.contains("id=\"filters\""));
}

#[test]
fn a_format_is_found_by_its_name_and_an_unknown_one_lists_them() {
    for format in Format::ALL {
        assert_eq!(format.to_string().parse(), Ok(format));
    }
    let error = "HTML".parse::<Format>().unwrap_err();
    assert_eq!(error.to_string(), "unknown report format `HTML`: use one of text, json, junit, html");
}

#[test]
fn the_same_report_gives_the_same_bytes() {
    for format in Format::ALL {
        assert_eq!(rendered(&fixture::report(), format, 100), rendered(&fixture::report(), format, 100));
    }
}

#[test]
fn every_json_report_keeps_to_the_schema() {
    let schema: Value = serde_json::from_str(&json_schema()).expect("the schema is JSON");
    let validator = jsonschema::draft202012::new(&schema).expect("the schema is a JSON Schema");
    for report in reports() {
        let json: Value = serde_json::from_str(&rendered(&report, Format::Json, 80)).expect("the report is JSON");
        let faults: Vec<String> =
            validator.iter_errors(&json).map(|fault| format!("{}: {fault}", fault.instance_path())).collect();
        assert_eq!(faults, Vec::<String>::new());
    }
}

#[test]
fn the_schema_refuses_another_version_and_an_unknown_field() {
    let schema: Value = serde_json::from_str(&json_schema()).expect("the schema is JSON");
    let validator = jsonschema::draft202012::new(&schema).expect("the schema is a JSON Schema");
    let mut json: Value = serde_json::from_str(&rendered(&fixture::report(), Format::Json, 80)).unwrap();
    json["schema_version"] = "2".into();
    assert!(!validator.is_valid(&json));
    json["schema_version"] = "1".into();
    assert!(validator.is_valid(&json));
    json["findings"][0]["colour"] = "red".into();
    assert!(!validator.is_valid(&json));
}

#[test]
fn json_keeps_hostile_text_as_it_is() {
    let json: Value = serde_json::from_str(&rendered(&fixture::hostile(), Format::Json, 80)).unwrap();
    assert_eq!(json["findings"][0]["title"], fixture::hostile_text());
}

#[test]
fn every_format_shows_the_roll_ups_and_none_counts_them() {
    let report = fixture::report();
    for format in Format::ALL {
        let shown = rendered(&report, format, 200);
        assert!(shown.contains("access-logging-rollup"), "{format}");
        assert!(shown.contains("failed: s3-mfa-delete-enabled (1)"), "{format}");
        let mut without = report.clone();
        without.rollups = Vec::new();
        assert!(!rendered(&without, format, 200).contains("oll-up"), "{format}");
    }
    let json: Value = serde_json::from_str(&rendered(&report, Format::Json, 80)).expect("the report is JSON");
    assert_eq!(json["rollups"][0]["parts"][1]["outcome"], "not-applicable");
    assert_eq!(json["rollups"][1]["outcome"], "error");
    assert!(json["findings"].as_array().is_some_and(|findings| findings.len() == report.findings.len()));
}

/// The counts that a JUnit document states in an element.
#[derive(Debug, Default, PartialEq, Eq)]
struct Stated {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
}

/// Reads a JUnit document: what the root states, what the suites state in sum, and what there is.
fn read_back(xml: &str) -> (Stated, Stated, Stated) {
    let (mut root, mut suites, mut found) = (Stated::default(), Stated::default(), Stated::default());
    let mut reader = Reader::from_str(xml);
    reader.config_mut().check_comments = true;
    loop {
        let element = match reader.read_event().expect("well-formed XML") {
            Event::Eof => return (root, suites, found),
            Event::Start(element) | Event::Empty(element) => element,
            Event::End(_)
            | Event::Text(_)
            | Event::CData(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_)
            | Event::GeneralRef(_) => continue,
        };
        let mut stated = Stated::default();
        for attribute in element.attributes() {
            let attribute = attribute.expect("a well-formed attribute");
            let number = || attribute.value.parse().expect("a count");
            match attribute.key.as_ref() {
                "tests" => stated.tests = number(),
                "failures" => stated.failures = number(),
                "errors" => stated.errors = number(),
                "skipped" => stated.skipped = number(),
                _ => {}
            }
        }
        match element.name().as_ref() {
            "testsuites" => root = stated,
            "testsuite" => {
                suites.tests += stated.tests;
                suites.failures += stated.failures;
                suites.errors += stated.errors;
                suites.skipped += stated.skipped;
            }
            "testcase" => found.tests += 1,
            "failure" => found.failures += 1,
            "error" => found.errors += 1,
            "skipped" => found.skipped += 1,
            _ => {}
        }
    }
}

#[test]
fn junit_states_the_counts_that_it_holds_and_that_the_report_has() {
    for report in [fixture::report(), fixture::conforming(), fixture::hostile()] {
        let (root, suites, found) = read_back(&rendered(&report, Format::Junit, 80));
        let of = |status| report.summary.of(status);
        assert_eq!(
            root,
            Stated {
                tests: report.findings.len(),
                failures: of(Status::Fail),
                errors: of(Status::Error),
                skipped: of(Status::NotApplicable),
            }
        );
        assert_eq!(root, suites);
        assert_eq!(root, found);
    }
}

#[test]
fn an_empty_report_is_an_error_in_junit_and_not_a_success() {
    let (root, suites, found) = read_back(&rendered(&fixture::empty(), Format::Junit, 80));
    assert_eq!(root, Stated { tests: 1, failures: 0, errors: 1, skipped: 0 });
    assert_eq!(root, suites);
    assert_eq!(root, found);
}

#[test]
fn nothing_but_json_holds_a_character_that_steers_a_reader() {
    for format in [Format::Text, Format::Junit, Format::Html] {
        let text = rendered(&fixture::hostile(), format, 80);
        let steering = text.chars().find(|c| (c.is_control() && *c != '\n') || matches!(c, '\u{202e}' | '\u{ffff}'));
        assert_eq!(steering, None, "{format}");
    }
}

#[test]
fn names_from_outside_bring_no_markup_into_html() {
    let html = rendered(&fixture::hostile(), Format::Html, 80);
    assert_eq!(html.matches("<script").count(), 1, "only the page's own script");
    assert_eq!(html.matches("</script").count(), 1);
    assert!(html.contains("&lt;script&gt;alert('x')&lt;/script&gt;"));
    assert!(!html.contains("<b>"));
    let twice = html.split('<').find(|tag| tag.matches(" class=\"").count() > 1);
    assert_eq!(twice, None, "the second class of an element is not obeyed");
    assert!(!html.contains("style=\""), "the policy of the page allows no style attribute");
}

#[test]
fn html_asks_for_nothing_from_outside() {
    let html = rendered(&fixture::report(), Format::Html, 80);
    for outside in ["src=", "@import", "url(", "<link", "fetch(", "href=\"http", "innerHTML"] {
        assert!(!html.contains(outside), "{outside}");
    }
    assert!(html.contains("default-src 'none'"));
}

#[test]
fn every_link_of_the_page_has_its_place() {
    for report in [fixture::report(), fixture::hostile()] {
        let html = rendered(&report, Format::Html, 80);
        let ids: Vec<&str> = html.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        let distinct: std::collections::BTreeSet<&&str> = ids.iter().collect();
        assert_eq!(ids.len(), distinct.len(), "an id stands twice");
        for link in html.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(ids.contains(&link), "#{link}");
        }
    }
}

#[test]
fn text_stays_within_its_columns() {
    for report in reports() {
        for width in 60..=200 {
            for line in rendered(&report, Format::Text, width).lines() {
                assert!(line.width() <= usize::from(width), "{} of {width} columns: {line}", line.width());
            }
        }
    }
}

#[test]
fn colour_adds_nothing_but_escape_codes() {
    let style = Style { color: true, width: 100 };
    let mut coloured = String::from_utf8(render(&fixture::report(), Format::Text, &style).unwrap()).unwrap();
    assert!(coloured.contains("\u{1b}[1;31m✗ FAIL"));
    for code in ["\u{1b}[0m", "\u{1b}[1m", "\u{1b}[2m", "\u{1b}[32m", "\u{1b}[1;33m", "\u{1b}[1;31m"] {
        coloured = coloured.replace(code, "");
    }
    assert_eq!(coloured, rendered(&fixture::report(), Format::Text, 100));
}

#[test]
fn text_says_what_the_exit_code_leaves_out() {
    let text = rendered(&fixture::report(), Format::Text, 200);
    assert!(text.contains("1 failure lies below the threshold (medium) and outside the exit code."));
    assert!(text.contains("1 failure is advice and counts neither towards the conclusion nor towards the exit code."));
    assert!(text.contains(
        "Exit code of an audit with this result: 1, because something failed at or above the threshold (medium)."
    ));
}

#[test]
fn a_failing_policy_is_shown_by_a_request_in_every_format() {
    let report = fixture::report();
    let shown = fixture::plain_upload();
    for format in [Format::Text, Format::Junit, Format::Html] {
        let text = rendered(&report, format, 200);
        let facts = [shown.principal.clone(), shown.action.clone(), shown.resource.clone()];
        for fact in facts.into_iter().flatten().chain([shown.sentence.clone()]) {
            assert!(text.contains(&fact), "{format}: {fact}");
        }
        for said in [
            "aws:SecureTransport = false",
            "aws:PrincipalTag/department is absent",
            "bucket policy, statement 1 (AllowProcessor)",
            "bucket policy, statement 2 (DenyInsecureTransport)",
            "the action s3:PutObjectTagging is none of s3:GetObject, s3:PutObject",
        ] {
            assert!(text.contains(said), "{format}: {said}");
        }
    }
    let json: Value = serde_json::from_str(&rendered(&report, Format::Json, 80)).unwrap();
    let counterexample = &json["findings"][4]["counterexample"];
    assert_eq!(counterexample["context"]["aws:SecureTransport"], "false");
    assert_eq!(counterexample["context"].get("aws:PrincipalTag/department"), Some(&Value::Null));
    assert_eq!(counterexample["nearest_deny"]["statement"]["document"], "bucket policy");
    assert_eq!(json["findings"][0]["counterexample"], Value::Null);
}

#[test]
fn what_mends_this_resource_stands_before_what_mends_any() {
    for (format, general) in [
        (Format::Text, "command   aws s3api put-bucket-versioning"),
        (Format::Junit, "fix (AWS CLI): "),
        (Format::Html, "<figcaption>AWS CLI</figcaption>"),
    ] {
        let text = rendered(&fixture::report(), format, 200);
        let correction = text.find("replace statement 2 (DenyInsecureTransport)").expect("the correction");
        let judged = text.find("Judged again with this correction: bucket-tls holds.").expect("its judgement");
        let after = text[judged..].contains(general);
        assert!(correction < judged && after, "{format}");
    }
}

#[test]
fn a_request_that_no_deny_comes_near_says_so() {
    let mut shown = fixture::plain_upload();
    shown.nearest_deny = None;
    assert_eq!(crate::grounds::unopposed(&shown), Some("no Deny statement comes near this request"));
    assert_eq!(crate::grounds::unopposed(&fixture::wildcard()), None, "a statement that is wrong by itself");
}
