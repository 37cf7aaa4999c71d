use tap_audit_checks::subject::Existence;

use super::*;
use crate::collect::fixture::{scope, scope_of, walked};
use crate::replay::{Account, Answer};

const ARN: &str = "arn:aws:sns:us-east-2:123456789012:alerts";
const OF_TOPIC: &[(&str, &str)] = &[("TopicArn", ARN)];
const ALL: &[&str] = &["sns-subscription-confirmed"];

fn xml(operation: &str, result: &str) -> Answer {
    Answer::ok(format!("<{operation}Response><{operation}Result>{result}</{operation}Result></{operation}Response>"))
}

fn map(entries: &[(&str, &str)]) -> String {
    let entry = |(key, value): &(&str, &str)| format!("<entry><key>{key}</key><value>{value}</value></entry>");
    format!("<Attributes>{}</Attributes>", entries.iter().map(entry).collect::<String>())
}

fn member(arn: &str, protocol: &str, endpoint: &str) -> String {
    format!(
        "<member><SubscriptionArn>{arn}</SubscriptionArn><Owner>123456789012</Owner><Protocol>{protocol}</Protocol>\
         <Endpoint>{endpoint}</Endpoint><TopicArn>{ARN}</TopicArn></member>"
    )
}

fn list(members: &[String], more: &str) -> String {
    format!("<Subscriptions>{}</Subscriptions>{more}", members.concat())
}

fn answering(account: Account, operation: &str, arguments: &[(&str, &str)], answer: Answer) -> Account {
    account.answer("sns", operation, arguments, answer).unwrap()
}

/// A topic with a policy, a key and one role, without subscribers and tags.
fn account() -> Account {
    let attributes = map(&[
        ("Policy", "{&quot;Statement&quot;:[]}"),
        ("KmsMasterKeyId", "alias/alerts"),
        ("LambdaFailureFeedbackRoleArn", "arn:role"),
        ("SQSFailureFeedbackRoleArn", ""),
    ]);
    let account = Account::from_files("sns", [("sns.toml", "")]).unwrap();
    let account = answering(account, "GetTopicAttributes", OF_TOPIC, xml("GetTopicAttributes", &attributes));
    let account =
        answering(account, "ListSubscriptionsByTopic", OF_TOPIC, xml("ListSubscriptionsByTopic", &list(&[], "")));
    let tags = "<Tags><member><Key>Environment</Key><Value>dev</Value></member></Tags>";
    answering(account, "ListTagsForResource", &[("ResourceArn", ARN)], xml("ListTagsForResource", tags))
}

/// The same with these subscribers in one page.
fn with(members: &[String]) -> Account {
    answering(account(), "ListSubscriptionsByTopic", OF_TOPIC, xml("ListSubscriptionsByTopic", &list(members, "")))
}

fn asked(account: Account, arn: &str, attributes: &[(&str, &str)]) -> Account {
    let answer = xml("GetSubscriptionAttributes", &map(attributes));
    answering(account, "GetSubscriptionAttributes", &[("SubscriptionArn", arn)], answer)
}

async fn collected(account: Account, requirements: &[&str]) -> (Collected, Topic) {
    let (collected, _) =
        walked(account, &scope_of(requirements), async |walk| topic(walk, ARN, "us-east-2").await).await;
    match collected.resource.clone() {
        Resource::Topic(topic) => (collected, *topic),
        other => panic!("expected a topic, found {other:?}"),
    }
}

async fn subscribers(account: Account) -> Vec<Subscription> {
    let (_, topic) = collected(account, ALL).await;
    match topic.subscriptions.observed() {
        Observed::Present(subscriptions) => subscriptions.clone(),
        other => panic!("expected subscriptions, found {other:?}"),
    }
}

