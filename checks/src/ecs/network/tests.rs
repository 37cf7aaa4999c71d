use super::*;
use crate::ec2::fixture::{conforming, route, vpc_subject};
use crate::ec2::{self, Route};
use crate::ecs::fixture::*;
use crate::ecs::{Addresses, Deployment, TaskSet};
use crate::fixture::*;

const SUBNETS: &str = "ecs-tasks-private-subnets";
const ADDRESS: &str = "ecs-tasks-no-public-ip";
const ZONES: &str = "ecs-service-multi-az";

fn of_service(id: &str, alter: impl FnOnce(&mut Running)) -> Judgement {
    judge(id, &first(running(alter), Kind::Service))
}

fn of_cluster(id: &str, alter: impl FnOnce(&mut Running)) -> Judgement {
    judge(id, &first(running(alter), Kind::Cluster))
}

fn in_subnets(id: &str, subnets: &[&str]) -> Judgement {
    of_service(id, |running| running.service.network = Observed::Present(network(subnets)))
}

fn tasks(running: &mut Running, tasks: Vec<Task>) {
    running.cluster.tasks = seen(tasks);
}

fn in_subnet(task: Task, subnet: &str) -> Task {
    let interfaces =
        task.interfaces.iter().map(|one| Interface { subnet: Observed::Present(subnet.into()), ..one.clone() });
    Task { interfaces: interfaces.collect(), ..task }
}

fn addressed(task: Task, public: &[&str], ipv6: &[&str]) -> Task {
    let list = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    let addresses = seen(Addresses { public: list(public), ipv6: list(ipv6) });
    let interfaces = task.interfaces.iter().map(|one| Interface { addresses: addresses.clone(), ..one.clone() });
    Task { interfaces: interfaces.collect(), ..task }
}

#[test]
fn a_service_in_private_subnets_passes_and_one_public_subnet_fails() {
    assert_eq!(
        passed(in_subnets(SUBNETS, &PRIVATE)),
        "subnet subnet-private-a is private; subnet subnet-private-b is private"
    );
    assert_eq!(
        failed(in_subnets(SUBNETS, &[PRIVATE[0], PUBLIC[1]])),
        "subnet subnet-public-b of the service is public: it has the route 0.0.0.0/0 to igw-0a"
    );
}

#[test]
fn a_public_subnet_of_a_task_set_an_older_deployment_or_a_running_task_fails() {
    let public = Observed::Present(network(&PUBLIC[..1]));
    let set = of_service(SUBNETS, |running| {
        running.service.task_sets = vec![TaskSet { network: public.clone(), ..task_set("ts-1") }];
    });
    assert!(failed(set).starts_with("subnet subnet-public-a of task set ts-1 is public"));
    let older = of_service(SUBNETS, |running| {
        running.service.deployments.push(Deployment {
            id: "ecs-svc/0".into(),
            status: Observed::Present(DeploymentStatus::Active),
            network: public,
            ..deployment()
        });
    });
    assert!(failed(older).starts_with("subnet subnet-public-a of deployment ecs-svc/0 is public"));
    let many = of_service(SUBNETS, |running| {
        tasks(running, ["t1", "t2", "t3", "t4"].map(|id| in_subnet(task(id), PUBLIC[0])).to_vec());
    });
    assert!(failed(many).starts_with("subnet subnet-public-a of task t1, task t2, task t3 and 1 more is public"));
}

#[test]
fn tasks_outside_services_are_judged_with_their_cluster_and_those_of_services_are_not() {
    let both = |running: &mut Running| {
        tasks(running, vec![in_subnet(task("t1"), PUBLIC[0]), in_subnet(lone_task("t2"), PRIVATE[0])]);
    };
    assert_eq!(passed(of_cluster(SUBNETS, both)), "subnet subnet-private-a is private");
    failed(of_service(SUBNETS, both));
    let of_gone = |running: &mut Running| {
        let group = Observed::Present("service:gone".into());
        tasks(running, vec![in_subnet(Task { group, ..task("t1") }, PUBLIC[0])]);
    };
    assert!(failed(of_cluster(SUBNETS, of_gone)).starts_with("subnet subnet-public-a of task t1 is public"));
    for id in [SUBNETS, ADDRESS] {
        assert!(not_applicable(of_cluster(id, |_| ())).starts_with("no task runs outside services"));
    }
}

#[test]
fn a_service_that_is_not_active_is_judged_by_the_tasks_that_still_run() {
    let draining = |running: &mut Running| {
        running.service.status = Observed::Present(ServiceStatus::Draining);
        running.service.network = Observed::Present(network(&PUBLIC));
    };
    for id in [SUBNETS, ADDRESS] {
        assert!(not_applicable(of_service(id, draining)).starts_with("the service is not ACTIVE and runs no task"));
    }
    let with_task = of_service(SUBNETS, |running| {
        draining(running);
        tasks(running, vec![in_subnet(task("t1"), PUBLIC[0])]);
    });
    assert!(failed(with_task).starts_with("subnet subnet-public-a of task t1 is public"));
}

