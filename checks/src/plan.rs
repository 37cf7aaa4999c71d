//! The plan: every pair of requirement and subject that has to be judged, whether or not anything was found.

use crate::catalog::{Profile, Tailored};
use crate::evidence::Evidence;
use crate::subject::{Kind, Subject};

/// Every pair that has to be judged, by subject in report order, then in catalog order.
#[derive(Debug)]
pub struct Plan<'a> {
    /// The pairs.
    pub pairs: Vec<Pair<'a>>,
}

/// One requirement and one subject.
pub struct Pair<'a> {
    /// The requirement with its check.
    pub tailored: &'a Tailored,
    subject: Planned<'a>,
}

enum Planned<'a> {
    Found(&'a Subject),
    Nothing(Box<Subject>),
}

impl Pair<'_> {
    /// The subject; where none was found, one that stands for it.
    pub fn subject(&self) -> &Subject {
        match &self.subject {
            Planned::Found(subject) => subject,
            Planned::Nothing(subject) => subject,
        }
    }
}

impl std::fmt::Debug for Pair<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} for {} {}", self.tailored.requirement.id, self.subject().kind, self.subject().id)
    }
}

/// Plans every pair that has to be judged. A requirement that finds no subject of its kinds and roles is planned all
/// the same, for a subject that stands for the missing one: nothing is silently left out.
pub fn plan<'a>(profile: &'a Profile, evidence: &'a Evidence) -> Plan<'a> {
    let mut pairs = Vec::new();
    for kind in Kind::ALL {
        for subject in evidence.of_kind(kind) {
            let tailored = profile.requirements.iter().filter(|tailored| {
                tailored.kinds.contains(&kind) && tailored.requirement.applies_to.contains(&subject.role)
            });
            pairs.extend(tailored.map(|tailored| Pair { tailored, subject: Planned::Found(subject) }));
        }
        let none_of = |tailored: &&Tailored| {
            tailored.kinds.contains(&kind)
                && !evidence.of_kind(kind).any(|subject| tailored.requirement.applies_to.contains(&subject.role))
        };
        for tailored in profile.requirements.iter().filter(none_of) {
            pairs.push(Pair { tailored, subject: Planned::Nothing(Box::new(Subject::nothing(kind))) });
        }
    }
    Plan { pairs }
}
