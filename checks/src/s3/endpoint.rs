//! The way from the function to S3 inside a VPC.

use serde::Deserialize;

use super::Switch;
use crate::lambda::{Configuration, EndpointKind, Function, LastUpdate, RouteTable, State, Vpc, VpcEndpoint};
use crate::observed::Gap;
use crate::verdict::{Judgement, Verdict, any, every};

/// How strict the recommendation is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Mode {
    /// A failure is shown and does not count; routes are not read.
    Advice,
    /// A failure counts, and every subnet of the function has to be served.
    Require,
}

/// How strict the recommendation is taken.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Recommendation {
    mode: Mode,
}

/// No VPC means that Lambda's own network reaches S3: the recommendation cannot apply and stays as advice.
pub(super) fn vpc_endpoint(function: &Function, params: &Recommendation) -> Judgement {
    let configuration = function.configuration.required("GetFunctionConfiguration", "Configuration")?;
    settled(configuration)?;
    let vpc = match configuration.vpc.seen()? {
        Some(vpc) if !vpc.id.is_empty() => vpc,
        Some(_) | None => {
            return Ok(Verdict::not_applicable("the function is in no VPC")
                .noting("advice: where the function moves into a VPC, give that an endpoint for S3"));
        }
    };
    let endpoints = function.s3_endpoints.required("DescribeVpcEndpoints", "VpcEndpoints")?;
    let served = any_endpoint(endpoints, vpc, function, params);
    match params.mode {
        Mode::Require => served,
        Mode::Advice => served.map(|verdict| verdict.as_advice().noting("the routes of the subnets were not read")),
    }
}

/// The VPC may be about to change while the function is.
fn settled(configuration: &Configuration) -> Result<(), Gap> {
    if let Some(State::Pending) = configuration.state.seen()? {
        return Err(Gap::changing("the function's state is Pending"));
    }
    if let Some(LastUpdate::InProgress) = configuration.last_update.seen()? {
        return Err(Gap::changing("the function's last update is InProgress"));
    }
    Ok(())
}

/// Judges the endpoints of the VPC; one that works is enough, and where endpoints are required a gateway has to be on
/// every route.
fn any_endpoint(endpoints: &[VpcEndpoint], vpc: &Vpc, function: &Function, params: &Recommendation) -> Judgement {
    let expected = "an available endpoint for S3 in the function's VPC: a gateway with route tables, or an interface with private DNS";
    let none = || Verdict::not_satisfied(format!("{} has no endpoint for S3", vpc.id), expected);
    let parts: Vec<Judgement> =
        endpoints.iter().filter_map(|endpoint| endpoint_serves(endpoint, vpc, expected)).collect();
    let served = if parts.is_empty() { Ok(none()) } else { any(parts) };
    let by_interface = endpoints.iter().any(is_serving_interface);
    match (params.mode, &served) {
        (Mode::Require, Ok(Verdict::Satisfied { .. })) if !by_interface => routed(endpoints, vpc, function),
        (Mode::Require | Mode::Advice, _) => served,
    }
}

/// Whether the endpoint works; the API writes states in lower case and the documentation does not.
fn is_available(endpoint: &VpcEndpoint) -> Result<bool, Gap> {
    let state = endpoint.state.required("DescribeVpcEndpoints", "State")?;
    match state.to_ascii_lowercase().as_str() {
        "available" => Ok(true),
        "pending" | "deleting" => Err(Gap::changing(format!("endpoint {} is {state}", endpoint.id))),
        "pendingacceptance" | "deleted" | "rejected" | "failed" | "expired" => Ok(false),
        _ => Err(Gap::Unrecognised {
            operation: "DescribeVpcEndpoints".into(),
            field: "State".into(),
            token: state.clone(),
        }),
    }
}

fn is_serving_interface(endpoint: &VpcEndpoint) -> bool {
    matches!(endpoint.kind.seen(), Ok(Some(EndpointKind::Interface)))
        && matches!(endpoint.private_dns.seen(), Ok(Some(Switch::On)))
        && matches!(is_available(endpoint), Ok(true))
}

