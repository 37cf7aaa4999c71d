//! VPCs, subnets, routes, gateways and security groups: what is seen of them, and the checks of their requirements.

use serde::{Deserialize, Serialize};

use crate::check::Check;
use crate::evidence::Evidence;
use crate::observed::{Gap, Observed, Seen};
use crate::subject::Subject;

/// The checks of this file, in catalog order.
pub fn checks() -> Vec<Check> {
    Vec::new()
}

/// What was seen of one AWS::EC2::VPC.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Vpc {
    /// Every subnet of the VPC, after the last page.
    pub subnets: Seen<Vec<Subnet>>,
}

/// A subnet of a VPC.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Subnet {
    /// Its id.
    pub id: String,
    /// The availability zone's name; EC2 always answers it.
    pub zone: Observed<String>,
}

impl Vpc {
    /// The evidence of one of which nothing could be seen.
    pub fn unknown(gap: &Gap) -> Self {
        Vpc { subnets: Seen::gap(gap.clone()) }
    }
}

/// Where the routes of a subnet lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// An active route leads to an internet gateway.
    Public {
        /// The route in words, such as `0.0.0.0/0 to igw-1`.
        route: String,
    },
    /// No active route leads to an internet gateway.
    Private,
}

/// The subnet of this id, with the VPC that holds it.
///
/// # Errors
/// A gap, when no VPC that was read holds it, or the subnets of one could not be read.
pub fn subnet<'a>(_evidence: &'a Evidence, id: &str) -> Result<(&'a Subject, &'a Subnet), Gap> {
    Err(Gap::undecided(format!("subnet {id} was not read")))
}

/// Whether the subnet of this id is public, by its effective route table and never by its name, tags or settings.
///
/// # Errors
/// A gap, when the subnet or its route table could not be read.
pub fn reach(_evidence: &Evidence, id: &str) -> Result<Reach, Gap> {
    Err(Gap::undecided(format!("the routes of subnet {id} were not read")))
}

/// What was seen of one AWS::EC2::SecurityGroup.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SecurityGroup {}

impl SecurityGroup {
    /// The evidence of one of which nothing could be seen.
    pub fn unknown(_gap: &Gap) -> Self {
        SecurityGroup {}
    }
}
