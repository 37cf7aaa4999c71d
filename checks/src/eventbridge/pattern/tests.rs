#![expect(clippy::needless_pass_by_value, reason = "`json!` makes values, and taking them keeps the tests readable")]

use serde_json::json;

use super::*;

fn decided(pattern: &Value, event: &Value) -> bool {
    matches(pattern, event).unwrap_or_else(|gap| panic!("{pattern}: {gap}"))
}

fn open(pattern: &Value, event: &Value) -> String {
    match matches(pattern, event) {
        Err(gap) => gap.to_string(),
        Ok(answer) => panic!("{pattern} is decided: {answer}"),
    }
}

/// Whether a field of this value meets these tests.
fn field(tests: Value, value: Value) -> bool {
    decided(&json!({"detail": {"field": tests}}), &json!({"detail": {"field": value}}))
}

fn field_open(tests: Value, value: Value) -> String {
    open(&json!({"detail": {"field": tests}}), &json!({"detail": {"field": value}}))
}

#[test]
fn a_pattern_matches_where_each_field_it_names_holds_one_of_its_values() {
    let event = json!({"source": "aws.config", "detail-type": "Change", "detail": {"a": {"b": "x"}, "c": 1}});
    assert!(decided(&json!({"source": ["aws.config"]}), &event));
    assert!(decided(&json!({"source": ["aws.s3", "aws.config"], "detail": {"a": {"b": ["x"]}, "c": [1]}}), &event));
    assert!(!decided(&json!({"source": ["aws.s3"], "detail": {"a": {"b": ["x"]}}}), &event));
    assert!(!decided(&json!({"source": ["aws.config"], "detail": {"a": {"b": ["y"]}}}), &event));
    assert!(!decided(&json!({"detail": {"missing": ["x"]}}), &event));
    assert!(!decided(&json!({"Source": ["aws.config"]}), &event));
    assert!(!decided(&json!({"source": ["AWS.CONFIG"]}), &event));
}

#[test]
fn values_match_by_their_type_and_their_text() {
    assert!(field(json!([null]), json!(null)));
    assert!(field(json!([true]), json!(true)));
    assert!(!field(json!(["true"]), json!(true)));
    assert!(!field(json!([5]), json!("5")));
    assert!(field(json!([""]), json!("")));
    assert!(field(json!([{"exactly": "a"}]), json!("a")));
    assert!(!field(json!([null]), json!("null")));
}

#[test]
fn a_number_in_another_spelling_is_left_open() {
    assert!(field(json!([8]), json!(8)));
    assert!(!field(json!([8]), json!(8.5)));
    assert!(field(json!([8.0, 8]), json!(8)));
    assert!(field_open(json!([8.0]), json!(8)).contains("write one number differently"));
    assert!(field_open(json!([{"anything-but": 8.0}]), json!(8)).contains("write one number differently"));
}

#[test]
fn addresses_are_equal_in_any_spelling() {
    assert!(field(json!(["0:0:0:0:0:0:0:1"]), json!("::1")));
    assert!(!field(json!(["10.0.0.1"]), json!("10.0.0.2")));
}

#[test]
fn starts_and_ends_of_texts_are_compared_with_or_without_case() {
    assert!(field(json!([{"prefix": "us-"}]), json!("us-east-2")));
    assert!(!field(json!([{"prefix": "US-"}]), json!("us-east-2")));
    assert!(field(json!([{"prefix": {"equals-ignore-case": "US-"}}]), json!("us-east-2")));
    assert!(field(json!([{"suffix": ".png"}]), json!("a.png")));
    assert!(!field(json!([{"suffix": ".PNG"}]), json!("a.png")));
    assert!(field(json!([{"suffix": {"equals-ignore-case": ".PNG"}}]), json!("a.png")));
    assert!(field(json!([{"equals-ignore-case": "ALICE"}]), json!("alice")));
    assert!(!field(json!([{"equals-ignore-case": "ALIC"}]), json!("alice")));
    assert!(field(json!([{"prefix": ""}]), json!("anything")));
    assert!(!field(json!([{"prefix": "8"}]), json!(80)));
}

