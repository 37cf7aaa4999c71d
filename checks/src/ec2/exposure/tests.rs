use super::*;
use crate::ec2::Ports;
use crate::ec2::fixture::*;
use crate::elbv2::{self, BalancerType, LoadBalancer, Scheme};
use crate::fixture::*;
use crate::observed::Observed::{Absent, Present, Unknown};
use crate::rds;
use crate::subject::{Kind, Resource, Role, Subject};

const IN: &str = "sg-no-open-ingress";
const OUT: &str = "sg-egress-restricted";
const CLOSED_DEFAULT: &str = "sg-default-closed";
const G: &str = "sg-1";
const HTTPS: Traffic = Traffic::Tcp(Ports { first: 443, last: 443 });
const SSH: Traffic = Traffic::Tcp(Ports { first: 22, last: 22 });

fn letting_in(rules: Vec<Rule>) -> Evidence {
    evidence(vec![group_subject(G, group(G, rules, vec![]))])
}

fn letting_out(rules: Vec<Rule>) -> Evidence {
    evidence(vec![group_subject(G, group(G, vec![], rules))])
}

fn with(mut evidence: Evidence, more: Vec<Subject>) -> Evidence {
    evidence.subjects.extend(more);
    evidence
}

fn changed(mut evidence: Evidence, change: impl FnOnce(&mut SecurityGroup)) -> Evidence {
    let Resource::SecurityGroup(group) = &mut evidence.subjects[0].resource else { panic!("no group") };
    change(group);
    evidence
}

fn held_by(evidence: Evidence, description: &str) -> Evidence {
    changed(evidence, |group| {
        edit(&mut group.interfaces, |interfaces| interfaces[0].description = Present(description.into()));
    })
}

fn database(group: &str) -> Subject {
    let database = rds::fixture::with(|cluster| cluster.security_groups = Present(vec![group.into()]));
    subject(Kind::Database, "db", Resource::Database(Box::new(database)))
}

fn balancer(scheme: Scheme) -> Subject {
    let mut balancer = elbv2::fixture::balancer(BalancerType::Application, Present(scheme), Vec::new());
    edit(&mut balancer.description, |described| described.security_groups = vec![G.into()]);
    elbv2::fixture::subject(balancer)
}

fn prefix_list() -> Rule {
    Rule { traffic: HTTPS, peer: Peer::PrefixList("pl-1".into()) }
}

fn with_entries(evidence: Evidence, entries: crate::observed::Seen<Vec<Cidr>>) -> Evidence {
    changed(evidence, |group| drop(group.prefix_lists.insert("pl-1".into(), entries)))
}

#[test]
fn a_group_that_lets_in_groups_and_narrow_ranges_alone_passes() {
    let evidence =
        letting_in(vec![with_group(HTTPS, "sg-2"), with_range(SSH, "10.0.0.0/8"), with_range(SSH, "203.0.113.0/24")]);
    assert_eq!(passed(judge(IN, &evidence)), "it lets in nothing from an open source");
    passed(judge(IN, &letting_in(vec![])));
}

#[test]
fn a_range_wider_than_the_boundary_is_open_in_either_family_and_one_at_it_is_not() {
    for open in ["0.0.0.0/0", "0.0.0.0/7", "::/0", "2a00::/31"] {
        let observed = failed(judge(IN, &letting_in(vec![with_range(SSH, open)])));
        assert!(
            observed.starts_with(&format!("it lets in tcp 22 from {}, which exposes eni-sg-1", range(open))),
            "{observed}"
        );
    }
    for narrow in ["52.0.0.0/8", "2a00::/32"] {
        passed(judge(IN, &letting_in(vec![with_range(SSH, narrow)])));
    }
}

#[test]
fn halves_of_the_address_space_are_open_and_so_are_ranges_that_add_up() {
    failed(judge(IN, &letting_in(vec![with_range(SSH, "0.0.0.0/1"), with_range(SSH, "128.0.0.0/1")])));
    let pieces = letting_in(vec![with_range(SSH, "52.0.0.0/8"), with_range(Traffic::All, "53.0.0.0/8")]);
    assert_eq!(
        failed(judge(IN, &pieces)),
        "it lets in tcp 22 from 52.0.0.0/8, which other rules complete to 52.0.0.0/7, which exposes eni-sg-1"
    );
    // On different ports they do not, and a private range is none that adds.
    passed(judge(IN, &letting_in(vec![with_range(SSH, "52.0.0.0/8"), with_range(HTTPS, "53.0.0.0/8")])));
    passed(judge(IN, &letting_in(vec![with_range(SSH, "10.0.0.0/8"), with_range(SSH, "11.0.0.0/8")])));
}

