use std::collections::BTreeMap;

use super::*;
use crate::policy::model::{ActionPattern, Operator, Principal, Quantifier, Relation, Value, Version};
use crate::policy::pattern::{Part, Pattern};
use crate::policy::request::Caller;

const OWN: &str = "111122223333";
const FOREIGN: &str = "444455556666";

fn user(account: &str, name: &str) -> Caller {
    Caller::User { account: account.into(), name: name.into() }
}

fn role(account: &str, name: &str, session: &str) -> Caller {
    Caller::Role { account: account.into(), name: name.into(), session: session.into() }
}

fn root(account: &str) -> Caller {
    Caller::Root { account: account.into() }
}

fn everyone() -> Vec<Caller> {
    vec![
        Caller::Anonymous,
        root(OWN),
        user(OWN, "team/alice"),
        role(OWN, "app/reader", "one"),
        root(FOREIGN),
        Caller::Service("lambda.amazonaws.com".into()),
        Caller::Federated("accounts.google.com".into()),
        Caller::CanonicalUser("c0ffee".into()),
    ]
}

fn request(caller: Caller) -> Request {
    Request {
        caller,
        action: "s3:GetObject".into(),
        resource: "arn:aws:s3:::records/a/b:c".into(),
        context: BTreeMap::new(),
    }
}

fn with(context: &[(&str, &str)]) -> Request {
    let mut made = request(user(OWN, "team/alice"));
    made.context = context.iter().map(|(key, value)| ((*key).into(), Held::One((*value).into()))).collect();
    made
}

fn facts(request: &Request) -> Facts<'_> {
    Facts { request, partition: "aws" }
}

/// A pattern in which `*` and `?` are wildcards and `{key}` or `{key=default}` is a variable.
fn pattern(text: &str) -> Pattern {
    let mut parts = Vec::new();
    let mut literal = String::new();
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        let part = match character {
            '*' => Part::Star,
            '?' => Part::One,
            '{' => {
                let inner: String = rest.by_ref().take_while(|c| *c != '}').collect();
                match inner.split_once('=') {
                    Some((key, default)) => Part::Variable { key: key.into(), default: Some(default.into()) },
                    None if inner == "!" => Part::Unreadable("${!}".into()),
                    None => Part::Variable { key: inner, default: None },
                }
            }
            other => {
                literal.push(other);
                continue;
            }
        };
        if !literal.is_empty() {
            parts.push(Part::Literal(std::mem::take(&mut literal)));
        }
        parts.push(part);
    }
    if !literal.is_empty() {
        parts.push(Part::Literal(literal));
    }
    Pattern { text: text.into(), parts }
}

fn asked(relation: Relation, key: &str, values: &[&str]) -> Test {
    let operator = Operator { text: format!("{relation:?}"), quantifier: None, relation, if_exists: false };
    let values = values.iter().map(|text| Value { text: (*text).into(), pattern: pattern(text) }).collect();
    Test { operator, key: key.to_lowercase(), key_text: key.into(), values }
}

fn if_exists(mut test: Test) -> Test {
    test.operator.if_exists = true;
    test.operator.text.push_str("IfExists");
    test
}

fn for_all(mut test: Test) -> Test {
    test.operator.quantifier = Some(Quantifier::ForAllValues);
    test
}

fn for_any(mut test: Test) -> Test {
    test.operator.quantifier = Some(Quantifier::ForAnyValue);
    test
}

/// The answer where the key holds this one value.
fn on(value: &str, asked: &Test) -> Truth {
    test(asked, Some(&Held::One(value.into())), &facts(&with(&[])))
}

/// The answer where the key holds these values.
fn on_set(values: &[&str], asked: &Test) -> Truth {
    let held = Held::Many(values.iter().map(|value| (*value).into()).collect());
    test(asked, Some(&held), &facts(&with(&[])))
}

fn on_absent(asked: &Test) -> Truth {
    test(asked, None, &facts(&with(&[])))
}

fn on_doubtful(asked: &Test) -> Truth {
    test(asked, Some(&Held::Doubtful), &facts(&with(&[])))
}

use Relation::*;
use Truth::{No, Unknown, Yes};

// The table of situations.

#[test]
fn one_of_several_values_is_enough_for_a_positive_operator() {
    let test = asked(StringEquals, "aws:SourceVpce", &["vpce-1", "vpce-2"]);
    assert_eq!((on("vpce-2", &test), on("vpce-3", &test)), (Yes, No));
}

#[test]
fn none_of_several_values_may_fit_for_a_negated_operator() {
    let test = asked(StringNotEquals, "aws:SourceVpce", &["vpce-1", "vpce-2"]);
    assert_eq!((on("vpce-2", &test), on("vpce-3", &test)), (No, Yes));
}

#[test]
fn an_absent_key_fails_a_positive_operator() {
    for test in [
        asked(StringEquals, "aws:SourceVpce", &["vpce-1"]),
        asked(StringLike, "acme:colour", &["*"]),
        asked(Bool, "aws:MultiFactorAuthPresent", &["false"]),
        asked(NumericLessThan, "s3:TlsVersion", &["1.2"]),
        asked(IpAddress, "aws:SourceIp", &["0.0.0.0/0"]),
        asked(ArnLike, "aws:SourceArn", &["arn:*:*:*:*:*"]),
    ] {
        assert_eq!(on_absent(&test), No, "{test:?}");
    }
}

