use tap_audit_checks::s3::Switch;
use tap_audit_checks::subject::Existence;
use tap_audit_checks::wafv2::{Action, Behavior, Coverage, Meets, Override, RateKey};

use super::*;
use crate::collect::fixture::{scope, walked};
use crate::replay::{Account, Answer, Replay};

const ARN: &str = "arn:aws:wafv2:us-east-2:123456789012:regional/webacl/w/1";
const GROUP_ARN: &str = "arn:aws:wafv2:us-east-2:123456789012:regional/rulegroup/g/2";
const SEEN: &str =
    r#""VisibilityConfig":{"SampledRequestsEnabled":true,"CloudWatchMetricsEnabled":true,"MetricName":"m"}"#;
const ASKED: [(&str, &str); 3] = [("Name", "w"), ("Id", "1"), ("Scope", "REGIONAL")];

fn rule_json(name: &str, priority: u32, rest: &str) -> String {
    format!(r#"{{"Name":"{name}","Priority":{priority},{SEEN},{rest}}}"#)
}

fn acl_json() -> String {
    let exempt = r#"{"NotStatement":{"Statement":{"IPSetReferenceStatement":{"ARN":"arn:ips"}}}}"#;
    let rules = [
        rule_json(
            "group",
            3,
            &format!(
                r#""OverrideAction":{{"None":{{}}}},"Statement":{{"RuleGroupReferenceStatement":{{"ARN":"{GROUP_ARN}","ExcludedRules":[{{"Name":"x"}}]}}}}"#
            ),
        ),
        rule_json(
            "flood",
            1,
            &format!(
                r#""Action":{{"Block":{{}}}},"Statement":{{"RateBasedStatement":{{"Limit":500,"AggregateKeyType":"IP","ScopeDownStatement":{exempt}}}}}"#
            ),
        ),
        rule_json(
            "common",
            2,
            r#""OverrideAction":{"Count":{}},"Statement":{"ManagedRuleGroupStatement":{"VendorName":"AWS","Name":"Common","RuleActionOverrides":[{"Name":"one","ActionToUse":{"Count":{}}}]}}"#,
        ),
        rule_json(
            "open",
            4,
            r#""Action":{"Allow":{}},"Statement":{"ByteMatchStatement":{"SearchString":"Lw==","FieldToMatch":{"UriPath":{}},"TextTransformations":[{"Priority":0,"Type":"NONE"}],"PositionalConstraint":"STARTS_WITH"}}"#,
        ),
    ];
    let before = format!(
        r#"{{"Name":"first","Priority":0,{SEEN},"OverrideAction":{{"None":{{}}}},"FirewallManagerStatement":{{"ManagedRuleGroupStatement":{{"VendorName":"AWS","Name":"Bad"}}}}}}"#
    );
    format!(
        r#"{{"WebACL":{{"Name":"w","Id":"1","ARN":"{ARN}","DefaultAction":{{"Allow":{{}}}},{SEEN},"Rules":[{}],"PreProcessFirewallManagerRuleGroups":[{before}]}}}}"#,
        rules.join(",")
    )
}

fn account(acl: Answer, logging: Answer) -> Account {
    let account = Account::from_files("test", [("account.toml", "[account]\nid = \"123456789012\"\n")]).unwrap();
    let group = format!(
        r#"{{"RuleGroup":{{"Name":"g","Id":"2","Capacity":1,"ARN":"{GROUP_ARN}",{SEEN},"Rules":[{}]}}}}"#,
        rule_json("geo", 0, r#""Action":{"Block":{}},"Statement":{"GeoMatchStatement":{"CountryCodes":["XX"]}}"#)
    );
    let managed = r#"{"Rules":[{"Name":"one","Action":{"Block":{}}},{"Name":"two"}]}"#;
    let listed = format!(r#"{{"WebACLs":[{{"Name":"w","Id":"1","ARN":"{ARN}"}}]}}"#);
    let named = [("VendorName", "AWS"), ("Name", "Common"), ("Scope", "REGIONAL")];
    let mut account = account;
    for (operation, arguments, answer) in [
        ("GetWebACL", &ASKED[..], acl),
        ("GetLoggingConfiguration", &[("ResourceArn", ARN)][..], logging),
        ("GetRuleGroup", &[("ARN", GROUP_ARN)][..], Answer::ok(group)),
        ("DescribeManagedRuleGroup", &named[..], Answer::ok(managed)),
        ("ListWebACLs", &[("Scope", "REGIONAL")][..], Answer::ok(listed)),
    ] {
        account = account.answer("wafv2", operation, arguments, answer).unwrap();
    }
    account
}

fn logging_json() -> Answer {
    Answer::ok(format!(
        r#"{{"LoggingConfiguration":{{"ResourceArn":"{ARN}","LogDestinationConfigs":["arn:aws:logs:us-east-2:123456789012:log-group:aws-waf-logs-a"],
        "RedactedFields":[{{"SingleHeader":{{"Name":"Authorization"}}}}],
        "LoggingFilter":{{"DefaultBehavior":"DROP","Filters":[{{"Behavior":"KEEP","Requirement":"MEETS_ANY","Conditions":[{{"ActionCondition":{{"Action":"BLOCK"}}}},{{"LabelNameCondition":{{"LabelName":"l"}}}}]}}]}}}}}}"#
    ))
}

