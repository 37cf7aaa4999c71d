use super::*;
use crate::fixture::*;
use crate::sns::fixture::*;
use crate::sns::{FilterScope, TopicAttributes};

const CONFIRMED: &str = "sns-subscription-confirmed";
const SECURE: &str = "sns-subscription-secure-protocol";
const LOGGING: &str = "sns-delivery-logging";

fn with(subscriptions: Vec<Subscription>) -> crate::evidence::Evidence {
    evidence(vec![of_topic(Topic { subscriptions: seen(subscriptions), ..topic() })])
}

fn pending(protocol: Protocol) -> Subscription {
    in_state(SubscriptionState::Pending, protocol)
}

fn deleted(protocol: Protocol) -> Subscription {
    in_state(SubscriptionState::Deleted, protocol)
}

fn unknown_protocol() -> (Subscription, Gap) {
    let gap = Gap::Unrecognised { operation: SUBSCRIPTIONS.into(), field: "Protocol".into(), token: "pigeon".into() };
    (Subscription { protocol: Observed::Unknown(gap.clone()), ..subscriber(Protocol::Email) }, gap)
}

#[test]
fn one_confirmed_subscription_is_enough_and_its_address_is_not_shown() {
    assert_eq!(
        passed(judge(CONFIRMED, &with(vec![subscriber(Protocol::Email)]))),
        "1 subscription is confirmed: email at example.org"
    );
}

#[test]
fn one_less_than_asked_for_fails() {
    let two = with(vec![subscriber(Protocol::Email), subscriber(Protocol::Sqs)]);
    assert_eq!(
        passed(judge_with(CONFIRMED, "min_confirmed = 2", &two)),
        "2 subscriptions are confirmed: email at example.org, sqs to arn:aws:sqs:us-east-2:123456789012:alerts"
    );
    let one = with(vec![subscriber(Protocol::Sms), pending(Protocol::Email)]);
    assert_eq!(
        failed(judge_with(CONFIRMED, "min_confirmed = 2", &one)),
        "1 subscription is confirmed; 1 waits to be confirmed by its owner"
    );
}

#[test]
fn those_that_wait_or_were_removed_hear_nothing() {
    let waiting = with(vec![pending(Protocol::Email), pending(Protocol::Email), deleted(Protocol::Sqs)]);
    assert_eq!(
        failed(judge(CONFIRMED, &waiting)),
        "no subscription is confirmed; 2 wait to be confirmed by their owners"
    );
    assert_eq!(failed(judge(CONFIRMED, &with(vec![deleted(Protocol::Sqs)]))), "no subscription is confirmed");
}

#[test]
fn nobody_at_all_fails() {
    assert_eq!(failed(judge(CONFIRMED, &with(Vec::new()))), "nobody subscribes to the topic");
}

#[test]
fn a_state_that_is_not_known_is_an_error_only_where_it_could_decide() {
    let gap = Gap::Unrecognised { operation: SUBSCRIPTIONS.into(), field: "SubscriptionArn".into(), token: "?".into() };
    let odd = Subscription { state: Observed::Unknown(gap.clone()), ..subscriber(Protocol::Email) };
    assert_eq!(judge(CONFIRMED, &with(vec![odd.clone()])), Err(gap));
    assert!(passed(judge(CONFIRMED, &with(vec![odd, subscriber(Protocol::Sqs)]))).starts_with("1 subscription is"));
}

#[test]
fn a_list_that_was_not_read_is_an_error_for_all_three() {
    let unread = Topic { subscriptions: denied(), ..topic() };
    for id in [CONFIRMED, SECURE, LOGGING] {
        assert_eq!(judge(id, &evidence(vec![of_topic(unread.clone())])), Err(denial()), "{id}");
    }
}

#[test]
fn a_filter_policy_is_noted_and_so_is_one_that_could_not_be_read() {
    let filtering = Subscription { filter: seen(FilterScope::MessageBody), ..subscriber(Protocol::Sqs) };
    assert!(
        passed(judge(CONFIRMED, &with(vec![filtering.clone()])))
            .ends_with(" | every one has a filter policy, which may drop alerts")
    );
    assert!(
        passed(judge(CONFIRMED, &with(vec![filtering, subscriber(Protocol::Email)])))
            .ends_with(" | 1 of them has a filter policy, which may drop alerts")
    );
    let unread = Subscription { filter: denied(), ..subscriber(Protocol::Sqs) };
    let text = passed(judge(CONFIRMED, &with(vec![unread])));
    assert!(text.contains("| whether a filter policy drops alerts could not be read: GetThing was denied"), "{text}");
}

#[test]
fn no_number_asked_for_can_be_none() {
    let check = crate::check::all().into_iter().find(|check| check.id == CONFIRMED).expect("it is registered");
    assert!(check.bind(&"min_confirmed = 0".parse().expect("TOML")).is_err());
}

#[test]
fn protocols_that_encrypt_all_the_way_pass() {
    let all = [Protocol::Https, Protocol::Sqs, Protocol::Lambda, Protocol::Firehose].map(subscriber).to_vec();
    assert_eq!(passed(judge(SECURE, &with(all))), "alerts are delivered by firehose, https, lambda, sqs");
}

