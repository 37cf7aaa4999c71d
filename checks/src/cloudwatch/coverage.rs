//! Whether an alarm tells of each category of critical events: event, filter, metric, alarm, link by link.

mod bus;
pub(super) mod sample;
#[cfg(test)]
mod tests;
mod trip;

use std::collections::{BTreeMap, BTreeSet};
use std::slice;

use serde::Deserialize;
use serde_json::Value;

use super::Definition;
use super::counted::{self, Feed};
use crate::check::Context;
use crate::cloudtrail::{Trail, Wanted, called};
use crate::evidence::{Account, Run};
use crate::logs::{FilterMetric, MetricFilter};
use crate::observed::Gap;
use crate::verdict::{Judgement, Verdict, either, every};
use sample::{Category, Sample};
use trip::Trip;

/// Parameters of `cw-alarms-security-coverage`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Coverage {
    required_categories: BTreeSet<Category>,
    category_alarms: BTreeMap<Category, Vec<String>>,
    accept_eventbridge: bool,
    trail_name: String,
    require_multi_region: bool,
    require_kms_events: bool,
}

const EXPECTED: &str = "for each event of the category a metric filter on the audit trail's log group that takes it, and an alarm on the filter's metric that one event sets off";
const GOES_ON: &str = "the chain goes on from the alarm to its topic in cw-alarm-actions-configured, and from the topic to its \
     subscribers and its key in the requirements that start with sns-";

/// Each category is judged by itself. What the audit trail does, `cloudtrail-logging-enabled` and
/// `cloudtrail-to-cloudwatch-logs` say; without a group that it feeds here no filter sees anything.
pub(super) fn coverage(account: &Account, params: &Coverage, context: &Context<'_>) -> Judgement {
    let wanted = Wanted {
        name: &params.trail_name,
        multi_region: params.require_multi_region,
        kms_events: params.require_kms_events,
    };
    let feed = counted::feed(account, &wanted, context);
    let categories = params.required_categories.iter().map(|category| {
        let declared = params.category_alarms.get(category);
        let by_events = match &feed {
            Ok(feed) => by_events(*category, feed, account, params, &context.evidence.run),
            Err(gap) => Err(gap.clone()),
        };
        let judgement = match declared {
            None => by_events,
            Some(names) => either(by_events, || by_declaration(names, account)),
        };
        Ok(judgement?.about(&format!("{}:", category.name())))
    });
    let verdict = every(categories, || {
        Err(Gap::undecided("required_categories is empty, so that there is nothing to cover; name the categories"))
    })?;
    Ok(match verdict {
        met @ Verdict::Satisfied { .. } => met.noting(GOES_ON),
        other @ (Verdict::NotSatisfied { .. } | Verdict::NotApplicable { .. }) => other,
    })
}

/// Whether an alarm tells of an event of some category, as one that counts for its coverage does.
///
/// # Errors
/// The gap, where that is not known.
pub(super) fn tells_of_some_event(
    alarm: &Definition,
    account: &Account,
    wanted: &Wanted<'_>,
    context: &Context<'_>,
) -> Result<bool, Gap> {
    let (trail, group) = match counted::feed(account, wanted, context)? {
        Feed::Group { trail, group } => (trail, group),
        Feed::None { .. } => return Ok(false),
    };
    let (filters, run) = (counted::filters_on(account, group)?, &context.evidence.run);
    let mut gap = None;
    for category in Category::ALL {
        let tried = Tried { category, account, run, trail: Some(trail) };
        for sample in category.samples(run, called(trail)) {
            let ways = filters.iter().filter_map(|filter| tried.by_filter(filter, &sample, Ok(slice::from_ref(alarm))));
            match ways.reduce(Way::or) {
                Some(Way::Complete { .. }) => return Ok(true),
                Some(Way::Open(found)) => drop(gap.get_or_insert(found)),
                Some(Way::Broken { .. }) | None => {}
            }
        }
    }
    gap.map_or(Ok(false), Err)
}

