//! CloudWatch Logs log groups: what is seen of them, and the checks of their requirements.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::check::{Check, Context};
use crate::kms::working;
use crate::observed::{Gap, Observed, Seen};
use crate::policy::model::PolicyText;
use crate::s3::Switch;
use crate::verdict::{Judgement, Verdict, every};

mod class;
mod kept;
pub(crate) mod pattern;
mod policy;
mod receiving;
mod tamper;

/// The checks of this file, in catalog order.
pub fn checks() -> Vec<Check> {
    vec![
        Check::across("logs-retention-90-days", retention),
        Check::across("logs-retention-min-90-days", kept::at_least),
        Check::across("logs-retention-set", kept::kept),
        Check::across("logs-kms-encrypted", encryption),
        Check::across("logs-tamper-resistant", tamper::resistant),
        Check::across("logs-searchable-class", class::searchable),
        Check::across("logs-not-public", policy::not_public),
        Check::across("logs-receiving-events", receiving::receiving),
    ]
}

/// What was seen of a log group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogGroup {
    /// What DescribeLogGroups answers of the group of exactly this name.
    pub description: Seen<Description>,
    /// When the newest event arrived, read only where the requirement is switched on; absent means that there is none.
    pub last_event: Seen<Timestamp>,
    /// The resource policies that hang on this group alone; an empty list means none.
    pub policies: Seen<Vec<PolicyText>>,
    /// Where its events are sent on to, read only where copies of the logs are asked for; an empty list means nowhere.
    pub subscriptions: Seen<Vec<Subscription>>,
    /// The functions that write to it, by name.
    pub writers: Vec<String>,
    /// Tags; absent means none.
    pub tags: Seen<BTreeMap<String, String>>,
}

/// What DescribeLogGroups answers of one group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    /// The ARN without the trailing `:*`.
    pub arn: Observed<String>,
    /// Days that events are kept; absent means that they never expire.
    pub retention_days: Observed<i32>,
    /// The account-level policy that sets the days; absent means that the group's own setting rules.
    pub retention_policy: Observed<String>,
    /// The key, as written; absent means service-owned encryption only, which is encryption all the same.
    pub kms_key: Observed<String>,
    /// The class; absent means standard.
    pub class: Observed<LogClass>,
    /// Whether the group is protected against deletion; absent means off.
    pub deletion_protection: Observed<Switch>,
    /// When it was made.
    pub created_at: Observed<Timestamp>,
}

/// A subscription filter: a place that the events of a group are sent on to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// Its name.
    pub name: String,
    /// The ARN of the stream, function or destination; CloudWatch Logs always answers it.
    pub destination: Observed<String>,
}

/// A metric filter: what it looks for in a log group, and the metrics that it counts in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricFilter {
    /// Its name, unique within its log group.
    pub name: String,
    /// The log group that it reads.
    pub group: String,
    /// Its pattern as written; an empty one matches every event. CloudWatch always answers it.
    pub pattern: Observed<String>,
    /// The metrics that it emits.
    pub metrics: Vec<FilterMetric>,
    /// The settings by which more than the pattern decides what it counts, and where, as CloudWatch names them; an empty
    /// list means that the pattern alone does.
    pub beyond_pattern: Vec<String>,
}

/// A metric that a filter emits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FilterMetric {
    /// The metric's namespace.
    pub namespace: String,
    /// The metric's name.
    pub name: String,
    /// The value that one matching event adds: a number, or a field of the event.
    pub value: String,
    /// The dimensions, by name, with the field of the event that gives the value; none where the map is empty.
    pub dimensions: BTreeMap<String, String>,
    /// What it emits for a minute in which events came in and none matched; absent means nothing.
    pub default_value: Observed<f64>,
    /// The unit of its values; absent means none.
    pub unit: Observed<String>,
}