fn nonexistent() -> Answer {
    Answer::error("wafv2", 400, "WAFNonexistentItemException")
}

async fn collected(account: Account, id: &str) -> (Collected, Vec<String>, Replay) {
    let ((collected, found), replay) = walked(account, &scope(), async |walk| {
        let collected = web_acl(walk, id, "us-east-2").await;
        (collected, walk.take_found())
    })
    .await;
    let found = found.iter().map(|(reference, relation)| format!("{relation}: {}", reference.id)).collect();
    (collected, found, replay)
}

fn acl_of(collected: Collected) -> WebAcl {
    match collected.resource {
        Resource::WebAcl(acl) => *acl,
        other => panic!("expected a web ACL, found {other:?}"),
    }
}

#[tokio::test]
async fn the_rules_of_a_web_acl_are_read_in_their_order_with_those_of_its_groups() {
    let (collected, found, replay) = collected(account(Answer::ok(acl_json()), logging_json()), ARN).await;
    assert!(replay.unrecorded().is_empty(), "{:?}", replay.unrecorded());
    assert_eq!(found, [format!("log of AWS::WAFv2::WebACL {ARN}: aws-waf-logs-a")]);
    let acl = acl_of(collected);
    let Observed::Present(description) = acl.description.observed() else { panic!("{:?}", acl.description) };
    assert_eq!(description.default, Observed::Present(Action::Allow));
    let names: Vec<&str> = description.rules.iter().map(|rule| rule.name.as_str()).collect();
    assert_eq!(names, ["first", "flood", "common", "group", "open"]);
    let [first, flood, common, group, open] = description.rules.as_slice() else { panic!("five rules") };
    assert_eq!(first.group_override, Observed::Present(Override::None));
    let Statement::Rate(rate) = &flood.statement else { panic!("{flood:?}") };
    assert_eq!((rate.limit, &rate.window, rate.scope), (500, &Observed::Absent, Coverage::AllButIpSet));
    assert_eq!(rate.key, Observed::Present(RateKey::Ip));
    let Statement::Managed(managed) = &common.statement else { panic!("{common:?}") };
    assert_eq!(managed.overrides["one"], Observed::Present(Action::Count));
    assert_eq!(common.group_override, Observed::Present(Override::Count));
    let Statement::Group(reference) = &group.statement else { panic!("{group:?}") };
    assert_eq!(reference.overrides["x"], Observed::Present(Action::Count), "an excluded rule only counts");
    assert_eq!((&open.statement, &open.action), (&Statement::Everything, &Observed::Present(Action::Allow)));
    let Observed::Present(rules) = acl.rule_groups[GROUP_ARN].observed() else { panic!("{:?}", acl.rule_groups) };
    assert_eq!((&rules[0].statement, &rules[0].action), (&Statement::Part, &Observed::Present(Action::Block)));
    let Observed::Present(rules) = acl.managed_groups["AWS/Common"].observed() else { panic!("no managed rules") };
    assert_eq!((&rules[0].action, &rules[1].action), (&Observed::Present(Action::Block), &Observed::Absent));
    let Observed::Present(logging) = acl.logging.observed() else { panic!("{:?}", acl.logging) };
    assert_eq!(logging.redacts_authorization, Switch::On);
    let Observed::Present(filter) = &logging.filter else { panic!("{logging:?}") };
    assert_eq!(filter.default, Observed::Present(Behavior::Drop));
    assert_eq!((&filter.filters[0].meets, filter.filters[0].labels), (&Observed::Present(Meets::Any), 1));
    assert_eq!(filter.filters[0].actions, ["BLOCK"]);
}

