//! The audit trail: which one it is, and whether it logs and delivers.

use serde::Deserialize;

use super::management::management;
use super::{DESCRIBE, Trail, called, delivers, is_logging, of_organization};
use crate::check::Context;
use crate::cloudformation::Stack;
use crate::evidence::{Account, Run};
use crate::observed::{Gap, Observed};
use crate::s3::Switch;
use crate::verdict::{Judgement, Verdict, every};

/// Parameters of `cloudtrail-logging-enabled`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Logging {
    trail_name: String,
    require_multi_region: bool,
    require_kms_events: bool,
    accept_event_data_store: bool,
}

/// Which trail is the audit trail, and what it has to do.
pub(crate) struct Wanted<'a> {
    pub(crate) name: &'a str,
    pub(crate) multi_region: bool,
    pub(crate) kms_events: bool,
}

/// The one trail that is judged.
pub(super) struct AuditTrail<'a> {
    pub(super) trail: &'a Trail,
    /// The other trails, by name.
    others: Vec<&'a str>,
    /// Why the stack's own trail could not be looked for, where it could not: then another may be the audit trail.
    pub(crate) stack_unread: Option<Gap>,
}

/// An empty list is an answer: no trail covers the region. Two trails that are good by half do not make one that is
/// good, so each is judged by itself.
pub(super) fn logging(account: &Account, params: &Logging, context: &Context<'_>) -> Judgement {
    let run = &context.evidence.run;
    let trails = account.trails.required(DESCRIBE, "trailList")?;
    let wanted = Wanted {
        name: &params.trail_name,
        multi_region: params.require_multi_region,
        kms_events: params.require_kms_events,
    };
    if let Some(chosen) = audit_trail(trails, &wanted, context)? {
        if let Some(gap) = chosen.stack_unread {
            return Err(gap);
        }
        let verdict = judged(chosen.trail, &wanted, run)?;
        return Ok(if chosen.others.is_empty() {
            verdict
        } else {
            verdict.noting(format!("other trails, which are not judged: {}", chosen.others.join(", ")))
        });
    }
    let observed = if !params.trail_name.is_empty() {
        format!("no trail that covers {} is called {}", run.region, params.trail_name)
    } else if trails.is_empty() {
        format!("no trail covers {}", run.region)
    } else {
        let reasons = trails.iter().map(|trail| match judged(trail, &wanted, run) {
            Ok(Verdict::NotSatisfied { observed, .. }) => observed,
            Ok(Verdict::Satisfied { .. } | Verdict::NotApplicable { .. }) | Err(_) => called(trail).to_owned(),
        });
        reasons.collect::<Vec<_>>().join("; ")
    };
    if params.accept_event_data_store {
        let unasked = || Gap::NotCollected { what: "event data stores were not asked for in this run".into() };
        let stores = account.event_data_stores.seen()?.ok_or_else(unasked)?;
        if !stores.is_empty() {
            return Err(Gap::undecided(format!(
                "{observed}; there are event data stores ({}), and what they record is not read: see in the console \
                 whether one of them takes in management events, or add a trail",
                stores.join(", ")
            )));
        }
    }
    Ok(Verdict::not_satisfied(observed, expected(&wanted))
        .noting("the 90 days of event history that every account has are no trail"))
}

fn expected(wanted: &Wanted<'_>) -> String {
    let scope = if wanted.multi_region { "every region" } else { "the region" };
    let kms = if wanted.kms_events { ", those of KMS included" } else { "" };
    format!(
        "one trail that covers {scope}, is logging, records reads and writes of management events{kms}, and delivers \
         its log files"
    )
}

/// Whether this is the trail's name or ARN.
pub(crate) fn is_called(trail: &Trail, name: &str) -> bool {
    let is = |seen: &Observed<String>| matches!(seen, Observed::Present(text) if text == name);
    is(&trail.name) || is(&trail.arn)
}

