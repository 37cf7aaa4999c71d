use super::*;
use crate::cloudformation::fixture::{
    bucket_subject, description, log_group_subject, member, stack, subject_of, template, template_resource,
};
use crate::cloudformation::{Attribute, Description, Parameter, ParameterValue};
use crate::fixture::*;
use crate::observed::Seen;
use crate::rds::fixture as databases;
use crate::subject::{Kind, Resource};

const ID: &str = "stack-destroyable-no-blockers";
const FORBID: &str = "deletion_protection = 'forbid'";
const ALLOW: &str = "deletion_protection = 'allow'";
const REQUIRE: &str = "deletion_protection = 'require'";
const LINGERS: &str = " | a deleted KMS key lingers for 7 to 30 days";

fn described(change: impl FnOnce(&mut Description)) -> Stack {
    let mut stack = stack();
    let mut answer = description();
    change(&mut answer);
    stack.description = seen(answer);
    stack
}

fn protected() -> Stack {
    described(|answer| answer.termination_protection = Observed::Present(Switch::On))
}

fn of(stack: Stack, others: Vec<Subject>) -> Evidence {
    evidence([vec![subject_of(stack)], others].concat())
}

fn judged(params: &str, stack: Stack, others: Vec<Subject>) -> Judgement {
    judge_with(ID, params, &of(stack, others))
}

#[test]
fn a_stack_without_protection_can_be_deleted() {
    let answer = judged(FORBID, stack(), vec![bucket_subject(), log_group_subject()]);
    assert_eq!(passed(answer), format!("termination protection of the stack is off{LINGERS}"));
}

#[test]
fn termination_protection_blocks_where_it_is_forbidden() {
    let answer = judged(FORBID, protected(), vec![]);
    assert_eq!(failed(answer), format!("termination protection of the stack is on{LINGERS}"));
}

#[test]
fn protection_is_listed_where_it_is_allowed() {
    let answer = judged(ALLOW, protected(), vec![]);
    assert_eq!(
        passed(answer),
        "protection against deletion is allowed for this stack | termination protection of the stack is on; a deleted KMS key lingers for 7 to 30 days"
    );
}

#[test]
fn protection_has_to_be_on_where_it_is_required() {
    assert_eq!(
        passed(judged(REQUIRE, protected(), vec![])),
        format!("termination protection of the stack is on{LINGERS}")
    );
    assert_eq!(
        failed(judged(REQUIRE, stack(), vec![])),
        format!("termination protection of the stack is off{LINGERS}")
    );
}

fn suffixed(suffix: &str) -> Stack {
    described(|answer| {
        answer.termination_protection = Observed::Present(Switch::On);
        answer.parameters = Observed::Present(vec![Parameter {
            key: "EnvironmentSuffix".into(),
            value: ParameterValue::Clear,
            resolved: Observed::Absent,
            suffix: Some(suffix.into()),
        }]);
    })
}

#[test]
fn the_suffix_decides_whether_protection_is_allowed() {
    for suffix in ["prod", "prod-eu", "production2"] {
        assert!(passed(judged("", suffixed(suffix), vec![])).contains("says that this is a production stack"));
    }
    for suffix in ["dev", "preprod", "pr6640"] {
        assert!(failed(judged("", suffixed(suffix), vec![])).starts_with("termination protection of the stack is on"));
    }
}

#[test]
fn a_given_suffix_wins_over_the_stacks() {
    let mut evidence = of(suffixed("dev"), vec![]);
    evidence.run.environment_suffix = Some("prod1".into());
    assert!(passed(judge(ID, &evidence)).contains("suffix prod1 says"));
}