#[test]
fn all_traffic_and_icmp_are_named_as_such() {
    let all = failed(judge(IN, &letting_in(vec![with_range(Traffic::All, "0.0.0.0/0")])));
    assert!(all.starts_with("it lets in all traffic from 0.0.0.0/0"));
    let icmp = failed(judge(IN, &letting_in(vec![with_range(Traffic::Icmp, "0.0.0.0/0")])));
    assert!(icmp.starts_with("it lets in icmp from 0.0.0.0/0"));
}

#[test]
fn a_public_port_is_for_an_internet_facing_load_balancer_that_holds_the_group() {
    let open = || letting_in(vec![with_range(HTTPS, "0.0.0.0/0")]);
    let beside = passed(judge(IN, &with(open(), vec![balancer(Scheme::InternetFacing)])));
    assert!(beside.starts_with("it lets in tcp 443 from 0.0.0.0/0 for internet-facing load balancer"), "{beside}");
    assert!(beside.ends_with("| the same holds for what is not the load balancer's: eni-sg-1"), "{beside}");
    let alone = with(held_by(open(), "ELB app/web/1"), vec![balancer(Scheme::InternetFacing)]);
    assert!(!passed(judge(IN, &alone)).contains('|'));
    assert!(
        failed(judge(IN, &with(open(), vec![balancer(Scheme::Internal)])))
            .ends_with("no internet-facing load balancer holds it")
    );
    assert!(failed(judge(IN, &open())).ends_with("no internet-facing load balancer holds it"));
    let wide = letting_in(vec![with_range(Traffic::Tcp(Ports { first: 443, last: 444 }), "0.0.0.0/0")]);
    failed(judge(IN, &with(wide, vec![balancer(Scheme::InternetFacing)])));
    let http = letting_in(vec![with_range(Traffic::tcp(80), "0.0.0.0/0")]);
    failed(judge(IN, &with(http, vec![balancer(Scheme::InternetFacing)])));
    let udp = letting_in(vec![with_range(Traffic::Udp(Ports::one(443)), "0.0.0.0/0")]);
    failed(judge(IN, &with(udp, vec![balancer(Scheme::InternetFacing)])));
}

#[test]
fn a_group_of_a_data_store_or_of_tasks_opens_no_port_at_all() {
    let open = || with(letting_in(vec![with_range(HTTPS, "0.0.0.0/0")]), vec![balancer(Scheme::InternetFacing)]);
    assert!(failed(judge(IN, &with(open(), vec![database(G)]))).ends_with("AWS::RDS::DBCluster db holds it"));
    let tasks = failed(judge(IN, &with(open(), vec![service_subject(G, &["subnet-a"])])));
    assert!(tasks.ends_with("service/cluster/app holds it"), "{tasks}");
    for text in [
        "RDSNetworkInterface",
        "EFS mount target for fs-1 (fsmt-1)",
        "ElastiCache cache-1",
        "arn:aws:ecs:us-east-2:1:attachment/a",
    ] {
        assert!(failed(judge(IN, &held_by(open(), text))).ends_with(&format!("the interface `{text}` holds it")));
    }
}

#[test]
fn a_store_or_a_load_balancer_that_could_not_be_read_leaves_a_public_port_undecided_and_no_other() {
    let unread = || {
        let unknown = Resource::Database(Box::new(rds::Database::unknown(&denial())));
        vec![subject(Kind::Database, "db", unknown), balancer(Scheme::InternetFacing)]
    };
    let open = letting_in(vec![with_range(HTTPS, "0.0.0.0/0")]);
    assert_eq!(undecided(judge(IN, &with(open, unread()))), denial().to_string());
    failed(judge(IN, &with(letting_in(vec![with_range(SSH, "0.0.0.0/0")]), unread())));
    passed(judge(IN, &with(letting_in(vec![]), unread())));

    let balancer = Resource::LoadBalancer(Box::new(LoadBalancer::unknown(&denial())));
    let balancer = subject(Kind::LoadBalancer, "lb", balancer);
    let open = || letting_in(vec![with_range(HTTPS, "0.0.0.0/0")]);
    assert_eq!(undecided(judge(IN, &with(open(), vec![balancer]))), denial().to_string());
    let unknown = undecided(judge(IN, &held_by(open(), "ELB app/web/1")));
    assert_eq!(unknown, "nothing was seen of the load balancer `ELB app/web/1`");
}

