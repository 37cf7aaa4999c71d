//! The mutations of requirements about the database.

use tap_audit::replay::Answer;

use super::super::{Fail, Mutation, NotApplicable};
use super::{DATABASE, DATABASE_KEY, in_public_subnet, stop_rotation};
use crate::alter::Setup;

pub(super) const MUTATIONS: &[Mutation] = &[
    Mutation {
        requirement: "rds-cluster-aurora-available",
        change: |setup| {
            setup.replace("rds", "DescribeDBClusters", "<Status>available<", "<Status>stopped<");
            let (from, to) = ("<DBInstanceStatus>available<", "<DBInstanceStatus>stopped<");
            setup.replace("rds", "DescribeDBInstances", from, to);
        },
        flips: &[
            ("rds-cluster-aurora-available", DATABASE, Fail),
            // No member of a stopped cluster serves, and it is restored to no time.
            ("rds-multi-az-instances", DATABASE, Fail),
            ("rds-point-in-time-recovery", DATABASE, NotApplicable),
        ],
        says: "stopped",
    },
    Mutation {
        requirement: "rds-storage-encrypted",
        change: |setup| {
            for operation in ["DescribeDBClusters", "DescribeDBInstances"] {
                setup.edit("rds", operation, |body| {
                    without_element(body, "KmsKeyId")
                        .replace("<StorageEncrypted>true<", "<StorageEncrypted>false<")
                        .replace(">sse-kms<", ">none<")
                });
            }
        },
        flips: &[
            ("rds-storage-encrypted", DATABASE, Fail),
            // What is not encrypted has no key.
            ("rds-kms-key-rotating", DATABASE, NotApplicable),
        ],
        says: "not encrypted",
    },
    Mutation {
        requirement: "rds-kms-key-rotating",
        change: |setup| stop_rotation(setup, DATABASE_KEY),
        flips: &[
            ("rds-kms-key-rotating", DATABASE, Fail),
            // The key is of this stack.
            ("kms-rotation-enabled", DATABASE_KEY, Fail),
        ],
        says: "661e7c00-aa27-4058-8218-4f0d95899769` is off",
    },
    Mutation {
        requirement: "rds-automated-backups",
        change: |setup| in_cluster(setup, "<BackupRetentionPeriod>35<", "<BackupRetentionPeriod>1<"),
        flips: &[("rds-automated-backups", DATABASE, Fail)],
        says: "1 day",
    },
    Mutation {
        requirement: "rds-point-in-time-recovery",
        change: |setup| in_cluster(setup, "2026-11-01T11:56:12Z", "2026-11-01T09:03:41Z"),
        flips: &[("rds-point-in-time-recovery", DATABASE, Fail)],
        says: "2026-11-01T09:03:41Z",
    },
    Mutation {
        requirement: "rds-multi-az-instances",
        change: |setup| {
            let (from, to) = ("<AvailabilityZone>eu-central-1b<", "<AvailabilityZone>eu-central-1a<");
            setup.replace("rds", "DescribeDBInstances", from, to);
        },
        flips: &[("rds-multi-az-instances", DATABASE, Fail)],
        says: "eu-central-1a",
    },
    Mutation {
        requirement: "rds-private-subnets",
        change: |setup| {
            in_public_subnet(setup, "rds", "DescribeDBSubnetGroups");
            in_public_subnet(setup, "rds", "DescribeDBInstances");
        },
        flips: &[("rds-private-subnets", DATABASE, Fail)],
        says: "of the subnet group database-subnet-group-dev is public",
    },
    Mutation {
        requirement: "rds-not-publicly-accessible",
        change: |setup| {
            let (from, to) = ("<PubliclyAccessible>false<", "<PubliclyAccessible>true<");
            setup.edit_about("rds", "DescribeDBInstances", "aurora-instance-dev-b", |body| {
                let (before, second) = body.split_once("aurora-instance-dev-b").expect("the second instance");
                format!("{before}aurora-instance-dev-b{}", second.replace(from, to))
            });
        },
        flips: &[("rds-not-publicly-accessible", DATABASE, Fail)],
        says: "aurora-instance-dev-b",
    },
    Mutation {
        requirement: "rds-tls-required",
        change: |setup| parameter(setup, "rds.force_ssl", "1", "0"),
        flips: &[("rds-tls-required", DATABASE, Fail)],
        says: "rds.force_ssl is 0",
    },
    Mutation {
        requirement: "rds-audit-logs-exported",
        change: |setup| in_cluster(setup, "<member>postgresql</member>", ""),
        flips: &[("rds-audit-logs-exported", DATABASE, Fail)],
        says: "no log is exported",
    },
    Mutation {
        requirement: "rds-credentials-from-existing-secret",
        change: |setup| {
            setup.template_text(
                "MasterUserPassword: !Sub '{{resolve:secretsmanager:${DatabaseSecretArn}:SecretString:password}}'",
                "MasterUserPassword: made-up-Passw0rd-41",
            );
        },
        flips: &[("rds-credentials-from-existing-secret", DATABASE, Fail)],
        says: "the master password stands in the template",
    },
    Mutation {
        requirement: "rds-snapshots-private-encrypted",
        change: |setup| shared_snapshot(setup, "all"),
        flips: &[("rds-snapshots-private-encrypted", DATABASE, Fail)],
        says: "before-migration",
    },
];