#[test]
fn subnets_that_could_not_be_read_are_undecided_and_do_not_hide_a_public_one() {
    assert_eq!(
        undecided(in_subnets(SUBNETS, &[PRIVATE[0], "subnet-elsewhere"])),
        "no VPC that was read holds subnet subnet-elsewhere"
    );
    assert!(failed(in_subnets(SUBNETS, &[PUBLIC[0], "subnet-elsewhere"])).contains("| not all was readable"));
    assert_eq!(of_service(SUBNETS, |running| running.cluster.tasks = denied()), Err(denial()));
    assert_eq!(of_cluster(SUBNETS, |running| running.cluster.tasks = denied()), Err(denial()));
    assert!(undecided(in_subnets(SUBNETS, &[])).contains("answered without services.networkConfiguration"));
}

#[test]
fn route_tables_that_could_not_be_read_are_undecided() {
    let mut evidence = first(running(|_| ()), Kind::Service);
    for subject in &mut evidence.subjects {
        if subject.kind == Kind::Vpc {
            let mut vpc = conforming(PUBLIC, PRIVATE);
            vpc.route_tables = denied();
            *subject = vpc_subject(vpc);
        }
    }
    assert_eq!(judge(SUBNETS, &evidence), Err(denial()));
}

#[test]
fn a_service_without_a_network_of_its_own_or_a_task_without_an_interface_is_undecided() {
    let hosts = of_service(SUBNETS, |running| running.service.network = Observed::Absent);
    assert!(undecided(hosts).starts_with("the service names no subnets"));
    let by_sets = of_service(SUBNETS, |running| {
        running.service.network = Observed::Absent;
        running.service.deployments.clear();
        running.service.task_sets = vec![task_set("ts-1")];
    });
    passed(by_sets);
    for id in [SUBNETS, ADDRESS] {
        let young = of_service(id, |running| tasks(running, vec![Task { interfaces: Vec::new(), ..task("t1") }]));
        assert!(undecided(young).starts_with("task t1 has no network interface, or none yet"));
        let unmade = Interface { id: Observed::Absent, subnet: Observed::Absent, addresses: not_set() };
        let unmade = vec![Task { interfaces: vec![unmade], ..task("t1") }];
        assert!(undecided(of_service(id, |running| tasks(running, unmade))).contains("yet: it is changing"));
    }
}

#[test]
fn an_exposed_service_of_others_is_judged_all_the_same() {
    let mut evidence =
        first(running(|running| running.service.network = Observed::Present(network(&PUBLIC))), Kind::Service);
    for subject in &mut evidence.subjects {
        subject.role = crate::subject::Role::External;
    }
    failed(judge(SUBNETS, &evidence));
    passed(judge(ADDRESS, &evidence));
}

#[test]
fn a_service_without_public_addresses_passes_also_where_the_setting_is_absent() {
    let set = |public_ip: Observed<Switch>| {
        of_service(ADDRESS, |running| {
            running.service.network = Observed::Present(Network { public_ip, ..network(&PRIVATE) });
        })
    };
    assert_eq!(passed(set(Observed::Present(Switch::Off))), "assignPublicIp is DISABLED");
    assert_eq!(passed(set(Observed::Absent)), "assignPublicIp is DISABLED");
    assert_eq!(failed(set(Observed::Present(Switch::On))), "assignPublicIp of the service is ENABLED");
    assert_eq!(set(Observed::Unknown(denial())), Err(denial()));
}

#[test]
fn a_task_set_that_assigns_public_addresses_fails() {
    let judgement = of_service(ADDRESS, |running| {
        let network = Observed::Present(Network { public_ip: Observed::Present(Switch::On), ..network(&PRIVATE) });
        running.service.task_sets = vec![TaskSet { network, ..task_set("ts-1") }];
    });
    assert_eq!(failed(judgement), "assignPublicIp of task set ts-1 is ENABLED");
}

#[test]
fn a_public_address_of_a_running_task_fails_inside_and_outside_services() {
    let inside = of_service(ADDRESS, |running| tasks(running, vec![addressed(task("t1"), &["203.0.113.7"], &[])]));
    assert_eq!(failed(inside), "task t1 has the public address 203.0.113.7");
    let outside =
        of_cluster(ADDRESS, |running| tasks(running, vec![addressed(lone_task("t2"), &["203.0.113.8"], &[])]));
    assert_eq!(failed(outside), "task t2 has the public address 203.0.113.8");
    let private = of_cluster(ADDRESS, |running| tasks(running, vec![lone_task("t2")]));
    assert_eq!(passed(private), "no running task has a public address");
}