/// The class of a log group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LogClass {
    /// Everything works.
    Standard,
    /// Cheaper, without metric and subscription filters.
    InfrequentAccess,
    /// It can be queried, and takes no metric or subscription filters.
    Essentials,
    /// Delivery only: kept about a day whatever the retention says.
    Delivery,
}

impl LogGroup {
    /// The evidence of a log group of which nothing could be seen.
    pub fn unknown(gap: &Gap) -> Self {
        LogGroup {
            description: Seen::gap(gap.clone()),
            last_event: Seen::gap(gap.clone()),
            policies: Seen::gap(gap.clone()),
            subscriptions: Seen::gap(gap.clone()),
            writers: Vec::new(),
            tags: Seen::gap(gap.clone()),
        }
    }
}

const DESCRIBE: &str = "DescribeLogGroups";

fn description(group: &LogGroup) -> Result<&Description, Gap> {
    group.description.required(DESCRIBE, "logGroups")
}

fn excluded(names: &[String], context: &Context<'_>) -> Option<Verdict> {
    let named = names.contains(&context.subject.id);
    named.then(|| Verdict::not_applicable("the log group is named in exclude_groups"))
}

/// Parameters of `logs-retention-90-days`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Retention {
    retention_days: i32,
    mode: RetentionMode,
    never_expires: NeverExpires,
    exclude_groups: Vec<String>,
}

/// How the number of days is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum RetentionMode {
    AtLeast,
    Exact,
}

/// What it means that events never expire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum NeverExpires {
    Fail,
    Pass,
}

impl Retention {
    fn accepts(&self, days: i32) -> bool {
        match self.mode {
            RetentionMode::AtLeast => days >= self.retention_days,
            RetentionMode::Exact => days == self.retention_days,
        }
    }

    fn expected(&self) -> String {
        match self.mode {
            RetentionMode::AtLeast => format!("a retention of at least {} days", self.retention_days),
            RetentionMode::Exact => format!("a retention of exactly {} days", self.retention_days),
        }
    }
}

/// No retention setting means that events never expire; it is neither zero nor the number that is asked for. A group
/// of class DELIVERY keeps events for about a day whatever its setting says.
fn retention(group: &LogGroup, params: &Retention, context: &Context<'_>) -> Judgement {
    let description = description(group)?;
    if let Some(verdict) = excluded(&params.exclude_groups, context) {
        return Ok(verdict);
    }
    match description.class.seen() {
        Ok(Some(LogClass::Delivery)) => Ok(Verdict::not_satisfied(
            "the log group is of class DELIVERY, which keeps events for about a day whatever the retention says",
            params.expected(),
        )),
        Ok(Some(LogClass::Standard | LogClass::InfrequentAccess | LogClass::Essentials) | None) => {
            kept(description, params)
        }
        Err(gap) => every([kept(description, params), Err(gap.clone())], || Err(gap)),
    }
}

fn kept(description: &Description, params: &Retention) -> Judgement {
    let days = description.retention_days.seen()?.copied();
    let verdict = match days {
        Some(days) if params.accepts(days) => Verdict::satisfied(format!("events expire after {days} days")),
        Some(days) => Verdict::not_satisfied(format!("events expire after {days} days"), params.expected()),
        None => never_expires(params),
    };
    Ok(match &description.retention_policy {
        Observed::Present(policy) => verdict.noting(format!(
            "the account's retention policy `{policy}` says so, which overrides the log group's own setting"
        )),
        Observed::Absent | Observed::Unknown(_) => verdict,
    })
}

fn never_expires(params: &Retention) -> Verdict {
    let observed = "events never expire";
    match (params.never_expires, params.mode) {
        (NeverExpires::Pass, RetentionMode::AtLeast) => {
            Verdict::satisfied(observed).noting("no period is configured; the parameter never_expires lets that do")
        }
        (NeverExpires::Pass, RetentionMode::Exact) | (NeverExpires::Fail, _) => {
            Verdict::not_satisfied(observed, params.expected())
                .noting("no event is lost early, but no retention period is configured, and one is asked for (J15)")
        }
    }
}

