//! What happens when AWS refuses, breaks off, stalls or talks nonsense, and when the command line is used wrongly.
//! An answer that was not read must never look like one that was.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests panic and print"
)]

#[path = "../harness/mod.rs"]
mod harness;

mod command_line;
mod cut;
mod denied;
mod disturbed;
mod flights;
mod pages;
mod secrets;
mod sweep;
mod tokens;