#[tokio::test]
async fn a_topic_is_read_and_its_key_is_reached() {
    let ((topic, found), _) =
        walked(account(), &scope(), async |walk| (topic(walk, ARN, "us-east-2").await, walk.take_found())).await;
    assert_eq!(topic.existence.observed(), &Observed::Present(Existence::Exists));
    assert_eq!(topic.arn.as_deref(), Some(ARN));
    let [(reference, Relation::KeyOf { named, .. })] = found.as_slice() else { panic!("one key: {found:?}") };
    assert_eq!((reference.kind, reference.id.as_str(), named.as_str()), (Kind::Key, "alias/alerts", "alias/alerts"));
    let Resource::Topic(topic) = topic.resource else { panic!("a topic") };
    let Observed::Present(attributes) = topic.attributes.observed() else { panic!("its attributes") };
    assert_eq!(attributes.policy, Observed::Present(PolicyText(r#"{"Statement":[]}"#.into())));
    assert_eq!(attributes.failure_roles, BTreeMap::from([(Delivery::Lambda, "arn:role".to_owned())]));
    assert_eq!(topic.tags.observed(), &Observed::Present(BTreeMap::from([("Environment".into(), "dev".into())])));
}

#[tokio::test]
async fn what_is_not_in_the_map_is_not_set_and_no_map_is_a_gap() {
    let bare = answering(account(), "GetTopicAttributes", OF_TOPIC, xml("GetTopicAttributes", &map(&[("Owner", "1")])));
    let (_, topic) = collected(bare, &[]).await;
    let Observed::Present(attributes) = topic.attributes.observed() else { panic!("its attributes") };
    assert_eq!((&attributes.policy, &attributes.kms_key), (&Observed::Absent, &Observed::Absent));
    assert_eq!(attributes.failure_roles, BTreeMap::new());
    let none = answering(account(), "GetTopicAttributes", OF_TOPIC, xml("GetTopicAttributes", ""));
    let (_, topic) = collected(none, &[]).await;
    assert_eq!(topic.attributes.observed(), &Observed::Unknown(ATTRIBUTES.incomplete("Attributes")));
}

#[tokio::test]
async fn a_topic_that_is_gone_is_missing_and_one_that_was_denied_is_a_gap() {
    let gone = answering(account(), "GetTopicAttributes", OF_TOPIC, Answer::error("sns", 404, "NotFound"));
    let (collected_, topic) = collected(gone, &[]).await;
    assert_eq!(collected_.existence.observed(), &Observed::Present(Existence::Missing));
    assert!(matches!(topic.attributes.observed(), Observed::Unknown(Gap::Missing { .. })));
    let denied = answering(account(), "GetTopicAttributes", OF_TOPIC, Answer::error("sns", 403, "AuthorizationError"));
    let (collected_, _) = collected(denied, &[]).await;
    let Observed::Unknown(gap) = collected_.existence.observed() else { panic!("a gap") };
    assert_eq!(
        gap.to_string(),
        "GetTopicAttributes was denied; the auditing role needs sns:GetTopicAttributes, or the topic is in another account"
    );
}

#[tokio::test]
async fn subscriptions_are_read_only_where_a_requirement_asks() {
    let (_, topic) = collected(account(), &["sns-tls-required"]).await;
    assert!(matches!(topic.subscriptions.observed(), Observed::Unknown(Gap::NotCollected { .. })));
    let (_, topic) = collected(account(), &["sns-delivery-logging"]).await;
    assert_eq!(topic.subscriptions.observed(), &Observed::Present(Vec::new()));
}

#[tokio::test]
async fn every_page_is_read_and_a_page_that_was_refused_leaves_a_gap() {
    let first = list(&[member("PendingConfirmation", "sms", "+15550100")], "<NextToken>2</NextToken>");
    let second = list(&[member("Deleted", "email", "a@example.org")], "");
    let next = [OF_TOPIC[0], ("NextToken", "2")];
    let pages = answering(account(), "ListSubscriptionsByTopic", OF_TOPIC, xml("ListSubscriptionsByTopic", &first));
    let both = answering(pages, "ListSubscriptionsByTopic", &next, xml("ListSubscriptionsByTopic", &second));
    let states: Vec<_> = subscribers(both).await.into_iter().map(|subscription| subscription.state).collect();
    assert_eq!(states, [SubscriptionState::Pending, SubscriptionState::Deleted].map(Observed::Present));
    let pages = answering(account(), "ListSubscriptionsByTopic", OF_TOPIC, xml("ListSubscriptionsByTopic", &first));
    let cut = answering(pages, "ListSubscriptionsByTopic", &next, Answer::error("sns", 403, "AuthorizationError"));
    let (_, topic) = collected(cut, ALL).await;
    assert!(matches!(topic.subscriptions.observed(), Observed::Unknown(Gap::UnreadPage { .. })));
}

#[tokio::test]
async fn what_is_somebodys_own_is_dropped() {
    let people = with(&[
        member("PendingConfirmation", "email", "jane.doe@hospital.example.org"),
        member("PendingConfirmation", "sms", "+15550100"),
        member("PendingConfirmation", "https", "https://jane:secret@hook.example.org:8443/t/token?k=v"),
    ]);
    let subscriptions = subscribers(people).await;
    let shown = format!("{subscriptions:?}");
    for own in ["jane", "15550100", "secret", "token", "8443"] {
        assert!(!shown.contains(own), "{own}: {shown}");
    }
    let endpoints: Vec<_> = subscriptions.into_iter().map(|subscription| subscription.endpoint).collect();
    let expected = [
        Endpoint::MailAt("hospital.example.org".into()),
        Endpoint::Withheld,
        Endpoint::Host("https://hook.example.org".into()),
    ];
    assert_eq!(endpoints, expected.map(Observed::Present));
}

#[test]
fn an_endpoint_is_shown_by_its_protocol() {
    let queue = "arn:aws:sqs:us-east-2:123456789012:q";
    assert_eq!(shown(Some(Protocol::Sqs), queue), Endpoint::Arn(queue.into()));
    assert_eq!(shown(Some(Protocol::Application), "arn:aws:sns:us-east-2:1:endpoint/x"), Endpoint::Withheld);
    assert_eq!(shown(Some(Protocol::Lambda), "not an arn"), Endpoint::Withheld);
    assert_eq!(shown(Some(Protocol::Email), "no address"), Endpoint::Withheld);
    assert_eq!(shown(Some(Protocol::Http), "http://[2001:db8::1]:80/x"), Endpoint::Host("http://[2001:db8::1]".into()));
    assert_eq!(shown(Some(Protocol::Https), "hook.example.org/x"), Endpoint::Withheld);
    assert_eq!(shown(None, "jane@example.org"), Endpoint::Withheld);
}

#[tokio::test]
async fn a_confirmed_subscription_is_asked_about_itself_and_no_other_is() {
    let (one, two) = (format!("{ARN}:1"), format!("{ARN}:2"));
    let members = [
        member(&one, "sqs", "arn:aws:sqs:us-east-2:123456789012:q"),
        member(&two, "lambda", "arn:aws:lambda:us-east-2:123456789012:function:f"),
        member("PendingConfirmation", "email", "a@example.org"),
    ];
    let account = asked(
        with(&members),
        &one,
        &[
            ("RedrivePolicy", "{&quot;deadLetterTargetArn&quot;:&quot;arn:q&quot;}"),
            ("FilterPolicy", "{&quot;state&quot;:[&quot;ALARM&quot;]}"),
            ("FilterPolicyScope", "MessageBody"),
        ],
    );
    let subscriptions = subscribers(asked(account, &two, &[("FilterPolicy", "{ }")])).await;
    assert_eq!(subscriptions[0].redrive.observed(), &Observed::Present("arn:q".into()));
    assert_eq!(subscriptions[0].filter.observed(), &Observed::Present(FilterScope::MessageBody));
    assert_eq!(subscriptions[1].redrive.observed(), &Observed::Absent);
    assert_eq!(subscriptions[1].filter.observed(), &Observed::Absent);
    let Observed::Unknown(gap) = subscriptions[2].redrive.observed() else { panic!("it was asked") };
    assert!(gap.to_string().contains("only a confirmed subscription can be asked"), "{gap}");
}

#[test]
fn what_a_subscription_says_of_itself_in_another_form_is_a_gap() {
    let says = |name: &str, text: &str| HashMap::from([(name.to_owned(), text.to_owned())]);
    assert!(matches!(redrive(&says("RedrivePolicy", "queue")), Observed::Unknown(Gap::Unparsable { .. })));
    assert_eq!(redrive(&says("RedrivePolicy", "{}")), Observed::Absent);
    let mut filtered = says("FilterPolicy", r#"{"a":["b"]}"#);
    assert_eq!(filter(&filtered), Observed::Present(FilterScope::MessageAttributes));
    filtered.insert("FilterPolicyScope".into(), "Dreams".into());
    assert_eq!(filter(&filtered), SUBSCRIPTION.unrecognised("FilterPolicyScope", "Dreams"));
}

#[tokio::test]
async fn words_that_are_not_known_are_gaps_with_the_word() {
    let subscriptions = subscribers(with(&[member("Dreaming", "pigeon", "roof")])).await;
    assert_eq!(subscriptions[0].state, SUBSCRIPTIONS.unrecognised("SubscriptionArn", "Dreaming"));
    assert_eq!(subscriptions[0].protocol, SUBSCRIPTIONS.unrecognised("Protocol", "pigeon"));
    assert_eq!(subscriptions[0].endpoint, Observed::Present(Endpoint::Withheld));
}

#[tokio::test]
async fn a_topic_is_named_by_its_arn_or_its_name() {
    let (named, _) = walked(account(), &scope(), async |walk| {
        [
            ARN,
            "alerts",
            "arn:aws:sns:eu-west-1:210987654321:other",
            "arn:aws:sqs:us-east-2:1:q",
            &format!("{ARN}:1"),
            "",
        ]
        .map(|named| topic_reference(walk, named, "us-east-2").map(|found| (found.id, found.region)))
    })
    .await;
    let own = Some((ARN.to_owned(), "us-east-2".to_owned()));
    let other = Some(("arn:aws:sns:eu-west-1:210987654321:other".to_owned(), "eu-west-1".to_owned()));
    assert_eq!(named, [own.clone(), own, other, None, None, None]);
}

#[tokio::test]
async fn a_role_that_publishes_is_reached_unless_it_is_linked_or_another_accounts() {
    let (found, _) = walked(account(), &scope(), async |walk| {
        for arn in [
            "arn:aws:iam::123456789012:role/path/publisher",
            "arn:aws:iam::123456789012:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig",
            "arn:aws:iam::210987654321:role/other",
        ] {
            reach_publishing_role(walk, &Observed::Present(arn.to_owned()), "role of an event rule's target");
        }
        reach_publishing_role(walk, &Observed::Absent, "role of an event rule's target");
        walk.take_found()
    })
    .await;
    let [(reference, relation)] = found.as_slice() else { panic!("one role: {found:?}") };
    assert_eq!((reference.kind, reference.id.as_str()), (Kind::Role, "publisher"));
    assert_eq!(relation.to_string(), "role of an event rule's target of AWS::::Account 123456789012");
}

#[tokio::test]
async fn the_roles_by_which_a_topic_logs_deliveries_are_reached_where_roles_are_asked_about() {
    let attributes = map(&[
        ("Policy", "{&quot;Statement&quot;:[]}"),
        ("HTTPSuccessFeedbackRoleArn", "arn:aws:iam::123456789012:role/SNSSuccessFeedback"),
        ("HTTPFailureFeedbackRoleArn", "arn:aws:iam::123456789012:role/service/SNSFailureFeedback"),
        ("LambdaFailureFeedbackRoleArn", "arn:aws:iam::123456789012:role/service/SNSFailureFeedback"),
        ("SQSFailureFeedbackRoleArn", ""),
        ("FirehoseFailureFeedbackRoleArn", "arn:aws:iam::210987654321:role/other"),
    ]);
    let logging = || answering(account(), "GetTopicAttributes", OF_TOPIC, xml("GetTopicAttributes", &attributes));
    let reached = async |requirements: &[&str]| {
        let ask = async |walk: &Walk<'_>| {
            topic(walk, ARN, "us-east-2").await;
            walk.take_found()
        };
        let (found, _) = walked(logging(), &scope_of(requirements), ask).await;
        found.into_iter().map(|(reference, relation)| (reference.id, relation.to_string())).collect::<Vec<_>>()
    };
    let of_topic = format!("delivery logging role of AWS::SNS::Topic {ARN}");
    let role = |name: &str| (name.to_owned(), of_topic.clone());
    assert_eq!(
        reached(&["iam-role-no-wildcard-resources"]).await,
        [role("SNSSuccessFeedback"), role("SNSFailureFeedback")]
    );
    assert_eq!(reached(&["sns-tls-required"]).await, []);
}
