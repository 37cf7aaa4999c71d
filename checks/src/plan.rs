//! The plan: every pair of requirement and subject that has to be judged, whether or not anything was found.

use crate::catalog::{Profile, Tailored};
use crate::evidence::Evidence;
use crate::iam::documents::listing_was_read;
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
    /// Others beside those that were found, which the stack may hold.
    Unlisted(Box<Subject>),
}

impl Pair<'_> {
    /// The subject; where none was found, one that stands for it.
    pub fn subject(&self) -> &Subject {
        match &self.subject {
            Planned::Found(subject) => subject,
            Planned::Nothing(subject) | Planned::Unlisted(subject) => subject,
        }
    }

    /// Whether it stands for subjects that a listing may hold which could not be read.
    pub fn is_unlisted(&self) -> bool {
        matches!(self.subject, Planned::Unlisted(_))
    }
}

impl std::fmt::Debug for Pair<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} for {} {}", self.tailored.requirement.id, self.subject().kind, self.subject().id)
    }
}

/// Plans every pair that has to be judged. A requirement that finds no subject of its kinds and roles is planned all
/// the same, for a subject that stands for the missing one, and so is one that found some where the stack may hold more:
/// nothing is silently left out.
pub fn plan<'a>(profile: &'a Profile, evidence: &'a Evidence) -> Plan<'a> {
    let mut pairs = Vec::new();
    let unlisted = listing_was_read(evidence).err();
    for kind in Kind::ALL {
        for subject in evidence.of_kind(kind) {
            let tailored = profile.requirements.iter().filter(|tailored| {
                tailored.kinds.contains(&kind) && tailored.requirement.applies_to.contains(&subject.role)
            });
            pairs.extend(tailored.map(|tailored| Pair { tailored, subject: Planned::Found(subject) }));
        }
        let of_kind = profile.requirements.iter().filter(|tailored| tailored.kinds.contains(&kind));
        for tailored in of_kind {
            let applies = |subject: &Subject| tailored.requirement.applies_to.contains(&subject.role);
            if !evidence.of_kind(kind).any(applies) {
                pairs.push(Pair { tailored, subject: Planned::Nothing(Box::new(Subject::nothing(kind))) });
            } else if let Some(gap) = unlisted.as_ref().filter(|_| is_listed(kind)) {
                pairs.push(Pair { tailored, subject: Planned::Unlisted(Box::new(Subject::unlisted(kind, gap))) });
            }
        }
    }
    Plan { pairs }
}

/// Whether the listing of a stack holds what is of this kind.
fn is_listed(kind: Kind) -> bool {
    !matches!(kind, Kind::Outputs | Kind::Stack | Kind::Account)
}