#[test]
fn an_absent_key_satisfies_a_negated_operator() {
    for test in [
        asked(StringNotEquals, "aws:SourceVpce", &["vpce-1"]),
        asked(StringNotLike, "aws:SourceVpce", &["*"]),
        asked(StringNotEqualsIgnoreCase, "aws:SourceVpce", &["x"]),
        asked(NotIpAddress, "aws:SourceIp", &["0.0.0.0/0"]),
        asked(NumericNotEquals, "s3:max-keys", &["10"]),
        asked(DateNotEquals, "aws:TokenIssueTime", &["2026-01-01"]),
        asked(ArnNotLike, "aws:SourceArn", &["arn:*:*:*:*:*"]),
    ] {
        assert_eq!(on_absent(&test), Yes, "{test:?}");
    }
}

#[test]
fn an_absent_key_satisfies_if_exists_also_on_negated_operators() {
    assert_eq!(on_absent(&if_exists(asked(StringEquals, "aws:SourceVpce", &["vpce-1"]))), Yes);
    assert_eq!(on_absent(&if_exists(asked(StringNotEquals, "aws:SourceVpce", &["vpce-1"]))), Yes);
    assert_eq!(on("vpce-2", &if_exists(asked(StringEquals, "aws:SourceVpce", &["vpce-1"]))), No);
}

#[test]
fn null_asks_whether_the_key_is_absent() {
    let absent = asked(Null, "aws:SourceVpce", &["true"]);
    let present = asked(Null, "aws:SourceVpce", &["False"]);
    assert_eq!((on_absent(&absent), on_absent(&present)), (Yes, No));
    assert_eq!((on("x", &absent), on("x", &present)), (No, Yes));
    assert_eq!((on_set(&[], &absent), on_set(&["x"], &absent)), (Yes, No));
    assert_eq!(on_absent(&asked(Null, "aws:SourceVpce", &["true", "false"])), Yes);
}

#[test]
fn null_of_another_form_is_unknown() {
    assert_eq!(on_absent(&asked(Null, "aws:SourceVpce", &["yes"])), Unknown);
    assert_eq!(on_absent(&for_any(asked(Null, "aws:TagKeys", &["true"]))), Unknown);
    assert_eq!(on_absent(&if_exists(asked(Null, "aws:SourceVpce", &["true"]))), Unknown);
}

#[test]
fn all_of_no_values_is_true() {
    let test = for_all(asked(StringEquals, "aws:TagKeys", &["team"]));
    assert_eq!((on_absent(&test), on_set(&[], &test)), (Yes, Yes));
}

#[test]
fn any_of_no_values_is_false_also_with_if_exists_and_on_negated_operators() {
    let test = for_any(asked(StringEquals, "aws:TagKeys", &["team"]));
    assert_eq!((on_absent(&test), on_set(&[], &test)), (No, No));
    assert_eq!(on_absent(&if_exists(test)), No);
    assert_eq!(on_absent(&for_any(asked(StringNotEquals, "aws:TagKeys", &["team"]))), No);
}

#[test]
fn quantifiers_look_at_each_value_of_the_request() {
    let all = for_all(asked(StringEquals, "aws:TagKeys", &["team", "cost"]));
    let any = for_any(asked(StringEquals, "aws:TagKeys", &["team", "cost"]));
    assert_eq!((on_set(&["team", "cost"], &all), on_set(&["team", "x"], &all)), (Yes, No));
    assert_eq!((on_set(&["team", "x"], &any), on_set(&["x", "y"], &any)), (Yes, No));
}

#[test]
fn negated_quantifiers_want_values_that_fit_nothing() {
    let all = for_all(asked(StringNotEquals, "aws:TagKeys", &["team"]));
    let any = for_any(asked(StringNotEquals, "aws:TagKeys", &["team"]));
    assert_eq!((on_set(&["x", "y"], &all), on_set(&["team", "x"], &all)), (Yes, No));
    assert_eq!((on_set(&["team", "x"], &any), on_set(&["team"], &any)), (Yes, No));
}

#[test]
fn a_single_valued_key_under_a_set_operator_is_a_set_of_one() {
    let test = for_any(asked(StringNotEquals, "s3:x-amz-server-side-encryption", &["AES256"]));
    assert_eq!((on("aws:kms", &test), on("AES256", &test), on_absent(&test)), (Yes, No, No));
}

#[test]
fn a_key_of_several_values_without_a_set_operator_is_unknown() {
    let test = asked(StringEquals, "aws:TagKeys", &["team"]);
    assert_eq!((on("team", &test), on_set(&["team"], &test), on_absent(&test)), (Unknown, Unknown, Unknown));
    assert_eq!(on_set(&["a"], &asked(StringEquals, "acme:colours", &["a"])), Unknown);
}

#[test]
fn a_variable_without_a_value_fits_nothing_and_leaves_a_negated_test_open() {
    assert_eq!(on("x", &asked(StringEquals, "s3:prefix", &["{aws:principaltag/team}"])), No);
    assert_eq!(on("x", &asked(StringEquals, "s3:prefix", &["{aws:principaltag/team}", "x"])), Yes);
    assert_eq!(on("x", &asked(StringNotEquals, "s3:prefix", &["{aws:principaltag/team}"])), Unknown);
    assert_eq!(on("x", &asked(StringNotEquals, "s3:prefix", &["{aws:principaltag/team}", "x"])), No);
    assert_eq!(on("x", &asked(StringEqualsIgnoreCase, "s3:prefix", &["{aws:principaltag/team}"])), No);
    assert_eq!(on("arn:a:b:c:d:e", &asked(ArnLike, "aws:SourceArn", &["arn:a:b:c:d:{acme:x}"])), No);
    assert_eq!(on("arn:a:b:c:d:e", &asked(ArnNotLike, "aws:SourceArn", &["arn:a:b:c:d:{acme:x}"])), Unknown);
}

