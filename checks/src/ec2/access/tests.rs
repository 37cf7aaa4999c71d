use super::*;
use crate::ec2::fixture::*;
use crate::ecs::{Network, TaskSet, TaskSetStatus};
use crate::efs::{self, FileSystem};
use crate::elbv2::{self, BalancerType, Leg, LoadBalancer, Scheme, TargetGroup};
use crate::fixture::*;
use crate::observed::Observed::{Absent, Present};
use crate::rds::{self, Cluster};
use crate::subject::{Resource, Subject};

const DATA: &str = "sg-data-tier-from-app-only";
const APP: &str = "sg-app-tier-ingress";
const DB: &str = "sg-db";
const TASK: &str = "sg-task";
const POSTGRES: Traffic = Traffic::Tcp(Ports { first: 5432, last: 5432 });
const WEB: Traffic = Traffic::Tcp(Ports { first: 8443, last: 8443 });
const TARGETS: &str = "arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/app/1";
const SUBNETS: [&str; 2] = ["subnet-a", "subnet-b"];

fn network() -> Subject {
    vpc(["subnet-pa", "subnet-pb"], SUBNETS)
}

fn database(change: impl FnOnce(&mut Cluster)) -> Subject {
    let mut database = rds::fixture::with(change);
    edit(&mut database.subnet_group, |group| group.vpc = Present(VPC.into()));
    subject(Kind::Database, "db", Resource::Database(Box::new(database)))
}

fn guarded(id: &str, ingress: Vec<Rule>) -> Subject {
    group_subject(id, group(id, ingress, vec![]))
}

/// The conforming database with a service, and these rules on the database's group.
fn store(rules: Vec<Rule>) -> Evidence {
    evidence(vec![network(), database(|_| ()), guarded(DB, rules), service_subject(TASK, &SUBNETS)])
}

fn with_subjects(mut evidence: Evidence, more: Vec<Subject>) -> Evidence {
    evidence.subjects.extend(more);
    evidence
}

fn pair(owner: &str, peering: Option<&str>) -> Rule {
    let pair = GroupPair {
        group: "sg-far".into(),
        owner: Some(owner.into()),
        vpc: Some("vpc-far".into()),
        peering: peering.map(str::to_owned),
    };
    Rule { traffic: POSTGRES, peer: Peer::Group(pair) }
}

#[test]
fn the_tasks_reach_the_database_on_its_port_and_nobody_else_does() {
    assert_eq!(
        passed(judge(DATA, &store(vec![with_group(POSTGRES, TASK)]))),
        "security group sg-db lets in tcp 5432 from group sg-task"
    );
}

#[test]
fn another_group_a_range_or_a_prefix_list_fails_with_the_rule() {
    let of = |rule| failed(judge(DATA, &store(vec![with_group(POSTGRES, TASK), rule])));
    assert_eq!(
        of(with_group(POSTGRES, "sg-other")),
        "security group sg-db lets in tcp 5432 from group sg-other, a group that is not meant to come in"
    );
    assert!(of(with_range(POSTGRES, "10.0.0.0/16")).ends_with("from 10.0.0.0/16, whatever else has an address there"));
    assert!(of(with_range(POSTGRES, "203.0.113.7/32")).ends_with("from 203.0.113.7/32, addresses of the internet"));
    assert!(of(with_range(POSTGRES, "::/0")).ends_with("from ::/0, which is everybody"));
}

#[test]
fn a_range_of_ports_that_holds_the_port_is_wider_than_the_port() {
    for traffic in [
        Traffic::All,
        Traffic::Tcp(Ports { first: 5432, last: 5433 }),
        Traffic::Tcp(Ports { first: 0, last: 65535 }),
        Traffic::tcp(22),
        Traffic::Udp(Ports::one(5432)),
    ] {
        let observed = failed(judge(DATA, &store(vec![with_group(traffic, TASK)])));
        assert!(observed.ends_with("which is more than it listens on"), "{observed}");
    }
}

#[test]
fn the_port_is_the_clusters_own_and_not_the_engines_default() {
    let with_port = |rules| {
        evidence(vec![
            database(|cluster| cluster.port = Present(6000)),
            guarded(DB, rules),
            service_subject(TASK, &SUBNETS),
        ])
    };
    passed(judge(DATA, &with_port(vec![with_group(Traffic::tcp(6000), TASK)])));
    failed(judge(DATA, &with_port(vec![with_group(POSTGRES, TASK)])));
}

