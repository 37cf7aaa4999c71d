//! Address ranges, as subnets, rules and prefix lists write them.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A range of IPv4 or IPv6 addresses, written like `10.0.0.0/16`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cidr {
    first: IpAddr,
    prefix: u8,
}

/// A text that is no address range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no address range such as 10.0.0.0/16")]
pub struct NotACidr(String);

/// The ranges whose addresses no router of the internet knows.
const PRIVATE: [Cidr; 5] = [
    Cidr { first: IpAddr::V4(Ipv4Addr::new(10, 0, 0, 0)), prefix: 8 },
    Cidr { first: IpAddr::V4(Ipv4Addr::new(172, 16, 0, 0)), prefix: 12 },
    Cidr { first: IpAddr::V4(Ipv4Addr::new(192, 168, 0, 0)), prefix: 16 },
    Cidr { first: IpAddr::V4(Ipv4Addr::new(100, 64, 0, 0)), prefix: 10 },
    Cidr { first: IpAddr::V6(Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0)), prefix: 7 },
];

impl Cidr {
    /// The range of this address and prefix length; bits of the address behind the prefix are dropped, as AWS does.
    /// `None` when the prefix is longer than the address.
    pub fn new(address: IpAddr, prefix: u8) -> Option<Self> {
        (prefix <= bits_of(address)).then(|| Cidr { first: masked(address, prefix), prefix })
    }

    /// Whether every address of the other range is in this one.
    pub fn contains(self, other: Cidr) -> bool {
        self.first.is_ipv4() == other.first.is_ipv4()
            && self.prefix <= other.prefix
            && masked(other.first, self.prefix) == self.first
    }

    /// Whether an address is in both ranges.
    pub fn overlaps(self, other: Cidr) -> bool {
        self.contains(other) || other.contains(self)
    }

    /// Whether it holds every address of its family.
    pub fn is_everything(self) -> bool {
        self.prefix == 0
    }

    /// Whether it is a range of IPv4 addresses.
    pub fn is_ipv4(self) -> bool {
        self.first.is_ipv4()
    }

    /// Whether it is a range of the own host.
    pub fn is_loopback(self) -> bool {
        self.first.is_loopback() && self.prefix >= 8
    }

    /// Whether the whole range is private: RFC 1918, 100.64.0.0/10 or fc00::/7.
    pub fn is_private(self) -> bool {
        PRIVATE.iter().any(|private| private.contains(self))
    }

    /// Whether the range is an open source: not private, and wider than an IPv4 /8 or an IPv6 /32.
    pub fn is_open(self) -> bool {
        let widest = if self.first.is_ipv4() { 8 } else { 32 };
        self.prefix < widest && !self.is_private()
    }

    /// The range twice as wide that holds this one.
    fn parent(self) -> Option<Cidr> {
        let prefix = self.prefix.checked_sub(1)?;
        Some(Cidr { first: masked(self.first, prefix), prefix })
    }
}

/// The fewest ranges that hold the same addresses: `0.0.0.0/1` and `128.0.0.0/1` are `0.0.0.0/0`.
pub fn merged(ranges: impl IntoIterator<Item = Cidr>) -> Vec<Cidr> {
    let mut sorted: Vec<Cidr> = ranges.into_iter().collect();
    // Of ranges with the same first address the widest comes first, and swallows the others.
    sorted.sort_unstable();
    let mut merged: Vec<Cidr> = Vec::new();
    for range in sorted {
        if merged.last().is_some_and(|last| last.contains(range)) {
            continue;
        }
        merged.push(range);
        while let [.., one, other] = merged[..]
            && one.prefix == other.prefix
            && let Some(both) = one.parent().filter(|both| both.contains(other))
        {
            merged.truncate(merged.len() - 2);
            merged.push(both);
        }
    }
    merged
}

fn bits_of(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn masked(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from_bits(address.to_bits() & mask))
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & mask))
        }
    }
}