#[test]
fn an_absent_key_does_not_make_a_test_with_an_open_variable_hold() {
    assert_eq!(on_absent(&asked(StringNotEquals, "s3:prefix", &["{aws:principaltag/team}"])), Unknown);
    assert_eq!(on_absent(&if_exists(asked(StringEquals, "s3:prefix", &["{aws:principaltag/team}"]))), Unknown);
    assert_eq!(on_absent(&asked(StringEquals, "s3:prefix", &["{aws:principaltag/team}"])), No);
}

#[test]
fn a_default_stands_for_a_variable_without_a_value() {
    let test = asked(StringEquals, "s3:prefix", &["home/{aws:principaltag/team=all}"]);
    assert_eq!(on("home/all", &test), Yes);
    let made = with(&[("aws:principaltag/team", "red")]);
    let ask = |text: &str| super::test(&test, Some(&Held::One(text.into())), &facts(&made));
    assert_eq!((ask("home/red"), ask("home/all")), (Yes, No));
}

#[test]
fn a_variable_takes_what_follows_from_the_caller() {
    assert_eq!(on("home/alice/x", &asked(StringLike, "s3:prefix", &["home/{aws:username}/*"])), Yes);
    assert_eq!(on("home/bob/x", &asked(StringLike, "s3:prefix", &["home/{aws:username}/*"])), No);
}

#[test]
fn a_star_in_a_substituted_value_is_literal() {
    let made = with(&[("aws:principaltag/team", "*")]);
    for (relation, key, value, text, expected) in [
        (StringLike, "s3:prefix", "{aws:principaltag/team}", "anything", No),
        (StringLike, "s3:prefix", "{aws:principaltag/team}", "*", Yes),
        (ArnLike, "aws:SourceArn", "arn:a:b:c:d:{aws:principaltag/team}", "arn:a:b:c:d:e", No),
    ] {
        let asked = asked(relation, key, &[value]);
        assert_eq!(test(&asked, Some(&Held::One(text.into())), &facts(&made)), expected, "{asked:?}");
    }
}

#[test]
fn an_unreadable_variable_is_unknown_unless_the_rest_cannot_fit() {
    assert_eq!(on("home/x", &asked(StringLike, "s3:prefix", &["home/{!}"])), Unknown);
    assert_eq!(on("away/x", &asked(StringLike, "s3:prefix", &["home/{!}"])), No);
    assert_eq!(on("away/x", &asked(StringNotLike, "s3:prefix", &["home/{!}"])), Unknown);
}

#[test]
fn a_variable_of_several_values_or_in_a_typed_value_is_unknown() {
    assert_eq!(on("x", &asked(StringEquals, "s3:prefix", &["{aws:tagkeys}"])), Unknown);
    assert_eq!(on("10", &asked(NumericEquals, "s3:max-keys", &["{aws:principaltag/limit=10}"])), Unknown);
}

#[test]
fn an_unknown_key_is_compared_as_text_only() {
    assert_eq!(on("red", &asked(StringEquals, "acme:colour", &["red"])), Yes);
    assert_eq!(on("1", &asked(NumericEquals, "acme:size", &["1"])), Unknown);
    assert_eq!(on_absent(&asked(Bool, "acme:flag", &["true"])), Unknown);
}

#[test]
fn an_operator_that_does_not_fit_the_key_is_unknown() {
    for (relation, key, value) in [
        (StringEquals, "aws:SecureTransport", "false"),
        (StringLike, "aws:SourceIp", "10.*"),
        (StringEquals, "s3:max-keys", "10"),
        (Bool, "aws:SourceVpce", "true"),
        (NumericEquals, "aws:SecureTransport", "0"),
        (ArnLike, "aws:SourceVpce", "arn:a:b:c:d:e"),
        (DateLessThan, "s3:max-keys", "2026-01-01"),
    ] {
        let test = asked(relation, key, &[value]);
        assert_eq!(on(value, &test), Unknown, "{test:?}");
    }
}

#[test]
fn an_unknown_operator_and_a_test_without_values_are_unknown() {
    assert_eq!(on("x", &asked(Relation::Unknown, "aws:SourceVpce", &["x"])), Unknown);
    assert_eq!(on_absent(&if_exists(asked(Relation::Unknown, "aws:SourceVpce", &["x"]))), Unknown);
    assert_eq!(on("x", &asked(StringEquals, "aws:SourceVpce", &[])), Unknown);
    assert_eq!(on_absent(&asked(StringNotEquals, "aws:SourceVpce", &[])), Unknown);
}

#[test]
fn a_doubtful_key_never_makes_a_test_hold() {
    assert_eq!(on_doubtful(&asked(NumericLessThan, "s3:TlsVersion", &["1.2"])), No);
    assert_eq!(on_doubtful(&if_exists(asked(NumericLessThan, "s3:TlsVersion", &["1.2"]))), Unknown);
    assert_eq!(on_doubtful(&asked(NumericNotEquals, "s3:TlsVersion", &["1.2"])), Unknown);
    assert_eq!(on_doubtful(&asked(Null, "s3:TlsVersion", &["true"])), Unknown);
    assert_eq!(on_doubtful(&asked(Null, "s3:TlsVersion", &["false"])), No);
    assert_eq!(on_doubtful(&for_all(asked(StringEquals, "aws:TagKeys", &["x"]))), Unknown);
}