#[test]
fn a_wildcard_stands_for_any_characters_and_none() {
    for (wildcard, text, fits) in [
        ("a*c", "abc", true),
        ("a*c", "ac", true),
        ("a*c", "abcd", false),
        ("*/lib/*", "/usr/lib/x", true),
        ("*/lib/*", "/usr/lib", false),
        ("*", "", true),
        ("a*b*c", "aXbYbZc", true),
        ("a*bc*c", "abc", false),
        ("ab*ba", "aba", false),
        ("plain", "plain", true),
        (r"a\*c", "a*c", true),
        (r"a\*c", "abc", false),
        (r"a\\*", r"a\b", true),
    ] {
        assert_eq!(field(json!([{"wildcard": wildcard}]), json!(text)), fits, "{wildcard} {text}");
    }
    for wildcard in ["a**b", r"a\b", r"a\"] {
        let text = field_open(json!([{"wildcard": wildcard}]), json!("x"));
        assert!(text.contains("`wildcard` of `detail.field` holds `**` or escapes"), "{text}");
    }
}

#[test]
fn anything_but_needs_a_value_that_is_none_of_those() {
    assert!(field(json!([{"anything-but": "a"}]), json!("b")));
    assert!(!field(json!([{"anything-but": "a"}]), json!("a")));
    assert!(!field(json!([{"anything-but": ["a", "b"]}]), json!("b")));
    assert!(field(json!([{"anything-but": [100, 200]}]), json!(300)));
    assert!(!field(json!([{"anything-but": [100, 200]}]), json!(200)));
    // A number is none of these texts, and nor is null.
    assert!(field(json!([{"anything-but": "5"}]), json!(5)));
    assert!(field(json!([{"anything-but": "null"}]), json!(null)));
    assert!(!decided(&json!({"missing": [{"anything-but": "a"}]}), &json!({"field": "b"})));
}

#[test]
fn anything_but_takes_forms_of_texts_and_lists_of_them() {
    for (not, refused, taken) in [
        (json!({"prefix": "us-"}), "us-east-2", "eu-west-2"),
        (json!({"prefix": ["us-", "eu-"]}), "eu-west-2", "ap-south-1"),
        (json!({"suffix": ".png"}), "a.png", "a.jpg"),
        (json!({"suffix": [".png", ".jpg"]}), "a.jpg", "a.gif"),
        (json!({"equals-ignore-case": "Started"}), "STARTED", "stopped"),
        (json!({"equals-ignore-case": ["Started", "Stopped"]}), "stopped", "paused"),
        (json!({"wildcard": "*/lib/*"}), "/usr/lib/x", "/usr/bin/x"),
        (json!({"wildcard": ["*/lib/*", "*/bin/*"]}), "/usr/bin/x", "/usr/share/x"),
        (json!({"prefix": {"equals-ignore-case": "US-"}}), "us-east-2", "eu-west-2"),
    ] {
        let tests = json!([{"anything-but": not}]);
        assert!(!field(tests.clone(), json!(refused)), "{tests} {refused}");
        assert!(field(tests.clone(), json!(taken)), "{tests} {taken}");
    }
}

#[test]
fn numbers_are_compared_at_their_limits() {
    for (numeric, value, holds) in [
        (json!(["=", 3.018e2]), json!(301.8), true),
        (json!(["=", 5]), json!(5.0), true),
        (json!([">", 0, "<=", 5]), json!(5), true),
        (json!([">", 0, "<=", 5]), json!(0), false),
        (json!([">=", 7]), json!(7), true),
        (json!([">=", 7]), json!(6.9), false),
        (json!(["<", 10]), json!(10), false),
        (json!(["<", 10]), json!(9), true),
        (json!([">=", 7]), json!("8"), false),
    ] {
        assert_eq!(field(json!([{"numeric": numeric}]), value.clone()), holds, "{numeric} {value}");
    }
    assert!(field_open(json!([{"numeric": [">=", 7]}]), json!(6.0e9)).contains("does not compare"));
    for numeric in [json!([]), json!([">"]), json!([">", "1"]), json!(7), json!([">", 1, "<", 2, "<", 3])] {
        field_open(json!([{"numeric": numeric}]), json!(8));
    }
    assert!(field_open(json!([{"numeric": ["!=", 7]}]), json!(8)).contains("answered `!=`"));
}