/// Judges one endpoint; `None` for a kind that does not serve S3's names. An interface endpoint that does not say has
/// no private DNS.
fn endpoint_serves(endpoint: &VpcEndpoint, vpc: &Vpc, expected: &str) -> Option<Judgement> {
    let id = &endpoint.id;
    let judge = || -> Judgement {
        let kind = *endpoint.kind.required("DescribeVpcEndpoints", "VpcEndpointType")?;
        let fails = |why: &str| Ok(Verdict::not_satisfied(format!("endpoint {id} in {} {why}", vpc.id), expected));
        if !is_available(endpoint)? {
            return fails("is not available");
        }
        match kind {
            EndpointKind::Gateway if endpoint.route_tables.is_empty() => fails("is in no route table"),
            EndpointKind::Gateway => {
                Ok(Verdict::satisfied(format!("gateway endpoint {id} for S3 is available in {}", vpc.id)))
            }
            EndpointKind::Interface => match endpoint.private_dns.seen()? {
                Some(Switch::On) => {
                    let observed =
                        format!("interface endpoint {id} for S3 with private DNS is available in {}", vpc.id);
                    Ok(Verdict::satisfied(observed))
                }
                Some(Switch::Off) | None => fails("has no private DNS"),
            },
            EndpointKind::Other => fails("does not serve S3's names"),
        }
    };
    match endpoint.kind.seen() {
        Ok(Some(EndpointKind::Other)) => None,
        Ok(Some(EndpointKind::Gateway | EndpointKind::Interface) | None) | Err(_) => Some(judge()),
    }
}

/// Judges each subnet of the function: a gateway endpoint has to be in the route table that serves it.
fn routed(endpoints: &[VpcEndpoint], vpc: &Vpc, function: &Function) -> Judgement {
    let tables = function.route_tables.required("DescribeRouteTables", "RouteTables")?;
    let led_to: Vec<&String> = endpoints
        .iter()
        .filter(|endpoint| {
            matches!(endpoint.kind.seen(), Ok(Some(EndpointKind::Gateway)))
                && matches!(is_available(endpoint), Ok(true))
        })
        .flat_map(|endpoint| &endpoint.route_tables)
        .collect();
    let expected = "a gateway endpoint for S3 in the route table of every subnet of the function";
    let parts = vpc.subnets.iter().map(|subnet| {
        let table = serving(subnet, tables).ok_or_else(|| {
            Gap::undecided(format!("no route table of subnet {subnet} was found, and no main one of {}; run again, and associate one if it stays", vpc.id))
        })?;
        Ok(if led_to.contains(&&table.id) {
            Verdict::satisfied(format!("the route table of subnet {subnet} leads to a gateway endpoint for S3"))
        } else {
            let observed = format!("route table {} of subnet {subnet} leads to no endpoint for S3", table.id);
            Verdict::not_satisfied(observed, expected)
        })
    });
    every(parts, || {
        Err(Gap::Incomplete { operation: "GetFunctionConfiguration".into(), field: "VpcConfig.SubnetIds".into() })
    })
}