// The families of operators.

#[test]
fn text_is_compared_with_case_and_wildcards_only_under_like() {
    assert_eq!(on("AES256", &asked(StringEquals, "s3:x-amz-acl", &["aes256"])), No);
    assert_eq!(on("abc", &asked(StringEquals, "s3:x-amz-acl", &["a*"])), No);
    assert_eq!(on("a*", &asked(StringEquals, "s3:x-amz-acl", &["a*"])), Yes);
    assert_eq!(on("a?b", &asked(StringNotEquals, "s3:x-amz-acl", &["a?b"])), No);
    assert_eq!(on("abc", &asked(StringLike, "s3:x-amz-acl", &["a?c"])), Yes);
    assert_eq!(on("ABC", &asked(StringLike, "s3:x-amz-acl", &["a?c"])), No);
    assert_eq!(on("abc", &asked(StringNotLike, "s3:x-amz-acl", &["a*"])), No);
}

#[test]
fn ignore_case_compares_letters_without_case_and_wildcards_literally() {
    assert_eq!(on("ÀES256", &asked(StringEqualsIgnoreCase, "s3:x-amz-acl", &["àes256"])), Yes);
    assert_eq!(on("abc", &asked(StringEqualsIgnoreCase, "s3:x-amz-acl", &["A*"])), No);
    assert_eq!(on("a*", &asked(StringEqualsIgnoreCase, "s3:x-amz-acl", &["A*"])), Yes);
    assert_eq!(on("ABC", &asked(StringNotEqualsIgnoreCase, "s3:x-amz-acl", &["abc"])), No);
}

#[test]
fn numbers_are_compared_as_decimals() {
    for (relation, held, value, expected) in [
        (NumericEquals, "1.10", "1.1", Yes),
        (NumericNotEquals, "1.10", "1.1", No),
        (NumericLessThan, "1.1", "1.2", Yes),
        (NumericLessThan, "1.2", "1.20", No),
        (NumericLessThanEquals, "1.2", "1.20", Yes),
        (NumericGreaterThan, "10", "9", Yes),
        (NumericGreaterThanEquals, "-1", "-1.0", Yes),
        (NumericEquals, "ten", "10", Unknown),
        (NumericEquals, "10", "1e1", Unknown),
    ] {
        assert_eq!(
            on(held, &asked(relation.clone(), "s3:max-keys", &[value])),
            expected,
            "{relation:?} {held} {value}"
        );
    }
}

#[test]
fn dates_are_compared_as_moments() {
    for (relation, held, value, expected) in [
        (DateEquals, "2026-01-31T13:00:00+01:00", "2026-01-31T12:00:00Z", Yes),
        (DateNotEquals, "2026-01-31T00:00:00Z", "2026-01-31", No),
        (DateLessThan, "2026-01-30T23:59:59Z", "2026-01-31", Yes),
        (DateLessThanEquals, "1769817600", "2026-01-31", Yes),
        (DateGreaterThan, "2026-01-31T00:30:00+01:00", "2026-01-31", No),
        (DateGreaterThanEquals, "2026-01-31T00:00:00Z", "1769817600", Yes),
        (DateLessThan, "2026-01-31T00:00:00Z", "next year", Unknown),
        (DateLessThan, "2026-01-31T00:00:00", "2026-01-31", Unknown),
    ] {
        let test = asked(relation.clone(), "aws:CurrentTime", &[value]);
        assert_eq!(on(held, &test), expected, "{relation:?} {held} {value}");
    }
    assert_eq!(on("1769817600", &asked(NumericGreaterThan, "aws:EpochTime", &["1769817599"])), Yes);
    assert_eq!(on("1769817600", &asked(DateEquals, "aws:EpochTime", &["2026-01-31"])), Yes);
}

#[test]
fn truth_values_have_no_case_and_no_other_form() {
    let test = asked(Bool, "aws:SecureTransport", &["False"]);
    assert_eq!((on("false", &test), on("true", &test), on("0", &test)), (Yes, No, Unknown));
    assert_eq!(on("false", &asked(Bool, "aws:SecureTransport", &["no"])), Unknown);
    assert_eq!(on("false", &asked(Bool, "aws:SecureTransport", &["true", "false"])), Yes);
}

#[test]
fn addresses_are_compared_by_family() {
    for (relation, held, value, expected) in [
        (IpAddress, "203.0.113.255", "203.0.113.0/24", Yes),
        (IpAddress, "203.0.114.0", "203.0.113.0/24", No),
        (IpAddress, "203.0.113.7", "203.0.113.7", Yes),
        (IpAddress, "2001:db8::1", "0.0.0.0/0", No),
        (NotIpAddress, "2001:db8::1", "0.0.0.0/0", Yes),
        (NotIpAddress, "203.0.113.7", "203.0.113.0/24", No),
        (IpAddress, "2001:db8::1", "2001:db8::/64", Yes),
        (IpAddress, "203.0.113.7", "203.0.113.0/33", Unknown),
        (NotIpAddress, "here", "203.0.113.0/24", Unknown),
    ] {
        assert_eq!(
            on(held, &asked(relation.clone(), "aws:SourceIp", &[value])),
            expected,
            "{relation:?} {held} {value}"
        );
    }
    assert_eq!(on_absent(&asked(NotIpAddress, "aws:SourceIp", &["nonsense"])), Unknown);
}