#[test]
fn an_address_is_in_a_network_of_its_own_kind() {
    assert!(field(json!([{"cidr": "10.0.0.0/24"}]), json!("10.0.0.255")));
    assert!(!field(json!([{"cidr": "10.0.0.0/24"}]), json!("10.0.1.0")));
    assert!(field(json!([{"cidr": "0.0.0.0/0"}]), json!("192.0.2.1")));
    assert!(!field(json!([{"cidr": "0.0.0.0/0"}]), json!("::1")));
    assert!(field(json!([{"cidr": "2001:db8::/32"}]), json!("2001:db8::1")));
    assert!(field(json!([{"cidr": "::/0"}]), json!("2001:db8::1")));
    assert!(!field(json!([{"cidr": "10.0.0.0/8"}]), json!("host")));
    for cidr in ["10.0.0.0/33", "10.0.0.0", "x/8"] {
        assert!(field_open(json!([{"cidr": cidr}]), json!("10.0.0.1")).contains("is no network"), "{cidr}");
    }
}

#[test]
fn existence_is_that_of_a_scalar() {
    assert!(field(json!([{"exists": true}]), json!("x")));
    assert!(field(json!([{"exists": true}]), json!(null)));
    assert!(!field(json!([{"exists": false}]), json!("x")));
    for nothing in [json!({"inner": 1}), json!([]), json!({})] {
        assert!(field(json!([{"exists": false}]), nothing.clone()), "{nothing}");
        assert!(!field(json!([{"exists": true}]), nothing.clone()), "{nothing}");
    }
    assert!(field(json!(["x", {"exists": false}]), json!("x")));
    assert!(decided(&json!({"missing": ["x", {"exists": false}]}), &json!({"field": "x"})));
    assert!(field_open(json!([{"exists": "true"}]), json!("x")).contains("neither true nor false"));
}

#[test]
fn one_element_of_a_list_is_enough() {
    let event = json!({"resources": ["arn:a", "arn:b"]});
    assert!(decided(&json!({"resources": ["arn:b", "arn:c"]}), &event));
    assert!(!decided(&json!({"resources": ["arn:c"]}), &event));
    assert!(decided(&json!({"resources": [{"anything-but": "arn:a"}]}), &event));
    assert!(decided(&json!({"resources": ["arn:b"]}), &json!({"resources": [["arn:a"], ["arn:b"]]})));
}

#[test]
fn two_fields_never_come_from_different_elements_of_a_list() {
    let event = json!({"employees": [{"first": "Anna", "last": "Smith"}, {"first": "John", "last": "Doe"}]});
    assert!(decided(&json!({"employees": {"first": ["Anna"], "last": ["Smith"]}}), &event));
    assert!(!decided(&json!({"employees": {"first": ["Anna"], "last": ["Doe"]}}), &event));
    let uneven = json!({"findings": [{"id": 1, "note": "x"}, {"id": 2}]});
    assert!(decided(&json!({"findings": {"id": [2], "note": [{"exists": false}]}}), &uneven));
    assert!(!decided(&json!({"findings": {"id": [1], "note": [{"exists": false}]}}), &uneven));
}

#[test]
fn dots_in_names_and_nesting_are_the_same() {
    let nested = json!({"detail": {"state": {"status": "running"}}});
    let dotted = json!({"detail": {"state.status": "running"}});
    for pattern in [
        json!({"detail": {"state": {"status": ["running"]}}}),
        json!({"detail": {"state.status": ["running"]}}),
        json!({"detail.state.status": ["running"]}),
    ] {
        assert!(decided(&pattern, &nested) && decided(&pattern, &dotted), "{pattern}");
    }
}