/// Puts one text in place of another in what RDS says about the cluster.
pub(super) fn in_cluster(setup: &mut Setup, from: &str, to: &str) {
    setup.replace("rds", "DescribeDBClusters", from, to);
}

/// Sets a parameter of the cluster's group otherwise.
pub(super) fn parameter(setup: &mut Setup, name: &str, from: &str, to: &str) {
    setup.edit("rds", "DescribeDBClusterParameters", |body| {
        let is = |value: &str| {
            format!("<ParameterName>{name}</ParameterName>\n        <ParameterValue>{value}</ParameterValue>")
        };
        body.replace(&is(from), &is(to))
    });
}

/// A manual snapshot of the cluster that somebody else may restore.
pub(super) fn shared_snapshot(setup: &mut Setup, with: &str) {
    let snapshot = "<DBClusterSnapshots><DBClusterSnapshot>\
        <DBClusterSnapshotIdentifier>before-migration</DBClusterSnapshotIdentifier>\
        <DBClusterIdentifier>aurora-cluster-dev</DBClusterIdentifier><SnapshotType>manual</SnapshotType>\
        <Status>available</Status><StorageEncrypted>true</StorageEncrypted>\
        <DbClusterResourceId>cluster-82E270E840E447A5B494</DbClusterResourceId>\
        </DBClusterSnapshot></DBClusterSnapshots>";
    let none = "<DBClusterSnapshots></DBClusterSnapshots>";
    setup.replace("rds", "DescribeDBClusterSnapshots", none, snapshot);
    let attributes = format!(
        "<DescribeDBClusterSnapshotAttributesResponse><DescribeDBClusterSnapshotAttributesResult>\
         <DBClusterSnapshotAttributesResult>\
         <DBClusterSnapshotIdentifier>before-migration</DBClusterSnapshotIdentifier><DBClusterSnapshotAttributes>\
         <DBClusterSnapshotAttribute><AttributeName>restore</AttributeName><AttributeValues>\
         <AttributeValue>{with}</AttributeValue></AttributeValues></DBClusterSnapshotAttribute>\
         </DBClusterSnapshotAttributes></DBClusterSnapshotAttributesResult>\
         </DescribeDBClusterSnapshotAttributesResult></DescribeDBClusterSnapshotAttributesResponse>"
    );
    let asked = [("DBClusterSnapshotIdentifier", "before-migration")];
    setup.answer("rds", "DescribeDBClusterSnapshotAttributes", &asked, Answer::ok(attributes));
}

/// An answer without any element of this name.
pub(super) fn without_element(body: &str, name: &str) -> String {
    let (start, end) = (format!("<{name}>"), format!("</{name}>"));
    let mut parts = body.split(&start);
    let mut kept = parts.next().expect("a body").to_owned();
    for part in parts {
        kept.push_str(part.split_once(&end).expect("the end of the element").1);
    }
    kept
}