#[test]
fn a_value_that_cannot_be_read_does_not_hide_one_that_decides() {
    let positive = asked(IpAddress, "aws:SourceIp", &["nonsense", "10.0.0.0/8"]);
    assert_eq!((on("10.1.1.1", &positive), on("11.1.1.1", &positive)), (Yes, Unknown));
    let negated = asked(NotIpAddress, "aws:SourceIp", &["nonsense", "10.0.0.0/8"]);
    assert_eq!((on("10.1.1.1", &negated), on("11.1.1.1", &negated)), (No, Unknown));
}

#[test]
fn base64_fits_no_key_that_is_known_and_needs_one() {
    assert_eq!(on("YQ==", &asked(BinaryEquals, "acme:digest", &["YQ=="])), Unknown);
    assert_eq!(on("YQ==", &asked(BinaryEquals, "s3:prefix", &["YQ=="])), Unknown);
}

#[test]
fn arns_are_compared_part_by_part() {
    for (value, held, expected) in [
        ("arn:aws:s3:::records", "arn:aws:s3:::records", Yes),
        ("arn:aws:s3:::rec*", "arn:aws:s3:::records/a:b:c", Yes),
        ("arn:*:s3:::records", "arn:aws:s3:::records", Yes),
        ("arn:*:records", "arn:aws:s3:::records", Unknown),
        ("*", "arn:aws:s3:::records", Unknown),
        ("arn:aws:*:*:111122223333:*", "arn:aws:sns:us-east-1:111122223333:topic", Yes),
        ("arn:aws:*:111122223333:*:*", "arn:aws:sns:us-east-1:111122223333:topic", No),
        ("arn:aws:sns?us-east-1:111122223333:topic:x", "arn:aws:sns:us-east-1:111122223333:topic", No),
        ("arn:aws:sns:us-east-1:111122223333:TOPIC", "arn:aws:sns:us-east-1:111122223333:topic", No),
        ("arn:aws:sns:us-east-?:111122223333:topic", "arn:aws:sns:us-east-1:111122223333:topic", Yes),
        ("arn:aws:s3:::records", "records", Unknown),
    ] {
        assert_eq!(on(held, &asked(ArnLike, "aws:SourceArn", &[value])), expected, "{value} on {held}");
        assert_eq!(on(held, &asked(ArnNotLike, "aws:SourceArn", &[value])), !expected, "not {value} on {held}");
    }
}

#[test]
fn a_colon_that_a_variable_brings_separates_only_where_the_variable_is_all() {
    let made = with(&[("aws:principaltag/arn", "arn:aws:s3:::b"), ("aws:principaltag/part", "x:y")]);
    let ask = |value: &str, held: &str| {
        test(&asked(ArnLike, "aws:SourceArn", &[value]), Some(&Held::One(held.into())), &facts(&made))
    };
    assert_eq!(ask("{aws:principaltag/arn}", "arn:aws:s3:::b"), Yes);
    assert_eq!(ask("arn:aws:{aws:principaltag/part}:c:d", "arn:aws:x:y:c:d"), Unknown);
    assert_eq!(ask("arn:aws:s3:::{aws:principaltag/part}", "arn:aws:s3:::x:y"), Yes);
}

#[test]
fn an_arn_key_takes_string_operators_where_a_star_crosses_colons() {
    let caller = "arn:aws:iam::111122223333:role/reader";
    assert_eq!(on(caller, &asked(StringLike, "aws:PrincipalArn", &["arn:*:role/reader"])), Yes);
    assert_eq!(on(caller, &asked(StringEquals, "aws:PrincipalArn", &[caller])), Yes);
    assert_eq!(on(caller, &asked(ArnLike, "kms:EncryptionContext:aws:logs:arn", &["arn:aws:iam::*:role/*"])), Yes);
    assert_eq!(on(caller, &asked(StringLike, "kms:EncryptionContext:aws:logs:arn", &["arn:*"])), Yes);
}

// Principals.

fn covered(named: Principal) -> Vec<Truth> {
    let named = Principals::Only(vec![named]);
    everyone().into_iter().map(|caller| principals(&named, Effect::Allow, &facts(&request(caller)))).collect()
}

fn left(named: Principal) -> Vec<Truth> {
    let named = Principals::AllBut(vec![named]);
    everyone().into_iter().map(|caller| principals(&named, Effect::Deny, &facts(&request(caller)))).collect()
}

fn named_user(account: &str, name: &str) -> Principal {
    Principal::User { arn: format!("arn:aws:iam::{account}:user/{name}"), account: account.into(), name: name.into() }
}

fn named_role(account: &str, name: &str) -> Principal {
    Principal::Role { arn: format!("arn:aws:iam::{account}:role/{name}"), account: account.into(), name: name.into() }
}

fn named_session(account: &str, role: &str, session: &str) -> Principal {
    Principal::Session {
        arn: format!("arn:aws:sts::{account}:assumed-role/{role}/{session}"),
        account: account.into(),
        role: role.into(),
        session: session.into(),
    }
}

fn other(kind: &str, text: &str) -> Principal {
    Principal::Other { kind: kind.into(), text: text.into() }
}

// The order of the callers: anonymous, own root, own user, own role, foreign root, service, provider, canonical user.

#[test]
fn everyone_includes_anonymous_callers_and_services() {
    assert_eq!(covered(Principal::Everyone), [Yes; 8]);
    assert_eq!(left(Principal::Everyone), [No; 8]);
}