#[test]
fn a_prefix_list_is_as_open_as_its_widest_entry_and_undecided_when_it_cannot_be_read() {
    let listed = |entries| with_entries(letting_in(vec![prefix_list()]), entries);
    let open = failed(judge(IN, &listed(seen(vec![range("10.0.0.0/8"), range("0.0.0.0/0")]))));
    assert!(open.starts_with("it lets in tcp 443 from prefix list pl-1 (0.0.0.0/0)"));
    passed(judge(IN, &listed(seen(vec![range("10.0.0.0/8")]))));
    assert_eq!(undecided(judge(IN, &listed(denied()))), denial().to_string());
    let unread = letting_in(vec![prefix_list()]);
    assert_eq!(undecided(judge(IN, &unread)), "the entries of prefix list pl-1 were not read");
    let beside = letting_in(vec![prefix_list(), with_range(SSH, "0.0.0.0/0")]);
    assert!(failed(judge(IN, &beside)).contains("not all was readable: the entries of prefix list pl-1"));
}

#[test]
fn a_group_that_nothing_holds_passes_with_its_open_rules_as_a_note() {
    let unheld = changed(letting_in(vec![with_range(SSH, "0.0.0.0/0")]), |group| group.interfaces = seen(vec![]));
    assert_eq!(
        passed(judge(IN, &unheld)),
        "nothing holds it, so it is in force nowhere | it has open rules: tcp 22 from 0.0.0.0/0"
    );
}

#[test]
fn a_group_that_a_service_names_is_in_force_before_its_tasks_run() {
    let unheld = || changed(letting_in(vec![with_range(SSH, "0.0.0.0/0")]), |group| group.interfaces = seen(vec![]));
    let named = with(unheld(), vec![service_subject(G, &["subnet-a"])]);
    assert!(failed(judge(IN, &named)).contains("which exposes AWS::ECS::Service"));
    let unread = with(unheld(), vec![of_service(crate::ecs::Service::unknown(&denial()))]);
    assert_eq!(undecided(judge(IN, &unread)), denial().to_string());
}

#[test]
fn what_holds_an_open_group_has_to_be_known() {
    let open = changed(letting_in(vec![with_range(SSH, "0.0.0.0/0")]), |group| group.interfaces = denied());
    assert_eq!(undecided(judge(IN, &open)), denial().to_string());
    passed(judge(IN, &changed(letting_in(vec![]), |group| group.interfaces = denied())));
}

#[test]
fn a_group_or_a_direction_that_could_not_be_read_is_an_error() {
    for id in [IN, OUT] {
        let denied = changed(letting_in(vec![]), |group| group.description = denied());
        assert_eq!(undecided(judge(id, &denied)), denial().to_string());
        let direction = changed(letting_in(vec![]), |group| {
            edit(&mut group.description, |described| {
                described.ingress = Unknown(denial());
                described.egress = Unknown(denial());
            });
        });
        assert_eq!(undecided(judge(id, &direction)), denial().to_string());
    }
}

#[test]
fn the_default_group_has_a_requirement_of_its_own() {
    let default = changed(letting_in(vec![with_range(SSH, "0.0.0.0/0")]), |group| {
        edit(&mut group.description, |described| described.name = Present("default".into()));
    });
    assert_eq!(not_applicable(judge(IN, &default)), DEFAULT);
    assert_eq!(not_applicable(judge(OUT, &default)), DEFAULT);
}

#[test]
fn the_rule_that_lets_everything_out_fails_and_so_does_its_twin_for_ipv6() {
    assert_eq!(
        failed(judge(OUT, &letting_out(vec![with_range(Traffic::All, "0.0.0.0/0")]))),
        "it lets out all traffic to 0.0.0.0/0, the rule that EC2 adds where none is named, for eni-sg-1"
    );
    let twin = letting_out(vec![with_range(HTTPS, "0.0.0.0/0"), with_range(Traffic::All, "::/0")]);
    assert_eq!(failed(judge(OUT, &twin)), "it lets out all traffic to ::/0, for eni-sg-1");
}

#[test]
fn port_443_may_leave_to_everywhere_where_that_is_allowed_and_no_data_store_holds_the_group() {
    let out = || letting_out(vec![with_range(HTTPS, "0.0.0.0/0"), with_group(Traffic::tcp(5432), "sg-db")]);
    assert_eq!(passed(judge(OUT, &out())), "it lets out tcp 443 to 0.0.0.0/0");
    assert!(
        failed(judge_with(OUT, "allow_443_anywhere = false", &out())).starts_with("it lets out tcp 443 to 0.0.0.0/0")
    );
    assert!(failed(judge(OUT, &with(out(), vec![database(G)]))).contains("and AWS::RDS::DBCluster db holds it"));
    passed(judge(OUT, &with(out(), vec![service_subject(G, &["subnet-a"])])));
    failed(judge(OUT, &letting_out(vec![with_range(Traffic::Tcp(Ports { first: 443, last: 444 }), "0.0.0.0/0")])));
    failed(judge(OUT, &letting_out(vec![with_range(Traffic::Udp(Ports::one(443)), "0.0.0.0/0")])));
}