#[tokio::test]
async fn the_same_error_means_off_for_logging_and_missing_for_the_web_acl() {
    let (off, ..) = collected(account(Answer::ok(acl_json()), nonexistent()), ARN).await;
    assert_eq!(acl_of(off).logging.observed(), &Observed::Absent);
    let (gone, ..) = collected(account(nonexistent(), nonexistent()), ARN).await;
    assert_eq!(gone.existence.observed(), &Observed::Present(Existence::Missing));
}

#[tokio::test]
async fn a_web_acl_is_named_by_arn_physical_id_name_or_id() {
    let (named, _) = walked(account(nonexistent(), nonexistent()), &scope(), async |walk| {
        [ARN, "w|1|REGIONAL", "w|1|CLOUDFRONT", "w", "arn:aws:waf-regional:us-east-2:123456789012:webacl/1", "a|b"]
            .map(|named| web_acl_reference(walk, named, "us-east-2").map(|reference| reference.id))
    })
    .await;
    let global = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/w/1";
    let some = |id: &str| Some(id.to_owned());
    assert_eq!(named, [some(ARN), some(ARN), some(global), some("w"), None, None]);
    for name in ["w", "1"] {
        let (by_name, found, _) = collected(account(nonexistent(), nonexistent()), name).await;
        assert_eq!(by_name.existence.observed(), &Observed::Present(Existence::Exists));
        assert_eq!(found, [format!("target of {name}: {ARN}")]);
    }
    let (other, found, _) = collected(account(nonexistent(), nonexistent()), "other").await;
    assert_eq!((other.existence.observed(), found.len()), (&Observed::Present(Existence::Missing), 0));
}

#[tokio::test]
async fn a_web_acl_on_the_second_page_is_found_by_its_name() {
    let first = r#"{"WebACLs":[{"Name":"v","Id":"0","ARN":"arn:v"}],"NextMarker":"v"}"#;
    let second = format!(r#"{{"WebACLs":[{{"Name":"w","Id":"1","ARN":"{ARN}"}}]}}"#);
    let scope = ("Scope", "REGIONAL");
    let paged = account(nonexistent(), nonexistent())
        .answer("wafv2", "ListWebACLs", &[scope], Answer::ok(first))
        .and_then(|account| account.answer("wafv2", "ListWebACLs", &[scope, ("NextMarker", "v")], Answer::ok(second)))
        .unwrap();
    let (by_name, found, _) = collected(paged, "w").await;
    assert_eq!(by_name.existence.observed(), &Observed::Present(Existence::Exists));
    assert_eq!(found, [format!("target of w: {ARN}")]);
}

#[test]
fn cloudformation_calls_a_web_acl_by_name_id_and_scope() {
    let arn = |place: &str| format!("arn:aws:wafv2:us-east-1:123456789012:{place}/webacl/web/1f2e3d4c");
    assert_eq!(physical_id(&arn("regional")).as_deref(), Some("web|1f2e3d4c|REGIONAL"));
    assert_eq!(physical_id(&arn("global")).as_deref(), Some("web|1f2e3d4c|CLOUDFRONT"));
    assert_eq!(physical_id("web"), None);
}