#[test]
fn without_a_suffix_only_a_stack_without_protection_passes() {
    let nameless = |on| {
        described(|answer| {
            answer.termination_protection = Observed::Present(on);
            answer.parameters = Observed::Present(Vec::new());
        })
    };
    assert!(passed(judged("", nameless(Switch::Off), vec![])).contains("the environment suffix is not known"));
    assert_eq!(
        undecided(judged("", nameless(Switch::On), vec![])),
        "termination protection of the stack is on, and without the environment suffix it is not known whether that is allowed; give --environment-suffix"
    );
}

fn locked(lock: ObjectLock) -> Subject {
    let mut bucket = bucket_subject();
    if let Resource::Bucket(attributes) = &mut bucket.resource {
        attributes.object_lock = seen(lock);
    }
    bucket
}

fn guarded(switch: Observed<Switch>) -> Subject {
    let mut group = log_group_subject();
    if let Resource::LogGroup(attributes) = &mut group.resource {
        let Observed::Present(mut description) = attributes.description.observed().clone() else { panic!("seen") };
        description.deletion_protection = switch;
        attributes.description = seen(description);
    }
    group
}

#[test]
fn protection_of_what_has_to_be_retained_blocks_nothing() {
    let others = vec![locked(ObjectLock::Compliance), guarded(Observed::Present(Switch::On))];
    let answer = passed(judged(FORBID, stack(), others));
    assert!(
        answer.starts_with("termination protection of the stack is off | Object Lock of AWS::S3::Bucket"),
        "{answer}"
    );
    assert!(
        answer.contains(
            "deletion protection of AWS::Logs::LogGroup /aws/lambda/processor-dev is on, which blocks nothing"
        )
    );
}

const NOTHING_RETAINED: &str = "deletion_protection = 'forbid'\nretained_types = []";

fn going() -> Stack {
    let mut stack = stack();
    let mut processed = template();
    for resource in processed.resources.values_mut() {
        resource.deletion_policy = Observed::Absent;
    }
    stack.processed = seen(processed);
    stack
}

#[test]
fn protection_of_what_goes_with_the_stack_blocks() {
    assert_eq!(
        failed(judged(NOTHING_RETAINED, going(), vec![locked(ObjectLock::Compliance)])),
        format!("Object Lock of AWS::S3::Bucket patient-data-dev retains in mode COMPLIANCE{LINGERS}")
    );
    assert_eq!(
        failed(judged(NOTHING_RETAINED, going(), vec![guarded(Observed::Present(Switch::On))])),
        format!("deletion protection of AWS::Logs::LogGroup /aws/lambda/processor-dev is on{LINGERS}")
    );
    for switch in [Observed::Absent, Observed::Present(Switch::Off)] {
        assert!(
            passed(judged(NOTHING_RETAINED, going(), vec![guarded(switch)]))
                .contains("deletion protection of AWS::Logs::LogGroup /aws/lambda/processor-dev is off")
        );
    }
}

#[test]
fn a_deletion_policy_of_retain_takes_a_resource_out() {
    let answer = passed(judged(NOTHING_RETAINED, stack(), vec![locked(ObjectLock::Compliance)]));
    assert!(answer.contains("which blocks nothing: the resource is to outlive the stack"), "{answer}");
}

#[test]
fn object_lock_that_can_be_lifted_is_a_remark() {
    for (lock, text) in
        [(ObjectLock::Governance, "retains in mode GOVERNANCE"), (ObjectLock::NoDefault, "is on without a default")]
    {
        let answer = passed(judged(NOTHING_RETAINED, going(), vec![locked(lock)]));
        assert!(answer.contains(text), "{answer}");
    }
}

#[test]
fn a_filled_bucket_blocks_only_when_that_is_asked() {
    let mut bucket = bucket_subject();
    if let Resource::Bucket(attributes) = &mut bucket.resource {
        attributes.emptiness = seen(Emptiness::HoldsVersions);
    }
    assert!(passed(judged(NOTHING_RETAINED, going(), vec![bucket.clone()])).contains("has no Object Lock"));
    let asked = format!("{NOTHING_RETAINED}\ncheck_bucket_empty = true");
    assert!(
        failed(judged(&asked, going(), vec![bucket.clone()]))
            .starts_with("AWS::S3::Bucket patient-data-dev holds object versions")
    );
    if let Resource::Bucket(attributes) = &mut bucket.resource {
        attributes.emptiness = denied();
    }
    assert_eq!(undecided(judged(&asked, going(), vec![bucket])), denial().to_string());
}

