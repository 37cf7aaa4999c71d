use serde_json::{Value, json};

use crate::cloudtrail::Trail;
use crate::cloudtrail::fixture as trails;
use crate::evidence::{Account, Evidence};
use crate::fixture::*;
use crate::iam::fixture as roles;
use crate::iam::{self};
use crate::logs::{Description, LogGroup, Subscription};
use crate::observed::Observed::{self, Absent, Present};
use crate::observed::Seen;
use crate::s3::{Bucket, ObjectLock, Switch};
use crate::subject::{Kind, Resource, Role, Subject};
use crate::verdict::Judgement;

const ID: &str = "logs-tamper-resistant";
const GROUP: &str = "/healthcare/audit";
const ARN: &str = "arn:aws:logs:us-east-2:123456789012:log-group:/healthcare/audit";

fn group(protection: Observed<Switch>, destinations: &[&str]) -> LogGroup {
    let description = Description {
        arn: Present(ARN.into()),
        retention_days: Absent,
        retention_policy: Absent,
        kms_key: Absent,
        class: Absent,
        deletion_protection: protection,
        created_at: Absent,
    };
    let subscription = |arn: &&str| Subscription { name: "copy".into(), destination: Present((*arn).into()) };
    LogGroup {
        description: seen(description),
        subscriptions: seen(destinations.iter().map(subscription).collect()),
        ..LogGroup::unknown(&denial())
    }
}

fn bucket(lock: Seen<ObjectLock>) -> Subject {
    let bucket = Bucket { object_lock: lock, ..Bucket::unknown(&denial()) };
    subject(Kind::Bucket, "trail-logs", Resource::Bucket(Box::new(bucket)))
}

/// A group beside one role, the account's trails and the trail's bucket.
struct Case {
    group: LogGroup,
    role: iam::Role,
    trails: Seen<Vec<Trail>>,
    lock: Seen<ObjectLock>,
}

fn case() -> Case {
    Case { group: group(Absent, &[]), role: roles::role(), trails: seen(vec![trails::trail("audit")]), lock: not_set() }
}

impl Case {
    fn evidence(self) -> Evidence {
        let account = Account { trails: self.trails, ..Account::unknown(&denial()) };
        evidence(vec![
            roles::stack(&[("Role", "AWS::IAM::Role")]),
            subject(Kind::Account, ACCOUNT, Resource::Account(Box::new(account))),
            bucket(self.lock),
            subject(Kind::LogGroup, GROUP, Resource::LogGroup(Box::new(self.group))),
            roles::subject(self.role),
        ])
    }

    fn judged(self) -> Judgement {
        judge(ID, &self.evidence())
    }
}

/// No trail validates its files, so that another copy has to be found.
fn unvalidated() -> Seen<Vec<Trail>> {
    seen(vec![Trail { validation: Present(Switch::Off), ..trails::trail("audit") }])
}

fn with(statements: Value) -> Case {
    Case { role: roles::inline(roles::role(), "logs", statements), ..case() }
}

#[test]
fn a_validated_trail_and_a_role_that_only_writes_are_resistant_and_not_proof() {
    let text = passed(with(json!({ "Effect": "Allow", "Action": "logs:PutLogEvents", "Resource": "*" })).judged());
    assert!(text.starts_with("resistant: no role may tamper with it; trail audit validates its log files"), "{text}");
    assert!(text.contains("not of what applications log") && text.contains("resistant and not proof (J30)"), "{text}");
}

#[test]
fn a_role_that_may_tamper_fails_with_action_and_statement() {
    let text = failed(
        with(json!([
            { "Sid": "Tidy", "Effect": "Allow", "Action": "logs:Delete*", "Resource": format!("{ARN}:*") },
            { "Effect": "Allow", "Action": "cloudtrail:StopLogging", "Resource": trails::arn("audit") },
        ]))
        .judged(),
    );
    let told = "role processor may call logs:DeleteLogGroup, logs:DeleteLogStream, logs:DeleteRetentionPolicy, \
                logs:DeleteSubscriptionFilter, logs:DeleteMetricFilter by statement 1 (Tidy) of inline policy logs; role \
                processor may call cloudtrail:StopLogging by statement 2 of inline policy logs";
    assert!(text.starts_with(told), "{text}");
}

#[test]
fn the_right_over_other_groups_and_other_trails_is_not_looked_at() {
    passed(
        with(json!([
            { "Effect": "Allow", "Action": "logs:*", "Resource": "arn:aws:logs:us-east-2:123456789012:log-group:/other:*" },
            { "Effect": "Allow", "Action": "cloudtrail:*", "Resource": trails::arn("other") },
        ]))
        .judged(),
    );
}

#[test]
fn a_deny_cures_and_a_condition_that_can_be_met_does_not() {
    let everything = json!({ "Effect": "Allow", "Action": "*", "Resource": "*" });
    let deny = json!({ "Effect": "Deny", "Action": ["logs:Delete*", "logs:Put*", "logs:Disassociate*", "cloudtrail:*"], "Resource": "*" });
    passed(with(json!([everything, deny])).judged());
    let with_mfa = json!({ "Effect": "Allow", "Action": "logs:*", "Resource": "*", "Condition": { "Bool": { "aws:MultiFactorAuthPresent": "true" } } });
    failed(with(with_mfa).judged());
}