fn with_route(added: &Route) -> Judgement {
    let mut evidence =
        first(running(|running| tasks(running, vec![addressed(task("t1"), &[], &["2001:db8::7"])])), Kind::Service);
    for subject in &mut evidence.subjects {
        if subject.kind == Kind::Vpc {
            let mut vpc = conforming(PUBLIC, PRIVATE);
            vpc.route_tables = vpc.route_tables.map(|mut tables| {
                tables[2].routes.push(added.clone());
                tables
            });
            *subject = vpc_subject(vpc);
        }
    }
    judge(ADDRESS, &evidence)
}

#[test]
fn an_ipv6_address_is_public_only_by_an_active_ipv6_route_to_an_internet_gateway() {
    let gateway = || Hop::InternetGateway("igw-0a".into());
    assert_eq!(
        failed(with_route(&route("::/0", gateway()))),
        "task t1 has the address 2001:db8::7, and its subnet the route ::/0 to igw-0a"
    );
    failed(with_route(&route("2000::/3", gateway())));
    assert!(passed(with_route(&route("0.0.0.0/0", gateway()))).contains("without an IPv6 route"));
    passed(with_route(&route("::/0", Hop::EgressOnlyGateway("eigw-1".into()))));
    let dead = Route { state: Observed::Present(ec2::RouteState::Blackhole), ..route("::/0", gateway()) };
    passed(with_route(&dead));
    let list = Route { destination: ec2::Destination::PrefixList("pl-1".into()), ..route("::/0", gateway()) };
    failed(with_route(&list));
    let unknown = Route { hop: Observed::Unknown(denial()), ..route("::/0", gateway()) };
    assert_eq!(with_route(&unknown), Err(denial()));
}

#[test]
fn interfaces_that_could_not_be_read_are_undecided_while_the_settings_are_fine() {
    let blind = |addresses: crate::observed::Seen<Addresses>| {
        let interfaces = vec![Interface { addresses, ..task("t1").interfaces[0].clone() }];
        vec![Task { interfaces, ..task("t1") }]
    };
    assert_eq!(of_service(ADDRESS, |running| tasks(running, blind(denied()))), Err(denial()));
    let gone = of_service(ADDRESS, |running| tasks(running, blind(not_set())));
    assert!(undecided(gone).starts_with("EC2 does not know interface eni-1 of task t1 any more"));
    let enabled = of_service(ADDRESS, |running| {
        tasks(running, blind(denied()));
        running.service.network =
            Observed::Present(Network { public_ip: Observed::Present(Switch::On), ..network(&PRIVATE) });
    });
    assert!(failed(enabled).contains("| not all was readable"));
}

#[test]
fn a_service_that_could_not_be_read_does_not_hide_a_public_task() {
    let unread = |tasks: Vec<Task>| {
        let mut evidence = first(running(|running| running.cluster.tasks = seen(tasks)), Kind::Service);
        evidence.subjects[0] = service_subject(Service::unknown(&denial()));
        evidence
    };
    let public = unread(vec![addressed(in_subnet(task("t1"), PUBLIC[0]), &["203.0.113.7"], &[])]);
    let private = unread(vec![task("t1")]);
    for id in [SUBNETS, ADDRESS] {
        assert!(failed(judge(id, &public)).contains("| not all was readable"));
        assert_eq!(judge(id, &private), Err(denial()));
    }
}

#[test]
fn a_service_in_two_zones_passes_and_in_one_fails() {
    assert_eq!(passed(in_subnets(ZONES, &PRIVATE)), "the subnets are in zones use2-aza, use2-azb");
    assert_eq!(failed(in_subnets(ZONES, &[PRIVATE[0]])), "every subnet of the service is in zone use2-aza");
    assert_eq!(failed(in_subnets(ZONES, &[PRIVATE[0], PUBLIC[0]])), "every subnet of the service is in zone use2-aza");
    assert!(undecided(in_subnets(ZONES, &["subnet-elsewhere"])).starts_with("no VPC that was read"));
}

#[test]
fn each_task_set_has_to_span_zones_by_itself() {
    let judgement = of_service(ZONES, |running| {
        let one = Observed::Present(network(&PRIVATE[1..]));
        running.service.task_sets = vec![TaskSet { network: one, ..task_set("ts-1") }];
    });
    assert_eq!(failed(judgement), "every subnet of task set ts-1 is in zone use2-azb");
}

#[test]
fn one_task_and_rebalancing_that_is_off_are_remarks() {
    let judgement = of_service(ZONES, |running| {
        running.service.desired = 1;
        running.service.zone_rebalancing = Observed::Absent;
    });
    let text = passed(judgement);
    assert!(text.contains("| one task is wanted, which is in one zone at a time; availabilityZoneRebalancing is off"));
}
