//! Whether resources can be told apart for compliance by their tags at all, whatever the keys.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{plain, untaggable};
use crate::check::Context;
use crate::cloudformation::{Member, Stack};
use crate::cloudtrail::{called, is_called};
use crate::evidence::Account;
use crate::observed::{Gap, Observed};
use crate::requirement::Severity;
use crate::subject::{Kind, Resource};
use crate::verdict::{Judgement, Verdict, every};

/// The kinds whose tags are read; trails stand with the account.
pub(super) const TRACKED: [Kind; 6] = [Kind::Account, Kind::Key, Kind::LogGroup, Kind::Role, Kind::Topic, Kind::Alarm];

const TRAIL: &str = "AWS::CloudTrail::Trail";

/// Parameters of `tag-compliance-tracking`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tracking {
    required_tags: BTreeSet<String>,
    any_tag: bool,
}

/// The keys that are asked for where nobody names any: those of the client's patient data.
const DEFAULT: [&str; 3] = ["ComplianceScope", "DataClassification", "Environment"];

const DEFAULT_NOTE: &str =
    "the client's text asks for tags and names no keys: the key list is the auditor's default (J13)";

impl Tracking {
    fn is_default(&self) -> bool {
        self.required_tags.iter().map(String::as_str).eq(DEFAULT)
    }

    fn expected(&self) -> String {
        if self.any_tag {
            return "at least one tag".to_owned();
        }
        let keys: Vec<String> = self.required_tags.iter().map(|key| format!("`{key}`")).collect();
        format!("the tags {}, each with a value", keys.join(", "))
    }
}

/// No tags at all is an answer, and it fails.
pub(super) fn tracking(params: &Tracking, context: &Context<'_>) -> Judgement {
    if let Resource::Account(account) = &context.subject.resource {
        return trails(account, params, context);
    }
    if let Some(reason) = untaggable(context)? {
        return Ok(Verdict::not_applicable(reason));
    }
    let Some(tags) = context.subject.tags() else {
        return Err(Gap::undecided(format!("tags of {} are not read", context.subject.kind)));
    };
    Ok(judged(tags.seen()?, params))
}

fn judged(tags: Option<&BTreeMap<String, String>>, params: &Tracking) -> Verdict {
    let own: BTreeMap<&str, &str> = tags
        .into_iter()
        .flatten()
        .filter(|(key, _)| !key.starts_with("aws:"))
        .map(|(key, value)| (key.as_str(), value.trim()))
        .collect();
    if own.is_empty() {
        let verdict = Verdict::not_satisfied("no tags", params.expected());
        return if params.is_default() && !params.any_tag { verdict.noting(DEFAULT_NOTE) } else { verdict };
    }
    if params.any_tag {
        let keys: Vec<String> = own.keys().map(|key| format!("`{key}`")).collect();
        return Verdict::satisfied(format!("tagged with {}", keys.join(", ")));
    }
    let has = |key: &&String| own.get(key.as_str()).is_some_and(|value| !value.is_empty());
    let missing: Vec<&String> = params.required_tags.iter().filter(|key| !has(key)).collect();
    if missing.is_empty() {
        let keys: Vec<String> = params.required_tags.iter().map(|key| format!("`{key}`")).collect();
        return Verdict::satisfied(format!("the tags {} are set", keys.join(", ")));
    }
    let told: Vec<String> = missing
        .iter()
        .map(|key| match own.get(key.as_str()) {
            Some(_) => format!("the tag `{key}` is empty"),
            None => format!("no tag `{key}`"),
        })
        .collect();
    let mut verdict = Verdict::not_satisfied(told.join(", "), params.expected());
    let near = |other: &&str| missing.iter().any(|key| key.as_str() != *other && plain(key) == plain(other));
    let near: Vec<String> = own.keys().copied().filter(near).map(|key| format!("`{key}`")).collect();
    if !near.is_empty() {
        verdict = verdict
            .noting(format!("{} is a near miss: tag keys are case-sensitive and compared whole", near.join(", ")));
    }
    if params.is_default() {
        // A tagged resource can be told apart; only by which keys is the auditor's guess.
        let reason = "The resource has tags, and the key list is the auditor's default, not the client's.";
        return verdict.noting(DEFAULT_NOTE).lowered_to(Severity::Low, reason);
    }
    verdict
}