#[test]
fn a_boundary_is_only_noted() {
    let mut tampering = with(json!({ "Effect": "Allow", "Action": "logs:*", "Resource": "*" }));
    tampering.role.boundary = seen("arn:aws:iam::123456789012:policy/edge".into());
    let text = failed(tampering.judged());
    assert!(text.contains("the permissions boundary of role processor was not judged"), "{text}");
}

#[test]
fn policies_that_were_not_read_may_deny_or_allow() {
    let mut unread = with(json!({ "Effect": "Allow", "Action": "logs:*", "Resource": "*" }));
    unread.role.attached_policies = denied();
    assert_eq!(unread.judged(), Err(denial()));
    let mut strange = case();
    strange.role.path = denied();
    assert_eq!(strange.judged(), Err(denial()));
}

#[test]
fn roles_of_services_are_left_out_and_roles_that_are_gone_too() {
    let mut linked = with(json!({ "Effect": "Allow", "Action": "logs:*", "Resource": "*" }));
    linked.role.path = seen("/aws-service-role/config.amazonaws.com/".into());
    passed(linked.judged());
    let mut gone = with(json!({ "Effect": "Allow", "Action": "logs:*", "Resource": "*" })).evidence();
    gone.subjects[4].existence = seen(crate::subject::Existence::Missing);
    assert!(passed(judge(ID, &gone)).starts_with("resistant: the stack has no role"));
}

#[test]
fn without_any_copy_it_fails_and_each_kind_is_named() {
    let text = failed(Case { trails: unvalidated(), ..case() }.judged());
    for part in [
        "trail audit does not validate its log files",
        "bucket trail-logs of the audit trail has no default retention",
        "no subscription sends its events to another account",
        "log group /healthcare/audit is not protected against deletion",
    ] {
        assert!(text.contains(part), "{text}");
    }
    assert!(failed(Case { trails: seen(Vec::new()), ..case() }.judged()).contains("there is no audit trail"));
}

#[test]
fn a_locked_bucket_is_a_copy_and_lock_without_a_default_is_none() {
    let with_lock = |lock| Case { trails: unvalidated(), lock: seen(lock), ..case() }.judged();
    assert!(passed(with_lock(ObjectLock::Compliance)).contains("locks each file in mode COMPLIANCE"));
    assert!(passed(with_lock(ObjectLock::Governance)).contains("s3:BypassGovernanceRetention"));
    failed(with_lock(ObjectLock::NoDefault));
}

#[test]
fn a_subscription_of_another_account_is_a_copy_and_one_of_the_own_is_none() {
    let to = |arn: &str| Case { trails: unvalidated(), group: group(Absent, &[arn]), ..case() }.judged();
    let text = passed(to("arn:aws:logs:us-east-2:999999999999:destination:archive"));
    assert!(text.contains("subscription copy sends its events to account 999999999999"), "{text}");
    assert!(failed(to("arn:aws:kinesis:us-east-2:123456789012:stream/own")).contains("stays in this account"));
}

#[test]
fn deletion_protection_of_every_group_is_a_copy_where_the_stack_may_have_it() {
    let protected = || Case { trails: unvalidated(), group: group(Present(Switch::On), &[]), ..case() }.evidence();
    let allow = "deletion_protection = \"allow\"";
    assert!(passed(judge_with(ID, allow, &protected())).contains("every log group is protected against deletion"));
    let text = failed(judge_with(ID, "deletion_protection = \"forbid\"", &protected()));
    assert!(text.contains("does not count where the stack has to be destroyable (J2)"), "{text}");
    let mut production = protected();
    production.run.environment_suffix = Some("prod-eu".into());
    passed(judge(ID, &production));
    let mut beside = protected();
    beside.subjects.push(subject(Kind::LogGroup, "/other", Resource::LogGroup(Box::new(group(Absent, &[])))));
    assert!(failed(judge_with(ID, allow, &beside)).contains("log group /other is not protected"));
    beside.subjects[5].role = Role::External;
    passed(judge_with(ID, allow, &beside));
}

#[test]
fn a_copy_that_could_not_be_read_leaves_it_open_unless_another_is_proved() {
    let mut unread = group(Absent, &[]);
    unread.subscriptions = denied();
    assert_eq!(Case { trails: unvalidated(), group: unread.clone(), ..case() }.judged(), Err(denial()));
    passed(Case { group: unread, ..case() }.judged());
    assert_eq!(Case { trails: denied(), ..case() }.judged(), Err(denial()));
}

#[test]
fn actions_of_other_services_are_refused() {
    let text = undecided(judge_with(ID, "tamper_actions = [\"kms:DisableKey\"]", &case().evidence()));
    assert_eq!(text, "tamper_actions names `kms:DisableKey`, and only actions of logs and cloudtrail can be judged");
}

#[test]
fn a_listing_that_was_not_read_may_hold_further_roles() {
    let mut evidence = case().evidence();
    if let Resource::Stack(stack) = &mut evidence.subjects[0].resource {
        stack.members = denied();
    }
    assert_eq!(judge(ID, &evidence), Err(denial()));
}