#[test]
fn a_cache_whose_groups_are_not_read_leaves_port_443_undecided() {
    let cache = Resource::Cache(Box::new(crate::elasticache::Cache::unknown(&denial())));
    let evidence = with(letting_out(vec![with_range(HTTPS, "0.0.0.0/0")]), vec![subject(Kind::Cache, "redis", cache)]);
    assert_eq!(judge(OUT, &evidence), Err(denial()));
}

#[test]
fn no_way_out_and_ways_to_groups_pass_with_a_note() {
    assert!(passed(judge(OUT, &letting_out(vec![]))).ends_with("| it has no egress rule"));
    let nowhere = letting_out(vec![with_range(Traffic::All, "127.0.0.1/32")]);
    assert!(passed(judge(OUT, &nowhere)).ends_with("| its only rule leads to the own host, which is nowhere"));
    let inside = letting_out(vec![with_group(Traffic::tcp(5432), "sg-db"), with_range(Traffic::All, "10.0.0.0/16")]);
    assert_eq!(
        passed(judge(OUT, &inside)),
        "it lets out nothing to an open destination | it lets out tcp 5432 to group sg-db, all traffic to 10.0.0.0/16"
    );
}

#[test]
fn a_service_prefix_list_is_no_open_destination() {
    let rules = vec![prefix_list()];
    passed(judge(OUT, &with_entries(letting_out(rules.clone()), seen(vec![range("52.216.0.0/15")]))));
    assert_eq!(undecided(judge(OUT, &with_entries(letting_out(rules), denied()))), denial().to_string());
}

fn default_group(rules: Vec<Rule>, held: bool) -> Evidence {
    let mut found = group(DEFAULT_GROUP, rules, vec![]);
    if !held {
        found.interfaces = seen(vec![]);
    }
    let vpc = vpc(["subnet-pa", "subnet-pb"], ["subnet-a", "subnet-b"]);
    evidence(vec![vpc, group_subject(DEFAULT_GROUP, found)])
}

fn itself() -> Vec<Rule> {
    vec![with_group(Traffic::All, DEFAULT_GROUP)]
}

#[test]
fn a_default_group_without_rules_or_without_holders_is_closed() {
    assert_eq!(
        passed(judge(CLOSED_DEFAULT, &default_group(vec![], true))),
        "the default group sg-default has no rules"
    );
    assert_eq!(
        passed(judge(CLOSED_DEFAULT, &default_group(itself(), false))),
        "no network interface holds it | the default group sg-default lets through all traffic from group sg-default"
    );
}

#[test]
fn a_default_group_with_rules_that_something_holds_fails() {
    assert_eq!(
        failed(judge(CLOSED_DEFAULT, &default_group(itself(), true))),
        "the default group sg-default lets through all traffic from group sg-default; held by eni-sg-default"
    );
}

#[test]
fn half_of_what_tells_a_closed_default_group_is_enough() {
    let with = |held, change: fn(&mut SecurityGroup)| {
        let mut evidence = default_group(itself(), held);
        let Resource::SecurityGroup(group) = &mut evidence.subjects[1].resource else { panic!("no group") };
        change(group);
        judge(CLOSED_DEFAULT, &evidence)
    };
    assert_eq!(undecided(with(true, |group| group.interfaces = denied())), denial().to_string());
    assert_eq!(undecided(with(true, |group| group.description = denied())), denial().to_string());
    passed(with(false, |group| group.description = denied()));
    assert_eq!(
        undecided(judge(CLOSED_DEFAULT, &evidence(vec![vpc(["a", "b"], ["c", "d"])]))),
        "nothing was seen of security group sg-default"
    );
}

#[test]
fn a_vpc_of_somebody_else_is_not_judged_for_its_default_group() {
    let mut foreign = default_group(itself(), true);
    foreign.subjects[0].role = Role::External;
    assert_eq!(not_applicable(no_own_vpc(&foreign)), "the VPC is not the stack's own");
    assert!(undecided(no_own_vpc(&evidence(Vec::new()))).starts_with("no AWS::EC2::VPC was found"));
}

#[test]
fn a_missing_name_is_a_gap() {
    let unnamed =
        changed(letting_in(vec![]), |group| edit(&mut group.description, |described| described.name = Absent));
    assert!(undecided(judge(IN, &unnamed)).starts_with("DescribeSecurityGroups answered without"));
}
