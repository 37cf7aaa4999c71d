//! Whether what is logged can be searched and watched.

use super::{LogClass, LogGroup, description};
use crate::check::{Context, NoParams};
use crate::observed::Gap;
use crate::subject::Role;
use crate::verdict::{Judgement, Verdict};

const EXPECTED: &str = "no log group of class DELIVERY, and at least one of class STANDARD";

/// No class in an answer means STANDARD. A group of a cheaper class takes no metric filters; it is a failure only where no
/// group of the deployment takes any.
pub(super) fn searchable(group: &LogGroup, _params: &NoParams, context: &Context<'_>) -> Judgement {
    let class = class(group)?;
    match class {
        LogClass::Standard => Ok(Verdict::satisfied("class STANDARD: it can be searched and takes metric filters")),
        LogClass::Delivery => Ok(Verdict::not_satisfied(
            "class DELIVERY: it cannot be searched, and keeps events for about a day",
            EXPECTED,
        )),
        LogClass::InfrequentAccess | LogClass::Essentials => {
            let name = if class == LogClass::Essentials { "ESSENTIALS" } else { "INFREQUENT_ACCESS" };
            let observed = format!("class {name}: it can be searched and takes no metric filters");
            if beside_a_standard_one(context)? {
                Ok(Verdict::satisfied(observed).noting("no alarm can be set on what it holds"))
            } else {
                Ok(Verdict::not_satisfied(format!("{observed}, and no other group of the stack does"), EXPECTED))
            }
        }
    }
}

fn class(group: &LogGroup) -> Result<LogClass, Gap> {
    Ok(description(group)?.class.seen()?.copied().unwrap_or(LogClass::Standard))
}

fn beside_a_standard_one(context: &Context<'_>) -> Result<bool, Gap> {
    let mut gap = None;
    for (subject, group) in context.evidence.all::<LogGroup>() {
        if subject.role == Role::External || subject.id == context.subject.id {
            continue;
        }
        match class(group) {
            Ok(LogClass::Standard) => return Ok(true),
            Ok(LogClass::InfrequentAccess | LogClass::Essentials | LogClass::Delivery) => {}
            Err(found) => gap = gap.or(Some(found)),
        }
    }
    gap.map_or(Ok(false), Err)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Evidence;
    use crate::fixture::*;
    use crate::logs::Description;
    use crate::observed::Observed::{self, Absent, Present, Unknown};
    use crate::observed::Seen;
    use crate::subject::{Kind, Resource, Subject};

    const ID: &str = "logs-searchable-class";

    fn group(name: &str, class: Observed<LogClass>) -> Subject {
        let description = Description {
            arn: Absent,
            retention_days: Absent,
            retention_policy: Absent,
            kms_key: Absent,
            class,
            deletion_protection: Absent,
            created_at: Absent,
        };
        of(name, seen(description))
    }

    fn of(name: &str, description: Seen<Description>) -> Subject {
        let group = LogGroup { description, ..LogGroup::unknown(&denial()) };
        subject(Kind::LogGroup, name, Resource::LogGroup(Box::new(group)))
    }

    fn alone(class: Observed<LogClass>) -> Evidence {
        evidence(vec![group("g", class)])
    }

    #[test]
    fn the_standard_class_passes_and_is_meant_where_none_is_named() {
        for class in [Present(LogClass::Standard), Absent] {
            assert!(passed(judge(ID, &alone(class))).starts_with("class STANDARD"));
        }
    }

    #[test]
    fn a_delivery_group_fails_also_beside_a_standard_one() {
        failed(judge(ID, &alone(Present(LogClass::Delivery))));
        failed(judge(ID, &evidence(vec![group("g", Present(LogClass::Delivery)), group("h", Absent)])));
    }

    #[test]
    fn a_cheaper_class_is_a_remark_beside_a_standard_group_and_a_failure_without_one() {
        for class in [LogClass::InfrequentAccess, LogClass::Essentials] {
            let beside = evidence(vec![group("g", Present(class)), group("h", Absent)]);
            assert!(passed(judge(ID, &beside)).contains("no alarm can be set on what it holds"));
            failed(judge(ID, &alone(Present(class))));
            let mut stranger = group("h", Absent);
            stranger.role = Role::External;
            failed(judge(ID, &evidence(vec![group("g", Present(class)), stranger])));
        }
    }

    #[test]
    fn a_class_that_is_not_known_is_an_error_of_its_own_group_and_of_one_that_needs_it() {
        assert_eq!(judge(ID, &alone(Unknown(denial()))), Err(denial()));
        let unread = evidence(vec![group("g", Present(LogClass::Essentials)), of("h", denied())]);
        assert_eq!(judge(ID, &unread), Err(denial()));
    }
}
