//! ECS clusters, services and task definitions: what is seen of them, and the checks of their requirements.

use serde::{Deserialize, Serialize};

use crate::check::Check;
use crate::observed::Gap;

/// The checks of this file, in catalog order.
pub fn checks() -> Vec<Check> {
    Vec::new()
}

/// What was seen of one AWS::ECS::Cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cluster {}

impl Cluster {
    /// The evidence of one of which nothing could be seen.
    pub fn unknown(_gap: &Gap) -> Self {
        Cluster {}
    }
}

/// What was seen of one AWS::ECS::Service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Service {}

impl Service {
    /// The evidence of one of which nothing could be seen.
    pub fn unknown(_gap: &Gap) -> Self {
        Service {}
    }
}

/// What was seen of one AWS::ECS::TaskDefinition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskDefinition {}

impl TaskDefinition {
    /// The evidence of one of which nothing could be seen.
    pub fn unknown(_gap: &Gap) -> Self {
        TaskDefinition {}
    }
}