/// Only the stack's own trails are judged; those of the account are others' to tag.
fn trails(account: &Account, params: &Tracking, context: &Context<'_>) -> Judgement {
    let mut members: Vec<&Member> = Vec::new();
    for (_, stack) in context.evidence.all::<Stack>() {
        members.extend(stack.members.required("ListStackResources", "StackResourceSummaries")?);
    }
    let live: Vec<&Member> = members.into_iter().filter(|member| member.is_live()).collect();
    let parts = live.iter().filter(|member| member.kind == TRAIL).map(|member| trail(member, account, params));
    let verdict = every(parts, || {
        if live.is_empty() {
            return Err(Gap::undecided("no member of a stack is known"));
        }
        Ok(Verdict::not_applicable("the stack holds no trail of its own"))
    })?;
    let unread: BTreeSet<&str> =
        live.iter().map(|member| member.kind.as_str()).filter(|kind| !is_tracked(kind)).collect();
    Ok(if unread.is_empty() {
        verdict
    } else {
        let kinds: Vec<&str> = unread.into_iter().collect();
        verdict.noting(format!("types of the stack whose tags, if they have any, are not read: {}", kinds.join(", ")))
    })
}

fn trail(member: &Member, account: &Account, params: &Tracking) -> Judgement {
    let Observed::Present(id) = &member.physical_id else {
        return Err(Gap::undecided(format!("the stack names no trail for {}", member.logical_id)));
    };
    let trails = account.trails.required("DescribeTrails", "trailList")?;
    let Some(trail) = trails.iter().find(|trail| is_called(trail, id)) else {
        return Err(Gap::undecided(format!(
            "the stack lists trail {id}, which DescribeTrails does not answer; run again"
        )));
    };
    Ok(judged(trail.tags.seen()?, params).about(&format!("trail {}:", called(trail))))
}

