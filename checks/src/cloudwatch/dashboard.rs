//! Whether a dashboard shows something of the deployment.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use serde::Deserialize;

use super::counted::stack_was_read;
use super::{Dashboard, Widget, WidgetKind};
use crate::check::Context;
use crate::cloudformation::Stack;
use crate::evidence::Account;
use crate::naming::{holds_word, suffix_of};
use crate::observed::{Gap, Observed};
use crate::verdict::{Judgement, Verdict, any};

/// Parameters of `cw-dashboard-present`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Present {
    min_widgets: NonZeroUsize,
}

/// Dashboards are listed for every region at once, and each widget says whose data it shows.
pub(super) fn present(account: &Account, params: &Present, context: &Context<'_>) -> Judgement {
    let dashboards = account.cloudwatch.dashboards.required("ListDashboards", "DashboardEntries")?;
    let region = context.evidence.run.region.as_str();
    let (mut parts, mut unread) = (Vec::new(), None);
    for dashboard in dashboards {
        match is_of_the_deployment(dashboard, context) {
            Ok(true) => parts.push(shows(dashboard, params.min_widgets.get(), region)),
            Ok(false) => {}
            Err(gap) => unread = Some(gap),
        }
    }
    // A dashboard of which it is not known whose it is may be the one.
    parts.extend(unread.map(Err));
    if parts.is_empty() {
        stack_was_read(context.evidence.all::<Stack>().map(|(_, stack)| stack))?;
        return Ok(Verdict::not_satisfied(
            "there is no dashboard of the stack",
            expected(params.min_widgets.get(), region),
        ));
    }
    any(parts)
}

fn expected(wanted: usize, region: &str) -> String {
    format!("a dashboard with at least {wanted} widget of type metric, log, alarm or explorer for {region}")
}

