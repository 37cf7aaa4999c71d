use super::*;
use crate::collect::fixture::{scope, scope_of, walked};
use crate::replay::{Account, Answer};

/// The arguments of a request.
type Asked<'a> = Vec<(&'a str, String)>;

fn account() -> Account {
    let first = r#"{"item":[{"domainName":"a.example.com","securityPolicy":"TLS_1_0","endpointConfiguration":{"types":["EDGE"]}}],"position":"more"}"#;
    let second = r#"{"item":[{"domainName":"b.example.com","domainNameArn":"arn:b","securityPolicy":"SecurityPolicy_TLS13_1_3_2025_09","endpointConfiguration":{"types":["NEWER"]}},{"domainName":"c.example.com"}]}"#;
    let page = |account: Account, arguments: &[(&str, &str)], body: &str| {
        account.answer("apigateway", "GetDomainNames", arguments, Answer::ok(body)).unwrap()
    };
    let account = Account::from_files("test", [("account.toml", "[account]\nid = \"123456789012\"\n")]).unwrap();
    let account = page(account, &[("Path", "domainnames")], first);
    page(account, &[("Path", "domainnames"), ("position", "more")], second)
}

#[tokio::test]
async fn every_custom_domain_is_read_with_what_it_takes() {
    let (domains, replay) = walked(account(), &scope_of(&["transit-tls12-minimum"]), domain_names).await;
    assert!(replay.unrecorded().is_empty(), "{:?}", replay.unrecorded());
    let Observed::Present(domains) = domains.observed() else { panic!("{domains:?}") };
    let [edge, newer, silent] = domains.as_slice() else { panic!("three domains: {domains:?}") };
    assert_eq!(edge.security_policy, Observed::Present("TLS_1_0".into()));
    assert_eq!(edge.endpoint_types, Observed::Present(vec![EndpointType::Edge]));
    assert_eq!(newer.arn, Observed::Present("arn:b".into()));
    assert_eq!(newer.security_policy, Observed::Present("SecurityPolicy_TLS13_1_3_2025_09".into()));
    assert_eq!(newer.endpoint_types, DOMAIN_NAMES.unrecognised("endpointConfiguration.types", "NEWER"));
    assert_eq!(silent.security_policy, Observed::Absent);
    assert_eq!(silent.endpoint_types, Observed::Unknown(DOMAIN_NAMES.incomplete("endpointConfiguration")));
}

#[tokio::test]
async fn domains_are_not_asked_for_where_no_requirement_asks() {
    let (domains, replay) = walked(account(), &scope(), domain_names).await;
    assert!(matches!(domains.observed(), Observed::Unknown(Gap::NotCollected { .. })));
    assert_eq!(replay.counts().values().sum::<u64>(), 0);
}

const API_ID: &str = "abc123";
const ACL: &str = "arn:aws:wafv2:us-east-2:123456789012:regional/webacl/w/1";
const NLB: &str = "arn:aws:elasticloadbalancing:us-east-2:123456789012:loadbalancer/net/n/1";
const STAGE: &str = "arn:aws:apigateway:us-east-2::/restapis/abc123/stages/prod";

