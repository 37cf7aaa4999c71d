use super::super::fixture::*;
use super::super::{EndpointType, Stage, VpcLink};
use super::*;
use crate::elbv2;
use crate::elbv2::Scheme;
use crate::evidence::Evidence;
use crate::fixture::*;
use crate::observed::Observed::{Absent, Present};
use crate::subject::Kind;

const ID: &str = "apigw-integration-private-tls";
const HOST: &str = "web-1.us-east-2.elb.amazonaws.com";

fn calling(uri: &str, connection: Observed<Connection>, link: Observed<String>) -> Method {
    let integration = Integration {
        kind: Present(IntegrationKind::Http),
        uri: Present(uri.into()),
        connection,
        link,
        target: Absent,
        skips_verification: Switch::Off,
    };
    Method { integration: Present(integration), ..method("/a", "GET") }
}

fn linked(uri: &str) -> Method {
    calling(uri, Present(Connection::VpcLink), Present("l1".into()))
}

fn group(protocol: Observed<Protocol>, target_type: &str) -> TargetGroup {
    TargetGroup {
        arn: "tg1".into(),
        protocol,
        port: Present(8443),
        target_type: Present(target_type.into()),
        load_balancers: Vec::new(),
    }
}

fn balancer(kind: BalancerType, listener: Protocol, group: TargetGroup) -> LoadBalancer {
    let listener = Listener {
        arn: "arn:l".into(),
        protocol: Present(listener),
        port: Present(443),
        ssl_policy: Absent,
        actions: vec![Action::Forward(vec!["tg1".into()])],
    };
    let balancer = elbv2::fixture::balancer(kind, Present(Scheme::Internal), vec![listener]);
    LoadBalancer { target_groups: seen(vec![group]), ..balancer }
}

fn network(listener: Protocol, protocol: Protocol) -> LoadBalancer {
    balancer(BalancerType::Network, listener, group(Present(protocol), "ip"))
}

fn with(method: Method, status: LinkStatus, balancer: LoadBalancer) -> Evidence {
    let link = VpcLink { id: "l1".into(), status: Present(status), targets: vec![elbv2::fixture::arn("web")] };
    judged(RestApi { methods: seen(vec![method]), vpc_links: seen(vec![link]), ..api() }, balancer)
}

fn judged(api: RestApi, balancer: LoadBalancer) -> Evidence {
    let mut behind = elbv2::fixture::subject(balancer);
    behind.arn = Some(elbv2::fixture::arn("web"));
    evidence(vec![api_subject(api), behind])
}

fn https() -> Method {
    linked(&format!("https://{HOST}"))
}

#[test]
fn tls_all_the_way_by_a_link_passes() {
    for (listener, protocol, says) in [
        (Protocol::Tls, Protocol::Tls, "tg1 speaks TLS to its targets"),
        (Protocol::Tcp, Protocol::Tcp, "tg1 passes the TLS of API Gateway through to its targets"),
    ] {
        let text = passed(judge(ID, &with(https(), LinkStatus::Available, network(listener, protocol))));
        assert!(
            text.starts_with(&format!("{HOST} is called by TLS over a VPC link; {says}; VPC link l1 is AVAILABLE")),
            "{text}"
        );
    }
}

#[test]
fn a_clear_last_hop_fails_unless_it_is_allowed() {
    let ended = with(https(), LinkStatus::Available, network(Protocol::Tls, Protocol::Tcp));
    assert_eq!(failed(judge(ID, &ended)), "tg1 speaks to its targets in clear behind a TLS listener");
    passed(judge_with(ID, "allow_clear_last_hop = true", &ended));
}

#[test]
fn http_over_a_link_fails_and_where_it_is_allowed_the_last_hop_is_clear_all_the_same() {
    let clear = linked(&format!("http://{HOST}:443"));
    let evidence = with(clear, LinkStatus::Available, network(Protocol::Tcp, Protocol::Tcp));
    let text = failed(judge(ID, &evidence));
    assert!(text.contains("GET /a calls web-1.us-east-2.elb.amazonaws.com in clear over a VPC link"), "{text}");
    let text = failed(judge_with(ID, "allow_http_over_vpc_link = true", &evidence));
    assert_eq!(text, "tg1 passes what is in clear on to its targets");
    passed(judge_with(ID, "allow_http_over_vpc_link = true\nallow_clear_last_hop = true", &evidence));
}

#[test]
fn a_load_balancer_of_the_stack_is_not_called_over_the_internet() {
    for host in [HOST, "dualstack.WEB-1.us-east-2.elb.amazonaws.com"] {
        for connection in [Absent, Present(Connection::Internet)] {
            let direct = calling(&format!("https://{host}"), connection, Absent);
            let text = failed(judge(ID, &with(direct, LinkStatus::Available, network(Protocol::Tls, Protocol::Tls))));
            assert!(text.ends_with("over the internet, not by a VPC link"), "{text}");
        }
    }
    let third = calling("https://partner.example.com/x", Absent, Absent);
    let text = passed(judge(ID, &with(third, LinkStatus::Available, network(Protocol::Tls, Protocol::Tls))));
    assert!(text.starts_with("partner.example.com is called by TLS over the internet"), "{text}");
    let clear = calling("http://partner.example.com", Absent, Absent);
    let text = failed(judge(ID, &with(clear, LinkStatus::Available, network(Protocol::Tls, Protocol::Tls))));
    assert_eq!(text, "GET /a calls partner.example.com in clear over the internet");
}

