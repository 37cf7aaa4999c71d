//! tap-audit: audits what a CloudFormation deploy really left behind on AWS.
//!
//! This crate is the program: command line, settings, the reader of the outputs file and the collectors that ask AWS.
//! What is required and how it is judged is in `tap-audit-checks`, how it is shown in `tap-audit-reports`.

pub mod audit;
mod catalog_view;
pub mod cli;
pub mod collect;
pub mod outputs;
mod plan;
mod policy_command;
pub mod program;
pub mod replay;
pub mod resolve;
pub mod settings;
mod template;
