//! The values of typed operators: numbers, dates, truth values, addresses and base64.
//!
//! Each reader answers `None` for a text that AWS does not document as a value of its type.

use std::cmp::Ordering;
use std::net::IpAddr;
use std::str::FromStr;

use jiff::Timestamp;

/// A decimal number, compared digit by digit: nothing is rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Decimal<'a> {
    negative: bool,
    /// Without leading zeros.
    whole: &'a str,
    /// Without trailing zeros.
    fraction: &'a str,
}

impl<'a> Decimal<'a> {
    /// Reads digits with an optional sign and an optional fraction. Exponents are documented nowhere.
    pub(super) fn read(text: &'a str) -> Option<Decimal<'a>> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        let (whole, fraction) = match digits.split_once('.') {
            Some((_, "")) => return None,
            Some((whole, fraction)) => (whole, fraction),
            None => (digits, ""),
        };
        let only_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !only_digits(whole) || !only_digits(fraction) {
            return None;
        }
        let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
        let zero = whole.is_empty() && fraction.is_empty();
        Some(Decimal { negative: negative && !zero, whole, fraction })
    }
}

impl Ord for Decimal<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let size = self
            .whole
            .len()
            .cmp(&other.whole.len())
            .then_with(|| self.whole.cmp(other.whole))
            // Trailing zeros are gone, so the order of the digits' text is the order of the fractions.
            .then_with(|| self.fraction.cmp(other.fraction));
        match (self.negative, other.negative) {
            (false, false) => size,
            (true, true) => size.reverse(),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

impl PartialOrd for Decimal<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Reads a date: `2026-01-31` (midnight UTC), a time with `Z` or an offset, or seconds since 1970. Four digits alone may
/// be a year or seconds, and are neither.
pub(super) fn date(text: &str) -> Option<Timestamp> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        if text.len() == 4 {
            return None;
        }
        let Ok(moment) = Timestamp::from_second(parsed(text)?) else { return None };
        return Some(moment);
    }
    if !is_dated(text) {
        return None;
    }
    let midnight;
    let moment = if text.len() == "2026-01-31".len() {
        midnight = format!("{text}T00:00:00Z");
        &midnight
    } else {
        text
    };
    parsed(moment)
}