#[test]
fn a_link_that_does_not_work_fails_and_one_that_is_coming_is_an_error() {
    let with = |status| with(https(), status, network(Protocol::Tls, Protocol::Tls));
    assert_eq!(failed(judge(ID, &with(LinkStatus::Failed))), "VPC link l1 of GET /a is FAILED");
    assert_eq!(failed(judge(ID, &with(LinkStatus::Deleting))), "VPC link l1 of GET /a is DELETING");
    let text = undecided(judge(ID, &with(LinkStatus::Pending)));
    assert!(text.starts_with("VPC link l1 is PENDING"), "{text}");
    let gone = RestApi { methods: seen(vec![https()]), vpc_links: seen(Vec::new()), ..api() };
    assert_eq!(failed(judge(ID, &of(gone))), "GET /a goes by VPC link l1, which does not exist");
}

#[test]
fn a_link_of_the_newer_kind_names_its_load_balancer_and_its_state_is_not_read() {
    let Present(integration) = https().integration else { panic!("it has one") };
    let newer = Integration { target: Present(elbv2::fixture::arn("web")), ..integration };
    let of = |protocol| {
        let method = Method { integration: Present(newer.clone()), ..method("/a", "GET") };
        let api = RestApi { methods: seen(vec![method]), vpc_links: seen(Vec::new()), ..api() };
        judged(api, balancer(BalancerType::Application, Protocol::Https, group(Present(protocol), "ip")))
    };
    assert_eq!(failed(judge(ID, &of(Protocol::Http))).split(" | ").next(), Some("tg1 speaks HTTP to its targets"));
    let text = undecided(judge(ID, &of(Protocol::Https)));
    assert!(text.contains("is of the newer kind"), "{text}");
}

#[test]
fn stage_variables_are_filled_in_for_each_stage_and_its_canary() {
    let variables = |scheme: &str| BTreeMap::from([("scheme".to_owned(), scheme.to_owned())]);
    let method = calling("${stageVariables.scheme}://partner.example.com", Absent, Absent);
    let of = |stage: Stage| of(RestApi { stages: seen(vec![stage]), methods: seen(vec![method.clone()]), ..api() });
    passed(judge(ID, &of(Stage { variables: variables("https"), ..stage() })));
    failed(judge(ID, &of(Stage { variables: variables("http"), ..stage() })));
    failed(judge(ID, &of(Stage { variables: variables("https"), canary_variables: variables("http"), ..stage() })));
    assert_eq!(
        undecided(judge(ID, &of(stage()))),
        "`${stageVariables.scheme}://partner.example.com` uses the variable scheme, which stage prod lacks"
    );
}

#[test]
fn it_does_not_apply_where_no_host_is_called() {
    let text = not_applicable(judge(ID, &of(api())));
    assert_eq!(text, "no method calls a host by HTTP | no path to the containers was seen");
}

#[test]
fn a_load_balancer_that_could_not_be_described_is_an_error_that_says_why() {
    let mut evidence = with(https(), LinkStatus::Available, LoadBalancer::unknown(&denial()));
    // Its ARN is then known from those who name it, and not from itself.
    evidence.subjects.iter_mut().filter(|subject| subject.kind == Kind::LoadBalancer).for_each(|it| it.arn = None);
    assert_eq!(undecided(judge(ID, &evidence)), denial().to_string());
}

#[test]
fn what_was_not_seen_of_the_way_is_an_error() {
    let unread = RestApi { methods: seen(vec![https()]), vpc_links: denied(), ..api() };
    assert_eq!(undecided(judge(ID, &of(unread))), denial().to_string());
    assert_eq!(undecided(judge(ID, &of(RestApi { methods: denied(), ..api() }))), denial().to_string());
    let link = VpcLink { id: "l1".into(), status: Present(LinkStatus::Available), targets: vec!["arn:nlb".into()] };
    let unseen = RestApi {
        methods: seen(vec![https()]),
        vpc_links: seen(vec![link]),
        endpoint_types: seen(vec![EndpointType::Regional]),
        ..api()
    };
    assert_eq!(undecided(judge(ID, &of(unseen))), "nothing was seen of the load balancer arn:nlb");
    let nested = balancer(BalancerType::Network, Protocol::Tcp, group(Present(Protocol::Tcp), "alb"));
    let text = undecided(judge(ID, &with(https(), LinkStatus::Available, nested)));
    assert!(text.contains("the target of tg1 is another load balancer"), "{text}");
    let bare = Method { integration: Absent, ..method("/a", "GET") };
    let text = undecided(judge(ID, &of(RestApi { methods: seen(vec![bare]), ..api() })));
    assert!(text.contains("nothing answers GET /a yet"), "{text}");
}