#[test]
fn groups_of_another_account_or_vpc_fail() {
    assert!(failed(judge(DATA, &store(vec![pair("210987654321", None)]))).ends_with("a group of account 210987654321"));
    assert!(
        failed(judge(DATA, &store(vec![pair(ACCOUNT, Some("pcx-1"))])))
            .ends_with("a group of another VPC behind pcx-1")
    );
}

#[test]
fn agreed_sources_come_in_too() {
    let evidence = store(vec![
        with_group(POSTGRES, "sg-rotation"),
        with_range(POSTGRES, "10.0.9.0/28"),
        Rule { traffic: POSTGRES, peer: Peer::PrefixList("pl-1".into()) },
    ]);
    passed(judge_with(DATA, r#"extra_sources = ["sg-rotation", "10.0.9.0/24", "pl-1"]"#, &evidence));
    failed(judge_with(DATA, r#"extra_sources = ["sg-rotation", "10.0.9.0/29", "pl-1"]"#, &evidence));
    let check = crate::check::all().into_iter().find(|check| check.id == DATA).unwrap();
    let table = "extra_sources = [\"everybody\"]\nallow_vpc_cidr = false".parse().unwrap();
    assert!(check.bind(&table).is_err());
}

#[test]
fn each_entry_of_a_prefix_list_has_to_be_agreed() {
    let listed = |entries| {
        let mut found = group(DB, vec![Rule { traffic: POSTGRES, peer: Peer::PrefixList("pl-1".into()) }], vec![]);
        found.prefix_lists.insert("pl-1".into(), entries);
        evidence(vec![database(|_| ()), group_subject(DB, found), service_subject(TASK, &SUBNETS)])
    };
    let agreed = r#"extra_sources = ["10.0.9.0/24"]"#;
    passed(judge_with(DATA, agreed, &listed(seen(vec![range("10.0.9.0/25")]))));
    let more = failed(judge_with(DATA, agreed, &listed(seen(vec![range("10.0.9.0/25"), range("10.1.0.0/16")]))));
    assert!(more.contains("which holds 10.1.0.0/16"));
    assert_eq!(undecided(judge_with(DATA, agreed, &listed(denied()))), denial().to_string());
}

#[test]
fn the_range_of_the_vpc_comes_in_only_where_that_is_allowed() {
    let evidence = store(vec![with_range(POSTGRES, "10.0.0.0/16")]);
    failed(judge(DATA, &evidence));
    assert!(
        passed(judge_with(DATA, "allow_vpc_cidr = true", &evidence))
            .ends_with("| allow_vpc_cidr lets in whatever has an address of VPC vpc-0a")
    );
    failed(judge_with(DATA, "allow_vpc_cidr = true", &store(vec![with_range(POSTGRES, "10.0.0.0/15")])));
}

#[test]
fn a_group_that_lets_itself_in_is_a_note() {
    let evidence = store(vec![with_group(POSTGRES, TASK), with_group(POSTGRES, DB)]);
    assert!(
        passed(judge(DATA, &evidence))
            .ends_with("| group sg-db lets itself in, so that its data nodes reach one another")
    );
    failed(judge(DATA, &store(vec![with_group(Traffic::All, DB)])));
}

#[test]
fn a_group_without_ingress_passes_with_a_note() {
    assert_eq!(passed(judge(DATA, &store(vec![]))), "sg-db lets in nothing | nobody can connect");
}

#[test]
fn one_group_on_store_and_tasks_fails() {
    let evidence =
        evidence(vec![database(|_| ()), guarded(DB, vec![with_group(POSTGRES, DB)]), service_subject(DB, &SUBNETS)]);
    assert!(failed(judge(DATA, &evidence)).contains("security group sg-db is on the data store and on the tasks"));
}

#[test]
fn several_groups_on_one_store_add_up() {
    let evidence = evidence(vec![
        database(|cluster| cluster.security_groups = Present(vec![DB.into(), "sg-2".into()])),
        guarded(DB, vec![with_group(POSTGRES, TASK)]),
        guarded("sg-2", vec![with_group(POSTGRES, "sg-other")]),
        service_subject(TASK, &SUBNETS),
    ]);
    assert!(failed(judge(DATA, &evidence)).starts_with("security group sg-2 lets in tcp 5432 from group sg-other"));
}

#[test]
fn a_store_that_names_no_group_has_the_default_group_of_its_vpc() {
    let evidence = evidence(vec![
        network(),
        database(|cluster| cluster.security_groups = Present(Vec::new())),
        guarded(DEFAULT_GROUP, vec![with_group(Traffic::All, DEFAULT_GROUP)]),
        service_subject(TASK, &SUBNETS),
    ]);
    assert!(
        failed(judge(DATA, &evidence))
            .starts_with("security group sg-default lets in all traffic from group sg-default")
    );
}

#[test]
fn a_service_that_could_not_be_read_leaves_a_strange_group_undecided_and_a_range_failed() {
    let unread = || of_service(ecs::Service::unknown(&denial()));
    let with = |rule| evidence(vec![database(|_| ()), guarded(DB, vec![rule]), unread()]);
    assert_eq!(undecided(judge(DATA, &with(with_group(POSTGRES, "sg-other")))), denial().to_string());
    assert!(failed(judge(DATA, &with(with_range(POSTGRES, "0.0.0.0/0")))).contains("which is everybody"));
    let shares = with_subjects(store(vec![with_group(POSTGRES, TASK)]), vec![unread()]);
    assert_eq!(undecided(judge(DATA, &shares)), denial().to_string());
}

#[test]
fn a_store_or_a_group_that_could_not_be_read_is_an_error() {
    let unread = Resource::Database(Box::new(rds::Database::unknown(&denial())));
    let unread = evidence(vec![subject(Kind::Database, "db", unread)]);
    assert_eq!(undecided(judge(DATA, &unread)), denial().to_string());
    let unseen = evidence(vec![database(|_| ()), service_subject(TASK, &SUBNETS)]);
    assert_eq!(undecided(judge(DATA, &unseen)), "nothing was seen of security group sg-db");
    let cache = Resource::Cache(Box::new(crate::elasticache::Cache::unknown(&denial())));
    assert_eq!(judge(DATA, &evidence(vec![subject(Kind::Cache, "redis", cache)])), Err(denial()));
}

#[test]
fn a_file_system_is_reached_by_nfs_at_each_of_its_mount_targets() {
    let with = |rules: Vec<Rule>, change: fn(&mut FileSystem)| {
        let mut file_system = efs::fixture::file_system();
        change(&mut file_system);
        evidence(vec![
            subject(Kind::FileSystem, "fs-1", Resource::FileSystem(Box::new(file_system))),
            guarded("sg-efs", rules),
            service_subject(TASK, &SUBNETS),
        ])
    };
    let nfs = Traffic::tcp(2049);
    passed(judge(DATA, &with(vec![with_group(nfs, TASK)], |_| ())));
    failed(judge(DATA, &with(vec![with_group(POSTGRES, TASK)], |_| ())));
    let one_denied = with(vec![with_group(nfs, TASK)], |file_system| {
        edit(&mut file_system.mount_targets, |targets| targets[1].security_groups = denied());
    });
    assert_eq!(undecided(judge(DATA, &one_denied)), denial().to_string());
    let none = with(vec![], |file_system| file_system.mount_targets = seen(vec![]));
    assert_eq!(not_applicable(judge(DATA, &none)), "it has no mount target, so nothing reaches it");
}

fn definition() -> Subject {
    use crate::ecs::{Container, Definition, TaskDefinition};
    let container = Container {
        name: "app".into(),
        essential: Absent,
        logging: Absent,
        secrets: Vec::new(),
        values: Vec::new(),
        environment_files: 0,
        mounts: Vec::new(),
        ports: vec![WEB, Traffic::Tcp(Ports { first: 9000, last: 9010 })],
    };
    let definition = Definition {
        family: Present("app".into()),
        task_role: Absent,
        execution_role: Absent,
        compatibilities: vec!["FARGATE".into()],
        containers: vec![container],
        volumes: Vec::new(),
    };
    let definition = TaskDefinition { definition: seen(definition) };
    subject(Kind::TaskDefinition, REVISION, Resource::TaskDefinition(Box::new(definition)))
}

fn balancer(kind: BalancerType, groups: &[&str]) -> LoadBalancer {
    let mut balancer = elbv2::fixture::balancer(kind, Present(Scheme::Internal), Vec::new());
    edit(&mut balancer.description, |described| {
        described.security_groups = groups.iter().map(|id| (*id).to_owned()).collect();
        described.subnets =
            SUBNETS.map(|id| Leg { subnet: Present(id.into()), zone: Present("us-east-2a".into()) }).to_vec();
    });
    let behind = TargetGroup {
        arn: TARGETS.into(),
        protocol: Absent,
        port: Absent,
        target_type: Absent,
        load_balancers: vec![elbv2::fixture::arn("web")],
    };
    balancer.target_groups = seen(vec![behind]);
    balancer
}

/// The service behind the load balancer of the fixture.
fn behind_balancer() -> Subject {
    let mut service = service(&[TASK], &SUBNETS);
    edit(&mut service.description, |described| described.target_groups = vec![TARGETS.into()]);
    of_service(service)
}

/// A service behind a load balancer with these groups, and these rules on the tasks' group.
fn served(groups: &[&str], rules: Vec<Rule>) -> Evidence {
    evidence(vec![
        network(),
        behind_balancer(),
        definition(),
        guarded(TASK, rules),
        elbv2::fixture::subject(balancer(BalancerType::Network, groups)),
    ])
}

#[test]
fn the_load_balancer_in_front_reaches_the_containers_port_and_so_do_the_tasks_themselves() {
    let evidence = served(&["sg-lb"], vec![with_group(WEB, "sg-lb"), with_group(WEB, TASK)]);
    assert_eq!(
        passed(judge(APP, &evidence)),
        "security group sg-task lets in tcp 8443 from group sg-lb; security group sg-task lets in tcp 8443 from group sg-task"
    );
}

#[test]
fn a_load_balancer_whose_groups_do_not_judge_private_link_is_a_note() {
    let mut balancer = balancer(BalancerType::Network, &["sg-lb"]);
    edit(&mut balancer.description, |described| described.private_link_rules = Present(Switch::Off));
    let rest = vec![behind_balancer(), definition(), guarded(TASK, vec![with_group(WEB, "sg-lb")])];
    let evidence = with_subjects(evidence(rest), vec![elbv2::fixture::subject(balancer)]);
    assert!(
        passed(judge(APP, &evidence))
            .ends_with("do not judge what comes to it through PrivateLink, as from a VPC link")
    );
}

#[test]
fn a_range_of_container_ports_is_let_in_as_a_whole_or_in_part() {
    for ports in [Ports { first: 9000, last: 9010 }, Ports { first: 9002, last: 9003 }, Ports::one(9010)] {
        passed(judge(APP, &served(&["sg-lb"], vec![with_group(Traffic::Tcp(ports), "sg-lb")])));
    }
    failed(judge(APP, &served(&["sg-lb"], vec![with_group(Traffic::Udp(Ports::one(9000)), "sg-lb")])));
}

#[test]
fn other_sources_and_other_ports_of_the_tasks_fail() {
    let of = |rule| failed(judge(APP, &served(&["sg-lb"], vec![with_group(WEB, "sg-lb"), rule])));
    assert!(of(with_group(WEB, "sg-other")).ends_with("a group that is not meant to come in"));
    assert!(of(with_range(WEB, "10.0.0.0/16")).ends_with("whatever else has an address there"));
    assert!(of(with_group(Traffic::All, "sg-lb")).ends_with("which is more than it listens on"));
    assert!(of(with_group(Traffic::tcp(8444), "sg-lb")).ends_with("which is more than it listens on"));
    let wider = Traffic::Tcp(Ports { first: 9000, last: 9011 });
    assert!(of(with_group(wider, "sg-lb")).ends_with("which is more than it listens on"));
    let evidence = served(&["sg-lb"], vec![with_range(WEB, "10.0.5.0/24")]);
    passed(judge_with(APP, r#"extra_sources = ["10.0.5.0/24"]"#, &evidence));
}

#[test]
fn a_network_load_balancer_without_groups_comes_in_by_its_subnets_or_by_the_vpc_where_allowed() {
    let by = |text| served(&[], vec![with_range(WEB, text)]);
    assert!(passed(judge(APP, &by("10.0.2.0/24"))).contains("has no security group, so its subnets are let in"));
    assert!(
        passed(judge(APP, &by("10.0.0.0/16")))
            .ends_with("| allow_vpc_cidr_for_nlb lets in whatever has an address of VPC vpc-0a")
    );
    failed(judge_with(APP, "allow_vpc_cidr_for_nlb = false", &by("10.0.0.0/16")));
    failed(judge(APP, &by("10.0.0.0/8")));
    // With groups of its own it is named by group.
    failed(judge(APP, &served(&["sg-lb"], vec![with_range(WEB, "10.0.2.0/24")])));
}

#[test]
fn a_group_that_only_vpc_links_hold_comes_in() {
    let mut link = group("sg-link", vec![], vec![]);
    edit(&mut link.interfaces, |interfaces| interfaces[0].kind = Present(InterfaceKind::VpcLink));
    let evidence =
        |link| with_subjects(served(&[], vec![with_group(WEB, "sg-link")]), vec![group_subject("sg-link", link)]);
    assert!(passed(judge(APP, &evidence(link.clone()))).ends_with("| group sg-link is that of a VPC link"));
    edit(&mut link.interfaces, |interfaces| interfaces.push(interface("eni-other", &["sg-link"])));
    failed(judge(APP, &evidence(link)));
}

#[test]
fn tasks_that_let_in_nothing_are_workers() {
    assert_eq!(not_applicable(judge(APP, &served(&["sg-lb"], vec![]))), "sg-task lets in nothing, as for a worker");
}

#[test]
fn the_groups_of_task_sets_count_as_the_tasks() {
    let mut service = service(&[TASK], &SUBNETS);
    edit(&mut service.description, |described| {
        let network =
            Network { subnets: vec![SUBNETS[0].into()], security_groups: vec!["sg-green".into()], public_ip: Absent };
        described.task_sets.push(TaskSet {
            id: "ecs-svc/1".into(),
            status: Present(TaskSetStatus::Active),
            capacity: described.capacity.clone(),
            definition: Present(REVISION.into()),
            network: Present(network),
            stability: Absent,
            target_groups: Vec::new(),
            ephemeral_key: Absent,
        });
    });
    let evidence = evidence(vec![
        network(),
        of_service(service),
        definition(),
        database(|_| ()),
        guarded(DB, vec![with_group(POSTGRES, "sg-green")]),
        guarded(TASK, vec![]),
        guarded("sg-green", vec![with_range(WEB, "0.0.0.0/0")]),
    ]);
    passed(judge(DATA, &evidence));
    assert!(failed(judge(APP, &evidence)).starts_with("security group sg-green lets in tcp 8443 from 0.0.0.0/0"));
}

#[test]
fn what_is_in_front_has_to_be_known_for_what_may_come_from_it() {
    let with = |rule, more| {
        let rest = vec![network(), behind_balancer(), definition(), guarded(TASK, vec![rule])];
        with_subjects(evidence(rest), more)
    };
    let unread = || {
        let balancer = Resource::LoadBalancer(Box::new(LoadBalancer::unknown(&denial())));
        vec![subject(Kind::LoadBalancer, &elbv2::fixture::arn("web"), balancer)]
    };
    assert_eq!(undecided(judge(APP, &with(with_group(WEB, "sg-lb"), unread()))), denial().to_string());
    assert!(failed(judge(APP, &with(with_range(WEB, "0.0.0.0/0"), unread()))).contains("which is everybody"));
    // It may be the range of a network load balancer's subnets.
    assert_eq!(undecided(judge(APP, &with(with_range(WEB, "10.0.2.0/24"), unread()))), denial().to_string());
    let unseen = undecided(judge(APP, &with(with_group(WEB, "sg-lb"), Vec::new())));
    assert_eq!(unseen, format!("nothing was seen of a load balancer in front of {TARGETS}"));
}

#[test]
fn a_service_with_nothing_in_front_lets_in_its_own_tasks_alone() {
    let worker =
        |rule| evidence(vec![network(), service_subject(TASK, &SUBNETS), definition(), guarded(TASK, vec![rule])]);
    passed(judge(APP, &worker(with_group(WEB, TASK))));
    failed(judge(APP, &worker(with_group(WEB, "sg-lb"))));
}

#[test]
fn what_holds_a_strange_group_has_to_be_known_before_it_is_no_vpc_link() {
    let mut link = group("sg-link", vec![], vec![]);
    link.interfaces = denied();
    let evidence =
        with_subjects(served(&["sg-lb"], vec![with_group(WEB, "sg-link")]), vec![group_subject("sg-link", link)]);
    assert_eq!(undecided(judge(APP, &evidence)), denial().to_string());
}

#[test]
fn a_service_or_a_definition_that_could_not_be_read_is_an_error() {
    let unread = evidence(vec![of_service(ecs::Service::unknown(&denial()))]);
    assert_eq!(undecided(judge(APP, &unread)), denial().to_string());
    let unseen = evidence(vec![service_subject(TASK, &SUBNETS), guarded(TASK, vec![])]);
    assert!(undecided(judge(APP, &unseen)).starts_with("nothing was seen of arn:aws:ecs"));
    assert!(undecided(judge(APP, &evidence(Vec::new()))).starts_with("no AWS::ECS::Service was found"));
}
