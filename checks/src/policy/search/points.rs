//! Values of typed keys that stand for all that the tests of a policy tell apart.
//!
//! A test on a number, a date or an address changes its answer at a boundary only, so that the boundaries, their
//! neighbours and what lies between two of them are enough to look at.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use jiff::{SignedDuration, Timestamp};

use crate::policy::key::KeyType;
use crate::policy::model::Test;

/// The values to look at for a key of this type, the most ordinary first; `None` for types that are text.
pub(super) fn points(kind: KeyType, tests: &[&Test]) -> Option<Vec<String>> {
    let values = || tests.iter().flat_map(|test| &test.values).map(|value| value.text.as_str());
    match kind {
        KeyType::Bool => Some(vec!["true".into(), "false".into()]),
        KeyType::Numeric => Some(numbers(values())),
        KeyType::Date => Some(dates(values())),
        KeyType::IpAddress => Some(addresses(values())),
        KeyType::String | KeyType::Arn | KeyType::Binary => None,
    }
}

fn numbers<'a>(values: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut bounds: Vec<f64> = Vec::new();
    let mut points: Vec<String> = Vec::new();
    for text in values {
        if let Ok(number) = text.trim().parse::<f64>()
            && number.is_finite()
        {
            bounds.push(number);
            points.push(text.trim().to_owned());
        }
    }
    bounds.sort_by(f64::total_cmp);
    bounds.dedup();
    points.extend(bounds.first().map(|first| (first - 1.0).to_string()));
    points.extend(bounds.last().map(|last| (last + 1.0).to_string()));
    // Where a number is so great that one more is lost, twice as much is not.
    points
        .extend(bounds.first().filter(|first| **first - 1.0 == **first).map(|first| (first - first.abs()).to_string()));
    points.extend(bounds.last().filter(|last| **last + 1.0 == **last).map(|last| (last + last.abs()).to_string()));
    points.extend(bounds.windows(2).map(|pair| f64::midpoint(pair[0], pair[1]).to_string()));
    if points.is_empty() {
        points.push("1".into());
    }
    points
}

fn dates<'a>(values: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut points = vec!["2026-01-01T00:00:00Z".to_owned()];
    let second = SignedDuration::from_secs(1);
    for text in values {
        let Some(bound) = instant(text.trim()) else { continue };
        for moved in [Ok(bound), bound.checked_add(second), bound.checked_sub(second)] {
            points.extend(moved.iter().map(Timestamp::to_string));
        }
    }
    points
}

/// Reads a date as policies write it: ISO 8601, a day alone, or seconds since 1970.
fn instant(text: &str) -> Option<Timestamp> {
    let instant = match text.parse::<i64>() {
        Ok(seconds) => Timestamp::from_second(seconds),
        Err(_) => text.parse().or_else(|_| format!("{text}T00:00:00Z").parse()),
    };
    let Ok(instant) = instant else { return None };
    Some(instant)
}

fn addresses<'a>(values: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut points = vec![
        IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7)),
        IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 7)),
        IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V4(Ipv4Addr::BROADCAST),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        IpAddr::V6(Ipv6Addr::from_bits(u128::MAX)),
    ];
    for range in values.filter_map(range) {
        match range {
            Range::V4(first, last) => {
                let bounds = [Some(first), Some(last), first.checked_sub(1), last.checked_add(1)];
                points.extend(bounds.into_iter().flatten().map(|bits| IpAddr::V4(Ipv4Addr::from_bits(bits))));
            }
            Range::V6(first, last) => {
                let bounds = [Some(first), Some(last), first.checked_sub(1), last.checked_add(1)];
                points.extend(bounds.into_iter().flatten().map(|bits| IpAddr::V6(Ipv6Addr::from_bits(bits))));
            }
        }
    }
    let mut distinct: Vec<String> = Vec::with_capacity(points.len());
    for point in points {
        let text = point.to_string();
        if !distinct.contains(&text) {
            distinct.push(text);
        }
    }
    distinct
}

/// A range of addresses, by its first and last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::policy) enum Range {
    V4(u32, u32),
    V6(u128, u128),
}

impl Range {
    /// Whether the address lies in it.
    pub(in crate::policy) fn holds(self, address: IpAddr) -> bool {
        match (self, address) {
            (Range::V4(first, last), IpAddr::V4(address)) => (first..=last).contains(&address.to_bits()),
            (Range::V6(first, last), IpAddr::V6(address)) => (first..=last).contains(&address.to_bits()),
            (Range::V4(..), IpAddr::V6(_)) | (Range::V6(..), IpAddr::V4(_)) => false,
        }
    }
}

/// Reads an address or a range in CIDR notation.
pub(in crate::policy) fn range(text: &str) -> Option<Range> {
    let (address, length) = match text.trim().split_once('/') {
        Some((address, length)) => match length.parse::<u32>() {
            Ok(length) => (address, Some(length)),
            Err(_) => return None,
        },
        None => (text.trim(), None),
    };
    match address.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => {
            let length = length.map_or(32, |length| length);
            let hosts = 32_u32.checked_sub(length)?;
            let mask = u32::MAX.checked_shl(hosts).map_or(0, |mask| mask);
            let first = address.to_bits() & mask;
            Some(Range::V4(first, first | !mask))
        }
        Ok(IpAddr::V6(address)) => {
            let length = length.map_or(128, |length| length);
            let hosts = 128_u32.checked_sub(length)?;
            let mask = u128::MAX.checked_shl(hosts).map_or(0, |mask| mask);
            let first = address.to_bits() & mask;
            Some(Range::V6(first, first | !mask))
        }
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_its_first_and_last_address() {
        assert_eq!(range("10.1.2.3/16"), Some(Range::V4(0x0a01_0000, 0x0a01_ffff)));
        assert_eq!(range("0.0.0.0/0"), Some(Range::V4(0, u32::MAX)));
        assert_eq!(range("10.0.0.1"), Some(Range::V4(0x0a00_0001, 0x0a00_0001)));
        assert_eq!(range("::/0"), Some(Range::V6(0, u128::MAX)));
        assert_eq!(range("10.0.0.0/33"), None);
        assert_eq!(range("ten"), None);
    }

    #[test]
    fn both_sides_of_a_boundary_are_looked_at() {
        let points = addresses(["10.0.0.0/8"].into_iter());
        for point in ["9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0", "::"] {
            assert!(points.contains(&point.to_owned()), "{point}");
        }
        let points = numbers(["10", "20"].into_iter());
        assert_eq!(points, ["10", "20", "9", "21", "15"]);
        let points = dates(["2020-01-01T00:00:00Z", "1577836800", "2020-01-02"].into_iter());
        assert!(
            points.contains(&"2019-12-31T23:59:59Z".to_owned()) && points.contains(&"2020-01-02T00:00:00Z".to_owned())
        );
    }
}
