use tap_audit_checks::subject::Existence;

use super::*;
use crate::collect::fixture::{scope_of, walked};
use crate::replay::{Account, Answer, Replay};

const ARN: &str = "arn:aws:elasticloadbalancing:us-east-2:123456789012:loadbalancer/app/web/1";
const GROUP: &str = "arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/web/1";
const NAMESPACE: &str = "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/";

fn answered(operation: &str, result: &str) -> Answer {
    Answer::ok(format!(
        "<{operation}Response xmlns=\"{NAMESPACE}\"><{operation}Result>{result}</{operation}Result></{operation}Response>"
    ))
}

fn balancer(kind: &str, scheme: &str) -> String {
    format!(
        "<LoadBalancers><member><LoadBalancerArn>{ARN}</LoadBalancerArn><DNSName>web-1.us-east-2.elb.amazonaws.com</DNSName>\
         {scheme}<Type>{kind}</Type><VpcId>vpc-1</VpcId><SecurityGroups><member>sg-1</member></SecurityGroups>\
         <AvailabilityZones><member><ZoneName>us-east-2a</ZoneName><SubnetId>subnet-1</SubnetId></member></AvailabilityZones>\
         </member></LoadBalancers>"
    )
}

const INTERNAL: &str = "<Scheme>internal</Scheme>";
const PUBLIC: &str = "<Scheme>internet-facing</Scheme>";

const SECURE: &str = "<Listeners><member><ListenerArn>arn:l1</ListenerArn><Protocol>HTTPS</Protocol><Port>443</Port>\
    <SslPolicy>ELBSecurityPolicy-TLS13-1-2-2021-06</SslPolicy><DefaultActions><member><Type>forward</Type>\
    <TargetGroupArn>arn:tg</TargetGroupArn></member></DefaultActions></member></Listeners><NextMarker>more</NextMarker>";
const CLEAR: &str = "<Listeners><member><ListenerArn>arn:l2</ListenerArn><Protocol>HTTP</Protocol><Port>80</Port>\
    <DefaultActions><member><Type>redirect</Type><RedirectConfig><Protocol>HTTPS</Protocol></RedirectConfig></member>\
    </DefaultActions></member></Listeners>";

fn account(described: &str) -> Account {
    let of = ("LoadBalancerArn", ARN);
    let mut account = Account::from_files("test", [("account.toml", "[account]\nid = \"123456789012\"\n")]).unwrap();
    let group = format!(
        "<TargetGroups><member><TargetGroupArn>{GROUP}</TargetGroupArn><Protocol>HTTPS</Protocol><Port>8443</Port>\
         <TargetType>ip</TargetType><LoadBalancerArns><member>{ARN}</member></LoadBalancerArns></member></TargetGroups>"
    );
    let attributes = "<Attributes><member><Key>access_logs.s3.enabled</Key><Value>true</Value></member>\
        <member><Key>deletion_protection.enabled</Key><Value>false</Value></member></Attributes>";
    for (operation, arguments, result) in [
        ("DescribeLoadBalancers", &[("LoadBalancerArns.member.1", ARN)][..], described),
        ("DescribeLoadBalancers", &[("Names.member.1", "web")][..], described),
        ("DescribeListeners", &[of][..], SECURE),
        ("DescribeListeners", &[of, ("Marker", "more")][..], CLEAR),
        ("DescribeTargetGroups", &[of][..], group.as_str()),
        ("DescribeTargetGroups", &[("TargetGroupArns.member.1", GROUP)][..], group.as_str()),
        ("DescribeLoadBalancerAttributes", &[of][..], attributes),
    ] {
        account = account.answer("elasticloadbalancingv2", operation, arguments, answered(operation, result)).unwrap();
    }
    account.answer("wafv2", "GetWebACLForResource", &[("ResourceArn", ARN)], Answer::ok("{}")).unwrap()
}

