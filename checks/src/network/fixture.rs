//! What the tests of exposure and encryption in transit are built from.

use super::Addresses;
use crate::apigateway::{DomainName, EndpointType};
use crate::cloudformation::{Member, Stack};
use crate::evidence::{Account, Evidence};
use crate::fixture::{ACCOUNT, denial, evidence, seen, subject};
use crate::observed::Observed::{Absent, Present};
use crate::subject::{Kind, Resource, Subject};

fn member((logical_id, kind, physical_id): (&str, &str, &str), status: &str) -> Member {
    Member {
        stack: "TapStackpr1".into(),
        logical_id: logical_id.into(),
        physical_id: Present(physical_id.into()),
        kind: kind.into(),
        status: status.into(),
        drift: Absent,
    }
}

fn of(members: Vec<Member>, addresses: Addresses, others: Vec<Subject>) -> Evidence {
    let stack = Stack { members: seen(members), addresses, ..Stack::unknown(&denial()) };
    let stack = subject(Kind::Stack, "TapStackpr1", Resource::Stack(Box::new(stack)));
    evidence([vec![stack], others].concat())
}

/// A stack of these members, as logical id, type and physical id, with other subjects beside it.
pub(super) fn stack_with(members: &[(&str, &str, &str)], addresses: Addresses, others: Vec<Subject>) -> Evidence {
    of(members.iter().map(|one| member(*one, "CREATE_COMPLETE")).collect(), addresses, others)
}

/// A stack of these members of which no address was read.
pub(super) fn stack_of(members: &[(&str, &str, &str)], others: Vec<Subject>) -> Evidence {
    stack_with(members, Addresses::unknown(&denial()), others)
}

/// A stack of one member that has this status.
pub(super) fn changing(kind: &str, status: &str) -> Evidence {
    of(vec![member(("Thing", kind, "thing"), status)], Addresses::unknown(&denial()), Vec::new())
}

pub(super) fn account(account: Account) -> Subject {
    subject(Kind::Account, ACCOUNT, Resource::Account(Box::new(account)))
}

/// A regional custom domain that takes TLS 1.2.
pub(super) fn domain_named(name: &str) -> DomainName {
    DomainName {
        name: name.into(),
        arn: Absent,
        security_policy: Present("TLS_1_2".into()),
        endpoint_types: Present(vec![EndpointType::Regional]),
    }
}
