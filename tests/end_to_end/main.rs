//! The whole pipeline, from the text of an outputs file to the report, on recorded accounts.

#[path = "../harness/mod.rs"]
mod harness;

mod alter;
mod as_delivered;
mod conforming;
mod mutations;
mod stacks;
mod wrong_turns;