#[test]
fn http_fails_even_while_it_waits_and_shows_scheme_and_host_alone() {
    for http in [subscriber(Protocol::Http), pending(Protocol::Http)] {
        assert_eq!(
            failed(judge(SECURE, &with(vec![subscriber(Protocol::Https), http]))),
            "a subscription is http to http://alerts.example.org, which is not encrypted"
        );
    }
    let listed = r#"phi_safe_protocols = ["http"]"#;
    assert!(
        failed(judge_with(SECURE, listed, &with(vec![subscriber(Protocol::Http)]))).starts_with("a subscription is")
    );
}

#[test]
fn the_protocol_decides_and_not_what_the_endpoint_says() {
    let odd = Subscription {
        protocol: Observed::Present(Protocol::Http),
        endpoint: Observed::Present(Endpoint::Host("https://alerts.example.org".into())),
        ..subscriber(Protocol::Https)
    };
    assert!(failed(judge(SECURE, &with(vec![odd]))).contains("http to https://alerts.example.org"));
}

#[test]
fn mail_text_messages_and_devices_pass_with_the_advice_to_keep_patient_data_out() {
    let all = [Protocol::Email, Protocol::EmailJson, Protocol::Sms, Protocol::Application].map(subscriber).to_vec();
    assert_eq!(
        passed(judge(SECURE, &with(all))),
        "alerts are delivered by application, email, email-json, sms | the text of an alert leaves AWS unencrypted by application, email, email-json, sms; keep patient data out of alerts"
    );
}

#[test]
fn a_removed_http_subscription_receives_nothing_and_leaves_none_to_judge() {
    assert_eq!(
        not_applicable(judge(SECURE, &with(vec![deleted(Protocol::Http)]))),
        "the topic has no subscription; see sns-subscription-confirmed"
    );
    assert!(not_applicable(judge(SECURE, &with(Vec::new()))).starts_with("the topic has no subscription"));
}

#[test]
fn a_protocol_that_is_not_known_is_an_error_unless_another_fails_anyway() {
    let (odd, gap) = unknown_protocol();
    assert_eq!(judge(SECURE, &with(vec![odd.clone(), subscriber(Protocol::Https)])), Err(gap));
    assert!(failed(judge(SECURE, &with(vec![odd, subscriber(Protocol::Http)]))).contains("not all was readable"));
}

fn logging(protocols: &[Protocol], roles: &[Delivery]) -> Judgement {
    let set = |attributes: &mut TopicAttributes| {
        attributes.failure_roles = roles.iter().map(|one| (*one, "arn:aws:iam::123456789012:role/f".into())).collect();
    };
    let subscriptions = seen(protocols.iter().map(|protocol| subscriber(*protocol)).collect());
    judge(LOGGING, &evidence(vec![of_topic(Topic { subscriptions, ..with_attributes(set) })]))
}

#[test]
fn each_protocol_in_use_needs_its_own_role() {
    let used = [Protocol::Https, Protocol::Lambda, Protocol::Email];
    assert_eq!(
        passed(logging(&used, &[Delivery::Http, Delivery::Lambda])),
        "HTTPFailureFeedbackRoleArn, LambdaFailureFeedbackRoleArn is set"
    );
    assert_eq!(
        failed(logging(&used, &[Delivery::Http, Delivery::Sqs])),
        "failed deliveries are not logged: LambdaFailureFeedbackRoleArn is not set"
    );
    let all = [Protocol::Http, Protocol::Lambda, Protocol::Sqs, Protocol::Firehose, Protocol::Application];
    assert_eq!(
        failed(logging(&all, &[])),
        "failed deliveries are not logged: HTTPFailureFeedbackRoleArn, LambdaFailureFeedbackRoleArn, SQSFailureFeedbackRoleArn, FirehoseFailureFeedbackRoleArn, ApplicationFailureFeedbackRoleArn is not set"
    );
    assert!(passed(logging(&all, &Delivery::ALL)).starts_with("HTTPFailureFeedbackRoleArn, "));
}

#[test]
fn mail_and_text_messages_alone_have_no_such_attribute() {
    for protocols in [&[Protocol::Email, Protocol::EmailJson, Protocol::Sms][..], &[]] {
        assert!(not_applicable(logging(protocols, &[])).starts_with("the topic has subscribers by e-mail"));
    }
}

#[test]
fn deliveries_of_what_is_not_known_are_not_known() {
    let (odd, gap) = unknown_protocol();
    assert_eq!(judge(LOGGING, &with(vec![odd.clone()])), Err(gap));
    assert!(failed(judge(LOGGING, &with(vec![odd, subscriber(Protocol::Sqs)]))).contains("not all was readable"));
    let unread = Topic { attributes: denied(), subscriptions: seen(vec![subscriber(Protocol::Sqs)]), ..topic() };
    assert_eq!(judge(LOGGING, &evidence(vec![of_topic(unread)])), Err(denial()));
}