async fn collected(account: Account, id: &str) -> (Collected, Vec<(Reference, Relation)>, Replay) {
    let scope = scope_of(&["load-balancer-internal"]);
    let ((collected, found), replay) = walked(account, &scope, async |walk| {
        let collected = load_balancer(walk, id, "us-east-2").await;
        (collected, walk.take_found())
    })
    .await;
    (collected, found, replay)
}

async fn read(account: Account) -> LoadBalancer {
    let (collected, ..) = collected(account, ARN).await;
    match collected.resource {
        Resource::LoadBalancer(balancer) => *balancer,
        other => panic!("expected a load balancer, found {other:?}"),
    }
}

#[tokio::test]
async fn a_load_balancer_is_read_with_listeners_groups_and_attributes() {
    let balancer = read(account(&balancer("application", INTERNAL))).await;
    let description = balancer.described().unwrap();
    assert_eq!(description.balancer, Observed::Present(BalancerType::Application));
    assert_eq!(description.scheme, Observed::Present(Scheme::Internal));
    assert_eq!(description.subnets[0].subnet, Observed::Present("subnet-1".into()));
    assert_eq!(description.security_groups, ["sg-1"]);
    let Observed::Present(listeners) = balancer.listeners.observed() else { panic!("{:?}", balancer.listeners) };
    let [secure, clear] = listeners.as_slice() else { panic!("two listeners over two pages: {listeners:?}") };
    assert_eq!(secure.protocol, Observed::Present(Protocol::Https));
    assert_eq!(secure.ssl_policy, Observed::Present("ELBSecurityPolicy-TLS13-1-2-2021-06".into()));
    assert_eq!(secure.actions, [Action::Forward(vec!["arn:tg".into()])]);
    assert_eq!((&clear.ssl_policy, &clear.port), (&Observed::Absent, &Observed::Present(80)));
    assert_eq!(clear.actions, [Action::Redirect { protocol: Observed::Present("HTTPS".into()) }]);
    let Observed::Present(groups) = balancer.target_groups.observed() else { panic!("{:?}", balancer.target_groups) };
    assert_eq!((groups[0].arn.as_str(), &groups[0].protocol), (GROUP, &Observed::Present(Protocol::Https)));
    assert_eq!(balancer.deletion_protection.observed(), &Observed::Present(Switch::Off));
    assert!(matches!(balancer.web_acl.observed(), Observed::Unknown(Gap::NotCollected { .. })));
}

#[tokio::test]
async fn a_load_balancer_leads_to_its_security_groups() {
    let (_, found, _) = collected(account(&balancer("network", INTERNAL)), ARN).await;
    let [(reference, relation)] = found.as_slice() else { panic!("one security group, found {found:?}") };
    assert_eq!((reference.kind, reference.id.as_str()), (Kind::SecurityGroup, "sg-1"));
    let expected = format!("security group of AWS::ElasticLoadBalancingV2::LoadBalancer {ARN}");
    assert_eq!(relation.to_string(), expected);
}