impl FromStr for Cidr {
    type Err = NotACidr;

    fn from_str(text: &str) -> Result<Self, NotACidr> {
        let none = || NotACidr(text.to_owned());
        let (address, prefix) = text.split_once('/').ok_or_else(none)?;
        let (address, prefix) = (address.parse().map_err(|_| none())?, prefix.parse().map_err(|_| none())?);
        Cidr::new(address, prefix).ok_or_else(none)
    }
}

impl TryFrom<String> for Cidr {
    type Error = NotACidr;

    fn try_from(text: String) -> Result<Self, NotACidr> {
        text.parse()
    }
}

impl From<Cidr> for String {
    fn from(range: Cidr) -> Self {
        range.to_string()
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cidr(text: &str) -> Cidr {
        text.parse().unwrap()
    }

    fn all(texts: &[&str]) -> Vec<Cidr> {
        texts.iter().map(|text| cidr(text)).collect()
    }

    #[test]
    fn a_range_is_written_as_it_is_read_without_the_bits_behind_its_prefix() {
        for (written, read) in [
            ("10.0.0.0/16", "10.0.0.0/16"),
            ("10.0.1.7/16", "10.0.0.0/16"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("::/0", "::/0"),
            ("2001:db8::1/128", "2001:db8::1/128"),
        ] {
            assert_eq!(cidr(written).to_string(), read);
        }
        for text in ["10.0.0.0", "10.0.0.0/33", "::/129", "10.0.0/8", "pl-1", "", "10.0.0.0/-1"] {
            assert_eq!(text.parse::<Cidr>(), Err(NotACidr(text.into())));
        }
    }

    #[test]
    fn a_range_contains_itself_and_what_is_narrower_in_it_and_nothing_of_the_other_family() {
        assert!(cidr("10.0.0.0/16").contains(cidr("10.0.0.0/16")));
        assert!(cidr("10.0.0.0/16").contains(cidr("10.0.255.0/24")));
        assert!(!cidr("10.0.0.0/16").contains(cidr("10.1.0.0/24")));
        assert!(!cidr("10.0.0.0/16").contains(cidr("10.0.0.0/15")));
        assert!(!cidr("0.0.0.0/0").contains(cidr("::/0")));
        assert!(cidr("10.0.0.0/24").overlaps(cidr("10.0.0.0/8")));
        assert!(!cidr("10.0.0.0/24").overlaps(cidr("10.0.1.0/24")));
    }

    #[test]
    fn a_range_is_open_when_it_is_wider_than_eight_bits_or_thirty_two_and_not_private() {
        for open in
            ["0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "52.0.0.0/7", "10.0.0.0/7", "::/0", "2000::/3", "2a00::/31"]
        {
            assert!(cidr(open).is_open(), "{open}");
        }
        for closed in ["52.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "2a00::/32", "fc00::/7", "fd00::/8", "127.0.0.1/32"]
        {
            assert!(!cidr(closed).is_open(), "{closed}");
        }
    }

    #[test]
    fn ranges_side_by_side_add_up_and_others_stay_as_they_are() {
        assert_eq!(merged(all(&["128.0.0.0/1", "0.0.0.0/1"])), all(&["0.0.0.0/0"]));
        assert_eq!(merged(all(&["8000::/1", "::/1", "0.0.0.0/1"])), all(&["0.0.0.0/1", "::/0"]));
        assert_eq!(merged(all(&["0.0.0.0/2", "64.0.0.0/2", "128.0.0.0/1"])), all(&["0.0.0.0/0"]));
        assert_eq!(merged(all(&["64.0.0.0/2", "128.0.0.0/2"])), all(&["64.0.0.0/2", "128.0.0.0/2"]));
        assert_eq!(merged(all(&["10.1.0.0/16", "10.0.0.0/8", "10.0.0.0/16"])), all(&["10.0.0.0/8"]));
        assert_eq!(merged([]), []);
    }
}
