//! What is read of a REST API beside its description, and what it leads to.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_apigateway::types;
use futures_util::future::join_all;
use tap_audit_checks::apigateway::{
    AccountSettings, Connection, Integration, LinkStatus, LoggingLevel, Method, MethodSetting, RestApi, Stage,
    Throttle, UsagePlan, VpcLink,
};
use tap_audit_checks::observed::{Gap, Observed, Seen};
use tap_audit_checks::subject::Kind;

use super::stages::{self, Attempt};
use super::{ACCOUNT, AUTHORIZERS, USAGE_PLANS, VPC_LINKS, WEB_ACL, methods};
use crate::collect::{Relation, Walk, elbv2, iam, logs, wafv2};

/// Reads the parts of an API; its description is filled in by the caller.
pub(super) async fn parts(walk: &Walk<'_>, id: &str, region: &str) -> RestApi {
    let ((stages, web_acls), methods, authorizers, account, usage_plans) = tokio::join!(
        protected(walk, id, region),
        methods::methods(walk, id, region),
        authorizers(walk, id, region),
        account(walk, region),
        usage_plans(walk, region),
    );
    let vpc_links = if integrations(&methods).any(|one| one.connection == Observed::Present(Connection::VpcLink)) {
        vpc_links(walk, region).await
    } else {
        Seen::gap(Gap::NotCollected { what: "no integration goes by a VPC link".into() })
    };
    let api = RestApi {
        stages: stages.map(|stages| stages::used(stages, &methods::variables(&methods))),
        web_acls,
        methods,
        authorizers,
        account,
        usage_plans,
        vpc_links,
        ..RestApi::unknown(&Gap::NotCollected { what: "the caller fills it in".into() })
    };
    reach(walk, &api, id, region);
    reach_execution_logs(walk, &api, id, region).await;
    api
}

/// The integrations of the methods, as far as they were read.
fn integrations(methods: &Seen<Vec<Method>>) -> impl Iterator<Item = &Integration> {
    let methods = match methods.observed() {
        Observed::Present(methods) => methods.as_slice(),
        Observed::Absent | Observed::Unknown(_) => &[],
    };
    methods.iter().filter_map(|method| match &method.integration {
        Observed::Present(integration) => Some(integration),
        Observed::Absent | Observed::Unknown(_) => None,
    })
}

type WebAcls = BTreeMap<String, Seen<String>>;

/// The stages with the web ACL of each. Where API Gateway and AWS WAF disagree both are asked once more, because an
/// association that was just made takes a while to show.
async fn protected(walk: &Walk<'_>, id: &str, region: &str) -> (Seen<Vec<Stage>>, WebAcls) {
    let first = protected_at(walk, id, region, Attempt::First).await;
    if agree(&first) { first } else { protected_at(walk, id, region, Attempt::Again).await }
}

async fn protected_at(walk: &Walk<'_>, id: &str, region: &str, attempt: Attempt) -> (Seen<Vec<Stage>>, WebAcls) {
    let stages = stages::stages(walk, id, region, attempt).await;
    let names: Vec<String> = match stages.observed() {
        Observed::Present(stages) => stages.iter().map(|stage| stage.name.clone()).collect(),
        Observed::Absent | Observed::Unknown(_) => Vec::new(),
    };
    let asked = names.iter().map(|name| web_acl(walk, id, name, region, attempt));
    let web_acls = names.iter().cloned().zip(join_all(asked).await).collect();
    (stages, web_acls)
}

fn agree((stages, web_acls): &(Seen<Vec<Stage>>, WebAcls)) -> bool {
    let Observed::Present(stages) = stages.observed() else { return true };
    stages.iter().all(|stage| match web_acls.get(&stage.name).map(Seen::observed) {
        Some(by_waf @ (Observed::Present(_) | Observed::Absent)) => *by_waf == stage.web_acl,
        Some(Observed::Unknown(_)) | None => true,
    })
}

/// An answer without a web ACL says that there is none; the ARN of a stage names no account.
async fn web_acl(walk: &Walk<'_>, id: &str, stage: &str, region: &str, attempt: Attempt) -> Seen<String> {
    let arn = format!("arn:{}:apigateway:{region}::/restapis/{id}/stages/{stage}", walk.partition);
    let mut parameters = vec![("ResourceArn", arn.as_str())];
    parameters.extend(attempt.parameter());
    walk.aws
        .ask(
            &WEB_ACL,
            region,
            &parameters,
            |clients| clients.wafv2().get_web_acl_for_resource().resource_arn(&arn).send(),
            |answer| Observed::of(answer.web_acl().map(|acl| acl.arn().to_owned())),
        )
        .await
}

async fn authorizers(walk: &Walk<'_>, id: &str, region: &str) -> Seen<Vec<String>> {
    walk.aws
        .ask_all(
            &AUTHORIZERS,
            region,
            &[("restApiId", id)],
            |clients, position| clients.apigateway().get_authorizers().rest_api_id(id).set_position(position).send(),
            |answer| answer.position().map(str::to_owned),
            |answer| {
                let ids = answer.items().iter().map(|one| one.id().map(str::to_owned));
                ids.map(|id| id.ok_or_else(|| AUTHORIZERS.incomplete("items.id"))).collect()
            },
        )
        .await
}

/// The SDK gives nought where a limit is missing, and no account has a limit of nought.
async fn account(walk: &Walk<'_>, region: &str) -> Seen<AccountSettings> {
    walk.aws
        .ask(
            &ACCOUNT,
            region,
            &[],
            |clients| clients.apigateway().get_account().send(),
            |answer| {
                let limits = answer.throttle_settings();
                let role = answer.cloudwatch_role_arn().filter(|role| !role.is_empty());
                Observed::Present(AccountSettings {
                    log_role: Observed::of(role.map(str::to_owned)),
                    rate: Observed::of(limits.map(types::ThrottleSettings::rate_limit).filter(|rate| *rate > 0.0)),
                    burst: Observed::of(limits.map(types::ThrottleSettings::burst_limit).filter(|burst| *burst > 0)),
                })
            },
        )
        .await
}

