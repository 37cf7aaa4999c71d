//! The whole pipeline, from the text of an outputs file to the report, on recorded accounts.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]
#![allow(unreachable_pub, reason = "the harness is shared by several test programs")]

#[path = "../harness/mod.rs"]
mod harness;

mod alter;
mod as_delivered;
mod conforming;
mod hasty;
mod meditech;
mod meditech_hasty;
mod mutations;
mod stacks;
mod wrong_turns;
