//! Domains: what the resource and each condition key can hold at first.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::rc::Rc;

use crate::policy::key::{self, Arity, KeyType, Presence};
use crate::policy::model::{Principal, Test};
use crate::policy::request::{Caller, Held};
use crate::policy::search::globs::{Reading, Resolved};
use crate::policy::search::points::{points, range};
use crate::policy::search::scene::Scene;
use crate::policy::search::variable::{Left, Variable};
use crate::policy::search::{
    Channel, Fixed, PRINCIPAL_ACCOUNT, PRINCIPAL_ARN, PRINCIPAL_TYPE, Party, SERVICE_NAME, Stop, Strangers, USERNAME,
};
use crate::policy::words::{Glob, Globs, Letter, Words};

/// Keys that follow from who the caller is: a request cannot hold another value of them, nor hold one that is missing.
pub(super) const DERIVED: [&str; 7] = [
    PRINCIPAL_ACCOUNT,
    PRINCIPAL_ARN,
    PRINCIPAL_TYPE,
    USERNAME,
    "aws:principalisawsservice",
    SERVICE_NAME,
    "aws:principalservicenameslist",
];

/// Keys whose value a stranger cannot forge, so that a value that a policy fixes shuts strangers out: by who they are,
/// and by the network that they come through.
const IDENTITY: [&str; 8] = [
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:sourceaccount",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:sourceowner",
];
const NETWORK: [&str; 9] = [
    "aws:sourcearn",
    "aws:sourceip",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:vpceaccount",
    "aws:vpceorgid",
    "elasticfilesystem:accesspointarn",
    "s3:dataaccesspointaccount",
    "s3:dataaccesspointarn",
];

/// What `aws:ResourceOrgID` holds in requests of strangers: an organisation that is not theirs.
pub(crate) const OWN_ORGANISATION: &str = "o-theresources";

/// A variable before any test. Scenes in which it can hold the same share it.
pub(super) struct Domain {
    pub(super) variable: Rc<Variable>,
    /// For terms that do not vary, by their places, whether anything is left of it where they fail.
    pub(super) breakable: RefCell<BTreeMap<usize, bool>>,
}

/// What the domain of a key hangs on, where it is not on the scene's callers: the key, and whether it may be absent and
/// may be there.
pub(super) type Common = (Rc<str>, Option<(bool, bool)>);

/// The domain of a key; `None` where every request of a scene holds the same.
pub(super) type Open = Result<Option<Rc<Domain>>, Stop>;

impl Domain {
    pub(super) fn of(key: Option<Rc<str>>, left: Left) -> Result<Rc<Domain>, Stop> {
        let variable = Rc::new(Variable::of(key, left)?);
        Ok(Rc::new(Domain { variable, breakable: RefCell::new(BTreeMap::new()) }))
    }
}