async fn usage_plans(walk: &Walk<'_>, region: &str) -> Seen<Vec<UsagePlan>> {
    walk.aws
        .ask_all(
            &USAGE_PLANS,
            region,
            &[],
            |clients, position| clients.apigateway().get_usage_plans().set_position(position).send(),
            |answer| answer.position().map(str::to_owned),
            |answer| answer.items().iter().map(usage_plan).collect(),
        )
        .await
}

fn usage_plan(found: &types::UsagePlan) -> Result<UsagePlan, Gap> {
    let throttle =
        found.throttle().map(|throttle| Throttle { rate: throttle.rate_limit(), burst: throttle.burst_limit() });
    let stages = found.api_stages().iter().map(|stage| match (stage.api_id(), stage.stage()) {
        (Some(api), Some(stage)) => Ok((api.to_owned(), stage.to_owned())),
        (_, _) => Err(USAGE_PLANS.incomplete("items.apiStages")),
    });
    Ok(UsagePlan {
        id: found.id().ok_or_else(|| USAGE_PLANS.incomplete("items.id"))?.to_owned(),
        throttle: Observed::of(throttle),
        stages: stages.collect::<Result<_, _>>()?,
    })
}

async fn vpc_links(walk: &Walk<'_>, region: &str) -> Seen<Vec<VpcLink>> {
    walk.aws
        .ask_all(
            &VPC_LINKS,
            region,
            &[],
            |clients, position| clients.apigateway().get_vpc_links().set_position(position).send(),
            |answer| answer.position().map(str::to_owned),
            |answer| answer.items().iter().map(vpc_link).collect(),
        )
        .await
}

fn vpc_link(found: &types::VpcLink) -> Result<VpcLink, Gap> {
    Ok(VpcLink {
        id: found.id().ok_or_else(|| VPC_LINKS.incomplete("items.id"))?.to_owned(),
        status: match found.status().map(types::VpcLinkStatus::as_str) {
            Some("AVAILABLE") => Observed::Present(LinkStatus::Available),
            Some("PENDING") => Observed::Present(LinkStatus::Pending),
            Some("DELETING") => Observed::Present(LinkStatus::Deleting),
            Some("FAILED") => Observed::Present(LinkStatus::Failed),
            Some(other) => VPC_LINKS.unrecognised("items.status", other),
            None => Observed::Absent,
        },
        targets: found.target_arns().to_vec(),
    })
}

/// Reaches the log groups that API Gateway makes for the execution logs of stages that write any.
async fn reach_execution_logs(walk: &Walk<'_>, api: &RestApi, id: &str, region: &str) {
    let Observed::Present(stages) = api.stages.observed() else { return };
    if !walk.scope.selects(&["logs-"]) {
        return;
    }
    for stage in stages.iter().filter(|stage| stage.settings.values().any(writes)) {
        let name = format!("API-Gateway-Execution-Logs_{id}/{}", stage.name);
        let relation = Relation::Of { what: "execution log", kind: Kind::RestApi, id: id.to_owned() };
        logs::reach_once_written(walk, &name, region, relation).await;
    }
}

/// Whether a setting writes to the execution log, or may.
fn writes(setting: &MethodSetting) -> bool {
    match setting.logging {
        Observed::Present(LoggingLevel::Off) | Observed::Absent => false,
        Observed::Present(LoggingLevel::Error | LoggingLevel::Info) | Observed::Unknown(_) => true,
    }
}

/// Reaches what the answers name.
fn reach(walk: &Walk<'_>, api: &RestApi, id: &str, region: &str) {
    let of = |what| Relation::Of { what, kind: Kind::RestApi, id: id.to_owned() };
    for acl in api.web_acls.values() {
        if let Observed::Present(arn) = acl.observed()
            && let Some(reference) = wafv2::web_acl_reference(walk, arn, region)
        {
            walk.reach(reference, of("web ACL"));
        }
    }
    if let Observed::Present(stages) = api.stages.observed() {
        for stage in stages {
            if let Observed::Present(log) = &stage.access_log
                && let Observed::Present(destination) = &log.destination
                && let Some(reference) = logs::group_named(walk, destination)
            {
                walk.reach(reference, of("access log"));
            }
        }
    }
    if let Observed::Present(settings) = api.account.observed()
        && let Observed::Present(role) = &settings.log_role
        && let Some(reference) = iam::role_named(walk, role)
    {
        walk.reach(reference, of("log role"));
    }
    for arn in balancers(api) {
        if let Some(reference) = elbv2::load_balancer_reference(walk, &arn, region) {
            walk.reach(reference, of("load balancer behind a VPC link"));
        }
    }
}

/// The load balancers behind the VPC links that the API goes by; one that a stage variable names may be any of them.
fn balancers(api: &RestApi) -> BTreeSet<String> {
    let links = match api.vpc_links.observed() {
        Observed::Present(links) => links.as_slice(),
        Observed::Absent | Observed::Unknown(_) => &[],
    };
    let mut found = BTreeSet::new();
    for integration in integrations(&api.methods) {
        if let Observed::Present(target) = &integration.target {
            found.insert(target.clone());
        }
        if let Observed::Present(named) = &integration.link {
            let is_it = |link: &&VpcLink| link.id == *named || named.contains("${");
            found.extend(links.iter().filter(is_it).flat_map(|link| link.targets.iter().cloned()));
        }
    }
    found
}
