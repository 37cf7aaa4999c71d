use super::super::fixture::*;
use super::super::{AccessLog, AccountSettings};
use super::*;
use crate::evidence::Evidence;
use crate::fixture::*;
use crate::observed::Observed;
use crate::observed::Observed::{Absent, Present, Unknown};
use crate::subject::{Kind, Resource, Subject};

const ACCESS: &str = "apigw-access-logging";
const EXECUTION: &str = "apigw-execution-logging";
const TRACE: &str = "apigw-data-trace-off";
const FORMAT: &str =
    "$context.requestId $context.identity.sourceIp $context.requestTime $context.httpMethod $context.status";

fn group(name: &str, existence: Existence) -> Subject {
    let mut group = subject(Kind::LogGroup, name, Resource::LogGroup(Box::new(LogGroup::unknown(&denial()))));
    group.existence = seen(existence);
    group
}

fn logged(destination: &str, format: &str) -> Evidence {
    let log = AccessLog { destination: Present(destination.into()), format: Present(format.into()) };
    let stage = Stage { access_log: Present(log), ..stage() };
    let api = RestApi { stages: seen(vec![stage]), ..api() };
    evidence(vec![api_subject(api), group(GROUP, Existence::Exists), group("gone", Existence::Missing)])
}

fn to(account: &str, name: &str) -> String {
    format!("arn:aws:logs:us-east-2:{account}:log-group:{name}")
}

#[test]
fn access_logs_in_a_group_that_exists_with_every_field_pass() {
    for destination in [to(ACCOUNT, GROUP), to(ACCOUNT, &format!("{GROUP}:*"))] {
        assert_eq!(
            passed(judge(ACCESS, &logged(&destination, FORMAT))),
            "stage prod logs requests to api-access; writes every field that is asked for"
        );
    }
    let json = r#"{"id":"$context.extendedRequestId","ip":"$context.identity.sourceIp","at":"$context.requestTimeEpoch","verb":"$context.routeKey","status":"$context.status"}"#;
    passed(judge(ACCESS, &logged(&to(ACCOUNT, GROUP), json)));
}

#[test]
fn a_field_is_found_by_its_whole_name_only() {
    let close = FORMAT.replace("$context.status", "$context.statusCode").replace("sourceIp", "sourceIp.v4");
    assert_eq!(
        failed(judge(ACCESS, &logged(&to(ACCOUNT, GROUP), &close))),
        "stage prod writes lines without $context.identity.sourceIp, $context.status"
    );
    assert!(names_field("it was $context.status.", "$context.status"));
    assert!(!names_field("$context.requestTimeEpoch", "$context.requestTime"));
}

#[test]
fn no_access_log_or_one_to_a_group_that_is_gone_fails() {
    let silent = Stage { access_log: Absent, ..stage() };
    assert_eq!(failed(judge(ACCESS, &of_stage_of(silent))), "stage prod keeps no access log");
    assert_eq!(
        failed(judge(ACCESS, &logged(&to(ACCOUNT, "gone"), FORMAT))),
        "stage prod logs requests to gone, which does not exist"
    );
}

#[test]
fn a_stream_passes_with_a_note() {
    let stream = "arn:aws:firehose:us-east-2:123456789012:deliverystream/amazon-apigateway-a";
    let text = passed(judge(ACCESS, &logged(stream, FORMAT)));
    assert!(text.ends_with("not CloudWatch Logs, and whether it exists is not read"), "{text}");
}

#[test]
fn a_group_of_another_account_or_one_that_was_not_seen_is_an_error() {
    let text = undecided(judge(ACCESS, &logged(&to("210987654321", GROUP), FORMAT)));
    assert!(text.contains("is in account 210987654321"), "{text}");
    let text = undecided(judge(ACCESS, &logged(&to(ACCOUNT, "other"), FORMAT)));
    assert!(text.contains("nothing was seen of log group other"), "{text}");
    undecided(judge(ACCESS, &logged("arn:aws:s3:::bucket", FORMAT)));
    assert_eq!(undecided(judge(ACCESS, &of(RestApi { stages: denied(), ..api() }))), denial().to_string());
    let unread = Stage { access_log: Unknown(denial()), ..stage() };
    assert_eq!(undecided(judge(ACCESS, &of_stage_of(unread))), denial().to_string());
}

fn levels(levels: &[(&str, Observed<LoggingLevel>)]) -> Evidence {
    let settings = levels
        .iter()
        .map(|(key, level)| ((*key).to_owned(), MethodSetting { logging: level.clone(), ..setting() }))
        .collect();
    of_stage_of(Stage { settings, ..stage() })
}

#[test]
fn execution_logs_at_info_or_error_pass_and_say_who_makes_the_group() {
    let text = passed(judge(EXECUTION, &levels(&[("*/*", Present(LoggingLevel::Error))])));
    assert_eq!(
        text,
        "stage prod logs the execution at ERROR; API Gateway writes logs as arn:aws:iam::123456789012:role/gateway-logs | API-Gateway-Execution-Logs_a1/prod is not the stack's: API Gateway makes it without key and retention"
    );
    let mut own = group("API-Gateway-Execution-Logs_a1/prod", Existence::Exists);
    own.stack = Some("TapStackpr1".into());
    let text = passed(judge(EXECUTION, &evidence(vec![api_subject(api()), own])));
    assert!(!text.contains('|'), "{text}");
}

#[test]
fn no_setting_is_off_for_all_methods_and_for_one() {
    let info = ("*/*", Present(LoggingLevel::Info));
    for general in [&[][..], &[("*/*", Present(LoggingLevel::Off))], &[("*/*", Absent)]] {
        assert_eq!(failed(judge(EXECUTION, &levels(general))), "stage prod writes no execution log");
    }
    for single in [Present(LoggingLevel::Off), Absent] {
        assert_eq!(
            failed(judge(EXECUTION, &levels(&[info.clone(), ("~1/GET", single)]))),
            "stage prod writes no execution log of GET /"
        );
    }
}

#[test]
fn without_the_role_of_the_account_nothing_is_written() {
    let settings = AccountSettings { log_role: Absent, rate: Absent, burst: Absent };
    let text = failed(judge(EXECUTION, &of(RestApi { account: seen(settings), ..api() })));
    assert_eq!(text, "API Gateway has no role in this account and region by which it could write logs");
    assert_eq!(undecided(judge(EXECUTION, &of(RestApi { account: denied(), ..api() }))), denial().to_string());
    assert_eq!(undecided(judge(EXECUTION, &levels(&[("*/*", Unknown(denial()))]))), denial().to_string());
}

#[test]
fn a_data_trace_on_any_method_fails_even_where_the_level_writes_nothing() {
    assert_eq!(passed(judge(TRACE, &of(api()))), "stage prod writes no whole requests to its log");
    let traced = MethodSetting { data_trace: Switch::On, logging: Present(LoggingLevel::Off), ..setting() };
    for (key, name) in [("*/*", "all methods"), ("~1a/GET", "GET /a")] {
        let settings = [("*/*".to_owned(), setting()), (key.to_owned(), traced.clone())].into();
        assert_eq!(
            failed(judge(TRACE, &of_stage_of(Stage { settings, ..stage() }))),
            format!("stage prod writes whole requests and answers to its log: {name}")
        );
    }
    assert_eq!(undecided(judge(TRACE, &of(RestApi { stages: denied(), ..api() }))), denial().to_string());
}
