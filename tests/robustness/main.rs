//! What happens when AWS refuses, breaks off, stalls or talks nonsense, and when the command line is used wrongly.
//! An answer that was not read must never look like one that was.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]
#![allow(clippy::disallowed_methods, reason = "the lint guards verdicts; here nothing is judged")]
#![allow(clippy::print_stdout, reason = "measured figures are for the reader of the test's output")]
#![allow(unreachable_pub, reason = "the harness is shared by several test programs")]

#[path = "../harness/mod.rs"]
mod harness;

mod command_line;
mod cut;
mod denied;
mod disturbed;
mod flights;
mod pages;
mod policy;
mod profile_choice;
mod secrets;
mod sweep;
mod tokens;
