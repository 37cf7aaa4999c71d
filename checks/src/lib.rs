//! The pure core of tap-audit: what was seen of a deployment, what is required of it, and the judgement.
//!
//! Evidence comes in, a [`report::Report`] goes out. There is no AWS SDK here, no async, no clock and no file: the same
//! evidence gives the same report. A pass is the hardest value to construct: a check reads attributes through
//! [`observed::Seen::seen`], and an attribute without a usable answer leaves the check as an error.

#![deny(clippy::wildcard_enum_match_arm)]

mod answer;
pub mod apigateway;
pub mod assess;
pub mod catalog;
pub mod check;
pub mod choice;
pub mod cloudformation;
pub mod cloudtrail;
pub mod cloudwatch;
pub mod config;
pub mod ec2;
pub mod ecs;
pub mod efs;
pub mod elasticache;
pub mod elbv2;
pub mod eventbridge;
pub mod evidence;
#[cfg(test)]
mod fixture;
pub mod iam;
pub mod kms;
pub mod lambda;
pub mod logs;
pub mod naming;
pub mod network;
pub mod observed;
pub mod outputs;
pub mod plan;
pub mod policy;
pub mod rds;
pub mod report;
pub mod requirement;
mod rollup;
pub mod run;
pub mod s3;
pub mod secret;
pub mod secretsmanager;
pub mod sns;
pub mod subject;
pub mod tags;
pub mod verdict;
pub mod wafv2;

pub use assess::assess;
pub use catalog::Catalog;
pub use evidence::Evidence;
pub use observed::{Gap, Observed, Seen};
pub use report::Report;
pub use subject::{Kind, Subject};