/// Parameters of `logs-kms-encrypted`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Encryption {
    mode: EncryptionMode,
    exclude_groups: Vec<String>,
    not_audit_trails: Vec<String>,
}

/// What a group without a key of its own gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum EncryptionMode {
    Advice,
    Require,
}

/// No key means a key that the service owns, never "unencrypted". A key that is named has to work, in either mode: with
/// a dead one the group takes no events.
fn encryption(group: &LogGroup, params: &Encryption, context: &Context<'_>) -> Judgement {
    let description = description(group)?;
    if let Some(verdict) = kept::no_audit_trail(&params.not_audit_trails, context)? {
        return Ok(verdict);
    }
    if let Some(verdict) = excluded(&params.exclude_groups, context) {
        return Ok(verdict);
    }
    let Some(reference) = description.kms_key.seen()? else {
        if let Some(verdict) = kept::made_by_api_gateway(context)? {
            return Ok(verdict);
        }
        let observed = "no KMS key is associated; events are encrypted with a key that the service owns";
        return Ok(match params.mode {
            EncryptionMode::Require => {
                kept::made_by_a_service(Verdict::not_satisfied(observed, working::EXPECTED), context)
            }
            EncryptionMode::Advice => Verdict::not_applicable(observed)
                .noting("advice: associate a customer managed key, because logs may hold patient data (J17)"),
        });
    };
    Ok(working::customers_own(reference, "the log group", context)?
        .noting("a key covers the events that came in after it was associated"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::evidence::Evidence;
    use crate::fixture::*;
    use crate::kms::{Key, KeyManager, KeyState, Metadata, Origin};
    use crate::lambda::Function;
    use crate::observed::Observed::{Absent, Present, Unknown};
    use crate::subject::{Existence, Kind, Resource, Subject};

    const NAME: &str = "/aws/lambda/patient-data-processor-pr1";
    const KEY: &str = "arn:aws:kms:us-east-2:123456789012:key/2f1c7e7e-2f2b-4c1e-9d3e-0a1b2c3d4e5f";

    fn described() -> Description {
        Description {
            arn: Present(format!("arn:aws:logs:us-east-2:{ACCOUNT}:log-group:{NAME}")),
            retention_days: Present(90),
            retention_policy: Absent,
            kms_key: Present(KEY.into()),
            class: Absent,
            deletion_protection: Absent,
            created_at: Present("2026-01-01T00:00:00Z".parse().unwrap()),
        }
    }

    fn group() -> LogGroup {
        LogGroup {
            description: seen(described()),
            last_event: seen("2026-11-01T11:00:00Z".parse().unwrap()),
            writers: vec!["f".into()],
            policies: seen(Vec::new()),
            subscriptions: seen(Vec::new()),
            tags: not_set(),
        }
    }

    fn with(change: impl FnOnce(&mut Description)) -> LogGroup {
        let mut description = described();
        change(&mut description);
        LogGroup { description: seen(description), ..group() }
    }

    fn key(state: Observed<KeyState>) -> Subject {
        let metadata = Metadata {
            arn: Present(KEY.into()),
            id: Absent,
            account: Present(ACCOUNT.into()),
            state,
            manager: Present(KeyManager::Customer),
            origin: Present(Origin::AwsKms),
            spec: Absent,
            usage: Absent,
            deletion_date: Absent,
            pending_window_days: Absent,
            multi_region: Absent,
        };
        let key =
            Key { metadata: seen(metadata), named_by: BTreeSet::from([KEY.to_owned()]), ..Key::unknown(&denial()) };
        subject(Kind::Key, "2f1c7e7e-2f2b-4c1e-9d3e-0a1b2c3d4e5f", Resource::Key(Box::new(key)))
    }

    fn function(invocations: Seen<u64>) -> Subject {
        let function = Function { recent_invocations: invocations, ..Function::unknown(&denial()) };
        subject(Kind::Function, "f", Resource::Function(Box::new(function)))
    }

    fn beside(group: LogGroup, other: Subject) -> Evidence {
        evidence(vec![subject(Kind::LogGroup, NAME, Resource::LogGroup(Box::new(group))), other])
    }

    fn of(group: LogGroup) -> Evidence {
        beside(group, key(Present(KeyState::Enabled)))
    }

    fn kept(days: Observed<i32>) -> Evidence {
        of(with(|description| description.retention_days = days))
    }

    #[test]
    fn ninety_days_are_enough_and_eighty_nine_are_not() {
        assert_eq!(passed(judge("logs-retention-90-days", &kept(Present(90)))), "events expire after 90 days");
        assert_eq!(failed(judge("logs-retention-90-days", &kept(Present(89)))), "events expire after 89 days");
        assert_eq!(passed(judge("logs-retention-90-days", &kept(Present(365)))), "events expire after 365 days");
    }

    #[test]
    fn in_exact_mode_a_longer_retention_fails_too() {
        let exact = "mode = \"exact\"";
        assert_eq!(
            failed(judge_with("logs-retention-90-days", exact, &kept(Present(120)))),
            "events expire after 120 days"
        );
        passed(judge_with("logs-retention-90-days", exact, &kept(Present(90))));
        let lenient = "mode = \"exact\"\nnever_expires = \"pass\"";
        failed(judge_with("logs-retention-90-days", lenient, &kept(Absent)));
    }

    #[test]
    fn events_that_never_expire_fail_with_the_reason_unless_that_is_accepted() {
        assert_eq!(
            failed(judge("logs-retention-90-days", &kept(Absent))),
            "events never expire | no event is lost early, but no retention period is configured, and one is asked for \
             (J15)"
        );
        assert_eq!(
            passed(judge_with("logs-retention-90-days", "never_expires = \"pass\"", &kept(Absent))),
            "events never expire | no period is configured; the parameter never_expires lets that do"
        );
    }

    #[test]
    fn the_delivery_class_fails_whatever_the_retention_says() {
        let delivery = of(with(|description| description.class = Present(LogClass::Delivery)));
        assert_eq!(
            failed(judge("logs-retention-90-days", &delivery)),
            "the log group is of class DELIVERY, which keeps events for about a day whatever the retention says"
        );
        for class in [LogClass::Standard, LogClass::InfrequentAccess, LogClass::Essentials] {
            passed(judge("logs-retention-90-days", &of(with(|description| description.class = Present(class)))));
        }
    }

    #[test]
    fn an_unknown_class_keeps_a_long_retention_from_passing_and_a_short_one_fails_all_the_same() {
        let gap =
            Gap::Unrecognised { operation: DESCRIBE.into(), field: "logGroupClass".into(), token: "GLACIAL".into() };
        let unknown = of(with(|description| description.class = Unknown(gap.clone())));
        assert!(undecided(judge("logs-retention-90-days", &unknown)).contains("answered `GLACIAL` in logGroupClass"));
        let short = of(with(|description| {
            description.class = Unknown(gap.clone());
            description.retention_days = Present(7);
        }));
        assert!(failed(judge("logs-retention-90-days", &short)).starts_with("events expire after 7 days | not all"));
    }

    #[test]
    fn a_retention_policy_of_the_account_is_named() {
        let by_policy = of(with(|description| description.retention_policy = Present("keep".into())));
        assert_eq!(
            passed(judge("logs-retention-90-days", &by_policy)),
            "events expire after 90 days | the account's retention policy `keep` says so, which overrides the log \
             group's own setting"
        );
    }

    #[test]
    fn an_excluded_group_is_left_out_by_its_whole_name() {
        let excluded = format!("exclude_groups = [\"{NAME}\"]");
        let other = "exclude_groups = [\"/aws/lambda\"]";
        for id in ["logs-retention-90-days", "logs-kms-encrypted"] {
            let text = not_applicable(judge_with(id, &excluded, &kept(Present(1))));
            assert_eq!(text, "the log group is named in exclude_groups");
        }
        failed(judge_with("logs-retention-90-days", other, &kept(Present(1))));
    }

    #[test]
    fn a_group_of_which_nothing_was_seen_is_never_judged() {
        let unseen = of(LogGroup::unknown(&denial()));
        for check in checks() {
            assert_eq!(judge(check.id, &unseen), Err(denial()), "{}", check.id);
        }
        assert_eq!(judge("logs-retention-90-days", &kept(Unknown(denial()))), Err(denial()));
    }

    #[test]
    fn a_group_with_an_enabled_customer_key_is_encrypted_as_asked() {
        assert_eq!(
            passed(judge("logs-kms-encrypted", &of(group()))),
            format!(
                "the customer manages the key `{KEY}`; it is Enabled | a key covers the events that came in after it \
                 was associated"
            )
        );
    }

    #[test]
    fn a_group_without_a_key_gets_advice_or_fails_and_is_never_called_unencrypted() {
        let bare = of(with(|description| description.kms_key = Absent));
        assert_eq!(
            not_applicable(judge("logs-kms-encrypted", &bare)),
            "no KMS key is associated; events are encrypted with a key that the service owns | advice: associate a \
             customer managed key, because logs may hold patient data (J17)"
        );
        assert_eq!(
            failed(judge_with("logs-kms-encrypted", "mode = \"require\"", &bare)),
            "no KMS key is associated; events are encrypted with a key that the service owns"
        );
    }

    #[test]
    fn a_key_that_does_not_work_fails_in_either_mode() {
        for state in [
            KeyState::Disabled,
            KeyState::PendingDeletion,
            KeyState::PendingReplicaDeletion,
            KeyState::PendingImport,
            KeyState::Unavailable,
        ] {
            let broken = beside(group(), key(Present(state)));
            for mode in ["mode = \"advice\"", "mode = \"require\""] {
                let text = failed(judge_with("logs-kms-encrypted", mode, &broken));
                assert!(text.starts_with(&format!("the key `{KEY}` is {}", state.name())), "{text}");
            }
        }
    }

    #[test]
    fn a_key_that_is_gone_fails_in_the_own_account_only() {
        let mut gone = beside(group(), key(Absent));
        gone.subjects[1].existence = seen(Existence::Missing);
        assert!(failed(judge("logs-kms-encrypted", &gone)).starts_with(&format!("the key `{KEY}` does not exist")));

        let missing = Gap::Missing { operation: "DescribeKey".into(), code: "NotFoundException".into() };
        let foreign = "arn:aws:kms:us-east-2:999999999999:key/2f1c7e7e";
        let mut unseen = Key::unknown(&missing);
        unseen.named_by.insert(foreign.into());
        let elsewhere = beside(
            with(|description| description.kms_key = Present(foreign.into())),
            subject(Kind::Key, "2f1c7e7e", Resource::Key(Box::new(unseen))),
        );
        assert!(undecided(judge("logs-kms-encrypted", &elsewhere)).contains("of another account was not found"));
    }

    #[test]
    fn a_key_that_could_not_be_described_or_is_changing_is_undecided() {
        let denied_key = Key { named_by: BTreeSet::from([KEY.to_owned()]), ..Key::unknown(&denial()) };
        let dark = beside(group(), subject(Kind::Key, "k", Resource::Key(Box::new(denied_key))));
        assert_eq!(judge("logs-kms-encrypted", &dark), Err(denial()));
        for state in [KeyState::Creating, KeyState::Updating] {
            assert!(undecided(judge("logs-kms-encrypted", &beside(group(), key(Present(state))))).contains("changing"));
        }
        let alone = beside(group(), function(denied()));
        assert!(undecided(judge("logs-kms-encrypted", &alone)).starts_with("nothing was seen of the key"));
    }
}
