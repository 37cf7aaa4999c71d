//! Regions: sets of resources with the actions that are made on them.

use crate::policy::search::Act;
use crate::policy::words::{Glob, Words};

/// A set of resources and the actions that requests make on them.
#[derive(Clone, Debug)]
pub(crate) struct Region {
    /// The resources' ARNs.
    pub(crate) words: Words,
    /// The actions, the most telling first.
    pub(crate) acts: Vec<Act>,
}

impl Region {
    /// The resources that match one of these.
    pub(crate) fn of(globs: Vec<Glob>, acts: Vec<Act>) -> Self {
        Region { words: Words::among(globs), acts }
    }
}