#[tokio::test]
async fn a_web_acl_is_asked_for_where_it_could_make_a_difference() {
    let public = read(account(&balancer("application", PUBLIC))).await;
    assert_eq!(public.web_acl.observed(), &Observed::Absent);
    let filtered = account(&balancer("application", PUBLIC))
        .answer(
            "wafv2",
            "GetWebACLForResource",
            &[("ResourceArn", ARN)],
            Answer::ok(r#"{"WebACL":{"Name":"w","Id":"1","ARN":"arn:acl","DefaultAction":{},"VisibilityConfig":{"SampledRequestsEnabled":true,"CloudWatchMetricsEnabled":true,"MetricName":"m"}}}"#),
        )
        .unwrap();
    assert_eq!(read(filtered).await.web_acl.observed(), &Observed::Present("arn:acl".into()));
    let network = read(account(&balancer("network", PUBLIC))).await;
    assert!(matches!(network.web_acl.observed(), Observed::Unknown(Gap::NotCollected { .. })));
}

#[tokio::test]
async fn a_name_leads_to_the_load_balancer_of_that_arn() {
    let (by_name, found, _) = collected(account(&balancer("application", INTERNAL)), "web").await;
    assert_eq!(by_name.arn.as_deref(), Some(ARN));
    let [(reference, relation)] = found.as_slice() else { panic!("one load balancer, found {found:?}") };
    assert_eq!((reference.id.as_str(), relation.to_string().as_str()), (ARN, "target of web"));
}

#[tokio::test]
async fn every_form_of_a_name_leads_to_a_reference() {
    let account = account(&balancer("application", INTERNAL));
    let (references, _) = walked(account, &scope_of(&[]), async |walk| {
        [
            ARN,
            "web",
            "internal-web-123456789.us-east-2.elb.amazonaws.com",
            "arn:aws:elasticloadbalancing:us-east-2:123456789012:loadbalancer/classic",
            "host.example.com",
        ]
        .map(|named| load_balancer_reference(walk, named, "us-east-2").map(|reference| reference.id))
    })
    .await;
    assert_eq!(references, [Some(ARN.into()), Some("web".into()), Some("web".into()), None, None]);
}

#[tokio::test]
async fn target_groups_lead_to_the_load_balancers_in_front_of_them() {
    let account = account(&balancer("application", INTERNAL));
    let ((groups, found), _) = walked(account, &scope_of(&[]), async |walk| {
        let groups = reach_balancers_of(walk, &[GROUP.to_owned()], "us-east-2", Kind::Service, "api").await;
        (groups, walk.take_found())
    })
    .await;
    assert!(matches!(groups.observed(), Observed::Present(groups) if groups.len() == 1));
    let [(reference, relation)] = found.as_slice() else { panic!("one load balancer, found {found:?}") };
    assert_eq!((reference.id.as_str(), relation.to_string()), (ARN, "load balancer of AWS::ECS::Service api".into()));
}

#[tokio::test]
async fn a_load_balancer_that_is_gone_is_missing_and_one_that_is_denied_is_a_gap() {
    let failing = |status, code: &str| {
        let arguments = [("LoadBalancerArns.member.1", ARN)];
        let answer = Answer::error("elasticloadbalancingv2", status, code);
        account(&balancer("application", INTERNAL))
            .answer("elasticloadbalancingv2", "DescribeLoadBalancers", &arguments, answer)
            .unwrap()
    };
    let (gone, ..) = collected(failing(400, "LoadBalancerNotFound"), ARN).await;
    assert_eq!(gone.existence.observed(), &Observed::Present(Existence::Missing));
    let (denied, ..) = collected(failing(403, "AccessDenied"), ARN).await;
    let Observed::Unknown(Gap::Denied { permission, .. }) = denied.existence.observed() else {
        panic!("{:?}", denied.existence)
    };
    assert_eq!(permission, "elasticloadbalancing:DescribeLoadBalancers");
}

#[tokio::test]
async fn tokens_that_are_not_known_are_gaps() {
    let newer = read(account(&balancer("newer", "<Scheme>newer</Scheme>"))).await;
    let description = newer.described().unwrap();
    assert_eq!(description.balancer, BALANCERS.unrecognised("Type", "newer"));
    assert_eq!(description.scheme, BALANCERS.unrecognised("Scheme", "newer"));
    let odd = "<Listeners><member><ListenerArn>arn:l</ListenerArn><Protocol>NEWER</Protocol></member></Listeners>";
    let account = account(&balancer("gateway", ""))
        .answer(
            "elasticloadbalancingv2",
            "DescribeListeners",
            &[("LoadBalancerArn", ARN)],
            answered("DescribeListeners", odd),
        )
        .unwrap();
    let balancer = read(account).await;
    let Observed::Present(listeners) = balancer.listeners.observed() else { panic!("{:?}", balancer.listeners) };
    assert_eq!(listeners[0].protocol, LISTENERS.unrecognised("Protocol", "NEWER"));
}