#[test]
fn one_way_of_an_or_is_enough_beside_the_fields_around_it() {
    let pattern = json!({
        "source": ["aws.cloudwatch"],
        "detail": {"$or": [
            {"metric": ["CPU"]},
            {"type": ["T"], "$or": [{"id": [1]}, {"space": [2]}]},
        ]},
    });
    for (detail, holds) in [
        (json!({"metric": "CPU"}), true),
        (json!({"type": "T", "space": 2}), true),
        (json!({"type": "T"}), false),
        (json!({"id": 1, "space": 2}), false),
    ] {
        assert_eq!(decided(&pattern, &json!({"source": "aws.cloudwatch", "detail": detail})), holds, "{detail}");
        assert!(!decided(&pattern, &json!({"source": "aws.ec2", "detail": detail})), "{detail}");
    }
    let two = json!({"$or": [{"a": [1]}, {"b": [1]}], "detail": {"$or": [{"c": [1]}, {"d": [1]}]}});
    assert!(decided(&two, &json!({"b": 1, "detail": {"c": 1}})));
    assert!(!decided(&two, &json!({"a": 1, "b": 1})));
}

#[test]
fn an_or_that_eventbridge_reads_otherwise_is_left_open() {
    let event = json!({"a": "x"});
    for pattern in [
        json!({"$or": [{"a": ["x"]}]}),
        json!({"$or": [{"a": ["x"]}, "a"]}),
        json!({"$or": {"a": ["x"]}}),
        json!({"$or": [{"prefix": ["x"]}, {"a": ["x"]}]}),
        json!({"a": ["x"], "$or": [{"a": ["y"]}, {"b": ["x"]}]}),
    ] {
        open(&pattern, &event);
    }
    let way = json!({"$or": [{"a": [1]}, {"b": [1]}]});
    let deep: Map<String, Value> = (0..11).map(|number| (format!("f{number}"), way.clone())).collect();
    assert!(open(&Value::Object(deep), &event).contains("more than 1000 combinations"));
}

#[test]
fn an_unknown_operator_is_no_answer() {
    let text = field_open(json!([{"regex": "a.*"}]), json!("abc"));
    assert!(text.starts_with("ListRules answered `regex` in the event pattern's detail.field"), "{text}");
    let text = open(&json!({"missing": [{"regex": "a.*"}]}), &json!({"field": "x"}));
    assert!(text.contains("`regex`"), "{text}");
    field_open(json!([{"anything-but": {"regex": "a.*"}}]), json!("abc"));
    field_open(json!([{"prefix": {"regex": "a.*"}}]), json!("abc"));
}

#[test]
fn what_is_known_decides_beside_an_unknown_operator() {
    let odd = json!({"regex": "a.*"});
    assert!(field(json!(["abc", odd]), json!("abc")));
    assert!(field(json!([odd, "abc"]), json!("abc")));
    let pattern = json!({"a": [odd], "z": ["no"]});
    assert!(!decided(&pattern, &json!({"a": "abc", "z": "yes"})));
    let pattern = json!({"$or": [{"a": [odd]}, {"z": ["yes"]}]});
    assert!(decided(&pattern, &json!({"a": "abc", "z": "yes"})));
}

#[test]
fn a_text_that_eventbridge_would_not_take_is_no_pattern() {
    let event = json!({"a": "x"});
    for pattern in [
        json!(["a"]),
        json!("a"),
        json!({}),
        json!({"a": {}}),
        json!({"a": []}),
        json!({"a": "x"}),
        json!({"a": [["x"]]}),
        json!({"a": [{}]}),
        json!({"a": [{"prefix": "y", "suffix": "y"}]}),
        json!({"a": [{"prefix": 1}]}),
        json!({"a": [{"anything-but": []}]}),
        json!({"a": [{"anything-but": true}]}),
        json!({"a": [{"anything-but": {"prefix": []}}]}),
    ] {
        let text = open(&pattern, &event);
        assert!(text.starts_with("the answer of ListRules could not be read: in an event pattern, "), "{text}");
    }
}