/// Whether the text has the outline `YYYY-MM-DD` with nothing or `T...` behind it; the rest is for the date's parser,
/// which reads more forms than AWS documents.
fn is_dated(text: &str) -> bool {
    let bytes = text.as_bytes();
    let day = bytes.iter().take(10).enumerate().all(|(at, byte)| match at {
        4 | 7 => *byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    let time = match bytes.get(10) {
        None => true,
        Some(separator) => {
            *separator == b'T' && bytes.iter().skip(11).all(|byte| byte.is_ascii_digit() || b":.+-Z".contains(byte))
        }
    };
    bytes.len() >= 10 && day && time
}

/// Reads `true` or `false` in any letter case.
pub(super) fn truth(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

/// A range of addresses of one family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Network {
    base: IpAddr,
    prefix: u32,
}

impl Network {
    /// Reads an address, alone or with the length of its prefix.
    pub(super) fn read(text: &str) -> Option<Network> {
        let (address_text, prefix_text) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let base = address(address_text)?;
        let longest = if base.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix_text {
            None => longest,
            Some(digits) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                parsed::<u32>(digits)?
            }
            Some(_) => return None,
        };
        (prefix <= longest).then_some(Network { base, prefix })
    }

    /// Whether the address is in the range. IPv4 and IPv6 have nothing in common.
    pub(super) fn holds(&self, address: IpAddr) -> bool {
        let same = |one: u128, other: u128, width: u32| {
            let dropped = width - self.prefix;
            one.checked_shr(dropped) == other.checked_shr(dropped)
        };
        match (self.base, address) {
            (IpAddr::V4(base), IpAddr::V4(address)) => {
                same(u128::from(base.to_bits()), u128::from(address.to_bits()), 32)
            }
            (IpAddr::V6(base), IpAddr::V6(address)) => same(base.to_bits(), address.to_bits(), 128),
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

/// Reads a single address.
pub(super) fn address(text: &str) -> Option<IpAddr> {
    parsed(text)
}

/// What the text says as a value of this type. Why it is none is of no use: a text that cannot be read is unknown.
fn parsed<T: FromStr>(text: &str) -> Option<T> {
    let Ok(value) = text.parse() else { return None };
    Some(value)
}

/// Whether the text is base64 with its padding, in the one way to write its bytes: two such texts are equal where their
/// bytes are.
pub(super) fn is_base64(text: &str) -> bool {
    let digits = text.trim_end_matches('=');
    let padding = text.len() - digits.len();
    let mut last = 0;
    for byte in digits.bytes() {
        last = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return false,
        };
    }
    let spare = match padding {
        0 => 0,
        1 => last & 0b11,
        2 => last & 0b1111,
        _ => return false,
    };
    !text.is_empty() && text.len().is_multiple_of(4) && spare == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(one: &str, other: &str) -> Option<Ordering> {
        Some(Decimal::read(one)?.cmp(&Decimal::read(other)?))
    }

    #[test]
    fn decimals_are_compared_exactly() {
        for (one, other, expected) in [
            ("1.10", "1.1", Ordering::Equal),
            ("007", "7", Ordering::Equal),
            ("-0", "0", Ordering::Equal),
            ("-0.0", "0", Ordering::Equal),
            ("1.09", "1.1", Ordering::Less),
            ("10", "9", Ordering::Greater),
            ("-10", "-9", Ordering::Less),
            ("-1", "0.5", Ordering::Less),
            ("0.30000000000000001", "0.3", Ordering::Greater),
            ("9007199254740993", "9007199254740992", Ordering::Greater),
            ("1", "1.0001", Ordering::Less),
        ] {
            assert_eq!(order(one, other), Some(expected), "{one} and {other}");
        }
    }

    #[test]
    fn what_is_no_decimal_is_not_read() {
        for text in ["", "-", "+1", "1e3", ".5", "5.", "1,5", " 1", "0x10", "1.2.3", "--1", "1.-2"] {
            assert_eq!(Decimal::read(text), None, "{text}");
        }
    }

    #[test]
    fn dates_are_read_with_offset_as_day_and_as_seconds() {
        let noon = date("2026-01-31T12:00:00Z");
        assert!(noon.is_some());
        for same in ["2026-01-31T13:30:00+01:30", "2026-01-31T12:00:00.000Z", "1769860800"] {
            assert_eq!(date(same), noon, "{same}");
        }
        assert_eq!(date("2026-01-31"), date("2026-01-31T00:00:00Z"));
        assert!(date("0").is_some());
    }

    #[test]
    fn what_is_no_documented_date_is_not_read() {
        for text in [
            "",
            "2026",
            "2026-02-30",
            "2026-01-31T12:00:00",
            "2026-01-31 12:00:00Z",
            "2026-01-31t12:00:00z",
            "20260131T120000Z",
            "31.01.2026",
            "2026-01-31T12:00:00Z[UTC]",
            "99999999999999999999",
            "tomorrow",
        ] {
            assert_eq!(date(text), None, "{text}");
        }
    }

    #[test]
    fn networks_hold_their_first_and_last_address_only() {
        let holds = |network: &str, text: &str| {
            Network::read(network).zip(address(text)).map(|(network, address)| network.holds(address))
        };
        for (network, text, expected) in [
            ("10.0.0.0/8", "10.0.0.0", true),
            ("10.0.0.0/8", "10.255.255.255", true),
            ("10.0.0.0/8", "11.0.0.0", false),
            ("10.1.2.3", "10.1.2.3", true),
            ("10.1.2.3", "10.1.2.4", false),
            ("10.1.2.3/32", "10.1.2.2", false),
            ("0.0.0.0/0", "255.255.255.255", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("::/0", "2001:db8::1", true),
            ("::/0", "1.2.3.4", false),
            ("2001:db8::/32", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", true),
            ("2001:db8::/32", "2001:db9::", false),
            ("2001:db8::1", "2001:DB8:0:0:0:0:0:1", true),
            ("10.1.2.3/8", "10.9.9.9", true),
        ] {
            assert_eq!(holds(network, text), Some(expected), "{text} in {network}");
        }
    }

    #[test]
    fn what_is_no_network_is_not_read() {
        for text in
            ["", "10.0.0", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/+8", "10.0.0.*", "host", "1.2.3.4/8/8"]
        {
            assert_eq!(Network::read(text), None, "{text}");
        }
    }

    #[test]
    fn base64_is_read_in_its_one_way_of_writing() {
        for text in ["QmluYXJ5", "YQ==", "YWI=", "+/+/"] {
            assert!(is_base64(text), "{text}");
        }
        for text in ["", "YQ", "YQ=", "YR==", "YWJ=", "Y===", "a b=", "YQ==YQ=="] {
            assert!(!is_base64(text), "{text}");
        }
    }
}