/// Picks the one trail that is judged: the named one; else the stack's; else the best of the account's that meet the
/// requirement. `None` means that there is none, and that each was read.
pub(super) fn audit_trail<'a>(
    trails: &'a [Trail],
    wanted: &Wanted<'_>,
    context: &Context<'_>,
) -> Result<Option<AuditTrail<'a>>, Gap> {
    let (of_stack, stack_unread) = trails_of_stack(context);
    let named: Vec<&Trail> = trails.iter().filter(|trail| is_called(trail, wanted.name)).collect();
    let stacks: Vec<&Trail> =
        trails.iter().filter(|trail| of_stack.iter().any(|name| is_called(trail, name))).collect();
    let (candidates, whatever_it_does) = match (wanted.name.is_empty(), stacks.is_empty()) {
        (false, _) => (named, true),
        (true, false) => (stacks, true),
        (true, true) => (trails.iter().collect(), false),
    };
    let audit_trail = |trail| AuditTrail {
        trail,
        others: trails.iter().filter(|other| !std::ptr::eq(*other, trail)).map(called).collect(),
        // Of a single trail it does not matter whose it is.
        stack_unread: if wanted.name.is_empty() && trails.len() > 1 { stack_unread } else { None },
    };
    if let (true, [only]) = (whatever_it_does, candidates.as_slice()) {
        return Ok(Some(audit_trail(only)));
    }
    let judged = candidates.into_iter().map(|trail| (trail, judged(trail, wanted, &context.evidence.run)));
    let mut judged: Vec<(&Trail, Judgement)> = judged.collect();
    let meets = |judgement: &Judgement| matches!(judgement, Ok(Verdict::Satisfied { .. }));
    let is_on = |switch: &Observed<Switch>| matches!(switch, Observed::Present(Switch::On));
    judged.sort_by_key(|(trail, judgement)| {
        let arn = match &trail.arn {
            Observed::Present(arn) => Some(arn.clone()),
            Observed::Absent | Observed::Unknown(_) => None,
        };
        let encrypted = matches!(trail.kms_key, Observed::Present(_));
        // `false` sorts first.
        (!meets(judgement), !is_on(&trail.multi_region), !is_on(&trail.validation), !encrypted, arn)
    });
    if !whatever_it_does && !judged.iter().any(|(_, judgement)| meets(judgement)) {
        // A trail that could not be read may be the good one.
        return match judged.into_iter().find_map(|(_, judgement)| judgement.err()) {
            Some(gap) => Err(gap),
            None => Ok(None),
        };
    }
    Ok(judged.into_iter().next().map(|(trail, _)| audit_trail(trail)))
}

/// Says that none of these trails, of which none meets the requirement, is the audit trail: the stack's own is, whatever
/// it does, and may be among them.
///
/// # Errors
/// The gap, where the stack's listing could not be read.
pub(super) fn none_is_the_stacks(trails: &[Trail], wanted: &Wanted<'_>, context: &Context<'_>) -> Result<(), Gap> {
    if trails.is_empty() || !wanted.name.is_empty() {
        return Ok(());
    }
    trails_of_stack(context).1.map_or(Ok(()), Err)
}

/// The names of the trails that the stack's listing holds, and the gap where it could not be read.
fn trails_of_stack(context: &Context<'_>) -> (Vec<String>, Option<Gap>) {
    let mut names = Vec::new();
    let mut unread = None;
    for (_, stack) in context.evidence.all::<Stack>() {
        if matches!(stack.identity.observed(), Observed::Absent) {
            // No stack, no trail of its own.
            continue;
        }
        match stack.members.seen() {
            Ok(Some(members)) => {
                let trails = members.iter().filter(|member| member.kind == "AWS::CloudTrail::Trail");
                names.extend(trails.filter_map(|member| match &member.physical_id {
                    Observed::Present(id) => Some(id.clone()),
                    Observed::Absent | Observed::Unknown(_) => None,
                }));
            }
            Ok(None) => {}
            Err(gap) => {
                unread.get_or_insert(gap);
            }
        }
    }
    (names, unread)
}

/// Judges one trail by itself.
fn judged(trail: &Trail, wanted: &Wanted<'_>, run: &Run) -> Judgement {
    let expected = expected(wanted);
    let mut parts =
        vec![covers(trail, run), is_logging(trail), delivers(trail, run), management(trail, wanted.kms_events)];
    if wanted.multi_region {
        parts.push(switched(
            &trail.multi_region,
            "IsMultiRegionTrail",
            "covers every region",
            "covers one region only",
        ));
        parts.push(switched(
            &trail.global_services,
            "IncludeGlobalServiceEvents",
            "records global services",
            "leaves global services out",
        ));
    }
    let verdict = every(parts, || Err(Gap::undecided("nothing of the trail was looked at")))
        .map_err(|gap| of_organization(trail, gap))?;
    Ok(verdict.about(&format!("trail {}", called(trail))).expecting(expected))
}