#[test]
fn an_account_covers_its_root_users_and_roles() {
    assert_eq!(covered(Principal::Account(OWN.into())), [No, Yes, Yes, Yes, No, No, No, Unknown]);
}

#[test]
fn a_user_covers_itself_by_path_and_name() {
    assert_eq!(covered(named_user(OWN, "team/alice")), [No, No, Yes, No, No, No, No, Unknown]);
    assert_eq!(covered(named_user(OWN, "alice")), [No, No, No, No, No, No, No, Unknown]);
    assert_eq!(covered(named_user(OWN, "team/Alice"))[2], No);
    assert_eq!(covered(named_user(FOREIGN, "team/alice"))[2], No);
}

#[test]
fn a_role_covers_its_sessions_and_a_session_only_itself() {
    assert_eq!(covered(named_role(OWN, "app/reader")), [No, No, No, Yes, No, No, No, Unknown]);
    assert_eq!(covered(named_role(OWN, "reader"))[3], No);
    assert_eq!(covered(named_session(OWN, "reader", "one")), [No, No, No, Yes, No, No, No, Unknown]);
    assert_eq!(covered(named_session(OWN, "reader", "two"))[3], No);
    assert_eq!(covered(named_session(FOREIGN, "reader", "one"))[3], No);
}

#[test]
fn services_and_providers_are_compared_exactly() {
    assert_eq!(covered(Principal::Service("lambda.amazonaws.com".into())), [No, No, No, No, No, Yes, No, No]);
    assert_eq!(covered(Principal::Service("Lambda.amazonaws.com".into())), [No; 8]);
    assert_eq!(covered(Principal::Federated("accounts.google.com".into())), [No, No, No, No, No, No, Yes, No]);
}

#[test]
fn a_canonical_user_may_be_anyone_who_signs() {
    let expected = [No, Unknown, Unknown, Unknown, Unknown, No, No, Yes];
    assert_eq!(covered(Principal::CanonicalUser("c0ffee".into())), expected);
    assert_eq!(covered(Principal::CanonicalUser("decaf".into()))[7], No);
}

#[test]
fn a_deleted_principal_covers_nobody() {
    assert_eq!(covered(Principal::Deleted("AROAEXAMPLE".into())), [No; 8]);
    assert_eq!(left(Principal::Deleted("AROAEXAMPLE".into())), [Yes; 8]);
}

#[test]
fn a_principal_of_an_unread_form_may_cover_whom_its_kind_and_account_allow() {
    let group = other("AWS", "arn:aws:iam::111122223333:group/g");
    assert_eq!(covered(group), [No, Unknown, Unknown, Unknown, No, No, No, Unknown]);
    let partial = other("AWS", "arn:aws:iam::*:role/x");
    assert_eq!(covered(partial), [No, Unknown, Unknown, Unknown, Unknown, No, No, Unknown]);
    assert_eq!(covered(other("AWS", "everyone")), [Unknown; 8]);
    assert_eq!(covered(other("Service", "*")), [No, No, No, No, No, Unknown, No, No]);
    assert_eq!(covered(other("Federated", "*")), [No, No, No, No, No, No, Unknown, No]);
}

#[test]
fn leaving_out_a_principal_spares_it_and_leaves_its_account_open() {
    assert_eq!(left(named_role(OWN, "app/reader")), [Yes, Unknown, Unknown, No, Yes, Yes, Yes, Unknown]);
    assert_eq!(left(named_session(OWN, "reader", "two"))[3], Unknown);
    assert_eq!(left(named_user(OWN, "team/alice")), [Yes, Unknown, No, Unknown, Yes, Yes, Yes, Unknown]);
    let service = Principal::Service("lambda.amazonaws.com".into());
    assert_eq!(left(service), [Yes, Yes, Yes, Yes, Yes, No, Yes, Yes]);
}

#[test]
fn leaving_out_an_account_spares_its_root_and_leaves_its_users_open() {
    assert_eq!(left(Principal::Account(OWN.into())), [Yes, No, Unknown, Unknown, Yes, Yes, Yes, Unknown]);
}

#[test]
fn a_statement_that_names_nobody_means_its_holder_and_one_of_several_is_enough() {
    let made = request(user(OWN, "team/alice"));
    assert_eq!(principals(&Principals::Unstated, Effect::Allow, &facts(&made)), Yes);
    let several = vec![Principal::Service("x".into()), Principal::Account(OWN.into())];
    assert_eq!(principals(&Principals::Only(several.clone()), Effect::Allow, &facts(&made)), Yes);
    assert_eq!(principals(&Principals::AllBut(several), Effect::Deny, &facts(&made)), Unknown);
    assert_eq!(principals(&Principals::Only(Vec::new()), Effect::Allow, &facts(&made)), No);
}

// Keys that follow from the caller.