/// A dashboard is the deployment's where the stack holds it, or where its name holds the environment suffix: the one that
/// the user gave, else the one that the stack was deployed with.
fn is_of_the_deployment(dashboard: &Dashboard, context: &Context<'_>) -> Result<bool, Gap> {
    let suffix = context.evidence.run.environment_suffix.as_deref().filter(|suffix| !suffix.is_empty());
    if suffix.is_some_and(|suffix| holds_word(&dashboard.name, suffix)) {
        return Ok(true);
    }
    for (_, stack) in context.evidence.all::<Stack>() {
        if stack.identity.seen()?.is_none() {
            continue;
        }
        let members = stack.members.required("ListStackResources", "StackResourceSummaries")?;
        let holds = members.iter().any(|member| {
            member.kind == "AWS::CloudWatch::Dashboard"
                && member.is_live()
                && member.physical_id == Observed::Present(dashboard.name.clone())
        });
        if holds || (suffix.is_none() && suffix_of(stack)?.is_some_and(|own| holds_word(&dashboard.name, &own))) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A widget without a region shows the one in which the dashboard is looked at, which may be the stack's.
fn shows(dashboard: &Dashboard, wanted: usize, region: &str) -> Judgement {
    let name = &dashboard.name;
    let widgets = dashboard.widgets.required("GetDashboard", "DashboardBody")?;
    let (mut here, mut kinds, mut gap) = (0_usize, BTreeMap::new(), None);
    for widget in widgets {
        match is_here(widget, region) {
            Ok(true) => here += 1,
            Ok(false) => *kinds.entry(other(widget)).or_insert(0_usize) += 1,
            Err(found) => {
                gap.get_or_insert(found);
            }
        }
    }
    if here >= wanted {
        return Ok(Verdict::satisfied(format!("dashboard `{name}` has {} for {region}", counted(here))));
    }
    if let Some(gap) = gap {
        return Err(gap);
    }
    let others: Vec<String> = kinds.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    let beside = if others.is_empty() { String::new() } else { format!(" (beside: {})", others.join(", ")) };
    Ok(Verdict::not_satisfied(
        format!("dashboard `{name}` has {} for {region}{beside}", counted(here)),
        expected(wanted, region),
    ))
}

fn counted(widgets: usize) -> String {
    match widgets {
        0 => "no widget".to_owned(),
        1 => "1 widget".to_owned(),
        several => format!("{several} widgets"),
    }
}

fn is_here(widget: &Widget, region: &str) -> Result<bool, Gap> {
    match widget.kind {
        WidgetKind::Metric | WidgetKind::Log | WidgetKind::Alarm | WidgetKind::Explorer => {
            Ok(widget.region.seen()?.is_none_or(|of| of == region))
        }
        WidgetKind::Text | WidgetKind::Other(_) => Ok(false),
    }
}

/// What a widget that does not count is, in a word.
fn other(widget: &Widget) -> String {
    let kind = match &widget.kind {
        WidgetKind::Metric => "metric",
        WidgetKind::Log => "log",
        WidgetKind::Alarm => "alarm",
        WidgetKind::Explorer => "explorer",
        WidgetKind::Text => return "text".to_owned(),
        WidgetKind::Other(kind) => return kind.clone(),
    };
    match &widget.region {
        Observed::Present(region) => format!("{kind} for {region}"),
        Observed::Absent | Observed::Unknown(_) => kind.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::*;
    use super::*;
    use crate::cloudformation::fixture::{member, stack, subject_of};
    use crate::evidence::Evidence;
    use crate::fixture::*;
    use crate::observed::Observed::{Absent, Present, Unknown};
    use crate::observed::Seen;

    const ID: &str = "cw-dashboard-present";

    fn widget(kind: WidgetKind, region: Observed<String>) -> Widget {
        Widget { kind, region }
    }

    fn named(name: &str, widgets: Seen<Vec<Widget>>) -> Dashboard {
        Dashboard { name: name.into(), widgets }
    }

    fn with(dashboards: Vec<Dashboard>) -> Evidence {
        let mut account = account(Vec::new(), Vec::new());
        account.cloudwatch.dashboards = seen(dashboards);
        let mut stack = stack();
        stack.members = seen(vec![member("Board", "AWS::CloudWatch::Dashboard", "board", "CREATE_COMPLETE")]);
        evidence(vec![of_account(account), subject_of(stack)])
    }

    fn showing(widgets: Vec<Widget>) -> Judgement {
        judge(ID, &with(vec![named("board", seen(widgets))]))
    }

    fn here() -> Observed<String> {
        Present("us-east-2".into())
    }

    #[test]
    fn one_widget_of_the_region_is_enough_and_none_is_not() {
        for kind in [WidgetKind::Metric, WidgetKind::Log, WidgetKind::Alarm, WidgetKind::Explorer] {
            assert_eq!(passed(showing(vec![widget(kind, here())])), "dashboard `board` has 1 widget for us-east-2");
        }
        assert_eq!(failed(showing(Vec::new())), "dashboard `board` has no widget for us-east-2");
        let two = "min_widgets = 2";
        let one = || with(vec![named("board", seen(vec![widget(WidgetKind::Metric, here())]))]);
        assert_eq!(failed(judge_with(ID, two, &one())), "dashboard `board` has 1 widget for us-east-2");
        let both = vec![widget(WidgetKind::Metric, here()), widget(WidgetKind::Log, Absent)];
        passed(judge_with(ID, two, &with(vec![named("board", seen(both))])));
    }

    #[test]
    fn texts_and_other_regions_show_nothing_of_the_deployment() {
        let text = failed(showing(vec![
            widget(WidgetKind::Text, Absent),
            widget(WidgetKind::Other("custom".into()), Absent),
            widget(WidgetKind::Metric, Present("eu-west-1".into())),
        ]));
        assert_eq!(
            text,
            "dashboard `board` has no widget for us-east-2 (beside: 1 custom, 1 metric for eu-west-1, 1 text)"
        );
        passed(showing(vec![widget(WidgetKind::Text, Absent), widget(WidgetKind::Metric, Absent)]));
    }

    #[test]
    fn a_dashboard_is_the_stacks_or_holds_the_suffix() {
        let full = || seen(vec![widget(WidgetKind::Metric, here())]);
        assert_eq!(failed(judge(ID, &with(vec![named("another", full())]))), "there is no dashboard of the stack");
        assert_eq!(failed(judge(ID, &with(Vec::new()))), "there is no dashboard of the stack");
        let suffixed = |suffix: &str, name: &str| {
            let mut evidence = with(vec![named(name, full())]);
            evidence.run.environment_suffix = Some(suffix.into());
            judge(ID, &evidence)
        };
        passed(suffixed("pr1", "monitoring-pr1"));
        failed(suffixed("pr1", "monitoring-pr12"));
        failed(suffixed("", "monitoring"));
        // The stack of the tests was deployed with the suffix `dev`; what the user gives goes before it.
        passed(judge(ID, &with(vec![named("monitoring-dev", full())])));
        failed(judge(ID, &with(vec![named("monitoring-develop", full())])));
        failed(suffixed("pr1", "monitoring-dev"));
        let mut unread = with(vec![named("monitoring-dev", full())]);
        let mut undescribed = stack();
        undescribed.description = denied();
        unread.subjects[1] = subject_of(undescribed);
        assert_eq!(undecided(judge(ID, &unread)), denial().to_string());
    }

    #[test]
    fn what_could_not_be_read_is_an_error_unless_another_dashboard_shows_enough() {
        let unparsable = Gap::Unparsable { operation: "GetDashboard".into(), what: "DashboardBody is not JSON".into() };
        let broken = || named("board", Seen::gap(unparsable.clone()));
        assert_eq!(undecided(judge(ID, &with(vec![broken()]))), unparsable.to_string());
        let mut both = with(vec![broken(), named("board-pr1", seen(vec![widget(WidgetKind::Metric, here())]))]);
        both.run.environment_suffix = Some("pr1".into());
        passed(judge(ID, &both));
        undecided(showing(vec![widget(WidgetKind::Metric, Unknown(denial()))]));
        let mut account = account(Vec::new(), Vec::new());
        account.cloudwatch.dashboards = denied();
        assert_eq!(undecided(judge(ID, &with_account(account))), denial().to_string());
    }

    #[test]
    fn without_the_stacks_listing_it_is_not_known_whose_a_dashboard_is() {
        let mut evidence = with(vec![named("another", seen(Vec::new()))]);
        let mut unread = stack();
        unread.members = denied();
        evidence.subjects[1] = subject_of(unread);
        assert_eq!(undecided(judge(ID, &evidence)), denial().to_string());
        evidence.subjects.pop();
        assert!(undecided(judge(ID, &evidence)).starts_with("depends on stack-managed-by-cloudformation"));
    }
}