/// The alarms that the client declares for a category are taken at the client's word; all that is seen is that they exist.
fn by_declaration(names: &[String], account: &Account) -> Judgement {
    let alarms = counted::alarms(account)?;
    let each = names.iter().map(|name| {
        Ok(if alarms.iter().any(|alarm| alarm.name == *name) {
            Verdict::satisfied(format!("alarm `{name}` is declared for it"))
                .noting(format!("what alarm `{name}` watches is taken at the word of category_alarms"))
        } else {
            Verdict::not_satisfied(format!("alarm `{name}`, which is declared for it, does not exist"), EXPECTED)
        })
    });
    every(each, || Ok(Verdict::not_satisfied("no alarm is declared for it", EXPECTED)))
}

/// What becomes of an event: the furthest that any way leads it.
enum Way {
    /// Somebody hears of it, by this way.
    Complete { by: String, notes: Vec<String> },
    /// It may be that somebody hears of it.
    Open(Gap),
    /// Nobody does: how many links hold, and which is the first that is broken.
    Broken { held: u8, link: String },
}

impl Way {
    /// The better of two ways.
    fn or(self, other: Way) -> Way {
        match (self, other) {
            (way @ Way::Complete { .. }, _) | (_, way @ Way::Complete { .. }) => way,
            (way @ Way::Open(_), _) | (_, way @ Way::Open(_)) => way,
            (one @ Way::Broken { held: this, .. }, other @ Way::Broken { held: that, .. }) => {
                if that > this {
                    other
                } else {
                    one
                }
            }
        }
    }

    fn broken(held: u8, link: impl Into<String>) -> Way {
        Way::Broken { held, link: link.into() }
    }
}

/// Follows each event of a category. They may go by different ways, if each arrives.
fn by_events(category: Category, feed: &Feed<'_>, account: &Account, params: &Coverage, run: &Run) -> Judgement {
    let (trail, filters) = match feed {
        Feed::Group { trail, group } => (Some(*trail), counted::filters_on(account, group)),
        Feed::None { trail, .. } => (*trail, Ok(Vec::new())),
    };
    let unheard = || match feed {
        Feed::Group { group, .. } => format!("no metric filter on log group {group} takes"),
        Feed::None { why, .. } => format!("{why}, so that no metric filter sees"),
    };
    let tried = Tried { category, account, run, trail };
    let alarms = || counted::alarms(account);
    let samples = category.samples(run, trail.map_or("a-trail", called));
    let ways = samples.iter().map(|sample| {
        let none = Way::broken(0, unheard());
        let by_filters = match &filters {
            Ok(filters) => {
                filters.iter().filter_map(|filter| tried.by_filter(filter, sample, alarms())).fold(none, Way::or)
            }
            Err(gap) => Way::Open(gap.clone()),
        };
        let way = match by_filters {
            complete @ Way::Complete { .. } => complete,
            other @ (Way::Open(_) | Way::Broken { .. }) if params.accept_eventbridge => {
                other.or(bus::by_rules(&tried, sample))
            }
            other @ (Way::Open(_) | Way::Broken { .. }) => other,
        };
        (sample.name, way)
    });
    joined(ways.collect())
}

/// Says of the events of a category by which way each arrives; those that go the same way are named together.
fn joined(ways: Vec<(&str, Way)>) -> Judgement {
    let mut parts: Vec<Judgement> = Vec::new();
    let mut heard: Vec<(String, Vec<&str>)> = Vec::new();
    let mut unheard: Vec<(String, Vec<&str>)> = Vec::new();
    let mut remarks = Vec::new();
    for (name, way) in ways {
        let (list, text) = match way {
            Way::Complete { by, notes } => {
                remarks.extend(notes);
                (&mut heard, by)
            }
            Way::Broken { link, .. } => (&mut unheard, link),
            Way::Open(gap) => {
                parts.push(Err(gap));
                continue;
            }
        };
        match list.iter_mut().find(|(other, _)| *other == text) {
            Some((_, names)) => names.push(name),
            None => list.push((text, vec![name])),
        }
    }
    for (by, names) in heard {
        parts.push(Ok(Verdict::satisfied(format!("{} by {by}", names.join(", ")))));
    }
    for (link, names) in unheard {
        parts.push(Ok(Verdict::not_satisfied(format!("{link} {}", names.join(", ")), EXPECTED)));
    }
    let mut said = BTreeSet::new();
    remarks.retain(|remark: &String| said.insert(remark.clone()));
    let verdict = every(parts, || Err(Gap::undecided("no event of the category was tried")))?;
    Ok(remarks.into_iter().fold(verdict, Verdict::noting))
}