#[test]
fn the_caller_decides_the_keys_that_follow_from_it() {
    let held = |caller: Caller, key: &str| facts(&request(caller)).get(key);
    let one = |text: &str| Some(Held::One(text.into()));
    let reader = || role(OWN, "app/reader", "one");
    assert_eq!(held(reader(), "aws:principalarn"), one("arn:aws:iam::111122223333:role/app/reader"));
    assert_eq!(held(reader(), "aws:principalaccount"), one(OWN));
    assert_eq!(held(reader(), "kms:calleraccount"), one(OWN));
    assert_eq!(held(reader(), "aws:principaltype"), one("AssumedRole"));
    assert_eq!(held(reader(), "aws:username"), None);
    assert_eq!(held(user(OWN, "team/alice"), "aws:username"), one("alice"));
    assert_eq!(held(root(OWN), "aws:principaltype"), one("Account"));
    let service = || Caller::Service("sns.amazonaws.com".into());
    assert_eq!(held(service(), "aws:principalisawsservice"), one("true"));
    assert_eq!(held(service(), "aws:principalservicename"), one("sns.amazonaws.com"));
    assert_eq!(held(service(), "aws:principalaccount"), None);
    assert_eq!(held(root(OWN), "aws:principalisawsservice"), one("false"));
    assert_eq!(held(Caller::Anonymous, "aws:principalisawsservice"), None);
    assert_eq!(held(Caller::Anonymous, "aws:principaltype"), one("Anonymous"));
    assert_eq!(held(Caller::CanonicalUser("c".into()), "aws:principalaccount"), Some(Held::Doubtful));
}

#[test]
fn a_request_cannot_claim_another_caller() {
    let made = with(&[("aws:principalaccount", FOREIGN), ("aws:sourcevpce", "vpce-1")]);
    assert_eq!(facts(&made).get("aws:principalaccount"), Some(Held::One(OWN.into())));
    assert_eq!(facts(&made).get("aws:sourcevpce"), Some(Held::One("vpce-1".into())));
    assert_eq!(facts(&made).get("aws:sourcevpc"), None);
}

#[test]
fn the_account_of_an_anonymous_caller_is_neither_there_nor_absent() {
    let made = request(Caller::Anonymous);
    assert_eq!(test(&asked(Null, "aws:PrincipalAccount", &["true"]), None, &facts(&made)), Unknown);
    assert_eq!(test(&asked(StringNotEquals, "aws:PrincipalAccount", &[OWN]), None, &facts(&made)), Yes);
}

// Actions, resources, statements, documents.

fn action_patterns(patterns: &[&str]) -> Vec<ActionPattern> {
    patterns.iter().map(|text| ActionPattern { text: (*text).into(), lower: text.to_lowercase() }).collect()
}

#[test]
fn actions_fit_without_case_and_all_but_is_the_rest() {
    for (patterns, expected) in [
        (&["*"][..], true),
        (&["S3:GET*"], true),
        (&["s3:Get?bject"], true),
        (&["s3:Put*", "s3:getobject"], true),
        (&["s3:Get"], false),
        (&["s?:List*"], false),
        (&[], false),
    ] {
        assert_eq!(actions(&Actions::Only(action_patterns(patterns)), "s3:getobject"), expected, "{patterns:?}");
        assert_eq!(actions(&Actions::AllBut(action_patterns(patterns)), "s3:getobject"), !expected, "{patterns:?}");
    }
}

#[test]
fn resources_fit_with_case_across_every_separator() {
    let made = request(user(OWN, "team/alice"));
    for (text, expected) in [
        ("*", Yes),
        ("arn:aws:s3:::*", Yes),
        ("arn:*:c", Yes),
        ("arn:aws:s3:::records/?/b:c", Yes),
        ("arn:aws:s3:::records", No),
        ("arn:aws:s3:::RECORDS/*", No),
        ("arn:aws:s3:::[a-z]*", No),
        ("arn:aws:s3:::records/{aws:principaltag/x=a}/*", Yes),
        ("arn:aws:s3:::records/{!}/*", Unknown),
        ("arn:aws:s3:::other/{!}/*", No),
    ] {
        assert_eq!(resources(&Resources::Only(vec![pattern(text)]), &facts(&made)), expected, "{text}");
    }
    assert_eq!(resources(&Resources::AllBut(vec![pattern("arn:aws:s3:::other/*")]), &facts(&made)), Yes);
    assert_eq!(resources(&Resources::AllBut(vec![pattern("*")]), &facts(&made)), No);
    assert_eq!(resources(&Resources::Unstated, &facts(&made)), Yes);
}

#[test]
fn a_resource_whose_variable_has_no_value_fits_nothing_and_leaves_all_but_open() {
    let made = request(role(OWN, "app/reader", "one"));
    let home = vec![pattern("arn:aws:s3:::records/{aws:username}*")];
    assert_eq!(resources(&Resources::Only(home.clone()), &facts(&made)), No);
    assert_eq!(resources(&Resources::AllBut(home), &facts(&made)), Unknown);
}

fn stated(effect: Effect, conditions: Vec<Test>) -> Statement {
    Statement {
        index: 0,
        sid: None,
        effect,
        principals: Principals::Only(vec![Principal::Everyone]),
        actions: Actions::Only(action_patterns(&["s3:*"])),
        resources: Resources::Only(vec![pattern("arn:aws:s3:::records/*")]),
        conditions,
        source: "{}".into(),
    }
}

fn document(statements: Vec<Statement>) -> Document {
    Document { version: Version::V2012, id: None, statements }
}

fn yes() -> Vec<Test> {
    Vec::new()
}

fn no() -> Vec<Test> {
    vec![asked(StringEquals, "aws:SourceVpce", &["vpce-1"])]
}

fn unknown() -> Vec<Test> {
    vec![asked(Bool, "acme:flag", &["true"])]
}

