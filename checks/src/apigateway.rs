//! API Gateway: what is seen of them, and the checks of their requirements.

use serde::{Deserialize, Serialize};

use crate::check::Check;
use crate::observed::{Gap, Observed, Seen};

/// The checks of this file, in catalog order.
pub fn checks() -> Vec<Check> {
    Vec::new()
}

/// What was seen of one AWS::ApiGateway::RestApi.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RestApi {
    /// How the API can be reached; API Gateway answers at least one type.
    pub endpoint_types: Seen<Vec<EndpointType>>,
    /// The security policy of the API's own host name, such as `TLS_1_2`; absent is API Gateway's default.
    pub security_policy: Seen<String>,
}

/// How a REST API can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndpointType {
    /// From the internet, by way of the edge network.
    Edge,
    /// From the internet, in its region.
    Regional,
    /// From VPC endpoints only.
    Private,
}

/// A custom domain name of the account, in the run's region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DomainName {
    /// Its name.
    pub name: String,
    /// Its ARN; absent on all but private ones.
    pub arn: Observed<String>,
    /// The policy that says which versions of TLS it takes, such as `TLS_1_2`; API Gateway always answers it.
    pub security_policy: Observed<String>,
    /// How it can be reached; API Gateway answers at least one type.
    pub endpoint_types: Observed<Vec<EndpointType>>,
}

impl RestApi {
    /// The evidence of one of which nothing could be seen.
    pub fn unknown(gap: &Gap) -> Self {
        RestApi { endpoint_types: Seen::gap(gap.clone()), security_policy: Seen::gap(gap.clone()) }
    }
}
