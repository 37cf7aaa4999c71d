//! Variables: what they can hold at first, and what is left of that when a test has to hold or to fail.

use std::net::IpAddr;
use std::rc::Rc;

use crate::policy::evaluate::{self, Truth};
use crate::policy::key::{self, Arity, KeyType, Presence};
use crate::policy::model::{Principal, Quantifier, Relation, Resources, Test};
use crate::policy::pattern::{Part, Pattern};
use crate::policy::request::{Caller, Held, Request};
use crate::policy::search::points::{points, range};
use crate::policy::search::{
    Channel, Choice, Fixed, Left, Mode, Narrowed, On, PRINCIPAL_ACCOUNT, PRINCIPAL_ARN, PRINCIPAL_TYPE, Party,
    SERVICE_NAME, SOME_SESSION, STATES, Scene, Strangers, USERNAME, Variable, variable,
};
use crate::policy::words::{Found, Glob, Letter, Words};

/// Keys that follow from who the caller is: a request cannot hold another value of them, nor hold one that is missing.
const DERIVED: [&str; 7] = [
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

/// A shortest word, the empty one only where there is no other.
fn ordinary(words: &Words, budget: &mut u32) -> Found {
    if words.holds("") {
        let mut others = words.clone();
        others.keep(&[Rc::new(Glob::new().one(Letter::Any).star(Letter::Any))].into());
        if let found @ (Found::Word(_) | Found::GaveUp) = others.shortest(budget) {
            return found;
        }
    }
    words.shortest(budget)
}

/// A member of a set, where it has one.
pub(super) enum Member {
    Is(Option<Held>),
    None,
    GaveUp,
}

/// The globs of a list of patterns.
struct Globs {
    known: Rc<[Rc<Glob>]>,
    /// Whether a pattern among them could not be resolved to a glob.
    uncertain: bool,
}

/// What a pattern's wildcards are, and how its letters compare.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// Literal text.
    Exact,
    /// Literal text without regard to case.
    AnyCase,
    /// Wildcards cross everything.
    Like,
    /// Wildcards stop at the first five colons.
    Arn,
}

impl Left {
    pub(super) fn member(&self) -> Member {
        let mut budget = STATES;
        match self {
            Left::Text { absent: true, .. } | Left::Point { absent: true, .. } | Left::Texts { absent: true, .. } => {
                Member::Is(None)
            }
            Left::Text { absent: false, present: None } => Member::None,
            Left::Text { absent: false, present: Some(words) } => match ordinary(words, &mut budget) {
                Found::Word(word) => Member::Is(Some(Held::One(word))),
                Found::Nothing => Member::None,
                Found::GaveUp => Member::GaveUp,
            },
            Left::Point { absent: false, points } => match points.first() {
                Some(point) => Member::Is(Some(Held::One(point.clone()))),
                None => Member::None,
            },
            Left::Texts { absent: false, every, some } => {
                let mut members = Vec::new();
                let all = [Words::all()];
                for one in if some.is_empty() { all.as_slice() } else { some.as_slice() } {
                    match every.and(one).shortest(&mut budget) {
                        Found::Word(word) if members.contains(&word) => {}
                        Found::Word(word) => members.push(word),
                        Found::Nothing => return Member::None,
                        Found::GaveUp => return Member::GaveUp,
                    }
                }
                Member::Is(Some(Held::Many(members)))
            }
        }
    }

    fn holds(&self, member: Option<&Held>) -> bool {
        match (self, member) {
            (Left::Text { absent, .. } | Left::Point { absent, .. } | Left::Texts { absent, .. }, None) => *absent,
            (Left::Text { present: Some(words), .. }, Some(Held::One(word))) => words.holds(word),
            (Left::Point { points, .. }, Some(Held::One(point))) => points.contains(point),
            (Left::Texts { every, some, .. }, Some(Held::Many(members))) => {
                members.iter().all(|word| every.holds(word))
                    && some.iter().all(|one| members.iter().any(|word| one.holds(word)))
            }
            (
                Left::Text { .. } | Left::Point { .. } | Left::Texts { .. },
                Some(Held::One(_) | Held::Many(_) | Held::Doubtful),
            ) => false,
        }
    }
}