#[test]
fn every_part_of_a_statement_has_to_match_and_one_no_is_enough() {
    let made = with(&[]);
    let ask = |conditions: Vec<Test>| statement(&stated(Effect::Deny, conditions), &facts(&made));
    assert_eq!((ask(yes()), ask(unknown()), ask(no())), (Yes, Unknown, No));
    assert_eq!(ask([unknown(), no()].concat()), No);
    let mut elsewhere = stated(Effect::Deny, unknown());
    elsewhere.actions = Actions::Only(action_patterns(&["sqs:*"]));
    assert_eq!(statement(&elsewhere, &facts(&made)), No);
    let mut anothers = stated(Effect::Deny, unknown());
    anothers.principals = Principals::Only(vec![Principal::Service("x".into())]);
    assert_eq!(statement(&anothers, &facts(&made)), No);
}

#[test]
fn decisions_follow_deny_then_doubt_then_allow() {
    let made = with(&[]);
    let place = |document: usize, statement: usize| Place { document, statement };
    for (first, second, expected, denies, allows) in [
        (vec![stated(Effect::Allow, yes())], vec![stated(Effect::Deny, yes())], Decision::Denied(place(1, 0)), Yes, No),
        (
            vec![stated(Effect::Allow, yes()), stated(Effect::Deny, unknown())],
            vec![],
            Decision::Unknown(place(0, 1)),
            Unknown,
            Unknown,
        ),
        (
            vec![stated(Effect::Deny, unknown())],
            vec![stated(Effect::Deny, no()), stated(Effect::Deny, yes())],
            Decision::Denied(place(1, 1)),
            Yes,
            No,
        ),
        (
            vec![stated(Effect::Allow, unknown())],
            vec![stated(Effect::Deny, no()), stated(Effect::Allow, yes())],
            Decision::Allowed(place(1, 1)),
            No,
            Yes,
        ),
        (vec![stated(Effect::Allow, unknown())], vec![], Decision::Unknown(place(0, 0)), No, Unknown),
        (vec![stated(Effect::Deny, unknown())], vec![], Decision::Unknown(place(0, 0)), Unknown, No),
        (vec![stated(Effect::Allow, no())], vec![], Decision::NotAllowed, No, No),
        (vec![], vec![], Decision::NotAllowed, No, No),
    ] {
        let documents = [&document(first), &document(second)];
        assert_eq!(decide(&documents, &facts(&made)), expected);
        assert_eq!(denied(&documents, &facts(&made)), denies, "{expected:?}");
        assert_eq!(allowed(&documents, &facts(&made)), allows, "{expected:?}");
    }
}

#[test]
fn two_tests_of_one_key_both_have_to_hold() {
    let both =
        vec![asked(StringEquals, "aws:SourceVpce", &["vpce-1"]), asked(StringEquals, "aws:SOURCEVPCE", &["vpce-2"])];
    let made = with(&[("aws:sourcevpce", "vpce-1")]);
    assert_eq!(statement(&stated(Effect::Deny, both), &facts(&made)), No);
}

// Words.

#[test]
fn each_part_that_does_not_match_is_said_in_order() {
    let mut shown =
        stated(Effect::Deny, [no(), unknown(), vec![asked(Bool, "aws:SecureTransport", &["false"])]].concat());
    shown.principals = Principals::Only(vec![Principal::Account(FOREIGN.into())]);
    shown.actions = Actions::Only(action_patterns(&["s3:PutA", "s3:PutB", "s3:PutC", "s3:PutD", "s3:PutE"]));
    shown.resources = Resources::AllBut(vec![pattern("arn:aws:s3:::records/*")]);
    let made = with(&[("aws:securetransport", "true")]);
    let said: Vec<(Truth, String)> = mismatches(&shown, &facts(&made))
        .into_iter()
        .map(|one| (one.truth, format!("{}: {}", one.part, one.why)))
        .collect();
    let expected = [
        (No, "Principal: the caller is `arn:aws:iam::111122223333:user/team/alice`, none of `444455556666`"),
        (No, "Action: the action is `s3:GetObject`, none of `s3:PutA`, `s3:PutB`, `s3:PutC` and 2 more"),
        (
            No,
            "NotResource: the resource is `arn:aws:s3:::records/a/b:c`, among those left out: `arn:aws:s3:::records/*`",
        ),
        (
            No,
            "Condition StringEquals aws:SourceVpce: the request has no `aws:SourceVpce`, and the statement asks \
             `StringEquals` of `vpce-1`",
        ),
        (
            Unknown,
            "Condition Bool acme:flag: the type of the key is not known; the request has no `acme:flag`, and the \
             statement asks `Bool` of `true`",
        ),
        (
            No,
            "Condition Bool aws:SecureTransport: the request's `aws:SecureTransport` is `true`, and the statement asks \
             `Bool` of `false`",
        ),
    ];
    assert_eq!(said, expected.map(|(truth, text)| (truth, text.to_owned())));
}

#[test]
fn a_statement_that_matches_has_nothing_to_say() {
    assert_eq!(mismatches(&stated(Effect::Allow, yes()), &facts(&with(&[]))), []);
}

#[test]
fn an_external_id_is_never_shown() {
    let made = with(&[("sts:externalid", "hushed-one")]);
    let shown = stated(Effect::Allow, vec![asked(StringEquals, "sts:ExternalId", &["hushed-two"])]);
    let said = mismatches(&shown, &facts(&made));
    assert_eq!(said.len(), 1);
    assert_eq!(said[0].part, "Condition StringEquals sts:ExternalId");
    assert_eq!(
        said[0].why,
        "the request has an `sts:ExternalId`, which is not shown, and the statement's values are not shown either"
    );
}