fn is_tracked(kind: &str) -> bool {
    kind == TRAIL
        || kind == "AWS::CloudFormation::Stack"
        || kind == "AWS::CloudWatch::CompositeAlarm"
        || TRACKED.iter().any(|tracked| tracked.name() == kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudformation::fixture::{member, stack, subject_of};
    use crate::cloudtrail::Trail;
    use crate::cloudtrail::fixture as trails;
    use crate::evidence::Evidence;
    use crate::fixture::*;
    use crate::observed::Seen;
    use crate::subject::{self, Subject};
    use crate::verdict::Weight;
    use crate::{cloudwatch, iam, logs, sns};

    const ID: &str = "tag-compliance-tracking";

    fn map(tags: &[(&str, &str)]) -> Seen<BTreeMap<String, String>> {
        seen(tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect())
    }

    fn group(tags: Seen<BTreeMap<String, String>>) -> Evidence {
        let group = logs::LogGroup { tags, ..logs::LogGroup::unknown(&denial()) };
        evidence(vec![subject(Kind::LogGroup, "/audit", Resource::LogGroup(Box::new(group)))])
    }

    const ALL: [(&str, &str); 3] =
        [("Environment", "dev"), ("DataClassification", "PHI"), ("ComplianceScope", "HIPAA")];

    fn severity(judgement: &Judgement) -> Option<Severity> {
        match judgement {
            Ok(Verdict::NotSatisfied { weight: Weight::Lowered(lowered), .. }) => Some(lowered.severity),
            Ok(Verdict::NotSatisfied { .. }) => None,
            other => panic!("expected a failure, found {other:?}"),
        }
    }

    #[test]
    fn all_keys_of_the_list_pass() {
        let text = passed(judge(ID, &group(map(&ALL))));
        assert_eq!(text, "the tags `ComplianceScope`, `DataClassification`, `Environment` are set");
    }

    #[test]
    fn one_key_less_fails_and_matters_little_while_the_list_is_a_default() {
        let judgement = judge(ID, &group(map(&ALL[..2])));
        assert_eq!(severity(&judgement), Some(Severity::Low));
        assert_eq!(
            failed(judgement),
            "no tag `ComplianceScope` | the client's text asks for tags and names no keys: the key list is the auditor's \
             default (J13)"
        );
        let own = "required_tags = [\"Owner\"]";
        let judgement = judge_with(ID, own, &group(map(&ALL)));
        assert_eq!(severity(&judgement), None);
        assert_eq!(failed(judgement), "no tag `Owner`");
    }

    #[test]
    fn no_tags_at_all_fail_as_the_requirement_says_and_system_tags_are_none() {
        for tags in [not_set(), map(&[]), map(&[("aws:cloudformation:stack-name", "s")])] {
            let judgement = judge(ID, &group(tags.clone()));
            assert_eq!(severity(&judgement), None);
            assert!(failed(judgement).starts_with("no tags | the client's text"));
            assert_eq!(failed(judge_with(ID, "any_tag = true", &group(tags))), "no tags");
        }
    }

    #[test]
    fn any_tag_is_enough_where_the_profile_says_so() {
        let text = passed(judge_with(ID, "any_tag = true", &group(map(&[("Owner", "")]))));
        assert_eq!(text, "tagged with `Owner`");
    }

    #[test]
    fn an_empty_value_and_a_near_miss_are_told() {
        let tags = map(&[("Environment", " "), ("data-classification", "PHI"), ("ComplianceScope", "HIPAA")]);
        let text = failed(judge(ID, &group(tags)));
        assert!(text.starts_with("no tag `DataClassification`, the tag `Environment` is empty | "), "{text}");
        assert!(text.contains("`data-classification` is a near miss"), "{text}");
    }

    #[test]
    fn each_kind_that_is_tracked_is_read_and_a_denied_call_is_an_error() {
        let role = iam::Role { tags: map(&ALL), ..iam::Role::unknown(&denial()) };
        let mut topic = sns::Topic::unknown(&denial());
        topic.tags = map(&ALL);
        let mut alarm = cloudwatch::Alarm::unknown(&denial());
        alarm.tags = map(&ALL);
        for (kind, resource) in [
            (Kind::Role, Resource::Role(Box::new(role))),
            (Kind::Topic, Resource::Topic(Box::new(topic))),
            (Kind::Alarm, Resource::Alarm(Box::new(alarm))),
        ] {
            passed(judge(ID, &evidence(vec![subject(kind, "x", resource)])));
        }
        for kind in TRACKED {
            let unseen = subject(kind, "x", subject::unseen(kind, &denial()));
            let stack = subject_of(Stack::unknown(&denial()));
            assert_eq!(judge(ID, &evidence(vec![unseen, stack])), Err(denial()), "{kind}");
        }
    }

    fn beside(members: Vec<Member>, trails: Seen<Vec<Trail>>) -> Evidence {
        let account: Subject = trails::account(trails);
        evidence(vec![account, subject_of(Stack { members: seen(members), ..stack() })])
    }

    fn own_trail() -> Member {
        member("Trail", TRAIL, "audit", "CREATE_COMPLETE")
    }

    #[test]
    fn the_stacks_own_trail_is_judged_and_the_accounts_others_are_not() {
        let tagged = Trail { tags: map(&ALL), ..trails::trail("audit") };
        let others = Trail { tags: map(&[]), ..trails::trail("other") };
        let text = passed(judge(ID, &beside(vec![own_trail()], seen(vec![others.clone(), tagged]))));
        assert!(text.starts_with("trail audit: the tags `ComplianceScope`"), "{text}");
        let bare = Trail { tags: map(&[]), ..trails::trail("audit") };
        assert!(failed(judge(ID, &beside(vec![own_trail()], seen(vec![bare])))).starts_with("trail audit: no tags"));
        let dark = Trail { tags: denied(), ..trails::trail("audit") };
        assert_eq!(judge(ID, &beside(vec![own_trail()], seen(vec![dark]))), Err(denial()));
        assert!(undecided(judge(ID, &beside(vec![own_trail()], seen(vec![others])))).contains("does not answer"));
    }

    #[test]
    fn a_stack_without_a_trail_says_so_and_lists_what_is_not_read() {
        let members = vec![
            member("Board", "AWS::CloudWatch::Dashboard", "d", "CREATE_COMPLETE"),
            member("Key", "AWS::KMS::Key", "k", "CREATE_COMPLETE"),
            member("Gone", TRAIL, "gone", "DELETE_COMPLETE"),
        ];
        assert_eq!(
            not_applicable(judge(ID, &beside(members, denied()))),
            "the stack holds no trail of its own | types of the stack whose tags, if they have any, are not read: \
             AWS::CloudWatch::Dashboard"
        );
        assert!(undecided(judge(ID, &beside(Vec::new(), denied()))).contains("no member of a stack"));
    }
}
