//! How many days lie between two rotations at most, by the schedule.

/// The most days that each number of months on end can have.
const MONTHS: [i64; 12] = [31, 62, 92, 123, 153, 184, 215, 245, 276, 306, 337, 366];

/// The most days between two rotations, rounded up; `None` where the schedule is of a form that is not known here.
pub(super) fn most_days(schedule: &str) -> Option<i64> {
    let (kind, rest) = schedule.trim().split_once('(')?;
    let inner = rest.strip_suffix(')')?;
    match kind {
        "rate" => rate(inner),
        "cron" => cron(inner),
        _ => None,
    }
}

fn rate(inner: &str) -> Option<i64> {
    let (number, unit) = inner.trim().split_once(' ')?;
    let number: i64 = number.parse().ok().filter(|number| *number > 0)?;
    match unit.trim() {
        "day" | "days" => Some(number),
        "hour" | "hours" => Some((number + 23) / 24),
        _ => None,
    }
}

/// Minutes, hours, day of the month, month, day of the week, year.
fn cron(inner: &str) -> Option<i64> {
    let fields: Vec<&str> = inner.split_whitespace().collect();
    let [_, _, day, month, weekday, "*"] = fields.as_slice() else { return None };
    let months = gap_of_months(month)?;
    let every_month = months == 1;
    match (*day, *weekday) {
        ("*", "?") if every_month => Some(1),
        ("?", "*") if every_month => Some(1),
        ("?", weekday) if every_month && is_plain_weekday(weekday) => Some(7),
        (day, "?") if is_in_each_month(day) => MONTHS.get(usize::try_from(months).ok()?.checked_sub(1)?).copied(),
        _ => None,
    }
}

/// Days that each month has; 29 and later are left out in some.
fn is_in_each_month(day: &str) -> bool {
    day == "L" || day == "*" || day.split(',').all(|day| day.parse::<u32>().is_ok_and(|day| (1..=28).contains(&day)))
}

fn is_plain_weekday(weekday: &str) -> bool {
    let names = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
    let is_one = |day: &str| names.contains(&day) || matches!(day.parse::<u32>(), Ok(1..=7));
    weekday.split([',', '-']).all(is_one)
}

/// The most months from one that is meant to the next.
fn gap_of_months(months: &str) -> Option<i64> {
    let names = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
    let number = |text: &str| -> Option<i64> {
        let by_name = names.iter().position(|name| *name == text).and_then(|place| i64::try_from(place + 1).ok());
        by_name.or_else(|| text.parse().ok()).filter(|month| (1..=12).contains(month))
    };
    if months == "*" {
        return Some(1);
    }
    let meant: Vec<i64> = match months.split_once('/') {
        Some((first, step)) => {
            let first = if first == "*" { 1 } else { number(first)? };
            let step: i64 = step.parse().ok().filter(|step| (1..=12).contains(step))?;
            (first..=12).filter(|month| (month - first) % step == 0).collect()
        }
        None => {
            let mut meant = months.split(',').map(number).collect::<Option<Vec<_>>>()?;
            meant.sort_unstable();
            meant
        }
    };
    let next = meant.iter().skip(1).copied().chain(meant.first().map(|first| first + 12));
    meant.iter().zip(next).map(|(month, next)| next - month).max()
}

#[cfg(test)]
mod tests {
    use super::most_days;

    #[test]
    fn the_most_days_of_a_schedule_are_found_or_left_open() {
        for (schedule, days) in [
            ("rate(10 days)", Some(10)),
            ("rate(1 day)", Some(1)),
            ("rate(4 hours)", Some(1)),
            ("rate(25 hours)", Some(2)),
            ("rate(0 days)", None),
            ("cron(0 8 1 * ? *)", Some(31)),
            ("cron(0 8 L * ? *)", Some(31)),
            ("cron(0 8 31 * ? *)", None),
            ("cron(0 8 ? * SUN *)", Some(7)),
            ("cron(0 8 ? * 2#5 *)", None),
            ("cron(0 8 1 1/2 ? *)", Some(62)),
            ("cron(0 8 1 */3 ? *)", Some(92)),
            ("cron(0 8 1 JAN,JUL ? *)", Some(184)),
            ("cron(0 8 1 6 ? *)", Some(366)),
            ("cron(0 8 * * ? *)", Some(1)),
            ("cron(0 8 1 * ? 2027)", None),
            ("often", None),
        ] {
            assert_eq!(most_days(schedule), days, "{schedule}");
        }
    }
}
