//! The mutations of requirements about the cache.

use tap_audit_checks::report::Status::Error;

use super::super::{Fail, Mutation, NotApplicable};
use super::database::without_element;
use super::{REDIS, REDIS_KEY, in_public_subnet, stop_rotation};
use crate::alter::Setup;

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation {
        requirement: "redis-replication-group-available",
        change: |setup| in_group(setup, "\n        <Status>available<", "\n        <Status>create-failed<"),
        flips: &[
            ("redis-replication-group-available", REDIS, Fail),
            // A group that was never made has no settings yet but those it is made with: encryption and key.
            ("redis-transit-encryption", REDIS, Error),
            ("redis-multi-az-failover", REDIS, Error),
            ("redis-private-subnets", REDIS, Error),
            ("redis-auth-required", REDIS, Error),
            ("redis-log-delivery", REDIS, Error),
        ],
        says: "create-failed",
    },
    Mutation {
        requirement: "redis-transit-encryption",
        change: |setup| in_group(setup, "<TransitEncryptionMode>required<", "<TransitEncryptionMode>preferred<"),
        flips: &[("redis-transit-encryption", REDIS, Fail)],
        says: "preferred",
    },
    Mutation {
        requirement: "redis-at-rest-encryption",
        change: |setup| {
            setup.edit("elasticache", "DescribeReplicationGroups", |body| {
                without_element(body, "KmsKeyId")
                    .replace("<AtRestEncryptionEnabled>true<", "<AtRestEncryptionEnabled>false<")
            });
        },
        flips: &[
            ("redis-at-rest-encryption", REDIS, Fail),
            // What is not encrypted has no key.
            ("redis-kms-key-rotating", REDIS, NotApplicable),
        ],
        says: "not encrypted",
    },
    Mutation {
        requirement: "redis-kms-key-rotating",
        change: |setup| stop_rotation(setup, REDIS_KEY),
        flips: &[
            ("redis-kms-key-rotating", REDIS, Fail),
            // The key is of this stack.
            ("kms-rotation-enabled", REDIS_KEY, Fail),
        ],
        says: "c512961c-1a22-47a5-b9d7-9070f8157ff9` is off",
    },
    Mutation {
        requirement: "redis-multi-az-failover",
        change: |setup| in_group(setup, "<MultiAZ>enabled<", "<MultiAZ>disabled<"),
        flips: &[("redis-multi-az-failover", REDIS, Fail)],
        says: "Multi-AZ is disabled",
    },
    Mutation {
        requirement: "redis-private-subnets",
        change: |setup| in_public_subnet(setup, "elasticache", "DescribeCacheSubnetGroups"),
        flips: &[("redis-private-subnets", REDIS, Fail)],
        says: "of the subnet group redis-subnet-group-dev is public",
    },
    Mutation {
        requirement: "redis-auth-required",
        change: |setup| {
            let (from, to) = ("<AuthTokenEnabled>true<", "<AuthTokenEnabled>false<");
            in_group(setup, from, to);
            setup.replace("elasticache", "DescribeCacheClusters", from, to);
        },
        flips: &[("redis-auth-required", REDIS, Fail)],
        says: "AUTH token",
    },
    Mutation {
        requirement: "redis-log-delivery",
        change: |setup| in_group(setup, "<Status>active<", "<Status>error<"),
        flips: &[("redis-log-delivery", REDIS, Fail)],
        says: "error",
    },
];

/// Puts one text in place of another in what ElastiCache says about the replication group.
fn in_group(setup: &mut Setup, from: &str, to: &str) {
    setup.replace("elasticache", "DescribeReplicationGroups", from, to);
}
