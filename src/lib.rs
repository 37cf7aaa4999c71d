//! The program behind the command line: what reads outputs, collects evidence from AWS and writes reports.

pub mod outputs;
pub mod resolve;