fn api_account(stage_acl: &str, waf: &str) -> Account {
    let mut account = Account::from_files("test", [("account.toml", "[account]\nid = \"123456789012\"\n")]).unwrap();
    let of_api = |tail: &str| format!("restapis/{API_ID}{tail}");
    let stages = format!(
        r#"{{"item":[{{"stageName":"prod","deploymentId":"d1",{stage_acl}"cacheClusterEnabled":false,
        "methodSettings":{{"*/*":{{"loggingLevel":"INFO","throttlingRateLimit":100.0,"throttlingBurstLimit":200,"dataTraceEnabled":false}}}},
        "variables":{{"host":"user:secret@h.example.com/base","other":"secret"}},
        "accessLogSettings":{{"destinationArn":"arn:aws:logs:us-east-2:123456789012:log-group:api-access:*","format":"$context.status"}}}}]}}"#
    );
    let resources = r#"{"_embedded":{},"item":[{"id":"r1","path":"/a","resourceMethods":{
        "POST":{"httpMethod":"POST","authorizationType":"CUSTOM","authorizerId":"z1","methodIntegration":{"type":"HTTP_PROXY","uri":"https://${stageVariables.host}/a","connectionType":"VPC_LINK","connectionId":"l1"}},
        "GET":{"httpMethod":"GET","authorizationType":"NEWER","apiKeyRequired":true}}}]}"#;
    let links = format!(r#"{{"item":[{{"id":"l1","status":"AVAILABLE","targetArns":["{NLB}"]}}]}}"#);
    let answers: Vec<(&str, Asked<'_>, String)> = vec![
        (
            "GetRestApi",
            vec![("Path", of_api(""))],
            r#"{"id":"abc123","apiStatus":"AVAILABLE","endpointConfiguration":{"types":["REGIONAL"]},"securityPolicy":"TLS_1_2"}"#.into(),
        ),
        ("GetStages", vec![("Path", of_api("/stages"))], stages),
        (
            "GetResources",
            vec![("Path", of_api("/resources")), ("embed", "methods".into()), ("limit", "500".into())],
            resources.into(),
        ),
        ("GetAuthorizers", vec![("Path", of_api("/authorizers"))], r#"{"item":[{"id":"z1"}]}"#.into()),
        (
            "GetAccount",
            vec![("Path", "account".into())],
            r#"{"cloudwatchRoleArn":"arn:aws:iam::123456789012:role/service/gateway","throttleSettings":{"rateLimit":10000.0,"burstLimit":5000}}"#.into(),
        ),
        (
            "GetUsagePlans",
            vec![("Path", "usageplans".into())],
            r#"{"item":[{"id":"p1","throttle":{"rateLimit":10.0,"burstLimit":20},"apiStages":[{"apiId":"abc123","stage":"prod"}]}]}"#.into(),
        ),
        ("GetVpcLinks", vec![("Path", "vpclinks".into())], links),
    ];
    for (operation, arguments, body) in answers {
        let arguments: Vec<(&str, &str)> = arguments.iter().map(|(name, value)| (*name, value.as_str())).collect();
        account = account.answer("apigateway", operation, &arguments, Answer::ok(body)).unwrap();
    }
    account.answer("wafv2", "GetWebACLForResource", &[("ResourceArn", STAGE)], Answer::ok(waf)).unwrap()
}

fn waf_answer() -> String {
    format!(
        r#"{{"WebACL":{{"Name":"w","Id":"1","ARN":"{ACL}","DefaultAction":{{"Allow":{{}}}},"VisibilityConfig":{{"SampledRequestsEnabled":true,"CloudWatchMetricsEnabled":true,"MetricName":"m"}}}}}}"#
    )
}

fn stage_acl() -> String {
    format!(r#""webAclArn":"{ACL}","#)
}

async fn api_of(account: Account, requirements: &[&str]) -> (RestApi, Vec<String>, crate::replay::Replay) {
    let ((collected, found), replay) = walked(account, &scope_of(requirements), async |walk| {
        let collected = rest_api(walk, API_ID, "us-east-2").await;
        (collected, walk.take_found())
    })
    .await;
    let Resource::RestApi(api) = collected.resource else { panic!("expected an API") };
    let found = found.iter().map(|(reference, relation)| format!("{relation}: {}", reference.id)).collect();
    (*api, found, replay)
}

#[tokio::test]
async fn an_api_is_read_with_all_its_parts_and_leads_to_what_it_rests_on() {
    use tap_audit_checks::apigateway::{Authorization, Connection, LinkStatus, LoggingLevel};
    let (api, found, replay) = api_of(api_account(&stage_acl(), &waf_answer()), &["apigw-throttling"]).await;
    assert!(replay.unrecorded().is_empty(), "{:?}", replay.unrecorded());
    assert_eq!(api.status.observed(), &Observed::Present(ApiStatus::Available));
    assert_eq!(api.security_policy.observed(), &Observed::Present("TLS_1_2".into()));
    let Observed::Present(stages) = api.stages.observed() else { panic!("{:?}", api.stages) };
    assert_eq!(stages[0].web_acl, Observed::Present(ACL.into()));
    assert_eq!(api.web_acls["prod"].observed(), &Observed::Present(ACL.into()));
    assert_eq!(stages[0].settings["*/*"].logging, Observed::Present(LoggingLevel::Info));
    assert_eq!((stages[0].settings["*/*"].rate, stages[0].settings["*/*"].burst), (100.0, 200));
    assert_eq!(
        stages[0].variables,
        [("host".to_owned(), "h.example.com".to_owned())].into(),
        "only what is used, and its host"
    );
    let Observed::Present(methods) = api.methods.observed() else { panic!("{:?}", api.methods) };
    let [get, post] = methods.as_slice() else { panic!("two methods: {methods:?}") };
    assert_eq!(get.authorization, RESOURCES.unrecognised("items.resourceMethods.authorizationType", "NEWER"));
    assert_eq!((&get.api_key, &get.integration), (&Observed::Present(Switch::On), &Observed::Absent));
    assert_eq!(post.authorization, Observed::Present(Authorization::Custom));
    let Observed::Present(integration) = &post.integration else { panic!("{post:?}") };
    assert_eq!(integration.uri, Observed::Present("https://${stageVariables.host}".into()));
    assert_eq!(integration.connection, Observed::Present(Connection::VpcLink));
    assert_eq!(api.authorizers.observed(), &Observed::Present(vec!["z1".into()]));
    let Observed::Present(plans) = api.usage_plans.observed() else { panic!("{:?}", api.usage_plans) };
    assert_eq!(plans[0].stages, [("abc123".to_owned(), "prod".to_owned())]);
    let Observed::Present(links) = api.vpc_links.observed() else { panic!("{:?}", api.vpc_links) };
    assert_eq!(links[0].status, Observed::Present(LinkStatus::Available));
    let expected = [
        format!("web ACL of AWS::ApiGateway::RestApi abc123: {ACL}"),
        "access log of AWS::ApiGateway::RestApi abc123: api-access".to_owned(),
        "log role of AWS::ApiGateway::RestApi abc123: gateway".to_owned(),
        format!("load balancer behind a VPC link of AWS::ApiGateway::RestApi abc123: {NLB}"),
    ];
    assert_eq!(found, expected);
}

#[tokio::test]
async fn the_execution_log_of_a_stage_that_writes_one_is_reached_unless_it_is_known_not_to_be_there() {
    const NAME: &str = "API-Gateway-Execution-Logs_abc123/prod";
    const REACHED: &str = "execution log of AWS::ApiGateway::RestApi abc123: API-Gateway-Execution-Logs_abc123/prod";
    let logs = |answer: Answer| {
        let account = api_account(&stage_acl(), &waf_answer());
        account.answer("logs", "DescribeLogGroups", &[("logGroupNamePrefix", NAME)], answer).unwrap()
    };
    let there = Answer::ok(format!(r#"{{"logGroups":[{{"logGroupName":"{NAME}"}}]}}"#));
    let of_another_stage = Answer::ok(format!(r#"{{"logGroups":[{{"logGroupName":"{NAME}uction"}}]}}"#));
    let denied = Answer::error("logs", 400, "AccessDeniedException");
    for (answer, reached) in [(there.clone(), true), (of_another_stage, false), (denied, true)] {
        let (_, found, _) = api_of(logs(answer), &["apigw-throttling", "logs-retention-set"]).await;
        assert_eq!(found.iter().any(|one| one == REACHED), reached, "{found:?}");
    }
    let silent = logs(there).edit("apigateway", "GetStages", |body| body.replace("INFO", "OFF")).unwrap();
    let (_, found, _) = api_of(silent, &["apigw-throttling", "logs-retention-set"]).await;
    assert!(!found.iter().any(|one| one == REACHED), "{found:?}");
}

#[tokio::test]
async fn usage_plans_and_vpc_links_are_read_to_the_last_page() {
    let (plan, link) = (r#"{"item":[{"id":"p2","apiStages":[]}]}"#, r#"{"item":[{"id":"l2","targetArns":[]}]}"#);
    let mut account = api_account(&stage_acl(), &waf_answer());
    for (operation, path, last) in [("GetUsagePlans", "usageplans", plan), ("GetVpcLinks", "vpclinks", link)] {
        account = account
            .edit("apigateway", operation, |body| body.replacen('{', r#"{"position":"two","#, 1))
            .and_then(|account| {
                let asked = [("Path", path), ("position", "two")];
                account.answer("apigateway", operation, &asked, Answer::ok(last))
            })
            .unwrap();
    }
    let (api, _, replay) = api_of(account, &["apigw-throttling"]).await;
    assert!(replay.unrecorded().is_empty(), "{:?}", replay.unrecorded());
    let Observed::Present(plans) = api.usage_plans.observed() else { panic!("{:?}", api.usage_plans) };
    assert_eq!(plans.iter().map(|plan| plan.id.as_str()).collect::<Vec<_>>(), ["p1", "p2"]);
    let Observed::Present(links) = api.vpc_links.observed() else { panic!("{:?}", api.vpc_links) };
    assert_eq!(links.iter().map(|link| link.id.as_str()).collect::<Vec<_>>(), ["l1", "l2"]);
}

#[tokio::test]
async fn services_that_disagree_about_a_web_acl_are_both_asked_again() {
    let (api, _, replay) = api_of(api_account("", &waf_answer()), &["waf-logging-enabled"]).await;
    let Observed::Present(stages) = api.stages.observed() else { panic!("{:?}", api.stages) };
    assert_eq!(stages[0].web_acl, Observed::Absent);
    assert_eq!(api.web_acls["prod"].observed(), &Observed::Present(ACL.into()));
    assert_eq!(replay.counts().values().sum::<u64>(), 8 + 2, "GetStages and GetWebACLForResource twice");
}

#[tokio::test]
async fn an_answer_without_a_web_acl_says_that_there_is_none() {
    let (api, ..) = api_of(api_account("", "{}"), &["apigw-waf-associated"]).await;
    assert_eq!(api.web_acls["prod"].observed(), &Observed::Absent);
}

#[tokio::test]
async fn a_profile_that_asks_nothing_of_apis_reads_their_description_alone() {
    let (api, found, replay) = api_of(api_account("", "{}"), &["no-public-endpoints"]).await;
    assert_eq!(api.endpoint_types.observed(), &Observed::Present(vec![EndpointType::Regional]));
    assert!(matches!(api.stages.observed(), Observed::Unknown(Gap::NotCollected { .. })));
    assert_eq!((found.len(), replay.counts().values().sum::<u64>()), (0, 1));
}

#[tokio::test]
async fn an_api_is_named_by_id_arn_or_url() {
    let (named, _) = walked(api_account("", "{}"), &scope(), async |walk| {
        [
            "abc123",
            "arn:aws:apigateway:us-east-2::/restapis/abc123/stages/prod",
            "arn:aws:execute-api:us-east-2:123456789012:abc123/prod/GET/x",
            "https://abc123.execute-api.us-east-2.amazonaws.com/prod/",
            "https://abc123-vpce-0123456789abcdef0.execute-api.us-east-2.amazonaws.com/prod",
            "https://api.example.com/",
        ]
        .map(|named| rest_api_reference(walk, named, "us-east-2").map(|reference| reference.id))
    })
    .await;
    let id = || Some("abc123".to_owned());
    assert_eq!(named, [id(), id(), id(), id(), id(), None]);
}