#[test]
fn what_cannot_be_read_is_an_error_where_protection_is_forbidden_or_required() {
    let unread = described(|answer| answer.termination_protection = Observed::Unknown(denial()));
    assert_eq!(undecided(judged(FORBID, unread.clone(), vec![])), denial().to_string());
    assert_eq!(undecided(judged(REQUIRE, unread.clone(), vec![])), denial().to_string());
    assert!(passed(judged(ALLOW, unread, vec![])).contains("not all was readable: GetThing was denied"));
    let silent = described(|answer| answer.termination_protection = Observed::Absent);
    assert!(undecided(judged(FORBID, silent, vec![])).starts_with("DescribeStacks answered without EnableTermination"));
    let group = guarded(Observed::Unknown(denial()));
    assert_eq!(undecided(judged(NOTHING_RETAINED, going(), vec![group])), denial().to_string());
    assert!(
        failed(judged(NOTHING_RETAINED, protected(), vec![guarded(Observed::Present(Switch::Off))]))
            .starts_with("termination")
    );
}

#[test]
fn a_blocker_whose_fate_is_not_known_is_an_error() {
    let mut stack = going();
    stack.processed = denied();
    let others = vec![locked(ObjectLock::Compliance)];
    assert_eq!(undecided(judged(NOTHING_RETAINED, stack.clone(), others.clone())), denial().to_string());
    stack.processed = seen({
        let mut template = template();
        template.resources.get_mut("Bucket").unwrap().deletion_policy =
            Observed::Present(Attribute::NotLiteral("Ref".into()));
        template
    });
    assert!(undecided(judged(NOTHING_RETAINED, stack, others)).starts_with("DeletionPolicy is `Ref`"));
}

#[test]
fn a_database_whose_protection_is_not_read_is_an_error_unless_another_part_decides() {
    let mut stack = stack();
    stack.members = seen(vec![member("Db", "AWS::RDS::DBCluster", "db", "CREATE_COMPLETE")]);
    let text = "deletion protection of AWS::RDS::DBCluster Db was not read in this run";
    assert_eq!(undecided(judged(FORBID, stack.clone(), vec![])), text);
    assert_eq!(
        failed(judged(REQUIRE, stack.clone(), vec![])),
        format!("termination protection of the stack is off | not all was readable: {text}")
    );
    assert!(passed(judged(ALLOW, stack, vec![])).contains(text));
}

const BALANCER: &str = "arn:aws:elasticloadbalancing:us-east-2:123456789012:loadbalancer/app/alb-dev/1";

fn with_balancer(protection: Seen<Switch>) -> (Stack, Subject) {
    let mut stack = going();
    let kind = "AWS::ElasticLoadBalancingV2::LoadBalancer";
    stack.members = seen(vec![member("Balancer", kind, BALANCER, "CREATE_COMPLETE")]);
    let mut processed = template();
    processed.resources.insert("Balancer".into(), template_resource(kind));
    stack.processed = seen(processed);
    let balancer = LoadBalancer { deletion_protection: protection, ..LoadBalancer::unknown(&denial()) };
    (stack, subject(Kind::LoadBalancer, BALANCER, Resource::LoadBalancer(Box::new(balancer))))
}

