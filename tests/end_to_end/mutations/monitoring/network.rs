//! Exposure and encryption in transit.

use serde_json::json;

use super::super::{Fail, Mutation, STACK};

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation {
        requirement: "no-public-endpoints",
        change: |setup| setup.member("PagerAddress", "AWS::EC2::EIP", "203.0.113.10"),
        flips: &[("no-public-endpoints", STACK, Fail)],
        says: "AWS::EC2::EIP PagerAddress is the public address 203.0.113.10",
    },
    Mutation {
        requirement: "transit-tls12-minimum",
        change: |setup| {
            let name = "alerts-dev.clinic.example";
            setup.member("AlertDomain", "AWS::ApiGateway::DomainName", name);
            setup.json("apigateway", "GetDomainNames", |answer| {
                answer["item"] = json!([{
                    "domainName": "alerts-dev.clinic.example", "securityPolicy": "TLS_1_0",
                    "endpointConfiguration": {"types": ["REGIONAL"]}, "domainNameStatus": "AVAILABLE",
                }]);
            });
        },
        flips: &[
            ("transit-tls12-minimum", STACK, Fail),
            // A regional domain can be reached from the internet.
            ("no-public-endpoints", STACK, Fail),
        ],
        says: "custom domain alerts-dev.clinic.example has the policy TLS_1_0, which takes TLS from 1.0",
    },
    Mutation {
        requirement: "resource-isolation-endpoints",
        change: |setup| {
            setup.tailoring = "[tailor.resource-isolation-endpoints.params]\nmode = \"require\"";
            setup.member("Network", "AWS::EC2::VPC", "vpc-0a1b2c3d4e5f60718");
        },
        flips: &[("resource-isolation-endpoints", STACK, Fail)],
        says: "vpc-0a1b2c3d4e5f60718 has no endpoint for logs",
    },
];