fn switched(switch: &Observed<Switch>, field: &'static str, on: &str, off: &str) -> Judgement {
    Ok(match switch.required(DESCRIBE, field)? {
        Switch::On => Verdict::satisfied(on),
        Switch::Off => Verdict::not_satisfied(off, on),
    })
}

/// A trail covers the region when it was made there or covers every region.
fn covers(trail: &Trail, run: &Run) -> Judgement {
    let region = &run.region;
    let observed = format!("covers {region}");
    if let Ok(Switch::On) = trail.multi_region.required(DESCRIBE, "IsMultiRegionTrail") {
        return Ok(Verdict::satisfied(observed));
    }
    let home = trail.home_region.required(DESCRIBE, "HomeRegion")?;
    if home != region {
        return Ok(match trail.multi_region.required(DESCRIBE, "IsMultiRegionTrail")? {
            Switch::On => Verdict::satisfied(observed),
            Switch::Off => Verdict::not_satisfied(format!("covers {home} only"), observed),
        });
    }
    let leading = match run.partition.as_str() {
        "aws" => Some("us-east-1"),
        "aws-cn" => Some("cn-north-1"),
        "aws-us-gov" => Some("us-gov-west-1"),
        _ => None,
    };
    Ok(match leading {
        Some(leading) if leading != region => Verdict::satisfied(observed).noting(format!(
            "a trail of {region} alone does not see the events of IAM, STS and sign-in that are recorded in {leading}"
        )),
        Some(_) | None => Verdict::satisfied(observed),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudformation::Member;
    use crate::cloudtrail::fixture::*;
    use crate::cloudtrail::{ReadWrite, TrailStatus, checks};
    use crate::fixture::*;
    use crate::observed::Observed::{Absent, Present, Unknown};
    use crate::observed::Seen;
    use crate::subject::{Kind, Resource, Subject};

    #[test]
    fn a_trail_that_logs_and_delivers_all_management_events_is_an_audit_trail() {
        assert_eq!(
            passed(judge(LOGGING, &of(vec![trail("audit")]))),
            "trail audit covers us-east-2; is logging; delivered a log file at 2026-11-01T11:55:00Z; records reads and \
             writes of management events"
        );
    }

    #[test]
    fn no_trail_at_all_fails_and_the_event_history_is_none() {
        let text = failed(judge(LOGGING, &of(Vec::new())));
        assert_eq!(
            text,
            "no trail covers us-east-2 | the 90 days of event history that every account has are no trail"
        );
        assert_eq!(
            not_applicable(judge(DATA, &of(Vec::new()))),
            "there is no audit trail; see cloudtrail-logging-enabled"
        );
    }

    #[test]
    fn trails_that_could_not_be_listed_are_an_error() {
        let dark = evidence(vec![account(denied()), bucket("patients")]);
        for check in checks() {
            assert_eq!(judge(check.id, &dark), Err(denial()), "{}", check.id);
            assert_eq!(judge_with(check.id, "trail_name = \"audit\"", &dark), Err(denial()), "{}", check.id);
        }
    }

    #[test]
    fn a_trail_that_is_not_logging_fails_both() {
        let status = TrailStatus { logging: Present(Switch::Off), delivered_at: Absent, ..status() };
        let stopped = of(vec![Trail { status: seen(status), ..trail("audit") }]);
        assert!(failed(judge(LOGGING, &stopped)).starts_with("trail audit is not logging"));
        assert!(failed(judge_with(DATA, "trail_name = \"audit\"", &stopped)).starts_with("trail audit is not logging"));
        assert!(not_applicable(judge(DATA, &stopped)).starts_with("there is no audit trail"));
    }

    #[test]
    fn a_delivery_error_stands_when_the_last_delivery_is_older_than_a_day() {
        let error = || Present("AccessDenied".to_owned());
        let at = |text: &str| Present(text.parse().unwrap());
        let recent = passed(judge(LOGGING, &reporting(error(), at("2026-10-31T12:00:00Z"))));
        assert!(recent.contains("| it reports the delivery error AccessDenied beside that"), "{recent}");
        let standing = failed(judge(LOGGING, &reporting(error(), at("2026-10-31T11:59:59Z"))));
        assert!(standing.starts_with("trail audit reports the delivery error AccessDenied"), "{standing}");
        assert!(failed(judge(LOGGING, &reporting(error(), Absent))).contains("has never delivered a log file"));
        assert_eq!(judge(LOGGING, &reporting(error(), Unknown(denial()))), Err(denial()));
        assert_eq!(judge(LOGGING, &reporting(Unknown(denial()), Absent)), Err(denial()));
    }

    #[test]
    fn no_delivery_error_passes_also_before_the_first_delivery() {
        for error in [Absent, Present(String::new())] {
            let text = passed(judge(LOGGING, &reporting(error, Absent)));
            assert!(text.ends_with("| it has not delivered a log file yet"), "{text}");
        }
    }

    #[test]
    fn a_last_delivery_of_more_than_a_day_ago_is_a_remark_without_an_error() {
        let last = |text: &str| passed(judge(LOGGING, &reporting(Absent, Present(text.parse().unwrap()))));
        let remark = "it has delivered no log file for more than a day, and no error says why";
        assert!(!last("2026-10-31T12:00:00Z").contains(remark));
        assert!(last("2026-10-31T11:59:59Z").contains(remark));
    }

    #[test]
    fn two_half_good_trails_are_no_good_trail() {
        let reads = Trail { selectors: seen(classic(Present(ReadWrite::ReadOnly), Absent, &[])), ..trail("reads") };
        let writes = Trail { selectors: seen(classic(Present(ReadWrite::WriteOnly), Absent, &[])), ..trail("writes") };
        let text = failed(judge(LOGGING, &of(vec![reads, writes])));
        assert!(text.contains("trail reads records no writes") && text.contains("; trail writes records no"), "{text}");
    }

    #[test]
    fn a_trail_of_one_region_covers_it_alone_and_misses_global_services() {
        let single = || Trail { multi_region: Present(Switch::Off), ..trail("audit") };
        let text = passed(judge(LOGGING, &of(vec![single()])));
        assert!(text.contains("| a trail of us-east-2 alone does not see the events of IAM"), "{text}");
        assert!(failed(judge_with(LOGGING, "require_multi_region = true", &of(vec![single()]))).contains("one region"));
        let elsewhere = Trail { home_region: Present("eu-west-1".into()), ..single() };
        assert!(failed(judge(LOGGING, &of(vec![elsewhere]))).contains("trail audit covers eu-west-1 only"));
        let deaf = Trail { global_services: Present(Switch::Off), ..trail("audit") };
        assert!(
            failed(judge_with(LOGGING, "require_multi_region = true", &of(vec![deaf])))
                .contains("leaves global services out")
        );
    }

    #[test]
    fn a_good_trail_is_found_beside_a_bad_and_an_unreadable_one() {
        let unreadable = Trail { status: denied(), ..trail("aaa") };
        let bad = Trail { selectors: seen(classic(Present(ReadWrite::ReadOnly), Absent, &[])), ..trail("bbb") };
        let text = passed(judge(LOGGING, &of(vec![unreadable.clone(), bad.clone(), trail("good")])));
        assert!(text.starts_with("trail good covers") && text.ends_with("not judged: aaa, bbb"), "{text}");
        // Without the good one, the unreadable one may be it.
        assert_eq!(judge(LOGGING, &of(vec![unreadable, bad])), Err(denial()));
    }

    #[test]
    fn of_several_good_trails_the_widest_then_the_validated_then_the_encrypted_is_the_audit_trail() {
        let single = Trail { multi_region: Present(Switch::Off), ..trail("a") };
        let unvalidated = Trail { validation: Present(Switch::Off), ..trail("b") };
        let plain = trail("c");
        let best = Trail { kms_key: Present("key".into()), ..trail("d") };
        let mut trails = vec![single, unvalidated, plain, best];
        for expected in ["d", "c", "b", "a"] {
            let text = passed(judge(LOGGING, &of(trails.clone())));
            assert!(text.starts_with(&format!("trail {expected} ")), "{text}");
            trails.pop();
        }
    }

    #[test]
    fn a_named_trail_is_judged_whatever_others_do() {
        let bad = Trail { selectors: seen(classic(Present(ReadWrite::ReadOnly), Absent, &[])), ..trail("bad") };
        let both = of(vec![trail("good"), bad]);
        assert!(failed(judge_with(LOGGING, "trail_name = \"bad\"", &both)).starts_with("trail bad records no writes"));
        let by_arn = format!("trail_name = \"{}\"", arn("good"));
        assert!(passed(judge_with(LOGGING, &by_arn, &both)).starts_with("trail good"));
        assert!(
            failed(judge_with(LOGGING, "trail_name = \"gone\"", &both))
                .starts_with("no trail that covers us-east-2 is called gone")
        );
    }

    fn stack(members: Seen<Vec<Member>>) -> Subject {
        let stack = Stack { members, ..Stack::unknown(&denial()) };
        subject(Kind::Stack, "TapStackpr1", Resource::Stack(Box::new(stack)))
    }

    #[test]
    fn the_stacks_own_trail_comes_before_the_accounts() {
        let member = Member {
            stack: "TapStackpr1".into(),
            logical_id: "Trail".into(),
            physical_id: Present("bad".into()),
            kind: "AWS::CloudTrail::Trail".into(),
            status: "CREATE_COMPLETE".into(),
            drift: Absent,
        };
        let bad = Trail { selectors: seen(classic(Present(ReadWrite::ReadOnly), Absent, &[])), ..trail("bad") };
        let mut evidence = of(vec![trail("good"), bad]);
        evidence.subjects.push(stack(seen(vec![member])));
        assert!(failed(judge(LOGGING, &evidence)).starts_with("trail bad records no writes"));
        evidence.subjects.pop();
        evidence.subjects.push(stack(denied()));
        assert_eq!(undecided(judge(LOGGING, &evidence)), denial().to_string());
    }

    #[test]
    fn a_trail_that_may_be_the_stacks_is_not_passed_over_because_it_does_not_log() {
        let status = TrailStatus { logging: Present(Switch::Off), ..status() };
        let mut evidence = of(vec![Trail { status: seen(status), ..trail("audit") }]);
        evidence.subjects.push(stack(denied()));
        // It fails whosever it is; what follows is about it only where it is the stack's.
        assert!(failed(judge(LOGGING, &evidence)).starts_with("trail audit is not logging"));
        for id in [DATA, "cloudtrail-log-file-validation", "cloudtrail-kms-encrypted", "cloudtrail-bucket-protected"] {
            assert_eq!(judge(id, &evidence), Err(denial()), "{id}");
        }
        evidence.subjects.pop();
        assert!(not_applicable(judge(DATA, &evidence)).starts_with("there is no audit trail"));
    }

    #[test]
    fn an_organisations_trail_that_a_member_may_not_read_says_so() {
        let foreign = Trail { organization: Present(Switch::On), status: denied(), ..trail("org") };
        let text = undecided(judge(LOGGING, &of(vec![foreign])));
        assert!(
            text.contains("the auditing role needs svc:GetThing, or to run in the organisation's management"),
            "{text}"
        );
    }

    #[test]
    fn an_event_data_store_does_not_pass_unread() {
        let mut evidence = of(Vec::new());
        let accept = "accept_event_data_store = true";
        assert_eq!(judge_with(LOGGING, accept, &evidence), Err(denial()));
        let stores = |stores: Seen<Vec<String>>| {
            let account =
                Account { trails: seen(Vec::new()), event_data_stores: stores, ..Account::unknown(&denial()) };
            subject(Kind::Account, ACCOUNT, Resource::Account(Box::new(account)))
        };
        evidence.subjects[0] = stores(seen(vec!["lake".into()]));
        assert!(undecided(judge_with(LOGGING, accept, &evidence)).contains("event data stores (lake)"));
        assert!(failed(judge(LOGGING, &evidence)).starts_with("no trail covers us-east-2"));
        evidence.subjects[0] = stores(seen(Vec::new()));
        failed(judge_with(LOGGING, accept, &evidence));
        evidence.subjects[0] = stores(not_set());
        assert!(undecided(judge_with(LOGGING, accept, &evidence)).contains("were not asked for"));
    }
}