impl Scene<'_> {
    /// The domain of each key that is tested and that the scene leaves open, in the order of their names.
    pub(super) fn domains(&self) -> Result<Vec<Rc<Domain>>, Stop> {
        let mut domains = Vec::new();
        for key in self.search.index.keys.keys() {
            let callers = DERIVED.contains(&&**key) || self.search.index.tests_of(key).any(|(term, _)| term.varies);
            let domain = if callers {
                self.left(key).map(|left| Domain::of(Some(key.clone()), left)).transpose()?
            } else {
                self.common_domain(key)?
            };
            domains.extend(domain);
        }
        Ok(domains)
    }

    /// The domain of a key that hangs on the scene only by whether the key is there.
    fn common_domain(&self, key: &Rc<str>) -> Open {
        let presence = key::named(key).and_then(|known| self.presence(known.presence));
        let common: Common = (key.clone(), presence);
        if let Some(known) = self.search.domains.borrow().get(&common) {
            return known.clone();
        }
        let domain = self.left(key).map(|left| Domain::of(Some(key.clone()), left)).transpose();
        self.search.domains.borrow_mut().insert(common, domain.clone());
        domain
    }

    /// What a key can hold in the scene at first; `None` where every request of the scene holds the same.
    pub(super) fn left(&self, name: &str) -> Option<Left> {
        let class = self.search.class;
        match class.fixed.get(name) {
            Some(Fixed::NoneOf(values)) => {
                let mut words = texts(name);
                words.exclude(&values.iter().map(|value| Glob::new().text(value)).collect());
                return Some(Left::Text { absent: true, present: Some(words) });
            }
            Some(Fixed::Absent | Fixed::Is(_) | Fixed::Value(_)) => return None,
            None => {}
        }
        if DERIVED.contains(&name) {
            return self.derived(name);
        }
        let known = key::named(name);
        let (absent, present) = match known {
            Some(key) => self.presence(key.presence)?,
            None => (true, true),
        };
        if !present {
            return None;
        }
        let tests: Vec<&Test> = self.search.index.tests_of(name).map(|(_, test)| test).collect();
        let left = match known.and_then(|key| points(key.kind, &tests)) {
            Some(points) => {
                let points = self.strange_points(name, points, &tests);
                let all: Rc<[Rc<Held>]> = points.into_iter().map(Held::One).map(Rc::new).collect();
                Left::Point { absent, left: (0..all.len()).collect(), all }
            }
            None => {
                let mut words = texts(name);
                if self.is_unforgeable(name) {
                    words.exclude(&self.fixed_by(name, &tests));
                }
                let several = match known {
                    Some(key) => key.arity == Arity::Multi,
                    None => tests.iter().any(|test| test.operator.quantifier.is_some()),
                };
                if several {
                    Left::Texts { absent, every: words, some: Vec::new() }
                } else {
                    Left::Text { absent, present: Some(words) }
                }
            }
        };
        Some(left)
    }

    /// What a key that follows from the caller can hold, where the party is not one caller.
    fn derived(&self, name: &str) -> Option<Left> {
        match (self.party, name) {
            (Party::SomeoneOf(_) | Party::Stranger | Party::RootOfAStranger, PRINCIPAL_ARN) => {
                Some(Left::text(self.arns()))
            }
            (Party::SomeoneOf(_) | Party::Stranger, PRINCIPAL_TYPE) => {
                let types = ["AssumedRole", "User", "Account", "FederatedUser"];
                Some(Left::text(Words::among(types.map(|name| Glob::new().text(name)))))
            }
            (Party::SomeService, SERVICE_NAME) => Some(Left::text(self.services())),
            (Party::SomeoneOf(_) | Party::Stranger, USERNAME) => {
                let names = Words::among([Glob::new().one(Letter::Any).star(Letter::Any)]);
                Some(Left::Text { absent: true, present: Some(names) })
            }
            (Party::Stranger | Party::RootOfAStranger, PRINCIPAL_ACCOUNT) => {
                let mut accounts = texts(name);
                let known = &self.search.class.known_accounts;
                accounts.exclude(&known.iter().map(|account| Glob::new().text(account)).collect());
                Some(Left::text(accounts))
            }
            (
                Party::Exactly(_) | Party::SomeoneOf(_) | Party::Stranger | Party::RootOfAStranger | Party::SomeService,
                _,
            ) => None,
        }
    }

    /// Whether the scene's callers cannot have what the documents fix of this key.
    fn is_unforgeable(&self, name: &str) -> bool {
        match self.search.class.strangers {
            Strangers::No => false,
            Strangers::Anybody => IDENTITY.contains(&name) || NETWORK.contains(&name),
            Strangers::OfOtherAccounts => IDENTITY.contains(&name),
        }
    }

    /// Whether a key may be absent and may be there; `None` where nobody documents it.
    pub(super) fn presence(&self, presence: Presence) -> Option<(bool, bool)> {
        let by_service = matches!(self.base.caller, Caller::Service(_));
        let signed = self.base.caller.account().is_some();
        match presence {
            Presence::Always => Some((false, true)),
            Presence::Signed => Some((true, signed)),
            Presence::Internet if by_service => Some((true, self.channel == Channel::Internet)),
            Presence::Endpoint if by_service => Some((true, self.channel == Channel::Endpoint)),
            Presence::Internet => Some((self.channel != Channel::Internet, self.channel == Channel::Internet)),
            Presence::Endpoint => Some((self.channel != Channel::Endpoint, self.channel == Channel::Endpoint)),
            Presence::Service | Presence::Optional => Some((true, true)),
            Presence::Doubtful => None,
        }
    }

    /// The names of the services that no document names as a principal.
    fn services(&self) -> Words {
        let mut words = Words::among([Glob::new().one(Letter::Any).star(Letter::Any)]);
        let name = |named: &Principal| match named {
            Principal::Service(name) => Some(Glob::new().text(name)),
            Principal::Everyone
            | Principal::Account(_)
            | Principal::User { .. }
            | Principal::Role { .. }
            | Principal::Session { .. }
            | Principal::Federated(_)
            | Principal::CanonicalUser(_)
            | Principal::Deleted(_)
            | Principal::Other { .. } => None,
        };
        words.exclude(&self.search.index.named().filter_map(name).collect());
        words
    }

    /// The ARNs of the principals that the party may be.
    pub(super) fn arns(&self) -> Words {
        let class = self.search.class;
        let prefix = |glob: Glob| match self.party {
            Party::SomeoneOf(account) => glob.text(account),
            Party::Stranger | Party::RootOfAStranger | Party::Exactly(_) | Party::SomeService => {
                glob.times(12, Letter::Digit)
            }
        };
        let head = |service: &str| prefix(Glob::new().text(&format!("arn:{}:{service}::", class.partition)));
        let form = |service: &str, kind: &str| head(service).text(kind).one(Letter::Any).star(Letter::Any);
        let root = head("iam").text(":root");
        let mut words = if matches!(self.party, Party::RootOfAStranger) {
            Words::among([root])
        } else {
            Words::among([form("iam", ":role/"), form("iam", ":user/"), root, form("sts", ":federated-user/")])
        };
        if matches!(self.party, Party::Stranger | Party::RootOfAStranger) {
            let of = |account: &String| {
                let head = Glob::new().text(&format!("arn:{}:", class.partition)).star(Letter::NoColon);
                head.text(&format!("::{account}:")).star(Letter::Any)
            };
            words.exclude(&class.known_accounts.iter().map(of).collect());
        }
        let named = self.search.index.named();
        words.exclude(&named.filter_map(|named| named.arn().map(|arn| Glob::new().text(arn))).collect());
        words
    }

    /// The values of an unforgeable key that the documents fix, and that no stranger has.
    fn fixed_by(&self, name: &str, tests: &[&Test]) -> Globs {
        let mut fixed = Vec::new();
        if ["aws:principalorgid", "aws:sourceorgid"].contains(&name) {
            fixed.push(Glob::new().text(OWN_ORGANISATION));
        }
        for test in tests {
            let Some(reading) = Reading::of(&test.operator.relation) else { continue };
            for value in &test.values {
                let Resolved::Glob(glob) = self.glob(&value.pattern, reading) else { continue };
                if glob.word().is_some() || is_fixed(name, &value.text, reading) {
                    fixed.push(glob);
                }
            }
        }
        fixed.into()
    }

    /// Leaves out the addresses in ranges that the documents name, for strangers; a family that the ranges cover
    /// completely stays whole.
    fn strange_points(&self, name: &str, points: Vec<String>, tests: &[&Test]) -> Vec<String> {
        if !self.is_unforgeable(name) {
            return points;
        }
        let ranges: Vec<_> =
            tests.iter().flat_map(|test| &test.values).filter_map(|value| range(&value.text)).collect();
        let addresses: Vec<(IpAddr, String)> = points
            .into_iter()
            .filter_map(|point| point.parse::<IpAddr>().map_or(None, |address| Some((address, point))))
            .collect();
        let inside = |address: &IpAddr| ranges.iter().any(|range| range.holds(*address));
        let complete =
            |v4: bool| addresses.iter().filter(|(address, _)| address.is_ipv4() == v4).all(|(a, _)| inside(a));
        let (all_v4, all_v6) = (complete(true), complete(false));
        addresses
            .iter()
            .filter(|(address, _)| !inside(address) || if address.is_ipv4() { all_v4 } else { all_v6 })
            .map(|(_, point)| point.clone())
            .collect()
    }
}