/// What an event of a category is tried on.
struct Tried<'a> {
    category: Category,
    account: &'a Account,
    run: &'a Run,
    /// The audit trail, where there is one.
    trail: Option<&'a Trail>,
}

impl Tried<'_> {
    /// Follows an event through a filter to an alarm; `None` where the filter does not take it. A filter that takes harmless
    /// events too tells nothing apart.
    fn by_filter(&self, filter: &MetricFilter, sample: &Sample, alarms: Result<&[Definition], Gap>) -> Option<Way> {
        let taken = match counted::takes(filter, &sample.event) {
            // The first link is broken, and which filter it is does not matter.
            Ok(false) => return None,
            Ok(true) => Ok(()),
            Err(gap) => Err(gap),
        };
        let apart = taken.and_then(|()| self.told_apart(|event| counted::takes(filter, event)));
        if let Ok(Some(harmless)) = apart {
            let link = format!("filter `{}` takes harmless events such as {harmless} beside", filter.name);
            return Some(Way::broken(1, link));
        }
        let alarms = match alarms {
            Ok(alarms) => alarms,
            Err(gap) => return Some(Way::Open(gap)),
        };
        let none = Way::broken(1, format!("filter `{}` emits no metric for", filter.name));
        let way =
            filter.metrics.iter().fold(none, |way, metric| way.or(self.by_metric(filter, metric, sample, alarms)));
        Some(match (apart, way) {
            // Where the way ends behind the filter, it does not matter what the filter takes.
            (Err(gap), Way::Complete { .. } | Way::Open(_)) => Way::Open(gap),
            (_, way) => way,
        })
    }

    /// The harmless event that something takes, where it takes one.
    fn told_apart(&self, takes: impl Fn(&Value) -> Result<bool, Gap>) -> Result<Option<&'static str>, Gap> {
        let mut gap = None;
        for harmless in sample::harmless(self.run) {
            match takes(&harmless.event) {
                Ok(true) => return Ok(Some(harmless.name)),
                Ok(false) => {}
                Err(found) => {
                    gap.get_or_insert(found);
                }
            }
        }
        gap.map_or(Ok(None), Err)
    }

    fn by_metric(&self, filter: &MetricFilter, counted: &FilterMetric, sample: &Sample, alarms: &[Definition]) -> Way {
        let name = format!("{}/{}", counted.namespace, counted.name);
        let emitted = match counted::emitted(counted, &sample.event) {
            Ok(Some(metric)) => metric,
            Ok(None) => {
                let link = format!("metric {name} of filter `{}` has a dimension that is not in", filter.name);
                return Way::broken(2, link);
            }
            Err(gap) => return Way::Open(gap),
        };
        let mut way =
            Way::broken(2, format!("no alarm watches metric {emitted}, in which filter `{}` counts", filter.name));
        for alarm in alarms {
            for query in alarm.metrics().filter(|query| counted::is_about(query, counted, self.run)) {
                let reached = if query.metric == emitted {
                    self.by_alarm(filter, alarm, trip::trip(alarm, query, counted), &emitted.to_string())
                } else {
                    let (watched, name) = (&query.metric, &alarm.name);
                    let link = format!(
                        "alarm `{name}` watches {watched} and not {emitted}, in which filter `{}` counts",
                        filter.name
                    );
                    Way::broken(3, link)
                };
                way = way.or(reached);
            }
        }
        way
    }

    fn by_alarm(&self, filter: &MetricFilter, alarm: &Definition, trip: Result<Trip, Gap>, metric: &str) -> Way {
        let by = || format!("filter `{}`, metric {metric} and alarm `{}`", filter.name, alarm.name);
        match trip {
            Ok(Trip::ByOne) => Way::Complete { by: by(), notes: Vec::new() },
            Ok(Trip::Noted(_)) if self.category == Category::UnauthorizedApiCalls => {
                Way::Complete { by: by(), notes: Vec::new() }
            }
            Ok(Trip::Noted(note)) => Way::Complete { by: by(), notes: vec![format!("alarm `{}` {note}", alarm.name)] },
            Ok(Trip::Never(why)) => {
                let link = format!(
                    "alarm `{}` on metric {metric} of filter `{}` {why}, and so does not tell of",
                    alarm.name, filter.name
                );
                Way::broken(4, link)
            }
            Err(gap) => Way::Open(gap),
        }
    }
}