impl Scene<'_> {
    /// What a key can hold in the scene at first; `None` where every request of the scene holds the same.
    pub(super) fn domain(&self, name: &str) -> Option<Left> {
        let class = self.search.class;
        match class.fixed.get(name) {
            Some(Fixed::NoneOf(values)) => {
                let mut words = self.texts(name);
                words.exclude(&values.iter().map(|value| Rc::new(Glob::new().text(value))).collect::<Vec<_>>());
                return Some(Left::Text { absent: true, present: Some(words) });
            }
            Some(Fixed::Absent | Fixed::Is(_) | Fixed::Value(_)) => return None,
            None => {}
        }
        if DERIVED.contains(&name) {
            return match (self.party, name) {
                (Party::SomeoneOf(_) | Party::Stranger, PRINCIPAL_ARN) => {
                    Some(Left::Text { absent: false, present: Some(self.arns()) })
                }
                (Party::SomeoneOf(_) | Party::Stranger, PRINCIPAL_TYPE) => Some(Left::Text {
                    absent: false,
                    present: Some(one_of(&["AssumedRole", "User", "Account", "FederatedUser"])),
                }),
                (Party::SomeService, SERVICE_NAME) => {
                    Some(Left::Text { absent: false, present: Some(self.services()) })
                }
                (Party::SomeoneOf(_) | Party::Stranger, USERNAME) => {
                    let mut names = Words::all();
                    names.keep(&[Rc::new(Glob::new().one(Letter::Any).star(Letter::Any))].into());
                    Some(Left::Text { absent: true, present: Some(names) })
                }
                (Party::RootOfAStranger, PRINCIPAL_ARN) => {
                    Some(Left::Text { absent: false, present: Some(self.arns()) })
                }
                (Party::Stranger | Party::RootOfAStranger, PRINCIPAL_ACCOUNT) => {
                    let mut accounts = self.texts(name);
                    accounts.exclude(
                        &class
                            .known_accounts
                            .iter()
                            .map(|account| Rc::new(Glob::new().text(account)))
                            .collect::<Vec<_>>(),
                    );
                    Some(Left::Text { absent: false, present: Some(accounts) })
                }
                (
                    Party::Exactly(_)
                    | Party::SomeoneOf(_)
                    | Party::Stranger
                    | Party::RootOfAStranger
                    | Party::SomeService,
                    _,
                ) => None,
            };
        }
        let known = key::named(name);
        let (absent, present) = match known {
            Some(key) => self.presence(key.presence)?,
            None => (true, true),
        };
        if !present {
            return None;
        }
        let tests = self.search.keys.get(name).map_or(&[][..], Vec::as_slice);
        let left = match known.and_then(|key| points(key.kind, tests)) {
            Some(points) => Left::Point { absent, points: self.strange_points(name, points, tests) },
            None => {
                let mut words = self.texts(name);
                if self.is_unforgeable(name) {
                    words.exclude(&self.fixed_by(name, tests));
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

    /// Whether the scene's callers cannot have what the documents fix of this key.
    fn is_unforgeable(&self, name: &str) -> bool {
        match self.search.class.strangers {
            Strangers::No => false,
            Strangers::Anybody => IDENTITY.contains(&name) || NETWORK.contains(&name),
            Strangers::OfOtherAccounts => IDENTITY.contains(&name),
        }
    }

    /// Whether a variable among the test's values varies from request to request of the scene.
    pub(super) fn varies(&self, test: &Test) -> bool {
        let parts = test.values.iter().flat_map(|value| &value.pattern.parts);
        parts.into_iter().any(|part| match part {
            Part::Variable { key, default } => {
                matches!(self.substitute(key, default.as_deref()), Substitute::Uncertain)
            }
            Part::Literal(_) | Part::Star | Part::One | Part::Unreadable(_) => false,
        })
    }

    /// The request with every open variable that stands alone for a value holding what it is compared with; `None`
    /// where there is no such variable.
    pub(super) fn echoing(&self, request: &Request) -> Option<Request> {
        let mut echoing = request.clone();
        let facts = crate::policy::evaluate::Facts { request, partition: &self.search.class.partition };
        for test in self.search.keys.values().flatten() {
            for value in &test.values {
                let [Part::Variable { key, default }] = value.pattern.parts.as_slice() else { continue };
                if matches!(self.substitute(key, default.as_deref()), Substitute::Uncertain)
                    && !DERIVED.contains(&key.as_str())
                    && facts.get(key).is_none()
                    && let Some(held) = facts.get(&test.key)
                    && self.domain(key).is_some_and(|left| left.holds(Some(&held)))
                {
                    echoing.context.insert(key.clone(), held);
                }
            }
        }
        (echoing != *request).then_some(echoing)
    }

    /// Whether a key may be absent and may be there; `None` where nobody documents it.
    fn presence(&self, presence: Presence) -> Option<(bool, bool)> {
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

    /// The texts that a key of this name can hold.
    fn texts(&self, name: &str) -> Words {
        let mut words = Words::all();
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
            _ => return words,
        };
        words.keep(&form.into_iter().map(Rc::new).collect());
        words
    }

    /// The names of the services that no document names as a principal.
    fn services(&self) -> Words {
        let mut words = Words::all();
        words.keep(&[Rc::new(Glob::new().one(Letter::Any).star(Letter::Any))].into());
        for named in self.search.named() {
            if let Principal::Service(name) = named {
                words.exclude(&[Rc::new(Glob::new().text(name))]);
            }
        }
        words
    }

    /// The ARNs of the principals that the party may be.
    fn arns(&self) -> Words {
        let class = self.search.class;
        let prefix = |glob: Glob| match self.party {
            Party::SomeoneOf(account) => glob.text(account),
            Party::Stranger | Party::RootOfAStranger | Party::Exactly(_) | Party::SomeService => {
                glob.times(12, Letter::Digit)
            }
        };
        let head = |service: &str| prefix(Glob::new().text(&format!("arn:{}:{service}::", class.partition)));
        let form = |service: &str, kind: &str| Rc::new(head(service).text(kind).one(Letter::Any).star(Letter::Any));
        let mut words = Words::all();
        let root = Rc::new(head("iam").text(":root"));
        if matches!(self.party, Party::RootOfAStranger) {
            words.keep(&[root].into());
        } else {
            words.keep(&[form("iam", ":role/"), form("iam", ":user/"), root, form("sts", ":federated-user/")].into());
        }
        if matches!(self.party, Party::Stranger | Party::RootOfAStranger) {
            let of = |account: &String| {
                let head = Glob::new().text(&format!("arn:{}:", class.partition)).star(Letter::NoColon);
                Rc::new(head.text(&format!("::{account}:")).star(Letter::Any))
            };
            words.exclude(&class.known_accounts.iter().map(of).collect::<Vec<_>>());
        }
        words.exclude(
            &self
                .search
                .named()
                .filter_map(|named| named.arn().map(|arn| Rc::new(Glob::new().text(arn))))
                .collect::<Vec<_>>(),
        );
        words
    }

    /// The values of an unforgeable key that the documents fix, and that no stranger has.
    fn fixed_by(&self, name: &str, tests: &[Test]) -> Vec<Rc<Glob>> {
        let mut fixed = Vec::new();
        if ["aws:principalorgid", "aws:sourceorgid"].contains(&name) {
            fixed.push(Rc::new(Glob::new().text(OWN_ORGANISATION)));
        }
        for test in tests {
            let Some(reading) = reading(&test.operator.relation) else { continue };
            for value in &test.values {
                let Resolved::Glob(glob) = self.glob(&value.pattern, reading) else { continue };
                if glob.word().is_some() || is_fixed(name, &value.text, reading) {
                    fixed.push(Rc::new(glob));
                }
            }
        }
        fixed
    }

    /// Leaves out the addresses in ranges that the documents name, for strangers; a family that the ranges cover
    /// completely stays whole.
    fn strange_points(&self, name: &str, points: Vec<String>, tests: &[Test]) -> Vec<String> {
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

    /// The variables with one of them narrowed.
    pub(super) fn narrowed(&self, variables: &[Variable], choice: Choice<'_>) -> Narrowed {
        let Some(before) = variables.get(choice.variable) else { return Narrowed::GaveUp };
        let mut left = before.left.clone();
        let empty = match choice.test {
            On::Resource(resources) => self.narrow_resource(&mut left, resources, choice.holds),
            On::Key(test) => self.narrow_key(&mut left, test, choice.holds),
        };
        if empty {
            return Narrowed::Empty;
        }
        let kept = left.holds(before.member.as_ref());
        let member = if kept {
            before.member.clone()
        } else {
            match left.member() {
                Member::Is(member) => member,
                Member::None => return Narrowed::Empty,
                Member::GaveUp => return Narrowed::GaveUp,
            }
        };
        let mut variables = variables.to_vec();
        if let Some(variable) = variables.get_mut(choice.variable) {
            variable.left = left;
            variable.member = member;
        }
        Narrowed::To { variables, kept }
    }

    /// Narrows the resource; true where nothing can be left.
    fn narrow_resource(&self, left: &mut Left, resources: &Resources, holds: bool) -> bool {
        let Left::Text { present: Some(words), .. } = left else { return true };
        let (patterns, negated) = match resources {
            Resources::Only(patterns) => (patterns, false),
            Resources::AllBut(patterns) => (patterns, true),
            Resources::Unstated => return !holds,
        };
        let globs = self.globs(patterns.iter(), Reading::Like, negated);
        self.narrow_words(words, &globs, holds != negated)
    }

    /// Keeps the words that are among the globs, or those that are not; true where none can be.
    fn narrow_words(&self, words: &mut Words, globs: &Globs, among: bool) -> bool {
        if globs.uncertain {
            self.heed(Truth::Unknown);
        }
        match (among, globs.uncertain, self.mode) {
            (true, true, Mode::Possible) => false,
            (true, true | false, Mode::Definite) | (true, false, Mode::Possible) => {
                words.keep(&globs.known);
                globs.known.is_empty()
            }
            (false, true, Mode::Definite) => true,
            (false, false, Mode::Definite) | (false, true | false, Mode::Possible) => {
                words.exclude(&globs.known);
                false
            }
        }
    }

    /// Narrows what a key holds; true where nothing can be left.
    fn narrow_key(&self, left: &mut Left, test: &Test, holds: bool) -> bool {
        let facts = self.facts();
        let suits = |truth: Truth| {
            self.heed(truth);
            if holds { self.mode.holds(truth) } else { self.mode.fails(truth) }
        };
        let (Left::Text { absent, .. } | Left::Point { absent, .. } | Left::Texts { absent, .. }) = left;
        *absent = *absent && suits(evaluate::test(test, None, &facts));
        match left {
            Left::Point { absent, points } => {
                points.retain(|point| suits(evaluate::test(test, Some(&Held::One(point.clone())), &facts)));
                !*absent && points.is_empty()
            }
            Left::Text { absent, present } => {
                let gone = match present {
                    None => true,
                    Some(words) => match self.alike(test, false) {
                        Some(truth) => !suits(truth),
                        None => self.narrow_texts(words, test, holds),
                    },
                };
                if gone {
                    *present = None;
                }
                gone && !*absent
            }
            Left::Texts { absent, every, some } => {
                if let Some(truth) = self.alike(test, true) {
                    let gone = !suits(truth);
                    if gone {
                        // Nothing but an absent key is left, which an impossible demand says.
                        some.push(Words::none());
                    }
                    return gone && !*absent;
                }
                // All of the texts have to fit, or one of them has to.
                let all = match test.operator.quantifier {
                    Some(Quantifier::ForAllValues) => holds,
                    Some(Quantifier::ForAnyValue) | None => !holds,
                };
                let gone = if all {
                    self.narrow_texts(every, test, holds)
                } else {
                    let mut one = Words::all();
                    let gone = self.narrow_texts(&mut one, test, holds);
                    some.push(one);
                    gone
                };
                if gone {
                    some.push(Words::none());
                }
                gone && !*absent
            }
        }
    }

    fn narrow_texts(&self, words: &mut Words, test: &Test, holds: bool) -> bool {
        let Some(reading) = reading(&test.operator.relation) else { return true };
        let negated = test.operator.relation.is_negated();
        let mut globs = self.globs(test.values.iter().map(|value| &value.pattern), reading, negated);
        // A key that may hold other text than an ARN, such as the id of a KMS key: what an ARN operator then answers is
        // documented nowhere.
        globs.uncertain |= reading == Reading::Arn && key::named(&test.key).is_none_or(|key| key.kind != KeyType::Arn);
        self.narrow_words(words, &globs, holds != negated)
    }

    /// The answer of a test on every text alike: of `Null`, and of an operator that does not fit the key.
    fn alike(&self, test: &Test, several: bool) -> Option<Truth> {
        let facts = self.facts();
        let probe = |text: &str| {
            let held = if several { Held::Many(vec![text.to_owned()]) } else { Held::One(text.to_owned()) };
            let literal = Pattern { text: text.to_owned(), parts: vec![Part::Literal(text.to_owned())] };
            let mut probing = test.clone();
            if test.operator.relation != Relation::Null && !test.values.is_empty() {
                probing.values = vec![crate::policy::model::Value { text: text.to_owned(), pattern: literal }];
            }
            evaluate::test(&probing, Some(&held), &facts)
        };
        let relation = &test.operator.relation;
        let truth = match reading(relation) {
            Some(Reading::Arn) => probe("arn:aws:s3:::probe"),
            // The one text that is good base64 too.
            Some(Reading::Exact | Reading::AnyCase | Reading::Like) | None => probe("cHJvYmU="),
        };
        if *relation == Relation::Null {
            return Some(truth);
        }
        (truth == Truth::Unknown || reading(relation).is_none()).then_some(Truth::Unknown)
    }

    /// The globs of these patterns. A variable without a value matches nothing; under a negated operator nobody says
    /// what it does.
    fn globs<'b>(&self, patterns: impl Iterator<Item = &'b Pattern>, reading: Reading, negated: bool) -> Globs {
        let mut known = Vec::new();
        let mut uncertain = false;
        for pattern in patterns {
            match self.glob(pattern, reading) {
                Resolved::Glob(glob) => known.push(Rc::new(glob)),
                Resolved::Nothing => uncertain |= negated,
                Resolved::Uncertain => uncertain = true,
            }
        }
        Globs { known: known.into(), uncertain }
    }

    fn glob(&self, pattern: &Pattern, reading: Reading) -> Resolved {
        let mut glob = Glob::new();
        let mut colons = 0;
        let literal = |glob: Glob, text: &str| match reading {
            Reading::AnyCase => glob.text_in_any_case(text),
            Reading::Exact | Reading::Like | Reading::Arn => glob.text(text),
        };
        for part in &pattern.parts {
            let wild = match reading {
                Reading::Like => Some(Letter::Any),
                Reading::Arn if colons < 5 => Some(Letter::NoColon),
                Reading::Arn => Some(Letter::Any),
                Reading::Exact | Reading::AnyCase => None,
            };
            glob = match (part, wild) {
                (Part::Literal(text), _) => {
                    colons += text.matches(':').count();
                    literal(glob, text)
                }
                (Part::Star, Some(letter)) => glob.star(letter),
                (Part::One, Some(letter)) => glob.one(letter),
                (Part::Star, None) => literal(glob, "*"),
                (Part::One, None) => literal(glob, "?"),
                (Part::Variable { key, default }, _) => match self.substitute(key, default.as_deref()) {
                    // A colon that comes in by a variable separates parts only where the variable is the whole value.
                    Substitute::Text(text)
                        if reading == Reading::Arn && colons < 5 && pattern.parts.len() > 1 && text.contains(':') =>
                    {
                        return Resolved::Uncertain;
                    }
                    Substitute::Text(text) => {
                        colons += text.matches(':').count();
                        literal(glob, &text)
                    }
                    Substitute::Nothing => return Resolved::Nothing,
                    Substitute::Uncertain => return Resolved::Uncertain,
                },
                (Part::Unreadable(_), _) => return Resolved::Uncertain,
            };
        }
        if reading == Reading::Arn && colons < 5 {
            return Resolved::Uncertain;
        }
        Resolved::Glob(glob)
    }

    /// What a variable stands for in every request of the scene.
    fn substitute(&self, name: &str, default: Option<&str>) -> Substitute {
        let absent = || default.map_or(Substitute::Nothing, |default| Substitute::Text(default.to_owned()));
        let name = variable(name);
        let several_callers = !matches!(self.party, Party::Exactly(_));
        let varies = match self.party {
            Party::Exactly(_) => false,
            Party::SomeService => name == SERVICE_NAME,
            Party::SomeoneOf(_) => [PRINCIPAL_ARN, PRINCIPAL_TYPE, USERNAME].contains(&name),
            Party::Stranger => [PRINCIPAL_ARN, PRINCIPAL_TYPE, USERNAME, PRINCIPAL_ACCOUNT].contains(&name),
            Party::RootOfAStranger => [PRINCIPAL_ARN, PRINCIPAL_ACCOUNT].contains(&name),
        };
        // What a variable of several values stands for is documented nowhere.
        if varies || key::named(name).is_some_and(|key| key.arity == Arity::Multi) {
            return Substitute::Uncertain;
        }
        if DERIVED.contains(&name) || self.search.class.fixed.contains_key(name) {
            return match self.facts().get(name) {
                Some(Held::One(text)) => Substitute::Text(text),
                Some(Held::Many(_) | Held::Doubtful) => Substitute::Uncertain,
                None if matches!(self.search.class.fixed.get(name), Some(Fixed::NoneOf(_))) => Substitute::Uncertain,
                None => absent(),
            };
        }
        match key::named(name).map(|key| self.presence(key.presence)) {
            Some(Some((true, false))) if !several_callers => absent(),
            Some(_) | None => Substitute::Uncertain,
        }
    }

    /// Puts a request together from the members; `None` where what hangs together does not fit.
    pub(super) fn request(&self, variables: &[Variable]) -> Option<Request> {
        let mut request = self.base.clone();
        for variable in variables {
            match (&variable.member, variable.key.as_str()) {
                (Some(Held::One(resource)), "") => request.resource.clone_from(resource),
                (_, "" | PRINCIPAL_ARN | PRINCIPAL_ACCOUNT | PRINCIPAL_TYPE | USERNAME | SERVICE_NAME) | (None, _) => {}
                (Some(held), key) => {
                    request.context.insert(key.to_owned(), held.clone());
                }
            }
        }
        request.caller = self.caller(variables)?;
        Some(request)
    }

    /// The caller that the members describe.
    fn caller(&self, variables: &[Variable]) -> Option<Caller> {
        let find = |name: &str| variables.iter().find(|variable| variable.key == name);
        let text = |variable: Option<&Variable>| match variable.map(|variable| &variable.member) {
            Some(Some(Held::One(text))) => Some(text.clone()),
            Some(Some(Held::Many(_) | Held::Doubtful) | None) | None => None,
        };
        if let Some(name) = text(find(SERVICE_NAME)) {
            return Some(Caller::Service(name));
        }
        if [PRINCIPAL_ARN, PRINCIPAL_ACCOUNT, PRINCIPAL_TYPE, USERNAME].iter().all(|name| find(name).is_none()) {
            return Some(self.base.caller.clone());
        }
        let mut arns = match find(PRINCIPAL_ARN).map(|variable| &variable.left) {
            Some(Left::Text { present: Some(words), .. }) => words.clone(),
            Some(Left::Text { present: None, .. } | Left::Point { .. } | Left::Texts { .. }) => return None,
            None => self.arns(),
        };
        let kinds: &[&str] = match (find(USERNAME), text(find(USERNAME)), text(find(PRINCIPAL_TYPE)).as_deref()) {
            (_, Some(_), None | Some("User")) | (None, None, Some("User")) => &["user/"],
            (_, Some(_), Some(_)) | (Some(_), None, Some("User")) | (_, None, Some("FederatedUser")) => return None,
            (_, None, Some("Account")) => &["root"],
            (_, None, Some("AssumedRole")) => &["role/"],
            (Some(_), None, _) => &["role/", "root"],
            (None, None, _) => &["role/", "user/", "root"],
        };
        let name = text(find(USERNAME));
        let account = text(find(PRINCIPAL_ACCOUNT));
        let kinds = if matches!(self.party, Party::RootOfAStranger) { &["root"] } else { kinds };
        let form = |kind: &&str| {
            let glob = Glob::new().text(&format!("arn:{}:iam::", self.search.class.partition));
            let glob = match &account {
                Some(account) => glob.text(account),
                None => glob.star(Letter::Digit),
            };
            let glob = glob.text(&format!(":{kind}"));
            Rc::new(match &name {
                _ if *kind == "root" => glob,
                Some(name) => glob.text(name),
                None => glob.star(Letter::Any),
            })
        };
        arns.keep(&kinds.iter().map(form).collect());
        match arns.shortest(&mut { STATES }) {
            Found::Word(arn) => caller_of(&arn),
            Found::Nothing | Found::GaveUp => None,
        }
    }
}

/// Reads the ARN of a user, a role or a root user as a caller.
fn caller_of(arn: &str) -> Option<Caller> {
    let mut parts = arn.splitn(6, ':');
    let account = parts.nth(4)?.to_owned();
    let rest = parts.next()?;
    if rest == "root" {
        return Some(Caller::Root { account });
    }
    match rest.split_once('/')? {
        ("role", name) => Some(Caller::Role { account, name: name.to_owned(), session: SOME_SESSION.to_owned() }),
        ("user", name) => Some(Caller::User { account, name: name.to_owned() }),
        _ => None,
    }
}

enum Resolved {
    Glob(Glob),
    /// A variable in it has no value: it matches nothing.
    Nothing,
    Uncertain,
}

enum Substitute {
    Text(String),
    Nothing,
    Uncertain,
}

/// How the values of an operator on text are read; `None` for operators that are not on text.
fn reading(relation: &Relation) -> Option<Reading> {
    match relation {
        Relation::StringEquals | Relation::StringNotEquals | Relation::BinaryEquals => Some(Reading::Exact),
        Relation::StringEqualsIgnoreCase | Relation::StringNotEqualsIgnoreCase => Some(Reading::AnyCase),
        Relation::StringLike | Relation::StringNotLike => Some(Reading::Like),
        Relation::ArnLike | Relation::ArnNotLike => Some(Reading::Arn),
        Relation::NumericEquals
        | Relation::NumericNotEquals
        | Relation::NumericLessThan
        | Relation::NumericLessThanEquals
        | Relation::NumericGreaterThan
        | Relation::NumericGreaterThanEquals
        | Relation::DateEquals
        | Relation::DateNotEquals
        | Relation::DateLessThan
        | Relation::DateLessThanEquals
        | Relation::DateGreaterThan
        | Relation::DateGreaterThanEquals
        | Relation::Bool
        | Relation::IpAddress
        | Relation::NotIpAddress
        | Relation::Null
        | Relation::Unknown => None,
    }
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

fn one_of(texts: &[&str]) -> Words {
    let mut words = Words::all();
    words.keep(&texts.iter().map(|text| Rc::new(Glob::new().text(text))).collect());
    words
}
