//! Further ways to break requirements of MediTech: those in which a careless look would find nothing wrong.

use super::super::{NEVER_FAILS, Table, wrong_flips};

mod exposure;
mod keys;
mod network;
mod stores;

const FURTHER: Table = Table {
    profile: "meditech",
    account: "meditech",
    rows: &[network::MUTATIONS, exposure::MUTATIONS, stores::MUTATIONS, keys::MUTATIONS],
    never_fails: &NEVER_FAILS,
};

#[test]
fn each_further_way_to_break_a_requirement_flips_exactly_the_findings_of_its_row() {
    let wrong = wrong_flips(&FURTHER);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
