use super::*;
use crate::policy::model::{Operator, Principal, Quantifier, Relation, Test};
use crate::policy::pattern::Part;

/// A statement of a resource's policy with this text behind its members.
fn resource_policy(more: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"{more}}}]}}"#
    )
}

fn with_condition(condition: &str) -> String {
    resource_policy(&format!(r#","Condition":{condition}"#))
}

fn with_principal(principal: &str) -> String {
    format!(r#"{{"Statement":{{"Effect":"Allow","Principal":{principal},"Action":"sts:AssumeRole"}}}}"#)
}

fn identity_policy(members: &str) -> String {
    format!(r#"{{"Statement":[{{"Effect":"Allow",{members}}}]}}"#)
}

fn read(text: &str) -> Document {
    parse(text, Sort::Resource).unwrap()
}

/// What is said of a text that is no policy of a resource.
fn refusal(text: &str) -> String {
    refusal_as(text, Sort::Resource)
}

fn refusal_as(text: &str, sort: Sort) -> String {
    match parse(text, sort) {
        Ok(document) => panic!("{text} was read as {document:?}"),
        Err(error) => error.to_string(),
    }
}

fn tests(condition: &str) -> Vec<Test> {
    read(&with_condition(condition)).statements.remove(0).conditions
}

fn values(condition: &str) -> Vec<String> {
    tests(condition).into_iter().flat_map(|test| test.values).map(|value| value.text).collect()
}

fn principals(principal: &str) -> Vec<Principal> {
    match parse(&with_principal(principal), Sort::Trust).unwrap().statements.remove(0).principals {
        Principals::Only(principals) => principals,
        other @ (Principals::Unstated | Principals::AllBut(_)) => panic!("{other:?}"),
    }
}

fn of_aws(text: &str) -> Principal {
    principals(&format!(r#"{{"AWS":"{text}"}}"#)).remove(0)
}

fn other(kind: &str, text: &str) -> Principal {
    Principal::Other { kind: kind.into(), text: text.into() }
}

#[test]
fn a_whole_document_is_read_in_its_order_with_nothing_lost() {
    let text = r#" {
        "Id": "records",
        "Statement": [
            { "Sid": "Reads", "Effect": "Allow", "Principal": {"AWS": "123456789012"},
              "Action": ["s3:GetObject", "s3:List*"], "Resource": ["arn:aws:s3:::b/${aws:username}/*"] },
            { "Effect": "Deny", "NotPrincipal": "*", "NotAction": "S3:Get?", "NotResource": "arn:aws:s3:::b",
              "Condition": { "Bool": { "aws:SecureTransport": "false" } } }
        ],
        "Version": "2012-10-17"
    } "#;
    let document = read(text);
    assert_eq!(document.version, Version::V2012);
    assert_eq!(document.id.as_deref(), Some("records"));
    let [reads, second] = document.statements.as_slice() else { panic!("{document:?}") };
    assert_eq!((reads.index, reads.effect, reads.name().as_str()), (0, Effect::Allow, "statement 1 (Reads)"));
    assert_eq!(reads.principals, Principals::Only(vec![Principal::Account("123456789012".into())]));
    let action = |text: &str, lower: &str| ActionPattern { text: text.into(), lower: lower.into() };
    assert_eq!(
        reads.actions,
        Actions::Only(vec![action("s3:GetObject", "s3:getobject"), action("s3:List*", "s3:list*")])
    );
    let Resources::Only(patterns) = &reads.resources else { panic!("{reads:?}") };
    assert_eq!(patterns[0].parts[1], Part::Variable { key: "aws:username".into(), default: None });
    assert_eq!(reads.conditions, []);
    assert_eq!((second.index, second.effect, second.sid.as_deref()), (1, Effect::Deny, None));
    assert_eq!(second.principals, Principals::AllBut(vec![Principal::Everyone]));
    assert_eq!(second.actions, Actions::AllBut(vec![action("S3:Get?", "s3:get?")]));
    assert_eq!(second.resources, Resources::AllBut(vec![Pattern::parse("arn:aws:s3:::b", Version::V2012)]));
    assert_eq!(second.conditions.len(), 1);
    assert!(second.source.starts_with(r#"{ "Effect": "Deny", "NotPrincipal""#), "{}", second.source);
    assert!(second.source.ends_with(r#""false" } } }"#), "{}", second.source);
    assert!(text.contains(&second.source));
}

#[test]
fn a_statement_may_stand_alone_and_lists_may_be_single_values() {
    let alone = r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*"}}"#;
    let listed =
        r#"{"Statement":[{"Effect":"Allow","Principal":{"AWS":["*"]},"Action":["s3:GetObject"],"Resource":["*"]}]}"#;
    let (mut alone, mut listed) = (read(alone).statements, read(listed).statements);
    alone[0].source.clear();
    listed[0].source.clear();
    assert_eq!(alone, listed);
}

#[test]
fn a_document_without_a_version_is_of_the_first_and_knows_no_variables() {
    let text = resource_policy("")
        .replace(r#""Version":"2012-10-17","#, "")
        .replace(r#""Resource":"*""#, r#""Resource":"arn:aws:s3:::b/${aws:username}""#);
    let document = read(&text);
    assert_eq!(document.version, Version::V2008);
    let Resources::Only(patterns) = &document.statements[0].resources else { panic!("{document:?}") };
    assert_eq!(patterns[0].literal(), Some("arn:aws:s3:::b/${aws:username}"));
    assert_eq!(read(&resource_policy("").replace("2012-10-17", "2008-10-17")).version, Version::V2008);
}

#[test]
fn versions_and_effects_are_exact_words() {
    assert_eq!(
        refusal(r#"{"Version":"2012-10-18","Statement":[]}"#),
        r#"Version: expected "2012-10-17" or "2008-10-17", found "2012-10-18""#
    );
    assert_eq!(
        refusal(r#"{"Version":2012,"Statement":[]}"#),
        r#"Version: expected "2012-10-17" or "2008-10-17", found a number"#
    );
    assert_eq!(
        refusal(&resource_policy("").replace("Deny", "deny")),
        r#"Statement[0].Effect: expected "Allow" or "Deny", found "deny""#
    );
    assert_eq!(
        refusal(&resource_policy("").replace(r#""Deny""#, r#"["Deny"]"#)),
        r#"Statement[0].Effect: expected "Allow" or "Deny", found a list"#
    );
}

#[test]
fn a_document_without_statements_is_read_and_one_without_the_member_is_not() {
    assert_eq!(read(r#"{"Statement":[]}"#).statements, []);
    assert_eq!(refusal("{}"), "(document): expected a member Statement, found none");
    assert_eq!(refusal(r#"{"Statement":null}"#), "Statement: expected a statement, which is an object, found null");
    assert_eq!(
        refusal(r#"{"Statement":[[]]}"#),
        "Statement[0]: expected a statement, which is an object, found a list"
    );
}

#[test]
fn a_text_that_is_no_json_object_is_refused_with_its_kind() {
    for (text, found) in [
        ("[]", "a list"),
        ("\"{}\"", "a string"),
        ("1", "a number"),
        ("-1", "a number"),
        ("true", "a boolean"),
        ("null", "null"),
    ] {
        assert_eq!(refusal(text), format!("(document): expected an object, found {found}"));
    }
}

#[test]
fn a_text_that_is_no_json_is_refused_with_the_position() {
    assert_eq!(refusal(""), "(document): expected JSON, found EOF while parsing a value at line 1 column 0");
    assert_eq!(
        refusal("{\"Statement\":[],}"),
        "(document): expected JSON, found key must be a string at line 1 column 17"
    );
    assert_eq!(
        refusal("{\"Statement\":[]} {}"),
        "(document): expected JSON, found trailing characters at line 1 column 18"
    );
    for text in
        ["{'Statement':[]}", "{Statement:[]}", "// x\n{}", "{\"Id\":01}", "{\"Id\":NaN}", "{\"Id\":\"\t\"}", "%7B%7D"]
    {
        assert!(refusal(text).starts_with("(document): expected JSON, found "), "{text}");
    }
}

#[test]
fn white_space_around_is_fine_and_a_byte_order_mark_is_not() {
    assert_eq!(read("\r\n\t {\"Statement\" :\n[ ] } \n").statements, []);
    assert_eq!(refusal("\u{feff}{\"Statement\":[]}"), "(document): expected JSON, found a byte order mark before it");
    assert!(refusal("\u{a0}{\"Statement\":[]}").starts_with("(document): expected JSON, found expected value"));
}

#[test]
fn a_member_that_stands_twice_is_refused_at_every_level() {
    for (text, message) in [
        (
            r#"{"Statement":[],"Version":"2012-10-17","Statement":[]}"#.to_owned(),
            r#"(document): expected each member once, found "Statement" twice"#,
        ),
        (resource_policy(r#","Effect":"Deny""#), r#"Statement[0]: expected each member once, found "Effect" twice"#),
        (
            resource_policy(r#","\u0041ction":"s3:GetObject""#),
            r#"Statement[0]: expected each member once, found "Action" twice"#,
        ),
        (
            with_principal(r#"{"AWS":"*","AWS":"123456789012"}"#),
            r#"Statement.Principal: expected each member once, found "AWS" twice"#,
        ),
        (
            with_condition(r#"{"Bool":{"a:b":true},"Bool":{"a:c":true}}"#),
            r#"Statement[0].Condition: expected each member once, found "Bool" twice"#,
        ),
        (
            with_condition(r#"{"Bool":{"aws:SecureTransport":"true","aws:\u0053ecureTransport":"false"}}"#),
            r#"Statement[0].Condition.Bool: expected each member once, found "aws:SecureTransport" twice"#,
        ),
    ] {
        assert_eq!(refusal(&text), message);
    }
}

#[test]
fn unknown_members_are_refused_whatever_their_case() {
    assert_eq!(refusal(r#"{"statement":[]}"#), r#"(document): expected Version, Id or Statement, found "statement""#);
    assert_eq!(
        refusal(&resource_policy(r#","Conditions":{}"#)),
        r#"Statement[0]: expected a member that statements have, found "Conditions""#
    );
    assert_eq!(
        refusal(&resource_policy(r#","effect":"Deny""#)),
        r#"Statement[0]: expected a member that statements have, found "effect""#
    );
    let long = "x\u{202e}".repeat(1_000);
    let message = refusal(&resource_policy(&format!(r#","{long}":1"#)));
    assert!(message.len() < 120 && message.ends_with("…\"") && !message.contains('\u{202e}'), "{message}");
}

#[test]
fn one_of_each_pair_has_to_stand_there_and_not_both() {
    let principal = r#""Principal":"*","#;
    let (action, resource) = (r#""Action":"s3:*","#, r#","Resource":"*""#);
    let text = resource_policy("");
    for (text, pair, found) in [
        (text.replace(principal, ""), "Principal or NotPrincipal", "neither"),
        (text.replace(action, ""), "Action or NotAction", "neither"),
        (text.replace(resource, ""), "Resource or NotResource", "neither"),
        (resource_policy(r#","NotPrincipal":"*""#), "Principal or NotPrincipal", "both"),
        (resource_policy(r#","NotAction":"s3:*""#), "Action or NotAction", "both"),
        (resource_policy(r#","NotResource":"*""#), "Resource or NotResource", "both"),
    ] {
        assert_eq!(refusal(&text), format!("Statement[0]: expected {pair}, found {found}"));
    }
    assert_eq!(refusal(&text.replace(r#""Effect":"Deny","#, "")), "Statement[0]: expected a member Effect, found none");
}

#[test]
fn an_identity_policy_names_a_resource_and_no_principal() {
    let text = identity_policy(r#""Action":"s3:*","Resource":"*""#);
    let document = parse(&text, Sort::Identity).unwrap();
    assert_eq!(document.statements[0].principals, Principals::Unstated);
    for member in ["Principal", "NotPrincipal"] {
        let text = identity_policy(&format!(r#""{member}":"*","Action":"s3:*","Resource":"*""#));
        assert_eq!(
            refusal_as(&text, Sort::Identity),
            format!("Statement[0]: expected no principal in an identity's policy, found {member}")
        );
    }
    assert_eq!(
        refusal_as(&identity_policy(r#""Action":"s3:*""#), Sort::Identity),
        "Statement[0]: expected Resource or NotResource, found neither"
    );
}

#[test]
fn a_trust_policy_names_a_principal_and_may_name_a_resource() {
    let text = with_principal(r#""*""#);
    assert_eq!(parse(&text, Sort::Trust).unwrap().statements[0].resources, Resources::Unstated);
    assert_eq!(refusal(&text), "Statement: expected Resource or NotResource, found neither");
    assert!(parse(&resource_policy(""), Sort::Trust).is_ok());
    assert_eq!(
        refusal_as(&identity_policy(r#""Action":"sts:AssumeRole""#), Sort::Trust),
        "Statement[0]: expected Principal or NotPrincipal, found neither"
    );
    assert_eq!(
        refusal_as(&resource_policy(r#","NotResource":"*""#), Sort::Trust),
        "Statement[0]: expected Resource or NotResource, found both"
    );
}

#[test]
fn an_action_has_a_service_or_is_nothing_but_stars() {
    let with = |action: &str| resource_policy("").replace(r#""s3:*""#, action);
    for action in [r#""*""#, r#""**""#, r#""s3:*""#, r#""*:*""#, r#"["S3:GetObject","*"]"#] {
        assert!(parse(&with(action), Sort::Resource).is_ok(), "{action}");
    }
    for action in ["s3*", "?", "*?", "GetObject", ""] {
        assert_eq!(
            refusal(&with(&format!(r#"["s3:*","{action}"]"#))),
            format!(r#"Statement[0].Action[1]: expected an action such as "s3:GetObject", or "*", found "{action}""#)
        );
    }
    assert_eq!(
        refusal(&with("{}")),
        r#"Statement[0].Action: expected an action such as "s3:GetObject", or "*", found an object"#
    );
}

#[test]
fn empty_lists_of_actions_resources_and_principals_are_refused() {
    let text = resource_policy("");
    for (text, message) in [
        (text.replace(r#""s3:*""#, "[]"), "Statement[0].Action: expected at least one action, found an empty list"),
        (
            text.replace(r#""Resource":"*""#, r#""NotResource":[]"#),
            "Statement[0].NotResource: expected at least one resource, found an empty list",
        ),
        (
            with_principal(r#"{"AWS":[]}"#),
            "Statement.Principal.AWS: expected at least one principal, found an empty list",
        ),
        (with_principal("{}"), "Statement.Principal: expected at least one principal, found an empty object"),
        (
            text.replace(r#""Resource":"*""#, r#""Resource":["*",""]"#),
            r#"Statement[0].Resource[1]: expected an ARN or "*", found an empty string"#,
        ),
    ] {
        assert_eq!(refusal(&text), message);
    }
}

#[test]
fn lists_hold_no_lists_and_no_other_values_than_strings() {
    let text = resource_policy("");
    for (found, value) in [("a list", "[[\"*\"]]"), ("a number", "[1]"), ("null", "[null]"), ("a boolean", "[true]")] {
        let message = refusal(&text.replace(r#""Resource":"*""#, &format!(r#""Resource":{value}"#)));
        assert_eq!(message, format!("Statement[0].Resource[0]: expected a string, found {found}"));
    }
    assert_eq!(refusal(&resource_policy(r#","Sid":null"#)), "Statement[0].Sid: expected a string, found null");
    assert_eq!(refusal(r#"{"Id":7,"Statement":[]}"#), "Id: expected a string, found a number");
}

#[test]
fn principals_are_a_star_or_an_object_of_known_kinds() {
    assert_eq!(principals(r#""*""#), [Principal::Everyone]);
    assert_eq!(
        principals(
            r#"{"AWS":["*","123456789012"],"Service":"lambda.amazonaws.com","Federated":["accounts.google.com"],"CanonicalUser":"79a59df900b949e55d96"}"#
        ),
        [
            Principal::Everyone,
            Principal::Account("123456789012".into()),
            Principal::Service("lambda.amazonaws.com".into()),
            Principal::Federated("accounts.google.com".into()),
            Principal::CanonicalUser("79a59df900b949e55d96".into()),
        ]
    );
    for (principal, found) in [
        (r#""123456789012""#, "another string"),
        (r#""**""#, "another string"),
        (r#"["*"]"#, "a list"),
        ("null", "null"),
    ] {
        assert_eq!(
            refusal_as(&with_principal(principal), Sort::Trust),
            format!(r#"Statement.Principal: expected "*" or an object of principals, found {found}"#)
        );
    }
    assert_eq!(
        refusal_as(&with_principal(r#"{"aws":"*"}"#), Sort::Trust),
        r#"Statement.Principal: expected AWS, Service, Federated or CanonicalUser, found "aws""#
    );
    assert_eq!(
        refusal_as(&with_principal(r#"{"AWS":["*",123456789012]}"#), Sort::Trust),
        "Statement.Principal.AWS[1]: expected a string, found a number"
    );
}

#[test]
fn an_account_is_its_digits_or_its_root_in_any_partition() {
    let account = Principal::Account("123456789012".into());
    assert_eq!(of_aws("123456789012"), account);
    assert_eq!(of_aws("arn:aws:iam::123456789012:root"), account);
    assert_eq!(of_aws("arn:aws-us-gov:iam::123456789012:root"), account);
}

#[test]
fn users_roles_and_sessions_are_read_with_account_path_and_name() {
    let (arn, account) = ("arn:aws:iam::123456789012:user/team/a.b@c", "123456789012");
    assert_eq!(of_aws(arn), Principal::User { arn: arn.into(), account: account.into(), name: "team/a.b@c".into() });
    let arn = "arn:aws-cn:iam::123456789012:role/service-role/Reader";
    assert_eq!(
        of_aws(arn),
        Principal::Role { arn: arn.into(), account: account.into(), name: "service-role/Reader".into() }
    );
    let arn = "arn:aws:sts::123456789012:assumed-role/Reader/i-0123";
    assert_eq!(
        of_aws(arn),
        Principal::Session {
            arn: arn.into(),
            account: account.into(),
            role: "Reader".into(),
            session: "i-0123".into()
        }
    );
}

#[test]
fn a_unique_id_is_a_principal_that_was_deleted() {
    for id in ["AROAEXAMPLEID0123456", "AIDACKCEVSQ6C2EXAMPLE", "AGPACKCEVSQ6C2EXAMPLE", "ASIACKCEVSQ6C2EXAMPLE"] {
        assert_eq!(of_aws(id), Principal::Deleted(id.into()));
    }
    for text in ["AROA", "AROA*", "aroaexampleid0123456", "AROAEXAMPLEID0123456:session"] {
        assert_eq!(of_aws(text), other("AWS", text));
    }
}

#[test]
fn whatever_nobody_documents_is_kept_as_an_other_principal() {
    for text in [
        "",
        "**",
        "12345678901",
        "1234567890123",
        "arn:aws:iam::*:root",
        "arn:aws:iam::12345678901:root",
        "arn:aws:iam::123456789012:*",
        "arn:aws:iam::123456789012:root/x",
        "arn:aws:iam::123456789012:role/*",
        "arn:aws:iam::123456789012:role/Read?r",
        "arn:aws:iam::123456789012:role/a*/Reader",
        "arn:aws:iam::123456789012:role/",
        "arn:aws:iam::123456789012:role/${aws:username}",
        "arn:aws:iam::123456789012:user/team/",
        "arn:aws:iam::123456789012:group/Staff",
        "arn:aws:iam:us-east-1:123456789012:role/Reader",
        "arn:*:iam::123456789012:root",
        "ARN:aws:iam::123456789012:root",
        "arn:aws:sts::123456789012:federated-user/x",
        "arn:aws:sts::123456789012:assumed-role/Reader",
        "arn:aws:sts::123456789012:assumed-role/Reader/*",
        "arn:aws:sts::123456789012:assumed-role/path/Reader/x",
        "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1",
    ] {
        assert_eq!(of_aws(text), other("AWS", text), "{text}");
    }
    for kind in ["Service", "Federated", "CanonicalUser"] {
        for text in ["*", "", "*.amazonaws.com", "lambd?.amazonaws.com"] {
            assert_eq!(principals(&format!(r#"{{"{kind}":"{text}"}}"#)), [other(kind, text)]);
        }
    }
}

#[test]
fn condition_values_keep_their_text_whatever_their_kind() {
    assert_eq!(
        values(r#"{"StringEquals":{"a:b":["x",1.0,1e3,-0,1E+400,12345678901234567890123,true,false,"true"]}}"#),
        ["x", "1.0", "1e3", "-0", "1E+400", "12345678901234567890123", "true", "false", "true"]
    );
    assert_eq!(values(r#"{"Bool":{"aws:SecureTransport":false}}"#), ["false"]);
    assert_eq!(values(r#"{"StringEquals":{"a:b":"\u00e9\ud83d\ude00\"\/"}}"#), ["é😀\"/"]);
    assert_eq!(values(r#"{"StringEquals":{"a:b":""}}"#), [""]);
}

#[test]
fn a_condition_without_values_is_kept_and_one_without_operators_is_none() {
    let tests_of = tests(r#"{"StringEquals":{"a:b":[]}}"#);
    assert_eq!((tests_of.len(), tests_of[0].values.len()), (1, 0));
    assert_eq!(tests("{}"), []);
}

#[test]
fn each_key_of_each_operator_is_a_test_in_the_order_of_the_document() {
    let tests = tests(
        r#"{"StringLike":{"aws:PrincipalTag/Team":"a*","AWS:PrincipalTag/team":"b"},"stringlike":{"s3:prefix":"${aws:username}/*"}}"#,
    );
    let keys: Vec<_> = tests.iter().map(|test| (test.operator.text.as_str(), test.key.as_str())).collect();
    assert_eq!(
        keys,
        [("StringLike", "aws:principaltag/team"), ("StringLike", "aws:principaltag/team"), ("stringlike", "s3:prefix")]
    );
    assert_eq!(tests[1].key_text, "AWS:PrincipalTag/team");
    assert_eq!(tests[0].values[0].pattern.parts, [Part::Literal("a".into()), Part::Star]);
    assert!(tests[2].values[0].pattern.has_variable());
}

#[test]
fn a_condition_of_another_shape_is_refused_without_its_values() {
    for (condition, message) in [
        ("[]", "Statement[0].Condition: expected an object of operators, found a list"),
        (r#"{"Bool":"hush"}"#, "Statement[0].Condition.Bool: expected an object of condition keys, found a string"),
        (r#"{"Bool":{}}"#, "Statement[0].Condition.Bool: expected at least one condition key, found an empty object"),
        (r#"{"":{"a:b":"c"}}"#, "Statement[0].Condition: expected an operator, found an empty name"),
        (r#"{"Bool":{"":"hush"}}"#, "Statement[0].Condition.Bool: expected a condition key, found an empty name"),
        (
            r#"{"Bool":{"aws:SecureTransport":null}}"#,
            "Statement[0].Condition.Bool.aws:SecureTransport: expected a string, a number or a boolean, found null",
        ),
        (
            r#"{"Bool":{"aws:SecureTransport":{"hush":1}}}"#,
            "Statement[0].Condition.Bool.aws:SecureTransport: expected a string, a number or a boolean, found an object",
        ),
        (
            r#"{"StringEquals":{"sts:ExternalId":["hush",["hush"]]}}"#,
            "Statement[0].Condition.StringEquals.sts:ExternalId[1]: expected a string, a number or a boolean, found a list",
        ),
    ] {
        assert_eq!(refusal(&with_condition(condition)), message);
    }
    let message = refusal(&with_condition(r#"{"StringEquals":{"sts:ExternalId":"hush\ud800"}}"#));
    assert!(
        message.starts_with("Statement[0].Condition.StringEquals.sts:ExternalId: expected a string in Unicode, found ")
            && !message.contains("hush"),
        "{message}"
    );
}

#[test]
fn operators_are_read_without_regard_to_case() {
    let operator = |name: &str| tests(&format!(r#"{{"{name}":{{"a:b":"c"}}}}"#)).remove(0).operator;
    for (name, quantifier, relation, if_exists) in [
        ("StringEquals", None, Relation::StringEquals, false),
        ("STRINGNOTEQUALS", None, Relation::StringNotEquals, false),
        ("StringEqualsIgnoreCaseIfExists", None, Relation::StringEqualsIgnoreCase, true),
        ("StringNotEqualsIgnoreCase", None, Relation::StringNotEqualsIgnoreCase, false),
        ("forallvalues:stringlike", Some(Quantifier::ForAllValues), Relation::StringLike, false),
        ("ForAnyValue:StringNotLikeIfExists", Some(Quantifier::ForAnyValue), Relation::StringNotLike, true),
        ("NumericEquals", None, Relation::NumericEquals, false),
        ("NumericNotEquals", None, Relation::NumericNotEquals, false),
        ("NumericLessThan", None, Relation::NumericLessThan, false),
        ("NumericLessThanEquals", None, Relation::NumericLessThanEquals, false),
        ("NumericGreaterThan", None, Relation::NumericGreaterThan, false),
        ("NumericGreaterThanEqualsIfExists", None, Relation::NumericGreaterThanEquals, true),
        ("DateEquals", None, Relation::DateEquals, false),
        ("DateNotEquals", None, Relation::DateNotEquals, false),
        ("DateLessThan", None, Relation::DateLessThan, false),
        ("DateLessThanEquals", None, Relation::DateLessThanEquals, false),
        ("DateGreaterThan", None, Relation::DateGreaterThan, false),
        ("DateGreaterThanEquals", None, Relation::DateGreaterThanEquals, false),
        ("BoolIfExists", None, Relation::Bool, true),
        ("BinaryEquals", None, Relation::BinaryEquals, false),
        ("IpAddress", None, Relation::IpAddress, false),
        ("NotIpAddressIfExists", None, Relation::NotIpAddress, true),
        ("ArnEquals", None, Relation::ArnLike, false),
        ("ArnLike", None, Relation::ArnLike, false),
        ("ArnNotEquals", None, Relation::ArnNotLike, false),
        ("arnnotlikeifexists", None, Relation::ArnNotLike, true),
        ("Null", None, Relation::Null, false),
    ] {
        let expected = Operator { text: name.into(), quantifier, relation, if_exists };
        assert_eq!(operator(name), expected);
    }
}

#[test]
fn a_name_that_is_no_operator_is_kept_as_unknown_with_nothing_that_could_decide_it() {
    for name in [
        "NullIfExists",
        "ForAllValues:NullIfExists",
        "StringEqual",
        "StringEquals ",
        "ForAllValues:",
        "IfExists",
        "StringEqualsIfExistsIfExists",
        "ForAllValues:ForAnyValue:StringEquals",
        "ForSomeValues:StringEquals",
    ] {
        let test = tests(&format!(r#"{{"{name}":{{"a:b":"c"}}}}"#)).remove(0);
        let expected = Operator { text: name.into(), quantifier: None, relation: Relation::Unknown, if_exists: false };
        assert_eq!(test.operator, expected);
    }
}

#[test]
fn nesting_of_any_depth_is_refused_and_overflows_nothing() {
    const DEPTH: usize = 100_000;
    let (lists, closed) = ("[".repeat(DEPTH), "]".repeat(DEPTH));
    let (objects, ends) = ("{\"a\":".repeat(DEPTH), "}".repeat(DEPTH));
    assert!(refusal(&lists).starts_with("(document): expected JSON, found EOF while parsing a list"));
    assert!(refusal(&objects).starts_with("(document): expected JSON, found EOF while parsing a"));
    assert_eq!(refusal(&format!("{lists}{closed}")), "(document): expected an object, found a list");
    let deep = [format!("{lists}{closed}"), format!("{objects}1{ends}")];
    for deep in &deep {
        for text in [
            format!(r#"{{"Statement":{deep}}}"#),
            format!(r#"{{"Version":{deep}}}"#),
            format!(r#"{{"Id":{deep}}}"#),
            resource_policy("").replace(r#""*""#, deep),
            resource_policy("").replace(r#""s3:*""#, deep),
            resource_policy(&format!(r#","Sid":{deep}"#)),
            resource_policy(&format!(r#","Unknown":{deep}"#)),
            with_condition(deep),
            with_condition(&format!(r#"{{"Bool":{deep}}}"#)),
            with_condition(&format!(r#"{{"Bool":{{"a:b":{deep}}}}}"#)),
        ] {
            assert!(refusal(&text).len() < 200);
        }
    }
}

#[test]
fn huge_documents_are_read() {
    let statement = r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"}"#;
    let text = format!(r#"{{"Statement":[{}]}}"#, vec![statement; 20_000].join(","));
    let document = read(&text);
    assert_eq!(document.statements.len(), 20_000);
    assert_eq!(document.statements[19_999].index, 19_999);
    let value = "x".repeat(4_000_000);
    assert_eq!(values(&format!(r#"{{"StringEquals":{{"a:b":"{value}"}}}}"#)), [value]);
    let keys: Vec<String> = (0..50_000).map(|key| format!(r#""a:{key}":1"#)).collect();
    assert_eq!(tests(&format!(r#"{{"StringEquals":{{{}}}}}"#, keys.join(","))).len(), 50_000);
}

/// Documents that use every part of the grammar.
fn samples() -> Vec<String> {
    vec![
        resource_policy(r#","Sid":"Ünï\u00e9","Condition":{}"#),
        with_condition(
            r#"{"ForAnyValue:StringLikeIfExists":{"aws:PrincipalTag/T":["${aws:username, 'x'}*",1.0,true]},"Null":{"s3:x":"\ud83d\ude00${*"}}"#,
        ),
        with_principal(
            r#"{"AWS":["*","arn:aws:iam::123456789012:role/a/B","AROAEXAMPLEID","123456789012"],"Service":"s3.amazonaws.com","Federated":"x","CanonicalUser":["y"]}"#,
        ),
        identity_policy(r#""NotAction":["iam:*","*"],"NotResource":"arn:aws:s3:::b/${a:${b}}/?""#),
    ]
}

#[test]
fn no_text_makes_the_reader_panic() {
    let mut refused = 0_usize;
    let mut attempt = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        for sort in [Sort::Identity, Sort::Resource, Sort::Trust] {
            match parse(&text, sort) {
                Ok(document) => assert!(document.statements.iter().all(|statement| text.contains(&statement.source))),
                Err(error) => {
                    assert!(!error.path.is_empty() && !error.expected.is_empty() && !error.found.is_empty());
                    assert!(error.to_string().len() < 400, "{error}");
                    refused += 1;
                }
            }
        }
    };
    const FLIPPED: &[u8] = b"\"\\{],$0\xff";
    for sample in samples() {
        let bytes = sample.as_bytes();
        for at in 0..bytes.len() {
            attempt(&bytes[..at]);
            attempt(&bytes[at..]);
            attempt(&[&bytes[..at], &bytes[at + 1..]].concat());
            attempt(&[&bytes[..at], &bytes[at..=at], &bytes[at..]].concat());
            for flipped in FLIPPED {
                let mut changed = bytes.to_vec();
                changed[at] = *flipped;
                attempt(&changed);
            }
        }
    }
    assert!(refused > 10_000, "{refused}");
}

#[test]
fn no_proper_beginning_of_a_document_is_a_document() {
    for sample in samples() {
        for (at, _) in sample.char_indices() {
            for sort in [Sort::Identity, Sort::Resource, Sort::Trust] {
                assert!(parse(&sample[..at], sort).is_err(), "{}", &sample[..at]);
            }
        }
    }
}