/// The texts that a key of this name can hold.
fn texts(name: &str) -> Words {
    let form: Vec<Glob> = match name {
        "aws:principalaccount"
        | "aws:sourceaccount"
        | "aws:sourceowner"
        | "aws:resourceaccount"
        | "aws:vpceaccount"
        | "s3:resourceaccount"
        | "s3:dataaccesspointaccount" => {
            vec![Glob::new().times(12, Letter::Digit)]
        }
        "aws:principalorgid" | "aws:sourceorgid" | "aws:resourceorgid" | "aws:vpceorgid" => {
            vec![Glob::new().text("o-").times(10, Letter::LowerOrDigit).star(Letter::LowerOrDigit)]
        }
        "aws:sourcevpc" => vec![Glob::new().text("vpc-").one(Letter::LowerOrDigit).star(Letter::LowerOrDigit)],
        "aws:sourcevpce" => vec![Glob::new().text("vpce-").one(Letter::LowerOrDigit).star(Letter::LowerOrDigit)],
        "sts:externalid" => vec![Glob::new().times(2, Letter::Any).star(Letter::Any)],
        "s3:x-amz-server-side-encryption" => {
            ["AES256", "aws:kms", "aws:kms:dsse"].map(|text| Glob::new().text(text)).into()
        }
        _ if key::named(name).is_some_and(|key| key.kind == KeyType::Arn) => {
            let part = |glob: Glob| glob.star(Letter::NoColon).text(":");
            let head = part(part(part(part(Glob::new().text("arn:")))));
            vec![head.one(Letter::Any).star(Letter::Any)]
        }
        _ => return Words::all(),
    };
    Words::among(form)
}

/// Whether a pattern with wildcards still fixes who it is: an ARN by its account or its bucket, a path of an
/// organisation by the organisation.
fn is_fixed(name: &str, pattern: &str, reading: Reading) -> bool {
    let literal = |part: &str| !part.is_empty() && !part.contains(['*', '?', '$']);
    if name.ends_with("orgpaths") {
        return pattern.split_once('/').is_some_and(|(organisation, _)| literal(organisation));
    }
    if !name.ends_with("arn") {
        return false;
    }
    let parts: Vec<&str> = pattern.splitn(6, ':').collect();
    let [_, _, service, _, account, resource] = parts.as_slice() else { return false };
    // Under a String operator a star crosses colons, and the path of a role may hold colons and digits of anybody's
    // choice: behind a star nothing of the caller's ARN is fixed.
    if name == PRINCIPAL_ARN && reading == Reading::Like && parts.iter().take(4).any(|part| part.contains('*')) {
        return false;
    }
    let of_a_bucket = *service == "s3" && resource.split('/').next().is_some_and(literal);
    of_a_bucket || (account.len() == 12 && account.bytes().all(|digit| digit.is_ascii_digit()))
}