/// The route table of a subnet: its own, or the VPC's main one where it has none.
fn serving<'a>(subnet: &str, tables: &'a [RouteTable]) -> Option<&'a RouteTable> {
    let own = tables.iter().find(|table| table.subnets.iter().any(|one| one == subnet));
    own.or_else(|| tables.iter().find(|table| table.main == Switch::On))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Evidence;
    use crate::fixture::*;
    use crate::lambda::Package;
    use crate::observed::Observed;
    use crate::s3::fixture::*;
    use crate::subject::{Kind, Resource};
    use crate::verdict::Weight;

    const ID: &str = "s3-vpc-endpoint-recommended";
    const REQUIRE: &str = "mode = 'require'";
    const UNREAD: &str = "the routes of the subnets were not read";

    fn configuration(vpc: Observed<Vpc>) -> Configuration {
        Configuration {
            arn: present(FUNCTION_ARN.into()),
            name: present("patient-data-processor-pr1".into()),
            state: present(State::Active),
            state_reason: Observed::Absent,
            last_update: present(LastUpdate::Successful),
            last_update_reason: Observed::Absent,
            role: present("arn:aws:iam::123456789012:role/lambda".into()),
            memory_mb: present(512),
            timeout_s: present(30),
            runtime: present("nodejs22.x".into()),
            package: present(Package::Zip),
            kms_key: Observed::Absent,
            environment: Observed::Absent,
            vpc,
            log_group: Observed::Absent,
            dead_letter: Observed::Absent,
        }
    }

    fn gateway() -> VpcEndpoint {
        VpcEndpoint {
            id: "vpce-1".into(),
            kind: present(EndpointKind::Gateway),
            state: present("available".into()),
            route_tables: vec!["rtb-1".into()],
            private_dns: Observed::Absent,
        }
    }

    fn interface(private_dns: Observed<Switch>) -> VpcEndpoint {
        VpcEndpoint { kind: present(EndpointKind::Interface), route_tables: Vec::new(), private_dns, ..gateway() }
    }

    fn table(id: &str, main: Switch, subnets: &[&str]) -> RouteTable {
        RouteTable { id: id.into(), main, subnets: subnets.iter().map(|id| (*id).to_owned()).collect() }
    }

    fn function(vpc: Observed<Vpc>) -> Function {
        Function {
            configuration: seen(configuration(vpc)),
            s3_endpoints: seen(vec![gateway()]),
            route_tables: seen(vec![table("rtb-1", Switch::Off, &["subnet-1"])]),
            ..Function::unknown(&Gap::undecided("not looked at here"))
        }
    }

    fn inside() -> Function {
        function(present(Vpc { id: "vpc-1".into(), subnets: vec!["subnet-1".into()] }))
    }

    fn having(endpoints: Vec<VpcEndpoint>) -> Evidence {
        of(Function { s3_endpoints: seen(endpoints), ..inside() })
    }

    fn of(function: Function) -> Evidence {
        evidence(vec![subject(Kind::Function, "patient-data-processor-pr1", Resource::Function(function.into()))])
    }

    #[test]
    fn a_function_outside_any_vpc_gets_advice() {
        let nowhere = Vpc { id: String::new(), subnets: Vec::new() };
        for vpc in [Observed::Absent, present(nowhere)] {
            assert_eq!(
                not_applicable(judge(ID, &of(function(vpc)))),
                "the function is in no VPC | advice: where the function moves into a VPC, give that an endpoint for S3"
            );
        }
    }

    #[test]
    fn a_gateway_with_route_tables_and_an_interface_with_private_dns_pass() {
        assert_eq!(
            passed(judge(ID, &having(vec![gateway()]))),
            format!("gateway endpoint vpce-1 for S3 is available in vpc-1 | {UNREAD}")
        );
        assert_eq!(
            passed(judge(ID, &having(vec![interface(present(Switch::On))]))),
            format!("interface endpoint vpce-1 for S3 with private DNS is available in vpc-1 | {UNREAD}")
        );
        let mut shouting = gateway();
        shouting.state = present("Available".into());
        passed(judge(ID, &having(vec![shouting])));
    }

    #[test]
    fn a_vpc_without_a_working_endpoint_is_a_failure_that_does_not_count() {
        let judgement = judge(ID, &having(Vec::new()));
        assert!(matches!(judgement, Ok(Verdict::NotSatisfied { weight: Weight::Advice, .. })), "{judgement:?}");
        assert_eq!(failed(judgement), format!("vpc-1 has no endpoint for S3 | {UNREAD}"));
        let judgement = judge_with(ID, REQUIRE, &having(Vec::new()));
        assert!(matches!(judgement, Ok(Verdict::NotSatisfied { weight: Weight::Counted, .. })), "{judgement:?}");
        assert_eq!(failed(judgement), "vpc-1 has no endpoint for S3");
    }

    #[test]
    fn an_endpoint_that_serves_nobody_fails() {
        let unrouted = VpcEndpoint { route_tables: Vec::new(), ..gateway() };
        let text = failed(judge(ID, &having(vec![unrouted])));
        assert!(text.starts_with("endpoint vpce-1 in vpc-1 is in no route table |"), "{text}");
        for private_dns in [present(Switch::Off), Observed::Absent] {
            let text = failed(judge(ID, &having(vec![interface(private_dns)])));
            assert!(text.starts_with("endpoint vpce-1 in vpc-1 has no private DNS |"), "{text}");
        }
        let rejected = VpcEndpoint { state: present("rejected".into()), ..gateway() };
        let text = failed(judge(ID, &having(vec![rejected])));
        assert!(text.starts_with("endpoint vpce-1 in vpc-1 is not available |"), "{text}");
        let other = VpcEndpoint { kind: present(EndpointKind::Other), ..gateway() };
        let text = failed(judge(ID, &having(vec![other])));
        assert!(text.starts_with("vpc-1 has no endpoint for S3 |"), "{text}");
    }

    #[test]
    fn an_endpoint_in_flux_or_of_unknown_state_is_an_error_unless_another_works() {
        let pending = VpcEndpoint { state: present("pending".into()), ..gateway() };
        assert_eq!(
            undecided(judge(ID, &having(vec![pending.clone()]))),
            "endpoint vpce-1 is pending: it is changing, so the evidence may be torn; run again when it has settled"
        );
        passed(judge(ID, &having(vec![pending, gateway()])));
        let odd = VpcEndpoint { state: present("newer".into()), ..gateway() };
        let text = undecided(judge(ID, &having(vec![odd])));
        assert!(text.starts_with("DescribeVpcEndpoints answered `newer` in State"), "{text}");
        let unknown = VpcEndpoint { kind: withheld(), ..gateway() };
        assert_eq!(undecided(judge(ID, &having(vec![unknown]))), DENIED);
    }

    #[test]
    fn a_function_that_is_changing_or_unreadable_is_an_error() {
        let mut updating = inside();
        updating.configuration = updating
            .configuration
            .map(|configuration| Configuration { last_update: present(LastUpdate::InProgress), ..configuration });
        let text = undecided(judge(ID, &of(updating)));
        assert!(text.starts_with("the function's last update is InProgress: it is changing"), "{text}");
        let mut pending = inside();
        pending.configuration = pending
            .configuration
            .map(|configuration| Configuration { state: present(State::Pending), ..configuration });
        let text = undecided(judge(ID, &of(pending)));
        assert!(text.starts_with("the function's state is Pending: it is changing"), "{text}");
        assert_eq!(undecided(judge(ID, &of(Function::unknown(&denial())))), DENIED);
        assert_eq!(undecided(judge(ID, &of(Function { s3_endpoints: denied(), ..inside() }))), DENIED);
    }

    #[test]
    fn every_subnet_has_to_be_served_where_endpoints_are_required() {
        assert_eq!(
            passed(judge_with(ID, REQUIRE, &of(inside()))),
            "the route table of subnet subnet-1 leads to a gateway endpoint for S3"
        );
        let other = Function { route_tables: seen(vec![table("rtb-2", Switch::Off, &["subnet-1"])]), ..inside() };
        assert_eq!(
            failed(judge_with(ID, REQUIRE, &of(other))),
            "route table rtb-2 of subnet subnet-1 leads to no endpoint for S3"
        );
    }

    #[test]
    fn the_main_table_serves_a_subnet_without_its_own() {
        let main = Function { route_tables: seen(vec![table("rtb-1", Switch::On, &[])]), ..inside() };
        passed(judge_with(ID, REQUIRE, &of(main)));
        let none = Function { route_tables: seen(Vec::new()), ..inside() };
        assert_eq!(
            undecided(judge_with(ID, REQUIRE, &of(none))),
            "no route table of subnet subnet-1 was found, and no main one of vpc-1; run again, and associate one if it stays"
        );
    }

    #[test]
    fn required_routes_that_were_not_read_are_an_error_except_behind_an_interface() {
        let unread = Function { route_tables: denied(), ..inside() };
        assert_eq!(undecided(judge_with(ID, REQUIRE, &of(unread.clone()))), DENIED);
        let interface = vec![interface(present(Switch::On))];
        passed(judge_with(ID, REQUIRE, &of(Function { s3_endpoints: seen(interface), ..unread })));
        let subnetless = function(present(Vpc { id: "vpc-1".into(), subnets: Vec::new() }));
        let text = undecided(judge_with(ID, REQUIRE, &of(subnetless)));
        assert!(text.starts_with("GetFunctionConfiguration answered without VpcConfig.SubnetIds"), "{text}");
    }
}
