//! The other ways to fail: a requirement that can be broken in more than one way is broken in each that could be taken for
//! a pass. A row whose own finding is undecided says so: nobody may take that for a pass either.

use super::super::{NEVER_FAILS, Table, wrong_flips};

mod access;
mod alarms;
mod chain;
mod logs;
mod posture;
mod topics;
mod trail;

const FURTHER: Table = Table {
    profile: "monitoring",
    account: "monitoring",
    rows: &[
        chain::MUTATIONS,
        alarms::MUTATIONS,
        topics::MUTATIONS,
        access::MUTATIONS,
        logs::MUTATIONS,
        trail::MUTATIONS,
        posture::MUTATIONS,
    ],
    never_fails: &NEVER_FAILS,
};

#[test]
fn each_other_way_to_fail_flips_exactly_the_findings_of_its_row() {
    let wrong = wrong_flips(&FURTHER);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