#[test]
fn a_protected_load_balancer_blocks_and_one_of_which_nothing_was_seen_may() {
    let judged_with = |params: &str, protection| {
        let (stack, balancer) = with_balancer(protection);
        judged(params, stack, vec![balancer])
    };
    assert!(failed(judged_with(FORBID, seen(Switch::On))).starts_with("deletion protection of AWS::ElasticLoad"));
    assert!(passed(judged_with(FORBID, seen(Switch::Off))).contains("loadbalancer/app/alb-dev/1 is off"));
    assert_eq!(judged_with(FORBID, denied()), Err(denial()));
    assert!(undecided(judged_with(FORBID, not_set())).contains("without deletion_protection.enabled"));
    assert!(passed(judged_with(ALLOW, seen(Switch::On))).contains("loadbalancer/app/alb-dev/1 is on"));
    let (stack, _) = with_balancer(seen(Switch::Off));
    assert!(undecided(judged(FORBID, stack, vec![])).ends_with("Balancer was not read in this run"));
}

fn with_database(cluster: Observed<Switch>, instance: Observed<Switch>) -> (Stack, Subject) {
    let mut stack = going();
    stack.members = seen(vec![
        member("Db", "AWS::RDS::DBCluster", "tap-db", "CREATE_COMPLETE"),
        member("One", "AWS::RDS::DBInstance", "db-1", "CREATE_COMPLETE"),
        member("Subnets", "AWS::RDS::DBSubnetGroup", "tap-db-subnets", "CREATE_COMPLETE"),
    ]);
    let mut processed = template();
    processed.resources.insert("Db".into(), template_resource("AWS::RDS::DBCluster"));
    stack.processed = seen(processed);
    let mut database = databases::with(|described| described.deletion_protection = cluster);
    let mut one = databases::instance("db-1", "us-east-2a");
    one.deletion_protection = instance;
    database.instances = seen(vec![one]);
    (stack, subject(Kind::Database, "tap-db", Resource::Database(Box::new(database))))
}

#[test]
fn a_protected_cluster_or_instance_blocks_where_it_is_forbidden() {
    let judged_with = |params: &str, cluster, instance| {
        let (stack, database) = with_database(cluster, instance);
        judged(params, stack, vec![database])
    };
    let (on, off) = (|| Observed::Present(Switch::On), || Observed::Present(Switch::Off));
    assert!(failed(judged_with(FORBID, on(), off())).starts_with("deletion protection of AWS::RDS::DBCluster"));
    assert!(failed(judged_with(FORBID, off(), on())).starts_with("deletion protection of instance db-1 of AWS::RDS"));
    assert!(
        passed(judged_with(FORBID, off(), off())).contains("deletion protection of AWS::RDS::DBCluster tap-db is off")
    );
    assert_eq!(judged_with(FORBID, Observed::Unknown(denial()), off()), Err(denial()));
    assert!(undecided(judged_with(FORBID, Observed::Absent, off())).contains("without DBCluster.DeletionProtection"));
}

#[test]
fn each_cluster_has_to_be_protected_where_that_is_required() {
    let judged_with = |cluster| {
        let (mut stack, database) = with_database(cluster, Observed::Present(Switch::Off));
        stack.description = protected().description;
        judged(REQUIRE, stack, vec![database])
    };
    assert!(passed(judged_with(Observed::Present(Switch::On))).contains("DBCluster tap-db is on"));
    assert!(failed(judged_with(Observed::Present(Switch::Off))).starts_with("deletion protection of AWS::RDS::DB"));
    assert_eq!(judged_with(Observed::Unknown(denial())), Err(denial()));
}

#[test]
fn a_stack_of_which_nothing_was_seen_is_an_error_in_every_mode() {
    for mode in ["", FORBID, ALLOW, REQUIRE] {
        assert_eq!(undecided(judged(mode, Stack::unknown(&denial()), vec![])), denial().to_string(), "{mode}");
    }
    let mut evidence = of(Stack::unknown(&denial()), vec![]);
    evidence.run.environment_suffix = Some("prod".into());
    assert_eq!(undecided(judge(ID, &evidence)), denial().to_string());
}
