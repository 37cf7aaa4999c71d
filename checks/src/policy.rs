//! Policy documents: what they do to requests, rather than how they are written.
//!
//! A document is parsed strictly ([`mod@parse`]), asked about one request with three answers ([`evaluate`]), and asked about
//! every request of a class by a search for a counterexample ([`search`]). The search proposes, the evaluator confirms:
//! a refutation counts only when the evaluator gives a definite answer on the very request that is shown.
//!
//! What is judged is the document alone. Service control policies, resource control policies, VPC endpoint policies and,
//! for a resource's policy, the identity policies of its callers are other documents.

pub mod action;
pub(crate) mod ask;
pub mod case;
pub mod counterexample;
pub mod evaluate;
pub mod key;
pub mod model;
pub mod parse;
pub mod pattern;
pub mod question;
pub mod request;
pub mod search;
pub mod words;

pub use model::Document;
pub use parse::{ParseError, parse};
pub use request::{Caller, Request};
